//! ELF: a program as the linker leaves it, with the addresses its parts are loaded to.
//!
//! Source: the System V ABI, chapters 4 and 5; the machine numbers are those of its registry. Only what
//! flashing needs is read: the header and the loadable segments of little-endian 32-bit programs.

use super::{Segment, joined, u16_at, u32_at};

/// ARM.
pub(crate) const ARM: u16 = 40;
/// Tensilica Xtensa: ESP32, S2, S3, ESP8266.
pub(crate) const XTENSA: u16 = 94;
/// RISC-V: Espressif's C and H series.
pub(crate) const RISCV: u16 = 243;

const LOAD: u32 = 1;

/// What flashing needs of a program.
#[derive(Clone, Debug)]
pub(crate) struct Elf {
    /// The machine it is for.
    pub(crate) machine: u16,
    /// What is loaded, by physical address.
    pub(crate) segments: Vec<Segment>,
}

/// What people call a machine.
pub(crate) fn machine_name(machine: u16) -> String {
    match machine {
        ARM => "ARM".to_string(),
        XTENSA => "Xtensa".to_string(),
        RISCV => "RISC-V".to_string(),
        other => format!("machine {other}"),
    }
}

/// Reads a program.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Elf, String> {
    let short = || "it was cut off in its header".to_string();
    if bytes.get(4) != Some(&1) || bytes.get(5) != Some(&1) {
        return Err("it is no 32-bit little-endian program".to_string());
    }
    let machine = u16_at(bytes, 18).ok_or_else(short)?;
    let table = u32_at(bytes, 28).ok_or_else(short)? as usize;
    let entry_bytes = usize::from(u16_at(bytes, 42).ok_or_else(short)?);
    let entries = usize::from(u16_at(bytes, 44).ok_or_else(short)?);
    if entries > 0 && entry_bytes < 32 {
        return Err(format!(
            "its program headers have {entry_bytes} bytes instead of 32"
        ));
    }
    let mut segments = Vec::new();
    for index in 0..entries {
        let at = table.saturating_add(index * entry_bytes);
        let word = |offset| u32_at(bytes, at.saturating_add(offset)).ok_or_else(short);
        let (kind, offset, physical, len) = (word(0)?, word(4)?, word(12)?, word(16)?);
        if kind != LOAD || len == 0 {
            continue;
        }
        let start = offset as usize;
        let data = start
            .checked_add(len as usize)
            .and_then(|end| bytes.get(start..end))
            .ok_or_else(|| {
                format!(
                    "it was cut off: segment {index} has {len} bytes at {offset:#x} of the file"
                )
            })?;
        segments.push(Segment {
            address: physical,
            data: data.to_vec(),
        });
    }
    let segments = joined(segments)?;
    if segments.is_empty() {
        return Err("nothing in it is loaded".to_string());
    }
    Ok(Elf { machine, segments })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A program with one segment of 200 bytes at 0x1000_0000.
    pub(crate) fn sample() -> Vec<u8> {
        let mut bytes = vec![0; 52 + 32];
        bytes[..6].copy_from_slice(b"\x7fELF\x01\x01");
        bytes[18] = 40;
        bytes[28] = 52;
        bytes[42] = 32;
        bytes[44] = 1;
        for (at, word) in [(0, 1_u32), (4, 84), (12, 0x1000_0000), (16, 200)] {
            bytes[52 + at..56 + at].copy_from_slice(&word.to_le_bytes());
        }
        bytes.extend([3; 200]);
        bytes
    }

    #[test]
    fn segments_are_found_and_cuts_named() {
        let elf = parse(&sample()).unwrap();
        assert_eq!(
            (
                elf.machine,
                elf.segments[0].address,
                elf.segments[0].data.len()
            ),
            (ARM, 0x1000_0000, 200)
        );
        let sample = sample();
        for len in 4..sample.len() {
            assert!(parse(&sample[..len]).is_err(), "{len}");
        }
    }
}
