//! littlefs v2: survives a power cut at any moment, spreads wear, needs little memory.
//!
//! Reads and writes what the C library reads and writes (on-disk versions 2.0 and 2.1; a version is kept). The format
//! before that is in `v1`: with [`Options::major`] 1 the same calls work on it.
//! Nothing here owns a device or memory. What lives on between calls is plain data of the caller:
//!
//! - [`State`]: one mounted file system, and the buffer of `lookahead` bytes that goes with it;
//! - [`Slot`]: one open file or directory, in a slice that the caller may lengthen at any time, and one buffer
//!   of `cache` bytes for each open file. All slots are handed to every call, because a commit moves entries:
//!   the slots of whatever else is open follow, a file that is renamed stays open under its new name, one that
//!   is removed can be read to its end, and no block that an open file reads is given to another file.
//!
//! A call is made on a [`Volume`], which borrows all of it for that call:
//!
//! ```
//! use upy_vfs::littlefs::{Buffers, Mode, Options, Slot, State, Volume, format};
//! use upy_vfs::ram::RamDevice;
//!
//! let mut bytes = vec![0; 16 * 512];
//! let mut device = RamDevice::new(&mut bytes, 512)?;
//! let options = Options::default();
//! let (mut read, mut program, mut lookahead) = ([0; 128], [0; 128], [0; 32]);
//! let mut buffers = Buffers { read: &mut read, program: &mut program, lookahead: &mut lookahead };
//! format(&mut device, buffers.again(), &options)?;
//! let mut state = State::mount(&mut device, buffers.again(), &options)?;
//!
//! let mut open = [Slot::default(); 1];
//! let mut cache = [0; 128];
//! let mut volume = Volume::new(&mut state, &mut device, buffers, &mut open);
//! let mode = Mode { is_written: true, is_created: true, ..Mode::default() };
//! let file = volume.open(b"/hello.txt", mode, &mut cache)?;
//! volume.write(file, &mut cache, b"Hello")?;
//! volume.close(file, &mut cache, None)?;
//! assert_eq!(volume.stat(b"/hello.txt")?.size_bytes, 5);
//! # Ok::<(), upy_vfs::Errno>(())
//! ```

mod alloc;
mod cache;
mod check;
mod commit;
mod compact;
mod directory;
mod disk;
mod file;
mod format;
mod metadata;
mod move_state;
mod path;
mod skiplist;
#[cfg(test)]
mod tests;
mod v1;
mod write;

pub use check::Report;
pub use directory::{Entry, Kind};
pub use disk::{ATTRIBUTE_MAX, FILE_MAX, NAME_MAX};
pub use file::Mode;
pub use format::{format, format_version};

use cache::{Geometry, Io, Window};
use disk::{GlobalState, NULL_PAIR, Pair};
use metadata::{Metadata, Query};

use crate::{BlockDevice, Errno, Result};

/// How to use a device. The sizes are those of MicroPython's `VfsLfs2`.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Reads start at and are of multiples of this many bytes.
    pub read_size_bytes: u32,
    /// Programs start at and are of multiples of this many bytes.
    pub program_size_bytes: u32,
    /// A metadata block is given away for another after this many erases; 0: never.
    pub block_cycles: u32,
    /// Major version of the format: 2, or 1 with the feature `littlefs1`.
    pub major: u16,
    /// Caches should not be larger; they are as large as the larger of the sizes above at least.
    pub cache_limit_bytes: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_size_bytes: 32,
            program_size_bytes: 32,
            block_cycles: 100,
            major: 2,
            cache_limit_bytes: u32::MAX,
        }
    }
}

impl Options {
    /// Size that the read, program and file buffers should have for blocks of this size.
    ///
    /// ```
    /// assert_eq!(upy_vfs::littlefs::Options::default().cache_size_bytes(512), 128);
    /// ```
    #[must_use]
    pub fn cache_size_bytes(&self, block_size_bytes: u32) -> u32 {
        let unit = self.read_size_bytes.max(self.program_size_bytes);
        let fitting = [4, 2].into_iter().map(|times| unit.saturating_mul(times));
        let size = fitting.filter(|size| *size <= self.cache_limit_bytes).max();
        block_size_bytes.min(size.unwrap_or(unit))
    }

    fn geometry(&self, device: &dyn BlockDevice) -> Result<Geometry> {
        let block_size = device.block_size_bytes();
        Geometry {
            block_size,
            block_count: device.block_count(),
            read_size: self.read_size_bytes,
            program_size: self.program_size_bytes,
            cache_size: self.cache_size_bytes(block_size),
        }
        .check()
    }
}

/// Memory that is lent for a call.
#[derive(Debug)]
pub struct Buffers<'a> {
    /// At least [`Options::cache_size_bytes`].
    pub read: &'a mut [u8],
    /// At least [`Options::cache_size_bytes`].
    pub program: &'a mut [u8],
    /// One bit per block that is looked at in one go; goes with a [`State`] and keeps its content between calls.
    pub lookahead: &'a mut [u8],
}

impl Buffers<'_> {
    /// The same memory for a shorter time.
    pub fn again(&mut self) -> Buffers<'_> {
        Buffers {
            read: self.read,
            program: self.program,
            lookahead: self.lookahead,
        }
    }
}

/// Which blocks the lookahead buffer speaks of.
#[derive(Clone, Copy, Debug, Default)]
struct Lookahead {
    start: u32,
    /// How many blocks it covers.
    size: u32,
    next: u32,
    /// How many blocks may still be given out before one could be given out twice.
    left: u32,
}

