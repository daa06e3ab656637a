//! `_thread`: starting threads, and locks. What a thread is, is in the runtime: `vm/threads.rs`.
//!
//! A lock belongs to nobody: any thread may release it. Whoever waits for one lets the others run.
//!
//! Source: MicroPython `docs/library/_thread.rst`; arguments and errors as its unix port has them.

use upy_runtime::{
    Args, Body, Entry, Item, Result, Slots, TypeId, TypeInfo, Value, Vm, function, item, text,
};

use crate::names as q;
use crate::types;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::_thread),
    item(q::LockType, Item::Type(types::LOCK)),
    function(q::get_ident, get_ident, 0, 0),
    function(q::stack_size, stack_size, 0, 1),
    function(q::start_new_thread, start_new_thread, 2, 3),
    function(q::exit, exit, 0, 0),
    function(q::allocate_lock, allocate_lock, 0, 0),
];

const LOCK_ENTRIES: &[Entry] = &[
    function(q::acquire, acquire, 1, 3),
    function(q::release, release, 1, 1),
    function(q::locked, locked, 1, 1),
    function(q::__enter__, acquire, 1, 1),
    function(q::__exit__, release, 4, 4),
];

pub(crate) static LOCK: TypeInfo = TypeInfo {
    name: q::lock,
    base: TypeId::Object,
    make: None,
    entries: LOCK_ENTRIES,
    slots: &Slots::NONE,
};

/// How long a thread waits for a lock before it looks at the world; a release wakes it.
const LOOK_US: u64 = 1000;

/// A lock.
#[derive(Clone, Copy)]
struct Lock {
    is_locked: bool,
}

impl Body for Lock {}

/// `start_new_thread(function, args[, kwargs])`: starts a thread and returns its identity.
fn start_new_thread(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (function, arguments) = (args.at(vm, 0), args.at(vm, 1));
    let keywords = args.get(vm, 2);
    let identity = vm.start_thread(function, arguments, keywords)?;
    Ok(Value::small(identity as isize))
}

/// `get_ident()`: the number of the running thread.
fn get_ident(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    Ok(Value::small(vm.thread_identity() as isize))
}

/// `stack_size([size])`: sets how many bytes the stacks of new threads take, the usual number without an argument,
/// and returns what was set before.
fn stack_size(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let bytes = match args.get(vm, 0) {
        Some(_) => usize::try_from(vm.int_arg(args, 0)?).unwrap_or(0),
        None => 0,
    };
    let before = vm.set_thread_stack(bytes);
    vm.new_unsigned(before as u64)
}

/// `exit()`: ends the running thread.
fn exit(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    Err(vm.raise_with(TypeId::SystemExit, None))
}

fn allocate_lock(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    vm.new_object(types::LOCK, Lock { is_locked: false })
}

/// `lock.acquire(wait=True)`: whether it was free; waits until it is, unless told otherwise.
fn acquire(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let waits = args.count < 2 || vm.int_arg(args, 1)? != 0;
    loop {
        let lock = args.at(vm, 0);
        if !vm.this::<Lock>(args)?.is_locked {
            set(vm, lock, true);
            return Ok(Value::TRUE);
        }
        if !waits {
            return Ok(Value::FALSE);
        }
        vm.rest(LOOK_US)?;
        vm.look()?;
    }
}

/// `lock.release()`; `RuntimeError` if it is free.
fn release(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let lock = args.at(vm, 0);
    if !vm.this::<Lock>(args)?.is_locked {
        return Err(vm.raise_with(TypeId::RuntimeError, None));
    }
    set(vm, lock, false);
    vm.wake_threads();
    Ok(Value::NONE)
}

fn locked(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let is_locked = vm.this::<Lock>(args)?.is_locked;
    Ok(if is_locked { Value::TRUE } else { Value::FALSE })
}

fn set(vm: &mut Vm<'_>, lock: Value, is_locked: bool) {
    if let Some(lock) = vm.body_mut::<Lock>(lock) {
        lock.is_locked = is_locked;
    }
}
