//! The parts of the board that Python programs reach: its flash, its clock, its reset.

use upy_hal::Board;
use upy_hal::block::BlockDevice;
use upy_hal::machine::{Rtc, System};
use upy_hal::net::{Network, Tls, Wired};
use upy_hal::soft::{Clock, Noise};

use crate::flash::Flash;
use crate::network::Parts;
use crate::time;

/// The chip and what is on the board.
pub struct Chip<'a> {
    flash: Flash,
    clock: Clock,
    noise: Noise,
    network: Parts<'a>,
}

impl<'a> Chip<'a> {
    /// Takes the board; call it once.
    pub fn new(network: Parts<'a>) -> Self {
        Self {
            flash: Flash::new(),
            clock: Clock::new(time::ticks_us, 0),
            noise: Noise::new(time::ticks_us),
            network,
        }
    }
}

impl upy_hal::Chip for Chip<'_> {
    fn event_waits(&mut self) -> bool {
        self.network.attend();
        false
    }

    fn restart(&mut self) {
        self.network.restart();
    }

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
