//! Source text to code, through the same loader as files.
//!
//! The compiler works in a blob of the heap, which is given back when it is done. Its size is guessed from that of
//! the source, doubled while it is too small, and less where there is not so much.

use upy_compiler::{ErrorKind, Mode, NativeCode, Options, SliceOutput, compile};

use super::{MODE_EVAL, MODE_SINGLE};
use crate::heap::Ref;
use crate::intern::Qstr;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Blob, Code, TypeId};
use crate::value::{SMALL_INT_BITS, Value};

/// Most bytes of an error message.
const MESSAGE: usize = 128;

/// What a compilation gave.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for a moment, and there is nothing to box it in"
)]
enum Attempt {
    /// The image has this length.
    Image(usize),
    /// There was not enough room.
    TooSmall,
    /// The source is wrong.
    Wrong {
        class: TypeId,
        line: u32,
        message: [u8; MESSAGE],
        len: usize,
        block: [u8; 64],
        block_len: usize,
    },
}

impl Vm<'_> {
    /// Compiles a source text.
    pub(crate) fn compile_source(
        &mut self,
        source: Ref<Blob>,
        name: Qstr,
        mode: u8,
    ) -> Result<Ref<Code>> {
        let len = self.heap.tail_len(source);
        let mut storage = 4096 + len * 6;
        let mut output = 256 + len * 2;
        // The first guess was more than there is.
        let mut is_tight = false;
        loop {
            let work = match self.new_blob(storage + output) {
                Ok(work) => work,
                Err(Raised) if storage > 2048 + len / 4 && self.heap.lock_depth == 0 => {
                    self.exception = None;
                    is_tight = true;
                    storage = storage / 4 * 3;
                    output = 256 + len;
                    continue;
                }
                Err(Raised) => return Err(Raised),
            };
            self.push(work.value())?;
            let mut file = [0; 256];
            let options = self.options(name, mode, &mut file);
            let attempt = self.heap.with_work(work, source, |bytes, source| {
                let (storage, output) = bytes.split_at_mut(storage);
                attempt(source, &options, storage, output)
            });
            match attempt {
                Attempt::Image(image) => {
                    let home = self.home_of(work, storage, image);
                    self.pop();
                    return self.load_image(home, 0, image);
                }
                Attempt::TooSmall => {
                    self.pop();
                    self.heap.shorten(work, 0);
                    if is_tight {
                        return Err(self.no_memory(storage * 2));
                    }
                    // Either was too small: a short text can stand for a long number.
                    storage *= 2;
                    output *= 2;
                }
                Attempt::Wrong {
                    class,
                    line,
                    message,
                    len,
                    block,
                    block_len,
                } => {
                    self.pop();
                    self.heap.shorten(work, 0);
                    let raised = self.raise_text(class, &message[..len]);
                    if line > 0 {
                        self.note_source_line(name, line, &block[..block_len])?;
                    }
                    return Err(raised);
                }
            }
        }
    }

    /// How a text is compiled; `file` holds the name of the source for so long.
    fn options<'f>(&self, name: Qstr, mode: u8, file: &'f mut [u8; 256]) -> Options<'f> {
        let text = self.qstr_text(name);
        let len = text.len().min(file.len());
        file[..len].copy_from_slice(&text[..len]);
        let file = core::str::from_utf8(&file[..len]).unwrap_or("?");
        Options {
            mode: match mode {
                MODE_SINGLE => Mode::Single,
                MODE_EVAL => Mode::Eval,
                _ => Mode::File,
            },
            opt_level: self.opt_level,
            small_integer_bits: SMALL_INT_BITS as u8,
            native: NativeCode::Bytecode,
            ordered_dict_literals: true,
            template_strings: false,
            depth_limit: if cfg!(target_pointer_width = "64") {
                200
            } else {
                20
            },
            ..Options::new(file)
        }
    }

    /// Where the image at the end of the work stays: in a place of its own, or else where it was made.
    fn home_of(&mut self, work: Ref<Blob>, from: usize, len: usize) -> Ref<Blob> {
        match self.new_blob(len) {
            Ok(blob) => {
                self.heap.with_work(blob, work, |bytes, work| {
                    bytes.copy_from_slice(&work[from..from + len]);
                });
                self.heap.shorten(work, 0);
                blob
            }
            Err(Raised) => {
                self.exception = None;
                let bytes = self.heap.tail_mut(work);
                bytes.copy_within(from..from + len, 0);
                self.heap.shorten(work, len);
                work
            }
        }
    }

    /// Adds the place in the source to the exception in flight.
    fn note_source_line(&mut self, name: Qstr, line: u32, block: &[u8]) -> Result<()> {
        let Some(exception) = self.exception.take() else {
            return Ok(());
        };
        self.push(exception)?;
        let block = if block.is_empty() {
            Value::NONE
        } else {
            Value::qstr(self.intern(block)?)
        };
        if let Some(native) = self.native_exception(exception) {
            match self.reserve_doubling(|vm| &mut vm.heap[native].traceback, 3) {
                Ok(()) => {
                    for value in [Value::qstr(name), Value::small(line as isize), block] {
                        self.heap[native].traceback.push_within(value);
                    }
                }
                Err(Raised) => self.exception = None,
            }
        }
        self.pop();
        self.exception = Some(exception);
        Ok(())
    }
}

/// One try with a given storage.
fn attempt(source: &[u8], options: &Options<'_>, storage: &mut [u8], output: &mut [u8]) -> Attempt {
    let mut output = SliceOutput::new(output);
    match compile(source, options, storage, &mut output) {
        Ok(_) => Attempt::Image(output.written().len()),
        Err(error) if error.kind == ErrorKind::Memory => Attempt::TooSmall,
        Err(error) => {
            let mut message = [0; MESSAGE];
            let mut len = 0;
            error.write_message(&mut |text| {
                for &byte in text {
                    if let Some(slot) = message.get_mut(len) {
                        *slot = byte;
                        len += 1;
                    }
                }
            });
            let mut block = [0; 64];
            let name = error.block.unwrap_or(&[]);
            let block_len = name.len().min(block.len());
            block[..block_len].copy_from_slice(&name[..block_len]);
            let class = match error.kind {
                ErrorKind::Indentation => TypeId::IndentationError,
                ErrorKind::NotImplemented => TypeId::NotImplementedError,
                ErrorKind::Runtime => TypeId::RuntimeError,
                _ => TypeId::SyntaxError,
            };
            Attempt::Wrong {
                class,
                line: error.line,
                message,
                len,
                block,
                block_len,
            }
        }
    }
}
