//! Which modules a program imports as soon as it is imported itself.
//!
//! Reads source text line by line; imports inside functions, `try` and `if` are conditional and not
//! counted. What is imported and is nowhere is found before anything is written to a board.

use std::collections::{BTreeMap, BTreeSet};

/// What `source` imports at its outermost level, with `/` between the parts. `module` is its own name,
/// `package` whether it is an `__init__`. `from a import b` gives `a` and `a/b`: `b` may be either.
pub(crate) fn outermost(source: &str, module: &str, package: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside: Option<&str> = None;
    for line in source.lines() {
        let was_inside = inside.is_some();
        inside = text_after(line, inside);
        if was_inside {
            continue;
        }
        let line = line.split(['#', ';']).next().unwrap_or("").trim_end();
        if let Some(rest) = line.strip_prefix("import ") {
            let names = rest
                .split(',')
                .filter_map(|part| part.split_whitespace().next());
            found.extend(names.map(|name| name.replace('.', "/")));
        } else if let Some(rest) = line.strip_prefix("from ")
            && let Some((from, names)) = rest.split_once(" import ")
            && let Some(base) = absolute(from.trim(), module, package)
        {
            for name in names.split(',') {
                let name = name
                    .trim_matches(|letter: char| letter.is_whitespace() || "()\\".contains(letter));
                let name = name.split_whitespace().next().unwrap_or("");
                if !name.is_empty() && !base.is_empty() {
                    found.push(format!("{base}/{name}"));
                }
            }
            found.push(base);
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

/// `..a.b` as seen from a module.
fn absolute(from: &str, module: &str, package: bool) -> Option<String> {
    let dots = from.len() - from.trim_start_matches('.').len();
    let name = from[dots..].replace('.', "/");
    if dots == 0 {
        return Some(name);
    }
    let mut parts: Vec<&str> = module.split('/').collect();
    for _ in 0..dots - usize::from(package) {
        parts.pop()?;
    }
    if !name.is_empty() {
        parts.push(&name);
    }
    Some(parts.join("/"))
}

/// The modules outside of `sources` (by module name: whether it is an `__init__`, and its text) that
/// are imported by what a user of them imports first, each with the module that imports it.
///
/// A package's submodules count when its `__init__` reaches them; the others are optional.
pub(crate) fn unmet(sources: &BTreeMap<String, (bool, String)>) -> BTreeMap<String, String> {
    let is_entry = |module: &&String| {
        !module.match_indices('/').any(|(at, _)| {
            sources
                .get(&module[..at])
                .is_some_and(|(package, _)| *package)
        })
    };
    let mut todo: Vec<&String> = sources.keys().filter(is_entry).collect();
    let mut seen: BTreeSet<&String> = todo.iter().copied().collect();
    let mut outside = BTreeMap::new();
    while let Some(module) = todo.pop() {
        let (package, text) = &sources[module];
        for name in outermost(text, module, *package) {
            let ends = name
                .match_indices('/')
                .map(|(at, _)| at)
                .chain([name.len()]);
            for end in ends {
                if let Some((inner, _)) = sources.get_key_value(&name[..end])
                    && seen.insert(inner)
                {
                    todo.push(inner);
                }
            }
            let top = name.split('/').next().unwrap_or(&name);
            let ours = sources.keys().any(|one| {
                one.strip_prefix(top)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            if !ours {
                outside
                    .entry(top.to_string())
                    .or_insert_with(|| module.clone());
            }
        }
    }
    outside
}

/// Which triple quote is open after a line.
fn text_after<'a>(line: &str, mut open: Option<&'a str>) -> Option<&'a str> {
    let mut rest = line;
    loop {
        match open {
            Some(quote) => match rest.find(quote) {
                Some(at) => {
                    rest = &rest[at + 3..];
                    open = None;
                }
                None => return open,
            },
            None => {
                let next = ["\"\"\"", "'''"]
                    .into_iter()
                    .filter_map(|quote| Some((rest.find(quote)?, quote)))
                    .min();
                match next {
                    Some((at, quote)) if !rest[..at].contains('#') => {
                        rest = &rest[at + 3..];
                        open = Some(quote);
                    }
                    _ => return None,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unconditional_imports_count() {
        let source = "\"\"\"Doc.\nimport not_this\n\"\"\"\nimport a, b.c as d  # import x\nfrom e.f import g\n\
                      try:\n    import i\nexcept ImportError:\n    pass\ndef f():\n    import j\n\
                      x = '''\nimport k'''\nimport l; y = 1\n";
        assert_eq!(
            outermost(source, "m", false),
            ["a", "b/c", "e/f/g", "e/f", "l"]
        );
    }

    #[test]
    fn relative_imports_are_seen_from_their_place() {
        let source = "from . import h\nfrom .i import (\n    j)\nfrom ..k import l\n";
        assert_eq!(
            outermost(source, "p/q", false),
            ["p/h", "p", "p/i", "k/l", "k"]
        );
        assert_eq!(outermost("from .i import j\n", "p", true), ["p/i/j", "p/i"]);
        assert!(outermost("from ...x import y\n", "p", false).is_empty());
    }

    #[test]
    fn optional_submodules_may_miss_something() {
        let source = |package: bool, text: &str| (package, text.to_string());
        let sources = BTreeMap::from([
            (
                "p".to_string(),
                source(true, "from p.core import X\nimport os\n"),
            ),
            ("p/core".to_string(), source(false, "import missing\n")),
            ("p/jinja".to_string(), source(false, "import jinja2\n")),
            (
                "n/robust".to_string(),
                source(false, "from n.simple import Y\nfrom . import robust\n"),
            ),
        ]);
        let expected = [("missing", "p/core"), ("os", "p")];
        let unmet = unmet(&sources);
        let found: Vec<(&str, &str)> = unmet.iter().map(|(a, b)| (&a[..], &b[..])).collect();
        assert_eq!(found, expected);
    }
}
