//! Firmware files: what they hold and for which chip it is, checked to the last byte before any board
//! is touched.
//!
//! Reading never writes and never asks a board. Every parser takes any bytes whatever and answers with
//! an error that names the place; nothing is guessed from a name where the content says it.

pub(crate) mod dfu;
pub(crate) mod elf;
pub(crate) mod esp;
pub(crate) mod hex;
pub(crate) mod nordic;
pub(crate) mod uf2;

use std::path::Path;

use crate::error::{Code, Error, Result};
use crate::output::bytes::grouped;

/// The largest firmware file: four times the largest flash that these chips have.
pub(crate) const MOST_BYTES: u64 = 128 << 20;

/// Bytes and where they go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The address of the first byte, in flash or in the chip's memory map as the format has it.
    pub(crate) address: u32,
    /// The bytes.
    pub(crate) data: Vec<u8>,
}

impl Segment {
    /// The address behind the last byte.
    pub(crate) fn end(&self) -> u64 {
        u64::from(self.address) + self.data.len() as u64
    }
}

/// What a firmware file holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Plain bytes, with Espressif's header if there is one.
    Bin(Option<esp::Header>),
    /// A program with its load addresses.
    Elf(elf::Elf),
    /// Blocks for a UF2 drive.
    Uf2(uf2::Uf2),
    /// Intel HEX records.
    Hex(Vec<Segment>),
    /// An STM32 DfuSe file, or plain bytes with a DFU suffix.
    Dfu(dfu::Dfu),
    /// A Nordic device firmware update package.
    Nordic(nordic::Package),
}

/// A firmware file that was read and checked.
#[derive(Clone, Debug)]
pub(crate) struct Firmware {
    /// What the user calls it.
    pub(crate) name: String,
    /// The whole file.
    pub(crate) bytes: Vec<u8>,
    /// What it holds.
    pub(crate) content: Content,
}

impl Firmware {
    /// Reads a file.
    ///
    /// # Errors
    /// Those of the operating system, and [`Code::BadFirmware`] for what no board could use.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let data = std::fs::metadata(path).map_err(|error| Error::local("read", path, &error))?;
        if data.len() > MOST_BYTES {
            return Err(Error::new(
                Code::TooLarge,
                format!(
                    "`{}` has {} bytes; no firmware is larger than {}",
                    path.display(),
                    grouped(data.len()),
                    grouped(MOST_BYTES)
                ),
            ));
        }
        let bytes = crate::files::local::read(path)?;
        Self::parse(&path.display().to_string(), bytes)
    }

    /// Reads bytes that came from somewhere.
    ///
    /// # Errors
    /// [`Code::BadFirmware`].
    pub(crate) fn parse(name: &str, bytes: Vec<u8>) -> Result<Self> {
        let content = content(name, &bytes).map_err(|why| {
            Error::new(
                Code::BadFirmware,
                format!("`{name}` cannot be flashed: {why}"),
            )
            .hint("Nothing was written. Download or build it again")
        })?;
        Ok(Self {
            name: name.to_string(),
            bytes,
            content,
        })
    }

    /// Refuses text where a program should be: what a portal or an error page leaves behind in place of
    /// a download.
    ///
    /// # Errors
    /// [`Code::BadFirmware`].
    pub(crate) fn refuse_text(&self) -> Result<()> {
        let head = &self.bytes[..self.bytes.len().min(512)];
        let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e);
        if !head.iter().all(is_text) {
            return Ok(());
        }
        Err(Error::new(
            Code::BadFirmware,
            format!("`{}` is a web page or a text, not firmware", self.name),
        )
        .hint("Nothing was written. Download it again"))
    }

    /// `uf2`, `bin` and so on.
    pub(crate) fn format(&self) -> &'static str {
        match self.content {
            Content::Bin(_) => "bin",
            Content::Elf(_) => "elf",
            Content::Uf2(_) => "uf2",
            Content::Hex(_) => "hex",
            Content::Dfu(_) => "dfu",
            Content::Nordic(_) => "zip",
        }
    }
}

fn extension(name: &str) -> String {
    let plain = name.split(['?', '#']).next().unwrap_or(name);
    plain
        .rsplit_once('.')
        .map(|(_, end)| end.to_ascii_lowercase())
        .unwrap_or_default()
}

/// The content decides; the name only where the content has no mark of its own.
fn content(name: &str, bytes: &[u8]) -> Result<Content, String> {
    let end = extension(name);
    if bytes.is_empty() {
        return Err("it is empty".to_string());
    }
    let marked = [
        (bytes.starts_with(b"UF2\n"), "uf2"),
        (bytes.starts_with(b"\x7fELF"), "elf"),
        (bytes.starts_with(b"PK\x03\x04"), "zip"),
        (bytes.starts_with(b"DfuSe"), "dfu"),
        (end == "hex" || end == "ihex", "hex"),
    ];
    let found = marked.iter().find(|(yes, _)| *yes).map(|(_, kind)| *kind);
    let known = ["uf2", "elf", "zip", "dfu"];
    if let (None, true) = (found, known.contains(&end.as_str()) && end != "dfu") {
        return Err(format!("it is called `.{end}` but does not begin as one"));
    }
    Ok(match found {
        Some("uf2") => Content::Uf2(uf2::parse(bytes)?),
        Some("elf") => Content::Elf(elf::parse(bytes)?),
        Some("zip") => Content::Nordic(nordic::parse(bytes)?),
        Some("dfu") => Content::Dfu(dfu::parse(bytes)?),
        Some("hex") => Content::Hex(hex::parse(bytes)?),
        _ if end == "dfu" => Content::Dfu(dfu::parse(bytes)?),
        _ => Content::Bin(esp::Header::find(bytes)?),
    })
}

