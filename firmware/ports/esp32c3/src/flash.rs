//! The flash behind the program. The files are in the partition `vfs`, or behind all partitions where the table has
//! none, as MicroPython does it.
//!
//! While the flash is written nothing can be read from it: the functions that do so are in memory, use the functions of
//! the chip's ROM and keep the cache off, and nothing interrupts them.
//!
//! Source: ESP-IDF, "Partition Tables", `esp_rom_spiflash.h` and `rom/cache.h`; addresses from the ROM's own symbols.
#![expect(unsafe_code, reason = "functions of the ROM, code in memory")]

use upy_hal::block::{BlockDevice, Errno, Result};

use crate::start::uninterrupted;

const TABLE: u32 = 0x8000;
const ENTRY_BYTES: usize = 32;
const MOST_ENTRIES: u32 = 95;
const BLOCK_BYTES: usize = 4096;
const PAGE_BYTES: usize = 256;

type Suspend = unsafe extern "C" fn() -> u32;
type Resume = unsafe extern "C" fn(u32);
type Unlock = unsafe extern "C" fn() -> i32;
type Erase = unsafe extern "C" fn(u32) -> i32;
type Write = unsafe extern "C" fn(u32, *const u32, u32) -> i32;
type Read = unsafe extern "C" fn(u32, *mut u32, u32) -> i32;

/// The functions of the ROM, by the addresses of their entries, which are the same in all revisions of the chip.
#[derive(Clone, Copy)]
#[repr(C)]
struct Functions {
    suspend: Suspend,
    resume: Resume,
    unlock: Unlock,
    erase: Erase,
    write: Write,
    read: Read,
}

impl Functions {
    fn get() -> Self {
        // SAFETY: at these addresses are functions of these types, in a ROM that never changes.
        unsafe {
            Self {
                suspend: core::mem::transmute::<usize, Suspend>(0x4000_0524),
                resume: core::mem::transmute::<usize, Resume>(0x4000_0528),
                unlock: core::mem::transmute::<usize, Unlock>(0x4000_0140),
                erase: core::mem::transmute::<usize, Erase>(0x4000_0128),
                write: core::mem::transmute::<usize, Write>(0x4000_012c),
                read: core::mem::transmute::<usize, Read>(0x4000_0130),
            }
        }
    }
}

/// What is done to the flash.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Order {
    Read,
    Write,
    Erase,
}

/// Carries an order out, from memory; 0 is success.
///
/// # Safety
/// `at` and `len` are inside the flash and multiples of 4; `buffer` has `len` bytes in memory unless it is to erase.
#[cfg_attr(not(feature = "wifi"), unsafe(link_section = ".fast"))]
#[cfg_attr(feature = "wifi", unsafe(link_section = ".rwtext.fast"))]
#[inline(never)]
unsafe extern "C" fn carry_out(
    rom: &Functions,
    order: Order,
    at: u32,
    buffer: *mut u32,
    len: u32,
) -> i32 {
    // SAFETY: the functions are the ROM's, the rest is as the caller promises. Between off and on of the cache nothing
    // is fetched from the flash: `rom` is on the stack, everything else in registers.
    #[expect(
        clippy::multiple_unsafe_ops_per_block,
        reason = "one sequence that may not be left"
    )]
    unsafe {
        let state = (rom.suspend)();
        let outcome = match order {
            Order::Read => (rom.read)(at, buffer, len),
            Order::Write => (rom.unlock)() | (rom.write)(at, buffer, len),
            Order::Erase => (rom.unlock)() | (rom.erase)(at / BLOCK_BYTES as u32),
        };
        (rom.resume)(state);
        outcome
    }
}

/// A part of the flash.
pub struct Flash {
    rom: Functions,
    start: u32,
    len: u32,
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let part = bytes.get(at..at + 4).and_then(|part| part.try_into().ok());
    part.map_or(0, u32::from_le_bytes)
}

impl Flash {
    /// All of it. What the image's header says is its size.
    pub fn whole() -> Self {
        let mut flash = Self {
            rom: Functions::get(),
            start: 0,
            len: TABLE,
        };
        let mut header = [0; 4];
        // A header that can't be read says 4 MiB or less, and that is enough.
        let _ = flash.read(0, 0, &mut header);
        flash.len = 1 << 20 << u32::from(header[3] >> 4).min(7);
        flash
    }

