//! Integers: small ones in the word, large ones in the heap.

use core::cmp::Ordering;

use upy_bytecode::{BinaryOp, UnaryOp};

use crate::heap::Ref;
use crate::names as q;
use crate::native::{Args, Entry, Item, KEYWORDS, function, item};
use crate::ops::binary::plain;
use crate::ops::compare::{hash_word, holds};
use crate::ops::format::{Piece, Sink};
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::bigint as big;
use crate::types::float::Real;
use crate::types::{Complex, Float, Int, TypeId};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    item(
        q::from_bytes,
        Item::ClassFunction(from_bytes, 2, KEYWORDS | 4),
    ),
    function(q::to_bytes, to_bytes, 1, KEYWORDS | 4),
    function(q::bit_length, bit_length, 1, 1),
];

/// Sign and digits of an integer of either kind.
#[derive(Clone, Copy)]
pub(crate) struct Operand {
    pub(crate) negative: bool,
    inline: [u32; 2],
    len: usize,
    object: Option<Ref<Int>>,
}

impl Operand {
    fn of_word(number: i64) -> Self {
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
    pub(crate) fn is_int(&self, value: Value) -> bool {
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
    pub(crate) fn small_of(&self, value: Value) -> Option<isize> {
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

    pub(crate) fn new_int(&mut self, number: i64) -> Result<Value> {
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

    pub(crate) fn new_unsigned(&mut self, number: u64) -> Result<Value> {
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
        let len = digits.len();
        if len <= 2 {
            let magnitude = u64::from(digits.first().copied().unwrap_or(0))
                | u64::from(digits.get(1).copied().unwrap_or(0)) << 32;
            let number = if negative {
                -i128::from(magnitude)
            } else {
                i128::from(magnitude)
            };
            if let Some(value) = isize::try_from(number).ok().and_then(Value::try_small) {
                return value;
            }
        }
        self.heap.shorten(object, len);
        self.heap.set_flags(object, u8::from(negative));
        object.value()
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
    fn build(
        &mut self,
        len: usize,
        (a, b): (Operand, Operand),
        negative: bool,
        work: impl FnOnce(&[u32], &[u32], &mut [u32]),
    ) -> Result<Value> {
        let result = self.alloc_tailed(Int, len, 0)?;
        let (out, [tail_a, tail_b]) = self.heap.tails(result, [a.object, b.object]);
        let x = if a.object.is_some() {
            tail_a
        } else {
            &a.inline[..a.len]
        };
        let y = if b.object.is_some() {
            tail_b
        } else {
            &b.inline[..b.len]
        };
        work(x, y, out);
        Ok(self.finish_int(result, negative))
    }

    fn compare_ints(&self, a: &Operand, b: &Operand) -> Ordering {
        match (a.negative, b.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => big::compare(self.digits(a), self.digits(b)),
            (true, true) => big::compare(self.digits(b), self.digits(a)),
        }
    }

    fn add_ints(&mut self, a: Operand, b: Operand) -> Result<Value> {
        if a.negative == b.negative {
            return self.build(a.len.max(b.len) + 1, (a, b), a.negative, big::add);
        }
        if big::compare(self.digits(&a), self.digits(&b)).is_ge() {
            return self.build(a.len, (a, b), a.negative, big::subtract);
        }
        self.build(b.len, (b, a), b.negative, big::subtract)
    }

    /// Quotient rounded down and remainder with the divisor's sign.
    fn divide_ints(&mut self, a: Operand, b: Operand) -> Result<(Value, Value)> {
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

    fn divide_long(&mut self, a: Operand, b: Operand, negative: bool) -> Result<(Value, Value)> {
        let shift = self
            .digits(&b)
            .last()
            .map_or(0, |top| top.leading_zeros() as usize);
        let divisor = self.alloc_tailed(Int, b.len, 0)?;
        self.push(divisor.value())?;
        let rest = self.alloc_tailed(Int, a.len.max(b.len) + 2, 0)?;
        self.push(rest.value())?;
        let (out, [tail, _]) = self.heap.tails(divisor, [b.object, None]);
        big::shift_left(
            if b.object.is_some() {
                tail
            } else {
                &b.inline[..b.len]
            },
            shift,
            out,
        );
        let (out, [tail, _]) = self.heap.tails(rest, [a.object, None]);
        big::shift_left(
            if a.object.is_some() {
                tail
            } else {
                &a.inline[..a.len]
            },
            shift,
            out,
        );
        let quotient = self.alloc_tailed(Int, a.len.max(b.len) + 2 - b.len, 0)?;
        self.push(quotient.value())?;
        // The three are distinct; the quotient is written digit by digit into its own object afterwards.
        let count = self.heap.tail_len(quotient);
        let copy = self.alloc_tailed(Int, self.heap.tail_len(rest) + count, 0)?;
        let (out, [source, divisor_digits]) = self.heap.tails(copy, [Some(rest), Some(divisor)]);
        let (work, digits) = out.split_at_mut(source.len());
        work.copy_from_slice(source);
        big::divide(work, divisor_digits, digits);
        let split = self.heap.tail_len(rest);
        let (out, [source, _]) = self.heap.tails(quotient, [Some(copy), None]);
        out.copy_from_slice(&source[split..]);
        let (out, [source, _]) = self.heap.tails(rest, [Some(copy), None]);
        big::shift_right(&source[..split], shift, out);
        let quotient = self.finish_int(quotient, negative);
        let rest = self.finish_int(rest, a.negative);
        for _ in 0..3 {
            self.pop();
        }
        Ok((quotient, rest))
    }

    fn bitwise(&mut self, op: BinaryOp, a: Operand, b: Operand) -> Result<Value> {
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

    fn shift(&mut self, a: Operand, by: isize) -> Result<Value> {
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

    /// Any integer as a float; an overflow is an error.
    pub(crate) fn to_float(&mut self, value: Value) -> Result<Real> {
        if let Some(number) = self.small_of(value) {
            return Ok(number as Real);
        }
        if let Some(number) = self.float_of(value) {
            return Ok(number);
        }
        if let Some(operand) = self.operand(value) {
            let digits = self.digits(&operand);
            let magnitude = crate::types::float::from_digits(digits);
            if magnitude.is_infinite() {
                return Err(
                    self.raise_text(TypeId::OverflowError, b"int too large to convert to float")
                );
            }
            return Ok(if operand.negative {
                -magnitude
            } else {
                magnitude
            });
        }
        if let Some(found) = self.lookup_special(value, q::__float__)? {
            let answer = self.call_found(found, &[])?;
            if let Some(number) = self.float_of(answer) {
                return Ok(number);
            }
        }
        let native = self.native_of(value);
        if native != value {
            return self.to_float(native);
        }
        let name = self.type_name(value);
        Err(self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"can't convert "),
                Piece::Name(name),
                Piece::Text(b" to float"),
            ],
        ))
    }

    /// A float with an integral value as an integer.
    pub(crate) fn int_from_float(&mut self, number: Real) -> Result<Value> {
        if number.is_nan() {
            return Err(self.value_error(b"can't convert NaN to int"));
        }
        if number.is_infinite() {
            return Err(self.raise_text(TypeId::OverflowError, b"can't convert inf to int"));
        }
        if number.abs() < 9.0e18 {
            return self.new_int(number as i64);
        }
        let (mantissa, exponent) = crate::types::float::split(number.abs());
        let operand = Operand::of_word(mantissa as i64);
        let value = self.shift(operand, exponent as isize)?;
        if number < 0.0 {
            self.int_unary(UnaryOp::Negative, value)
        } else {
            Ok(value)
        }
    }

    /// An integer that fits a machine word; larger ones are an error.
    pub(crate) fn to_isize(&mut self, value: Value) -> Result<isize> {
        if let Some(number) = self.small_of(value) {
            return Ok(number);
        }
        if let Some(number) = self.to_i64(value) {
            return match isize::try_from(number) {
                Ok(number) => Ok(number),
                Err(_) => Err(self.word_overflow()),
            };
        }
        if self.is_int(value) {
            return Err(self.word_overflow());
        }
        if let Some(found) = self.lookup_special(value, q::__int__)? {
            let answer = self.call_found(found, &[])?;
            if self.is_int(answer) {
                return self.to_isize(answer);
            }
        }
        let native = self.native_of(value);
        if native != value {
            return self.to_isize(native);
        }
        let name = self.type_name(value);
        Err(self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"can't convert "),
                Piece::Name(name),
                Piece::Text(b" to int"),
            ],
        ))
    }

    fn word_overflow(&mut self) -> Raised {
        self.raise_text(
            TypeId::OverflowError,
            b"overflow converting long int to machine word",
        )
    }

    /// An integer that fits 64 bits.
    pub(crate) fn to_i64(&self, value: Value) -> Option<i64> {
        let operand = self.operand(value)?;
        let digits = self.digits(&operand);
        if digits.len() > 2 {
            return None;
        }
        let magnitude = u64::from(digits.first().copied().unwrap_or(0))
            | u64::from(digits.get(1).copied().unwrap_or(0)) << 32;
        let number = if operand.negative {
            -i128::from(magnitude)
        } else {
            i128::from(magnitude)
        };
        i64::try_from(number).ok()
    }

    /// The low 64 bits of any integer, in two's complement.
    pub(crate) fn low_bits(&self, value: Value) -> u64 {
        let Some(operand) = self.operand(value) else {
            return 0;
        };
        let digits = self.digits(&operand);
        let magnitude = u64::from(digits.first().copied().unwrap_or(0))
            | u64::from(digits.get(1).copied().unwrap_or(0)) << 32;
        if operand.negative {
            magnitude.wrapping_neg()
        } else {
            magnitude
        }
    }

    /// Writes an integer in decimal.
    pub(crate) fn put_int(&mut self, sink: Sink, value: Value) -> Result<()> {
        let text = self.int_text(value, 10, false, None)?;
        self.push(text)?;
        self.put_value(sink, text)?;
        self.pop();
        Ok(())
    }

    /// An integer as digits of a base, with `-` and with separators between groups.
    pub(crate) fn int_text(
        &mut self,
        value: Value,
        base: u32,
        upper: bool,
        group: Option<(u8, usize)>,
    ) -> Result<Value> {
        let Some(operand) = self.operand(value) else {
            return Ok(Value::qstr(q::empty));
        };
        let work = self.alloc_tailed(Int, operand.len.max(1), 0)?;
        self.push(work.value())?;
        let (out, [tail, _]) = self.heap.tails(work, [operand.object, None]);
        let digits = if operand.object.is_some() {
            tail
        } else {
            &operand.inline[..operand.len]
        };
        out[..digits.len()].copy_from_slice(digits);
        let buffer = self.new_buffer()?;
        self.push(buffer.value())?;
        let mut len = operand.len.max(1);
        let mut count = 0;
        loop {
            let digits = &mut self.heap.tail_mut(work)[..len];
            // Nine decimal digits at a time, or one of another base.
            let (chunk, width) = if base == 10 {
                (1_000_000_000, 9)
            } else {
                (base, 1)
            };
            let mut rest = big::divide_small(digits, chunk);
            len = big::trimmed(digits).len();
            for _ in 0..width {
                if let Some((separator, size)) = group
                    && count > 0
                    && count % size == 0
                {
                    self.put(Sink::Buffer(buffer), &[separator])?;
                }
                let digit = (rest % base) as usize;
                rest /= base;
                let table: &[u8] = if upper {
                    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                } else {
                    b"0123456789abcdefghijklmnopqrstuvwxyz"
                };
                self.put(Sink::Buffer(buffer), &table[digit..=digit])?;
                count += 1;
                if rest == 0 && len == 0 {
                    break;
                }
            }
            if len == 0 {
                break;
            }
        }
        if operand.negative {
            self.put(Sink::Buffer(buffer), b"-")?;
        }
        self.heap[buffer].items.reverse();
        let text = self.take_text(buffer)?;
        self.pop();
        self.pop();
        Ok(text)
    }

    /// Reads digits of a base with `_` between them; `None` if there is anything else.
    pub(crate) fn int_from_digits(
        &mut self,
        text: &[u8],
        base: u32,
        negative: bool,
    ) -> Result<Option<Value>> {
        let mut small: u64 = 0;
        let mut at = 0;
        while at < text.len() {
            let Some(digit) = digit_of(text[at], base) else {
                if text[at] == b'_' {
                    at += 1;
                    continue;
                }
                return Ok(None);
            };
            if small >= 1 << 56 {
                break;
            }
            small = small * u64::from(base) + u64::from(digit);
            at += 1;
        }
        if at == text.len() {
            let number = small as i64;
            return self
                .new_int(if negative { -number } else { number })
                .map(Some);
        }
        let room = text.len() * 6 / 32 + 2;
        let object = self.alloc_tailed(Int, room, 0)?;
        for &byte in text {
            if byte == b'_' {
                continue;
            }
            let Some(digit) = digit_of(byte, base) else {
                return Ok(None);
            };
            big::multiply_small(self.heap.tail_mut(object), base, digit);
        }
        Ok(Some(self.finish_int(object, negative)))
    }
}

fn digit_of(byte: u8, base: u32) -> Option<u32> {
    char::from(byte).to_digit(36).filter(|&digit| digit < base)
}

/// The operations on two words that give a small integer or a boolean.
fn small_binary(op: BinaryOp, a: isize, b: isize) -> Option<Value> {
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

/// `bool(x=False)`
pub(crate) fn make_bool(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    match args.get(vm, 0) {
        Some(value) => vm.truth(value).map(Value::bool),
        None => Ok(Value::FALSE),
    }
}

/// `int(x=0, base=10)`
pub(crate) fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count > 2 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 2, args.count));
    }
    let Some(value) = args.get(vm, 0) else {
        return Ok(Value::small(0));
    };
    if let Some(base) = args.get(vm, 1) {
        let base = vm.to_isize(base)?;
        return parse(vm, value, base);
    }
    to_int(vm, value)
}

