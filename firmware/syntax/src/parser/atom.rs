//! What stands between operators: names, literals, brackets and the trailers after them.

use super::{Parse, Parser};
use crate::ast::Kind;
use crate::token::Token;

impl Parser<'_, '_> {
    /// `[await] atom trailer*`
    // Kept out of the functions that recurse, for the sake of their stack frames.
    #[inline(never)]
    pub(super) fn primary(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        let is_await = self.accept(Token::Await)?;
        self.atom()?;
        loop {
            match self.token() {
                Token::ParenOpen => self.nested(Self::call)?,
                Token::BracketOpen => self.nested(Self::subscript_trailer)?,
                Token::Period => {
                    let (line, height) = (self.line(), self.height());
                    self.advance()?;
                    self.name()?;
                    self.build(Kind::Attribute, line, height)?;
                }
                _ => break,
            }
        }
        if is_await {
            return self.build(Kind::Await, line, height);
        }
        let count = self.height() - height;
        if count == 1 || (count == 2 && self.reduce_module_constant()?) {
            return Ok(());
        }
        self.build(Kind::Primary, line, height)
    }

    fn atom(&mut self) -> Parse {
        match self.token() {
            Token::ParenOpen => self.nested(Self::paren),
            Token::BracketOpen => self.nested(Self::bracket),
            Token::BraceOpen => self.nested(Self::brace),
            _ => self.leaf(),
        }
    }

    /// `( [yield | items] )`; the brackets leave a node only round nothing, a tuple or a generator.
    fn paren(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.advance()?;
        let is_kept = match self.token() {
            Token::ParenClose => {
                self.push_none()?;
                true
            }
            Token::Yield => {
                self.yield_expression()?;
                false
            }
            _ => self.items(true)?,
        };
        self.expect(Token::ParenClose)?;
        if is_kept {
            self.build(Kind::Paren, line, height)
        } else {
            Ok(())
        }
    }

    /// `[ [items] ]`
    fn bracket(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.advance()?;
        if self.token() == Token::BracketClose {
            self.push_none()?;
        } else {
            self.items(false)?;
        }
        self.expect(Token::BracketClose)?;
        self.build(Kind::Bracket, line, height)
    }

    /// One item, a comprehension, or items with commas; true when it is not just one item. With
    /// `is_tuple` items that are all constants become one constant.
    fn items(&mut self, is_tuple: bool) -> Result<bool, super::Failed> {
        let (line, height) = (self.line(), self.height());
        let item = |parser: &mut Self| parser.star_or(Self::named_test);
        item(self)?;
        if self.token() == Token::For {
            self.for_clause()?;
            self.build(Kind::Comprehension, line, height)?;
            return Ok(true);
        }
        if !self.accept(Token::Comma)? {
            return Ok(false);
        }
        let second_line = self.line();
        let starts = |token: Token| token == Token::Star || token.starts_test();
        let mut has_comma = false;
        while starts(self.token()) {
            item(self)?;
            has_comma = self.accept(Token::Comma)?;
            if !has_comma {
                break;
            }
        }
        // Three items, or two and a comma, count as starting where the second item does.
        let is_long = self.height() - height > 2 || has_comma;
        let line = if is_long { second_line } else { line };
        if is_tuple && self.reduce_tuple(line, height)? {
            return Ok(false);
        }
        self.build(Kind::Sequence, line, height)?;
        Ok(true)
    }

    /// `{ [pairs | items | comprehension] }`
    // Kept out of the functions that recurse, for the sake of their stack frames.
    #[inline(never)]
    fn brace(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.advance()?;
        if self.accept(Token::BraceClose)? {
            self.push_none()?;
            return self.build(Kind::Brace, line, height);
        }
        let (content_line, content) = (self.line(), self.height());
        self.pair()?;
        if self.token() == Token::For {
            self.for_clause()?;
            self.build(Kind::Comprehension, content_line, content)?;
        } else if self.accept(Token::Comma)? {
            while self.token().starts_test() {
                self.pair()?;
                if !self.accept(Token::Comma)? {
                    break;
                }
            }
            self.build(Kind::Items, content_line, content)?;
        }
        self.expect(Token::BraceClose)?;
        self.build(Kind::Brace, line, height)
    }

    /// `test [: test]`
    fn pair(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.test()?;
        if self.accept(Token::Colon)? {
            self.test()?;
            self.build(Kind::Pair, line, height)?;
        }
        Ok(())
    }

    /// `for targets in test [clause]`; a place for the scope follows in the node.
    pub(super) fn for_clause(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.expect(Token::For)?;
        self.expression_list()?;
        self.expect(Token::In)?;
        self.or_test()?;
        self.next_clause()?;
        self.push_none()?;
        self.build(Kind::ForClause, line, height)
    }

    fn next_clause(&mut self) -> Parse {
        match self.token() {
            Token::For => self.nested(Self::for_clause),
            Token::If => self.nested(|parser| {
                let (line, height) = (parser.line(), parser.height());
                parser.advance()?;
                parser.test_without_condition()?;
                parser.next_clause()?;
                parser.build(Kind::IfClause, line, height)
            }),
            _ => self.push_none(),
        }
    }

    /// `[ subscripts ]` after an atom.
    fn subscript_trailer(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.advance()?;
        let starts = |token: Token| token == Token::Colon || token.starts_test();
        self.tuple_list(Kind::SubscriptList, starts, Self::subscript)?;
        self.expect(Token::BracketClose)?;
        self.build(Kind::Subscript, line, height)
    }

    /// `test`, or `[test] : [test] [: [test]]`
    fn subscript(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        if self.token() == Token::Colon {
            self.push_none()?;
        } else {
            self.test()?;
        }
        if !self.accept(Token::Colon)? {
            return Ok(());
        }
        self.optional_test()?;
        if self.accept(Token::Colon)? {
            self.optional_test()?;
        } else {
            self.push_none()?;
        }
        self.build(Kind::Slice, line, height)
    }

    fn optional_test(&mut self) -> Parse {
        if self.token().starts_test() {
            self.test()
        } else {
            self.push_none()
        }
    }

    /// `yield [from test | tests]`
    pub(super) fn yield_expression(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.expect(Token::Yield)?;
        if self.accept(Token::From)? {
            self.test()?;
            return self.build(Kind::YieldFrom, line, height);
        }
        if self.token().starts_test() {
            self.test_list()?;
        } else {
            self.push_none()?;
        }
        self.build(Kind::Yield, line, height)
    }
}
