//! The chip as a whole: reset, start, time.

use crate::bus::{Bus, CYCLES_PER_US};
use crate::cpu::{Cpu, Pause};
use crate::devices::Reset;
use crate::rom::Rom;

/// Instructions between two looks at interrupts.
const STRIDE: u32 = 64;

/// The fuses that its programs read: address and value.
const FUSES: [(u32, u32); 3] = [
    (0x6000_8844, 0x1122_3344),
    (0x6000_8848, 0x7cdf),
    (0x6000_8850, 4 << 18),
];

/// What the boot pin chooses.
mod strap {
    pub(super) const DOWNLOAD: u32 = 0x4;
    pub(super) const RUN: u32 = 0xc;
}

/// An ESP32-C3 with its flash.
pub struct Chip {
    cpu: Cpu,
    /// Everything but the processor.
    pub(crate) bus: Bus,
    rom: Rom,
    /// The ROM has come to its `main`.
    has_data: bool,
    /// The boot pin is held low.
    pub boots_low: bool,
}

/// What the chip does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Running,
    /// It waits for something to come, until a time in microseconds if there is one.
    Waiting(Option<u64>),
    /// Its power was cut in the middle of a write.
    Off,
}

impl Chip {
    /// A chip that was just switched on.
    pub fn new(rom: Rom, flash: &[u8]) -> Self {
        let mut chip = Self {
            cpu: Cpu::new(),
            bus: Bus::new(flash),
            rom,
            has_data: false,
            boots_low: false,
        };
        chip.rom.install(&mut chip.bus);
        chip.reset(Reset::Power);
        chip
    }

    /// Starts it again.
    pub fn reset(&mut self, cause: Reset) {
        if cause == Reset::Power {
            self.bus.power.downloads = false;
        }
        self.bus.power.begin(cause);
        let strap = if self.boots_low || self.bus.power.downloads {
            strap::DOWNLOAD
        } else {
            strap::RUN
        };
        self.bus.pins.strap = strap;
        self.bus.reset();
        for (address, value) in FUSES {
            self.bus.preset(address, value);
        }
        self.cpu.reset();
        self.has_data = false;
    }

    /// Runs about so many instructions.
    pub fn run(&mut self, instructions: u32) -> State {
        for stride in 0..instructions / STRIDE {
            // The ROM's loader keeps up with a byte in 128 instructions.
            if stride % 2 == 0 {
                self.bus.uart[0].arrive();
                self.bus.usb.arrive();
            }
            if let Some(line) = self.bus.pending() {
                self.cpu.interrupt(line);
            }
            let pause = self.stride();
            if self.bus.flash.is_over {
                return State::Off;
            }
            if let Some(cause) = self.bus.power.reset.take() {
                self.restart(cause);
            }
            if pause == Pause::Idle && self.bus.pending().is_none() {
                return State::Waiting(self.bus.timers.next_us());
            }
        }
        self.bus.power.look(self.bus.now_us());
        State::Running
    }

    /// The ROM's data comes into its memory when the ROM has cleared it.
    fn stride(&mut self) -> Pause {
        if self.has_data {
            return self.cpu.run(&mut self.bus, STRIDE);
        }
        for _ in 0..STRIDE {
            if self.cpu.pc() == self.rom.main {
                self.rom.install_data(&mut self.bus);
                self.has_data = true;
            }
            let pause = self.cpu.run(&mut self.bus, 1);
            if pause != Pause::None {
                return pause;
            }
        }
        Pause::None
    }

    fn restart(&mut self, cause: Reset) {
        if cause == Reset::DeepSleep {
            let sleep_us = self.bus.power.sleep_us(self.bus.now_us());
            self.pass(sleep_us);
        }
        self.reset(cause);
    }

    /// Lets time go by.
    pub fn pass(&mut self, duration_us: u64) {
        self.bus.cycles += duration_us * CYCLES_PER_US;
        self.bus.power.look(self.bus.now_us());
    }

    /// Microseconds since it was switched on.
    pub fn now_us(&self) -> u64 {
        self.bus.now_us()
    }

    /// What its UART has sent.
    pub fn take_sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bus.uart[0].sent)
    }

    /// Where the processor is, for people who look for a fault.
    pub fn pc(&self) -> u32 {
        self.cpu.pc()
    }
}
