//! The serial lines. What is sent leaves at once, and the transmitter is busy for as long as it would take at 1 Mbit/s.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 26.

use std::collections::VecDeque;

use crate::bus::CYCLES_PER_US;

/// What the chip keeps of what has come.
const FIFO_BYTES: usize = 128;
/// Cycles that a byte takes.
const BYTE_CYCLES: u64 = 10 * CYCLES_PER_US;
const RECEIVED: u32 = 1;
const SENT: u32 = 1 << 1;
const TIMED_OUT: u32 = 1 << 8;
/// The transmitter is idle, high.
const LINES: u32 = 0xe000_8000;

/// One line.
pub(crate) struct Uart {
    number: u8,
    /// What is still on the wire.
    pub(crate) incoming: VecDeque<u8>,
    /// What has come and was not read.
    pub(crate) received: VecDeque<u8>,
    /// What was sent and not taken.
    pub(crate) sent: Vec<u8>,
    raw: u32,
    enabled: u32,
    /// When the transmitter will be empty, in cycles.
    empty_at: u64,
}

impl Uart {
    /// A line with nothing on it.
    pub(crate) fn new(number: u8) -> Self {
        Self {
            number,
            incoming: VecDeque::new(),
            received: VecDeque::new(),
            sent: Vec::new(),
            raw: 0,
            enabled: 0,
            empty_at: 0,
        }
    }

    /// A byte of those on the wire comes, if there is room for it.
    pub(crate) fn arrive(&mut self) {
        if self.received.len() < FIFO_BYTES
            && let Some(byte) = self.incoming.pop_front()
        {
            self.received.push_back(byte);
        }
    }

    /// Whether it interrupts.
    pub(crate) fn interrupts(&self) -> bool {
        self.status() & self.enabled != 0
    }

    fn status(&self) -> u32 {
        let received = if self.received.is_empty() {
            0
        } else {
            RECEIVED | TIMED_OUT
        };
        self.raw | received | SENT
    }

    pub(crate) fn read(&mut self, offset: u32, kept: u32, now: u64) -> u32 {
        match offset {
            0x00 => u32::from(self.received.pop_front().unwrap_or(0)),
            0x04 => self.status(),
            0x08 => self.status() & self.enabled,
            0x1c => {
                let sending = self.empty_at.saturating_sub(now).div_ceil(BYTE_CYCLES);
                let sending = sending.min(FIFO_BYTES as u64) as u32;
                self.received.len().min(FIFO_BYTES) as u32 | sending << 16 | LINES
            }
            0x6c => u32::from(self.empty_at > now) << 4,
            // Where the measurement of the rate would be; the ROM reads it for its first line only.
            0x28 | 0x2c if self.number == 0 => 0x1a0,
            0x30 if self.number == 0 => 0x100,
            0x80 => kept & !(1 << 31),
            _ => kept,
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32, now: u64) {
        match offset {
            0x00 => {
                self.sent.push(value as u8);
                self.empty_at = self.empty_at.max(now) + BYTE_CYCLES;
            }
            0x0c => self.enabled = value,
            0x10 => self.raw &= !value,
            // The receiver is emptied.
            0x20 if value & 1 << 17 != 0 => self.received.clear(),
            _ => {}
        }
    }
}
