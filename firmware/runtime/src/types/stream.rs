//! Streams: `io.StringIO`, `io.BytesIO`, files of the host.

use crate::heap::Ref;
use crate::names as q;
use crate::native::{Args, Entry, function};
use crate::ops::format::Sink;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{Array, File, StringIo, TypeId};
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
    /// Reads at most `limit` bytes into a buffer; how many.
    fn stream_read(&mut self, stream: Value, buffer: Ref<Array>, limit: usize) -> Result<usize> {
        if let Some(io) = self.heap.cast::<StringIo>(stream) {
            let source = self.open_buffer(io)?;
            let at = self.heap[io].at as usize;
            let len = self.heap[source].items.len().saturating_sub(at).min(limit);
            self.put_part(Sink::Buffer(buffer), source.value(), at, at + len)?;
            self.heap[io].at += len as u32;
            return Ok(len);
        }
        let file = self.open_file(stream)?;
        let mut chunk = [0; 256];
        let mut done = 0;
        while done < limit {
            let want = (limit - done).min(chunk.len());
            let handle = self.heap[file].handle;
            let got = match handle {
                0 => self.host.read_in(&mut chunk[..want]),
                1 | 2 => Err(1),
                _ => self.host.read(handle, &mut chunk[..want]),
            };
            match got {
                Ok(0) => break,
                Ok(got) => {
                    self.put(Sink::Buffer(buffer), &chunk[..got])?;
                    done += got;
                }
                Err(errno) => return Err(self.os_error(errno)),
            }
        }
        Ok(done)
    }

    fn open_buffer(&mut self, io: Ref<StringIo>) -> Result<Ref<Array>> {
        let buffer = self.heap[io].buffer;
        match self.heap.cast(buffer) {
            Some(buffer) => Ok(buffer),
            None => Err(self.value_error(b"I/O operation on closed file")),
        }
    }

    fn open_file(&mut self, stream: Value) -> Result<Ref<File>> {
        match self.heap.cast::<File>(stream) {
            Some(file) if self.heap[file].open => Ok(file),
            Some(_) => Err(self.os_error(9)),
            None => Err(self.type_error(b"stream expected")),
        }
    }

    fn stream_write(
        &mut self,
        stream: Value,
        data: Value,
        from: usize,
        to: usize,
    ) -> Result<usize> {
        if let Some(io) = self.heap.cast::<StringIo>(stream) {
            let target = self.open_buffer(io)?;
            let at = self.heap[io].at as usize;
            let len = self.heap[target].items.len();
            let end = at + to - from;
            if end > len {
                self.reserve_doubling(|vm| &mut vm.heap[target].items, end - len)?;
                self.heap[target].items.insert_within(len, end - len, 0);
            }
            for index in from..to {
                let byte = self.bytes_of(data)[index];
                self.heap[target].items[at + index - from] = byte;
            }
            self.heap[io].at = end as u32;
            return Ok(to - from);
        }
        let file = self.open_file(stream)?;
        let handle = self.heap[file].handle;
        match handle {
            1 => self.put_part(Sink::Out, data, from, to)?,
            2 => self.put_part(Sink::Err, data, from, to)?,
            _ => {
                let mut chunk = [0; 256];
                let mut done = from;
                while done < to {
                    let len = (to - done).min(chunk.len());
                    chunk[..len].copy_from_slice(&self.bytes_of(data)[done..done + len]);
                    match self.host.write(handle, &chunk[..len]) {
                        Ok(0) => break,
                        Ok(written) => done += written,
                        Err(errno) => return Err(self.os_error(errno)),
                    }
                }
                return Ok(done - from);
            }
        }
        Ok(to - from)
    }

    fn is_binary(&self, stream: Value) -> bool {
        if let Some(io) = self.heap.cast::<StringIo>(stream) {
            return self.heap[io].binary;
        }
        self.heap
            .cast::<File>(stream)
            .is_some_and(|file| self.heap[file].binary)
    }

    fn take_data(&mut self, stream: Value, buffer: Ref<Array>) -> Result<Value> {
        if self.is_binary(stream) {
            self.take_bytes(buffer)
        } else {
            self.take_text(buffer)
        }
    }

    /// Reads a line of at most `limit` bytes.
    fn read_line(&mut self, stream: Value, limit: usize) -> Result<Value> {
        let buffer = self.new_buffer()?;
        let top = self.stack_len();
        self.push(buffer.value())?;
        for _ in 0..limit {
            if self.stream_read(stream, buffer, 1)? == 0
                || self.heap[buffer].items.last() == Some(&b'\n')
            {
                break;
            }
        }
        let line = self.take_data(stream, buffer)?;
        self.truncate(top);
        Ok(line)
    }

    /// The next line, `None` at the end.
    pub(crate) fn read_line_or_end(&mut self, stream: Value) -> Result<Option<Value>> {
        let line = self.read_line(stream, usize::MAX)?;
        Ok(if self.bytes_of(line).is_empty() {
            None
        } else {
            Some(line)
        })
    }
}

