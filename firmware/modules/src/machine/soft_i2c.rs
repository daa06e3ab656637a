//! `machine.SoftI2C`: the bus on any two pins.

use upy_hal::Board;
use upy_hal::machine::{self as hal, Errno, I2c as Bus, PinMode, Pins, Pull};
use upy_runtime::{Args, Body, Entry, Result, Slots, TypeId, TypeInfo, Value, Vm, function};

use super::i2c::SHARED;
use super::{failed, number_or, options, pin_or_none};
use crate::names as q;

const ENTRIES: &[Entry] = &{
    let mut entries = [function(q::start, start, 1, 1); SHARED.len() + 4];
    entries[1] = function(q::stop, stop, 1, 1);
    entries[2] = function(q::readinto, readinto, 2, 3);
    entries[3] = function(q::write, write, 2, 2);
    let mut at = 0;
    while at < SHARED.len() {
        entries[4 + at] = SHARED[at];
        at += 1;
    }
    entries
};

pub(crate) static SOFT_I2C: TypeInfo = TypeInfo {
    name: q::SoftI2C,
    base: TypeId::Object,
    make: Some(make),
    entries: ENTRIES,
    slots: &Slots::NONE,
};

#[derive(Clone, Copy)]
pub(super) struct SoftI2c {
    scl: u16,
    sda: u16,
    /// Half a clock, in microseconds.
    half_us: u64,
    timeout_us: u64,
}

impl Body for SoftI2c {}

/// `SoftI2C(scl, sda, *, freq=400000, timeout=50000)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    let names = [q::scl, q::sda, q::freq, q::timeout];
    let [scl, sda, frequency, timeout] = options(vm, args, 0, names)?;
    let (Some(scl), Some(sda)) = (pin_or_none(vm, scl)?, pin_or_none(vm, sda)?) else {
        return Err(vm.type_error(b"'scl' and 'sda' arguments required"));
    };
    let frequency = number_or(vm, frequency, 400_000)?.clamp(1, 1_000_000);
    let timeout = number_or(vm, timeout, 50_000)?;
    let soft = SoftI2c {
        scl,
        sda,
        half_us: (500_000 / frequency) as u64,
        timeout_us: u64::try_from(timeout).unwrap_or(0),
    };
    let frequency_hz = u32::try_from(frequency).unwrap_or(1);
    on(vm, soft, |bus| {
        bus.configure(frequency_hz, Some((scl, sda)))
    })?;
    vm.new_object(class, soft)
}

fn on<R>(
    vm: &mut Vm<'_>,
    soft: SoftI2c,
    work: impl FnOnce(&mut dyn Bus) -> hal::Result<R>,
) -> Result<R> {
    let outcome = match vm.host().board() {
        Some(board) => on_board(board, soft, work),
        None => Err(Errno::ENODEV),
    };
    outcome.map_err(|errno| failed(vm, errno))
}

/// Works with the bus on two pins: the board's own, or by moving the pins.
pub(super) fn on_board<R>(
    board: &mut dyn Board,
    soft: SoftI2c,
    work: impl FnOnce(&mut dyn Bus) -> hal::Result<R>,
) -> hal::Result<R> {
    if let Some(bus) = board.soft_i2c(soft.scl, soft.sda) {
        return work(bus);
    }
    match board.pins() {
        Some(pins) => work(&mut Wires { pins, soft }),
        None => Err(Errno::ENODEV),
    }
}

/// The bus as two pins that are let go or pulled low.
struct Wires<'b> {
    pins: &'b mut dyn Pins,
    soft: SoftI2c,
}

