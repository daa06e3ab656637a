//! The command line of MicroPython's unix port.
//!
//! Source: MicroPython `ports/unix/main.c`.

use std::ffi::OsString;

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `-c COMMAND`
    Command(String),
    /// `-m MODULE`
    Module(String),
    /// A script.
    Script(OsString),
    /// The prompt, or standard input if that is no terminal.
    Input,
}

/// A parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// What is to be run.
    pub action: Action,
    /// `sys.argv`
    pub argv: Vec<String>,
    /// `-i`: prompt afterwards.
    pub inspect: bool,
    /// `-O`: 0 to 3.
    pub opt_level: u8,
    /// How often `-v` was given.
    pub verbose: u8,
    /// `-X heapsize=`: bytes of the heap.
    pub heap_bytes: usize,
    /// `-X compile-only`
    pub compile_only: bool,
}

/// The default heap: 1 MiB of 32-bit words, as in the unix port, in words of this machine.
const DEFAULT_HEAP_BYTES: usize = 1024 * 1024 * (usize::BITS as usize / 32);

/// Parses what follows the program's name. `None` means wrong usage.
#[must_use]
pub fn parse(arguments: &[OsString]) -> Option<Arguments> {
    let mut parsed = Arguments {
        action: Action::Input,
        argv: Vec::new(),
        inspect: false,
        opt_level: 0,
        verbose: 0,
        heap_bytes: DEFAULT_HEAP_BYTES,
        compile_only: false,
    };
    let text = |argument: &OsString| argument.to_string_lossy().into_owned();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let option = text(argument);
        match option.as_str() {
            "-i" => parsed.inspect = true,
            "-v" => parsed.verbose += 1,
            "-c" | "-m" => {
                let value = text(rest.next()?);
                parsed.argv.push(if option == "-c" {
                    option.clone()
                } else {
                    value.clone()
                });
                parsed.action = if option == "-c" {
                    Action::Command(value)
                } else {
                    Action::Module(value)
                };
                parsed.argv.extend(rest.map(text));
                break;
            }
            "-X" => {
                let value = text(rest.next()?);
                if let Some(size) = value.strip_prefix("heapsize=") {
                    parsed.heap_bytes = parse_size(size)?;
                } else if value == "compile-only" {
                    parsed.compile_only = true;
                } else if !value.starts_with("emit=") {
                    return None;
                }
            }
            level if level.starts_with("-O") => parsed.opt_level = parse_level(&level[1..])?,
            other if other.starts_with('-') && other.len() > 1 => return None,
            _ => {
                parsed.action = Action::Script(argument.clone());
                parsed.argv.push(option);
                parsed.argv.extend(rest.map(text));
                break;
            }
        }
    }
    Some(parsed)
}

/// `O`, `OO`, `OOO`, `O0` to `O3`.
fn parse_level(letters: &str) -> Option<u8> {
    let rest = letters.trim_start_matches('O');
    if rest.is_empty() {
        return u8::try_from(letters.len()).ok();
    }
    rest.parse().ok()
}

/// A number of bytes with `w`, `k` or `m` behind it; in words of 32 bits that are scaled to this machine's.
fn parse_size(text: &str) -> Option<usize> {
    let (number, unit, scaled) = match text.char_indices().last()? {
        (at, 'w' | 'W') => (&text[..at], 1, true),
        (at, 'k' | 'K') => (&text[..at], 1024, false),
        (at, 'm' | 'M') => (&text[..at], 1024 * 1024, false),
        _ => (text, 1, false),
    };
    // `w` may follow `k` or `m`.
    let (number, unit) = match (scaled, number.char_indices().last()) {
        (true, Some((at, 'k' | 'K'))) => (&number[..at], 1024),
        (true, Some((at, 'm' | 'M'))) => (&number[..at], 1024 * 1024),
        _ => (number, unit),
    };
    let bytes = number.parse::<usize>().ok()?.checked_mul(unit)?;
    let bytes = if scaled {
        bytes.checked_mul(size_of::<usize>() / 4)?
    } else {
        bytes
    };
    (bytes >= 700).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Option<Arguments> {
        parse(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn script_takes_the_rest_as_arguments() {
        let parsed = parse_words(&["-O2", "-X", "heapsize=256k", "a.py", "-x", "y"]).unwrap();
        assert_eq!(parsed.action, Action::Script("a.py".into()));
        assert_eq!(parsed.argv, ["a.py", "-x", "y"]);
        assert_eq!((parsed.opt_level, parsed.heap_bytes), (2, 256 * 1024));
    }

    #[test]
    fn command_is_named_in_argv() {
        let parsed = parse_words(&["-c", "pass", "1"]).unwrap();
        assert_eq!(parsed.argv, ["-c", "1"]);
        assert_eq!(parse_words(&["-c"]), None);
        assert_eq!(parse_words(&["-q"]), None);
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("2M"), Some(2 << 20));
        assert_eq!(parse_size("1024"), Some(1024));
        assert_eq!(parse_size("16kw"), Some(16 * 1024 * size_of::<usize>() / 4));
        assert_eq!(parse_size("k"), None);
    }
}
