//! `re`: regular expressions as MicroPython has them.

mod matcher;
mod program;

use upy_runtime::{
    Args, Body, Entry, Marker, Result, Slots, TypeId, TypeInfo, Value, Vm, function, text,
};

use crate::names as q;
use crate::types;
use matcher::{Progress, State, UNSET};
use program::Wrong;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::re),
    function(q::compile, compile, 1, 2),
    function(q::r#match, match_start, 2, 4),
    function(q::search, search, 2, 4),
    function(q::sub, sub, 3, 5),
];

const PATTERN_ENTRIES: &[Entry] = &[
    function(q::r#match, match_start, 2, 4),
    function(q::search, search, 2, 4),
    function(q::split, split, 2, 3),
    function(q::sub, sub, 3, 5),
];

const MATCH_ENTRIES: &[Entry] = &[
    function(q::group, group, 1, 2),
    function(q::groups, groups, 1, 1),
    function(q::span, span, 1, 2),
    function(q::start, start, 1, 2),
    function(q::end, end, 1, 2),
    function(q::__repr__, match_repr, 1, 1),
];

pub(crate) static PATTERN: TypeInfo = TypeInfo {
    name: q::re,
    base: TypeId::Object,
    make: None,
    entries: PATTERN_ENTRIES,
    slots: &Slots::NONE,
};

pub(crate) static MATCH: TypeInfo = TypeInfo {
    name: q::r#match,
    base: TypeId::Object,
    make: None,
    entries: MATCH_ENTRIES,
    slots: &Slots::NONE,
};

/// Most bytes of places to go back to.
const STACK_LIMIT: usize = if cfg!(target_pointer_width = "64") {
    1 << 19
} else {
    1 << 14
};

/// A compiled pattern: its program as `bytes`.
#[derive(Clone, Copy)]
struct Pattern {
    program: Value,
}

impl Body for Pattern {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.program);
    }
}

/// A match: the text, and the slots as `bytes`.
#[derive(Clone, Copy)]
struct Match {
    subject: Value,
    slots: Value,
    groups: usize,
}

impl Body for Match {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.subject);
        marker.value(self.slots);
    }
}

/// A text and the part of it to look at.
#[derive(Clone, Copy)]
struct Subject {
    value: Value,
    start: usize,
    end: usize,
}

/// `compile(pattern, flags=0)`
fn compile(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let pattern = vm.native_of(args.at(vm, 0));
    compiled(vm, pattern)
}

fn compiled(vm: &mut Vm<'_>, pattern: Value) -> Result<Value> {
    if vm.body::<Pattern>(pattern).is_some() {
        return Ok(pattern);
    }
    let len = vm.data(pattern)?.len();
    let program = vm.fill_new(program::bound(len), false, |vm, code| {
        program::compile(vm.bytes_of(pattern), code)
    })?;
    match program {
        Ok(program) => vm.new_object(types::PATTERN, Pattern { program }),
        Err(Wrong::Pattern) => Err(vm.value_error(b"error in regex")),
        Err(Wrong::Depth) => {
            Err(vm.raise_text(TypeId::RuntimeError, b"maximum recursion depth exceeded"))
        }
    }
}

/// The program of the pattern in the first argument, which is compiled if need be. It is pushed.
fn program_of(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let pattern = vm.native_of(args.at(vm, 0));
    let pattern = compiled(vm, pattern)?;
    vm.push(pattern)?;
    let program = vm.body::<Pattern>(pattern).map(|body| body.program);
    Ok(program.unwrap_or(Value::NONE))
}

/// The text in an argument with the positions in the two after it.
fn subject_of(vm: &mut Vm<'_>, args: Args, index: usize) -> Result<Subject> {
    let value = vm.native_of(args.at(vm, index));
    let len = vm.data(value)?.len();
    let mut bounds = [0, len];
    for (which, bound) in bounds.iter_mut().enumerate() {
        if args.count > index + 1 + which {
            let given = vm.int_arg(args, index + 1 + which)?;
            *bound = usize::try_from(given).unwrap_or(0).min(len);
        }
    }
    let [start, end] = bounds;
    Ok(Subject {
        value,
        start,
        end: end.max(start),
    })
}

