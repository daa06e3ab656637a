//! Decides whether a code object may run.
//!
//! The virtual machine reads instructions, stack and locals without checking them again, so a code
//! object from outside passes through here first. What is established for every instruction that can be
//! reached:
//!
//! - it decodes, lies within the code, and every jump lands on the start of an instruction;
//! - the stack has one depth, whatever way leads there, it never falls below the values the instruction
//!   takes, and its greatest depth is known;
//! - open handlers nest, and no more are open than the signature announces;
//! - indices of strings, constants, children, locals and operators exist;
//! - inside a `finally` (other than the fixed one of `async with`) the value that tells it how to go on cannot be read or replaced;
//! - code that yields says so in its flags.
//!
//! Nothing is assumed about the *types* of values; the virtual machine checks those.
//!
//! The state of an instruction is the stack depth before it and the innermost open handler. It is kept in
//! a scratch table of one word per byte of code, which the caller lends.
//!
//! Source: own design; the meaning of the instructions is that of MicroPython `py/vm.c`.

// SIZE: one analysis, whose steps share one table of states.

use crate::code::{Code, FLAG_GENERATOR, FLAG_VAR_ARGUMENTS, FLAG_VAR_KEYWORDS};
use crate::opcode::{BinaryOp, DecodeError, Instruction, Opcode};

/// What a module offers to its code, for checking indices.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries of the table of interned strings.
    pub strings: u32,
    /// Constants.
    pub constants: u32,
    /// Children of this code object.
    pub children: u32,
}

/// What the virtual machine needs to know to run the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Locals, including arguments.
    pub local_count: u16,
    /// The deepest stack, with room for what an interrupted `finally` keeps on it.
    pub stack_depth: u16,
}

/// Why a code object may not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// A byte is no opcode, or an operand is cut off.
    Instruction {
        /// Offset in the opcodes.
        offset: u32,
    },
    /// A jump leads outside the code or into the middle of an instruction.
    Target {
        /// Offset in the opcodes.
        offset: u32,
    },
    /// Too few values on the stack, or two ways arrive with different stacks.
    Stack {
        /// Offset in the opcodes.
        offset: u32,
    },
    /// Handlers do not nest, or more are open than announced.
    Handlers {
        /// Offset in the opcodes.
        offset: u32,
    },
    /// An index is past the end of its table.
    Index {
        /// Offset in the opcodes.
        offset: u32,
    },
    /// Control runs past the last instruction.
    OpenEnd,
    /// The head of the code object announces something impossible.
    Signature,
    /// The scratch table is shorter than the opcodes.
    Scratch,
}

/// The greatest number of locals and of values on the stack.
const MAX_DEPTH: u32 = 0x7ff;
/// The greatest length of one code object, so that an offset fits its part of a state.
const MAX_CODE_LEN: usize = 0x8000;

/// State of an instruction: `[reached 1][pending 1][instruction start 1][depth 12][handler 16]`,
/// where `handler` is one more than the offset of the instruction that opened it, 0 for none.
type State = u32;
const REACHED: State = 1 << 31;
const PENDING: State = 1 << 30;
const START: State = 1 << 29;

const fn state(depth: u32, handler: u32) -> State {
    depth << 16 | handler
}
const fn depth_of(state: State) -> u32 {
    state >> 16 & 0xfff
}
const fn handler_of(state: State) -> u32 {
    state & 0xffff
}

