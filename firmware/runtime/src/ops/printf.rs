//! `%` formatting, `str.format` and `format()`.

use crate::intern::Qstr;
use crate::names as q;
use crate::native::Args;
use crate::ops::format::{Piece, Sink};
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::TypeId;
use crate::types::float::{self, MAX_DIGITS, Style};
use crate::value::Value;

/// A format specification.
#[derive(Clone, Copy)]
pub(crate) struct Spec {
    pub(crate) fill: u8,
    pub(crate) align: u8,
    pub(crate) sign: u8,
    pub(crate) alternate: bool,
    pub(crate) width: usize,
    pub(crate) group: u8,
    /// Fill with zeros, unless an alignment was given.
    pub(crate) zero: bool,
    pub(crate) precision: Option<usize>,
    pub(crate) kind: u8,
}

impl Spec {
    pub(crate) const PLAIN: Spec = Spec {
        fill: b' ',
        align: 0,
        sign: b'-',
        alternate: false,
        width: 0,
        group: 0,
        zero: false,
        precision: None,
        kind: 0,
    };
}

/// Reads `[[fill]align][sign][#][0][width][,][.precision][type]`. `None` if there is more.
pub(crate) fn parse_spec(text: &[u8]) -> Option<Spec> {
    let mut spec = Spec::PLAIN;
    let mut at = 0;
    let is_align = |byte: Option<&u8>| matches!(byte, Some(b'<' | b'>' | b'=' | b'^'));
    if is_align(text.get(1)) {
        spec.fill = text[0];
        spec.align = text[1];
        at = 2;
    } else if is_align(text.first()) {
        spec.align = text[0];
        at = 1;
    }
    if let Some(&sign @ (b'+' | b'-' | b' ')) = text.get(at) {
        spec.sign = sign;
        at += 1;
    }
    if text.get(at) == Some(&b'#') {
        spec.alternate = true;
        at += 1;
    }
    if text.get(at) == Some(&b'0') {
        if spec.align == 0 {
            spec.zero = true;
            spec.align = b'=';
            spec.fill = b'0';
        } else if !is_align(text.get(1)) {
            spec.fill = b'0';
        }
        at += 1;
    }
    let number = |at: &mut usize| {
        let start = *at;
        let mut value = 0_usize;
        while let Some(digit) = text.get(*at).filter(|byte| byte.is_ascii_digit()) {
            value = value
                .saturating_mul(10)
                .saturating_add(usize::from(digit - b'0'))
                .min(1 << 20);
            *at += 1;
        }
        (*at > start).then_some(value)
    };
    spec.width = number(&mut at).unwrap_or(0);
    if let Some(&group @ (b',' | b'_')) = text.get(at) {
        spec.group = group;
        at += 1;
    }
    if text.get(at) == Some(&b'.') {
        at += 1;
        spec.precision = Some(number(&mut at).unwrap_or(0));
    }
    if let Some(&kind) = text.get(at) {
        spec.kind = kind;
        at += 1;
    }
    (at == text.len()).then_some(spec)
}

