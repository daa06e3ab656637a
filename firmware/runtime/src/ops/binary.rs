//! Binary operators: special methods first, then the built-in types.

use upy_bytecode::BinaryOp;

use crate::intern::Qstr;
use crate::names as q;
use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Class, Deque, Dict, Instance, Kind, List, Tuple, TypeId};
use crate::value::Value;

/// The special methods of an operator: in place, plain, reversed. Absent ones are `None`.
fn special(op: BinaryOp) -> (Option<Qstr>, Option<Qstr>, Option<Qstr>) {
    use BinaryOp::*;
    match op {
        Less => (None, Some(q::__lt__), Some(q::__gt__)),
        More => (None, Some(q::__gt__), Some(q::__lt__)),
        LessEqual => (None, Some(q::__le__), Some(q::__ge__)),
        MoreEqual => (None, Some(q::__ge__), Some(q::__le__)),
        InplaceOr => (Some(q::__ior__), Some(q::__or__), Some(q::__ror__)),
        InplaceXor => (Some(q::__ixor__), Some(q::__xor__), Some(q::__rxor__)),
        InplaceAnd => (Some(q::__iand__), Some(q::__and__), Some(q::__rand__)),
        InplaceLshift => (
            Some(q::__ilshift__),
            Some(q::__lshift__),
            Some(q::__rlshift__),
        ),
        InplaceRshift => (
            Some(q::__irshift__),
            Some(q::__rshift__),
            Some(q::__rrshift__),
        ),
        InplaceAdd => (Some(q::__iadd__), Some(q::__add__), Some(q::__radd__)),
        InplaceSubtract => (Some(q::__isub__), Some(q::__sub__), Some(q::__rsub__)),
        InplaceMultiply => (Some(q::__imul__), Some(q::__mul__), Some(q::__rmul__)),
        InplaceMatMultiply => (
            Some(q::__imatmul__),
            Some(q::__matmul__),
            Some(q::__rmatmul__),
        ),
        InplaceFloorDivide => (
            Some(q::__ifloordiv__),
            Some(q::__floordiv__),
            Some(q::__rfloordiv__),
        ),
        InplaceTrueDivide => (
            Some(q::__itruediv__),
            Some(q::__truediv__),
            Some(q::__rtruediv__),
        ),
        InplaceModulo => (Some(q::__imod__), Some(q::__mod__), Some(q::__rmod__)),
        InplacePower => (Some(q::__ipow__), Some(q::__pow__), Some(q::__rpow__)),
        Or | Xor | And | Lshift | Rshift | Add | Subtract | Multiply | MatMultiply
        | FloorDivide | TrueDivide | Modulo | Power => {
            let (_, plain, reversed) = special(in_place(op));
            (None, plain, reversed)
        }
        Equal | NotEqual | In | Is | ExceptionMatch => (None, None, None),
    }
}

/// The in-place form of a plain arithmetic operator.
// ORDER BINARY
fn in_place(op: BinaryOp) -> BinaryOp {
    BinaryOp::ALL[op as usize - 13]
}

/// The plain form of an in-place operator; other operators stay.
pub(crate) fn plain(op: BinaryOp) -> BinaryOp {
    let number = op as usize;
    let first = BinaryOp::InplaceOr as usize;
    if (first..first + 13).contains(&number) {
        BinaryOp::ALL[number + 13]
    } else {
        op
    }
}

