//! Content of larger files: a list of blocks in reverse, block n pointing also to n-2, n-4, … where n is divisible.
//!
//! ```text
//! block n (n > 0): [block n-1][block n-2 if n%2==0][block n-4 if n%4==0]… then data to the end of the block
//! ```

use super::Volume;
use super::cache::{Io, Window};
use super::disk::word;
use crate::{Errno, Result};

/// Which block of the list holds byte `position`, and where in it.
pub(super) fn index_of(block_size: u32, position: u32) -> (u32, u32) {
    let data = block_size - 8;
    let index = position / data;
    if index == 0 {
        return (0, position);
    }
    let index = (position - 4 * ((index - 1).count_ones() + 2)) / data;
    let offset = position - data * index - 4 * index.count_ones();
    (index, offset)
}

/// How many pointers block `index` starts with.
fn pointers(index: u32) -> u32 {
    if index == 0 {
        0
    } else {
        index.trailing_zeros() + 1
    }
}

fn pointer(io: &mut Io<'_>, block: u32, number: u32) -> Result<u32> {
    let mut bytes = [0; 4];
    io.read(block, 4 * number, &mut bytes)?;
    let next = word(&bytes, 0);
    if next < io.geometry.block_count {
        Ok(next)
    } else {
        Err(Errno::EILSEQ)
    }
}

/// The block that holds byte `position` of a file of `size` bytes, and the offset in it.
///
/// # Errors
/// `EILSEQ` when a pointer leads out of the device; what the device reports.
pub(super) fn find(io: &mut Io<'_>, head: u32, size: u32, position: u32) -> Result<(u32, u32)> {
    if size == 0 || position >= size {
        return Err(Errno::EILSEQ);
    }
    let block_size = io.geometry.block_size;
    let (mut current, _) = index_of(block_size, size - 1);
    let (target, offset) = index_of(block_size, position);
    let mut block = head;
    if head >= io.geometry.block_count {
        return Err(Errno::EILSEQ);
    }
    while current > target {
        // The longest step that this block has and that does not lead past the target.
        let step = (current - target).ilog2().min(current.trailing_zeros());
        block = pointer(io, block, step)?;
        current -= 1 << step;
    }
    Ok((block, offset))
}

/// Calls `visit` for each block of a file of `size` bytes.
///
/// # Errors
/// As [`find`].
pub(super) fn each_block(
    io: &mut Io<'_>,
    head: u32,
    size: u32,
    visit: &mut dyn FnMut(u32),
) -> Result {
    if size == 0 {
        return Ok(());
    }
    let (mut index, _) = index_of(io.geometry.block_size, size - 1);
    if index >= io.geometry.block_count || head >= io.geometry.block_count {
        return Err(Errno::EILSEQ);
    }
    let mut block = head;
    visit(block);
    while index > 0 {
        block = pointer(io, block, 0)?;
        visit(block);
        index -= 1;
    }
    Ok(())
}

impl Volume<'_> {
    /// A new block after the first `size` bytes of a list, and the offset where data go on. When the last block has
    /// room, the new one takes its place and gets a copy of what is in it: nothing is ever programmed twice.
    ///
    /// # Errors
    /// `ENOSPC`; what the device reports.
    pub(super) fn extend(
        &mut self,
        window: &mut Window,
        buffer: &mut [u8],
        head: u32,
        size: u32,
    ) -> Result<(u32, u32)> {
        loop {
            let block = self.allocate()?;
            let result = self.extend_into(window, buffer, head, size, block);
            match result {
                Ok(offset) => return Ok((block, offset)),
                // A bad block: the next one.
                Err(Errno::EILSEQ) if self.io.geometry.block_count > 2 => *window = Window::EMPTY,
                Err(errno) => return Err(errno),
            }
        }
    }

    fn extend_into(
        &mut self,
        window: &mut Window,
        buffer: &mut [u8],
        head: u32,
        size: u32,
        block: u32,
    ) -> Result<u32> {
        self.io.erase(block)?;
        if size == 0 {
            return Ok(0);
        }
        let block_size = self.io.geometry.block_size;
        let (index, last) = index_of(block_size, size - 1);
        let used = last + 1;
        if used < block_size {
            self.copy(window, buffer, (head, 0), (block, 0), used)?;
            return Ok(used);
        }
        let count = pointers(index + 1);
        let mut target = head;
        for number in 0..count {
            self.io
                .program_with(window, buffer, block, 4 * number, &target.to_le_bytes())?;
            if number + 1 < count {
                target = pointer(&mut self.io, target, number)?;
            }
        }
        Ok(4 * count)
    }

    /// Copies `len` bytes from one block to another, each given with an offset.
    ///
    /// # Errors
    /// What the device reports.
    pub(super) fn copy(
        &mut self,
        window: &mut Window,
        buffer: &mut [u8],
        from: (u32, u32),
        to: (u32, u32),
        len: u32,
    ) -> Result {
        let mut chunk = [0; 32];
        let mut done = 0;
        while done < len {
            let count = (len - done).min(chunk.len() as u32);
            let part = &mut chunk[..count as usize];
            self.io.read(from.0, from.1 + done, part)?;
            self.io
                .program_with(window, buffer, to.0, to.1 + done, part)?;
            done += count;
        }
        Ok(())
    }
}
