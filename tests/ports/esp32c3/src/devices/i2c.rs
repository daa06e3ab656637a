//! The two-wire bus as controller, and a memory of 256 bytes that may be on it.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 28.

use std::collections::VecDeque;

use super::{Pins, signal};

const START: u32 = 1 << 5;
const NOT_ACKNOWLEDGED: u32 = 1 << 10;
const COMPLETE: u32 = 1 << 7;
const END: u32 = 1 << 3;
const DONE: u32 = 1 << 31;
const COMMANDS: u32 = 0x58;
const COUNT: usize = 8;

/// Operations of a command.
mod operation {
    pub(super) const WRITE: u32 = 1;
    pub(super) const STOP: u32 = 2;
    pub(super) const READ: u32 = 3;
    pub(super) const END: u32 = 4;
    pub(super) const RESTART: u32 = 6;
}

/// A memory on the bus: the first byte that is written is where reading and writing go on.
pub(crate) struct Memory {
    /// Its address.
    pub(crate) address: u8,
    /// Pins it is on: clock, data.
    pub(crate) pins: [usize; 2],
    at: u8,
    content: [u8; 256],
}

impl Memory {
    /// An erased memory.
    pub(crate) fn new(address: u8, pins: [usize; 2]) -> Self {
        Self {
            address,
            pins,
            at: 0,
            content: [0xff; 256],
        }
    }
}

/// The controller and what is on its wires.
#[derive(Default)]
pub(crate) struct I2c {
    commands: [u32; COUNT],
    to_send: VecDeque<u8>,
    received: VecDeque<u8>,
    raw: u32,
    /// What is on the wires.
    pub(crate) memory: Option<Memory>,
    /// A byte with the address comes next; the device reads; the device knows its place.
    expects_address: bool,
    is_chosen: bool,
    has_place: bool,
}

impl I2c {
    /// As after a reset of the chip; what is on the wires stays.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            memory: self.memory.take(),
            ..Self::default()
        };
    }

    pub(crate) fn read(&mut self, offset: u32, kept: u32) -> u32 {
        match offset {
            0x04 => kept & !START,
            // The last byte was acknowledged unless it is said otherwise.
            0x08 => {
                let answered = u32::from(self.raw & NOT_ACKNOWLEDGED != 0);
                answered | (self.received.len() as u32) << 8 | (self.to_send.len() as u32) << 18
            }
            0x1c => u32::from(self.received.pop_front().unwrap_or(0)),
            0x20 => self.raw,
            COMMANDS..0x78 => self.commands[((offset - COMMANDS) / 4) as usize],
            _ => kept,
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32, pins: &Pins) {
        match offset {
            0x04 if value & START != 0 => self.run(pins),
            0x18 => {
                if value & 1 << 12 != 0 {
                    self.received.clear();
                }
                if value & 1 << 13 != 0 {
                    self.to_send.clear();
                }
            }
            0x1c if self.to_send.len() < 32 => self.to_send.push_back(value as u8),
            0x24 => self.raw &= !value,
            COMMANDS..0x78 => self.commands[((offset - COMMANDS) / 4) as usize] = value,
            _ => {}
        }
    }

    /// The device, if the bus is on its pins.
    fn device(&mut self, pins: &Pins) -> Option<&mut Memory> {
        let wires = [
            pins.way_out(signal::I2C_CLOCK),
            pins.way_out(signal::I2C_DATA),
        ];
        let on = |memory: &&mut Memory| wires == memory.pins.map(Some);
        self.memory.as_mut().filter(on)
    }

    fn run(&mut self, pins: &Pins) {
        for index in 0..COUNT {
            let command = self.commands[index];
            let count = command & 0xff;
            match command >> 11 & 7 {
                operation::RESTART => self.expects_address = true,
                operation::WRITE => {
                    for _ in 0..count {
                        let byte = self.to_send.pop_front().unwrap_or(0xff);
                        let is_checked = command & 1 << 8 != 0;
                        if !self.send(byte, pins) && is_checked {
                            self.raw |= NOT_ACKNOWLEDGED;
                            self.is_chosen = false;
                            return;
                        }
                    }
                }
                operation::READ => {
                    for _ in 0..count {
                        let byte = self.receive(pins);
                        self.received.push_back(byte);
                    }
                }
                operation::STOP => {
                    self.is_chosen = false;
                    self.raw |= COMPLETE;
                }
                operation::END => self.raw |= END,
                _ => return,
            }
            self.commands[index] |= DONE;
            if matches!(command >> 11 & 7, operation::STOP | operation::END) {
                return;
            }
        }
    }

    /// Sends a byte; whether it was acknowledged.
    fn send(&mut self, byte: u8, pins: &Pins) -> bool {
        if std::mem::take(&mut self.expects_address) {
            self.is_chosen = self
                .device(pins)
                .is_some_and(|memory| memory.address == byte >> 1);
            self.has_place = byte & 1 != 0;
            return self.is_chosen;
        }
        let (is_chosen, has_place) = (self.is_chosen, std::mem::replace(&mut self.has_place, true));
        let Some(memory) = self.device(pins).filter(|_| is_chosen) else {
            return false;
        };
        if has_place {
            memory.content[usize::from(memory.at)] = byte;
            memory.at = memory.at.wrapping_add(1);
        } else {
            memory.at = byte;
        }
        true
    }

    fn receive(&mut self, pins: &Pins) -> u8 {
        let is_chosen = self.is_chosen;
        let Some(memory) = self.device(pins).filter(|_| is_chosen) else {
            return 0xff;
        };
        let byte = memory.content[usize::from(memory.at)];
        memory.at = memory.at.wrapping_add(1);
        byte
    }
}
