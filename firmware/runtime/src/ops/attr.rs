//! Attributes: reading, writing, and finding methods.
//!
//! As in MicroPython, classes are searched depth first from left to right, and what a built-in base offers is
//! found last, with the object of that base as `self`.

use crate::builtins::{self, modules};
use crate::heap::Ref;
use crate::intern::Qstr;
use crate::names as q;
use crate::native::Item;
use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::class::GETATTR;
use crate::types::{
    BoundMethod, Class, ClassMethod, Closure, Complex, Dict, Function, Instance, Kind, Module,
    NamedTuple, Property, Range, Slice, StaticMethod, Super, Tuple, TypeId,
};
use crate::value::{Class as Immediate, Value};

/// What a lookup gives: a value, and the `self` to call it with.
pub(crate) type Found = (Value, Option<Value>);

const HINTS: usize = 64;

/// Remembers where names of built-in types were found.
pub(crate) struct Hints {
    entries: [(TypeId, Qstr, u16); HINTS],
}

impl Hints {
    pub(crate) const fn new() -> Self {
        Self {
            entries: [(TypeId::Object, Qstr(0), 0); HINTS],
        }
    }

    pub(crate) fn clear(&mut self) {}
}

impl Vm<'_> {
    // ---- finding -----------------------------------------------------------------------------------------

    /// A name in a class and its bases written in Python.
    pub(crate) fn find_in_class(&self, class: Ref<Class>, name: Qstr) -> Option<Value> {
        let Class { dict, bases, .. } = self.heap[class];
        if let Some(value) = self.get_name(dict, name) {
            return Some(value);
        }
        let bases = self.heap.cast::<Tuple>(bases)?;
        self.heap.tail(bases).iter().find_map(|&base| {
            let base = self.heap.cast::<Class>(base)?;
            self.find_in_class(base, name)
        })
    }

    /// A name of a built-in type: the number of its native entry.
    pub(crate) fn find_in_type(&mut self, class: TypeId, name: Qstr) -> Option<usize> {
        let slot = (usize::from(name.0) ^ class.table() << 3) % HINTS;
        let (known_class, known_name, payload) = self.hints.entries[slot];
        if known_class == class && known_name == name {
            return Some(usize::from(payload));
        }
        let mut at = class;
        loop {
            let entries = self.type_info(at).entries;
            if let Some(index) = entries.iter().position(|entry| entry.name == name) {
                let payload = at.table() << 8 | index;
                self.hints.entries[slot] = (class, name, payload as u16);
                return Some(payload);
            }
            if at == TypeId::Object {
                return None;
            }
            at = self.type_info(at).base;
        }
    }

    /// A name of a built-in type, bound to an object.
    pub(crate) fn native_method(
        &mut self,
        class: TypeId,
        name: Qstr,
        this: Option<Value>,
    ) -> Result<Option<Found>> {
        let Some(payload) = self.find_in_type(class, name) else {
            return Ok(None);
        };
        let function = Value::immediate(Immediate::Native, payload);
        Ok(Some(match self.native_entry(payload).item {
            Item::Function(..) => (function, this),
            Item::ClassFunction(..) => (function, Some(class.value())),
            Item::StaticFunction(..) => (function, None),
            item => (self.item_value(item, payload)?, None),
        }))
    }

    /// The value an entry stands for.
    pub(crate) fn item_value(&mut self, item: Item, payload: usize) -> Result<Value> {
        Ok(match item {
            Item::Function(..) | Item::ClassFunction(..) | Item::StaticFunction(..) => {
                Value::immediate(Immediate::Native, payload)
            }
            Item::Type(class) => class.value(),
            Item::Value(value) => value,
            Item::Text(name) => Value::qstr(name),
            Item::Get(get) => get(self)?,
        })
    }

    /// What a member of a class is for an instance (or for the class itself).
    pub(crate) fn bind(
        &mut self,
        member: Value,
        this: Option<Value>,
        class: Value,
    ) -> Result<Found> {
        let Some(header) = self.heap.header(member) else {
            return Ok((member, None));
        };
        match Kind::of(header.kind()) {
            Kind::Function | Kind::Closure => Ok((member, this)),
            Kind::StaticMethod => Ok((
                self.heap[self.heap.expect::<StaticMethod>(member)].function,
                None,
            )),
            Kind::ClassMethod => {
                let function = self.heap[self.heap.expect::<ClassMethod>(member)].function;
                Ok((function, Some(class)))
            }
            Kind::Property => {
                let Some(this) = this else {
                    return Ok((member, None));
                };
                let Some(get) = self.heap[self.heap.expect::<Property>(member)].get else {
                    return Err(self.raise_text(TypeId::AttributeError, b"unreadable attribute"));
                };
                Ok((self.call(get, &[this])?, None))
            }
            Kind::Instance => {
                let get = self.lookup_special(member, q::__get__)?;
                let Some(get) = get else {
                    return Ok((member, None));
                };
                let value = self.call_found(get, &[this.unwrap_or(Value::NONE), class])?;
                Ok((value, None))
            }
            _ => Ok((member, None)),
        }
    }

    /// A special method of an object: found in its class only.
    pub fn lookup_special(&mut self, object: Value, name: Qstr) -> Result<Option<Found>> {
        let Some(instance) = self.heap.cast::<Instance>(object) else {
            return self.foreign_special(object, name);
        };
        let Instance { class, native, .. } = self.heap[instance];
        match self.find_in_class(class, name) {
            Some(member) => self.bind(member, Some(object), class.value()).map(Some),
            None => match native {
                Some(native) => self.foreign_special(native, name),
                None => Ok(None),
            },
        }
    }

    /// A special method of an object of a library.
    fn foreign_special(&mut self, object: Value, name: Qstr) -> Result<Option<Found>> {
        let header = self.heap.header(object);
        if header.is_none_or(|header| header.kind() != crate::types::FOREIGN) {
            return Ok(None);
        }
        let class = self.native_type(object);
        let found = self.find_in_type(class, name);
        // What every object has is no special method.
        if found.is_none_or(|payload| payload >> 8 == TypeId::Object.table()) {
            return Ok(None);
        }
        self.native_method(class, name, Some(object))
    }

    /// An attribute of an instance that is in its own dict, without any look further.
    #[inline]
    pub(crate) fn member(&self, object: Value, name: Qstr) -> Option<Value> {
        let instance = self.heap.cast::<Instance>(object)?;
        self.get_name(self.heap[instance].members?, name)
    }

    /// An attribute of any object, or `None` if it has no such.
    pub(crate) fn lookup(&mut self, object: Value, name: Qstr) -> Result<Option<Found>> {
        if let Some((class, payload)) = object.as_immediate() {
            match class {
                Immediate::Type => return self.type_member(TypeId::of(payload), name),
                Immediate::Module => return self.native_module_member(payload, name),
                _ => {}
            }
        }
        let Some(header) = self.heap.header(object) else {
            return self.native_member(object, name);
        };
        match Kind::of(header.kind()) {
            Kind::Instance => self.instance_member(self.heap.expect(object), object, name),
            Kind::Class => self.class_member(self.heap.expect(object), name),
            Kind::Module => self.module_member(self.heap.expect(object), name),
            Kind::Super => {
                let Super { class, this } = self.heap[self.heap.expect::<Super>(object)];
                self.super_member(class, this, name)
            }
            kind => {
                if kind == Kind::NamedTuple {
                    let class = self.heap[self.heap.expect::<NamedTuple>(object)].class;
                    if let Some(member) = self.find_in_class(class, name) {
                        return self.bind(member, Some(object), class.value()).map(Some);
                    }
                }
                if let Some(value) = self.native_field(object, kind, name)? {
                    return Ok(Some((value, None)));
                }
                self.native_member(object, name)
            }
        }
    }

    pub(crate) fn native_member(&mut self, object: Value, name: Qstr) -> Result<Option<Found>> {
        if name == q::__class__ {
            return Ok(Some((self.type_of(object), None)));
        }
        let class = self.native_type(object);
        self.native_method(class, name, Some(object))
    }

    pub(crate) fn instance_member(
        &mut self,
        instance: Ref<Instance>,
        object: Value,
        name: Qstr,
    ) -> Result<Option<Found>> {
        let Instance {
            class,
            members,
            native,
        } = self.heap[instance];
        if let Some(value) = members.and_then(|members| self.get_name(members, name)) {
            return Ok(Some((value, None)));
        }
        if let Some(member) = self.find_in_class(class, name) {
            return self.bind(member, Some(object), class.value()).map(Some);
        }
        match name {
            q::__class__ => return Ok(Some((class.value(), None))),
            q::__dict__ => {
                let dict = match members {
                    Some(members) => self.dict_copy(members)?,
                    None => self.new_dict()?,
                };
                self.heap.set_flags(dict, 2);
                return Ok(Some((dict.value(), None)));
            }
            _ => {}
        }
        if let Some(native) = native {
            if let Some(found) = self.lookup(native, name)? {
                return Ok(Some(found));
            }
        } else {
            let base = self.heap[class].native;
            if let Some(found) = self.native_method(base, name, Some(object))? {
                return Ok(Some(found));
            }
        }
        if self.heap[class].features & GETATTR != 0 {
            let Some(get) = self.lookup_special(object, q::__getattr__)? else {
                return Ok(None);
            };
            let value = self.call_found(get, &[Value::qstr(name)])?;
            return Ok(Some((value, None)));
        }
        Ok(None)
    }

    pub(crate) fn class_member(&mut self, class: Ref<Class>, name: Qstr) -> Result<Option<Found>> {
        let body = self.heap[class];
        match name {
            q::__name__ | q::__qualname__ if self.get_name(body.dict, name).is_none() => {
                return Ok(Some((Value::qstr(body.name), None)));
            }
            q::__dict__ => {
                let dict = self.dict_copy(body.dict)?;
                self.heap.set_flags(dict, 2);
                return Ok(Some((dict.value(), None)));
            }
            q::__bases__ if self.items_of(body.bases).is_some_and(<[_]>::is_empty) => {
                return Ok(Some((self.new_tuple(&[TypeId::Object.value()])?, None)));
            }
            q::__bases__ => return Ok(Some((body.bases, None))),
            q::__class__ => return Ok(Some((TypeId::Type.value(), None))),
            _ => {}
        }
        if let Some(member) = self.find_in_class(class, name) {
            return self.bind(member, None, class.value()).map(Some);
        }
        self.native_method(body.native, name, None)
    }

    pub(crate) fn type_member(&mut self, class: TypeId, name: Qstr) -> Result<Option<Found>> {
        match name {
            q::__name__ | q::__qualname__ => {
                return Ok(Some((Value::qstr(self.type_info(class).name), None)));
            }
            q::__class__ => return Ok(Some((TypeId::Type.value(), None))),
            q::__bases__ => {
                let bases = match class {
                    TypeId::Object => self.new_tuple(&[])?,
                    _ => self.new_tuple(&[self.type_info(class).base.value()])?,
                };
                return Ok(Some((bases, None)));
            }
            q::__dict__ => return self.type_dict(class).map(|dict| Some((dict, None))),
            _ => {}
        }
        self.native_method(class, name, None)
    }

    /// The names of a built-in type as a dict.
    pub(crate) fn type_dict(&mut self, class: TypeId) -> Result<Value> {
        let dict = self.new_dict()?;
        self.push(dict.value())?;
        for (index, entry) in self.type_info(class).entries.iter().enumerate() {
            let value = self.item_value(entry.item, (class.table()) << 8 | index)?;
            self.set_name(dict, entry.name, value)?;
        }
        self.pop();
        self.heap.set_flags(dict, 2);
        Ok(dict.value())
    }

    pub(crate) fn module_member(
        &mut self,
        module: Ref<Module>,
        name: Qstr,
    ) -> Result<Option<Found>> {
        let dict = self.heap[module].dict;
        if let Some(value) = self.get_name(dict, name) {
            return Ok(Some((value, None)));
        }
        match name {
            q::__dict__ => return Ok(Some((dict.value(), None))),
            q::__class__ => return Ok(Some((TypeId::Module.value(), None))),
            _ => {}
        }
        if let Some(get) = self.get_name(dict, q::__getattr__) {
            return match self.call(get, &[Value::qstr(name)]) {
                Ok(value) => Ok(Some((value, None))),
                Err(Raised) => Err(Raised),
            };
        }
        Ok(None)
    }

    pub(crate) fn native_module_member(
        &mut self,
        module: usize,
        name: Qstr,
    ) -> Result<Option<Found>> {
        if let Some(dict) = self.module_dict(module, false)?
            && let Some(value) = self.get_name(dict, name)
        {
            return Ok(Some((value, None)));
        }
        match name {
            q::__class__ => return Ok(Some((TypeId::Module.value(), None))),
            q::__dict__ => return modules::dict(self, module).map(|dict| Some((dict, None))),
            _ => {}
        }
        Ok(modules::member(self, module, name)?.map(|value| (value, None)))
    }

    /// The names stored in a built-in module by the program.
    pub(crate) fn module_dict(&mut self, module: usize, make: bool) -> Result<Option<Ref<Dict>>> {
        let all = match self.module_dicts {
            Some(all) => all,
            None if !make => return Ok(None),
            None => {
                let all = self.new_dict()?;
                self.module_dicts = Some(all);
                all
            }
        };
        let key = Value::small(module as isize);
        if let Some(dict) = self.dict_get(all, key)? {
            return Ok(self.heap.cast(dict));
        }
        if !make {
            return Ok(None);
        }
        let dict = self.new_dict()?;
        self.dict_set(all, key, dict.value())?;
        Ok(Some(dict))
    }

    /// A field of a built-in object that is no method.
    pub(crate) fn native_field(
        &mut self,
        object: Value,
        kind: Kind,
        name: Qstr,
    ) -> Result<Option<Value>> {
        Ok(match kind {
            Kind::Exception => return self.exception_field(self.heap.expect(object), name),
            Kind::File if name == q::buffer => self.console_bytes(object)?,
            Kind::Complex => {
                let Complex { real, imag } = self.heap[self.heap.expect::<Complex>(object)];
                match name {
                    q::real => Some(self.new_float(real)?),
                    q::imag => Some(self.new_float(imag)?),
                    _ => None,
                }
            }
            Kind::Range => {
                let Range { start, stop, step } = self.heap[self.heap.expect::<Range>(object)];
                match name {
                    q::start => Some(self.new_int(start as i64)?),
                    q::stop => Some(self.new_int(stop as i64)?),
                    q::step => Some(self.new_int(step as i64)?),
                    _ => None,
                }
            }
            Kind::Slice => {
                let Slice { start, stop, step } = self.heap[self.heap.expect::<Slice>(object)];
                match name {
                    q::start => Some(start),
                    q::stop => Some(stop),
                    q::step => Some(step),
                    _ => None,
                }
            }
            Kind::Function => self.function_field(self.heap.expect(object), name),
            Kind::Closure => {
                let function = self.heap[self.heap.expect::<Closure>(object)].function;
                self.function_field(self.heap.expect(function), name)
            }
            Kind::BoundMethod => {
                let BoundMethod { function, .. } =
                    self.heap[self.heap.expect::<BoundMethod>(object)];
                return Ok(self.lookup(function, name)?.map(|(value, _)| value));
            }
            Kind::NamedTuple => self.namedtuple_field(self.heap.expect(object), name),
            Kind::Foreign => {
                let slots = self.type_info(self.native_type(object)).slots;
                match slots.load {
                    Some(load) => load(self, object, name)?,
                    None => None,
                }
            }
            Kind::MemoryView if name == q::itemsize => {
                let view = self.heap[self.heap.expect::<crate::types::MemoryView>(object)];
                let size = crate::types::bytes::item_size(view.typecode);
                Some(Value::small(size as isize))
            }
            _ => None,
        })
    }

    pub(crate) fn function_field(&self, function: Ref<Function>, name: Qstr) -> Option<Value> {
        let Function {
            code,
            globals,
            attributes,
            ..
        } = self.heap[function];
        match name {
            q::__name__ => Some(Value::qstr(self.code_name(code, 0))),
            q::__globals__ => Some(globals.value()),
            _ => attributes.and_then(|attributes| self.get_name(attributes, name)),
        }
    }

    // ---- reading -----------------------------------------------------------------------------------------

    /// `object.name`
    pub fn load_attr(&mut self, object: Value, name: Qstr) -> Result<Value> {
        let (value, this) = self.load_method(object, name)?;
        match this {
            Some(this) => self.new_bound_method(value, this),
            None => Ok(value),
        }
    }

    /// As [`Vm::load_attr`], `None` if there is no such attribute.
    pub fn try_attr(&mut self, object: Value, name: Qstr) -> Result<Option<Value>> {
        match self.lookup(object, name) {
            Ok(Some((value, Some(this)))) => self.new_bound_method(value, this).map(Some),
            Ok(found) => Ok(found.map(|(value, _)| value)),
            Err(Raised) if self.exception_is(TypeId::AttributeError) => {
                self.exception = None;
                Ok(None)
            }
            Err(Raised) => Err(Raised),
        }
    }

    /// A function with the `self` it is called with.
    pub fn new_bound_method(&mut self, function: Value, this: Value) -> Result<Value> {
        Ok(self.alloc(BoundMethod { function, this })?.value())
    }

    /// `object.name` to be called: the function and its `self`.
    pub fn load_method(&mut self, object: Value, name: Qstr) -> Result<Found> {
        match self.lookup(object, name)? {
            Some(found) => Ok(found),
            None => Err(self.no_attribute(object, name)),
        }
    }

    #[cold]
    /// The `AttributeError` of an object without a name.
    pub fn no_attribute(&mut self, object: Value, name: Qstr) -> Raised {
        let is_type =
            TypeId::from_value(object).is_some() || self.heap.cast::<Class>(object).is_some();
        let module = self.module_name(object);
        let (before, of) = match (is_type, module) {
            (true, _) => (&b"type object '"[..], self.class_name(object)),
            (false, Some(module)) => (&b"module '"[..], module),
            (false, None) => (&b"'"[..], self.type_name(object)),
        };
        let after: &[u8] = if is_type || module.is_some() {
            b"' has no attribute '"
        } else {
            b"' object has no attribute '"
        };
        self.raise(
            TypeId::AttributeError,
            &[
                Piece::Text(before),
                Piece::Name(of),
                Piece::Text(after),
                Piece::Name(name),
                Piece::Text(b"'"),
            ],
        )
    }

    pub(crate) fn module_name(&self, object: Value) -> Option<Qstr> {
        if let Some(module) = object.payload(Immediate::Module) {
            return Some(self.native_module_name(module));
        }
        let module = self.heap.cast::<Module>(object)?;
        self.get_name(self.heap[module].dict, q::__name__)?
            .as_qstr()
    }

    /// `super(class, this).name`
    pub(crate) fn load_super(&mut self, class: Value, this: Value, name: Qstr) -> Result<Found> {
        match self.super_member(class, this, name)? {
            Some(found) => Ok(found),
            None => {
                let object = self.alloc(Super { class, this })?.value();
                Err(self.no_attribute(object, name))
            }
        }
    }

    pub(crate) fn super_member(
        &mut self,
        class: Value,
        this: Value,
        name: Qstr,
    ) -> Result<Option<Found>> {
        let Some(class) = self.heap.cast::<Class>(class) else {
            return Ok(None);
        };
        let bases = self.heap.cast::<Tuple>(self.heap[class].bases);
        let this_class = match self.heap.cast::<Instance>(this) {
            Some(instance) => self.heap[instance].class.value(),
            None => this,
        };
        let bound = self.heap.cast::<Instance>(this).map(|_| this);
        if let Some(bases) = bases {
            for index in 0..self.heap.tail_len(bases) {
                let base = self.heap.tail(bases)[index];
                let Some(base) = self.heap.cast::<Class>(base) else {
                    continue;
                };
                if let Some(member) = self.find_in_class(base, name) {
                    return self.bind(member, bound, this_class).map(Some);
                }
            }
        }
        let native = self.heap[class].native;
        if name == q::__init__ && native != TypeId::Object {
            return Ok(Some((builtins::NATIVE_INIT, Some(this))));
        }
        if let Some(instance) = self.heap.cast::<Instance>(this)
            && let Some(inner) = self.heap[instance].native
        {
            return self.lookup(inner, name);
        }
        self.native_method(native, name, Some(this))
    }
}
