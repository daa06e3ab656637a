//! The chip's registers, by block; the only way to them.
//!
//! Every block here is a page of registers that do not write to memory by themselves (no DMA), so that any
//! access is as safe as any other. Source: RP2040 datasheet, chapter 2.2 (addresses) and 2.1.2 (atomic access).
#![expect(unsafe_code, reason = "memory-mapped registers")]

use core::ptr::{read_volatile, write_volatile};

/// The registers of one peripheral.
#[derive(Clone, Copy)]
pub struct Block(usize);

/// Offsets of a page whose writes set or clear bits.
const SET: usize = 0x2000;
const CLEAR: usize = 0x3000;

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

    /// Sets bits of a register at once; not in [`SIO`].
    pub fn set(self, offset: usize, bits: u32) {
        Block(self.0 + SET).write(offset, bits);
    }

    /// Clears bits of a register at once; not in [`SIO`].
    pub fn clear(self, offset: usize, bits: u32) {
        Block(self.0 + CLEAR).write(offset, bits);
    }

    /// Waits until all bits are set; false if it takes too long.
    pub fn wait_for(self, offset: usize, bits: u32) -> bool {
        (0..1_000_000).any(|_| self.read(offset) & bits == bits)
    }
}

/// Chapter 2.15.
pub const CLOCKS: Block = Block(0x4000_8000);
/// Chapter 2.18.
pub const PLL_SYS: Block = Block(0x4002_8000);
/// Chapter 2.14: which peripherals are held in reset.
pub const RESETS: Block = Block(0x4000_c000);
/// Chapter 2.13: what a watchdog resets.
pub const PSM: Block = Block(0x4001_0000);
/// Chapter 2.19.6.1: functions and changes of pins.
pub const IO_BANK0: Block = Block(0x4001_4000);
/// Chapter 2.19.6.3: pads.
pub const PADS_BANK0: Block = Block(0x4001_c000);
/// Chapter 4.2.
pub const UART: [Block; 2] = [Block(0x4003_4000), Block(0x4003_8000)];
/// Chapter 4.4.
pub const SPI: [Block; 2] = [Block(0x4003_c000), Block(0x4004_0000)];
/// Chapter 4.3.
pub const I2C: [Block; 2] = [Block(0x4004_4000), Block(0x4004_8000)];
/// Chapter 4.9.
pub const ADC: Block = Block(0x4004_c000);
/// Chapter 4.5.
pub const PWM: Block = Block(0x4005_0000);
/// Chapter 4.6.
pub const TIMER: Block = Block(0x4005_4000);
/// Chapter 4.7.
pub const WATCHDOG: Block = Block(0x4005_8000);
/// Chapter 2.17.
pub const ROSC: Block = Block(0x4006_0000);
/// Chapter 3.7.
pub const PIO: [Block; 2] = [Block(0x5020_0000), Block(0x5030_0000)];
/// Chapter 2.4.8: the processor's own; no bits are set or cleared at once here.
pub const PROCESSOR: Block = Block(0xe000_e000);
/// Chapter 2.3.1: pins from the processors' side.
pub const SIO: Block = Block(0xd000_0000);

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

/// Chapter 2.2. The memory is the interpreter's and DMA reaches it, so they are only read; so are the processor's own
/// registers.
const AREAS: [Area; 11] = [
    area(0x0000_0000, 0x4000, false),
    area(0x1000_0000, 2 << 20, false),
    area(0x2000_0000, 0x4_2000, false),
    area(0x4000_0000, 0x7_0000, true),
    area(0x5000_0000, 0x1000, false),
    area(0x5010_0000, 0x1000, false),
    area(0x5011_0000, 0x4000, true),
    area(0x5020_0000, 0x4000, true),
    area(0x5030_0000, 0x4000, true),
    area(0xd000_0000, 0x180, true),
    area(0xe000_e000, 0x1000, false),
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

/// Peripherals in [`RESETS`].
pub mod reset {
    pub const ADC: u32 = 1;
    pub const I2C0: u32 = 1 << 3;
    pub const IO_BANK0: u32 = 1 << 5;
    pub const PADS_BANK0: u32 = 1 << 8;
    pub const PIO0: u32 = 1 << 10;
    pub const PIO1: u32 = 1 << 11;
    pub const PWM: u32 = 1 << 14;
    pub const SPI0: u32 = 1 << 16;
    pub const UART0: u32 = 1 << 22;
}

/// Takes peripherals out of reset.
pub fn start(peripherals: u32) {
    RESETS.clear(0, peripherals);
    // They all answer within some cycles.
    RESETS.wait_for(8, peripherals);
}
