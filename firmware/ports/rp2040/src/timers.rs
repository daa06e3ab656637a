//! Timers for Python programs: times kept in memory, looked at between instructions and while waiting.

use upy_hal::machine as hal;

use crate::time;

const COUNT: usize = 16;

#[derive(Clone, Copy)]
struct Running {
    due_us: u64,
    period_us: u64,
    periodic: bool,
}

/// The timers.
pub struct Timers {
    running: [Option<Running>; COUNT],
    /// The earliest time of all.
    next_us: u64,
}

impl Timers {
    /// None runs.
    pub const fn new() -> Self {
        Self {
            running: [None; COUNT],
            next_us: u64::MAX,
        }
    }

    /// Whether one has fired.
    pub fn is_due(&self) -> bool {
        self.next_us != u64::MAX && time::ticks_us() >= self.next_us
    }

    fn look_ahead(&mut self) {
        let times = self.running.iter().flatten().map(|timer| timer.due_us);
        self.next_us = times.min().unwrap_or(u64::MAX);
    }
}

impl hal::Timers for Timers {
    fn count(&self) -> u8 {
        COUNT as u8
    }

    fn set(&mut self, timer: u8, period_us: Option<u64>, periodic: bool) {
        if let Some(place) = self.running.get_mut(usize::from(timer)) {
            *place = period_us.map(|period_us| Running {
                due_us: time::ticks_us().saturating_add(period_us),
                period_us: period_us.max(1),
                periodic,
            });
        }
        self.look_ahead();
    }

    fn take_event(&mut self) -> Option<u8> {
        if !self.is_due() {
            return None;
        }
        let now = time::ticks_us();
        let place = self
            .running
            .iter()
            .position(|timer| timer.is_some_and(|timer| timer.due_us <= now))?;
        self.running[place] = self.running[place]
            .filter(|timer| timer.periodic)
            .map(|timer| {
                // Periods that nobody could look after are left out.
                let missed = (now - timer.due_us) / timer.period_us;
                let due_us = timer.due_us + (missed + 1).saturating_mul(timer.period_us);
                Running { due_us, ..timer }
            });
        self.look_ahead();
        u8::try_from(place).ok()
    }
}
