//! Items and slices.

use crate::heap::Ref;
use crate::names as q;
use crate::native::Args;
use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Array, Deque, Dict, Kind, List, MemoryView, Range, Slice, Tuple, TypeId};
use crate::value::Value;

/// A slice applied to a length: `count` items from `start` on, `step` apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) count: usize,
    pub(crate) step: isize,
    /// Where the slice ends, as it was given.
    pub(crate) stop: isize,
    /// Where the slice begins, as it was given: -1 before the first item.
    pub(crate) first: isize,
}

impl Span {
    /// The place of the item with this number.
    pub(crate) fn place(self, number: usize) -> usize {
        (self.start as isize + number as isize * self.step) as usize
    }
}

impl Vm<'_> {
    /// `slice(start, stop, step)`
    pub fn new_slice(&mut self, start: Value, stop: Value, step: Value) -> Result<Value> {
        Ok(self.alloc(Slice { start, stop, step })?.value())
    }

    /// Applies the three values of a slice to a length.
    pub(crate) fn span(
        &mut self,
        start: Value,
        stop: Value,
        step: Value,
        len: usize,
    ) -> Result<Span> {
        let len = len as isize;
        let step = if step.is_none() {
            1
        } else {
            self.slice_index(step)?
        };
        if step == 0 {
            return Err(self.value_error(b"slice step can't be zero"));
        }
        let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
        let mut clamp = |value: Value, default: isize| -> Result<isize> {
            if value.is_none() {
                return Ok(default);
            }
            let index = self.slice_index(value)?;
            let index = if index < 0 {
                index.saturating_add(len)
            } else {
                index
            };
            Ok(index.clamp(low, high))
        };
        let first = clamp(start, if step > 0 { low } else { high })?;
        let last = clamp(stop, if step > 0 { high } else { low })?;
        let distance = if step > 0 { last - first } else { first - last };
        let count = if distance <= 0 {
            0
        } else {
            (distance - 1) / step.abs() + 1
        };
        Ok(Span {
            start: first.max(0) as usize,
            count: count as usize,
            step,
            stop: last,
            first,
        })
    }

    fn slice_index(&mut self, value: Value) -> Result<isize> {
        let native = self.native_of(value);
        if let Some(index) = self.small_of(native) {
            return Ok(index);
        }
        if self.is_int(native) {
            let negative = self.is_negative(native);
            return Ok(if negative {
                isize::MIN / 2
            } else {
                isize::MAX / 2
            });
        }
        Err(self.not_an_index(value))
    }

    #[cold]
    fn not_an_index(&mut self, value: Value) -> Raised {
        let name = self.type_name(value);
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"can't convert "),
                Piece::Name(name),
                Piece::Text(b" to int"),
            ],
        )
    }

    /// An index into something of this length, negative ones counted from the end.
    pub(crate) fn index(&mut self, of: TypeId, index: Value, len: usize) -> Result<usize> {
        let native = self.native_of(index);
        let Some(number) = self.small_of(native) else {
            if self.is_int(native) {
                return Err(self.out_of_range(of));
            }
            let name = self.type_name(index);
            return Err(self.raise(
                TypeId::TypeError,
                &[
                    Piece::Name(self.type_info(of).name),
                    Piece::Text(b" indices must be integers, not "),
                    Piece::Name(name),
                ],
            ));
        };
        let number = if number < 0 {
            number + len as isize
        } else {
            number
        };
        match usize::try_from(number) {
            Ok(number) if number < len => Ok(number),
            _ => Err(self.out_of_range(of)),
        }
    }

    #[cold]
    fn out_of_range(&mut self, of: TypeId) -> Raised {
        let name = if of == TypeId::Str {
            q::string
        } else {
            self.type_info(of).name
        };
        self.raise(
            TypeId::IndexError,
            &[Piece::Name(name), Piece::Text(b" index out of range")],
        )
    }

    /// `object[index]`
    pub fn subscript(&mut self, object: Value, index: Value) -> Result<Value> {
        if let Some(found) = self.lookup_special(object, q::__getitem__)? {
            return self.call_found(found, &[index]);
        }
        let native = self.native_of(object);
        if let Some(slice) = self.heap.cast::<Slice>(index) {
            let Slice { start, stop, step } = self.heap[slice];
            if self.slices_in_place(native) {
                return self.get_slice(native, start, stop, step);
            }
        }
        if self.is_str(native) {
            return self.char_at(native, index);
        }
        let Some(header) = self.heap.header(native) else {
            return Err(self.not_subscriptable(object));
        };
        match Kind::of(header.kind()) {
            Kind::List | Kind::Tuple | Kind::NamedTuple => {
                let len = self.items_of(native).map_or(0, <[_]>::len);
                let at = self.index(self.native_type(native), index, len)?;
                Ok(self.item_at(native, at).unwrap_or(Value::NONE))
            }
            Kind::Dict => {
                let dict: Ref<Dict> = self.heap.expect(native);
                match self.dict_get(dict, index)? {
                    Some(value) => Ok(value),
                    // A dict that is empty does not look at its key.
                    None if header.flags() & 1 == 0
                        && self.heap[dict].map.len() > 0
                        && self.heap.cast::<Slice>(index).is_some() =>
                    {
                        let name = self.type_name(index);
                        Err(self.unhashable(name))
                    }
                    None => Err(self.raise_with(TypeId::KeyError, Some(index))),
                }
            }
            Kind::Bytes => {
                let len = self.bytes_of(native).len();
                let at = self.index(TypeId::Bytes, index, len)?;
                Ok(Value::small(isize::from(self.bytes_of(native)[at])))
            }
            Kind::Array => {
                let array: Ref<Array> = self.heap.expect(native);
                let at = self.index(self.native_type(native), index, self.array_len(array))?;
                self.array_get(array, at)
            }
            Kind::MemoryView => {
                let view: Ref<MemoryView> = self.heap.expect(native);
                let at = self.index(TypeId::MemoryView, index, self.view_len(view))?;
                self.view_get(view, at)
            }
            Kind::Range => {
                let range: Ref<Range> = self.heap.expect(native);
                let at = self.index(TypeId::Range, index, self.range_len(range))?;
                let Range { start, step, .. } = self.heap[range];
                self.new_int((start + at as isize * step) as i64)
            }
            Kind::Deque => {
                let deque: Ref<Deque> = self.heap.expect(native);
                let at = self.index(TypeId::Deque, index, self.heap[deque].len as usize)?;
                Ok(self.deque_item(deque, at).unwrap_or(Value::NONE))
            }
            _ => Err(self.not_subscriptable(object)),
        }
    }

    #[cold]
    fn not_subscriptable(&mut self, object: Value) -> Raised {
        let name = self.type_name(object);
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"'"),
                Piece::Name(name),
                Piece::Text(b"' object isn't subscriptable"),
            ],
        )
    }

    /// `object[index] = value`, or `del object[index]` without a value.
    pub fn store_subscript(
        &mut self,
        object: Value,
        index: Value,
        value: Option<Value>,
    ) -> Result<()> {
        let special = if value.is_some() {
            q::__setitem__
        } else {
            q::__delitem__
        };
        if let Some(found) = self.lookup_special(object, special)? {
            match value {
                Some(value) => self.call_found(found, &[index, value])?,
                None => self.call_found(found, &[index])?,
            };
            return Ok(());
        }
        let native = self.native_of(object);
        if let Some(slice) = self.heap.cast::<Slice>(index) {
            let Slice { start, stop, step } = self.heap[slice];
            if self.slices_in_place(native) {
                return self.set_slice(native, start, stop, step, value);
            }
        }
        let Some(header) = self.heap.header(native) else {
            return Err(self.no_assignment(object, value));
        };
        match (Kind::of(header.kind()), value) {
            (Kind::List, _) => {
                let list: Ref<List> = self.heap.expect(native);
                let at = self.index(TypeId::List, index, self.heap[list].items.len())?;
                match value {
                    Some(value) => self.heap[list].items[at] = value,
                    None => self.heap[list].items.remove_range(at, at + 1),
                }
                Ok(())
            }
            (Kind::Dict, _) => {
                let dict: Ref<Dict> = self.heap.expect(native);
                if header.flags() & 2 != 0 {
                    return Err(self.no_assignment(object, value));
                }
                // `copy[:] = original` is for lists; an ordered dict takes a slice as a key.
                if header.flags() & 1 == 0 && self.heap.cast::<Slice>(index).is_some() {
                    let name = self.type_name(index);
                    return Err(self.unhashable(name));
                }
                match value {
                    Some(value) => self.dict_set(dict, index, value),
                    None => match self.dict_remove(dict, index)? {
                        Some(_) => Ok(()),
                        None => Err(self.raise_with(TypeId::KeyError, Some(index))),
                    },
                }
            }
            (Kind::Array, Some(value)) => {
                let array: Ref<Array> = self.heap.expect(native);
                let at = self.index(self.native_type(native), index, self.array_len(array))?;
                self.array_set(array, at, value)
            }
            (Kind::MemoryView, Some(value)) => {
                let view: Ref<MemoryView> = self.heap.expect(native);
                if self.heap[view].read_only {
                    return Err(self.no_assignment(object, Some(value)));
                }
                let at = self.index(TypeId::MemoryView, index, self.view_len(view))?;
                self.view_set(view, at, value)
            }
            (Kind::Deque, Some(value)) => {
                let deque: Ref<Deque> = self.heap.expect(native);
                let at = self.index(TypeId::Deque, index, self.heap[deque].len as usize)?;
                self.deque_set(deque, at, value);
                Ok(())
            }
            _ => Err(self.no_assignment(object, value)),
        }
    }

    #[cold]
    fn no_assignment(&mut self, object: Value, value: Option<Value>) -> Raised {
        let name = self.type_name(object);
        let after: &[u8] = match value {
            Some(_) => b"' object doesn't support item assignment",
            None => b"' object doesn't support item deletion",
        };
        self.raise(
            TypeId::TypeError,
            &[Piece::Text(b"'"), Piece::Name(name), Piece::Text(after)],
        )
    }

    /// Whether slices of a value need no slice object.
    pub(crate) fn slices_in_place(&self, object: Value) -> bool {
        if object.as_qstr().is_some() {
            return true;
        }
        let Some(header) = self.heap.header(object) else {
            return false;
        };
        matches!(
            Kind::of(header.kind()),
            Kind::Str
                | Kind::Bytes
                | Kind::Array
                | Kind::MemoryView
                | Kind::List
                | Kind::Tuple
                | Kind::NamedTuple
                | Kind::Range
        )
    }

    /// `object[start:stop:step]`
    pub(crate) fn get_slice(
        &mut self,
        object: Value,
        start: Value,
        stop: Value,
        step: Value,
    ) -> Result<Value> {
        let len = self.native_len(object).unwrap_or(0);
        let span = self.span(start, stop, step, len)?;
        if self.is_str(object) {
            return self.slice_text(object, span);
        }
        let Some(header) = self.heap.header(object) else {
            return Err(self.not_subscriptable(object));
        };
        match Kind::of(header.kind()) {
            Kind::Bytes => self.slice_bytes(object, span),
            Kind::Array => self.slice_array(self.heap.expect(object), span),
            Kind::MemoryView => self.slice_view(self.heap.expect(object), span),
            Kind::List => {
                let list = self.new_list(&[])?;
                if span.count > 0 {
                    self.reserve(|vm| &mut vm.heap[list].items, span.count)?;
                }
                for number in 0..span.count {
                    let item = self
                        .item_at(object, span.place(number))
                        .unwrap_or(Value::NONE);
                    self.heap[list].items.push_within(item);
                }
                Ok(list.value())
            }
            Kind::Range => {
                let Range { start, step, .. } = self.heap[self.heap.expect::<Range>(object)];
                let place = |index: isize| start.saturating_add(index.saturating_mul(step));
                let (first, stop) = (place(span.first), place(span.stop));
                let step = step.saturating_mul(span.step);
                Ok(self
                    .alloc(Range {
                        start: first,
                        stop,
                        step,
                    })?
                    .value())
            }
            _ => {
                let tuple = self.alloc_tailed(Tuple, span.count, Value::NONE)?;
                for number in 0..span.count {
                    let item = self
                        .item_at(object, span.place(number))
                        .unwrap_or(Value::NONE);
                    self.heap.tail_mut(tuple)[number] = item;
                }
                Ok(tuple.value())
            }
        }
    }

    /// `object[start:stop:step] = value`, or `del` without a value.
    pub(crate) fn set_slice(
        &mut self,
        object: Value,
        start: Value,
        stop: Value,
        step: Value,
        value: Option<Value>,
    ) -> Result<()> {
        let len = self.native_len(object).unwrap_or(0);
        let Some(header) = self.heap.header(object) else {
            return Err(self.no_assignment(object, value));
        };
        match Kind::of(header.kind()) {
            Kind::List => {
                let span = self.span(start, stop, step, len)?;
                self.set_list_slice(self.heap.expect(object), span, value)
            }
            Kind::Array => {
                let span = self.span(start, stop, step, len)?;
                self.set_array_slice(self.heap.expect(object), span, value)
            }
            Kind::MemoryView if value.is_some() => {
                let span = self.span(start, stop, step, len)?;
                self.set_view_slice(self.heap.expect(object), span, value.unwrap_or(Value::NONE))
            }
            _ => Err(self.no_assignment(object, value)),
        }
    }

    fn set_list_slice(&mut self, list: Ref<List>, span: Span, value: Option<Value>) -> Result<()> {
        if span.step != 1 {
            return Err(self.raise_text(
                TypeId::NotImplementedError,
                b"only slices with step=1 (aka None) are supported",
            ));
        }
        let Some(value) = value else {
            self.heap[list]
                .items
                .remove_range(span.start, span.start + span.count);
            return Ok(());
        };
        let native = self.native_of(value);
        if self.items_of(native).is_none() {
            return Err(self.type_error(b"object 'iterable' isn't a tuple or list"));
        }
        let count = self.items_of(native).map_or(0, <[_]>::len);
        let source = if native == list.value() {
            self.get_slice(native, Value::NONE, Value::NONE, Value::NONE)?
        } else {
            native
        };
        if count > span.count {
            self.reserve(|vm| &mut vm.heap[list].items, count - span.count)?;
            self.heap[list].items.insert_within(
                span.start + span.count,
                count - span.count,
                Value::NONE,
            );
        } else {
            self.heap[list]
                .items
                .remove_range(span.start + count, span.start + span.count);
        }
        for index in 0..count {
            let item = self.item_at(source, index).unwrap_or(Value::NONE);
            self.heap[list].items[span.start + index] = item;
        }
        Ok(())
    }

    /// An integer argument that fits a word.
    pub fn int_arg(&mut self, args: Args, index: usize) -> Result<isize> {
        let value = args.at(self, index);
        self.to_isize(value)
    }
}
