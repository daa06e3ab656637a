//! Shows what goes over the wire (`--verbose`) and keeps it for a replay (`--record`).

use std::io::Write;
use std::time::Instant;

use super::{Link, Transport, replay};
use crate::error::Result;
use crate::output::Printer;

/// A transport that is listened to.
pub(crate) struct Tap {
    inner: Box<dyn Transport>,
    printer: Printer,
    started: Instant,
    record: Option<std::fs::File>,
}

impl Tap {
    /// Listens to `inner`.
    pub(crate) fn new(
        inner: Box<dyn Transport>,
        printer: Printer,
        record: Option<std::fs::File>,
    ) -> Self {
        Self {
            inner,
            printer,
            started: Instant::now(),
            record,
        }
    }

    fn note(&mut self, arrow: &str, bytes: &[u8]) {
        let text = bytes.escape_ascii().to_string();
        self.printer.wire(&format!(
            "{:9.6} {arrow} {text}",
            self.started.elapsed().as_secs_f64()
        ));
        if let Some(file) = &mut self.record {
            // A recording that cannot be kept does not stop the work it records.
            let _ = writeln!(file, "{}", replay::line(arrow, bytes));
        }
    }
}

impl Transport for Tap {
    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        let len = self.inner.read(buffer, deadline)?;
        if len > 0 {
            self.note("<<", &buffer[..len]);
        }
        Ok(len)
    }

    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize> {
        let len = self.inner.write(bytes, deadline)?;
        if len > 0 {
            self.note(">>", &bytes[..len]);
        }
        Ok(len)
    }

    fn writer(&mut self) -> Result<Box<dyn Write + Send>> {
        self.inner.writer()
    }

    fn link(&self) -> Link {
        self.inner.link()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    fn set_lines(&mut self, dtr: Option<bool>, rts: Option<bool>) -> Result<()> {
        self.inner.set_lines(dtr, rts)
    }

    fn set_baud(&mut self, baud: u32) -> Result<()> {
        self.inner.set_baud(baud)
    }
}
