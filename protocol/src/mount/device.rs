//! The device's end of one request: the call, the wait for the host, the reply.
//!
//! Data and names are handed out in pieces as they come, straight from the input.

use super::{Command, Request, Stat};
use crate::control;

/// What [`Call`] has to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallEvent<'a> {
    /// The host listens: write the arguments now ([`Request::write_arguments`]).
    Ready,
    /// A reply of one number: a status, file number, position or count. Final.
    Value(i32),
    /// What a path is. Final.
    Stat(Stat),
    /// A piece of what was read; `last` is final.
    Data {
        /// The piece, empty at the end of the file.
        bytes: &'a [u8],
        /// Whether it is the last.
        last: bool,
    },
    /// A piece of the name of an entry; its type follows.
    Name(&'a [u8]),
    /// The type of the entry whose name came before: 0x4000 a directory, 0x8000 a file. Final.
    EntryMode(u32),
    /// The listing has ended. Final.
    EndOfList,
    /// The host sent a negative length. Final.
    Malformed,
}

/// One request, from its call to its reply. Close is done when it is ready: it has no reply.
#[derive(Clone, Debug)]
pub struct Call {
    command: Command,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Waiting for the host's 0x18; anything else is dropped.
    Waiting,
    /// So many bytes of integers are there.
    Integers([u8; 20], usize),
    /// The first byte of a stat was 0, its fields follow.
    Fields([u8; 20], usize),
    /// The bytes of a length.
    Length([u8; 20], usize),
    Bytes(usize),
    /// The type of an entry.
    Mode([u8; 20], usize),
    Done,
}

impl Call {
    /// The request and the two bytes that announce it, to be written now.
    #[must_use]
    pub fn new(request: &Request<'_>) -> (Self, [u8; 2]) {
        let command = request.command();
        let state = State::Waiting;
        (Self { command, state }, [control::MOUNT, command.byte()])
    }

    /// Whether a final event came.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Looks at what the host wrote: how many bytes are used up, and at most one event. Call it
    /// until the input is used up or [`is_done`](Self::is_done).
    pub fn receive<'a>(&mut self, input: &'a [u8]) -> (usize, Option<CallEvent<'a>>) {
        let mut used = 0;
        while used < input.len() && !self.is_done() {
            let rest = &input[used..];
            let (consumed, event) = match self.state {
                State::Waiting => {
                    let (len, found) = crate::scan::until(rest, control::MOUNT);
                    let event = found.then(|| self.ready());
                    (len + usize::from(found), event)
                }
                State::Bytes(missing) => {
                    let len = missing.min(rest.len());
                    (len, Some(self.bytes(missing - len, &rest[..len])))
                }
                State::Integers(bytes, read) => (1, self.number(bytes, read, rest[0])),
                State::Fields(bytes, read) => (1, self.field(bytes, read, rest[0])),
                State::Length(bytes, read) => (1, self.length(bytes, read, rest[0])),
                State::Mode(bytes, read) => (1, self.mode(bytes, read, rest[0])),
                State::Done => (0, None),
            };
            used += consumed;
            if event.is_some() {
                return (used, event);
            }
        }
        (used, None)
    }

    fn ready(&mut self) -> CallEvent<'static> {
        self.state = match self.command {
            Command::Close => State::Done,
            Command::Read | Command::ReadLine | Command::ListNext => State::Length([0; 20], 0),
            _ => State::Integers([0; 20], 0),
        };
        CallEvent::Ready
    }

    fn number(&mut self, mut bytes: [u8; 20], read: usize, byte: u8) -> Option<CallEvent<'static>> {
        bytes[read] = byte;
        let read = read + 1;
        let small = matches!(
            self.command,
            Command::Stat | Command::ListStart | Command::Open
        );
        if self.command == Command::Stat && byte == 0 {
            self.state = State::Fields([0; 20], 0);
            return None;
        }
        if small {
            self.state = State::Done;
            return Some(CallEvent::Value(i32::from(i8::from_le_bytes([byte]))));
        }
        if read < 4 {
            self.state = State::Integers(bytes, read);
            return None;
        }
        self.state = State::Done;
        Some(CallEvent::Value(first_word(&bytes) as i32))
    }

    fn field(&mut self, mut bytes: [u8; 20], read: usize, byte: u8) -> Option<CallEvent<'static>> {
        bytes[read] = byte;
        if read + 1 < bytes.len() {
            self.state = State::Fields(bytes, read + 1);
            return None;
        }
        self.state = State::Done;
        Some(CallEvent::Stat(Stat {
            mode: first_word(&bytes),
            size_bytes: first_word(&bytes[4..]),
            accessed_s: first_word(&bytes[8..]),
            modified_s: first_word(&bytes[12..]),
            changed_s: first_word(&bytes[16..]),
        }))
    }

    fn length(&mut self, mut bytes: [u8; 20], read: usize, byte: u8) -> Option<CallEvent<'static>> {
        bytes[read] = byte;
        if read < 3 {
            self.state = State::Length(bytes, read + 1);
            return None;
        }
        match usize::try_from(first_word(&bytes) as i32) {
            Ok(0) => {
                self.state = State::Done;
                Some(match self.command {
                    Command::ListNext => CallEvent::EndOfList,
                    _ => CallEvent::Data {
                        bytes: &[],
                        last: true,
                    },
                })
            }
            Ok(missing) => {
                self.state = State::Bytes(missing);
                None
            }
            Err(_) => {
                self.state = State::Done;
                Some(CallEvent::Malformed)
            }
        }
    }

    fn bytes<'a>(&mut self, missing: usize, bytes: &'a [u8]) -> CallEvent<'a> {
        let last = missing == 0;
        let is_name = self.command == Command::ListNext;
        self.state = match (last, is_name) {
            (false, _) => State::Bytes(missing),
            (true, true) => State::Mode([0; 20], 0),
            (true, false) => State::Done,
        };
        if is_name {
            CallEvent::Name(bytes)
        } else {
            CallEvent::Data { bytes, last }
        }
    }

    fn mode(&mut self, mut bytes: [u8; 20], read: usize, byte: u8) -> Option<CallEvent<'static>> {
        bytes[read] = byte;
        if read < 3 {
            self.state = State::Mode(bytes, read + 1);
            return None;
        }
        self.state = State::Done;
        Some(CallEvent::EntryMode(first_word(&bytes)))
    }
}

/// The `u32` that `bytes` begin with.
fn first_word(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .take(4)
        .rev()
        .fold(0, |word, &byte| word << 8 | u32::from(byte))
}
