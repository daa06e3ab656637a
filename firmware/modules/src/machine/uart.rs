//! `machine.UART`: a serial line as a stream.

use upy_hal::machine::{self as hal, Errno, Uart as Line, UartMode};
use upy_runtime::stream::{self, EAGAIN, Fault, StreamSlots, Transfer, poll, request};
use upy_runtime::{
    Args, Body, Entry, Result, Sink, Slots, TypeId, TypeInfo, Value, Vm, function, number,
};

use super::{number_or, options, pin_or_none, with, with_keywords};
use crate::names as q;

const ENTRIES: &[Entry] = &[
    with_keywords(q::init, init, 1, 2),
    function(q::deinit, deinit, 1, 1),
    function(q::any, any, 1, 1),
    function(q::txdone, txdone, 1, 1),
    function(q::sendbreak, sendbreak, 1, 1),
    function(q::flush, flush, 1, 1),
    function(q::read, stream::read, 1, 2),
    function(q::readinto, stream::readinto, 2, 3),
    function(q::readline, stream::readline, 1, 2),
    function(q::write, stream::write, 2, 4),
    function(q::__repr__, repr, 1, 1),
    number(q::CTS, 1),
    number(q::RTS, 2),
    number(q::INV_TX, 1),
    number(q::INV_RX, 2),
];

pub(crate) static UART: TypeInfo = TypeInfo {
    name: q::UART,
    base: TypeId::Object,
    make: Some(make),
    entries: ENTRIES,
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

#[derive(Clone, Copy)]
struct Uart {
    line: u8,
    mode: UartMode,
    pins: [Option<u16>; 2],
    /// How long a read waits for the first byte, and for each that follows, in milliseconds.
    timeout_ms: u64,
    timeout_char_ms: u64,
}

impl Body for Uart {}

fn line<R>(
    vm: &mut Vm<'_>,
    number: u8,
    work: impl FnOnce(&mut dyn Line) -> hal::Result<R>,
) -> Result<R> {
    with(vm, |board| work(board.uart(number).ok_or(Errno::ENODEV)?))
}

/// `UART(id, baudrate=115200, bits=8, parity=None, stop=1, *, tx, rx, timeout=0, timeout_char=0, rxbuf, txbuf, ...)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    let Some(id) = args.get(vm, 0) else {
        return Err(vm.wrong_count(1, 2, 0));
    };
    let number = u8::try_from(vm.to_isize(id)?).ok().filter(|&number| {
        let board = vm.host().board();
        board.is_some_and(|board| board.uart(number).is_some())
    });
    let Some(number) = number else {
        return Err(vm.value_error(b"UART doesn't exist"));
    };
    let mut uart = Uart {
        line: number,
        mode: UartMode {
            baudrate: 115_200,
            bits: 8,
            parity: None,
            stop: 1,
        },
        pins: [None; 2],
        timeout_ms: 0,
        timeout_char_ms: 0,
    };
    set(vm, &mut uart, args)?;
    vm.new_object(class, uart)
}

fn set(vm: &mut Vm<'_>, uart: &mut Uart, args: Args) -> Result<()> {
    let names = [
        q::baudrate,
        q::bits,
        q::parity,
        q::stop,
        q::tx,
        q::rx,
        q::timeout,
        q::timeout_char,
        q::rxbuf,
        q::txbuf,
        q::rts,
        q::cts,
        q::flow,
        q::invert,
    ];
    let [
        baudrate,
        bits,
        parity,
        stop,
        tx,
        rx,
        timeout,
        timeout_char,
        ..,
    ] = options(vm, args, 1, names)?;
    let mode = &mut uart.mode;
    let rate = number_or(vm, baudrate, i64::from(mode.baudrate))?;
    mode.baudrate = match u32::try_from(rate) {
        Ok(rate) if rate > 0 => rate,
        _ => return Err(vm.value_error(b"invalid baudrate")),
    };
    mode.bits = match number_or(vm, bits, i64::from(mode.bits))? {
        bits @ 5..=9 => bits as u8,
        _ => return Err(vm.value_error(b"invalid data bits")),
    };
    if let Some(parity) = parity {
        mode.parity = if parity.is_none() {
            None
        } else {
            Some(vm.to_i64_value(parity)? & 1 != 0)
        };
    }
    mode.stop = match number_or(vm, stop, i64::from(mode.stop))? {
        stop @ 1..=2 => stop as u8,
        _ => return Err(vm.value_error(b"invalid stop bits")),
    };
    for (slot, given) in uart.pins.iter_mut().zip([tx, rx]) {
        if let Some(pin) = pin_or_none(vm, given)? {
            *slot = Some(pin);
        }
    }
    let timeout = number_or(vm, timeout, uart.timeout_ms as i64)?;
    uart.timeout_ms = u64::try_from(timeout).unwrap_or(0);
    let timeout = number_or(vm, timeout_char, uart.timeout_char_ms as i64)?;
    uart.timeout_char_ms = u64::try_from(timeout).unwrap_or(0);
    let (number, mode, pins) = (uart.line, uart.mode, uart.pins);
    line(vm, number, |part| part.configure(mode, pins))
}

