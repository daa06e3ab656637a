//! Builds an image: with rustup's target where that is installed, else with Debian's compiler and its sources.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Port, lint};
use crate::run::{cargo, command, output, run};
use crate::{Failed, Result, root, target};

/// Builds the image of a port and returns where its ELF file is.
pub(super) fn build(port: &Port) -> Result<PathBuf> {
    let directory = root().join("firmware/ports").join(port.directory);
    let place = target().join("ports");
    let mut build = cargo(&["build", "--release", "--target", port.target]);
    if !port.features.is_empty() {
        build.args(["--features", port.features]);
    }
    build
        .current_dir(&directory)
        .env("CARGO_TARGET_DIR", &place);
    let has_core = has_core(port.target);
    lint::ask(&mut build, has_core)?;
    if !has_core {
        let linker = rust_lld()?;
        let variable = port.target.to_uppercase().replace('-', "_");
        build
            .arg(format!("-Zbuild-std={}", libraries(port)))
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1")
            .env(format!("CARGO_TARGET_{variable}_LINKER"), linker);
    }
    run(build)?;
    let program = format!("upy-{}", port.directory);
    Ok(place.join(port.target).join("release").join(program))
}

/// What the image needs of Rust's own libraries: Espressif's software for the radio allocates.
fn libraries(port: &Port) -> &'static str {
    if port.features.contains("wifi") {
        "core,alloc"
    } else {
        "core"
    }
}

/// Whether `rustup target add` was done for this target.
fn has_core(target: &str) -> bool {
    let directory = output(command(
        "rustc",
        &["--print", "target-libdir", "--target", target],
    ));
    directory
        .ok()
        .and_then(|directory| fs::read_dir(directory.trim()).ok())
        .is_some_and(|mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
            })
        })
}

/// The linker that comes with rustup's compiler.
fn rust_lld() -> Result<PathBuf> {
    let sysroot = output(command("rustc", &["--print", "sysroot"]))?;
    let host = output(command("rustc", &["--print", "host-tuple"]))?;
    let linker = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(host.trim())
        .join("bin/rust-lld");
    if linker.exists() {
        return Ok(linker);
    }
    Err(Failed(format!("{} is missing", linker.display())))
}
