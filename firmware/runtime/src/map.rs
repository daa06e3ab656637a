//! Hash tables: dicts, sets, namespaces and the attributes of instances.
//!
//! Entries stand in the order they were added, as pairs of words; a removed key is replaced by a marker. Up to
//! eight entries are searched one by one. Larger tables have an index of slots (a power of two, filled to at
//! most three quarters) that hold one more than an entry's number.
//!
//! A table whose keys are all interned strings hashes their numbers and compares words; that is every
//! namespace. The first other key makes it a general table, which keeps each entry's hash in front of the slots.

use crate::heap::{Marker, Ref, Trace, Vector};
use crate::intern::Qstr;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::Dict;
use crate::value::Value;

/// Entries that are searched without an index.
const LINEAR: usize = 8;

/// The table in a dict.
#[derive(Clone, Copy)]
pub(crate) struct Map {
    /// Key, value, key, value...
    entries: Vector<Value>,
    /// `[hash per entry, if general][slots]`
    index: Vector<u32>,
    live: u32,
    /// Words of the index in front of the slots.
    hash_room: u32,
    /// Not all keys are interned strings.
    general: bool,
}

impl Map {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vector::new(),
            index: Vector::new(),
            live: 0,
            hash_room: 0,
            general: false,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.live as usize
    }

    /// Numbers of entries, removed ones included.
    pub(crate) fn end(&self) -> usize {
        self.entries.len() / 2
    }

    /// Key and value of an entry, `None` if it was removed.
    #[inline]
    pub(crate) fn entry(&self, number: usize) -> Option<(Value, Value)> {
        let key = self.entries[number * 2];
        (key != Value::DELETED).then(|| (key, self.entries[number * 2 + 1]))
    }

    #[inline]
    pub(crate) fn set_value(&mut self, number: usize, value: Value) {
        self.entries[number * 2 + 1] = value;
    }

    /// The first entry at or after `number` that was not removed.
    pub(crate) fn next(&self, number: usize) -> Option<(usize, Value, Value)> {
        (number..self.end()).find_map(|at| self.entry(at).map(|(key, value)| (at, key, value)))
    }

    /// The entry of an interned string in a table that is not general.
    #[inline]
    fn find_name(&self, key: Value) -> Option<usize> {
        if self.index.is_empty() {
            return self.entries.chunks_exact(2).position(|pair| pair[0] == key);
        }
        let mask = self.index.len() - 1;
        let mut slot = name_hash(key) as usize & mask;
        loop {
            let found = self.index[slot];
            if found == 0 {
                return None;
            }
            let number = found as usize - 1;
            if self.entries[number * 2] == key {
                return Some(number);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Where the slots start in the index.
    fn slots_at(&self) -> usize {
        self.hash_room as usize
    }

    /// Enters an entry into the slots, which have room.
    fn place(&mut self, number: usize, hash: u32) {
        if self.index.is_empty() {
            return;
        }
        let start = self.slots_at();
        if self.general {
            self.index[number] = hash;
        }
        let slots = &mut self.index[start..];
        let mask = slots.len() - 1;
        let mut slot = hash as usize & mask;
        while slots[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        slots[slot] = number as u32 + 1;
    }
}

/// The hash of an interned string in tables of names.
#[inline]
fn name_hash(key: Value) -> u32 {
    let mixed = (key.word() as u32 >> 3).wrapping_mul(0x9e37_79b1);
    mixed >> 16 ^ mixed
}

impl Trace for Map {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.values(&self.entries);
        marker.plain(&self.index);
    }
}

impl Vm<'_> {
    /// An empty dict.
    pub fn new_dict(&mut self) -> Result<Ref<Dict>> {
        self.alloc(Dict { map: Map::new() })
    }

    /// A dict with room for `count` keys.
    pub(crate) fn new_dict_with_room(&mut self, count: usize) -> Result<Ref<Dict>> {
        let dict = self.new_dict()?;
        if count > 0 {
            self.reserve(|vm| &mut vm.heap[dict].map.entries, count.min(LINEAR) * 2)?;
        }
        Ok(dict)
    }

    /// The value of a name in a namespace.
    #[inline]
    pub fn get_name(&self, dict: Ref<Dict>, name: Qstr) -> Option<Value> {
        let map = &self.heap[dict].map;
        let key = Value::qstr(name);
        let number = if map.general {
            self.find_text(map, name)?
        } else {
            map.find_name(key)?
        };
        Some(map.entries[number * 2 + 1])
    }

    /// An interned string in a general table.
    fn find_text(&self, map: &Map, name: Qstr) -> Option<usize> {
        let key = Value::qstr(name);
        let text = self.qstr_text(name);
        let same = |number: usize| {
            let other = map.entries[number * 2];
            other == key
                || (other.address().is_some() && self.is_str(other) && self.bytes_of(other) == text)
        };
        if map.index.is_empty() {
            return (0..map.end()).find(|&number| same(number));
        }
        let hash = self.qstr_hash(name);
        let start = map.slots_at();
        let mask = map.index.len() - start - 1;
        let mut slot = hash as usize & mask;
        loop {
            let found = map.index[start + slot];
            if found == 0 {
                return None;
            }
            let number = found as usize - 1;
            if map.index[number] == hash && same(number) {
                return Some(number);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Sets a name in a namespace.
    #[inline]
    pub fn set_name(&mut self, dict: Ref<Dict>, name: Qstr, value: Value) -> Result<()> {
        let map = &mut self.heap[dict].map;
        if !map.general
            && let Some(number) = map.find_name(Value::qstr(name))
        {
            map.set_value(number, value);
            return Ok(());
        }
        self.dict_set(dict, Value::qstr(name), value)
    }

    /// Removes a name from a namespace; whether it was there.
    pub(crate) fn delete_name(&mut self, dict: Ref<Dict>, name: Qstr) -> Result<bool> {
        Ok(self.dict_remove(dict, Value::qstr(name))?.is_some())
    }

    /// The number of the entry with this key. May run Python code that compares.
    pub(crate) fn dict_find(&mut self, dict: Ref<Dict>, key: Value) -> Result<Option<usize>> {
        let map = &self.heap[dict].map;
        if !map.general {
            if key.as_qstr().is_some() {
                return Ok(map.find_name(key));
            }
            if self.is_str(key) {
                let Some(name) = self.find_value(key) else {
                    return Ok(None);
                };
                return Ok(self.heap[dict].map.find_name(Value::qstr(name)));
            }
            self.hash(key)?;
            return Ok(None);
        }
        if let Some(name) = key.as_qstr() {
            return Ok(self.find_text(map, name));
        }
        let hash = self.hash(key)?;
        self.find_general(dict, key, hash)
    }

    fn find_general(&mut self, dict: Ref<Dict>, key: Value, hash: u32) -> Result<Option<usize>> {
        if self.heap[dict].map.index.is_empty() {
            let mut number = 0;
            while number < self.heap[dict].map.end() {
                let other = self.heap[dict].map.entries[number * 2];
                if other == key || (other != Value::DELETED && self.equal(other, key)?) {
                    return Ok(Some(number));
                }
                number += 1;
            }
            return Ok(None);
        }
        let mut slot = hash as usize;
        loop {
            let map = &self.heap[dict].map;
            let start = map.slots_at();
            let mask = map.index.len() - start - 1;
            slot &= mask;
            let found = map.index[start + slot];
            if found == 0 {
                return Ok(None);
            }
            let number = found as usize - 1;
            let other = map.entries[number * 2];
            if map.index[number] == hash
                && other != Value::DELETED
                && (other == key || self.equal(other, key)?)
            {
                return Ok(Some(number));
            }
            slot += 1;
        }
    }

    /// The value of a key.
    pub fn dict_get(&mut self, dict: Ref<Dict>, key: Value) -> Result<Option<Value>> {
        let number = self.dict_find(dict, key)?;
        Ok(number.map(|number| self.heap[dict].map.entries[number * 2 + 1]))
    }

    /// Sets a key.
    pub fn dict_set(&mut self, dict: Ref<Dict>, key: Value, value: Value) -> Result<()> {
        if let Some(number) = self.dict_find(dict, key)? {
            self.heap[dict].map.set_value(number, value);
            return Ok(());
        }
        let key = match self.is_str(key) {
            true => self.find_value(key).map_or(key, Value::qstr),
            false => key,
        };
        let top = self.stack_len();
        for rooted in [dict.value(), key, value] {
            self.push(rooted)?;
        }
        let outcome = self.add_entry(dict, key, value);
        self.truncate(top);
        outcome
    }

    /// Adds a key that is not there; everything is rooted.
    fn add_entry(&mut self, dict: Ref<Dict>, key: Value, value: Value) -> Result<()> {
        if key.as_qstr().is_none() && !self.heap[dict].map.general {
            self.make_general(dict)?;
        }
        let map = &self.heap[dict].map;
        let removed = map.end() - map.len();
        if map.entries.len() == map.entries.capacity() {
            if removed > map.end() / 4 {
                self.compact(dict)?;
            } else {
                self.grow_map(dict)?;
            }
        }
        let hash = if self.heap[dict].map.index.is_empty() {
            0
        } else {
            self.entry_hash(dict, key)?
        };
        let map = &mut self.heap[dict].map;
        let number = map.end();
        map.entries.push_within(key);
        map.entries.push_within(value);
        map.live += 1;
        map.place(number, hash);
        Ok(())
    }

    fn entry_hash(&mut self, dict: Ref<Dict>, key: Value) -> Result<u32> {
        if self.heap[dict].map.general {
            self.hash(key)
        } else {
            Ok(name_hash(key))
        }
    }

    /// The table gets its first key that is no interned string.
    fn make_general(&mut self, dict: Ref<Dict>) -> Result<()> {
        let indexed = !self.heap[dict].map.index.is_empty();
        self.heap[dict].map.general = true;
        if indexed {
            self.rebuild_index(dict)
        } else {
            Ok(())
        }
    }

    fn grow_map(&mut self, dict: Ref<Dict>) -> Result<()> {
        let count = self.heap[dict].map.end();
        let extra = if count < 2 {
            2
        } else if count < LINEAR {
            count
        } else {
            count / 2
        };
        self.reserve(|vm| &mut vm.heap[dict].map.entries, extra * 2)?;
        if count + extra > LINEAR {
            self.rebuild_index(dict)
        } else {
            Ok(())
        }
    }

    /// Squeezes removed entries out.
    fn compact(&mut self, dict: Ref<Dict>) -> Result<()> {
        let map = &mut self.heap[dict].map;
        let mut kept = 0;
        for number in 0..map.end() {
            if let Some((key, value)) = map.entry(number) {
                map.entries[kept * 2] = key;
                map.entries[kept * 2 + 1] = value;
                if map.hash_room > 0 {
                    map.index[kept] = map.index[number];
                }
                kept += 1;
            }
        }
        map.entries.truncate(kept * 2);
        if self.heap[dict].map.index.is_empty() {
            Ok(())
        } else {
            self.rebuild_index(dict)
        }
    }

    /// Makes an index that fits the capacity of the entries and enters them all.
    fn rebuild_index(&mut self, dict: Ref<Dict>) -> Result<()> {
        let map = &self.heap[dict].map;
        let (end, general, had_index) = (map.end(), map.general, !map.index.is_empty());
        // Hashes that may need Python code come first: it must not see a half-made index. There are only so
        // many, because a table that has an index remembers them.
        let mut early = [0; 2 * LINEAR];
        if general && !had_index {
            for (number, hash) in early.iter_mut().enumerate().take(end) {
                if let Some((key, _)) = self.heap[dict].map.entry(number) {
                    *hash = self.hash(key)?;
                }
            }
        }
        let map = &self.heap[dict].map;
        let capacity = map.entries.capacity() / 2;
        let hashes = if general { capacity } else { 0 };
        let wanted = hashes + (capacity * 4 / 3 + 1).next_power_of_two();
        let have = map.index.len();
        if wanted > have {
            self.reserve(|vm| &mut vm.heap[dict].map.index, wanted - have)?;
            self.heap[dict]
                .map
                .index
                .insert_within(have, wanted - have, 0);
        }
        self.heap[dict].map.index.truncate(wanted);
        if general && !had_index {
            let known = end.min(early.len());
            self.heap[dict].map.index[..known].copy_from_slice(&early[..known]);
        } else if general && self.heap[dict].map.hash_room == 0 {
            for number in 0..end {
                let hash = self.heap[dict].map.entries[number * 2]
                    .as_qstr()
                    .map_or(0, |name| self.qstr_hash(name));
                self.heap[dict].map.index[number] = hash;
            }
        }
        let map = &mut self.heap[dict].map;
        map.hash_room = hashes as u32;
        map.index[hashes..].fill(0);
        for number in 0..end {
            if let Some((key, _)) = map.entry(number) {
                let hash = if general {
                    map.index[number]
                } else {
                    name_hash(key)
                };
                map.place(number, hash);
            }
        }
        Ok(())
    }

    /// Removes a key and returns key and value.
    pub(crate) fn dict_remove(
        &mut self,
        dict: Ref<Dict>,
        key: Value,
    ) -> Result<Option<(Value, Value)>> {
        let Some(number) = self.dict_find(dict, key)? else {
            return Ok(None);
        };
        Ok(self.dict_take(dict, number))
    }

    /// Removes an entry by number.
    pub(crate) fn dict_take(&mut self, dict: Ref<Dict>, number: usize) -> Option<(Value, Value)> {
        let map = &mut self.heap[dict].map;
        let entry = map.entry(number)?;
        map.live -= 1;
        if map.live == 0 {
            // Nothing left: start over, which also keeps queues from creeping.
            map.entries.truncate(0);
            map.index.fill(0);
        } else if number + 1 == map.end() && map.index.is_empty() {
            map.entries.truncate(number * 2);
        } else {
            map.entries[number * 2] = Value::DELETED;
            map.entries[number * 2 + 1] = Value::NONE;
        }
        Some(entry)
    }

    pub(crate) fn dict_clear(&mut self, dict: Ref<Dict>) {
        let map = &mut self.heap[dict].map;
        map.entries.truncate(0);
        map.index.fill(0);
        map.live = 0;
    }

    /// Adds all entries of `from` to `to`.
    pub(crate) fn dict_merge(&mut self, to: Ref<Dict>, from: Ref<Dict>) -> Result<()> {
        let mut number = 0;
        while let Some((at, key, value)) = self.heap[from].map.next(number) {
            self.dict_set(to, key, value)?;
            number = at + 1;
        }
        Ok(())
    }

    pub(crate) fn dict_copy(&mut self, from: Ref<Dict>) -> Result<Ref<Dict>> {
        let copy = self.new_dict()?;
        self.push(copy.value())?;
        self.dict_merge(copy, from)?;
        self.pop();
        Ok(copy)
    }
}
