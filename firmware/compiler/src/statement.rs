//! Statements, without functions, classes, imports and handlers.

use upy_bytecode::opcode::Opcode;
use upy_syntax::ast::{Kind, Leaf, Node};
use upy_syntax::token::Operator;

use crate::compiler::Compiler;
use crate::emit::Pass;
use crate::jump::Label;
use crate::scope::{IdentifierKind, ScopeKind};
use crate::target::Assign;
use upy_syntax::parser::Mode;

impl Compiler<'_, '_> {
    pub(crate) fn expression_statement(&mut self, node: Node) {
        let (left, right) = (self.child(node, 0), self.child(node, 1));
        match right.leaf(self.arena) {
            Leaf::Nothing => self.lone_expression(left),
            Leaf::Branch(Kind::Annotation) => {
                let value = self.child(right, 1);
                if !value.is_none() {
                    self.assignment(left, value);
                } else if self.scope.kind(self.arena) == ScopeKind::Function
                    && let Some(name) = left.as_name()
                {
                    self.find_or_add(self.scope, name, IdentifierKind::Local);
                }
            }
            Leaf::Branch(Kind::Augmented) => {
                self.assign(left, Assign::AugmentedLoad);
                let (operator, value) = (self.child(right, 0), self.child(right, 1));
                self.node(value);
                self.binary(operator.as_operator().unwrap_or(Operator::INPLACE_ADD));
                self.assign(left, Assign::AugmentedStore);
            }
            Leaf::Branch(Kind::Targets) => {
                let further = self.count(right) - 1;
                let value = self.child(right, further);
                self.node(value);
                if further > 0 {
                    self.dup_top();
                }
                self.assign(left, Assign::Store);
                for index in 0..further {
                    if index + 1 < further {
                        self.dup_top();
                    }
                    let target = self.child(right, index);
                    self.assign(target, Assign::Store);
                }
            }
            _ => self.assignment(left, right),
        }
    }

    fn lone_expression(&mut self, expression: Node) {
        if self.options.mode == Mode::Single && self.scope.kind(self.arena) == ScopeKind::Module {
            self.load_name(self.known.repl_print);
            self.node(expression);
            self.call(false, 1, 0, false);
            self.pop_top();
            return;
        }
        let is_constant = match expression.leaf(self.arena) {
            Leaf::Name(_) | Leaf::Nothing => false,
            Leaf::Branch(kind) => kind == Kind::Constant,
            _ => true,
        };
        if !is_constant {
            self.node(expression);
            self.pop_top();
        }
    }

    fn assignment(&mut self, left: Node, right: Node) {
        let count = self.count(left);
        let is_exchange = self.is(left, Kind::TargetList)
            && self.is(right, Kind::TargetList)
            && count == self.count(right)
            && (count == 2 || count == 3)
            && (0..count).all(|index| !self.is(self.child(left, index), Kind::Star));
        if !is_exchange {
            self.node(right);
            self.assign(left, Assign::Store);
            return;
        }
        // Two or three values are stored without a tuple.
        for index in 0..count {
            let value = self.child(right, index);
            self.node(value);
        }
        if count == 3 {
            self.rot_three();
        }
        self.rot_two();
        for index in 0..count {
            let target = self.child(left, index);
            self.assign(target, Assign::Store);
        }
    }

    pub(crate) fn delete_statement(&mut self, node: Node) {
        let targets = self.child(node, 0);
        if self.is(targets, Kind::ExpressionList) {
            for index in 0..self.count(targets) {
                let target = self.child(targets, index);
                self.delete(target);
            }
        } else {
            self.delete(targets);
        }
    }

    pub(crate) fn break_or_continue(&mut self, node: Node, kind: Kind) {
        let Some((end, next)) = self.loop_state.exits else {
            self.syntax_error(node, "'break'/'continue' outside loop");
            return;
        };
        let exit = if kind == Kind::Break { end } else { next };
        self.unwind_jump(exit, self.handlers - self.loop_state.handlers);
    }

