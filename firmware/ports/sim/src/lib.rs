//! The interpreter on a host: its surroundings, its command line, its prompt.

pub mod args;
pub mod board;
pub mod host;
pub mod interrupt;
pub mod keyboard;
pub mod program;
pub mod prompt;
pub mod version;
