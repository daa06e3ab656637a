//! The chips: their numbers, registers, and what their loaders can.
//!
//! Numbers and register maps come from the `espflash` crate, which follows Espressif's; the ESP8266,
//! which that crate has dropped, and the eFuse fields are from Espressif's technical reference manuals.

use espflash::target::Chip as Known;

use super::link::{Failure, Link};
use crate::flash::image::esp::chip_name;

/// Where every chip keeps a number that only its ROM has.
const MAGIC_ADDRESS: u32 = 0x4000_1000;
const MAGIC_ESP8266: u32 = 0xfff0_c101;

/// A chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chip {
    /// The ESP8266 and ESP8285.
    Esp8266,
    /// One of the ESP32 family.
    Esp32(Known),
}

/// Registers that drive the flash.
pub(super) struct SpiRegisters {
    pub(super) command: u32,
    pub(super) user: u32,
    pub(super) user1: u32,
    pub(super) user2: u32,
    pub(super) data: u32,
    /// The bits to read, less one; the ESP8266 has them in `user1`.
    pub(super) read_bits: Option<u32>,
}

/// What the chip's fuses forbid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Security {
    /// Only signed programs start.
    pub(super) secure_boot: bool,
    /// The flash is encrypted.
    pub(super) encryption: bool,
    /// The loader only writes.
    pub(super) secure_download: bool,
}

impl Chip {
    /// The chip with this number in image headers and security information.
    pub(super) fn from_number(number: u32) -> Option<Self> {
        let number = u16::try_from(number).ok()?;
        Known::try_from(number).ok().map(Self::Esp32)
    }

    /// Finds the chip by the number in its ROM.
    pub(super) fn ask(link: &mut Link) -> Result<Option<Self>, Failure> {
        let magic = link.read_register(MAGIC_ADDRESS)?;
        if magic == MAGIC_ESP8266 {
            return Ok(Some(Self::Esp8266));
        }
        Ok(Known::from_magic(magic).ok().map(Self::Esp32))
    }

    /// The number in image headers; none for the ESP8266.
    pub(super) fn number(self) -> Option<u16> {
        match self {
            Self::Esp8266 => None,
            Self::Esp32(chip) => Some(chip.id()),
        }
    }

    /// `ESP32-C3`.
    pub(super) fn name(self) -> String {
        chip_name(self.number())
    }

    /// Where its boot loader lies in flash.
    pub(super) fn boot_address(self) -> u32 {
        match self {
            Self::Esp8266 => 0,
            Self::Esp32(chip) => chip.boot_address(),
        }
    }

    /// Its name among espflash's stubs.
    pub(super) fn stub_name(self) -> Option<&'static str> {
        Some(match self {
            Self::Esp8266 => return None,
            Self::Esp32(chip) => match chip {
                Known::Esp32 => "esp32",
                Known::Esp32c2 => "esp32c2",
                Known::Esp32c3 => "esp32c3",
                Known::Esp32c5 => "esp32c5",
                Known::Esp32c6 => "esp32c6",
                Known::Esp32c61 => "esp32c61",
                Known::Esp32h2 => "esp32h2",
                Known::Esp32s2 => "esp32s2",
                Known::Esp32s3 => "esp32s3",
                _ => return None,
            },
        })
    }

    /// Whether its ROM knows compressed data, digests, reading and other baud rates.
    pub(super) fn has_rich_rom(self) -> bool {
        self != Self::Esp8266
    }

    /// Whether FLASH_BEGIN of its ROM has a fifth word (for encryption).
    pub(super) fn has_fifth_word(self) -> bool {
        !matches!(self, Self::Esp8266 | Self::Esp32(Known::Esp32))
    }

    pub(super) fn spi(self) -> SpiRegisters {
        match self {
            Self::Esp8266 => SpiRegisters {
                command: 0x6000_0200,
                user: 0x6000_021c,
                user1: 0x6000_0220,
                user2: 0x6000_0224,
                data: 0x6000_0240,
                read_bits: None,
            },
            Self::Esp32(chip) => {
                let registers = chip.spi_registers();
                SpiRegisters {
                    command: registers.cmd(),
                    user: registers.usr(),
                    user1: registers.usr1(),
                    user2: registers.usr2(),
                    data: registers.w0(),
                    read_bits: registers.miso_length(),
                }
            }
        }
    }

    /// The registers of the watchdog that resets everything: protection, configuration, time.
    pub(super) fn watchdog(self) -> Option<(u32, u32, u32)> {
        match self {
            Self::Esp8266 => None,
            Self::Esp32(chip) => Some((
                chip.wdt_wprotect()?,
                chip.wdt_config0()?,
                chip.wdt_config1()?,
            )),
        }
    }

    /// The silicon revision, major and minor; `None` where it is not known how to read it.
    pub(super) fn revision(self, link: &mut Link) -> Result<Option<(u32, u32)>, Failure> {
        let Self::Esp32(chip) = self else {
            return Ok(None);
        };
        Ok(Some(match chip {
            Known::Esp32c3 | Known::Esp32s3 => {
                let block1 = if chip == Known::Esp32c3 {
                    0x6000_8844
                } else {
                    0x6000_7044
                };
                let (low, high) = (
                    link.read_register(block1 + 12)?,
                    link.read_register(block1 + 20)?,
                );
                ((high >> 24) & 3, (low >> 18) & 7 | ((high >> 23) & 1) << 3)
            }
            Known::Esp32c6 | Known::Esp32h2 => {
                let word = link.read_register(0x600b_0844 + 12)?;
                ((word >> 22) & 3, (word >> 18) & 15)
            }
            Known::Esp32c2 => {
                let word = link.read_register(0x6000_8840 + 4)?;
                ((word >> 20) & 3, (word >> 16) & 15)
            }
            Known::Esp32s2 => {
                let (third, fourth) = (
                    link.read_register(0x3f41_a050)?,
                    link.read_register(0x3f41_a054)?,
                );
                (
                    (third >> 18) & 3,
                    ((third >> 20) & 1) << 3 | (fourth >> 4) & 7,
                )
            }
            Known::Esp32 => {
                let (third, fifth) = (
                    link.read_register(0x3ff5_a00c)?,
                    link.read_register(0x3ff5_a014)?,
                );
                let date = link.read_register(0x3ff6_607c)?;
                let bits = (third >> 15) & 1 | ((fifth >> 20) & 1) << 1 | (date >> 31) << 2;
                // Each revision sets one more bit.
                (bits.count_ones(), (fifth >> 24) & 3)
            }
            _ => return Ok(None),
        }))
    }

    /// What the fuses of an ESP32, whose ROM has no request for it, forbid.
    pub(super) fn fuses(self, link: &mut Link) -> Result<Security, Failure> {
        if self != Self::Esp32(Known::Esp32) {
            return Ok(Security::default());
        }
        let (first, sixth) = (
            link.read_register(0x3ff5_a000)?,
            link.read_register(0x3ff5_a018)?,
        );
        Ok(Security {
            secure_boot: sixth & 0x30 != 0,
            encryption: ((first >> 20) & 0x7f).count_ones() % 2 == 1,
            secure_download: false,
        })
    }
}

impl Security {
    /// Reads the answer to a request for security information.
    pub(super) fn of(data: &[u8]) -> Option<Self> {
        let flags = u32::from_le_bytes(*data.first_chunk::<4>()?);
        Some(Self {
            secure_boot: flags & 1 != 0,
            secure_download: flags & 4 != 0,
            encryption: data.get(4)?.count_ones() % 2 == 1,
        })
    }
}
