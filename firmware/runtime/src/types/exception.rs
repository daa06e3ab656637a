//! Exceptions: making them, their fields, their text.

use crate::heap::Ref;
use crate::intern::Qstr;
use crate::names as q;
use crate::native::{Args, Entry};
use crate::ops::format::Sink;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Class, Exception, TypeId};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[];

/// Names of the error numbers that have one.
pub(crate) const ERRNO: &[(i32, Qstr)] = &[
    (1, q::EPERM),
    (2, q::ENOENT),
    (5, q::EIO),
    (9, q::EBADF),
    (11, q::EAGAIN),
    (12, q::ENOMEM),
    (13, q::EACCES),
    (17, q::EEXIST),
    (19, q::ENODEV),
    (21, q::EISDIR),
    (22, q::EINVAL),
    (95, q::EOPNOTSUPP),
    (98, q::EADDRINUSE),
    (103, q::ECONNABORTED),
    (104, q::ECONNRESET),
    (105, q::ENOBUFS),
    (107, q::ENOTCONN),
    (110, q::ETIMEDOUT),
    (111, q::ECONNREFUSED),
    (113, q::EHOSTUNREACH),
    (114, q::EALREADY),
    (115, q::EINPROGRESS),
];

impl Vm<'_> {
    /// What `raise` is given as an exception object: a class is called.
    pub(crate) fn to_exception(&mut self, value: Value) -> Result<Value> {
        let class = TypeId::from_value(value).is_some_and(|class| self.is_exception_type(class))
            || self
                .heap
                .cast::<Class>(value)
                .is_some_and(|class| self.is_exception_type(self.heap[class].native));
        let value = if class { self.call(value, &[])? } else { value };
        if let Some(exception) = self.native_exception(value)
            && self.heap[exception].complete
        {
            return Ok(value);
        }
        Err(self.type_error(b"exceptions must derive from BaseException"))
    }

    /// `raise value`
    pub(crate) fn raise_object(&mut self, value: Value) {
        if let Ok(exception) = self.to_exception(value) {
            self.raise_value(exception);
        }
    }

    /// The first argument of an exception, or `None`.
    pub fn exception_value(&self, value: Value) -> Value {
        let args = self
            .native_exception(value)
            .and_then(|exception| self.heap[exception].args);
        args.and_then(|args| self.item_at(args, 0))
            .unwrap_or(Value::NONE)
    }

    pub(crate) fn exception_field(
        &mut self,
        exception: Ref<Exception>,
        name: Qstr,
    ) -> Result<Option<Value>> {
        let body = self.heap[exception];
        let args = match body.args {
            Some(args) => args,
            None => self.new_tuple(&[])?,
        };
        Ok(match name {
            q::args => Some(args),
            q::value => Some(self.item_at(args, 0).unwrap_or(Value::NONE)),
            q::errno if self.is_a(body.class, TypeId::OSError) => {
                Some(self.item_at(args, 0).unwrap_or(Value::NONE))
            }
            _ => None,
        })
    }

    /// `exception.__traceback__ = None` drops the traceback; nothing else can be set.
    pub(crate) fn store_exception_field(
        &mut self,
        exception: Ref<Exception>,
        object: Value,
        name: Qstr,
        value: Option<Value>,
    ) -> Result<()> {
        if name == q::__traceback__ && value == Some(Value::NONE) {
            self.heap[exception].traceback.truncate(0);
            return Ok(());
        }
        Err(self.no_attribute(object, name))
    }

    /// Writes an exception: its text, or its class and arguments.
    pub(crate) fn put_exception(
        &mut self,
        sink: Sink,
        exception: Ref<Exception>,
        repr: bool,
    ) -> Result<()> {
        let Exception { class, args, .. } = self.heap[exception];
        if repr {
            self.put_value(sink, Value::qstr(self.type_info(class).name))?;
            return self.put_exception_args(sink, exception);
        }
        let Some(args) = args else { return Ok(()) };
        let count = self.items_of(args).map_or(0, <[_]>::len);
        match count {
            0 => Ok(()),
            1 => {
                let only = self.item_at(args, 0).unwrap_or(Value::NONE);
                if self.is_a(class, TypeId::OSError)
                    && let Some(name) = only.as_small().and_then(errno_name)
                {
                    self.put(sink, b"[Errno ")?;
                    self.put_str(sink, only)?;
                    self.put(sink, b"] ")?;
                    return self.put_value(sink, Value::qstr(name));
                }
                self.put_str(sink, only)
            }
            2 if self.is_a(class, TypeId::OSError) => {
                let first = self.item_at(args, 0).unwrap_or(Value::NONE);
                let Some(name) = first.as_small().and_then(errno_name) else {
                    return self.put_repr(sink, args);
                };
                self.put(sink, b"[Errno ")?;
                self.put_str(sink, first)?;
                self.put(sink, b"] ")?;
                self.put_value(sink, Value::qstr(name))?;
                self.put(sink, b": ")?;
                let details = self.item_at(args, 1).unwrap_or(Value::NONE);
                self.put_str(sink, details)
            }
            _ => self.put_repr(sink, args),
        }
    }

    /// Writes the arguments of an exception in brackets.
    pub(crate) fn put_exception_args(
        &mut self,
        sink: Sink,
        exception: Ref<Exception>,
    ) -> Result<()> {
        self.put(sink, b"(")?;
        let args = self.heap[exception].args;
        let mut index = 0;
        while let Some(item) = args.and_then(|args| self.item_at(args, index)) {
            if index > 0 {
                self.put(sink, b", ")?;
            }
            self.put_repr(sink, item)?;
            index += 1;
        }
        if index == 1 {
            self.put(sink, b",")?;
        }
        self.put(sink, b")")
    }

    /// A local or captured variable has no value.
    #[cold]
    pub(crate) fn unbound_local(&mut self) -> Raised {
        self.raise_text(
            TypeId::NameError,
            b"local variable referenced before assignment",
        )
    }
}

/// The name of an error number.
pub(crate) fn errno_name(number: isize) -> Option<Qstr> {
    ERRNO
        .iter()
        .find(|(known, _)| *known as isize == number)
        .map(|&(_, name)| name)
}

/// `Exception(*args)`
pub(crate) fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.keywords > 0 {
        return Err(vm.type_error(b"function doesn't take keyword arguments"));
    }
    let arguments = vm.tuple_from_stack(args.base, args.count);
    let exception = match arguments {
        Ok(arguments) => vm.alloc(Exception::new(class, arguments)),
        Err(Raised) => Err(Raised),
    };
    match exception {
        Ok(exception) => Ok(exception.value()),
        // As MicroPython: without memory the exception kept for that is used.
        Err(Raised) if vm.heap.lock_depth > 0 => {
            vm.exception = None;
            Ok(vm.new_exception(class, args.get(vm, 0).filter(|_| args.count == 1)))
        }
        Err(Raised) => Err(Raised),
    }
}
