//! Strings and what they share with `bytes`: making, searching, cutting, and their methods.

use crate::heap::Ref;
use crate::names as q;
use crate::native::{ANY, Args, Entry, Item, KEYWORDS, function, item};
use crate::ops::format::{Piece, Sink};
use crate::ops::index::Span;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::str_methods as methods;
use crate::types::{Blob, Bytes, Str, TypeId, decode};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    function(q::find, methods::find_first, 2, 4),
    function(q::rfind, methods::find_last, 2, 4),
    function(q::index, methods::index_first, 2, 4),
    function(q::rindex, methods::index_last, 2, 4),
    function(q::join, methods::join, 2, 2),
    function(q::split, methods::split, 1, KEYWORDS | 3),
    function(q::splitlines, methods::splitlines, 1, KEYWORDS | 2),
    function(q::rsplit, methods::rsplit, 1, 3),
    function(q::startswith, methods::startswith, 2, 4),
    function(q::endswith, methods::endswith, 2, 4),
    function(q::strip, methods::strip_both, 1, 2),
    function(q::lstrip, methods::strip_left, 1, 2),
    function(q::rstrip, methods::strip_right, 1, 2),
    function(
        q::format,
        crate::ops::printf::format_method,
        1,
        KEYWORDS | ANY,
    ),
    function(q::replace, methods::replace, 3, 4),
    function(q::count, methods::count, 2, 4),
    function(q::partition, methods::partition, 2, 2),
    function(q::rpartition, methods::rpartition, 2, 2),
    function(q::center, methods::center, 2, 2),
    function(q::lower, methods::lower, 1, 1),
    function(q::upper, methods::upper, 1, 1),
    function(q::isspace, methods::isspace, 1, 1),
    function(q::isalpha, methods::isalpha, 1, 1),
    function(q::isdigit, methods::isdigit, 1, 1),
    function(q::isupper, methods::isupper, 1, 1),
    function(q::islower, methods::islower, 1, 1),
    function(q::encode, methods::encode, 1, 3),
];

pub(crate) const BYTES_ENTRIES: &[Entry] = &[
    function(q::find, methods::find_first, 2, 4),
    function(q::rfind, methods::find_last, 2, 4),
    function(q::index, methods::index_first, 2, 4),
    function(q::rindex, methods::index_last, 2, 4),
    function(q::join, methods::join, 2, 2),
    function(q::split, methods::split, 1, KEYWORDS | 3),
    function(q::splitlines, methods::splitlines, 1, KEYWORDS | 2),
    function(q::rsplit, methods::rsplit, 1, 3),
    function(q::startswith, methods::startswith, 2, 4),
    function(q::endswith, methods::endswith, 2, 4),
    function(q::strip, methods::strip_both, 1, 2),
    function(q::lstrip, methods::strip_left, 1, 2),
    function(q::rstrip, methods::strip_right, 1, 2),
    function(
        q::format,
        crate::ops::printf::format_method,
        1,
        KEYWORDS | ANY,
    ),
    function(q::replace, methods::replace, 3, 4),
    function(q::count, methods::count, 2, 4),
    function(q::partition, methods::partition, 2, 2),
    function(q::rpartition, methods::rpartition, 2, 2),
    function(q::center, methods::center, 2, 2),
    function(q::lower, methods::lower, 1, 1),
    function(q::upper, methods::upper, 1, 1),
    function(q::isspace, methods::isspace, 1, 1),
    function(q::isalpha, methods::isalpha, 1, 1),
    function(q::isdigit, methods::isdigit, 1, 1),
    function(q::isupper, methods::isupper, 1, 1),
    function(q::islower, methods::islower, 1, 1),
    function(q::decode, decode::decode, 1, 3),
    function(q::hex, crate::types::bytes::hex, 1, 2),
    item(
        q::fromhex,
        Item::ClassFunction(crate::types::bytes::fromhex, 2, 2),
    ),
];

/// How many bytes the character with this first byte takes.
pub(crate) fn char_len(first: u8) -> usize {
    match first {
        0..=0xbf => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    }
}

/// Whether a byte is white space in Python.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, 9..=13 | b' ')
}

/// The first place of `needle`.
pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [] => Some(0),
        [byte] => haystack.iter().position(|other| other == byte),
        _ => haystack
            .windows(needle.len())
            .position(|window| window == needle),
    }
}

/// The last place of `needle`.
pub(crate) fn rfind(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return Some(haystack.len());
    }
    haystack
        .windows(needle.len())
        .rposition(|window| window == needle)
}

