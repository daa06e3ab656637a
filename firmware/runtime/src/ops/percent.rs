//! `%` formatting.

use crate::ops::format::{Piece, Sink};
use crate::ops::printf::{Source, Spec};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::float::{self};
use crate::types::{Dict, TypeId};
use crate::value::Value;

impl Vm<'_> {
    // ---- % -----------------------------------------------------------------------------------------------

    /// `template % arguments`
    pub(crate) fn percent(&mut self, template: Value, arguments: Value) -> Result<Value> {
        let text = self.is_str(template);
        let buffer = self.new_buffer()?;
        let top = self.stack_len();
        self.push(buffer.value())?;
        let sink = Sink::Buffer(buffer);
        let tuple = self.heap.cast::<crate::types::Tuple>(arguments).is_some()
            || self
                .heap
                .cast::<crate::types::NamedTuple>(arguments)
                .is_some();
        let mut source = Source {
            tuple,
            arguments,
            next: 0,
            mapping: None,
        };
        let len = self.bytes_of(template).len();
        let mut at = 0;
        while at < len {
            let plain = self.bytes_of(template)[at..]
                .iter()
                .position(|&byte| byte == b'%')
                .unwrap_or(len - at);
            self.put_part(sink, template, at, at + plain)?;
            at += plain + 1;
            if at > len {
                break;
            }
            if at == len {
                return Err(self.value_error(b"incomplete format"));
            }
            if self.bytes_of(template)[at] == b'%' {
                self.put(sink, b"%")?;
                at += 1;
                continue;
            }
            at = self.put_percent(sink, template, at, &mut source)?;
        }
        let mapped = source.mapping.is_some() || self.heap.cast::<Dict>(arguments).is_some();
        let count = if tuple {
            self.items_of(arguments).map_or(0, <[_]>::len)
        } else {
            1
        };
        if source.next != count && (tuple || !mapped) {
            return Err(self.type_error(b"format string didn't convert all arguments"));
        }
        let result = if text {
            self.take_text(buffer)?
        } else {
            self.take_bytes(buffer)?
        };
        self.truncate(top);
        Ok(result)
    }

    pub(crate) fn next_argument(&mut self, source: &mut Source) -> Result<Value> {
        if let Some(value) = source.mapping.take() {
            source.next = 1;
            source.mapping = None;
            return Ok(value);
        }
        let found = match source.tuple {
            true => self.item_at(source.arguments, source.next),
            false if source.next == 0 => Some(source.arguments),
            false => None,
        };
        source.next += 1;
        match found {
            Some(value) => Ok(value),
            None => Err(self.type_error(b"format string needs more arguments")),
        }
    }

    /// One conversion whose text starts behind the `%`; the offset behind it.
    pub(crate) fn put_percent(
        &mut self,
        sink: Sink,
        template: Value,
        at: usize,
        source: &mut Source,
    ) -> Result<usize> {
        let mut at = at;
        let byte = |vm: &Self, at: usize| vm.bytes_of(template).get(at).copied().unwrap_or(0);
        if byte(self, at) == b'(' {
            let text = self.bytes_of(template);
            let Some(end) = text[at..].iter().position(|&byte| byte == b')') else {
                return Err(self.value_error(b"incomplete format key"));
            };
            if self
                .heap
                .cast::<Dict>(self.native_of(source.arguments))
                .is_none()
            {
                return Err(self.type_error(b"format needs a dict"));
            }
            if end > 256 {
                return Err(self.name_too_long());
            }
            let key = self.substring(template, at + 1, at + end)?;
            let value = self.subscript(source.arguments, key)?;
            source.mapping = Some(value);
            at += end + 1;
        }
        let mut spec = Spec {
            align: b'>',
            ..Spec::PLAIN
        };
        loop {
            match byte(self, at) {
                b'-' => {
                    spec.align = b'<';
                    spec.fill = b' ';
                }
                b'+' => spec.sign = b'+',
                b' ' if spec.sign != b'+' => spec.sign = b' ',
                b' ' => {}
                b'#' => spec.alternate = true,
                b'0' if spec.align != b'<' => {
                    spec.fill = b'0';
                    spec.align = b'=';
                }
                b'0' => {}
                _ => break,
            }
            at += 1;
        }
        let (width, next) = self.percent_number(template, at, source)?;
        at = next;
        if let Some(width) = width {
            if width < 0 {
                spec.align = b'<';
            }
            spec.width = width.unsigned_abs();
        }
        if byte(self, at) == b'.' {
            let (precision, next) = self.percent_number(template, at + 1, source)?;
            at = next;
            spec.precision = Some(precision.unwrap_or(0).max(0) as usize);
        }
        while matches!(byte(self, at), b'l' | b'h' | b'L') {
            at += 1;
        }
        let kind = byte(self, at);
        if kind == 0 && at >= self.bytes_of(template).len() {
            return Err(self.value_error(b"incomplete format"));
        }
        spec.kind = kind;
        let value = self.next_argument(source)?;
        self.put_conversion(sink, template, value, spec, at)?;
        Ok(at + 1)
    }

    pub(crate) fn percent_number(
        &mut self,
        template: Value,
        at: usize,
        source: &mut Source,
    ) -> Result<(Option<isize>, usize)> {
        if self.bytes_of(template).get(at) == Some(&b'*') {
            let value = self.next_argument(source)?;
            return Ok((Some(self.to_isize(value)?), at + 1));
        }
        let digits = self.bytes_of(template)[at.min(self.bytes_of(template).len())..].iter();
        let digits = digits.take_while(|byte| byte.is_ascii_digit());
        let (count, number) = digits.fold((0, 0_isize), |(count, number), byte| {
            (
                count + 1,
                (number * 10 + isize::from(byte - b'0')).min(1 << 20),
            )
        });
        Ok(((count > 0).then_some(number), at + count))
    }

    /// The character with a number.
    pub(crate) fn char_of(&mut self, number: Value) -> Result<Value> {
        let code = self.to_isize(number)?;
        if !(0..0x11_0000).contains(&code) {
            return Err(self.raise_text(TypeId::OverflowError, b"chr() arg not in range(0x110000)"));
        }
        let (bytes, len) = crate::types::str::encode_char(code as u32);
        self.new_str(&bytes[..len])
    }

    pub(crate) fn put_conversion(
        &mut self,
        sink: Sink,
        template: Value,
        value: Value,
        spec: Spec,
        at: usize,
    ) -> Result<()> {
        let native = self.native_of(value);
        match spec.kind {
            b'd' | b'i' | b'u' | b'x' | b'X' | b'o' => {
                let number = match self.float_of(native) {
                    Some(number) => self.int_from_float(float::trunc(number))?,
                    None if self.is_int(native) => native,
                    None => {
                        let number = self.to_isize(value)?;
                        self.new_int(number as i64)?
                    }
                };
                self.put_int_field(sink, number, &spec)
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
                let number = self.to_float(value)?;
                self.put_float_field(sink, number, &spec)
            }
            b'c' => {
                let text = if self.is_str(native) {
                    if self.str_len(native) != 1 {
                        return Err(self.type_error(b"%c needs int or char"));
                    }
                    native
                } else if self.is_int(native) {
                    self.char_of(native)?
                } else {
                    return Err(self.type_error(b"%c needs int or char"));
                };
                self.put_aligned_text(sink, text, spec)
            }
            b's' | b'r' | b'a' => {
                let bytes = !self.is_str(template)
                    && spec.kind == b's'
                    && self.buffer_bytes(native).is_some();
                let text = match (bytes, spec.kind) {
                    (true, _) => native,
                    (false, b's') => self.to_str(value)?,
                    _ => self.to_repr(value)?,
                };
                self.put_aligned_text(sink, text, spec)
            }
            kind => Err(self.raise(
                TypeId::ValueError,
                &[
                    Piece::Text(b"unsupported format character '"),
                    Piece::Text(&[kind]),
                    Piece::Text(b"' (0x"),
                    Piece::Text(&[
                        b"0123456789abcdef"[usize::from(kind >> 4)],
                        b"0123456789abcdef"[usize::from(kind & 15)],
                    ]),
                    Piece::Text(b") at index "),
                    Piece::Number(at as isize),
                ],
            )),
        }
    }

    pub(crate) fn put_aligned_text(&mut self, sink: Sink, text: Value, spec: Spec) -> Result<()> {
        let align = if spec.align == b'<' { b'<' } else { b'>' };
        self.push(text)?;
        self.put_text_field(
            sink,
            text,
            &Spec {
                align,
                fill: b' ',
                ..spec
            },
        )?;
        self.pop();
        Ok(())
    }
}
