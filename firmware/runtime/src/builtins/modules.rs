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

/// A native module.
#[derive(Clone, Copy)]
pub struct ModuleInfo {
    /// Its name.
    pub name: Qstr,
    /// What it contains, `__name__` too.
    pub entries: &'static [Entry],
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
    class(q::IOBase, TypeId::IoBase),
];

/// How many modules the runtime itself has.
pub(crate) const COUNT: usize = MODULES.len();

const MODULES: &[ModuleInfo] = &[
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

impl Vm<'_> {
    fn module_info(&self, module: usize) -> &'static ModuleInfo {
        static OWN: [ModuleInfo; COUNT] = {
            let mut own = [MODULES[0]; COUNT];
            let mut at = 0;
            while at < COUNT {
                own[at] = MODULES[at];
                at += 1;
            }
            own
        };
        match OWN.get(module) {
            Some(info) => info,
            None => &self.library.modules[module - COUNT],
        }
    }

    /// The entries of a native module.
    pub(crate) fn module_entries(&self, module: usize) -> &'static [Entry] {
        self.module_info(module).entries
    }

    /// The name of a native module.
    pub(crate) fn native_module_name(&self, module: usize) -> Qstr {
        self.module_info(module).name
    }

    /// The native module with a name.
    pub(crate) fn find_native_module(&self, name: Qstr) -> Option<Value> {
        // The library may have a richer one.
        let own = || MODULES.iter().position(|module| module.name == name);
        let mut added = self.library.modules.iter();
        let module = match added.position(|module| module.name == name) {
            Some(place) => COUNT + place,
            None => own()?,
        };
        Some(Value::immediate(Class::Module, module))
    }

    /// The names of all native modules.
    pub(crate) fn native_module_names(&self) -> impl Iterator<Item = Qstr> + use<> {
        let added = self.library.modules;
        let own = MODULES.iter().map(|module| module.name);
        own.filter(|name| added.iter().all(|module| module.name != *name))
            .chain(added.iter().map(|module| module.name))
    }
}

/// A name of a module.
pub(crate) fn member(vm: &mut Vm<'_>, module: usize, name: Qstr) -> Result<Option<Value>> {
    let entries = vm.module_entries(module);
    let Some(index) = entries.iter().position(|entry| entry.name == name) else {
        return Ok(None);
    };
    vm.item_value(entries[index].item, super::module_payload(module, index))
        .map(Some)
}

/// All names of a module as a new dict.
pub(crate) fn dict(vm: &mut Vm<'_>, module: usize) -> Result<Value> {
    let dict = vm.new_dict()?;
    vm.push(dict.value())?;
    for (index, entry) in vm.module_entries(module).iter().enumerate() {
        let value = vm.item_value(entry.item, super::module_payload(module, index))?;
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
