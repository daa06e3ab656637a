//! UF2: 512-byte blocks that each say where their bytes go.
//!
//! Source of the format and of the family numbers: Microsoft's UF2 specification and its list of
//! families; the single absolute block of RP2350 files is chip erratum RP2350-E10.

use super::{Segment, joined, u32_at};

/// A block in the file.
pub(crate) const BLOCK_BYTES: usize = 512;
const MAGIC: [u32; 2] = [0x0a32_4655, 0x9e5d_5157];
const MAGIC_END: u32 = 0x0ab1_6f30;
/// Where the payload begins, and how much fits.
const PAYLOAD_AT: usize = 32;
const MOST_PAYLOAD: usize = 476;
const FLAG_NOT_FLASH: u32 = 0x0001;
const FLAG_CONTAINER: u32 = 0x1000;
const FLAG_FAMILY: u32 = 0x2000;
const FLAG_MD5: u32 = 0x4000;
/// Blocks for any chip of the RP2 family at their absolute address.
const ABSOLUTE: u32 = 0xe48b_ff57;

/// A UF2 file.
#[derive(Clone, Debug)]
pub(crate) struct Uf2 {
    /// Each family and what is for it, in the order of the file. 0: no family is named.
    pub(crate) families: Vec<(u32, Vec<Segment>)>,
}

/// `(number, name, beginnings of board ids)` of the families that boards here have.
const FAMILIES: &[(u32, &str, &[&str])] = &[
    (0xe48b_ff56, "RP2040", &["rpi-rp2"]),
    (0xe48b_ff59, "RP2350", &["rp2350"]),
    (0xe48b_ff5a, "RP2350 (RISC-V)", &["rp2350"]),
    (0xe48b_ff5b, "RP2350 (not secure)", &["rp2350"]),
    (0x68ed_2b88, "SAMD21", &["samd21"]),
    (0x5511_4460, "SAMD51", &["samd51", "same51", "same54"]),
    (0x1b57_745f, "nRF52", &["nrf52832", "nrf52-"]),
    (0x621e_937a, "nRF52833", &["nrf52833"]),
    (0xada5_2840, "nRF52840", &["nrf52840"]),
    (0xbfdd_4eee, "ESP32-S2", &["esp32s2", "esp32-s2"]),
    (0xc47e_5767, "ESP32-S3", &["esp32s3", "esp32-s3"]),
    (0x1c5f_21b0, "ESP32", &["esp32-", "esp32v"]),
    (0xd42b_a06c, "ESP32-C3", &["esp32c3", "esp32-c3"]),
    (0x5775_5a57, "STM32F4", &["stm32f4"]),
    (0x6d09_22fa, "STM32F407", &["stm32f407"]),
    (0x4fb2_d5bd, "i.MX RT", &["imxrt", "mimxrt", "rt10"]),
];

/// What people call a family.
pub(crate) fn family_name(number: u32) -> String {
    match FAMILIES.iter().find(|(id, ..)| *id == number) {
        Some((_, name, _)) => (*name).to_string(),
        None if number == ABSOLUTE => "any RP2 chip".to_string(),
        None if number == 0 => "no named chip".to_string(),
        None => format!("family {number:#010x}"),
    }
}

/// The families of a drive, by what its `INFO_UF2.TXT` calls the board; empty when nobody knows.
pub(crate) fn families_of_board(board_id: &str) -> Vec<u32> {
    let board = board_id.to_ascii_lowercase();
    let longest = |prefixes: &[&str]| {
        let fits = prefixes.iter().filter(|prefix| board.starts_with(**prefix));
        fits.map(|prefix| prefix.len()).max()
    };
    let best = FAMILIES
        .iter()
        .filter_map(|(.., names)| longest(names))
        .max();
    let fitting = FAMILIES.iter().filter(|(.., names)| {
        let length = longest(names);
        length.is_some() && length == best
    });
    fitting.map(|(number, ..)| *number).collect()
}

impl Uf2 {
    /// The families that are chips, that is, without the absolute block.
    pub(crate) fn chips(&self) -> Vec<u32> {
        let all = self.families.iter().map(|(family, _)| *family);
        all.filter(|family| *family != ABSOLUTE).collect()
    }
}

/// One block's fields.
struct Block<'a> {
    flags: u32,
    address: u32,
    number: u32,
    count: u32,
    family: u32,
    payload: &'a [u8],
}

fn block(index: usize, bytes: &[u8]) -> Result<Block<'_>, String> {
    let word = |at| u32_at(bytes, at).unwrap_or(0);
    if [word(0), word(4)] != MAGIC || word(BLOCK_BYTES - 4) != MAGIC_END {
        return Err(format!("block {index} is damaged: its marks are wrong"));
    }
    let flags = word(8);
    let len = word(16) as usize;
    // With a digest in the block, it stands in the last 24 bytes of the payload field.
    let most = if flags & FLAG_MD5 != 0 {
        MOST_PAYLOAD - 24
    } else {
        MOST_PAYLOAD
    };
    if len > most {
        return Err(format!(
            "block {index} is damaged: it says that it holds {len} bytes of at most {most}"
        ));
    }
    let family = if flags & FLAG_FAMILY != 0 {
        word(28)
    } else {
        0
    };
    Ok(Block {
        flags,
        address: word(12),
        number: word(20),
        count: word(24),
        family,
        payload: &bytes[PAYLOAD_AT..PAYLOAD_AT + len],
    })
}

/// What was seen of a family so far.
struct Sequence {
    family: u32,
    count: u32,
    next: u32,
    segments: Vec<Segment>,
}

