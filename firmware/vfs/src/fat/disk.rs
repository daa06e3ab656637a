//! What FAT looks like on disk: boot sector and directory entries. All offsets are here.
//!
//! Source: Microsoft, "FAT32 File System Specification" 1.03, and ECMA-107.

use super::{Bits, State};
use crate::{Errno, Result};

pub(super) const ENTRY: u32 = 32;
pub(super) const SMALLEST_SECTOR: usize = 512;
pub(super) const LARGEST_SECTOR: usize = 4096;

pub(super) mod attribute {
    pub(crate) const READ_ONLY: u8 = 0x01;
    pub(crate) const LABEL: u8 = 0x08;
    pub(crate) const DIRECTORY: u8 = 0x10;
    pub(crate) const ARCHIVE: u8 = 0x20;
    pub(crate) const LONG_NAME: u8 = 0x0f;
}

/// Offsets in a boot sector.
mod boot {
    pub(super) const JUMP: usize = 0;
    pub(super) const SECTOR_SIZE: usize = 11;
    pub(super) const CLUSTER_SECTORS: usize = 13;
    pub(super) const RESERVED: usize = 14;
    pub(super) const TABLES: usize = 16;
    pub(super) const ROOT_ENTRIES: usize = 17;
    pub(super) const SECTORS_16: usize = 19;
    pub(super) const MEDIA: usize = 21;
    pub(super) const TABLE_SECTORS_16: usize = 22;
    /// Sectors before the volume.
    pub(super) const HIDDEN: usize = 28;
    pub(super) const SECTORS_32: usize = 32;
    pub(super) const TABLE_SECTORS_32: usize = 36;
    pub(super) const ROOT_CLUSTER: usize = 44;
    pub(super) const INFO_SECTOR: usize = 48;
    pub(super) const BACKUP: usize = 50;
    /// Drive number, signature, serial number, label and type; 28 bytes later with 32 bits.
    pub(super) const EXTENDED: usize = 36;
    pub(super) const SIGNATURE: usize = 510;
    pub(super) const PARTITION: usize = 446;
}

/// Offsets in a directory entry.
pub(super) mod entry {
    pub(crate) const ATTRIBUTES: usize = 11;
    pub(crate) const CASE: usize = 12;
    pub(crate) const CREATED: usize = 14;
    pub(crate) const CLUSTER_HIGH: usize = 20;
    pub(crate) const MODIFIED: usize = 22;
    pub(crate) const CLUSTER_LOW: usize = 26;
    pub(crate) const SIZE: usize = 28;
}

pub(super) fn half(bytes: &[u8], at: usize) -> u32 {
    let byte = |at: usize| u32::from(bytes.get(at).copied().unwrap_or_default());
    byte(at) | byte(at + 1) << 8
}

pub(super) fn word(bytes: &[u8], at: usize) -> u32 {
    half(bytes, at) | half(bytes, at + 2) << 16
}

pub(super) fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

pub(super) fn put_half(bytes: &mut [u8], at: usize, value: u32) {
    put(bytes, at, &value.to_le_bytes()[..2]);
}

pub(super) fn put_word(bytes: &mut [u8], at: usize, value: u32) {
    put(bytes, at, &value.to_le_bytes());
}

/// The first cluster that an entry names.
pub(super) fn first_cluster(entry: &[u8], bits: Bits) -> u32 {
    let low = half(entry, entry::CLUSTER_LOW);
    if bits == Bits::ThirtyTwo {
        low | (half(entry, entry::CLUSTER_HIGH) & 0xfff) << 16
    } else {
        low
    }
}

pub(super) fn put_first_cluster(entry: &mut [u8], cluster: u32) {
    put_half(entry, entry::CLUSTER_LOW, cluster & 0xffff);
    put_half(entry, entry::CLUSTER_HIGH, cluster >> 16);
}

fn has_signature(sector: &[u8]) -> bool {
    half(sector, boot::SIGNATURE) == 0xaa55
}

/// The first sector of the first partition, if the sector is a table of partitions.
pub(super) fn first_partition(sector: &[u8]) -> Option<u32> {
    let kind = *sector.get(boot::PARTITION + 4)?;
    let start = word(sector, boot::PARTITION + 8);
    (has_signature(sector) && kind != 0 && start != 0).then_some(start)
}

/// Fills the sector of partitions with one, of FAT with 32 bits addressed by sector numbers.
pub(super) fn write_partition(sector: &mut [u8], start: u32, sectors: u32) {
    sector.fill(0);
    let at = boot::PARTITION;
    // Cylinder, head and sector are those that stand for "look at the numbers".
    put(sector, at, &[0, 0xfe, 0xff, 0xff, 0x0c, 0xfe, 0xff, 0xff]);
    put_word(sector, at + 8, start);
    put_word(sector, at + 12, sectors);
    put_half(sector, boot::SIGNATURE, 0xaa55);
}