fn init(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    let mut uart = vm.this::<Uart>(args)?;
    set(vm, &mut uart, args)?;
    if let Some(body) = vm.body_mut::<Uart>(object) {
        *body = uart;
    }
    Ok(Value::NONE)
}

fn deinit(_: &mut Vm<'_>, _: Args) -> Result<Value> {
    Ok(Value::NONE)
}

fn any(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Uart>(args)?.line;
    let count = line(vm, number, |part| Ok(part.readable()))?;
    Ok(Value::small(count as isize))
}

fn txdone(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Uart>(args)?.line;
    line(vm, number, |part| Ok(part.is_idle())).map(Value::bool)
}

fn sendbreak(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Uart>(args)?.line;
    line(vm, number, |part| {
        part.send_break();
        Ok(())
    })?;
    Ok(Value::NONE)
}

/// Waits until everything has been sent.
fn flush(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Uart>(args)?.line;
    while !line(vm, number, |part| Ok(part.is_idle()))? {
        crate::wait::pause(vm, 100)?;
    }
    Ok(Value::NONE)
}

fn read(vm: &mut Vm<'_>, object: Value, buffer: &mut [u8]) -> Transfer {
    let Some(&uart) = vm.body::<Uart>(object) else {
        return Err(Fault::Errno(9));
    };
    let mut done = 0;
    let mut start = vm.host().ticks_us();
    while done < buffer.len() {
        let room = &mut buffer[done..];
        let got = line(vm, uart.line, |part| Ok(part.read(room)))?;
        if got > 0 {
            done += got;
            start = vm.host().ticks_us();
            continue;
        }
        let limit_ms = if done == 0 {
            uart.timeout_ms
        } else {
            uart.timeout_char_ms
        };
        let waited = vm.host().ticks_us().wrapping_sub(start);
        if waited >= limit_ms.saturating_mul(1000) {
            break;
        }
        crate::wait::pause(vm, 100)?;
    }
    if done == 0 && !buffer.is_empty() {
        return Err(Fault::Errno(EAGAIN));
    }
    Ok(done)
}

fn write(vm: &mut Vm<'_>, object: Value, bytes: &[u8]) -> Transfer {
    let Some(&uart) = vm.body::<Uart>(object) else {
        return Err(Fault::Errno(9));
    };
    let mut done = 0;
    let mut start = vm.host().ticks_us();
    while done < bytes.len() {
        let taken = line(vm, uart.line, |part| Ok(part.write(&bytes[done..])))?;
        if taken > 0 {
            done += taken;
            start = vm.host().ticks_us();
            continue;
        }
        let waited = vm.host().ticks_us().wrapping_sub(start);
        if waited >= uart.timeout_ms.saturating_mul(1000) {
            break;
        }
        crate::wait::pause(vm, 100)?;
    }
    if done == 0 && !bytes.is_empty() {
        return Err(Fault::Errno(EAGAIN));
    }
    Ok(done)
}

fn ioctl(
    vm: &mut Vm<'_>,
    object: Value,
    asked: u32,
    argument: isize,
) -> core::result::Result<isize, Fault> {
    let Some(&uart) = vm.body::<Uart>(object) else {
        return Err(Fault::Errno(9));
    };
    match asked {
        request::POLL => {
            let readable = line(vm, uart.line, |part| Ok(part.readable()))? > 0;
            let readable = if readable { poll::READ } else { 0 };
            Ok(argument & (readable | poll::WRITE))
        }
        request::FLUSH | request::CLOSE => Ok(0),
        _ => Err(Fault::Errno(22)),
    }
}

fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let uart = vm.this::<Uart>(args)?;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    vm.put(sink, b"UART(")?;
    vm.put_number(sink, uart.line as isize)?;
    for (name, number) in [
        (&b", baudrate="[..], uart.mode.baudrate as isize),
        (b", bits=", uart.mode.bits as isize),
        (b", stop=", uart.mode.stop as isize),
    ] {
        vm.put(sink, name)?;
        vm.put_number(sink, number)?;
    }
    vm.put(
        sink,
        match uart.mode.parity {
            None => b", parity=None)".as_slice(),
            Some(false) => b", parity=0)",
            Some(true) => b", parity=1)",
        },
    )?;
    vm.take_text(buffer)
}
