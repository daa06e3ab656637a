//! `websocket`: messages of a WebSocket as a stream over another stream, for either side of a connection.
//!
//! Reading gives the payload of text and binary frames, whose kind `ioctl(8)` tells; pings and pongs are passed over, a
//! close frame is answered and reads as the end. Writing makes one frame of each piece, unmasked, as servers must.
//!
//! ```text
//! frame  [final 1 bit, kind 4 bits][masked 1 bit, length 7 bits]([length u16 BE] if it was 126)([mask; 4])[payload]
//! ```
//!
//! Source: RFC 6455, section 5; what MicroPython leaves out of it (64-bit lengths) is left out.

use upy_runtime::stream::{self, EAGAIN, Fault, StreamSlots, Transfer, request};
use upy_runtime::{
    Args, Body, Entry, Marker, Result, Slots, TypeId, TypeInfo, Value, Vm, class, function, text,
};

use super::{GET_DATA_OPTIONS, SET_DATA_OPTIONS};
use crate::names as q;
use crate::types;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::websocket),
    class(q::websocket, types::WEBSOCKET),
];

const METHODS: &[Entry] = &[
    function(q::read, stream::read, 1, 2),
    function(q::readinto, stream::readinto, 2, 3),
    function(q::readline, stream::readline, 1, 2),
    function(q::write, write_message, 2, 2),
    function(q::ioctl, stream::ioctl, 2, 3),
    function(q::close, stream::close, 1, 1),
];

pub(crate) static WEBSOCKET: TypeInfo = TypeInfo {
    name: q::websocket,
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

const EIO: i32 = 5;
const EINVAL: i32 = 22;
const ENOBUFS: i32 = 105;
/// How much goes out at once.
const PIECE_BYTES: usize = 256;

/// The bits of the first byte that say what a frame is.
const KIND: u8 = 15;
/// The kinds of frames.
pub(super) const TEXT: u8 = 1;
const CONTINUES: u8 = 0;
const CLOSE: u8 = 8;
const FINAL: u8 = 0x80;

/// What is read next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The first two bytes.
    Header,
    /// A longer length, the mask, or both.
    Options,
    Payload,
}

/// A stream of frames.
#[derive(Clone, Copy)]
struct WebSocket {
    source: Value,
    part: Part,
    head: [u8; 6],
    /// How many bytes of the head are there, and how many belong to this part.
    have: usize,
    want: usize,
    /// Bytes of the payload that are still to come.
    left: usize,
    mask: [u8; 4],
    mask_at: usize,
    /// The kind of this frame, and of the last one with data.
    kind: u8,
    data_kind: u8,
    /// The kind of frames that are written.
    sends: u8,
    /// The stream below is made blocking for each write.
    blocks: bool,
}

impl Body for WebSocket {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.source);
    }
}

/// `websocket(stream, blocking=False)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    vm.check_keywords(args, &[])?;
    if !(1..=2).contains(&args.count) {
        return Err(vm.wrong_count(1, 2, args.count));
    }
    let source = args.at(vm, 0);
    if !vm.is_stream(source) {
        return Err(vm.raise_text(TypeId::OSError, b"stream operation not supported"));
    }
    let blocks = args.get(vm, 1) == Some(Value::TRUE);
    let socket = WebSocket {
        source,
        part: Part::Header,
        head: [0; 6],
        have: 0,
        want: 2,
        left: 0,
        mask: [0; 4],
        mask_at: 0,
        kind: 0,
        data_kind: 0,
        sends: TEXT,
        blocks,
    };
    vm.new_object(class, socket)
}

