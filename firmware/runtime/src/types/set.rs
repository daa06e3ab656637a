//! Sets and frozensets: a dict whose values do not matter.

use upy_bytecode::BinaryOp;

use crate::heap::Ref;
use crate::names as q;
use crate::native::{ANY, Args, Entry, function};
use crate::ops::binary::plain;
use crate::ops::format::Piece;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Dict, DictView, Set, TypeId};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    function(q::add, add, 2, 2),
    function(q::clear, clear, 1, 1),
    function(q::copy, copy, 1, 1),
    function(q::discard, discard, 2, 2),
    function(q::difference, difference, 1, ANY),
    function(q::difference_update, difference_update, 1, ANY),
    function(q::intersection, intersection, 2, 2),
    function(q::intersection_update, intersection_update, 2, 2),
    function(q::isdisjoint, isdisjoint, 2, 2),
    function(q::issubset, issubset, 2, 2),
    function(q::issuperset, issuperset, 2, 2),
    function(q::pop, pop, 1, 1),
    function(q::remove, remove, 2, 2),
    function(q::symmetric_difference, symmetric_difference, 2, 2),
    function(
        q::symmetric_difference_update,
        symmetric_difference_update,
        2,
        2,
    ),
    function(q::union, union, 1, ANY),
    function(q::update, update, 1, ANY),
    function(q::__contains__, contains, 2, 2),
];

pub(crate) const FROZEN_ENTRIES: &[Entry] = &[
    function(q::copy, copy, 1, 1),
    function(q::difference, difference, 1, ANY),
    function(q::intersection, intersection, 2, 2),
    function(q::isdisjoint, isdisjoint, 2, 2),
    function(q::issubset, issubset, 2, 2),
    function(q::issuperset, issuperset, 2, 2),
    function(q::symmetric_difference, symmetric_difference, 2, 2),
    function(q::union, union, 1, ANY),
    function(q::__contains__, contains, 2, 2),
];