/// An open handler.
#[derive(Clone, Copy)]
struct Handler {
    opener: Instruction,
    /// Stack depth its handler starts from, without the exception.
    base: u32,
    /// The handler around it.
    outer: u32,
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

struct Verifier<'c, 's> {
    code: &'c [u8],
    states: &'s mut [State],
    limits: Limits,
    handler_limit: u32,
    generator: bool,
    locals: u32,
    deepest: u32,
    /// Reached something behind the instruction being looked at.
    again: bool,
}

/// Checks one code object.
///
/// `scratch` needs one word per byte of opcodes; what it holds does not matter.
///
/// # Errors
/// See [`VerifyError`]; the code must then not run.
pub fn verify(
    code: &Code<'_>,
    limits: Limits,
    scratch: &mut [u32],
) -> Result<Verified, VerifyError> {
    let opcodes = code.opcodes();
    let states = scratch
        .get_mut(..opcodes.len())
        .ok_or(VerifyError::Scratch)?;
    states.fill(0);
    let locals = check_head(code, limits)?;
    let mut verifier = Verifier {
        code: opcodes,
        states,
        limits,
        handler_limit: code.signature.handler_count,
        generator: code.signature.flags & FLAG_GENERATOR != 0,
        locals,
        deepest: 0,
        again: false,
    };
    verifier.scan()?;
    verifier.follow()?;
    // Every interrupted `finally` keeps one value more than the depths count.
    let stack = verifier.deepest + code.signature.handler_count + 2;
    if verifier.locals > MAX_DEPTH || stack > MAX_DEPTH {
        return Err(VerifyError::Signature);
    }
    Ok(Verified {
        local_count: verifier.locals as u16,
        stack_depth: stack as u16,
    })
}

/// Checks signature, names and cells; returns the number of locals they use.
fn check_head(code: &Code<'_>, limits: Limits) -> Result<u32, VerifyError> {
    let signature = code.signature;
    let arguments = signature.argument_count();
    let known = FLAG_GENERATOR
        | FLAG_VAR_ARGUMENTS
        | FLAG_VAR_KEYWORDS
        | crate::code::FLAG_DEFAULT_KEYWORDS;
    if code.opcodes().is_empty()
        || code.opcodes().len() > MAX_CODE_LEN
        || arguments > 0xff
        || signature.flags & !known != 0
        || signature.default_count > signature.positional_count
        || signature.handler_count > 0xff
    {
        return Err(VerifyError::Signature);
    }
    let mut names = 0;
    for name in code.names() {
        if name >= limits.strings {
            return Err(VerifyError::Signature);
        }
        names += 1;
    }
    if names != signature.named_count() + 1 {
        return Err(VerifyError::Signature);
    }
    let highest = code
        .cells()
        .iter()
        .map(|&local| u32::from(local) + 1)
        .max()
        .unwrap_or(0);
    Ok(arguments.max(highest))
}

impl Verifier<'_, '_> {
    /// Marks instruction starts and checks what needs no control flow.
    fn scan(&mut self) -> Result<(), VerifyError> {
        let mut offset = 0;
        while offset < self.code.len() {
            let instruction =
                Instruction::decode(self.code, offset).map_err(|error| match error {
                    DecodeError::UnknownOpcode { .. } | DecodeError::BadOperand => {
                        VerifyError::Instruction {
                            offset: offset as u32,
                        }
                    }
                })?;
            self.check_index(&instruction)?;
            self.states[offset] = START;
            offset = instruction.next;
        }
        Ok(())
    }

    fn check_index(&mut self, instruction: &Instruction) -> Result<(), VerifyError> {
        let offset = instruction.offset as u32;
        let operand = instruction.operand.unsigned_abs();
        let limit = match instruction.opcode {
            Opcode::LoadConstObj => self.limits.constants,
            Opcode::MakeFunction
            | Opcode::MakeFunctionDefargs
            | Opcode::MakeClosure
            | Opcode::MakeClosureDefargs => self.limits.children,
            Opcode::LoadFastN
            | Opcode::LoadDeref
            | Opcode::StoreFastN
            | Opcode::StoreDeref
            | Opcode::DeleteFast
            | Opcode::DeleteDeref
            | Opcode::LoadFastMulti
            | Opcode::StoreFastMulti => {
                self.locals = self
                    .locals
                    .max(u32::try_from(operand + 1).unwrap_or(u32::MAX));
                MAX_DEPTH
            }
            Opcode::BinaryOpMulti => BinaryOp::ALL.len() as u32,
            Opcode::BuildSlice => {
                if operand < 2 {
                    return Err(VerifyError::Index { offset });
                }
                4
            }
            Opcode::UnpackSequence | Opcode::BuildTuple | Opcode::BuildList | Opcode::BuildSet => {
                MAX_DEPTH
            }
            Opcode::StoreComp if operand & 3 == 3 => 0,
            Opcode::CallFunction
            | Opcode::CallFunctionVarKw
            | Opcode::CallMethod
            | Opcode::CallMethodVarKw
            | Opcode::UnpackEx => 0x1_0000,
            opcode if opcode.format() == crate::Format::Qstr => self.limits.strings,
            _ => return Ok(()),
        };
        if operand < u64::from(limit) {
            Ok(())
        } else {
            Err(VerifyError::Index { offset })
        }
    }

    /// Follows all ways through the code until no state changes.
    fn follow(&mut self) -> Result<(), VerifyError> {
        self.states[0] |= REACHED | PENDING | state(0, 0);
        self.again = true;
        while self.again {
            self.again = false;
            let mut offset = 0;
            while offset < self.code.len() {
                let here = self.states[offset];
                if here & PENDING == 0 {
                    offset += 1;
                    continue;
                }
                self.states[offset] &= !PENDING;
                let instruction = Instruction::decode(self.code, offset).map_err(|_| {
                    VerifyError::Instruction {
                        offset: offset as u32,
                    }
                })?;
                self.step(&instruction, here)?;
                offset = instruction.next;
            }
        }
        Ok(())
    }

