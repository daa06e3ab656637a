//! `machine`: the hardware of a board, through the traits of `upy-hal`.

mod adc;
mod i2c;
mod memory;
mod pin;
mod pulse;
mod pwm;
mod rtc;
mod signal;
mod soft_i2c;
mod spi;
mod timer;
mod uart;
mod wdt;

use upy_hal::Board;
use upy_hal::machine::{self as hal, Errno, ResetCause, System};
use upy_runtime::{
    Args, Entry, Item, KEYWORDS, Qstr, Raised, Result, TypeId, Value, Vm, class, function, item,
    number, text,
};

use crate::names as q;
use crate::types;

pub(crate) use adc::ADC;
pub(crate) use i2c::I2C;
pub(crate) use memory::MEM;
pub(crate) use pin::{IRQ, PIN, PIN_BASE};
pub(crate) use pwm::PWM;
pub(crate) use rtc::RTC;
pub(crate) use signal::SIGNAL;
pub(crate) use soft_i2c::SOFT_I2C;
pub(crate) use spi::{SOFT_SPI, SPI};
pub(crate) use timer::TIMER;
pub(crate) use uart::UART;
pub(crate) use wdt::WDT;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::machine),
    function(q::reset, reset, 0, 0),
    function(q::soft_reset, soft_reset, 0, 0),
    function(q::bootloader, bootloader, 0, 1),
    function(q::reset_cause, reset_cause, 0, 0),
    function(q::unique_id, unique_id, 0, 0),
    function(q::freq, freq, 0, 1),
    function(q::idle, idle, 0, 0),
    function(q::sleep, lightsleep, 0, 1),
    function(q::lightsleep, lightsleep, 0, 1),
    function(q::deepsleep, deepsleep, 0, 1),
    function(q::disable_irq, disable_irq, 0, 0),
    function(q::enable_irq, enable_irq, 0, 1),
    function(q::time_pulse_us, pulse::time_pulse_us, 2, 3),
    function(q::bitstream, pulse::bitstream, 4, 4),
    function(q::dht_readinto, pulse::dht_readinto, 2, 2),
    item(q::mem8, Item::Get(|vm| memory::object(vm, 1))),
    item(q::mem16, Item::Get(|vm| memory::object(vm, 2))),
    item(q::mem32, Item::Get(|vm| memory::object(vm, 4))),
    class(q::Pin, types::PIN),
    class(q::PinBase, types::PIN_BASE),
    class(q::Signal, types::SIGNAL),
    class(q::ADC, types::ADC),
    class(q::PWM, types::PWM),
    class(q::I2C, types::I2C),
    class(q::SoftI2C, types::SOFT_I2C),
    class(q::SPI, types::SPI),
    class(q::SoftSPI, types::SOFT_SPI),
    class(q::UART, types::UART),
    class(q::Timer, types::TIMER),
    class(q::RTC, types::RTC),
    class(q::WDT, types::WDT),
    number(q::IDLE, 1),
    number(q::SLEEP, 2),
    number(q::DEEPSLEEP, 4),
    number(q::PWRON_RESET, 1),
    number(q::HARD_RESET, 2),
    number(q::WDT_RESET, 3),
    number(q::DEEPSLEEP_RESET, 4),
    number(q::SOFT_RESET, 5),
];

/// The error of hardware.
fn failed(vm: &mut Vm<'_>, errno: Errno) -> Raised {
    vm.os_error(errno.0)
}

/// Works with the board; ENODEV if there is none.
pub(crate) fn with<R>(
    vm: &mut Vm<'_>,
    work: impl FnOnce(&mut dyn Board) -> hal::Result<R>,
) -> Result<R> {
    let outcome = match vm.host().board() {
        Some(board) => work(board),
        None => Err(Errno::ENODEV),
    };
    outcome.map_err(|errno| failed(vm, errno))
}

pub(crate) fn system<R>(
    vm: &mut Vm<'_>,
    work: impl FnOnce(&mut dyn System) -> hal::Result<R>,
) -> Result<R> {
    with(vm, |board| work(board.system().ok_or(Errno::ENODEV)?))
}

/// Looks after the hardware: calls the handlers of pins and timers. What [`Library::service`] is.
///
/// [`Library::service`]: upy_runtime::Library::service
pub(crate) fn service(vm: &mut Vm<'_>) -> Result<()> {
    pin::service(vm)?;
    timer::service(vm)
}

/// Ends the program after the board was told to start again.
fn ended(vm: &mut Vm<'_>) -> Raised {
    vm.raise_with(TypeId::SystemExit, None)
}

