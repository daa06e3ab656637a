//! Labels and jumps.
//!
//! A label is a number; its offset is known from the pass before. An offset is one byte when it
//! fits in seven bits and two otherwise, so it can change from pass to pass, but code only ever
//! shrinks.

use upy_bytecode::opcode::{Format, Opcode};
use upy_syntax::error::{Error, ErrorKind};

use crate::compiler::Compiler;
use crate::emit::Pass;

/// A place in the code of one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label(pub(crate) u32);

/// Where `break` or `continue` leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoopExit {
    pub(crate) label: Label,
    /// Whether an iterator on the stack must be dropped first.
    pub(crate) drops_iterator: bool,
}

/// Half of the range of a one-byte and a two-byte offset that may be negative.
const SHORT_BIAS: i64 = 0x40;
const LONG_BIAS: i64 = 0x4000;

/// Handlers that one jump can leave; its operand has seven bits for them.
const MOST_HANDLERS: u32 = 127;

impl Compiler<'_, '_> {
    pub(crate) fn new_label(&mut self) -> Label {
        let label = Label(self.next_label);
        self.next_label += 1;
        label
    }

    /// The label is here; what follows can be reached.
    pub(crate) fn place(&mut self, label: Label) {
        self.emit.is_dead = false;
        if self.emit.pass == Pass::Scope || self.has_failed() {
            return;
        }
        self.emit
            .labels
            .set(self.arena, label.0, self.emit.code_offset);
    }

    /// An instruction with a label.
    pub(crate) fn op_label(&mut self, opcode: Opcode, label: Label, stack: i32) {
        self.adjust_stack(stack);
        if self.emit.is_dead {
            return;
        }
        let is_signed = opcode.format() == Format::Jump;
        let mut is_short = false;
        let mut offset = 0;
        if self.emit.pass >= Pass::CodeSize && !self.has_failed() {
            let target = i64::from(self.emit.labels.get(self.arena, label.0));
            offset = target - i64::from(self.emit.code_offset) - 2;
            is_short = if is_signed {
                (-SHORT_BIAS..SHORT_BIAS).contains(&offset)
            } else {
                (0..2 * SHORT_BIAS).contains(&offset)
            };
            offset -= i64::from(!is_short);
        }
        if is_short {
            let bias = if is_signed { SHORT_BIAS } else { 0 };
            self.put(&[opcode.byte(), (offset + bias) as u8]);
            return;
        }
        let biased = offset + if is_signed { LONG_BIAS } else { 0 };
        if self.emit.pass == Pass::Emit && !(0..2 * LONG_BIAS).contains(&biased) {
            self.emit.is_overflown = true;
        }
        self.put(&[
            opcode.byte(),
            0x80 | (biased & 0x7f) as u8,
            (biased >> 7) as u8,
        ]);
    }

    pub(crate) fn jump(&mut self, label: Label) {
        self.op_label(Opcode::Jump, label, 0);
        self.emit.is_dead = true;
    }

    pub(crate) fn pop_jump_if(&mut self, condition: bool, label: Label) {
        let opcode = if condition {
            Opcode::PopJumpIfTrue
        } else {
            Opcode::PopJumpIfFalse
        };
        self.op_label(opcode, label, -1);
    }

    pub(crate) fn jump_if_or_pop(&mut self, condition: bool, label: Label) {
        let opcode = if condition {
            Opcode::JumpIfTrueOrPop
        } else {
            Opcode::JumpIfFalseOrPop
        };
        self.op_label(opcode, label, -1);
    }

    /// Leaves a loop through `handlers` open handlers.
    pub(crate) fn unwind_jump(&mut self, exit: LoopExit, handlers: u32) {
        if handlers == 0 {
            if exit.drops_iterator {
                self.put(&[Opcode::PopTop.byte(); 4]);
            }
            self.op_label(Opcode::Jump, exit.label, 0);
        } else {
            if handlers > MOST_HANDLERS {
                self.fail(Error::new(
                    ErrorKind::Runtime,
                    "too many nested handlers",
                    0,
                ));
            }
            self.op_label(Opcode::UnwindJump, exit.label, 0);
            self.put(&[u8::from(exit.drops_iterator) << 7 | handlers as u8]);
        }
        self.emit.is_dead = true;
    }

    pub(crate) fn pop_except_jump(&mut self, label: Label) {
        self.op_label(Opcode::PopExceptJump, label, 0);
        self.emit.is_dead = true;
    }
}
