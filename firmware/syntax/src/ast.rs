//! The tree: node kinds, node references and how to read them.
//!
//! A [`Node`] is one word. Names, short strings, small integers and literals such as `None` are the
//! word itself; everything else is an offset into the arena:
//!
//! ```text
//! [line u32][kind u8 | count u24][child u32; count]
//! ```
//!
//! A parenthesis round one expression leaves no node, a list of one item without a trailing comma
//! is the item itself, and folded expressions are their value: the compiler sees only what it acts
//! on.

use crate::arena::{Arena, OutOfMemory, WORD};
use crate::name::Name;
use crate::token::Operator;

/// A node, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node(pub u32);

/// Bits that tell what a node is; the rest is its value.
const TAG_BITS: u32 = 3;
const TAG_MASK: u32 = 7;
const TAG_BRANCH: u32 = 0;
const TAG_SMALL: u32 = 1;
const TAG_NAME: u32 = 2;
const TAG_STRING: u32 = 3;
const TAG_LITERAL: u32 = 4;
const TAG_OPERATOR: u32 = 5;
const TAG_WIDE: u32 = 6;

/// What a node is, with its value where that fits in the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// No node.
    Nothing,
    /// A small integer.
    Small(i64),
    /// An identifier.
    Name(Name),
    /// A string short enough to be interned.
    String(Name),
    /// `None` and the like.
    Literal(Literal),
    /// An operator between operands.
    Operator(Operator),
    /// A node with children.
    Branch(Kind),
}

/// The literals that are words of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Literal {
    /// `False`
    False,
    /// `None`
    None,
    /// `True`
    True,
    /// `...`
    Ellipsis,
    /// An empty line at the outermost level.
    Newline,
    /// The `*` of `from x import *`.
    Star,
}

