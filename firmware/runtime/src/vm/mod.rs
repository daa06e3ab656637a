//! Executing bytecode: the dispatch loop, calls, handlers and generators.

pub(crate) mod arguments;
pub(crate) mod call;
pub(crate) mod context;
pub(crate) mod dispatch;
pub(crate) mod generator;
mod leave;
mod quick;
pub(crate) mod stack;
pub(crate) mod threads;
pub(crate) mod unwind;
