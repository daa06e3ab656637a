//! Token kinds.
//!
//! The order of the operators is that of the bytecode's operator numbers, so that one is computed
//! from the other: `// ORDER OP`.

/// What a token is. Names, numbers and strings have their text in the lexer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[expect(
    missing_docs,
    reason = "the spelling of each token stands in KEYWORDS and in the lexer"
)]
pub enum Token {
    /// End of the source.
    End,
    /// A character that starts no token, or a string with a bad escape.
    Invalid,
    /// A line indented like no open block.
    DedentMismatch,
    /// A string without its closing quote.
    LonelyStringOpen,
    /// An f-string with an empty or unbalanced replacement field.
    MalformedFString,
    Newline,
    Indent,
    Dedent,
    Name,
    Integer,
    FloatOrImaginary,
    String,
    Bytes,
    Ellipsis,
    // ORDER KEYWORDS
    False,
    None,
    True,
    Debug,
    And,
    As,
    Assert,
    Async,
    Await,
    Break,
    Class,
    Continue,
    Def,
    Del,
    Elif,
    Else,
    Except,
    Finally,
    For,
    From,
    Global,
    If,
    Import,
    In,
    Is,
    Lambda,
    Nonlocal,
    Not,
    Or,
    Pass,
    Raise,
    Return,
    Try,
    While,
    With,
    Yield,
    /// `:=`
    Walrus,
    Tilde,
    // ORDER OP: comparisons
    Less,
    More,
    DoubleEqual,
    LessEqual,
    MoreEqual,
    NotEqual,
    // ORDER OP: arithmetic
    Pipe,
    Caret,
    Ampersand,
    DoubleLess,
    DoubleMore,
    Plus,
    Minus,
    Star,
    At,
    DoubleSlash,
    Slash,
    Percent,
    DoubleStar,
    // ORDER OP: arithmetic in place
    PipeEqual,
    CaretEqual,
    AmpersandEqual,
    DoubleLessEqual,
    DoubleMoreEqual,
    PlusEqual,
    MinusEqual,
    StarEqual,
    AtEqual,
    DoubleSlashEqual,
    SlashEqual,
    PercentEqual,
    DoubleStarEqual,
    ParenOpen,
    ParenClose,
    BracketOpen,
    BracketClose,
    BraceOpen,
    BraceClose,
    Comma,
    Colon,
    Period,
    Semicolon,
    Equal,
    Arrow,
}

/// An operator, by its number in the bytecode: binary ones count from `<` (opcode 0xd7), unary ones
/// from `+` (opcode 0xd0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator(pub u8);

impl Operator {
    /// `<`, the first of the comparisons.
    pub const LESS: Self = Self(0);
    /// `>`
    pub const MORE: Self = Self(1);
    /// `in`
    pub const IN: Self = Self(6);
    /// `is`
    pub const IS: Self = Self(7);
    /// Whether an exception matches a type or a tuple of types.
    pub const EXCEPTION_MATCH: Self = Self(8);
    /// `|=`, the first of the operators in place.
    pub const INPLACE_OR: Self = Self(9);
    /// `+=`
    pub const INPLACE_ADD: Self = Self(14);
    /// `|`, the first of the arithmetic operators.
    pub const OR: Self = Self(22);
    /// `^`
    pub const XOR: Self = Self(23);
    /// `&`
    pub const AND: Self = Self(24);
    /// `<<`
    pub const SHIFT_LEFT: Self = Self(25);
    /// `>>`
    pub const SHIFT_RIGHT: Self = Self(26);
    /// `+`
    pub const ADD: Self = Self(27);
    /// `-`
    pub const SUBTRACT: Self = Self(28);
    /// `*`
    pub const MULTIPLY: Self = Self(29);
    /// `@`
    pub const MATRIX_MULTIPLY: Self = Self(30);
    /// `//`
    pub const FLOOR_DIVIDE: Self = Self(31);
    /// `/`
    pub const TRUE_DIVIDE: Self = Self(32);
    /// `%`
    pub const MODULO: Self = Self(33);
    /// `**`
    pub const POWER: Self = Self(34);
    /// `not in`; the bytecode has no such number, it is `in` and `not`.
    pub const NOT_IN: Self = Self(35);
    /// `is not`; the bytecode has no such number, it is `is` and `not`.
    pub const IS_NOT: Self = Self(36);

    /// Unary `+`
    pub const POSITIVE: Self = Self(0);
    /// Unary `-`
    pub const NEGATIVE: Self = Self(1);
    /// `~`
    pub const INVERT: Self = Self(2);
    /// `not`
    pub const NOT: Self = Self(3);
}