/// Kinds of nodes with children; `?` marks a child that may be [`Node::NONE`], `*` any number.
///
/// Kinds marked "line" set the source line of the code made from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Statements `*`; line.
    Block,
    /// The expression of an `eval`.
    Eval,
    /// Nothing to do; line.
    Pass,
    /// Left, right `?`; right is an expression, [`Kind::Annotation`], [`Kind::Augmented`] or
    /// [`Kind::Targets`]; line.
    Expression,
    /// Annotation, value `?`.
    Annotation,
    /// Operator, value.
    Augmented,
    /// Further targets `*`, then the value.
    Targets,
    /// Target or [`Kind::ExpressionList`]; line.
    Delete,
    /// Line.
    Break,
    /// Line.
    Continue,
    /// Value `?`; line.
    Return,
    /// Exception `?`, cause `?`; line.
    Raise,
    /// Modules `*`, each a name, [`Kind::Dotted`] or [`Kind::ModuleAs`]; line.
    Import,
    /// Module, name.
    ModuleAs,
    /// Names `*`.
    Dotted,
    /// Level, module `?`, then [`Literal::Star`] or [`Kind::ImportedName`] `*`; line.
    ImportFrom,
    /// Name, alias `?`.
    ImportedName,
    /// Names `*`; line.
    Global,
    /// Names `*`; line.
    Nonlocal,
    /// Condition, message `?`; line.
    Assert,
    /// A yield as a statement: the [`Kind::Yield`] or [`Kind::YieldFrom`]; line.
    YieldStatement,
    /// Condition, body, (condition, body) `*`, else `?`; line.
    If,
    /// Condition, body, else `?`; line.
    While,
    /// Targets, iterable, body, else `?`; line.
    For,
    /// Body, else `?`, finally `?`, [`Kind::Except`] `*`; line.
    Try,
    /// Type `?`, name `?`, body.
    Except,
    /// Body, items `*`, each an expression or [`Kind::WithItem`]; line.
    With,
    /// Expression, target.
    WithItem,
    /// Name, parameters `?`, returns `?`, body, scope; line.
    Function,
    /// Parameters `?`, body, scope; line.
    Lambda,
    /// Parameters `*`, each a name, [`Kind::Parameter`], [`Kind::StarParameter`] or
    /// [`Kind::DoubleStarParameter`].
    Parameters,
    /// Name, annotation `?`, default `?`.
    Parameter,
    /// Name `?`, annotation `?`.
    StarParameter,
    /// Name, annotation `?`.
    DoubleStarParameter,
    /// Name, arguments `?` ([`Kind::Arguments`]), body, scope; line.
    Class,
    /// Arguments `*`.
    Arguments,
    /// [`Kind::Decorator`] `*`, then the function, class or [`Kind::Async`]; line.
    Decorated,
    /// Name or [`Kind::Dotted`], [`Kind::Call`] `?`.
    Decorator,
    /// The function, loop or with-statement after `async`; line.
    Async,
    /// Target, value; line.
    NamedExpression,
    /// Value, condition, value otherwise; line.
    IfExpression,
    /// Operands `*`; line.
    Or,
    /// Operands `*`; line.
    And,
    /// Operand; line.
    Not,
    /// Operand, (operator, operand) `*`; line.
    Comparison,
    /// Operands `*` of `|`; line.
    BitOr,
    /// Operands `*` of `^`; line.
    BitXor,
    /// Operands `*` of `&`; line.
    BitAnd,
    /// Operand, (operator, operand) `*`; line.
    Term,
    /// Operator, operand; line.
    Unary,
    /// Base, exponent; line.
    Power,
    /// Expression; line.
    Star,
    /// Subject, trailers `*`; line.
    Primary,
    /// Subject, trailers `*`; line.
    Await,
    /// Arguments `*`: expressions or the argument kinds below; line.
    Call,
    /// Expression.
    StarArgument,
    /// Expression.
    DoubleStarArgument,
    /// Name, value.
    KeywordArgument,
    /// Target, value.
    NamedArgument,
    /// Element, [`Kind::ForClause`].
    GeneratorArgument,
    /// Subscript; line.
    Subscript,
    /// Name; line.
    Attribute,
    /// Start `?`, stop `?`, step `?`; line.
    Slice,
    /// Content `?`: [`Kind::Sequence`] or [`Kind::Comprehension`]; line.
    Paren,
    /// Content `?`: the same or one expression; line.
    Bracket,
    /// Content `?`: [`Kind::Items`], [`Kind::Comprehension`], [`Kind::Pair`] or one expression;
    /// line.
    Brace,
    /// Expressions `*`.
    Sequence,
    /// Element, [`Kind::ForClause`].
    Comprehension,
    /// Expressions or [`Kind::Pair`] `*`.
    Items,
    /// Key, value; line.
    Pair,
    /// Targets, iterable, next clause `?`, scope.
    ForClause,
    /// Condition, next clause `?`.
    IfClause,
    /// Expressions `*`, with commas but no parentheses, of an expression statement; line.
    TargetList,
    /// Expressions `*` of `return`, `for … in`, `yield`; line.
    TestList,
    /// Expressions `*` in a subscript; line.
    SubscriptList,
    /// Targets `*` of `for` and `del`.
    ExpressionList,
    /// Value `?`; line.
    Yield,
    /// Iterable; line.
    YieldFrom,
    /// A constant that is not a leaf; line.
    Constant,
}

/// The kinds by number.
const KINDS: [Kind; Kind::Constant as usize + 1] = {
    use Kind::*;
    [
        Block,
        Eval,
        Pass,
        Expression,
        Annotation,
        Augmented,
        Targets,
        Delete,
        Break,
        Continue,
        Return,
        Raise,
        Import,
        ModuleAs,
        Dotted,
        ImportFrom,
        ImportedName,
        Global,
        Nonlocal,
        Assert,
        YieldStatement,
        If,
        While,
        For,
        Try,
        Except,
        With,
        WithItem,
        Function,
        Lambda,
        Parameters,
        Parameter,
        StarParameter,
        DoubleStarParameter,
        Class,
        Arguments,
        Decorated,
        Decorator,
        Async,
        NamedExpression,
        IfExpression,
        Or,
        And,
        Not,
        Comparison,
        BitOr,
        BitXor,
        BitAnd,
        Term,
        Unary,
        Power,
        Star,
        Primary,
        Await,
        Call,
        StarArgument,
        DoubleStarArgument,
        KeywordArgument,
        NamedArgument,
        GeneratorArgument,
        Subscript,
        Attribute,
        Slice,
        Paren,
        Bracket,
        Brace,
        Sequence,
        Comprehension,
        Items,
        Pair,
        ForClause,
        IfClause,
        TargetList,
        TestList,
        SubscriptList,
        ExpressionList,
        Yield,
        YieldFrom,
        Constant,
    ]
};

