//! The emulators that images run in. Each has its console on a TCP port and keeps its flash in a file.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::run::find;
use crate::setup::rp2040js;
use crate::{Failed, Result, root, target};

/// Which emulator a board runs in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Machine {
    /// QEMU's Cortex-M3 board; it runs code for the M0 too.
    CortexM,
    /// QEMU's virt with a 32-bit RISC-V.
    RiscV,
    /// rp2040js.
    Pico,
    /// The same with its first UART instead of its USB line.
    PicoUart,
    /// The emulator in `tests/ports/esp32c3`.
    Esp32c3,
}

/// An emulator that does not outlive its use.
pub(crate) struct Emulator {
    child: Child,
    /// Where the console is, as `HOST:PORT`.
    pub(super) address: String,
    /// The same with the lines of a serial port, by RFC 2217, where the emulator has them.
    pub(super) modem: Option<String>,
}

impl Machine {
    /// Whether the emulator makes the file with the flash itself.
    pub(super) fn makes_flash(self) -> bool {
        matches!(self, Self::Pico | Self::PicoUart | Self::Esp32c3)
    }

    /// How large the file with the flash is, in bytes.
    pub(super) fn flash_bytes(self) -> u64 {
        match self {
            Self::CortexM => 16 << 20,
            Self::RiscV => 32 << 20,
            Self::Pico | Self::PicoUart => 2 << 20,
            Self::Esp32c3 => 4 << 20,
        }
    }

    /// Starts an image; `flash` is the file with the flash.
    pub(super) fn start(self, image: &Path, flash: &Path) -> Result<Emulator> {
        self.start_with(image, flash, &[])
    }

    /// The same with options for QEMU; a serial line among them is the one after the console.
    pub(super) fn start_with(
        self,
        image: &Path,
        flash: &Path,
        options: &[&str],
    ) -> Result<Emulator> {
        match self {
            Self::CortexM => {
                let memory = format!(
                    "memory-backend-file,id=flash,size=16M,share=on,mem-path={}",
                    flash.display()
                );
                let mut arguments = vec!["-M", "mps2-an385,memory-backend=flash"];
                arguments.extend(["-object", &memory]);
                arguments.extend(options);
                qemu("qemu-system-arm", &arguments, "-kernel", image)
            }
            Self::RiscV => {
                let drive = format!("if=pflash,unit=1,format=raw,file={}", flash.display());
                let mut arguments = vec!["-M", "virt", "-m", "64M", "-drive", &drive];
                arguments.extend(options);
                qemu("qemu-system-riscv32", &arguments, "-bios", image)
            }
            Self::Pico => pico(&image.with_extension("uf2"), flash, None),
            Self::PicoUart => {
                start_pico(&image.with_extension("uf2"), flash, &[OsStr::new("--uart")])
            }
            Self::Esp32c3 => esp32c3(&image.with_extension("bin"), flash),
        }
    }
}

fn qemu(program: &str, arguments: &[&str], how: &str, image: &Path) -> Result<Emulator> {
    if find(program).is_none() {
        let hint = "`cargo xtask setup` installs it as root";
        return Err(Failed(format!("{program} is not installed: {hint}")));
    }
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let child = Command::new(program)
        .args(["-serial", &format!("tcp:{address},server=on,wait=on")])
        .args(arguments)
        .args(["-nographic", "-monitor", "none"])
        .arg(how)
        .arg(image)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(Emulator {
        child,
        address,
        modem: None,
    })
}

/// A Pico with an image; its boot loader's drive is the directory `drive`.
pub(super) fn pico(image: &Path, flash: &Path, drive: Option<&Path>) -> Result<Emulator> {
    let mut options: Vec<&OsStr> = Vec::new();
    if let Some(drive) = drive {
        options.extend([OsStr::new("--drive"), drive.as_os_str()]);
    }
    start_pico(image, flash, &options)
}

/// A Pico with what the programs of `tests/ports/conformance` want on its pins.
pub(super) fn pico_with_parts(image: &Path, flash: &Path) -> Result<Emulator> {
    start_pico(image, flash, &[OsStr::new("--parts")])
}

fn start_pico(image: &Path, flash: &Path, options: &[&OsStr]) -> Result<Emulator> {
    let mut child = Command::new("node")
        .arg(root().join("tests/ports/rp2040/emulator.mjs"))
        .args([image, flash])
        .args(options)
        .env("RP2040JS", rp2040js()?)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Failed(format!("node: {error}")))?;
    let mut line = String::new();
    if let Some(stream) = child.stdout.take() {
        BufReader::new(stream).read_line(&mut line)?;
    }
    let mut addresses = line.split_whitespace();
    let address = addresses.next().unwrap_or_default();
    let modem = addresses.next();
    Ok(Emulator {
        child,
        address: address.trim_start_matches("tcp://").to_string(),
        modem: modem.map(|modem| modem.trim_start_matches("rfc2217://").to_string()),
    })
}

/// The image is in the flash from its beginning on.
fn esp32c3(image: &Path, flash: &Path) -> Result<Emulator> {
    if !flash.exists() {
        std::fs::copy(image, flash)?;
    }
    espressif(flash, &[])
}

/// An ESP32-C3 with what is in its flash.
pub(super) fn espressif(flash: &Path, options: &[&str]) -> Result<Emulator> {
    let mut child = Command::new(target().join("debug/esp32c3"))
        .arg("--flash")
        .arg(flash)
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    if let Some(stream) = child.stdout.take() {
        BufReader::new(stream).read_line(&mut line)?;
    }
    let mut addresses = line.split(' ').map(str::to_string);
    let address = addresses.next().unwrap_or_default();
    Ok(Emulator {
        child,
        address,
        modem: addresses.next(),
    })
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
