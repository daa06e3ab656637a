//! `rp2.StateMachine`: a machine with its program, pins and queues.

use upy_hal::pio::{MACHINES, PioSetup};
use upy_runtime::{Args, Entry, Result, Slots, TypeId, TypeInfo, Value, Vm, function};

use super::{LOADED, MOST_BLOCKS, Part, irq, load, object, pio, repr};
use crate::machine::{number_or, options, pin_or_none, system, with_keywords};
use crate::names as q;
use crate::types;

const METHODS: &[Entry] = &[
    with_keywords(q::init, init, 1, 3),
    function(q::active, active, 1, 2),
    function(q::restart, restart, 1, 1),
    function(q::exec, exec, 2, 2),
    function(q::get, get_words, 1, 3),
    function(q::put, put, 2, 3),
    function(q::rx_fifo, rx_fifo, 1, 1),
    function(q::tx_fifo, tx_fifo, 1, 1),
    with_keywords(q::irq, irq, 1, 4),
    function(q::__repr__, repr, 1, 1),
];

pub(crate) static STATE_MACHINE: TypeInfo = TypeInfo {
    name: q::StateMachine,
    base: TypeId::Object,
    make: Some(make),
    entries: METHODS,
    slots: &Slots::NONE,
};

/// In a program: the two registers, and how its pins begin.
const EXEC: usize = LOADED + MOST_BLOCKS;
const SHIFT: usize = EXEC + 1;
const OUT_INIT: usize = EXEC + 2;
const SET_INIT: usize = EXEC + 3;
const SIDE_INIT: usize = EXEC + 4;

/// In PINCTRL, chapter 3.7 of the datasheet: where bases and counts are.
mod pins {
    pub(super) const OUT: u32 = 0;
    pub(super) const SET: u32 = 5;
    pub(super) const SIDE: u32 = 10;
    pub(super) const IN: u32 = 15;
    pub(super) const OUT_COUNT: u32 = 20;
    pub(super) const SET_COUNT: u32 = 26;
    pub(super) const SIDE_COUNT: u32 = 29;
}

/// In EXECCTRL: where a program wraps, the pin of jumps, an optional side-set.
const WRAP_BOTTOM: u32 = 7;
const WRAP_TOP: u32 = 12;
const JUMP_PIN: u32 = 24;
const SIDE_OPTIONAL: u32 = 1 << 30;

/// In SHIFTCTRL: the options that replace those of the program: place and bits.
const SHIFTS: [(u32, u32); 4] = [(18, 1), (19, 1), (20, 31), (25, 31)];

/// Pins that a program has for one purpose: the first, and how each begins (bit 1 output, bit 0 high).
struct Group {
    base: u16,
    begins: [u8; MOST_PINS],
    count: usize,
}

const MOST_PINS: usize = 32;

/// `StateMachine(id, [program, ...])`
fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    let number = vm.int_arg(args, 0)?;
    let count = pio(vm, |pio| pio.blocks() * MACHINES)?;
    match u8::try_from(number).ok().filter(|&number| number < count) {
        Some(number) => get(vm, number, args),
        None => Err(vm.value_error(b"invalid StateMachine")),
    }
}

/// The object of a machine, set up if there is more than its number.
pub(super) fn get(vm: &mut Vm<'_>, number: u8, args: Args) -> Result<Value> {
    let object = object(vm, types::STATE_MACHINE, number)?;
    if args.count > 1 || args.keywords > 0 {
        set(vm, object, number, args)?;
    }
    Ok(object)
}

fn init(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, number) = (args.at(vm, 0), vm.this::<Part>(args)?.number);
    set(vm, object, number, args)?;
    Ok(Value::NONE)
}

