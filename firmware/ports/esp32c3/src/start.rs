//! The first instructions, what the boot loader reads about the program, and exceptions.
//!
//! Source: ESP-IDF, "Application Startup Flow" and `esp_app_desc_t`; ESP32-C3 Technical Reference Manual, chapter 1.
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

/// `esp_app_desc_t`: what the boot loader and `esptool image-info` read.
#[repr(C)]
struct Description {
    magic: u32,
    secure_version: u32,
    reserved: [u32; 2],
    version: [u8; 32],
    name: [u8; 32],
    time: [u8; 16],
    date: [u8; 16],
    idf_version: [u8; 32],
    digest: [u8; 32],
    least_fuses: u16,
    most_fuses: u16,
    /// Two to the power of this many bytes.
    page_size: u8,
    reserved_too: [u8; 75],
}

const _: () = assert!(size_of::<Description>() == 256);

/// A text in a field of zeros.
const fn field<const SIZE: usize>(text: &str) -> [u8; SIZE] {
    let mut field = [0; SIZE];
    let mut at = 0;
    while at < text.len() {
        field[at] = text.as_bytes()[at];
        at += 1;
    }
    field
}

// SAFETY: the section is only for this, and the linker puts it first, where the boot loader looks for it.
#[unsafe(link_section = ".flash.appdesc")]
#[unsafe(export_name = "esp_app_desc")]
#[used]
static DESCRIPTION: Description = Description {
    magic: 0xabcd_5432,
    secure_version: 0,
    reserved: [0; 2],
    version: field(env!("CARGO_PKG_VERSION")),
    name: field("upy"),
    time: field("00:00:00"),
    date: field("Jan  1 2026"),
    idf_version: field("none"),
    digest: [0; 32],
    least_fuses: 0,
    most_fuses: u16::MAX,
    page_size: 16,
    reserved_too: [0; 75],
};

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
