//! One line of text per instruction, for listings and tests.
//!
//! Nothing here is used on a board; it writes through [`core::fmt::Write`], which boards avoid.

use core::fmt::{self, Write};

use crate::opcode::{BinaryOp, Instruction, Opcode, UnaryOp};
use crate::{Code, lines};

/// Writes one instruction as `offset line NAME operand`, without a line end.
///
/// # Errors
/// Only those of `out`.
pub fn instruction(out: &mut dyn Write, code: &Code<'_>, instruction: &Instruction) -> fmt::Result {
    let line = lines::line_at(code.lines(), instruction.offset);
    write!(
        out,
        "{:4} {:4} {}",
        instruction.offset,
        line,
        instruction.opcode.name()
    )?;
    match instruction.opcode {
        Opcode::UnaryOpMulti => {
            write!(
                out,
                " {}",
                UnaryOp::ALL[instruction.operand as usize & 3].symbol()
            )
        }
        Opcode::BinaryOpMulti => {
            let op = BinaryOp::ALL.get(instruction.operand as usize);
            write!(out, " {}", op.map_or("?", |op| op.symbol()))
        }
        _ => operand(out, instruction),
    }
}

/// Writes the operand and the extra byte, where there are any.
fn operand(out: &mut dyn Write, instruction: &Instruction) -> fmt::Result {
    if let Some(target) = instruction.target() {
        write!(out, " {target}")?;
    } else if instruction.next > instruction.offset + 1
        || matches!(
            instruction.opcode,
            Opcode::LoadConstSmallIntMulti | Opcode::LoadFastMulti | Opcode::StoreFastMulti
        )
    {
        write!(out, " {}", instruction.operand)?;
    }
    if crate::opcode::has_extra_byte(instruction.byte) {
        write!(out, " {}", instruction.extra)?;
    }
    Ok(())
}

/// Writes all instructions of a code object, one line each; stops at one that cannot be decoded.
///
/// # Errors
/// Only those of `out`.
pub fn listing(out: &mut dyn Write, code: &Code<'_>) -> fmt::Result {
    let opcodes = code.opcodes();
    let mut offset = 0;
    while offset < opcodes.len() {
        match Instruction::decode(opcodes, offset) {
            Ok(decoded) => {
                instruction(out, code, &decoded)?;
                writeln!(out)?;
                offset = decoded.next;
            }
            Err(error) => return writeln!(out, "{offset:4}      {error:?}"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn listing_names_operands_and_targets() {
        // sig 08, sizes 06, name 1, lines 23 24; then the opcodes of the `.mpy` reader's example
        let bytes = [
            0x08, 0x06, 0x01, 0x23, 0x24, 0x81, 0x16, 0x02, 0x11, 0x02, 0x44, 0x47, 0xd0, 0xf2,
            0x51, 0x63,
        ];
        let mut text = std::string::String::new();
        listing(&mut text, &Code::parse(&bytes).unwrap()).unwrap();
        let names: std::vec::Vec<_> = text.lines().map(|line| line[10..].trim_end()).collect();
        assert_eq!(
            names,
            [
                "LOAD_CONST_SMALL_INT 1",
                "STORE_NAME 2",
                "LOAD_NAME 2",
                "POP_JUMP_IF_FALSE 14",
                "UNARY_OP +",
                "BINARY_OP +",
                "LOAD_CONST_NONE",
                "RETURN_VALUE"
            ]
        );
    }
}
