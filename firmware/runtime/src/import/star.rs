//! `from module import *`: what `__all__` lists, or every name that does not begin with an underscore.

use crate::builtins::modules;
use crate::heap::Ref;
use crate::names as q;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Dict, Module, TypeId};
use crate::value::{Class as Immediate, Value};

impl Vm<'_> {
    /// `from module import *`
    pub(crate) fn import_star(&mut self, module: Value, into: Ref<Dict>) -> Result<()> {
        let dict = if let Some(module) = module.payload(Immediate::Module) {
            let dict = modules::dict(self, module)?;
            self.heap.expect(dict)
        } else if let Some(module) = self.heap.cast::<Module>(module) {
            self.heap[module].dict
        } else {
            return self.import_star_of_object(module, into);
        };
        let top = self.stack_len();
        self.push(dict.value())?;
        if self.import_listed(module, into)? {
            self.truncate(top);
            return Ok(());
        }
        let mut number = 0;
        while let Some((at, key, value)) = self.heap[dict].map.next(number) {
            number = at + 1;
            let Some(name) = key.as_qstr() else { continue };
            if self.qstr_text(name).first() != Some(&b'_') {
                self.set_name(into, name, value)?;
            }
        }
        self.truncate(top);
        Ok(())
    }

    /// Takes the names in `__all__` of a module; whether there is such a list.
    fn import_listed(&mut self, module: Value, into: Ref<Dict>) -> Result<bool> {
        let Some(all) = self.try_attr(module, q::__all__)? else {
            return Ok(false);
        };
        let top = self.stack_len();
        self.push(all)?;
        let names = self.list_from(all)?;
        self.push(names.value())?;
        let mut index = 0;
        while let Some(&name) = self.heap[names].items.get(index) {
            index += 1;
            let name = self.intern_value(name)?;
            let value = self.load_attr(module, name)?;
            self.set_name(into, name, value)?;
        }
        self.truncate(top);
        Ok(true)
    }

    /// As [`Vm::import_star`] for an object that stands in for a module.
    pub(crate) fn import_star_of_object(&mut self, object: Value, into: Ref<Dict>) -> Result<()> {
        let top = self.stack_len();
        if self.import_listed(object, into)? {
            return Ok(());
        }
        let Some(dict) = self.try_attr(object, q::__dict__)? else {
            return Err(self.raise_text(TypeId::ImportError, b"import * not at module level"));
        };
        let Some(dict) = self.heap.cast::<Dict>(dict) else {
            return Err(self.type_error(b"dict expected"));
        };
        self.push(dict.value())?;
        let mut number = 0;
        while let Some((at, key, value)) = self.heap[dict].map.next(number) {
            number = at + 1;
            let Some(name) = key.as_qstr() else { continue };
            if self.qstr_text(name).first() != Some(&b'_') {
                self.set_name(into, name, value)?;
            }
        }
        self.truncate(top);
        Ok(())
    }
}
