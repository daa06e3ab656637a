//! Reads and programs through small caches, in the device's units.
//!
//! What was programmed is read back: a block that does not hold it is `EILSEQ` and is replaced by the caller.

use super::disk::crc;
use crate::{BlockDevice, Errno, Result};

const NO_BLOCK: u32 = u32::MAX;

/// Which bytes of which block a buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) block: u32,
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

impl Window {
    pub(crate) const EMPTY: Self = Self {
        block: NO_BLOCK,
        offset: 0,
        len: 0,
    };
}

/// Sizes in bytes and counts; checked once by [`Geometry::check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) block_size: u32,
    pub(crate) block_count: u32,
    pub(crate) read_size: u32,
    pub(crate) program_size: u32,
    pub(crate) cache_size: u32,
}

impl Geometry {
    /// # Errors
    /// `EINVAL` when the sizes do not divide each other or are too small for the format.
    pub(crate) fn check(self) -> Result<Self> {
        let divides = |part: u32, whole: u32| part != 0 && whole.is_multiple_of(part);
        let is_good = divides(self.read_size, self.cache_size)
            && divides(self.program_size, self.cache_size)
            && divides(self.cache_size, self.block_size)
            && self.block_size >= 64
            && self.block_size <= 1 << 27
            && self.block_count >= 2
            && self.block_count < NO_BLOCK;
        if is_good {
            Ok(self)
        } else {
            Err(Errno::EINVAL)
        }
    }
}

/// The device with a cache for reading and one for programming.
pub(crate) struct Io<'a> {
    pub(crate) device: &'a mut dyn BlockDevice,
    pub(crate) geometry: Geometry,
    read_buffer: &'a mut [u8],
    read_window: Window,
    program_buffer: &'a mut [u8],
    program_window: Window,
}

fn round_up(value: u32, unit: u32) -> u32 {
    value.div_ceil(unit) * unit
}

impl<'a> Io<'a> {
    /// Both buffers have `geometry.cache_size` bytes.
    pub(crate) fn new(
        device: &'a mut dyn BlockDevice,
        geometry: Geometry,
        read_buffer: &'a mut [u8],
        program_buffer: &'a mut [u8],
    ) -> Self {
        Self {
            device,
            geometry,
            read_buffer,
            read_window: Window::EMPTY,
            program_buffer,
            program_window: Window::EMPTY,
        }
    }

    /// Reads through the cache.
    ///
    /// # Errors
    /// `EILSEQ` outside the file system; what the device reports.
    pub(crate) fn read(&mut self, block: u32, mut offset: u32, mut out: &mut [u8]) -> Result {
        let geometry = self.geometry;
        let end = u64::from(offset) + out.len() as u64;
        if block >= geometry.block_count || end > u64::from(geometry.block_size) {
            return Err(Errno::EILSEQ);
        }
        while !out.is_empty() {
            let window = self.read_window;
            if window.block == block
                && offset >= window.offset
                && offset < window.offset + window.len
            {
                let start = (offset - window.offset) as usize;
                let count = out.len().min((window.len as usize) - start);
                let (now, later) = out.split_at_mut(count);
                now.copy_from_slice(&self.read_buffer[start..start + count]);
                out = later;
                offset += count as u32;
                continue;
            }
            let is_aligned = offset.is_multiple_of(geometry.read_size);
            if is_aligned && out.len() >= geometry.cache_size as usize {
                let count = out.len() / geometry.read_size as usize * geometry.read_size as usize;
                let (now, later) = out.split_at_mut(count);
                self.device.read(block, offset, now)?;
                out = later;
                offset += count as u32;
                continue;
            }
            let start = offset / geometry.read_size * geometry.read_size;
            let len = geometry.cache_size.min(geometry.block_size - start);
            self.read_window = Window::EMPTY;
            let buffer = &mut self.read_buffer[..len as usize];
            self.device.read(block, start, buffer)?;
            self.read_window = Window {
                block,
                offset: start,
                len,
            };
        }
        Ok(())
    }

    /// Makes the next reads towards smaller offsets of a block cheap: the cache ends at `end`.
    ///
    /// # Errors
    /// As [`Io::read`].
    pub(crate) fn prepare_backward(&mut self, block: u32, end: u32) -> Result {
        let geometry = self.geometry;
        let window = self.read_window;
        let from = end.saturating_sub(4);
        let is_there =
            window.block == block && from >= window.offset && end <= window.offset + window.len;
        if is_there || end > geometry.block_size || block >= geometry.block_count {
            return Ok(());
        }
        let stop = round_up(end, geometry.read_size);
        let start = stop.saturating_sub(geometry.cache_size);
        self.read_window = Window::EMPTY;
        let buffer = &mut self.read_buffer[..(stop - start) as usize];
        self.device.read(block, start, buffer)?;
        self.read_window = Window {
            block,
            offset: start,
            len: stop - start,
        };
        Ok(())
    }

