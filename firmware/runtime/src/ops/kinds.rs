//! What kind of thing a value is.

use crate::heap::Object;
use crate::intern::Qstr;
use crate::names as q;
use crate::state::Vm;
use crate::types::{Class, Float, Function, Instance, Kind, StaticMethod, Tuple, TypeId};
use crate::value::{Class as Immediate, Value};

impl Vm<'_> {
    /// Whether a value can have special methods that are found by name: an instance, or an object of a library.
    #[inline]
    pub(crate) fn may_have_methods(&self, object: Value) -> bool {
        self.heap.header(object).is_some_and(|header| {
            let kind = header.kind();
            kind == <Instance as Object>::KIND || kind == crate::types::FOREIGN
        })
    }

    /// The type of a value, as a value.
    pub fn type_of(&self, value: Value) -> Value {
        if let Some(instance) = self.heap.cast::<Instance>(value) {
            return self.heap[instance].class.value();
        }
        if let Some(tuple) = self.heap.cast::<crate::types::NamedTuple>(value) {
            return self.heap[tuple].class.value();
        }
        self.native_type(value).value()
    }

    /// The built-in type of a value; `object` for instances.
    pub fn native_type(&self, value: Value) -> TypeId {
        if value.is_small() {
            return TypeId::Int;
        }
        if value.as_qstr().is_some() {
            return TypeId::Str;
        }
        if let Some((class, payload)) = value.as_immediate() {
            return match class {
                Immediate::None => TypeId::NoneType,
                Immediate::False | Immediate::True => TypeId::Bool,
                Immediate::Type => TypeId::Type,
                Immediate::Native => TypeId::Function,
                Immediate::Module => TypeId::Module,
                Immediate::Special if payload == 1 => TypeId::NotImplementedType,
                _ => TypeId::EllipsisType,
            };
        }
        let Some(header) = self.heap.header(value) else {
            return TypeId::Object;
        };
        self.heap_type(value, Kind::of(header.kind()), header.flags())
    }

    pub(crate) fn heap_type(&self, value: Value, kind: Kind, flags: u8) -> TypeId {
        match kind {
            Kind::Int => TypeId::Int,
            Kind::Float => TypeId::Float,
            Kind::Complex => TypeId::Complex,
            Kind::Str => TypeId::Str,
            Kind::Bytes => TypeId::Bytes,
            Kind::Array
                if self.heap[self.heap.expect::<crate::types::Array>(value)].typecode == 0 =>
            {
                TypeId::ByteArray
            }
            Kind::Array => TypeId::Array,
            Kind::MemoryView => TypeId::MemoryView,
            Kind::List => TypeId::List,
            Kind::Tuple | Kind::NamedTuple => TypeId::Tuple,
            Kind::Dict if flags & 1 != 0 => TypeId::OrderedDict,
            Kind::Dict => TypeId::Dict,
            Kind::Set if flags & 1 != 0 => TypeId::FrozenSet,
            Kind::Set => TypeId::Set,
            Kind::DictView => TypeId::DictView,
            Kind::Range => TypeId::Range,
            Kind::Slice => TypeId::Slice,
            Kind::Function => {
                let code = self.heap[self.heap.expect::<Function>(value)].code;
                if self.heap[code].flags & 1 != 0 {
                    TypeId::Generator
                } else {
                    TypeId::Function
                }
            }
            Kind::Closure => TypeId::Closure,
            Kind::BoundMethod => TypeId::BoundMethod,
            Kind::Generator => TypeId::Generator,
            Kind::Exception => self.heap[self.heap.expect::<crate::types::Exception>(value)].class,
            Kind::Class => TypeId::Type,
            Kind::Module => TypeId::Module,
            Kind::Property => TypeId::Property,
            Kind::StaticMethod => TypeId::StaticMethod,
            Kind::ClassMethod => TypeId::ClassMethod,
            Kind::Super => TypeId::Super,
            Kind::Iter => self.iter_type(self.heap.expect(value)),
            Kind::Deque => TypeId::Deque,
            Kind::StringIo
                if self.heap[self.heap.expect::<crate::types::StringIo>(value)].binary =>
            {
                TypeId::BytesIo
            }
            Kind::StringIo => TypeId::StringIo,
            Kind::File if self.heap[self.heap.expect::<crate::types::File>(value)].binary => {
                TypeId::BinaryFile
            }
            Kind::File => TypeId::TextFile,
            Kind::RingIo => TypeId::RingIo,
            Kind::Foreign => self.foreign_type(value),
            Kind::Code => TypeId::Code,
            Kind::Cell => TypeId::Cell,
            Kind::Instance | Kind::Plain | Kind::Blob | Kind::Context => TypeId::Object,
            #[cfg(feature = "threads")]
            Kind::Thread => TypeId::Object,
        }
    }

    /// The type of an object of a library.
    fn foreign_type(&self, value: Value) -> TypeId {
        let number = self
            .heap
            .header(value)
            .map_or(0, |header| header.tail_len());
        TypeId::of(number)
    }

    /// The name of a value's type.
    pub fn type_name(&self, value: Value) -> Qstr {
        self.class_name(self.type_of(value))
    }

    /// The name of a type.
    pub fn class_name(&self, class: Value) -> Qstr {
        match TypeId::from_value(class) {
            Some(id) => self.type_info(id).name,
            None => self
                .heap
                .cast::<Class>(class)
                .map_or(q::object, |class| self.heap[class].name),
        }
    }

    // ---- types -------------------------------------------------------------------------------------------

    /// Whether a value is an instance of a built-in type, possibly through a class derived from it.
    pub fn is_instance(&self, value: Value, class: TypeId) -> bool {
        if let Some(instance) = self.heap.cast::<Instance>(value) {
            return self.is_a(self.heap[self.heap[instance].class].native, class);
        }
        self.is_a(self.native_type(value), class)
    }

    /// `isinstance` for one class.
    pub fn is_instance_of(&self, value: Value, class: Value) -> bool {
        self.is_subclass(self.type_of(value), class)
    }

    /// `issubclass` for one class.
    pub fn is_subclass(&self, class: Value, of: Value) -> bool {
        if class == of {
            return true;
        }
        if let Some(id) = TypeId::from_value(class) {
            return TypeId::from_value(of).is_some_and(|of| self.is_a(id, of));
        }
        let Some(class) = self.heap.cast::<Class>(class) else {
            return false;
        };
        if of == TypeId::Object.value() {
            return true;
        }
        let Some(bases) = self.heap.cast::<Tuple>(self.heap[class].bases) else {
            return false;
        };
        self.heap
            .tail(bases)
            .iter()
            .any(|&base| self.is_subclass(base, of))
    }

    /// The built-in object a value is or contains: an instance of a class derived from `list` gives the list.
    #[inline]
    pub fn native_of(&self, value: Value) -> Value {
        match self.heap.cast::<Instance>(value) {
            Some(instance) => self.heap[instance].native.unwrap_or(value),
            None => value,
        }
    }

    /// A number as a float, if it is one.
    pub(crate) fn float_of(&self, value: Value) -> Option<crate::types::float::Real> {
        self.heap
            .cast::<Float>(value)
            .map(|float| self.heap[float].number)
    }

    /// What is inside a static method.
    pub(crate) fn unwrap_static(&self, value: Value) -> Value {
        match self.heap.cast::<StaticMethod>(value) {
            Some(wrapper) => self.heap[wrapper].function,
            None => value,
        }
    }
}
