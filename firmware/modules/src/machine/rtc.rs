//! `machine.RTC`

use upy_hal::machine::Errno;
use upy_runtime::{Args, Body, Entry, Result, Slots, TypeId, TypeInfo, Value, Vm, function};

use super::with;
use crate::names as q;
use crate::time::{day_number, parts};

const ENTRIES: &[Entry] = &[
    function(q::datetime, datetime, 1, 2),
    function(q::init, init, 2, 2),
];

pub(crate) static RTC: TypeInfo = TypeInfo {
    name: q::RTC,
    base: TypeId::Object,
    make: Some(make),
    entries: ENTRIES,
    slots: &Slots::NONE,
};

#[derive(Clone, Copy)]
struct Rtc;

impl Body for Rtc {}

/// `RTC(id=0)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    if args.count == 1 && vm.int_arg(args, 0)? != 0 {
        return Err(vm.value_error(b"RTC doesn't exist"));
    }
    vm.new_object(class, Rtc)
}

fn set(vm: &mut Vm<'_>, seconds: i64, microseconds: i64) -> Result<()> {
    let time_us = i128::from(seconds) * 1_000_000 + i128::from(microseconds);
    let Some(now_ns) = u64::try_from(time_us)
        .ok()
        .and_then(|time_us| time_us.checked_mul(1000))
    else {
        return Err(vm.value_error(b"date out of range"));
    };
    with(vm, |board| {
        let part = board.rtc().ok_or(Errno::ENODEV)?;

        part.set_ns(now_ns);
        Ok(())
    })
}

/// The numbers of a tuple of `COUNT` items.
fn numbers<const COUNT: usize>(vm: &mut Vm<'_>, tuple: Value) -> Result<[i64; COUNT]> {
    if vm.items_of(tuple).map(<[Value]>::len) != Some(COUNT) {
        return Err(vm.value_error(b"requested length 8 but object has another length"));
    }
    let mut numbers = [0; COUNT];
    for (index, number) in numbers.iter_mut().enumerate() {
        let item = vm.item_at(tuple, index).unwrap_or(Value::NONE);
        *number = vm.to_i64_value(item)?.clamp(-1 << 31, 1 << 31);
    }
    Ok(numbers)
}

/// `datetime()`, `datetime((year, month, day, weekday, hours, minutes, seconds, subseconds))`
fn datetime(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if let Some(tuple) = args.get(vm, 1) {
        let [year, month, day, _, hour, minute, second, fraction] = numbers(vm, tuple)?;
        let days = day_number(year, month, day);
        set(
            vm,
            days * 86_400 + hour * 3600 + minute * 60 + second,
            fraction,
        )?;
        return Ok(Value::NONE);
    }
    let now = with(vm, |board| {
        let part = board.rtc().ok_or(Errno::ENODEV)?;
        Ok(part.now_ns())
    })?;
    let parts = parts((now / 1_000_000_000) as i64);
    let of_day = parts.second_of_day;
    let numbers = [
        parts.year,
        parts.month,
        parts.day,
        parts.weekday,
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60,
        (now / 1000 % 1_000_000) as i64,
    ];
    vm.new_tuple(&numbers.map(|number| Value::small(number as isize)))
}

/// `init((year, month, day, hour, minute, second, microsecond, tzinfo))`
fn init(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let tuple = args.at(vm, 1);
    let [year, month, day, hour, minute, second, fraction, _] = numbers(vm, tuple)?;
    let days = day_number(year, month, day);
    set(
        vm,
        days * 86_400 + hour * 3600 + minute * 60 + second,
        fraction,
    )?;
    Ok(Value::NONE)
}
