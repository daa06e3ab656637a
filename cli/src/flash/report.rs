//! What is said while a board is flashed: a line per phase, a bar, or `--json` events.

use serde_json::json;

use crate::error::Result;
use crate::output::Printer;
use crate::output::progress::Progress;

/// The phases of flashing, by the word that `--json` has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Everything is erased.
    Erase,
    /// The image goes to the board.
    Write,
    /// It is compared.
    Verify,
    /// The flash is read.
    Read,
    /// The board's files are copied away.
    Backup,
    /// The board's files are copied back.
    Restore,
    /// The board starts.
    Start,
}

impl Phase {
    /// The word.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Erase => "erase",
            Self::Write => "write",
            Self::Verify => "verify",
            Self::Read => "read",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Start => "start",
        }
    }
}

/// Tells how far it is.
pub(crate) struct Report {
    printer: Printer,
    progress: Option<Progress>,
    done: u64,
    total: u64,
}

impl Report {
    /// Nothing is going on yet.
    pub(crate) fn new(printer: &Printer) -> Self {
        Self {
            printer: printer.clone(),
            progress: None,
            done: 0,
            total: 0,
        }
    }

    /// A phase begins that goes over `total` bytes; 0: unknown.
    ///
    /// # Errors
    /// When stdout is gone.
    pub(crate) fn phase(&mut self, phase: Phase, total: u64) -> Result<()> {
        self.progress = None;
        (self.done, self.total) = (0, total);
        self.printer.event(
            "phase",
            json!({ "phase": phase.text(), "bytes": 0, "total": total }),
        )?;
        let mut progress = Progress::new(&self.printer, total);
        progress.file(phase.text());
        self.progress = (total > 0).then_some(progress);
        Ok(())
    }

    /// So many bytes more are done.
    pub(crate) fn add(&mut self, len_bytes: u64) {
        // What is padded or sent again never shows as more than everything.
        let len_bytes = len_bytes.min(self.total.saturating_sub(self.done));
        self.done += len_bytes;
        if let Some(progress) = &mut self.progress {
            progress.add(len_bytes);
        }
    }

    /// How many bytes of the phase are done.
    pub(crate) fn done(&self) -> u64 {
        self.done
    }

    /// The bytes of the phase.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The phase is over: the bar goes.
    pub(crate) fn finish(&mut self) {
        self.progress = None;
    }
}
