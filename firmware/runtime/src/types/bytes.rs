//! `bytes`, `bytearray` and `array.array`.

use crate::heap::{Ref, Vector};
use crate::names as q;
use crate::native::{Args, Entry, function};
use crate::ops::compare::holds;
use crate::ops::index::Span;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::str as text;
use crate::types::{Array, Bytes, MemoryView, TypeId};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    function(q::append, append, 2, 2),
    function(q::extend, extend, 2, 2),
    text::BYTES_ENTRIES[26],
    text::BYTES_ENTRIES[0],
    text::BYTES_ENTRIES[1],
    text::BYTES_ENTRIES[2],
    text::BYTES_ENTRIES[3],
    text::BYTES_ENTRIES[4],
    text::BYTES_ENTRIES[5],
    text::BYTES_ENTRIES[6],
    text::BYTES_ENTRIES[7],
    text::BYTES_ENTRIES[8],
    text::BYTES_ENTRIES[9],
    text::BYTES_ENTRIES[10],
    text::BYTES_ENTRIES[11],
    text::BYTES_ENTRIES[12],
    text::BYTES_ENTRIES[14],
    text::BYTES_ENTRIES[15],
    text::BYTES_ENTRIES[16],
    text::BYTES_ENTRIES[17],
    text::BYTES_ENTRIES[18],
    text::BYTES_ENTRIES[19],
    text::BYTES_ENTRIES[20],
    text::BYTES_ENTRIES[21],
    text::BYTES_ENTRIES[22],
    text::BYTES_ENTRIES[23],
    text::BYTES_ENTRIES[24],
    text::BYTES_ENTRIES[25],
    text::BYTES_ENTRIES[27],
];

pub(crate) const ARRAY_ENTRIES: &[Entry] = &[
    function(q::append, append, 2, 2),
    function(q::extend, extend, 2, 2),
    text::BYTES_ENTRIES[26],
];

/// Bytes of one item of a type code; 0 is a `bytearray`.
pub(crate) fn item_size(typecode: u8) -> usize {
    match typecode {
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' => size_of::<usize>(),
        b'q' | b'Q' | b'd' => 8,
        b'O' | b'P' | b'S' => size_of::<usize>(),
        _ => 1,
    }
}