/// A code point as UTF-8: the bytes and how many.
pub(crate) fn encode_char(code: u32) -> ([u8; 4], usize) {
    match code {
        0..=0x7f => ([code as u8, 0, 0, 0], 1),
        0x80..=0x7ff => (
            [0xc0 | (code >> 6) as u8, 0x80 | (code & 0x3f) as u8, 0, 0],
            2,
        ),
        0x800..=0xffff => (
            [
                0xe0 | (code >> 12) as u8,
                0x80 | (code >> 6 & 0x3f) as u8,
                0x80 | (code & 0x3f) as u8,
                0,
            ],
            3,
        ),
        _ => (
            [
                0xf0 | (code >> 18) as u8,
                0x80 | (code >> 12 & 0x3f) as u8,
                0x80 | (code >> 6 & 0x3f) as u8,
                0x80 | (code & 0x3f) as u8,
            ],
            4,
        ),
    }
}

/// The code point at the start of some text, and how many bytes it takes.
pub(crate) fn decode_char(text: &[u8]) -> (u32, usize) {
    let Some(&first) = text.first() else {
        return (0, 0);
    };
    let len = char_len(first).min(text.len());
    let mask = [0x7f, 0x1f, 0x0f, 0x07][len - 1];
    let start = if len == 1 {
        u32::from(first)
    } else {
        u32::from(first & mask)
    };
    (
        text[1..len]
            .iter()
            .fold(start, |code, &byte| code << 6 | u32::from(byte & 0x3f)),
        len,
    )
}

/// Whether bytes are UTF-8 as MicroPython checks it: continuation bytes follow their first byte.
pub(crate) fn is_utf8(bytes: &[u8]) -> bool {
    let mut need = 0;
    for &byte in bytes {
        if need > 0 {
            if byte & 0xc0 != 0x80 {
                return false;
            }
            need -= 1;
        } else if byte >= 0x80 {
            if !(0xc0..0xf8).contains(&byte) {
                return false;
            }
            need = char_len(byte) - 1;
        }
    }
    need == 0
}

