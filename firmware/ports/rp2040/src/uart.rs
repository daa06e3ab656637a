//! The serial lines. Input waits in the 32 bytes of the hardware.
//!
//! Source: RP2040 datasheet, chapter 4.2.

use upy_hal::machine::{self as hal, Errno, Pull, Result, UartMode};

use crate::pins::{function, give};
use crate::register::{Block, UART, reset, start};
use crate::system::clock_hz;
use crate::time;

mod register {
    pub(super) const DATA: usize = 0x00;
    pub(super) const FLAGS: usize = 0x18;
    pub(super) const DIVIDER: usize = 0x24;
    pub(super) const FRACTION: usize = 0x28;
    pub(super) const LINE: usize = 0x2c;
    pub(super) const CONTROL: usize = 0x30;
}

const BUSY: u32 = 1 << 3;
const RX_EMPTY: u32 = 1 << 4;
const TX_FULL: u32 = 1 << 5;
const BREAK: u32 = 1;
const PARITY: u32 = 1 << 1;
const EVEN: u32 = 1 << 2;
const TWO_STOPS: u32 = 1 << 3;
const FIFOS: u32 = 1 << 4;
const ENABLE: u32 = 1 | 1 << 8 | 1 << 9;

/// One line.
pub struct Uart {
    number: u8,
    /// Out, in.
    pins: [u16; 2],
    /// What a character takes.
    character_us: u64,
}

impl Uart {
    /// A line on its usual pins, not started yet.
    pub const fn new(number: u8) -> Self {
        let pins = if number == 0 { [0, 1] } else { [4, 5] };
        Self {
            number,
            pins,
            character_us: 0,
        }
    }

    fn block(&self) -> Block {
        UART[usize::from(self.number)]
    }

    fn has(&self, flag: u32) -> bool {
        self.block().read(register::FLAGS) & flag != 0
    }
}

impl hal::Uart for Uart {
    fn configure(&mut self, mode: UartMode, pins: [Option<u16>; 2]) -> Result<()> {
        let [tx, rx] = self.pins;
        let chosen = [pins[0].unwrap_or(tx), pins[1].unwrap_or(rx)];
        // Lines alternate in groups of four pins, beginning in the middle of a group.
        let line = u16::from(self.number);
        let fits = |pin: u16, place: u16| pin < 30 && pin % 4 == place && (pin + 4) / 8 % 2 == line;
        // Sixty-fourths of the clock in a sixteenth of a bit.
        let divider = u64::from(clock_hz()) * 4 / u64::from(mode.baudrate.max(1));
        let is_possible = (5..=8).contains(&mode.bits)
            && (1..=2).contains(&mode.stop)
            && (64..0x40_0000).contains(&divider);
        if !fits(chosen[0], 0) || !fits(chosen[1], 1) || !is_possible {
            return Err(Errno::EINVAL);
        }
        self.pins = chosen;
        self.character_us = 12_000_000 / u64::from(mode.baudrate.max(1)) + 1;
        start(reset::UART0 << self.number);
        let block = self.block();
        block.write(register::CONTROL, 0);
        block.write(register::DIVIDER, (divider / 64) as u32);
        block.write(register::FRACTION, (divider % 64) as u32);
        let parity = match mode.parity {
            None => 0,
            Some(false) => PARITY | EVEN,
            Some(true) => PARITY,
        };
        let stop = if mode.stop == 2 { TWO_STOPS } else { 0 };
        let bits = u32::from(mode.bits - 5) << 5;
        block.write(register::LINE, FIFOS | parity | stop | bits);
        block.write(register::CONTROL, ENABLE);
        give(chosen[0], function::UART, Pull::None);
        give(chosen[1], function::UART, Pull::Up);
        Ok(())
    }

    /// The hardware only says whether there is one.
    fn readable(&mut self) -> usize {
        usize::from(!self.has(RX_EMPTY))
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let mut len = 0;
        while len < buffer.len() && !self.has(RX_EMPTY) {
            buffer[len] = self.block().read(register::DATA).to_le_bytes()[0];
            len += 1;
        }
        len
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let mut len = 0;
        while len < bytes.len() && !self.has(TX_FULL) {
            self.block().write(register::DATA, u32::from(bytes[len]));
            len += 1;
        }
        len
    }

    fn is_idle(&mut self) -> bool {
        !self.has(BUSY)
    }

    fn send_break(&mut self) {
        self.block().set(register::LINE, BREAK);
        let start = time::ticks_us();
        while time::ticks_us() - start < 2 * self.character_us {}
        self.block().clear(register::LINE, BREAK);
    }
}