impl Vm<'_> {
    /// The bytes behind anything with a buffer.
    pub fn buffer_bytes(&self, value: Value) -> Option<&[u8]> {
        if let Some(bytes) = self.heap.cast::<Bytes>(value) {
            return Some(self.heap.tail(bytes));
        }
        if let Some(array) = self.heap.cast::<Array>(value) {
            return Some(&self.heap[array].items);
        }
        if let Some(view) = self.heap.cast::<MemoryView>(value) {
            let MemoryView {
                owner, start, len, ..
            } = self.heap[view];
            let bytes = self.text_or_bytes(owner)?;
            return bytes.get(start as usize..(start + len) as usize);
        }
        self.buffer_bytes(self.foreign_buffer(value)?)
    }

    /// What stands for the bytes of an object of a library.
    fn foreign_buffer(&self, value: Value) -> Option<Value> {
        if self.heap.header(value)?.kind() != crate::types::FOREIGN {
            return None;
        }
        let buffer = self.type_info(self.native_type(value)).slots.buffer?;
        let inner = buffer(self, value)?;
        // One step only: what a library gives is no object of a library again.
        (self.heap.header(inner)?.kind() != crate::types::FOREIGN).then_some(inner)
    }

    /// The bytes behind anything with a buffer that can be written.
    pub fn buffer_bytes_mut(&mut self, value: Value) -> Option<&mut [u8]> {
        if let Some(array) = self.heap.cast::<Array>(value) {
            return Some(&mut self.heap[array].items);
        }
        let value = self.foreign_buffer(value).unwrap_or(value);
        if let Some(array) = self.heap.cast::<Array>(value) {
            return Some(&mut self.heap[array].items);
        }
        let view = self.heap.cast::<MemoryView>(value)?;
        let MemoryView {
            owner,
            start,
            len,
            read_only,
            ..
        } = self.heap[view];
        if read_only {
            return None;
        }
        let array = self.heap.cast::<Array>(owner)?;
        self.heap[array]
            .items
            .get_mut(start as usize..(start + len) as usize)
    }

    pub(crate) fn array_len(&self, array: Ref<Array>) -> usize {
        let body = &self.heap[array];
        body.items.len() / item_size(body.typecode)
    }

    pub(crate) fn array_get(&mut self, array: Ref<Array>, index: usize) -> Result<Value> {
        let typecode = self.heap[array].typecode;
        let size = item_size(typecode);
        let mut raw = [0; 8];
        raw[..size].copy_from_slice(&self.heap[array].items[index * size..(index + 1) * size]);
        self.unpack_number(typecode, raw, false)
    }

    pub(crate) fn array_set(
        &mut self,
        array: Ref<Array>,
        index: usize,
        value: Value,
    ) -> Result<()> {
        let typecode = self.heap[array].typecode;
        let raw = self.pack_item(typecode, value)?;
        let size = item_size(typecode);
        self.heap[array].items[index * size..(index + 1) * size].copy_from_slice(&raw[..size]);
        Ok(())
    }

    pub(crate) fn pack_item(&mut self, typecode: u8, value: Value) -> Result<[u8; 8]> {
        self.pack_number(typecode, value)
    }

    /// A `bytearray` with a copy of the bytes of something.
    pub(crate) fn bytearray_from(&mut self, source: Value) -> Result<Value> {
        let len = self.bytes_of(source).len();
        self.push(source)?;
        let array = self.new_array(0, len)?;
        self.pop();
        self.fill_array(array, 0, source, len);
        Ok(array.value())
    }

    /// An array of this many bytes, all 0.
    pub fn new_array(&mut self, typecode: u8, bytes: usize) -> Result<Ref<Array>> {
        let array = self.alloc(Array {
            items: Vector::new(),
            typecode,
        })?;
        if bytes > 0 {
            self.push(array.value())?;
            self.reserve(|vm| &mut vm.heap[array].items, bytes)?;
            self.pop();
            self.heap[array].items.insert_within(0, bytes, 0);
        }
        Ok(array)
    }

    /// Copies bytes into an array, which is long enough. The source may be the array itself.
    pub(crate) fn fill_array(&mut self, array: Ref<Array>, at: usize, source: Value, len: usize) {
        let mut chunk = [0; 128];
        let mut done = 0;
        while done < len {
            let count = (len - done).min(chunk.len());
            chunk[..count].copy_from_slice(&self.bytes_of(source)[done..done + count]);
            self.heap[array].items[at + done..at + done + count].copy_from_slice(&chunk[..count]);
            done += count;
        }
    }

    pub(crate) fn slice_bytes(&mut self, value: Value, span: Span) -> Result<Value> {
        if span.step == 1 {
            return self.copy_range(value, span.start, span.start + span.count, false);
        }
        Err(self.only_step_one())
    }

    pub(crate) fn slice_array(&mut self, array: Ref<Array>, span: Span) -> Result<Value> {
        if span.step != 1 {
            return Err(self.only_step_one());
        }
        let typecode = self.heap[array].typecode;
        let size = item_size(typecode);
        let made = self.new_array(typecode, span.count * size)?;
        for index in 0..span.count * size {
            let byte = self.heap[array].items[span.start * size + index];
            self.heap[made].items[index] = byte;
        }
        Ok(made.value())
    }

    pub(crate) fn only_step_one(&mut self) -> Raised {
        self.raise_text(
            TypeId::NotImplementedError,
            b"only slices with step=1 (aka None) are supported",
        )
    }

    pub(crate) fn set_array_slice(
        &mut self,
        array: Ref<Array>,
        span: Span,
        value: Option<Value>,
    ) -> Result<()> {
        if span.step != 1 {
            return Err(self.only_step_one());
        }
        let size = item_size(self.heap[array].typecode);
        let (start, old) = (span.start * size, span.count * size);
        let Some(value) = value else {
            self.heap[array].items.remove_range(start, start + old);
            return Ok(());
        };
        let Some(source) = self.buffer_bytes(value) else {
            return Err(self.raise_text(
                TypeId::NotImplementedError,
                b"array/bytes required on right side",
            ));
        };
        if let Some(other) = self.heap.cast::<Array>(value)
            && item_size(self.heap[other].typecode) != size
        {
            return Err(self.value_error(b"lhs and rhs should be compatible"));
        }
        let new = source.len();
        let value = if value == array.value() {
            self.copy_range(value, 0, new, false)?
        } else {
            value
        };
        if new > old {
            self.may_lengthen()?;
            self.reserve(|vm| &mut vm.heap[array].items, new - old)?;
            self.heap[array]
                .items
                .insert_within(start + old, new - old, 0);
        } else {
            self.heap[array]
                .items
                .remove_range(start + new, start + old);
        }
        self.fill_array(array, start, value, new);
        Ok(())
    }

    pub(crate) fn repeat_array(&mut self, array: Ref<Array>, times: usize) -> Result<Value> {
        let len = self.heap[array].items.len();
        let Some(total) = len.checked_mul(times) else {
            return Err(self.no_memory(usize::MAX >> 1));
        };
        let made = self.new_array(self.heap[array].typecode, total)?;
        for number in 0..times {
            self.fill_array(made, number * len, array.value(), len);
        }
        Ok(made.value())
    }

    /// `left + right` for bytes and arrays.
    pub(crate) fn concat_bytes(
        &mut self,
        left: Value,
        right: Value,
        in_place: bool,
    ) -> Result<Option<Value>> {
        if let Some(array) = self.heap.cast::<Array>(left) {
            if self.buffer_bytes(right).is_none() {
                if in_place {
                    self.extend_array(array, right)?;
                    return Ok(Some(left));
                }
                return Err(self.type_error(b"object with buffer protocol required"));
            }
            let target = match in_place {
                true => array,
                false => {
                    let typecode = self.heap[array].typecode;
                    let len = self.heap[array].items.len();
                    let copy = self.new_array(typecode, len)?;
                    self.fill_array(copy, 0, left, len);
                    copy
                }
            };
            self.extend_array(target, right)?;
            return Ok(Some(target.value()));
        }
        let Some(b) = self.buffer_bytes(right).map(<[u8]>::len) else {
            return Ok(None);
        };
        let a = self.bytes_of(left).len();
        if b == 0 {
            return Ok(Some(left));
        }
        if a == 0 && self.is_bytes(right) {
            return Ok(Some(right));
        }
        let joined = self.alloc_tailed(Bytes, a + b, 0)?.value();
        self.copy_into(joined, 0, left, 0, a);
        self.copy_into(joined, a, right, 0, b);
        Ok(Some(joined))
    }

    /// Adds bytes of a buffer, or items of an iterable.
    pub(crate) fn extend_array(&mut self, array: Ref<Array>, source: Value) -> Result<()> {
        if let Some(bytes) = self.buffer_bytes(source) {
            let extra = bytes.len();
            let typecode = self.heap[array].typecode;
            if let Some(other) = self.heap.cast::<Array>(source) {
                let other = self.heap[other].typecode;
                if item_size(other) != item_size(typecode) {
                    return self.extend_by_items(array, source);
                }
            }
            if extra > 0 {
                self.may_lengthen()?;
            }
            self.reserve_doubling(|vm| &mut vm.heap[array].items, extra)?;
            let len = self.heap[array].items.len();
            self.heap[array].items.insert_within(len, extra, 0);
            self.fill_array(array, len, source, extra);
            return Ok(());
        }
        self.extend_by_items(array, source)
    }

    pub(crate) fn extend_by_items(&mut self, array: Ref<Array>, source: Value) -> Result<()> {
        let iterator = self.iterate(source)?;
        let top = self.stack_len();
        self.push(iterator)?;
        while let Some(item) = self.iterate_next(iterator)? {
            self.array_push(array, item)?;
        }
        self.truncate(top);
        Ok(())
    }

    pub(crate) fn array_push(&mut self, array: Ref<Array>, value: Value) -> Result<()> {
        let typecode = self.heap[array].typecode;
        let raw = self.pack_item(typecode, value)?;
        let size = item_size(typecode);
        self.reserve_doubling(|vm| &mut vm.heap[array].items, size)?;
        for &byte in &raw[..size] {
            self.heap[array].items.push_within(byte);
        }
        Ok(())
    }

    pub(crate) fn equal_arrays(&mut self, left: Value, right: Value) -> Result<bool> {
        let (Some(a), Some(b)) = (self.native_len(left), self.native_len(right)) else {
            return Ok(false);
        };
        if a != b {
            return Ok(false);
        }
        for index in 0..a {
            let (x, y) = (
                self.subscript(left, Value::small(index as isize))?,
                self.subscript(right, Value::small(index as isize))?,
            );
            if !self.equal(x, y)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(crate) fn order_arrays(
        &mut self,
        op: upy_bytecode::BinaryOp,
        left: Value,
        right: Value,
    ) -> Result<bool> {
        let (a, b) = (
            self.native_len(left).unwrap_or(0),
            self.native_len(right).unwrap_or(0),
        );
        for index in 0..a.min(b) {
            let (x, y) = (
                self.subscript(left, Value::small(index as isize))?,
                self.subscript(right, Value::small(index as isize))?,
            );
            if !self.equal(x, y)? {
                let answer = self.binary(op, x, y)?;
                return self.truth(answer);
            }
        }
        Ok(holds(op, a.cmp(&b)))
    }

    /// `item in data` for an item that is no number. `None`: it is to be looked for as an item.
    pub(crate) fn bytes_contain(&mut self, data: Value, item: Value) -> Result<Option<bool>> {
        if self
            .heap
            .cast::<Array>(data)
            .is_some_and(|array| self.heap[array].typecode != 0)
        {
            return Ok(None);
        }
        match (self.buffer_bytes(data), self.buffer_bytes(item)) {
            (Some(haystack), Some(needle)) => Ok(Some(text::find(haystack, needle).is_some())),
            _ if self.is_str(item) => Err(self.type_error(b"object with buffer protocol required")),
            _ => Ok(None),
        }
    }
}

/// `bytes(source, encoding, errors)`
pub(crate) fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    let buffer = fill(vm, args)?;
    vm.push(buffer.value())?;
    vm.take_bytes(buffer)
}

