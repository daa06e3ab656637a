//! `_weakref`: what `weakref`, which is in Python, needs of the heap.

use upy_runtime::{Args, Entry, Result, Value, Vm, function, text};

use crate::names as q;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::_weakref),
    function(q::watch, watch, 3, 3),
    function(q::watched, watched, 1, 1),
    function(q::unwatch, unwatch, 1, 1),
];

/// `watch(watcher, object, first)`
fn watch(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let first = args.at(vm, 2) == Value::bool(true);
    vm.watch(args.at(vm, 0), args.at(vm, 1), first)?;
    Ok(Value::NONE)
}

/// `watched(watcher)`: the object, or `None`.
fn watched(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let watcher = args.at(vm, 0);
    Ok(vm.watched(watcher).unwrap_or(Value::NONE))
}

fn unwatch(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let watcher = args.at(vm, 0);
    vm.unwatch(watcher);
    Ok(Value::NONE)
}
