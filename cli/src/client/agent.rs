//! The resident part of `ucli` on the board, and requests to it.
//!
//! Fast: one short program reads the agent as raw bytes; from then on requests and file data go
//! down in windows that the agent acknowledges, and frames come up. Nothing waits for an answer that
//! it does not need, so a whole tree costs a handful of turn-rounds. Slow: where there is no binary
//! stdin or no `kbd_intr` (CircuitPython, very old firmware), each request is one program and the
//! frames are lines of hexadecimal digits. Callers see no difference but the speed.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use ucli_protocol::agent::{crc32, request_header};
use ucli_protocol::host::{Exec, Paste};
use ucli_protocol::literal;

use super::errno;
use super::fast::Fast;
use super::fs::buffer_exponent;
use super::session::Session;
use super::snippet;
use super::text::Text;
use super::value::{self, Value};
use crate::error::{Code, Error, Result};
use crate::output::sanitise;
use crate::transport::Link;

/// Half of the smallest input buffer of a board with a UART.
const UART_WINDOW: usize = 128;
/// Enough that a USB or network link never runs dry.
const WIDE_WINDOW: usize = 4096;
/// How much is queued for the wire before the caller is made to wait.
const QUEUE_BYTES: usize = 16 * 1024;
/// How long an agent may be silent; erasing flash and hashing large files take their time.
pub(super) const QUIET: Duration = Duration::from_secs(30);
/// [`Session::degraded`] from here on: small windows.
pub(super) const DEGRADED_WINDOW: u8 = 1;
/// [`Session::degraded`] from here on: the slow path.
pub(super) const DEGRADED_TEXT: u8 = 2;

/// A digest the board can compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    /// SHA-256.
    Sha256,
    /// CRC-32, where there is no `hashlib`.
    Crc32,
    /// A plain polynomial sum, where there is nothing.
    Sum,
}

impl Digest {
    /// The digest of `data` as the board computes it.
    pub(crate) fn of(self, data: &[u8]) -> Vec<u8> {
        use sha2::Digest as _;
        match self {
            Self::Sha256 => sha2::Sha256::digest(data).to_vec(),
            Self::Crc32 => crc32fast::hash(data).to_be_bytes().to_vec(),
            Self::Sum => data
                .iter()
                .fold(0_u32, |sum, &byte| {
                    sum.wrapping_mul(31).wrapping_add(u32::from(byte)) & 0x3fff_ffff
                })
                .to_be_bytes()
                .to_vec(),
        }
    }
}

/// What a board can do.
#[derive(Clone, Debug)]
pub(crate) struct Capabilities {
    /// Free heap in bytes; 0 when it does not say.
    pub(crate) free_bytes: u64,
    /// It can inflate.
    pub(crate) inflates: bool,
    /// The best digest it has.
    pub(crate) digest: Digest,
}

/// One answer.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A piece of the result.
    Data(Vec<u8>),
    /// The request is done.
    Done,
    /// It raised; the exception's type and arguments.
    Raised(String),
}

/// The agent of a session, fast or slow.
pub(crate) struct Agent<'s> {
    /// The way to it.
    pub(super) path: Path<'s>,
    loaded: HashSet<&'static str>,
    replies: VecDeque<Reply>,
    capabilities: Option<Capabilities>,
    /// The board has buffers of some size.
    pub(super) has_buffers: bool,
    /// It has buffers of this size, chosen for it.
    pub(super) buffer_exponent: Option<u32>,
    /// Parts on their way, in a request whose answer nobody has looked at yet.
    ahead: Vec<&'static str>,
}

