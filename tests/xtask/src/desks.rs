//! `cargo xtask desks`: the desks that are not this one.
//!
//! Windows: the program is built with MinGW and driven under wine by `tests/desks`. macOS: the
//! program is type-checked; without Apple's linker more cannot be done from here.

use std::process::Command;

use crate::run::run as start;
use crate::setup::{self, cargo_with_library};
use crate::{Result, target};

const WINDOWS: &str = "x86_64-pc-windows-gnu";
const MACOS: &str = "aarch64-apple-darwin";

/// Both desks, or a counted skip.
pub(crate) fn run() -> Result {
    if setup::run_all()?.desks.is_some() {
        println!("skipped: 2 desks");
        return Ok(());
    }
    windows()?;
    macos()
}

/// Builds `ucli.exe` and runs it under wine.
pub(crate) fn windows() -> Result {
    start(cargo_with_library(&["build", "-p", "ucli"], WINDOWS))?;
    let mut tests: Command = crate::run::cargo(&["test", "-p", "integration", "--test", "desks"]);
    tests.env(
        "UCLI_WINDOWS_PROGRAM",
        target().join("desks").join(WINDOWS).join("debug/ucli.exe"),
    );
    start(tests)
}

/// Type-checks the program for macOS.
pub(crate) fn macos() -> Result {
    start(cargo_with_library(&["check", "-p", "ucli"], MACOS))
}
