//! The always-on part: why the chip was reset, its slow clock, its watchdogs, its sleep.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapters 6 (reset), 9 (low power), 12 (watchdogs).

/// Why the chip resets, by the numbers that its program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// It was switched on, or its reset pin was low.
    Power = 1,
    /// A program asked for it.
    Program = 3,
    /// It woke from deep sleep.
    DeepSleep = 5,
    /// The watchdog of a timer group.
    Watchdog = 7,
    /// The watchdog of the always-on part.
    SlowWatchdog = 16,
}

/// What must be written before a watchdog listens.
const KEY: u32 = 0x50d8_3aa1;
const ON: u32 = 1 << 31;
/// Cycles of the slow clock in a second, 136 kHz.
const SLOW_HZ: u64 = 136_000;

/// A watchdog: its settings and when it was fed.
#[derive(Clone, Copy, Default)]
struct Dog {
    settings: u32,
    /// Ticks of the timer group's clock in microseconds of 80 MHz.
    prescaler: u32,
    timeout: u32,
    key: u32,
    fed_us: u64,
}

/// The always-on part.
pub(crate) struct Power {
    /// The chip is about to reset.
    pub(crate) reset: Option<Reset>,
    /// Why it was reset last.
    pub(crate) cause: Reset,
    /// The next start waits for a download, whatever the strap.
    pub(crate) downloads: bool,
    held: u64,
    wake_at: u64,
    dogs: [Dog; 3],
}

/// The last of the dogs is that of the always-on part.
const SLOW: usize = 2;

impl Power {
    pub(crate) fn new() -> Self {
        Self {
            reset: None,
            cause: Reset::Power,
            downloads: false,
            held: 0,
            wake_at: 0,
            dogs: [Dog::default(); 3],
        }
    }

    /// The chip has been reset.
    pub(crate) fn begin(&mut self, cause: Reset) {
        *self = Self {
            cause,
            downloads: self.downloads,
            ..Self::new()
        };
    }

    fn slow_ticks(now_us: u64) -> u64 {
        now_us * SLOW_HZ / 1_000_000
    }

    /// Resets the chip if a watchdog was not fed.
    pub(crate) fn look(&mut self, now_us: u64) {
        for (index, dog) in self.dogs.iter().enumerate() {
            let waited = now_us.saturating_sub(dog.fed_us);
            // The lowest three bits of the first stage's action; 3 and 4 reset the chip.
            let (action, limit_us) = if index == SLOW {
                (
                    dog.settings >> 28 & 7,
                    u64::from(dog.timeout) * 1_000_000 / SLOW_HZ,
                )
            } else {
                let ticks = u64::from(dog.timeout) * u64::from(dog.prescaler.max(1));
                (dog.settings >> 29 & 3, ticks / 80)
            };
            if dog.settings & ON != 0 && action >= 3 && waited > limit_us {
                self.reset = Some(if index == SLOW {
                    Reset::SlowWatchdog
                } else {
                    Reset::Watchdog
                });
            }
        }
    }

    pub(crate) fn read(&mut self, offset: u32, kept: u32, now_us: u64) -> u32 {
        match offset {
            // The time is measured at once.
            0x0c => {
                self.held = Self::slow_ticks(now_us);
                kept | 1 << 30
            }
            0x10 => self.held as u32,
            0x14 => (self.held >> 32) as u32,
            0x38 => self.cause as u32,
            0xf4 => u32::from(self.downloads),
            _ => kept,
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32, now_us: u64) {
        let dog = &mut self.dogs[SLOW];
        match offset {
            0x00 if value >> 31 != 0 => self.reset = Some(Reset::Program),
            0x04 => self.wake_at = self.wake_at >> 32 << 32 | u64::from(value),
            0x08 => self.wake_at = self.wake_at & 0xffff_ffff | u64::from(value & 0xffff) << 32,
            0x0c if value >> 31 != 0 => self.held = Self::slow_ticks(now_us),
            0x18 if value >> 31 != 0 => self.reset = Some(Reset::DeepSleep),
            0xa8 => dog.key = value,
            0x90 if dog.key == KEY => {
                dog.settings = value;
                dog.fed_us = now_us;
            }
            0x94 if dog.key == KEY => dog.timeout = value,
            0xa4 if dog.key == KEY => dog.fed_us = now_us,
            0xf4 => self.downloads = value & 1 != 0,
            _ => {}
        }
    }

    /// How long the chip sleeps before it starts again, in microseconds.
    pub(crate) fn sleep_us(&self, now_us: u64) -> u64 {
        let ticks = self.wake_at.saturating_sub(Self::slow_ticks(now_us));
        ticks * 1_000_000 / SLOW_HZ
    }

    pub(crate) fn write_group(&mut self, group: usize, offset: u32, value: u32, now_us: u64) {
        let dog = &mut self.dogs[group];
        match offset {
            0x64 => dog.key = value,
            0x48 if dog.key == KEY => {
                dog.settings = value;
                dog.fed_us = now_us;
            }
            0x4c if dog.key == KEY => dog.prescaler = value >> 16,
            0x50 if dog.key == KEY => dog.timeout = value,
            0x60 if dog.key == KEY => dog.fed_us = now_us,
            _ => {}
        }
    }
}
