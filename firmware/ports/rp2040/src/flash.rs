//! The flash behind the program: the files are in its last 1408 KiB, as MicroPython has them on a Pico.
//!
//! While the flash is written the chip can't execute from it: everything between leaving and entering its
//! execution mode is in RAM and holds all interrupts back. The second core is never started.
//!
//! Source: RP2040 datasheet, chapter 2.8.3.1.3 (functions of the boot ROM) and 2.8.1.3.1 (second stage).
#![expect(unsafe_code, reason = "functions of the boot ROM, memory-mapped flash")]

use core::slice;

use rp2040_hal::rom_data;
use upy_hal::block::{BlockDevice, Errno, Result};

/// Where the flash is read.
const XIP: usize = 0x1000_0000;
const FLASH_BYTES: usize = 2 << 20;
const FILES_BYTES: usize = 1408 << 10;
/// Where the files begin.
const START: usize = FLASH_BYTES - FILES_BYTES;
const BLOCK_BYTES: usize = 4096;
const PAGE_BYTES: usize = 256;

/// Erases blocks of this size where they fit, with this command.
const LARGE_BYTES: u32 = 1 << 16;
const LARGE_COMMAND: u8 = 0xd8;

/// The second stage of the boot, which sets the flash up for quick reading.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

type Call = unsafe extern "C" fn();

/// What is done to the flash; erasing when `data` is null.
#[repr(C)]
struct Order {
    connect: Call,
    leave: Call,
    flush: Call,
    erase: unsafe extern "C" fn(u32, usize, u32, u8),
    program: unsafe extern "C" fn(u32, *const u8, usize),
    offset: u32,
    len: usize,
    data: *const u8,
    /// The second stage, copied here because it can't be read then.
    boot2: [u32; 64],
}

impl Order {
    /// The way to leave and enter the execution mode; nothing to do between.
    fn new() -> Self {
        let mut boot2 = [0; 64];
        for (word, bytes) in boot2.iter_mut().zip(BOOT2.chunks_exact(4)) {
            *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        Self {
            connect: rom_data::connect_internal_flash::ptr(),
            leave: rom_data::flash_exit_xip::ptr(),
            flush: rom_data::flash_flush_cache::ptr(),
            erase: rom_data::flash_range_erase::ptr(),
            program: rom_data::flash_range_program::ptr(),
            offset: 0,
            len: 0,
            data: core::ptr::null(),
            boot2,
        }
    }
}

/// Carries an order out, from RAM.
///
/// # Safety
/// Interrupts are off, the functions are those of the ROM, `offset` and `len` are whole blocks or pages of the
/// files' region, `data` is null or has `len` bytes in RAM.
#[unsafe(link_section = ".data.ram_func")]
#[inline(never)]
unsafe extern "C" fn carry_out(order: &Order) {
    let enter = (order.boot2.as_ptr() as usize | 1) as *const ();
    // SAFETY: the order is as the caller promises; the second stage returns to its caller when it was called,
    // with the flash readable again before anything is fetched from it.
    #[expect(
        clippy::multiple_unsafe_ops_per_block,
        reason = "one sequence that may not be left"
    )]
    unsafe {
        let enter: Call = core::mem::transmute(enter);
        (order.connect)();
        (order.leave)();
        if order.data.is_null() {
            (order.erase)(order.offset, order.len, LARGE_BYTES, LARGE_COMMAND);
        } else {
            (order.program)(order.offset, order.data, order.len);
        }
        (order.flush)();
        enter();
    }
}

/// The registers of the flash's interface and of its select line, by chapters 4.10.13 and 2.19.6.2.
mod interface {
    pub(super) const STATUS: *const u32 = 0x1800_0028 as *const u32;
    pub(super) const DATA: *mut u32 = 0x1800_0060 as *mut u32;
    pub(super) const SELECT: *mut u32 = 0x4001_800c as *mut u32;
    pub(super) const TX_NOT_FULL: u32 = 1 << 1;
    pub(super) const RX_NOT_EMPTY: u32 = 1 << 3;
    /// The select line driven low, driven high, driven by the interface.
    pub(super) const LOW: u32 = 2 << 8;
    pub(super) const BY_INTERFACE: u32 = 0;
}

/// Bytes of the command that reads the number: the command, four of waiting, the number.
const ID_COMMAND_BYTES: usize = 13;
const READ_ID: u8 = 0x4b;

