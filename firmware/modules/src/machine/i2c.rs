//! `machine.I2C`, and what `SoftI2C` shares with it.

use upy_hal::Board;
use upy_hal::machine::{self as hal, Errno, I2c as Bus};
use upy_runtime::{Args, Body, Entry, Result, Sink, Slots, TypeId, TypeInfo, Value, Vm, function};

use super::soft_i2c::{self, SoftI2c};
use super::{failed, number_or, options, pin_or_none, with, with_keywords};
use crate::names as q;

/// Addresses a scan asks; those outside are reserved.
const SCANNED: core::ops::Range<u16> = 0x08..0x78;

/// Methods of both kinds of buses.
pub(super) const SHARED: [Entry; 11] = [
    function(q::scan, scan, 1, 1),
    function(q::readfrom, readfrom, 3, 4),
    function(q::readfrom_into, readfrom_into, 3, 4),
    function(q::writeto, writeto, 3, 4),
    function(q::writevto, writevto, 3, 4),
    with_keywords(q::readfrom_mem, readfrom_mem, 4, 5),
    with_keywords(q::readfrom_mem_into, readfrom_mem_into, 4, 5),
    with_keywords(q::writeto_mem, writeto_mem, 4, 5),
    with_keywords(q::init, init, 1, 4),
    function(q::deinit, deinit, 1, 1),
    function(q::__repr__, repr, 1, 1),
];

pub(crate) static I2C: TypeInfo = TypeInfo {
    name: q::I2C,
    base: TypeId::Object,
    make: Some(make),
    entries: &SHARED,
    slots: &Slots::NONE,
};

#[derive(Clone, Copy)]
struct I2c {
    bus: u8,
    frequency_hz: u32,
}

impl Body for I2c {}

const DEFAULT_HZ: i64 = 400_000;

/// `I2C(id=0, *, scl=None, sda=None, freq=400000, timeout=50000)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    let id = args.either(vm, 0, q::id);
    let names = [q::scl, q::sda, q::freq, q::timeout, q::id];
    let [scl, sda, frequency, _, _] = options(vm, args, 1, names)?;
    let bus = number_or(vm, id, 0)?;
    let Ok(bus) = u8::try_from(bus.max(0)) else {
        return Err(vm.value_error(b"I2C doesn't exist"));
    };
    if vm
        .host()
        .board()
        .and_then(|board| board.i2c(bus).map(|_| ()))
        .is_none()
    {
        return Err(vm.value_error(b"I2C doesn't exist"));
    }
    let frequency = number_or(vm, frequency, DEFAULT_HZ)?;
    let frequency_hz = u32::try_from(frequency).unwrap_or(0).max(1);
    let scl = pin_or_none(vm, scl)?;
    let sda = pin_or_none(vm, sda)?;
    with(vm, |board| {
        let part = board.i2c(bus).ok_or(Errno::ENODEV)?;
        part.configure(frequency_hz, scl.zip(sda))
    })?;
    vm.new_object(class, I2c { bus, frequency_hz })
}

/// `init(*, scl, sda, freq)`
fn init(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let names = [q::scl, q::sda, q::freq, q::timeout];
    let [scl, sda, frequency, _] = options(vm, args, 1, names)?;
    let frequency = number_or(vm, frequency, DEFAULT_HZ)?;
    let frequency_hz = u32::try_from(frequency).unwrap_or(0).max(1);
    let scl = pin_or_none(vm, scl)?;
    let sda = pin_or_none(vm, sda)?;
    bus(vm, args, |part| part.configure(frequency_hz, scl.zip(sda)))?;
    let object = args.at(vm, 0);
    if let Some(body) = vm.body_mut::<I2c>(object) {
        body.frequency_hz = frequency_hz;
    }
    Ok(Value::NONE)
}

fn deinit(_: &mut Vm<'_>, _: Args) -> Result<Value> {
    Ok(Value::NONE)
}

/// One bus or the other.
#[derive(Clone, Copy)]
enum Target {
    Hard(u8),
    Soft(SoftI2c),
}

impl Target {
    /// The bus that is the first argument.
    fn of(vm: &mut Vm<'_>, args: Args) -> Result<Self> {
        let object = args.at(vm, 0);
        if let Some(&soft) = vm.body::<SoftI2c>(object) {
            return Ok(Target::Soft(soft));
        }
        Ok(Target::Hard(vm.this::<I2c>(args)?.bus))
    }

