//! UF2 files beside those of `uf2conv`, the converter of the format's authors: each takes what the other made, and
//! from one program both make the same blocks.

use harness::program::Desk;

use crate::drive::{Drive, INFO, flash};
use crate::noise;

/// The family, as both tools are told.
const FAMILY: &str = "0xe48bff56";
const BASE: u32 = 0x1000_0000;

/// An ELF program for ARM with one segment (System V ABI, "Object Files").
fn elf(base: u32, data: &[u8]) -> Vec<u8> {
    const HEADER_BYTES: u16 = 52;
    const ENTRY_BYTES: u16 = 32;
    let len = u32::try_from(data.len()).expect("a small program");
    let mut out = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let half = |out: &mut Vec<u8>, number: u16| out.extend(number.to_le_bytes());
    let word = |out: &mut Vec<u8>, number: u32| out.extend(number.to_le_bytes());
    // An executable for ARM.
    half(&mut out, 2);
    half(&mut out, 40);
    for number in [1, base, u32::from(HEADER_BYTES), 0, 0] {
        word(&mut out, number);
    }
    for number in [HEADER_BYTES, ENTRY_BYTES, 1, 0, 0, 0] {
        half(&mut out, number);
    }
    let offset = u32::from(HEADER_BYTES + ENTRY_BYTES);
    for number in [1, offset, base, base, len, len, 5, 4] {
        word(&mut out, number);
    }
    out.extend(data);
    out
}

fn uf2conv(desk: &Desk, line: &[&str]) {
    desk.peer("uf2conv", line).run().ok();
}

/// The UF2 file that `uf2conv` makes of a program.
fn converted(desk: &Desk, program: &[u8]) -> Vec<u8> {
    desk.put("program.bin", program);
    let base = format!("{BASE:#x}");
    let line = [
        "-c",
        "-b",
        &base,
        "-f",
        FAMILY,
        "-o",
        "theirs.uf2",
        "program.bin",
    ];
    uf2conv(desk, &line);
    desk.get("theirs.uf2")
}

/// What `uf2conv` makes is taken and arrives as it is; what it unpacks from our blocks is the program.
#[test]
fn files_of_uf2conv_are_taken() {
    let desk = Desk::new();
    // No whole number of blocks.
    let program = noise(100_100);
    let theirs = converted(&desk, &program);
    let drive = Drive::show(&desk, "RPI-RP2", INFO, theirs.len());
    let done = flash(&desk, &["theirs.uf2", "--no-reset"]).run();
    assert_eq!(done.status, Some(0), "{done}");
    assert!(drive.got() == Some(theirs.clone()), "{done}");
    for (damage, what) in [(511, "cut off"), (512, "cut off")] {
        desk.put("short.uf2", &theirs[..theirs.len() - damage]);
        let drive = Drive::show(&desk, "RPI-RP2", INFO, usize::MAX);
        flash(&desk, &["short.uf2", "--no-reset"])
            .run()
            .fails(1, what);
        assert!(drive.got().is_none());
    }
}

/// From one program both tools make the same blocks, to the byte.
#[test]
fn both_make_the_same_blocks() {
    let desk = Desk::new();
    let program = noise(70_016);
    desk.put("program.elf", elf(BASE, &program));
    let theirs = converted(&desk, &program);
    let drive = Drive::show(&desk, "RPI-RP2", INFO, theirs.len());
    let path = drive.path();
    let done = crate::ucli(&desk, &path, &["flash", "program.elf", "--no-reset"]).run();
    assert_eq!(done.status, Some(0), "{done}");
    let ours = drive.got().expect("it got all");
    assert_eq!(ours.len(), theirs.len());
    assert!(
        ours == theirs,
        "they differ at {:?}",
        ours.iter().zip(&theirs).position(|(a, b)| a != b)
    );
    // And back again.
    desk.put("ours.uf2", &ours);
    uf2conv(&desk, &["-o", "back.bin", "ours.uf2"]);
    assert!(desk.get("back.bin").starts_with(&program));
}
