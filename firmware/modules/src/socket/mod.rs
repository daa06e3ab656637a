//! `socket`: TCP and UDP over IPv4.
//!
//! The hardware never waits; a socket with a time-out polls, so that Ctrl-C and interrupts get through.

mod address;
#[cfg(feature = "webrepl")]
pub(crate) mod notify;

use upy_hal::machine::Errno;
use upy_hal::net::{Address, Network, SocketKind, SocketOption};
use upy_runtime::stream::{self, EAGAIN, Fault, StreamSlots, Transfer, poll, request};
use upy_runtime::{
    Args, Body, Entry, Result, Sink, Slots, TypeId, TypeInfo, Value, Vm, class, function, number,
    text,
};

use crate::names as q;
use crate::types;
use address::{address_of, address_tuple, getaddrinfo, inet_aton, inet_ntop, inet_pton};

const AF_INET: isize = 2;
const AF_INET6: isize = 10;
const SOCK_STREAM: isize = 1;
const SOCK_DGRAM: isize = 2;
const SOCK_RAW: isize = 3;
const SOL_SOCKET: isize = 1;
const SO_REUSEADDR: isize = 2;
const SO_BROADCAST: isize = 6;
const SO_KEEPALIVE: isize = 9;
const IPPROTO_TCP: isize = 6;
const IPPROTO_UDP: isize = 17;
const TCP_NODELAY: isize = 1;
const EBADF: i32 = 9;
const EALREADY: i32 = 114;
const EINPROGRESS: i32 = 115;
const ETIMEDOUT: i32 = 110;
/// The error of a name that can't be looked up, as MicroPython's boards raise it.
const EAI_FAIL: i32 = -2;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::socket),
    class(q::socket, types::SOCKET),
    function(q::getaddrinfo, getaddrinfo, 2, 6),
    function(q::inet_aton, inet_aton, 1, 1),
    function(q::inet_ntop, inet_ntop, 2, 2),
    function(q::inet_pton, inet_pton, 2, 2),
    number(q::AF_INET, AF_INET),
    number(q::AF_INET6, AF_INET6),
    number(q::SOCK_STREAM, SOCK_STREAM),
    number(q::SOCK_DGRAM, SOCK_DGRAM),
    number(q::SOCK_RAW, SOCK_RAW),
    number(q::SOL_SOCKET, SOL_SOCKET),
    number(q::SO_REUSEADDR, SO_REUSEADDR),
    number(q::SO_BROADCAST, SO_BROADCAST),
    number(q::SO_KEEPALIVE, SO_KEEPALIVE),
    number(q::IPPROTO_TCP, IPPROTO_TCP),
    number(q::IPPROTO_UDP, IPPROTO_UDP),
    number(q::IPPROTO_IP, 0),
    number(q::TCP_NODELAY, TCP_NODELAY),
];

const METHODS: &[Entry] = &[
    function(q::bind, bind, 2, 2),
    function(q::listen, listen, 1, 2),
    function(q::accept, accept, 1, 1),
    function(q::connect, connect, 2, 2),
    function(q::send, send, 2, 2),
    function(q::sendall, sendall, 2, 2),
    function(q::recv, recv, 2, 2),
    function(q::recv_into, recv_into, 2, 3),
    function(q::sendto, sendto, 3, 3),
    function(q::recvfrom, recvfrom, 2, 2),
    function(q::setsockopt, setsockopt, 4, 4),
    function(q::settimeout, settimeout, 2, 2),
    function(q::setblocking, setblocking, 2, 2),
    function(q::makefile, makefile, 1, 3),
    function(q::fileno, fileno, 1, 1),
    function(q::read, stream::read, 1, 2),
    function(q::readinto, stream::readinto, 2, 3),
    function(q::readline, stream::readline, 1, 2),
    function(q::write, stream::write, 2, 4),
    function(q::close, stream::close, 1, 1),
    function(q::__enter__, stream::enter, 1, 1),
    function(q::__exit__, stream::leave, 1, 4),
    function(q::__del__, stream::close, 1, 1),
    function(q::__repr__, repr, 1, 1),
];

