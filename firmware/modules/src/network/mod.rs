//! `network`: the wireless interfaces of a board; the wired one is in `lan.rs`.

#[cfg(feature = "lan")]
mod lan;

use upy_hal::machine::{self as hal, Errno};
use upy_hal::net::{AccessPointSettings, Addresses, LinkStatus, Wifi};
use upy_runtime::{
    Args, Body, Entry, KEYWORDS, Result, Sink, Slots, TypeId, TypeInfo, Value, Vm, class, function,
    number, text,
};

use crate::names as q;
use crate::types;

const STA_IF: isize = 0;
const AP_IF: isize = 1;
const SEC_OPEN: isize = 0;
const SEC_WPA2: isize = 3;
const SEC_WPA_WPA2: isize = 4;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::network),
    class(q::WLAN, types::WLAN),
    #[cfg(feature = "lan")]
    class(q::LAN, types::LAN),
    function(q::country, country, 0, 1),
    function(q::hostname, hostname, 0, 1),
    number(q::STA_IF, STA_IF),
    number(q::AP_IF, AP_IF),
    number(q::STAT_IDLE, 0),
    number(q::STAT_CONNECTING, 1),
    number(q::STAT_WRONG_PASSWORD, -3),
    number(q::STAT_NO_AP_FOUND, -2),
    number(q::STAT_CONNECT_FAIL, -1),
    number(q::STAT_GOT_IP, 3),
];

#[cfg(feature = "lan")]
pub(crate) use lan::LAN;

const METHODS: &[Entry] = &[
    function(q::active, active, 1, 2),
    function(q::connect, connect, 1, KEYWORDS | 3),
    function(q::disconnect, disconnect, 1, 1),
    function(q::isconnected, isconnected, 1, 1),
    function(q::status, status, 1, 2),
    function(q::scan, scan, 1, 1),
    function(q::ifconfig, ifconfig, 1, 2),
    function(q::ipconfig, ipconfig, 1, KEYWORDS | 2),
    function(q::config, config, 1, KEYWORDS | 2),
    function(q::__repr__, repr, 1, 1),
    number(q::IF_STA, STA_IF),
    number(q::IF_AP, AP_IF),
    number(q::SEC_OPEN, SEC_OPEN),
    number(q::SEC_WPA_WPA2, SEC_WPA_WPA2),
    number(q::PM_NONE, 0),
];

pub(crate) static WLAN: TypeInfo = TypeInfo {
    name: q::WLAN,
    base: TypeId::Object,
    make: Some(make),
    entries: METHODS,
    slots: &Slots::NONE,
};

#[derive(Clone, Copy)]
struct Wlan {
    interface: u8,
}

impl Body for Wlan {}

fn wifi<R>(vm: &mut Vm<'_>, work: impl FnOnce(&mut dyn Wifi) -> hal::Result<R>) -> Result<R> {
    let outcome = match vm.host().board() {
        Some(board) => match board.wifi() {
            Some(wifi) => work(wifi),
            None => Err(Errno::ENODEV),
        },
        None => Err(Errno::ENODEV),
    };
    outcome.map_err(|errno| vm.os_error(errno.0))
}

/// `WLAN(interface=STA_IF)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    let interface = if args.count > 0 {
        vm.int_arg(args, 0)?
    } else {
        STA_IF
    };
    if !matches!(interface, STA_IF | AP_IF) {
        return Err(vm.value_error(b"interface must be STA_IF or AP_IF"));
    }
    wifi(vm, |_| Ok(()))?;
    vm.new_object(
        class,
        Wlan {
            interface: interface as u8,
        },
    )
}

/// `active()`, `active(is_active)`
fn active(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let interface = vm.this::<Wlan>(args)?.interface;
    if let Some(wanted) = args.get(vm, 1) {
        let wanted = vm.truth(wanted)?;
        wifi(vm, |wifi| wifi.activate(interface, wanted))?;
    }
    wifi(vm, |wifi| Ok(wifi.is_active(interface))).map(Value::bool)
}

/// The bytes of a name or key, at most 64 of them.
fn short(vm: &mut Vm<'_>, value: Option<Value>) -> Result<([u8; 64], usize)> {
    let mut copy = [0; 64];
    let Some(value) = value.filter(|value| !value.is_none()) else {
        return Ok((copy, 0));
    };
    let bytes = vm.data(value)?;
    let len = bytes.len();
    if len > copy.len() {
        return Err(vm.value_error(b"name or key is longer than 64 bytes"));
    }
    copy[..len].copy_from_slice(bytes);
    Ok((copy, len))
}

/// `connect(ssid=None, key=None, *, bssid=None)`
fn connect(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.check_keywords(args, &[q::ssid, q::key, q::bssid])?;
    vm.this::<Wlan>(args)?;
    let ssid = args.either(vm, 1, q::ssid);
    let key = args.either(vm, 2, q::key);
    let (ssid, ssid_len) = short(vm, ssid)?;
    let (key, key_len) = short(vm, key)?;
    wifi(vm, |wifi| wifi.connect(&ssid[..ssid_len], &key[..key_len]))?;
    Ok(Value::NONE)
}

