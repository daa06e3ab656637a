//! Expressions, without calls and comprehensions.

use upy_bytecode::opcode::Opcode;
use upy_syntax::ast::{Kind, Leaf, Node};
use upy_syntax::token::Operator;

use crate::compiler::Compiler;
use crate::emit::Pass;
use crate::jump::Label;
use crate::scope::{IdentifierKind, ScopeKind};

impl Compiler<'_, '_> {
    /// Code for an expression that is a branch.
    pub(crate) fn expression(&mut self, kind: Kind, node: Node) {
        match kind {
            Kind::NamedExpression => {
                let (target, value) = (self.child(node, 0), self.child(node, 1));
                self.named_value(target, value);
            }
            Kind::IfExpression => self.if_expression(node),
            Kind::Or | Kind::And => self.or_and(node, kind == Kind::Or),
            Kind::Not => self.operand_then(node, 0, Operator::NOT),
            Kind::Comparison => self.comparison(node),
            Kind::BitOr => self.chain(node, Operator::OR),
            Kind::BitXor => self.chain(node, Operator::XOR),
            Kind::BitAnd => self.chain(node, Operator::AND),
            Kind::Term => self.term(node),
            Kind::Unary => {
                let operator = self
                    .child(node, 0)
                    .as_operator()
                    .unwrap_or(Operator::POSITIVE);
                self.operand_then(node, 1, operator);
            }
            Kind::Power => {
                self.all_children(node);
                self.binary(Operator::POWER);
            }
            Kind::Star => self.syntax_error(node, "*x must be assignment target"),
            Kind::Primary => self.primary(node),
            Kind::Await => self.await_expression(node),
            Kind::Call => self.call_with(node, false, 0),
            Kind::Subscript => {
                let index = self.child(node, 0);
                self.node(index);
                self.load_subscript();
            }
            Kind::Attribute => {
                if let Some(name) = self.child(node, 0).as_name() {
                    self.load_attribute(name);
                }
            }
            Kind::Slice => self.slice(node),
            Kind::Paren => self.paren(node),
            Kind::Bracket => self.bracket(node),
            Kind::Brace => self.brace_items(node, true),
            Kind::Pair => {
                let (key, value) = (self.child(node, 0), self.child(node, 1));
                self.node(value);
                self.node(key);
            }
            Kind::TargetList | Kind::TestList | Kind::SubscriptList => self.tuple(node),
            Kind::Lambda => self.lambda(node),
            Kind::Yield | Kind::YieldFrom => self.yield_expression(node, kind),
            // The remaining kinds are parts of others and never stand alone.
            _ => {}
        }
    }

    /// Jumps to `label` if the truth of `node` is `when`, otherwise goes on.
    pub(crate) fn condition(&mut self, node: Node, when: bool, label: Label) {
        if let Some(truth) = self.truth(node) {
            if truth == when {
                self.jump(label);
            }
            return;
        }
        match node.leaf(self.arena) {
            Leaf::Branch(kind @ (Kind::Or | Kind::And)) => {
                self.deeper(|compiler| compiler.logical_condition(node, kind, when, label));
            }
            Leaf::Branch(Kind::Not) => {
                let operand = self.child(node, 0);
                self.deeper(|compiler| compiler.condition(operand, !when, label));
            }
            _ => {
                self.node(node);
                self.pop_jump_if(when, label);
            }
        }
    }

    fn logical_condition(&mut self, node: Node, kind: Kind, when: bool, label: Label) {
        let count = self.count(node);
        // `or` jumps at the first operand that is true, `and` at the first that is false.
        if (kind == Kind::Or) == when {
            for index in 0..count {
                let operand = self.child(node, index);
                self.condition(operand, when, label);
            }
            return;
        }
        let fall_through = self.new_label();
        for index in 0..count - 1 {
            let operand = self.child(node, index);
            self.condition(operand, !when, fall_through);
        }
        let last = self.child(node, count - 1);
        self.condition(last, when, label);
        self.place(fall_through);
    }