pub(crate) static SOCKET: TypeInfo = TypeInfo {
    name: q::socket,
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

/// A socket.
#[derive(Clone, Copy)]
struct Socket {
    /// The number of the hardware's socket; `None` when it is closed.
    handle: Option<u32>,
    /// How long an operation waits in milliseconds; `None` for ever.
    timeout_ms: Option<u64>,
}

impl Body for Socket {}

type Outcome<T> = core::result::Result<T, Errno>;

/// Works with the network; ENODEV if there is none.
fn network<R>(vm: &mut Vm<'_>, work: impl FnOnce(&mut dyn Network) -> Outcome<R>) -> Outcome<R> {
    match vm.host().board() {
        Some(board) => work(board.network().ok_or(Errno::ENODEV)?),
        None => Err(Errno::ENODEV),
    }
}

/// Tries until it works or the time is over.
fn waited<R>(
    vm: &mut Vm<'_>,
    timeout_ms: Option<u64>,
    mut attempt: impl FnMut(&mut dyn Network) -> Outcome<R>,
) -> core::result::Result<R, Fault> {
    let start = vm.host().ticks_us();
    let mut pause_us = 20;
    loop {
        match network(vm, &mut attempt) {
            Ok(done) => return Ok(done),
            Err(Errno(EAGAIN | EINPROGRESS | EALREADY)) if timeout_ms != Some(0) => {}
            Err(Errno(errno)) => return Err(Fault::Errno(errno)),
        }
        let gone_us = vm.host().ticks_us().wrapping_sub(start);
        if timeout_ms.is_some_and(|limit| gone_us >= limit.saturating_mul(1000)) {
            return Err(Fault::Errno(ETIMEDOUT));
        }
        crate::wait::pause(vm, pause_us)?;
        pause_us = (pause_us * 2).min(1000);
    }
}

/// `socket(af=AF_INET, type=SOCK_STREAM, proto=0)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count > 3 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 3, args.count));
    }
    let family = if args.count > 0 {
        vm.int_arg(args, 0)?
    } else {
        AF_INET
    };
    let kind = if args.count > 1 {
        vm.int_arg(args, 1)?
    } else {
        SOCK_STREAM
    };
    if args.count > 2 {
        vm.int_arg(args, 2)?;
    }
    if family != AF_INET {
        return Err(vm.os_error(97));
    }
    let kind = match kind {
        SOCK_STREAM => SocketKind::Stream,
        SOCK_DGRAM => SocketKind::Datagram,
        _ => return Err(vm.os_error(22)),
    };
    let mut opened = network(vm, |network| network.open(kind));
    if opened.is_err() {
        // Sockets that nothing refers to any more may be in the way.
        vm.collect();
        vm.poll()?;
        opened = network(vm, |network| network.open(kind));
    }
    match opened {
        Ok(handle) => new_socket(vm, class, handle),
        Err(errno) => Err(vm.os_error(errno.0)),
    }
}

fn new_socket(vm: &mut Vm<'_>, class: TypeId, handle: u32) -> Result<Value> {
    let socket = Socket {
        handle: Some(handle),
        timeout_ms: None,
    };
    let object = vm.new_object(class, socket)?;
    // Closed when nothing refers to it any more.
    vm.register_finaliser(object)?;
    Ok(object)
}

/// The open socket that is the first argument.
fn open_socket(vm: &mut Vm<'_>, args: Args) -> Result<(u32, Socket)> {
    let socket = vm.this::<Socket>(args)?;
    match socket.handle {
        Some(handle) => Ok((handle, socket)),
        None => Err(vm.os_error(EBADF)),
    }
}

