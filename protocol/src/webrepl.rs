//! WebREPL: the login, and the records of its file transfer.
//!
//! What stands between a TCP connection and these bytes (the HTTP upgrade and RFC 6455 frames) is
//! not here. Text frames carry the login and then the REPL itself, to which everything in
//! [`host`](crate::host) applies; binary frames carry the records below.
//!
//! ```text
//! request   "WA" [operation u8][flags u8][offset u64][size u32][name length u16][name; 64]   82 bytes
//! answer    "WB" [code u16]
//! block     [length u16][data; length]       length 0 ends a download
//! ```
//!
//! All integers are little endian. An upload is request, answer, data without acknowledgement,
//! answer; a download is request, answer, then one [`NEXT_BLOCK`] byte for each block, answer. There
//! is no error answer: when the board cannot open a file, the connection ends.
//!
//! Transfers run beside the user's program (micropython/micropython#13540 tells of damaged file
//! systems), so a host should prefer the REPL; the records serve firmware and tests.
//!
//! Source: MicroPython `extmod/modwebrepl.c`; micropython-lib `net/webrepl/webrepl.py`.

/// What the board asks first.
pub const PASSWORD_PROMPT: &[u8] = b"Password: ";
/// What it says to the right password; the REPL begins with the prompt after it.
pub const CONNECTED: &[u8] = b"\r\nWebREPL connected\r\n";
/// What it says to a wrong one before it closes the connection.
pub const DENIED: &[u8] = b"\r\nAccess denied\r\n";
/// What a board prints when another client is connected, before the client's address.
pub const REJECTED: &[u8] = b"\nConcurrent WebREPL connection from";
/// Characters of a password that the board looks at.
pub const PASSWORD_LEN_MAX: usize = 9;
/// The most data in one block of a download.
pub const BLOCK_LEN_MAX: usize = 256;
/// Asks for the next block of a download.
pub const NEXT_BLOCK: u8 = 0;

use crate::scan::{Found, Scanner};

/// What happened in a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginEvent {
    /// Send the password and a carriage return.
    PasswordWanted,
    /// The REPL begins.
    Connected,
    /// The password is wrong; the board closes the connection.
    Denied,
    /// Somebody else is connected; the board closes the connection.
    Rejected,
}

/// Follows the login in the text that the board sends.
///
/// ```
/// # use ucli_protocol::webrepl::{Login, LoginEvent};
/// let mut login = Login::new();
/// assert_eq!(login.receive(b"Pass"), None);
/// assert_eq!(login.receive(b"word: "), Some(LoginEvent::PasswordWanted));
/// assert_eq!(login.receive(b"\r\nWebREPL connected\r\n>>> "), Some(LoginEvent::Connected));
/// ```
#[derive(Clone, Debug)]
pub struct Login {
    scanner: Scanner,
    last: Option<LoginEvent>,
}

const LOGIN: &[&[u8]] = &[PASSWORD_PROMPT, CONNECTED, DENIED, REJECTED];

impl Default for Login {
    fn default() -> Self {
        Self::new()
    }
}

impl Login {
    /// A login of which nothing was seen.
    #[must_use]
    pub fn new() -> Self {
        Self {
            scanner: Scanner::new(LOGIN),
            last: None,
        }
    }

    /// Looks at all of `input` and says what it brought; the last thing, if it brought several.
    ///
    /// What follows [`LoginEvent::Connected`] in the same input is a prompt and is dropped.
    pub fn receive(&mut self, input: &[u8]) -> Option<LoginEvent> {
        let mut rest = input;
        let mut event = None;
        while !rest.is_empty() && !self.is_over() {
            let (used, found) = self.scanner.feed(rest);
            rest = &rest[used..];
            if let Some(Found::Marker(marker)) = found {
                event = Some(match marker {
                    0 => LoginEvent::PasswordWanted,
                    1 => LoginEvent::Connected,
                    2 => LoginEvent::Denied,
                    _ => LoginEvent::Rejected,
                });
                self.last = event;
            }
        }
        event
    }

