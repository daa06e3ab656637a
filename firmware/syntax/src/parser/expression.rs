//! Operators.
//!
//! Operands and operators are grouped by precedence with a stack of open groups instead of one
//! function per level, so that an expression in brackets costs few stack frames. A group is three
//! words: its level, the source line of its first operand, and the height of the node stack where
//! its children start.

use super::{Failed, Parse, Parser};
use crate::ast::{Kind, Node};
use crate::token::{Operator, Token};

/// How tightly a group binds; a larger number binds tighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub(super) enum Level {
    Or,
    And,
    Not,
    Comparison,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Arithmetic,
    Term,
    Unary,
    Power,
}

const LEVELS: [Level; 12] = [
    Level::Or,
    Level::And,
    Level::Not,
    Level::Comparison,
    Level::BitOr,
    Level::BitXor,
    Level::BitAnd,
    Level::Shift,
    Level::Arithmetic,
    Level::Term,
    Level::Unary,
    Level::Power,
];

impl Level {
    /// The level of a token between two operands.
    fn of(token: Token) -> Option<Self> {
        Some(match token {
            Token::Or => Self::Or,
            Token::And => Self::And,
            Token::Less
            | Token::More
            | Token::DoubleEqual
            | Token::LessEqual
            | Token::MoreEqual
            | Token::NotEqual
            | Token::In
            | Token::Not
            | Token::Is => Self::Comparison,
            Token::Pipe => Self::BitOr,
            Token::Caret => Self::BitXor,
            Token::Ampersand => Self::BitAnd,
            Token::DoubleLess | Token::DoubleMore => Self::Shift,
            Token::Plus | Token::Minus => Self::Arithmetic,
            Token::Star | Token::At | Token::Slash | Token::Percent | Token::DoubleSlash => {
                Self::Term
            }
            Token::DoubleStar => Self::Power,
            _ => return None,
        })
    }

    fn kind(self) -> Kind {
        match self {
            Self::Or => Kind::Or,
            Self::And => Kind::And,
            Self::Not => Kind::Not,
            Self::Comparison => Kind::Comparison,
            Self::BitOr => Kind::BitOr,
            Self::BitXor => Kind::BitXor,
            Self::BitAnd => Kind::BitAnd,
            Self::Shift | Self::Arithmetic | Self::Term => Kind::Term,
            Self::Unary => Kind::Unary,
            Self::Power => Kind::Power,
        }
    }
}

const GROUP_WORDS: u32 = 3;

/// An open group.
#[derive(Debug, Clone, Copy)]
struct Group {
    level: Level,
    line: u32,
    height: u32,
}

impl Parser<'_, '_> {
    fn open_group(&mut self, group: Group) -> Parse {
        self.groups.push(self.arena, group.level as u32)?;
        self.groups.push(self.arena, group.line)?;
        Ok(self.groups.push(self.arena, group.height)?)
    }

    /// The innermost group above `base`, which is a length of the group stack.
    fn group(&self, base: u32) -> Option<Group> {
        (self.groups.len() > base).then(|| Group {
            level: LEVELS[self.groups.peek(self.arena, 2) as usize],
            line: self.groups.peek(self.arena, 1),
            height: self.groups.peek(self.arena, 0),
        })
    }

    /// Reads an expression of operators of at least level `lowest`.
    fn operators(&mut self, lowest: Level) -> Parse {
        let base = self.groups.len();
        loop {
            let mut operand = self.operand(base, lowest)?;
            let level = Level::of(self.token()).filter(|level| *level >= lowest);
            while let Some(group) = self.group(base)
                && level.is_none_or(|level| group.level > level)
            {
                self.groups.truncate(self.groups.len() - GROUP_WORDS);
                self.close_group(group)?;
                operand = group;
            }
            let Some(level) = level else { return Ok(()) };
            let continues = self
                .group(base)
                .is_some_and(|group| group.level == level && level != Level::Power);
            if !continues {
                self.open_group(Group { level, ..operand })?;
            }
            self.take_operator(level)?;
        }
    }

    /// Reads prefixes, each of which opens a group, and what they apply to; returns its place.
    fn operand(&mut self, base: u32, lowest: Level) -> Result<Group, Failed> {
        loop {
            let (line, height) = (self.line(), self.height());
            let outer = self.group(base).map_or(lowest, |group| group.level);
            let place = |level| Group {
                level,
                line,
                height,
            };
            if self.token() == Token::Not && outer <= Level::Not {
                self.advance()?;
                self.open_group(place(Level::Not))?;
            } else if let Some(operator) = self.token().unary_operator() {
                self.advance()?;
                self.push(Node::operator(operator))?;
                self.open_group(place(Level::Unary))?;
            } else {
                self.primary()?;
                return Ok(place(Level::Power));
            }
        }
    }

