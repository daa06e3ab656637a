//! The console's line: UART 0 of the CMSDK, polled; UART 1 for programs.
//!
//! Registers as in Arm's "Cortex-M System Design Kit Technical Reference Manual", section 4.3:
//! DATA at 0, STATE at 4 (bit 0: transmitter full, bit 1: receiver full), CTRL at 8, INTCLEAR at 0xc, BAUDDIV at
//! 0x10. The receiver's interrupt (number 0, AN385) only wakes the processor; it has no handler.
//! QEMU holds bytes back while the receiver is full, so none is lost.
#![expect(unsafe_code, reason = "memory-mapped registers and an interrupt")]

use core::ptr::{read_volatile, write_volatile};

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
#[cfg(feature = "more")]
use upy_hal::machine::{Errno, Result, UartMode};
use upy_hal::polled::Line;

use crate::time;

const DATA: *mut u32 = 0x4000_4000 as *mut u32;
const STATE: *mut u32 = 0x4000_4004 as *mut u32;
const CTRL: *mut u32 = 0x4000_4008 as *mut u32;
const INTCLEAR: *mut u32 = 0x4000_400c as *mut u32;
const BAUDDIV: *mut u32 = 0x4000_4010 as *mut u32;
const TRANSMITTER_FULL: u32 = 1;
const RECEIVER_FULL: u32 = 2;
/// Transmitter and receiver on, and the receiver's interrupt.
const ENABLE: u32 = 0b1011;
const RECEIVER_INTERRUPT: u32 = 2;

/// How much input waits here for its reader.
pub const BUFFER_BYTES: usize = 256;

/// Reads a register of the board.
pub(crate) fn read_register(register: *mut u32) -> u32 {
    // SAFETY: the callers pass registers of UARTs 0 and 1 and of the two-wire bus, which are at these addresses.
    unsafe { read_volatile(register) }
}

/// Sets a register of the board.
pub(crate) fn write_register(register: *mut u32, value: u32) {
    // SAFETY: the callers pass registers of UARTs 0 and 1 and of the two-wire bus, which are at these addresses.
    unsafe { write_volatile(register, value) }
}

/// The interrupt of the receiver.
#[derive(Clone, Copy)]
struct Received;

// SAFETY: the number is that of the receiver of UART 0 on this board, and never changes.
unsafe impl InterruptNumber for Received {
    fn number(self) -> u16 {
        0
    }
}

/// Sleeps until a byte comes or the timer ticks. Called with handlers held back: the interrupt wakes the
/// processor and is taken back before a handler could run.
fn sleep_until_input() {
    // SAFETY: handlers are held back by the caller and the interrupt is masked again below, so none runs.
    unsafe { NVIC::unmask(Received) };
    cortex_m::asm::wfi();
    NVIC::mask(Received);
    write_register(INTCLEAR, RECEIVER_INTERRUPT);
    NVIC::unpend(Received);
}

/// Writes bytes as they are.
pub fn write_bytes(bytes: &[u8]) {
    for &byte in bytes {
        while read_register(STATE) & TRANSMITTER_FULL != 0 {}
        write_register(DATA, u32::from(byte));
    }
}

/// The UART.
pub struct Uart;

impl Uart {
    /// Switches it on.
    pub fn start() -> Self {
        write_register(BAUDDIV, 16);
        write_register(CTRL, ENABLE);
        Self
    }
}

impl Line for Uart {
    fn receive(&self) -> Option<u8> {
        let is_ready = read_register(STATE) & RECEIVER_FULL != 0;
        is_ready.then(|| read_register(DATA).to_le_bytes()[0])
    }

    fn send(&self, bytes: &[u8]) {
        write_bytes(bytes);
    }

    /// Sleeps until the receiver or the timer (each millisecond) has something. Handlers are held back meanwhile, so
    /// that nothing that comes between looking and sleeping is slept through.
    fn doze(&self, _limit_us: u64) {
        cortex_m::interrupt::free(|_| {
            if read_register(STATE) & RECEIVER_FULL == 0 {
                sleep_until_input();
            }
        });
    }

    fn ticks_us(&self) -> u64 {
        time::ticks_us()
    }
}

/// UART 1: a serial line of programs. What it does not have: pins to choose, other than eight bits, parity, two stop
/// bits. QEMU's receiver holds one byte and gets the next only while its own loop runs, so bytes are fetched whenever
/// the interpreter looks at the world.
#[cfg(feature = "more")]
pub struct Second {
    received: upy_hal::ring::Ring<BUFFER_BYTES>,
}

#[cfg(feature = "more")]
impl Second {
    const DATA: *mut u32 = 0x4000_5000 as *mut u32;
    const STATE: *mut u32 = 0x4000_5004 as *mut u32;
    const CTRL: *mut u32 = 0x4000_5008 as *mut u32;
    const BAUDDIV: *mut u32 = 0x4000_5010 as *mut u32;
    /// Transmitter and receiver on, no interrupts.
    const ENABLE: u32 = 0b11;
    /// How long the byte after one that has come is waited for.
    const GAP_US: u64 = 100;

    /// It is off until a program sets it up.
    pub const fn new() -> Self {
        Self {
            received: upy_hal::ring::Ring::new(),
        }
    }

    /// Fetches what has come.
    pub fn fetch(&mut self) {
        let mut last = None;
        while !self.received.is_full() {
            if read_register(Self::STATE) & RECEIVER_FULL != 0 {
                self.received
                    .push(read_register(Self::DATA).to_le_bytes()[0]);
                last = Some(time::ticks_us());
            } else if last.is_none_or(|last| time::ticks_us() - last > Self::GAP_US) {
                return;
            }
        }
    }
}

#[cfg(feature = "more")]
impl upy_hal::machine::Uart for Second {
    fn configure(&mut self, mode: UartMode, pins: [Option<u16>; 2]) -> Result<()> {
        let is_known = mode.bits == 8 && mode.parity.is_none() && mode.stop == 1;
        let divider = time::CLOCK_HZ / mode.baudrate.max(1);
        if !is_known || pins != [None; 2] || !(16..1 << 20).contains(&divider) {
            return Err(Errno::EINVAL);
        }
        write_register(Self::BAUDDIV, divider);
        write_register(Self::CTRL, Self::ENABLE);
        Ok(())
    }

    fn readable(&mut self) -> usize {
        self.fetch();
        self.received.len()
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        self.fetch();
        self.received.take(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let mut sent = 0;
        while sent < bytes.len() && read_register(Self::STATE) & TRANSMITTER_FULL == 0 {
            write_register(Self::DATA, u32::from(bytes[sent]));
            sent += 1;
        }
        sent
    }

    fn is_idle(&mut self) -> bool {
        read_register(Self::STATE) & TRANSMITTER_FULL == 0
    }
}
