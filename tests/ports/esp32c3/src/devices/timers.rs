//! The system timer: a counter of 16 MHz and its first alarm.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 10.

const TICKS_PER_US: u64 = 16;
/// The value that was asked for is there.
const VALID: u32 = 1 << 29;
const ALARM_ON: u32 = 1 << 24;
const PERIODIC: u32 = 1 << 31;

/// The timer.
#[derive(Default)]
pub(crate) struct Timers {
    control: u32,
    /// What the counter was when it was asked for.
    held: u64,
    target: u64,
    mode: u32,
    /// The alarm as it was loaded, in ticks.
    alarm: Option<u64>,
    raw: u32,
    enabled: u32,
}

impl Timers {
    fn look(&mut self, now_us: u64) {
        let ticks = now_us * TICKS_PER_US;
        if self.control & ALARM_ON == 0 {
            return;
        }
        let Some(alarm) = self.alarm.filter(|alarm| ticks >= *alarm) else {
            return;
        };
        self.raw |= 1;
        let period = u64::from(self.mode & 0x03ff_ffff).max(1);
        let is_periodic = self.mode & PERIODIC != 0;
        self.alarm = is_periodic.then(|| alarm + (ticks - alarm) / period * period + period);
    }

    /// Whether the alarm interrupts.
    pub(crate) fn interrupts(&mut self, now_us: u64) -> bool {
        self.look(now_us);
        self.raw & self.enabled & 1 != 0
    }

    /// When the alarm will interrupt, in microseconds.
    pub(crate) fn next_us(&self) -> Option<u64> {
        let is_on = self.control & ALARM_ON != 0 && self.enabled & 1 != 0;
        let alarm = self.alarm.filter(|_| is_on)?;
        Some(alarm.div_ceil(TICKS_PER_US))
    }

    pub(crate) fn read(&mut self, offset: u32, now_us: u64) -> u32 {
        self.look(now_us);
        match offset {
            0x00 => self.control,
            0x04 | 0x08 => VALID,
            0x40 | 0x48 => (self.held >> 32) as u32,
            0x44 | 0x4c => self.held as u32,
            0x64 => self.enabled,
            0x68 => self.raw,
            0x70 => self.raw & self.enabled,
            _ => 0,
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32, now_us: u64) {
        match offset {
            0x00 => self.control = value,
            0x04 | 0x08 => self.held = now_us * TICKS_PER_US,
            0x1c => self.target = self.target & 0xffff_ffff | u64::from(value & 0x000f_ffff) << 32,
            0x20 => self.target = self.target >> 32 << 32 | u64::from(value),
            0x34 => self.mode = value,
            0x50 => {
                let period = u64::from(self.mode & 0x03ff_ffff);
                let is_periodic = self.mode & PERIODIC != 0;
                let from_now = now_us * TICKS_PER_US + period;
                self.alarm = Some(if is_periodic { from_now } else { self.target });
            }
            0x64 => self.enabled = value,
            0x6c => self.raw &= !value,
            _ => {}
        }
    }
}