/// `int(value)`
pub(crate) fn to_int(vm: &mut Vm<'_>, value: Value) -> Result<Value> {
    let native = vm.native_of(value);
    if vm.is_int(native) {
        return vm.int_unary(UnaryOp::Positive, native);
    }
    if let Some(float) = vm.heap.cast::<Float>(native) {
        let number = vm.heap[float].number;
        return vm.int_from_float(crate::types::float::trunc(number));
    }
    if vm.is_str(native) || vm.buffer_bytes(native).is_some() {
        return parse(vm, native, 10);
    }
    if let Some(found) = vm.lookup_special(value, q::__int__)? {
        let answer = vm.call_found(found, &[])?;
        if vm.is_int(answer) {
            return Ok(answer);
        }
    }
    let name = vm.type_name(value);
    Err(vm.raise(
        TypeId::TypeError,
        &[
            Piece::Text(b"can't convert "),
            Piece::Name(name),
            Piece::Text(b" to int"),
        ],
    ))
}

/// `int(text, base)`
fn parse(vm: &mut Vm<'_>, value: Value, base: isize) -> Result<Value> {
    let Some(bytes) = vm.text_or_bytes(value) else {
        let name = vm.type_name(value);
        return Err(vm.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"can't convert "),
                Piece::Name(name),
                Piece::Text(b" to int"),
            ],
        ));
    };
    if base != 0 && !(2..=36).contains(&base) {
        return Err(vm.value_error(b"int() arg 2 must be >= 2 and <= 36"));
    }
    let mut chunk = [0; 96];
    let text = bytes.trim_ascii();
    let (negative, body) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (base_found, body) = prefixed(body, base);
    let leading_zero = base == 0 && base_found == 10 && body.len() > 1 && body[0] == b'0';
    let shown = if leading_zero { 0 } else { base_found as isize };
    let parsed = if body.is_empty() || base_found == 0 || leading_zero {
        None
    } else if body.len() <= chunk.len() {
        let len = body.len();
        chunk[..len].copy_from_slice(body);
        vm.int_from_digits(&chunk[..len], base_found, negative)?
    } else {
        parse_long(vm, value, base_found, negative)?
    };
    match parsed {
        Some(parsed) => Ok(parsed),
        None => Err(vm.raise(
            TypeId::ValueError,
            &[
                Piece::Text(b"invalid syntax for integer with base "),
                Piece::Number(if base == 0 { shown } else { base }),
                Piece::Text(b": "),
                Piece::Repr(value),
            ],
        )),
    }
}