    pub(crate) fn return_statement(&mut self, node: Node) {
        if self.scope.kind(self.arena) != ScopeKind::Function {
            self.syntax_error(node, "'return' outside function");
            return;
        }
        let value = self.child(node, 0);
        if value.is_none() {
            self.load_none();
        } else if self.is(value, Kind::IfExpression) {
            // Both branches return on their own.
            let otherwise = self.new_label();
            let condition = self.child(value, 1);
            self.condition(condition, false, otherwise);
            let first = self.child(value, 0);
            self.node(first);
            self.return_value();
            self.place(otherwise);
            let second = self.child(value, 2);
            self.node(second);
        } else {
            self.node(value);
        }
        self.return_value();
    }

    pub(crate) fn raise_statement(&mut self, node: Node) {
        let (exception, cause) = (self.child(node, 0), self.child(node, 1));
        if exception.is_none() {
            self.raise(Opcode::RaiseLast, 0);
            return;
        }
        self.node(exception);
        if cause.is_none() {
            self.raise(Opcode::RaiseObj, 1);
        } else {
            self.node(cause);
            self.raise(Opcode::RaiseFrom, 2);
        }
    }

    pub(crate) fn declaration(&mut self, node: Node, kind: Kind) {
        if self.emit.pass != Pass::Scope {
            return;
        }
        let is_global = kind == Kind::Global;
        if !is_global && self.scope.kind(self.arena) == ScopeKind::Module {
            self.syntax_error(node, "can't declare nonlocal in outer code");
            return;
        }
        for index in 0..self.count(node) {
            if let Some(name) = self.child(node, index).as_name() {
                let place = self.find_or_add(self.scope, name, IdentifierKind::Undecided);
                if self.has_failed() {
                    return;
                }
                self.declare(node, place, is_global);
            }
        }
    }

    /// Makes the name at `place` of the current scope global or nonlocal.
    pub(crate) fn declare(&mut self, node: Node, place: u32, is_global: bool) {
        let identifier = self.scope.identifier(self.arena, place);
        if is_global {
            if !matches!(
                identifier.kind,
                IdentifierKind::Undecided | IdentifierKind::GlobalExplicit
            ) {
                self.syntax_error(node, "identifier redefined as global");
                return;
            }
            self.set_identifier_kind(self.scope, place, IdentifierKind::GlobalExplicit);
            let mut module = self.scope;
            while let Some(parent) = module.parent(self.arena) {
                module = parent;
            }
            if let Some(outer) = module.find(self.arena, identifier.name) {
                self.set_identifier_kind(module, outer, IdentifierKind::GlobalExplicit);
            }
        } else if identifier.kind == IdentifierKind::Undecided {
            self.set_identifier_kind(self.scope, place, IdentifierKind::GlobalImplicit);
            self.capture_if_outer_local(self.scope, place);
            if self.scope.identifier(self.arena, place).kind == IdentifierKind::GlobalImplicit {
                self.syntax_error(node, "no binding for nonlocal found");
            }
        } else if identifier.kind != IdentifierKind::Free {
            self.syntax_error(node, "identifier redefined as nonlocal");
        }
    }

    pub(crate) fn assert_statement(&mut self, node: Node) {
        if self.options.opt_level != 0 {
            return;
        }
        let end = self.new_label();
        let condition = self.child(node, 0);
        self.condition(condition, true, end);
        self.load_global(self.known.assertion_error);
        let message = self.child(node, 1);
        if !message.is_none() {
            self.node(message);
            self.call(false, 1, 0, false);
        }
        self.raise(Opcode::RaiseObj, 1);
        self.place(end);
    }

    pub(crate) fn if_statement(&mut self, node: Node) {
        let end = self.new_label();
        let count = self.count(node);
        let otherwise = self.child(node, count - 1);
        let is_alone = count == 3 && otherwise.is_none();
        for index in (0..count - 1).step_by(2) {
            let (condition, body) = (self.child(node, index), self.child(node, index + 1));
            let truth = self.truth(condition);
            if truth == Some(false) {
                continue;
            }
            let next = self.new_label();
            self.condition(condition, false, next);
            self.node(body);
            if truth == Some(true) {
                // What follows is never reached.
                self.place(end);
                return;
            }
            if !is_alone {
                self.jump(end);
            }
            self.place(next);
        }
        self.node(otherwise);
        self.place(end);
    }

    pub(crate) fn while_statement(&mut self, node: Node) {
        let (outer, end, next) = self.enter_loop(false);
        let condition = self.child(node, 0);
        let truth = self.truth(condition);
        if truth != Some(false) {
            let top = self.new_label();
            if truth != Some(true) {
                self.jump(next);
            }
            self.place(top);
            let body = self.child(node, 1);
            self.node(body);
            self.place(next);
            self.condition(condition, true, top);
        }
        self.loop_state = outer;
        let otherwise = self.child(node, 2);
        self.node(otherwise);
        self.place(end);
    }

