//! `select`: waiting for several streams at once.

use upy_runtime::stream::{Fault, request};
use upy_runtime::{
    Args, Body, Entry, Marker, Result, Slots, TypeId, TypeInfo, Value, Vm, function, number, text,
};

use crate::names as q;
use crate::types;

const IN: isize = 1;
const OUT: isize = 4;
const ERROR: isize = 8;
const HANG_UP: isize = 16;
const ENOENT: i32 = 2;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::select),
    function(q::select, select, 3, 4),
    function(q::poll, poll, 0, 0),
    number(q::POLLIN, IN),
    number(q::POLLOUT, OUT),
    number(q::POLLERR, ERROR),
    number(q::POLLHUP, HANG_UP),
];

const POLL_ENTRIES: &[Entry] = &[
    function(q::register, register, 2, 3),
    function(q::unregister, unregister, 2, 2),
    function(q::modify, modify, 3, 3),
    function(q::poll, poll_list, 1, 2),
    function(q::ipoll, ipoll, 1, 3),
    function(q::__iter__, iter, 1, 1),
    function(q::__next__, next, 1, 1),
];

pub(crate) static POLL: TypeInfo = TypeInfo {
    name: q::poll,
    base: TypeId::Object,
    make: None,
    entries: POLL_ENTRIES,
    slots: &Slots::NONE,
};

/// Streams, each with the events asked for and those found by the last poll: three items of `list` a stream.
#[derive(Clone, Copy)]
struct Poll {
    list: Value,
    /// The tuple that `ipoll` hands out again and again, so that going over it allocates nothing.
    pair: Value,
    /// Where `ipoll` goes on.
    at: usize,
    /// Whether a stream found ready is no longer asked.
    once: bool,
}

impl Body for Poll {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.list);
        marker.value(self.pair);
    }
}

/// Items of a stream in the list.
const WIDTH: usize = 3;

fn poll(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let list = vm.new_list(&[])?.value();
    let pair = vm.new_tuple(&[Value::NONE, Value::NONE])?;
    let poll = Poll {
        list,
        pair,
        at: 0,
        once: false,
    };
    vm.new_object(types::POLL, poll)
}

fn small(vm: &Vm<'_>, list: Value, index: usize) -> isize {
    vm.item_at(list, index)
        .and_then(Value::as_small)
        .unwrap_or(0)
}

/// Where a stream stands in the list.
fn place(vm: &Vm<'_>, list: Value, stream: Value) -> Option<usize> {
    let items = vm.items_of(list)?;
    let place = items.chunks(WIDTH).position(|entry| entry[0] == stream)?;
    Some(place * WIDTH)
}

/// `poll.register(stream, events=POLLIN | POLLOUT)`
fn register(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = vm.this::<Poll>(args)?.list;
    let stream = args.at(vm, 1);
    let events = if args.count > 2 {
        vm.int_arg(args, 2)?
    } else {
        IN | OUT
    };
    if !vm.is_stream(stream) {
        return Err(vm.type_error(b"stream operation not supported"));
    }
    if let Some(place) = place(vm, list, stream) {
        vm.set_item(list, place + 1, Value::small(events));
        return Ok(Value::NONE);
    }
    for item in [stream, Value::small(events), Value::small(0)] {
        vm.append(list, item)?;
    }
    Ok(Value::NONE)
}

/// `poll.unregister(stream)`
fn unregister(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = vm.this::<Poll>(args)?.list;
    let Some(at) = place(vm, list, args.at(vm, 1)) else {
        return Ok(Value::NONE);
    };
    let len = vm.items_of(list).map_or(0, <[Value]>::len);
    for index in at..len - WIDTH {
        let moved = vm.item_at(list, index + WIDTH).unwrap_or(Value::NONE);
        vm.set_item(list, index, moved);
    }
    vm.truncate_list(list, len - WIDTH);
    Ok(Value::NONE)
}

/// `poll.modify(stream, events)`
fn modify(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = vm.this::<Poll>(args)?.list;
    let events = vm.int_arg(args, 2)?;
    match place(vm, list, args.at(vm, 1)) {
        Some(place) => {
            vm.set_item(list, place + 1, Value::small(events));
            Ok(Value::NONE)
        }
        None => Err(vm.os_error(ENOENT)),
    }
}

/// Asks every stream once, notes what is there, and returns how many are ready.
fn ask(vm: &mut Vm<'_>, list: Value) -> Result<usize> {
    let mut ready = 0;
    let mut at = 0;
    while let Some(stream) = vm.item_at(list, at) {
        let events = small(vm, list, at + 1);
        let found = match vm.stream_ioctl(stream, request::POLL, events) {
            Ok(found) => found,
            Err(Fault::Raised(raised)) => return Err(raised),
            Err(fault) => return Err(vm.raise_fault(fault)),
        };
        vm.set_item(list, at + 2, Value::small(found));
        ready += usize::from(found != 0);
        at += WIDTH;
    }
    Ok(ready)
}

