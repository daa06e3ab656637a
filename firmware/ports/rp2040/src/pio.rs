//! Programmable input and output: two blocks of four machines.
//!
//! Source: RP2040 datasheet, chapter 3.7 (registers) and 3.4 (instructions).

use upy_hal::machine::Pull;
use upy_hal::pio::{MACHINES, PioSetup};

use crate::pins::{self, function, give};
use crate::register::{Block, PIO, reset, start};

const BLOCKS: u8 = PIO.len() as u8;

/// Registers of a block.
mod register {
    pub(super) const CONTROL: usize = 0x000;
    pub(super) const QUEUES: usize = 0x004;
    pub(super) const LEVELS: usize = 0x00c;
    pub(super) const TO_MACHINE: usize = 0x010;
    pub(super) const FROM_MACHINE: usize = 0x020;
    pub(super) const FLAGS: usize = 0x030;
    pub(super) const MEMORY: usize = 0x048;
    pub(super) const ENABLED: usize = 0x12c;
    pub(super) const EVENTS: usize = 0x134;
}

/// Registers of a machine, and the distance to those of the next.
mod own {
    pub(super) const FIRST: usize = 0x0c8;
    pub(super) const BYTES: usize = 0x18;
    pub(super) const DIVIDER: usize = 0;
    pub(super) const EXEC: usize = 4;
    pub(super) const SHIFT: usize = 8;
    pub(super) const INSTRUCTION: usize = 0x10;
    pub(super) const PINS: usize = 0x14;
}

/// In CONTROL: bits of machine 0 that clear what it keeps, and the phase of its clock.
const RESTART: u32 = 1 << 4;
const RESTART_CLOCK: u32 = 1 << 8;
/// In QUEUES: bits of machine 0.
const FROM_EMPTY: u32 = 1 << 8;
const TO_FULL: u32 = 1 << 16;
/// In SHIFT: the queues are one; changing that empties them.
const JOINED: u32 = 1 << 31;
/// In EXEC: the first side-set bit says whether there is one.
const SIDE_OPTIONAL: u32 = 1 << 30;
/// In EXEC: what was driven last goes on.
const STICKY: u32 = 1 << 17;
/// `set pins, 0` and `set pindirs, 0`
const SET_PINS: u16 = 0xe000;
const SET_DIRECTIONS: u16 = 0xe080;
/// In PINS: one pin is set.
const SET_ONE: u32 = 1 << 26;
const SET_BASE_SHIFT: u32 = 5;

/// The blocks.
pub struct Pio {
    /// What is noticed of each.
    watched: [u16; BLOCKS as usize],
}

/// The block of a machine and its number there.
fn place(machine: u8) -> Option<(Block, u32)> {
    let block = PIO.get(usize::from(machine / MACHINES))?;
    Some((*block, u32::from(machine % MACHINES)))
}

fn register_of(number: u32, register: usize) -> usize {
    own::FIRST + number as usize * own::BYTES + register
}

impl Pio {
    /// Takes them out of reset.
    pub fn start() -> Self {
        start(reset::PIO0 | reset::PIO1);
        Self {
            watched: [0; BLOCKS as usize],
        }
    }

    /// Stops all machines and notices nothing any more.
    pub fn stop(&mut self) {
        for (number, block) in PIO.iter().enumerate() {
            block.write(register::CONTROL, 0);
            block.write(register::ENABLED, 0);
            block.write(register::FLAGS, 0xff);
            self.watched[number] = 0;
        }
    }

    /// Whether something was noticed.
    pub fn has_event(&self) -> bool {
        let blocks = PIO.iter().zip(self.watched);
        blocks
            .into_iter()
            .any(|(block, watched)| watched != 0 && block.read(register::EVENTS) != 0)
    }
}

impl upy_hal::pio::Pio for Pio {
    fn blocks(&self) -> u8 {
        BLOCKS
    }

    fn store(&mut self, block: u8, at: u8, instruction: u16) {
        if let Some(block) = PIO.get(usize::from(block)) {
            let at = usize::from(at % upy_hal::pio::INSTRUCTIONS);
            block.write(register::MEMORY + 4 * at, u32::from(instruction));
        }
    }

