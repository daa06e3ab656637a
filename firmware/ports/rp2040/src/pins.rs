//! Pins: their pads, functions, levels and changes.
//!
//! Source: RP2040 datasheet, chapters 2.19.6 (banks and pads) and 2.3.1.7 (levels).

use upy_hal::machine::{self as hal, Edges, Errno, PinMode, Pull, Result};

use crate::register::{IO_BANK0, PADS_BANK0, SIO, reset, start};
use crate::system::clock_hz;
use crate::time;

/// How many pins there are.
pub const COUNT: u16 = 30;
const LED: u16 = 25;

/// What drives a pin.
pub mod function {
    pub const SPI: u32 = 1;
    pub const UART: u32 = 2;
    pub const I2C: u32 = 3;
    pub const PWM: u32 = 4;
    pub const PROGRAM: u32 = 5;
    pub const PIO: [u32; 2] = [6, 7];
    pub const NONE: u32 = 31;
}

mod level {
    pub(super) const IN: usize = 0x04;
    pub(super) const OUT: usize = 0x10;
    pub(super) const OUT_SET: usize = 0x14;
    pub(super) const OUT_CLEAR: usize = 0x18;
    pub(super) const DRIVEN_SET: usize = 0x24;
    pub(super) const DRIVEN_CLEAR: usize = 0x28;
}

mod pad {
    pub(super) const OUTPUT_OFF: u32 = 1 << 7;
    pub(super) const INPUT_ON: u32 = 1 << 6;
    pub(super) const DRIVE_4_MA: u32 = 1 << 4;
    pub(super) const PULL_UP: u32 = 1 << 3;
    pub(super) const PULL_DOWN: u32 = 1 << 2;
    pub(super) const SCHMITT: u32 = 1 << 1;
}

/// Where changes that happened are kept, four bits for each pin.
const CHANGES: usize = 0xf0;
/// The two upper of the four bits: falling and rising, in the order of [`Edges`].
const EDGES_SHIFT: u32 = 2;

fn pad_of(pin: u16) -> usize {
    4 + 4 * usize::from(pin)
}

/// Has a peripheral drive a pin.
pub fn give(pin: u16, function: u32, pull: Pull) {
    set_pad(pin, pull, true);
    IO_BANK0.write(8 * usize::from(pin) + 4, function);
}

fn set_pad(pin: u16, pull: Pull, is_digital: bool) {
    let pull = match pull {
        Pull::None => 0,
        Pull::Up => pad::PULL_UP,
        Pull::Down => pad::PULL_DOWN,
    };
    let digital = if is_digital {
        pad::INPUT_ON | pad::DRIVE_4_MA | pad::SCHMITT
    } else {
        pad::OUTPUT_OFF
    };
    PADS_BANK0.write(pad_of(pin), digital | pull);
}

/// The pins.
pub struct Pins {
    modes: [PinMode; COUNT as usize],
    /// Changes that are noticed, two bits for each pin.
    watched: u64,
}

impl Pins {
    /// Takes the pins out of reset.
    pub fn start() -> Self {
        start(reset::IO_BANK0 | reset::PADS_BANK0);
        Self {
            modes: [PinMode::Input; COUNT as usize],
            watched: 0,
        }
    }

    /// Notices no changes any more.
    pub fn forget(&mut self) {
        self.watched = 0;
    }

    /// Whether a change was noticed.
    pub fn has_event(&self) -> bool {
        self.watched != 0 && (0..COUNT).any(|pin| self.edges(pin) != 0)
    }

    /// Changes of a pin that are noticed and have happened.
    fn edges(&self, pin: u16) -> u32 {
        let watched = (self.watched >> (2 * pin)) as u32 & 3;
        if watched == 0 {
            return 0;
        }
        let (register, shift) = place_of_changes(pin);
        IO_BANK0.read(register) >> shift & watched
    }
}

/// The register of a pin's changes, and where in it they begin.
fn place_of_changes(pin: u16) -> (usize, u32) {
    let register = CHANGES + 4 * usize::from(pin / 8);
    (register, u32::from(pin % 8) * 4 + EDGES_SHIFT)
}

impl hal::Pins for Pins {
    fn count(&self) -> u16 {
        COUNT
    }

    fn find(&self, name: &[u8]) -> Option<u16> {
        if name == b"LED" {
            return Some(LED);
        }
        let digits = name.strip_prefix(b"GP")?;
        let number: u16 = core::str::from_utf8(digits).ok()?.parse().ok()?;
        (number < COUNT).then_some(number)
    }