/// Tries the program at one position after the other (only at the first one if not `anywhere`). The result is the
/// scratch memory with the slots in front, pushed on the stack, if there is a match.
fn find(
    vm: &mut Vm<'_>,
    program: Value,
    subject: Subject,
    anywhere: bool,
) -> Result<Option<Value>> {
    let groups = usize::from(vm.bytes_of(program).first().copied().unwrap_or(1));
    let slots = matcher::slot_bytes(groups);
    let mut scratch = vm.new_zeros(slots + 256)?;
    let top = vm.stack_len();
    vm.push(scratch)?;
    for position in subject.start..=subject.end {
        vm.lend(scratch, |_, bytes| bytes.fill(0xff));
        let mut state = State::new(position);
        loop {
            let progress = vm.lend(scratch, |vm, bytes| {
                let text = &vm.bytes_of(subject.value)[..subject.end];
                matcher::run(&mut state, vm.bytes_of(program), text, bytes)
            });
            match progress {
                Some(Progress::Matched) => return Ok(Some(scratch)),
                Some(Progress::Failed) | None => break,
                Some(Progress::Paused) => vm.poll()?,
                Some(Progress::Full) => {
                    let size = vm.bytes_of(scratch).len();
                    let larger = if size < STACK_LIMIT {
                        vm.new_zeros(size * 2).ok()
                    } else {
                        None
                    };
                    // A heap too small for it is no other fault of the pattern than one too deep for any.
                    let Some(larger) = larger else {
                        vm.take_exception();
                        let deep = b"maximum recursion depth exceeded";
                        return Err(vm.raise_text(TypeId::RuntimeError, deep));
                    };
                    vm.lend(larger, |vm, bytes| {
                        bytes[..size].copy_from_slice(vm.bytes_of(scratch));
                    });
                    vm.truncate(top);
                    vm.push(larger)?;
                    scratch = larger;
                }
            }
        }
        if !anywhere {
            break;
        }
    }
    vm.truncate(top);
    Ok(None)
}

fn slot(vm: &Vm<'_>, slots: Value, number: usize) -> Option<usize> {
    match matcher::slot(vm.bytes_of(slots), number) {
        UNSET => None,
        position => Some(position as usize),
    }
}

fn match_or_search(vm: &mut Vm<'_>, args: Args, anywhere: bool) -> Result<Value> {
    let program = program_of(vm, args)?;
    let subject = subject_of(vm, args, 1)?;
    let Some(scratch) = find(vm, program, subject, anywhere)? else {
        return Ok(Value::NONE);
    };
    new_match(vm, program, subject.value, scratch)
}

fn new_match(vm: &mut Vm<'_>, program: Value, subject: Value, scratch: Value) -> Result<Value> {
    let groups = usize::from(vm.bytes_of(program).first().copied().unwrap_or(1));
    let slots = vm.copy_range(scratch, 0, matcher::slot_bytes(groups), false)?;
    let found = Match {
        subject,
        slots,
        groups,
    };
    vm.new_object(types::MATCH, found)
}

/// `match(pattern, text, pos=0, endpos=-1)`
fn match_start(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    match_or_search(vm, args, false)
}

/// `search(pattern, text, pos=0, endpos=-1)`
fn search(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    match_or_search(vm, args, true)
}

/// A part of a text, of the same kind.
fn part(vm: &mut Vm<'_>, value: Value, from: usize, to: usize) -> Result<Value> {
    let text = vm.is_str(value);
    vm.copy_range(value, from, to, text)
}

