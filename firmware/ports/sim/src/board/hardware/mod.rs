//! The hardware of the simulated board: what `machine` finds there.

pub(crate) mod control;
mod parts;
pub(crate) mod wiring;

use upy_hal::Board;
use upy_hal::block::BlockDevice;
use upy_hal::console::Mirror;
use upy_hal::machine::{
    Adc, Errno, I2c, Pins, Pwm, ResetCause, Result, Rtc, Spi, System, Timers, Uart, Watchdog,
};
use upy_hal::net::{Network, Tls, Wifi};

use std::sync::Arc;

use super::clock::Clock;
use super::flash::Flash;
use super::line::Line;
use crate::net::Net;
use parts::{SimAdc, SimI2c, SimPins, SimPwm, SimSpi, SimUart};
use wiring::{BUSES, Wiring};

/// Timers that can run at once.
const TIMERS: usize = 16;

/// A timer that runs.
#[derive(Clone, Copy, Debug)]
struct Running {
    due_us: u64,
    period_us: u64,
    periodic: bool,
}

/// The hardware.
pub(crate) struct Hardware {
    pub(crate) clock: Clock,
    flash: Flash,
    net: Net,
    unique_id: u64,
    wiring: Wiring,
    /// Its reset pin.
    line: Arc<Line>,
    script: control::Script,
    pins: SimPins,
    adc: SimAdc,
    pwm: SimPwm,
    i2c: [SimI2c; BUSES],
    spi: [SimSpi; BUSES],
    uart: [SimUart; BUSES],
    timers: [Option<Running>; TIMERS],
    /// How far the calendar is ahead of the clock, in nanoseconds.
    ahead_ns: i128,
    /// When the watchdog bites, and its time, in microseconds.
    watchdog: Option<(u64, u64)>,
    frequency_hz: u32,
    cause: ResetCause,
    /// Why the reset that is being made was asked for, if not by the button.
    asked: Option<ResetCause>,
}

impl Hardware {
    /// Hardware that is switched on now.
    pub(crate) fn new(
        clock: Clock,
        wiring: Wiring,
        script: control::Script,
        line: Arc<Line>,
        flash: Flash,
        unique_id: u64,
    ) -> Self {
        wiring.lock().power_on();
        let bus = |bus| SimI2c {
            wiring: wiring.clone(),
            bus,
            pins: [(5, 4), (7, 6)][bus],
        };
        let spi = |bus| SimSpi {
            wiring: wiring.clone(),
            bus,
        };
        let uart = |line| SimUart {
            wiring: wiring.clone(),
            line,
        };
        Self {
            clock,
            flash,
            net: Net::new(),
            unique_id,
            script,
            pins: SimPins {
                wiring: wiring.clone(),
            },
            adc: SimAdc {
                wiring: wiring.clone(),
            },
            pwm: SimPwm {
                wiring: wiring.clone(),
            },
            i2c: [bus(0), bus(1)],
            spi: [spi(0), spi(1)],
            uart: [uart(0), uart(1)],
            timers: [None; TIMERS],
            ahead_ns: 0,
            watchdog: None,
            frequency_hz: 125_000_000,
            cause: ResetCause::Power,
            asked: Some(ResetCause::Power),
            line,
            wiring,
        }
    }

    /// Lets time pass for what is connected; whether the program is to be told of something.
    pub(crate) fn look(&mut self) -> bool {
        let now = self.clock.ticks_us();
        let mut state = self.wiring.lock();
        state.now_us = state.now_us.max(now);
        self.script.play(&mut state, now);
        let events = !state.events.is_empty();
        drop(state);
        if self.watchdog.is_some_and(|(due, _)| now >= due) {
            self.watchdog = None;
            self.ask_reset(ResetCause::Watchdog);
        }
        let due = |timer: &Option<Running>| timer.is_some_and(|timer| timer.due_us <= now);
        events || self.timers.iter().any(due)
    }

    /// Presses the reset button from inside.
    fn ask_reset(&mut self, cause: ResetCause) {
        self.asked = Some(cause);
        self.line.reset();
    }

    /// Begins again after a reset.
    pub(crate) fn restart(&mut self) {
        self.cause = self.asked.take().unwrap_or(ResetCause::Hard);
        self.wiring.lock().power_on();
        self.flash.restart();
        self.timers = [None; TIMERS];
        self.watchdog = None;
    }

    /// A new interpreter: timers and handlers of the last one are gone.
    pub(crate) fn soft_reset(&mut self) {
        self.line.open_mirror(false);
        self.timers = [None; TIMERS];
        self.net = Net::new();
        let mut state = self.wiring.lock();
        for pin in &mut state.pins {
            pin.watched = upy_hal::machine::Edges::NONE;
        }
        state.events.clear();
    }

    /// Nanoseconds since 1970 as the calendar has it.
    pub(crate) fn time_ns(&mut self) -> u64 {
        let now = i128::from(self.clock.time_ns()) + self.ahead_ns;
        u64::try_from(now).unwrap_or(0)
    }
}

impl Mirror for Hardware {
    fn open(&mut self, is_open: bool) {
        self.line.open_mirror(is_open);
    }

    fn output(&mut self, buffer: &mut [u8]) -> usize {
        self.line.mirrored(buffer)
    }

    fn room(&mut self) -> usize {
        self.line.room()
    }

    fn input(&mut self, bytes: &[u8]) {
        self.line.type_in(bytes);
    }
}