    pub(crate) fn for_statement(&mut self, node: Node) {
        let (targets, iterable) = (self.child(node, 0), self.child(node, 1));
        let (body, otherwise) = (self.child(node, 2), self.child(node, 3));
        if let Some(range) = self.counted_range(targets, iterable) {
            self.counted_loop(targets, range, body, otherwise);
            return;
        }
        let (outer, end, next) = self.enter_loop(true);
        let exhausted = self.new_label();
        self.node(iterable);
        self.get_iterator_on_stack();
        self.place(next);
        self.op_label(Opcode::ForIter, exhausted, 1);
        self.assign(targets, Assign::Store);
        self.node(body);
        self.jump(next);
        self.place(exhausted);
        self.end_for_iterator();
        self.loop_state = outer;
        self.node(otherwise);
        self.place(end);
    }

    /// Start, end and step of `for name in range(…)`, if it can be a counting loop.
    fn counted_range(&mut self, targets: Node, iterable: Node) -> Option<[Node; 3]> {
        targets.as_name()?;
        if !self.is(iterable, Kind::Primary) || self.count(iterable) != 2 {
            return None;
        }
        let (function, call) = (self.child(iterable, 0), self.child(iterable, 1));
        if function.as_name() != Some(self.known.range) || !self.is(call, Kind::Call) {
            return None;
        }
        let argument = |index| self.child(call, index);
        let (start, end, step) = match self.count(call) {
            1 => (None, argument(0), None),
            2 => (Some(argument(0)), argument(1), None),
            3 => (Some(argument(0)), argument(1), Some(argument(2))),
            _ => return None,
        };
        if let Some(step) = step
            && !matches!(step.leaf(self.arena), Leaf::Small(value) if value != 0)
        {
            return None;
        }
        let is_plain = |node: Node| {
            !matches!(
                node.kind(self.arena),
                Some(
                    Kind::StarArgument
                        | Kind::DoubleStarArgument
                        | Kind::KeywordArgument
                        | Kind::NamedArgument
                        | Kind::GeneratorArgument
                )
            )
        };
        if !is_plain(end) || !start.is_none_or(is_plain) {
            return None;
        }
        let start = start.map_or_else(|| self.keep(|arena| Node::small(arena, 0)), Some)?;
        let step = step.map_or_else(|| self.keep(|arena| Node::small(arena, 1)), Some)?;
        Some([start, end, step])
    }

    /// A loop over a range, without iterator: the stack holds the end, unless it is a small
    /// integer, and the next value.
    fn counted_loop(&mut self, target: Node, range: [Node; 3], body: Node, otherwise: Node) {
        let [start, end, step] = range;
        let (outer, break_label, next) = self.enter_loop(false);
        let (top, entry): (Label, Label) = (self.new_label(), self.new_label());
        let keeps_end = !end.is_small();
        if keeps_end {
            self.node(end);
        }
        self.node(start);
        self.jump(entry);
        self.place(top);
        self.dup_top();
        self.assign(target, Assign::Store);
        self.node(body);
        self.place(next);
        self.node(step);
        self.binary(Operator::INPLACE_ADD);
        self.place(entry);
        if keeps_end {
            self.dup_top_two();
            self.rot_two();
        } else {
            self.dup_top();
            self.node(end);
        }
        let is_upward = matches!(step.leaf(self.arena), Leaf::Small(0..));
        self.binary(if is_upward {
            Operator::LESS
        } else {
            Operator::MORE
        });
        self.pop_jump_if(true, top);
        self.loop_state = outer;
        let mut after = None;
        if !otherwise.is_none() {
            self.drop_range(keeps_end);
            self.node(otherwise);
            let label = self.new_label();
            self.jump(label);
            self.adjust_stack(1 + i32::from(keeps_end));
            after = Some(label);
        }
        self.place(break_label);
        self.drop_range(keeps_end);
        if let Some(label) = after {
            self.place(label);
        }
    }

    fn drop_range(&mut self, keeps_end: bool) {
        self.pop_top();
        if keeps_end {
            self.pop_top();
        }
    }
}
