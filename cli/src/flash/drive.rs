//! Drives that boot loaders show: UF2 (RP2, SAMD, nRF, ESP32-S2 and S3) and DAPLink (micro:bit).
//!
//! A UF2 drive holds `INFO_UF2.TXT` with the board's id; a DAPLink drive `DETAILS.TXT`. Firmware is
//! copied there as a file; the board takes it block by block and restarts when it has all of it, which
//! takes the drive away. So a drive that is gone after the last byte is a success, and before it is a
//! pulled cable.
//!
//! Sources: Microsoft's UF2 specification ("Files exposed by bootloaders"), DAPLink's MSD documentation.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::image::{Content, Firmware, Segment, uf2};
use super::report::{Phase, Report};
use super::{Files, Flasher, Found, Plan, Wish, broke_off, wrong_firmware};
use crate::client::interrupt;
use crate::env;
use crate::error::{Code, Error, Result, reason};
use crate::output::sanitise;

/// How much is copied before the operating system is asked to pass it on: what shows as done is done.
const CHUNK_BYTES: usize = 64 << 10;
/// How long a board may take to leave its boot loader.
const LEAVE: Duration = Duration::from_secs(20);
/// How long a DAPLink board may take to program what was copied.
const PROGRAM: Duration = Duration::from_secs(60);
const INFO: &str = "INFO_UF2.TXT";
const DETAILS: &str = "DETAILS.TXT";
const FAIL: &str = "FAIL.TXT";

/// What shows the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A UF2 boot loader.
    Uf2,
    /// A DAPLink interface chip.
    DapLink,
}

/// A drive.
#[derive(Clone, Debug)]
pub(crate) struct Drive {
    /// Its directory.
    pub(crate) root: PathBuf,
    /// What shows it.
    pub(crate) kind: Kind,
    /// What it calls the board: `RPI-RP2`, or DAPLink's unique id.
    pub(crate) board: String,
    /// What it calls the model.
    pub(crate) model: String,
}

fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then_some(value.trim())
    })
}

impl Drive {
    /// The drive in a directory, if it is one.
    pub(crate) fn at(root: &Path) -> Option<Self> {
        let read = |name: &str| {
            let bytes = std::fs::read(root.join(name)).ok()?;
            Some(sanitise::lossy(&bytes[..bytes.len().min(4096)]).to_string())
        };
        let clean = |text: Option<&str>| text.map(sanitise::line).unwrap_or_default();
        if let Some(text) = read(INFO) {
            return Some(Self {
                root: root.to_path_buf(),
                kind: Kind::Uf2,
                board: clean(field(&text, "Board-ID")),
                model: clean(field(&text, "Model")),
            });
        }
        let text = read(DETAILS)?;
        Some(Self {
            root: root.to_path_buf(),
            kind: Kind::DapLink,
            board: clean(field(&text, "Unique ID")),
            model: "micro:bit or another DAPLink board".to_string(),
        })
    }

    /// Every drive that is mounted.
    pub(crate) fn all() -> Vec<Self> {
        let mut found: Vec<Self> = places()
            .iter()
            .filter_map(|place| Self::at(place))
            .collect();
        found.sort_by(|one, other| one.root.cmp(&other.root));
        found.dedup_by(|one, other| one.root == other.root);
        found
    }

    /// Waits for the only drive of a kind that was not there `before`.
    ///
    /// # Errors
    /// [`Code::NoDrive`] when none appears within `patience`, [`Code::SeveralBoards`] when there are
    /// several, [`Code::Interrupted`].
    pub(crate) fn wait_for_new(kind: Kind, before: &[Self], patience: Duration) -> Result<Self> {
        let deadline = Instant::now() + patience;
        loop {
            let mut drives = Self::all();
            drives.retain(|drive| {
                drive.kind == kind && !before.iter().any(|old| old.root == drive.root)
            });
            match drives.len() {
                0 if interrupt::count() > 0 => {
                    return Err(Error::new(
                        Code::Interrupted,
                        "Interrupted; nothing was written",
                    ));
                }
                0 if Instant::now() >= deadline => return Err(no_drive(kind)),
                0 => std::thread::sleep(Duration::from_millis(100)),
                1 => return Ok(drives.remove(0)),
                _ => return Err(several(&drives)),
            }
        }
    }
}

