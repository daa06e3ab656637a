//! Directories: looking, listing, making, removing, renaming, the label.

use super::disk::{
    ENTRY, attribute, entry, first_cluster, half, put_first_cluster, put_half, put_word, word,
};
use super::name::{LONG_MAX, Long, UNITS, checksum};
use super::table::Next;
use super::{Bits, Kind, NOTHING, Volume};
use crate::path::Components;
use crate::{Errno, Result};

pub(super) const REMOVED: u8 = 0xe5;
/// No directory is larger, so that one that leads back into itself ends.
pub(super) const MOST_ENTRIES: u32 = 65536;

/// What is known of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Size in bytes; 0 for directories.
    pub size_bytes: u32,
    /// Date and time of the last change, as [`Volume::new`] takes them.
    pub modified: u32,
    /// Length of the name in bytes; 0 for the root.
    pub name_len: usize,
}

/// A place in a directory. Plain data of the caller.
#[derive(Clone, Copy, Debug)]
pub struct Listing {
    /// First cluster; 0 is the fixed root directory.
    pub(super) start: u32,
    pub(super) cluster: u32,
    pub(super) index: u32,
}

/// One entry with its names.
pub(super) struct Found {
    pub(super) long: Long,
    pub(super) raw: [u8; ENTRY as usize],
    pub(super) sector: u32,
    pub(super) offset: u32,
    /// Where the entries of its long name start.
    first: Listing,
    /// How many entries it takes.
    count: u32,
}

impl Found {
    pub(super) fn is_directory(&self) -> bool {
        self.raw[entry::ATTRIBUTES] & attribute::DIRECTORY != 0
    }

    fn entry(&self, name_len: usize) -> Entry {
        let is_directory = self.is_directory();
        Entry {
            kind: if is_directory {
                Kind::Directory
            } else {
                Kind::File
            },
            size_bytes: if is_directory {
                0
            } else {
                word(&self.raw, entry::SIZE)
            },
            modified: word(&self.raw, entry::MODIFIED),
            name_len,
        }
    }
}

/// Where a path leads.
pub(super) enum Place {
    Root,
    /// The directory's first cluster and the entry.
    Entry(u32, Found),
    /// Nothing has that name in the directory.
    Missing(u32, Long),
}

/// The part of a long name that was read so far.
struct Gathering {
    long: Long,
    /// Which part has to come next; 0: all are there.
    expected: u8,
    checksum: u8,
    first: Listing,
    count: u32,
}

