//! The parts of the chip.

mod adc;
mod flash;
mod i2c;
mod interrupts;
mod pins;
mod power;
mod sha;
mod spi;
mod timers;
mod uart;
mod usb;
mod waves;

pub(crate) use adc::Adc;
pub(crate) use flash::Flash;
pub(crate) use i2c::{I2c, Memory};
pub(crate) use interrupts::Interrupts;
pub(crate) use pins::Pins;
pub(crate) use power::Power;
pub use power::Reset;
pub(crate) use sha::Sha;
pub(crate) use spi::Spi;
pub(crate) use timers::Timers;
pub(crate) use uart::Uart;
pub(crate) use usb::Usb;

/// Signals of the pin matrix, by the numbers of chapter 5.11 of the manual. The numbers of the way in and of the
/// way out are the same for those.
pub(crate) mod signal {
    pub(crate) const UART1: u32 = 9;
    pub(crate) const WAVE0: u32 = 45;
    pub(crate) const I2C_CLOCK: u32 = 53;
    pub(crate) const I2C_DATA: u32 = 54;
    pub(crate) const SPI_IN: u32 = 64;
    pub(crate) const SPI_OUT: u32 = 65;
    pub(crate) const PROGRAM: u32 = 128;
}
