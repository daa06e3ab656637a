//! Blocks, headers and the allocation table.
//!
//! ```text
//! memory   [two bits per block, whole words][one bit per block][padding][blocks ...]
//! header   [tail length][flags 4][kind 8]        one word
//! ```
#![expect(unsafe_code, reason = "the table is raw memory in front of the blocks")]

use core::ptr;

/// Bytes in a block.
pub(crate) const BLOCK: usize = 4 * size_of::<usize>();

/// The first word of an object.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Header(usize);

impl Header {
    pub(super) fn new(kind: u8, tail_len: usize) -> Option<Self> {
        (tail_len <= usize::MAX >> 12).then_some(Self(tail_len << 12 | usize::from(kind)))
    }

    #[inline]
    pub(crate) fn kind(self) -> u8 {
        self.0 as u8
    }

    /// Four bits with a meaning that depends on the kind.
    #[inline]
    pub(crate) fn flags(self) -> u8 {
        (self.0 >> 8) as u8 & 0xf
    }

    pub(super) fn set_flags(&mut self, flags: u8) {
        self.0 = self.0 & !0xf00 | usize::from(flags & 0xf) << 8;
    }

    pub(super) fn set_tail_len(&mut self, len: usize) {
        self.0 = self.0 & 0xfff | len << 12;
    }

    #[inline]
    pub(crate) fn tail_len(self) -> usize {
        self.0 >> 12
    }
}

/// What a block is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Free,
    Head,
    Tail,
    Mark,
}

/// How many blocks and their tables fit between two addresses.
pub(super) fn blocks_for(start: usize, end: usize) -> usize {
    let bytes = end.saturating_sub(start);
    let mut blocks = bytes / BLOCK;
    while blocks > 0 && base_for(start, blocks) + blocks * BLOCK > end {
        blocks -= 1;
    }
    blocks
}

fn base_for(start: usize, blocks: usize) -> usize {
    (start + states_bytes(blocks) + blocks.div_ceil(8)).next_multiple_of(16)
}

/// Bytes of the states of blocks: whole words, as they are searched by words.
fn states_bytes(blocks: usize) -> usize {
    blocks.div_ceil(PER_WORD) * size_of::<usize>()
}

/// Blocks whose states are in one word, the first in the lowest bits.
const PER_WORD: usize = usize::BITS as usize / 2;
/// The lower bit of each state in a word.
const LOW: usize = usize::MAX / 3;

/// The table of block states.
pub(super) struct Table {
    states: usize,
    objects: usize,
}

impl Table {
    /// Lays out an empty table at `start` and returns where the blocks begin.
    pub(super) fn new(start: usize, blocks: usize) -> (Self, usize) {
        let table = Self {
            states: start,
            objects: start + states_bytes(blocks),
        };
        for offset in 0..states_bytes(blocks) + blocks.div_ceil(8) {
            table.write(start + offset, 0);
        }
        (table, base_for(start, blocks))
    }

    #[inline]
    fn read(&self, address: usize) -> u8 {
        let pointer: *const u8 = ptr::with_exposed_provenance(address);
        // SAFETY: callers pass addresses of the table, which lies in the memory of the heap.
        unsafe { pointer.read() }
    }

    #[inline]
    fn write(&self, address: usize, byte: u8) {
        let pointer: *mut u8 = ptr::with_exposed_provenance_mut(address);
        // SAFETY: as in `read`; nothing else points there.
        unsafe { pointer.write(byte) }
    }

    /// The states of blocks `index * PER_WORD` and after; those beyond the last block are free.
    #[inline]
    fn word(&self, index: usize) -> usize {
        let pointer: *const usize = ptr::with_exposed_provenance(self.states);
        let pointer = pointer.wrapping_add(index);
        // SAFETY: the states start at a word and are whole words; callers stay below the last block.
        unsafe { pointer.read() }
    }

    #[inline]
    fn set_word(&self, index: usize, word: usize) {
        let pointer: *mut usize = ptr::with_exposed_provenance_mut(self.states);
        let pointer = pointer.wrapping_add(index);
        // SAFETY: as in `word`; nothing else points there.
        unsafe { pointer.write(word) }
    }