/// Splits a prefix such as `0x` off.
fn prefixed(body: &[u8], base: isize) -> (u32, &[u8]) {
    let base_of = |letter: u8| match letter | 0x20 {
        b'x' => 16,
        b'o' => 8,
        b'b' => 2,
        _ => 0,
    };
    if body.len() > 1 && body[0] == b'0' {
        let named = base_of(body[1]);
        if named != 0 && (base == 0 || base == named as isize) {
            return (named, &body[2..]);
        }
    }
    (if base == 0 { 10 } else { base as u32 }, body)
}

/// As the short case, reading the digits from the heap one by one.
fn parse_long(vm: &mut Vm<'_>, value: Value, base: u32, negative: bool) -> Result<Option<Value>> {
    let len = vm.text_or_bytes(value).map_or(0, <[u8]>::len);
    let object = vm.alloc_tailed(Int, len * 6 / 32 + 2, 0)?;
    let mut started = false;
    for index in 0..len {
        let byte = vm.text_or_bytes(value).map_or(0, |bytes| bytes[index]);
        if byte.is_ascii_whitespace() || (!started && matches!(byte, b'+' | b'-')) || byte == b'_' {
            continue;
        }
        let prefix =
            started && base != 10 && index < 4 && matches!(byte | 0x20, b'x' | b'o' | b'b');
        if prefix && digit_of(byte, base).is_none() {
            continue;
        }
        started = true;
        let Some(digit) = digit_of(byte, base) else {
            return Ok(None);
        };
        big::multiply_small(vm.heap.tail_mut(object), base, digit);
    }
    Ok(Some(vm.finish_int(object, negative)))
}

