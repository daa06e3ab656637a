//! What is done to entries of version 1: looking, listing, making, removing, renaming.

use super::super::directory::{Entry, Kind, is_inside, last_component};
use super::super::disk::{NULL_PAIR, Pair, equal_pair, is_null, two_words};
use super::super::{DirectoryHandle, Mode, Slot, Use, Volume};
use super::disk::{Dir, EMPTY, Edit, HEAD, HEADER, Item, MOVED, entry_head, kind};
use super::find::Found;
use crate::{Errno, Result};

fn entry_of(item: &Item) -> Entry {
    let is_directory = item.kind == kind::DIRECTORY;
    Entry {
        kind: if is_directory {
            Kind::Directory
        } else {
            Kind::File
        },
        size_bytes: if is_directory { 0 } else { item.words[1] },
        name_len: item.name_len as usize,
    }
}

impl Volume<'_> {
    /// [`Volume::stat`] in version 1.
    pub(in super::super) fn stat_v1(&mut self, path: &[u8]) -> Result<Entry> {
        match self.find_v1(path)? {
            Found::Root => Ok(Entry {
                kind: Kind::Directory,
                size_bytes: 0,
                name_len: 0,
            }),
            Found::Entry(_, item) => Ok(entry_of(&item)),
            Found::Missing { .. } => Err(Errno::ENOENT),
        }
    }

    /// [`Volume::open`] in version 1: finds or makes the entry and returns what the slot keeps.
    pub(in super::super) fn open_v1(&mut self, path: &[u8], mode: Mode) -> Result<Slot> {
        let (dir, item, is_new) = match self.find_v1(path)? {
            Found::Root => return Err(Errno::EISDIR),
            Found::Entry(_, item) if item.kind == kind::DIRECTORY => return Err(Errno::EISDIR),
            Found::Entry(..) if mode.is_exclusive => return Err(Errno::EEXIST),
            Found::Entry(dir, item) => (dir, item, false),
            Found::Missing { .. } if !mode.is_created || !mode.is_written => {
                return Err(Errno::ENOENT);
            }
            Found::Missing {
                is_directory: true, ..
            } => return Err(Errno::ENOTDIR),
            Found::Missing { last, name, .. } => {
                self.append_v1(last, kind::FILE, NULL_FILE, name)?;
                match self.find_v1(path)? {
                    Found::Entry(dir, item) => (dir, item, true),
                    _ => return Err(Errno::EILSEQ),
                }
            }
        };
        let mut slot = Slot {
            used: Use::File,
            pair: dir.pair,
            id: item.offset as u16,
            mode,
            ..Slot::default()
        };
        if mode.is_truncated && mode.is_written {
            slot.is_dirty = !is_new;
        } else if item.words[1] > 0 {
            (slot.head, slot.size) = (item.words[0], item.words[1]);
        }
        Ok(slot)
    }

    /// Writes what a slot knows of its file to the file's entry.
    pub(in super::super) fn sync_v1(&mut self, slot: &Slot) -> Result {
        let mut dir = self.fetch_v1(slot.pair)?;
        let words = if slot.size == 0 {
            NULL_FILE
        } else {
            [slot.head, slot.size]
        };
        let bytes = two_words(words);
        let offset = u32::from(slot.id);
        self.item_v1(&dir, offset)?.ok_or(Errno::EILSEQ)?;
        self.commit_v1(&mut dir, Edit::replace(offset + 4, 8, &[&bytes]))
    }

    /// Adds an entry to a directory, given by its last pair; a tail that was set there is written along.
    fn append_v1(&mut self, mut last: Dir, kind: u8, words: [u32; 2], name: &[u8]) -> Result {
        if name.len() > self.state.name_max as usize {
            return Err(Errno::ENAMETOOLONG);
        }
        let head = entry_head(kind, words, name.len() as u8);
        let parts = [&head[..], name];
        if last.size + HEAD + name.len() as u32 <= self.state.geometry.block_size {
            let end = last.size - 4;
            return self.commit_v1(&mut last, Edit::insert(end, &parts));
        }
        // The directory goes on in a pair of its own, which is written before anything leads there.
        let mut more = self.allocate_dir_v1()?;
        more.tail = last.tail;
        self.commit_v1(&mut more, Edit::insert(HEADER, &parts))?;
        last.is_split = true;
        last.tail = more.pair;
        self.commit_v1(&mut last, Edit::NONE)
    }

    fn allocate_dir_v1(&mut self) -> Result<Dir> {
        let pair = [self.allocate()?, self.allocate()?];
        Ok(self.new_dir_v1(pair))
    }

    /// [`Volume::make_directory`] in version 1.
    pub(in super::super) fn make_directory_v1(&mut self, path: &[u8]) -> Result {
        self.make_consistent_v1()?;
        let Found::Missing { mut last, name, .. } = self.find_v1(path)? else {
            return Err(Errno::EEXIST);
        };
        if name.len() > self.state.name_max as usize {
            return Err(Errno::ENAMETOOLONG);
        }
        self.checkpoint();
        let mut new = self.allocate_dir_v1()?;
        new.tail = last.tail;
        self.commit_v1(&mut new, Edit::NONE)?;
        last.tail = new.pair;
        self.append_v1(last, kind::DIRECTORY, new.pair, name)?;
        self.checkpoint();
        Ok(())
    }

    /// Takes an entry out of its pair, or the whole pair if it is the last entry of a part that only goes on another.
    fn remove_item_v1(&mut self, dir: &mut Dir, item: &Item) -> Result {
        if dir.size == EMPTY + item.len()
            && let Some(mut before) = self.predecessor_v1(dir.pair)?
            && before.is_split
        {
            (before.is_split, before.tail) = (dir.is_split, dir.tail);
            self.commit_v1(&mut before, Edit::NONE)?;
            for slot in self.open.iter_mut() {
                if slot.used != Use::Free && equal_pair(slot.pair, dir.pair) {
                    // A listing goes on with what followed.
                    (slot.pair, slot.id) = match slot.used {
                        Use::Directory if dir.is_split => (dir.tail, 0),
                        _ => (NULL_PAIR, 0),
                    };
                }
            }
            return Ok(());
        }
        self.commit_v1(dir, Edit::remove(item))
    }

    /// Takes a directory that has no entry any more out of the list.
    fn drop_directory_v1(&mut self, pair: Pair) -> Result {
        // As it is now: its tail may be another one since.
        let dropped = self.fetch_v1(pair)?;
        for slot in self.open.iter_mut() {
            if slot.used == Use::Directory && equal_pair(slot.pair, dropped.pair) {
                slot.pair = NULL_PAIR;
            }
        }
        let Some(mut before) = self.predecessor_v1(dropped.pair)? else {
            return Ok(());
        };
        before.tail = dropped.tail;
        let result = self.commit_v1(&mut before, Edit::NONE);
        if result.is_err() {
            self.state.orphans = 1;
        }
        result
    }

    /// The pair of an entry that is a directory, which has to be empty.
    fn empty_directory_v1(&mut self, item: &Item) -> Result<Option<Pair>> {
        if item.kind != kind::DIRECTORY {
            return Ok(None);
        }
        let dir = self.fetch_v1(item.words)?;
        if dir.size > EMPTY || dir.is_split {
            return Err(Errno::ENOTEMPTY);
        }
        Ok(Some(dir.pair))
    }

    /// [`Volume::remove`] in version 1.
    pub(in super::super) fn remove_v1(&mut self, path: &[u8]) -> Result {
        self.make_consistent_v1()?;
        let (mut dir, item) = match self.find_v1(path)? {
            Found::Entry(dir, item) => (dir, item),
            Found::Root => return Err(Errno::EINVAL),
            Found::Missing { .. } => return Err(Errno::ENOENT),
        };
        let dropped = self.empty_directory_v1(&item)?;
        self.remove_item_v1(&mut dir, &item)?;
        match dropped {
            Some(dropped) => self.drop_directory_v1(dropped),
            None => Ok(()),
        }
    }

    /// [`Volume::rename`] in version 1: the old entry is marked, the new one written, the old one removed.
    pub(in super::super) fn rename_v1(&mut self, from: &[u8], to: &[u8]) -> Result {
        self.make_consistent_v1()?;
        let (old_dir, old) = match self.find_v1(from)? {
            Found::Entry(dir, item) => (dir, item),
            Found::Root => return Err(Errno::EINVAL),
            Found::Missing { .. } => return Err(Errno::ENOENT),
        };
        if old.kind == kind::DIRECTORY && is_inside(to, from) {
            return Err(Errno::EINVAL);
        }
        let replaced = match self.find_v1(to)? {
            Found::Root => return Err(Errno::EINVAL),
            Found::Missing { is_directory, .. } if is_directory && old.kind != kind::DIRECTORY => {
                return Err(Errno::ENOTDIR);
            }
            Found::Missing { name, .. } if name.len() > self.state.name_max as usize => {
                return Err(Errno::ENAMETOOLONG);
            }
            Found::Missing { .. } => None,
            Found::Entry(_, new) if new.kind != old.kind => {
                return Err(match new.kind {
                    kind::DIRECTORY => Errno::EISDIR,
                    _ => Errno::ENOTDIR,
                });
            }
            Found::Entry(dir, new)
                if equal_pair(dir.pair, old_dir.pair) && new.offset == old.offset =>
            {
                return Ok(());
            }
            Found::Entry(_, new) => self.empty_directory_v1(&new)?,
        };
        let result = self.move_v1(from, to, &old_dir, &old);
        if result.is_err() {
            // The mark is taken back before the next change.
            self.state.orphans = 1;
        }
        result?;
        match replaced {
            Some(dropped) => self.drop_directory_v1(dropped),
            None => Ok(()),
        }
    }

    fn move_v1(&mut self, from: &[u8], to: &[u8], old_dir: &Dir, old: &Item) -> Result {
        let mut dir = *old_dir;
        // An empty file needs no mark, and all look alike: after a power cut there are two of them.
        let is_marked = old.kind == kind::DIRECTORY || old.words[1] > 0;
        if is_marked {
            let mark = [old.kind | MOVED];
            self.commit_v1(&mut dir, Edit::replace(old.offset, 1, &[&mark]))?;
        }
        self.checkpoint();
        let words = two_words(old.words);
        let (place, id) = match self.find_v1(to)? {
            Found::Entry(mut dir, new) => {
                self.commit_v1(&mut dir, Edit::replace(new.offset + 4, 8, &[&words]))?;
                (dir.pair, new.offset)
            }
            Found::Missing { last, name, .. } => {
                self.append_v1(last, old.kind, old.words, name)?;
                match self.find_v1(to)? {
                    Found::Entry(dir, new) => (dir.pair, new.offset),
                    _ => return Err(Errno::EILSEQ),
                }
            }
            Found::Root => return Err(Errno::EINVAL),
        };
        // What was open under the name that went has no entry, what is open under the old one gets the new.
        for slot in self.open.iter_mut().filter(|slot| slot.used == Use::File) {
            if equal_pair(slot.pair, place) && u32::from(slot.id) == id {
                slot.pair = NULL_PAIR;
            }
        }
        // The new entry may have moved the old one, or its pair.
        let parent = self.parent_v1(from)?;
        let (mut dir, item) = self.find_name_v1(parent, last_component(from), is_marked)?;
        let item = item.ok_or(Errno::EILSEQ)?;
        for slot in self.open.iter_mut() {
            slot.is_moving = slot.used == Use::File
                && equal_pair(slot.pair, dir.pair)
                && u32::from(slot.id) == item.offset;
        }
        self.remove_item_v1(&mut dir, &item)?;
        let Found::Entry(dir, new) = self.find_v1(to)? else {
            return Err(Errno::EILSEQ);
        };
        for slot in self.open.iter_mut().filter(|slot| slot.is_moving) {
            slot.is_moving = false;
            (slot.pair, slot.id) = (dir.pair, new.offset as u16);
        }
        Ok(())
    }

    /// The pair that the directory of a path starts with.
    fn parent_v1(&mut self, path: &[u8]) -> Result<Pair> {
        let name = last_component(path);
        let end = path.len() - path.iter().rev().take_while(|byte| **byte == b'/').count();
        match self.find_v1(&path[..end - name.len()])? {
            Found::Root => Ok(self.state.root),
            Found::Entry(_, item) if item.kind == kind::DIRECTORY => Ok(item.words),
            _ => Err(Errno::EILSEQ),
        }
    }

    /// [`Volume::open_directory`] in version 1: the pair it starts with.
    pub(in super::super) fn directory_pair_v1(&mut self, path: &[u8]) -> Result<Pair> {
        match self.find_v1(path)? {
            Found::Root => Ok(self.state.root),
            Found::Entry(_, item) if item.kind == kind::DIRECTORY => Ok(item.words),
            Found::Entry(..) => Err(Errno::ENOTDIR),
            Found::Missing { .. } => Err(Errno::ENOENT),
        }
    }

    /// [`Volume::read_directory`] in version 1. The slot's number is the place of the next entry.
    pub(in super::super) fn read_directory_v1(
        &mut self,
        handle: DirectoryHandle,
        mut slot: Slot,
        name: &mut [u8],
    ) -> Result<Option<Entry>> {
        let mut left = self.state.geometry.block_count;
        while !is_null(slot.pair) {
            let dir = self.fetch_v1(slot.pair)?;
            let offset = u32::from(slot.id).max(HEADER);
            if let Some(item) = self.item_v1(&dir, offset)? {
                slot.id = (offset + item.len()) as u16;
                self.open[usize::from(handle.0)] = slot;
                let is_entry = matches!(item.kind, kind::FILE | kind::DIRECTORY);
                if !is_entry || (item.is_moved && self.has_twin_v1(item.words)?) {
                    continue;
                }
                self.read_name_v1(&dir, &item, name)?;
                return Ok(Some(entry_of(&item)));
            }
            if !dir.is_split {
                return Ok(None);
            }
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            (slot.pair, slot.id) = (dir.tail, 0);
            self.open[usize::from(handle.0)] = slot;
        }
        Ok(None)
    }
}

/// Head and size of an empty file.
const NULL_FILE: [u32; 2] = [u32::MAX, 0];
