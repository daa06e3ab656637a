//! Reads the `repr` of simple values that a device prints: a pull parser without allocation.
//!
//! `None`, booleans, integers, floats, text, bytes, and lists, tuples and dicts of them, also the
//! named tuples that `os.uname()` and `sys.implementation` print. Nothing is evaluated. The text
//! comes from a device and may be anything: the reader never panics, keeps no stack but one word,
//! and refuses what nests deeper than [`DEPTH_MAX`].
//!
//! Source: MicroPython `py/objstr.c` (`mp_str_print_quoted`), `py/obj*.c` print functions.

use core::fmt;

/// How deep containers may nest.
pub const DEPTH_MAX: u32 = 32;

/// One piece of a value. Commas are checked, not reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'a> {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer that fits in 64 bits.
    Int(i64),
    /// The text of a float, such as `1.5`, `1e+100`, `inf`, `-inf`, `nan`.
    Float(&'a str),
    /// A text.
    Str(RawStr<'a>),
    /// Bytes.
    Bytes(RawBytes<'a>),
    /// The name of the field of a named tuple whose value follows.
    Field(&'a str),
    /// `[`
    ListStart,
    /// `]`
    ListEnd,
    /// `(`
    TupleStart,
    /// `)`
    TupleEnd,
    /// `{`
    DictStart,
    /// `}`
    DictEnd,
    /// `:` between the key and the value of a dict.
    Colon,
    /// The value is complete and nothing but white space follows. Every later call says so too.
    End,
}

/// Why a text is not the `repr` of a simple value. The offset says where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// Where the reader stood, counted in bytes from the start.
    pub offset_bytes: usize,
    /// What is wrong there.
    pub kind: ValueErrorKind,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueErrorKind {
    /// The text ends inside a value, or is empty.
    Incomplete,
    /// Something that cannot stand here, for example the `repr` of an object.
    Unexpected,
    /// An integer outside 64 bits.
    IntTooBig,
    /// Containers nest deeper than [`DEPTH_MAX`].
    TooDeep,
    /// The value is complete and something follows it.
    Trailing,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ValueErrorKind::Incomplete => "the value ends too early",
            ValueErrorKind::Unexpected => "not a simple value",
            ValueErrorKind::IntTooBig => "an integer does not fit in 64 bits",
            ValueErrorKind::TooDeep => "values nest too deep",
            ValueErrorKind::Trailing => "something follows the value",
        };
        write!(f, "{what} (at byte {})", self.offset_bytes)
    }
}

impl core::error::Error for ValueError {}

/// The inside of a string literal, escapes checked and not yet replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawStr<'a>(&'a [u8]);

/// The inside of a bytes literal, escapes checked and not yet replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawBytes<'a>(&'a [u8]);

impl<'a> RawStr<'a> {
    /// The characters. What is not UTF-8, or a lone surrogate, becomes U+FFFD.
    pub fn chars(self) -> impl Iterator<Item = char> + 'a {
        Chars(self.0)
    }

    /// The text as it stands, when it holds no escape and is UTF-8: no copy needed.
    #[must_use]
    pub fn as_plain(self) -> Option<&'a str> {
        if self.0.contains(&b'\\') {
            return None;
        }
        core::str::from_utf8(self.0).ok()
    }
}

impl<'a> RawBytes<'a> {
    /// The bytes.
    pub fn bytes(self) -> impl Iterator<Item = u8> + 'a {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (unit, used) = unit(rest)?;
            rest = &rest[used..];
            // An escape above 255 cannot stand in bytes, the reader has checked that.
            Some(match unit {
                Unit::Byte(byte) => byte,
                Unit::Code(code) => code as u8,
            })
        })
    }

    /// The bytes as they stand, when there is no escape among them: no copy needed.
    #[must_use]
    pub fn as_plain(self) -> Option<&'a [u8]> {
        (!self.0.contains(&b'\\')).then_some(self.0)
    }
}

/// Reads one value, token by token.
///
/// ```
/// # use ucli_protocol::value::{Reader, Token};
/// let mut reader = Reader::new(b"(12, 'a\\n')\r\n");
/// assert_eq!(reader.next(), Ok(Token::TupleStart));
/// assert_eq!(reader.next(), Ok(Token::Int(12)));
/// let Ok(Token::Str(text)) = reader.next() else { panic!() };
/// assert!(text.chars().eq("a\n".chars()));
/// assert_eq!(reader.next(), Ok(Token::TupleEnd));
/// assert_eq!(reader.next(), Ok(Token::End));
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a [u8],
    offset_bytes: usize,
    /// Two bits per open container, the innermost lowest.
    open: u64,
    depth: u32,
    expect: Expect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    List = 0,
    Tuple = 1,
    Dict = 2,
}

