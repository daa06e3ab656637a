//! `machine.ADC`

use upy_hal::machine::{self as hal, Adc as Converter, Errno, PinMode, Pull};
use upy_runtime::{
    Args, Body, Entry, Result, Sink, Slots, TypeId, TypeInfo, Value, Vm, function, number,
};

use super::{options, pin, with, with_keywords};
use crate::names as q;

/// The channel of the temperature sensor, as on the RP2040.
const CORE_TEMP: isize = 4;

const ENTRIES: &[Entry] = &[
    with_keywords(q::init, init, 1, 2),
    function(q::read_u16, read_u16, 1, 1),
    function(q::read_uv, read_uv, 1, 1),
    function(q::read, read, 1, 1),
    function(q::__repr__, repr, 1, 1),
    number(q::CORE_TEMP, CORE_TEMP),
];

pub(crate) static ADC: TypeInfo = TypeInfo {
    name: q::ADC,
    base: TypeId::Object,
    make: Some(make),
    entries: ENTRIES,
    slots: &Slots::NONE,
};

#[derive(Clone, Copy)]
struct Adc {
    channel: u8,
}

impl Body for Adc {}

fn adc<R>(vm: &mut Vm<'_>, work: impl FnOnce(&mut dyn Converter) -> hal::Result<R>) -> Result<R> {
    with(vm, |board| work(board.adc().ok_or(Errno::ENODEV)?))
}

/// `ADC(id)`: a channel, or a pin that has one
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    let Some(id) = args.get(vm, 0) else {
        return Err(vm.wrong_count(1, 1, 0));
    };
    options(vm, args, 1, [q::sample_ns, q::atten])?;
    if let Some(channel) = vm.small_of(vm.native_of(id))
        && let Ok(channel) = u8::try_from(channel)
        && adc(vm, |adc| Ok(adc.has_channel(channel)))?
    {
        return vm.new_object(class, Adc { channel });
    }
    let number = pin::number_of(vm, id)?;
    let Some(channel) = adc(vm, |adc| Ok(adc.channel_of(number)))? else {
        return Err(vm.value_error(b"Pin doesn't have ADC capabilities"));
    };
    pin::pins(vm, |pins| {
        pins.configure(number, PinMode::Analog, Pull::None, None)
    })?;
    vm.new_object(class, Adc { channel })
}

fn init(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    options(vm, args, 1, [q::sample_ns, q::atten])?;
    Ok(Value::NONE)
}

fn sample(vm: &mut Vm<'_>, args: Args) -> Result<u16> {
    let channel = vm.this::<Adc>(args)?.channel;
    adc(vm, |adc| adc.read_u16(channel))
}

fn read_u16(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    Ok(Value::small(sample(vm, args)? as isize))
}

/// Microvolts.
fn read_uv(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let sample = u64::from(sample(vm, args)?);
    let reference = u64::from(adc(vm, |adc| Ok(adc.reference_uv()))?);
    vm.new_unsigned(sample * reference / 65_535)
}

/// Twelve bits, as older boards read.
fn read(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    Ok(Value::small((sample(vm, args)? >> 4) as isize))
}

fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let channel = vm.this::<Adc>(args)?.channel;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    vm.put(sink, b"<ADC channel=")?;
    vm.put_number(sink, channel as isize)?;
    vm.put(sink, b">")?;
    vm.take_text(buffer)
}
