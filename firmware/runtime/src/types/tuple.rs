//! Tuples and namedtuples.

use crate::heap::Ref;
use crate::intern::Qstr;
use crate::names as q;
use crate::native::{Args, Entry, function};
use crate::ops::format::{Piece, Sink};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::class::NAMEDTUPLE;
use crate::types::{Class, NamedTuple, Tuple, TypeId, list};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    function(q::count, list::count_items, 2, 2),
    function(q::index, list::index_of, 2, 4),
];

impl Vm<'_> {
    /// A tuple of these items.
    pub fn new_tuple(&mut self, items: &[Value]) -> Result<Value> {
        if let (true, Some(empty)) = (items.is_empty(), self.empty_tuple) {
            return Ok(empty);
        }
        let top = self.stack_len();
        for &item in items {
            self.push(item)?;
        }
        let tuple = self.alloc_tailed(Tuple, items.len(), Value::NONE)?;
        self.truncate(top);
        self.heap.tail_mut(tuple).copy_from_slice(items);
        Ok(tuple.value())
    }

    /// A tuple of values on the stack.
    pub fn tuple_from_stack(&mut self, from: usize, count: usize) -> Result<Value> {
        if let (0, Some(empty)) = (count, self.empty_tuple) {
            return Ok(empty);
        }
        let tuple = self.alloc_tailed(Tuple, count, Value::NONE)?;
        for index in 0..count {
            let item = self.stack_at(from + index);
            self.heap.tail_mut(tuple)[index] = item;
        }
        Ok(tuple.value())
    }

    /// A new tuple of the items of an iterable.
    pub(crate) fn tuple_from(&mut self, source: Value) -> Result<Value> {
        let native = self.native_of(source);
        if self.heap.cast::<Tuple>(native).is_some() {
            return Ok(native);
        }
        let list = self.list_from(source)?;
        let count = self.heap[list].items.len();
        self.push(list.value())?;
        let tuple = self.alloc_tailed(Tuple, count, Value::NONE)?;
        self.pop();
        for index in 0..count {
            let item = self.heap[list].items[index];
            self.heap.tail_mut(tuple)[index] = item;
        }
        Ok(tuple.value())
    }

    /// The names of a namedtuple class.
    fn field_names(&self, class: Ref<Class>) -> Option<Ref<Tuple>> {
        self.heap.cast(self.find_in_class(class, q::_fields)?)
    }

    fn field_index(&self, class: Ref<Class>, name: Qstr) -> Option<usize> {
        let names = self.field_names(class)?;
        self.heap
            .tail(names)
            .iter()
            .position(|&field| field == Value::qstr(name))
    }

    /// `point.x`
    pub(crate) fn namedtuple_field(&self, tuple: Ref<NamedTuple>, name: Qstr) -> Option<Value> {
        let class = self.heap[tuple].class;
        match self.field_index(class, name) {
            Some(index) => self.heap.tail(tuple).get(index).copied(),
            None => None,
        }
    }

    /// A namedtuple class with these field names, a tuple of interned strings.
    pub(crate) fn namedtuple_class(&mut self, name: Qstr, names: Value) -> Result<Ref<Class>> {
        let top = self.stack_len();
        self.push(names)?;
        let dict = self.new_dict()?;
        self.push(dict.value())?;
        self.set_name(dict, q::_fields, names)?;
        let bases = self.new_tuple(&[TypeId::Tuple.value()])?;
        let count = self.items_of(names).map_or(0, <[Value]>::len);
        let class = Class {
            name,
            bases,
            dict,
            native: TypeId::Tuple,
            fields: count as u16,
            features: NAMEDTUPLE,
        };
        let class = self.alloc(class);
        self.truncate(top);
        class
    }

    /// Makes an instance of a namedtuple class.
    pub(crate) fn make_namedtuple(&mut self, class: Ref<Class>, args: Args) -> Result<Value> {
        let count = usize::from(self.heap[class].fields);
        if args.count + args.keywords != count {
            return Err(self.wrong_namedtuple(class, count, args.count + args.keywords));
        }
        let tuple = self.alloc_tailed(NamedTuple { class }, count, Value::ABSENT)?;
        self.push(tuple.value())?;
        for index in 0..args.count {
            let item = args.at(self, index);
            self.heap.tail_mut(tuple)[index] = item;
        }
        for number in 0..args.keywords {
            let (key, value) = args.keyword(self, number);
            let index = key.as_qstr().and_then(|name| self.field_index(class, name));
            let Some(index) = index else {
                return Err(self.raise(
                    TypeId::TypeError,
                    &[
                        Piece::Text(b"unexpected keyword argument '"),
                        Piece::Str(key),
                        Piece::Text(b"'"),
                    ],
                ));
            };
            if self.heap.tail(tuple)[index] != Value::ABSENT {
                return Err(self.raise(
                    TypeId::TypeError,
                    &[
                        Piece::Text(b"function got multiple values for argument '"),
                        Piece::Str(key),
                        Piece::Text(b"'"),
                    ],
                ));
            }
            self.heap.tail_mut(tuple)[index] = value;
        }
        self.pop();
        Ok(tuple.value())
    }

    fn wrong_namedtuple(
        &mut self,
        class: Ref<Class>,
        count: usize,
        given: usize,
    ) -> crate::raise::Raised {
        let name = self.heap[class].name;
        self.named_mismatch(name, count, given)
    }

    pub(crate) fn put_namedtuple(&mut self, sink: Sink, tuple: Ref<NamedTuple>) -> Result<()> {
        let class = self.heap[tuple].class;
        let name = self.heap[class].name;
        self.put_value(sink, Value::qstr(name))?;
        self.put(sink, b"(")?;
        for index in 0..self.heap.tail_len(tuple) {
            if index > 0 {
                self.put(sink, b", ")?;
            }
            if let Some(names) = self.field_names(class) {
                let field = self.heap.tail(names)[index];
                self.put_str(sink, field)?;
            }
            self.put(sink, b"=")?;
            let item = self.heap.tail(tuple)[index];
            self.put_repr(sink, item)?;
        }
        self.put(sink, b")")
    }
}

/// `tuple(iterable=())`
pub(crate) fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    match args.get(vm, 0) {
        Some(source) => vm.tuple_from(source),
        None => vm.new_tuple(&[]),
    }
}

/// `collections.namedtuple(name, fields)`
pub(crate) fn namedtuple(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let name = args.at(vm, 0);
    let name = vm.intern_value(name)?;
    let fields = args.at(vm, 1);
    let list = if vm.is_str(fields) {
        let found = vm.load_method(fields, q::split)?;
        let words = vm.call_found(found, &[])?;
        vm.list_from(words)?
    } else {
        vm.list_from(fields)?
    };
    vm.push(list.value())?;
    let count = vm.heap[list].items.len();
    for index in 0..count {
        let field = vm.heap[list].items[index];
        if !vm.is_str(field) {
            return Err(crate::types::str::str_expected(vm, field));
        }
        let field = vm.intern_value(field)?;
        vm.heap[list].items[index] = Value::qstr(field);
    }
    let names = vm.tuple_from(list.value())?;
    Ok(vm.namedtuple_class(name, names)?.value())
}
