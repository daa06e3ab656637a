//! The parts of the board that Python programs reach, and the chip's name, time and randomness.

use upy_hal::Board;
use upy_hal::block::BlockDevice;
use upy_hal::machine::{self as hal, Rtc};
use upy_hal::soft::{Clock, Timers};

use crate::adc::Adc;
use crate::flash::Flash;
use crate::i2c::I2c;
use crate::pins::Pins;
use crate::pwm::Pwm;
use crate::register::NOISE;
use crate::spi::Spi;
use crate::system::{System, Watchdog};
use crate::time::ticks_us;
use crate::uart::Uart;
#[cfg(feature = "wifi")]
use crate::wifi::Radio;

/// Where the noise of the chip is read.
const VALUE: usize = 0xb0;
/// 2000-01-01, where MicroPython's calendar begins on this chip, in nanoseconds since 1970.
const FIRST_DAY_NS: u64 = 946_684_800_000_000_000;

/// The chip and what is on the board.
pub struct Chip {
    flash: Flash,
    whole: Flash,
    pins: Pins,
    adc: Adc,
    pwm: Pwm,
    i2c: I2c,
    spi: Spi,
    uart: Uart,
    timers: Timers<4>,
    clock: Clock,
    watchdog: Watchdog,
    system: System,
    #[cfg(feature = "wifi")]
    radio: Radio,
}

impl Chip {
    /// Takes the board.
    pub fn new() -> Self {
        Self {
            whole: Flash::whole(),
            flash: Flash::files(),
            pins: Pins::new(),
            adc: Adc::start(),
            pwm: Pwm::start(),
            i2c: I2c::new(),
            spi: Spi::new(),
            uart: Uart::new(),
            timers: Timers::new(ticks_us),
            clock: Clock::new(ticks_us, FIRST_DAY_NS),
            watchdog: Watchdog,
            system: System,
            #[cfg(feature = "wifi")]
            radio: Radio::new(),
        }
    }
}

impl upy_hal::Chip for Chip {
    fn name(&self) -> &'static str {
        "esp32"
    }

    fn ticks_us(&mut self) -> u64 {
        ticks_us()
    }

    /// The generator of the chip, whose noise is thermal only while a radio or a converter is on; else it is mixed
    /// from clocks.
    fn random(&mut self, buffer: &mut [u8]) {
        for part in buffer.chunks_mut(4) {
            let word = NOISE.read(VALUE).to_le_bytes();
            part.copy_from_slice(&word[..part.len()]);
            crate::time::spin(1);
        }
    }

    fn event_waits(&mut self) -> bool {
        self.pins.has_event() || self.timers.is_due()
    }

    fn restart(&mut self) {
        self.pins.forget();
        self.pwm.stop();
        self.timers.stop();
    }
}

impl Board for Chip {
    fn flash(&mut self) -> Option<&mut dyn BlockDevice> {
        Some(&mut self.flash)
    }

    fn whole_flash(&mut self) -> Option<&mut dyn BlockDevice> {
        Some(&mut self.whole)
    }

    fn pins(&mut self) -> Option<&mut dyn hal::Pins> {
        Some(&mut self.pins)
    }

    fn adc(&mut self) -> Option<&mut dyn hal::Adc> {
        Some(&mut self.adc)
    }

    fn pwm(&mut self) -> Option<&mut dyn hal::Pwm> {
        Some(&mut self.pwm)
    }

    fn i2c(&mut self, bus: u8) -> Option<&mut dyn hal::I2c> {
        (bus == 0).then_some(&mut self.i2c as _)
    }

    fn spi(&mut self, bus: u8) -> Option<&mut dyn hal::Spi> {
        (bus == 1).then_some(&mut self.spi as _)
    }

    fn uart(&mut self, line: u8) -> Option<&mut dyn hal::Uart> {
        (line == 1).then_some(&mut self.uart as _)
    }

    fn timers(&mut self) -> Option<&mut dyn hal::Timers> {
        Some(&mut self.timers)
    }

    fn rtc(&mut self) -> Option<&mut dyn Rtc> {
        Some(&mut self.clock)
    }

    fn watchdog(&mut self) -> Option<&mut dyn hal::Watchdog> {
        Some(&mut self.watchdog)
    }

    fn system(&mut self) -> Option<&mut dyn hal::System> {
        Some(&mut self.system)
    }

    #[cfg(feature = "wifi")]
    fn wifi(&mut self) -> Option<&mut dyn upy_hal::net::Wifi> {
        Some(&mut self.radio)
    }
}
