//! Tokens of small sources.

extern crate std;

use std::string::{String, ToString as _};
use std::vec::Vec;

use super::{Lexer, LexerOptions};
use crate::arena::Arena;
use crate::error::{Error, ErrorKind};
use crate::token::Token;

const OPTIONS: LexerOptions = LexerOptions {
    debug: true,
    template_strings: true,
};

/// All tokens of `source` with their line and text.
fn lex(source: &str) -> Result<Vec<(Token, u32, String)>, Error> {
    let mut storage = std::vec![0; 1 << 16];
    let mut arena = Arena::new(&mut storage);
    let mut lexer = Lexer::new(&mut arena, source.as_bytes(), OPTIONS)?;
    let mut tokens = Vec::new();
    loop {
        let text = String::from_utf8_lossy(lexer.text(&arena)).to_string();
        tokens.push((lexer.token(), lexer.token_line(), text));
        if lexer.token() == Token::End {
            return Ok(tokens);
        }
        lexer.next(&mut arena)?;
    }
}

fn kinds(source: &str) -> Vec<Token> {
    lex(source)
        .unwrap()
        .into_iter()
        .map(|(token, ..)| token)
        .collect()
}

/// Texts of the tokens that have one.
fn texts(source: &str) -> Vec<String> {
    lex(source)
        .unwrap()
        .into_iter()
        .map(|(.., text)| text)
        .filter(|text| !text.is_empty())
        .collect()
}

#[test]
fn operators_are_as_long_as_possible() {
    use Token::*;
    assert_eq!(
        kinds("<<= ** **= -> := != >>= // ... . @="),
        [
            DoubleLessEqual,
            DoubleStar,
            DoubleStarEqual,
            Arrow,
            Walrus,
            NotEqual,
            DoubleMoreEqual,
            DoubleSlash,
            Ellipsis,
            Period,
            AtEqual,
            Newline,
            End
        ]
    );
    assert_eq!(kinds("a..b"), [Name, Period, Period, Name, Newline, End]);
    assert_eq!(kinds("!a"), [Invalid, Name, Newline, End]);
}

#[test]
fn indentation_becomes_tokens() {
    use Token::*;
    let source = "if x:\n    y\n\n    # comment\n    if z:\n\tw\nv\n";
    assert_eq!(
        kinds(source),
        [
            If, Name, Colon, Newline, Indent, Name, Newline, If, Name, Colon, Newline, Indent,
            Name, Newline, Dedent, Dedent, Name, Newline, End
        ]
    );
}

#[test]
fn a_dedent_to_no_open_block_is_a_mismatch() {
    assert!(kinds("if x:\n    y\n  z\n").contains(&Token::DedentMismatch));
    assert_eq!(kinds("  x\n")[0], Token::Indent);
}

#[test]
fn lines_join_inside_brackets_and_after_a_backslash() {
    use Token::*;
    assert_eq!(
        kinds("(a,\n  b)\n"),
        [ParenOpen, Name, Comma, Name, ParenClose, Newline, End]
    );
    let tokens = lex("a + \\\n b\nc\n").unwrap();
    let lines: Vec<u32> = tokens.iter().map(|(_, line, _)| *line).collect();
    assert_eq!(lines, [1, 1, 2, 2, 3, 3, 4]);
}

#[test]
fn line_ends_of_every_system_are_one_line_end() {
    assert_eq!(kinds("a\r\nb\rc\n"), kinds("a\nb\nc\n"));
    assert_eq!(lex("a\r\nb").unwrap()[2].1, 2);
}

#[test]
fn a_nul_byte_is_invalid_and_not_the_end() {
    assert_eq!(
        kinds("a\0b"),
        [
            Token::Name,
            Token::Invalid,
            Token::Name,
            Token::Newline,
            Token::End
        ]
    );
}

#[test]
fn keywords_and_names_are_told_apart() {
    use Token::*;
    assert_eq!(
        kinds("async asynchronous None none __debug__"),
        [Async, Name, None, Name, True, Newline, End]
    );
    assert_eq!(texts("h\u{f6}he_1"), ["h\u{f6}he_1"]);
}

#[test]
fn numbers_keep_their_text_without_underscores() {
    assert_eq!(
        texts("1_000 0x_fF 1.5e+3 .5 1E5 2j 0b1"),
        ["1000", "0xfF", "1.5e+3", ".5", "1e5", "2j", "0b1"]
    );
    use Token::*;
    assert_eq!(
        kinds("1 1. 1e5 0x1e 1j")[..5],
        [
            Integer,
            FloatOrImaginary,
            FloatOrImaginary,
            Integer,
            FloatOrImaginary
        ]
    );
}

#[test]
fn escapes_are_replaced_in_strings() {
    assert_eq!(texts(r"'a\tb\x41\101\u00e9\\\'\q'"), ["a\tbAA\u{e9}\\'\\q"]);
    assert_eq!(texts(r"r'a\tb\''"), [r"a\tb\'"]);
    assert_eq!(texts(r"b'\u0041\x41'"), [r"\u0041A"]);
    assert_eq!(texts("'a\\\nb'"), ["ab"]);
    assert_eq!(texts("'a' \"b\" '''c\n\"'''"), ["abc\n\""]);
}

#[test]
fn wrong_strings_are_tokens_of_their_own() {
    for (source, token) in [
        ("'abc\n", Token::LonelyStringOpen),
        ("'''abc\n", Token::LonelyStringOpen),
        (r"'\x4z'", Token::Invalid),
        (r"'\U00110000'", Token::Invalid),
        (r"b'\777'", Token::Invalid),
        ("f'{}'", Token::MalformedFString),
        ("t'}'", Token::MalformedFString),
    ] {
        assert_eq!(kinds(source)[0], token, "{source}");
    }
}

#[test]
fn a_character_name_is_not_implemented() {
    assert_eq!(
        lex(r"'\N{BULLET}'").unwrap_err().kind,
        ErrorKind::NotImplemented
    );
}

/// An f-string reads like the call of `format` that it stands for.
#[test]
fn format_strings_become_calls() {
    for (short, long) in [
        ("f'{a}'", "'{}'.format((a),)"),
        (
            "f'{a!r:>{w}} {b[1]}'",
            "'{!r:>{}} {}'.format((a),(w),(b[1]),)",
        ),
        ("f'{a=}'", "'a={}'.format((a),)"),
        ("f'{{}}'", "'{{}}'.format()"),
        ("f'{a}' 'b' f'{c}'", "'{}b{}'.format((a),(c),)"),
        ("f'{a != b}'", "'{}'.format((a != b),)"),
        (r"rf'\d{a}'", r"r'\d{}'.format((a),)"),
    ] {
        assert_eq!(lex(short).unwrap(), lex(long).unwrap(), "{short}");
    }
}

#[test]
fn template_strings_become_calls() {
    let long = "__template__((('a ',' b',),(x),'x','r','>5',))";
    let tokens = |source| -> Vec<String> { texts(source) };
    assert_eq!(tokens("t'a {x!r:>5} b'")[..3], tokens(long)[..3]);
}

#[test]
fn small_storage_errs() {
    let mut storage = [0; 32];
    let mut arena = Arena::new(&mut storage);
    let source = "a_name_that_is_longer_than_the_storage";
    let error = Lexer::new(&mut arena, source.as_bytes(), OPTIONS).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Memory);
}
