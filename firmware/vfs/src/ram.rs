//! A block device in memory.

use upy_hal::block::{BlockDevice, Errno, Result};

/// Blocks in memory that the caller lends. Erasing fills with 0xff.
#[derive(Debug)]
pub struct RamDevice<'a> {
    bytes: &'a mut [u8],
    block_size_bytes: u32,
}

impl<'a> RamDevice<'a> {
    /// A device over `bytes`; what does not fill a block at the end is not used.
    ///
    /// # Errors
    /// `EINVAL` when a block has no bytes.
    pub fn new(bytes: &'a mut [u8], block_size_bytes: u32) -> Result<Self> {
        if block_size_bytes == 0 {
            return Err(Errno::EINVAL);
        }
        Ok(Self {
            bytes,
            block_size_bytes,
        })
    }

    fn part(&mut self, block: u32, offset_bytes: u32, len: usize) -> Result<&mut [u8]> {
        let size = self.block_size_bytes as usize;
        let offset = offset_bytes as usize;
        let start = (block as usize).checked_mul(size).ok_or(Errno::EINVAL)?;
        let whole = self
            .bytes
            .get_mut(start..)
            .and_then(|rest| rest.get_mut(..size))
            .ok_or(Errno::EINVAL)?;
        whole
            .get_mut(offset..)
            .and_then(|rest| rest.get_mut(..len))
            .ok_or(Errno::EINVAL)
    }
}

impl BlockDevice for RamDevice<'_> {
    fn block_size_bytes(&self) -> u32 {
        self.block_size_bytes
    }

    fn block_count(&self) -> u32 {
        u32::try_from(self.bytes.len() / self.block_size_bytes as usize).unwrap_or(u32::MAX)
    }

    fn read(&mut self, block: u32, offset_bytes: u32, buffer: &mut [u8]) -> Result {
        buffer.copy_from_slice(self.part(block, offset_bytes, buffer.len())?);
        Ok(())
    }

    fn program(&mut self, block: u32, offset_bytes: u32, data: &[u8]) -> Result {
        self.part(block, offset_bytes, data.len())?
            .copy_from_slice(data);
        Ok(())
    }

    fn erase(&mut self, block: u32) -> Result {
        let size = self.block_size_bytes as usize;
        self.part(block, 0, size)?.fill(0xff);
        Ok(())
    }

    fn memory(&self) -> Option<&[u8]> {
        Some(self.bytes)
    }
}
