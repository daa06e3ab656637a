//! Trees of files and what has to be copied: scanning this computer, and plans that do no I/O.

pub(crate) mod local;
pub(crate) mod mpy;
pub(crate) mod plan;
pub(crate) mod romfs;
pub(crate) mod transfer;