impl Vm<'_> {
    pub(crate) fn is_set(&self, value: Value) -> bool {
        self.heap.cast::<Set>(value).is_some()
    }

    /// The table of a set.
    #[inline]
    pub(crate) fn set_dict(&self, set: Ref<Set>) -> Ref<Dict> {
        self.heap[set].dict
    }

    fn new_set(&mut self, frozen: bool) -> Result<Ref<Set>> {
        let dict = self.new_dict()?;
        let set = self.alloc(Set { dict })?;
        self.heap.set_flags(set, u8::from(frozen));
        Ok(set)
    }

    /// A set of values on the stack.
    pub(crate) fn set_from_stack(&mut self, from: usize, count: usize) -> Result<Value> {
        let set = self.new_set(false)?;
        self.push(set.value())?;
        for index in from..from + count {
            let item = self.stack_at(index);
            let dict = self.set_dict(set);
            self.dict_set(dict, item, Value::NONE)?;
        }
        self.pop();
        Ok(set.value())
    }

    /// Adds all items of an iterable.
    fn fill_set(&mut self, set: Ref<Set>, source: Value) -> Result<()> {
        let top = self.stack_len();
        self.push(set.value())?;
        let iterator = self.iterate(source)?;
        self.push(iterator)?;
        while let Some(item) = self.iterate_next(iterator)? {
            let dict = self.set_dict(set);
            self.dict_set(dict, item, Value::NONE)?;
        }
        self.truncate(top);
        Ok(())
    }

    /// A value as a set: itself, or a new one of its items, which is left on the stack.
    fn as_set(&mut self, value: Value) -> Result<Ref<Set>> {
        let native = self.native_of(value);
        if let Some(set) = self.heap.cast(native) {
            return Ok(set);
        }
        let set = self.new_set(false)?;
        self.push(set.value())?;
        self.fill_set(set, value)?;
        Ok(set)
    }

    fn holds(&mut self, set: Ref<Set>, item: Value) -> Result<bool> {
        let dict = self.set_dict(set);
        Ok(self.dict_find(dict, item)?.is_some())
    }

    fn subset(&mut self, small: Ref<Set>, large: Ref<Set>) -> Result<bool> {
        let dict = self.set_dict(small);
        let mut number = 0;
        while let Some((at, key, _)) = self.heap[dict].map.next(number) {
            if !self.holds(large, key)? {
                return Ok(false);
            }
            number = at + 1;
        }
        Ok(true)
    }

    fn set_len(&self, set: Ref<Set>) -> usize {
        self.heap[self.set_dict(set)].map.len()
    }

    pub(crate) fn equal_sets(&mut self, left: Ref<Set>, right: Ref<Set>) -> Result<bool> {
        Ok(self.set_len(left) == self.set_len(right) && self.subset(left, right)?)
    }

    pub(crate) fn order_sets(
        &mut self,
        op: BinaryOp,
        left: Ref<Set>,
        right: Ref<Set>,
    ) -> Result<bool> {
        let (a, b) = (self.set_len(left), self.set_len(right));
        match op {
            BinaryOp::Less => Ok(a < b && self.subset(left, right)?),
            BinaryOp::LessEqual => self.subset(left, right),
            BinaryOp::More => Ok(b < a && self.subset(right, left)?),
            _ => self.subset(right, left),
        }
    }

    pub(crate) fn hash_set(&mut self, set: Ref<Set>) -> Result<u32> {
        let dict = self.set_dict(set);
        let (mut number, mut hash) = (0, 0x5e7_u32);
        while let Some((at, key, _)) = self.heap[dict].map.next(number) {
            hash = hash.wrapping_add(self.hash(key)?);
            number = at + 1;
        }
        Ok(hash)
    }

    /// Keeps or drops the items of `target` by whether `other` has them.
    fn filter_set(&mut self, target: Ref<Set>, other: Ref<Set>, keep: bool) -> Result<()> {
        let dict = self.set_dict(target);
        let mut number = 0;
        while let Some((at, key, _)) = self.heap[dict].map.next(number) {
            if self.holds(other, key)? != keep {
                self.dict_take(dict, at);
            }
            number = at + 1;
        }
        Ok(())
    }

    fn merge_sets(&mut self, target: Ref<Set>, other: Ref<Set>) -> Result<()> {
        let (to, from) = (self.set_dict(target), self.set_dict(other));
        if to == from {
            Ok(())
        } else {
            self.dict_merge(to, from)
        }
    }

    fn toggle_set(&mut self, target: Ref<Set>, other: Ref<Set>) -> Result<()> {
        let (to, from) = (self.set_dict(target), self.set_dict(other));
        let mut number = 0;
        while let Some((at, key, _)) = self.heap[from].map.next(number) {
            if self.dict_remove(to, key)?.is_none() {
                self.dict_set(to, key, Value::NONE)?;
            }
            number = at + 1;
        }
        Ok(())
    }

    fn copy_set(&mut self, set: Ref<Set>) -> Result<Ref<Set>> {
        let frozen = self
            .heap
            .header(set.value())
            .is_some_and(|header| header.flags() & 1 != 0);
        let copy = self.new_set(frozen)?;
        self.push(copy.value())?;
        self.merge_sets(copy, set)?;
        Ok(copy)
    }

    /// An operator on a set or a view of keys. `None`: there is no such.
    pub(crate) fn set_binary(
        &mut self,
        op: BinaryOp,
        left: Value,
        right: Value,
    ) -> Result<Option<Value>> {
        let top = self.stack_len();
        let set = match self.heap.cast::<Set>(left) {
            Some(set) => set,
            None if self.heap.cast::<DictView>(left).is_some() => self.as_set(left)?,
            None => return Ok(None),
        };
        if !self.is_set(right) && self.heap.cast::<DictView>(right).is_none() {
            return Ok(None);
        }
        let base = plain(op);
        if !matches!(
            base,
            BinaryOp::Or | BinaryOp::And | BinaryOp::Xor | BinaryOp::Subtract
        ) {
            return Ok(None);
        }
        let other = self.as_set(right)?;
        let frozen = self
            .heap
            .header(left)
            .is_some_and(|header| header.flags() & 1 != 0);
        let target = if op != base && !frozen {
            set
        } else {
            self.copy_set(set)?
        };
        match base {
            BinaryOp::Or => self.merge_sets(target, other)?,
            BinaryOp::And => self.filter_set(target, other, true)?,
            BinaryOp::Xor => self.toggle_set(target, other)?,
            _ if target == other => {
                let dict = self.set_dict(target);
                self.dict_clear(dict);
            }
            _ => self.filter_set(target, other, false)?,
        }
        self.truncate(top);
        Ok(Some(target.value()))
    }
}

/// `set(iterable=())` and `frozenset(iterable=())`
pub(crate) fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    let set = vm.new_set(class == TypeId::FrozenSet)?;
    if let Some(source) = args.get(vm, 0) {
        vm.fill_set(set, source)?;
    }
    Ok(set.value())
}

fn this(vm: &mut Vm<'_>, args: Args) -> Result<Ref<Set>> {
    let value = vm.native_of(args.at(vm, 0));
    match vm.heap.cast(value) {
        Some(set) => Ok(set),
        None => Err(vm.type_error(b"set expected")),
    }
}