/// One mounted file system.
#[derive(Clone, Debug)]
pub struct State {
    geometry: Geometry,
    block_cycles: u32,
    major: u16,
    minor: u16,
    name_max: u32,
    file_max: u32,
    attribute_max: u32,
    root: Pair,
    on_disk: GlobalState,
    /// What the global state should be, but for `orphans`.
    moved: Option<(Pair, u16)>,
    orphans: u8,
    /// Parts of the global state of pairs that were dropped.
    pending: GlobalState,
    lookahead: Lookahead,
}

impl State {
    /// Size of a block in bytes.
    #[must_use]
    pub fn block_size_bytes(&self) -> u32 {
        self.geometry.block_size
    }

    /// How many blocks the file system has; the device may have more.
    #[must_use]
    pub fn block_count(&self) -> u32 {
        self.geometry.block_count
    }

    /// Size of the buffer that each open file needs.
    #[must_use]
    pub fn cache_size_bytes(&self) -> u32 {
        self.geometry.cache_size
    }

    /// Longest file name in bytes.
    #[must_use]
    pub fn name_max_bytes(&self) -> u32 {
        self.name_max
    }

    /// On-disk version, major and minor.
    #[must_use]
    pub fn version(&self) -> (u16, u16) {
        (self.major, self.minor)
    }

    /// Whether it is of version 1; without the feature never, and its code goes.
    fn is_version_1(&self) -> bool {
        cfg!(feature = "littlefs1") && self.major == 1
    }

    fn wanted(&self) -> GlobalState {
        let mut wanted = GlobalState::default();
        wanted.has_orphans = self.orphans > 0;
        wanted.set_moved(self.moved);
        wanted
    }

    /// The id that has to go from `pair`; it is forgotten here because it goes with the next commit.
    fn take_moved_from(&mut self, pair: Pair) -> Option<u16> {
        let id = self.wanted().moved_from(pair)?;
        self.moved = None;
        Some(id)
    }
}

/// What a slot is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Use {
    #[default]
    Free,
    File,
    Directory,
}

/// One open file or directory. Plain data; [`Slot::default`] is free.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    used: Use,
    /// Where the entry is; null once it was removed.
    pair: Pair,
    id: u16,
    /// Directory: the pair it starts with.
    head_pair: Pair,
    /// The entry is being renamed.
    is_moving: bool,
    mode: Mode,
    is_inline: bool,
    is_dirty: bool,
    /// The cache holds bytes that are to be programmed to `block`.
    is_writing: bool,
    /// The cache holds bytes that were read.
    is_reading: bool,
    /// A write failed: what is on disk stays.
    has_failed: bool,
    /// Skip list: the last block.
    head: u32,
    size: u32,
    position: u32,
    /// Being written or read: the block, the offset in it, and what of the list comes before the block.
    block: u32,
    offset: u32,
    chain: (u32, u32),
    window: Window,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            used: Use::Free,
            pair: NULL_PAIR,
            id: 0,
            head_pair: NULL_PAIR,
            is_moving: false,
            mode: Mode::default(),
            is_inline: false,
            is_dirty: false,
            is_writing: false,
            is_reading: false,
            has_failed: false,
            head: u32::MAX,
            size: 0,
            position: 0,
            block: u32::MAX,
            offset: 0,
            chain: (u32::MAX, 0),
            window: Window::EMPTY,
        }
    }
}

impl Slot {
    /// Whether nothing is open here.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.used == Use::Free
    }
}

/// An open file: which slot is its.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHandle(pub u16);

/// An open directory: which slot is its.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryHandle(pub u16);

/// A file system with all that it needs for the time of a call.
pub struct Volume<'a> {
    state: &'a mut State,
    io: Io<'a>,
    lookahead: &'a mut [u8],
    open: &'a mut [Slot],
}

impl<'a> Volume<'a> {
    /// Puts together what belongs together.
    ///
    /// # Panics
    /// When the read or program buffer is smaller than [`State::cache_size_bytes`].
    pub fn new(
        state: &'a mut State,
        device: &'a mut dyn BlockDevice,
        buffers: Buffers<'a>,
        open: &'a mut [Slot],
    ) -> Self {
        let io = Io::new(device, state.geometry, buffers.read, buffers.program);
        Self {
            state,
            io,
            lookahead: buffers.lookahead,
            open,
        }
    }

    fn fetch(&mut self, pair: Pair) -> Result<Metadata> {
        Ok(metadata::fetch(&mut self.io, pair, Query::Nothing, self.state.minor)?.0)
    }

    fn free_slot(&mut self) -> Result<usize> {
        let index = self.open.iter().position(Slot::is_free);
        index
            .filter(|index| u16::try_from(*index).is_ok())
            .ok_or(Errno::EMFILE)
    }

    /// Walks over all metadata pairs; `visit` says whether to stop.
    fn each_pair(&mut self, mut visit: impl FnMut(&mut Self, &Metadata) -> Result<bool>) -> Result {
        let mut next = disk::SUPERBLOCK_PAIR;
        let mut left = self.state.geometry.block_count;
        while !disk::is_null(next) {
            // A list that leads back into itself is a damaged one.
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            let metadata = self.fetch(next)?;
            if visit(self, &metadata)? {
                break;
            }
            next = metadata.tail;
        }
        Ok(())
    }
}