    /// `target := value`, which is also the value of the expression.
    pub(crate) fn named_value(&mut self, target: Node, value: Node) {
        let name = target.as_name();
        if name.is_none() {
            self.syntax_error(target, "can't assign to expression");
        }
        self.node(value);
        self.dup_top();
        let Some(name) = name else { return };
        if self.emit.pass == Pass::Scope && self.scope.kind(self.arena).is_comprehension() {
            self.bind_outside(target, name);
        }
        self.store_name(name);
    }

    /// In a comprehension the target belongs to the scope outside.
    fn bind_outside(&mut self, target: Node, name: upy_syntax::name::Name) {
        let Some(parent) = self.scope.parent(self.arena) else {
            return;
        };
        let outer = self.note_assigned(parent, name);
        if self.has_failed() {
            return;
        }
        if parent.identifier(self.arena, outer).kind == IdentifierKind::GlobalExplicit {
            self.find_or_add(self.scope, name, IdentifierKind::GlobalExplicit);
            return;
        }
        let place = self.find_or_add(self.scope, name, IdentifierKind::Undecided);
        if self.has_failed() {
            return;
        }
        let is_global = parent.parent(self.arena).is_none();
        let kind = self.scope.identifier(self.arena, place).kind;
        if !is_global && kind == IdentifierKind::GlobalImplicit {
            // It was used before, and is captured only now.
            self.set_identifier_kind(self.scope, place, IdentifierKind::Undecided);
        }
        self.declare(target, place, is_global);
    }

    fn if_expression(&mut self, node: Node) {
        let (otherwise, end) = (self.new_label(), self.new_label());
        let condition = self.child(node, 1);
        self.condition(condition, false, otherwise);
        let first = self.child(node, 0);
        self.node(first);
        self.jump(end);
        self.place(otherwise);
        self.adjust_stack(-1);
        let second = self.child(node, 2);
        self.node(second);
        self.place(end);
    }

    fn or_and(&mut self, node: Node, is_or: bool) {
        let end = self.new_label();
        let count = self.count(node);
        for index in 0..count {
            let operand = self.child(node, index);
            self.node(operand);
            if index + 1 < count {
                self.jump_if_or_pop(is_or, end);
            }
        }
        self.place(end);
    }

    fn operand_then(&mut self, node: Node, index: u32, operator: Operator) {
        let operand = self.child(node, index);
        self.node(operand);
        self.unary(operator);
    }

    fn comparison(&mut self, node: Node) {
        let count = self.count(node);
        let first = self.child(node, 0);
        self.node(first);
        let is_chained = count > 3;
        let failed = is_chained.then(|| self.new_label());
        for index in (1..count - 1).step_by(2) {
            let right = self.child(node, index + 1);
            self.node(right);
            let continues = index + 2 < count;
            if continues {
                self.dup_top();
                self.rot_three();
            }
            let operator = self
                .child(node, index)
                .as_operator()
                .unwrap_or(Operator::LESS);
            self.binary(operator);
            if let Some(failed) = failed.filter(|_| continues) {
                self.jump_if_or_pop(false, failed);
            }
        }
        if let Some(failed) = failed {
            let end = self.new_label();
            self.jump(end);
            self.place(failed);
            self.adjust_stack(1);
            self.rot_two();
            self.pop_top();
            self.place(end);
        }
    }

    fn chain(&mut self, node: Node, operator: Operator) {
        let first = self.child(node, 0);
        self.node(first);
        for index in 1..self.count(node) {
            let operand = self.child(node, index);
            self.node(operand);
            self.binary(operator);
        }
    }

    fn term(&mut self, node: Node) {
        let first = self.child(node, 0);
        self.node(first);
        for index in (1..self.count(node) - 1).step_by(2) {
            let operand = self.child(node, index + 1);
            self.node(operand);
            let operator = self
                .child(node, index)
                .as_operator()
                .unwrap_or(Operator::ADD);
            self.binary(operator);
        }
    }

