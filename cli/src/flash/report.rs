//! What is said while a board is flashed: a line per phase, a bar, or `--json` events: one at the beginning of a
//! phase, some on the way, and one with all its bytes.

use std::time::{Duration, Instant};

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

/// How much time is between two events of a phase at least.
const PAUSE: Duration = Duration::from_millis(250);

/// Tells how far it is.
pub(crate) struct Report {
    printer: Printer,
    progress: Option<Progress>,
    phase: Phase,
    done: u64,
    total: u64,
    /// What the last event said, and when.
    told: (u64, Instant),
}

impl Report {
    /// Nothing is going on yet.
    pub(crate) fn new(printer: &Printer) -> Self {
        Self {
            printer: printer.clone(),
            progress: None,
            phase: Phase::Start,
            done: 0,
            total: 0,
            told: (0, Instant::now()),
        }
    }

    /// A phase begins that goes over `total` bytes; 0: unknown.
    ///
    /// # Errors
    /// When stdout is gone.
    pub(crate) fn phase(&mut self, phase: Phase, total: u64) -> Result<()> {
        self.progress = None;
        (self.phase, self.done, self.total) = (phase, 0, total);
        self.tell()?;
        if total > 0 && !self.printer.is_json() {
            let mut progress = Progress::new(&self.printer, total);
            progress.file(phase.text());
            self.progress = Some(progress);
        }
        Ok(())
    }

    fn tell(&mut self) -> Result<()> {
        self.told = (self.done, Instant::now());
        let (phase, done, total) = (self.phase.text(), self.done, self.total);
        let fields = json!({ "phase": phase, "bytes": done, "total": total });
        self.printer.event("phase", fields)
    }

    /// So many bytes more are done.
    pub(crate) fn add(&mut self, len_bytes: u64) {
        // What is padded or sent again never shows as more than everything.
        let len_bytes = len_bytes.min(self.total.saturating_sub(self.done));
        self.done += len_bytes;
        if let Some(progress) = &mut self.progress {
            progress.add(len_bytes);
        }
        let (told, when) = self.told;
        let is_all = self.done == self.total;
        if told != self.done && (is_all || when.elapsed() >= PAUSE) {
            // Flashing does not stop because nobody listens.
            let _ = self.tell();
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
        if self.told.0 != self.done {
            // As in `add`.
            let _ = self.tell();
        }
    }
}
