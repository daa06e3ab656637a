//! The serial loader of an Espressif chip, made from its description: what it understands, what it
//! refuses, and a flash that behaves like one (bits are only cleared by writing, set by erasing).
//!
//! Source: Espressif's "Serial Protocol" (esptool documentation, advanced topics) and its SPI flash
//! registers. It counts what is announced and what comes, as the mask ROM does, and so refuses loaders
//! that announce one size and send another. No code of a chip runs here.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::Instant;

use md5::{Digest, Md5};

/// A chip that can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No stub here, short status, an erase that counts wrong.
    Esp8266,
    /// Boots from 0x1000.
    Esp32,
    /// The one that is played most fully.
    Esp32c3,
}

/// How the chip was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It runs what is in its flash.
    Program,
    /// The loader in ROM waits.
    Rom,
    /// A stub was loaded and waits.
    Stub,
}

/// What goes wrong.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The cable is pulled when this block of data comes (from 1).
    pub cut_at: Option<usize>,
    /// These blocks of data come damaged the first time.
    pub damaged: Vec<usize>,
    /// This byte of the flash does not keep what is written.
    pub worn: Option<usize>,
    /// The flash does not answer.
    pub no_flash: bool,
    /// The flags of the security information.
    pub security: u32,
    /// The loader does not know GET_SECURITY_INFO's successor: another baud rate is never heard.
    pub deaf_above: Option<u32>,
    /// Noise stands in front of each answer.
    pub noise: bool,
}

#[derive(Debug)]
struct Writing {
    at: usize,
    left: usize,
    block: usize,
    next: u32,
    deflated: Option<flate2::write::ZlibDecoder<Vec<u8>>>,
    failed: bool,
}

/// The loader.
#[derive(Debug)]
pub struct Rom {
    /// The chip.
    pub kind: Kind,
    /// What runs.
    pub mode: Mode,
    /// The flash.
    pub flash: Vec<u8>,
    /// What goes wrong.
    pub faults: Faults,
    /// When the last write was announced, and when its last block was taken.
    pub written: Option<(Instant, Instant)>,
    /// The baud rate that the chip speaks.
    pub baud: u32,
    /// Blocks of data that came.
    pub blocks: usize,
    /// Every request, by its number.
    pub requests: Vec<u8>,
    /// The cable is out.
    pub is_cut: bool,
    /// It was told to start anew.
    pub next: Option<Mode>,
    registers: HashMap<u32, u32>,
    writing: Option<Writing>,
    memory_left: usize,
    /// What the stub still has to send of a read: data, block, acknowledged, sent.
    reading: Option<(Vec<u8>, usize, usize)>,
    was_damaged: Vec<usize>,
}

const SECTOR: usize = 4096;

fn word(data: &[u8], index: usize) -> u32 {
    let bytes = data
        .get(index * 4..index * 4 + 4)
        .and_then(|four| four.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}

fn size(data: &[u8], index: usize) -> usize {
    word(data, index) as usize
}

/// Frames `bytes`.
pub fn slip(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0xc0];
    for &byte in bytes {
        match byte {
            0xc0 => out.extend([0xdb, 0xdc]),
            0xdb => out.extend([0xdb, 0xdd]),
            _ => out.push(byte),
        }
    }
    out.push(0xc0);
    out
}

impl Rom {
    /// A chip with a blank flash, which runs what it has: nothing.
    pub fn new(kind: Kind, flash_bytes: usize) -> Self {
        let mut registers = HashMap::new();
        let magic = match kind {
            Kind::Esp8266 => 0xfff0_c101,
            Kind::Esp32 => 0x00f0_1d83,
            Kind::Esp32c3 => 0x1b31_506f,
        };
        registers.insert(0x4000_1000, magic);
        // ESP32-C3: MAC, revision 0.4.
        registers.insert(0x6000_8844, 0x1122_3344);
        registers.insert(0x6000_8848, 0x7cdf);
        registers.insert(0x6000_8850, 4 << 18);
        Self {
            kind,
            mode: Mode::Program,
            flash: vec![0xff; flash_bytes],
            faults: Faults::default(),
            written: None,
            baud: 115_200,
            blocks: 0,
            requests: Vec::new(),
            is_cut: false,
            next: None,
            registers,
            writing: None,
            memory_left: 0,
            reading: None,
            was_damaged: Vec::new(),
        }
    }

