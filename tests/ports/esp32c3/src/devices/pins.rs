//! The pins: pads, matrix, levels, changes; and the wires between them.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 5.

use super::signal;
use super::waves::Waves;

/// How many pins there are.
pub(crate) const COUNT: usize = 22;

const OUT: u32 = 0x04;
const DRIVEN: u32 = 0x20;
const STRAP: u32 = 0x38;
const LEVELS: u32 = 0x3c;
const CHANGES: u32 = 0x44;
const INTERRUPTS: u32 = 0x5c;
const PIN_SETTINGS: u32 = 0x74;
const WAYS_IN: u32 = 0x154;
const WAYS_OUT: u32 = 0x554;
const OPEN_DRAIN: u32 = 1 << 2;
const PULL_DOWN: u32 = 1 << 7;
const PULL_UP: u32 = 1 << 8;

/// The pins.
pub(crate) struct Pins {
    out: u32,
    driven: u32,
    changes: u32,
    /// Set by the board: the strap of the boot pin.
    pub(crate) strap: u32,
    settings: [u32; COUNT],
    pads: [u32; COUNT],
    ways_in: [u32; 128],
    ways_out: [u32; COUNT],
    levels: u32,
    /// Pins that are joined, as bits.
    pub(crate) nets: Vec<u32>,
    /// The square waves that some of them carry.
    pub(crate) waves: Waves,
}

impl Pins {
    pub(crate) fn new() -> Self {
        Self {
            out: 0,
            driven: 0,
            changes: 0,
            strap: 0,
            settings: [0; COUNT],
            pads: [0; COUNT],
            ways_in: [0; 128],
            ways_out: [signal::PROGRAM; COUNT],
            levels: 0,
            nets: Vec::new(),
            waves: Waves::default(),
        }
    }

    /// As after a reset of the chip; wires stay.
    pub(crate) fn reset(&mut self) {
        let (strap, nets) = (self.strap, std::mem::take(&mut self.nets));
        *self = Self {
            strap,
            nets,
            ..Self::new()
        };
    }

    /// The pins that are joined to this one, itself among them.
    fn net(&self, pin: usize) -> u32 {
        let nets = self.nets.iter().filter(|net| **net >> pin & 1 != 0);
        nets.fold(1 << pin, |all, net| all | net)
    }

    /// The pin that a signal is sent to.
    pub(crate) fn way_out(&self, signal: u32) -> Option<usize> {
        self.ways_out.iter().position(|way| way & 0xff == signal)
    }

    /// The pin that a signal is taken from.
    pub(crate) fn way_in(&self, signal: u32) -> Option<usize> {
        let way = *self.ways_in.get(signal as usize)?;
        let pin = (way & 31) as usize;
        (way & 1 << 6 != 0 && pin < COUNT).then_some(pin)
    }

    /// Whether what goes out as one signal comes in as another.
    pub(crate) fn joins(&self, out: u32, into: u32) -> bool {
        match (self.way_out(out), self.way_in(into)) {
            (Some(from), Some(to)) => self.net(from) >> to & 1 != 0,
            _ => false,
        }
    }

    /// What a pin drives, if it does.
    fn drive(&self, pin: usize, now_us: u64) -> Option<bool> {
        let way = self.ways_out[pin] & 0xff;
        let level = match way {
            signal::PROGRAM if self.driven >> pin & 1 == 0 => return None,
            signal::PROGRAM => self.out >> pin & 1 != 0,
            signal::WAVE0..0x33 => self.waves.level((way - signal::WAVE0) as usize, now_us),
            _ => return None,
        };
        let is_open = self.settings[pin] & OPEN_DRAIN != 0;
        (!is_open || !level).then_some(level)
    }

    /// The level of a pin: low wins, then high, then the resistors.
    fn level(&self, pin: usize, now_us: u64) -> bool {
        let members = (0..COUNT).filter(|other| self.net(pin) >> other & 1 != 0);
        let (mut is_high, mut is_pulled) = (false, false);
        for other in members {
            match self.drive(other, now_us) {
                Some(false) => return false,
                Some(true) => is_high = true,
                None => {
                    is_pulled |=
                        self.pads[other] & PULL_UP != 0 && self.pads[other] & PULL_DOWN == 0
                }
            }
        }
        is_high || is_pulled
    }

    fn look(&mut self, now_us: u64) {
        let before = self.levels;
        self.levels = (0..COUNT).fold(0, |all, pin| {
            all | u32::from(self.level(pin, now_us)) << pin
        });
        for pin in 0..COUNT {
            let (was, is) = (before >> pin & 1, self.levels >> pin & 1);
            let is_noticed = match self.settings[pin] >> 7 & 7 {
                1 => was < is,
                2 => was > is,
                3 => was != is,
                4 => is == 0,
                5 => is == 1,
                _ => false,
            };
            self.changes |= u32::from(is_noticed) << pin;
        }
    }

    pub(crate) fn interrupts(&mut self, now_us: u64) -> bool {
        if self.settings.iter().all(|settings| settings >> 13 == 0) {
            return false;
        }
        self.look(now_us);
        self.let_through() != 0
    }

    /// Changes of pins that interrupt.
    fn let_through(&self) -> u32 {
        let enabled = (0..COUNT).filter(|pin| self.settings[*pin] >> 13 & 1 != 0);
        self.changes & enabled.fold(0, |all, pin| all | 1 << pin)
    }

    pub(crate) fn read(&mut self, offset: u32, now_us: u64) -> u32 {
        self.look(now_us);
        match offset {
            OUT => self.out,
            DRIVEN => self.driven,
            STRAP => self.strap,
            LEVELS => self.levels,
            CHANGES => self.changes,
            INTERRUPTS => self.let_through(),
            PIN_SETTINGS..0xcc => self.settings[((offset - PIN_SETTINGS) / 4) as usize],
            WAYS_IN..0x354 => self.ways_in[((offset - WAYS_IN) / 4) as usize],
            WAYS_OUT..0x5ac => self.ways_out[((offset - WAYS_OUT) / 4) as usize],
            _ => 0,
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32, is_pad: bool, now_us: u64) {
        if is_pad {
            let pin = (offset / 4).wrapping_sub(1) as usize;
            if let Some(pad) = self.pads.get_mut(pin) {
                *pad = value;
            }
        } else {
            self.write_pin(offset, value);
        }
        self.look(now_us);
    }

    fn write_pin(&mut self, offset: u32, value: u32) {
        match offset {
            OUT => self.out = value,
            0x08 => self.out |= value,
            0x0c => self.out &= !value,
            DRIVEN => self.driven = value,
            0x24 => self.driven |= value,
            0x28 => self.driven &= !value,
            CHANGES => self.changes = value,
            0x48 => self.changes |= value,
            0x4c => self.changes &= !value,
            PIN_SETTINGS..0xcc => self.settings[((offset - PIN_SETTINGS) / 4) as usize] = value,
            WAYS_IN..0x354 => self.ways_in[((offset - WAYS_IN) / 4) as usize] = value,
            WAYS_OUT..0x5ac => self.ways_out[((offset - WAYS_OUT) / 4) as usize] = value,
            _ => {}
        }
    }
}
