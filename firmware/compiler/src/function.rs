//! Functions, lambdas, classes and decorators.

use upy_bytecode::code::{
    FLAG_DEFAULT_KEYWORDS, FLAG_GENERATOR, FLAG_VAR_ARGUMENTS, FLAG_VAR_KEYWORDS,
};
use upy_bytecode::opcode::Opcode;
use upy_syntax::ast::{Kind, Leaf, Node};
use upy_syntax::name::Name;

use crate::compiler::{Compiler, ParameterState};
use crate::emit::Pass;
use crate::scope::{Field, IdentifierKind, Role, Scope, ScopeKind};
use crate::{NativeCode, Options};

/// The child of [`Kind::Function`] that holds its scope.
pub(crate) const SCOPE_CHILD: u32 = 4;
const LAMBDA_SCOPE_CHILD: u32 = 2;
const CLASS_SCOPE_CHILD: u32 = 3;

/// How the code of a function is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Emit {
    Bytecode,
    Viper,
}

impl Compiler<'_, '_> {
    fn current_emit(&self) -> Emit {
        match self.scope.get(self.arena, Field::IsViper) {
            0 => Emit::Bytecode,
            _ => Emit::Viper,
        }
    }

    /// The scope noted in `node`, made in the first pass.
    pub(crate) fn scope_of(
        &mut self,
        node: Node,
        child: u32,
        kind: ScopeKind,
        scope_node: Node,
        is_viper: bool,
    ) -> Scope {
        if self.emit.pass == Pass::Scope {
            let scope = self.new_scope(kind, scope_node, is_viper);
            node.set_child(self.arena, child, Node(scope.0));
        }
        Scope(node.raw_child(self.arena, child))
    }

    pub(crate) fn function_statement(&mut self, node: Node) {
        let name = self.function_object(node, self.current_emit());
        self.store_name(name);
    }

    /// Leaves the function on the stack; returns its name.
    fn function_object(&mut self, node: Node, emit: Emit) -> Name {
        let scope = self.scope_of(
            node,
            SCOPE_CHILD,
            ScopeKind::Function,
            node,
            emit == Emit::Viper,
        );
        let parameters = self.child(node, 1);
        self.with_defaults(scope, parameters);
        scope.name(self.arena)
    }

    pub(crate) fn lambda(&mut self, node: Node) {
        let is_viper = self.current_emit() == Emit::Viper;
        let scope = self.scope_of(node, LAMBDA_SCOPE_CHILD, ScopeKind::Lambda, node, is_viper);
        let parameters = self.child(node, 0);
        self.with_defaults(scope, parameters);
    }

    /// Loads the defaults of the parameters and makes the function.
    fn with_defaults(&mut self, scope: Scope, parameters: Node) {
        // A default may be a lambda with defaults of its own.
        let outer = core::mem::take(&mut self.parameters);
        for index in 0..self.count(parameters) {
            let parameter = self.child(parameters, index);
            self.default_of(parameter);
        }
        if self.has_failed() {
            return;
        }
        let ParameterState {
            defaults,
            keyword_defaults,
            ..
        } = self.parameters;
        if defaults > 0 && keyword_defaults == 0 {
            self.build(Opcode::BuildTuple, defaults);
            self.load_null();
        }
        self.make_with_captured(scope, defaults, keyword_defaults);
        self.parameters = outer;
    }

    fn default_of(&mut self, parameter: Node) {
        let (name, default) = match parameter.kind(self.arena) {
            Some(Kind::StarParameter) => {
                self.parameters.has_star = true;
                return;
            }
            Some(Kind::DoubleStarParameter) => return,
            Some(_) => (self.child(parameter, 0), self.child(parameter, 2)),
            None => (parameter, Node::NONE),
        };
        if default.is_none() {
            if !self.parameters.has_star && self.parameters.defaults != 0 {
                self.syntax_error(parameter, "non-default argument follows default argument");
            }
            return;
        }
        if !self.parameters.has_star {
            self.parameters.defaults += 1;
            self.node(default);
            return;
        }
        self.parameters.keyword_defaults += 1;
        if self.parameters.keyword_defaults == 1 {
            if self.parameters.defaults > 0 {
                self.build(Opcode::BuildTuple, self.parameters.defaults);
            } else {
                self.load_null();
            }
            self.build_map(0);
        }
        self.node(default);
        if let Some(name) = name.as_name() {
            self.load_string(name);
        }
        self.store_map();
    }