    /// Whether the board refused the password. Once it was asked for one, a connection that just
    /// ends has most likely been refused too: see [`was_asked`](Self::was_asked).
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.last == Some(LoginEvent::Denied)
    }

    /// Whether the board has asked for a password and not answered yet.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        self.last == Some(LoginEvent::PasswordWanted)
    }

    fn is_over(&self) -> bool {
        matches!(self.last, Some(event) if event != LoginEvent::PasswordWanted)
    }
}

/// What a file record asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Write a file.
    Put = 1,
    /// Read a file.
    Get = 2,
    /// Say the firmware's version: three bytes, no answer record around them.
    Version = 3,
}

/// Where the fields of a request stand.
mod field {
    use core::ops::Range;

    pub(super) const SIGNATURE: Range<usize> = 0..2;
    pub(super) const OPERATION: usize = 2;
    pub(super) const FLAGS: usize = 3;
    pub(super) const OFFSET: Range<usize> = 4..12;
    pub(super) const SIZE: Range<usize> = 12..16;
    pub(super) const NAME_LENGTH: Range<usize> = 16..18;
    pub(super) const NAME: Range<usize> = 18..82;
}

/// The length of a request in bytes.
pub const REQUEST_LEN: usize = field::NAME.end;
/// The longest file name, in bytes: one of the 64 is the NUL that ends it.
pub const NAME_LEN_MAX: usize = field::NAME.end - field::NAME.start - 1;
const REQUEST_SIGNATURE: &[u8; 2] = b"WA";
const ANSWER_SIGNATURE: &[u8; 2] = b"WB";

/// Why a record is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// It is shorter than the record must be.
    Truncated,
    /// It does not begin with the right two letters.
    Signature,
    /// It asks for an operation that does not exist.
    Operation {
        /// The byte that stands for it.
        byte: u8,
    },
    /// A name or a block is longer than it may be.
    TooLong {
        /// Its length in bytes.
        len_bytes: usize,
    },
}

impl core::fmt::Display for RecordError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated => f.write_str("the record is too short"),
            Self::Signature => f.write_str("the record has the wrong signature"),
            Self::Operation { byte } => write!(f, "there is no file operation {byte}"),
            Self::TooLong { len_bytes } => write!(f, "{len_bytes} bytes are too long"),
        }
    }
}

impl core::error::Error for RecordError {}

/// A request in its wire form: a view of bytes whose length, signature and lengths are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a>(&'a [u8; REQUEST_LEN]);

impl<'a> Packet<'a> {
    /// A view of the request that `bytes` begin with.
    ///
    /// # Errors
    ///
    /// [`RecordError`] when they do not begin with a whole request.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let bytes = bytes.first_chunk().ok_or(RecordError::Truncated)?;
        let packet = Self(bytes);
        if bytes[field::SIGNATURE] != *REQUEST_SIGNATURE {
            return Err(RecordError::Signature);
        }
        packet.try_operation()?;
        let len_bytes = usize::from(packet.name_length());
        if len_bytes > NAME_LEN_MAX {
            return Err(RecordError::TooLong { len_bytes });
        }
        Ok(packet)
    }

    fn try_operation(self) -> Result<Operation, RecordError> {
        match self.0[field::OPERATION] {
            1 => Ok(Operation::Put),
            2 => Ok(Operation::Get),
            3 => Ok(Operation::Version),
            byte => Err(RecordError::Operation { byte }),
        }
    }

    /// The size field: how many bytes an upload has.
    #[must_use]
    pub fn size_bytes(self) -> u32 {
        u32::from_le_bytes(self.array(field::SIZE))
    }

    /// The offset field, which boards ignore.
    #[must_use]
    pub fn offset_bytes(self) -> u64 {
        u64::from_le_bytes(self.array(field::OFFSET))
    }

    fn name_length(self) -> u16 {
        u16::from_le_bytes(self.array(field::NAME_LENGTH))
    }

    /// The file name: up to its first NUL, as boards read it; its length field only bounds it.
    #[must_use]
    pub fn name(self) -> &'a [u8] {
        let name = &self.0[field::NAME][..NAME_LEN_MAX];
        let (len, _) = crate::scan::until(name, 0);
        &name[..len]
    }

    fn array<const N: usize>(self, range: core::ops::Range<usize>) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.0[range]);
        bytes
    }
}

