//! Values to text.

use upy_runtime::{Args, Result, Sink, TypeId, Value, Vm};

use crate::names as q;

/// What stands between items and between key and value: strings, rooted as arguments.
#[derive(Clone, Copy)]
struct Separators {
    item: Option<Value>,
    key: Option<Value>,
}

fn separators(vm: &mut Vm<'_>, args: Args) -> Result<Separators> {
    vm.check_keywords(args, &[q::separators])?;
    let Some(given) = args
        .named(vm, q::separators)
        .filter(|given| !given.is_none())
    else {
        return Ok(Separators {
            item: None,
            key: None,
        });
    };
    match vm.items_of(given) {
        Some(&[item, key]) => Ok(Separators {
            item: Some(item),
            key: Some(key),
        }),
        Some(_) => Err(vm.value_error(b"requested length 2 but object has another length")),
        None => Err(vm.type_error(b"object isn't a tuple or list")),
    }
}

/// `dump(value, stream, *, separators=None)`
pub(super) fn dump(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let separators = separators(vm, args)?;
    let stream = args.at(vm, 1);
    if !vm.is_stream(stream) {
        return Err(vm.os_error(22));
    }
    write(vm, Sink::Object(stream), args.at(vm, 0), separators)?;
    Ok(Value::NONE)
}

/// `dumps(value, *, separators=None)`
pub(super) fn dumps(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let separators = separators(vm, args)?;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    write(vm, Sink::Buffer(buffer), args.at(vm, 0), separators)?;
    vm.take_text(buffer)
}

fn write(vm: &mut Vm<'_>, sink: Sink, value: Value, separators: Separators) -> Result<()> {
    let native = vm.native_of(value);
    if native.is_none() {
        return vm.put(sink, b"null");
    }
    if native == Value::TRUE {
        return vm.put(sink, b"true");
    }
    if native == Value::FALSE {
        return vm.put(sink, b"false");
    }
    let bytes = matches!(
        vm.native_type(native),
        TypeId::Bytes | TypeId::ByteArray | TypeId::MemoryView
    );
    if vm.is_str(native) || bytes {
        return quoted(vm, sink, native);
    }
    if vm.items_of(native).is_some() {
        return vm.descend(|vm| items(vm, sink, native, separators));
    }
    if vm.as_dict(native).is_some() {
        return vm.descend(|vm| entries(vm, sink, native, separators));
    }
    vm.put_str(sink, value)
}

fn separator(vm: &mut Vm<'_>, sink: Sink, given: Option<Value>, default: &[u8]) -> Result<()> {
    match given {
        Some(given) => vm.put_str(sink, given),
        None => vm.put(sink, default),
    }
}

fn items(vm: &mut Vm<'_>, sink: Sink, list: Value, separators: Separators) -> Result<()> {
    vm.put(sink, b"[")?;
    let mut index = 0;
    while let Some(item) = vm.item_at(list, index) {
        if index > 0 {
            separator(vm, sink, separators.item, b", ")?;
        }
        write(vm, sink, item, separators)?;
        index += 1;
    }
    vm.put(sink, b"]")
}

fn entries(vm: &mut Vm<'_>, sink: Sink, dict: Value, separators: Separators) -> Result<()> {
    vm.put(sink, b"{")?;
    let mut place = 0;
    while let Some(found) = vm.as_dict(dict).and_then(|dict| vm.dict_entry(dict, place)) {
        let (at, key, value) = found;
        if place > 0 {
            separator(vm, sink, separators.item, b", ")?;
        }
        place = at + 1;
        let text = vm.is_str(vm.native_of(key));
        if !text {
            vm.put(sink, b"\"")?;
        }
        write(vm, sink, key, separators)?;
        if !text {
            vm.put(sink, b"\"")?;
        }
        separator(vm, sink, separators.key, b": ")?;
        write(vm, sink, value, separators)?;
    }
    vm.put(sink, b"}")
}

fn quoted(vm: &mut Vm<'_>, sink: Sink, value: Value) -> Result<()> {
    vm.put(sink, b"\"")?;
    let mut chunk = [0; 64];
    let mut at = 0;
    loop {
        let rest = vm.bytes_of(value).get(at..).unwrap_or(&[]);
        let Some(&first) = rest.first() else { break };
        let plain = rest.iter().take(chunk.len());
        let plain = plain.take_while(|&&byte| byte >= 32 && byte != b'"' && byte != b'\\');
        let mut len = plain.count();
        // A character is not cut: `write` of a text stream gets whole ones.
        while len > 1 && rest.get(len).is_some_and(|byte| byte & 0xc0 == 0x80) {
            len -= 1;
        }
        if len > 0 {
            chunk[..len].copy_from_slice(&rest[..len]);
            vm.put(sink, &chunk[..len])?;
            at += len;
            continue;
        }
        at += 1;
        match first {
            b'"' => vm.put(sink, b"\\\"")?,
            b'\\' => vm.put(sink, b"\\\\")?,
            b'\n' => vm.put(sink, b"\\n")?,
            b'\r' => vm.put(sink, b"\\r")?,
            b'\t' => vm.put(sink, b"\\t")?,
            byte => {
                let digit = |value: u8| b"0123456789abcdef"[usize::from(value & 15)];
                vm.put(
                    sink,
                    &[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)],
                )?;
            }
        }
    }
    vm.put(sink, b"\"")
}
