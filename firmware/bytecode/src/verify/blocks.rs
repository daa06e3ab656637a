//! Blocks: the handlers that `with`, `except` and `finally` open, and the ways out of them.

use super::{REACHED, Verifier, VerifyError, depth_of, handler_of, state};
use crate::opcode::{BinaryOp, Instruction, Opcode};

/// An open handler.
#[derive(Clone, Copy)]
pub(super) struct Handler {
    pub(super) opener: Instruction,
    /// Stack depth its handler starts from, without the exception.
    pub(super) base: u32,
    /// The handler around it.
    pub(super) outer: u32,
    /// Where its code starts.
    target: usize,
}

/// The clean-up of an `async with`, which rotates the secret value of its `finally` past the context
/// manager. It is recognised as a whole and not looked into.
#[derive(Clone, Copy)]
struct AsyncExit {
    /// Where the body goes when it ends: `None` and the context manager are on the stack.
    normal: usize,
    /// The end of the handler.
    end: usize,
}

/// The instructions of such a clean-up.
const ASYNC_EXIT: [Opcode; 34] = {
    use Opcode::*;
    [
        DupTop,
        LoadGlobal,
        BinaryOpMulti,
        PopJumpIfFalse, // not an exception: to the second part
        DupTop,
        RotThree,
        RotTwo,
        LoadMethod,
        RotThree,
        RotThree,
        DupTop,
        LoadAttr,
        RotTwo,
        LoadConstNone,
        CallMethod,
        GetIter,
        LoadConstNone,
        YieldFrom,
        PopJumpIfFalse, // to the end
        PopTop,
        LoadConstNone,
        Jump, // to the end
        RotThree,
        RotThree,   // the second part
        LoadMethod, // where the body arrives
        LoadConstNone,
        DupTop,
        DupTop,
        CallMethod,
        GetIter,
        LoadConstNone,
        YieldFrom,
        PopTop,
        EndFinally,
    ]
};

impl Verifier<'_, '_> {
    /// The innermost handler of a state.
    pub(super) fn handler(&self, number: u32) -> Option<Handler> {
        let offset = number.checked_sub(1)? as usize;
        let opener = Instruction::decode(self.code, offset).ok()?;
        let before = self.states[offset];
        let base = match opener.opcode {
            Opcode::SetupWith => depth_of(before) + 1,
            _ => depth_of(before),
        };
        let target = usize::try_from(opener.target()?).ok()?;
        Some(Handler {
            opener,
            base,
            outer: handler_of(before),
            target,
        })
    }

    /// Recognises the clean-up of an `async with` at `start`.
    fn async_exit(&self, start: usize) -> Option<AsyncExit> {
        let mut at = start;
        let mut offsets = [0; ASYNC_EXIT.len()];
        let mut targets = [0; ASYNC_EXIT.len()];
        for (index, expected) in ASYNC_EXIT.into_iter().enumerate() {
            let instruction = Instruction::decode(self.code, at).ok()?;
            let operand_fits = match expected {
                Opcode::BinaryOpMulti => instruction.operand == BinaryOp::ExceptionMatch as i64,
                Opcode::CallMethod => instruction.operand == 3,
                _ => true,
            };
            if instruction.opcode != expected || !operand_fits {
                return None;
            }
            offsets[index] = at as i64;
            targets[index] = instruction.target().unwrap_or(0);
            at = instruction.next;
        }
        let end = offsets[33];
        let fits = targets[3] == offsets[22] && targets[18] == end && targets[21] == end;
        (fits && self.generator).then_some(AsyncExit {
            normal: offsets[24] as usize,
            end: end as usize,
        })
    }

    /// How deep the stack must stay: above the secret value of an active `finally`.
    pub(super) fn floor(&self, offset: usize, mut number: u32) -> u32 {
        while let Some(handler) = self.handler(number) {
            if handler.opener.opcode != Opcode::SetupExcept && offset >= handler.target {
                return handler.base + 1;
            }
            number = handler.outer;
        }
        0
    }

    /// A block is opened: its body and its handler can be reached.
    pub(super) fn open(
        &mut self,
        instruction: &Instruction,
        depth: u32,
        after: u32,
        outer: u32,
    ) -> Result<(), VerifyError> {
        let offset = instruction.offset;
        let number = offset as u32 + 1;
        let mut open = 1;
        let mut around = outer;
        while let Some(handler) = self.handler(around) {
            open += 1;
            around = handler.outer;
        }
        let target = instruction.target().unwrap_or(-1);
        // A handler lies behind the instruction that opens it, or it would count as active at once.
        if open > self.handler_limit || target <= offset as i64 {
            return Err(VerifyError::Handlers {
                offset: offset as u32,
            });
        }
        if let (Opcode::SetupFinally, Some(exit)) =
            (instruction.opcode, self.async_exit(target as usize))
        {
            return self.open_async(instruction, exit, depth, outer);
        }
        let base = if instruction.opcode == Opcode::SetupWith {
            depth + 1
        } else {
            depth
        };
        self.arrive(offset, target, base + 1, number)?;
        self.arrive(offset, instruction.next as i64, after, number)
    }

