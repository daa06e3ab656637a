//! The devices of the machine, by address; the only way to them.
//!
//! Source: QEMU, `docs/system/riscv/virt.rst`, and the memory map that the machine describes in its device tree.
#![expect(unsafe_code, reason = "memory-mapped registers")]

use core::ptr::{read_volatile, write_volatile};

/// A register of this machine.
#[derive(Clone, Copy)]
pub struct Register<T>(*mut T);

impl<T: Copy> Register<T> {
    /// A register; kept to this file, where the addresses are.
    const fn at(address: usize) -> Self {
        Self(address as *mut T)
    }

    /// What it holds.
    pub fn read(self) -> T {
        // SAFETY: the addresses below are devices of the machine, aligned for their width.
        unsafe { read_volatile(self.0) }
    }

    /// Sets it.
    pub fn write(self, value: T) {
        // SAFETY: as above; no device here writes to memory by itself.
        unsafe { write_volatile(self.0, value) }
    }
}

/// Ends QEMU or starts the machine again.
pub const TEST: Register<u32> = Register::at(0x0010_0000);
/// Ticks of 100 ns since the start: low and high half.
pub const TIME: [Register<u32>; 2] = [Register::at(0x0200_bff8), Register::at(0x0200_bffc)];
/// When the timer interrupts: low and high half.
pub const TIME_COMPARE: [Register<u32>; 2] = [Register::at(0x0200_4000), Register::at(0x0200_4004)];
/// Interrupt controller: the priority of the UART, what is let through, the lowest priority, taking one.
pub const UART_PRIORITY: Register<u32> = Register::at(0x0c00_0000 + 4 * UART_INTERRUPT);
pub const ENABLED: Register<u32> = Register::at(0x0c00_2000);
pub const THRESHOLD: Register<u32> = Register::at(0x0c20_0000);
pub const CLAIM: Register<u32> = Register::at(0x0c20_0004);
/// The number of the UART's interrupt.
pub const UART_INTERRUPT: usize = 10;
/// The UART, a 16550: data, interrupts that are wanted, FIFO control, line status.
pub const UART_DATA: Register<u8> = Register::at(0x1000_0000);
pub const UART_INTERRUPTS: Register<u8> = Register::at(0x1000_0001);
pub const UART_FIFO: Register<u8> = Register::at(0x1000_0002);
pub const UART_STATUS: Register<u8> = Register::at(0x1000_0005);

/// Bytes of the second flash chip.
pub const FLASH_BYTES: usize = 32 << 20;
const FLASH: usize = 0x2200_0000;

/// A word of the second flash chip; `None` outside of it or between words.
pub fn flash_word(offset_bytes: usize) -> Option<Register<u32>> {
    let is_inside = offset_bytes < FLASH_BYTES && offset_bytes.is_multiple_of(4);
    is_inside.then(|| Register::at(FLASH + offset_bytes))
}

/// Lets the interrupts of timer and devices wake the processor. None is handled: they stay masked as a whole.
pub fn enable_wake_up() {
    // SAFETY: interrupts are off in `mstatus` and nobody switches them on, so no handler is entered.
    unsafe { riscv::register::mie::set_mtimer() };
    // SAFETY: as above.
    unsafe { riscv::register::mie::set_mext() };
}
