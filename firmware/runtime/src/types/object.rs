//! `object`, `property`, `staticmethod`, `classmethod`, `super`.

use crate::heap::Ref;
use crate::names as q;
use crate::native::{ANY, Args, Entry, Item, KEYWORDS, function, item};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Class, ClassMethod, Instance, Plain, Property, StaticMethod, Super, TypeId};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    function(q::__init__, init, 1, KEYWORDS | ANY),
    item(q::__new__, Item::StaticFunction(new, 1, KEYWORDS | ANY)),
    function(q::__setattr__, setattr, 3, 3),
    function(q::__delattr__, delattr, 2, 2),
];

pub(crate) const PROPERTY_ENTRIES: &[Entry] = &[
    function(q::getter, getter, 2, 2),
    function(q::setter, setter, 2, 2),
    function(q::deleter, deleter, 2, 2),
];

/// `object()`
pub(crate) fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count + args.keywords > 0 {
        return Err(vm.wrong_count(0, 0, args.count));
    }
    Ok(vm.alloc(Plain)?.value())
}

fn init(_: &mut Vm<'_>, _: Args) -> Result<Value> {
    Ok(Value::NONE)
}

/// `object.__new__(cls)`
fn new(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let class = args.at(vm, 0);
    match vm.heap.cast::<Class>(class) {
        Some(class) => Ok(vm.new_instance(class)?.value()),
        None => Err(vm.type_error(b"arg must be user-type")),
    }
}

fn own(vm: &mut Vm<'_>, args: Args) -> Result<Ref<Instance>> {
    let value = args.at(vm, 0);
    match vm.heap.cast(value) {
        Some(instance) => Ok(instance),
        None => Err(vm.type_error(b"arg must be user-type")),
    }
}

fn setattr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let instance = own(vm, args)?;
    let (name, value) = (args.at(vm, 1), args.at(vm, 2));
    let name = vm.intern_value(name)?;
    vm.store_member(instance, name, Some(value))?;
    Ok(Value::NONE)
}

fn delattr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let instance = own(vm, args)?;
    let name = args.at(vm, 1);
    let name = vm.intern_value(name)?;
    vm.store_member(instance, name, None)?;
    Ok(Value::NONE)
}

/// `property(fget=None, fset=None, fdel=None, doc=None)`
pub(crate) fn make_property(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    let part = |index, name| {
        args.either(vm, index, name)
            .filter(|value| !value.is_none())
    };
    let property = Property {
        get: part(0, q::fget),
        set: part(1, q::fset),
        delete: part(2, q::fdel),
    };
    Ok(vm.alloc(property)?.value())
}

fn changed(vm: &mut Vm<'_>, args: Args, change: fn(&mut Property, Value)) -> Result<Value> {
    let this: Ref<Property> = vm.heap.expect(args.at(vm, 0));
    let mut property = vm.heap[this];
    change(&mut property, args.at(vm, 1));
    Ok(vm.alloc(property)?.value())
}

fn getter(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    changed(vm, args, |property, value| property.get = Some(value))
}
fn setter(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    changed(vm, args, |property, value| property.set = Some(value))
}
fn deleter(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    changed(vm, args, |property, value| property.delete = Some(value))
}

/// `staticmethod(function)`, `classmethod(function)`
pub(crate) fn make_wrapper(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count != 1 || args.keywords > 0 {
        return Err(vm.wrong_count(1, 1, args.count));
    }
    let function = args.at(vm, 0);
    if class == TypeId::StaticMethod {
        return Ok(vm.alloc(StaticMethod { function })?.value());
    }
    Ok(vm.alloc(ClassMethod { function })?.value())
}

/// `super(type, object)`
pub(crate) fn make_super(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count != 2 || args.keywords > 0 {
        return Err(vm.wrong_count(2, 2, args.count));
    }
    let (class, this) = (args.at(vm, 0), args.at(vm, 1));
    if TypeId::from_value(class).is_none() && vm.heap.cast::<Class>(class).is_none() {
        return Err(vm.type_error(b"super() arg 1 must be type"));
    }
    let fits = vm.is_instance_of(this, class)
        || (vm.type_of(this) == TypeId::Type.value() && vm.is_subclass(this, class));
    if !fits {
        return Err(vm.type_error(b"super() arg 2 must be an instance of arg 1"));
    }
    Ok(vm.alloc(Super { class, this })?.value())
}