    /// Control can arrive at `target` in this state.
    fn arrive(
        &mut self,
        from: usize,
        target: i64,
        depth: u32,
        handler: u32,
    ) -> Result<(), VerifyError> {
        let offset = from as u32;
        let Some(index) = usize::try_from(target)
            .ok()
            .filter(|&index| index <= self.code.len())
        else {
            return Err(VerifyError::Target { offset });
        };
        if index == self.code.len() {
            return Err(VerifyError::OpenEnd);
        }
        if depth > MAX_DEPTH {
            return Err(VerifyError::Stack { offset });
        }
        let known = self.states[index];
        if known & START == 0 {
            return Err(VerifyError::Target { offset });
        }
        if known & REACHED != 0 {
            return match (depth_of(known) == depth, handler_of(known) == handler) {
                (true, true) => Ok(()),
                (false, _) => Err(VerifyError::Stack { offset }),
                (true, false) => Err(VerifyError::Handlers { offset }),
            };
        }
        self.deepest = self.deepest.max(depth);
        self.states[index] = START | REACHED | PENDING | state(depth, handler);
        self.again |= index <= from;
        Ok(())
    }

    /// The innermost handler of a state.
    fn handler(&self, number: u32) -> Option<Handler> {
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
    fn floor(&self, offset: usize, mut number: u32) -> u32 {
        while let Some(handler) = self.handler(number) {
            if handler.opener.opcode != Opcode::SetupExcept && offset >= handler.target {
                return handler.base + 1;
            }
            number = handler.outer;
        }
        0
    }

    fn step(&mut self, instruction: &Instruction, here: State) -> Result<(), VerifyError> {
        let offset = instruction.offset;
        let wrong_stack = VerifyError::Stack {
            offset: offset as u32,
        };
        let wrong_handlers = VerifyError::Handlers {
            offset: offset as u32,
        };
        let (depth, handler) = (depth_of(here), handler_of(here));
        let effect = instruction.effect();
        match instruction.opcode {
            Opcode::EndFinally => return self.end_finally(instruction, depth, handler),
            Opcode::WithCleanup => return self.with_cleanup(instruction, depth, handler),
            _ => {}
        }
        let floor = self.floor(offset, handler);
        let rest = depth
            .checked_sub(effect.pops)
            .filter(|&rest| rest >= floor)
            .ok_or(wrong_stack)?;
        let after = rest + effect.pushes;
        self.deepest = self.deepest.max(after);
        let next = instruction.next as i64;
        let target = instruction.target().unwrap_or(next);
        match instruction.opcode {
            Opcode::ReturnValue | Opcode::RaiseLast | Opcode::RaiseObj | Opcode::RaiseFrom => {
                Ok(())
            }
            Opcode::Jump => self.arrive(offset, target, after, handler),
            Opcode::PopJumpIfTrue | Opcode::PopJumpIfFalse => {
                self.arrive(offset, target, after, handler)?;
                self.arrive(offset, next, after, handler)
            }
            Opcode::JumpIfTrueOrPop | Opcode::JumpIfFalseOrPop => {
                self.arrive(offset, target, depth, handler)?;
                self.arrive(offset, next, after, handler)
            }
            Opcode::ForIter => {
                let done = depth
                    .checked_sub(4)
                    .filter(|&done| done >= floor)
                    .ok_or(wrong_stack)?;
                self.arrive(offset, target, done, handler)?;
                self.arrive(offset, next, after, handler)
            }
            Opcode::SetupWith | Opcode::SetupExcept | Opcode::SetupFinally => {
                self.open(instruction, depth, after, handler)
            }
            Opcode::PopExceptJump => {
                let open = self.handler(handler).ok_or(wrong_handlers)?;
                if open.opener.opcode != Opcode::SetupExcept || after < open.base {
                    return Err(wrong_handlers);
                }
                self.arrive(offset, target, after, open.outer)
            }
            Opcode::UnwindJump => self.unwind(instruction, depth, handler),
            Opcode::YieldValue | Opcode::YieldFrom if !self.generator => {
                Err(VerifyError::Instruction {
                    offset: offset as u32,
                })
            }
            Opcode::StoreComp => {
                // The number counts from the top before the instruction.
                let back = instruction.operand.unsigned_abs() >> 2;
                if back >= u64::from(depth - floor) {
                    return Err(wrong_stack);
                }
                self.arrive(offset, next, after, handler)
            }
            _ => self.arrive(offset, next, after, handler),
        }
    }

    /// A block is opened: its body and its handler can be reached.
    fn open(
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
    fn end_finally(
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
    fn with_cleanup(
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
    fn unwind(
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
