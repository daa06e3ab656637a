//! The life of a board: one interpreter after the other on the same console and chip.
//!
//! What a port for bare metal has left to do is its start-up, its console and its [`Chip`].

use upy_hal::{Board, Chip};
use upy_runtime::{Host, Library, Loader, Sizes, Vm};

use crate::boot::{Booted, SOFT_REBOOT};
use crate::repl::{Repl, Settings};
use crate::terminal::Terminal;

/// How a board lives.
#[derive(Clone, Copy)]
pub struct Life<'a> {
    /// What the prompt says.
    pub settings: Settings<'a>,
    /// Limits on nesting.
    pub sizes: Sizes,
    /// Its modules.
    pub library: &'static Library,
    /// Python that runs before `boot.py`; it mounts the file systems.
    pub start: &'a [u8],
}

/// The memory does not suffice for an interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSmall;

impl Life<'_> {
    /// Boots and serves the console, again after each soft reset.
    ///
    /// # Errors
    /// [`TooSmall`] when `memory` does not hold an interpreter; the only way it returns.
    pub fn live(
        self,
        memory: &mut [usize],
        terminal: Terminal<'_>,
        chip: &mut dyn Chip,
    ) -> Result<core::convert::Infallible, TooSmall> {
        let mut repl = Repl::new(self.settings);
        loop {
            chip.restart();
            let mut surroundings = Surroundings { terminal, chip };
            let vm = Vm::with_library(memory, self.sizes, &mut surroundings, self.library);
            let mut vm = vm.ok_or(TooSmall)?;
            repl.start(&mut vm, &terminal, self.start);
            vm.add_path(b"");
            vm.add_path(b".frozen");
            vm.add_path(b"/lib");
            if repl.boot(&mut vm, &terminal) == Booted::Prompt {
                repl.serve(&mut vm, &terminal);
            }
            repl.end(&mut vm, &terminal);
            terminal.write(SOFT_REBOOT);
        }
    }
}

/// What the interpreter asks for, answered by the console and the chip.
struct Surroundings<'b> {
    terminal: Terminal<'b>,
    chip: &'b mut dyn Chip,
}

impl Loader for Surroundings<'_> {}

impl Host for Surroundings<'_> {
    fn write_out(&mut self, bytes: &[u8]) {
        self.terminal.write_text(bytes);
    }

    fn write_raw(&mut self, bytes: &[u8]) {
        self.terminal.write(bytes);
    }

    fn read_in(&mut self, buffer: &mut [u8]) -> Result<usize, i32> {
        let console = self.terminal.console();
        loop {
            match console.read(buffer) {
                Ok(0) if console.is_interrupted() => return Ok(0),
                Ok(0) => console.wait(None),
                Ok(len) => return Ok(len),
                Err(_) => return Ok(0),
            }
        }
    }

    fn readable(&mut self) -> bool {
        self.terminal.console().is_readable()
    }

    fn set_interrupt(&mut self, byte: Option<u8>) {
        self.terminal.console().watch(byte);
    }

    fn enter_is_return(&self) -> bool {
        true
    }

    fn event_waits(&mut self) -> bool {
        self.chip.event_waits()
    }

    fn board(&mut self) -> Option<&mut dyn Board> {
        Some(self.chip)
    }

    fn interrupted(&mut self) -> bool {
        self.terminal.console().take_interrupt()
    }

    fn ticks_us(&mut self) -> u64 {
        self.chip.ticks_us()
    }

    fn time_ns(&mut self) -> u64 {
        match self.chip.rtc() {
            Some(clock) => clock.now_ns(),
            None => self.chip.ticks_us().saturating_mul(1000),
        }
    }

    fn sleep_us(&mut self, duration_us: u64) {
        let console = self.terminal.console();
        let end = self.chip.ticks_us().saturating_add(duration_us);
        while !console.is_interrupted() {
            let left = end.saturating_sub(self.chip.ticks_us());
            if left == 0 {
                return;
            }
            // Input that waits would end the wait of the console at once; it is not what is waited for.
            if !console.is_readable() {
                console.wait(Some(left));
            }
        }
    }

    fn platform(&self) -> &'static str {
        self.chip.name()
    }

    fn random(&mut self, buffer: &mut [u8]) {
        self.chip.random(buffer);
    }
}
