//! The parts of the board that Python programs reach, and the chip's name, time and randomness.

use upy_hal::Board;
use upy_hal::block::BlockDevice;
use upy_hal::machine::{self as hal, Rtc};
use upy_hal::soft::{Clock, Noise, Timers};

use crate::adc::Adc;
use crate::flash::Flash;
use crate::i2c::I2c;
use crate::pins::Pins;
use crate::pio::Pio;
use crate::pwm::Pwm;
use crate::register::ROSC;
use crate::spi::Spi;
use crate::system::{System, Watchdog};
use crate::time;
use crate::uart::Uart;

/// Where the ring oscillator gives a random bit.
const RANDOM_BIT: usize = 0x1c;
/// Bits of the oscillator that make one; alone they are not independent.
const SAMPLES: usize = 32;

/// 2021-01-01, where the calendar begins without being set, in nanoseconds since 1970.
const FIRST_DAY_NS: u64 = 1_609_459_200_000_000_000;

/// The chip and what is on the board.
pub struct Chip {
    flash: Flash,
    pins: Pins,
    adc: Adc,
    pwm: Pwm,
    i2c: [I2c; 2],
    spi: [Spi; 2],
    uart: [Uart; 2],
    pio: Pio,
    timers: Timers<16>,
    clock: Clock,
    watchdog: Watchdog,
    system: System,
    /// What the time has made of what it was asked before.
    noise: Noise,
}

impl Chip {
    /// Takes the board; `id` is the number of its flash.
    pub fn new(id: [u8; 8]) -> Self {
        Self {
            flash: Flash,
            pins: Pins::start(),
            adc: Adc::start(),
            pwm: Pwm::start(),
            i2c: [I2c::new(0), I2c::new(1)],
            spi: [Spi::new(0), Spi::new(1)],
            uart: [Uart::new(0), Uart::new(1)],
            pio: Pio::start(),
            timers: Timers::new(time::ticks_us),
            clock: Clock::new(time::ticks_us, FIRST_DAY_NS),
            watchdog: Watchdog,
            system: System { id },
            noise: Noise::new(time::ticks_us),
        }
    }
}

impl upy_hal::Chip for Chip {
    fn name(&self) -> &'static str {
        "rp2"
    }

    fn ticks_us(&mut self) -> u64 {
        time::ticks_us()
    }

    /// Bits of the ring oscillator, stirred with the time: an emulator's oscillator always says the same.
    fn random(&mut self, buffer: &mut [u8]) {
        self.noise.fill(buffer);
        for byte in buffer {
            for bit in 0..8 {
                let noise = (0..SAMPLES).fold(0, |noise, _| noise ^ (ROSC.read(RANDOM_BIT) & 1));
                *byte ^= (noise as u8) << bit;
            }
        }
    }

    fn event_waits(&mut self) -> bool {
        self.pins.has_event() || self.timers.is_due() || self.pio.has_event()
    }

    fn restart(&mut self) {
        self.pins.forget();
        self.pwm.stop();
        self.pio.stop();
        self.timers.stop();
    }
}

impl Board for Chip {
    fn flash(&mut self) -> Option<&mut dyn BlockDevice> {
        Some(&mut self.flash)
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
        Some(self.i2c.get_mut(usize::from(bus))?)
    }

    fn spi(&mut self, bus: u8) -> Option<&mut dyn hal::Spi> {
        Some(self.spi.get_mut(usize::from(bus))?)
    }

    fn uart(&mut self, line: u8) -> Option<&mut dyn hal::Uart> {
        Some(self.uart.get_mut(usize::from(line))?)
    }

    fn pio(&mut self) -> Option<&mut dyn upy_hal::pio::Pio> {
        Some(&mut self.pio)
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
}
