//! The board's flash: the second CFI chip of the machine, 32 MiB, which QEMU keeps in a file.
//!
//! Two chips of 16 bits side by side make words of 32, so every command and status is there twice.
//!
//! Source: Intel "Common Flash Interface and Command Sets" (application note 646), basic command set.

use upy_hal::block::{BlockDevice, Errno, Result};

use crate::register::{FLASH_BYTES, Register, flash_word};

/// The unit of erasing of the two chips together.
const BLOCK_BYTES: usize = 256 << 10;

mod command {
    pub(super) const ERASE: u32 = 0x0020_0020;
    pub(super) const CONFIRM: u32 = 0x00d0_00d0;
    pub(super) const PROGRAM: u32 = 0x0040_0040;
    pub(super) const CLEAR_STATUS: u32 = 0x0050_0050;
    pub(super) const READ: u32 = 0x00ff_00ff;
}

mod status {
    pub(super) const READY: u32 = 0x0080_0080;
    /// Erase or program has failed.
    pub(super) const FAILED: u32 = 0x0030_0030;
}

/// The chip.
pub struct Flash;

/// Waits for the end of an operation that was begun at `word`.
fn finish(word: Register<u32>) -> Result {
    let mut found = word.read();
    while found & status::READY != status::READY {
        found = word.read();
    }
    if found & status::FAILED == 0 {
        return Ok(());
    }
    word.write(command::CLEAR_STATUS);
    Err(Errno::EIO)
}

fn place(block: u32, offset_bytes: u32, len: usize) -> Result<usize> {
    let (block, offset) = (block as usize, offset_bytes as usize);
    let is_inside =
        block < FLASH_BYTES / BLOCK_BYTES && offset <= BLOCK_BYTES && len <= BLOCK_BYTES - offset;
    is_inside
        .then_some(block * BLOCK_BYTES + offset)
        .ok_or(Errno::EINVAL)
}

/// The word that holds a byte.
fn word_of(at: usize) -> Result<Register<u32>> {
    flash_word(at & !3).ok_or(Errno::EINVAL)
}

impl BlockDevice for Flash {
    fn block_size_bytes(&self) -> u32 {
        BLOCK_BYTES as u32
    }

    fn block_count(&self) -> u32 {
        (FLASH_BYTES / BLOCK_BYTES) as u32
    }

    fn read(&mut self, block: u32, offset_bytes: u32, buffer: &mut [u8]) -> Result {
        let start = place(block, offset_bytes, buffer.len())?;
        let mut at = start;
        while at < start + buffer.len() {
            let bytes = word_of(at)?.read().to_le_bytes();
            let skipped = at % 4;
            let part = (4 - skipped).min(start + buffer.len() - at);
            buffer[at - start..at - start + part].copy_from_slice(&bytes[skipped..skipped + part]);
            at += part;
        }
        Ok(())
    }

    fn program(&mut self, block: u32, offset_bytes: u32, data: &[u8]) -> Result {
        let start = place(block, offset_bytes, data.len())?;
        let mut at = start;
        let mut outcome = Ok(());
        while at < start + data.len() && outcome.is_ok() {
            // Bytes of a word that are not to be programmed stay as they are when ones are programmed.
            let mut bytes = [0xff; 4];
            let skipped = at % 4;
            let part = (4 - skipped).min(start + data.len() - at);
            bytes[skipped..skipped + part].copy_from_slice(&data[at - start..at - start + part]);
            let word = word_of(at)?;
            word.write(command::PROGRAM);
            word.write(u32::from_le_bytes(bytes));
            outcome = finish(word);
            at += part;
        }
        word_of(start)?.write(command::READ);
        outcome
    }

    fn erase(&mut self, block: u32) -> Result {
        let word = word_of(place(block, 0, BLOCK_BYTES)?)?;
        word.write(command::ERASE);
        word.write(command::CONFIRM);
        let outcome = finish(word);
        word.write(command::READ);
        outcome
    }
}
