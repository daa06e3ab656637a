//! What the pins and buses of the simulated board are connected to: the state that the board, the person who plays
//! with it and a script share.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use upy_hal::machine::{Edges, Errno, PinMode, Pull};

/// General-purpose pins, as on an RP2040.
pub(crate) const PINS: usize = 30;
/// Channels of the converter: four pins and the temperature sensor.
pub(crate) const CHANNELS: usize = 5;
/// Two-wire buses, three-wire buses, serial lines.
pub(crate) const BUSES: usize = 2;
/// Most bytes that are kept of what was sent.
const LOG_BYTES: usize = 1 << 16;

/// A pin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pin {
    pub(crate) mode: PinMode,
    pub(crate) pull: Pull,
    /// What the board drives it to.
    pub(crate) output: bool,
    /// What somebody outside drives it to.
    pub(crate) driven: Option<bool>,
    pub(crate) watched: Edges,
    /// Frequency in Hz and duty of 65535 of a square wave.
    pub(crate) wave: Option<(u32, u16)>,
}

impl Pin {
    const NEW: Pin = Pin {
        mode: PinMode::Input,
        pull: Pull::None,
        output: false,
        driven: None,
        watched: Edges::NONE,
        wave: None,
    };

    /// What the board drives it to, if it does.
    pub(crate) fn drives(&self) -> Option<bool> {
        match self.mode {
            PinMode::Output => Some(self.output),
            PinMode::OpenDrain if !self.output => Some(false),
            _ => None,
        }
    }

    /// The level at the pin.
    pub(crate) fn level(&self) -> bool {
        let outside = self.driven.unwrap_or(self.pull == Pull::Up);
        match self.mode {
            PinMode::Output => self.output,
            PinMode::OpenDrain => self.output && outside,
            _ => outside,
        }
    }
}

/// A device on a two-wire bus: registers, and what was written to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Device {
    pub(crate) registers: Vec<u8>,
    /// Bytes that name a register.
    pub(crate) address_bytes: usize,
    /// Where the next byte is read.
    pub(crate) at: usize,
    /// Each transfer to it.
    pub(crate) writes: Vec<Vec<u8>>,
}

impl Device {
    /// Takes what the controller writes: the register first, then its new content.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let (register, content) = bytes.split_at(self.address_bytes.min(bytes.len()));
        if self.address_bytes > 0 {
            let register = register
                .iter()
                .fold(0, |number, &byte| number << 8 | usize::from(byte));
            self.at = register % self.registers.len().max(1);
        }
        for &byte in content {
            let len = self.registers.len().max(1);
            if let Some(slot) = self.registers.get_mut(self.at) {
                *slot = byte;
            }
            self.at = (self.at + 1) % len;
        }
        self.writes.push(bytes.to_vec());
    }

    /// Gives what the controller reads.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) {
        for slot in buffer {
            *slot = self.registers.get(self.at).copied().unwrap_or(0xff);
            self.at = (self.at + 1) % self.registers.len().max(1);
        }
    }
}

/// A stream of bytes in both directions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    /// What the board will receive.
    pub(crate) incoming: VecDeque<u8>,
    /// What it has sent, the last 64 KiB.
    pub(crate) sent: Vec<u8>,
    /// What it sends comes back.
    pub(crate) is_loop: bool,
}

impl Stream {
    /// Keeps what the board sends.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        if self.is_loop {
            self.incoming.extend(bytes);
        }
        self.sent.extend_from_slice(bytes);
        let surplus = self.sent.len().saturating_sub(LOG_BYTES);
        self.sent.drain(..surplus);
    }
}

/// A change that somebody who watches is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) pin: usize,
    pub(crate) what: Changed,
    pub(crate) time_us: u64,
}

/// What changed at a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// Its level.
    Level(bool),
    /// The square wave on it: frequency in Hz and the part of 65535 that is high; `None` when it ended.
    Wave(Option<(u32, u16)>),
}

/// Everything.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) pins: [Pin; PINS],
    /// Changes of watched pins that the program has not heard of.
    pub(crate) events: VecDeque<(u16, Edges)>,
    pub(crate) channels: [u16; CHANNELS],
    pub(crate) devices: [BTreeMap<u16, Device>; BUSES],
    pub(crate) spi: [Stream; BUSES],
    pub(crate) uart: [Stream; BUSES],
    /// Pairs of pins with a wire between them.
    pub(crate) joins: Vec<[usize; 2]>,
    watchers: Vec<Sender<Change>>,
    /// Microseconds since the board was switched on, as far as it has looked.
    pub(crate) now_us: u64,
}

