//! Time since the start, from the system timer of 16 MHz, and its first alarm, which wakes the processor.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapters 10 (timer) and 8 (interrupts).

use crate::register::{ENABLED, INTERRUPTS, TIMER};
use crate::start::wait_for_interrupt;

mod register {
    pub(super) const CONTROL: usize = 0x00;
    pub(super) const ASK: usize = 0x04;
    pub(super) const TARGET_HIGH: usize = 0x1c;
    pub(super) const TARGET_LOW: usize = 0x20;
    pub(super) const MODE: usize = 0x34;
    pub(super) const VALUE_HIGH: usize = 0x40;
    pub(super) const VALUE_LOW: usize = 0x44;
    pub(super) const LOAD: usize = 0x50;
    pub(super) const INTERRUPT_ON: usize = 0x64;
    pub(super) const INTERRUPT_DONE: usize = 0x6c;
}

/// Clock of the registers, counter, alarm.
const CONTROL: u32 = 1 << 31 | 1 << 30 | 1 << 24;
const ASK: u32 = 1 << 30;
const VALID: u32 = 1 << 29;
const TICKS_PER_US: u64 = 16;

/// Lines of the processor and what is on them.
pub mod line {
    /// Sources: timer, UART, USB.
    pub(super) const SOURCES: [usize; 3] = [37, 21, 26];
    /// The radio's software has the first ones.
    pub(super) const FIRST: u32 = if cfg!(feature = "wifi") { 24 } else { 1 };
    /// All of them.
    pub const ALL: u32 = 0b111 << FIRST;
}
/// The source of the pins' interrupts, which are looked for and never let through.
const PINS_SOURCE: usize = 16;
const PRIORITIES: usize = 0x114;
const THRESHOLD: usize = 0x194;

/// Starts the counter and lets timer, UART and USB wake the processor.
pub fn start() {
    TIMER.set(register::CONTROL, CONTROL);
    for (index, source) in (line::FIRST..).zip(line::SOURCES) {
        INTERRUPTS.write(4 * source, index);
        INTERRUPTS.write(PRIORITIES + 4 * index as usize, 1);
    }
    if cfg!(feature = "wifi") {
        // Lines are let through only while the processor waits: see `start_radio.rs`.
        INTERRUPTS.write(4 * PINS_SOURCE, 0);
    } else {
        INTERRUPTS.write(THRESHOLD, 1);
        INTERRUPTS.write(ENABLED, line::ALL);
    }
}

fn ticks() -> u64 {
    TIMER.write(register::ASK, ASK);
    while TIMER.read(register::ASK) & VALID == 0 {}
    // What was asked for stays until it is asked for again.
    let high = u64::from(TIMER.read(register::VALUE_HIGH));
    high << 32 | u64::from(TIMER.read(register::VALUE_LOW))
}

/// Microseconds since the start.
pub fn ticks_us() -> u64 {
    ticks() / TICKS_PER_US
}

/// Waits for an interrupt or for a time in microseconds.
pub fn doze(duration_us: u64) {
    let target = ticks() + duration_us.max(20) * TICKS_PER_US;
    TIMER.write(register::MODE, 0);
    TIMER.write(register::TARGET_HIGH, (target >> 32) as u32);
    TIMER.write(register::TARGET_LOW, target as u32);
    TIMER.write(register::INTERRUPT_DONE, 1);
    TIMER.write(register::LOAD, 1);
    TIMER.write(register::INTERRUPT_ON, 1);
    wait_for_interrupt();
    TIMER.write(register::INTERRUPT_ON, 0);
}

/// Waits by counting.
pub fn spin(duration_us: u64) {
    let start = ticks();
    while ticks() - start < duration_us * TICKS_PER_US {}
}

/// Waits by counting, in steps of 62 ns.
pub fn spin_ns(duration_ns: u32) {
    let start = ticks();
    while ticks() - start < u64::from(duration_ns / 62) {}
}