fn reset(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    system(vm, |system| {
        system.reset();
        Ok(())
    })?;
    Err(ended(vm))
}

fn bootloader(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    system(vm, |system| {
        system.bootloader();
        Ok(())
    })?;
    Err(ended(vm))
}

fn soft_reset(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    Err(ended(vm))
}

fn reset_cause(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let cause = system(vm, |system| Ok(system.reset_cause()))?;
    Ok(Value::small(match cause {
        ResetCause::Power => 1,
        ResetCause::Hard => 2,
        ResetCause::Watchdog => 3,
        ResetCause::DeepSleep => 4,
        ResetCause::Soft => 5,
    }))
}

fn unique_id(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let mut id = [0; 16];
    let len = system(vm, |system| Ok(system.unique_id(&mut id)))?;
    vm.new_bytes(&id[..len.min(id.len())])
}

/// `freq()`, `freq(hz)`
fn freq(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if args.count == 0 {
        let frequency = system(vm, |system| Ok(system.frequency_hz()))?;
        return vm.new_unsigned(u64::from(frequency));
    }
    let given = args.at(vm, 0);
    let Ok(frequency) = u32::try_from(vm.to_i64_value(given)?) else {
        return Err(vm.value_error(b"frequency out of range"));
    };
    let set = system(vm, |system| Ok(system.set_frequency_hz(frequency).is_ok()))?;
    if set {
        return Ok(Value::NONE);
    }
    Err(vm.value_error(b"cannot change frequency"))
}

fn idle(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    system(vm, |system| {
        system.idle();
        Ok(())
    })?;
    vm.poll()?;
    Ok(Value::NONE)
}

fn limit_us(vm: &mut Vm<'_>, args: Args) -> Result<Option<u64>> {
    match args.some(vm, 0) {
        Some(time) => {
            let time = vm.to_isize(time)?;
            Ok(Some(u64::try_from(time).unwrap_or(0).saturating_mul(1000)))
        }
        None => Ok(None),
    }
}

/// `lightsleep(time_ms=None)`
fn lightsleep(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let limit = limit_us(vm, args)?;
    system(vm, |system| {
        system.light_sleep(limit);
        Ok(())
    })?;
    vm.poll()?;
    Ok(Value::NONE)
}

/// `deepsleep(time_ms=None)`
fn deepsleep(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let limit = limit_us(vm, args)?;
    system(vm, |system| {
        system.deep_sleep(limit);
        Ok(())
    })?;
    Err(ended(vm))
}

fn disable_irq(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let before = system(vm, |system| Ok(system.disable_interrupts()))?;
    vm.new_unsigned(before as u64)
}

fn enable_irq(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let before = match args.get(vm, 0) {
        Some(before) => vm.to_bits(before)? as usize,
        None => 1,
    };
    system(vm, |system| {
        system.enable_interrupts(before);
        Ok(())
    })?;
    Ok(Value::NONE)
}

/// The options of a constructor or `init`: positional ones from `first` on, or by name. An absent one is `None`.
pub(crate) fn options<const COUNT: usize>(
    vm: &mut Vm<'_>,
    args: Args,
    first: usize,
    names: [Qstr; COUNT],
) -> Result<[Option<Value>; COUNT]> {
    vm.check_keywords(args, &names)?;
    if args.count > first + COUNT {
        return Err(vm.wrong_count(first, first + COUNT, args.count));
    }
    let mut values = [None; COUNT];
    for (index, (value, name)) in values.iter_mut().zip(names).enumerate() {
        *value = args.either(vm, first + index, name);
    }
    Ok(values)
}

/// An option as a number, or a default.
pub(crate) fn number_or(vm: &mut Vm<'_>, option: Option<Value>, default: i64) -> Result<i64> {
    match option.filter(|option| !option.is_none()) {
        Some(option) => vm.to_i64_value(option),
        None => Ok(default),
    }
}

/// An option as a pin, if it is there.
pub(crate) fn pin_or_none(vm: &mut Vm<'_>, option: Option<Value>) -> Result<Option<u16>> {
    match option.filter(|option| !option.is_none()) {
        Some(option) => pin::number_of(vm, option).map(Some),
        None => Ok(None),
    }
}

/// A function with keyword arguments.
pub(crate) const fn with_keywords(
    name: Qstr,
    native: upy_runtime::Native,
    least: u8,
    most: u8,
) -> Entry {
    function(name, native, least, KEYWORDS | most)
}
