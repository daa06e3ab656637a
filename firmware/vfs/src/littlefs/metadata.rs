//! Metadata pairs: finding the newer block of a pair, and reading its log of tags in both directions.

use super::cache::Io;
use super::disk::{self, NO_ID, NULL_PAIR, Pair, Tag, class, crc, is_null, kind, same_pair, word};
use crate::{Errno, Result};
use core::cmp::Ordering;

/// A metadata pair as it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metadata {
    /// The block that counts comes first.
    pub(crate) pair: Pair,
    pub(crate) revision: u32,
    /// Where the next commit goes, in bytes.
    pub(crate) end: u32,
    /// What the next tag is XORed with.
    pub(crate) end_tag: Tag,
    /// How many ids there are.
    pub(crate) count: u16,
    /// Whether the bytes at `end` were never programmed.
    pub(crate) is_erased: bool,
    /// Whether `tail` goes on with the same directory.
    pub(crate) is_split: bool,
    pub(crate) tail: Pair,
}

impl Metadata {
    /// A pair that holds nothing yet.
    pub(crate) fn empty(pair: Pair, revision: u32) -> Self {
        Self {
            pair,
            revision,
            end: 4,
            end_tag: Tag(u32::MAX),
            count: 0,
            is_erased: false,
            is_split: false,
            tail: NULL_PAIR,
        }
    }

    /// What leads to the first pair of all.
    pub(crate) fn before_all() -> Self {
        let mut this = Self::empty(NULL_PAIR, 0);
        this.is_split = true;
        this.tail = disk::SUPERBLOCK_PAIR;
        this
    }

    /// The type of the tag that `tail` is stored with.
    pub(crate) fn tail_kind(&self) -> u16 {
        kind::SOFT_TAIL + u16::from(self.is_split)
    }
}

/// What to look for while a pair is read.
#[derive(Clone, Copy)]
pub(crate) enum Query<'a> {
    Nothing,
    /// The entry with this name.
    Name(&'a [u8]),
    /// The entry of the directory that starts with this pair.
    Directory(Pair),
}

/// What a [`Query`] found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answer {
    /// The entry, and the type of its name tag (`Query::Name` only).
    pub(crate) found: Option<(u16, u16)>,
    /// Where an entry of the name would have to be inserted.
    pub(crate) insert_at: u16,
    /// XOR of all checksums: a number that differs from mount to mount.
    pub(crate) seed: u32,
}

/// What is known after some tags; the state after the last complete commit counts.
#[derive(Clone, Copy)]
struct Progress {
    count: u16,
    is_split: bool,
    tail: Pair,
    answer: Answer,
    forward_crc: Option<(u32, u32)>,
}

/// Whether `a` is the same as or newer than `b`.
fn is_newer(a: u32, b: u32) -> bool {
    a.wrapping_sub(b) as i32 >= 0
}