/// Reads a UF2 file: every block there, in order, of one length of sequence.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Uf2, String> {
    if !bytes.len().is_multiple_of(BLOCK_BYTES) {
        return Err(format!(
            "it was cut off: {} bytes are no whole number of 512-byte blocks",
            bytes.len()
        ));
    }
    let mut sequences: Vec<Sequence> = Vec::new();
    for (index, raw) in bytes.chunks_exact(BLOCK_BYTES).enumerate() {
        let block = block(index, raw)?;
        if block.flags & (FLAG_NOT_FLASH | FLAG_CONTAINER) != 0 {
            continue;
        }
        let at = match sequences.iter().position(|one| one.family == block.family) {
            Some(at) => at,
            None => {
                sequences.push(Sequence {
                    family: block.family,
                    count: block.count,
                    next: 0,
                    segments: Vec::new(),
                });
                sequences.len() - 1
            }
        };
        let sequence = &mut sequences[at];
        if block.count != sequence.count {
            return Err(format!(
                "block {index} is of a file of {} blocks, those before it of {}",
                block.count, sequence.count
            ));
        }
        if block.number != sequence.next {
            return Err(format!(
                "block {index} is damaged or out of order: it is number {}, {} was expected",
                block.number, sequence.next
            ));
        }
        sequence.next += 1;
        let segment = Segment {
            address: block.address,
            data: block.payload.to_vec(),
        };
        // Joined at once, so that a large file does not become many thousand pieces.
        match sequence.segments.last_mut() {
            Some(last) if last.end() == u64::from(segment.address) => {
                last.data.extend_from_slice(&segment.data)
            }
            _ => sequence.segments.push(segment),
        }
    }
    let mut families = Vec::new();
    for one in sequences {
        // Erratum RP2350-E10 wants one lone block, which still says that it is of two.
        let is_lone = one.family == ABSOLUTE && one.next == 1;
        if one.next != one.count && !is_lone {
            return Err(format!(
                "it was cut off: {} of {} blocks are there",
                one.next, one.count
            ));
        }
        families.push((one.family, joined(one.segments)?));
    }
    if families.iter().all(|(_, segments)| segments.is_empty()) {
        return Err("no block of it goes to flash".to_string());
    }
    Ok(Uf2 { families })
}

/// Makes a UF2 file of 256-byte blocks, as boot loaders like them. Gaps inside a block are zeros.
pub(crate) fn make(family: u32, segments: &[Segment]) -> Vec<u8> {
    let mut pages: std::collections::BTreeMap<u32, [u8; 256]> = std::collections::BTreeMap::new();
    for segment in segments {
        for (offset, &byte) in segment.data.iter().enumerate() {
            let address = segment
                .address
                .wrapping_add(u32::try_from(offset).unwrap_or(u32::MAX));
            pages.entry(address & !0xff).or_insert([0; 256])[(address & 0xff) as usize] = byte;
        }
    }
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(pages.len() * BLOCK_BYTES);
    for (number, (address, page)) in pages.iter().enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        for word in [
            MAGIC[0],
            MAGIC[1],
            FLAG_FAMILY,
            *address,
            256,
            number,
            count,
            family,
        ] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(page);
        out.resize(out.len() + MOST_PAYLOAD - 256, 0);
        out.extend_from_slice(&MAGIC_END.to_le_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        make(
            0xe48b_ff56,
            &[Segment {
                address: 0x1000_0000,
                data: (0..=255).cycle().take(1024).collect(),
            }],
        )
    }

    #[test]
    fn blocks_come_back_as_they_went() {
        let uf2 = parse(&sample()).unwrap();
        assert_eq!(uf2.chips(), [0xe48b_ff56]);
        assert_eq!(uf2.families[0].1[0].data.len(), 1024);
    }

    #[test]
    fn missing_and_foreign_blocks_are_named() {
        let good = sample();
        let mut swapped = good.clone();
        swapped.rotate_left(512);
        let mut marks = good.clone();
        marks[512 + 511] = 0;
        let mut long = good.clone();
        long[16..20].copy_from_slice(&477_u32.to_le_bytes());
        for (bytes, words) in [
            (good[..1024].to_vec(), "2 of 4 blocks"),
            (good[..1000].to_vec(), "no whole number"),
            (swapped, "out of order"),
            (marks, "block 1 is damaged"),
            (long, "477 bytes"),
        ] {
            let why = parse(&bytes).unwrap_err();
            assert!(why.contains(words), "{why}");
        }
    }

    #[test]
    fn a_lone_absolute_block_is_no_second_chip() {
        let mut both = make(
            ABSOLUTE,
            &[Segment {
                address: 0x10ff_ff00,
                data: vec![0xef; 256],
            }],
        );
        both[24..28].copy_from_slice(&2_u32.to_le_bytes());
        both.extend(make(
            0xe48b_ff59,
            &[Segment {
                address: 0x1000_0000,
                data: vec![1; 256],
            }],
        ));
        assert_eq!(parse(&both).unwrap().chips(), [0xe48b_ff59]);
    }

    #[test]
    fn boards_name_their_family() {
        assert_eq!(families_of_board("RPI-RP2"), [0xe48b_ff56]);
        assert_eq!(families_of_board("RP2350").len(), 3);
        assert_eq!(families_of_board("nRF52840-Feather-revD"), [0xada5_2840]);
        assert_eq!(families_of_board("ESP32S2-Saola1R-v1.2"), [0xbfdd_4eee]);
        assert_eq!(families_of_board("SAMD51J19A-Feather-M4-v0"), [0x5511_4460]);
        assert!(families_of_board("Whatever").is_empty());
    }
}
