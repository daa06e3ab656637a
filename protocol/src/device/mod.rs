//! The device end: what firmware does with the bytes of its console.
//!
//! ```text
//!              Ctrl-A                    05 'A' 01
//!   Friendly ─────────▶ Raw ──────────────────────▶ raw-paste ─▶ Execute ─▶ Raw
//!      ▲  │  ◀───────── │ ▲                             │
//!      │  │   Ctrl-B    │ └── Execute ◀── source, 04    └─ aborts ─▶ traceback ─▶ Raw
//!      │  └─ Ctrl-E ─▶ Paste ─ 04 ─▶ Execute
//!      └──────────────── 03 ┘            04 on an empty line: SoftReset, from Raw back to Raw
//! ```
//!
//! [`Session`] is fed the console's bytes and says what to write, what to keep as source, and when
//! to run it. Typing at the friendly prompt is the line editor's business; it reports the control
//! bytes that count there. The bytes that go out are those of MicroPython's own REPL, so that every
//! tool for it works. Nothing is stored: source is handed out in runs, and who stores it may refuse
//! (memory full, syntax error seen early).
//!
//! This module never imports [`host`](crate::host). Source: MicroPython
//! `shared/runtime/pyexec.c`.

mod error;
mod paste;
mod session;

pub use error::Refusal;
pub use session::{Config, Event, Mode, Outcome, Session, SourceKind};
