//! Making functions and closures; entering and leaving context managers.

use crate::heap::Ref;
use crate::names as q;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Code, Dict, Function};
use crate::value::{Class as Immediate, Value};

impl Vm<'_> {
    /// Makes a function of a child of the running code.
    pub(crate) fn make_function(
        &mut self,
        code: Ref<Code>,
        child: usize,
        globals: Ref<Dict>,
        defaults: Option<Value>,
        keyword_defaults: Option<Value>,
    ) -> Result<Value> {
        let child = self.heap[code].children[child];
        let code = self.heap.expect(child);
        let function = Function {
            code,
            globals,
            defaults,
            keyword_defaults,
            attributes: None,
        };
        Ok(self.alloc(function)?.value())
    }

    /// Makes a closure with the cells on the stack.
    pub(crate) fn make_closure(
        &mut self,
        function: Value,
        cells: usize,
        count: usize,
    ) -> Result<Value> {
        self.push(function)?;
        let closure = self.alloc_tailed(crate::types::Closure { function }, count, Value::NONE)?;
        self.pop();
        for index in 0..count {
            let cell = self.stack_at(cells + index);
            self.heap.tail_mut(closure)[index] = cell;
        }
        Ok(closure.value())
    }

    /// Enters the context manager on top: replaces it by its `__exit__` and `self`, and returns what it gave.
    pub(crate) fn enter_context(&mut self) -> Result<Value> {
        let at = self.stack_len() - 1;
        let manager = self.stack_at(at);
        let (exit, this) = self.load_method(manager, q::__exit__)?;
        self.push(exit)?;
        self.push(manager)?;
        let enter = self.load_method(manager, q::__enter__)?;
        let entered = self.call_found(enter, &[])?;
        self.stack.set(at, Some(exit));
        self.stack.set(at + 1, this);
        self.truncate(at + 2);
        Ok(entered)
    }

    /// Calls `__exit__` of the context manager below what the `finally` holds back, and drops it.
    pub(crate) fn leave_context(&mut self) -> Result<()> {
        let last = self.stack_len() - 1;
        let cause = self.stack_at(last);
        let unwinding = cause.payload(Immediate::Unwind).is_some();
        let exit = if unwinding { last - 3 } else { last - 2 };
        let (function, this) = (self.stack_at(exit), self.stack.get(exit + 1));
        if cause.is_none() || unwinding {
            self.call_found((function, this), &[Value::NONE, Value::NONE, Value::NONE])?;
            // What was held back moves down.
            let held = if unwinding { 2 } else { 1 };
            for index in 0..held {
                let value = self.stack.get(exit + 2 + index);
                self.stack.set(exit + index, value);
            }
            self.truncate(exit + held);
            return Ok(());
        }
        let class = self.type_of(cause);
        let swallow = self.call_found((function, this), &[class, cause, Value::NONE])?;
        let swallow = self.truth(swallow)?;
        self.stack
            .set(exit, Some(if swallow { Value::NONE } else { cause }));
        self.truncate(exit + 1);
        Ok(())
    }
}
