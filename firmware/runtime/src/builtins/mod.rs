//! The built-in functions, and how native functions are found by number.

pub(crate) mod functions;
pub(crate) mod math;
mod memory;
pub(crate) mod modules;
pub(crate) mod numbers;
pub(crate) mod structs;
pub(crate) mod system;

use crate::intern::Qstr;
use crate::names::ROM_COUNT;
use crate::native::Entry;
use crate::ops::format::Piece;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{TypeId, table};
use crate::value::{Class, Value};

/// The tables of entries in the order of their numbers: the types of the runtime, its modules, then the types
/// of the library.
pub(crate) const FIRST_LIBRARY_TABLE: usize = table::BUILT_IN + modules::COUNT;
/// The number of the table of the library's first module; types have numbers below.
const FIRST_LIBRARY_MODULE: usize = 256;

/// The number of a module's table.
const fn module_table(module: usize) -> usize {
    if module < modules::COUNT {
        table::BUILT_IN + module
    } else {
        FIRST_LIBRARY_MODULE + module - modules::COUNT
    }
}

/// The payload of a native function: its place in the table of a module.
pub(crate) const fn module_payload(module: usize, index: usize) -> usize {
    module_table(module) << 8 | index
}

impl Vm<'_> {
    /// The entry of a native function by the payload of its value: `[table][entry 8]`.
    #[inline]
    pub(crate) fn native_entry(&self, payload: usize) -> &'static Entry {
        let (table, index) = (payload >> 8, payload & 0xff);
        let entries = if (table::BUILT_IN..FIRST_LIBRARY_TABLE).contains(&table) {
            self.module_entries(table - table::BUILT_IN)
        } else if table >= FIRST_LIBRARY_MODULE {
            self.module_entries(table - FIRST_LIBRARY_MODULE + modules::COUNT)
        } else {
            self.type_info(TypeId::of(table)).entries
        };
        &entries[index]
    }
}

/// `__build_class__`, the last entry of `builtins`.
pub(crate) const BUILD_CLASS: Value = builtin(functions::ENTRIES.len() - 1);
/// The `__init__` of a built-in base, the entry before.
pub(crate) const NATIVE_INIT: Value = builtin(functions::ENTRIES.len() - 2);

const fn builtin(index: usize) -> Value {
    Value::immediate(Class::Native, module_payload(modules::BUILTINS, index))
}

/// The entry of `builtins` for each interned name, plus one.
static INDEX: [u8; ROM_COUNT + 1] = {
    let mut index = [0; ROM_COUNT + 1];
    let mut at = 0;
    while at < functions::ENTRIES.len() {
        index[functions::ENTRIES[at].name.0 as usize] = at as u8 + 1;
        at += 1;
    }
    index
};

impl Vm<'_> {
    /// The value of a built-in name.
    pub(crate) fn load_builtin(&mut self, name: Qstr) -> Result<Value> {
        if let Some(value) = self.builtins.and_then(|dict| self.get_name(dict, name)) {
            return Ok(value);
        }
        let index = INDEX.get(usize::from(name.0)).copied().unwrap_or(0);
        if index > 0 {
            let index = usize::from(index) - 1;
            let item = functions::ENTRIES[index].item;
            return self.item_value(item, module_payload(modules::BUILTINS, index));
        }
        Err(self.raise(
            TypeId::NameError,
            &[
                Piece::Text(b"name '"),
                Piece::Name(name),
                Piece::Text(b"' isn't defined"),
            ],
        ))
    }

    /// `del name`
    pub(crate) fn delete_variable(
        &mut self,
        dict: crate::heap::Ref<crate::types::Dict>,
        name: Qstr,
    ) -> Result<()> {
        if self.delete_name(dict, name)? {
            return Ok(());
        }
        Err(self.raise(
            TypeId::NameError,
            &[
                Piece::Text(b"name '"),
                Piece::Name(name),
                Piece::Text(b"' isn't defined"),
            ],
        ))
    }
}
