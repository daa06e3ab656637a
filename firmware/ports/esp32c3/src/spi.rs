//! The three-wire bus for programs (SPI2), as controller, without DMA: 64 bytes at a time.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 27.

use upy_hal::machine::{self as hal, Errno, Pull, Result, SpiMode};

use crate::pins::{give_in, give_out, is_free, signal};
use crate::register::{SPI, part, start};

mod register {
    pub(super) const COMMAND: usize = 0x00;
    pub(super) const CONTROL: usize = 0x08;
    pub(super) const CLOCK: usize = 0x0c;
    pub(super) const USER: usize = 0x10;
    pub(super) const USER1: usize = 0x14;
    pub(super) const BITS: usize = 0x1c;
    pub(super) const MISC: usize = 0x20;
    pub(super) const SLAVE: usize = 0xe0;
    pub(super) const GATE: usize = 0xe8;
    pub(super) const DATA: usize = 0x98;
}

const UPDATE: u32 = 1 << 23;
const RUN: u32 = 1 << 24;
/// Both directions at once.
const BOTH: u32 = 1 | 1 << 27 | 1 << 28;
const CHANGE_FIRST: u32 = 1 << 9;
const REST_HIGH: u32 = 1 << 29;
/// Chip select is a pin of the program.
const NO_SELECT: u32 = 0x3f;
const LSB_FIRST: u32 = 1 << 25 | 1 << 26;
const SOURCE_HZ: u32 = 80_000_000;
const UNDIVIDED: u32 = 1 << 31;
const DATA_BYTES: usize = 64;
/// Clock of the registers, of the bus, taken from the bus clock.
const GATE: u32 = 0b111;

/// The bus.
pub struct Spi {
    /// Clock, out, in.
    pins: [u16; 3],
}

impl Spi {
    /// On its usual pins, not started yet.
    pub const fn new() -> Self {
        Self { pins: [6, 7, 2] }
    }
}

/// The clock's register and its frequency, the largest that is not above the wanted one.
fn clock(baudrate: u32) -> Option<(u32, u32)> {
    if baudrate >= SOURCE_HZ {
        return Some((UNDIVIDED, SOURCE_HZ));
    }
    let wanted = SOURCE_HZ.div_ceil(baudrate.max(1));
    // A prescaler up to 16 and a divider up to 64.
    let prescaler = (1..=16).find(|prescaler| wanted.div_ceil(*prescaler) <= 64)?;
    let divider = wanted.div_ceil(prescaler).max(2);
    let register =
        (divider - 1) | (divider / 2 - 1) << 6 | (divider - 1) << 12 | (prescaler - 1) << 18;
    Some((register, SOURCE_HZ / prescaler / divider))
}

impl hal::Spi for Spi {
    fn configure(&mut self, mode: SpiMode, pins: [Option<u16>; 3]) -> Result<u32> {
        let [sck, mosi, miso] = self.pins;
        let chosen = [
            pins[0].unwrap_or(sck),
            pins[1].unwrap_or(mosi),
            pins[2].unwrap_or(miso),
        ];
        let (register, frequency_hz) = clock(mode.baudrate).ok_or(Errno::EINVAL)?;
        if !chosen.iter().all(|&pin| is_free(pin)) {
            return Err(Errno::EINVAL);
        }
        self.pins = chosen;
        start(part::SPI2);
        SPI.write(register::GATE, GATE);
        SPI.write(register::SLAVE, 0);
        SPI.write(register::CLOCK, register);
        let rest = if mode.polarity { REST_HIGH } else { 0 };
        SPI.write(register::MISC, NO_SELECT | rest);
        let edge = if mode.polarity == mode.phase {
            0
        } else {
            CHANGE_FIRST
        };
        SPI.write(register::USER, BOTH | edge);
        SPI.write(register::USER1, 0);
        SPI.write(
            register::CONTROL,
            if mode.lsb_first { LSB_FIRST } else { 0 },
        );
        give_out(chosen[0], signal::SPI_CLOCK);
        give_out(chosen[1], signal::SPI_OUT);
        give_in(chosen[2], signal::SPI_IN, Pull::None);
        Ok(frequency_hz)
    }

    fn transfer(&mut self, bytes: &mut [u8]) -> Result<()> {
        for part in bytes.chunks_mut(DATA_BYTES) {
            for (index, four) in part.chunks(4).enumerate() {
                let word = four
                    .iter()
                    .rev()
                    .fold(0, |word, byte| word << 8 | u32::from(*byte));
                SPI.write(register::DATA + 4 * index, word);
            }
            SPI.write(register::BITS, part.len() as u32 * 8 - 1);
            SPI.write(register::COMMAND, UPDATE);
            if !SPI.wait_clear(register::COMMAND, UPDATE) {
                return Err(Errno::EIO);
            }
            SPI.write(register::COMMAND, RUN);
            if !SPI.wait_clear(register::COMMAND, RUN) {
                return Err(Errno::EIO);
            }
            for (index, four) in part.chunks_mut(4).enumerate() {
                let word = SPI.read(register::DATA + 4 * index);
                four.copy_from_slice(&word.to_le_bytes()[..four.len()]);
            }
        }
        Ok(())
    }
}
