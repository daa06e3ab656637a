//! Arguments of calls and classes, parameters of functions.

use super::{Parse, Parser};
use crate::ast::Kind;
use crate::token::Token;

impl Parser<'_, '_> {
    /// `( [arguments] )` after an atom.
    pub(super) fn call(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.arguments()?;
        self.build(Kind::Call, line, height)
    }

    /// `( [arguments] )`; leaves each argument on the stack.
    pub(super) fn arguments(&mut self) -> Parse {
        self.expect(Token::ParenOpen)?;
        while self.token() != Token::ParenClose {
            self.argument()?;
            if !self.accept(Token::Comma)? {
                break;
            }
        }
        self.expect(Token::ParenClose)
    }

    fn argument(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        match self.token() {
            Token::Star => {
                self.advance()?;
                self.test()?;
                return self.build(Kind::StarArgument, line, height);
            }
            Token::DoubleStar => {
                self.advance()?;
                self.test()?;
                return self.build(Kind::DoubleStarArgument, line, height);
            }
            _ => self.test()?,
        }
        match self.token() {
            Token::For => {
                self.for_clause()?;
                self.build(Kind::GeneratorArgument, line, height)
            }
            Token::Equal => {
                self.advance()?;
                self.test()?;
                self.build(Kind::KeywordArgument, line, height)
            }
            Token::Walrus => {
                self.advance()?;
                self.test()?;
                self.build(Kind::NamedArgument, line, height)
            }
            _ => Ok(()),
        }
    }

    /// Parameters with commas, or none; `annotated` says whether they may have annotations.
    pub(super) fn parameters(&mut self, annotated: bool) -> Parse {
        let starts = |token| matches!(token, Token::Name | Token::Star | Token::DoubleStar);
        if !starts(self.token()) {
            return self.push_none();
        }
        let (line, height) = (self.line(), self.height());
        while starts(self.token()) {
            self.parameter(annotated)?;
            if !self.accept(Token::Comma)? {
                break;
            }
        }
        self.build(Kind::Parameters, line, height)
    }

    fn parameter(&mut self, annotated: bool) -> Parse {
        let (line, height) = (self.line(), self.height());
        match self.token() {
            Token::Star => {
                self.advance()?;
                if self.token() == Token::Name {
                    self.name()?;
                    self.annotation(annotated)?;
                } else {
                    self.push_none()?;
                    self.push_none()?;
                }
                self.build(Kind::StarParameter, line, height)
            }
            Token::DoubleStar => {
                self.advance()?;
                self.name()?;
                self.annotation(annotated)?;
                self.build(Kind::DoubleStarParameter, line, height)
            }
            _ => {
                self.name()?;
                self.annotation(annotated)?;
                if self.accept(Token::Equal)? {
                    self.test()?;
                } else {
                    self.push_none()?;
                }
                if self.peek(0).is_none() && self.peek(1).is_none() {
                    // Just a name.
                    self.pop();
                    self.pop();
                    return Ok(());
                }
                self.build(Kind::Parameter, line, height)
            }
        }
    }

    /// `[: test]`
    fn annotation(&mut self, annotated: bool) -> Parse {
        if annotated && self.accept(Token::Colon)? {
            self.test()
        } else {
            self.push_none()
        }
    }

    /// `lambda [parameters] : body`; a place for the scope follows in the node.
    pub(super) fn lambda(&mut self, body: fn(&mut Self) -> Parse) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.expect(Token::Lambda)?;
        self.parameters(false)?;
        self.expect(Token::Colon)?;
        body(self)?;
        self.push_none()?;
        self.build(Kind::Lambda, line, height)
    }
}
