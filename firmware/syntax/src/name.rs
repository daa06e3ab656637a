//! Interned names: every identifier and every short string of a source text, once.
//!
//! A table of predefined texts comes first (the static strings of the `.mpy` format, then any the
//! caller wants known); names found in the source follow in the order they are met. Which longer
//! strings count as names depends on that order, so the table also answers whether a text is
//! already known.

use crate::arena::{Arena, List, OutOfMemory};
use crate::error::{Error, ErrorKind};

/// An interned text. 0 is no name; 1 is the first predefined text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(pub u16);

impl Name {
    /// No name.
    pub const NONE: Self = Self(0);
}

/// The longest text that can be a name, in bytes.
pub const LONGEST_NAME: usize = 255;

/// Predefined texts and the order in which they sort, so that they need no memory.
#[derive(Debug, Clone, Copy)]
pub struct Predefined {
    /// The texts; the first is [`Name`] 1.
    pub texts: &'static [&'static str],
    /// Indices into `texts`, sorted by text (see [`sorted_order`]).
    pub order: &'static [u16],
}

/// The indices of `texts`, sorted by text; for use in a constant.
///
/// ```
/// use upy_syntax::name::sorted_order;
/// const ORDER: [u16; 3] = sorted_order(&["b", "", "a"]);
/// assert_eq!(ORDER, [1, 2, 0]);
/// ```
pub const fn sorted_order<const N: usize>(texts: &[&str; N]) -> [u16; N] {
    let mut order = [0_u16; N];
    let mut count = 0;
    while count < N {
        let mut place = count;
        while place > 0
            && is_less(
                texts[count].as_bytes(),
                texts[order[place - 1] as usize].as_bytes(),
            )
        {
            order[place] = order[place - 1];
            place -= 1;
        }
        order[place] = count as u16;
        count += 1;
    }
    order
}

/// Whether `left` sorts before `right`, byte by byte.
const fn is_less(left: &[u8], right: &[u8]) -> bool {
    let mut index = 0;
    while index < left.len() && index < right.len() {
        if left[index] != right[index] {
            return left[index] < right[index];
        }
        index += 1;
    }
    left.len() < right.len()
}

/// Where the text of a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the program.
    Predefined(&'static str),
    /// In the arena.
    Arena {
        /// Offset of the text.
        at: u32,
        /// Its length in bytes.
        len: u32,
    },
}

/// Words of one entry in the table: offset of the text, its length, the next entry of the bucket.
const ENTRY_WORDS: u32 = 3;
/// Buckets of the hash table.
const BUCKETS: u32 = 64;

/// The table of names.
#[derive(Debug)]
pub struct Names {
    predefined: Predefined,
    entries: List,
    buckets: List,
}

