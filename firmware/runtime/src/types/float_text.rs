//! The text of floating-point numbers, in both directions.
//!
//! Exact: every output is the correctly rounded decimal, every input the nearest number. Both work on big
//! integers in small fixed arrays; nothing of `core`'s float text is used.

use crate::types::bigint as big;
use crate::types::float::math::{
    self, Bits, DIGITS, GREATEST_EXPONENT, LEAST_EXPONENT, MANTISSA_BITS, Real,
};

/// Words of the arrays numbers are taken apart in.
const WORDS: usize = 48;
/// The most digits a number is printed with.
pub(crate) const MAX_DIGITS: usize = 420;

/// A number as decimal digits: `0.d1 d2 d3... * 10 ** point`.
pub(crate) struct Decimal {
    pub(crate) digits: [u8; MAX_DIGITS],
    pub(crate) len: usize,
    pub(crate) point: i32,
}

/// The bits of a number, as a word.
pub(crate) fn bits(number: Real) -> Bits {
    number.to_bits()
}

/// A positive finite number as `mantissa * 2 ** exponent`.
pub(crate) fn split(number: Real) -> (u64, i32) {
    let (fraction, exponent) = math::frexp(number);
    let mantissa = math::ldexp(fraction, MANTISSA_BITS) as u64;
    (mantissa, exponent - MANTISSA_BITS)
}

/// `mantissa * 2 ** exponent`, rounded once. The lowest bit of a large mantissa may stand for all lost ones.
pub(crate) fn compose(mantissa: u64, exponent: i32) -> Real {
    if mantissa == 0 {
        return 0.0;
    }
    let top = exponent + 64 - mantissa.leading_zeros() as i32;
    if top > GREATEST_EXPONENT {
        return Real::INFINITY;
    }
    let unit = (top - MANTISSA_BITS).max(LEAST_EXPONENT);
    let shift = unit - exponent;
    if shift <= 0 {
        return math::ldexp(mantissa as Real, exponent);
    }
    if shift > 64 {
        return 0.0;
    }
    let (kept, rest, half) = if shift == 64 {
        (0, u128::from(mantissa), 1_u128 << 63)
    } else {
        (
            mantissa >> shift,
            u128::from(mantissa & ((1 << shift) - 1)),
            1_u128 << (shift - 1),
        )
    };
    let up = rest > half || (rest == half && kept & 1 != 0);
    math::ldexp((kept + u64::from(up)) as Real, unit)
}

/// The nearest number to a magnitude of 32-bit digits.
pub(crate) fn from_digits(digits: &[u32]) -> Real {
    from_big(digits, 0, false)
}

/// The nearest number to `digits * 2 ** exponent`; `more` says that the digits were cut off.
pub(crate) fn from_big(digits: &[u32], exponent: i32, more: bool) -> Real {
    let digits = big::trimmed(digits);
    let bit_len = big::bit_len(digits);
    if bit_len == 0 {
        return 0.0;
    }
    let mut mantissa = 0_u64;
    let drop = bit_len.saturating_sub(64);
    for bit in 0..2 {
        let at = drop / 32 + bit;
        let low = u64::from(digits.get(at).copied().unwrap_or(0));
        let high = u64::from(digits.get(at + 1).copied().unwrap_or(0));
        let word = (high << 32 | low) >> (drop % 32) & 0xffff_ffff;
        mantissa |= word << (32 * bit);
    }
    let whole = drop / 32;
    let lost = digits[..whole].iter().any(|&digit| digit != 0)
        || (!drop.is_multiple_of(32) && digits[whole] & ((1 << (drop % 32)) - 1) != 0);
    if (lost || more) && drop == 0 {
        // There is room for the marker below the number.
        let shift = mantissa.leading_zeros().min(8);
        return compose(
            mantissa << shift | u64::from(shift > 0),
            exponent - shift as i32,
        );
    }
    compose(mantissa | u64::from(lost || more), exponent + drop as i32)
}

