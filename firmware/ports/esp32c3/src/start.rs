//! The first instructions, and exceptions.
//!
//! Source: ESP-IDF, "Application Startup Flow"; ESP32-C3 Technical Reference Manual, chapter 1.
#![expect(
    unsafe_code,
    reason = "the start, before there is Rust; symbols with fixed names"
)]

use core::arch::{asm, global_asm};

// The vectors come first in a block of 256 bytes: the processor looks at the upper bits of the address only. Nothing
// ever interrupts, because interrupts stay off as a whole; they only wake the processor.
global_asm!(
    ".section .start, \"ax\"",
    ".balign 256",
    "vectors:",
    ".option push",
    ".option norvc",
    ".rept 32",
    "j exception",
    ".endr",
    ".option pop",
    "exception:",
    "la sp, _stack_top",
    "csrr a0, mcause",
    "csrr a1, mepc",
    "j failed",
    ".global _start",
    "_start:",
    "csrci mstatus, 8",
    "la t0, vectors",
    "csrw mtvec, t0",
    "la sp, _stack_top",
    "la t0, _bss_start",
    "la t1, _bss_end",
    "1:",
    "bgeu t0, t1, 2f",
    "sw zero, 0(t0)",
    "addi t0, t0, 4",
    "j 1b",
    "2:",
    "j program",
);

/// The interpreter's memory.
static mut MEMORY: [usize; crate::MEMORY_WORDS] = [0; crate::MEMORY_WORDS];

// SAFETY: no other symbol has this name.
#[unsafe(export_name = "program")]
extern "C" fn program() -> ! {
    let memory = &raw mut MEMORY;
    // SAFETY: this runs once, at the start, and nobody else names it.
    crate::main(unsafe { &mut *memory })
}

// SAFETY: no other symbol has this name.
#[unsafe(export_name = "failed")]
extern "C" fn failed(_cause: u32, _at: u32) -> ! {
    crate::fail()
}

/// Waits until an interrupt wants to be let through; it is not.
pub fn wait_for_interrupt() {
    // SAFETY: it changes nothing, and interrupts are off.
    unsafe { asm!("wfi", options(nomem, nostack)) };
}

/// Does work that must not be interrupted: here nothing ever is.
#[inline]
pub fn uninterrupted<R>(work: impl FnOnce() -> R) -> R {
    work()
}
