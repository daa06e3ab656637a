//! Parts of a board that need nothing of a chip but its time: a calendar, timers, randomness.
//!
//! The time is a function of the port: microseconds since the start, which never go back.

use crate::machine::{Rtc, Timers as Trait};

/// Microseconds since some start.
pub type Ticks = fn() -> u64;

/// A calendar: the time since the start, and what it was set to.
#[derive(Debug)]
pub struct Clock {
    ticks_us: Ticks,
    offset_ns: u64,
}

impl Clock {
    /// A calendar that begins at a time, in nanoseconds since 1970.
    #[must_use]
    pub const fn new(ticks_us: Ticks, start_ns: u64) -> Self {
        Self {
            ticks_us,
            offset_ns: start_ns,
        }
    }
}

impl Rtc for Clock {
    fn now_ns(&mut self) -> u64 {
        self.offset_ns.saturating_add((self.ticks_us)() * 1000)
    }

    fn set_ns(&mut self, now_ns: u64) {
        self.offset_ns = now_ns.saturating_sub((self.ticks_us)() * 1000);
    }
}

/// Randomness of a chip without a source of it: xorshift64, stirred with the time of each call. Not for secrets.
#[derive(Debug)]
pub struct Noise {
    ticks_us: Ticks,
    state: u64,
}

impl Noise {
    /// A generator that nothing has stirred yet.
    #[must_use]
    pub const fn new(ticks_us: Ticks) -> Self {
        Self {
            ticks_us,
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Fills the buffer.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        self.state = (self.state ^ (self.ticks_us)()).max(1);
        for byte in buffer {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            *byte = self.state.to_le_bytes()[4];
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Running {
    due_us: u64,
    period_us: u64,
    periodic: bool,
}

/// Timers for Python programs: times kept in memory, looked at between instructions and while waiting.
#[derive(Debug)]
pub struct Timers<const COUNT: usize> {
    ticks_us: Ticks,
    running: [Option<Running>; COUNT],
    /// The earliest time of all.
    next_us: u64,
}

impl<const COUNT: usize> Timers<COUNT> {
    /// None runs.
    #[must_use]
    pub const fn new(ticks_us: Ticks) -> Self {
        Self {
            ticks_us,
            running: [None; COUNT],
            next_us: u64::MAX,
        }
    }

    /// Stops all.
    pub fn stop(&mut self) {
        *self = Self::new(self.ticks_us);
    }

    /// Whether one has fired.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.next_us != u64::MAX && (self.ticks_us)() >= self.next_us
    }

    fn look_ahead(&mut self) {
        let times = self.running.iter().flatten().map(|timer| timer.due_us);
        self.next_us = times.min().unwrap_or(u64::MAX);
    }
}

impl<const COUNT: usize> Trait for Timers<COUNT> {
    fn count(&self) -> u8 {
        COUNT as u8
    }

    fn set(&mut self, timer: u8, period_us: Option<u64>, periodic: bool) {
        if let Some(place) = self.running.get_mut(usize::from(timer)) {
            *place = period_us.map(|period_us| Running {
                due_us: (self.ticks_us)().saturating_add(period_us),
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
        let now = (self.ticks_us)();
        let is_due = |timer: &Option<Running>| timer.is_some_and(|timer| timer.due_us <= now);
        let place = self.running.iter().position(is_due)?;
        let timer = self.running[place].filter(|timer| timer.periodic);
        self.running[place] = timer.map(|timer| {
            // Periods that nobody could look after are left out.
            let missed = (now - timer.due_us) / timer.period_us;
            let due_us = timer.due_us + (missed + 1).saturating_mul(timer.period_us);
            Running { due_us, ..timer }
        });
        self.look_ahead();
        u8::try_from(place).ok()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::cell::Cell;

    std::thread_local! {
        static NOW: Cell<u64> = const { Cell::new(0) };
    }

    fn now() -> u64 {
        NOW.get()
    }

    #[test]
    fn the_calendar_goes_on_from_what_it_was_set_to() {
        NOW.set(5);
        let mut clock = Clock::new(now, 1_000_000);
        assert_eq!(clock.now_ns(), 1_005_000);
        clock.set_ns(77_000);
        NOW.set(6);
        assert_eq!(clock.now_ns(), 78_000);
    }

    #[test]
    fn timers_fire_in_time_and_leave_missed_periods_out() {
        NOW.set(0);
        let mut timers = Timers::<2>::new(now);
        timers.set(0, Some(10), true);
        timers.set(1, Some(15), false);
        assert_eq!(timers.take_event(), None);
        NOW.set(15);
        assert_eq!(timers.take_event(), Some(0));
        assert_eq!(timers.take_event(), Some(1));
        assert_eq!(timers.take_event(), None);
        NOW.set(45);
        assert_eq!(timers.take_event(), Some(0));
        NOW.set(49);
        assert_eq!(timers.take_event(), None);
        NOW.set(50);
        assert!(timers.is_due());
        timers.set(0, None, false);
        assert_eq!(timers.take_event(), None);
    }

    #[test]
    fn noise_changes() {
        let mut noise = Noise::new(now);
        let (mut first, mut second) = ([0; 16], [0; 16]);
        noise.fill(&mut first);
        noise.fill(&mut second);
        assert_ne!(first, second);
    }
}
