//! The serial line over the chip's own USB device.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 30.

use std::collections::VecDeque;

const PACKET_BYTES: usize = 64;
const FLUSH: u32 = 1;
const ROOM: u32 = 1 << 1;
const AVAILABLE: u32 = 1 << 2;
const RECEIVED: u32 = 1 << 2;
const EMPTY: u32 = 1 << 3;

/// The device.
#[derive(Default)]
pub(crate) struct Usb {
    /// A host has plugged it in.
    pub(crate) is_plugged: bool,
    /// What the host has to send.
    pub(crate) incoming: VecDeque<u8>,
    /// What has come and was not read.
    pub(crate) received: VecDeque<u8>,
    filling: Vec<u8>,
    /// What was sent and not taken.
    pub(crate) sent: Vec<u8>,
    enabled: u32,
}

impl Usb {
    /// As after a reset of the chip.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            is_plugged: self.is_plugged,
            ..Self::default()
        };
    }

    /// The next packet comes when the last one was read.
    pub(crate) fn arrive(&mut self) {
        if self.received.is_empty() {
            let len = self.incoming.len().min(PACKET_BYTES);
            self.received.extend(self.incoming.drain(..len));
        }
    }

    pub(crate) fn interrupts(&self) -> bool {
        self.status() & self.enabled != 0
    }

    fn status(&self) -> u32 {
        if self.received.is_empty() {
            EMPTY
        } else {
            RECEIVED | EMPTY
        }
    }

    pub(crate) fn read(&mut self, offset: u32, kept: u32, now_us: u64) -> u32 {
        match offset {
            0x00 => u32::from(self.received.pop_front().unwrap_or(0)),
            // Nobody takes a packet away when there is no host.
            0x04 => {
                let room = if self.filling.len() < PACKET_BYTES {
                    ROOM
                } else {
                    0
                };
                let available = if self.received.is_empty() {
                    0
                } else {
                    AVAILABLE
                };
                room | available
            }
            0x08 => self.status(),
            0x0c => self.status() & self.enabled,
            // Frames are counted while there is a host.
            0x24 if self.is_plugged => ((now_us / 1000) & 0x7ff) as u32,
            _ => kept,
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0x00 if self.filling.len() < PACKET_BYTES => self.filling.push(value as u8),
            0x04 if value & FLUSH != 0 && self.is_plugged => self.sent.append(&mut self.filling),
            0x10 => self.enabled = value,
            _ => {}
        }
        if self.is_plugged && self.filling.len() == PACKET_BYTES {
            self.sent.append(&mut self.filling);
        }
    }
}