    /// Goes on with the checksum `sum` over `len` bytes on disk.
    ///
    /// # Errors
    /// As [`Io::read`].
    pub(crate) fn crc(
        &mut self,
        mut sum: u32,
        block: u32,
        mut offset: u32,
        mut len: u32,
    ) -> Result<u32> {
        let mut chunk = [0; 32];
        while len > 0 {
            let count = len.min(chunk.len() as u32);
            let part = &mut chunk[..count as usize];
            self.read(block, offset, part)?;
            sum = crc(sum, part);
            offset += count;
            len -= count;
        }
        Ok(sum)
    }

    /// Erases a block and forgets what was cached of it.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn erase(&mut self, block: u32) -> Result {
        if block >= self.geometry.block_count {
            return Err(Errno::EILSEQ);
        }
        self.forget(block);
        self.device.erase(block)
    }

    fn forget(&mut self, block: u32) {
        if self.read_window.block == block {
            self.read_window = Window::EMPTY;
        }
    }

    /// Programs through the cache for metadata. Calls go upwards through a block.
    ///
    /// # Errors
    /// `EILSEQ` when the block does not keep what was written; what the device reports.
    pub(crate) fn program(&mut self, block: u32, offset: u32, data: &[u8]) -> Result {
        let mut window = self.program_window;
        let buffer = core::mem::take(&mut self.program_buffer);
        let result = self.program_with(&mut window, buffer, block, offset, data);
        self.program_buffer = buffer;
        self.program_window = window;
        result
    }

    /// Writes out what [`Io::program`] still holds.
    ///
    /// # Errors
    /// As [`Io::program`].
    pub(crate) fn flush(&mut self) -> Result {
        let mut window = self.program_window;
        let buffer = core::mem::take(&mut self.program_buffer);
        let result = self.flush_with(&mut window, buffer);
        self.program_buffer = buffer;
        self.program_window = window;
        result
    }

    /// Forgets what [`Io::program`] still holds, after an error.
    pub(crate) fn drop_program(&mut self) {
        self.program_window = Window::EMPTY;
    }

    /// As [`Io::program`], with a window and buffer of the caller (a file's).
    ///
    /// # Errors
    /// As [`Io::program`].
    pub(crate) fn program_with(
        &mut self,
        window: &mut Window,
        buffer: &mut [u8],
        block: u32,
        mut offset: u32,
        mut data: &[u8],
    ) -> Result {
        let geometry = self.geometry;
        let end = u64::from(offset) + data.len() as u64;
        if block >= geometry.block_count || end > u64::from(geometry.block_size) {
            return Err(Errno::EILSEQ);
        }
        while !data.is_empty() {
            // A gap is left as it was erased; 0xff stands for it where it shares a unit with data.
            let is_near = window.block == block
                && offset >= window.offset + window.len
                && offset < window.offset + geometry.cache_size;
            if !is_near {
                self.flush_with(window, buffer)?;
                let start = offset / geometry.program_size * geometry.program_size;
                *window = Window {
                    block,
                    offset: start,
                    len: offset - start,
                };
                buffer.fill(0xff);
            }
            let from = (offset - window.offset) as usize;
            let count = data.len().min(geometry.cache_size as usize - from);
            let (now, later) = data.split_at(count);
            buffer[from..from + count].copy_from_slice(now);
            window.len = (from + count) as u32;
            offset += count as u32;
            data = later;
            if window.len == geometry.cache_size {
                self.flush_with(window, buffer)?;
            }
        }
        Ok(())
    }

    /// As [`Io::flush`], with a window and buffer of the caller. After an error both are as before.
    ///
    /// # Errors
    /// As [`Io::program`].
    pub(crate) fn flush_with(&mut self, window: &mut Window, buffer: &mut [u8]) -> Result {
        let Window { block, offset, len } = *window;
        if block == NO_BLOCK || len == 0 {
            *window = Window::EMPTY;
            return Ok(());
        }
        let len = round_up(len, self.geometry.program_size) as usize;
        self.forget(block);
        let written = &buffer[..len];
        self.device.program(block, offset, written)?;
        let mut done = 0;
        while done < len {
            let mut chunk = [0; 32];
            let count = (len - done).min(chunk.len());
            let part = &mut chunk[..count];
            self.read(block, offset + done as u32, part)?;
            if *part != written[done..done + count] {
                return Err(Errno::EILSEQ);
            }
            done += count;
        }
        *window = Window::EMPTY;
        Ok(())
    }

    /// Hands what [`Io::program`] still holds to a window and buffer of the caller.
    pub(crate) fn hand_over(&mut self, window: &mut Window, buffer: &mut [u8]) {
        let len = buffer.len().min(self.program_buffer.len());
        buffer[..len].copy_from_slice(&self.program_buffer[..len]);
        *window = core::mem::replace(&mut self.program_window, Window::EMPTY);
    }
}
