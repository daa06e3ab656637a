//! `time`: the clock, the calendar, waiting.
//!
//! Seconds count from 1970-01-01 00:00:00; there is no time zone. The calendar is the proleptic Gregorian one, by the
//! day-number arithmetic of H. Hinnant ("chrono-Compatible Low-Level Date Algorithms").

use upy_runtime::{Args, Entry, Result, Value, Vm, function, text};

use crate::names as q;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::time),
    function(q::gmtime, localtime, 0, 1),
    function(q::localtime, localtime, 0, 1),
    function(q::mktime, mktime, 1, 1),
    function(q::time, time, 0, 0),
    function(q::time_ns, time_ns, 0, 0),
    function(q::sleep, sleep, 1, 1),
    function(q::sleep_ms, sleep_ms, 1, 1),
    function(q::sleep_us, sleep_us, 1, 1),
    function(q::ticks_ms, ticks_ms, 0, 0),
    function(q::ticks_us, ticks_us, 0, 0),
    function(q::ticks_cpu, ticks_us, 0, 0),
    function(q::ticks_add, ticks_add, 2, 2),
    function(q::ticks_diff, ticks_diff, 2, 2),
];

/// Ticks count modulo this.
const TICKS_PERIOD: u64 = 1 << 30;
const DAY_SECONDS: i64 = 86_400;

/// A point in time in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) year: i64,
    /// From 1.
    pub(crate) month: i64,
    /// From 1.
    pub(crate) day: i64,
    pub(crate) second_of_day: i64,
    /// From 0 for Monday.
    pub(crate) weekday: i64,
    /// From 1.
    pub(crate) day_of_year: i64,
}

/// The day number (0 is 1970-01-01) of a date; months and days may lie outside their range.
pub(crate) fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let month = month - 1;
    let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12));
    // Years that begin in March, so that the leap day is the last.
    let shifted = (month + 10) % 12;
    let year = year - i64::from(month < 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * shifted + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - 719_468
}

pub(crate) fn parts(seconds: i64) -> Parts {
    let days = seconds.div_euclid(DAY_SECONDS);
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = (month + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    Parts {
        year,
        month,
        day,
        second_of_day: seconds.rem_euclid(DAY_SECONDS),
        weekday: (days + 3).rem_euclid(7),
        day_of_year: days - day_number(year, 1, 1) + 1,
    }
}

/// `gmtime(seconds=None)`, `localtime(seconds=None)`
fn localtime(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let seconds = match args.some(vm, 0) {
        Some(given) if vm.is_float(given) => vm.to_float(given)? as i64,
        Some(given) => vm.to_i64_value(given)?,
        None => (vm.host().time_ns() / 1_000_000_000) as i64,
    };
    let parts = parts(seconds.clamp(-1 << 40, 1 << 40));
    let of_day = parts.second_of_day;
    let numbers = [
        parts.year,
        parts.month,
        parts.day,
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60,
        parts.weekday,
        parts.day_of_year,
    ];
    vm.new_tuple(&numbers.map(|number| Value::small(number as isize)))
}

/// `mktime(tuple)`
fn mktime(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let given = args.at(vm, 0);
    let count = vm.items_of(given).map(<[Value]>::len);
    if !matches!(count, Some(8 | 9)) {
        return Err(vm.type_error(b"mktime needs a tuple of length 8 or 9"));
    }
    let mut numbers = [0; 6];
    for (index, number) in numbers.iter_mut().enumerate() {
        let item = vm.item_at(given, index).unwrap_or(Value::NONE);
        *number = (vm.to_isize(item)? as i64).clamp(-1 << 31, 1 << 31);
    }
    let [year, month, day, hour, minute, second] = numbers;
    let days = day_number(year, month, day);
    vm.new_int(days * DAY_SECONDS + hour * 3600 + minute * 60 + second)
}

fn time(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let now = vm.host().time_ns();
    // Single floats have no room for the seconds since 1970.
    if size_of::<upy_runtime::Real>() == 4 {
        return vm.new_unsigned(now / 1_000_000_000);
    }
    vm.new_float(now as upy_runtime::Real / 1e9)
}

fn time_ns(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let now = vm.host().time_ns();
    vm.new_unsigned(now)
}

fn sleep(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let given = args.at(vm, 0);
    let seconds = vm.to_float(given)?;
    if seconds > 0.0 {
        crate::wait::pause(vm, (seconds * 1e6) as u64)?;
    }
    Ok(Value::NONE)
}

fn sleep_ms(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let time = u64::try_from(vm.int_arg(args, 0)?).unwrap_or(0);
    crate::wait::pause(vm, time.saturating_mul(1000))?;
    Ok(Value::NONE)
}

fn sleep_us(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let time = u64::try_from(vm.int_arg(args, 0)?).unwrap_or(0);
    crate::wait::pause(vm, time)?;
    Ok(Value::NONE)
}

fn ticks_ms(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let now = vm.host().ticks_us() / 1000;
    Ok(Value::small((now % TICKS_PERIOD) as isize))
}

fn ticks_us(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let now = vm.host().ticks_us();
    Ok(Value::small((now % TICKS_PERIOD) as isize))
}

fn ticks_add(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (ticks, delta) = (vm.int_arg(args, 0)?, vm.int_arg(args, 1)?);
    let half = TICKS_PERIOD as isize / 2;
    if !(1 - half..half).contains(&delta) {
        return Err(vm.raise_text(
            upy_runtime::TypeId::OverflowError,
            b"ticks interval overflow",
        ));
    }
    Ok(Value::small(
        ticks.wrapping_add(delta) & (TICKS_PERIOD as isize - 1),
    ))
}

fn ticks_diff(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (end, start) = (vm.int_arg(args, 0)?, vm.int_arg(args, 1)?);
    let half = TICKS_PERIOD as isize / 2;
    let distance = end.wrapping_sub(start).wrapping_add(half) & (TICKS_PERIOD as isize - 1);
    Ok(Value::small(distance - half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_a_thousand_years_comes_back() {
        let mut expected = (1600, 1, 1);
        for days in day_number(1600, 1, 1)..day_number(2600, 1, 1) {
            let parts = parts(days * DAY_SECONDS + 5);
            assert_eq!((parts.year, parts.month, parts.day), expected);
            assert_eq!(day_number(parts.year, parts.month, parts.day), days);
            let (year, month, day) = expected;
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => 28 + i64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            expected = match (month, day == last) {
                (12, true) => (year + 1, 1, 1),
                (_, true) => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
    }

    #[test]
    fn known_days_have_their_weekday() {
        let thursday = parts(0);
        assert_eq!(
            (thursday.year, thursday.weekday, thursday.day_of_year),
            (1970, 3, 1)
        );
        let sunday = parts(1_000_000_000);
        assert_eq!((sunday.month, sunday.day, sunday.weekday), (9, 9, 6));
    }
}
