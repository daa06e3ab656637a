//! What littlefs looks like on disk: tags, checksums, the superblock and the global state. All offsets are here.
//!
//! Source: littlefs `SPEC.md`, on-disk versions 2.0 and 2.1.
//!
//! ```text
//! metadata block: [revision u32 LE] then commits: [tag u32 BE, XORed with the one before][data]… [crc tag][crc u32 LE][padding]
//! tag:            [invalid 1][type 11 = class 3 + chunk 8][id 10][size 10]
//! ```

use crate::{Errno, Result};

/// Two blocks that hold one piece of metadata; the one with the newer revision counts.
pub(crate) type Pair = [u32; 2];

/// A pair that points nowhere.
pub(crate) const NULL_PAIR: Pair = [u32::MAX; 2];
/// Where the superblock is.
pub(crate) const SUPERBLOCK_PAIR: Pair = [0, 1];
/// The id of tags that belong to no file.
pub(crate) const NO_ID: u16 = 0x3ff;
/// The size of a tag that says that something is deleted; the largest size of data is one less.
pub(crate) const DELETED: u32 = 0x3ff;
/// Longest file name in bytes.
pub const NAME_MAX: usize = 255;
/// Largest file in bytes.
pub const FILE_MAX: u32 = 0x7fff_ffff;
/// Largest attribute in bytes.
pub const ATTRIBUTE_MAX: u32 = 1022;
/// The name of the superblock's entry.
pub(crate) const MAGIC: &[u8; 8] = b"littlefs";
/// On-disk major version.
pub(crate) const MAJOR: u16 = 2;
/// Newest on-disk minor version that is understood, and the one that is made.
pub(crate) const MINOR: u16 = 1;

/// Types of tags.
pub(crate) mod kind {
    pub(crate) const REGULAR: u16 = 0x001;
    pub(crate) const DIRECTORY: u16 = 0x002;
    pub(crate) const SUPERBLOCK: u16 = 0x0ff;
    pub(crate) const DIR_STRUCT: u16 = 0x200;
    pub(crate) const INLINE_STRUCT: u16 = 0x201;
    pub(crate) const CTZ_STRUCT: u16 = 0x202;
    pub(crate) const USER_ATTRIBUTE: u16 = 0x300;
    pub(crate) const CREATE: u16 = 0x401;
    pub(crate) const DELETE: u16 = 0x4ff;
    pub(crate) const CRC: u16 = 0x500;
    pub(crate) const FORWARD_CRC: u16 = 0x5ff;
    pub(crate) const SOFT_TAIL: u16 = 0x600;
    pub(crate) const MOVE_STATE: u16 = 0x7ff;
}

/// Classes of tags: the upper three bits of the type.
pub(crate) mod class {
    pub(crate) const NAME: u16 = 0;
    pub(crate) const STRUCT: u16 = 2;
    pub(crate) const USER_ATTRIBUTE: u16 = 3;
    pub(crate) const SPLICE: u16 = 4;
    pub(crate) const CRC: u16 = 5;
    pub(crate) const TAIL: u16 = 6;
}

/// One tag, after the XOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag(pub(crate) u32);

impl Tag {
    pub(crate) const fn new(kind: u16, id: u16, size: u32) -> Self {
        Self((kind as u32) << 20 | (id as u32) << 10 | size)
    }

    pub(crate) const fn is_valid(self) -> bool {
        self.0 & 0x8000_0000 == 0
    }

    /// The eleven bits of the type.
    pub(crate) const fn kind(self) -> u16 {
        (self.0 >> 20 & 0x7ff) as u16
    }

    /// The upper three bits of the type.
    pub(crate) const fn class(self) -> u16 {
        self.kind() >> 8
    }

    /// The lower eight bits of the type.
    pub(crate) const fn chunk(self) -> u8 {
        (self.0 >> 20 & 0xff) as u8
    }

    pub(crate) const fn id(self) -> u16 {
        (self.0 >> 10 & 0x3ff) as u16
    }

    pub(crate) const fn size(self) -> u32 {
        self.0 & 0x3ff
    }

    pub(crate) const fn is_delete(self) -> bool {
        self.size() == DELETED
    }

    /// Bytes on disk, the tag itself included.
    pub(crate) const fn disk_size(self) -> u32 {
        if self.is_delete() { 4 } else { 4 + self.size() }
    }

    pub(crate) const fn is_crc(self) -> bool {
        self.kind() & 0x780 == kind::CRC
    }

    /// The same tag for another file.
    pub(crate) const fn with_id(self, id: u16) -> Self {
        Self(self.0 & !(0x3ff << 10) | (id as u32) << 10)
    }

    /// Whether it inserts (`Some(true)`) or removes (`Some(false)`) an id.
    pub(crate) const fn splice(self) -> Option<bool> {
        match self.kind() {
            kind::CREATE => Some(true),
            kind::DELETE => Some(false),
            _ => None,
        }
    }
}

