//! A program made ready for the wire: its `SystemExit` kept, its line numbers mapped back.
//!
//! A `SystemExit` that reaches the raw REPL resets the board and its code is lost. The program is
//! therefore sent as the body of a `try` whose handler raises a plain exception of the same name;
//! that costs no memory on the board, because the source is still compiled while it arrives. Every
//! line is moved to the right by one tab, except lines that begin inside a string. Text in, text
//! out: no I/O.

use ucli_protocol::traceback::{Exit, Traceback};

/// Stands before the program.
const HEAD: &str = "try:\n";
/// Stands after it.
const TAIL: &str =
    "\n\tpass\nexcept SystemExit as _e:raise type('SystemExit',(Exception,),{})(*_e.args)\n";
/// How many lines [`HEAD`] has.
const HEAD_LINES: u32 = 1;

/// A program as it is sent.
#[derive(Debug)]
pub(crate) struct Program {
    /// What goes over the wire.
    pub(crate) source: Vec<u8>,
    /// The source as it was.
    bare: Vec<u8>,
    /// What to subtract from the line numbers of `<stdin>`.
    shift: u32,
    /// The program is a loader with a `.mpy` image in it.
    image: bool,
}

impl Program {
    /// Wraps `source`. What is cut off in the middle of a string is sent as it is, so that the
    /// board reports the error at its own place.
    pub(crate) fn new(source: &[u8]) -> Self {
        match indent(source) {
            Some(body) => {
                let mut wrapped = HEAD.as_bytes().to_vec();
                wrapped.extend_from_slice(&body);
                wrapped.extend_from_slice(TAIL.as_bytes());
                Self {
                    source: wrapped,
                    bare: source.to_vec(),
                    shift: HEAD_LINES,
                    image: false,
                }
            }
            None => Self {
                source: source.to_vec(),
                bare: Vec::new(),
                shift: 0,
                image: false,
            },
        }
    }

    /// The bare source, if the board refused the wrapped one before running any of it because a
    /// jump over its whole length does not fit the bytecode.
    pub(crate) fn without_wrapping(&self, traceback: &[u8]) -> Option<&[u8]> {
        let text = core::str::from_utf8(traceback).ok()?;
        let trace = Traceback::parse(text)?;
        let refused =
            trace.exception == "RuntimeError" && trace.message.trim() == "bytecode overflow";
        (refused && self.shift > 0).then_some(&self.bare)
    }

    /// A loader with an image of [`Program::as_main`] in it.
    pub(crate) fn loader(source: &[u8]) -> Self {
        Self {
            image: true,
            ..Self::new(source)
        }
    }

    /// A source that knows itself as `__main__` when it is imported; it is one line longer.
    pub(crate) fn as_main(source: &[u8]) -> Vec<u8> {
        [b"__name__='__main__'\n", source].concat()
    }

    /// Sends `source` as it is.
    pub(crate) fn plain(source: &[u8]) -> Self {
        Self {
            source: source.to_vec(),
            bare: Vec::new(),
            shift: 0,
            image: false,
        }
    }

    /// The traceback as the user should see it: the local file name and its own line numbers.
    pub(crate) fn traceback(&self, text: &str, name: &str) -> String {
        if self.image {
            // The loader's own frames are of no interest, the image has one line more than its source.
            let of_loader = |line: &&str| !line.contains("File \"<stdin>\"");
            let lines: Vec<&str> = text.lines().filter(of_loader).collect();
            let place = format!("File \"{name}\", line ");
            return renumber(&(lines.join("\n") + "\n"), &place, name, HEAD_LINES);
        }
        renumber(text, "File \"<stdin>\", line ", name, self.shift)
    }
}

/// Replaces each `place` with the name of the file and takes `shift` from the number behind it.
fn renumber(text: &str, place: &str, name: &str, shift: u32) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(place) {
        out.push_str(&rest[..at]);
        rest = &rest[at + place.len()..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let line: u32 = rest[..digits].parse().unwrap_or(0);
        let line = line.saturating_sub(shift);
        out.push_str(&format!("File \"{name}\", line {line}"));
        rest = &rest[digits..];
    }
    out.push_str(rest);
    out
}

