//! Files: small ones lie in the metadata, larger ones in a skip list that is copied as it is changed.
//!
//! What was written shows on disk at [`Volume::sync`] and [`Volume::close`], all at once.

use super::cache::Window;
use super::commit::Attribute;
use super::disk::{is_null, kind, two_words};
use super::metadata::{self, Struct};
use super::path::Found;
use super::{FileHandle, Slot, Use, Volume, skiplist};
use crate::{Errno, Result};

/// The attribute that MicroPython keeps the time of the last change in: nanoseconds since 1970, 8 bytes.
const MODIFIED: u8 = 1;

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// It can be read.
    pub is_read: bool,
    /// It can be written.
    pub is_written: bool,
    /// It is made when it is not there.
    pub is_created: bool,
    /// It must not be there.
    pub is_exclusive: bool,
    /// It is empty at first.
    pub is_truncated: bool,
    /// Every write goes to the end.
    pub is_appended: bool,
}

impl Volume<'_> {
    /// Opens a file.
    ///
    /// `cache` has [`State::cache_size_bytes`](super::State::cache_size_bytes) bytes and goes with the handle until it
    /// is closed.
    ///
    /// # Errors
    /// `ENOENT`, `EEXIST`, `EISDIR`, `ENOTDIR`, `ENAMETOOLONG`, `ENOSPC`, `EMFILE` when no slot is free, `EINVAL` for a
    /// cache that is too small; what the device reports.
    pub fn open(&mut self, path: &[u8], mode: Mode, cache: &mut [u8]) -> Result<FileHandle> {
        let index = self.free_slot()?;
        if cache.len() < self.state.geometry.cache_size as usize {
            return Err(Errno::EINVAL);
        }
        if mode.is_written {
            self.make_consistent()?;
        }
        if self.state.is_version_1() {
            self.open[index] = self.open_v1(path, mode)?;
            return Ok(FileHandle(index as u16));
        }
        let mut found = self.find(path)?;
        let is_there = matches!(found, Found::Entry { .. });
        if let Found::Missing {
            mut dir,
            id,
            name,
            is_directory,
        } = found
        {
            if !mode.is_created || !mode.is_written {
                return Err(Errno::ENOENT);
            }
            if is_directory {
                return Err(Errno::ENOTDIR);
            }
            if name.len() > self.state.name_max as usize {
                return Err(Errno::ENAMETOOLONG);
            }
            let changes = [
                Attribute::create(id),
                Attribute::new(kind::REGULAR, id, name),
                Attribute::new(kind::INLINE_STRUCT, id, &[]),
            ];
            self.commit(&mut dir, &changes)?;
            found = self.find(path)?;
        }
        let Found::Entry { dir, id, kind } = found else {
            return Err(Errno::EISDIR);
        };
        if mode.is_exclusive && is_there {
            return Err(Errno::EEXIST);
        }
        if kind == kind::DIRECTORY {
            return Err(Errno::EISDIR);
        }
        let mut slot = Slot {
            used: Use::File,
            pair: dir.pair,
            id,
            mode,
            is_inline: true,
            ..Slot::default()
        };
        if mode.is_truncated && mode.is_written {
            slot.is_dirty = is_there;
        } else {
            match metadata::get_struct(&mut self.io, &dir, id)? {
                Struct::Inline { place, size } => {
                    slot.size = size;
                    // A larger one, made with larger caches, is read where it is.
                    let len = size.min(self.state.geometry.cache_size) as usize;
                    self.io.read(place.block, place.offset, &mut cache[..len])?;
                }
                Struct::List { head, size } => {
                    (slot.is_inline, slot.head, slot.size) = (false, head, size);
                }
                Struct::Directory(_) => return Err(Errno::EILSEQ),
            }
        }
        self.open[index] = slot;
        Ok(FileHandle(index as u16))
    }

    pub(super) fn slot(&self, handle: FileHandle) -> Result<Slot> {
        let slot = self.open.get(usize::from(handle.0)).copied();
        slot.filter(|slot| slot.used == Use::File)
            .ok_or(Errno::EBADF)
    }

    pub(super) fn slot_mut(&mut self, handle: FileHandle) -> &mut Slot {
        &mut self.open[usize::from(handle.0)]
    }

    /// Size in bytes, with what was written since the last sync.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn file_size(&self, handle: FileHandle) -> Result<u32> {
        let slot = self.slot(handle)?;
        Ok(if slot.is_writing {
            slot.size.max(slot.position)
        } else {
            slot.size
        })
    }

    /// Where the next read or write is, in bytes from the start.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn position(&self, handle: FileHandle) -> Result<u32> {
        Ok(self.slot(handle)?.position)
    }

    /// Moves to `position`, which may be beyond the end.
    ///
    /// # Errors
    /// `EBADF`, `EINVAL` beyond the largest size of files; what the device reports.
    pub fn seek(&mut self, handle: FileHandle, cache: &mut [u8], position: u32) -> Result {
        let slot = self.slot(handle)?;
        if position > self.state.file_max {
            return Err(Errno::EINVAL);
        }
        if position != slot.position {
            self.flush(handle, cache)?;
            let slot = self.slot_mut(handle);
            slot.position = position;
            slot.is_reading = false;
        }
        Ok(())
    }

    /// Reads; less than asked for only at the end.
    ///
    /// # Errors
    /// `EBADF`; what the device reports.
    pub fn read(&mut self, handle: FileHandle, cache: &mut [u8], out: &mut [u8]) -> Result<usize> {
        let slot = self.slot(handle)?;
        if !slot.mode.is_read {
            return Err(Errno::EBADF);
        }
        if slot.is_writing {
            self.flush(handle, cache)?;
        }
        let mut slot = self.slot(handle)?;
        let rest = slot.size.saturating_sub(slot.position) as usize;
        let total = rest.min(out.len());
        let mut done = 0;
        while done < total {
            let part = &mut out[done..total];
            let count = if slot.is_inline {
                self.read_inline(&slot, cache, part)?
            } else {
                self.read_list(&mut slot, cache, part)?
            };
            slot.position += count as u32;
            done += count;
        }
        *self.slot_mut(handle) = slot;
        Ok(total)
    }

    pub(super) fn read_inline(
        &mut self,
        slot: &Slot,
        cache: &[u8],
        out: &mut [u8],
    ) -> Result<usize> {
        let start = slot.position as usize;
        if slot.size <= self.state.geometry.cache_size {
            out.copy_from_slice(&cache[start..start + out.len()]);
            return Ok(out.len());
        }
        if is_null(slot.pair) {
            return Err(Errno::EIO);
        }
        let dir = self.fetch(slot.pair)?;
        match metadata::get_struct(&mut self.io, &dir, slot.id)? {
            Struct::Inline { place, size } if start + out.len() <= size as usize => {
                self.io
                    .read(place.block, place.offset + start as u32, out)?;
                Ok(out.len())
            }
            _ => Err(Errno::EIO),
        }
    }

    /// Reads from one block of a list.
    fn read_list(&mut self, slot: &mut Slot, cache: &mut [u8], out: &mut [u8]) -> Result<usize> {
        let geometry = self.state.geometry;
        if !slot.is_reading || slot.offset == geometry.block_size {
            (slot.block, slot.offset) =
                skiplist::find(&mut self.io, slot.head, slot.size, slot.position)?;
            slot.is_reading = true;
        }
        let (block, offset) = (slot.block, slot.offset);
        let mut count = out.len().min((geometry.block_size - offset) as usize);
        if count >= geometry.cache_size as usize {
            self.io.read(block, offset, &mut out[..count])?;
        } else {
            let window = slot.window;
            let is_there = window.block == block
                && offset >= window.offset
                && offset < window.offset + window.len;
            if !is_there {
                let start = offset / geometry.read_size * geometry.read_size;
                let len = geometry.cache_size.min(geometry.block_size - start);
                slot.window = Window::EMPTY;
                self.io
                    .device
                    .read(block, start, &mut cache[..len as usize])?;
                slot.window = Window {
                    block,
                    offset: start,
                    len,
                };
            }
            let from = (offset - slot.window.offset) as usize;
            count = count.min(slot.window.len as usize - from);
            out[..count].copy_from_slice(&cache[from..from + count]);
        }
        slot.offset += count as u32;
        Ok(count)
    }

    /// Writes all of `data`.
    ///
    /// # Errors
    /// `EBADF`, `EFBIG`, `ENOSPC`; what the device reports. After an error nothing of the file changes on disk any
    /// more.
    pub fn write(&mut self, handle: FileHandle, cache: &mut [u8], data: &[u8]) -> Result {
        let slot = self.slot(handle)?;
        if !slot.mode.is_written {
            return Err(Errno::EBADF);
        }
        let end = if slot.mode.is_appended {
            let size = self.file_size(handle)?;
            if slot.position < size {
                self.seek(handle, cache, size)?;
            }
            size
        } else {
            slot.position
        };
        if u64::from(end) + data.len() as u64 > u64::from(self.state.file_max) {
            return Err(Errno::EFBIG);
        }
        let result = self.write_from_position(handle, cache, data);
        if result.is_err() {
            self.slot_mut(handle).has_failed = true;
        }
        result
    }

    fn write_from_position(&mut self, handle: FileHandle, cache: &mut [u8], data: &[u8]) -> Result {
        if data.is_empty() {
            return Ok(());
        }
        let slot = self.slot_mut(handle);
        if slot.is_reading {
            slot.is_reading = false;
            slot.window = Window::EMPTY;
        }
        if !slot.is_writing && slot.position > slot.size {
            let hole = slot.position - slot.size;
            slot.position = slot.size;
            self.write_zeros(handle, cache, hole)?;
        }
        self.write_flushed(handle, cache, data)
    }

    fn write_zeros(&mut self, handle: FileHandle, cache: &mut [u8], mut count: u32) -> Result {
        let zeros = [0; 32];
        while count > 0 {
            let part = count.min(zeros.len() as u32);
            self.write_flushed(handle, cache, &zeros[..part as usize])?;
            count -= part;
        }
        Ok(())
    }

    /// The next sync stores the time of the last change even when nothing was written.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn touch(&mut self, handle: FileHandle) -> Result {
        self.slot(handle)?;
        self.slot_mut(handle).is_dirty = true;
        Ok(())
    }

    /// Makes what was written visible on disk, all at once. `modified_ns` is stored with it when anything was.
    ///
    /// # Errors
    /// `EBADF`, `ENOSPC`; what the device reports. A file in which a write failed stays as it was, without an error.
    pub fn sync(
        &mut self,
        handle: FileHandle,
        cache: &mut [u8],
        modified_ns: Option<u64>,
    ) -> Result {
        if self.slot(handle)?.has_failed {
            return Ok(());
        }
        self.flush(handle, cache)?;
        let slot = self.slot(handle)?;
        if !slot.is_dirty || is_null(slot.pair) {
            return Ok(());
        }
        self.io.device.sync()?;
        self.make_consistent()?;
        let slot = self.slot(handle)?;
        if self.state.is_version_1() {
            let result = self.sync_v1(&slot);
            return self.synced(handle, result);
        }
        let mut dir = self.fetch(slot.pair)?;
        let list = two_words([slot.head, slot.size]);
        let time = modified_ns.unwrap_or_default().to_le_bytes();
        let structure = if slot.is_inline {
            Attribute::new(kind::INLINE_STRUCT, slot.id, &cache[..slot.size as usize])
        } else {
            Attribute::new(kind::CTZ_STRUCT, slot.id, &list)
        };
        let attribute = kind::USER_ATTRIBUTE + u16::from(MODIFIED);
        let changes = [structure, Attribute::new(attribute, slot.id, &time)];
        let count = if modified_ns.is_some() { 2 } else { 1 };
        let result = self.commit(&mut dir, &changes[..count]);
        self.synced(handle, result)
    }

    fn synced(&mut self, handle: FileHandle, result: Result) -> Result {
        let slot = self.slot_mut(handle);
        slot.is_dirty = result.is_err();
        slot.has_failed = result.is_err();
        result
    }

    /// Syncs, and frees the slot whether or not that worked.
    ///
    /// # Errors
    /// As [`Volume::sync`].
    pub fn close(
        &mut self,
        handle: FileHandle,
        cache: &mut [u8],
        modified_ns: Option<u64>,
    ) -> Result {
        let result = self.sync(handle, cache, modified_ns);
        if let Some(slot) = self.open.get_mut(usize::from(handle.0))
            && slot.used == Use::File
        {
            *slot = Slot::default();
        }
        result
    }

    /// Makes the file `size` bytes long; new bytes are 0. The position stays.
    ///
    /// # Errors
    /// `EBADF`, `EINVAL` beyond the largest size of files, `ENOSPC`; what the device reports.
    pub fn truncate(&mut self, handle: FileHandle, cache: &mut [u8], size: u32) -> Result {
        if !self.slot(handle)?.mode.is_written {
            return Err(Errno::EBADF);
        }
        if size > self.state.file_max {
            return Err(Errno::EINVAL);
        }
        self.flush(handle, cache)?;
        let slot = self.slot(handle)?;
        if size > slot.size {
            let missing = size - slot.size;
            let position = slot.position;
            let slot = self.slot_mut(handle);
            (slot.position, slot.is_reading, slot.window) = (slot.size, false, Window::EMPTY);
            let result = self.write_zeros(handle, cache, missing);
            if result.is_err() {
                self.slot_mut(handle).has_failed = true;
            }
            result?;
            return self.seek(handle, cache, position);
        }
        if size < slot.size {
            self.shorten(handle, cache, size)?;
        }
        Ok(())
    }

    fn shorten(&mut self, handle: FileHandle, cache: &mut [u8], size: u32) -> Result {
        let mut slot = self.slot(handle)?;
        if slot.is_inline && slot.size > self.state.geometry.cache_size {
            // It never was in the cache as a whole.
            let position = slot.position;
            self.slot_mut(handle).position = 0;
            self.outline(handle, cache)?;
            self.slot_mut(handle).position = position;
            slot = self.slot(handle)?;
        }
        slot.is_reading = false;
        slot.window = Window::EMPTY;
        if !slot.is_inline {
            if size <= self.inline_max() {
                let mut done = 0;
                while done < size {
                    let (block, offset) = skiplist::find(&mut self.io, slot.head, slot.size, done)?;
                    let count = (size - done).min(self.state.geometry.block_size - offset);
                    let part = &mut cache[done as usize..(done + count) as usize];
                    self.io.read(block, offset, part)?;
                    done += count;
                }
                slot.is_inline = true;
                slot.head = u32::MAX;
            } else {
                (slot.head, _) = skiplist::find(&mut self.io, slot.head, slot.size, size - 1)?;
            }
        }
        slot.size = size;
        slot.is_dirty = true;
        *self.slot_mut(handle) = slot;
        Ok(())
    }

    /// Opens and reads a whole file in one go: as much as fits into `out`.
    ///
    /// # Errors
    /// As [`Volume::open`] and [`Volume::read`].
    pub fn read_file(&mut self, path: &[u8], cache: &mut [u8], out: &mut [u8]) -> Result<usize> {
        let mode = Mode {
            is_read: true,
            ..Mode::default()
        };
        let handle = self.open(path, mode, cache)?;
        let result = self.read(handle, cache, out);
        self.open[usize::from(handle.0)] = Slot::default();
        result
    }
}
