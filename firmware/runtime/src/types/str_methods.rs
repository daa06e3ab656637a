//! The methods of strings and bytes.

use crate::heap::Ref;
use crate::names as q;
use crate::native::Args;
use crate::ops::format::Sink;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::str::*;
use crate::types::{Bytes, Str, TypeId};
use crate::value::Value;

pub(crate) fn locate(vm: &mut Vm<'_>, args: Args, last: bool, must: bool) -> Result<Value> {
    let this = vm.native_of(args.at(vm, 0));
    let mut byte = [0];
    let needle = args.at(vm, 1);
    let single = vm.small_of(needle).filter(|_| !vm.is_str(this));
    if let Some(number) = single {
        if !(0..256).contains(&number) {
            return Err(vm.value_error(b"bytes value out of range"));
        }
        byte[0] = number as u8;
    }
    let other = if single.is_some() {
        needle
    } else {
        vm.same_argument(args, 1)?.1
    };
    let (from, to) = vm.bounds(this, args, 2)?;
    let mut found = None;
    if from != usize::MAX {
        let needle = if single.is_some() {
            &byte[..]
        } else {
            vm.bytes_of(other)
        };
        let haystack = &vm.bytes_of(this)[from..to];
        found = if last {
            rfind(haystack, needle)
        } else {
            find(haystack, needle)
        };
    }
    match found {
        Some(at) => {
            let at = from + at;
            let text = vm.bytes_of(this);
            let index = match vm.is_str(this) {
                true => text[..at]
                    .iter()
                    .filter(|&&byte| byte & 0xc0 != 0x80)
                    .count(),
                false => at,
            };
            Ok(Value::small(index as isize))
        }
        None if must => Err(vm.value_error(b"substring not found")),
        None => Ok(Value::small(-1)),
    }
}

pub(crate) fn find_first(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    locate(vm, args, false, false)
}
pub(crate) fn find_last(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    locate(vm, args, true, false)
}
pub(crate) fn index_first(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    locate(vm, args, false, true)
}
pub(crate) fn index_last(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    locate(vm, args, true, true)
}

/// `separator.join(iterable)`
pub(crate) fn join(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let separator = vm.native_of(args.at(vm, 0));
    let text = vm.is_str(separator);
    let items = args.at(vm, 1);
    let list = match vm.items_of(items) {
        Some(_) => items,
        None => vm.list_from(items)?.value(),
    };
    vm.push(list)?;
    let gap = vm.bytes_of(separator).len();
    let (mut total, mut index) = (0, 0);
    while let Some(item) = vm.item_at(list, index) {
        let item = vm.native_of(item);
        let fits = if text {
            vm.is_str(item)
        } else {
            vm.buffer_bytes(item).is_some()
        };
        if !fits {
            return Err(vm.type_error(
                b"join expects a list of str/bytes objects consistent with self object",
            ));
        }
        total += vm.bytes_of(item).len() + if index > 0 { gap } else { 0 };
        index += 1;
    }
    let made = match text {
        true => vm.alloc_tailed(Str { hash: 0 }, total, 0)?.value(),
        false => vm.alloc_tailed(Bytes, total, 0)?.value(),
    };
    let (mut at, mut index) = (0, 0);
    while let Some(item) = vm.item_at(list, index) {
        let item = vm.native_of(item);
        if index > 0 {
            vm.copy_into(made, at, separator, 0, gap);
            at += gap;
        }
        let len = vm.bytes_of(item).len();
        vm.copy_into(made, at, item, 0, len);
        at += len;
        index += 1;
    }
    if vm.heap.cast::<crate::types::Array>(separator).is_some() {
        return vm.bytearray_from(made);
    }
    Ok(made)
}

