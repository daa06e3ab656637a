//! Bump storage with a byte limit: the only memory the lexer, the parser and the compiler use.
//!
//! The caller lends one slice of bytes; everything made from a source text (names, tree nodes,
//! constants, scopes, code) lives in it and is referred to by offset. Nothing is freed on its own:
//! the slice is given back as a whole, or a temporary is undone with [`Arena::mark`] and
//! [`Arena::release`]. The arena never grows and never allocates elsewhere.
//!
//! Words are kept as four little-endian bytes so that one byte slice serves both numbers and text
//! without unsafe code.

/// The arena has no room for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfMemory {
    /// What was asked for.
    pub len_bytes: u32,
}

/// A slice of bytes handed out from the bottom up.
#[derive(Debug)]
pub struct Arena<'s> {
    bytes: &'s mut [u8],
    used: u32,
    refused_bytes: u32,
}

/// How far an arena was filled; see [`Arena::mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(u32);

/// The most bytes that are used: node references have 29 bits for an offset.
const LARGEST: u32 = 0x1fff_fff0;

/// Bytes per word.
pub const WORD: u32 = 4;

impl<'s> Arena<'s> {
    /// An empty arena over `bytes`; at most 512 MiB of it is used.
    ///
    /// Offset 0 is never handed out, so that it can mean "nothing".
    pub fn new(bytes: &'s mut [u8]) -> Self {
        Self {
            bytes,
            used: WORD,
            refused_bytes: 0,
        }
    }

    /// Bytes handed out so far, abandoned ones included.
    pub fn used_bytes(&self) -> u32 {
        self.used
    }

    /// The size of the last request that was refused, in bytes; 0 when none was.
    pub fn refused_bytes(&self) -> u32 {
        self.refused_bytes
    }

    /// The size of the storage, in bytes, as far as it can be used.
    fn limit(&self) -> u32 {
        u32::try_from(self.bytes.len())
            .unwrap_or(u32::MAX)
            .min(LARGEST)
    }

    /// Hands out `len_bytes` zeroed bytes at an offset that is a multiple of four.
    ///
    /// # Errors
    /// [`OutOfMemory`] when less than that is left.
    pub fn alloc(&mut self, len_bytes: u32) -> Result<u32, OutOfMemory> {
        let at = self.used;
        let end = len_bytes
            .checked_next_multiple_of(WORD)
            .and_then(|len| at.checked_add(len))
            .filter(|end| *end <= self.limit());
        let Some(end) = end else {
            self.refused_bytes = len_bytes;
            return Err(OutOfMemory { len_bytes });
        };
        self.used = end;
        self.bytes[at as usize..end as usize].fill(0);
        Ok(at)
    }

    /// Where the arena is now; everything handed out later can be undone by [`Arena::release`].
    pub fn mark(&self) -> Mark {
        Mark(self.used)
    }

    /// Takes back everything handed out since `mark`.
    pub fn release(&mut self, mark: Mark) {
        if mark.0 < self.used {
            self.used = mark.0;
        }
    }

    /// Lengthens the block that ends the arena in place; false when another block follows it or
    /// there is no room.
    fn extend(&mut self, at: u32, old_len_bytes: u32, new_len_bytes: u32) -> bool {
        let old_end = at + old_len_bytes.next_multiple_of(WORD);
        let Some(end) = new_len_bytes
            .checked_next_multiple_of(WORD)
            .and_then(|n| at.checked_add(n))
        else {
            return false;
        };
        if old_end != self.used || end > self.limit() {
            return false;
        }
        self.bytes[old_end as usize..end as usize].fill(0);
        self.used = end;
        true
    }

