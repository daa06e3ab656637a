//! `machine.Pin`

use upy_hal::machine::{self as hal, Edges, Errno, PinMode, Pins, Pull};
use upy_runtime::{
    Args, Body, Entry, Marker, Result, Sink, Slots, TypeId, TypeInfo, Value, Vm, function, number,
};

use super::{number_or, options, with, with_keywords};
use crate::names as q;
use crate::{roots, types};

const IN: i64 = 0;
const OUT: i64 = 1;
const OPEN_DRAIN: i64 = 2;
const ALT: i64 = 3;
const ANALOG: i64 = 4;
const PULL_UP: i64 = 1;
const PULL_DOWN: i64 = 2;
const IRQ_FALLING: i64 = 4;
const IRQ_RISING: i64 = 8;

const ENTRIES: &[Entry] = &[
    with_keywords(q::init, init, 1, 3),
    function(q::value, value, 1, 2),
    function(q::__call__, value, 1, 2),
    function(q::on, on, 1, 1),
    function(q::off, off, 1, 1),
    function(q::high, on, 1, 1),
    function(q::low, off, 1, 1),
    function(q::toggle, toggle, 1, 1),
    with_keywords(q::irq, irq, 1, 4),
    function(q::mode, mode, 1, 2),
    function(q::pull, pull, 1, 2),
    function(q::__repr__, repr, 1, 1),
    number(q::IN, IN as isize),
    number(q::OUT, OUT as isize),
    number(q::OPEN_DRAIN, OPEN_DRAIN as isize),
    number(q::ALT, ALT as isize),
    number(q::ANALOG, ANALOG as isize),
    number(q::PULL_UP, PULL_UP as isize),
    number(q::PULL_DOWN, PULL_DOWN as isize),
    number(q::IRQ_FALLING, IRQ_FALLING as isize),
    number(q::IRQ_RISING, IRQ_RISING as isize),
];

pub(crate) static PIN: TypeInfo = TypeInfo {
    name: q::Pin,
    base: TypeId::Object,
    make: Some(make),
    entries: ENTRIES,
    slots: &Slots::NONE,
};

/// `machine.PinBase`: what classes that behave like pins are derived from.
pub(crate) static PIN_BASE: TypeInfo = TypeInfo {
    name: q::PinBase,
    base: TypeId::Object,
    make: Some(|vm, class, _| vm.new_object(class, PinBase)),
    entries: &[],
    slots: &Slots::NONE,
};

#[derive(Clone, Copy)]
struct PinBase;

impl Body for PinBase {}

/// Whether it is an object of a class derived from `PinBase`.
pub(super) fn is_base(vm: &Vm<'_>, value: Value) -> bool {
    vm.body::<PinBase>(value).is_some()
}

pub(crate) static IRQ: TypeInfo = TypeInfo {
    name: q::irq,
    base: TypeId::Object,
    make: None,
    entries: &[
        function(q::flags, irq_flags, 1, 1),
        function(q::trigger, irq_trigger, 1, 2),
        function(q::__call__, irq_call, 1, 1),
    ],
    slots: &Slots::NONE,
};

/// A pin, with what is called when it changes.
#[derive(Clone, Copy)]
struct Pin {
    number: u16,
    handler: Value,
    /// `IRQ_FALLING`, `IRQ_RISING`
    trigger: i64,
    /// What led to the last call.
    flags: i64,
    /// Called at once instead of through the scheduler.
    hard: bool,
}

impl Body for Pin {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.handler);
    }
}

/// What `Pin.irq` returns.
#[derive(Clone, Copy)]
struct Irq {
    pin: Value,
}

impl Body for Irq {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.pin);
    }
}

pub(super) fn pins<R>(
    vm: &mut Vm<'_>,
    work: impl FnOnce(&mut dyn Pins) -> hal::Result<R>,
) -> Result<R> {
    with(vm, |board| work(board.pins().ok_or(Errno::ENODEV)?))
}

