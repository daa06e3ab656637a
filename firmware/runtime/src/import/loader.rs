//! Makes objects of a `.mpy` image.
//!
//! The image is copied into the heap once; code objects refer to their part of it. Every code object is
//! verified before it can run.

use upy_bytecode::code::{
    FLAG_DEFAULT_KEYWORDS, FLAG_GENERATOR, FLAG_VAR_ARGUMENTS, FLAG_VAR_KEYWORDS,
};
use upy_bytecode::mpy::{Constant, Image, MpyError, Text};
use upy_bytecode::verify::{Limits, verify};

use crate::heap::{Ref, Vector};
use crate::intern::Qstr;
use crate::names as q;
use crate::ops::format::Sink;
use crate::ops::stream::{Fault, request};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Array, Blob, Code, Context, Int, TypeId};
use crate::value::{SMALL_INT_BITS, Value};

/// One code object as the image describes it.
#[derive(Clone, Copy)]
struct Shape {
    code: Code,
    child_count: u32,
}

impl Vm<'_> {
    /// Reads a file into the heap.
    pub(crate) fn read_file(&mut self, path: &[u8]) -> Result<Ref<Blob>> {
        if let Some(frozen) = path.strip_prefix(super::FROZEN) {
            let found = self.library.frozen.iter();
            let mut found = found.filter(|code| code.path.as_bytes() == frozen);
            let Some(code) = found.next() else {
                return Err(self.os_error(2));
            };
            let blob = self.new_blob(code.image.len())?;
            self.heap.tail_mut(blob).copy_from_slice(code.image);
            return Ok(blob);
        }
        match self.library.files {
            Some(files) => self.read_stream_file(files, path),
            None => self.read_host_file(path),
        }
    }

    /// Reads a file that the library opens.
    fn read_stream_file(&mut self, files: crate::library::Files, path: &[u8]) -> Result<Ref<Blob>> {
        let top = self.stack_len();
        let name = self.new_str(path)?;
        self.push(name)?;
        self.push(Value::qstr(q::rb))?;
        let args = crate::native::Args {
            base: top,
            count: 2,
            keywords: 0,
        };
        let stream = (files.open)(self, args)?;
        self.truncate(top);
        self.push(stream)?;
        // As MicroPython: a stream is asked how large reads should be, and may not know.
        if let Err(Fault::Raised(_)) = self.stream_ioctl(stream, request::BUFFER_SIZE, 0) {
            self.take_exception();
        }
        let content = self.read_to_end(stream);
        let closed = self.stream_ioctl(stream, request::CLOSE, 0);
        let content = content?;
        if let Err(fault) = closed {
            return Err(self.raise_fault(fault));
        }
        self.push(content.value())?;
        let len = self.heap[content].items.len();
        let blob = self.new_blob(len)?;
        let items = self.heap[content].items;
        self.heap.copy_tail(blob, 0, items);
        self.release_buffer(content);
        self.truncate(top);
        Ok(blob)
    }

    /// Everything a stream still gives.
    fn read_to_end(&mut self, stream: Value) -> Result<Ref<Array>> {
        let top = self.stack_len();
        let buffer = self.new_buffer()?;
        self.push(buffer.value())?;
        let mut chunk = [0; 256];
        loop {
            match self.stream_read(stream, &mut chunk) {
                Ok(0) => break,
                Ok(got) => self.put(Sink::Buffer(buffer), &chunk[..got])?,
                Err(fault) => return Err(self.raise_fault(fault)),
            }
        }
        self.truncate(top);
        Ok(buffer)
    }

    /// Reads a file of the host into the heap.
    fn read_host_file(&mut self, path: &[u8]) -> Result<Ref<Blob>> {
        let file = match self.host.open(path, b"rb") {
            Ok(file) => file,
            Err(errno) => return Err(self.os_error(errno)),
        };
        let len = match self
            .host
            .seek(file, 0, 2)
            .and_then(|len| self.host.seek(file, 0, 0).map(|_| len))
        {
            Ok(len) => len as usize,
            Err(errno) => {
                self.host.close(file);
                return Err(self.os_error(errno));
            }
        };
        let blob = match self.new_blob(len) {
            Ok(blob) => blob,
            Err(raised) => {
                self.host.close(file);
                return Err(raised);
            }
        };
        let mut done = 0;
        while done < len {
            match self.host.read(file, &mut self.heap.tail_mut(blob)[done..]) {
                Ok(0) => break,
                Ok(got) => done += got,
                Err(errno) => {
                    self.host.close(file);
                    return Err(self.os_error(errno));
                }
            }
        }
        self.host.close(file);
        Ok(blob)
    }

    /// Loads a `.mpy` file.
    pub(crate) fn load_file(&mut self, path: &[u8]) -> Result<Ref<Code>> {
        let blob = self.read_file(path)?;
        self.load_image(blob, 0, self.heap.tail_len(blob))
    }

    /// Loads the image in a part of a blob, which becomes its home.
    pub(crate) fn load_image(
        &mut self,
        blob: Ref<Blob>,
        from: usize,
        to: usize,
    ) -> Result<Ref<Code>> {
        let top = self.stack_len();
        self.push(blob.value())?;
        let parsed =
            Image::parse(&self.heap.tail(blob)[from..to], SMALL_INT_BITS as u8).map(|_| ());
        if let Err(error) = parsed {
            return Err(self.bad_image(error));
        }
        let context = self.alloc(Context {
            strings: Vector::new(),
            constants: Vector::new(),
            blob,
        })?;
        self.push(context.value())?;
        self.load_strings(context, from, to)?;
        self.load_constants(context, from, to)?;
        let code = self.load_codes(context, from, to)?;
        self.truncate(top);
        Ok(code)
    }

    #[cold]
    fn bad_image(&mut self, error: MpyError) -> crate::raise::Raised {
        self.value_error(match error {
            MpyError::Incompatible | MpyError::Damaged { .. } => b"incompatible .mpy file",
            MpyError::Architecture => b"incompatible .mpy arch",
            MpyError::Native => b"native code in .mpy unsupported",
        })
    }

    fn image(&self, blob: Ref<Blob>, from: usize, to: usize) -> Option<Image<'_>> {
        Image::parse(&self.heap.tail(blob)[from..to], SMALL_INT_BITS as u8).ok()
    }

    fn load_strings(&mut self, context: Ref<Context>, from: usize, to: usize) -> Result<()> {
        let blob = self.heap[context].blob;
        let count = self
            .image(blob, from, to)
            .map_or(0, |image| image.string_count() as usize);
        self.reserve(|vm| &mut vm.heap[context].strings, count)?;
        let base = self.heap.tail(blob).as_ptr().addr();
        // The texts stand one after the other: the image is parsed once, and the place of the next text kept.
        let Some(mut at) = self
            .image(blob, from, to)
            .map(|image| from + image.strings_offset())
        else {
            return Ok(());
        };
        for _ in 0..count {
            let found = upy_bytecode::mpy::read_text(self.heap.tail(blob), &mut at);
            let name = match found {
                Ok(Text::Static(id)) => Qstr(id),
                Ok(Text::Bytes(bytes)) => {
                    let (start, len) = (bytes.as_ptr().addr() - base, bytes.len());
                    self.intern_part(blob, start, len)?
                }
                Err(_) => return Err(self.bad_image(MpyError::Damaged { offset: at })),
            };
            self.heap[context].strings.push_within(name);
        }
        Ok(())
    }

    /// Interns a part of a blob.
    fn intern_part(&mut self, blob: Ref<Blob>, start: usize, len: usize) -> Result<Qstr> {
        let mut text = [0; 256];
        if len > 255 {
            return Err(self.raise_text(TypeId::RuntimeError, b"name too long"));
        }
        text[..len].copy_from_slice(&self.heap.tail(blob)[start..start + len]);
        self.intern(&text[..len])
    }

    fn load_constants(&mut self, context: Ref<Context>, from: usize, to: usize) -> Result<()> {
        let blob = self.heap[context].blob;
        let count = self
            .image(blob, from, to)
            .map_or(0, |image| image.constant_count() as usize);
        self.reserve(|vm| &mut vm.heap[context].constants, count)?;
        let base = self.heap.tail(blob).as_ptr().addr();
        let top = self.stack_len();
        // Open tuples: where their items start on the stack and how many they have.
        let mut open = [(0, 0); upy_bytecode::mpy::MAX_TUPLE_NESTING];
        let mut depth = 0;
        let Some(mut at) = self
            .image(blob, from, to)
            .map(|image| from + image.constants_offset())
        else {
            return Ok(());
        };
        loop {
            while depth > 0 && self.stack_len() - open[depth - 1].0 == open[depth - 1].1 {
                depth -= 1;
                let (start, count) = open[depth];
                let tuple = self.tuple_from_stack(start, count)?;
                self.truncate(start);
                self.push(tuple)?;
            }
            if depth == 0 && self.stack_len() > top {
                let value = self.pop();
                self.heap[context].constants.push_within(value);
            }
            if self.heap[context].constants.len() >= count {
                break;
            }
            let Ok(constant) = upy_bytecode::mpy::read_constant(self.heap.tail(blob), &mut at)
            else {
                return Err(self.bad_image(MpyError::Damaged { offset: at }));
            };
            let place = |bytes: &[u8]| (bytes.as_ptr().addr() - base, bytes.len());
            let value = match constant {
                Constant::Tuple(items) => {
                    open[depth] = (self.stack_len(), items as usize);
                    depth += 1;
                    continue;
                }
                Constant::None | Constant::FunctionTable => Value::NONE,
                Constant::False => Value::FALSE,
                Constant::True => Value::TRUE,
                Constant::Ellipsis => Value::ELLIPSIS,
                Constant::Str(bytes) => {
                    let (start, len) = place(bytes);
                    self.copy_range(blob.value(), start, start + len, true)?
                }
                Constant::Bytes(bytes) => {
                    let (start, len) = place(bytes);
                    self.copy_range(blob.value(), start, start + len, false)?
                }
                Constant::Int(bytes) => {
                    let (start, len) = place(bytes);
                    self.decimal_constant(blob, start, len)?
                }
                Constant::Float(bytes) => {
                    let number = crate::types::float::parse(bytes).unwrap_or(0.0);
                    self.new_float(number)?
                }
                Constant::Complex(bytes) => {
                    let (real, imag) = crate::types::complex::parse(bytes).unwrap_or((0.0, 0.0));
                    self.new_complex(real, imag)?
                }
            };
            self.push(value)?;
        }
        self.truncate(top);
        Ok(())
    }

    fn decimal_constant(&mut self, blob: Ref<Blob>, start: usize, len: usize) -> Result<Value> {
        let object = self.alloc_tailed(Int, len / 9 + 2, 0)?;
        let mut negative = false;
        for at in start..start + len {
            let byte = self.heap.tail(blob)[at];
            if byte == b'-' {
                negative = true;
            } else {
                let digit = u32::from(byte.wrapping_sub(b'0'));
                crate::types::bigint::multiply_small(self.heap.tail_mut(object), 10, digit);
            }
        }
        Ok(self.finish_int(object, negative))
    }

    /// Makes the code objects, parents before children.
    fn load_codes(&mut self, context: Ref<Context>, from: usize, to: usize) -> Result<Ref<Code>> {
        let blob = self.heap[context].blob;
        let Some(mut at) = self
            .image(blob, from, to)
            .map(|image| from + image.code_offset())
        else {
            return Err(self.bad_image(MpyError::Damaged { offset: from }));
        };
        let root = self.load_code(context, &mut at)?;
        self.push(root.0.value())?;
        // Parents whose children are still to come.
        let mut open = [(root.0, root.1); upy_bytecode::mpy::MAX_NESTING];
        let mut depth = 1;
        while depth > 0 {
            let (parent, left) = open[depth - 1];
            if left == 0 {
                depth -= 1;
                continue;
            }
            open[depth - 1].1 -= 1;
            let (child, count) = self.load_code(context, &mut at)?;
            self.heap[parent].children.push_within(child.value());
            if count > 0 {
                open[depth] = (child, count);
                depth += 1;
            }
        }
        Ok(root.0)
    }

    /// Makes one code object of the bytes at `*at`, without its children.
    fn load_code(&mut self, context: Ref<Context>, at: &mut usize) -> Result<(Ref<Code>, u32)> {
        let blob = self.heap[context].blob;
        let Some(shape) = read_shape(self.heap.tail(blob), at, context) else {
            return Err(self.bad_image(MpyError::Damaged { offset: *at }));
        };
        let mut body = shape.code;
        let limits = Limits {
            strings: self.heap[context].strings.len() as u32,
            constants: self.heap[context].constants.len() as u32,
            children: shape.child_count,
        };
        let work = self.alloc_tailed(Int, body.len as usize, 0)?;
        let bytes = body.start as usize..(body.start + body.len) as usize;
        let verified = self.heap.with_scratch(work, blob, |scratch, image| {
            let code = upy_bytecode::Code::parse(&image[bytes]).ok()?;
            verify(&code, limits, scratch).ok()
        });
        let Some(verified) = verified else {
            return Err(self.value_error(b"invalid bytecode"));
        };
        self.heap.shorten(work, 0);
        body.locals = verified.local_count;
        body.stack = verified.stack_depth;
        let code = self.alloc(body)?;
        if shape.child_count > 0 {
            self.push(code.value())?;
            self.reserve(|vm| &mut vm.heap[code].children, shape.child_count as usize)?;
            self.pop();
        }
        Ok((code, shape.child_count))
    }
}

