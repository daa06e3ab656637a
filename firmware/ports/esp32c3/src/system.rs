//! Reset, boot loader, sleep and the watchdogs.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapters 6, 9, 12 and 14; `esp_rom/rtc.h` for the causes of a reset.

use upy_hal::machine::{self as hal, Errno, ResetCause, Result};

use crate::register::{FUSES, GROUPS, RTC, SYSTEM, peek, poke};
use crate::time;

mod register {
    pub(super) const OPTIONS: usize = 0x00;
    pub(super) const WAKE_LOW: usize = 0x04;
    pub(super) const WAKE_HIGH: usize = 0x08;
    pub(super) const ASK: usize = 0x0c;
    pub(super) const TIME_LOW: usize = 0x10;
    pub(super) const TIME_HIGH: usize = 0x14;
    pub(super) const SLEEP: usize = 0x18;
    pub(super) const RESET_CAUSE: usize = 0x38;
    pub(super) const WAKE_ON: usize = 0x3c;
    pub(super) const DOWNLOAD: usize = 0xf4;
    pub(super) const DIGITAL_POWER: usize = 0x88;
    /// The watchdog of the always-on part.
    pub(super) const DOG: usize = 0x90;
    pub(super) const DOG_KEY: usize = 0xa8;
    /// The watchdog of nobody, for a chip whose supply is weak.
    pub(super) const SUPPLY_DOG: usize = 0xac;
    pub(super) const SUPPLY_DOG_KEY: usize = 0xb0;
    /// In the groups of timers.
    pub(super) const GROUP_DOG: usize = 0x48;
    pub(super) const GROUP_PRESCALER: usize = 0x4c;
    pub(super) const GROUP_TIMEOUT: usize = 0x50;
    pub(super) const GROUP_FEED: usize = 0x60;
    pub(super) const GROUP_KEY: usize = 0x64;
    /// In the fuses: the factory's number for networks.
    pub(super) const NUMBER_LOW: usize = 0x44;
    pub(super) const NUMBER_HIGH: usize = 0x48;
    /// In the system's registers.
    pub(super) const CPU_CLOCK: usize = 0x08;
}

const KEY: u32 = 0x50d8_3aa1;
const SUPPLY_KEY: u32 = 0x8f1d_312a;
const SUPPLY_FEEDS_ITSELF: u32 = 1 << 31;
const RESET_ALL: u32 = 1 << 31;
const ASK: u32 = 1 << 31;
const SLEEP: u32 = 1 << 31;
/// The slow clock wakes the chip.
const WAKE_BY_TIME: u32 = 1 << 3 << 15;
const WAKE_TIME_ON: u32 = 1 << 16;
/// The digital part is off while it sleeps.
const POWER_DOWN: u32 = 1 << 31;
/// The slow clock, about; MicroPython too sleeps only about as long as it was told without measuring it.
const SLOW_HZ: u64 = 136_000;
/// A watchdog that is on, in a mode for programs, and resets the chip in its first stage.
const DOG_ON: u32 = 1 << 31 | 3 << 29 | 7 << 18 | 7 << 15;
const DOG_TAKE_OVER: u32 = 1 << 22;
/// Ticks of the watchdog of half a millisecond.
const TICKS_PER_MS: u32 = 2;
const PRESCALER: u32 = 40_000;

/// Switches off the watchdogs that the boot loader has left on.
pub fn silence_watchdogs() {
    RTC.write(register::DOG_KEY, KEY);
    RTC.write(register::DOG, 0);
    RTC.write(register::DOG_KEY, 0);
    RTC.write(register::SUPPLY_DOG_KEY, SUPPLY_KEY);
    RTC.set(register::SUPPLY_DOG, SUPPLY_FEEDS_ITSELF);
    RTC.write(register::SUPPLY_DOG_KEY, 0);
    for group in GROUPS {
        group.write(register::GROUP_KEY, KEY);
        group.write(register::GROUP_DOG, 0);
        group.write(register::GROUP_KEY, 0);
    }
}

/// The watchdog for programs, that of the first group.
pub struct Watchdog;

