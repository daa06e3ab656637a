//! Scopes: a module, function, class, lambda or comprehension, and which name lives where in it.
//!
//! A scope is a record in the arena, referred to by its offset. After the first pass over a scope
//! it knows every name used in it; [`Compiler::number_locals`] then gives the places: first the
//! variables captured from outside, then parameters, other locals, and locals that inner scopes
//! capture.

use upy_syntax::arena::{Arena, List, OutOfMemory, WORD};
use upy_syntax::ast::Node;
use upy_syntax::name::Name;

use crate::compiler::Compiler;

/// A scope in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope(pub(crate) u32);

/// What opens a scope. From [`ScopeKind::Lambda`] on they are functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub(crate) enum ScopeKind {
    Module,
    Class,
    Lambda,
    ListComprehension,
    DictComprehension,
    SetComprehension,
    GeneratorExpression,
    Function,
}

const KINDS: [ScopeKind; 8] = [
    ScopeKind::Module,
    ScopeKind::Class,
    ScopeKind::Lambda,
    ScopeKind::ListComprehension,
    ScopeKind::DictComprehension,
    ScopeKind::SetComprehension,
    ScopeKind::GeneratorExpression,
    ScopeKind::Function,
];

impl ScopeKind {
    /// Whether names assigned in the scope are locals.
    pub(crate) fn is_function_like(self) -> bool {
        self >= Self::Lambda
    }

    pub(crate) fn is_comprehension(self) -> bool {
        (Self::ListComprehension..=Self::GeneratorExpression).contains(&self)
    }
}

/// Words of a scope's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Field {
    Kind,
    /// Offset of the enclosing scope; 0 for the module.
    Parent,
    Node,
    Name,
    /// The `FLAG_` bits of `upy_bytecode::code`.
    Flags,
    Positional,
    KeywordOnly,
    Defaults,
    Locals,
    /// Values on the stack at most.
    Stack,
    /// Handlers open at most.
    Handlers,
    /// Whether the function is to be compiled as viper code.
    IsViper,
    CodeAt,
    CodeLen,
    ChildrenAt,
    ChildCount,
    /// Three words: the list of identifiers.
    Identifiers,
    IdentifiersLen,
    IdentifiersCapacity,
    /// Not a field: how many there are.
    Count,
}

impl Scope {
    pub(crate) fn get(self, arena: &Arena<'_>, field: Field) -> u32 {
        arena.word(self.0 + field as u32 * WORD)
    }

    pub(crate) fn set(self, arena: &mut Arena<'_>, field: Field, value: u32) {
        arena.set_word(self.0 + field as u32 * WORD, value);
    }

    pub(crate) fn kind(self, arena: &Arena<'_>) -> ScopeKind {
        KINDS[self.get(arena, Field::Kind) as usize]
    }

    pub(crate) fn parent(self, arena: &Arena<'_>) -> Option<Self> {
        match self.get(arena, Field::Parent) {
            0 => None,
            at => Some(Self(at)),
        }
    }

    pub(crate) fn node(self, arena: &Arena<'_>) -> Node {
        Node(self.get(arena, Field::Node))
    }

    pub(crate) fn name(self, arena: &Arena<'_>) -> Name {
        Name(self.get(arena, Field::Name) as u16)
    }

    pub(crate) fn has_flag(self, arena: &Arena<'_>, flag: u8) -> bool {
        self.get(arena, Field::Flags) & u32::from(flag) != 0
    }

    pub(crate) fn set_flag(self, arena: &mut Arena<'_>, flag: u8) {
        let flags = self.get(arena, Field::Flags);
        self.set(arena, Field::Flags, flags | u32::from(flag));
    }

    pub(crate) fn add(self, arena: &mut Arena<'_>, field: Field, count: u32) {
        let value = self.get(arena, field);
        self.set(arena, field, value + count);
    }

