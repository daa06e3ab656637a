//! Where text goes, and small messages.
//!
//! A [`Sink`] is the console, a buffer in the heap or any object with `write`. Text is written piece by piece, so
//! that printing to the console allocates nothing.

use super::stream::{EAGAIN, Fault};
use crate::heap::Ref;
use crate::intern::Qstr;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Array, Blob, Bytes};
use crate::value::Value;

/// A part of a message.
#[derive(Clone, Copy)]
pub enum Piece<'a> {
    /// Bytes as they are.
    Text(&'a [u8]),
    /// The text of an interned string.
    Name(Qstr),
    /// A decimal number.
    Number(isize),
    /// The text of a string value.
    Str(Value),
    /// `repr` of a value.
    Repr(Value),
}

/// Where text goes.
#[derive(Clone, Copy)]
pub enum Sink {
    /// The console.
    Out,
    /// The console's error stream.
    Err,
    /// A buffer in the heap.
    Buffer(Ref<Array>),
    /// An object with a method `write`.
    Object(Value),
}

impl Vm<'_> {
    /// A new buffer; the caller roots it or is quick.
    pub fn new_buffer(&mut self) -> Result<Ref<Array>> {
        self.alloc(Array {
            items: crate::heap::Vector::new(),
            typecode: 0,
        })
    }

    /// Writes bytes that are not in the heap.
    pub fn put(&mut self, sink: Sink, bytes: &[u8]) -> Result<()> {
        match sink {
            Sink::Out => self.host.write_out(bytes),
            Sink::Err => self.host.write_err(bytes),
            Sink::Buffer(buffer) => {
                self.reserve_doubling(|vm| &mut vm.heap[buffer].items, bytes.len())?;
                let items = &mut self.heap[buffer].items;
                for &byte in bytes {
                    items.push_within(byte);
                }
            }
            Sink::Object(object) => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    match self.stream_write(object, rest) {
                        Ok(0) | Err(Fault::Errno(EAGAIN)) => break,
                        Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                        Err(fault) => return Err(self.raise_fault(fault)),
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes the text of a string value or the bytes of a bytes value.
    pub fn put_value(&mut self, sink: Sink, value: Value) -> Result<()> {
        let len = self.bytes_of(value).len();
        self.put_part(sink, value, 0, len)
    }

    /// Writes a part of the bytes of a value.
    pub(crate) fn put_part(
        &mut self,
        sink: Sink,
        value: Value,
        from: usize,
        to: usize,
    ) -> Result<()> {
        if let Some(name) = value.as_qstr()
            && usize::from(name.0) <= crate::names::ROM_COUNT
        {
            let text = crate::names::rom_text(usize::from(name.0)).as_bytes();
            return self.put(sink, &text[from..to]);
        }
        // Copied through a small buffer: a sink may be anywhere in the heap.
        let mut chunk = [0; 64];
        let mut at = from;
        while at < to {
            let len = (to - at).min(chunk.len());
            let len = if to - at > len {
                self.whole_chars(value, at, len)
            } else {
                len
            };
            chunk[..len].copy_from_slice(&self.bytes_of(value)[at..at + len]);
            self.put(sink, &chunk[..len])?;
            at += len;
        }
        Ok(())
    }

    /// Shortens a length so that no character is cut.
    fn whole_chars(&self, value: Value, at: usize, len: usize) -> usize {
        let bytes = self.bytes_of(value);
        let mut end = at + len;
        while end > at + 1 && bytes[end] & 0xc0 == 0x80 {
            end -= 1;
        }
        end - at
    }

    /// Writes a decimal number.
    pub fn put_number(&mut self, sink: Sink, number: isize) -> Result<()> {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            self.put(sink, b"-")?;
        }
        self.put(sink, &digits[at..])
    }

    /// Joins pieces to a string.
    pub(crate) fn format_pieces(&mut self, pieces: &[Piece<'_>]) -> Result<Value> {
        let buffer = self.new_buffer()?;
        self.push(buffer.value())?;
        for &piece in pieces {
            self.put_piece(Sink::Buffer(buffer), piece)?;
        }
        let text = self.take_text(buffer)?;
        self.pop();
        Ok(text)
    }

    fn put_piece(&mut self, sink: Sink, piece: Piece<'_>) -> Result<()> {
        match piece {
            Piece::Text(text) => self.put(sink, text),
            Piece::Name(name) => self.put_value(sink, Value::qstr(name)),
            Piece::Number(number) => self.put_number(sink, number),
            Piece::Str(value) if self.is_str(value) => self.put_value(sink, value),
            Piece::Str(value) | Piece::Repr(value) => self.put_repr(sink, value),
        }
    }

    /// Makes a string of what a buffer holds, and frees its storage.
    pub fn take_text(&mut self, buffer: Ref<Array>) -> Result<Value> {
        self.push(buffer.value())?;
        let text = self.str_from_bytes(buffer.value());
        self.pop();
        self.release_buffer(buffer);
        text
    }

    /// Makes `bytes` of what a buffer holds, and frees its storage.
    pub fn take_bytes(&mut self, buffer: Ref<Array>) -> Result<Value> {
        let len = self.heap[buffer].items.len();
        self.push(buffer.value())?;
        let bytes = self.alloc_tailed(Bytes, len, 0)?;
        self.pop();
        let items = self.heap[buffer].items;
        self.heap.copy_tail(bytes, 0, items);
        self.release_buffer(buffer);
        Ok(bytes.value())
    }

    pub(crate) fn release_buffer(&mut self, buffer: Ref<Array>) {
        if let Some(address) = self.heap[buffer].items.address() {
            self.heap[buffer].items = crate::heap::Vector::new();
            self.heap.free_storage(address);
        }
    }

    /// A blob of this many bytes, all 0.
    pub(crate) fn new_blob(&mut self, len: usize) -> Result<Ref<Blob>> {
        self.alloc_tailed(Blob, len, 0)
    }
}