    fn configure(&mut self, machine: u8, setup: &PioSetup) {
        let Some((block, number)) = place(machine) else {
            return;
        };
        block.clear(register::CONTROL, 1 << number);
        block.write(register_of(number, own::DIVIDER), setup.divider << 8);
        block.write(register_of(number, own::EXEC), setup.exec);
        block.write(register_of(number, own::SHIFT), setup.shift ^ JOINED);
        block.write(register_of(number, own::SHIFT), setup.shift);
        // An emulator may not empty them by that.
        while self.get(machine).is_some() {}
        block.write(register_of(number, own::PINS), setup.pins);
        self.restart(machine);
        self.execute(machine, u16::from(setup.start));
    }

    fn give_pin(&mut self, machine: u8, pin: u16, is_output: bool, level: bool) {
        let Some((block, number)) = place(machine).filter(|_| pin < pins::COUNT) else {
            return;
        };
        let (pins, exec) = (
            register_of(number, own::PINS),
            register_of(number, own::EXEC),
        );
        let before = (block.read(pins), block.read(exec));
        block.write(exec, before.1 & !STICKY);
        block.write(pins, SET_ONE | u32::from(pin) << SET_BASE_SHIFT);
        self.execute(machine, SET_PINS | u16::from(level));
        self.execute(machine, SET_DIRECTIONS | u16::from(is_output));
        block.write(pins, before.0);
        block.write(exec, before.1);
        give(
            pin,
            function::PIO[usize::from(machine / MACHINES)],
            Pull::None,
        );
    }

    fn set_active(&mut self, machine: u8, is_active: bool) {
        match place(machine) {
            Some((block, number)) if is_active => block.set(register::CONTROL, 1 << number),
            Some((block, number)) => block.clear(register::CONTROL, 1 << number),
            None => {}
        }
    }

    fn is_active(&self, machine: u8) -> bool {
        place(machine)
            .is_some_and(|(block, number)| block.read(register::CONTROL) >> number & 1 != 0)
    }

    fn restart(&mut self, machine: u8) {
        if let Some((block, number)) = place(machine) {
            block.set(register::CONTROL, (RESTART | RESTART_CLOCK) << number);
        }
    }

    fn execute(&mut self, machine: u8, instruction: u16) {
        if let Some((block, number)) = place(machine) {
            block.write(
                register_of(number, own::INSTRUCTION),
                u32::from(instruction),
            );
        }
    }

    fn side_set(&self, machine: u8) -> (u8, bool) {
        place(machine).map_or((0, false), |(block, number)| {
            let count = block.read(register_of(number, own::PINS)) >> 29;
            let exec = block.read(register_of(number, own::EXEC));
            (count as u8, exec & SIDE_OPTIONAL != 0)
        })
    }

    fn put(&mut self, machine: u8, word: u32) -> bool {
        let Some((block, number)) = place(machine) else {
            return true;
        };
        if block.read(register::QUEUES) & TO_FULL << number != 0 {
            return false;
        }
        block.write(register::TO_MACHINE + 4 * number as usize, word);
        true
    }

    fn get(&mut self, machine: u8) -> Option<u32> {
        let (block, number) = place(machine)?;
        if block.read(register::QUEUES) & FROM_EMPTY << number != 0 {
            return None;
        }
        Some(block.read(register::FROM_MACHINE + 4 * number as usize))
    }

    fn queued(&self, machine: u8) -> (u8, u8) {
        place(machine).map_or((0, 0), |(block, number)| {
            let levels = block.read(register::LEVELS) >> (8 * number);
            ((levels >> 4 & 15) as u8, (levels & 15) as u8)
        })
    }

    fn watch(&mut self, block: u8, events: u16) {
        let place = usize::from(block);
        if let (Some(block), Some(watched)) = (PIO.get(place), self.watched.get_mut(place)) {
            *watched = events & 0xfff;
            block.write(register::ENABLED, u32::from(*watched));
        }
    }

    fn take_event(&mut self, block: u8) -> u16 {
        let place = usize::from(block);
        match PIO.get(place) {
            Some(block) if self.watched[place] != 0 => {
                let events = block.read(register::EVENTS);
                block.write(register::FLAGS, events >> 8);
                events as u16
            }
            _ => 0,
        }
    }
}
