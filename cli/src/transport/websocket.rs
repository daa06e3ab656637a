//! `ws://[:password@]host[:port]`: a board's WebREPL.
//!
//! The REPL is what text frames carry, and boards cut them in the middle of characters, so frames
//! are read one by one instead of as checked UTF-8 messages. Framing is `tungstenite`'s; the login
//! is `ucli_protocol::webrepl`'s. Files go through the REPL like on every other transport: the
//! binary file records run beside the user's program and are known to corrupt file systems.

use std::io::{Cursor, Write};
use std::net::TcpStream;
use std::time::Instant;

use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};
use ucli_protocol::webrepl::{Login, LoginEvent};

use super::{
    Link, OpenOptions, Transport, lost, socket::Socket, socket::hand_out, socket::with_port,
};
use crate::error::{Code, Error, Result};

/// Boards close the connection at frames with a 64-bit length; small ones also fit their buffers.
const FRAME_BYTES: usize = 1024;
/// The longest answer to the upgrade request that is read.
const MAX_HEADER_BYTES: usize = 8192;

/// A WebREPL session after its login.
#[derive(Debug)]
pub(crate) struct WebSocket {
    socket: Socket,
    incoming: Vec<u8>,
    text: Vec<u8>,
}

impl WebSocket {
    /// Connects, upgrades and logs in. `address` is `[[user]:password@]host[:port][/path]`.
    ///
    /// # Errors
    /// [`Code::NoBoard`] without a connection, [`Code::Denied`] for a wrong password,
    /// [`Code::Busy`] when another client is connected.
    pub(crate) fn open(name: &str, address: &str, options: &OpenOptions) -> Result<Self> {
        let (login, host) = address.rsplit_once('@').unwrap_or(("", address));
        let password = match login
            .rsplit_once(':')
            .map_or(login, |(_, password)| password)
        {
            "" => crate::env::get(crate::env::PASSWORD).unwrap_or_default(),
            password => password.to_string(),
        };
        let host = host.split('/').next().unwrap_or(host);
        let shown = if login.is_empty() {
            name.to_string()
        } else {
            format!("ws://{host}")
        };
        let socket = Socket::connect(&shown, &with_port(host, 8266), options.timeout)?;
        let mut websocket = Self {
            socket,
            incoming: Vec::new(),
            text: Vec::new(),
        };
        let deadline = Instant::now() + options.timeout;
        websocket.upgrade(host, deadline)?;
        websocket.login(&password, deadline)?;
        Ok(websocket)
    }

