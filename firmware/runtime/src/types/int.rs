//! Integers: small ones in the word, large ones in the heap.

use core::cmp::Ordering;

use upy_bytecode::{BinaryOp, UnaryOp};

use crate::heap::Ref;
use crate::names as q;
use crate::native::{Entry, Item, KEYWORDS, function, item};
use crate::ops::binary::plain;
use crate::ops::compare::{hash_word, holds};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::bigint as big;
use crate::types::float::Real;
use crate::types::int_text;
use crate::types::{Complex, Int, TypeId};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    item(
        q::from_bytes,
        Item::ClassFunction(int_text::from_bytes, 2, KEYWORDS | 4),
    ),
    function(q::to_bytes, int_text::to_bytes, 1, KEYWORDS | 4),
];

/// Digits of results that are made on the native stack first, so that the heap gets no more than they need.
const SCRATCH: usize = 16;

/// The small integer with these digits, which have no leading zeros.
fn small_from(digits: &[u32], negative: bool) -> Option<Value> {
    let magnitude = match *digits {
        [] => 0,
        [low] => u64::from(low),
        [low, high] => u64::from(low) | u64::from(high) << 32,
        _ => return None,
    };
    // The greatest small integer is far below the greatest `i64`.
    let number = i64::try_from(magnitude).ok()?;
    let number = if negative { -number } else { number };
    isize::try_from(number).ok().and_then(Value::try_small)
}

/// Sign and digits of an integer of either kind.
#[derive(Clone, Copy)]
pub(crate) struct Operand {
    pub(crate) negative: bool,
    pub(crate) inline: [u32; 2],
    pub(crate) len: usize,
    pub(crate) object: Option<Ref<Int>>,
}

impl Operand {
    pub(crate) fn of_word(number: i64) -> Self {
        let magnitude = number.unsigned_abs();
        let inline = [magnitude as u32, (magnitude >> 32) as u32];
        Self {
            negative: number < 0,
            inline,
            len: big::trimmed(&inline).len(),
            object: None,
        }
    }
}

