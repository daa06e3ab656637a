//! Floating-point numbers: 64 bits, or 32 with the feature `float32`.
//!
//! Printing and parsing are exact: every output is the correctly rounded decimal, every input the nearest
//! number. Both work on big integers in small fixed arrays; nothing of `core`'s float text is used.

use upy_bytecode::BinaryOp;

use crate::native::Args;
use crate::ops::compare::holds;
use crate::ops::format::{Piece, Sink};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Float, TypeId};
use crate::value::Value;

/// The mathematical functions for the width of [`Real`].
#[cfg(not(feature = "float32"))]
pub(crate) mod math {
    /// A floating-point number of the interpreter: 64 bits, or 32 with the feature `float32`.
    pub type Real = f64;
    pub(crate) type Bits = u64;

    /// The bits of a number as one of 64 bits.
    pub(crate) fn wide_bits(number: Real) -> u64 {
        number.to_bits()
    }

    /// The bits of a number as one of 32 bits.
    pub(crate) fn narrow_bits(number: Real) -> u32 {
        (number as f32).to_bits()
    }

    pub(crate) const MANTISSA_BITS: i32 = 53;
    pub(crate) const LEAST_EXPONENT: i32 = -1074;
    pub(crate) const GREATEST_EXPONENT: i32 = 1024;
    /// Digits that are always enough to tell numbers apart, and those that always survive.
    pub(crate) const DIGITS: (usize, usize) = (15, 17);
    pub(crate) use libm::{
        acos, acosh, asin, asinh, atan, atan2, atanh, ceil, copysign, cos, cosh, erf, erfc, exp,
        expm1, floor, fmod, frexp, ldexp, lgamma, log, log2, log10, modf, pow, sin, sinh, sqrt,
        tan, tanh, tgamma, trunc,
    };
}

/// The mathematical functions for the width of [`Real`].
#[cfg(feature = "float32")]
pub(crate) mod math {
    /// A floating-point number of the interpreter: 64 bits, or 32 with the feature `float32`.
    pub type Real = f32;
    pub(crate) type Bits = u32;

    /// The bits of a number as one of 64 bits.
    pub(crate) fn wide_bits(number: Real) -> u64 {
        f64::from(number).to_bits()
    }

    /// The bits of a number as one of 32 bits.
    pub(crate) fn narrow_bits(number: Real) -> u32 {
        number.to_bits()
    }

    pub(crate) const MANTISSA_BITS: i32 = 24;
    pub(crate) const LEAST_EXPONENT: i32 = -149;
    pub(crate) const GREATEST_EXPONENT: i32 = 128;
    pub(crate) const DIGITS: (usize, usize) = (6, 9);
    pub(crate) use libm::{
        acosf as acos, acoshf as acosh, asinf as asin, asinhf as asinh, atan2f as atan2,
        atanf as atan, atanhf as atanh, ceilf as ceil, copysignf as copysign, cosf as cos,
        coshf as cosh, erfcf as erfc, erff as erf, expf as exp, expm1f as expm1, floorf as floor,
        fmodf as fmod, frexpf as frexp, ldexpf as ldexp, lgammaf as lgamma, log2f as log2,
        log10f as log10, logf as log, modff as modf, powf as pow, sinf as sin, sinhf as sinh,
        sqrtf as sqrt, tanf as tan, tanhf as tanh, tgammaf as tgamma, truncf as trunc,
    };
}

pub(crate) use crate::types::float_text::{
    MAX_DIGITS, Style, bits, format, from_digits, parse, parse_prefix, split,
};
pub use math::Real;
pub(crate) use math::trunc;

/// Python's remainder: it has the sign of the divisor.
pub(crate) fn modulo(a: Real, b: Real) -> Real {
    let rest = math::fmod(a, b);
    if rest == 0.0 {
        return math::copysign(0.0, b);
    }
    if (rest < 0.0) != (b < 0.0) {
        rest + b
    } else {
        rest
    }
}

/// Python's quotient, rounded down.
pub(crate) fn floor_divide(a: Real, b: Real) -> Real {
    let rest = modulo(a, b);
    let quotient = (a - rest) / b;
    if quotient == 0.0 {
        return math::copysign(0.0, a / b);
    }
    let floor = math::floor(quotient);
    if quotient - floor > 0.5 {
        floor + 1.0
    } else {
        floor
    }
}