    fn upgrade(&mut self, host: &str, deadline: Instant) -> Result<()> {
        let key = generate_key();
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        );
        self.socket.write_all(request.as_bytes(), deadline)?;
        let mut buffer = [0; 1024];
        let end = loop {
            if let Some(at) = self
                .incoming
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
            {
                break at + 4;
            }
            let len = self.socket.read(&mut buffer, deadline)?;
            if (len == 0 && Instant::now() >= deadline) || self.incoming.len() > MAX_HEADER_BYTES {
                return Err(self.not_a_webrepl());
            }
            self.incoming.extend_from_slice(&buffer[..len]);
        };
        let header = String::from_utf8_lossy(&self.incoming[..end]).into_owned();
        self.incoming.drain(..end);
        let accept = header.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field
                .trim()
                .eq_ignore_ascii_case("sec-websocket-accept")
                .then(|| value.trim().to_string())
        });
        let upgraded = header
            .lines()
            .next()
            .is_some_and(|line| line.contains(" 101"));
        if !upgraded || accept != Some(derive_accept_key(key.as_bytes())) {
            return Err(self.not_a_webrepl());
        }
        Ok(())
    }

    fn not_a_webrepl(&self) -> Error {
        Error::new(
            Code::NoAnswer,
            format!("`{}` is no WebREPL", self.socket.name()),
        )
        .hint("Run `import webrepl_setup` on the board once, and restart it")
    }

    fn login(&mut self, password: &str, deadline: Instant) -> Result<()> {
        let mut login = Login::new();
        let mut buffer = [0; 256];
        loop {
            let len = match self.read(&mut buffer, deadline) {
                Ok(len) => len,
                Err(error) if login.is_denied() => {
                    let _ = error;
                    return Err(self.denied());
                }
                Err(error) => return Err(error),
            };
            if len == 0 {
                return Err(Error::new(
                    Code::NoAnswer,
                    format!("`{}` sent no password prompt", self.socket.name()),
                ));
            }
            match login.receive(&buffer[..len]) {
                Some(LoginEvent::PasswordWanted) => {
                    let mut line = password.as_bytes().to_vec();
                    line.push(b'\r');
                    self.send(&line, deadline)?;
                }
                Some(LoginEvent::Connected) => return Ok(()),
                Some(LoginEvent::Denied) => return Err(self.denied()),
                Some(LoginEvent::Rejected) => {
                    let message = format!("`{}` already has a WebREPL client", self.socket.name());
                    return Err(Error::new(Code::Busy, message).hint("Close the other client"));
                }
                None => {}
            }
        }
    }

    fn denied(&self) -> Error {
        Error::new(
            Code::Denied,
            format!("`{}` refused the password", self.socket.name()),
        )
        .hint("Give it as `ws://:PASSWORD@HOST`, or in `UCLI_PASSWORD`")
    }

    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<()> {
        self.socket.write_all(&text_frame(bytes), deadline)
    }

    /// Takes one whole frame out of `incoming`, if there is one.
    fn take_frame(&mut self, deadline: Instant) -> Result<bool> {
        let mut cursor = Cursor::new(&self.incoming[..]);
        let Ok(Some((header, len))) = FrameHeader::parse(&mut cursor) else {
            return if self.incoming.len() > 64 {
                Err(lost(self.socket.name(), "bad frame"))
            } else {
                Ok(false)
            };
        };
        let start = usize::try_from(cursor.position()).expect("a position in a Vec fits");
        let Some(end) = usize::try_from(len)
            .ok()
            .and_then(|len| start.checked_add(len))
        else {
            return Err(lost(self.socket.name(), "a frame of absurd length"));
        };
        if end > (1 << 24) {
            return Err(lost(self.socket.name(), "a frame of absurd length"));
        }
        if self.incoming.len() < end {
            return Ok(false);
        }
        match header.opcode {
            OpCode::Data(Data::Text | Data::Continue) => {
                self.text.extend_from_slice(&self.incoming[start..end]);
            }
            OpCode::Control(Control::Close) => {
                return Err(lost(self.socket.name(), "the board closed it"));
            }
            OpCode::Control(Control::Ping) => {
                let pong = Frame::pong(self.incoming[start..end].to_vec());
                self.socket.write_all(&encode(pong), deadline)?;
            }
            _ => {}
        }
        self.incoming.drain(..end);
        Ok(true)
    }
}

/// A masked text frame, as a client must send it.
fn text_frame(bytes: &[u8]) -> Vec<u8> {
    encode(Frame::message(
        bytes.to_vec(),
        OpCode::Data(Data::Text),
        true,
    ))
}

fn encode(mut frame: Frame) -> Vec<u8> {
    let mask = generate_key();
    let mut key = [0; 4];
    key.copy_from_slice(&mask.as_bytes()[..4]);
    frame.header_mut().mask = Some(key);
    let mut out = Vec::new();
    frame
        .format(&mut out)
        .expect("writing to a Vec does not fail");
    out
}

/// Sends each write as text frames.
#[derive(Debug)]
struct FrameWriter(TcpStream);

impl Write for FrameWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let len = bytes.len().min(FRAME_BYTES);
        self.0.write_all(&text_frame(&bytes[..len]))?;
        Ok(len)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Transport for WebSocket {
    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        let mut chunk = [0; 4096];
        while self.text.is_empty() {
            if self.take_frame(deadline)? {
                continue;
            }
            let len = self.socket.read(&mut chunk, deadline)?;
            if len == 0 {
                return Ok(0);
            }
            self.incoming.extend_from_slice(&chunk[..len]);
        }
        Ok(hand_out(&mut self.text, buffer))
    }

    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize> {
        let len = bytes.len().min(FRAME_BYTES);
        self.send(&bytes[..len], deadline)?;
        Ok(len)
    }

    fn writer(&mut self) -> Result<Box<dyn Write + Send>> {
        Ok(Box::new(FrameWriter(self.socket.try_clone()?)))
    }

    fn link(&self) -> Link {
        Link::Paced
    }

    fn name(&self) -> &str {
        self.socket.name()
    }
}
