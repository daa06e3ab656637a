//! `math` and `cmath`.

use crate::names as q;
use crate::native::{Args, Entry, Item, KEYWORDS, function, item};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::TypeId;
use crate::types::float::{Real, domain_error, math as m};
use crate::value::Value;

macro_rules! one_argument {
    ($($name:ident)*) => {
        $(
            fn $name(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
                apply(vm, args, m::$name)
            }
        )*
    };
}

one_argument! {
    acos acosh asin asinh atan atanh cos cosh erf erfc exp expm1 sin sinh sqrt tan tanh
}

/// Applies a function; no number out of a number is an error.
fn apply(vm: &mut Vm<'_>, args: Args, work: fn(Real) -> Real) -> Result<Value> {
    let value = args.at(vm, 0);
    let number = vm.to_float(value)?;
    let answer = work(number);
    if (answer.is_nan() && !number.is_nan()) || (answer.is_infinite() && number.is_finite()) {
        return Err(domain_error(vm));
    }
    vm.new_float(answer)
}

fn two(vm: &mut Vm<'_>, args: Args, work: fn(Real, Real) -> Real) -> Result<Value> {
    let (a, b) = (args.at(vm, 0), args.at(vm, 1));
    let (a, b) = (vm.to_float(a)?, vm.to_float(b)?);
    let answer = work(a, b);
    if (answer.is_nan() && !a.is_nan() && !b.is_nan())
        || (answer.is_infinite() && a.is_finite() && b.is_finite())
    {
        return Err(domain_error(vm));
    }
    vm.new_float(answer)
}

pub(crate) const MATH: &[Entry] = &[
    item(q::__name__, Item::Text(q::math)),
    item(
        q::e,
        Item::Get(|vm| vm.new_float(core::f64::consts::E as Real)),
    ),
    item(
        q::pi,
        Item::Get(|vm| vm.new_float(core::f64::consts::PI as Real)),
    ),
    item(
        q::tau,
        Item::Get(|vm| vm.new_float(core::f64::consts::TAU as Real)),
    ),
    item(q::inf, Item::Get(|vm| vm.new_float(Real::INFINITY))),
    item(q::nan, Item::Get(|vm| vm.new_float(Real::NAN))),
    function(q::sqrt, sqrt, 1, 1),
    function(q::pow, |vm, args| two(vm, args, m::pow), 2, 2),
    function(q::exp, exp, 1, 1),
    function(q::expm1, expm1, 1, 1),
    function(q::log, log, 1, 2),
    function(q::log2, |vm, args| logarithm(vm, args, m::log2), 1, 1),
    function(q::log10, |vm, args| logarithm(vm, args, m::log10), 1, 1),
    function(q::cosh, cosh, 1, 1),
    function(q::sinh, sinh, 1, 1),
    function(q::tanh, tanh, 1, 1),
    function(q::acosh, acosh, 1, 1),
    function(q::asinh, asinh, 1, 1),
    function(q::atanh, atanh, 1, 1),
    function(q::cos, cos, 1, 1),
    function(q::sin, sin, 1, 1),
    function(q::tan, tan, 1, 1),
    function(q::acos, acos, 1, 1),
    function(q::asin, asin, 1, 1),
    function(q::atan, atan, 1, 1),
    function(q::atan2, |vm, args| two(vm, args, m::atan2), 2, 2),
    function(q::ceil, |vm, args| whole(vm, args, m::ceil), 1, 1),
    function(q::copysign, |vm, args| two(vm, args, m::copysign), 2, 2),
    function(
        q::fabs,
        |vm, args| apply(vm, args, |x| m::copysign(x, 1.0)),
        1,
        1,
    ),
    function(q::floor, |vm, args| whole(vm, args, m::floor), 1, 1),
    function(q::fmod, |vm, args| two(vm, args, m::fmod), 2, 2),
    function(q::frexp, frexp, 1, 1),
    function(q::ldexp, ldexp, 2, 2),
    function(q::modf, modf, 1, 1),
    function(
        q::isfinite,
        |vm, args| test(vm, args, |x| x.is_finite()),
        1,
        1,
    ),
    function(
        q::isinf,
        |vm, args| test(vm, args, |x| x.is_infinite()),
        1,
        1,
    ),
    function(q::isnan, |vm, args| test(vm, args, |x| x.is_nan()), 1, 1),
    function(q::isclose, isclose, 2, KEYWORDS | 2),
    function(q::trunc, |vm, args| whole(vm, args, m::trunc), 1, 1),
    function(
        q::radians,
        |vm, args| apply(vm, args, |x| x * (core::f64::consts::PI as Real / 180.0)),
        1,
        1,
    ),
    function(
        q::degrees,
        |vm, args| apply(vm, args, |x| x * (180.0 / core::f64::consts::PI as Real)),
        1,
        1,
    ),
    function(q::erf, erf, 1, 1),
    function(q::erfc, erfc, 1, 1),
    function(q::gamma, gamma, 1, 1),
    function(q::lgamma, |vm, args| apply(vm, args, m::lgamma), 1, 1),
    function(q::factorial, factorial, 1, 1),
];

