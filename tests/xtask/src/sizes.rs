//! `cargo xtask sizes`: files over 600 lines and functions over 80, tests not counted.
//!
//! A function that is one long table or loop carries `expect(clippy::too_many_lines)` with a
//! reason; a file that is one carries a line `// SIZE: reason` near its top.

use std::path::{Path, PathBuf};

use crate::{Failed, Result, root};

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 80;

/// Prints what is too long and fails when anything is.
pub(crate) fn run() -> Result {
    let mut complaints = Vec::new();
    let mut files = 0;
    for path in sources(root()) {
        let text = std::fs::read_to_string(&path)?;
        let shown = path
            .strip_prefix(root())
            .unwrap_or(&path)
            .display()
            .to_string();
        files += 1;
        let lines = without_tests(&text);
        if lines.len() > FILE_LINES && !text.contains("// SIZE: ") {
            complaints.push(format!("{shown}: {} lines", lines.len()));
        }
        for (line, name, length) in long_functions(&lines) {
            complaints.push(format!("{shown}:{line}: `{name}` has {length} lines"));
        }
    }
    for complaint in &complaints {
        println!("{complaint}");
    }
    println!("{files} files looked at");
    if complaints.is_empty() {
        Ok(())
    } else {
        Err(Failed(format!("{} things are too long", complaints.len())))
    }
}

/// Every Rust source of the checkout that is no test.
pub(crate) fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(directory) else {
        return found;
    };
    for entry in entries.filter_map(core::result::Result::ok) {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            let is_ours = !name.starts_with('.') && name != "target" && name != "tests";
            // `tests/` at the top holds the harness and this program; elsewhere it holds tests.
            if is_ours || (name == "tests" && directory == root()) {
                found.extend(sources(&path));
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines before the tests.
fn without_tests(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod "));
    let end = tests.unwrap_or(lines.len());
    lines[..end].to_vec()
}

/// `(first line, name, length)` of each function that is too long. Formatted code closes a function
/// with a brace at its own indentation.
fn long_functions(lines: &[&str]) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let Some(name) = function_name(code) else {
            continue;
        };
        let indent = line.len() - code.len();
        let close = format!("{}}}", &line[..indent]);
        let Some(length) = lines[index..].iter().position(|line| **line == close) else {
            continue;
        };
        let excused = lines[index.saturating_sub(8)..index]
            .iter()
            .any(|line| line.contains("clippy::too_many_lines"));
        if length > FUNCTION_LINES && !excused {
            found.push((index + 1, name.to_string(), length));
        }
    }
    found
}

fn function_name(code: &str) -> Option<&str> {
    let at = if code.starts_with("fn ") {
        0
    } else {
        code.find(" fn ")? + 1
    };
    let before = &code[..at];
    let is_item = before.split_whitespace().all(|word| {
        matches!(word, "const" | "async" | "unsafe" | "extern" | "\"C\"")
            || word.starts_with("pub")
            || word.starts_with("in")
            || word.ends_with(')')
    });
    let rest = &code[at + 3..];
    let end = rest.find(['(', '<'])?;
    (is_item && !code.ends_with(';')).then_some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_functions_are_found_and_excused() {
        let body = "    x();\n".repeat(90);
        let long = format!("pub(crate) fn long(a: u8) -> u8 {{\n{body}}}\n");
        assert_eq!(
            long_functions(&long.lines().collect::<Vec<_>>()),
            [(1, "long".to_string(), 91)]
        );
        let excused = format!("#[expect(clippy::too_many_lines, reason = \"\")]\n{long}");
        assert!(long_functions(&excused.lines().collect::<Vec<_>>()).is_empty());
        let short = format!("fn short() {{\n    x();\n}}\n{}", "y();\n".repeat(90));
        assert!(long_functions(&short.lines().collect::<Vec<_>>()).is_empty());
    }

    #[test]
    fn tests_are_not_counted() {
        assert_eq!(
            without_tests("a\nb\n#[cfg(test)]\nmod tests {\n}\n"),
            ["a", "b"]
        );
    }
}
