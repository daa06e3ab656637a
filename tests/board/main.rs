//! The simulated board, driven by tools that were made for real ones, and its prompt beside MicroPython's.
#![cfg(unix)]

mod faults;
mod network;
mod packages;
mod project;
mod prompt;
mod simulated;
mod threads;
mod tools;
mod webrepl;
