//! MicroPython's version 6 bytecode: what the compiler writes and the virtual machine reads.
//!
//! This crate knows the format and nothing else: no values, no heap, no allocation, no I/O. It holds
//! the opcode table ([`opcode`]), the variable-length operands ([`operand`]), a view of one code
//! object ([`code`]), the line table ([`lines`]), the reader of `.mpy` files ([`mpy`]), the numbers of
//! the interned strings that are part of the format ([`qstr`]), a verifier that decides whether
//! foreign bytecode may run ([`verify`]) and a disassembler ([`disasm`]).
//!
//! Source: MicroPython `py/bc.h`, `py/bc0.h`, `py/persistentcode.c` and `docs/reference/mpyfiles.rst`,
//! format 6.3.
#![no_std]
#![forbid(unsafe_code)]

pub mod code;
pub mod disasm;
pub mod lines;
pub mod mpy;
pub mod opcode;
pub mod operand;
pub mod qstr;
pub mod verify;

pub use code::{Code, Signature};
pub use opcode::{BinaryOp, Format, Instruction, Opcode, UnaryOp};
