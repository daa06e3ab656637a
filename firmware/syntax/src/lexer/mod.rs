//! Source bytes to tokens, one at a time.
//!
//! The lexer looks three characters ahead and keeps the text of the current token in the arena. It
//! joins adjacent strings, joins lines inside brackets and after a backslash, and turns indentation
//! into [`Token::Indent`] and [`Token::Dedent`]. An f-string becomes a string followed by
//! `.format(…)`: its replacement fields are put back in front of the characters still to be read.
//!
//! `string.rs` reads one string literal; everything else is here. Bytes above 0x7f belong to names
//! and strings as they are; the source is not checked to be UTF-8.
//!
//! Source: MicroPython's language as its tests show it, and CPython's "Lexical analysis", where the
//! two agree.

mod string;

use crate::arena::{Arena, List, OutOfMemory, Text};
use crate::error::Error;
use crate::token::Token;

/// What the end of the source looks like to the lexer; a NUL byte in the source becomes
/// [`INVALID_BYTE`].
const END_OF_SOURCE: u8 = 0;
const INVALID_BYTE: u8 = 1;
/// Columns between tab stops.
const TAB_COLUMNS: u32 = 8;

/// The source and the token it stands at.
#[derive(Debug)]
pub struct Lexer<'t> {
    source: &'t [u8],
    position: usize,
    /// The current character and the two after it.
    ahead: [u8; 3],
    line: u32,
    /// Column of the current character, counted from 1.
    column: u32,
    /// Indents (above zero) or dedents (below zero) still to be reported.
    pending_dents: i32,
    open_brackets: i32,
    indents: List,
    /// Characters to be read before the source, and how many of them were.
    injected: Text,
    injected_read: u32,
    /// Arguments of the format call that ends the f-string being read.
    format_arguments: Text,
    options: LexerOptions,
    token: Token,
    token_line: u32,
    token_column: u32,
    text: Text,
}

/// What the language has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LexerOptions {
    /// The value of `__debug__`.
    pub debug: bool,
    /// Whether `t"…"` is a template string.
    pub template_strings: bool,
}

impl<'t> Lexer<'t> {
    /// A lexer that stands at the first token of `source`.
    ///
    /// # Errors
    /// Whatever the first token brings up, or no memory.
    pub fn new(
        arena: &mut Arena<'_>,
        source: &'t [u8],
        options: LexerOptions,
    ) -> Result<Self, Error> {
        let mut lexer = Self {
            source,
            position: 0,
            ahead: [END_OF_SOURCE; 3],
            line: 1,
            column: 0,
            pending_dents: 0,
            open_brackets: 0,
            indents: List::new(),
            injected: Text::new(),
            injected_read: 0,
            format_arguments: Text::new(),
            options,
            token: Token::End,
            token_line: 1,
            token_column: 1,
            text: Text::new(),
        };
        lexer.indents.push(arena, 0)?;
        for _ in 0..3 {
            lexer.advance(arena);
        }
        lexer.line = 1;
        lexer.column = 1;
        lexer.next(arena)?;
        if lexer.token_column != 1 && lexer.token != Token::Newline {
            lexer.token = Token::Indent;
        }
        Ok(lexer)
    }

    /// The token the lexer stands at.
    pub fn token(&self) -> Token {
        self.token
    }

    /// Its line, counted from 1.
    pub fn token_line(&self) -> u32 {
        self.token_line
    }

    /// The text of a name, number or string; a string without its quotes and with its escapes done.
    pub fn text<'a>(&self, arena: &'a Arena<'_>) -> &'a [u8] {
        self.text.bytes(arena)
    }

    /// Offset and length of that text in the arena, until the next token.
    pub fn text_range(&self) -> (u32, u32) {
        (self.text.at(), self.text.len())
    }

    /// That text as a growable text.
    pub fn text_handle(&self) -> &Text {
        &self.text
    }

    fn current(&self) -> u8 {
        self.ahead[0]
    }

    fn is_end(&self) -> bool {
        self.ahead[0] == END_OF_SOURCE
    }

    fn is_pair(&self, first: u8, second: u8) -> bool {
        self.ahead[0] == first && self.ahead[1] == second
    }

