//! Compaction: the newest tags of a pair go to its other block, or, when they are many, to two pairs.
//!
//! Here also is where wear is spread: after so many erases a pair gives a block back for another one.

use super::Volume;
use super::commit::{Attribute, Data, Outcome, Seen, Writer, entry};
use super::disk::{
    NO_ID, SUPERBLOCK_PAIR, Tag, class, equal_pair, is_null, kind, same_pair, two_words,
};
use super::metadata::{self, Metadata, follow, mask};
use crate::{Errno, Result};

/// Ids of a compacted pair: those from `begin` up to `end`, `begin` becoming 0.
#[derive(Clone, Copy)]
struct Range {
    begin: u16,
    end: u16,
}

impl Volume<'_> {
    /// Writes all that `source` and the commit on top of it hold to `dir`, a copy of `source` with the new count and
    /// tail.
    pub(super) fn compact(
        &mut self,
        dir: &mut Metadata,
        source: &Metadata,
        attributes: &[Attribute<'_>],
    ) -> Result<Outcome> {
        let mut range = Range {
            begin: 0,
            end: dir.count,
        };
        loop {
            let split = self.where_to_split(source, attributes, range.end)?;
            if split == 0 {
                break;
            }
            let upper = Range {
                begin: split,
                end: range.end,
            };
            match self.split_off(dir, source, attributes, upper) {
                Ok(()) => range.end = split,
                // Too full is better than not at all.
                Err(Errno::ENOSPC) => break,
                Err(errno) => return Err(errno),
            }
        }
        let is_tired = self.needs_relocation(dir);
        let may_move = !equal_pair(dir.pair, SUPERBLOCK_PAIR);
        let is_root = same_pair(dir.pair, self.state.root);
        let mut has_moved = false;
        if is_tired && !may_move {
            has_moved = self.move_root_on(dir, source, attributes, &mut range)?;
        }
        let is_tired = is_tired && may_move;
        let outcome = self.write_somewhere(dir, source, attributes, range, is_tired)?;
        if has_moved && is_root {
            self.state.root = dir.tail;
        }
        Ok(outcome)
    }

    /// Leaves the superblock alone in its pair, so that the root can move.
    fn move_root_on(
        &mut self,
        dir: &mut Metadata,
        source: &Metadata,
        attributes: &[Attribute<'_>],
        range: &mut Range,
    ) -> Result<bool> {
        if self.used_blocks()? >= self.state.geometry.block_count / 2 || range.end < 2 {
            return Ok(false);
        }
        match self.split_off(dir, source, attributes, *range) {
            Ok(()) => {
                range.end = 1;
                Ok(true)
            }
            Err(Errno::ENOSPC) => Ok(false),
            Err(errno) => Err(errno),
        }
    }

    fn needs_relocation(&self, dir: &Metadata) -> bool {
        let cycles = self.state.block_cycles;
        // An odd number: both blocks of a pair get their turn.
        cycles > 0 && dir.revision.wrapping_add(1).is_multiple_of(cycles | 1)
    }

    /// From which id on entries should go to another pair; 0: from none.
    fn where_to_split(
        &mut self,
        source: &Metadata,
        attributes: &[Attribute<'_>],
        end: u16,
    ) -> Result<u16> {
        let geometry = self.io.geometry;
        let half =
            (geometry.block_size / 2).div_ceil(geometry.program_size) * geometry.program_size;
        // 40 bytes for a tail, a state, a removal and checksums.
        let limit = half.min(geometry.block_size - 40);
        let mut split = 0;
        while end - split > 1 {
            let mut size = 0;
            for id in split..end {
                self.whole_entry(source, attributes, id, &mut |_, tag, _| {
                    size += tag.disk_size();
                    Ok(())
                })?;
                if size > limit {
                    break;
                }
            }
            if end - split < 0xff && size <= limit {
                break;
            }
            split += (end - split) / 2;
        }
        Ok(split)
    }

    /// Moves the upper ids to a new pair that follows `dir`.
    fn split_off(
        &mut self,
        dir: &mut Metadata,
        source: &Metadata,
        attributes: &[Attribute<'_>],
        range: Range,
    ) -> Result {
        let mut upper = self.allocate_pair()?;
        upper.is_split = dir.is_split;
        upper.tail = dir.tail;
        self.write_until_good(&mut upper, source, attributes, range, false)?;
        dir.tail = upper.pair;
        dir.is_split = true;
        Ok(())
    }

    /// Two free blocks for a new pair.
    ///
    /// # Errors
    /// `ENOSPC`; what the device reports.
    pub(super) fn allocate_pair(&mut self) -> Result<Metadata> {
        let pair = [self.allocate()?, self.allocate()?];
        let mut bytes = [0; 4];
        // One block is not written now: what it holds must not look newer than what will be in the other.
        match self.io.read(pair[1], 0, &mut bytes) {
            Ok(()) | Err(Errno::EILSEQ) => {}
            Err(errno) => return Err(errno),
        }
        let mut revision = u32::from_le_bytes(bytes);
        let cycles = self.state.block_cycles;
        if cycles > 0 {
            revision = revision.wrapping_add((cycles | 1) - revision % (cycles | 1));
        }
        Ok(Metadata::empty([pair[1], pair[0]], revision))
    }

    /// A pair that holds nothing and is followed by `tail`, written to disk.
    ///
    /// # Errors
    /// As [`Volume::allocate_pair`].
    pub(super) fn new_pair(&mut self, tail: super::disk::Pair) -> Result<Metadata> {
        let mut dir = self.allocate_pair()?;
        let source = dir;
        dir.tail = tail;
        let range = Range { begin: 0, end: 0 };
        self.write_until_good(&mut dir, &source, &[], range, false)?;
        Ok(dir)
    }

    /// Formats: writes a first pair.
    ///
    /// # Errors
    /// What the device reports.
    pub(super) fn write_first(&mut self, attributes: &[Attribute<'_>]) -> Result {
        let source = Metadata::empty(SUPERBLOCK_PAIR, 0);
        let mut dir = source;
        let range = Range { begin: 0, end: 1 };
        self.write_block(&mut dir, &source, attributes, range, false)?;
        // Once more, to the other block: nothing that was there before can be taken for newer.
        let source = dir;
        self.write_block(&mut dir, &source, &[], range, false)
    }

    /// Writes until a block is good; each failure gives `dir` another second block.
    fn write_until_good(
        &mut self,
        dir: &mut Metadata,
        source: &Metadata,
        attributes: &[Attribute<'_>],
        range: Range,
        with_change: bool,
    ) -> Result {
        loop {
            match self.write_block(dir, source, attributes, range, with_change) {
                Err(Errno::EILSEQ) => dir.pair[1] = self.allocate()?,
                other => return other,
            }
        }
    }

    /// As [`Volume::write_until_good`], for a pair that others point to.
    fn write_somewhere(
        &mut self,
        dir: &mut Metadata,
        source: &Metadata,
        attributes: &[Attribute<'_>],
        range: Range,
        is_tired: bool,
    ) -> Result<Outcome> {
        let other = dir.pair[1];
        if is_tired {
            match self.allocate() {
                Ok(block) => dir.pair[1] = block,
                Err(Errno::ENOSPC) => {}
                Err(errno) => return Err(errno),
            }
        }
        loop {
            let is_relocated = dir.pair[1] != other;
            match self.write_block(dir, source, attributes, range, !is_relocated) {
                Ok(()) => {
                    if is_relocated {
                        return Ok(Outcome::Relocated);
                    }
                    self.state_was_written();
                    return Ok(Outcome::Done);
                }
                Err(Errno::EILSEQ) if equal_pair([dir.pair[0], other], SUPERBLOCK_PAIR) => {
                    // The superblock cannot move.
                    return Err(Errno::ENOSPC);
                }
                Err(Errno::EILSEQ) => dir.pair[1] = self.allocate()?,
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Writes the second block of `dir`, which becomes its first.
    fn write_block(
        &mut self,
        dir: &mut Metadata,
        source: &Metadata,
        attributes: &[Attribute<'_>],
        range: Range,
        with_change: bool,
    ) -> Result {
        self.io.drop_program();
        let result = self.try_write_block(dir, source, attributes, range, with_change);
        if result.is_err() {
            self.io.drop_program();
        }
        result
    }

    fn try_write_block(
        &mut self,
        dir: &mut Metadata,
        source: &Metadata,
        attributes: &[Attribute<'_>],
        range: Range,
        with_change: bool,
    ) -> Result {
        let mut after = *dir;
        after.pair = [dir.pair[1], dir.pair[0]];
        after.revision = dir.revision.wrapping_add(1);
        after.count = range.end - range.begin;
        self.io.erase(after.pair[0])?;
        let mut writer = Writer::after(&self.io, &Metadata::empty(after.pair, 0));
        writer.offset = 0;
        writer.bytes(&mut self.io, &after.revision.to_le_bytes())?;
        for id in range.begin..range.end {
            self.whole_entry(source, attributes, id, &mut |io, tag, data| {
                writer.tag(io, tag.with_id(id - range.begin), data)
            })?;
        }
        if !is_null(after.tail) {
            let bytes = two_words(after.tail);
            let tag = Tag::new(after.tail_kind(), NO_ID, 8);
            writer.tag(&mut self.io, tag, Data::Bytes(&bytes))?;
        }
        // A new pair starts without a part of the global state.
        let is_same = same_pair(dir.pair, source.pair);
        let contribution = if is_same {
            self.whole_contribution(source, with_change)?
        } else {
            None
        };
        if let Some(bytes) = contribution {
            let tag = Tag::new(kind::MOVE_STATE, NO_ID, 12);
            writer.tag(&mut self.io, tag, Data::Bytes(&bytes))?;
        }
        (after.end, after.end_tag) = writer.finish(&mut self.io, self.state.minor)?;
        after.is_erased = after.end < self.io.geometry.block_size;
        *dir = after;
        Ok(())
    }

    /// Calls `each` with the newest tags of an entry, the name first, as they are after the commit.
    fn whole_entry(
        &mut self,
        source: &Metadata,
        attributes: &[Attribute<'_>],
        id: u16,
        each: &mut dyn FnMut(&mut super::cache::Io<'_>, Tag, Data<'_>) -> Result,
    ) -> Result {
        self.name_of_entry(source, attributes, id, each)?;
        let mut seen = Seen::nothing();
        seen.name = true;
        let mut id_then = id;
        for attribute in attributes.iter().rev() {
            let tag = attribute.tag;
            if let Data::Moved(from, from_id) = attribute.data {
                if tag.id() == id_then {
                    entry(
                        &mut self.io,
                        from,
                        from_id,
                        &mut seen,
                        &mut |io, tag, data| each(io, tag.with_id(id), data),
                    )?;
                }
                continue;
            }
            let is_kept = matches!(tag.class(), class::STRUCT | class::USER_ATTRIBUTE);
            if is_kept && tag.id() == id_then && seen.is_first(tag) && !tag.is_delete() {
                each(&mut self.io, tag.with_id(id), attribute.data)?;
            }
            if !follow(&mut id_then, tag) {
                return Ok(());
            }
        }
        entry(
            &mut self.io,
            source,
            id_then,
            &mut seen,
            &mut |io, tag, data| each(io, tag.with_id(id), data),
        )
    }

    fn name_of_entry(
        &mut self,
        source: &Metadata,
        attributes: &[Attribute<'_>],
        id: u16,
        each: &mut dyn FnMut(&mut super::cache::Io<'_>, Tag, Data<'_>) -> Result,
    ) -> Result {
        let mut id_then = id;
        for attribute in attributes.iter().rev() {
            let tag = attribute.tag;
            if matches!(attribute.data, Data::Moved(..)) {
                continue;
            }
            if tag.class() == class::NAME && tag.id() == id_then {
                return each(&mut self.io, tag.with_id(id), attribute.data);
            }
            if !follow(&mut id_then, tag) {
                return Ok(());
            }
        }
        match metadata::get(&mut self.io, source, mask::CLASS, kind::REGULAR, id_then) {
            Ok((tag, place)) => each(&mut self.io, tag.with_id(id), Data::Disk(place)),
            Err(Errno::ENOENT) => Ok(()),
            Err(errno) => Err(errno),
        }
    }
}