/// Reads a pair and answers the query on the way.
///
/// # Errors
/// `EILSEQ` when neither block holds a commit; what the device reports.
pub(crate) fn fetch(
    io: &mut Io<'_>,
    pair: Pair,
    query: Query<'_>,
    minor: u16,
) -> Result<(Metadata, Answer)> {
    if pair.iter().any(|block| *block >= io.geometry.block_count) || pair[0] == pair[1] {
        return Err(Errno::EILSEQ);
    }
    let mut revisions = [None; 2];
    for (revision, block) in revisions.iter_mut().zip(pair) {
        let mut bytes = [0; 4];
        match io.read(block, 0, &mut bytes) {
            Ok(()) => *revision = Some(word(&bytes, 0)),
            Err(Errno::EILSEQ) => {}
            Err(errno) => return Err(errno),
        }
    }
    let second_first = match revisions {
        [Some(first), Some(second)] => !is_newer(first, second),
        [None, Some(_)] => true,
        _ => false,
    };
    let order = if second_first { [1, 0] } else { [0, 1] };
    for index in order {
        let Some(revision) = revisions[index] else {
            continue;
        };
        let pair = [pair[index], pair[1 - index]];
        match scan(io, Metadata::empty(pair, revision), query, minor) {
            Ok(Some(found)) => return Ok(found),
            Ok(None) | Err(Errno::EILSEQ) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::EILSEQ)
}

/// Reads one block forwards; `None` when it holds no complete commit.
fn scan(
    io: &mut Io<'_>,
    mut metadata: Metadata,
    query: Query<'_>,
    minor: u16,
) -> Result<Option<(Metadata, Answer)>> {
    let block = metadata.pair[0];
    let mut now = Progress {
        count: 0,
        is_split: false,
        tail: NULL_PAIR,
        answer: Answer::default(),
        forward_crc: None,
    };
    let mut committed: Option<Progress> = None;
    let mut offset = 4;
    let mut last = Tag(u32::MAX);
    let mut sum = crc(u32::MAX, &metadata.revision.to_le_bytes());
    let mut may_be_erased = false;
    while offset + 4 <= io.geometry.block_size {
        let mut bytes = [0; 4];
        io.read(block, offset, &mut bytes)?;
        let tag = Tag(u32::from_be_bytes(bytes) ^ last.0);
        if !tag.is_valid() {
            may_be_erased = committed.is_some() && offset == metadata.end;
            break;
        }
        if offset + tag.disk_size() > io.geometry.block_size {
            break;
        }
        sum = crc(sum, &bytes);
        last = tag;
        if tag.is_crc() {
            let mut stored = [0; 4];
            if tag.size() < 4 || tag.is_delete() {
                break;
            }
            io.read(block, offset + 4, &mut stored)?;
            if word(&stored, 0) != sum {
                break;
            }
            last.0 ^= u32::from(tag.chunk() & 1) << 31;
            now.answer.seed ^= sum;
            offset += tag.disk_size();
            metadata.end = offset;
            metadata.end_tag = last;
            committed = Some(now);
            sum = u32::MAX;
            continue;
        }
        // A forward checksum counts only when nothing follows its commit.
        now.forward_crc = None;
        if let Some(earlier) = &mut committed {
            earlier.forward_crc = None;
        }
        sum = io.crc(sum, block, offset + 4, tag.disk_size() - 4)?;
        note(io, &mut now, tag, block, offset + 4, query)?;
        offset += tag.disk_size();
    }
    let Some(found) = committed else {
        return Ok(None);
    };
    metadata.count = found.count;
    metadata.is_split = found.is_split;
    metadata.tail = found.tail;
    let at_unit = metadata.end.is_multiple_of(io.geometry.program_size);
    metadata.is_erased = may_be_erased && at_unit && is_erased(io, &metadata, found, minor)?;
    Ok(Some((metadata, found.answer)))
}

fn is_erased(io: &mut Io<'_>, metadata: &Metadata, found: Progress, minor: u16) -> Result<bool> {
    // Version 2.0 knows no forward checksums: the invalid tag has to do.
    let Some((size, expected)) = found.forward_crc else {
        return Ok(minor == 0);
    };
    let end = metadata.end.checked_add(size);
    if end.is_none_or(|end| end > io.geometry.block_size) {
        return Ok(false);
    }
    let sum = io.crc(u32::MAX, metadata.pair[0], metadata.end, size)?;
    Ok(sum == expected)
}

/// Takes one tag into account.
fn note(
    io: &mut Io<'_>,
    now: &mut Progress,
    tag: Tag,
    block: u32,
    data: u32,
    query: Query<'_>,
) -> Result {
    match tag.class() {
        class::NAME => {
            now.count = now.count.max(tag.id().saturating_add(1).min(NO_ID));
            note_name(io, &mut now.answer, tag, block, data, query)?;
        }
        class::STRUCT => {
            if let Query::Directory(pair) = query {
                let mut bytes = [0; 8];
                let is_it = tag.kind() == kind::DIR_STRUCT && tag.size() == 8 && {
                    io.read(block, data, &mut bytes)?;
                    same_pair([word(&bytes, 0), word(&bytes, 1)], pair)
                };
                if is_it {
                    now.answer.found = Some((tag.id(), tag.kind()));
                } else if now.answer.found.is_some_and(|(id, _)| id == tag.id()) {
                    now.answer.found = None;
                }
            }
        }
        class::SPLICE => note_splice(now, tag)?,
        class::TAIL => {
            let mut bytes = [0; 8];
            if tag.size() != 8 {
                return Err(Errno::EILSEQ);
            }
            io.read(block, data, &mut bytes)?;
            now.tail = [word(&bytes, 0), word(&bytes, 1)];
            now.is_split = tag.chunk() & 1 == 1 && !is_null(now.tail);
        }
        class::CRC if tag.kind() == kind::FORWARD_CRC && tag.size() == 8 => {
            let mut bytes = [0; 8];
            io.read(block, data, &mut bytes)?;
            now.forward_crc = Some((word(&bytes, 0), word(&bytes, 1)));
        }
        _ => {}
    }
    Ok(())
}

fn note_splice(now: &mut Progress, tag: Tag) -> Result {
    let answer = &mut now.answer;
    match tag.splice() {
        Some(true) => {
            now.count = (now.count + 1).min(NO_ID);
            if let Some((id, _)) = &mut answer.found
                && *id >= tag.id()
            {
                *id += 1;
            }
            if answer.insert_at > tag.id() {
                answer.insert_at += 1;
            }
        }
        Some(false) => {
            now.count = now.count.checked_sub(1).ok_or(Errno::EILSEQ)?;
            match &mut answer.found {
                Some((id, _)) if *id == tag.id() => answer.found = None,
                Some((id, _)) if *id > tag.id() => *id -= 1,
                _ => {}
            }
            if answer.insert_at > tag.id() {
                answer.insert_at -= 1;
            }
        }
        None => {}
    }
    Ok(())
}

fn note_name(
    io: &mut Io<'_>,
    answer: &mut Answer,
    tag: Tag,
    block: u32,
    data: u32,
    query: Query<'_>,
) -> Result {
    let Query::Name(wanted) = query else {
        return Ok(());
    };
    if tag.kind() == kind::SUPERBLOCK {
        answer.insert_at = answer.insert_at.max(tag.id() + 1);
        return Ok(());
    }
    match compare(io, block, data, tag.size(), wanted)? {
        Ordering::Less => answer.insert_at = answer.insert_at.max(tag.id() + 1),
        Ordering::Equal => answer.found = Some((tag.id(), tag.kind())),
        Ordering::Greater => {}
    }
    Ok(())
}

/// Compares a name on disk with another one.
fn compare(io: &mut Io<'_>, block: u32, data: u32, size: u32, wanted: &[u8]) -> Result<Ordering> {
    let mut chunk = [0; 16];
    let mut done = 0;
    while done < size as usize && done < wanted.len() {
        let count = chunk
            .len()
            .min(size as usize - done)
            .min(wanted.len() - done);
        let part = &mut chunk[..count];
        io.read(block, data + done as u32, part)?;
        match (*part).cmp(&wanted[done..done + count]) {
            Ordering::Equal => done += count,
            other => return Ok(other),
        }
    }
    // Of two names that begin alike the longer one comes first.
    Ok(wanted.len().cmp(&(size as usize)))
}

/// Where the data of a tag are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) block: u32,
    pub(crate) offset: u32,
}

