//! `machine.WDT`

use upy_hal::machine::Errno;
use upy_runtime::{Args, Body, Entry, Result, Slots, TypeId, TypeInfo, Value, Vm, function};

use super::{number_or, options, with};
use crate::names as q;

const ENTRIES: &[Entry] = &[function(q::feed, feed, 1, 1)];

pub(crate) static WDT: TypeInfo = TypeInfo {
    name: q::WDT,
    base: TypeId::Object,
    make: Some(make),
    entries: ENTRIES,
    slots: &Slots::NONE,
};

#[derive(Clone, Copy)]
struct Wdt;

impl Body for Wdt {}

/// `WDT(id=0, timeout=5000)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    let [id, timeout] = options(vm, args, 0, [q::id, q::timeout])?;
    if number_or(vm, id, 0)? != 0 {
        return Err(vm.value_error(b"WDT doesn't exist"));
    }
    let timeout = number_or(vm, timeout, 5000)?;
    let Some(timeout) = u32::try_from(timeout).ok().filter(|&timeout| timeout > 0) else {
        return Err(vm.value_error(b"WDT timeout out of range"));
    };
    with(vm, |board| {
        let part = board.watchdog().ok_or(Errno::ENODEV)?;
        part.start(timeout)
    })?;
    vm.new_object(class, Wdt)
}

fn feed(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    with(vm, |board| {
        let part = board.watchdog().ok_or(Errno::ENODEV)?;

        part.feed();
        Ok(())
    })?;
    Ok(Value::NONE)
}
