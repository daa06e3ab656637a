//! The three-wire bus as controller. What it sends comes back where its pins are joined.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 27.

use super::{Pins, signal};

const RUN: u32 = 1 << 24;
const UPDATE: u32 = 1 << 23;
const DATA: u32 = 0x98;
const WORDS: usize = 16;

/// The controller.
#[derive(Default)]
pub(crate) struct Spi {
    bits: u32,
    user: u32,
    data: [u32; WORDS],
}

impl Spi {
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn read(&self, offset: u32, kept: u32) -> u32 {
        match offset {
            0x00 => kept & !(RUN | UPDATE),
            DATA..0xd8 => self.data[((offset - DATA) / 4) as usize],
            _ => kept,
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32, pins: &Pins) {
        match offset {
            0x00 if value & RUN != 0 => self.run(pins),
            0x10 => self.user = value,
            0x1c => self.bits = value & 0x3ffff,
            DATA..0xd8 => self.data[((offset - DATA) / 4) as usize] = value,
            _ => {}
        }
    }

    fn run(&mut self, pins: &Pins) {
        let (sends, receives) = (self.user >> 27 & 1 != 0, self.user >> 28 & 1 != 0);
        if !receives || sends && pins.joins(signal::SPI_OUT, signal::SPI_IN) {
            return;
        }
        // Nobody drives the line: its resistor holds it high.
        let words = (self.bits as usize + 1).div_ceil(32).min(WORDS);
        self.data[..words].fill(u32::MAX);
    }
}