    /// As [`Self::open`] for an `async with`, whose clean-up is known as a whole.
    fn open_async(
        &mut self,
        instruction: &Instruction,
        exit: AsyncExit,
        depth: u32,
        outer: u32,
    ) -> Result<(), VerifyError> {
        let offset = instruction.offset;
        let floor = self.floor(offset, outer);
        let below = depth.checked_sub(1).filter(|&below| below >= floor);
        let below = below.ok_or(VerifyError::Stack {
            offset: offset as u32,
        })?;
        self.deepest = self.deepest.max(depth + 6);
        let number = offset as u32 + 1;
        self.states[exit.normal] |= REACHED | state(depth + 1, number);
        let next = Instruction::decode(self.code, exit.end).map_or(0, |end| end.next as i64);
        self.arrive(offset, next, below, outer)?;
        self.arrive(offset, instruction.next as i64, depth, number)
    }

    /// The end of a handler: closes it and drops the value that says how to go on.
    pub(super) fn end_finally(
        &mut self,
        instruction: &Instruction,
        depth: u32,
        number: u32,
    ) -> Result<(), VerifyError> {
        let offset = instruction.offset as u32;
        let handler = self
            .handler(number)
            .ok_or(VerifyError::Handlers { offset })?;
        let base = match handler.opener.opcode {
            // Its clean-up has dropped the two values of the context manager.
            Opcode::SetupWith => handler.base - 2,
            _ => handler.base,
        };
        if depth != base + 1 || instruction.offset < handler.target {
            return Err(VerifyError::Stack { offset });
        }
        self.arrive(
            instruction.offset,
            instruction.next as i64,
            base,
            handler.outer,
        )
    }

    /// The clean-up of a `with`; only the end of the handler may follow.
    pub(super) fn with_cleanup(
        &mut self,
        instruction: &Instruction,
        depth: u32,
        number: u32,
    ) -> Result<(), VerifyError> {
        let offset = instruction.offset as u32;
        let handler = self
            .handler(number)
            .ok_or(VerifyError::Handlers { offset })?;
        let follows = Instruction::decode(self.code, instruction.next).map(|next| next.opcode);
        if handler.opener.opcode != Opcode::SetupWith
            || instruction.offset < handler.target
            || depth != handler.base + 1
            || follows != Ok(Opcode::EndFinally)
        {
            return Err(VerifyError::Handlers { offset });
        }
        // The call of `__exit__` needs three arguments on the stack.
        self.deepest = self.deepest.max(depth + 3);
        self.arrive(
            instruction.offset,
            instruction.next as i64,
            depth - 2,
            number,
        )
    }

    /// A jump out of blocks: computes the stack it arrives with.
    pub(super) fn unwind(
        &mut self,
        instruction: &Instruction,
        depth: u32,
        mut number: u32,
    ) -> Result<(), VerifyError> {
        let offset = instruction.offset as u32;
        let mut depth = depth;
        for _ in 0..instruction.extra & 0x7f {
            let handler = self
                .handler(number)
                .ok_or(VerifyError::Handlers { offset })?;
            let active = instruction.offset >= handler.target;
            depth = match handler.opener.opcode {
                Opcode::SetupWith if active => return Err(VerifyError::Handlers { offset }),
                Opcode::SetupWith => handler.base - 2,
                Opcode::SetupFinally if self.async_exit(handler.target).is_some() => {
                    handler.base - 1
                }
                Opcode::SetupFinally => handler.base,
                _ if depth < handler.base => return Err(VerifyError::Stack { offset }),
                _ => depth,
            };
            number = handler.outer;
        }
        if instruction.extra & 0x80 != 0 {
            depth = depth.checked_sub(4).ok_or(VerifyError::Stack { offset })?;
        }
        if depth < self.floor(instruction.offset, number) {
            return Err(VerifyError::Stack { offset });
        }
        self.deepest = self.deepest.max(depth + 2);
        self.arrive(
            instruction.offset,
            instruction.target().unwrap_or(-1),
            depth,
            number,
        )
    }
}
