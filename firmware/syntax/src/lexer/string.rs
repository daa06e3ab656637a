//! String, bytes, f-string and t-string literals.
//!
//! A replacement field is taken as text up to the `:`, `!r`, `!s` or `}` that ends it outside `[`
//! and `{`; quotes inside it are not understood. `f"{a!r:>9}"` becomes the string `{!r:>9}` and the
//! characters `.format((a),)`. A t-string becomes a call of `__template__` with the strings and,
//! for each field, value, expression, conversion and format.

use super::Lexer;
use crate::arena::{Arena, OutOfMemory, Text};
use crate::error::{Error, ErrorKind};
use crate::token::Token;

/// The letters before the quote.
#[derive(Debug, Clone, Copy, Default)]
struct Prefix {
    letters: u32,
    is_bytes: bool,
    is_raw: bool,
    is_format: bool,
    is_template: bool,
}

/// The number of values that a call can take one by one.
const MOST_CALL_ARGUMENTS: u32 = 255;

/// A literal being read.
#[derive(Debug)]
struct Literal {
    quote: u8,
    quotes: u32,
    prefix: Prefix,
    /// Fields read so far (t-strings).
    fields: u32,
    /// Depth of braces in the format of the field being read; 0 outside (t-strings).
    format_depth: u32,
    /// Where in the text the format of that field starts.
    format_start: u32,
    /// Whether that format has fields of its own.
    format_has_fields: bool,
}

