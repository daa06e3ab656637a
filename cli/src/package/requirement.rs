//! What a Python package says it needs: `Requires-Dist` lines and `requires.txt`.
//!
//! Source: PEP 508 for the lines and the markers; setuptools' `requires.txt` with `[extra:marker]`
//! headings. `Requires-Python` is not read: MicroPython calls itself 3.4 whatever it can do.

use pep440_rs::{Operator, Version, VersionSpecifier};

use super::spec::Wish;
use crate::error::{Code, Error, Result};

/// The Python that markers are told of; the boards' own answer would drag in backports.
const PYTHON: &str = "3.11";

/// One package that is needed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Requirement {
    /// Its name.
    pub(crate) name: String,
    /// Its versions.
    pub(crate) wish: Wish,
}

/// What markers ask about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// `sys.platform` of the board.
    pub(crate) platform: String,
    /// The firmware's version.
    pub(crate) version: String,
    /// The Python that is assumed; empty: the usual.
    pub(crate) python: String,
}

impl Environment {
    fn value(&self, name: &str) -> Option<&str> {
        Some(match name {
            "implementation_name" => "micropython",
            "platform_python_implementation" => "MicroPython",
            "implementation_version" => &self.version,
            "sys_platform" => &self.platform,
            "python_version" | "python_full_version" if self.python.is_empty() => PYTHON,
            "python_version" | "python_full_version" => &self.python,
            "os_name" | "platform_machine" | "platform_release" | "platform_system"
            | "platform_version" | "extra" => "",
            _ => return None,
        })
    }
}

fn wrong(line: &str) -> Error {
    Error::new(
        Code::BadPackage,
        format!("`{line}` is no requirement of a package"),
    )
}

/// Reads one line; `None` when its marker does not hold here.
///
/// # Errors
/// [`Code::BadPackage`] when it is malformed.
pub(crate) fn parse(line: &str, environment: &Environment) -> Result<Option<Requirement>> {
    let (front, marker) = match line.split_once(';') {
        Some((front, marker)) => (front.trim(), marker.trim()),
        None => (line.trim(), ""),
    };
    if !marker.is_empty() && !holds(marker, environment).ok_or_else(|| wrong(line))? {
        return Ok(None);
    }
    let end = front
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter)))
        .unwrap_or(front.len());
    let (name, mut rest) = front.split_at(end);
    rest = rest.trim();
    if rest.starts_with('[') {
        rest = rest.split_once(']').ok_or_else(|| wrong(line))?.1.trim();
    }
    if name.is_empty() || rest.starts_with('@') {
        return Err(wrong(line));
    }
    let rest = rest.trim_start_matches('(').trim_end_matches(')').trim();
    let wish = if rest.is_empty() {
        Wish::Newest
    } else {
        Wish::Range(rest.parse().map_err(|_| wrong(line))?)
    };
    Ok(Some(Requirement {
        name: name.to_string(),
        wish,
    }))
}

/// The lines of a `requires.txt` as `Requires-Dist` lines; those of extras are left out.
pub(crate) fn requires_txt(text: &str) -> Vec<String> {
    let mut heading = String::new();
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(inner) = line.strip_prefix('[') {
            heading = inner.trim_end_matches(']').to_string();
            continue;
        }
        match heading.split_once(':') {
            None if heading.is_empty() => lines.push(line.to_string()),
            Some(("", marker)) => lines.push(format!("{line}; {marker}")),
            _ => {}
        }
    }
    lines
}

/// Whether a marker holds; `None` when it is malformed.
fn holds(marker: &str, environment: &Environment) -> Option<bool> {
    let tokens = tokens(marker)?;
    let mut parser = Parser {
        tokens: &tokens,
        environment,
        depth: 0,
    };
    let value = parser.either()?;
    parser.tokens.is_empty().then_some(value)
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(String),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let len = if matches!(first, '"' | '\'') {
            let end = rest[1..].find(first)? + 1;
            tokens.push(Token::Text(rest[1..end].to_string()));
            end + 1
        } else if matches!(first, '(' | ')') {
            tokens.push(Token::Sign(first.to_string()));
            1
        } else if "<>=!~".contains(first) {
            let end = rest
                .find(|letter| !"<>=!~".contains(letter))
                .unwrap_or(rest.len());
            tokens.push(Token::Sign(rest[..end].to_string()));
            end
        } else {
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "_.".contains(letter);
            let end = rest.find(|letter| !plain(letter)).unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            tokens.push(Token::Word(rest[..end].to_string()));
            end
        };
        rest = rest[len..].trim_start();
    }
    Some(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    environment: &'a Environment,
    depth: u32,
}

