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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flash::image::{Content, tests::Dice};

    /// A program for an ESP32-C3: a segment in flash, one in memory, and the sections that name them.
    fn program() -> Vec<u8> {
        let mut bytes = crate::flash::image::elf::tests::sample();
        bytes[16] = 2;
        bytes[18] = 243;
        bytes[20] = 1;
        bytes[40] = 52;
        for (at, word) in [
            (24, 0x4200_0020_u32),
            (52 + 8, 0x4200_0020),
            (52 + 12, 0x4200_0020),
        ] {
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        // Section headers: none, and the code.
        let table = u32::try_from(bytes.len()).unwrap();
        bytes[32..36].copy_from_slice(&table.to_le_bytes());
        (bytes[46], bytes[48]) = (40, 2);
        bytes.extend([0; 40]);
        for word in [0, 1, 6, 0x4200_0020, 84, 200, 0, 0, 4, 0_u32] {
            bytes.extend(word.to_le_bytes());
        }
        bytes
    }

    fn segments_of(bytes: Vec<u8>) -> Result<Vec<Segment>> {
        let firmware = Firmware::parse("a.elf", bytes)?;
        let Content::Elf(elf) = &firmware.content else {
            return Err(Error::new(Code::BadFirmware, "no ELF"));
        };
        let chip = Chip::Esp32(espflash::target::Chip::Esp32c3);
        segments(&firmware, elf, chip, &Found::default())
    }

    #[test]
    fn damaged_programs_never_panic() {
        let good = program();
        let mut dice = Dice(0x1234_5678_9abc_def1);
        let mut refused = u32::from(segments_of(good.clone()).is_err());
        for _ in 0..2000 {
            refused += u32::from(segments_of(dice.damage(&good)).is_err());
        }
        assert!(refused > 0);
    }

    #[test]
    fn programs_for_other_chips_are_refused() {
        let mut arm = program();
        arm[18] = 40;
        let error = segments_of(arm).unwrap_err();
        assert!(error.message().contains("is for ARM"), "{error}");
        let esp8266 = Firmware::parse("a.elf", program()).unwrap();
        let Content::Elf(elf) = &esp8266.content else {
            panic!()
        };
        assert!(segments(&esp8266, elf, Chip::Esp8266, &Found::default()).is_err());
    }
}