fn add(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let set = this(vm, args)?;
    let (dict, item) = (vm.set_dict(set), args.at(vm, 1));
    vm.dict_set(dict, item, Value::NONE)?;
    Ok(Value::NONE)
}

fn clear(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let set = this(vm, args)?;
    let dict = vm.set_dict(set);
    vm.dict_clear(dict);
    Ok(Value::NONE)
}

fn copy(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let set = this(vm, args)?;
    Ok(vm.copy_set(set)?.value())
}

fn discard(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let set = this(vm, args)?;
    let (dict, item) = (vm.set_dict(set), args.at(vm, 1));
    vm.dict_remove(dict, item)?;
    Ok(Value::NONE)
}

fn remove(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let set = this(vm, args)?;
    let (dict, item) = (vm.set_dict(set), args.at(vm, 1));
    match vm.dict_remove(dict, item)? {
        Some(_) => Ok(Value::NONE),
        None => Err(vm.raise_with(TypeId::KeyError, Some(item))),
    }
}

fn pop(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let set = this(vm, args)?;
    let dict = vm.set_dict(set);
    let first = vm.heap[dict].map.next(0);
    match first.and_then(|(number, ..)| vm.dict_take(dict, number)) {
        Some((key, _)) => Ok(key),
        None => Err(vm.raise(TypeId::KeyError, &[Piece::Text(b"pop from an empty set")])),
    }
}

fn contains(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let set = this(vm, args)?;
    let item = args.at(vm, 1);
    vm.holds(set, item).map(Value::bool)
}

fn isdisjoint(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let set = this(vm, args)?;
    let other = args.at(vm, 1);
    let other = vm.as_set(other)?;
    let dict = vm.set_dict(other);
    let mut number = 0;
    while let Some((at, key, _)) = vm.heap[dict].map.next(number) {
        if vm.holds(set, key)? {
            return Ok(Value::FALSE);
        }
        number = at + 1;
    }
    Ok(Value::TRUE)
}

fn issubset(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let set = this(vm, args)?;
    let other = args.at(vm, 1);
    let other = vm.as_set(other)?;
    vm.subset(set, other).map(Value::bool)
}

fn issuperset(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let set = this(vm, args)?;
    let other = args.at(vm, 1);
    let other = vm.as_set(other)?;
    vm.subset(other, set).map(Value::bool)
}

/// Applies something with each further argument as a set.
fn each(
    vm: &mut Vm<'_>,
    args: Args,
    target: Ref<Set>,
    work: fn(&mut Vm<'_>, Ref<Set>, Ref<Set>) -> Result<()>,
) -> Result<()> {
    for index in 1..args.count {
        let other = args.at(vm, index);
        let other = vm.as_set(other)?;
        work(vm, target, other)?;
    }
    Ok(())
}

fn drop_items(vm: &mut Vm<'_>, target: Ref<Set>, other: Ref<Set>) -> Result<()> {
    if target == other {
        let dict = vm.set_dict(target);
        vm.dict_clear(dict);
        return Ok(());
    }
    vm.filter_set(target, other, false)
}

fn keep_items(vm: &mut Vm<'_>, target: Ref<Set>, other: Ref<Set>) -> Result<()> {
    vm.filter_set(target, other, true)
}

fn on_copy(
    vm: &mut Vm<'_>,
    args: Args,
    work: fn(&mut Vm<'_>, Ref<Set>, Ref<Set>) -> Result<()>,
) -> Result<Value> {
    let set = this(vm, args)?;
    let copy = vm.copy_set(set)?;
    each(vm, args, copy, work)?;
    Ok(copy.value())
}

fn in_place(
    vm: &mut Vm<'_>,
    args: Args,
    work: fn(&mut Vm<'_>, Ref<Set>, Ref<Set>) -> Result<()>,
) -> Result<Value> {
    let set = this(vm, args)?;
    each(vm, args, set, work)?;
    Ok(Value::NONE)
}

fn difference(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    on_copy(vm, args, drop_items)
}
fn difference_update(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    in_place(vm, args, drop_items)
}
fn intersection(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    on_copy(vm, args, keep_items)
}
fn intersection_update(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    in_place(vm, args, keep_items)
}
fn symmetric_difference(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    on_copy(vm, args, |vm, target, other| vm.toggle_set(target, other))
}
fn symmetric_difference_update(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    in_place(vm, args, |vm, target, other| vm.toggle_set(target, other))
}
fn union(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    on_copy(vm, args, |vm, target, other| vm.merge_sets(target, other))
}
fn update(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    in_place(vm, args, |vm, target, other| vm.merge_sets(target, other))
}
