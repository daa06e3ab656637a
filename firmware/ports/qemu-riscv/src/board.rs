//! The parts of the board that Python programs reach: its flash, its clock, its reset.

use upy_hal::Board;
use upy_hal::block::BlockDevice;
use upy_hal::machine::{self as hal, Rtc, System};
use upy_hal::soft::{Clock, Noise, Timers};

use crate::flash::Flash;
use crate::register::TEST;
use crate::time;

/// What starts the machine again when it is written to the test device.
const RESET: u32 = 0x7777;
const TEST_ADDRESS: usize = 0x0010_0000;

/// The chip and what is on the board.
pub struct Chip {
    flash: Flash,
    clock: Clock,
    noise: Noise,
    timers: Timers<8>,
}

impl Chip {
    /// Takes the board; call it once.
    pub fn new() -> Self {
        Self {
            flash: Flash,
            clock: Clock::new(time::ticks_us, 0),
            noise: Noise::new(time::ticks_us),
            timers: Timers::new(time::ticks_us),
        }
    }
}

impl upy_hal::Chip for Chip {
    fn name(&self) -> &'static str {
        "qemu-riscv"
    }

    fn ticks_us(&mut self) -> u64 {
        time::ticks_us()
    }

    /// There is no source of randomness.
    fn random(&mut self, buffer: &mut [u8]) {
        self.noise.fill(buffer);
    }

    fn event_waits(&mut self) -> bool {
        self.timers.is_due()
    }

    fn restart(&mut self) {
        self.timers.stop();
    }
}

impl Board for Chip {
    fn flash(&mut self) -> Option<&mut dyn BlockDevice> {
        Some(&mut self.flash)
    }

    fn rtc(&mut self) -> Option<&mut dyn Rtc> {
        Some(&mut self.clock)
    }

    fn timers(&mut self) -> Option<&mut dyn hal::Timers> {
        Some(&mut self.timers)
    }

    fn system(&mut self) -> Option<&mut dyn System> {
        Some(self)
    }
}

impl System for Chip {
    fn reset(&mut self) {
        TEST.write(RESET);
        loop {
            riscv::asm::nop();
        }
    }

    fn unique_id(&mut self, id: &mut [u8; 16]) -> usize {
        id[..4].copy_from_slice(b"QEMU");
        4
    }

    /// What its timer counts; the emulated processor has no frequency.
    fn frequency_hz(&self) -> u32 {
        10_000_000
    }

    fn light_sleep(&mut self, limit_us: Option<u64>) {
        let start = time::ticks_us();
        while limit_us.is_none_or(|limit| time::ticks_us() - start < limit) {
            time::wake_at(time::ticks_us() + 1000);
            riscv::asm::wfi();
        }
    }

    fn deep_sleep(&mut self, limit_us: Option<u64>) {
        self.light_sleep(limit_us);
        self.reset();
    }

    /// The test device only: `machine.mem32[0x100000] = 0x5555` ends QEMU with status 0, `n << 16 | 0x3333` with n.
    fn poke(&mut self, address: usize, width: u8, value: u32) -> bool {
        let is_test = address == TEST_ADDRESS && width == 4;
        if is_test {
            TEST.write(value);
        }
        is_test
    }
}
