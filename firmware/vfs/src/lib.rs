//! File systems of the firmware: littlefs, FAT, ROMFS and the mount table.
//!
//! No file system and no open file owns its device or a heap: a call is handed the device, the buffers and the
//! table of open files, and everything that outlives the call is plain data of the caller.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate self as upy_vfs;

pub mod fat;
pub mod littlefs;
pub mod mount;
pub mod path;
pub mod ram;
pub mod rom;

pub use upy_hal::block::{BlockDevice, Errno, Result};