/// `(program, freq=-1, *, in_base, out_base, set_base, jmp_pin, sideset_base, in_shiftdir, out_shiftdir, push_thresh,
/// pull_thresh)`
fn set(vm: &mut Vm<'_>, object: Value, number: u8, args: Args) -> Result<()> {
    let names = [
        q::prog,
        q::freq,
        q::in_base,
        q::out_base,
        q::set_base,
        q::jmp_pin,
        q::sideset_base,
        q::in_shiftdir,
        q::out_shiftdir,
        q::push_thresh,
        q::pull_thresh,
    ];
    if args.count > 3 {
        return Err(vm.wrong_count(2, 3, args.count));
    }
    let [
        program,
        frequency,
        in_base,
        out_base,
        set_base,
        jump_pin,
        side_base,
        shifts @ ..,
    ] = options(vm, args, 1, names)?;
    let Some(program) = program else {
        return Err(vm.type_error(b"program expected"));
    };
    let mut setup = registers(vm, program, number, frequency, shifts)?;
    if let Some(pin) = pin_or_none(vm, in_base)? {
        setup.pins |= u32::from(pin) << pins::IN;
    }
    if let Some(pin) = pin_or_none(vm, jump_pin)? {
        setup.exec |= u32::from(pin) << JUMP_PIN;
    }
    let out = group(vm, program, OUT_INIT, out_base, MOST_PINS)?;
    let set = group(vm, program, SET_INIT, set_base, 5)?;
    let side = group(vm, program, SIDE_INIT, side_base, 5)?;
    for (group, base, count) in [
        (&out, pins::OUT, pins::OUT_COUNT),
        (&set, pins::SET, pins::SET_COUNT),
        (&side, pins::SIDE, pins::SIDE_COUNT),
    ] {
        if let Some(group) = group {
            setup.pins |= u32::from(group.base) << base | (group.count as u32) << count;
        }
    }
    if side.is_some() && setup.exec & SIDE_OPTIONAL != 0 {
        // The bit that says whether there is one counts.
        setup.pins += 1 << pins::SIDE_COUNT;
    }
    pio(vm, |pio| {
        pio.configure(number, &setup);
        for group in [out, set, side].into_iter().flatten() {
            for (pin, begins) in (group.base..).zip(&group.begins[..group.count]) {
                let pin = pin % MOST_PINS as u16;
                pio.give_pin(number, pin, begins & 2 != 0, begins & 1 != 0);
            }
        }
    })?;
    if let Some(part) = vm.body_mut::<Part>(object) {
        part.start = setup.start;
    }
    Ok(())
}

/// What a program says of its machine, and what options say instead, without the pins. The program is loaded.
fn registers(
    vm: &mut Vm<'_>,
    program: Value,
    number: u8,
    frequency: Option<Value>,
    shifts: [Option<Value>; SHIFTS.len()],
) -> Result<PioSetup> {
    let divider = divider(vm, frequency)?;
    let start = load(vm, number / MACHINES, program)?;
    let moved = u32::from(start) << WRAP_TOP | u32::from(start) << WRAP_BOTTOM;
    let mut shift = field(vm, program, SHIFT)?;
    for (given, (place, bits)) in shifts.into_iter().zip(SHIFTS) {
        if let Some(given) = given.filter(|given| !given.is_none()) {
            let value = vm.to_bits(given)? as u32 & bits;
            shift = shift & !(bits << place) | value << place;
        }
    }
    Ok(PioSetup {
        divider,
        exec: field(vm, program, EXEC)?.wrapping_add(moved),
        shift,
        pins: 0,
        start,
    })
}

/// A number in a program.
fn field(vm: &mut Vm<'_>, program: Value, place: usize) -> Result<u32> {
    let value = vm.item_at(program, place).unwrap_or(Value::NONE);
    Ok(vm.to_bits(value)? as u32)
}

/// What the processor's frequency is divided by: 256ths, for a frequency in Hz.
fn divider(vm: &mut Vm<'_>, frequency: Option<Value>) -> Result<u32> {
    /// The longest period; the register has 0 for it.
    const MOST: u64 = 65_536 * 256;
    let wanted = number_or(vm, frequency, -1)?;
    if wanted <= 0 {
        return Ok(if wanted == 0 { 0 } else { 256 });
    }
    let clock = system(vm, |system| Ok(system.frequency_hz()))?;
    match u64::from(clock) * 256 / wanted.unsigned_abs() {
        divider @ 256..MOST => Ok(divider as u32),
        MOST => Ok(0),
        _ => Err(vm.value_error(b"freq out of range")),
    }
}

/// Pins of a program from a given one on; none if none is given.
fn group(
    vm: &mut Vm<'_>,
    program: Value,
    place: usize,
    base: Option<Value>,
    most: usize,
) -> Result<Option<Group>> {
    let Some(base) = pin_or_none(vm, base)? else {
        return Ok(None);
    };
    let mut group = Group {
        base,
        begins: [0; MOST_PINS],
        count: 0,
    };
    let begins = vm.item_at(program, place).unwrap_or(Value::NONE);
    if begins.is_none() {
        return Ok(Some(group));
    }
    if vm.is_int(vm.native_of(begins)) {
        group.begins[0] = vm.to_bits(begins)? as u8;
        group.count = 1;
        return Ok(Some(group));
    }
    let count = vm.items_of(begins).map_or(0, <[Value]>::len);
    if count == 0 || count > most {
        return Err(vm.value_error(b"too many pins, or none"));
    }
    for index in 0..count {
        let value = vm.item_at(begins, index).unwrap_or(Value::NONE);
        group.begins[index] = vm.to_bits(value)? as u8;
    }
    group.count = count;
    Ok(Some(group))
}

