//! The two-wire bus, as controller. A transfer is a list of commands with at most 32 bytes; between two lists the
//! clock is held low.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 28.

use upy_hal::machine::{self as hal, Errno, Result};

use crate::pins::{give_bus, is_free, signal};
use crate::register::{I2C, part, start};
use crate::time;

mod register {
    pub(super) const LOW: usize = 0x00;
    pub(super) const CONTROL: usize = 0x04;
    pub(super) const TIMEOUT: usize = 0x0c;
    pub(super) const FIFO: usize = 0x18;
    pub(super) const DATA: usize = 0x1c;
    pub(super) const RAW: usize = 0x20;
    pub(super) const CLEAR: usize = 0x24;
    pub(super) const HOLD: usize = 0x30;
    pub(super) const SAMPLE: usize = 0x34;
    pub(super) const HIGH: usize = 0x38;
    pub(super) const START_HOLD: usize = 0x40;
    pub(super) const RESTART_SETUP: usize = 0x44;
    pub(super) const STOP_HOLD: usize = 0x48;
    pub(super) const STOP_SETUP: usize = 0x4c;
    pub(super) const FILTER: usize = 0x50;
    pub(super) const CLOCK: usize = 0x54;
    pub(super) const COMMANDS: usize = 0x58;
}

/// Both lines open drain, controller, its clock on.
const CONTROLLER: u32 = 1 | 1 << 1 | 1 << 4 | 1 << 8;
const START: u32 = 1 << 5;
const RESET: u32 = 1 << 10;
const UPDATE: u32 = 1 << 11;
/// Events: an end without a stop, arbitration lost, all done, too slow, not acknowledged.
const END: u32 = 1 << 3;
const LOST: u32 = 1 << 5;
const COMPLETE: u32 = 1 << 7;
const TOO_SLOW: u32 = 1 << 8 | 1 << 13 | 1 << 14;
const REFUSED: u32 = 1 << 10;
/// The queues are emptied; they are used as queues.
const EMPTY: u32 = 1 << 12 | 1 << 13;
const QUEUES: u32 = 1 << 14;
/// The crystal's 40 MHz, on.
const CRYSTAL: u32 = 1 << 21;
const SOURCE_HZ: u32 = 40_000_000;
/// Glitches up to seven clocks are left out.
const FILTER: u32 = 7 | 7 << 4 | 1 << 8 | 1 << 9;
const QUEUE_BYTES: usize = 32;

mod command {
    pub(super) const RESTART: u32 = 6 << 11;
    /// The answer has to be "acknowledged".
    pub(super) const WRITE: u32 = 1 << 11 | 1 << 8;
    pub(super) const READ: u32 = 3 << 11;
    /// Says "no more" after the bytes of a read.
    pub(super) const LAST: u32 = 1 << 10;
    pub(super) const STOP: u32 = 2 << 11;
    pub(super) const END: u32 = 4 << 11;
}

/// What one list may take.
const PATIENCE_US: u64 = 100_000;

/// The bus.
pub struct I2c {
    /// Clock, data.
    pins: (u16, u16),
}

impl I2c {
    /// On its usual pins, not started yet.
    pub const fn new() -> Self {
        Self { pins: (9, 8) }
    }

    /// Runs a list of commands; the bytes to be sent are in the queue.
    fn run(&mut self, commands: &[u32]) -> Result<()> {
        for (index, command) in commands.iter().enumerate() {
            I2C.write(register::COMMANDS + 4 * index, *command);
        }
        I2C.write(register::CLEAR, u32::MAX);
        I2C.write(register::CONTROL, CONTROLLER | UPDATE);
        I2C.write(register::CONTROL, CONTROLLER | START);
        let begin = time::ticks_us();
        loop {
            let raw = I2C.read(register::RAW);
            if raw & REFUSED != 0 {
                self.let_go();
                return Err(Errno::EIO);
            }
            if raw & (LOST | TOO_SLOW) != 0 || time::ticks_us() - begin > PATIENCE_US {
                self.let_go();
                return Err(Errno::ETIMEDOUT);
            }
            if raw & (COMPLETE | END) != 0 {
                return Ok(());
            }
        }
    }

    /// After an error: the bus is let go.
    fn let_go(&self) {
        I2C.write(register::CONTROL, CONTROLLER | RESET);
        I2C.write(register::CONTROL, CONTROLLER | UPDATE);
        self.empty();
    }

