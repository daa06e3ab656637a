//! Traits of the hardware that the firmware asks for.
//!
//! A port implements them, everything else names only these.
#![no_std]
#![forbid(unsafe_code)]

pub mod console;
pub mod ring;
