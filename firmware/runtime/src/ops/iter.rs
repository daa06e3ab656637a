//! Iteration and unpacking.

use crate::heap::Ref;
use crate::names as q;
use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{
    Array, Deque, Dict, DictView, File, Generator, Iter, IterOf, Kind, List, MemoryView,
    NamedTuple, Progress, Range, StringIo, Tuple, TypeId, ViewOf,
};
use crate::value::Value;

/// A place among the items of something.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    /// A container, or an iterator.
    pub(crate) source: Value,
    /// The position in a container.
    at: Option<usize>,
}

impl Vm<'_> {
    /// Items of a list or tuple.
    #[inline]
    pub fn items_of(&self, value: Value) -> Option<&[Value]> {
        let header = self.heap.header(value)?;
        match Kind::of(header.kind()) {
            Kind::List => Some(&self.heap[self.heap.expect::<List>(value)].items),
            Kind::Tuple => Some(self.heap.tail(self.heap.expect::<Tuple>(value))),
            Kind::NamedTuple => Some(self.heap.tail(self.heap.expect::<NamedTuple>(value))),
            _ => None,
        }
    }

    /// An item of a list or tuple.
    #[inline]
    pub fn item_at(&self, value: Value, index: usize) -> Option<Value> {
        self.items_of(value)?.get(index).copied()
    }

    /// Whether `for` walks over a value without an iterator object.
    #[inline]
    pub(crate) fn walks_by_index(&self, value: Value) -> bool {
        let Some(header) = self.heap.header(value) else {
            return value.as_qstr().is_some();
        };
        matches!(
            Kind::of(header.kind()),
            Kind::List
                | Kind::Tuple
                | Kind::NamedTuple
                | Kind::Str
                | Kind::Bytes
                | Kind::Array
                | Kind::MemoryView
                | Kind::Dict
                | Kind::Set
                | Kind::DictView
                | Kind::Range
                | Kind::Deque
        )
    }

    /// The item of such a value at a position, and the position after it.
    pub(crate) fn walk(&mut self, source: Value, at: usize) -> Result<Option<(Value, usize)>> {
        if self.is_str(source) {
            let text = self.bytes_of(source);
            let Some(&first) = text.get(at) else {
                return Ok(None);
            };
            let end = text.len().min(at + crate::types::str::char_len(first));
            return Ok(Some((self.substring(source, at, end)?, end)));
        }
        let kind = self
            .heap
            .header(source)
            .map(|header| Kind::of(header.kind()));
        let (dict, of) = match kind {
            Some(Kind::Dict) => (self.heap.expect(source), ViewOf::Keys),
            Some(Kind::Set) => (self.set_dict(self.heap.expect(source)), ViewOf::Keys),
            Some(Kind::DictView) => {
                let DictView { dict, of } = self.heap[self.heap.expect::<DictView>(source)];
                (dict, of)
            }
            Some(Kind::Range) => {
                let range: Ref<Range> = self.heap.expect(source);
                if at >= self.range_len(range) {
                    return Ok(None);
                }
                let Range { start, step, .. } = self.heap[range];
                return Ok(Some((
                    self.new_int((start + at as isize * step) as i64)?,
                    at + 1,
                )));
            }
            Some(Kind::Deque) => {
                let item = self.deque_item(self.heap.expect(source), at);
                return Ok(item.map(|item| (item, at + 1)));
            }
            _ => return Ok(self.sequence_item(source, at)?.map(|item| (item, at + 1))),
        };
        let dict: Ref<Dict> = dict;
        let Some((number, key, value)) = self.heap[dict].map.next(at) else {
            return Ok(None);
        };
        let item = match of {
            ViewOf::Keys => key,
            ViewOf::Values => value,
            ViewOf::Items => self.new_tuple(&[key, value])?,
        };
        Ok(Some((item, number + 1)))
    }

    /// Starts to go over the items of a value, without an iterator object where that is possible. The caller roots
    /// the cursor's source.
    pub(crate) fn cursor(&mut self, value: Value) -> Result<Cursor> {
        if self.walks_by_index(value) {
            return Ok(Cursor {
                source: value,
                at: Some(0),
            });
        }
        Ok(Cursor {
            source: self.iterate(value)?,
            at: None,
        })
    }

    /// The next item, `None` at the end.
    pub(crate) fn cursor_next(&mut self, cursor: &mut Cursor) -> Result<Option<Value>> {
        let Some(at) = cursor.at else {
            return self.iterate_next(cursor.source);
        };
        let Some((item, after)) = self.walk(cursor.source, at)? else {
            return Ok(None);
        };
        cursor.at = Some(after);
        Ok(Some(item))
    }

    pub(crate) fn iter_type(&self, iter: Ref<Iter>) -> TypeId {
        match self.heap[iter].of {
            IterOf::Map => TypeId::Map,
            IterOf::Filter => TypeId::Filter,
            IterOf::Zip => TypeId::Zip,
            IterOf::Enumerate => TypeId::Enumerate,
            IterOf::Reversed => TypeId::Reversed,
            _ => TypeId::Iterator,
        }
    }

    /// Makes an iterator object.
    pub(crate) fn new_iter(
        &mut self,
        of: IterOf,
        source: Value,
        at: isize,
        end: isize,
    ) -> Result<Value> {
        Ok(self
            .alloc(Iter {
                of,
                source,
                extra: None,
                at,
                end,
                step: 1,
            })?
            .value())
    }

    /// `iter(value)`
    pub fn iterate(&mut self, value: Value) -> Result<Value> {
        if self.is_str(value) {
            return self.new_iter(IterOf::Text, value, 0, 0);
        }
        let Some(header) = self.heap.header(value) else {
            return Err(self.not_iterable(value));
        };
        match Kind::of(header.kind()) {
            Kind::List
            | Kind::Tuple
            | Kind::NamedTuple
            | Kind::Bytes
            | Kind::Array
            | Kind::MemoryView => self.new_iter(IterOf::Sequence, value, 0, 0),
            Kind::Dict => self.new_iter(IterOf::Keys, value, 0, 0),
            Kind::Set => {
                let dict = self.set_dict(self.heap.expect(value));
                self.new_iter(IterOf::Keys, dict.value(), 0, 0)
            }
            Kind::DictView => {
                let DictView { dict, of } = self.heap[self.heap.expect::<DictView>(value)];
                let of = match of {
                    ViewOf::Keys => IterOf::Keys,
                    ViewOf::Values => IterOf::Values,
                    ViewOf::Items => IterOf::Items,
                };
                self.new_iter(of, dict.value(), 0, 0)
            }
            Kind::Range => {
                let Range { start, stop, step } = self.heap[self.heap.expect::<Range>(value)];
                let iter = Iter {
                    of: IterOf::Range,
                    source: Value::NONE,
                    extra: None,
                    at: start,
                    end: stop,
                    step,
                };
                Ok(self.alloc(iter)?.value())
            }
            Kind::Deque => self.new_iter(IterOf::Deque, value, 0, 0),
            Kind::Generator | Kind::Iter => Ok(value),
            Kind::StringIo | Kind::File | Kind::RingIo => self.new_iter(IterOf::Lines, value, 0, 0),
            Kind::Instance | Kind::Foreign => self.iterate_instance(value),
            _ => Err(self.not_iterable(value)),
        }
    }

    pub(crate) fn iterate_instance(&mut self, value: Value) -> Result<Value> {
        if let Some(found) = self.lookup_special(value, q::__iter__)? {
            return self.call_found(found, &[]);
        }
        if self.lookup_special(value, q::__getitem__)?.is_some() {
            return self.new_iter(IterOf::Subscript, value, 0, 0);
        }
        let native = self.native_of(value);
        if native != value {
            return self.iterate(native);
        }
        let slots = self.type_info(self.native_type(value)).slots;
        if slots.stream.is_some() {
            return self.new_iter(IterOf::Lines, value, 0, 0);
        }
        Err(self.not_iterable(value))
    }

    #[cold]
    pub(crate) fn not_iterable(&mut self, value: Value) -> Raised {
        let name = self.type_name(value);
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"'"),
                Piece::Name(name),
                Piece::Text(b"' object isn't iterable"),
            ],
        )
    }

    /// The next item of an iterator, `None` at its end; what it returned is then in `stop_value`.
    pub fn iterate_next(&mut self, iterator: Value) -> Result<Option<Value>> {
        let Some(header) = self.heap.header(iterator) else {
            return Err(self.not_an_iterator(iterator));
        };
        match Kind::of(header.kind()) {
            Kind::Generator => {
                let generator: Ref<Generator> = self.heap.expect(iterator);
                self.stop_value = Value::NONE;
                if self.heap[generator].progress == Progress::Finished {
                    return Ok(None);
                }
                let (item, returned) = self.resume(generator, Value::NONE, None)?;
                self.stop_value = returned;
                Ok(item)
            }
            Kind::Iter => {
                let top = self.stack_len();
                self.push(iterator)?;
                self.stop_value = Value::NONE;
                let next = self.descend(|vm| vm.advance(vm.heap.expect(iterator)));
                self.truncate(top);
                self.stopped_iterator(next)
            }
            Kind::Instance | Kind::Foreign => {
                if let Some(found) = self.lookup_special(iterator, q::__next__)? {
                    let outcome = self.call_found(found, &[]);
                    return self.stopped_iterator(outcome.map(Some));
                }
                Err(self.not_an_iterator(iterator))
            }
            Kind::StringIo | Kind::File => self.read_line_or_end(iterator),
            _ => Err(self.not_an_iterator(iterator)),
        }
    }

    /// `StopIteration` is the end; its value is kept.
    pub(crate) fn stopped_iterator(
        &mut self,
        outcome: Result<Option<Value>>,
    ) -> Result<Option<Value>> {
        match outcome {
            Err(Raised) if self.exception_is(TypeId::StopIteration) => {
                let exception = self.take_exception();
                self.stop_value = self.exception_value(exception);
                Ok(None)
            }
            outcome => outcome,
        }
    }

    #[cold]
    pub(crate) fn not_an_iterator(&mut self, value: Value) -> Raised {
        let name = self.type_name(value);
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"'"),
                Piece::Name(name),
                Piece::Text(b"' object isn't an iterator"),
            ],
        )
    }

    pub(crate) fn advance(&mut self, iter: Ref<Iter>) -> Result<Option<Value>> {
        let body = self.heap[iter];
        let at = body.at;
        match body.of {
            IterOf::Sequence => {
                let item = self.sequence_item(body.source, at as usize)?;
                if item.is_some() {
                    self.heap[iter].at = at + 1;
                }
                Ok(item)
            }
            IterOf::Text => {
                let text = self.bytes_of(body.source);
                let at = at as usize;
                if at >= text.len() {
                    return Ok(None);
                }
                let len = crate::types::str::char_len(text[at]).min(text.len() - at);
                self.heap[iter].at = (at + len) as isize;
                self.substring(body.source, at, at + len).map(Some)
            }
            IterOf::Keys | IterOf::Values | IterOf::Items => self.next_entry(iter, body),
            IterOf::Subscript => {
                self.heap[iter].at = at + 1;
                match self.subscript(body.source, Value::small(at)) {
                    Ok(value) => Ok(Some(value)),
                    Err(Raised)
                        if self.exception_is(TypeId::IndexError)
                            || self.exception_is(TypeId::StopIteration) =>
                    {
                        self.exception = None;
                        Ok(None)
                    }
                    Err(Raised) => Err(Raised),
                }
            }
            IterOf::Range => {
                if (body.step > 0 && at < body.end) || (body.step < 0 && at > body.end) {
                    self.heap[iter].at = at.saturating_add(body.step);
                    return self.new_int(at as i64).map(Some);
                }
                Ok(None)
            }
            IterOf::Map => self.next_mapped(body),
            IterOf::Filter => self.next_filtered(body),
            IterOf::Zip => self.next_zipped(body),
            IterOf::Enumerate => {
                let Some(item) = self.iterate_next(body.source)? else {
                    return Ok(None);
                };
                self.heap[iter].at = at + 1;
                let number = self.new_int(at as i64)?;
                self.new_tuple(&[number, item]).map(Some)
            }
            IterOf::Reversed => {
                if at == 0 {
                    return Ok(None);
                }
                self.heap[iter].at = at - 1;
                self.subscript(body.source, Value::small(at - 1)).map(Some)
            }
            IterOf::Deque => {
                let item = self.deque_item(self.heap.expect::<Deque>(body.source), at as usize);
                self.heap[iter].at = at + 1;
                Ok(item)
            }
            IterOf::Lines => self.read_line_or_end(body.source),
        }
    }

    pub(crate) fn next_entry(&mut self, iter: Ref<Iter>, body: Iter) -> Result<Option<Value>> {
        let dict: Ref<Dict> = self.heap.expect(body.source);
        let Some((number, key, value)) = self.heap[dict].map.next(body.at as usize) else {
            return Ok(None);
        };
        self.heap[iter].at = number as isize + 1;
        Ok(Some(match body.of {
            IterOf::Keys => key,
            IterOf::Values => value,
            _ => self.new_tuple(&[key, value])?,
        }))
    }

    pub(crate) fn next_mapped(&mut self, body: Iter) -> Result<Option<Value>> {
        let function = body.extra.unwrap_or(Value::NONE);
        let top = self.stack_len();
        self.push(function)?;
        let base = top + 1;
        let mut index = 0;
        while let Some(iterator) = self.item_at(body.source, index) {
            let Some(item) = self.iterate_next(iterator)? else {
                self.truncate(top);
                return Ok(None);
            };
            self.push(item)?;
            index += 1;
        }
        let value = self.call_on_stack(function, base, 0)?;
        self.truncate(top);
        Ok(Some(value))
    }

    pub(crate) fn next_filtered(&mut self, body: Iter) -> Result<Option<Value>> {
        let function = body.extra.unwrap_or(Value::NONE);
        while let Some(item) = self.iterate_next(body.source)? {
            self.push(item)?;
            let answer = if function.is_none() {
                item
            } else {
                self.call(function, &[item])?
            };
            let keep = self.truth(answer)?;
            self.pop();
            if keep {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    pub(crate) fn next_zipped(&mut self, body: Iter) -> Result<Option<Value>> {
        let top = self.stack_len();
        let mut index = 0;
        while let Some(iterator) = self.item_at(body.source, index) {
            let Some(item) = self.iterate_next(iterator)? else {
                self.truncate(top);
                return Ok(None);
            };
            self.push(item)?;
            index += 1;
        }
        if index == 0 {
            return Ok(None);
        }
        let tuple = self.tuple_from_stack(top, index)?;
        self.truncate(top);
        Ok(Some(tuple))
    }

    /// An item of a sequence of bytes or values by index, `None` behind its end.
    pub(crate) fn sequence_item(&mut self, source: Value, index: usize) -> Result<Option<Value>> {
        if let Some(items) = self.items_of(source) {
            return Ok(items.get(index).copied());
        }
        if let Some(array) = self.heap.cast::<Array>(source) {
            return if index < self.array_len(array) {
                self.array_get(array, index).map(Some)
            } else {
                Ok(None)
            };
        }
        if let Some(view) = self.heap.cast::<MemoryView>(source) {
            return if index < self.view_len(view) {
                self.view_get(view, index).map(Some)
            } else {
                Ok(None)
            };
        }
        Ok(self
            .bytes_of(source)
            .get(index)
            .map(|&byte| Value::small(isize::from(byte))))
    }

    /// Sends a value to any iterator: what it yields, or what it returned.
    pub(crate) fn send_to(
        &mut self,
        iterator: Value,
        sent: Value,
    ) -> Result<(Option<Value>, Value)> {
        if let Some(generator) = self.heap.cast::<Generator>(iterator) {
            return match self.resume(generator, sent, None) {
                Err(Raised) if self.exception_is(TypeId::StopIteration) => {
                    let exception = self.take_exception();
                    Ok((None, self.exception_value(exception)))
                }
                outcome => outcome,
            };
        }
        if sent.is_none() {
            if let Some(found) = self.lookup_special(iterator, q::__next__)? {
                return match self.call_found(found, &[]) {
                    Ok(value) => Ok((Some(value), Value::NONE)),
                    Err(Raised) if self.exception_is(TypeId::StopIteration) => {
                        let exception = self.take_exception();
                        Ok((None, self.exception_value(exception)))
                    }
                    Err(Raised) => Err(Raised),
                };
            }
            if self.heap.cast::<File>(iterator).is_none()
                && self.heap.cast::<StringIo>(iterator).is_none()
            {
                let item = self.iterate_next(iterator)?;
                return Ok((item, self.stop_value));
            }
        }
        let found = self.load_method(iterator, q::send)?;
        match self.call_found(found, &[sent]) {
            Ok(value) => Ok((Some(value), Value::NONE)),
            Err(Raised) if self.exception_is(TypeId::StopIteration) => {
                let exception = self.take_exception();
                Ok((None, self.exception_value(exception)))
            }
            Err(Raised) => Err(Raised),
        }
    }
}
