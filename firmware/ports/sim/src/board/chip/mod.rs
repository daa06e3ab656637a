//! The simulated chip: what `machine` drives on the board.

mod bench;
mod buses;
mod script;

use std::sync::Arc;
use std::time::{Duration, Instant};

use upy_hal::Board;
use upy_hal::net::{Network, Tls, Wifi};

use crate::net::Net;
use upy_hal::block::BlockDevice;
use upy_hal::machine::{
    Adc, Edges, Errno, I2c, PinMode, Pins, Pull, Pwm, ResetCause, Result, Rtc, Spi, System, Timers,
    Uart, Watchdog,
};

pub(crate) use bench::Bench;
use bench::{CHANNELS, FIRST_ANALOG, LED, PINS};
use buses::{SimI2c, SimSpi, SimUart};
pub use script::{DeviceView, FORM, PinView, View};

use super::clock::Clock;
use super::flash::Flash;
use super::line::Line;

/// How many timers there are.
const TIMERS: usize = 8;

/// A timer that runs.
#[derive(Clone, Copy, Debug)]
struct Timer {
    due_us: u64,
    /// Again after this.
    period_us: Option<u64>,
}

/// The chip from power on to the next reset.
pub(crate) struct Chip {
    bench: Arc<Bench>,
    line: Arc<Line>,
    pub(super) clock: Clock,
    flash: Flash,
    net: Net,
    timers: [Option<Timer>; TIMERS],
    /// The time on the calendar less that of the clock, in nanoseconds.
    rtc_offset_ns: i128,
    watchdog: Option<Dog>,
    frequency_hz: u32,
    unique_id: u64,
    cause: ResetCause,
    /// What the next start is to say.
    next_cause: ResetCause,
    i2c: [SimI2c; 3],
    spi: [SimSpi; 3],
    uart: [SimUart; 2],
}

/// The watchdog that runs.
#[derive(Clone, Copy, Debug)]
struct Dog {
    timeout_us: u64,
    due_us: u64,
}

impl Chip {
    /// A chip that was just started.
    pub(crate) fn new(
        bench: &Arc<Bench>,
        line: &Arc<Line>,
        clock: Clock,
        flash: Flash,
        unique_id: u64,
        cause: ResetCause,
    ) -> Self {
        Self {
            bench: Arc::clone(bench),
            line: Arc::clone(line),
            clock,
            flash,
            net: Net::new(),
            timers: [None; TIMERS],
            rtc_offset_ns: 0,
            watchdog: None,
            frequency_hz: 125_000_000,
            unique_id,
            cause,
            next_cause: ResetCause::Hard,
            i2c: [(5, 4), (7, 6), (0, 0)].map(|pins| SimI2c::new(bench, pins)),
            spi: [0, 1, 1].map(|lane| SimSpi::new(bench, lane)),
            uart: [0, 1].map(|lane| SimUart::new(bench, lane)),
        }
    }

    /// Its flash, for the chip after the next reset.
    pub(crate) fn into_flash(self) -> Flash {
        self.flash
    }

    /// Why the next start happens.
    pub(crate) fn next_cause(&self) -> ResetCause {
        self.next_cause
    }

    /// A soft reset: what the program has set up is gone, the clock goes on.
    pub(crate) fn soft_reset(&mut self) {
        self.bench.restart();
        self.net = Net::new();
        self.timers = [None; TIMERS];
        self.cause = ResetCause::Soft;
    }

    /// Whether a pin, a timer or the watchdog has something to say.
    pub(crate) fn event_waits(&mut self) -> bool {
        let now = self.clock.ticks_us();
        if self.watchdog.is_some_and(|dog| dog.due_us <= now) {
            self.watchdog = None;
            self.restart(ResetCause::Watchdog);
        }
        let is_due = |timer: &Option<Timer>| timer.is_some_and(|timer| timer.due_us <= now);
        self.bench.is_stirred() || self.timers.iter().any(is_due)
    }

    fn restart(&mut self, cause: ResetCause) {
        self.next_cause = cause;
        self.line.reset();
    }

