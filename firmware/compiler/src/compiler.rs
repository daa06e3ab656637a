//! The state of one compilation, and the order of the passes.
//!
//! First every scope is walked once to find its names; scopes found on the way join the end of the
//! list. Then each scope is walked until its code is written. An error is noted and the walk goes
//! on without effect, so that the line reported is the one MicroPython reports.

use upy_syntax::arena::{Arena, List, OutOfMemory};
use upy_syntax::ast::{Kind, Leaf, Literal, Node};
use upy_syntax::constant::Constant;
use upy_syntax::error::{Error, ErrorKind};
use upy_syntax::name::Names;
use upy_syntax::parser::truth_of;

use crate::Options;
use crate::emit::{Emitter, Pass};
use crate::jump::{Label, LoopExit};
use crate::known::Known;
use crate::scope::{Scope, ScopeKind};

/// Nodes that one level of brackets may amount to, such as a call and its argument.
const NODES_PER_LEVEL: u16 = 3;

/// The state of one compilation.
pub(crate) struct Compiler<'c, 's> {
    pub(crate) arena: &'c mut Arena<'s>,
    pub(crate) names: &'c mut Names,
    pub(crate) options: &'c Options<'c>,
    pub(crate) known: Known,
    /// The first error, and its line as far as it is known.
    pub(crate) error: Option<Error>,
    error_line: u32,
    /// All scopes, in the order they were found.
    pub(crate) scopes: List,
    pub(crate) scope: Scope,
    pub(crate) emit: Emitter,
    pub(crate) next_label: u32,
    pub(crate) loop_state: LoopState,
    /// Handlers open at this point.
    pub(crate) handlers: u32,
    pub(crate) parameters: ParameterState,
    depth: u16,
}

/// The loop that `break` and `continue` apply to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LoopState {
    pub(crate) exits: Option<(LoopExit, LoopExit)>,
    /// Handlers that were open when the loop was entered.
    pub(crate) handlers: u32,
}

/// What was seen of a function's parameters.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ParameterState {
    pub(crate) has_star: bool,
    /// Defaults of keyword-only parameters.
    pub(crate) keyword_defaults: u32,
    /// Defaults of positional parameters.
    pub(crate) defaults: u32,
}

/// A module whose scopes have their code.
pub(crate) struct Module {
    pub(crate) root: Scope,
    pub(crate) names: List,
    pub(crate) constants: List,
}

/// An error and the scope it is in, for errors that have a traceback.
pub(crate) type Failure = (Error, Option<Scope>);

impl<'c, 's> Compiler<'c, 's> {
    pub(crate) fn new(
        arena: &'c mut Arena<'s>,
        names: &'c mut Names,
        options: &'c Options<'c>,
    ) -> Self {
        let known = Known::new(names);
        Self {
            arena,
            names,
            options,
            known,
            error: None,
            error_line: 0,
            scopes: List::new(),
            scope: Scope(0),
            emit: Emitter::new(),
            next_label: 0,
            loop_state: LoopState::default(),
            handlers: 0,
            parameters: ParameterState::default(),
            depth: 0,
        }
    }

    /// Makes code for every scope in the tree under `root`.
    pub(crate) fn module(mut self, root: Node) -> Result<Module, Failure> {
        // The name of the source comes first in the table of names.
        match self
            .names
            .intern(self.arena, self.options.source_name.as_bytes())
        {
            Ok(source) => {
                self.name_index(source);
            }
            Err(error) => self.fail(error),
        }
        let module = self.new_scope(ScopeKind::Module, root, false);
        let label_count = self.find_names();
        let mut labels = self.emit.labels;
        self.keep(|arena| labels.lengthen(arena, label_count));
        self.emit.labels = labels;
        for index in 0..self.scopes.len() {
            if self.has_failed() {
                break;
            }
            let scope = Scope(self.scopes.get(self.arena, index));
            self.number_locals(scope);
        }
        for index in 0..self.scopes.len() {
            if self.has_failed() {
                break;
            }
            self.write_scope(Scope(self.scopes.get(self.arena, index)));
        }
        let Some(mut error) = self.error else {
            return Ok(Module {
                root: module,
                names: self.emit.name_table,
                constants: self.emit.constant_table,
            });
        };
        if error.kind != ErrorKind::Syntax {
            return Err((error, None));
        }
        let node = if self.scope.0 == 0 {
            root
        } else {
            self.scope.node(self.arena)
        };
        self.set_error_line(node);
        error.line = self.error_line;
        Err((error, Some(self.scope)))
    }

    /// The first pass over all scopes; returns the most labels any of them needs.
    fn find_names(&mut self) -> u32 {
        let mut label_count = 0;
        let mut index = 0;
        while index < self.scopes.len() && !self.has_failed() {
            let scope = Scope(self.scopes.get(self.arena, index));
            self.walk_scope(scope, Pass::Scope);
            self.capture_implicit_globals(scope);
            label_count = label_count.max(self.next_label);
            index += 1;
        }
        label_count
    }

    fn write_scope(&mut self, scope: Scope) {
        self.walk_scope(scope, Pass::StackSize);
        if !self.has_failed() {
            self.walk_scope(scope, Pass::CodeSize);
        }
        while !self.has_failed() && !self.walk_scope(scope, Pass::Emit) {}
    }