    /// Makes the function of `scope` with the defaults on the stack and the variables it captures.
    pub(crate) fn make_with_captured(
        &mut self,
        scope: Scope,
        defaults: u32,
        keyword_defaults: u32,
    ) {
        if self.has_failed() {
            return;
        }
        if keyword_defaults > 0 {
            scope.set_flag(self.arena, FLAG_DEFAULT_KEYWORDS);
        }
        scope.set(self.arena, Field::Defaults, defaults);
        let mut captured = 0;
        if self.scope.kind(self.arena) != ScopeKind::Module {
            for index in 0..self.scope.identifier_count(self.arena) {
                let identifier = self.scope.identifier(self.arena, index);
                if identifier.kind.is_captured()
                    && scope
                        .find(self.arena, identifier.name)
                        .is_some_and(|inner| {
                            scope.identifier(self.arena, inner).kind == IdentifierKind::Free
                        })
                {
                    self.load_fast(identifier.place);
                    captured += 1;
                }
            }
        }
        self.make_function(scope, captured, defaults > 0 || keyword_defaults > 0);
    }

    pub(crate) fn function_body(&mut self, node: Node) {
        if self.emit.pass == Pass::Scope {
            let parameters = self.child(node, 1);
            self.note_parameters(parameters);
            self.check_viper_type(self.child(node, 2));
        }
        let body = self.child(node, 3);
        self.node(body);
        self.load_none();
        self.return_value();
    }

    pub(crate) fn lambda_body(&mut self, node: Node) {
        self.set_line(node.line(self.arena));
        if self.emit.pass == Pass::Scope {
            let parameters = self.child(node, 0);
            self.note_parameters(parameters);
        }
        let body = self.child(node, 1);
        self.node(body);
        if self.scope.has_flag(self.arena, FLAG_GENERATOR) {
            self.pop_top();
            self.load_none();
        }
        self.return_value();
    }

    /// Adds the parameters to the names of the scope, before any other name.
    fn note_parameters(&mut self, parameters: Node) {
        self.parameters.has_star = false;
        for index in 0..self.count(parameters) {
            let parameter = self.child(parameters, index);
            self.note_parameter(parameter);
        }
    }

    fn note_parameter(&mut self, parameter: Node) {
        if self.scope.has_flag(self.arena, FLAG_VAR_KEYWORDS) {
            self.syntax_error(parameter, "invalid syntax");
            return;
        }
        let (name, annotation, role) = match parameter.kind(self.arena) {
            Some(Kind::StarParameter) => {
                if self.parameters.has_star {
                    self.syntax_error(parameter, "invalid syntax");
                    return;
                }
                self.parameters.has_star = true;
                let name = self.child(parameter, 0);
                if name.is_none() {
                    return;
                }
                self.scope.set_flag(self.arena, FLAG_VAR_ARGUMENTS);
                (name, self.child(parameter, 1), Role::StarParameter)
            }
            Some(Kind::DoubleStarParameter) => {
                self.scope.set_flag(self.arena, FLAG_VAR_KEYWORDS);
                let (name, annotation) = (self.child(parameter, 0), self.child(parameter, 1));
                (name, annotation, Role::DoubleStarParameter)
            }
            kind => {
                let field = match self.parameters.has_star {
                    true => Field::KeywordOnly,
                    false => Field::Positional,
                };
                self.scope.add(self.arena, field, 1);
                match kind {
                    Some(_) => (
                        self.child(parameter, 0),
                        self.child(parameter, 1),
                        Role::Parameter,
                    ),
                    None => (parameter, Node::NONE, Role::Parameter),
                }
            }
        };
        let Some(name) = name.as_name() else { return };
        let index = self.find_or_add(self.scope, name, IdentifierKind::Undecided);
        if self.has_failed() {
            return;
        }
        let mut identifier = self.scope.identifier(self.arena, index);
        if identifier.kind != IdentifierKind::Undecided {
            self.syntax_error(parameter, "argument name reused");
            return;
        }
        identifier.kind = IdentifierKind::Local;
        identifier.role = role;
        self.scope.set_identifier(self.arena, index, identifier);
        self.check_viper_type(annotation);
    }

    pub(crate) fn class_statement(&mut self, node: Node) {
        let name = self.class_object(node, self.current_emit());
        self.store_name(name);
    }

    /// Leaves the class on the stack; returns its name.
    fn class_object(&mut self, node: Node, emit: Emit) -> Name {
        let is_viper = emit == Emit::Viper;
        let scope = self.scope_of(node, CLASS_SCOPE_CHILD, ScopeKind::Class, node, is_viper);
        self.op(Opcode::LoadBuildClass, 1);
        self.make_with_captured(scope, 0, 0);
        let name = scope.name(self.arena);
        self.load_string(name);
        let arguments = self.child(node, 1);
        self.call_with(arguments, false, 2);
        name
    }

