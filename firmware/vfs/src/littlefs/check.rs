//! Looking at everything: is a file system whole?

use super::disk::{NULL_PAIR, Pair, equal_pair, is_null, kind, same_pair};
use super::metadata::{self, Metadata, Struct, mask};
use super::{Volume, skiplist};
use crate::{Errno, Result};

/// What a check found, all of it sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Files.
    pub files: u32,
    /// Directories without the root.
    pub directories: u32,
    /// Metadata pairs.
    pub pairs: u32,
    /// Blocks in use.
    pub blocks: u32,
    /// Bytes in files.
    pub bytes: u64,
    /// A power cut left something that the first change will clean up.
    pub is_unfinished: bool,
}

/// Which blocks were met.
pub(super) struct Used<'a> {
    bits: &'a mut [u8],
    /// An old pair may still be in the list, beside the one that took its place.
    may_repeat: bool,
}

impl Used<'_> {
    /// # Errors
    /// `EILSEQ` when it was met before, `EINVAL` when there are not bits enough.
    pub(super) fn take(&mut self, block: u32) -> Result {
        let byte = self.bits.get_mut(block as usize / 8).ok_or(Errno::EINVAL)?;
        let bit = 1 << (block % 8);
        if *byte & bit != 0 && !self.may_repeat {
            return Err(Errno::EILSEQ);
        }
        *byte |= bit;
        Ok(())
    }
}

impl Volume<'_> {
    /// Walks over all metadata and all lists of blocks. `bits` has one bit for each block.
    ///
    /// # Errors
    /// `EILSEQ` when a block is used twice, a pointer leads nowhere, names are out of order, a directory is not in
    /// the list of pairs or a pair belongs to no directory; `EINVAL` when there are not bits enough; what the device
    /// reports.
    pub fn check(&mut self, bits: &mut [u8]) -> Result<Report> {
        bits.fill(0);
        let state = self.state.on_disk;
        let mut used = Used {
            bits,
            may_repeat: state.has_orphans,
        };
        if self.state.is_version_1() {
            return self.check_v1(&mut used);
        }
        let mut report = Report {
            is_unfinished: state.moved().is_some() || state.has_orphans,
            ..Report::default()
        };
        let mut next = super::disk::SUPERBLOCK_PAIR;
        let mut before = Metadata::before_all();
        let mut left = self.state.geometry.block_count;
        while !is_null(next) {
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            let dir = self.fetch(next)?;
            report.pairs += 1;
            if !before.is_split && !report.is_unfinished {
                self.check_head(dir.pair)?;
            }
            used.take(dir.pair[0])?;
            used.take(dir.pair[1])?;
            self.check_pair(&dir, &mut used, &mut report)?;
            next = dir.tail;
            before = dir;
        }
        report.blocks = used.bits.iter().map(|byte| byte.count_ones()).sum();
        Ok(report)
    }

    /// A pair that does not go on with the directory before it is where a directory starts.
    fn check_head(&mut self, pair: Pair) -> Result {
        if same_pair(pair, self.state.root) {
            return Ok(());
        }
        let Some((parent, id)) = self.parent(pair)? else {
            return Err(Errno::EILSEQ);
        };
        let named = self.directory_pair(&parent, id)?;
        if equal_pair(named, pair) {
            Ok(())
        } else {
            Err(Errno::EILSEQ)
        }
    }

    fn check_pair(&mut self, dir: &Metadata, used: &mut Used<'_>, report: &mut Report) -> Result {
        let mut last = [0; super::NAME_MAX];
        let mut last_len = 0;
        for id in 0..dir.count {
            if self.state.on_disk.moved_from(dir.pair) == Some(id) {
                continue;
            }
            let (tag, place) = metadata::get(&mut self.io, dir, mask::CLASS, kind::REGULAR, id)
                .map_err(|_| Errno::EILSEQ)?;
            if tag.kind() == kind::SUPERBLOCK {
                continue;
            }
            let mut name = [0; super::NAME_MAX];
            let len = tag.size() as usize;
            let part = name.get_mut(..len).ok_or(Errno::EILSEQ)?;
            self.io.read(place.block, place.offset, part)?;
            if len == 0 || (last_len > 0 && !comes_before(&last[..last_len], &name[..len])) {
                return Err(Errno::EILSEQ);
            }
            (last, last_len) = (name, len);
            match (tag.kind(), metadata::get_struct(&mut self.io, dir, id)?) {
                (kind::DIRECTORY, Struct::Directory(pair)) => {
                    report.directories += 1;
                    if !report.is_unfinished && !self.is_listed(pair)? {
                        return Err(Errno::EILSEQ);
                    }
                }
                (kind::REGULAR, Struct::Inline { size, .. }) => {
                    report.files += 1;
                    report.bytes += u64::from(size);
                }
                (kind::REGULAR, Struct::List { head, size }) => {
                    report.files += 1;
                    report.bytes += u64::from(size);
                    let mut result = Ok(());
                    skiplist::each_block(&mut self.io, head, size, &mut |block| {
                        if result.is_ok() {
                            result = used.take(block);
                        }
                    })?;
                    result?;
                }
                _ => return Err(Errno::EILSEQ),
            }
        }
        Ok(())
    }

    fn is_listed(&mut self, pair: Pair) -> Result<bool> {
        if equal_pair(pair, NULL_PAIR) {
            return Ok(false);
        }
        let before = self.predecessor(pair)?;
        Ok(before.is_some_and(|before| equal_pair(before.tail, pair) && !before.is_split))
    }
}

/// The order of names in a directory: of two that begin alike the longer one comes first.
fn comes_before(a: &[u8], b: &[u8]) -> bool {
    let shared = a.len().min(b.len());
    match a[..shared].cmp(&b[..shared]) {
        core::cmp::Ordering::Equal => a.len() > b.len(),
        other => other.is_lt(),
    }
}
