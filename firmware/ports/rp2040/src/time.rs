//! Time since the start, from the chip's timer of 1 MHz, and its first alarm.
//!
//! Source: RP2040 datasheet, chapter 4.6.
#![expect(unsafe_code, reason = "an interrupt is let through")]

use rp2040_hal::pac::{self, interrupt};

use crate::register::{PROCESSOR, TIMER};

mod register {
    pub(super) const ALARM0: usize = 0x10;
    pub(super) const RAW_HIGH: usize = 0x24;
    pub(super) const RAW_LOW: usize = 0x28;
    pub(super) const INTERRUPTS: usize = 0x34;
    pub(super) const ENABLED: usize = 0x38;
    /// Of the processor's counter.
    pub(super) const COUNTER_CONTROL: usize = 0x10;
    pub(super) const COUNTER_TOP: usize = 0x14;
    pub(super) const COUNTER: usize = 0x18;
}

/// The processor's counter has 24 bits.
const COUNTER_MASK: u32 = 0x00ff_ffff;

/// Lets the alarm interrupt.
pub fn start() {
    TIMER.write(register::ENABLED, 1);
    PROCESSOR.write(register::COUNTER_TOP, COUNTER_MASK);
    PROCESSOR.write(register::COUNTER, 0);
    // It counts the processor's cycles and interrupts nobody.
    PROCESSOR.write(register::COUNTER_CONTROL, 0b101);
    // SAFETY: the handler below may run at any time; nothing is held that it touches.
    unsafe { pac::NVIC::unmask(pac::Interrupt::TIMER_IRQ_0) };
}

/// Microseconds since the start.
pub fn ticks_us() -> u64 {
    loop {
        let high = TIMER.read(register::RAW_HIGH);
        let low = TIMER.read(register::RAW_LOW);
        if TIMER.read(register::RAW_HIGH) == high {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

/// Where the processor's counter of cycles is; it counts down.
pub fn cycle() -> u32 {
    PROCESSOR.read(register::COUNTER)
}

/// Waits until so many cycles have gone since [`cycle`] was there.
pub fn wait_cycles(since: u32, cycles: u32) {
    while since.wrapping_sub(cycle()) & COUNTER_MASK < cycles {}
}

/// Waits for an interrupt or until a time, 20 microseconds at least; an interrupt since the last call ends it at
/// once. No handler runs between reading the time and setting the alarm, which would miss a time that is past.
pub fn doze(duration_us: u32) {
    const LEAST_US: u32 = 20;
    critical_section::with(|_| {
        let now = TIMER.read(register::RAW_LOW);
        TIMER.write(
            register::ALARM0,
            now.wrapping_add(duration_us.max(LEAST_US)),
        );
    });
    cortex_m::asm::wfe();
}

/// It only wakes the processor.
#[interrupt]
fn TIMER_IRQ_0() {
    TIMER.write(register::INTERRUPTS, 1);
}
