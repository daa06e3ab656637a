//! The two-wire buses, as controller.
//!
//! Source: RP2040 datasheet, chapter 4.3.

use upy_hal::machine::{self as hal, Errno, Pull, Result};

use crate::pins::{function, give};
use crate::register::{Block, I2C, reset, start};
use crate::system::clock_hz;
use crate::time;

mod register {
    pub(super) const CONTROL: usize = 0x00;
    pub(super) const TARGET: usize = 0x04;
    pub(super) const DATA: usize = 0x10;
    pub(super) const FAST_HIGH: usize = 0x1c;
    pub(super) const FAST_LOW: usize = 0x20;
    pub(super) const RAW_INTERRUPTS: usize = 0x34;
    pub(super) const CLEAR_ABORT: usize = 0x54;
    pub(super) const CLEAR_STOP: usize = 0x60;
    pub(super) const ENABLE: usize = 0x6c;
    pub(super) const STATUS: usize = 0x70;
    pub(super) const RECEIVED: usize = 0x78;
    pub(super) const HOLD: usize = 0x7c;
    pub(super) const ABORT_SOURCE: usize = 0x80;
    pub(super) const SPIKE: usize = 0xa0;
}

/// Controller, fast mode, repeated starts, no target; an empty queue reports its end.
const CONTROLLER: u32 = 1 | 2 << 1 | 1 << 5 | 1 << 6 | 1 << 8;
const READ: u32 = 1 << 8;
const STOP: u32 = 1 << 9;
const RESTART: u32 = 1 << 10;
const TX_NOT_FULL: u32 = 1 << 1;
const RX_NOT_EMPTY: u32 = 1 << 3;
const TX_EMPTY: u32 = 1 << 4;
const ABORTED: u32 = 1 << 6;
const STOPPED: u32 = 1 << 9;
/// Nobody answered to the address.
const NO_ANSWER: u32 = 1;
/// A byte was not acknowledged.
const NO_ACKNOWLEDGE: u32 = 1 << 3;
/// What one byte may take.
const PATIENCE_US: u64 = 50_000;

/// One bus.
pub struct I2c {
    number: u8,
    pins: (u16, u16),
    /// The last transfer had no stop.
    is_held: bool,
}

impl I2c {
    /// A bus on its usual pins, not started yet.
    pub const fn new(number: u8) -> Self {
        let pins = if number == 0 { (5, 4) } else { (7, 6) };
        Self {
            number,
            pins,
            is_held: false,
        }
    }

    fn block(&self) -> Block {
        I2C[usize::from(self.number)]
    }

    /// Waits for a bit of a register, or the end of the transfer by an abort.
    fn wait(&self, register: usize, bit: u32) -> Result<()> {
        let start = time::ticks_us();
        while self.block().read(register) & bit == 0 {
            if self.block().read(register::RAW_INTERRUPTS) & ABORTED != 0 {
                return Err(self.abort());
            }
            if time::ticks_us() - start > PATIENCE_US {
                return Err(Errno::ETIMEDOUT);
            }
        }
        Ok(())
    }

    /// Why the transfer was given up.
    fn abort(&self) -> Errno {
        let source = self.block().read(register::ABORT_SOURCE);
        self.block().read(register::CLEAR_ABORT);
        if source & NO_ANSWER != 0 {
            Errno::ENODEV
        } else if source & NO_ACKNOWLEDGE != 0 {
            Errno::EIO
        } else {
            Errno::ETIMEDOUT
        }
    }

    fn aim(&mut self, address: u16) {
        if !self.is_held {
            self.block().write(register::ENABLE, 0);
            self.block().write(register::TARGET, u32::from(address));
            self.block().write(register::ENABLE, 1);
        }
    }

    /// The flags of byte `at` of `len`.
    fn flags(&self, at: usize, len: usize, stop: bool) -> u32 {
        let restart = if at == 0 && self.is_held { RESTART } else { 0 };
        let stop = if at + 1 == len && stop { STOP } else { 0 };
        restart | stop
    }

