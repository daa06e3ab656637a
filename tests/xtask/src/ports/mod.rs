//! `cargo xtask ports [NAME]`: firmware images, their sizes against their budgets, and what they do in emulators.
//!
//! ELF, BIN, UF2 and a manifest of each are put into `target/firmware/`, and a catalogue of those that can be flashed.

mod build;
mod catalogue;
mod conformance;
mod drive;
mod emulator;
mod esp;
mod flash;
mod image;
mod lint;
mod network;
mod nvs;
mod position;
mod smoke;
mod terminal;

use std::fs;
use std::ops::Range;
use std::path::Path;

use crate::run::{cargo, run};
use crate::{Failed, Result, root, target};
use emulator::{Emulator, Machine};
use image::Image;
pub(crate) use lint::compile;

/// One firmware image.
struct Port {
    name: &'static str,
    /// In `firmware/ports`; the package is called `upy-` and this.
    directory: &'static str,
    /// Boards it is for.
    boards: &'static [&'static str],
    chip: &'static str,
    target: &'static str,
    /// Features of the package.
    features: &'static str,
    machine: Machine,
    /// Addresses of its memory.
    ram: Range<u32>,
    /// Where its files are: offset in the flash and size, in bytes.
    files: Range<u32>,
    uf2_family: Option<u32>,
    /// Limits in bytes.
    flash_limit: u64,
    ram_limit: u64,
    /// How much is copied there and back.
    transfer_bytes: usize,
}

/// The budgets are today's sizes and a little; they go down as the images do.
const PORTS: [Port; 8] = [
    Port {
        name: "qemu-cortex-m3",
        directory: "qemu-cortex-m",
        boards: &["mps2-an385"],
        chip: "Cortex-M3",
        target: "thumbv7m-none-eabi",
        features: "more",
        machine: Machine::CortexM,
        ram: 0x2000_0000..0x2004_2000,
        files: 0..1 << 20,
        uf2_family: None,
        flash_limit: 575_000,
        ram_limit: 200_000,
        transfer_bytes: 0,
    },
    Port {
        name: "qemu-cortex-m0",
        directory: "qemu-cortex-m",
        boards: &["mps2-an385"],
        chip: "Cortex-M0 code on a Cortex-M3",
        target: "thumbv6m-none-eabi",
        features: "",
        machine: Machine::CortexM,
        ram: 0x2000_0000..0x2004_2000,
        files: 0..1 << 20,
        uf2_family: None,
        flash_limit: 511_000,
        ram_limit: 200_000,
        transfer_bytes: 0,
    },
    Port {
        name: "qemu-cortex-m3-net",
        directory: "qemu-cortex-m",
        boards: &["mps2-an385"],
        chip: "Cortex-M3 with a LAN9118",
        target: "thumbv7m-none-eabi",
        features: "more,net",
        machine: Machine::CortexM,
        ram: 0x2000_0000..0x2006_0000,
        files: 0..1 << 20,
        uf2_family: None,
        flash_limit: 1_000_000,
        ram_limit: 350_000,
        transfer_bytes: 0,
    },
    Port {
        name: "qemu-riscv",
        directory: "qemu-riscv",
        boards: &["virt"],
        chip: "RV32IMAC",
        target: "riscv32imac-unknown-none-elf",
        features: "",
        machine: Machine::RiscV,
        ram: 0x8010_0000..0x8018_0000,
        files: 0..32 << 20,
        uf2_family: None,
        flash_limit: 700_000,
        // All that is left is the stack, and counts.
        ram_limit: 524_288,
        transfer_bytes: 0,
    },
    Port {
        name: "rp2040",
        directory: "rp2040",
        boards: &["pico", "pico_w"],
        chip: "RP2040",
        target: "thumbv6m-none-eabi",
        features: "",
        machine: Machine::Pico,
        ram: 0x2000_0000..0x2004_2000,
        files: 640 << 10..2 << 20,
        uf2_family: Some(0xe48b_ff56),
        // The files begin at 655,360.
        flash_limit: 620_000,
        ram_limit: 216_000,
        transfer_bytes: 1 << 20,
    },
    Port {
        name: "rp2040-uart",
        directory: "rp2040",
        boards: &["pico", "pico_w"],
        chip: "RP2040",
        target: "thumbv6m-none-eabi",
        features: "uart",
        machine: Machine::PicoUart,
        ram: 0x2000_0000..0x2004_2000,
        files: 640 << 10..2 << 20,
        uf2_family: Some(0xe48b_ff56),
        flash_limit: 620_000,
        ram_limit: 216_000,
        transfer_bytes: 1 << 16,
    },
    Port {
        name: "esp32c3",
        directory: "esp32c3",
        boards: &["ESP32_GENERIC_C3"],
        chip: "ESP32-C3",
        target: "riscv32imc-unknown-none-elf",
        features: "",
        machine: Machine::Esp32c3,
        ram: 0x3fc8_0000..0x3fce_0000,
        files: 2 << 20..4 << 20,
        uf2_family: None,
        // The partition has 2,031,616.
        flash_limit: 760_000,
        // All but 48 KiB of stack.
        ram_limit: 332_000,
        transfer_bytes: 1 << 16,
    },
    Port {
        name: "esp32c3-wifi",
        directory: "esp32c3",
        // As MicroPython names a variant of a board.
        boards: &["ESP32_GENERIC_C3-WIFI"],
        chip: "ESP32-C3",
        target: "riscv32imc-unknown-none-elf",
        features: "wifi",
        machine: Machine::Esp32c3,
        ram: 0x3fc8_0000..0x3fce_0000,
        files: 2 << 20..4 << 20,
        uf2_family: None,
        // Espressif's software for the radio is about half of it.
        flash_limit: 1_190_000,
        // All but 48 KiB of stack.
        ram_limit: 338_000,
        transfer_bytes: 1 << 16,
    },
];

