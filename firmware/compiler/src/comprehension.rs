//! Comprehensions and generator expressions: a function of one parameter, the outermost iterator.

use upy_bytecode::opcode::Opcode;
use upy_syntax::ast::{Kind, Node};

use crate::compiler::Compiler;
use crate::emit::Pass;
use crate::scope::{Field, IdentifierKind, ScopeKind};
use crate::target::Assign;

/// The child of [`Kind::ForClause`] that holds the scope.
const SCOPE_CHILD: u32 = 3;

/// What `STORE_COMP` adds to, in the low bits of its operand.
const TO_LIST: u32 = 0;
const TO_DICT: u32 = 1;
const TO_SET: u32 = 2;

impl Compiler<'_, '_> {
    /// Makes the function of the comprehension `node` and calls it with the outermost iterable.
    pub(crate) fn comprehension(&mut self, node: Node, kind: ScopeKind) {
        let clause = self.child(node, 1);
        let is_viper = self.scope.get(self.arena, Field::IsViper) != 0;
        let scope = self.scope_of(clause, SCOPE_CHILD, kind, node, is_viper);
        self.make_with_captured(scope, 0, 0);
        let iterable = self.child(clause, 1);
        self.node(iterable);
        if kind == ScopeKind::GeneratorExpression {
            self.get_iterator();
        }
        self.call(false, 1, 0, false);
    }

    pub(crate) fn comprehension_body(&mut self, node: Node, kind: ScopeKind) {
        let parameter = self.known.empty;
        if self.emit.pass == Pass::Scope {
            self.find_or_add(self.scope, parameter, IdentifierKind::Local);
            self.scope.set(self.arena, Field::Positional, 1);
        }
        self.set_line(node.line(self.arena));
        match kind {
            ScopeKind::ListComprehension => self.build(Opcode::BuildList, 0),
            ScopeKind::DictComprehension => self.build_map(0),
            ScopeKind::SetComprehension => self.build(Opcode::BuildSet, 0),
            _ => {}
        }
        if kind == ScopeKind::GeneratorExpression {
            // The parameter is an iterator already; it takes the second of its four slots.
            self.load_null();
            self.load_name(parameter);
            self.load_null();
            self.load_null();
        } else {
            self.load_name(parameter);
            self.get_iterator_on_stack();
        }
        let (element, clause) = (self.child(node, 0), self.child(node, 1));
        self.clauses(clause, element, kind, 0);
        if kind == ScopeKind::GeneratorExpression {
            self.load_none();
        }
        self.return_value();
    }

    /// The loop of a `for` clause and all clauses inside it; `loops` are open already.
    fn clauses(&mut self, clause: Node, element: Node, kind: ScopeKind, loops: u32) {
        let (top, end) = (self.new_label(), self.new_label());
        self.place(top);
        self.op_label(Opcode::ForIter, end, 1);
        let targets = self.child(clause, 0);
        self.assign(targets, Assign::Store);
        let mut next = self.child(clause, 2);
        while self.is(next, Kind::IfClause) {
            let condition = self.child(next, 0);
            self.condition(condition, false, top);
            next = self.child(next, 1);
        }
        if next.is_none() {
            self.node(element);
            self.collect(kind, 4 * loops + 5);
        } else {
            let iterable = self.child(next, 1);
            self.node(iterable);
            self.get_iterator_on_stack();
            self.deeper(|compiler| compiler.clauses(next, element, kind, loops + 1));
        }
        self.jump(top);
        self.place(end);
        self.end_for_iterator();
    }

    /// Adds the element on the stack to the collection `below` it, or yields it.
    fn collect(&mut self, kind: ScopeKind, below: u32) {
        let (below, target, values) = match kind {
            ScopeKind::GeneratorExpression => {
                self.yield_value();
                self.pop_top();
                return;
            }
            ScopeKind::DictComprehension => (below + 1, TO_DICT, 2),
            ScopeKind::SetComprehension => (below, TO_SET, 1),
            _ => (below, TO_LIST, 1),
        };
        self.op_uint(Opcode::StoreComp, below << 2 | target, -values);
    }
}
