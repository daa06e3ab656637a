//! Espressif chips: with the stub and without, over a terminal and with lines, broken off at any block.

use harness::program::Desk;

use crate::{image, noise, record, ucli};
use harness::esp_board::Chip;
use harness::esp_rom::{Faults, Kind, Rom};

const MB: usize = 1 << 20;

fn c3() -> Rom {
    Rom::new(Kind::Esp32c3, 4 * MB)
}

fn failing(faults: Faults) -> Chip {
    let mut rom = c3();
    rom.faults = faults;
    Chip::on_terminal(rom)
}

/// From a blank chip to a prompt: `flash` ends with what runs, and the next command talks to it.
#[test]
fn a_blank_chip_ends_at_a_prompt() {
    for (kind, chip, boot) in [(Kind::Esp32c3, 5, 0), (Kind::Esp32, 0, 0x1000)] {
        let desk = Desk::new();
        let firmware = image(chip, 50_001);
        desk.put("firmware.bin", &firmware);
        let board = Chip::with_lines(Rom::new(kind, 4 * MB));
        let done = ucli(&desk, &board.address, &["flash", "firmware.bin"])
            .run()
            .ok();
        for words in [
            "found      ESP32",
            "4 MB flash",
            "verified",
            "running    MicroPython 1.2",
        ] {
            assert!(done.err().contains(words), "{words}: {done}");
        }
        assert!(
            board.rom().flash[boot..boot + firmware.len()] == firmware,
            "every byte"
        );
        let said = ucli(&desk, &board.address, &["exec", "print(6*7)"])
            .run()
            .ok();
        assert_eq!(said.out().trim(), "42", "{said}");
    }
}

/// The lines go through the order that the two transistors need, and end released.
#[test]
fn lines_are_driven_in_order() {
    let desk = Desk::new();
    desk.put("firmware.bin", image(5, 5000));
    let board = Chip::with_lines(c3());
    ucli(&desk, &board.address, &["flash", "firmware.bin"])
        .run()
        .ok();
    let lines = board.lines();
    let expected = [
        // Opened with both asserted; both are let go, DTR first.
        (false, true),
        (false, false),
        // Into reset, the boot pin down, out of reset with it down, and let go.
        (false, true),
        (true, true),
        (true, false),
        (false, false),
        // Reset once more, into the program.
        (false, true),
        (false, false),
    ];
    assert_eq!(lines, expected);
}

/// Sizes that are no multiple of a block or a sector, with and without the stub, deflated or not.
#[test]
fn every_size_arrives_whole() {
    let desk = Desk::new();
    for len in [1, 100, 4096, 4097, 16_384, 50_000] {
        for data in [noise(len), vec![0x5a; len]] {
            for stub in [true, false] {
                desk.put("data.bin", &data);
                let mut rom = c3();
                rom.flash.fill(0x00);
                let board = Chip::on_terminal(rom);
                let mut line = vec!["flash", "data.bin", "--offset", "0x10000", "--no-reset"];
                line.extend((!stub).then_some("--no-stub"));
                ucli(&desk, &board.address, &line).run().ok();
                let rom = board.rom();
                assert!(rom.flash[0x10000..0x10000 + len] == data, "{len} {stub}");
                let end = 0x10000 + len.next_multiple_of(4096);
                assert!(
                    rom.flash[0x10000 + len..end]
                        .iter()
                        .all(|byte| *byte == 0xff)
                );
                assert_eq!(rom.flash[end], 0, "the sector behind is as it was");
            }
        }
    }
}

/// What does not deflate is sent plain, what does costs a fraction.
#[test]
fn compressible_data_is_sent_deflated() {
    let desk = Desk::new();
    desk.put("data.bin", vec![0x5a; 200_000]);
    let board = Chip::on_terminal(c3());
    ucli(
        &desk,
        &board.address,
        &["flash", "data.bin", "--offset", "0", "--no-reset"],
    )
    .run()
    .ok();
    assert!(board.rom().requests.contains(&0x11));
    assert_eq!(board.rom().blocks, 1);
}

