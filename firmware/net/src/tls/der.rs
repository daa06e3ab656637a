//! PEM to DER, and where the parts of DER end.
//!
//! Source: RFC 7468 (PEM); ITU-T X.690, 8.1 and 10.1 (lengths).

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|part| part == what)
}

/// Decodes PEM, all blocks of it one behind the other, or copies DER; returns how long it is.
///
/// Parameters of curves, which some tools put before a key, are left out. `None` if it is neither or does not fit.
pub(super) fn decode(bytes: &[u8], room: &mut [u8]) -> Option<usize> {
    if find(bytes, BEGIN).is_none() {
        room.get_mut(..bytes.len())?.copy_from_slice(bytes);
        return Some(bytes.len());
    }
    let mut rest = bytes;
    let mut len = 0;
    while let Some(begin) = find(rest, BEGIN) {
        rest = &rest[begin + BEGIN.len()..];
        let label = &rest[..find(rest, DASHES)?];
        rest = &rest[label.len() + DASHES.len()..];
        let end = find(rest, END)?;
        if label != b"EC PARAMETERS" {
            len += base64(&rest[..end], &mut room[len..])?;
        }
        rest = &rest[end + END.len()..];
    }
    Some(len)
}

fn base64(text: &[u8], room: &mut [u8]) -> Option<usize> {
    let (mut bits, mut count, mut len) = (0u32, 0, 0);
    for &byte in text {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' | b'\r' | b'\n' | b' ' | b'\t' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            *room.get_mut(len)? = (bits >> count) as u8;
            len += 1;
        }
    }
    Some(len)
}

/// An element at the beginning: its tag, its content, and what follows it.
pub(super) fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut len = usize::from(first);
    if first & 0x80 != 0 {
        let (digits, behind) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.is_empty() || digits.len() > 3 {
            return None;
        }
        len = digits
            .iter()
            .fold(0, |len, &digit| len << 8 | usize::from(digit));
        rest = behind;
    }
    let (content, behind) = rest.split_at_checked(len)?;
    Some((tag, content, behind))
}

/// The elements one behind the other, each as a whole; ends where something is no element.
pub(super) fn elements(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    core::iter::from_fn(move || {
        let (_, _, behind) = element(bytes)?;
        let whole = &bytes[..bytes.len() - behind.len()];
        bytes = behind;
        Some(whole)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_of_several_blocks_is_one_piece() {
        let text = b"noise\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n\
            -----BEGIN A-----\nMAMC\r\nAQE=\n-----END A-----\n-----BEGIN B-----\nMAMCAQI=\n-----END B-----\n";
        let mut room = [0; 10];
        assert_eq!(decode(text, &mut room), Some(10));
        assert_eq!(room, [48, 3, 2, 1, 1, 48, 3, 2, 1, 2]);
        assert!(elements(&room).eq([&room[..5], &room[5..]]));
        assert_eq!(decode(text, &mut room[..9]), None);
        assert_eq!(decode(&text[..text.len() - 12], &mut room), None);
    }

    #[test]
    fn lengths_beyond_the_end_are_no_elements() {
        for bytes in [
            &[][..],
            &[48],
            &[48, 1],
            &[48, 0x80],
            &[48, 0x81, 1],
            &[48, 0x84, 0, 0, 0, 0],
            &[48, 0xff],
        ] {
            assert_eq!(element(bytes), None, "{bytes:?}");
        }
        let mut long = [0; 300];
        (long[0], long[1], long[2], long[3]) = (48, 0x82, 1, 0x28);
        assert!(
            element(&long)
                .is_some_and(|(_, content, rest)| content.len() == 296 && rest.is_empty())
        );
    }
}
