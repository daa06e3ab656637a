//! Tokens to a tree, by recursive descent.
//!
//! Finished nodes wait on a stack in the arena until the node above them takes them; a list of any
//! length therefore costs no native stack. What does nest (brackets, suites, `lambda`, `if … else`)
//! counts against a depth limit, and a source that exceeds it is refused instead of overflowing the
//! stack. Operators are grouped with an explicit stack in `expression.rs`.
//!
//! `statement.rs` and `compound.rs` read statements, `expression.rs` operators, `atom.rs` what is
//! between them, `argument.rs` parameters and arguments, and `reduce.rs` folds constants.
//!
//! Source: CPython's grammar for Python 3.4 with `:=`, annotations of variables and f-strings, and
//! MicroPython's documentation of its differences.

mod argument;
mod atom;
mod compound;
mod expression;
mod reduce;
mod statement;

pub use reduce::truth_of;

use crate::arena::{Arena, List, OutOfMemory};
use crate::ast::{Kind, Literal, Node};
use crate::constant::number::{Number, constant_node, parse_float, parse_integer};
use crate::constant::{Constant, number};
use crate::error::{Error, ErrorKind};
use crate::lexer::{Lexer, LexerOptions};
use crate::name::{Name, Names};
use crate::token::Token;

/// Strings up to this length, in bytes, become names.
const SHORT_STRING: u32 = 10;

/// What a source text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A file or several statements.
    File,
    /// One interactive statement.
    Single,
    /// One expression.
    Eval,
}

/// How a source text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParserOptions {
    /// What the text is.
    pub mode: Mode,
    /// Bits of a small integer with its sign.
    pub small_integer_bits: u8,
    /// The value of `__debug__`, and whether there are t-strings.
    pub lexer: LexerOptions,
    /// How deep brackets, suites and the like may nest.
    pub depth_limit: u16,
}

/// A step failed; the parser has the error, so that this takes no room in results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Failed;

impl From<OutOfMemory> for Failed {
    // The arena knows what it refused.
    fn from(_: OutOfMemory) -> Self {
        Self
    }
}

/// The result of a step.
type Parse = Result<(), Failed>;

/// The state of one parse.
struct Parser<'p, 's> {
    arena: &'p mut Arena<'s>,
    names: &'p mut Names,
    lexer: Lexer<'p>,
    options: ParserOptions,
    /// Finished nodes that no node has taken yet.
    stack: List,
    /// Operators whose operands are incomplete; see `expression.rs`.
    groups: List,
    /// Names given a value with `const()`, and the node of each value.
    constants: List,
    depth: u16,
    /// The error, unless the arena ran out of memory.
    error: Option<Error>,
    const_name: Name,
    math_name: Name,
    /// `math.nan`, once it was used.
    nan: Option<Constant>,
}

/// Reads `source` and returns the root of its tree.
///
/// # Errors
/// The first thing that is wrong with the source, or no memory.
pub fn parse(
    arena: &mut Arena<'_>,
    names: &mut Names,
    source: &[u8],
    options: ParserOptions,
) -> Result<Node, Error> {
    let lexer = Lexer::new(arena, source, options.lexer)?;
    let const_name = names.known("const");
    let math_name = names.find(arena, b"math").unwrap_or(Name::NONE);
    let mut parser = Parser {
        arena,
        names,
        lexer,
        options,
        stack: List::new(),
        groups: List::new(),
        constants: List::new(),
        depth: 0,
        error: None,
        const_name,
        math_name,
        nan: None,
    };
    match parser.source() {
        Ok(root) => Ok(root),
        Err(Failed) => Err(parser.error.unwrap_or_else(|| {
            OutOfMemory {
                len_bytes: parser.arena.refused_bytes(),
            }
            .into()
        })),
    }
}

impl Parser<'_, '_> {
    /// Reads everything and returns the root.
    fn source(&mut self) -> Result<Node, Failed> {
        match self.options.mode {
            Mode::File => self.file()?,
            Mode::Single => self.single()?,
            Mode::Eval => self.eval()?,
        }
        if self.token() != Token::End {
            return Err(self.unexpected());
        }
        Ok(self.pop())
    }

    /// Notes the error of a step.
    fn fail(&mut self, error: Error) -> Failed {
        self.error = Some(error);
        Failed
    }

    fn token(&self) -> Token {
        self.lexer.token()
    }

    fn line(&self) -> u32 {
        self.lexer.token_line()
    }

    /// Notes the error of a token that cannot stand where it is.
    #[cold]
    fn unexpected(&mut self) -> Failed {
        let line = self.line();
        let error = match self.token() {
            Token::Indent => Error::new(ErrorKind::Indentation, "unexpected indent", line),
            Token::DedentMismatch => Error::new(
                ErrorKind::Indentation,
                "unindent doesn't match any outer indent level",
                line,
            ),
            Token::MalformedFString => Error::syntax("malformed f-string", line),
            _ => Error::syntax("invalid syntax", line),
        };
        self.fail(error)
    }

    fn advance(&mut self) -> Parse {
        self.lexer
            .next(self.arena)
            .map_err(|error| self.fail(error))
    }

    fn expect(&mut self, token: Token) -> Parse {
        if self.token() == token {
            self.advance()
        } else {
            Err(self.unexpected())
        }
    }

    /// Moves on if the token is this one.
    fn accept(&mut self, token: Token) -> Result<bool, Failed> {
        let is_there = self.token() == token;
        if is_there {
            self.advance()?;
        }
        Ok(is_there)
    }

