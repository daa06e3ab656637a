//! `io.StringIO`, `io.BytesIO`, files of the host, `io.IOBase`, and the methods that all streams share.

use crate::heap::Ref;
use crate::names as q;
use crate::native::{Args, Entry, function};
use crate::ops::stream::{EAGAIN, Fault, Transfer, request};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Array, File, Plain, StringIo, TypeId};
use crate::value::Value;

pub(crate) const STRING_ENTRIES: &[Entry] = &[
    function(q::read, read, 1, 2),
    function(q::readinto, readinto, 2, 3),
    function(q::readline, readline, 1, 2),
    function(q::write, write, 2, 4),
    function(q::seek, seek, 2, 3),
    function(q::tell, tell, 1, 1),
    function(q::flush, flush, 1, 1),
    function(q::close, close, 1, 1),
    function(q::getvalue, getvalue, 1, 1),
    function(q::__enter__, enter, 1, 1),
    function(q::__exit__, leave, 1, 4),
];

pub(crate) const FILE_ENTRIES: &[Entry] = &[
    function(q::read, read, 1, 2),
    function(q::readinto, readinto, 2, 3),
    function(q::readline, readline, 1, 2),
    function(q::readlines, readlines, 1, 1),
    function(q::fileno, fileno, 1, 1),
    function(q::write, write, 2, 4),
    function(q::seek, seek, 2, 3),
    function(q::tell, tell, 1, 1),
    function(q::flush, flush, 1, 1),
    function(q::close, close, 1, 1),
    function(q::__enter__, enter, 1, 1),
    function(q::__exit__, leave, 1, 4),
    function(q::__del__, close, 1, 1),
];

impl Vm<'_> {
    fn is_binary(&self, stream: Value) -> bool {
        if let Some(io) = self.heap.cast::<StringIo>(stream) {
            return self.heap[io].binary;
        }
        if let Some(file) = self.heap.cast::<File>(stream) {
            return self.heap[file].binary;
        }
        let slots = self.type_info(self.native_type(stream)).slots;
        !slots
            .stream
            .is_some_and(|stream_slots| (stream_slots.text)(self, stream))
    }

    /// Reads into a buffer until `limit` bytes are there, the end is reached, or the stream would block.
    /// `None` if it would block before the first byte.
    fn read_up_to(
        &mut self,
        stream: Value,
        buffer: Ref<Array>,
        limit: usize,
    ) -> Result<Option<usize>> {
        let mut chunk = [0; 256];
        let mut done = 0;
        while done < limit {
            let want = (limit - done).min(chunk.len());
            match self.stream_read(stream, &mut chunk[..want]) {
                Ok(0) => break,
                Ok(got) => {
                    self.put(crate::ops::format::Sink::Buffer(buffer), &chunk[..got])?;
                    done += got;
                }
                Err(Fault::Errno(EAGAIN)) if done > 0 => break,
                Err(Fault::Errno(EAGAIN)) => return Ok(None),
                Err(fault) => return Err(self.raise_fault(fault)),
            }
        }
        Ok(Some(done))
    }

    /// `Some` of a count, `None` for a stream that would block.
    fn transferred(&mut self, transfer: Transfer) -> Result<Option<usize>> {
        match transfer {
            Ok(count) => Ok(Some(count)),
            Err(Fault::Errno(EAGAIN)) => Ok(None),
            Err(fault) => Err(self.raise_fault(fault)),
        }
    }

    fn take_data(&mut self, stream: Value, buffer: Ref<Array>) -> Result<Value> {
        if self.is_binary(stream) {
            self.take_bytes(buffer)
        } else {
            self.take_text(buffer)
        }
    }

    /// Reads a line of at most `limit` bytes; `None` if the stream would block before the first byte.
    fn read_line(&mut self, stream: Value, limit: usize) -> Result<Option<Value>> {
        let buffer = self.new_buffer()?;
        let top = self.stack_len();
        self.push(buffer.value())?;
        let mut count = 0;
        while count < limit {
            match self.read_up_to(stream, buffer, 1)? {
                Some(0) => break,
                Some(_) if self.heap[buffer].items.last() == Some(&b'\n') => break,
                Some(_) => count += 1,
                None if count == 0 => {
                    self.truncate(top);
                    return Ok(None);
                }
                None => break,
            }
        }
        let line = self.take_data(stream, buffer)?;
        self.truncate(top);
        Ok(Some(line))
    }

    /// The next line, `None` at the end.
    pub(crate) fn read_line_or_end(&mut self, stream: Value) -> Result<Option<Value>> {
        let line = self.read_line(stream, usize::MAX)?;
        Ok(line.filter(|&line| !self.bytes_of(line).is_empty()))
    }

    /// Writes a part of the bytes of a value, copied piece by piece; stops early when the stream would block.
    fn write_part(
        &mut self,
        stream: Value,
        data: Value,
        from: usize,
        to: usize,
    ) -> Result<Option<usize>> {
        let mut chunk = [0; 256];
        let mut at = from;
        loop {
            let len = (to - at).min(chunk.len());
            let Some(part) = self
                .text_or_bytes(data)
                .and_then(|all| all.get(at..at + len))
            else {
                break;
            };
            chunk[..len].copy_from_slice(part);
            let written = self.stream_write(stream, &chunk[..len]);
            match self.transferred(written)? {
                None if at == from => return Ok(None),
                None | Some(0) => break,
                Some(written) => at += written,
            }
            if at == to {
                break;
            }
        }
        Ok(Some(at - from))
    }
}

