//! `heapq`: a list as a priority queue.

use upy_runtime::{Args, Entry, Result, TypeId, Value, Vm, function, text};

use crate::names as q;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::heapq),
    function(q::heappush, heappush, 2, 2),
    function(q::heappop, heappop, 1, 1),
    function(q::heapify, heapify, 1, 1),
];

fn list_arg(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = vm.native_of(args.at(vm, 0));
    if vm.is_list(list) {
        return Ok(list);
    }
    Err(vm.type_error(b"heap must be a list"))
}

fn len(vm: &Vm<'_>, list: Value) -> usize {
    vm.items_of(list).map_or(0, <[Value]>::len)
}

fn item(vm: &Vm<'_>, list: Value, index: usize) -> Value {
    vm.item_at(list, index).unwrap_or(Value::NONE)
}

/// Moves the item at `at` towards the root until its parent is not greater.
fn sift_up(vm: &mut Vm<'_>, list: Value, start: usize, at: usize) -> Result<()> {
    let moving = item(vm, list, at);
    vm.push(moving)?;
    let mut at = at;
    while at > start {
        let parent_at = (at - 1) / 2;
        let parent = item(vm, list, parent_at);
        if !vm.less(moving, parent)? {
            break;
        }
        vm.set_item(list, at, parent);
        at = parent_at;
    }
    vm.set_item(list, at, moving);
    vm.pop();
    Ok(())
}

/// Puts the item at `at` where it belongs among those below it.
fn sift_down(vm: &mut Vm<'_>, list: Value, at: usize) -> Result<()> {
    let (start, end) = (at, len(vm, list));
    let moving = item(vm, list, at);
    vm.push(moving)?;
    let mut at = at;
    loop {
        let mut child = 2 * at + 1;
        if child >= end.min(len(vm, list)) {
            break;
        }
        if child + 1 < end {
            let (left, right) = (item(vm, list, child), item(vm, list, child + 1));
            if !vm.less(left, right)? {
                child += 1;
            }
        }
        let lifted = item(vm, list, child);
        vm.set_item(list, at, lifted);
        at = child;
    }
    vm.set_item(list, at, moving);
    vm.pop();
    sift_up(vm, list, start, at)
}

fn heappush(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = list_arg(vm, args)?;
    let new = args.at(vm, 1);
    vm.append(list, new)?;
    let last = len(vm, list) - 1;
    sift_up(vm, list, 0, last)?;
    Ok(Value::NONE)
}

fn heappop(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = list_arg(vm, args)?;
    let count = len(vm, list);
    if count == 0 {
        return Err(vm.raise_text(TypeId::IndexError, b"empty heap"));
    }
    let least = item(vm, list, 0);
    vm.push(least)?;
    let last = item(vm, list, count - 1);
    vm.set_item(list, 0, last);
    vm.truncate_list(list, count - 1);
    if count > 1 {
        sift_down(vm, list, 0)?;
    }
    Ok(least)
}

fn heapify(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = list_arg(vm, args)?;
    for at in (0..len(vm, list) / 2).rev() {
        sift_down(vm, list, at)?;
    }
    Ok(Value::NONE)
}
