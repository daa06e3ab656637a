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

pub use adc::Adc;
pub use flash::Flash;
pub use i2c::{I2c, Memory};
pub use interrupts::Interrupts;
pub use pins::Pins;
pub use power::{Power, Reset};
pub use sha::Sha;
pub use spi::Spi;
pub use timers::Timers;
pub use uart::Uart;
pub use usb::Usb;

/// Signals of the pin matrix, by the numbers of chapter 5.11 of the manual. The numbers of the way in and of the
/// way out are the same for those.
pub mod signal {
    pub const UART1: u32 = 9;
    pub const WAVE0: u32 = 45;
    pub const I2C_CLOCK: u32 = 53;
    pub const I2C_DATA: u32 = 54;
    pub const SPI_IN: u32 = 64;
    pub const SPI_OUT: u32 = 65;
    pub const PROGRAM: u32 = 128;
}
