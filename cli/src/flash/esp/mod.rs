//! Espressif's chips: ESP8266, ESP32 and its family, through the loader in their ROM.
//!
//! `slip` frames bytes, `link` asks and hears, `connect` gets from an open port to a loader that
//! answers, `flash` writes, compares and reads. It works over every transport that has one, so also on a
//! serial port of another machine. The `espflash` package gives chip tables, stubs and the making of
//! images from programs; its own connection is not used, for it takes a local port only, and 4.7.0 reads
//! wrong addresses without a stub, miscounts images that are no multiple of 4096 bytes, and can index
//! beyond an answer that noise has shortened.

mod chip;
mod connect;
mod flash;
mod layout;
mod link;
mod program;
mod stub;

use crate::error::{Code, Error, Result};
use crate::flash::image::{Content, Firmware, Segment};
use crate::flash::report::{Phase, Report};
use crate::flash::{Files, Flasher, Found, Plan, Wish, broke_off, wrong_firmware};
use crate::output::bytes::grouped;
use crate::transport::Transport;
use chip::Chip;
use connect::{Connected, Wiring};
use flash::SECTOR_BYTES;

/// How to reach the loader.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// The USB numbers of the port, when they are known.
    pub(crate) usb: (Option<u16>, Option<u16>),
    /// The baud rate that the port was opened with.
    pub(crate) opened_baud: u32,
    /// The baud rate to write with.
    pub(crate) baud: u32,
    /// Load the stub where there is one.
    pub(crate) stub: bool,
}

/// An Espressif chip whose loader answers.
pub(crate) struct EspFlasher {
    board: Connected,
    found: Found,
    flash_bytes: u64,
    options: Options,
    changed_baud: bool,
}

/// The flash size in the third byte of an image header, by its upper four bits.
fn stated_flash_bytes(config: u8) -> Option<u64> {
    (config >> 4 <= 7).then(|| 1_u64 << (20 + (config >> 4)))
}

impl EspFlasher {
    /// Gets the chip into its loader and finds out what it is.
    ///
    /// # Errors
    /// [`Code::NoAnswer`], [`Code::Unsupported`], those of the connection.
    pub(crate) fn connect(transport: Box<dyn Transport>, options: &Options) -> Result<Self> {
        let wiring = Wiring::of(options.usb.0, options.usb.1);
        let mut board = connect::connect(transport, wiring, options)?;
        let name = board.link.name();
        let (mut notes, mut changed_baud) = (Vec::new(), false);
        if !board.security.secure_download {
            let stub = board.chip.stub_name().filter(|_| options.stub);
            if let Some(stub) = stub.and_then(stub::Stub::find)
                && !board.stub
            {
                board.load_stub(&stub)?;
            }
            if wiring == Wiring::Uart {
                changed_baud = board.change_baud(options.baud, options.opened_baud)?;
                if !changed_baud {
                    notes.push(format!("{} baud", options.opened_baud));
                }
            }
        }
        let flash_bytes = flash::attach(&mut board)?;
        if let Some((major, minor)) = board.revision {
            notes.insert(0, format!("revision {major}.{minor}"));
        }
        if board.security.secure_boot {
            notes.push("secure boot".to_string());
        }
        if board.security.encryption {
            notes.push("encrypted flash".to_string());
        }
        let chip = board.chip.name();
        let found = Found {
            family: "esp",
            mcu: chip.to_ascii_lowercase().replace('-', ""),
            chip,
            detail: notes.join(", "),
            flash_bytes,
            place: name,
        };
        // What a boot loader in secure download mode does not tell is taken as the smallest flash.
        Ok(Self {
            board,
            found,
            flash_bytes: flash_bytes.unwrap_or(1 << 20),
            options: *options,
            changed_baud,
        })
    }

    fn refuse_secured(&self) -> Result<()> {
        let security = self.board.security;
        let what = match (
            security.secure_boot,
            security.encryption,
            security.secure_download,
        ) {
            (true, ..) => "starts only firmware signed with its key (secure boot)",
            (_, true, _) => "reads its flash encrypted, and plain firmware would not start",
            (.., true) => "is in secure download mode and cannot be read back or checked",
            _ => return Ok(()),
        };
        Err(Error::new(
            Code::Secured,
            format!("The {} on {} {what}", self.found.chip, self.found.place),
        )
        .hint(
            "Nothing was written. Its fuses cannot be undone: use the tools and keys of its maker",
        ))
    }

