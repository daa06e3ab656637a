//! Traits of the hardware that the firmware asks for.
#![no_std]
#![forbid(unsafe_code)]

pub mod block;
