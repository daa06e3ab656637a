//! Frames of the transfer agent, and the window arithmetic of uploads.
//!
//! The agent is a Python stub that the host loads on a board through one exec; it reads
//! `sys.stdin.buffer` and writes `sys.stdout.buffer`, so it needs nothing of the firmware. What it
//! writes is framed, because a program's thread or a driver may print in between:
//!
//! ```text
//! board → host   [0xF5][kind u8][length u16 LE][payload; length][check u32 LE]
//!                [0xF5][kind u8][0][0]                            `End` and `Ack`: no check
//! host → board   ['R'][length u16 LE][Python source][CRC-32 LE]   a request
//!                raw bytes, acknowledged window by window         an upload, after a request
//! ```
//!
//! 0xF5 is in no UTF-8 text, so what is printed cannot be taken for a frame. The check is the
//! CRC-32 of all checked frames so far, headers and payloads: a damaged frame is noticed by its own,
//! and one that was lost whole by the next. A board without CRC-32 writes zeros there, and is
//! believed. The files of an upload are checked end to end by a digest as well. The Python side
//! is the host's; this file knows neither files nor Python.
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
    /// `Y`: the agent ends.
    End,
    /// `A`: one window of input was read; the first one says that the agent is there.
    Ack,
    /// `D`: a block of data.
    Data,
    /// `R`: a request is done; its result.
    Result,
    /// `E`: an exception, as text.
    Error,
}

impl Kind {
    /// Whether frames of this kind end in a check.
    const fn is_checked(self) -> bool {
        matches!(self, Self::Data | Self::Result | Self::Error)
    }

    /// The byte of this kind on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::End => b'Y',
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
            b'Y' => Some(Self::End),
            b'A' => Some(Self::Ack),
            b'D' => Some(Self::Data),
            b'R' => Some(Self::Result),
            b'E' => Some(Self::Error),
            _ => None,
        }
    }
}

/// The first bytes of a request with `len_bytes` of source and CRC-32 together; 0 tells the agent to end.
#[must_use]
pub const fn request_header(len_bytes: u16) -> [u8; 3] {
    let [low, high] = len_bytes.to_le_bytes();
    [REQUEST, low, high]
}

/// The CRC-32 (of zip and Ethernet) of `bytes` behind those whose CRC-32 is `before`; 0 for none.
///
/// ```
/// # use ucli_protocol::agent::crc32;
/// assert_eq!(crc32(0, b"123456789"), 0xCBF4_3926);
/// assert_eq!(crc32(crc32(0, b"1234"), b"56789"), 0xCBF4_3926);
/// ```
#[must_use]
pub fn crc32(before: u32, bytes: &[u8]) -> u32 {
    let step = |crc: u32, &byte: &u8| {
        let [low, ..] = crc.to_le_bytes();
        CRC_TABLE[usize::from(low ^ byte)] ^ (crc >> 8)
    };
    !bytes.iter().fold(!before, step)
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let (mut index, mut start) = (0, 0_u32);
    while index < table.len() {
        let (mut crc, mut bit) = (start, 0);
        while bit < 8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
            bit += 1;
        }
        table[index] = crc;
        (index, start) = (index + 1, start + 1);
    }
    table
};

/// The running check of what a board sends: see the module's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Check {
    crc: u32,
}

impl Check {
    /// More bytes came.
    pub fn update(&mut self, bytes: &[u8]) {
        self.crc = crc32(self.crc, bytes);
    }

    /// Whether the board says the same of what it sent. One without CRC-32 says 0.
    #[must_use]
    pub const fn agrees(&self, said: u32) -> bool {
        said == self.crc || said == 0
    }

    /// The value for the wire.
    #[must_use]
    pub const fn value(&self) -> u32 {
        self.crc
    }
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
        /// Whether this piece ends the frame; a checked one is right then.
        last: bool,
    },
    /// A frame is not what the board sent, or one before it was lost. Nothing after it can be trusted.
    Damaged,
}