    /// The word at offset `at`.
    ///
    /// # Panics
    /// When `at` was not handed out by this arena.
    pub fn word(&self, at: u32) -> u32 {
        let at = at as usize;
        let bytes = &self.bytes[at..at + WORD as usize];
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    /// Stores `value` in the word at offset `at`.
    ///
    /// # Panics
    /// When `at` was not handed out by this arena.
    pub fn set_word(&mut self, at: u32, value: u32) {
        let at = at as usize;
        self.bytes[at..at + WORD as usize].copy_from_slice(&value.to_le_bytes());
    }

    /// Two words as one number, low word first.
    pub fn long(&self, at: u32) -> u64 {
        u64::from(self.word(at)) | u64::from(self.word(at + WORD)) << 32
    }

    /// Stores two words, low word first.
    pub fn set_long(&mut self, at: u32, value: u64) {
        self.set_word(at, value as u32);
        self.set_word(at + WORD, (value >> 32) as u32);
    }

    /// `len_bytes` bytes from offset `at`.
    ///
    /// # Panics
    /// When the range was not handed out by this arena.
    pub fn bytes(&self, at: u32, len_bytes: u32) -> &[u8] {
        &self.bytes[at as usize..(at + len_bytes) as usize]
    }

    /// The same, to be written.
    ///
    /// # Panics
    /// When the range was not handed out by this arena.
    pub fn bytes_mut(&mut self, at: u32, len_bytes: u32) -> &mut [u8] {
        &mut self.bytes[at as usize..(at + len_bytes) as usize]
    }

    /// Copies `text` in and returns its offset.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn store(&mut self, text: &[u8]) -> Result<u32, OutOfMemory> {
        let len_bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let at = self.alloc(len_bytes)?;
        self.bytes_mut(at, len_bytes).copy_from_slice(text);
        Ok(at)
    }

    /// Moves `len_bytes` bytes inside the arena.
    fn copy_within(&mut self, from: u32, to: u32, len_bytes: u32) {
        self.bytes
            .copy_within(from as usize..(from + len_bytes) as usize, to as usize);
    }

    /// Gives up most of the storage that is not handed out: seven eighths of it, the last ones.
    pub fn take_tail(&mut self) -> &'s mut [u8] {
        let bytes = core::mem::take(&mut self.bytes);
        let used = (self.used as usize).min(bytes.len());
        let (kept, tail) = bytes.split_at_mut(used + (bytes.len() - used) / 8);
        self.bytes = kept;
        tail
    }

    /// Gives the storage back, to be read once the arena is done with.
    pub fn into_bytes(self) -> &'s [u8] {
        self.bytes
    }
}

/// A growable list of words in an [`Arena`].
#[derive(Debug, Clone, Copy, Default)]
pub struct List {
    at: u32,
    len: u32,
    capacity: u32,
}

impl List {
    /// A list without storage.
    pub const fn new() -> Self {
        Self {
            at: 0,
            len: 0,
            capacity: 0,
        }
    }

    /// Words in the list.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether the list has no word.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds `value` at the end.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the list is then unchanged.
    pub fn push(&mut self, arena: &mut Arena<'_>, value: u32) -> Result<(), OutOfMemory> {
        if self.len == self.capacity {
            let capacity = (self.capacity * 2).max(4);
            let (old, new) = (self.capacity * WORD, capacity * WORD);
            if self.capacity == 0 || !arena.extend(self.at, old, new) {
                let at = arena.alloc(new)?;
                if self.len > 0 {
                    arena.copy_within(self.at, at, self.len * WORD);
                }
                self.at = at;
            }
            self.capacity = capacity;
        }
        arena.set_word(self.at + self.len * WORD, value);
        self.len += 1;
        Ok(())
    }

    /// The word at `index`.
    ///
    /// # Panics
    /// When the list is not that long.
    pub fn get(&self, arena: &Arena<'_>, index: u32) -> u32 {
        assert!(index < self.len, "index inside the list");
        arena.word(self.at + index * WORD)
    }

