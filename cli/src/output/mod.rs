//! The only place that writes to the terminal.
//!
//! stdout is data, stderr is talk. With `--json` stdout holds one object per line and nothing
//! else; what a program on the board prints becomes `{"event":"stdout",…}` lines.

pub(crate) mod bytes;
pub(crate) mod progress;
pub(crate) mod sanitise;

use std::io::{IsTerminal, Write};

use console::Style;
use serde_json::{Map, Value, json};

use crate::error::{Code, Error, Result};

/// mpremote's lines, see [`Printer::data`].
static HELD: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Data and errors only.
    Quiet,
    /// Summaries and warnings too.
    Normal,
    /// The bytes on the wire too.
    Verbose,
}

/// Writes data, talk, progress and errors in the chosen form.
#[derive(Clone, Debug)]
pub(crate) struct Printer {
    level: Level,
    json: bool,
    colour: bool,
    /// Called as `mpremote`: its words for errors, and no talk of our own.
    mpremote: bool,
}

impl Printer {
    /// A printer. `colour` is what the flags allow; the terminal has a word in it too.
    pub(crate) fn new(level: Level, json: bool, colour: bool, mpremote: bool) -> Self {
        let colour = colour && console::colors_enabled_stderr();
        Self {
            level,
            json,
            colour,
            mpremote,
        }
    }

    /// Whether `--json` was given.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether the program plays `mpremote` (called by that name).
    pub(crate) fn is_mpremote(&self) -> bool {
        self.mpremote
    }

    /// The same printer without talk, for what the user did not ask for by itself.
    pub(crate) fn silent(&self) -> Self {
        Self {
            level: Level::Quiet,
            json: false,
            ..self.clone()
        }
    }

    /// Whether the wire is shown.
    pub(crate) fn is_verbose(&self) -> bool {
        self.level == Level::Verbose
    }

    /// Whether bars and colour make sense.
    pub(crate) fn is_interactive(&self) -> bool {
        !self.json && !self.mpremote && self.level > Level::Quiet && std::io::stderr().is_terminal()
    }

    /// A line of data on stdout; nothing with `--json`.
    ///
    /// # Errors
    /// [`Code::Io`] when stdout is gone (a broken pipe ends quietly in `main`).
    pub(crate) fn data(&self, line: &str) -> Result<()> {
        if self.json {
            return Ok(());
        }
        if self.mpremote && !std::io::stdout().is_terminal() {
            // mpremote's own lines wait in its buffer while what programs print goes straight out.
            // Scripts that read both know them in that order.
            if let Ok(mut held) = HELD.lock() {
                held.extend_from_slice(line.as_bytes());
                held.push(b'\n');
            }
            return Ok(());
        }
        let mut out = std::io::stdout().lock();
        write_all(&mut out, line.as_bytes())?;
        write_all(&mut out, b"\n")
    }

    /// Writes what [`Printer::data`] held back. Called at the end of everything.
    pub(crate) fn flush_held(&self) {
        let held = HELD.lock().map(|mut held| core::mem::take(&mut *held));
        if let Ok(held) = held
            && !held.is_empty()
        {
            // Nobody is left to tell when stdout is gone at the very end.
            let _ = self.raw(&held);
        }
    }

