//! The built-in types: name, base, constructor and methods of each.

use crate::intern::Qstr;
use crate::names as q;
use crate::native::{Args, Entry};
use crate::raise::Result;
use crate::state::Vm;
use crate::types;
use crate::value::{Class, Value};

/// Makes an instance: called with the type and the arguments.
pub(crate) type Make = fn(&mut Vm<'_>, TypeId, Args) -> Result<Value>;

/// One built-in type.
pub(crate) struct TypeInfo {
    pub(crate) name: Qstr,
    pub(crate) base: TypeId,
    pub(crate) make: Option<Make>,
    pub(crate) entries: &'static [Entry],
}

const NOTHING: &[Entry] = &[];

macro_rules! built_in_types {
    ($($id:ident $name:ident $base:ident $make:expr, $entries:expr;)*) => {
        /// Number of a built-in type.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub(crate) enum TypeId { $( $id, )* }

        /// All built-in types.
        static TYPES: &[TypeInfo] = &[
            $( TypeInfo { name: q::$name, base: TypeId::$base, make: $make, entries: $entries }, )*
        ];

        const ALL: &[TypeId] = &[ $( TypeId::$id, )* ];
    };
}

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
    /// What is known about the type.
    #[inline]
    pub(crate) fn info(self) -> &'static TypeInfo {
        &TYPES[self as usize]
    }

    /// The type object.
    #[inline]
    pub(crate) const fn value(self) -> Value {
        Value::immediate(Class::Type, self as usize)
    }

    /// The built-in type with this number.
    #[inline]
    pub(crate) fn of(number: usize) -> TypeId {
        ALL[number]
    }

    /// The built-in type a value is, if it is one.
    #[inline]
    pub(crate) fn from_value(value: Value) -> Option<TypeId> {
        value.payload(Class::Type).map(TypeId::of)
    }

    /// Whether this is `other` or derived from it.
    pub(crate) fn is_a(self, other: TypeId) -> bool {
        let mut at = self;
        loop {
            if at == other {
                return true;
            }
            if at == TypeId::Object {
                return false;
            }
            at = at.info().base;
        }
    }

    pub(crate) fn is_exception(self) -> bool {
        self.is_a(TypeId::BaseException)
    }

    /// How many built-in types there are.
    pub(crate) const COUNT: usize = ALL.len();
}
