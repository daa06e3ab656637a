//! What code above the runtime does with values: the operations of Python under Rust names.
//!
//! Everything that can raise returns [`Result`]. A value that is kept over a call that may allocate must be
//! reachable: it is an argument, it was pushed, or something reachable refers to it. The last 32 allocations
//! of a native function are safe without that until it returns.

use crate::heap::{Body, Ref, Vector};
use crate::host::Host;
use crate::intern::Qstr;
use crate::library::Library;
use crate::native::Args;
use crate::ops::format::Sink;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Array, Dict, FOREIGN, Function, Instance, List, MemoryView, Tuple, TypeId};
use crate::value::{Class as Immediate, Value};
use upy_bytecode::BinaryOp;

impl<'m> Vm<'m> {
    /// The surroundings.
    pub fn host(&mut self) -> &mut (dyn Host + 'm) {
        self.host
    }

    /// The surroundings together with the bytes of a `bytearray`, so that hardware can fill it or send it.
    pub fn host_and_bytes(&mut self, array: Value) -> Option<(&mut (dyn Host + 'm), &mut [u8])> {
        let array = self.heap.cast::<Array>(array)?;
        Some((&mut *self.host, &mut self.heap[array].items))
    }

    /// From now on [`Library::service`] is called at every look at the world, whether the surroundings have an event or
    /// not, and whoever waits for input looks at the world meanwhile.
    pub fn keep_attending(&mut self) {
        self.attends = true;
    }

    /// What was added to the language.
    pub fn library(&self) -> &'static Library {
        self.library
    }
}