    /// The part with the files.
    pub fn files() -> Self {
        let flash = Self::whole();
        let mut end = 0x1_0000;
        for index in 0..MOST_ENTRIES {
            let mut entry = [0; ENTRY_BYTES];
            let at = TABLE + index * ENTRY_BYTES as u32;
            let is_entry =
                flash.read_at(at, &mut entry).is_ok() && entry.starts_with(&[0xaa, 0x50]);
            if !is_entry {
                break;
            }
            let (start, len) = (word(&entry, 4), word(&entry, 8));
            if entry[12..].starts_with(b"vfs\0") {
                return Self {
                    start,
                    len,
                    ..flash
                };
            }
            end = end.max(start.saturating_add(len));
        }
        let len = flash.len.saturating_sub(end);
        Self {
            start: end,
            len,
            ..flash
        }
    }

    fn place(&self, block: u32, offset_bytes: u32, len: usize) -> Result<u32> {
        let (block, offset) = (block as usize, offset_bytes as usize);
        let is_inside = block < self.len as usize / BLOCK_BYTES
            && offset <= BLOCK_BYTES
            && len <= BLOCK_BYTES - offset;
        let place = (block * BLOCK_BYTES + offset) as u32;
        is_inside.then_some(self.start + place).ok_or(Errno::EINVAL)
    }

    fn order(
        &self,
        order: Order,
        at: u32,
        words: &mut [u32; PAGE_BYTES / 4],
        len: usize,
    ) -> Result {
        let rom = self.rom;
        let outcome = uninterrupted(|| {
            // SAFETY: callers pass whole words or a block inside the flash, and at most as much as the buffer has.
            unsafe { carry_out(&rom, order, at, words.as_mut_ptr(), len as u32) }
        });
        match outcome {
            0 => Ok(()),
            _ => Err(Errno::EIO),
        }
    }

    /// Reads at an address of the whole flash.
    fn read_at(&self, start: u32, buffer: &mut [u8]) -> Result {
        let mut words = [0_u32; PAGE_BYTES / 4];
        let (mut at, mut rest) = (start, buffer);
        while !rest.is_empty() {
            let skipped = (at % 4) as usize;
            let part = rest.len().min(PAGE_BYTES - skipped);
            let len = (skipped + part).next_multiple_of(4);
            self.order(Order::Read, at - skipped as u32, &mut words, len)?;
            let bytes = words.iter().flat_map(|word| word.to_le_bytes());
            let (now, later) = rest.split_at_mut(part);
            for (place, byte) in now.iter_mut().zip(bytes.skip(skipped)) {
                *place = byte;
            }
            at += part as u32;
            rest = later;
        }
        Ok(())
    }
}

impl BlockDevice for Flash {
    fn block_size_bytes(&self) -> u32 {
        BLOCK_BYTES as u32
    }

    fn block_count(&self) -> u32 {
        self.len / BLOCK_BYTES as u32
    }

    fn read(&mut self, block: u32, offset_bytes: u32, buffer: &mut [u8]) -> Result {
        self.read_at(self.place(block, offset_bytes, buffer.len())?, buffer)
    }

    /// In pages; what of a word is not to be programmed is programmed with ones, which changes nothing.
    fn program(&mut self, block: u32, offset_bytes: u32, data: &[u8]) -> Result {
        let mut at = self.place(block, offset_bytes, data.len())?;
        let mut rest = data;
        while !rest.is_empty() {
            let skipped = (at % 4) as usize;
            let room = PAGE_BYTES - at as usize % PAGE_BYTES;
            let (part, later) = rest.split_at(rest.len().min(room));
            let mut words = [u32::MAX; PAGE_BYTES / 4];
            for (index, byte) in (skipped..).zip(part) {
                let shift = index % 4 * 8;
                words[index / 4] &= !(0xff << shift) | u32::from(*byte) << shift;
            }
            let len = (skipped + part.len()).next_multiple_of(4);
            self.order(Order::Write, at - skipped as u32, &mut words, len)?;
            at += part.len() as u32;
            rest = later;
        }
        Ok(())
    }

    fn erase(&mut self, block: u32) -> Result {
        let at = self.place(block, 0, BLOCK_BYTES)?;
        self.order(Order::Erase, at, &mut [0; PAGE_BYTES / 4], 0)
    }
}
