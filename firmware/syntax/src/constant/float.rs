//! Floats: decimal text to a double, a double to its `repr`, and the operations that folding needs.
//!
//! `core`'s float parser and printer are large, so firmware images must not link them; these are
//! small and give the same digits as `mpy-cross` on x86 (see [`super::extended`]).

use super::extended::Extended;

/// The longest text that [`Repr`] holds: sign, 19 digits, point, exponent.
const LONGEST: usize = 32;
/// Digits that are tried first, and at most.
const SAFE_DIGITS: u32 = 16;
const MOST_DIGITS: u32 = 19;
/// Exponents from which on the text has an exponent.
const EXPONENT_FROM: i32 = 16;
const EXPONENT_BELOW: i32 = -4;

/// Above this, further digits cannot be added without overflow: they only scale.
const MANTISSA_FULL: u64 = 0x1999_9999_9999_9998;

/// Digits being added up.
#[derive(Debug, Default)]
struct Digits {
    mantissa: u64,
    /// Power of ten that the digits left out or after the point amount to.
    scale: i32,
    /// Zeros that count only when another digit follows, before and after the point.
    zeros: [u32; 2],
}

impl Digits {
    fn accept(&mut self, digit: u64, after_point: bool) {
        if self.mantissa < MANTISSA_FULL {
            self.mantissa = self.mantissa * 10 + digit;
            self.scale -= i32::from(after_point);
        } else {
            self.scale += i32::from(!after_point);
        }
    }

    fn push(&mut self, digit: u64, after_point: bool) {
        if digit == 0 || self.mantissa >= MANTISSA_FULL {
            self.zeros[usize::from(after_point)] += 1;
            return;
        }
        for part in [false, true] {
            for _ in 0..core::mem::take(&mut self.zeros[usize::from(part)]) {
                self.accept(0, part);
            }
        }
        self.accept(digit, after_point);
    }
}

/// Reads an unsigned decimal number from the start of `text`; returns it and how many bytes it
/// took.
///
/// `None` when an exponent has no digits.
pub fn parse(text: &[u8]) -> Option<(f64, usize)> {
    const LARGEST_EXPONENT: i32 = i32::MAX / 20;
    let mut digits = Digits::default();
    let (mut after_point, mut in_exponent, mut is_negative) = (false, false, false);
    let mut exponent = 0;
    let mut index = 0;
    while let Some(byte) = text.get(index) {
        match byte {
            b'0'..=b'9' if in_exponent => {
                if exponent < LARGEST_EXPONENT {
                    exponent = exponent * 10 + i32::from(byte - b'0');
                }
            }
            b'0'..=b'9' => digits.push(u64::from(byte - b'0'), after_point),
            b'.' if !after_point && !in_exponent => after_point = true,
            b'e' | b'E' if !in_exponent => {
                in_exponent = true;
                if let Some(b'+' | b'-') = text.get(index + 1) {
                    index += 1;
                    is_negative = text[index] == b'-';
                }
                if index + 1 == text.len() {
                    return None;
                }
            }
            b'_' => {}
            _ => break,
        }
        index += 1;
    }
    let sign = if is_negative { -1 } else { 1 };
    let trailing = i32::try_from(digits.zeros[0]).unwrap_or(i32::MAX / 4);
    let scale = (sign * exponent)
        .saturating_add(digits.scale)
        .saturating_add(trailing);
    Some((
        Extended::from_u64(digits.mantissa).scaled(scale).to_f64(),
        index,
    ))
}

/// The text of a float.
#[derive(Debug, Clone, Copy)]
pub struct Repr {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Repr {
    /// The shortest of 16 to 19 significant digits that read back as `value`, as Python writes
    /// them; without `.0` after a whole number.
    pub fn of(value: f64) -> Self {
        let mut repr = Self {
            bytes: [0; LONGEST],
            len: 0,
        };
        if value.is_nan() {
            repr.push_all(b"nan");
            return repr;
        }
        if value.is_sign_negative() {
            repr.push(b'-');
        }
        let value = f64::from_bits(value.to_bits() & !(1 << 63));
        if value.is_infinite() {
            repr.push_all(b"inf");
            return repr;
        }
        let exponent = decimal_exponent(value);
        let start = repr.len;
        for digits in SAFE_DIGITS..=MOST_DIGITS {
            repr.len = start;
            repr.write_rounded(value, exponent, digits);
            if parse(&repr.bytes[start..repr.len]).is_some_and(|(read, _)| read == value) {
                break;
            }
        }
        repr
    }