impl Vm<'_> {
    // ---- objects of a library ----------------------------------------------------------------------------

    /// Makes an object of a type of the library.
    ///
    /// The body must be what the type's functions look for with [`Vm::body`]; nothing else depends on it.
    pub fn new_object<T: Body>(&mut self, class: TypeId, body: T) -> Result<Value> {
        let mut body = body;
        if self.may_allocate() {
            match self.heap.try_foreign(class.0, body) {
                Ok(object) => return Ok(object),
                Err(given_back) => body = given_back,
            }
        }
        self.alloc_slowly_traced(&mut |marker| body.trace(marker))?;
        match self.heap.try_foreign(class.0, body) {
            Ok(object) => Ok(object),
            Err(_) => Err(self.no_memory(size_of::<T>())),
        }
    }

    /// The body of an object of a library, if it is of this Rust type. Instances of classes derived from a
    /// native type give the body of that.
    pub fn body<T: Body>(&self, object: Value) -> Option<&T> {
        self.heap.foreign(self.native_of(object))
    }

    /// As [`Vm::body`], for writing.
    pub fn body_mut<T: Body>(&mut self, object: Value) -> Option<&mut T> {
        let object = self.native_of(object);
        self.heap.foreign_mut(object)
    }

    /// A copy of the body of the first argument, which is `self` of a method.
    ///
    /// # Errors
    /// `TypeError` if it is of another type.
    pub fn this<T: Body>(&mut self, args: Args) -> Result<T> {
        match self.body::<T>(args.at(self, 0)) {
            Some(body) => Ok(body.clone()),
            None => Err(self.type_error(b"object of another type expected")),
        }
    }

    /// One of the values the library keeps; `None` in Python until it is set. See [`Library::roots`].
    pub fn root(&self, number: usize) -> Value {
        self.roots.get(number).copied().unwrap_or(Value::NONE)
    }

    /// Keeps a value alive.
    ///
    /// # Panics
    /// If the library has fewer roots.
    pub fn set_root(&mut self, number: usize, value: Value) {
        self.roots[number] = value;
    }

    // ---- making values -----------------------------------------------------------------------------------

    /// A `bytes` object.
    pub fn new_bytes(&mut self, bytes: &[u8]) -> Result<Value> {
        let object = self.alloc_tailed(crate::types::Bytes, bytes.len(), 0)?;
        self.heap.tail_mut(object).copy_from_slice(bytes);
        Ok(object.value())
    }

    /// A `bytearray` with these bytes.
    pub fn new_bytearray(&mut self, bytes: &[u8]) -> Result<Value> {
        let array = self.new_array(0, bytes.len())?;
        self.heap[array].items.copy_from_slice(bytes);
        Ok(array.value())
    }

    /// A `memoryview` of a part of an object with a buffer; `None` if it has not so many bytes. A view of another
    /// view is one of what that views.
    ///
    /// # Errors
    /// `TypeError` if the object has no buffer.
    pub fn new_view(&mut self, owner: Value, start: usize, len: usize) -> Result<Option<Value>> {
        let owner = self.native_of(owner);
        let Some(bytes) = self.text_or_bytes(owner) else {
            return Err(self.type_error(b"object with buffer protocol required"));
        };
        if start.checked_add(len).is_none_or(|end| end > bytes.len()) {
            return Ok(None);
        }
        let read_only = self.buffer_bytes_mut(owner).is_none();
        let (owner, before) = match self.heap.cast::<MemoryView>(owner) {
            Some(view) => (self.heap[view].owner, self.heap[view].start as usize),
            None => (owner, 0),
        };
        let view = self.alloc(MemoryView {
            owner,
            start: (before + start) as u32,
            len: len as u32,
            typecode: b'B',
            read_only,
        })?;
        Ok(Some(view.value()))
    }

    /// A named tuple of values that were pushed, `fields.len()` of them from a place of the stack on. Its class
    /// has no name.
    pub fn named_tuple_from_stack(&mut self, from: usize, fields: &[Qstr]) -> Result<Value> {
        let top = self.stack_len();
        for &field in fields {
            self.push(Value::qstr(field))?;
        }
        let names = self.tuple_from_stack(top, fields.len())?;
        self.truncate(top);
        let class = self.namedtuple_class(crate::names::empty, names)?;
        self.push(class.value())?;
        let args = Args::on_stack(from, fields.len());
        let tuple = self.make_namedtuple(class, args);
        self.truncate(top);
        tuple
    }

    /// Whether a value is a tuple.
    pub fn is_tuple(&self, value: Value) -> bool {
        self.heap.cast::<Tuple>(self.native_of(value)).is_some()
    }

    /// A `bytearray` of zeros.
    pub fn new_zeros(&mut self, len: usize) -> Result<Value> {
        Ok(self.new_array(0, len)?.value())
    }

    /// A string of bytes that are not in the heap, if they are UTF-8; `UnicodeError` otherwise.
    pub fn new_text(&mut self, bytes: &[u8]) -> Result<Value> {
        if !crate::types::str::is_utf8(bytes) {
            return Err(self.raise_text(TypeId::UnicodeError, b""));
        }
        self.new_str(bytes)
    }

    // ---- using values ------------------------------------------------------------------------------------

    /// The integer as 64 bits; `OverflowError` if it has more, `TypeError` if it is none.
    pub fn to_i64_value(&mut self, value: Value) -> Result<i64> {
        let native = self.native_of(value);
        if let Some(number) = self.to_i64(native) {
            return Ok(number);
        }
        if self.is_int(native) {
            return Err(self.word_overflow());
        }
        self.to_isize(value).map(|number| number as i64)
    }

    /// The low 64 bits of an integer in two's complement; `TypeError` if it is none.
    pub fn to_bits(&mut self, value: Value) -> Result<u64> {
        let native = self.native_of(value);
        if self.is_int(native) {
            return Ok(self.low_bits(native));
        }
        self.to_isize(value).map(|number| number as u64)
    }

    /// Whether a value is a float.
    pub fn is_float(&self, value: Value) -> bool {
        self.float_of(self.native_of(value)).is_some()
    }

    /// The text of a string; `TypeError` for anything else.
    pub fn text(&mut self, value: Value) -> Result<&[u8]> {
        let native = self.native_of(value);
        if self.is_str(native) {
            return Ok(self.bytes_of(native));
        }
        Err(self.type_error(b"string expected"))
    }

    /// The bytes of a string or of anything with a buffer; `TypeError` otherwise.
    pub fn data(&mut self, value: Value) -> Result<&[u8]> {
        let native = self.native_of(value);
        if self.text_or_bytes(native).is_none() {
            return Err(self.type_error(b"object with buffer protocol required"));
        }
        Ok(self.bytes_of(native))
    }

    /// The bytes of anything with a buffer that can be written; `TypeError` otherwise.
    pub fn data_mut(&mut self, value: Value) -> Result<&mut [u8]> {
        let native = self.native_of(value);
        if self.buffer_bytes_mut(native).is_none() {
            return Err(self.type_error(b"object with buffer protocol required"));
        }
        Ok(self.buffer_bytes_mut(native).unwrap_or_default())
    }

    /// Whether a value is callable.
    pub fn is_callable(&mut self, value: Value) -> Result<bool> {
        if let Some((class, _)) = value.as_immediate() {
            return Ok(matches!(class, Immediate::Type | Immediate::Native));
        }
        let own = self.heap.cast::<Instance>(value).is_some()
            || self
                .heap
                .header(value)
                .is_some_and(|header| header.kind() == FOREIGN);
        if own {
            return Ok(self
                .lookup_special(value, crate::names::__call__)?
                .is_some());
        }
        let class = self.native_type(value);
        Ok(matches!(
            class,
            TypeId::Function | TypeId::Closure | TypeId::BoundMethod | TypeId::Type
        ) || self.heap.cast::<Function>(value).is_some())
    }

    /// Calls a method.
    pub fn call_method(&mut self, object: Value, name: Qstr, args: &[Value]) -> Result<Value> {
        let found = self.load_method(object, name)?;
        self.call_found(found, args)
    }

    /// Calls a function and prints what it raises; whether it raised nothing.
    pub fn call_and_report(&mut self, function: Value, args: &[Value]) -> bool {
        match self.call(function, args) {
            Ok(_) => true,
            Err(Raised) => {
                let exception = self.take_exception();
                self.print_exception(exception);
                false
            }
        }
    }

    /// `left < right`
    pub fn less(&mut self, left: Value, right: Value) -> Result<bool> {
        let answer = self.binary(BinaryOp::Less, left, right)?;
        self.truth(answer)
    }

    /// The module with a dotted name, imported if it is not loaded yet.
    pub fn import_module(&mut self, name: &[u8]) -> Result<Value> {
        let top = self.stack_len();
        let path = self.joined(&[name])?;
        let module = self.import_path(path, true)?;
        self.truncate(top);
        Ok(module)
    }

    /// Appends to a list; `TypeError` if it is none.
    pub fn append(&mut self, list: Value, item: Value) -> Result<()> {
        match self.heap.cast::<List>(list) {
            Some(list) => self.list_push(list, item),
            None => Err(self.type_error(b"list expected")),
        }
    }

    /// Replaces an item of a list, or of a tuple that the caller has made for that; false if there is none at
    /// that place.
    pub fn set_item(&mut self, sequence: Value, index: usize, item: Value) -> bool {
        let slot = if let Some(list) = self.heap.cast::<List>(sequence) {
            self.heap[list].items.get_mut(index)
        } else if let Some(tuple) = self.heap.cast::<Tuple>(sequence) {
            self.heap.tail_mut(tuple).get_mut(index)
        } else {
            None
        };
        match slot {
            Some(slot) => {
                *slot = item;
                true
            }
            None => false,
        }
    }

    /// Shortens a list.
    pub fn truncate_list(&mut self, list: Value, len: usize) {
        if let Some(list) = self.heap.cast::<List>(list) {
            self.heap[list].items.truncate(len);
        }
    }

    /// A value as a dict.
    pub fn as_dict(&self, value: Value) -> Option<Ref<Dict>> {
        self.heap.cast(self.native_of(value))
    }

    /// Whether a value is a list.
    pub fn is_list(&self, value: Value) -> bool {
        self.heap.cast::<List>(self.native_of(value)).is_some()
    }

    /// The entry of a dict at or behind a place: its place, key and value. The first place is 0, the next one
    /// more than the place that was returned.
    pub fn dict_entry(&self, dict: Ref<Dict>, place: usize) -> Option<(usize, Value, Value)> {
        self.heap[dict].map.next(place)
    }

    /// Lends memory of the heap to work that only looks at other objects.
    pub fn with_scratch<R>(
        &mut self,
        bytes: usize,
        work: impl FnOnce(&Self, &mut [u8]) -> R,
    ) -> Result<R> {
        let array = self.new_array(0, bytes)?;
        // Taken out, so that nothing else refers to it; there is no collection meanwhile.
        let mut items = core::mem::replace(&mut self.heap[array].items, Vector::new());
        let outcome = work(self, &mut items);
        self.heap[array].items = items;
        self.release_buffer(array);
        Ok(outcome)
    }

    /// Lends the bytes of a `bytearray` to work that only looks at other objects; `None` if it is no
    /// `bytearray`. Meanwhile the object is empty.
    pub fn lend<R>(&mut self, array: Value, work: impl FnOnce(&Self, &mut [u8]) -> R) -> Option<R> {
        let array = self.heap.cast::<Array>(array)?;
        let mut items = core::mem::replace(&mut self.heap[array].items, Vector::new());
        let outcome = work(self, &mut items);
        self.heap[array].items = items;
        Some(outcome)
    }

    /// Lends the bytes of a `bytearray` for reading together with those of another object for writing; `None` if
    /// there are no such, or they are the same.
    pub fn lend_to<R>(
        &mut self,
        array: Value,
        target: Value,
        work: impl FnOnce(&[u8], &mut [u8]) -> R,
    ) -> Option<R> {
        let array = self.heap.cast::<Array>(array)?;
        let items = core::mem::replace(&mut self.heap[array].items, Vector::new());
        let outcome = self
            .buffer_bytes_mut(target)
            .map(|bytes| work(&items, bytes));
        self.heap[array].items = items;
        outcome
    }

    /// Makes `bytes`, or a string if `text`, of what `fill` writes into room for `most` bytes; it returns how
    /// many, or an error of its own.
    pub fn fill_new<E>(
        &mut self,
        most: usize,
        text: bool,
        fill: impl FnOnce(&Self, &mut [u8]) -> core::result::Result<usize, E>,
    ) -> Result<core::result::Result<Value, E>> {
        let array = self.new_array(0, most)?;
        let top = self.stack_len();
        self.push(array.value())?;
        let mut items = core::mem::replace(&mut self.heap[array].items, Vector::new());
        let filled = fill(self, &mut items);
        self.heap[array].items = items;
        let made = match filled {
            Ok(len) => {
                self.heap[array].items.truncate(len);
                let made = if text {
                    self.take_text(array)
                } else {
                    self.take_bytes(array)
                };
                Ok(made?)
            }
            Err(error) => Err(error),
        };
        self.truncate(top);
        Ok(made)
    }

    /// Prints text to the console.
    pub fn print_text(&mut self, text: &[u8]) {
        self.host.write_out(text);
    }

    /// `repr(value)` as a string.
    pub fn repr(&mut self, value: Value) -> Result<Value> {
        let top = self.stack_len();
        self.push(value)?;
        let buffer = self.new_buffer()?;
        self.push(buffer.value())?;
        self.put_repr(Sink::Buffer(buffer), value)?;
        let text = self.take_text(buffer);
        self.truncate(top);
        text
    }

    /// An `OSError` with a number and a text.
    pub fn os_error_text(&mut self, errno: i32, message: &[u8]) -> Raised {
        let made = self.os_error_args(errno, message);
        match made {
            Ok(exception) => self.raise_value(exception),
            Err(raised) => raised,
        }
    }

    fn os_error_args(&mut self, errno: i32, message: &[u8]) -> Result<Value> {
        let message = self.new_str(message)?;
        self.call(
            TypeId::OSError.value(),
            &[Value::small(errno as isize), message],
        )
    }
}
