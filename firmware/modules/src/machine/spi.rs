//! `machine.SPI` and `machine.SoftSPI`

use upy_hal::Board;
use upy_hal::machine::{self as hal, Errno, PinMode, Pins, Pull, Spi as Bus, SpiMode};
use upy_runtime::{
    Args, Body, Entry, Result, Sink, Slots, TypeId, TypeInfo, Value, Vm, function, number,
};

use super::{failed, number_or, options, pin_or_none, with_keywords};
use crate::names as q;
use crate::types;

const MSB: i64 = 0;
const LSB: i64 = 1;

const ENTRIES: &[Entry] = &[
    with_keywords(q::init, init, 1, 2),
    function(q::deinit, deinit, 1, 1),
    function(q::read, read, 2, 3),
    function(q::readinto, readinto, 2, 3),
    function(q::write, write, 2, 2),
    function(q::write_readinto, write_readinto, 3, 3),
    function(q::__repr__, repr, 1, 1),
    number(q::MSB, MSB as isize),
    number(q::LSB, LSB as isize),
];

const fn info(name: upy_runtime::Qstr) -> TypeInfo {
    TypeInfo {
        name,
        base: TypeId::Object,
        make: Some(make),
        entries: ENTRIES,
        slots: &Slots::NONE,
    }
}

pub(crate) static SPI: TypeInfo = info(q::SPI);
pub(crate) static SOFT_SPI: TypeInfo = info(q::SoftSPI);

#[derive(Clone, Copy)]
struct Spi {
    /// The bus of the board; `None` for one on any pins.
    bus: Option<u8>,
    mode: SpiMode,
    /// Clock, out, in.
    pins: [Option<u16>; 3],
}

impl Body for Spi {}

/// `SPI(id, baudrate=1000000, *, polarity=0, phase=0, bits=8, firstbit=MSB, sck, mosi, miso)`,
/// `SoftSPI(baudrate=500000, *, polarity=0, phase=0, bits=8, firstbit=MSB, sck, mosi, miso)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    let soft = class == types::SOFT_SPI;
    let (bus, first) = if soft {
        (None, 0)
    } else {
        let id = args.get(vm, 0).or_else(|| args.named(vm, q::id));
        let bus = number_or(vm, id, 0)?;
        let known = u8::try_from(bus.max(0)).ok().filter(|&bus| {
            let board = vm.host().board();
            board.is_some_and(|board| board.spi(bus).is_some())
        });
        if known.is_none() {
            return Err(vm.value_error(b"SPI doesn't exist"));
        }
        (known, 1)
    };
    let mut spi = Spi {
        bus,
        mode: SpiMode {
            baudrate: if soft { 500_000 } else { 1_000_000 },
            polarity: false,
            phase: false,
            lsb_first: false,
        },
        pins: [None; 3],
    };
    set(vm, &mut spi, args, first)?;
    vm.new_object(class, spi)
}

