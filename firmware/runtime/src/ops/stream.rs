//! Reading and writing streams of every kind: `io.StringIO`, `io.BytesIO`, the console, files of the host,
//! objects of a library, and objects of classes derived from `io.IOBase`.

use crate::heap::Ref;
use crate::names as q;
use crate::ops::format::Sink;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Array, File, Instance, RingIo, StringIo, TypeId};
use crate::value::Value;

/// Why a stream operation did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The operating system's number of the error, positive; [`EAGAIN`] if the stream would block.
    Errno(i32),
    /// A Python exception is in flight.
    Raised(Raised),
}

impl From<Raised> for Fault {
    fn from(raised: Raised) -> Fault {
        Fault::Raised(raised)
    }
}

/// How many bytes were read or written.
pub type Transfer = core::result::Result<usize, Fault>;

/// The stream would block.
pub const EAGAIN: i32 = 11;
const EPERM: i32 = 1;
const EIO: i32 = 5;
const EINVAL: i32 = 22;

/// Requests of [`Vm::stream_ioctl`] and of a method `ioctl`, numbered as in MicroPython (`py/stream.h`).
pub mod request {
    /// Writes out what is buffered.
    pub const FLUSH: u32 = 1;
    /// Moves the position; only through `stream_seek` here.
    pub const SEEK: u32 = 2;
    /// Which of the events in the argument (1 readable, 4 writable, 8 error, 16 hang-up) are there.
    pub const POLL: u32 = 3;
    /// Closes the stream.
    pub const CLOSE: u32 = 4;
    /// Sets the time-out of a socket in milliseconds, -1 for none.
    pub const TIMEOUT: u32 = 5;
    /// The number of the host's stream.
    pub const FILENO: u32 = 10;
    /// How many bytes a reader of everything should ask for at once.
    pub const BUFFER_SIZE: u32 = 11;
}

/// Events of [`request::POLL`].
pub mod poll {
    /// Something can be read, or the end was reached.
    pub const READ: isize = 1;
    /// Something can be written.
    pub const WRITE: isize = 4;
    /// An error happened.
    pub const ERROR: isize = 8;
    /// The other side has closed.
    pub const HANG_UP: isize = 16;
    /// The stream is not open.
    pub const INVALID: isize = 32;
}