impl Names {
    /// A table with the predefined texts.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn new(arena: &mut Arena<'_>, predefined: Predefined) -> Result<Self, OutOfMemory> {
        let mut buckets = List::new();
        buckets.lengthen(arena, BUCKETS)?;
        Ok(Self {
            predefined,
            entries: List::new(),
            buckets,
        })
    }

    /// How many names there are; the last is `Name(count)`.
    pub fn count(&self) -> u32 {
        self.predefined.texts.len() as u32 + self.entries.len() / ENTRY_WORDS
    }

    /// Where the text of `name` is; empty for [`Name::NONE`].
    pub fn place(&self, arena: &Arena<'_>, name: Name) -> Place {
        let Some(index) = usize::from(name.0).checked_sub(1) else {
            return Place::Predefined("");
        };
        if let Some(text) = self.predefined.texts.get(index) {
            return Place::Predefined(text);
        }
        let entry = (index - self.predefined.texts.len()) as u32 * ENTRY_WORDS;
        let (at, len) = (
            self.entries.get(arena, entry),
            self.entries.get(arena, entry + 1),
        );
        Place::Arena { at, len }
    }

    /// The text of `name`; empty for [`Name::NONE`].
    pub fn text<'a>(&self, arena: &'a Arena<'_>, name: Name) -> &'a [u8] {
        match self.place(arena, name) {
            Place::Predefined(text) => text.as_bytes(),
            Place::Arena { at, len } => arena.bytes(at, len),
        }
    }

    /// The name of a predefined text.
    ///
    /// # Panics
    /// When `text` is not predefined.
    pub fn known(&self, text: &str) -> Name {
        self.find_predefined(text.as_bytes())
            .expect("the text is in the predefined table")
    }

    fn find_predefined(&self, text: &[u8]) -> Option<Name> {
        let Predefined { texts, order } = self.predefined;
        let place = order.binary_search_by(|index| texts[usize::from(*index)].as_bytes().cmp(text));
        place.ok().map(|place| Name(order[place] + 1))
    }

    /// The name of `text`, if it has one already.
    pub fn find(&self, arena: &Arena<'_>, text: &[u8]) -> Option<Name> {
        self.find_predefined(text)
            .or_else(|| self.find_entry(arena, text))
    }

    fn find_entry(&self, arena: &Arena<'_>, text: &[u8]) -> Option<Name> {
        let mut next = self.buckets.get(arena, bucket(text));
        while next != 0 {
            let name = Name(next as u16);
            if self.text(arena, name) == text {
                return Some(name);
            }
            let entry = (next - 1 - self.predefined.texts.len() as u32) * ENTRY_WORDS;
            next = self.entries.get(arena, entry + 2);
        }
        None
    }

    /// The name of the text `len` bytes from `at` in the arena, made now if need be.
    ///
    /// # Errors
    /// A `RuntimeError` "name too long" above [`LONGEST_NAME`], or no memory.
    pub fn intern_at(&mut self, arena: &mut Arena<'_>, at: u32, len: u32) -> Result<Name, Error> {
        if let Some(name) = self.find(arena, arena.bytes(at, len)) {
            return Ok(name);
        }
        if len as usize > LONGEST_NAME {
            return Err(Error::new(ErrorKind::Runtime, "name too long", 0));
        }
        let name = u16::try_from(self.count() + 1)
            .map_err(|_| Error::new(ErrorKind::Runtime, "too many names", 0))?;
        let copy = arena.alloc(len)?;
        let mut kept = [0; LONGEST_NAME];
        kept[..len as usize].copy_from_slice(arena.bytes(at, len));
        let text = &kept[..len as usize];
        arena.bytes_mut(copy, len).copy_from_slice(text);
        let place = bucket(text);
        let next = self.buckets.get(arena, place);
        self.entries.push(arena, copy)?;
        self.entries.push(arena, len)?;
        self.entries.push(arena, next)?;
        self.buckets.set(arena, place, u32::from(name));
        Ok(Name(name))
    }

    /// The name of `text`, made now if need be.
    ///
    /// # Errors
    /// As [`Names::intern_at`].
    pub fn intern(&mut self, arena: &mut Arena<'_>, text: &[u8]) -> Result<Name, Error> {
        if let Some(name) = self.find(arena, text) {
            return Ok(name);
        }
        let at = arena.store(text)?;
        self.intern_at(arena, at, text.len() as u32)
    }
}

/// The bucket of `text`.
fn bucket(text: &[u8]) -> u32 {
    let hash = text.iter().fold(5381_u32, |hash, byte| {
        hash.wrapping_mul(33) ^ u32::from(*byte)
    });
    (hash ^ hash >> 8) % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::{Name, Names, Predefined, sorted_order};
    use crate::arena::Arena;

    const TEXTS: [&str; 3] = ["", "zip", "abs"];
    const ORDER: [u16; 3] = sorted_order(&TEXTS);

    #[test]
    fn a_text_has_one_name_wherever_it_is_met() {
        let mut storage = [0; 4096];
        let mut arena = Arena::new(&mut storage);
        let predefined = Predefined {
            texts: &TEXTS,
            order: &ORDER,
        };
        let mut names = Names::new(&mut arena, predefined).unwrap();
        assert_eq!(names.known("abs"), Name(3));
        let first = names.intern(&mut arena, b"counter").unwrap();
        assert_eq!(first, Name(4));
        assert_eq!(names.intern(&mut arena, b"counter").unwrap(), first);
        assert_eq!(names.text(&arena, first), b"counter");
        assert_eq!(names.find(&arena, b"unknown"), None);
        assert_eq!(names.intern(&mut arena, b"zip").unwrap(), Name(2));
    }

    #[test]
    fn names_above_255_bytes_err() {
        let mut storage = [0; 4096];
        let mut arena = Arena::new(&mut storage);
        let predefined = Predefined {
            texts: &TEXTS,
            order: &ORDER,
        };
        let mut names = Names::new(&mut arena, predefined).unwrap();
        assert!(names.intern(&mut arena, &[b'x'; 255]).is_ok());
        assert!(names.intern(&mut arena, &[b'x'; 256]).is_err());
    }
}
