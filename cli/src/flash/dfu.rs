//! DfuSe: the USB boot loader in the ROM of STM32 chips.
//!
//! The conversation is this file's, the USB bus `usb`'s, so that it is tested against a simulated chip.
//! A chip is told an address and a block at a time and says after each how long it needs; every step is
//! asked after, and an error state is named and cleared.
//!
//! Sources: USB Device Class Specification for Device Firmware Upgrade 1.1; ST's AN3156 (USB DFU protocol
//! used in the STM32 boot loader) and UM0424 (the memory layout in the interface's name).

use std::time::Duration;

use super::image::{Content, Firmware, Segment, elf};
use super::report::{Phase, Report};
use super::{Files, Flasher, Found, Plan, Wish, broke_off, wrong_firmware};
use crate::client::interrupt;
use crate::error::{Code, Error, Result};
use crate::output::bytes::grouped;

const DOWNLOAD: u8 = 1;
const UPLOAD: u8 = 2;
const GET_STATUS: u8 = 3;
const CLEAR_STATUS: u8 = 4;
const ABORT: u8 = 6;

const SET_ADDRESS: u8 = 0x21;
const ERASE: u8 = 0x41;

const APP_IDLE: u8 = 0;
const APP_DETACH: u8 = 1;
const IDLE: u8 = 2;
const DOWNLOAD_SYNC: u8 = 3;
const BUSY: u8 = 4;
const DOWNLOAD_IDLE: u8 = 5;
const MANIFEST_SYNC: u8 = 6;
const MANIFEST: u8 = 7;
const MANIFEST_WAIT_RESET: u8 = 8;
const UPLOAD_IDLE: u8 = 9;
const ERROR: u8 = 10;

/// The first block of data; those before are commands.
const FIRST_BLOCK: u16 = 2;
/// The longest pause a chip may ask for at once, and how often it may ask.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const MOST_PAUSES: u32 = 100;
/// Where STM32 chips have their flash.
const FLASH_AT: u32 = 0x0800_0000;

/// Control requests to the interface of a DFU device.
pub(crate) trait DfuPort {
    /// Sends a request with data.
    ///
    /// # Errors
    /// [`Code::ConnectionLost`], and [`Code::Protocol`] when the device stalls.
    fn send(&mut self, request: u8, value: u16, data: &[u8]) -> Result<()>;

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// As [`DfuPort::send`].
    fn receive(&mut self, request: u8, value: u16, len_bytes: usize) -> Result<Vec<u8>>;

    /// Which device it is, for people.
    fn name(&self) -> String;

    /// The name of its interface, which holds the memory layout.
    fn layout(&self) -> String;

    /// The vendor and product numbers.
    fn numbers(&self) -> (u16, u16);

    /// How many bytes a transfer may have.
    fn transfer_bytes(&self) -> usize;
}

/// Pages of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pages {
    start: u32,
    count: u32,
    len_bytes: u32,
    is_writable: bool,
}

/// Reads `@Internal Flash  /0x08000000/04*016Kg,01*064Kg`.
fn pages(text: &str) -> Option<Vec<Pages>> {
    let mut parts = text.split('/').skip(1);
    let mut found = Vec::new();
    while let (Some(address), Some(list)) = (parts.next(), parts.next()) {
        let digits = address.trim().strip_prefix("0x")?;
        let mut at = u32::from_str_radix(digits, 16).ok()?;
        for group in list.split(',') {
            let (count, rest) = group.trim().split_once('*')?;
            let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
            let (size, unit) = rest.split_at(end);
            let (count, size): (u32, u32) = (count.parse().ok()?, size.parse().ok()?);
            let mut unit = unit.chars();
            let scale = match unit.next()? {
                'K' => 1 << 10,
                'M' => 1 << 20,
                _ => 1,
            };
            // The letter is a set of rights: a is 1 (read), b 2 (erase), d 4 (write).
            let rights = unit.next().map_or(0, |letter| letter as u32 & 7);
            let len_bytes = size.checked_mul(scale).filter(|bytes| *bytes > 0)?;
            found.push(Pages {
                start: at,
                count,
                len_bytes,
                is_writable: rights & 6 == 6,
            });
            at = at.checked_add(count.checked_mul(len_bytes)?)?;
        }
    }
    (!found.is_empty()).then_some(found)
}

