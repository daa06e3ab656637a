//! Writes the `.mpy` image of a compiled module.
//!
//! ```text
//! 'M' 6 0 bits            version 6, bytecode only, bits of a small integer
//! names constants         how many of each
//! name*                   static number, or length and text
//! constant*               type, then text or items
//! code                    length and kind, bytes, then the functions made in it
//! ```
//!
//! Source: MicroPython `docs/reference/mpyfiles.rst`, version 6.3; names and limits in
//! `upy_bytecode::mpy`.

use upy_bytecode::operand::encode_uint;
use upy_bytecode::qstr::STATIC_COUNT;
use upy_syntax::arena::{Arena, OutOfMemory};
use upy_syntax::ast::Literal;
use upy_syntax::constant::float::Repr;
use upy_syntax::constant::{Constant, View};
use upy_syntax::error::Error;
use upy_syntax::name::{Name, Names};

use crate::Output;
use crate::compiler::Module;
use crate::scope::{Field, Scope};

const VERSION: u8 = 6;

// ORDER CONSTANT
const NONE: u8 = 1;
const FALSE: u8 = 2;
const TRUE: u8 = 3;
const ELLIPSIS: u8 = 4;
const STRING: u8 = 5;
const BYTES: u8 = 6;
const INTEGER: u8 = 7;
const FLOAT: u8 = 8;
const COMPLEX: u8 = 9;
const TUPLE: u8 = 10;

/// Why an image is incomplete.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WriteError {
    Compile(Error),
    OutputFull,
}

impl From<OutOfMemory> for WriteError {
    fn from(error: OutOfMemory) -> Self {
        Self::Compile(error.into())
    }
}

type Write = Result<(), WriteError>;

/// An image being written.
pub(crate) struct Writer<'w, 's> {
    pub(crate) arena: &'w mut Arena<'s>,
    pub(crate) names: &'w Names,
    pub(crate) output: &'w mut dyn Output,
    pub(crate) small_integer_bits: u8,
    /// How deep functions may nest.
    pub(crate) depth_limit: u16,
}

impl Writer<'_, '_> {
    pub(crate) fn module(&mut self, module: &Module) -> Write {
        self.put(&[b'M', VERSION, 0, self.small_integer_bits])?;
        self.put_uint(module.names.len())?;
        self.put_uint(module.constants.len())?;
        for index in 0..module.names.len() {
            self.name(Name(module.names.get(self.arena, index) as u16))?;
        }
        for index in 0..module.constants.len() {
            let constant = Constant(module.constants.get(self.arena, index));
            self.constant(constant)?;
        }
        self.code(module.root, 0)
    }

    fn put(&mut self, bytes: &[u8]) -> Write {
        self.output.write(bytes).map_err(|_| WriteError::OutputFull)
    }

    fn put_uint(&mut self, value: u32) -> Write {
        self.put(encode_uint(u64::from(value)).as_bytes())
    }

    fn name(&mut self, name: Name) -> Write {
        if name.0 <= STATIC_COUNT {
            return self.put_uint(u32::from(name.0) << 1 | 1);
        }
        let text = self.names.text(self.arena, name);
        let len = encode_uint((text.len() as u64) << 1);
        let full = |_| WriteError::OutputFull;
        self.output.write(len.as_bytes()).map_err(full)?;
        self.output.write(text).map_err(full)?;
        self.put(&[0])
    }

    fn constant(&mut self, constant: Constant) -> Write {
        let full = |_| WriteError::OutputFull;
        let text = |output: &mut dyn Output, kind: u8, text: &[u8]| {
            output.write(&[kind]).map_err(full)?;
            output
                .write(encode_uint(text.len() as u64).as_bytes())
                .map_err(full)?;
            output.write(text).map_err(full)?;
            output.write(&[0]).map_err(full)
        };
        match constant.view(self.arena) {
            View::Literal(Literal::None) => self.put(&[NONE]),
            View::Literal(Literal::False) => self.put(&[FALSE]),
            View::Literal(Literal::True) => self.put(&[TRUE]),
            View::Literal(_) => self.put(&[ELLIPSIS]),
            View::Name(name) => text(self.output, STRING, self.names.text(self.arena, name)),
            View::String(bytes) => text(self.output, STRING, bytes),
            View::Bytes(bytes) => text(self.output, BYTES, bytes),
            View::Integer(value) => {
                // The number of digits comes first, so they are made twice.
                let mut len = 0;
                value.write_decimal::<WriteError>(self.arena, &mut |digits| {
                    len += digits.len() as u32;
                    Ok(())
                })?;
                self.put(&[INTEGER])?;
                self.put_uint(len)?;
                let output = &mut *self.output;
                value.write_decimal(self.arena, &mut |digits| output.write(digits).map_err(full))
            }
            View::Float(value) => {
                let repr = Repr::of(value);
                let suffix: &[u8] = if repr.looks_whole() { b".0" } else { b"" };
                self.number(FLOAT, repr.bytes(), suffix)
            }
            View::Imaginary(value) => self.number(COMPLEX, Repr::of(value).bytes(), b"j"),
            View::Tuple(count) => {
                self.put(&[TUPLE])?;
                self.put_uint(count)?;
                for index in 0..count {
                    let item = constant.item(self.arena, index);
                    self.constant(item)?;
                }
                Ok(())
            }
        }
    }

    fn number(&mut self, kind: u8, digits: &[u8], suffix: &[u8]) -> Write {
        self.put(&[kind])?;
        self.put_uint((digits.len() + suffix.len()) as u32)?;
        self.put(digits)?;
        self.put(suffix)
    }

    /// The code of `scope`, then that of the functions made in it.
    fn code(&mut self, scope: Scope, depth: u16) -> Write {
        if depth > self.depth_limit {
            return Err(WriteError::Compile(Error::too_deep()));
        }
        let get = |field| scope.get(self.arena, field);
        let (at, len) = (get(Field::CodeAt), get(Field::CodeLen));
        let (children, count) = (get(Field::ChildrenAt), get(Field::ChildCount));
        self.put_uint(len << 3 | u32::from(count > 0) << 2)?;
        let full = |_| WriteError::OutputFull;
        self.output.write(self.arena.bytes(at, len)).map_err(full)?;
        if count > 0 {
            self.put_uint(count)?;
        }
        for index in 0..count {
            let child = Scope(self.arena.word(children + index * 4));
            self.code(child, depth + 1)?;
        }
        Ok(())
    }
}
