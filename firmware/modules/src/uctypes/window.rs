//! Bytes of another object that look like a `bytearray`: what `bytearray_at` and arrays of bytes give.

use upy_runtime::{Args, Body, Marker, Result, Slots, TypeId, TypeInfo, Value, Vm, function};

use super::unknown_address;
use crate::names as q;

/// The type of a window.
pub(crate) static WINDOW: TypeInfo = TypeInfo {
    name: q::bytearray,
    base: TypeId::Object,
    make: None,
    entries: &[
        function(q::__getitem__, window_get, 2, 2),
        function(q::__setitem__, window_set, 3, 3),
        function(q::__len__, window_len, 1, 1),
        function(q::__iter__, window_iter, 1, 1),
        function(q::__repr__, window_repr, 1, 1),
    ],
    slots: &Slots {
        buffer: Some(|vm, object| {
            let view = vm.body::<Window>(object)?.view;
            (!view.is_none()).then_some(view)
        }),
        ..Slots::NONE
    },
};

#[derive(Clone, Copy)]
pub(super) struct Window {
    /// `None` in Python if the bytes are in no known object: then there is an address, and nothing to read.
    pub(super) view: Value,
    pub(super) address: u64,
    pub(super) len: usize,
}

impl Window {
    /// Of bytes that are there, seen through a `memoryview`.
    pub(super) fn of(view: Value) -> Self {
        Self {
            view,
            address: 0,
            len: 0,
        }
    }
}

impl Body for Window {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.view);
    }
}

/// The bytes of a window, if they are there.
fn window_view(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let view = vm.this::<Window>(args)?.view;
    if view.is_none() {
        return Err(unknown_address(vm));
    }
    Ok(view)
}

fn window_get(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (view, index) = (window_view(vm, args)?, args.at(vm, 1));
    let found = vm.subscript(view, index)?;
    if vm.is_int(found) {
        return Ok(found);
    }
    // A slice is a copy, as that of a bytearray.
    vm.push(found)?;
    let len = vm.data(found)?.len();
    let copy = vm.new_zeros(len)?;
    vm.lend(copy, |vm, room| room.copy_from_slice(vm.bytes_of(found)));
    vm.pop();
    Ok(copy)
}

fn window_set(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let view = window_view(vm, args)?;
    let (index, mut value) = (args.at(vm, 1), args.at(vm, 2));
    if vm.is_int(vm.native_of(value)) {
        value = Value::small(vm.to_bits(value)? as u8 as isize);
    }
    vm.store_subscript(view, index, Some(value))?;
    Ok(Value::NONE)
}

fn window_len(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let window = vm.this::<Window>(args)?;
    if window.view.is_none() {
        return vm.new_unsigned(window.len as u64);
    }
    vm.length(window.view)
}

fn window_iter(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let view = window_view(vm, args)?;
    vm.iterate(view)
}

fn window_repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let view = window_view(vm, args)?;
    let len = vm.data(view)?.len();
    let copy = vm.new_zeros(len)?;
    vm.lend(copy, |vm, room| room.copy_from_slice(vm.bytes_of(view)));
    vm.push(copy)?;
    let text = vm.repr(copy);
    vm.pop();
    text
}