    fn configure(
        &mut self,
        pin: u16,
        mode: PinMode,
        pull: Pull,
        level: Option<bool>,
    ) -> Result<()> {
        if pin >= COUNT {
            return Err(Errno::EINVAL);
        }
        self.modes[usize::from(pin)] = mode;
        set_pad(pin, pull, mode != PinMode::Analog);
        match mode {
            PinMode::Alternate => return Ok(()),
            PinMode::Analog => {
                IO_BANK0.write(8 * usize::from(pin) + 4, function::NONE);
                return Ok(());
            }
            PinMode::Output => {
                if let Some(level) = level {
                    self.write(pin, level);
                }
                SIO.write(level::DRIVEN_SET, 1 << pin);
            }
            PinMode::OpenDrain => {
                SIO.write(level::OUT_CLEAR, 1 << pin);
                self.write(pin, level.unwrap_or(true));
            }
            PinMode::Input => SIO.write(level::DRIVEN_CLEAR, 1 << pin),
        }
        IO_BANK0.write(8 * usize::from(pin) + 4, function::PROGRAM);
        Ok(())
    }

    fn mode(&self, pin: u16) -> PinMode {
        let mode = self.modes.get(usize::from(pin));
        mode.copied().unwrap_or(PinMode::Input)
    }

    fn pull(&self, pin: u16) -> Pull {
        let pad = PADS_BANK0.read(pad_of(pin.min(COUNT - 1)));
        if pad & pad::PULL_UP != 0 {
            Pull::Up
        } else if pad & pad::PULL_DOWN != 0 {
            Pull::Down
        } else {
            Pull::None
        }
    }

    /// The level at the pad; of an output that is what it drives.
    fn read(&mut self, pin: u16) -> bool {
        let register = match self.mode(pin) {
            PinMode::Output => level::OUT,
            _ => level::IN,
        };
        pin < COUNT && SIO.read(register) >> pin & 1 != 0
    }

    fn write(&mut self, pin: u16, level: bool) {
        if pin >= COUNT {
            return;
        }
        let register = match (self.mode(pin), level) {
            (PinMode::OpenDrain, true) => level::DRIVEN_CLEAR,
            (PinMode::OpenDrain, false) => level::DRIVEN_SET,
            (_, true) => level::OUT_SET,
            (_, false) => level::OUT_CLEAR,
        };
        SIO.write(register, 1 << pin);
    }

    fn watch(&mut self, pin: u16, edges: Edges) -> Result<()> {
        if pin >= COUNT {
            return Err(Errno::EINVAL);
        }
        let (register, shift) = place_of_changes(pin);
        IO_BANK0.write(register, 3 << shift);
        self.watched &= !(3 << (2 * pin));
        self.watched |= u64::from(edges.0 & 3) << (2 * pin);
        Ok(())
    }

    fn take_event(&mut self) -> Option<(u16, Edges)> {
        if self.watched == 0 {
            return None;
        }
        let pin = (0..COUNT).find(|&pin| self.edges(pin) != 0)?;
        let edges = self.edges(pin);
        let (register, shift) = place_of_changes(pin);
        IO_BANK0.write(register, edges << shift);
        Some((pin, Edges(edges as u8)))
    }

    fn now_us(&mut self) -> u64 {
        time::ticks_us()
    }

    /// By program, with interrupts held back; the processor's cycles are counted from one change to the next.
    fn bitstream(&mut self, pin: u16, timing_ns: [u32; 4], data: &[u8]) -> Result<()> {
        /// What seeing the end of a wait and changing the pin take.
        const SPENT: u32 = 22;
        /// The counter's range, less what is spent.
        const MOST: u64 = 1 << 23;
        if pin >= COUNT {
            return Err(Errno::EINVAL);
        }
        let per_ms = u64::from(clock_hz() / 1000);
        let cycles = timing_ns.map(|time_ns| u64::from(time_ns) * per_ms / 1_000_000);
        if cycles.iter().any(|&cycles| cycles > MOST) {
            return Err(Errno::EINVAL);
        }
        let [a, b, c, d] = cycles.map(|cycles| (cycles as u32).saturating_sub(SPENT));
        let (zero, one) = ([a, b], [c, d]);
        critical_section::with(|_| {
            let (mut since, mut left) = (time::cycle(), 0);
            for byte in data {
                for bit in (0..8).rev() {
                    // Looked for while the last bit ends.
                    let [high, low] = if byte >> bit & 1 == 0 { zero } else { one };
                    time::wait_cycles(since, left);
                    SIO.write(level::OUT_SET, 1 << pin);
                    since = time::cycle();
                    time::wait_cycles(since, high);
                    SIO.write(level::OUT_CLEAR, 1 << pin);
                    since = time::cycle();
                    left = low;
                }
            }
            time::wait_cycles(since, left);
        });
        Ok(())
    }
}
