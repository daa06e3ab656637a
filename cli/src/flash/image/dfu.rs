//! DFU files: the suffix of the USB specification, and ST's DfuSe container in front of it.
//!
//! Sources: USB Device Class Specification for Device Firmware Upgrade 1.1, appendix B; ST's UM0391,
//! DfuSe File Format Specification.

use super::{Segment, joined, u16_at, u32_at};

const SUFFIX_BYTES: usize = 16;
const PREFIX_BYTES: usize = 11;
const TARGET_BYTES: usize = 274;

/// What a DFU file holds.
#[derive(Clone, Debug)]
pub(crate) struct Dfu {
    /// The USB vendor it is for; 0xffff: any.
    pub(crate) vendor: u16,
    /// The USB product it is for; 0xffff: any.
    pub(crate) product: u16,
    /// What goes where; one segment at 0 where the file names no addresses.
    pub(crate) segments: Vec<Segment>,
    /// Whether the file names addresses (DfuSe).
    pub(crate) has_addresses: bool,
}

/// Reads a DFU file.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Dfu, String> {
    let Some(body_bytes) = bytes.len().checked_sub(SUFFIX_BYTES) else {
        return Err("it is shorter than a DFU suffix".to_string());
    };
    let suffix = &bytes[body_bytes..];
    if &suffix[8..11] != b"UFD" {
        return Err("it was cut off: it does not end with a DFU suffix".to_string());
    }
    let stated = u32_at(suffix, 12).unwrap_or(0);
    // The suffix holds the CRC register itself, which the usual definition inverts at the end.
    let computed = !crc32fast::hash(&bytes[..bytes.len() - 4]);
    if stated != computed {
        return Err(format!(
            "it is damaged: its checksum is {computed:08x}, its suffix says {stated:08x}"
        ));
    }
    let suffix_bytes = usize::from(suffix[11]);
    if suffix_bytes < SUFFIX_BYTES || suffix_bytes > bytes.len() {
        return Err(format!("its suffix says that it has {suffix_bytes} bytes"));
    }
    let body = &bytes[..bytes.len() - suffix_bytes];
    let has_addresses = body.starts_with(b"DfuSe");
    let segments = if has_addresses {
        targets(body)?
    } else {
        vec![Segment {
            address: 0,
            data: body.to_vec(),
        }]
    };
    if segments.iter().all(|segment| segment.data.is_empty()) {
        return Err("it holds no data".to_string());
    }
    Ok(Dfu {
        product: u16_at(suffix, 2).unwrap_or(0xffff),
        vendor: u16_at(suffix, 4).unwrap_or(0xffff),
        segments,
        has_addresses,
    })
}

/// The elements of all targets for alternate setting 0, which is the internal flash.
fn targets(body: &[u8]) -> Result<Vec<Segment>, String> {
    let short = |what: &str| format!("it was cut off in {what}");
    if body.get(5) != Some(&1) {
        return Err("its DfuSe version is not 1".to_string());
    }
    let stated = u32_at(body, 6).ok_or_else(|| short("its prefix"))?;
    if stated as usize != body.len() {
        return Err(format!(
            "its prefix says {stated} bytes, {} are there",
            body.len()
        ));
    }
    let count = *body.get(10).ok_or_else(|| short("its prefix"))?;
    let mut rest = &body[PREFIX_BYTES..];
    let mut segments = Vec::new();
    for number in 0..count {
        let what = format!("target {number}");
        let head = rest.get(..TARGET_BYTES).ok_or_else(|| short(&what))?;
        if !head.starts_with(b"Target") {
            return Err(format!("{what} does not begin as one"));
        }
        let alternate = head[6];
        let len = u32_at(head, 266).unwrap_or(0) as usize;
        let elements = u32_at(head, 270).unwrap_or(0);
        let mut inside = rest
            .get(TARGET_BYTES..TARGET_BYTES.saturating_add(len))
            .ok_or_else(|| short(&what))?;
        rest = &rest[TARGET_BYTES + len..];
        for element in 0..elements {
            let what = format!("{what}, element {element}");
            let address = u32_at(inside, 0).ok_or_else(|| short(&what))?;
            let len = u32_at(inside, 4).ok_or_else(|| short(&what))? as usize;
            let data = inside
                .get(8..8_usize.saturating_add(len))
                .ok_or_else(|| short(&what))?;
            inside = &inside[8 + len..];
            if alternate == 0 {
                segments.push(Segment {
                    address,
                    data: data.to_vec(),
                });
            }
        }
        if !inside.is_empty() {
            return Err(format!("{what} has {} bytes too many", inside.len()));
        }
    }
    if !rest.is_empty() {
        return Err(format!("{} bytes follow its last target", rest.len()));
    }
    joined(segments)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn suffixed(mut body: Vec<u8>, vendor: u16, product: u16) -> Vec<u8> {
        body.extend([0, 0]);
        body.extend(product.to_le_bytes());
        body.extend(vendor.to_le_bytes());
        body.extend([0x1a, 0x01]);
        body.extend(b"UFD");
        body.push(16);
        let crc = !crc32fast::hash(&body);
        body.extend(crc.to_le_bytes());
        body
    }

    /// A DfuSe file for ST's boot loader.
    pub(crate) fn sample(segments: &[Segment]) -> Vec<u8> {
        let mut elements = Vec::new();
        for segment in segments {
            elements.extend(segment.address.to_le_bytes());
            elements.extend(u32::try_from(segment.data.len()).unwrap().to_le_bytes());
            elements.extend(&segment.data);
        }
        let mut body = b"DfuSe\x01".to_vec();
        let total = u32::try_from(PREFIX_BYTES + TARGET_BYTES + elements.len()).unwrap();
        body.extend(total.to_le_bytes());
        body.push(1);
        body.extend(b"Target\x00");
        body.resize(PREFIX_BYTES + 266, 0);
        body.extend(u32::try_from(elements.len()).unwrap().to_le_bytes());
        body.extend(u32::try_from(segments.len()).unwrap().to_le_bytes());
        body.extend(elements);
        suffixed(body, 0x0483, 0xdf11)
    }

    #[test]
    fn files_come_back_and_damage_is_refused() {
        let segments = [
            Segment {
                address: 0x0800_0000,
                data: vec![1; 50],
            },
            Segment {
                address: 0x0802_0000,
                data: vec![2; 70],
            },
        ];
        let good = sample(&segments);
        let dfu = parse(&good).unwrap();
        assert_eq!(
            (dfu.vendor, dfu.product, dfu.segments.as_slice()),
            (0x0483, 0xdf11, &segments[..])
        );
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            assert!(parse(&bad).is_err(), "byte {at}");
            assert!(parse(&good[..at]).is_err(), "cut at {at}");
        }
        let plain = parse(&suffixed(vec![9; 20], 1, 2)).unwrap();
        assert!(!plain.has_addresses && plain.segments[0].data == [9; 20]);
    }
}