    /// Replaces the word at `index`.
    ///
    /// # Panics
    /// When the list is not that long.
    pub fn set(&self, arena: &mut Arena<'_>, index: u32, value: u32) {
        assert!(index < self.len, "index inside the list");
        arena.set_word(self.at + index * WORD, value);
    }

    /// Takes the last word off; `None` when the list is empty.
    pub fn pop(&mut self, arena: &Arena<'_>) -> Option<u32> {
        self.len = self.len.checked_sub(1)?;
        Some(arena.word(self.at + self.len * WORD))
    }

    /// The word `distance` before the last one (0 is the last one).
    ///
    /// # Panics
    /// When the list is not that long.
    pub fn peek(&self, arena: &Arena<'_>, distance: u32) -> u32 {
        self.get(arena, self.len - 1 - distance)
    }

    /// Forgets all words from `len` on; the storage stays.
    pub fn truncate(&mut self, len: u32) {
        self.len = self.len.min(len);
    }

    /// The list as three words, to be kept in the arena.
    pub fn to_words(self) -> [u32; 3] {
        [self.at, self.len, self.capacity]
    }

    /// The list that [`List::to_words`] gave.
    pub fn from_words([at, len, capacity]: [u32; 3]) -> Self {
        Self { at, len, capacity }
    }

    /// Lengthens the list with zeros to at least `len` words.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn lengthen(&mut self, arena: &mut Arena<'_>, len: u32) -> Result<(), OutOfMemory> {
        while self.len < len {
            self.push(arena, 0)?;
        }
        Ok(())
    }
}

/// A growable run of bytes in an [`Arena`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Text {
    at: u32,
    len: u32,
    capacity: u32,
}

impl Text {
    /// A text without storage.
    pub const fn new() -> Self {
        Self {
            at: 0,
            len: 0,
            capacity: 0,
        }
    }

    /// Bytes in the text.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether the text has no byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets the bytes; the storage stays.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Forgets the bytes from `len` on.
    pub fn truncate(&mut self, len: u32) {
        self.len = self.len.min(len);
    }

    /// The bytes.
    pub fn bytes<'a>(&self, arena: &'a Arena<'_>) -> &'a [u8] {
        arena.bytes(self.at, self.len)
    }

    /// The byte at `index`.
    ///
    /// # Panics
    /// When the text is not that long.
    pub fn byte(&self, arena: &Arena<'_>, index: u32) -> u8 {
        self.bytes(arena)[index as usize]
    }

    /// Makes room for `len` bytes in all.
    fn reserve(&mut self, arena: &mut Arena<'_>, len: u32) -> Result<(), OutOfMemory> {
        if len <= self.capacity {
            return Ok(());
        }
        let capacity = len.max(self.capacity * 2).max(16).next_multiple_of(WORD);
        if self.capacity == 0 || !arena.extend(self.at, self.capacity, capacity) {
            let at = arena.alloc(capacity)?;
            if self.len > 0 {
                arena.copy_within(self.at, at, self.len);
            }
            self.at = at;
        }
        self.capacity = capacity;
        Ok(())
    }

