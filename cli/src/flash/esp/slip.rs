//! SLIP: frames of bytes on a serial line, as Espressif's loaders use it.
//!
//! Source: RFC 1055; the loaders begin a frame with END too. What stands between frames (boot messages,
//! noise) is dropped, and so is a frame that grows beyond anything a loader sends.

const END: u8 = 0xc0;
const ESC: u8 = 0xdb;
const ESC_END: u8 = 0xdc;
const ESC_ESC: u8 = 0xdd;
/// More than the longest frame of a loader: a block of flash with its header.
const MOST_BYTES: usize = 64 << 10;

/// Appends `bytes` as a frame.
pub(super) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(END);
    for &byte in bytes {
        match byte {
            END => out.extend_from_slice(&[ESC, ESC_END]),
            ESC => out.extend_from_slice(&[ESC, ESC_ESC]),
            _ => out.push(byte),
        }
    }
    out.push(END);
}

/// Finds frames in a stream.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    frame: Vec<u8>,
    /// Inside a frame.
    open: bool,
    /// The byte before was ESC.
    escaped: bool,
}

impl Decoder {
    /// Takes a byte; a frame when it was its last.
    pub(super) fn receive(&mut self, byte: u8) -> Option<Vec<u8>> {
        if byte == END {
            self.escaped = false;
            if self.open && !self.frame.is_empty() {
                self.open = false;
                return Some(core::mem::take(&mut self.frame));
            }
            self.open = true;
            self.frame.clear();
            return None;
        }
        if !self.open {
            return None;
        }
        let plain = match (core::mem::take(&mut self.escaped), byte) {
            (false, ESC) => {
                self.escaped = true;
                return None;
            }
            (false, byte) => byte,
            (true, ESC_END) => END,
            (true, ESC_ESC) => ESC,
            (true, _) => {
                self.reset();
                return None;
            }
        };
        self.frame.push(plain);
        if self.frame.len() > MOST_BYTES {
            self.reset();
        }
        None
    }

    /// Forgets what has come of a frame.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut decoder = Decoder::default();
        bytes
            .iter()
            .filter_map(|byte| decoder.receive(*byte))
            .collect()
    }

    #[test]
    fn frames_come_back_through_noise() {
        let (one, two) = (vec![0xc0, 0xdb, 1, 0xdc, 0xdd], vec![2; 300]);
        let mut wire = b"ets Jul 29 2019\r\n".to_vec();
        encode(&one, &mut wire);
        encode(&two, &mut wire);
        assert_eq!(frames(&wire), [one, two]);
    }

    #[test]
    fn endless_and_torn_frames_are_dropped() {
        let mut wire = vec![END];
        wire.resize(MOST_BYTES + 100, 1);
        wire.push(END);
        encode(&[5], &mut wire);
        assert!(frames(&wire).contains(&vec![5]));
        assert_eq!(frames(&[END, 1, ESC, 7, END, 9, END]), [vec![9]]);
    }
}
