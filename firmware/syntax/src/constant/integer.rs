//! Integers of any size, for folding.
//!
//! Sign and magnitude; the magnitude is words of the arena, lowest first, without leading zeros.
//! All operations make a new value and leave their scratch behind; [`super::fold`] takes it back.
//! Results above [`MOST_LIMBS`] words are refused, which leaves the expression unfolded.

use crate::arena::{Arena, OutOfMemory, WORD};

/// A 131,072-bit result is the largest that is folded: larger ones cost more to print than to
/// compute.
pub const MOST_LIMBS: u32 = 4096;

/// An integer in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integer {
    /// Whether it is below zero.
    pub negative: bool,
    /// How many words its magnitude has; 0 for zero.
    pub len: u32,
    /// Offset of the lowest word.
    pub at: u32,
}

/// Why an operation has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Division by zero, a negative shift and the like.
    Undefined,
    /// The result would be too large, or the arena is full.
    TooLarge,
}

impl From<OutOfMemory> for Refused {
    fn from(_: OutOfMemory) -> Self {
        Self::TooLarge
    }
}

type Result<T> = core::result::Result<T, Refused>;

/// The operations that work bit by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bitwise {
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
}

impl Integer {
    const ZERO: Self = Self {
        negative: false,
        len: 0,
        at: 0,
    };

    /// `value` as words.
    ///
    /// # Errors
    /// [`Refused::TooLarge`].
    pub fn from_i64(arena: &mut Arena<'_>, value: i64) -> Result<Self> {
        let magnitude = value.unsigned_abs();
        let result = Self {
            negative: value < 0,
            ..Self::with_room(arena, 2)?
        };
        result.set_limb(arena, 0, magnitude as u32);
        result.set_limb(arena, 1, (magnitude >> 32) as u32);
        Ok(result.trimmed(arena))
    }

    /// The value, if it has no more than 64 bits with its sign.
    pub fn to_i64(self, arena: &Arena<'_>) -> Option<i64> {
        if self.len > 2 {
            return None;
        }
        let magnitude = u64::from(self.limb(arena, 0)) | u64::from(self.limb(arena, 1)) << 32;
        let value = i128::from(magnitude) * if self.negative { -1 } else { 1 };
        i64::try_from(value).ok()
    }

    /// The nearest float, as MicroPython gets it: word by word from the top, rounding each time.
    pub fn to_f64(self, arena: &Arena<'_>) -> f64 {
        let mut value = 0.0;
        for index in (0..self.len).rev() {
            value = value * 4_294_967_296.0 + f64::from(self.limb(arena, index));
        }
        if self.negative { -value } else { value }
    }

    /// Whether two integers are equal.
    pub fn is_same(self, other: Self, arena: &Arena<'_>) -> bool {
        self.negative == other.negative
            && self.len == other.len
            && (0..self.len).all(|index| self.limb(arena, index) == other.limb(arena, index))
    }

    fn with_room(arena: &mut Arena<'_>, len: u32) -> Result<Self> {
        if len > MOST_LIMBS {
            return Err(Refused::TooLarge);
        }
        let at = arena.alloc(len * WORD)?;
        Ok(Self {
            negative: false,
            len,
            at,
        })
    }

    fn limb(self, arena: &Arena<'_>, index: u32) -> u32 {
        if index < self.len {
            arena.word(self.at + index * WORD)
        } else {
            0
        }
    }

    fn set_limb(self, arena: &mut Arena<'_>, index: u32, value: u32) {
        arena.set_word(self.at + index * WORD, value);
    }

    /// Without leading zero words; zero is not negative.
    fn trimmed(mut self, arena: &Arena<'_>) -> Self {
        while self.len > 0 && self.limb(arena, self.len - 1) == 0 {
            self.len -= 1;
        }
        self.negative &= self.len > 0;
        self
    }

    fn with_sign(self, negative: bool) -> Self {
        Self {
            negative: negative && self.len > 0,
            ..self
        }
    }

    fn bit_length(self, arena: &Arena<'_>) -> u32 {
        match self.len {
            0 => 0,
            len => len * 32 - self.limb(arena, len - 1).leading_zeros(),
        }
    }