    /// The chip leaves reset.
    pub fn start(&mut self, mode: Mode) -> Vec<u8> {
        self.mode = mode;
        self.baud = 115_200;
        (self.writing, self.reading, self.next) = (None, None, None);
        match mode {
            Mode::Rom => {
                b"ESP-ROM:simulated\r\nboot:0x4 (DOWNLOAD(USB/UART0/1))\r\nwaiting for download\r\n"
                    .to_vec()
            }
            _ if !self.has_program() => b"invalid header: 0xffffffff\r\n".to_vec(),
            _ => Vec::new(),
        }
    }

    /// Whether an image stands where the chip boots from.
    pub fn has_program(&self) -> bool {
        let boot = if self.kind == Kind::Esp32 { 0x1000 } else { 0 };
        self.flash.get(boot) == Some(&0xe9)
    }

    fn spi(&self) -> (u32, u32, u32) {
        match self.kind {
            Kind::Esp8266 => (0x6000_0200, 0x24, 0x40),
            Kind::Esp32 => (0x3ff4_2000, 0x24, 0x80),
            Kind::Esp32c3 => (0x6000_2000, 0x20, 0x58),
        }
    }

    /// One frame in, bytes out.
    pub fn frame(&mut self, frame: &[u8]) -> Vec<u8> {
        if let Some(more) = self.acknowledged(frame) {
            return more;
        }
        if self.mode == Mode::Program || frame.len() < 8 || frame[0] != 0 {
            return Vec::new();
        }
        let (op, data) = (frame[1], &frame[8..]);
        self.requests.push(op);
        let length = usize::from(u16::from_le_bytes([frame[2], frame[3]]));
        let sum = word(frame, 1);
        if op == 0x08 {
            let stub = self.mode == Mode::Stub;
            let value = if stub { 0 } else { 0x2012_0707 };
            return self.answer(op, value, &[], 0).repeat(8);
        }
        let result = if length == data.len() {
            self.act(op, data, sum)
        } else {
            Err(0x05)
        };
        if self.is_cut {
            return Vec::new();
        }
        match result {
            Ok((value, body)) => {
                let mut out = self.answer(op, value, &body, 0);
                if op == 0x06 && self.mode == Mode::Stub {
                    out.extend(slip(b"OHAI"));
                }
                if op == 0xd2 {
                    out.extend(self.next_frames(0));
                }
                out
            }
            Err(error) => self.answer(op, 0, &[], error),
        }
    }

    fn answer(&self, op: u8, value: u32, body: &[u8], error: u8) -> Vec<u8> {
        let mut status = vec![u8::from(error != 0), error];
        if self.mode != Mode::Stub && self.kind != Kind::Esp8266 {
            status.extend([0, 0]);
        }
        let len = u16::try_from(body.len() + status.len()).expect("answers are short");
        let mut bytes = vec![1, op];
        bytes.extend(len.to_le_bytes());
        bytes.extend(value.to_le_bytes());
        bytes.extend(body);
        bytes.extend(status);
        let mut out = Vec::new();
        if self.faults.noise {
            out.extend([
                0xc0, 1, op, 0xff, 0xff, 9, 0xdb, 0xc0, 0x00, 0xc0, 1, op, 3, 0, 0xc0,
            ]);
        }
        out.extend(slip(&bytes));
        out
    }

