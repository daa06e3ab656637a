#![no_std]
#![forbid(unsafe_code)]
//! Python source text to a tree, the way MicroPython reads it.
//!
//! The life of a source line up to the compiler:
//!
//! 1. [`lexer`] turns bytes into tokens, one at a time. F-strings become calls of `format` here.
//! 2. [`parser`] takes tokens by recursive descent, with an explicit limit to its depth, and makes
//!    nodes ([`ast`]). While it does, constants are folded ([`constant`]) and names given a value with
//!    `const()` are replaced by it.
//! 3. Names and short strings are interned ([`name`]) in the order they are met.
//!
//! Everything made lives in one [`arena::Arena`] over bytes that the caller lends; errors
//! ([`error`]) carry MicroPython's messages and lines. This crate never allocates, never panics on
//! any source and knows nothing of bytecode or of values at run time.

pub mod arena;
pub mod ast;
pub mod constant;
pub mod error;
pub mod lexer;
pub mod name;
pub mod parser;
pub mod token;
