//! `machine.Timer`

use upy_hal::machine::{Errno, Timers};
use upy_runtime::{
    Args, Body, Entry, Marker, Result, Sink, Slots, TypeId, TypeInfo, Value, Vm, function, number,
};

use super::{number_or, options, with, with_keywords};
use crate::names as q;
use crate::roots;

const ONE_SHOT: i64 = 0;
const PERIODIC: i64 = 1;

const ENTRIES: &[Entry] = &[
    with_keywords(q::init, init, 1, 1),
    function(q::deinit, deinit, 1, 1),
    function(q::__repr__, repr, 1, 1),
    number(q::ONE_SHOT, ONE_SHOT as isize),
    number(q::PERIODIC, PERIODIC as isize),
];

pub(crate) static TIMER: TypeInfo = TypeInfo {
    name: q::Timer,
    base: TypeId::Object,
    make: Some(make),
    entries: ENTRIES,
    slots: &Slots::NONE,
};

#[derive(Clone, Copy)]
struct Timer {
    /// The number of the board's timer, while it runs.
    number: Option<u8>,
    /// The number the program asked for, -1 for any.
    id: i64,
    callback: Value,
    period_us: u64,
    periodic: bool,
    /// Called at once instead of through the scheduler.
    hard: bool,
}

impl Body for Timer {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.callback);
    }
}

/// `Timer(id=-1, *, mode=PERIODIC, freq=-1, period=-1, callback=None, hard=False)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    let id = args.get(vm, 0);
    let id = number_or(vm, id, -1)?;
    let timer = Timer {
        number: None,
        id,
        callback: Value::NONE,
        period_us: 0,
        periodic: true,
        hard: false,
    };
    let object = vm.new_object(class, timer)?;
    vm.push(object)?;
    if args.keywords > 0 {
        set(vm, object, args, 1)?;
    }
    Ok(object)
}

fn init(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    vm.this::<Timer>(args)?;
    set(vm, object, args, 1)?;
    Ok(Value::NONE)
}

fn timers<R>(vm: &mut Vm<'_>, work: impl FnOnce(&mut dyn Timers) -> R) -> Result<R> {
    with(vm, |board| {
        let part = board.timers().ok_or(Errno::ENODEV)?;
        Ok(work(part))
    })
}

fn set(vm: &mut Vm<'_>, object: Value, args: Args, first: usize) -> Result<()> {
    let names = [q::mode, q::freq, q::period, q::callback, q::hard];
    let [mode, frequency, period, callback, hard] = options(vm, args, first, names)?;
    stop(vm, object)?;
    let mode = number_or(vm, mode, PERIODIC)?;
    if !matches!(mode, ONE_SHOT | PERIODIC) {
        return Err(vm.value_error(b"invalid mode"));
    }
    let period_us = match frequency {
        Some(frequency) => {
            let frequency = vm.to_float(frequency)?;
            if frequency <= 0.0 {
                return Err(vm.value_error(b"freq must be positive"));
            }
            (1e6 / frequency) as u64
        }
        None => {
            let period = number_or(vm, period, -1)?;
            u64::try_from(period)
                .unwrap_or(u64::MAX / 1000)
                .saturating_mul(1000)
        }
    };
    let hard = match hard {
        Some(hard) => vm.truth(hard)?,
        None => false,
    };
    let list = list(vm)?;
    let count = timers(vm, |timers| timers.count())?;
    let id = vm.body::<Timer>(object).map_or(-1, |timer| timer.id);
    // One of the board's timers that is free.
    let taken = |vm: &Vm<'_>, number: u8| {
        let running = vm.items_of(list).unwrap_or(&[]);
        running.iter().any(|&other| {
            vm.body::<Timer>(other)
                .is_some_and(|timer| timer.number == Some(number))
        })
    };
    let number = (0..count).find(|&number| !taken(vm, number));
    let Some(number) = number else {
        return Err(vm.os_error(12));
    };
    if id >= 0 && id >= i64::from(count) {
        return Err(vm.value_error(b"Timer doesn't exist"));
    }
    if let Some(timer) = vm.body_mut::<Timer>(object) {
        timer.number = Some(number);
        timer.callback = callback.unwrap_or(Value::NONE);
        timer.period_us = period_us.max(1);
        timer.periodic = mode == PERIODIC;
        timer.hard = hard;
    }
    vm.append(list, object)?;
    timers(vm, |timers| {
        timers.set(number, Some(period_us.max(1)), mode == PERIODIC);
    })
}

/// The timers that run.
fn list(vm: &mut Vm<'_>) -> Result<Value> {
    let list = vm.root(roots::TIMERS);
    if !list.is_none() {
        return Ok(list);
    }
    let list = vm.new_list(&[])?.value();
    vm.set_root(roots::TIMERS, list);
    Ok(list)
}

fn stop(vm: &mut Vm<'_>, object: Value) -> Result<()> {
    let Some(timer) = vm.body_mut::<Timer>(object) else {
        return Ok(());
    };
    let Some(number) = timer.number.take() else {
        return Ok(());
    };
    timers(vm, |timers| timers.set(number, None, false))?;
    forget(vm, object);
    Ok(())
}

/// Takes a timer out of the list of those that run.
fn forget(vm: &mut Vm<'_>, object: Value) {
    let list = vm.root(roots::TIMERS);
    let Some(items) = vm.items_of(list) else {
        return;
    };
    let count = items.len();
    let Some(at) = items.iter().position(|&item| item == object) else {
        return;
    };
    for index in at + 1..count {
        let item = vm.item_at(list, index).unwrap_or(Value::NONE);
        vm.set_item(list, index - 1, item);
    }
    vm.truncate_list(list, count - 1);
}

fn deinit(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    stop(vm, object)?;
    Ok(Value::NONE)
}

/// Calls the functions of timers that have fired.
pub(super) fn service(vm: &mut Vm<'_>) -> Result<()> {
    loop {
        let board = vm.host().board();
        let Some(number) = board.and_then(|board| board.timers()?.take_event()) else {
            return Ok(());
        };
        let running = vm.items_of(vm.root(roots::TIMERS)).unwrap_or(&[]);
        let object = running.iter().copied().find(|&object| {
            vm.body::<Timer>(object)
                .is_some_and(|timer| timer.number == Some(number))
        });
        let Some(object) = object else { continue };
        let Some(timer) = vm.body_mut::<Timer>(object) else {
            continue;
        };
        let Timer {
            callback,
            periodic,
            hard,
            ..
        } = *timer;
        if !periodic {
            timer.number = None;
        }
        vm.push(object)?;
        if !periodic {
            forget(vm, object);
        }
        if callback.is_none() {
            // Nobody wants to know.
        } else if hard {
            vm.call_and_report(callback, &[object]);
        } else {
            // As on a board: an event is lost when too many wait.
            vm.schedule(callback, object)?;
        }
        vm.pop();
    }
}

fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let timer = vm.this::<Timer>(args)?;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    vm.put(sink, b"Timer(mode=")?;
    vm.put(
        sink,
        if timer.periodic {
            b"PERIODIC"
        } else {
            b"ONE_SHOT"
        },
    )?;
    vm.put(sink, b", period=")?;
    vm.put_number(sink, (timer.period_us / 1000) as isize)?;
    vm.put(sink, b")")?;
    vm.take_text(buffer)
}