/// An ESP8266 has no stub here, no digests and no other baud rates, and an erase that counts wrong.
#[test]
fn an_esp8266_is_flashed_through_its_rom() {
    let desk = Desk::new();
    // Its header has eight bytes.
    let mut firmware = vec![
        0xe9, 1, 0, 0x40, 0, 0, 0x10, 0x40, 0, 0, 0x10, 0x40, 0x40, 0x9c, 0, 0,
    ];
    firmware.extend(noise(0x9c40));
    let sum = firmware[16..].iter().fold(0xef, |sum, byte| sum ^ byte);
    firmware.resize(firmware.len() / 16 * 16 + 15, 0);
    firmware.push(sum);
    desk.put("firmware.bin", &firmware);
    let board = Chip::with_lines(Rom::new(Kind::Esp8266, MB));
    let done = ucli(&desk, &board.address, &["--yes", "flash", "firmware.bin"])
        .run()
        .ok();
    assert!(
        done.err().contains("ESP8266") && done.err().contains("running"),
        "{done}"
    );
    assert!(
        board.rom().flash[..firmware.len()] == firmware,
        "every byte"
    );
}

/// The cable is pulled at each block: the message says what to do, and the next flash works.
#[test]
fn pulled_at_any_block_the_next_flash_works() {
    let desk = Desk::new();
    let firmware = image(5, 9000);
    desk.put("firmware.bin", &firmware);
    for (stub, most) in [(true, 1), (false, 9)] {
        let mut line = vec!["flash", "firmware.bin", "--no-reset"];
        line.extend((!stub).then_some("--no-stub"));
        for block in 1..=most {
            let board = failing(Faults {
                cut_at: Some(block),
                ..Faults::default()
            });
            let done = ucli(&desk, &board.address, &line)
                .run()
                .fails(1, "broke off");
            assert!(
                done.err().contains("run the same `ucli flash` again"),
                "{done}"
            );
            let mut rom = board.unplug();
            rom.faults = Faults::default();
            let board = Chip::on_terminal(rom);
            ucli(&desk, &board.address, &line).run().ok();
            assert!(
                board.rom().flash[..firmware.len()] == firmware,
                "block {block}"
            );
        }
    }
}

/// Blocks that noise has hit are sent again; answers with noise in front are understood.
#[test]
fn noise_costs_nothing_but_time() {
    let desk = Desk::new();
    let data = noise(40_000);
    desk.put("data.bin", &data);
    for stub in [true, false] {
        let board = failing(Faults {
            damaged: vec![1, 3],
            noise: true,
            ..Faults::default()
        });
        let mut line = vec!["flash", "data.bin", "--offset", "0", "--no-reset"];
        line.extend((!stub).then_some("--no-stub"));
        ucli(&desk, &board.address, &line).run().ok();
        assert!(board.rom().flash[..data.len()] == data, "every byte");
    }
}

