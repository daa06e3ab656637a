//! littlefs version 1, as boards formatted before 2019 have it and MicroPython's `VfsLfs1` reads and writes it.
//!
//! Contents of files lie in the same lists of blocks as in version 2, and the same code reads and writes them. What
//! differs is here: a pair of blocks holds whole entries, and a change writes the older block of the pair anew. There is
//! no block for a second try: one that does not keep a directory is an error, other than a bad block of a file.
//!
//! All pairs form one list. A directory that is cut off from its parent by a power cut is taken out of the list, and an
//! entry that was being renamed is settled, before the first change after mounting.

mod check;
mod directory;
mod disk;
mod find;

use super::disk::{MAGIC, NULL_PAIR, SUPERBLOCK_PAIR, is_null, same_pair};
use super::{Buffers, Lookahead, State, Volume, skiplist};
use crate::{BlockDevice, Errno, Result};
use disk::{Dir, EMPTY, Edit, HEADER, Item, kind};

/// The version that is written, 1.1.
const VERSION: u32 = 0x0001_0001;
const ROOT: super::Pair = [2, 3];
/// Root, block size, block count, version.
const SUPERBLOCK_BYTES: usize = 20;

/// Mounts a file system of version 1.
///
/// # Errors
/// As [`State::mount`].
pub(super) fn mount(
    device: &mut dyn BlockDevice,
    buffers: Buffers<'_>,
    mut state: State,
) -> Result<State> {
    let mut volume = Volume::new(&mut state, device, buffers, &mut []);
    let dir = volume.fetch_v1(SUPERBLOCK_PAIR)?;
    let item = volume.item_v1(&dir, HEADER)?.ok_or(Errno::EINVAL)?;
    let mut magic = [0; 8];
    if item.kind != kind::SUPERBLOCK
        || item.name_len != 8
        || item.fixed_len < SUPERBLOCK_BYTES as u32
    {
        return Err(Errno::EINVAL);
    }
    volume.read_name_v1(&dir, &item, &mut magic)?;
    let mut bytes = [0; SUPERBLOCK_BYTES];
    volume.io.read(dir.pair[0], item.offset + 4, &mut bytes)?;
    let word = |index: usize| super::disk::word(&bytes, index);
    let geometry = volume.state.geometry;
    let fits = magic == *MAGIC
        && word(2) == geometry.block_size
        && (4..=geometry.block_count).contains(&word(3))
        && word(4) >> 16 == 1;
    if !fits {
        return Err(Errno::EINVAL);
    }
    volume.state.root = [word(0), word(1)];
    volume.state.geometry.block_count = word(3);
    volume.io.geometry.block_count = word(3);
    volume.fetch_v1(volume.state.root)?;
    // Whatever a power cut has left is looked for before the first change.
    volume.state.orphans = 1;
    volume.state.lookahead = Lookahead::default();
    volume.checkpoint();
    Ok(state)
}

/// Makes an empty file system of version 1.
///
/// # Errors
/// As [`super::format()`], and `ENOSPC` for fewer than four blocks.
pub(super) fn format(
    device: &mut dyn BlockDevice,
    buffers: Buffers<'_>,
    mut state: State,
) -> Result {
    let geometry = state.geometry;
    if geometry.block_count < 4 {
        return Err(Errno::ENOSPC);
    }
    let mut volume = Volume::new(&mut state, device, buffers, &mut []);
    let mut root = volume.new_dir_v1(ROOT);
    volume.commit_v1(&mut root, Edit::NONE)?;
    let mut superblock = [0; SUPERBLOCK_BYTES];
    let words = [
        root.pair[0],
        root.pair[1],
        geometry.block_size,
        geometry.block_count,
        VERSION,
    ];
    for (bytes, word) in superblock.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let head = [kind::SUPERBLOCK, SUPERBLOCK_BYTES as u8, 0, 8];
    let mut dir = volume.new_dir_v1(SUPERBLOCK_PAIR);
    dir.tail = root.pair;
    let parts: [&[u8]; 3] = [&head, &superblock, MAGIC];
    volume.commit_v1(&mut dir, Edit::insert(HEADER, &parts))?;
    // Both blocks: the superblock is never changed, and can be read while one of them is good.
    volume.commit_v1(&mut dir, Edit::NONE)
}

