//! How Rust functions are declared to Python.
//!
//! A table of [`Entry`] belongs to a built-in type or module. A function's value is the number of its table and
//! its place there, so tables are plain constants. Arguments lie on the value stack, where they are rooted.

use crate::intern::Qstr;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::TypeId;
use crate::value::Value;

/// The arguments of a native call: a range of the value stack, positional ones first, then key and value of
/// each keyword argument.
#[derive(Clone, Copy, Debug)]
pub struct Args {
    pub(crate) base: usize,
    /// How many are positional.
    pub count: usize,
    /// How many are given by name.
    pub keywords: usize,
}

/// A native function.
pub type Native = fn(&mut Vm<'_>, Args) -> Result<Value>;

/// Accepts any number of arguments up to [`ANY`], and keyword arguments too.
pub const KEYWORDS: u8 = 0x80;
/// No upper limit on arguments.
pub const ANY: u8 = 0x7f;

/// What a name of a built-in type or module stands for.
#[derive(Clone, Copy)]
pub enum Item {
    /// A function: least and greatest number of arguments; [`KEYWORDS`] may be added to the greatest.
    Function(Native, u8, u8),
    /// As `Function`, called with the class instead of an instance.
    ClassFunction(Native, u8, u8),
    /// As `Function`, called without an instance.
    StaticFunction(Native, u8, u8),
    /// A native type.
    Type(TypeId),
    /// A small integer, `None` or a truth value.
    Value(Value),
    /// An interned string.
    Text(Qstr),
    /// Computed when it is read.
    Get(fn(&mut Vm<'_>) -> Result<Value>),
}

/// One name.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The name.
    pub name: Qstr,
    /// What it stands for.
    pub item: Item,
}

/// A name for a function of a module or a method of a type; methods count `self`.
#[must_use]
pub const fn function(name: Qstr, native: Native, least: u8, most: u8) -> Entry {
    Entry {
        name,
        item: Item::Function(native, least, most),
    }
}

/// A name for an integer.
#[must_use]
pub const fn number(name: Qstr, number: isize) -> Entry {
    Entry {
        name,
        item: Item::Value(Value::small(number)),
    }
}

/// A name for a type.
#[must_use]
pub const fn class(name: Qstr, class: TypeId) -> Entry {
    Entry {
        name,
        item: Item::Type(class),
    }
}

/// A name for an interned string.
#[must_use]
pub const fn text(name: Qstr, text: Qstr) -> Entry {
    item(name, Item::Text(text))
}

/// A name for any other item.
#[must_use]
pub const fn item(name: Qstr, item: Item) -> Entry {
    Entry { name, item }
}

impl Args {
    /// No arguments.
    pub const EMPTY: Args = Args {
        base: 0,
        count: 0,
        keywords: 0,
    };

    /// Values that were pushed as positional arguments: `count` of them from a place of the stack on.
    #[must_use]
    pub fn on_stack(base: usize, count: usize) -> Args {
        Args {
            base,
            count,
            keywords: 0,
        }
    }

    /// A positional argument that is there.
    #[inline]
    #[must_use]
    pub fn at(self, vm: &Vm<'_>, index: usize) -> Value {
        debug_assert!(index < self.count);
        vm.stack_at(self.base + index)
    }

    /// A positional argument.
    #[inline]
    #[must_use]
    pub fn get(self, vm: &Vm<'_>, index: usize) -> Option<Value> {
        (index < self.count).then(|| vm.stack_at(self.base + index))
    }

    /// A positional argument, or `None` if it is absent or Python's `None`.
    #[must_use]
    pub fn some(self, vm: &Vm<'_>, index: usize) -> Option<Value> {
        self.get(vm, index).filter(|value| !value.is_none())
    }

    /// The first `count` positional arguments only.
    #[must_use]
    pub fn first(self, count: usize) -> Args {
        Args {
            base: self.base,
            count: self.count.min(count),
            keywords: 0,
        }
    }

    /// The arguments from `index` on.
    #[must_use]
    pub fn from(self, index: usize) -> Args {
        let index = index.min(self.count);
        Args {
            base: self.base + index,
            count: self.count - index,
            keywords: self.keywords,
        }
    }

    /// Name and value of a keyword argument.
    #[must_use]
    pub fn keyword(self, vm: &Vm<'_>, index: usize) -> (Value, Value) {
        let at = self.base + self.count + 2 * index;
        (vm.stack_at(at), vm.stack_at(at + 1))
    }

    /// The value of a keyword argument.
    #[must_use]
    pub fn named(self, vm: &Vm<'_>, name: Qstr) -> Option<Value> {
        (0..self.keywords)
            .map(|index| self.keyword(vm, index))
            .find_map(|(key, value)| (key.as_qstr() == Some(name)).then_some(value))
    }

    /// An argument given by position or by name.
    #[must_use]
    pub fn either(self, vm: &Vm<'_>, index: usize, name: Qstr) -> Option<Value> {
        self.get(vm, index).or_else(|| self.named(vm, name))
    }
}

impl Vm<'_> {
    /// Raises unless all keyword arguments are among `allowed`.
    pub fn check_keywords(&mut self, args: Args, allowed: &[Qstr]) -> Result<()> {
        for index in 0..args.keywords {
            let (key, _) = args.keyword(self, index);
            if !key.as_qstr().is_some_and(|name| allowed.contains(&name)) {
                return Err(self.type_error(b"extra keyword arguments given"));
            }
        }
        Ok(())
    }
}