impl Vm<'_> {
    /// Applies a binary operator or comparison.
    pub fn binary(&mut self, op: BinaryOp, left: Value, right: Value) -> Result<Value> {
        match op {
            BinaryOp::Is => return Ok(Value::bool(left == right)),
            BinaryOp::Equal => return self.compare_equal(q::__eq__, left, right),
            BinaryOp::NotEqual => return self.compare_equal(q::__ne__, left, right),
            BinaryOp::In => return self.contains(right, left).map(Value::bool),
            BinaryOp::ExceptionMatch => return self.matches(left, right).map(Value::bool),
            _ => {}
        }
        if let Some(value) = self.number_binary(op, left, right)? {
            return Ok(value);
        }
        let (inplace, forward, reversed) = special(op);
        for name in [inplace, forward].into_iter().flatten() {
            if let Some(found) = self.lookup_special(left, name)? {
                let answer = self.call_found(found, &[right])?;
                if answer != Value::NOT_IMPLEMENTED {
                    return Ok(answer);
                }
            }
        }
        let (inner_left, inner_right) = (self.native_of(left), self.native_of(right));
        if self.heap.cast::<Instance>(inner_left).is_none()
            && let Some(value) = self.native_binary(op, inner_left, inner_right)?
        {
            return Ok(value);
        }
        if let Some(name) = reversed
            && let Some(found) = self.lookup_special(right, name)?
        {
            let answer = self.call_found(found, &[left])?;
            if answer != Value::NOT_IMPLEMENTED {
                return Ok(answer);
            }
        }
        Err(self.unsupported_binary(op, left, right))
    }

    /// `==` and `!=`; a class may answer with anything.
    fn compare_equal(&mut self, name: Qstr, left: Value, right: Value) -> Result<Value> {
        if !self.may_have_methods(left) && !self.may_have_methods(right) {
            let equal = self.equal_without_methods(left, right)?;
            return Ok(Value::bool(equal != (name == q::__ne__)));
        }
        if name == q::__ne__ {
            if let Some(found) = self.lookup_special(left, name)? {
                let answer = self.call_found(found, &[right])?;
                if answer != Value::NOT_IMPLEMENTED {
                    return Ok(answer);
                }
            }
            if self.lookup_special(left, q::__eq__)?.is_none()
                && let Some(found) = self.lookup_special(right, name)?
            {
                let answer = self.call_found(found, &[left])?;
                if answer != Value::NOT_IMPLEMENTED {
                    return Ok(answer);
                }
            }
            let answer = self.compare_equal(q::__eq__, left, right)?;
            return Ok(Value::bool(!self.truth(answer)?));
        }
        for (this, other) in [(left, right), (right, left)] {
            if let Some(found) = self.lookup_special(this, name)? {
                let answer = self.call_found(found, &[other])?;
                if answer != Value::NOT_IMPLEMENTED {
                    return Ok(answer);
                }
            }
        }
        Ok(Value::bool(self.equal_without_methods(left, right)?))
    }

    #[cold]
    fn unsupported_binary(&mut self, op: BinaryOp, left: Value, right: Value) -> Raised {
        // An operator in place is the ordinary one in the end.
        let (inplace, forward, _) = special(op);
        let name = forward.or(inplace).unwrap_or(q::empty);
        let (left, right) = (self.type_name(left), self.type_name(right));
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"unsupported types for "),
                Piece::Name(name),
                Piece::Text(b": '"),
                Piece::Name(left),
                Piece::Text(b"', '"),
                Piece::Name(right),
                Piece::Text(b"'"),
            ],
        )
    }

    /// An operator on two values that are no instances and not both numbers. `None`: they do not have it.
    fn native_binary(&mut self, op: BinaryOp, left: Value, right: Value) -> Result<Option<Value>> {
        if let Some(value) = self.number_binary(op, left, right)? {
            return Ok(Some(value));
        }
        if matches!(
            op,
            BinaryOp::Less | BinaryOp::More | BinaryOp::LessEqual | BinaryOp::MoreEqual
        ) {
            return Ok(self.order(op, left, right)?.map(Value::bool));
        }
        let base = plain(op);
        if base == BinaryOp::Multiply {
            if let Some(times) = self.small_of(right) {
                return self.repeat(left, times, op != base);
            }
            if let Some(times) = self.small_of(left) {
                return self.repeat(right, times, false);
            }
            return Ok(None);
        }
        if self.is_str(left) {
            return match base {
                BinaryOp::Add if self.is_str(right) => self.concat_text(left, right).map(Some),
                BinaryOp::Modulo => self.percent(left, right).map(Some),
                _ => Ok(None),
            };
        }
        let Some(header) = self.heap.header(left) else {
            return Ok(None);
        };
        match Kind::of(header.kind()) {
            Kind::Bytes if base == BinaryOp::Modulo => self.percent(left, right).map(Some),
            Kind::Bytes | Kind::Array if base == BinaryOp::Add => {
                self.concat_bytes(left, right, op != base)
            }
            Kind::List if base == BinaryOp::Add => {
                self.concat_lists(self.heap.expect(left), right, op != base)
            }
            Kind::Tuple | Kind::NamedTuple if base == BinaryOp::Add => {
                self.concat_tuples(left, right)
            }
            Kind::Dict if base == BinaryOp::Or => {
                self.join_dicts(self.heap.expect(left), right, op != base)
            }
            Kind::Set | Kind::DictView => self.set_binary(op, left, right),
            Kind::Deque if op == BinaryOp::InplaceAdd => {
                let deque = self.heap.expect(left);
                self.deque_extend(deque, right)?;
                Ok(Some(left))
            }
            _ => Ok(None),
        }
    }

    fn join_dicts(
        &mut self,
        left: crate::heap::Ref<Dict>,
        right: Value,
        in_place: bool,
    ) -> Result<Option<Value>> {
        let Some(right) = self.heap.cast::<Dict>(right) else {
            return Ok(None);
        };
        let target = if in_place {
            left
        } else {
            self.dict_copy(left)?
        };
        self.push(target.value())?;
        self.dict_merge(target, right)?;
        self.pop();
        Ok(Some(target.value()))
    }

    fn concat_lists(
        &mut self,
        left: crate::heap::Ref<List>,
        right: Value,
        in_place: bool,
    ) -> Result<Option<Value>> {
        if in_place {
            self.extend_list(left, right)?;
            return Ok(Some(left.value()));
        }
        let Some(right) = self.heap.cast::<List>(right) else {
            return Ok(None);
        };
        let joined = self.new_list(&[])?;
        let (first, second) = (self.heap[left].items, self.heap[right].items);
        let count = first.len() + second.len();
        if count > 0 {
            self.reserve(|vm| &mut vm.heap[joined].items, count)?;
        }
        for source in [left, right] {
            for index in 0..self.heap[source].items.len() {
                let item = self.heap[source].items[index];
                self.heap[joined].items.push_within(item);
            }
        }
        Ok(Some(joined.value()))
    }

    fn concat_tuples(&mut self, left: Value, right: Value) -> Result<Option<Value>> {
        let (Some(a), Some(b)) = (
            self.items_of(left).map(<[_]>::len),
            self.items_of(right).map(<[_]>::len),
        ) else {
            return Ok(None);
        };
        if self.heap.cast::<List>(right).is_some() {
            return Ok(None);
        }
        let joined = self.alloc_tailed(Tuple, a + b, Value::NONE)?;
        for index in 0..a + b {
            let item = if index < a {
                self.item_at(left, index)
            } else {
                self.item_at(right, index - a)
            };
            self.heap.tail_mut(joined)[index] = item.unwrap_or(Value::NONE);
        }
        Ok(Some(joined.value()))
    }

    /// `sequence * times`
    fn repeat(&mut self, sequence: Value, times: isize, in_place: bool) -> Result<Option<Value>> {
        let times = usize::try_from(times).unwrap_or(0);
        if self.is_str(sequence) || self.is_bytes(sequence) {
            return self.repeat_bytes(sequence, times).map(Some);
        }
        let Some(header) = self.heap.header(sequence) else {
            return Ok(None);
        };
        match Kind::of(header.kind()) {
            Kind::List => {
                let source = self.heap.expect::<List>(sequence);
                let len = self.heap[source].items.len();
                let target = if in_place {
                    source
                } else {
                    self.new_list(&[])?
                };
                let Some(total) = len.checked_mul(times) else {
                    return Err(self.no_memory(usize::MAX >> 1));
                };
                if in_place && times == 0 {
                    self.heap[target].items.truncate(0);
                    return Ok(Some(target.value()));
                }
                let have = self.heap[target].items.len();
                self.reserve(|vm| &mut vm.heap[target].items, total - have)?;
                for index in have..total {
                    let item = self.heap[source].items[index % len];
                    self.heap[target].items.push_within(item);
                }
                Ok(Some(target.value()))
            }
            Kind::Tuple | Kind::NamedTuple => {
                let len = self.items_of(sequence).map_or(0, <[_]>::len);
                let Some(total) = len.checked_mul(times) else {
                    return Err(self.no_memory(usize::MAX >> 1));
                };
                let target = self.alloc_tailed(Tuple, total, Value::NONE)?;
                for index in 0..total {
                    let item = self.item_at(sequence, index % len).unwrap_or(Value::NONE);
                    self.heap.tail_mut(target)[index] = item;
                }
                Ok(Some(target.value()))
            }
            Kind::Array => self
                .repeat_array(self.heap.expect(sequence), times)
                .map(Some),
            _ => Ok(None),
        }
    }

    /// `item in container`
    pub fn contains(&mut self, container: Value, item: Value) -> Result<bool> {
        if let Some(found) = self.lookup_special(container, q::__contains__)? {
            let answer = self.call_found(found, &[item])?;
            return self.truth(answer);
        }
        let native = self.native_of(container);
        if self.is_str(native) {
            if !self.is_str(item) {
                let name = self.type_name(item);
                return Err(self.no_conversion(name));
            }
            let (haystack, needle) = (self.bytes_of(native), self.bytes_of(item));
            return Ok(crate::types::str::find(haystack, needle).is_some());
        }
        if let Some(header) = self.heap.header(native) {
            match Kind::of(header.kind()) {
                Kind::Dict => return Ok(self.dict_find(self.heap.expect(native), item)?.is_some()),
                Kind::Set => {
                    let dict = self.set_dict(self.heap.expect(native));
                    return Ok(self.dict_find(dict, item)?.is_some());
                }
                Kind::Bytes | Kind::Array | Kind::MemoryView if self.small_of(item).is_none() => {
                    if let Some(answer) = self.bytes_contain(native, item)? {
                        return Ok(answer);
                    }
                }
                Kind::Deque => {
                    let deque = self.heap.expect::<Deque>(native);
                    let mut index = 0;
                    while let Some(other) = self.deque_item(deque, index) {
                        if self.equal(other, item)? {
                            return Ok(true);
                        }
                        index += 1;
                    }
                    return Ok(false);
                }
                _ => {}
            }
        }
        let top = self.stack_len();
        let mut cursor = self.cursor(container)?;
        self.push(cursor.source)?;
        while let Some(other) = self.cursor_next(&mut cursor)? {
            if self.equal(other, item)? {
                self.truncate(top);
                return Ok(true);
            }
        }
        self.truncate(top);
        Ok(false)
    }

    /// Whether an exception is of a class or of one in a tuple.
    fn matches(&mut self, exception: Value, class: Value) -> Result<bool> {
        if let Some(tuple) = self.heap.cast::<Tuple>(class) {
            for index in 0..self.heap.tail_len(tuple) {
                let class = self.heap.tail(tuple)[index];
                if self.matches(exception, class)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let is_exception = TypeId::from_value(class)
            .is_some_and(|class| self.is_exception_type(class))
            || self
                .heap
                .cast::<Class>(class)
                .is_some_and(|class| self.is_exception_type(self.heap[class].native));
        if !is_exception {
            let name = self.type_name(class);
            let _ = name;
            return Err(self.type_error(b"exceptions must derive from BaseException"));
        }
        if self.native_exception(exception).is_none() {
            return Ok(false);
        }
        Ok(self.is_instance_of(exception, class))
    }

    /// The error of a value that cannot be used as a string.
    pub(crate) fn no_conversion(&mut self, name: Qstr) -> Raised {
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"can't convert '"),
                Piece::Name(name),
                Piece::Text(b"' object to str implicitly"),
            ],
        )
    }
}
