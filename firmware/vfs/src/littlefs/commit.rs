//! Changing metadata: a commit is appended to the log of a pair, or the pair is compacted with it.
//!
//! A commit takes effect with its checksum, all of it or nothing.

use super::cache::Io;
use super::disk::{
    DELETED, NO_ID, NULL_PAIR, Pair, Tag, class, crc, kind, same_pair, two_words, word,
};
use super::metadata::{self, Backwards, Metadata, Place, follow, mask};
use super::{Use, Volume};
use crate::{Errno, Result};

/// What a tag carries.
#[derive(Clone, Copy)]
pub(super) enum Data<'a> {
    None,
    Bytes(&'a [u8]),
    Disk(Place),
    /// Everything but the name that an entry of another pair (or of this one, before the commit) has.
    Moved(&'a Metadata, u16),
}

/// One change of a commit.
#[derive(Clone, Copy)]
pub(super) struct Attribute<'a> {
    pub(super) tag: Tag,
    pub(super) data: Data<'a>,
}

impl<'a> Attribute<'a> {
    pub(super) fn new(kind: u16, id: u16, bytes: &'a [u8]) -> Self {
        Self {
            tag: Tag::new(kind, id, bytes.len() as u32),
            data: Data::Bytes(bytes),
        }
    }

    pub(super) fn create(id: u16) -> Self {
        Self::new(kind::CREATE, id, &[])
    }

    pub(super) fn delete(id: u16) -> Self {
        Self::new(kind::DELETE, id, &[])
    }

    /// The user attribute goes away.
    pub(super) fn without(attribute: u8, id: u16) -> Self {
        Self {
            tag: Tag::new(kind::USER_ATTRIBUTE + u16::from(attribute), id, DELETED),
            data: Data::None,
        }
    }

    pub(super) fn moved(id: u16, from: &'a Metadata, from_id: u16) -> Self {
        Self {
            tag: Tag::new(kind::DIR_STRUCT, id, 0),
            data: Data::Moved(from, from_id),
        }
    }
}

/// How a commit went.
pub(super) enum Outcome {
    Done,
    /// The pair has a new block: whoever points to it has to learn that.
    Relocated,
    /// The pair is empty and not needed: this is the pair before it.
    Dropped(Metadata),
}

/// Writes tags into one block.
pub(super) struct Writer {
    pub(super) block: u32,
    pub(super) offset: u32,
    limit: u32,
    last: Tag,
    sum: u32,
}

impl Writer {
    /// Goes on where `metadata` ends.
    pub(super) fn after(io: &Io<'_>, metadata: &Metadata) -> Self {
        Self {
            block: metadata.pair[0],
            offset: metadata.end,
            limit: io.geometry.block_size - 8,
            last: metadata.end_tag,
            sum: u32::MAX,
        }
    }

    pub(super) fn bytes(&mut self, io: &mut Io<'_>, bytes: &[u8]) -> Result {
        io.program(self.block, self.offset, bytes)?;
        self.sum = crc(self.sum, bytes);
        self.offset += bytes.len() as u32;
        Ok(())
    }

    /// # Errors
    /// `ENOSPC` when the block is full; `EILSEQ` when it is bad; what the device reports.
    pub(super) fn tag(&mut self, io: &mut Io<'_>, tag: Tag, data: Data<'_>) -> Result {
        if self.offset + tag.disk_size() > self.limit {
            return Err(Errno::ENOSPC);
        }
        let stored = (tag.0 & 0x7fff_ffff) ^ self.last.0;
        self.bytes(io, &stored.to_be_bytes())?;
        match data {
            Data::Bytes(bytes) => self.bytes(io, bytes)?,
            Data::Disk(place) => {
                let mut done = 0;
                let len = tag.disk_size() - 4;
                let mut chunk = [0; 32];
                while done < len {
                    let count = (len - done).min(chunk.len() as u32);
                    let part = &mut chunk[..count as usize];
                    io.read(place.block, place.offset + done, part)?;
                    self.bytes(io, part)?;
                    done += count;
                }
            }
            Data::None | Data::Moved(..) => {}
        }
        self.last = Tag(tag.0 & 0x7fff_ffff);
        Ok(())
    }

