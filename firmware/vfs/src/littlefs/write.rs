//! Where the bytes of a file that is being written go: the cache, a block, the next block.

use super::cache::Window;
use super::{FileHandle, Slot, Volume, skiplist};
use crate::{Errno, Result};

impl Volume<'_> {
    pub(super) fn inline_max(&self) -> u32 {
        if self.state.is_version_1() {
            // Every file has blocks of its own.
            return 0;
        }
        let geometry = self.state.geometry;
        geometry
            .cache_size
            .min(geometry.block_size / 8)
            .min(self.state.attribute_max)
    }

    pub(super) fn write_flushed(
        &mut self,
        handle: FileHandle,
        cache: &mut [u8],
        mut data: &[u8],
    ) -> Result {
        let geometry = self.state.geometry;
        let slot = self.slot(handle)?;
        if slot.is_inline {
            let end = slot.size.max(slot.position + data.len() as u32);
            if end <= self.inline_max() {
                let start = slot.position as usize;
                cache[start..start + data.len()].copy_from_slice(data);
                let slot = self.slot_mut(handle);
                slot.position += data.len() as u32;
                slot.is_writing = true;
                return Ok(());
            }
            self.outline(handle, cache)?;
        }
        while !data.is_empty() {
            let slot = self.slot(handle)?;
            if !slot.is_writing || slot.offset == geometry.block_size {
                self.next_block(handle, cache)?;
            }
            let mut slot = self.slot(handle)?;
            // Up to where the cache is flushed: a bad block is noticed with everything in the cache.
            let room = geometry.cache_size - slot.offset % geometry.cache_size;
            let count = data.len().min(room as usize);
            let result = self.io.program_with(
                &mut slot.window,
                cache,
                slot.block,
                slot.offset,
                &data[..count],
            );
            slot.offset += count as u32;
            slot.position += count as u32;
            *self.slot_mut(handle) = slot;
            match result {
                Ok(()) => {}
                Err(Errno::EILSEQ) => self.replace_block(handle, cache)?,
                Err(errno) => return Err(errno),
            }
            data = &data[count..];
        }
        Ok(())
    }

    /// Goes on in a new block.
    fn next_block(&mut self, handle: FileHandle, cache: &mut [u8]) -> Result {
        let slot = self.slot(handle)?;
        let (block, size) = if slot.is_writing {
            (slot.block, slot.position)
        } else if slot.position > 0 {
            let (block, _) = skiplist::find(&mut self.io, slot.head, slot.size, slot.position - 1)?;
            (block, slot.position)
        } else {
            (u32::MAX, 0)
        };
        self.checkpoint();
        let mut window = Window::EMPTY;
        let (new, offset) = self.extend(&mut window, cache, block, size)?;
        let slot = self.slot_mut(handle);
        slot.window = window;
        slot.block = new;
        slot.offset = offset;
        slot.chain = (block, size);
        slot.is_writing = true;
        Ok(())
    }

    /// Moves the block that is being written, which does not keep what is written, to another.
    fn replace_block(&mut self, handle: FileHandle, cache: &mut [u8]) -> Result {
        let slot = self.slot(handle)?;
        loop {
            let block = self.allocate()?;
            let copied = self.copy_block(&slot, cache, block);
            match copied {
                Ok(()) => {
                    let mut window = Window::EMPTY;
                    self.io.hand_over(&mut window, cache);
                    let slot = self.slot_mut(handle);
                    (slot.block, slot.window) = (block, window);
                    return Ok(());
                }
                Err(Errno::EILSEQ) => self.io.drop_program(),
                Err(errno) => {
                    self.io.drop_program();
                    return Err(errno);
                }
            }
        }
    }

    fn copy_block(&mut self, slot: &Slot, cache: &[u8], to: u32) -> Result {
        self.io.erase(to)?;
        let mut chunk = [0; 32];
        let mut done = 0;
        while done < slot.window.offset {
            let count = (slot.window.offset - done).min(chunk.len() as u32);
            let part = &mut chunk[..count as usize];
            self.io.read(slot.block, done, part)?;
            self.io.program(to, done, part)?;
            done += count;
        }
        self.io
            .program(to, done, &cache[..slot.window.len as usize])
    }

    /// Gives a file that lies in the metadata a block of its own.
    pub(super) fn outline(&mut self, handle: FileHandle, cache: &mut [u8]) -> Result {
        let slot = self.slot(handle)?;
        let size = self.file_size(handle)?;
        self.checkpoint();
        let block = loop {
            let block = self.allocate()?;
            match self.copy_inline(&slot, cache, block, size) {
                Ok(()) => break block,
                Err(Errno::EILSEQ) => self.io.drop_program(),
                Err(errno) => {
                    self.io.drop_program();
                    return Err(errno);
                }
            }
        };
        let mut window = Window::EMPTY;
        if slot.position == size {
            self.io.hand_over(&mut window, cache);
        }
        let slot = self.slot_mut(handle);
        slot.is_inline = false;
        slot.is_dirty = true;
        slot.window = window;
        slot.chain = (u32::MAX, 0);
        if slot.position == size {
            // More follows in the same block.
            (slot.block, slot.offset) = (block, size);
            (slot.head, slot.size) = (u32::MAX, 0);
            slot.is_writing = true;
        } else {
            (slot.head, slot.size) = (block, size);
            slot.is_writing = false;
        }
        Ok(())
    }

    fn copy_inline(&mut self, slot: &Slot, cache: &[u8], block: u32, size: u32) -> Result {
        self.io.erase(block)?;
        let mut chunk = [0; 32];
        let mut done = 0;
        while done < size {
            let count = (size - done).min(chunk.len() as u32) as usize;
            let from = Slot {
                position: done,
                ..*slot
            };
            self.read_inline(&from, cache, &mut chunk[..count])?;
            self.io.program(block, done, &chunk[..count])?;
            done += count as u32;
        }
        if slot.position == size {
            return Ok(());
        }
        self.io.flush()
    }

    /// Ends the list that is being written with what followed in the old one.
    pub(super) fn flush(&mut self, handle: FileHandle, cache: &mut [u8]) -> Result {
        let slot = self.slot(handle)?;
        if !slot.is_writing {
            return Ok(());
        }
        if slot.is_inline {
            let slot = self.slot_mut(handle);
            slot.size = slot.size.max(slot.position);
            (slot.is_writing, slot.is_dirty) = (false, true);
            return Ok(());
        }
        let result = self.flush_list(handle, cache, &slot);
        if result.is_err() {
            self.slot_mut(handle).has_failed = true;
        }
        result
    }

    fn flush_list(&mut self, handle: FileHandle, cache: &mut [u8], old: &Slot) -> Result {
        let mut position = old.position;
        while position < old.size {
            let mut chunk = [0; 32];
            let (block, offset) = skiplist::find(&mut self.io, old.head, old.size, position)?;
            let count = (old.size - position)
                .min(self.state.geometry.block_size - offset)
                .min(chunk.len() as u32);
            let part = &mut chunk[..count as usize];
            self.io.read(block, offset, part)?;
            self.write_flushed(handle, cache, part)?;
            position += count;
        }
        loop {
            let mut slot = self.slot(handle)?;
            let result = self.io.flush_with(&mut slot.window, cache);
            *self.slot_mut(handle) = slot;
            match result {
                Ok(()) => break,
                Err(Errno::EILSEQ) => self.replace_block(handle, cache)?,
                Err(errno) => return Err(errno),
            }
        }
        let slot = self.slot_mut(handle);
        (slot.head, slot.size) = (slot.block, slot.position);
        slot.position = old.position;
        (slot.is_writing, slot.is_dirty) = (false, true);
        Ok(())
    }
}