    pub(crate) fn class_body(&mut self, node: Node) {
        let class = self.known.class;
        if self.emit.pass == Pass::Scope {
            self.find_or_add(self.scope, class, IdentifierKind::Local);
        }
        self.load_name(self.known.name);
        self.store_name(self.known.module_attribute);
        self.load_string(self.scope.name(self.arena));
        self.store_name(self.known.qualname);
        let body = self.child(node, 2);
        self.node(body);
        // The class is kept for methods that use `super()` or `__class__`.
        let identifier = self
            .scope
            .find(self.arena, class)
            .map(|index| self.scope.identifier(self.arena, index))
            .filter(|identifier| identifier.kind != IdentifierKind::Local);
        match identifier {
            Some(identifier) => self.load_fast(identifier.place),
            None => self.load_none(),
        }
        self.return_value();
    }

    pub(crate) fn decorated(&mut self, node: Node) {
        let last = self.count(node) - 1;
        let mut emit = self.current_emit();
        let mut calls = 0;
        for index in 0..last {
            let decorator = self.child(node, index);
            if !self.code_decorator(decorator, &mut emit) {
                self.decorator(decorator);
                calls += 1;
            }
        }
        let body = self.child(node, last);
        let name = match body.leaf(self.arena) {
            Leaf::Branch(Kind::Function) => self.function_object(body, emit),
            Leaf::Branch(Kind::Async) => {
                let function = self.child(body, 0);
                let name = self.function_object(function, emit);
                self.mark_generator(function);
                name
            }
            _ => self.class_object(body, emit),
        };
        for _ in 0..calls {
            self.call(false, 1, 0, false);
        }
        self.store_name(name);
    }

    /// Loads a decorator, and calls it if it has arguments.
    fn decorator(&mut self, decorator: Node) {
        let (name, call) = (self.child(decorator, 0), self.child(decorator, 1));
        if self.is(name, Kind::Dotted) {
            let first = self.child(name, 0);
            self.node(first);
            for index in 1..self.count(name) {
                if let Some(attribute) = self.child(name, index).as_name() {
                    self.load_attribute(attribute);
                }
            }
        } else {
            self.node(name);
        }
        self.node(call);
    }

    /// Whether the decorator is one of `micropython`, which say how code is to be made.
    fn code_decorator(&mut self, decorator: Node, emit: &mut Emit) -> bool {
        const INVALID: &str = "invalid micropython decorator";
        let name = self.child(decorator, 0);
        let is_dotted = self.is(name, Kind::Dotted);
        let first = if is_dotted { self.child(name, 0) } else { name };
        if first.as_name() != Some(self.known.micropython) {
            return false;
        }
        if self.count(name) != 2 {
            self.syntax_error(first, INVALID);
            return true;
        }
        let attribute_node = self.child(name, 1);
        let attribute = attribute_node.as_name().unwrap_or(Name::NONE);
        let known = self.known;
        let is_native = attribute == known.native || attribute == known.viper;
        let is_assembler = [known.asm_thumb, known.asm_xtensa, known.asm_rv32].contains(&attribute);
        let Options { native, .. } = self.options;
        if attribute == known.bytecode {
            *emit = Emit::Bytecode;
        } else if *native == NativeCode::Refused && (is_native || is_assembler) {
            self.syntax_error(attribute_node, "invalid arch");
        } else if is_native {
            *emit = if attribute == known.viper {
                Emit::Viper
            } else {
                Emit::Bytecode
            };
        } else {
            self.syntax_error(attribute_node, INVALID);
        }
        true
    }

    /// Whether `name` is a type of viper code that bytecode cannot stand in for.
    fn is_machine_type(&self, name: Name) -> bool {
        let known = self.known;
        [known.ptr, known.ptr8, known.ptr16, known.ptr32, known.uint].contains(&name)
    }

    /// Viper code is compiled as bytecode, so machine types have to be refused.
    fn check_viper_type(&mut self, annotation: Node) {
        if let Some(name) = annotation.as_name() {
            self.check_viper_name(annotation, name);
        }
    }

    /// The same for a name that is loaded, such as the function in `ptr8(x)`.
    pub(crate) fn check_viper_name(&mut self, node: Node, name: Name) {
        if self.emit.pass == Pass::Scope
            && self.current_emit() == Emit::Viper
            && self.is_machine_type(name)
        {
            self.syntax_error(node, "viper pointer and uint types need native code");
        }
    }
}
