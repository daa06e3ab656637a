//! A pair of blocks of version 1: reading it, and writing its older block anew.
//!
//! ```text
//! revision u32 | size u32 | tail u32 u32 | entries … | CRC-32 of all before
//! entry: kind u8 | bytes of what follows: fixed u8, attributes u8, name u8 | fixed | attributes | name
//! fixed: of a file head u32, size u32; of a directory its pair
//! ```
//!
//! The size counts everything with the checksum; its highest bit says that the directory goes on in the tail.

use super::super::disk::{Pair, crc, equal_pair, word};
use super::super::{Use, Volume};
use crate::{Errno, Result};

/// Bytes before the first entry.
pub(super) const HEADER: u32 = 16;
/// Size of a pair without entries.
pub(super) const EMPTY: u32 = HEADER + 4;
const SPLIT: u32 = 1 << 31;
/// An entry with this bit is being renamed.
pub(super) const MOVED: u8 = 0x80;
/// Bytes of an entry before its attributes and its name, for files and directories.
pub(super) const HEAD: u32 = 12;

/// Kinds of entries.
pub(super) mod kind {
    pub(in super::super) const FILE: u8 = 0x11;
    pub(in super::super) const DIRECTORY: u8 = 0x22;
    pub(in super::super) const SUPERBLOCK: u8 = 0x2e;
}

/// A pair as it was read.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Dir {
    /// The newer block first.
    pub(in super::super) pair: Pair,
    pub(super) revision: u32,
    pub(super) size: u32,
    pub(super) is_split: bool,
    pub(super) tail: Pair,
}

/// An entry.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Item {
    pub(super) offset: u32,
    pub(super) kind: u8,
    pub(super) is_moved: bool,
    /// Head and size of a file, the pair of a directory, the root in the superblock.
    pub(super) words: [u32; 2],
    pub(super) fixed_len: u32,
    pub(super) attributes_len: u32,
    pub(super) name_len: u32,
}

impl Item {
    pub(super) fn len(&self) -> u32 {
        4 + self.fixed_len + self.attributes_len + self.name_len
    }
}

/// A change of the entries: bytes that go, and bytes that come in their place.
#[derive(Clone, Copy)]
pub(super) struct Edit<'a> {
    offset: u32,
    removed: u32,
    parts: &'a [&'a [u8]],
}

impl<'a> Edit<'a> {
    /// Only what stands before the entries changes.
    pub(super) const NONE: Self = Self {
        offset: HEADER,
        removed: 0,
        parts: &[],
    };

    pub(super) fn insert(offset: u32, parts: &'a [&'a [u8]]) -> Self {
        Self::replace(offset, 0, parts)
    }

    pub(super) fn remove(item: &Item) -> Self {
        Self::replace(item.offset, item.len(), &[])
    }

    pub(super) fn replace(offset: u32, removed: u32, parts: &'a [&'a [u8]]) -> Self {
        Self {
            offset,
            removed,
            parts,
        }
    }

    fn added(&self) -> u32 {
        self.parts.iter().map(|part| part.len() as u32).sum()
    }
}

/// The first bytes of an entry of a file or a directory.
pub(super) fn entry_head(kind: u8, words: [u32; 2], name_len: u8) -> [u8; HEAD as usize] {
    let mut head = [0; HEAD as usize];
    head[..4].copy_from_slice(&[kind, 8, 0, name_len]);
    head[4..8].copy_from_slice(&words[0].to_le_bytes());
    head[8..].copy_from_slice(&words[1].to_le_bytes());
    head
}