/// `text.split(sep=None, maxsplit=-1)`
pub(crate) fn split(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = vm.native_of(args.at(vm, 0));
    let separator = args.either(vm, 1, q::sep).unwrap_or(Value::NONE);
    let limit = match args.either(vm, 2, q::maxsplit) {
        Some(value) => vm.to_isize(value)?,
        None => -1,
    };
    let list = vm.new_list(&[])?;
    vm.push(list.value())?;
    let len = vm.bytes_of(this).len();
    let (mut at, mut left) = (0, limit);
    if separator.is_none() {
        loop {
            let text = vm.bytes_of(this);
            while at < len && is_space(text[at]) {
                at += 1;
            }
            if at >= len {
                break;
            }
            let start = at;
            if left == 0 {
                let part = vm.same_kind(this, start, len)?;
                vm.list_push(list, part)?;
                break;
            }
            let text = vm.bytes_of(this);
            while at < len && !is_space(text[at]) {
                at += 1;
            }
            let part = vm.same_kind(this, start, at)?;
            vm.list_push(list, part)?;
            left -= 1;
        }
        return Ok(list.value());
    }
    check_same(vm, this, separator)?;
    let width = vm.bytes_of(separator).len();
    if width == 0 {
        return Err(vm.value_error(b"empty separator"));
    }
    while left != 0 {
        let Some(found) = find(&vm.bytes_of(this)[at..], vm.bytes_of(separator)) else {
            break;
        };
        let part = vm.same_kind(this, at, at + found)?;
        vm.list_push(list, part)?;
        at += found + width;
        left -= 1;
    }
    let part = vm.same_kind(this, at, len)?;
    vm.list_push(list, part)?;
    Ok(list.value())
}

pub(crate) fn check_same(vm: &mut Vm<'_>, this: Value, other: Value) -> Result<()> {
    let fits = if vm.is_str(this) {
        vm.is_str(other)
    } else {
        vm.buffer_bytes(other).is_some()
    };
    if fits {
        return Ok(());
    }
    let name = vm.type_name(other);
    if vm.is_str(this) {
        return Err(vm.no_conversion(name));
    }
    Err(vm.type_error(b"object with buffer protocol required"))
}

/// `text.rsplit(sep=None, maxsplit=-1)`
pub(crate) fn rsplit(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let limit = match args.get(vm, 2) {
        Some(value) => vm.to_isize(value)?,
        None => -1,
    };
    if limit < 0 {
        return split(
            vm,
            Args {
                count: args.count.min(2),
                ..args
            },
        );
    }
    let this = vm.native_of(args.at(vm, 0));
    let separator = args.get(vm, 1).unwrap_or(Value::NONE);
    if separator.is_none() {
        return Err(vm.raise_text(TypeId::NotImplementedError, b"rsplit(None,n)"));
    }
    check_same(vm, this, separator)?;
    let width = vm.bytes_of(separator).len();
    if width == 0 {
        return Err(vm.value_error(b"empty separator"));
    }
    let list = vm.new_list(&[])?;
    vm.push(list.value())?;
    let mut end = vm.bytes_of(this).len();
    for _ in 0..limit {
        let Some(found) = rfind(&vm.bytes_of(this)[..end], vm.bytes_of(separator)) else {
            break;
        };
        let part = vm.same_kind(this, found + width, end)?;
        vm.list_push(list, part)?;
        end = found;
    }
    let part = vm.same_kind(this, 0, end)?;
    vm.list_push(list, part)?;
    vm.heap[list].items.reverse();
    Ok(list.value())
}

/// `text.splitlines(keepends=False)`
pub(crate) fn splitlines(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = vm.native_of(args.at(vm, 0));
    let keep = match args.either(vm, 1, q::keepends) {
        Some(value) => vm.truth(value)?,
        None => false,
    };
    let list = vm.new_list(&[])?;
    vm.push(list.value())?;
    let mut at = 0;
    let len = vm.bytes_of(this).len();
    while at < len {
        let text = &vm.bytes_of(this)[at..];
        let line = text
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .unwrap_or(text.len());
        let ending = match &text[line..] {
            [b'\r', b'\n', ..] => 2,
            [_, ..] => 1,
            [] => 0,
        };
        let part = vm.same_kind(this, at, at + line + if keep { ending } else { 0 })?;
        vm.list_push(list, part)?;
        at += line + ending;
    }
    Ok(list.value())
}