    /// Lets a time pass; Ctrl-C, the reset button and an event on the bench end it.
    pub(crate) fn pause(&mut self, duration_us: u64, until_event: bool) {
        let wait = self.clock.pass(duration_us);
        let end = Instant::now().checked_add(wait);
        loop {
            let left = end.map_or(Duration::MAX, |end| {
                end.saturating_duration_since(Instant::now())
            });
            let is_over = left.is_zero() || self.line.is_stopped();
            if is_over || (until_event && self.event_waits()) {
                return;
            }
            // Events on the bench tell nobody: they are looked for now and then.
            let longest = if until_event {
                Duration::from_millis(1)
            } else {
                Duration::from_secs(3600)
            };
            self.line
                .sleep(Some(left.min(longest)), |pending| pending.interrupt);
        }
    }
}

impl Board for Chip {
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
        Some(self)
    }

    fn adc(&mut self) -> Option<&mut dyn Adc> {
        Some(self)
    }

    fn pwm(&mut self) -> Option<&mut dyn Pwm> {
        Some(self)
    }

    fn i2c(&mut self, bus: u8) -> Option<&mut dyn I2c> {
        let bus = self.i2c[..2].get_mut(usize::from(bus))?;
        Some(bus)
    }

    fn soft_i2c(&mut self, scl: u16, sda: u16) -> Option<&mut dyn I2c> {
        self.i2c[2].set_pins((scl, sda));
        Some(&mut self.i2c[2])
    }

    fn spi(&mut self, bus: u8) -> Option<&mut dyn Spi> {
        let bus = self.spi[..2].get_mut(usize::from(bus))?;
        Some(bus)
    }

    fn soft_spi(&mut self, _sck: u16, _mosi: u16, _miso: u16) -> Option<&mut dyn Spi> {
        Some(&mut self.spi[2])
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

impl Pins for Chip {
    fn count(&self) -> u16 {
        PINS as u16
    }

    fn find(&self, name: &[u8]) -> Option<u16> {
        if name == b"LED" {
            return Some(LED);
        }
        let digits = name.strip_prefix(b"GP").or(name.strip_prefix(b"GPIO"))?;
        let number = std::str::from_utf8(digits).ok()?.parse::<u16>().ok()?;
        (usize::from(number) < PINS).then_some(number)
    }

    fn configure(
        &mut self,
        pin: u16,
        mode: PinMode,
        pull: Pull,
        level: Option<bool>,
    ) -> Result<()> {
        if usize::from(pin) >= PINS {
            return Err(Errno::EINVAL);
        }
        self.bench.change(pin, |pin| {
            pin.output = level.unwrap_or(pin.output);
            pin.mode = mode;
            pin.pull = pull;
            pin.pwm = None;
        });
        Ok(())
    }

    fn mode(&self, pin: u16) -> PinMode {
        self.seen(pin).map_or(PinMode::Input, |pin| pin.mode)
    }

    fn pull(&self, pin: u16) -> Pull {
        self.seen(pin).map_or(Pull::None, |pin| pin.pull)
    }

    fn read(&mut self, pin: u16) -> bool {
        self.seen(pin).is_some_and(|pin| pin.level())
    }

    fn write(&mut self, pin: u16, level: bool) {
        self.bench.change(pin, |pin| pin.output = level);
    }

    fn watch(&mut self, pin: u16, edges: Edges) -> Result<()> {
        self.bench.watch(pin, edges);
        Ok(())
    }

    fn take_event(&mut self) -> Option<(u16, Edges)> {
        self.bench.take_event()
    }

    fn now_us(&mut self) -> u64 {
        self.clock.ticks_us()
    }

    /// Seen on the first serial line: a test can't look at pulses.
    fn bitstream(&mut self, _pin: u16, _timing_ns: [u32; 4], data: &[u8]) -> Result<()> {
        self.bench.state().spi[0].send(data);
        Ok(())
    }
}

impl Chip {
    fn seen(&self, pin: u16) -> Option<bench::Pin> {
        self.bench.state().pins.get(usize::from(pin)).copied()
    }
}

impl Adc for Chip {
    fn channel_of(&self, pin: u16) -> Option<u8> {
        let channel = pin.checked_sub(FIRST_ANALOG)?;
        (usize::from(channel) < CHANNELS - 1).then_some(channel as u8)
    }

    fn has_channel(&self, channel: u8) -> bool {
        usize::from(channel) < CHANNELS
    }

    fn read_u16(&mut self, channel: u8) -> Result<u16> {
        let level = self.bench.state().adc.get(usize::from(channel)).copied();
        level.ok_or(Errno::EINVAL)
    }
}

impl Pwm for Chip {
    fn configure(&mut self, pin: u16, frequency_hz: u32, duty_u16: u16) -> Result<()> {
        let is_wrong = frequency_hz > self.frequency_hz / 2 || usize::from(pin) >= PINS;
        if is_wrong {
            return Err(Errno::EINVAL);
        }
        self.bench.change(pin, |pin| {
            pin.pwm = (frequency_hz > 0).then_some((frequency_hz, duty_u16));
            if pin.pwm.is_some() {
                pin.mode = PinMode::Alternate;
            }
        });
        Ok(())
    }
}

impl Timers for Chip {
    fn count(&self) -> u8 {
        TIMERS as u8
    }

    fn set(&mut self, timer: u8, period_us: Option<u64>, periodic: bool) {
        let now = self.clock.ticks_us();
        if let Some(slot) = self.timers.get_mut(usize::from(timer)) {
            *slot = period_us.map(|period_us| Timer {
                due_us: now.saturating_add(period_us),
                period_us: periodic.then_some(period_us.max(1)),
            });
        }
    }

    fn take_event(&mut self) -> Option<u8> {
        let now = self.clock.ticks_us();
        let is_due = |timer: &Option<Timer>| timer.is_some_and(|timer| timer.due_us <= now);
        let number = self.timers.iter().position(is_due)?;
        if let Some(timer) = &mut self.timers[number] {
            match timer.period_us {
                // What was missed is not made up for.
                Some(period_us) => {
                    let late = now - timer.due_us;
                    timer.due_us += (late / period_us + 1) * period_us;
                }
                None => self.timers[number] = None,
            }
        }
        Some(number as u8)
    }
}

impl Rtc for Chip {
    fn now_ns(&mut self) -> u64 {
        let now = i128::from(self.clock.time_ns()) + self.rtc_offset_ns;
        u64::try_from(now.max(0)).unwrap_or(u64::MAX)
    }

    fn set_ns(&mut self, now_ns: u64) {
        self.rtc_offset_ns = i128::from(now_ns) - i128::from(self.clock.time_ns());
    }
}

impl Watchdog for Chip {
    fn start(&mut self, timeout_ms: u32) -> Result<()> {
        // The longest of an RP2040.
        if !(1..=8388).contains(&timeout_ms) {
            return Err(Errno::EINVAL);
        }
        self.watchdog = Some(Dog {
            timeout_us: u64::from(timeout_ms) * 1000,
            due_us: 0,
        });
        self.feed();
        Ok(())
    }

    fn feed(&mut self) {
        let now = self.clock.ticks_us();
        if let Some(dog) = &mut self.watchdog {
            dog.due_us = now + dog.timeout_us;
        }
    }
}

impl System for Chip {
    fn reset(&mut self) {
        self.restart(ResetCause::Hard);
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
        if !(10_000_000..=300_000_000).contains(&frequency_hz) {
            return Err(Errno::EINVAL);
        }
        self.frequency_hz = frequency_hz;
        Ok(())
    }

    fn idle(&mut self) {
        self.pause(1000, true);
    }

    fn light_sleep(&mut self, limit_us: Option<u64>) {
        self.pause(limit_us.unwrap_or(u64::MAX), true);
    }

    fn deep_sleep(&mut self, limit_us: Option<u64>) {
        self.pause(limit_us.unwrap_or(u64::MAX), false);
        if !self.line.is_resetting() {
            self.restart(ResetCause::DeepSleep);
        }
    }
}
