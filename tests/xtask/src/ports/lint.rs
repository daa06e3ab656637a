//! The lints of the port crates, in the build that makes their image.
//!
//! Clippy has to be the compiler's own, so for a port it is Debian's, and a second pass over everything the port needs
//! would take as long as the build. So cargo is told to start us as its compiler for the port: we start Clippy on the
//! same sources with the same arguments, which looks and leaves nothing, and then the compiler.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::run::find;
use crate::{Failed, Result, is_ci, target};

/// Where cargo's start of us finds Clippy.
const DRIVER: &str = "UPY_CLIPPY_DRIVER";
/// Debian's, which fits the compiler that builds ports without rustup's targets.
const DEBIANS: &str = "/usr/bin/clippy-driver";

/// Has a build of a port lint it; `has_core` says that rustup's compiler builds it.
pub(super) fn ask(build: &mut Command, has_core: bool) -> Result {
    let driver = match has_core {
        true => find("clippy-driver"),
        false => Some(PathBuf::from(DEBIANS)).filter(|driver| driver.exists()),
    };
    let Some(driver) = driver else {
        let why = "there is no clippy-driver; `apt-get install rust-web-clippy`";
        if is_ci() {
            return Err(Failed(why.into()));
        }
        println!("skipped: lints of the port: {why}");
        return Ok(());
    };
    build
        .env("RUSTC_WORKSPACE_WRAPPER", own_copy()?)
        .env(DRIVER, driver)
        .env("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__");
    Ok(())
}

/// A copy of this program, which stays when a test run builds it anew.
fn own_copy() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    // Where it was replaced already, Linux still has it under this name.
    let own = if own.exists() {
        own
    } else {
        PathBuf::from("/proc/self/exe")
    };
    let copy = target().join("lint-wrapper");
    // A program that runs cannot be written over, but another can take its name.
    let fresh = target().join("lint-wrapper.new");
    std::fs::copy(own, &fresh)?;
    std::fs::rename(&fresh, &copy)?;
    Ok(copy)
}

/// What cargo has started us for, if it has: a compiler and its arguments.
pub(crate) fn compile() -> Option<ExitCode> {
    let driver = std::env::var_os(DRIVER)?;
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (compiler, arguments) = words.split_first()?;
    // Cargo asks for what the compiler knows, too, and calls that `___`.
    let name = arguments
        .iter()
        .skip_while(|word| *word != "--crate-name")
        .nth(1);
    if name.is_some_and(|name| name != "___") && !lint(&driver, &words) {
        return Some(ExitCode::FAILURE);
    }
    let status = Command::new(compiler).args(arguments).status();
    Some(match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Clippy on the same sources: what it makes goes where nobody looks for it.
fn lint(driver: &OsString, words: &[OsString]) -> bool {
    let mut arguments = Vec::new();
    let mut is_place = false;
    for word in words {
        let text = word.to_string_lossy();
        if is_place {
            arguments.push(target().join("lint").into_os_string());
        } else if text.starts_with("--emit") {
            arguments.push("--emit=metadata".into());
        } else {
            arguments.push(word.clone());
        }
        is_place = text == "--out-dir";
    }
    let status = Command::new(driver).args(arguments).status();
    status.is_ok_and(|status| status.success())
}
