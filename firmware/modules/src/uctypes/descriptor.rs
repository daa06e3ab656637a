//! Descriptors: what stands where in a structure, how long it is and how it is aligned.
//!
//! ```text
//! scalar      [kind 4][offset 27]                             kinds 0..=7, 14, 15
//! bit field   [kind 4][length 5][position 5][offset 17]       kinds 8..=13
//! aggregate   ([aggregate 2][offset 29], ...)                 a tuple: structure, pointer or array
//! ```
//!
//! Numbers have 31 bits and a sign, so that they are small integers everywhere.
//!
//! Source: MicroPython `docs/library/uctypes.rst`; the numbers are what its unix port prints.

use upy_runtime::{Value, Vm};

/// Bits of an offset in a scalar.
const OFFSET_BITS: u32 = 27;
/// Where the position and the length of a bit field stand.
pub(super) const POSITION_BIT: u32 = 17;
pub(super) const LENGTH_BIT: u32 = 22;
/// Bits of an offset in an aggregate.
const AGGREGATE_BIT: u32 = 29;
/// Descriptors nest as deep as this.
const DEPTH: u8 = 16;

/// How the bytes of numbers are ordered, and whether structures are padded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Little,
    Big,
    Native,
}

impl Layout {
    pub(super) fn of(number: isize) -> Option<Self> {
        match number {
            0 => Some(Self::Little),
            1 => Some(Self::Big),
            2 => Some(Self::Native),
            _ => None,
        }
    }

    /// Whether the first byte of a number is the highest.
    pub(super) fn is_big(self) -> bool {
        self == Self::Big || (self == Self::Native && cfg!(target_endian = "big"))
    }
}

/// The Python value of a scalar's or aggregate's upper bits.
pub(super) const fn shifted(number: i32, bit: u32) -> isize {
    // Bit 30 is the sign.
    ((number << bit << 1) >> 1) as isize
}

/// A number in a structure.
#[derive(Clone, Copy)]
pub(super) struct Scalar {
    kind: u8,
    pub(super) offset: usize,
    /// Of a bit field: its lowest bit and how many it has.
    bits: Option<(u32, u32)>,
}

impl Scalar {
    pub(super) const KIND_BIT: u32 = OFFSET_BITS;

    fn of(number: u32) -> Self {
        let kind = (number >> OFFSET_BITS & 15) as u8;
        if !(8..14).contains(&kind) {
            let offset = number & ((1 << OFFSET_BITS) - 1);
            return Self {
                kind,
                offset: offset as usize,
                bits: None,
            };
        }
        let offset = number & ((1 << POSITION_BIT) - 1);
        Self {
            kind: kind - 8,
            offset: offset as usize,
            bits: Some((number >> POSITION_BIT & 31, number >> LENGTH_BIT & 31)),
        }
    }

    /// The type code of the same number in `array`.
    pub(super) fn typecode(self) -> u8 {
        b"BbHhIiQq______fd"[usize::from(self.kind)]
    }

    /// Bytes.
    pub(super) fn size(self) -> usize {
        match self.kind {
            14 => 4,
            15 => 8,
            kind => 1 << (kind / 2),
        }
    }

    /// Position and mask of a bit field.
    pub(super) fn mask(self) -> Option<(u32, u64)> {
        let (position, length) = self.bits?;
        Some((position, (1 << length) - 1))
    }

    pub(super) fn at(self, offset: usize) -> Self {
        Self { offset, ..self }
    }
}

/// What the items of an array are, or what a pointer points at.
#[derive(Clone, Copy)]
pub(super) enum Item {
    Scalar(Scalar),
    Structure(Value),
}

/// A member of a structure that is no number.
#[derive(Clone, Copy)]
pub(super) enum Aggregate {
    Structure(Value),
    Pointer(Item),
    Array(Item, usize),
}

fn word(vm: &Vm<'_>, value: Value) -> Option<u32> {
    Some(vm.small_of(value)? as u32 & 0x7fff_ffff)
}

