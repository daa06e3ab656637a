//! `upy` on the ESP32-C3.
#![no_std]
#![no_main]

#[cfg(feature = "wifi")]
extern crate alloc;

mod adc;
mod board;
mod console;
mod description;
mod flash;
mod i2c;
mod pins;
mod pwm;
mod register;
mod spi;
#[cfg(not(feature = "wifi"))]
mod start;
#[cfg(feature = "wifi")]
#[path = "start_radio.rs"]
mod start;
mod system;
mod time;
mod uart;
#[cfg(feature = "wifi")]
mod wifi;

use upy_hal::polled::Polled;
use upy_repl::{Life, LineEnds, Settings, Terminal};
use upy_runtime::Sizes;

use crate::board::Chip;
use crate::console::Lines;

/// Words of the interpreter's memory: stack, frames and heap. The radio's software takes 130 KiB.
const MEMORY_WORDS: usize = if cfg!(feature = "wifi") { 42 } else { 80 } * 1024;

const LIFE: Life<'static> = Life {
    settings: Settings {
        banner: "MicroPython v1.29.0-preview (upy); ESP32C3 module with ESP32C3",
        window_bytes: console::WINDOW_BYTES,
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

/// Called by `start.rs` when there is a stack.
fn main(memory: &mut [usize]) -> ! {
    system::silence_watchdogs();
    time::start();
    let console = Polled::<_, { console::BUFFER_BYTES }>::new(Lines::start());
    let terminal = Terminal::new(&console, LineEnds::CarriageReturn);
    // It returns only when there is no room for an interpreter.
    let _ = LIFE.live(memory, terminal, &mut Chip::new());
    fail();
}

/// A defect of this program, or an exception of the processor: it is said, and the chip starts again.
fn fail() -> ! {
    console::write_uart(b"\r\nMPY: internal error, the board resets\r\n");
    time::spin(20_000);
    system::restart();
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    fail()
}