    fn act(&mut self, op: u8, data: &[u8], sum: u32) -> Result<(u32, Vec<u8>), u8> {
        let stub = self.mode == Mode::Stub;
        let rich = stub || self.kind != Kind::Esp8266;
        let secure = self.faults.security & 4 != 0;
        if secure && !matches!(op, 0x02..=0x04 | 0x0d | 0x0b | 0x0f..=0x12 | 0x14) {
            return Err(0x05);
        }
        match op {
            0x14 if self.kind == Kind::Esp32c3 => {
                let mut body = self.faults.security.to_le_bytes().to_vec();
                body.resize(12, 0);
                body.extend(5_u32.to_le_bytes());
                body.extend(3_u32.to_le_bytes());
                Ok((0, body))
            }
            0x0a => Ok((
                self.registers.get(&word(data, 0)).copied().unwrap_or(0),
                Vec::new(),
            )),
            0x09 => {
                self.write_register(word(data, 0), word(data, 1), word(data, 2));
                Ok((0, Vec::new()))
            }
            0x0d if rich => Ok((0, Vec::new())),
            0x0b if rich && data.len() == 24 => Ok((0, Vec::new())),
            0x0f if rich && data.len() == 8 => {
                self.baud = word(data, 0);
                Ok((0, Vec::new()))
            }
            0x02 | 0x10 if op == 0x02 || rich => self.begin(op == 0x10, data),
            0x03 | 0x11 => self.data(data, sum),
            0x04 | 0x12 => {
                let unfinished = self
                    .writing
                    .as_ref()
                    .is_some_and(|writing| writing.left > 0);
                if unfinished && !stub {
                    return Err(0x06);
                }
                // 0: reset, with the boot pin as it was found; 1: the ROM goes on to the program.
                match (word(data, 0), stub) {
                    (0, _) => self.next = Some(Mode::Rom),
                    (_, false) => self.next = Some(Mode::Program),
                    (_, true) => {}
                }
                Ok((0, Vec::new()))
            }
            0x05..=0x07 => self.memory(op, data, sum),
            0x13 if rich => {
                let digest = Md5::digest(self.range(size(data, 0), size(data, 1))?);
                let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                Ok((
                    0,
                    if stub {
                        digest.to_vec()
                    } else {
                        digits.into_bytes()
                    },
                ))
            }
            0x0e if rich && !stub => Ok((
                0,
                self.range(size(data, 0), size(data, 1).min(64))?.to_vec(),
            )),
            0xd0..=0xd2 if stub => self.stub(op, data),
            _ => Err(0x05),
        }
    }

    /// What loads a stub.
    fn memory(&mut self, op: u8, data: &[u8], sum: u32) -> Result<(u32, Vec<u8>), u8> {
        match op {
            0x05 => {
                self.memory_left = size(data, 0);
                Ok((0, Vec::new()))
            }
            0x07 => {
                self.check(data, sum)?;
                self.memory_left = self.memory_left.checked_sub(size(data, 0)).ok_or(0x05)?;
                Ok((0, Vec::new()))
            }
            _ => {
                if self.memory_left > 0 {
                    return Err(0x06);
                }
                // The answer still comes from the ROM; see `frame`.
                self.mode = Mode::Stub;
                Ok((0, Vec::new()))
            }
        }
    }

    /// What only a stub can.
    fn stub(&mut self, op: u8, data: &[u8]) -> Result<(u32, Vec<u8>), u8> {
        match op {
            0xd0 => {
                self.flash.fill(0xff);
                Ok((0, Vec::new()))
            }
            0xd1 => {
                let (at, len) = (size(data, 0), size(data, 1));
                self.range(at, len)?;
                self.flash[at..at + len].fill(0xff);
                Ok((0, Vec::new()))
            }
            _ => {
                let bytes = self.range(size(data, 0), size(data, 1))?.to_vec();
                self.reading = Some((bytes, size(data, 2), 0));
                Ok((0, Vec::new()))
            }
        }
    }

    fn range(&self, at: usize, len: usize) -> Result<&[u8], u8> {
        let end = at.checked_add(len).ok_or(0x0a_u8)?;
        self.flash.get(at..end).ok_or(0x0a)
    }

    fn write_register(&mut self, address: u32, value: u32, mask: u32) {
        let cell = self.registers.entry(address).or_insert(0);
        *cell = (*cell & !mask) | (value & mask);
        // The watchdog: unlocked and switched on, it resets the chip.
        if address == 0x6000_8090
            && value >> 31 == 1
            && self.registers.get(&0x6000_80a8) == Some(&0x50d8_3aa1)
        {
            self.next = Some(Mode::Program);
        }
        let (base, command, data) = self.spi();
        if address == base && value & 1 << 18 != 0 {
            let wanted = self.registers.get(&(base + command)).copied().unwrap_or(0) & 0xff;
            let logarithm = self.flash.len().trailing_zeros();
            let id = match (wanted, self.faults.no_flash) {
                (0x9f, false) => logarithm << 16 | 0x40ef,
                (0x9f, true) => 0xff_ffff,
                _ => 0,
            };
            self.registers.insert(base + data, id);
            self.registers.insert(base, 0);
        }
    }

