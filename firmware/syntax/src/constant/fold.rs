//! Arithmetic on constants while the tree is built.
//!
//! Only whole expressions of numbers are folded (`2 * 3 + x` is folded in `2 * 3`, `x + 2 * 3` in
//! `2 * 3`, `x + 1 + 2` not at all). What would raise, become complex or grow too large is left for
//! run time.

use super::float;
use super::integer::{Bitwise, Integer, Refused};
use super::number::Number;
use super::power::power;
use crate::arena::Arena;
use crate::token::Operator;

/// `left operator right`.
///
/// # Errors
/// [`Refused`] when the result is not a number that can be folded.
pub fn binary(
    arena: &mut Arena<'_>,
    operator: Operator,
    left: Number,
    right: Number,
) -> Result<Number, Refused> {
    match (left, right) {
        (Number::Integer(left), Number::Integer(right)) => integers(arena, operator, left, right),
        _ => floats(operator, left.to_f64(arena), right.to_f64(arena)),
    }
}

fn integers(
    arena: &mut Arena<'_>,
    operator: Operator,
    left: Integer,
    right: Integer,
) -> Result<Number, Refused> {
    let is_whole_power = operator == Operator::POWER && !right.negative;
    if operator == Operator::TRUE_DIVIDE || (operator == Operator::POWER && !is_whole_power) {
        return floats(operator, left.to_f64(arena), right.to_f64(arena));
    }
    let result = match operator {
        Operator::OR => left.bitwise(right, Bitwise::Or, arena),
        Operator::XOR => left.bitwise(right, Bitwise::Xor, arena),
        Operator::AND => left.bitwise(right, Bitwise::And, arena),
        Operator::SHIFT_LEFT => left.shift_left(shift_count(arena, left, right)?, arena),
        Operator::SHIFT_RIGHT => left.shift_right(shift_count(arena, left, right)?, arena),
        Operator::ADD => left.add(right, arena),
        Operator::SUBTRACT => left.subtract(right, arena),
        Operator::MULTIPLY => left.multiply(right, arena),
        Operator::FLOOR_DIVIDE => Ok(left.divide(right, arena)?.0),
        Operator::MODULO => Ok(left.divide(right, arena)?.1),
        Operator::POWER => left.power(right, arena),
        _ => Err(Refused::Undefined),
    };
    Ok(Number::Integer(result?))
}

/// The bits to shift by; one that is larger than any number stands for all beyond it.
fn shift_count(arena: &Arena<'_>, left: Integer, right: Integer) -> Result<u32, Refused> {
    if right.negative {
        return Err(Refused::Undefined);
    }
    let count = right.to_i64(arena).ok_or(Refused::Undefined)?;
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    if left.len == 0 {
        Ok(0)
    } else {
        Ok(count.min(1 << 30))
    }
}

fn floats(operator: Operator, left: f64, right: f64) -> Result<Number, Refused> {
    let divides = matches!(
        operator,
        Operator::FLOOR_DIVIDE | Operator::TRUE_DIVIDE | Operator::MODULO
    );
    if divides && right == 0.0 {
        return Err(Refused::Undefined);
    }
    let result = match operator {
        Operator::ADD => left + right,
        Operator::SUBTRACT => left - right,
        Operator::MULTIPLY => left * right,
        Operator::TRUE_DIVIDE => left / right,
        Operator::FLOOR_DIVIDE => float::floor_divide(left, right),
        Operator::MODULO => float::modulo(left, right),
        Operator::POWER => {
            let is_zero_division = left == 0.0 && right < 0.0 && !right.is_infinite();
            let is_complex = left < 0.0 && right != float::floor(right) && !right.is_nan();
            if is_zero_division || is_complex {
                return Err(Refused::Undefined);
            }
            power(left, right)
        }
        _ => return Err(Refused::Undefined),
    };
    Ok(Number::Float(result))
}

/// `operator value`; `None` for `~` of a float.
///
/// # Errors
/// [`Refused::TooLarge`].
pub fn unary(
    arena: &mut Arena<'_>,
    operator: Operator,
    value: Number,
) -> Result<Option<Number>, Refused> {
    Ok(match (operator, value) {
        (Operator::POSITIVE, value) => Some(value),
        (Operator::NEGATIVE, Number::Integer(value)) => Some(Number::Integer(value.negated())),
        (Operator::NEGATIVE, Number::Float(value)) => Some(Number::Float(-value)),
        (Operator::INVERT, Number::Integer(value)) => Some(Number::Integer(value.inverted(arena)?)),
        _ => None,
    })
}
