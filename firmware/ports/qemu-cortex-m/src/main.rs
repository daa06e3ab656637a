//! `upy` on QEMU's mps2-an385: a console, files, and the modules that a small board has room for.
#![no_std]
#![no_main]

mod board;
mod flash;
#[cfg(feature = "net")]
mod lan;
#[cfg_attr(not(feature = "net"), path = "no_network.rs")]
mod network;
mod time;
mod uart;
#[cfg(feature = "more")]
mod wires;

use cortex_m_rt::entry;
use upy_hal::polled::Polled;
use upy_repl::{Life, LineEnds, Settings, Terminal};
use upy_runtime::Sizes;

use crate::board::Chip;
use crate::uart::Uart;

/// Words of the interpreter's memory: stack, frames and heap.
const MEMORY_WORDS: usize = if cfg!(feature = "net") { 40 } else { 48 } * 1024;

const LIFE: Life<'static> = Life {
    settings: Settings {
        banner: "MicroPython v1.29.0-preview (upy); mps2-an385 with Cortex-M3",
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
    if let (Some(core), Some(memory)) = (
        cortex_m::Peripherals::take(),
        cortex_m::singleton!(: [usize; MEMORY_WORDS] = [0; MEMORY_WORDS]),
    ) {
        time::start(core.SYST);
        let console = Polled::<_, { uart::BUFFER_BYTES }>::new(Uart::start());
        let terminal = Terminal::new(&console, LineEnds::CarriageReturn);
        // It returns only when there is no room for an interpreter.
        network::with(|network| {
            let _ = LIFE.live(memory, terminal, &mut Chip::new(network));
        });
    }
    stop(b"\r\nMPY: too little memory\r\n");
}

/// Says why and does nothing any more.
fn stop(why: &[u8]) -> ! {
    uart::write_bytes(why);
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    stop(b"\r\nMPY: internal error, reset the board\r\n");
}
