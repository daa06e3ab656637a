//! `uctypes`: structures laid over the bytes of other objects.
//!
//! Where MicroPython reads and writes any address, this module stays within objects: `addressof(obj)` remembers
//! the object (the last [`KNOWN`] of them, which are kept alive), and an address is looked up among those.
//! Whatever lies outside raises `ValueError`; registers are reached through `machine.mem32`. An object that is
//! not writable stays so.

mod descriptor;
pub(crate) mod window;

use upy_runtime::{
    Args, Body, Entry, Marker, Qstr, Raised, Result, Sink, Slots, TypeId, TypeInfo, Value, Vm,
    class, function, number, text,
};

use self::descriptor::{Aggregate, Item, LENGTH_BIT, Layout, POSITION_BIT, Scalar, shifted};
use self::window::Window;
use crate::names as q;
use crate::{roots, types};

/// How many objects `addressof` remembers.
const KNOWN: usize = 16;

const fn kind(name: Qstr, kind: i32) -> Entry {
    number(name, shifted(kind, Scalar::KIND_BIT))
}

/// The kind of C's `long`.
const LONG: i32 = if size_of::<usize>() == 8 { 7 } else { 5 };

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::uctypes),
    class(q::r#struct, types::STRUCT),
    function(q::sizeof, sizeof, 1, 2),
    function(q::addressof, addressof, 1, 1),
    function(q::bytes_at, bytes_at, 2, 2),
    function(q::bytearray_at, bytearray_at, 2, 2),
    number(q::LITTLE_ENDIAN, 0),
    number(q::BIG_ENDIAN, 1),
    number(q::NATIVE, 2),
    kind(q::VOID, 0),
    kind(q::UINT8, 0),
    kind(q::INT8, 1),
    kind(q::UINT16, 2),
    kind(q::INT16, 3),
    kind(q::UINT32, 4),
    kind(q::INT32, 5),
    kind(q::UINT64, 6),
    kind(q::INT64, 7),
    kind(q::BFUINT8, 8),
    kind(q::BFINT8, 9),
    kind(q::BFUINT16, 10),
    kind(q::BFINT16, 11),
    kind(q::BFUINT32, 12),
    kind(q::BFINT32, 13),
    kind(q::FLOAT32, 14),
    kind(q::FLOAT64, 15),
    kind(q::USHORT, 2),
    kind(q::SHORT, 3),
    kind(q::UINT, 4),
    kind(q::INT, 5),
    kind(q::ULONG, LONG - 1),
    kind(q::LONG, LONG),
    kind(q::ULONGLONG, 6),
    kind(q::LONGLONG, 7),
    number(q::BF_POS, POSITION_BIT as isize),
    number(q::BF_LEN, LENGTH_BIT as isize),
    number(q::PTR, shifted(1, 29)),
    number(q::ARRAY, shifted(2, 29)),
];

/// A structure, array or pointer in memory.
pub(crate) static STRUCT: TypeInfo = TypeInfo {
    name: q::r#struct,
    base: TypeId::Object,
    make: Some(make),
    entries: &[
        function(q::__getitem__, get_item, 2, 2),
        function(q::__setitem__, set_item, 3, 3),
        function(q::__int__, to_int, 1, 1),
        function(q::__hash__, hash, 1, 1),
        function(q::__repr__, repr, 1, 1),
    ],
    slots: &Slots {
        load: Some(load),
        store: Some(store),
        buffer: Some(|vm, object| {
            let view = vm.body::<Struct>(object)?.view;
            (!view.is_none()).then_some(view)
        }),
        ..Slots::NONE
    },
};

/// A place in an object, or one that no known object has.
#[derive(Clone, Copy)]
struct Place {
    /// `None` in Python if the address is in no known object.
    owner: Value,
    offset: usize,
    address: u64,
}

impl Place {
    fn behind(self, bytes: usize) -> Self {
        Self {
            owner: self.owner,
            offset: self.offset.saturating_add(bytes),
            address: self.address.wrapping_add(bytes as u64),
        }
    }
}

#[derive(Clone, Copy)]
struct Struct {
    place: Place,
    descriptor: Value,
    layout: Layout,
    /// A `memoryview` of its bytes, if they are there.
    view: Value,
}

impl Body for Struct {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.place.owner);
        marker.value(self.descriptor);
        marker.value(self.view);
    }
}

fn bad_descriptor(vm: &mut Vm<'_>) -> Raised {
    vm.type_error(b"syntax error in uctypes descriptor")
}

fn unknown_address(vm: &mut Vm<'_>) -> Raised {
    vm.value_error(b"address is in no object that addressof() was called with")
}

// ---- addresses ---------------------------------------------------------------------------------------------

