//! Encodings: names of them, and text made of bytes. There is only UTF-8, and ASCII as a part of it.

use crate::native::Args;
use crate::ops::format::{Piece, Sink};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::TypeId;
use crate::value::Value;

/// What stands where bytes were no text.
const REPLACEMENT: &str = "\u{fffd}";

/// Bytes that are looked at together; the longest character is shorter.
const CHUNK: usize = 64;

/// Checks the name of an encoding in an argument, if there is one. Whether it is that of ASCII.
pub(crate) fn is_ascii_wanted(vm: &mut Vm<'_>, name: Option<Value>) -> Result<bool> {
    let Some(name) = name else { return Ok(false) };
    if !vm.is_str(name) {
        return Err(crate::types::str::str_expected(vm, name));
    }
    match vm.bytes_of(name) {
        b"utf-8" | b"utf8" => Ok(false),
        b"ascii" => Ok(true),
        _ => {
            let name = vm.intern_value(name)?;
            Err(vm.raise(
                TypeId::LookupError,
                &[Piece::Text(b"unknown encoding: "), Piece::Name(name)],
            ))
        }
    }
}

/// Checks the name of an encoding in an argument, and that text is in it.
pub(crate) fn check_encoding(vm: &mut Vm<'_>, text: Value, name: Option<Value>) -> Result<()> {
    if is_ascii_wanted(vm, name)? && !vm.bytes_of(text).is_ascii() {
        return Err(vm.raise_text(TypeId::UnicodeError, b""));
    }
    Ok(())
}

/// `data.decode(encoding, errors)`
pub(crate) fn decode(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = vm.native_of(args.at(vm, 0));
    decoded(vm, this, args)
}

/// The text of something with a buffer, as the arguments 1 (encoding) and 2 (errors) say. A handler of errors that is
/// neither `ignore` nor `replace` is a strict one.
pub(crate) fn decoded(vm: &mut Vm<'_>, source: Value, args: Args) -> Result<Value> {
    let (encoding, errors) = (args.get(vm, 1), args.get(vm, 2));
    let ascii = is_ascii_wanted(vm, encoding)?;
    let data = vm.bytes_of(source);
    let is_text = if ascii {
        data.is_ascii()
    } else {
        crate::types::str::is_utf8(data)
    };
    if is_text {
        return vm.str_from_bytes(source);
    }
    let handler = errors.unwrap_or(Value::NONE);
    let handler = vm.is_str(handler).then(|| vm.bytes_of(handler));
    match handler {
        Some(b"ignore") => mended(vm, source, ascii, ""),
        Some(b"replace") => mended(vm, source, ascii, REPLACEMENT),
        _ => Err(vm.raise_text(TypeId::UnicodeError, b"")),
    }
}

/// Text of bytes that are none: what can't be read is left out or replaced.
fn mended(vm: &mut Vm<'_>, source: Value, ascii: bool, instead: &str) -> Result<Value> {
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let mut at = 0;
    loop {
        // A copy: the buffer may grow in the same heap.
        let mut chunk = [0; CHUNK];
        let rest = &vm.bytes_of(source)[at..];
        let (len, is_last) = (rest.len().min(CHUNK), rest.len() <= CHUNK);
        chunk[..len].copy_from_slice(&rest[..len]);
        if len == 0 {
            break;
        }
        let mut used = 0;
        for part in chunk[..len].utf8_chunks() {
            // A character that may go on behind the chunk is left for the next one.
            let is_cut = !is_last && used + part.valid().len() + part.invalid().len() == len;
            used += part.valid().len();
            for letter in part.valid().chars() {
                let mut room = [0; 4];
                let text = letter.encode_utf8(&mut room);
                let text = if ascii && !letter.is_ascii() {
                    ""
                } else {
                    text
                };
                vm.put(Sink::Buffer(buffer), text.as_bytes())?;
                if text.is_empty() {
                    // Each byte that is no ASCII is wrong by itself.
                    for _ in 0..letter.len_utf8() {
                        vm.put(Sink::Buffer(buffer), instead.as_bytes())?;
                    }
                }
            }
            if is_cut || part.invalid().is_empty() {
                break;
            }
            used += part.invalid().len();
            let times = if ascii { part.invalid().len() } else { 1 };
            for _ in 0..times {
                vm.put(Sink::Buffer(buffer), instead.as_bytes())?;
            }
        }
        at += used;
    }
    let text = vm.take_text(buffer)?;
    vm.pop();
    Ok(text)
}