    /// Moves on by one character.
    fn advance(&mut self, arena: &Arena<'_>) {
        match self.ahead[0] {
            b'\n' => {
                self.line += 1;
                self.column = 1;
            }
            b'\t' => {
                self.column =
                    (self.column.wrapping_sub(1) + TAB_COLUMNS) / TAB_COLUMNS * TAB_COLUMNS + 1;
            }
            _ => self.column = self.column.saturating_add(1),
        }
        self.ahead[0] = self.ahead[1];
        self.ahead[1] = self.ahead[2];
        let mut next = self.fetch(arena);
        if self.ahead[1] == b'\r' {
            self.ahead[1] = b'\n';
            if next == b'\n' {
                next = self.fetch(arena);
            }
        }
        if next == END_OF_SOURCE && !matches!(self.ahead[1], END_OF_SOURCE | b'\n') {
            next = b'\n';
        }
        self.ahead[2] = next;
    }

    /// The next character that was not looked at yet.
    fn fetch(&mut self, arena: &Arena<'_>) -> u8 {
        if self.injected_read > 0 {
            let byte = self.injected.byte(arena, self.injected_read);
            self.injected_read += 1;
            if self.injected_read >= self.injected.len() {
                self.injected.clear();
                self.injected_read = 0;
            }
            return byte;
        }
        let Some(byte) = self.source.get(self.position) else {
            return END_OF_SOURCE;
        };
        self.position += 1;
        if *byte == END_OF_SOURCE {
            INVALID_BYTE
        } else {
            *byte
        }
    }

    /// Puts the format call of an f-string in front of what is still to be read.
    fn inject_format_call(&mut self, arena: &mut Arena<'_>) -> Result<(), OutOfMemory> {
        self.format_arguments.push(arena, b')')?;
        if self.injected_read == 0 {
            self.injected.push_bytes(arena, &self.ahead)?;
        } else {
            self.injected_read -= 3;
        }
        self.injected
            .insert(arena, self.injected_read, &self.format_arguments)?;
        self.format_arguments.clear();
        for place in 0..3 {
            self.ahead[place] = self.injected.byte(arena, self.injected_read);
            self.injected_read += 1;
        }
        Ok(())
    }

    /// Skips blanks, comments and joined lines. With `stop_at_newline` it stands still before a
    /// line end outside brackets, and returns true.
    fn skip_blanks(&mut self, arena: &Arena<'_>, stop_at_newline: bool) -> bool {
        while !self.is_end() {
            match self.current() {
                b'\n' if stop_at_newline && self.open_brackets == 0 => return true,
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.advance(arena),
                b'#' => {
                    while !self.is_end() && self.current() != b'\n' {
                        self.advance(arena);
                    }
                }
                b'\\' if self.ahead[1] == b'\n' => {
                    self.advance(arena);
                    self.advance(arena);
                }
                _ => break,
            }
        }
        false
    }