    fn end(&mut self, stop: bool) -> Result<()> {
        self.is_held = !stop;
        if stop {
            self.wait(register::RAW_INTERRUPTS, STOPPED)?;
            self.block().read(register::CLEAR_STOP);
        }
        if self.block().read(register::RAW_INTERRUPTS) & ABORTED != 0 {
            self.is_held = false;
            return Err(self.abort());
        }
        Ok(())
    }

    fn send(&mut self, bytes: &[u8], stop: bool) -> Result<()> {
        for (at, byte) in bytes.iter().enumerate() {
            let flags = self.flags(at, bytes.len(), stop);
            self.wait(register::STATUS, TX_NOT_FULL)?;
            self.block().write(register::DATA, u32::from(*byte) | flags);
            self.wait(register::RAW_INTERRUPTS, TX_EMPTY)?;
        }
        self.end(stop)
    }

    fn receive(&mut self, buffer: &mut [u8], stop: bool) -> Result<()> {
        let len = buffer.len();
        for (at, byte) in buffer.iter_mut().enumerate() {
            let flags = self.flags(at, len, stop);
            self.block().write(register::DATA, READ | flags);
            self.wait(register::STATUS, RX_NOT_EMPTY)?;
            *byte = self.block().read(register::DATA).to_le_bytes()[0];
        }
        self.end(stop)
    }

    fn settle<R>(&mut self, outcome: Result<R>) -> Result<R> {
        if outcome.is_err() {
            self.is_held = false;
            self.block().write(register::ENABLE, 0);
        }
        outcome
    }
}

impl hal::I2c for I2c {
    fn configure(&mut self, frequency_hz: u32, pins: Option<(u16, u16)>) -> Result<()> {
        let (scl, sda) = pins.unwrap_or(self.pins);
        let bus = u16::from(self.number);
        let fits = |pin: u16, odd: u16| pin < 30 && pin % 2 == odd && pin / 2 % 2 == bus;
        if !fits(scl, 1) || !fits(sda, 0) || !(1..=1_000_000).contains(&frequency_hz) {
            return Err(Errno::EINVAL);
        }
        self.pins = (scl, sda);
        start(reset::I2C0 << self.number);
        let block = self.block();
        block.write(register::ENABLE, 0);
        block.write(register::CONTROL, CONTROLLER);
        // 3/5 of a period low, 2/5 high, as fast mode wants it.
        let period = clock_hz() / frequency_hz;
        let low = (period * 3 / 5).clamp(8, 0xffff);
        block.write(register::FAST_LOW, low);
        block.write(
            register::FAST_HIGH,
            period.saturating_sub(low).clamp(8, 0xffff),
        );
        block.write(register::SPIKE, (low / 16).clamp(1, 0xff));
        // 300 ns, 120 ns for the fastest mode.
        let hold = if frequency_hz < 1_000_000 { 38 } else { 16 };
        block.write(register::HOLD, hold);
        block.write(register::ENABLE, 1);
        self.is_held = false;
        give(scl, function::I2C, Pull::Up);
        give(sda, function::I2C, Pull::Up);
        Ok(())
    }

    fn pins(&self) -> (u16, u16) {
        self.pins
    }

    fn write(&mut self, address: u16, bytes: &[u8], stop: bool) -> Result<usize> {
        // The controller can't send an address alone: a read of one byte asks whether the device is there.
        if bytes.is_empty() {
            return self.read(address, &mut [0], true).map(|()| 0);
        }
        self.aim(address);
        let outcome = self.send(bytes, stop);
        match self.settle(outcome) {
            Ok(()) => Ok(bytes.len()),
            Err(errno) => Err(errno),
        }
    }

    fn read(&mut self, address: u16, buffer: &mut [u8], stop: bool) -> Result<()> {
        self.aim(address);
        while self.block().read(register::RECEIVED) != 0 {
            self.block().read(register::DATA);
        }
        let outcome = self.receive(buffer, stop);
        self.settle(outcome)
    }
}
