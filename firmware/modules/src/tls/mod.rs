//! `tls`: TLS over any stream. `ssl`, in Python beside this file, is the form of it that CPython's programs know.

mod connection;

use upy_hal::net::{Tls, TlsConfig, TlsError};
use upy_runtime::stream::{self, EAGAIN, Fault, StreamSlots};
use upy_runtime::{
    Args, Body, Entry, Marker, Qstr, Raised, Result, Slots, TypeId, TypeInfo, Value, Vm, class,
    function, number, text,
};

use crate::names as q;
use crate::types;
use connection::{ioctl, read, shake, write};

const PROTOCOL_TLS_CLIENT: isize = 0;
const PROTOCOL_TLS_SERVER: isize = 1;
const CERT_NONE: isize = 0;
const CERT_OPTIONAL: isize = 1;
const CERT_REQUIRED: isize = 2;
const EIO: i32 = 5;
const EBADF: i32 = 9;
/// The number of the error of a handshake that has failed, as MicroPython has it for a fatal alert.
const FATAL_ALERT: i32 = -0x7780;
const UNTRUSTED: i32 = -0x2700;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::tls),
    class(q::SSLContext, types::SSL_CONTEXT),
    number(q::PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_CLIENT),
    number(q::PROTOCOL_TLS_SERVER, PROTOCOL_TLS_SERVER),
    number(q::CERT_NONE, CERT_NONE),
    number(q::CERT_OPTIONAL, CERT_OPTIONAL),
    number(q::CERT_REQUIRED, CERT_REQUIRED),
];

const CONTEXT_ENTRIES: &[Entry] = &[
    function(q::load_cert_chain, load_cert_chain, 3, 3),
    function(q::load_verify_locations, load_verify_locations, 2, 2),
    function(q::wrap_socket, wrap_socket, 2, upy_runtime::KEYWORDS | 5),
];

pub(crate) static SSL_CONTEXT: TypeInfo = TypeInfo {
    name: q::SSLContext,
    base: TypeId::Object,
    make: Some(make),
    entries: CONTEXT_ENTRIES,
    slots: &Slots {
        load: Some(load),
        store: Some(store),
        ..Slots::NONE
    },
};

const SOCKET_ENTRIES: &[Entry] = &[
    function(q::read, stream::read, 1, 2),
    function(q::readinto, stream::readinto, 2, 3),
    function(q::readline, stream::readline, 1, 2),
    function(q::write, stream::write, 2, 4),
    function(q::recv, stream::read, 2, 2),
    function(q::send, stream::write, 2, 2),
    function(q::setblocking, setblocking, 2, 2),
    function(q::settimeout, settimeout, 2, 2),
    function(q::getpeercert, getpeercert, 1, 2),
    function(q::cipher, cipher, 1, 1),
    function(q::ioctl, stream::ioctl, 3, 3),
    function(q::close, stream::close, 1, 1),
    function(q::__enter__, stream::enter, 1, 1),
    function(q::__exit__, stream::leave, 1, 4),
    function(q::__del__, stream::close, 1, 1),
];

pub(crate) static SSL_SOCKET: TypeInfo = TypeInfo {
    name: q::SSLSocket,
    base: TypeId::Object,
    make: None,
    entries: SOCKET_ENTRIES,
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

/// What connections are made with; `None` in Python where nothing was given.
#[derive(Clone, Copy)]
struct Context {
    server: bool,
    verify_mode: isize,
    certificate: Value,
    key: Value,
    authorities: Value,
}

impl Body for Context {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        for value in [self.certificate, self.key, self.authorities] {
            marker.value(value);
        }
    }
}

/// A connection over a stream.
#[derive(Clone, Copy)]
struct Socket {
    stream: Value,
    /// The number of the hardware's connection; `None` when it is closed.
    handle: Option<u32>,
    /// Encrypted bytes that the stream has not taken yet, a `bytearray` with its first bytes used up.
    unsent: Value,
    sent: usize,
    /// The last operation waited to write, whatever it was.
    wants_write: bool,
    /// What has gone wrong; every later operation fails with it.
    failure: i32,
    /// The stream has ended.
    ended: bool,
}