pub(crate) fn affix(vm: &mut Vm<'_>, args: Args, end: bool) -> Result<Value> {
    let this = vm.native_of(args.at(vm, 0));
    let (from, to) = vm.bounds(this, args, 2)?;
    let wanted = args.at(vm, 1);
    let count = match vm.heap.cast::<crate::types::Tuple>(wanted) {
        Some(tuple) => vm.heap.tail_len(tuple),
        None => usize::MAX,
    };
    for index in 0..count.min(1 << 16) {
        let other = match count {
            usize::MAX if index > 0 => break,
            usize::MAX => wanted,
            _ => vm.item_at(wanted, index).unwrap_or(Value::NONE),
        };
        check_same(vm, this, other)?;
        if from == usize::MAX {
            continue;
        }
        let text = &vm.bytes_of(this)[from..to];
        let part = vm.bytes_of(other);
        if if end {
            text.ends_with(part)
        } else {
            text.starts_with(part)
        } {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

pub(crate) fn startswith(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    affix(vm, args, false)
}
pub(crate) fn endswith(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    affix(vm, args, true)
}

pub(crate) fn strip(vm: &mut Vm<'_>, args: Args, left: bool, right: bool) -> Result<Value> {
    let this = vm.native_of(args.at(vm, 0));
    let wanted = args.some(vm, 1);
    if let Some(wanted) = wanted {
        check_same(vm, this, wanted)?;
    }
    let set: &[u8] = match wanted {
        Some(wanted) => vm.bytes_of(wanted),
        None => b" \t\n\r\x0b\x0c",
    };
    let text = vm.bytes_of(this);
    let (mut from, mut to) = (0, text.len());
    while left && from < to && set.contains(&text[from]) {
        from += 1;
    }
    while right && from < to && set.contains(&text[to - 1]) {
        to -= 1;
    }
    if from == 0 && to == text.len() && vm.heap.cast::<crate::types::Array>(this).is_none() {
        return Ok(this);
    }
    vm.same_kind(this, from, to)
}

pub(crate) fn strip_both(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    strip(vm, args, true, true)
}
pub(crate) fn strip_left(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    strip(vm, args, true, false)
}
pub(crate) fn strip_right(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    strip(vm, args, false, true)
}

/// `text.replace(old, new, count=-1)`
pub(crate) fn replace(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = vm.native_of(args.at(vm, 0));
    let (old, new) = (args.at(vm, 1), args.at(vm, 2));
    check_same(vm, this, old)?;
    check_same(vm, this, new)?;
    let mut left = match args.get(vm, 3) {
        Some(value) => vm.to_isize(value)?,
        None => -1,
    };
    if left == 0 || find(vm.bytes_of(this), vm.bytes_of(old)).is_none() {
        return Ok(this);
    }
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    let len = vm.bytes_of(this).len();
    let width = vm.bytes_of(old).len();
    let mut at = 0;
    while left != 0 && at <= len {
        let Some(found) = find(&vm.bytes_of(this)[at..], vm.bytes_of(old)) else {
            break;
        };
        vm.put_part(sink, this, at, at + found)?;
        vm.put_value(sink, new)?;
        at += found + width;
        if width == 0 {
            if at < len {
                vm.put_part(sink, this, at, at + 1)?;
            }
            at += 1;
        }
        left -= 1;
    }
    if at < len {
        vm.put_part(sink, this, at, len)?;
    }
    finish(vm, this, buffer)
}

/// Makes what a buffer holds the same kind of object as `this`.
pub(crate) fn finish(
    vm: &mut Vm<'_>,
    this: Value,
    buffer: Ref<crate::types::Array>,
) -> Result<Value> {
    if vm.is_str(this) {
        return vm.take_text(buffer);
    }
    if vm.heap.cast::<crate::types::Array>(this).is_some() {
        return Ok(buffer.value());
    }
    vm.take_bytes(buffer)
}

/// `text.count(sub, start, stop)`
pub(crate) fn count(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (this, other) = vm.same_argument(args, 1)?;
    let (from, to) = vm.bounds(this, args, 2)?;
    if from == usize::MAX {
        return Ok(Value::small(0));
    }
    let (text, needle) = (&vm.bytes_of(this)[from..to], vm.bytes_of(other));
    if needle.is_empty() {
        let chars = match vm.is_str(this) {
            true => text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count(),
            false => text.len(),
        };
        return Ok(Value::small(chars as isize + 1));
    }
    let (mut at, mut found) = (0, 0);
    while let Some(next) = find(&text[at..], needle) {
        found += 1;
        at += next + needle.len();
    }
    Ok(Value::small(found))
}

pub(crate) fn part(vm: &mut Vm<'_>, args: Args, last: bool) -> Result<Value> {
    let (this, other) = vm.same_argument(args, 1)?;
    let width = vm.bytes_of(other).len();
    if width == 0 {
        return Err(vm.value_error(b"empty separator"));
    }
    let len = vm.bytes_of(this).len();
    let (text, needle) = (vm.bytes_of(this), vm.bytes_of(other));
    let found = if last {
        rfind(text, needle)
    } else {
        find(text, needle)
    };
    let cuts = match found {
        Some(at) => [(0, at), (at, at + width), (at + width, len)],
        None if last => [(0, 0), (0, 0), (0, len)],
        None => [(0, len), (0, 0), (0, 0)],
    };
    let mut parts = [Value::NONE; 3];
    for (slot, (from, to)) in parts.iter_mut().zip(cuts) {
        *slot = vm.same_kind(this, from, to)?;
    }
    vm.new_tuple(&parts)
}

pub(crate) fn partition(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    part(vm, args, false)
}
pub(crate) fn rpartition(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    part(vm, args, true)
}

/// `text.center(width)`
pub(crate) fn center(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = vm.native_of(args.at(vm, 0));
    let width = vm.int_arg(args, 1)?;
    let len = if vm.is_str(this) {
        vm.str_len(this)
    } else {
        vm.bytes_of(this).len()
    };
    let pad = usize::try_from(width).unwrap_or(0).saturating_sub(len);
    if pad == 0 {
        return Ok(this);
    }
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    for _ in 0..pad / 2 {
        vm.put(Sink::Buffer(buffer), b" ")?;
    }
    vm.put_value(Sink::Buffer(buffer), this)?;
    for _ in 0..pad - pad / 2 {
        vm.put(Sink::Buffer(buffer), b" ")?;
    }
    finish(vm, this, buffer)
}

pub(crate) fn change_case(vm: &mut Vm<'_>, args: Args, change: fn(&u8) -> u8) -> Result<Value> {
    let this = vm.native_of(args.at(vm, 0));
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    for index in 0..vm.bytes_of(this).len() {
        let byte = change(&vm.bytes_of(this)[index]);
        vm.put(Sink::Buffer(buffer), &[byte])?;
    }
    finish(vm, this, buffer)
}

pub(crate) fn lower(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    change_case(vm, args, u8::to_ascii_lowercase)
}
pub(crate) fn upper(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    change_case(vm, args, u8::to_ascii_uppercase)
}

pub(crate) fn all_are(vm: &mut Vm<'_>, args: Args, test: fn(u8) -> bool) -> Result<Value> {
    let text = vm.bytes_of(vm.native_of(args.at(vm, 0)));
    Ok(Value::bool(
        !text.is_empty() && text.iter().all(|&byte| test(byte)),
    ))
}

pub(crate) fn isspace(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    all_are(vm, args, is_space)
}
pub(crate) fn isalpha(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    all_are(vm, args, |byte| byte.is_ascii_alphabetic())
}
pub(crate) fn isdigit(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    all_are(vm, args, |byte| byte.is_ascii_digit())
}

pub(crate) fn has_case(vm: &mut Vm<'_>, args: Args, wrong: fn(&u8) -> bool) -> Result<Value> {
    let text = vm.bytes_of(vm.native_of(args.at(vm, 0)));
    Ok(Value::bool(
        text.iter().any(u8::is_ascii_alphabetic) && !text.iter().any(wrong),
    ))
}

pub(crate) fn isupper(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    has_case(vm, args, u8::is_ascii_lowercase)
}
pub(crate) fn islower(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    has_case(vm, args, u8::is_ascii_uppercase)
}

/// `text.encode()`
pub(crate) fn encode(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = vm.native_of(args.at(vm, 0));
    let encoding = args.get(vm, 1);
    crate::types::decode::check_encoding(vm, this, encoding)?;
    let len = vm.bytes_of(this).len();
    vm.copy_range(this, 0, len, false)
}
