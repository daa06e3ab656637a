//! A serial port of this machine, or a pseudo-terminal that stands for one.
//!
//! DTR and RTS: boards with Espressif's auto-reset circuit reset while RTS is asserted alone and go
//! to the boot loader with DTR asserted alone, so the two never differ for longer than a driver
//! needs; TinyUSB boards send nothing to a host that has not asserted DTR. Both are therefore
//! asserted while the port is open, and at the end RTS is released before DTR. A pseudo-terminal
//! has no such lines, which is no error.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use serialport::SerialPort;

use super::{Link, OpenOptions, Transport, lost};
use crate::error::{Code, Error, Result, reason};

/// Silicon Labs, whose Windows driver resets boards unless both lines are first released.
const VID_SILICON_LABS: u16 = 0x10c4;

/// Makers of USB bridges with a UART behind them, which drops what comes too fast.
const UART_BRIDGES: [u16; 6] = [VID_SILICON_LABS, 0x1a86, 0x0403, 0x067b, 0x0d28, 0x04d8];

/// The shortest time-out that every platform takes for other than "at once".
const MIN_WAIT: Duration = Duration::from_millis(1);

/// An open serial port.
pub(crate) struct Serial {
    port: Box<dyn SerialPort>,
    name: String,
    link: Link,
    has_lines: bool,
}

impl Serial {
    /// Opens `path` alone: no other program may have it.
    ///
    /// `vid` is the USB vendor when it is known; it decides how the lines are treated on Windows
    /// and whether a UART stands behind the port.
    ///
    /// # Errors
    /// [`Code::NoBoard`] for a path that is not there, [`Code::Busy`], [`Code::Permission`].
    pub(crate) fn open(path: &str, vid: Option<u16>, options: &OpenOptions) -> Result<Self> {
        let careful = cfg!(windows) && vid == Some(VID_SILICON_LABS);
        let dtr = options.dtr.unwrap_or(true);
        let rts = options.rts.unwrap_or(true);
        let builder = serialport::new(path, options.baud)
            .timeout(MIN_WAIT)
            .dtr_on_open(dtr && !careful);
        let port = builder.open().map_err(|error| open_error(path, &error))?;
        let link = match vid {
            Some(vid) if UART_BRIDGES.contains(&vid) => Link::Uart,
            _ => Link::Paced,
        };
        let mut serial = Self {
            port,
            name: path.to_string(),
            link,
            has_lines: true,
        };
        if careful {
            serial.line(|port| port.write_request_to_send(false))?;
        }
        serial.line(|port| port.write_data_terminal_ready(dtr))?;
        serial.line(|port| port.write_request_to_send(rts))?;
        Ok(serial)
    }

    /// Sets a line; a port without lines is remembered as such.
    fn line(&mut self, set: impl Fn(&mut dyn SerialPort) -> serialport::Result<()>) -> Result<()> {
        if !self.has_lines {
            return Ok(());
        }
        match set(self.port.as_mut()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == serialport::ErrorKind::NoDevice => {
                Err(lost(&self.name, &error.to_string()))
            }
            Err(_) => {
                self.has_lines = false;
                Ok(())
            }
        }
    }
}

fn open_error(path: &str, error: &serialport::Error) -> Error {
    let text = error.to_string();
    let lower = text.to_lowercase();
    let busy = lower.contains("lock") || lower.contains("busy") || lower.contains("in use");
    if busy || (cfg!(windows) && lower.contains("denied")) {
        return Error::new(Code::Busy, format!("`{path}` is in use by another program"))
            .hint("Close the other terminal, editor or upload that has it open");
    }
    match error.kind() {
        serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => Error::new(
            Code::Permission,
            format!("No permission to open `{path}`"),
        )
        .hint(
            "On Linux: `sudo usermod -aG dialout $USER` (some systems: `uucp`), then log in again",
        ),
        serialport::ErrorKind::Io(ErrorKind::NotFound) | serialport::ErrorKind::NoDevice
            if !std::path::Path::new(path).exists() || cfg!(windows) =>
        {
            Error::new(Code::NoBoard, format!("There is no port `{path}`"))
                .hint("Run `ucli devs` to list the boards, `ucli devs --all` for every serial port")
        }
        _ => Error::new(Code::NoBoard, format!("Failed to open `{path}`: {text}"))
            .hint(format!("Run `ucli doctor -p {path}`")),
    }
}