fn this(vm: &Vm<'_>, args: Args) -> Value {
    let object = args.at(vm, 0);
    if vm.is_stream(object) {
        object
    } else {
        vm.native_of(object)
    }
}

/// A size argument; none or a negative one is everything.
fn limit(vm: &mut Vm<'_>, args: Args, index: usize) -> Result<usize> {
    match args.some(vm, index) {
        Some(value) => Ok(usize::try_from(vm.to_isize(value)?).unwrap_or(usize::MAX)),
        None => Ok(usize::MAX),
    }
}

/// `stream.read(size=-1)`: up to this many bytes or characters; `None` if the stream would block.
///
/// # Errors
/// What the stream says.
pub fn read(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    let limit = limit(vm, args, 1)?;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    if vm.is_binary(stream) || limit == usize::MAX {
        return match vm.read_up_to(stream, buffer, limit)? {
            Some(_) => vm.take_data(stream, buffer),
            None => Ok(Value::NONE),
        };
    }
    // Text is counted in characters.
    let mut chars = 0;
    while chars < limit {
        match vm.read_up_to(stream, buffer, 1)? {
            Some(0) => break,
            Some(_) => {}
            None if chars == 0 => return Ok(Value::NONE),
            None => break,
        }
        let first = vm.heap[buffer].items.last().copied().unwrap_or(0);
        let more = crate::types::str::char_len(first) - 1;
        if more > 0 && first >= 0xc0 {
            vm.read_up_to(stream, buffer, more)?;
        }
        chars += 1;
    }
    vm.take_data(stream, buffer)
}

/// `stream.readinto(buffer, size=-1)`: how many bytes were read into the buffer, `None` if it would block.
///
/// # Errors
/// What the stream says; `TypeError` if there is no buffer to write to.
pub fn readinto(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (stream, target) = (this(vm, args), vm.native_of(args.at(vm, 1)));
    let Some(len) = vm.buffer_bytes_mut(target).map(|bytes| bytes.len()) else {
        return Err(vm.type_error(b"object with buffer protocol required"));
    };
    let limit = limit(vm, args, 2)?.min(len);
    let mut chunk = [0; 256];
    let mut done = 0;
    while done < limit {
        let want = (limit - done).min(chunk.len());
        let got = vm.stream_read(stream, &mut chunk[..want]);
        let got = match vm.transferred(got)? {
            Some(0) => break,
            Some(got) => got,
            None if done == 0 => return Ok(Value::NONE),
            None => break,
        };
        if let Some(room) = vm
            .buffer_bytes_mut(target)
            .and_then(|bytes| bytes.get_mut(done..done + got))
        {
            room.copy_from_slice(&chunk[..got]);
        }
        done += got;
    }
    Ok(Value::small(done as isize))
}

/// `stream.readline(size=-1)`
///
/// # Errors
/// What the stream says.
pub fn readline(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    let limit = limit(vm, args, 1)?;
    Ok(vm.read_line(stream, limit)?.unwrap_or(Value::NONE))
}

/// `stream.readlines()`
///
/// # Errors
/// What the stream says.
pub fn readlines(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    let list = vm.new_list(&[])?;
    vm.push(list.value())?;
    while let Some(line) = vm.read_line_or_end(stream)? {
        vm.list_push(list, line)?;
    }
    Ok(list.value())
}

/// `stream.write(data)`, `stream.write(data, length)`, `stream.write(data, offset, length)`
///
/// # Errors
/// What the stream says; `TypeError` if the data is neither text nor bytes.
pub fn write(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (stream, data) = (this(vm, args), vm.native_of(args.at(vm, 1)));
    let Some(len) = vm.text_or_bytes(data).map(<[u8]>::len) else {
        return Err(vm.type_error(b"object with buffer protocol required"));
    };
    let (from, to) = match args.count {
        2 => (0, len),
        3 => (0, limit(vm, args, 2)?.min(len)),
        _ => {
            let from = limit(vm, args, 2)?.min(len);
            (from, from.saturating_add(limit(vm, args, 3)?).min(len))
        }
    };
    let written = vm.write_part(stream, data, from, to)?;
    Ok(written.map_or(Value::NONE, |count| Value::small(count as isize)))
}

/// `stream.seek(offset, whence=0)`
///
/// # Errors
/// What the stream says.
pub fn seek(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    let offset = vm.int_arg(args, 1)?;
    let whence = if args.count > 2 {
        vm.int_arg(args, 2)?
    } else {
        0
    };
    let Ok(whence @ 0..=2) = u8::try_from(whence) else {
        return Err(vm.os_error(22));
    };
    match vm.stream_seek(stream, offset as i64, whence) {
        Ok(at) => vm.new_unsigned(at),
        Err(fault) => Err(vm.raise_fault(fault)),
    }
}