impl Body for Socket {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.stream);
        marker.value(self.unsent);
    }
}

fn tls<R>(vm: &mut Vm<'_>, work: impl FnOnce(&mut dyn Tls) -> R) -> core::result::Result<R, Fault> {
    match vm.host().board().and_then(|board| board.tls().map(work)) {
        Some(done) => Ok(done),
        None => Err(Fault::Errno(19)),
    }
}

fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count != 1 || args.keywords > 0 {
        return Err(vm.wrong_count(1, 1, args.count));
    }
    let server = match vm.int_arg(args, 0)? {
        PROTOCOL_TLS_CLIENT => false,
        PROTOCOL_TLS_SERVER => true,
        _ => return Err(vm.value_error(b"protocol")),
    };
    let context = Context {
        server,
        verify_mode: if server { CERT_NONE } else { CERT_REQUIRED },
        certificate: Value::NONE,
        key: Value::NONE,
        authorities: Value::NONE,
    };
    vm.new_object(class, context)
}

fn load(vm: &mut Vm<'_>, object: Value, name: Qstr) -> Result<Option<Value>> {
    let Some(context) = vm.body::<Context>(object) else {
        return Ok(None);
    };
    Ok((name == q::verify_mode).then(|| Value::small(context.verify_mode)))
}

fn store(vm: &mut Vm<'_>, object: Value, name: Qstr, value: Option<Value>) -> Result<bool> {
    let (q::verify_mode, Some(value)) = (name, value) else {
        return Ok(false);
    };
    let mode = vm.to_isize(value)?;
    if !(CERT_NONE..=CERT_REQUIRED).contains(&mode) {
        return Err(vm.value_error(b"verify_mode"));
    }
    if let Some(context) = vm.body_mut::<Context>(object) {
        context.verify_mode = mode;
    }
    Ok(true)
}

/// A copy of the bytes of an argument that the program can't change afterwards.
fn kept(vm: &mut Vm<'_>, args: Args, index: usize) -> Result<Value> {
    let native = vm.native_of(args.at(vm, index));
    let len = vm.data(native)?.len();
    vm.copy_range(native, 0, len, false)
}

/// `load_cert_chain(cert, key)`
fn load_cert_chain(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.this::<Context>(args)?;
    let key = kept(vm, args, 2)?;
    vm.push(key)?;
    check(vm, None, Some(key), None)?;
    let certificate = kept(vm, args, 1)?;
    vm.push(certificate)?;
    check(vm, Some(certificate), Some(key), None)?;
    let object = args.at(vm, 0);
    if let Some(context) = vm.body_mut::<Context>(object) {
        context.key = key;
        context.certificate = certificate;
    }
    Ok(Value::NONE)
}

/// `load_verify_locations(cadata)`
fn load_verify_locations(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.this::<Context>(args)?;
    let authorities = kept(vm, args, 1)?;
    vm.push(authorities)?;
    check(vm, None, None, Some(authorities))?;
    let object = args.at(vm, 0);
    if let Some(context) = vm.body_mut::<Context>(object) {
        context.authorities = authorities;
    }
    Ok(Value::NONE)
}

/// Tries what was given by making a connection with it.
fn check(
    vm: &mut Vm<'_>,
    certificate: Option<Value>,
    key: Option<Value>,
    authorities: Option<Value>,
) -> Result<()> {
    let context = Context {
        // Every TLS can be one.
        server: false,
        verify_mode: if authorities.is_some() {
            CERT_REQUIRED
        } else {
            CERT_NONE
        },
        certificate: certificate.unwrap_or(Value::NONE),
        key: key.unwrap_or(Value::NONE),
        authorities: authorities.unwrap_or(Value::NONE),
    };
    let name = vm.new_str(b"name.invalid")?;
    let handle = open(vm, context, name)?;
    match tls(vm, |tls| tls.close(handle)) {
        Ok(()) => Ok(()),
        Err(fault) => Err(vm.raise_fault(fault)),
    }
}

