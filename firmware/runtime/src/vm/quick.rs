//! What the dispatch loop does by itself in the commonest cases, and answers of `None` for the general way.

use upy_bytecode::{BinaryOp, Opcode};

use crate::heap::Ref;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::float::Real;
use crate::types::{Array, Bytes, Cell, Float, Generator, Iter, IterOf, List, Progress, Tuple};
use crate::value::Value;

/// The type code of a `bytearray`.
const BYTEARRAY: u8 = 0;

/// Truth of the values whose truth is known without a look into the heap.
#[inline]
pub(super) fn known_truth(value: Value) -> Option<bool> {
    match value {
        Value::TRUE => Some(true),
        Value::FALSE | Value::NONE => Some(false),
        _ => value.as_small().map(|number| number != 0),
    }
}

pub(super) const JUMP_IF_TRUE: u8 = Opcode::PopJumpIfTrue.byte();
pub(super) const JUMP_IF_FALSE: u8 = Opcode::PopJumpIfFalse.byte();

/// The byte of a binary operator.
const fn binary_byte(op: BinaryOp) -> u8 {
    Opcode::BinaryOpMulti.byte() + op as u8
}

/// What an operation on two small integers gives.
pub(super) enum Quick {
    Value(Value),
    Truth(bool),
    /// They are no small integers, or the result is none.
    No,
}

/// An operation on two small integers, by its opcode byte.
#[inline]
pub(super) fn quick_binary(byte: u8, left: Option<Value>, right: Option<Value>) -> Quick {
    const LESS: u8 = binary_byte(BinaryOp::Less);
    const MORE: u8 = binary_byte(BinaryOp::More);
    const EQUAL: u8 = binary_byte(BinaryOp::Equal);
    const LESS_EQUAL: u8 = binary_byte(BinaryOp::LessEqual);
    const MORE_EQUAL: u8 = binary_byte(BinaryOp::MoreEqual);
    const NOT_EQUAL: u8 = binary_byte(BinaryOp::NotEqual);
    const ADD: u8 = binary_byte(BinaryOp::Add);
    const INPLACE_ADD: u8 = binary_byte(BinaryOp::InplaceAdd);
    const SUBTRACT: u8 = binary_byte(BinaryOp::Subtract);
    const INPLACE_SUBTRACT: u8 = binary_byte(BinaryOp::InplaceSubtract);
    const AND: u8 = binary_byte(BinaryOp::And);
    const INPLACE_AND: u8 = binary_byte(BinaryOp::InplaceAnd);
    const OR: u8 = binary_byte(BinaryOp::Or);
    const INPLACE_OR: u8 = binary_byte(BinaryOp::InplaceOr);
    const XOR: u8 = binary_byte(BinaryOp::Xor);
    const INPLACE_XOR: u8 = binary_byte(BinaryOp::InplaceXor);
    const MULTIPLY: u8 = binary_byte(BinaryOp::Multiply);
    const INPLACE_MULTIPLY: u8 = binary_byte(BinaryOp::InplaceMultiply);
    const LSHIFT: u8 = binary_byte(BinaryOp::Lshift);
    const INPLACE_LSHIFT: u8 = binary_byte(BinaryOp::InplaceLshift);
    const RSHIFT: u8 = binary_byte(BinaryOp::Rshift);
    const INPLACE_RSHIFT: u8 = binary_byte(BinaryOp::InplaceRshift);
    const MODULO: u8 = binary_byte(BinaryOp::Modulo);
    const INPLACE_MODULO: u8 = binary_byte(BinaryOp::InplaceModulo);
    const FLOOR_DIVIDE: u8 = binary_byte(BinaryOp::FloorDivide);
    const INPLACE_FLOOR_DIVIDE: u8 = binary_byte(BinaryOp::InplaceFloorDivide);
    let (Some(left), Some(right)) = (left, right) else {
        return Quick::No;
    };
    if !left.both_small(right) {
        return Quick::No;
    }
    let (a, b) = (left.word() as isize, right.word() as isize);
    let some = |value: Option<Value>| value.map_or(Quick::No, Quick::Value);
    // The tags are equal, so the words compare as the numbers do, and `&` and `|` keep them.
    let tagged = |word: isize| Quick::Value(Value::small(word >> 1));
    match byte {
        LESS => Quick::Truth(a < b),
        MORE => Quick::Truth(a > b),
        EQUAL => Quick::Truth(a == b),
        LESS_EQUAL => Quick::Truth(a <= b),
        MORE_EQUAL => Quick::Truth(a >= b),
        NOT_EQUAL => Quick::Truth(a != b),
        ADD | INPLACE_ADD => some(left.add_small(right)),
        SUBTRACT | INPLACE_SUBTRACT => some(left.subtract_small(right)),
        AND | INPLACE_AND => tagged(a & b),
        OR | INPLACE_OR => tagged(a | b),
        XOR | INPLACE_XOR => tagged(a ^ b),
        MULTIPLY | INPLACE_MULTIPLY => {
            some((a >> 1).checked_mul(b >> 1).and_then(Value::try_small))
        }
        RSHIFT | INPLACE_RSHIFT if b >= 0 => {
            let count = (b >> 1).min(isize::BITS as isize - 1);
            tagged(a >> count)
        }
        LSHIFT | INPLACE_LSHIFT if (0..isize::BITS as isize - 2).contains(&(b >> 1)) => {
            let shifted = (a >> 1) << (b >> 1);
            if shifted >> (b >> 1) == a >> 1 {
                some(Value::try_small(shifted))
            } else {
                Quick::No
            }
        }
        MODULO | INPLACE_MODULO if b > 1 => some(Value::try_small((a >> 1).rem_euclid(b >> 1))),
        FLOOR_DIVIDE | INPLACE_FLOOR_DIVIDE if b > 1 => {
            some(Value::try_small((a >> 1).div_euclid(b >> 1)))
        }
        _ => Quick::No,
    }
}