impl Lexer<'_> {
    /// The prefix of the literal that starts here.
    fn prefix(&self) -> Option<Prefix> {
        let [first, second, third] = self.ahead;
        let is_quote = |byte: u8| matches!(byte, b'\'' | b'"');
        let is_template = self.options.template_strings;
        let mut prefix = Prefix::default();
        if is_quote(first) {
            return Some(prefix);
        }
        if is_quote(second) {
            prefix.letters = 1;
            match first {
                b'u' => {}
                b'r' => prefix.is_raw = true,
                b'b' => prefix.is_bytes = true,
                b'f' => prefix.is_format = true,
                b't' if is_template => prefix.is_template = true,
                _ => return None,
            }
            return Some(prefix);
        }
        if !is_quote(third) || !(first == b'r' || second == b'r') {
            return None;
        }
        prefix.letters = 2;
        prefix.is_raw = true;
        match if first == b'r' { second } else { first } {
            b'b' => prefix.is_bytes = true,
            b'f' => prefix.is_format = true,
            b't' if is_template => prefix.is_template = true,
            _ => return None,
        }
        Some(prefix)
    }

    pub(super) fn starts_string(&self) -> bool {
        self.prefix().is_some()
    }

    /// Reads a run of adjacent literals as one token.
    pub(super) fn strings(&mut self, arena: &mut Arena<'_>) -> Result<(), Error> {
        let mut kind = None;
        let mut has_template = false;
        while let Some(prefix) = self.prefix() {
            has_template |= prefix.is_template;
            let token = if prefix.is_bytes {
                Token::Bytes
            } else {
                Token::String
            };
            match kind {
                None => {
                    kind = Some(token);
                    self.token = token;
                }
                // A string next to bytes is left for the parser to complain about, as is anything
                // after a literal that is wrong already.
                Some(_) if self.token != token => break,
                Some(_) => {}
            }
            for _ in 0..prefix.letters {
                self.advance(arena);
            }
            self.literal(arena, prefix)?;
            self.skip_blanks(arena, true);
        }
        if has_template {
            self.finish_template(arena)?;
        }
        if !self.format_arguments.is_empty() {
            self.inject_format_call(arena)?;
        }
        Ok(())
    }

    /// Makes the strings of a t-string the first argument of the call.
    fn finish_template(&mut self, arena: &mut Arena<'_>) -> Result<(), OutOfMemory> {
        self.text.push_bytes(arena, b",),")?;
        self.format_arguments.insert(arena, 0, &self.text)?;
        if matches!(self.token, Token::String | Token::Bytes) {
            self.token = Token::Name;
            self.text.clear();
            self.text.push_bytes(arena, b"__template__")?;
        }
        Ok(())
    }

    fn literal(&mut self, arena: &mut Arena<'_>, prefix: Prefix) -> Result<(), Error> {
        let quote = self.current();
        self.advance(arena);
        let mut quotes = 1;
        if self.is_pair(quote, quote) {
            self.advance(arena);
            self.advance(arena);
            quotes = 3;
        }
        let mut literal = Literal {
            quote,
            quotes,
            prefix,
            fields: 0,
            format_depth: 0,
            format_start: 0,
            format_has_fields: false,
        };
        if self.format_arguments.is_empty() {
            if prefix.is_format {
                self.format_arguments.push_bytes(arena, b".format(")?;
            } else if prefix.is_template {
                self.text.push_bytes(arena, b"((")?;
                self.push_quotes(arena, &literal)?;
            }
        }
        let mut closing = 0;
        while !self.is_end() && (quotes > 1 || self.current() != b'\n') && closing < quotes {
            if self.current() == quote {
                closing += 1;
                self.text.push(arena, quote)?;
                self.advance(arena);
            } else {
                closing = 0;
                self.content(arena, &mut literal)?;
            }
        }
        if closing < quotes {
            self.token = Token::LonelyStringOpen;
        }
        if prefix.is_template {
            if literal.format_depth > 0 {
                self.token = Token::MalformedFString;
            }
            if 1 + literal.fields * 4 > MOST_CALL_ARGUMENTS {
                let mut open = Text::new();
                open.push(arena, b'(')?;
                self.format_arguments.insert(arena, 0, &open)?;
                self.format_arguments.push(arena, b')')?;
            }
        } else {
            self.text.truncate(self.text.len() - closing);
        }
        Ok(())
    }

    /// Puts the opening or closing quotes of a t-string's part into the text.
    fn push_quotes(&mut self, arena: &mut Arena<'_>, literal: &Literal) -> Result<(), OutOfMemory> {
        for _ in 0..literal.quotes {
            self.text.push(arena, literal.quote)?;
        }
        Ok(())
    }

    /// Reads one character, escape or replacement field.
    fn content(&mut self, arena: &mut Arena<'_>, literal: &mut Literal) -> Result<(), Error> {
        let Prefix {
            is_format,
            is_template,
            is_raw,
            ..
        } = literal.prefix;
        if is_template && self.current() == b'\n' {
            self.text.push_bytes(arena, b"\\n")?;
            self.advance(arena);
            return Ok(());
        }
        if (is_format || is_template) && self.current() == b'{' {
            if literal.format_depth == 0 {
                return self.brace(arena, literal);
            }
            literal.format_depth += 1;
        }
        if self.current() == b'\\' {
            self.advance_in_escape(arena, is_template, is_raw)?;
        } else if literal.format_depth > 0 && self.current() == b'}' {
            self.close_format(arena, literal)?;
        } else {
            self.text.push(arena, self.current())?;
            if is_template && self.is_pair(b'}', b'}') {
                self.advance(arena);
            } else if is_template && self.current() == b'}' {
                self.token = Token::MalformedFString;
            }
        }
        self.advance(arena);
        Ok(())
    }

    /// Handles a backslash; stands on the last character of the escape afterwards.
    fn advance_in_escape(
        &mut self,
        arena: &mut Arena<'_>,
        is_template: bool,
        is_raw: bool,
    ) -> Result<(), Error> {
        if is_template {
            // The text becomes source once more, so the escape is kept.
            self.text.push(arena, b'\\')?;
            if is_raw {
                self.text.push(arena, b'\\')?;
            } else {
                self.advance(arena);
                self.text.push(arena, self.current())?;
            }
            return Ok(());
        }
        self.advance(arena);
        if is_raw {
            self.text.push(arena, b'\\')?;
            return self.push_code(arena, u32::from(self.current()));
        }
        self.escape(arena)
    }

    /// Reads the escape whose letter is the current character.
    fn escape(&mut self, arena: &mut Arena<'_>) -> Result<(), Error> {
        let letter = self.current();
        let code = match letter {
            b'\n' => return Ok(()),
            b'\\' | b'\'' | b'"' => u32::from(letter),
            b'a' => 0x07,
            b'b' => 0x08,
            b't' => 0x09,
            b'n' => 0x0a,
            b'v' => 0x0b,
            b'f' => 0x0c,
            b'r' => 0x0d,
            b'u' | b'U' if self.token == Token::Bytes => {
                self.text.push(arena, b'\\')?;
                u32::from(letter)
            }
            b'u' => self.hexadecimal(arena, 4),
            b'U' => self.hexadecimal(arena, 8),
            b'x' => self.hexadecimal(arena, 2),
            b'N' => {
                return Err(Error::new(
                    ErrorKind::NotImplemented,
                    "unicode name escapes",
                    0,
                ));
            }
            b'0'..=b'7' => {
                let mut code = u32::from(letter - b'0');
                for _ in 0..2 {
                    if !matches!(self.ahead[1], b'0'..=b'7') {
                        break;
                    }
                    self.advance(arena);
                    code = code * 8 + u32::from(self.current() - b'0');
                }
                code
            }
            _ => {
                self.text.push(arena, b'\\')?;
                u32::from(letter)
            }
        };
        self.push_code(arena, code)
    }

    /// Adds a character to a string or a byte to bytes; one that does not fit makes the token
    /// invalid.
    fn push_code(&mut self, arena: &mut Arena<'_>, code: u32) -> Result<(), Error> {
        if code < 0x11_0000 && self.token == Token::String {
            self.text.push_char(arena, code)?;
        } else if code < 0x100 && self.token == Token::Bytes {
            self.text.push(arena, code as u8)?;
        } else {
            self.token = Token::Invalid;
        }
        Ok(())
    }

    /// Reads `digits` hexadecimal digits; stands on the last one afterwards.
    fn hexadecimal(&mut self, arena: &Arena<'_>, digits: u32) -> u32 {
        let mut code: u32 = 0;
        for _ in 0..digits {
            self.advance(arena);
            let Some(digit) = char::from(self.current()).to_digit(16) else {
                self.token = Token::Invalid;
                return 0;
            };
            code = code << 4 | digit;
        }
        code
    }

    /// Reads `{{` or a replacement field, whose opening brace is the current character.
    fn brace(&mut self, arena: &mut Arena<'_>, literal: &mut Literal) -> Result<(), Error> {
        self.advance(arena);
        if self.current() == b'{' {
            if !literal.prefix.is_template {
                self.text.push(arena, b'{')?;
            }
            self.advance(arena);
        } else {
            self.field(arena, literal)?;
        }
        self.text.push(arena, b'{')?;
        Ok(())
    }

    /// Whether the current character ends the expression of a replacement field.
    fn ends_field(&self) -> bool {
        let [first, second, third] = self.ahead;
        matches!(first, b':' | b'}')
            || (first == b'!' && matches!(second, b'r' | b's') && matches!(third, b':' | b'}'))
    }

    fn field(&mut self, arena: &mut Arena<'_>, literal: &mut Literal) -> Result<(), Error> {
        self.format_arguments.push(arena, b'(')?;
        let start = self.format_arguments.len();
        let mut brackets: u32 = 0;
        while !self.is_end() && (brackets != 0 || !self.ends_field()) {
            match self.current() {
                b'[' | b'{' => brackets = brackets.wrapping_add(1),
                b']' | b'}' => brackets = brackets.wrapping_sub(1),
                _ => {}
            }
            self.format_arguments.push(arena, self.current())?;
            self.advance(arena);
        }
        let end = self.format_arguments.len();
        let is_shown = self.format_arguments.byte(arena, end - 1) == b'=';
        if is_shown {
            self.text
                .push_part(arena, &self.format_arguments, start, end)?;
            self.format_arguments.truncate(end - 1);
        }
        if literal.prefix.is_template {
            while self.format_arguments.len() > start
                && is_blank(
                    self.format_arguments
                        .byte(arena, self.format_arguments.len() - 1),
                )
            {
                self.format_arguments
                    .truncate(self.format_arguments.len() - 1);
            }
        }
        if self.format_arguments.len() == start {
            self.token = Token::MalformedFString;
        }
        self.format_arguments.push_bytes(arena, b"),")?;
        if literal.prefix.is_template {
            self.template_field(arena, literal, start, is_shown)?;
        }
        Ok(())
    }

    /// Adds expression and conversion of a t-string's field to the call; its format follows.
    fn template_field(
        &mut self,
        arena: &mut Arena<'_>,
        literal: &mut Literal,
        start: u32,
        is_shown: bool,
    ) -> Result<(), Error> {
        let quote = literal.quote;
        self.format_arguments.push(arena, quote)?;
        let end = self.format_arguments.len() - 3;
        for index in start..end {
            let byte = self.format_arguments.byte(arena, index);
            if byte == quote || byte == b'\\' {
                self.format_arguments.push(arena, b'\\')?;
            }
            self.format_arguments.push(arena, byte)?;
        }
        self.format_arguments.push_bytes(arena, &[quote, b','])?;
        self.push_quotes(arena, literal)?;
        self.text.push(arena, b',')?;
        self.push_quotes(arena, literal)?;
        if self.current() == b'!' {
            self.advance(arena);
            let conversion = self.current();
            self.advance(arena);
            self.format_arguments
                .push_bytes(arena, &[quote, conversion, quote, b','])?;
        } else if is_shown && self.current() != b':' {
            self.format_arguments.push_bytes(arena, b"'r',")?;
        } else {
            self.format_arguments.push_bytes(arena, b"None,")?;
        }
        if self.current() == b':' {
            self.advance(arena);
        }
        literal.format_depth = 1;
        literal.format_start = self.text.len();
        Ok(())
    }

    /// Handles a closing brace in the format of a t-string's field.
    fn close_format(&mut self, arena: &mut Arena<'_>, literal: &mut Literal) -> Result<(), Error> {
        literal.format_depth -= 1;
        if literal.format_depth > 0 {
            literal.format_has_fields = true;
            self.text.push(arena, b'}')?;
            return Ok(());
        }
        literal.fields += 1;
        if literal.format_has_fields {
            self.format_arguments.push(arena, b'f')?;
            literal.format_has_fields = false;
        }
        let (start, end) = (literal.format_start, self.text.len());
        self.format_arguments.push(arena, literal.quote)?;
        self.format_arguments
            .push_part(arena, &self.text, start + 1, end)?;
        self.text.truncate(start);
        self.format_arguments
            .push_bytes(arena, &[literal.quote, b','])?;
        Ok(())
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}