impl WebSocket {
    /// Goes on after the first two bytes.
    fn header(&mut self, vm: &mut Vm<'_>) -> core::result::Result<(), Fault> {
        let [first, second, ..] = self.head;
        self.kind = first & KIND;
        // Control frames may stand between the parts of a message.
        if self.kind != CONTINUES && self.kind < CLOSE {
            self.data_kind = self.kind;
        }
        self.mask = [0; 4];
        self.mask_at = 0;
        self.left = usize::from(second & 0x7f);
        self.have = 0;
        self.want = match self.left {
            126 => 2,
            127 => {
                // Where the next frame begins nobody knows now.
                vm.stream_ioctl(self.source, request::CLOSE, 0)?;
                return Err(Fault::Errno(EIO));
            }
            _ => 0,
        };
        if second & 0x80 != 0 {
            self.want += 4;
        }
        self.part = if self.want > 0 {
            Part::Options
        } else {
            Part::Payload
        };
        Ok(())
    }

    fn options(&mut self) {
        if self.want % 4 == 2 {
            self.left = usize::from(u16::from_be_bytes([self.head[0], self.head[1]]));
        }
        if self.want >= 4 {
            self.mask
                .copy_from_slice(&self.head[self.want - 4..self.want]);
        }
        (self.have, self.want) = (0, 0);
        self.part = Part::Payload;
    }

    fn next_frame(&mut self) {
        self.part = Part::Header;
        (self.have, self.want) = (0, 2);
    }

    /// Reads payload of a frame with data; `None` when something else was read and one has to look again.
    fn step(
        &mut self,
        vm: &mut Vm<'_>,
        buffer: &mut [u8],
    ) -> core::result::Result<Option<usize>, Fault> {
        if self.have < self.want {
            let missing = &mut self.head[self.have..self.want];
            let got = vm.stream_read(self.source, missing)?;
            if got == 0 {
                return Ok(Some(0));
            }
            self.have += got;
            if self.have < self.want {
                return Err(Fault::Errno(EAGAIN));
            }
        }
        match self.part {
            Part::Header => self.header(vm)?,
            Part::Options => self.options(),
            Part::Payload => return self.payload(vm, buffer),
        }
        Ok(None)
    }

    fn payload(
        &mut self,
        vm: &mut Vm<'_>,
        buffer: &mut [u8],
    ) -> core::result::Result<Option<usize>, Fault> {
        let is_control = self.kind >= CLOSE;
        let mut got = 0;
        if self.left > 0 {
            let most = buffer.len().min(self.left);
            got = vm.stream_read(self.source, &mut buffer[..most])?;
            if got == 0 {
                return Ok(Some(0));
            }
            for byte in &mut buffer[..got] {
                *byte ^= self.mask[self.mask_at % 4];
                self.mask_at += 1;
            }
            self.left -= got;
        }
        if self.left == 0 {
            self.next_frame();
            if self.kind == CLOSE {
                // The other side may have gone already.
                if let Err(Fault::Raised(raised)) = self.send(vm, &[FINAL | CLOSE, 0], &[]) {
                    return Err(raised.into());
                }
                return Ok(Some(0));
            }
        }
        // What a control frame says is of no interest, and an empty message is no end.
        Ok((!is_control && got > 0).then_some(got))
    }

