//! Constants that do not fit in a tree node: long strings, bytes, big integers, floats, imaginary
//! numbers and tuples of constants.
//!
//! A [`Constant`] is the offset of its words in the arena, the first of which is a tag:
//!
//! ```text
//! literal   [tag][literal]             integer  [tag][negative][count][offset of limbs]
//! name      [tag][name]                float    [tag][low][high]
//! string    [tag][length][bytes]       tuple    [tag][count][constant; count]
//! ```

pub mod extended;
pub mod float;
pub mod fold;
pub mod integer;
pub mod number;
pub mod power;

use crate::arena::{Arena, OutOfMemory, WORD};
use crate::ast::Literal;
use crate::name::{Name, Names};
use integer::Integer;

/// A constant in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constant(pub u32);

/// What a constant is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum View<'a> {
    /// `None` and the like.
    Literal(Literal),
    /// An interned string.
    Name(Name),
    /// Any other string.
    String(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
    /// An integer of any size.
    Integer(Integer),
    /// A float.
    Float(f64),
    /// A complex number without a real part.
    Imaginary(f64),
    /// A tuple of so many constants; see [`Constant::item`].
    Tuple(u32),
}

const TAG_LITERAL: u32 = 1;
const TAG_NAME: u32 = 2;
const TAG_STRING: u32 = 3;
const TAG_BYTES: u32 = 4;
const TAG_INTEGER: u32 = 5;
const TAG_FLOAT: u32 = 6;
const TAG_IMAGINARY: u32 = 7;
const TAG_TUPLE: u32 = 8;

/// Tuples deeper than this are compared as different and are not folded further.
pub const DEEPEST_TUPLE: u32 = 32;

impl Constant {
    fn with_words(arena: &mut Arena<'_>, words: &[u32]) -> Result<Self, OutOfMemory> {
        let at = arena.alloc(words.len() as u32 * WORD)?;
        for (index, word) in words.iter().enumerate() {
            arena.set_word(at + index as u32 * WORD, *word);
        }
        Ok(Self(at))
    }

