//! Open files of the volumes.

use upy_runtime::stream::{self, Fault, StreamSlots, Transfer, request};
use upy_runtime::{
    Args, Body, Entry, Marker, Result, Slots, TypeId, TypeInfo, Value, Vm, function,
};
use upy_vfs::fat;
use upy_vfs::littlefs::{FileHandle, Mode};
use upy_vfs::rom::Span;

use super::EINVAL;
use super::volume::{CACHE_MAX, Which, cache_size, memory, which, with_fat, with_lfs};
use crate::names as q;

const METHODS: &[Entry] = &[
    function(q::read, stream::read, 1, 2),
    function(q::readinto, stream::readinto, 2, 3),
    function(q::readline, stream::readline, 1, 2),
    function(q::readlines, stream::readlines, 1, 1),
    function(q::write, stream::write, 2, 4),
    function(q::seek, stream::seek, 2, 3),
    function(q::tell, stream::tell, 1, 1),
    function(q::flush, stream::flush, 1, 1),
    function(q::truncate, truncate, 1, 2),
    function(q::close, stream::close, 1, 1),
    function(q::__enter__, stream::enter, 1, 1),
    function(q::__exit__, stream::leave, 1, 4),
    function(q::__iter__, stream::enter, 1, 1),
    function(q::__next__, next, 1, 1),
    function(q::__del__, stream::close, 1, 1),
    function(q::__repr__, repr, 1, 1),
];

const fn type_info(name: upy_runtime::Qstr, slots: &'static Slots) -> TypeInfo {
    TypeInfo {
        name,
        base: TypeId::Object,
        make: None,
        entries: METHODS,
        slots,
    }
}

pub(crate) static BINARY_FILE: TypeInfo = type_info(q::FileIO, &BINARY);
pub(crate) static TEXT_FILE: TypeInfo = type_info(q::TextIOWrapper, &TEXT);

static BINARY: Slots = Slots {
    buffer: Some(content),
    stream: Some(&StreamSlots {
        text: |_, _| false,
        ..STREAM
    }),
    ..Slots::NONE
};
static TEXT: Slots = Slots {
    stream: Some(&STREAM),
    ..Slots::NONE
};
const STREAM: StreamSlots = StreamSlots {
    text: |_, _| true,
    read,
    write,
    seek,
    ioctl,
};

/// One open file.
#[derive(Clone)]
pub(super) struct OpenFile {
    volume: Value,
    pub(super) handle: u16,
    /// The cache of a file of a littlefs.
    pub(super) cache: Value,
    /// Where a file of ROM lies.
    pub(super) span: Span,
    position: usize,
    with_time: bool,
    is_open: bool,
}

impl OpenFile {
    pub(super) fn new(volume: Value, with_time: bool) -> Self {
        Self {
            volume,
            handle: 0,
            cache: Value::NONE,
            span: Span { start: 0, end: 0 },
            position: 0,
            with_time,
            is_open: true,
        }
    }
}

impl Body for OpenFile {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.volume);
        marker.value(self.cache);
    }
}

/// Python's mode of `open`, and whether the file is one of text.
pub(super) fn parse_mode(mode: &[u8]) -> (Mode, bool) {
    let mut parsed = Mode::default();
    let mut is_text = true;
    for byte in mode {
        match byte {
            b'r' => parsed.is_read = true,
            b'w' => {
                (parsed.is_written, parsed.is_created, parsed.is_truncated) = (true, true, true)
            }
            b'a' => (parsed.is_written, parsed.is_created, parsed.is_appended) = (true, true, true),
            b'x' => {
                (parsed.is_written, parsed.is_created, parsed.is_exclusive) = (true, true, true)
            }
            b'+' => (parsed.is_read, parsed.is_written) = (true, true),
            b'b' => is_text = false,
            _ => {}
        }
    }
    // Without a word it is opened for reading.
    parsed.is_read |= !parsed.is_written;
    (parsed, is_text)
}

/// ROM files give their bytes as they lie; others have no buffer.
fn content(_: &Vm<'_>, _: Value) -> Option<Value> {
    None
}

