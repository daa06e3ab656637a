//! The built-in modules: the one table of them.

use crate::heap::Ref;
use crate::intern::Qstr;
use crate::names as q;
use crate::native::{Entry, Item, class, function, item};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Dict, TypeId};
use crate::value::{Class, Value};

/// The number of `builtins` in the table.
pub(crate) const BUILTINS: usize = 0;
/// The number of `sys` in the table.
pub(crate) const SYS: usize = 1;

struct ModuleInfo {
    name: Qstr,
    entries: &'static [Entry],
}

const COLLECTIONS: &[Entry] = &[
    item(q::__name__, Item::Text(q::collections)),
    function(q::namedtuple, crate::types::tuple::namedtuple, 2, 2),
    class(q::deque, TypeId::Deque),
    class(q::OrderedDict, TypeId::OrderedDict),
];

const ARRAY: &[Entry] = &[
    item(q::__name__, Item::Text(q::array)),
    class(q::array, TypeId::Array),
];

const IO: &[Entry] = &[
    item(q::__name__, Item::Text(q::io)),
    function(q::open, crate::types::stream::open, 1, 0xff),
    class(q::StringIO, TypeId::StringIo),
    class(q::BytesIO, TypeId::BytesIo),
    class(q::TextIOWrapper, TypeId::TextFile),
    class(q::FileIO, TypeId::BinaryFile),
];

static MODULES: &[ModuleInfo] = &[
    ModuleInfo {
        name: q::builtins,
        entries: super::functions::ENTRIES,
    },
    ModuleInfo {
        name: q::sys,
        entries: super::system::SYS,
    },
    ModuleInfo {
        name: q::gc,
        entries: super::system::GC,
    },
    ModuleInfo {
        name: q::micropython,
        entries: super::system::MICROPYTHON,
    },
    ModuleInfo {
        name: q::errno,
        entries: super::system::ERRNO,
    },
    ModuleInfo {
        name: q::collections,
        entries: COLLECTIONS,
    },
    ModuleInfo {
        name: q::array,
        entries: ARRAY,
    },
    ModuleInfo {
        name: q::io,
        entries: IO,
    },
    ModuleInfo {
        name: q::math,
        entries: super::math::MATH,
    },
    ModuleInfo {
        name: q::cmath,
        entries: super::math::CMATH,
    },
    ModuleInfo {
        name: q::struct_,
        entries: super::structs::ENTRIES,
    },
    ModuleInfo {
        name: q::time,
        entries: super::system::TIME,
    },
];

/// The entries of a module.
pub(crate) fn entries(module: usize) -> &'static [Entry] {
    MODULES[module].entries
}

/// The name of a module.
pub(crate) fn name(module: usize) -> Qstr {
    MODULES[module].name
}

/// The module with a name.
pub(crate) fn find(name: Qstr) -> Option<Value> {
    let module = MODULES.iter().position(|module| module.name == name)?;
    Some(Value::immediate(Class::Module, module))
}

/// The names of all modules.
pub(crate) fn names() -> impl Iterator<Item = Qstr> {
    MODULES.iter().map(|module| module.name)
}

/// A name of a module.
pub(crate) fn member(vm: &mut Vm<'_>, module: usize, name: Qstr) -> Result<Option<Value>> {
    let Some(index) = entries(module).iter().position(|entry| entry.name == name) else {
        return Ok(None);
    };
    vm.item_value(
        entries(module)[index].item,
        (TypeId::COUNT + module) << 8 | index,
    )
    .map(Some)
}

/// All names of a module as a new dict.
pub(crate) fn dict(vm: &mut Vm<'_>, module: usize) -> Result<Value> {
    let dict = vm.new_dict()?;
    vm.push(dict.value())?;
    for (index, entry) in entries(module).iter().enumerate() {
        let value = vm.item_value(entry.item, (TypeId::COUNT + module) << 8 | index)?;
        vm.set_name(dict, entry.name, value)?;
    }
    if let Some(stored) = vm.module_dict(module, false)? {
        vm.dict_merge(dict, stored)?;
    }
    vm.pop();
    let dict: Ref<Dict> = dict;
    vm.heap.set_flags(dict, 2);
    Ok(dict.value())
}
