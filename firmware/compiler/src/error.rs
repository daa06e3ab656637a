//! Why a source text was refused, ready to be printed.

use core::fmt;

use upy_syntax::error::{ErrorKind, Message};

/// A source text that cannot be compiled.
///
/// Texts are borrowed from the storage that was lent to the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileError<'a> {
    /// The exception it becomes.
    pub kind: ErrorKind,
    /// What it says, without the quoted part.
    pub message: Message,
    /// The part of the source that the message quotes; mostly empty.
    pub quoted: &'a [u8],
    /// Line of the source, counted from 1; 0 when the error has no traceback.
    pub line: u32,
    /// Name of the function or class, or `<module>`, where the compiler and not the parser found
    /// it.
    pub block: Option<&'a [u8]>,
}

impl CompileError<'_> {
    /// Passes the message to `write`, piece by piece, as it follows the name of the exception.
    pub fn write_message(&self, write: &mut dyn FnMut(&[u8])) {
        match self.message {
            Message::Fixed(text) => write(text.as_bytes()),
            Message::BadInteger { base, .. } => {
                write(b"invalid syntax for integer with base ");
                write_number(u32::from(base), write);
                write(b": '");
                write(self.quoted);
                write(b"'");
            }
            Message::OutOfMemory { len_bytes } => {
                write(b"memory allocation failed, allocating ");
                write_number(len_bytes, write);
                write(b" bytes");
            }
        }
    }

    /// Passes the whole report to `write`, as MicroPython prints it: a traceback with one entry, if
    /// the line is known, then type and message.
    pub fn write_report(&self, source_name: &str, write: &mut dyn FnMut(&[u8])) {
        if self.line > 0 {
            write(b"Traceback (most recent call last):\n  File \"");
            write(source_name.as_bytes());
            write(b"\", line ");
            write_number(self.line, write);
            if let Some(block) = self.block {
                write(b", in ");
                write(block);
            }
            write(b"\n");
        }
        write(self.kind.type_name().as_bytes());
        write(b": ");
        self.write_message(write);
        write(b"\n");
    }
}

/// Writes `value` in decimal.
fn write_number(value: u32, write: &mut dyn FnMut(&[u8])) {
    let mut digits = [0; 10];
    let mut start = digits.len();
    let mut rest = value;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return write(&digits[start..]);
        }
    }
}

impl fmt::Display for CompileError<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut result = formatter.write_str(self.kind.type_name());
        result = result.and_then(|()| formatter.write_str(": "));
        self.write_message(&mut |bytes| {
            let text = core::str::from_utf8(bytes).unwrap_or("\u{fffd}");
            result = result.and_then(|()| formatter.write_str(text));
        });
        result
    }
}

impl core::error::Error for CompileError<'_> {}
