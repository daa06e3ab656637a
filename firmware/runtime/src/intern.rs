//! Interned strings: a number for every name the code uses.
//!
//! The first numbers are those of the `.mpy` format, then come the names of the built-in types, functions and
//! modules ([`names`](mod@crate::names)); both are in ROM with an index made at compile time. Strings interned at run time
//! are ordinary string objects, kept for ever, with a hash index of their numbers.

use upy_bytecode::qstr::STATIC_COUNT;

use crate::heap::{Marker, Ref, Vector};
use crate::names::{ROM_COUNT, rom_text};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::Str;
use crate::value::Value;

/// Number of an interned string.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Qstr(pub(crate) u16);

/// Slots of the ROM index; a power of two larger than the number of names.
const ROM_SLOTS: usize = 2048;

static ROM_HASHES: [u32; ROM_COUNT + 1] = {
    let mut hashes = [0; ROM_COUNT + 1];
    let mut id = 1;
    while id <= ROM_COUNT {
        hashes[id] = hash(rom_text(id).as_bytes());
        id += 1;
    }
    hashes
};

static ROM_INDEX: [u16; ROM_SLOTS] = {
    let mut index = [0; ROM_SLOTS];
    let mut id = 1;
    while id <= ROM_COUNT {
        let mut slot = hash(rom_text(id).as_bytes()) as usize % ROM_SLOTS;
        while index[slot] != 0 {
            slot = (slot + 1) % ROM_SLOTS;
        }
        index[slot] = id as u16;
        id += 1;
    }
    index
};

const _: () = assert!(ROM_COUNT * 4 < ROM_SLOTS * 3 && STATIC_COUNT as usize <= ROM_COUNT);

/// The hash of a text; never 0.
pub(crate) const fn hash(text: &[u8]) -> u32 {
    let mut hash: u32 = 5381;
    let mut at = 0;
    while at < text.len() {
        hash = (hash.wrapping_mul(33)) ^ text[at] as u32;
        at += 1;
    }
    // The multiplication leaves the low bits poor; tables use them.
    let mixed = hash ^ hash >> 15;
    if mixed == 0 { 1 } else { mixed }
}

/// Strings interned at run time.
pub(crate) struct Interner {
    texts: Vector<Value>,
    /// Open addressing; a slot holds one more than an index of `texts`.
    slots: Vector<u16>,
}

impl Interner {
    pub(crate) const fn new() -> Self {
        Self {
            texts: Vector::new(),
            slots: Vector::new(),
        }
    }

    pub(crate) fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.values(&self.texts);
        marker.plain(&self.slots);
    }

    /// How many strings were interned at run time.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }
}