/// CRC-32, polynomial 0x04c11db7 reflected, no final inversion.
pub(crate) fn crc(mut crc: u32, data: &[u8]) -> u32 {
    const TABLE: [u32; 16] = {
        let mut table = [0u32; 16];
        let mut index = 0;
        while index < 16 {
            let mut value = index as u32;
            let mut bit = 0;
            while bit < 4 {
                value = if value & 1 == 1 {
                    value >> 1 ^ 0xedb8_8320
                } else {
                    value >> 1
                };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    for byte in data {
        crc = crc >> 4 ^ TABLE[((crc ^ u32::from(*byte)) & 15) as usize];
        crc = crc >> 4 ^ TABLE[((crc ^ u32::from(*byte) >> 4) & 15) as usize];
    }
    crc
}

/// Whether two pairs have a block in common: a pair that was moved keeps one of its blocks.
pub(crate) fn same_pair(a: Pair, b: Pair) -> bool {
    a[0] == b[0] || a[0] == b[1] || a[1] == b[0] || a[1] == b[1]
}

/// Whether two pairs are of the same blocks.
pub(crate) fn equal_pair(a: Pair, b: Pair) -> bool {
    a == b || a == [b[1], b[0]]
}

/// Whether the pair points nowhere.
pub(crate) fn is_null(pair: Pair) -> bool {
    pair[0] == u32::MAX || pair[1] == u32::MAX
}

pub(crate) fn word(bytes: &[u8], index: usize) -> u32 {
    let mut word = [0; 4];
    for (to, from) in word.iter_mut().zip(bytes.iter().skip(index * 4)) {
        *to = *from;
    }
    u32::from_le_bytes(word)
}

pub(crate) fn put_word(bytes: &mut [u8], index: usize, value: u32) {
    for (to, from) in bytes.iter_mut().skip(index * 4).zip(value.to_le_bytes()) {
        *to = from;
    }
}

/// A pair, or a head and a size, as stored.
pub(crate) fn two_words(words: [u32; 2]) -> [u8; 8] {
    let mut bytes = [0; 8];
    put_word(&mut bytes, 0, words[0]);
    put_word(&mut bytes, 1, words[1]);
    bytes
}

/// The XOR of these over all metadata pairs tells of unfinished work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct GlobalState {
    /// The list of metadata pairs may be out of step with the tree.
    pub(crate) has_orphans: bool,
    /// The delete tag of a file that was moved away; 0 when none.
    tag: u32,
    pair: [u32; 2],
}

impl GlobalState {
    pub(crate) fn read(bytes: &[u8; 12]) -> Self {
        let tag = word(bytes, 0);
        Self {
            has_orphans: tag >> 31 != 0,
            tag: tag & 0x7fff_fc00,
            pair: [word(bytes, 1), word(bytes, 2)],
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        put_word(&mut bytes, 0, self.tag | u32::from(self.has_orphans) << 31);
        put_word(&mut bytes, 1, self.pair[0]);
        put_word(&mut bytes, 2, self.pair[1]);
        bytes
    }

    pub(crate) fn xor(self, other: Self) -> Self {
        Self {
            has_orphans: self.has_orphans ^ other.has_orphans,
            tag: self.tag ^ other.tag,
            pair: [self.pair[0] ^ other.pair[0], self.pair[1] ^ other.pair[1]],
        }
    }

    pub(crate) fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// The file that is also somewhere else and has to go here.
    pub(crate) fn moved(self) -> Option<(Pair, u16)> {
        let tag = Tag(self.tag);
        (tag.kind() != 0).then_some((self.pair, tag.id()))
    }

    /// The id that has to go from `pair`, if one has.
    pub(crate) fn moved_from(self, pair: Pair) -> Option<u16> {
        let (source, id) = self.moved()?;
        same_pair(source, pair).then_some(id)
    }

    pub(crate) fn set_moved(&mut self, source: Option<(Pair, u16)>) {
        (self.tag, self.pair) = match source {
            Some((pair, id)) => (Tag::new(kind::DELETE, id, 0).0, pair),
            None => (0, [0; 2]),
        };
    }
}

/// What the superblock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Superblock {
    pub(crate) minor: u16,
    pub(crate) block_size_bytes: u32,
    pub(crate) block_count: u32,
    pub(crate) name_max: u32,
    pub(crate) file_max: u32,
    pub(crate) attribute_max: u32,
}

impl Superblock {
    /// # Errors
    /// `EINVAL` for a version or limits that are not understood.
    pub(crate) fn read(bytes: &[u8; 24]) -> Result<Self> {
        let version = word(bytes, 0);
        let this = Self {
            minor: (version & 0xffff) as u16,
            block_size_bytes: word(bytes, 1),
            block_count: word(bytes, 2),
            name_max: word(bytes, 3),
            file_max: word(bytes, 4),
            attribute_max: word(bytes, 5),
        };
        let is_known = version >> 16 == u32::from(MAJOR)
            && this.minor <= MINOR
            && this.name_max <= NAME_MAX as u32
            && this.file_max <= FILE_MAX
            && this.attribute_max <= ATTRIBUTE_MAX;
        if is_known {
            Ok(this)
        } else {
            Err(Errno::EINVAL)
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        put_word(
            &mut bytes,
            0,
            u32::from(MAJOR) << 16 | u32::from(self.minor),
        );
        put_word(&mut bytes, 1, self.block_size_bytes);
        put_word(&mut bytes, 2, self.block_count);
        put_word(&mut bytes, 3, self.name_max);
        put_word(&mut bytes, 4, self.file_max);
        put_word(&mut bytes, 5, self.attribute_max);
        bytes
    }
}