/// Everything that does not fit is refused before a byte is written.
#[test]
fn what_does_not_fit_is_refused() {
    let desk = Desk::new();
    let good = image(5, 3000);
    desk.put("good.bin", &good);
    desk.put("esp32.bin", image(0, 3000));
    desk.put("cut.bin", &good[..2000]);
    let mut damaged = good.clone();
    damaged[500] ^= 1;
    desk.put("damaged.bin", damaged);
    let mut large_flash = good.clone();
    large_flash[3] = 0x40;
    let end = large_flash.len() - 32;
    let digest = <sha2::Sha256 as sha2::Digest>::digest(&large_flash[..end]);
    large_flash[end..].copy_from_slice(&digest);
    desk.put("16mb.bin", large_flash);
    desk.put("page.bin", "<!DOCTYPE html><p>Sign in");
    desk.put("data.bin", vec![0; 5000]);
    desk.put("wrong.uf2", "no blocks");
    let board = Chip::on_terminal(c3());
    for (line, words) in [
        ("esp32.bin", "is for ESP32, the board"),
        ("cut.bin", "cut off"),
        ("damaged.bin", "damaged"),
        ("16mb.bin", "made for 16 MB of flash"),
        ("page.bin", "web page"),
        ("data.bin", "no image header"),
        ("wrong.uf2", "does not begin as one"),
        ("missing.bin", "missing.bin"),
        ("good.bin --offset 0x3ff000", "reaches to 4,"),
        ("good.bin --offset 100", "no multiple of 4096"),
    ] {
        let line: Vec<&str> = core::iter::once("flash")
            .chain(line.split(' '))
            .chain(["--no-reset"])
            .collect();
        let done = ucli(&desk, &board.address, &line).run();
        let status = if words.contains("multiple") { 2 } else { 1 };
        // An image that is too large for where it goes needs one that is large enough.
        if words.contains("reaches") {
            done.ok();
            continue;
        }
        done.fails(status, words);
    }
    assert_eq!(
        board.rom().blocks,
        1,
        "only the one that fits at the very end was written"
    );
    desk.put("long.bin", vec![0; 8192]);
    let line = ["flash", "long.bin", "--offset", "0x3ff000", "--no-reset"];
    ucli(&desk, &board.address, &line)
        .run()
        .fails(1, "reaches to 4,198,400 bytes");
}

/// Fuses, a dead flash, a worn flash and a silent chip have their own words.
#[test]
fn sick_and_locked_chips_are_named() {
    let desk = Desk::new();
    desk.put("firmware.bin", image(5, 3000));
    let line = ["flash", "firmware.bin", "--no-reset"];
    let faulty = |faults: Faults, status: i32, words: &str| {
        let board = failing(faults);
        let done = ucli(&desk, &board.address, &line)
            .run()
            .fails(status, words);
        drop(board);
        done
    };
    faulty(
        Faults {
            security: 1,
            ..Faults::default()
        },
        1,
        "secure boot",
    );
    faulty(
        Faults {
            security: 4,
            ..Faults::default()
        },
        1,
        "secure download mode",
    );
    faulty(
        Faults {
            no_flash: true,
            ..Faults::default()
        },
        1,
        "does not answer",
    );
    faulty(
        Faults {
            worn: Some(1000),
            ..Faults::default()
        },
        1,
        "does not hold what was written",
    );
    faulty(
        Faults {
            deaf_above: Some(115_200),
            ..Faults::default()
        },
        3,
        "not understood at 460800 baud",
    );
    let silent = harness::board::Board::acted(harness::actor::Silent);
    let done = ucli(&desk, silent.address(), &line)
        .run()
        .fails(3, "No Espressif boot loader answers");
    assert!(
        done.err().contains("hold BOOT") || done.err().contains("Hold BOOT"),
        "{done}"
    );
}

/// `backup` reads every byte, `restore` writes them, `erase` leaves none, `--verify` only compares.
#[test]
fn whole_flashes_go_both_ways() {
    for stub in [true, false] {
        let desk = Desk::new();
        let mut rom = Rom::new(Kind::Esp32c3, MB / 4);
        rom.flash = noise(MB / 4);
        let before = rom.flash.clone();
        let board = Chip::on_terminal(rom);
        let with = |line: &[&str]| {
            let mut line = line.to_vec();
            line.extend((!stub).then_some("--no-stub"));
            ucli(&desk, &board.address, &line)
        };
        with(&["flash", "backup", "all.bin", "--no-reset"])
            .run()
            .ok();
        assert!(
            desk.get("all.bin") == before,
            "what was read is what is there"
        );
        with(&["erase"]).run().fails(1, "not confirmed");
        // It went on; BOOT is pressed again.
        board.rom().start(harness::esp_rom::Mode::Rom);
        with(&["--yes", "erase"]).run().ok();
        assert!(board.rom().flash.iter().all(|byte| *byte == 0xff));
        with(&[
            "flash",
            "all.bin",
            "--offset",
            "0",
            "--verify",
            "--no-reset",
        ])
        .run()
        .fails(1, "does not hold");
        with(&["--yes", "flash", "restore", "all.bin", "--no-reset"])
            .run()
            .ok();
        assert!(
            board.rom().flash == before,
            "what was written is what was read"
        );
        with(&[
            "flash",
            "all.bin",
            "--offset",
            "0",
            "--verify",
            "--no-reset",
        ])
        .run()
        .ok();
        let blocks = board.rom().blocks;
        with(&[
            "flash",
            "all.bin",
            "--offset",
            "0",
            "--dry-run",
            "--no-reset",
        ])
        .run()
        .ok();
        assert_eq!(board.rom().blocks, blocks, "a dry run writes nothing");
    }
}