    /// Adds one byte at the end.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn push(&mut self, arena: &mut Arena<'_>, byte: u8) -> Result<(), OutOfMemory> {
        self.reserve(arena, self.len + 1)?;
        self.len += 1;
        arena.bytes_mut(self.at + self.len - 1, 1)[0] = byte;
        Ok(())
    }

    /// Adds `bytes` at the end.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn push_bytes(&mut self, arena: &mut Arena<'_>, bytes: &[u8]) -> Result<(), OutOfMemory> {
        for byte in bytes {
            self.push(arena, *byte)?;
        }
        Ok(())
    }

    /// Adds bytes `from..to` of `other` at the end.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn push_part(
        &mut self,
        arena: &mut Arena<'_>,
        other: &Self,
        from: u32,
        to: u32,
    ) -> Result<(), OutOfMemory> {
        for index in from..to {
            let byte = other.byte(arena, index);
            self.push(arena, byte)?;
        }
        Ok(())
    }

    /// Copies the bytes to offset `at`, which has room for them.
    pub fn copy_to(&self, arena: &mut Arena<'_>, at: u32) {
        arena.copy_within(self.at, at, self.len);
    }

    /// Offset of the bytes in the arena; valid until the text grows.
    pub fn at(&self) -> u32 {
        self.at
    }

    /// Puts the bytes of `other` before index `index`.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn insert(
        &mut self,
        arena: &mut Arena<'_>,
        index: u32,
        other: &Self,
    ) -> Result<(), OutOfMemory> {
        self.reserve(arena, self.len + other.len)?;
        arena.copy_within(
            self.at + index,
            self.at + index + other.len,
            self.len - index,
        );
        arena.copy_within(other.at, self.at + index, other.len);
        self.len += other.len;
        Ok(())
    }

    /// Adds the character `code` in UTF-8; surrogates and values up to 0x1fffff are encoded as they
    /// are.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn push_char(&mut self, arena: &mut Arena<'_>, code: u32) -> Result<(), OutOfMemory> {
        let tail = |shift: u32| 0x80 | (code >> shift & 0x3f) as u8;
        match code {
            0..0x80 => self.push(arena, code as u8),
            0x80..0x800 => self.push_bytes(arena, &[0xc0 | (code >> 6) as u8, tail(0)]),
            0x800..0x1_0000 => {
                self.push_bytes(arena, &[0xe0 | (code >> 12) as u8, tail(6), tail(0)])
            }
            _ => self.push_bytes(
                arena,
                &[0xf0 | (code >> 18 & 7) as u8, tail(12), tail(6), tail(0)],
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arena, List, OutOfMemory, Text};

    #[test]
    fn alloc_past_the_end_err() {
        let mut storage = [0; 64];
        let mut arena = Arena::new(&mut storage);
        assert_eq!(arena.alloc(60), Ok(4));
        assert_eq!(arena.alloc(1), Err(OutOfMemory { len_bytes: 1 }));
    }

    #[test]
    fn a_tail_taken_away_is_not_handed_out() {
        let mut storage = [0; 100];
        let mut arena = Arena::new(&mut storage);
        arena.alloc(16).unwrap();
        assert_eq!(arena.take_tail().len(), 70);
        assert!(arena.alloc(8).is_ok());
        assert!(arena.alloc(8).is_err());
    }

    #[test]
    fn released_memory_is_handed_out_again_zeroed() {
        let mut storage = [0; 64];
        let mut arena = Arena::new(&mut storage);
        let mark = arena.mark();
        let first = arena.alloc(8).unwrap();
        arena.set_word(first, 77);
        arena.release(mark);
        let second = arena.alloc(8).unwrap();
        assert_eq!((second, arena.word(second)), (first, 0));
    }

    #[test]
    fn lists_keep_their_words_while_they_grow_between_each_other() {
        let mut storage = [0; 2048];
        let mut arena = Arena::new(&mut storage);
        let (mut left, mut right) = (List::new(), List::new());
        for value in 0..40 {
            left.push(&mut arena, value).unwrap();
            right.push(&mut arena, value + 100).unwrap();
        }
        assert_eq!(
            (left.get(&arena, 0), left.peek(&arena, 0), left.len()),
            (0, 39, 40)
        );
        assert_eq!((right.get(&arena, 17), right.pop(&arena)), (117, Some(139)));
    }

    #[test]
    fn text_inserts_before_an_index() {
        let mut storage = [0; 256];
        let mut arena = Arena::new(&mut storage);
        let (mut text, mut middle) = (Text::new(), Text::new());
        text.push_bytes(&mut arena, b"ad").unwrap();
        middle.push_char(&mut arena, 0xe9).unwrap();
        text.insert(&mut arena, 1, &middle).unwrap();
        assert_eq!(text.bytes(&arena), "a\u{e9}d".as_bytes());
    }
}
