//! Equality, order and hashes.

use upy_bytecode::BinaryOp;

use crate::heap::Ref;
use crate::intern;
use crate::names as q;
use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Bytes, Complex, Deque, Dict, Kind, Range, Slice, Str, TypeId};
use crate::value::Value;

impl Vm<'_> {
    /// `left == right`
    pub fn equal(&mut self, left: Value, right: Value) -> Result<bool> {
        if left == right {
            return Ok(!self.is_nan(left));
        }
        if left.is_small() && right.is_small() {
            return Ok(false);
        }
        if self.is_str(left) && self.is_str(right) {
            return Ok(self.same_text(left, right));
        }
        if self.is_plain_instance(left) || self.is_plain_instance(right) {
            return self.equal_instances(left, right);
        }
        let (left, right) = (self.native_of(left), self.native_of(right));
        if left == right {
            return Ok(true);
        }
        self.equal_natives(left, right)
    }

    /// Whether a number is one that differs from itself.
    fn is_nan(&self, value: Value) -> bool {
        if let Some(complex) = self.heap.cast::<Complex>(value) {
            let Complex { real, imag } = self.heap[complex];
            return real.is_nan() || imag.is_nan();
        }
        self.float_of(value).is_some_and(|number| number.is_nan())
    }

    /// Whether a value is an instance whose class may say what equality is.
    fn is_plain_instance(&self, value: Value) -> bool {
        self.heap.cast::<crate::types::Instance>(value).is_some()
    }

    fn equal_instances(&mut self, left: Value, right: Value) -> Result<bool> {
        for (this, other) in [(left, right), (right, left)] {
            if let Some(found) = self.lookup_special(this, q::__eq__)? {
                let answer = self.call_found(found, &[other])?;
                if answer != Value::NOT_IMPLEMENTED {
                    return self.truth(answer);
                }
            }
        }
        self.equal_without_methods(left, right)
    }

    /// Equality when no class has something to say about it.
    pub(crate) fn equal_without_methods(&mut self, left: Value, right: Value) -> Result<bool> {
        if left == right {
            return Ok(!self.is_nan(left));
        }
        let (inner_left, inner_right) = (self.native_of(left), self.native_of(right));
        if inner_left == left && inner_right == right {
            return if self.is_plain_instance(left) || self.is_plain_instance(right) {
                Ok(false)
            } else {
                self.equal(left, right)
            };
        }
        if self.native_exception(left).is_some() || self.native_exception(right).is_some() {
            return Ok(false);
        }
        self.equal(inner_left, inner_right)
    }

    fn same_text(&self, left: Value, right: Value) -> bool {
        if left.as_qstr().is_some() && right.as_qstr().is_some() {
            return false;
        }
        self.bytes_of(left) == self.bytes_of(right)
    }

    fn equal_natives(&mut self, left: Value, right: Value) -> Result<bool> {
        if self.is_number(left) && self.is_number(right) {
            return self.equal_numbers(left, right);
        }
        if let (Some(a), Some(b)) = (self.buffer_bytes(left), self.buffer_bytes(right)) {
            if self.native_type(left) != TypeId::Array && self.native_type(right) != TypeId::Array {
                return Ok(a == b);
            }
            // An array is no text of bytes, whatever its items are.
            if self.is_bytes(left) || self.is_bytes(right) {
                return Ok(false);
            }
            return self.equal_arrays(left, right);
        }
        let (Some(a), Some(b)) = (self.heap.header(left), self.heap.header(right)) else {
            return Ok(false);
        };
        match (Kind::of(a.kind()), Kind::of(b.kind())) {
            (Kind::List, Kind::List)
            | (Kind::Tuple | Kind::NamedTuple, Kind::Tuple | Kind::NamedTuple) => {
                self.equal_items(left, right)
            }
            (Kind::Dict, Kind::Dict) => {
                self.equal_dicts(self.heap.expect(left), self.heap.expect(right))
            }
            (Kind::Set, Kind::Set) => {
                self.equal_sets(self.heap.expect(left), self.heap.expect(right))
            }
            (Kind::Range, Kind::Range) => {
                let (a, b): (Ref<Range>, Ref<Range>) =
                    (self.heap.expect(left), self.heap.expect(right));
                let (len_a, len_b) = (self.range_len(a), self.range_len(b));
                let (a, b) = (self.heap[a], self.heap[b]);
                Ok(len_a == len_b
                    && (len_a == 0 || (a.start == b.start && (len_a == 1 || a.step == b.step))))
            }
            (Kind::Slice, Kind::Slice) => {
                let Slice { start, stop, step } = self.heap[self.heap.expect::<Slice>(left)];
                let other = self.heap[self.heap.expect::<Slice>(right)];
                Ok(self.equal(start, other.start)?
                    && self.equal(stop, other.stop)?
                    && self.equal(step, other.step)?)
            }
            (Kind::BoundMethod, Kind::BoundMethod) => {
                let a = self.heap[self.heap.expect::<crate::types::BoundMethod>(left)];
                let b = self.heap[self.heap.expect::<crate::types::BoundMethod>(right)];
                Ok(a.function == b.function && a.this == b.this)
            }
            _ => Ok(false),
        }
    }

    fn equal_items(&mut self, left: Value, right: Value) -> Result<bool> {
        let len = self.items_of(left).map_or(0, <[Value]>::len);
        if self.items_of(right).map_or(0, <[Value]>::len) != len {
            return Ok(false);
        }
        self.descend(|vm| {
            for index in 0..len {
                let (Some(a), Some(b)) = (vm.item_at(left, index), vm.item_at(right, index)) else {
                    break;
                };
                if !vm.equal(a, b)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// Runs something that may nest without bound, within the limit.
    pub fn descend<R>(&mut self, work: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        if self.native_depth >= self.native_limit {
            return Err(self.too_deep());
        }
        self.native_depth += 1;
        let outcome = work(self);
        self.native_depth -= 1;
        outcome
    }

    fn equal_dicts(&mut self, left: Ref<Dict>, right: Ref<Dict>) -> Result<bool> {
        if self.heap[left].map.len() != self.heap[right].map.len() {
            return Ok(false);
        }
        let ordered = self
            .heap
            .header(left.value())
            .is_some_and(|header| header.flags() & 1 != 0)
            && self
                .heap
                .header(right.value())
                .is_some_and(|header| header.flags() & 1 != 0);
        self.descend(|vm| {
            let (mut number, mut other_number) = (0, 0);
            while let Some((at, key, value)) = vm.heap[left].map.next(number) {
                number = at + 1;
                if ordered {
                    let Some((other_at, other_key, other)) = vm.heap[right].map.next(other_number)
                    else {
                        break;
                    };
                    other_number = other_at + 1;
                    if !vm.equal(key, other_key)? || !vm.equal(value, other)? {
                        return Ok(false);
                    }
                    continue;
                }
                let Some(other) = vm.dict_get(right, key)? else {
                    return Ok(false);
                };
                if !vm.equal(value, other)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// `hash(value)` as tables use it.
    pub fn hash(&mut self, value: Value) -> Result<u32> {
        if let Some(number) = value.as_small() {
            return Ok(hash_word(number as usize));
        }
        if self.is_str(value) {
            return Ok(self.str_hash(value));
        }
        if let Some(number) = self.integral(value) {
            return Ok(hash_word(number as usize));
        }
        let Some(header) = self.heap.header(value) else {
            return Ok(hash_word(value.word()));
        };
        match Kind::of(header.kind()) {
            Kind::Bytes => Ok(intern::hash(self.bytes_of(value))),
            Kind::Tuple | Kind::NamedTuple => self.hash_tuple(value),
            Kind::Int => Ok(self.hash_big(self.heap.expect(value))),
            Kind::Float => {
                let number = self.float_of(value).unwrap_or(0.0);
                Ok(hash_word(crate::types::float::bits(number) as usize))
            }
            Kind::Complex => {
                let Complex { real, imag } = self.heap[self.heap.expect::<Complex>(value)];
                // Equal numbers have equal hashes, whatever their types.
                let whole = real as isize;
                if imag == 0.0 && whole as crate::types::float::Real == real {
                    return Ok(hash_word(whole as usize));
                }
                let mixed = crate::types::float::bits(real)
                    ^ crate::types::float::bits(imag).rotate_left(7);
                Ok(hash_word(mixed as usize))
            }
            Kind::Instance | Kind::Foreign => self.hash_instance(value),
            Kind::Set if header.flags() & 1 != 0 => self.hash_set(self.heap.expect(value)),
            Kind::MemoryView => match self.buffer_bytes(value) {
                Some(bytes) => Ok(intern::hash(bytes)),
                None => Ok(0),
            },
            // For ordered dicts alone: `hash()` and plain dicts refuse it.
            Kind::Slice => {
                let Slice { start, stop, step } = self.heap[self.heap.expect::<Slice>(value)];
                let mut hash = 0x51ce_u32;
                for part in [start, stop, step] {
                    hash = hash.wrapping_mul(33) ^ self.hash(part)?;
                }
                Ok(hash)
            }
            Kind::BoundMethod => {
                let body = self.heap[self.heap.expect::<crate::types::BoundMethod>(value)];
                Ok(hash_word(
                    body.function.word() ^ body.this.word().rotate_left(5),
                ))
            }
            Kind::DictView
                if self.heap[self.heap.expect::<crate::types::DictView>(value)].of
                    == crate::types::ViewOf::Values =>
            {
                Ok(hash_word(value.word() >> 3))
            }
            Kind::List | Kind::Dict | Kind::Set | Kind::Array | Kind::Deque | Kind::DictView => {
                let name = self.type_name(value);
                Err(self.unhashable(name))
            }
            _ => Ok(hash_word(value.word() >> 3)),
        }
    }

    #[cold]
    pub(crate) fn unhashable(&mut self, name: crate::intern::Qstr) -> Raised {
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"unsupported type for __hash__: '"),
                Piece::Name(name),
                Piece::Text(b"'"),
            ],
        )
    }

    fn hash_tuple(&mut self, value: Value) -> Result<u32> {
        self.descend(|vm| {
            let mut hash: u32 = 0x345678;
            let mut index = 0;
            while let Some(item) = vm.item_at(value, index) {
                hash = hash.wrapping_mul(33) ^ vm.hash(item)?;
                index += 1;
            }
            Ok(hash)
        })
    }

    fn hash_instance(&mut self, value: Value) -> Result<u32> {
        if let Some(found) = self.lookup_special(value, q::__hash__)? {
            let answer = self.call_found(found, &[])?;
            let native = self.native_of(answer);
            if !self.is_int(native) {
                return Err(self.type_error(b"__hash__ must return an integer"));
            }
            return self.hash(native);
        }
        if self.lookup_special(value, q::__eq__)?.is_some() {
            let name = self.type_name(value);
            return Err(self.unhashable(name));
        }
        let native = self.native_of(value);
        if native != value && self.native_exception(value).is_none() {
            return self.hash(native);
        }
        Ok(hash_word(value.word() >> 3))
    }

    /// The hash of a string value.
    #[inline]
    pub(crate) fn str_hash(&mut self, value: Value) -> u32 {
        if let Some(name) = value.as_qstr() {
            return self.qstr_hash(name);
        }
        let object: Ref<Str> = self.heap.expect(value);
        let known = self.heap[object].hash;
        if known != 0 {
            return known;
        }
        let hash = intern::hash(self.heap.tail(object));
        self.heap[object].hash = hash;
        hash
    }

    /// `<`, `>`, `<=`, `>=` on two built-in values, `None` if they have no order.
    pub(crate) fn order(
        &mut self,
        op: BinaryOp,
        left: Value,
        right: Value,
    ) -> Result<Option<bool>> {
        if self.is_str(left) && self.is_str(right) {
            return Ok(Some(holds(
                op,
                self.bytes_of(left).cmp(self.bytes_of(right)),
            )));
        }
        let arrays = (self.native_type(left), self.native_type(right));
        if arrays.0 == TypeId::Array && arrays.1 == TypeId::Array {
            return self.order_arrays(op, left, right).map(Some);
        }
        if let (Some(a), Some(b)) = (self.buffer_bytes(left), self.buffer_bytes(right)) {
            return Ok(Some(holds(op, a.cmp(b))));
        }
        if arrays.0 == arrays.1 && matches!(arrays.0, TypeId::List | TypeId::Tuple) {
            return self.order_items(op, left, right);
        }
        if self.is_set(left) && self.is_set(right) {
            return self
                .order_sets(op, self.heap.expect(left), self.heap.expect(right))
                .map(Some);
        }
        Ok(None)
    }

    fn order_items(&mut self, op: BinaryOp, left: Value, right: Value) -> Result<Option<bool>> {
        self.descend(|vm| {
            let mut index = 0;
            loop {
                match (vm.item_at(left, index), vm.item_at(right, index)) {
                    (Some(a), Some(b)) => {
                        if !vm.equal(a, b)? {
                            let answer = vm.binary(op, a, b)?;
                            return vm.truth(answer).map(Some);
                        }
                    }
                    (a, b) => return Ok(Some(holds(op, a.is_some().cmp(&b.is_some())))),
                }
                index += 1;
            }
        })
    }

    /// The items of a deque in order, for comparing.
    pub(crate) fn deque_item(&self, deque: Ref<Deque>, index: usize) -> Option<Value> {
        let body = &self.heap[deque];
        if index >= body.len as usize {
            return None;
        }
        let at = (body.head as usize + index) % body.items.len().max(1);
        body.items.get(at).copied()
    }

    /// Whether a value is a string.
    #[inline]
    pub fn is_str(&self, value: Value) -> bool {
        value.as_qstr().is_some() || self.heap.cast::<Str>(value).is_some()
    }

    /// Whether a value is `bytes`.
    pub fn is_bytes(&self, value: Value) -> bool {
        self.heap.cast::<Bytes>(value).is_some()
    }
}

/// Whether an order makes a comparison true.
pub(crate) fn holds(op: BinaryOp, order: core::cmp::Ordering) -> bool {
    match op {
        BinaryOp::Less => order.is_lt(),
        BinaryOp::More => order.is_gt(),
        BinaryOp::LessEqual => order.is_le(),
        BinaryOp::MoreEqual => order.is_ge(),
        BinaryOp::NotEqual => order.is_ne(),
        _ => order.is_eq(),
    }
}

/// Mixes the bits of a word into a hash that is not 0.
pub(crate) fn hash_word(word: usize) -> u32 {
    let wide = word as u64;
    let folded = (wide ^ wide >> 32) as u32;
    let mixed = folded.wrapping_mul(0x9e37_79b1);
    (mixed ^ mixed >> 15) | 1
}