/// The keywords and their tokens, sorted by text.
const KEYWORDS: [(&str, Token); 36] = [
    ("False", Token::False),
    ("None", Token::None),
    ("True", Token::True),
    ("__debug__", Token::Debug),
    ("and", Token::And),
    ("as", Token::As),
    ("assert", Token::Assert),
    ("async", Token::Async),
    ("await", Token::Await),
    ("break", Token::Break),
    ("class", Token::Class),
    ("continue", Token::Continue),
    ("def", Token::Def),
    ("del", Token::Del),
    ("elif", Token::Elif),
    ("else", Token::Else),
    ("except", Token::Except),
    ("finally", Token::Finally),
    ("for", Token::For),
    ("from", Token::From),
    ("global", Token::Global),
    ("if", Token::If),
    ("import", Token::Import),
    ("in", Token::In),
    ("is", Token::Is),
    ("lambda", Token::Lambda),
    ("nonlocal", Token::Nonlocal),
    ("not", Token::Not),
    ("or", Token::Or),
    ("pass", Token::Pass),
    ("raise", Token::Raise),
    ("return", Token::Return),
    ("try", Token::Try),
    ("while", Token::While),
    ("with", Token::With),
    ("yield", Token::Yield),
];

impl Token {
    /// The keyword that `text` is.
    pub fn keyword(text: &[u8]) -> Option<Self> {
        let place = KEYWORDS
            .binary_search_by(|(word, _)| word.as_bytes().cmp(text))
            .ok()?;
        Some(KEYWORDS[place].1)
    }

    /// The binary operator that the token stands for between two expressions, without `in`, `is`
    /// and `not in`.
    pub fn binary_operator(self) -> Option<Operator> {
        let number = self as u8;
        if (Self::Less..=Self::NotEqual).contains(&self) {
            Some(Operator(number - Self::Less as u8))
        } else if (Self::Pipe..=Self::DoubleStar).contains(&self) {
            Some(Operator(Operator::OR.0 + number - Self::Pipe as u8))
        } else {
            None
        }
    }

    /// The operator of an assignment such as `+=`.
    pub fn augmented_operator(self) -> Option<Operator> {
        (Self::PipeEqual..=Self::DoubleStarEqual)
            .contains(&self)
            .then(|| Operator(Operator::INPLACE_OR.0 + self as u8 - Self::PipeEqual as u8))
    }

    /// The operator that the token stands for before an expression, without `not`.
    pub fn unary_operator(self) -> Option<Operator> {
        match self {
            Self::Plus => Some(Operator::POSITIVE),
            Self::Minus => Some(Operator::NEGATIVE),
            Self::Tilde => Some(Operator::INVERT),
            _ => None,
        }
    }

    /// Whether an expression may start with this token.
    pub fn starts_test(self) -> bool {
        matches!(self, Self::Not | Self::Lambda) || self.starts_expression()
    }

    /// Whether an expression without `not`, `lambda` and comparisons may start with this token.
    pub fn starts_expression(self) -> bool {
        use Token::{Await, Minus, Plus, Tilde};
        matches!(self, Plus | Minus | Tilde | Await) || self.starts_atom()
    }

    fn starts_atom(self) -> bool {
        use Token::{
            BraceOpen, BracketOpen, Bytes, Ellipsis, False, FloatOrImaginary, Integer, Name, None,
            ParenOpen, String, True,
        };
        matches!(
            self,
            Name | Integer
                | FloatOrImaginary
                | String
                | Bytes
                | Ellipsis
                | None
                | True
                | False
                | ParenOpen
                | BracketOpen
                | BraceOpen
        )
    }

    /// Whether a statement without a suite may start with this token.
    pub fn starts_small_statement(self) -> bool {
        use Token::{
            Assert, Break, Continue, Del, From, Global, Import, Nonlocal, Pass, Raise, Return,
            Star, Yield,
        };
        matches!(
            self,
            Del | Pass
                | Break
                | Continue
                | Return
                | Raise
                | Yield
                | Import
                | From
                | Global
                | Nonlocal
                | Assert
                | Star
        ) || self.starts_test()
    }

    /// Whether a statement with a suite may start with this token.
    pub fn starts_compound_statement(self) -> bool {
        use Token::{Async, At, Class, Def, For, If, Try, While, With};
        matches!(
            self,
            If | While | For | Try | With | Def | Class | At | Async
        )
    }
}
