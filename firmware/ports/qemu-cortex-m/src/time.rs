//! Time since the start: the SysTick timer, interrupting each millisecond.
//!
//! Source: Armv7-M Architecture Reference Manual, B3.3. The processor of the mps2-an385 runs at 25 MHz.

use core::cell::Cell;

use cortex_m::interrupt::{Mutex, free};
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;

/// Frequency of the processor in Hz.
pub const CLOCK_HZ: u32 = 25_000_000;
const PER_MS: u32 = CLOCK_HZ / 1000;
const PER_US: u32 = CLOCK_HZ / 1_000_000;

static MILLISECONDS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// Starts the time.
pub fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(PER_MS - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

#[exception]
fn SysTick() {
    free(|lock| {
        let count = MILLISECONDS.borrow(lock);
        count.set(count.get() + 1);
    });
}

/// The latest time that was told.
static LATEST_US: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// Microseconds since the start; never goes back.
pub fn ticks_us() -> u64 {
    let milliseconds = || free(|lock| MILLISECONDS.borrow(lock).get());
    loop {
        let before = milliseconds();
        let part = (PER_MS - 1 - SYST::get_current()) / PER_US;
        if milliseconds() == before {
            // QEMU's counter may begin anew before its interrupt comes: then this is a millisecond too early.
            let now_us = before * 1000 + u64::from(part);
            return free(|lock| {
                let latest = LATEST_US.borrow(lock);
                latest.set(latest.get().max(now_us));
                latest.get()
            });
        }
    }
}
