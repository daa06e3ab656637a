//! SLIP: frames of bytes on a serial line, as Espressif's and Adafruit's loaders use it.
//!
//! Source: RFC 1055; the loaders begin a frame with END too. What stands between frames (boot messages,
//! noise) is dropped, and so is a frame that grows beyond anything a loader sends.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::client::interrupt;
use crate::error::{Code, Error, Result};
use crate::transport::Transport;

const END: u8 = 0xc0;
const ESC: u8 = 0xdb;
const ESC_END: u8 = 0xdc;
const ESC_ESC: u8 = 0xdd;
/// More than the longest frame of a loader: a block of flash with its header.
const MOST_BYTES: usize = 64 << 10;

/// Appends `bytes` as a frame.
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
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

/// `bytes` as a frame.
pub(crate) fn encoded(bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(bytes.len() + bytes.len() / 64 + 2);
    encode(bytes, &mut frame);
    frame
}

/// Finds frames in a stream.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    frame: Vec<u8>,
    /// Inside a frame.
    open: bool,
    /// The byte before was ESC.
    escaped: bool,
}

impl Decoder {
    /// Takes a byte; a frame when it was its last.
    pub(crate) fn receive(&mut self, byte: u8) -> Option<Vec<u8>> {
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
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Frames to and from a board, with deadlines and an eye on Ctrl-C.
pub(crate) struct Frames {
    /// The port.
    pub(crate) transport: Box<dyn Transport>,
    decoder: Decoder,
    received: VecDeque<Vec<u8>>,
}

impl Frames {
    /// Frames over an open port.
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            transport,
            decoder: Decoder::default(),
            received: VecDeque::new(),
        }
    }

    /// The port's name.
    pub(crate) fn name(&self) -> String {
        self.transport.name().to_string()
    }

    /// Sends `bytes` as a frame; `patience` is how long the port may take no byte.
    ///
    /// # Errors
    /// [`Code::ConnectionLost`], [`Code::Interrupted`].
    pub(crate) fn send(&mut self, bytes: &[u8], patience: Duration) -> Result<()> {
        self.send_encoded(&encoded(bytes), patience)
    }

    /// [`Frames::send`] for what [`encoded`] made.
    ///
    /// # Errors
    /// As [`Frames::send`].
    pub(crate) fn send_encoded(&mut self, frame: &[u8], patience: Duration) -> Result<()> {
        let mut rest = frame;
        let mut deadline = Instant::now() + patience;
        while !rest.is_empty() {
            let slice = Instant::now() + interrupt::SLICE;
            let sent = self.transport.write(rest, slice.min(deadline))?;
            rest = &rest[sent..];
            if sent > 0 {
                deadline = Instant::now() + patience;
            }
            interrupted()?;
            if sent == 0 && Instant::now() >= deadline {
                let name = self.transport.name();
                return Err(crate::transport::lost(name, "it takes no more bytes"));
            }
        }
        Ok(())
    }

    /// The next frame; `None` when none comes until `deadline`.
    ///
    /// # Errors
    /// [`Code::ConnectionLost`], [`Code::Interrupted`].
    pub(crate) fn next(&mut self, deadline: Instant) -> Result<Option<Vec<u8>>> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(frame) = self.received.pop_front() {
                return Ok(Some(frame));
            }
            interrupted()?;
            let slice = (Instant::now() + interrupt::SLICE).min(deadline);
            let len = self.transport.read(&mut buffer, slice)?;
            let decoder = &mut self.decoder;
            let frames = buffer[..len]
                .iter()
                .filter_map(|byte| decoder.receive(*byte));
            self.received.extend(frames);
            if self.received.is_empty() && Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }

    /// Forgets the frames that came.
    pub(crate) fn clear(&mut self) {
        self.received.clear();
    }

    /// Forgets what came, and what comes until it is `quiet` for so long; what that was.
    ///
    /// # Errors
    /// [`Code::ConnectionLost`].
    pub(crate) fn drain(&mut self, quiet: Duration) -> Result<Vec<u8>> {
        self.received.clear();
        self.decoder.reset();
        let (mut said, mut buffer) = (Vec::new(), [0; 4096]);
        let last = Instant::now() + quiet * 10;
        loop {
            let len = self.transport.read(&mut buffer, Instant::now() + quiet)?;
            said.extend_from_slice(&buffer[..len]);
            said.truncate(16 << 10);
            // A firmware that chatters without end is no reason to wait without end.
            if len == 0 || Instant::now() > last {
                return Ok(said);
            }
        }
    }
}

fn interrupted() -> Result<()> {
    if interrupt::count() > 0 {
        return Err(Error::new(Code::Interrupted, "Ctrl-C"));
    }
    Ok(())
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

    /// Whatever comes, frames come out as they went in, and none is empty or beyond measure.
    #[test]
    fn any_bytes_make_frames_or_none() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut roll = |sides: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % sides
        };
        for case in 0..10_000 {
            let special = [END, ESC, ESC_END, ESC_ESC];
            let wire: Vec<u8> = (0..roll(80))
                .map(|_| match roll(2) {
                    0 => special[usize::try_from(roll(4)).unwrap()],
                    _ => u8::try_from(roll(256)).unwrap(),
                })
                .collect();
            let found = frames(&wire);
            assert!(
                found
                    .iter()
                    .all(|frame| !frame.is_empty() && frame.len() < wire.len())
            );
            let again: Vec<u8> = found.iter().flat_map(|frame| encoded(frame)).collect();
            assert_eq!(frames(&again), found, "case {case}: {wire:02x?}");
            let mut torn = encoded(&wire);
            torn.extend(encoded(b"next"));
            assert_eq!(frames(&torn).last().map(Vec::as_slice), Some(&b"next"[..]));
        }
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
