//! What happens when an exception leaves an instruction.

use upy_bytecode::{Opcode, lines};

use crate::heap::Ref;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Code, Exception, Instance, Progress, TypeId};
use crate::value::Value;
use crate::vm::stack::{Frame, Purpose};

impl Vm<'_> {
    /// Finds who handles the exception in flight. The frame on top has stopped just before `ip`.
    ///
    /// On `Ok` the frame on top continues at its saved `ip`.
    ///
    /// # Errors
    /// No frame above `floor` handles it; all of them are gone.
    pub(crate) fn unwind(&mut self, floor: usize) -> Result<()> {
        loop {
            let Some(&(mut frame)) = self.frames.last() else {
                return Err(Raised);
            };
            let exception = self.exception.unwrap_or(Value::NONE);
            let at = frame.ip.saturating_sub(1);
            self.add_traceback(exception, frame, at);
            if self.prompt.aborts {
                self.handlers.truncate(frame.handlers as usize);
            }
            while self.handlers.len() > frame.handlers as usize {
                let Some(handler) = self.handlers.last_mut() else {
                    break;
                };
                if handler.target <= at {
                    self.handlers.pop();
                    continue;
                }
                handler.exception = Some(exception);
                let handler = *handler;
                self.exception = None;
                self.stack.truncate((frame.base + handler.depth) as usize);
                // The verifier has counted this word.
                self.push(exception)?;
                if let Some(top) = self.frames.last_mut() {
                    top.ip = handler.target;
                }
                return Ok(());
            }
            self.frames.pop();
            if let Some(generator) = frame.generator {
                if self.exception_is(TypeId::StopIteration) {
                    self.exception = None;
                    self.raise_text(TypeId::RuntimeError, b"generator raised StopIteration");
                }
                let body = &mut self.heap[generator];
                body.progress = Progress::Finished;
                body.state.truncate(0);
                body.handlers.truncate(0);
            }
            self.stack.truncate(frame.result as usize);
            if let Some(reopened) = self.unwind_delegation(&mut frame) {
                if reopened {
                    continue;
                }
                return Ok(());
            }
            if self.frames.len() <= floor {
                return Err(Raised);
            }
            if self.stopped(frame.purpose) {
                return Ok(());
            }
        }
    }

    /// A generator whose frame is gone raised: the one that delegated to it, which has none, is next.
    ///
    /// `Some(true)`: its frame is on top and raises. `Some(false)`: that goes on, the exception said what was returned.
    /// `None`: there is none, or no room for one; `frame` is about the outermost then.
    fn unwind_delegation(&mut self, frame: &mut Frame) -> Option<bool> {
        while let Some(root) = frame.root {
            // On failure another exception took the place of this one.
            if self.reopen(frame, root).is_err() {
                continue;
            }
            let stopped = self.exception_is(TypeId::StopIteration);
            if stopped {
                let exception = self.take_exception();
                let value = self.exception_value(exception);
                let last = self.stack_len() - 1;
                self.stack.set(last, Some(value));
            } else {
                self.pop_iterator();
            }
            return Some(!stopped);
        }
        None
    }

    /// The innermost exception that is being handled by any frame.
    pub(crate) fn handled_exception(&self) -> Option<Value> {
        let open = self.handlers.items();
        open.iter().rev().find_map(|handler| handler.exception)
    }

    /// A generator driven by an instruction ended with `StopIteration`: that is how it ends.
    fn stopped(&mut self, purpose: Purpose) -> bool {
        if !matches!(purpose, Purpose::ForIter | Purpose::YieldFrom) {
            return false;
        }
        if !self.exception_is(TypeId::StopIteration) {
            if purpose == Purpose::YieldFrom {
                // The iterator is still there, below where the frame began.
                self.pop_iterator();
            }
            return false;
        }
        let exception = self.take_exception();
        let value = self.exception_value(exception);
        self.generator_returned(purpose, value);
        true
    }

    fn pop_iterator(&mut self) {
        let len = self.stack_len();
        self.truncate(len.saturating_sub(1));
    }

    /// The generator driven by the instruction of the frame on top has returned.
    pub(crate) fn generator_returned(&mut self, purpose: Purpose, value: Value) {
        let Some(&frame) = self.frames.last() else {
            return;
        };
        let ip = match purpose {
            Purpose::ForIter => {
                // `ip` is at the label; drop the iterator's four slots and take it.
                let len = self.stack_len();
                self.truncate(len - 4);
                let body = &self.heap[frame.code];
                let blob = self.heap.tail(self.heap[body.context].blob);
                let mut at = (body.opcodes + frame.ip) as usize;
                let label = upy_bytecode::operand::read_unsigned_label(blob, &mut at).unwrap_or(0);
                at as u32 - body.opcodes + label as u32
            }
            _ => {
                let last = self.stack_len() - 1;
                self.stack.set(last, Some(value));
                frame.ip
            }
        };
        if let Some(top) = self.frames.last_mut() {
            top.ip = ip;
        }
    }

    /// Notes the place in the exception, unless the instruction only passes it on.
    fn add_traceback(&mut self, exception: Value, frame: Frame, at: u32) {
        let body = &self.heap[frame.code];
        let blob = self.heap.tail(self.heap[body.context].blob);
        let byte = blob[(body.opcodes + at) as usize];
        if byte == Opcode::EndFinally.byte() || byte == Opcode::RaiseLast.byte() {
            return;
        }
        let Some(exception) = self.native_exception(exception) else {
            return;
        };
        let traceback = &self.heap[exception].traceback;
        if self.heap.lock_depth > 0 && traceback.capacity() < traceback.len() + 3 {
            return;
        }
        let line = self.line_of(frame.code, at as usize);
        let file = self.heap[self.heap[frame.code].context].strings[0];
        let name = self.code_name(frame.code, 0);
        // Without memory the traceback stays shorter.
        let saved = self.exception;
        match self.reserve_doubling(|vm| &mut vm.heap[exception].traceback, 3) {
            Ok(()) => {
                let traceback = &mut self.heap[exception].traceback;
                traceback.push_within(Value::qstr(file));
                traceback.push_within(Value::small(line as isize));
                traceback.push_within(Value::qstr(name));
            }
            Err(Raised) => self.exception = saved,
        }
    }

    /// The exception object in an exception value.
    pub(crate) fn native_exception(&self, value: Value) -> Option<Ref<Exception>> {
        let value = match self.heap.cast::<Instance>(value) {
            Some(instance) => self.heap[instance].native?,
            None => value,
        };
        self.heap.cast(value)
    }

    /// The source line of an instruction.
    pub(crate) fn line_of(&self, code: Ref<Code>, at: usize) -> u32 {
        let body = &self.heap[code];
        let blob = self.heap.tail(self.heap[body.context].blob);
        let bytes = &blob[body.start as usize..(body.start + body.len) as usize];
        match upy_bytecode::Code::parse(bytes) {
            Ok(view) => lines::line_at(view.lines(), at),
            Err(_) => 1,
        }
    }
}
