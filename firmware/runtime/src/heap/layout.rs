//! Blocks, headers and the allocation table.
//!
//! ```text
//! memory   [two bits per block][one bit per block][padding][blocks ...]
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
    (start + blocks.div_ceil(4) + blocks.div_ceil(8)).next_multiple_of(16)
}

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
            objects: start + blocks.div_ceil(4),
        };
        for offset in 0..blocks.div_ceil(4) + blocks.div_ceil(8) {
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

    #[inline]
    pub(super) fn occupy(&self, first: usize, count: usize) {
        self.set(first, State::Head);
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
        let mut block = from;
        loop {
            if block >= blocks {
                return None;
            }
            if block.is_multiple_of(4) {
                // A byte without a free block: every pair of bits has one set.
                let byte = self.read(self.states + block / 4);
                if (byte | byte >> 1) & 0x55 == 0x55 {
                    block += 4;
                    continue;
                }
            }
            if self.state(block) == State::Free {
                break;
            }
            block += 1;
        }
        let start = block;
        let end = blocks.min(start + longest);
        while block < end {
            if block.is_multiple_of(4)
                && block + 4 <= end
                && self.read(self.states + block / 4) == 0
            {
                block += 4;
            } else if self.state(block) == State::Free {
                block += 1;
            } else {
                break;
            }
        }
        Some((start, block))
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