fn status_words(status: u8) -> &'static str {
    match status {
        0x01 => "the file is not for this device",
        0x02 => "the file is damaged",
        0x03 => "it cannot write its memory",
        0x04 => "erasing failed",
        0x05 => "its memory is not erased",
        0x06 => "programming failed",
        0x07 => "what was programmed differs",
        0x08 => "it has no such address",
        0x09 => "the end came too early",
        0x0a => "its firmware is damaged",
        0x0b => "its flash is read-protected",
        0x0c | 0x0d => "it was reset",
        0x0f => "it did not expect the request",
        _ => "for an unknown reason",
    }
}

/// A chip in its DFU boot loader.
pub(crate) struct DfuFlasher {
    port: Box<dyn DfuPort>,
    found: Found,
    pages: Vec<Pages>,
}

impl DfuFlasher {
    /// A flasher on an open device.
    ///
    /// # Errors
    /// [`Code::Unsupported`] when it does not say which memory it has.
    pub(crate) fn new(port: Box<dyn DfuPort>) -> Result<Self> {
        let layout = port.layout();
        let pages = pages(&layout).ok_or_else(|| {
            Error::new(
                Code::Unsupported,
                format!(
                    "`{}` does not say which memory it has: `{layout}`",
                    port.name()
                ),
            )
        })?;
        let flash = pages
            .iter()
            .filter(|one| one.start >= FLASH_AT && one.start < FLASH_AT + (32 << 20));
        let flash_bytes = flash
            .map(|one| u64::from(one.count) * u64::from(one.len_bytes))
            .sum();
        let found = Found {
            family: "dfu",
            chip: "STM32".to_string(),
            detail: "USB boot loader".to_string(),
            flash_bytes: Some(flash_bytes),
            place: port.name(),
            mcu: "stm32".to_string(),
        };
        let mut flasher = Self { port, found, pages };
        flasher.become_idle()?;
        Ok(flasher)
    }

    /// Status, pause and state.
    fn status(&mut self) -> Result<(u8, Duration, u8)> {
        let answer = self.port.receive(GET_STATUS, 0, 6)?;
        let [status, low, middle, high, state, _] = answer[..] else {
            return Err(Error::new(
                Code::Protocol,
                format!(
                    "`{}` answers a status of {} bytes instead of 6",
                    self.found.place,
                    answer.len()
                ),
            ));
        };
        let pause = u32::from_le_bytes([low, middle, high, 0]);
        Ok((status, Duration::from_millis(u64::from(pause)), state))
    }

    /// Leaves whatever was left half done.
    fn become_idle(&mut self) -> Result<()> {
        const AGAIN: &str = "Unplug the board, hold BOOT and plug it in again";
        for _ in 0..MOST_PAUSES {
            if interrupt::count() > 0 {
                return Err(Error::new(Code::Interrupted, "Ctrl-C"));
            }
            let (_, pause, state) = self.status()?;
            let place = &self.found.place;
            match state {
                IDLE => return Ok(()),
                ERROR => self.port.send(CLEAR_STATUS, 0, &[])?,
                DOWNLOAD_SYNC | DOWNLOAD_IDLE | UPLOAD_IDLE => self.port.send(ABORT, 0, &[])?,
                // Asking is what leads on from here.
                BUSY | MANIFEST_SYNC | MANIFEST => std::thread::sleep(pause.min(LONGEST_PAUSE)),
                APP_IDLE | APP_DETACH => {
                    let text = format!("`{place}` runs its program, not its boot loader");
                    return Err(Error::new(Code::NoAnswer, text).hint(AGAIN));
                }
                MANIFEST_WAIT_RESET => {
                    let text = format!("`{place}` was flashed before and waits for a reset");
                    return Err(Error::new(Code::NoAnswer, text).hint(AGAIN));
                }
                other => {
                    return Err(Error::new(
                        Code::Protocol,
                        format!("`{place}` is in state {other}, which DFU does not have"),
                    ));
                }
            }
        }
        Err(Error::new(
            Code::NoAnswer,
            format!(
                "The boot loader of `{}` does not become idle",
                self.found.place
            ),
        )
        .hint(AGAIN))
    }

