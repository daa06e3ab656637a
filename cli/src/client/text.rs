//! The agent's slow path: each request is one program, its frames are lines of hexadecimal digits.

use std::collections::VecDeque;

use ucli_protocol::agent::{Check, Kind, crc32, frame_header};
use ucli_protocol::literal;

use super::agent::{QUIET, Reply};
use super::session::{Patience, Session};
use super::snippet;
use crate::error::{Code, Error, Result};
use crate::output::sanitise;

/// What begins a line that is a frame.
const MARK: u8 = 0x1e;

/// The slow path.
pub(super) struct Text<'s> {
    session: &'s mut Session,
    check: Check,
}

impl<'s> Text<'s> {
    pub(super) fn new(session: &'s mut Session) -> Self {
        let check = Check::default();
        Self { session, check }
    }

    /// Brings the board what the requests need, and asks what it can do.
    ///
    /// # Errors
    /// As [`Text::request`].
    pub(super) fn start(&mut self, replies: &mut VecDeque<Reply>) -> Result<()> {
        let body = [
            snippet::COMMON,
            snippet::TEXT_FRAMES,
            snippet::CAPABILITIES,
            "f(82)\n",
        ]
        .concat();
        let sum: u32 = body.bytes().map(u32::from).sum();
        let mut program = b"_ucli={'b':".to_vec();
        program.extend(literal::bytes(body.as_bytes()));
        let run = format!("}}\nif sum(_ucli['b'])=={sum}:exec(_ucli.pop('b'),_ucli)\n");
        program.extend(run.as_bytes());
        self.run(&program, replies)
    }

    /// One request.
    ///
    /// # Errors
    /// [`Code::Interrupted`], [`Code::Verify`] when the answer was damaged, those of the connection.
    pub(super) fn request(&mut self, source: &str, replies: &mut VecDeque<Reply>) -> Result<()> {
        let mut program = b"_ucli['x'](".to_vec();
        program.extend(literal::bytes(source.as_bytes()));
        let check = crc32(0, source.as_bytes());
        program.extend(format!(",{check})\n").as_bytes());
        self.run(&program, replies)
    }

    fn run(&mut self, program: &[u8], replies: &mut VecDeque<Reply>) -> Result<()> {
        let (out, outcome) = self.session.collect(program, Patience::Quiet(QUIET))?;
        let mut done = false;
        for line in out.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let [MARK, kind, digits @ ..] = line else {
                continue;
            };
            let payload = self.checked(*kind, digits).ok_or_else(damaged)?;
            match Kind::of_byte(*kind) {
                Some(Kind::Data) => replies.push_back(Reply::Data(payload)),
                Some(Kind::Result) => done = true,
                _ => return Err(damaged()),
            }
        }
        replies.push_back(match (outcome.traceback.is_empty(), done) {
            (true, true) => Reply::Done,
            (true, false) => return Err(damaged()),
            (false, _) => Reply::Raised(raised(&outcome.traceback)),
        });
        Ok(())
    }

    /// The payload of a frame, if it came whole.
    fn checked(&mut self, kind: u8, digits: &[u8]) -> Option<Vec<u8>> {
        let bytes = unhex(digits)?;
        let (payload, said) = bytes.split_last_chunk::<4>()?;
        let len = u16::try_from(payload.len()).ok()?;
        self.check.update(&frame_header(Kind::of_byte(kind)?, len));
        self.check.update(payload);
        self.check
            .agrees(u32::from_be_bytes(*said))
            .then(|| payload.to_vec())
    }

    /// Takes everything off the board again.
    ///
    /// # Errors
    /// Those of the connection.
    pub(super) fn end(self) -> Result<()> {
        if self.session.is_raw() {
            self.session.tell("del _ucli\n")?;
        }
        Ok(())
    }
}

/// What a request raised, in the words of the fast path.
fn raised(traceback: &[u8]) -> String {
    let text = sanitise::lossy(traceback);
    let trace = ucli_protocol::traceback::Traceback::parse(&text);
    match trace.as_ref().and_then(|trace| trace.errno()) {
        Some(errno) => format!("OSError({errno},)"),
        None => trace.map_or_else(
            || text.clone(),
            |trace| format!("{}('{}',)", trace.exception, trace.message),
        ),
    }
}

fn damaged() -> Error {
    Error::new(Code::Verify, "The board's answer was damaged on the way")
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let nibble = |digit: u8| (digit as char).to_digit(16);
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_hexadecimal_is_none() {
        assert_eq!(unhex(b"00ff").unwrap(), [0, 255]);
        assert!(unhex(b"0").is_none());
        assert!(unhex(b"zz").is_none());
    }
}