    fn on<R>(
        self,
        board: Option<&mut dyn Board>,
        work: impl FnOnce(&mut dyn Bus) -> hal::Result<R>,
    ) -> hal::Result<R> {
        let board = board.ok_or(Errno::ENODEV)?;
        match self {
            Target::Hard(bus) => work(board.i2c(bus).ok_or(Errno::ENODEV)?),
            Target::Soft(soft) => soft_i2c::on_board(board, soft, work),
        }
    }
}

/// Works with the bus that is the first argument: one of the board, or two pins.
fn bus<R>(
    vm: &mut Vm<'_>,
    args: Args,
    work: impl FnOnce(&mut dyn Bus) -> hal::Result<R>,
) -> Result<R> {
    let target = Target::of(vm, args)?;
    let outcome = target.on(vm.host().board(), work);
    outcome.map_err(|errno| failed(vm, errno))
}

/// As [`bus`], with the bytes of a `bytearray`.
fn bus_with_bytes<R>(
    vm: &mut Vm<'_>,
    args: Args,
    array: Value,
    work: impl FnOnce(&mut dyn Bus, &mut [u8]) -> hal::Result<R>,
) -> Result<R> {
    let target = Target::of(vm, args)?;
    let outcome = match vm.host_and_bytes(array) {
        Some((host, bytes)) => target.on(host.board(), |part| work(part, bytes)),
        None => Err(Errno::EIO),
    };
    outcome.map_err(|errno| failed(vm, errno))
}

fn address_arg(vm: &mut Vm<'_>, args: Args) -> Result<u16> {
    match u16::try_from(vm.int_arg(args, 1)?) {
        Ok(address) if address < 0x400 => Ok(address),
        _ => Err(vm.value_error(b"I2C address out of range")),
    }
}

fn stop_arg(vm: &mut Vm<'_>, args: Args) -> Result<bool> {
    match args.get(vm, 3) {
        Some(stop) => vm.truth(stop),
        None => Ok(true),
    }
}

fn scan(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let found = vm.new_list(&[])?;
    vm.push(found.value())?;
    for address in SCANNED {
        if bus(vm, args, |part| Ok(part.write(address, &[], true).is_ok()))? {
            vm.list_push(found, Value::small(address as isize))?;
        }
    }
    Ok(found.value())
}

/// Reads into a new `bytearray`.
fn read(vm: &mut Vm<'_>, args: Args, address: u16, count: usize, stop: bool) -> Result<Value> {
    let room = vm.new_zeros(count)?;
    vm.push(room)?;
    fill(vm, args, address, room, stop)?;
    Ok(room)
}

/// Largest transfer that is made in one piece on the Rust stack; a longer one uses the heap.
const PIECE: usize = 64;

/// Reads into a buffer of the program.
fn fill(vm: &mut Vm<'_>, args: Args, address: u16, target: Value, stop: bool) -> Result<()> {
    let len = vm.data_mut(target)?.len();
    if len <= PIECE {
        let mut bytes = [0; PIECE];
        bus(vm, args, |part| part.read(address, &mut bytes[..len], stop))?;
        vm.data_mut(target)?.copy_from_slice(&bytes[..len]);
        return Ok(());
    }
    let taken = vm.new_zeros(len)?;
    vm.push(taken)?;
    bus_with_bytes(vm, args, taken, |part, bytes| {
        part.read(address, bytes, stop)
    })?;
    let target = vm.native_of(target);
    vm.lend_to(taken, target, |from, to| {
        to.copy_from_slice(&from[..to.len()])
    });
    Ok(())
}

/// Writes some bytes in front of a buffer of the program, in one transfer.
fn send(
    vm: &mut Vm<'_>,
    args: Args,
    address: u16,
    head: &[u8],
    data: Value,
    stop: bool,
) -> Result<usize> {
    let data = vm.native_of(data);
    let len = head.len() + vm.data(data)?.len();
    if len <= PIECE {
        let mut bytes = [0; PIECE];
        bytes[..head.len()].copy_from_slice(head);
        bytes[head.len()..len].copy_from_slice(vm.bytes_of(data));
        let written = bus(vm, args, |part| part.write(address, &bytes[..len], stop))?;
        return Ok(written.saturating_sub(head.len()));
    }
    let taken = vm.new_zeros(len)?;
    vm.push(taken)?;
    vm.lend(taken, |vm, bytes| {
        bytes[..head.len()].copy_from_slice(head);
        bytes[head.len()..].copy_from_slice(vm.bytes_of(data));
    });
    let written = bus_with_bytes(vm, args, taken, |part, bytes| {
        part.write(address, bytes, stop)
    })?;
    Ok(written.saturating_sub(head.len()))
}