    /// Takes the operator between two operands; those whose level has several are kept in the tree.
    // Kept out of the functions that recurse, for the sake of their stack frames.
    #[inline(never)]
    fn take_operator(&mut self, level: Level) -> Parse {
        let token = self.token();
        self.advance()?;
        let operator = match token {
            Token::In => Operator::IN,
            Token::Not => {
                self.expect(Token::In)?;
                Operator::NOT_IN
            }
            Token::Is if self.accept(Token::Not)? => Operator::IS_NOT,
            Token::Is => Operator::IS,
            _ => match token.binary_operator() {
                Some(operator)
                    if matches!(
                        level,
                        Level::Comparison | Level::Shift | Level::Arithmetic | Level::Term
                    ) =>
                {
                    operator
                }
                _ => return Ok(()),
            },
        };
        self.push(Node::operator(operator))
    }

    // Kept out of the functions that recurse, for the sake of their stack frames.
    #[inline(never)]
    fn close_group(&mut self, group: Group) -> Parse {
        let Group {
            level,
            line,
            height,
        } = group;
        let is_done = match level {
            Level::Or | Level::And => self.reduce_logical(level == Level::Or, height)?,
            Level::Not => self.reduce_not()?,
            Level::Comparison => false,
            Level::BitOr => self.reduce_chain(Some(Operator::OR), height)?,
            Level::BitXor => self.reduce_chain(Some(Operator::XOR), height)?,
            Level::BitAnd => self.reduce_chain(Some(Operator::AND), height)?,
            Level::Power => self.reduce_chain(Some(Operator::POWER), height)?,
            Level::Shift | Level::Arithmetic | Level::Term => self.reduce_chain(None, height)?,
            Level::Unary => self.reduce_unary(height)?,
        };
        if is_done {
            Ok(())
        } else {
            self.build(level.kind(), line, height)
        }
    }

    /// An expression without comparisons and what binds less: a target or what follows `*`.
    pub(super) fn expression(&mut self) -> Parse {
        self.operators(Level::BitOr)
    }

    /// An expression with comparisons and `and`, `or`, `not`.
    pub(super) fn or_test(&mut self) -> Parse {
        self.operators(Level::Or)
    }

    /// An expression with everything but `:=` and commas.
    pub(super) fn test(&mut self) -> Parse {
        if self.token() == Token::Lambda {
            return self.nested(|parser| parser.lambda(Self::test));
        }
        let (line, height) = (self.line(), self.height());
        self.or_test()?;
        if !self.accept(Token::If)? {
            return Ok(());
        }
        self.or_test()?;
        self.expect(Token::Else)?;
        self.nested(Self::test)?;
        self.build(Kind::IfExpression, line, height)
    }

    /// What may follow `if` in a comprehension: no conditional expression.
    pub(super) fn test_without_condition(&mut self) -> Parse {
        if self.token() == Token::Lambda {
            return self.nested(|parser| parser.lambda(Self::test_without_condition));
        }
        self.or_test()
    }

    /// `test [:= test]`
    pub(super) fn named_test(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.test()?;
        if self.accept(Token::Walrus)? {
            self.test()?;
            self.build(Kind::NamedExpression, line, height)?;
        }
        Ok(())
    }

    /// `*expression`, or what `other` reads.
    pub(super) fn star_or(&mut self, other: fn(&mut Self) -> Parse) -> Parse {
        if self.token() != Token::Star {
            return other(self);
        }
        let (line, height) = (self.line(), self.height());
        self.advance()?;
        self.expression()?;
        self.build(Kind::Star, line, height)
    }

    /// Tests with commas, as after `return` and `in`.
    pub(super) fn test_list(&mut self) -> Parse {
        self.tuple_list(Kind::TestList, Token::starts_test, Self::test)
    }

    /// Tests and starred expressions with commas, as in an expression statement.
    pub(super) fn target_list(&mut self) -> Parse {
        let starts = |token: Token| token == Token::Star || token.starts_test();
        self.tuple_list(Kind::TargetList, starts, |parser| {
            parser.star_or(Self::test)
        })
    }

    /// A list that is a tuple, and a constant if its items are.
    pub(super) fn tuple_list(
        &mut self,
        kind: Kind,
        starts: fn(Token) -> bool,
        item: impl FnMut(&mut Self) -> Parse,
    ) -> Parse {
        if self.list(kind, starts, item)? {
            self.reduce_list()?;
        }
        Ok(())
    }

    /// Targets with commas, as after `for` and `del`.
    pub(super) fn expression_list(&mut self) -> Parse {
        let starts = |token: Token| token == Token::Star || token.starts_expression();
        self.list(Kind::ExpressionList, starts, |parser| {
            parser.star_or(Self::expression)
        })?;
        Ok(())
    }
}
