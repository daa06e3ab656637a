//! Dicts: methods and views. The table itself is in [`crate::map`].

use crate::heap::Ref;
use crate::names as q;
use crate::native::{ANY, Args, Entry, Item, KEYWORDS, function, item};
use crate::ops::format::Piece;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Dict, DictView, TypeId, ViewOf};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    function(q::clear, clear, 1, 1),
    function(q::copy, copy, 1, 1),
    item(q::fromkeys, Item::ClassFunction(fromkeys, 2, 3)),
    function(q::get, get, 2, 3),
    function(q::items, items, 1, 1),
    function(q::keys, keys, 1, 1),
    function(q::pop, pop, 2, 3),
    function(q::popitem, popitem, 1, 1),
    function(q::setdefault, setdefault, 2, 3),
    function(q::update, update, 1, KEYWORDS | ANY),
    function(q::values, values, 1, 1),
    function(q::__getitem__, getitem, 2, 2),
    function(q::__setitem__, setitem, 3, 3),
    function(q::__delitem__, delitem, 2, 2),
    function(q::__contains__, contains, 2, 2),
];

fn this(vm: &mut Vm<'_>, args: Args) -> Result<Ref<Dict>> {
    let value = vm.native_of(args.at(vm, 0));
    match vm.heap.cast(value) {
        Some(dict) => Ok(dict),
        None => Err(vm.type_error(b"dict expected")),
    }
}

/// As `this`, for methods that change the dict.
fn writable(vm: &mut Vm<'_>, args: Args) -> Result<Ref<Dict>> {
    let dict = this(vm, args)?;
    if vm
        .heap
        .header(dict.value())
        .is_some_and(|header| header.flags() & 2 != 0)
    {
        return Err(vm.type_error(b"'dict' object doesn't support item assignment"));
    }
    Ok(dict)
}

/// `dict(mapping_or_iterable, **kwargs)`
pub(crate) fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    let dict = vm.new_dict()?;
    if class == TypeId::OrderedDict {
        vm.heap.set_flags(dict, 1);
    }
    vm.push(dict.value())?;
    fill(vm, dict, args)?;
    Ok(dict.value())
}

fn fill(vm: &mut Vm<'_>, dict: Ref<Dict>, args: Args) -> Result<()> {
    if args.count > 1 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    if let Some(source) = args.get(vm, 0) {
        add_all(vm, dict, source)?;
    }
    for index in 0..args.keywords {
        let (key, value) = args.keyword(vm, index);
        vm.dict_set(dict, key, value)?;
    }
    Ok(())
}

fn add_all(vm: &mut Vm<'_>, dict: Ref<Dict>, source: Value) -> Result<()> {
    let native = vm.native_of(source);
    if let Some(other) = vm.heap.cast::<Dict>(native) {
        return vm.dict_merge(dict, other);
    }
    let top = vm.stack_len();
    if let Some(keys) = vm.try_attr(source, q::keys)? {
        let keys = vm.call(keys, &[])?;
        let iterator = vm.iterate(keys)?;
        vm.push(iterator)?;
        while let Some(key) = vm.iterate_next(iterator)? {
            vm.push(key)?;
            let value = vm.subscript(source, key)?;
            vm.dict_set(dict, key, value)?;
            vm.pop();
        }
        vm.truncate(top);
        return Ok(());
    }
    let iterator = vm.iterate(source)?;
    vm.push(iterator)?;
    while let Some(pair) = vm.iterate_next(iterator)? {
        let list = vm.list_from(pair)?;
        vm.push(list.value())?;
        let &[key, value] = &*vm.heap[list].items else {
            return Err(vm.value_error(b"dict update sequence has wrong length"));
        };
        vm.dict_set(dict, key, value)?;
        vm.pop();
    }
    vm.truncate(top);
    Ok(())
}

fn clear(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let dict = writable(vm, args)?;
    vm.dict_clear(dict);
    Ok(Value::NONE)
}

fn copy(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let dict = this(vm, args)?;
    let flags = vm
        .heap
        .header(dict.value())
        .map_or(0, |header| header.flags() & 1);
    let copy = vm.dict_copy(dict)?;
    vm.heap.set_flags(copy, flags);
    Ok(copy.value())
}

/// `dict.fromkeys(iterable, value=None)`
fn fromkeys(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (source, value) = (args.at(vm, 1), args.get(vm, 2).unwrap_or(Value::NONE));
    let dict = vm.new_dict()?;
    if args.at(vm, 0) == TypeId::OrderedDict.value() {
        vm.heap.set_flags(dict, 1);
    }
    vm.push(dict.value())?;
    let iterator = vm.iterate(source)?;
    vm.push(iterator)?;
    while let Some(key) = vm.iterate_next(iterator)? {
        vm.dict_set(dict, key, value)?;
    }
    Ok(dict.value())
}

fn get(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let dict = this(vm, args)?;
    let key = args.at(vm, 1);
    Ok(vm
        .dict_get(dict, key)?
        .or(args.get(vm, 2))
        .unwrap_or(Value::NONE))
}

fn view(vm: &mut Vm<'_>, args: Args, of: ViewOf) -> Result<Value> {
    let dict = this(vm, args)?;
    Ok(vm.alloc(DictView { dict, of })?.value())
}

fn items(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    view(vm, args, ViewOf::Items)
}
fn keys(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    view(vm, args, ViewOf::Keys)
}
fn values(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    view(vm, args, ViewOf::Values)
}

fn pop(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let dict = writable(vm, args)?;
    let key = args.at(vm, 1);
    match (vm.dict_remove(dict, key)?, args.get(vm, 2)) {
        (Some((_, value)), _) => Ok(value),
        (None, Some(default)) => Ok(default),
        (None, None) => Err(vm.raise_with(TypeId::KeyError, Some(key))),
    }
}

fn popitem(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let dict = writable(vm, args)?;
    let last = (0..vm.heap[dict].map.end())
        .rev()
        .find(|&number| vm.heap[dict].map.entry(number).is_some());
    match last.and_then(|number| vm.dict_take(dict, number)) {
        Some((key, value)) => vm.new_tuple(&[key, value]),
        None => Err(vm.raise(
            TypeId::KeyError,
            &[Piece::Text(b"popitem(): dictionary is empty")],
        )),
    }
}

fn setdefault(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let dict = writable(vm, args)?;
    let (key, default) = (args.at(vm, 1), args.get(vm, 2).unwrap_or(Value::NONE));
    if let Some(value) = vm.dict_get(dict, key)? {
        return Ok(value);
    }
    vm.dict_set(dict, key, default)?;
    Ok(default)
}

fn update(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let dict = writable(vm, args)?;
    fill(vm, dict, args.from(1))?;
    Ok(Value::NONE)
}

fn getitem(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let dict = this(vm, args)?;
    let key = args.at(vm, 1);
    vm.subscript(dict.value(), key)
}

fn setitem(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let dict = writable(vm, args)?;
    let (key, value) = (args.at(vm, 1), args.at(vm, 2));
    vm.dict_set(dict, key, value)?;
    Ok(Value::NONE)
}

fn delitem(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let dict = writable(vm, args)?;
    let key = args.at(vm, 1);
    vm.store_subscript(dict.value(), key, None)?;
    Ok(Value::NONE)
}

fn contains(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let dict = this(vm, args)?;
    let key = args.at(vm, 1);
    Ok(Value::bool(vm.dict_find(dict, key)?.is_some()))
}
