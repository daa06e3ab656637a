//! The host end: what a tool does to a board.
//!
//! ```text
//!            any state                    ┌────────── Exec ──────────┐
//!   Enter ──────────────▶ raw prompt ─────▶ source ─▶ output ─▶ error │──▶ raw prompt
//!   (interrupt, Ctrl-A,        │          └──────────────────────────┘
//!    optional soft reset)      └─ Leave ──▶ friendly prompt (optional soft reset)
//! ```
//!
//! Each operation is one machine with the same three verbs. `send` gives the bytes that may go out
//! now, `sent` says how many of them did, `receive` takes what the board wrote and yields at most
//! one event. A driver loops like this, and never blocks while there is something to send:
//!
//! ```text
//! loop {
//!     while !machine.send().is_empty() { write some of it; machine.sent(n) }
//!     read what is there (wait only when nothing could be sent)
//!     while input is left or an event came { machine.receive(&input) }
//! }
//! ```
//!
//! The machines hold no clock: `timeout` of [`Enter`] and [`Leave`] is called by the driver. They
//! hold no copy of what they hand out: every event borrows from the input or from a constant.
//! None panics or loops, whatever the board sends; `tests/properties.rs` and the fuzz targets check
//! that. This module never imports [`device`](crate::device).
//!
//! Source: MicroPython `shared/runtime/pyexec.c`, `docs/reference/repl.rst`.

mod enter;
mod error;
mod exec;
mod leave;
mod paste;

pub use enter::{Enter, EnterEvent};
pub use error::ExecError;
pub use exec::{Exec, ExecEvent, Payload};
pub use leave::{Leave, LeaveEvent};
pub use paste::Paste;
