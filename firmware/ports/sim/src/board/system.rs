//! What the interpreter on the simulated board asks of its surroundings.

use std::sync::Arc;
use std::time::{Duration, Instant};

use upy_hal::Board;
use upy_hal::console::{Closed, Console};
use upy_repl::{LineEnds, Terminal};
use upy_runtime::{Host, Loader};

use super::hardware::Hardware;
use super::line::Line;

/// The surroundings on the board.
pub(crate) struct System<'l> {
    pub(crate) line: &'l Arc<Line>,
    pub(crate) hardware: &'l mut Hardware,
}

impl System<'_> {
    fn terminal(&self) -> Terminal<'_> {
        Terminal::new(&**self.line, LineEnds::CarriageReturn)
    }
}

impl Loader for System<'_> {}

impl Host for System<'_> {
    fn write_out(&mut self, bytes: &[u8]) {
        self.terminal().write_text(bytes);
    }

    fn write_raw(&mut self, bytes: &[u8]) {
        self.terminal().write(bytes);
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

    fn event_waits(&mut self) -> bool {
        self.hardware.look()
    }

    fn board(&mut self) -> Option<&mut dyn Board> {
        Some(self.hardware)
    }

    fn relax(&mut self) {
        self.hardware.look();
        std::thread::yield_now();
    }

    fn interrupted(&mut self) -> bool {
        self.line.take_interrupt()
    }

    fn aborted(&mut self) -> bool {
        self.line.is_resetting()
    }

    fn ticks_us(&mut self) -> u64 {
        self.hardware.clock.ticks_us()
    }

    fn time_ns(&mut self) -> u64 {
        self.hardware.time_ns()
    }

    fn sleep_us(&mut self, duration_us: u64) {
        let wait = self.hardware.clock.pass(duration_us);
        let end = Instant::now().checked_add(wait);
        loop {
            let left = end.map_or(Duration::MAX, |end| {
                end.saturating_duration_since(Instant::now())
            });
            if left.is_zero() || self.line.is_interrupted() || self.line.is_resetting() {
                return;
            }
            // A wait this long is as good as for ever, and a clock could not hold more.
            let left = left.min(Duration::from_secs(3600));
            self.line.sleep(Some(left), |pending| pending.interrupt);
        }
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