/// Reads the log of one block backwards, newest tag first.
#[derive(Clone, Copy)]
pub(crate) struct Backwards {
    block: u32,
    offset: u32,
    next: Tag,
}

impl Backwards {
    pub(crate) fn new(metadata: &Metadata) -> Self {
        Self {
            block: metadata.pair[0],
            offset: metadata.end,
            next: metadata.end_tag,
        }
    }

    /// # Errors
    /// What the device reports.
    pub(crate) fn previous(&mut self, io: &mut Io<'_>) -> Result<Option<(Tag, Place)>> {
        let tag = Tag(self.next.0 & 0x7fff_ffff);
        let size = tag.disk_size();
        if self.offset < 4 + size {
            return Ok(None);
        }
        self.offset -= size;
        let mut bytes = [0; 4];
        io.prepare_backward(self.block, self.offset + 4)?;
        io.read(self.block, self.offset, &mut bytes)?;
        self.next = Tag((u32::from_be_bytes(bytes) ^ tag.0) & 0x7fff_ffff);
        let place = Place {
            block: self.block,
            offset: self.offset + 4,
        };
        Ok(Some((tag, place)))
    }
}

/// Follows an id backwards through insertions and removals.
///
/// Returns `false` where the id was created: nothing older belongs to it.
pub(crate) fn follow(id: &mut u16, tag: Tag) -> bool {
    match tag.splice() {
        Some(true) if tag.id() == *id => false,
        Some(true) => {
            if tag.id() < *id {
                *id -= 1;
            }
            true
        }
        Some(false) => {
            if tag.id() <= *id {
                *id += 1;
            }
            true
        }
        None => true,
    }
}

/// The newest tag of `id` whose type agrees with `kind` in the bits of `mask`.
///
/// # Errors
/// `ENOENT` when there is none or it is deleted; what the device reports.
pub(crate) fn get(
    io: &mut Io<'_>,
    metadata: &Metadata,
    mask: u16,
    kind: u16,
    id: u16,
) -> Result<(Tag, Place)> {
    let mut log = Backwards::new(metadata);
    let mut id_then = id;
    while let Some((tag, place)) = log.previous(io)? {
        if tag.kind() & mask == kind & mask && tag.id() == id_then {
            if tag.is_delete() {
                break;
            }
            return Ok((tag.with_id(id), place));
        }
        if id != NO_ID && !follow(&mut id_then, tag) {
            break;
        }
    }
    Err(Errno::ENOENT)
}

/// Masks for [`get`].
pub(crate) mod mask {
    /// The whole type.
    pub(crate) const ALL: u16 = 0x7ff;
    /// The class only.
    pub(crate) const CLASS: u16 = 0x700;
}

/// How a file or directory is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Struct {
    Directory(Pair),
    Inline { place: Place, size: u32 },
    List { head: u32, size: u32 },
}

/// How the entry `id` is stored.
///
/// # Errors
/// `EILSEQ` when that makes no sense; what the device reports.
pub(crate) fn get_struct(io: &mut Io<'_>, metadata: &Metadata, id: u16) -> Result<Struct> {
    let found = get(io, metadata, mask::CLASS, kind::DIR_STRUCT, id);
    let (tag, place) = found.map_err(|errno| match errno {
        Errno::ENOENT => Errno::EILSEQ,
        other => other,
    })?;
    if tag.kind() == kind::INLINE_STRUCT {
        return Ok(Struct::Inline {
            place,
            size: tag.size(),
        });
    }
    let mut bytes = [0; 8];
    if tag.size() < 8 {
        return Err(Errno::EILSEQ);
    }
    io.read(place.block, place.offset, &mut bytes)?;
    let words = [word(&bytes, 0), word(&bytes, 1)];
    match tag.kind() {
        kind::DIR_STRUCT => Ok(Struct::Directory(words)),
        kind::CTZ_STRUCT if words[1] <= disk::FILE_MAX => Ok(Struct::List {
            head: words[0],
            size: words[1],
        }),
        _ => Err(Errno::EILSEQ),
    }
}
