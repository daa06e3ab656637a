//! Unary operators, truth and length.

use upy_bytecode::UnaryOp;

use crate::intern::Qstr;
use crate::names as q;
use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Complex, Deque, Dict, DictView, Kind, TypeId};
use crate::value::Value;

impl Vm<'_> {
    /// Applies a unary operator.
    pub(crate) fn unary(&mut self, op: UnaryOp, value: Value) -> Result<Value> {
        if op == UnaryOp::Not {
            return Ok(Value::bool(!self.truth(value)?));
        }
        let special = match op {
            UnaryOp::Positive => q::__pos__,
            UnaryOp::Negative => q::__neg__,
            _ => q::__invert__,
        };
        if let Some(found) = self.lookup_special(value, special)? {
            return self.call_found(found, &[]);
        }
        let value = self.native_of(value);
        if self.is_int(value) {
            return self.int_unary(op, value);
        }
        if let (Some(number), true) = (self.float_of(value), op != UnaryOp::Invert) {
            return if op == UnaryOp::Negative {
                self.new_float(-number)
            } else {
                Ok(value)
            };
        }
        if let (Some(complex), true) = (self.heap.cast::<Complex>(value), op != UnaryOp::Invert) {
            let Complex { real, imag } = self.heap[complex];
            return if op == UnaryOp::Negative {
                self.new_complex(-real, -imag)
            } else {
                Ok(value)
            };
        }
        let name = self.type_name(value);
        let symbol = match op {
            UnaryOp::Positive => q::__pos__,
            UnaryOp::Negative => q::__neg__,
            _ => q::__invert__,
        };
        Err(self.unsupported_unary(symbol, name))
    }

    /// The error of an operator a type does not have.
    #[cold]
    pub(crate) fn unsupported_unary(&mut self, special: Qstr, name: Qstr) -> Raised {
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"unsupported type for "),
                Piece::Name(special),
                Piece::Text(b": '"),
                Piece::Name(name),
                Piece::Text(b"'"),
            ],
        )
    }

    /// Whether a value counts as true.
    pub fn truth(&mut self, value: Value) -> Result<bool> {
        if let Some(number) = value.as_small() {
            return Ok(number != 0);
        }
        match value {
            Value::TRUE => return Ok(true),
            Value::FALSE | Value::NONE => return Ok(false),
            _ => {}
        }
        if let Some(name) = value.as_qstr() {
            return Ok(name != q::empty);
        }
        let Some(header) = self.heap.header(value) else {
            return Ok(true);
        };
        match Kind::of(header.kind()) {
            Kind::Int => Ok(true),
            Kind::Float => Ok(self.float_of(value) != Some(0.0)),
            Kind::Complex => {
                let Complex { real, imag } = self.heap[self.heap.expect::<Complex>(value)];
                Ok(real != 0.0 || imag != 0.0)
            }
            Kind::Instance | Kind::Foreign => {
                if let Some(found) = self.lookup_special(value, q::__bool__)? {
                    let answer = self.call_found(found, &[])?;
                    return self.truth(answer);
                }
                if let Some(found) = self.lookup_special(value, q::__len__)? {
                    let answer = self.call_found(found, &[])?;
                    return self.truth(answer);
                }
                let native = self.native_of(value);
                if native == value {
                    Ok(true)
                } else {
                    self.truth(native)
                }
            }
            _ => Ok(self.native_len(value) != Some(0)),
        }
    }

    /// The length of a built-in container.
    pub(crate) fn native_len(&self, value: Value) -> Option<usize> {
        if value.as_qstr().is_some() {
            return Some(self.str_len(value));
        }
        let header = self.heap.header(value)?;
        Some(match Kind::of(header.kind()) {
            Kind::Str => self.str_len(value),
            Kind::Bytes => self.bytes_of(value).len(),
            Kind::Array => self.array_len(self.heap.expect(value)),
            Kind::MemoryView => self.view_len(self.heap.expect(value)),
            Kind::List | Kind::Tuple | Kind::NamedTuple => self.items_of(value)?.len(),
            Kind::Dict => self.heap[self.heap.expect::<Dict>(value)].map.len(),
            Kind::Set => self.heap[self.set_dict(self.heap.expect(value))].map.len(),
            Kind::DictView => self.heap[self.heap[self.heap.expect::<DictView>(value)].dict]
                .map
                .len(),
            Kind::Range => self.range_len(self.heap.expect(value)),
            Kind::Deque => self.heap[self.heap.expect::<Deque>(value)].len as usize,
            _ => return None,
        })
    }

    /// `len(value)`
    pub fn length(&mut self, value: Value) -> Result<Value> {
        if let Some(len) = self.native_len(value) {
            return self.new_unsigned(len as u64);
        }
        if let Some(found) = self.lookup_special(value, q::__len__)? {
            return self.call_found(found, &[]);
        }
        if let Some(len) = self.native_len(self.native_of(value)) {
            return self.new_unsigned(len as u64);
        }
        let name = self.type_name(value);
        Err(self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"object of type '"),
                Piece::Name(name),
                Piece::Text(b"' has no len()"),
            ],
        ))
    }
}
