//! Arithmetic on magnitudes: slices of 32-bit digits, least significant first. No signs, no allocation.

use core::cmp::Ordering;

/// The digits without leading zeros.
pub(crate) fn trimmed(digits: &[u32]) -> &[u32] {
    let len = digits
        .iter()
        .rposition(|&digit| digit != 0)
        .map_or(0, |at| at + 1);
    &digits[..len]
}

/// Compares two magnitudes without leading zeros.
pub(crate) fn compare(a: &[u32], b: &[u32]) -> Ordering {
    a.len()
        .cmp(&b.len())
        .then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// `out = a + b`; `out` has one digit more than the longer.
pub(crate) fn add(a: &[u32], b: &[u32], out: &mut [u32]) {
    let (long, short) = if a.len() < b.len() { (b, a) } else { (a, b) };
    let (low, high) = long.split_at(short.len());
    let mut carry = false;
    // The digits to write come last in each `zip`: it takes none of them once the others have ended.
    let mut digits = out.iter_mut();
    for ((&x, &y), digit) in low.iter().zip(short).zip(digits.by_ref()) {
        let (sum, over) = x.overflowing_add(y);
        let (sum, carried) = sum.overflowing_add(u32::from(carry));
        *digit = sum;
        carry = over | carried;
    }
    for (&x, digit) in high.iter().zip(digits.by_ref()) {
        (*digit, carry) = x.overflowing_add(u32::from(carry));
    }
    for digit in digits {
        *digit = u32::from(carry);
        carry = false;
    }
}

/// `out = a - b` where `a >= b`; `out` is as long as `a`.
pub(crate) fn subtract(a: &[u32], b: &[u32], out: &mut [u32]) {
    let (low, high) = a.split_at(b.len().min(a.len()));
    let mut borrow = false;
    let mut digits = out.iter_mut();
    for ((&x, &y), digit) in low.iter().zip(b).zip(digits.by_ref()) {
        let (rest, under) = x.overflowing_sub(y);
        let (rest, borrowed) = rest.overflowing_sub(u32::from(borrow));
        *digit = rest;
        borrow = under | borrowed;
    }
    for (&x, digit) in high.iter().zip(digits) {
        (*digit, borrow) = x.overflowing_sub(u32::from(borrow));
    }
}

/// `out = a * b`; `out` is as long as both together and starts as zeros.
pub(crate) fn multiply(a: &[u32], b: &[u32], out: &mut [u32]) {
    for (index, &x) in a.iter().enumerate() {
        let mut carry = 0;
        let mut digits = out[index..].iter_mut();
        for (&y, digit) in b.iter().zip(digits.by_ref()) {
            let sum = u64::from(x) * u64::from(y) + u64::from(*digit) + u64::from(carry);
            *digit = sum as u32;
            carry = (sum >> 32) as u32;
        }
        if let Some(digit) = digits.next() {
            *digit = carry;
        }
    }
}

/// `digits = digits * factor + summand`; the digit carried out.
pub(crate) fn multiply_small(digits: &mut [u32], factor: u32, summand: u32) -> u32 {
    let mut carry = u64::from(summand);
    for digit in digits {
        let sum = u64::from(*digit) * u64::from(factor) + carry;
        *digit = sum as u32;
        carry = sum >> 32;
    }
    carry as u32
}

/// `digits = digits / divisor`; the remainder.
pub(crate) fn divide_small(digits: &mut [u32], divisor: u32) -> u32 {
    let mut rest = 0_u64;
    for digit in digits.iter_mut().rev() {
        let part = rest << 32 | u64::from(*digit);
        *digit = (part / u64::from(divisor)) as u32;
        rest = part % u64::from(divisor);
    }
    rest as u32
}

/// Divides: `rest` starts as the dividend with a zero digit more and ends as the remainder; `quotient` gets
/// `rest.len() - divisor.len()` digits. The divisor has at least two digits and its top bit set.
pub(crate) fn divide(rest: &mut [u32], divisor: &[u32], quotient: &mut [u32]) {
    let n = divisor.len();
    let (top, second) = (u64::from(divisor[n - 1]), u64::from(divisor[n - 2]));
    for at in (0..quotient.len()).rev() {
        let high = u64::from(rest[at + n]) << 32 | u64::from(rest[at + n - 1]);
        let (mut guess, mut left) = (high / top, high % top);
        while guess >> 32 != 0 || guess * second > (left << 32 | u64::from(rest[at + n - 2])) {
            guess -= 1;
            left += top;
            if left >> 32 != 0 {
                break;
            }
        }
        let mut borrow = 0_i64;
        let mut carry = 0_u64;
        for index in 0..n {
            let product = guess * u64::from(divisor[index]) + carry;
            carry = product >> 32;
            let difference = i64::from(rest[at + index]) - i64::from(product as u32) + borrow;
            rest[at + index] = difference as u32;
            borrow = difference >> 32;
        }
        let difference = i64::from(rest[at + n]) - carry as i64 + borrow;
        rest[at + n] = difference as u32;
        if difference < 0 {
            guess -= 1;
            let mut carry = 0_u64;
            for index in 0..n {
                let sum = u64::from(rest[at + index]) + u64::from(divisor[index]) + carry;
                rest[at + index] = sum as u32;
                carry = sum >> 32;
            }
            rest[at + n] = rest[at + n].wrapping_add(carry as u32);
        }
        quotient[at] = guess as u32;
    }
}

/// Divides `a` by `b`, which has at least two digits and no leading zeros.
///
/// `work` starts as zeros. Its halves are two digits longer than the longer number; they end as the remainder, and as
/// `b.len()` digits of no meaning with the quotient behind them.
pub(crate) fn divide_within(work: &mut [u32], a: &[u32], b: &[u32]) {
    let shift = b.last().map_or(0, |top| top.leading_zeros() as usize);
    let (rest, others) = work.split_at_mut(work.len() / 2);
    let (divisor, quotient) = others.split_at_mut(b.len());
    shift_left(b, shift, divisor);
    shift_left(a, shift, rest);
    divide(rest, divisor, quotient);
    shift_right_within(rest, shift);
}

/// `out = a << bits`; `out` is long enough.
pub(crate) fn shift_left(a: &[u32], bits: usize, out: &mut [u32]) {
    let (words, bits) = ((bits / 32).min(out.len()), (bits % 32) as u32);
    let (zeros, digits) = out.split_at_mut(words);
    zeros.fill(0);
    let mut below = 0;
    let mut digits = digits.iter_mut();
    for (&x, digit) in a.iter().zip(digits.by_ref()) {
        *digit = x << bits | below;
        // In two steps, so that no shift is as long as a word.
        below = x >> 1 >> (31 - bits);
    }
    for digit in digits {
        *digit = below;
        below = 0;
    }
}

/// `digits = digits >> bits`, where `bits` is less than 32.
fn shift_right_within(digits: &mut [u32], bits: usize) {
    let mut above = 0;
    for digit in digits.iter_mut().rev() {
        let x = *digit;
        *digit = x >> bits | above;
        above = x << 1 << (31 - bits);
    }
}

/// `out = a >> bits`; whether a bit was lost.
pub(crate) fn shift_right(a: &[u32], bits: usize, out: &mut [u32]) -> bool {
    let (words, bits) = (bits / 32, bits % 32);
    let at = |index: usize| a.get(index).copied().unwrap_or(0);
    for (index, digit) in out.iter_mut().enumerate() {
        let high = if bits > 0 {
            at(index + words + 1) << (32 - bits)
        } else {
            0
        };
        *digit = at(index + words) >> bits | high;
    }
    let lost_words = a.iter().take(words).any(|&digit| digit != 0);
    lost_words || (bits > 0 && at(words) & ((1 << bits) - 1) != 0)
}

/// A digit of a signed number in two's complement; `carry` starts as 1 for negative ones.
pub(crate) fn twos_digit(digits: &[u32], negative: bool, index: usize, carry: &mut u32) -> u32 {
    let digit = digits.get(index).copied().unwrap_or(0);
    if !negative {
        return digit;
    }
    let (sum, overflow) = (!digit).overflowing_add(*carry);
    *carry = u32::from(overflow);
    sum
}

/// Turns digits in two's complement that stand for a negative number into their magnitude.
pub(crate) fn negate(digits: &mut [u32]) {
    let mut carry = 1;
    for digit in digits {
        let (sum, overflow) = (!*digit).overflowing_add(carry);
        *digit = sum;
        carry = u32::from(overflow);
    }
}

/// How many bits a magnitude has.
pub(crate) fn bit_len(digits: &[u32]) -> usize {
    match digits.last() {
        Some(&top) => digits.len() * 32 - top.leading_zeros() as usize,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By machine arithmetic on 128 bits.
    #[test]
    fn sums_differences_and_shifts() {
        let mut random = 1_u128;
        for round in 0..3000 {
            random = random
                .wrapping_mul(0xda94_2042_e4dd_58b5)
                .wrapping_add(round);
            let digits = |number: u128| -> [u32; 4] {
                core::array::from_fn(|at| (number >> (32 * at)) as u32)
            };
            let whole = |digits: &[u32]| {
                let parts = digits.iter().rev();
                parts.fold(0, |sum, &digit| sum << 32 | u128::from(digit))
            };
            let (long, short) = (1 + round as usize % 3, round as usize / 3 % 4);
            let mask = |len: usize| (1_u128 << (32 * len)) - 1;
            let (a, b) = (random >> 7 & mask(long), random >> 23 & mask(short));
            let (x, y) = (digits(a), digits(b));
            let (x, y) = (&x[..long], &y[..short]);
            let mut room = [0xffff_ffff; 8];
            let out = &mut room[..long.max(short) + 1];
            add(x, y, out);
            assert_eq!(whole(out), a + b);
            let bits = round as usize % 40;
            let out = &mut room[..long + bits / 32 + 1];
            shift_left(x, bits, out);
            assert!(out.len() > 4 || whole(out) == a << bits);
            shift_right_within(out, bits % 32);
            assert_eq!(&out[bits / 32..][..long], x);
            if a >= b {
                let (x, y) = (trimmed(x), trimmed(y));
                let out = &mut room[..x.len()];
                subtract(x, y, out);
                assert_eq!(whole(out), a - b);
            }
        }
    }

    #[test]
    fn division_undoes_multiplication() {
        let mut random = 88_172_645_463_325_252_u64;
        let mut next = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 16) as u32
        };
        for _ in 0..2000 {
            let divisor = [next(), next(), next() | 0x8000_0000];
            let factor = [next(), next() % 3, next()];
            let summand = [next(), next(), next() & 0x7fff_ffff];
            let mut product = [0; 7];
            multiply(&divisor, &factor, &mut product[..6]);
            let before = product;
            add(&before[..6], &summand, &mut product);
            let mut rest = [0; 8];
            rest[..7].copy_from_slice(&product);
            let mut quotient = [0; 5];
            divide(&mut rest, &divisor, &mut quotient);
            assert_eq!(trimmed(&quotient), trimmed(&factor));
            assert_eq!(trimmed(&rest), trimmed(&summand));
        }
    }
}