impl Transport for Serial {
    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        // What has arrived by now is known without the wait, which is a millisecond at least.
        if deadline <= Instant::now() && matches!(self.port.bytes_to_read(), Ok(0)) {
            return Ok(0);
        }
        let wait = deadline
            .saturating_duration_since(Instant::now())
            .max(MIN_WAIT);
        self.port
            .set_timeout(wait)
            .map_err(|error| lost(&self.name, &error.to_string()))?;
        match self.port.read(buffer) {
            Ok(0) => Err(lost(&self.name, "it was unplugged")),
            Ok(len) => Ok(len),
            Err(error) if is_wait(error.kind()) => Ok(0),
            Err(error) => Err(lost(&self.name, &unplugged(&error))),
        }
    }

    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize> {
        let wait = deadline
            .saturating_duration_since(Instant::now())
            .max(MIN_WAIT);
        self.port
            .set_timeout(wait)
            .map_err(|error| lost(&self.name, &error.to_string()))?;
        match self.port.write(bytes) {
            Ok(len) => Ok(len),
            Err(error) if is_wait(error.kind()) => Ok(0),
            Err(error) => Err(lost(&self.name, &unplugged(&error))),
        }
    }

    fn writer(&mut self) -> Result<Box<dyn Write + Send>> {
        let port = self
            .port
            .try_clone()
            .map_err(|error| lost(&self.name, &error.to_string()))?;
        Ok(Box::new(PatientWriter(port)))
    }

    fn link(&self) -> Link {
        self.link
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn set_lines(&mut self, dtr: Option<bool>, rts: Option<bool>) -> Result<()> {
        if let Some(dtr) = dtr {
            self.line(|port| port.write_data_terminal_ready(dtr))?;
        }
        if let Some(rts) = rts {
            self.line(|port| port.write_request_to_send(rts))?;
        }
        if self.has_lines {
            return Ok(());
        }
        Err(Error::new(
            Code::Unsupported,
            format!("`{}` has no DTR and RTS lines", self.name),
        ))
    }

    fn set_baud(&mut self, baud: u32) -> Result<()> {
        let lost = |error: &dyn core::fmt::Display| lost(&self.name, &error.to_string());
        self.port.flush().map_err(|error| lost(&error))?;
        self.port
            .set_baud_rate(baud)
            .map_err(|error| match error.kind() {
                serialport::ErrorKind::NoDevice => lost(&error),
                _ => Error::new(
                    Code::Unsupported,
                    format!("`{}` cannot do {baud} baud: {error}", self.name),
                ),
            })
    }
}

impl Drop for Serial {
    fn drop(&mut self) {
        // At the end there is nobody to tell that a line could not be released.
        let _ = self.line(|port| port.write_request_to_send(false));
        let _ = self.line(|port| port.write_data_terminal_ready(false));
    }
}

/// A clone of a port that retries the short time-out the reader has set.
struct PatientWriter(Box<dyn SerialPort>);

impl Write for PatientWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let deadline = Instant::now() + Duration::from_secs(5);
        self.0
            .set_timeout(Duration::from_millis(500))
            .map_err(std::io::Error::other)?;
        loop {
            match self.0.write(bytes) {
                Err(error) if is_wait(error.kind()) && Instant::now() < deadline => {}
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn is_wait(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
    )
}

fn unplugged(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::NotConnected | ErrorKind::PermissionDenied => {
            "it was unplugged".to_string()
        }
        _ => reason(error),
    }
}
