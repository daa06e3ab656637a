//! The interactive prompt of the host program, for a terminal in its ordinary line mode.
//!
//! The line editor of boards is in `firmware/repl`; this one leaves editing to the terminal.

use std::io::{self, BufRead, Write};

use upy_runtime::{Outcome, Vm};

use crate::interrupt;

/// Whether a statement goes on in the next line.
///
/// Source: MicroPython `py/repl.c`, `mp_repl_continue_with_input`.
#[must_use]
pub fn needs_more(input: &str) -> bool {
    let first = input
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        .unwrap_or("");
    let block = input.starts_with('@')
        || matches!(
            first,
            "if" | "while" | "for" | "try" | "with" | "def" | "class" | "async"
        );
    let mut depth = 0_i32;
    let mut quote: Option<&str> = None;
    let mut rest = input;
    while let Some(c) = rest.chars().next() {
        let opening = ["'''", "\"\"\"", "'", "\""]
            .into_iter()
            .find(|mark| rest.starts_with(mark));
        let step = match (quote, opening) {
            (Some(_), _) if c == '\\' => 2,
            (Some(open), _) if rest.starts_with(open) => {
                quote = None;
                open.len()
            }
            (None, Some(mark)) => {
                quote = Some(mark);
                mark.len()
            }
            (None, None) => {
                depth += i32::from(matches!(c, '(' | '[' | '{'))
                    - i32::from(matches!(c, ')' | ']' | '}'));
                c.len_utf8()
            }
            _ => c.len_utf8(),
        };
        rest = rest.get(step..).unwrap_or("");
    }
    let open_text = quote.is_some_and(|mark| mark.len() == 3);
    open_text || depth > 0 || input.ends_with('\\') || (block && !input.ends_with('\n'))
}

/// Reads statements from standard input and runs them until it ends.
pub fn run(vm: &mut Vm<'_>) -> i32 {
    print(b"MicroPython-compatible upy; type help() for more information.\n");
    let mut input = String::new();
    loop {
        print(if input.is_empty() { b">>> " } else { b"... " });
        let mut line = String::new();
        let (read, interrupted) = interrupt::watch(|| io::stdin().lock().read_line(&mut line));
        if interrupted {
            // The terminal has dropped what was typed in front of Ctrl-C; this is what came after it.
            input.clear();
        }
        match read {
            Ok(0) | Err(_) => {
                print(b"\n");
                return 0;
            }
            Ok(_) => {}
        }
        input.push_str(line.trim_end_matches(['\n', '\r']));
        if needs_more(&input) {
            input.push('\n');
            continue;
        }
        if !input.trim().is_empty()
            && let Outcome::Exit(status) = vm.run_source(input.as_bytes(), b"<stdin>", true)
        {
            return status & 0xff;
        }
        input.clear();
    }
}

/// Writes to standard output; a terminal that has gone away ends the program at the next read.
fn print(bytes: &[u8]) {
    let mut stream = io::stdout().lock();
    if stream
        .write_all(bytes)
        .and_then(|()| stream.flush())
        .is_err()
    {
        std::process::exit(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_brackets_and_texts_go_on() {
        for input in ["if x:", "f(1,", "'''a", "x = \\", "def f():\n  pass", "@d"] {
            assert!(needs_more(input), "{input}");
        }
        for input in [
            "x = 1",
            "f('(')",
            "if x:\n  pass\n",
            "'''a'''",
            "iffy = 2",
            "'\\''",
        ] {
            assert!(!needs_more(input), "{input}");
        }
    }
}
