//! The opcode table: the only place where an instruction's byte, name, operand and stack effect stand.
//!
//! An instruction is `[opcode u8][operand][extra u8]`; which of the last two are there follows from the
//! opcode byte alone: [`format_of`] and [`has_extra_byte`]. Ranges of bytes that carry a small number in
//! themselves (`LOAD_FAST 0` up to `15` and the like) are one [`Opcode`] each.
//!
//! Source: MicroPython `py/bc0.h`, `py/emitbc.c` (stack effects), `py/runtime0.h` (operators).

use crate::operand::{self, BadOperand};

/// How the operand of an instruction is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// No operand.
    None,
    /// Index into the module's table of interned strings.
    Qstr,
    /// Unsigned number.
    Uint,
    /// Signed number (only `LOAD_CONST_SMALL_INT`).
    Int,
    /// Label in either direction.
    Jump,
    /// Label that only goes forward.
    Forward,
}

/// Marks a stack effect that depends on the operand; [`Instruction::effect`] computes it.
const BY_OPERAND: u8 = 0xff;

macro_rules! opcodes {
    ($( $byte:literal $(..= $last:literal)? $variant:ident $name:literal $format:ident $pops:tt $pushes:tt : $doc:literal; )*) => {
        /// One kind of instruction. The discriminants are dense, for jump tables.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Opcode {
            $( #[doc = $doc] $variant, )*
        }

        /// All opcodes in the order of their first byte.
        pub const ALL: &[Opcode] = &[ $( Opcode::$variant, )* ];

        impl Opcode {
            /// The byte of this opcode; for a range, its first byte.
            #[must_use]
            pub const fn byte(self) -> u8 {
                match self { $( Opcode::$variant => $byte, )* }
            }

            /// The name MicroPython's listings print; for a range, without its number.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Opcode::$variant => $name, )* }
            }

            /// How the operand is written.
            #[must_use]
            pub const fn format(self) -> Format {
                match self { $( Opcode::$variant => Format::$format, )* }
            }

            /// Values taken from and put on the stack, where that does not depend on the operand.
            const fn fixed_effect(self) -> (u8, u8) {
                match self { $( Opcode::$variant => ($pops, $pushes), )* }
            }
        }

        /// The opcode of each byte, `None` for bytes that mean nothing.
        pub static DECODE: [Option<Opcode>; 256] = {
            let mut table = [None; 256];
            $(
                let mut byte = $byte;
                let last = { let last = $byte; $( let _ = last; let last = $last; )? last };
                while byte <= last {
                    table[byte] = Some(Opcode::$variant);
                    byte += 1;
                }
            )*
            table
        };
    };
}

