//! The parts of the board that Python programs reach: its flash, its clock, its reset.

use upy_hal::Board;
use upy_hal::block::BlockDevice;
use upy_hal::machine::{Rtc, System};

use crate::flash::Flash;
use crate::time;

/// The chip and what is on the board.
pub struct Chip {
    flash: Flash,
    clock: Clock,
    /// State of the generator of [`upy_hal::Chip::random`].
    seed: u64,
}

impl Chip {
    /// Takes the board; call it once.
    pub fn new() -> Self {
        Self {
            flash: Flash::new(),
            clock: Clock { offset_ns: 0 },
            seed: 0x9e37_79b9_7f4a_7c15,
        }
    }
}

impl upy_hal::Chip for Chip {
    fn name(&self) -> &'static str {
        "qemu-cortex-m"
    }

    fn ticks_us(&mut self) -> u64 {
        time::ticks_us()
    }

    /// There is no source of randomness: xorshift64, stirred with the time of each call. Not for secrets.
    fn random(&mut self, buffer: &mut [u8]) {
        self.seed = (self.seed ^ time::ticks_us()).max(1);
        for byte in buffer {
            self.seed ^= self.seed << 13;
            self.seed ^= self.seed >> 7;
            self.seed ^= self.seed << 17;
            *byte = self.seed.to_le_bytes()[4];
        }
    }
}

impl Board for Chip {
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

/// The calendar: the time since the start, and what it was set to.
struct Clock {
    offset_ns: u64,
}

impl Rtc for Clock {
    fn now_ns(&mut self) -> u64 {
        self.offset_ns.saturating_add(time::ticks_us() * 1000)
    }

    fn set_ns(&mut self, now_ns: u64) {
        self.offset_ns = now_ns.saturating_sub(time::ticks_us() * 1000);
    }
}

impl System for Chip {
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
