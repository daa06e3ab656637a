//! Splits a traceback that a device printed into frames, exception type and message.
//!
//! Everything is borrowed, nothing is copied or translated. A device prints the frames from the
//! outermost to the innermost, then `Type: message`; the message may have several lines.
//! When several tracebacks follow each other (CircuitPython prints chains), the last one counts.
//!
//! Source: MicroPython `py/objexception.c` and `py/runtime.c` print functions.

/// A traceback in its parts.
///
/// ```
/// # use ucli_protocol::traceback::{Frame, Traceback};
/// let text = "Traceback (most recent call last):\r\n  \
///             File \"main.py\", line 3, in <module>\r\nOSError: [Errno 2] ENOENT\r\n";
/// let traceback = Traceback::parse(text).unwrap();
/// let frame = Frame { file: "main.py", line: 3, function: Some("<module>") };
/// assert!(traceback.frames().eq([frame]));
/// assert_eq!((traceback.exception, traceback.errno()), ("OSError", Some(2)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traceback<'a> {
    /// What stood before the header: output of the program, or an earlier traceback.
    pub before: &'a str,
    frames: &'a str,
    /// The name of the exception's type, such as `ValueError`.
    pub exception: &'a str,
    /// What the exception says; may be empty and may have several lines.
    pub message: &'a str,
}

/// A place in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// File name as the device knows it; `<stdin>` for what came over the wire.
    pub file: &'a str,
    /// Line number from 1; 0 when the device does not know.
    pub line: u32,
    /// The function's name, `<module>` outside functions. `None` where the device does not say, as
    /// in syntax errors.
    pub function: Option<&'a str>,
}

/// How a program asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit<'a> {
    /// With an exit code; `SystemExit` without one is 0.
    Code(i32),
    /// With a message, which CPython prints before it ends with code 1.
    Message(&'a str),
}

const HEADER: &str = "Traceback (most recent call last):";

impl<'a> Traceback<'a> {
    /// The last traceback in `text`.
    ///
    /// Without the header, as when memory was short, the last line must look like `Type: message`.
    /// `None` if there is no such thing.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let Some(at) = text.rfind(HEADER) else {
            return Self::without_header(text);
        };
        let after = &text[at + HEADER.len()..];
        let after = after.trim_start_matches(['\r', '\n']);
        let mut rest = after;
        while Frame::parse(first_line(rest)).is_some() {
            rest = skip_line(rest);
        }
        let frames = &after[..after.len() - rest.len()];
        Self::of_parts(&text[..at], frames, rest)
    }

    fn without_header(text: &'a str) -> Option<Self> {
        let trimmed = text.trim_end_matches(['\r', '\n']);
        let start = trimmed.rfind('\n').map_or(0, |at| at + 1);
        Self::of_parts(&text[..start], "", &trimmed[start..])
    }

    fn of_parts(before: &'a str, frames: &'a str, last: &'a str) -> Option<Self> {
        let last = last.trim_end_matches(['\r', '\n']);
        let end = last.find([':', '\r', '\n']).unwrap_or(last.len());
        let (exception, message) = last.split_at(end);
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let starts_well = exception.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !starts_well || !exception.chars().all(is_name) {
            return None;
        }
        let message = message.strip_prefix(':').unwrap_or(message);
        Some(Self {
            before,
            frames,
            exception,
            message: message.strip_prefix(' ').unwrap_or(message),
        })
    }

    /// The frames, outermost first, as the device prints them.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'a>> + 'a {
        self.frames.lines().filter_map(Frame::parse)
    }

    /// The innermost frame: where it happened.
    #[must_use]
    pub fn innermost(&self) -> Option<Frame<'a>> {
        self.frames().last()
    }

    /// Whether somebody pressed Ctrl-C.
    #[must_use]
    pub fn is_keyboard_interrupt(&self) -> bool {
        self.exception == "KeyboardInterrupt"
    }

    /// How the program asked to end, if it raised `SystemExit`.
    ///
    /// Boards do not print it (they reset themselves, see [`Exec`](crate::host::Exec)); it comes from
    /// a program that prints the exception itself.
    #[must_use]
    pub fn exit(&self) -> Option<Exit<'a>> {
        if self.exception != "SystemExit" {
            return None;
        }
        Some(match (self.message, self.message.parse()) {
            ("" | "None", _) => Exit::Code(0),
            (_, Ok(code)) => Exit::Code(code),
            (message, Err(_)) => Exit::Message(message),
        })
    }

    /// The number of an `OSError`, in any of the forms it is printed in: `[Errno 2] ENOENT`, `28`,
    /// `(2, 'x')`, `-202`. `None` for other exceptions and for an `OSError` without a number.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        if self.exception != "OSError" {
            return None;
        }
        let message = self.message;
        let number = message
            .strip_prefix("[Errno ")
            .or_else(|| message.strip_prefix('('))
            .unwrap_or(message);
        let end = number.find([']', ',', ')']).unwrap_or(number.len());
        number[..end].trim().parse().ok()
    }
}

