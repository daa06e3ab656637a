//! The console: the first UART at 115200 baud and the chip's USB serial line, both at once, as MicroPython has it.
//!
//! Input of both is one stream, output goes to both. The UART keeps 128 bytes, which are taken out while a program
//! runs, between its instructions; the window of raw-paste mode fits into that. The USB line holds its host back.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapters 26 and 30.

use core::cell::Cell;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};

use upy_hal::polled::Line;

use crate::register::{UART, USB};
use crate::time;

mod uart {
    pub(super) const DATA: usize = 0x00;
    pub(super) const INTERRUPT_ON: usize = 0x0c;
    pub(super) const INTERRUPT_DONE: usize = 0x10;
    pub(super) const DIVIDER: usize = 0x14;
    pub(super) const STATUS: usize = 0x1c;
    pub(super) const LEVELS: usize = 0x24;
    pub(super) const CLOCK: usize = 0x78;
    pub(super) const UPDATE: usize = 0x80;
    /// Something has come, or waits for longer than a character.
    pub(super) const RECEIVED: u32 = 1 | 1 << 8;
    pub(super) const RECEIVED_MASK: u32 = 0x3ff;
    pub(super) const SENDING_SHIFT: u32 = 16;
    /// The crystal's 40 MHz, undivided, for both directions.
    pub(super) const CRYSTAL: u32 = 3 << 20 | 1 << 22 | 1 << 24 | 1 << 25;
    /// Sixteenths of 40 MHz / 115200.
    pub(super) const SIXTEENTHS: u32 = 40_000_000 / 7200;
}

mod usb {
    pub(super) const DATA: usize = 0x00;
    pub(super) const STATE: usize = 0x04;
    pub(super) const INTERRUPT_ON: usize = 0x10;
    pub(super) const INTERRUPT_DONE: usize = 0x14;
    pub(super) const FLUSH: u32 = 1;
    pub(super) const ROOM: u32 = 1 << 1;
    pub(super) const AVAILABLE: u32 = 1 << 2;
    pub(super) const RECEIVED: u32 = 1 << 2;
}

/// What the UART's transmitter holds.
const FIFO_BYTES: u32 = 120;
/// How long a host may leave the USB line full before what is sent is dropped.
const PATIENCE_US: u64 = 100_000;

/// How much input waits here for its reader.
pub const BUFFER_BYTES: usize = 512;
/// Two windows fit into the UART.
pub const WINDOW_BYTES: u16 = 64;

/// A sender that was told to go on no further has stopped by then: 57 characters.
const QUIET_US: u64 = 5000;

/// What the UART had before the flash was erased. Only the interpreter's own task comes here.
static EARLY: [AtomicU8; BUFFER_BYTES] = [const { AtomicU8::new(0) }; BUFFER_BYTES];
/// How much has gone in there and out of it since the start.
static EARLY_IN: AtomicUsize = AtomicUsize::new(0);
static EARLY_OUT: AtomicUsize = AtomicUsize::new(0);

fn early_waits() -> bool {
    EARLY_IN.load(Relaxed) != EARLY_OUT.load(Relaxed)
}

/// The next byte that was taken out early.
fn take_early() -> Option<u8> {
    if !early_waits() {
        return None;
    }
    let at = EARLY_OUT.load(Relaxed);
    EARLY_OUT.store(at.wrapping_add(1), Relaxed);
    Some(EARLY[at % BUFFER_BYTES].load(Relaxed))
}

/// Takes what comes over the UART until nothing comes any more or there is no room: before the flash is erased, in
/// which time the hardware keeps 128 bytes. A sender that waits for answers has then sent all that it may.
pub fn wait_until_quiet() {
    let mut since = time::ticks_us();
    while time::ticks_us() - since < QUIET_US {
        while UART[0].read(uart::STATUS) & uart::RECEIVED_MASK != 0 {
            let at = EARLY_IN.load(Relaxed);
            if at.wrapping_sub(EARLY_OUT.load(Relaxed)) == BUFFER_BYTES {
                return;
            }
            EARLY[at % BUFFER_BYTES].store(UART[0].read(uart::DATA).to_le_bytes()[0], Relaxed);
            EARLY_IN.store(at.wrapping_add(1), Relaxed);
            since = time::ticks_us();
        }
    }
}

/// Both lines.
pub struct Lines {
    /// A host reads the USB line.
    listens: Cell<bool>,
}

impl Lines {
    /// Sets the UART's rate; the boot loader has switched both lines on.
    pub fn start() -> Self {
        let line = UART[0];
        line.write(uart::CLOCK, uart::CRYSTAL);
        let fraction = (uart::SIXTEENTHS % 16) << 20;
        line.write(uart::DIVIDER, (uart::SIXTEENTHS / 16) | fraction);
        line.write(uart::LEVELS, 1);
        line.write(uart::INTERRUPT_DONE, u32::MAX);
        line.write(uart::INTERRUPT_ON, uart::RECEIVED);
        line.set(uart::UPDATE, 1 << 31);
        USB.write(usb::INTERRUPT_ON, usb::RECEIVED);
        Self {
            listens: Cell::new(true),
        }
    }

    /// Waits for room in the USB line; false when nobody takes anything out of it.
    fn has_room(&self) -> bool {
        if USB.read(usb::STATE) & usb::ROOM != 0 {
            self.listens.set(true);
            return true;
        }
        let start = time::ticks_us();
        while self.listens.get() {
            if USB.read(usb::STATE) & usb::ROOM != 0 {
                return true;
            }
            if time::ticks_us() - start > PATIENCE_US {
                self.listens.set(false);
            }
        }
        false
    }
}

/// Sends bytes over the UART only.
pub fn write_uart(bytes: &[u8]) {
    for &byte in bytes {
        while UART[0].read(uart::STATUS) >> uart::SENDING_SHIFT & 0x3ff >= FIFO_BYTES {}
        UART[0].write(uart::DATA, u32::from(byte));
    }
}

impl Line for Lines {
    fn receive(&self) -> Option<u8> {
        if let Some(byte) = take_early() {
            return Some(byte);
        }
        if UART[0].read(uart::STATUS) & uart::RECEIVED_MASK != 0 {
            return Some(UART[0].read(uart::DATA).to_le_bytes()[0]);
        }
        if USB.read(usb::STATE) & usb::AVAILABLE != 0 {
            self.listens.set(true);
            return Some(USB.read(usb::DATA).to_le_bytes()[0]);
        }
        None
    }

    fn send(&self, bytes: &[u8]) {
        write_uart(bytes);
        for &byte in bytes {
            if !self.has_room() {
                return;
            }
            USB.write(usb::DATA, u32::from(byte));
        }
    }

    fn flush(&self) {
        USB.write(usb::STATE, usb::FLUSH);
    }

    /// What has come since it was looked for interrupts again.
    fn doze(&self, limit_us: u64) {
        UART[0].write(uart::INTERRUPT_DONE, uart::RECEIVED);
        USB.write(usb::INTERRUPT_DONE, usb::RECEIVED);
        let waits = early_waits()
            || UART[0].read(uart::STATUS) & uart::RECEIVED_MASK != 0
            || USB.read(usb::STATE) & usb::AVAILABLE != 0;
        if !waits {
            time::doze(limit_us);
        }
    }

    fn ticks_us(&self) -> u64 {
        time::ticks_us()
    }
}