/// `bytearray(source, encoding, errors)`
pub(crate) fn make_bytearray(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    Ok(fill(vm, args)?.value())
}

pub(crate) fn fill(vm: &mut Vm<'_>, args: Args) -> Result<Ref<Array>> {
    if args.count > 3 {
        return Err(vm.wrong_count(0, 3, args.count));
    }
    let Some(source) = args.get(vm, 0) else {
        return vm.new_array(0, 0);
    };
    let native = vm.native_of(source);
    if vm.is_str(native) {
        if args.count < 2 && args.keywords == 0 {
            return Err(vm.type_error(b"string argument without an encoding"));
        }
        let encoding = args.get(vm, 1);
        crate::types::decode::check_encoding(vm, native, encoding)?;
        let array = vm.bytearray_from(native)?;
        return Ok(vm.heap.expect(array));
    }
    if args.count > 1 {
        return Err(vm.type_error(b"wrong number of arguments"));
    }
    if vm.is_int(native) {
        let len = vm.to_isize(native)?;
        let Ok(len) = usize::try_from(len) else {
            return Err(vm.value_error(b"negative count"));
        };
        return vm.new_array(0, len);
    }
    if let Some(bytes) = vm.buffer_bytes(native) {
        let len = bytes.len();
        let array = vm.new_array(0, len)?;
        vm.fill_array(array, 0, native, len);
        return Ok(array);
    }
    let array = vm.new_array(0, 0)?;
    vm.push(array.value())?;
    let iterator = vm.iterate(source)?;
    vm.push(iterator)?;
    while let Some(item) = vm.iterate_next(iterator)? {
        let number = vm.to_isize(item)?;
        if !(0..256).contains(&number) {
            return Err(vm.value_error(b"bytes value out of range"));
        }
        vm.array_push(array, item)?;
    }
    Ok(array)
}