    /// Waits for the end of what was told.
    fn settle(&mut self, what: &str) -> Result<()> {
        for _ in 0..MOST_PAUSES {
            if interrupt::count() > 0 {
                return Err(Error::new(Code::Interrupted, "Ctrl-C"));
            }
            let (status, pause, state) = self.status()?;
            match state {
                DOWNLOAD_IDLE | IDLE | UPLOAD_IDLE => return Ok(()),
                ERROR => {
                    // The device stays in this state until it is told; that it worked is not needed.
                    let _ = self.port.send(CLEAR_STATUS, 0, &[]);
                    let why = status_words(status);
                    let error =
                        Error::new(Code::FlashFailed, format!("It refused to {what}: {why}"));
                    return Err(if status == 0x0b {
                        error.hint(
                            "Read protection is taken off with ST's tools, which erases the chip",
                        )
                    } else {
                        error
                    });
                }
                BUSY | DOWNLOAD_SYNC => std::thread::sleep(pause.min(LONGEST_PAUSE)),
                other => {
                    return Err(Error::new(
                        Code::Protocol,
                        format!("It is in state {other} after it was told to {what}"),
                    ));
                }
            }
        }
        Err(Error::new(
            Code::NoAnswer,
            format!("It does not finish to {what}"),
        ))
    }

    fn command(&mut self, command: u8, address: u32, what: &str) -> Result<()> {
        let mut data = vec![command];
        data.extend_from_slice(&address.to_le_bytes());
        self.port.send(DOWNLOAD, 0, &data)?;
        self.settle(what)
    }

    /// The pages that a segment touches: address and length.
    fn pages_of(&self, segment: &Segment) -> Option<Vec<(u32, u32)>> {
        let mut at = segment.address;
        let mut touched = Vec::new();
        while u64::from(at) < segment.end() {
            let group = self.pages.iter().find(|one| {
                let end = u64::from(one.start) + u64::from(one.count) * u64::from(one.len_bytes);
                one.is_writable && at >= one.start && u64::from(at) < end
            })?;
            let page = group.start + (at - group.start) / group.len_bytes * group.len_bytes;
            touched.push((page, group.len_bytes));
            at = page.checked_add(group.len_bytes)?;
        }
        Some(touched)
    }

    fn write_all(&mut self, plan: &Plan, report: &mut Report) -> Result<()> {
        let mut erased = Vec::new();
        for segment in &plan.segments {
            for (page, _) in self.pages_of(segment).unwrap_or_default() {
                if !erased.contains(&page) {
                    self.command(ERASE, page, &format!("erase the page at {page:#010x}"))?;
                    erased.push(page);
                }
            }
        }
        let step = self.port.transfer_bytes();
        for segment in &plan.segments {
            // The block number has 16 bits, so the address is told anew before it is used up.
            for (round, part) in segment.data.chunks(step * 0x4000).enumerate() {
                let offset = u32::try_from(round * step * 0x4000).unwrap_or(u32::MAX);
                let address = segment.address + offset;
                self.command(SET_ADDRESS, address, &format!("go to {address:#010x}"))?;
                for (index, chunk) in part.chunks(step).enumerate() {
                    let block = FIRST_BLOCK + u16::try_from(index).unwrap_or(u16::MAX);
                    self.port.send(DOWNLOAD, block, chunk)?;
                    self.settle("write its flash")?;
                    report.add(chunk.len() as u64);
                }
            }
        }
        Ok(())
    }

    fn read_at(&mut self, address: u32, len_bytes: usize, report: &mut Report) -> Result<Vec<u8>> {
        let step = self.port.transfer_bytes();
        let mut bytes = Vec::with_capacity(len_bytes);
        while bytes.len() < len_bytes {
            self.become_idle()?;
            let offset = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            self.command(SET_ADDRESS, address + offset, "go to an address")?;
            self.port.send(ABORT, 0, &[])?;
            for index in 0..0x4000_u16 {
                let want = step.min(len_bytes - bytes.len());
                if want == 0 {
                    break;
                }
                let data = self.port.receive(UPLOAD, FIRST_BLOCK + index, want)?;
                if data.len() != want {
                    let (place, got) = (&self.found.place, data.len());
                    return Err(Error::new(
                        Code::Protocol,
                        format!("`{place}` sent {got} bytes instead of {want}"),
                    ));
                }
                report.add(want as u64);
                bytes.extend_from_slice(&data);
                if interrupt::count() > 0 {
                    return Err(Error::new(Code::Interrupted, "Ctrl-C"));
                }
            }
        }
        self.become_idle()?;
        Ok(bytes)
    }

