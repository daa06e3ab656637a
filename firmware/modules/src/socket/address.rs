//! Names, addresses in dots, and `(host, port)`.

use upy_hal::net::Address;
use upy_runtime::stream::Fault;
use upy_runtime::{Args, Result, TypeId, Value, Vm};

use super::{AF_INET, EAI_FAIL, SOCK_STREAM, waited};

/// The four numbers of an address in dots.
fn dotted(text: &[u8]) -> Option<[u8; 4]> {
    let mut parts = text.split(|&byte| byte == b'.');
    let mut host = [0; 4];
    for slot in &mut host {
        let part = core::str::from_utf8(parts.next()?).ok()?;
        if part.is_empty() || part.len() > 3 {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(host)
}

/// The address a name stands for; looked up if need be.
fn host_of(vm: &mut Vm<'_>, name: Value) -> Result<[u8; 4]> {
    let mut copy = [0; 255];
    let text = vm.text(name)?;
    let len = text.len();
    if len > copy.len() {
        return Err(vm.os_error(36));
    }
    copy[..len].copy_from_slice(text);
    let name = &copy[..len];
    if name.is_empty() {
        return Ok([0; 4]);
    }
    if let Some(host) = dotted(name) {
        return Ok(host);
    }
    match waited(vm, Some(30_000), |network| network.resolve(name)) {
        Ok(host) => Ok(host),
        Err(Fault::Raised(raised)) => Err(raised),
        Err(Fault::Errno(2)) => Err(vm.os_error(EAI_FAIL)),
        Err(fault) => Err(vm.raise_fault(fault)),
    }
}

/// An address as a program gives it: `(host, port)`.
pub(super) fn address_of(vm: &mut Vm<'_>, value: Value) -> Result<Address> {
    let Some(&[host, port, ..]) = vm.items_of(value) else {
        return Err(vm.type_error(b"address must be a tuple of host and port"));
    };
    let port = vm.to_isize(port)?;
    let Ok(port) = u16::try_from(port) else {
        return Err(vm.value_error(b"port must be 0-65535"));
    };
    Ok(Address {
        host: host_of(vm, host)?,
        port,
    })
}

/// An address as `(host, port)`.
pub(super) fn address_tuple(vm: &mut Vm<'_>, address: Address) -> Result<Value> {
    let host = crate::network::dotted(vm, address.host)?;
    vm.new_tuple(&[host, Value::small(address.port as isize)])
}

/// `getaddrinfo(host, port, af=0, type=0, proto=0, flags=0)`
pub(super) fn getaddrinfo(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (name, port) = (args.at(vm, 0), args.at(vm, 1));
    let native = vm.native_of(port);
    let port = if vm.is_str(native) {
        vm.call(TypeId::Int.value(), &[native])?
    } else {
        native
    };
    let port = vm.to_isize(port)?;
    let Ok(port) = u16::try_from(port) else {
        return Err(vm.value_error(b"port must be 0-65535"));
    };
    let kind = match args.get(vm, 3) {
        Some(kind) => vm.to_isize(kind)?,
        None => SOCK_STREAM,
    };
    let kind = if kind == 0 { SOCK_STREAM } else { kind };
    let host = if name.is_none() {
        [0; 4]
    } else {
        host_of(vm, name)?
    };
    let address = address_tuple(vm, Address { host, port })?;
    vm.push(address)?;
    let empty = vm.new_str(b"")?;
    let entry = vm.new_tuple(&[
        Value::small(AF_INET),
        Value::small(kind),
        Value::small(0),
        empty,
        address,
    ])?;
    vm.new_list(&[entry]).map(|list| list.value())
}

fn parsed(vm: &mut Vm<'_>, value: Value) -> Result<[u8; 4]> {
    match dotted(vm.text(value)?) {
        Some(host) => Ok(host),
        None => Err(vm.os_error(22)),
    }
}

pub(super) fn inet_aton(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let host = parsed(vm, args.at(vm, 0))?;
    vm.new_bytes(&host)
}

pub(super) fn inet_pton(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let host = parsed(vm, args.at(vm, 1))?;
    vm.new_bytes(&host)
}

pub(super) fn inet_ntop(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let packed = args.at(vm, 1);
    let host = vm.data(packed)?.first_chunk::<4>().copied();
    match host {
        Some(host) => crate::network::dotted(vm, host),
        None => Err(vm.value_error(b"four bytes expected")),
    }
}
