//! Variable-length integers and jump labels.
//!
//! An unsigned operand is a run of bytes with seven bits each, most significant group first; the top
//! bit of a byte says that another follows. A signed one is the same, sign-extended from bit 6 of its
//! first byte. A label is one byte when its top bit is clear, otherwise two bytes, little-endian, 15
//! bits; a signed label is biased by 0x40 (short) or 0x4000 (long). Labels count from the byte after them.
//!
//! Source: MicroPython `py/bc0.h`, `py/bc.c`. (`docs/reference/mpyfiles.rst` describes the byte order
//! of variable-length integers the other way round; files are written as described here.)

/// The most bytes an operand of 64 bits can take.
pub const MAX_BYTES: usize = 10;

/// The operand ended early or does not fit its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadOperand;

/// Reads an unsigned operand at `*at` and moves `*at` past it.
///
/// # Errors
/// The bytes end inside the operand, or the value needs more than 32 bits.
pub fn read_uint(bytes: &[u8], at: &mut usize) -> Result<u32, BadOperand> {
    let mut value: u32 = 0;
    loop {
        let byte = *bytes.get(*at).ok_or(BadOperand)?;
        *at += 1;
        if value >> 25 != 0 {
            return Err(BadOperand);
        }
        value = value << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
}

/// Reads a signed operand at `*at` and moves `*at` past it.
///
/// # Errors
/// The bytes end inside the operand, or it takes more than [`MAX_BYTES`].
pub fn read_int(bytes: &[u8], at: &mut usize) -> Result<i64, BadOperand> {
    let first = *bytes.get(*at).ok_or(BadOperand)?;
    let mut value: i64 = if first & 0x40 != 0 { -1 } else { 0 };
    for _ in 0..MAX_BYTES {
        let byte = *bytes.get(*at).ok_or(BadOperand)?;
        *at += 1;
        value = value << 7 | i64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(BadOperand)
}

/// Reads a forward label at `*at`, moves `*at` past it and returns the distance from there.
///
/// # Errors
/// The bytes end inside the label.
pub fn read_unsigned_label(bytes: &[u8], at: &mut usize) -> Result<i32, BadOperand> {
    let low = *bytes.get(*at).ok_or(BadOperand)?;
    *at += 1;
    if low & 0x80 == 0 {
        return Ok(i32::from(low));
    }
    let high = *bytes.get(*at).ok_or(BadOperand)?;
    *at += 1;
    Ok(i32::from(low & 0x7f) | i32::from(high) << 7)
}

/// Reads a label of either direction at `*at`, moves `*at` past it and returns the distance from there.
///
/// # Errors
/// The bytes end inside the label.
pub fn read_signed_label(bytes: &[u8], at: &mut usize) -> Result<i32, BadOperand> {
    let short = bytes.get(*at).is_some_and(|low| low & 0x80 == 0);
    let value = read_unsigned_label(bytes, at)?;
    Ok(value - if short { 0x40 } else { 0x4000 })
}

/// An encoded operand: at most [`MAX_BYTES`] bytes, held in place.
#[derive(Clone, Copy, Debug)]
pub struct Encoded {
    bytes: [u8; MAX_BYTES],
    start: u8,
}

impl Encoded {
    /// The bytes in the order they are written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[usize::from(self.start)..]
    }
}

/// Encodes an unsigned operand.
///
/// ```
/// use upy_bytecode::operand::encode_uint;
/// assert_eq!(encode_uint(0x81).as_bytes(), [0x81, 0x01]);
/// ```
#[must_use]
pub fn encode_uint(value: u64) -> Encoded {
    let mut encoded = Encoded {
        bytes: [0; MAX_BYTES],
        start: MAX_BYTES as u8,
    };
    let mut rest = value;
    let mut more = 0;
    loop {
        encoded.start -= 1;
        encoded.bytes[usize::from(encoded.start)] = more | (rest & 0x7f) as u8;
        rest >>= 7;
        more = 0x80;
        if rest == 0 {
            return encoded;
        }
    }
}

/// Encodes a signed operand.
///
/// ```
/// use upy_bytecode::operand::encode_int;
/// assert_eq!(encode_int(-1).as_bytes(), [0x7f]);
/// assert_eq!(encode_int(64).as_bytes(), [0x80, 0x40]);
/// ```
#[must_use]
pub fn encode_int(value: i64) -> Encoded {
    let mut encoded = Encoded {
        bytes: [0; MAX_BYTES],
        start: MAX_BYTES as u8,
    };
    let mut rest = value;
    let mut more = 0;
    loop {
        encoded.start -= 1;
        let group = (rest & 0x7f) as u8;
        encoded.bytes[usize::from(encoded.start)] = more | group;
        rest >>= 7;
        more = 0x80;
        let sign_kept = (group & 0x40 != 0) == (rest < 0);
        if (rest == 0 || rest == -1) && sign_kept {
            return encoded;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned_operands_survive_encoding() {
        for shift in 0..32 {
            for delta in [-1_i64, 0, 1] {
                let Ok(value) = u32::try_from((1_i64 << shift) + delta) else {
                    continue;
                };
                let encoded = encode_uint(u64::from(value));
                let mut at = 0;
                assert_eq!(read_uint(encoded.as_bytes(), &mut at), Ok(value));
                assert_eq!(at, encoded.as_bytes().len());
            }
        }
    }

    #[test]
    fn signed_operands_survive_encoding() {
        for shift in 0..63 {
            for value in [
                1_i64 << shift,
                -(1_i64 << shift),
                (1_i64 << shift) - 1,
                -(1_i64 << shift) - 1,
            ] {
                let encoded = encode_int(value);
                let mut at = 0;
                assert_eq!(read_int(encoded.as_bytes(), &mut at), Ok(value), "{value}");
                assert_eq!(at, encoded.as_bytes().len());
            }
        }
    }

    #[test]
    fn operand_cut_short_fails() {
        assert_eq!(read_uint(&[0x80], &mut 0), Err(BadOperand));
        assert_eq!(
            read_uint(&[0x9f, 0xff, 0xff, 0xff, 0x7f], &mut 0),
            Err(BadOperand)
        );
        assert_eq!(read_signed_label(&[], &mut 0), Err(BadOperand));
    }

    #[test]
    fn labels_read_short_and_long() {
        assert_eq!(read_unsigned_label(&[0x05], &mut 0), Ok(5));
        assert_eq!(read_unsigned_label(&[0x85, 0x01], &mut 0), Ok(0x85));
        assert_eq!(read_signed_label(&[0x3f], &mut 0), Ok(-1));
        assert_eq!(read_signed_label(&[0xff, 0x7f], &mut 0), Ok(-1));
    }
}
