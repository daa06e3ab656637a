//! `tcp://host:port`: a REPL that is plainly a TCP connection (QEMU, ser2net, a simulated board).

use std::io::Write;
use std::time::Instant;

use super::{Link, OpenOptions, Transport, socket::Socket};
use crate::error::Result;

/// A raw TCP connection.
#[derive(Debug)]
pub(crate) struct Tcp(Socket);

impl Tcp {
    /// Connects to `address` (`host:port`); `name` is what the user wrote.
    ///
    /// # Errors
    /// As [`Socket::connect`].
    pub(crate) fn open(name: &str, address: &str, options: &OpenOptions) -> Result<Self> {
        Ok(Self(Socket::connect(name, address, options.timeout)?))
    }
}

impl Transport for Tcp {
    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        self.0.read(buffer, deadline)
    }

    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize> {
        self.0.write(bytes, deadline)
    }

    fn writer(&mut self) -> Result<Box<dyn Write + Send>> {
        Ok(Box::new(self.0.try_clone()?))
    }

    fn link(&self) -> Link {
        Link::Paced
    }

    fn name(&self) -> &str {
        self.0.name()
    }
}