impl Vm<'_> {
    /// The bytes of a string or bytes object.
    #[inline]
    pub fn bytes_of(&self, value: Value) -> &[u8] {
        if let Some(name) = value.as_qstr() {
            return self.qstr_text(name);
        }
        if let Some(object) = self.heap.cast::<Str>(value) {
            return self.heap.tail(object);
        }
        if let Some(object) = self.heap.cast::<Bytes>(value) {
            return self.heap.tail(object);
        }
        if let Some(object) = self.heap.cast::<Blob>(value) {
            return self.heap.tail(object);
        }
        self.buffer_bytes(value).unwrap_or(&[])
    }

    /// The bytes of a string, or of anything with a buffer.
    pub fn text_or_bytes(&self, value: Value) -> Option<&[u8]> {
        if self.is_str(value) {
            Some(self.bytes_of(value))
        } else {
            self.buffer_bytes(value)
        }
    }

    /// Makes a string of bytes that are not in the heap.
    pub fn new_str(&mut self, text: &[u8]) -> Result<Value> {
        let object = self.alloc_tailed(Str { hash: 0 }, text.len(), 0)?;
        self.heap.tail_mut(object).copy_from_slice(text);
        Ok(object.value())
    }

    /// A copy of a range of the bytes of `source`, as a string or as bytes.
    pub fn copy_range(
        &mut self,
        source: Value,
        from: usize,
        to: usize,
        text: bool,
    ) -> Result<Value> {
        let len = to - from;
        let mut chunk = [0; 64];
        if text && len <= chunk.len() {
            // Short texts are often interned already, and are then free.
            chunk[..len].copy_from_slice(&self.bytes_of(source)[from..to]);
            if len <= 1 || len <= 10 {
                let hash = crate::intern::hash(&chunk[..len]);
                if let Some(name) = self.find_qstr(&chunk[..len], hash) {
                    return Ok(Value::qstr(name));
                }
            }
            return self.new_str(&chunk[..len]);
        }
        self.push(source)?;
        let made = match text {
            true => self.alloc_tailed(Str { hash: 0 }, len, 0).map(Ref::value),
            false => self.alloc_tailed(Bytes, len, 0).map(Ref::value),
        };
        self.pop();
        let made = made?;
        self.copy_into(made, 0, source, from, to);
        Ok(made)
    }

    /// Copies bytes of one object into the tail of a fresh string or bytes object.
    pub(crate) fn copy_into(
        &mut self,
        target: Value,
        at: usize,
        source: Value,
        from: usize,
        to: usize,
    ) {
        let mut chunk = [0; 256];
        let mut done = from;
        while done < to {
            let len = (to - done).min(chunk.len());
            chunk[..len].copy_from_slice(&self.bytes_of(source)[done..done + len]);
            let place = at + done - from;
            if let Some(object) = self.heap.cast::<Str>(target) {
                self.heap.tail_mut(object)[place..place + len].copy_from_slice(&chunk[..len]);
            } else if let Some(object) = self.heap.cast::<Bytes>(target) {
                self.heap.tail_mut(object)[place..place + len].copy_from_slice(&chunk[..len]);
            } else if let Some(object) = self.heap.cast::<Blob>(target) {
                self.heap.tail_mut(object)[place..place + len].copy_from_slice(&chunk[..len]);
            }
            done += len;
        }
    }

    /// A part of a string, by byte offsets.
    pub(crate) fn substring(&mut self, source: Value, from: usize, to: usize) -> Result<Value> {
        self.copy_range(source, from, to, true)
    }

    /// A part of a string or of bytes, of the same type.
    pub(crate) fn same_kind(&mut self, source: Value, from: usize, to: usize) -> Result<Value> {
        let text = self.is_str(source);
        if !text && self.heap.cast::<crate::types::Array>(source).is_some() {
            let bytes = self.copy_range(source, from, to, false)?;
            return self.bytearray_from(bytes);
        }
        self.copy_range(source, from, to, text)
    }

    /// A string of all bytes of something with a buffer, which must be UTF-8.
    pub fn str_from_bytes(&mut self, source: Value) -> Result<Value> {
        let bytes = self.bytes_of(source);
        let len = bytes.len();
        if !is_utf8(bytes) {
            return Err(self.raise_text(TypeId::UnicodeError, b""));
        }
        self.copy_range(source, 0, len, true)
    }

    /// How many characters a string has.
    pub(crate) fn str_len(&self, value: Value) -> usize {
        let text = self.bytes_of(value);
        if text.is_ascii() {
            text.len()
        } else {
            text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
        }
    }

    /// The byte offset of a character.
    pub(crate) fn offset(&self, value: Value, index: usize) -> usize {
        let text = self.bytes_of(value);
        let starts = text
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte & 0xc0 != 0x80);
        starts.map(|(at, _)| at).nth(index).unwrap_or(text.len())
    }

    /// `text[index]`
    pub(crate) fn char_at(&mut self, value: Value, index: Value) -> Result<Value> {
        let len = self.str_len(value);
        let at = self.index(TypeId::Str, index, len)?;
        let text = self.bytes_of(value);
        let from = if len == text.len() {
            at
        } else {
            self.offset(value, at)
        };
        let to = from + char_len(self.bytes_of(value)[from]);
        self.substring(value, from, to)
    }

    /// `text[start:stop:step]`
    pub(crate) fn slice_text(&mut self, value: Value, span: Span) -> Result<Value> {
        let ascii = self.bytes_of(value).len() == self.str_len(value);
        if span.step == 1 {
            let (from, to) = (span.start, span.start + span.count);
            let (from, to) = if ascii {
                (from, to)
            } else {
                (self.offset(value, from), self.offset(value, to))
            };
            return self.substring(value, from, to);
        }
        Err(self.only_step_one())
    }

    pub(crate) fn concat_text(&mut self, left: Value, right: Value) -> Result<Value> {
        let (a, b) = (self.bytes_of(left).len(), self.bytes_of(right).len());
        if a == 0 {
            return Ok(right);
        }
        if b == 0 {
            return Ok(left);
        }
        let joined = self.alloc_tailed(Str { hash: 0 }, a + b, 0)?.value();
        self.copy_into(joined, 0, left, 0, a);
        self.copy_into(joined, a, right, 0, b);
        Ok(joined)
    }

    /// `text * times`
    pub(crate) fn repeat_bytes(&mut self, value: Value, times: usize) -> Result<Value> {
        let len = self.bytes_of(value).len();
        let Some(total) = len.checked_mul(times) else {
            return Err(self.no_memory(usize::MAX >> 1));
        };
        let made = match self.is_str(value) {
            true => self.alloc_tailed(Str { hash: 0 }, total, 0)?.value(),
            false => self.alloc_tailed(Bytes, total, 0)?.value(),
        };
        for number in 0..times {
            self.copy_into(made, number * len, value, 0, len);
        }
        Ok(made)
    }

    /// Writes a string or bytes in quotes, with escapes for what is not printable.
    pub(crate) fn put_quoted(&mut self, sink: Sink, value: Value) -> Result<()> {
        let text = self.is_str(value);
        let bytes = self.bytes_of(value);
        let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
            b'"'
        } else {
            b'\''
        };
        self.put(sink, &[quote])?;
        let mut at = 0;
        while at < self.bytes_of(value).len() {
            let bytes = self.bytes_of(value);
            let byte = bytes[at];
            let mut escape = [b'\\', byte, 0, 0];
            let (code, len) = if text {
                decode_char(&bytes[at..])
            } else {
                (u32::from(byte), 1)
            };
            match byte {
                b'\\' => self.put(sink, &escape[..2])?,
                b'\n' | b'\r' | b'\t' => {
                    escape[1] = match byte {
                        b'\n' => b'n',
                        b'\r' => b'r',
                        _ => b't',
                    };
                    self.put(sink, &escape[..2])?;
                }
                _ if byte == quote => self.put(sink, &escape[..2])?,
                0x20..=0x7e => self.put(sink, &[byte])?,
                _ if text && matches!(code, 0x80..0xd800 | 0xe000..0x11_0000) => {
                    let mut letter = [0; 4];
                    letter[..len].copy_from_slice(&bytes[at..at + len]);
                    self.put(sink, &letter[..len])?;
                }
                // What is no character: MicroPython lets it into strings.
                _ if code > 0xff => {
                    let mut long = *b"\\U00000000";
                    let from = if code > 0xffff { 2 } else { 6 };
                    for (place, digit) in long[2..].iter_mut().enumerate() {
                        *digit = b"0123456789abcdef"[(code >> (28 - 4 * place) & 0xf) as usize];
                    }
                    let start: &[u8] = if from == 2 { b"\\U" } else { b"\\u" };
                    self.put(sink, start)?;
                    self.put(sink, &long[from..])?;
                }
                _ => {
                    escape[1] = b'x';
                    escape[2] = b"0123456789abcdef"[(code >> 4 & 0xf) as usize];
                    escape[3] = b"0123456789abcdef"[(code & 0xf) as usize];
                    self.put(sink, &escape)?;
                }
            }
            at += len.max(1);
        }
        self.put(sink, &[quote])
    }

    /// `self` of a method, and an argument that must be of the same kind.
    pub(crate) fn same_argument(&mut self, args: Args, index: usize) -> Result<(Value, Value)> {
        let this = self.native_of(args.at(self, 0));
        let other = self.native_of(args.at(self, index));
        let fits = if self.is_str(this) {
            self.is_str(other)
        } else {
            self.buffer_bytes(other).is_some()
        };
        if fits {
            return Ok((this, other));
        }
        let name = self.type_name(other);
        if self.is_str(this) {
            return Err(self.no_conversion(name));
        }
        Err(self.type_error(b"object with buffer protocol required"))
    }

    /// The range of bytes optional start and stop arguments select.
    pub(crate) fn bounds(
        &mut self,
        this: Value,
        args: Args,
        first: usize,
    ) -> Result<(usize, usize)> {
        let chars = self.is_str(this) && self.bytes_of(this).len() != self.str_len(this);
        let len = if chars {
            self.str_len(this)
        } else {
            self.bytes_of(this).len()
        };
        let start = args.get(self, first).unwrap_or(Value::NONE);
        let stop = args.get(self, first + 1).unwrap_or(Value::NONE);
        let given = start.as_small().is_some_and(|start| start > len as isize);
        let span = self.span(start, stop, Value::NONE, len)?;
        let (from, to) = (span.start, span.start + span.count);
        if given {
            // Behind the end not even the empty text is found.
            return Ok((usize::MAX, usize::MAX));
        }
        Ok(if chars {
            (self.offset(this, from), self.offset(this, to))
        } else {
            (from, to)
        })
    }
}

/// `str(object='', encoding=..., errors=...)`
pub(crate) fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count > 3 {
        return Err(vm.wrong_count(0, 3, args.count));
    }
    let Some(value) = args.either(vm, 0, q::object) else {
        return Ok(Value::qstr(q::empty));
    };
    if args.count == 1 && args.keywords == 0 {
        return vm.to_str(value);
    }
    if vm.buffer_bytes(value).is_none() {
        return Err(vm.type_error(b"object with buffer protocol required"));
    }
    decode::decoded(vm, value, args)
}

/// The error of a method that needs a string.
pub(crate) fn str_expected(vm: &mut Vm<'_>, value: Value) -> Raised {
    let name = vm.type_name(value);
    vm.raise(
        TypeId::TypeError,
        &[
            Piece::Text(b"can't convert '"),
            Piece::Name(name),
            Piece::Text(b"' object to str implicitly"),
        ],
    )
}
