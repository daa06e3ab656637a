//! Numbers to text and back.

extern crate std;
use super::*;
use std::string::{String, ToString};

fn text(number: f64, kind: u8, precision: usize) -> String {
    let mut out = [0; MAX_DIGITS + 40];
    let len = format(
        number,
        Style {
            kind,
            precision,
            alternate: false,
        },
        &mut out,
    );
    String::from_utf8_lossy(&out[..len]).into_owned()
}

/// `core` is the judge: it prints the shortest digits and rounds correctly.
#[test]
fn random_numbers_print_and_parse_as_core_does() {
    let mut random = 88_172_645_463_325_252_u64;
    for _ in 0..20_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let number = f64::from_bits(random & !(1 << 63));
        if !number.is_finite() {
            continue;
        }
        let printed = text(number, b'r', 0);
        assert_eq!(printed.parse::<f64>(), Ok(number), "{printed}");
        assert_eq!(parse(printed.as_bytes()), Some(number), "{printed}");
        let long = number.to_string();
        if long.len() < 60 {
            assert_eq!(parse(long.as_bytes()), Some(number), "{long}");
        }
        let exact = std::format!("{number:.16e}");
        assert_eq!(parse(exact.as_bytes()), Some(number), "{exact}");
    }
}

#[test]
fn fixed_and_scientific_round_half_to_even() {
    assert_eq!(text(0.125, b'f', 2), "0.12");
    assert_eq!(text(0.375, b'f', 2), "0.38");
    assert_eq!(text(2.5, b'f', 0), "2");
    assert_eq!(text(9.996, b'f', 2), "10.00");
    assert_eq!(text(0.0004, b'f', 2), "0.00");
    assert_eq!(text(0.006, b'f', 2), "0.01");
    assert_eq!(
        text(9.9996e28, b'f', 3),
        "99995999999999995515584380928.000"
    );
    assert_eq!(text(9.9996e29, b'f', 3), "1e+30");
    assert_eq!(text(12345.678, b'e', 3), "1.235e+04");
    assert_eq!(text(0.0001, b'g', 6), "0.0001");
    assert_eq!(text(0.00001, b'g', 6), "1e-05");
    assert_eq!(text(1e16, b'r', 0), "1e+16");
    assert_eq!(text(123456.0, b'r', 0), "123456.0");
    assert_eq!(text(5e-324, b'r', 0), "5e-324");
}

#[test]
fn limits_parse() {
    assert_eq!(parse(b"1.7976931348623157e308"), Some(f64::MAX));
    assert_eq!(parse(b"1.8e308"), Some(f64::INFINITY));
    assert_eq!(parse(b"4.9e-324"), Some(5e-324));
    assert_eq!(parse(b"2.4e-324"), Some(0.0));
    assert_eq!(parse(b"1e"), None);
    assert_eq!(parse(b"."), None);
}
