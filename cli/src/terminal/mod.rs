//! The user's terminal: raw mode, keys as bytes, and piped input.

pub(crate) mod input;
pub(crate) mod keys;

use crate::error::{Code, Error, Result};

/// Raw mode for as long as it lives.
pub(crate) struct RawMode(());

impl RawMode {
    /// Switches the terminal to raw mode: every key arrives at once and none has a meaning.
    ///
    /// # Errors
    /// [`Code::Io`] when there is no terminal.
    pub(crate) fn enter() -> Result<Self> {
        crossterm::terminal::enable_raw_mode().map_err(|error| {
            Error::new(
                Code::Io,
                format!(
                    "Failed to switch the terminal to raw mode: {}",
                    crate::error::reason(&error)
                ),
            )
        })?;
        Ok(Self(()))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // The terminal is gone when this fails; then there is nothing left to restore.
        let _ = crossterm::terminal::disable_raw_mode();
    }
}