fn several(drives: &[Drive]) -> Error {
    let list: Vec<String> = drives
        .iter()
        .map(|drive| format!("`{}`", drive.root.display()))
        .collect();
    Error::new(
        Code::SeveralBoards,
        "More than one board shows a boot loader's drive",
    )
    .hint(format!("Choose one with `-p`: {}", list.join(", ")))
}

fn no_drive(kind: Kind) -> Error {
    let what = match kind {
        Kind::Uf2 => "UF2 boot loader's",
        Kind::DapLink => "DAPLink",
    };
    let error = Error::new(Code::NoDrive, format!("No {what} drive is mounted"));
    let error = match unmounted() {
        Some(device) => error.hint(format!(
            "`{device}` is there but not mounted: `udisksctl mount -b {device}`"
        )),
        None => error.hint(match kind {
            Kind::Uf2 => "Hold BOOTSEL while you plug the board in, or press reset twice quickly",
            Kind::DapLink => "Plug the board in with a cable that carries data",
        }),
    };
    error.hint(format!("`{}` names directories to look in", env::DRIVES))
}

/// A boot loader's disk that nobody has mounted (Linux without a desktop).
fn unmounted() -> Option<String> {
    const LABELS: [&str; 4] = ["RPI-RP2", "RP2350", "MICROBIT", "CIRCUITPY"];
    let labels = Path::new("/dev/disk/by-label");
    let known = LABELS
        .iter()
        .take(3)
        .find(|label| labels.join(label).exists())?;
    let device = std::fs::canonicalize(labels.join(known)).ok()?;
    Some(device.display().to_string())
}

/// Directories that can be a drive.
fn places() -> Vec<PathBuf> {
    if let Some(list) = env::get(env::DRIVES) {
        let mut places = Vec::new();
        for place in std::env::split_paths(&list) {
            places.extend(children(&place));
            places.push(place);
        }
        return places;
    }
    if cfg!(windows) {
        return ('A'..='Z')
            .map(|letter| PathBuf::from(format!("{letter}:\\")))
            .collect();
    }
    if cfg!(target_os = "macos") {
        return children(Path::new("/Volumes"));
    }
    // Only file systems of the kind that boot loaders have: others may hang when they are touched.
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts.lines().filter_map(mount_point).collect()
}

/// The directory of a line of `/proc/self/mounts` with a FAT file system.
fn mount_point(line: &str) -> Option<PathBuf> {
    let mut words = line.split(' ');
    let (_, point, kind) = (words.next()?, words.next()?, words.next()?);
    if !matches!(kind, "vfat" | "msdos" | "fuseblk") {
        return None;
    }
    // Blanks, tabs and backslashes are written as octal numbers.
    let plain = point
        .replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\134", "\\");
    Some(PathBuf::from(plain))
}

