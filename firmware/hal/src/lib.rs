//! Traits of the hardware that the firmware asks for.
//!
//! A port implements [`Board`]; each of its parts is `None` where the board has none. Nothing here knows a chip, and
//! nothing here imports anything of ours.
#![no_std]
#![forbid(unsafe_code)]

pub mod block;
mod board;
mod chip;
pub mod console;
pub mod machine;
pub mod net;
pub mod pio;
pub mod polled;
pub mod ring;
pub mod soft;

pub use board::Board;
pub use chip::Chip;