/// Decimal digits of a positive finite number: `significant` of them, or `after` behind the point.
pub(crate) fn decimal(number: Real, significant: Option<usize>, after: usize) -> Decimal {
    let mut result = Decimal {
        digits: [0; MAX_DIGITS],
        len: 0,
        point: 0,
    };
    let (mantissa, exponent) = split(number);
    let mut whole = [0; WORDS];
    let mut fraction = [0; WORDS];
    let words = [mantissa as u32, (mantissa >> 32) as u32];
    let mut fraction_words = 0;
    if exponent >= 0 {
        big::shift_left(&words, exponent as usize, &mut whole);
    } else {
        let places = exponent.unsigned_abs() as usize;
        big::shift_right(&words, places, &mut whole[..2]);
        fraction_words = places.div_ceil(32);
        let mut shifted = [0; WORDS];
        big::shift_left(&words, fraction_words * 32 - places, &mut shifted);
        fraction[..fraction_words].copy_from_slice(&shifted[..fraction_words]);
    }
    let mut reversed = 0;
    while whole.iter().any(|&word| word != 0) && reversed < MAX_DIGITS {
        result.digits[reversed] = big::divide_small(&mut whole, 10) as u8;
        reversed += 1;
    }
    result.digits[..reversed].reverse();
    result.len = reversed;
    result.point = reversed as i32;
    let fraction = &mut fraction[..fraction_words];
    // One digit more than asked for, to round.
    let wanted = |result: &Decimal| match significant {
        Some(count) => count.max(1) + 1,
        None => ((result.point + after as i32).max(-1) + 1) as usize,
    };
    while result.len < wanted(&result).min(MAX_DIGITS) {
        if fraction.iter().all(|&word| word == 0) {
            break;
        }
        let digit = big::multiply_small(fraction, 10, 0) as u8;
        if result.len == 0 && digit == 0 {
            result.point -= 1;
            if significant.is_none() && result.point < -(after as i32) {
                break;
            }
            continue;
        }
        result.digits[result.len] = digit;
        result.len += 1;
    }
    let Some(keep) = wanted(&result).checked_sub(1) else {
        // Not even half of the last place: nothing is left.
        result.len = 0;
        return result;
    };
    let more = fraction.iter().any(|&word| word != 0);
    round(&mut result, keep, more);
    result
}

/// Cuts the digits to `keep`, rounding half to even; `more` says that something follows them.
pub(crate) fn round(result: &mut Decimal, keep: usize, more: bool) {
    if result.len <= keep {
        return;
    }
    let next = result.digits[keep];
    let beyond = more
        || result.digits[keep + 1..result.len]
            .iter()
            .any(|&digit| digit != 0);
    let odd = keep > 0 && result.digits[keep - 1] & 1 != 0;
    result.len = keep;
    if next < 5 || (next == 5 && !beyond && !odd) {
        return;
    }
    let mut at = keep;
    loop {
        if at == 0 {
            result.digits.copy_within(..keep, 1);
            result.digits[0] = 1;
            result.point += 1;
            result.len = keep.max(1);
            return;
        }
        at -= 1;
        if result.digits[at] < 9 {
            result.digits[at] += 1;
            return;
        }
        result.digits[at] = 0;
    }
}

/// How a number is written.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// `e`, `f`, `g`, their capitals, or `r` for the shortest text that reads back as the same number.
    pub(crate) kind: u8,
    pub(crate) precision: usize,
    /// Keep zeros at the end of `g` and a point without digits.
    pub(crate) alternate: bool,
}

/// Characters up to which `f` prints a large number; one that needs more is printed by `g`, as in MicroPython.
const FIXED_ROOM: usize = 33;

/// Text of a number without its sign, and how long it is.
pub(crate) fn format(number: Real, style: Style, out: &mut [u8; MAX_DIGITS + 40]) -> usize {
    let upper = style.kind.is_ascii_uppercase();
    let mut writer = Writer { out, len: 0 };
    if number.is_nan() {
        writer.text(if upper { b"NAN" } else { b"nan" });
        return writer.len;
    }
    if number.is_infinite() {
        writer.text(if upper { b"INF" } else { b"inf" });
        return writer.len;
    }
    let room = FIXED_ROOM - usize::from(number.is_sign_negative());
    let number = math::copysign(number, 1.0);
    match style.kind | 0x20 {
        b'f' => {
            // Anything below has room: no need to look.
            if number >= 1e9 || (number >= 10.0 && style.precision > 20) {
                let point = decimal_or_zero(number, Some(17), 0).point;
                if point as usize + 1 + style.precision > room {
                    let kind = style.kind + (b'g' - b'f');
                    let precision = style.precision + 1;
                    return format(
                        number,
                        Style {
                            kind,
                            precision,
                            ..style
                        },
                        out,
                    );
                }
            }
            let digits = decimal_or_zero(number, None, style.precision.min(MAX_DIGITS - 320));
            writer.fixed(
                &digits,
                style.precision.min(MAX_DIGITS - 320),
                style.alternate,
            );
        }
        b'e' => {
            let precision = style.precision.min(MAX_DIGITS - 20);
            let digits = decimal_or_zero(number, Some(precision + 1), 0);
            writer.scientific(&digits, precision, style.alternate, upper);
        }
        b'g' => {
            let precision = style.precision.clamp(1, MAX_DIGITS - 20);
            let digits = decimal_or_zero(number, Some(precision), 0);
            writer.general(&digits, precision, precision as i32, style.alternate, upper);
        }
        _ => {
            let digits = shortest(number);
            let len = digits.len;
            writer.general(&digits, len.max(1), 16, false, upper);
            if !writer.out[..writer.len]
                .iter()
                .any(|byte| matches!(byte, b'.' | b'e' | b'E'))
            {
                writer.text(b".0");
            }
        }
    }
    writer.len
}

