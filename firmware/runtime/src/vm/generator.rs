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
    /// Puts a generator's call back on the stacks.
    pub(crate) fn push_generator(
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
        if body.progress == Progress::Suspended {
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
    pub(crate) fn suspend(&mut self, frame: Frame, ip: u32) -> Result<()> {
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
        body.progress = Progress::Suspended;
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
            Progress::Running => return Err(self.value_error(b"generator already executing")),
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
        self.push_generator(generator, sent, top, Purpose::Entry)?;
        if let Some(exception) = inject {
            self.exception = Some(exception);
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
