//! `upy` on QEMU's mps2-an385: the smallest board, a console and an interpreter.
//!
//! There are no files: nothing is stored, a soft reset begins afresh.
#![no_std]
#![no_main]

mod uart;

use cortex_m_rt::entry;
use upy_hal::console::Console;
use upy_repl::{LineEnds, Repl, SOFT_REBOOT, Settings, Terminal};
use upy_runtime::{Host, Loader, Sizes, Vm};

use crate::uart::Uart;

/// Words of the interpreter's memory: stack, frames and heap.
const MEMORY_WORDS: usize = 40 * 1024;

const EINTR: i32 = 4;

const SETTINGS: Settings<'static> = Settings {
    banner: "MicroPython v1.29.0-preview (upy); mps2-an385 with Cortex-M3",
    window_bytes: uart::BUFFER_BYTES as u16 / 2,
};

/// The surroundings of the interpreter.
struct Board<'u> {
    terminal: Terminal<'u>,
}

impl Loader for Board<'_> {}

impl Host for Board<'_> {
    fn write_out(&mut self, bytes: &[u8]) {
        self.terminal.write_text(bytes);
    }

    fn read_in(&mut self, buffer: &mut [u8]) -> Result<usize, i32> {
        let console = self.terminal.console();
        loop {
            match console.read(buffer) {
                Ok(0) if console.is_interrupted() => return Err(EINTR),
                Ok(0) => console.wait(None),
                Ok(len) => return Ok(len),
                Err(_) => return Ok(0),
            }
        }
    }

    fn interrupted(&mut self) -> bool {
        self.terminal.console().take_interrupt()
    }

    fn platform(&self) -> &'static str {
        "qemu-cortex-m"
    }
}

#[entry]
fn main() -> ! {
    let uart = Uart::start();
    let memory = cortex_m::singleton!(: [usize; MEMORY_WORDS] = [0; MEMORY_WORDS]);
    let Some(memory) = memory else {
        stop();
    };
    let terminal = Terminal::new(&uart, LineEnds::CarriageReturn);
    let mut repl = Repl::new(SETTINGS);
    loop {
        let mut board = Board { terminal };
        let Some(mut vm) = Vm::new(memory, Sizes::SMALL, &mut board) else {
            uart.write(b"MPY: too little memory\r\n");
            stop();
        };
        repl.serve(&mut vm, &terminal);
        uart.write(SOFT_REBOOT);
    }
}

/// Does nothing any more.
fn stop() -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    uart::write_bytes(b"\r\nMPY: internal error, reset the board\r\n");
    stop();
}