opcodes! {
    0x10 LoadConstString "LOAD_CONST_STRING" Qstr 0 1: "Push an interned string.";
    0x11 LoadName "LOAD_NAME" Qstr 0 1: "Push the value of a name: locals, globals, builtins.";
    0x12 LoadGlobal "LOAD_GLOBAL" Qstr 0 1: "Push the value of a global or builtin name.";
    0x13 LoadAttr "LOAD_ATTR" Qstr 1 1: "Replace the top by its attribute.";
    0x14 LoadMethod "LOAD_METHOD" Qstr 1 2: "Replace the top by a callable and its self, or a callable and null.";
    0x15 LoadSuperMethod "LOAD_SUPER_METHOD" Qstr 3 2: "As LOAD_METHOD for `super`, class and instance on the stack.";
    0x16 StoreName "STORE_NAME" Qstr 1 0: "Pop into a name of the current namespace.";
    0x17 StoreGlobal "STORE_GLOBAL" Qstr 1 0: "Pop into a global name.";
    0x18 StoreAttr "STORE_ATTR" Qstr 2 0: "Pop an object, then a value, and set the object's attribute.";
    0x19 DeleteName "DELETE_NAME" Qstr 0 0: "Remove a name of the current namespace.";
    0x1a DeleteGlobal "DELETE_GLOBAL" Qstr 0 0: "Remove a global name.";
    0x1b ImportName "IMPORT_NAME" Qstr 2 1: "Pop the names wanted and the level, push a module.";
    0x1c ImportFrom "IMPORT_FROM" Qstr 1 2: "Push a name of the module on the top.";
    0x20 MakeClosure "MAKE_CLOSURE" Uint BY_OPERAND BY_OPERAND: "Make a closure of a child and the cells on the stack.";
    0x21 MakeClosureDefargs "MAKE_CLOSURE_DEFARGS" Uint BY_OPERAND BY_OPERAND: "As MAKE_CLOSURE, with default arguments below the cells.";
    0x22 LoadConstSmallInt "LOAD_CONST_SMALL_INT" Int 0 1: "Push a small integer.";
    0x23 LoadConstObj "LOAD_CONST_OBJ" Uint 0 1: "Push a constant of the module.";
    0x24 LoadFastN "LOAD_FAST_N" Uint 0 1: "Push a local.";
    0x25 LoadDeref "LOAD_DEREF" Uint 0 1: "Push what the cell in a local holds.";
    0x26 StoreFastN "STORE_FAST_N" Uint 1 0: "Pop into a local.";
    0x27 StoreDeref "STORE_DEREF" Uint 1 0: "Pop into the cell in a local.";
    0x28 DeleteFast "DELETE_FAST" Uint 0 0: "Unset a local.";
    0x29 DeleteDeref "DELETE_DEREF" Uint 0 0: "Unset the cell in a local.";
    0x2a BuildTuple "BUILD_TUPLE" Uint BY_OPERAND 1: "Make a tuple of the values on the top.";
    0x2b BuildList "BUILD_LIST" Uint BY_OPERAND 1: "Make a list of the values on the top.";
    0x2c BuildMap "BUILD_MAP" Uint 0 1: "Push an empty dict with room for that many keys.";
    0x2d BuildSet "BUILD_SET" Uint BY_OPERAND 1: "Make a set of the values on the top.";
    0x2e BuildSlice "BUILD_SLICE" Uint BY_OPERAND 1: "Make a slice of two or three values.";
    0x2f StoreComp "STORE_COMP" Uint BY_OPERAND 0: "Pop into the list, dict or set being built further down.";
    0x30 UnpackSequence "UNPACK_SEQUENCE" Uint 1 BY_OPERAND: "Pop a sequence, push its items, the first on top.";
    0x31 UnpackEx "UNPACK_EX" Uint 1 BY_OPERAND: "As UNPACK_SEQUENCE with one starred target.";
    0x32 MakeFunction "MAKE_FUNCTION" Uint 0 1: "Make a function of a child.";
    0x33 MakeFunctionDefargs "MAKE_FUNCTION_DEFARGS" Uint 2 1: "As MAKE_FUNCTION, with a tuple and a dict of defaults.";
    0x34 CallFunction "CALL_FUNCTION" Uint BY_OPERAND 1: "Call with positional and keyword arguments.";
    0x35 CallFunctionVarKw "CALL_FUNCTION_VAR_KW" Uint BY_OPERAND 1: "Call with starred arguments; their bitmap is on top.";
    0x36 CallMethod "CALL_METHOD" Uint BY_OPERAND 1: "Call what LOAD_METHOD pushed.";
    0x37 CallMethodVarKw "CALL_METHOD_VAR_KW" Uint BY_OPERAND 1: "Call what LOAD_METHOD pushed, with starred arguments.";
    0x40 UnwindJump "UNWIND_JUMP" Jump 0 0: "Jump out of handlers, running what is to be run.";
    0x42 Jump "JUMP" Jump 0 0: "Jump.";
    0x43 PopJumpIfTrue "POP_JUMP_IF_TRUE" Jump 1 0: "Pop; jump if true.";
    0x44 PopJumpIfFalse "POP_JUMP_IF_FALSE" Jump 1 0: "Pop; jump if false.";
    0x45 JumpIfTrueOrPop "JUMP_IF_TRUE_OR_POP" Forward 1 0: "Jump if the top is true, otherwise pop.";
    0x46 JumpIfFalseOrPop "JUMP_IF_FALSE_OR_POP" Forward 1 0: "Jump if the top is false, otherwise pop.";
    0x47 SetupWith "SETUP_WITH" Forward 1 3: "Enter the context manager on the top; the label is its clean-up.";
    0x48 SetupExcept "SETUP_EXCEPT" Forward 0 0: "Open a block whose exceptions go to the label.";
    0x49 SetupFinally "SETUP_FINALLY" Forward 0 0: "Open a block that is always followed by the code at the label.";
    0x4a PopExceptJump "POP_EXCEPT_JUMP" Forward 0 0: "Close the innermost block and jump.";
    0x4b ForIter "FOR_ITER" Forward 0 1: "Push the next item, or drop the iterator's four slots and jump.";
    0x50 LoadConstFalse "LOAD_CONST_FALSE" None 0 1: "Push `False`.";
    0x51 LoadConstNone "LOAD_CONST_NONE" None 0 1: "Push `None`.";
    0x52 LoadConstTrue "LOAD_CONST_TRUE" None 0 1: "Push `True`.";
    0x53 LoadNull "LOAD_NULL" None 0 1: "Push the null that marks an absent value.";
    0x54 LoadBuildClass "LOAD_BUILD_CLASS" None 0 1: "Push `__build_class__`.";
    0x55 LoadSubscr "LOAD_SUBSCR" None 2 1: "Pop an index, replace the top by the item.";
    0x56 StoreSubscr "STORE_SUBSCR" None 3 0: "Pop index, object and value; store or, with null, delete.";
    0x57 DupTop "DUP_TOP" None 1 2: "Copy the top.";
    0x58 DupTopTwo "DUP_TOP_TWO" None 2 4: "Copy the two top values.";
    0x59 PopTop "POP_TOP" None 1 0: "Drop the top.";
    0x5a RotTwo "ROT_TWO" None 2 2: "Exchange the two top values.";
    0x5b RotThree "ROT_THREE" None 3 3: "Move the top below the next two.";
    0x5c WithCleanup "WITH_CLEANUP" None 3 1: "Call `__exit__` and drop it.";
    0x5d EndFinally "END_FINALLY" None 1 0: "Close the block: go on, re-raise, return or jump.";
    0x5e GetIter "GET_ITER" None 1 1: "Replace the top by its iterator.";
    0x5f GetIterStack "GET_ITER_STACK" None 1 4: "Replace the top by its iterator in four slots.";
    0x62 StoreMap "STORE_MAP" None 3 1: "Pop a key and a value into the dict below them.";
    0x63 ReturnValue "RETURN_VALUE" None 1 0: "Return the top.";
    0x64 RaiseLast "RAISE_LAST" None 0 0: "Raise the exception being handled again.";
    0x65 RaiseObj "RAISE_OBJ" None 1 0: "Raise the top.";
    0x66 RaiseFrom "RAISE_FROM" None 2 0: "Raise the value below the top; the top is its cause.";
    0x67 YieldValue "YIELD_VALUE" None 1 1: "Suspend with the top; it is replaced by what is sent.";
    0x68 YieldFrom "YIELD_FROM" None 2 1: "Suspend with what the iterator below the top yields.";
    0x69 ImportStar "IMPORT_STAR" None 1 0: "Pop a module and store all its public names.";
    0x70..=0xaf LoadConstSmallIntMulti "LOAD_CONST_SMALL_INT" None 0 1: "Push an integer from -16 to 47.";
    0xb0..=0xbf LoadFastMulti "LOAD_FAST" None 0 1: "Push one of the first 16 locals.";
    0xc0..=0xcf StoreFastMulti "STORE_FAST" None 1 0: "Pop into one of the first 16 locals.";
    0xd0..=0xd3 UnaryOpMulti "UNARY_OP" None 1 1: "Apply a unary operator.";
    0xd7..=0xf9 BinaryOpMulti "BINARY_OP" None 2 1: "Apply a binary operator or comparison.";
}

