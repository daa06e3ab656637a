//! Making a file system, mounting one, making it larger.

use super::commit::Attribute;
use super::disk::{
    ATTRIBUTE_MAX, FILE_MAX, GlobalState, MAGIC, MAJOR, MINOR, NAME_MAX, SUPERBLOCK_PAIR,
    Superblock, kind,
};
use super::metadata::{self, Metadata, Query, mask};
use super::{Buffers, Lookahead, Options, State, Volume};
use crate::{BlockDevice, Errno, Result};

impl State {
    fn new(
        device: &dyn BlockDevice,
        buffers: &Buffers<'_>,
        options: &Options,
        minor: u16,
    ) -> Result<Self> {
        let geometry = options.geometry(device)?;
        let need = geometry.cache_size as usize;
        let is_enough = buffers.read.len() >= need && buffers.program.len() >= need;
        if !is_enough || buffers.lookahead.is_empty() || minor > MINOR {
            return Err(Errno::EINVAL);
        }
        // Version 1 keeps places in directories, in 16 bits.
        let is_small = geometry.block_size <= 1 << 16;
        if !(options.major == MAJOR
            || cfg!(feature = "littlefs1") && options.major == 1 && is_small)
        {
            return Err(Errno::EINVAL);
        }
        Ok(Self {
            geometry,
            major: options.major,
            block_cycles: options.block_cycles,
            minor,
            name_max: NAME_MAX as u32,
            file_max: FILE_MAX,
            attribute_max: ATTRIBUTE_MAX,
            root: SUPERBLOCK_PAIR,
            on_disk: GlobalState::default(),
            moved: None,
            orphans: 0,
            pending: GlobalState::default(),
            lookahead: Lookahead::default(),
        })
    }

    /// Mounts the file system that is on a device. Nothing is written.
    ///
    /// # Errors
    /// `EILSEQ` when there is none or it is damaged, `EINVAL` when it has a version, block size or size that does
    /// not fit, or buffers that are too small; what the device reports.
    pub fn mount(
        device: &mut dyn BlockDevice,
        buffers: Buffers<'_>,
        options: &Options,
    ) -> Result<Self> {
        let mut state = Self::new(device, &buffers, options, MINOR)?;
        if state.is_version_1() {
            return super::v1::mount(device, buffers, state);
        }
        let mut volume = Volume::new(&mut state, device, buffers, &mut []);
        volume.read_all_pairs()?;
        Ok(state)
    }
}

/// Makes an empty file system of the newest version on a device.
///
/// # Errors
/// `EINVAL` for sizes that do not fit or buffers that are too small; what the device reports.
pub fn format(device: &mut dyn BlockDevice, buffers: Buffers<'_>, options: &Options) -> Result {
    format_version(device, buffers, options, MINOR)
}

/// As [`format`], with on-disk version 2.`minor`: 0 for readers older than littlefs 2.6.
///
/// # Errors
/// As [`format`].
pub fn format_version(
    device: &mut dyn BlockDevice,
    buffers: Buffers<'_>,
    options: &Options,
    minor: u16,
) -> Result {
    let mut state = State::new(device, &buffers, options, minor)?;
    if state.is_version_1() {
        return super::v1::format(device, buffers, state);
    }
    let superblock = Superblock {
        minor,
        block_size_bytes: state.geometry.block_size,
        block_count: state.geometry.block_count,
        name_max: NAME_MAX as u32,
        file_max: FILE_MAX,
        attribute_max: ATTRIBUTE_MAX,
    };
    let bytes = superblock.to_bytes();
    let mut volume = Volume::new(&mut state, device, buffers, &mut []);
    volume.write_first(&[
        Attribute::create(0),
        Attribute::new(kind::SUPERBLOCK, 0, MAGIC),
        Attribute::new(kind::INLINE_STRUCT, 0, &bytes),
    ])
}

