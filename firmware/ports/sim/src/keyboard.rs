//! The terminal of the host program as a console: raw while the prompt reads, as it was while a program runs.
//!
//! A program's output goes through the same buffered standard output, so the order is kept.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use upy_hal::console::{Closed, Console};

use crate::interrupt;

/// Standard input and output.
pub struct Keyboard {
    modes: Mutex<mode::Modes>,
}

impl Keyboard {
    /// The terminal this program runs in; raw from now on if it is one.
    #[must_use]
    pub fn new() -> Self {
        let keyboard = Self {
            modes: Mutex::new(mode::Modes::new()),
        };
        keyboard.end_program();
        keyboard
    }

    fn set_raw(&self, raw: bool) {
        if io::stdin().is_terminal() {
            self.modes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .set_raw(raw);
        }
    }
}

impl Default for Keyboard {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.set_raw(false);
    }
}

/// Reads from standard input without a buffer of its own: what is read byte by byte at the prompt leaves the
/// rest to the program.
///
/// # Errors
/// Those of the operating system.
pub fn read(buffer: &mut [u8]) -> io::Result<usize> {
    mode::read(buffer)
}

/// Whether standard input has something to read, or has ended.
#[must_use]
pub fn is_readable() -> bool {
    mode::wait_for_input(Some(0))
}

impl Console for Keyboard {
    /// Without `poll` (Windows) it waits for a key.
    fn read(&self, buffer: &mut [u8]) -> Result<usize, Closed> {
        if !self.is_readable() {
            return Ok(0);
        }
        match read(buffer) {
            Ok(0) | Err(_) => Err(Closed),
            Ok(len) => {
                // What is piped in ends its lines as files do; the prompt expects the Enter key.
                for byte in buffer.iter_mut().take(len).filter(|byte| **byte == b'\n') {
                    *byte = b'\r';
                }
                Ok(len)
            }
        }
    }

    fn is_readable(&self) -> bool {
        mode::wait_for_input(Some(0))
    }

    fn write(&self, bytes: &[u8]) {
        let mut stream = io::stdout().lock();
        let written = stream.write_all(bytes).and_then(|()| stream.flush());
        if written.is_err() {
            // A terminal that has gone away cannot be told about it.
            std::process::exit(1);
        }
    }

    fn wait(&self, limit_us: Option<u64>) {
        mode::wait_for_input(limit_us);
    }

    /// The signal says when Ctrl-C was pressed; what was pressed before does not count.
    fn watch(&self, byte: Option<u8>) {
        if byte.is_some() {
            interrupt::take();
        }
    }

    fn take_interrupt(&self) -> bool {
        interrupt::take()
    }

    fn is_interrupted(&self) -> bool {
        interrupt::is_pressed()
    }

    fn begin_program(&self) {
        self.set_raw(false);
    }

    fn end_program(&self) {
        self.set_raw(true);
    }
}

#[cfg(unix)]
mod mode {
    //! termios

    use std::io;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::termios::{
        InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };

    /// The modes of the terminal before it was made raw.
    pub(super) struct Modes {
        original: Option<Termios>,
    }

    impl Modes {
        pub(super) fn new() -> Self {
            Self {
                original: tcgetattr(io::stdin()).ok(),
            }
        }

        /// Byte by byte, not echoed, no signals; output is treated as before.
        pub(super) fn set_raw(&mut self, raw: bool) {
            let Some(original) = &self.original else {
                return;
            };
            let mut modes = original.clone();
            if raw {
                modes.input_modes -= InputModes::BRKINT
                    | InputModes::ICRNL
                    | InputModes::INPCK
                    | InputModes::ISTRIP
                    | InputModes::IXON;
                modes.local_modes -=
                    LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN | LocalModes::ISIG;
                modes.special_codes[SpecialCodeIndex::VMIN] = 1;
                modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            }
            // A terminal that refuses stays as it is: the prompt works line by line then.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
        }
    }

    pub(super) fn read(buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(io::stdin(), buffer)?)
    }

    /// Whether there is input, or its end, within a limit.
    pub(super) fn wait_for_input(limit_us: Option<u64>) -> bool {
        let stdin = io::stdin();
        let mut wanted = [PollFd::new(&stdin, PollFlags::IN)];
        let limit = limit_us.map(|limit_us| Timespec {
            tv_sec: i64::try_from(limit_us / 1_000_000).unwrap_or(i64::MAX),
            tv_nsec: i64::try_from(limit_us % 1_000_000 * 1000).unwrap_or(0),
        });
        matches!(poll(&mut wanted, limit.as_ref()), Ok(ready) if ready > 0)
    }
}

#[cfg(not(unix))]
mod mode {
    //! The console of Windows.

    /// Whether the console is raw.
    pub(super) struct Modes;

    impl Modes {
        pub(super) fn new() -> Self {
            Self
        }

        pub(super) fn set_raw(&mut self, raw: bool) {
            // A console that refuses stays as it is: the prompt works line by line then.
            let _ = if raw {
                crossterm::terminal::enable_raw_mode()
            } else {
                crossterm::terminal::disable_raw_mode()
            };
        }
    }

    pub(super) fn read(buffer: &mut [u8]) -> std::io::Result<usize> {
        std::io::Read::read(&mut std::io::stdin().lock(), buffer)
    }

    /// A read waits, so there is always something to read.
    pub(super) fn wait_for_input(_limit_us: Option<u64>) -> bool {
        true
    }
}
