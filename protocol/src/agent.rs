//! Frames of the transfer agent, and the window arithmetic of uploads.
//!
//! The agent is a Python stub that the host loads on a board through one exec; it reads
//! `sys.stdin.buffer` and writes `sys.stdout.buffer`, so it needs nothing of the firmware. What it
//! writes is framed, because a program's thread or a driver may print in between:
//!
//! ```text
//! board → host   [0xF5][kind u8][length u16 LE][payload; length]
//! host → board   ['R'][length u16 LE][Python source; length]      a request
//!                raw bytes, acknowledged window by window         an upload, after a request
//! ```
//!
//! 0xF5 is in no UTF-8 text, so what is printed cannot be taken for a frame. There is no
//! checksum per frame: transfers are checked end to end by a digest. The Python side is the
//! host's; this file knows neither files nor Python.
//!
//! The window keeps a UART's input buffer from overflowing: the board acknowledges each window of
//! input it has read, and the host has at most a few of them on the way.

use crate::control;

/// First byte of a request to the agent; anything else there makes the agent end.
pub const REQUEST: u8 = b'R';
/// The most bytes a request or the payload of a frame can have.
pub const LEN_MAX: usize = u16::MAX as usize;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Y`: the agent runs.
    Ready,
    /// `A`: one window of input was read.
    Ack,
    /// `D`: a block of data.
    Data,
    /// `R`: a request is done; its result.
    Result,
    /// `E`: an exception, as text.
    Error,
}

impl Kind {
    /// The byte of this kind on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ready => b'Y',
            Self::Ack => b'A',
            Self::Data => b'D',
            Self::Result => b'R',
            Self::Error => b'E',
        }
    }

    /// The kind with this byte.
    #[must_use]
    pub const fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            b'Y' => Some(Self::Ready),
            b'A' => Some(Self::Ack),
            b'D' => Some(Self::Data),
            b'R' => Some(Self::Result),
            b'E' => Some(Self::Error),
            _ => None,
        }
    }
}

/// The first bytes of a request with `len_bytes` of source.
#[must_use]
pub const fn request_header(len_bytes: u16) -> [u8; 3] {
    let [low, high] = len_bytes.to_le_bytes();
    [REQUEST, low, high]
}

/// The first bytes of a frame, as the agent writes them.
#[must_use]
pub const fn frame_header(kind: Kind, len_bytes: u16) -> [u8; 4] {
    let [low, high] = len_bytes.to_le_bytes();
    [control::AGENT, kind.byte(), low, high]
}

/// What [`Decoder`] has to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Bytes outside frames: output of somebody else.
    Aside(&'a [u8]),
    /// A piece of the payload of a frame, as long as the input allows; empty for a frame without
    /// payload.
    Part {
        /// The kind of the frame.
        kind: Kind,
        /// The piece.
        bytes: &'a [u8],
        /// Whether this piece ends the frame.
        last: bool,
    },
}

/// Splits what the board writes into frames and other output. Knows no limit but the length field.
///
/// ```
/// # use ucli_protocol::agent::{Decoder, Frame, Kind};
/// let mut decoder = Decoder::new();
/// let (used, frame) = decoder.receive(b"\xf5D\x03\x00abcI (5) wifi\r\n");
/// assert_eq!(frame, Some(Frame::Part { kind: Kind::Data, bytes: b"abc", last: true }));
/// assert_eq!(used, 7);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    state: State,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Outside,
    /// 0xF5 came.
    Kind,
    LengthLow(Kind),
    LengthHigh(Kind, u8),
    /// At least one byte of payload is missing.
    Payload(Kind, u16),
}

impl Decoder {
    /// A decoder that stands outside a frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at what the board wrote: how many bytes are used up, and at most one frame or piece.
    /// Call it until the input is used up.
    pub fn receive<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Frame<'a>>) {
        let mut used = 0;
        while used < input.len() {
            let (consumed, frame) = self.step(&input[used..]);
            used += consumed;
            if frame.is_some() {
                return (used, frame);
            }
        }
        (used, None)
    }

    /// Whether the input ended inside a frame: one that never ends means a lost board.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        !matches!(self.state, State::Outside)
    }

    fn step<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Frame<'a>>) {
        let byte = input[0];
        match self.state {
            State::Outside => {
                let (len, found) = crate::scan::until(input, control::AGENT);
                if len > 0 {
                    return (len, Some(Frame::Aside(&input[..len])));
                }
                self.state = State::Kind;
                (usize::from(found), None)
            }
            State::Kind => {
                if let Some(kind) = Kind::of_byte(byte) {
                    self.state = State::LengthLow(kind);
                    return (1, None);
                }
                self.state = State::Outside;
                (0, Some(Frame::Aside(&[control::AGENT])))
            }
            State::LengthLow(kind) => {
                self.state = State::LengthHigh(kind, byte);
                (1, None)
            }
            State::LengthHigh(kind, low) => match u16::from_le_bytes([low, byte]) {
                0 => (1, Some(self.part(kind, &[], 0))),
                missing_bytes => {
                    self.state = State::Payload(kind, missing_bytes);
                    (1, None)
                }
            },
            State::Payload(kind, missing_bytes) => {
                let len = input.len().min(usize::from(missing_bytes));
                (len, Some(self.part(kind, &input[..len], missing_bytes)))
            }
        }
    }

    fn part<'a>(&mut self, kind: Kind, bytes: &'a [u8], missing_bytes: u16) -> Frame<'a> {
        // `bytes` is no longer than `missing_bytes`.
        let left = missing_bytes.saturating_sub(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
        let last = left == 0;
        self.state = if last {
            State::Outside
        } else {
            State::Payload(kind, left)
        };
        Frame::Part { kind, bytes, last }
    }
}

