//! `machine.mem8`, `mem16`, `mem32`: registers and memory by address, as far as the board lets them be touched.

use upy_runtime::{Args, Body, Entry, Result, Slots, TypeId, TypeInfo, Value, Vm, function};

use super::system;
use crate::names as q;
use crate::types;

const ENTRIES: &[Entry] = &[
    function(q::__getitem__, get, 2, 2),
    function(q::__setitem__, set, 3, 3),
    function(q::__repr__, repr, 1, 1),
];

pub(crate) static MEM: TypeInfo = TypeInfo {
    name: q::mem,
    base: TypeId::Object,
    make: None,
    entries: ENTRIES,
    slots: &Slots::NONE,
};

#[derive(Clone, Copy)]
struct Memory {
    width: u8,
}

impl Body for Memory {}

/// The object for words of a width in bytes.
pub(super) fn object(vm: &mut Vm<'_>, width: u8) -> Result<Value> {
    vm.new_object(types::MEM, Memory { width })
}

fn place(vm: &mut Vm<'_>, args: Args) -> Result<(usize, u8)> {
    let width = vm.this::<Memory>(args)?.width;
    let given = args.at(vm, 1);
    let address = vm.to_bits(given)? as usize;
    if !address.is_multiple_of(usize::from(width)) {
        return Err(vm.value_error(b"address isn't aligned to the width"));
    }
    Ok((address, width))
}

fn get(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (address, width) = place(vm, args)?;
    match system(vm, |system| Ok(system.peek(address, width)))? {
        Some(value) => vm.new_unsigned(u64::from(value)),
        None => Err(vm.value_error(b"address can't be read on this board")),
    }
}

fn set(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (address, width) = place(vm, args)?;
    let given = args.at(vm, 2);
    let value = vm.to_bits(given)? as u32;
    if system(vm, |system| Ok(system.poke(address, width, value)))? {
        return Ok(Value::NONE);
    }
    Err(vm.value_error(b"address can't be written on this board"))
}

/// `<8-bit memory>`
fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let text: &[u8] = match vm.this::<Memory>(args)?.width {
        1 => b"<8-bit memory>",
        2 => b"<16-bit memory>",
        _ => b"<32-bit memory>",
    };
    vm.new_text(text)
}
