//! `cargo xtask ports`: every firmware image, its size against its budget, and its first words.
//!
//! An image is built with rustup's target where that is installed (`rustup target add …`), else with
//! Debian's compiler and its sources. It is then booted in QEMU and asked something through `ucli`.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::run::{cargo, command, find, output, run};
use crate::{Failed, Result, root, target};

/// One firmware image.
struct Port {
    name: &'static str,
    directory: &'static str,
    program: &'static str,
    target: &'static str,
    /// Limits in bytes.
    flash_bytes: u64,
    ram_bytes: u64,
}

/// The budgets are today's sizes and a little; they go down as the images do.
const PORTS: [Port; 2] = [
    Port {
        name: "qemu-cortex-m3",
        directory: "firmware/ports/qemu-cortex-m",
        program: "upy-qemu-cortex-m",
        target: "thumbv7m-none-eabi",
        flash_bytes: 420_000,
        ram_bytes: 190_000,
    },
    Port {
        name: "qemu-cortex-m0",
        directory: "firmware/ports/qemu-cortex-m",
        program: "upy-qemu-cortex-m",
        target: "thumbv6m-none-eabi",
        flash_bytes: 460_000,
        ram_bytes: 190_000,
    },
];

/// A program for a board, and what it prints.
const PROGRAM: &str = "\
def f(n):
    return n if n < 2 else f(n-1)+f(n-2)
class A:
    def __init__(self, x): self.x = x
    def __repr__(self): return 'A(%d)' % self.x
print(f(12), [A(i) for i in range(3)], 2**70, 1.5*3)
try:
    {}['x']
except KeyError as e:
    print(repr(e))
";
const PRINTS: &str = "144 [A(0), A(1), A(2)] 1180591620717411303424 4.5\nKeyError('x',)\n";

/// Builds, measures and boots every image.
pub(crate) fn run_all() -> Result {
    let folder = target().join("firmware");
    fs::create_dir_all(&folder)?;
    run(cargo(&["build", "-p", "ucli"]))?;
    for port in &PORTS {
        let image = build(port)?;
        let kept = folder.join(format!("{}.elf", port.name));
        fs::copy(&image, &kept)?;
        measure(port, &kept)?;
        boot(port, &kept)?;
    }
    Ok(())
}

fn build(port: &Port) -> Result<PathBuf> {
    let directory = root().join(port.directory);
    let place = target().join("ports");
    let mut build = cargo(&["build", "--release", "--target", port.target]);
    build
        .current_dir(&directory)
        .env("CARGO_TARGET_DIR", &place);
    if !has_core(port.target) {
        let linker = rust_lld()?;
        let variable = port.target.to_uppercase().replace('-', "_");
        build
            .arg("-Zbuild-std=core")
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1")
            .env(format!("CARGO_TARGET_{variable}_LINKER"), linker);
    }
    run(build)?;
    Ok(place.join(port.target).join("release").join(port.program))
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

/// Prints what the image takes and holds it against the budget.
fn measure(port: &Port, image: &Path) -> Result {
    let path = image.display().to_string();
    let sizes = output(command("size", &[&path]))?;
    let numbers: Vec<u64> = sizes
        .lines()
        .nth(1)
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [text, data, bss, ..] = numbers[..] else {
        return Err(Failed(format!("`size` says nothing of {path}")));
    };
    let (flash, ram) = (text + data, data + bss);
    println!(
        "{}: flash {flash} of {} bytes, RAM {ram} of {} bytes",
        port.name, port.flash_bytes, port.ram_bytes
    );
    let manifest = format!(
        "board = \"{}\"\ntarget = \"{}\"\nflash_bytes = {flash}\nram_bytes = {ram}\n",
        port.name, port.target
    );
    fs::write(image.with_extension("toml"), manifest)?;
    if flash > port.flash_bytes || ram > port.ram_bytes {
        return Err(Failed(format!("{} is over its budget", port.name)));
    }
    Ok(())
}

/// Boots the image and runs a program on it through `ucli`.
fn boot(port: &Port, image: &Path) -> Result {
    if find("qemu-system-arm").is_none() {
        return Err(Failed("qemu-system-arm is not installed".into()));
    }
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut emulator = Emulator(
        Command::new("qemu-system-arm")
            .args(["-M", "mps2-an385", "-nographic", "-monitor", "none"])
            .args(["-serial", &format!("tcp:{free},server=on,wait=on")])
            .arg("-kernel")
            .arg(image)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?,
    );
    let address = format!("tcp://{free}");
    let ucli = target().join("debug/ucli");
    let said = output(command(
        &ucli,
        &["-p", &address, "wait", "--for", "60", "exec", PROGRAM],
    ))?;
    emulator.0.kill()?;
    if said.replace("\r\n", "\n") == PRINTS {
        println!("{}: boots and runs a program", port.name);
        return Ok(());
    }
    Err(Failed(format!("{} printed {said:?}", port.name)))
}

/// An emulator that does not outlive its use.
struct Emulator(Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
