//! Making integers of other values, of text and of bytes.

use crate::names as q;
use crate::native::Args;
use crate::ops::format::Piece;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::bigint as big;
use crate::types::int::*;
use crate::types::{Float, Int, TypeId};
use crate::value::Value;
use upy_bytecode::UnaryOp;

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
    let header = vm.heap.header(native);
    let foreign = header.is_some_and(|header| header.kind() == crate::types::FOREIGN);
    if vm.is_str(native) || (!foreign && vm.buffer_bytes(native).is_some()) {
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
pub(crate) fn parse(vm: &mut Vm<'_>, value: Value, base: isize) -> Result<Value> {
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
    let leading_zero = base == 0
        && base_found == 10
        && body.first() == Some(&b'0')
        && body.iter().any(|byte| !matches!(byte, b'0' | b'_'));
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
pub(crate) fn prefixed(body: &[u8], base: isize) -> (u32, &[u8]) {
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
pub(crate) fn parse_long(
    vm: &mut Vm<'_>,
    value: Value,
    base: u32,
    negative: bool,
) -> Result<Option<Value>> {
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
pub(crate) fn little(vm: &mut Vm<'_>, order: Option<Value>) -> Result<bool> {
    match order.and_then(Value::as_qstr) {
        Some(q::little) => Ok(true),
        Some(q::big) => Ok(false),
        None if order.is_none() => Ok(false),
        _ => Err(vm.value_error(b"invalid byteorder")),
    }
}

/// `int.from_bytes(bytes, byteorder='big', *, signed=False)`
pub(crate) fn from_bytes(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
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
pub(crate) fn to_bytes(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
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
