//! Espressif's image header: which chip an image is for, and whether it is whole.
//!
//! Source: Espressif's "Firmware Image Format" (esptool documentation, advanced topics): eight bytes
//! common to all chips, sixteen more from the ESP32 on, segments with a checksum, an optional SHA-256.
//! A merged image of several parts begins with such an image too, or with erased flash in front of it.

use super::{u16_at, u32_at};

/// The first byte of an image.
const MAGIC: u8 = 0xe9;
/// The first byte of an ESP8266 image with two parts.
const MAGIC_V2: u8 = 0xea;
const SHORT_HEADER: usize = 8;
const LONG_HEADER: usize = 24;
/// Seed of the XOR checksum.
const SEED: u8 = 0xef;
/// Where the boot loader of the ESP32 and the ESP32-S2 lies, and the length of erased flash in front of
/// it in an image that begins at 0.
const BOOT_OFFSETS: [usize; 3] = [0, 0x1000, 0x2000];

/// What the first image of a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Where in the file it begins.
    pub(crate) at: usize,
    /// The chip's number; `None` for an ESP8266, whose images have none.
    pub(crate) chip: Option<u16>,
    /// The lowest chip revision that runs it, major * 100 + minor.
    pub(crate) least_revision: u16,
    /// The bytes of the first image; a file of one image is not longer.
    pub(crate) len_bytes: usize,
}

