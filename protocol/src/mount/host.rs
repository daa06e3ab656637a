//! The host's end: finds requests in a board's output.
//!
//! Paths and modes are collected in the caller's buffer; data to write is handed out in pieces as
//! it comes, so that a board can write more than any buffer holds.

use super::{Command, Request, STRING_LEN_MAX};
use crate::control;
use crate::scan::until;

/// What [`Requests`] has to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountEvent<'a> {
    /// Normal output of the board.
    Output(&'a [u8]),
    /// The board calls: send [`control::MOUNT`] now, the arguments come after it.
    Called(Command),
    /// A whole request; reply to it. Never [`Request::Write`].
    Request(Request<'a>),
    /// A piece of data to write; reply after the last one.
    WritePart {
        /// The file's number.
        file: i8,
        /// The piece; empty only if nothing is to be written at all.
        data: &'a [u8],
        /// Whether it is the last.
        last: bool,
    },
    /// A request whose strings do not fit the buffer; it was read to its end. Reply with
    /// [`Command::failed`].
    TooLong(Command),
    /// A length that no board sends. The rest of what the board says about this is output again;
    /// there is nothing sensible to reply.
    Malformed(Command),
}

/// Splits a board's output into plain output and requests.
///
/// ```
/// # use ucli_protocol::mount::{Command, MountEvent, Request, Requests};
/// let mut buffer = [0; 64];
/// let mut requests = Requests::new(&mut buffer);
/// assert_eq!(requests.receive(b"hi\x18\x03"), (2, Some(MountEvent::Output(b"hi"))));
/// assert_eq!(requests.receive(b"\x18\x03"), (2, Some(MountEvent::Called(Command::ListNext))));
/// // Without arguments the request follows at once.
/// assert_eq!(requests.receive(b""), (0, Some(MountEvent::Request(Request::ListNext))));
/// ```
#[derive(Debug)]
pub struct Requests<'b> {
    buffer: &'b mut [u8],
    state: State,
    integers: [u8; 6],
    /// Lengths of the strings that were read.
    lengths: [usize; 2],
    strings_read: u8,
    too_long: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Output,
    /// 0x18 came.
    Command,
    /// So many bytes of integers were read.
    Integers(Command, usize),
    /// So many bytes of a string's length were read.
    Length(Command, [u8; 4], usize),
    /// So many bytes of a string are missing.
    String(Command, usize),
    /// So many bytes to write are missing.
    Data(usize),
    Complete(Command),
}