fn simply(
    vm: &mut Vm<'_>,
    args: Args,
    work: impl FnOnce(&mut dyn Network, u32) -> Outcome<()>,
) -> Result<Value> {
    let (handle, _) = open_socket(vm, args)?;
    match network(vm, |network| work(network, handle)) {
        Ok(()) => Ok(Value::NONE),
        Err(errno) => Err(vm.os_error(errno.0)),
    }
}

// ---- methods -----------------------------------------------------------------------------------------------

fn bind(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let address = args.at(vm, 1);
    let address = address_of(vm, address)?;
    simply(vm, args, |network, handle| network.bind(handle, address))
}

/// `listen(backlog=2)`
fn listen(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let backlog = if args.count > 1 {
        vm.int_arg(args, 1)?
    } else {
        2
    };
    let backlog = u32::try_from(backlog).unwrap_or(1).max(1);
    simply(vm, args, |network, handle| network.listen(handle, backlog))
}

fn raised<T>(vm: &mut Vm<'_>, outcome: core::result::Result<T, Fault>) -> Result<T> {
    outcome.map_err(|fault| vm.raise_fault(fault))
}

fn accept(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (handle, socket) = open_socket(vm, args)?;
    let accepted = waited(vm, socket.timeout_ms, |network| network.accept(handle));
    let (connection, address) = raised(vm, accepted)?;
    let connection = new_socket(vm, types::SOCKET, connection)?;
    vm.push(connection)?;
    let address = address_tuple(vm, address)?;
    vm.new_tuple(&[connection, address])
}

fn connect(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (handle, socket) = open_socket(vm, args)?;
    let address = args.at(vm, 1);
    let address = address_of(vm, address)?;
    let connected = waited(vm, socket.timeout_ms, |network| {
        network.connect(handle, address)
    });
    raised(vm, connected)?;
    Ok(Value::NONE)
}

/// `send(bytes)`: how many were sent
fn send(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, data) = (args.at(vm, 0), args.at(vm, 1));
    open_socket(vm, args)?;
    let mut chunk = [0; 1460];
    let bytes = vm.data(data)?;
    let len = bytes.len().min(chunk.len());
    chunk[..len].copy_from_slice(&bytes[..len]);
    let sent = write(vm, object, &chunk[..len]);
    let sent = raised(vm, sent)?;
    Ok(Value::small(sent as isize))
}

fn sendall(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, data) = (args.at(vm, 0), args.at(vm, 1));
    open_socket(vm, args)?;
    let len = vm.data(data)?.len();
    let data = vm.native_of(data);
    let mut chunk = [0; 512];
    let mut at = 0;
    while at < len {
        let size = (len - at).min(chunk.len());
        chunk[..size].copy_from_slice(&vm.bytes_of(data)[at..at + size]);
        let sent = write(vm, object, &chunk[..size]);
        at += raised(vm, sent)?;
    }
    Ok(Value::NONE)
}

/// Receives into a new `bytes`; who sent it.
fn receive(vm: &mut Vm<'_>, args: Args) -> Result<(Value, Address)> {
    let (handle, socket) = open_socket(vm, args)?;
    let size = usize::try_from(vm.int_arg(args, 1)?).unwrap_or(0);
    let room = vm.new_zeros(size)?;
    vm.push(room)?;
    let (len, from) = receive_into(vm, handle, socket, room, size)?;
    Ok((vm.copy_range(room, 0, len, false)?, from))
}

