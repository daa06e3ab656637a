//! Bytes and text as Python literals, streamed, without allocation.
//!
//! The output is printable ASCII, apart from the UTF-8 of characters outside ASCII in [`Str`]: no
//! control byte, no line end. So it goes through raw mode, raw-paste and the friendly prompt alike,
//! and is valid for every MicroPython and CircuitPython, builds without Unicode included (which
//! is why text is not written with `\u`, that they refuse).
//!
//! Source: the Python language reference, "String and Bytes literals"; MicroPython `py/lexer.c`.

use core::fmt;

/// The literal of some bytes, such as `b'a\x00'`.
///
/// ```
/// # use ucli_protocol::literal::Bytes;
/// assert_eq!(Bytes(b"it's\n\x80").to_string(), r"b'it\'s\n\x80'");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes<'a>(pub &'a [u8]);

/// The literal of a text, such as `'a\n'`.
///
/// ```
/// # use ucli_protocol::literal::Str;
/// assert_eq!(Str("/lib/é\t.py").to_string(), r"'/lib/é\t.py'");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Str<'a>(pub &'a str);

/// The bytes of the literal of `data`, one by one.
///
/// ```
/// # use ucli_protocol::literal;
/// assert!(literal::bytes(b"\x04").eq(*br"b'\x04'"));
/// ```
pub fn bytes(data: &[u8]) -> impl Iterator<Item = u8> {
    let body = data.iter().flat_map(|&byte| Escaped::of_byte(byte));
    b"b'".iter().copied().chain(body).chain([b'\''])
}

/// The bytes of the literal of `text`, one by one.
pub fn str(text: &str) -> impl Iterator<Item = u8> {
    let body = text.bytes().flat_map(Escaped::of_text);
    core::iter::once(b'\'').chain(body).chain([b'\''])
}

/// How many bytes the literal of `data` has, quotes and prefix included.
///
/// To fill a window: text costs about 1 byte per byte, random data 2.9.
#[must_use]
pub fn bytes_len(data: &[u8]) -> usize {
    let body: usize = data.iter().map(|&byte| Escaped::of_byte(byte).len()).sum();
    body.saturating_add(b"b''".len())
}

impl Bytes<'_> {
    /// Writes the literal in runs that are as long as possible.
    pub fn write_into(&self, write: &mut dyn FnMut(&[u8])) {
        write(b"b'");
        runs(self.0, Escaped::of_byte, write);
        write(b"'");
    }
}

impl Str<'_> {
    /// Writes the literal in runs that are as long as possible. No run ends inside a character.
    pub fn write_into(&self, write: &mut dyn FnMut(&[u8])) {
        write(b"'");
        runs(self.0.as_bytes(), Escaped::of_text, write);
        write(b"'");
    }
}

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display(f, |write| self.write_into(write))
    }
}

impl fmt::Display for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display(f, |write| self.write_into(write))
    }
}

fn display(f: &mut fmt::Formatter<'_>, write: impl Fn(&mut dyn FnMut(&[u8]))) -> fmt::Result {
    let mut result = Ok(());
    write(&mut |run| {
        let run = core::str::from_utf8(run).expect("runs end between characters");
        if result.is_ok() {
            result = f.write_str(run);
        }
    });
    result
}

fn runs(data: &[u8], escape: fn(u8) -> Escaped, write: &mut dyn FnMut(&[u8])) {
    let mut rest = data;
    while let Some(&first) = rest.first() {
        let is_special = |&byte: &u8| escape(byte).len() > 1;
        let plain = rest.iter().position(is_special).unwrap_or(rest.len());
        if plain > 0 {
            write(&rest[..plain]);
            rest = &rest[plain..];
        } else {
            write(escape(first).as_bytes());
            rest = &rest[1..];
        }
    }
}

/// One byte of data as it stands in a literal: 1 to 4 bytes.
#[derive(Clone, Copy, Debug)]
struct Escaped {
    bytes: [u8; 4],
    at: u8,
    end: u8,
}

impl Escaped {
    fn of_byte(byte: u8) -> Self {
        match byte {
            b'\n' => Self::new(*b"\\n\0\0", 2),
            b'\r' => Self::new(*b"\\r\0\0", 2),
            b'\t' => Self::new(*b"\\t\0\0", 2),
            b'\'' | b'\\' => Self::new([b'\\', byte, 0, 0], 2),
            b' '..=b'~' => Self::new([byte, 0, 0, 0], 1),
            _ => {
                let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 15)];
                Self::new([b'\\', b'x', digit(byte >> 4), digit(byte)], 4)
            }
        }
    }

    /// The same for one byte of UTF-8, which is kept as it is outside ASCII.
    fn of_text(byte: u8) -> Self {
        if byte.is_ascii() {
            Self::of_byte(byte)
        } else {
            Self::new([byte, 0, 0, 0], 1)
        }
    }

    const fn new(bytes: [u8; 4], end: u8) -> Self {
        Self { bytes, at: 0, end }
    }

    fn len(&self) -> usize {
        usize::from(self.end - self.at)
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[usize::from(self.at)..usize::from(self.end)]
    }
}

impl Iterator for Escaped {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let byte = *self.as_bytes().first()?;
        self.at += 1;
        Some(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::string::ToString;
    use std::vec::Vec;

    #[test]
    fn every_byte_is_printable_and_both_ways_agree() {
        let all: Vec<u8> = (0..=255).collect();
        let literal: Vec<u8> = bytes(&all).collect();
        assert!(literal.iter().all(|byte| (b' '..=b'~').contains(byte)));
        assert_eq!(Bytes(&all).to_string().as_bytes(), literal);
        assert_eq!(bytes_len(&all), literal.len());
    }

    #[test]
    fn text_keeps_its_characters_and_escapes_controls() {
        let text: &str = "\u{0}\u{4}\u{18}\u{7f}'\"\\ é €😀";
        let literal: Vec<u8> = str(text).collect();
        assert_eq!(Str(text).to_string().as_bytes(), literal);
        assert_eq!(
            Str(text).to_string(),
            "'\\x00\\x04\\x18\\x7f\\'\"\\\\ é €😀'"
        );
    }

    #[test]
    fn plain_data_is_one_run() {
        let mut runs = Vec::new();
        Bytes(b"abc\ndef").write_into(&mut |run| runs.push(run.to_vec()));
        let expected: [&[u8]; 5] = [b"b'", b"abc", b"\\n", b"def", b"'"];
        assert_eq!(runs, expected);
    }
}