/// The state behind its lock.
#[derive(Clone, Debug)]
pub(crate) struct Wiring(Arc<Mutex<State>>);

impl Wiring {
    /// Nothing is connected; the temperature sensor says 27 degrees.
    pub(crate) fn new() -> Self {
        let mut channels = [0; CHANNELS];
        // 0.706 V at 27 degrees, of 3.3 V: the RP2040's data sheet, 4.9.5.
        channels[CHANNELS - 1] = (0.706 / 3.3 * 65_535.0) as u16;
        Self(Arc::new(Mutex::new(State {
            pins: [Pin::NEW; PINS],
            events: VecDeque::new(),
            channels,
            devices: [BTreeMap::new(), BTreeMap::new()],
            spi: [Stream::default(), Stream::default()],
            uart: [Stream::default(), Stream::default()],
            joins: Vec::new(),
            watchers: Vec::new(),
            now_us: 0,
        })))
    }

    /// The state, for a moment.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Changes a pin; who watches it, inside or outside, is told if its level changes.
    pub(crate) fn change(&mut self, number: usize, work: impl FnOnce(&mut Pin)) {
        let Some(pin) = self.pins.get_mut(number) else {
            return;
        };
        let (before, wave_before) = (pin.level(), pin.wave);
        work(pin);
        let (level, wave) = (pin.level(), pin.wave);
        let drives = pin.drives();
        if level != before {
            self.tell(number, level);
        }
        if wave != wave_before {
            self.report(number, Changed::Wave(wave));
        }
        self.pass_on(number, drives);
    }

    /// What a pin drives is what the other end of its wire is driven to.
    fn pass_on(&mut self, number: usize, drives: Option<bool>) {
        let joins = self.joins.iter().filter(|join| join.contains(&number));
        let others: Vec<usize> = joins
            .flatten()
            .copied()
            .filter(|other| *other != number)
            .collect();
        for other in others {
            // An end that drives too is not driven, so this ends there.
            if self.pins[other].drives().is_none() && self.pins[other].driven != drives {
                self.change(other, |pin| pin.driven = drives);
            }
        }
    }

    /// Tells of a new level.
    fn tell(&mut self, number: usize, level: bool) {
        let pin = &self.pins[number];
        let edge = if level { Edges::RISING } else { Edges::FALLING };
        if pin.watched.0 & edge.0 != 0 {
            self.events.push_back((number as u16, edge));
        }
        self.report(number, Changed::Level(level));
    }

    fn report(&mut self, pin: usize, what: Changed) {
        let change = Change {
            pin,
            what,
            time_us: self.now_us,
        };
        self.watchers.retain(|watcher| watcher.send(change).is_ok());
    }

    /// From now on every change of a level is sent to the watcher.
    pub(crate) fn watch(&mut self, watcher: Sender<Change>) {
        self.watchers.push(watcher);
    }

    /// What the board itself does to its pins ends with a hard reset; what is connected stays.
    pub(crate) fn power_on(&mut self) {
        for number in 0..PINS {
            self.change(number, |pin| {
                *pin = Pin {
                    driven: pin.driven,
                    ..Pin::NEW
                };
            });
        }
        self.events.clear();
    }

    /// A pin by its number.
    ///
    /// # Errors
    /// EINVAL if there is none.
    pub(crate) fn pin(&self, number: u16) -> Result<usize, Errno> {
        let number = usize::from(number);
        if number < PINS {
            Ok(number)
        } else {
            Err(Errno::EINVAL)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watched_pin_tells_each_edge_it_is_watched_for() {
        let wiring = Wiring::new();
        let mut state = wiring.lock();
        state.change(3, |pin| {
            pin.pull = Pull::Up;
            pin.watched = Edges::FALLING;
        });
        state.change(3, |pin| pin.driven = Some(false));
        state.change(3, |pin| pin.driven = Some(false));
        state.change(3, |pin| pin.driven = None);
        assert_eq!(state.events, [(3, Edges::FALLING)]);
    }

    #[test]
    fn a_device_reads_and_writes_from_the_register_that_was_named() {
        let mut device = Device {
            registers: vec![1, 2, 3, 4],
            address_bytes: 1,
            ..Device::default()
        };
        device.write(&[2]);
        let mut bytes = [0; 3];
        device.read(&mut bytes);
        assert_eq!(bytes, [3, 4, 1]);
        device.write(&[1, 9, 8]);
        assert_eq!(device.registers, [1, 9, 8, 4]);
    }
}
