//! Pins: their pads, the matrix between them and the parts, levels and changes.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 5.

use upy_hal::machine::{self as hal, Edges, Errno, PinMode, Pull, Result};

use crate::register::{GPIO, PADS};
use crate::time;

/// How many numbers of pins there are.
pub const COUNT: u16 = 22;

/// Signals of the matrix.
pub mod signal {
    pub const UART1: u32 = 9;
    pub const WAVE0: u32 = 45;
    pub const I2C_CLOCK: u32 = 53;
    pub const I2C_DATA: u32 = 54;
    pub const SPI_CLOCK: u32 = 63;
    pub const SPI_IN: u32 = 64;
    pub const SPI_OUT: u32 = 65;
    pub(super) const PROGRAM: u32 = 128;
}

mod level {
    pub(super) const OUT: usize = 0x04;
    pub(super) const OUT_SET: usize = 0x08;
    pub(super) const OUT_CLEAR: usize = 0x0c;
    pub(super) const DRIVEN_SET: usize = 0x24;
    pub(super) const DRIVEN_CLEAR: usize = 0x28;
    pub(super) const IN: usize = 0x3c;
    pub(super) const CHANGES: usize = 0x44;
    pub(super) const CHANGES_CLEAR: usize = 0x4c;
}

const SETTINGS: usize = 0x74;
const WAYS_IN: usize = 0x154;
const WAYS_OUT: usize = 0x554;
const OPEN_DRAIN: u32 = 1 << 2;
const NOTICED_SHIFT: u32 = 7;
const NOTICED: u32 = 7 << NOTICED_SHIFT;
/// Which pin drives is said by the register of driven pins, whatever the part says.
const DRIVEN_BY_PROGRAM: u32 = 1 << 9;
/// The way in goes through the matrix.
const THROUGH_MATRIX: u32 = 1 << 6;

mod pad {
    pub(super) const PULL_DOWN: u32 = 1 << 7;
    pub(super) const PULL_UP: u32 = 1 << 8;
    pub(super) const INPUT_ON: u32 = 1 << 9;
    pub(super) const DRIVE_20_MA: u32 = 2 << 10;
    pub(super) const MATRIX: u32 = 1 << 12;
}

/// Whether a program may have a pin: the flash has 12 to 17 and its supply 11, USB has 18 and 19.
pub fn is_free(pin: u16) -> bool {
    matches!(pin, 0..=10 | 20 | 21)
}

fn set_pad(pin: u16, pull: Pull, is_digital: bool) {
    let pull = match pull {
        Pull::None => 0,
        Pull::Up => pad::PULL_UP,
        Pull::Down => pad::PULL_DOWN,
    };
    let input = if is_digital { pad::INPUT_ON } else { 0 };
    let pad = 4 + 4 * usize::from(pin);
    PADS.write(pad, pad::MATRIX | pad::DRIVE_20_MA | input | pull);
}

fn set_open_drain(pin: u16, is_open: bool) {
    let settings = SETTINGS + 4 * usize::from(pin);
    GPIO.put(settings, OPEN_DRAIN, if is_open { OPEN_DRAIN } else { 0 });
}

fn send(pin: u16, signal: u32) {
    GPIO.write(WAYS_OUT + 4 * usize::from(pin), signal | DRIVEN_BY_PROGRAM);
}

/// Has a part drive a pin.
pub fn give_out(pin: u16, signal: u32) {
    set_pad(pin, Pull::None, true);
    set_open_drain(pin, false);
    send(pin, signal);
    GPIO.write(level::DRIVEN_SET, 1 << pin);
}

/// Has a part listen to a pin.
pub fn give_in(pin: u16, signal: u32, pull: Pull) {
    set_pad(pin, pull, true);
    GPIO.write(level::DRIVEN_CLEAR, 1 << pin);
    GPIO.write(
        WAYS_IN + 4 * signal as usize,
        u32::from(pin) | THROUGH_MATRIX,
    );
}

/// Has a part pull a pin low and listen to it.
pub fn give_bus(pin: u16, signal: u32) {
    set_pad(pin, Pull::Up, true);
    set_open_drain(pin, true);
    GPIO.write(
        WAYS_IN + 4 * signal as usize,
        u32::from(pin) | THROUGH_MATRIX,
    );
    send(pin, signal);
    GPIO.write(level::DRIVEN_SET, 1 << pin);
}

/// The pins.
pub struct Pins {
    modes: [PinMode; COUNT as usize],
    /// Pins whose changes are noticed.
    watched: u32,
    /// What is noticed, two bits for each pin.
    edges: u64,
}