impl Board for Hardware {
    fn mirror(&mut self) -> Option<&mut dyn Mirror> {
        Some(self)
    }

    fn network(&mut self) -> Option<&mut dyn Network> {
        Some(self.net.network())
    }

    fn wifi(&mut self) -> Option<&mut dyn Wifi> {
        Some(self.net.wifi())
    }

    fn tls(&mut self) -> Option<&mut dyn Tls> {
        self.net.tls()
    }

    fn flash(&mut self) -> Option<&mut dyn BlockDevice> {
        Some(&mut self.flash)
    }

    fn pins(&mut self) -> Option<&mut dyn Pins> {
        Some(&mut self.pins)
    }

    fn adc(&mut self) -> Option<&mut dyn Adc> {
        Some(&mut self.adc)
    }

    fn pwm(&mut self) -> Option<&mut dyn Pwm> {
        Some(&mut self.pwm)
    }

    fn i2c(&mut self, bus: u8) -> Option<&mut dyn I2c> {
        let bus = self.i2c.get_mut(usize::from(bus))?;
        Some(bus)
    }

    fn soft_i2c(&mut self, scl: u16, sda: u16) -> Option<&mut dyn I2c> {
        // The devices of a bus hang on its pins, whoever moves them.
        let found = self.i2c.iter_mut().find(|bus| bus.pins == (scl, sda))?;
        Some(found)
    }

    fn spi(&mut self, bus: u8) -> Option<&mut dyn Spi> {
        let bus = self.spi.get_mut(usize::from(bus))?;
        Some(bus)
    }

    fn soft_spi(&mut self, _: u16, _: u16, _: u16) -> Option<&mut dyn Spi> {
        Some(&mut self.spi[0])
    }

    fn uart(&mut self, line: u8) -> Option<&mut dyn Uart> {
        let line = self.uart.get_mut(usize::from(line))?;
        Some(line)
    }

    fn timers(&mut self) -> Option<&mut dyn Timers> {
        Some(self)
    }

    fn rtc(&mut self) -> Option<&mut dyn Rtc> {
        Some(self)
    }

    fn watchdog(&mut self) -> Option<&mut dyn Watchdog> {
        Some(self)
    }

    fn system(&mut self) -> Option<&mut dyn System> {
        Some(self)
    }
}

impl Timers for Hardware {
    fn count(&self) -> u8 {
        TIMERS as u8
    }

    fn set(&mut self, timer: u8, period_us: Option<u64>, periodic: bool) {
        let now = self.clock.ticks_us();
        if let Some(slot) = self.timers.get_mut(usize::from(timer)) {
            *slot = period_us.map(|period_us| Running {
                due_us: now.saturating_add(period_us),
                period_us,
                periodic,
            });
        }
    }

    fn take_event(&mut self) -> Option<u8> {
        let now = self.clock.ticks_us();
        let due = |timer: &Option<Running>| timer.is_some_and(|timer| timer.due_us <= now);
        let number = self.timers.iter().position(due)?;
        let slot = &mut self.timers[number];
        *slot = slot.filter(|timer| timer.periodic).map(|timer| Running {
            // As on a chip: what was missed is made up for by one call.
            due_us: (timer.due_us + timer.period_us).max(now.saturating_sub(timer.period_us) + 1),
            ..timer
        });
        Some(number as u8)
    }
}

impl Rtc for Hardware {
    fn now_ns(&mut self) -> u64 {
        self.time_ns()
    }

    fn set_ns(&mut self, now_ns: u64) {
        self.ahead_ns = i128::from(now_ns) - i128::from(self.clock.time_ns());
    }
}

impl Watchdog for Hardware {
    fn start(&mut self, timeout_ms: u32) -> Result<()> {
        // The longest an RP2040's can wait.
        if timeout_ms > 8388 {
            return Err(Errno::EINVAL);
        }
        let time_us = u64::from(timeout_ms) * 1000;
        self.watchdog = Some((self.clock.ticks_us() + time_us, time_us));
        Ok(())
    }

    fn feed(&mut self) {
        let now = self.clock.ticks_us();
        if let Some((due, time_us)) = &mut self.watchdog {
            *due = now + *time_us;
        }
    }
}

impl System for Hardware {
    fn reset(&mut self) {
        self.ask_reset(ResetCause::Hard);
    }

    fn reset_cause(&self) -> ResetCause {
        self.cause
    }

    fn unique_id(&mut self, id: &mut [u8; 16]) -> usize {
        id[..8].copy_from_slice(&self.unique_id.to_be_bytes());
        8
    }

    fn frequency_hz(&self) -> u32 {
        self.frequency_hz
    }

    fn set_frequency_hz(&mut self, frequency_hz: u32) -> Result<()> {
        if !(10_000_000..=400_000_000).contains(&frequency_hz) {
            return Err(Errno::EINVAL);
        }
        self.frequency_hz = frequency_hz;
        Ok(())
    }

    fn light_sleep(&mut self, limit_us: Option<u64>) {
        // Without a limit only an interrupt wakes it; look again soon.
        let time = self.clock.pass(limit_us.unwrap_or(1000));
        std::thread::sleep(time);
    }

    fn deep_sleep(&mut self, limit_us: Option<u64>) {
        let time = self.clock.pass(limit_us.unwrap_or(0));
        std::thread::sleep(time);
        self.ask_reset(ResetCause::DeepSleep);
    }
}
