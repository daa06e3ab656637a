//! `setsockopt(SOL_SOCKET, 20, callback)`: a function that is called when a socket has something to read.
//!
//! As on MicroPython's chips with lwIP; WebREPL takes its clients that way. Sockets are asked by [`service`], which the
//! interpreter calls between two instructions. A callback that leaves the socket as it is will be called again.

use upy_runtime::stream::{poll, request};
use upy_runtime::{Args, Raised, Result, Value, Vm};

use super::Socket;
use crate::roots;

/// The number of the option.
pub(super) const CALLBACK: isize = 20;

/// Sets the callback of a socket; `None` takes it away.
pub(super) fn set(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (socket, callback) = (args.at(vm, 0), args.at(vm, 3));
    forget(vm, socket);
    if callback.is_none() {
        return Ok(Value::NONE);
    }
    if vm.root(roots::NOTIFIED).is_none() {
        let list = vm.new_list(&[])?;
        vm.set_root(roots::NOTIFIED, list.value());
    }
    let list = vm.root(roots::NOTIFIED);
    vm.append(list, socket)?;
    if vm.append(list, callback).is_err() {
        // Pairs only.
        forget(vm, socket);
        return Err(Raised);
    }
    vm.keep_attending();
    Ok(Value::NONE)
}

/// Takes the callback of a socket away.
pub(super) fn forget(vm: &mut Vm<'_>, socket: Value) {
    let list = vm.root(roots::NOTIFIED);
    let items = vm.items_of(list).unwrap_or(&[]);
    let count = items.len();
    let found = items.iter().step_by(2).position(|&item| item == socket);
    let Some(place) = found.map(|place| place * 2) else {
        return;
    };
    for at in place..count.saturating_sub(2) {
        let item = vm.item_at(list, at + 2).unwrap_or(Value::NONE);
        vm.set_item(list, at, item);
    }
    vm.truncate_list(list, count.saturating_sub(2).max(place));
}

/// Calls what is to be called.
pub(crate) fn service(vm: &mut Vm<'_>) -> Result<()> {
    let list = vm.root(roots::NOTIFIED);
    if vm.root(roots::NOTIFYING) == Value::TRUE {
        return Ok(());
    }
    let mut at = 0;
    while let (Some(socket), Some(callback)) = (vm.item_at(list, at), vm.item_at(list, at + 1)) {
        let is_open = vm
            .body::<Socket>(socket)
            .is_some_and(|socket| socket.handle.is_some());
        if !is_open {
            forget(vm, socket);
            continue;
        }
        let found = vm.stream_ioctl(socket, request::POLL, poll::READ);
        if matches!(found, Ok(events) if events & poll::READ != 0) {
            vm.set_root(roots::NOTIFYING, Value::TRUE);
            vm.push(socket)?;
            vm.call_and_report(callback, &[socket]);
            vm.pop();
            vm.set_root(roots::NOTIFYING, Value::NONE);
        }
        at += 2;
    }
    Ok(())
}