fn children(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

/// A board that shows a drive.
pub(crate) struct DriveFlasher {
    drive: Drive,
    found: Found,
}

impl DriveFlasher {
    /// A flasher for a drive.
    pub(crate) fn new(drive: Drive) -> Self {
        let families = uf2::families_of_board(&drive.board);
        let chip = match families.first() {
            Some(family) => uf2::family_name(*family),
            None if drive.model.is_empty() => drive.board.clone(),
            None => drive.model.clone(),
        };
        let detail = match drive.kind {
            Kind::Uf2 => drive.board.clone(),
            Kind::DapLink => String::new(),
        };
        let found = Found {
            family: if drive.kind == Kind::Uf2 {
                "uf2"
            } else {
                "daplink"
            },
            mcu: chip.to_ascii_lowercase().replace(['-', ' '], ""),
            chip,
            detail,
            flash_bytes: None,
            place: drive.root.display().to_string(),
        };
        Self { drive, found }
    }

    /// The bytes of the file that goes to a UF2 drive.
    fn uf2_file(&self, firmware: &Firmware) -> Result<(Vec<u8>, Vec<String>)> {
        let families = uf2::families_of_board(&self.drive.board);
        let mut notes = Vec::new();
        let bytes = match &firmware.content {
            Content::Uf2(file) => {
                let is_for = file.chips();
                let named: Vec<String> = is_for
                    .iter()
                    .map(|family| uf2::family_name(*family))
                    .collect();
                let fits = is_for
                    .iter()
                    .any(|family| *family == 0 || families.contains(family));
                if families.is_empty() || is_for.is_empty() {
                    notes.push(format!(
                        "`{}` is not known here, so nobody could check that it takes firmware for {}",
                        self.drive.board,
                        named.join(" and ")
                    ));
                } else if !fits {
                    return Err(wrong_firmware(firmware, &named.join(" and "), &self.found));
                }
                firmware.bytes.clone()
            }
            Content::Elf(elf) if elf.machine == super::image::elf::ARM => match families.first() {
                Some(family) => uf2::make(*family, &elf.segments),
                None => {
                    return Err(wrong_firmware(
                        firmware,
                        "a chip that is not named in it",
                        &self.found,
                    ));
                }
            },
            _ => return Err(self.wrong_kind(firmware, ".uf2")),
        };
        Ok((bytes, notes))
    }

    fn wrong_kind(&self, firmware: &Firmware, wanted: &str) -> Error {
        Error::new(
            Code::WrongFirmware,
            format!(
                "`{}` is a `.{}` file; the drive `{}` takes `{wanted}`",
                firmware.name,
                firmware.format(),
                self.found.place
            ),
        )
        .hint("Nothing was written")
    }

    fn copy(&self, plan: &Plan, report: &mut Report) -> Result<()> {
        let name = if self.drive.kind == Kind::Uf2 {
            "FIRMWARE.UF2"
        } else {
            "FIRMWARE.HEX"
        };
        let path = self.drive.root.join(name);
        let total = plan.len_bytes();
        let mut done = 0;
        let result = self.copy_to(&path, plan, report, &mut done);
        let Err(error) = result else { return Ok(()) };
        // Everything was handed over and the board went away to start it.
        if done == total && !self.is_there() {
            return Ok(());
        }
        Err(error)
    }

    fn copy_to(&self, path: &Path, plan: &Plan, report: &mut Report, done: &mut u64) -> Result<()> {
        let fault = |error: &std::io::Error, done: u64| self.fault(error, done, plan.len_bytes());
        let mut file = File::create(path).map_err(|error| fault(&error, *done))?;
        for segment in &plan.segments {
            for chunk in segment.data.chunks(CHUNK_BYTES) {
                if interrupt::count() > 0 {
                    let error = Error::new(Code::Interrupted, "Ctrl-C");
                    return Err(broke_off(&self.found, *done, plan.len_bytes(), &error));
                }
                file.write_all(chunk)
                    .map_err(|error| fault(&error, *done))?;
                *done += chunk.len() as u64;
                file.sync_data().map_err(|error| fault(&error, *done))?;
                report.add(chunk.len() as u64);
                // Some systems take bytes for a drive that is gone.
                if *done < plan.len_bytes() && !self.is_there() {
                    return Err(self.gone(*done, plan.len_bytes()));
                }
            }
        }
        file.sync_all().map_err(|error| fault(&error, *done))
    }

    /// A failure of the drive, with what it means for the board.
    fn fault(&self, error: &std::io::Error, done: u64, total: u64) -> Error {
        use std::io::ErrorKind;
        let place = &self.found.place;
        match error.kind() {
            ErrorKind::PermissionDenied => {
                Error::new(Code::Permission, format!("No permission to write to `{place}`"))
                    .hint("Mount the drive as the user who flashes, or let the desktop mount it")
                    .hint("Nothing was written")
            }
            ErrorKind::ReadOnlyFilesystem => {
                Error::new(Code::ReadOnly, format!("The drive `{place}` is write-protected"))
                    .hint("Unplug the board, hold its boot button and plug it in again; if it stays, the system mounted it read-only")
                    .hint("Nothing was written")
            }
            ErrorKind::StorageFull => Error::new(
                Code::TooLarge,
                format!("The drive `{place}` says that the firmware does not fit"),
            )
            .hint("Take a smaller variant of the firmware for this board"),
            _ if !self.is_there() => self.gone(done, total),
            _ => {
                let why = Error::new(Code::Io, reason(error));
                broke_off(&self.found, done, total, &why)
            }
        }
    }

    /// Whether the drive still shows what makes it one.
    fn is_there(&self) -> bool {
        let mark = if self.drive.kind == Kind::Uf2 {
            INFO
        } else {
            DETAILS
        };
        self.drive.root.join(mark).exists()
    }

    fn gone(&self, done: u64, total: u64) -> Error {
        let why = Error::new(Code::ConnectionLost, "the drive is gone");
        broke_off(&self.found, done, total, &why)
    }

    /// Waits until a DAPLink board has programmed the file: its drive comes back, with `FAIL.TXT` if
    /// it did not work.
    fn programmed(&self) -> Result<()> {
        let deadline = Instant::now() + PROGRAM;
        let copied = self.drive.root.join("FIRMWARE.HEX");
        while copied.exists() || !self.drive.root.join(DETAILS).exists() {
            if Instant::now() >= deadline || interrupt::count() > 0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        match std::fs::read(self.drive.root.join(FAIL)) {
            Ok(bytes) => {
                let text = sanitise::line(sanitise::lossy(&bytes).trim());
                Err(Error::new(
                    Code::FlashFailed,
                    format!("The board refused the firmware: {text}"),
                )
                .hint("Its interface chip still works: flash again, with firmware for this version of the board"))
            }
            Err(_) => Ok(()),
        }
    }
}

impl Flasher for DriveFlasher {
    fn found(&self) -> &Found {
        &self.found
    }

    fn plan(&mut self, firmware: &Firmware, wish: Wish) -> Result<Plan> {
        if wish.erase {
            return Err(super::unsupported(&self.found, "erase the flash")
                .hint("For RP2 boards a `flash_nuke.uf2` does it: `ucli flash flash_nuke.uf2`"));
        }
        if wish.offset.is_some() {
            return Err(Error::new(
                Code::Usage,
                format!(
                    "`--offset` means nothing for `.{}`: the file says where it goes",
                    firmware.format()
                ),
            ));
        }
        let (bytes, notes) = match (self.drive.kind, &firmware.content) {
            (Kind::Uf2, _) => {
                let (bytes, mut notes) = self.uf2_file(firmware)?;
                notes.push(
                    "files on the board stay unless the new firmware lays out its flash differently"
                        .to_string(),
                );
                (bytes, notes)
            }
            (Kind::DapLink, Content::Hex(_)) => (firmware.bytes.clone(), Vec::new()),
            (Kind::DapLink, _) => return Err(self.wrong_kind(firmware, ".hex")),
        };
        Ok(Plan {
            segments: vec![Segment {
                address: 0,
                data: bytes,
            }],
            files: if self.drive.kind == Kind::DapLink {
                Files::Lost
            } else {
                Files::Likely
            },
            notes,
        })
    }

    fn write(&mut self, plan: &Plan, report: &mut Report) -> Result<()> {
        report.phase(Phase::Write, plan.len_bytes())?;
        self.copy(plan, report)?;
        report.finish();
        if self.drive.kind == Kind::DapLink {
            self.programmed()?;
        }
        Ok(())
    }

    fn verify(&mut self, _plan: &Plan, _report: &mut Report) -> Result<bool> {
        Ok(false)
    }

    /// Waits for the drive to go: the board has everything and starts it.
    fn start(self: Box<Self>) -> Result<()> {
        if self.drive.kind == Kind::DapLink {
            return Ok(());
        }
        let deadline = Instant::now() + LEAVE;
        while self.is_there() {
            if interrupt::count() > 0 {
                return Err(Error::new(
                    Code::Interrupted,
                    "Interrupted while the board restarts",
                ));
            }
            if Instant::now() >= deadline {
                return Err(Error::new(
                    Code::FlashFailed,
                    format!("`{}` took the file but did not restart", self.found.place),
                )
                .hint("The boot loader ignored it: is it for this board?")
                .hint("The boot loader still works; flash again"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drive(info: &str) -> (tempfile::TempDir, Drive) {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(INFO), info).unwrap();
        let drive = Drive::at(directory.path()).unwrap();
        (directory, drive)
    }

    #[test]
    fn mount_points_are_unescaped_and_only_fat() {
        assert_eq!(
            mount_point("/dev/sdb1 /media/me/MY\\040PICO vfat rw 0 0").unwrap(),
            Path::new("/media/me/MY PICO")
        );
        assert_eq!(mount_point("srv:/x /mnt/nfs nfs rw 0 0"), None);
        assert_eq!(mount_point("garbage"), None);
    }

    #[test]
    fn a_drive_takes_only_its_family() {
        let (_directory, drive) =
            drive("UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n");
        assert_eq!((drive.board.as_str(), drive.kind), ("RPI-RP2", Kind::Uf2));
        let mut flasher = DriveFlasher::new(drive);
        let piece = [Segment {
            address: 0x1000_0000,
            data: vec![1; 300],
        }];
        let firmware = |family| Firmware::parse("a.uf2", uf2::make(family, &piece)).unwrap();
        assert!(
            flasher
                .plan(&firmware(0xe48b_ff56), Wish::default())
                .is_ok()
        );
        let error = flasher
            .plan(&firmware(0xada5_2840), Wish::default())
            .unwrap_err();
        assert_eq!(error.code(), Code::WrongFirmware);
        assert!(error.message().contains("nRF52840"), "{}", error.message());
        let bin = Firmware::parse("a.bin", vec![0; 10]).unwrap();
        assert_eq!(
            flasher.plan(&bin, Wish::default()).unwrap_err().code(),
            Code::WrongFirmware
        );
        let elf = Firmware::parse("a.elf", super::super::image::elf::tests::sample()).unwrap();
        let plan = flasher.plan(&elf, Wish::default()).unwrap();
        assert_eq!(
            uf2::parse(&plan.segments[0].data).unwrap().chips(),
            [0xe48b_ff56]
        );
    }

    #[test]
    fn an_unknown_board_is_flashed_with_a_word_of_warning() {
        let (_directory, drive) = drive("Board-ID: Something-New\n");
        let mut flasher = DriveFlasher::new(drive);
        let piece = [Segment {
            address: 0,
            data: vec![1; 300],
        }];
        let firmware = Firmware::parse("a.uf2", uf2::make(0x1234_5678, &piece)).unwrap();
        let plan = flasher.plan(&firmware, Wish::default()).unwrap();
        assert!(plan.notes[0].contains("Something-New"), "{:?}", plan.notes);
    }

    #[test]
    fn a_drive_that_goes_too_early_is_no_success() {
        let (directory, drive) = drive("Board-ID: RPI-RP2\n");
        let mut flasher = DriveFlasher::new(drive);
        let piece = [Segment {
            address: 0x1000_0000,
            data: vec![1; 100_000],
        }];
        let firmware = Firmware::parse("a.uf2", uf2::make(0xe48b_ff56, &piece)).unwrap();
        let plan = flasher.plan(&firmware, Wish::default()).unwrap();
        std::fs::remove_file(directory.path().join(INFO)).unwrap();
        let printer = crate::output::Printer::new(crate::output::Level::Quiet, false, false, false);
        let error = flasher
            .write(&plan, &mut Report::new(&printer))
            .unwrap_err();
        assert_eq!(error.code(), Code::FlashFailed);
        assert!(
            error.message().contains("after 65,536 of 200,192 bytes"),
            "{error}"
        );
    }
}