    fn identifiers(self, arena: &Arena<'_>) -> List {
        List::from_words([
            self.get(arena, Field::Identifiers),
            self.get(arena, Field::IdentifiersLen),
            self.get(arena, Field::IdentifiersCapacity),
        ])
    }

    /// How many names the scope uses.
    pub(crate) fn identifier_count(self, arena: &Arena<'_>) -> u32 {
        self.get(arena, Field::IdentifiersLen) / Identifier::WORDS
    }

    pub(crate) fn identifier(self, arena: &Arena<'_>, index: u32) -> Identifier {
        let list = self.identifiers(arena);
        let word = list.get(arena, index * Identifier::WORDS);
        Identifier {
            name: Name(word as u16),
            kind: IDENTIFIER_KINDS[(word >> 16 & 0xff) as usize],
            role: ROLES[(word >> 24) as usize],
            place: list.get(arena, index * Identifier::WORDS + 1),
        }
    }

    pub(crate) fn set_identifier(self, arena: &mut Arena<'_>, index: u32, identifier: Identifier) {
        let list = self.identifiers(arena);
        list.set(arena, index * Identifier::WORDS, identifier.word());
        list.set(arena, index * Identifier::WORDS + 1, identifier.place);
    }

    /// The place of `name` in the list of identifiers.
    pub(crate) fn find(self, arena: &Arena<'_>, name: Name) -> Option<u32> {
        (0..self.identifier_count(arena)).find(|index| self.identifier(arena, *index).name == name)
    }

    fn find_or_add(
        self,
        arena: &mut Arena<'_>,
        name: Name,
        kind: IdentifierKind,
    ) -> Result<u32, OutOfMemory> {
        if let Some(index) = self.find(arena, name) {
            return Ok(index);
        }
        let identifier = Identifier {
            name,
            kind,
            role: Role::Plain,
            place: 0,
        };
        let mut list = self.identifiers(arena);
        list.push(arena, identifier.word())?;
        list.push(arena, identifier.place)?;
        let [at, len, capacity] = list.to_words();
        self.set(arena, Field::Identifiers, at);
        self.set(arena, Field::IdentifiersLen, len);
        self.set(arena, Field::IdentifiersCapacity, capacity);
        Ok(self.identifier_count(arena) - 1)
    }

    fn set_kind(self, arena: &mut Arena<'_>, index: u32, kind: IdentifierKind) {
        let identifier = self.identifier(arena, index);
        self.set_identifier(arena, index, Identifier { kind, ..identifier });
    }
}

/// Where a name lives, as seen from one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum IdentifierKind {
    Undecided,
    GlobalImplicit,
    GlobalImplicitAssigned,
    GlobalExplicit,
    Local,
    /// A local that inner scopes capture.
    Cell,
    /// A variable captured from outside.
    Free,
}

const IDENTIFIER_KINDS: [IdentifierKind; 7] = [
    IdentifierKind::Undecided,
    IdentifierKind::GlobalImplicit,
    IdentifierKind::GlobalImplicitAssigned,
    IdentifierKind::GlobalExplicit,
    IdentifierKind::Local,
    IdentifierKind::Cell,
    IdentifierKind::Free,
];

impl IdentifierKind {
    pub(crate) fn is_captured(self) -> bool {
        matches!(self, Self::Cell | Self::Free)
    }
}

/// Whether a name is a parameter, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Role {
    Plain,
    Parameter,
    StarParameter,
    DoubleStarParameter,
}

const ROLES: [Role; 4] = [
    Role::Plain,
    Role::Parameter,
    Role::StarParameter,
    Role::DoubleStarParameter,
];

/// A name in a scope: `[name u16 | kind u8 | role u8][place u32]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identifier {
    pub(crate) name: Name,
    pub(crate) kind: IdentifierKind,
    pub(crate) role: Role,
    /// Number of the local.
    pub(crate) place: u32,
}

impl Identifier {
    const WORDS: u32 = 2;

