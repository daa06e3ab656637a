//! The console: the 16550 of the machine. Its interrupt only wakes the processor.
//!
//! QEMU holds bytes back while the receiver is full, so none is lost.

use core::cell::{Cell, RefCell};

use upy_hal::console::{Closed, Console};
use upy_hal::ring::Ring;

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
/// The longest sleep: Ctrl-C is looked for as often.
const SLEEP_US: u64 = 1000;

/// How much input waits here for its reader.
pub const BUFFER_BYTES: usize = 512;

/// Writes bytes as they are.
pub fn write_bytes(bytes: &[u8]) {
    for &byte in bytes {
        while UART_STATUS.read() & TRANSMITTER_EMPTY == 0 {}
        UART_DATA.write(byte);
    }
}

/// The UART and the input that waits.
pub struct Uart {
    input: RefCell<Ring<BUFFER_BYTES>>,
    watched: Cell<Option<u8>>,
    interrupted: Cell<bool>,
}

impl Uart {
    /// Switches the UART on.
    pub fn start() -> Self {
        UART_FIFO.write(FIFOS_ON);
        UART_INTERRUPTS.write(RECEIVER_INTERRUPT);
        UART_PRIORITY.write(1);
        THRESHOLD.write(0);
        ENABLED.write(1 << UART_INTERRUPT);
        enable_wake_up();
        Self {
            input: RefCell::new(Ring::new()),
            watched: Cell::new(None),
            interrupted: Cell::new(false),
        }
    }

    /// Takes in what has come. While an interrupt byte is watched for, what finds no room is lost, as on
    /// any UART; otherwise QEMU keeps it.
    fn collect(&self) {
        let mut input = self.input.borrow_mut();
        while UART_STATUS.read() & DATA_READY != 0 {
            if input.is_full() && self.watched.get().is_none() {
                return;
            }
            let byte = UART_DATA.read();
            if self.watched.get() == Some(byte) {
                self.interrupted.set(true);
            } else {
                input.push(byte);
            }
        }
    }
}

impl Console for Uart {
    fn read(&self, buffer: &mut [u8]) -> Result<usize, Closed> {
        self.collect();
        Ok(self.input.borrow_mut().take(buffer))
    }

    fn is_readable(&self) -> bool {
        self.collect();
        !self.input.borrow().is_empty()
    }

    fn write(&self, bytes: &[u8]) {
        write_bytes(bytes);
    }

    /// The receiver's interrupt stays pending while a byte waits, so none is slept through.
    fn wait(&self, limit_us: Option<u64>) {
        let start = time::ticks_us();
        while !self.is_readable()
            && !self.interrupted.get()
            && limit_us.is_none_or(|limit| time::ticks_us() - start < limit)
        {
            let left = limit_us.map_or(SLEEP_US, |limit| {
                limit.saturating_sub(time::ticks_us() - start)
            });
            time::wake_at(time::ticks_us() + left.min(SLEEP_US));
            riscv::asm::wfi();
            let interrupt = CLAIM.read();
            if interrupt != 0 {
                CLAIM.write(interrupt);
            }
        }
    }

    fn watch(&self, byte: Option<u8>) {
        self.collect();
        self.watched.set(byte);
        self.interrupted.set(false);
    }

    fn take_interrupt(&self) -> bool {
        self.collect();
        self.interrupted.replace(false)
    }

    fn is_interrupted(&self) -> bool {
        self.collect();
        self.interrupted.get()
    }
}
