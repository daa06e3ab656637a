//! The only pins that QEMU emulates of this board: clock (0) and data (1) of the second Arduino shield's two-wire bus.
//!
//! Registers as in Arm's Application Note AN385, "Serial I2C": at 0 the levels are read and lines let go, at 4 lines
//! are pulled low; bit 0 is the clock, bit 1 the data. QEMU, `hw/i2c/arm_sbcon_i2c.c`, keeps to that.

use upy_hal::machine::{Edges, Errno, PinMode, Pins, Pull, Result};

use crate::time;
use crate::uart::{read_register, write_register};

/// The second bus on the shields' connectors.
const LEVELS: *mut u32 = 0x4002_a000 as *mut u32;
const PULL_LOW: *mut u32 = 0x4002_a004 as *mut u32;
const COUNT: u16 = 2;

/// The two lines: always open drain, with the board's resistors to the supply.
pub struct Wires;

impl Pins for Wires {
    fn count(&self) -> u16 {
        COUNT
    }

    fn configure(
        &mut self,
        pin: u16,
        mode: PinMode,
        pull: Pull,
        level: Option<bool>,
    ) -> Result<()> {
        if mode != PinMode::OpenDrain || pull == Pull::Down {
            return Err(Errno::EINVAL);
        }
        if let Some(level) = level {
            self.write(pin, level);
        }
        Ok(())
    }

    fn mode(&self, _: u16) -> PinMode {
        PinMode::OpenDrain
    }

    fn pull(&self, _: u16) -> Pull {
        Pull::Up
    }

    fn read(&mut self, pin: u16) -> bool {
        read_register(LEVELS) >> pin.min(COUNT) & 1 != 0
    }

    fn write(&mut self, pin: u16, level: bool) {
        let register = if level { LEVELS } else { PULL_LOW };
        write_register(register, 1 << pin.min(COUNT));
    }

    fn watch(&mut self, _: u16, edges: Edges) -> Result<()> {
        match edges {
            Edges::NONE => Ok(()),
            _ => Err(Errno::EOPNOTSUPP),
        }
    }

    fn take_event(&mut self) -> Option<(u16, Edges)> {
        None
    }

    fn now_us(&mut self) -> u64 {
        time::ticks_us()
    }
}
