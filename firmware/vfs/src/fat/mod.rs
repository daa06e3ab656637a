//! FAT with 12, 16 and 32 bits and long names, for SD cards and images that computers exchange.
//!
//! The device's block is the sector, and a sector can be programmed as it is: what has to be erased first is the
//! device's affair. As with [`littlefs`](crate::littlefs) nothing owns its device: a [`State`] and [`Slot`]s are plain
//! data of the caller, a [`Volume`] borrows all for one call. A power cut can lose what was written since the last
//! [`Volume::sync`], and leave clusters that belong to nothing: that is how FAT is.
//!
//! ```
//! use upy_vfs::fat::{Mode, Slot, State, Volume, format};
//! use upy_vfs::ram::RamDevice;
//!
//! let mut bytes = vec![0; 100 * 512];
//! let mut device = RamDevice::new(&mut bytes, 512)?;
//! let mut sector = [0; 512];
//! format(&mut device, &mut sector)?;
//! let mut state = State::mount(&mut device, &mut sector)?;
//! let mut open = [Slot::default(); 1];
//! let mut volume = Volume::new(&mut state, &mut device, &mut sector, &mut open, 0);
//! let mode = Mode { is_written: true, is_created: true, ..Mode::default() };
//! let file = volume.open("/A long name.txt".as_bytes(), mode)?;
//! volume.write(file, b"Hello")?;
//! volume.close(file)?;
//! assert_eq!(volume.stat(b"/a long NAME.txt")?.size_bytes, 5);
//! # Ok::<(), upy_vfs::Errno>(())
//! ```

mod directory;
mod disk;
mod file;
mod format;
mod label;
mod name;
mod room;
mod table;
#[cfg(test)]
mod tests;

pub use crate::littlefs::{Kind, Mode};
pub use directory::{Entry, Listing};
pub use format::format;

use crate::{BlockDevice, Errno, Result};

/// No sector, no cluster.
const NOTHING: u32 = u32::MAX;

/// How wide the entries of the table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bits {
    Twelve,
    Sixteen,
    ThirtyTwo,
}

impl Bits {
    fn halves_of_bytes(self) -> u64 {
        match self {
            Self::Twelve => 3,
            Self::Sixteen => 4,
            Self::ThirtyTwo => 8,
        }
    }
}

/// One mounted volume. Sectors count from the start of the device.
#[derive(Clone, Debug)]
pub struct State {
    bits: Bits,
    /// The boot sector.
    boot: u32,
    sector_bytes: u32,
    cluster_sectors: u32,
    table: u32,
    tables: u32,
    table_sectors: u32,
    /// The root directory of 12 and 16 bits.
    root: u32,
    root_entries: u32,
    /// The root directory of 32 bits, else 0.
    root_cluster: u32,
    data: u32,
    clusters: u32,
    next_free: u32,
    /// The sector that notes how many clusters are free; 0 when it says nothing any more.
    info: u32,
}

impl State {
    /// Mounts the volume on a device: the whole device, or its first partition. `sector` has the size of a block.
    ///
    /// # Errors
    /// `ENODEV` when there is none, `EINVAL` when `sector` has another size; what the device reports.
    pub fn mount(device: &mut dyn BlockDevice, sector: &mut [u8]) -> Result<Self> {
        let sizes = disk::SMALLEST_SECTOR..=disk::LARGEST_SECTOR;
        let count = device.block_count();
        if device.block_size_bytes() as usize != sector.len()
            || !sizes.contains(&sector.len())
            || count == 0
        {
            return Err(Errno::EINVAL);
        }
        device.read(0, 0, sector)?;
        if let Ok(state) = disk::read_boot(sector, 0, count) {
            return Ok(state);
        }
        let start = disk::first_partition(sector).filter(|start| *start < count);
        let start = start.ok_or(Errno::ENODEV)?;
        device.read(start, 0, sector)?;
        disk::read_boot(sector, start, count)
    }

    /// Size of a cluster in bytes.
    #[must_use]
    pub fn cluster_size_bytes(&self) -> u32 {
        self.sector_bytes * self.cluster_sectors
    }

    /// How many clusters there are.
    #[must_use]
    pub fn cluster_count(&self) -> u32 {
        self.clusters
    }

    /// 12, 16 or 32.
    #[must_use]
    pub fn bits(&self) -> u32 {
        match self.bits {
            Bits::Twelve => 12,
            Bits::Sixteen => 16,
            Bits::ThirtyTwo => 32,
        }
    }
}

/// One open file. Plain data; [`Slot::default`] is free.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slot {
    is_used: bool,
    /// The sector and offset of its entry.
    entry: (u32, u32),
    /// The entry or the content went: nothing can be read or written any more.
    is_gone: bool,
    mode: Mode,
    /// 0 while the file has none.
    first: u32,
    size: u32,
    position: u32,
    /// A cluster of the chain and how many are before it.
    near: (u32, u32),
    is_dirty: bool,
}

impl Slot {
    /// Whether nothing is open here.
    #[must_use]
    pub fn is_free(&self) -> bool {
        !self.is_used
    }
}

/// An open file: which slot is its.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHandle(pub u16);

/// A volume with all that it needs for the time of a call.
pub struct Volume<'a> {
    state: &'a mut State,
    device: &'a mut dyn BlockDevice,
    buffer: &'a mut [u8],
    cached: u32,
    is_changed: bool,
    open: &'a mut [Slot],
    /// What changed entries get as their time.
    now: u32,
}

impl<'a> Volume<'a> {
    /// Puts together what belongs together. `sector` has the size of a block.
    ///
    /// `now` is the date in the upper half (years since 1980 shifted by 9, month by 5, day) and the time in the lower
    /// (hour shifted by 11, minute by 5, seconds / 2).
    pub fn new(
        state: &'a mut State,
        device: &'a mut dyn BlockDevice,
        sector: &'a mut [u8],
        open: &'a mut [Slot],
        now: u32,
    ) -> Self {
        Self {
            state,
            device,
            buffer: sector,
            cached: NOTHING,
            is_changed: false,
            open,
            now,
        }
    }
}
