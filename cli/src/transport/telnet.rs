//! `telnet://user:password@host[:port]`: the REPL of Pycom boards, and the telnet layer of RFC 2217.
//!
//! Sources: RFC 854 (IAC commands), RFC 856 (binary), RFC 857 (echo), RFC 858 (suppress go-ahead).

use std::io::Write;
use std::net::TcpStream;
use std::time::Instant;

use super::{Link, OpenOptions, Transport, socket::Socket, socket::hand_out, socket::with_port};
use crate::error::{Code, Error, Result};

/// Interpret as command.
pub(super) const IAC: u8 = 255;
pub(super) const DONT: u8 = 254;
pub(super) const DO: u8 = 253;
pub(super) const WONT: u8 = 252;
pub(super) const WILL: u8 = 251;
/// Sub-negotiation begins.
pub(super) const SB: u8 = 250;
/// Sub-negotiation ends.
pub(super) const SE: u8 = 240;
pub(super) const BINARY: u8 = 0;
const ECHO: u8 = 1;
const SUPPRESS_GO_AHEAD: u8 = 3;

/// The longest sub-negotiation that is kept; the rest of a longer one is dropped.
const MAX_SUB_BYTES: usize = 256;

/// What the other side said besides data.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// WILL, WONT, DO or DONT with an option.
    Option(u8, u8),
    /// A sub-negotiation: option and its bytes.
    Sub(u8, Vec<u8>),
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Data,
    Command,
    Option(u8),
    Sub,
    SubCommand,
}

/// Takes telnet's commands out of a byte stream, at any split.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    sub: Vec<u8>,
}

impl Decoder {
    /// Appends the data in `input` to `data` and the commands to `commands`.
    pub(super) fn receive(
        &mut self,
        input: &[u8],
        data: &mut Vec<u8>,
        commands: &mut Vec<Command>,
    ) {
        for &byte in input {
            match self.state {
                State::Data if byte == IAC => self.state = State::Command,
                State::Data => data.push(byte),
                State::Command => self.command(byte, data),
                State::Option(verb) => {
                    commands.push(Command::Option(verb, byte));
                    self.state = State::Data;
                }
                State::Sub if byte == IAC => self.state = State::SubCommand,
                State::Sub => self.keep(byte),
                State::SubCommand if byte == IAC => {
                    self.keep(IAC);
                    self.state = State::Sub;
                }
                State::SubCommand => {
                    if byte == SE && !self.sub.is_empty() {
                        commands.push(Command::Sub(self.sub[0], self.sub[1..].to_vec()));
                    }
                    self.state = State::Data;
                }
            }
        }
    }

    fn command(&mut self, byte: u8, data: &mut Vec<u8>) {
        self.state = match byte {
            IAC => {
                data.push(IAC);
                State::Data
            }
            WILL | WONT | DO | DONT => State::Option(byte),
            SB => {
                self.sub.clear();
                State::Sub
            }
            _ => State::Data,
        };
    }

    fn keep(&mut self, byte: u8) {
        if self.sub.len() < MAX_SUB_BYTES {
            self.sub.push(byte);
        }
    }
}

/// `bytes` with every 255 doubled.
pub(super) fn escape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        out.push(byte);
        if byte == IAC {
            out.push(IAC);
        }
    }
    out
}

/// Writes with every 255 doubled.
#[derive(Debug)]
pub(super) struct EscapingWriter(pub(super) TcpStream);

