//! `machine.Signal`: a pin whose active level may be low.

use upy_runtime::{
    Args, Body, Entry, Marker, Result, Slots, TypeId, TypeInfo, Value, Vm, function,
};

use crate::names as q;
use crate::types;

const ENTRIES: &[Entry] = &[
    function(q::value, value, 1, 2),
    function(q::__call__, value, 1, 2),
    function(q::on, on, 1, 1),
    function(q::off, off, 1, 1),
];

pub(crate) static SIGNAL: TypeInfo = TypeInfo {
    name: q::Signal,
    base: TypeId::Object,
    make: Some(make),
    entries: ENTRIES,
    slots: &Slots::NONE,
};

/// The pin may be any object with `value()`.
#[derive(Clone, Copy)]
struct Signal {
    pin: Value,
    invert: bool,
}

impl Body for Signal {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.pin);
    }
}

/// `Signal(pin, invert=False)`, `Signal(pin arguments..., *, invert=False)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    let Some(first) = args.get(vm, 0) else {
        return Err(vm.wrong_count(1, 2, 0));
    };
    let invert = match args.named(vm, q::invert) {
        Some(invert) => vm.truth(invert)?,
        None => false,
    };
    if vm.try_attr(first, q::value)?.is_some() {
        vm.check_keywords(args, &[q::invert])?;
        let invert = match args.get(vm, 1) {
            Some(given) => vm.truth(given)?,
            None => invert,
        };
        return vm.new_object(class, Signal { pin: first, invert });
    }
    // Anything else is for the pin, all but `invert`.
    let base = vm.stack_len();
    for index in 0..args.count {
        vm.push(args.at(vm, index))?;
    }
    let mut keywords = 0;
    for index in 0..args.keywords {
        let (key, value) = args.keyword(vm, index);
        if key != Value::qstr(q::invert) {
            vm.push(key)?;
            vm.push(value)?;
            keywords += 1;
        }
    }
    let pin = vm.call_on_stack(types::PIN.value(), base, keywords)?;
    vm.new_object(class, Signal { pin, invert })
}

fn set(vm: &mut Vm<'_>, signal: Signal, active: bool) -> Result<Value> {
    let level = Value::small(isize::from(active != signal.invert));
    vm.call_method(signal.pin, q::value, &[level])?;
    Ok(Value::NONE)
}

/// `value()`, `value(active)`
fn value(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let signal = vm.this::<Signal>(args)?;
    if let Some(active) = args.get(vm, 1) {
        let active = vm.truth(active)?;
        return set(vm, signal, active);
    }
    let level = vm.call_method(signal.pin, q::value, &[])?;
    // A pin written in Python may know more levels than two; inverted is the lowest bit.
    if let Some(level) = level.as_small() {
        return Ok(Value::small(level ^ isize::from(signal.invert)));
    }
    let level = vm.truth(level)?;
    Ok(Value::small(isize::from(level != signal.invert)))
}

fn on(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let signal = vm.this::<Signal>(args)?;
    set(vm, signal, true)
}

fn off(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let signal = vm.this::<Signal>(args)?;
    set(vm, signal, false)
}
