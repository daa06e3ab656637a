//! The converter: what each channel measures is set from outside.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 34.

const DONE: u32 = 1 << 31;
const START: u32 = 1 << 29;
/// What the largest value stands for with the strongest attenuation, in millivolts.
const REFERENCE_MV: u32 = 3300;

/// The converter.
#[derive(Default)]
pub(crate) struct Adc {
    /// Millivolts at the five channels.
    pub(crate) inputs_mv: [u32; 5],
    value: u32,
    raw: u32,
}

impl Adc {
    pub(crate) fn read(&self, offset: u32, kept: u32) -> u32 {
        match offset {
            0x2c => self.value,
            0x44 => self.raw,
            _ => kept,
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0x20 if value & START != 0 && value >> 31 != 0 => {
                let channel = (value >> 25 & 15) as usize;
                let input = self.inputs_mv.get(channel).copied().unwrap_or(0);
                self.value = (input * 4095 / REFERENCE_MV).min(4095);
                self.raw |= DONE;
            }
            0x4c => self.raw &= !value,
            _ => {}
        }
    }
}
