//! Statements with a suite.

use super::statement::starts_statement;
use super::{Parse, Parser};
use crate::ast::Kind;
use crate::token::Token;

impl Parser<'_, '_> {
    pub(super) fn compound_statement(&mut self) -> Parse {
        match self.token() {
            Token::If => self.if_statement(),
            Token::While => self.while_statement(),
            Token::For => self.for_statement(),
            Token::Try => self.try_statement(),
            Token::With => self.with_statement(),
            Token::Def => self.function(),
            Token::Class => self.class(),
            Token::At => self.decorated(),
            Token::Async => self.async_statement(true),
            _ => Err(self.unexpected()),
        }
    }

    /// `: suite`
    fn suite(&mut self) -> Parse {
        self.expect(Token::Colon)?;
        self.nested(|parser| {
            if !parser.accept(Token::Newline)? {
                return parser.simple_statement();
            }
            parser.expect(Token::Indent)?;
            let (line, height) = (parser.line(), parser.height());
            loop {
                parser.statement()?;
                if !starts_statement(parser.token()) {
                    break;
                }
            }
            if parser.height() - height > 1 {
                parser.build(Kind::Block, line, height)?;
            }
            parser.expect(Token::Dedent)
        })
    }

    /// `[else : suite]`
    fn else_suite(&mut self) -> Parse {
        if self.accept(Token::Else)? {
            self.suite()
        } else {
            self.push_none()
        }
    }

    fn if_statement(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.advance()?;
        loop {
            self.named_test()?;
            self.suite()?;
            if !self.accept(Token::Elif)? {
                break;
            }
        }
        self.else_suite()?;
        self.build(Kind::If, line, height)
    }

    fn while_statement(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.advance()?;
        self.named_test()?;
        self.suite()?;
        self.else_suite()?;
        self.build(Kind::While, line, height)
    }

    fn for_statement(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.advance()?;
        self.expression_list()?;
        self.expect(Token::In)?;
        self.test_list()?;
        self.suite()?;
        self.else_suite()?;
        self.build(Kind::For, line, height)
    }

    fn try_statement(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.advance()?;
        self.suite()?;
        // The places of else and finally come before the handlers, so they are filled in
        // afterwards.
        let places = self.height();
        self.push_none()?;
        self.push_none()?;
        if self.token() != Token::Except {
            self.finally_suite(places)?;
            return self.build(Kind::Try, line, height);
        }
        while self.token() == Token::Except {
            self.except()?;
        }
        if self.accept(Token::Else)? {
            self.suite()?;
            let node = self.pop();
            self.stack.set(self.arena, places, node.0);
        }
        if self.token() == Token::Finally {
            self.finally_suite(places)?;
        }
        self.build(Kind::Try, line, height)
    }

    fn finally_suite(&mut self, places: u32) -> Parse {
        self.expect(Token::Finally)?;
        self.suite()?;
        let node = self.pop();
        self.stack.set(self.arena, places + 1, node.0);
        Ok(())
    }

    /// `except [test [as name]] : suite`
    fn except(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.advance()?;
        if self.token().starts_test() {
            self.test()?;
            if self.accept(Token::As)? {
                self.name()?;
            } else {
                self.push_none()?;
            }
        } else {
            self.push_none()?;
            self.push_none()?;
        }
        self.suite()?;
        self.build(Kind::Except, line, height)
    }

    fn with_statement(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.advance()?;
        // The place of the body comes before the items.
        self.push_none()?;
        loop {
            let (item_line, item) = (self.line(), self.height());
            self.test()?;
            if self.accept(Token::As)? {
                self.expression()?;
                self.build(Kind::WithItem, item_line, item)?;
            }
            if !self.accept(Token::Comma)? {
                break;
            }
        }
        self.suite()?;
        let body = self.pop();
        self.stack.set(self.arena, height, body.0);
        self.build(Kind::With, line, height)
    }

    /// `def name ( parameters ) [-> test] : suite`; a place for the scope follows in the node.
    fn function(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.expect(Token::Def)?;
        self.name()?;
        self.expect(Token::ParenOpen)?;
        self.parameters(true)?;
        self.expect(Token::ParenClose)?;
        if self.accept(Token::Arrow)? {
            self.test()?;
        } else {
            self.push_none()?;
        }
        self.suite()?;
        self.push_none()?;
        self.build(Kind::Function, line, height)
    }

    /// `class name [( arguments )] : suite`; a place for the scope follows in the node.
    fn class(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.expect(Token::Class)?;
        self.name()?;
        if self.token() == Token::ParenOpen {
            let (line, height) = (self.line(), self.height());
            self.arguments()?;
            self.build(Kind::Arguments, line, height)?;
        } else {
            self.push_none()?;
        }
        self.suite()?;
        self.push_none()?;
        self.build(Kind::Class, line, height)
    }

    fn decorated(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        while self.token() == Token::At {
            let (line, height) = (self.line(), self.height());
            self.advance()?;
            self.dotted_name()?;
            if self.token() == Token::ParenOpen {
                self.nested(Self::call)?;
            } else {
                self.push_none()?;
            }
            self.expect(Token::Newline)?;
            self.build(Kind::Decorator, line, height)?;
        }
        match self.token() {
            Token::Class => self.class()?,
            Token::Def => self.function()?,
            Token::Async => self.async_statement(false)?,
            _ => return Err(self.unexpected()),
        }
        self.build(Kind::Decorated, line, height)
    }

    /// `async` and a function or, with `any`, a loop or with-statement.
    fn async_statement(&mut self, any: bool) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.expect(Token::Async)?;
        match self.token() {
            Token::Def => self.function()?,
            Token::With if any => self.with_statement()?,
            Token::For if any => self.for_statement()?,
            _ => return Err(self.unexpected()),
        }
        self.build(Kind::Async, line, height)
    }
}
