//! Assigning to and deleting what stands left of `=` or after `del`.

use upy_bytecode::opcode::Opcode;
use upy_syntax::ast::{Kind, Node};

use crate::compiler::Compiler;

const CANNOT_ASSIGN: &str = "can't assign to expression";
const CANNOT_DELETE: &str = "can't delete expression";

/// What is done to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Assign {
    /// Store the top of the stack.
    Store,
    /// Load the value for an operator, and keep what is needed to store it.
    AugmentedLoad,
    /// Store the result of the operator.
    AugmentedStore,
}

impl Compiler<'_, '_> {
    pub(crate) fn assign(&mut self, target: Node, how: Assign) {
        if let Some(name) = target.as_name() {
            match how {
                Assign::AugmentedLoad => self.load_name(name),
                _ => self.store_name(name),
            }
            return;
        }
        let Some(kind) = target.kind(self.arena) else {
            self.syntax_error(target, CANNOT_ASSIGN);
            return;
        };
        if kind == Kind::Primary {
            self.assign_primary(target, how);
            return;
        }
        if how != Assign::Store {
            self.syntax_error(target, CANNOT_ASSIGN);
            return;
        }
        let content = self.child(target, 0);
        match kind {
            Kind::TargetList | Kind::ExpressionList => self.unpack(target),
            Kind::Paren if self.is(content, Kind::Sequence) => self.unpack(content),
            Kind::Bracket if content.is_none() => self.op_uint(Opcode::UnpackSequence, 0, -1),
            Kind::Bracket if self.is(content, Kind::Sequence) => self.unpack(content),
            Kind::Bracket if !self.is(content, Kind::Comprehension) => self.unpack(target),
            _ => self.syntax_error(target, CANNOT_ASSIGN),
        }
    }

    /// Assigns the items of the top of the stack to the children of `targets`.
    fn unpack(&mut self, targets: Node) {
        let count = self.count(targets);
        let mut star = None;
        for index in 0..count {
            let target = self.child(targets, index);
            if !self.is(target, Kind::Star) {
                continue;
            }
            if star.is_some() {
                self.syntax_error(target, "multiple *x in assignment");
                return;
            }
            let after = count - index - 1;
            // Both counts have a byte of the operand.
            if index > 255 || after > 255 {
                self.syntax_error(target, "too many targets beside *x");
                return;
            }
            self.op_uint(Opcode::UnpackEx, index | after << 8, count as i32 - 1);
            star = Some(index);
        }
        if star.is_none() {
            self.op_uint(Opcode::UnpackSequence, count, count as i32 - 1);
        }
        for index in 0..count {
            let mut target = self.child(targets, index);
            if star == Some(index) {
                target = self.child(target, 0);
            }
            self.assign(target, Assign::Store);
        }
    }

    /// Assigns to an attribute or a subscript.
    fn assign_primary(&mut self, target: Node, how: Assign) {
        let last_index = self.count(target) - 1;
        if how != Assign::AugmentedStore {
            for index in 0..last_index {
                let part = self.child(target, index);
                self.node(part);
            }
        }
        let last = self.child(target, last_index);
        let operand = self.child(last, 0);
        match (last.kind(self.arena), how) {
            (Some(Kind::Subscript), Assign::AugmentedStore) => {
                self.rot_three();
                self.store_subscript();
            }
            (Some(Kind::Subscript), _) => {
                self.node(operand);
                if how == Assign::AugmentedLoad {
                    self.dup_top_two();
                    self.load_subscript();
                } else {
                    self.store_subscript();
                }
            }
            (Some(Kind::Attribute), _) => {
                let Some(name) = operand.as_name() else {
                    return;
                };
                match how {
                    Assign::AugmentedLoad => {
                        self.dup_top();
                        self.load_attribute(name);
                    }
                    Assign::AugmentedStore => {
                        self.rot_two();
                        self.store_attribute(name);
                    }
                    Assign::Store => self.store_attribute(name),
                }
            }
            _ => self.syntax_error(target, CANNOT_ASSIGN),
        }
    }

    pub(crate) fn delete(&mut self, target: Node) {
        if let Some(name) = target.as_name() {
            self.delete_name(name);
            return;
        }
        let content = self.child(target, 0);
        match target.kind(self.arena) {
            Some(Kind::Primary) => self.delete_primary(target),
            Some(Kind::Paren) if self.is(content, Kind::Sequence) => {
                for index in 0..self.count(content) {
                    let item = self.child(content, index);
                    self.delete(item);
                }
            }
            // The brackets are gone when their content is complained about.
            Some(Kind::Paren) => self.syntax_error(content, CANNOT_DELETE),
            _ => self.syntax_error(target, CANNOT_DELETE),
        }
    }

    fn delete_primary(&mut self, target: Node) {
        let last_index = self.count(target) - 1;
        for index in 0..last_index {
            let part = self.child(target, index);
            self.node(part);
        }
        let last = self.child(target, last_index);
        let operand = self.child(last, 0);
        match (last.kind(self.arena), operand.as_name()) {
            (Some(Kind::Subscript), _) => {
                self.node(operand);
                self.delete_subscript();
            }
            (Some(Kind::Attribute), Some(name)) => self.delete_attribute(name),
            _ => self.syntax_error(target, CANNOT_DELETE),
        }
    }
}