impl<'b> Requests<'b> {
    /// A scanner that collects strings in `buffer`. 512 bytes hold what boards usually send; one
    /// request needs room for all its strings together.
    #[must_use]
    pub fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer,
            state: State::Output,
            integers: [0; 6],
            lengths: [0; 2],
            strings_read: 0,
            too_long: false,
        }
    }

    /// Looks at what the board wrote: how many bytes are used up, and at most one event.
    ///
    /// Call it until it brings no event and the input is used up; with empty input too, because a
    /// request without arguments follows its call without more input.
    pub fn receive<'a>(&'a mut self, input: &'a [u8]) -> (usize, Option<MountEvent<'a>>) {
        let mut used = 0;
        loop {
            if let State::Complete(command) = self.state {
                self.state = State::Output;
                return (used, Some(self.request(command)));
            }
            let rest = &input[used..];
            let Some(&byte) = rest.first() else {
                return (used, None);
            };
            match self.state {
                State::Output => {
                    let (len, _) = until(rest, control::MOUNT);
                    if len > 0 {
                        return (used + len, Some(MountEvent::Output(&rest[..len])));
                    }
                    used += 1;
                    self.state = State::Command;
                }
                State::Command => {
                    let Some(command) = Command::of_byte(byte) else {
                        self.state = State::Output;
                        return (used, Some(MountEvent::Output(&[control::MOUNT])));
                    };
                    self.begin(command);
                    return (used + 1, Some(MountEvent::Called(command)));
                }
                State::Integers(command, read) => {
                    used += 1;
                    self.integers[read] = byte;
                    if let Some(event) = self.integer_read(command, read + 1) {
                        return (used, Some(event));
                    }
                }
                State::Length(command, mut length, read) => {
                    used += 1;
                    length[read] = byte;
                    if !self.length_read(command, length, read + 1) {
                        return (used, Some(MountEvent::Malformed(command)));
                    }
                }
                State::String(command, missing) => used += self.string(command, missing, rest),
                State::Data(missing) => {
                    let len = missing.min(rest.len());
                    let event = self.write_part(missing - len, &rest[..len]);
                    return (used + len, Some(event));
                }
                State::Complete(_) => {}
            }
        }
    }

    /// Forgets a request that was begun: the board was reset, or did not go on in time.
    pub fn reset(&mut self) {
        self.state = State::Output;
    }

    /// Whether the board is in the middle of a request, so that what comes is not output.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        !matches!(self.state, State::Output)
    }

    fn begin(&mut self, command: Command) {
        self.integers = [0; 6];
        self.lengths = [0; 2];
        self.strings_read = 0;
        self.too_long = false;
        self.state = if command.has_file() {
            State::Integers(command, 0)
        } else {
            self.next_string(command)
        };
    }

    fn next_string(&self, command: Command) -> State {
        if self.strings_read < command.strings() {
            State::Length(command, [0; 4], 0)
        } else {
            State::Complete(command)
        }
    }

    /// `read` bytes of integers are there. Data to write begins with an event when it is empty.
    fn integer_read(&mut self, command: Command, read: usize) -> Option<MountEvent<'static>> {
        if read < command.integers_len() {
            self.state = State::Integers(command, read);
            return None;
        }
        if command != Command::Write {
            self.state = self.next_string(command);
            return None;
        }
        let [_, a, b, c, d, _] = self.integers;
        match usize::try_from(i32::from_le_bytes([a, b, c, d])) {
            Ok(0) => Some(self.write_part(0, &[])),
            Ok(missing) => {
                self.state = State::Data(missing);
                None
            }
            Err(_) => {
                self.state = State::Output;
                Some(MountEvent::Malformed(command))
            }
        }
    }

    /// `read` bytes of a string's length are there; false if it is no sensible one.
    fn length_read(&mut self, command: Command, length: [u8; 4], read: usize) -> bool {
        if read < length.len() {
            self.state = State::Length(command, length, read);
            return true;
        }
        let length = u32::from_le_bytes(length);
        if length > STRING_LEN_MAX {
            self.state = State::Output;
            return false;
        }
        // At most `STRING_LEN_MAX`.
        let length = length as usize;
        let index = usize::from(self.strings_read).min(1);
        self.too_long |= self.start_of(index) + length > self.buffer.len();
        self.state = if length == 0 {
            self.string_read(command)
        } else {
            State::String(command, length)
        };
        true
    }

    /// Where the string with this index begins in the buffer.
    fn start_of(&self, index: usize) -> usize {
        self.lengths[..index].iter().sum()
    }

    fn string_read(&mut self, command: Command) -> State {
        self.strings_read += 1;
        self.next_string(command)
    }

    /// Takes what there is of a string of which `missing` bytes are missing.
    fn string(&mut self, command: Command, missing: usize, input: &[u8]) -> usize {
        let len = missing.min(input.len());
        if !self.too_long {
            let index = usize::from(self.strings_read).min(1);
            let at = self.start_of(index) + self.lengths[index];
            self.buffer[at..at + len].copy_from_slice(&input[..len]);
            self.lengths[index] += len;
        }
        self.state = if len == missing {
            self.string_read(command)
        } else {
            State::String(command, missing - len)
        };
        len
    }

    fn write_part<'a>(&mut self, missing: usize, data: &'a [u8]) -> MountEvent<'a> {
        let last = missing == 0;
        self.state = if last {
            State::Output
        } else {
            State::Data(missing)
        };
        MountEvent::WritePart {
            file: i8::from_le_bytes([self.integers[0]]),
            data,
            last,
        }
    }

    fn request(&self, command: Command) -> MountEvent<'_> {
        if self.too_long {
            return MountEvent::TooLong(command);
        }
        let (first, rest) = self.buffer.split_at(self.lengths[0]);
        let second = &rest[..self.lengths[1]];
        MountEvent::Request(Request::of_parts(command, self.integers, first, second))
    }
}