/// `readfrom(address, count, stop=True)`
fn readfrom(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let address = address_arg(vm, args)?;
    let count = usize::try_from(vm.int_arg(args, 2)?).unwrap_or(0);
    let stop = stop_arg(vm, args)?;
    let room = read(vm, args, address, count, stop)?;
    vm.copy_range(room, 0, count, false)
}

/// `readfrom_into(address, buffer, stop=True)`
fn readfrom_into(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let address = address_arg(vm, args)?;
    let stop = stop_arg(vm, args)?;
    fill(vm, args, address, args.at(vm, 2), stop)?;
    Ok(Value::NONE)
}

/// `writeto(address, buffer, stop=True)`: how many bytes were acknowledged
fn writeto(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let address = address_arg(vm, args)?;
    let stop = stop_arg(vm, args)?;
    let written = send(vm, args, address, &[], args.at(vm, 2), stop)?;
    Ok(Value::small(written as isize))
}

/// `writevto(address, buffers, stop=True)`
fn writevto(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let address = address_arg(vm, args)?;
    let stop = stop_arg(vm, args)?;
    let list = args.at(vm, 2);
    if vm.items_of(list).is_none() {
        return Err(vm.type_error(b"object isn't a tuple or list"));
    }
    let whole = vm.new_zeros(0)?;
    vm.push(whole)?;
    let mut index = 0;
    while let Some(part) = vm.item_at(list, index) {
        vm.data(part)?;
        vm.call_method(whole, q::extend, &[part])?;
        index += 1;
    }
    let written = send(vm, args, address, &[], whole, stop)?;
    Ok(Value::small(written as isize))
}

/// The register of a memory transfer as the bytes that name it.
fn register(vm: &mut Vm<'_>, args: Args) -> Result<([u8; 4], usize)> {
    vm.check_keywords(args, &[q::addrsize])?;
    let bits = args.either(vm, 4, q::addrsize);
    let bits = number_or(vm, bits, 8)?;
    if !matches!(bits, 8 | 16 | 24 | 32) {
        return Err(vm.value_error(b"addrsize must be 8, 16, 24 or 32"));
    }
    let given = args.at(vm, 2);
    let number = vm.to_bits(given)? as u32;
    let size = bits as usize / 8;
    let mut bytes = [0; 4];
    bytes[..size].copy_from_slice(&number.to_be_bytes()[4 - size..]);
    Ok((bytes, size))
}

/// Names the register and leaves the bus to the read that follows.
fn select(vm: &mut Vm<'_>, args: Args, address: u16) -> Result<()> {
    let (bytes, size) = register(vm, args)?;
    let written = bus(vm, args, |part| part.write(address, &bytes[..size], false))?;
    if written < size {
        return Err(vm.os_error(Errno::EIO.0));
    }
    Ok(())
}

/// `readfrom_mem(address, register, count, *, addrsize=8)`
fn readfrom_mem(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let address = address_arg(vm, args)?;
    let count = usize::try_from(vm.int_arg(args, 3)?).unwrap_or(0);
    select(vm, args, address)?;
    let room = read(vm, args, address, count, true)?;
    vm.copy_range(room, 0, count, false)
}

/// `readfrom_mem_into(address, register, buffer, *, addrsize=8)`
fn readfrom_mem_into(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let address = address_arg(vm, args)?;
    let target = args.at(vm, 3);
    vm.data_mut(target)?;
    select(vm, args, address)?;
    fill(vm, args, address, target, true)?;
    Ok(Value::NONE)
}

/// `writeto_mem(address, register, buffer, *, addrsize=8)`
fn writeto_mem(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let address = address_arg(vm, args)?;
    let (bytes, size) = register(vm, args)?;
    send(vm, args, address, &bytes[..size], args.at(vm, 3), true)?;
    Ok(Value::NONE)
}

fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    let hard = vm.body::<I2c>(object).copied();
    let (scl, sda) = bus(vm, args, |part| Ok(part.pins()))?;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    match hard {
        Some(i2c) => {
            vm.put(sink, b"I2C(")?;
            vm.put_number(sink, i2c.bus as isize)?;
            vm.put(sink, b", freq=")?;
            vm.put_number(sink, i2c.frequency_hz as isize)?;
            vm.put(sink, b", scl=")?;
        }
        None => vm.put(sink, b"SoftI2C(scl=")?,
    }
    vm.put_number(sink, scl as isize)?;
    vm.put(sink, b", sda=")?;
    vm.put_number(sink, sda as isize)?;
    vm.put(sink, b")")?;
    vm.take_text(buffer)
}