    /// For the sweep, at a block that is the first of a word and not in the middle of something dead: if no
    /// block of the word dies, unmarks them and returns how many blocks there are and how many are in use.
    #[inline]
    pub(super) fn keep_word(&self, block: usize) -> Option<(usize, usize)> {
        if !block.is_multiple_of(PER_WORD) {
            return None;
        }
        let index = block / PER_WORD;
        let word = self.word(index);
        let upper = word >> 1 & LOW;
        if word & LOW & !upper != 0 {
            return None;
        }
        if word == 0 {
            return Some((PER_WORD, 0));
        }
        self.set_word(index, word & !((word & upper) << 1));
        // Heads that were marked and tails: those with the upper bit.
        Some((PER_WORD, upper.count_ones() as usize))
    }

    #[inline]
    pub(super) fn state(&self, block: usize) -> State {
        match self.read(self.states + block / 4) >> (block % 4 * 2) & 3 {
            0 => State::Free,
            1 => State::Head,
            2 => State::Tail,
            _ => State::Mark,
        }
    }

    #[inline]
    pub(super) fn set(&self, block: usize, state: State) {
        let address = self.states + block / 4;
        let shift = block % 4 * 2;
        self.write(
            address,
            self.read(address) & !(3 << shift) | (state as u8) << shift,
        );
    }

    #[inline]
    pub(super) fn set_object(&self, block: usize, object: bool) {
        let address = self.objects + block / 8;
        let bit = 1 << (block % 8);
        let byte = self.read(address);
        self.write(address, if object { byte | bit } else { byte & !bit });
    }

    pub(super) fn is_object(&self, block: usize) -> bool {
        self.read(self.objects + block / 8) >> (block % 8) & 1 != 0
    }

    /// Makes free blocks one allocation.
    #[inline]
    pub(super) fn occupy(&self, first: usize, count: usize) {
        let address = self.states + first / 4;
        let head = (State::Head as u8) << (first % 4 * 2);
        self.write(address, self.read(address) | head);
        for block in first + 1..first + count {
            self.set(block, State::Tail);
        }
    }

    pub(super) fn extend(&self, from: usize, to: usize) {
        for block in from..to {
            self.set(block, State::Tail);
        }
    }

    pub(super) fn release(&self, first: usize, count: usize) {
        for block in first..first + count {
            self.set(block, State::Free);
        }
    }

    pub(super) fn all_free(&self, from: usize, to: usize) -> bool {
        (from..to).all(|block| self.state(block) == State::Free)
    }

    /// Blocks of the allocation whose head is `first`. Needs the state after the last block, which is
    /// outside the table only for the last block of all.
    pub(super) fn run_len(&self, first: usize) -> usize {
        let limit = (self.objects - self.states) * 4;
        let mut block = first + 1;
        while block < limit && self.state(block) == State::Tail {
            block += 1;
        }
        block - first
    }

    /// The first run of free blocks at or after `from`, at most `longest` of it.
    pub(super) fn free_run(
        &self,
        from: usize,
        blocks: usize,
        longest: usize,
    ) -> Option<(usize, usize)> {
        let used = |index: usize| {
            let word = self.word(index);
            (word | word >> 1) & LOW
        };
        let mut index = from / PER_WORD;
        let mut looked_at = LOW << (from % PER_WORD * 2);
        let start = loop {
            if index * PER_WORD >= blocks {
                return None;
            }
            let free = !used(index) & looked_at & LOW;
            if free != 0 {
                break index * PER_WORD + free.trailing_zeros() as usize / 2;
            }
            index += 1;
            looked_at = LOW;
        };
        if start >= blocks {
            return None;
        }
        let limit = blocks.min(start + longest);
        let mut rest = used(index) & LOW << (start % PER_WORD * 2);
        while rest == 0 {
            index += 1;
            if index * PER_WORD >= limit {
                return Some((start, limit));
            }
            rest = used(index);
        }
        let end = index * PER_WORD + rest.trailing_zeros() as usize / 2;
        Some((start, end.min(limit)))
    }

    /// The highest run of `count` free blocks below `top`.
    pub(super) fn free_run_down(&self, top: usize, count: usize) -> Option<usize> {
        let mut free = 0;
        let mut block = top;
        while block > 0 {
            block -= 1;
            if self.state(block) == State::Free {
                free += 1;
                if free == count {
                    return Some(block);
                }
            } else {
                free = 0;
            }
        }
        None
    }
}