/// How requests reach the board.
pub(super) enum Path<'s> {
    /// Raw bytes.
    Fast(Fast<'s>),
    /// One program per request.
    Text(Text<'s>),
}

impl Session {
    /// Does `work` with the agent on the board, which is gone afterwards.
    ///
    /// # Errors
    /// Those of `work`, and those of the connection.
    pub(crate) fn with_agent<R>(
        &mut self,
        work: impl FnOnce(&mut Agent<'_>) -> Result<R>,
    ) -> Result<R> {
        self.enter_raw()?;
        // Requests for a mounted directory would stand between the agent's frames.
        if self.degraded < DEGRADED_TEXT && self.mount().is_none() {
            let wide = self.degraded < DEGRADED_WINDOW && self.wire.link() == Link::Paced;
            let window = if wide { WIDE_WINDOW } else { UART_WINDOW };
            let body = [
                snippet::COMMON,
                snippet::AGENT,
                snippet::CAPABILITIES,
                snippet::AGENT_START,
            ]
            .concat();
            let sum: u32 = body.bytes().map(u32::from).sum();
            let boot = snippet::BOOT
                .replace("{n}", &body.len().to_string())
                .replace("{s}", &sum.to_string())
                .replace("{w}", &window.to_string());
            // So short a program fits every input buffer: no window has to be asked for first.
            let mut machine = Exec::new(boot.as_bytes(), Paste::Unsupported);
            if let Some(fast) = Fast::start(self, &mut machine, body.into_bytes(), window)? {
                let mut agent = Agent::new(Path::Fast(fast));
                let result = work(&mut agent);
                return agent.end(result);
            }
            self.degraded = DEGRADED_TEXT;
        }
        let mut agent = Agent::new(Path::Text(Text::new(self)));
        agent.start_text()?;
        let result = work(&mut agent);
        agent.end(result)
    }
}

impl<'s> Agent<'s> {
    fn new(path: Path<'s>) -> Self {
        Self {
            path,
            loaded: HashSet::new(),
            replies: VecDeque::new(),
            capabilities: None,
            has_buffers: false,
            buffer_exponent: None,
            ahead: Vec::new(),
        }
    }

    /// Whether this is the slow path.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.path, Path::Text(_))
    }

    /// Whether the user wants it to stop.
    pub(super) fn stop_wanted(&self) -> bool {
        match &self.path {
            Path::Fast(fast) => fast.stop_wanted(),
            Path::Text(_) => false,
        }
    }

    /// Sends a part of the agent if the board does not have it yet.
    ///
    /// # Errors
    /// Those of the connection, and of the board.
    pub(super) fn need(&mut self, parts: &[&'static str]) -> Result<()> {
        for part in parts {
            if self.loaded.insert(part) {
                self.request(part)?;
                self.finish("load the agent", "")?;
            }
        }
        Ok(())
    }

    /// The board does not have these parts after all.
    pub(super) fn forget(&mut self, parts: &[&'static str]) {
        for part in parts {
            self.loaded.remove(part);
        }
    }

    /// Puts the parts that the board does not have yet into `source`, which is about to be sent.
    pub(super) fn need_early(&mut self, parts: &[&'static str], source: &mut String) {
        for part in parts {
            if self.loaded.insert(part) {
                source.push_str(part);
            }
        }
    }

    /// Takes the answer about the parts of [`Agent::finish_before`], which comes before all later ones.
    pub(super) fn settle_ahead(&mut self) -> Result<()> {
        let parts = core::mem::take(&mut self.ahead);
        while !parts.is_empty() {
            match self.reply()? {
                Reply::Data(_) => {}
                Reply::Done => {
                    if parts.contains(&snippet::OWN_BUFFERS) {
                        self.buffer_exponent = Some(buffer_exponent(&self.capabilities()?));
                    }
                    break;
                }
                Reply::Raised(_) => {
                    self.forget(&parts);
                    self.has_buffers = false;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Queues a request.
    ///
    /// # Errors
    /// Those of the connection; on the slow path those of the board come as replies.
    pub(super) fn request(&mut self, source: &str) -> Result<()> {
        match &mut self.path {
            Path::Fast(fast) => {
                let check = crc32(0, source.as_bytes()).to_le_bytes();
                let len = u16::try_from(source.len() + check.len()).map_err(|_| {
                    Error::new(
                        Code::Protocol,
                        format!("A request of {} bytes is too long", source.len()),
                    )
                })?;
                fast.queue(&request_header(len));
                fast.queue(source.as_bytes());
                fast.queue(&check);
                fast.pump(&mut self.replies, QUEUE_BYTES)
            }
            Path::Text(text) => text.request(source, &mut self.replies),
        }
    }

    /// Queues raw upload data, waiting while too much is under way.
    ///
    /// # Errors
    /// Those of the connection.
    pub(super) fn data(&mut self, bytes: &[u8]) -> Result<()> {
        if let Path::Fast(fast) = &mut self.path {
            fast.queue(bytes);
            fast.pump(&mut self.replies, QUEUE_BYTES)?;
        }
        Ok(())
    }

    /// Tells the agent to end behind what is queued: nothing more will be asked of it.
    ///
    /// # Errors
    /// Those of the connection.
    pub(super) fn say_farewell(&mut self) -> Result<()> {
        if let Path::Fast(fast) = &mut self.path {
            fast.say_farewell();
            fast.pump(&mut self.replies, QUEUE_BYTES)?;
        }
        Ok(())
    }

    /// A reply that has come already.
    pub(super) fn poll_reply(&mut self) -> Option<Reply> {
        self.replies.pop_front()
    }

    /// The next reply.
    ///
    /// # Errors
    /// Those of the connection, and [`Code::NoAnswer`].
    pub(super) fn reply(&mut self) -> Result<Reply> {
        loop {
            if let Some(reply) = self.replies.pop_front() {
                return Ok(reply);
            }
            match &mut self.path {
                Path::Fast(fast) => fast.pump_reply(&mut self.replies)?,
                Path::Text(_) => {
                    return Err(Error::new(
                        Code::Protocol,
                        "The board left a request without an answer",
                    ));
                }
            }
        }
    }

    /// The data of the request that was sent last, up to its end.
    ///
    /// # Errors
    /// What the board raised, as an error of `action` on `path`.
    pub(super) fn finish(&mut self, action: &str, path: &str) -> Result<Vec<Vec<u8>>> {
        self.settle_ahead()?;
        self.collect(action, path)
    }

    /// [`Agent::finish`] with parts on their way behind the request, whose answer is looked at later.
    ///
    /// # Errors
    /// As [`Agent::finish`]. Where the board has no room for the parts they are sent again later.
    pub(super) fn finish_before(
        &mut self,
        parts: &[&'static str],
        action: &str,
        path: &str,
    ) -> Result<Vec<Vec<u8>>> {
        self.settle_ahead()?;
        let mut source = String::new();
        self.need_early(parts, &mut source);
        if !source.is_empty() {
            self.request(&source)?;
            self.ahead = parts.to_vec();
        }
        self.collect(action, path)
    }

    fn collect(&mut self, action: &str, path: &str) -> Result<Vec<Vec<u8>>> {
        let mut data = Vec::new();
        loop {
            match self.reply()? {
                Reply::Data(bytes) => data.push(bytes),
                Reply::Done => return Ok(data),
                Reply::Raised(text) => return Err(raised(action, path, &text)),
            }
        }
    }

    /// One request and the values it sends back.
    ///
    /// # Errors
    /// As [`Agent::finish`].
    pub(crate) fn call(&mut self, source: &str, action: &str, path: &str) -> Result<Vec<Value>> {
        self.request(source)?;
        self.finish(action, path)?
            .iter()
            .map(|bytes| value::parse(bytes))
            .collect()
    }

    /// Runs `source` with `data` in the place of `{b}`, deflated on the way where that helps.
    ///
    /// # Errors
    /// As [`Agent::finish`].
    pub(crate) fn with_bytes(
        &mut self,
        data: &[u8],
        source: &str,
        action: &str,
        path: &str,
    ) -> Result<()> {
        if self.is_text() {
            let bytes: String = literal::bytes(data).map(char::from).collect();
            return self
                .call(&source.replace("{b}", &bytes), action, path)
                .map(|_| ());
        }
        let deflated = if self.capabilities()?.inflates {
            super::pack::deflate(data)
        } else {
            None
        };
        let wire = deflated.as_deref().unwrap_or(data);
        let inflate = if deflated.is_some() {
            snippet::INFLATE
        } else {
            ""
        };
        let len = wire.len();
        self.request(&format!(
            "b=bytearray({len});q(memoryview(b))\n{inflate}{}",
            source.replace("{b}", "b")
        ))?;
        self.data(wire)?;
        self.finish(action, path).map(|_| ())
    }

    /// What the board can do.
    ///
    /// # Errors
    /// Those of the connection.
    pub(crate) fn capabilities(&mut self) -> Result<Capabilities> {
        if let Some(known) = &self.capabilities {
            return Ok(known.clone());
        }
        let bytes = loop {
            let Path::Fast(fast) = &mut self.path else {
                return Err(Error::new(
                    Code::Protocol,
                    "The board did not say what it can do",
                ));
            };
            if let Some(bytes) = fast.take_capabilities() {
                break bytes;
            }
            fast.pump_reply(&mut self.replies)?;
        };
        self.learn(&bytes)
    }

    fn learn(&mut self, bytes: &[u8]) -> Result<Capabilities> {
        let value = value::parse(bytes)?;
        let known = Capabilities {
            free_bytes: value.at(0).int().unwrap_or(0).try_into().unwrap_or(0),
            inflates: value.at(1).int().unwrap_or(0) > 0,
            digest: match value.at(2).int() {
                Some(32) => Digest::Sha256,
                Some(4) => Digest::Crc32,
                _ => Digest::Sum,
            },
        };
        self.capabilities = Some(known.clone());
        Ok(known)
    }

    fn start_text(&mut self) -> Result<()> {
        if let Path::Text(text) = &mut self.path {
            text.start(&mut self.replies)?;
        }
        let data = self.finish("load the agent", "")?;
        self.learn(data.first().map_or(&[][..], Vec::as_slice))
            .map(|_| ())
    }

    /// Ends the agent, whatever became of the work.
    fn end<R>(self, result: Result<R>) -> Result<R> {
        match self.path {
            Path::Fast(fast) => match fast.end() {
                Ok(()) => result,
                Err(error) => result.and(Err(error)),
            },
            Path::Text(text) => {
                let forget = text.end();
                result.and_then(|value| forget.map(|()| value))
            }
        }
    }
}

/// What the agent reported as an error of `action` on `path`.
pub(super) fn raised(action: &str, path: &str, text: &str) -> Error {
    let errno = text
        .strip_prefix("OSError(")
        .and_then(|rest| rest.split([',', ')']).next())
        .and_then(|number| number.trim().parse::<i64>().ok());
    if let Some(number) = errno {
        return errno::board_error(action, path, number);
    }
    let shown = sanitise::line(text);
    let path = sanitise::line(path);
    if text.starts_with("ValueError('digest'") {
        return Error::new(
            Code::Verify,
            format!("Failed to {action} `:{path}`: it did not arrive intact"),
        );
    }
    if text.starts_with("MemoryError") {
        return Error::new(
            Code::NoMemory,
            format!("Failed to {action} `:{path}`: the board has too little memory"),
        )
        .hint("`ucli soft-reset` frees what programs have left behind");
    }
    Error::new(
        Code::BoardException,
        format!("Failed to {action} `:{path}`: the board raised {shown}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_agree_with_known_values() {
        assert_eq!(Digest::Crc32.of(b"123456789"), [0xcb, 0xf4, 0x39, 0x26]);
        assert_eq!(Digest::Sha256.of(b"")[..4], [0xe3, 0xb0, 0xc4, 0x42]);
        assert_eq!(Digest::Sum.of(b"ab"), (97_u32 * 31 + 98).to_be_bytes());
    }

    #[test]
    fn errors_of_the_board_are_sorted() {
        assert_eq!(raised("write", "/a", "OSError(28,)").code(), Code::NoSpace);
        assert_eq!(
            raised("write", "/a", "OSError(2, 'x')").code(),
            Code::NotFound
        );
        assert_eq!(
            raised("write", "/a", "ValueError('digest',)").code(),
            Code::Verify
        );
        assert_eq!(
            raised("write", "/a", "MemoryError()").code(),
            Code::NoMemory
        );
        assert_eq!(
            raised("write", "/a", "NameError('x',)").code(),
            Code::BoardException
        );
    }
}