pub(crate) fn decimal_or_zero(number: Real, significant: Option<usize>, after: usize) -> Decimal {
    if number == 0.0 {
        return Decimal {
            digits: [0; MAX_DIGITS],
            len: 0,
            point: 1,
        };
    }
    decimal(number, significant, after)
}

/// The fewest digits that read back as the same number.
pub(crate) fn shortest(number: Real) -> Decimal {
    if number == 0.0 {
        return decimal_or_zero(number, None, 0);
    }
    let (least, most) = DIGITS;
    // The smallest numbers have fewer digits than others.
    let least = if number < Real::MIN_POSITIVE {
        1
    } else {
        least
    };
    for count in least..=most {
        let mut digits = decimal(number, Some(count), 0);
        while digits.len > 1 && digits.digits[digits.len - 1] == 0 {
            digits.len -= 1;
        }
        if count == most
            || to_real(
                &digits.digits[..digits.len],
                digits.point - digits.len as i32,
                false,
            ) == number
        {
            return digits;
        }
    }
    decimal(number, Some(most), 0)
}

struct Writer<'a> {
    out: &'a mut [u8; MAX_DIGITS + 40],
    len: usize,
}

impl Writer<'_> {
    fn text(&mut self, text: &[u8]) {
        for &byte in text {
            if let Some(slot) = self.out.get_mut(self.len) {
                *slot = byte;
                self.len += 1;
            }
        }
    }

    fn digit(&mut self, digits: &Decimal, at: i32) {
        let digit = usize::try_from(at)
            .ok()
            .filter(|&at| at < digits.len)
            .map_or(0, |at| digits.digits[at]);
        self.text(&[b'0' + digit]);
    }

    fn fixed(&mut self, digits: &Decimal, precision: usize, alternate: bool) {
        if digits.point <= 0 {
            self.text(b"0");
        }
        for at in 0..digits.point.max(0) {
            self.digit(digits, at);
        }
        if precision > 0 || alternate {
            self.text(b".");
        }
        for at in 0..precision as i32 {
            self.digit(digits, digits.point + at);
        }
    }

    fn scientific(&mut self, digits: &Decimal, precision: usize, alternate: bool, upper: bool) {
        self.digit(digits, 0);
        if precision > 0 || alternate {
            self.text(b".");
        }
        for at in 0..precision as i32 {
            self.digit(digits, at + 1);
        }
        let exponent = if digits.len == 0 { 0 } else { digits.point - 1 };
        self.text(if upper { b"E" } else { b"e" });
        self.text(if exponent < 0 { b"-" } else { b"+" });
        let exponent = exponent.unsigned_abs();
        if exponent >= 100 {
            self.text(&[b'0' + (exponent / 100) as u8]);
        }
        self.text(&[
            b'0' + (exponent / 10 % 10) as u8,
            b'0' + (exponent % 10) as u8,
        ]);
    }

    /// The shorter of the two, zeros at the end dropped.
    fn general(
        &mut self,
        digits: &Decimal,
        precision: usize,
        limit: i32,
        alternate: bool,
        upper: bool,
    ) {
        let exponent = if digits.len == 0 { 0 } else { digits.point - 1 };
        let mut used = digits.len.min(precision);
        while !alternate && used > 1 && digits.digits[used - 1] == 0 {
            used -= 1;
        }
        let shown = if alternate { precision } else { used.max(1) };
        if exponent < -4 || exponent >= limit {
            self.scientific(digits, shown - 1, alternate, upper);
        } else {
            let after = shown as i32 - 1 - exponent;
            self.fixed(digits, after.max(0) as usize, alternate);
        }
    }
}

/// The nearest number to `digits * 10 ** exponent`; `more` says that digits that are not 0 were left out.
pub(crate) fn to_real(digits: &[u8], exponent: i32, more: bool) -> Real {
    let mut numerator = [0_u32; WORDS + 2];
    for &digit in digits {
        big::multiply_small(&mut numerator, 10, u32::from(digit));
    }
    if digits.iter().all(|&digit| digit == 0) {
        return 0.0;
    }
    if exponent >= 0 {
        if exponent + digits.len() as i32 > 400 {
            return Real::INFINITY;
        }
        let mut left = exponent;
        while left > 0 {
            let step = left.min(9);
            big::multiply_small(&mut numerator, 10_u32.pow(step as u32), 0);
            left -= step;
        }
        return from_big(&numerator, 0, more);
    }
    if exponent + (digits.len() as i32) < -400 {
        return 0.0;
    }
    let mut divisor = [0_u32; WORDS];
    divisor[0] = 1;
    let mut left = -exponent;
    while left > 0 {
        let step = left.min(9);
        big::multiply_small(&mut divisor, 10_u32.pow(step as u32), 0);
        left -= step;
    }
    quotient(&numerator, &divisor, more)
}

