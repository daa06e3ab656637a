//! What the replacement fields of `str.format` name.

use crate::native::Args;
use crate::ops::format::Piece;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::TypeId;
use crate::value::Value;

impl Vm<'_> {
    /// Applies `!s` or `!r`; 0 is none.
    pub(crate) fn converted(&mut self, value: Value, conversion: u8) -> Result<Value> {
        match conversion {
            0 => Ok(value),
            b's' => self.to_str(value),
            b'r' => self.to_repr(value),
            _ => Err(self.raise(
                TypeId::ValueError,
                &[
                    Piece::Text(b"unknown conversion specifier "),
                    Piece::Text(&[conversion]),
                ],
            )),
        }
    }

    /// The argument a field names.
    pub(crate) fn find_argument(
        &mut self,
        template: Value,
        (from, to): (usize, usize),
        args: Args,
        next: &mut isize,
    ) -> Result<Value> {
        let text = &self.bytes_of(template)[from..to];
        let end = text
            .iter()
            .position(|byte| matches!(byte, b'.' | b'['))
            .unwrap_or(text.len());
        let first = &text[..end];
        let number = first.iter().try_fold(0_usize, |number, byte| {
            byte.is_ascii_digit().then(|| {
                number
                    .saturating_mul(10)
                    .saturating_add(usize::from(byte - b'0'))
            })
        });
        let mut value = if first.is_empty() {
            if *next < 0 {
                return Err(self.value_error(
                    b"can't switch from manual field specification to automatic field numbering",
                ));
            }
            let index = *next as usize;
            *next += 1;
            self.numbered(args, index)?
        } else if let Some(index) = number {
            if *next > 0 {
                return Err(self.value_error(
                    b"can't switch from automatic field numbering to manual field specification",
                ));
            }
            *next = -1;
            self.numbered(args, index)?
        } else {
            let key = self.substring(template, from, from + end)?;
            let name = self.intern_value(key)?;
            match args.named(self, name) {
                Some(value) => value,
                None => return Err(self.raise_with(TypeId::KeyError, Some(Value::qstr(name)))),
            }
        };
        let mut at = from + end;
        while at < to {
            let text = self.bytes_of(template);
            let bracket = text[at] == b'[';
            let stop = text[at + 1..to].iter().position(|&byte| match bracket {
                true => byte == b']',
                false => matches!(byte, b'.' | b'['),
            });
            let stop = stop.map_or(to, |stop| at + 1 + stop);
            let part = self.substring(template, at + 1, stop)?;
            if bracket {
                let number = {
                    let digits = self.bytes_of(part);
                    digits.iter().try_fold(0_isize, |number, byte| {
                        let digit = byte.is_ascii_digit().then(|| isize::from(byte - b'0'))?;
                        // No index is that large; small integers hold it.
                        Some((number * 10 + digit).min(1 << 28))
                    })
                };
                value = self.subscript(value, number.map_or(part, Value::small))?;
                at = stop + 1;
            } else {
                let name = self.intern_value(part)?;
                value = self.load_attr(value, name)?;
                at = stop;
            }
        }
        Ok(value)
    }

    pub(crate) fn numbered(&mut self, args: Args, index: usize) -> Result<Value> {
        match args.get(self, index) {
            Some(value) => Ok(value),
            None => Err(self.raise_text(TypeId::IndexError, b"tuple index out of range")),
        }
    }
}
