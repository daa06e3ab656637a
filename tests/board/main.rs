//! The simulated board, driven by tools that were made for real ones, and its prompt beside MicroPython's.
#![cfg(unix)]

mod prompt;
mod simulated;
mod tools;
