//! Directories: looking, listing, making, removing, renaming, and the attributes of entries.

use super::commit::Attribute;
use super::disk::{DELETED, NO_ID, NULL_PAIR, Pair, is_null, kind, same_pair, two_words};
use super::metadata::{self, Metadata, Struct, mask};
use super::path::Found;
use super::{DirectoryHandle, Slot, Use, Volume};
use crate::path::Components;
use crate::{Errno, Result};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// What is known of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Size in bytes; 0 for directories.
    pub size_bytes: u32,
    /// Length of the name in bytes; 0 for the root.
    pub name_len: usize,
}

impl Volume<'_> {
    /// What `path` is.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR`; what the device reports.
    pub fn stat(&mut self, path: &[u8]) -> Result<Entry> {
        if self.state.is_version_1() {
            return self.stat_v1(path);
        }
        match self.find(path)? {
            Found::Root => Ok(Entry {
                kind: Kind::Directory,
                size_bytes: 0,
                name_len: 0,
            }),
            Found::Entry { dir, id, kind } => self.entry_at(&dir, id, kind),
            Found::Missing { .. } => Err(Errno::ENOENT),
        }
    }

    fn entry_at(&mut self, dir: &Metadata, id: u16, kind: u16) -> Result<Entry> {
        let (tag, _) = metadata::get(&mut self.io, dir, mask::ALL, kind, id)?;
        let name_len = tag.size() as usize;
        if kind == kind::DIRECTORY {
            return Ok(Entry {
                kind: Kind::Directory,
                size_bytes: 0,
                name_len,
            });
        }
        let size_bytes = match metadata::get_struct(&mut self.io, dir, id)? {
            Struct::Inline { size, .. } | Struct::List { size, .. } => size,
            Struct::Directory(_) => return Err(Errno::EILSEQ),
        };
        Ok(Entry {
            kind: Kind::File,
            size_bytes,
            name_len,
        })
    }

    fn name_fits(&self, name: &[u8]) -> Result {
        if name.len() > self.state.name_max as usize {
            return Err(Errno::ENAMETOOLONG);
        }
        Ok(())
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// `EEXIST`, `ENOENT`, `ENOTDIR`, `ENAMETOOLONG`, `ENOSPC`; what the device reports.
    pub fn make_directory(&mut self, path: &[u8]) -> Result {
        if self.state.is_version_1() {
            return self.make_directory_v1(path);
        }
        self.make_consistent()?;
        let Found::Missing { dir, name, .. } = self.find(path)? else {
            return Err(Errno::EEXIST);
        };
        self.name_fits(name)?;
        self.checkpoint();
        let mut last = dir;
        let mut left = self.state.geometry.block_count;
        while last.is_split {
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            last = self.fetch(last.tail)?;
        }
        let new = self.new_pair(last.tail)?;
        if dir.is_split {
            // The list of pairs goes on at the directory's end, its entry is elsewhere: two commits.
            self.state.orphans += 1;
            let tail = two_words(new.pair);
            self.commit(&mut last, &[Attribute::new(kind::SOFT_TAIL, NO_ID, &tail)])?;
            self.state.orphans = self.state.orphans.saturating_sub(1);
        }
        let result = self.link_directory(path, new.pair, !dir.is_split);
        if result.is_err() && dir.is_split {
            self.state.orphans = self.state.orphans.max(1);
        }
        result
    }

    fn link_directory(&mut self, path: &[u8], pair: Pair, with_tail: bool) -> Result {
        let Found::Missing {
            mut dir, id, name, ..
        } = self.find(path)?
        else {
            return Err(Errno::EILSEQ);
        };
        let pair = two_words(pair);
        let changes = [
            Attribute::create(id),
            Attribute::new(kind::DIRECTORY, id, name),
            Attribute::new(kind::DIR_STRUCT, id, &pair),
            Attribute::new(kind::SOFT_TAIL, NO_ID, &pair),
        ];
        let count = if with_tail { 4 } else { 3 };
        self.commit(&mut dir, &changes[..count])
    }

    /// The pair of an empty directory.
    fn empty_directory(&mut self, dir: &Metadata, id: u16) -> Result<Pair> {
        let pair = self.directory_pair(dir, id)?;
        let content = self.fetch(pair)?;
        if content.count > 0 || content.is_split {
            return Err(Errno::ENOTEMPTY);
        }
        Ok(pair)
    }

    /// Takes a removed directory out of the list of pairs.
    fn drop_directory(&mut self, pair: Pair) -> Result {
        for slot in self.open.iter_mut() {
            if slot.used == Use::Directory && same_pair(slot.head_pair, pair) {
                (slot.pair, slot.head_pair) = (NULL_PAIR, NULL_PAIR);
            }
        }
        self.state.orphans = self.state.orphans.saturating_sub(1);
        let result = match self.predecessor(pair) {
            Ok(Some(mut before)) => {
                let dropped = self.fetch(pair)?;
                self.drop_pair(&mut before, &dropped)
            }
            Ok(None) => Ok(()),
            Err(errno) => Err(errno),
        };
        if result.is_err() {
            self.state.orphans = self.state.orphans.max(1);
        }
        result
    }

    /// Removes a file or an empty directory.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR`, `ENOTEMPTY`, `EINVAL` for the root, `ENOSPC`; what the device reports.
    pub fn remove(&mut self, path: &[u8]) -> Result {
        if self.state.is_version_1() {
            return self.remove_v1(path);
        }
        self.make_consistent()?;
        let (mut dir, id, kind) = match self.find(path)? {
            Found::Entry { dir, id, kind } => (dir, id, kind),
            Found::Root => return Err(Errno::EINVAL),
            Found::Missing { .. } => return Err(Errno::ENOENT),
        };
        if kind != kind::DIRECTORY {
            return self.commit(&mut dir, &[Attribute::delete(id)]);
        }
        let pair = self.empty_directory(&dir, id)?;
        self.state.orphans += 1;
        self.commit(&mut dir, &[Attribute::delete(id)])?;
        self.drop_directory(pair)
    }

    /// Gives an entry another name, maybe in another directory. What had that name goes, when it is of the same kind
    /// and, for directories, empty.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR`, `EISDIR`, `ENOTEMPTY`, `ENAMETOOLONG`, `ENOSPC`, `EINVAL` for the root and for moving
    /// a directory into itself; what the device reports.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> Result {
        if self.state.is_version_1() {
            return self.rename_v1(from, to);
        }
        self.make_consistent()?;
        let (old, old_id, old_kind) = match self.find(from)? {
            Found::Entry { dir, id, kind } => (dir, id, kind),
            Found::Root => return Err(Errno::EINVAL),
            Found::Missing { .. } => return Err(Errno::ENOENT),
        };
        if old_kind == kind::DIRECTORY && is_inside(to, from) {
            return Err(Errno::EINVAL);
        }
        let mut replaced = None;
        let (mut new, new_id, name, exists) = match self.find(to)? {
            Found::Root => return Err(Errno::EINVAL),
            Found::Missing {
                dir,
                id,
                name,
                is_directory,
            } => {
                if is_directory && old_kind != kind::DIRECTORY {
                    return Err(Errno::ENOTDIR);
                }
                self.name_fits(name)?;
                (dir, id, name, false)
            }
            Found::Entry { dir, id, kind } => {
                if kind != old_kind {
                    let is_onto_directory = kind == kind::DIRECTORY;
                    return Err(if is_onto_directory {
                        Errno::EISDIR
                    } else {
                        Errno::ENOTDIR
                    });
                }
                if same_pair(dir.pair, old.pair) && id == old_id {
                    return Ok(());
                }
                if kind == kind::DIRECTORY {
                    replaced = Some(self.empty_directory(&dir, id)?);
                }
                (dir, id, last_component(to), true)
            }
        };
        if replaced.is_some() {
            self.state.orphans += 1;
        }
        let is_same = same_pair(old.pair, new.pair);
        for slot in self.open.iter_mut().filter(|slot| !slot.is_free()) {
            slot.is_moving =
                slot.used == Use::File && same_pair(slot.pair, old.pair) && slot.id == old_id;
        }
        if !is_same {
            self.state.moved = Some((old.pair, old_id));
        }
        // The removal comes last, when the new entry has moved the old one up.
        let shift = u16::from(!exists && new_id <= old_id);
        let all = [
            Attribute::delete(new_id),
            Attribute::create(new_id),
            Attribute::new(old_kind, new_id, name),
            Attribute::moved(new_id, &old, old_id),
            Attribute::delete(old_id + shift),
        ];
        let changes = &all[usize::from(!exists)..4 + usize::from(is_same)];
        let result = self.commit(&mut new, changes);
        if let Err(errno) = result {
            self.state.moved = self.state.on_disk.moved();
            self.open.iter_mut().for_each(|slot| slot.is_moving = false);
            return Err(errno);
        }
        self.finish_move()?;
        match replaced {
            Some(pair) => self.drop_directory(pair),
            None => Ok(()),
        }
    }

    /// Opens a directory for listing.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR`, `EMFILE` when no slot is free; what the device reports.
    pub fn open_directory(&mut self, path: &[u8]) -> Result<DirectoryHandle> {
        let pair = if self.state.is_version_1() {
            self.directory_pair_v1(path)?
        } else {
            match self.find(path)? {
                Found::Root => self.state.root,
                Found::Entry { dir, id, kind } if kind == kind::DIRECTORY => {
                    self.directory_pair(&dir, id)?
                }
                Found::Entry { .. } => return Err(Errno::ENOTDIR),
                Found::Missing { .. } => return Err(Errno::ENOENT),
            }
        };
        let index = self.free_slot()?;
        self.open[index] = Slot {
            used: Use::Directory,
            pair,
            head_pair: pair,
            ..Slot::default()
        };
        Ok(DirectoryHandle(index as u16))
    }

    /// The next entry; its name goes to `name`, as much as fits. `None` at the end.
    ///
    /// # Errors
    /// `EBADF` for a handle that is not open; what the device reports.
    pub fn read_directory(
        &mut self,
        handle: DirectoryHandle,
        name: &mut [u8],
    ) -> Result<Option<Entry>> {
        let index = usize::from(handle.0);
        let slot = self
            .open
            .get(index)
            .filter(|slot| slot.used == Use::Directory);
        let mut slot = *slot.ok_or(Errno::EBADF)?;
        if self.state.is_version_1() {
            return self.read_directory_v1(handle, slot, name);
        }
        let mut left = self.state.geometry.block_count;
        loop {
            if is_null(slot.pair) {
                return Ok(None);
            }
            let dir = self.fetch(slot.pair)?;
            while slot.id < dir.count {
                let id = slot.id;
                slot.id += 1;
                self.open[index] = slot;
                let found = metadata::get(&mut self.io, &dir, mask::CLASS, kind::REGULAR, id);
                let (tag, place) = match found {
                    Ok(found) => found,
                    Err(Errno::ENOENT) => continue,
                    Err(errno) => return Err(errno),
                };
                let is_entry = matches!(tag.kind(), kind::REGULAR | kind::DIRECTORY);
                if !is_entry || self.state.on_disk.moved_from(dir.pair) == Some(id) {
                    continue;
                }
                let len = name.len().min(tag.size() as usize);
                self.io.read(place.block, place.offset, &mut name[..len])?;
                return self.entry_at(&dir, id, tag.kind()).map(Some);
            }
            if !dir.is_split {
                return Ok(None);
            }
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            (slot.pair, slot.id) = (dir.tail, 0);
            self.open[index] = slot;
        }
    }

    /// Frees the slot of a directory.
    pub fn close_directory(&mut self, handle: DirectoryHandle) {
        if let Some(slot) = self.open.get_mut(usize::from(handle.0))
            && slot.used == Use::Directory
        {
            *slot = Slot::default();
        }
    }

    /// The entry that carries the attributes of `path`.
    fn attributes_of(&mut self, path: &[u8]) -> Result<(Metadata, u16)> {
        match self.find(path)? {
            Found::Root => Ok((self.fetch(self.state.root)?, 0)),
            Found::Entry { dir, id, .. } => Ok((dir, id)),
            Found::Missing { .. } => Err(Errno::ENOENT),
        }
    }

    /// Reads an attribute, as much as fits, and returns its size in bytes.
    ///
    /// # Errors
    /// `ENODATA` when there is none, as always in version 1, `ENOENT`, `ENOTDIR`; what the device reports.
    pub fn attribute(&mut self, path: &[u8], attribute: u8, buffer: &mut [u8]) -> Result<u32> {
        if self.state.is_version_1() {
            return Err(Errno::ENODATA);
        }
        let (dir, id) = self.attributes_of(path)?;
        let kind = kind::USER_ATTRIBUTE + u16::from(attribute);
        let found = metadata::get(&mut self.io, &dir, mask::ALL, kind, id);
        let (tag, place) = found.map_err(|errno| match errno {
            Errno::ENOENT => Errno::ENODATA,
            other => other,
        })?;
        let len = buffer.len().min(tag.size() as usize);
        self.io
            .read(place.block, place.offset, &mut buffer[..len])?;
        Ok(tag.size())
    }

    /// Sets an attribute, or removes it.
    ///
    /// # Errors
    /// `ENOSPC` also for one that is too long, `ENOENT`, `ENOTDIR`, `EOPNOTSUPP` in version 1; what the device reports.
    pub fn set_attribute(&mut self, path: &[u8], attribute: u8, value: Option<&[u8]>) -> Result {
        if self.state.is_version_1() {
            return Err(Errno::EOPNOTSUPP);
        }
        self.make_consistent()?;
        let (mut dir, id) = self.attributes_of(path)?;
        let kind = kind::USER_ATTRIBUTE + u16::from(attribute);
        let Some(value) = value else {
            return self.commit(&mut dir, &[Attribute::without(attribute, id)]);
        };
        if value.len() > self.state.attribute_max as usize {
            return Err(Errno::ENOSPC);
        }
        self.commit(&mut dir, &[Attribute::new(kind, id, value)])
    }
}

/// Whether `path` lies below `directory`.
pub(super) fn is_inside(path: &[u8], directory: &[u8]) -> bool {
    let (mut inner, mut outer) = (Components::new(path), Components::new(directory));
    loop {
        match (inner.next(), outer.next()) {
            (Some(_), None) => return true,
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

pub(super) fn last_component(path: &[u8]) -> &[u8] {
    let mut components = Components::new(path);
    let mut last: &[u8] = &[];
    while let Some(name) = components.next() {
        last = name;
    }
    last
}

const _: () = assert!(DELETED > super::disk::NAME_MAX as u32);