impl hal::Watchdog for Watchdog {
    fn start(&mut self, timeout_ms: u32) -> Result<()> {
        let ticks = timeout_ms
            .checked_mul(TICKS_PER_MS)
            .filter(|ticks| *ticks > 0);
        let ticks = ticks.ok_or(Errno::EINVAL)?;
        let group = GROUPS[0];
        group.write(register::GROUP_KEY, KEY);
        group.write(register::GROUP_PRESCALER, PRESCALER << 16);
        group.write(register::GROUP_TIMEOUT, ticks);
        group.write(register::GROUP_DOG, DOG_ON | DOG_TAKE_OVER);
        group.write(register::GROUP_FEED, 1);
        group.write(register::GROUP_KEY, 0);
        Ok(())
    }

    fn feed(&mut self) {
        let group = GROUPS[0];
        group.write(register::GROUP_KEY, KEY);
        group.write(register::GROUP_FEED, 1);
        group.write(register::GROUP_KEY, 0);
    }
}

/// The chip.
pub struct System;

/// Starts the chip again.
pub fn restart() -> ! {
    RTC.set(register::OPTIONS, RESET_ALL);
    loop {
        core::hint::spin_loop();
    }
}

/// The factory's number for networks.
pub fn network_number() -> [u8; 6] {
    let [a, b, c, d] = FUSES.read(register::NUMBER_LOW).to_be_bytes();
    let [_, _, y, z] = FUSES.read(register::NUMBER_HIGH).to_be_bytes();
    [y, z, a, b, c, d]
}

impl hal::System for System {
    fn reset(&mut self) {
        restart();
    }

    /// The ROM waits for a download after the reset.
    fn bootloader(&mut self) {
        RTC.write(register::DOWNLOAD, 1);
        restart();
    }

    fn reset_cause(&self) -> ResetCause {
        match RTC.read(register::RESET_CAUSE) & 0x3f {
            3 | 12 => ResetCause::Hard,
            5 => ResetCause::DeepSleep,
            7 | 8 | 9 | 11 | 13 | 16 | 17 | 18 => ResetCause::Watchdog,
            _ => ResetCause::Power,
        }
    }

    fn unique_id(&mut self, id: &mut [u8; 16]) -> usize {
        id[..6].copy_from_slice(&network_number());
        6
    }

    fn frequency_hz(&self) -> u32 {
        match SYSTEM.read(register::CPU_CLOCK) & 3 {
            1 => 160_000_000,
            _ => 80_000_000,
        }
    }

    fn set_frequency_hz(&mut self, frequency_hz: u32) -> Result<()> {
        // The radio's software counts with the frequency of the start.
        if cfg!(feature = "wifi") && frequency_hz != self.frequency_hz() {
            return Err(Errno::EOPNOTSUPP);
        }
        let choice = match frequency_hz {
            80_000_000 => 0,
            160_000_000 => 1,
            _ => return Err(Errno::EINVAL),
        };
        SYSTEM.put(register::CPU_CLOCK, 3, choice);
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

    /// The processor waits; nothing is switched off.
    fn light_sleep(&mut self, limit_us: Option<u64>) {
        let start = time::ticks_us();
        loop {
            let gone = time::ticks_us() - start;
            let left = limit_us.map_or(1000, |limit| limit.saturating_sub(gone));
            if left == 0 {
                return;
            }
            time::doze(left.min(1000));
        }
    }

    fn deep_sleep(&mut self, limit_us: Option<u64>) {
        RTC.set(register::ASK, ASK);
        let low = u64::from(RTC.read(register::TIME_LOW));
        let now = u64::from(RTC.read(register::TIME_HIGH) & 0xffff) << 32 | low;
        let wakes = limit_us.map(|limit| now + limit.saturating_mul(SLOW_HZ) / 1_000_000);
        if let Some(at) = wakes {
            RTC.write(register::WAKE_LOW, at as u32);
            RTC.write(
                register::WAKE_HIGH,
                (at >> 32) as u32 & 0xffff | WAKE_TIME_ON,
            );
        }
        RTC.write(
            register::WAKE_ON,
            if wakes.is_some() { WAKE_BY_TIME } else { 0 },
        );
        RTC.set(register::DIGITAL_POWER, POWER_DOWN);
        RTC.set(register::SLEEP, SLEEP);
        loop {
            core::hint::spin_loop();
        }
    }
}
