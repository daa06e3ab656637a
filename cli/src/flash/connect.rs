//! From what is connected to a boot loader that answers: which family it is, and how a running board gets
//! there by itself.
//!
//! A board that runs MicroPython or CircuitPython is told so at its prompt; one that does not answer but
//! has USB of its own gets the touch at 1200 baud that Arduino made usual; Espressif's chips are reset by
//! DTR and RTS. What is in its boot loader already is taken as it is.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::dfu::DfuFlasher;
use super::drive::{Drive, DriveFlasher, Kind};
use super::esp::{self, EspFlasher};
use super::image::{Content, elf};
use super::nordic::NordicFlasher;
use super::{Flasher, usb};
use crate::client::interrupt;
use crate::client::session::Session;
use crate::client::snippet;
use crate::device::Target;
use crate::error::{Code, Error, Result};
use crate::output::Printer;
use crate::transport::OpenOptions;

/// The baud rate that asks a board for its boot loader, and how long it is held.
const TOUCH_BAUD: u32 = 1200;
const TOUCH: Duration = Duration::from_millis(250);
/// A board that restarts into its boot loader has said what it has to say by then.
const LAST_WORDS: Duration = Duration::from_millis(600);
/// How long it may take to appear there.
const APPEAR: Duration = Duration::from_secs(20);
/// Espressif's loaders begin at this rate.
const ESP_BAUD: u32 = 115_200;
/// How long a board that may run anything is asked for a prompt.
const PROMPT: Duration = Duration::from_secs(2);

const ESPRESSIF: u16 = 0x303a;
/// Products of Espressif's that are boot loaders or the debug port, which leads there.
const ESP_LOADERS: [u16; 3] = [0x1001, 0x0002, 0x0009];
const DAPLINK: u16 = 0x0d28;
/// Makers of boards with USB of their own whose boot loader shows a drive.
const UF2_MAKERS: [u16; 5] = [0x2e8a, 0x239a, 0x2341, 0x1b4f, 0x2886];
/// Makers of boards with ST's chips.
const STM32_MAKERS: [u16; 4] = [0xf055, 0x0483, 0x37c5, 0x1209];

/// A kind of boot loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Espressif's ROM.
    Esp,
    /// A UF2 drive.
    Uf2,
    /// A DAPLink drive.
    DapLink,
    /// ST's USB boot loader.
    Dfu,
    /// Adafruit's serial boot loader for the nRF52.
    Nordic,
}

/// What the user chose, and how it is opened.
pub(crate) struct Way {
    /// A drive's directory instead of a port.
    pub(crate) directory: Option<PathBuf>,
    /// The board, when there is one.
    pub(crate) target: Option<Target>,
    /// Why there is none.
    pub(crate) missing: Option<Error>,
    /// The user named it.
    pub(crate) is_chosen: bool,
    /// How a port is opened.
    pub(crate) options: OpenOptions,
    /// The baud rate to flash with.
    pub(crate) baud: u32,
    /// Whether Espressif's stub is loaded.
    pub(crate) stub: bool,
    /// For what is said.
    pub(crate) printer: Printer,
}

/// What a board that runs says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running {
    /// MicroPython's id of the board; empty when it does not say.
    pub(crate) board: String,
    /// `esp32`, `rp2` and so on.
    pub(crate) platform: String,
}

/// The kind of boot loader that firmware is for, where it says so.
fn family_of(content: &Content, has_dfu: bool, has_daplink: bool) -> Family {
    match content {
        Content::Uf2(_) => Family::Uf2,
        Content::Nordic(_) => Family::Nordic,
        Content::Dfu(_) => Family::Dfu,
        Content::Hex(_) if has_daplink || !has_dfu => Family::DapLink,
        Content::Hex(_) => Family::Dfu,
        Content::Elf(program) if program.machine == elf::ARM && has_dfu => Family::Dfu,
        Content::Elf(program) if program.machine == elf::ARM => Family::Uf2,
        Content::Bin(None) if has_dfu => Family::Dfu,
        Content::Elf(_) | Content::Bin(_) => Family::Esp,
    }
}

/// The boot loader that boards with a chip, as the catalogue calls it, usually have.
fn family_of_chip(mcu: &str) -> Option<Family> {
    let is = |families: &[&str]| families.iter().any(|family| mcu.starts_with(family));
    if is(&["esp"]) {
        Some(Family::Esp)
    } else if is(&["rp2", "samd", "nrf", "mimxrt"]) {
        Some(Family::Uf2)
    } else if is(&["stm32"]) {
        Some(Family::Dfu)
    } else {
        None
    }
}

impl Way {
    fn numbers(&self) -> (Option<u16>, Option<u16>) {
        let info = self.target.as_ref().and_then(|target| target.info.as_ref());
        info.map_or((None, None), |info| (info.vid, info.pid))
    }

