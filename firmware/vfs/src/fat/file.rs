//! Files: a chain of clusters and a size.

use super::directory::Place;
use super::disk::{attribute, entry, first_cluster, word};
use super::table::Next;
use super::{FileHandle, Mode, Slot, Volume};
use crate::{Errno, Result};

/// Largest file in bytes.
const FILE_MAX: u32 = u32::MAX;

impl Volume<'_> {
    /// Opens a file.
    ///
    /// # Errors
    /// `ENOENT` also for reading a directory, `EEXIST`, `EACCES` for writing a directory or what is read-only, `EISDIR` for
    /// the root, `EINVAL` for what is no name, `ENOSPC`,
    /// `EMFILE` when no slot is free; what the device reports.
    pub fn open(&mut self, path: &[u8], mode: Mode) -> Result<FileHandle> {
        let index = self.open.iter().position(Slot::is_free);
        let index = index
            .filter(|index| u16::try_from(*index).is_ok())
            .ok_or(Errno::EMFILE)?;
        let mut slot = Slot {
            is_used: true,
            mode,
            ..Slot::default()
        };
        match self.find(path)? {
            Place::Root => return Err(Errno::EISDIR),
            Place::Entry(_, found) => {
                if mode.is_exclusive {
                    return Err(Errno::EEXIST);
                }
                if found.is_directory() {
                    // The numbers that programs on boards know.
                    let errno = if mode.is_written {
                        Errno::EACCES
                    } else {
                        Errno::ENOENT
                    };
                    return Err(errno);
                }
                if mode.is_written && found.raw[entry::ATTRIBUTES] & attribute::READ_ONLY != 0 {
                    return Err(Errno::EACCES);
                }
                slot.entry = (found.sector, found.offset);
                slot.first = first_cluster(&found.raw, self.state.bits);
                slot.size = word(&found.raw, entry::SIZE);
                // What is open elsewhere knows better.
                for other in self
                    .open
                    .iter()
                    .filter(|other| other.is_used && !other.is_gone)
                {
                    if other.entry == slot.entry && other.is_dirty {
                        (slot.first, slot.size) = (other.first, other.size);
                    }
                }
            }
            Place::Missing(start, name) => {
                if !mode.is_created || !mode.is_written {
                    return Err(Errno::ENOENT);
                }
                slot.entry = self.add_file(start, &name)?;
                self.flush()?;
            }
        }
        if mode.is_truncated && mode.is_written && (slot.size > 0 || slot.first > 0) {
            self.empty(&mut slot)?;
        }
        slot.near = (slot.first, 0);
        self.open[index] = slot;
        Ok(FileHandle(index as u16))
    }

    fn empty(&mut self, slot: &mut Slot) -> Result {
        for other in self.open.iter_mut() {
            if other.is_used && other.entry == slot.entry {
                other.is_gone = true;
            }
        }
        let first = slot.first;
        (slot.first, slot.size) = (0, 0);
        self.update_entry(slot.entry, 0, 0)?;
        self.write_back()?;
        if first != 0 {
            self.free_chain(first)?;
        }
        self.flush()
    }

    fn slot(&self, handle: FileHandle) -> Result<Slot> {
        let slot = self.open.get(usize::from(handle.0)).copied();
        slot.filter(|slot| slot.is_used).ok_or(Errno::EBADF)
    }

    fn put_slot(&mut self, handle: FileHandle, slot: Slot) {
        self.open[usize::from(handle.0)] = slot;
    }

    /// Size in bytes.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn file_size(&self, handle: FileHandle) -> Result<u32> {
        Ok(self.slot(handle)?.size)
    }

    /// Where the next read or write is, in bytes from the start.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn position(&self, handle: FileHandle) -> Result<u32> {
        Ok(self.slot(handle)?.position)
    }

    /// Moves to `position`, which may be beyond the end: a write there fills the gap with 0.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn seek(&mut self, handle: FileHandle, position: u32) -> Result {
        let mut slot = self.slot(handle)?;
        slot.position = position;
        self.put_slot(handle, slot);
        Ok(())
    }

    /// The cluster that byte `position` is in, if the chain reaches so far; else the last cluster, and how many more
    /// are needed.
    fn cluster_at(&mut self, slot: &mut Slot, position: u32) -> Result<u32> {
        let wanted = position / self.state.cluster_size_bytes();
        if slot.first == 0 {
            return Err(Errno::EIO);
        }
        if slot.near.0 == 0 || slot.near.1 > wanted {
            slot.near = (slot.first, 0);
        }
        while slot.near.1 < wanted {
            match self.next(slot.near.0)? {
                Next::Cluster(next) => slot.near = (next, slot.near.1 + 1),
                _ => return Err(Errno::EIO),
            }
        }
        Ok(slot.near.0)
    }

    /// As [`Volume::cluster_at`], lengthening the chain.
    fn cluster_for(&mut self, slot: &mut Slot, position: u32) -> Result<u32> {
        let wanted = position / self.state.cluster_size_bytes();
        if slot.first == 0 {
            slot.first = self.allocate(None)?;
            slot.near = (slot.first, 0);
            slot.is_dirty = true;
        }
        if slot.near.0 == 0 || slot.near.1 > wanted {
            slot.near = (slot.first, 0);
        }
        while slot.near.1 < wanted {
            let next = match self.next(slot.near.0)? {
                Next::Cluster(next) => next,
                Next::End => self.allocate(Some(slot.near.0))?,
                Next::Free => return Err(Errno::EIO),
            };
            slot.near = (next, slot.near.1 + 1);
        }
        Ok(slot.near.0)
    }

    /// The sector of a byte of a cluster, and the offset in it.
    fn in_cluster(&self, cluster: u32, position: u32) -> Result<(u32, usize)> {
        let inner = position % self.state.cluster_size_bytes();
        let sector = self.sector_of(cluster)? + inner / self.state.sector_bytes;
        Ok((sector, (inner % self.state.sector_bytes) as usize))
    }

    /// Reads; less than asked for only at the end.
    ///
    /// # Errors
    /// `EBADF`, `EIO` also for a file that was removed; what the device reports.
    pub fn read(&mut self, handle: FileHandle, out: &mut [u8]) -> Result<usize> {
        let mut slot = self.slot(handle)?;
        if !slot.mode.is_read {
            return Err(Errno::EBADF);
        }
        if slot.is_gone {
            return Err(Errno::EIO);
        }
        let total = out
            .len()
            .min(slot.size.saturating_sub(slot.position) as usize);
        let mut done = 0;
        while done < total {
            let position = slot.position;
            let cluster = self.cluster_at(&mut slot, position)?;
            let (sector, offset) = self.in_cluster(cluster, slot.position)?;
            let size = self.state.sector_bytes as usize;
            let count = (total - done).min(size - offset);
            let part = &mut out[done..done + count];
            if count == size && self.cached != sector {
                self.device.read(sector, 0, part)?;
            } else {
                part.copy_from_slice(&self.sector(sector)?[offset..offset + count]);
            }
            slot.position += count as u32;
            done += count;
        }
        self.put_slot(handle, slot);
        Ok(total)
    }

    /// Writes all of `data`.
    ///
    /// # Errors
    /// `EBADF`, `EFBIG`, `ENOSPC`, `EIO` also for a file that was removed; what the device reports. What was written before
    /// an error stays.
    pub fn write(&mut self, handle: FileHandle, data: &[u8]) -> Result {
        let mut slot = self.slot(handle)?;
        if !slot.mode.is_written {
            return Err(Errno::EBADF);
        }
        if slot.is_gone {
            return Err(Errno::EIO);
        }
        if slot.mode.is_appended {
            slot.position = slot.size;
        }
        let fits = FILE_MAX
            .checked_sub(slot.position)
            .is_some_and(|room| data.len() as u64 <= u64::from(room));
        if !fits {
            return Err(Errno::EFBIG);
        }
        let result = self
            .fill_gap(&mut slot)
            .and_then(|()| self.write_at(&mut slot, Some(data), data.len() as u32));
        self.put_slot(handle, slot);
        let stored = self.write_back();
        result.and(stored)
    }

    /// Zeros from the end to the position.
    fn fill_gap(&mut self, slot: &mut Slot) -> Result {
        if slot.position > slot.size {
            let (gap, position) = (slot.position - slot.size, slot.position);
            slot.position = slot.size;
            let result = self.write_at(slot, None, gap);
            slot.position = position;
            result?;
        }
        Ok(())
    }

    /// Writes `len` bytes of data, or zeros.
    fn write_at(&mut self, slot: &mut Slot, data: Option<&[u8]>, len: u32) -> Result {
        let mut done = 0;
        while done < len {
            let cluster = self.cluster_for(slot, slot.position)?;
            let (sector, offset) = self.in_cluster(cluster, slot.position)?;
            let size = self.state.sector_bytes as usize;
            let count = (size - offset).min((len - done) as usize);
            let from = done as usize;
            let part = data.map(|data| &data[from..from + count]);
            match part {
                Some(part) if count == size => {
                    if self.cached == sector {
                        (self.cached, self.is_changed) = (super::NOTHING, false);
                    }
                    self.device.program(sector, 0, part)?;
                }
                part => {
                    // Nothing of a sector behind the end has to be kept.
                    let bytes = if offset == 0 && slot.position >= slot.size {
                        self.blank_sector(sector)?
                    } else {
                        self.sector_mut(sector)?
                    };
                    match part {
                        Some(part) => bytes[offset..offset + count].copy_from_slice(part),
                        None => bytes[offset..offset + count].fill(0),
                    }
                }
            }
            slot.position += count as u32;
            slot.size = slot.size.max(slot.position);
            slot.is_dirty = true;
            done += count as u32;
        }
        Ok(())
    }

    /// Makes the file `size` bytes long; new bytes are 0. The position stays.
    ///
    /// # Errors
    /// As [`Volume::write`].
    pub fn truncate(&mut self, handle: FileHandle, size: u32) -> Result {
        let mut slot = self.slot(handle)?;
        if !slot.mode.is_written {
            return Err(Errno::EBADF);
        }
        if slot.is_gone {
            return Err(Errno::EIO);
        }
        if size > slot.size {
            let position = core::mem::replace(&mut slot.position, size);
            let result = self.fill_gap(&mut slot);
            slot.position = position;
            self.put_slot(handle, slot);
            return result.and(self.write_back());
        }
        if size < slot.size {
            let rest = if size == 0 {
                core::mem::take(&mut slot.first)
            } else {
                let last = self.cluster_at(&mut slot, size - 1)?;
                let rest = match self.next(last)? {
                    Next::Cluster(next) => next,
                    _ => 0,
                };
                if rest != 0 {
                    self.set_next(last, Next::End)?;
                }
                rest
            };
            slot.size = size;
            slot.near = (slot.first, 0);
            slot.is_dirty = true;
            self.put_slot(handle, slot);
            self.update_entry(slot.entry, slot.first, size)?;
            if rest != 0 {
                self.free_chain(rest)?;
            }
        }
        self.write_back()
    }

    /// Stores everything that was written.
    ///
    /// # Errors
    /// `EBADF`; what the device reports.
    pub fn sync(&mut self, handle: FileHandle) -> Result {
        let mut slot = self.slot(handle)?;
        if slot.is_dirty && !slot.is_gone {
            self.update_entry(slot.entry, slot.first, slot.size)?;
            self.flush()?;
            slot.is_dirty = false;
            self.put_slot(handle, slot);
        }
        Ok(())
    }

    /// Syncs, and frees the slot whether or not that worked.
    ///
    /// # Errors
    /// As [`Volume::sync`].
    pub fn close(&mut self, handle: FileHandle) -> Result {
        let result = self.sync(handle);
        if let Some(slot) = self.open.get_mut(usize::from(handle.0)) {
            *slot = Slot::default();
        }
        result
    }
}