/// A unary operator; its number is its distance from the first such opcode.
// ORDER UNARY
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum UnaryOp {
    /// `+x`
    Positive,
    /// `-x`
    Negative,
    /// `~x`
    Invert,
    /// `not x`
    Not,
}

impl UnaryOp {
    /// All unary operators in the order of their opcodes.
    pub const ALL: [UnaryOp; 4] = [Self::Positive, Self::Negative, Self::Invert, Self::Not];

    /// The operator as it is written in Python.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Positive => "+",
            Self::Negative => "-",
            Self::Invert => "~",
            Self::Not => "not",
        }
    }
}

macro_rules! binary_ops {
    ($($variant:ident $symbol:literal,)*) => {
        /// A binary operator or comparison; its number is its distance from the first such opcode.
        // ORDER BINARY
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum BinaryOp {
            $( #[doc = concat!("`", $symbol, "`")] $variant, )*
        }

        impl BinaryOp {
            /// All binary operators in the order of their opcodes.
            pub const ALL: [BinaryOp; 35] = [ $( Self::$variant, )* ];

            /// The operator as it is written in Python.
            #[must_use]
            pub const fn symbol(self) -> &'static str {
                match self { $( Self::$variant => $symbol, )* }
            }
        }
    };
}

binary_ops! {
    Less "<", More ">", Equal "==", LessEqual "<=", MoreEqual ">=", NotEqual "!=",
    In "in", Is "is", ExceptionMatch "exception match",
    InplaceOr "|=", InplaceXor "^=", InplaceAnd "&=", InplaceLshift "<<=", InplaceRshift ">>=",
    InplaceAdd "+=", InplaceSubtract "-=", InplaceMultiply "*=", InplaceMatMultiply "@=",
    InplaceFloorDivide "//=", InplaceTrueDivide "/=", InplaceModulo "%=", InplacePower "**=",
    Or "|", Xor "^", And "&", Lshift "<<", Rshift ">>",
    Add "+", Subtract "-", Multiply "*", MatMultiply "@",
    FloorDivide "//", TrueDivide "/", Modulo "%", Power "**",
}