    /// Moves on to the next token.
    ///
    /// # Errors
    /// A `NotImplementedError` for a character name in a string, or no memory.
    pub fn next(&mut self, arena: &mut Arena<'_>) -> Result<(), Error> {
        self.text.clear();
        let at_line_end = self.skip_blanks(arena, true);
        self.token_line = self.line;
        self.token_column = self.column;
        if self.pending_dents < 0 {
            self.token = Token::Dedent;
            self.pending_dents += 1;
        } else if self.pending_dents > 0 {
            self.token = Token::Indent;
            self.pending_dents -= 1;
        } else if at_line_end {
            self.skip_blanks(arena, false);
            self.token = Token::Newline;
            self.compare_indent(arena)?;
        } else if self.is_end() {
            self.token = Token::End;
        } else if self.starts_string() {
            self.strings(arena)?;
        } else if is_name_start(self.current()) {
            self.name(arena)?;
        } else if self.current().is_ascii_digit()
            || (self.current() == b'.' && self.ahead[1].is_ascii_digit())
        {
            self.number(arena)?;
        } else {
            self.token = self.operator(arena);
            match self.token {
                Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => self.open_brackets += 1,
                Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                    self.open_brackets -= 1;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Compares the indent of the line just reached with those of the open blocks.
    fn compare_indent(&mut self, arena: &mut Arena<'_>) -> Result<(), Error> {
        let spaces = self.column - 1;
        if spaces > self.indents.peek(arena, 0) {
            self.indents.push(arena, spaces)?;
            self.pending_dents += 1;
            return Ok(());
        }
        while spaces < self.indents.peek(arena, 0) {
            self.indents.pop(arena);
            self.pending_dents -= 1;
        }
        if spaces != self.indents.peek(arena, 0) {
            self.token = Token::DedentMismatch;
        }
        Ok(())
    }

    fn name(&mut self, arena: &mut Arena<'_>) -> Result<(), Error> {
        while is_name_start(self.current()) || self.current().is_ascii_digit() {
            self.text.push(arena, self.current())?;
            self.advance(arena);
        }
        self.token = match Token::keyword(self.text.bytes(arena)) {
            Some(Token::Debug) if self.options.debug => Token::True,
            Some(Token::Debug) => Token::False,
            Some(keyword) => keyword,
            None => Token::Name,
        };
        Ok(())
    }

    /// Takes everything that may belong to a number; whether it is one shows when it is converted.
    fn number(&mut self, arena: &mut Arena<'_>) -> Result<(), Error> {
        self.token = if self.current() == b'.' {
            Token::FloatOrImaginary
        } else {
            Token::Integer
        };
        let is_prefixed =
            self.current() == b'0' && matches!(self.ahead[1] | 0x20, b'b' | b'o' | b'x');
        self.text.push(arena, self.current())?;
        self.advance(arena);
        loop {
            let byte = self.current();
            if !is_prefixed && matches!(byte, b'e' | b'E') {
                self.token = Token::FloatOrImaginary;
                self.text.push(arena, b'e')?;
                self.advance(arena);
                if matches!(self.current(), b'+' | b'-') {
                    self.text.push(arena, self.current())?;
                    self.advance(arena);
                }
            } else if byte.is_ascii_alphanumeric() || byte == b'.' {
                if matches!(byte, b'.' | b'j' | b'J') {
                    self.token = Token::FloatOrImaginary;
                }
                self.text.push(arena, byte)?;
                self.advance(arena);
            } else if byte == b'_' {
                self.advance(arena);
            } else {
                return Ok(());
            }
        }
    }

    /// Takes the longest operator or delimiter.
    fn operator(&mut self, arena: &Arena<'_>) -> Token {
        let first = self.current();
        self.advance(arena);
        let [second, third, _] = self.ahead;
        // The token of one character, with `=` after it, doubled, and doubled with `=` after it.
        let plain = |token: Token| (token, 0);
        let with_equal = |one: Token, equal: Token| {
            if second == b'=' { (equal, 1) } else { (one, 0) }
        };
        let doubled = |one: Token, equal: Token, two: Token, two_equal: Token| {
            if second == b'=' {
                (equal, 1)
            } else if second != first {
                (one, 0)
            } else if third == b'=' {
                (two_equal, 2)
            } else {
                (two, 1)
            }
        };
        use Token as T;
        let (token, more) = match first {
            b'(' => plain(T::ParenOpen),
            b')' => plain(T::ParenClose),
            b'[' => plain(T::BracketOpen),
            b']' => plain(T::BracketClose),
            b'{' => plain(T::BraceOpen),
            b'}' => plain(T::BraceClose),
            b',' => plain(T::Comma),
            b';' => plain(T::Semicolon),
            b'~' => plain(T::Tilde),
            b':' => with_equal(T::Colon, T::Walrus),
            b'<' => doubled(T::Less, T::LessEqual, T::DoubleLess, T::DoubleLessEqual),
            b'>' => doubled(T::More, T::MoreEqual, T::DoubleMore, T::DoubleMoreEqual),
            b'*' => doubled(T::Star, T::StarEqual, T::DoubleStar, T::DoubleStarEqual),
            b'/' => doubled(T::Slash, T::SlashEqual, T::DoubleSlash, T::DoubleSlashEqual),
            b'+' => with_equal(T::Plus, T::PlusEqual),
            b'-' if second == b'>' => (T::Arrow, 1),
            b'-' => with_equal(T::Minus, T::MinusEqual),
            b'&' => with_equal(T::Ampersand, T::AmpersandEqual),
            b'|' => with_equal(T::Pipe, T::PipeEqual),
            b'%' => with_equal(T::Percent, T::PercentEqual),
            b'^' => with_equal(T::Caret, T::CaretEqual),
            b'@' => with_equal(T::At, T::AtEqual),
            b'=' => with_equal(T::Equal, T::DoubleEqual),
            b'!' => with_equal(T::Invalid, T::NotEqual),
            b'.' if second == b'.' && third == b'.' => (T::Ellipsis, 2),
            b'.' => plain(T::Period),
            _ => plain(T::Invalid),
        };
        for _ in 0..more {
            self.advance(arena);
        }
        token
    }
}

/// Whether a name may start with `byte`; every byte above 0x7f may.
fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests;