    /// Ends the commit; returns where the next one goes and what its first tag is XORed with.
    ///
    /// # Errors
    /// As [`Writer::tag`].
    pub(super) fn finish(mut self, io: &mut Io<'_>, minor: u16) -> Result<(u32, Tag)> {
        let geometry = io.geometry;
        // Room for a forward checksum (12) and the checksum (8), then up to a unit of programming.
        let end = (self.offset + 20).min(geometry.block_size);
        let end = end.div_ceil(geometry.program_size) * geometry.program_size;
        while self.offset < end {
            let data = self.offset + 4;
            let mut next = (end - data).min(DELETED - 1) + data;
            if next < end {
                next = next.min(end - 20);
            }
            let mut leading = [0xff];
            if next >= end && next + geometry.program_size <= geometry.block_size {
                io.read(self.block, next, &mut leading)?;
                if minor > 0 {
                    let size = geometry.program_size;
                    let sum = io.crc(u32::MAX, self.block, next, size)?;
                    let bytes = two_words([size, sum]);
                    self.tag(
                        io,
                        Tag::new(kind::FORWARD_CRC, NO_ID, 8),
                        Data::Bytes(&bytes),
                    )?;
                }
            }
            // The next tag has to look invalid as long as its bytes are erased.
            let flip = u32::from(!leading[0] >> 7);
            let size = next - (self.offset + 4);
            let tag = Tag::new(kind::CRC + flip as u16, NO_ID, size);
            let stored = (tag.0 ^ self.last.0).to_be_bytes();
            self.sum = crc(self.sum, &stored);
            let mut bytes = [0; 8];
            bytes[..4].copy_from_slice(&stored);
            bytes[4..].copy_from_slice(&self.sum.to_le_bytes());
            io.program(self.block, self.offset, &bytes)?;
            self.offset = next;
            self.last = Tag(tag.0 ^ flip << 31);
            self.sum = u32::MAX;
        }
        io.flush()?;
        io.device.sync()?;
        Ok((self.offset, self.last))
    }
}

/// Which kinds of tags of an id were seen.
pub(super) struct Seen {
    pub(super) name: bool,
    pub(super) structure: bool,
    attributes: [u32; 8],
}

impl Seen {
    pub(super) fn nothing() -> Self {
        Self {
            name: false,
            structure: false,
            attributes: [0; 8],
        }
    }

    /// Whether the tag is the first of its kind.
    pub(super) fn is_first(&mut self, tag: Tag) -> bool {
        let seen = match tag.class() {
            class::NAME => core::mem::replace(&mut self.name, true),
            class::STRUCT => core::mem::replace(&mut self.structure, true),
            class::USER_ATTRIBUTE => {
                let word = &mut self.attributes[usize::from(tag.chunk() / 32)];
                let bit = 1 << (tag.chunk() % 32);
                let was = *word & bit != 0;
                *word |= bit;
                was
            }
            _ => true,
        };
        !seen
    }
}

/// Calls `each` with what makes up an entry, but for its name, newest first and each kind once.
pub(super) fn entry(
    io: &mut Io<'_>,
    metadata: &Metadata,
    id: u16,
    seen: &mut Seen,
    each: &mut dyn FnMut(&mut Io<'_>, Tag, Data<'_>) -> Result,
) -> Result {
    let mut log = Backwards::new(metadata);
    let mut id_then = id;
    while let Some((tag, place)) = log.previous(io)? {
        let is_kept = matches!(tag.class(), class::STRUCT | class::USER_ATTRIBUTE);
        if is_kept && tag.id() == id_then && seen.is_first(tag) && !tag.is_delete() {
            each(io, tag, Data::Disk(place))?;
        }
        if !follow(&mut id_then, tag) {
            break;
        }
    }
    Ok(())
}

