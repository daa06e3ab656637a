//! Floats with a 64-bit mantissa, for turning decimal text into a double and back.
//!
//! Sixteen to nineteen digits and a power of ten do not survive in a double. With a 64-bit
//! mantissa, round-to-nearest-even and powers made by repeated squaring the results are those of a
//! compiler that has 80-bit `long double` arithmetic, which is what `mpy-cross` has on x86.

/// `mantissa * 2**exponent`; the mantissa has its top bit set unless the number is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extended {
    mantissa: u64,
    exponent: i32,
}

/// Exponents from here on are infinite; no finite double comes near.
const INFINITE: i32 = 16_384;
/// Exponents up to here are zero.
const VANISHED: i32 = -16_600;

impl Extended {
    const ZERO: Self = Self {
        mantissa: 0,
        exponent: 0,
    };
    const INFINITY: Self = Self {
        mantissa: 1 << 63,
        exponent: INFINITE,
    };

    /// An integer, exactly.
    pub fn from_u64(value: u64) -> Self {
        if value == 0 {
            return Self::ZERO;
        }
        let shift = value.leading_zeros();
        Self {
            mantissa: value << shift,
            exponent: -(shift as i32),
        }
    }

    /// A finite double that is not negative, exactly.
    pub fn from_f64(value: f64) -> Self {
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as i32;
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, exponent) = match exponent {
            0 => (fraction, -1074),
            _ => (fraction | 1 << 52, exponent - 1075),
        };
        let integer = Self::from_u64(mantissa);
        if mantissa == 0 {
            return integer;
        }
        Self {
            exponent: integer.exponent + exponent,
            ..integer
        }
    }

    /// Rounds 128 bits (and whether anything is below them) to 64, to nearest, ties to even.
    fn rounded(wide: u128, is_inexact: bool, exponent: i32) -> Self {
        if wide == 0 {
            return Self::ZERO;
        }
        let shift = wide.leading_zeros();
        let wide = wide << shift;
        let mut mantissa = (wide >> 64) as u64;
        let mut exponent = exponent - shift as i32 + 64;
        let rest = wide as u64;
        let half = 1 << 63;
        if rest > half || (rest == half && (is_inexact || mantissa & 1 == 1)) {
            mantissa = mantissa.wrapping_add(1);
            if mantissa == 0 {
                mantissa = 1 << 63;
                exponent += 1;
            }
        }
        match exponent {
            INFINITE.. => Self::INFINITY,
            ..=VANISHED => Self::ZERO,
            _ => Self { mantissa, exponent },
        }
    }

    /// `self * other`.
    // Large where 64-bit products are made of 32-bit ones, and used three times.
    #[inline(never)]
    #[must_use]
    pub fn multiply(self, other: Self) -> Self {
        let wide = u128::from(self.mantissa) * u128::from(other.mantissa);
        Self::rounded(wide, false, self.exponent + other.exponent)
    }

    /// `self / other`, where `other` is not zero.
    #[must_use]
    pub fn divide(self, other: Self) -> Self {
        if other.exponent >= INFINITE {
            return Self::ZERO;
        }
        // The divisor has its top bit set, so this quotient has at least 64 bits; the next 63 bits
        // come from the remainder.
        let divisor = u128::from(other.mantissa);
        let dividend = u128::from(self.mantissa) << 64;
        let high = dividend / divisor;
        let low_dividend = (dividend % divisor) << 62;
        let (low, rest) = (low_dividend / divisor, low_dividend % divisor);
        let wide = high << 62 | low;
        Self::rounded(wide, rest != 0, self.exponent - other.exponent - 64 - 62)
    }

    /// `self * 2**power`, exactly.
    #[must_use]
    pub fn times_power_of_two(self, power: i32) -> Self {
        if self.mantissa == 0 {
            return self;
        }
        Self {
            exponent: self.exponent + power,
            ..self
        }
    }

    /// `self * 10**power`.
    #[must_use]
    pub fn scaled(self, power: i32) -> Self {
        let mut result = self;
        if self.mantissa == 0 {
            return self;
        }
        let mut factor = Self::from_u64(10);
        let mut left = power.unsigned_abs();
        while left > 0 {
            if left & 1 == 1 {
                result = if power < 0 {
                    result.divide(factor)
                } else {
                    result.multiply(factor)
                };
            }
            left >>= 1;
            if left > 0 {
                factor = factor.multiply(factor);
            }
        }
        result
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        // Exponent of the lowest bit of the mantissa as a 53-bit one.
        let lowest = self.exponent + 11;
        if self.mantissa == 0 || lowest < -1074 - 53 {
            return 0.0;
        }
        let drop = (if lowest < -1074 {
            11 - 1074 - lowest
        } else {
            11
        }) as u32;
        let wide = u128::from(self.mantissa);
        let half = 1_u128 << (drop - 1);
        let rest = wide & ((1 << drop) - 1);
        let mut mantissa = (wide >> drop) as u64;
        if rest > half || (rest == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        let lowest = lowest.max(-1074);
        // A carry into bit 53, or into bit 52 of a subnormal, adds into the exponent field.
        let field = if mantissa >= 1 << 52 {
            (lowest + 1074) as i64
        } else {
            0
        };
        if field >= 0x7fe || (field == 0x7fd && mantissa >> 53 != 0) {
            return f64::INFINITY;
        }
        f64::from_bits(((field as u64) << 52) + mantissa)
    }

    /// The nearest integer for a number below 2**64, halves up.
    pub fn to_u64(self) -> u64 {
        match self.exponent {
            0.. => self.mantissa + (self.mantissa & 1),
            -63..=-1 => {
                let shift = self.exponent.unsigned_abs();
                let sum = u128::from(self.mantissa) + (1 << (shift - 1));
                if sum >> 64 == 0 {
                    return (sum >> shift) as u64;
                }
                // The sum has 65 bits and is rounded to 64 before the fraction is cut off.
                let mut half = sum >> 1;
                half += sum & half & 1;
                (half >> (shift - 1)) as u64
            }
            -64 => 1,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Extended;

    #[test]
    fn doubles_come_back_as_they_were() {
        for value in [
            0.0,
            1.0,
            0.1,
            1e300,
            5e-324,
            f64::MIN_POSITIVE,
            f64::MAX,
            123_456.789,
        ] {
            assert_eq!(Extended::from_f64(value).to_f64(), value);
        }
    }

    #[test]
    fn scaling_by_ten_matches_the_decimal_text() {
        assert_eq!(Extended::from_u64(1).scaled(-1).to_f64(), 0.1);
        assert_eq!(Extended::from_u64(1).scaled(308).to_f64(), 1e308);
        assert_eq!(Extended::from_u64(1).scaled(309).to_f64(), f64::INFINITY);
        assert_eq!(Extended::from_u64(49).scaled(-325).to_f64(), 5e-324);
        assert_eq!(
            Extended::from_u64(17_976_931_348_623_157)
                .scaled(292)
                .to_f64(),
            f64::MAX
        );
        assert_eq!(Extended::from_u64(1).scaled(5000).to_f64(), f64::INFINITY);
        assert_eq!(Extended::from_u64(1).scaled(-5000).to_f64(), 0.0);
    }

    #[test]
    fn rounding_to_an_integer_takes_halves_up() {
        assert_eq!(Extended::from_f64(2.5).to_u64(), 3);
        assert_eq!(Extended::from_f64(0.49).to_u64(), 0);
        assert_eq!(Extended::from_f64(0.5).to_u64(), 1);
        assert_eq!(
            Extended::from_f64(1e19).to_u64(),
            10_000_000_000_000_000_000
        );
    }
}