impl Volume<'_> {
    pub(super) fn root_start(&self) -> u32 {
        self.state.root_cluster
    }

    pub(super) fn listing(start: u32) -> Listing {
        Listing {
            start,
            cluster: start,
            index: 0,
        }
    }

    fn entries_per_cluster(&self) -> u32 {
        self.state.cluster_size_bytes() / ENTRY
    }

    /// Where the entry is; `None` behind the last cluster.
    pub(super) fn locate(&self, at: &Listing) -> Result<Option<(u32, u32)>> {
        let size = self.state.sector_bytes;
        if at.index >= MOST_ENTRIES {
            return Ok(None);
        }
        if at.start == 0 {
            let byte = at.index * ENTRY;
            let is_in = at.index < self.state.root_entries;
            return Ok(is_in.then(|| (self.state.root + byte / size, byte % size)));
        }
        if at.cluster == NOTHING {
            return Ok(None);
        }
        let byte = at.index % self.entries_per_cluster() * ENTRY;
        let sector = self.sector_of(at.cluster)? + byte / size;
        Ok(Some((sector, byte % size)))
    }

    pub(super) fn advance(&mut self, at: &mut Listing) -> Result {
        at.index += 1;
        if at.start != 0 && at.index.is_multiple_of(self.entries_per_cluster()) {
            at.cluster = match self.next(at.cluster)? {
                Next::Cluster(next) => next,
                Next::End => NOTHING,
                Next::Free => return Err(Errno::EIO),
            };
        }
        Ok(())
    }

    pub(super) fn raw(&mut self, sector: u32, offset: u32) -> Result<[u8; ENTRY as usize]> {
        let mut raw = [0; ENTRY as usize];
        let offset = offset as usize;
        raw.copy_from_slice(&self.sector(sector)?[offset..offset + ENTRY as usize]);
        Ok(raw)
    }

    pub(super) fn put_raw(
        &mut self,
        (sector, offset): (u32, u32),
        raw: &[u8; ENTRY as usize],
    ) -> Result {
        let offset = offset as usize;
        self.sector_mut(sector)?[offset..offset + ENTRY as usize].copy_from_slice(raw);
        Ok(())
    }

    /// Takes the next entry of a directory.
    fn next_entry(&mut self, at: &mut Listing) -> Result<Option<Found>> {
        let mut gathering: Option<Gathering> = None;
        while let Some((sector, offset)) = self.locate(at)? {
            let here = *at;
            let raw = self.raw(sector, offset)?;
            if raw[0] == 0 {
                return Ok(None);
            }
            self.advance(at)?;
            let attributes = raw[entry::ATTRIBUTES];
            if raw[0] == REMOVED {
                gathering = None;
            } else if attributes & 0x3f == attribute::LONG_NAME {
                gather(&mut gathering, &raw, here);
            } else if attributes & attribute::LABEL != 0 {
                gathering = None;
            } else {
                let whole = gathering.take().filter(|gathering| {
                    gathering.expected == 0 && gathering.checksum == checksum(&raw)
                });
                if raw[0] == b'.' {
                    continue;
                }
                let (long, first, count) = match whole {
                    Some(whole) => (whole.long, whole.first, whole.count + 1),
                    None => (Long::of_short(&raw), here, 1),
                };
                return Ok(Some(Found {
                    long,
                    raw,
                    sector,
                    offset,
                    first,
                    count,
                }));
            }
        }
        Ok(None)
    }

    fn find_in(&mut self, start: u32, name: &Long) -> Result<Option<Found>> {
        let mut at = Self::listing(start);
        while let Some(found) = self.next_entry(&mut at)? {
            let is_it = found.long.is_same(name) || Long::of_short(&found.raw).is_same(name);
            if is_it {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Follows a path. Everything but its last component has to be there.
    pub(super) fn find(&mut self, path: &[u8]) -> Result<Place> {
        let mut components = Components::new(path);
        let mut start = self.root_start();
        let Some(mut name) = components.next() else {
            return Ok(Place::Root);
        };
        loop {
            let following = components.next();
            let long = Long::parse(name)?;
            let Some(found) = self.find_in(start, &long)? else {
                return match following {
                    None => Ok(Place::Missing(start, long)),
                    Some(_) => Err(Errno::ENOENT),
                };
            };
            let Some(following) = following else {
                return Ok(Place::Entry(start, found));
            };
            if !found.is_directory() {
                return Err(Errno::ENOENT);
            }
            start = self.directory_of(&found)?;
            name = following;
        }
    }

    /// The first cluster of a directory.
    fn directory_of(&self, found: &Found) -> Result<u32> {
        match first_cluster(&found.raw, self.state.bits) {
            0 => Err(Errno::EIO),
            first => Ok(first),
        }
    }

    /// What `path` is.
    ///
    /// # Errors
    /// `ENOENT`, `EINVAL` for what is no name; what the device reports.
    pub fn stat(&mut self, path: &[u8]) -> Result<Entry> {
        match self.find(path)? {
            Place::Root => Ok(Entry {
                kind: Kind::Directory,
                size_bytes: 0,
                modified: 0,
                name_len: 0,
            }),
            Place::Entry(_, found) => Ok(found.entry(found.long.len)),
            Place::Missing(..) => Err(Errno::ENOENT),
        }
    }

    /// Starts to list a directory.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR`; what the device reports.
    pub fn list(&mut self, path: &[u8]) -> Result<Listing> {
        match self.find(path)? {
            Place::Root => Ok(Self::listing(self.root_start())),
            Place::Entry(_, found) if found.is_directory() => {
                Ok(Self::listing(self.directory_of(&found)?))
            }
            Place::Entry(..) => Err(Errno::ENOTDIR),
            Place::Missing(..) => Err(Errno::ENOENT),
        }
    }

    /// The next entry; its name goes to `name` in UTF-8, as much as fits (765 bytes always do). `None` at the end.
    ///
    /// # Errors
    /// `EIO` when the directory is damaged; what the device reports.
    pub fn read_directory(&mut self, at: &mut Listing, name: &mut [u8]) -> Result<Option<Entry>> {
        let Some(found) = self.next_entry(at)? else {
            return Ok(None);
        };
        let len = found.long.to_utf8(name);
        Ok(Some(found.entry(len)))
    }

    pub(super) fn stamped(&self, attributes: u8) -> [u8; ENTRY as usize] {
        let mut raw = [0; ENTRY as usize];
        raw[entry::ATTRIBUTES] = attributes;
        put_word(&mut raw, entry::CREATED, self.now);
        put_word(&mut raw, entry::MODIFIED, self.now);
        // The day of the last access.
        put_half(&mut raw, 18, self.now >> 16);
        raw
    }

    /// Makes an empty file and returns where its entry is.
    pub(super) fn add_file(&mut self, start: u32, name: &Long) -> Result<(u32, u32)> {
        let raw = self.stamped(attribute::ARCHIVE);
        self.add_entry(start, name, raw)
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// `EEXIST`, `ENOENT`, `EINVAL` for what is no name, `ENOSPC`; what the device reports.
    pub fn make_directory(&mut self, path: &[u8]) -> Result {
        let Place::Missing(start, name) = self.find(path)? else {
            return Err(Errno::EEXIST);
        };
        let cluster = self.blank_cluster(None)?;
        let mut raw = self.stamped(attribute::DIRECTORY);
        put_first_cluster(&mut raw, cluster);
        let sector = self.sector_of(cluster)?;
        let mut dot = raw;
        dot[..11].copy_from_slice(b".          ");
        self.put_raw((sector, 0), &dot)?;
        dot[..11].copy_from_slice(b"..         ");
        // The root is 0 here, with 32 bits too.
        put_first_cluster(&mut dot, if start == self.root_start() { 0 } else { start });
        self.put_raw((sector, ENTRY), &dot)?;
        if let Err(errno) = self.add_entry(start, &name, raw) {
            self.free_chain(cluster)?;
            self.flush()?;
            return Err(errno);
        }
        self.flush()
    }

    fn delete_entry(&mut self, found: &Found) -> Result {
        let mut at = found.first;
        for _ in 0..found.count {
            if let Some((sector, offset)) = self.locate(&at)? {
                self.sector_mut(sector)?[offset as usize] = REMOVED;
            }
            self.advance(&mut at)?;
        }
        Ok(())
    }

    /// Removes a file or an empty directory.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR` and `EISDIR` when it is not of that kind, `EACCES` when it is read-only or not empty,
    /// `EINVAL` for the root; what the device reports.
    pub fn remove(&mut self, path: &[u8], kind: Kind) -> Result {
        let found = match self.find(path)? {
            Place::Root => return Err(Errno::EINVAL),
            Place::Missing(..) => return Err(Errno::ENOENT),
            Place::Entry(_, found) => found,
        };
        match (kind, found.is_directory()) {
            (Kind::File, true) => return Err(Errno::EISDIR),
            (Kind::Directory, false) => return Err(Errno::ENOTDIR),
            _ => {}
        }
        if found.raw[entry::ATTRIBUTES] & attribute::READ_ONLY != 0 {
            return Err(Errno::EACCES);
        }
        if kind == Kind::Directory {
            let mut at = Self::listing(self.directory_of(&found)?);
            if self.next_entry(&mut at)?.is_some() {
                return Err(Errno::EACCES);
            }
        }
        let first = self.tell_open(&found);
        self.delete_entry(&found)?;
        self.write_back()?;
        if first != 0 {
            self.free_chain(first)?;
        }
        self.flush()
    }

    /// Tells what is open there that it went, and returns the first cluster of its contents.
    fn tell_open(&mut self, found: &Found) -> u32 {
        let mut first = first_cluster(&found.raw, self.state.bits);
        for slot in self.open.iter_mut() {
            if slot.is_used && slot.entry == (found.sector, found.offset) {
                slot.is_gone = true;
                if first == 0 {
                    first = slot.first;
                }
            }
        }
        first
    }

    /// Gives what a file holds to the entry of another, which keeps its name: one write of one sector, so that the
    /// name leads to the old contents or to the new ones whenever the power fails.
    fn replace(&mut self, old: &Found, new: &Found) -> Result<(u32, u32)> {
        if new.raw[entry::ATTRIBUTES] & attribute::READ_ONLY != 0 {
            return Err(Errno::EACCES);
        }
        let replaced = self.tell_open(new);
        let mut raw = old.raw;
        raw[..11].copy_from_slice(&new.raw[..11]);
        raw[entry::CASE] = new.raw[entry::CASE];
        let place = (new.sector, new.offset);
        self.put_raw(place, &raw)?;
        self.write_back()?;
        self.delete_entry(old)?;
        self.write_back()?;
        if replaced != 0 {
            self.free_chain(replaced)?;
        }
        Ok(place)
    }

    /// Gives an entry another name, maybe in another directory. A file of that name is replaced.
    ///
    /// # Errors
    /// `ENOENT`, `EISDIR` and `ENOTDIR` when the kinds differ, `EACCES` when a directory would be replaced, `EINVAL` for
    /// the root and for moving a directory into itself, `ENOSPC`; what the device reports.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> Result {
        let Place::Entry(old_start, old) = self.find(from)? else {
            return Err(Errno::ENOENT);
        };
        let is_directory = old.is_directory();
        if is_directory && self.is_inside(to, &old)? {
            return Err(Errno::EINVAL);
        }
        let mut components = Components::new(to);
        let mut last: &[u8] = &[];
        while let Some(name) = components.next() {
            last = name;
        }
        let (start, there) = match self.find(to)? {
            Place::Root => return Err(Errno::EINVAL),
            Place::Missing(start, _) => (start, None),
            // The same entry may get other capitals.
            Place::Entry(start, new) => {
                let is_itself = (new.sector, new.offset) == (old.sector, old.offset);
                (start, (!is_itself).then_some(new))
            }
        };
        let name = Long::parse(last)?;
        let place = match there {
            Some(new) if is_directory && new.is_directory() => return Err(Errno::EACCES),
            Some(new) if is_directory != new.is_directory() => {
                return Err(if is_directory {
                    Errno::ENOTDIR
                } else {
                    Errno::EISDIR
                });
            }
            Some(new) if new.long.used() == name.used() => self.replace(&old, &new)?,
            other => {
                if other.is_some() {
                    self.remove(to, Kind::File)?;
                }
                self.rename_entry(old_start, &old, start, &name)?
            }
        };
        for slot in self.open.iter_mut() {
            if slot.is_used && slot.entry == (old.sector, old.offset) {
                slot.entry = place;
            }
        }
        if is_directory && start != old_start {
            let sector = self.sector_of(self.directory_of(&old)?)?;
            let parent = if start == self.root_start() { 0 } else { start };
            let raw = &mut self.sector_mut(sector)?[ENTRY as usize..2 * ENTRY as usize];
            if raw[..11] == *b"..         " {
                put_first_cluster(raw, parent);
            }
        }
        self.flush()
    }

    /// Gives the entry `old` of one directory a name in another or the same, where nothing has it. Returns its place.
    fn rename_entry(
        &mut self,
        old_start: u32,
        old: &Found,
        start: u32,
        name: &Long,
    ) -> Result<(u32, u32)> {
        let fits = start == old_start && self.fits_in_place(name, &old.first, old.count)?;
        if fits && self.is_last(old)? {
            // One write of one sector: never both names, never none.
            let place = self.write_entry(start, name, old.raw, Some(old.first))?;
            let sector = self.sector_mut(place.0)?;
            for left in (place.1 + ENTRY..=old.offset).step_by(ENTRY as usize) {
                sector[left as usize] = REMOVED;
            }
            return Ok(place);
        }
        let place = self.add_entry(start, name, old.raw)?;
        self.write_back()?;
        self.delete_entry(old)?;
        Ok(place)
    }

    /// Whether nothing follows in its directory. Elsewhere a new name goes to the end, as other writers of FAT do.
    fn is_last(&mut self, found: &Found) -> Result<bool> {
        let mut at = found.first;
        self.next_entry(&mut at)?;
        Ok(self.next_entry(&mut at)?.is_none())
    }

    /// Whether `path` leads through the directory `outer`.
    fn is_inside(&mut self, path: &[u8], outer: &Found) -> Result<bool> {
        let mut components = Components::new(path);
        let mut start = self.root_start();
        while let Some(name) = components.next() {
            let Some(found) = self.find_in(start, &Long::parse(name)?)? else {
                return Ok(false);
            };
            let is_outer = (found.sector, found.offset) == (outer.sector, outer.offset);
            let mut rest = components;
            if is_outer {
                return Ok(rest.next().is_some());
            }
            if !found.is_directory() {
                return Ok(false);
            }
            start = self.directory_of(&found)?;
        }
        Ok(false)
    }

    /// Writes size, first cluster and time to the entry of an open file.
    pub(super) fn update_entry(&mut self, place: (u32, u32), first: u32, size: u32) -> Result {
        let now = self.now;
        let is_wide = self.state.bits == Bits::ThirtyTwo;
        let offset = place.1 as usize;
        let raw = &mut self.sector_mut(place.0)?[offset..offset + ENTRY as usize];
        put_half(raw, entry::CLUSTER_LOW, first & 0xffff);
        if is_wide {
            put_half(raw, entry::CLUSTER_HIGH, first >> 16);
        }
        put_word(raw, entry::SIZE, size);
        put_word(raw, entry::MODIFIED, now);
        put_half(raw, 18, now >> 16);
        raw[entry::ATTRIBUTES] |= attribute::ARCHIVE;
        Ok(())
    }
}

/// Takes an entry of a long name, which come in reverse.
fn gather(gathering: &mut Option<Gathering>, raw: &[u8; ENTRY as usize], here: Listing) {
    let number = raw[0] & 0x3f;
    let is_last = raw[0] & 0x40 != 0;
    let fits = number >= 1 && usize::from(number) <= LONG_MAX.div_ceil(UNITS);
    if !fits || half(raw, entry::CLUSTER_LOW) != 0 {
        *gathering = None;
    } else if is_last {
        let mut long = Long::EMPTY;
        long.take_part(raw, usize::from(number) - 1);
        *gathering = Some(Gathering {
            long,
            expected: number - 1,
            checksum: raw[13],
            first: here,
            count: 1,
        });
    } else {
        *gathering = gathering
            .take()
            .filter(|gathering| gathering.expected == number && gathering.checksum == raw[13]);
        if let Some(gathering) = gathering {
            gathering.long.take_part(raw, usize::from(number) - 1);
            gathering.expected -= 1;
            gathering.count += 1;
        }
    }
}
