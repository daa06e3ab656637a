//! The bytes between a session and its transport: what was read and not yet used, and writes that
//! never keep the reading from going on.

use std::time::{Duration, Instant};

use super::interrupt;
use crate::error::Result;
use crate::transport::{Link, Transport};

/// How long a write may wait for room before what came in meanwhile is looked at.
const WRITE_SLICE: Duration = Duration::from_millis(20);
/// How much is read at once.
const READ_BYTES: usize = 64 * 1024;

/// A transport with its unread input.
pub(crate) struct Wire {
    transport: Box<dyn Transport>,
    inbox: Vec<u8>,
    used_bytes: usize,
    chunk: Box<[u8]>,
    /// When the board last said something.
    heard: Instant,
    /// When the last byte was written.
    spoke: Instant,
}

impl Wire {
    /// Takes over a transport.
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            transport,
            inbox: Vec::new(),
            used_bytes: 0,
            chunk: vec![0; READ_BYTES].into_boxed_slice(),
            heard: Instant::now(),
            spoke: Instant::now(),
        }
    }

    /// The address as the user would give it.
    pub(crate) fn name(&self) -> &str {
        self.transport.name()
    }

    /// How the wire treats bytes that come too fast.
    pub(crate) fn link(&self) -> Link {
        self.transport.link()
    }

    /// The transport itself, for its lines and its second handle.
    pub(crate) fn transport(&mut self) -> &mut dyn Transport {
        self.transport.as_mut()
    }

    /// What was read and not yet used.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.inbox[self.used_bytes..]
    }

    /// The first `len_bytes` of [`Wire::pending`] are used.
    pub(crate) fn consume(&mut self, len_bytes: usize) {
        self.used_bytes += len_bytes;
        if self.used_bytes >= self.inbox.len() {
            self.inbox.clear();
            self.used_bytes = 0;
        }
    }

    /// Puts `bytes` in the place of [`Wire::pending`].
    pub(crate) fn replace_pending(&mut self, bytes: Vec<u8>) {
        self.inbox = bytes;
        self.used_bytes = 0;
    }

    /// Reads what there is, waiting until `deadline`, in slices short enough for Ctrl-C. False
    /// when nothing came in this slice.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(crate) fn fill(&mut self, deadline: Instant) -> Result<bool> {
        let slice = deadline.min(Instant::now() + interrupt::SLICE);
        let len = self.transport.read(&mut self.chunk, slice)?;
        if len > 0 {
            if self.used_bytes > READ_BYTES {
                self.inbox.drain(..self.used_bytes);
                self.used_bytes = 0;
            }
            self.inbox.extend_from_slice(&self.chunk[..len]);
            self.heard = Instant::now();
        }
        Ok(len > 0)
    }

    /// How long the board has been silent.
    pub(crate) fn silence(&self) -> Duration {
        self.heard.elapsed()
    }

    /// Starts counting the silence anew.
    pub(crate) fn listen_afresh(&mut self) {
        self.heard = Instant::now();
    }

    /// Throws away what was read, and what has arrived by now.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(crate) fn drop_input(&mut self) -> Result<()> {
        self.inbox.clear();
        self.used_bytes = 0;
        // A board that never stops must not keep us here.
        for _ in 0..64 {
            if self.transport.read(&mut self.chunk, Instant::now())? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Writes some of `bytes`; 0 when there was no room for a moment.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(crate) fn write_some(&mut self, bytes: &[u8]) -> Result<usize> {
        let len = self.transport.write(bytes, Instant::now() + WRITE_SLICE)?;
        if len > 0 {
            self.spoke = Instant::now();
        }
        Ok(len)
    }

    /// How long ago the last byte was written.
    pub(crate) fn idle(&self) -> Duration {
        self.spoke.elapsed()
    }

    /// Writes all of a short text, reading meanwhile so that neither side can block the other.
    ///
    /// # Errors
    /// When the connection is lost, or the board takes nothing for `patience`.
    pub(crate) fn write_all(&mut self, mut bytes: &[u8], patience: Duration) -> Result<()> {
        let mut deadline = Instant::now() + patience;
        while !bytes.is_empty() {
            let len = self.write_some(bytes)?;
            if len > 0 {
                deadline = Instant::now() + patience;
            } else {
                self.fill(Instant::now())?;
                if Instant::now() >= deadline {
                    return Err(crate::transport::lost(
                        self.name(),
                        "the board takes no more bytes",
                    ));
                }
            }
            bytes = &bytes[len..];
        }
        Ok(())
    }
}
