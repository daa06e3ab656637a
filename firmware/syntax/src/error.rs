//! What the lexer and the parser complain about, in MicroPython's words.
//!
//! An [`Error`] is small and copied; a message with a part of the source in it refers to the arena.

use crate::arena::OutOfMemory;

/// The exception that an error becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// `SyntaxError`
    Syntax,
    /// `IndentationError`
    Indentation,
    /// `NotImplementedError`
    NotImplemented,
    /// `RuntimeError`
    Runtime,
    /// `MemoryError`
    Memory,
}

impl ErrorKind {
    /// The name of the exception's type.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Syntax => "SyntaxError",
            Self::Indentation => "IndentationError",
            Self::NotImplemented => "NotImplementedError",
            Self::Runtime => "RuntimeError",
            Self::Memory => "MemoryError",
        }
    }
}

/// The text that follows the type's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// A fixed text.
    Fixed(&'static str),
    /// An integer with digits that its base does not have.
    BadInteger {
        /// The base the digits were read in; 0 for a decimal number with a leading zero.
        base: u8,
        /// Offset of the digits in the arena.
        at: u32,
        /// How many bytes of digits.
        len: u32,
    },
    /// The arena is full.
    OutOfMemory {
        /// What was asked for.
        len_bytes: u32,
    },
}

/// A source text that cannot be used, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// The exception it becomes.
    pub kind: ErrorKind,
    /// What it says.
    pub message: Message,
    /// Line of the source, counted from 1; 0 when the error has no traceback.
    pub line: u32,
}

impl Error {
    /// An error with a fixed text.
    pub const fn new(kind: ErrorKind, message: &'static str, line: u32) -> Self {
        Self {
            kind,
            message: Message::Fixed(message),
            line,
        }
    }

    /// A `SyntaxError` with a fixed text.
    pub const fn syntax(message: &'static str, line: u32) -> Self {
        Self::new(ErrorKind::Syntax, message, line)
    }

    /// The error of a source that nests deeper than the caller allows.
    pub const fn too_deep() -> Self {
        Self::new(ErrorKind::Runtime, "maximum recursion depth exceeded", 0)
    }
}

impl From<OutOfMemory> for Error {
    fn from(error: OutOfMemory) -> Self {
        let message = Message::OutOfMemory {
            len_bytes: error.len_bytes,
        };
        Self {
            kind: ErrorKind::Memory,
            message,
            line: 0,
        }
    }
}
