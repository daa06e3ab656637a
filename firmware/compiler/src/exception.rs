//! `try` and `with`.

use upy_bytecode::opcode::Opcode;
use upy_syntax::ast::{Kind, Node};
use upy_syntax::token::Operator;

use crate::compiler::Compiler;
use crate::jump::Label;
use crate::scope::Field;
use crate::target::Assign;

impl Compiler<'_, '_> {
    /// Opens a handler whose code is at `label`.
    pub(crate) fn open_handler(&mut self, opcode: Opcode, label: Label) {
        // Entering a context manager replaces it by three values.
        let stack = if opcode == Opcode::SetupWith { 2 } else { 0 };
        self.op_label(opcode, label, stack);
        self.handlers += 1;
        if self.handlers > self.scope.get(self.arena, Field::Handlers) {
            self.scope.set(self.arena, Field::Handlers, self.handlers);
        }
    }

    /// Ends the code of the innermost handler.
    pub(crate) fn close_handler(&mut self) {
        self.handlers -= 1;
        self.op(Opcode::EndFinally, -1);
    }

    /// Room for the exception and for the state of a jump out of the block.
    pub(crate) fn start_except_handler(&mut self) {
        self.adjust_stack(4);
    }

    pub(crate) fn end_except_handler(&mut self) {
        self.adjust_stack(-3);
    }

    pub(crate) fn try_statement(&mut self, node: Node) {
        let finally = self.child(node, 2);
        if finally.is_none() {
            self.try_except(node);
        } else {
            self.try_finally(node, finally);
        }
    }

    fn try_finally(&mut self, node: Node, finally: Node) {
        let label = self.new_label();
        self.open_handler(Opcode::SetupFinally, label);
        if self.count(node) == 3 {
            let body = self.child(node, 0);
            self.adjust_stack(3);
            self.node(body);
            self.adjust_stack(-3);
        } else {
            self.try_except(node);
        }
        self.load_none();
        self.place(label);
        // The block may also run while a value is being returned.
        self.adjust_stack(1);
        self.node(finally);
        self.adjust_stack(-1);
        self.close_handler();
    }

    fn try_except(&mut self, node: Node) {
        let (handler, success) = (self.new_label(), self.new_label());
        self.open_handler(Opcode::SetupExcept, handler);
        let body = self.child(node, 0);
        self.node(body);
        self.pop_except_jump(success);
        self.place(handler);
        self.start_except_handler();
        let end = self.new_label();
        let count = self.count(node);
        for index in 3..count {
            let except = self.child(node, index);
            let is_last = index + 1 == count;
            if self.child(except, 0).is_none() && !is_last {
                self.new_label();
                self.syntax_error(except, "default 'except' must be last");
                self.close_handler();
                return;
            }
            self.except(except, end);
        }
        self.close_handler();
        self.end_except_handler();
        self.place(success);
        let otherwise = self.child(node, 1);
        self.node(otherwise);
        self.place(end);
    }

    /// One `except` clause: on a match it ends with a jump to `end`.
    fn except(&mut self, except: Node, end: Label) {
        let next = self.new_label();
        let (class, name) = (self.child(except, 0), self.child(except, 1).as_name());
        if !class.is_none() {
            self.dup_top();
            self.node(class);
            self.binary(Operator::EXCEPTION_MATCH);
            self.pop_jump_if(false, next);
        }
        let body = self.child(except, 2);
        if let Some(name) = name {
            self.store_name(name);
            // The name is unset however the body ends.
            let finally = self.new_label();
            self.open_handler(Opcode::SetupFinally, finally);
            self.node(body);
            self.load_none();
            self.place(finally);
            self.adjust_stack(1);
            self.load_none();
            self.store_name(name);
            self.delete_name(name);
            self.adjust_stack(-1);
            self.close_handler();
        } else {
            self.pop_top();
            self.node(body);
        }
        self.pop_except_jump(end);
        self.place(next);
        self.adjust_stack(1);
    }

    pub(crate) fn with_statement(&mut self, node: Node) {
        self.with_items(node, 1);
    }

    /// Enters the items from `index` on, runs the body and leaves them.
    fn with_items(&mut self, node: Node, index: u32) {
        if index == self.count(node) {
            let body = self.child(node, 0);
            self.node(body);
            return;
        }
        let end = self.new_label();
        let item = self.child(node, index);
        if self.is(item, Kind::WithItem) {
            let (manager, target) = (self.child(item, 0), self.child(item, 1));
            self.node(manager);
            self.open_handler(Opcode::SetupWith, end);
            self.assign(target, Assign::Store);
        } else {
            self.node(item);
            self.open_handler(Opcode::SetupWith, end);
            self.pop_top();
        }
        self.deeper(|compiler| compiler.with_items(node, index + 1));
        self.load_none();
        self.place(end);
        // Two more values to call `__exit__`; then these and those of the context manager are gone.
        self.op(Opcode::WithCleanup, 2);
        self.adjust_stack(-4);
        self.close_handler();
    }
}
