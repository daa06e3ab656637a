//! The chip's registers, by block; the only way to them.
//!
//! No block here writes to memory by itself (DMA is never switched on), so that any access is as safe as any other.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 3.3 (addresses) and the chapters of each part.
#![expect(unsafe_code, reason = "memory-mapped registers")]

use core::ptr::{read_volatile, write_volatile};

/// The registers of one peripheral.
#[derive(Clone, Copy)]
pub struct Block(usize);

impl Block {
    fn address(self, offset: usize) -> *mut u32 {
        (self.0 + (offset & 0xffc)) as *mut u32
    }

    /// What the register at this offset in bytes holds.
    pub fn read(self, offset: usize) -> u32 {
        // SAFETY: the address is a word of a register page of the chip.
        unsafe { read_volatile(self.address(offset)) }
    }

    /// Sets a register.
    pub fn write(self, offset: usize, value: u32) {
        // SAFETY: the address is a word of a register page of the chip.
        unsafe { write_volatile(self.address(offset), value) }
    }

    /// Sets bits of a register, others stay.
    pub fn set(self, offset: usize, bits: u32) {
        self.write(offset, self.read(offset) | bits);
    }

    /// Clears bits of a register, others stay.
    pub fn clear(self, offset: usize, bits: u32) {
        self.write(offset, self.read(offset) & !bits);
    }

    /// Puts a value into the bits of a mask.
    pub fn put(self, offset: usize, mask: u32, value: u32) {
        self.write(offset, self.read(offset) & !mask | value);
    }

    /// Waits until none of the bits is set; false if it takes too long.
    pub fn wait_clear(self, offset: usize, bits: u32) -> bool {
        (0..1_000_000).any(|_| self.read(offset) & bits == 0)
    }
}

/// Chapter 26.
pub const UART: [Block; 2] = [Block(0x6000_0000), Block(0x6001_0000)];
/// Chapter 5: levels, matrix.
pub const GPIO: Block = Block(0x6000_4000);
/// Chapter 9: reset, sleep, watchdog of the always-on part.
pub const RTC: Block = Block(0x6000_8000);
/// Chapter 4: fuses.
pub const FUSES: Block = Block(0x6000_8800);
/// Chapter 5: pads.
pub const PADS: Block = Block(0x6000_9000);
/// Chapter 28.
pub const I2C: Block = Block(0x6001_3000);
/// Chapter 32.
pub const WAVES: Block = Block(0x6001_9000);
/// Chapter 12: the watchdogs of the two groups of timers.
pub const GROUPS: [Block; 2] = [Block(0x6001_f000), Block(0x6002_0000)];
/// Chapter 10.
pub const TIMER: Block = Block(0x6002_3000);
/// Chapter 27.
pub const SPI: Block = Block(0x6002_4000);
/// Chapter 25: random numbers.
pub const NOISE: Block = Block(0x6002_6000);
/// Chapter 34.
pub const ADC: Block = Block(0x6004_0000);
/// Chapter 30.
pub const USB: Block = Block(0x6004_3000);
/// Chapter 14: clocks and resets of the parts.
pub const SYSTEM: Block = Block(0x600c_0000);
/// Chapter 8.
pub const INTERRUPTS: Block = Block(0x600c_2000);
/// In [`INTERRUPTS`]: which lines are let through.
pub const ENABLED: usize = 0x104;

/// Where there is something that programs may read.
struct Area {
    start: usize,
    end: usize,
    /// They may write it too: it reaches no memory.
    is_register: bool,
}

const fn area(start: usize, bytes: usize, is_register: bool) -> Area {
    Area {
        start,
        end: start + bytes,
        is_register,
    }
}

/// Chapter 3.3. The memory is the interpreter's, DMA reaches it and the cache shows it, so those are only read.
const AREAS: [Area; 6] = [
    area(0x3fc8_0000, 0x6_0000, false),
    area(0x4000_0000, 0x6_0000, false),
    area(0x6000_0000, 0x3_f000, true),
    area(0x6003_f000, 0x1000, false),
    area(0x6004_0000, 0x8_4000, true),
    area(0x600c_4000, 0x2000, false),
];

/// The area of an address, if all of what is asked for is in it.
fn area_of(address: usize, width: u8) -> Option<&'static Area> {
    let end = address.checked_add(usize::from(width))?;
    AREAS
        .iter()
        .find(|area| area.start <= address && end <= area.end)
}

/// Reads a register or memory for a program, at an address that is a multiple of the width; nothing where nothing is.
pub fn peek(address: usize, width: u8) -> Option<u32> {
    area_of(address, width)?;
    Some(match width {
        // SAFETY: reading in one of the areas does no harm to the interpreter.
        1 => u32::from(unsafe { read_volatile(address as *const u8) }),
        // SAFETY: as above; the caller has seen to the alignment.
        2 => u32::from(unsafe { read_volatile(address as *const u16) }),
        // SAFETY: as above.
        _ => unsafe { read_volatile(address as *const u32) },
    })
}

/// Writes a register for a program; false where that may not be.
pub fn poke(address: usize, width: u8, value: u32) -> bool {
    if !area_of(address, width).is_some_and(|area| area.is_register) {
        return false;
    }
    match width {
        // SAFETY: registers that may be written are not the interpreter's memory, and reach none of it.
        1 => unsafe { write_volatile(address as *mut u8, value as u8) },
        // SAFETY: as above; the caller has seen to the alignment.
        2 => unsafe { write_volatile(address as *mut u16, value as u16) },
        // SAFETY: as above.
        _ => unsafe { write_volatile(address as *mut u32, value) },
    }
    true
}

/// Parts in [`SYSTEM`].
pub mod part {
    pub const UART1: u32 = 1 << 5;
    pub const SPI2: u32 = 1 << 6;
    pub const I2C: u32 = 1 << 7;
    pub const WAVES: u32 = 1 << 11;
    pub const ADC: u32 = 1 << 28;
}

/// Gives a part its clock and takes it out of reset, which it goes through first.
pub fn start(parts: u32) {
    const CLOCKS: usize = 0x10;
    const RESETS: usize = 0x18;
    SYSTEM.set(CLOCKS, parts);
    SYSTEM.set(RESETS, parts);
    SYSTEM.clear(RESETS, parts);
}
