//! The flash chip and the controller that programs it.
//!
//! It behaves as NOR flash: programming clears bits, erasing sets all of a block, and neither happens without
//! being enabled first.
//!
//! Source: ESP-IDF, register descriptions of SPI_MEM; data sheet of the W25Q32 for the commands.

use std::ops::Range;

/// Registers, in words from the first.
mod register {
    pub(super) const ADDRESS: usize = 1;
    pub(super) const USER: usize = 6;
    pub(super) const USER1: usize = 7;
    pub(super) const USER2: usize = 8;
    pub(super) const OUT_BITS: usize = 9;
    pub(super) const IN_BITS: usize = 10;
    pub(super) const STATUS: usize = 11;
    pub(super) const DATA: usize = 22;
    pub(super) const DATA_WORDS: usize = 16;
}

/// Commands of the controller, by bit.
mod order {
    pub(super) const ENABLE: u32 = 30;
    pub(super) const DISABLE: u32 = 29;
    pub(super) const READ_ID: u32 = 28;
    pub(super) const READ_STATUS: u32 = 27;
    pub(super) const PROGRAM: u32 = 25;
    pub(super) const ERASE: u32 = 24;
    pub(super) const ERASE_LARGE: u32 = 23;
    pub(super) const ERASE_ALL: u32 = 22;
    /// The command is in the registers.
    pub(super) const USER: u32 = 18;
}

/// Maker, kind, and two to the power of this many bytes.
const ID: u32 = 0x0016_40ef;

/// The controller's state.
#[derive(Default)]
pub(crate) struct Flash {
    is_enabled: bool,
    /// Parts that were changed and not saved.
    pub(crate) changed: Vec<Range<usize>>,
    /// How often it was programmed or erased.
    pub(crate) operations: u64,
    /// The power goes before this operation.
    pub(crate) cut_at: Option<u64>,
    /// It has gone.
    pub(crate) is_over: bool,
}

impl Flash {
    /// As after a reset of the chip.
    pub(crate) fn reset(&mut self) {
        self.is_enabled = false;
    }

    pub(crate) fn command(&mut self, registers: &mut [u32], value: u32, content: &mut [u8]) {
        let is_set = |bit: u32| value >> bit & 1 != 0;
        let address = registers[register::ADDRESS] & 0x00ff_ffff;
        if is_set(order::USER) {
            return self.user(registers, content);
        }
        self.is_enabled |= is_set(order::ENABLE);
        self.is_enabled &= !is_set(order::DISABLE);
        if is_set(order::READ_ID) {
            registers[register::DATA] = ID;
        }
        if is_set(order::READ_STATUS) {
            registers[register::STATUS] = self.status();
            registers[register::DATA] = self.status();
        }
        if is_set(order::ERASE) {
            self.erase(address, 4096, content);
        }
        if is_set(order::ERASE_LARGE) {
            self.erase(address, 64 << 10, content);
        }
        if is_set(order::ERASE_ALL) {
            self.erase(0, content.len(), content);
        }
        if is_set(order::PROGRAM) {
            let len = registers[register::ADDRESS] >> 24;
            self.program(address, len as usize, registers, content);
        }
    }

    fn status(&self) -> u32 {
        u32::from(self.is_enabled) << 1
    }

    fn user(&mut self, registers: &mut [u32], content: &mut [u8]) {
        let has_address = registers[register::USER] >> 30 & 1 != 0;
        let bits = (registers[register::USER1] >> 26) + 1;
        let address = match (has_address, bits) {
            (false, _) => 0,
            (true, 24..32) => registers[register::ADDRESS] & 0x00ff_ffff,
            (true, _) => registers[register::ADDRESS],
        };
        let bytes = |bits: u32| (((bits & 0x3ff) + 1) / 8) as usize;
        let (out_bytes, in_bytes) = (
            bytes(registers[register::OUT_BITS]),
            bytes(registers[register::IN_BITS]),
        );
        match registers[register::USER2] & 0xff {
            0x9f => registers[register::DATA] = ID,
            0x05 => registers[register::DATA] = self.status(),
            0x35 => registers[register::DATA] = 2,
            0x06 => self.is_enabled = true,
            0x04 => self.is_enabled = false,
            0x20 => self.erase(address, 4096, content),
            0x52 => self.erase(address, 32 << 10, content),
            0xd8 => self.erase(address, 64 << 10, content),
            0x60 | 0xc7 => self.erase(0, content.len(), content),
            0x02 | 0x32 => self.program(address, out_bytes, registers, content),
            0x03 | 0x0b | 0x3b | 0x6b | 0xbb | 0xeb => read(address, in_bytes, registers, content),
            // It has no table of parameters.
            0x5a => registers[register::DATA..][..register::DATA_WORDS].fill(u32::MAX),
            _ => registers[register::DATA] = 0,
        }
    }

    /// Whether an operation may happen; counts it.
    fn begins(&mut self) -> bool {
        if !std::mem::take(&mut self.is_enabled) || self.is_over {
            return false;
        }
        self.is_over = self.cut_at.is_some_and(|at| self.operations >= at);
        self.operations += 1;
        !self.is_over
    }

    fn erase(&mut self, address: u32, len: usize, content: &mut [u8]) {
        let start = address as usize & !(len - 1);
        if self.begins()
            && let Some(part) = content.get_mut(start..start + len)
        {
            part.fill(0xff);
            self.changed.push(start..start + len);
        }
    }

    fn program(&mut self, address: u32, len: usize, registers: &[u32], content: &mut [u8]) {
        if !self.begins() {
            return;
        }
        let start = address as usize;
        let words = &registers[register::DATA..][..register::DATA_WORDS];
        let bytes = words.iter().flat_map(|word| word.to_le_bytes());
        for (index, byte) in bytes.take(len).enumerate() {
            // A page's end is followed by its beginning.
            let at = start & !0xff | (start + index) & 0xff;
            if let Some(place) = content.get_mut(at) {
                *place &= byte;
            }
        }
        self.changed.push(start & !0xff..(start & !0xff) + 256);
    }
}

fn read(address: u32, len: usize, registers: &mut [u32], content: &[u8]) {
    let words = registers[register::DATA..]
        .iter_mut()
        .take(register::DATA_WORDS);
    for (index, word) in words.enumerate().take(len.div_ceil(4)) {
        let bytes = (0..4).map(|byte| {
            let at = address as usize + 4 * index + byte;
            content.get(at).copied().unwrap_or(0xff)
        });
        *word = bytes
            .rev()
            .fold(0, |word, byte| word << 8 | u32::from(byte));
    }
}
