//! A conversation with a board: sessions, programs, files.

pub(crate) mod agent;
pub(crate) mod early;
mod errno;
mod exec;
mod fast;
pub(crate) mod fs;
pub(crate) mod interrupt;
pub(crate) mod mount;
mod pack;
pub(crate) mod program;
mod question;
pub(crate) mod session;
pub(crate) mod snippet;
mod text;
pub(crate) mod value;
mod wire;

pub(crate) use errno::board_error;