fn set(vm: &mut Vm<'_>, spi: &mut Spi, args: Args, first: usize) -> Result<()> {
    let names = [
        q::baudrate,
        q::polarity,
        q::phase,
        q::bits,
        q::firstbit,
        q::sck,
        q::mosi,
        q::miso,
        q::id,
    ];
    let [
        baudrate,
        polarity,
        phase,
        bits,
        firstbit,
        sck,
        mosi,
        miso,
        _,
    ] = options(vm, args, first, names)?;
    let baudrate = number_or(vm, baudrate, i64::from(spi.mode.baudrate))?;
    spi.mode.baudrate = match u32::try_from(baudrate) {
        Ok(baudrate) if baudrate > 0 => baudrate,
        _ => return Err(vm.value_error(b"invalid baudrate")),
    };
    spi.mode.polarity = number_or(vm, polarity, i64::from(spi.mode.polarity))? != 0;
    spi.mode.phase = number_or(vm, phase, i64::from(spi.mode.phase))? != 0;
    if number_or(vm, bits, 8)? != 8 {
        return Err(vm.value_error(b"bits must be 8"));
    }
    spi.mode.lsb_first = match number_or(vm, firstbit, i64::from(spi.mode.lsb_first))? {
        MSB => false,
        LSB => true,
        _ => return Err(vm.value_error(b"firstbit must be SPI.MSB or SPI.LSB")),
    };
    for (slot, given) in spi.pins.iter_mut().zip([sck, mosi, miso]) {
        if let Some(pin) = pin_or_none(vm, given)? {
            *slot = Some(pin);
        }
    }
    if spi.bus.is_none() && spi.pins.contains(&None) {
        return Err(vm.value_error(b"must specify all of sck/mosi/miso"));
    }
    let (mode, pins) = (spi.mode, spi.pins);
    match on(vm.host().board(), *spi, |part| part.configure(mode, pins)) {
        Ok(baudrate) => {
            spi.mode.baudrate = baudrate;
            Ok(())
        }
        Err(errno) => Err(failed(vm, errno)),
    }
}

/// Works with a bus: one of the board, or any pins.
fn on<R>(
    board: Option<&mut dyn Board>,
    spi: Spi,
    work: impl FnOnce(&mut dyn Bus) -> hal::Result<R>,
) -> hal::Result<R> {
    let board = board.ok_or(Errno::ENODEV)?;
    if let Some(bus) = spi.bus {
        return work(board.spi(bus).ok_or(Errno::ENODEV)?);
    }
    let [Some(sck), Some(mosi), Some(miso)] = spi.pins else {
        return Err(Errno::EINVAL);
    };
    if let Some(bus) = board.soft_spi(sck, mosi, miso) {
        return work(bus);
    }
    let pins = board.pins().ok_or(Errno::ENODEV)?;
    work(&mut Wires {
        pins,
        mode: spi.mode,
        wires: [sck, mosi, miso],
    })
}

/// The bus as three pins.
struct Wires<'b> {
    pins: &'b mut dyn Pins,
    mode: SpiMode,
    wires: [u16; 3],
}

impl Wires<'_> {
    fn pause(&mut self) {
        let half_us = 500_000 / u64::from(self.mode.baudrate);
        let start = self.pins.now_us();
        while self.pins.now_us().wrapping_sub(start) < half_us {}
    }

    fn bit(&mut self, out: bool) -> bool {
        let [sck, mosi, miso] = self.wires;
        let SpiMode {
            polarity, phase, ..
        } = self.mode;
        if phase {
            self.pins.write(sck, !polarity);
        }
        self.pins.write(mosi, out);
        self.pause();
        self.pins.write(sck, polarity == phase);
        let seen = self.pins.read(miso);
        self.pause();
        if !phase {
            self.pins.write(sck, polarity);
        }
        seen
    }
}

impl Bus for Wires<'_> {
    fn configure(&mut self, mode: SpiMode, _: [Option<u16>; 3]) -> hal::Result<u32> {
        let [sck, mosi, miso] = self.wires;
        let out = PinMode::Output;
        self.pins
            .configure(sck, out, Pull::None, Some(mode.polarity))?;
        self.pins.configure(mosi, out, Pull::None, Some(false))?;
        self.pins
            .configure(miso, PinMode::Input, Pull::None, None)?;
        Ok(mode.baudrate)
    }

    fn transfer(&mut self, bytes: &mut [u8]) -> hal::Result<()> {
        for byte in bytes {
            let mut seen = 0;
            for index in 0..8 {
                let bit = if self.mode.lsb_first {
                    index
                } else {
                    7 - index
                };
                seen |= u8::from(self.bit(*byte >> bit & 1 == 1)) << bit;
            }
            *byte = seen;
        }
        Ok(())
    }
}

fn init(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    let mut spi = vm.this::<Spi>(args)?;
    set(vm, &mut spi, args, 1)?;
    if let Some(body) = vm.body_mut::<Spi>(object) {
        *body = spi;
    }
    Ok(Value::NONE)
}