    /// A write is announced.
    fn begin(&mut self, deflated: bool, data: &[u8]) -> Result<(u32, Vec<u8>), u8> {
        let stub = self.mode == Mode::Stub;
        let words = if stub || self.kind != Kind::Esp32c3 {
            16
        } else {
            20
        };
        // esptool's stubs take the fifth word and do not look at it.
        if data.len() != words && !(stub && data.len() == 20) {
            return Err(0x05);
        }
        let (announced, block, at) = (size(data, 0), size(data, 2), size(data, 3));
        let erase = match (self.kind, stub) {
            // The ROM counts the sectors up to the next block twice.
            (Kind::Esp8266, false) => {
                let sectors = announced.div_ceil(SECTOR);
                let head = (16 - at / SECTOR % 16).min(sectors);
                (sectors + head) * SECTOR
            }
            _ => announced.next_multiple_of(SECTOR),
        };
        if at + announced > self.flash.len() {
            return Err(0x0a);
        }
        let end = (at + erase).min(self.flash.len());
        self.flash[at / SECTOR * SECTOR..end].fill(0xff);
        let blocks = size(data, 1);
        let left = match (deflated, self.kind, stub) {
            (false, Kind::Esp8266, false) => blocks * block,
            _ => announced,
        };
        if announced > 0 {
            self.written = Some((Instant::now(), Instant::now()));
        }
        let deflated = deflated.then(|| flate2::write::ZlibDecoder::new(Vec::new()));
        self.writing = Some(Writing {
            at,
            left,
            block,
            next: 0,
            deflated,
            failed: false,
        });
        Ok((0, Vec::new()))
    }

    fn check(&mut self, data: &[u8], sum: u32) -> Result<(), u8> {
        let body = data.get(16..).ok_or(0x05)?;
        if size(data, 0) != body.len() {
            return Err(0x05);
        }
        let real = body.iter().fold(0xef_u8, |sum, byte| sum ^ byte);
        let damaged = if self.mode == Mode::Stub { 0xc1 } else { 0x07 };
        if u32::from(real) == sum {
            Ok(())
        } else {
            Err(damaged)
        }
    }

    fn data(&mut self, data: &[u8], sum: u32) -> Result<(u32, Vec<u8>), u8> {
        self.check(data, sum)?;
        self.blocks += 1;
        if self.faults.cut_at == Some(self.blocks) {
            self.is_cut = true;
            return Err(0x06);
        }
        let damaged = if self.mode == Mode::Stub { 0xc1 } else { 0x07 };
        let number = self.blocks;
        if self.faults.damaged.contains(&number) && !self.was_damaged.contains(&number) {
            self.was_damaged.push(number);
            return Err(damaged);
        }
        let Some(writing) = &mut self.writing else {
            return Err(0x06);
        };
        let (body, number) = (&data[16..], word(data, 1));
        if number != writing.next || writing.failed || body.len() > writing.block {
            return Err(0x06);
        }
        writing.next += 1;
        let plain = match &mut writing.deflated {
            Some(inflater) => {
                if inflater
                    .write_all(body)
                    .and_then(|()| inflater.flush())
                    .is_err()
                {
                    writing.failed = true;
                    return Err(0x0b);
                }
                core::mem::take(inflater.get_mut())
            }
            None => body.to_vec(),
        };
        if plain.len() > writing.left {
            // The last plain block is filled up beyond the end, and only that one.
            if writing.deflated.is_some() || plain.len() - writing.left >= writing.block {
                writing.failed = true;
                return Err(0x0b);
            }
        }
        let len = plain.len().min(writing.left);
        let end = writing.at + len;
        if end > self.flash.len() {
            return Err(0x0a);
        }
        for (cell, byte) in self.flash[writing.at..end].iter_mut().zip(&plain) {
            *cell &= byte;
        }
        if let Some(worn) = self
            .faults
            .worn
            .filter(|worn| (writing.at..end).contains(worn))
        {
            self.flash[worn] ^= 1;
        }
        writing.at = end;
        writing.left -= len;
        if let Some((_, last)) = &mut self.written {
            *last = Instant::now();
        }
        Ok((0, Vec::new()))
    }

    /// A word that acknowledges data of a read; more of it.
    fn acknowledged(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        if frame.len() != 4 || self.reading.is_none() {
            return None;
        }
        Some(self.next_frames(size(frame, 0)))
    }

    /// What a read sends when `acknowledged` bytes have arrived: one frame, or the digest at the end.
    fn next_frames(&mut self, acknowledged: usize) -> Vec<u8> {
        let Some((bytes, block, sent)) = &mut self.reading else {
            return Vec::new();
        };
        if acknowledged == bytes.len() {
            let digest = Md5::digest(&*bytes).to_vec();
            self.reading = None;
            return slip(&digest);
        }
        if acknowledged < *sent {
            return Vec::new();
        }
        let end = (*sent + *block).min(bytes.len());
        let frame = slip(&bytes[*sent..end]);
        *sent = end;
        frame
    }
}
