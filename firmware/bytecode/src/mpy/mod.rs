//! Reader of `.mpy` files, without copying and without allocation.
//!
//! ```text
//! header      'M' 6 flags small_int_bits [arch flags]
//! counts      strings, constants
//! strings     len << 1 | 0, text, NUL    or    number << 1 | 1
//! constants   type u8, then what the type says
//! code        len << 3 | has_children << 2 | kind, bytes, [count, children]
//! ```
//!
//! [`Image::parse`] walks the whole file once and refuses what does not hold together, so the
//! iterators over a parsed image cannot fail. It says nothing about the instructions: that is
//! [`crate::verify`].
//!
//! Source: MicroPython `py/persistentcode.c`, `docs/reference/mpyfiles.rst`, version 6.3.

use crate::operand::{self, BadOperand};
use crate::qstr::STATIC_COUNT;

/// The first byte of every file.
pub const MAGIC: u8 = b'M';
/// The version this reader understands.
pub const VERSION: u8 = 6;
/// The sub-version, which matters only to native code.
pub const SUB_VERSION: u8 = 3;
/// Code objects nest at most this deep.
pub const MAX_NESTING: usize = 32;
/// Constant tuples nest at most this deep.
pub const MAX_TUPLE_NESTING: usize = 16;

/// Why a file cannot be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MpyError {
    /// Another version, more bits in a small integer than this machine has, or no `.mpy` file.
    Incompatible,
    /// It was made for a machine architecture.
    Architecture,
    /// It contains native code.
    Native,
    /// It ends early or its parts contradict each other.
    Damaged {
        /// Byte offset where that was noticed.
        offset: usize,
    },
}

/// One entry of the table of interned strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text<'a> {
    /// A string the format numbers; see [`crate::qstr`].
    Static(u16),
    /// Any other, as UTF-8 bytes (not checked).
    Bytes(&'a [u8]),
}

/// One constant. The items of a tuple follow it in the iterator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant<'a> {
    /// The table of native functions.
    FunctionTable,
    /// `None`
    None,
    /// `False`
    False,
    /// `True`
    True,
    /// `...`
    Ellipsis,
    /// A string.
    Str(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
    /// An integer in decimal.
    Int(&'a [u8]),
    /// A floating-point number in decimal.
    Float(&'a [u8]),
    /// A complex number in decimal, `3j` or `1+3j`.
    Complex(&'a [u8]),
    /// A tuple of the next so many constants.
    Tuple(u32),
}

/// One code object and its children.
#[derive(Clone, Copy, Debug)]
pub struct RawCode<'a> {
    /// The bytes of the code object, for [`crate::Code::parse`].
    pub bytes: &'a [u8],
    /// Where these bytes start in the file.
    pub offset: usize,
    child_count: u32,
    children: &'a [u8],
    children_offset: usize,
}

impl<'a> RawCode<'a> {
    /// How many children it has.
    #[must_use]
    pub fn child_count(&self) -> u32 {
        self.child_count
    }

    /// Its children in order.
    pub fn children(&self) -> impl Iterator<Item = RawCode<'a>> + use<'a> {
        let mut rest = self.children;
        let mut offset = self.children_offset;
        (0..self.child_count).map_while(move |_| {
            let mut at = 0;
            let child = read_raw_code(rest, &mut at, offset).ok()?;
            rest = &rest[at..];
            offset += at;
            Some(child)
        })
    }
}

/// A parsed file.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    bytes: &'a [u8],
    string_count: u32,
    constant_count: u32,
    strings: usize,
    constants: usize,
    code: usize,
    /// Bits in the small integers the compiler assumed.
    pub small_int_bits: u8,
}

impl<'a> Image<'a> {
    /// Checks a whole file.
    ///
    /// `small_int_bits` is what this machine has; a file that needs more is refused.
    ///
    /// # Errors
    /// See [`MpyError`].
    pub fn parse(bytes: &'a [u8], small_int_bits: u8) -> Result<Self, MpyError> {
        let &[magic, version, flags, bits, ..] = bytes else {
            return Err(MpyError::Incompatible);
        };
        if magic != MAGIC || version != VERSION || bits > small_int_bits {
            return Err(MpyError::Incompatible);
        }
        if flags >> 2 & 0xf != 0 || flags & 0x40 != 0 {
            return Err(MpyError::Architecture);
        }
        let mut at = 4;
        let damaged = |at: usize| move |BadOperand| MpyError::Damaged { offset: at };
        let string_count = operand::read_uint(bytes, &mut at).map_err(damaged(at))?;
        let constant_count = operand::read_uint(bytes, &mut at).map_err(damaged(at))?;
        let strings = at;
        for _ in 0..string_count {
            read_text(bytes, &mut at).map_err(damaged(at))?;
        }
        let constants = at;
        check_constants(bytes, &mut at, constant_count).map_err(damaged(at))?;
        let code = at;
        check_code(bytes, &mut at)?;
        if string_count == 0 {
            return Err(MpyError::Damaged { offset: strings });
        }
        Ok(Self {
            bytes,
            string_count,
            constant_count,
            strings,
            constants,
            code,
            small_int_bits: bits,
        })
    }

    /// How many interned strings the file's code refers to.
    #[must_use]
    pub fn string_count(&self) -> u32 {
        self.string_count
    }

    /// Where the table of interned strings starts in the file, for [`read_text`].
    #[must_use]
    pub fn strings_offset(&self) -> usize {
        self.strings
    }

    /// Where the constants start in the file, for [`read_constant`].
    #[must_use]
    pub fn constants_offset(&self) -> usize {
        self.constants
    }

    /// Where the code of the module starts in the file, with the number that says its length.
    #[must_use]
    pub fn code_offset(&self) -> usize {
        self.code
    }

    /// How many constants its code refers to, not counting items of tuples.
    #[must_use]
    pub fn constant_count(&self) -> u32 {
        self.constant_count
    }

    /// The table of interned strings; the first is the name of the source file.
    pub fn strings(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        let bytes = self.bytes;
        let mut at = self.strings;
        (0..self.string_count).map_while(move |_| read_text(bytes, &mut at).ok())
    }

    /// The constants, each tuple followed by its items.
    pub fn constants(&self) -> impl Iterator<Item = Constant<'a>> + use<'a> {
        let bytes = &self.bytes[..self.code];
        let mut at = self.constants;
        core::iter::from_fn(move || {
            if at >= bytes.len() {
                return None;
            }
            read_constant(bytes, &mut at).ok()
        })
    }

    /// The code of the module itself.
    ///
    /// # Panics
    /// Never: [`Image::parse`] has read it.
    #[must_use]
    pub fn code(&self) -> RawCode<'a> {
        let mut at = self.code;
        let mut code = read_raw_code(self.bytes, &mut at, 0).expect("parse has walked the code");
        code.children = &self.bytes[code.children_offset..];
        code
    }
}

