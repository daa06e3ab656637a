//! The board's end of WebREPL: the upgrade, the password, and REPL bytes in text frames.
//!
//! Written from RFC 6455 and from what boards do: they send text frames cut anywhere, take masked
//! frames, answer CLOSE, close the connection at 64-bit lengths, and let in one client at a time.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest, Sha1};

use crate::front::Codec;

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The most that a board's WebREPL puts into one frame.
const FRAME_BYTES: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Upgrade,
    Password,
    Open,
}

/// A WebREPL server in front of a board.
#[derive(Debug)]
pub struct WebRepl {
    password: String,
    state: State,
    input: Vec<u8>,
    line: Vec<u8>,
}

impl WebRepl {
    /// Lets a client in with `password`.
    pub fn new(password: &str) -> Self {
        Self {
            password: password.to_string(),
            state: State::Upgrade,
            input: Vec::new(),
            line: Vec::new(),
        }
    }

    fn upgrade(&mut self, reply: &mut Vec<u8>) -> bool {
        let Some(end) = self.input.windows(4).position(|four| four == b"\r\n\r\n") else {
            return true;
        };
        let header: Vec<u8> = self.input.drain(..end + 4).collect();
        let header = String::from_utf8_lossy(&header).into_owned();
        let key = header.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field
                .eq_ignore_ascii_case("sec-websocket-key")
                .then(|| value.trim().to_string())
        });
        let Some(key) = key else { return false };
        let accept = BASE64_STANDARD.encode(Sha1::digest(format!("{key}{GUID}")));
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        reply.extend_from_slice(answer.as_bytes());
        reply.extend_from_slice(&text(b"Password: "));
        self.state = State::Password;
        true
    }

    /// Takes one frame out of the input: its opcode and payload. `Err` for what boards refuse.
    fn frame(&mut self) -> Result<Option<(u8, Vec<u8>)>, ()> {
        let [first, second, ..] = self.input[..] else {
            return Ok(None);
        };
        let (len, mut at) = match second & 0x7f {
            127 => return Err(()),
            126 => {
                let [_, _, high, low, ..] = self.input[..] else {
                    return Ok(None);
                };
                (usize::from(high) << 8 | usize::from(low), 4)
            }
            short => (usize::from(short), 2),
        };
        let is_masked = second & 0x80 != 0;
        let mask_at = at;
        at += if is_masked { 4 } else { 0 };
        if self.input.len() < at + len {
            return Ok(None);
        }
        let frame: Vec<u8> = self.input.drain(..at + len).collect();
        let mut payload = frame[at..].to_vec();
        if is_masked {
            for (index, byte) in payload.iter_mut().enumerate() {
                *byte ^= frame[mask_at + index % 4];
            }
        }
        Ok(Some((first & 0x0f, payload)))
    }

    fn login(&mut self, bytes: &[u8], reply: &mut Vec<u8>) -> bool {
        for &byte in bytes {
            if byte != b'\r' && byte != b'\n' {
                self.line.push(byte);
                continue;
            }
            let line = core::mem::take(&mut self.line);
            if line != self.password.as_bytes() {
                reply.extend_from_slice(&text(b"\r\nAccess denied\r\n"));
                return false;
            }
            reply.extend_from_slice(&text(b"\r\nWebREPL connected\r\n>>> "));
            self.state = State::Open;
            return true;
        }
        true
    }
}

impl Codec for WebRepl {
    fn connected(&mut self) -> Vec<u8> {
        self.state = State::Upgrade;
        self.input.clear();
        self.line.clear();
        Vec::new()
    }

    fn receive(&mut self, bytes: &[u8], data: &mut Vec<u8>, reply: &mut Vec<u8>) -> bool {
        self.input.extend_from_slice(bytes);
        if self.state == State::Upgrade && !self.upgrade(reply) {
            return false;
        }
        if self.state == State::Upgrade {
            return true;
        }
        loop {
            match self.frame() {
                Err(()) => return false,
                Ok(None) => return true,
                Ok(Some((8, _))) => {
                    reply.extend_from_slice(&[0x88, 0]);
                    return false;
                }
                Ok(Some((0..=2, payload))) if self.state == State::Password => {
                    if !self.login(&payload, reply) {
                        return false;
                    }
                }
                // Binary frames are the file protocol; whoever sends REPL bytes in them gets nothing.
                Ok(Some((0 | 1, payload))) => data.extend_from_slice(&payload),
                Ok(Some(_)) => {}
            }
        }
    }

    fn wrap(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.state != State::Open {
            return Vec::new();
        }
        bytes.chunks(FRAME_BYTES).flat_map(text).collect()
    }
}

fn text(bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    if bytes.len() < 126 {
        frame.push(bytes.len() as u8);
    } else {
        frame.push(126);
        frame.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
    }
    frame.extend_from_slice(bytes);
    frame
}
