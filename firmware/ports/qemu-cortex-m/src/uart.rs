//! The console: UART 0 of the CMSDK, polled.
//!
//! Registers as in Arm's "Cortex-M System Design Kit Technical Reference Manual", section 4.3:
//! DATA at 0, STATE at 4 (bit 0: transmitter full, bit 1: receiver full), CTRL at 8, BAUDDIV at 0x10.
//! QEMU holds bytes back while the receiver is full, so none is lost.
#![expect(unsafe_code, reason = "memory-mapped registers")]

use core::ptr::{read_volatile, write_volatile};
use core::sync::atomic::{AtomicU32, Ordering};

const DATA: *mut u32 = 0x4000_4000 as *mut u32;
const STATE: *mut u32 = 0x4000_4004 as *mut u32;
const CTRL: *mut u32 = 0x4000_4008 as *mut u32;
const BAUDDIV: *mut u32 = 0x4000_4010 as *mut u32;
const TRANSMITTER_FULL: u32 = 1;
const RECEIVER_FULL: u32 = 2;
const ENABLE_BOTH: u32 = 3;

/// Marks a byte in [`PENDING`].
const PRESENT: u32 = 0x100;
/// Ctrl-C.
const INTERRUPT: u8 = 3;

/// A byte that was read while a program ran and is no Ctrl-C.
static PENDING: AtomicU32 = AtomicU32::new(0);

fn read_register(register: *mut u32) -> u32 {
    // SAFETY: the callers pass registers of UART 0, which the board has at these addresses.
    unsafe { read_volatile(register) }
}

fn write_register(register: *mut u32, value: u32) {
    // SAFETY: the callers pass registers of UART 0, which the board has at these addresses.
    unsafe { write_volatile(register, value) }
}

/// Switches the UART on.
pub fn start() {
    write_register(BAUDDIV, 16);
    write_register(CTRL, ENABLE_BOTH);
}

/// Waits for a byte.
pub fn read() -> u8 {
    let pending = PENDING.load(Ordering::Relaxed);
    if pending & PRESENT != 0 {
        PENDING.store(0, Ordering::Relaxed);
        return pending.to_le_bytes()[0];
    }
    while read_register(STATE) & RECEIVER_FULL == 0 {}
    read_register(DATA).to_le_bytes()[0]
}

/// Whether Ctrl-C has come. Any other byte waits for [`read`].
pub fn interrupted() -> bool {
    if PENDING.load(Ordering::Relaxed) & PRESENT != 0 || read_register(STATE) & RECEIVER_FULL == 0 {
        return false;
    }
    let byte = read_register(DATA).to_le_bytes()[0];
    if byte == INTERRUPT {
        return true;
    }
    PENDING.store(PRESENT | u32::from(byte), Ordering::Relaxed);
    false
}

/// Writes bytes as they are.
pub fn write(bytes: &[u8]) {
    for &byte in bytes {
        while read_register(STATE) & TRANSMITTER_FULL != 0 {}
        write_register(DATA, u32::from(byte));
    }
}
