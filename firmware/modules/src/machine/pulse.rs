//! `machine.time_pulse_us`, `bitstream`, and what the DHT sensors need.

use upy_runtime::{Args, Result, Value, Vm};

use super::pin::{self, pins};
use crate::names as q;

/// How long a pulse lasts in microseconds.
enum Pulse {
    Width(u64),
    /// It did not begin.
    NoStart,
    /// It did not end.
    NoEnd,
}

/// What is watched: a pin of the board, or an object of a class derived from `PinBase`.
#[derive(Clone, Copy)]
enum Watched {
    Pin(u16),
    Object(Value),
}

impl Watched {
    fn read(self, vm: &mut Vm<'_>) -> Result<bool> {
        match self {
            Self::Pin(number) => pin::read(vm, number),
            Self::Object(object) => {
                let level = vm.call_method(object, q::value, &[])?;
                vm.truth(level)
            }
        }
    }
}

fn pulse(vm: &mut Vm<'_>, watched: Watched, level: bool, timeout_us: u64) -> Result<Pulse> {
    for (awaited, lost) in [(level, Pulse::NoStart), (!level, Pulse::NoEnd)] {
        let start = vm.host().ticks_us();
        while watched.read(vm)? != awaited {
            let waited = vm.host().ticks_us().wrapping_sub(start);
            if waited >= timeout_us {
                return Ok(lost);
            }
            // In a simulation somebody else drives the pin.
            vm.host().relax();
            vm.poll()?;
        }
        if awaited != level {
            return Ok(Pulse::Width(vm.host().ticks_us().wrapping_sub(start)));
        }
    }
    Ok(Pulse::NoEnd)
}

/// `time_pulse_us(pin, level, timeout_us=1000000)`: -2 if the pulse does not begin, -1 if it does not end
pub(super) fn time_pulse_us(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, level) = (args.at(vm, 0), args.at(vm, 1));
    let watched = if pin::is_base(vm, object) {
        Watched::Object(object)
    } else {
        Watched::Pin(pin::number_of(vm, object)?)
    };
    let level = vm.truth(level)?;
    let timeout = if args.count > 2 {
        u64::try_from(vm.int_arg(args, 2)?).unwrap_or(0)
    } else {
        1_000_000
    };
    match pulse(vm, watched, level, timeout)? {
        Pulse::Width(width) => vm.new_unsigned(width),
        Pulse::NoStart => Ok(Value::small(-2)),
        Pulse::NoEnd => Ok(Value::small(-1)),
    }
}

/// `bitstream(pin, encoding, timing, data)`
pub(super) fn bitstream(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    let number = pin::number_of(vm, object)?;
    if vm.int_arg(args, 1)? != 0 {
        return Err(vm.value_error(b"encoding"));
    }
    let timing = args.at(vm, 2);
    if vm.items_of(timing).map(<[Value]>::len) != Some(4) {
        return Err(vm.value_error(b"timing needs four times"));
    }
    let mut times = [0; 4];
    for (index, time) in times.iter_mut().enumerate() {
        let item = vm.item_at(timing, index).unwrap_or(Value::NONE);
        *time = u32::try_from(vm.to_isize(item)?).unwrap_or(0);
    }
    let data = vm.native_of(args.at(vm, 3));
    let len = vm.data(data)?.len();
    let mut chunk = [0; 256];
    let mut at = 0;
    while at < len {
        let size = (len - at).min(chunk.len());
        chunk[..size].copy_from_slice(&vm.bytes_of(data)[at..at + size]);
        pins(vm, |pins| pins.bitstream(number, times, &chunk[..size]))?;
        at += size;
    }
    Ok(Value::NONE)
}

/// `dht_readinto(pin, buffer)`: asks a DHT11 or DHT22 for its five bytes
pub(super) fn dht_readinto(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, buffer) = (args.at(vm, 0), args.at(vm, 1));
    let number = pin::number_of(vm, object)?;
    if vm.data_mut(buffer)?.len() < 5 {
        return Err(vm.value_error(b"buffer too small"));
    }
    // Held low for 18 ms it wakes up, answers with 80 us low and high, then sends 40 bits: a high of about 28 us
    // is 0, one of about 70 us is 1.
    let drive = upy_hal::machine::PinMode::OpenDrain;
    let pull = upy_hal::machine::Pull::Up;
    pins(vm, |pins| pins.configure(number, drive, pull, Some(true)))?;
    crate::wait::pause(vm, 250_000)?;
    pin::write(vm, number, false)?;
    crate::wait::pause(vm, 18_000)?;
    pin::write(vm, number, true)?;
    if !matches!(
        pulse(vm, Watched::Pin(number), false, 1000)?,
        Pulse::Width(_)
    ) {
        return Err(vm.os_error(110));
    }
    let mut bytes = [0; 5];
    // The high of the answer comes before the first bit.
    if !matches!(
        pulse(vm, Watched::Pin(number), true, 1000)?,
        Pulse::Width(_)
    ) {
        return Err(vm.os_error(110));
    }
    for bit in 0..40 {
        let Pulse::Width(width) = pulse(vm, Watched::Pin(number), true, 1000)? else {
            return Err(vm.os_error(110));
        };
        bytes[bit / 8] = bytes[bit / 8] << 1 | u8::from(width > 48);
    }
    vm.data_mut(buffer)?[..5].copy_from_slice(&bytes);
    Ok(Value::NONE)
}
