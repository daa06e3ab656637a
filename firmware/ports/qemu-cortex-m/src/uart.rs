//! The console: UART 0 of the CMSDK, polled.
//!
//! Registers as in Arm's "Cortex-M System Design Kit Technical Reference Manual", section 4.3:
//! DATA at 0, STATE at 4 (bit 0: transmitter full, bit 1: receiver full), CTRL at 8, BAUDDIV at 0x10.
//! QEMU holds bytes back while the receiver is full, so none is lost.
#![expect(unsafe_code, reason = "memory-mapped registers")]

use core::cell::{Cell, RefCell};
use core::ptr::{read_volatile, write_volatile};

use upy_hal::console::{Closed, Console};
use upy_hal::ring::Ring;

const DATA: *mut u32 = 0x4000_4000 as *mut u32;
const STATE: *mut u32 = 0x4000_4004 as *mut u32;
const CTRL: *mut u32 = 0x4000_4008 as *mut u32;
const BAUDDIV: *mut u32 = 0x4000_4010 as *mut u32;
const TRANSMITTER_FULL: u32 = 1;
const RECEIVER_FULL: u32 = 2;
const ENABLE_BOTH: u32 = 3;

/// How much input waits here for its reader.
pub const BUFFER_BYTES: usize = 256;

fn read_register(register: *mut u32) -> u32 {
    // SAFETY: the callers pass registers of UART 0, which the board has at these addresses.
    unsafe { read_volatile(register) }
}

fn write_register(register: *mut u32, value: u32) {
    // SAFETY: the callers pass registers of UART 0, which the board has at these addresses.
    unsafe { write_volatile(register, value) }
}

/// Writes bytes as they are.
pub fn write_bytes(bytes: &[u8]) {
    for &byte in bytes {
        while read_register(STATE) & TRANSMITTER_FULL != 0 {}
        write_register(DATA, u32::from(byte));
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
        write_register(BAUDDIV, 16);
        write_register(CTRL, ENABLE_BOTH);
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
        while read_register(STATE) & RECEIVER_FULL != 0 {
            if input.is_full() && self.watched.get().is_none() {
                return;
            }
            let byte = read_register(DATA).to_le_bytes()[0];
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

    /// There is no clock: with a limit it only looks once.
    fn wait(&self, limit_us: Option<u64>) {
        while !self.is_readable() && !self.interrupted.get() && limit_us.is_none() {}
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
