//! Bytes in, bytes out, and a deadline: what every way to a board has in common.
//!
//! A read blocks in the operating system until something arrives or the deadline passes; nothing
//! here ever sleeps and polls. No transport knows what the bytes mean.

pub(crate) mod replay;
pub(crate) mod rfc2217;
pub(crate) mod serial;
pub(crate) mod socket;
pub(crate) mod tap;
pub(crate) mod tcp;
pub(crate) mod telnet;
pub(crate) mod websocket;

use std::io::Write;
use std::time::Instant;

use crate::error::{Code, Error, Result};

/// What happens to bytes that come faster than the board reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The wire itself holds the sender back (USB CDC, TCP, a pty).
    Paced,
    /// They are lost (a UART without handshake, with a ring buffer of 256 bytes or so behind it).
    Uart,
}

/// One open way to a board.
pub(crate) trait Transport {
    /// Reads what there is, waiting for the first byte until `deadline`. `Ok(0)`: it passed.
    ///
    /// # Errors
    /// [`Code::ConnectionLost`] when the other side is gone.
    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize>;

    /// Writes some of `bytes`, waiting for room until `deadline`, and returns how many.
    ///
    /// # Errors
    /// [`Code::ConnectionLost`] when the other side is gone.
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize>;

    /// A second handle that only writes, for the thread that reads the keyboard.
    ///
    /// # Errors
    /// [`Code::Unsupported`] where there is none.
    fn writer(&mut self) -> Result<Box<dyn Write + Send>>;

    /// How the wire treats bytes that come too fast.
    fn link(&self) -> Link;

    /// The address as the user would give it.
    fn name(&self) -> &str;

    /// Sets the DTR and RTS lines where there are any.
    ///
    /// # Errors
    /// [`Code::Unsupported`] without such lines, [`Code::ConnectionLost`] when the port is gone.
    fn set_lines(&mut self, dtr: Option<bool>, rts: Option<bool>) -> Result<()> {
        let _ = (dtr, rts);
        Err(Error::new(
            Code::Unsupported,
            format!("`{}` has no DTR and RTS lines", self.name()),
        ))
    }

    /// Goes to another baud rate, after what was written has left.
    ///
    /// # Errors
    /// [`Code::Unsupported`] where there is none, [`Code::ConnectionLost`] when the port is gone.
    fn set_baud(&mut self, baud: u32) -> Result<()> {
        Err(Error::new(
            Code::Unsupported,
            format!("`{}` has no baud rate ({baud})", self.name()),
        ))
    }
}

/// How to open a way to a board.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenOptions {
    /// Bits per second of a serial port.
    pub(crate) baud: u32,
    /// DTR after opening; `None`: asserted.
    pub(crate) dtr: Option<bool>,
    /// RTS after opening; `None`: asserted.
    pub(crate) rts: Option<bool>,
    /// How long a network connection or a login may take.
    pub(crate) timeout: std::time::Duration,
}

/// The error of a connection that ended under us.
pub(crate) fn lost(name: &str, why: &str) -> Error {
    Error::new(
        Code::ConnectionLost,
        format!("The connection to `{name}` was lost: {why}"),
    )
    .hint("Plug the board in again, or wait until it has restarted, and repeat the command")
}
