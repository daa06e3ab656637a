//! Lists.

use upy_bytecode::BinaryOp;

use crate::heap::{Ref, Vector};
use crate::names as q;
use crate::native::{Args, Entry, KEYWORDS, function};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{List, TypeId};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    function(q::append, append, 2, 2),
    function(q::clear, clear, 1, 1),
    function(q::copy, copy, 1, 1),
    function(q::count, count, 2, 2),
    function(q::extend, extend, 2, 2),
    function(q::index, index, 2, 4),
    function(q::insert, insert, 3, 3),
    function(q::pop, pop, 1, 2),
    function(q::remove, remove, 2, 2),
    function(q::reverse, reverse, 1, 1),
    function(q::sort, sort, 1, KEYWORDS | 1),
];

impl Vm<'_> {
    /// A list of these items.
    pub fn new_list(&mut self, items: &[Value]) -> Result<Ref<List>> {
        let list = self.alloc(List {
            items: Vector::new(),
        })?;
        if !items.is_empty() {
            self.reserve(|vm| &mut vm.heap[list].items, items.len())?;
            for &item in items {
                self.heap[list].items.push_within(item);
            }
        }
        Ok(list)
    }

    /// A list of values on the stack.
    pub(crate) fn list_from_stack(&mut self, from: usize, count: usize) -> Result<Ref<List>> {
        let list = self.alloc(List {
            items: Vector::new(),
        })?;
        if count > 0 {
            self.reserve(|vm| &mut vm.heap[list].items, count)?;
            for index in from..from + count {
                let item = self.stack_at(index);
                self.heap[list].items.push_within(item);
            }
        }
        Ok(list)
    }

    #[inline]
    /// `list.append(item)`
    pub fn list_push(&mut self, list: Ref<List>, item: Value) -> Result<()> {
        let items = &mut self.heap[list].items;
        if items.len() < items.capacity() {
            items.push_within(item);
            return Ok(());
        }
        let top = self.stack_len();
        self.push(list.value())?;
        self.push(item)?;
        self.reserve_doubling(|vm| &mut vm.heap[list].items, 1)?;
        self.truncate(top);
        self.heap[list].items.push_within(item);
        Ok(())
    }

    /// Adds all items of an iterable.
    pub(crate) fn extend_list(&mut self, list: Ref<List>, source: Value) -> Result<()> {
        let native = self.native_of(source);
        let top = self.stack_len();
        self.push(list.value())?;
        self.push(source)?;
        if let Some(items) = self.items_of(native) {
            let count = items.len();
            self.reserve_doubling(|vm| &mut vm.heap[list].items, count)?;
            for index in 0..count {
                let item = self.item_at(native, index).unwrap_or(Value::NONE);
                self.heap[list].items.push_within(item);
            }
            self.truncate(top);
            return Ok(());
        }
        let mut cursor = self.cursor(source)?;
        self.push(cursor.source)?;
        while let Some(item) = self.cursor_next(&mut cursor)? {
            self.list_push(list, item)?;
        }
        self.truncate(top);
        Ok(())
    }

    /// A new list of the items of an iterable.
    pub fn list_from(&mut self, source: Value) -> Result<Ref<List>> {
        let list = self.new_list(&[])?;
        self.extend_list(list, source)?;
        Ok(list)
    }

    /// Sorts a list in place, keeping equal items in order.
    pub(crate) fn sort_list(
        &mut self,
        list: Ref<List>,
        key: Option<Value>,
        reverse: bool,
    ) -> Result<()> {
        let count = self.heap[list].items.len();
        if count < 2 {
            return Ok(());
        }
        let top = self.stack_len();
        self.push(list.value())?;
        // Keys and items side by side, and room to merge into.
        let work = self.new_list(&[])?;
        self.push(work.value())?;
        self.reserve(|vm| &mut vm.heap[work].items, count * 4)?;
        for index in 0..count {
            let Some(&item) = self.heap[list].items.get(index) else {
                break;
            };
            let sort_key = match key {
                Some(key) => self.call(key, &[item])?,
                None => item,
            };
            self.heap[work].items.push_within(sort_key);
            self.heap[work].items.push_within(item);
        }
        for _ in 0..count * 2 {
            self.heap[work].items.push_within(Value::NONE);
        }
        let (mut from, mut to) = (0, count * 2);
        let mut width = 1;
        while width < count {
            let mut start = 0;
            while start < count {
                self.merge(
                    work,
                    from,
                    to,
                    [
                        start,
                        (start + width).min(count),
                        (start + 2 * width).min(count),
                    ],
                    reverse,
                )?;
                start += 2 * width;
            }
            core::mem::swap(&mut from, &mut to);
            width *= 2;
        }
        for index in 0..count.min(self.heap[list].items.len()) {
            let item = self.heap[work].items[from + index * 2 + 1];
            self.heap[list].items[index] = item;
        }
        self.truncate(top);
        Ok(())
    }

    fn merge(
        &mut self,
        work: Ref<List>,
        from: usize,
        to: usize,
        bounds: [usize; 3],
        reverse: bool,
    ) -> Result<()> {
        let [start, middle, end] = bounds;
        let (mut left, mut right) = (start, middle);
        for slot in start..end {
            let take_right = if left >= middle {
                true
            } else if right >= end {
                false
            } else {
                let (a, b) = (
                    self.heap[work].items[from + left * 2],
                    self.heap[work].items[from + right * 2],
                );
                // The right one goes first only if it is really less.
                let (a, b) = if reverse { (a, b) } else { (b, a) };
                let answer = match (a.as_small(), b.as_small()) {
                    (Some(a), Some(b)) => Value::bool(a < b),
                    _ => self.binary(BinaryOp::Less, a, b)?,
                };
                self.truth(answer)?
            };
            let source = if take_right { right } else { left };
            let pair = [
                self.heap[work].items[from + source * 2],
                self.heap[work].items[from + source * 2 + 1],
            ];
            self.heap[work].items[to + slot * 2..to + slot * 2 + 2].copy_from_slice(&pair);
            if take_right {
                right += 1;
            } else {
                left += 1;
            }
        }
        Ok(())
    }
}