/// `addressof(object)`: remembers the object.
fn addressof(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    if let Some(window) = vm.body::<Window>(object)
        && window.view.is_none()
    {
        let address = window.address;
        return vm.new_unsigned(address);
    }
    let address = vm.data(object)?.as_ptr().addr();
    let mut known = vm.root(roots::ADDRESSES);
    if known.is_none() {
        known = vm.new_list(&[])?.value();
        vm.set_root(roots::ADDRESSES, known);
    }
    let address = vm.new_unsigned(address as u64)?;
    vm.push(address)?;
    let pair = vm.new_tuple(&[address, object])?;
    vm.pop();
    // The newest comes first; one that is there already moves to the front.
    let count = vm.items_of(known).map_or(0, <[Value]>::len);
    let last = (0..count)
        .find(|&at| known_at(vm, known, at).is_some_and(|(_, other)| other == object))
        .unwrap_or(count.min(KNOWN - 1));
    if last == count {
        vm.push(pair)?;
        vm.append(known, pair)?;
        vm.pop();
    }
    for at in (0..last).rev() {
        let moved = vm.item_at(known, at).unwrap_or(Value::NONE);
        vm.set_item(known, at + 1, moved);
    }
    vm.set_item(known, 0, pair);
    Ok(address)
}

/// An entry of the table: address and object.
fn known_at(vm: &Vm<'_>, known: Value, at: usize) -> Option<(Value, Value)> {
    let pair = vm.item_at(known, at)?;
    Some((vm.item_at(pair, 0)?, vm.item_at(pair, 1)?))
}

/// Where an address is.
fn resolve(vm: &mut Vm<'_>, address: u64) -> Place {
    let known = vm.root(roots::ADDRESSES);
    let mut at = 0;
    while let Some((start, owner)) = known_at(vm, known, at) {
        at += 1;
        let start = vm.to_bits(start).unwrap_or(u64::MAX);
        let len = vm.text_or_bytes(vm.native_of(owner)).map_or(0, <[u8]>::len) as u64;
        if (start..=start.saturating_add(len)).contains(&address) {
            let offset = (address - start) as usize;
            return Place {
                owner,
                offset,
                address,
            };
        }
    }
    Place {
        owner: Value::NONE,
        offset: 0,
        address,
    }
}

fn address_arg(vm: &mut Vm<'_>, value: Value) -> Result<u64> {
    if !vm.is_int(vm.native_of(value)) {
        return Err(vm.type_error(b"an address is an integer"));
    }
    vm.to_bits(value)
}

/// A `memoryview` of bytes at a place.
fn view(vm: &mut Vm<'_>, place: Place, len: usize) -> Result<Value> {
    if place.owner.is_none() {
        return Err(unknown_address(vm));
    }
    match vm.new_view(place.owner, place.offset, len)? {
        Some(view) => Ok(view),
        None => Err(vm.value_error(b"bytes beyond the end of the object at this address")),
    }
}

/// The arguments of `bytes_at` and `bytearray_at`: a place and a size.
fn place_arg(vm: &mut Vm<'_>, args: Args) -> Result<(Place, usize)> {
    let address = args.at(vm, 0);
    let address = address_arg(vm, address)?;
    let len = vm.int_arg(args, 1)?;
    let Ok(len) = usize::try_from(len) else {
        return Err(vm.value_error(b"negative size"));
    };
    Ok((resolve(vm, address), len))
}

/// `bytes_at(address, size)`: a copy.
fn bytes_at(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (place, len) = place_arg(vm, args)?;
    let view = view(vm, place, len)?;
    vm.push(view)?;
    let len = vm.data(view)?.len();
    let made = vm.fill_new::<()>(len, false, |vm, room| {
        room.copy_from_slice(vm.bytes_of(view));
        Ok(len)
    })?;
    vm.pop();
    Ok(made.unwrap_or(Value::NONE))
}

/// `bytearray_at(address, size)`: the bytes themselves.
fn bytearray_at(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (place, len) = place_arg(vm, args)?;
    let window = if place.owner.is_none() {
        Window {
            view: Value::NONE,
            address: place.address,
            len,
        }
    } else {
        Window::of(view(vm, place, len)?)
    };
    vm.new_object(types::WINDOW, window)
}

// ---- structures --------------------------------------------------------------------------------------------

/// `struct(address, descriptor, layout=NATIVE)`
fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if !(2..=3).contains(&args.count) || args.keywords > 0 {
        return Err(vm.wrong_count(2, 3, args.count));
    }
    let address = args.at(vm, 0);
    let address = address_arg(vm, address)?;
    let layout = layout_arg(vm, args, 2)?;
    let place = resolve(vm, address);
    let descriptor = args.at(vm, 1);
    new_struct(vm, place, descriptor, layout)
}

