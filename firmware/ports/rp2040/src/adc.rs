//! The converter: four pins and the temperature sensor.
//!
//! Source: RP2040 datasheet, chapter 4.9.

use upy_hal::machine::{self as hal, Errno, Result};

use crate::register::{ADC, reset, start};

const CONTROL: usize = 0;
const RESULT: usize = 4;
const ENABLE: u32 = 1;
const SENSOR_ON: u32 = 1 << 1;
const START_ONCE: u32 = 1 << 2;
const READY: u32 = 1 << 8;
const ERROR: u32 = 1 << 9;
const CHANNEL_SHIFT: u32 = 12;
/// Pins of the first four channels; the fifth is the sensor.
const FIRST_PIN: u16 = 26;
const CHANNELS: u8 = 5;

/// The converter.
pub struct Adc;

impl Adc {
    /// Switches it on.
    pub fn start() -> Self {
        start(reset::ADC);
        ADC.write(CONTROL, ENABLE | SENSOR_ON);
        Self
    }
}

impl hal::Adc for Adc {
    fn channel_of(&self, pin: u16) -> Option<u8> {
        let channel = u8::try_from(pin.checked_sub(FIRST_PIN)?).ok()?;
        (channel < CHANNELS - 1).then_some(channel)
    }

    fn has_channel(&self, channel: u8) -> bool {
        channel < CHANNELS
    }

    fn read_u16(&mut self, channel: u8) -> Result<u16> {
        let chosen = ENABLE | SENSOR_ON | u32::from(channel) << CHANNEL_SHIFT;
        ADC.write(CONTROL, chosen);
        ADC.write(CONTROL, chosen | START_ONCE);
        if !ADC.wait_for(CONTROL, READY) || ADC.read(CONTROL) & ERROR != 0 {
            return Err(Errno::EIO);
        }
        // 12 bits, spread over 16 so that the largest stays the largest.
        let value = ADC.read(RESULT) as u16 & 0xfff;
        Ok(value << 4 | value >> 8)
    }
}
