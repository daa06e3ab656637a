//! Writing attributes.

use crate::builtins::modules;
use crate::heap::Ref;
use crate::intern::Qstr;
use crate::names as q;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::class::{ACCESSORS, SETATTR};
use crate::types::{Class, Dict, Function, Instance, Kind, Module, Property, Tuple, TypeId};
use crate::value::{Class as Immediate, Value};

impl Vm<'_> {
    // ---- writing -----------------------------------------------------------------------------------------

    /// `object.name = value`, or `del object.name` without a value.
    pub fn store_attr(&mut self, object: Value, name: Qstr, value: Option<Value>) -> Result<()> {
        if let Some(module) = object.payload(Immediate::Module) {
            if module != modules::BUILTINS
                && !(module == modules::SYS && matches!(name, q::ps1 | q::ps2))
            {
                return self.store_system_field(module, object, name, value);
            }
            let Some(dict) = self.module_dict(module, true)? else {
                return Err(self.no_attribute(object, name));
            };
            if module == modules::BUILTINS {
                self.builtins = Some(dict);
            }
            return self.store_in(dict, object, name, value);
        }
        let Some(header) = self.heap.header(object) else {
            return Err(self.no_attribute(object, name));
        };
        match Kind::of(header.kind()) {
            Kind::Instance => self.store_in_instance(self.heap.expect(object), object, name, value),
            Kind::Class => {
                let class: Ref<Class> = self.heap.expect(object);
                let dict = self.heap[class].dict;
                if let Some(value) = value {
                    self.note_member(class, name, value);
                }
                self.store_in(dict, object, name, value)
            }
            Kind::Module => {
                let dict = self.heap[self.heap.expect::<Module>(object)].dict;
                self.store_in(dict, object, name, value)
            }
            Kind::Function if matches!(name, q::__globals__ | q::__name__) => {
                Err(self.no_attribute(object, name))
            }
            Kind::Function => {
                let function: Ref<Function> = self.heap.expect(object);
                if self.heap[function].attributes.is_none() {
                    let dict = self.new_dict()?;
                    self.heap[function].attributes = Some(dict);
                }
                match self.heap[function].attributes {
                    Some(dict) => self.store_in(dict, object, name, value),
                    None => Err(self.no_attribute(object, name)),
                }
            }
            Kind::Exception => {
                self.store_exception_field(self.heap.expect(object), object, name, value)
            }
            Kind::Foreign => self.store_in_foreign(object, object, name, value),
            _ => Err(self.no_attribute(object, name)),
        }
    }

    /// Stores in an object of a library, or raises `AttributeError` for the object that was named.
    fn store_in_foreign(
        &mut self,
        foreign: Value,
        object: Value,
        name: Qstr,
        value: Option<Value>,
    ) -> Result<()> {
        let slots = self.type_info(self.native_type(foreign)).slots;
        match slots.store {
            Some(store) if store(self, foreign, name, value)? => Ok(()),
            _ => Err(self.no_attribute(object, name)),
        }
    }

    /// `sys.path` and `sys.argv` can be replaced by other lists, or by the items of a tuple.
    pub(crate) fn store_system_field(
        &mut self,
        module: usize,
        object: Value,
        name: Qstr,
        value: Option<Value>,
    ) -> Result<()> {
        let list = match value {
            Some(value) if self.heap.cast::<Tuple>(value).is_some() => Some(self.list_from(value)?),
            value => value.and_then(|value| self.heap.cast(value)),
        };
        match (name, list) {
            (q::path, Some(_)) if module == modules::SYS => self.path = list,
            (q::argv, Some(_)) if module == modules::SYS => self.argv = list,
            _ => return Err(self.no_attribute(object, name)),
        }
        Ok(())
    }

    pub(crate) fn store_in(
        &mut self,
        dict: Ref<Dict>,
        object: Value,
        name: Qstr,
        value: Option<Value>,
    ) -> Result<()> {
        match value {
            Some(value) => self.set_name(dict, name, value),
            None if self.delete_name(dict, name)? => Ok(()),
            None => Err(self.no_attribute(object, name)),
        }
    }

    pub(crate) fn store_in_instance(
        &mut self,
        instance: Ref<Instance>,
        object: Value,
        name: Qstr,
        value: Option<Value>,
    ) -> Result<()> {
        let class = self.heap[instance].class;
        let features = self.heap[class].features;
        if features & ACCESSORS != 0
            && let Some(member) = self.find_in_class(class, name)
            && self.store_through(member, object, value)?
        {
            return Ok(());
        }
        if features & SETATTR != 0 {
            let special = if value.is_some() {
                q::__setattr__
            } else {
                q::__delattr__
            };
            if let Some(found) = self.lookup_special(object, special)? {
                match value {
                    Some(value) => self.call_found(found, &[Value::qstr(name), value])?,
                    None => self.call_found(found, &[Value::qstr(name)])?,
                };
                return Ok(());
            }
        }
        self.store_member(instance, name, value)
    }

    /// Stores in an instance's own dict.
    pub(crate) fn store_member(
        &mut self,
        instance: Ref<Instance>,
        name: Qstr,
        value: Option<Value>,
    ) -> Result<()> {
        let members = match self.heap[instance].members {
            Some(members) => members,
            None => {
                if let Some(value) = value {
                    self.push(value)?;
                }
                let members = self.new_dict_with_room(2)?;
                if value.is_some() {
                    self.pop();
                }
                self.heap[instance].members = Some(members);
                members
            }
        };
        self.store_in(members, instance.value(), name, value)
    }

    /// Stores through a property or descriptor; whether the member is one.
    pub(crate) fn store_through(
        &mut self,
        member: Value,
        object: Value,
        value: Option<Value>,
    ) -> Result<bool> {
        if let Some(property) = self.heap.cast::<Property>(member) {
            let Property { set, delete, .. } = self.heap[property];
            let accessor = if value.is_some() { set } else { delete };
            let Some(accessor) = accessor else {
                return Err(self.raise_text(TypeId::AttributeError, b"can't set attribute"));
            };
            match value {
                Some(value) => self.call(accessor, &[object, value])?,
                None => self.call(accessor, &[object])?,
            };
            return Ok(true);
        }
        let special = if value.is_some() {
            q::__set__
        } else {
            q::__delete__
        };
        let Some(found) = self.lookup_special(member, special)? else {
            return Ok(false);
        };
        match value {
            Some(value) => self.call_found(found, &[object, value])?,
            None => self.call_found(found, &[object])?,
        };
        Ok(true)
    }
}