    fn segments(&self, firmware: &Firmware, offset: Option<u32>) -> Result<Vec<Segment>> {
        match &firmware.content {
            Content::Dfu(file) => {
                let (vendor, product) = self.port.numbers();
                let is_other =
                    |wanted: u16, real: u16| wanted != 0xffff && wanted != 0 && wanted != real;
                if is_other(file.vendor, vendor) || is_other(file.product, product) {
                    let is_for = format!("USB device {:04x}:{:04x}", file.vendor, file.product);
                    return Err(wrong_firmware(firmware, &is_for, &self.found));
                }
                let mut segments = file.segments.clone();
                if !file.has_addresses {
                    segments[0].address = offset.unwrap_or(FLASH_AT);
                }
                Ok(segments)
            }
            Content::Hex(segments) => Ok(segments.clone()),
            Content::Elf(program) if program.machine == elf::ARM => Ok(program.segments.clone()),
            Content::Bin(None) => Ok(vec![Segment {
                address: offset.unwrap_or(FLASH_AT),
                data: firmware.bytes.clone(),
            }]),
            Content::Bin(Some(header)) => Err(wrong_firmware(
                firmware,
                &super::image::esp::chip_name(header.chip),
                &self.found,
            )),
            Content::Elf(program) => Err(wrong_firmware(
                firmware,
                &elf::machine_name(program.machine),
                &self.found,
            )),
            Content::Uf2(_) | Content::Nordic(_) => Err(wrong_firmware(
                firmware,
                "another kind of boot loader",
                &self.found,
            )),
        }
    }
}

impl Flasher for DfuFlasher {
    fn found(&self) -> &Found {
        &self.found
    }

    fn plan(&mut self, firmware: &Firmware, wish: Wish) -> Result<Plan> {
        if wish.offset.is_none() && matches!(firmware.content, Content::Bin(None)) {
            firmware.refuse_text()?;
        }
        let segments = self.segments(firmware, wish.offset)?;
        for segment in &segments {
            if self.pages_of(segment).is_none() {
                return Err(Error::new(
                    Code::TooLarge,
                    format!(
                        "`{}` has {} bytes at {:#010x}, where {} has no memory that can be written",
                        firmware.name,
                        grouped(segment.data.len() as u64),
                        segment.address,
                        self.found.place
                    ),
                )
                .hint("Nothing was written. Is it for this board?"));
            }
        }
        let files = if wish.erase {
            Files::Lost
        } else {
            Files::Unknown
        };
        Ok(Plan {
            segments,
            files,
            notes: Vec::new(),
        })
    }

    fn erase(&mut self, report: &mut Report) -> Result<()> {
        report.phase(Phase::Erase, 0)?;
        self.port.send(DOWNLOAD, 0, &[ERASE])?;
        self.settle("erase its flash")?;
        self.become_idle()?;
        report.finish();
        Ok(())
    }

    fn write(&mut self, plan: &Plan, report: &mut Report) -> Result<()> {
        report.phase(Phase::Write, plan.len_bytes())?;
        let written = self.write_all(plan, report);
        written.map_err(|error| broke_off(&self.found, report.done(), report.total(), &error))?;
        report.finish();
        self.become_idle()
    }

    fn verify(&mut self, plan: &Plan, report: &mut Report) -> Result<bool> {
        report.phase(Phase::Verify, plan.len_bytes())?;
        for segment in &plan.segments {
            let real = self.read_at(segment.address, segment.data.len(), report)?;
            if let Some(at) = real
                .iter()
                .zip(&segment.data)
                .position(|(one, other)| one != other)
            {
                return Err(Error::new(
                    Code::Verify,
                    format!(
                        "The flash of {} differs from what was written at {:#010x}",
                        self.found.place,
                        u64::from(segment.address) + at as u64
                    ),
                )
                .hint("Flash again; if it stays, the chip's flash is worn out"));
            }
        }
        report.finish();
        Ok(true)
    }

    fn read(&mut self, report: &mut Report) -> Result<Vec<u8>> {
        let len_bytes = self.found.flash_bytes.unwrap_or(0);
        report.phase(Phase::Read, len_bytes)?;
        let bytes = self.read_at(
            FLASH_AT,
            usize::try_from(len_bytes).unwrap_or(usize::MAX),
            report,
        )?;
        report.finish();
        Ok(bytes)
    }

    /// Tells the chip to start at its flash; it leaves the bus before it has answered.
    fn start(mut self: Box<Self>) -> Result<()> {
        self.become_idle()?;
        self.command(SET_ADDRESS, FLASH_AT, "go to its flash")?;
        self.port.send(DOWNLOAD, 0, &[])?;
        match self.status() {
            Ok((status, _, ERROR)) => Err(Error::new(
                Code::FlashFailed,
                format!(
                    "The chip does not start what was written: {}",
                    status_words(status)
                ),
            )),
            Ok((_, _, MANIFEST)) | Ok(_) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