fn open_file(vm: &mut Vm<'_>, object: Value) -> core::result::Result<OpenFile, Fault> {
    match vm.body::<OpenFile>(object) {
        Some(file) if file.is_open => Ok(file.clone()),
        Some(file) => {
            // As MicroPython: littlefs minds, FAT has an invalid file.
            let volume = file.volume;
            match which(vm, volume)? {
                Which::Lfs => Err(vm.raise_with(TypeId::ValueError, None).into()),
                _ => Err(Fault::Errno(EINVAL)),
            }
        }
        None => Err(Fault::Errno(EINVAL)),
    }
}

/// Does something with a file of a littlefs and its cache.
fn with_cache<T>(
    vm: &mut Vm<'_>,
    file: &OpenFile,
    work: impl FnOnce(&mut upy_vfs::littlefs::Volume<'_>, FileHandle, &mut [u8]) -> upy_vfs::Result<T>,
) -> Result<T> {
    let size = cache_size(vm, file.volume)?;
    let mut cache = [0; CACHE_MAX];
    cache[..size].copy_from_slice(&vm.bytes_of(file.cache)[..size]);
    let handle = FileHandle(file.handle);
    let result = with_lfs(vm, file.volume, |volume| {
        work(volume, handle, &mut cache[..size])
    });
    vm.data_mut(file.cache)?.copy_from_slice(&cache[..size]);
    result
}

fn read(vm: &mut Vm<'_>, object: Value, buffer: &mut [u8]) -> Transfer {
    let file = open_file(vm, object)?;
    match which(vm, file.volume)? {
        Which::Lfs => Ok(with_cache(vm, &file, |volume, handle, cache| {
            volume.read(handle, cache, buffer)
        })?),
        Which::Fat => {
            let handle = fat::FileHandle(file.handle);
            Ok(with_fat(vm, file.volume, |volume| {
                volume.read(handle, buffer)
            })?)
        }
        Which::Rom(_) => {
            let memory = memory(vm, file.volume)?;
            let bytes = file.span.of(vm.data(memory)?);
            let rest = bytes.get(file.position..).unwrap_or_default();
            let len = rest.len().min(buffer.len());
            buffer[..len].copy_from_slice(&rest[..len]);
            if let Some(body) = vm.body_mut::<OpenFile>(object) {
                body.position += len;
            }
            Ok(len)
        }
    }
}

fn write(vm: &mut Vm<'_>, object: Value, bytes: &[u8]) -> Transfer {
    let file = open_file(vm, object)?;
    match which(vm, file.volume)? {
        Which::Lfs => with_cache(vm, &file, |volume, handle, cache| {
            volume.write(handle, cache, bytes)
        })?,
        Which::Fat => {
            let handle = fat::FileHandle(file.handle);
            with_fat(vm, file.volume, |volume| volume.write(handle, bytes))?;
        }
        Which::Rom(_) => return Err(Fault::Errno(EINVAL)),
    }
    Ok(bytes.len())
}

fn target(offset: i64, whence: u8, position: u32, size: u32) -> core::result::Result<u32, Fault> {
    let base = match whence {
        0 => 0,
        1 => i64::from(position),
        _ => i64::from(size),
    };
    u32::try_from(base.saturating_add(offset)).map_err(|_| Fault::Errno(EINVAL))
}

fn seek(
    vm: &mut Vm<'_>,
    object: Value,
    offset: i64,
    whence: u8,
) -> core::result::Result<u64, Fault> {
    let file = open_file(vm, object)?;
    let at = match which(vm, file.volume)? {
        Which::Lfs => {
            let place = with_lfs(vm, file.volume, |volume| {
                let handle = FileHandle(file.handle);
                Ok((volume.position(handle)?, volume.file_size(handle)?))
            })?;
            let at = target(offset, whence, place.0, place.1)?;
            if at != place.0 {
                with_cache(vm, &file, |volume, handle, cache| {
                    volume.seek(handle, cache, at)
                })?;
            }
            at
        }
        Which::Fat => {
            let handle = fat::FileHandle(file.handle);
            let place = with_fat(vm, file.volume, |volume| {
                Ok((volume.position(handle)?, volume.file_size(handle)?))
            })?;
            let at = target(offset, whence, place.0, place.1)?;
            with_fat(vm, file.volume, |volume| volume.seek(handle, at))?;
            at
        }
        Which::Rom(_) => {
            let len = file.span.len() as u32;
            let at = target(offset, whence, file.position as u32, len)?.min(len);
            if let Some(body) = vm.body_mut::<OpenFile>(object) {
                body.position = at as usize;
            }
            at
        }
    };
    Ok(u64::from(at))
}

/// Closes or syncs.
fn store(vm: &mut Vm<'_>, file: &OpenFile, closes: bool) -> Result<()> {
    let now = if file.with_time {
        Some(vm.host().time_ns())
    } else {
        None
    };
    match which(vm, file.volume)? {
        Which::Lfs => with_cache(vm, file, |volume, handle, cache| match closes {
            true => volume.close(handle, cache, now),
            false => volume.sync(handle, cache, now),
        }),
        Which::Fat => {
            let handle = fat::FileHandle(file.handle);
            with_fat(vm, file.volume, |volume| match closes {
                true => volume.close(handle),
                false => volume.sync(handle),
            })
        }
        Which::Rom(_) => Ok(()),
    }
}

fn ioctl(
    vm: &mut Vm<'_>,
    object: Value,
    asked: u32,
    argument: isize,
) -> core::result::Result<isize, Fault> {
    match asked {
        request::CLOSE => {
            let file = vm.body::<OpenFile>(object).filter(|file| file.is_open);
            let Some(file) = file.cloned() else {
                return Ok(0);
            };
            if let Some(body) = vm.body_mut::<OpenFile>(object) {
                body.is_open = false;
            }
            store(vm, &file, true)?;
            Ok(0)
        }
        request::FLUSH => {
            let file = open_file(vm, object)?;
            store(vm, &file, false)?;
            Ok(0)
        }
        request::POLL => {
            open_file(vm, object)?;
            Ok(argument & (stream_events()))
        }
        _ => Err(Fault::Errno(EINVAL)),
    }
}

/// A file is always ready.
fn stream_events() -> isize {
    stream::poll::READ | stream::poll::WRITE
}

/// `file.truncate(size=None)`
fn truncate(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    let file = match open_file(vm, object) {
        Ok(file) => file,
        Err(fault) => return Err(vm.raise_fault(fault)),
    };
    let given = match args.some(vm, 1) {
        Some(given) => Some(vm.to_isize(given)?),
        None => None,
    };
    let size = given.map(|size| u32::try_from(size).unwrap_or(u32::MAX));
    let size = match which(vm, file.volume)? {
        Which::Lfs => with_cache(vm, &file, |volume, handle, cache| {
            let size = match size {
                Some(size) => size,
                None => volume.position(handle)?,
            };
            volume.truncate(handle, cache, size)?;
            Ok(size)
        })?,
        Which::Fat => {
            let handle = fat::FileHandle(file.handle);
            with_fat(vm, file.volume, |volume| {
                let size = match size {
                    Some(size) => size,
                    None => volume.position(handle)?,
                };
                volume.truncate(handle, size)?;
                Ok(size)
            })?
        }
        Which::Rom(_) => return Err(vm.os_error(EINVAL)),
    };
    vm.new_unsigned(u64::from(size))
}

/// The next line.
fn next(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let line = stream::readline(vm, args.first(1))?;
    if vm.bytes_of(line).is_empty() {
        return Err(vm.raise_with(TypeId::StopIteration, None));
    }
    Ok(line)
}

/// `<io.TextIOWrapper>`
fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = args.at(vm, 0);
    let volume = vm
        .body::<OpenFile>(this)
        .map_or(Value::NONE, |file| file.volume);
    let is_text = vm.native_type(this) == crate::types::VOLUME_TEXT;
    // Each kind prints its files differently in MicroPython; those of FAT with an address.
    let text: &[u8] = match (which(vm, volume)?, is_text) {
        (Which::Fat, true) => b"<io.TextIOWrapper 0>",
        (Which::Fat, false) => b"<io.FileIO 0>",
        (Which::Lfs, true) => b"<io.TextIOWrapper>",
        (Which::Lfs, false) => b"<io.FileIO>",
        (Which::Rom(_), true) => b"<TextIOWrapper>",
        (Which::Rom(_), false) => b"<FileIO>",
    };
    vm.new_str(text)
}
