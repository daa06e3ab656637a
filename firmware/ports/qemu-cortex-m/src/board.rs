//! The parts of the board that Python programs reach: its flash, its clock, its reset.

use upy_hal::Board;
use upy_hal::block::BlockDevice;
use upy_hal::machine::{self as hal, Rtc, System};
use upy_hal::net::{Network, Tls, Wired};
use upy_hal::soft::{Clock, Noise, Timers};

use crate::flash::Flash;
use crate::network::Parts;
use crate::time;

/// The chip and what is on the board.
pub struct Chip<'a> {
    flash: Flash,
    clock: Clock,
    noise: Noise,
    timers: Timers<8>,
    #[cfg(feature = "more")]
    serial: crate::uart::Second,
    #[cfg(feature = "more")]
    wires: crate::wires::Wires,
    network: Parts<'a>,
}

impl<'a> Chip<'a> {
    /// Takes the board; call it once.
    pub fn new(network: Parts<'a>) -> Self {
        Self {
            flash: Flash::new(),
            clock: Clock::new(time::ticks_us, 0),
            noise: Noise::new(time::ticks_us),
            timers: Timers::new(time::ticks_us),
            #[cfg(feature = "more")]
            serial: crate::uart::Second::new(),
            #[cfg(feature = "more")]
            wires: crate::wires::Wires,
            network,
        }
    }
}

impl upy_hal::Chip for Chip<'_> {
    fn name(&self) -> &'static str {
        "qemu-cortex-m"
    }

    fn ticks_us(&mut self) -> u64 {
        time::ticks_us()
    }

    /// There is no source of randomness.
    fn random(&mut self, buffer: &mut [u8]) {
        self.noise.fill(buffer);
    }

    fn event_waits(&mut self) -> bool {
        self.network.attend();
        #[cfg(feature = "more")]
        self.serial.fetch();
        self.timers.is_due()
    }

    fn restart(&mut self) {
        self.network.restart();
        self.timers.stop();
    }
}

impl Board for Chip<'_> {
    fn network(&mut self) -> Option<&mut dyn Network> {
        self.network.sockets()
    }

    fn wired(&mut self) -> Option<&mut dyn Wired> {
        self.network.wired()
    }

    fn tls(&mut self) -> Option<&mut dyn Tls> {
        self.network.tls(self.clock.now_ns())
    }

    fn flash(&mut self) -> Option<&mut dyn BlockDevice> {
        Some(&mut self.flash)
    }

    fn rtc(&mut self) -> Option<&mut dyn Rtc> {
        Some(&mut self.clock)
    }

    #[cfg(feature = "more")]
    fn pins(&mut self) -> Option<&mut dyn hal::Pins> {
        Some(&mut self.wires)
    }

    #[cfg(feature = "more")]
    fn uart(&mut self, line: u8) -> Option<&mut dyn hal::Uart> {
        (line == 1).then_some(&mut self.serial as &mut dyn hal::Uart)
    }

    fn timers(&mut self) -> Option<&mut dyn hal::Timers> {
        Some(&mut self.timers)
    }

    fn system(&mut self) -> Option<&mut dyn System> {
        Some(self)
    }
}

impl System for Chip<'_> {
    fn reset(&mut self) {
        cortex_m::peripheral::SCB::sys_reset();
    }

    fn unique_id(&mut self, id: &mut [u8; 16]) -> usize {
        id[..4].copy_from_slice(b"QEMU");
        4
    }

    fn frequency_hz(&self) -> u32 {
        time::CLOCK_HZ
    }

    fn idle(&mut self) {
        cortex_m::asm::wfi();
    }

    fn light_sleep(&mut self, limit_us: Option<u64>) {
        let start = time::ticks_us();
        while limit_us.is_none_or(|limit| time::ticks_us() - start < limit) {
            cortex_m::asm::wfi();
        }
    }

    fn deep_sleep(&mut self, limit_us: Option<u64>) {
        self.light_sleep(limit_us);
        self.reset();
    }
}