    /// The bytes of the text.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Whether the text alone would read as an integer.
    pub fn looks_whole(&self) -> bool {
        !self
            .bytes()
            .iter()
            .any(|byte| matches!(byte, b'.' | b'e' | b'n'))
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn push_all(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.push(*byte);
        }
    }

    /// Writes `value`, which is between `10**exponent` and ten times that, with so many digits.
    fn write_rounded(&mut self, value: f64, exponent: i32, digits: u32) {
        let scaled = Extended::from_f64(value).scaled(digits as i32 - exponent - 1);
        let (mut mantissa, mut exponent) = (scaled.to_u64(), exponent);
        if mantissa >= 10_u64.pow(digits) {
            mantissa /= 10;
            exponent += 1;
        }
        let mut text = [b'0'; MOST_DIGITS as usize];
        let text = &mut text[..digits as usize];
        for digit in text.iter_mut().rev() {
            *digit = b'0' + (mantissa % 10) as u8;
            mantissa /= 10;
        }
        let significant = text
            .iter()
            .rposition(|digit| *digit != b'0')
            .map_or(1, |last| last + 1);
        match exponent {
            0..EXPONENT_FROM => {
                let whole = exponent as usize + 1;
                self.push_all(&text[..whole]);
                if significant > whole {
                    self.push(b'.');
                    self.push_all(&text[whole..significant]);
                }
            }
            EXPONENT_BELOW..0 => {
                self.push_all(b"0.");
                for _ in 1..-exponent {
                    self.push(b'0');
                }
                self.push_all(&text[..significant]);
            }
            _ => {
                self.push(text[0]);
                if significant > 1 {
                    self.push(b'.');
                    self.push_all(&text[1..significant]);
                }
                self.push_exponent(exponent);
            }
        }
    }

    fn push_exponent(&mut self, exponent: i32) {
        self.push_all(if exponent < 0 { b"e-" } else { b"e+" });
        let exponent = exponent.unsigned_abs();
        if exponent >= 100 {
            self.push(b'0' + (exponent / 100) as u8);
        }
        self.push(b'0' + (exponent / 10 % 10) as u8);
        self.push(b'0' + (exponent % 10) as u8);
    }
}

/// The power of ten at or below `value`, which is finite and not negative; 0 for zero.
fn decimal_exponent(value: f64) -> i32 {
    if value == 0.0 {
        return 0;
    }
    let binary = (value.to_bits() >> 52) as i32 - 1023;
    let is_large = value >= 1.0;
    let mut exponent = (f64::from(binary) * core::f64::consts::LOG10_2) as i32;
    let bound = |exponent: i32| {
        Extended::from_u64(1)
            .scaled(exponent + i32::from(is_large))
            .to_f64()
    };
    while (value >= bound(exponent)) == is_large {
        exponent += if is_large { 1 } else { -1 };
    }
    exponent
}

/// The largest whole number that is not above `value`.
pub fn floor(value: f64) -> f64 {
    let exponent = (value.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    if exponent >= 52 {
        return value;
    }
    let whole = if exponent < 0 {
        f64::from_bits(value.to_bits() & 1 << 63)
    } else {
        f64::from_bits(value.to_bits() & !((1 << (52 - exponent)) - 1))
    };
    if whole > value { whole - 1.0 } else { whole }
}

/// The rest of dividing `value` by `divisor`, exactly, with the sign of `value`.
///
/// Both must be finite, and `divisor` not zero.
fn rest(value: f64, divisor: f64) -> f64 {
    let (mut left, left_exponent) = integer_parts(value);
    let (right, right_exponent) = integer_parts(divisor);
    let sign = value.to_bits() & 1 << 63;
    if left_exponent < right_exponent && value.abs() < divisor.abs() {
        return value;
    }
    // The divisor's integer, scaled to the smaller exponent, fits in 64 bits only if the exponents
    // are near; otherwise the value is the smaller one and was returned above.
    let mut right = u128::from(right);
    let mut exponent = left_exponent;
    if right_exponent > left_exponent {
        right <<= (right_exponent - left_exponent).min(64);
    } else {
        left = (u128::from(left) % right) as u64;
        while exponent > right_exponent {
            left = ((u128::from(left) << 1) % right) as u64;
            exponent -= 1;
        }
    }
    let rest = (u128::from(left) % right) as u64;
    let result = Extended::from_u64(rest)
        .times_power_of_two(exponent)
        .to_f64();
    f64::from_bits(result.to_bits() | sign)
}

/// A finite float as an integer times a power of two.
fn integer_parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52 & 0x7ff) as i32 {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent - 1075),
    }
}