    fn word(self) -> u32 {
        u32::from(self.name.0) | (self.kind as u32) << 16 | (self.role as u32) << 24
    }
}

impl Compiler<'_, '_> {
    /// Makes a scope inside the current one and puts it at the end of the work list.
    pub(crate) fn new_scope(&mut self, kind: ScopeKind, node: Node, is_viper: bool) -> Scope {
        let Some(at) = self.keep(|arena| arena.alloc(Field::Count as u32 * WORD)) else {
            return self.scope;
        };
        let scope = Scope(at);
        let name = match kind {
            ScopeKind::Module => self.known.module,
            ScopeKind::Lambda => self.known.lambda,
            ScopeKind::ListComprehension => self.known.list_comprehension,
            ScopeKind::DictComprehension => self.known.dict_comprehension,
            ScopeKind::SetComprehension => self.known.set_comprehension,
            ScopeKind::GeneratorExpression => self.known.generator_expression,
            ScopeKind::Function | ScopeKind::Class => {
                node.child(self.arena, 0).as_name().unwrap_or(Name::NONE)
            }
        };
        scope.set(self.arena, Field::Kind, kind as u32);
        scope.set(self.arena, Field::Parent, self.scope.0);
        scope.set(self.arena, Field::Node, node.0);
        scope.set(self.arena, Field::Name, u32::from(name.0));
        scope.set(self.arena, Field::IsViper, u32::from(is_viper));
        let pushed = self.scopes.push(self.arena, scope.0);
        self.keep(|_| pushed);
        scope
    }

    /// The place of `name` in `scope`, added as `kind` if it was not there.
    pub(crate) fn find_or_add(&mut self, scope: Scope, name: Name, kind: IdentifierKind) -> u32 {
        self.keep(|arena| scope.find_or_add(arena, name, kind))
            .unwrap_or(0)
    }

    /// Notes that `name` is assigned or deleted in `scope`.
    pub(crate) fn note_assigned(&mut self, scope: Scope, name: Name) -> u32 {
        let index = self.find_or_add(scope, name, IdentifierKind::GlobalImplicit);
        if self.has_failed() {
            return index;
        }
        if scope.identifier(self.arena, index).kind == IdentifierKind::GlobalImplicit {
            let kind = if scope.kind(self.arena).is_function_like() {
                IdentifierKind::Local
            } else {
                IdentifierKind::GlobalImplicitAssigned
            };
            scope.set_kind(self.arena, index, kind);
        }
        index
    }

    pub(crate) fn set_identifier_kind(&mut self, scope: Scope, index: u32, kind: IdentifierKind) {
        scope.set_kind(self.arena, index, kind);
    }

    /// Makes a name that is a local of an enclosing function one that is captured from there.
    pub(crate) fn capture_if_outer_local(&mut self, scope: Scope, index: u32) {
        let name = scope.identifier(self.arena, index).name;
        let mut outer = scope.parent(self.arena);
        while let Some(candidate) = outer {
            let next = candidate.parent(self.arena);
            if next.is_none() {
                return;
            }
            if let Some(found) = candidate.find(self.arena, name) {
                let kind = candidate.identifier(self.arena, found).kind;
                if kind == IdentifierKind::Local || kind.is_captured() {
                    scope.set_kind(self.arena, index, IdentifierKind::Free);
                    self.capture_in_parents(scope, name);
                }
                return;
            }
            outer = next;
        }
    }

    /// Passes a captured name through the scopes between its owner and `scope`.
    fn capture_in_parents(&mut self, scope: Scope, name: Name) {
        let mut outer = scope.parent(self.arena);
        while let Some(candidate) = outer {
            let index = self.find_or_add(candidate, name, IdentifierKind::Undecided);
            if self.has_failed() {
                return;
            }
            match candidate.identifier(self.arena, index).kind {
                IdentifierKind::Undecided => {
                    candidate.set_kind(self.arena, index, IdentifierKind::Free);
                }
                IdentifierKind::Local => {
                    candidate.set_kind(self.arena, index, IdentifierKind::Cell);
                    return;
                }
                _ => return,
            }
            outer = candidate.parent(self.arena);
        }
    }