/// Splits what the board writes into frames and other output. Knows no limit but the length field.
///
/// ```
/// # use ucli_protocol::agent::{Decoder, Frame, Kind};
/// let mut decoder = Decoder::new();
/// let (used, frame) = decoder.receive(b"\xf5D\x03\x00abcI (5) wifi\r\n");
/// assert_eq!(frame, Some(Frame::Part { kind: Kind::Data, bytes: b"abc", last: false }));
/// assert_eq!(used, 7);
/// let (_, frame) = decoder.receive(b"\x7a\x60\x26\xb2");
/// assert_eq!(frame, Some(Frame::Part { kind: Kind::Data, bytes: b"", last: true }));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    state: State,
    check: Check,
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
    /// The check, and how many of its bytes have come.
    Check(Kind, u32, u8),
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
            State::LengthHigh(kind, low) => {
                let len_bytes = u16::from_le_bytes([low, byte]);
                if kind.is_checked() {
                    self.check.update(&frame_header(kind, len_bytes));
                }
                if len_bytes > 0 {
                    self.state = State::Payload(kind, len_bytes);
                    return (1, None);
                }
                self.state = end_of(kind);
                let whole = matches!(self.state, State::Outside);
                let (bytes, last) = (&[][..], true);
                (1, whole.then_some(Frame::Part { kind, bytes, last }))
            }
            State::Payload(kind, missing_bytes) => {
                let len = input.len().min(usize::from(missing_bytes));
                (len, Some(self.part(kind, &input[..len], missing_bytes)))
            }
            State::Check(kind, before, count) => {
                let said = before | u32::from(byte) << (8 * u32::from(count));
                if count < 3 {
                    self.state = State::Check(kind, said, count + 1);
                    return (1, None);
                }
                self.state = State::Outside;
                let (bytes, last) = (&[][..], true);
                let frame = if self.check.agrees(said) {
                    Frame::Part { kind, bytes, last }
                } else {
                    Frame::Damaged
                };
                (1, Some(frame))
            }
        }
    }

    fn part<'a>(&mut self, kind: Kind, bytes: &'a [u8], missing_bytes: u16) -> Frame<'a> {
        // `bytes` is no longer than `missing_bytes`.
        let left = missing_bytes.saturating_sub(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
        if kind.is_checked() {
            self.check.update(bytes);
        }
        self.state = match left {
            0 => end_of(kind),
            _ => State::Payload(kind, left),
        };
        let last = matches!(self.state, State::Outside);
        Frame::Part { kind, bytes, last }
    }
}

/// What comes behind the payload.
const fn end_of(kind: Kind) -> State {
    if kind.is_checked() {
        State::Check(kind, 0, 0)
    } else {
        State::Outside
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
                    Some(Frame::Damaged) => out += "<damaged>",
                    None => {}
                }
            }
        }
        out
    }

    /// A frame as the agent writes it.
    fn frame(check: &mut Check, kind: Kind, payload: &[u8]) -> Vec<u8> {
        let mut wire = frame_header(kind, u16::try_from(payload.len()).unwrap()).to_vec();
        wire.extend(payload);
        if kind.is_checked() {
            check.update(&wire);
            wire.extend(check.value().to_le_bytes());
        }
        wire
    }

    #[test]
    fn every_split_decodes_the_same() {
        let mut wire = b"log\xf5\xf5\xf5?".to_vec();
        let mut check = Check::default();
        for (kind, payload) in [
            (Kind::End, &b""[..]),
            (Kind::Data, b"\xf5D\x01\x00"),
            (Kind::Ack, b""),
            (Kind::Result, b"ok"),
            (Kind::Error, b"OSError(2,)"),
        ] {
            wire.extend(frame(&mut check, kind, payload));
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
            (25_535, Some(Frame::Part { last: false, .. }))
        ));
        let check = crc32(0, &frame_header(Kind::Data, u16::MAX));
        let check = crc32(check, &[0xF5; 65_535]).to_le_bytes();
        assert!(matches!(
            decoder.receive(&check),
            (4, Some(Frame::Part { last: true, .. }))
        ));
        assert!(!decoder.is_inside());
    }

    #[test]
    fn what_is_damaged_or_lost_is_noticed() {
        let mut check = Check::default();
        let frames = [
            frame(&mut check, Kind::Data, b"a file"),
            frame(&mut check, Kind::Data, b""),
            frame(&mut check, Kind::Error, b"e"),
            frame(&mut check, Kind::Result, b""),
        ];
        let whole = decode(&[&frames.concat()]);
        assert_eq!(whole, "a file<D><D>e<E><R>");
        for lost in 0..3 {
            let mut rest = frames.to_vec();
            rest.remove(lost);
            assert!(decode(&[&rest.concat()]).contains("<damaged>"), "{lost}");
        }
        let wire = frames.concat();
        for at in 0..wire.len() {
            for bit in 0..8 {
                let mut flipped = wire.clone();
                flipped[at] ^= 1 << bit;
                let seen = decode(&[&flipped]);
                // Either it is noticed, or the last result never comes and time runs out.
                assert!(
                    seen.contains("<damaged>") || !seen.ends_with("<R>"),
                    "{at} {bit}: {seen}"
                );
            }
            let mut dropped = wire.clone();
            dropped.remove(at);
            let seen = decode(&[&dropped]);
            assert!(
                seen.contains("<damaged>") || !seen.ends_with("<R>"),
                "{at}: {seen}"
            );
        }
    }

    #[test]
    fn board_without_crc32_is_believed() {
        assert_eq!(
            decode(&[b"\xf5D\x01\0a\0\0\0\0\xf5R\0\0\0\0\0\0"]),
            "a<D><R>"
        );
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