/// What may stand at the current place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// A value; the flag: or the end of the container.
    Value { or_end: bool },
    /// The value of a field or of a dict entry.
    Plain,
    /// The `:` after the key of a dict.
    Colon,
    /// A comma or the end of the container.
    Comma,
    /// Nothing.
    End,
}

impl<'a> Reader<'a> {
    /// A reader of `text`. White space around the value does not matter.
    #[must_use]
    pub fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            offset_bytes: 0,
            open: 0,
            depth: 0,
            expect: Expect::Value { or_end: false },
        }
    }

    /// How many bytes are read.
    #[must_use]
    pub fn offset_bytes(&self) -> usize {
        self.offset_bytes
    }

    /// The next token; [`Token::End`] after the last one.
    ///
    /// # Errors
    ///
    /// [`ValueError`] when the text is no simple value. The reader then stays where it is.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would end with `None`, a reader ends with a checked `End`"
    )]
    pub fn next(&mut self) -> Result<Token<'a>, ValueError> {
        loop {
            self.skip_space();
            let rest = &self.text[self.offset_bytes..];
            let Some(&byte) = rest.first() else {
                return match self.expect {
                    Expect::End => Ok(Token::End),
                    _ => Err(self.error(ValueErrorKind::Incomplete)),
                };
            };
            match (self.expect, byte) {
                (Expect::End, _) => return Err(self.error(ValueErrorKind::Trailing)),
                (Expect::Colon, b':') => {
                    self.offset_bytes += 1;
                    self.expect = Expect::Plain;
                    return Ok(Token::Colon);
                }
                (Expect::Comma, b',') => {
                    self.offset_bytes += 1;
                    self.expect = Expect::Value { or_end: true };
                }
                (Expect::Comma | Expect::Value { or_end: true }, b']' | b')' | b'}') => {
                    return self.close(byte);
                }
                (Expect::Value { .. } | Expect::Plain, _) => return self.value(rest, byte),
                _ => return Err(self.error(ValueErrorKind::Unexpected)),
            }
        }
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.offset_bytes..];
        let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        self.offset_bytes += rest.iter().position(is_text).unwrap_or(rest.len());
    }

    fn error(&self, kind: ValueErrorKind) -> ValueError {
        ValueError {
            offset_bytes: self.offset_bytes,
            kind,
        }
    }

    fn value(&mut self, rest: &'a [u8], byte: u8) -> Result<Token<'a>, ValueError> {
        match byte {
            b'[' => self.open(Container::List, Token::ListStart),
            b'(' => self.open(Container::Tuple, Token::TupleStart),
            b'{' => self.open(Container::Dict, Token::DictStart),
            b'\'' | b'"' => {
                let inside = self.quoted(rest, false)?;
                Ok(self.done(inside.len() + 2, Token::Str(RawStr(inside))))
            }
            b'b' if matches!(rest.get(1), Some(b'\'' | b'"')) => {
                let inside = self.quoted(&rest[1..], true)?;
                Ok(self.done(inside.len() + 3, Token::Bytes(RawBytes(inside))))
            }
            _ => self.word(rest),
        }
    }

    fn open(
        &mut self,
        container: Container,
        token: Token<'static>,
    ) -> Result<Token<'a>, ValueError> {
        // The key of a dict is never a list or a dict; a tuple as a key would need a place to
        // remember that a colon follows it.
        if self.expect != Expect::Plain && self.innermost() == Some(Container::Dict) {
            return Err(self.error(ValueErrorKind::Unexpected));
        }
        if self.depth == DEPTH_MAX {
            return Err(self.error(ValueErrorKind::TooDeep));
        }
        self.open = self.open << 2 | container as u64;
        self.depth += 1;
        self.offset_bytes += 1;
        self.expect = Expect::Value { or_end: true };
        Ok(token)
    }

    fn close(&mut self, byte: u8) -> Result<Token<'a>, ValueError> {
        let token = match (self.innermost(), byte) {
            (Some(Container::List), b']') => Token::ListEnd,
            (Some(Container::Tuple), b')') => Token::TupleEnd,
            (Some(Container::Dict), b'}') => Token::DictEnd,
            _ => return Err(self.error(ValueErrorKind::Unexpected)),
        };
        self.open >>= 2;
        self.depth -= 1;
        self.expect = Expect::Plain;
        Ok(self.done(1, token))
    }

    fn innermost(&self) -> Option<Container> {
        match (self.depth, self.open & 3) {
            (0, _) => None,
            (_, 0) => Some(Container::List),
            (_, 1) => Some(Container::Tuple),
            _ => Some(Container::Dict),
        }
    }

    /// A value of `len_bytes` has ended: what may follow it.
    fn done(&mut self, len_bytes: usize, token: Token<'a>) -> Token<'a> {
        self.offset_bytes += len_bytes;
        let is_key = matches!(self.expect, Expect::Value { .. });
        self.expect = match self.innermost() {
            None => Expect::End,
            Some(Container::Dict) if is_key => Expect::Colon,
            Some(_) => Expect::Comma,
        };
        token
    }

    /// The inside of the literal that `text` starts with, checked.
    fn quoted(&self, text: &'a [u8], is_bytes: bool) -> Result<&'a [u8], ValueError> {
        let quote = text[0];
        let text = &text[1..];
        let mut at = 0;
        loop {
            match text.get(at) {
                None => return Err(self.error(ValueErrorKind::Incomplete)),
                Some(&byte) if byte == quote => return Ok(&text[..at]),
                Some(b'\r' | b'\n') => return Err(self.error(ValueErrorKind::Unexpected)),
                Some(_) => {}
            }
            match unit(&text[at..]) {
                Some((Unit::Code(code), _)) if is_bytes && code > 0xFF => {
                    return Err(self.error(ValueErrorKind::Unexpected));
                }
                Some((_, used)) => at += used,
                None => return Err(self.error(ValueErrorKind::Unexpected)),
            }
        }
    }

    /// A number, a constant, or the name of a field.
    fn word(&mut self, rest: &'a [u8]) -> Result<Token<'a>, ValueError> {
        let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._".contains(byte);
        let len = rest.iter().position(|byte| !in_word(byte));
        let len = len.unwrap_or(rest.len());
        let unexpected = self.error(ValueErrorKind::Unexpected);
        let word = core::str::from_utf8(&rest[..len]).map_err(|_| unexpected)?;
        let is_element = self.expect != Expect::Plain;
        if rest.get(len) == Some(&b'=') && is_element && self.innermost() == Some(Container::Tuple)
        {
            let starts_well = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !starts_well || word.contains(['+', '-', '.']) {
                return Err(unexpected);
            }
            self.offset_bytes += len + 1;
            self.expect = Expect::Plain;
            return Ok(Token::Field(word));
        }
        let token = match word {
            "None" => Token::None,
            "True" => Token::Bool(true),
            "False" => Token::Bool(false),
            "nan" | "-nan" | "inf" | "-inf" => Token::Float(word),
            _ => match int(word) {
                Some(Some(value)) => Token::Int(value),
                Some(None) => return Err(self.error(ValueErrorKind::IntTooBig)),
                None if is_float(word) => Token::Float(word),
                None => return Err(unexpected),
            },
        };
        Ok(self.done(len, token))
    }
}

/// The integer that `word` is, with `Some(None)` for one outside 64 bits.
fn int(word: &str) -> Option<Option<i64>> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(word.parse().ok())
}

fn is_float(word: &str) -> bool {
    let number = word.strip_prefix('-').unwrap_or(word);
    number.starts_with(|c: char| c.is_ascii_digit())
        && number.contains(['.', 'e'])
        && number.parse::<f64>().is_ok()
}

/// One unit of a literal: a byte that stands for itself, or an escape.
#[derive(Clone, Copy, Debug)]
enum Unit {
    Byte(u8),
    Code(u32),
}

/// The first unit of `text` and its length; `None` at the end and for a wrong escape.
fn unit(text: &[u8]) -> Option<(Unit, usize)> {
    let (&first, rest) = text.split_first()?;
    if first != b'\\' {
        return Some((Unit::Byte(first), 1));
    }
    let (code, used) = match rest.first()? {
        byte @ (b'\\' | b'\'' | b'"') => (u32::from(*byte), 1),
        b'n' => (u32::from(b'\n'), 1),
        b'r' => (u32::from(b'\r'), 1),
        b't' => (u32::from(b'\t'), 1),
        b'x' => (hex(rest, 2)?, 3),
        b'u' => (hex(rest, 4)?, 5),
        b'U' => (hex(rest, 8)?, 9),
        _ => return None,
    };
    Some((Unit::Code(code), 1 + used))
}

/// The value of `digits` hexadecimal digits after the letter `text` starts with.
fn hex(text: &[u8], digits: usize) -> Option<u32> {
    let digits = text.get(1..=digits)?;
    digits.iter().try_fold(0_u32, |value, &digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}

struct Chars<'a>(&'a [u8]);

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let (unit, used) = unit(self.0)?;
        if let Unit::Code(code) = unit {
            self.0 = &self.0[used..];
            return Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let longest = self.0.len().min(4);
        let found = (1..=longest).find_map(|len| {
            let text = core::str::from_utf8(&self.0[..len]).ok()?;
            Some((text.chars().next()?, len))
        });
        let (character, len) = found.unwrap_or((char::REPLACEMENT_CHARACTER, 1));
        self.0 = &self.0[len..];
        Some(character)
    }
}

#[cfg(test)]
mod tests;
