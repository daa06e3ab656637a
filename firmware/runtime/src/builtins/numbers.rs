//! The built-in functions on numbers.

use crate::names as q;
use crate::native::Args;
use crate::ops::format::Piece;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::TypeId;
use crate::value::Value;
use upy_bytecode::BinaryOp;

pub(crate) fn divmod(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (a, b) = (args.at(vm, 0), args.at(vm, 1));
    for (this, other, name) in [(a, b, q::__divmod__), (b, a, q::__rdivmod__)] {
        if let Some(found) = vm.lookup_special(this, name)? {
            let answer = vm.call_found(found, &[other])?;
            if answer != Value::NOT_IMPLEMENTED {
                return Ok(answer);
            }
        }
    }
    if !vm.is_number(a) || !vm.is_number(b) {
        let (left, right) = (vm.type_name(a), vm.type_name(b));
        return Err(vm.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"unsupported types for __divmod__: '"),
                Piece::Name(left),
                Piece::Text(b"', '"),
                Piece::Name(right),
                Piece::Text(b"'"),
            ],
        ));
    }
    let quotient = vm.binary(BinaryOp::FloorDivide, a, b)?;
    vm.push(quotient)?;
    let rest = vm.binary(BinaryOp::Modulo, a, b)?;
    vm.new_tuple(&[quotient, rest])
}

/// `round(number, digits)`
pub(crate) fn round(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    use crate::types::float::math;
    let value = vm.native_of(args.at(vm, 0));
    let digits = match args.some(vm, 1) {
        Some(digits) => Some(vm.to_isize(digits)?),
        None => None,
    };
    if vm.is_int(value) {
        let Some(digits) = digits.filter(|&digits| digits < 0) else {
            return vm.int_unary(upy_bytecode::UnaryOp::Positive, value);
        };
        let scale = vm.power(Value::small(10), Value::small(-digits), None)?;
        vm.push(scale)?;
        let half = vm.int_binary(BinaryOp::FloorDivide, scale, Value::small(2))?;
        vm.push(half)?;
        let rest = vm.int_binary(BinaryOp::Modulo, value, scale)?;
        vm.push(rest)?;
        let down = vm.int_binary(BinaryOp::Subtract, value, rest)?;
        vm.push(down)?;
        let tie = vm.int_binary(BinaryOp::Equal, rest, half)? == Value::TRUE;
        let quotient = vm.int_binary(BinaryOp::FloorDivide, down, scale)?;
        let odd = vm.low_bits(quotient) & 1 != 0;
        let up = vm.int_binary(BinaryOp::More, rest, half)? == Value::TRUE || (tie && odd);
        return if up {
            vm.int_binary(BinaryOp::Add, down, scale)
        } else {
            Ok(down)
        };
    }
    let number = vm.to_float(value)?;
    match digits {
        Some(digits) => {
            // From here on every number is whole.
            let is_whole = number.abs() >= 1.0 / crate::types::float::Real::EPSILON;
            if digits >= 0 && is_whole {
                return vm.new_float(number);
            }
            if digits >= 0 {
                let mut text = [0; crate::types::float::MAX_DIGITS + 40];
                let style = crate::types::float::Style {
                    kind: b'f',
                    precision: digits.min(80) as usize,
                    alternate: false,
                };
                let len = crate::types::float::format(number, style, &mut text);
                let rounded = crate::types::float::parse(&text[..len]).unwrap_or(number);
                return vm.new_float(math::copysign(rounded, number));
            }
            let scale = math::pow(10.0, digits as crate::types::float::Real);
            vm.new_float(half_even(number * scale) / scale)
        }
        None => vm.int_from_float(half_even(number)),
    }
}

/// The nearest whole number, the even one of two.
pub(crate) fn half_even(number: crate::types::float::Real) -> crate::types::float::Real {
    use crate::types::float::math;
    let floor = math::floor(number);
    let rest = number - floor;
    let odd = math::fmod(floor, 2.0) != 0.0;
    if rest > 0.5 || (rest == 0.5 && odd) {
        floor + 1.0
    } else {
        floor
    }
}

pub(crate) fn in_base(vm: &mut Vm<'_>, args: Args, base: u32, prefix: &[u8]) -> Result<Value> {
    let value = vm.native_of(args.at(vm, 0));
    let value = if vm.is_int(value) {
        value
    } else {
        let number = vm.to_isize(value)?;
        Value::small(number)
    };
    let negative = vm.is_negative(value);
    let text = vm.int_text(value, base, false, None)?;
    let len = vm.bytes_of(text).len();
    let digits = vm.substring(text, usize::from(negative), len)?;
    let sign: &[u8] = if negative { b"-" } else { b"" };
    vm.format_pieces(&[Piece::Text(sign), Piece::Text(prefix), Piece::Str(digits)])
}

pub(crate) fn bin(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    in_base(vm, args, 2, b"0b")
}
pub(crate) fn oct(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    in_base(vm, args, 8, b"0o")
}
pub(crate) fn hex(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    in_base(vm, args, 16, b"0x")
}

pub(crate) fn pow(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (base, exponent) = (args.at(vm, 0), args.at(vm, 1));
    match args.some(vm, 2) {
        None => vm.binary(BinaryOp::Power, base, exponent),
        Some(modulus) => {
            if !vm.is_int(base) || !vm.is_int(exponent) || !vm.is_int(modulus) {
                return Err(vm.type_error(b"pow() with 3 arguments requires integers"));
            }
            if vm.integral(modulus) == Some(0) {
                return Err(vm.value_error(b"divide by zero"));
            }
            let base = vm.int_binary(BinaryOp::Modulo, base, modulus)?;
            vm.power(base, exponent, Some(modulus))
        }
    }
}
