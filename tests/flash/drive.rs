//! Boards whose boot loaders show drives: UF2 and DAPLink, played by directories.
//!
//! A thread is the boot loader: it takes the drive away when the last block has come, as a board does
//! when it starts what it was given, or fails in one of the ways that boards and systems have.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use harness::board::Board;
use harness::program::{DEADLINE, Desk};

use crate::{noise, ucli};

const RP2040: u32 = 0xe48b_ff56;
const NRF52840: u32 = 0xada5_2840;
pub(crate) const INFO: &str =
    "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n";

/// A UF2 file of 256-byte blocks, built from the specification.
fn uf2(family: u32, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let count = u32::try_from(data.len().div_ceil(256)).unwrap();
    for (number, chunk) in data.chunks(256).enumerate() {
        let number = u32::try_from(number).unwrap();
        for word in [
            0x0a32_4655,
            0x9e5d_5157,
            0x2000,
            0x1000_0000 + number * 256,
            256,
            number,
            count,
            family,
        ] {
            out.extend(word.to_le_bytes());
        }
        let mut payload = chunk.to_vec();
        payload.resize(476, 0);
        out.extend(payload);
        out.extend(0x0ab1_6f30_u32.to_le_bytes());
    }
    out
}

/// A boot loader with a drive.
pub(crate) struct Drive {
    root: PathBuf,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<Option<Vec<u8>>>>,
}

impl Drive {
    /// A drive that takes `len` bytes and goes.
    pub(crate) fn show(desk: &Desk, name: &str, info: &str, len: usize) -> Self {
        let root = desk.home().join("drives").join(name);
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(root.join("INFO_UF2.TXT"), info).unwrap();
        let (ends, place) = (Arc::new(AtomicBool::new(false)), root.clone());
        let stop = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            let file = place.join("FIRMWARE.UF2");
            let deadline = Instant::now() + DEADLINE;
            // One that waits for a whole file is only done with it.
            while !(len == usize::MAX && stop.load(Ordering::Relaxed)) && Instant::now() < deadline
            {
                if std::fs::metadata(&file).is_ok_and(|data| data.len() as usize >= len) {
                    let bytes = std::fs::read(&file).unwrap();
                    std::fs::remove_dir_all(&place).unwrap();
                    return Some(bytes);
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            None
        });
        Self {
            root,
            ends,
            thread: Some(thread),
        }
    }

    /// What it got, if it got all.
    pub(crate) fn got(mut self) -> Option<Vec<u8>> {
        self.ends.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }

    pub(crate) fn path(&self) -> String {
        self.root.display().to_string()
    }
}

/// `ucli` with no board chosen; this machine has none.
pub(crate) fn flash(desk: &Desk, line: &[&str]) -> harness::program::Call {
    ucli(desk, "auto", &[&["flash"], line].concat())
}

/// A drive that is there is taken, gets every byte and goes.
#[test]
fn a_drive_gets_the_file_and_goes() {
    let desk = Desk::new();
    let file = uf2(RP2040, &noise(300_000));
    desk.put("firmware.uf2", &file);
    let drive = Drive::show(&desk, "RPI-RP2", INFO, file.len());
    let path = drive.path();
    // Its directory is chosen; no port appears after it, which is no failure of the flashing.
    let done = ucli(&desk, &path, &["flash", "firmware.uf2", "--no-reset"])
        .run()
        .ok();
    assert!(done.err().contains("found      RP2040 (RPI-RP2)"), "{done}");
    assert!(drive.got().as_deref() == Some(&file[..]), "every byte");
}