    fn missing(&mut self) -> Error {
        let none = || Error::new(Code::NoBoard, "No board is connected");
        self.missing.take().unwrap_or_else(none)
    }

    /// The kind of boot loader: by the firmware, else by the chip `mcu` that a port is said to lead to, else by
    /// what is connected.
    pub(crate) fn family(
        &self,
        content: Option<&Content>,
        running: Option<&Running>,
        mcu: Option<&str>,
    ) -> Family {
        let has = |kind| Drive::all().iter().any(|drive| drive.kind == kind);
        let is_port = self.target.is_some();
        if let Some(content) = content {
            return family_of(content, !is_port && usb::is_there(), has(Kind::DapLink));
        }
        if let Some(family) = mcu.filter(|_| is_port).and_then(family_of_chip) {
            return family;
        }
        match running.map(|running| running.platform.as_str()) {
            Some("esp32" | "esp8266" | "Espressif") => return Family::Esp,
            Some(
                "rp2" | "RP2040" | "RP2350" | "samd" | "nrf" | "mimxrt" | "Atmel SAMD21"
                | "Atmel SAMD51",
            ) => {
                return Family::Uf2;
            }
            Some("pyboard") => return Family::Dfu,
            _ => {}
        }
        match self.numbers().0 {
            Some(DAPLINK) => Family::DapLink,
            Some(vid) if UF2_MAKERS.contains(&vid) => Family::Uf2,
            Some(vid) if STM32_MAKERS.contains(&vid) => Family::Dfu,
            _ if is_port && self.is_chosen => Family::Esp,
            _ if self.directory.is_some() || has(Kind::Uf2) => Family::Uf2,
            _ if has(Kind::DapLink) => Family::DapLink,
            _ if !is_port && usb::is_there() => Family::Dfu,
            _ => Family::Esp,
        }
    }

    /// Opens the board's prompt; an error when there is none in a short time.
    pub(crate) fn session(&mut self) -> Result<Session> {
        let target = match &self.target {
            Some(target) => target.clone(),
            None => return Err(self.missing()),
        };
        let options = OpenOptions {
            timeout: self.options.timeout.min(PROMPT),
            ..self.options
        };
        let mut session = Session::open(target, options, &self.printer, None)?;
        session.enter_raw()?;
        Ok(session)
    }

