//! From a program to flash: boot loader, partition table and application image, made by `espflash`.

use espflash::flasher::{FlashData, FlashSettings};
use espflash::image_format::idf::IdfBootloaderFormat;

use super::chip::Chip;
use crate::error::{Code, Error, Result};
use crate::flash::image::elf::{self, Elf};
use crate::flash::image::{Firmware, Segment};
use crate::flash::{Found, wrong_firmware};

/// What a program comes to in flash.
pub(super) fn segments(
    firmware: &Firmware,
    program: &Elf,
    chip: Chip,
    found: &Found,
) -> Result<Vec<Segment>> {
    use espflash::target::Chip as Known;
    let Chip::Esp32(known) = chip else {
        return Err(Error::new(
            Code::WrongFirmware,
            format!(
                "`{}` is a program; an ESP8266 takes images (`.bin`)",
                firmware.name
            ),
        )
        .hint("Nothing was written"));
    };
    let machine = match known {
        Known::Esp32 | Known::Esp32s2 | Known::Esp32s3 => elf::XTENSA,
        _ => elf::RISCV,
    };
    if program.machine != machine {
        return Err(wrong_firmware(
            firmware,
            &elf::machine_name(program.machine),
            found,
        ));
    }
    // Code in flash stands in windows that differ from chip to chip.
    if !program
        .segments
        .iter()
        .any(|segment| known.addr_is_flash(segment.address))
    {
        return Err(wrong_firmware(
            firmware,
            "another chip of the family, or memory only",
            found,
        ));
    }
    let bad = |why: String| {
        Error::new(
            Code::BadFirmware,
            format!(
                "`{}` makes no image for {}: {why}",
                firmware.name, found.chip
            ),
        )
        .hint("Nothing was written")
    };
    let settings = FlashData::new(
        FlashSettings::default(),
        0,
        None,
        known,
        known.default_xtal_frequency(),
    );
    let image = IdfBootloaderFormat::new(&firmware.bytes, &settings, None, None, None, None)
        .map_err(|error| bad(error.to_string()))?;
    let parts = image.flash_segments();
    Ok(parts
        .map(|part| Segment {
            address: part.addr,
            data: part.data().to_vec(),
        })
        .collect())
}
