//! One tagged word that is any Python value.
//!
//! ```text
//! ...............1   small integer, one bit less than a word
//! .............010   interned string, its number above the tag
//! payload.ccccc110   immediate of class c: None, booleans, built-in types, native functions, markers
//! ..............00   address of an object in the heap
//! ```
//!
//! The word 0 is no value, so `Option<Value>` and `Result<Value, Raised>` are one word too. Built-in types,
//! functions and modules are immediates that index static tables: they cost no memory and no relocation.
//!
//! Source: own layout after MicroPython's object representation A (`py/mpconfig.h`).

use core::num::NonZeroUsize;

use crate::intern::Qstr;

/// Any Python value. Copying it copies the reference, not the object.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Value(NonZeroUsize);

const _: () = assert!(size_of::<Option<Value>>() == size_of::<usize>());

/// Bits of a small integer.
pub(crate) const SMALL_INT_BITS: u32 = usize::BITS - 1;
/// The greatest small integer.
pub(crate) const SMALL_INT_MAX: isize = isize::MAX >> 1;
/// The least small integer.
pub(crate) const SMALL_INT_MIN: isize = isize::MIN >> 1;

/// What an immediate is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Class {
    None = 0,
    False = 1,
    Special = 2,
    True = 3,
    /// A built-in type; the payload is its number.
    Type = 4,
    /// A native function; the payload is `[table][entry 8]`.
    Native = 5,
    /// A built-in module; the payload is its number.
    Module = 6,
    /// How a `finally` goes on; the payload says how many handlers are left, or that it returns.
    Unwind = 7,
    /// Where a jump out of blocks leads; the payload is an offset in the code.
    Target = 8,
}

const fn immediate(class: Class, payload: usize) -> Value {
    match NonZeroUsize::new(payload << 8 | (class as usize) << 3 | 6) {
        Some(word) => Value(word),
        None => unreachable!(),
    }
}

impl Value {
    /// `None`
    pub const NONE: Value = immediate(Class::None, 0);
    /// `False`
    pub const FALSE: Value = immediate(Class::False, 0);
    /// `True`
    pub const TRUE: Value = immediate(Class::True, 0);
    /// `Ellipsis`
    pub const ELLIPSIS: Value = immediate(Class::Special, 0);
    /// `NotImplemented`: a binary special method does not know the other operand.
    pub const NOT_IMPLEMENTED: Value = immediate(Class::Special, 1);
    /// A deleted entry of a hash table.
    pub(crate) const DELETED: Value = immediate(Class::Special, 2);
    /// An absent argument of a native function.
    pub(crate) const ABSENT: Value = immediate(Class::Special, 3);

    /// `True` or `False`
    pub const fn bool(truth: bool) -> Value {
        if truth { Value::TRUE } else { Value::FALSE }
    }

    pub(crate) const fn immediate(class: Class, payload: usize) -> Value {
        immediate(class, payload)
    }

    /// The integer as a small one; it must be in range.
    #[inline]
    pub const fn small(number: isize) -> Value {
        debug_assert!(number >= SMALL_INT_MIN && number <= SMALL_INT_MAX);
        match NonZeroUsize::new((number as usize) << 1 | 1) {
            Some(word) => Value(word),
            None => unreachable!(),
        }
    }

    /// The integer as a small one, if it is in range.
    #[inline]
    pub fn try_small(number: isize) -> Option<Value> {
        (SMALL_INT_MIN..=SMALL_INT_MAX)
            .contains(&number)
            .then(|| Value::small(number))
    }

    /// Whether this is a small integer.
    #[inline]
    pub const fn is_small(self) -> bool {
        self.0.get() & 1 != 0
    }

    /// The small integer this is, if it is one.
    #[inline]
    pub const fn as_small(self) -> Option<isize> {
        if self.is_small() {
            Some(self.0.get() as isize >> 1)
        } else {
            None
        }
    }

    /// Whether two values are both small integers.
    #[inline]
    pub(crate) const fn both_small(self, other: Value) -> bool {
        self.0.get() & other.0.get() & 1 != 0
    }

