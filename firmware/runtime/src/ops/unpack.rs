//! Unpacking sequences, and filling what comprehensions build.

use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Dict, List, TypeId};
use crate::value::Value;

impl Vm<'_> {
    // ---- unpacking ---------------------------------------------------------------------------------------

    /// Replaces the sequence on top by its `count` items, the first on top.
    pub(crate) fn unpack(&mut self, count: usize) -> Result<()> {
        let at = self.stack_len() - 1;
        let source = self.stack_at(at);
        if let Some(items) = self.items_of(source) {
            let len = items.len();
            if len != count {
                return Err(self.wrong_unpack(len > count, count, len));
            }
            self.stack.fill_to(at + count);
            for index in 0..count {
                let item = self.item_at(source, index);
                self.stack.set(at + count - 1 - index, item);
            }
            self.truncate(at + count);
            return Ok(());
        }
        let iterator = self.iterate(source)?;
        self.stack.set(at, Some(iterator));
        for index in 0..count {
            match self.iterate_next(iterator)? {
                Some(item) => self.push(item)?,
                None => {
                    self.truncate(at + 1);
                    return Err(self.wrong_unpack(false, count, index));
                }
            }
        }
        if self.iterate_next(iterator)?.is_some() {
            self.truncate(at + 1);
            return Err(self.wrong_unpack(true, count, 0));
        }
        self.stack.slice_mut(at, at + count + 1).reverse();
        self.truncate(at + count);
        Ok(())
    }

    #[cold]
    pub(crate) fn wrong_unpack(&mut self, many: bool, expected: usize, given: usize) -> Raised {
        if many {
            return self.raise(
                TypeId::ValueError,
                &[
                    Piece::Text(b"too many values to unpack (expected "),
                    Piece::Number(expected as isize),
                    Piece::Text(b")"),
                ],
            );
        }
        self.raise(
            TypeId::ValueError,
            &[
                Piece::Text(b"need more than "),
                Piece::Number(given as isize),
                Piece::Text(b" values to unpack"),
            ],
        )
    }

    /// As [`Vm::unpack`] with a starred target between `left` and `right` others.
    pub(crate) fn unpack_starred(&mut self, left: usize, right: usize) -> Result<()> {
        let at = self.stack_len() - 1;
        let source = self.stack_at(at);
        let list = self.list_from(source)?;
        self.stack.set(at, Some(list.value()));
        let len = self.heap[list].items.len();
        if len < left + right {
            return Err(self.wrong_unpack(false, left + right, len));
        }
        let rest = self.new_list(&[])?;
        let middle = len - left - right;
        if middle > 0 {
            self.reserve(|vm| &mut vm.heap[rest].items, middle)?;
        }
        for index in left..len - right {
            let item = self.heap[list].items[index];
            self.heap[rest].items.push_within(item);
        }
        self.stack.fill_to(at + left + right + 1);
        let mut slot = at;
        for index in (0..right).rev() {
            let item = self.heap[list].items[len - right + index];
            self.stack.set(slot, Some(item));
            slot += 1;
        }
        self.stack.set(slot, Some(rest.value()));
        for index in (0..left).rev() {
            slot += 1;
            let item = self.heap[list].items[index];
            self.stack.set(slot, Some(item));
        }
        self.truncate(at + left + right + 1);
        Ok(())
    }

    /// Adds to the list, dict (1) or set (2) a comprehension builds.
    pub(crate) fn store_comprehension(
        &mut self,
        kind: usize,
        target: Value,
        first: Value,
        second: Value,
    ) -> Result<()> {
        match kind {
            0 => match self.heap.cast::<List>(target) {
                Some(list) => self.list_push(list, first),
                None => Err(self.type_error(b"list expected")),
            },
            1 => match self.heap.cast::<Dict>(target) {
                Some(dict) => self.dict_set(dict, first, second),
                None => Err(self.type_error(b"dict expected")),
            },
            _ => match self.heap.cast::<crate::types::Set>(target) {
                Some(set) => {
                    let dict = self.set_dict(set);
                    self.dict_set(dict, first, Value::NONE)
                }
                None => Err(self.type_error(b"set expected")),
            },
        }
    }
}