    /// Walks `scope`; false when the walk must be repeated.
    fn walk_scope(&mut self, scope: Scope, pass: Pass) -> bool {
        self.scope = scope;
        self.next_label = 0;
        self.start_pass(pass, scope);
        let node = scope.node(self.arena);
        match scope.kind(self.arena) {
            ScopeKind::Module => self.module_body(node),
            ScopeKind::Function => self.function_body(node),
            ScopeKind::Lambda => self.lambda_body(node),
            ScopeKind::Class => self.class_body(node),
            kind => self.comprehension_body(node, kind),
        }
        self.end_pass()
    }

    fn module_body(&mut self, node: Node) {
        if node.is(self.arena, Kind::Eval) {
            let expression = node.child(self.arena, 0);
            self.node(expression);
        } else {
            self.node(node);
            self.load_none();
        }
        self.return_value();
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// Notes an error, unless there was one before.
    pub(crate) fn fail(&mut self, error: Error) {
        if self.error.is_none() {
            self.error = Some(error);
        }
    }

    /// Notes a `SyntaxError` at `node`.
    pub(crate) fn syntax_error(&mut self, node: Node, message: &'static str) {
        if self.error.is_none() {
            self.error = Some(Error::syntax(message, 0));
            self.set_error_line(node);
        }
    }

    /// Takes the line of `node` for the error if none is known yet.
    pub(crate) fn set_error_line(&mut self, node: Node) {
        if self.error_line == 0 {
            self.error_line = node.line(self.arena);
        }
    }

    /// The result of `step`; a lack of memory is noted as the error.
    pub(crate) fn keep<T>(
        &mut self,
        step: impl FnOnce(&mut Arena<'s>) -> Result<T, OutOfMemory>,
    ) -> Option<T> {
        match step(self.arena) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fail(error.into());
                None
            }
        }
    }

    pub(crate) fn child(&self, node: Node, index: u32) -> Node {
        node.child(self.arena, index)
    }

    pub(crate) fn count(&self, node: Node) -> u32 {
        node.count(self.arena)
    }

    pub(crate) fn is(&self, node: Node, kind: Kind) -> bool {
        node.is(self.arena, kind)
    }

    /// The truth of `node`, if it is a constant.
    pub(crate) fn truth(&self, node: Node) -> Option<bool> {
        truth_of(self.arena, self.names, node)
    }

    /// All children of `node` in turn.
    pub(crate) fn all_children(&mut self, node: Node) {
        for index in 0..self.count(node) {
            let child = self.child(node, index);
            self.node(child);
            if self.has_failed() {
                self.set_error_line(child);
                return;
            }
        }
    }

    /// Code for any node.
    pub(crate) fn node(&mut self, node: Node) {
        match node.leaf(self.arena) {
            Leaf::Nothing | Leaf::Operator(_) | Leaf::Literal(Literal::Newline | Literal::Star) => {
            }
            Leaf::Small(value) => self.load_small(value),
            Leaf::Name(name) => {
                self.load_name(name);
                self.check_viper_name(node, name);
            }
            Leaf::String(name) => self.load_string(name),
            Leaf::Literal(literal) => self.load_literal(literal),
            Leaf::Branch(kind) => {
                self.set_line(node.line(self.arena));
                self.deeper(|compiler| compiler.branch(kind, node));
            }
        }
    }

    /// Runs `step` one level deeper; too deep a tree is an error.
    pub(crate) fn deeper(&mut self, step: impl FnOnce(&mut Self)) {
        if self.depth / NODES_PER_LEVEL >= self.options.depth_limit {
            self.fail(Error::too_deep());
            return;
        }
        self.depth += 1;
        step(self);
        self.depth -= 1;
    }

    fn branch(&mut self, kind: Kind, node: Node) {
        match kind {
            Kind::Block | Kind::Pass => self.all_children(node),
            Kind::Expression => self.expression_statement(node),
            Kind::Delete => self.delete_statement(node),
            Kind::Break | Kind::Continue => self.break_or_continue(node, kind),
            Kind::Return => self.return_statement(node),
            Kind::Raise => self.raise_statement(node),
            Kind::Import => self.import_statement(node),
            Kind::ImportFrom => self.import_from_statement(node),
            Kind::Global | Kind::Nonlocal => self.declaration(node, kind),
            Kind::Assert => self.assert_statement(node),
            Kind::YieldStatement => {
                let value = self.child(node, 0);
                self.node(value);
                self.pop_top();
            }
            Kind::If => self.if_statement(node),
            Kind::While => self.while_statement(node),
            Kind::For => self.for_statement(node),
            Kind::Try => self.try_statement(node),
            Kind::With => self.with_statement(node),
            Kind::Function => self.function_statement(node),
            Kind::Class => self.class_statement(node),
            Kind::Decorated => self.decorated(node),
            Kind::Async => self.async_statement(node),
            Kind::Constant => self.load_constant(Constant(node.raw_child(self.arena, 0))),
            _ => self.expression(kind, node),
        }
    }

    /// Starts a loop and returns what to restore after it, with the labels of `break` and
    /// `continue`.
    pub(crate) fn enter_loop(&mut self, drops_iterator: bool) -> (LoopState, Label, Label) {
        let (end, next) = (self.new_label(), self.new_label());
        let exit = |label, drops_iterator| LoopExit {
            label,
            drops_iterator,
        };
        let state = LoopState {
            exits: Some((exit(end, drops_iterator), exit(next, false))),
            handlers: self.handlers,
        };
        (core::mem::replace(&mut self.loop_state, state), end, next)
    }
}