/// Whether the byte order argument says little-endian.
fn little(vm: &mut Vm<'_>, order: Option<Value>) -> Result<bool> {
    match order.and_then(Value::as_qstr) {
        Some(q::little) => Ok(true),
        Some(q::big) => Ok(false),
        None if order.is_none() => Ok(false),
        _ => Err(vm.value_error(b"invalid byteorder")),
    }
}

/// `int.from_bytes(bytes, byteorder='big', *, signed=False)`
fn from_bytes(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let order = args.either(vm, 2, q::byteorder);
    let little = little(vm, order)?;
    let signed = match args.named(vm, q::signed) {
        Some(value) => vm.truth(value)?,
        None => false,
    };
    let source = args.at(vm, 1);
    let Some(bytes) = vm.buffer_bytes(source) else {
        return Err(vm.type_error(b"object with buffer protocol required"));
    };
    let len = bytes.len();
    let used = match little {
        true => bytes
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1),
        false => len - bytes.iter().position(|&byte| byte != 0).unwrap_or(len),
    };
    if used < 8 && (!signed || used < len) {
        // Few enough bytes for a word: no memory is needed.
        let small = (0..used).rev().fold(0_u64, |number, index| {
            number << 8 | u64::from(bytes[if little { index } else { len - 1 - index }])
        });
        return vm.new_unsigned(small);
    }
    let object = vm.alloc_tailed(Int, len.div_ceil(4) + 1, 0)?;
    for index in 0..len {
        let bytes = vm.buffer_bytes(source).unwrap_or(&[]);
        let byte = bytes[if little { index } else { len - 1 - index }];
        vm.heap.tail_mut(object)[index / 4] |= u32::from(byte) << (index % 4 * 8);
    }
    let digits = vm.heap.tail_mut(object);
    let negative = signed && len > 0 && digits[(len - 1) / 4] >> ((len - 1) % 4 * 8 + 7) & 1 != 0;
    if negative {
        for index in len..digits.len() * 4 {
            digits[index / 4] |= 0xff << (index % 4 * 8);
        }
        big::negate(digits);
    }
    Ok(vm.finish_int(object, negative))
}