impl Vm<'_> {
    /// Whether a value is an integer (booleans are).
    #[inline]
    pub fn is_int(&self, value: Value) -> bool {
        value.is_small()
            || value == Value::TRUE
            || value == Value::FALSE
            || self.heap.cast::<Int>(value).is_some()
    }

    /// Whether a value is an integer, float or complex number.
    pub(crate) fn is_number(&self, value: Value) -> bool {
        self.is_int(value)
            || self.float_of(value).is_some()
            || self.heap.cast::<Complex>(value).is_some()
    }

    /// A small integer or boolean as a number.
    #[inline]
    pub fn small_of(&self, value: Value) -> Option<isize> {
        match value {
            Value::TRUE => Some(1),
            Value::FALSE => Some(0),
            _ => value.as_small(),
        }
    }

    /// An integer that fits a word, from anything integral: for hashing, where 1, True and 1.0 are the same.
    pub(crate) fn integral(&self, value: Value) -> Option<isize> {
        if let Some(number) = self.small_of(value) {
            return Some(number);
        }
        let number = self.float_of(value)?;
        let whole = number as i64;
        (whole as Real == number && whole.unsigned_abs() < 1 << 52).then_some(whole as isize)
    }

    /// An integer.
    pub fn new_int(&mut self, number: i64) -> Result<Value> {
        if let Some(value) = isize::try_from(number).ok().and_then(Value::try_small) {
            return Ok(value);
        }
        let magnitude = number.unsigned_abs();
        let object = self.alloc_tailed(Int, 2, 0)?;
        let digits = self.heap.tail_mut(object);
        digits[0] = magnitude as u32;
        digits[1] = (magnitude >> 32) as u32;
        Ok(self.finish_int(object, number < 0))
    }

    /// An integer that is not negative.
    pub fn new_unsigned(&mut self, number: u64) -> Result<Value> {
        if let Ok(number) = i64::try_from(number) {
            return self.new_int(number);
        }
        let object = self.alloc_tailed(Int, 2, 0)?;
        let digits = self.heap.tail_mut(object);
        digits[0] = number as u32;
        digits[1] = (number >> 32) as u32;
        Ok(self.finish_int(object, false))
    }

    /// Drops leading zeros; a result that fits becomes a small integer.
    pub(crate) fn finish_int(&mut self, object: Ref<Int>, negative: bool) -> Value {
        let digits = big::trimmed(self.heap.tail(object));
        if let Some(value) = small_from(digits, negative) {
            return value;
        }
        let len = digits.len();
        if len < self.heap.tail_len(object) {
            self.heap.shorten(object, len);
        }
        self.heap.set_flags(object, u8::from(negative));
        object.value()
    }

    /// An integer of digits that are not on the heap.
    #[inline(never)]
    fn int_of(&mut self, digits: &[u32], negative: bool) -> Result<Value> {
        let digits = big::trimmed(digits);
        if let Some(value) = small_from(digits, negative) {
            return Ok(value);
        }
        let object = self.alloc_tailed(Int, digits.len(), 0)?;
        self.heap.tail_mut(object).copy_from_slice(digits);
        self.heap.set_flags(object, u8::from(negative));
        Ok(object.value())
    }

    /// Takes an integer apart.
    pub(crate) fn operand(&self, value: Value) -> Option<Operand> {
        if let Some(number) = self.small_of(value) {
            return Some(Operand::of_word(number as i64));
        }
        let object = self.heap.cast::<Int>(value)?;
        let negative = self
            .heap
            .header(value)
            .is_some_and(|header| header.flags() & 1 != 0);
        Some(Operand {
            negative,
            inline: [0; 2],
            len: self.heap.tail_len(object),
            object: Some(object),
        })
    }

    /// The magnitude of an operand.
    pub(crate) fn digits<'a>(&'a self, operand: &'a Operand) -> &'a [u32] {
        match operand.object {
            Some(object) => self.heap.tail(object),
            None => &operand.inline[..operand.len],
        }
    }

    pub(crate) fn is_negative(&self, value: Value) -> bool {
        self.operand(value).is_some_and(|operand| operand.negative)
    }

    /// Runs an operation that writes `len` digits from the digits of two operands.
    pub(crate) fn build(
        &mut self,
        len: usize,
        (a, b): (Operand, Operand),
        negative: bool,
        work: impl FnOnce(&[u32], &[u32], &mut [u32]),
    ) -> Result<Value> {
        let mut scratch = [0; SCRATCH];
        if let Some(out) = scratch.get_mut(..len) {
            work(self.digits(&a), self.digits(&b), out);
            return self.int_of(out, negative);
        }
        let result = self.alloc_tailed(Int, len, 0)?;
        self.write_digits(result, (a, b), work);
        Ok(self.finish_int(result, negative))
    }

    /// Runs an operation that writes the digits of an object from those of two operands.
    fn write_digits(
        &mut self,
        target: Ref<Int>,
        (a, b): (Operand, Operand),
        work: impl FnOnce(&[u32], &[u32], &mut [u32]),
    ) {
        let (out, [tail_a, tail_b]) = self.heap.tails(target, [a.object, b.object]);
        let x = match a.object {
            Some(_) => tail_a,
            None => &a.inline[..a.len],
        };
        let y = match b.object {
            Some(_) => tail_b,
            None => &b.inline[..b.len],
        };
        work(x, y, out);
    }

    pub(crate) fn compare_ints(&self, a: &Operand, b: &Operand) -> Ordering {
        match (a.negative, b.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => big::compare(self.digits(a), self.digits(b)),
            (true, true) => big::compare(self.digits(b), self.digits(a)),
        }
    }

    pub(crate) fn add_ints(&mut self, a: Operand, b: Operand) -> Result<Value> {
        if a.negative == b.negative {
            return self.build(a.len.max(b.len) + 1, (a, b), a.negative, big::add);
        }
        if big::compare(self.digits(&a), self.digits(&b)).is_ge() {
            return self.build(a.len, (a, b), a.negative, big::subtract);
        }
        self.build(b.len, (b, a), b.negative, big::subtract)
    }

    /// Quotient rounded down and remainder with the divisor's sign.
    pub(crate) fn divide_ints(&mut self, a: Operand, b: Operand) -> Result<(Value, Value)> {
        if b.len == 0 {
            return Err(self.raise_text(TypeId::ZeroDivisionError, b"divide by zero"));
        }
        let negative = a.negative != b.negative;
        let (quotient, rest) = if b.len == 1 {
            let divisor = self.digits(&b)[0];
            let mut rest = 0;
            let quotient = self.build(a.len + 1, (a, b), negative, |x, _, out| {
                out[..x.len()].copy_from_slice(x);
                rest = big::divide_small(out, divisor);
            })?;
            (
                quotient,
                self.new_int(if a.negative {
                    -i64::from(rest)
                } else {
                    i64::from(rest)
                })?,
            )
        } else {
            self.divide_long(a, b, negative)?
        };
        // Truncated so far; Python rounds down.
        if negative && rest != Value::small(0) {
            self.push(rest)?;
            let quotient = self.int_binary(BinaryOp::Subtract, quotient, Value::small(1))?;
            self.push(quotient)?;
            let rest_operand = self.operand(rest).unwrap_or(Operand::of_word(0));
            let rest = self.add_ints(rest_operand, b)?;
            self.pop();
            self.pop();
            return Ok((quotient, rest));
        }
        Ok((quotient, rest))
    }

    pub(crate) fn divide_long(
        &mut self,
        a: Operand,
        b: Operand,
        negative: bool,
    ) -> Result<(Value, Value)> {
        let whole = a.len.max(b.len) + 2;
        let mut scratch = [0; 3 * SCRATCH];
        if let Some(work) = scratch.get_mut(..2 * whole) {
            big::divide_within(work, self.digits(&a), self.digits(&b));
            let (rest, others) = work.split_at(whole);
            let quotient = self.int_of(&others[b.len..], negative)?;
            self.push(quotient)?;
            let rest = self.int_of(rest, a.negative)?;
            self.pop();
            return Ok((quotient, rest));
        }
        let work = self.alloc_tailed(Int, 2 * whole, 0)?;
        self.push(work.value())?;
        let quotient = self.alloc_tailed(Int, whole - b.len, 0)?;
        self.push(quotient.value())?;
        let rest = self.alloc_tailed(Int, whole, 0)?;
        self.pop();
        self.pop();
        self.write_digits(work, (a, b), |a, b, work| big::divide_within(work, a, b));
        let (out, [digits, _]) = self.heap.tails(rest, [Some(work), None]);
        out.copy_from_slice(&digits[..whole]);
        let (out, [digits, _]) = self.heap.tails(quotient, [Some(work), None]);
        out.copy_from_slice(&digits[whole + b.len..]);
        let quotient = self.finish_int(quotient, negative);
        let rest = self.finish_int(rest, a.negative);
        Ok((quotient, rest))
    }

    pub(crate) fn bitwise(&mut self, op: BinaryOp, a: Operand, b: Operand) -> Result<Value> {
        let combine = |x: u32, y: u32| match op {
            BinaryOp::And => x & y,
            BinaryOp::Or => x | y,
            _ => x ^ y,
        };
        let sign = |negative: bool| if negative { u32::MAX } else { 0 };
        let negative = combine(sign(a.negative), sign(b.negative)) != 0;
        let len = a.len.max(b.len) + 1;
        self.build(len, (a, b), negative, |x, y, out| {
            let (mut carry_x, mut carry_y) = (1, 1);
            for (index, digit) in out.iter_mut().enumerate() {
                *digit = combine(
                    big::twos_digit(x, a.negative, index, &mut carry_x),
                    big::twos_digit(y, b.negative, index, &mut carry_y),
                );
            }
            if negative {
                big::negate(out);
            }
        })
    }

    pub(crate) fn shift(&mut self, a: Operand, by: isize) -> Result<Value> {
        if by >= 0 {
            let bits = by as usize;
            if a.len == 0 {
                return Ok(Value::small(0));
            }
            return self.build(a.len + bits / 32 + 1, (a, a), a.negative, |x, _, out| {
                big::shift_left(x, bits, out)
            });
        }
        let bits = by.unsigned_abs();
        let mut lost = false;
        let len = a.len.saturating_sub(bits / 32).max(1);
        let result = self.build(len, (a, a), a.negative, |x, _, out| {
            lost = big::shift_right(x, bits, out)
        })?;
        if a.negative && lost {
            return self.int_binary(BinaryOp::Subtract, result, Value::small(1));
        }
        Ok(result)
    }

    /// `base ** exponent`, or modulo something.
    pub(crate) fn power(
        &mut self,
        base: Value,
        exponent: Value,
        modulus: Option<Value>,
    ) -> Result<Value> {
        let top = self.stack_len();
        let mut result = Value::small(1);
        let mut square = base;
        let bits = self
            .operand(exponent)
            .map_or(0, |operand| big::bit_len(self.digits(&operand)));
        for bit in 0..bits {
            let Some(operand) = self.operand(exponent) else {
                break;
            };
            let set = self.digits(&operand)[bit / 32] >> (bit % 32) & 1 != 0;
            self.push(square)?;
            if set {
                result = self.int_binary(BinaryOp::Multiply, result, square)?;
                if let Some(modulus) = modulus {
                    result = self.int_binary(BinaryOp::Modulo, result, modulus)?;
                }
            }
            self.truncate(top);
            self.push(result)?;
            if bit + 1 < bits {
                square = self.int_binary(BinaryOp::Multiply, square, square)?;
                if let Some(modulus) = modulus {
                    square = self.int_binary(BinaryOp::Modulo, square, modulus)?;
                }
            }
        }
        self.truncate(top);
        if let (Some(modulus), 0) = (modulus, bits) {
            return self.int_binary(BinaryOp::Modulo, result, modulus);
        }
        Ok(result)
    }

    /// An operator on two integers.
    pub(crate) fn int_binary(&mut self, op: BinaryOp, left: Value, right: Value) -> Result<Value> {
        let op = plain(op);
        if let (Some(a), Some(b)) = (self.small_of(left), self.small_of(right))
            && let Some(value) = small_binary(op, a, b)
        {
            return Ok(value);
        }
        let (Some(a), Some(b)) = (self.operand(left), self.operand(right)) else {
            return Err(self.type_error(b"unsupported types"));
        };
        match op {
            BinaryOp::Add => self.add_ints(a, b),
            BinaryOp::Subtract => self.add_ints(
                a,
                Operand {
                    negative: !b.negative,
                    ..b
                },
            ),
            BinaryOp::Multiply => self.build(
                a.len + b.len,
                (a, b),
                a.negative != b.negative,
                big::multiply,
            ),
            BinaryOp::FloorDivide => Ok(self.divide_ints(a, b)?.0),
            BinaryOp::Modulo => Ok(self.divide_ints(a, b)?.1),
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => self.bitwise(op, a, b),
            BinaryOp::Lshift | BinaryOp::Rshift => {
                if b.negative {
                    return Err(self.value_error(b"negative shift count"));
                }
                let Some(by) = self.small_of(right).filter(|&by| by < 1 << 28) else {
                    if op == BinaryOp::Rshift {
                        return Ok(Value::small(if a.negative { -1 } else { 0 }));
                    }
                    return Err(self.raise_text(
                        TypeId::OverflowError,
                        b"overflow converting long int to machine word",
                    ));
                };
                self.shift(a, if op == BinaryOp::Lshift { by } else { -by })
            }
            BinaryOp::Power if b.negative => {
                let (a, b) = (self.to_float(left)?, self.to_float(right)?);
                self.float_binary(op, a, b)
            }
            BinaryOp::Power => self.power(left, right, None),
            BinaryOp::TrueDivide => {
                let (a, b) = (self.to_float(left)?, self.to_float(right)?);
                self.float_binary(op, a, b)
            }
            _ => {
                let order = self.compare_ints(&a, &b);
                Ok(Value::bool(holds(op, order)))
            }
        }
    }

    /// An operator on two numbers; `None` if they are not both numbers or do not have it.
    pub(crate) fn number_binary(
        &mut self,
        op: BinaryOp,
        left: Value,
        right: Value,
    ) -> Result<Option<Value>> {
        let base = plain(op);
        if self.is_int(left) && self.is_int(right) {
            if base == BinaryOp::MatMultiply {
                return Ok(None);
            }
            return self.int_binary(op, left, right).map(Some);
        }
        if !self.is_number(left) || !self.is_number(right) {
            return Ok(None);
        }
        let bitwise = matches!(
            base,
            BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::Xor
                | BinaryOp::Lshift
                | BinaryOp::Rshift
                | BinaryOp::MatMultiply
        );
        if bitwise {
            return Ok(None);
        }
        if self.heap.cast::<Complex>(left).is_some() || self.heap.cast::<Complex>(right).is_some() {
            return self.complex_binary(base, left, right);
        }
        let (a, b) = (self.to_float(left)?, self.to_float(right)?);
        self.float_binary(base, a, b).map(Some)
    }

    pub(crate) fn equal_numbers(&mut self, left: Value, right: Value) -> Result<bool> {
        let answer = self.number_binary(BinaryOp::Equal, left, right)?;
        Ok(answer == Some(Value::TRUE))
    }

    pub(crate) fn int_unary(&mut self, op: UnaryOp, value: Value) -> Result<Value> {
        match op {
            UnaryOp::Negative => self.int_binary(BinaryOp::Subtract, Value::small(0), value),
            UnaryOp::Invert => self.int_binary(BinaryOp::Subtract, Value::small(-1), value),
            _ => self.int_binary(BinaryOp::Add, value, Value::small(0)),
        }
    }

    pub(crate) fn hash_big(&self, object: Ref<Int>) -> u32 {
        self.heap
            .tail(object)
            .iter()
            .fold(0, |hash, &digit| hash_word((hash ^ digit) as usize))
    }
}

