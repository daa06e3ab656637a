//! The generator of square waves (LEDC): the level of each of its outputs at a time.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 32.

const CHANNELS: usize = 6;
const CHANNEL_BYTES: u32 = 0x14;
const TIMERS: u32 = 0xa0;
const ON: u32 = 1 << 2;
const IDLE_HIGH: u32 = 1 << 3;
const PAUSED: u32 = 1 << 22;

#[derive(Clone, Copy, Default)]
struct Channel {
    settings: u32,
    start: u32,
    duty: u32,
}

/// The generator.
#[derive(Default)]
pub(crate) struct Waves {
    channels: [Channel; CHANNELS],
    /// What was written to the channels and is not in use until it is asked for.
    written: [Channel; CHANNELS],
    timers: [u32; 4],
}

impl Waves {
    pub(crate) fn write(&mut self, offset: u32, value: u32, _now_us: u64) {
        if offset >= TIMERS {
            if let Some(timer) = self.timers.get_mut(((offset - TIMERS) / 8) as usize)
                && offset.is_multiple_of(8)
            {
                *timer = value;
            }
            return;
        }
        let index = (offset / CHANNEL_BYTES) as usize;
        let Some(written) = self.written.get_mut(index) else {
            return;
        };
        match offset % CHANNEL_BYTES {
            0x0 => written.settings = value,
            0x4 => written.start = value,
            // Sixteenths.
            0x8 => written.duty = value,
            _ => {}
        }
        // The settings have a bit that takes all of them over, the duty has its own start.
        let takes_over = offset.is_multiple_of(CHANNEL_BYTES) && value & 1 << 4 != 0;
        let starts = offset % CHANNEL_BYTES == 0xc && value >> 31 != 0;
        if takes_over || starts {
            self.channels[index] = *written;
        }
    }

    /// The level of an output.
    pub(crate) fn level(&self, channel: usize, now_us: u64) -> bool {
        let channel = &self.channels[channel.min(CHANNELS - 1)];
        let timer = self.timers[(channel.settings & 3) as usize];
        let divider = u64::from(timer >> 4 & 0x3_ffff);
        let bits = timer & 15;
        if channel.settings & ON == 0 || timer & PAUSED != 0 || divider == 0 {
            return channel.settings & IDLE_HIGH != 0;
        }
        // The divider has eight bits after the point, and its clock has 80 MHz.
        let tick = (now_us * 80 * 256 / divider) & ((1 << bits) - 1);
        let start = u64::from(channel.start & 0x3fff);
        tick >= start && tick < start + u64::from(channel.duty >> 4)
    }
}
