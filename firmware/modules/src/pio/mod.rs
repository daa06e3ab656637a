//! `_rp2`: machines that move pins by programs of a few instructions. `rp2`, in Python, has the assembler.
//!
//! A program is a list: its words, where it was loaded in each block, two registers, how its pins begin.

mod machine;

use upy_hal::machine::{self as hal, Errno};
use upy_hal::pio::{INSTRUCTIONS, MACHINES, Pio};
use upy_runtime::{
    Args, Body, Entry, Marker, Result, Sink, Slots, TypeId, TypeInfo, Value, Vm, class, function,
    number, text,
};

use crate::machine::{number_or, options, with, with_keywords};
use crate::names as q;
use crate::{roots, types};

pub(crate) use machine::STATE_MACHINE;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::_rp2),
    class(q::PIO, types::PIO),
    class(q::StateMachine, types::STATE_MACHINE),
];

const METHODS: &[Entry] = &[
    function(q::add_program, add_program, 2, 2),
    function(q::remove_program, remove_program, 1, 2),
    with_keywords(q::state_machine, state_machine, 2, 4),
    with_keywords(q::irq, irq, 1, 4),
    function(q::__repr__, repr, 1, 1),
    number(q::IN_LOW, 0),
    number(q::IN_HIGH, 1),
    number(q::OUT_LOW, 2),
    number(q::OUT_HIGH, 3),
    number(q::SHIFT_LEFT, 0),
    number(q::SHIFT_RIGHT, 1),
    number(q::JOIN_NONE, 0),
    number(q::JOIN_TX, 1),
    number(q::JOIN_RX, 2),
    number(q::IRQ_SM0, 0x100),
    number(q::IRQ_SM1, 0x200),
    number(q::IRQ_SM2, 0x400),
    number(q::IRQ_SM3, 0x800),
];

pub(crate) static PIO: TypeInfo = TypeInfo {
    name: q::PIO,
    base: TypeId::Object,
    make: Some(make),
    entries: METHODS,
    slots: &Slots::NONE,
};

pub(crate) static PIO_IRQ: TypeInfo = TypeInfo {
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

/// Blocks at most; programs have a place for each.
const MOST_BLOCKS: usize = 3;
/// In a program: its words, and where it was loaded in block 0.
const WORDS: usize = 0;
const LOADED: usize = 1;
const FIELDS: usize = 9;
/// The error for a memory that is full.
const ENOMEM: i32 = 12;

/// A machine or a block, with what is called when something happens there.
#[derive(Clone, Copy)]
struct Part {
    /// Which one it is of those of its kind.
    number: u8,
    /// Of a machine: the instruction its program begins with.
    start: u8,
    /// Of a block: which places of its memory are taken.
    used: u32,
    handler: Value,
    /// Of a block: the events of [`Pio::watch`]. Of a machine: 1 for the flag with its number.
    trigger: i64,
    /// What led to the last call.
    flags: i64,
    /// Called at once instead of through the scheduler.
    hard: bool,
}

impl Body for Part {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.handler);
    }
}

/// What `irq` returns.
#[derive(Clone, Copy)]
struct Irq {
    part: Value,
}

impl Body for Irq {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.part);
    }
}

/// Works with the machines; ENODEV if there are none.
fn pio<R>(vm: &mut Vm<'_>, work: impl FnOnce(&mut dyn Pio) -> R) -> Result<R> {
    with(vm, |board| {
        let part = board.pio().ok_or(Errno::ENODEV)?;
        hal::Result::Ok(work(part))
    })
}

/// The object of a machine or a block; there is one for each.
fn object(vm: &mut Vm<'_>, class: TypeId, number: u8) -> Result<Value> {
    let list = match vm.root(roots::PIO) {
        list if list.is_none() => {
            let places = [Value::NONE; MOST_BLOCKS * (1 + MACHINES as usize)];
            let list = vm.new_list(&places)?.value();
            vm.set_root(roots::PIO, list);
            list
        }
        list => list,
    };
    let place = place_of(class, number);
    match vm.item_at(list, place) {
        Some(object) if !object.is_none() => return Ok(object),
        _ => {}
    }
    let part = Part {
        number,
        start: 0,
        used: 0,
        handler: Value::NONE,
        trigger: 0,
        flags: 0,
        hard: false,
    };
    let object = vm.new_object(class, part)?;
    vm.set_item(list, place, object);
    Ok(object)
}

/// Where in the list of parts one is: blocks first.
fn place_of(class: TypeId, number: u8) -> usize {
    let before = if class == types::PIO { 0 } else { MOST_BLOCKS };
    before + usize::from(number)
}