    /// Runs `step` one level deeper.
    fn nested(&mut self, step: impl FnOnce(&mut Self) -> Parse) -> Parse {
        if self.depth >= self.options.depth_limit {
            return Err(self.fail(Error::too_deep()));
        }
        self.depth += 1;
        step(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn push(&mut self, node: Node) -> Parse {
        Ok(self.stack.push(self.arena, node.0)?)
    }

    fn push_none(&mut self) -> Parse {
        self.push(Node::NONE)
    }

    fn pop(&mut self) -> Node {
        Node(
            self.stack
                .pop(self.arena)
                .expect("every step leaves its node on the stack"),
        )
    }

    /// The node `distance` below the top of the stack.
    fn peek(&self, distance: u32) -> Node {
        Node(self.stack.peek(self.arena, distance))
    }

    /// How many nodes are on the stack; the difference of two such is the length of a list.
    fn height(&self) -> u32 {
        self.stack.len()
    }

    /// Replaces the nodes above `height` by one node that has them as children.
    // Kept out of the functions that recurse, for the sake of their stack frames.
    #[inline(never)]
    fn build(&mut self, kind: Kind, line: u32, height: u32) -> Parse {
        let count = self.stack.len() - height;
        let node = Node::branch_of(self.arena, kind, line, count)?;
        for index in 0..count {
            let child = Node(self.stack.get(self.arena, height + index));
            node.set_child(self.arena, index, child);
        }
        self.stack.truncate(height);
        self.push(node)
    }

    /// Takes the current token, which must be a name, as an identifier.
    fn name(&mut self) -> Parse {
        if self.token() != Token::Name {
            return Err(self.unexpected());
        }
        let name = self.intern_text()?;
        self.push(Node::name(name))?;
        self.advance()
    }

    /// The current token's text as a name.
    fn intern_text(&mut self) -> Result<Name, Failed> {
        let (at, len) = self.lexer.text_range();
        self.names
            .intern_at(self.arena, at, len)
            .map_err(|error| self.fail(error))
    }

    /// Takes the current token, which starts an atom and no bracket.
    // Kept out of the functions that recurse, for the sake of their stack frames.
    #[inline(never)]
    fn leaf(&mut self) -> Parse {
        let line = self.line();
        let node = match self.token() {
            Token::Name => {
                let name = self.intern_text()?;
                self.constant_of(name, line)?.unwrap_or(Node::name(name))
            }
            Token::Integer => {
                let (at, len) = self.lexer.text_range();
                let value = parse_integer(self.arena, at, len, line);
                let value = value.map_err(|error| self.fail(error))?;
                let bits = self.options.small_integer_bits;
                Number::Integer(value).to_node(self.arena, line, bits)?
            }
            Token::FloatOrImaginary => {
                let value = parse_float(self.lexer.text(self.arena), line);
                let (value, is_imaginary) = value.map_err(|error| self.fail(error))?;
                let constant = if is_imaginary {
                    Constant::imaginary(self.arena, value)?
                } else {
                    Constant::float(self.arena, value)?
                };
                constant_node(self.arena, line, constant)?
            }
            Token::String => self.string(line)?,
            Token::Bytes => {
                let constant = Constant::text(self.arena, self.lexer.text_handle(), true)?;
                constant_node(self.arena, line, constant)?
            }
            Token::Ellipsis => Node::literal(Literal::Ellipsis),
            Token::None => Node::literal(Literal::None),
            Token::True => Node::literal(Literal::True),
            Token::False => Node::literal(Literal::False),
            _ => return Err(self.unexpected()),
        };
        self.push(node)?;
        self.advance()
    }

    /// A string is a name when it is short, or when a name with its text exists already.
    fn string(&mut self, line: u32) -> Result<Node, Failed> {
        let (at, len) = self.lexer.text_range();
        let name = if len <= SHORT_STRING {
            Some(self.intern_text()?)
        } else {
            self.names.find(self.arena, self.arena.bytes(at, len))
        };
        if let Some(name) = name {
            return Ok(Node::string(name));
        }
        let constant = Constant::text(self.arena, self.lexer.text_handle(), false)?;
        Ok(constant_node(self.arena, line, constant)?)
    }

    /// The value that `name` was given with `const()`, as a node.
    fn constant_of(&mut self, name: Name, line: u32) -> Result<Option<Node>, Failed> {
        for index in (0..self.constants.len()).step_by(2) {
            if self.constants.get(self.arena, index) != u32::from(name.0) {
                continue;
            }
            let value = Constant(self.constants.get(self.arena, index + 1));
            if let crate::constant::View::Integer(integer) = value.view(self.arena)
                && let Some(small) = integer.to_i64(self.arena)
                && number::fits(small, self.options.small_integer_bits)
            {
                return Ok(Some(Node::small(self.arena, small)?));
            }
            return Ok(Some(constant_node(self.arena, line, value)?));
        }
        Ok(None)
    }

    /// Reads `item (, item)* [,]`; leaves one node: the item, or a node of `kind` when there is a
    /// comma.
    fn list(
        &mut self,
        kind: Kind,
        starts: fn(Token) -> bool,
        mut item: impl FnMut(&mut Self) -> Parse,
    ) -> Result<bool, Failed> {
        let (line, height) = (self.line(), self.height());
        let mut has_comma = false;
        item(self)?;
        while self.accept(Token::Comma)? {
            has_comma = true;
            if !starts(self.token()) {
                break;
            }
            item(self)?;
        }
        if has_comma {
            self.build(kind, line, height)?;
        }
        Ok(has_comma)
    }
}

#[cfg(test)]
mod tests;