impl Pins {
    /// All are inputs.
    pub const fn new() -> Self {
        Self {
            modes: [PinMode::Input; COUNT as usize],
            watched: 0,
            edges: 0,
        }
    }

    /// Notices no changes any more.
    pub fn forget(&mut self) {
        for pin in (0..COUNT).filter(|&pin| self.watched >> pin & 1 != 0) {
            GPIO.clear(SETTINGS + 4 * usize::from(pin), NOTICED);
        }
        self.watched = 0;
    }

    /// Whether a change was noticed.
    pub fn has_event(&self) -> bool {
        self.watched != 0 && GPIO.read(level::CHANGES) & self.watched != 0
    }
}

impl hal::Pins for Pins {
    fn count(&self) -> u16 {
        COUNT
    }

    fn find(&self, name: &[u8]) -> Option<u16> {
        let digits = name.strip_prefix(b"GPIO")?;
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
        if !is_free(pin) {
            return Err(Errno::EINVAL);
        }
        self.modes[usize::from(pin)] = mode;
        set_pad(pin, pull, mode != PinMode::Analog);
        set_open_drain(pin, mode == PinMode::OpenDrain);
        match mode {
            PinMode::Alternate => return Ok(()),
            PinMode::Input | PinMode::Analog => GPIO.write(level::DRIVEN_CLEAR, 1 << pin),
            PinMode::Output | PinMode::OpenDrain => {
                let is_high = level
                    .unwrap_or(mode == PinMode::OpenDrain || GPIO.read(level::OUT) >> pin & 1 != 0);
                self.write(pin, is_high);
                GPIO.write(level::DRIVEN_SET, 1 << pin);
            }
        }
        send(pin, signal::PROGRAM);
        Ok(())
    }

    fn mode(&self, pin: u16) -> PinMode {
        let mode = self.modes.get(usize::from(pin));
        mode.copied().unwrap_or(PinMode::Input)
    }

    fn pull(&self, pin: u16) -> Pull {
        let pad = PADS.read(4 + 4 * usize::from(pin.min(COUNT - 1)));
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
        pin < COUNT && GPIO.read(register) >> pin & 1 != 0
    }

    fn write(&mut self, pin: u16, level: bool) {
        if is_free(pin) {
            let register = if level {
                level::OUT_SET
            } else {
                level::OUT_CLEAR
            };
            GPIO.write(register, 1 << pin);
        }
    }

    fn watch(&mut self, pin: u16, edges: Edges) -> Result<()> {
        if !is_free(pin) {
            return Err(Errno::EINVAL);
        }
        // The chip counts rising before falling.
        let noticed = match edges.0 & 3 {
            1 => 2,
            2 => 1,
            both => u32::from(both),
        };
        GPIO.put(
            SETTINGS + 4 * usize::from(pin),
            NOTICED,
            noticed << NOTICED_SHIFT,
        );
        GPIO.write(level::CHANGES_CLEAR, 1 << pin);
        self.watched &= !(1 << pin);
        self.watched |= u32::from(noticed != 0) << pin;
        self.edges &= !(3 << (2 * pin));
        self.edges |= u64::from(edges.0 & 3) << (2 * pin);
        Ok(())
    }

    /// The chip does not say which of two changes it was: of both, the level tells the last one.
    fn take_event(&mut self) -> Option<(u16, Edges)> {
        let waiting = GPIO.read(level::CHANGES) & self.watched;
        if waiting == 0 {
            return None;
        }
        let pin = waiting.trailing_zeros() as u16;
        GPIO.write(level::CHANGES_CLEAR, 1 << pin);
        let edges = match (self.edges >> (2 * pin)) as u8 & 3 {
            3 if GPIO.read(level::IN) >> pin & 1 != 0 => Edges::RISING,
            3 => Edges::FALLING,
            one => Edges(one),
        };
        Some((pin, edges))
    }

    fn now_us(&mut self) -> u64 {
        time::ticks_us()
    }

    /// By program; the system timer counts the time, in steps of 62 ns.
    fn bitstream(&mut self, pin: u16, timing_ns: [u32; 4], data: &[u8]) -> Result<()> {
        if !is_free(pin) {
            return Err(Errno::EINVAL);
        }
        for byte in data {
            for bit in (0..8).rev() {
                let place = usize::from(byte >> bit & 1) * 2;
                GPIO.write(level::OUT_SET, 1 << pin);
                time::spin_ns(timing_ns[place]);
                GPIO.write(level::OUT_CLEAR, 1 << pin);
                time::spin_ns(timing_ns[place + 1]);
            }
        }
        Ok(())
    }
}