fn disconnect(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.this::<Wlan>(args)?;
    wifi(vm, |wifi| {
        wifi.disconnect();
        Ok(())
    })?;
    Ok(Value::NONE)
}

fn isconnected(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let interface = vm.this::<Wlan>(args)?.interface;
    let status = wifi(vm, |wifi| Ok(wifi.status(interface)))?;
    Ok(Value::bool(status == LinkStatus::Up))
}

/// `status()`, `status('rssi')`
fn status(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let interface = vm.this::<Wlan>(args)?.interface;
    if let Some(what) = args.get(vm, 1) {
        return match vm.text(what)? {
            b"rssi" => {
                let rssi = wifi(vm, |wifi| Ok(wifi.rssi()))?;
                Ok(Value::small(rssi as isize))
            }
            _ => Err(vm.value_error(b"unknown status param")),
        };
    }
    let status = wifi(vm, |wifi| Ok(wifi.status(interface)))?;
    Ok(Value::small(match status {
        LinkStatus::Idle => 0,
        LinkStatus::Connecting => 1,
        LinkStatus::WrongPassword => -3,
        LinkStatus::NoAccessPoint => -2,
        LinkStatus::Failed => -1,
        LinkStatus::Up => 3,
    }))
}

/// `scan()`: `[(ssid, bssid, channel, rssi, security, hidden), ...]`
fn scan(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.this::<Wlan>(args)?;
    let mut found = [None; 32];
    let mut count = 0;
    wifi(vm, |wifi| {
        wifi.scan(&mut |network| {
            if let Some(slot) = found.get_mut(count) {
                *slot = Some(network);
                count += 1;
            }
        })
    })?;
    let list = vm.new_list(&[])?;
    vm.push(list.value())?;
    for network in found.into_iter().flatten() {
        let len = usize::from(network.ssid_len).min(network.ssid.len());
        let ssid = vm.new_bytes(&network.ssid[..len])?;
        let bssid = vm.new_bytes(&network.bssid)?;
        let entry = vm.new_tuple(&[
            ssid,
            bssid,
            Value::small(network.channel as isize),
            Value::small(network.rssi as isize),
            Value::small(network.security as isize),
            Value::small(0),
        ])?;
        vm.list_push(list, entry)?;
    }
    Ok(list.value())
}

/// An address as text, in dots.
pub(crate) fn dotted(vm: &mut Vm<'_>, address: [u8; 4]) -> Result<Value> {
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    for (index, part) in address.into_iter().enumerate() {
        if index > 0 {
            vm.put(sink, b".")?;
        }
        vm.put_number(sink, part as isize)?;
    }
    let text = vm.take_text(buffer);
    vm.pop();
    text
}

fn parse(vm: &mut Vm<'_>, value: Value) -> Result<[u8; 4]> {
    let text = vm.text(value)?;
    let mut parts = text.split(|&byte| byte == b'.');
    let mut address = [0; 4];
    let mut wrong = false;
    for slot in &mut address {
        let part = parts
            .next()
            .and_then(|part| core::str::from_utf8(part).ok());
        match part.and_then(|part| part.parse().ok()) {
            Some(number) => *slot = number,
            None => wrong = true,
        }
    }
    if wrong || parts.next().is_some() {
        return Err(vm.value_error(b"invalid arguments"));
    }
    Ok(address)
}

/// `ifconfig()`, `ifconfig((ip, mask, gateway, dns))`
fn ifconfig(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let interface = vm.this::<Wlan>(args)?.interface;
    if let Some(given) = args.get(vm, 1) {
        let addresses = four(vm, given)?;
        wifi(vm, |wifi| wifi.set_addresses(interface, addresses))?;
        return Ok(Value::NONE);
    }
    let addresses = wifi(vm, |wifi| Ok(wifi.addresses(interface)))?;
    all(vm, addresses)
}

/// Addresses from `(ip, mask, gateway, dns)`.
fn four(vm: &mut Vm<'_>, given: Value) -> Result<Addresses> {
    let Some(&[host, mask, gateway, dns]) = vm.items_of(given) else {
        return Err(vm.value_error(b"four addresses expected"));
    };
    Ok(Addresses {
        host: parse(vm, host)?,
        mask: parse(vm, mask)?,
        gateway: parse(vm, gateway)?,
        dns: parse(vm, dns)?,
    })
}

/// `(ip, mask, gateway, dns)` of addresses.
fn all(vm: &mut Vm<'_>, addresses: Addresses) -> Result<Value> {
    let Addresses {
        host,
        mask,
        gateway,
        dns,
    } = addresses;
    tuple(vm, [host, mask, gateway, dns])
}

/// A tuple of addresses in dots.
fn tuple<const N: usize>(vm: &mut Vm<'_>, addresses: [[u8; 4]; N]) -> Result<Value> {
    let base = vm.stack_len();
    for address in addresses {
        let text = dotted(vm, address)?;
        vm.push(text)?;
    }
    vm.tuple_from_stack(base, N)
}