/// How the operand of the instruction with this byte is written, for any byte.
#[must_use]
pub fn format_of(byte: u8) -> Format {
    DECODE[usize::from(byte)].map_or(Format::None, Opcode::format)
}

/// Whether one more byte follows the operand of the instruction with this byte.
#[must_use]
pub const fn has_extra_byte(byte: u8) -> bool {
    matches!(byte, 0x20 | 0x21 | 0x40)
}

/// Values an instruction takes from the stack and then puts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Values taken (or only looked at) from the top.
    pub pops: u32,
    /// Values put there.
    pub pushes: u32,
}

/// Why an instruction could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// This byte is not an opcode.
    UnknownOpcode {
        /// The byte.
        byte: u8,
    },
    /// The code ends inside the instruction, or its operand is too large.
    BadOperand,
}

impl From<BadOperand> for DecodeError {
    fn from(_: BadOperand) -> Self {
        Self::BadOperand
    }
}

/// One decoded instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub opcode: Opcode,
    /// Its opcode byte, which carries a number for the range opcodes.
    pub byte: u8,
    /// Offset of the opcode byte.
    pub offset: usize,
    /// Offset of the instruction after it.
    pub next: usize,
    /// The operand: an index, a number or a label's distance; for a range opcode its number.
    pub operand: i64,
    /// The byte after the operand, 0 if there is none.
    pub extra: u8,
}

impl Instruction {
    /// Decodes the instruction at `offset`.
    ///
    /// # Errors
    /// The byte there is no opcode, or the code ends inside the instruction.
    pub fn decode(code: &[u8], offset: usize) -> Result<Self, DecodeError> {
        let byte = *code.get(offset).ok_or(DecodeError::BadOperand)?;
        let opcode = DECODE[usize::from(byte)].ok_or(DecodeError::UnknownOpcode { byte })?;
        let mut at = offset + 1;
        let operand = match opcode.format() {
            Format::None => i64::from(range_number(opcode, byte)),
            Format::Qstr | Format::Uint => i64::from(operand::read_uint(code, &mut at)?),
            Format::Int => operand::read_int(code, &mut at)?,
            Format::Jump => i64::from(operand::read_signed_label(code, &mut at)?),
            Format::Forward => i64::from(operand::read_unsigned_label(code, &mut at)?),
        };
        let mut extra = 0;
        if has_extra_byte(byte) {
            // An unwinding jump counts from before its extra byte, as every label does.
            extra = *code.get(at).ok_or(DecodeError::BadOperand)?;
            at += 1;
        }
        Ok(Self {
            opcode,
            byte,
            offset,
            next: at,
            operand,
            extra,
        })
    }