/// The nearest number to a quotient.
pub(crate) fn quotient(numerator: &[u32], divisor: &[u32], more: bool) -> Real {
    let (numerator, divisor) = (big::trimmed(numerator), big::trimmed(divisor));
    // Scaled so that the quotient has at least 65 bits and the divisor its top bit set.
    let normal = divisor.last().map_or(0, |top| top.leading_zeros() as usize)
        + usize::from(divisor.len() == 1) * 32;
    let mut scaled = [0; WORDS + 1];
    let divisor_len = divisor.len() + usize::from(divisor.len() == 1);
    big::shift_left(divisor, normal, &mut scaled[..divisor_len]);
    let gain = (big::bit_len(divisor) + 66).saturating_sub(big::bit_len(numerator));
    let shift = gain + normal;
    let mut rest = [0; 2 * WORDS];
    let rest_len = (big::bit_len(numerator) + shift)
        .div_ceil(32)
        .max(divisor_len)
        + 1;
    big::shift_left(numerator, shift, &mut rest[..rest_len]);
    let mut digits = [0; 2 * WORDS];
    let digits = &mut digits[..rest_len - divisor_len];
    big::divide(&mut rest[..rest_len], &scaled[..divisor_len], digits);
    let inexact = rest[..divisor_len].iter().any(|&word| word != 0);
    from_big(digits, -(gain as i32), more || inexact)
}

/// Reads a number: digits, point, exponent, `inf`, `nan`, with sign and underscores. `None` if it is anything else.
pub(crate) fn parse(text: &[u8]) -> Option<Real> {
    let (negative, text) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (number, used) = parse_prefix(text)?;
    (used == text.len()).then(|| if negative { -number } else { number })
}

/// Reads a number without a sign and says how much of the text it took.
pub(crate) fn parse_prefix(text: &[u8]) -> Option<(Real, usize)> {
    for (word, value) in [
        (&b"infinity"[..], Real::INFINITY),
        (b"inf", Real::INFINITY),
        (b"nan", Real::NAN),
    ] {
        if text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word) {
            return Some((value, word.len()));
        }
    }
    let mut digits = [0; 48];
    let (mut len, mut exponent, mut more) = (0, 0_i32, false);
    let (mut at, mut seen, mut point) = (0, false, false);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                let digit = byte - b'0';
                if len < digits.len() {
                    if len > 0 || digit > 0 {
                        digits[len] = digit;
                        len += 1;
                    }
                    exponent -= i32::from(point);
                } else {
                    more |= digit > 0;
                    exponent += i32::from(!point);
                }
            }
            b'.' if !point => point = true,
            b'_' if seen => {}
            _ => break,
        }
        at += 1;
    }
    if !seen {
        return None;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let (mut end, mut value, mut negative) = (at + 1, 0_i32, false);
        if let Some(sign @ (b'+' | b'-')) = text.get(end) {
            negative = *sign == b'-';
            end += 1;
        }
        if !text.get(end)?.is_ascii_digit() {
            return None;
        }
        while let Some(digit @ (b'0'..=b'9' | b'_')) = text.get(end) {
            if *digit != b'_' {
                value = value
                    .saturating_mul(10)
                    .saturating_add(i32::from(digit - b'0'))
                    .min(100_000);
            }
            end += 1;
        }
        exponent += if negative { -value } else { value };
        at = end;
    }
    Some((
        quick(&digits[..len], exponent, more)
            .unwrap_or_else(|| to_real(&digits[..len], exponent, more)),
        at,
    ))
}

/// Numbers whose digits and power of ten are both exact.
pub(crate) fn quick(digits: &[u8], exponent: i32, more: bool) -> Option<Real> {
    if digits.len() > DIGITS.0 || more || MANTISSA_BITS < 53 {
        return None;
    }
    let whole = digits
        .iter()
        .fold(0_u64, |whole, &digit| whole * 10 + u64::from(digit)) as Real;
    let mut power: Real = 1.0;
    for _ in 0..exponent.unsigned_abs().min(23) {
        power *= 10.0;
    }
    match exponent {
        0..=22 => Some(whole * power),
        -22..0 => Some(whole / power),
        _ => None,
    }
}

#[cfg(all(test, not(feature = "float32")))]
mod tests;
