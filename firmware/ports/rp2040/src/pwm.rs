//! Square waves: eight slices of two pins each, which share their frequency.
//!
//! Source: RP2040 datasheet, chapter 4.5.

use upy_hal::machine::{self as hal, Errno, Pull, Result};

use crate::pins::{self, function, give};
use crate::register::{PWM, reset, start};
use crate::system::clock_hz;

const SLICES: usize = 8;
const SLICE_BYTES: usize = 0x14;
const CONTROL: usize = 0;
const DIVIDER: usize = 4;
const COMPARE: usize = 0xc;
const TOP: usize = 0x10;
/// The counter wraps here at most: one less than the range, so that a duty of 65535 is always high.
const MOST_TOP: u64 = 65_534;
/// The divider has four bits after the point, and is from 1 to 255 15/16.
const LEAST_DIVIDER: u64 = 16;
const MOST_DIVIDER: u64 = 4095;

/// The slices.
pub struct Pwm;

impl Pwm {
    /// Takes them out of reset.
    pub fn start() -> Self {
        start(reset::PWM);
        Self
    }

    /// Switches all off.
    pub fn stop(&mut self) {
        for slice in 0..SLICES {
            PWM.write(slice * SLICE_BYTES + CONTROL, 0);
        }
    }
}

impl hal::Pwm for Pwm {
    fn configure(&mut self, pin: u16, frequency_hz: u32, duty_u16: u16) -> Result<()> {
        if pin >= pins::COUNT {
            return Err(Errno::EINVAL);
        }
        let slice = usize::from(pin / 2) % SLICES * SLICE_BYTES;
        if frequency_hz == 0 {
            PWM.write(slice + CONTROL, 0);
            return Ok(());
        }
        // Sixteenths of a tick in a period.
        let period = u64::from(clock_hz()) * 16 / u64::from(frequency_hz);
        let divider = period.div_ceil(MOST_TOP + 1).max(LEAST_DIVIDER);
        let top = (period / divider).saturating_sub(1);
        if divider > MOST_DIVIDER || top == 0 {
            return Err(Errno::EINVAL);
        }
        let high = (top + 1) * u64::from(duty_u16) / 65_535;
        let shift = u32::from(pin % 2) * 16;
        let other = PWM.read(slice + COMPARE) & !(0xffff << shift);
        PWM.write(slice + DIVIDER, divider as u32);
        PWM.write(slice + TOP, top as u32);
        PWM.write(slice + COMPARE, other | (high as u32) << shift);
        PWM.write(slice + CONTROL, 1);
        give(pin, function::PWM, Pull::None);
        Ok(())
    }
}
