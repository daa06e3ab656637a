//! What the interpreter on the simulated board asks of its surroundings.

use std::sync::Arc;

use upy_hal::Board;
use upy_hal::console::{Closed, Console};
use upy_hal::machine::Rtc;
use upy_repl::Terminal;
use upy_runtime::{Host, Loader};

use super::chip::Chip;
use super::line::Line;

/// The surroundings on the board.
pub(crate) struct System<'l> {
    pub(crate) line: &'l Arc<Line>,
    pub(crate) terminal: Terminal<'l>,
    pub(crate) chip: &'l mut Chip,
}

impl Loader for System<'_> {}

impl Host for System<'_> {
    fn write_out(&mut self, bytes: &[u8]) {
        self.terminal.write_text(bytes);
    }

    fn write_raw(&mut self, bytes: &[u8]) {
        self.terminal.write(bytes);
    }

    fn read_in(&mut self, buffer: &mut [u8]) -> Result<usize, i32> {
        loop {
            match self.line.read(buffer) {
                Ok(0) if self.line.is_interrupted() => return Ok(0),
                Ok(0) => self.line.wait(None),
                Ok(len) => return Ok(len),
                Err(Closed) => return Ok(0),
            }
        }
    }

    fn readable(&mut self) -> bool {
        self.line.is_readable()
    }

    fn set_interrupt(&mut self, byte: Option<u8>) {
        self.line.watch(byte);
    }

    fn enter_is_return(&self) -> bool {
        true
    }

    fn interrupted(&mut self) -> bool {
        self.line.take_interrupt()
    }

    fn aborted(&mut self) -> bool {
        self.line.is_resetting()
    }

    fn ticks_us(&mut self) -> u64 {
        self.chip.clock.ticks_us()
    }

    fn time_ns(&mut self) -> u64 {
        self.chip.now_ns()
    }

    fn sleep_us(&mut self, duration_us: u64) {
        self.chip.pause(duration_us, false);
    }

    fn event_waits(&mut self) -> bool {
        self.chip.event_waits()
    }

    fn board(&mut self) -> Option<&mut dyn Board> {
        Some(self.chip)
    }

    fn platform(&self) -> &'static str {
        "sim"
    }

    fn random(&mut self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            buffer.fill(0);
        }
    }
}
