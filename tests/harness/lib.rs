//! What the tests are made of: boards we did not write, links that misbehave, and the programs that
//! talk to them.
//!
//! [`board::Board`] is a real MicroPython (its unix port, from PyPI) behind a proxy that counts,
//! paces and breaks the link, and that looks to a client like a serial port, a TCP port, a telnet
//! server or a WebREPL. [`actor`] holds boards that never were MicroPython. [`program`] runs `ucli`
//! and the peers it is compared with, each with a deadline.
//!
//! The interpreter never runs as root: its `/` is this machine's `/`. See [`interpreter`].
#![cfg(unix)]
#![expect(
    clippy::missing_panics_doc,
    reason = "a test that cannot go on panics; that is what it is for"
)]

pub mod actor;
pub mod board;
pub mod esp_board;
pub mod esp_rom;
pub mod front;
pub mod interpreter;
pub mod link;
pub mod paths;
pub mod program;
pub mod proxy;
pub mod pty;
pub mod sample;
pub mod schema;
pub mod server;
pub mod sim;
pub mod webrepl;