/// Takes `len` bytes at `*at`.
fn take<'a>(bytes: &'a [u8], at: &mut usize, len: usize) -> Result<&'a [u8], BadOperand> {
    let end = at.checked_add(len).ok_or(BadOperand)?;
    let taken = bytes.get(*at..end).ok_or(BadOperand)?;
    *at = end;
    Ok(taken)
}

/// Takes `len` bytes and the NUL after them.
fn take_terminated<'a>(
    bytes: &'a [u8],
    at: &mut usize,
    len: usize,
) -> Result<&'a [u8], BadOperand> {
    let taken = take(bytes, at, len)?;
    if take(bytes, at, 1)? != [0] {
        return Err(BadOperand);
    }
    Ok(taken)
}

/// Reads the entry of the string table at `*at` and moves `*at` past it.
///
/// # Errors
/// It is cut off or names a number the format does not fix.
pub fn read_text<'a>(bytes: &'a [u8], at: &mut usize) -> Result<Text<'a>, BadOperand> {
    let head = operand::read_uint(bytes, at)?;
    if head & 1 == 0 {
        return Ok(Text::Bytes(take_terminated(
            bytes,
            at,
            (head >> 1) as usize,
        )?));
    }
    match u16::try_from(head >> 1) {
        Ok(id) if id != 0 && id <= STATIC_COUNT => Ok(Text::Static(id)),
        _ => Err(BadOperand),
    }
}

/// Reads the constant at `*at` and moves `*at` past it; the items of a tuple follow.
///
/// # Errors
/// It is cut off or of no known type.
pub fn read_constant<'a>(bytes: &'a [u8], at: &mut usize) -> Result<Constant<'a>, BadOperand> {
    let kind = take(bytes, at, 1)?[0];
    match kind {
        0 => return Ok(Constant::FunctionTable),
        1 => return Ok(Constant::None),
        2 => return Ok(Constant::False),
        3 => return Ok(Constant::True),
        4 => return Ok(Constant::Ellipsis),
        _ => {}
    }
    let len = operand::read_uint(bytes, at)?;
    Ok(match kind {
        5 => Constant::Str(take_terminated(bytes, at, len as usize)?),
        6 => Constant::Bytes(take_terminated(bytes, at, len as usize)?),
        7 => Constant::Int(take(bytes, at, len as usize)?),
        8 => Constant::Float(take(bytes, at, len as usize)?),
        9 => Constant::Complex(take(bytes, at, len as usize)?),
        10 => Constant::Tuple(len),
        _ => return Err(BadOperand),
    })
}

