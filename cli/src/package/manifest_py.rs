//! `manifest.py`, read and never executed: calls with literal arguments, each in a line or brackets of
//! its own. Whatever else a manifest does is an error with its line.
//!
//! Source: MicroPython's documentation of manifest files.

use crate::client::value::{self, Value};
use crate::error::{Code, Error, Result};

/// Most lines of one call.
const MOST_LINES: usize = 200;

/// A call of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The line it begins in.
    pub(crate) line: usize,
    /// What is called.
    pub(crate) function: String,
    /// The names of the arguments, empty for those without one, and their text.
    arguments: Vec<(String, String)>,
}

/// The complaint about a line of a list of packages.
pub(crate) fn wrong(name: &str, line: usize, reason: &str) -> Error {
    Error::new(Code::BadPackage, format!("`{name}`, line {line}: {reason}"))
}

fn refuse(name: &str, line: usize) -> Error {
    wrong(
        name,
        line,
        "only calls with literal arguments are read; a manifest is not executed",
    )
}

impl Call {
    /// The value of an argument, by its place or its name; `None` when it is not given.
    ///
    /// # Errors
    /// [`Code::BadPackage`] for what is no literal.
    pub(crate) fn argument(&self, file: &str, place: usize, name: &str) -> Result<Option<Value>> {
        let by_place = self.arguments.get(place).filter(|one| one.0.is_empty());
        let found = by_place.or_else(|| self.arguments.iter().find(|one| one.0 == name));
        let Some((_, text)) = found else {
            return Ok(None);
        };
        // In brackets, so that nothing may follow the literal.
        let whole = value::parse(format!("({text},)").as_bytes());
        match whole.map_err(|_| refuse(file, self.line))?.items() {
            [Value::None] => Ok(None),
            [literal] => Ok(Some(literal.clone())),
            _ => Err(refuse(file, self.line)),
        }
    }

    /// As [`Call::argument`], for text.
    ///
    /// # Errors
    /// [`Code::BadPackage`] for what is no text.
    pub(crate) fn text(&self, file: &str, place: usize, name: &str) -> Result<Option<String>> {
        match self.argument(file, place, name)? {
            None => Ok(None),
            Some(Value::Str(text)) => Ok(Some(text)),
            Some(_) => Err(refuse(file, self.line)),
        }
    }

    /// As [`Call::argument`], for one text or several.
    ///
    /// # Errors
    /// [`Code::BadPackage`] for anything else.
    pub(crate) fn texts(
        &self,
        file: &str,
        place: usize,
        name: &str,
    ) -> Result<Option<Vec<String>>> {
        let one = |value: &Value| {
            let text = value.str().map(str::to_string);
            text.ok_or_else(|| refuse(file, self.line))
        };
        match self.argument(file, place, name)? {
            None => Ok(None),
            Some(Value::Items(items)) => items.iter().map(one).collect::<Result<_>>().map(Some),
            Some(value) => Ok(Some(vec![one(&value)?])),
        }
    }
}

/// Reads the calls of a manifest; `name` is shown in messages.
///
/// # Errors
/// [`Code::BadPackage`] with the first line that is something else.
pub(crate) fn calls(name: &str, text: &str) -> Result<Vec<Call>> {
    let mut found = Vec::new();
    let mut pending: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let code = without_comment(line);
        let (start, statement) = match pending.take() {
            Some((start, before)) => (start, format!("{before} {}", code.trim())),
            None => (index + 1, code.trim_end().to_string()),
        };
        if statement.trim().is_empty() {
            continue;
        }
        if open_brackets(&statement) > 0 {
            if index + 1 - start > MOST_LINES {
                return Err(wrong(name, start, "a call is not closed"));
            }
            pending = Some((start, statement));
            continue;
        }
        found.push(call(name, start, &statement)?);
    }
    match pending {
        Some((start, _)) => Err(wrong(name, start, "a call is not closed")),
        None => Ok(found),
    }
}