pub(crate) fn digit_of(byte: u8, base: u32) -> Option<u32> {
    char::from(byte).to_digit(36).filter(|&digit| digit < base)
}

/// The operations on two words that give a small integer or a boolean.
pub(crate) fn small_binary(op: BinaryOp, a: isize, b: isize) -> Option<Value> {
    match op {
        BinaryOp::Add => a.checked_add(b).and_then(Value::try_small),
        BinaryOp::Subtract => a.checked_sub(b).and_then(Value::try_small),
        BinaryOp::Multiply => a.checked_mul(b).and_then(Value::try_small),
        BinaryOp::And => Value::try_small(a & b),
        BinaryOp::Or => Value::try_small(a | b),
        BinaryOp::Xor => Value::try_small(a ^ b),
        BinaryOp::FloorDivide if b != 0 => {
            let quotient = a.checked_div(b)?;
            let inexact = a % b != 0 && (a < 0) != (b < 0);
            Value::try_small(quotient - isize::from(inexact))
        }
        BinaryOp::Modulo if b != 0 => {
            let rest = a.checked_rem(b)?;
            Value::try_small(if rest != 0 && (rest < 0) != (b < 0) {
                rest + b
            } else {
                rest
            })
        }
        BinaryOp::Rshift if b >= 0 => Value::try_small(a >> b.min(isize::BITS as isize - 1)),
        BinaryOp::Lshift if (0..isize::BITS as isize).contains(&b) => {
            let shifted = a << b;
            (shifted >> b == a)
                .then(|| Value::try_small(shifted))
                .flatten()
        }
        BinaryOp::Less => Some(Value::bool(a < b)),
        BinaryOp::More => Some(Value::bool(a > b)),
        BinaryOp::LessEqual => Some(Value::bool(a <= b)),
        BinaryOp::MoreEqual => Some(Value::bool(a >= b)),
        BinaryOp::Equal => Some(Value::bool(a == b)),
        BinaryOp::NotEqual => Some(Value::bool(a != b)),
        _ => None,
    }
}
