//! Reset, boot loader, sleep, the processor's frequency and the watchdog.
//!
//! Source: RP2040 datasheet, chapters 4.7 (watchdog), 2.13.5 (power-on state machine), 2.8.3.1.5 (boot loader), 2.15
//! and 2.18 (clocks and the loop that makes their frequency).

use core::sync::atomic::{AtomicU32, Ordering};

use rp2040_hal::rom_data::reset_to_usb_boot;
use upy_hal::machine::{self as hal, Errno, ResetCause, Result};

use crate::CRYSTAL_HZ;
use crate::register::{CLOCKS, PLL_SYS, PSM, WATCHDOG, peek, poke};
use crate::time;

/// Frequency of the processor and of everything but USB in Hz; at first as `init_clocks_and_plls` sets it.
static CLOCK_HZ: AtomicU32 = AtomicU32::new(125_000_000);

/// Frequency of the processor and its peripherals in Hz.
pub fn clock_hz() -> u32 {
    CLOCK_HZ.load(Ordering::Relaxed)
}

/// The most that the processor is asked for; the data sheet says 133 MHz.
const MOST_HZ: u32 = 270_000_000;

/// Registers of the clocks and of the loop.
mod clock {
    pub(super) const SYSTEM: usize = 0x3c;
    pub(super) const SYSTEM_DIVIDER: usize = 0x40;
    pub(super) const SYSTEM_SELECTED: usize = 0x44;
    pub(super) const LOOP: usize = 0;
    pub(super) const POWER: usize = 4;
    pub(super) const MULTIPLIER: usize = 8;
    pub(super) const DIVIDERS: usize = 0xc;
    pub(super) const LOCKED: u32 = 1 << 31;
    /// Of the loop: everything, and what its dividers need.
    pub(super) const POWER_OFF: u32 = 0b10_1101;
    pub(super) const POWER_LOOP: u32 = 0b10_0001;
    pub(super) const POWER_DIVIDERS: u32 = 0b1000;
}

/// What the loop multiplies the crystal with and divides by twice for a frequency, if it can make it exactly.
fn loop_for(frequency_hz: u32) -> Option<(u32, u32, u32)> {
    const RANGE: core::ops::RangeInclusive<u32> = 750_000_000..=1_600_000_000;
    (16..=320).rev().find_map(|times| {
        let made = CRYSTAL_HZ
            .checked_mul(times)
            .filter(|made| RANGE.contains(made))?;
        let mut pairs = (1..=7)
            .rev()
            .flat_map(|first| (1..=first).map(move |second| (first, second)));
        let (first, second) = pairs.find(|(first, second)| {
            made / (first * second) * (first * second) == made
                && made / (first * second) == frequency_hz
        })?;
        Some((times, first, second))
    })
}

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
        clock_hz()
    }

    /// Lines and waves that were set up before have another frequency then, until they are set up again.
    fn set_frequency_hz(&mut self, frequency_hz: u32) -> Result<()> {
        let found = loop_for(frequency_hz).filter(|_| frequency_hz <= MOST_HZ);
        let (times, first, second) = found.ok_or(Errno::EINVAL)?;
        critical_section::with(|_| {
            // The crystal drives the processor meanwhile.
            CLOCKS.clear(clock::SYSTEM, 1);
            CLOCKS.wait_for(clock::SYSTEM_SELECTED, 1);
            PLL_SYS.set(clock::POWER, clock::POWER_OFF);
            PLL_SYS.write(clock::LOOP, 1);
            PLL_SYS.write(clock::MULTIPLIER, times);
            PLL_SYS.clear(clock::POWER, clock::POWER_LOOP);
            PLL_SYS.wait_for(clock::LOOP, clock::LOCKED);
            PLL_SYS.write(clock::DIVIDERS, first << 16 | second << 12);
            PLL_SYS.clear(clock::POWER, clock::POWER_DIVIDERS);
            CLOCKS.write(clock::SYSTEM_DIVIDER, 1 << 8);
            CLOCKS.write(clock::SYSTEM, 0);
            CLOCKS.set(clock::SYSTEM, 1);
            CLOCKS.wait_for(clock::SYSTEM_SELECTED, 2);
        });
        CLOCK_HZ.store(frequency_hz, Ordering::Relaxed);
        Ok(())
    }

    /// Memory is only read, because the interpreter lives in it.
    fn peek(&mut self, address: usize, width: u8) -> Option<u32> {
        peek(address, width)
    }

    fn poke(&mut self, address: usize, width: u8, value: u32) -> bool {
        poke(address, width, value)
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
