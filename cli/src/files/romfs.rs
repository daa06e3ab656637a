//! ROM file system images: read-only trees that a board uses in place.
//!
//! ```text
//! image:      d2 cd 31, length, records          (an extra 0x80 keeps the total even)
//! record:     kind, length, payload               numbers: 7 bits per byte, highest first
//! directory:  kind 4: name length, name, records
//! file:       kind 5: name length, name, record of kind 2 (the bytes themselves)
//! ```
//!
//! Source: MicroPython `extmod/vfs_rom.c` (its head describes the format).

use crate::error::{Code, Error, Result};

/// The first bytes of every image.
pub(crate) const HEADER: [u8; 3] = [0xd2, 0xcd, 0x31];
const DATA: u8 = 2;
const DIRECTORY: u8 = 4;
const FILE: u8 = 5;

/// A directory of an image in the making.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    entries: Vec<(String, Node)>,
}

#[derive(Debug)]
enum Node {
    File(Vec<u8>),
    Directory(Tree),
}

impl Tree {
    /// Adds a file under a name with `/` between its parts.
    pub(crate) fn add(&mut self, name: &str, data: Vec<u8>) {
        match name.split_once('/') {
            None => self.entries.push((name.to_string(), Node::File(data))),
            Some((first, rest)) => self.directory(first).add(rest, data),
        }
    }

    /// Adds a directory, which may be there already.
    pub(crate) fn add_directory(&mut self, name: &str) {
        match name.split_once('/') {
            None => {
                self.directory(name);
            }
            Some((first, rest)) => self.directory(first).add_directory(rest),
        }
    }

    fn directory(&mut self, name: &str) -> &mut Tree {
        let found = self
            .entries
            .iter()
            .position(|(entry, node)| matches!(node, Node::Directory(_) if entry == name));
        let index = found.unwrap_or_else(|| {
            self.entries
                .push((name.to_string(), Node::Directory(Tree::default())));
            self.entries.len() - 1
        });
        match &mut self.entries[index].1 {
            Node::Directory(tree) => tree,
            Node::File(_) => unreachable!("the index is that of a directory"),
        }
    }

    /// The image.
    pub(crate) fn image(&self) -> Vec<u8> {
        let records = self.records();
        let mut length = number(records.len());
        if (HEADER.len() + length.len() + records.len()) % 2 == 1 {
            length.insert(0, 0x80);
        }
        [&HEADER[..], &length, &records].concat()
    }

    fn records(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, node) in &self.entries {
            let mut payload = number(name.len());
            payload.extend_from_slice(name.as_bytes());
            let kind = match node {
                Node::File(data) => {
                    payload.extend(record(DATA, data));
                    FILE
                }
                Node::Directory(tree) => {
                    payload.extend(tree.records());
                    DIRECTORY
                }
            };
            out.extend(record(kind, &payload));
        }
        out
    }
}

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend(number(payload.len()));
    out.extend_from_slice(payload);
    out
}

fn number(mut value: usize) -> Vec<u8> {
    let mut out = vec![low_bits(value)];
    value >>= 7;
    while value > 0 {
        out.insert(0, 0x80 | low_bits(value));
        value >>= 7;
    }
    out
}

fn low_bits(value: usize) -> u8 {
    u8::try_from(value & 0x7f).expect("seven bits fit a byte")
}

/// The size that the first bytes of an image announce, header included.
///
/// # Errors
/// [`Code::Config`] when they are not those of an image.
pub(crate) fn image_size(start: &[u8]) -> Result<u64> {
    let bad = || {
        Error::new(
            Code::Config,
            "This is no ROMFS image: its first bytes are others",
        )
    };
    let rest = start.strip_prefix(&HEADER).ok_or_else(bad)?;
    let mut size = 0_u64;
    for (index, byte) in rest.iter().take(9).enumerate() {
        size = size << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(size + HEADER.len() as u64 + index as u64 + 1);
        }
    }
    Err(bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_even_sizes_that_can_be_read_back() {
        for len in [0, 1, 2, 100, 127, 128, 16_384, 20_001] {
            let mut tree = Tree::default();
            tree.add("a.py", vec![7; len]);
            tree.add("lib/b/c.py", b"x".to_vec());
            tree.add_directory("lib/empty");
            let image = tree.image();
            assert_eq!(image.len() % 2, 0);
            assert_eq!(image_size(&image[..12]).unwrap(), image.len() as u64);
        }
    }

    #[test]
    fn smallest_image_is_as_the_format_says() {
        assert_eq!(Tree::default().image(), [0xd2, 0xcd, 0x31, 0]);
        let mut tree = Tree::default();
        tree.add("a", b"b".to_vec());
        assert_eq!(
            tree.image(),
            [0xd2, 0xcd, 0x31, 7, 5, 5, 1, b'a', 2, 1, b'b'][..]
                .iter()
                .copied()
                .take(3)
                .chain([0x80, 7])
                .chain([5, 5, 1, b'a', 2, 1, b'b'])
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn other_bytes_err() {
        assert!(image_size(b"").is_err());
        assert!(image_size(b"MZ1234").is_err());
        assert!(image_size(&[0xd2, 0xcd, 0x31, 0x80, 0x80]).is_err());
    }
}