/// What a boot sector says.
///
/// # Errors
/// `ENODEV` when it is none or makes no sense.
pub(super) fn read_boot(sector: &[u8], start: u32, device_sectors: u32) -> Result<State> {
    let size = half(sector, boot::SECTOR_SIZE);
    let cluster_sectors = u32::from(sector[boot::CLUSTER_SECTORS]);
    let reserved = half(sector, boot::RESERVED);
    let tables = u32::from(sector[boot::TABLES]);
    let root_entries = half(sector, boot::ROOT_ENTRIES);
    let or = |a: u32, b: u32| if a == 0 { b } else { a };
    let sectors = or(
        half(sector, boot::SECTORS_16),
        word(sector, boot::SECTORS_32),
    );
    let narrow = half(sector, boot::TABLE_SECTORS_16);
    let table_sectors = or(narrow, word(sector, boot::TABLE_SECTORS_32));
    let is_jump = matches!(sector[boot::JUMP], 0xeb | 0xe9 | 0xe8);
    let is_good = is_jump
        && has_signature(sector)
        && size as usize == sector.len()
        && cluster_sectors.is_power_of_two()
        && reserved > 0
        && (tables == 1 || tables == 2)
        && (root_entries * ENTRY).is_multiple_of(size);
    let end = u64::from(start) + u64::from(sectors);
    if !is_good || end > u64::from(device_sectors) {
        return Err(Errno::ENODEV);
    }
    let root_sectors = root_entries * ENTRY / size;
    let before = u64::from(reserved)
        + u64::from(tables) * u64::from(table_sectors)
        + u64::from(root_sectors);
    let Some(data) = u64::from(sectors)
        .checked_sub(before)
        .filter(|data| *data > 0)
    else {
        return Err(Errno::ENODEV);
    };
    // Both fit: they are less than the number of sectors.
    let (before, data) = (before as u32, data as u32);
    let clusters = data / cluster_sectors;
    let bits = match clusters {
        0 => return Err(Errno::ENODEV),
        1..=0xff5 => Bits::Twelve,
        0xff6..=0xfff5 => Bits::Sixteen,
        _ => Bits::ThirtyTwo,
    };
    let table_bytes = u64::from(table_sectors) * u64::from(size);
    let root_cluster = word(sector, boot::ROOT_CLUSTER);
    let is_wide = bits == Bits::ThirtyTwo;
    let needed = (u64::from(clusters) + 2) * bits.halves_of_bytes() / 2;
    let has_root = is_wide == (root_entries == 0)
        && (!is_wide || (root_cluster >= 2 && root_cluster < clusters + 2));
    if needed > table_bytes || !has_root || (is_wide && narrow != 0) || clusters > 0x0fff_fff5 {
        return Err(Errno::ENODEV);
    }
    let info = half(sector, boot::INFO_SECTOR);
    Ok(State {
        bits,
        boot: start,
        sector_bytes: size,
        cluster_sectors,
        table: start + reserved,
        tables,
        table_sectors,
        root: start + before - root_sectors,
        root_entries,
        root_cluster: if is_wide { root_cluster } else { 0 },
        data: start + before,
        clusters,
        next_free: 2,
        info: if is_wide && info > 0 && info < reserved {
            start + info
        } else {
            0
        },
    })
}

/// Fills the first sector of a volume with `sectors` sectors that starts at 0.
pub(super) fn write_boot(sector: &mut [u8], state: &State, sectors: u32, serial: u32) {
    sector.fill(0);
    put(sector, boot::JUMP, b"\xeb\xfe\x90MSDOS5.0");
    put_half(sector, boot::SECTOR_SIZE, state.sector_bytes);
    sector[boot::CLUSTER_SECTORS] = state.cluster_sectors as u8;
    put_half(sector, boot::RESERVED, state.table - state.boot);
    put_word(sector, boot::HIDDEN, state.boot);
    sector[boot::TABLES] = state.tables as u8;
    put_half(sector, boot::ROOT_ENTRIES, state.root_entries);
    if sectors < 0x10000 {
        put_half(sector, boot::SECTORS_16, sectors);
    } else {
        put_word(sector, boot::SECTORS_32, sectors);
    }
    sector[boot::MEDIA] = 0xf8;
    // Sectors per track and heads: any number will do.
    put_half(sector, 24, 63);
    put_half(sector, 26, 255);
    let mut extended = boot::EXTENDED;
    if state.bits == Bits::ThirtyTwo {
        put_word(sector, boot::TABLE_SECTORS_32, state.table_sectors);
        put_word(sector, boot::ROOT_CLUSTER, state.root_cluster);
        put_half(sector, boot::INFO_SECTOR, 1);
        put_half(sector, boot::BACKUP, 6);
        extended += 28;
    } else {
        put_half(sector, boot::TABLE_SECTORS_16, state.table_sectors);
    }
    sector[extended] = 0x80;
    sector[extended + 2] = 0x29;
    put_word(sector, extended + 3, serial);
    put(sector, extended + 7, b"NO NAME    ");
    let kind: &[u8] = match state.bits {
        Bits::ThirtyTwo => b"FAT32   ",
        _ => b"FAT     ",
    };
    put(sector, extended + 18, kind);
    put_half(sector, boot::SIGNATURE, 0xaa55);
}

/// Copies the label to a boot sector.
pub(super) fn put_label(sector: &mut [u8], bits: Bits, label: &[u8; 11]) {
    let extended = boot::EXTENDED + if bits == Bits::ThirtyTwo { 28 } else { 0 };
    if sector.get(extended + 2) == Some(&0x29) {
        put(sector, extended + 7, label);
    }
}

/// Offsets in the information sector of 32-bit volumes.
pub(super) mod info {
    pub(crate) const LEAD: (usize, u32) = (0, 0x4161_5252);
    pub(crate) const SECOND: (usize, u32) = (484, 0x6141_7272);
    pub(crate) const FREE: usize = 488;
    pub(crate) const NEXT: usize = 492;
    pub(crate) const TRAIL: (usize, u32) = (508, 0xaa55_0000);
}