/// How a program asked to end: the status, and a message for stderr.
pub(crate) fn system_exit(traceback: &str) -> Option<(u8, Option<String>)> {
    match Traceback::parse(traceback)?.exit()? {
        Exit::Code(code) => Some((code.rem_euclid(256).try_into().unwrap_or(1), None)),
        Exit::Message(message) => Some((1, Some(message.to_string()))),
    }
}

/// Inside which string a place of the source is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    Comment,
    Short(u8),
    Long(u8),
}

/// One more tab on every line that does not begin inside a string; `None` when a string never ends.
fn indent(source: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(source.len() + source.len() / 16 + 8);
    let mut place = Place::Code;
    let mut index = 0;
    let mut line_starts = true;
    while index < source.len() {
        let byte = source[index];
        if line_starts && place == Place::Code && byte != b'\n' && byte != b'\r' {
            out.push(b'\t');
        }
        let triple = source[index..].starts_with(&[byte; 3]);
        let mut len = 1;
        place = match (place, byte) {
            (Place::Code, b'#') => Place::Comment,
            (Place::Code, b'"' | b'\'') if triple => {
                len = 3;
                Place::Long(byte)
            }
            (Place::Code, b'"' | b'\'') => Place::Short(byte),
            (Place::Comment, b'\n') => Place::Code,
            (Place::Short(quote) | Place::Long(quote), b'\\') if index + 1 < source.len() => {
                // A backslash also keeps a short string open over the end of its line.
                len = if source[index + 1] == b'\r' && source.get(index + 2) == Some(&b'\n') {
                    3
                } else {
                    2
                };
                if matches!(place, Place::Short(_)) {
                    Place::Short(quote)
                } else {
                    Place::Long(quote)
                }
            }
            (Place::Short(quote), _) if byte == quote => Place::Code,
            (Place::Short(_), b'\n') => return None,
            (Place::Long(quote), _) if byte == quote && triple => {
                len = 3;
                Place::Code
            }
            (place, _) => place,
        };
        out.extend_from_slice(&source[index..index + len]);
        line_starts = source[index + len - 1] == b'\n';
        index += len;
    }
    matches!(place, Place::Code | Place::Comment).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indented(source: &str) -> Option<String> {
        indent(source.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn lines_are_moved_and_strings_are_not() {
        assert_eq!(
            indented("a\nif a:\n b\n\n#c").unwrap(),
            "\ta\n\tif a:\n\t b\n\n\t#c"
        );
        assert_eq!(
            indented("s='''x\ny\n'''\nz").unwrap(),
            "\ts='''x\ny\n'''\n\tz"
        );
        assert_eq!(indented("s='a\\\nb'\nz").unwrap(), "\ts='a\\\nb'\n\tz");
        assert_eq!(
            indented("s='\\'#'\nz#'\nq").unwrap(),
            "\ts='\\'#'\n\tz#'\n\tq"
        );
        assert_eq!(
            indented("s=\"\"\"a\\\"\"\"b\nc\"\"\"\nd").unwrap(),
            "\ts=\"\"\"a\\\"\"\"b\nc\"\"\"\n\td"
        );
    }

    #[test]
    fn unfinished_strings_are_left_alone() {
        assert!(indented("s='a\nb'").is_none());
        assert!(indented("s='''a").is_none());
    }

    #[test]
    fn tracebacks_name_the_file_and_its_lines() {
        let program = Program::new(b"raise ValueError\n");
        let text = "Traceback (most recent call last):\r\n  File \"<stdin>\", line 2, in <module>\r\nValueError: \r\n";
        let shown = program.traceback(text, "blink.py");
        assert!(
            shown.contains("File \"blink.py\", line 1, in <module>"),
            "{shown}"
        );
    }

    #[test]
    fn exit_codes_are_read() {
        let text = |last: &str| {
            format!(
                "Traceback (most recent call last):\r\n  File \"<stdin>\", line 3, in <module>\r\n{last}\r\n"
            )
        };
        assert_eq!(system_exit(&text("SystemExit: 3")), Some((3, None)));
        assert_eq!(system_exit(&text("SystemExit: ")), Some((0, None)));
        assert_eq!(system_exit(&text("SystemExit: 257")), Some((1, None)));
        assert_eq!(
            system_exit(&text("SystemExit: no config")),
            Some((1, Some("no config".into())))
        );
        assert_eq!(system_exit(&text("ValueError: 3")), None);
    }
}
