//! Values, heap and virtual machine of a MicroPython-compatible interpreter.
//!
//! Layers, each importing only those before it:
//!
//! 1. [`heap`](self): the only raw memory; knows no Python type. `value.rs`: one tagged word.
//! 2. `intern.rs`, `map.rs`: interned strings and hash tables.
//! 3. `ops/`, `types/`, `vm/`: what can be done with values, the built-in types, executing bytecode.
//! 4. `import/`, `builtins/`, `native.rs`: modules and built-in functions.
//!
//! `unsafe` is allowed in `heap/` and in `vm/dispatch.rs` and `vm/stack.rs`, nowhere else. There is no global
//! allocator: everything lives in the memory given to [`Vm::new`].
#![no_std]
#![expect(
    clippy::wrong_self_convention,
    reason = "conversions of Python values may allocate or run code"
)]
#![expect(
    clippy::missing_errors_doc,
    reason = "an error is always a Python exception in flight, the one Python defines for the operation"
)]

mod builtins;
mod embed;
mod heap;
mod host;
mod import;
mod intern;
mod library;
mod map;
mod names;
mod native;
mod ops;
mod prompt;
mod raise;
mod state;
mod types;
mod value;
mod vm;
#[cfg(feature = "weakref")]
mod weak;

pub use builtins::modules::ModuleInfo;
pub use heap::{Body, Marker, Ref};
pub use host::{Host, Loader, Movable, PathKind};
pub use import::Outcome;
pub use intern::Qstr;
pub use library::{Files, Frozen, Library, Names, name_number};
pub use native::{ANY, Args, Entry, Item, KEYWORDS, Native, class, function, item, number, text};
pub use ops::format::{Piece, Sink};
pub use prompt::{HISTORY_LINES, Program, Refusal};
pub use raise::{Raised, Result};
pub use state::{Sizes, Vm};
pub use types::float::Real;
pub use types::{Array, Dict, List, Make, Slots, TypeId, TypeInfo};
pub use upy_bytecode::BinaryOp;
pub use value::Value;
#[cfg(feature = "threads")]
pub use vm::threads::Relay;

/// Streams: what they can do, and the methods that native stream types share.
pub mod stream {
    pub use crate::ops::stream::{EAGAIN, Fault, StreamSlots, Transfer, poll, request};
    pub use crate::types::stream::{
        close, enter, fileno, flush, ioctl, leave, open_host, read, readinto, readline, readlines,
        seek, tell, write,
    };
}
