//! The board's "flash": a part of its 16 MiB PSRAM at 0x2100_0000, which behaves as NOR flash here.
//!
//! QEMU keeps that memory in a file when it is told to (README), so files survive a restart as on a real
//! board; without a file the board starts with an empty one.
//!
//! Source: Arm Application Note AN385, "Memory map".
#![expect(unsafe_code, reason = "memory at a fixed address")]

use core::slice;

use upy_hal::block::{BlockDevice, Errno, Result};

const START: usize = 0x2100_0000;
const BLOCK_BYTES: usize = 4096;
/// How many blocks the files have: 1 MiB.
const BLOCKS: usize = 256;

/// The memory; there is one.
pub struct Flash {
    content: &'static mut [u8],
}

impl Flash {
    /// Takes the memory; [`crate::board::Chip::new`] is called once.
    pub fn new() -> Self {
        // SAFETY: the board has RAM there that the linker script gives to nobody, any content is valid
        // bytes, and only this value, made once, refers to it.
        let content = unsafe { slice::from_raw_parts_mut(START as *mut u8, BLOCKS * BLOCK_BYTES) };
        Self { content }
    }

    fn part(&mut self, block: u32, offset_bytes: u32, len: usize) -> Result<&mut [u8]> {
        let (block, offset) = (block as usize, offset_bytes as usize);
        if block >= BLOCKS || offset > BLOCK_BYTES || len > BLOCK_BYTES - offset {
            return Err(Errno::EINVAL);
        }
        let at = block * BLOCK_BYTES + offset;
        self.content.get_mut(at..at + len).ok_or(Errno::EINVAL)
    }
}

impl BlockDevice for Flash {
    fn block_size_bytes(&self) -> u32 {
        BLOCK_BYTES as u32
    }

    fn block_count(&self) -> u32 {
        BLOCKS as u32
    }

    fn read(&mut self, block: u32, offset_bytes: u32, buffer: &mut [u8]) -> Result {
        buffer.copy_from_slice(self.part(block, offset_bytes, buffer.len())?);
        Ok(())
    }

    fn program(&mut self, block: u32, offset_bytes: u32, data: &[u8]) -> Result {
        let part = self.part(block, offset_bytes, data.len())?;
        for (place, byte) in part.iter_mut().zip(data) {
            *place &= byte;
        }
        Ok(())
    }

    fn erase(&mut self, block: u32) -> Result {
        self.part(block, 0, BLOCK_BYTES)?.fill(0xff);
        Ok(())
    }

    fn memory(&self) -> Option<&[u8]> {
        Some(self.content)
    }
}