/// Asks the flash for its number, from RAM; `bytes` are sent and replaced by what comes.
///
/// # Safety
/// As [`carry_out`]; `order` says only how to leave and enter.
#[unsafe(link_section = ".data.ram_func")]
#[inline(never)]
unsafe extern "C" fn converse(order: &Order, bytes: &mut [u8; ID_COMMAND_BYTES]) {
    use interface::{BY_INTERFACE, DATA, LOW, RX_NOT_EMPTY, SELECT, STATUS, TX_NOT_FULL};
    let enter = (order.boot2.as_ptr() as usize | 1) as *const ();
    // SAFETY: the order is as the caller promises; the addresses are registers of the chip, and nothing is
    // fetched from the flash until it is readable again.
    #[expect(
        clippy::multiple_unsafe_ops_per_block,
        reason = "one sequence that may not be left"
    )]
    unsafe {
        let enter: Call = core::mem::transmute(enter);
        (order.connect)();
        (order.leave)();
        SELECT.write_volatile(LOW);
        for byte in bytes.iter_mut() {
            while STATUS.read_volatile() & TX_NOT_FULL == 0 {}
            DATA.write_volatile(*byte as u32);
            while STATUS.read_volatile() & RX_NOT_EMPTY == 0 {}
            *byte = DATA.read_volatile() as u8;
        }
        SELECT.write_volatile(BY_INTERFACE);
        (order.flush)();
        enter();
    }
}

/// The number that no other flash chip has.
pub fn unique_id() -> [u8; 8] {
    let order = Order::new();
    let mut bytes = [0; ID_COMMAND_BYTES];
    bytes[0] = READ_ID;
    critical_section::with(|_| {
        // SAFETY: interrupts are off and the order has the functions of the ROM.
        unsafe { converse(&order, &mut bytes) }
    });
    let mut id = [0; 8];
    id.copy_from_slice(&bytes[ID_COMMAND_BYTES - 8..]);
    id
}

/// The part of the flash that holds the files.
pub struct Flash;

fn place(block: u32, offset_bytes: u32, len: usize) -> Result<usize> {
    let (block, offset) = (block as usize, offset_bytes as usize);
    let is_inside =
        block < FILES_BYTES / BLOCK_BYTES && offset <= BLOCK_BYTES && len <= BLOCK_BYTES - offset;
    is_inside
        .then_some(block * BLOCK_BYTES + offset)
        .ok_or(Errno::EINVAL)
}

/// All of it as it is now.
fn content() -> &'static [u8] {
    // SAFETY: the region is flash that is readable whenever this program executes from it; it changes only in
    // `change`, which nobody calls with a slice of it in hand.
    unsafe { slice::from_raw_parts((XIP + START) as *const u8, FILES_BYTES) }
}

/// Erases `len` bytes, or programs them with `data`; `at` counts from the files' start.
fn change(at: usize, len: usize, data: Option<&[u8; PAGE_BYTES]>) {
    let order = Order {
        offset: (START + at) as u32,
        len,
        data: data.map_or(core::ptr::null(), |data| data.as_ptr()),
        ..Order::new()
    };
    critical_section::with(|_| {
        // SAFETY: interrupts are off, callers pass whole blocks or one page inside the region, and the page is
        // on the stack.
        unsafe { carry_out(&order) }
    });
}

impl BlockDevice for Flash {
    fn block_size_bytes(&self) -> u32 {
        BLOCK_BYTES as u32
    }

    fn block_count(&self) -> u32 {
        (FILES_BYTES / BLOCK_BYTES) as u32
    }

    fn read(&mut self, block: u32, offset_bytes: u32, buffer: &mut [u8]) -> Result {
        let at = place(block, offset_bytes, buffer.len())?;
        buffer.copy_from_slice(&content()[at..at + buffer.len()]);
        Ok(())
    }

    /// In pages; what of a page is not to be programmed is programmed with ones, which changes nothing.
    fn program(&mut self, block: u32, offset_bytes: u32, data: &[u8]) -> Result {
        let mut at = place(block, offset_bytes, data.len())?;
        let mut rest = data;
        while !rest.is_empty() {
            let skipped = at % PAGE_BYTES;
            let (part, later) = rest.split_at(rest.len().min(PAGE_BYTES - skipped));
            let mut page = [0xff; PAGE_BYTES];
            page[skipped..skipped + part.len()].copy_from_slice(part);
            change(at - skipped, PAGE_BYTES, Some(&page));
            at += part.len();
            rest = later;
        }
        Ok(())
    }

    fn erase(&mut self, block: u32) -> Result {
        let place = place(block, 0, BLOCK_BYTES)?;
        #[cfg(feature = "uart")]
        crate::serial::wait_until_quiet();
        change(place, BLOCK_BYTES, None);
        Ok(())
    }

    fn memory(&self) -> Option<&[u8]> {
        Some(content())
    }
}
