//! The objects in the heap and the built-in types: what there is, and nothing about what they do.

pub(crate) mod bigint;
pub(crate) mod bytes;
pub(crate) mod class;
pub(crate) mod complex;
pub(crate) mod decode;
pub(crate) mod deque;
pub(crate) mod dict;
pub(crate) mod exception;
pub(crate) mod float;
pub(crate) mod float_text;
pub(crate) mod int;
pub(crate) mod int_convert;
pub(crate) mod int_text;
pub(crate) mod item;
pub(crate) mod list;
pub(crate) mod memory;
pub(crate) mod object;
pub(crate) mod ring;
pub(crate) mod sequence;
pub(crate) mod set;
pub(crate) mod str;
pub(crate) mod str_methods;
pub(crate) mod stream;
pub(crate) mod table;
pub(crate) mod tuple;

pub use table::{Make, Slots, TypeId, TypeInfo};

pub(crate) use crate::heap::FOREIGN;
use crate::heap::{Header, Heap, Marker, Object, Ref, Tailed, Trace, Vector};
use crate::intern::Qstr;
use crate::map::Map;
use crate::value::Value;
use crate::vm::stack::Handler;
#[cfg(feature = "threads")]
use crate::vm::threads::Thread;

macro_rules! objects {
    ($($(#[$when:meta])* $kind:ident,)*) => {
        /// What an object in the heap is: the number in its header.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub(crate) enum Kind {
            /// An object of a type of the library; its number stands in the place of a tail length.
            Foreign = FOREIGN,
            $( $(#[$when])* $kind, )*
        }

        impl Kind {
            /// The kind with a number from a header.
            #[inline]
            pub(crate) fn of(number: u8) -> Kind {
                const ALL: &[Kind] = &[ Kind::Foreign, $( $(#[$when])* Kind::$kind, )* ];
                ALL[usize::from(number)]
            }
        }

        $( $(#[$when])* impl Object for $kind { const KIND: u8 = Kind::$kind as u8; } )*

        /// Passes everything an object refers to to the marker.
        pub(crate) fn trace_object(heap: &Heap<'_>, header: Header, value: Value, marker: &mut Marker<'_, '_>) {
            match Kind::of(header.kind()) {
                $( $(#[$when])* Kind::$kind => heap[heap.expect::<$kind>(value)].trace(marker), )*
                Kind::Foreign => heap.trace_foreign(value, marker),
            }
            match Kind::of(header.kind()) {
                Kind::Tuple => trace_tail::<Tuple>(heap, value, marker),
                Kind::NamedTuple => trace_tail::<NamedTuple>(heap, value, marker),
                Kind::Closure => trace_tail::<Closure>(heap, value, marker),
                _ => {}
            }
        }
    };
}

fn trace_tail<T: Tailed<Item = Value>>(heap: &Heap<'_>, value: Value, marker: &mut Marker<'_, '_>) {
    for &item in heap.tail(heap.expect::<T>(value)) {
        marker.value(item);
    }
}

objects! {
    Int, Float, Complex, Str, Bytes, Array, MemoryView, List, Tuple, NamedTuple, Dict, Set, DictView, Range,
    Slice, Blob, Context, Code, Function, Closure, Cell, BoundMethod, Generator, Exception, Class, Instance,
    Module, Property, StaticMethod, ClassMethod, Super, Iter, Deque, StringIo, File, RingIo, Plain,
    #[cfg(feature = "threads")] Thread,
}

macro_rules! traces {
    ($($kind:ident { $($how:ident $field:ident),* })*) => {
        $( impl Trace for $kind {
            fn trace(&self, marker: &mut Marker<'_, '_>) {
                let _ = &marker;
                $( traces!(@ $how, marker, self.$field); )*
            }
        } )*
    };
    (@ value, $marker:ident, $field:expr) => { $marker.value($field) };
    (@ option, $marker:ident, $field:expr) => { $marker.option($field) };
    (@ object, $marker:ident, $field:expr) => { $marker.value($field.value()) };
    (@ maybe, $marker:ident, $field:expr) => { $marker.option($field.map(Ref::value)) };
    (@ values, $marker:ident, $field:expr) => { $marker.values(&$field) };
    (@ plain, $marker:ident, $field:expr) => { $marker.plain(&$field) };
    (@ map, $marker:ident, $field:expr) => { $field.trace($marker) };
}

traces! {
    Int {} Float {} Complex {} Str {} Bytes {} Blob {} Plain {} Range {} File {}
    Array { plain items }
    MemoryView { value owner }
    List { values items }
    Tuple {}
    NamedTuple { object class }
    Dict { map map }
    Set { object dict }
    DictView { object dict }
    Slice { value start, value stop, value step }
    Context { plain strings, values constants, object blob }
    Code { object context, values children }
    Function { object code, object globals, option defaults, option keyword_defaults, maybe attributes }
    Closure { value function }
    Cell { option content }
    BoundMethod { value function, value this }
    Exception { option args, values traceback }
    Class { value bases, object dict }
    Instance { object class, maybe members, option native }
    Module { object dict }
    Property { option get, option set, option delete }
    StaticMethod { value function }
    ClassMethod { value function }
    Super { value class, value this }
    Iter { value source, option extra }
    Deque { values items }
    StringIo { value buffer }
    RingIo { value buffer }
}

impl Trace for Generator {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.code.value());
        marker.value(self.globals.value());
        marker.value(self.pending);
        marker.plain(&self.state);
        for &value in self.state.iter() {
            marker.option(value);
        }
        marker.plain(&self.handlers);
        for handler in self.handlers.iter() {
            marker.option(handler.exception);
        }
    }
}

macro_rules! tails {
    ($($kind:ident $item:ty;)*) => { $( impl Tailed for $kind { type Item = $item; } )* };
}

tails! {
    Int u32; Str u8; Bytes u8; Blob u8; Tuple Value; NamedTuple Value; Closure Value;
}

/// A large integer: digits of 32 bits in the tail, least significant first. Flag 1: negative.
#[derive(Clone, Copy)]
pub(crate) struct Int;

/// A floating-point number.
#[derive(Clone, Copy)]
pub(crate) struct Float {
    pub(crate) number: float::Real,
}

/// A complex number.
#[derive(Clone, Copy)]
pub(crate) struct Complex {
    pub(crate) real: float::Real,
    pub(crate) imag: float::Real,
}

/// A string: UTF-8 in the tail. Flag 1: known to be ASCII, flag 2: known not to be.
#[derive(Clone, Copy)]
pub(crate) struct Str {
    /// 0 until it is asked for.
    pub(crate) hash: u32,
}

/// Bytes in the tail.
#[derive(Clone, Copy)]
pub(crate) struct Bytes;

/// A `bytearray` (type code 0) or an `array.array`.
#[derive(Clone, Copy)]
pub struct Array {
    pub(crate) items: Vector<u8>,
    pub(crate) typecode: u8,
}

/// A view of the bytes of another object.
#[derive(Clone, Copy)]
pub(crate) struct MemoryView {
    pub(crate) owner: Value,
    /// In bytes.
    pub(crate) start: u32,
    /// In bytes.
    pub(crate) len: u32,
    pub(crate) typecode: u8,
    pub(crate) read_only: bool,
}

/// A list.
#[derive(Clone, Copy)]
pub struct List {
    pub(crate) items: Vector<Value>,
}

/// A tuple: items in the tail.
#[derive(Clone, Copy)]
pub(crate) struct Tuple;

/// An instance of a namedtuple class: items in the tail.
#[derive(Clone, Copy)]
pub(crate) struct NamedTuple {
    pub(crate) class: Ref<Class>,
}

/// A dict. Flag 1: `OrderedDict`. Flag 2: must not change.
#[derive(Clone, Copy)]
pub struct Dict {
    pub(crate) map: Map,
}

/// A set. Flag 1: frozen.
#[derive(Clone, Copy)]
pub(crate) struct Set {
    pub(crate) dict: Ref<Dict>,
}

/// What a view of a dict shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ViewOf {
    Keys,
    Values,
    Items,
}

/// `dict.keys()` and its like.
#[derive(Clone, Copy)]
pub(crate) struct DictView {
    pub(crate) dict: Ref<Dict>,
    pub(crate) of: ViewOf,
}

/// A range.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) start: isize,
    pub(crate) stop: isize,
    pub(crate) step: isize,
}

/// A slice.
#[derive(Clone, Copy)]
pub(crate) struct Slice {
    pub(crate) start: Value,
    pub(crate) stop: Value,
    pub(crate) step: Value,
}

/// Bytes that are no Python object: the image of a module.
#[derive(Clone, Copy)]
pub(crate) struct Blob;

/// What the code of one module shares.
#[derive(Clone, Copy)]
pub(crate) struct Context {
    pub(crate) strings: Vector<Qstr>,
    pub(crate) constants: Vector<Value>,
    pub(crate) blob: Ref<Blob>,
}

/// One verified code object.
#[derive(Clone, Copy)]
pub(crate) struct Code {
    pub(crate) context: Ref<Context>,
    pub(crate) children: Vector<Value>,
    /// Where its bytes are in the image.
    pub(crate) start: u32,
    pub(crate) len: u32,
    /// Where its opcodes start in the image.
    pub(crate) opcodes: u32,
    pub(crate) locals: u16,
    pub(crate) stack: u16,
    pub(crate) positional: u8,
    pub(crate) keyword_only: u8,
    pub(crate) defaults: u8,
    pub(crate) flags: u8,
    pub(crate) cells: u8,
    /// Can be called by leaving the arguments where they are: only positional arguments, no cells.
    pub(crate) simple: bool,
}

/// A function.
#[derive(Clone, Copy)]
pub(crate) struct Function {
    pub(crate) code: Ref<Code>,
    pub(crate) globals: Ref<Dict>,
    pub(crate) defaults: Option<Value>,
    pub(crate) keyword_defaults: Option<Value>,
    pub(crate) attributes: Option<Ref<Dict>>,
}

/// A function with the cells it captured in the tail.
#[derive(Clone, Copy)]
pub(crate) struct Closure {
    pub(crate) function: Value,
}

/// A variable shared by functions.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) content: Option<Value>,
}

/// A function with its first argument.
#[derive(Clone, Copy)]
pub(crate) struct BoundMethod {
    pub(crate) function: Value,
    pub(crate) this: Value,
}

/// How far a generator is. Up to `Delegating` it can be resumed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Progress {
    Fresh,
    Suspended,
    /// Suspended at a `yield from` another generator, which is the last word but one of its state.
    Delegating,
    Running,
    Finished,
}

/// A suspended call.
#[derive(Clone, Copy)]
pub(crate) struct Generator {
    pub(crate) code: Ref<Code>,
    pub(crate) globals: Ref<Dict>,
    /// Locals and operands.
    pub(crate) state: Vector<Option<Value>>,
    pub(crate) handlers: Vector<Handler>,
    pub(crate) ip: u32,
    pub(crate) progress: Progress,
    /// An exception to raise when it is next resumed, or `None`.
    pub(crate) pending: Value,
}

/// An exception.
#[derive(Clone, Copy)]
pub(crate) struct Exception {
    pub(crate) class: TypeId,
    /// A tuple; `None` if there was no memory for one.
    pub(crate) args: Option<Value>,
    /// File, line, name of each frame it passed, innermost first.
    pub(crate) traceback: Vector<Value>,
    /// Its constructor has been called. The part of an instance that is still in an `__init__` of its own
    /// cannot be raised.
    pub(crate) complete: bool,
}

impl Exception {
    pub(crate) fn new(class: TypeId, args: Value) -> Self {
        Self {
            class,
            args: Some(args),
            traceback: Vector::new(),
            complete: true,
        }
    }
}

/// A class made by a `class` statement, by `type()` or by `namedtuple()`.
#[derive(Clone, Copy)]
pub(crate) struct Class {
    pub(crate) name: Qstr,
    /// A tuple.
    pub(crate) bases: Value,
    pub(crate) dict: Ref<Dict>,
    /// The built-in type its instances contain; `object` if none.
    pub(crate) native: TypeId,
    /// Field names of a namedtuple are under this many of the dict's first keys.
    pub(crate) fields: u16,
    pub(crate) features: u8,
}

/// An instance of a [`Class`].
#[derive(Clone, Copy)]
pub(crate) struct Instance {
    pub(crate) class: Ref<Class>,
    pub(crate) members: Option<Ref<Dict>>,
    /// The object of the built-in base.
    pub(crate) native: Option<Value>,
}

/// A module loaded from code.
#[derive(Clone, Copy)]
pub(crate) struct Module {
    pub(crate) dict: Ref<Dict>,
}

/// A property.
#[derive(Clone, Copy)]
pub(crate) struct Property {
    pub(crate) get: Option<Value>,
    pub(crate) set: Option<Value>,
    pub(crate) delete: Option<Value>,
}

/// A static method.
#[derive(Clone, Copy)]
pub(crate) struct StaticMethod {
    pub(crate) function: Value,
}

/// A class method.
#[derive(Clone, Copy)]
pub(crate) struct ClassMethod {
    pub(crate) function: Value,
}

/// `super(class, this)`
#[derive(Clone, Copy)]
pub(crate) struct Super {
    pub(crate) class: Value,
    pub(crate) this: Value,
}

/// What an iterator walks over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IterOf {
    /// List, tuple, bytes and the like, by index.
    Sequence,
    /// A string, by byte offset.
    Text,
    /// Keys, values or items of a dict, by entry.
    Keys,
    Values,
    Items,
    /// An instance with `__getitem__`, by index.
    Subscript,
    /// A range: position, end and step.
    Range,
    Map,
    Filter,
    Zip,
    Enumerate,
    Reversed,
    Deque,
    Lines,
}

/// An iterator made by native code.
#[derive(Clone, Copy)]
pub(crate) struct Iter {
    pub(crate) of: IterOf,
    pub(crate) source: Value,
    pub(crate) extra: Option<Value>,
    pub(crate) at: isize,
    pub(crate) end: isize,
    pub(crate) step: isize,
}

/// A double-ended queue: a ring of `capacity + 1`-fold room.
#[derive(Clone, Copy)]
pub(crate) struct Deque {
    /// As many slots as `maxlen`.
    pub(crate) items: Vector<Value>,
    pub(crate) head: u32,
    pub(crate) len: u32,
    /// Whether a full queue raises instead of dropping.
    pub(crate) strict: bool,
}

/// `io.StringIO` or `io.BytesIO`.
#[derive(Clone, Copy)]
pub(crate) struct StringIo {
    /// A `bytearray`, or the `str` or `bytes` it was made of until it is written to; `None` when closed.
    pub(crate) buffer: Value,
    pub(crate) at: u32,
    pub(crate) binary: bool,
}

/// A file of the host; `handle` counts from 3, below are the console streams.
#[derive(Clone, Copy)]
pub(crate) struct File {
    pub(crate) handle: u32,
    pub(crate) binary: bool,
    pub(crate) open: bool,
}

/// A queue of bytes in a buffer: the next to read is at `get`, the next to write at `put`.
#[derive(Clone, Copy)]
pub(crate) struct RingIo {
    pub(crate) buffer: Value,
    pub(crate) get: u32,
    pub(crate) put: u32,
}

/// An instance of `object`.
#[derive(Clone, Copy)]
pub(crate) struct Plain;
