//! Progress of transfers: a bar on a terminal, plain lines or JSON events elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Printer;

/// What can be slow enough to want a bar.
const SHOW_AFTER: Duration = Duration::from_millis(300);

/// The progress of one command over all its files.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    printer: Printer,
    started: Instant,
    total_bytes: u64,
    done_bytes: u64,
    name: String,
    reported: Instant,
}

impl Progress {
    /// Starts a progress over `total_bytes`.
    pub(crate) fn new(printer: &Printer, total_bytes: u64) -> Self {
        let now = Instant::now();
        Self {
            bar: None,
            printer: printer.clone(),
            started: now,
            total_bytes,
            done_bytes: 0,
            name: String::new(),
            reported: now,
        }
    }

    /// Names the file that is moving now.
    pub(crate) fn file(&mut self, name: &str) {
        self.name = name.to_string();
        if let Some(bar) = &self.bar {
            bar.set_message(self.name.clone());
        }
    }

    /// `len_bytes` more of the payload are through.
    pub(crate) fn add(&mut self, len_bytes: u64) {
        self.done_bytes = self.done_bytes.saturating_add(len_bytes);
        if self.printer.is_json() {
            self.json_event();
            return;
        }
        if self.bar.is_none()
            && self.printer.is_interactive()
            && self.started.elapsed() > SHOW_AFTER
        {
            self.bar = Some(self.make_bar());
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.done_bytes);
        }
    }

    /// Takes back what a failed attempt had counted.
    pub(crate) fn rewind(&mut self, len_bytes: u64) {
        self.done_bytes = self.done_bytes.saturating_sub(len_bytes);
    }

    fn make_bar(&self) -> ProgressBar {
        let bar =
            ProgressBar::with_draw_target(Some(self.total_bytes), ProgressDrawTarget::stderr());
        let style = "{msg:24!} {bar:24} {percent:>3} %  {decimal_bytes_per_sec}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.progress_chars("██ "));
        }
        bar.set_message(self.name.clone());
        bar
    }

    fn json_event(&mut self) {
        let finished = self.done_bytes >= self.total_bytes;
        if !finished && self.reported.elapsed() < Duration::from_millis(250) {
            return;
        }
        self.reported = Instant::now();
        let fields = serde_json::json!({
            "file": self.name, "bytes": self.done_bytes, "total": self.total_bytes,
        });
        // The transfer does not stop because nobody listens to its progress.
        let _ = self.printer.event("progress", fields);
    }

    /// Removes the bar.
    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