fn layout_arg(vm: &mut Vm<'_>, args: Args, index: usize) -> Result<Layout> {
    if args.get(vm, index).is_none() {
        return Ok(Layout::Native);
    }
    let number = vm.int_arg(args, index)?;
    match Layout::of(number) {
        Some(layout) => Ok(layout),
        None => Err(vm.value_error(b"unknown layout")),
    }
}

fn new_struct(vm: &mut Vm<'_>, place: Place, descriptor: Value, layout: Layout) -> Result<Value> {
    let mut view = Value::NONE;
    if !place.owner.is_none()
        && let Some(size) = descriptor::size(vm, descriptor, layout)
    {
        let made = vm.new_view(place.owner, place.offset, size)?;
        view = made.unwrap_or(Value::NONE);
    }
    let body = Struct {
        place,
        descriptor,
        layout,
        view,
    };
    vm.new_object(types::STRUCT, body)
}

/// `sizeof(structure or descriptor, layout=NATIVE)`
fn sizeof(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    if vm.body::<Window>(object).is_some() {
        return vm.length(object);
    }
    let (descriptor, layout) = match vm.body::<Struct>(object).copied() {
        Some(_) if args.count > 1 => {
            return Err(vm.type_error(b"a structure has its own layout"));
        }
        Some(body) => (body.descriptor, body.layout),
        None => (object, layout_arg(vm, args, 1)?),
    };
    match descriptor::size(vm, descriptor, layout) {
        Some(size) => vm.new_unsigned(size as u64),
        None => Err(bad_descriptor(vm)),
    }
}

/// The bytes of a number; the rest of the eight is 0.
fn read_raw(vm: &mut Vm<'_>, place: Place, size: usize) -> Result<[u8; 8]> {
    if place.owner.is_none() {
        return Err(unknown_address(vm));
    }
    let bytes = vm.data(place.owner)?;
    let mut raw = [0; 8];
    match bytes.get(place.offset..place.offset.saturating_add(size)) {
        Some(bytes) => {
            raw[..size].copy_from_slice(bytes);
            Ok(raw)
        }
        None => Err(vm.value_error(b"bytes beyond the end of the object at this address")),
    }
}

fn read(vm: &mut Vm<'_>, place: Place, scalar: Scalar, layout: Layout) -> Result<Value> {
    let mut raw = read_raw(vm, place, scalar.size())?;
    if let Some((position, mask)) = scalar.mask() {
        if layout.is_big() {
            raw[..scalar.size()].reverse();
        }
        return vm.new_unsigned(u64::from_le_bytes(raw) >> position & mask);
    }
    vm.unpack_number(scalar.typecode(), raw, layout.is_big())
}

fn write(
    vm: &mut Vm<'_>,
    place: Place,
    scalar: Scalar,
    layout: Layout,
    value: Value,
) -> Result<()> {
    let size = scalar.size();
    let mut raw = read_raw(vm, place, size)?;
    if let Some((position, mask)) = scalar.mask() {
        if layout.is_big() {
            raw[..size].reverse();
        }
        let word = u64::from_le_bytes(raw);
        let bits = vm.to_bits(value)? & mask;
        raw = (word & !(mask << position) | bits << position).to_le_bytes();
    } else if matches!(scalar.typecode(), b'f' | b'd') {
        raw = vm.pack_number(scalar.typecode(), value)?;
    } else {
        raw = vm.to_bits(value)?.to_le_bytes();
    }
    if layout.is_big() {
        raw[..size].reverse();
    }
    let bytes = vm.data_mut(place.owner)?;
    if let Some(slot) = bytes.get_mut(place.offset..place.offset.saturating_add(size)) {
        slot.copy_from_slice(&raw[..size]);
    }
    Ok(())
}

/// The descriptor of a member.
fn member(vm: &mut Vm<'_>, body: &Struct, name: Qstr) -> Result<Value> {
    let Some(dict) = vm.as_dict(body.descriptor) else {
        return Err(vm.type_error(b"struct: no fields"));
    };
    match vm.get_name(dict, name) {
        Some(member) => Ok(member),
        None => Err(vm.raise_with(TypeId::KeyError, Some(Value::qstr(name)))),
    }
}

fn load(vm: &mut Vm<'_>, object: Value, name: Qstr) -> Result<Option<Value>> {
    let Some(body) = vm.body::<Struct>(object).copied() else {
        return Ok(None);
    };
    let member = member(vm, &body, name)?;
    if let Some(scalar) = descriptor::scalar(vm, member) {
        return read(vm, body.place.behind(scalar.offset), scalar, body.layout).map(Some);
    }
    let Some((offset, found)) = descriptor::aggregate(vm, member) else {
        return Err(bad_descriptor(vm));
    };
    let place = body.place.behind(offset);
    match found {
        Aggregate::Structure(inner) => new_struct(vm, place, inner, body.layout),
        Aggregate::Array(Item::Scalar(item), count) if item.typecode() == b'B' => {
            let view = view(vm, place, count)?;
            vm.new_object(types::WINDOW, Window::of(view))
        }
        Aggregate::Array(..) | Aggregate::Pointer(_) => new_struct(vm, place, member, body.layout),
    }
    .map(Some)
}