/// `stream.tell()`
///
/// # Errors
/// What the stream says.
pub fn tell(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    match vm.stream_seek(stream, 0, 1) {
        Ok(at) => vm.new_unsigned(at),
        Err(fault) => Err(vm.raise_fault(fault)),
    }
}

fn ask(vm: &mut Vm<'_>, args: Args, asked: u32, argument: isize) -> Result<isize> {
    let stream = this(vm, args);
    match vm.stream_ioctl(stream, asked, argument) {
        Ok(answer) => Ok(answer),
        Err(fault) => Err(vm.raise_fault(fault)),
    }
}

/// `stream.flush()`
///
/// # Errors
/// What the stream says.
pub fn flush(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    ask(vm, args, request::FLUSH, 0).map(|_| Value::NONE)
}

/// `stream.close()`
///
/// # Errors
/// What the stream says.
pub fn close(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    ask(vm, args, request::CLOSE, 0).map(|_| Value::NONE)
}

/// The number of the host's stream.
///
/// # Errors
/// What the stream says.
pub fn fileno(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    ask(vm, args, request::FILENO, 0).map(Value::small)
}

/// `stream.ioctl(request, argument=0)`
///
/// # Errors
/// What the stream says.
pub fn ioctl(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let asked = vm.int_arg(args, 1)?;
    let argument = match args.count {
        ..3 => 0,
        _ => vm.int_arg(args, 2)?,
    };
    let answer = ask(vm, args, asked as u32, argument)?;
    vm.new_int(answer as i64)
}

fn getvalue(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    let Some(io) = vm.heap.cast::<StringIo>(stream) else {
        return Err(vm.type_error(b"stream expected"));
    };
    let buffer = vm.open_buffer(io)?;
    let len = vm.bytes_of(buffer).len();
    if vm.heap[io].binary {
        vm.copy_range(buffer, 0, len, false)
    } else {
        vm.str_from_bytes(buffer)
    }
}

/// `stream.__enter__()`
///
/// # Errors
/// None.
pub fn enter(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    Ok(args.at(vm, 0))
}

/// `stream.__exit__(...)`
///
/// # Errors
/// What the stream says.
pub fn leave(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    close(vm, args)
}

/// `io.StringIO(text='')`, `io.BytesIO(data=b'')`
pub(crate) fn make_string_io(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    let binary = class == TypeId::BytesIo;
    let buffer = match args.some(vm, 0) {
        Some(source) if vm.is_int(source) => {
            // A number is room to write without an allocation.
            let room = usize::try_from(vm.to_isize(source)?).unwrap_or(0);
            let buffer = vm.new_array(0, 0)?;
            vm.push(buffer.value())?;
            vm.reserve(|vm| &mut vm.heap[buffer].items, room)?;
            buffer.value()
        }
        Some(source) => {
            let source = vm.native_of(source);
            if vm.text_or_bytes(source).is_none() {
                return Err(vm.type_error(b"object with buffer protocol required"));
            }
            if vm.is_str(source) || vm.is_bytes(source) {
                source
            } else {
                vm.bytearray_from(source)?
            }
        }
        None => vm.new_array(0, 0)?.value(),
    };
    Ok(vm
        .alloc(StringIo {
            buffer,
            at: 0,
            binary,
        })?
        .value())
}

/// `io.IOBase()`
pub(crate) fn make_io_base(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count + args.keywords > 0 {
        return Err(vm.wrong_count(0, 0, args.count));
    }
    Ok(vm.alloc(Plain)?.value())
}

/// `open(path, mode='r')`
pub(crate) fn open(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    match vm.library.files {
        Some(files) => (files.open)(vm, args),
        None => open_host(vm, args),
    }
}

/// As `open`, a file of the host whatever file systems the library has.
///
/// # Errors
/// What the host says.
pub fn open_host(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let path = args.at(vm, 0);
    let mode = args.either(vm, 1, q::mode).unwrap_or(Value::qstr(q::r));
    if !vm.is_str(path) {
        return Err(crate::types::str::str_expected(vm, path));
    }
    let binary = vm.bytes_of(mode).contains(&b'b');
    let mut name = [0; 256];
    let mut kind = [0; 4];
    let (path_len, mode_len) = (vm.bytes_of(path).len(), vm.bytes_of(mode).len());
    if path_len > name.len() || mode_len > kind.len() {
        return Err(vm.os_error(22));
    }
    name[..path_len].copy_from_slice(vm.bytes_of(path));
    kind[..mode_len].copy_from_slice(vm.bytes_of(mode));
    match vm.host.open(&name[..path_len], &kind[..mode_len]) {
        Ok(handle) => {
            let file = vm.alloc(File {
                handle,
                binary,
                open: true,
            })?;
            vm.register_finaliser(file.value())?;
            Ok(file.value())
        }
        Err(errno) => Err(vm.os_error(errno)),
    }
}