impl Header {
    /// Finds the header of a file; `None` when it has none and is plain data.
    ///
    /// # Errors
    /// When there is an image that is not whole.
    pub(crate) fn find(bytes: &[u8]) -> Result<Option<Self>, String> {
        for at in BOOT_OFFSETS {
            let is_erased = bytes
                .get(..at)
                .is_some_and(|front| front.iter().all(|&byte| byte == 0xff));
            match bytes.get(at) {
                Some(&MAGIC) if is_erased => return Self::read(bytes, at).map(Some),
                Some(&MAGIC_V2) if at == 0 => {
                    return Ok(Some(Self {
                        at,
                        chip: None,
                        least_revision: 0,
                        len_bytes: bytes.len(),
                    }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn read(bytes: &[u8], at: usize) -> Result<Self, String> {
        let image = &bytes[at..];
        // A long header has a chip number that exists where an ESP8266 has the length of its first
        // segment; the checksum tells the two apart.
        if image.len() > LONG_HEADER
            && let Some(chip) = u16_at(image, 12)
            && is_chip(chip)
            && let Ok(len_bytes) = length(image, LONG_HEADER, image[23] == 1)
        {
            let least_revision = u16_at(image, 15).unwrap_or(0);
            return Ok(Self {
                at,
                chip: Some(chip),
                least_revision,
                len_bytes,
            });
        }
        match length(image, SHORT_HEADER, false) {
            Ok(len_bytes) => Ok(Self {
                at,
                chip: None,
                least_revision: 0,
                len_bytes,
            }),
            Err(short) => {
                let chip = u16_at(image, 12).filter(|chip| is_chip(*chip));
                // What a long header says is the more useful complaint.
                let why =
                    chip.and_then(|_| length(image, LONG_HEADER, image.get(23) == Some(&1)).err());
                Err(why.unwrap_or(short))
            }
        }
    }
}

/// `(number, name)` of the chips.
const CHIPS: [(u16, &str); 11] = [
    (0, "ESP32"),
    (2, "ESP32-S2"),
    (5, "ESP32-C3"),
    (9, "ESP32-S3"),
    (12, "ESP32-C2"),
    (13, "ESP32-C6"),
    (16, "ESP32-H2"),
    (18, "ESP32-P4"),
    (20, "ESP32-C61"),
    (23, "ESP32-C5"),
    (28, "ESP32-H4"),
];

fn is_chip(number: u16) -> bool {
    CHIPS.iter().any(|(id, _)| *id == number)
}

/// What people call the chip with this number in image headers; `None` is the ESP8266.
pub(crate) fn chip_name(number: Option<u16>) -> String {
    match number {
        None => "ESP8266".to_string(),
        Some(number) => match CHIPS.iter().find(|(id, _)| *id == number) {
            Some((_, name)) => (*name).to_string(),
            None => format!("Espressif chip {number}"),
        },
    }
}

/// The bytes of an image with its checksum, after checking both.
fn length(image: &[u8], header_bytes: usize, has_digest: bool) -> Result<usize, String> {
    let cut = |index: u8| format!("it was cut off in segment {index} of its image");
    let count = *image.get(1).ok_or("it was cut off in its header")?;
    if count == 0 || count > 16 {
        return Err(format!(
            "it is damaged: its image has {count} segments of 1 to 16"
        ));
    }
    let (mut at, mut sum) = (header_bytes, SEED);
    for index in 0..count {
        let len = u32_at(image, at + 4).ok_or_else(|| cut(index))? as usize;
        let data = (at + 8)
            .checked_add(len)
            .and_then(|end| image.get(at + 8..end))
            .ok_or_else(|| cut(index))?;
        sum = data.iter().fold(sum, |sum, byte| sum ^ byte);
        at += 8 + len;
    }
    // The checksum is the last byte of a block of 16.
    let end = at / 16 * 16 + 16;
    let stated = *image
        .get(end - 1)
        .ok_or("it was cut off before its checksum")?;
    if stated != sum {
        return Err(format!(
            "it is damaged: its checksum is {sum:02x}, it says {stated:02x}"
        ));
    }
    if !has_digest {
        return Ok(end);
    }
    use sha2::Digest as _;
    let stated = image
        .get(end..end + 32)
        .ok_or("it was cut off before its SHA-256")?;
    if stated != sha2::Sha256::digest(&image[..end]).as_slice() {
        return Err("it is damaged: its SHA-256 is not the one it says".to_string());
    }
    Ok(end + 32)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An image for `chip` with one segment of `len` bytes, checksum and digest.
    pub(crate) fn sample(chip: u16, len: usize) -> Vec<u8> {
        use sha2::Digest as _;
        let mut bytes = vec![MAGIC, 1, 0, 0x20, 0, 0, 0, 0x40, 0xee, 0, 0, 0];
        bytes.extend(chip.to_le_bytes());
        bytes.resize(23, 0);
        bytes.push(1);
        bytes.extend(0x3fc8_0000_u32.to_le_bytes());
        bytes.extend(u32::try_from(len).unwrap().to_le_bytes());
        let data: Vec<u8> = (0..len).map(|index| (index % 251) as u8).collect();
        let sum = data.iter().fold(SEED, |sum, byte| sum ^ byte);
        bytes.extend(&data);
        bytes.resize(bytes.len() / 16 * 16 + 15, 0);
        bytes.push(sum);
        let digest = sha2::Sha256::digest(&bytes);
        bytes.extend(digest);
        bytes
    }

    #[test]
    fn chips_are_told_apart() {
        for (chip, name) in CHIPS {
            let header = Header::find(&sample(chip, 100)).unwrap().unwrap();
            assert_eq!(chip_name(header.chip), name);
        }
        let mut merged = vec![0xff; 0x1000];
        merged.extend(sample(0, 500));
        merged.extend(vec![0xff; 3000]);
        assert_eq!(Header::find(&merged).unwrap().unwrap().at, 0x1000);
        assert_eq!(Header::find(&[0x12; 100]).unwrap(), None);
        let mut short = vec![
            MAGIC, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x40, 4, 0, 0, 0, 1, 2, 3, 4,
        ];
        short.resize(31, 0);
        short.push(SEED ^ 4);
        assert_eq!(Header::find(&short).unwrap().unwrap().chip, None);
    }

    #[test]
    fn cut_and_damaged_images_err() {
        let good = sample(5, 100);
        for at in [24, 50, 131, good.len() - 33, good.len() - 1] {
            assert!(Header::find(&good[..at]).is_err(), "cut at {at}");
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(Header::find(&bad).is_err() || at < 32, "damage at {at}");
        }
    }
}
