#![no_std]
#![forbid(unsafe_code)]
//! Both ends of the wire between a host and a MicroPython board, without I/O.

pub mod agent;
pub mod control;
pub mod device;
pub mod host;
pub mod literal;
pub mod mount;
mod scan;
pub mod traceback;
pub mod value;
pub mod webrepl;
pub mod window;
