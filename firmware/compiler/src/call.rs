//! Calls, attribute access and `super()`.

use upy_bytecode::opcode::Opcode;
use upy_syntax::ast::{Kind, Node};

use crate::compiler::Compiler;
use crate::scope::{Role, ScopeKind};

impl Compiler<'_, '_> {
    /// A subject and its trailers.
    pub(crate) fn primary(&mut self, node: Node) {
        let subject = self.child(node, 0);
        self.node(subject);
        let count = self.count(node);
        if count == 1 {
            return;
        }
        let mut index = 1;
        if self.is_bare_super(node) {
            let Some(next) = self.bare_super(node) else {
                return;
            };
            index = next;
        } else if self.is_ordered_dict_literal(node) {
            self.call(false, 0, 0, false);
            let call = self.child(node, 1);
            let brace = self.child(call, 0);
            self.brace_items(brace, false);
            index = 2;
        }
        while index < count {
            if self.is_method_call(node, index) {
                let attribute = self.child(self.child(node, index), 0);
                if let Some(name) = attribute.as_name() {
                    self.load_method(name);
                }
                let call = self.child(node, index + 1);
                self.call_with(call, true, 0);
                index += 2;
            } else {
                let trailer = self.child(node, index);
                self.node(trailer);
                index += 1;
            }
        }
    }

    /// Whether the trailers from `index` on are an attribute and a call of it.
    fn is_method_call(&self, node: Node, index: u32) -> bool {
        self.is(self.child(node, index), Kind::Attribute)
            && self.is(self.child(node, index + 1), Kind::Call)
    }

    fn is_bare_super(&self, node: Node) -> bool {
        let call = self.child(node, 1);
        self.scope.kind(self.arena) == ScopeKind::Function
            && self.child(node, 0).as_name() == Some(self.known.super_)
            && self.is(call, Kind::Call)
            && self.count(call) == 0
    }

    fn is_ordered_dict_literal(&self, node: Node) -> bool {
        let call = self.child(node, 1);
        self.options.ordered_dict_literals
            && self.child(node, 0).as_name() == Some(self.known.ordered_dict)
            && self.is(call, Kind::Call)
            && self.count(call) == 1
            && self.is(self.child(call, 0), Kind::Brace)
    }

    /// `super()` with the class and the first parameter; returns the trailer to go on with.
    fn bare_super(&mut self, node: Node) -> Option<u32> {
        self.load_name(self.known.class);
        let first = (0..self.scope.identifier_count(self.arena))
            .map(|index| self.scope.identifier(self.arena, index))
            .find(|identifier| identifier.role != Role::Plain);
        let Some(first) = first else {
            let call = self.child(node, 1);
            self.syntax_error(call, "super() can't find self");
            return None;
        };
        self.load_name(first.name);
        if !self.is_method_call(node, 2) {
            self.call(false, 2, 0, false);
            return Some(2);
        }
        let attribute = self.child(self.child(node, 2), 0);
        if let Some(name) = attribute.as_name() {
            self.op_name(Opcode::LoadSuperMethod, name, -1);
        }
        let call = self.child(node, 3);
        self.call_with(call, true, 0);
        Some(4)
    }

    /// Loads the arguments that are the children of `arguments` and calls; `extra` positional
    /// arguments are on the stack already.
    pub(crate) fn call_with(&mut self, arguments: Node, is_method: bool, extra: u32) {
        let (mut positional, mut keyword) = (extra, 0);
        let (mut starred, mut has_star, mut has_double_star) = (0_i64, false, false);
        for index in 0..self.count(arguments) {
            let argument = self.child(arguments, index);
            match argument.kind(self.arena) {
                Some(Kind::StarArgument) => {
                    if has_double_star {
                        self.syntax_error(argument, "* arg after **");
                        return;
                    }
                    if keyword > 0 {
                        self.syntax_error(argument, "* arg after kwarg");
                        return;
                    }
                    // A small integer has a bit for each argument.
                    if index >= u32::from(self.options.small_integer_bits) - 1 {
                        self.syntax_error(argument, "too many args");
                        return;
                    }
                    has_star = true;
                    starred |= 1 << index;
                    let value = self.child(argument, 0);
                    self.node(value);
                    positional += 1;
                }
                Some(Kind::DoubleStarArgument) => {
                    has_double_star = true;
                    self.load_null();
                    let value = self.child(argument, 0);
                    self.node(value);
                    keyword += 1;
                }
                Some(Kind::NamedArgument) => {
                    let (target, value) = (self.child(argument, 0), self.child(argument, 1));
                    self.named_value(target, value);
                    positional += 1;
                }
                Some(Kind::KeywordArgument) => {
                    let Some(name) = self.child(argument, 0).as_name() else {
                        self.syntax_error(argument, "LHS of keyword arg must be an id");
                        return;
                    };
                    self.load_string(name);
                    let value = self.child(argument, 1);
                    self.node(value);
                    keyword += 1;
                }
                Some(Kind::GeneratorArgument) => {
                    self.comprehension(argument, ScopeKind::GeneratorExpression);
                    positional += 1;
                }
                _ => {
                    if has_double_star {
                        self.syntax_error(argument, "positional arg after **");
                        return;
                    }
                    if keyword > 0 {
                        self.syntax_error(argument, "positional arg after keyword arg");
                        return;
                    }
                    self.node(argument);
                    positional += 1;
                }
            }
        }
        // Both counts have a byte of the operand.
        if positional > 255 || keyword > 255 {
            self.syntax_error(arguments, "too many args");
            return;
        }
        let is_starred = has_star || has_double_star;
        if is_starred {
            self.load_small(starred);
        }
        self.call(is_method, positional, keyword, is_starred);
    }
}