/// The object of a machine or a block, if it was used.
fn known(vm: &Vm<'_>, class: TypeId, number: u8) -> Option<(Value, Part)> {
    let object = vm.item_at(vm.root(roots::PIO), place_of(class, number))?;
    Some((object, *vm.body::<Part>(object)?))
}

/// `PIO(id)`
fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    let number = vm.int_arg(args, 0)?;
    let blocks = pio(vm, |pio| pio.blocks())?;
    match u8::try_from(number).ok().filter(|&block| block < blocks) {
        Some(block) if args.count == 1 && args.keywords == 0 => object(vm, types::PIO, block),
        _ => Err(vm.value_error(b"invalid PIO")),
    }
}

/// The bits of `len` places from one on.
fn places(at: u8, len: u8) -> u32 {
    let bits = (1_u64 << len) - 1;
    (bits << at) as u32
}

/// The instructions of a program, and how many they are.
fn instructions(vm: &mut Vm<'_>, program: Value) -> Result<([u16; INSTRUCTIONS as usize], u8)> {
    if !vm.is_list(program)
        || vm
            .items_of(program)
            .is_none_or(|items| items.len() < FIELDS)
    {
        return Err(vm.type_error(b"program expected"));
    }
    let words = vm.item_at(program, WORDS).unwrap_or(Value::NONE);
    let data = vm.data(words)?;
    let mut instructions = [0; INSTRUCTIONS as usize];
    let count = data.len() / 2;
    for (slot, pair) in instructions.iter_mut().zip(data.chunks_exact(2)) {
        *slot = u16::from_le_bytes([pair[0], pair[1]]);
    }
    match u8::try_from(count) {
        Ok(count @ 1..=INSTRUCTIONS) => Ok((instructions, count)),
        Ok(0) => Err(vm.value_error(b"program is empty")),
        _ => Err(vm.os_error(ENOMEM)),
    }
}

/// Where a program is in the memory of a block; it is loaded if it is not there.
fn load(vm: &mut Vm<'_>, block: u8, program: Value) -> Result<u8> {
    let (words, count) = instructions(vm, program)?;
    let owner = object(vm, types::PIO, block)?;
    let used = vm.body::<Part>(owner).map_or(0, |part| part.used);
    if let Some(at) = loaded(vm, block, program, used, count)? {
        return Ok(at);
    }
    let free = |&at: &u8| used & places(at, count) == 0;
    let Some(at) = (0..=INSTRUCTIONS - count).rev().find(free) else {
        return Err(vm.os_error(ENOMEM));
    };
    pio(vm, |pio| {
        for (index, &word) in (at..).zip(&words[..usize::from(count)]) {
            // Jumps are within the program.
            let moved = if word >> 13 == 0 { u16::from(at) } else { 0 };
            pio.store(block, index, word.wrapping_add(moved));
        }
    })?;
    if let Some(part) = vm.body_mut::<Part>(owner) {
        part.used |= places(at, count);
    }
    vm.set_item(
        program,
        LOADED + usize::from(block),
        Value::small(isize::from(at)),
    );
    Ok(at)
}

/// Where a program was loaded, if it still is.
fn loaded(vm: &mut Vm<'_>, block: u8, program: Value, used: u32, count: u8) -> Result<Option<u8>> {
    let noted = vm.item_at(program, LOADED + usize::from(block));
    let noted = vm.to_isize(noted.unwrap_or(Value::NONE))?;
    let at = u8::try_from(noted).ok();
    Ok(at.filter(|&at| at <= INSTRUCTIONS - count && !used & places(at, count) == 0))
}

fn add_program(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let block = vm.this::<Part>(args)?.number;
    let program = args.at(vm, 1);
    load(vm, block, program)?;
    Ok(Value::NONE)
}

/// `remove_program()`, `remove_program(program)`
fn remove_program(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let Part { number, used, .. } = vm.this::<Part>(args)?;
    let freed = match args.get(vm, 1) {
        Some(program) => {
            let (_, count) = instructions(vm, program)?;
            let at = loaded(vm, number, program, used, count)?;
            vm.set_item(program, LOADED + usize::from(number), Value::small(-1));
            at.map_or(0, |at| places(at, count))
        }
        None => u32::MAX,
    };
    let owner = args.at(vm, 0);
    if let Some(part) = vm.body_mut::<Part>(owner) {
        part.used &= !freed;
    }
    Ok(Value::NONE)
}

/// `state_machine(id, [program, ...])`
fn state_machine(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let block = vm.this::<Part>(args)?.number;
    let number = vm.int_arg(args, 1)?;
    match u8::try_from(number)
        .ok()
        .filter(|&number| number < MACHINES)
    {
        Some(number) => machine::get(vm, block * MACHINES + number, args.from(1)),
        None => Err(vm.value_error(b"invalid StateMachine")),
    }
}

