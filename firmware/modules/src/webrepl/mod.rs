//! `_webrepl`: what comes over a WebSocket parted into the console and transfers of files, after a password.
//!
//! Text is the console: it is what reading gives and where writing goes. Binary data is requests, answered here:
//!
//! ```text
//! request  "WA" [kind u8][flags u8][offset u64][size u32][name length u16][name; 64]     all numbers little endian
//! answer   "WB" [code u16]
//! put      request, answer, size bytes, answer
//! get      request, answer, then for each byte 0 that comes [length u16][data], after an empty one the answer
//! version  request, three bytes
//! ```
//!
//! A file that can't be opened or written raises; there is no answer that says so, the connection ends.
//!
//! Source: MicroPython `extmod/modwebrepl.c`, for the layout and the texts that clients wait for.

pub(crate) mod websocket;

use upy_runtime::stream::{self, Fault, StreamSlots, Transfer, request};
use upy_runtime::{
    Args, Body, Entry, Marker, Result, Slots, TypeId, TypeInfo, Value, Vm, class, function, text,
};

use crate::names as q;
use crate::{roots, types};

/// Requests of streams of messages: the kind of the message that is read, and of those that are written.
const GET_DATA_OPTIONS: u32 = 8;
const SET_DATA_OPTIONS: u32 = 9;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::_webrepl),
    class(q::_webrepl, types::WEBREPL),
    function(q::password, set_password, 1, 1),
];

const METHODS: &[Entry] = &[
    function(q::read, stream::read, 1, 2),
    function(q::readinto, stream::readinto, 2, 3),
    function(q::write, stream::write, 2, 4),
    function(q::close, stream::close, 1, 1),
];

pub(crate) static WEBREPL: TypeInfo = TypeInfo {
    name: q::_webrepl,
    base: TypeId::Object,
    make: Some(make),
    entries: METHODS,
    slots: &Slots {
        stream: Some(&StreamSlots {
            text: |_, _| false,
            read,
            write,
            seek: StreamSlots::no_seek,
            ioctl,
        }),
        ..Slots::NONE
    },
};

const EINVAL: i32 = 22;
const BINARY: isize = 2;
const PASSWORD_BYTES: usize = 9;
const HEADER_BYTES: usize = 82;
const BLOCK_BYTES: usize = 256;
const PUT: u8 = 1;
const GET: u8 = 2;
const VERSION: u8 = 3;

/// Where a request has what.
mod field {
    pub(super) const KIND: usize = 2;
    pub(super) const SIZE: core::ops::Range<usize> = 12..16;
    pub(super) const NAME: usize = 18;
}

/// A connection.
#[derive(Clone, Copy)]
struct WebRepl {
    socket: Value,
    /// The file that is transferred.
    file: Value,
    /// The password was given.
    open: bool,
    /// The request, or before that the password.
    header: [u8; HEADER_BYTES],
    have: usize,
    /// Bytes of a file that are to come; of a file that goes out, whether more is to be asked for.
    left: usize,
}

impl Body for WebRepl {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.socket);
        marker.value(self.file);
    }
}

/// `password(text)`: what clients have to give from now on.
fn set_password(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let password = args.at(vm, 0);
    if vm.text(password)?.len() > PASSWORD_BYTES {
        return Err(vm.raise_with(TypeId::ValueError, None));
    }
    vm.set_root(roots::PASSWORD, password);
    Ok(Value::NONE)
}

/// `_webrepl(websocket)`: asks for the password.
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    vm.check_keywords(args, &[])?;
    if !(1..=2).contains(&args.count) {
        return Err(vm.wrong_count(1, 2, args.count));
    }
    let socket = args.at(vm, 0);
    if !vm.is_stream(socket) {
        return Err(vm.raise_text(TypeId::OSError, b"stream operation not supported"));
    }
    if let Err(fault) = vm.stream_write(socket, b"Password: ") {
        return Err(vm.raise_fault(fault));
    }
    let connection = WebRepl {
        socket,
        file: Value::NONE,
        open: false,
        header: [0; HEADER_BYTES],
        have: 0,
        left: 0,
    };
    vm.new_object(class, connection)
}

impl WebRepl {
    /// Sends binary data.
    fn send(&self, vm: &mut Vm<'_>, bytes: &[u8]) -> core::result::Result<(), Fault> {
        let before = vm.stream_ioctl(self.socket, SET_DATA_OPTIONS, BINARY)?;
        let sent = vm.stream_write(self.socket, bytes);
        vm.stream_ioctl(self.socket, SET_DATA_OPTIONS, before)?;
        sent.map(|_| ())
    }

    fn answer(&self, vm: &mut Vm<'_>) -> core::result::Result<(), Fault> {
        self.send(vm, b"WB\0\0")
    }

    /// One byte of the password; the end of the stream after a wrong one.
    fn login(&mut self, vm: &mut Vm<'_>, byte: u8) -> core::result::Result<bool, Fault> {
        if !matches!(byte, b'\r' | b'\n') {
            if self.have <= PASSWORD_BYTES {
                self.header[self.have] = byte;
                self.have += 1;
            }
            return Ok(true);
        }
        let password = vm.root(roots::PASSWORD);
        let is_right = !password.is_none() && vm.text(password)? == &self.header[..self.have];
        self.have = 0;
        self.open = is_right;
        let said: &[u8] = if is_right {
            b"\r\nWebREPL connected\r\n>>> "
        } else {
            b"\r\nAccess denied\r\n"
        };
        vm.stream_write(self.socket, said)?;
        Ok(is_right)
    }

