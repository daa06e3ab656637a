//! Work that a power cut can leave unfinished, and finishing it: files in two places, pairs out of step.
//!
//! It is finished before the first change after a mount, so that a file system can also be read where nothing can be
//! written; until then a file that has to go is hidden.

use super::Volume;
use super::commit::Attribute;
use super::disk::{NO_ID, Pair, equal_pair, is_null, kind, same_pair, two_words};
use super::metadata::{self, Metadata, Query, Struct};
use crate::{Errno, Result};

impl Volume<'_> {
    /// Finishes what is unfinished. Every operation that changes something starts with this.
    ///
    /// # Errors
    /// What the device reports.
    pub(super) fn make_consistent(&mut self) -> Result {
        self.checkpoint();
        if self.state.is_version_1() {
            return self.make_consistent_v1();
        }
        self.state.moved = self.state.on_disk.moved();
        self.finish_move()?;
        self.remove_orphans(true)
    }

    /// Removes the file that was moved elsewhere.
    pub(super) fn finish_move(&mut self) -> Result {
        let Some((pair, id)) = self.state.moved else {
            return Ok(());
        };
        let mut dir = self.fetch(pair)?;
        self.state.moved = None;
        if id >= dir.count {
            return Err(Errno::EILSEQ);
        }
        self.commit(&mut dir, &[Attribute::delete(id)])
    }

    /// The entry of the directory that starts with `pair`, and the pair it is in.
    pub(super) fn parent(&mut self, pair: Pair) -> Result<Option<(Metadata, u16)>> {
        let mut next = super::disk::SUPERBLOCK_PAIR;
        let mut left = self.state.geometry.block_count;
        while !is_null(next) {
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            let query = Query::Directory(pair);
            let (dir, answer) = metadata::fetch(&mut self.io, next, query, self.state.minor)?;
            if let Some((id, _)) = answer.found {
                return Ok(Some((dir, id)));
            }
            next = dir.tail;
        }
        Ok(None)
    }

    /// The pair whose tail is `pair`.
    pub(super) fn predecessor(&mut self, pair: Pair) -> Result<Option<Metadata>> {
        let mut found = None;
        self.each_pair(|_, dir| {
            if same_pair(dir.tail, pair) && !is_null(dir.tail) {
                found = Some(*dir);
            }
            Ok(found.is_some())
        })?;
        Ok(found)
    }

    /// Brings the list of pairs in step with the tree: moved pairs first, then, `after_power_cut`, pairs of
    /// directories that nothing refers to.
    pub(super) fn remove_orphans(&mut self, after_power_cut: bool) -> Result {
        if self.state.orphans == 0 {
            return Ok(());
        }
        for is_second in [false, true] {
            if is_second && !after_power_cut {
                break;
            }
            // Each round changes at most one pair and starts again: there is hardly ever more than one.
            let mut left = self.state.geometry.block_count;
            while self.fix_one(is_second)? {
                left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            }
        }
        self.state.orphans = 0;
        Ok(())
    }

    /// Fixes the first pair that is out of step; `false` when there is none.
    fn fix_one(&mut self, drops: bool) -> Result<bool> {
        let mut before = Metadata::before_all();
        let mut left = self.state.geometry.block_count;
        while !is_null(before.tail) {
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            if before.is_split {
                before = self.fetch(before.tail)?;
                continue;
            }
            let parent = self.parent(before.tail)?;
            match parent {
                Some((parent, id)) if !drops => {
                    let Struct::Directory(pair) = metadata::get_struct(&mut self.io, &parent, id)?
                    else {
                        return Err(Errno::EILSEQ);
                    };
                    if !equal_pair(pair, before.tail) {
                        self.replace_tail(&mut before, pair)?;
                        return Ok(true);
                    }
                }
                None if drops => {
                    let orphan = self.fetch(before.tail)?;
                    self.drop_pair(&mut before, &orphan)?;
                    return Ok(true);
                }
                _ => {}
            }
            before = self.fetch(before.tail)?;
        }
        Ok(false)
    }

    fn replace_tail(&mut self, before: &mut Metadata, pair: Pair) -> Result {
        let tail = two_words(pair);
        let change = Attribute::new(kind::SOFT_TAIL, NO_ID, &tail);
        match self.state.take_moved_from(before.pair) {
            Some(moved) => self.commit(before, &[Attribute::delete(moved), change]),
            None => self.commit(before, &[change]),
        }
    }

    /// Takes a pair, and what it contributes to the global state, out of the list.
    ///
    /// # Errors
    /// As [`Volume::commit`].
    pub(super) fn drop_pair(&mut self, before: &mut Metadata, dropped: &Metadata) -> Result {
        let state = self.contribution(dropped)?;
        self.absorb(state);
        let tail = two_words(dropped.tail);
        let change = [Attribute::new(dropped.tail_kind(), NO_ID, &tail)];
        let result = self.commit(before, &change);
        if result.is_err() {
            // Not dropped after all.
            self.absorb(state);
        }
        result
    }
}