/// `PIO(0)`, `StateMachine(3)`
fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Part>(args)?.number;
    let name: &[u8] = match is_block(vm, args.at(vm, 0)) {
        true => b"PIO(",
        false => b"StateMachine(",
    };
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    vm.put(sink, name)?;
    vm.put_number(sink, isize::from(number))?;
    vm.put(sink, b")")?;
    vm.take_text(buffer)
}

fn is_block(vm: &Vm<'_>, object: Value) -> bool {
    vm.native_type(object) == types::PIO
}

// ---- interrupts --------------------------------------------------------------------------------------------

/// All four flags that the processor sees.
const FLAGS: i64 = 0xf00;

/// `irq(handler=None, trigger=..., hard=False)` of a block or a machine
fn irq(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    vm.this::<Part>(args)?;
    let names = [q::handler, q::trigger, q::hard];
    let [handler, trigger, hard] = options(vm, args, 1, names)?;
    if args.count > 1 || args.keywords > 0 {
        let usual = if is_block(vm, object) { FLAGS } else { 1 };
        let trigger = number_or(vm, trigger, usual)?;
        let hard = match hard {
            Some(hard) => vm.truth(hard)?,
            None => false,
        };
        if let Some(part) = vm.body_mut::<Part>(object) {
            part.handler = handler.unwrap_or(Value::NONE);
            part.trigger = trigger;
            part.hard = hard;
            part.flags = 0;
        }
        watch(vm, object)?;
    }
    vm.new_object(types::PIO_IRQ, Irq { part: object })
}

/// Tells the hardware what is wanted of the block of a part.
fn watch(vm: &mut Vm<'_>, object: Value) -> Result<()> {
    let number = vm.body::<Part>(object).map_or(0, |part| part.number);
    let block = match is_block(vm, object) {
        true => number,
        false => number / MACHINES,
    };
    let wanted = |known: Option<(Value, Part)>| {
        let part = known.filter(|(_, part)| !part.handler.is_none());
        part.map_or(0, |(_, part)| part.trigger)
    };
    let mut events = wanted(known(vm, types::PIO, block));
    for index in 0..MACHINES {
        let machine = known(vm, types::STATE_MACHINE, block * MACHINES + index);
        events |= (wanted(machine) & 1) << (8 + index);
    }
    pio(vm, |pio| pio.watch(block, events as u16))
}

fn irq_part(vm: &mut Vm<'_>, args: Args) -> Result<(Value, Part)> {
    let object = vm.this::<Irq>(args)?.part;
    match vm.body::<Part>(object) {
        Some(&part) => Ok((object, part)),
        None => Err(vm.type_error(b"PIO expected")),
    }
}

fn irq_flags(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (_, part) = irq_part(vm, args)?;
    Ok(Value::small(part.flags as isize))
}

/// `trigger()`, `trigger(new)`: the trigger before
fn irq_trigger(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, part) = irq_part(vm, args)?;
    if let Some(new) = args.get(vm, 1) {
        let trigger = vm.to_i64_value(new)?;
        if let Some(part) = vm.body_mut::<Part>(object) {
            part.trigger = trigger;
            part.flags = 0;
        }
        watch(vm, object)?;
    }
    Ok(Value::small(part.trigger as isize))
}

/// Calls the handler as if something had happened.
fn irq_call(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, part) = irq_part(vm, args)?;
    if !part.handler.is_none() {
        vm.call(part.handler, &[object])?;
    }
    Ok(Value::NONE)
}

/// Calls the handlers of what has happened.
pub(crate) fn service(vm: &mut Vm<'_>) -> Result<()> {
    if vm.root(roots::PIO).is_none() {
        return Ok(());
    }
    let blocks = pio(vm, |pio| pio.blocks())?;
    for block in 0..blocks {
        let events = i64::from(pio(vm, |pio| pio.take_event(block))?);
        if events == 0 {
            continue;
        }
        tell(vm, known(vm, types::PIO, block), events)?;
        for index in 0..MACHINES {
            let machine = known(vm, types::STATE_MACHINE, block * MACHINES + index);
            tell(vm, machine, events >> (8 + index) & 1)?;
        }
    }
    Ok(())
}

/// Calls the handler of a part if it waits for one of the events.
fn tell(vm: &mut Vm<'_>, known: Option<(Value, Part)>, events: i64) -> Result<()> {
    let Some((object, part)) = known else {
        return Ok(());
    };
    let flags = events & part.trigger;
    if flags == 0 || part.handler.is_none() {
        return Ok(());
    }
    if let Some(part) = vm.body_mut::<Part>(object) {
        part.flags = flags;
    }
    if part.hard {
        vm.call_and_report(part.handler, &[object]);
    } else {
        // As on a board: an event is lost when too many wait.
        vm.schedule(part.handler, object)?;
    }
    Ok(())
}
