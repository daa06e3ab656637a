//! Numbers: from a token to a tree node, and between nodes and what folding computes with.

use super::float;
use super::integer::{Integer, Refused};
use super::{Constant, View};
use crate::arena::{Arena, OutOfMemory};
use crate::ast::{Kind, Leaf, Node};
use crate::error::{Error, ErrorKind, Message};

/// An integer or a float.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// An integer of any size.
    Integer(Integer),
    /// A float.
    Float(f64),
}

impl Number {
    /// The number that `node` is; `None` when it is none.
    ///
    /// # Errors
    /// [`Refused::TooLarge`] when the arena is full.
    pub fn of(node: Node, arena: &mut Arena<'_>) -> Result<Option<Self>, Refused> {
        match node.leaf(arena) {
            Leaf::Small(value) => Ok(Some(Self::Integer(Integer::from_i64(arena, value)?))),
            Leaf::Branch(Kind::Constant) => {
                Ok(match Constant(node.raw_child(arena, 0)).view(arena) {
                    View::Integer(value) => Some(Self::Integer(value)),
                    View::Float(value) => Some(Self::Float(value)),
                    _ => None,
                })
            }
            _ => Ok(None),
        }
    }

    /// The number as a float.
    pub fn to_f64(self, arena: &Arena<'_>) -> f64 {
        match self {
            Self::Integer(value) => value.to_f64(arena),
            Self::Float(value) => value,
        }
    }

    /// A node for the number: a leaf when it is an integer of at most `small_bits` bits.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn to_node(
        self,
        arena: &mut Arena<'_>,
        line: u32,
        small_bits: u8,
    ) -> Result<Node, OutOfMemory> {
        let constant = match self {
            Self::Integer(value) => {
                if let Some(small) = value.to_i64(arena).filter(|value| fits(*value, small_bits)) {
                    return Node::small(arena, small);
                }
                Constant::integer(arena, value)?
            }
            Self::Float(value) => Constant::float(arena, value)?,
        };
        constant_node(arena, line, constant)
    }
}

/// A node that holds `constant`.
///
/// # Errors
/// [`OutOfMemory`].
pub fn constant_node(
    arena: &mut Arena<'_>,
    line: u32,
    constant: Constant,
) -> Result<Node, OutOfMemory> {
    Node::branch(arena, Kind::Constant, line, &[Node(constant.0)])
}

/// Whether `value` is a small integer where those have `bits` bits with their sign.
pub fn fits(value: i64, bits: u8) -> bool {
    let top = value >> (bits.clamp(2, 64) - 1);
    top == 0 || top == -1
}

/// The number that the `len` digits at offset `at` spell, in the notation of Python's source.
///
/// # Errors
/// A `SyntaxError` that quotes the digits.
pub fn parse_integer(
    arena: &mut Arena<'_>,
    at: u32,
    len: u32,
    line: u32,
) -> Result<Integer, Error> {
    let text = arena.bytes(at, len);
    // Base 1 stands for a leading zero, which only zeros may follow.
    let (base, skip) = match text {
        [b'0', b'x' | b'X', ..] => (16, 2),
        [b'0', b'o' | b'O', ..] => (8, 2),
        [b'0', b'b' | b'B', ..] => (2, 2),
        [b'0', _, ..] => (1, 0),
        _ => (10, 0),
    };
    let digits = &text[skip..];
    let is_digit = |byte: &u8| match byte {
        b'0'..=b'9' => byte - b'0' < base,
        b'a'..=b'f' | b'A'..=b'F' => base == 16,
        _ => false,
    };
    let (at, len) = (at + skip as u32, digits.len() as u32);
    if digits.is_empty() || !digits.iter().all(is_digit) {
        // The text of the token is overwritten by the next one, so a copy is kept.
        let copy = arena.alloc(len)?;
        for index in 0..len {
            let byte = arena.bytes(at + index, 1)[0];
            arena.bytes_mut(copy + index, 1)[0] = byte;
        }
        let message = Message::BadInteger {
            base: if base == 1 { 0 } else { base },
            at: copy,
            len,
        };
        return Err(Error {
            kind: ErrorKind::Syntax,
            message,
            line,
        });
    }
    Integer::parse(at, len, u32::from(base), arena)
        .map_err(|_| Error::from(OutOfMemory { len_bytes: len }))
}

/// The float or imaginary number that `text` spells; true with an imaginary one.
///
/// # Errors
/// A `SyntaxError`.
pub fn parse_float(text: &[u8], line: u32) -> Result<(f64, bool), Error> {
    let wrong = Error::syntax("invalid syntax for number", line);
    let (value, len) = float::parse(text).ok_or(wrong)?;
    match &text[len..] {
        [] if len > 0 => Ok((value, false)),
        [b'j' | b'J'] => Ok((if len == 0 { 1.0 } else { value }, true)),
        _ => Err(wrong),
    }
}
