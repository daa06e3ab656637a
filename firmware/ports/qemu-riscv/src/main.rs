//! `upy` on QEMU's virt machine with 32-bit RISC-V: a console, files in its flash, the modules without network.
#![no_std]
#![no_main]

mod board;
mod flash;
mod register;
mod time;
mod uart;

use riscv_rt::entry;
use upy_hal::polled::Polled;
use upy_repl::{Life, LineEnds, Settings, Terminal};
use upy_runtime::Sizes;

use crate::board::Chip;
use crate::uart::Uart;

/// Words of the interpreter's memory: stack, frames and heap.
const MEMORY_WORDS: usize = 64 * 1024;

const LIFE: Life<'static> = Life {
    settings: Settings {
        banner: "MicroPython v1.29.0-preview (upy); QEMU virt with RV32IMAC",
        window_bytes: uart::BUFFER_BYTES as u16 / 2,
    },
    sizes: Sizes {
        stack_words: 2048,
        frames: 96,
        handlers: 64,
        native_depth: 12,
    },
    library: &upy_modules::LIBRARY,
    start: upy_modules::START,
};

#[entry]
fn main() -> ! {
    let mut memory = [0; MEMORY_WORDS];
    let console = Polled::<_, { uart::BUFFER_BYTES }>::new(Uart::start());
    let terminal = Terminal::new(&console, LineEnds::CarriageReturn);
    // It returns only when there is no room for an interpreter.
    let _ = LIFE.live(&mut memory, terminal, &mut Chip::new());
    stop(b"\r\nMPY: too little memory\r\n");
}

/// Says why and does nothing any more.
fn stop(why: &[u8]) -> ! {
    uart::write_bytes(why);
    loop {
        riscv::asm::wfi();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    stop(b"\r\nMPY: internal error, reset the board\r\n");
}