/// `int.to_bytes(length=1, byteorder='big', *, signed=False)`
fn to_bytes(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let len = match args.either(vm, 1, q::length) {
        Some(value) => vm.to_isize(value)?,
        None => 1,
    };
    let Ok(len) = usize::try_from(len) else {
        return Err(vm.value_error(b"invalid length"));
    };
    let order = args.either(vm, 2, q::byteorder);
    let little = little(vm, order)?;
    let signed = match args.named(vm, q::signed) {
        Some(value) => vm.truth(value)?,
        None => false,
    };
    let value = vm.native_of(args.at(vm, 0));
    let Some(operand) = vm.operand(value) else {
        return Err(vm.type_error(b"int expected"));
    };
    let bits = big::bit_len(vm.digits(&operand));
    let power_of_two = bits > 0 && {
        let digits = vm.digits(&operand);
        digits[..digits.len() - 1].iter().all(|&digit| digit == 0)
            && digits[digits.len() - 1].is_power_of_two()
    };
    let needed = match (signed, operand.negative) {
        (true, true) if power_of_two => bits,
        (true, _) => bits + usize::from(bits > 0),
        (false, _) => bits,
    };
    if needed > len * 8 || (operand.negative && !signed) {
        return Err(vm.raise_text(TypeId::OverflowError, b"int too big to convert"));
    }
    let bytes = vm.alloc_tailed(crate::types::Bytes, len, 0)?;
    let mut carry = 1;
    let mut index = 0;
    while index < len {
        let digits = vm.digits(&operand);
        let digit = big::twos_digit(digits, operand.negative, index / 4, &mut carry);
        for (offset, byte) in digit.to_le_bytes().into_iter().enumerate() {
            if index + offset < len {
                let at = index + offset;
                vm.heap.tail_mut(bytes)[if little { at } else { len - 1 - at }] = byte;
            }
        }
        index += 4;
    }
    Ok(bytes.value())
}

/// `int.bit_length()`
fn bit_length(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = vm.native_of(args.at(vm, 0));
    let Some(operand) = vm.operand(value) else {
        return Err(vm.type_error(b"int expected"));
    };
    Ok(Value::small(big::bit_len(vm.digits(&operand)) as isize))
}
