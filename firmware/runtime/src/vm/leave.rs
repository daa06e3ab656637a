//! The ways out of a frame and of its blocks: yielding, returning, jumping, raising again.

use crate::heap::Ref;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Code, Generator, Progress, TypeId};
use crate::value::{Class, Value};
use crate::vm::stack::{Frame, Purpose};

/// Marks a `finally` that runs on the way out of a function.
pub(super) const RETURNING: usize = 0x1_0000;

impl Vm<'_> {
    /// A frame starts with an exception: `Ok(true)` if it yielded on, `Ok(false)` if the frame on top goes on.
    pub(super) fn deliver(&mut self, frame: &Frame, floor: usize) -> Result<bool> {
        if self.waits_for_another(frame) {
            match self.forward_exception() {
                Ok(true) => return Ok(true),
                Ok(false) => {
                    if let Some(top) = self.frames.last_mut() {
                        top.ip += 1;
                    }
                    return Ok(false);
                }
                Err(Raised) => {
                    if let Some(top) = self.frames.last_mut() {
                        top.ip += 1;
                    }
                }
            }
        } else {
            let thrown = self.take_exception();
            self.raise_object(thrown);
        }
        self.unwind(floor)?;
        Ok(false)
    }

    /// The frame on top yields the last word of the stack and will go on at `ip`. `Some` leaves the loop.
    pub(super) fn yielded(&mut self, floor: usize, ip: u32) -> Result<Option<Value>> {
        let mut ip = ip;
        let mut progress = Progress::Suspended;
        loop {
            let value = self.stack_at(self.stack_len() - 1);
            let Some(&frame) = self.frames.last() else {
                return Err(Raised);
            };
            self.suspend(frame, ip, progress)?;
            if let Some(root) = frame.root {
                self.heap[root].progress = Progress::Delegating;
            }
            self.frames.pop();
            self.stack.truncate(frame.result as usize);
            if self.frames.len() <= floor {
                return Ok(Some(value));
            }
            // The frame below has room for one word more: it was about to get this value.
            self.push(value)?;
            let Some(caller) = self.frames.last_mut() else {
                return Err(Raised);
            };
            match frame.purpose {
                Purpose::ForIter => {
                    let code = caller.code;
                    let at = caller.ip;
                    let next = self.skip_label(code, at);
                    if let Some(caller) = self.frames.last_mut() {
                        caller.ip = next;
                    }
                    return Ok(None);
                }
                // It stays at its `yield from` and yields in turn.
                _ => {
                    ip = caller.ip - 1;
                    progress = Progress::Delegating;
                }
            }
        }
    }

    /// The offset behind a label at `at`.
    pub(super) fn skip_label(&self, code: Ref<Code>, at: u32) -> u32 {
        let body = &self.heap[code];
        let blob = self.heap.tail(self.heap[body.context].blob);
        let mut position = (body.opcodes + at) as usize;
        match upy_bytecode::operand::read_unsigned_label(blob, &mut position) {
            Ok(_) => position as u32 - body.opcodes,
            Err(_) => at,
        }
    }

    /// The frame on top returns the last word of the stack. `Some` leaves the loop.
    #[inline]
    pub(super) fn returned(&mut self, floor: usize) -> Result<Option<Value>> {
        let value = self.stack_at(self.stack.len() - 1);
        let Some(frame) = self.frames.pop() else {
            return Err(Raised);
        };
        self.handlers.truncate(frame.handlers as usize);
        self.stack.truncate(frame.result as usize);
        if let Some(generator) = frame.generator {
            self.heap[generator].progress = Progress::Finished;
            if let Some(root) = frame.root {
                return self.returned_to(frame, root, value);
            }
        }
        if self.frames.len() <= floor {
            return Ok(Some(value));
        }
        match frame.purpose {
            Purpose::Call | Purpose::Entry => {
                // The caller had the callee there.
                self.stack.append(value);
            }
            Purpose::Init => {
                self.stack.truncate(frame.result as usize + 1);
                self.check_init(value)?;
                let object = self.stack_at(frame.result as usize);
                self.complete_native(object)?;
            }
            purpose => self.generator_returned(purpose, value),
        }
        Ok(None)
    }

    /// A generator has returned a value to one that delegated to it and has no frame.
    #[cold]
    #[inline(never)]
    pub(super) fn returned_to(
        &mut self,
        mut frame: Frame,
        root: Ref<Generator>,
        value: Value,
    ) -> Result<Option<Value>> {
        // The value is on no stack; nothing is allocated but where it fails.
        match self.reopen(&mut frame, root) {
            Ok(()) => {
                let last = self.stack_len() - 1;
                self.stack.set(last, Some(value));
                Ok(None)
            }
            Err(Raised) => {
                // What is unwound has the place of the frame that returned.
                self.frames.push(frame);
                Err(Raised)
            }
        }
    }

    /// Before a return: starts the innermost `finally` that has not run. Whether there was one.
    pub(super) fn run_finally(&mut self, frame: &Frame) -> bool {
        let ip = self.frames.last().map_or(0, |frame| frame.ip);
        while self.handlers.len() > frame.handlers as usize {
            let Some(&handler) = self.handlers.last() else {
                break;
            };
            if handler.finally && handler.target >= ip {
                let value = self.stack_at(self.stack_len() - 1);
                let depth = (frame.base + handler.depth) as usize;
                self.stack.fill_to(depth + 2);
                self.stack.truncate(depth + 2);
                self.stack.set(depth, Some(value));
                self.stack
                    .set(depth + 1, Some(Value::immediate(Class::Unwind, RETURNING)));
                if let Some(top) = self.frames.last_mut() {
                    top.ip = handler.target;
                }
                return true;
            }
            self.handlers.pop();
        }
        false
    }

    /// A jump out of `count & 0x7f` blocks, and of a loop's iterator if bit 7 is set.
    pub(super) fn unwind_jump(&mut self, bottom: usize, target: u32, count: u8) {
        let Some(&frame) = self.frames.last() else {
            return;
        };
        let mut count = count;
        while count & 0x7f > 0 && self.handlers.len() > bottom {
            count -= 1;
            let Some(&handler) = self.handlers.last() else {
                break;
            };
            let depth = (frame.base + handler.depth) as usize;
            if handler.finally {
                self.stack.truncate(depth);
                if handler.target >= frame.ip {
                    self.stack.fill_to(depth + 2);
                    self.stack.set(
                        depth,
                        Some(Value::immediate(Class::Target, target as usize)),
                    );
                    let left = Value::immediate(Class::Unwind, usize::from(count));
                    self.stack.set(depth + 1, Some(left));
                    if let Some(top) = self.frames.last_mut() {
                        top.ip = handler.target;
                    }
                    return;
                }
            }
            self.handlers.pop();
        }
        if count & 0x80 != 0 {
            let len = self.stack_len();
            self.truncate(len - 4);
        }
        if let Some(top) = self.frames.last_mut() {
            top.ip = target;
        }
    }

    /// Raises what a `finally` was holding back.
    pub(super) fn raise_or_error(&mut self, value: Value) {
        if self.native_exception(value).is_some() {
            self.raise_value(value);
        } else {
            self.type_error(b"exceptions must derive from BaseException");
        }
    }

    /// `raise` without an exception: the innermost one being handled.
    pub(super) fn raise_again(&mut self, bottom: usize) {
        let open = &self.handlers.items()[bottom..];
        match open.iter().rev().find_map(|handler| handler.exception) {
            Some(exception) => {
                self.raise_value(exception);
            }
            None => {
                self.raise_text(TypeId::RuntimeError, b"no active exception to reraise");
            }
        }
    }
}
