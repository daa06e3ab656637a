//! Intel HEX: records of text, each with its address and a checksum.
//!
//! Source: Intel's Hexadecimal Object File Format Specification, revision A; micro:bit's universal
//! files add record types 0x0a to 0x0e, whose data blocks are for one version of the board each.

use super::{Segment, joined};

/// Reads a HEX file.
///
/// # Errors
/// What is wrong with it, with the line.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Segment>, String> {
    let text = core::str::from_utf8(bytes).map_err(|_| "it is no text".to_string())?;
    let (mut base, mut ended, mut universal) = (0_u32, false, false);
    let mut segments: Vec<Segment> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let number = index + 1;
        if line.is_empty() {
            continue;
        }
        if ended {
            return Err(format!("line {number}: something follows the end record"));
        }
        let record = record(line).map_err(|why| format!("line {number}: {why}"))?;
        let (offset, kind, data) = (record.offset, record.kind, &record.data[..]);
        match (kind, data) {
            (0x00, _) => {
                let address = base
                    .checked_add(u32::from(offset))
                    .ok_or_else(|| format!("line {number}: the address is too large"))?;
                push(&mut segments, address, data);
            }
            (0x01, []) => ended = true,
            (0x02, [high, low]) => base = u32::from(u16::from_be_bytes([*high, *low])) << 4,
            (0x04, [high, low]) => base = u32::from(u16::from_be_bytes([*high, *low])) << 16,
            (0x03 | 0x05, [_, _, _, _]) => {}
            (0x0a..=0x0e, _) => universal = true,
            _ => {
                return Err(format!(
                    "line {number}: a record of type {kind:02x} with {} bytes means nothing",
                    data.len()
                ));
            }
        }
    }
    if !ended {
        return Err("it was cut off: there is no end record".to_string());
    }
    // The parts of a universal file are for different boards and may overlap; the drive sorts them.
    let segments = if universal {
        segments
    } else {
        joined(segments)?
    };
    if segments.is_empty() && !universal {
        return Err("it holds no data".to_string());
    }
    Ok(segments)
}

fn push(segments: &mut Vec<Segment>, address: u32, data: &[u8]) {
    match segments.last_mut() {
        Some(last) if last.end() == u64::from(address) => last.data.extend_from_slice(data),
        _ => segments.push(Segment {
            address,
            data: data.to_vec(),
        }),
    }
}

struct Record {
    offset: u16,
    kind: u8,
    data: Vec<u8>,
}

fn record(line: &str) -> Result<Record, String> {
    let digits = line.strip_prefix(':').ok_or("a record begins with `:`")?;
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err("a record is pairs of hexadecimal digits".to_string());
    }
    let pairs = digits.as_bytes().chunks_exact(2);
    let value = |digit: u8| (digit as char).to_digit(16).unwrap_or(0);
    let bytes: Vec<u8> = pairs
        .map(|pair| (value(pair[0]) << 4 | value(pair[1])) as u8)
        .collect();
    let [len, high, low, kind, rest @ ..] = &bytes[..] else {
        return Err("the record is too short".to_string());
    };
    let Some((sum, data)) = rest.split_last() else {
        return Err("the record is too short".to_string());
    };
    if data.len() != usize::from(*len) {
        return Err(format!(
            "the record says {len} bytes and has {}",
            data.len()
        ));
    }
    let total = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    if total != 0 {
        return Err(format!("the checksum is wrong ({sum:02x})"));
    }
    Ok(Record {
        offset: u16::from_be_bytes([*high, *low]),
        kind: *kind,
        data: data.to_vec(),
    })
}

/// Makes a HEX file with 16 bytes in a record.
#[cfg(test)]
pub(crate) fn make(segments: &[Segment]) -> Vec<u8> {
    let mut out = String::new();
    let mut line = |kind: u8, offset: u16, data: &[u8]| {
        let mut bytes = vec![u8::try_from(data.len()).unwrap()];
        bytes.extend(offset.to_be_bytes());
        bytes.push(kind);
        bytes.extend(data);
        bytes.push(bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte)));
        out.push(':');
        out.extend(bytes.iter().map(|byte| format!("{byte:02X}")));
        out.push('\n');
    };
    for segment in segments {
        let mut address = segment.address;
        for chunk in segment.data.chunks(16) {
            line(4, 0, &u16::try_from(address >> 16).unwrap().to_be_bytes());
            line(0, (address & 0xffff) as u16, chunk);
            address += u32::try_from(chunk.len()).unwrap();
        }
    }
    line(1, 0, &[]);
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_went() {
        let segments = [
            Segment {
                address: 0x1_fff8,
                data: (0..100).collect(),
            },
            Segment {
                address: 0x1000_1014,
                data: vec![1, 2, 3],
            },
        ];
        assert_eq!(parse(&make(&segments)).unwrap(), segments);
    }

    #[test]
    fn damage_is_named_with_its_line() {
        for (text, words) in [
            (":0300300002337A1E\n", "no end record"),
            (":0300300002337A1F\n:00000001FF\n", "line 1: the checksum"),
            (":00000001FF\n:00000001FF\n", "line 2: something follows"),
            ("0300300002337A1E\n", "line 1: a record begins"),
            (":0400300002337A1E\n", "says 4 bytes"),
            (":00000001FF\n", "no data"),
            (":zz\n", "hexadecimal"),
        ] {
            let why = parse(text.as_bytes()).unwrap_err();
            assert!(why.contains(words), "{why}");
        }
    }
}
