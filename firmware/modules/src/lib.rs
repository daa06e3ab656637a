//! The modules of the firmware beyond those of the language.
#![no_std]
#![forbid(unsafe_code)]