/// `ipconfig('addr4')`, `'gw4'`, `'dhcp4'`
fn ipconfig(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let interface = vm.this::<Wlan>(args)?.interface;
    let Some(what) = args.get(vm, 1) else {
        return Err(vm.type_error(b"one parameter to be asked for expected"));
    };
    let addresses = wifi(vm, |wifi| Ok(wifi.addresses(interface)))?;
    match vm.text(what)? {
        b"addr4" => tuple(vm, [addresses.host, addresses.mask]),
        b"gw4" => dotted(vm, addresses.gateway),
        b"dhcp4" => Ok(Value::TRUE),
        _ => Err(vm.value_error(b"unknown config param")),
    }
}

/// `config('mac')`, `'ssid'`, `'channel'`, ...; `config(ssid=, key=, channel=, security=, hidden=)` of an access point
fn config(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let interface = vm.this::<Wlan>(args)?.interface;
    let known = [
        q::ssid,
        q::essid,
        q::key,
        q::password,
        q::channel,
        q::hostname,
        q::pm,
        q::txpower,
        q::security,
        q::hidden,
    ];
    vm.check_keywords(args, &known)?;
    let Some(what) = args.get(vm, 1) else {
        return if args.keywords > 0 {
            set_access_point(vm, interface, args)
        } else {
            Err(vm.type_error(b"one parameter to be asked for expected"))
        };
    };
    match vm.text(what)? {
        b"mac" => {
            let mac = wifi(vm, |wifi| Ok(wifi.mac(interface)))?;
            vm.new_bytes(&mac)
        }
        b"ssid" | b"essid" => {
            let network = wifi(vm, |wifi| Ok(wifi.network(interface)))?;
            let (ssid, len) = network.map_or(([0; 32], 0), |it| (it.ssid, it.ssid_len));
            vm.new_str(&ssid[..usize::from(len).min(ssid.len())])
        }
        b"channel" => {
            let network = wifi(vm, |wifi| Ok(wifi.network(interface)))?;
            let channel = network.map_or(0, |network| network.channel);
            Ok(Value::small(channel as isize))
        }
        b"security" => {
            let network = wifi(vm, |wifi| Ok(wifi.network(interface)))?;
            let security = network.map_or(0, |network| network.security);
            Ok(Value::small(security as isize))
        }
        b"hostname" => vm.new_str(b"upy"),
        b"pm" | b"txpower" => Ok(Value::small(0)),
        _ => Err(vm.value_error(b"unknown config param")),
    }
}

/// What is given by name, for the access point; nothing else of it can be set.
fn set_access_point(vm: &mut Vm<'_>, interface: u8, args: Args) -> Result<Value> {
    let fixed = [q::hostname, q::pm, q::txpower];
    let is_fixed = fixed.iter().any(|name| args.named(vm, *name).is_some());
    if interface != AP_IF as u8 || is_fixed {
        return Err(vm.os_error(Errno::EOPNOTSUPP.0));
    }
    let named = |vm: &Vm<'_>, names: [_; 2]| names.iter().find_map(|name| args.named(vm, *name));
    let ssid = named(vm, [q::ssid, q::essid]);
    let key = named(vm, [q::key, q::password]);
    let (name, name_len) = short(vm, ssid)?;
    let (secret, secret_len) = short(vm, key)?;
    let mut settings = AccessPointSettings {
        ssid: ssid.map(|_| &name[..name_len]),
        key: key.map(|_| &secret[..secret_len]),
        ..AccessPointSettings::default()
    };
    if let Some(channel) = args.named(vm, q::channel) {
        let channel = u8::try_from(vm.to_isize(channel)?);
        settings.channel = Some(channel.map_err(|_| vm.os_error(Errno::EINVAL.0))?);
    }
    if let Some(hidden) = args.named(vm, q::hidden) {
        settings.hidden = Some(vm.truth(hidden)?);
    }
    if let Some(security) = args.named(vm, q::security) {
        match (vm.to_isize(security)?, settings.key) {
            (SEC_OPEN, None | Some([])) => settings.key = Some(b""),
            (SEC_WPA2 | SEC_WPA_WPA2, Some([_, ..])) => {}
            _ => return Err(vm.value_error(b"security and key do not fit")),
        }
    }
    wifi(vm, |wifi| wifi.set_access_point(&settings))?;
    Ok(Value::NONE)
}

/// `country()`: the two letters of worldwide rules
fn country(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if args.count > 0 {
        return Err(vm.os_error(Errno::EOPNOTSUPP.0));
    }
    vm.new_str(b"XX")
}

fn hostname(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if args.count > 0 {
        return Err(vm.os_error(Errno::EOPNOTSUPP.0));
    }
    vm.new_str(b"upy")
}

fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let interface = vm.this::<Wlan>(args)?.interface;
    vm.new_str(if interface == 0 {
        b"<WLAN STA>"
    } else {
        b"<WLAN AP>"
    })
}
