//! `replay:FILE`: a session that was recorded with `--record FILE`, for tests without a board.
//!
//! A line is `>> ` (the host wrote) or `<< ` (the board wrote) and the bytes, escaped as in Python.
//! The board's bytes become readable when all that the host wrote before them has been written
//! again; other bytes than the recorded ones are an error.

use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use super::{Link, Transport, lost};
use crate::error::{Code, Error, Result};

/// One line of a recording.
pub(super) fn line(arrow: &str, bytes: &[u8]) -> String {
    format!("{arrow} {}", bytes.escape_ascii())
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Write(Vec<u8>),
    Read(Vec<u8>),
}

/// A recorded session.
#[derive(Debug)]
pub(crate) struct Replay {
    name: String,
    steps: VecDeque<Step>,
}

impl Replay {
    /// A recording in which nothing happens: what a session holds while its board restarts.
    pub(crate) fn empty(name: &str) -> Self {
        Self {
            name: name.to_string(),
            steps: VecDeque::new(),
        }
    }

    /// Reads a recording.
    ///
    /// # Errors
    /// When the file cannot be read or a line is none of a recording.
    pub(crate) fn open(name: &str, path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Error::local("read", path, &error))?;
        let mut steps = VecDeque::new();
        for (index, line) in text.lines().enumerate() {
            let bad = || {
                let place = format!("`{}` line {}", path.display(), index + 1);
                Error::new(Code::Config, format!("{place} is no line of a recording"))
            };
            let (arrow, bytes) = line.split_once(' ').ok_or_else(bad)?;
            let bytes = unescape(bytes).ok_or_else(bad)?;
            match arrow {
                ">>" => steps.push_back(Step::Write(bytes)),
                "<<" => steps.push_back(Step::Read(bytes)),
                _ => return Err(bad()),
            }
        }
        Ok(Self {
            name: name.to_string(),
            steps,
        })
    }
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'x' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(core::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    Some(out)
}

impl Transport for Replay {
    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        match self.steps.front_mut() {
            None => Err(lost(&self.name, "the recording ends here")),
            Some(Step::Write(_)) => {
                // What a silent board is: nothing until the deadline.
                std::thread::park_timeout(deadline.saturating_duration_since(Instant::now()));
                Ok(0)
            }
            Some(Step::Read(bytes)) => {
                let len = bytes.len().min(buffer.len());
                buffer[..len].copy_from_slice(&bytes[..len]);
                bytes.drain(..len);
                if bytes.is_empty() {
                    self.steps.pop_front();
                }
                Ok(len)
            }
        }
    }

    fn write(&mut self, bytes: &[u8], _deadline: Instant) -> Result<usize> {
        match self.steps.front_mut() {
            Some(Step::Write(expected)) => {
                let len = bytes.len().min(expected.len());
                if bytes[..len] != expected[..len] {
                    let text = format!(
                        "The recording has `{}` where the host wrote `{}`",
                        expected[..len].escape_ascii(),
                        bytes[..len].escape_ascii()
                    );
                    return Err(Error::new(Code::Protocol, text));
                }
                expected.drain(..len);
                if expected.is_empty() {
                    self.steps.pop_front();
                }
                Ok(len)
            }
            Some(Step::Read(_)) => Ok(0),
            None => Err(lost(&self.name, "the recording ends here")),
        }
    }

    fn writer(&mut self) -> Result<Box<dyn Write + Send>> {
        Err(Error::new(Code::Unsupported, "A recording has no keyboard"))
    }

    fn link(&self) -> Link {
        Link::Paced
    }

    fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_a_line() {
        let all: Vec<u8> = (0..=255).collect();
        let text = line(">>", &all);
        assert_eq!(unescape(text.strip_prefix(">> ").unwrap()).unwrap(), all);
    }
}
