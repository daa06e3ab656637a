//! The second end of the console, with the feature `uart`: the first UART on pins 0 and 1 at 115200 bits per second,
//! as wide as the USB line. What comes is taken in by its interrupt; a UART holds nobody back, so what finds no room is
//! lost.
#![expect(unsafe_code, reason = "an interrupt is let through")]

use core::sync::atomic::{AtomicU32, Ordering};

use rp2040_hal::pac::{self, interrupt};
use upy_hal::machine::{Uart as _, UartMode};

use crate::register::UART;
use crate::time;
use crate::uart::Uart;
use crate::usb;

const RATE: u32 = 115_200;
/// A sender that was told to go on no further has stopped by then: 57 characters.
const QUIET_US: u64 = 5000;
/// One that does not stop is not waited for.
const PATIENCE_US: u64 = 100_000;

/// How many times something has come.
static RECEIPTS: AtomicU32 = AtomicU32::new(0);

mod register {
    pub(super) const DATA: usize = 0x00;
    pub(super) const FLAGS: usize = 0x18;
    pub(super) const INTERRUPT_ON: usize = 0x38;
    pub(super) const INTERRUPT_DONE: usize = 0x44;
}

const RX_EMPTY: u32 = 1 << 4;
const TX_FULL: u32 = 1 << 5;
/// Half of the hardware's room is full, or something waits longer than four characters.
const RECEIVED: u32 = 1 << 4 | 1 << 6;

/// Sets the line up; again after the processor's frequency was changed.
pub fn start() {
    let mode = UartMode {
        baudrate: RATE,
        bits: 8,
        parity: None,
        stop: 1,
    };
    // It can be set at every frequency that the processor has.
    let _ = Uart::new(0).configure(mode, [None; 2]);
    UART[0].write(register::INTERRUPT_ON, RECEIVED);
    // SAFETY: the handler takes the console in a critical section, and nobody else holds it outside of one.
    unsafe { pac::NVIC::unmask(pac::Interrupt::UART0_IRQ) };
}

/// Sends all of it.
pub fn write(bytes: &[u8]) {
    for &byte in bytes {
        while UART[0].read(register::FLAGS) & TX_FULL != 0 {}
        UART[0].write(register::DATA, u32::from(byte));
    }
}

/// Waits until nothing comes any more: before the flash is erased, in which time the hardware keeps 32 bytes only. A
/// sender that waits for answers has then sent all that it may.
pub fn wait_until_quiet() {
    let start = time::ticks_us();
    let (mut since, mut seen) = (start, RECEIPTS.load(Ordering::Relaxed));
    while time::ticks_us() - since < QUIET_US && time::ticks_us() - start < PATIENCE_US {
        let now = RECEIPTS.load(Ordering::Relaxed);
        if now != seen {
            (since, seen) = (time::ticks_us(), now);
        }
    }
}

#[interrupt]
fn UART0_IRQ() {
    RECEIPTS.store(
        RECEIPTS.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
    while UART[0].read(register::FLAGS) & RX_EMPTY == 0 {
        usb::keep(UART[0].read(register::DATA).to_le_bytes()[0]);
    }
    UART[0].write(register::INTERRUPT_DONE, RECEIVED);
}