    fn compare_magnitude(self, other: Self, arena: &Arena<'_>) -> core::cmp::Ordering {
        self.len.cmp(&other.len).then_with(|| {
            (0..self.len)
                .rev()
                .map(|index| self.limb(arena, index).cmp(&other.limb(arena, index)))
                .find(|order| order.is_ne())
                .unwrap_or(core::cmp::Ordering::Equal)
        })
    }

    fn add_magnitude(self, other: Self, arena: &mut Arena<'_>) -> Result<Self> {
        let result = Self::with_room(arena, self.len.max(other.len) + 1)?;
        let mut carry = 0;
        for index in 0..result.len {
            let sum =
                u64::from(self.limb(arena, index)) + u64::from(other.limb(arena, index)) + carry;
            result.set_limb(arena, index, sum as u32);
            carry = sum >> 32;
        }
        Ok(result.trimmed(arena))
    }

    /// `self - other`, where `self` is not the smaller one.
    fn subtract_magnitude(self, other: Self, arena: &mut Arena<'_>) -> Result<Self> {
        let result = Self::with_room(arena, self.len)?;
        result.take_away(self, other, arena);
        Ok(result.trimmed(arena))
    }

    /// Stores `left - right` in the words of `self`; `left` is not the smaller one.
    fn take_away(self, left: Self, right: Self, arena: &mut Arena<'_>) {
        let mut borrow = 0;
        for index in 0..self.len {
            let difference =
                i64::from(left.limb(arena, index)) - i64::from(right.limb(arena, index)) - borrow;
            self.set_limb(arena, index, difference as u32);
            borrow = i64::from(difference < 0);
        }
    }

    /// `self + other`.
    ///
    /// # Errors
    /// [`Refused::TooLarge`].
    pub fn add(self, other: Self, arena: &mut Arena<'_>) -> Result<Self> {
        if self.negative == other.negative {
            return Ok(self.add_magnitude(other, arena)?.with_sign(self.negative));
        }
        if self.compare_magnitude(other, arena).is_lt() {
            return Ok(other
                .subtract_magnitude(self, arena)?
                .with_sign(other.negative));
        }
        Ok(self
            .subtract_magnitude(other, arena)?
            .with_sign(self.negative))
    }

    /// `-self`.
    #[must_use]
    pub fn negated(self) -> Self {
        self.with_sign(!self.negative)
    }

    /// `self - other`.
    ///
    /// # Errors
    /// [`Refused::TooLarge`].
    pub fn subtract(self, other: Self, arena: &mut Arena<'_>) -> Result<Self> {
        self.add(other.negated(), arena)
    }

    /// `~self`, which is `-self - 1`.
    ///
    /// # Errors
    /// [`Refused::TooLarge`].
    pub fn inverted(self, arena: &mut Arena<'_>) -> Result<Self> {
        let one = Self::from_i64(arena, 1)?;
        self.negated().subtract(one, arena)
    }

    /// `self * other`.
    ///
    /// # Errors
    /// [`Refused::TooLarge`].
    pub fn multiply(self, other: Self, arena: &mut Arena<'_>) -> Result<Self> {
        let result = Self::with_room(arena, self.len + other.len)?;
        for low in 0..self.len {
            let factor = u64::from(self.limb(arena, low));
            let mut carry = 0;
            for high in 0..=other.len {
                if low + high >= result.len {
                    break;
                }
                let sum = factor * u64::from(other.limb(arena, high))
                    + u64::from(result.limb(arena, low + high))
                    + carry;
                result.set_limb(arena, low + high, sum as u32);
                carry = sum >> 32;
            }
        }
        Ok(result
            .trimmed(arena)
            .with_sign(self.negative != other.negative))
    }

