//! Where the parts of an ESP32's flash lie: the partition table, and what a new firmware does to the
//! files on the board.
//!
//! Source: ESP-IDF's "Partition Tables": 32-byte entries at 0x8000 with the magic bytes AA 50.

use crate::flash::Files;
use crate::flash::image::{Segment, u32_at};

/// Where the table lies, and its bytes.
pub(super) const TABLE_AT: u32 = 0x8000;
pub(super) const TABLE_BYTES: usize = 0xc00;
const ENTRY_BYTES: usize = 32;
/// Type and subtypes of partitions with a file system.
const DATA: u8 = 1;
const FILE_SYSTEMS: [u8; 3] = [0x81, 0x82, 0x83];

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Partition {
    pub(super) kind: u8,
    pub(super) subtype: u8,
    pub(super) offset: u32,
    pub(super) len_bytes: u32,
    pub(super) label: String,
}

/// The partitions of a table; empty when it is none.
pub(super) fn partitions(table: &[u8]) -> Vec<Partition> {
    let mut found = Vec::new();
    for entry in table.chunks_exact(ENTRY_BYTES) {
        if !entry.starts_with(&[0xaa, 0x50]) {
            break;
        }
        let label = entry[12..28]
            .split(|&byte| byte == 0)
            .next()
            .unwrap_or_default();
        found.push(Partition {
            kind: entry[2],
            subtype: entry[3],
            offset: u32_at(entry, 4).unwrap_or(0),
            len_bytes: u32_at(entry, 8).unwrap_or(0),
            label: String::from_utf8_lossy(label).into_owned(),
        });
    }
    found
}

fn file_systems(table: &[Partition]) -> Vec<&Partition> {
    let is_files = |one: &&Partition| {
        one.kind == DATA
            && (FILE_SYSTEMS.contains(&one.subtype) || one.label == "vfs" || one.label == "ffat")
    };
    table.iter().filter(is_files).collect()
}

/// The table that `segments` would write, if they reach it.
pub(super) fn new_table(segments: &[Segment]) -> Option<Vec<Partition>> {
    let segment = segments.iter().find(|segment| {
        segment.address <= TABLE_AT && segment.end() >= u64::from(TABLE_AT) + ENTRY_BYTES as u64
    })?;
    let at = (TABLE_AT - segment.address) as usize;
    let end = (at + TABLE_BYTES).min(segment.data.len());
    Some(partitions(&segment.data[at..end]))
}

/// What writing `segments` does to the files on a board with this table.
pub(super) fn files_after(old: &[Partition], segments: &[Segment]) -> Files {
    let new = new_table(segments);
    let mut state = Files::Kept;
    for partition in file_systems(old) {
        let end = u64::from(partition.offset) + u64::from(partition.len_bytes);
        let is_hit = segments.iter().any(|segment| {
            u64::from(segment.address) < end && u64::from(partition.offset) < segment.end()
        });
        let is_moved = new.as_ref().is_some_and(|table| {
            !file_systems(table).iter().any(|other| {
                other.offset == partition.offset && other.len_bytes == partition.len_bytes
            })
        });
        if is_hit || is_moved {
            state = Files::Lost;
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: u8, subtype: u8, offset: u32, len_bytes: u32, label: &str) -> Vec<u8> {
        let mut bytes = vec![0xaa, 0x50, kind, subtype];
        bytes.extend(offset.to_le_bytes());
        bytes.extend(len_bytes.to_le_bytes());
        bytes.extend(label.as_bytes());
        bytes.resize(ENTRY_BYTES, 0);
        bytes
    }

    fn image(vfs: u32) -> Vec<Segment> {
        let mut data = vec![0xff; 0x8000];
        data.extend(entry(0, 0, 0x1_0000, 0x10_0000, "factory"));
        data.extend(entry(1, 0x81, vfs, 0x1000, "vfs"));
        data.resize(0x1_1000, 0xff);
        vec![Segment { address: 0, data }]
    }

    #[test]
    fn the_same_layout_keeps_files_and_another_does_not() {
        let old = new_table(&image(0x20_0000)).unwrap();
        assert_eq!(old.len(), 2);
        assert_eq!(files_after(&old, &image(0x20_0000)), Files::Kept);
        assert_eq!(files_after(&old, &image(0x30_0000)), Files::Lost);
        let over = [Segment {
            address: 0x20_0fff,
            data: vec![0],
        }];
        assert_eq!(files_after(&old, &over), Files::Lost);
        let beside = [Segment {
            address: 0x20_1000,
            data: vec![0],
        }];
        assert_eq!(files_after(&old, &beside), Files::Kept);
        assert_eq!(files_after(&[], &image(0)), Files::Kept);
    }
}