impl Vm<'_> {
    pub(crate) fn put_padding(&mut self, sink: Sink, fill: u8, count: usize) -> Result<()> {
        for _ in 0..count {
            self.put(sink, &[fill])?;
        }
        Ok(())
    }

    /// Writes sign, prefix and body within a width.
    pub(crate) fn put_field(
        &mut self,
        sink: Sink,
        spec: &Spec,
        sign: &[u8],
        prefix: &[u8],
        body: Value,
        chars: usize,
    ) -> Result<()> {
        let len = sign.len() + prefix.len() + chars;
        let pad = spec.width.saturating_sub(len);
        let (before, inside, after) = match spec.align {
            b'<' => (0, 0, pad),
            b'^' => (pad / 2, 0, pad - pad / 2),
            b'=' => (0, pad, 0),
            _ => (pad, 0, 0),
        };
        self.put_padding(sink, spec.fill, before)?;
        self.put(sink, sign)?;
        self.put(sink, prefix)?;
        self.put_padding(sink, spec.fill, inside)?;
        self.put_value(sink, body)?;
        self.put_padding(sink, spec.fill, after)
    }

    pub(crate) fn sign_of(spec: &Spec, negative: bool) -> &'static [u8] {
        match (negative, spec.sign) {
            (true, _) => b"-",
            (false, b'+') => b"+",
            (false, b' ') => b" ",
            _ => b"",
        }
    }

    /// Writes an integer as a specification says.
    pub(crate) fn put_int_field(&mut self, sink: Sink, value: Value, spec: &Spec) -> Result<()> {
        let (base, upper) = match spec.kind {
            b'b' => (2, false),
            b'o' => (8, false),
            b'x' => (16, false),
            b'X' => (16, true),
            _ => (10, false),
        };
        let group = match (spec.group, base) {
            (0, _) => None,
            (group, 10) => Some((group, 3)),
            (group, _) => Some((group, 4)),
        };
        let negative = self.is_negative(value);
        let prefix: &[u8] = match (spec.alternate, spec.kind) {
            (true, b'b') => b"0b",
            (true, b'o') => b"0o",
            (true, b'x') => b"0x",
            (true, b'X') => b"0X",
            _ => b"",
        };
        let sign = Self::sign_of(spec, negative);
        let text = self.int_text(value, base, upper, None)?;
        self.push(text)?;
        let first = usize::from(negative);
        let count = self.bytes_of(text).len() - first;
        // A precision asks for that many digits; zeros that fill a width are grouped with the others.
        let mut wanted = count.max(spec.precision.unwrap_or(0));
        let grouped = |digits: usize| {
            group.map_or(digits, |(_, size)| digits + digits.saturating_sub(1) / size)
        };
        if spec.zero && group.is_some() {
            while sign.len() + prefix.len() + grouped(wanted) < spec.width {
                wanted += 1;
            }
        }
        let buffer = self.new_buffer()?;
        self.push(buffer.value())?;
        for place in (0..wanted).rev() {
            let digit = if place < count {
                self.bytes_of(text)[first + count - 1 - place]
            } else {
                b'0'
            };
            self.put(Sink::Buffer(buffer), &[digit])?;
            if let Some((separator, _)) = group.filter(|&(_, size)| place > 0 && place % size == 0)
            {
                self.put(Sink::Buffer(buffer), &[separator])?;
            }
        }
        let digits = self.take_text(buffer)?;
        self.push(digits)?;
        self.put_field(sink, spec, sign, prefix, digits, grouped(wanted))?;
        for _ in 0..3 {
            self.pop();
        }
        Ok(())
    }

    /// Writes a float as a specification says.
    pub(crate) fn put_float_field(
        &mut self,
        sink: Sink,
        number: float::Real,
        spec: &Spec,
    ) -> Result<()> {
        let mut text = [0; MAX_DIGITS + 40];
        let (kind, precision) = match (spec.kind, spec.precision) {
            (0, None) => (b'r', 0),
            (0 | b'n', precision) => (b'g', precision.unwrap_or(6)),
            (b'%', precision) => (b'f', precision.unwrap_or(6)),
            (kind, precision) => (kind, precision.unwrap_or(6)),
        };
        let number = if spec.kind == b'%' {
            number * 100.0
        } else {
            number
        };
        let mut len = float::format(
            number,
            Style {
                kind,
                precision,
                alternate: spec.alternate,
            },
            &mut text,
        );
        if spec.kind == b'%' {
            text[len] = b'%';
            len += 1;
        }
        if spec.group != 0 {
            len = group_digits(&mut text, len, spec.group);
        }
        let negative = number.is_sign_negative() && !number.is_nan();
        let body = self.new_str(&text[..len])?;
        self.push(body)?;
        self.put_field(sink, spec, Self::sign_of(spec, negative), b"", body, len)?;
        self.pop();
        Ok(())
    }

    /// Writes text as a specification says.
    pub(crate) fn put_text_field(&mut self, sink: Sink, text: Value, spec: &Spec) -> Result<()> {
        let mut text = text;
        let mut chars = if self.is_str(text) {
            self.str_len(text)
        } else {
            self.bytes_of(text).len()
        };
        if let Some(precision) = spec.precision.filter(|&precision| precision < chars) {
            let stop = Value::small(precision as isize);
            text = self.get_slice(text, Value::NONE, stop, Value::NONE)?;
            chars = precision;
        }
        let spec = Spec {
            align: if spec.align == 0 { b'<' } else { spec.align },
            ..*spec
        };
        self.push(text)?;
        self.put_field(sink, &spec, b"", b"", text, chars)?;
        self.pop();
        Ok(())
    }

    // ---- str.format --------------------------------------------------------------------------------------

    /// Writes `format(value, spec)`.
    pub(crate) fn put_formatted(&mut self, sink: Sink, value: Value, text: Value) -> Result<()> {
        let mut chunk = [0; 32];
        let bytes = self.bytes_of(text);
        let len = bytes.len();
        if len == 0 {
            return self.put_str(sink, value);
        }
        if len > chunk.len() {
            return Err(self.value_error(b"invalid format specifier"));
        }
        chunk[..len].copy_from_slice(bytes);
        let Some(spec) = parse_spec(&chunk[..len]) else {
            return Err(self.value_error(b"invalid format specifier"));
        };
        let native = self.native_of(value);
        let float_kind = matches!(spec.kind, b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'%');
        let numeric = self.is_int(native) || self.float_of(native).is_some();
        if numeric {
            return self.put_number_spec(sink, native, &spec, float_kind);
        }
        if spec.align == b'=' && !spec.zero {
            return Err(self.value_error(b"'=' alignment not allowed in string format specifier"));
        }
        if spec.sign != b'-' && spec.kind != b'c' {
            return Err(self.value_error(b"sign not allowed in string format specifier"));
        }
        if spec.kind != 0 && spec.kind != b's' {
            return Err(self.unknown_code(spec.kind, value));
        }
        if !self.is_str(native) && !self.is_bytes(native) {
            let name = self.type_name(value);
            return Err(self.no_conversion(name));
        }
        let align = if spec.zero { b'<' } else { spec.align };
        self.put_text_field(sink, native, &Spec { align, ..spec })
    }

    pub(crate) fn put_number_spec(
        &mut self,
        sink: Sink,
        value: Value,
        spec: &Spec,
        float_kind: bool,
    ) -> Result<()> {
        if let (Some(number), true) = (
            self.float_of(value),
            matches!(spec.kind, 0 | b'n') || float_kind,
        ) {
            return self.put_float_field(sink, number, spec);
        }
        if self.float_of(value).is_some() {
            return Err(self.unknown_code(spec.kind, value));
        }
        if float_kind {
            let number = self.to_float(value)?;
            return self.put_float_field(sink, number, spec);
        }
        match spec.kind {
            b'c' => {
                if spec.sign != b'-' {
                    return Err(
                        self.value_error(b"sign not allowed with integer format specifier 'c'")
                    );
                }
                let code = self.to_isize(value)?;
                if !(0..0x11_0000).contains(&code) {
                    return Err(
                        self.raise_text(TypeId::OverflowError, b"chr() arg not in range(0x110000)")
                    );
                }
                let (bytes, len) = crate::types::str::encode_char(code as u32);
                let text = self.new_str(&bytes[..len])?;
                let align = if spec.align == 0 { b'>' } else { spec.align };
                self.put_text_field(sink, text, &Spec { align, ..*spec })
            }
            0 | b'd' | b'b' | b'o' | b'x' | b'X' | b'n' => {
                if spec.kind == 0
                    && (value == Value::TRUE || value == Value::FALSE)
                    && spec.width == 0
                {
                    return self.put_str(sink, value);
                }
                self.put_int_field(sink, value, spec)
            }
            _ => Err(self.unknown_code(spec.kind, value)),
        }
    }

    pub(crate) fn unknown_code(&mut self, kind: u8, value: Value) -> Raised {
        let name = self.type_name(value);
        self.raise(
            TypeId::ValueError,
            &[
                Piece::Text(b"unknown format code '"),
                Piece::Text(&[kind]),
                Piece::Text(b"' for object of type '"),
                Piece::Name(name),
                Piece::Text(b"'"),
            ],
        )
    }

    /// Writes a template with its fields replaced. `next` counts automatic numbers; -1 after a manual one.
    pub(crate) fn put_template(
        &mut self,
        sink: Sink,
        template: Value,
        args: Args,
        next: &mut isize,
        depth: u8,
    ) -> Result<()> {
        let mut at = 0;
        let len = self.bytes_of(template).len();
        while at < len {
            let text = self.bytes_of(template);
            let plain = text[at..]
                .iter()
                .position(|byte| matches!(byte, b'{' | b'}'))
                .unwrap_or(len - at);
            self.put_part(sink, template, at, at + plain)?;
            at += plain;
            let text = self.bytes_of(template);
            let Some(&byte) = text.get(at) else { break };
            at += 1;
            if text.get(at) == Some(&byte) {
                self.put(sink, &[byte])?;
                at += 1;
                continue;
            }
            if byte == b'}' {
                return Err(self.value_error(b"single '}' encountered in format string"));
            }
            at = self.put_replacement(sink, template, at, args, next, depth)?;
        }
        Ok(())
    }

    /// One replacement field starting at `at`; the offset behind it.
    pub(crate) fn put_replacement(
        &mut self,
        sink: Sink,
        template: Value,
        at: usize,
        args: Args,
        next: &mut isize,
        depth: u8,
    ) -> Result<usize> {
        let text = self.bytes_of(template);
        let mut end = at;
        let mut brackets = 0;
        while end < text.len() && (brackets > 0 || !matches!(text[end], b'}' | b':' | b'!')) {
            match text[end] {
                b'[' => brackets += 1,
                b']' => brackets -= 1,
                b'{' => break,
                _ => {}
            }
            end += 1;
        }
        let name_end = end;
        let mut conversion = 0;
        if text.get(end) == Some(&b'!') {
            conversion = text.get(end + 1).copied().unwrap_or(0);
            end += 2;
            if conversion == 0 || conversion == b'}' {
                return Err(
                    self.value_error(b"end of format while looking for conversion specifier")
                );
            }
            if !matches!(text.get(end), Some(b':' | b'}')) {
                let more = text.get(end).is_some();
                return Err(self.value_error(match more {
                    true => b"expected ':' after format specifier",
                    false => b"unmatched '{' in format",
                }));
            }
        }
        let mut spec = (end, end);
        if text.get(end) == Some(&b':') {
            let start = end + 1;
            let mut open = 0;
            end = start;
            while end < text.len() && (open > 0 || text[end] != b'}') {
                open += i32::from(text[end] == b'{') - i32::from(text[end] == b'}');
                end += 1;
            }
            spec = (start, end);
        }
        if text.get(end) != Some(&b'}') {
            return Err(self.value_error(b"unmatched '{' in format"));
        }
        let top = self.stack_len();
        let value = self.find_argument(template, (at, name_end), args, next)?;
        self.push(value)?;
        let value = self.converted(value, conversion)?;
        self.push(value)?;
        let raw = self.substring(template, spec.0, spec.1)?;
        self.push(raw)?;
        let expanded = if self.bytes_of(raw).contains(&b'{') && depth < 2 {
            let buffer = self.new_buffer()?;
            self.push(buffer.value())?;
            self.put_template(Sink::Buffer(buffer), raw, args, next, depth + 1)?;
            self.take_text(buffer)?
        } else {
            raw
        };
        self.push(expanded)?;
        self.put_formatted(sink, value, expanded)?;
        self.truncate(top);
        Ok(end + 1)
    }

    /// `format(value, spec)`
    pub(crate) fn format_value(&mut self, value: Value, spec: Value) -> Result<Value> {
        let buffer = self.new_buffer()?;
        self.push(buffer.value())?;
        self.put_formatted(Sink::Buffer(buffer), value, spec)?;
        self.take_text(buffer)
    }
}

