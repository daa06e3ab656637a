//! Whether a statement goes on in the next line.

/// Keywords that open a block.
const BLOCKS: [&[u8]; 8] = [
    b"if", b"while", b"for", b"try", b"with", b"def", b"class", b"async",
];

/// The quotes that can be open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    One(u8),
    Three(u8),
}

/// Whether the text typed so far, which ends with a line without its end, needs another line.
///
/// It does while a bracket or a long string is open, after a backslash, and for a block until an empty line.
///
/// Source: MicroPython `py/repl.c`, `mp_repl_continue_with_input`.
#[must_use]
pub fn needs_more(text: &[u8]) -> bool {
    let Some(&last) = text.last() else {
        return false;
    };
    let mut open = [0_i32; 3];
    let mut quote = None;
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'\'' | b'"' => {
                let long = after.starts_with(&[byte, byte]);
                if long && (quote.is_none() || quote == Some(Quote::Three(byte))) {
                    rest = &after[2..];
                    quote = toggled(quote, Quote::Three(byte));
                } else if quote.is_none() || quote == Some(Quote::One(byte)) {
                    quote = toggled(quote, Quote::One(byte));
                }
            }
            b'\\' if quote.is_some() && matches!(after.first(), Some(b'\'' | b'"' | b'\\')) => {
                rest = &after[1..];
            }
            _ if quote.is_some() => {}
            b'(' => open[0] += 1,
            b')' => open[0] -= 1,
            b'[' => open[1] += 1,
            b']' => open[1] -= 1,
            b'{' => open[2] += 1,
            b'}' => open[2] -= 1,
            _ => {}
        }
    }
    match quote {
        Some(Quote::Three(_)) => return true,
        None if open.iter().any(|&count| count > 0) => return true,
        _ => {}
    }
    last == b'\\' || (opens_block(text) && last != b'\n')
}

fn toggled(quote: Option<Quote>, mark: Quote) -> Option<Quote> {
    quote.is_none().then_some(mark)
}

fn opens_block(text: &[u8]) -> bool {
    let word = text
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))
        .map_or(text, |end| &text[..end]);
    text[0] == b'@' || BLOCKS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_brackets_and_texts_go_on() {
        for input in [
            "if x:",
            "f(1,",
            "'''a",
            "x = \\",
            "def f():\n  pass",
            "@d",
            "[\n{'a':",
            "\"\"\"a\"",
            "with(x):",
        ] {
            assert!(needs_more(input.as_bytes()), "{input}");
        }
    }

    #[test]
    fn finished_statements_do_not_go_on() {
        for input in [
            "",
            "x = 1",
            "f('(')",
            "if x:\n  pass\n",
            "'''a'''",
            "iffy = 2",
            "'\\''",
            "'(",
            "a)",
            "'\\\\'",
        ] {
            assert!(!needs_more(input.as_bytes()), "{input}");
        }
    }
}