impl Volume<'_> {
    /// Walks over all pairs, that of the superblock first; `visit` says whether to stop.
    fn each_dir_v1(&mut self, mut visit: impl FnMut(&mut Self, &Dir) -> Result<bool>) -> Result {
        let mut next = SUPERBLOCK_PAIR;
        let mut left = self.state.geometry.block_count;
        while !is_null(next) {
            // A list that leads back into itself is a damaged one.
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            let dir = self.fetch_v1(next)?;
            if visit(self, &dir)? {
                break;
            }
            next = dir.tail;
        }
        Ok(())
    }

    /// Calls `visit` for every entry of every directory; it says whether to stop.
    fn each_item_v1(
        &mut self,
        mut visit: impl FnMut(&mut Self, &Dir, &Item) -> Result<bool>,
    ) -> Result {
        self.each_dir_v1(|this, dir| {
            let mut offset = HEADER;
            while let Some(item) = this.item_v1(dir, offset)? {
                if visit(this, dir, &item)? {
                    return Ok(true);
                }
                offset += item.len();
            }
            Ok(false)
        })
    }

    /// Calls `visit` for every block in use but for those of open files.
    pub(super) fn each_used_block_v1(&mut self, visit: &mut dyn FnMut(u32)) -> Result {
        self.each_dir_v1(|this, dir| {
            dir.pair.into_iter().for_each(&mut *visit);
            let mut offset = HEADER;
            while let Some(item) = this.item_v1(dir, offset)? {
                if item.kind == kind::FILE {
                    let [head, size] = item.words;
                    skiplist::each_block(&mut this.io, head, size, visit)?;
                }
                offset += item.len();
            }
            Ok(false)
        })
    }

    /// The pair of the list that comes before another.
    fn predecessor_v1(&mut self, pair: super::Pair) -> Result<Option<Dir>> {
        let mut found = None;
        self.each_dir_v1(|_, dir| {
            let is_it = !is_null(dir.tail) && same_pair(dir.tail, pair);
            if is_it {
                found = Some(*dir);
            }
            Ok(is_it)
        })?;
        Ok(found)
    }

    /// What the entry of the directory that starts with `pair` points to, if there is one.
    fn pair_in_parent_v1(&mut self, pair: super::Pair) -> Result<Option<super::Pair>> {
        let mut found = None;
        self.each_item_v1(|_, _, item| {
            let leads_there = matches!(item.kind, kind::DIRECTORY | kind::SUPERBLOCK)
                && same_pair(item.words, pair);
            if leads_there {
                found = Some(item.words);
            }
            Ok(leads_there)
        })?;
        Ok(found)
    }

    /// Whether an entry that is not being renamed has the same contents as one that is.
    fn has_twin_v1(&mut self, words: [u32; 2]) -> Result<bool> {
        let mut has = false;
        self.each_item_v1(|_, _, item| {
            has = !item.is_moved && item.kind != kind::SUPERBLOCK && item.words == words;
            Ok(has)
        })?;
        Ok(has)
    }

    /// Settles what a power cut has left.
    pub(super) fn make_consistent_v1(&mut self) -> Result {
        if self.state.orphans == 0 {
            return Ok(());
        }
        let mut before = self.fetch_v1(SUPERBLOCK_PAIR)?;
        let mut left = self.state.geometry.block_count;
        while !is_null(before.tail) {
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            let mut dir = self.fetch_v1(before.tail)?;
            if !before.is_split {
                match self.pair_in_parent_v1(before.tail)? {
                    None => {
                        before.tail = dir.tail;
                        self.commit_v1(&mut before, Edit::NONE)?;
                        continue;
                    }
                    Some(pair) if !super::disk::equal_pair(pair, before.tail) => {
                        // One of its blocks was replaced, and the list does not know yet.
                        before.tail = pair;
                        self.commit_v1(&mut before, Edit::NONE)?;
                        continue;
                    }
                    Some(_) => {}
                }
            }
            self.settle_moves_v1(&mut dir)?;
            before = dir;
        }
        self.state.orphans = 0;
        Ok(())
    }

    fn settle_moves_v1(&mut self, dir: &mut Dir) -> Result {
        let mut offset = HEADER;
        while let Some(item) = self.item_v1(dir, offset)? {
            if !item.is_moved {
                offset += item.len();
            } else if self.has_twin_v1(item.words)? {
                self.commit_v1(dir, Edit::remove(&item))?;
            } else {
                let kind = [item.kind];
                self.commit_v1(dir, Edit::replace(offset, 1, &[&kind]))?;
                offset += item.len();
            }
        }
        Ok(())
    }

    /// A directory that is in no list yet, of two blocks that nothing uses.
    fn new_dir_v1(&mut self, pair: super::Pair) -> Dir {
        // What the other block holds may look valid: the new one has to be newer.
        let mut revision = [0; 4];
        let is_read = self.io.read(pair[0], 0, &mut revision).is_ok();
        Dir {
            pair,
            revision: if is_read {
                u32::from_le_bytes(revision).wrapping_add(1)
            } else {
                1
            },
            size: EMPTY,
            is_split: false,
            tail: NULL_PAIR,
        }
    }
}
