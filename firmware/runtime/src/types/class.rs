//! Making classes.

use crate::heap::Ref;
use crate::intern::Qstr;
use crate::names as q;
use crate::native::{Args, Entry};
use crate::ops::format::Piece;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{
    Class, Closure, Dict, Function, Instance, Kind, Property, StaticMethod, Tuple, TypeId,
};
use crate::value::Value;

/// A namedtuple.
pub(crate) const NAMEDTUPLE: u8 = 1;
/// It or a base defines `__new__`.
pub(crate) const CUSTOM_NEW: u8 = 2;
/// It or a base defines `__del__`.
pub(crate) const FINALISER: u8 = 4;
/// It or a base defines `__getattr__`.
pub(crate) const GETATTR: u8 = 8;
/// It or a base defines `__setattr__` or `__delattr__`.
pub(crate) const SETATTR: u8 = 16;
/// It or a base has properties or descriptors.
pub(crate) const ACCESSORS: u8 = 32;

pub(crate) const TYPE_ENTRIES: &[Entry] = &[];

impl Vm<'_> {
    /// Makes a class. `dict` becomes its namespace.
    pub(crate) fn new_class(&mut self, name: Qstr, bases: Value, dict: Ref<Dict>) -> Result<Value> {
        let mut native = TypeId::Object;
        let mut features = 0;
        let mut fields = 0;
        let mut index = 0;
        while let Some(base) = self.item_at(bases, index) {
            index += 1;
            let found = if let Some(class) = self.heap.cast::<Class>(base) {
                let body = self.heap[class];
                features |= body.features;
                if body.features & NAMEDTUPLE != 0 {
                    fields = body.fields;
                }
                body.native
            } else if let Some(id) = TypeId::from_value(base) {
                if self.type_info(id).make.is_none() || matches!(id, TypeId::Bool) {
                    return Err(self.raise(
                        TypeId::TypeError,
                        &[
                            Piece::Text(b"type '"),
                            Piece::Name(self.type_info(id).name),
                            Piece::Text(b"' isn't an acceptable base type"),
                        ],
                    ));
                }
                id
            } else {
                return Err(self.type_error(b"type isn't an acceptable base type"));
            };
            if found != TypeId::Object {
                if native != TypeId::Object
                    && native != found
                    && !(self.is_exception_type(native) && self.is_exception_type(found))
                {
                    return Err(self.type_error(b"multiple bases have instance lay-out conflict"));
                }
                if native == TypeId::Object || self.is_a(found, native) {
                    native = found;
                }
            }
        }
        let class = self.alloc(Class {
            name,
            bases,
            dict,
            native,
            fields,
            features,
        })?;
        let mut number = 0;
        while let Some((at, key, value)) = self.heap[dict].map.next(number) {
            number = at + 1;
            let Some(name) = key.as_qstr() else { continue };
            self.note_member(class, name, value);
            // As in Python, these two need no decorator.
            if name == q::__new__ && self.is_function(value) {
                let wrapper = self.alloc(StaticMethod { function: value })?;
                self.heap[dict].map.set_value(at, wrapper.value());
            }
        }
        Ok(class.value())
    }

    fn is_function(&self, value: Value) -> bool {
        self.heap.cast::<Function>(value).is_some() || self.heap.cast::<Closure>(value).is_some()
    }

    /// Notes what a member means for the class.
    pub(crate) fn note_member(&mut self, class: Ref<Class>, name: Qstr, value: Value) {
        let feature = match name {
            q::__new__ => CUSTOM_NEW,
            q::__del__ => FINALISER,
            q::__getattr__ => GETATTR,
            q::__setattr__ | q::__delattr__ => SETATTR,
            _ => 0,
        };
        let accessor = match self
            .heap
            .header(value)
            .map(|header| Kind::of(header.kind()))
        {
            Some(Kind::Property) => self.heap.cast::<Property>(value).is_some(),
            Some(Kind::Instance) => {
                let other = self.heap[self.heap.expect::<Instance>(value)].class;
                self.find_in_class(other, q::__set__).is_some()
                    || self.find_in_class(other, q::__delete__).is_some()
            }
            _ => false,
        };
        self.heap[class].features |= feature | if accessor { ACCESSORS } else { 0 };
    }

    /// `__build_class__(function, name, *bases)`
    pub(crate) fn build_class(&mut self, args: Args) -> Result<Value> {
        let (body, name) = (args.at(self, 0), args.at(self, 1));
        let name = self.intern_value(name)?;
        let bases = self.tuple_from_stack(args.base + 2, args.count - 2)?;
        self.push(bases)?;
        let dict = self.new_dict()?;
        self.push(dict.value())?;
        let (function, cells) = self.function_and_cells(body)?;
        let Function { code, globals, .. } = self.heap[function];
        let top = self.stack_len();
        let mut copied = [Value::NONE; 16];
        let count = cells.min(copied.len());
        for (index, slot) in copied.iter_mut().enumerate().take(count) {
            *slot = self.cell_of(body, index);
        }
        let result = self.run_code(code, &copied[..count], globals, dict)?;
        self.truncate(top);
        // The body returns the cell of `__class__`, if a method uses it.
        self.push(result)?;
        let meta = args.keywords > 0;
        let _ = meta;
        let class = self.new_class(name, bases, dict)?;
        self.push(class)?;
        self.tell_names(class, dict)?;
        if let Some(cell) = self.heap.cast::<crate::types::Cell>(result) {
            self.heap[cell].content = Some(class);
        }
        Ok(class)
    }

    /// Calls `__set_name__` of the members that have it.
    fn tell_names(&mut self, class: Value, dict: Ref<Dict>) -> Result<()> {
        // The calls may change the namespace; a copy is walked.
        let wanted = |vm: &Self, value: Value| {
            let instance = vm.heap.cast::<Instance>(value)?;
            vm.find_in_class(vm.heap[instance].class, q::__set_name__)
        };
        let mut number = 0;
        let mut any = false;
        while let Some((at, _, value)) = self.heap[dict].map.next(number) {
            any |= wanted(self, value).is_some();
            number = at + 1;
        }
        if !any {
            return Ok(());
        }
        let members = self.dict_copy(dict)?;
        self.push(members.value())?;
        let mut number = 0;
        while let Some((at, key, value)) = self.heap[members].map.next(number) {
            number = at + 1;
            if let Some(function) = wanted(self, value) {
                self.call(function, &[value, class, key])?;
            }
        }
        self.pop();
        Ok(())
    }

    /// A function and how many cells it captured.
    fn function_and_cells(&mut self, value: Value) -> Result<(Ref<Function>, usize)> {
        if let Some(closure) = self.heap.cast::<Closure>(value) {
            let function = self.heap[closure].function;
            return Ok((self.heap.expect(function), self.heap.tail_len(closure)));
        }
        match self.heap.cast(value) {
            Some(function) => Ok((function, 0)),
            None => Err(self.type_error(b"function expected")),
        }
    }

    fn cell_of(&self, value: Value, index: usize) -> Value {
        match self.heap.cast::<Closure>(value) {
            Some(closure) => self
                .heap
                .tail(closure)
                .get(index)
                .copied()
                .unwrap_or(Value::NONE),
            None => Value::NONE,
        }
    }
}

/// `type(object)`, `type(name, bases, dict)`
pub(crate) fn make_type(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    match args.count {
        1 => {
            let value = args.at(vm, 0);
            Ok(vm.type_of(value))
        }
        3 => {
            let (name, bases, dict) = (args.at(vm, 0), args.at(vm, 1), args.at(vm, 2));
            if !vm.is_str(name) {
                return Err(crate::types::str::str_expected(vm, name));
            }
            let name = vm.intern_value(name)?;
            let (Some(_), Some(dict)) = (vm.heap.cast::<Tuple>(bases), vm.heap.cast::<Dict>(dict))
            else {
                return Err(vm.type_error(b"type() takes a tuple and a dict"));
            };
            let dict = vm.dict_copy(dict)?;
            vm.push(dict.value())?;
            vm.new_class(name, bases, dict)
        }
        _ => Err(vm.type_error(b"type takes 1 or 3 arguments")),
    }
}
