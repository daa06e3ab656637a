#![no_std]
#![forbid(unsafe_code)]
//! MicroPython's compiler: source text to a `.mpy` image of version 6.3, byte for byte what
//! `mpy-cross` makes of it.
//!
//! # The life of a source line
//!
//! `upy_syntax` makes a tree (its crate docs tell how). Here every *scope* of it, that is the
//! module and each function, class and comprehension, is walked several times by the same code
//! (`compiler.rs` dispatches on the kind of node):
//!
//! 1. The *scope pass* finds every name of a scope and whether it is assigned there. Inner scopes that
//!    are met are appended to the list of scopes. Then each name gets its place: global, local, captured
//!    (`scope.rs`).
//! 2. The *stack-size pass* counts how deep the stack gets and where labels are.
//! 3. The *code-size pass* and the *emit passes* choose short jumps and write the code (`emit.rs`,
//!    `jump.rs`); the emit pass is repeated until nothing gets shorter.
//!
//! The node families are in `statement.rs`, `target.rs` (what is assigned to), `expression.rs`,
//! `call.rs`, `comprehension.rs`, `function.rs` (functions, classes, decorators), `exception.rs`
//! (`try`, `with`), `asynchronous.rs` and `import.rs`. In the end `image.rs` writes names,
//! constants and code.
//!
//! Nothing is allocated: the caller lends storage, and the image goes to an [`Output`].
//!
//! ```
//! use upy_compiler::{Options, SliceOutput, compile};
//!
//! let mut storage = vec![0; 16 * 1024];
//! let mut image = [0; 256];
//! let mut output = SliceOutput::new(&mut image);
//! let options = Options::new("s.py");
//! compile(b"x = 1\nprint(x)\n", &options, &mut storage, &mut output).expect("the source is right");
//! assert_eq!(&output.written()[..4], b"M\x06\x00\x1f");
//! ```

mod asynchronous;
mod call;
mod compiler;
mod comprehension;
pub mod cross;
mod emit;
mod error;
mod exception;
mod expression;
mod function;
mod image;
mod import;
mod jump;
mod known;
mod scope;
mod statement;
mod target;

pub use error::CompileError;
pub use upy_syntax::error::{ErrorKind, Message};
pub use upy_syntax::parser::Mode;

use compiler::{Compiler, Module};
use image::{WriteError, Writer};
use upy_syntax::arena::{Arena, OutOfMemory};
use upy_syntax::error::Error;
use upy_syntax::lexer::LexerOptions;
use upy_syntax::name::Names;
use upy_syntax::parser::{ParserOptions, parse};

/// What becomes of functions marked `@micropython.native` and `@micropython.viper`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NativeCode {
    /// They are a `SyntaxError`, as for `mpy-cross` without `-march`.
    Refused,
    /// They become bytecode. Viper functions that use pointers or `uint` are a `SyntaxError`.
    Bytecode,
}

/// How a source text is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options<'a> {
    /// The name that tracebacks show.
    pub source_name: &'a str,
    /// Whether the text is a file, an interactive statement or an expression.
    pub mode: Mode,
    /// 0 to 3: from 1 on assertions are left out, at 3 line numbers are too.
    pub opt_level: u8,
    /// Bits of a small integer with its sign on the machine that runs the code, at most 63.
    pub small_integer_bits: u8,
    /// Whether line numbers are kept.
    pub source_lines: bool,
    /// Functions marked as native code.
    pub native: NativeCode,
    /// Whether `await` is allowed outside functions.
    pub top_level_await: bool,
    /// Whether `OrderedDict({…})` stores into the new object in the order of the source.
    pub ordered_dict_literals: bool,
    /// Whether `t"…"` is a template string.
    pub template_strings: bool,
    /// How deep brackets, suites, functions and the like may nest. One level costs about 650 bytes
    /// of native stack on a 64-bit host (release build), about half of it on a 32-bit
    /// microcontroller.
    pub depth_limit: u16,
}

impl<'a> Options<'a> {
    /// The options of `mpy-cross`.
    pub const fn new(source_name: &'a str) -> Self {
        Self {
            source_name,
            mode: Mode::File,
            opt_level: 0,
            small_integer_bits: 31,
            source_lines: true,
            native: NativeCode::Refused,
            top_level_await: false,
            ordered_dict_literals: false,
            template_strings: true,
            depth_limit: 200,
        }
    }
}

/// The output has no room for the rest of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputFull;

/// Where an image goes, from its first byte to its last.
pub trait Output {
    /// Takes the next bytes of the image.
    ///
    /// # Errors
    /// [`OutputFull`] when they cannot be taken; the image is then incomplete.
    fn write(&mut self, bytes: &[u8]) -> Result<(), OutputFull>;
}

/// An image in a slice.
#[derive(Debug)]
pub struct SliceOutput<'o> {
    bytes: &'o mut [u8],
    len: usize,
}

impl<'o> SliceOutput<'o> {
    /// An empty image in `bytes`.
    pub fn new(bytes: &'o mut [u8]) -> Self {
        Self { bytes, len: 0 }
    }

