//! `collections.deque`: a ring in a vector of `maxlen` slots.

use crate::heap::{Ref, Vector};
use crate::names as q;
use crate::native::{Args, Entry, function};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Deque, TypeId};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    function(q::append, append, 2, 2),
    function(q::appendleft, appendleft, 2, 2),
    function(q::extend, extend, 2, 2),
    function(q::pop, pop, 1, 1),
    function(q::popleft, popleft, 1, 1),
];

impl Vm<'_> {
    pub(crate) fn deque_set(&mut self, deque: Ref<Deque>, index: usize, value: Value) {
        let body = &mut self.heap[deque];
        let at = (body.head as usize + index) % body.items.len().max(1);
        if let Some(slot) = body.items.get_mut(at) {
            *slot = value;
        }
    }

    pub(crate) fn deque_extend(&mut self, deque: Ref<Deque>, source: Value) -> Result<()> {
        let top = self.stack_len();
        let iterator = self.iterate(source)?;
        self.push(iterator)?;
        while let Some(item) = self.iterate_next(iterator)? {
            self.deque_append(deque, item)?;
        }
        self.truncate(top);
        Ok(())
    }

    fn deque_append(&mut self, deque: Ref<Deque>, item: Value) -> Result<()> {
        let Deque {
            items, len, strict, ..
        } = self.heap[deque];
        if len as usize == items.len() {
            if strict {
                return Err(self.raise_text(TypeId::IndexError, b"full"));
            }
            if len == 0 {
                return Ok(());
            }
            let body = &mut self.heap[deque];
            body.head = (body.head + 1) % items.len() as u32;
            body.len -= 1;
        }
        let len = self.heap[deque].len as usize;
        self.deque_set(deque, len, item);
        self.heap[deque].len += 1;
        Ok(())
    }
}

/// `deque(iterable, maxlen, flags)`
pub(crate) fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if !(2..=3).contains(&args.count) || args.keywords > 0 {
        return Err(vm.wrong_count(2, 3, args.count));
    }
    let room = vm.int_arg(args, 1)?;
    let Ok(room) = usize::try_from(room) else {
        return Err(vm.value_error(b""));
    };
    let strict = match args.get(vm, 2) {
        Some(flags) => vm.to_isize(flags)? & 1 != 0,
        None => false,
    };
    let deque = vm.alloc(Deque {
        items: Vector::new(),
        head: 0,
        len: 0,
        strict,
    })?;
    vm.push(deque.value())?;
    vm.reserve(|vm| &mut vm.heap[deque].items, room)?;
    vm.heap[deque].items.insert_within(0, room, Value::NONE);
    let source = args.at(vm, 0);
    vm.deque_extend(deque, source)?;
    Ok(deque.value())
}

fn this(vm: &mut Vm<'_>, args: Args) -> Result<Ref<Deque>> {
    let value = vm.native_of(args.at(vm, 0));
    match vm.heap.cast(value) {
        Some(deque) => Ok(deque),
        None => Err(vm.type_error(b"deque expected")),
    }
}

fn append(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let deque = this(vm, args)?;
    let item = args.at(vm, 1);
    vm.deque_append(deque, item)?;
    Ok(Value::NONE)
}

fn appendleft(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let deque = this(vm, args)?;
    let Deque {
        items,
        len,
        head,
        strict,
    } = vm.heap[deque];
    let room = items.len() as u32;
    if len == room {
        if strict {
            return Err(vm.raise_text(TypeId::IndexError, b"full"));
        }
        if room == 0 {
            return Ok(Value::NONE);
        }
        vm.heap[deque].len -= 1;
    }
    vm.heap[deque].head = (head + room - 1) % room;
    vm.heap[deque].len += 1;
    let item = args.at(vm, 1);
    vm.deque_set(deque, 0, item);
    Ok(Value::NONE)
}

fn extend(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let deque = this(vm, args)?;
    let source = args.at(vm, 1);
    vm.deque_extend(deque, source)?;
    Ok(Value::NONE)
}

fn pop(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let deque = this(vm, args)?;
    let len = vm.heap[deque].len as usize;
    let Some(item) = len
        .checked_sub(1)
        .and_then(|last| vm.deque_item(deque, last))
    else {
        return Err(vm.raise_text(TypeId::IndexError, b"empty"));
    };
    vm.deque_set(deque, len - 1, Value::NONE);
    vm.heap[deque].len -= 1;
    Ok(item)
}

fn popleft(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let deque = this(vm, args)?;
    let Some(item) = vm.deque_item(deque, 0) else {
        return Err(vm.raise_text(TypeId::IndexError, b"empty"));
    };
    vm.deque_set(deque, 0, Value::NONE);
    let body = &mut vm.heap[deque];
    body.head = (body.head + 1) % body.items.len() as u32;
    body.len -= 1;
    Ok(item)
}