const LITERALS: [Literal; 6] = [
    Literal::False,
    Literal::None,
    Literal::True,
    Literal::Ellipsis,
    Literal::Newline,
    Literal::Star,
];

/// Offset of the children in a branch.
const CHILDREN: u32 = 2 * WORD;

impl Node {
    /// No node.
    pub const NONE: Self = Self(0);

    const fn leaf_node(tag: u32, value: u32) -> Self {
        Self(value << TAG_BITS | tag)
    }

    /// An identifier.
    pub const fn name(name: Name) -> Self {
        Self::leaf_node(TAG_NAME, name.0 as u32)
    }

    /// An interned string.
    pub const fn string(name: Name) -> Self {
        Self::leaf_node(TAG_STRING, name.0 as u32)
    }

    /// A literal.
    pub const fn literal(literal: Literal) -> Self {
        Self::leaf_node(TAG_LITERAL, literal as u32)
    }

    /// An operator.
    pub const fn operator(operator: Operator) -> Self {
        Self::leaf_node(TAG_OPERATOR, operator.0 as u32)
    }

    /// A small integer; one beyond 29 bits takes two words of the arena.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn small(arena: &mut Arena<'_>, value: i64) -> Result<Self, OutOfMemory> {
        if (-(1 << 28)..1 << 28).contains(&value) {
            return Ok(Self::leaf_node(TAG_SMALL, value as u32));
        }
        let at = arena.alloc(2 * WORD)?;
        arena.set_long(at, value as u64);
        Ok(Self::leaf_node(TAG_WIDE, at))
    }

    /// Makes a node with children, taken from `children`.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn branch(
        arena: &mut Arena<'_>,
        kind: Kind,
        line: u32,
        children: &[Self],
    ) -> Result<Self, OutOfMemory> {
        let node = Self::branch_of(arena, kind, line, children.len() as u32)?;
        for (index, child) in children.iter().enumerate() {
            node.set_child(arena, index as u32, *child);
        }
        Ok(node)
    }

    /// Makes a node with `count` children that are still [`Node::NONE`].
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn branch_of(
        arena: &mut Arena<'_>,
        kind: Kind,
        line: u32,
        count: u32,
    ) -> Result<Self, OutOfMemory> {
        let at = arena.alloc(CHILDREN + count * WORD)?;
        arena.set_word(at, line);
        arena.set_word(at + WORD, kind as u32 | count << 8);
        Ok(Self::leaf_node(TAG_BRANCH, at))
    }

    /// What the node is.
    pub fn leaf(self, arena: &Arena<'_>) -> Leaf {
        let value = self.0 >> TAG_BITS;
        match self.0 & TAG_MASK {
            TAG_SMALL => Leaf::Small(i64::from((self.0 as i32) >> TAG_BITS)),
            TAG_NAME => Leaf::Name(Name(value as u16)),
            TAG_STRING => Leaf::String(Name(value as u16)),
            TAG_LITERAL => Leaf::Literal(LITERALS[value as usize]),
            TAG_OPERATOR => Leaf::Operator(Operator(value as u8)),
            TAG_WIDE => Leaf::Small(arena.long(value) as i64),
            _ if self == Self::NONE => Leaf::Nothing,
            _ => Leaf::Branch(self.branch_kind(arena)),
        }
    }

    fn at(self) -> u32 {
        self.0 >> TAG_BITS
    }

    fn branch_kind(self, arena: &Arena<'_>) -> Kind {
        KINDS[(arena.word(self.at() + WORD) & 0xff) as usize]
    }

    /// Whether there is no node.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// Whether the node has children, or could have.
    pub fn is_branch(self) -> bool {
        self.0 & TAG_MASK == TAG_BRANCH && self != Self::NONE
    }

    /// Whether the node is a small integer.
    pub fn is_small(self) -> bool {
        matches!(self.0 & TAG_MASK, TAG_SMALL | TAG_WIDE)
    }

    /// Whether the node is of `kind`.
    pub fn is(self, arena: &Arena<'_>, kind: Kind) -> bool {
        self.is_branch() && self.branch_kind(arena) == kind
    }

    /// The kind of a node with children.
    pub fn kind(self, arena: &Arena<'_>) -> Option<Kind> {
        self.is_branch().then(|| self.branch_kind(arena))
    }

    /// The identifier that the node is.
    pub fn as_name(self) -> Option<Name> {
        (self.0 & TAG_MASK == TAG_NAME).then_some(Name((self.0 >> TAG_BITS) as u16))
    }

    /// The operator that the node is.
    pub fn as_operator(self) -> Option<Operator> {
        (self.0 & TAG_MASK == TAG_OPERATOR).then_some(Operator((self.0 >> TAG_BITS) as u8))
    }

    /// Whether the node is this literal.
    pub fn is_literal(self, literal: Literal) -> bool {
        self == Self::literal(literal)
    }

    /// The source line of a branch; 0 for a leaf.
    pub fn line(self, arena: &Arena<'_>) -> u32 {
        if self.is_branch() {
            arena.word(self.at())
        } else {
            0
        }
    }

    /// How many children a branch has; 0 for a leaf.
    pub fn count(self, arena: &Arena<'_>) -> u32 {
        if self.is_branch() {
            arena.word(self.at() + WORD) >> 8
        } else {
            0
        }
    }

    /// The child at `index`; [`Node::NONE`] where there is none.
    pub fn child(self, arena: &Arena<'_>, index: u32) -> Self {
        if index < self.count(arena) {
            Self(arena.word(self.at() + CHILDREN + index * WORD))
        } else {
            Self::NONE
        }
    }

    /// Replaces the child at `index`.
    ///
    /// # Panics
    /// When the node has no such child.
    pub fn set_child(self, arena: &mut Arena<'_>, index: u32, child: Self) {
        assert!(index < self.count(arena), "child inside the node");
        arena.set_word(self.at() + CHILDREN + index * WORD, child.0);
    }

    /// A word that is no node, kept in place of a child.
    pub fn raw_child(self, arena: &Arena<'_>, index: u32) -> u32 {
        self.child(arena, index).0
    }
}