    /// Asks a board that may run for what it is; `None` when it gives no prompt.
    ///
    /// # Errors
    /// Those of opening its port, and Ctrl-C.
    pub(crate) fn running(&mut self) -> Result<Option<Running>> {
        if self.target.is_none() {
            return Ok(None);
        }
        let asked = self.session().and_then(|mut session| {
            let answer = crate::client::value::parse(session.ask(snippet::BOARD)?.trim_ascii())?;
            let text = |index: usize| {
                let text = answer.at(index).str();
                text.map(crate::output::sanitise::line).unwrap_or_default()
            };
            let running = Running {
                board: text(0),
                platform: text(1),
            };
            session.close()?;
            Ok(running)
        });
        match asked {
            Ok(running) => Ok(Some(running)),
            Err(error)
                if matches!(
                    error.code(),
                    Code::NoAnswer | Code::BoardException | Code::Protocol
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the boot loader.
    ///
    /// # Errors
    /// Those of the family, of the port, and [`Code::NoBoard`].
    pub(crate) fn open(&mut self, family: Family) -> Result<Box<dyn Flasher>> {
        match family {
            Family::Esp => self.open_esp(),
            Family::Uf2 => self.open_drive(Kind::Uf2),
            Family::DapLink => self.open_drive(Kind::DapLink),
            Family::Dfu => self.open_dfu(),
            Family::Nordic => self.open_nordic(),
        }
    }

    fn open_esp(&mut self) -> Result<Box<dyn Flasher>> {
        let Some(mut target) = self.target.clone() else {
            return Err(self.missing());
        };
        let mut usb = self.numbers();
        // USB that the firmware drives goes away with it; its port comes back as another product.
        if let (Some(ESPRESSIF), Some(product)) = usb
            && !ESP_LOADERS.contains(&product)
        {
            self.enter_boot_loader()?;
            target = esp_loader()?;
            usb = target
                .info
                .as_ref()
                .map_or(usb, |info| (info.vid, info.pid));
        }
        let options = OpenOptions {
            baud: ESP_BAUD,
            ..self.options
        };
        let transport = target.reopen(&options, Duration::from_secs(3))?;
        let options = esp::Options {
            usb,
            opened_baud: ESP_BAUD,
            baud: self.baud,
            stub: self.stub,
        };
        Ok(Box::new(EspFlasher::connect(transport, &options)?))
    }

    fn open_drive(&mut self, kind: Kind) -> Result<Box<dyn Flasher>> {
        if let Some(directory) = &self.directory {
            let drive = Drive::at(directory).ok_or_else(|| {
                Error::new(
                    Code::NoDrive,
                    format!("`{}` is no drive of a boot loader", directory.display()),
                )
                .hint("Such a drive holds INFO_UF2.TXT or DETAILS.TXT")
            })?;
            return Ok(Box::new(DriveFlasher::new(drive)));
        }
        let before = Drive::all();
        let is_there = before.iter().any(|drive| drive.kind == kind);
        // DAPLink's drive is always there; a UF2 drive only when the board is in its boot loader.
        let must_enter =
            kind == Kind::Uf2 && self.target.is_some() && (self.is_chosen || !is_there);
        if must_enter {
            self.enter_boot_loader()?;
            return Ok(Box::new(DriveFlasher::new(Drive::wait_for_new(
                kind, &before, APPEAR,
            )?)));
        }
        if !is_there
            && matches!(
                self.missing.as_ref().map(Error::code),
                Some(Code::SeveralBoards)
            )
        {
            return Err(self.missing());
        }
        Ok(Box::new(DriveFlasher::new(Drive::wait_for_new(
            kind,
            &[],
            Duration::ZERO,
        )?)))
    }

    fn open_dfu(&mut self) -> Result<Box<dyn Flasher>> {
        let deadline = Instant::now() + APPEAR;
        if self.target.is_some() && !usb::is_there() {
            self.enter_boot_loader()?;
            while !usb::is_there() && Instant::now() < deadline && interrupt::count() == 0 {
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        Ok(Box::new(DfuFlasher::new(usb::open(None)?)?))
    }

    fn open_nordic(&mut self) -> Result<Box<dyn Flasher>> {
        let Some(target) = self.target.clone() else {
            return Err(self.missing());
        };
        self.touch(&target)?;
        let transport = target.reopen(
            &OpenOptions {
                baud: ESP_BAUD,
                ..self.options
            },
            APPEAR,
        )?;
        Ok(Box::new(NordicFlasher::new(transport)))
    }

    /// Sends a running board to its boot loader: at its prompt, or by the touch.
    fn enter_boot_loader(&mut self) -> Result<()> {
        let Some(target) = self.target.clone() else {
            return Err(self.missing());
        };
        self.printer.say(&format!(
            "restarting {} into its boot loader",
            target.name()
        ));
        let told = self.session().and_then(|mut session| {
            let first =
                session.exec_until(snippet::BOOTLOADER.as_bytes(), Instant::now() + LAST_WORDS)?;
            if first.is_none() {
                return Ok(None);
            }
            let until = Instant::now() + LAST_WORDS;
            session.exec_until(snippet::BOOTLOADER_CIRCUITPYTHON.as_bytes(), until)
        });
        match told {
            Ok(None) => Ok(()),
            // No prompt, or a firmware without a way there.
            Ok(Some(_)) => self.touch(&target),
            Err(error) if matches!(error.code(), Code::NoAnswer | Code::Protocol) => {
                self.touch(&target)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the port at 1200 baud and lets DTR go.
    fn touch(&self, target: &Target) -> Result<()> {
        let options = OpenOptions {
            baud: TOUCH_BAUD,
            ..self.options
        };
        let mut transport = target.open(&options)?;
        std::thread::sleep(TOUCH);
        match transport.set_lines(Some(false), None) {
            Err(error)
                if error.code() != Code::Unsupported && error.code() != Code::ConnectionLost =>
            {
                Err(error)
            }
            // The board has gone already, or the port has no such line: what comes next shows it.
            _ => Ok(()),
        }
    }
}

/// Waits for the port of an Espressif boot loader.
fn esp_loader() -> Result<Target> {
    let deadline = Instant::now() + APPEAR;
    loop {
        for product in ESP_LOADERS {
            let selector = crate::device::selector::Selector::Usb(ESPRESSIF, Some(product));
            if let Ok(target) =
                crate::device::resolve(&selector, &std::collections::BTreeMap::new())
            {
                return Ok(target);
            }
        }
        if Instant::now() >= deadline || interrupt::count() > 0 {
            return Err(Error::new(
                Code::NoBoard,
                "The board did not come back in its boot loader",
            )
            .hint("Hold BOOT, press and release reset, and run the command again"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chips_have_their_boot_loaders() {
        for (mcu, family) in [
            ("esp32c3", Some(Family::Esp)),
            ("esp8266", Some(Family::Esp)),
            ("rp2040", Some(Family::Uf2)),
            ("samd51", Some(Family::Uf2)),
            ("nrf52840", Some(Family::Uf2)),
            ("stm32f4", Some(Family::Dfu)),
            ("unix", None),
        ] {
            assert_eq!(family_of_chip(mcu), family, "{mcu}");
        }
    }
}
