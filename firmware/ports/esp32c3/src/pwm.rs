//! Square waves: six channels, of which four can have frequencies of their own.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 32.

use upy_hal::machine::{self as hal, Errno, Result};

use crate::pins::{give_out, is_free, signal};
use crate::register::{WAVES, part, start};

const CHANNELS: usize = 6;
const CHANNEL_BYTES: usize = 0x14;
const TIMERS: usize = 0xa0;
const CLOCK: usize = 0xd0;
/// The clock of 80 MHz, for the registers too.
const APB: u32 = 1 | 1 << 31;
const SOURCE_HZ: u64 = 80_000_000;
const ON: u32 = 1 << 2;
const TAKE_OVER: u32 = 1 << 4;
const START: u32 = 1 << 31;
const TIMER_RESET: u32 = 1 << 23;
const TIMER_TAKE_OVER: u32 = 1 << 25;
/// The counter's most bits, and the divider's range; it has eight bits after the point.
const MOST_BITS: u32 = 14;
const LEAST_DIVIDER: u64 = 1 << 8;
const MOST_DIVIDER: u64 = (1 << 18) - 1;

/// What a channel does.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Use {
    pin: u16,
    timer: usize,
}

/// The channels.
pub struct Pwm {
    channels: [Option<Use>; CHANNELS],
    /// Frequencies of the timers.
    timers_hz: [u32; 4],
}

impl Pwm {
    /// Takes them out of reset.
    pub fn start() -> Self {
        start(part::WAVES);
        WAVES.write(CLOCK, APB);
        Self {
            channels: [None; CHANNELS],
            timers_hz: [0; 4],
        }
    }

    /// Switches all off.
    pub fn stop(&mut self) {
        for channel in 0..CHANNELS {
            self.release(channel);
        }
    }

    fn release(&mut self, channel: usize) {
        let place = channel * CHANNEL_BYTES;
        WAVES.write(place, 0);
        WAVES.write(place, TAKE_OVER);
        self.channels[channel] = None;
    }

    /// The channel of a pin, or a free one.
    fn channel(&self, pin: u16) -> Option<usize> {
        let has_pin = |place: &Option<Use>| place.is_some_and(|used| used.pin == pin);
        let own = self.channels.iter().position(has_pin);
        own.or_else(|| self.channels.iter().position(Option::is_none))
    }

    /// A timer that has the frequency, or that no other channel uses.
    fn timer(&self, channel: usize, frequency_hz: u32) -> Option<usize> {
        let is_used = |timer: usize| {
            let others = self
                .channels
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != channel);
            others
                .flat_map(|(_, place)| place)
                .any(|used| used.timer == timer)
        };
        let same = (0..4).find(|&timer| is_used(timer) && self.timers_hz[timer] == frequency_hz);
        same.or_else(|| (0..4).find(|&timer| !is_used(timer)))
    }
}

/// Bits of the counter and divider for a frequency: as many bits as it can have.
fn settings(frequency_hz: u32) -> Option<(u32, u32)> {
    (1..=MOST_BITS).rev().find_map(|bits| {
        let divider = (SOURCE_HZ << 8) / (u64::from(frequency_hz) << bits);
        (LEAST_DIVIDER..=MOST_DIVIDER)
            .contains(&divider)
            .then_some((bits, divider as u32))
    })
}

impl hal::Pwm for Pwm {
    fn configure(&mut self, pin: u16, frequency_hz: u32, duty_u16: u16) -> Result<()> {
        if !is_free(pin) {
            return Err(Errno::EINVAL);
        }
        let channel = self.channel(pin).ok_or(Errno::EINVAL)?;
        if frequency_hz == 0 {
            self.release(channel);
            return Ok(());
        }
        let (bits, divider) = settings(frequency_hz).ok_or(Errno::EINVAL)?;
        let timer = self.timer(channel, frequency_hz).ok_or(Errno::EINVAL)?;
        let place = TIMERS + 8 * timer;
        if self.timers_hz[timer] != frequency_hz || WAVES.read(place) & 15 != bits {
            WAVES.write(place, bits | divider << 4 | TIMER_RESET);
            WAVES.write(place, bits | divider << 4 | TIMER_TAKE_OVER);
            self.timers_hz[timer] = frequency_hz;
        }
        self.channels[channel] = Some(Use { pin, timer });
        let high = (u64::from(duty_u16) << bits) / 65_535;
        let place = channel * CHANNEL_BYTES;
        // Sixteenths of a tick; one cycle of no change ends in that duty.
        WAVES.write(place + 0x4, 0);
        WAVES.write(place + 0x8, (high as u32) << 4);
        WAVES.write(place + 0xc, START | 1 << 30 | 1 << 20 | 1 << 10);
        WAVES.write(place, timer as u32 | ON | TAKE_OVER);
        give_out(pin, signal::WAVE0 + channel as u32);
        Ok(())
    }
}