fn test(vm: &mut Vm<'_>, args: Args, test: fn(Real) -> bool) -> Result<Value> {
    let value = args.at(vm, 0);
    vm.to_float(value).map(|number| Value::bool(test(number)))
}

fn whole(vm: &mut Vm<'_>, args: Args, work: fn(Real) -> Real) -> Result<Value> {
    let value = args.at(vm, 0);
    let number = vm.to_float(value)?;
    vm.int_from_float(work(number))
}

fn logarithm(vm: &mut Vm<'_>, args: Args, work: fn(Real) -> Real) -> Result<Value> {
    let value = args.at(vm, 0);
    let number = vm.to_float(value)?;
    if number <= 0.0 {
        return Err(domain_error(vm));
    }
    vm.new_float(work(number))
}

/// `math.log(x, base)`
fn log(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = args.at(vm, 0);
    let number = vm.to_float(value)?;
    if number <= 0.0 {
        return Err(domain_error(vm));
    }
    let natural = m::log(number);
    let Some(base) = args.get(vm, 1) else {
        return vm.new_float(natural);
    };
    let base = vm.to_float(base)?;
    if base <= 0.0 {
        return Err(domain_error(vm));
    }
    if base == 1.0 {
        return Err(vm.raise_text(TypeId::ZeroDivisionError, b"divide by zero"));
    }
    vm.new_float(natural / m::log(base))
}

fn gamma(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    apply(vm, args, |x| {
        if x == Real::NEG_INFINITY {
            Real::NAN
        } else {
            m::tgamma(x)
        }
    })
}

fn frexp(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = args.at(vm, 0);
    let number = vm.to_float(value)?;
    let (fraction, exponent) = if number.is_finite() {
        m::frexp(number)
    } else {
        (number, 0)
    };
    let fraction = vm.new_float(fraction)?;
    vm.new_tuple(&[fraction, Value::small(exponent as isize)])
}

fn ldexp(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (number, exponent) = (args.at(vm, 0), vm.int_arg(args, 1)?);
    let number = vm.to_float(number)?;
    let answer = m::ldexp(number, exponent.clamp(-5000, 5000) as i32);
    if answer.is_infinite() && number.is_finite() {
        return Err(domain_error(vm));
    }
    vm.new_float(answer)
}

fn modf(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = args.at(vm, 0);
    let number = vm.to_float(value)?;
    let (fraction, whole) = m::modf(number);
    let fraction = vm.new_float(m::copysign(fraction, number))?;
    let whole = vm.new_float(whole)?;
    vm.new_tuple(&[fraction, whole])
}

