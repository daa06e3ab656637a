//! `struct`.

use crate::names as q;
use crate::native::{ANY, Args, Entry, Item, function, item};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::bytes::item_size;
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    item(q::__name__, Item::Text(q::struct_)),
    function(q::calcsize, calcsize, 1, 1),
    function(q::pack, pack, 1, ANY),
    function(q::pack_into, pack_into, 3, ANY),
    function(q::unpack, unpack, 2, 2),
    function(q::unpack_from, unpack_from, 2, 3),
];

/// The fields of a format, one after the other.
struct Fields {
    format: Value,
    at: usize,
    native: bool,
    big: bool,
    left: usize,
    code: u8,
    offset: usize,
}

/// One field: where it is and what.
struct Field {
    code: u8,
    offset: usize,
    size: usize,
    /// Fields in this run; more than one only for `s` and `x`.
    count: usize,
}

impl Fields {
    fn new(vm: &mut Vm<'_>, format: Value) -> Result<Self> {
        if vm.text_or_bytes(format).is_none() {
            return Err(crate::types::str::str_expected(vm, format));
        }
        let first = vm.bytes_of(format).first().copied().unwrap_or(b'@');
        let marked = matches!(first, b'@' | b'=' | b'<' | b'>' | b'!');
        Ok(Self {
            format,
            at: usize::from(marked),
            native: !marked || first == b'@',
            big: matches!(first, b'>' | b'!'),
            left: 0,
            code: 0,
            offset: 0,
        })
    }

    fn size(&self, code: u8) -> usize {
        match code {
            b'l' | b'L' if !self.native => 4,
            _ => item_size(code),
        }
    }

    fn next(&mut self, vm: &mut Vm<'_>) -> Result<Option<Field>> {
        if self.left == 0 {
            let mut count: Option<usize> = None;
            loop {
                let Some(&byte) = vm.bytes_of(self.format).get(self.at) else {
                    // A count must have something to count.
                    return match count {
                        Some(_) => Err(vm.value_error(b"bad typecode")),
                        None => Ok(None),
                    };
                };
                self.at += 1;
                if byte.is_ascii_digit() {
                    let digit = usize::from(byte - b'0');
                    count = Some(
                        count
                            .unwrap_or(0)
                            .saturating_mul(10)
                            .saturating_add(digit)
                            .min(1 << 24),
                    );
                    continue;
                }
                if byte.is_ascii_whitespace() {
                    continue;
                }
                if !b"bBhHiIlLqQPOSfdsxe".contains(&byte) {
                    return Err(vm.value_error(b"bad typecode"));
                }
                let count = count.unwrap_or(1);
                if matches!(byte, b's' | b'x') {
                    let offset = self.offset;
                    self.offset += count;
                    return Ok(Some(Field {
                        code: byte,
                        offset,
                        size: count,
                        count,
                    }));
                }
                if count > 0 {
                    self.left = count;
                    self.code = byte;
                    break;
                }
            }
        }
        self.left -= 1;
        let size = self.size(self.code);
        if self.native {
            self.offset = self.offset.next_multiple_of(size);
        }
        let offset = self.offset;
        self.offset += size;
        Ok(Some(Field {
            code: self.code,
            offset,
            size,
            count: 1,
        }))
    }
}

fn total(vm: &mut Vm<'_>, format: Value) -> Result<usize> {
    let mut fields = Fields::new(vm, format)?;
    while fields.next(vm)?.is_some() {}
    Ok(fields.offset)
}

fn calcsize(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let format = args.at(vm, 0);
    Ok(Value::small(total(vm, format)? as isize))
}

