//! Making a volume that fills a device: without partitions, or with 32 bits as the only one.

use super::disk::{
    ENTRY, LARGEST_SECTOR, SMALLEST_SECTOR, info, put_word, write_boot, write_partition,
};
use super::table::Next;
use super::{Bits, State, Volume};
use crate::{BlockDevice, Errno, Result};

/// Entries of the root directory with 12 and 16 bits.
const ROOT_ENTRIES: u32 = 512;

/// Sectors of a cluster by the size of the volume: the more, the larger.
fn cluster_sectors(units: u32, limits: &[u32]) -> u32 {
    limits
        .iter()
        .take_while(|limit| **limit <= units)
        .fold(1, |sectors, _| sectors * 2)
}

/// Chooses sizes; 12 or 16 bits when that is possible.
fn layout(sectors: u32, sector_bytes: u32) -> Result<State> {
    let first = cluster_sectors(sectors / 0x1000, &[1, 4, 16, 64, 256, 512]);
    // A number of clusters on the border between two widths would be read as the other: larger clusters then.
    let sizes =
        core::iter::successors(Some(first), |size| Some(size * 2)).take_while(|size| *size <= 64);
    for size in sizes {
        match narrow_layout(sectors, sector_bytes, size) {
            Some(state) if state.bits == bits_for(state.clusters) => return Ok(state),
            Some(_) => {}
            None => break,
        }
    }
    wide_layout(sectors, sector_bytes)
}

fn bits_for(clusters: u32) -> Bits {
    match clusters {
        0..=0xff5 => Bits::Twelve,
        0xff6..=0xfff5 => Bits::Sixteen,
        _ => Bits::ThirtyTwo,
    }
}

fn narrow_layout(sectors: u32, sector_bytes: u32, cluster_sectors: u32) -> Option<State> {
    let estimate = sectors / cluster_sectors;
    let bits = if estimate > 0xff5 {
        Bits::Sixteen
    } else {
        Bits::Twelve
    };
    let bytes = match bits {
        Bits::Twelve => (estimate * 3).div_ceil(2) + 3,
        _ => estimate.checked_mul(2)?.checked_add(4)?,
    };
    let table_sectors = bytes.div_ceil(sector_bytes);
    let root_sectors = ROOT_ENTRIES * ENTRY / sector_bytes;
    let before = 1 + table_sectors + root_sectors;
    if sectors < before + cluster_sectors * 16 || table_sectors > 0xffff {
        return None;
    }
    Some(State {
        bits,
        boot: 0,
        sector_bytes,
        cluster_sectors,
        table: 1,
        tables: 1,
        table_sectors,
        root: 1 + table_sectors,
        root_entries: ROOT_ENTRIES,
        root_cluster: 0,
        data: before,
        clusters: (sectors - before) / cluster_sectors,
        next_free: 2,
        info: 0,
    })
}

/// Where the partition starts that a volume of 32 bits lies in, as computers expect of cards.
const PARTITION_START: u32 = 63;

fn wide_layout(sectors: u32, sector_bytes: u32) -> Result<State> {
    let sectors = sectors.saturating_sub(PARTITION_START);
    let cluster_sectors = cluster_sectors(sectors / 0x20000, &[1, 2, 4, 8, 16, 32]);
    let reserved = 32;
    let bytes = u64::from(sectors / cluster_sectors) * 4 + 8;
    let table_sectors = bytes.div_ceil(u64::from(sector_bytes));
    let table_sectors = u32::try_from(table_sectors).map_err(|_| Errno::EIO)?;
    let before = reserved + table_sectors;
    let clusters = sectors.saturating_sub(before) / cluster_sectors;
    if clusters <= 0xfff5 || clusters > 0x0fff_fff5 {
        return Err(Errno::EIO);
    }
    Ok(State {
        bits: Bits::ThirtyTwo,
        boot: PARTITION_START,
        sector_bytes,
        cluster_sectors,
        table: PARTITION_START + reserved,
        tables: 1,
        table_sectors,
        root: PARTITION_START + before,
        root_entries: 0,
        root_cluster: 2,
        data: PARTITION_START + before,
        clusters,
        next_free: 3,
        info: PARTITION_START + 1,
    })
}

/// Makes an empty volume on a device. `sector` has the size of a block.
///
/// # Errors
/// `EINVAL` when `sector` has another size, `EIO` when the device is too small; what the device reports.
pub fn format(device: &mut dyn BlockDevice, sector: &mut [u8]) -> Result {
    let sizes = SMALLEST_SECTOR..=LARGEST_SECTOR;
    let sectors = device.block_count();
    if device.block_size_bytes() as usize != sector.len() || !sizes.contains(&sector.len()) {
        return Err(Errno::EINVAL);
    }
    let mut state = layout(sectors, sector.len() as u32)?;
    let serial = sectors.wrapping_mul(0x9e37_79b9) ^ 0x5570_7943;
    let (boot, end) = (state.boot, state.data);
    let is_wide = state.bits == Bits::ThirtyTwo;
    if is_wide {
        write_partition(sector, boot, sectors - boot);
        device.program(0, 0, sector)?;
    }
    write_boot(sector, &state, sectors - boot, serial);
    device.program(boot, 0, sector)?;
    if is_wide {
        device.program(boot + 6, 0, sector)?;
        sector.fill(0);
        for (at, value) in [info::LEAD, info::SECOND, info::TRAIL] {
            put_word(sector, at, value);
        }
        put_word(sector, info::FREE, state.clusters - 1);
        put_word(sector, info::NEXT, 3);
        device.program(boot + 1, 0, sector)?;
        device.program(boot + 7, 0, sector)?;
    }
    sector.fill(0);
    for number in state.table..end {
        device.program(number, 0, sector)?;
    }
    let mut volume = Volume::new(&mut state, device, sector, &mut [], 0);
    volume.reserve_first()?;
    if is_wide {
        volume.set_next(2, Next::End)?;
        let first = volume.sector_of(2)?;
        for number in first..first + volume.state.cluster_sectors {
            volume.blank_sector(number)?;
        }
    }
    volume.flush()
}

impl Volume<'_> {
    /// The first two entries of the table belong to no cluster.
    fn reserve_first(&mut self) -> Result {
        let bytes: &[u8] = match self.state.bits {
            Bits::Twelve => &[0xf8, 0xff, 0xff],
            Bits::Sixteen => &[0xf8, 0xff, 0xff, 0xff],
            Bits::ThirtyTwo => &[0xf8, 0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0x0f],
        };
        let table = self.state.table;
        self.sector_mut(table)?[..bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}
