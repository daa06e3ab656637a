//! Ranges, slices, and the built-in iterators; methods of generators.

use crate::heap::Ref;
use crate::names as q;
use crate::native::{Args, Entry, function};
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Generator, Iter, IterOf, Progress, Range, Slice, TypeId};
use crate::value::Value;

pub(crate) const SLICE_ENTRIES: &[Entry] = &[function(q::indices, indices, 2, 2)];

pub(crate) const ITER_ENTRIES: &[Entry] = &[function(q::__next__, next_item, 1, 1)];

pub(crate) const GENERATOR_ENTRIES: &[Entry] = &[
    function(q::close, close, 1, 1),
    function(q::send, send, 2, 2),
    function(q::throw, throw, 2, 4),
    function(q::pend_throw, pend_throw, 2, 2),
    function(q::__next__, next, 1, 1),
];

impl Vm<'_> {
    pub(crate) fn range_len(&self, range: Ref<Range>) -> usize {
        let Range { start, stop, step } = self.heap[range];
        let distance = if step > 0 {
            stop.saturating_sub(start)
        } else {
            start.saturating_sub(stop)
        };
        if distance <= 0 {
            0
        } else {
            (distance as usize - 1) / step.unsigned_abs() + 1
        }
    }
}

/// `range(stop)`, `range(start, stop, step=1)`
pub(crate) fn make_range(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if !(1..=3).contains(&args.count) || args.keywords > 0 {
        return Err(vm.wrong_count(1, 3, args.count));
    }
    let first = vm.int_arg(args, 0)?;
    let (start, stop) = if args.count == 1 {
        (0, first)
    } else {
        (first, vm.int_arg(args, 1)?)
    };
    let step = if args.count == 3 {
        vm.int_arg(args, 2)?
    } else {
        1
    };
    if step == 0 {
        return Err(vm.value_error(b"zero step"));
    }
    Ok(vm.alloc(Range { start, stop, step })?.value())
}

/// `slice(stop)`, `slice(start, stop, step=None)`
pub(crate) fn make_slice(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    match args.count {
        1 => {
            let stop = args.at(vm, 0);
            vm.new_slice(Value::NONE, stop, Value::NONE)
        }
        2 | 3 => {
            let (start, stop) = (args.at(vm, 0), args.at(vm, 1));
            let step = args.get(vm, 2).unwrap_or(Value::NONE);
            vm.new_slice(start, stop, step)
        }
        given => Err(vm.wrong_count(1, 3, given)),
    }
}

/// `slice.indices(length)`
fn indices(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let slice: Ref<Slice> = vm.heap.expect(args.at(vm, 0));
    let len = vm.int_arg(args, 1)?;
    let Slice { start, stop, step } = vm.heap[slice];
    let step = if step.is_none() {
        1
    } else {
        vm.to_isize(step)?
    };
    if step == 0 {
        return Err(vm.value_error(b"slice step can't be zero"));
    }
    let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let mut place = |value: Value, default: isize| -> Result<isize> {
        if value.is_none() {
            return Ok(default);
        }
        let index = vm.to_isize(value)?;
        Ok(if index < 0 { index + len } else { index }.clamp(low, high))
    };
    let first = place(start, if step > 0 { low } else { high })?;
    let last = place(stop, if step > 0 { high } else { low })?;
    vm.new_tuple(&[Value::small(first), Value::small(last), Value::small(step)])
}

fn iterators(vm: &mut Vm<'_>, args: Args, from: usize) -> Result<Value> {
    let top = vm.stack_len();
    for index in from..args.count {
        let source = args.at(vm, index);
        let iterator = vm.iterate(source)?;
        vm.push(iterator)?;
    }
    let tuple = vm.tuple_from_stack(top, args.count - from)?;
    vm.truncate(top);
    Ok(tuple)
}

fn new_iter(
    vm: &mut Vm<'_>,
    of: IterOf,
    source: Value,
    extra: Option<Value>,
    at: isize,
) -> Result<Value> {
    Ok(vm
        .alloc(Iter {
            of,
            source,
            extra,
            at,
            end: 0,
            step: 1,
        })?
        .value())
}

/// `map(function, *iterables)`
pub(crate) fn make_map(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count < 2 || args.keywords > 0 {
        return Err(vm.wrong_count(2, usize::MAX >> 1, args.count));
    }
    let source = iterators(vm, args, 1)?;
    let mapped = args.get(vm, 0);
    new_iter(vm, IterOf::Map, source, mapped, 0)
}