fn deinit(_: &mut Vm<'_>, _: Args) -> Result<Value> {
    Ok(Value::NONE)
}

/// Transfers the bytes of a `bytearray`, which is given back with what came.
fn transfer(vm: &mut Vm<'_>, args: Args, bytes: Value) -> Result<()> {
    let spi = vm.this::<Spi>(args)?;
    let outcome = match vm.host_and_bytes(bytes) {
        Some((host, bytes)) => on(host.board(), spi, |part| part.transfer(bytes)),
        None => Err(Errno::EIO),
    };
    outcome.map_err(|errno| failed(vm, errno))
}

fn filler(vm: &mut Vm<'_>, args: Args) -> Result<u8> {
    match args.get(vm, 2) {
        Some(byte) => Ok(vm.to_bits(byte)? as u8),
        None => Ok(0),
    }
}

/// `read(count, write=0)`
fn read(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let count = usize::try_from(vm.int_arg(args, 1)?).unwrap_or(0);
    let byte = filler(vm, args)?;
    let room = vm.new_zeros(count)?;
    vm.push(room)?;
    vm.lend(room, |_, bytes| bytes.fill(byte));
    transfer(vm, args, room)?;
    vm.copy_range(room, 0, count, false)
}

/// `readinto(buffer, write=0)`
fn readinto(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let target = args.at(vm, 1);
    let byte = filler(vm, args)?;
    let len = vm.data_mut(target)?.len();
    let room = vm.new_zeros(len)?;
    vm.push(room)?;
    vm.lend(room, |_, bytes| bytes.fill(byte));
    transfer(vm, args, room)?;
    let target = vm.native_of(target);
    vm.lend_to(room, target, |from, to| to.copy_from_slice(from));
    Ok(Value::NONE)
}

/// A copy of the bytes of an argument, as a `bytearray` that is pushed.
fn copy(vm: &mut Vm<'_>, args: Args, index: usize) -> Result<Value> {
    let data = vm.native_of(args.at(vm, index));
    let len = vm.data(data)?.len();
    let room = vm.new_zeros(len)?;
    vm.push(room)?;
    vm.lend(room, |vm, bytes| bytes.copy_from_slice(vm.bytes_of(data)));
    Ok(room)
}

fn write(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let room = copy(vm, args, 1)?;
    transfer(vm, args, room)?;
    Ok(Value::NONE)
}

/// `write_readinto(data, buffer)`
fn write_readinto(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let target = vm.native_of(args.at(vm, 2));
    let room = copy(vm, args, 1)?;
    let len = vm.bytes_of(room).len();
    if vm.data_mut(target)?.len() != len {
        return Err(vm.value_error(b"buffers must be the same length"));
    }
    transfer(vm, args, room)?;
    vm.lend_to(room, target, |from, to| to.copy_from_slice(from));
    Ok(Value::NONE)
}

fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let spi = vm.this::<Spi>(args)?;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    match spi.bus {
        Some(bus) => {
            vm.put(sink, b"SPI(")?;
            vm.put_number(sink, bus as isize)?;
            vm.put(sink, b", ")?;
        }
        None => vm.put(sink, b"SoftSPI(")?,
    }
    for (name, number) in [
        (&b"baudrate="[..], spi.mode.baudrate as isize),
        (b", polarity=", isize::from(spi.mode.polarity)),
        (b", phase=", isize::from(spi.mode.phase)),
    ] {
        vm.put(sink, name)?;
        vm.put_number(sink, number)?;
    }
    for (name, pin) in [&b", sck="[..], b", mosi=", b", miso="]
        .into_iter()
        .zip(spi.pins)
    {
        if let Some(pin) = pin {
            vm.put(sink, name)?;
            vm.put_number(sink, pin as isize)?;
        }
    }
    vm.put(sink, b")")?;
    vm.take_text(buffer)
}