/// The number of a pin: of a `Pin`, a number, or a name of the board.
pub(super) fn number_of(vm: &mut Vm<'_>, value: Value) -> Result<u16> {
    if let Some(pin) = vm.body::<Pin>(value) {
        return Ok(pin.number);
    }
    let native = vm.native_of(value);
    let found = if vm.is_str(native) {
        let mut name = [0; 32];
        let text = vm.bytes_of(native);
        let len = text.len().min(name.len());
        name[..len].copy_from_slice(&text[..len]);
        let known = pins(vm, |pins| Ok(pins.find(&name[..len])))?;
        // GP5, GPIO5 and 5 are the same.
        let digits = name[..len].iter().position(u8::is_ascii_digit);
        let number = digits.map(|at| &name[at..len]);
        let number = number.and_then(|digits| core::str::from_utf8(digits).ok());
        known.or_else(|| number.and_then(|digits| digits.parse().ok()))
    } else {
        u16::try_from(vm.to_isize(native)?).ok()
    };
    let count = pins(vm, |pins| Ok(pins.count()))?;
    match found.filter(|&number| number < count) {
        Some(number) => Ok(number),
        None => Err(vm.value_error(b"invalid pin")),
    }
}

/// The object of a pin; there is one for each.
pub(super) fn object(vm: &mut Vm<'_>, number: u16) -> Result<Value> {
    let list = match vm.root(roots::PINS) {
        list if list.is_none() => {
            let list = vm.new_list(&[])?.value();
            vm.set_root(roots::PINS, list);
            list
        }
        list => list,
    };
    if let Some(pin) = known(vm, number) {
        return Ok(pin);
    }
    let pin = Pin {
        number,
        handler: Value::NONE,
        trigger: 0,
        flags: 0,
        hard: false,
    };
    let pin = vm.new_object(types::PIN, pin)?;
    vm.append(list, pin)?;
    Ok(pin)
}

fn known(vm: &Vm<'_>, number: u16) -> Option<Value> {
    let pins = vm.items_of(vm.root(roots::PINS))?;
    let found = pins
        .iter()
        .find(|&&pin| vm.body::<Pin>(pin).is_some_and(|pin| pin.number == number));
    found.copied()
}

/// `Pin(id, mode=-1, pull=-1, *, value=None, drive=0, alt=-1)`
fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    let Some(id) = args.get(vm, 0) else {
        return Err(vm.wrong_count(1, 3, 0));
    };
    let number = number_of(vm, id)?;
    let pin = object(vm, number)?;
    if args.count > 1 || args.keywords > 0 {
        set(vm, number, args)?;
    }
    Ok(pin)
}

fn init(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Pin>(args)?.number;
    set(vm, number, args)?;
    Ok(Value::NONE)
}

fn set(vm: &mut Vm<'_>, number: u16, args: Args) -> Result<()> {
    if args.count > 3 {
        return Err(vm.wrong_count(1, 3, args.count));
    }
    let names = [q::mode, q::pull, q::value, q::drive, q::alt];
    let [mode, pull, value, _, _] = options(vm, args, 1, names)?;
    let before = pins(vm, |pins| Ok((pins.mode(number), pins.pull(number))))?;
    let mode = match mode.filter(|mode| !mode.is_none()) {
        Some(mode) => mode_of(vm, mode)?.unwrap_or(before.0),
        None => before.0,
    };
    let pull = match pull {
        Some(pull) => pull_of(vm, pull, before.1)?,
        None => before.1,
    };
    let level = match value.filter(|value| !value.is_none()) {
        Some(value) => Some(vm.truth(value)?),
        None => None,
    };
    pins(vm, |pins| pins.configure(number, mode, pull, level))
}

/// The mode a number stands for; -1 stands for the one the pin has.
fn mode_of(vm: &mut Vm<'_>, value: Value) -> Result<Option<PinMode>> {
    Ok(Some(match vm.to_i64_value(value)? {
        -1 => return Ok(None),
        IN => PinMode::Input,
        OUT => PinMode::Output,
        OPEN_DRAIN => PinMode::OpenDrain,
        ALT => PinMode::Alternate,
        ANALOG => PinMode::Analog,
        _ => return Err(vm.value_error(b"invalid pin mode")),
    }))
}