fn call(name: &str, line: usize, statement: &str) -> Result<Call> {
    let refuse = || refuse(name, line);
    if statement.starts_with([' ', '\t']) {
        return Err(refuse());
    }
    let (function, rest) = statement.split_once('(').ok_or_else(refuse)?;
    let arguments = rest.trim_end().strip_suffix(')').ok_or_else(refuse)?;
    let is_word = |text: &str| {
        let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        !text.is_empty() && text.chars().all(letter)
    };
    if !is_word(function.trim()) {
        return Err(refuse());
    }
    let pair = |text: &str| match text.split_once('=') {
        Some((key, value)) if is_word(key.trim()) => {
            (key.trim().to_string(), value.trim().to_string())
        }
        _ => (String::new(), text.to_string()),
    };
    Ok(Call {
        line,
        function: function.trim().to_string(),
        arguments: split(arguments).iter().map(|text| pair(text)).collect(),
    })
}

/// Walks over the letters outside of quotes.
fn outside_quotes(text: &str, mut see: impl FnMut(usize, char) -> bool) {
    let (mut quote, mut escaped) = (None, false);
    for (at, letter) in text.char_indices() {
        match (letter, quote) {
            _ if escaped => escaped = false,
            ('\\', Some(_)) => escaped = true,
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (letter, None) if !see(at, letter) => return,
            _ => {}
        }
    }
}

fn without_comment(line: &str) -> &str {
    let mut end = line.len();
    outside_quotes(line, |at, letter| {
        if letter == '#' {
            end = at;
        }
        letter != '#'
    });
    &line[..end]
}

fn open_brackets(text: &str) -> i32 {
    let mut depth = 0;
    outside_quotes(text, |_, letter| {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        true
    });
    depth
}

/// The arguments between brackets.
fn split(text: &str) -> Vec<String> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    outside_quotes(text, |at, letter| {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim().to_string());
                start = at + 1;
            }
            _ => {}
        }
        true
    });
    parts.push(text[start..].trim().to_string());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read() {
        let text = "metadata(version=\"1.0\", description='a, b (c)')  # (\n\npackage(\n    \"p\",\n    files=(\n        'a.py',  # why\n        \"b#.py\",\n    ),\n    base_path='..', opt=3\n)\nmodule('x\\'y.py')\n";
        let found = calls("m", text).unwrap();
        let functions: Vec<(&str, usize)> = found
            .iter()
            .map(|one| (one.function.as_str(), one.line))
            .collect();
        assert_eq!(functions, [("metadata", 1), ("package", 3), ("module", 11)]);
        let text = |at: usize, place, name| found[at].text("m", place, name).unwrap();
        assert_eq!(text(0, 9, "description").unwrap(), "a, b (c)");
        assert_eq!(text(1, 0, "package_path").unwrap(), "p");
        assert_eq!(text(1, 2, "base_path").unwrap(), "..");
        assert_eq!(text(2, 0, "module_path").unwrap(), "x'y.py");
        assert_eq!(
            found[1].texts("m", 1, "files").unwrap().unwrap(),
            ["a.py", "b#.py"]
        );
        assert!(found[1].text("m", 1, "files").is_err());
        assert_eq!(
            found[1].argument("m", 3, "opt").unwrap(),
            Some(Value::Int(3))
        );
        assert_eq!(found[2].argument("m", 1, "base_path").unwrap(), None);
    }

    #[test]
    fn programs_are_refused() {
        for text in [
            "import os",
            "for x in y:\n    require(x)",
            "require(\"a\"",
            "x = 1",
            "a.b('c')",
            ")",
            "f(",
        ] {
            assert!(calls("m", text).is_err(), "{text}");
        }
        let found = calls("m", "require(name)\nrequire('a' + 'b')\nrequire(*x)").unwrap();
        for call in found {
            assert!(call.text("m", 0, "name").is_err(), "{call:?}");
        }
    }
}
