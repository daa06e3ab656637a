//! `memoryview`.

use crate::heap::Ref;
use crate::names as q;
use crate::native::{Args, Entry, function};
use crate::ops::index::Span;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::bytes::item_size;
use crate::types::{Array, MemoryView, TypeId};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[function(q::hex, crate::types::bytes::hex, 1, 2)];

impl Vm<'_> {
    pub(crate) fn view_len(&self, view: Ref<MemoryView>) -> usize {
        let body = &self.heap[view];
        body.len as usize / item_size(body.typecode)
    }

    pub(crate) fn view_get(&mut self, view: Ref<MemoryView>, index: usize) -> Result<Value> {
        let typecode = self.heap[view].typecode;
        let size = item_size(typecode);
        let mut raw = [0; 8];
        if let Some(bytes) = self
            .buffer_bytes(view.value())
            .and_then(|bytes| bytes.get(index * size..(index + 1) * size))
        {
            raw[..size].copy_from_slice(bytes);
        }
        self.unpack_number(typecode, raw, false)
    }

    pub(crate) fn view_set(
        &mut self,
        view: Ref<MemoryView>,
        index: usize,
        value: Value,
    ) -> Result<()> {
        let typecode = self.heap[view].typecode;
        let raw = self.pack_number(typecode, value)?;
        let size = item_size(typecode);
        match self
            .buffer_bytes_mut(view.value())
            .and_then(|bytes| bytes.get_mut(index * size..(index + 1) * size))
        {
            Some(slot) => slot.copy_from_slice(&raw[..size]),
            None => return Err(self.value_error(b"buffer has changed")),
        }
        Ok(())
    }

    pub(crate) fn slice_view(&mut self, view: Ref<MemoryView>, span: Span) -> Result<Value> {
        if span.step != 1 {
            return Err(self.only_step_one());
        }
        let body = self.heap[view];
        let size = item_size(body.typecode) as u32;
        let part = MemoryView {
            start: body.start + span.start as u32 * size,
            len: span.count as u32 * size,
            ..body
        };
        Ok(self.alloc(part)?.value())
    }

    pub(crate) fn set_view_slice(
        &mut self,
        view: Ref<MemoryView>,
        span: Span,
        value: Value,
    ) -> Result<()> {
        if span.step != 1 {
            return Err(self.only_step_one());
        }
        if self.heap[view].read_only {
            let name = self.type_name(view.value());
            let _ = name;
            return Err(self.type_error(b"'memoryview' object doesn't support item assignment"));
        }
        let size = item_size(self.heap[view].typecode);
        let Some(source) = self.buffer_bytes(value) else {
            return Err(self.raise_text(
                TypeId::NotImplementedError,
                b"array/bytes required on right side",
            ));
        };
        let len = source.len();
        if len != span.count * size {
            return Err(self.value_error(b"lhs and rhs should be compatible"));
        }
        // The two may share memory: copied backwards where that keeps bytes from being overwritten first.
        let forwards = span.start * size
            <= self
                .heap
                .cast::<MemoryView>(value)
                .map_or(usize::MAX, |other| {
                    (self.heap[other].start as usize).saturating_sub(self.heap[view].start as usize)
                });
        for step in 0..len {
            let index = if forwards { step } else { len - 1 - step };
            let byte = self.buffer_bytes(value).map_or(0, |bytes| bytes[index]);
            if let Some(bytes) = self.buffer_bytes_mut(view.value()) {
                bytes[span.start * size + index] = byte;
            }
        }
        Ok(())
    }
}

/// `memoryview(object)`
pub(crate) fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count != 1 || args.keywords > 0 {
        return Err(vm.wrong_count(1, 1, args.count));
    }
    let owner = vm.native_of(args.at(vm, 0));
    if let Some(view) = vm.heap.cast::<MemoryView>(owner) {
        let body = vm.heap[view];
        return Ok(vm.alloc(body)?.value());
    }
    let Some(bytes) = vm.text_or_bytes(owner) else {
        return Err(vm.type_error(b"object with buffer protocol required"));
    };
    let len = bytes.len() as u32;
    let (typecode, read_only) = match vm.heap.cast::<Array>(owner) {
        Some(array) if vm.heap[array].typecode == 0 => (b'B', false),
        Some(array) => (vm.heap[array].typecode, false),
        None => (b'B', true),
    };
    Ok(vm
        .alloc(MemoryView {
            owner,
            start: 0,
            len,
            typecode,
            read_only,
        })?
        .value())
}