#[cfg(test)]
mod tests {
    use super::{Arena, KINDS, Kind, Leaf, Node};

    #[test]
    fn kinds_stand_at_their_number() {
        for (number, kind) in KINDS.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
        }
    }

    #[test]
    fn small_integers_keep_their_value_in_and_beyond_a_word() {
        let mut storage = [0; 256];
        let mut arena = Arena::new(&mut storage);
        for value in [
            0,
            -1,
            (1 << 28) - 1,
            1 << 28,
            -(1 << 28),
            -(1 << 28) - 1,
            i64::MIN,
        ] {
            let node = Node::small(&mut arena, value).unwrap();
            assert!(node.is_small());
            assert_eq!(node.leaf(&arena), Leaf::Small(value));
        }
    }

    #[test]
    fn branches_answer_for_their_children() {
        let mut storage = [0; 256];
        let mut arena = Arena::new(&mut storage);
        let one = Node::small(&mut arena, 1).unwrap();
        let node = Node::branch(&mut arena, Kind::Return, 7, &[one]).unwrap();
        assert_eq!((node.line(&arena), node.count(&arena)), (7, 1));
        assert_eq!(
            (node.child(&arena, 0), node.child(&arena, 1)),
            (one, Node::NONE)
        );
        assert!(node.is(&arena, Kind::Return) && !one.is(&arena, Kind::Return));
    }
}