/// Walks the constants, keeping a count per open tuple instead of recursing.
fn check_constants(bytes: &[u8], at: &mut usize, count: u32) -> Result<(), BadOperand> {
    let mut open = [0; MAX_TUPLE_NESTING];
    open[0] = count;
    let mut depth = 0;
    loop {
        if open[depth] == 0 {
            if depth == 0 {
                return Ok(());
            }
            depth -= 1;
            continue;
        }
        open[depth] -= 1;
        if let Constant::Tuple(items) = read_constant(bytes, at)? {
            depth += 1;
            *open.get_mut(depth).ok_or(BadOperand)? = items;
        }
    }
}

/// Walks the code objects in the same way.
fn check_code(bytes: &[u8], at: &mut usize) -> Result<(), MpyError> {
    let mut open = [0; MAX_NESTING];
    open[0] = 1;
    let mut depth = 0;
    loop {
        if open[depth] == 0 {
            if depth == 0 {
                return Ok(());
            }
            depth -= 1;
            continue;
        }
        open[depth] -= 1;
        let damaged = MpyError::Damaged { offset: *at };
        let head = operand::read_uint(bytes, at).map_err(|BadOperand| damaged)?;
        if head & 3 != 0 {
            return Err(MpyError::Native);
        }
        take(bytes, at, (head >> 3) as usize).map_err(|BadOperand| damaged)?;
        if head & 4 != 0 {
            depth += 1;
            let children = operand::read_uint(bytes, at).map_err(|BadOperand| damaged)?;
            *open.get_mut(depth).ok_or(damaged)? = children;
        }
    }
}

/// Reads a code object and skips its children. `base` is where `bytes` start in the file.
fn read_raw_code<'a>(
    bytes: &'a [u8],
    at: &mut usize,
    base: usize,
) -> Result<RawCode<'a>, BadOperand> {
    let head = operand::read_uint(bytes, at)?;
    let offset = base + *at;
    let code = take(bytes, at, (head >> 3) as usize)?;
    let child_count = if head & 4 == 0 {
        0
    } else {
        operand::read_uint(bytes, at)?
    };
    let children_start = *at;
    let mut pending = u64::from(child_count);
    while pending > 0 {
        pending -= 1;
        let head = operand::read_uint(bytes, at)?;
        take(bytes, at, (head >> 3) as usize)?;
        if head & 4 != 0 {
            pending += u64::from(operand::read_uint(bytes, at)?);
        }
    }
    Ok(RawCode {
        bytes: code,
        offset,
        child_count,
        children: &bytes[children_start..],
        children_offset: base + children_start,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What mpy-cross makes of `x = 1`, `if x: print(x)`.
    const SMALL: &[u8] = &[
        0x4d, 0x06, 0x00, 0x1f, 0x04, 0x00, 0x08, b's', b'.', b'p', b'y', 0, 0x0f, 0x02, b'x', 0,
        0x81, 0x77, 0x81, 0x28, 0x08, 0x06, 0x01, 0x23, 0x24, 0x81, 0x16, 0x02, 0x11, 0x02, 0x44,
        0x47, 0x11, 0x03, 0x11, 0x02, 0x34, 0x01, 0x59, 0x51, 0x63,
    ];

    #[test]
    fn small_file_parses() {
        let image = Image::parse(SMALL, 31).unwrap();
        let mut strings = image.strings();
        assert_eq!(strings.next(), Some(Text::Bytes(b"s.py")));
        assert_eq!(strings.next(), Some(Text::Static(7)));
        assert_eq!(strings.nth(1), Some(Text::Static(123)));
        assert_eq!(image.constants().count(), 0);
        assert_eq!(image.code().bytes.len(), 21);
        assert_eq!(&SMALL[image.code().offset..], image.code().bytes);
    }

    #[test]
    fn other_version_is_incompatible() {
        let mut bytes = [0; SMALL.len()];
        bytes.copy_from_slice(SMALL);
        bytes[1] = 5;
        assert_eq!(
            Image::parse(&bytes, 31).unwrap_err(),
            MpyError::Incompatible
        );
        assert_eq!(Image::parse(SMALL, 30).unwrap_err(), MpyError::Incompatible);
    }

    #[test]
    fn every_cut_is_refused() {
        for len in 0..SMALL.len() {
            assert!(Image::parse(&SMALL[..len], 63).is_err(), "{len}");
        }
    }
}
