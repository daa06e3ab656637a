//! Questions of our own: small programs whose output is the answer.
//!
//! A wire may lose or change a byte, and a decision that was made from a damaged answer does harm that
//! no digest of a file notices. Question and answer come with a CRC-32 wherever the board has one.

use ucli_protocol::agent::crc32;
use ucli_protocol::host::{Exec, Paste};
use ucli_protocol::literal;

use super::agent::DEGRADED_TEXT;
use super::session::{ANSWER, Mode, Outcome, Output, Patience, Session, exception_error};
use super::snippet;
use crate::error::{Code, Error, Result};
use crate::transport::Link;

/// How often a damaged question is asked.
const TRIES: u32 = 2;
/// What begins a line of the answer.
const LINE: u8 = 0x1e;
/// What begins the last line, the check.
const CHECK: u8 = 0x1f;

impl Session {
    /// Runs a question of our own, in a namespace that is gone afterwards, and returns what it printed.
    ///
    /// # Errors
    /// Also when Python raised something: [`Code::BoardException`] with the last line of it, and
    /// [`Code::Verify`] when the answer does not come whole.
    pub(crate) fn ask(&mut self, source: &str) -> Result<Vec<u8>> {
        let mut program = snippet::ASK
            .replace("{k}", &crc32(0, source.as_bytes()).to_string())
            .into_bytes();
        let at = program
            .windows(3)
            .position(|part| part == b"{b}")
            .unwrap_or(program.len());
        program.splice(at..at + 3, literal::bytes(source.as_bytes()));
        for _ in 0..TRIES {
            if !self.checks {
                return self.tell(source);
            }
            match self.tell(&program).map(|answer| checked(&answer)) {
                Ok(Some(answer)) => return Ok(answer),
                Err(error) if lacks_crc32(error.message()) => self.checks = false,
                Err(error) if !error.message().contains("ValueError: damaged") => {
                    return Err(error);
                }
                Err(_) | Ok(None) => {}
            }
        }
        if !self.checks {
            return self.tell(source);
        }
        let name = self.name();
        Err(Error::new(
            Code::Verify,
            format!("What `{name}` is asked and answers is damaged on the way"),
        )
        .hint("A lower `--baud`, a better cable, or a shorter one"))
    }

    /// [`Session::ask`] in as few rounds as there can be: a short program reads the question as raw bytes
    /// behind it, so that no window is waited for. With `may_be_last` the board is also told to leave raw
    /// mode if the command that runs is the last one.
    ///
    /// Only where the wire holds the sender back; elsewhere, and on boards without binary input, it is
    /// asked as always.
    ///
    /// # Errors
    /// As [`Session::ask`].
    pub(crate) fn ask_at_once(&mut self, source: &str, may_be_last: bool) -> Result<Vec<u8>> {
        let is_paced = self.wire.link() == Link::Paced;
        // What steers the REPL cannot be behind a program that may fail to read it.
        let is_plain = !source.bytes().any(|byte| (1..=5).contains(&byte));
        if !self.checks || !is_paced || !is_plain || self.mount.is_some() || self.degraded > 0 {
            return self.ask(source);
        }
        self.enter_raw()?;
        let body = [snippet::CHECKED_START, source, snippet::CHECKED_END].concat();
        let sum: u32 = body.bytes().map(u32::from).sum();
        let loader = snippet::AT_ONCE
            .replace("{n}", &body.len().to_string())
            .replace("{s}", &sum.to_string());
        let mut machine = Exec::new(loader.as_bytes(), Paste::Unsupported);
        let mut bytes = Vec::new();
        loop {
            let piece = machine.send();
            let len = piece.len();
            if len == 0 {
                break;
            }
            bytes.extend_from_slice(piece);
            machine.sent(len);
        }
        bytes.extend_from_slice(body.as_bytes());
        let leave = if may_be_last { self.early_leave() } else { &[] };
        bytes.extend_from_slice(leave);
        self.wire.listen_afresh();
        self.wire.write_all(&bytes, self.options.timeout)?;
        if !leave.is_empty() {
            self.left_early();
        }
        let (paste, mut out) = (self.paste, Vec::new());
        let patience = Patience::Quiet(self.options.timeout.max(ANSWER));
        let outcome = self.follow(&mut machine, patience, &mut |piece| {
            if let Output::Stdout(text) = piece {
                out.extend_from_slice(text);
            }
            Ok(())
        })?;
        self.paste = paste;
        if outcome.interrupted {
            return Err(Error::new(Code::Interrupted, "Interrupted"));
        }
        if let Some(answer) = checked(&out) {
            return Ok(answer);
        }
        // The question stands unread at the raw prompt, or did not come whole: as always then.
        self.mode = Mode::Unknown;
        self.degraded = DEGRADED_TEXT;
        self.ask(source)
    }

