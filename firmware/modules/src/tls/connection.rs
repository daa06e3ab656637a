//! A connection over a stream: what is encrypted goes one way, what has come the other, and nothing waits here.

use upy_runtime::stream::{EAGAIN, Fault, Transfer, poll, request};
use upy_runtime::{Value, Vm};

use super::{EBADF, EIO, Socket, failure, tls};

type Outcome<T> = core::result::Result<T, Fault>;

fn socket_of(vm: &Vm<'_>, object: Value) -> Outcome<(Socket, u32)> {
    let Some(&socket) = vm.body::<Socket>(object) else {
        return Err(Fault::Errno(EBADF));
    };
    if socket.failure != 0 {
        return Err(Fault::Errno(socket.failure));
    }
    Ok((socket, socket.handle.ok_or(Fault::Errno(EBADF))?))
}

fn change(vm: &mut Vm<'_>, object: Value, work: impl FnOnce(&mut Socket)) {
    if let Some(socket) = vm.body_mut::<Socket>(object) {
        work(socket);
    }
}

/// Sends what waits to be sent; EAGAIN if the stream does not take it all.
fn flush(vm: &mut Vm<'_>, object: Value) -> Outcome<()> {
    let (mut socket, handle) = socket_of(vm, object)?;
    let mut chunk = [0; 512];
    loop {
        if socket.sent >= vm.bytes_of(socket.unsent).len() {
            let drained = tls(vm, |tls| tls.drain(handle, &mut chunk))?;
            if drained == 0 {
                change(vm, object, |socket| socket.wants_write = false);
                return Ok(());
            }
            let unsent = vm.new_bytearray(&chunk[..drained])?;
            change(vm, object, |socket| {
                socket.unsent = unsent;
                socket.sent = 0;
            });
            (socket.unsent, socket.sent) = (unsent, 0);
        }
        let rest = &vm.bytes_of(socket.unsent)[socket.sent..];
        let len = rest.len().min(chunk.len());
        chunk[..len].copy_from_slice(&rest[..len]);
        match vm.stream_write(socket.stream, &chunk[..len]) {
            Ok(0) => return Err(Fault::Errno(EIO)),
            Ok(sent) => {
                socket.sent += sent;
                change(vm, object, |body| body.sent = socket.sent);
            }
            Err(fault) => {
                change(vm, object, |socket| socket.wants_write = true);
                return Err(fault);
            }
        }
    }
}

/// Takes what has come; EAGAIN if nothing has.
fn receive(vm: &mut Vm<'_>, object: Value) -> Outcome<()> {
    let (socket, handle) = socket_of(vm, object)?;
    if socket.ended {
        return Ok(());
    }
    let mut chunk = [0; 512];
    let got = vm.stream_read(socket.stream, &mut chunk)?;
    if got == 0 {
        change(vm, object, |socket| socket.ended = true);
    }
    let mut at = 0;
    loop {
        match tls(vm, |tls| tls.feed(handle, &chunk[at..got]))? {
            Ok(taken) => at += taken,
            Err(error) => {
                let (number, _) = failure(error);
                // The other side is told why.
                let told = flush(vm, object);
                change(vm, object, |socket| socket.failure = number);
                if let Err(Fault::Raised(raised)) = told {
                    return Err(Fault::Raised(raised));
                }
                return Err(Fault::Errno(number));
            }
        }
        if at >= got {
            return Ok(());
        }
    }
}

/// Goes on agreeing on keys until it is done; EAGAIN if that has to wait.
pub(super) fn shake(vm: &mut Vm<'_>, object: Value) -> Outcome<()> {
    loop {
        flush(vm, object)?;
        let (socket, handle) = socket_of(vm, object)?;
        if !tls(vm, |tls| tls.is_handshaking(handle))? {
            return Ok(());
        }
        if socket.ended {
            change(vm, object, |socket| socket.failure = EIO);
            return Err(Fault::Errno(EIO));
        }
        receive(vm, object)?;
    }
}

pub(super) fn read(vm: &mut Vm<'_>, object: Value, buffer: &mut [u8]) -> Transfer {
    shake(vm, object)?;
    loop {
        let (socket, handle) = socket_of(vm, object)?;
        match tls(vm, |tls| tls.read(handle, buffer))? {
            Some(len) => return Ok(len),
            None if socket.ended => return Ok(0),
            None => receive(vm, object)?,
        }
        flush(vm, object)?;
    }
}

pub(super) fn write(vm: &mut Vm<'_>, object: Value, bytes: &[u8]) -> Transfer {
    shake(vm, object)?;
    let (_, handle) = socket_of(vm, object)?;
    loop {
        let taken = tls(vm, |tls| tls.write(handle, bytes))?;
        let taken = taken.map_err(|error| Fault::Errno(failure(error).0))?;
        match flush(vm, object) {
            // There was no room, and now there is.
            Ok(()) if taken == 0 && !bytes.is_empty() => {}
            // It is encrypted and will be sent with what follows.
            Err(Fault::Errno(EAGAIN)) if taken > 0 => return Ok(taken),
            Ok(()) => return Ok(taken),
            Err(fault) => return Err(fault),
        }
    }
}

pub(super) fn ioctl(vm: &mut Vm<'_>, object: Value, asked: u32, argument: isize) -> Outcome<isize> {
    let Some(&socket) = vm.body::<Socket>(object) else {
        return Err(Fault::Errno(EBADF));
    };
    match asked {
        request::CLOSE => close(vm, object, socket),
        request::POLL => poll_socket(vm, socket, argument),
        request::FLUSH => flush(vm, object).map(|()| 0),
        _ => vm.stream_ioctl(socket.stream, asked, argument),
    }
}

fn close(vm: &mut Vm<'_>, object: Value, socket: Socket) -> Outcome<isize> {
    if socket.stream.is_none() {
        return Ok(0);
    }
    if let Some(handle) = socket.handle {
        tls(vm, |tls| tls.end(handle))?;
        // The farewell is sent if the stream takes it now; nobody waits for it.
        if let Err(Fault::Raised(raised)) = flush(vm, object) {
            return Err(Fault::Raised(raised));
        }
        tls(vm, |tls| tls.close(handle))?;
    }
    change(vm, object, |socket| {
        socket.handle = None;
        socket.stream = Value::NONE;
    });
    vm.stream_ioctl(socket.stream, request::CLOSE, 0)
}

/// What can be done. While keys are agreed on, that depends on what TLS itself waits for.
fn poll_socket(vm: &mut Vm<'_>, socket: Socket, argument: isize) -> Outcome<isize> {
    let Some(handle) = socket.handle else {
        return Ok(poll::INVALID);
    };
    if socket.failure != 0 {
        return Ok(poll::ERROR | poll::INVALID);
    }
    let readable = tls(vm, |tls| tls.is_readable(handle))?;
    if argument & poll::READ != 0 && readable {
        return Ok(poll::READ);
    }
    let mut asked = argument;
    if socket.wants_write {
        asked = poll::WRITE;
    } else if tls(vm, |tls| tls.is_handshaking(handle))? {
        asked = poll::READ;
    }
    let found = vm.stream_ioctl(socket.stream, request::POLL, asked)?;
    let ready = found & (poll::READ | poll::WRITE) != 0;
    let rest = found & !(poll::READ | poll::WRITE);
    Ok(if asked == argument {
        found
    } else if ready {
        // Whatever was asked for can go on a step.
        argument | rest
    } else {
        rest
    })
}
