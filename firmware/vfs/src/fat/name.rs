//! Names: long ones in UTF-16 in entries of their own, and the short one of 8.3 characters that every entry has.
//!
//! Names are compared without regard to case, for ASCII and the letters of Latin-1.

use super::disk::entry;
use crate::{Errno, Result};

/// Longest name in UTF-16 units.
pub(super) const LONG_MAX: usize = 255;
/// UTF-16 units in one entry of a long name.
pub(super) const UNITS: usize = 13;
/// Where they are.
const PLACES: [usize; UNITS] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

/// A name in UTF-16.
#[derive(Clone, Copy)]
pub(super) struct Long {
    pub(super) units: [u16; LONG_MAX],
    pub(super) len: usize,
}

fn fold(unit: u16) -> u16 {
    match unit {
        0x61..=0x7a | 0xe0..=0xf6 | 0xf8..=0xfe => unit - 0x20,
        other => other,
    }
}

impl Long {
    pub(super) const EMPTY: Self = Self {
        units: [0; LONG_MAX],
        len: 0,
    };

    /// # Errors
    /// `EINVAL` for what no name may have in it, `ENAMETOOLONG`.
    pub(super) fn parse(name: &[u8]) -> Result<Self> {
        let text = core::str::from_utf8(name).map_err(|_| Errno::EINVAL)?;
        // Dots and blanks at the end are not part of a name.
        let text = text.trim_end_matches(['.', ' ']);
        let mut this = Self::EMPTY;
        for unit in text.encode_utf16() {
            if unit < 0x20 || (unit < 0x7f && b"\"*:<>?|\\/\x7f".contains(&(unit as u8))) {
                return Err(Errno::EINVAL);
            }
            *this.units.get_mut(this.len).ok_or(Errno::ENAMETOOLONG)? = unit;
            this.len += 1;
        }
        if this.len == 0 {
            return Err(Errno::EINVAL);
        }
        Ok(this)
    }

    pub(super) fn used(&self) -> &[u16] {
        &self.units[..self.len]
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        let folded = |unit: &u16| fold(*unit);
        self.len == other.len
            && self
                .used()
                .iter()
                .map(folded)
                .eq(other.used().iter().map(folded))
    }

    /// Writes UTF-8, as much as fits, and returns how much that is.
    pub(super) fn to_utf8(self, out: &mut [u8]) -> usize {
        let mut len = 0;
        for decoded in char::decode_utf16(self.used().iter().copied()) {
            let letter = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
            let Some(place) = out.get_mut(len..len + letter.len_utf8()) else {
                break;
            };
            letter.encode_utf8(place);
            len += letter.len_utf8();
        }
        len
    }

    /// The name of an entry that has no long one.
    pub(super) fn of_short(raw: &[u8]) -> Self {
        let mut this = Self::EMPTY;
        let case = raw[entry::CASE];
        let mut add = |bytes: &[u8], is_lower: bool| {
            let end = bytes
                .iter()
                .rposition(|byte| *byte != b' ')
                .map_or(0, |last| last + 1);
            for byte in &bytes[..end] {
                let byte = if is_lower {
                    byte.to_ascii_lowercase()
                } else {
                    *byte
                };
                this.units[this.len] = u16::from(byte);
                this.len += 1;
            }
            end
        };
        let mut base = [0; 8];
        base.copy_from_slice(&raw[..8]);
        if base[0] == 0x05 {
            base[0] = 0xe5;
        }
        add(&base, case & 0x08 != 0);
        if raw[8..11] != *b"   " {
            add(b".", false);
            add(&raw[8..11], case & 0x10 != 0);
        }
        this
    }

    /// Takes the units of one entry; `number` counts from 0 at the start of the name.
    pub(super) fn take_part(&mut self, raw: &[u8], number: usize) {
        for (index, place) in PLACES.iter().enumerate() {
            let unit = u16::from_le_bytes([raw[*place], raw[place + 1]]);
            let at = number * UNITS + index;
            if unit == 0 || at >= LONG_MAX {
                break;
            }
            self.units[at] = unit;
            self.len = self.len.max(at + 1);
        }
    }

    /// Writes the units of one entry.
    pub(super) fn put_part(&self, raw: &mut [u8], number: usize) {
        for (index, place) in PLACES.iter().enumerate() {
            let at = number * UNITS + index;
            let unit = match at.cmp(&self.len) {
                core::cmp::Ordering::Less => self.units[at],
                core::cmp::Ordering::Equal => 0,
                core::cmp::Ordering::Greater => 0xffff,
            };
            raw[*place..place + 2].copy_from_slice(&unit.to_le_bytes());
        }
    }

    /// How many entries the long name takes.
    pub(super) fn parts(&self) -> usize {
        self.len.div_ceil(UNITS)
    }
}

/// A short name, and whether it says all that the long one says.
#[derive(Clone, Copy)]
pub(super) struct Short {
    pub(super) raw: [u8; 11],
    /// Which parts are in lower case, as an entry stores it.
    pub(super) case: u8,
    pub(super) is_exact: bool,
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"$%'-_@~`!(){}^#&".contains(&byte)
}

impl Short {
    /// The short name that a long one suggests.
    pub(super) fn suggest(name: &Long) -> Self {
        let mut this = Self {
            raw: *b"           ",
            case: 0,
            is_exact: true,
        };
        let dot = name
            .used()
            .iter()
            .rposition(|unit| *unit == u16::from(b'.'))
            .filter(|dot| *dot > 0);
        let (base, extension) = match dot {
            Some(dot) => (&name.used()[..dot], &name.used()[dot + 1..]),
            None => (name.used(), &[][..]),
        };
        for (units, start, limit, bit) in [(base, 0, 8, 0x08), (extension, 8, 3, 0x10)] {
            let (mut len, mut upper, mut lower) = (0, false, false);
            for unit in units {
                let byte = u8::try_from(*unit).ok().filter(|byte| is_allowed(*byte));
                if byte.is_none() {
                    this.is_exact = false;
                }
                // Dots and blanks are left out, other characters replaced.
                if matches!(*unit, 0x20 | 0x2e) {
                    continue;
                }
                let byte = byte.unwrap_or(b'_');
                upper |= byte.is_ascii_uppercase();
                lower |= byte.is_ascii_lowercase();
                if len == limit {
                    this.is_exact = false;
                    break;
                }
                this.raw[start + len] = byte.to_ascii_uppercase();
                len += 1;
            }
            if upper && lower {
                this.is_exact = false;
            }
            if lower {
                this.case |= bit;
            }
        }
        if this.raw[0] == b' ' {
            this.raw[0] = b'_';
            this.is_exact = false;
        }
        this
    }

    /// The name with `~number` at the end of its first part.
    pub(super) fn numbered(&self, number: u32) -> [u8; 11] {
        let mut raw = self.raw;
        let mut digits = [0; 7];
        let (mut rest, mut count) = (number, 0);
        while rest > 0 && count < 6 {
            digits[count] = b'0' + (rest % 10) as u8;
            rest /= 10;
            count += 1;
        }
        let len = raw[..8].iter().position(|byte| *byte == b' ').unwrap_or(8);
        let start = len.min(7 - count);
        raw[start] = b'~';
        for index in 0..count {
            raw[start + 1 + index] = digits[count - 1 - index];
        }
        raw
    }
}

/// What ties the entries of a long name to their short one.
pub(super) fn checksum(raw: &[u8]) -> u8 {
    raw[..11]
        .iter()
        .fold(0u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte))
}