/// `active()`, `active(value)`
fn active(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Part>(args)?.number;
    if let Some(value) = args.get(vm, 1) {
        let is_active = vm.truth(value)?;
        pio(vm, |pio| pio.set_active(number, is_active))?;
    }
    pio(vm, |pio| pio.is_active(number)).map(Value::bool)
}

/// Begins the program anew.
fn restart(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let part = vm.this::<Part>(args)?;
    pio(vm, |pio| {
        pio.restart(part.number);
        // A jump that is always taken.
        pio.execute(part.number, u16::from(part.start));
    })?;
    Ok(Value::NONE)
}

/// `exec(instruction)`: its word, or its text
fn exec(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Part>(args)?.number;
    let mut instruction = args.at(vm, 1);
    if vm.is_str(vm.native_of(instruction)) {
        let (count, is_optional) = pio(vm, |pio| pio.side_set(number))?;
        let count = Value::small(isize::from(count));
        let rp2 = vm.import_module(b"rp2")?;
        let words = [instruction, count, Value::bool(is_optional)];
        instruction = vm.call_method(rp2, q::asm_pio_encode, &words)?;
    }
    let word = vm.to_bits(instruction)? as u16;
    pio(vm, |pio| pio.execute(number, word))?;
    Ok(Value::NONE)
}

/// How many bits words are moved by.
fn shift(vm: &mut Vm<'_>, args: Args) -> Result<u32> {
    if args.count < 3 {
        return Ok(0);
    }
    let shift = vm.int_arg(args, 2)?;
    match u32::try_from(shift).ok().filter(|&shift| shift < 32) {
        Some(shift) => Ok(shift),
        None => Err(vm.value_error(b"shift out of range")),
    }
}

/// Waits for a word of a machine.
fn take(vm: &mut Vm<'_>, number: u8) -> Result<u32> {
    loop {
        if let Some(word) = pio(vm, |pio| pio.get(number))? {
            return Ok(word);
        }
        crate::wait::pause(vm, 0)?;
    }
}

/// `get(buffer=None, shift=0)`: a word, or the buffer filled with one for each item
fn get_words(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Part>(args)?.number;
    let shift = shift(vm, args)?;
    let Some(buffer) = args.some(vm, 1) else {
        let word = take(vm, number)? >> shift;
        return vm.new_unsigned(u64::from(word));
    };
    let bits = item_bits(vm, buffer)?;
    let count = vm.length(buffer)?;
    for index in 0..vm.to_isize(count)? {
        let word = take(vm, number)? >> shift & (u32::MAX >> (32 - bits));
        let word = vm.new_unsigned(u64::from(word))?;
        vm.store_subscript(buffer, Value::small(index), Some(word))?;
    }
    Ok(buffer)
}

/// How many bits an item of a buffer has.
fn item_bits(vm: &mut Vm<'_>, buffer: Value) -> Result<u32> {
    let bytes = vm.data_mut(buffer)?.len();
    let count = vm.length(buffer)?;
    let count = usize::try_from(vm.to_isize(count)?).unwrap_or(0);
    match bytes.checked_div(count) {
        None => Ok(8),
        Some(bytes @ (1 | 2 | 4)) => Ok(bytes as u32 * 8),
        Some(_) => Err(vm.value_error(b"unsupported buffer type")),
    }
}

fn give(vm: &mut Vm<'_>, number: u8, word: u32) -> Result<()> {
    while !pio(vm, |pio| pio.put(number, word))? {
        crate::wait::pause(vm, 0)?;
    }
    Ok(())
}

/// `put(value, shift=0)`: a word, or one for each item of a buffer
fn put(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Part>(args)?.number;
    let shift = shift(vm, args)?;
    let value = args.at(vm, 1);
    if vm.is_int(vm.native_of(value)) {
        let word = vm.to_bits(value)? as u32;
        give(vm, number, word << shift)?;
        return Ok(Value::NONE);
    }
    // Anything else has to be a buffer.
    vm.data(value)?;
    let count = vm.length(value)?;
    for index in 0..vm.to_isize(count)? {
        let item = vm.subscript(value, Value::small(index))?;
        let word = vm.to_bits(item)? as u32;
        give(vm, number, word << shift)?;
    }
    Ok(Value::NONE)
}

fn rx_fifo(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Part>(args)?.number;
    let (from, _) = pio(vm, |pio| pio.queued(number))?;
    Ok(Value::small(isize::from(from)))
}

fn tx_fifo(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let number = vm.this::<Part>(args)?.number;
    let (_, to) = pio(vm, |pio| pio.queued(number))?;
    Ok(Value::small(isize::from(to)))
}
