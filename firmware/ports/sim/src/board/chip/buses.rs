//! The buses of the simulated chip and what hangs on them.

use std::sync::Arc;

use upy_hal::machine::{Errno, I2c, Result, Spi, SpiMode, Uart, UartMode};

use super::bench::{Bench, PINS};

/// Transfers to a device that are kept.
const TRANSFERS: usize = 1024;

/// A two-wire bus. All buses lead to the same devices.
pub(super) struct SimI2c {
    bench: Arc<Bench>,
    pins: (u16, u16),
}

impl SimI2c {
    pub(super) fn new(bench: &Arc<Bench>, pins: (u16, u16)) -> Self {
        Self {
            bench: Arc::clone(bench),
            pins,
        }
    }

    pub(super) fn set_pins(&mut self, pins: (u16, u16)) {
        self.pins = pins;
    }
}

fn are_pins(pins: &[u16]) -> Result<()> {
    if pins.iter().all(|&pin| usize::from(pin) < PINS) {
        Ok(())
    } else {
        Err(Errno::EINVAL)
    }
}

impl I2c for SimI2c {
    fn configure(&mut self, frequency_hz: u32, pins: Option<(u16, u16)>) -> Result<()> {
        if frequency_hz == 0 {
            return Err(Errno::EINVAL);
        }
        if let Some(pins) = pins {
            are_pins(&[pins.0, pins.1])?;
            self.pins = pins;
        }
        Ok(())
    }

    fn pins(&self) -> (u16, u16) {
        self.pins
    }

    fn write(&mut self, address: u16, bytes: &[u8], _stop: bool) -> Result<usize> {
        let mut state = self.bench.state();
        let device = state.devices.get_mut(&address).ok_or(Errno::ENODEV)?;
        if let Some((&register, values)) = bytes.split_first() {
            device.at = register;
            for &value in values {
                device.registers[usize::from(device.at)] = value;
                device.at = device.at.wrapping_add(1);
            }
            if device.written.len() == TRANSFERS {
                device.written.remove(0);
            }
            device.written.push(bytes.to_vec());
        }
        Ok(bytes.len())
    }

    fn read(&mut self, address: u16, buffer: &mut [u8], _stop: bool) -> Result<()> {
        let mut state = self.bench.state();
        let device = state.devices.get_mut(&address).ok_or(Errno::ENODEV)?;
        for byte in buffer {
            *byte = device.registers[usize::from(device.at)];
            device.at = device.at.wrapping_add(1);
        }
        Ok(())
    }
}

/// A three-wire bus.
pub(super) struct SimSpi {
    bench: Arc<Bench>,
    lane: usize,
}

impl SimSpi {
    pub(super) fn new(bench: &Arc<Bench>, lane: usize) -> Self {
        Self {
            bench: Arc::clone(bench),
            lane,
        }
    }
}

impl Spi for SimSpi {
    fn configure(&mut self, mode: SpiMode, pins: [Option<u16>; 3]) -> Result<u32> {
        are_pins(&pins.map(|pin| pin.unwrap_or(0)))?;
        if mode.baudrate == 0 {
            return Err(Errno::EINVAL);
        }
        Ok(mode.baudrate)
    }

    /// What comes in was put there by a test; after that the line is high.
    fn transfer(&mut self, bytes: &mut [u8]) -> Result<()> {
        let mut state = self.bench.state();
        let lane = &mut state.spi[self.lane];
        lane.send(bytes);
        for byte in bytes {
            *byte = lane.incoming.pop_front().unwrap_or(0xff);
        }
        Ok(())
    }
}

/// A serial line.
pub(super) struct SimUart {
    bench: Arc<Bench>,
    lane: usize,
}

impl SimUart {
    pub(super) fn new(bench: &Arc<Bench>, lane: usize) -> Self {
        Self {
            bench: Arc::clone(bench),
            lane,
        }
    }
}

impl Uart for SimUart {
    fn configure(&mut self, mode: UartMode, pins: [Option<u16>; 2]) -> Result<()> {
        are_pins(&pins.map(|pin| pin.unwrap_or(0)))?;
        if mode.baudrate == 0 || !(5..=8).contains(&mode.bits) {
            return Err(Errno::EINVAL);
        }
        Ok(())
    }

    fn readable(&mut self) -> usize {
        self.bench.state().uart[self.lane].incoming.len()
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let incoming = &mut self.bench.state().uart[self.lane].incoming;
        let len = buffer.len().min(incoming.len());
        for (slot, byte) in buffer.iter_mut().zip(incoming.drain(..len)) {
            *slot = byte;
        }
        len
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        self.bench.state().uart[self.lane].send(bytes);
        bytes.len()
    }

    fn is_idle(&mut self) -> bool {
        true
    }
}
