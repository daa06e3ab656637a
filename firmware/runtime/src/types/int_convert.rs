//! Integers as other numbers and as text.

use crate::names as q;
use crate::ops::format::{Piece, Sink};
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::bigint as big;
use crate::types::float::Real;
use crate::types::int::{Operand, digit_of};
use crate::types::{Int, TypeId};
use crate::value::Value;
use upy_bytecode::UnaryOp;

impl Vm<'_> {
    /// A number as a float; an integer that is too large for one is infinite, as in MicroPython.
    pub fn to_float(&mut self, value: Value) -> Result<Real> {
        if let Some(number) = self.small_of(value) {
            return Ok(number as Real);
        }
        if let Some(number) = self.float_of(value) {
            return Ok(number);
        }
        if let Some(operand) = self.operand(value) {
            let digits = self.digits(&operand);
            let magnitude = crate::types::float::from_digits(digits);
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
    pub fn to_isize(&mut self, value: Value) -> Result<isize> {
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

    pub(crate) fn word_overflow(&mut self) -> Raised {
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
