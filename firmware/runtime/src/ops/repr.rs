//! `repr` and `str` of everything, and tracebacks.

use crate::heap::Ref;
use crate::names as q;
use crate::ops::format::Sink;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{
    Array, BoundMethod, Class, Closure, Complex, Deque, Dict, DictView, Exception, Float, Function,
    Generator, Instance, Kind, Module, Range, Slice, TypeId, ViewOf,
};
use crate::value::{Class as Immediate, Value};

impl Vm<'_> {
    /// Writes `repr(value)`.
    pub fn put_repr(&mut self, sink: Sink, value: Value) -> Result<()> {
        self.put_any(sink, value, true)
    }

    /// Writes `str(value)`.
    pub fn put_str(&mut self, sink: Sink, value: Value) -> Result<()> {
        if self.is_str(value) {
            return self.put_value(sink, value);
        }
        self.put_any(sink, value, false)
    }

    /// `str(value)` as a string.
    pub(crate) fn to_str(&mut self, value: Value) -> Result<Value> {
        if self.is_str(value) {
            return Ok(value);
        }
        let buffer = self.new_buffer()?;
        self.push(buffer.value())?;
        self.put_str(Sink::Buffer(buffer), value)?;
        let text = self.take_text(buffer)?;
        self.pop();
        Ok(text)
    }

    /// `repr(value)` as a string.
    pub(crate) fn to_repr(&mut self, value: Value) -> Result<Value> {
        let buffer = self.new_buffer()?;
        self.push(buffer.value())?;
        self.put_repr(Sink::Buffer(buffer), value)?;
        let text = self.take_text(buffer)?;
        self.pop();
        Ok(text)
    }

    fn put_any(&mut self, sink: Sink, value: Value, repr: bool) -> Result<()> {
        if let Some(number) = value.as_small() {
            return self.put_number(sink, number);
        }
        if self.is_str(value) {
            return self.put_quoted(sink, value);
        }
        if let Some((class, payload)) = value.as_immediate() {
            return match class {
                Immediate::None => self.put(sink, b"None"),
                Immediate::True => self.put(sink, b"True"),
                Immediate::False => self.put(sink, b"False"),
                Immediate::Special if payload == 1 => self.put(sink, b"NotImplemented"),
                Immediate::Type => self.put_named(
                    sink,
                    b"<class '",
                    self.type_info(TypeId::of(payload)).name,
                    b"'>",
                ),
                Immediate::Module => {
                    self.put_named(sink, b"<module '", self.native_module_name(payload), b"'>")
                }
                Immediate::Native => self.put(sink, b"<function>"),
                _ => self.put(sink, b"Ellipsis"),
            };
        }
        let Some(header) = self.heap.header(value) else {
            return Ok(());
        };
        self.descend(|vm| vm.put_object(sink, value, Kind::of(header.kind()), header.flags(), repr))
    }

    fn put_named(
        &mut self,
        sink: Sink,
        before: &[u8],
        name: crate::intern::Qstr,
        after: &[u8],
    ) -> Result<()> {
        self.put(sink, before)?;
        self.put_value(sink, Value::qstr(name))?;
        self.put(sink, after)
    }

    fn put_object(
        &mut self,
        sink: Sink,
        value: Value,
        kind: Kind,
        flags: u8,
        repr: bool,
    ) -> Result<()> {
        match kind {
            Kind::Int => self.put_int(sink, value),
            Kind::Float => {
                let number = self.heap[self.heap.expect::<Float>(value)].number;
                self.put_float(sink, number)
            }
            Kind::Complex => {
                let Complex { real, imag } = self.heap[self.heap.expect::<Complex>(value)];
                self.put_complex(sink, real, imag)
            }
            Kind::Bytes => {
                self.put(sink, b"b")?;
                self.put_quoted(sink, value)
            }
            Kind::Array => self.put_array(sink, self.heap.expect(value)),
            Kind::List => self.put_items(sink, value, b"[", b"]"),
            Kind::Tuple => self.put_items(sink, value, b"(", b")"),
            Kind::RingIo => self.put(sink, b"<RingIO>"),
            Kind::NamedTuple => self.put_namedtuple(sink, self.heap.expect(value)),
            Kind::Dict if flags & 1 != 0 => {
                self.put(sink, b"OrderedDict(")?;
                self.put_dict(sink, self.heap.expect(value), ViewOf::Items, b"{", b"}")?;
                self.put(sink, b")")
            }
            Kind::Dict => self.put_dict(sink, self.heap.expect(value), ViewOf::Items, b"{", b"}"),
            Kind::Set => self.put_set(sink, value, flags & 1 != 0),
            Kind::DictView => {
                let DictView { dict, of } = self.heap[self.heap.expect::<DictView>(value)];
                self.put(
                    sink,
                    match of {
                        ViewOf::Keys => b"dict_keys(".as_slice(),
                        ViewOf::Values => b"dict_values(",
                        ViewOf::Items => b"dict_items(",
                    },
                )?;
                self.put_view(sink, dict, of)?;
                self.put(sink, b")")
            }
            Kind::Range => {
                let Range { start, stop, step } = self.heap[self.heap.expect::<Range>(value)];
                self.put(sink, b"range(")?;
                self.put_number(sink, start)?;
                self.put(sink, b", ")?;
                self.put_number(sink, stop)?;
                if step != 1 {
                    self.put(sink, b", ")?;
                    self.put_number(sink, step)?;
                }
                self.put(sink, b")")
            }
            Kind::Slice => {
                let Slice { start, stop, step } = self.heap[self.heap.expect::<Slice>(value)];
                self.put(sink, b"slice(")?;
                self.put_repr(sink, start)?;
                self.put(sink, b", ")?;
                self.put_repr(sink, stop)?;
                self.put(sink, b", ")?;
                self.put_repr(sink, step)?;
                self.put(sink, b")")
            }
            Kind::Exception => self.put_exception(sink, self.heap.expect(value), repr),
            Kind::Class => {
                let name = self.heap[self.heap.expect::<Class>(value)].name;
                self.put_named(sink, b"<class '", name, b"'>")
            }
            Kind::Instance => self.put_instance(sink, value, repr),
            Kind::Foreign => self.put_foreign(sink, value, repr),
            Kind::Module => self.put_module(sink, self.heap.expect(value)),
            Kind::Deque => self.put_deque(sink, self.heap.expect(value)),
            _ => self.put_opaque(sink, value, kind),
        }
    }

    /// Objects that show what they are and where.
    fn put_opaque(&mut self, sink: Sink, value: Value, kind: Kind) -> Result<()> {
        match kind {
            Kind::Function => {
                let Function { code, .. } = self.heap[self.heap.expect::<Function>(value)];
                let before: &[u8] = if self.heap[code].flags & 1 != 0 {
                    b"<generator "
                } else {
                    b"<function "
                };
                let name = self.code_name(code, 0);
                self.put_named(sink, before, name, b"")?;
            }
            Kind::Closure => {
                let Closure { function } = self.heap[self.heap.expect::<Closure>(value)];
                self.put(sink, b"<closure ")?;
                self.put_repr(sink, function)?;
            }
            Kind::BoundMethod => {
                let BoundMethod { this, function } =
                    self.heap[self.heap.expect::<BoundMethod>(value)];
                self.put(sink, b"<bound_method ")?;
                self.put_address(sink, value)?;
                self.put(sink, b" ")?;
                self.put_repr(sink, this)?;
                self.put(sink, b".")?;
                self.put_repr(sink, function)?;
                return self.put(sink, b">");
            }
            Kind::Generator => {
                let Generator { code, .. } = self.heap[self.heap.expect::<Generator>(value)];
                let name = self.code_name(code, 0);
                self.put_named(sink, b"<generator object '", name, b"'")?;
            }
            Kind::Plain => self.put(sink, b"<object")?,
            Kind::Super => {
                let crate::types::Super { class, this } =
                    self.heap[self.heap.expect::<crate::types::Super>(value)];
                self.put(sink, b"<super: ")?;
                self.put_repr(sink, class)?;
                self.put(sink, b", ")?;
                self.put_repr(sink, this)?;
                return self.put(sink, b">");
            }
            Kind::StringIo | Kind::File => {
                let name = self.type_name(value);
                self.put_named(sink, b"<io.", name, b"")?;
            }
            _ => {
                let name = self.type_name(value);
                self.put_named(sink, b"<", name, b"")?;
            }
        }
        self.put(sink, b" at 0x")?;
        self.put_address(sink, value)?;
        self.put(sink, b">")
    }

    fn put_address(&mut self, sink: Sink, value: Value) -> Result<()> {
        let mut digits = [0; 16];
        let mut at = digits.len();
        let mut rest = value.word();
        while rest > 0 && at > 0 {
            at -= 1;
            digits[at] = b"0123456789abcdef"[rest & 0xf];
            rest >>= 4;
        }
        self.put(sink, &digits[at..])
    }

    fn put_items(&mut self, sink: Sink, value: Value, open: &[u8], close: &[u8]) -> Result<()> {
        self.put(sink, open)?;
        let mut index = 0;
        while let Some(item) = self.item_at(value, index) {
            if index > 0 {
                self.put(sink, b", ")?;
            }
            self.put_repr(sink, item)?;
            index += 1;
        }
        if index == 1 && open == b"(" {
            self.put(sink, b",")?;
        }
        self.put(sink, close)
    }

    fn put_dict(
        &mut self,
        sink: Sink,
        dict: Ref<Dict>,
        of: ViewOf,
        open: &[u8],
        close: &[u8],
    ) -> Result<()> {
        self.put(sink, open)?;
        let (mut number, mut first) = (0, true);
        while let Some((at, key, value)) = self.heap[dict].map.next(number) {
            number = at + 1;
            if !first {
                self.put(sink, b", ")?;
            }
            first = false;
            self.put_repr(sink, key)?;
            if of == ViewOf::Items {
                self.put(sink, b": ")?;
                self.put_repr(sink, value)?;
            }
        }
        self.put(sink, close)
    }

    fn put_view(&mut self, sink: Sink, dict: Ref<Dict>, of: ViewOf) -> Result<()> {
        if of == ViewOf::Keys {
            return self.put_dict(sink, dict, of, b"[", b"]");
        }
        self.put(sink, b"[")?;
        let (mut number, mut first) = (0, true);
        while let Some((at, key, value)) = self.heap[dict].map.next(number) {
            number = at + 1;
            if !first {
                self.put(sink, b", ")?;
            }
            first = false;
            if of == ViewOf::Items {
                self.put(sink, b"(")?;
                self.put_repr(sink, key)?;
                self.put(sink, b", ")?;
            }
            self.put_repr(sink, value)?;
            if of == ViewOf::Items {
                self.put(sink, b")")?;
            }
        }
        self.put(sink, b"]")
    }

    fn put_set(&mut self, sink: Sink, value: Value, frozen: bool) -> Result<()> {
        let dict = self.set_dict(self.heap.expect(value));
        if frozen {
            self.put(sink, b"frozenset(")?;
        }
        if self.heap[dict].map.len() > 0 {
            self.put_dict(sink, dict, ViewOf::Keys, b"{", b"}")?;
        } else if !frozen {
            self.put(sink, b"set()")?;
        }
        if frozen { self.put(sink, b")") } else { Ok(()) }
    }

    fn put_deque(&mut self, sink: Sink, deque: Ref<Deque>) -> Result<()> {
        self.put(sink, b"deque([")?;
        let mut index = 0;
        while let Some(item) = self.deque_item(deque, index) {
            if index > 0 {
                self.put(sink, b", ")?;
            }
            self.put_repr(sink, item)?;
            index += 1;
        }
        self.put(sink, b"])")
    }

    fn put_array(&mut self, sink: Sink, array: Ref<Array>) -> Result<()> {
        let typecode = self.heap[array].typecode;
        if typecode == 0 {
            self.put(sink, b"bytearray(b")?;
            self.put_quoted(sink, array.value())?;
            return self.put(sink, b")");
        }
        self.put(sink, b"array('")?;
        self.put(sink, &[typecode])?;
        self.put(sink, b"'")?;
        let len = self.array_len(array);
        if len > 0 {
            self.put(sink, b", [")?;
            for index in 0..len {
                if index > 0 {
                    self.put(sink, b", ")?;
                }
                let item = self.array_get(array, index)?;
                self.put_repr(sink, item)?;
            }
            self.put(sink, b"]")?;
        }
        self.put(sink, b")")
    }

    fn put_module(&mut self, sink: Sink, module: Ref<Module>) -> Result<()> {
        let dict = self.heap[module].dict;
        self.put(sink, b"<module '")?;
        if let Some(name) = self.get_name(dict, q::__name__) {
            self.put_str(sink, name)?;
        }
        self.put(sink, b"'")?;
        if let Some(file) = self.get_name(dict, q::__file__) {
            self.put(sink, b" from '")?;
            self.put_str(sink, file)?;
            self.put(sink, b"'")?;
        }
        self.put(sink, b">")
    }

    fn put_instance(&mut self, sink: Sink, value: Value, repr: bool) -> Result<()> {
        let special = if repr { q::__repr__ } else { q::__str__ };
        let mut found = self.lookup_special(value, special)?;
        if found.is_none() && !repr {
            let plain = self.native_of(value) == value || self.native_exception(value).is_none();
            if plain {
                found = self.lookup_special(value, q::__repr__)?;
            }
        }
        if let Some(found) = found {
            let text = self.call_found(found, &[])?;
            self.push(text)?;
            self.put_str(sink, text)?;
            self.pop();
            return Ok(());
        }
        if let Some(native) = self.heap[self.heap.expect::<Instance>(value)].native {
            if let Some(exception) = self.heap.cast::<Exception>(native) {
                if repr {
                    let name = self.type_name(value);
                    self.put_value(sink, Value::qstr(name))?;
                    return self.put_exception_args(sink, exception);
                }
                return self.put_exception(sink, exception, false);
            }
            return self.put_any(sink, native, repr);
        }
        let name = self.type_name(value);
        self.put_named(sink, b"<", name, b" object at 0x")?;
        self.put_address(sink, value)?;
        self.put(sink, b">")
    }

    fn put_foreign(&mut self, sink: Sink, value: Value, repr: bool) -> Result<()> {
        let mut found = None;
        if !repr {
            found = self.lookup_special(value, q::__str__)?;
        }
        if found.is_none() {
            found = self.lookup_special(value, q::__repr__)?;
        }
        let Some(found) = found else {
            let name = self.type_name(value);
            return self.put_named(sink, b"<", name, b">");
        };
        let text = self.call_found(found, &[])?;
        self.push(text)?;
        self.put_str(sink, text)?;
        self.pop();
        Ok(())
    }

    /// Writes an uncaught exception as the console shows it.
    pub(crate) fn put_traceback(&mut self, sink: Sink, value: Value) -> Result<()> {
        if let Some(exception) = self.native_exception(value) {
            let traceback = self.heap[exception].traceback;
            if !traceback.is_empty() {
                self.put(sink, b"Traceback (most recent call last):\n")?;
            }
            let mut index = traceback.len();
            while index >= 3 {
                index -= 3;
                let Some(&[file, line, name]) = self.heap[exception]
                    .traceback
                    .get(index..index + 3)
                    .and_then(|entry| entry.first_chunk())
                else {
                    break;
                };
                self.put(sink, b"  File \"")?;
                self.put_str(sink, file)?;
                self.put(sink, b"\", line ")?;
                self.put_str(sink, line)?;
                if !name.is_none() {
                    self.put(sink, b", in ")?;
                    self.put_str(sink, name)?;
                }
                self.put(sink, b"\n")?;
            }
        }
        if let Some(found) = self.lookup_special(value, q::__repr__)? {
            let text = self.call_found(found, &[])?;
            self.put_str(sink, text)?;
            return self.put(sink, b"\n");
        }
        match self.native_exception(value) {
            Some(exception) => {
                let name = self.type_name(value);
                self.put_value(sink, Value::qstr(name))?;
                self.put(sink, b": ")?;
                self.put_exception(sink, exception, false)?;
            }
            None => self.put_repr(sink, value)?,
        }
        self.put(sink, b"\n")
    }

    /// Prints an exception; an error while doing so ends the print.
    pub fn print_exception(&mut self, value: Value) {
        if let Err(Raised) = self.put_traceback(Sink::Err, value) {
            self.exception = None;
            self.host.write_err(b"\n");
        }
    }
}
