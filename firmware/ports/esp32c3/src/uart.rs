//! The second serial line; the first is the console's. Input waits in the 128 bytes of the hardware.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 26.

use upy_hal::machine::{self as hal, Errno, Pull, Result, UartMode};

use crate::pins::{give_in, give_out, is_free, signal};
use crate::register::{UART, part, start};
use crate::time;

mod register {
    pub(super) const DATA: usize = 0x00;
    pub(super) const DIVIDER: usize = 0x14;
    pub(super) const STATUS: usize = 0x1c;
    pub(super) const CONTROL: usize = 0x20;
    pub(super) const MACHINES: usize = 0x6c;
    pub(super) const CLOCK: usize = 0x78;
    pub(super) const UPDATE: usize = 0x80;
}

/// The crystal's 40 MHz, for both directions.
const CRYSTAL: u32 = 3 << 20 | 1 << 22 | 1 << 24 | 1 << 25;
const CORE_RESET: u32 = 1 << 23;
const SOURCE_HZ: u32 = 40_000_000;
const MEMORY_ON: u32 = 1 << 28;
const QUEUES_RESET: u32 = 1 << 17 | 1 << 18;
const INVERTED: u32 = 1 << 22;
const COUNT: u32 = 0x3ff;
const FIFO_BYTES: u32 = 127;
const SENDER: u32 = 15 << 4;

/// The line.
pub struct Uart {
    /// Out, in.
    pins: [u16; 2],
    /// What a character takes.
    character_us: u64,
}

const LINE: crate::register::Block = UART[1];

impl Uart {
    /// On its usual pins, not started yet.
    pub const fn new() -> Self {
        Self {
            pins: [10, 9],
            character_us: 0,
        }
    }

    fn update() {
        LINE.set(register::UPDATE, 1 << 31);
        // It is taken over within some clocks of the line.
        LINE.wait_clear(register::UPDATE, 1 << 31);
    }
}

impl hal::Uart for Uart {
    fn configure(&mut self, mode: UartMode, pins: [Option<u16>; 2]) -> Result<()> {
        let [tx, rx] = self.pins;
        let chosen = [pins[0].unwrap_or(tx), pins[1].unwrap_or(rx)];
        let baudrate = mode.baudrate.max(1);
        // The divider has twelve bits and four after the point; slower lines divide the clock before it.
        let before = (SOURCE_HZ / baudrate).div_ceil(4096).max(1);
        let sixteenths = (u64::from(SOURCE_HZ / before) * 16 / u64::from(baudrate)) as u32;
        let is_possible = (5..=8).contains(&mode.bits)
            && (1..=2).contains(&mode.stop)
            && before <= 256
            && sixteenths >= 8 * 16;
        if !is_free(chosen[0]) || !is_free(chosen[1]) || !is_possible {
            return Err(Errno::EINVAL);
        }
        self.pins = chosen;
        self.character_us = 12_000_000 / u64::from(baudrate) + 1;
        start(part::UART1);
        LINE.write(register::CLOCK, CRYSTAL | CORE_RESET);
        LINE.write(register::CLOCK, CRYSTAL | (before - 1) << 12);
        LINE.write(
            register::DIVIDER,
            (sixteenths / 16) | ((sixteenths % 16) << 20),
        );
        let parity = match mode.parity {
            None => 0,
            Some(odd) => 1 << 1 | u32::from(odd),
        };
        let stop = if mode.stop == 2 { 3 << 4 } else { 1 << 4 };
        let control = MEMORY_ON | parity | u32::from(mode.bits - 5) << 2 | stop;
        LINE.write(register::CONTROL, control | QUEUES_RESET);
        LINE.write(register::CONTROL, control);
        Self::update();
        give_out(chosen[0], signal::UART1);
        give_in(chosen[1], signal::UART1, Pull::Up);
        Ok(())
    }

    fn readable(&mut self) -> usize {
        (LINE.read(register::STATUS) & COUNT) as usize
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let len = buffer.len().min(self.readable());
        for byte in &mut buffer[..len] {
            *byte = LINE.read(register::DATA).to_le_bytes()[0];
        }
        len
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let waiting = LINE.read(register::STATUS) >> 16 & COUNT;
        let len = bytes.len().min(FIFO_BYTES.saturating_sub(waiting) as usize);
        for byte in &bytes[..len] {
            LINE.write(register::DATA, u32::from(*byte));
        }
        len
    }

    fn is_idle(&mut self) -> bool {
        LINE.read(register::STATUS) >> 16 & COUNT == 0
            && LINE.read(register::MACHINES) & SENDER == 0
    }

    /// The line at rest is turned around for a time.
    fn send_break(&mut self) {
        LINE.set(register::CONTROL, INVERTED);
        Self::update();
        time::spin(2 * self.character_us);
        LINE.clear(register::CONTROL, INVERTED);
        Self::update();
    }
}
