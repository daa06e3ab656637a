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

mod blocks;

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
}