    /// Quotient and remainder, rounding towards minus infinity; the remainder has the divisor's
    /// sign.
    ///
    /// # Errors
    /// [`Refused::Undefined`] when `divisor` is zero.
    pub fn divide(self, divisor: Self, arena: &mut Arena<'_>) -> Result<(Self, Self)> {
        if divisor.len == 0 {
            return Err(Refused::Undefined);
        }
        let quotient = Self::with_room(arena, self.len)?;
        // One bit at a time: the remainder is doubled, takes the next bit and gives up the divisor.
        let rest = Self::with_room(arena, divisor.len + 1)?;
        for bit in (0..self.len * 32).rev() {
            let mut carry = self.limb(arena, bit / 32) >> (bit % 32) & 1;
            for index in 0..rest.len {
                let word = rest.limb(arena, index);
                rest.set_limb(arena, index, word << 1 | carry);
                carry = word >> 31;
            }
            if rest
                .trimmed(arena)
                .compare_magnitude(divisor, arena)
                .is_ge()
            {
                rest.take_away(rest, divisor, arena);
                let word = quotient.limb(arena, bit / 32) | 1 << (bit % 32);
                quotient.set_limb(arena, bit / 32, word);
            }
        }
        let quotient = quotient
            .trimmed(arena)
            .with_sign(self.negative != divisor.negative);
        let rest = rest.trimmed(arena).with_sign(self.negative);
        if rest.len == 0 || self.negative == divisor.negative {
            return Ok((quotient, rest));
        }
        let one = Self::from_i64(arena, 1)?;
        Ok((quotient.subtract(one, arena)?, rest.add(divisor, arena)?))
    }

    /// `self << bits`.
    ///
    /// # Errors
    /// [`Refused::TooLarge`].
    pub fn shift_left(self, bits: u32, arena: &mut Arena<'_>) -> Result<Self> {
        if self.len == 0 {
            return Ok(Self::ZERO);
        }
        let (words, bits) = (bits / 32, bits % 32);
        let result = Self::with_room(arena, self.len.saturating_add(words).saturating_add(1))?;
        for index in 0..=self.len {
            let below = index
                .checked_sub(1)
                .map_or(0, |index| self.limb(arena, index));
            let pair = u64::from(self.limb(arena, index)) << 32 | u64::from(below);
            result.set_limb(arena, words + index, (pair << bits >> 32) as u32);
        }
        Ok(result.trimmed(arena).with_sign(self.negative))
    }

    /// `self >> bits`, rounding towards minus infinity.
    ///
    /// # Errors
    /// [`Refused::TooLarge`].
    pub fn shift_right(self, bits: u32, arena: &mut Arena<'_>) -> Result<Self> {
        if self.negative {
            // ~((~x) >> n) is the floor for negative numbers.
            return self
                .inverted(arena)?
                .shift_right(bits, arena)?
                .inverted(arena);
        }
        let (words, bits) = (bits / 32, bits % 32);
        let result = Self::with_room(arena, self.len.saturating_sub(words))?;
        for index in 0..result.len {
            let above = u64::from(self.limb(arena, words + index + 1));
            let pair = above << 32 | u64::from(self.limb(arena, words + index));
            result.set_limb(arena, index, (pair >> bits) as u32);
        }
        Ok(result.trimmed(arena))
    }

    /// `self & other`, `self | other` or `self ^ other`, in two's complement.
    ///
    /// # Errors
    /// [`Refused::TooLarge`].
    pub fn bitwise(self, other: Self, operation: Bitwise, arena: &mut Arena<'_>) -> Result<Self> {
        let apply = |left: u32, right: u32| match operation {
            Bitwise::And => left & right,
            Bitwise::Or => left | right,
            Bitwise::Xor => left ^ right,
        };
        let negative = apply(u32::from(self.negative), u32::from(other.negative)) != 0;
        let result = Self::with_room(arena, self.len.max(other.len) + 1)?;
        let mut carries = [u64::from(self.negative), u64::from(other.negative)];
        let mut carry = u64::from(negative);
        let complement = |limb: u32, negative: bool, carry: &mut u64| {
            if !negative {
                return limb;
            }
            let sum = u64::from(!limb) + *carry;
            *carry = sum >> 32;
            sum as u32
        };
        for index in 0..result.len {
            let left = complement(self.limb(arena, index), self.negative, &mut carries[0]);
            let right = complement(other.limb(arena, index), other.negative, &mut carries[1]);
            let word = complement(apply(left, right), negative, &mut carry);
            result.set_limb(arena, index, word);
        }
        Ok(result.trimmed(arena).with_sign(negative))
    }