fn this(vm: &mut Vm<'_>, args: Args) -> Result<Ref<List>> {
    let value = vm.native_of(args.at(vm, 0));
    match vm.heap.cast(value) {
        Some(list) => Ok(list),
        None => Err(vm.type_error(b"list expected")),
    }
}

/// `list(iterable=())`
pub(crate) fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    let list = vm.new_list(&[])?;
    if let Some(source) = args.get(vm, 0) {
        vm.extend_list(list, source)?;
    }
    Ok(list.value())
}

fn append(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = this(vm, args)?;
    let item = args.at(vm, 1);
    vm.list_push(list, item)?;
    Ok(Value::NONE)
}

fn clear(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = this(vm, args)?;
    vm.heap[list].items.truncate(0);
    Ok(Value::NONE)
}

fn copy(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = this(vm, args)?;
    Ok(vm.list_from(list.value())?.value())
}

fn count(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    count_items(vm, args)
}

/// How often an item is in a list or tuple.
pub(crate) fn count_items(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (source, wanted) = (vm.native_of(args.at(vm, 0)), args.at(vm, 1));
    let (mut index, mut found) = (0, 0);
    while let Some(item) = vm.item_at(source, index) {
        found += isize::from(vm.equal(item, wanted)?);
        index += 1;
    }
    Ok(Value::small(found))
}

fn extend(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = this(vm, args)?;
    let source = args.at(vm, 1);
    vm.extend_list(list, source)?;
    Ok(Value::NONE)
}

fn index(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    index_of(vm, args)
}

/// The place of an item in a list or tuple.
pub(crate) fn index_of(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (source, wanted) = (vm.native_of(args.at(vm, 0)), args.at(vm, 1));
    let len = vm.items_of(source).map_or(0, <[_]>::len);
    let start = args.get(vm, 2).unwrap_or(Value::NONE);
    let stop = args.get(vm, 3).unwrap_or(Value::NONE);
    let span = vm.span(start, stop, Value::NONE, len)?;
    for at in span.start..span.start + span.count {
        let Some(item) = vm.item_at(source, at) else {
            break;
        };
        if vm.equal(item, wanted)? {
            return Ok(Value::small(at as isize));
        }
    }
    Err(vm.value_error(b"object not in sequence"))
}

fn insert(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = this(vm, args)?;
    let (at, item) = (vm.int_arg(args, 1)?, args.at(vm, 2));
    let len = vm.heap[list].items.len() as isize;
    let at = if at < 0 {
        (at + len).max(0)
    } else {
        at.min(len)
    } as usize;
    vm.reserve_doubling(|vm| &mut vm.heap[list].items, 1)?;
    vm.heap[list].items.insert_within(at, 1, item);
    vm.heap[list].items[at] = item;
    Ok(Value::NONE)
}

fn pop(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = this(vm, args)?;
    let len = vm.heap[list].items.len();
    if len == 0 {
        return Err(vm.raise_text(TypeId::IndexError, b"pop from empty list"));
    }
    let at = match args.get(vm, 1) {
        Some(index) => vm.index(TypeId::List, index, len)?,
        None => len - 1,
    };
    let item = vm.heap[list].items[at];
    vm.heap[list].items.remove_range(at, at + 1);
    Ok(item)
}

fn remove(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let at = index_of(vm, Args { count: 2, ..args })?;
    let list = this(vm, args)?;
    let at = at.as_small().unwrap_or(0) as usize;
    vm.heap[list].items.remove_range(at, at + 1);
    Ok(Value::NONE)
}

fn reverse(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = this(vm, args)?;
    vm.heap[list].items.reverse();
    Ok(Value::NONE)
}

fn sort(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let list = this(vm, args)?;
    sort_with(vm, list, args)?;
    Ok(Value::NONE)
}

/// Sorts as the keyword arguments `key` and `reverse` say.
pub(crate) fn sort_with(vm: &mut Vm<'_>, list: Ref<List>, args: Args) -> Result<()> {
    vm.check_keywords(args, &[q::key, q::reverse])?;
    let key = args.named(vm, q::key).filter(|key| !key.is_none());
    let reverse = match args.named(vm, q::reverse) {
        Some(value) => vm.truth(value)?,
        None => false,
    };
    vm.sort_list(list, key, reverse)
}