    /// Raw bytes on stdout: what a program or a file on the board says.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub(crate) fn raw(&self, bytes: &[u8]) -> Result<()> {
        let mut out = std::io::stdout().lock();
        write_all(&mut out, bytes)?;
        out.flush().map_err(|error| stdout_error(&error))
    }

    /// Bytes that a program on the board wrote: as they are, or as a JSON event.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub(crate) fn program(&self, stream: &'static str, bytes: &[u8]) -> Result<()> {
        if self.json {
            return self.event(stream, json!({ "text": sanitise::lossy(bytes) }));
        }
        if stream == "stderr" {
            let mut err = std::io::stderr().lock();
            // A closed stderr is nobody's loss; the status still tells.
            let _ = err.write_all(bytes);
            return Ok(());
        }
        self.raw(bytes)
    }

    /// One JSON event line on stdout; nothing without `--json`.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub(crate) fn event(&self, event: &str, fields: Value) -> Result<()> {
        if !self.json {
            return Ok(());
        }
        let mut object = Map::new();
        object.insert("event".into(), event.into());
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        self.object(&Value::Object(object))
    }

    /// The final JSON object of a command that went well; nothing without `--json`.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub(crate) fn done(&self, command: &str, fields: Value) -> Result<()> {
        if !self.json {
            return Ok(());
        }
        let mut object = Map::new();
        object.insert("ok".into(), true.into());
        object.insert("command".into(), command.into());
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        self.object(&Value::Object(object))
    }

    fn object(&self, value: &Value) -> Result<()> {
        let mut out = std::io::stdout().lock();
        write_all(&mut out, value.to_string().as_bytes())?;
        write_all(&mut out, b"\n")?;
        out.flush().map_err(|error| stdout_error(&error))
    }

    /// A line of talk on stderr.
    pub(crate) fn say(&self, line: &str) {
        if self.level > Level::Quiet && !self.json && !self.mpremote {
            self.stderr_line(line);
        }
    }

    /// `warning: …` on stderr.
    pub(crate) fn warn(&self, text: &str) {
        self.labelled("warning", &Style::new().yellow().bold(), text);
    }

    /// `note: …` on stderr.
    pub(crate) fn note(&self, text: &str) {
        if !self.json {
            self.labelled("note", &Style::new().cyan().bold(), text);
        }
    }

    fn labelled(&self, label: &str, style: &Style, text: &str) {
        if self.level == Level::Quiet || self.mpremote {
            return;
        }
        self.stderr_line(&format!("{}: {text}", self.paint(label, style)));
    }

    /// A line about the wire, only with `--verbose`.
    pub(crate) fn wire(&self, line: &str) {
        if self.level == Level::Verbose {
            self.stderr_line(line);
        }
    }

    /// `text` in a style, or plain.
    pub(crate) fn paint(&self, text: &str, style: &Style) -> String {
        if self.colour {
            style.clone().force_styling(true).apply_to(text).to_string()
        } else {
            text.to_string()
        }
    }

    fn stderr_line(&self, line: &str) {
        let mut err = std::io::stderr().lock();
        // A closed stderr is nobody's loss; the status still tells.
        let _ = writeln!(err, "{line}");
    }

    /// Prints a failure of `command`: `error: …` and its hints, or the final JSON object.
    pub(crate) fn error(&self, error: &Error, command: &str) {
        self.flush_held();
        if self.json {
            let code = if error.code() == Code::Usage {
                "usage"
            } else {
                error.code().text()
            };
            // Nothing is left to tell when stdout is gone too.
            let _ = self.object(&json!({
                "ok": false,
                "error": { "code": code, "message": error.message(), "hints": error.hints() },
                "exit": error.exit().code(),
            }));
            return;
        }
        if error.is_silent() {
            return;
        }
        if self.mpremote {
            self.stderr_line(&error.mpremote_message(command));
            return;
        }
        let label = self.paint("error", &Style::new().red().bold());
        self.stderr_line(&format!("{label}: {}", error.message()));
        if !error.hints().is_empty() {
            self.stderr_line("");
        }
        for hint in error.hints() {
            let label = self.paint("hint", &Style::new().cyan().bold());
            self.stderr_line(&format!("{label}: {hint}"));
        }
    }
}

fn write_all(out: &mut impl Write, bytes: &[u8]) -> Result<()> {
    out.write_all(bytes).map_err(|error| stdout_error(&error))
}

fn stdout_error(error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return Error::reported(Code::Io, crate::exit::Exit::Done, "stdout was closed");
    }
    Error::new(
        Code::Io,
        format!("Failed to write to stdout: {}", crate::error::reason(error)),
    )
}

/// Lines of columns, each as wide as its widest cell; the last column is not padded.
pub(crate) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| console::measure_text_width(cell))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter()
        .map(|row| {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                line.push_str(cell);
                if column + 1 < row.len() {
                    let pad = widths[column] - console::measure_text_width(cell) + 2;
                    line.extend(core::iter::repeat_n(' ', pad));
                }
            }
            line.trim_end().to_string()
        })
        .collect()
}