impl Volume<'_> {
    /// Finds root, limits and global state.
    fn read_all_pairs(&mut self) -> Result {
        let mut next = SUPERBLOCK_PAIR;
        let mut left = self.state.geometry.block_count;
        let mut seed = 0;
        let mut has_superblock = false;
        while !super::disk::is_null(next) {
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            let (dir, answer) =
                metadata::fetch(&mut self.io, next, Query::Nothing, self.state.minor)?;
            seed ^= answer.seed;
            if let Some(superblock) = self.superblock(&dir)? {
                has_superblock = true;
                self.take_superblock(superblock)?;
                self.state.root = dir.pair;
            }
            let contribution = self.contribution(&dir)?;
            self.state.on_disk = self.state.on_disk.xor(contribution);
            next = dir.tail;
        }
        if !has_superblock {
            return Err(Errno::EINVAL);
        }
        self.state.moved = self.state.on_disk.moved();
        self.state.orphans = u8::from(self.state.on_disk.has_orphans);
        self.state.lookahead = Lookahead {
            start: seed % self.state.geometry.block_count,
            ..Lookahead::default()
        };
        self.checkpoint();
        Ok(())
    }

    /// The superblock of a pair that has one.
    fn superblock(&mut self, dir: &Metadata) -> Result<Option<Superblock>> {
        let found = metadata::get(&mut self.io, dir, mask::ALL, kind::SUPERBLOCK, 0);
        let (tag, place) = match found {
            Ok(found) => found,
            Err(Errno::ENOENT) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        let mut magic = [0; 8];
        if tag.size() != 8 {
            return Ok(None);
        }
        self.io.read(place.block, place.offset, &mut magic)?;
        if magic != *MAGIC {
            return Ok(None);
        }
        let mut bytes = [0; 24];
        let (tag, place) = metadata::get(&mut self.io, dir, mask::ALL, kind::INLINE_STRUCT, 0)?;
        if tag.size() < 24 {
            return Err(Errno::EINVAL);
        }
        self.io.read(place.block, place.offset, &mut bytes)?;
        Superblock::read(&bytes).map(Some)
    }

    fn take_superblock(&mut self, superblock: Superblock) -> Result {
        let fits = superblock.block_size_bytes == self.state.geometry.block_size
            && superblock.block_count >= 2
            && superblock.block_count <= self.state.geometry.block_count;
        if !fits {
            return Err(Errno::EINVAL);
        }
        self.set_block_count(superblock.block_count);
        self.state.minor = superblock.minor;
        // 0 stands for the largest value that readers know.
        let or_all = |value: u32, all: u32| if value == 0 { all } else { value };
        self.state.name_max = or_all(superblock.name_max, NAME_MAX as u32);
        self.state.file_max = or_all(superblock.file_max, FILE_MAX);
        self.state.attribute_max = or_all(superblock.attribute_max, ATTRIBUTE_MAX);
        Ok(())
    }

    fn set_block_count(&mut self, count: u32) {
        self.state.geometry.block_count = count;
        self.io.geometry.block_count = count;
    }

    /// Makes the file system `block_count` blocks large, or as large as the device for 0.
    ///
    /// # Errors
    /// `EINVAL` when it is larger now, or the device is smaller, `EOPNOTSUPP` in version 1; what the device reports.
    pub fn grow(&mut self, block_count: u32) -> Result {
        if self.state.is_version_1() {
            return Err(Errno::EOPNOTSUPP);
        }
        let count = if block_count == 0 {
            self.io.device.block_count()
        } else {
            block_count
        };
        if count < self.state.geometry.block_count || count > self.io.device.block_count() {
            return Err(Errno::EINVAL);
        }
        if count == self.state.geometry.block_count {
            return Ok(());
        }
        self.make_consistent()?;
        let mut root = self.fetch(self.state.root)?;
        let Some(mut superblock) = self.superblock(&root)? else {
            return Err(Errno::EILSEQ);
        };
        superblock.block_count = count;
        let bytes = superblock.to_bytes();
        self.commit(&mut root, &[Attribute::new(kind::INLINE_STRUCT, 0, &bytes)])?;
        self.set_block_count(count);
        self.state.lookahead = Lookahead::default();
        self.checkpoint();
        Ok(())
    }
}
