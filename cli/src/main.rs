//! `ucli`: find, drive and feed MicroPython boards.
//!
//! The program itself is `lib.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ucli::run_program()
}