/// `array.array(typecode, initialiser)`
pub(crate) fn make_array(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if !(1..=2).contains(&args.count) || args.keywords > 0 {
        return Err(vm.wrong_count(1, 2, args.count));
    }
    let code = args.at(vm, 0);
    let typecode = match vm.bytes_of(code) {
        [code] if vm.is_str(args.at(vm, 0)) => *code,
        _ => 0,
    };
    if !b"bBhHiIlLqQfdOPS".contains(&typecode) || b"OPS".contains(&typecode) {
        return Err(vm.value_error(b"bad typecode"));
    }
    let array = vm.new_array(typecode, 0)?;
    let Some(source) = args.get(vm, 1) else {
        return Ok(array.value());
    };
    vm.push(array.value())?;
    let native = vm.native_of(source);
    if vm.is_bytes(native)
        || vm
            .heap
            .cast::<Array>(native)
            .is_some_and(|other| vm.heap[other].typecode == 0)
    {
        let size = item_size(typecode);
        let len = vm.bytes_of(native).len() / size * size;
        vm.reserve(|vm| &mut vm.heap[array].items, len)?;
        vm.heap[array].items.insert_within(0, len, 0);
        vm.fill_array(array, 0, native, len);
        return Ok(array.value());
    }
    vm.extend_by_items(array, source)?;
    Ok(array.value())
}

