//! The prompt of the firmware: friendly, paste, raw and raw-paste mode, boot order.
//!
//! What comes over the console goes two ways. A program talks in raw mode: `ucli_protocol::device` says what
//! its bytes mean. A person types in friendly mode: `editor.rs` keeps the line and draws it, `complete.rs`
//! serves the Tab key, `more.rs` knows when a statement is complete. Both end in [`Repl`], which runs the
//! program in the interpreter and waits for the next.
//!
//! A port loops over the life of its interpreter; `Life`, behind the feature `chip`, does so for a chip:
//!
//! ```text
//! make a Vm ── Repl::boot ── Repl::serve ── say SOFT_REBOOT ─┐
//!    ▲                                                       │
//!    └───────────────────────────────────────────────────────┘
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod boot;
mod complete;
mod editor;
#[cfg(feature = "chip")]
mod life;
mod more;
mod repl;
mod terminal;

pub use boot::{Booted, SOFT_REBOOT};
#[cfg(feature = "chip")]
pub use life::{Life, TooSmall};
pub use more::needs_more;
pub use repl::{End, Repl, Settings};
pub use terminal::{LineEnds, Terminal};