/// `math.isclose(a, b, *, rel_tol=1e-9, abs_tol=0.0)`
fn isclose(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (a, b) = (args.at(vm, 0), args.at(vm, 1));
    let (a, b) = (vm.to_float(a)?, vm.to_float(b)?);
    let relative = match args.named(vm, q::rel_tol) {
        Some(value) => vm.to_float(value)?,
        None => 1e-9,
    };
    let absolute = match args.named(vm, q::abs_tol) {
        Some(value) => vm.to_float(value)?,
        None => 0.0,
    };
    if relative < 0.0 || absolute < 0.0 {
        return Err(domain_error(vm));
    }
    if a == b {
        return Ok(Value::TRUE);
    }
    if a.is_infinite() || b.is_infinite() {
        return Ok(Value::FALSE);
    }
    let size = |x: Real| m::copysign(x, 1.0);
    let difference = size(a - b);
    let largest = if size(a) > size(b) { size(a) } else { size(b) };
    Ok(Value::bool(
        difference <= relative * largest || difference <= absolute,
    ))
}

fn factorial(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.int_arg(args, 0)?;
    if number < 0 {
        return Err(vm.value_error(b"negative value"));
    }
    let mut product = Value::small(1);
    for factor in 2..=number {
        vm.push(product)?;
        product = vm.int_binary(
            upy_bytecode::BinaryOp::Multiply,
            product,
            Value::small(factor),
        )?;
        vm.pop();
    }
    Ok(product)
}

pub(crate) const CMATH: &[Entry] = &[
    item(q::__name__, Item::Text(q::cmath)),
    item(
        q::e,
        Item::Get(|vm| vm.new_float(core::f64::consts::E as Real)),
    ),
    item(
        q::pi,
        Item::Get(|vm| vm.new_float(core::f64::consts::PI as Real)),
    ),
    function(q::phase, phase, 1, 1),
    function(q::polar, polar, 1, 1),
    function(q::rect, rect, 2, 2),
    function(q::exp, complex_exp, 1, 1),
    function(q::log, complex_log, 1, 1),
    function(q::log10, complex_log10, 1, 1),
    function(q::sqrt, complex_sqrt, 1, 1),
    function(q::cos, complex_cos, 1, 1),
    function(q::sin, complex_sin, 1, 1),
];

fn argument(vm: &mut Vm<'_>, args: Args) -> Result<(Real, Real)> {
    let value = args.at(vm, 0);
    vm.to_complex(value)
}

fn phase(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (real, imag) = argument(vm, args)?;
    vm.new_float(m::atan2(imag, real))
}

fn polar(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (real, imag) = argument(vm, args)?;
    let size = vm.new_float(m::sqrt(real * real + imag * imag))?;
    let angle = vm.new_float(m::atan2(imag, real))?;
    vm.new_tuple(&[size, angle])
}

fn rect(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (size, angle) = (args.at(vm, 0), args.at(vm, 1));
    let (size, angle) = (vm.to_float(size)?, vm.to_float(angle)?);
    vm.new_complex(size * m::cos(angle), size * m::sin(angle))
}

fn complex_exp(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (real, imag) = argument(vm, args)?;
    let size = m::exp(real);
    vm.new_complex(size * m::cos(imag), size * m::sin(imag))
}

fn complex_log(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (real, imag) = argument(vm, args)?;
    vm.new_complex(
        m::log(m::sqrt(real * real + imag * imag)),
        m::atan2(imag, real),
    )
}

fn complex_log10(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (real, imag) = argument(vm, args)?;
    let scale = core::f64::consts::LOG10_E as Real;
    vm.new_complex(
        m::log10(m::sqrt(real * real + imag * imag)),
        scale * m::atan2(imag, real),
    )
}

fn complex_sqrt(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (real, imag) = argument(vm, args)?;
    let size = m::pow(real * real + imag * imag, 0.25);
    let angle = 0.5 * m::atan2(imag, real);
    vm.new_complex(size * m::cos(angle), size * m::sin(angle))
}

fn complex_cos(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (real, imag) = argument(vm, args)?;
    vm.new_complex(m::cos(real) * m::cosh(imag), -m::sin(real) * m::sinh(imag))
}

fn complex_sin(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (real, imag) = argument(vm, args)?;
    vm.new_complex(m::sin(real) * m::cosh(imag), m::cos(real) * m::sinh(imag))
}