    /// The sum of two small integers, if it is one too.
    #[inline]
    pub(crate) const fn add_small(self, other: Value) -> Option<Value> {
        match (self.0.get() as isize).checked_add(other.0.get() as isize - 1) {
            Some(word) => Some(Value::from_tagged(word)),
            None => None,
        }
    }

    /// The difference of two small integers, if it is one too.
    #[inline]
    pub(crate) const fn subtract_small(self, other: Value) -> Option<Value> {
        match (self.0.get() as isize).checked_sub(other.0.get() as isize - 1) {
            Some(word) => Some(Value::from_tagged(word)),
            None => None,
        }
    }

    /// A small integer from its tagged word.
    #[inline]
    const fn from_tagged(word: isize) -> Value {
        match NonZeroUsize::new(word as usize | 1) {
            Some(word) => Value(word),
            None => unreachable!(),
        }
    }

    /// An interned string.
    #[inline]
    pub const fn qstr(id: Qstr) -> Value {
        match NonZeroUsize::new((id.0 as usize) << 3 | 2) {
            Some(word) => Value(word),
            None => unreachable!(),
        }
    }

    /// The interned string this is, if it is one.
    #[inline]
    pub const fn as_qstr(self) -> Option<Qstr> {
        if self.0.get() & 7 == 2 {
            Some(Qstr((self.0.get() >> 3) as u16))
        } else {
            None
        }
    }

    /// Class and payload of an immediate.
    #[inline]
    pub(crate) fn as_immediate(self) -> Option<(Class, usize)> {
        let word = self.0.get();
        if word & 7 != 6 {
            return None;
        }
        let class = match word >> 3 & 0x1f {
            0 => Class::None,
            1 => Class::False,
            2 => Class::Special,
            3 => Class::True,
            4 => Class::Type,
            5 => Class::Native,
            6 => Class::Module,
            7 => Class::Unwind,
            _ => Class::Target,
        };
        Some((class, word >> 8))
    }

    /// Payload of an immediate of this class.
    #[inline]
    pub(crate) fn payload(self, class: Class) -> Option<usize> {
        (self.0.get() & 0xff == (class as usize) << 3 | 6).then(|| self.0.get() >> 8)
    }

    /// Address of the object, if it is one in the heap.
    #[inline]
    pub(crate) const fn address(self) -> Option<usize> {
        if self.0.get() & 3 == 0 {
            Some(self.0.get())
        } else {
            None
        }
    }

    /// The object at `address`, which is a multiple of 4 and not 0.
    #[inline]
    pub(crate) const fn from_address(address: usize) -> Value {
        debug_assert!(address & 3 == 0);
        match NonZeroUsize::new(address) {
            Some(word) => Value(word),
            None => panic!("an object has an address"),
        }
    }

    /// The raw word.
    #[inline]
    pub(crate) const fn word(self) -> usize {
        self.0.get()
    }

    /// Whether this is `None`.
    #[inline]
    pub fn is_none(self) -> bool {
        self == Value::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_integers_keep_their_value() {
        for number in [0, 1, -1, 1000, SMALL_INT_MAX, SMALL_INT_MIN] {
            assert_eq!(Value::small(number).as_small(), Some(number));
        }
        assert!(Value::try_small(SMALL_INT_MAX + 1).is_none());
        assert!(Value::try_small(SMALL_INT_MIN - 1).is_none());
    }

    #[test]
    fn tags_do_not_overlap() {
        let all = [
            Value::NONE,
            Value::small(3),
            Value::qstr(Qstr(9)),
            Value::from_address(64),
        ];
        for (index, value) in all.into_iter().enumerate() {
            let kinds = [
                value.as_immediate().is_some(),
                value.is_small(),
                value.as_qstr().is_some(),
                value.address().is_some(),
            ];
            assert_eq!(kinds.iter().filter(|&&is| is).count(), 1);
            assert!(kinds[index]);
        }
    }
}
