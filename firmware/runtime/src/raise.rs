//! A Python exception in flight.
//!
//! [`Raised`] carries nothing: the exception object waits in `Vm`, so that a result is one word.

use crate::heap::Ref;
use crate::ops::format::Piece;
use crate::state::Vm;
use crate::types::{Exception, Tuple, TypeId};
use crate::value::Value;

/// An exception is in flight; the object is in `Vm::exception`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised;

/// What everything that can raise returns.
pub type Result<T> = core::result::Result<T, Raised>;

impl Vm<'_> {
    /// Raises a built-in exception with a fixed message.
    #[cold]
    #[inline(never)]
    pub fn raise_text(&mut self, class: TypeId, message: &[u8]) -> Raised {
        self.raise(class, &[Piece::Text(message)])
    }

    /// Raises a built-in exception with a message made of pieces.
    #[cold]
    #[inline(never)]
    pub fn raise(&mut self, class: TypeId, message: &[Piece<'_>]) -> Raised {
        let top = self.stack_len();
        // Without memory for the message the exception goes without.
        let text = self.format_pieces(message).ok();
        let raised = self.raise_with(class, text);
        self.truncate(top);
        raised
    }

    /// Raises a built-in exception with one argument or none.
    #[cold]
    #[inline(never)]
    pub fn raise_with(&mut self, class: TypeId, argument: Option<Value>) -> Raised {
        let exception = self.new_exception(class, argument);
        self.raise_value(exception)
    }

    /// Raises an exception object.
    pub fn raise_value(&mut self, exception: Value) -> Raised {
        self.exception = Some(exception);
        Raised
    }

    /// Makes an exception object; without memory it is the one kept for that.
    pub fn new_exception(&mut self, class: TypeId, argument: Option<Value>) -> Value {
        if let Some(argument) = argument
            && self.push(argument).is_err()
        {
            return self.emergency(class, Some(argument));
        }
        let args = match argument {
            Some(argument) => self.new_tuple(&[argument]),
            None => self.new_tuple(&[]),
        };
        if argument.is_some() {
            self.pop();
        }
        let Ok(args) = args else {
            return self.emergency(class, argument);
        };
        match self.alloc(Exception::new(class, args)) {
            Ok(exception) => exception.value(),
            Err(Raised) => self.emergency(class, argument),
        }
    }

    /// The exception used when there is no memory for another.
    fn emergency(&mut self, class: TypeId, argument: Option<Value>) -> Value {
        let Some(value) = self.emergency_exception else {
            return Value::NONE;
        };
        let args = self
            .emergency_args
            .and_then(|args| self.heap.cast::<Tuple>(args));
        if let (Some(args), Some(argument)) = (args, argument) {
            self.heap.tail_mut(args)[0] = argument;
        }
        let args = argument.and(args).map(Ref::value);
        let exception: Ref<Exception> = self.heap.expect(value);
        let body = &mut self.heap[exception];
        body.class = class;
        body.args = args;
        body.traceback.truncate(0);
        value
    }

    /// Takes the exception in flight.
    pub fn take_exception(&mut self) -> Value {
        self.exception.take().unwrap_or(Value::NONE)
    }

    /// Whether the exception in flight is of a built-in class or one derived from it.
    pub fn exception_is(&self, class: TypeId) -> bool {
        self.exception
            .is_some_and(|value| self.is_instance(value, class))
    }

    /// Raises `TypeError`.
    pub fn type_error(&mut self, message: &[u8]) -> Raised {
        self.raise_text(TypeId::TypeError, message)
    }

    /// Raises `ValueError`.
    pub fn value_error(&mut self, message: &[u8]) -> Raised {
        self.raise_text(TypeId::ValueError, message)
    }

    /// Raises `OSError` with a number.
    pub fn os_error(&mut self, errno: i32) -> Raised {
        self.raise_with(TypeId::OSError, Some(Value::small(errno as isize)))
    }
}