    /// `self ** exponent` for an exponent that is not negative.
    ///
    /// # Errors
    /// [`Refused::TooLarge`].
    pub fn power(self, exponent: Self, arena: &mut Arena<'_>) -> Result<Self> {
        let one = Self::from_i64(arena, 1)?;
        if exponent.len == 0 {
            return Ok(one);
        }
        if self.len == 0 || self.is_same(one, arena) {
            return Ok(self);
        }
        let odd = exponent.limb(arena, 0) & 1 == 1;
        if self.is_same(one.negated(), arena) {
            return Ok(one.with_sign(odd));
        }
        let exponent = if exponent.len == 1 {
            exponent.limb(arena, 0)
        } else {
            u32::MAX
        };
        let bits = u64::from(self.bit_length(arena) - 1) * u64::from(exponent);
        if bits > u64::from(MOST_LIMBS) * 32 {
            return Err(Refused::TooLarge);
        }
        let mut result = one;
        for bit in (0..u32::BITS - exponent.leading_zeros()).rev() {
            result = result.multiply(result, arena)?;
            if exponent >> bit & 1 == 1 {
                result = result.multiply(self, arena)?;
            }
        }
        Ok(result)
    }

    /// Reads digits of `base`; letters and digits outside it must not occur.
    ///
    /// # Errors
    /// [`Refused::TooLarge`].
    pub fn parse(digits_at: u32, len: u32, base: u32, arena: &mut Arena<'_>) -> Result<Self> {
        // A digit has at most six bits.
        let room = len.checked_mul(6).ok_or(Refused::TooLarge)? / 32 + 1;
        let at = arena.alloc(room * WORD)?;
        let result = Self {
            negative: false,
            len: room,
            at,
        };
        let mut used = 0;
        for index in 0..len {
            let byte = arena.bytes(digits_at + index, 1)[0];
            let digit = char::from(byte).to_digit(36).ok_or(Refused::Undefined)?;
            let mut carry = u64::from(digit);
            for place in 0..used {
                let sum = u64::from(result.limb(arena, place)) * u64::from(base) + carry;
                result.set_limb(arena, place, sum as u32);
                carry = sum >> 32;
            }
            if carry > 0 {
                result.set_limb(arena, used, carry as u32);
                used += 1;
            }
        }
        Ok(result.trimmed(arena))
    }

    /// Writes the number in decimal to `write`, highest digit first.
    ///
    /// # Errors
    /// [`OutOfMemory`] for the scratch, or what `write` returns.
    pub fn write_decimal<E: From<OutOfMemory>>(
        self,
        arena: &mut Arena<'_>,
        write: &mut dyn FnMut(&[u8]) -> core::result::Result<(), E>,
    ) -> core::result::Result<(), E> {
        const GROUP: u64 = 1_000_000_000;
        const GROUP_DIGITS: usize = 9;
        let mark = arena.mark();
        // 32 bits are less than ten digits, so one and an eighth groups a word are enough.
        let groups = Self {
            negative: false,
            len: self.len + self.len / 8 + 2,
            at: 0,
        };
        let groups = Self {
            at: arena.alloc(groups.len * WORD)?,
            ..groups
        };
        let scratch = Self {
            at: arena.alloc(self.len * WORD)?,
            ..self
        };
        for index in 0..self.len {
            scratch.set_limb(arena, index, self.limb(arena, index));
        }
        let mut left = scratch;
        let mut count = 0;
        loop {
            let mut rest = 0;
            for index in (0..left.len).rev() {
                let value = rest << 32 | u64::from(left.limb(arena, index));
                left.set_limb(arena, index, (value / GROUP) as u32);
                rest = value % GROUP;
            }
            groups.set_limb(arena, count, rest as u32);
            count += 1;
            left = left.trimmed(arena);
            if left.len == 0 {
                break;
            }
        }
        if self.negative {
            write(b"-")?;
        }
        for place in (0..count).rev() {
            let mut digits = [b'0'; GROUP_DIGITS];
            let mut value = groups.limb(arena, place);
            for digit in digits.iter_mut().rev() {
                *digit = b'0' + (value % 10) as u8;
                value /= 10;
            }
            let is_first = place == count - 1;
            let skip = digits
                .iter()
                .position(|digit| *digit != b'0')
                .unwrap_or(GROUP_DIGITS - 1);
            write(&digits[if is_first { skip } else { 0 }..])?;
        }
        arena.release(mark);
        Ok(())
    }
}