/// `pattern.split(text, max_split=-1)`
fn split(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let program = program_of(vm, args)?;
    let mut subject = subject_of(vm, args.first(2), 1)?;
    if vm.bytes_of(program).first() != Some(&1) {
        return Err(vm.raise_text(TypeId::NotImplementedError, b"splitting with sub-captures"));
    }
    let mut left = if args.count > 2 {
        vm.int_arg(args, 2)?
    } else {
        0
    };
    let list = vm.new_list(&[])?;
    vm.push(list.value())?;
    let mut from = 0;
    while subject.start < subject.end {
        let top = vm.stack_len();
        let Some(scratch) = find(vm, program, subject, true)? else {
            break;
        };
        let (start, end) = (slot(vm, scratch, 0), slot(vm, scratch, 1));
        let (Some(start), Some(end)) = (start, end) else {
            break;
        };
        if start == end {
            break;
        }
        vm.truncate(top);
        let piece = part(vm, subject.value, from, start)?;
        vm.list_push(list, piece)?;
        (from, subject.start) = (end, end);
        left -= 1;
        if left == 0 {
            break;
        }
    }
    let piece = part(vm, subject.value, from, subject.end)?;
    vm.list_push(list, piece)?;
    Ok(list.value())
}

/// `sub(pattern, replacement, text, count=0, flags=0)`
fn sub(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let program = program_of(vm, args)?;
    let replacement = args.at(vm, 1);
    let mut subject = subject_of(vm, args.first(3), 2)?;
    let mut left = if args.count > 3 {
        vm.int_arg(args, 3)?
    } else {
        0
    };
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = upy_runtime::Sink::Buffer(buffer);
    let mut from = 0;
    while subject.start <= subject.end {
        let top = vm.stack_len();
        let Some(scratch) = find(vm, program, subject, true)? else {
            break;
        };
        let (start, end) = (slot(vm, scratch, 0), slot(vm, scratch, 1));
        let (Some(start), Some(end)) = (start, end) else {
            break;
        };
        copy(vm, sink, subject.value, from, start)?;
        let found = new_match(vm, program, subject.value, scratch)?;
        vm.push(found)?;
        if vm.is_callable(replacement)? {
            let text = vm.call(replacement, &[found])?;
            vm.push(text)?;
            let len = vm.data(text)?.len();
            copy(vm, sink, text, 0, len)?;
        } else {
            expand(vm, sink, replacement, found)?;
        }
        vm.truncate(top);
        from = end;
        if start == end {
            // An empty match: the byte behind it stays as it is.
            let next = (end + 1).min(subject.end);
            copy(vm, sink, subject.value, end, next)?;
            from = next;
            subject.start = end + 1;
        } else {
            subject.start = end;
        }
        left -= 1;
        if left == 0 {
            break;
        }
    }
    copy(vm, sink, subject.value, from, subject.end)?;
    if vm.is_str(subject.value) {
        vm.take_text(buffer)
    } else {
        vm.take_bytes(buffer)
    }
}

/// Copies a part of a value, piece by piece: source and sink are both in the heap.
fn copy(
    vm: &mut Vm<'_>,
    sink: upy_runtime::Sink,
    value: Value,
    from: usize,
    to: usize,
) -> Result<()> {
    let value = vm.native_of(value);
    let mut chunk = [0; 64];
    let mut at = from;
    while at < to {
        let len = (to - at).min(chunk.len());
        chunk[..len].copy_from_slice(&vm.bytes_of(value)[at..at + len]);
        vm.put(sink, &chunk[..len])?;
        at += len;
    }
    Ok(())
}

/// Writes a replacement with `\1`, `\g<1>` and `\\` replaced.
fn expand(
    vm: &mut Vm<'_>,
    sink: upy_runtime::Sink,
    replacement: Value,
    found: Value,
) -> Result<()> {
    let template = vm.native_of(replacement);
    let len = vm.data(template)?.len();
    let mut at = 0;
    while at < len {
        let rest = &vm.bytes_of(template)[at..];
        let plain = rest
            .iter()
            .position(|&byte| byte == b'\\')
            .unwrap_or(rest.len());
        let (number, size) = reference(&rest[plain..]);
        copy(vm, sink, template, at, at + plain)?;
        at += plain;
        match number {
            Some(number) => {
                let (value, bounds) = group_bounds(vm, found, number)?;
                if let Some((start, end)) = bounds {
                    copy(vm, sink, value, start, end)?;
                }
                at += size;
            }
            None if at < len => {
                // A backslash that names no group: it and what follows stay, two of them are one.
                let doubled = vm.bytes_of(template).get(at + 1) == Some(&b'\\');
                copy(vm, sink, template, at, at + 1)?;
                at += 1 + usize::from(doubled);
            }
            None => {}
        }
    }
    Ok(())
}