/// A board that runs is sent to its boot loader at its prompt; the drive that then appears is taken, and
/// the prompt that comes back is waited for.
#[test]
fn a_running_board_is_sent_to_its_boot_loader() {
    let desk = Desk::new();
    let file = uf2(RP2040, &noise(20_000));
    desk.put("firmware.uf2", &file);
    // Its `machine.bootloader()` leaves a mark in the board's directory, and the board starts anew.
    let board = Board::booting(
        "import sys,os\nclass M:\n def bootloader(s):\n  open('loader','w').close()\n  print('Type \"help()\"');os.system('kill -9 $PPID')\nsys.modules['machine']=M()\n",
    );
    let (home, wanted) = (desk.home(), file.len());
    std::fs::create_dir_all(home.join("drives")).unwrap();
    let done = std::thread::scope(|scope| {
        let drive = scope.spawn(|| {
            let deadline = Instant::now() + DEADLINE;
            while !board.contents().iter().any(|(name, _)| name == "loader") {
                assert!(Instant::now() < deadline, "the board was not told");
                std::thread::sleep(Duration::from_millis(10));
            }
            Drive::show(&desk, "RPI-RP2", INFO, wanted)
        });
        let done = ucli(&desk, board.address(), &["flash", "firmware.uf2"]).run();
        assert!(
            drive.join().unwrap().got().as_deref() == Some(&file[..]),
            "every byte"
        );
        done
    });
    let done = done.ok();
    assert!(done.err().contains("running    MicroPython 1.2"), "{done}");
}

/// Firmware of another family, damaged, cut and none: refused, and nothing is on the drive.
#[test]
fn what_a_drive_cannot_use_is_refused() {
    let desk = Desk::new();
    let good = uf2(RP2040, &noise(3000));
    desk.put("good.uf2", &good);
    desk.put("nrf.uf2", uf2(NRF52840, &noise(3000)));
    desk.put("cut.uf2", &good[..1024]);
    desk.put("torn.uf2", &good[..1000]);
    let mut damaged = good.clone();
    damaged[512] = 0;
    desk.put("damaged.uf2", damaged);
    desk.put("plain.bin", noise(100));
    let drive = Drive::show(&desk, "RPI-RP2", INFO, usize::MAX);
    let path = drive.path();
    for (name, words) in [
        ("nrf.uf2", "is for nRF52840, the board"),
        ("cut.uf2", "2 of 12 blocks"),
        ("torn.uf2", "no whole number of 512-byte blocks"),
        ("damaged.uf2", "block 1 is damaged"),
    ] {
        ucli(&desk, &path, &["flash", name]).run().fails(1, words);
    }
    ucli(&desk, &path, &["flash", "good.uf2", "--erase"])
        .run()
        .fails(1, "cannot erase");
    ucli(&desk, &path, &["flash", "good.uf2", "--offset", "4096"])
        .run()
        .fails(2, "--offset");
    let done = ucli(&desk, &path, &["flash", "good.uf2", "--dry-run"])
        .run()
        .ok();
    assert!(done.out().contains("would write 6.1 kB"), "{done}");
    assert!(!Path::new(&path).join("FIRMWARE.UF2").exists());
    assert!(drive.got().is_none(), "nothing was written");
}