impl Volume<'_> {
    /// Reads a pair: the newer one of its blocks that are whole.
    ///
    /// # Errors
    /// `EILSEQ` when neither is; what the device reports.
    pub(in super::super) fn fetch_v1(&mut self, pair: Pair) -> Result<Dir> {
        let mut found: Option<Dir> = None;
        for (block, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
            let mut bytes = [0; HEADER as usize];
            match self.io.read(block, 0, &mut bytes) {
                Ok(()) => {}
                Err(Errno::EILSEQ) => continue,
                Err(errno) => return Err(errno),
            }
            let dir = Dir {
                pair: [block, other],
                revision: word(&bytes, 0),
                size: word(&bytes, 1) & !SPLIT,
                is_split: word(&bytes, 1) & SPLIT != 0,
                tail: [word(&bytes, 2), word(&bytes, 3)],
            };
            let is_older =
                found.is_some_and(|found| (dir.revision.wrapping_sub(found.revision) as i32) < 0);
            let fits = (EMPTY..=self.io.geometry.block_size).contains(&dir.size);
            if is_older || !fits {
                continue;
            }
            let sum = crc(u32::MAX, &bytes);
            let sum = self.io.crc(sum, block, HEADER, dir.size - EMPTY)?;
            let mut stored = [0; 4];
            self.io.read(block, dir.size - 4, &mut stored)?;
            if sum == u32::from_le_bytes(stored) {
                found = Some(dir);
            }
        }
        found.ok_or(Errno::EILSEQ)
    }

    /// The entry at a place; `None` behind the last one.
    pub(super) fn item_v1(&mut self, dir: &Dir, offset: u32) -> Result<Option<Item>> {
        let end = dir.size - 4;
        if offset >= end {
            return Ok(None);
        }
        let mut bytes = [0; HEAD as usize];
        if end - offset < HEAD {
            return Err(Errno::EILSEQ);
        }
        self.io.read(dir.pair[0], offset, &mut bytes)?;
        let item = Item {
            offset,
            kind: bytes[0] & !MOVED,
            is_moved: bytes[0] & MOVED != 0,
            words: [word(&bytes, 1), word(&bytes, 2)],
            fixed_len: u32::from(bytes[1]),
            attributes_len: u32::from(bytes[2]),
            name_len: u32::from(bytes[3]),
        };
        if item.fixed_len < 8 || item.len() > end - offset {
            return Err(Errno::EILSEQ);
        }
        Ok(Some(item))
    }

    /// Reads a name, as much as fits, and returns how much that is.
    pub(super) fn read_name_v1(&mut self, dir: &Dir, item: &Item, out: &mut [u8]) -> Result<usize> {
        let len = out.len().min(item.name_len as usize);
        let offset = item.offset + item.len() - item.name_len;
        self.io.read(dir.pair[0], offset, &mut out[..len])?;
        Ok(len)
    }

    /// Writes the older block of a pair with a change of its entries, and with size and tail of `dir`.
    ///
    /// # Errors
    /// `ENOSPC` when it does not fit, `EIO` when the block does not keep it; what the device reports.
    pub(super) fn commit_v1(&mut self, dir: &mut Dir, edit: Edit<'_>) -> Result {
        let added = edit.added();
        let size = dir.size - edit.removed + added;
        if size > self.io.geometry.block_size {
            return Err(Errno::ENOSPC);
        }
        let result = self.write_v1(dir, edit, size);
        if result.is_err() {
            self.io.drop_program();
            // What the block holds now is known after the next look.
            self.state.orphans = 1;
        }
        match result {
            Ok(()) => {}
            Err(Errno::EILSEQ) => return Err(Errno::EIO),
            Err(errno) => return Err(errno),
        }
        dir.pair.swap(0, 1);
        dir.revision = dir.revision.wrapping_add(1);
        dir.size = size;
        self.follow_v1(dir.pair, edit, added);
        Ok(())
    }

    fn write_v1(&mut self, dir: &Dir, edit: Edit<'_>, size: u32) -> Result {
        let [from, to] = dir.pair;
        self.io.erase(to)?;
        let split = if dir.is_split { SPLIT } else { 0 };
        let words = [
            dir.revision.wrapping_add(1),
            size | split,
            dir.tail[0],
            dir.tail[1],
        ];
        let mut header = [0; HEADER as usize];
        for (bytes, word) in header.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        let mut sum = crc(u32::MAX, &header);
        self.io.program(to, 0, &header)?;
        let mut at = self.copy_v1((from, HEADER), (to, HEADER), edit.offset - HEADER, &mut sum)?;
        for part in edit.parts {
            sum = crc(sum, part);
            self.io.program(to, at, part)?;
            at += part.len() as u32;
        }
        let rest = edit.offset + edit.removed;
        at = self.copy_v1((from, rest), (to, at), dir.size - 4 - rest, &mut sum)?;
        self.io.program(to, at, &sum.to_le_bytes())?;
        self.io.flush()?;
        self.io.device.sync()
    }

    /// Copies `len` bytes from one block to another, each given with an offset, and returns where the copy ends.
    fn copy_v1(
        &mut self,
        from: (u32, u32),
        to: (u32, u32),
        len: u32,
        sum: &mut u32,
    ) -> Result<u32> {
        let mut chunk = [0; 32];
        let mut done = 0;
        while done < len {
            let count = (len - done).min(chunk.len() as u32);
            let part = &mut chunk[..count as usize];
            self.io.read(from.0, from.1 + done, part)?;
            *sum = crc(*sum, part);
            self.io.program(to.0, to.1 + done, part)?;
            done += count;
        }
        Ok(to.1 + len)
    }

    /// Whatever is open in a pair follows its entry.
    fn follow_v1(&mut self, pair: Pair, edit: Edit<'_>, added: u32) {
        for slot in self.open.iter_mut() {
            if slot.used == Use::Free || !equal_pair(slot.pair, pair) {
                continue;
            }
            let place = u32::from(slot.id);
            if place > edit.offset {
                slot.id = (place - edit.removed + added) as u16;
            } else if place == edit.offset && edit.removed >= HEAD && added == 0 {
                // A listing goes on with what has moved up.
                if slot.used == Use::File {
                    slot.pair = super::super::disk::NULL_PAIR;
                }
            }
        }
    }
}
