//! The reader against what devices print, and against what they should not.

use super::*;
extern crate std;
use std::format;
use std::string::String;
use std::vec::Vec;

fn read(text: &[u8]) -> Result<String, ValueErrorKind> {
    let mut reader = Reader::new(text);
    let mut out = String::new();
    loop {
        let token = reader.next().map_err(|error| error.kind)?;
        out += &match token {
            Token::None => "None ".into(),
            Token::Bool(value) => format!("{value} "),
            Token::Int(value) => format!("{value} "),
            Token::Float(text) => format!("f{text} "),
            Token::Str(text) => format!("{:?} ", text.chars().collect::<String>()),
            Token::Bytes(data) => format!("{:?} ", data.bytes().collect::<Vec<u8>>()),
            Token::Field(name) => format!("{name}= "),
            Token::ListStart => "[ ".into(),
            Token::ListEnd => "] ".into(),
            Token::TupleStart => "( ".into(),
            Token::TupleEnd => ") ".into(),
            Token::DictStart => "{ ".into(),
            Token::DictEnd => "} ".into(),
            Token::Colon => ": ".into(),
            Token::End => return Ok(out),
        };
    }
}

#[test]
fn simple_values_ok() {
    let cases = [
        ("None\r\n", "None "),
        (" -12 ", "-12 "),
        ("9223372036854775807", "9223372036854775807 "),
        ("-9223372036854775808", "-9223372036854775808 "),
        ("1e+100", "f1e+100 "),
        ("-0.5", "f-0.5 "),
        ("nan", "fnan "),
        ("[]", "[ ] "),
        ("(1,)", "( 1 ) "),
        ("[True, [False], ()]", "[ true [ false ] ( ) ] "),
        ("{'a': [1], b'b': {}}", "{ \"a\" : [ 1 ] [98] : { } } "),
        (
            r#"'it\'s "x"\n\x00\u20ac\U0001f600€'"#,
            "\"it's \\\"x\\\"\\n\\0€😀€\" ",
        ),
        (r#"b"a'\xff\x00\\""#, "[97, 39, 255, 0, 92] "),
        (
            "(sysname='rp2', version=(1, 29, 0, ''), _mpy=4870)",
            "( sysname= \"rp2\" version= ( 1 29 0 \"\" ) _mpy= 4870 ) ",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text.as_bytes()).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn anything_else_err() {
    use ValueErrorKind::{Incomplete, IntTooBig, Trailing, Unexpected};
    let cases: [(&[u8], ValueErrorKind); 27] = [
        (b"", Incomplete),
        (b"[1, 2", Incomplete),
        (b"'abc", Incomplete),
        (b"'abc\\'", Incomplete),
        (b"{'a'", Incomplete),
        (b"{'a':", Incomplete),
        (b"(a=", Incomplete),
        (b"9223372036854775808", IntTooBig),
        (b"1 2", Trailing),
        (b"1,", Trailing),
        (b"<object>", Unexpected),
        (b"[1 2]", Unexpected),
        (b"[,]", Unexpected),
        (b"[1,,2]", Unexpected),
        (b"[1)", Unexpected),
        (b"]", Unexpected),
        (b"{1}", Unexpected),
        (b"{1, 2}", Unexpected),
        (b"{[]: 1}", Unexpected),
        (b"{1:}", Unexpected),
        (b"a=1", Unexpected),
        (b"(a=b=1)", Unexpected),
        (b"b'\\u20ac'", Unexpected),
        (b"'\\q'", Unexpected),
        (b"'a\nb'", Unexpected),
        (b"--1", Unexpected),
        (b"1.2.3", Unexpected),
    ];
    for (text, kind) in cases {
        assert_eq!(read(text), Err(kind), "{}", text.escape_ascii());
    }
}

#[test]
fn nesting_to_the_limit_ok() {
    let depth = DEPTH_MAX as usize;
    let text = "[".repeat(depth) + &"]".repeat(depth);
    assert!(read(text.as_bytes()).is_ok());
}

#[test]
fn nesting_beyond_the_limit_err() {
    let text = "[".repeat(DEPTH_MAX as usize + 1);
    assert_eq!(read(text.as_bytes()), Err(ValueErrorKind::TooDeep));
}

/// File names are bytes; a device prints them as they are.
#[test]
fn broken_text_is_replaced_not_refused() {
    assert_eq!(
        read(b"'a\xff\xe2\x82b\\ud800'").as_deref(),
        Ok("\"a\u{fffd}\u{fffd}\u{fffd}b\u{fffd}\" ")
    );
    let mut reader = Reader::new(b"'plain'");
    let Ok(Token::Str(text)) = reader.next() else {
        panic!("not a text");
    };
    assert_eq!(text.as_plain(), Some("plain"));
}