/// The group a backslash sequence names, and how long it is.
fn reference(bytes: &[u8]) -> (Option<usize>, usize) {
    let (open, close) = match bytes {
        [b'\\', b'g', b'<', ..] => (3, 1),
        [b'\\', ..] => (1, 0),
        _ => return (None, 0),
    };
    let digits = bytes[open..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    let digits = digits.count();
    if digits == 0 || (close == 1 && bytes.get(open + digits) != Some(&b'>')) {
        return (None, 0);
    }
    let number = bytes[open..open + digits]
        .iter()
        .fold(0usize, |number, byte| {
            number
                .saturating_mul(10)
                .saturating_add(usize::from(byte - b'0'))
        });
    (Some(number), open + digits + close)
}

/// A match's text, and where a group of it lies.
fn group_bounds(
    vm: &mut Vm<'_>,
    found: Value,
    number: usize,
) -> Result<(Value, Option<(usize, usize)>)> {
    let Some(&Match {
        subject,
        slots,
        groups,
    }) = vm.body::<Match>(found)
    else {
        return Err(vm.type_error(b"match expected"));
    };
    if number >= groups {
        return Err(vm.raise_with(TypeId::IndexError, Some(Value::small(number as isize))));
    }
    let start = slot(vm, slots, number * 2);
    let end = slot(vm, slots, number * 2 + 1);
    Ok((subject, start.zip(end)))
}

/// The group an argument names; all of the match without one.
fn group_arg(vm: &mut Vm<'_>, args: Args) -> Result<(Value, Option<(usize, usize)>)> {
    let number = if args.count > 1 {
        vm.int_arg(args, 1)?
    } else {
        0
    };
    let number = usize::try_from(number).unwrap_or(usize::MAX >> 2);
    let found = args.at(vm, 0);
    group_bounds(vm, found, number)
}

fn group(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    match group_arg(vm, args)? {
        (subject, Some((start, end))) => part(vm, subject, start, end),
        (_, None) => Ok(Value::NONE),
    }
}

fn groups(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let found = args.at(vm, 0);
    let count = vm.this::<Match>(args)?.groups;
    let base = vm.stack_len();
    for number in 1..count {
        let piece = match group_bounds(vm, found, number)? {
            (subject, Some((start, end))) => part(vm, subject, start, end)?,
            (_, None) => Value::NONE,
        };
        vm.push(piece)?;
    }
    vm.tuple_from_stack(base, count - 1)
}

/// A position in the text as Python counts it: characters of a string, bytes otherwise; -1 for none.
fn counted(vm: &Vm<'_>, subject: Value, position: Option<usize>) -> Value {
    let Some(position) = position else {
        return Value::small(-1);
    };
    let before = &vm.bytes_of(subject)[..position];
    let count = if vm.is_str(subject) {
        before.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
    } else {
        position
    };
    Value::small(count as isize)
}

fn span(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (subject, bounds) = group_arg(vm, args)?;
    let start = counted(vm, subject, bounds.map(|(start, _)| start));
    let end = counted(vm, subject, bounds.map(|(_, end)| end));
    vm.new_tuple(&[start, end])
}

fn start(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (subject, bounds) = group_arg(vm, args)?;
    Ok(counted(vm, subject, bounds.map(|(start, _)| start)))
}

fn end(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (subject, bounds) = group_arg(vm, args)?;
    Ok(counted(vm, subject, bounds.map(|(_, end)| end)))
}

fn match_repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let count = vm.this::<Match>(args)?.groups;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = upy_runtime::Sink::Buffer(buffer);
    vm.put(sink, b"<match num=")?;
    vm.put_number(sink, count as isize)?;
    vm.put(sink, b">")?;
    vm.take_text(buffer)
}
