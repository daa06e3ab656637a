//! `base ** exponent` for floats.
//!
//! The logarithm and the exponential to base two are taken in 128-bit fixed point, which leaves a
//! correctly rounded double in all but contrived cases. Slow, and only ever run while folding.

use super::extended::Extended;
use super::float::floor;

/// Bits after the point.
const FRACTION_BITS: u32 = 120;
const ONE: u128 = 1 << FRACTION_BITS;
/// The natural logarithm of two.
const LN_2: u128 = 0x00b1_7217_f7d1_cf79_abc9_e3b3_9803_f2f6;

/// The high part of a product of two fixed-point numbers below 2**8.
// Large where 64-bit products are made of 32-bit ones, and used three times.
#[inline(never)]
fn multiply(left: u128, right: u128) -> u128 {
    const LOW: u128 = u64::MAX as u128;
    let (left_high, left_low) = (left >> 64, left & LOW);
    let (right_high, right_low) = (right >> 64, right & LOW);
    let low = left_low * right_low;
    let middle = left_high * right_low + (low >> 64);
    let other = left_low * right_high + (middle & LOW);
    let high = left_high * right_high + (middle >> 64) + (other >> 64);
    let below = (other & LOW) << 64 | low & LOW;
    high << (128 - FRACTION_BITS) | below >> FRACTION_BITS
}

/// The logarithm to base two of a positive finite number: the whole part and the fraction.
fn log_2(value: f64) -> (i32, u128) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = match (bits >> 52) as i32 {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent - 1075),
    };
    let top = 63 - mantissa.leading_zeros();
    let mut number = u128::from(mantissa) << (FRACTION_BITS - top);
    let mut result = 0;
    for bit in (0..FRACTION_BITS).rev() {
        number = multiply(number, number);
        if number >= 2 * ONE {
            number >>= 1;
            result |= 1 << bit;
        }
    }
    (exponent + top as i32, result)
}

/// Two to a power below one.
fn exp_2(fraction: u128) -> u128 {
    let argument = multiply(fraction, LN_2);
    let (mut sum, mut term) = (ONE, ONE);
    for count in 1..64 {
        term = multiply(term, argument) / count;
        if term == 0 {
            break;
        }
        sum += term;
    }
    sum
}

/// `base ** exponent` for a base above zero and both finite.
fn positive_power(base: f64, exponent: f64) -> f64 {
    let (whole, fraction) = log_2(base);
    // log2(base) * exponent, with the exponent as an integer times a power of two.
    let bits = exponent.to_bits();
    let is_negative = (bits >> 63 == 1) != (whole < 0);
    // A logarithm below zero is turned over first, so that it is a magnitude.
    let (whole, fraction) = if whole >= 0 {
        (whole as u128, fraction)
    } else if fraction == 0 {
        (whole.unsigned_abs().into(), 0)
    } else {
        (u128::from(whole.unsigned_abs()) - 1, ONE - fraction)
    };
    let raw = (bits >> 52 & 0x7ff) as i32;
    let mantissa = bits & ((1 << 52) - 1) | if raw == 0 { 0 } else { 1 << 52 };
    let shift = if raw == 0 { -1074 } else { raw - 1075 };
    // 53 bits times 11 bits before the point and 120 after: kept as two words.
    let low = u128::from(mantissa) * (fraction & u128::from(u64::MAX));
    let high = u128::from(mantissa) * (fraction >> 64 | whole << (FRACTION_BITS - 64));
    let high = high + (low >> 64);
    let low = low as u64;
    // The product is (high * 2**64 + low) * 2**(shift - 120).
    let overflow = if is_negative { 0.0 } else { f64::INFINITY };
    let (product_whole, product_fraction) = match shift {
        0.. => {
            let top = 128 - high.leading_zeros() as i32;
            if top + 64 + shift - FRACTION_BITS as i32 > 12 {
                return overflow;
            }
            let value = high << (shift + 64).min(127) | u128::from(low) << shift;
            (value >> FRACTION_BITS, value & (ONE - 1))
        }
        _ => {
            let down = shift.unsigned_abs();
            if down >= 192 {
                (0, 0)
            } else {
                let whole = if down + 56 < 128 {
                    high >> (down + 56)
                } else {
                    0
                };
                let fraction = if down < 64 {
                    high << (64 - down) | u128::from(low >> down)
                } else if down < 192 {
                    high >> (down - 64)
                } else {
                    0
                };
                (whole, fraction & (ONE - 1))
            }
        }
    };
    if product_whole > 1100 {
        return overflow;
    }
    let whole = product_whole as i32;
    let (whole, fraction) = match (is_negative, product_fraction) {
        (false, fraction) => (whole, fraction),
        (true, 0) => (-whole, 0),
        (true, fraction) => (-whole - 1, ONE - fraction),
    };
    let result = exp_2(fraction);
    // The result is between one and two, so its top 64 bits end 7 bits below the top of the word.
    let rounded = Extended::from_u64((result >> (FRACTION_BITS - 63)) as u64 | 1);
    let exact = result & ((1 << (FRACTION_BITS - 63)) - 1) < 1 << 20;
    let rounded = if exact {
        Extended::from_u64((result >> (FRACTION_BITS - 63)) as u64)
    } else {
        rounded
    };
    rounded.times_power_of_two(whole - 63).to_f64()
}