    /// After the first pass: names not found further out may still belong to an enclosing function.
    pub(crate) fn capture_implicit_globals(&mut self, scope: Scope) {
        for index in 0..scope.identifier_count(self.arena) {
            if scope.identifier(self.arena, index).kind == IdentifierKind::GlobalImplicit {
                self.capture_if_outer_local(scope, index);
            }
        }
    }

    /// Decides the place of every local of `scope`.
    pub(crate) fn number_locals(&mut self, scope: Scope) {
        if scope.has_flag(self.arena, upy_bytecode::code::FLAG_VAR_ARGUMENTS) {
            self.move_star_parameter(scope);
        }
        let kind = scope.kind(self.arena);
        let count = scope.identifier_count(self.arena);
        let mut locals = 0;
        for index in 0..count {
            let mut identifier = scope.identifier(self.arena, index);
            if kind == ScopeKind::Class && identifier.name == self.known.class {
                continue;
            }
            if kind.is_function_like() && identifier.kind == IdentifierKind::GlobalImplicit {
                identifier.kind = IdentifierKind::GlobalExplicit;
            }
            if identifier.kind == IdentifierKind::Local || identifier.role != Role::Plain {
                identifier.place = locals;
                locals += 1;
            }
            scope.set_identifier(self.arena, index, identifier);
        }
        for index in 0..count {
            let mut identifier = scope.identifier(self.arena, index);
            if identifier.kind == IdentifierKind::Cell && identifier.role == Role::Plain {
                identifier.place = locals;
                locals += 1;
                scope.set_identifier(self.arena, index, identifier);
            }
        }
        let captured = self.number_captured(scope);
        scope.set(self.arena, Field::Locals, locals + captured);
    }

    /// `*args` comes after the keyword-only parameters.
    fn move_star_parameter(&mut self, scope: Scope) {
        let mut last_parameter = None;
        for index in (0..scope.identifier_count(self.arena)).rev() {
            let identifier = scope.identifier(self.arena, index);
            match identifier.role {
                Role::StarParameter => {
                    if let Some(last) = last_parameter {
                        let other = scope.identifier(self.arena, last);
                        scope.set_identifier(self.arena, last, identifier);
                        scope.set_identifier(self.arena, index, other);
                    }
                    return;
                }
                Role::Parameter if last_parameter.is_none() => last_parameter = Some(index),
                _ => {}
            }
        }
    }

    /// Gives the captured variables the first places, in the order of the scope they come from, and
    /// returns how many there are.
    fn number_captured(&mut self, scope: Scope) -> u32 {
        let Some(parent) = scope.parent(self.arena) else {
            return 0;
        };
        let mut captured = 0;
        for outer in 0..parent.identifier_count(self.arena) {
            let outer = parent.identifier(self.arena, outer);
            if !outer.kind.is_captured() {
                continue;
            }
            if let Some(index) = scope.find(self.arena, outer.name) {
                let identifier = scope.identifier(self.arena, index);
                if identifier.kind == IdentifierKind::Free {
                    let place = captured;
                    scope.set_identifier(
                        self.arena,
                        index,
                        Identifier {
                            place,
                            ..identifier
                        },
                    );
                    captured += 1;
                }
            }
        }
        if captured == 0 {
            return 0;
        }
        for index in 0..scope.identifier_count(self.arena) {
            let identifier = scope.identifier(self.arena, index);
            if identifier.kind != IdentifierKind::Free || identifier.role != Role::Plain {
                let place = identifier.place + captured;
                scope.set_identifier(
                    self.arena,
                    index,
                    Identifier {
                        place,
                        ..identifier
                    },
                );
            }
        }
        scope.add(self.arena, Field::Positional, captured);
        captured
    }
}
