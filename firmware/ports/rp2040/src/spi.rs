//! The three-wire buses, as controller.
//!
//! Source: RP2040 datasheet, chapter 4.4.

use upy_hal::machine::{self as hal, Errno, Pull, Result, SpiMode};

use crate::pins::{function, give};
use crate::register::{Block, SPI, reset, start};
use crate::system::clock_hz;

mod register {
    pub(super) const CONTROL0: usize = 0x00;
    pub(super) const CONTROL1: usize = 0x04;
    pub(super) const DATA: usize = 0x08;
    pub(super) const STATUS: usize = 0x0c;
    pub(super) const PRESCALER: usize = 0x10;
}

const EIGHT_BITS: u32 = 7;
const ENABLE: u32 = 1 << 1;
const TX_NOT_FULL: u32 = 1 << 1;
const RX_NOT_EMPTY: u32 = 1 << 2;

/// One bus.
pub struct Spi {
    number: u8,
    /// Clock, out, in.
    pins: [u16; 3],
}

impl Spi {
    /// A bus on its usual pins, not started yet.
    pub const fn new(number: u8) -> Self {
        let pins = if number == 0 { [6, 7, 4] } else { [10, 11, 8] };
        Self { number, pins }
    }

    fn block(&self) -> Block {
        SPI[usize::from(self.number)]
    }
}

/// Prescaler (even) and divider for the largest frequency that is not above the wanted one.
fn dividers(baudrate: u32) -> Option<(u32, u32)> {
    let baudrate = baudrate.max(1);
    (2..=254).step_by(2).find_map(|prescaler| {
        let divider = clock_hz().div_ceil(prescaler).div_ceil(baudrate);
        (divider <= 256).then_some((prescaler, divider.max(1)))
    })
}

impl hal::Spi for Spi {
    fn configure(&mut self, mode: SpiMode, pins: [Option<u16>; 3]) -> Result<u32> {
        let [sck, mosi, miso] = self.pins;
        let chosen = [
            pins[0].unwrap_or(sck),
            pins[1].unwrap_or(mosi),
            pins[2].unwrap_or(miso),
        ];
        let bus = u16::from(self.number);
        let fits = |pin: u16, place: u16| pin < 30 && pin % 4 == place && pin / 8 % 2 == bus;
        if !fits(chosen[0], 2) || !fits(chosen[1], 3) || !fits(chosen[2], 0) || mode.lsb_first {
            return Err(Errno::EINVAL);
        }
        let (prescaler, divider) = dividers(mode.baudrate).ok_or(Errno::EINVAL)?;
        self.pins = chosen;
        start(reset::SPI0 << self.number);
        let block = self.block();
        block.write(register::CONTROL1, 0);
        block.write(register::PRESCALER, prescaler);
        let (polarity, phase) = (u32::from(mode.polarity), u32::from(mode.phase));
        block.write(
            register::CONTROL0,
            EIGHT_BITS | polarity << 6 | phase << 7 | (divider - 1) << 8,
        );
        block.write(register::CONTROL1, ENABLE);
        for pin in chosen {
            give(pin, function::SPI, Pull::None);
        }
        Ok(clock_hz() / prescaler / divider)
    }

    fn transfer(&mut self, bytes: &mut [u8]) -> Result<()> {
        let block = self.block();
        for byte in bytes {
            if !block.wait_for(register::STATUS, TX_NOT_FULL) {
                return Err(Errno::EIO);
            }
            block.write(register::DATA, u32::from(*byte));
            if !block.wait_for(register::STATUS, RX_NOT_EMPTY) {
                return Err(Errno::EIO);
            }
            *byte = block.read(register::DATA).to_le_bytes()[0];
        }
        Ok(())
    }
}
