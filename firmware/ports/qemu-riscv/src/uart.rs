//! The console's line: the 16550 of the machine. Its interrupt only wakes the processor.
//!
//! QEMU holds bytes back while the receiver is full, so none is lost.

use upy_hal::polled::Line;

use crate::register::{
    CLAIM, ENABLED, THRESHOLD, UART_DATA, UART_FIFO, UART_INTERRUPT, UART_INTERRUPTS,
    UART_PRIORITY, UART_STATUS, enable_wake_up,
};
use crate::time;

const DATA_READY: u8 = 1;
const TRANSMITTER_EMPTY: u8 = 1 << 5;
/// Both FIFOs on, the receiver reports its first byte.
const FIFOS_ON: u8 = 1;
const RECEIVER_INTERRUPT: u8 = 1;

/// How much input waits here for its reader.
pub const BUFFER_BYTES: usize = 512;

/// Writes bytes as they are.
pub fn write_bytes(bytes: &[u8]) {
    for &byte in bytes {
        while UART_STATUS.read() & TRANSMITTER_EMPTY == 0 {}
        UART_DATA.write(byte);
    }
}

/// The UART.
pub struct Uart;

impl Uart {
    /// Switches it on.
    pub fn start() -> Self {
        UART_FIFO.write(FIFOS_ON);
        UART_INTERRUPTS.write(RECEIVER_INTERRUPT);
        UART_PRIORITY.write(1);
        THRESHOLD.write(0);
        ENABLED.write(1 << UART_INTERRUPT);
        enable_wake_up();
        Self
    }
}

impl Line for Uart {
    fn receive(&self) -> Option<u8> {
        let is_ready = UART_STATUS.read() & DATA_READY != 0;
        is_ready.then(|| UART_DATA.read())
    }

    fn send(&self, bytes: &[u8]) {
        write_bytes(bytes);
    }

    /// The receiver's interrupt stays pending while a byte waits, so none is slept through.
    fn doze(&self, limit_us: u64) {
        time::wake_at(time::ticks_us() + limit_us);
        riscv::asm::wfi();
        let interrupt = CLAIM.read();
        if interrupt != 0 {
            CLAIM.write(interrupt);
        }
    }

    fn ticks_us(&self) -> u64 {
        time::ticks_us()
    }
}
