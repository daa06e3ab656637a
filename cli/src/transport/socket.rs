//! A TCP stream with deadlines; the floor that the network transports stand on.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::lost;
use crate::error::{Code, Error, Result, reason};

/// The shortest time-out that operating systems take for other than "for ever".
const MIN_WAIT: Duration = Duration::from_millis(1);

/// A connected stream and the name it is called by in messages.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    name: String,
}

impl Socket {
    /// Connects to `host:port`, trying each address the name has.
    ///
    /// # Errors
    /// [`Code::NoBoard`] with the reason of the last try.
    pub(crate) fn connect(name: &str, address: &str, timeout: Duration) -> Result<Self> {
        let fail = |why: String| {
            Error::new(
                Code::NoBoard,
                format!("Failed to connect to `{name}`: {why}"),
            )
            .hint(
                "Check the address, that the board is on, and that this computer is in its network",
            )
        };
        let addresses = address
            .to_socket_addrs()
            .map_err(|error| fail(reason(&error)))?;
        let mut last = "the name has no address".to_string();
        for address in addresses {
            match TcpStream::connect_timeout(&address, timeout.max(MIN_WAIT)) {
                Ok(stream) => {
                    // Without it every request of a few bytes waits for the acknowledgement of the last.
                    stream
                        .set_nodelay(true)
                        .map_err(|error| fail(reason(&error)))?;
                    return Ok(Self {
                        stream,
                        name: name.to_string(),
                    });
                }
                Err(error) => last = reason(&error),
            }
        }
        Err(fail(last))
    }

    /// The name it is called by.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// As [`super::Transport::read`].
    ///
    /// # Errors
    /// [`Code::ConnectionLost`] when the other side has closed or the network failed.
    pub(crate) fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        let wait = deadline
            .saturating_duration_since(Instant::now())
            .max(MIN_WAIT);
        self.stream
            .set_read_timeout(Some(wait))
            .map_err(|error| lost(&self.name, &reason(&error)))?;
        match self.stream.read(buffer) {
            Ok(0) => Err(lost(&self.name, "the other side closed it")),
            Ok(len) => Ok(len),
            Err(error) if is_wait(error.kind()) => Ok(0),
            Err(error) => Err(lost(&self.name, &reason(&error))),
        }
    }

    /// As [`super::Transport::write`].
    ///
    /// # Errors
    /// [`Code::ConnectionLost`] when the other side has closed or the network failed.
    pub(crate) fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize> {
        let wait = deadline
            .saturating_duration_since(Instant::now())
            .max(MIN_WAIT);
        self.stream
            .set_write_timeout(Some(wait))
            .map_err(|error| lost(&self.name, &reason(&error)))?;
        match self.stream.write(bytes) {
            Ok(len) => Ok(len),
            Err(error) if is_wait(error.kind()) => Ok(0),
            Err(error) => Err(lost(&self.name, &reason(&error))),
        }
    }

    /// Writes all of `bytes` or fails.
    ///
    /// # Errors
    /// [`Code::ConnectionLost`] when the network failed or took longer than the deadline.
    pub(crate) fn write_all(&mut self, mut bytes: &[u8], deadline: Instant) -> Result<()> {
        while !bytes.is_empty() {
            let len = self.write(bytes, deadline)?;
            if len == 0 && Instant::now() >= deadline {
                return Err(lost(&self.name, "it takes no more bytes"));
            }
            bytes = &bytes[len..];
        }
        Ok(())
    }

    /// A second handle on the same connection.
    ///
    /// # Errors
    /// [`Code::Io`] when the operating system has no more handles.
    pub(crate) fn try_clone(&self) -> Result<TcpStream> {
        self.stream
            .try_clone()
            .map_err(|error| lost(&self.name, &reason(&error)))
    }
}

fn is_wait(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// Moves what fits from the front of `pending` into `buffer` and returns how much.
pub(crate) fn hand_out(pending: &mut Vec<u8>, buffer: &mut [u8]) -> usize {
    let len = pending.len().min(buffer.len());
    buffer[..len].copy_from_slice(&pending[..len]);
    pending.drain(..len);
    len
}

/// Splits `host[:port]`, with `[v6]` addresses, and fills in the port.
pub(crate) fn with_port(host: &str, default_port: u16) -> String {
    let after_bracket = host.rsplit(']').next().unwrap_or(host);
    if after_bracket.contains(':') {
        host.to_string()
    } else {
        format!("{host}:{default_port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_is_filled_in() {
        assert_eq!(with_port("esp.local", 23), "esp.local:23");
        assert_eq!(with_port("esp.local:8266", 23), "esp.local:8266");
        assert_eq!(with_port("[::1]", 23), "[::1]:23");
        assert_eq!(with_port("[::1]:9", 23), "[::1]:9");
    }
}