/// A number's descriptor.
pub(super) fn scalar(vm: &Vm<'_>, value: Value) -> Option<Scalar> {
    word(vm, value).map(Scalar::of)
}

fn item(vm: &Vm<'_>, value: Value) -> Option<Item> {
    if vm.as_dict(value).is_some() {
        return Some(Item::Structure(value));
    }
    scalar(vm, value).map(Item::Scalar)
}

/// Offset and kind of an aggregate.
pub(super) fn aggregate(vm: &Vm<'_>, value: Value) -> Option<(usize, Aggregate)> {
    let items = vm.is_tuple(value).then(|| vm.items_of(value))??;
    let head = word(vm, *items.first()?)?;
    let offset = (head & ((1 << AGGREGATE_BIT) - 1)) as usize;
    let is_dict = |value: Value| vm.as_dict(value).is_some();
    let found = match (head >> AGGREGATE_BIT, items) {
        (0, &[_, inner]) if is_dict(inner) => Aggregate::Structure(inner),
        (1, &[_, inner]) => Aggregate::Pointer(item(vm, inner)?),
        (2, &[_, inner]) => {
            // The count stands where a scalar has its offset.
            let element = scalar(vm, inner).filter(|element| element.bits.is_none())?;
            Aggregate::Array(Item::Scalar(element.at(0)), element.offset)
        }
        (2, &[_, count, inner]) if is_dict(inner) => {
            let count = usize::try_from(vm.small_of(count)?).ok()?;
            Aggregate::Array(Item::Structure(inner), count)
        }
        _ => return None,
    };
    Some((offset, found))
}

/// Bytes that a descriptor covers; `None` if it is none or the size is beyond all memory.
pub(super) fn size(vm: &Vm<'_>, descriptor: Value, layout: Layout) -> Option<usize> {
    let (size, _) = if vm.as_dict(descriptor).is_some() {
        measure(vm, descriptor, layout, DEPTH)?
    } else {
        let (_, found) = aggregate(vm, descriptor)?;
        measure_aggregate(vm, found, layout, DEPTH)?
    };
    Some(size)
}

/// Bytes from one item to the next.
pub(super) fn stride(vm: &Vm<'_>, item: Item, layout: Layout) -> Option<usize> {
    measure_item(vm, item, layout, DEPTH).map(|(size, _)| size)
}

fn measure_item(vm: &Vm<'_>, item: Item, layout: Layout, depth: u8) -> Option<(usize, usize)> {
    match item {
        Item::Scalar(scalar) => Some((scalar.size(), scalar.size())),
        Item::Structure(inner) => measure(vm, inner, layout, depth),
    }
}

fn measure_aggregate(
    vm: &Vm<'_>,
    found: Aggregate,
    layout: Layout,
    depth: u8,
) -> Option<(usize, usize)> {
    match found {
        Aggregate::Structure(inner) => measure(vm, inner, layout, depth),
        Aggregate::Pointer(_) => Some((size_of::<usize>(), size_of::<usize>())),
        Aggregate::Array(item, count) => {
            let (size, alignment) = measure_item(vm, item, layout, depth)?;
            Some((size.checked_mul(count)?, alignment))
        }
    }
}

/// Size and alignment of a structure.
fn measure(vm: &Vm<'_>, descriptor: Value, layout: Layout, depth: u8) -> Option<(usize, usize)> {
    let depth = depth.checked_sub(1)?;
    let dict = vm.as_dict(descriptor)?;
    let (mut end, mut alignment, mut place) = (0, 1, 0);
    while let Some((at, _, member)) = vm.dict_entry(dict, place) {
        place = at + 1;
        let (offset, (size, own)) = match scalar(vm, member) {
            Some(scalar) => (scalar.offset, (scalar.size(), scalar.size())),
            None => {
                let (offset, found) = aggregate(vm, member)?;
                (offset, measure_aggregate(vm, found, layout, depth)?)
            }
        };
        end = end.max(offset.checked_add(size)?);
        alignment = alignment.max(own);
    }
    if layout == Layout::Native {
        end = end.checked_next_multiple_of(alignment)?;
    }
    Some((end, alignment))
}