fn pull_of(vm: &mut Vm<'_>, value: Value, before: Pull) -> Result<Pull> {
    if value.is_none() {
        return Ok(Pull::None);
    }
    match vm.to_i64_value(value)? {
        -1 => Ok(before),
        0 => Ok(Pull::None),
        PULL_UP => Ok(Pull::Up),
        PULL_DOWN => Ok(Pull::Down),
        _ => Err(vm.value_error(b"invalid pull")),
    }
}

/// The level of a pin.
pub(super) fn read(vm: &mut Vm<'_>, number: u16) -> Result<bool> {
    pins(vm, |pins| Ok(pins.read(number)))
}

/// Drives a pin.
pub(super) fn write(vm: &mut Vm<'_>, number: u16, level: bool) -> Result<()> {
    pins(vm, |pins| {
        pins.write(number, level);
        Ok(())
    })
}

/// `value()`, `value(level)`
fn value(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Pin>(args)?.number;
    match args.get(vm, 1) {
        Some(level) => {
            let level = vm.truth(level)?;
            write(vm, number, level)?;
            Ok(Value::NONE)
        }
        None => Ok(Value::small(isize::from(read(vm, number)?))),
    }
}

fn on(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Pin>(args)?.number;
    write(vm, number, true)?;
    Ok(Value::NONE)
}

fn off(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Pin>(args)?.number;
    write(vm, number, false)?;
    Ok(Value::NONE)
}

fn toggle(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Pin>(args)?.number;
    let level = read(vm, number)?;
    write(vm, number, !level)?;
    Ok(Value::NONE)
}

fn mode_number(mode: PinMode) -> isize {
    (match mode {
        PinMode::Input => IN,
        PinMode::Output => OUT,
        PinMode::OpenDrain => OPEN_DRAIN,
        PinMode::Alternate => ALT,
        PinMode::Analog => ANALOG,
    }) as isize
}

/// `mode()`, `mode(mode)`
fn mode(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Pin>(args)?.number;
    let (mode, pull) = pins(vm, |pins| Ok((pins.mode(number), pins.pull(number))))?;
    match args.get(vm, 1) {
        Some(new) => {
            let mode = mode_of(vm, new)?.unwrap_or(mode);
            pins(vm, |pins| pins.configure(number, mode, pull, None))?;
            Ok(Value::NONE)
        }
        None => Ok(Value::small(mode_number(mode))),
    }
}

/// `pull()`, `pull(pull)`
fn pull(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Pin>(args)?.number;
    let (mode, pull) = pins(vm, |pins| Ok((pins.mode(number), pins.pull(number))))?;
    match args.get(vm, 1) {
        Some(new) => {
            let pull = pull_of(vm, new, pull)?;
            pins(vm, |pins| pins.configure(number, mode, pull, None))?;
            Ok(Value::NONE)
        }
        None => Ok(match pull {
            Pull::None => Value::NONE,
            Pull::Up => Value::small(PULL_UP as isize),
            Pull::Down => Value::small(PULL_DOWN as isize),
        }),
    }
}

/// `Pin(GPIO15, mode=OUT)`
fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Pin>(args)?.number;
    let (mode, pull) = pins(vm, |pins| Ok((pins.mode(number), pins.pull(number))))?;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    vm.put(sink, b"Pin(GPIO")?;
    vm.put_number(sink, number as isize)?;
    vm.put(sink, b", mode=")?;
    vm.put(
        sink,
        match mode {
            PinMode::Input => b"IN",
            PinMode::Output => b"OUT",
            PinMode::OpenDrain => b"OPEN_DRAIN",
            PinMode::Alternate => b"ALT",
            PinMode::Analog => b"ANALOG",
        },
    )?;
    match pull {
        Pull::None => {}
        Pull::Up => vm.put(sink, b", pull=PULL_UP")?,
        Pull::Down => vm.put(sink, b", pull=PULL_DOWN")?,
    }
    vm.put(sink, b")")?;
    vm.take_text(buffer)
}

