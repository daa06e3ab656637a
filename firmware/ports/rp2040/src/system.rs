//! Reset, boot loader, sleep and the watchdog.
//!
//! Source: RP2040 datasheet, chapters 4.7 (watchdog), 2.13.5 (power-on state machine), 2.8.3.1.5 (boot loader).

use rp2040_hal::rom_data::reset_to_usb_boot;
use upy_hal::machine::{self as hal, Errno, ResetCause, Result};

use crate::register::{PSM, WATCHDOG};
use crate::time;

/// Frequency of the processor in Hz, as `init_clocks_and_plls` sets it.
pub const CLOCK_HZ: u32 = 125_000_000;

mod register {
    pub(super) const CONTROL: usize = 0;
    pub(super) const LOAD: usize = 4;
    pub(super) const REASON: usize = 8;
    /// In the power-on state machine: what the watchdog resets.
    pub(super) const WATCHDOG_SELECT: usize = 8;
}

const TRIGGER: u32 = 1 << 31;
const ENABLE: u32 = 1 << 30;
/// Everything but the two oscillators.
const EVERYTHING: u32 = 0x0001_fffc;
/// It counts two for each microsecond (erratum RP2040-E1).
const COUNTS_PER_MS: u32 = 2000;
const MOST_COUNTS: u32 = 0x00ff_ffff;

/// The watchdog.
pub struct Watchdog;

impl hal::Watchdog for Watchdog {
    fn start(&mut self, timeout_ms: u32) -> Result<()> {
        let counts = timeout_ms
            .checked_mul(COUNTS_PER_MS)
            .filter(|counts| (1..=MOST_COUNTS).contains(counts))
            .ok_or(Errno::EINVAL)?;
        PSM.set(register::WATCHDOG_SELECT, EVERYTHING);
        WATCHDOG.clear(register::CONTROL, ENABLE);
        LOADED.with(counts);
        self.feed();
        WATCHDOG.set(register::CONTROL, ENABLE);
        Ok(())
    }

    fn feed(&mut self) {
        WATCHDOG.write(register::LOAD, LOADED.counts());
    }
}

/// What the watchdog is fed with: kept in its last scratch register, which the boot ROM does not use.
struct Loaded;
const LOADED: Loaded = Loaded;
const SCRATCH3: usize = 0x18;

impl Loaded {
    fn with(self, counts: u32) {
        WATCHDOG.write(SCRATCH3, counts);
    }

    fn counts(self) -> u32 {
        WATCHDOG.read(SCRATCH3)
    }
}

/// The chip.
pub struct System {
    pub id: [u8; 8],
}

impl hal::System for System {
    /// By the watchdog, which also resets the USB device, so that the host sees it come back.
    fn reset(&mut self) {
        PSM.set(register::WATCHDOG_SELECT, EVERYTHING);
        WATCHDOG.set(register::CONTROL, TRIGGER);
        loop {
            cortex_m::asm::nop();
        }
    }

    fn bootloader(&mut self) {
        reset_to_usb_boot(0, 0);
    }

    fn reset_cause(&self) -> ResetCause {
        match WATCHDOG.read(register::REASON) {
            0 => ResetCause::Power,
            _ => ResetCause::Watchdog,
        }
    }

    fn unique_id(&mut self, id: &mut [u8; 16]) -> usize {
        id[..self.id.len()].copy_from_slice(&self.id);
        self.id.len()
    }

    fn frequency_hz(&self) -> u32 {
        CLOCK_HZ
    }

    fn idle(&mut self) {
        time::doze(1000);
    }

    fn light_sleep(&mut self, limit_us: Option<u64>) {
        let start = time::ticks_us();
        loop {
            let gone = time::ticks_us() - start;
            let left = limit_us.map_or(1000, |limit| limit.saturating_sub(gone));
            if left == 0 {
                return;
            }
            time::doze(left.min(1000) as u32);
        }
    }

    fn deep_sleep(&mut self, limit_us: Option<u64>) {
        self.light_sleep(limit_us);
        self.reset();
    }
}
