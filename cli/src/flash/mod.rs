//! Firmware onto boards: from a blank chip to a prompt, whatever the chip.
//!
//! `image` reads and checks files, `catalogue` finds them, and a [`Flasher`] per family writes them:
//! `esp` speaks to Espressif's boot loaders over any transport, `drive` copies to UF2 and DAPLink
//! drives, `dfu` speaks DfuSe to STM32 boot loaders, `nordic` sends packages to Adafruit's boot loader.
//! What is refused is refused before the first byte is written; what breaks off says in which state the
//! board is and that flashing again from the start is safe.
//!
//! `connect` gets a running board into its boot loader, `keep` copies its files away and back.

pub(crate) mod catalogue;
pub(crate) mod connect;
pub(crate) mod dfu;
pub(crate) mod drive;
pub(crate) mod esp;
pub(crate) mod image;
pub(crate) mod keep;
pub(crate) mod nordic;
pub(crate) mod report;
pub(crate) mod slip;
pub(crate) mod usb;

use serde::Serialize;

use crate::error::{Code, Error, Result};
use image::{Firmware, Segment};
use report::Report;

/// What a boot loader says about its board.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Found {
    /// `esp`, `uf2`, `daplink`, `dfu` or `nordic`.
    pub(crate) family: &'static str,
    /// The chip, or the board where the boot loader knows only that.
    pub(crate) chip: String,
    /// More about it: revision, boot loader.
    pub(crate) detail: String,
    /// The size of the flash, when it is known.
    pub(crate) flash_bytes: Option<u64>,
    /// Where it is: a port, a directory, a USB device.
    pub(crate) place: String,
    /// What the catalogue may call boards with this chip.
    pub(crate) mcu: String,
}

impl Found {
    /// `ESP32-C3 (revision 0.4), 4 MB flash, on /dev/ttyUSB0`.
    pub(crate) fn line(&self) -> String {
        let mut line = self.chip.clone();
        if !self.detail.is_empty() {
            line.push_str(&format!(" ({})", self.detail));
        }
        if let Some(len_bytes) = self.flash_bytes {
            line.push_str(&match len_bytes >> 20 {
                0 => format!(", {} kB flash", len_bytes >> 10),
                megabytes => format!(", {megabytes} MB flash"),
            });
        }
        line.push_str(&format!(", on {}", self.place));
        line
    }
}

/// What becomes of the files on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Files {
    /// There is nothing to lose, or what is written lies elsewhere.
    Kept,
    /// The boot loader writes only what is in the file; they stay unless the new firmware looks for them
    /// elsewhere.
    Likely,
    /// The layout changes, or what is written lies over them.
    Lost,
    /// The boot loader cannot tell.
    Unknown,
}

/// What is going to be written.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Which bytes go where.
    pub(crate) segments: Vec<Segment>,
    /// What becomes of the files.
    pub(crate) files: Files,
    /// Anything the user should know beforehand.
    pub(crate) notes: Vec<String>,
}

impl Plan {
    /// The bytes of all segments.
    pub(crate) fn len_bytes(&self) -> u64 {
        let lengths = self
            .segments
            .iter()
            .map(|segment| segment.data.len() as u64);
        lengths.sum()
    }
}

/// What the user asked for beside the firmware.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    /// Where a plain image goes, instead of where the chip boots from.
    pub(crate) offset: Option<u32>,
    /// Erase everything first.
    pub(crate) erase: bool,
}

/// A board in its boot loader.
pub(crate) trait Flasher {
    /// What was found.
    fn found(&self) -> &Found;

    /// Decides what is written where, and refuses what does not fit this board. Writes nothing.
    ///
    /// # Errors
    /// [`Code::WrongFirmware`], [`Code::TooLarge`], [`Code::BadFirmware`], [`Code::Unsupported`].
    fn plan(&mut self, firmware: &Firmware, wish: Wish) -> Result<Plan>;

    /// Erases the whole flash.
    ///
    /// # Errors
    /// [`Code::Unsupported`] where the boot loader cannot, those of the connection.
    fn erase(&mut self, _report: &mut Report) -> Result<()> {
        Err(unsupported(self.found(), "erase the flash"))
    }

    /// Writes what was planned.
    ///
    /// # Errors
    /// [`Code::FlashFailed`] with the state that the board is in.
    fn write(&mut self, plan: &Plan, report: &mut Report) -> Result<()>;

    /// Compares what is in the flash with what was planned; false: this boot loader checks while it
    /// writes and cannot be asked again.
    ///
    /// # Errors
    /// [`Code::Verify`] when it differs.
    fn verify(&mut self, plan: &Plan, report: &mut Report) -> Result<bool>;

    /// Reads the whole flash.
    ///
    /// # Errors
    /// [`Code::Unsupported`] where the boot loader cannot.
    fn read(&mut self, _report: &mut Report) -> Result<Vec<u8>> {
        Err(unsupported(self.found(), "read the flash"))
    }

    /// Leaves the boot loader and starts what was written, where that is not done by itself.
    ///
    /// # Errors
    /// Those of the connection.
    fn start(self: Box<Self>) -> Result<()>;

    /// Leaves the board in its boot loader, as it was found.
    ///
    /// # Errors
    /// Those of the connection.
    fn stay(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

fn unsupported(found: &Found, what: &str) -> Error {
    Error::new(
        Code::Unsupported,
        format!(
            "The boot loader of this board ({}) cannot {what}",
            found.chip
        ),
    )
}

/// The firmware is for something else.
pub(crate) fn wrong_firmware(firmware: &Firmware, is_for: &str, found: &Found) -> Error {
    Error::new(
        Code::WrongFirmware,
        format!(
            "`{}` is for {is_for}, the board on {} is {}",
            firmware.name, found.place, found.chip
        ),
    )
    .hint("Nothing was written")
    .hint("`ucli boards` finds firmware for a board, `ucli flash` without a file chooses it")
}

/// A write that broke off.
pub(crate) fn broke_off(found: &Found, done: u64, total: u64, why: &Error) -> Error {
    use crate::output::bytes::grouped;
    let code = match why.code() {
        Code::Interrupted => Code::Interrupted,
        _ => Code::FlashFailed,
    };
    let error = Error::new(
        code,
        format!(
            "Flashing {} on {} broke off after {} of {} bytes: {}",
            found.chip,
            found.place,
            grouped(done),
            grouped(total),
            why.message()
        ),
    )
    .hint("The board holds half a firmware and will not start; its boot loader is in ROM or protected and still works");
    let hints = why.hints().iter();
    hints
        .fold(error, |error, hint| error.hint(hint))
        .hint("Check the cable and run the same `ucli flash` again: it begins from the start")
}
