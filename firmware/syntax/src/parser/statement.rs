//! Statements without a suite, and what a source text consists of.

use super::{Parse, Parser};
use crate::ast::{Kind, Literal, Node};
use crate::token::Token;

impl Parser<'_, '_> {
    /// A file: statements and empty lines.
    pub(super) fn file(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        loop {
            match self.token() {
                Token::Newline => {
                    self.push(Node::literal(Literal::Newline))?;
                    self.advance()?;
                }
                token if starts_statement(token) => self.statement()?,
                _ => break,
            }
        }
        match self.height() - height {
            0 => {
                self.push_none()?;
                self.build(Kind::Block, line, height)
            }
            1 => Ok(()),
            _ => self.build(Kind::Block, line, height),
        }
    }

    /// An interactive statement, or an empty line.
    pub(super) fn single(&mut self) -> Parse {
        match self.token() {
            Token::Newline => {
                self.push(Node::literal(Literal::Newline))?;
                self.advance()
            }
            token if starts_statement(token) => self.statement(),
            _ => Err(self.unexpected()),
        }
    }

    /// One expression.
    pub(super) fn eval(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.test_list()?;
        self.accept(Token::Newline)?;
        self.build(Kind::Eval, line, height)
    }

    pub(super) fn statement(&mut self) -> Parse {
        if self.token().starts_compound_statement() {
            self.compound_statement()
        } else {
            self.simple_statement()
        }
    }

    /// Small statements up to the end of the line.
    pub(super) fn simple_statement(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.small_statement()?;
        let mut has_semicolon = false;
        while self.accept(Token::Semicolon)? {
            has_semicolon = true;
            if !self.token().starts_small_statement() {
                break;
            }
            self.small_statement()?;
        }
        if has_semicolon {
            self.build(Kind::Block, line, height)?;
        }
        self.expect(Token::Newline)
    }

    fn small_statement(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        let kind = match self.token() {
            Token::Pass => {
                self.advance()?;
                Kind::Pass
            }
            Token::Break => {
                self.advance()?;
                Kind::Break
            }
            Token::Continue => {
                self.advance()?;
                Kind::Continue
            }
            Token::Del => {
                self.advance()?;
                self.expression_list()?;
                Kind::Delete
            }
            Token::Return => {
                self.advance()?;
                if self.token().starts_test() {
                    self.test_list()?;
                } else {
                    self.push_none()?;
                }
                Kind::Return
            }
            Token::Raise => {
                self.raise()?;
                Kind::Raise
            }
            Token::Yield => {
                self.yield_expression()?;
                Kind::YieldStatement
            }
            Token::Import => {
                self.import()?;
                Kind::Import
            }
            Token::From => {
                self.import_from()?;
                Kind::ImportFrom
            }
            Token::Global => {
                self.names()?;
                Kind::Global
            }
            Token::Nonlocal => {
                self.names()?;
                Kind::Nonlocal
            }
            Token::Assert => {
                self.advance()?;
                self.test()?;
                if self.accept(Token::Comma)? {
                    self.test()?;
                } else {
                    self.push_none()?;
                }
                Kind::Assert
            }
            _ => return self.expression_statement(),
        };
        self.build(kind, line, height)
    }

    /// `raise [test [from test]]`
    fn raise(&mut self) -> Parse {
        self.advance()?;
        if !self.token().starts_test() {
            self.push_none()?;
            return self.push_none();
        }
        self.test()?;
        if self.accept(Token::From)? {
            self.test()
        } else {
            self.push_none()
        }
    }

    /// `name (, name)*` after a keyword.
    fn names(&mut self) -> Parse {
        self.advance()?;
        self.name()?;
        while self.accept(Token::Comma)? {
            self.name()?;
        }
        Ok(())
    }

    /// `name (. name)*`
    pub(super) fn dotted_name(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.name()?;
        let mut is_dotted = false;
        while self.accept(Token::Period)? {
            is_dotted = true;
            self.name()?;
        }
        if is_dotted {
            self.build(Kind::Dotted, line, height)
        } else {
            Ok(())
        }
    }

    /// `import module [as name] (, …)*`
    fn import(&mut self) -> Parse {
        self.advance()?;
        loop {
            let (line, height) = (self.line(), self.height());
            self.dotted_name()?;
            if self.accept(Token::As)? {
                self.name()?;
                self.build(Kind::ModuleAs, line, height)?;
            }
            if !self.accept(Token::Comma)? {
                return Ok(());
            }
        }
    }

    /// `from [dots] [module] import * | names | ( names )`
    fn import_from(&mut self) -> Parse {
        self.advance()?;
        let mut level = 0;
        loop {
            match self.token() {
                Token::Period => level += 1,
                Token::Ellipsis => level += 3,
                _ => break,
            }
            self.advance()?;
        }
        let level_node = Node::small(self.arena, level)?;
        self.push(level_node)?;
        if level == 0 || self.token() == Token::Name {
            self.dotted_name()?;
        } else {
            self.push_none()?;
        }
        self.expect(Token::Import)?;
        match self.token() {
            Token::Star => {
                self.advance()?;
                self.push(Node::literal(Literal::Star))
            }
            Token::ParenOpen => {
                self.advance()?;
                self.imported_names()?;
                self.expect(Token::ParenClose)
            }
            _ => self.imported_names(),
        }
    }

    fn imported_names(&mut self) -> Parse {
        loop {
            let (line, height) = (self.line(), self.height());
            self.name()?;
            if self.accept(Token::As)? {
                self.name()?;
            } else {
                self.push_none()?;
            }
            self.build(Kind::ImportedName, line, height)?;
            if !self.accept(Token::Comma)? || self.token() != Token::Name {
                return Ok(());
            }
        }
    }

    /// An expression or assignment.
    fn expression_statement(&mut self) -> Parse {
        let (line, height) = (self.line(), self.height());
        self.target_list()?;
        let (right_line, right) = (self.line(), self.height());
        match self.token() {
            Token::Colon => {
                self.advance()?;
                self.test()?;
                if self.accept(Token::Equal)? {
                    self.assigned()?;
                } else {
                    self.push_none()?;
                }
                self.build(Kind::Annotation, right_line, right)?;
            }
            Token::Equal => {
                while self.accept(Token::Equal)? {
                    self.assigned()?;
                }
                if self.height() - right > 1 {
                    self.build(Kind::Targets, right_line, right)?;
                }
            }
            token => {
                if let Some(operator) = token.augmented_operator() {
                    self.advance()?;
                    self.push(Node::operator(operator))?;
                    self.assigned()?;
                    self.build(Kind::Augmented, right_line, right)?;
                } else {
                    self.push_none()?;
                }
            }
        }
        if self.reduce_lonely_constant(line)? || self.reduce_const_assignment()? {
            return Ok(());
        }
        self.build(Kind::Expression, line, height)
    }

    /// What follows an assignment operator.
    fn assigned(&mut self) -> Parse {
        if self.token() == Token::Yield {
            self.yield_expression()
        } else {
            self.target_list()
        }
    }
}

/// Whether a statement may start with `token`.
pub(super) fn starts_statement(token: Token) -> bool {
    token.starts_compound_statement() || token.starts_small_statement()
}