    fn empty(&self) {
        I2C.write(register::FIFO, QUEUES | EMPTY);
        I2C.write(register::FIFO, QUEUES);
    }

    /// Calls a device; no answer is "no such device".
    fn call(&mut self, byte: u8, then: u32) -> Result<()> {
        self.empty();
        I2C.write(register::DATA, u32::from(byte));
        let outcome = self.run(&[command::RESTART, command::WRITE | 1, then]);
        outcome.map_err(|errno| {
            if errno == Errno::EIO {
                Errno::ENODEV
            } else {
                errno
            }
        })
    }
}

fn address_byte(address: u16, reads: bool) -> Result<u8> {
    match u8::try_from(address) {
        Ok(address) if address < 0x80 => Ok(address << 1 | u8::from(reads)),
        _ => Err(Errno::EINVAL),
    }
}

impl hal::I2c for I2c {
    fn configure(&mut self, frequency_hz: u32, pins: Option<(u16, u16)>) -> Result<()> {
        let (scl, sda) = pins.unwrap_or(self.pins);
        let divider = SOURCE_HZ / 400 / frequency_hz.clamp(1, 1_000_000) + 1;
        let half = SOURCE_HZ / divider / frequency_hz.max(1) / 2;
        let is_possible = (16..0x1ff).contains(&half) && divider <= 256;
        if !is_free(scl) || !is_free(sda) || scl == sda || !is_possible {
            return Err(Errno::EINVAL);
        }
        self.pins = (scl, sda);
        start(part::I2C);
        I2C.write(register::CONTROL, CONTROLLER);
        I2C.write(register::CLOCK, CRYSTAL | (divider - 1));
        let high = half / 2 + 2;
        I2C.write(register::LOW, half - 1);
        I2C.write(register::HIGH, high | (half - high) << 9);
        I2C.write(register::HOLD, half / 2);
        I2C.write(register::SAMPLE, half / 2 - 1);
        I2C.write(register::START_HOLD, half - 1);
        I2C.write(register::RESTART_SETUP, half);
        I2C.write(register::STOP_HOLD, half);
        I2C.write(register::STOP_SETUP, half);
        I2C.write(register::FILTER, FILTER);
        // Two to the power of this many clocks, 26 ms at least.
        I2C.write(register::TIMEOUT, 1 << 5 | 20);
        self.empty();
        I2C.write(register::CONTROL, CONTROLLER | UPDATE);
        give_bus(scl, signal::I2C_CLOCK);
        give_bus(sda, signal::I2C_DATA);
        Ok(())
    }

    fn pins(&self) -> (u16, u16) {
        self.pins
    }

    fn write(&mut self, address: u16, bytes: &[u8], stop: bool) -> Result<usize> {
        let ending = if stop { command::STOP } else { command::END };
        if bytes.is_empty() {
            self.call(address_byte(address, false)?, ending)?;
            return Ok(0);
        }
        self.call(address_byte(address, false)?, command::END)?;
        let count = bytes.len().div_ceil(QUEUE_BYTES);
        for (index, part) in bytes.chunks(QUEUE_BYTES).enumerate() {
            self.empty();
            for byte in part {
                I2C.write(register::DATA, u32::from(*byte));
            }
            let then = if index + 1 == count {
                ending
            } else {
                command::END
            };
            self.run(&[command::WRITE | part.len() as u32, then])?;
        }
        Ok(bytes.len())
    }

    fn read(&mut self, address: u16, buffer: &mut [u8], stop: bool) -> Result<()> {
        let ending = if stop { command::STOP } else { command::END };
        self.call(address_byte(address, true)?, command::END)?;
        let count = buffer.len().div_ceil(QUEUE_BYTES);
        for (index, part) in buffer.chunks_mut(QUEUE_BYTES).enumerate() {
            self.empty();
            let len = part.len() as u32;
            match (index + 1 == count, len) {
                (true, 1) => self.run(&[command::READ | command::LAST | 1, ending])?,
                (true, _) => self.run(&[
                    command::READ | (len - 1),
                    command::READ | command::LAST | 1,
                    ending,
                ])?,
                (false, _) => self.run(&[command::READ | len, command::END])?,
            }
            for byte in part {
                *byte = I2C.read(register::DATA).to_le_bytes()[0];
            }
        }
        Ok(())
    }
}