fn read_shape(bytes: &[u8], at: &mut usize, context: Ref<Context>) -> Option<Shape> {
    let head = upy_bytecode::operand::read_uint(bytes, at).ok()?;
    let (start, len) = (*at, (head >> 3) as usize);
    let view = upy_bytecode::Code::parse(bytes.get(start..start + len)?).ok()?;
    *at = start + len;
    let child_count = if head & 4 == 0 {
        0
    } else {
        upy_bytecode::operand::read_uint(bytes, at).ok()?
    };
    let signature = view.signature;
    let special = FLAG_VAR_ARGUMENTS | FLAG_VAR_KEYWORDS | FLAG_DEFAULT_KEYWORDS;
    let simple = signature.flags & (special | FLAG_GENERATOR) == 0
        && signature.keyword_only_count == 0
        && view.cells().is_empty();
    let code = Code {
        context,
        children: Vector::new(),
        start: start as u32,
        len: len as u32,
        opcodes: (start + view.opcodes_offset()) as u32,
        locals: 0,
        stack: 0,
        positional: u8::try_from(signature.positional_count).ok()?,
        keyword_only: u8::try_from(signature.keyword_only_count).ok()?,
        defaults: u8::try_from(signature.default_count).ok()?,
        flags: signature.flags,
        cells: u8::try_from(view.cells().len()).ok()?,
        simple,
    };
    Some(Shape { code, child_count })
}
