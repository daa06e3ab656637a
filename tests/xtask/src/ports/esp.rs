//! An image for a chip of Espressif's: boot loader, partition table and program in one file that begins at 0.

use std::path::Path;

use espflash::flasher::{FlashData, FlashFrequency, FlashMode, FlashSettings, FlashSize};
use espflash::image_format::idf::IdfBootloaderFormat;
use espflash::target::{Chip, XtalFrequency};

use crate::{Failed, Result};

/// Makes the image of an ESP32-C3 with 4 MiB from an ELF file and a partition table.
pub(super) fn merged(elf: &Path, table: &Path) -> Result<Vec<u8>> {
    let bad = |why: espflash::Error| Failed(format!("{}: {why}", elf.display()));
    let program = std::fs::read(elf)?;
    let settings = FlashSettings::new(
        Some(FlashMode::Dio),
        Some(FlashSize::_4Mb),
        Some(FlashFrequency::_80Mhz),
    );
    let data = FlashData::new(settings, 0, None, Chip::Esp32c3, XtalFrequency::_40Mhz);
    let image = IdfBootloaderFormat::new(&program, &data, Some(table), None, None, Some("factory"))
        .map_err(bad)?;
    let mut merged = Vec::new();
    for segment in image.flash_segments() {
        let start = segment.addr as usize;
        merged.resize(merged.len().max(start + segment.data().len()), 0xff);
        merged[start..start + segment.data().len()].copy_from_slice(segment.data());
    }
    Ok(merged)
}
