//! ROMFS: a read-only tree in memory, whose files can be used where they lie.
//!
//! ```text
//! image:      d2 cd 31, length, records           numbers: 7 bits per byte, highest first
//! record:     kind, length, payload
//! 1 padding · 2 the bytes of a file · 3 length and offset of the bytes in the image's payload
//! 4 directory: length of name, name, records · 5 file: length of name, name, records; others are skipped
//! ```
//!
//! Source: the head of MicroPython's `extmod/vfs_rom.c`. No image makes this panic or loop.

use crate::{Errno, Result};

const IMAGE: u32 = 0x14_a6b1;
const DATA: u32 = 2;
const POINTER: u32 = 3;
const DIRECTORY: u32 = 4;
const FILE: u32 = 5;

/// A part of the image, in bytes from its start: plain data, to be kept where a reference cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// How many bytes it has.
    #[must_use]
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end == self.start
    }

    /// The bytes.
    #[must_use]
    pub fn of(self, image: &[u8]) -> &[u8] {
        image.get(self.start..self.end).unwrap_or_default()
    }
}

/// What a path or an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// A file: where its bytes are.
    File(Span),
    /// A directory: where its records are.
    Directory(Span),
}

impl Node {
    /// Bytes of the file, or of the records of the directory: what `os.stat` tells.
    #[must_use]
    pub fn size_bytes(self) -> usize {
        match self {
            Self::File(span) | Self::Directory(span) => span.len(),
        }
    }
}

/// One entry of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where its name is.
    pub name: Span,
    /// What it is.
    pub node: Node,
}

/// A mounted image: where its records are. Each call is handed the image.
#[derive(Clone, Copy, Debug)]
pub struct Rom {
    records: Span,
}

/// A record: its kind and its payload.
struct Record {
    kind: u32,
    payload: Span,
}

fn number(image: &[u8], span: &mut Span) -> Result<usize> {
    let mut value = 0usize;
    loop {
        if span.is_empty() {
            return Err(Errno::EIO);
        }
        let byte = *image.get(span.start).ok_or(Errno::EIO)?;
        span.start += 1;
        if value > usize::MAX >> 7 {
            return Err(Errno::EIO);
        }
        value = value << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
}

/// Takes `len` bytes from the start.
fn take(span: &mut Span, len: usize) -> Result<Span> {
    if len > span.len() {
        return Err(Errno::EIO);
    }
    let taken = Span {
        start: span.start,
        end: span.start + len,
    };
    span.start = taken.end;
    Ok(taken)
}

fn record(image: &[u8], span: &mut Span) -> Result<Record> {
    let kind = u32::try_from(number(image, span)?).map_err(|_| Errno::EIO)?;
    let len = number(image, span)?;
    // 0 is what erased or broken flash looks like.
    if kind == 0 {
        return Err(Errno::EIO);
    }
    let payload = take(span, len)?;
    Ok(Record { kind, payload })
}

impl Rom {
    /// Mounts an image, which may be followed by other bytes.
    ///
    /// # Errors
    /// `ENODEV` when it is none, or is cut short.
    pub fn new(image: &[u8]) -> Result<Self> {
        let mut all = Span {
            start: 0,
            end: image.len(),
        };
        // Any other spelling of the number would not be an image.
        if image.get(..3) != Some(&[0xd2, 0xcd, 0x31]) {
            return Err(Errno::ENODEV);
        }
        match record(image, &mut all) {
            Ok(Record { kind, payload }) if kind == IMAGE => Ok(Self { records: payload }),
            _ => Err(Errno::ENODEV),
        }
    }

    /// The root directory.
    #[must_use]
    pub fn root(&self) -> Span {
        self.records
    }

    /// What is at `path`; a slash at its start makes no difference.
    ///
    /// # Errors
    /// `ENOENT`; `EIO` when the image is damaged.
    pub fn find(&self, image: &[u8], path: &[u8]) -> Result<Node> {
        let mut node = Node::Directory(self.records);
        for name in path
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty())
        {
            let Node::Directory(mut rest) = node else {
                return Err(Errno::ENOENT);
            };
            node = loop {
                match self.next(image, &mut rest)? {
                    Some(entry) if entry.name.of(image) == name => break entry.node,
                    Some(_) => {}
                    None => return Err(Errno::ENOENT),
                }
            };
        }
        Ok(node)
    }

    /// Takes the next entry from the records of a directory.
    ///
    /// # Errors
    /// `EIO` when the image is damaged.
    pub fn next(&self, image: &[u8], records: &mut Span) -> Result<Option<Entry>> {
        while !records.is_empty() {
            let Record { kind, mut payload } = record(image, records)?;
            if kind != DIRECTORY && kind != FILE {
                continue;
            }
            let len = number(image, &mut payload)?;
            let name = take(&mut payload, len)?;
            let node = if kind == DIRECTORY {
                Node::Directory(payload)
            } else {
                Node::File(self.content(image, payload)?)
            };
            return Ok(Some(Entry { name, node }));
        }
        Ok(None)
    }

    /// Where the bytes of a file with these records are.
    fn content(&self, image: &[u8], mut records: Span) -> Result<Span> {
        while !records.is_empty() {
            let Record { kind, mut payload } = record(image, &mut records)?;
            match kind {
                DATA => return Ok(payload),
                POINTER => {
                    let len = number(image, &mut payload)?;
                    let offset = number(image, &mut payload)?;
                    let mut all = self.records;
                    take(&mut all, offset)?;
                    return take(&mut all, len);
                }
                _ => {}
            }
        }
        Err(Errno::EIO)
    }
}