impl<'a> Frame<'a> {
    /// A frame from its line, `  File "main.py", line 3, in f`.
    fn parse(line: &'a str) -> Option<Self> {
        let rest = line.trim_end().strip_prefix("  File \"")?;
        // A file name may hold a quote: the last one that is followed by a line number counts.
        let at = rest.rfind("\", line ")?;
        let (file, rest) = (&rest[..at], &rest[at + "\", line ".len()..]);
        let end = rest.find(',').unwrap_or(rest.len());
        let line = rest[..end].parse().ok()?;
        let function = rest[end..].strip_prefix(", in ");
        Some(Self {
            file,
            line,
            function,
        })
    }
}

fn first_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or(text)
}

fn skip_line(text: &str) -> &str {
    text.find('\n').map_or("", |at| &text[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::format;
    use std::vec::Vec;

    const HEAD: &str = "Traceback (most recent call last):\r\n  File \"<stdin>\", line 10, in <module>\r\n  File \"lib/a\"b.py\", line 7, in go, in\r\n";

    fn raised(last: &'static str) -> Traceback<'static> {
        Traceback::parse(last).unwrap()
    }

    #[test]
    fn frames_and_message_are_split() {
        let text = format!("before\r\n{HEAD}ValueError: a\r\nb: c\r\n");
        let traceback = Traceback::parse(&text).unwrap();
        let frames: Vec<Frame<'_>> = traceback.frames().collect();
        let frame = |file, line, function| Frame {
            file,
            line,
            function: Some(function),
        };
        let expected = [
            frame("<stdin>", 10, "<module>"),
            frame("lib/a\"b.py", 7, "go, in"),
        ];
        assert_eq!(frames, expected);
        assert_eq!(traceback.innermost(), Some(expected[1]));
        assert_eq!(traceback.before, "before\r\n");
        assert_eq!(
            (traceback.exception, traceback.message),
            ("ValueError", "a\r\nb: c")
        );
    }

    #[test]
    fn syntax_error_has_no_function() {
        let text = "Traceback (most recent call last):\n  File \"<stdin>\", line 2\nSyntaxError: invalid syntax\n";
        let frame = Traceback::parse(text).unwrap().innermost().unwrap();
        assert_eq!((frame.line, frame.function), (2, None));
    }

    #[test]
    fn last_of_a_chain_counts() {
        let text = format!("{HEAD}KeyError: k\r\n\r\nDuring handling:\r\n\r\n{HEAD}OSError: 5\r\n");
        let traceback = Traceback::parse(&text).unwrap();
        assert_eq!(traceback.errno(), Some(5));
        assert!(traceback.before.contains("KeyError: k"));
    }

    #[test]
    fn errno_in_every_form() {
        let cases = [
            ("OSError: [Errno 2] ENOENT", Some(2)),
            ("OSError: [Errno 2] No such file/directory: x", Some(2)),
            ("OSError: 28\r\n", Some(28)),
            ("OSError: -202", Some(-202)),
            ("OSError: (2, 'x')", Some(2)),
            ("OSError: (28, 'x', 'y')", Some(28)),
            ("OSError: ", None),
            ("OSError", None),
            ("OSError: text", None),
            ("ValueError: 28", None),
            ("OSError: 99999999999", None),
        ];
        for (text, errno) in cases {
            assert_eq!(raised(text).errno(), errno, "{text}");
        }
    }

    #[test]
    fn exits_are_told_apart() {
        assert_eq!(raised("SystemExit: 3").exit(), Some(Exit::Code(3)));
        assert_eq!(raised("SystemExit: ").exit(), Some(Exit::Code(0)));
        assert_eq!(raised("SystemExit:").exit(), Some(Exit::Code(0)));
        assert_eq!(raised("SystemExit: None").exit(), Some(Exit::Code(0)));
        assert_eq!(raised("SystemExit: no").exit(), Some(Exit::Message("no")));
        assert_eq!(raised("KeyError: 3").exit(), None);
        assert!(raised("KeyboardInterrupt: \r\n").is_keyboard_interrupt());
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["", "\r\n", "hello world", "> : x", HEAD, "12: x"] {
            assert_eq!(Traceback::parse(text), None, "{text:?}");
        }
    }
}
