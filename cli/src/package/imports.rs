//! Which modules a program imports as soon as it is imported itself.
//!
//! Reads source text line by line; imports inside functions, `try` and `if` are conditional and not
//! counted. What is imported and is nowhere is found before anything is written to a board.

/// The modules that `source` imports at its outermost level, as written; relative ones are left out.
pub(crate) fn outermost(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside: Option<&str> = None;
    for line in source.lines() {
        let was_inside = inside.is_some();
        inside = text_after(line, inside);
        if was_inside {
            continue;
        }
        let line = line.split('#').next().unwrap_or("").trim_end();
        if let Some(rest) = line.strip_prefix("import ") {
            for part in rest.split(';').next().unwrap_or("").split(',') {
                found.extend(part.split_whitespace().next().map(str::to_string));
            }
        } else if let Some(rest) = line.strip_prefix("from ") {
            let name = rest.split_whitespace().next().unwrap_or("");
            if !name.starts_with('.') && rest.contains(" import") {
                found.push(name.to_string());
            }
        }
    }
    found
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
                      from . import h\ntry:\n    import i\nexcept ImportError:\n    pass\ndef f():\n    import j\n\
                      x = '''\nimport k'''\nimport l; y = 1\n";
        assert_eq!(outermost(source), ["a", "b.c", "e.f", "l"]);
    }
}