/// How objects of a native type are read and written. The functions get the object itself.
#[derive(Clone, Copy)]
pub struct StreamSlots {
    /// Whether `read` gives text.
    pub text: fn(&Vm<'_>, Value) -> bool,
    /// Reads at most as many bytes as there is room; 0 is the end.
    pub read: fn(&mut Vm<'_>, Value, &mut [u8]) -> Transfer,
    /// Writes at least one byte of some, and returns how many.
    pub write: fn(&mut Vm<'_>, Value, &[u8]) -> Transfer,
    /// Moves the position by an offset from the start (0), from here (1) or from the end (2); gives the new one.
    pub seek: fn(&mut Vm<'_>, Value, i64, u8) -> core::result::Result<u64, Fault>,
    /// Answers one of the [`request`]s.
    pub ioctl: fn(&mut Vm<'_>, Value, u32, isize) -> core::result::Result<isize, Fault>,
}

impl StreamSlots {
    /// For types that can't be read.
    ///
    /// # Errors
    /// EINVAL.
    pub fn no_read(_: &mut Vm<'_>, _: Value, _: &mut [u8]) -> Transfer {
        Err(Fault::Errno(EINVAL))
    }

    /// For types that can't be written.
    ///
    /// # Errors
    /// EINVAL.
    pub fn no_write(_: &mut Vm<'_>, _: Value, _: &[u8]) -> Transfer {
        Err(Fault::Errno(EINVAL))
    }

    /// For types without a position.
    ///
    /// # Errors
    /// EINVAL.
    pub fn no_seek(_: &mut Vm<'_>, _: Value, _: i64, _: u8) -> core::result::Result<u64, Fault> {
        Err(Fault::Errno(EINVAL))
    }
}

impl Vm<'_> {
    /// The exception of a fault.
    pub fn raise_fault(&mut self, fault: Fault) -> Raised {
        match fault {
            Fault::Errno(errno) => self.os_error(errno),
            Fault::Raised(raised) => raised,
        }
    }

    /// How an object of a library is read and written.
    fn stream_slots(&self, stream: Value) -> Option<&'static StreamSlots> {
        self.type_info(self.native_type(stream)).slots.stream
    }

    fn python_stream(&self, stream: Value) -> bool {
        self.heap
            .cast::<Instance>(stream)
            .is_some_and(|instance| self.heap[self.heap[instance].class].native == TypeId::IoBase)
    }

    /// Whether a value can be read or written as a stream.
    pub fn is_stream(&self, value: Value) -> bool {
        let native = self.native_of(value);
        self.python_stream(value)
            || self.heap.cast::<StringIo>(native).is_some()
            || self.heap.cast::<File>(native).is_some()
            || self.heap.cast::<RingIo>(native).is_some()
            || self.stream_slots(native).is_some()
    }

    /// Reads at most as many bytes as there is room; 0 is the end.
    ///
    /// # Errors
    /// What the stream says.
    pub fn stream_read(&mut self, stream: Value, buffer: &mut [u8]) -> Transfer {
        if self.python_stream(stream) {
            return self.python_read(stream, buffer);
        }
        let stream = self.native_of(stream);
        if let Some(io) = self.heap.cast::<StringIo>(stream) {
            let source = self.open_buffer(io)?;
            let at = (self.heap[io].at as usize).min(self.bytes_of(source).len());
            let bytes = &self.bytes_of(source)[at..];
            let len = bytes.len().min(buffer.len());
            buffer[..len].copy_from_slice(&bytes[..len]);
            self.heap[io].at += len as u32;
            return Ok(len);
        }
        if let Some(file) = self.heap.cast::<File>(stream) {
            self.check_open(file)?;
            let handle = self.heap[file].handle;
            return match handle {
                0 => self.read_console(buffer, self.heap[file].binary),
                1 | 2 => Err(Fault::Errno(EPERM)),
                _ => self.host.read(handle, buffer).map_err(Fault::Errno),
            };
        }
        if let Some(ring) = self.heap.cast::<RingIo>(stream) {
            return self.ring_read(ring, buffer);
        }
        match self.stream_slots(stream) {
            Some(slots) => (slots.read)(self, stream, buffer),
            None => Err(self
                .raise_text(TypeId::OSError, b"stream operation not supported")
                .into()),
        }
    }

    /// `buffer` of a text stream: the bytes behind it. Only the console has it.
    pub(crate) fn console_bytes(&mut self, stream: Value) -> Result<Option<Value>> {
        let file = self.heap[self.heap.expect::<File>(stream)];
        if file.handle > 2 {
            return Ok(None);
        }
        let binary = self.alloc(File {
            binary: true,
            ..file
        })?;
        Ok(Some(binary.value()))
    }

    /// Reads from the console, waiting for the first byte; Ctrl-C ends the wait.
    fn read_console(&mut self, buffer: &mut [u8], binary: bool) -> Transfer {
        self.await_input()?;
        let got = self.host.read_in(buffer).map_err(Fault::Errno)?;
        if self.host.interrupted() {
            return Err(self.raise_with(TypeId::KeyboardInterrupt, None).into());
        }
        if !binary && self.host.enter_is_return() {
            for byte in buffer.iter_mut().take(got).filter(|byte| **byte == b'\r') {
                *byte = b'\n';
            }
        }
        Ok(got)
    }

    /// Writes bytes that are not in the heap, and returns how many.
    ///
    /// # Errors
    /// What the stream says.
    pub fn stream_write(&mut self, stream: Value, bytes: &[u8]) -> Transfer {
        if self.python_stream(stream) {
            return self.python_write(stream, bytes);
        }
        let stream = self.native_of(stream);
        if let Some(io) = self.heap.cast::<StringIo>(stream) {
            return self.buffer_write(io, bytes);
        }
        if let Some(file) = self.heap.cast::<File>(stream) {
            self.check_open(file)?;
            let handle = self.heap[file].handle;
            match handle {
                1 if self.heap[file].binary => self.host.write_raw(bytes),
                1 => self.put(Sink::Out, bytes)?,
                2 => self.put(Sink::Err, bytes)?,
                _ => return self.host.write(handle, bytes).map_err(Fault::Errno),
            }
            return Ok(bytes.len());
        }
        if let Some(ring) = self.heap.cast::<RingIo>(stream) {
            return self.ring_write(ring, bytes);
        }
        match self.stream_slots(stream) {
            Some(slots) => (slots.write)(self, stream, bytes),
            None => Err(self
                .raise_text(TypeId::OSError, b"stream operation not supported")
                .into()),
        }
    }

    fn buffer_write(&mut self, io: Ref<StringIo>, bytes: &[u8]) -> Transfer {
        let target = self.writable_buffer(io)?;
        let at = self.heap[io].at as usize;
        let len = self.heap[target].items.len();
        let end = at.saturating_add(bytes.len());
        if end > len {
            self.reserve_doubling(|vm| &mut vm.heap[target].items, end - len)?;
            self.heap[target].items.insert_within(len, end - len, 0);
        }
        for (index, &byte) in bytes.iter().enumerate() {
            self.heap[target].items[at + index] = byte;
        }
        self.heap[io].at = end as u32;
        Ok(bytes.len())
    }

    /// The bytes of a `StringIO` that is open.
    pub(crate) fn open_buffer(&mut self, io: Ref<StringIo>) -> Result<Value> {
        let buffer = self.heap[io].buffer;
        if buffer.is_none() {
            return Err(self.closed_file());
        }
        Ok(buffer)
    }

    /// The bytes of a `StringIO` for writing; the text or bytes it was made of are copied first.
    pub(crate) fn writable_buffer(&mut self, io: Ref<StringIo>) -> Result<Ref<Array>> {
        let buffer = self.open_buffer(io)?;
        if let Some(array) = self.heap.cast::<Array>(buffer) {
            return Ok(array);
        }
        let copy = self.bytearray_from(buffer)?;
        self.heap[io].buffer = copy;
        Ok(self.heap.expect(copy))
    }

    fn check_open(&mut self, file: Ref<File>) -> core::result::Result<(), Fault> {
        if self.heap[file].open {
            Ok(())
        } else {
            Err(self.closed_file().into())
        }
    }

    fn closed_file(&mut self) -> Raised {
        self.value_error(b"I/O operation on closed file")
    }

    /// Moves the position of a stream and returns the new one.
    ///
    /// # Errors
    /// What the stream says; EINVAL for one without a position.
    pub fn stream_seek(
        &mut self,
        stream: Value,
        offset: i64,
        whence: u8,
    ) -> core::result::Result<u64, Fault> {
        let stream = self.native_of(stream);
        if let Some(io) = self.heap.cast::<StringIo>(stream) {
            let buffer = self.open_buffer(io)?;
            let start = match whence {
                0 => 0,
                1 => i64::from(self.heap[io].at),
                _ => self.bytes_of(buffer).len() as i64,
            };
            if whence == 0 && offset < 0 {
                return Err(Fault::Errno(EINVAL));
            }
            let at = start.saturating_add(offset).clamp(0, i64::from(u32::MAX));
            self.heap[io].at = at as u32;
            return Ok(at as u64);
        }
        if let Some(file) = self.heap.cast::<File>(stream) {
            self.check_open(file)?;
            let handle = self.heap[file].handle;
            return self.host.seek(handle, offset, whence).map_err(Fault::Errno);
        }
        match self.stream_slots(stream) {
            Some(slots) => (slots.seek)(self, stream, offset, whence),
            None => Err(Fault::Errno(EINVAL)),
        }
    }

    /// Asks a stream for something else; see [`request`].
    ///
    /// # Errors
    /// What the stream says; EINVAL for a request it does not know.
    pub fn stream_ioctl(
        &mut self,
        stream: Value,
        asked: u32,
        argument: isize,
    ) -> core::result::Result<isize, Fault> {
        if self.python_stream(stream) {
            return self.python_ioctl(stream, asked, argument);
        }
        let stream = self.native_of(stream);
        if let Some(io) = self.heap.cast::<StringIo>(stream) {
            return match asked {
                request::CLOSE => {
                    self.heap[io].buffer = Value::NONE;
                    Ok(0)
                }
                request::FLUSH => Ok(self.open_buffer(io).map(|_| 0)?),
                request::POLL => Ok(argument & (poll::READ | poll::WRITE)),
                _ => Err(Fault::Errno(EINVAL)),
            };
        }
        if let Some(file) = self.heap.cast::<File>(stream) {
            return self.file_ioctl(file, asked, argument);
        }
        if let Some(ring) = self.heap.cast::<RingIo>(stream) {
            return match asked {
                request::POLL => Ok(self.ring_poll(ring, argument)),
                request::FLUSH | request::CLOSE => Ok(0),
                _ => Err(Fault::Errno(EINVAL)),
            };
        }
        match self.stream_slots(stream) {
            Some(slots) => (slots.ioctl)(self, stream, asked, argument),
            None => Err(Fault::Errno(EINVAL)),
        }
    }

    fn file_ioctl(
        &mut self,
        file: Ref<File>,
        asked: u32,
        argument: isize,
    ) -> core::result::Result<isize, Fault> {
        let File { handle, open, .. } = self.heap[file];
        match asked {
            request::CLOSE => {
                if open && handle > 2 {
                    self.host.close(handle);
                }
                self.heap[file].open = false;
                Ok(0)
            }
            _ if !open => Err(self.closed_file().into()),
            request::FLUSH if handle > 2 => {
                self.host.sync(handle).map(|()| 0).map_err(Fault::Errno)
            }
            request::FLUSH => Ok(0),
            request::FILENO => Ok(handle as isize),
            request::POLL => Ok(match handle {
                0 if self.host.readable() => argument & poll::READ,
                0 => 0,
                1 | 2 => argument & poll::WRITE,
                _ => argument & (poll::READ | poll::WRITE),
            }),
            _ => Err(Fault::Errno(EINVAL)),
        }
    }

    // ---- streams written in Python -----------------------------------------------------------------------

    /// What a method of a Python stream returned: a count, or `None` when it would block.
    fn python_count(&mut self, returned: Value, most: usize) -> Transfer {
        if returned.is_none() {
            return Err(Fault::Errno(EAGAIN));
        }
        let count = self.to_isize(returned)?;
        match usize::try_from(count) {
            Ok(count) if count <= most => Ok(count),
            Ok(_) => Err(Fault::Errno(EIO)),
            Err(_) => Err(Fault::Errno(count.saturating_neg() as i32)),
        }
    }

    fn python_read(&mut self, stream: Value, buffer: &mut [u8]) -> Transfer {
        let top = self.stack_len();
        let room = self.new_array(0, buffer.len())?;
        self.push(room.value())?;
        let method = self.load_method(stream, q::readinto)?;
        let returned = self.call_found(method, &[room.value()])?;
        let count = self.python_count(returned, buffer.len())?;
        let bytes = &self.heap[room].items;
        let count = count.min(bytes.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.truncate(top);
        Ok(count)
    }

    fn python_write(&mut self, stream: Value, bytes: &[u8]) -> Transfer {
        let top = self.stack_len();
        let array = self.new_array(0, bytes.len())?;
        self.heap[array].items.copy_from_slice(bytes);
        let data = array.value();
        self.push(data)?;
        let method = self.load_method(stream, q::write)?;
        let returned = self.call_found(method, &[data])?;
        self.truncate(top);
        self.python_count(returned, bytes.len())
    }

    fn python_ioctl(
        &mut self,
        stream: Value,
        asked: u32,
        argument: isize,
    ) -> core::result::Result<isize, Fault> {
        let method = self.load_method(stream, q::ioctl)?;
        let (asked, argument) = (Value::small(asked as isize), self.new_int(argument as i64)?);
        let returned = self.call_found(method, &[asked, argument])?;
        let answer = self.to_isize(returned)?;
        if answer < 0 {
            return Err(Fault::Errno(answer.saturating_neg() as i32));
        }
        Ok(answer)
    }
}
