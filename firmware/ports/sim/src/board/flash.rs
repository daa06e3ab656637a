//! The flash of the simulated board: an image in a file, or in memory only.
//!
//! It behaves as NOR flash does: programming only clears bits, erasing sets all of a block. The power can be
//! cut in the middle of an operation; what is done after that until the board starts again does not happen.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use upy_hal::block::{BlockDevice, Errno, Result};

use super::line::Line;

/// Bytes of a block, as on a Pico.
pub(crate) const BLOCK_BYTES: usize = 4096;

/// The flash.
pub(crate) struct Flash {
    content: Vec<u8>,
    /// Where it survives the process.
    file: Option<File>,
    /// Operations that still succeed before the power is cut.
    until_cut: Option<u64>,
    is_cut: bool,
    line: Arc<Line>,
}

impl Flash {
    /// A flash of `bytes`, which is a multiple of [`BLOCK_BYTES`]. What is in the file stays unless it is to be
    /// `fresh`; a new one is erased.
    ///
    /// # Errors
    /// A sentence for the user: the file can't be used, or has another size.
    pub(crate) fn open(
        path: Option<&Path>,
        bytes: usize,
        fresh: bool,
        until_cut: Option<u64>,
        line: &Arc<Line>,
    ) -> core::result::Result<Self, String> {
        let mut flash = Self {
            content: vec![0xff; bytes],
            file: None,
            until_cut,
            is_cut: false,
            line: Arc::clone(line),
        };
        if let Some(path) = path {
            let failed = |error: io::Error| format!("`{}`: {error}", path.display());
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(fresh)
                .read(true)
                .write(true)
                .open(path)
                .map_err(failed)?;
            let len = file.metadata().map_err(failed)?.len();
            if len == 0 {
                file.write_all(&flash.content).map_err(failed)?;
            } else if len == bytes as u64 {
                file.read_exact(&mut flash.content).map_err(failed)?;
            } else {
                return Err(format!(
                    "`{}` has {len} bytes, but the flash has {bytes}: choose its size or start afresh",
                    path.display()
                ));
            }
            flash.file = Some(file);
        }
        Ok(flash)
    }

    /// The power is back.
    pub(crate) fn restart(&mut self) {
        self.is_cut = false;
    }

    fn place(&self, block: u32, offset_bytes: u32, len: usize) -> Result<usize> {
        let at = block as usize * BLOCK_BYTES + offset_bytes as usize;
        let is_inside =
            offset_bytes as usize + len <= BLOCK_BYTES && at + len <= self.content.len();
        if is_inside {
            Ok(at)
        } else {
            Err(Errno::EINVAL)
        }
    }

    /// How much of an operation on `len` bytes happens.
    fn power(&mut self, len: usize) -> usize {
        if self.is_cut {
            return 0;
        }
        match &mut self.until_cut {
            None => len,
            Some(0) => {
                self.until_cut = None;
                self.is_cut = true;
                self.line.reset();
                len / 2
            }
            Some(left) => {
                *left -= 1;
                len
            }
        }
    }

    /// Stores what has changed.
    fn store(&mut self, at: usize, len: usize) -> Result {
        if let Some(file) = &mut self.file {
            let stored = file
                .seek(SeekFrom::Start(at as u64))
                .and_then(|_| file.write_all(&self.content[at..at + len]));
            stored.map_err(|_| Errno::EIO)?;
        }
        if self.is_cut { Err(Errno::EIO) } else { Ok(()) }
    }
}

impl BlockDevice for Flash {
    fn block_size_bytes(&self) -> u32 {
        BLOCK_BYTES as u32
    }

    fn block_count(&self) -> u32 {
        (self.content.len() / BLOCK_BYTES) as u32
    }

    fn read(&mut self, block: u32, offset_bytes: u32, buffer: &mut [u8]) -> Result {
        let at = self.place(block, offset_bytes, buffer.len())?;
        buffer.copy_from_slice(&self.content[at..at + buffer.len()]);
        Ok(())
    }

    fn program(&mut self, block: u32, offset_bytes: u32, data: &[u8]) -> Result {
        let at = self.place(block, offset_bytes, data.len())?;
        let len = self.power(data.len());
        for (place, byte) in self.content[at..at + len].iter_mut().zip(data) {
            *place &= byte;
        }
        self.store(at, len)
    }

    fn erase(&mut self, block: u32) -> Result {
        let at = self.place(block, 0, BLOCK_BYTES)?;
        let len = self.power(BLOCK_BYTES);
        self.content[at..at + len].fill(0xff);
        self.store(at, len)
    }

    fn memory(&self) -> Option<&[u8]> {
        Some(&self.content)
    }
}