/// Waits until a stream is ready or the time in milliseconds is over; a negative one is for ever.
fn wait(vm: &mut Vm<'_>, list: Value, timeout_ms: isize) -> Result<usize> {
    let start = vm.host().ticks_us();
    loop {
        let ready = ask(vm, list)?;
        if ready > 0 {
            return Ok(ready);
        }
        let gone_us = vm.host().ticks_us().wrapping_sub(start);
        match u64::try_from(timeout_ms) {
            Ok(timeout) if gone_us >= timeout.saturating_mul(1000) => return Ok(0),
            Ok(timeout) => {
                let left = timeout.saturating_mul(1000) - gone_us;
                crate::wait::pause(vm, left.min(1000))?;
            }
            Err(_) => crate::wait::pause(vm, 1000)?,
        }
    }
}

fn timeout_arg(vm: &mut Vm<'_>, args: Args, index: usize) -> Result<isize> {
    match args.some(vm, index) {
        Some(timeout) => vm.to_isize(timeout),
        None => Ok(-1),
    }
}

/// `poll.poll(timeout_ms=-1)`
fn poll_list(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = vm.this::<Poll>(args)?.list;
    let timeout = timeout_arg(vm, args, 1)?;
    wait(vm, list, timeout)?;
    let found = vm.new_list(&[])?;
    vm.push(found.value())?;
    let mut at = 0;
    while let Some(stream) = vm.item_at(list, at) {
        let events = small(vm, list, at + 2);
        if events != 0 {
            let pair = vm.new_tuple(&[stream, Value::small(events)])?;
            vm.list_push(found, pair)?;
        }
        at += WIDTH;
    }
    Ok(found.value())
}

/// `poll.ipoll(timeout_ms=-1, flags=0)`: the poll itself, to be iterated.
fn ipoll(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = vm.this::<Poll>(args)?.list;
    let timeout = timeout_arg(vm, args, 1)?;
    let once = args.count > 2 && vm.int_arg(args, 2)? & 1 != 0;
    wait(vm, list, timeout)?;
    let this = args.at(vm, 0);
    if let Some(poll) = vm.body_mut::<Poll>(this) {
        poll.at = 0;
        poll.once = once;
    }
    Ok(this)
}

fn iter(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    Ok(args.at(vm, 0))
}

fn next(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let poll = vm.this::<Poll>(args)?;
    let this = args.at(vm, 0);
    let mut at = poll.at;
    while let Some(stream) = vm.item_at(poll.list, at) {
        let events = small(vm, poll.list, at + 2);
        at += WIDTH;
        if events == 0 {
            continue;
        }
        if poll.once {
            vm.set_item(poll.list, at - 2, Value::small(0));
        }
        vm.set_item(poll.pair, 0, stream);
        vm.set_item(poll.pair, 1, Value::small(events));
        if let Some(poll) = vm.body_mut::<Poll>(this) {
            poll.at = at;
        }
        return Ok(poll.pair);
    }
    Err(vm.raise_with(TypeId::StopIteration, None))
}

/// `select(readable, writable, exceptional, timeout_s=None)`
fn select(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let timeout = match args.some(vm, 3) {
        Some(seconds) => (vm.to_float(seconds)? * 1000.0) as isize,
        None => -1,
    };
    let list = vm.new_list(&[])?.value();
    vm.push(list)?;
    let wanted = [IN, OUT, ERROR | HANG_UP];
    for (index, events) in wanted.into_iter().enumerate() {
        let streams = args.at(vm, index);
        let iterator = vm.iterate(streams)?;
        vm.push(iterator)?;
        while let Some(stream) = vm.iterate_next(iterator)? {
            if !vm.is_stream(stream) {
                return Err(vm.type_error(b"stream operation not supported"));
            }
            let known = place(vm, list, stream);
            match known {
                Some(place) => {
                    let events = small(vm, list, place + 1) | events;
                    vm.set_item(list, place + 1, Value::small(events));
                }
                None => {
                    for item in [stream, Value::small(events), Value::small(0)] {
                        vm.append(list, item)?;
                    }
                }
            }
        }
    }
    wait(vm, list, timeout)?;
    let base = vm.stack_len();
    for (index, events) in wanted.into_iter().enumerate() {
        let ready = vm.new_list(&[])?;
        vm.push(ready.value())?;
        let streams = args.at(vm, index);
        let iterator = vm.iterate(streams)?;
        vm.push(iterator)?;
        while let Some(stream) = vm.iterate_next(iterator)? {
            let found = place(vm, list, stream).map_or(0, |place| small(vm, list, place + 2));
            if found & events != 0 {
                vm.list_push(ready, stream)?;
            }
        }
        vm.pop();
    }
    vm.tuple_from_stack(base, wanted.len())
}
