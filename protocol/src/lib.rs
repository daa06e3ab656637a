#![no_std]
#![forbid(unsafe_code)]
//! Both ends of the wire between a host and a MicroPython board, without I/O.
//!
//! Nothing here opens a port, reads a clock, allocates or blocks: machines are fed slices, say what
//! may be written, and yield events that borrow from the input. None panics or loops, whatever the
//! other side sends.
//!
//! | layer | modules |
//! |---|---|
//! | what is on the wire | [`control`], [`window`] |
//! | the REPL | [`host`], [`device`]; neither imports the other |
//! | values in it | [`literal`], [`value`], [`traceback`] |
//! | protocols inside its output | [`agent`], [`mount`] |
//! | around it | [`webrepl`] |
//!
//! The page to read first is this crate's `README.md`: the bytes of each exchange. A whole exchange
//! in memory, host on the left, device on the right:
//!
//! ```
//! use ucli_protocol::device::{Config, Event, Outcome, Session};
//! use ucli_protocol::host::{Exec, ExecEvent, Paste};
//!
//! let mut session = Session::new(Config { window_bytes: 128, images: false });
//! session.control(0x01); // Ctrl-A at the friendly prompt
//! let _ = session.receive(b"");
//!
//! let mut exec = Exec::new(b"print(6 * 7)", Paste::Unknown);
//! let (mut source, mut printed) = (Vec::new(), Vec::new());
//! while !exec.is_done() {
//!     let to_device = exec.send().to_vec();
//!     exec.sent(to_device.len());
//!
//!     // The device: keeps the source, runs it, writes.
//!     let mut to_host = Vec::new();
//!     let mut rest = &to_device[..];
//!     loop {
//!         let (used, event) = session.receive(rest);
//!         rest = &rest[used..];
//!         match event {
//!             Some(Event::Output(bytes)) => to_host.extend_from_slice(bytes),
//!             Some(Event::Source(bytes)) => source.extend_from_slice(bytes),
//!             Some(Event::Discard) => source.clear(),
//!             Some(Event::Execute(_)) => {
//!                 assert_eq!(source, b"print(6 * 7)");
//!                 to_host.extend_from_slice(b"42\r\n");
//!                 to_host.extend_from_slice(session.output_end());
//!                 to_host.extend_from_slice(session.executed(Outcome::Ended));
//!             }
//!             Some(other) => panic!("not expected here: {other:?}"),
//!             None => break,
//!         }
//!     }
//!
//!     // The host: sorts what came.
//!     let mut rest = &to_host[..];
//!     loop {
//!         let (used, event) = exec.receive(rest)?;
//!         rest = &rest[used..];
//!         match event {
//!             Some(ExecEvent::Stdout(text)) => printed.extend_from_slice(text),
//!             Some(_) => {}
//!             None => break,
//!         }
//!     }
//! }
//! assert_eq!(printed, b"42\r\n");
//! assert_eq!(exec.paste(), Paste::Supported);
//! # Ok::<(), ucli_protocol::host::ExecError>(())
//! ```

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