/// Sorts segments and joins neighbours; two that overlap are an error.
///
/// # Errors
/// The words for it.
pub(crate) fn joined(mut segments: Vec<Segment>) -> Result<Vec<Segment>, String> {
    segments.retain(|segment| !segment.data.is_empty());
    segments.sort_by_key(|segment| segment.address);
    let mut out: Vec<Segment> = Vec::new();
    for segment in segments {
        if segment.end() > 1 << 32 {
            return Err(format!(
                "{} bytes at {:#010x} reach over the end of the address space",
                segment.data.len(),
                segment.address
            ));
        }
        match out.last_mut() {
            Some(last) if last.end() > u64::from(segment.address) => {
                return Err(format!(
                    "two pieces of it overlap at {:#010x}",
                    segment.address
                ));
            }
            Some(last) if last.end() == u64::from(segment.address) => {
                last.data.extend_from_slice(&segment.data);
            }
            _ => out.push(segment),
        }
    }
    Ok(out)
}

/// The number at `at`, if it is there; the least significant byte first.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

/// The half word at `at`, if it is there; the least significant byte first.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(two.try_into().ok()?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Numbers that look random and are the same every time.
    pub(crate) struct Dice(pub(crate) u64);

    impl Dice {
        pub(crate) fn roll(&mut self, sides: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % sides.max(1) as u64).unwrap()
        }

        /// `bytes` with some damage: turned, cut, doubled, filled.
        pub(crate) fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
            let mut out = bytes.to_vec();
            for _ in 0..=self.roll(4) {
                if out.is_empty() {
                    return out;
                }
                let at = self.roll(out.len());
                match self.roll(6) {
                    0 => out[at] ^= 1 << self.roll(8),
                    1 => out[at] = [0, 0xff, 0x7f, 0x80][self.roll(4)],
                    2 => out.truncate(at),
                    3 => {
                        let end = (at + self.roll(64)).min(out.len());
                        let piece = out[at..end].to_vec();
                        out.splice(at..at, piece);
                    }
                    4 => {
                        let end = (at + 4).min(out.len());
                        out[at..end].fill(0xff);
                    }
                    _ => {
                        let end = (at + self.roll(32)).min(out.len());
                        out.drain(at..end);
                    }
                }
            }
            out
        }
    }

    /// Damaged files are refused or read; nothing panics, and what is read has no overlaps.
    #[test]
    fn damaged_files_never_panic() {
        let good: Vec<(&str, Vec<u8>)> = vec![
            (
                "a.uf2",
                uf2::make(
                    0xe48b_ff56,
                    &[Segment {
                        address: 0x1000_0000,
                        data: vec![7; 1000],
                    }],
                ),
            ),
            (
                "a.hex",
                hex::make(&[Segment {
                    address: 0x1_fff0,
                    data: vec![7; 100],
                }]),
            ),
            ("a.elf", elf::tests::sample()),
            (
                "a.dfu",
                dfu::tests::sample(&[Segment {
                    address: 0x0800_0000,
                    data: vec![7; 300],
                }]),
            ),
            ("a.zip", nordic::tests::sample(&[9; 300])),
            ("a.bin", esp::tests::sample(5, 300)),
        ];
        for (name, bytes) in good {
            Firmware::parse(name, bytes.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
            let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
            for _ in 0..10_000 {
                if let Err(error) = Firmware::parse(name, dice.damage(&bytes)) {
                    assert!(error.message().contains(name));
                }
            }
        }
    }

    #[test]
    fn names_do_not_decide_what_contents_say() {
        let uf2 = uf2::make(
            1,
            &[Segment {
                address: 0,
                data: vec![1; 10],
            }],
        );
        assert_eq!(Firmware::parse("a.bin", uf2).unwrap().format(), "uf2");
        for (name, bytes, word) in [
            ("a.uf2", &b"\x01\x02\x03"[..], "does not begin"),
            ("a.bin", b"", "empty"),
            ("a.uf2", b"<html>", "does not begin"),
        ] {
            let error = Firmware::parse(name, bytes.to_vec()).unwrap_err();
            assert!(error.message().contains(word), "{}", error.message());
        }
        let page = Firmware::parse("a.bin", b"<!DOCTYPE html><html>".to_vec()).unwrap();
        assert!(
            page.refuse_text()
                .unwrap_err()
                .message()
                .contains("web page")
        );
    }

    #[test]
    fn neighbours_join_and_overlaps_err() {
        let piece = |address, len| Segment {
            address,
            data: vec![1; len],
        };
        let out = joined(vec![piece(4, 4), piece(0, 4), piece(100, 1), piece(50, 0)]).unwrap();
        assert_eq!(out, [piece(0, 8), piece(100, 1)]);
        assert!(joined(vec![piece(0, 5), piece(4, 4)]).is_err());
        assert!(joined(vec![piece(u32::MAX, 2)]).is_err());
    }
}
