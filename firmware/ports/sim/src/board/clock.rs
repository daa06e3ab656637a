//! The time on the simulated board.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Real time, or time that only the program's own waiting moves.
#[derive(Debug)]
pub(crate) enum Clock {
    /// As fast as the world.
    Real(Instant),
    /// Microseconds since the start. Looking at the clock takes one, so that a program that waits by looking
    /// gets on.
    Virtual(u64),
}

/// When virtual time starts: 2024-01-01, in seconds since 1970.
const VIRTUAL_START_S: u64 = 1_704_067_200;

impl Clock {
    /// A clock that starts now.
    pub(crate) fn new(is_virtual: bool) -> Self {
        if is_virtual {
            Self::Virtual(0)
        } else {
            Self::Real(Instant::now())
        }
    }

    /// Microseconds since the start.
    pub(crate) fn ticks_us(&mut self) -> u64 {
        match self {
            Self::Real(start) => u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
            Self::Virtual(now) => {
                *now += 1;
                *now
            }
        }
    }

    /// Nanoseconds since 1970.
    pub(crate) fn time_ns(&mut self) -> u64 {
        match self {
            Self::Real(_) => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
            }
            Self::Virtual(now) => VIRTUAL_START_S * 1_000_000_000 + *now * 1000,
        }
    }

    /// How long the board really has to wait for a time to pass.
    pub(crate) fn pass(&mut self, duration_us: u64) -> Duration {
        match self {
            Self::Real(_) => Duration::from_micros(duration_us),
            Self::Virtual(now) => {
                *now = now.saturating_add(duration_us);
                Duration::ZERO
            }
        }
    }
}