    /// Where its label points, or `None` if it has none. May lie outside the code.
    #[must_use]
    pub fn target(&self) -> Option<i64> {
        let base = self.next - usize::from(has_extra_byte(self.byte));
        matches!(self.opcode.format(), Format::Jump | Format::Forward)
            .then(|| base as i64 + self.operand)
    }

    /// What it takes from the stack and puts on it when control goes on to the next instruction.
    #[must_use]
    pub fn effect(&self) -> Effect {
        let operand = u32::try_from(self.operand).unwrap_or(0);
        let (low, high) = (operand & 0xff, operand >> 8 & 0xff);
        let (pops, pushes) = match self.opcode {
            Opcode::MakeClosure => (u32::from(self.extra), 1),
            Opcode::MakeClosureDefargs => (u32::from(self.extra) + 2, 1),
            Opcode::BuildTuple | Opcode::BuildList | Opcode::BuildSet | Opcode::BuildSlice => {
                (operand, 1)
            }
            Opcode::StoreComp if operand & 3 == 1 => (2, 0),
            Opcode::StoreComp => (1, 0),
            Opcode::UnpackSequence => (1, operand),
            Opcode::UnpackEx => (1, low + high + 1),
            Opcode::CallFunction => (1 + low + 2 * high, 1),
            Opcode::CallFunctionVarKw | Opcode::CallMethod => (2 + low + 2 * high, 1),
            Opcode::CallMethodVarKw => (3 + low + 2 * high, 1),
            fixed => {
                let (pops, pushes) = fixed.fixed_effect();
                (u32::from(pops), u32::from(pushes))
            }
        };
        Effect { pops, pushes }
    }
}

/// The number carried by the byte of a range opcode, 0 for others.
fn range_number(opcode: Opcode, byte: u8) -> i16 {
    let distance = i16::from(byte) - i16::from(opcode.byte());
    match opcode {
        Opcode::LoadConstSmallIntMulti => distance - 16,
        _ => distance,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compact rules of MicroPython's header must agree with the table.
    #[test]
    fn formats_agree_with_the_magic_number() {
        for opcode in ALL {
            let byte = u32::from(opcode.byte());
            let rule = if byte >> 4 > 15 {
                0
            } else {
                0x3a4_u32.checked_shr(2 * (byte >> 4)).unwrap_or(0) & 3
            };
            let expected = match opcode.format() {
                Format::None => 0,
                Format::Qstr => 1,
                Format::Uint | Format::Int => 2,
                Format::Jump | Format::Forward => 3,
            };
            assert_eq!(rule, expected, "{opcode:?}");
            assert_eq!(
                has_extra_byte(opcode.byte()),
                byte & 0x9e == 0,
                "{opcode:?}"
            );
        }
    }

    #[test]
    fn every_byte_decodes_to_the_opcode_that_contains_it() {
        for byte in 0..=255_u8 {
            let found = DECODE[usize::from(byte)];
            let expected = ALL.iter().rev().find(|opcode| opcode.byte() <= byte);
            if let Some(found) = found {
                assert_eq!(Some(&found), expected);
            }
        }
        let singles = ALL.len() - 5;
        assert_eq!(
            DECODE.iter().flatten().count(),
            singles + 64 + 16 + 16 + 4 + 35
        );
    }

    #[test]
    fn small_int_range_starts_at_minus_sixteen() {
        let first = Instruction::decode(&[0x70], 0).unwrap();
        let last = Instruction::decode(&[0xaf], 0).unwrap();
        assert_eq!((first.operand, last.operand), (-16, 47));
    }

    #[test]
    fn unwinding_jump_counts_from_before_its_extra_byte() {
        let jump = Instruction::decode(&[0x40, 0x45, 0x81], 0).unwrap();
        assert_eq!((jump.target(), jump.next, jump.extra), (Some(7), 3, 0x81));
    }
}