/// `filter(function, iterable)`
pub(crate) fn make_filter(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count != 2 || args.keywords > 0 {
        return Err(vm.wrong_count(2, 2, args.count));
    }
    let source = args.at(vm, 1);
    let source = vm.iterate(source)?;
    let test = args.get(vm, 0);
    new_iter(vm, IterOf::Filter, source, test, 0)
}

/// `zip(*iterables)`
pub(crate) fn make_zip(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    let source = iterators(vm, args, 0)?;
    new_iter(vm, IterOf::Zip, source, None, 0)
}

/// `enumerate(iterable, start=0)`
pub(crate) fn make_enumerate(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    let Some(source) = args.either(vm, 0, q::iterable) else {
        return Err(vm.wrong_count(1, 2, args.count));
    };
    let start = match args.either(vm, 1, q::start) {
        Some(start) => vm.to_isize(start)?,
        None => 0,
    };
    let source = vm.iterate(source)?;
    new_iter(vm, IterOf::Enumerate, source, None, start)
}

/// `reversed(sequence)`
pub(crate) fn make_reversed(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count != 1 || args.keywords > 0 {
        return Err(vm.wrong_count(1, 1, args.count));
    }
    let source = args.at(vm, 0);
    if let Some(found) = vm.lookup_special(source, q::__reversed__)? {
        return vm.call_found(found, &[]);
    }
    let len = vm.length(source)?;
    let len = vm.to_isize(len)?;
    new_iter(vm, IterOf::Reversed, source, None, len)
}

fn this(vm: &mut Vm<'_>, args: Args) -> Result<Ref<Generator>> {
    let value = args.at(vm, 0);
    match vm.heap.cast(value) {
        Some(generator) => Ok(generator),
        None => Err(vm.type_error(b"generator expected")),
    }
}

/// The result of resuming, as methods give it: a return is `StopIteration`.
fn finish(vm: &mut Vm<'_>, outcome: (Option<Value>, Value)) -> Result<Value> {
    match outcome {
        (Some(value), _) => Ok(value),
        (None, value) => Err(vm.raise_with(
            TypeId::StopIteration,
            Some(value).filter(|value| !value.is_none()),
        )),
    }
}

/// `iterator.__next__()`
fn next_item(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let iterator = args.at(vm, 0);
    match vm.iterate_next(iterator)? {
        Some(value) => Ok(value),
        None => {
            let value = vm.stop_value;
            Err(vm.raise_with(
                TypeId::StopIteration,
                Some(value).filter(|value| !value.is_none()),
            ))
        }
    }
}

fn next(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let generator = this(vm, args)?;
    let outcome = vm.resume(generator, Value::NONE, None)?;
    finish(vm, outcome)
}

fn send(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let generator = this(vm, args)?;
    let value = args.at(vm, 1);
    let outcome = vm.resume(generator, value, None)?;
    finish(vm, outcome)
}

/// `generator.throw(type, value, traceback)`
fn throw(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let generator = this(vm, args)?;
    let second = args.some(vm, 2);
    let given = match second {
        Some(value) if vm.native_exception(value).is_some() => value,
        Some(value) => {
            let class = args.at(vm, 1);
            vm.call(class, &[value])?
        }
        None => args.at(vm, 1),
    };
    vm.push(given)?;
    let outcome = vm.resume(generator, Value::NONE, Some(given))?;
    finish(vm, outcome)
}

/// `generator.close()`
fn close(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let generator = this(vm, args)?;
    if vm.heap[generator].progress == Progress::Finished {
        return Ok(Value::NONE);
    }
    if vm.heap[generator].progress == Progress::Fresh {
        vm.heap[generator].progress = Progress::Finished;
        return Ok(Value::NONE);
    }
    let exception = vm.new_exception(TypeId::GeneratorExit, None);
    match vm.resume(generator, Value::NONE, Some(exception)) {
        Ok((None, _)) => Ok(Value::NONE),
        Ok((Some(_), _)) => {
            Err(vm.raise_text(TypeId::RuntimeError, b"generator ignored GeneratorExit"))
        }
        Err(Raised)
            if vm.exception_is(TypeId::GeneratorExit) || vm.exception_is(TypeId::StopIteration) =>
        {
            vm.exception = None;
            Ok(Value::NONE)
        }
        Err(Raised) => Err(Raised),
    }
}

/// `generator.pend_throw(exception)`: raised when it is next resumed; the value pending before.
fn pend_throw(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let generator = this(vm, args)?;
    let exception = args.at(vm, 1);
    if vm.heap[generator].progress == Progress::Running {
        return Err(vm.value_error(b"generator already executing"));
    }
    let old = vm.heap[generator].pending;
    vm.heap[generator].pending = exception;
    Ok(old)
}
