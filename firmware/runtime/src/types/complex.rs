//! Complex numbers.

use upy_bytecode::BinaryOp;

use crate::native::Args;
use crate::ops::format::Sink;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::float::{self, MAX_DIGITS, Real, Style, math};
use crate::types::{Complex, TypeId};
use crate::value::Value;

impl Vm<'_> {
    pub(crate) fn new_complex(&mut self, real: Real, imag: Real) -> Result<Value> {
        Ok(self.alloc(Complex { real, imag })?.value())
    }

    /// Any number as a complex one.
    pub(crate) fn to_complex(&mut self, value: Value) -> Result<(Real, Real)> {
        if let Some(complex) = self.heap.cast::<Complex>(value) {
            let Complex { real, imag } = self.heap[complex];
            return Ok((real, imag));
        }
        if let Some(found) = self.lookup_special(value, crate::names::__complex__)? {
            let answer = self.call_found(found, &[])?;
            if self.heap.cast::<Complex>(answer).is_some() {
                return self.to_complex(answer);
            }
        }
        Ok((self.to_float(value)?, 0.0))
    }

    /// An operator on two numbers, one of them complex. `None`: there is no such.
    pub(crate) fn complex_binary(
        &mut self,
        op: BinaryOp,
        left: Value,
        right: Value,
    ) -> Result<Option<Value>> {
        let ((a, b), (c, d)) = (self.to_complex(left)?, self.to_complex(right)?);
        let result = match op {
            BinaryOp::Add => (a + c, b + d),
            BinaryOp::Subtract => (a - c, b - d),
            BinaryOp::Multiply => (a * c - b * d, a * d + b * c),
            BinaryOp::TrueDivide => {
                if c == 0.0 && d == 0.0 {
                    return Err(
                        self.raise_text(TypeId::ZeroDivisionError, b"complex divide by zero")
                    );
                }
                if d == 0.0 {
                    (a / c, b / c)
                } else if c == 0.0 {
                    (b / d, -a / d)
                } else {
                    let norm = c * c + d * d;
                    let (c, d) = (c / norm, -d / norm);
                    (a * c - b * d, a * d + b * c)
                }
            }
            BinaryOp::Power => return self.complex_power(a, b, c, d).map(Some),
            BinaryOp::Equal => return Ok(Some(Value::bool(a == c && b == d))),
            BinaryOp::NotEqual => return Ok(Some(Value::bool(a != c || b != d))),
            BinaryOp::FloorDivide | BinaryOp::Modulo => {
                return Err(self.type_error(b"can't truncate-divide a complex number"));
            }
            _ => return Ok(None),
        };
        self.new_complex(result.0, result.1).map(Some)
    }

    /// `(a + bj) ** (c + dj)`
    pub(crate) fn complex_power(&mut self, a: Real, b: Real, c: Real, d: Real) -> Result<Value> {
        if a == 0.0 && b == 0.0 {
            if c == 0.0 && d == 0.0 {
                return self.new_complex(1.0, 0.0);
            }
            if d != 0.0 || c < 0.0 {
                return Err(self.raise_text(TypeId::ZeroDivisionError, b"0.0 to a complex power"));
            }
            return self.new_complex(0.0, 0.0);
        }
        let log = math::log(math::sqrt(a * a + b * b));
        let angle = math::atan2(b, a);
        let size = math::exp(c * log - d * angle);
        let turn = d * log + c * angle;
        self.new_complex(size * math::cos(turn), size * math::sin(turn))
    }

    /// Writes `repr` of a complex number.
    pub(crate) fn put_complex(&mut self, sink: Sink, real: Real, imag: Real) -> Result<()> {
        let mut text = [0; MAX_DIGITS + 40];
        let bracketed = real != 0.0 || real.is_sign_negative();
        if bracketed {
            self.put(sink, b"(")?;
            if real.is_sign_negative() && !real.is_nan() {
                self.put(sink, b"-")?;
            }
            let len = plain(real, &mut text);
            self.put(sink, &text[..len])?;
        }
        if imag.is_sign_negative() && !imag.is_nan() {
            self.put(sink, b"-")?;
        } else if bracketed {
            self.put(sink, b"+")?;
        }
        let len = plain(imag, &mut text);
        self.put(sink, &text[..len])?;
        self.put(sink, if bracketed { b"j)" } else { b"j" })
    }
}

/// A part: as `repr` of a float, but without `.0`.
fn plain(number: Real, text: &mut [u8; MAX_DIGITS + 40]) -> usize {
    let len = float::format(
        number,
        Style {
            kind: b'r',
            precision: 0,
            alternate: false,
        },
        text,
    );
    if text[..len].ends_with(b".0") {
        len - 2
    } else {
        len
    }
}

/// `complex(real=0, imag=0)`
pub(crate) fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count > 2 {
        return Err(vm.wrong_count(0, 2, args.count));
    }
    let Some(first) = args.either(vm, 0, crate::names::real) else {
        return vm.new_complex(0.0, 0.0);
    };
    if vm.is_str(first) {
        return match parse(vm.bytes_of(first)) {
            Some((real, imag)) => vm.new_complex(real, imag),
            None => Err(vm.value_error(b"invalid syntax for number")),
        };
    }
    let (a, b) = vm.to_complex(first)?;
    let (c, d) = match args.either(vm, 1, crate::names::imag) {
        Some(second) => vm.to_complex(second)?,
        None => (0.0, 0.0),
    };
    vm.new_complex(a - d, b + c)
}

/// Reads `1+2j`, `3j`, `4`, with or without brackets.
pub(crate) fn parse(text: &[u8]) -> Option<(Real, Real)> {
    let mut rest = text.trim_ascii();
    if let Some(inner) = rest
        .strip_prefix(b"(")
        .and_then(|inner| inner.strip_suffix(b")"))
    {
        rest = inner.trim_ascii();
    }
    let (mut real, mut imag) = (0.0, 0.0);
    let mut parts = 0;
    let mut imaginary = false;
    while !rest.is_empty() {
        // Nothing follows the imaginary part.
        if imaginary {
            return None;
        }
        let (negative, body) = match rest[0] {
            b'-' => (true, &rest[1..]),
            b'+' => (false, &rest[1..]),
            _ if parts == 0 => (false, rest),
            _ => return None,
        };
        let (number, used) = match body.first() {
            Some(b'j' | b'J') => (1.0, 0),
            _ => float::parse_prefix(body)?,
        };
        let number = if negative { -number } else { number };
        rest = &body[used..];
        parts += 1;
        if let Some(b'j' | b'J') = rest.first() {
            imag += number;
            imaginary = true;
            rest = &rest[1..];
        } else if parts == 2 {
            return None;
        } else {
            real += number;
        }
    }
    (parts > 0).then_some((real, imag))
}
