//! All parts of a board behind one trait.

use crate::block::BlockDevice;
use crate::console::Mirror;
use crate::machine::{Adc, I2c, Pins, Pwm, Rtc, Spi, System, Timers, Uart, Watchdog};
use crate::net::{Network, Tls, Wifi, Wired};
use crate::pio::Pio;

/// The hardware of a board; each part is `None` where there is none.
pub trait Board {
    /// A second end of its console.
    fn mirror(&mut self) -> Option<&mut dyn Mirror> {
        None
    }

    /// The part of its flash that holds its files.
    fn flash(&mut self) -> Option<&mut dyn BlockDevice> {
        None
    }

    /// All of its flash from the beginning on, the program and the files in it too, where programs may have that.
    fn whole_flash(&mut self) -> Option<&mut dyn BlockDevice> {
        None
    }

    /// Its pins.
    fn pins(&mut self) -> Option<&mut dyn Pins> {
        None
    }

    /// Its converter.
    fn adc(&mut self) -> Option<&mut dyn Adc> {
        None
    }

    /// Its square waves.
    fn pwm(&mut self) -> Option<&mut dyn Pwm> {
        None
    }

    /// One of its two-wire buses.
    fn i2c(&mut self, bus: u8) -> Option<&mut dyn I2c> {
        let _ = bus;
        None
    }

    /// A two-wire bus on any two pins (clock, data), where the board knows better than to move the pins by program.
    fn soft_i2c(&mut self, scl: u16, sda: u16) -> Option<&mut dyn I2c> {
        let _ = (scl, sda);
        None
    }

    /// One of its three-wire buses.
    fn spi(&mut self, bus: u8) -> Option<&mut dyn Spi> {
        let _ = bus;
        None
    }

    /// A three-wire bus on any pins (clock, out, in), as [`Board::soft_i2c`].
    fn soft_spi(&mut self, sck: u16, mosi: u16, miso: u16) -> Option<&mut dyn Spi> {
        let _ = (sck, mosi, miso);
        None
    }

    /// One of its serial lines.
    fn uart(&mut self, line: u8) -> Option<&mut dyn Uart> {
        let _ = line;
        None
    }

    /// Its machines for pins.
    fn pio(&mut self) -> Option<&mut dyn Pio> {
        None
    }

    /// Its timers.
    fn timers(&mut self) -> Option<&mut dyn Timers> {
        None
    }

    /// Its clock.
    fn rtc(&mut self) -> Option<&mut dyn Rtc> {
        None
    }

    /// Its watchdog.
    fn watchdog(&mut self) -> Option<&mut dyn Watchdog> {
        None
    }

    /// The chip.
    fn system(&mut self) -> Option<&mut dyn System> {
        None
    }

    /// Its sockets.
    fn network(&mut self) -> Option<&mut dyn Network> {
        None
    }

    /// Its radio.
    fn wifi(&mut self) -> Option<&mut dyn Wifi> {
        None
    }

    /// Its wired interface.
    fn wired(&mut self) -> Option<&mut dyn Wired> {
        None
    }

    /// Its TLS.
    fn tls(&mut self) -> Option<&mut dyn Tls> {
        None
    }
}
