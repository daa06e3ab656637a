//! `import` and `from … import`.

use upy_bytecode::opcode::Opcode;
use upy_syntax::ast::{Kind, Leaf, Literal, Node};
use upy_syntax::name::Name;

use crate::compiler::Compiler;
use crate::scope::ScopeKind;

impl Compiler<'_, '_> {
    pub(crate) fn import_statement(&mut self, node: Node) {
        for index in 0..self.count(node) {
            let module = self.child(node, index);
            self.load_small(0);
            self.load_none();
            let name = self.import_module(module);
            self.store_name(name);
        }
    }

    pub(crate) fn import_from_statement(&mut self, node: Node) {
        let (level, module) = (self.child(node, 0), self.child(node, 1));
        let is_star = self.child(node, 2).is_literal(Literal::Star);
        if is_star && self.scope.kind(self.arena) != ScopeKind::Module {
            self.syntax_error(node, "import * not at module level");
            return;
        }
        let Leaf::Small(level) = level.leaf(self.arena) else {
            return;
        };
        self.load_small(level);
        if is_star {
            self.load_string(self.known.star);
            self.build(Opcode::BuildTuple, 1);
            self.import_module(module);
            self.op(Opcode::ImportStar, -1);
            return;
        }
        let count = self.count(node);
        for index in 2..count {
            if let Some(name) = self.child(self.child(node, index), 0).as_name() {
                self.load_string(name);
            }
        }
        self.build(Opcode::BuildTuple, count - 2);
        self.import_module(module);
        for index in 2..count {
            let imported = self.child(node, index);
            let alias = self.child(imported, 1).as_name();
            if let Some(name) = self.child(imported, 0).as_name() {
                self.op_name(Opcode::ImportFrom, name, 1);
                self.store_name(alias.unwrap_or(name));
            }
        }
        self.pop_top();
    }

    /// Imports a module; returns the name it is to be stored under.
    fn import_module(&mut self, mut module: Node) -> Name {
        let mut alias = None;
        if self.is(module, Kind::ModuleAs) {
            alias = self.child(module, 1).as_name();
            module = self.child(module, 0);
        }
        if let Some(name) = module.as_name() {
            self.op_name(Opcode::ImportName, name, -1);
            return alias.unwrap_or(name);
        }
        if module.is_none() {
            self.op_name(Opcode::ImportName, self.known.empty, -1);
            return self.known.empty;
        }
        let full = self.dotted_text(module);
        self.op_name(Opcode::ImportName, full, -1);
        let Some(alias) = alias else {
            return self.child(module, 0).as_name().unwrap_or(Name::NONE);
        };
        for index in 1..self.count(module) {
            if let Some(name) = self.child(module, index).as_name() {
                self.load_attribute(name);
            }
        }
        alias
    }

    /// The parts of a dotted name joined with dots, as a name.
    fn dotted_text(&mut self, module: Node) -> Name {
        let mark = self.arena.mark();
        let mut text = upy_syntax::arena::Text::new();
        for index in 0..self.count(module) {
            let Some(name) = self.child(module, index).as_name() else {
                continue;
            };
            if index > 0 {
                self.keep(|arena| text.push(arena, b'.'));
            }
            let mut part = [0; upy_syntax::name::LONGEST_NAME];
            let bytes = self.names.text(self.arena, name);
            let len = bytes.len();
            part[..len].copy_from_slice(bytes);
            self.keep(|arena| text.push_bytes(arena, &part[..len]));
        }
        if self.has_failed() {
            return Name::NONE;
        }
        let known = self.names.find(self.arena, text.bytes(self.arena));
        if let Some(name) = known {
            self.arena.release(mark);
            return name;
        }
        match self.names.intern_at(self.arena, text.at(), text.len()) {
            Ok(name) => name,
            Err(error) => {
                self.fail(error);
                Name::NONE
            }
        }
    }
}
