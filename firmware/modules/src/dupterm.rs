//! `os.dupterm`: a stream as a second end of the console.
//!
//! What goes out over the console is copied to the stream, and what the stream gives is input. The copying is done by
//! [`service`], which the interpreter calls between two instructions and while it waits; so a program that is busy in one
//! call holds it up. When the stream ends or fails it is dropped, and the console says so.

use upy_runtime::stream::{EAGAIN, Fault, request};
use upy_runtime::{Args, Result, Sink, TypeId, Value, Vm};

use crate::roots;

const ENODEV: i32 = 19;
const EBUSY: i32 = 16;
/// How much goes in or out at once.
const PIECE_BYTES: usize = 512;
/// How often the stream is looked at, in microseconds.
const INTERVAL_US: u64 = 1000;

/// `dupterm(stream, index=0)`: takes another stream, or none, and returns the one before.
pub(crate) fn dupterm(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let stream = args.at(vm, 0);
    if args.count > 1 && vm.int_arg(args, 1)? != 0 {
        return Err(vm.value_error(b"invalid dupterm index"));
    }
    if !stream.is_none() && !vm.is_stream(stream) {
        return Err(vm.raise_text(TypeId::OSError, b"stream operation not supported"));
    }
    if vm.root(roots::DUPTERM_BUSY) == Value::TRUE && !stream.is_none() {
        return Err(vm.os_error(EBUSY));
    }
    let before = vm.root(roots::DUPTERM);
    set(vm, stream)?;
    Ok(before)
}

fn set(vm: &mut Vm<'_>, stream: Value) -> Result<()> {
    let mirror = vm.host().board().and_then(|board| board.mirror());
    let Some(mirror) = mirror else {
        return match stream.is_none() {
            true => Ok(()),
            false => Err(vm.os_error(ENODEV)),
        };
    };
    mirror.open(!stream.is_none());
    vm.set_root(roots::DUPTERM, stream);
    if !stream.is_none() {
        vm.keep_attending();
    }
    Ok(())
}

/// Copies what is there to be copied, now and then.
pub(crate) fn service(vm: &mut Vm<'_>) -> Result<()> {
    if vm.root(roots::DUPTERM).is_none() || vm.root(roots::DUPTERM_BUSY) == Value::TRUE {
        return Ok(());
    }
    vm.set_root(roots::DUPTERM_BUSY, Value::TRUE);
    let copied = copy(vm);
    vm.set_root(roots::DUPTERM_BUSY, Value::NONE);
    copied
}

fn copy(vm: &mut Vm<'_>) -> Result<()> {
    let stream = vm.root(roots::DUPTERM);
    vm.push(stream)?;
    let copied = match copy_out(vm, stream) {
        Ok(()) => copy_in(vm, stream),
        Err(fault) => fail(vm, stream, b"write", fault),
    };
    vm.pop();
    copied
}

/// What was written to the console goes to the stream.
fn copy_out(vm: &mut Vm<'_>, stream: Value) -> core::result::Result<(), Fault> {
    loop {
        let mut piece = [0; PIECE_BYTES];
        let mirror = vm.host().board().and_then(|board| board.mirror());
        let len = mirror.map_or(0, |mirror| mirror.output(&mut piece));
        if len == 0 {
            return Ok(());
        }
        let mut rest = &piece[..len];
        while !rest.is_empty() {
            match vm.stream_write(stream, rest) {
                Ok(done) => rest = &rest[done.min(rest.len())..],
                // It would have to wait: as on a board, what does not fit is lost.
                Err(Fault::Errno(EAGAIN)) => break,
                Err(fault) => return Err(fault),
            }
        }
    }
}

/// What the stream gives is typed.
fn copy_in(vm: &mut Vm<'_>, stream: Value) -> Result<()> {
    let mut piece = [0; PIECE_BYTES];
    let mirror = vm.host().board().and_then(|board| board.mirror());
    let room = mirror.map_or(0, |mirror| mirror.room());
    for _ in 0..room.min(PIECE_BYTES * 16) {
        // A stream gives what it has; one byte at a time is what those for consoles are made for.
        match vm.stream_read(stream, &mut piece[..1]) {
            Ok(0) => {
                drop_stream(vm, stream)?;
                vm.put(Sink::Out, b"dupterm: EOF received, deactivating\n")?;
                return close(vm, stream);
            }
            Ok(len) => {
                let mirror = vm.host().board().and_then(|board| board.mirror());
                if let Some(mirror) = mirror {
                    mirror.input(&piece[..len]);
                }
            }
            Err(Fault::Errno(EAGAIN)) => break,
            Err(fault) => return fail(vm, stream, b"read", fault),
        }
    }
    Ok(())
}

/// The stream has failed: it is dropped and the console says why.
fn fail(vm: &mut Vm<'_>, stream: Value, what: &[u8], fault: Fault) -> Result<()> {
    let raised = vm.raise_fault(fault);
    if vm.exception_is(TypeId::KeyboardInterrupt) {
        // That is for the program.
        return Err(raised);
    }
    let exception = vm.take_exception();
    vm.push(exception)?;
    drop_stream(vm, stream)?;
    vm.put(Sink::Out, b"dupterm: Exception in ")?;
    vm.put(Sink::Out, what)?;
    vm.put(Sink::Out, b"() method, deactivating: ")?;
    vm.print_exception(exception);
    vm.pop();
    close(vm, stream)
}

/// Takes the stream away, unless another one is there by now.
fn drop_stream(vm: &mut Vm<'_>, stream: Value) -> Result<()> {
    if vm.root(roots::DUPTERM) == stream {
        set(vm, Value::NONE)?;
    }
    Ok(())
}

fn close(vm: &mut Vm<'_>, stream: Value) -> Result<()> {
    match vm.stream_ioctl(stream, request::CLOSE, 0) {
        Err(Fault::Raised(_)) if !vm.exception_is(TypeId::KeyboardInterrupt) => {
            // It is gone either way.
            vm.take_exception();
            Ok(())
        }
        Err(Fault::Raised(raised)) => Err(raised),
        Err(Fault::Errno(_)) | Ok(_) => Ok(()),
    }
}

/// Whether it is time to look again, by a place where the last time is kept.
pub(crate) fn is_time(vm: &mut Vm<'_>) -> bool {
    let now = vm.host().ticks_us();
    let stamp = Value::small((now / INTERVAL_US) as isize & 0x3fff_ffff);
    if vm.root(roots::ATTENDED) == stamp {
        return false;
    }
    vm.set_root(roots::ATTENDED, stamp);
    true
}