// ---- interrupts --------------------------------------------------------------------------------------------

fn edges(trigger: i64) -> Edges {
    Edges(u8::from(trigger & IRQ_FALLING != 0) | u8::from(trigger & IRQ_RISING != 0) << 1)
}

/// `irq(handler=None, trigger=IRQ_FALLING | IRQ_RISING, *, priority=1, wake=None, hard=False)`; there is one priority,
/// and a change wakes from every sleep that keeps the program
fn irq(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let pin = args.at(vm, 0);
    let number = vm.this::<Pin>(args)?.number;
    let names = [q::handler, q::trigger, q::hard, q::priority, q::wake];
    let [handler, trigger, hard, _, _] = options(vm, args, 1, names)?;
    if args.count > 1 || args.keywords > 0 {
        let handler = handler.unwrap_or(Value::NONE);
        let trigger = number_or(vm, trigger, IRQ_FALLING | IRQ_RISING)?;
        let hard = match hard {
            Some(hard) => vm.truth(hard)?,
            None => false,
        };
        if trigger & !(IRQ_FALLING | IRQ_RISING) != 0 {
            return Err(vm.value_error(b"invalid trigger"));
        }
        let watched = if handler.is_none() {
            Edges::NONE
        } else {
            edges(trigger)
        };
        pins(vm, |pins| pins.watch(number, watched))?;
        if let Some(body) = vm.body_mut::<Pin>(pin) {
            body.handler = handler;
            body.trigger = trigger;
            body.hard = hard;
            body.flags = 0;
        }
    }
    vm.new_object(types::IRQ, Irq { pin })
}

fn irq_pin(vm: &mut Vm<'_>, args: Args) -> Result<(Value, Pin)> {
    let pin = vm.this::<Irq>(args)?.pin;
    match vm.body::<Pin>(pin) {
        Some(&body) => Ok((pin, body)),
        None => Err(vm.type_error(b"Pin expected")),
    }
}

fn irq_flags(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (_, pin) = irq_pin(vm, args)?;
    Ok(Value::small(pin.flags as isize))
}

/// `trigger()`, `trigger(new)`: the trigger before
fn irq_trigger(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, pin) = irq_pin(vm, args)?;
    if let Some(new) = args.get(vm, 1) {
        let trigger = vm.to_i64_value(new)?;
        pins(vm, |pins| pins.watch(pin.number, edges(trigger)))?;
        if let Some(body) = vm.body_mut::<Pin>(object) {
            body.trigger = trigger;
        }
    }
    Ok(Value::small(pin.trigger as isize))
}

/// Calls the handler as if the pin had changed.
fn irq_call(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, pin) = irq_pin(vm, args)?;
    if !pin.handler.is_none() {
        vm.call(pin.handler, &[object])?;
    }
    Ok(Value::NONE)
}

/// Calls the handlers of pins that have changed.
pub(super) fn service(vm: &mut Vm<'_>) -> Result<()> {
    loop {
        let board = vm.host().board();
        let Some((number, seen)) = board.and_then(|board| board.pins()?.take_event()) else {
            return Ok(());
        };
        let Some(object) = known(vm, number) else {
            continue;
        };
        let Some(pin) = vm.body_mut::<Pin>(object) else {
            continue;
        };
        pin.flags = i64::from(seen.0 & 1) * IRQ_FALLING + i64::from(seen.0 >> 1 & 1) * IRQ_RISING;
        let (handler, hard) = (pin.handler, pin.hard);
        if handler.is_none() {
            continue;
        }
        if hard {
            vm.call_and_report(handler, &[object]);
        } else if !vm.schedule(handler, object)? {
            // As on a board: an event is lost when too many wait.
            continue;
        }
    }
}
