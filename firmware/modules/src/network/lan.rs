//! `network.LAN`: the wired interface of a board.
//!
//! Source: MicroPython `docs/library/network.LAN.rst` and `network.AbstractNIC`.

use upy_hal::machine::{self as hal, Errno};
use upy_hal::net::{Addresses, LinkStatus, Wired};
use upy_runtime::{
    Args, Body, Entry, KEYWORDS, Result, Slots, TypeId, TypeInfo, Value, Vm, function,
};

use super::{all, dotted, four, parse, tuple};
use crate::names as q;

const METHODS: &[Entry] = &[
    function(q::active, active, 1, 2),
    function(q::isconnected, isconnected, 1, 1),
    function(q::status, status, 1, 1),
    function(q::ifconfig, ifconfig, 1, 2),
    function(q::ipconfig, ipconfig, 1, KEYWORDS | 2),
    function(q::config, config, 2, 2),
    function(q::__repr__, repr, 1, 1),
];

pub(crate) static LAN: TypeInfo = TypeInfo {
    name: q::LAN,
    base: TypeId::Object,
    make: Some(make),
    entries: METHODS,
    slots: &Slots::NONE,
};

#[derive(Clone, Copy)]
struct Lan;

impl Body for Lan {}

fn wired<R>(vm: &mut Vm<'_>, work: impl FnOnce(&mut dyn Wired) -> hal::Result<R>) -> Result<R> {
    let outcome = match vm.host().board().and_then(|board| board.wired().map(work)) {
        Some(outcome) => outcome,
        None => Err(Errno::ENODEV),
    };
    outcome.map_err(|errno| vm.os_error(errno.0))
}

/// `LAN(id=0)`: there is one
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    if args.count > 0 && vm.int_arg(args, 0)? != 0 {
        return Err(vm.os_error(Errno::ENODEV.0));
    }
    wired(vm, |_| Ok(()))?;
    vm.new_object(class, Lan)
}

/// `active()`, `active(is_active)`
fn active(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.this::<Lan>(args)?;
    if let Some(wanted) = args.get(vm, 1) {
        let wanted = vm.truth(wanted)?;
        wired(vm, |wired| wired.activate(wanted))?;
    }
    wired(vm, |wired| Ok(wired.is_active())).map(Value::bool)
}

fn isconnected(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.this::<Lan>(args)?;
    let status = wired(vm, |wired| Ok(wired.status()))?;
    Ok(Value::bool(status == LinkStatus::Up))
}

/// `status()`: 0 off, 1 without a link or an address yet, 3 ready
fn status(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.this::<Lan>(args)?;
    let status = wired(vm, |wired| Ok(wired.status()))?;
    Ok(Value::small(match status {
        LinkStatus::Idle => 0,
        LinkStatus::Up => 3,
        _ => 1,
    }))
}

/// `ifconfig()`, `ifconfig((ip, mask, gateway, dns))`, `ifconfig('dhcp')`
fn ifconfig(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.this::<Lan>(args)?;
    let Some(given) = args.get(vm, 1) else {
        let addresses = wired(vm, |wired| Ok(wired.addresses()))?;
        return all(vm, addresses);
    };
    let addresses = if vm.is_str(given) {
        match vm.text(given)? {
            b"dhcp" => None,
            _ => return Err(vm.value_error(b"'dhcp' or four addresses expected")),
        }
    } else {
        Some(four(vm, given)?)
    };
    wired(vm, |wired| wired.set_addresses(addresses))?;
    Ok(Value::NONE)
}

/// `ipconfig('addr4')`, `'gw4'`, `'dhcp4'`, `'has_dhcp4'`; `ipconfig(addr4=..., gw4=...)`, `ipconfig(dhcp4=True)`
fn ipconfig(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.this::<Lan>(args)?;
    let Some(what) = args.get(vm, 1) else {
        return set(vm, args);
    };
    if args.keywords > 0 {
        return Err(vm.type_error(b"either ask for a parameter or set some"));
    }
    let addresses = wired(vm, |wired| Ok(wired.addresses()))?;
    match vm.text(what)? {
        b"addr4" => tuple(vm, [addresses.host, addresses.mask]),
        b"gw4" => dotted(vm, addresses.gateway),
        b"dhcp4" => wired(vm, |wired| Ok(wired.is_dynamic())).map(Value::bool),
        b"has_dhcp4" => {
            let is_asked_for = wired(vm, |wired| Ok(wired.is_dynamic()))?;
            Ok(Value::bool(is_asked_for && addresses.host != [0; 4]))
        }
        _ => Err(vm.value_error(b"unknown config param")),
    }
}

/// Sets what was given by name.
fn set(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if args.keywords == 0 {
        return Err(vm.type_error(b"a parameter to be asked for or set expected"));
    }
    let mut addresses = wired(vm, |wired| Ok(wired.addresses()))?;
    let mut asked_for = false;
    for index in 0..args.keywords {
        let (name, value) = args.keyword(vm, index);
        match vm.text(name)? {
            b"dhcp4" => asked_for = vm.truth(value)?,
            b"addr4" => (addresses.host, addresses.mask) = with_mask(vm, value, addresses)?,
            b"gw4" => addresses.gateway = parse(vm, value)?,
            _ => return Err(vm.value_error(b"unknown config param")),
        }
    }
    let given = (!asked_for).then_some(addresses);
    wired(vm, |wired| wired.set_addresses(given))?;
    Ok(Value::NONE)
}

/// An address and its mask: `(ip, mask)`, `'ip/bits'` or `'ip'` with the mask there is.
fn with_mask(vm: &mut Vm<'_>, given: Value, now: Addresses) -> Result<([u8; 4], [u8; 4])> {
    if let Some(&[host, mask]) = vm.items_of(given) {
        return Ok((parse(vm, host)?, parse(vm, mask)?));
    }
    let text = vm.text(given)?;
    let Some(slash) = text.iter().position(|&byte| byte == b'/') else {
        return Ok((parse(vm, given)?, now.mask));
    };
    let bits = core::str::from_utf8(&text[slash + 1..]).ok();
    let bits: Option<u32> = bits.and_then(|bits| bits.parse().ok());
    let Some(bits) = bits.filter(|&bits| bits <= 32) else {
        return Err(vm.value_error(b"invalid arguments"));
    };
    let host = vm.copy_range(given, 0, slash, true)?;
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Ok((parse(vm, host)?, mask.to_be_bytes()))
}

/// `config('mac')`
fn config(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.this::<Lan>(args)?;
    let what = args.at(vm, 1);
    match vm.text(what)? {
        b"mac" => {
            let mac = wired(vm, |wired| Ok(wired.mac()))?;
            vm.new_bytes(&mac)
        }
        b"hostname" => vm.new_str(b"upy"),
        _ => Err(vm.value_error(b"unknown config param")),
    }
}

fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.this::<Lan>(args)?;
    vm.new_str(b"<LAN>")
}