    /// Refuses what is for another chip, another revision or a larger flash.
    fn check_header(
        &self,
        firmware: &Firmware,
        header: &crate::flash::image::esp::Header,
    ) -> Result<()> {
        let is_for = crate::flash::image::esp::chip_name(header.chip);
        if header.chip != self.board.chip.number() {
            return Err(wrong_firmware(firmware, &is_for, &self.found));
        }
        if let Some((major, minor)) = self.board.revision
            && u32::from(header.least_revision) > major * 100 + minor
        {
            let least = header.least_revision;
            let wanted = format!("{is_for} from revision {}.{}", least / 100, least % 100);
            return Err(wrong_firmware(firmware, &wanted, &self.found));
        }
        let stated = firmware
            .bytes
            .get(header.at + 3)
            .and_then(|config| stated_flash_bytes(*config));
        if let (Some(stated), Some(real), Some(_)) = (stated, self.found.flash_bytes, header.chip)
            && stated > real
        {
            return Err(Error::new(
                Code::TooLarge,
                format!(
                    "`{}` is made for {} MB of flash; the board on {} has {} kB",
                    firmware.name,
                    stated >> 20,
                    self.found.place,
                    grouped(real >> 10)
                ),
            )
            .hint("Nothing was written. Take the variant of the firmware for this flash size"));
        }
        Ok(())
    }

    /// Where a plain file goes: where it was told to, or where its kind belongs.
    fn place_of(&self, firmware: &Firmware, offset: Option<u32>) -> Result<u32> {
        let Content::Bin(header) = &firmware.content else {
            return Ok(0);
        };
        let offset = match (offset, header) {
            (Some(offset), _) => offset,
            // With erased flash in front, the file begins at the beginning.
            (None, Some(header)) if header.at > 0 => 0,
            (None, Some(_)) => self.board.chip.boot_address(),
            (None, None) => {
                firmware.refuse_text()?;
                return Err(Error::new(
                    Code::WrongFirmware,
                    format!("`{}` is no firmware for {}: it has no image header", firmware.name, self.found.chip),
                )
                .hint("Nothing was written")
                .hint("Plain data is written with `--offset`: `ucli flash data.bin --offset 0x200000`"));
            }
        };
        if !(offset as usize).is_multiple_of(SECTOR_BYTES) {
            return Err(Error::new(
                Code::Usage,
                format!(
                    "`--offset {offset:#x}` is no multiple of {SECTOR_BYTES}, the flash's sector"
                ),
            ));
        }
        Ok(offset)
    }

    fn segments(&mut self, firmware: &Firmware, offset: Option<u32>) -> Result<Vec<Segment>> {
        match &firmware.content {
            Content::Bin(header) => {
                if let Some(header) = header {
                    self.check_header(firmware, header)?;
                }
                let address = self.place_of(firmware, offset)?;
                Ok(vec![Segment {
                    address,
                    data: firmware.bytes.clone(),
                }])
            }
            Content::Elf(elf) => program::segments(firmware, elf, self.board.chip, &self.found),
            Content::Uf2(file) => {
                let chips = file.chips();
                let own = self.found.chip.clone();
                let named = |family: &u32| crate::flash::image::uf2::family_name(*family);
                match file
                    .families
                    .iter()
                    .find(|(family, _)| named(family) == own)
                {
                    Some((_, segments)) => Ok(segments.clone()),
                    None => {
                        let names: Vec<String> = chips.iter().map(named).collect();
                        Err(wrong_firmware(firmware, &names.join(" and "), &self.found))
                    }
                }
            }
            Content::Hex(_) | Content::Dfu(_) | Content::Nordic(_) => Err(Error::new(
                Code::WrongFirmware,
                format!(
                    "`{}` is a `.{}` file; {} takes `.bin` and `.elf`",
                    firmware.name,
                    firmware.format(),
                    self.found.chip
                ),
            )
            .hint("Nothing was written")),
        }
    }