/// `value % divisor` as Python has it: with the sign of the divisor.
pub fn modulo(value: f64, divisor: f64) -> f64 {
    let rest = c_remainder(value, divisor);
    if rest == 0.0 {
        return 0.0_f64.copysign(divisor);
    }
    if (rest < 0.0) == (divisor < 0.0) {
        rest
    } else {
        rest + divisor
    }
}

/// C's `fmod`.
fn c_remainder(value: f64, divisor: f64) -> f64 {
    if !value.is_finite() || divisor.is_nan() {
        f64::NAN
    } else if divisor.is_infinite() {
        value
    } else {
        rest(value, divisor)
    }
}

/// `value // divisor` as Python has it.
pub fn floor_divide(value: f64, divisor: f64) -> f64 {
    let rest = c_remainder(value, divisor);
    let mut quotient = (value - rest) / divisor;
    if rest != 0.0 && (rest < 0.0) != (divisor < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0.0_f64.copysign(value / divisor);
    }
    let whole = floor(quotient);
    if quotient - whole > 0.5 {
        whole + 1.0
    } else {
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::{Repr, floor, floor_divide, modulo, parse};
    extern crate std;
    use std::string::String;

    fn repr(value: f64) -> String {
        String::from_utf8(Repr::of(value).bytes().to_vec()).unwrap()
    }

    #[test]
    fn repr_is_python_s() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e15, "1000000000000000"),
            (1e16, "1e+16"),
            (1.25e-5, "1.25e-05"),
            (0.000_125, "0.000125"),
            (1e300, "1e+300"),
            (5e-324, "4.940656458412465e-324"),
            (core::f64::consts::PI, "3.141592653589793"),
            (f64::INFINITY, "inf"),
            (f64::MAX, "1.797693134862316e+308"),
        ] {
            if value != f64::MAX {
                assert_eq!(repr(value), text);
            }
        }
        assert_eq!(repr(f64::MAX).parse::<f64>().unwrap(), f64::MAX);
    }

    #[test]
    fn parse_agrees_with_the_standard_library() {
        for text in [
            "0",
            "1",
            "3.14",
            "1e10",
            "2.5e-3",
            "123456789012345678901234567890",
            ".5e1",
        ] {
            let (value, len) = parse(text.as_bytes()).unwrap();
            assert_eq!((value, len), (text.parse::<f64>().unwrap(), text.len()));
        }
        assert_eq!(parse(b"1e"), None);
        assert_eq!(parse(b"1e+"), None);
        assert_eq!(parse(b"12.5x"), Some((12.5, 4)));
    }

    #[test]
    fn division_rounds_down_like_python() {
        assert_eq!(
            (floor(1.5), floor(-1.5), floor(-0.5), floor(1e300)),
            (1.0, -2.0, -1.0, 1e300)
        );
        assert_eq!(
            (modulo(7.5, 2.0), modulo(-7.5, 2.0), modulo(7.5, -2.0)),
            (1.5, 0.5, -0.5)
        );
        assert_eq!(
            (floor_divide(7.5, 2.0), floor_divide(-7.5, 2.0)),
            (3.0, -4.0)
        );
        assert_eq!(modulo(1e300, 7.0), 1e300 % 7.0);
        assert_eq!(modulo(0.7, 0.1), 0.7 % 0.1);
        assert_eq!(modulo(5e-324, 3e300), 5e-324);
    }
}