/// How much of an upload may be on the way.
///
/// ```
/// # use ucli_protocol::agent::Sender;
/// let mut sender = Sender::new(128, 2);
/// assert_eq!(sender.may_send(), 256);
/// sender.sent(200);
/// assert_eq!(sender.may_send(), 56);
/// sender.acknowledged();
/// assert_eq!(sender.may_send(), 184);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    window_bytes: u32,
    limit_bytes: u32,
    unacknowledged_bytes: u32,
}

impl Sender {
    /// A sender with windows of `window_bytes`, of which `in_flight` may be unacknowledged. Zeros
    /// count as 1.
    #[must_use]
    pub fn new(window_bytes: u32, in_flight: u32) -> Self {
        let window_bytes = window_bytes.max(1);
        Self {
            window_bytes,
            limit_bytes: window_bytes.saturating_mul(in_flight.max(1)),
            unacknowledged_bytes: 0,
        }
    }

    /// How many bytes may be sent now; 0: wait for an acknowledgement.
    #[must_use]
    pub fn may_send(&self) -> usize {
        let bytes = self.limit_bytes - self.unacknowledged_bytes;
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// `len_bytes` were sent. More than [`may_send`](Self::may_send) counts as all of it.
    pub fn sent(&mut self, len_bytes: usize) {
        let len_bytes = u32::try_from(len_bytes).unwrap_or(u32::MAX);
        let sum = self.unacknowledged_bytes.saturating_add(len_bytes);
        self.unacknowledged_bytes = sum.min(self.limit_bytes);
    }

    /// The board acknowledged one window. An acknowledgement of nothing changes nothing.
    pub fn acknowledged(&mut self) {
        self.unacknowledged_bytes = self.unacknowledged_bytes.saturating_sub(self.window_bytes);
    }

    /// How many bytes were sent and not acknowledged. The last, partial window of an upload stays
    /// here until later bytes complete it.
    #[must_use]
    pub fn unacknowledged_bytes(&self) -> u32 {
        self.unacknowledged_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::string::{String, ToString};
    use std::vec::Vec;

    fn decode(pieces: &[&[u8]]) -> String {
        let mut decoder = Decoder::new();
        let mut out = String::new();
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                let (used, frame) = decoder.receive(rest);
                rest = &rest[used..];
                match frame {
                    Some(Frame::Aside(bytes)) => out += &bytes.escape_ascii().to_string(),
                    Some(Frame::Part { kind, bytes, last }) => {
                        out += &std::format!("{}", bytes.escape_ascii());
                        if last {
                            out += &std::format!("<{}>", char::from(kind.byte()));
                        }
                    }
                    None => {}
                }
            }
        }
        out
    }

    #[test]
    fn every_split_decodes_the_same() {
        let mut wire = b"log\xf5\xf5\xf5?".to_vec();
        for (kind, payload) in [
            (Kind::Ready, &b""[..]),
            (Kind::Data, b"\xf5D\x01\x00"),
            (Kind::Ack, b""),
            (Kind::Result, b"ok"),
            (Kind::Error, b"OSError(2,)"),
        ] {
            let len = u16::try_from(payload.len()).unwrap();
            wire.extend(frame_header(kind, len));
            wire.extend(payload);
            wire.extend(b"!");
        }
        let whole = decode(&[&wire]);
        let expected = "log\\xf5\\xf5\\xf5?<Y>!\\xf5D\\x01\\x00<D>!<A>!ok<R>!OSError(2,)<E>!";
        assert_eq!(whole, expected);
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        assert_eq!(decode(&bytes), whole);
        for split in 0..wire.len() {
            assert_eq!(decode(&[&wire[..split], &wire[split..]]), whole, "{split}");
        }
    }

    #[test]
    fn longest_payload_comes_in_parts() {
        let mut decoder = Decoder::new();
        let _ = decoder.receive(&frame_header(Kind::Data, u16::MAX));
        assert!(decoder.is_inside());
        let block = [0xF5; 40_000];
        assert!(matches!(
            decoder.receive(&block),
            (40_000, Some(Frame::Part { last: false, .. }))
        ));
        assert!(matches!(
            decoder.receive(&block),
            (25_535, Some(Frame::Part { last: true, .. }))
        ));
        assert!(!decoder.is_inside());
    }

    #[test]
    fn hostile_acknowledgements_open_no_more_than_the_limit() {
        let mut sender = Sender::new(u32::MAX, u32::MAX);
        sender.sent(usize::MAX);
        assert_eq!(sender.may_send(), 0);
        for _ in 0..10 {
            sender.acknowledged();
        }
        assert_eq!(sender.may_send(), u32::MAX as usize);
        let mut sender = Sender::new(0, 0);
        assert_eq!(sender.may_send(), 1);
        sender.sent(5);
        assert_eq!(sender.unacknowledged_bytes(), 1);
    }
}
