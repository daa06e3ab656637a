//! The chip's mask ROM: where it is on this computer, and how it gets into the chip.
//!
//! The ROM is a file of the package `espflash`, which `ucli` depends on; it is never copied into this repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};

use crate::bus::Bus;

/// The ROM's file in memory.
pub struct Rom {
    sections: Vec<(u32, Vec<u8>)>,
    /// Where the ROM has set its memory up and its data can be put in place: the file does not say from where the
    /// ROM itself would copy it.
    pub(crate) main: u32,
}

/// Its data is from here on; all below is never written.
const DATA: u32 = 0x3fc8_0000;
const CODE: u32 = 0x4000_0000;

impl Rom {
    /// Reads the ROM's file.
    ///
    /// # Errors
    /// A sentence with the path: the file can't be read or is none of this chip.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let bad = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let elf = ElfFile32::<object::Endianness>::parse(&*bytes).map_err(|error| bad(&error))?;
        let main = elf.symbols().find(|symbol| symbol.name() == Ok("main"));
        let main = main.ok_or_else(|| bad(&"it has no `main`"))?.address() as u32;
        let mut sections = Vec::new();
        for section in elf.sections() {
            let is_stored = !matches!(section.kind(), SectionKind::UninitializedData);
            let address = section.address() as u32;
            if is_stored && address >= 0x3c00_0000 && section.size() > 0 {
                let data = section.data().map_err(|error| bad(&error))?;
                sections.push((address, data.to_vec()));
            }
        }
        Ok(Self { sections, main })
    }

    /// Puts code and constants into a chip.
    pub(crate) fn install(&self, bus: &mut Bus) {
        for (address, bytes) in &self.sections {
            bus.install(*address, bytes);
        }
    }

    /// Puts its data into a chip that has come to [`Rom::main`].
    pub(crate) fn install_data(&self, bus: &mut Bus) {
        let is_data = |address: u32| (DATA..CODE).contains(&address);
        for (address, bytes) in self
            .sections
            .iter()
            .filter(|(address, _)| is_data(*address))
        {
            bus.install(*address, bytes);
        }
    }
}

/// The resources of `espflash` on this computer, by cargo's own list.
///
/// # Errors
/// A sentence: cargo does not run, or the package is no dependency.
pub fn resources() -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        let said = String::from_utf8_lossy(&output.stderr);
        format!("cargo metadata: {error}: {said}")
    })?;
    let packages = list["packages"].as_array().into_iter().flatten();
    let manifest = packages
        .filter(|package| package["name"] == "espflash")
        .find_map(|package| package["manifest_path"].as_str());
    let directory = manifest.and_then(|path| Path::new(path).parent());
    let directory = directory.ok_or("espflash is no dependency of this workspace")?;
    Ok(directory.join("resources"))
}

/// The ROM of this chip's revision 0.4.
///
/// # Errors
/// As [`resources`] and [`Rom::read`].
pub fn find() -> Result<Rom, String> {
    Rom::read(&resources()?.join("roms/esp32c3_rev300_rom.elf"))
}