/// Receives into the first bytes of a `bytearray`.
fn receive_into(
    vm: &mut Vm<'_>,
    handle: u32,
    socket: Socket,
    room: Value,
    size: usize,
) -> Result<(usize, Address)> {
    let nobody = Address {
        host: [0; 4],
        port: 0,
    };
    if size == 0 {
        return Ok((0, nobody));
    }
    // First it is seen that something is there, then it is taken straight into the heap.
    let start = vm.host().ticks_us();
    loop {
        let outcome = match vm.host_and_bytes(room) {
            Some((host, bytes)) => match host.board().and_then(|board| board.network()) {
                Some(network) => network.receive(handle, &mut bytes[..size]),
                None => Err(Errno::ENODEV),
            },
            None => Err(Errno::EIO),
        };
        match outcome {
            Ok(received) => return Ok(received),
            Err(Errno(EAGAIN)) if socket.timeout_ms != Some(0) => {}
            Err(Errno(errno)) => return Err(vm.os_error(errno)),
        }
        let gone_us = vm.host().ticks_us().wrapping_sub(start);
        let over = |limit: u64| gone_us >= limit.saturating_mul(1000);
        if socket.timeout_ms.is_some_and(over) {
            return Err(vm.os_error(ETIMEDOUT));
        }
        crate::wait::pause(vm, 200)?;
    }
}

fn recv(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    receive(vm, args).map(|(bytes, _)| bytes)
}

/// `recv_into(buffer, nbytes=0)`
fn recv_into(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (handle, socket) = open_socket(vm, args)?;
    let target = vm.native_of(args.at(vm, 1));
    let len = vm.data_mut(target)?.len();
    let wanted = match args.get(vm, 2) {
        Some(wanted) => usize::try_from(vm.to_isize(wanted)?).unwrap_or(0),
        None => 0,
    };
    let size = if wanted == 0 { len } else { wanted.min(len) };
    let room = vm.new_zeros(size)?;
    vm.push(room)?;
    let (got, _) = receive_into(vm, handle, socket, room, size)?;
    vm.lend_to(room, target, |from, to| {
        to[..got].copy_from_slice(&from[..got]);
    });
    Ok(Value::small(got as isize))
}

fn recvfrom(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (bytes, from) = receive(vm, args)?;
    vm.push(bytes)?;
    let from = address_tuple(vm, from)?;
    vm.new_tuple(&[bytes, from])
}

/// `sendto(bytes, address)`
fn sendto(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (handle, socket) = open_socket(vm, args)?;
    let address = args.at(vm, 2);
    let to = address_of(vm, address)?;
    let data = args.at(vm, 1);
    let mut packet = [0; 1472];
    let bytes = vm.data(data)?;
    let len = bytes.len();
    let Some(room) = packet.get_mut(..len) else {
        return Err(vm.os_error(90));
    };
    room.copy_from_slice(bytes);
    let sent = waited(vm, socket.timeout_ms, |network| {
        network.send(handle, &packet[..len], Some(to))
    });
    let sent = raised(vm, sent)?;
    Ok(Value::small(sent as isize))
}

/// `setsockopt(level, option, value)`
fn setsockopt(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (level, option) = (vm.int_arg(args, 1)?, vm.int_arg(args, 2)?);
    #[cfg(feature = "webrepl")]
    if (level, option) == (SOL_SOCKET, notify::CALLBACK) {
        open_socket(vm, args)?;
        return notify::set(vm, args);
    }
    let value = args.at(vm, 3);
    let set = vm.truth(value)?;
    let option = match (level, option) {
        (SOL_SOCKET, SO_REUSEADDR) => SocketOption::ReuseAddress(set),
        (SOL_SOCKET, SO_BROADCAST) => SocketOption::Broadcast(set),
        (SOL_SOCKET, SO_KEEPALIVE) => SocketOption::KeepAlive(set),
        (IPPROTO_TCP, TCP_NODELAY) => SocketOption::NoDelay(set),
        _ => return Err(vm.os_error(92)),
    };
    simply(vm, args, |network, handle| {
        network.set_option(handle, option)
    })
}

fn set_timeout(vm: &mut Vm<'_>, args: Args, timeout_ms: Option<u64>) -> Value {
    let object = args.at(vm, 0);
    if let Some(socket) = vm.body_mut::<Socket>(object) {
        socket.timeout_ms = timeout_ms;
    }
    Value::NONE
}