/// Writes the arguments from `first` on into a buffer.
fn write(vm: &mut Vm<'_>, args: Args, first: usize, target: Value, start: usize) -> Result<()> {
    let format = args.at(vm, 0);
    let mut fields = Fields::new(vm, format)?;
    let mut next = first;
    while let Some(field) = fields.next(vm)? {
        if field.code == b'x' {
            continue;
        }
        let Some(value) = args.get(vm, next) else {
            break;
        };
        next += 1;
        let at = start + field.offset;
        if field.code == b's' {
            let Some(bytes) = vm.text_or_bytes(value) else {
                return Err(vm.type_error(b"object with buffer protocol required"));
            };
            let len = bytes.len().min(field.count);
            for index in 0..field.count {
                let byte = if index < len {
                    vm.text_or_bytes(value).map_or(0, |bytes| bytes[index])
                } else {
                    0
                };
                if let Some(slot) = vm
                    .buffer_bytes_mut(target)
                    .and_then(|bytes| bytes.get_mut(at + index))
                {
                    *slot = byte;
                }
            }
            continue;
        }
        let mut raw = vm.pack_number(field.code, value)?;
        if fields.big {
            raw[..field.size].reverse();
        }
        if let Some(slot) = vm
            .buffer_bytes_mut(target)
            .and_then(|bytes| bytes.get_mut(at..at + field.size))
        {
            slot.copy_from_slice(&raw[..field.size]);
        }
    }
    Ok(())
}

fn pack(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let format = args.at(vm, 0);
    let len = total(vm, format)?;
    let buffer = vm.new_array(0, len)?;
    vm.push(buffer.value())?;
    write(vm, args, 1, buffer.value(), 0)?;
    vm.take_bytes(buffer)
}

fn pack_into(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (format, target, offset) = (
        args.at(vm, 0),
        vm.native_of(args.at(vm, 1)),
        vm.int_arg(args, 2)?,
    );
    let Some(len) = vm.buffer_bytes_mut(target).map(|bytes| bytes.len()) else {
        return Err(vm.type_error(b"object with buffer protocol required"));
    };
    let start = place(vm, offset, len)?;
    if start + total(vm, format)? > len {
        return Err(vm.value_error(b"buffer too small"));
    }
    write(vm, args, 3, target, start)?;
    Ok(Value::NONE)
}

/// An offset into a buffer, negative ones from its end.
fn place(vm: &mut Vm<'_>, offset: isize, len: usize) -> Result<usize> {
    let offset = if offset < 0 {
        offset + len as isize
    } else {
        offset
    };
    match usize::try_from(offset) {
        Ok(offset) => Ok(offset),
        Err(_) => Err(vm.value_error(b"buffer too small")),
    }
}

fn read(vm: &mut Vm<'_>, args: Args, start: usize) -> Result<Value> {
    let (format, source) = (args.at(vm, 0), vm.native_of(args.at(vm, 1)));
    let needed = total(vm, format)?;
    if vm
        .buffer_bytes(source)
        .is_none_or(|bytes| start + needed > bytes.len())
    {
        return Err(vm.value_error(b"buffer too small"));
    }
    let list = vm.new_list(&[])?;
    vm.push(list.value())?;
    let mut fields = Fields::new(vm, format)?;
    while let Some(field) = fields.next(vm)? {
        let at = start + field.offset;
        let value = match field.code {
            b'x' => continue,
            b's' => vm.copy_range(source, at, at + field.count, false)?,
            code => {
                let mut raw = [0; 8];
                if let Some(bytes) = vm.buffer_bytes(source) {
                    raw[..field.size].copy_from_slice(&bytes[at..at + field.size]);
                }
                if fields.big {
                    raw[..field.size].reverse();
                }
                let code = match (code, field.size) {
                    (b'l', 4) => b'i',
                    (b'L', 4) => b'I',
                    (code, _) => code,
                };
                vm.unpack_number(code, raw, false)?
            }
        };
        vm.list_push(list, value)?;
    }
    vm.tuple_from(list.value())
}

fn unpack(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    read(vm, args, 0)
}

fn unpack_from(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let source = vm.native_of(args.at(vm, 1));
    let len = vm.buffer_bytes(source).map_or(0, <[u8]>::len);
    let offset = if args.count > 2 {
        vm.int_arg(args, 2)?
    } else {
        0
    };
    let start = place(vm, offset, len)?;
    read(vm, args, start)
}