/// Where the conversions of `%` get their values.
pub(crate) struct Source {
    pub(crate) tuple: bool,
    pub(crate) arguments: Value,
    pub(crate) next: usize,
    pub(crate) mapping: Option<Value>,
}

/// Puts separators between groups of three digits in front of the point.
pub(crate) fn group_digits(text: &mut [u8; MAX_DIGITS + 40], len: usize, separator: u8) -> usize {
    let whole = text[..len]
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(len);
    let extra = whole.saturating_sub(1) / 3;
    if len + extra > text.len() {
        return len;
    }
    text.copy_within(whole..len, whole + extra);
    let (mut from, mut to, mut count) = (whole, whole + extra, 0);
    while from > 0 {
        from -= 1;
        to -= 1;
        text[to] = text[from];
        count += 1;
        if count % 3 == 0 && from > 0 {
            to -= 1;
            text[to] = separator;
        }
    }
    len + extra
}

/// `template.format(*args, **kwargs)`
pub(crate) fn format_method(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let template = vm.native_of(args.at(vm, 0));
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let mut next = 0;
    vm.put_template(Sink::Buffer(buffer), template, args.from(1), &mut next, 0)?;
    if vm.is_str(template) {
        vm.take_text(buffer)
    } else {
        vm.take_bytes(buffer)
    }
}

/// The name of the empty string, where a specification is absent.
pub(crate) const NO_SPEC: Qstr = q::empty;