/// `settimeout(seconds)`; `None` waits for ever
fn settimeout(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    open_socket(vm, args)?;
    let timeout = match args.some(vm, 1) {
        Some(seconds) => {
            let seconds = vm.to_float(seconds)?;
            if seconds < 0.0 {
                return Err(vm.value_error(b"timeout can't be negative"));
            }
            Some((seconds * 1000.0) as u64)
        }
        None => None,
    };
    Ok(set_timeout(vm, args, timeout))
}

fn setblocking(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    open_socket(vm, args)?;
    let blocks = args.at(vm, 1);
    let timeout = if vm.truth(blocks)? { None } else { Some(0) };
    Ok(set_timeout(vm, args, timeout))
}

/// A socket is a stream already.
fn makefile(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    Ok(args.at(vm, 0))
}

fn fileno(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let socket = vm.this::<Socket>(args)?;
    Ok(Value::small(
        socket.handle.map_or(-1, |handle| handle as isize),
    ))
}

fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let socket = vm.this::<Socket>(args)?;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    vm.put(sink, b"<socket ")?;
    vm.put_number(sink, socket.handle.map_or(-1, |handle| handle as isize))?;
    vm.put(sink, b">")?;
    vm.take_text(buffer)
}

// ---- as a stream -------------------------------------------------------------------------------------------

fn read(vm: &mut Vm<'_>, object: Value, buffer: &mut [u8]) -> Transfer {
    let Some(&socket) = vm.body::<Socket>(object) else {
        return Err(Fault::Errno(EBADF));
    };
    let handle = socket.handle.ok_or(Fault::Errno(EBADF))?;
    let received = waited(vm, socket.timeout_ms, |network| {
        network.receive(handle, buffer)
    });
    received.map(|(len, _)| len)
}

fn write(vm: &mut Vm<'_>, object: Value, bytes: &[u8]) -> Transfer {
    let Some(&socket) = vm.body::<Socket>(object) else {
        return Err(Fault::Errno(EBADF));
    };
    let handle = socket.handle.ok_or(Fault::Errno(EBADF))?;
    waited(vm, socket.timeout_ms, |network| {
        network.send(handle, bytes, None)
    })
}

fn ioctl(
    vm: &mut Vm<'_>,
    object: Value,
    asked: u32,
    argument: isize,
) -> core::result::Result<isize, Fault> {
    let Some(&socket) = vm.body::<Socket>(object) else {
        return Err(Fault::Errno(EBADF));
    };
    let handle = match (asked, socket.handle) {
        (request::CLOSE, None) => return Ok(0),
        (request::POLL, None) => return Ok(poll::INVALID),
        (_, None) => return Err(Fault::Errno(EBADF)),
        (_, Some(handle)) => handle,
    };
    match asked {
        request::CLOSE => {
            if let Some(socket) = vm.body_mut::<Socket>(object) {
                socket.handle = None;
            }
            if let Some(network) = vm.host().board().and_then(|board| board.network()) {
                network.close(handle);
            }
            Ok(0)
        }
        request::POLL => {
            let ready = network(vm, |network| network.poll(handle));
            let ready = ready.map_err(|errno| Fault::Errno(errno.0))?;
            let asked_for = argument & (poll::READ | poll::WRITE);
            let mut found = 0;
            for (is, event) in [(ready.read, poll::READ), (ready.write, poll::WRITE)] {
                if is {
                    found |= event & asked_for;
                }
            }
            // These are told whether they were asked for or not.
            for (is, event) in [(ready.error, poll::ERROR), (ready.hang_up, poll::HANG_UP)] {
                if is {
                    found |= event;
                }
            }
            Ok(found)
        }
        request::TIMEOUT => {
            if let Some(socket) = vm.body_mut::<Socket>(object) {
                socket.timeout_ms = u64::try_from(argument).ok();
            }
            Ok(0)
        }
        request::FILENO => Ok(handle as isize),
        request::FLUSH => Ok(0),
        _ => Err(Fault::Errno(22)),
    }
}