    /// Calls `work` while the stream below waits, if it is to.
    fn blocking<R>(
        &self,
        vm: &mut Vm<'_>,
        work: impl FnOnce(&mut Vm<'_>) -> core::result::Result<R, Fault>,
    ) -> core::result::Result<R, Fault> {
        if self.blocks {
            vm.call_method(self.source, q::setblocking, &[Value::TRUE])?;
        }
        let done = work(vm);
        if self.blocks {
            vm.call_method(self.source, q::setblocking, &[Value::FALSE])?;
        }
        done
    }

    fn send(
        &self,
        vm: &mut Vm<'_>,
        head: &[u8],
        payload: &[u8],
    ) -> core::result::Result<(), Fault> {
        self.blocking(vm, |vm| {
            send_all(vm, self.source, head)?;
            send_all(vm, self.source, payload)
        })
    }

    /// The first bytes of a frame with so much payload, and how many they are.
    fn head(&self, len: usize) -> core::result::Result<([u8; 4], usize), Fault> {
        let Ok(len) = u16::try_from(len) else {
            return Err(Fault::Errno(ENOBUFS));
        };
        let first = FINAL | self.sends;
        let [high, low] = len.to_be_bytes();
        Ok(match len {
            ..126 => ([first, low, 0, 0], 2),
            _ => ([first, 126, high, low], 4),
        })
    }
}

fn send_all(vm: &mut Vm<'_>, stream: Value, mut bytes: &[u8]) -> core::result::Result<(), Fault> {
    while !bytes.is_empty() {
        let len = vm.stream_write(stream, bytes)?;
        if len == 0 {
            return Err(Fault::Errno(EIO));
        }
        bytes = &bytes[len.min(bytes.len())..];
    }
    Ok(())
}

fn read(vm: &mut Vm<'_>, object: Value, buffer: &mut [u8]) -> Transfer {
    if buffer.is_empty() {
        return Ok(0);
    }
    let Some(&body) = vm.body::<WebSocket>(object) else {
        return Err(Fault::Errno(EINVAL));
    };
    let mut socket = body;
    let got = loop {
        match socket.step(vm, buffer) {
            Ok(None) => {}
            Ok(Some(got)) => break Ok(got),
            Err(fault) => break Err(fault),
        }
    };
    if let Some(body) = vm.body_mut::<WebSocket>(object) {
        let sends = body.sends;
        *body = WebSocket { sends, ..socket };
    }
    got
}

fn write(vm: &mut Vm<'_>, object: Value, bytes: &[u8]) -> Transfer {
    let Some(&socket) = vm.body::<WebSocket>(object) else {
        return Err(Fault::Errno(EINVAL));
    };
    let (head, len) = socket.head(bytes.len())?;
    socket.send(vm, &head[..len], bytes)?;
    Ok(bytes.len())
}

/// `write(data)`: one frame, however long; what is in the heap goes out piece by piece.
fn write_message(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let socket = vm.this::<WebSocket>(args)?;
    let data = args.at(vm, 1);
    let Some(len) = vm.text_or_bytes(data).map(<[u8]>::len) else {
        return Err(vm.type_error(b"object with buffer protocol required"));
    };
    let sent = socket.head(len).and_then(|(head, head_len)| {
        socket.blocking(vm, |vm| {
            send_all(vm, socket.source, &head[..head_len])?;
            let mut at = 0;
            while at < len {
                let mut piece = [0; PIECE_BYTES];
                let most = PIECE_BYTES.min(len - at);
                // It may have become shorter meanwhile; the frame has its length all the same.
                if let Some(part) = vm
                    .text_or_bytes(data)
                    .and_then(|bytes| bytes.get(at..at + most))
                {
                    piece[..most].copy_from_slice(part);
                }
                send_all(vm, socket.source, &piece[..most])?;
                at += most;
            }
            Ok(())
        })
    });
    match sent {
        Ok(()) => Ok(Value::small(len as isize)),
        Err(fault) => Err(vm.raise_fault(fault)),
    }
}

fn ioctl(
    vm: &mut Vm<'_>,
    object: Value,
    asked: u32,
    argument: isize,
) -> core::result::Result<isize, Fault> {
    let Some(socket) = vm.body_mut::<WebSocket>(object) else {
        return Err(Fault::Errno(EINVAL));
    };
    match asked {
        request::CLOSE => {
            let source = socket.source;
            vm.stream_ioctl(source, request::CLOSE, 0)
        }
        GET_DATA_OPTIONS => Ok(isize::from(socket.data_kind)),
        SET_DATA_OPTIONS => {
            let before = core::mem::replace(&mut socket.sends, argument as u8 & KIND);
            Ok(isize::from(before))
        }
        _ => Err(Fault::Errno(EINVAL)),
    }
}