    /// Takes in binary data that begins with `byte`.
    fn binary(&mut self, vm: &mut Vm<'_>, byte: u8) -> core::result::Result<(), Fault> {
        if self.left > 0 {
            return self.data(vm, byte);
        }
        self.header[self.have] = byte;
        self.have += 1;
        if self.have < HEADER_BYTES {
            let rest = &mut self.header[self.have..];
            match vm.stream_read(self.socket, rest) {
                Ok(got) => self.have += got,
                Err(Fault::Errno(stream::EAGAIN)) => {}
                Err(fault) => return Err(fault),
            }
        }
        if self.have < HEADER_BYTES {
            return Ok(());
        }
        self.have = 0;
        self.begin(vm)
    }

    /// Does what a request asks for.
    fn begin(&mut self, vm: &mut Vm<'_>) -> core::result::Result<(), Fault> {
        let kind = self.header[field::KIND];
        match kind {
            VERSION => return self.send(vm, &[1, 29, 0]),
            PUT | GET => {}
            _ => return Err(Fault::Errno(EINVAL)),
        }
        self.file = self.open_file(vm, kind)?;
        let mut size = [0; 4];
        size.copy_from_slice(&self.header[field::SIZE]);
        self.left = match kind {
            PUT => u32::from_le_bytes(size) as usize,
            _ => 1,
        };
        self.answer(vm)?;
        self.end_if_done(vm)
    }

    fn open_file(&self, vm: &mut Vm<'_>, kind: u8) -> core::result::Result<Value, Fault> {
        let name = &self.header[field::NAME..];
        let len = name.iter().position(|&byte| byte == 0);
        let Some(files) = vm.library().files else {
            return Err(Fault::Errno(EINVAL));
        };
        let top = vm.stack_len();
        let name = vm.new_str(&name[..len.unwrap_or(name.len())])?;
        vm.push(name)?;
        let mode = vm.new_str(if kind == PUT { b"wb" } else { b"rb" })?;
        vm.push(mode)?;
        let file = (files.open)(vm, Args::on_stack(top, 2));
        vm.truncate(top);
        Ok(file?)
    }

    fn data(&mut self, vm: &mut Vm<'_>, byte: u8) -> core::result::Result<(), Fault> {
        let mut block = [byte; BLOCK_BYTES + 2];
        self.left -= 1;
        if self.header[field::KIND] == PUT {
            let mut len = 1;
            if self.left > 0 {
                let most = (block.len() - 1).min(self.left);
                match vm.stream_read(self.socket, &mut block[1..=most]) {
                    Ok(got) => {
                        len += got;
                        self.left -= got;
                    }
                    Err(Fault::Errno(stream::EAGAIN)) => {}
                    Err(fault) => return Err(fault),
                }
            }
            let mut rest = &block[..len];
            while !rest.is_empty() {
                let done = vm.stream_write(self.file, rest)?;
                rest = &rest[done.min(rest.len())..];
            }
        } else {
            let len = vm.stream_read(self.file, &mut block[2..])?;
            block[..2].copy_from_slice(&(len as u16).to_le_bytes());
            self.send(vm, &block[..2 + len])?;
            self.left = usize::from(len > 0);
        }
        self.end_if_done(vm)
    }

    fn end_if_done(&mut self, vm: &mut Vm<'_>) -> core::result::Result<(), Fault> {
        if self.left > 0 {
            return Ok(());
        }
        let file = core::mem::replace(&mut self.file, Value::NONE);
        vm.stream_ioctl(file, request::CLOSE, 0)?;
        self.answer(vm)
    }

    /// Reads until there is text, or nothing more.
    fn take(&mut self, vm: &mut Vm<'_>, buffer: &mut [u8]) -> Transfer {
        loop {
            // One byte at a time: the next one may be of another kind.
            let got = vm.stream_read(self.socket, &mut buffer[..1])?;
            if got == 0 {
                return Ok(0);
            }
            if !self.open {
                if !self.login(vm, buffer[0])? {
                    return Ok(0);
                }
            } else if vm.stream_ioctl(self.socket, GET_DATA_OPTIONS, 0)?
                == isize::from(websocket::TEXT)
            {
                return Ok(1);
            } else {
                self.binary(vm, buffer[0])?;
            }
        }
    }
}

fn read(vm: &mut Vm<'_>, object: Value, buffer: &mut [u8]) -> Transfer {
    if buffer.is_empty() {
        return Ok(0);
    }
    let Some(&body) = vm.body::<WebRepl>(object) else {
        return Err(Fault::Errno(EINVAL));
    };
    let mut connection = body;
    let got = connection.take(vm, buffer);
    if let Some(body) = vm.body_mut::<WebRepl>(object) {
        *body = connection;
    }
    got
}

fn write(vm: &mut Vm<'_>, object: Value, bytes: &[u8]) -> Transfer {
    match vm.body::<WebRepl>(object) {
        None => Err(Fault::Errno(EINVAL)),
        // Who has not said the password hears nothing.
        Some(connection) if !connection.open => Ok(bytes.len()),
        Some(connection) => {
            let socket = connection.socket;
            vm.stream_write(socket, bytes)
        }
    }
}

fn ioctl(
    vm: &mut Vm<'_>,
    object: Value,
    asked: u32,
    _: isize,
) -> core::result::Result<isize, Fault> {
    let Some(connection) = vm.body_mut::<WebRepl>(object) else {
        return Err(Fault::Errno(EINVAL));
    };
    if asked != request::CLOSE {
        return Err(Fault::Errno(EINVAL));
    }
    let socket = connection.socket;
    let file = core::mem::replace(&mut connection.file, Value::NONE);
    if !file.is_none() {
        vm.stream_ioctl(file, request::CLOSE, 0)?;
    }
    vm.stream_ioctl(socket, request::CLOSE, 0)
}