    /// What becomes of the files, by the old partition table and the new one.
    fn files(&mut self, segments: &[Segment]) -> Result<Files> {
        if self.board.chip == Chip::Esp8266 {
            return Ok(Files::Unknown);
        }
        let table = flash::read(
            &mut self.board,
            layout::TABLE_AT,
            layout::TABLE_BYTES as u32,
            &mut |_| {},
        )?;
        Ok(layout::files_after(&layout::partitions(&table), segments))
    }
}

impl Flasher for EspFlasher {
    fn found(&self) -> &Found {
        &self.found
    }

    fn plan(&mut self, firmware: &Firmware, wish: Wish) -> Result<Plan> {
        if wish.offset.is_some() && !matches!(firmware.content, Content::Bin(_)) {
            return Err(Error::new(
                Code::Usage,
                format!(
                    "`--offset` means nothing for `.{}`: the file says where it goes",
                    firmware.format()
                ),
            ));
        }
        let segments = self.segments(firmware, wish.offset)?;
        self.refuse_secured()?;
        let mut end = 0;
        for segment in &segments {
            if !(segment.address as usize).is_multiple_of(SECTOR_BYTES) {
                return Err(Error::new(
                    Code::BadFirmware,
                    format!(
                        "`{}` has a part at {:#x}, inside a sector of the flash",
                        firmware.name, segment.address
                    ),
                ));
            }
            end = end.max(segment.end());
        }
        if end > self.flash_bytes {
            return Err(Error::new(
                Code::TooLarge,
                format!(
                    "`{}` reaches to {} bytes of flash; the board on {} has {}",
                    firmware.name,
                    grouped(end),
                    self.found.place,
                    grouped(self.flash_bytes)
                ),
            )
            .hint("Nothing was written. Take the variant of the firmware for this flash size"));
        }
        let files = if wish.erase {
            Files::Lost
        } else {
            self.files(&segments)?
        };
        Ok(Plan {
            segments,
            files,
            notes: Vec::new(),
        })
    }

    fn erase(&mut self, report: &mut Report) -> Result<()> {
        self.refuse_secured()?;
        report.phase(Phase::Erase, 0)?;
        flash::erase(&mut self.board, self.flash_bytes)?;
        report.finish();
        Ok(())
    }

    fn write(&mut self, plan: &Plan, report: &mut Report) -> Result<()> {
        report.phase(Phase::Write, plan.len_bytes())?;
        for segment in &plan.segments {
            let written = flash::write(&mut self.board, segment, &mut |len_bytes| {
                report.add(len_bytes)
            });
            written
                .map_err(|error| broke_off(&self.found, report.done(), report.total(), &error))?;
        }
        report.finish();
        Ok(())
    }

    fn verify(&mut self, plan: &Plan, report: &mut Report) -> Result<bool> {
        if !self.board.chip.has_rich_rom() && !self.board.stub {
            return Ok(false);
        }
        report.phase(Phase::Verify, plan.len_bytes())?;
        for segment in &plan.segments {
            flash::compare(&mut self.board, segment, &self.found)?;
            report.add(segment.data.len() as u64);
        }
        report.finish();
        Ok(true)
    }

    fn read(&mut self, report: &mut Report) -> Result<Vec<u8>> {
        if !self.board.chip.has_rich_rom() && !self.board.stub {
            return Err(super::unsupported(&self.found, "read the flash"));
        }
        let len_bytes = u32::try_from(self.flash_bytes).unwrap_or(u32::MAX);
        report.phase(Phase::Read, self.flash_bytes)?;
        let bytes = flash::read(&mut self.board, 0, len_bytes, &mut |len| report.add(len))?;
        report.finish();
        Ok(bytes)
    }

    fn start(mut self: Box<Self>) -> Result<()> {
        if self.board.has_lines {
            return connect::into_program(self.board.link.transport());
        }
        self.board.run_program(self.options.opened_baud)
    }

    fn stay(mut self: Box<Self>) -> Result<()> {
        let (flashing, opened) = (self.options.baud, self.options.opened_baud);
        if self.changed_baud && !self.board.stub {
            self.board.change_baud(opened, flashing)?;
        }
        self.board.leave_stub(opened)
    }
}