/// An image whose header names 1 MB of flash.
fn small_image(len: usize) -> Vec<u8> {
    let mut bytes = image(5, len);
    bytes[3] = 0x00;
    let end = bytes.len() - 32;
    let digest = <sha2::Sha256 as sha2::Digest>::digest(&bytes[..end]);
    bytes[end..].copy_from_slice(&digest);
    bytes
}

/// A partition table with a file system at `vfs`, in an image that begins at 0.
fn with_table(vfs: u32) -> Vec<u8> {
    let mut bytes = image(5, 3000);
    bytes.resize(0x8000, 0xff);
    for (kind, subtype, offset, len) in [
        (0_u8, 0_u8, 0x1_0000_u32, 0x1_0000_u32),
        (1, 0x81, vfs, 0x10000),
    ] {
        bytes.extend([0xaa, 0x50, kind, subtype]);
        bytes.extend(offset.to_le_bytes());
        bytes.extend(len.to_le_bytes());
        bytes.extend([0; 20]);
    }
    bytes.resize(0x1_2000, 0xff);
    bytes
}

/// Files stay where the layout stays; where it changes, nothing happens without a yes.
#[test]
fn files_are_kept_or_asked_about() {
    let desk = Desk::new();
    desk.put("same.bin", with_table(0x20_0000));
    desk.put("other.bin", with_table(0x30_0000));
    let mut rom = c3();
    let old = with_table(0x20_0000);
    rom.flash[..old.len()].copy_from_slice(&old);
    rom.flash[0x20_0000] = 0x42;
    let board = Chip::on_terminal(rom);
    let flash = |line: &[&str]| {
        ucli(
            &desk,
            &board.address,
            &[&["flash", "--no-reset"], line].concat(),
        )
    };
    let done = ucli(
        &desk,
        &board.address,
        &["--json", "flash", "same.bin", "--no-reset"],
    )
    .run()
    .ok();
    assert!(done.out().contains(r#""files":"kept""#), "{done}");
    assert_eq!(board.rom().flash[0x20_0000], 0x42);
    let done = flash(&["other.bin"]).run().fails(1, "will be lost");
    assert!(done.err().contains("--keep-files"), "{done}");
    assert!(board.rom().flash[..old.len()] == old, "every byte");
    flash(&["other.bin", "--yes"]).run().ok();
    assert_eq!(
        board.rom().flash[0x20_0000],
        0x42,
        "the old file system is only out of reach"
    );
    flash(&["other.bin", "--erase"]).run().ok();
    assert_eq!(board.rom().flash[0x20_0000], 0xff);
}

/// `--json`: phases with bytes and totals, one record at the end, and errors with their codes.
#[test]
fn records_fit_their_schemas() {
    let desk = Desk::new();
    // Made for 1 MB of flash.
    desk.put("firmware.bin", small_image(60_000));
    desk.put("esp32.bin", image(0, 3000));
    let board = Chip::with_lines(Rom::new(Kind::Esp32c3, MB));
    let json = |line: &[&str]| {
        ucli(
            &desk,
            &board.address,
            &[&["--json", "--yes"], line].concat(),
        )
    };
    let done = json(&["flash", "firmware.bin"]).run().ok();
    let last = record(&done, "flash");
    assert_eq!(last["running"]["implementation"], "micropython", "{done}");
    crate::check_phases(&done, &["write", "verify", "start"]);
    let done = json(&["flash", "esp32.bin"]).run().status_is(1);
    assert_eq!(record(&done, "error")["error"]["code"], "wrong_firmware");
    let only_verify = ["flash", "firmware.bin", "--verify", "--no-reset"];
    for (line, name, phases) in [
        (&only_verify[..], "flash", &["verify"][..]),
        (&["flash", "firmware.bin", "--dry-run"], "flash", &[]),
        (&["flash", "backup", "all.bin"], "flash-backup", &["read"]),
        (
            &["flash", "restore", "all.bin"],
            "flash-restore",
            &["write", "verify"],
        ),
        (&["erase"], "erase", &["erase"]),
    ] {
        let done = json(line).run().ok();
        record(&done, name);
        crate::check_phases(&done, phases);
    }
}

/// A board's own file system: littlefs in memory at `/`, so that nothing of this machine is in reach, and
/// a name that says that it is a board.
const OWN_FILES: &str = "\
import os,sys,vfs
class D:
 b=bytearray(512*256)
 def readblocks(s,n,b,o=0):
  a=n*512+o;b[:]=s.b[a:a+len(b)]
 def writeblocks(s,n,b,o=0):
  a=n*512+o;s.b[a:a+len(b)]=b
 def ioctl(s,op,arg):return {4:256,5:512}.get(op,0)
d=D()
vfs.VfsLfs2.mkfs(d)
v=vfs.VfsLfs2(d)
vfs.umount('/')
vfs.mount(v,'/')
os.chdir('/')
class S:
 platform='esp32'
 def __getattr__(s,n):return getattr(R,n)
R=sys
sys.modules['sys']=S()
";

/// `--keep-files` copies everything away, flashes over it and copies it back.
#[test]
fn kept_files_come_back() {
    let desk = Desk::new();
    desk.put("firmware.bin", with_table(0x30_0000));
    let with_files = format!(
        "{OWN_FILES}os.mkdir('/lib')\nfor n,t in(('/main.py',b'x=1\\n'),('/lib/deep.bin',bytes(range(256))*20)):\n with open(n,'wb')as f:f.write(t)\n"
    );
    let mut rom = c3();
    let old = with_table(0x20_0000);
    rom.flash[..old.len()].copy_from_slice(&old);
    let board = Chip::with_programs(rom, &[with_files, OWN_FILES.to_string()]);
    let line = ["--json", "flash", "firmware.bin", "--keep-files"];
    let done = ucli(&desk, &board.address, &line).run().ok();
    let last = record(&done, "flash");
    assert_eq!(
        (&last["restored"], &last["files"]),
        (&2.into(), &"lost".into()),
        "{done}"
    );
    let said = ucli(&desk, &board.address, &["cat", ":main.py", ":lib/deep.bin"])
        .run()
        .ok();
    let wanted: Vec<u8> = b"x=1\n"
        .iter()
        .copied()
        .chain((0..20).flat_map(|_| 0..=255))
        .collect();
    assert!(said.stdout == wanted, "every byte came back");
    let left = std::fs::read_dir(desk.path()).unwrap().flatten();
    let left: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().starts_with("ucli-files"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// When flashing breaks off, the files are on this computer, and the message says where.
#[test]
fn kept_files_are_safe_when_flashing_breaks_off() {
    let desk = Desk::new();
    desk.put("firmware.bin", with_table(0x30_0000));
    let with_file = format!("{OWN_FILES}with open('/main.py','wb')as f:f.write(b'precious')\n");
    let mut rom = c3();
    let old = with_table(0x20_0000);
    rom.flash[..old.len()].copy_from_slice(&old);
    rom.faults.cut_at = Some(1);
    let board = Chip::with_programs(rom, &[with_file]);
    let done = ucli(
        &desk,
        &board.address,
        &["flash", "firmware.bin", "--keep-files"],
    )
    .run();
    let done = done.fails(1, "broke off");
    assert!(
        done.err().contains("files are safe in `./ucli-files-"),
        "{done}"
    );
    let kept = desk
        .contents()
        .into_iter()
        .find(|(name, _)| name.ends_with("/0000"));
    assert_eq!(kept.unwrap().1.unwrap(), b"precious");
}
