//! Resuming and suspending generators and coroutines.

use upy_bytecode::Opcode;

use crate::heap::Ref;
use crate::names as q;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Generator, Progress, TypeId};
use crate::value::Value;
use crate::vm::stack::{Frame, Purpose};

impl Vm<'_> {
    /// Puts a generator's call back on the stacks: that of the one it delegates to in the end.
    pub(crate) fn push_generator(
        &mut self,
        generator: Ref<Generator>,
        sent: Value,
        result: usize,
        purpose: Purpose,
    ) -> Result<()> {
        let mut inner = generator;
        // A chain is as long as it could be if each had a frame.
        let mut left = self.frames.capacity() - self.frames.len();
        while let Some(next) = self.delegate(inner) {
            if left == 0 {
                return Err(self.too_deep());
            }
            left -= 1;
            let body = &self.heap[next];
            match body.progress {
                Progress::Suspended | Progress::Delegating if body.pending.is_none() => {
                    inner = next
                }
                Progress::Running => return Err(self.executing()),
                // The `yield from` finds out.
                _ => break,
            }
        }
        if inner == generator {
            return self.push_alone(generator, sent, result, purpose);
        }
        self.push_alone(inner, sent, result, purpose)?;
        if let Some(frame) = self.frames.last_mut() {
            frame.root = Some(generator);
        }
        self.heap[generator].progress = Progress::Running;
        Ok(())
    }

    /// The generator that a generator waits for in a `yield from`.
    fn delegate(&self, generator: Ref<Generator>) -> Option<Ref<Generator>> {
        let body = &self.heap[generator];
        // One that was resumed keeps its state while another runs for it.
        if matches!(body.progress, Progress::Fresh | Progress::Suspended) {
            return None;
        }
        let below = body.state.len().checked_sub(2)?;
        self.heap.cast(body.state[below]?)
    }

    /// Whether a generator, or one it delegates to, is running.
    fn is_executing(&self, generator: Ref<Generator>) -> bool {
        let mut at = generator;
        while self.heap[at].progress == Progress::Delegating {
            match self.delegate(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        self.heap[at].progress == Progress::Running
    }

    #[cold]
    fn executing(&mut self) -> Raised {
        self.value_error(b"generator already executing")
    }

    /// The generator whose frame was on top has ended, and another waits for it: puts that one's call on the stacks, the
    /// iterator still its last word.
    ///
    /// # Errors
    /// There is no room. The other one has ended too, and is what `frame` is about now.
    #[cold]
    #[inline(never)]
    pub(crate) fn reopen(&mut self, frame: &mut Frame, root: Ref<Generator>) -> Result<()> {
        let mut parent = root;
        while let Some(next) = self.delegate(parent)
            && Some(next) != frame.generator
        {
            parent = next;
        }
        let (ended, left) = (frame.generator, (parent != root).then_some(root));
        frame.generator = Some(parent);
        frame.root = left;
        if self.delegate(parent) != ended {
            self.heap[parent].progress = Progress::Finished;
            return Err(self.executing());
        }
        self.heap[parent].progress = Progress::Delegating;
        let pushed = self.push_alone(parent, Value::NONE, frame.result as usize, frame.purpose);
        if pushed.is_err() {
            let body = &mut self.heap[parent];
            body.progress = Progress::Finished;
            body.state.truncate(0);
            body.handlers.truncate(0);
            return pushed;
        }
        self.pop();
        if let Some(top) = self.frames.last_mut() {
            top.root = left;
            // It goes on behind its `yield from`.
            top.ip += 1;
        }
        Ok(())
    }

    /// Puts a generator's call back on the stacks.
    fn push_alone(
        &mut self,
        generator: Ref<Generator>,
        sent: Value,
        result: usize,
        purpose: Purpose,
    ) -> Result<()> {
        let body = self.heap[generator];
        let base = self.stack_len();
        let code = &self.heap[body.code];
        if base + usize::from(code.locals + code.stack) > self.stack.limit() {
            return Err(self.too_deep());
        }
        let frame = Frame {
            code: body.code,
            globals: body.globals,
            locals: body.globals,
            generator: Some(generator),
            root: None,
            ip: body.ip,
            base: base as u32,
            result: result as u32,
            handlers: self.handlers.len() as u32,
            purpose,
        };
        if !self.frames.push(frame) {
            return Err(self.too_deep());
        }
        let count = body.state.len();
        self.stack.extend_from(&body.state);
        if body.progress != Progress::Fresh {
            self.stack.set(base + count - 1, Some(sent));
        }
        for &handler in body.handlers.iter() {
            if !self.handlers.push(handler) {
                self.frames.pop();
                self.handlers.truncate(frame.handlers as usize);
                return Err(self.too_deep());
            }
        }
        let body = &mut self.heap[generator];
        body.progress = Progress::Running;
        // What is on the stack now is kept alive there.
        body.state.truncate(0);
        body.handlers.truncate(0);
        Ok(())
    }

    /// Takes the topmost call off the stacks into its generator. The yielded value stays the last word.
    pub(crate) fn suspend(&mut self, frame: Frame, ip: u32, progress: Progress) -> Result<()> {
        let Some(generator) = frame.generator else {
            return Ok(());
        };
        let (from, to) = (frame.base as usize, self.stack_len());
        let open = self.handlers.len() - frame.handlers as usize;
        if open > 0 {
            self.reserve(|vm| &mut vm.heap[generator].handlers, open)?;
        }
        let Self {
            heap,
            stack,
            handlers,
            ..
        } = self;
        let body = &mut heap[generator];
        body.state.refill(stack.slice(from, to));
        for &handler in &handlers.items()[frame.handlers as usize..] {
            body.handlers.push_within(handler);
        }
        body.ip = ip;
        body.progress = progress;
        self.handlers.truncate(frame.handlers as usize);
        Ok(())
    }

    /// Resumes a generator from native code. `None` means it returned; the value is then in the second part.
    pub(crate) fn resume(
        &mut self,
        generator: Ref<Generator>,
        sent: Value,
        inject: Option<Value>,
    ) -> Result<(Option<Value>, Value)> {
        let pending = core::mem::replace(&mut self.heap[generator].pending, Value::NONE);
        let inject = match inject {
            None if !pending.is_none() => Some(self.to_exception(pending)?),
            inject => inject,
        };
        match self.heap[generator].progress {
            Progress::Running => return Err(self.executing()),
            Progress::Delegating if inject.is_some() && self.is_executing(generator) => {
                return Err(self.executing());
            }
            Progress::Finished => {
                return match inject {
                    Some(exception) => {
                        let exception = self.to_exception(exception)?;
                        Err(self.raise_value(exception))
                    }
                    None => Ok((None, Value::NONE)),
                };
            }
            Progress::Fresh if !sent.is_none() && inject.is_none() => {
                return Err(
                    self.type_error(b"can't send non-None value to a just-started generator")
                );
            }
            _ => {}
        }
        if self.native_depth >= self.native_limit {
            return Err(self.too_deep());
        }
        let top = self.stack_len();
        self.push(generator.value())?;
        if let Some(exception) = inject {
            self.push(exception)?;
        }
        let floor = self.frames.len();
        match inject {
            None => self.push_generator(generator, sent, top, Purpose::Entry)?,
            Some(exception) => {
                self.push_alone(generator, sent, top, Purpose::Entry)?;
                self.exception = Some(exception);
            }
        }
        self.native_depth += 1;
        let outer = self.heap.enter_loop();
        let outcome = self.run(floor, inject.is_some());
        let value = outcome.as_ref().ok().map(|&(value, _)| value);
        self.heap.leave_loop(outer, value);
        self.native_depth -= 1;
        self.truncate(top);
        let (value, yielded) = outcome?;
        Ok(if yielded {
            (Some(value), Value::NONE)
        } else {
            (None, value)
        })
    }

    /// An exception thrown into a generator that waits at `yield from` goes to what it waits for.
    ///
    /// `Ok(true)`: it yielded, the value is on the stack. `Ok(false)`: it returned a value, which replaced it.
    pub(crate) fn forward_exception(&mut self) -> Result<bool> {
        let exception = self.take_exception();
        // The stack holds the iterator and the value that was to be sent.
        self.pop();
        let iterator = self.stack_at(self.stack_len() - 1);
        self.push(exception)?;
        let outcome = self.throw_into(iterator, exception);
        self.pop();
        match outcome {
            Ok((Some(value), _)) => {
                self.push(value)?;
                Ok(true)
            }
            Ok((None, value)) => {
                self.pop();
                let class = TypeId::from_value(exception).unwrap_or(TypeId::Object);
                if self.is_instance(exception, TypeId::GeneratorExit)
                    || class == TypeId::GeneratorExit
                {
                    let exception = self.to_exception(exception)?;
                    return Err(self.raise_value(exception));
                }
                self.push(value)?;
                Ok(false)
            }
            Err(Raised) if self.exception_is(TypeId::StopIteration) => {
                let value = self.take_exception();
                let value = self.exception_value(value);
                self.pop();
                self.push(value)?;
                Ok(false)
            }
            Err(Raised) => {
                self.pop();
                Err(Raised)
            }
        }
    }

    /// Throws an exception into any iterator.
    fn throw_into(&mut self, iterator: Value, exception: Value) -> Result<(Option<Value>, Value)> {
        if let Some(generator) = self.heap.cast::<Generator>(iterator) {
            return self.resume(generator, Value::NONE, Some(exception));
        }
        let class = TypeId::from_value(exception).unwrap_or(TypeId::Object);
        if self.is_instance(exception, TypeId::GeneratorExit) || class == TypeId::GeneratorExit {
            if let Some(close) = self.lookup(iterator, q::close)? {
                let value = self.call_found(close, &[])?;
                return Ok((None, value));
            }
        } else if let Some(throw) = self.lookup(iterator, q::throw)? {
            let value = self.call_found(throw, &[exception])?;
            return Ok((Some(value), Value::NONE));
        }
        let exception = self.to_exception(exception)?;
        if self.is_instance(exception, TypeId::StopIteration) {
            return Err(self.raise_text(TypeId::RuntimeError, b"generator raised StopIteration"));
        }
        Err(self.raise_value(exception))
    }

    /// Whether the instruction a frame stands at is a `yield from`.
    pub(crate) fn waits_for_another(&self, frame: &Frame) -> bool {
        let body = &self.heap[frame.code];
        let blob = self.heap.tail(self.heap[body.context].blob);
        blob.get(body.opcodes as usize + frame.ip as usize) == Some(&Opcode::YieldFrom.byte())
            && frame.ip != 0
    }
}