/// Modules that take less, in bytes, are not shown.
const SMALLEST_SHOWN: u64 = 1024;

/// Builds, measures and boots every image, or the one that is named.
pub(crate) fn run_all(words: &[String]) -> Result {
    let chosen: Vec<&Port> = PORTS
        .iter()
        .filter(|port| words.is_empty() || words.iter().any(|word| word == port.name))
        .collect();
    if chosen.len() < words.len() {
        let names: Vec<&str> = PORTS.iter().map(|port| port.name).collect();
        return Err(Failed(format!(
            "{}: the ports are {}",
            words.join(" "),
            names.join(", ")
        )));
    }
    let folder = target().join("firmware");
    fs::create_dir_all(&folder)?;
    run(cargo(&[
        "build", "-p", "ucli", "-p", "esp32c3", "-p", "upy-sim",
    ]))?;
    conformance::on_simulated()?;
    for port in chosen {
        let built = build::build(port)?;
        let kept = folder.join(format!("{}.elf", port.name));
        fs::copy(&built, &kept)?;
        measure(port, &kept)?;
        let catalogue = catalogue::write(&folder)?;
        smoke::run_all(port, &kept)?;
        if port.machine == Machine::Pico {
            terminal::comes_and_goes(port, &kept.with_extension("uf2"))?;
            drive::through_drive(port, &kept.with_extension("uf2"), &catalogue)?;
        }
        conformance::on_board(port, &kept)?;
        if port.machine == Machine::CortexM && port.features.contains("net") {
            network::on_board(port, &kept)?;
        }
        // The image with a radio has the same code for it.
        if port.name == "esp32c3" {
            nvs::against_tool(port, &kept.with_extension("bin"))?;
            flash::through_rom(port, &kept.with_extension("bin"))?;
        }
    }
    Ok(())
}

/// Writes the other files of an image, says what it takes and holds that against the budget.
fn measure(port: &Port, path: &Path) -> Result {
    let image = Image::read(path, port.ram.clone())?;
    let binary = match port.machine {
        Machine::Esp32c3 => {
            let directory = root().join("firmware/ports").join(port.directory);
            esp::merged(path, &directory.join("partitions.csv"))?
        }
        _ => image.binary(),
    };
    fs::write(path.with_extension("bin"), binary)?;
    if let Some(family) = port.uf2_family {
        fs::write(path.with_extension("uf2"), image.uf2(family))?;
    }
    let (flash, ram) = (image.flash_bytes, image.ram_bytes);
    fs::write(path.with_extension("json"), manifest(port, flash, ram))?;
    println!(
        "{}: flash {flash} of {} bytes, RAM {ram} of {} bytes",
        port.name, port.flash_limit, port.ram_limit
    );
    for share in &image.crates {
        println!("  {:>8}  {}", share.bytes, share.name);
        for (module, bytes) in &share.modules {
            if *bytes >= SMALLEST_SHOWN && !module.is_empty() {
                println!("  {bytes:>20}  {module}");
            }
        }
    }
    if flash > port.flash_limit || ram > port.ram_limit {
        return Err(Failed(format!("{} is over its budget", port.name)));
    }
    Ok(())
}

/// What a tool that installs the image wants to know.
fn manifest(port: &Port, flash_bytes: u64, ram_bytes: u64) -> String {
    format!(
        "{{\n  \"name\": \"{}\",\n  \"boards\": {:?},\n  \"chip\": \"{}\",\n  \"target\": \"{}\",\n  \
         \"flash_bytes\": {flash_bytes},\n  \"ram_bytes\": {ram_bytes},\n  \
         \"files\": {{ \"offset\": {}, \"bytes\": {} }}\n}}\n",
        port.name,
        port.boards,
        port.chip,
        port.target,
        port.files.start,
        port.files.len()
    )
}

/// Starts an image for a Cortex-M in a QEMU whose time counts instructions, a nanosecond each.
#[cfg(unix)]
pub(crate) fn counted(image: &Path) -> Result<Emulator> {
    let flash = image.with_extension("counted");
    fs::File::create(&flash)?.set_len(Machine::CortexM.flash_bytes())?;
    Machine::CortexM.start_with(image, &flash, &["-icount", "shift=0"])
}

/// What a program prints on a board.
#[cfg(unix)]
pub(crate) fn exec(board: &Emulator, program: &str) -> Result<String> {
    crate::run::output(smoke::ucli(&board.address, &["exec", program]))
}