    /// What was written so far.
    pub fn written(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// What was written.
    pub fn into_written(self) -> &'o [u8] {
        &self.bytes[..self.len]
    }
}

impl Output for SliceOutput<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), OutputFull> {
        let end = self.len + bytes.len();
        self.bytes
            .get_mut(self.len..end)
            .ok_or(OutputFull)?
            .copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }
}

/// What a compilation took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of the storage that were used.
    pub storage_bytes: u32,
}

/// Compiles `source` in the memory of `storage` and writes the image to `output`.
///
/// Storage of two kilobytes is enough for a line. A file takes three to eight times its size on
/// top, more when it is short.
///
/// Where storage is short, arithmetic on large constants is left for run time instead of being
/// folded.
///
/// # Errors
/// The first error of the source, or a `MemoryError` when storage or output are too small.
pub fn compile<'s>(
    source: &[u8],
    options: &Options<'_>,
    storage: &'s mut [u8],
    output: &mut dyn Output,
) -> Result<Usage, CompileError<'s>> {
    let mut arena = Arena::new(storage);
    let (names, module) = match make_code(source, options, &mut arena) {
        Ok(made) => made,
        Err((names, failure)) => return Err(finish(arena, names.as_ref(), failure)),
    };
    match write_image(&mut arena, &names, &module, options, output) {
        Ok(()) => Ok(Usage {
            storage_bytes: arena.used_bytes(),
        }),
        Err(failure) => Err(finish(arena, Some(&names), failure)),
    }
}

/// Compiles `source` in the memory of `storage` and returns the image, which is in the last part of it.
///
/// For callers that know the size of the image only when they have it.
///
/// # Errors
/// As [`compile`]; storage must hold the image as well.
pub fn compile_in_place<'s>(
    source: &[u8],
    options: &Options<'_>,
    storage: &'s mut [u8],
) -> Result<&'s [u8], CompileError<'s>> {
    let mut arena = Arena::new(storage);
    let (names, module) = match make_code(source, options, &mut arena) {
        Ok(made) => made,
        Err((names, failure)) => return Err(finish(arena, names.as_ref(), failure)),
    };
    let mut output = SliceOutput::new(arena.take_tail());
    match write_image(&mut arena, &names, &module, options, &mut output) {
        Ok(()) => Ok(output.into_written()),
        Err(failure) => Err(finish(arena, Some(&names), failure)),
    }
}

/// A failure, and the table of names if there is one.
type Unmade = (Option<Names>, compiler::Failure);

/// Everything up to the code of each scope.
fn make_code(
    source: &[u8],
    options: &Options<'_>,
    arena: &mut Arena<'_>,
) -> Result<(Names, Module), Unmade> {
    let parser_options = ParserOptions {
        mode: options.mode,
        small_integer_bits: options.small_integer_bits,
        lexer: LexerOptions {
            debug: options.opt_level == 0,
            template_strings: options.template_strings,
        },
        depth_limit: options.depth_limit,
    };
    let mut names = match Names::new(arena, known::PREDEFINED) {
        Ok(names) => names,
        Err(error) => return Err((None, (error.into(), None))),
    };
    let root = match parse(arena, &mut names, source, parser_options) {
        Ok(root) => root,
        Err(error) => return Err((Some(names), (error, None))),
    };
    match Compiler::new(arena, &mut names, options).module(root) {
        Ok(module) => Ok((names, module)),
        Err(failure) => Err((Some(names), failure)),
    }
}

fn write_image(
    arena: &mut Arena<'_>,
    names: &Names,
    module: &Module,
    options: &Options<'_>,
    output: &mut dyn Output,
) -> Result<(), compiler::Failure> {
    let mut writer = Writer {
        arena,
        names,
        output,
        small_integer_bits: options.small_integer_bits,
        depth_limit: options.depth_limit,
    };
    writer.module(module).map_err(|error| match error {
        WriteError::Compile(error) => (error, None),
        WriteError::OutputFull => (Error::from(OutOfMemory { len_bytes: 0 }), None),
    })
}

/// The error with its texts, which are in the storage.
fn finish<'s>(
    arena: Arena<'s>,
    names: Option<&Names>,
    (error, scope): compiler::Failure,
) -> CompileError<'s> {
    let block = scope.zip(names).map(|(scope, names)| {
        let name = scope.name(&arena);
        names.place(&arena, name)
    });
    let bytes = arena.into_bytes();
    let part = |at: u32, len: u32| &bytes[at as usize..(at + len) as usize];
    let quoted = match error.message {
        Message::BadInteger { at, len, .. } => part(at, len),
        _ => &[],
    };
    let block = block.map(|place| match place {
        upy_syntax::name::Place::Predefined(text) => text.as_bytes(),
        upy_syntax::name::Place::Arena { at, len } => part(at, len),
    });
    CompileError {
        kind: error.kind,
        message: error.message,
        quoted,
        line: error.line,
        block,
    }
}
