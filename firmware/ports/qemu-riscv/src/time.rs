//! Time since the start, from the machine's timer of 10 MHz.

use crate::register::{TIME, TIME_COMPARE};

/// Microseconds since the start.
pub fn ticks_us() -> u64 {
    let [low, high] = TIME;
    loop {
        let before = high.read();
        let part = low.read();
        if high.read() == before {
            return (u64::from(before) << 32 | u64::from(part)) / 10;
        }
    }
}

/// Has the timer wake the processor at a time in microseconds.
pub fn wake_at(time_us: u64) {
    let ticks = time_us.saturating_mul(10);
    let [low, high] = TIME_COMPARE;
    // In this order no time between the two halves is earlier than the one before.
    high.write(u32::MAX);
    low.write(ticks as u32);
    high.write((ticks >> 32) as u32);
}