    fn await_expression(&mut self, node: Node) {
        let kind = self.scope.kind(self.arena);
        if !matches!(kind, ScopeKind::Function | ScopeKind::Lambda) && !self.options.top_level_await
        {
            self.syntax_error(node, "'await' outside function");
            return;
        }
        self.primary(node);
        self.yield_from();
    }

    fn yield_expression(&mut self, node: Node, kind: Kind) {
        let scope_kind = self.scope.kind(self.arena);
        if !matches!(scope_kind, ScopeKind::Function | ScopeKind::Lambda) {
            self.syntax_error(node, "'yield' outside function");
            return;
        }
        let value = self.child(node, 0);
        if kind == Kind::YieldFrom {
            self.node(value);
            self.yield_from();
            return;
        }
        if value.is_none() {
            self.load_none();
        } else {
            self.node(value);
        }
        self.yield_value();
    }

    fn slice(&mut self, node: Node) {
        for index in 0..2 {
            let bound = self.child(node, index);
            if bound.is_none() {
                self.load_none();
            } else {
                self.node(bound);
            }
        }
        let step = self.child(node, 2);
        self.node(step);
        self.build(Opcode::BuildSlice, if step.is_none() { 2 } else { 3 });
    }

    fn tuple(&mut self, node: Node) {
        for index in 0..self.count(node) {
            let item = self.child(node, index);
            self.node(item);
        }
        self.build(Opcode::BuildTuple, self.count(node));
    }

    fn paren(&mut self, node: Node) {
        let content = self.child(node, 0);
        if self.is(content, Kind::Comprehension) {
            self.comprehension(content, ScopeKind::GeneratorExpression);
        } else {
            self.tuple(content);
        }
    }

    fn bracket(&mut self, node: Node) {
        let content = self.child(node, 0);
        if content.is_none() {
            self.build(Opcode::BuildList, 0);
        } else if self.is(content, Kind::Comprehension) {
            self.comprehension(content, ScopeKind::ListComprehension);
        } else if self.is(content, Kind::Sequence) {
            self.all_children(content);
            self.build(Opcode::BuildList, self.count(content));
        } else {
            self.node(content);
            self.build(Opcode::BuildList, 1);
        }
    }

    /// A dict or set. Without `makes_map` the pairs are stored into a mapping that is on the stack.
    pub(crate) fn brace_items(&mut self, node: Node, makes_map: bool) {
        let content = self.child(node, 0);
        match content.leaf(self.arena) {
            Leaf::Nothing => {
                if makes_map {
                    self.build_map(0);
                }
            }
            Leaf::Branch(Kind::Pair) => {
                if makes_map {
                    self.build_map(1);
                }
                self.node(content);
                self.store_map();
            }
            Leaf::Branch(Kind::Items) => self.items(content, makes_map),
            Leaf::Branch(Kind::Comprehension) => {
                let is_dict = self.is(self.child(content, 0), Kind::Pair);
                let kind = match is_dict {
                    true => ScopeKind::DictComprehension,
                    false => ScopeKind::SetComprehension,
                };
                self.comprehension(content, kind);
            }
            _ => {
                self.node(content);
                self.build(Opcode::BuildSet, 1);
            }
        }
    }

    /// Several pairs or values; the first says which they have to be.
    fn items(&mut self, items: Node, makes_map: bool) {
        let count = self.count(items);
        let is_dict = self.is(self.child(items, 0), Kind::Pair);
        if is_dict && makes_map {
            self.build_map(count);
        }
        for index in 0..count {
            let item = self.child(items, index);
            self.node(item);
            let is_pair = self.is(item, Kind::Pair);
            if is_pair != is_dict {
                let message = if is_dict {
                    "expecting key:value for dict"
                } else {
                    "expecting just a value for set"
                };
                self.syntax_error(items, message);
                return;
            }
            if is_dict {
                self.store_map();
            }
        }
        if !is_dict {
            self.build(Opcode::BuildSet, count);
        }
    }
}