/// How deep markers may be nested.
const DEEPEST: u32 = 32;

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.first(),
            Some(Token::Word(text) | Token::Sign(text)) if text == word);
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn either(&mut self) -> Option<bool> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut value = self.both()?;
        while self.takes("or") {
            value |= self.both()?;
        }
        self.depth -= 1;
        Some(value)
    }

    fn both(&mut self) -> Option<bool> {
        let mut value = self.one()?;
        while self.takes("and") {
            value &= self.one()?;
        }
        Some(value)
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("(") {
            let value = self.either()?;
            return self.takes(")").then_some(value);
        }
        let (left, left_is_version) = self.operand()?;
        let operator = match self.next()? {
            Token::Sign(sign) => sign.clone(),
            Token::Word(word) if word == "not" && self.takes("in") => "not in".to_string(),
            Token::Word(word) if word == "in" => word.clone(),
            _ => return None,
        };
        let (right, right_is_version) = self.operand()?;
        Some(compare(
            &left,
            &operator,
            &right,
            left_is_version || right_is_version,
        ))
    }

    fn operand(&mut self) -> Option<(String, bool)> {
        match self.next()? {
            Token::Text(text) => Some((text.clone(), false)),
            Token::Word(name) => {
                let value = self.environment.value(name)?;
                Some((value.to_string(), name.ends_with("version")))
            }
            Token::Sign(_) => None,
        }
    }
}

fn compare(left: &str, operator: &str, right: &str, versions: bool) -> bool {
    match operator {
        "in" => return right.contains(left),
        "not in" => return !right.contains(left),
        _ => {}
    }
    if versions
        && let (Ok(version), Ok(operator)) = (left.parse::<Version>(), operator.parse::<Operator>())
        && let Ok(pattern) = right.parse()
        && let Ok(specifier) = VersionSpecifier::from_pattern(operator, pattern)
    {
        return specifier.contains(&version);
    }
    match operator {
        "==" | "===" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment {
            platform: "rp2".to_string(),
            version: "1.28.0".to_string(),
            python: String::new(),
        }
    }

    fn name(line: &str) -> Option<String> {
        parse(line, &environment())
            .unwrap()
            .map(|requirement| requirement.name)
    }

    #[test]
    fn lines_have_names_ranges_extras_and_markers() {
        let requirement = parse("cbor2[x] (>=5,<6)", &environment()).unwrap().unwrap();
        assert_eq!(requirement.name, "cbor2");
        assert!(requirement.wish.allows("5.1") && !requirement.wish.allows("6"));
        for (line, expected) in [
            ("a; implementation_name == 'micropython'", true),
            ("a; implementation_name != \"micropython\"", false),
            ("a; platform_python_implementation == 'CPython'", false),
            ("a; python_version < '3.5'", false),
            (
                "a; python_version >= '3.10' and sys_platform == 'rp2'",
                true,
            ),
            (
                "a; (extra == 'dev' or os_name == 'nt') and python_version > '3'",
                false,
            ),
            ("a; sys_platform in 'rp2 esp32'", true),
            ("a; sys_platform not in 'rp2 esp32'", false),
            ("a ; extra == 'docs'", false),
            ("a; implementation_version >= '1.23'", true),
        ] {
            assert_eq!(name(line).is_some(), expected, "{line}");
        }
    }

    #[test]
    fn malformed_lines_err() {
        let deep = format!("a; {}extra == ''{}", "(".repeat(99), ")".repeat(99));
        for line in [
            "",
            "a; b",
            "a; 'x' == ",
            "a >< 1",
            "a @ https://x/y.whl",
            "a[x",
            &deep,
        ] {
            let error = parse(line, &environment()).unwrap_err();
            assert_eq!(error.code(), Code::BadPackage, "{line}");
        }
    }

    #[test]
    fn headings_of_requires_txt_are_extras_and_markers() {
        let text = "pyserial~=3.4\n\n[dev]\npytest\n\n[:python_version<'3']\nenum34\n[x:python_version>'3']\ny\n";
        assert_eq!(
            requires_txt(text),
            ["pyserial~=3.4", "enum34; python_version<'3'"]
        );
    }
}
