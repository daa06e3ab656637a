//! File systems of the firmware: littlefs, FAT, ROMFS and the mount table.
#![no_std]
#![forbid(unsafe_code)]
