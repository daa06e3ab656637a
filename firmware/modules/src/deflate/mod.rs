//! `deflate`: a stream that inflates what another one gives. Compressing is not there, as on boards of
//! MicroPython below its level FULL.

mod inflate;

use upy_runtime::stream::{self, Fault, StreamSlots, Transfer, request};
use upy_runtime::{
    Args, Body, Entry, Marker, Result, Slots, TypeId, TypeInfo, Value, Vm, class, function, number,
    text,
};

use crate::binascii::crc32_of;
use crate::names as q;
use crate::types;
use inflate::{Access, Inflate, Stop};

const AUTO: isize = 0;
const RAW: isize = 1;
const ZLIB: isize = 2;
const GZIP: isize = 3;
const EINVAL: i32 = 22;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::deflate),
    class(q::DeflateIO, types::DEFLATE_IO),
    number(q::AUTO, AUTO),
    number(q::RAW, RAW),
    number(q::ZLIB, ZLIB),
    number(q::GZIP, GZIP),
];

const METHODS: &[Entry] = &[
    function(q::read, stream::read, 1, 2),
    function(q::readinto, stream::readinto, 2, 3),
    function(q::readline, stream::readline, 1, 2),
    function(q::close, stream::close, 1, 1),
    function(q::__enter__, stream::enter, 1, 1),
    function(q::__exit__, stream::leave, 1, 4),
];

pub(crate) static DEFLATE_IO: TypeInfo = TypeInfo {
    name: q::DeflateIO,
    base: TypeId::Object,
    make: Some(make),
    entries: METHODS,
    slots: &Slots {
        stream: Some(&StreamSlots {
            text: |_, _| false,
            read,
            write: StreamSlots::no_write,
            seek: StreamSlots::no_seek,
            ioctl,
        }),
        ..Slots::NONE
    },
};

/// How the data is checked at its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    None,
    Adler(u32),
    Crc(u32),
}

/// A stream being inflated.
#[derive(Clone)]
struct DeflateIo {
    source: Value,
    /// A `bytearray`, once the header has told its size.
    window: Value,
    format: isize,
    window_bits: u32,
    close: bool,
    open: bool,
    /// The check at the end was made.
    finished: bool,
    check: Check,
    inflate: Inflate,
}

impl Body for DeflateIo {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.source);
        marker.value(self.window);
    }
}

/// `DeflateIO(stream, format=AUTO, wbits=0, close=False)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    vm.check_keywords(args, &[q::format, q::wbits, q::close])?;
    if !(1..=4).contains(&args.count) {
        return Err(vm.wrong_count(1, 4, args.count));
    }
    let mut options = [AUTO, 0];
    for (index, (option, name)) in options.iter_mut().zip([q::format, q::wbits]).enumerate() {
        if let Some(given) = args.either(vm, index + 1, name) {
            *option = vm.to_isize(given)?;
        }
    }
    let close = match args.either(vm, 3, q::close) {
        Some(close) => vm.truth(close)?,
        None => false,
    };
    let [format, bits] = options;
    if !(AUTO..=GZIP).contains(&format) {
        return Err(vm.value_error(b"format"));
    }
    if bits != 0 && !(5..=15).contains(&bits) {
        return Err(vm.value_error(b"wbits"));
    }
    let source = args.at(vm, 0);
    if !vm.is_stream(source) {
        return Err(vm.type_error(b"stream operation not supported"));
    }
    let stream = DeflateIo {
        source,
        window: Value::NONE,
        format,
        window_bits: bits as u32,
        close,
        open: true,
        finished: false,
        check: Check::None,
        inflate: Inflate::new(),
    };
    vm.new_object(class, stream)
}

/// A byte of the source; its end is an error.
fn source_byte(vm: &mut Vm<'_>, source: Value) -> core::result::Result<u8, Fault> {
    let mut byte = [0];
    match vm.stream_read(source, &mut byte)? {
        0 => Err(vm.raise_with(TypeId::EOFError, None).into()),
        _ => Ok(byte[0]),
    }
}

impl DeflateIo {
    /// Reads the header and makes the window.
    fn begin(&mut self, vm: &mut Vm<'_>) -> core::result::Result<(), Fault> {
        let mut bits = 8;
        if self.format != RAW {
            let first = source_byte(vm, self.source)?;
            let second = source_byte(vm, self.source)?;
            let gzip = (first, second) == (0x1f, 0x8b);
            let zlib = first & 15 == 8
                && first >> 4 <= 7
                && second & 0x20 == 0
                && u16::from_be_bytes([first, second]).is_multiple_of(31);
            if gzip && self.format != ZLIB {
                self.gzip_header(vm)?;
                self.check = Check::Crc(0);
                bits = 15;
            } else if zlib && self.format != GZIP {
                self.check = Check::Adler(1);
                bits = u32::from(first >> 4) + 8;
            } else {
                return Err(Fault::Errno(EINVAL));
            }
        }
        if self.window_bits == 0 {
            self.window_bits = bits;
        }
        self.window = vm.new_zeros(1 << self.window_bits)?;
        Ok(())
    }