/// Longest certificate chain or bundle of authorities.
const LARGEST: usize = 16 * 1024;

/// Makes a connection of the hardware.
fn open(vm: &mut Vm<'_>, context: Context, server_name: Value) -> Result<u32> {
    match open_one(vm, context, server_name) {
        Err(_) if vm.exception_is(TypeId::OSError) => {
            // Connections that nothing refers to any more may be in the way.
            vm.take_exception();
            vm.collect();
            vm.poll()?;
            open_one(vm, context, server_name)
        }
        opened => opened,
    }
}

fn open_one(vm: &mut Vm<'_>, context: Context, server_name: Value) -> Result<u32> {
    // The hardware is a part of the interpreter's surroundings, what it is to read is in its heap: all of it is
    // copied into one piece that can be handed over.
    let parts = [
        context.certificate,
        context.key,
        context.authorities,
        server_name,
    ];
    let total: usize = parts.iter().map(|&part| vm.bytes_of(part).len()).sum();
    if total > LARGEST {
        return Err(vm.value_error(b"certificates are too large"));
    }
    let room = vm.new_zeros(total)?;
    vm.push(room)?;
    let mut bounds = [(0, 0); 4];
    vm.lend(room, |vm, bytes| {
        let mut at = 0;
        for (part, bound) in parts.iter().zip(&mut bounds) {
            let source = vm.bytes_of(*part);
            bytes[at..at + source.len()].copy_from_slice(source);
            *bound = (at, at + source.len());
            at += source.len();
        }
    });
    let opened = vm.host_and_bytes(room).and_then(|(host, bytes)| {
        let given = |index: usize| {
            let (from, to) = bounds[index];
            (!parts[index].is_none()).then(|| &bytes[from..to])
        };
        let config = TlsConfig {
            server: context.server,
            verify: context.verify_mode != CERT_NONE,
            certificate: given(0),
            key: given(1),
            authorities: given(2),
            server_name: given(3),
        };
        host.board()?.tls().map(|tls| tls.open(&config))
    });
    vm.pop();
    match opened {
        Some(Ok(handle)) => Ok(handle),
        Some(Err(error)) => Err(refused(vm, error)),
        None => Err(vm.os_error(19)),
    }
}

fn refused(vm: &mut Vm<'_>, error: TlsError) -> Raised {
    match error {
        TlsError::BadCertificate => vm.value_error(b"invalid cert"),
        TlsError::BadKey => vm.value_error(b"invalid key"),
        TlsError::BadAuthorities => vm.value_error(b"invalid cert"),
        TlsError::BadName => vm.value_error(b"server_hostname is needed to verify a certificate"),
        TlsError::NoMemory => vm.os_error(12),
        TlsError::NoServer => vm.value_error(b"this board's TLS is a client only"),
        TlsError::Untrusted | TlsError::Alert(_) | TlsError::Protocol => {
            let (number, message) = failure(error);
            vm.os_error_text(number, message)
        }
    }
}

/// The number and the text of an error of a connection.
fn failure(error: TlsError) -> (i32, &'static [u8]) {
    match error {
        TlsError::Untrusted => (
            UNTRUSTED,
            b"TLS: certificate of the other side is not valid",
        ),
        TlsError::Alert(_) => (FATAL_ALERT, b"TLS: the other side has refused"),
        _ => (EIO, b"TLS: the other side does not speak it"),
    }
}

