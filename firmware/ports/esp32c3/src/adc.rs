//! The first converter: pins 0 to 4, measured up to the supply by its strongest attenuation.
//!
//! It is not calibrated: what the factory has measured is in the fuses and not used yet.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 34.

use upy_hal::machine::{self as hal, Errno, Result};

use crate::register::{ADC, part, start};

const CONTROL: usize = 0x00;
const ONCE: usize = 0x20;
const RESULT: usize = 0x2c;
const DONE: usize = 0x44;
const CLEAR: usize = 0x4c;
/// Started by program, its clock gated, powered.
const BY_PROGRAM: u32 = 1 | 1 << 1 | 1 << 6 | 3 << 27;
const FIRST: u32 = 1 << 31;
const START: u32 = 1 << 29;
const CHANNEL_SHIFT: u32 = 25;
/// 12 dB.
const ATTENUATION: u32 = 3 << 23;
const CHANNELS: u8 = 5;

/// The converter.
pub struct Adc;

impl Adc {
    /// Switches it on.
    pub fn start() -> Self {
        start(part::ADC);
        ADC.set(CONTROL, BY_PROGRAM);
        Self
    }
}

impl hal::Adc for Adc {
    fn channel_of(&self, pin: u16) -> Option<u8> {
        u8::try_from(pin).ok().filter(|pin| *pin < CHANNELS)
    }

    fn has_channel(&self, channel: u8) -> bool {
        channel < CHANNELS
    }

    fn read_u16(&mut self, channel: u8) -> Result<u16> {
        let chosen = FIRST | ATTENUATION | u32::from(channel) << CHANNEL_SHIFT;
        ADC.write(CLEAR, FIRST);
        ADC.write(ONCE, chosen);
        ADC.write(ONCE, chosen | START);
        let is_done = (0..1_000_000).any(|_| ADC.read(DONE) & FIRST != 0);
        let value = ADC.read(RESULT) as u16 & 0xfff;
        ADC.write(ONCE, chosen);
        if !is_done {
            return Err(Errno::EIO);
        }
        // 12 bits, spread over 16 so that the largest stays the largest.
        Ok(value << 4 | value >> 8)
    }
}