fn store(vm: &mut Vm<'_>, object: Value, name: Qstr, value: Option<Value>) -> Result<bool> {
    let (Some(body), Some(value)) = (vm.body::<Struct>(object).copied(), value) else {
        return Ok(false);
    };
    let member = member(vm, &body, name)?;
    let Some(scalar) = descriptor::scalar(vm, member) else {
        return Err(bad_descriptor(vm));
    };
    write(
        vm,
        body.place.behind(scalar.offset),
        scalar,
        body.layout,
        value,
    )?;
    Ok(true)
}

/// What stands at an index of an array or behind a pointer, and where.
fn element(vm: &mut Vm<'_>, args: Args) -> Result<(Struct, Item, Place)> {
    let body = vm.this::<Struct>(args)?;
    let found = descriptor::aggregate(vm, body.descriptor);
    let (item, count) = match found {
        Some((_, Aggregate::Array(item, count))) => (item, Some(count)),
        Some((_, Aggregate::Pointer(item))) => (item, None),
        _ => return Err(vm.type_error(b"struct: can't index")),
    };
    let index = vm.int_arg(args, 1)?;
    let Some(stride) = descriptor::stride(vm, item, body.layout) else {
        return Err(bad_descriptor(vm));
    };
    let start = match count {
        Some(_) => body.place,
        None => {
            let address = pointer(vm, &body)?;
            resolve(vm, address)
        }
    };
    let inside = usize::try_from(index)
        .ok()
        .filter(|&index| count.is_none_or(|count| index < count));
    let Some(bytes) = inside.and_then(|index| index.checked_mul(stride)) else {
        return Err(vm.raise_text(TypeId::IndexError, b"struct: index out of range"));
    };
    Ok((body, item, start.behind(bytes)))
}

/// `structure[index]`
fn get_item(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (body, item, place) = element(vm, args)?;
    match item {
        Item::Scalar(scalar) => read(vm, place, scalar, body.layout),
        Item::Structure(inner) => new_struct(vm, place, inner, body.layout),
    }
}

/// `structure[index] = value`
fn set_item(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (body, item, place) = element(vm, args)?;
    let Item::Scalar(scalar) = item else {
        return Err(vm.type_error(b"'struct' object doesn't support item assignment"));
    };
    let value = args.at(vm, 2);
    write(vm, place, scalar, body.layout, value)?;
    Ok(Value::NONE)
}

/// The address a pointer holds.
fn pointer(vm: &mut Vm<'_>, body: &Struct) -> Result<u64> {
    let mut raw = read_raw(vm, body.place, size_of::<usize>())?;
    if cfg!(target_endian = "big") {
        raw[..size_of::<usize>()].reverse();
    }
    Ok(u64::from_le_bytes(raw))
}

/// `int(pointer)`
fn to_int(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let body = vm.this::<Struct>(args)?;
    let found = descriptor::aggregate(vm, body.descriptor);
    if !matches!(found, Some((_, Aggregate::Pointer(_)))) {
        return Err(vm.type_error(b"only a pointer has a number"));
    }
    let address = pointer(vm, &body)?;
    vm.new_unsigned(address)
}

/// A structure changes with its bytes, so it has no hash.
fn hash(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    Err(vm.type_error(b"unsupported type for __hash__: 'struct'"))
}

fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let body = vm.this::<Struct>(args)?;
    let kind: &[u8] = if vm.as_dict(body.descriptor).is_some() {
        b"STRUCT "
    } else {
        match descriptor::aggregate(vm, body.descriptor) {
            Some((_, Aggregate::Structure(_))) => b"STRUCT ",
            Some((_, Aggregate::Pointer(_))) => b"PTR ",
            Some((_, Aggregate::Array(..))) => b"ARRAY ",
            None => b"ERROR ",
        }
    };
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    vm.put(sink, b"<struct ")?;
    vm.put(sink, kind)?;
    let mut digits = [b'0'; 16];
    for (index, digit) in digits.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(body.place.address >> (4 * index) & 15) as usize];
    }
    let first = digits.iter().position(|&digit| digit != b'0').unwrap_or(15);
    vm.put(sink, &digits[first..])?;
    vm.put(sink, b">")?;
    let text = vm.take_text(buffer);
    vm.pop();
    text
}