#[cfg(test)]
mod tests {
    use super::{Node, Rom, Span};
    use crate::Errno;

    /// `a.txt` (verbatim), a directory `d` with `p` (a pointer to the same bytes) and records of other kinds between.
    fn image() -> Vec<u8> {
        let file = [&[5, 10, 5][..], b"a.txt", &[2, 2], b"hi"].concat();
        let pointer = [&[5, 8, 1][..], b"p", &[9, 0, 3, 2, 2, 10]].concat();
        let directory = [&[4, 12, 1][..], b"d", &pointer].concat();
        let padding = [1, 1, 0];
        let records = [&file[..], &padding, &directory].concat();
        [&[0xd2, 0xcd, 0x31, records.len() as u8][..], &records].concat()
    }

    #[test]
    fn files_are_found_where_they_lie() {
        let image = image();
        let rom = Rom::new(&image).unwrap();
        for path in [&b"a.txt"[..], b"/a.txt", b"/d/p"] {
            let Node::File(span) = rom.find(&image, path).unwrap() else {
                panic!("{path:?}")
            };
            assert_eq!(span.of(&image), b"hi", "{path:?}");
        }
        assert_eq!(rom.find(&image, b"/d/x"), Err(Errno::ENOENT));
        assert_eq!(rom.find(&image, b"/a.txt/x"), Err(Errno::ENOENT));
        assert_eq!(
            rom.find(&image, b"/").unwrap().size_bytes(),
            rom.root().len()
        );
        let mut records = rom.root();
        let mut names = Vec::new();
        while let Some(entry) = rom.next(&image, &mut records).unwrap() {
            names.push(entry.name.of(&image));
        }
        assert_eq!(names, [&b"a.txt"[..], b"d"]);
    }

    #[test]
    fn no_image_is_an_error() {
        for bytes in [
            &b""[..],
            b"\xd2\xcd\x31",
            b"\xd2\xcd\x31\x05ab",
            b"RM1\x00",
            b"\xd2\xcd\x31\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        ] {
            assert_eq!(Rom::new(bytes).err(), Some(Errno::ENODEV), "{bytes:?}");
        }
    }

    /// Each byte of an image takes each value: an answer or an error.
    #[test]
    fn damaged_images_are_errors() {
        let good = image();
        for at in 0..good.len() {
            for value in 0..=255 {
                let mut image = good.clone();
                image[at] = value;
                let Ok(rom) = Rom::new(&image) else { continue };
                let mut left = vec![rom.root()];
                let mut steps = 0;
                while let Some(mut records) = left.pop() {
                    while let Ok(Some(entry)) = rom.next(&image, &mut records) {
                        steps += 1;
                        assert!(steps < 100);
                        match entry.node {
                            Node::Directory(span) => left.push(span),
                            Node::File(span) => assert!(span.of(&image).len() <= image.len()),
                        }
                    }
                }
            }
        }
        let empty = Span { start: 0, end: 0 };
        assert!(empty.is_empty());
    }
}
