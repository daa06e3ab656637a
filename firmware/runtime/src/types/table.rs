//! The built-in types: name, base, constructor and methods of each.

use crate::builtins::FIRST_LIBRARY_TABLE;
use crate::intern::Qstr;
use crate::names as q;
use crate::native::{Args, Entry};
use crate::ops::stream::StreamSlots;
use crate::raise::Result;
use crate::state::Vm;
use crate::types;
use crate::value::{Class, Value};

/// Makes an instance: called with the type and the arguments.
pub type Make = fn(&mut Vm<'_>, TypeId, Args) -> Result<Value>;

/// One native type.
#[derive(Clone, Copy)]
pub struct TypeInfo {
    /// Its `__name__`.
    pub name: Qstr,
    /// The type it is derived from.
    pub base: TypeId,
    /// Makes an instance when the type is called; `None` if that is not possible.
    pub make: Option<Make>,
    /// Its methods and other names. Special methods (`__getitem__`, `__iter__`, `__next__`, `__call__`,
    /// `__len__`, `__repr__`, ...) are found here as in a class written in Python.
    pub entries: &'static [Entry],
    /// What the entries cannot say; [`Slots::NONE`] for most types.
    pub slots: &'static Slots,
}

/// Reads an attribute of an object.
pub(crate) type LoadAttribute = fn(&mut Vm<'_>, Value, Qstr) -> Result<Option<Value>>;
/// Writes an attribute of an object, or deletes it without a value.
pub(crate) type StoreAttribute = fn(&mut Vm<'_>, Value, Qstr, Option<Value>) -> Result<bool>;

/// Abilities of a native type beyond its [`TypeInfo::entries`].
#[derive(Clone, Copy)]
pub struct Slots {
    /// Reads an attribute that is no entry; `None` if there is none of that name.
    pub load: Option<LoadAttribute>,
    /// Writes an attribute, or deletes it without a value; false if there is none of that name.
    pub store: Option<StoreAttribute>,
    /// The `bytes`, `bytearray`, `array` or `memoryview` whose bytes the object gives as a buffer.
    pub buffer: Option<fn(&Vm<'_>, Value) -> Option<Value>>,
    /// How the object is read and written as a stream.
    pub stream: Option<&'static StreamSlots>,
}

impl Slots {
    /// No ability.
    pub const NONE: Slots = Slots {
        load: None,
        store: None,
        buffer: None,
        stream: None,
    };
}

const NOTHING: &[Entry] = &[];

macro_rules! built_in_types {
    ($($id:ident $name:ident $base:ident $make:expr, $entries:expr;)*) => {
        #[derive(Clone, Copy)]
        #[repr(u8)]
        enum Number { $( $id, )* }

        #[expect(non_upper_case_globals, reason = "each is spelt as the variant it stands for")]
        #[allow(missing_docs, reason = "the names are those of the Python types")]
        impl TypeId {
            $( pub const $id: TypeId = TypeId(Number::$id as u8); )*
        }

        /// All built-in types.
        static TYPES: &[TypeInfo] = &[
            $( TypeInfo {
                name: q::$name,
                base: TypeId::$base,
                make: $make,
                entries: $entries,
                slots: &Slots::NONE,
            }, )*
        ];

        /// How many types the runtime itself has.
        pub(crate) const BUILT_IN: usize = [ $( Number::$id, )* ].len();
    };
}

/// Number of a native type: first those of the runtime, then those of the [`Library`](crate::Library).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypeId(pub(crate) u8);

built_in_types! {
    Object object Object Some(types::object::make), types::object::ENTRIES;
    Type type_ Object Some(types::class::make_type), types::class::TYPE_ENTRIES;
    NoneType NoneType Object None, NOTHING;
    Bool bool Int Some(types::int_text::make_bool), types::int::ENTRIES;
    Int int Object Some(types::int_text::make), types::int::ENTRIES;
    Float float Object Some(types::float::make), NOTHING;
    Complex complex Object Some(types::complex::make), NOTHING;
    Str str Object Some(types::str::make), types::str::ENTRIES;
    Bytes bytes Object Some(types::bytes::make), types::str::BYTES_ENTRIES;
    ByteArray bytearray Object Some(types::bytes::make_bytearray), types::bytes::ENTRIES;
    MemoryView memoryview Object Some(types::memory::make), types::memory::ENTRIES;
    Array array Object Some(types::bytes::make_array), types::bytes::ARRAY_ENTRIES;
    List list Object Some(types::list::make), types::list::ENTRIES;
    Tuple tuple Object Some(types::tuple::make), types::tuple::ENTRIES;
    Dict dict Object Some(types::dict::make), types::dict::ENTRIES;
    OrderedDict OrderedDict Dict Some(types::dict::make), types::dict::ENTRIES;
    Set set Object Some(types::set::make), types::set::ENTRIES;
    FrozenSet frozenset Object Some(types::set::make), types::set::FROZEN_ENTRIES;
    DictView dict_view Object None, NOTHING;
    Range range Object Some(types::sequence::make_range), NOTHING;
    Slice slice Object Some(types::sequence::make_slice), types::sequence::SLICE_ENTRIES;
    Function function Object None, NOTHING;
    Closure closure Object None, NOTHING;
    Generator generator Object None, types::sequence::GENERATOR_ENTRIES;
    BoundMethod bound_method Object None, NOTHING;
    Module module Object None, NOTHING;
    Property property Object Some(types::object::make_property), types::object::PROPERTY_ENTRIES;
    StaticMethod staticmethod Object Some(types::object::make_wrapper), NOTHING;
    ClassMethod classmethod Object Some(types::object::make_wrapper), NOTHING;
    Super super_ Object Some(types::object::make_super), NOTHING;
    Map map Object Some(types::sequence::make_map), types::sequence::ITER_ENTRIES;
    Filter filter Object Some(types::sequence::make_filter), types::sequence::ITER_ENTRIES;
    Zip zip Object Some(types::sequence::make_zip), types::sequence::ITER_ENTRIES;
    Enumerate enumerate Object Some(types::sequence::make_enumerate), types::sequence::ITER_ENTRIES;
    Reversed reversed Object Some(types::sequence::make_reversed), types::sequence::ITER_ENTRIES;
    Iterator iterator Object None, types::sequence::ITER_ENTRIES;
    Deque deque Object Some(types::deque::make), types::deque::ENTRIES;
    EllipsisType Ellipsis Object None, NOTHING;
    NotImplementedType NotImplementedType Object None, NOTHING;
    StringIo StringIO Object Some(types::stream::make_string_io), types::stream::STRING_ENTRIES;
    BytesIo BytesIO Object Some(types::stream::make_string_io), types::stream::STRING_ENTRIES;
    TextFile TextIOWrapper Object None, types::stream::FILE_ENTRIES;
    BinaryFile FileIO Object None, types::stream::FILE_ENTRIES;
    IoBase IOBase Object Some(types::stream::make_io_base), NOTHING;
    RingIo RingIO Object Some(types::ring::make), types::ring::ENTRIES;
    Code code Object None, NOTHING;
    Cell cell Object None, NOTHING;
    BaseException BaseException Object Some(types::exception::make), types::exception::ENTRIES;
    SystemExit SystemExit BaseException Some(types::exception::make), NOTHING;
    KeyboardInterrupt KeyboardInterrupt BaseException Some(types::exception::make), NOTHING;
    GeneratorExit GeneratorExit BaseException Some(types::exception::make), NOTHING;
    Exception Exception BaseException Some(types::exception::make), NOTHING;
    StopAsyncIteration StopAsyncIteration Exception Some(types::exception::make), NOTHING;
    StopIteration StopIteration Exception Some(types::exception::make), NOTHING;
    ArithmeticError ArithmeticError Exception Some(types::exception::make), NOTHING;
    OverflowError OverflowError ArithmeticError Some(types::exception::make), NOTHING;
    ZeroDivisionError ZeroDivisionError ArithmeticError Some(types::exception::make), NOTHING;
    AssertionError AssertionError Exception Some(types::exception::make), NOTHING;
    AttributeError AttributeError Exception Some(types::exception::make), NOTHING;
    EOFError EOFError Exception Some(types::exception::make), NOTHING;
    ImportError ImportError Exception Some(types::exception::make), NOTHING;
    LookupError LookupError Exception Some(types::exception::make), NOTHING;
    IndexError IndexError LookupError Some(types::exception::make), NOTHING;
    KeyError KeyError LookupError Some(types::exception::make), NOTHING;
    MemoryError MemoryError Exception Some(types::exception::make), NOTHING;
    NameError NameError Exception Some(types::exception::make), NOTHING;
    OSError OSError Exception Some(types::exception::make), NOTHING;
    RuntimeError RuntimeError Exception Some(types::exception::make), NOTHING;
    NotImplementedError NotImplementedError RuntimeError Some(types::exception::make), NOTHING;
    SyntaxError SyntaxError Exception Some(types::exception::make), NOTHING;
    IndentationError IndentationError SyntaxError Some(types::exception::make), NOTHING;
    TypeError TypeError Exception Some(types::exception::make), NOTHING;
    ValueError ValueError Exception Some(types::exception::make), NOTHING;
    UnicodeError UnicodeError ValueError Some(types::exception::make), NOTHING;
    ViperTypeError ViperTypeError TypeError Some(types::exception::make), NOTHING;
}

impl TypeId {
    /// The type of a [`Library`](crate::Library) with this place in its table.
    ///
    /// # Panics
    /// If there are more types than a byte can number.
    #[must_use]
    pub const fn library(place: usize) -> TypeId {
        let number = FIRST_LIBRARY_TABLE + place;
        assert!(number <= 255, "too many types");
        TypeId(number as u8)
    }

    /// The type object.
    #[inline]
    #[must_use]
    pub const fn value(self) -> Value {
        Value::immediate(Class::Type, self.0 as usize)
    }

    /// The native type with this number.
    #[inline]
    pub(crate) fn of(number: usize) -> TypeId {
        TypeId(number as u8)
    }

    /// The native type a value is, if it is one.
    #[inline]
    #[must_use]
    pub fn from_value(value: Value) -> Option<TypeId> {
        value.payload(Class::Type).map(TypeId::of)
    }

    /// The number of its table of entries.
    #[inline]
    pub(crate) const fn table(self) -> usize {
        self.0 as usize
    }
}

impl Vm<'_> {
    /// What is known about a native type.
    #[inline]
    pub(crate) fn type_info(&self, class: TypeId) -> &'static TypeInfo {
        match TYPES.get(class.table()) {
            Some(info) => info,
            None => {
                let types = self.library.types;
                let place = class.table().saturating_sub(FIRST_LIBRARY_TABLE);
                types.get(place).copied().unwrap_or(&TYPES[0])
            }
        }
    }

    /// Whether a native type is `other` or derived from it.
    pub(crate) fn is_a(&self, class: TypeId, other: TypeId) -> bool {
        let mut at = class;
        loop {
            if at == other {
                return true;
            }
            if at == TypeId::Object {
                return false;
            }
            at = self.type_info(at).base;
        }
    }

    /// Whether a native type is an exception.
    pub(crate) fn is_exception_type(&self, class: TypeId) -> bool {
        self.is_a(class, TypeId::BaseException)
    }
}