/// A request in its meaning.
///
/// ```
/// # use ucli_protocol::webrepl::{Operation, Packet, Repr};
/// let request = Repr { operation: Operation::Put, size_bytes: 6, name: b"main.py" };
/// let bytes = request.emit().unwrap();
/// assert_eq!(Repr::parse(Packet::parse(&bytes).unwrap()), Ok(request));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repr<'a> {
    /// What to do.
    pub operation: Operation,
    /// The size of an upload in bytes; 0 otherwise.
    pub size_bytes: u32,
    /// The file; at most [`NAME_LEN_MAX`] bytes, without NUL.
    pub name: &'a [u8],
}

impl<'a> Repr<'a> {
    /// The meaning of `packet`.
    ///
    /// # Errors
    ///
    /// [`RecordError::Operation`].
    pub fn parse(packet: Packet<'a>) -> Result<Self, RecordError> {
        Ok(Self {
            operation: packet.try_operation()?,
            size_bytes: packet.size_bytes(),
            name: packet.name(),
        })
    }

    /// The wire form. The reference client sends it in two frames of 10 and 72 bytes; one is fine.
    ///
    /// # Errors
    ///
    /// [`RecordError::TooLong`] for a name that does not fit, or that holds a NUL (the length is then
    /// that of the part before it).
    pub fn emit(&self) -> Result<[u8; REQUEST_LEN], RecordError> {
        let (plain, has_nul) = crate::scan::until(self.name, 0);
        if has_nul || plain > NAME_LEN_MAX {
            return Err(RecordError::TooLong { len_bytes: plain });
        }
        let mut bytes = [0; REQUEST_LEN];
        bytes[field::SIGNATURE].copy_from_slice(REQUEST_SIGNATURE);
        bytes[field::OPERATION] = self.operation as u8;
        bytes[field::FLAGS] = 0;
        bytes[field::SIZE].copy_from_slice(&self.size_bytes.to_le_bytes());
        // At most 63, checked above.
        bytes[field::NAME_LENGTH].copy_from_slice(&(plain as u16).to_le_bytes());
        bytes[field::NAME][..plain].copy_from_slice(self.name);
        Ok(bytes)
    }
}

/// The answer record with `code`; 0 is success, and all a board ever sends.
#[must_use]
pub const fn answer(code: u16) -> [u8; 4] {
    let [low, high] = code.to_le_bytes();
    [ANSWER_SIGNATURE[0], ANSWER_SIGNATURE[1], low, high]
}

/// The code of the answer record that `bytes` begin with.
///
/// # Errors
///
/// [`RecordError::Truncated`], [`RecordError::Signature`].
pub fn parse_answer(bytes: &[u8]) -> Result<u16, RecordError> {
    match bytes.first_chunk::<4>() {
        Some([b'W', b'B', low, high]) => Ok(u16::from_le_bytes([*low, *high])),
        Some(_) => Err(RecordError::Signature),
        None => Err(RecordError::Truncated),
    }
}

/// The data of the download block that `bytes` begin with; empty at the end of the file.
///
/// # Errors
///
/// [`RecordError::Truncated`] while the block is not whole, [`RecordError::TooLong`] for a length
/// that no board sends.
pub fn parse_block(bytes: &[u8]) -> Result<&[u8], RecordError> {
    let (length, rest) = bytes.split_first_chunk().ok_or(RecordError::Truncated)?;
    let len_bytes = usize::from(u16::from_le_bytes(*length));
    if len_bytes > BLOCK_LEN_MAX {
        return Err(RecordError::TooLong { len_bytes });
    }
    rest.get(..len_bytes).ok_or(RecordError::Truncated)
}

