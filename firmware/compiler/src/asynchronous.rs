//! `async def`, `async for` and `async with`.

use upy_bytecode::code::FLAG_GENERATOR;
use upy_bytecode::opcode::Opcode;
use upy_syntax::ast::{Kind, Node};
use upy_syntax::name::Name;
use upy_syntax::token::Operator;

use crate::compiler::Compiler;
use crate::function::SCOPE_CHILD;
use crate::scope::Scope;
use crate::target::Assign;

impl Compiler<'_, '_> {
    pub(crate) fn async_statement(&mut self, node: Node) {
        let statement = self.child(node, 0);
        if self.is(statement, Kind::Function) {
            self.function_statement(statement);
            self.mark_generator(statement);
            return;
        }
        if !self.scope.has_flag(self.arena, FLAG_GENERATOR) {
            self.syntax_error(statement, "async for/with outside async function");
            return;
        }
        if self.is(statement, Kind::For) {
            self.async_for(statement);
        } else {
            self.async_with_items(statement, 1);
        }
    }

    /// The function `node` returns a coroutine.
    pub(crate) fn mark_generator(&mut self, node: Node) {
        let scope = Scope(node.raw_child(self.arena, SCOPE_CHILD));
        if !self.has_failed() {
            scope.set_flag(self.arena, FLAG_GENERATOR);
        }
    }

    /// Calls a method of the top of the stack without arguments and waits for its result.
    fn await_method(&mut self, method: Name) {
        self.load_method(method);
        self.call(true, 0, 0, false);
        self.yield_from();
    }

    fn async_for(&mut self, node: Node) {
        let exhausted = self.new_label();
        let handler = self.new_label();
        let has_item = self.new_label();
        let other_exception = self.new_label();
        let iterable = self.child(node, 1);
        self.node(iterable);
        self.load_method(self.known.aiter);
        self.call(true, 0, 0, false);
        let (outer, end, next) = self.enter_loop(false);
        self.place(next);
        self.open_handler(Opcode::SetupExcept, handler);
        self.dup_top();
        self.await_method(self.known.anext);
        let targets = self.child(node, 0);
        self.assign(targets, Assign::Store);
        self.pop_except_jump(has_item);
        self.place(handler);
        self.start_except_handler();
        self.dup_top();
        self.load_global(self.known.stop_async_iteration);
        self.binary(Operator::EXCEPTION_MATCH);
        self.pop_jump_if(false, other_exception);
        self.pop_top();
        self.pop_except_jump(exhausted);
        self.place(other_exception);
        self.adjust_stack(1);
        self.close_handler();
        self.end_except_handler();
        self.place(has_item);
        let body = self.child(node, 2);
        self.node(body);
        self.jump(next);
        self.loop_state = outer;
        self.place(exhausted);
        let otherwise = self.child(node, 3);
        self.node(otherwise);
        self.place(end);
        self.pop_top();
    }

    /// Enters the items from `index` on, runs the body and leaves them.
    ///
    /// After the body the stack is, above the context manager: nothing when it ended by itself, the
    /// exception, or a value and an integer when a return or a jump leads out.
    fn async_with_items(&mut self, node: Node, index: u32) {
        if index == self.count(node) {
            let body = self.child(node, 0);
            self.node(body);
            return;
        }
        let finally = self.new_label();
        let exit_plain = self.new_label();
        let exit_unwinding = self.new_label();
        let end = self.new_label();
        let item = self.child(node, index);
        let (manager, target) = if self.is(item, Kind::WithItem) {
            (self.child(item, 0), Some(self.child(item, 1)))
        } else {
            (item, None)
        };
        self.node(manager);
        self.dup_top();
        self.await_method(self.known.aenter);
        match target {
            Some(target) => self.assign(target, Assign::Store),
            None => self.pop_top(),
        }
        self.open_handler(Opcode::SetupFinally, finally);
        self.adjust_stack(3);
        self.deeper(|compiler| compiler.async_with_items(node, index + 1));
        self.adjust_stack(-3);
        // The body ended by itself: None says that there is no exception.
        self.load_none();
        self.rot_two();
        self.jump(exit_plain);
        self.place(finally);
        self.dup_top();
        self.load_global(self.known.base_exception);
        self.binary(Operator::EXCEPTION_MATCH);
        self.pop_jump_if(false, exit_unwinding);
        // An exception: `__aexit__` gets its type, itself and no traceback, and may swallow it.
        self.dup_top();
        self.rot_three();
        self.rot_two();
        self.load_method(self.known.aexit);
        self.rot_three();
        self.rot_three();
        self.dup_top();
        self.load_attribute(self.known.class);
        self.rot_two();
        self.load_none();
        self.call(true, 3, 0, false);
        self.yield_from();
        self.pop_jump_if(false, end);
        self.pop_top();
        self.load_none();
        self.jump(end);
        self.adjust_stack(2);
        self.place(exit_unwinding);
        self.rot_three();
        self.rot_three();
        self.place(exit_plain);
        self.load_method(self.known.aexit);
        self.load_none();
        self.dup_top();
        self.dup_top();
        self.call(true, 3, 0, false);
        self.yield_from();
        self.pop_top();
        self.adjust_stack(-1);
        self.place(end);
        self.close_handler();
    }
}
