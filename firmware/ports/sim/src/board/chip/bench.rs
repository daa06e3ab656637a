//! The workbench around the simulated chip: who drives its pins from outside, what hangs on its buses.
//!
//! The chip sees it from the interpreter's thread, a test from another.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use upy_hal::machine::{Edges, PinMode, Pull};

/// Pins, numbered as on a Pico; the last four are measured by the converter.
pub(super) const PINS: usize = 30;
/// Where the light is.
pub(super) const LED: u16 = 25;
/// The first pin with a converter channel.
pub(super) const FIRST_ANALOG: u16 = 26;
/// Converter channels; the last one is the temperature.
pub(super) const CHANNELS: usize = 5;
/// 27 degrees as an RP2040's sensor shows them.
const TEMPERATURE_U16: u16 = 14_021;
/// How much of what the program sent is kept of each line.
const LOG_BYTES: usize = 64 * 1024;

/// A pin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pin {
    pub(super) mode: PinMode,
    pub(super) pull: Pull,
    /// What the program wants of it.
    pub(super) output: bool,
    /// What somebody outside does with it; `None` leaves it alone.
    pub(super) driven: Option<bool>,
    /// Frequency in Hz and duty of 65535.
    pub(super) pwm: Option<(u32, u16)>,
    edges: Edges,
    /// Changes that were noticed.
    noticed: u8,
}

impl Pin {
    const FREE: Self = Self {
        mode: PinMode::Input,
        pull: Pull::None,
        output: false,
        driven: None,
        pwm: None,
        edges: Edges::NONE,
        noticed: 0,
    };

    /// The level one would measure.
    pub(super) fn level(&self) -> bool {
        match self.mode {
            PinMode::Output => self.output,
            PinMode::OpenDrain if !self.output => false,
            _ => self.driven.unwrap_or(self.pull == Pull::Up),
        }
    }
}

/// A device on the two-wire buses: the first byte written chooses a register, the others go there and behind.
#[derive(Clone, Debug)]
pub(super) struct Device {
    pub(super) registers: [u8; 256],
    pub(super) at: u8,
    /// What was written, one entry per transfer.
    pub(super) written: Vec<Vec<u8>>,
}

/// A line on which bytes go out and come in.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    /// What comes in when it is asked for.
    pub(super) incoming: VecDeque<u8>,
    /// The last that went out.
    pub(super) sent: VecDeque<u8>,
}

impl Lane {
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.sent.extend(bytes);
        let surplus = self.sent.len().saturating_sub(LOG_BYTES);
        self.sent.drain(..surplus);
    }
}

/// All of it.
#[derive(Debug)]
pub(super) struct State {
    pub(super) pins: [Pin; PINS],
    pub(super) adc: [u16; CHANNELS],
    pub(super) devices: BTreeMap<u16, Device>,
    pub(super) spi: [Lane; 2],
    pub(super) uart: [Lane; 2],
}

/// The bench and a note that something has happened on it.
#[derive(Debug)]
pub(crate) struct Bench {
    state: Mutex<State>,
    stirred: AtomicBool,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let mut adc = [0; CHANNELS];
        adc[CHANNELS - 1] = TEMPERATURE_U16;
        Self {
            state: Mutex::new(State {
                pins: [Pin::FREE; PINS],
                adc,
                devices: BTreeMap::new(),
                spi: Default::default(),
                uart: Default::default(),
            }),
            stirred: AtomicBool::new(false),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a pin and notices what becomes of its level.
    pub(super) fn change(&self, pin: u16, change: impl FnOnce(&mut Pin)) {
        let mut state = self.state();
        let Some(pin) = state.pins.get_mut(usize::from(pin)) else {
            return;
        };
        let before = pin.level();
        change(pin);
        let edge = match (before, pin.level()) {
            (true, false) => Edges::FALLING,
            (false, true) => Edges::RISING,
            _ => return,
        };
        if pin.edges.0 & edge.0 != 0 {
            pin.noticed |= edge.0;
            self.stirred.store(true, Ordering::Release);
        }
    }

    /// Chooses the changes that are noticed.
    pub(super) fn watch(&self, pin: u16, edges: Edges) {
        if let Some(pin) = self.state().pins.get_mut(usize::from(pin)) {
            pin.edges = edges;
            pin.noticed &= edges.0;
        }
    }

    /// Whether a change waits to be taken.
    pub(crate) fn is_stirred(&self) -> bool {
        self.stirred.load(Ordering::Acquire)
    }

    /// A change that was noticed.
    pub(super) fn take_event(&self) -> Option<(u16, Edges)> {
        let mut state = self.state();
        let found = state.pins.iter().position(|pin| pin.noticed != 0);
        let Some(number) = found else {
            self.stirred.store(false, Ordering::Release);
            return None;
        };
        let noticed = std::mem::take(&mut state.pins[number].noticed);
        Some((number as u16, Edges(noticed)))
    }

    /// The chip begins anew: its pins are free; what is outside stays.
    pub(crate) fn restart(&self) {
        for pin in &mut self.state().pins {
            *pin = Pin {
                driven: pin.driven,
                ..Pin::FREE
            };
        }
        self.stirred.store(false, Ordering::Release);
    }
}
