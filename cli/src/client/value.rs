//! What a board printed with `repr`, as a tree.

use ucli_protocol::value::{Reader, Token};

use crate::error::{Code, Error, Result};
use crate::output::sanitise;

/// A simple Python value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// `None`, and whatever has no place here.
    None,
    /// `True` and `False`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a point, as text.
    Float(String),
    /// Text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list or tuple.
    Items(Vec<Value>),
}

impl Value {
    /// The number, if it is one.
    pub(crate) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(flag) => Some(i64::from(*flag)),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub(crate) fn str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes, if it is some.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The elements of a list or tuple; none of anything else.
    pub(crate) fn items(&self) -> &[Value] {
        match self {
            Self::Items(items) => items,
            _ => &[],
        }
    }

    /// The element at `index`, `None` where there is none.
    pub(crate) fn at(&self, index: usize) -> &Value {
        self.items().get(index).unwrap_or(&Value::None)
    }
}

/// Reads one value; dictionaries become lists of keys and values.
///
/// # Errors
/// [`Code::Protocol`] for what is no `repr`.
pub(crate) fn parse(text: &[u8]) -> Result<Value> {
    let mut reader = Reader::new(text);
    let mut stack: Vec<Vec<Value>> = Vec::new();
    loop {
        let token = reader.next().map_err(|_| unexpected(text))?;
        let value = match token {
            Token::ListStart | Token::TupleStart | Token::DictStart => {
                stack.push(Vec::new());
                continue;
            }
            Token::ListEnd | Token::TupleEnd | Token::DictEnd => {
                Value::Items(stack.pop().ok_or_else(|| unexpected(text))?)
            }
            Token::None => Value::None,
            Token::Bool(flag) => Value::Bool(flag),
            Token::Int(number) => Value::Int(number),
            Token::Float(text) => Value::Float(text.to_string()),
            Token::Str(text) => Value::Str(text.chars().collect()),
            Token::Bytes(bytes) => Value::Bytes(bytes.bytes().collect()),
            Token::End => return Err(unexpected(text)),
            _ => continue,
        };
        match stack.last_mut() {
            Some(items) => items.push(value),
            None => return Ok(value),
        }
    }
}

fn unexpected(text: &[u8]) -> Error {
    let mut shown = sanitise::line(&sanitise::lossy(&text[..text.len().min(120)]));
    if text.len() > 120 {
        shown.push('…');
    }
    Error::new(
        Code::Protocol,
        format!("The board answered `{shown}`, which is not what was asked"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_are_read() {
        let value = parse(b"('a\\n', 3, [None, True], b'\\x01')").unwrap();
        assert_eq!(value.at(0).str(), Some("a\n"));
        assert_eq!(value.at(1).int(), Some(3));
        assert_eq!(value.at(2).items().len(), 2);
        assert_eq!(value.at(3).bytes(), Some(&[1][..]));
    }

    #[test]
    fn nonsense_err() {
        for text in [&b""[..], b"(1", b")", b"hello world", b"\xff"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