    /// Runs a program of our own as it is and returns what it printed.
    ///
    /// # Errors
    /// As [`Session::ask`], except that damage is not noticed.
    pub(crate) fn tell(&mut self, source: impl AsRef<[u8]>) -> Result<Vec<u8>> {
        let patience = Patience::Quiet(self.timeout().max(ANSWER));
        let (out, outcome) = self.collect(source.as_ref(), patience)?;
        if outcome.traceback.is_empty() {
            return Ok(out);
        }
        Err(exception_error(&outcome.traceback))
    }

    /// Runs a program and keeps what it prints.
    ///
    /// # Errors
    /// [`Code::Interrupted`], and those of the connection.
    pub(super) fn collect(
        &mut self,
        program: &[u8],
        patience: Patience,
    ) -> Result<(Vec<u8>, Outcome)> {
        let mut out = Vec::new();
        let outcome = self.exec(program, patience, &mut |piece| {
            if let Output::Stdout(text) = piece {
                out.extend_from_slice(text);
            }
            Ok(())
        })?;
        if outcome.interrupted {
            return Err(Error::new(Code::Interrupted, "Interrupted"));
        }
        Ok((out, outcome))
    }
}

/// Whether a board says that it has no CRC-32.
fn lacks_crc32(message: &str) -> bool {
    message.contains("ImportError") && ["binascii", "crc32"].iter().any(|it| message.contains(it))
}

/// The answer without its marks, with what others printed; `None` when it did not come whole.
fn checked(printed: &[u8]) -> Option<Vec<u8>> {
    let (mut answer, mut crc, mut said) = (Vec::new(), 0, None);
    for line in printed.split_inclusive(|&byte| byte == b'\n') {
        let mark = line.iter().position(|byte| [LINE, CHECK].contains(byte));
        let (before, marked) = line.split_at(mark.unwrap_or(line.len()));
        answer.extend_from_slice(before);
        match marked {
            [LINE, rest @ ..] => {
                let end = rest.strip_suffix(b"\n").unwrap_or(rest);
                crc = crc32(crc, end.strip_suffix(b"\r").unwrap_or(end));
                answer.extend_from_slice(rest);
            }
            [CHECK, rest @ ..] => said = core::str::from_utf8(rest).ok()?.trim().parse().ok(),
            _ => {}
        }
    }
    (said == Some(crc)).then_some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_noticed() {
        let crc = crc32(crc32(0, b"(1, 2)"), b"x");
        let whole = format!("\x1e(1, 2)\r\n\x1ex\r\n\x1f{crc}\r\n").into_bytes();
        let answer = checked(&whole).unwrap();
        assert_eq!(answer, b"(1, 2)\r\nx\r\n");
        let lines = |text: &[u8]| String::from_utf8_lossy(text).replace(['\r', '\n'], "");
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut harmed = whole.clone();
                harmed[at] ^= 1 << bit;
                let found = checked(&harmed).is_none_or(|found| lines(&found) == lines(&answer));
                assert!(found, "{at} {bit}");
            }
            let mut harmed = whole.clone();
            harmed.remove(at);
            let found = checked(&harmed).is_none_or(|found| lines(&found) == lines(&answer));
            assert!(found, "{at}");
        }
    }

    #[test]
    fn output_of_others_stays_in_its_place() {
        let crc = crc32(0, b"x");
        let printed = format!("module\r\nno end\x1ex\r\nlast\r\n\x1f{crc}\r\n");
        let answer = checked(printed.as_bytes()).unwrap();
        assert_eq!(answer, b"module\r\nno endx\r\nlast\r\n");
        assert_eq!(checked(b"x\r\n"), None);
    }

    #[test]
    fn boards_without_crc32_are_known() {
        assert!(lacks_crc32(
            "The board raised ImportError: no module named 'binascii'"
        ));
        assert!(lacks_crc32(
            "The board raised ImportError: cannot import name crc32"
        ));
        assert!(!lacks_crc32(
            "The board raised ImportError: no module named 'machine'"
        ));
    }
}
