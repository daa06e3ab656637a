//! `machine.PWM`

use upy_hal::machine::Errno;
use upy_runtime::{Args, Body, Entry, Result, Sink, Slots, TypeId, TypeInfo, Value, Vm, function};

use super::{number_or, options, pin, with, with_keywords};
use crate::names as q;

const ENTRIES: &[Entry] = &[
    with_keywords(q::init, init, 1, 1),
    function(q::deinit, deinit, 1, 1),
    function(q::freq, freq, 1, 2),
    function(q::duty_u16, duty_u16, 1, 2),
    function(q::duty_ns, duty_ns, 1, 2),
    function(q::duty, duty, 1, 2),
    function(q::__repr__, repr, 1, 1),
];

pub(crate) static PWM: TypeInfo = TypeInfo {
    name: q::PWM,
    base: TypeId::Object,
    make: Some(make),
    entries: ENTRIES,
    slots: &Slots::NONE,
};

#[derive(Clone, Copy)]
struct Pwm {
    pin: u16,
    frequency_hz: u32,
    duty_u16: u16,
    /// The width of the pulse where it was given in nanoseconds: it stays when the frequency changes.
    duty_ns: Option<u32>,
    invert: bool,
}

impl Body for Pwm {}

/// `PWM(dest, *, freq, duty_u16, duty_ns, invert)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    let Some(id) = args.get(vm, 0) else {
        return Err(vm.wrong_count(1, 1, 0));
    };
    let pin = pin::number_of(vm, id)?;
    let mut pwm = Pwm {
        pin,
        frequency_hz: 0,
        duty_u16: 0,
        duty_ns: None,
        invert: false,
    };
    set(vm, &mut pwm, args)?;
    vm.new_object(class, pwm)
}

fn set(vm: &mut Vm<'_>, pwm: &mut Pwm, args: Args) -> Result<()> {
    let names = [q::freq, q::duty_u16, q::duty_ns, q::invert];
    let [frequency, duty_u16, duty_ns, invert] = options(vm, args, 1, names)?;
    if frequency.is_some() {
        let frequency = number_or(vm, frequency, 0)?;
        pwm.frequency_hz = frequency_of(vm, frequency)?;
    }
    if duty_u16.is_some() {
        pwm.duty_u16 = number_or(vm, duty_u16, 0)?.clamp(0, 65_535) as u16;
        pwm.duty_ns = None;
    }
    if duty_ns.is_some() {
        pwm.duty_ns = Some(number_or(vm, duty_ns, 0)?.clamp(0, i64::from(u32::MAX)) as u32);
    }
    if let Some(invert) = invert {
        pwm.invert = vm.truth(invert)?;
    }
    apply(vm, pwm)
}

fn frequency_of(vm: &mut Vm<'_>, frequency: i64) -> Result<u32> {
    match u32::try_from(frequency) {
        Ok(frequency) if frequency > 0 => Ok(frequency),
        _ => Err(vm.value_error(b"freq out of range")),
    }
}

fn apply(vm: &mut Vm<'_>, pwm: &mut Pwm) -> Result<()> {
    if let Some(width) = pwm.duty_ns {
        let duty = u64::from(width) * u64::from(pwm.frequency_hz) * 65_535 / 1_000_000_000;
        pwm.duty_u16 = duty.min(65_535) as u16;
    }
    if pwm.frequency_hz == 0 {
        return Ok(());
    }
    let duty = if pwm.invert {
        65_535 - pwm.duty_u16
    } else {
        pwm.duty_u16
    };
    let (pin, frequency) = (pwm.pin, pwm.frequency_hz);
    with(vm, |board| {
        let part = board.pwm().ok_or(Errno::ENODEV)?;
        part.configure(pin, frequency, duty)
    })
}

/// Changes a wave and applies it.
fn change(vm: &mut Vm<'_>, args: Args, work: impl FnOnce(&mut Pwm)) -> Result<Value> {
    let object = args.at(vm, 0);
    let mut pwm = vm.this::<Pwm>(args)?;
    work(&mut pwm);
    apply(vm, &mut pwm)?;
    if let Some(body) = vm.body_mut::<Pwm>(object) {
        *body = pwm;
    }
    Ok(Value::NONE)
}

fn init(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    let mut pwm = vm.this::<Pwm>(args)?;
    set(vm, &mut pwm, args)?;
    if let Some(body) = vm.body_mut::<Pwm>(object) {
        *body = pwm;
    }
    Ok(Value::NONE)
}

fn deinit(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let pin = vm.this::<Pwm>(args)?.pin;
    with(vm, |board| {
        let part = board.pwm().ok_or(Errno::ENODEV)?;
        part.configure(pin, 0, 0)
    })?;
    Ok(Value::NONE)
}

/// `freq()`, `freq(hz)`
fn freq(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if args.count == 1 {
        let frequency = vm.this::<Pwm>(args)?.frequency_hz;
        return vm.new_unsigned(u64::from(frequency));
    }
    let frequency = vm.int_arg(args, 1)? as i64;
    let frequency = frequency_of(vm, frequency)?;
    change(vm, args, |pwm| pwm.frequency_hz = frequency)
}

/// `duty_u16()`, `duty_u16(duty)`
fn duty_u16(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if args.count == 1 {
        return Ok(Value::small(vm.this::<Pwm>(args)?.duty_u16 as isize));
    }
    let duty = vm.int_arg(args, 1)?.clamp(0, 65_535) as u16;
    change(vm, args, |pwm| {
        pwm.duty_u16 = duty;
        pwm.duty_ns = None;
    })
}

/// `duty_ns()`, `duty_ns(width)`
fn duty_ns(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if args.count == 1 {
        let pwm = vm.this::<Pwm>(args)?;
        let width = match (pwm.duty_ns, pwm.frequency_hz) {
            (Some(width), _) => u64::from(width),
            (None, 0) => 0,
            (None, frequency) => {
                u64::from(pwm.duty_u16) * 1_000_000_000 / 65_535 / u64::from(frequency)
            }
        };
        return vm.new_unsigned(width);
    }
    let given = args.at(vm, 1);
    let width = vm.to_i64_value(given)?.clamp(0, i64::from(u32::MAX)) as u32;
    change(vm, args, |pwm| pwm.duty_ns = Some(width))
}

/// `duty()`, `duty(duty)`: ten bits, as older boards have it
fn duty(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if args.count == 1 {
        return Ok(Value::small((vm.this::<Pwm>(args)?.duty_u16 >> 6) as isize));
    }
    let duty = vm.int_arg(args, 1)?.clamp(0, 1023) as u32;
    change(vm, args, |pwm| {
        pwm.duty_u16 = (duty * 65_535 / 1023) as u16;
        pwm.duty_ns = None;
    })
}

fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let pwm = vm.this::<Pwm>(args)?;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    vm.put(sink, b"<PWM pin=")?;
    vm.put_number(sink, pwm.pin as isize)?;
    vm.put(sink, b" freq=")?;
    vm.put_number(sink, pwm.frequency_hz as isize)?;
    vm.put(sink, b" duty_u16=")?;
    vm.put_number(sink, pwm.duty_u16 as isize)?;
    vm.put(
        sink,
        if pwm.invert {
            b" invert=1>"
        } else {
            b" invert=0>"
        },
    )?;
    vm.take_text(buffer)
}
