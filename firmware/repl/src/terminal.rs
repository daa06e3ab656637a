//! The console as text goes over it: line ends as a terminal wants them.

use upy_hal::console::{Closed, Console};

/// While nobody types, timers and pins are looked after as often.
const IDLE_US: u64 = 5000;

/// How lines end on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnds {
    /// Text gets CR LF; a board's console.
    CarriageReturn,
    /// Text goes out as it is: the terminal of a host adds what it wants.
    AsWritten,
}

/// A console with text on it.
#[derive(Clone, Copy)]
pub struct Terminal<'c> {
    console: &'c dyn Console,
    line_ends: LineEnds,
}

impl<'c> Terminal<'c> {
    /// Text on this console.
    pub fn new(console: &'c dyn Console, line_ends: LineEnds) -> Self {
        Self { console, line_ends }
    }

    /// The console itself.
    #[must_use]
    pub fn console(&self) -> &'c dyn Console {
        self.console
    }

    /// Sends bytes as they are.
    pub fn write(&self, bytes: &[u8]) {
        self.console.write(bytes);
    }

    /// Sends text: what programs print.
    pub fn write_text(&self, text: &[u8]) {
        if self.line_ends == LineEnds::AsWritten {
            self.console.write(text);
            return;
        }
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) => {
                    if !line.is_empty() {
                        self.console.write(line);
                    }
                    self.console.write(b"\r\n");
                }
                None => self.console.write(line),
            }
        }
    }

    /// Waits for a byte; calls `meanwhile` now and then, which says whether it has waited itself.
    ///
    /// # Errors
    /// [`Closed`] when none will come.
    pub fn read_byte(&self, meanwhile: &mut dyn FnMut() -> bool) -> Result<u8, Closed> {
        let mut byte = [0];
        while self.console.read(&mut byte)? == 0 {
            if !meanwhile() {
                self.console.wait(Some(IDLE_US));
            }
        }
        Ok(byte[0])
    }
}