fn this(vm: &Vm<'_>, args: Args) -> Value {
    vm.native_of(args.at(vm, 0))
}

/// A size argument; none or a negative one is everything.
fn limit(vm: &mut Vm<'_>, args: Args, index: usize) -> Result<usize> {
    match args.some(vm, index) {
        Some(value) => Ok(usize::try_from(vm.to_isize(value)?).unwrap_or(usize::MAX)),
        None => Ok(usize::MAX),
    }
}

fn read(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    let limit = limit(vm, args, 1)?;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    if vm.is_binary(stream) || limit == usize::MAX {
        vm.stream_read(stream, buffer, limit)?;
        return vm.take_data(stream, buffer);
    }
    // Text is counted in characters.
    let mut chars = 0;
    while chars < limit {
        if vm.stream_read(stream, buffer, 1)? == 0 {
            break;
        }
        let first = vm.heap[buffer].items.last().copied().unwrap_or(0);
        let more = crate::types::str::char_len(first) - 1;
        if more > 0 && first >= 0xc0 {
            vm.stream_read(stream, buffer, more)?;
        }
        chars += 1;
    }
    vm.take_data(stream, buffer)
}

fn readinto(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (stream, target) = (this(vm, args), vm.native_of(args.at(vm, 1)));
    let Some(len) = vm.buffer_bytes_mut(target).map(|bytes| bytes.len()) else {
        return Err(vm.type_error(b"object with buffer protocol required"));
    };
    let limit = limit(vm, args, 2)?.min(len);
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let got = vm.stream_read(stream, buffer, limit)?;
    for index in 0..got {
        let byte = vm.heap[buffer].items[index];
        if let Some(bytes) = vm.buffer_bytes_mut(target) {
            bytes[index] = byte;
        }
    }
    Ok(Value::small(got as isize))
}

fn readline(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    let limit = limit(vm, args, 1)?;
    vm.read_line(stream, limit)
}

fn readlines(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    Ok(vm.list_from(stream)?.value())
}

/// `stream.write(data)`, `stream.write(data, length)`, `stream.write(data, offset, length)`
fn write(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
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
    let written = vm.stream_write(stream, data, from, to)?;
    Ok(Value::small(written as isize))
}

fn seek(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    let offset = vm.int_arg(args, 1)?;
    let whence = if args.count > 2 {
        vm.int_arg(args, 2)?
    } else {
        0
    };
    if let Some(io) = vm.heap.cast::<StringIo>(stream) {
        let buffer = vm.open_buffer(io)?;
        let start = match whence {
            0 => 0,
            1 => vm.heap[io].at as isize,
            _ => vm.heap[buffer].items.len() as isize,
        };
        if whence == 0 && offset < 0 {
            return Err(vm.os_error(22));
        }
        let at = start.saturating_add(offset).clamp(0, u32::MAX as isize);
        vm.heap[io].at = at as u32;
        return Ok(Value::small(at));
    }
    let file = vm.open_file(stream)?;
    let handle = vm.heap[file].handle;
    match vm.host.seek(handle, offset as i64, whence as u8) {
        Ok(at) => vm.new_unsigned(at),
        Err(errno) => Err(vm.os_error(errno)),
    }
}

fn tell(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    if let Some(io) = vm.heap.cast::<StringIo>(stream) {
        vm.open_buffer(io)?;
        return Ok(Value::small(vm.heap[io].at as isize));
    }
    let file = vm.open_file(stream)?;
    let handle = vm.heap[file].handle;
    match vm.host.seek(handle, 0, 1) {
        Ok(at) => vm.new_unsigned(at),
        Err(errno) => Err(vm.os_error(errno)),
    }
}

fn flush(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    if let Some(io) = vm.heap.cast::<StringIo>(stream) {
        vm.open_buffer(io)?;
    }
    Ok(Value::NONE)
}

fn close(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    if let Some(io) = vm.heap.cast::<StringIo>(stream) {
        vm.heap[io].buffer = Value::NONE;
    } else if let Some(file) = vm.heap.cast::<File>(stream) {
        let File { handle, open, .. } = vm.heap[file];
        if open && handle > 2 {
            vm.host.close(handle);
        }
        vm.heap[file].open = false;
    }
    Ok(Value::NONE)
}

/// The number of the host's stream.
fn fileno(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    let file = vm.open_file(stream)?;
    Ok(Value::small(vm.heap[file].handle as isize))
}

fn getvalue(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = this(vm, args);
    let Some(io) = vm.heap.cast::<StringIo>(stream) else {
        return Err(vm.type_error(b"stream expected"));
    };
    let buffer = vm.open_buffer(io)?;
    let len = vm.heap[buffer].items.len();
    if vm.heap[io].binary {
        vm.copy_range(buffer.value(), 0, len, false)
    } else {
        vm.str_from_bytes(buffer.value())
    }
}

fn enter(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    Ok(args.at(vm, 0))
}

fn leave(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
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
            vm.bytearray_from(source)?
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

/// `open(path, mode='r')`
pub(crate) fn open(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
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