/// `array.append(item)`
pub(crate) fn append(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let array = vm.native_of(args.at(vm, 0));
    let Some(array) = vm.heap.cast::<Array>(array) else {
        return Err(vm.type_error(b"array expected"));
    };
    let item = args.at(vm, 1);
    vm.array_push(array, item)?;
    Ok(Value::NONE)
}

/// `array.extend(iterable)`
pub(crate) fn extend(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let array = vm.native_of(args.at(vm, 0));
    let Some(array) = vm.heap.cast::<Array>(array) else {
        return Err(vm.type_error(b"array expected"));
    };
    let source = args.at(vm, 1);
    vm.extend_array(array, source)?;
    Ok(Value::NONE)
}

/// `data.hex(separator)`
pub(crate) fn hex(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let data = vm.native_of(args.at(vm, 0));
    let separator = args.get(vm, 1);
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = crate::ops::format::Sink::Buffer(buffer);
    for index in 0..vm.bytes_of(data).len() {
        if let (true, Some(separator)) = (index > 0, separator) {
            vm.put_value(sink, separator)?;
        }
        let byte = vm.bytes_of(data)[index];
        let digits = b"0123456789abcdef";
        vm.put(
            sink,
            &[
                digits[usize::from(byte >> 4)],
                digits[usize::from(byte & 0xf)],
            ],
        )?;
    }
    vm.take_text(buffer)
}

/// `bytes.fromhex(text)`
pub(crate) fn fromhex(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let text = args.at(vm, 1);
    if vm.text_or_bytes(text).is_none() {
        return Err(text::str_expected(vm, text));
    }
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let mut high = None;
    for index in 0..vm.bytes_of(text).len() {
        let byte = vm.bytes_of(text)[index];
        if byte.is_ascii_whitespace() && high.is_none() {
            continue;
        }
        let Some(digit) = char::from(byte).to_digit(16) else {
            return Err(vm.value_error(b"non-hex digit"));
        };
        high = match high {
            None => Some(digit),
            Some(high) => {
                vm.put(
                    crate::ops::format::Sink::Buffer(buffer),
                    &[(high << 4 | digit) as u8],
                )?;
                None
            }
        };
    }
    if high.is_some() {
        return Err(vm.value_error(b"non-hex digit"));
    }
    vm.take_bytes(buffer)
}
