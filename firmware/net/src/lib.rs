//! The network of chips: sockets over Ethernet frames, and a client of TLS 1.3.
//!
//! [`Stack`] makes the sockets of [`upy_hal::net::Network`] and a wired interface of anything that carries frames
//! ([`upy_hal::net::Ethernet`]); all its buffers stand in a [`Memory`]. TLS knows no socket: bytes are
//! passed through it by whoever has one. Nothing here waits, allocates, or knows a chip.
#![no_std]
#![forbid(unsafe_code)]

mod datagrams;
mod device;
mod names;
mod stack;
mod streams;
mod table;
#[cfg(feature = "tls")]
pub mod tls;
mod wired;

pub use stack::{DATAGRAMS, Memory, Places, STREAMS, Stack};

use upy_hal::machine::Errno;

/// EAGAIN: another system would wait here.
const AGAIN: Errno = Errno(11);
/// EBADF
const NOT_OPEN: Errno = Errno(9);
/// EMFILE
const TOO_MANY: Errno = Errno(24);
/// ENOENT
const NO_SUCH_NAME: Errno = Errno(2);
/// EADDRINUSE
const ADDRESS_IN_USE: Errno = Errno(98);
/// EADDRNOTAVAIL
const NO_SUCH_ADDRESS: Errno = Errno(99);
/// EMSGSIZE
const TOO_LONG: Errno = Errno(90);
/// ECONNRESET
const RESET: Errno = Errno(104);
/// EISCONN
const CONNECTED: Errno = Errno(106);
/// ENOTCONN
const NOT_CONNECTED: Errno = Errno(107);
/// ECONNREFUSED
const REFUSED: Errno = Errno(111);
/// EHOSTUNREACH
const UNREACHABLE: Errno = Errno(113);
/// EALREADY
const ALREADY: Errno = Errno(114);
/// EINPROGRESS
const IN_PROGRESS: Errno = Errno(115);