/// C's `pow`, for the arguments that folding lets through.
pub fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 0.0 || base == 1.0 {
        return 1.0;
    }
    if base.is_nan() || exponent.is_nan() {
        return f64::NAN;
    }
    let magnitude = f64::from_bits(base.to_bits() & !(1 << 63));
    if exponent.is_infinite() {
        if magnitude == 1.0 {
            return 1.0;
        }
        return if (magnitude > 1.0) == (exponent > 0.0) {
            f64::INFINITY
        } else {
            0.0
        };
    }
    let is_whole = floor(exponent) == exponent;
    let is_odd = is_whole && floor(exponent / 2.0) * 2.0 != exponent;
    let sign = if is_odd && base.is_sign_negative() {
        -1.0
    } else {
        1.0
    };
    if base == 0.0 || base.is_infinite() {
        let large = (base == 0.0) == (exponent < 0.0);
        return if large {
            f64::INFINITY * sign
        } else {
            0.0 * sign
        };
    }
    if base < 0.0 && !is_whole {
        return f64::NAN;
    }
    sign * positive_power(magnitude, exponent)
}

#[cfg(test)]
mod tests {
    use super::power;
    extern crate std;

    #[test]
    fn powers_agree_with_the_standard_library() {
        let bases: [f64; 9] = [
            2.0,
            10.0,
            0.5,
            3.7,
            1e-5,
            1.000_000_1,
            123_456.789,
            0.999,
            7e200,
        ];
        let exponents = [
            1.0, 2.0, 3.0, -1.0, -3.0, 0.5, 0.1, -2.5, 10.0, 100.0, 1e-3, 1e-300,
        ];
        for base in bases {
            for exponent in exponents {
                let expected: f64 = base.powf(exponent);
                assert_eq!(power(base, exponent), expected, "{base} ** {exponent}");
            }
        }
    }

    #[test]
    fn special_values_follow_c() {
        assert_eq!(power(-2.0, 3.0), -8.0);
        assert_eq!(power(0.0, 2.0), 0.0);
        assert_eq!(power(2.0, f64::INFINITY), f64::INFINITY);
        assert_eq!(power(2.0, 5000.0), f64::INFINITY);
        assert_eq!(power(2.0, -5000.0), 0.0);
        assert_eq!(power(2.0, -1074.0), 5e-324);
        assert_eq!(power(1.0, f64::NAN), 1.0);
    }
}