/// The version (major, minor, micro) that answers [`Operation::Version`].
///
/// # Errors
///
/// [`RecordError::Truncated`].
pub fn parse_version(bytes: &[u8]) -> Result<[u8; 3], RecordError> {
    bytes.first_chunk().copied().ok_or(RecordError::Truncated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_is_followed_byte_by_byte() {
        let run = |text: &[u8]| {
            let mut login = Login::new();
            let mut last = None;
            for byte in text.chunks(1) {
                last = login.receive(byte).or(last);
            }
            (last, login.is_denied())
        };
        let connected = b"Password: \r\nWebREPL connected\r\n>>> Password: ";
        assert_eq!(run(connected), (Some(LoginEvent::Connected), false));
        assert_eq!(
            run(b"Password: \r\nAccess denied\r\n"),
            (Some(LoginEvent::Denied), true)
        );
        let rejected = b"\nConcurrent WebREPL connection from ('10.0.0.2', 4) rejected\n";
        assert_eq!(run(rejected), (Some(LoginEvent::Rejected), false));
    }

    #[test]
    fn request_has_its_layout() {
        let request = Repr {
            operation: Operation::Get,
            size_bytes: 0x0403_0201,
            name: b"boot.py",
        };
        let bytes = request.emit().unwrap();
        assert_eq!(bytes.len(), 82);
        assert_eq!(
            &bytes[..18],
            b"WA\x02\0\0\0\0\0\0\0\0\0\x01\x02\x03\x04\x07\0"
        );
        assert_eq!(&bytes[18..26], b"boot.py\0");
        assert_eq!(Packet::parse(&bytes).unwrap().offset_bytes(), 0);
    }

    #[test]
    fn name_of_63_bytes_ok() {
        let request = Repr {
            operation: Operation::Put,
            size_bytes: 0,
            name: &[b'a'; 63],
        };
        let bytes = request.emit().unwrap();
        assert_eq!(Repr::parse(Packet::parse(&bytes).unwrap()), Ok(request));
    }

    #[test]
    fn name_of_64_bytes_or_with_nul_err() {
        let emit = |name| {
            let operation = Operation::Put;
            Repr {
                operation,
                size_bytes: 0,
                name,
            }
            .emit()
        };
        assert_eq!(
            emit(&[b'a'; 64]),
            Err(RecordError::TooLong { len_bytes: 64 })
        );
        assert_eq!(emit(b"a\0b"), Err(RecordError::TooLong { len_bytes: 1 }));
    }

    #[test]
    fn wrong_records_err() {
        let good = Repr {
            operation: Operation::Version,
            size_bytes: 0,
            name: b"",
        };
        let good = good.emit().unwrap();
        assert_eq!(Packet::parse(&good[..81]), Err(RecordError::Truncated));
        let with = |at: usize, byte| {
            let mut bytes = good;
            bytes[at] = byte;
            Packet::parse(&bytes).map(|_| ())
        };
        assert_eq!(with(1, b'B'), Err(RecordError::Signature));
        assert_eq!(with(2, 4), Err(RecordError::Operation { byte: 4 }));
        assert_eq!(with(16, 64), Err(RecordError::TooLong { len_bytes: 64 }));
        assert_eq!(with(81, b'x'), Ok(()));
    }

    #[test]
    fn answers_and_blocks_are_read() {
        assert_eq!(parse_answer(&answer(0x102)), Ok(0x102));
        assert_eq!(parse_answer(b"WA\0\0"), Err(RecordError::Signature));
        assert_eq!(parse_answer(b"WB\0"), Err(RecordError::Truncated));
        assert_eq!(parse_block(b"\x02\0abc"), Ok(&b"ab"[..]));
        assert_eq!(parse_block(b"\0\0"), Ok(&b""[..]));
        assert_eq!(parse_block(b"\x02\0a"), Err(RecordError::Truncated));
        assert_eq!(
            parse_block(b"\x01\x01"),
            Err(RecordError::TooLong { len_bytes: 257 })
        );
        assert_eq!(parse_version(&[1, 29, 0]), Ok([1, 29, 0]));
    }
}
