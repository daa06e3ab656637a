//! `random`: the generator of MicroPython (Yasmarang, by Ilya Levin) and what is drawn from it.
//!
//! The same seed gives the same numbers as there. Source of the algorithm: I. Levin, "Yasmarang", 2006.

use upy_runtime::{Args, Body, Entry, Item, Real, Result, TypeId, Value, Vm, function, item, text};

use crate::names as q;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::random),
    function(q::__init__, init, 0, 0),
    function(q::seed, seed, 0, 1),
    function(q::getrandbits, getrandbits, 1, 1),
    function(q::randrange, randrange, 1, 3),
    function(q::randint, randint, 2, 2),
    function(q::choice, choice, 1, 1),
    item(q::random, Item::Function(random, 0, 0)),
    function(q::uniform, uniform, 2, 2),
];

/// The state of the generator.
#[derive(Clone, Copy)]
struct Generator {
    pad: u32,
    n: u32,
    d: u32,
    dat: u8,
}

impl Body for Generator {}

impl Generator {
    const fn seeded(seed: u32) -> Self {
        Self {
            pad: seed,
            n: 69,
            d: 233,
            dat: 0,
        }
    }

    fn next(&mut self) -> u32 {
        self.pad = self
            .pad
            .wrapping_add(u32::from(self.dat))
            .wrapping_add(self.d.wrapping_mul(self.n));
        self.pad = (self.pad << 3).wrapping_add(self.pad >> 29);
        self.n = self.pad | 2;
        self.d ^= (self.pad << 31).wrapping_add(self.pad >> 1);
        self.dat ^= self.pad as u8 ^ (self.d >> 8) as u8 ^ 1;
        self.pad ^ self.d << 5 ^ self.pad >> 18 ^ u32::from(self.dat) << 1
    }
}

/// Draws 32 bits. The state lives in one of the library's roots.
fn draw(vm: &mut Vm<'_>) -> Result<u32> {
    let state = vm.root(crate::roots::RANDOM);
    if let Some(generator) = vm.body_mut::<Generator>(state) {
        return Ok(generator.next());
    }
    let mut bytes = [0; 4];
    vm.host().random(&mut bytes);
    let mut generator = Generator::seeded(u32::from_le_bytes(bytes));
    let drawn = generator.next();
    keep(vm, generator)?;
    Ok(drawn)
}

fn keep(vm: &mut Vm<'_>, generator: Generator) -> Result<()> {
    let state = vm.root(crate::roots::RANDOM);
    if let Some(known) = vm.body_mut::<Generator>(state) {
        *known = generator;
        return Ok(());
    }
    let state = vm.new_object(TypeId::Object, generator)?;
    vm.set_root(crate::roots::RANDOM, state);
    Ok(())
}

/// A number from 0 to `end - 1`, each as likely.
fn below(vm: &mut Vm<'_>, end: u32) -> Result<u32> {
    let mask = u32::MAX >> ((end - 1) | 1).leading_zeros();
    loop {
        let drawn = draw(vm)? & mask;
        if drawn < end {
            return Ok(drawn);
        }
    }
}

fn init(_: &mut Vm<'_>, _: Args) -> Result<Value> {
    Ok(Value::NONE)
}

/// `seed(n=None)`
fn seed(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let seed = match args.some(vm, 0) {
        Some(seed) => vm.to_bits(seed)? as u32,
        None => {
            let mut bytes = [0; 4];
            vm.host().random(&mut bytes);
            u32::from_le_bytes(bytes)
        }
    };
    keep(vm, Generator::seeded(seed))?;
    Ok(Value::NONE)
}

/// `getrandbits(n)`, at most 32
fn getrandbits(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let bits = vm.int_arg(args, 0)?;
    match bits {
        0 => Ok(Value::small(0)),
        1..=32 => {
            let drawn = draw(vm)? >> (32 - bits);
            vm.new_unsigned(u64::from(drawn))
        }
        _ => Err(vm.value_error(b"bits must be 32 or less")),
    }
}

/// A number of a range.
fn ranged(vm: &mut Vm<'_>, start: i64, count: i64, step: i64) -> Result<Value> {
    let Some(count) = u32::try_from(count).ok().filter(|&count| count > 0) else {
        return Err(vm.value_error(b""));
    };
    let drawn = i64::from(below(vm, count)?);
    vm.new_int(start + drawn * step)
}

fn randrange(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let first = vm.int_arg(args, 0)? as i64;
    if args.count == 1 {
        return ranged(vm, 0, first, 1);
    }
    let stop = vm.int_arg(args, 1)? as i64;
    let step = if args.count == 3 {
        vm.int_arg(args, 2)? as i64
    } else {
        1
    };
    let count = match step {
        0 => 0,
        step if step > 0 => (stop.saturating_sub(first) + step - 1) / step,
        step => (stop.saturating_sub(first) + step + 1) / step,
    };
    ranged(vm, first, count, step)
}

fn randint(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (first, last) = (vm.int_arg(args, 0)? as i64, vm.int_arg(args, 1)? as i64);
    ranged(vm, first, last.saturating_sub(first).saturating_add(1), 1)
}

fn choice(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let sequence = args.at(vm, 0);
    let len = vm.length(sequence)?;
    let len = u32::try_from(vm.to_isize(len)?).unwrap_or(0);
    if len == 0 {
        return Err(vm.raise_text(TypeId::IndexError, b""));
    }
    let index = below(vm, len)?;
    vm.subscript(sequence, Value::small(index as isize))
}

/// A float from 0 up to but not including 1, with all the bits a float has.
fn unit(vm: &mut Vm<'_>) -> Result<Real> {
    let high = draw(vm)?;
    let low = draw(vm)?;
    if size_of::<Real>() == 4 {
        return Ok((high >> 8) as Real / 16_777_216.0);
    }
    let bits = u64::from(high) << 21 ^ u64::from(low) >> 11;
    Ok((bits & ((1 << 53) - 1)) as Real / 9_007_199_254_740_992.0)
}

fn random(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let number = unit(vm)?;
    vm.new_float(number)
}

fn uniform(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (low, high) = (args.at(vm, 0), args.at(vm, 1));
    let (low, high) = (vm.to_float(low)?, vm.to_float(high)?);
    let number = low + (high - low) * unit(vm)?;
    vm.new_float(number)
}