impl Vm<'_> {
    /// A float.
    pub fn new_float(&mut self, number: Real) -> Result<Value> {
        Ok(self.alloc(Float { number })?.value())
    }

    /// Writes `repr` of a float.
    pub(crate) fn put_float(&mut self, sink: Sink, number: Real) -> Result<()> {
        let mut text = [0; MAX_DIGITS + 40];
        if number.is_sign_negative() && !number.is_nan() {
            self.put(sink, b"-")?;
        }
        let len = format(
            number,
            Style {
                kind: b'r',
                precision: 0,
                alternate: false,
            },
            &mut text,
        );
        self.put(sink, &text[..len])
    }

    /// An operator on two floats.
    pub(crate) fn float_binary(&mut self, op: BinaryOp, a: Real, b: Real) -> Result<Value> {
        let number = match op {
            BinaryOp::Add => a + b,
            BinaryOp::Subtract => a - b,
            BinaryOp::Multiply => a * b,
            BinaryOp::TrueDivide | BinaryOp::FloorDivide | BinaryOp::Modulo if b == 0.0 => {
                return Err(self.raise_text(TypeId::ZeroDivisionError, b"divide by zero"));
            }
            BinaryOp::TrueDivide => a / b,
            BinaryOp::FloorDivide => floor_divide(a, b),
            BinaryOp::Modulo => modulo(a, b),
            BinaryOp::Power => {
                if a == 0.0 && b < 0.0 && !b.is_infinite() {
                    return Err(self.raise_text(TypeId::ZeroDivisionError, b"divide by zero"));
                }
                if a < 0.0 && b != math::floor(b) && !b.is_nan() && a.is_finite() {
                    return self.complex_power(a, 0.0, b, 0.0);
                }
                math::pow(a, b)
            }
            _ => {
                let answer = match a.partial_cmp(&b) {
                    Some(order) => holds(op, order),
                    None => op == BinaryOp::NotEqual,
                };
                return Ok(Value::bool(answer));
            }
        };
        self.new_float(number)
    }
}

/// A number of 16 bits: sign, 5 bits of exponent, 10 of mantissa.
pub(crate) fn from_half(half: u16) -> Real {
    let mantissa = Real::from(half & 0x3ff);
    let exponent = i32::from(half >> 10 & 0x1f);
    let magnitude = match exponent {
        0 => math::ldexp(mantissa, -24),
        31 if mantissa == 0.0 => Real::INFINITY,
        31 => Real::NAN,
        _ => math::ldexp(mantissa + 1024.0, exponent - 25),
    };
    if half >> 15 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// The nearest number of 16 bits, half to even.
pub(crate) fn to_half(number: Real) -> u16 {
    let sign = u16::from(number.is_sign_negative()) << 15;
    let size = math::copysign(number, 1.0);
    if size.is_nan() {
        return sign | 0x7e00;
    }
    if size >= 65520.0 {
        return sign | 0x7c00;
    }
    if size == 0.0 {
        return sign;
    }
    let (_, exponent) = math::frexp(size);
    // The unit of the last place: never below that of the smallest numbers.
    let unit = (exponent - 11).max(-24);
    let scaled = math::ldexp(size, -unit);
    let floor = math::floor(scaled);
    let rest = scaled - floor;
    let mut steps = floor as u16;
    if rest > 0.5 || (rest == 0.5 && steps & 1 != 0) {
        steps += 1;
    }
    if unit == -24 {
        // A carry into the exponent is what is wanted.
        return sign | steps;
    }
    sign | (((unit + 24) as u16) << 10).wrapping_add(steps)
}

/// `float(x=0.0)`
pub(crate) fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    let Some(value) = args.get(vm, 0) else {
        return vm.new_float(0.0);
    };
    let native = vm.native_of(value);
    if let Some(text) = vm.text_or_bytes(native) {
        return match parse(text.trim_ascii()) {
            Some(number) => vm.new_float(number),
            None => Err(vm.value_error(b"invalid syntax for number")),
        };
    }
    if vm.float_of(native).is_some() {
        return Ok(native);
    }
    let number = vm.to_float(value)?;
    vm.new_float(number)
}

/// The error of a function that is not defined for a number.
pub(crate) fn domain_error(vm: &mut Vm<'_>) -> crate::raise::Raised {
    vm.raise(TypeId::ValueError, &[Piece::Text(b"math domain error")])
}