    /// A literal.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn literal(arena: &mut Arena<'_>, literal: Literal) -> Result<Self, OutOfMemory> {
        Self::with_words(arena, &[TAG_LITERAL, literal as u32])
    }

    /// An interned string.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn name(arena: &mut Arena<'_>, name: Name) -> Result<Self, OutOfMemory> {
        Self::with_words(arena, &[TAG_NAME, u32::from(name.0)])
    }

    /// A string or bytes with a copy of `text`.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn text(
        arena: &mut Arena<'_>,
        text: &crate::arena::Text,
        is_bytes: bool,
    ) -> Result<Self, OutOfMemory> {
        let at = arena.alloc(2 * WORD + text.len())?;
        arena.set_word(at, if is_bytes { TAG_BYTES } else { TAG_STRING });
        arena.set_word(at + WORD, text.len());
        text.copy_to(arena, at + 2 * WORD);
        Ok(Self(at))
    }

    /// An integer, whose limbs are shared.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn integer(arena: &mut Arena<'_>, value: Integer) -> Result<Self, OutOfMemory> {
        Self::with_words(
            arena,
            &[TAG_INTEGER, u32::from(value.negative), value.len, value.at],
        )
    }

    /// A float.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn float(arena: &mut Arena<'_>, value: f64) -> Result<Self, OutOfMemory> {
        let bits = value.to_bits();
        Self::with_words(arena, &[TAG_FLOAT, bits as u32, (bits >> 32) as u32])
    }

    /// An imaginary number.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn imaginary(arena: &mut Arena<'_>, value: f64) -> Result<Self, OutOfMemory> {
        let bits = value.to_bits();
        Self::with_words(arena, &[TAG_IMAGINARY, bits as u32, (bits >> 32) as u32])
    }

    /// A tuple of `count` items, to be set with [`Constant::set_item`].
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn tuple(arena: &mut Arena<'_>, count: u32) -> Result<Self, OutOfMemory> {
        let at = arena.alloc((2 + count) * WORD)?;
        arena.set_word(at, TAG_TUPLE);
        arena.set_word(at + WORD, count);
        Ok(Self(at))
    }

    /// Sets an item of a tuple.
    pub fn set_item(self, arena: &mut Arena<'_>, index: u32, item: Self) {
        arena.set_word(self.0 + (2 + index) * WORD, item.0);
    }

    /// An item of a tuple.
    pub fn item(self, arena: &Arena<'_>, index: u32) -> Self {
        Self(arena.word(self.0 + (2 + index) * WORD))
    }

    /// What the constant is.
    pub fn view<'a>(self, arena: &'a Arena<'_>) -> View<'a> {
        let word = |index: u32| arena.word(self.0 + index * WORD);
        let float = || f64::from_bits(u64::from(word(1)) | u64::from(word(2)) << 32);
        match arena.word(self.0) {
            TAG_LITERAL => View::Literal(match word(1) {
                0 => Literal::False,
                1 => Literal::None,
                2 => Literal::True,
                _ => Literal::Ellipsis,
            }),
            TAG_NAME => View::Name(Name(word(1) as u16)),
            TAG_STRING => View::String(arena.bytes(self.0 + 2 * WORD, word(1))),
            TAG_BYTES => View::Bytes(arena.bytes(self.0 + 2 * WORD, word(1))),
            TAG_INTEGER => View::Integer(Integer {
                negative: word(1) != 0,
                len: word(2),
                at: word(3),
            }),
            TAG_FLOAT => View::Float(float()),
            TAG_IMAGINARY => View::Imaginary(float()),
            _ => View::Tuple(word(1)),
        }
    }

    /// Whether the constant counts as true.
    pub fn is_true(self, arena: &Arena<'_>, names: &Names) -> bool {
        match self.view(arena) {
            View::Literal(literal) => matches!(literal, Literal::True | Literal::Ellipsis),
            View::Name(name) => !names.text(arena, name).is_empty(),
            View::String(text) | View::Bytes(text) => !text.is_empty(),
            View::Integer(value) => value.len > 0,
            View::Float(value) | View::Imaginary(value) => value != 0.0,
            View::Tuple(count) => count > 0,
        }
    }

    /// Whether two constants are the same in type and value, so that one may stand for the other:
    /// `1` and `1.0` are not, `0.0` and `-0.0` are not.
    pub fn is_same(self, other: Self, arena: &Arena<'_>, names: &Names) -> bool {
        self.is_same_to_depth(other, arena, names, DEEPEST_TUPLE)
    }

    fn is_same_to_depth(self, other: Self, arena: &Arena<'_>, names: &Names, depth: u32) -> bool {
        if self == other {
            return true;
        }
        match (self.view(arena), other.view(arena)) {
            (View::Literal(left), View::Literal(right)) => left == right,
            (View::String(left), View::String(right)) => left == right,
            (View::String(text), View::Name(name)) | (View::Name(name), View::String(text)) => {
                text == names.text(arena, name)
            }
            (View::Name(left), View::Name(right)) => left == right,
            (View::Bytes(left), View::Bytes(right)) => left == right,
            (View::Integer(left), View::Integer(right)) => left.is_same(right, arena),
            (View::Float(left), View::Float(right)) => {
                left == right && left.is_sign_negative() == right.is_sign_negative()
            }
            (View::Imaginary(left), View::Imaginary(right)) => left == right,
            (View::Tuple(left), View::Tuple(right)) => {
                left == right
                    && depth > 0
                    && (0..left).all(|index| {
                        let (item, other) = (self.item(arena, index), other.item(arena, index));
                        item.is_same_to_depth(other, arena, names, depth - 1)
                    })
            }
            _ => false,
        }
    }

    /// How deep tuples nest in the constant; 0 for one that is no tuple.
    pub fn depth(self, arena: &Arena<'_>) -> u32 {
        let View::Tuple(count) = self.view(arena) else {
            return 0;
        };
        1 + (0..count)
            .map(|index| self.item(arena, index).depth(arena))
            .max()
            .unwrap_or(0)
    }
}