/// `wrap_socket(sock, server_side=False, do_handshake_on_connect=True, server_hostname=None)`
fn wrap_socket(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.check_keywords(
        args,
        &[
            q::server_side,
            q::do_handshake_on_connect,
            q::server_hostname,
        ],
    )?;
    let mut context = vm.this::<Context>(args)?;
    let stream = args.at(vm, 1);
    if !vm.is_stream(stream) {
        return Err(vm.raise_text(TypeId::OSError, b"stream operation not supported"));
    }
    if let Some(server) = args.either(vm, 2, q::server_side) {
        context.server |= vm.truth(server)?;
    }
    let handshake = match args.either(vm, 3, q::do_handshake_on_connect) {
        Some(handshake) => vm.truth(handshake)?,
        None => true,
    };
    let name = args
        .either(vm, 4, q::server_hostname)
        .unwrap_or(Value::NONE);
    let name = vm.native_of(name);
    if context.server && context.certificate.is_none() {
        // It fails when the other side begins; until then the object can be looked at.
        return new_socket(vm, stream, None);
    }
    let handle = open(vm, context, name)?;
    let object = new_socket(vm, stream, Some(handle))?;
    if handshake {
        vm.push(object)?;
        loop {
            match shake(vm, object) {
                Ok(()) => break,
                Err(Fault::Errno(EAGAIN)) => crate::wait::pause(vm, 200)?,
                Err(fault) => {
                    let raised = raise(vm, object, fault);
                    // Nobody gets the object: its connection is free for another.
                    let closed = tls(vm, |tls| tls.close(handle));
                    debug_assert!(closed.is_ok(), "there is TLS");
                    if let Some(socket) = vm.body_mut::<Socket>(object) {
                        socket.handle = None;
                    }
                    return Err(raised);
                }
            }
        }
    }
    Ok(object)
}

fn new_socket(vm: &mut Vm<'_>, stream: Value, handle: Option<u32>) -> Result<Value> {
    let unsent = vm.new_zeros(0)?;
    let socket = Socket {
        stream,
        handle,
        unsent,
        sent: 0,
        wants_write: false,
        failure: 0,
        ended: false,
    };
    let object = vm.new_object(types::SSL_SOCKET, socket)?;
    vm.register_finaliser(object)?;
    Ok(object)
}

/// The exception of a fault, with a text if it comes from TLS itself.
fn raise(vm: &mut Vm<'_>, object: Value, fault: Fault) -> Raised {
    let failed = vm.body::<Socket>(object).map_or(0, |socket| socket.failure);
    match fault {
        Fault::Errno(number) if number == failed && number != 0 => {
            let error = match number {
                UNTRUSTED => TlsError::Untrusted,
                FATAL_ALERT => TlsError::Alert(0),
                _ => TlsError::Protocol,
            };
            vm.os_error_text(number, failure(error).1)
        }
        fault => vm.raise_fault(fault),
    }
}

fn pass_on(vm: &mut Vm<'_>, args: Args, name: Qstr) -> Result<Value> {
    let stream = vm.this::<Socket>(args)?.stream;
    let value = args.at(vm, 1);
    vm.call_method(stream, name, &[value])
}

fn setblocking(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    pass_on(vm, args, q::setblocking)
}

fn settimeout(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    pass_on(vm, args, q::settimeout)
}

/// `getpeercert(binary_form=True)`: DER
fn getpeercert(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let handle = vm.this::<Socket>(args)?.handle;
    let Some(handle) = handle else {
        return Err(vm.os_error(EBADF));
    };
    let room = vm.new_zeros(4096)?;
    vm.push(room)?;
    let len = vm.host_and_bytes(room).and_then(|(host, bytes)| {
        let tls = host.board()?.tls()?;
        tls.peer_certificate(handle, bytes)
    });
    match len {
        Some(len) => vm.copy_range(room, 0, len, false),
        None => Ok(Value::NONE),
    }
}

/// `cipher()`: `(cipher, protocol)`
fn cipher(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let handle = vm.this::<Socket>(args)?.handle;
    let found = match handle {
        Some(handle) => match tls(vm, |tls| tls.cipher(handle)) {
            Ok(found) => found,
            Err(fault) => return Err(vm.raise_fault(fault)),
        },
        None => None,
    };
    let Some((cipher, protocol)) = found else {
        return Ok(Value::NONE);
    };
    let cipher = vm.new_str(cipher.as_bytes())?;
    let protocol = vm.new_str(protocol.as_bytes())?;
    vm.new_tuple(&[cipher, protocol])
}