    /// The rest of the header of RFC 1952, whose optional parts are passed over.
    fn gzip_header(&self, vm: &mut Vm<'_>) -> core::result::Result<(), Fault> {
        let mut head = [0; 8];
        for slot in &mut head {
            *slot = source_byte(vm, self.source)?;
        }
        let flags = head[1];
        if head[0] != 8 || flags & 0xe0 != 0 {
            return Err(Fault::Errno(EINVAL));
        }
        if flags & 4 != 0 {
            let low = source_byte(vm, self.source)?;
            let high = source_byte(vm, self.source)?;
            for _ in 0..u16::from_le_bytes([low, high]) {
                source_byte(vm, self.source)?;
            }
        }
        for flag in [8, 16] {
            while flags & flag != 0 && source_byte(vm, self.source)? != 0 {}
        }
        if flags & 2 != 0 {
            source_byte(vm, self.source)?;
            source_byte(vm, self.source)?;
        }
        Ok(())
    }

    fn fill(&mut self, vm: &mut Vm<'_>, buffer: &mut [u8]) -> Transfer {
        if self.window.is_none() {
            self.begin(vm)?;
            // The window must survive what the source does meanwhile.
            vm.push(self.window)?;
        }
        let (source, window) = (self.source, self.window);
        let window_len = 1 << self.window_bits;
        let mut done = 0;
        for slot in buffer.iter_mut() {
            let vm = core::cell::RefCell::new(&mut *vm);
            let made = self.inflate.byte(
                &mut |access| window_access(&mut vm.borrow_mut(), window, access),
                window_len,
                &mut || source_byte(&mut vm.borrow_mut(), source),
            );
            match made {
                Ok(Some(byte)) => {
                    *slot = byte;
                    done += 1;
                }
                Ok(None) => break,
                Err(Stop::Damaged) => return Err(Fault::Errno(EINVAL)),
                Err(Stop::Source(fault)) => return Err(fault),
            }
        }
        match &mut self.check {
            Check::None => {}
            Check::Adler(sum) => *sum = adler32(*sum, &buffer[..done]),
            Check::Crc(sum) => *sum = crc32_of(*sum, &buffer[..done]),
        }
        if self.inflate.ended() && !self.finished {
            self.finish(vm)?;
        }
        Ok(done)
    }

    fn finish(&mut self, vm: &mut Vm<'_>) -> core::result::Result<(), Fault> {
        self.finished = true;
        let (expected, skipped) = match self.check {
            Check::None => return Ok(()),
            Check::Adler(sum) => (sum.to_be_bytes(), 0),
            Check::Crc(sum) => (sum.to_le_bytes(), 4),
        };
        let mut stored = [0; 4];
        for slot in &mut stored {
            *slot = source_byte(vm, self.source)?;
        }
        for _ in 0..skipped {
            source_byte(vm, self.source)?;
        }
        if stored == expected {
            Ok(())
        } else {
            Err(Fault::Errno(EINVAL))
        }
    }
}

fn window_access(vm: &mut Vm<'_>, window: Value, access: Access) -> u8 {
    let bytes = vm.buffer_bytes_mut(window).unwrap_or_default();
    match access {
        Access::Get(at) => bytes.get(at).copied().unwrap_or(0),
        Access::Set(at, byte) => {
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
            byte
        }
    }
}

fn adler32(before: u32, bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (before & 0xffff, before >> 16);
    for &byte in bytes {
        low = (low + u32::from(byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    high << 16 | low
}

fn read(vm: &mut Vm<'_>, object: Value, buffer: &mut [u8]) -> Transfer {
    let Some(mut stream) = vm.body::<DeflateIo>(object).cloned() else {
        return Err(Fault::Errno(EINVAL));
    };
    if !stream.open {
        return Err(Fault::Errno(EINVAL));
    }
    if stream.finished {
        return Ok(0);
    }
    let top = vm.stack_len();
    vm.push(object)?;
    let filled = stream.fill(vm, buffer);
    vm.truncate(top);
    if let Some(body) = vm.body_mut::<DeflateIo>(object) {
        *body = stream;
    }
    filled
}

fn ioctl(
    vm: &mut Vm<'_>,
    object: Value,
    asked: u32,
    argument: isize,
) -> core::result::Result<isize, Fault> {
    let Some(stream) = vm.body_mut::<DeflateIo>(object) else {
        return Err(Fault::Errno(EINVAL));
    };
    if asked == request::CLOSE {
        let (close, source) = (stream.close && stream.open, stream.source);
        stream.open = false;
        stream.window = Value::NONE;
        return if close {
            vm.stream_ioctl(source, request::CLOSE, 0)
        } else {
            Ok(0)
        };
    }
    let source = stream.source;
    vm.stream_ioctl(source, asked, argument)
}