/// No drive, several drives, a drive without room; the next flash works.
#[test]
fn missing_and_failing_drives_are_named() {
    let desk = Desk::new();
    let file = uf2(RP2040, &noise(200_000));
    desk.put("firmware.uf2", &file);
    std::fs::create_dir_all(desk.home().join("drives")).unwrap();
    let done = flash(&desk, &["firmware.uf2"])
        .run()
        .fails(3, "No UF2 boot loader's drive is mounted");
    assert!(
        done.err().contains("BOOTSEL") && done.err().contains("UCLI_DRIVES"),
        "{done}"
    );
    ucli(
        &desk,
        &desk.home().display().to_string(),
        &["flash", "firmware.uf2"],
    )
    .run()
    .fails(3, "is no drive of a boot loader");
    let one = Drive::show(&desk, "ONE", INFO, usize::MAX);
    let two = Drive::show(&desk, "TWO", INFO, usize::MAX);
    let done = flash(&desk, &["firmware.uf2"])
        .run()
        .fails(3, "More than one board");
    assert!(
        done.err().contains("ONE") && done.err().contains("TWO"),
        "{done}"
    );
    drop((one.got(), two.got()));
    std::fs::remove_dir_all(desk.home().join("drives")).unwrap();
    // A drive that has no room for it.
    let full = Drive::show(&desk, "RPI-RP2", INFO, usize::MAX);
    std::os::unix::fs::symlink("/dev/full", full.root.join("FIRMWARE.UF2")).unwrap();
    ucli(&desk, &full.path(), &["flash", "firmware.uf2"])
        .run()
        .fails(1, "does not fit");
    drop(full.got());
    std::fs::remove_dir_all(desk.home().join("drives")).unwrap();
    let again = Drive::show(&desk, "RPI-RP2", INFO, file.len());
    ucli(
        &desk,
        &again.path(),
        &["flash", "firmware.uf2", "--no-reset"],
    )
    .run()
    .ok();
    assert!(again.got().as_deref() == Some(&file[..]), "every byte");
}

/// A drive that nobody may write to is not touched, and says why.
#[test]
fn a_write_protected_drive_is_named() {
    let desk = Desk::new();
    let file = uf2(RP2040, &noise(3000));
    desk.put("firmware.uf2", &file);
    let drive = Drive::show(&desk, "RPI-RP2", INFO, usize::MAX);
    // A directory where the file would go: also root cannot write it.
    std::fs::create_dir(drive.root.join("FIRMWARE.UF2")).unwrap();
    let done = ucli(&desk, &drive.path(), &["flash", "firmware.uf2"]).run();
    assert_ne!(done.status, Some(0), "{done}");
    assert!(
        done.err().contains("broke off") || done.err().contains("write"),
        "{done}"
    );
}

/// DAPLink takes HEX files, says in `FAIL.TXT` what it did not like, and nothing else goes there.
#[test]
fn daplink_takes_hex_and_its_refusals_are_passed_on() {
    let desk = Desk::new();
    desk.put("good.hex", ":0300300002337A1E\n:00000001FF\n");
    desk.put("bad.hex", ":0300300002337A1F\n:00000001FF\n");
    desk.put("firmware.uf2", uf2(RP2040, &noise(300)));
    let root = desk.home().join("drives/MICROBIT");
    std::fs::create_dir_all(&root).unwrap();
    std::fs::write(
        root.join("DETAILS.TXT"),
        "# DAPLink Firmware\r\nUnique ID: 9904\r\n",
    )
    .unwrap();
    let path = root.display().to_string();
    let ends = Arc::new(AtomicBool::new(false));
    let (stop, place) = (Arc::clone(&ends), root.clone());
    let board = std::thread::spawn(move || {
        let mut taken = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let file = place.join("FIRMWARE.HEX");
            if let Ok(bytes) = std::fs::read(&file)
                && bytes.ends_with(b":00000001FF\n")
            {
                if !taken.is_empty() {
                    std::fs::write(
                        place.join("FAIL.TXT"),
                        "error: The application file format is unknown\r\n",
                    )
                    .unwrap();
                }
                taken.push(bytes);
                std::fs::remove_file(&file).unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        taken
    });
    ucli(&desk, &path, &["flash", "bad.hex"])
        .run()
        .fails(1, "line 1: the checksum");
    ucli(&desk, &path, &["--yes", "flash", "firmware.uf2"])
        .run()
        .fails(1, "takes `.hex`");
    ucli(&desk, &path, &["--yes", "flash", "good.hex", "--no-reset"])
        .run()
        .ok();
    let done = ucli(&desk, &path, &["--yes", "flash", "good.hex", "--no-reset"]).run();
    done.fails(1, "file format is unknown");
    ends.store(true, Ordering::Relaxed);
    assert_eq!(board.join().unwrap()[0], desk.get("good.hex"));
}