impl Vm<'_> {
    /// The number of the first string interned at run time.
    #[inline]
    pub(crate) fn first_dynamic(&self) -> usize {
        ROM_COUNT + 1 + self.library.names.texts.len()
    }

    /// The strings interned at run time by their place, for those that are there.
    pub(crate) fn interned_at(&self, place: usize) -> Qstr {
        Qstr((self.first_dynamic() + place) as u16)
    }

    /// The text of an interned string.
    #[inline]
    pub fn qstr_text(&self, id: Qstr) -> &[u8] {
        let number = usize::from(id.0);
        if number <= ROM_COUNT {
            return rom_text(number).as_bytes();
        }
        if let Some(text) = self.library.names.texts.get(number - ROM_COUNT - 1) {
            return text.as_bytes();
        }
        let object: Ref<Str> = self
            .heap
            .expect(self.interner.texts[number - self.first_dynamic()]);
        self.heap.tail(object)
    }

    /// The hash of its text.
    #[inline]
    pub(crate) fn qstr_hash(&self, id: Qstr) -> u32 {
        let number = usize::from(id.0);
        if number <= ROM_COUNT {
            return ROM_HASHES[number];
        }
        if let Some(&hash) = self.library.names.hashes.get(number - ROM_COUNT - 1) {
            return hash;
        }
        let object: Ref<Str> = self
            .heap
            .expect(self.interner.texts[number - self.first_dynamic()]);
        self.heap[object].hash
    }

    /// The number of a text, if it has been interned.
    pub(crate) fn find_qstr(&self, text: &[u8], hash: u32) -> Option<Qstr> {
        let mut slot = hash as usize % ROM_SLOTS;
        while ROM_INDEX[slot] != 0 {
            let id = ROM_INDEX[slot];
            if ROM_HASHES[usize::from(id)] == hash && rom_text(usize::from(id)).as_bytes() == text {
                return Some(Qstr(id));
            }
            slot = (slot + 1) % ROM_SLOTS;
        }
        if let Some(place) = self.library.names.find(text, hash) {
            return Some(Qstr((ROM_COUNT + 1 + place) as u16));
        }
        let slots = &self.interner.slots;
        if slots.is_empty() {
            return None;
        }
        let mask = slots.len() - 1;
        let mut slot = hash as usize & mask;
        while slots[slot] != 0 {
            let index = usize::from(slots[slot] - 1);
            let object: Ref<Str> = self.heap.expect(self.interner.texts[index]);
            if self.heap[object].hash == hash && self.heap.tail(object) == text {
                return Some(Qstr((self.first_dynamic() + index) as u16));
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    /// Interns a text.
    ///
    /// # Errors
    /// `MemoryError`; `RuntimeError` when the numbers run out or the text is too long.
    pub fn intern(&mut self, text: &[u8]) -> Result<Qstr> {
        let code = hash(text);
        if let Some(found) = self.find_qstr(text, code) {
            return Ok(found);
        }
        let object = self.new_str(text)?;
        self.add_qstr(object, code)
    }

    /// Interns a string value and returns its number.
    pub fn intern_value(&mut self, value: Value) -> Result<Qstr> {
        if let Some(id) = value.as_qstr() {
            return Ok(id);
        }
        if !self.is_str(value) {
            return Err(crate::types::str::str_expected(self, value));
        }
        let code = self.str_hash(value);
        if let Some(found) = self.find_qstr(self.bytes_of(value), code) {
            return Ok(found);
        }
        self.add_qstr(value, code)
    }

    /// The number of a string value, if it has been interned.
    pub(crate) fn find_value(&mut self, value: Value) -> Option<Qstr> {
        if let Some(id) = value.as_qstr() {
            return Some(id);
        }
        let code = self.str_hash(value);
        self.find_qstr(self.bytes_of(value), code)
    }

    fn add_qstr(&mut self, text: Value, code: u32) -> Result<Qstr> {
        let len = self.bytes_of(text).len();
        let index = self.interner.texts.len();
        if len > 255 {
            return Err(self.raise_text(crate::types::TypeId::RuntimeError, b"name too long"));
        }
        if index + self.first_dynamic() >= usize::from(u16::MAX) {
            return Err(self.raise_text(crate::types::TypeId::RuntimeError, b"too many names"));
        }
        self.push(text)?;
        self.reserve(|vm| &mut vm.interner.texts, 1)?;
        if (index + 1) * 4 > self.interner.slots.len() * 3 {
            self.grow_slots()?;
        }
        self.pop();
        let object: Ref<Str> = self.heap.expect(text);
        self.heap[object].hash = code;
        self.interner.texts.push_within(text);
        place(&mut self.interner.slots, code, index as u16 + 1);
        Ok(Qstr((self.first_dynamic() + index) as u16))
    }

    fn grow_slots(&mut self) -> Result<()> {
        let count = (self.interner.slots.len() * 2).max(16);
        let extra = count - self.interner.slots.len();
        self.reserve(|vm| &mut vm.interner.slots, extra)?;
        let old = self.interner.slots.len();
        self.interner.slots.insert_within(old, extra, 0);
        self.interner.slots.fill(0);
        for index in 0..self.interner.texts.len() {
            let object: Ref<Str> = self.heap.expect(self.interner.texts[index]);
            let code = self.heap[object].hash;
            place(&mut self.interner.slots, code, index as u16 + 1);
        }
        Ok(())
    }
}

/// Puts an entry into the first free slot of its chain.
fn place(slots: &mut [u16], hash: u32, entry: u16) {
    let mask = slots.len() - 1;
    let mut slot = hash as usize & mask;
    while slots[slot] != 0 {
        slot = (slot + 1) & mask;
    }
    slots[slot] = entry;
}