impl Wires<'_> {
    fn pause(&mut self) {
        let start = self.pins.now_us();
        while self.pins.now_us().wrapping_sub(start) < self.soft.half_us {}
    }

    fn data(&mut self, level: bool) {
        self.pins.write(self.soft.sda, level);
        self.pause();
    }

    fn clock_low(&mut self) {
        self.pins.write(self.soft.scl, false);
        self.pause();
    }

    /// Lets the clock go, and waits while a device holds it.
    fn clock_high(&mut self) -> hal::Result<()> {
        self.pins.write(self.soft.scl, true);
        self.pause();
        let start = self.pins.now_us();
        while !self.pins.read(self.soft.scl) {
            if self.pins.now_us().wrapping_sub(start) > self.soft.timeout_us {
                return Err(Errno::ETIMEDOUT);
            }
        }
        Ok(())
    }

    fn start(&mut self) -> hal::Result<()> {
        self.data(true);
        self.clock_high()?;
        self.data(false);
        self.clock_low();
        Ok(())
    }

    fn stop(&mut self) -> hal::Result<()> {
        self.data(false);
        self.clock_high()?;
        self.data(true);
        Ok(())
    }

    /// Sends a byte; whether it was acknowledged.
    fn send(&mut self, byte: u8) -> hal::Result<bool> {
        for bit in (0..8).rev() {
            self.data(byte >> bit & 1 == 1);
            self.clock_high()?;
            self.clock_low();
        }
        self.data(true);
        self.clock_high()?;
        let acknowledged = !self.pins.read(self.soft.sda);
        self.clock_low();
        Ok(acknowledged)
    }

    fn receive(&mut self, acknowledge: bool) -> hal::Result<u8> {
        self.data(true);
        let mut byte = 0;
        for _ in 0..8 {
            self.clock_high()?;
            byte = byte << 1 | u8::from(self.pins.read(self.soft.sda));
            self.clock_low();
        }
        self.data(!acknowledge);
        self.clock_high()?;
        self.clock_low();
        Ok(byte)
    }

    fn address(&mut self, address: u16, read: bool) -> hal::Result<()> {
        self.start()?;
        if self.send((address as u8) << 1 | u8::from(read))? {
            return Ok(());
        }
        self.stop()?;
        Err(Errno::ENODEV)
    }
}

impl Bus for Wires<'_> {
    fn configure(&mut self, _: u32, _: Option<(u16, u16)>) -> hal::Result<()> {
        for pin in [self.soft.scl, self.soft.sda] {
            let open = PinMode::OpenDrain;
            self.pins.configure(pin, open, Pull::Up, Some(true))?;
        }
        Ok(())
    }

    fn pins(&self) -> (u16, u16) {
        (self.soft.scl, self.soft.sda)
    }

    fn write(&mut self, address: u16, bytes: &[u8], stop: bool) -> hal::Result<usize> {
        self.address(address, false)?;
        let mut count = 0;
        for &byte in bytes {
            if !self.send(byte)? {
                break;
            }
            count += 1;
        }
        if stop {
            self.stop()?;
        }
        Ok(count)
    }

    fn read(&mut self, address: u16, buffer: &mut [u8], stop: bool) -> hal::Result<()> {
        self.address(address, true)?;
        let last = buffer.len();
        for (index, slot) in buffer.iter_mut().enumerate() {
            *slot = self.receive(index + 1 < last)?;
        }
        if stop {
            self.stop()?;
        }
        Ok(())
    }
}

/// Runs a primitive of the bus; it is always made by moving the pins.
fn primitive<R>(
    vm: &mut Vm<'_>,
    args: Args,
    work: impl FnOnce(&mut Wires<'_>) -> hal::Result<R>,
) -> Result<R> {
    let soft = vm.this::<SoftI2c>(args)?;
    super::pin::pins(vm, |pins| work(&mut Wires { pins, soft }))
}

fn start(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    primitive(vm, args, |wires| wires.start())?;
    Ok(Value::NONE)
}

fn stop(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    primitive(vm, args, |wires| wires.stop())?;
    Ok(Value::NONE)
}

/// `readinto(buffer, nack=True)`
fn readinto(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let target = args.at(vm, 1);
    let nack = match args.get(vm, 2) {
        Some(nack) => vm.truth(nack)?,
        None => true,
    };
    let len = vm.data_mut(target)?.len();
    for index in 0..len {
        let acknowledge = index + 1 < len || !nack;
        let byte = primitive(vm, args, |wires| wires.receive(acknowledge))?;
        vm.data_mut(target)?[index] = byte;
    }
    Ok(Value::NONE)
}

/// `write(buffer)`: how many bytes were acknowledged
fn write(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let data = vm.native_of(args.at(vm, 1));
    let len = vm.data(data)?.len();
    let mut count = 0;
    while count < len {
        let byte = vm.bytes_of(data)[count];
        if !primitive(vm, args, |wires| wires.send(byte))? {
            break;
        }
        count += 1;
    }
    Ok(Value::small(count as isize))
}