impl Vm<'_> {
    #[inline]
    pub(super) fn cell_content(&self, cell: Option<Value>) -> Option<Value> {
        self.heap[self.heap.cast::<Cell>(cell?)?].content
    }

    #[inline]
    pub(super) fn set_cell(&mut self, cell: Option<Value>, content: Option<Value>) -> bool {
        let Some(cell) = cell.and_then(|value| self.heap.cast::<Cell>(value)) else {
            return false;
        };
        self.heap[cell].content = content;
        true
    }

    /// A range being iterated: its next item; the outer `None` if it is no range.
    #[inline]
    pub(super) fn quick_range(&mut self, iterator: Value) -> Option<Option<Value>> {
        let iterator = self.heap.cast::<Iter>(iterator)?;
        let body = &mut self.heap[iterator];
        if body.of != IterOf::Range {
            return None;
        }
        if (body.step > 0 && body.at < body.end) || (body.step < 0 && body.at > body.end) {
            // A number too large for a small integer is left to the general way.
            let value = Value::try_small(body.at)?;
            body.at = body.at.saturating_add(body.step);
            return Some(Some(value));
        }
        Some(None)
    }

    #[inline]
    pub(super) fn fresh_generator(&self, value: Value) -> Option<Ref<Generator>> {
        let generator = self.heap.cast::<Generator>(value)?;
        let body = &self.heap[generator];
        (body.progress <= Progress::Delegating && body.pending.is_none()).then_some(generator)
    }

    /// A generator a value can be sent to without an error.
    pub(super) fn sendable(&self, value: Value, sent: Value) -> Option<Ref<Generator>> {
        let generator = self.fresh_generator(value)?;
        (sent.is_none() || self.heap[generator].progress != Progress::Fresh).then_some(generator)
    }

    /// An item of a list, tuple, `bytes` or `bytearray` by a small index that is in range and not negative.
    #[inline]
    pub(super) fn quick_item(&self, object: Value, index: Value) -> Option<Value> {
        let index = index.as_small()? as usize;
        if let Some(list) = self.heap.cast::<List>(object) {
            return self.heap[list].items.get(index).copied();
        }
        self.quick_byte_or_item(object, index)
    }

    pub(super) fn quick_byte_or_item(&self, object: Value, index: usize) -> Option<Value> {
        let byte = if let Some(array) = self.heap.cast::<Array>(object) {
            let body = &self.heap[array];
            if body.typecode != BYTEARRAY {
                return None;
            }
            *body.items.get(index)?
        } else if let Some(tuple) = self.heap.cast::<Tuple>(object) {
            return self.heap.tail(tuple).get(index).copied();
        } else {
            let bytes = self.heap.cast::<Bytes>(object)?;
            *self.heap.tail(bytes).get(index)?
        };
        Some(Value::small(isize::from(byte)))
    }

    #[inline]
    pub(super) fn quick_store(
        &mut self,
        object: Value,
        index: Value,
        value: Option<Value>,
    ) -> bool {
        let (Some(index), Some(value)) = (index.as_small(), value) else {
            return false;
        };
        let Some(list) = self.heap.cast::<List>(object) else {
            return self.quick_store_byte(object, index as usize, value);
        };
        match self.heap[list].items.get_mut(index as usize) {
            Some(slot) => {
                *slot = value;
                true
            }
            None => false,
        }
    }

    pub(super) fn quick_store_byte(&mut self, object: Value, index: usize, value: Value) -> bool {
        let Some(array) = self.heap.cast::<Array>(object) else {
            return false;
        };
        let Some(byte) = value.as_small().and_then(|value| u8::try_from(value).ok()) else {
            return false;
        };
        let body = &mut self.heap[array];
        match body.items.get_mut(index) {
            Some(slot) if body.typecode == BYTEARRAY => {
                *slot = byte;
                true
            }
            _ => false,
        }
    }

    /// A binary operator by its opcode byte, for what is not done in the loop.
    #[inline(never)]
    pub(super) fn binary_by_byte(
        &mut self,
        byte: u8,
        left: Option<Value>,
        right: Option<Value>,
    ) -> Result<Value> {
        let op = BinaryOp::ALL[usize::from(byte - Opcode::BinaryOpMulti.byte())];
        let (left, right) = (left.unwrap_or(Value::NONE), right.unwrap_or(Value::NONE));
        if let Some(answer) = self.quick_float(op, left, right) {
            return answer;
        }
        self.binary(op, left, right)
    }

    /// The commonest operations on two numbers, at least one of them a float.
    pub(super) fn quick_float(
        &mut self,
        op: BinaryOp,
        left: Value,
        right: Value,
    ) -> Option<Result<Value>> {
        let float = |value: Value| {
            let float = self.heap.cast::<Float>(value)?;
            Some(self.heap[float].number)
        };
        let (a, b) = match (float(left), float(right)) {
            (Some(a), Some(b)) => (a, b),
            (Some(a), None) => (a, right.as_small()? as Real),
            (None, Some(b)) => (left.as_small()? as Real, b),
            (None, None) => return None,
        };
        let number = match op {
            BinaryOp::Add | BinaryOp::InplaceAdd => a + b,
            BinaryOp::Subtract | BinaryOp::InplaceSubtract => a - b,
            BinaryOp::Multiply | BinaryOp::InplaceMultiply => a * b,
            BinaryOp::TrueDivide | BinaryOp::InplaceTrueDivide if b != 0.0 => a / b,
            BinaryOp::Less => return Some(Ok(Value::bool(a < b))),
            BinaryOp::More => return Some(Ok(Value::bool(a > b))),
            BinaryOp::LessEqual => return Some(Ok(Value::bool(a <= b))),
            BinaryOp::MoreEqual => return Some(Ok(Value::bool(a >= b))),
            _ => return None,
        };
        Some(self.new_float(number))
    }
}
