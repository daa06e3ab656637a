//! An ESP32-C3 in software, for tests.
//!
//! It starts from the chip's own mask ROM, so that the ROM's loader, Espressif's boot loader and the firmware run as
//! they do on the chip. What is modelled is what they and the port `esp32c3` use; a processor of one instruction per
//! cycle, no cache, no radio. Where the chip ends a program by an exception, so does this.
//!
//! [`Board`] puts it on a board: serial lines on TCP ports, reset and boot pins on the lines of a modem, flash in a
//! file.

mod board;
mod bus;
mod chip;
mod compressed;
mod cpu;
mod devices;
mod modem;
pub mod rom;

pub use board::{Board, Options};
pub use chip::{Chip, State};

pub use devices::Reset;