impl Volume<'_> {
    /// What `metadata` contributes to the global state.
    pub(super) fn contribution(&mut self, metadata: &Metadata) -> Result<super::disk::GlobalState> {
        match metadata::get(&mut self.io, metadata, mask::ALL, kind::MOVE_STATE, NO_ID) {
            Ok((tag, place)) => {
                let mut bytes = [0; 12];
                let len = tag.size().min(12) as usize;
                self.io.read(place.block, place.offset, &mut bytes[..len])?;
                Ok(super::disk::GlobalState::read(&bytes))
            }
            Err(Errno::ENOENT) => Ok(super::disk::GlobalState::default()),
            Err(errno) => Err(errno),
        }
    }

    /// The change of the global state that waits for a commit.
    fn waiting(&self) -> super::disk::GlobalState {
        let state = &self.state;
        state.pending.xor(state.on_disk).xor(state.wanted())
    }

    /// What the pair has to contribute so that all of them make the wanted state; `None`: as it does now.
    pub(super) fn new_contribution(&mut self, metadata: &Metadata) -> Result<Option<[u8; 12]>> {
        let change = self.waiting();
        if change.is_zero() {
            return Ok(None);
        }
        let contribution = self.contribution(metadata)?;
        Ok(Some(contribution.xor(change).to_bytes()))
    }

    /// What the pair has to contribute when it is written anew; `None`: nothing.
    pub(super) fn whole_contribution(
        &mut self,
        metadata: &Metadata,
        with_change: bool,
    ) -> Result<Option<[u8; 12]>> {
        let mut contribution = self.contribution(metadata)?;
        if with_change {
            contribution = contribution.xor(self.waiting());
        }
        Ok((!contribution.is_zero()).then(|| contribution.to_bytes()))
    }

    /// The wanted global state is on disk now.
    pub(super) fn state_was_written(&mut self) {
        self.state.on_disk = self.state.wanted();
        self.state.pending = super::disk::GlobalState::default();
    }

    /// Makes a commit and everything that follows from it. `dir` is up to date afterwards; other copies of metadata
    /// may not be.
    ///
    /// # Errors
    /// `ENOSPC`; what the device reports. The commit was then not made, or what follows from it waits for
    /// [`Volume::make_consistent`].
    pub(super) fn commit(&mut self, dir: &mut Metadata, attributes: &[Attribute<'_>]) -> Result {
        let mut old_pair = dir.pair;
        let mut now = *dir;
        let mut outcome = self.commit_one(&mut now, attributes)?;
        *dir = now;
        if let Outcome::Dropped(before) = outcome {
            let state = self.contribution(&now)?;
            self.absorb(state);
            let tail = two_words(now.tail);
            let change = [Attribute::new(now.tail_kind(), NO_ID, &tail)];
            now = before;
            old_pair = now.pair;
            outcome = self.commit_one(&mut now, &change)?;
        }
        let mut has_orphans = false;
        let mut left = self.state.geometry.block_count;
        while matches!(outcome, Outcome::Relocated) {
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            outcome = self.after_relocation(&mut now, &mut old_pair, &mut has_orphans)?;
        }
        if same_pair(dir.pair, old_pair) {
            *dir = now;
        }
        if has_orphans {
            self.remove_orphans(false)?;
        }
        Ok(())
    }

    /// Tells parent and predecessor that `old_pair` is `now` from now on.
    fn after_relocation(
        &mut self,
        now: &mut Metadata,
        old_pair: &mut Pair,
        has_orphans: &mut bool,
    ) -> Result<Outcome> {
        let new_pair = two_words(now.pair);
        if same_pair(*old_pair, self.state.root) {
            self.state.root = now.pair;
        }
        for slot in self.open.iter_mut().filter(|slot| !slot.is_free()) {
            if same_pair(slot.pair, *old_pair) {
                slot.pair = now.pair;
            }
            if same_pair(slot.head_pair, *old_pair) {
                slot.head_pair = now.pair;
            }
        }
        let parent = self.parent(*old_pair)?;
        if let Some((mut parent, mut id)) = parent {
            // Until the predecessor knows it too the list of pairs is out of step.
            self.state.orphans += 1;
            let pair = parent.pair;
            let outcome = match self.state.take_moved_from(pair) {
                Some(moved) => {
                    if moved < id {
                        id -= 1;
                    }
                    let change = Attribute::new(kind::DIR_STRUCT, id, &new_pair);
                    self.commit_one(&mut parent, &[Attribute::delete(moved), change])?
                }
                None => {
                    let change = Attribute::new(kind::DIR_STRUCT, id, &new_pair);
                    self.commit_one(&mut parent, &[change])?
                }
            };
            if matches!(outcome, Outcome::Relocated) {
                *has_orphans = true;
                (*old_pair, *now) = (pair, parent);
                return Ok(outcome);
            }
        }
        let Some(mut before) = self.predecessor(*old_pair)? else {
            return Ok(Outcome::Done);
        };
        if parent.is_some() {
            self.state.orphans -= 1;
        }
        let pair = before.pair;
        let change = Attribute::new(before.tail_kind(), NO_ID, &new_pair);
        let outcome = match self.state.take_moved_from(pair) {
            Some(moved) => self.commit_one(&mut before, &[Attribute::delete(moved), change])?,
            None => self.commit_one(&mut before, &[change])?,
        };
        if matches!(outcome, Outcome::Relocated) {
            (*old_pair, *now) = (pair, before);
        }
        Ok(outcome)
    }

    /// Makes a commit in one pair.
    fn commit_one(&mut self, dir: &mut Metadata, attributes: &[Attribute<'_>]) -> Result<Outcome> {
        let before = *dir;
        let mut after = *dir;
        let (mut has_delete, mut has_tail) = (false, false);
        for attribute in attributes {
            match attribute.tag.class() {
                class::SPLICE if attribute.tag.kind() == kind::CREATE => after.count += 1,
                class::SPLICE => {
                    has_delete = true;
                    after.count = after.count.checked_sub(1).ok_or(Errno::EILSEQ)?;
                }
                class::NAME => after.count = after.count.max(attribute.tag.id() + 1),
                class::TAIL => {
                    has_tail = true;
                    if let Data::Bytes(bytes) = attribute.data {
                        after.tail = [word(bytes, 0), word(bytes, 1)];
                        after.is_split = attribute.tag.chunk() & 1 == 1;
                    }
                }
                _ => {}
            }
        }
        if after.count >= NO_ID {
            return Err(Errno::ENOSPC);
        }
        let mut outcome = Outcome::Done;
        let is_empty = has_delete && !has_tail && after.count == 0;
        let previous = if is_empty {
            self.predecessor(dir.pair)?
        } else {
            None
        };
        if let Some(previous) = previous.filter(|previous| previous.is_split) {
            outcome = Outcome::Dropped(previous);
        } else {
            let appended = if dir.is_erased {
                self.append(&mut after, attributes)
            } else {
                Err(Errno::ENOSPC)
            };
            match appended {
                Ok(()) => self.state_was_written(),
                Err(Errno::ENOSPC | Errno::EILSEQ) => {
                    self.io.drop_program();
                    outcome = self.compact(&mut after, &before, attributes)?;
                }
                Err(errno) => {
                    self.io.drop_program();
                    return Err(errno);
                }
            }
        }
        *dir = after;
        self.update_slots(&before, &after, attributes)?;
        if let Outcome::Dropped(previous) = &outcome {
            // Whoever was listing the dropped pair is at the end of the directory.
            for slot in self.open.iter_mut().filter(|slot| !slot.is_free()) {
                if same_pair(slot.pair, before.pair) {
                    (slot.pair, slot.id) = (previous.pair, previous.count);
                }
            }
        }
        Ok(outcome)
    }

    /// Writes a commit at the end of the log.
    fn append(&mut self, dir: &mut Metadata, attributes: &[Attribute<'_>]) -> Result {
        let mut writer = Writer::after(&self.io, dir);
        for attribute in attributes {
            match attribute.data {
                Data::Moved(from, from_id) => {
                    let id = attribute.tag.id();
                    entry(
                        &mut self.io,
                        from,
                        from_id,
                        &mut Seen::nothing(),
                        &mut |io, tag, data| writer.tag(io, tag.with_id(id), data),
                    )?;
                }
                data => writer.tag(&mut self.io, attribute.tag, data)?,
            }
        }
        if let Some(bytes) = self.new_contribution(dir)? {
            let tag = Tag::new(kind::MOVE_STATE, NO_ID, 12);
            writer.tag(&mut self.io, tag, Data::Bytes(&bytes))?;
        }
        (dir.end, dir.end_tag) = writer.finish(&mut self.io, self.state.minor)?;
        // A block that is full to the brim has no erased bytes.
        dir.is_erased = dir.end < self.io.geometry.block_size;
        Ok(())
    }

    /// Lets the slots of open files and directories follow their entries.
    fn update_slots(
        &mut self,
        before: &Metadata,
        after: &Metadata,
        attributes: &[Attribute<'_>],
    ) -> Result {
        for index in 0..self.open.len() {
            let mut slot = self.open[index];
            if slot.is_free() {
                continue;
            }
            if slot.used == Use::Directory && same_pair(slot.head_pair, before.pair) {
                slot.head_pair = after.pair;
            }
            let mut is_here = !slot.is_moving && same_pair(slot.pair, before.pair);
            for attribute in attributes {
                let id = attribute.tag.id();
                if matches!(attribute.data, Data::Moved(..)) && slot.is_moving {
                    (slot.is_moving, is_here, slot.id) = (false, true, id);
                    continue;
                }
                match attribute.tag.splice() {
                    Some(true) if is_here && id <= slot.id => slot.id += 1,
                    Some(false) if is_here && id < slot.id => slot.id -= 1,
                    Some(false) if is_here && id == slot.id && slot.used == Use::File => {
                        slot.pair = NULL_PAIR;
                        is_here = false;
                    }
                    _ => {}
                }
            }
            if is_here {
                (slot.pair, slot.id) = self.place_after_split(after, slot.id)?;
            }
            self.open[index] = slot;
        }
        Ok(())
    }

    /// Where an id is after its pair may have been split.
    fn place_after_split(&mut self, after: &Metadata, mut id: u16) -> Result<(Pair, u16)> {
        let mut metadata = *after;
        let mut left = self.state.geometry.block_count;
        while id >= metadata.count && metadata.is_split {
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            // The superblock stays alone in its pair when the root moves on, and is in the root's too.
            if !same_pair(metadata.tail, self.state.root) {
                id -= metadata.count;
            }
            metadata = self.fetch(metadata.tail)?;
        }
        Ok((metadata.pair, id))
    }
}