impl Write for EscapingWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_all(&escape(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// How many bytes go out in one write at most: the escaped form is written whole.
const WRITE_BYTES: usize = 1024;

/// Writes some of `bytes`, escaped, and returns how many of them.
///
/// # Errors
/// As [`Socket::write_all`].
pub(super) fn write_escaped(socket: &mut Socket, bytes: &[u8], deadline: Instant) -> Result<usize> {
    let len = bytes.len().min(WRITE_BYTES);
    socket.write_all(&escape(&bytes[..len]), deadline)?;
    Ok(len)
}

/// A telnet session after its login.
#[derive(Debug)]
pub(crate) struct Telnet {
    socket: Socket,
    decoder: Decoder,
    pending: Vec<u8>,
}

impl Telnet {
    /// Connects and logs in. `address` is `[user[:password]@]host[:port]`.
    ///
    /// # Errors
    /// [`Code::NoBoard`] without a connection, [`Code::Denied`] when the login is refused.
    pub(crate) fn open(name: &str, address: &str, options: &OpenOptions) -> Result<Self> {
        let (login, host) = address.rsplit_once('@').unwrap_or(("", address));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let password = if password.is_empty() {
            crate::env::get(crate::env::PASSWORD).unwrap_or_default()
        } else {
            password.to_string()
        };
        // Messages and logs never show the password.
        let shown = if login.is_empty() {
            name.to_string()
        } else {
            format!("telnet://{user}@{host}")
        };
        let socket = Socket::connect(&shown, &with_port(host, 23), options.timeout)?;
        let mut telnet = Self {
            socket,
            decoder: Decoder::default(),
            pending: Vec::new(),
        };
        telnet.login(user, &password, options)?;
        Ok(telnet)
    }

    fn login(&mut self, user: &str, password: &str, options: &OpenOptions) -> Result<()> {
        let deadline = Instant::now() + options.timeout;
        let mut seen: Vec<u8> = Vec::new();
        let mut buffer = [0; 512];
        let (mut user_sent, mut password_sent) = (false, false);
        loop {
            let len = self.read(&mut buffer, deadline)?;
            if len == 0 {
                return Err(self.login_silent(user_sent));
            }
            seen.extend_from_slice(&buffer[..len]);
            let text = String::from_utf8_lossy(&seen).to_lowercase();
            if text.contains("invalid credentials") || text.contains("login incorrect") {
                return Err(self.denied(user));
            }
            if password_sent && (text.contains("succeeded") || text.ends_with(">>> ")) {
                return Ok(());
            }
            if !user_sent && text.ends_with(">>> ") {
                return Ok(());
            }
            if !user_sent
                && (text.trim_end().ends_with("login as:") || text.trim_end().ends_with("login:"))
            {
                self.line(user, deadline)?;
                user_sent = true;
                seen.clear();
            } else if !password_sent && text.trim_end().ends_with("password:") {
                self.line(password, deadline)?;
                password_sent = true;
                seen.clear();
            } else if password_sent && text.trim_end().ends_with("login as:") {
                return Err(self.denied(user));
            }
        }
    }

    fn line(&mut self, text: &str, deadline: Instant) -> Result<()> {
        let mut bytes = escape(text.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        self.socket.write_all(&bytes, deadline)
    }

    fn denied(&self, user: &str) -> Error {
        Error::new(
            Code::Denied,
            format!("`{}` refused the login of `{user}`", self.socket.name()),
        )
        .hint("Give it as `telnet://USER:PASSWORD@HOST`, or the password in `UCLI_PASSWORD`")
    }

    fn login_silent(&self, asked: bool) -> Error {
        let what = if asked {
            "did not answer the login"
        } else {
            "sent no login prompt"
        };
        Error::new(Code::NoAnswer, format!("`{}` {what}", self.socket.name()))
    }

    /// Answers an offer: what a byte pipe needs is taken, the rest declined.
    fn answer(&mut self, verb: u8, option: u8, deadline: Instant) -> Result<()> {
        let reply = match (verb, option) {
            (WILL, BINARY | ECHO | SUPPRESS_GO_AHEAD) => DO,
            (WILL, _) => DONT,
            (DO, BINARY | SUPPRESS_GO_AHEAD) => WILL,
            (DO, _) => WONT,
            _ => return Ok(()),
        };
        self.socket.write_all(&[IAC, reply, option], deadline)
    }
}

impl Transport for Telnet {
    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        while self.pending.is_empty() {
            let len = self.socket.read(buffer, deadline)?;
            if len == 0 {
                return Ok(0);
            }
            let mut commands = Vec::new();
            self.decoder
                .receive(&buffer[..len], &mut self.pending, &mut commands);
            for command in commands {
                if let Command::Option(verb, option) = command {
                    self.answer(verb, option, deadline)?;
                }
            }
        }
        Ok(hand_out(&mut self.pending, buffer))
    }

    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize> {
        write_escaped(&mut self.socket, bytes, deadline)
    }

    fn writer(&mut self) -> Result<Box<dyn Write + Send>> {
        Ok(Box::new(EscapingWriter(self.socket.try_clone()?)))
    }

    fn link(&self) -> Link {
        Link::Paced
    }

    fn name(&self) -> &str {
        self.socket.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoder_splits_anywhere() {
        let input = [
            b'a', IAC, IAC, IAC, DO, 44, b'b', IAC, SB, 44, 1, IAC, IAC, 2, IAC, SE, b'c',
        ];
        for split in 0..input.len() {
            let mut decoder = Decoder::default();
            let (mut data, mut commands) = (Vec::new(), Vec::new());
            decoder.receive(&input[..split], &mut data, &mut commands);
            decoder.receive(&input[split..], &mut data, &mut commands);
            assert_eq!(data, [b'a', IAC, b'b', b'c']);
            assert_eq!(
                commands,
                [Command::Option(DO, 44), Command::Sub(44, vec![1, IAC, 2])]
            );
        }
    }

    #[test]
    fn endless_sub_negotiation_is_bounded() {
        let mut decoder = Decoder::default();
        let (mut data, mut commands) = (Vec::new(), Vec::new());
        decoder.receive(&[IAC, SB], &mut data, &mut commands);
        decoder.receive(&vec![7; 1 << 20], &mut data, &mut commands);
        assert_eq!(decoder.sub.len(), MAX_SUB_BYTES);
    }
}
