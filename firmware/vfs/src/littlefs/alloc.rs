//! Finding free blocks: a window of bits is filled by walking over everything that is in use.
//!
//! Blocks are given out in one direction around the device. [`Volume::checkpoint`] says that whatever was given
//! out before can be found by walking (it is committed, or in a slot) or is not wanted any more.

use super::disk::GlobalState;
use super::metadata::{self, Struct};
use super::{Use, Volume};
use crate::{Errno, Result};

impl Volume<'_> {
    /// All that was allocated is found by [`Volume::each_used_block`] from now on.
    pub(super) fn checkpoint(&mut self) {
        self.state.lookahead.left = self.state.geometry.block_count;
    }

    /// A block that nothing uses.
    ///
    /// # Errors
    /// `ENOSPC` when there is none; what the device reports.
    pub(super) fn allocate(&mut self) -> Result<u32> {
        let count = self.state.geometry.block_count;
        loop {
            while self.state.lookahead.next < self.state.lookahead.size {
                let ahead = &mut self.state.lookahead;
                let bit = ahead.next;
                ahead.next += 1;
                ahead.left = ahead.left.saturating_sub(1);
                let is_used = self
                    .lookahead
                    .get(bit as usize / 8)
                    .is_none_or(|byte| byte >> (bit % 8) & 1 == 1);
                if !is_used {
                    return Ok((ahead.start + bit) % count);
                }
            }
            if self.state.lookahead.left == 0 {
                return Err(Errno::ENOSPC);
            }
            self.look_ahead()?;
        }
    }

    /// Moves the window on and fills it.
    fn look_ahead(&mut self) -> Result {
        let count = self.state.geometry.block_count;
        let bits = u32::try_from(self.lookahead.len().saturating_mul(8)).unwrap_or(u32::MAX);
        if bits == 0 {
            return Err(Errno::EINVAL);
        }
        let ahead = &mut self.state.lookahead;
        let start = (ahead.start + ahead.size) % count;
        let size = bits.min(ahead.left);
        (ahead.start, ahead.size, ahead.next) = (start, 0, 0);
        let buffer = core::mem::take(&mut self.lookahead);
        buffer.fill(0);
        let result = self.each_used_block(&mut |block| {
            let bit = if block >= start {
                block - start
            } else {
                block + count - start
            };
            if bit < size {
                buffer[bit as usize / 8] |= 1 << (bit % 8);
            }
        });
        self.lookahead = buffer;
        result?;
        self.state.lookahead.size = size;
        Ok(())
    }

    /// Calls `visit` for every block in use, some of them more than once.
    ///
    /// # Errors
    /// `EILSEQ` when the file system is damaged; what the device reports.
    pub(super) fn each_used_block(&mut self, visit: &mut dyn FnMut(u32)) -> Result {
        if self.state.is_version_1() {
            self.each_used_block_v1(visit)?;
            return self.each_open_block(visit);
        }
        self.each_pair(|this, metadata| {
            metadata.pair.into_iter().for_each(&mut *visit);
            for id in 0..metadata.count {
                match metadata::get_struct(&mut this.io, metadata, id) {
                    Ok(Struct::List { head, size }) => {
                        super::skiplist::each_block(&mut this.io, head, size, visit)?;
                    }
                    // The pair of a directory is in the list of pairs too, except after a power cut.
                    Ok(Struct::Directory(pair)) => pair.into_iter().for_each(&mut *visit),
                    Ok(Struct::Inline { .. }) => {}
                    Err(errno) => return Err(errno),
                }
            }
            Ok(false)
        })?;
        self.each_open_block(visit)
    }

    /// Calls `visit` for every block of an open file.
    fn each_open_block(&mut self, visit: &mut dyn FnMut(u32)) -> Result {
        for index in 0..self.open.len() {
            let slot = self.open[index];
            if slot.used != Use::File || slot.is_inline {
                continue;
            }
            super::skiplist::each_block(&mut self.io, slot.head, slot.size, visit)?;
            if slot.is_writing {
                // The block's own pointers may still be in the file's cache.
                visit(slot.block);
                let (head, size) = slot.chain;
                super::skiplist::each_block(&mut self.io, head, size, visit)?;
            }
        }
        Ok(())
    }

    /// How many blocks are in use, with two for each directory counted twice: so MicroPython's `statvfs` counts, which
    /// asks the C library.
    ///
    /// # Errors
    /// `EILSEQ` when the file system is damaged; what the device reports.
    pub fn used_blocks(&mut self) -> Result<u32> {
        let mut used = 0u32;
        if self.state.is_version_1() {
            self.each_used_block_v1(&mut |_| used = used.saturating_add(1))?;
        } else {
            used = self.used_metadata()?;
        }
        for index in 0..self.open.len() {
            let slot = self.open[index];
            if slot.used == Use::File && !slot.is_inline && slot.is_dirty {
                super::skiplist::each_block(&mut self.io, slot.head, slot.size, &mut |_| {
                    used = used.saturating_add(1);
                })?;
            }
        }
        Ok(used.min(self.state.geometry.block_count))
    }

    /// The part of [`Volume::used_blocks`] that no open file has.
    fn used_metadata(&mut self) -> Result<u32> {
        let mut used = 0u32;
        self.each_pair(|this, metadata| {
            used = used.saturating_add(2);
            for id in 0..metadata.count {
                match metadata::get_struct(&mut this.io, metadata, id)? {
                    Struct::List { head, size } => {
                        super::skiplist::each_block(&mut this.io, head, size, &mut |_| {
                            used = used.saturating_add(1);
                        })?;
                    }
                    Struct::Directory(_) => used = used.saturating_add(2),
                    Struct::Inline { .. } => {}
                }
            }
            Ok(false)
        })?;
        Ok(used)
    }

    /// Adds what a dropped pair contributed to the global state.
    pub(super) fn absorb(&mut self, state: GlobalState) {
        self.state.pending = self.state.pending.xor(state);
    }
}
