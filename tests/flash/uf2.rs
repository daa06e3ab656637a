//! UF2 files beside those of `uf2conv`, the converter of the format's authors: each takes what the other made, and
//! from one program both make the same blocks.

use harness::program::Desk;

use crate::drive::{Drive, INFO, flash};
use crate::noise;

/// The family, as both tools are told.
const FAMILY: &str = "0xe48bff56";
const BASE: u32 = 0x1000_0000;

/// Intel HEX of one program.
fn hex(base: u32, data: &[u8]) -> String {
    let mut out = String::new();
    let mut record = |kind: u8, address: u16, data: &[u8]| {
        let mut bytes = vec![u8::try_from(data.len()).expect("a short record")];
        bytes.extend(address.to_be_bytes());
        bytes.push(kind);
        bytes.extend(data);
        let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        bytes.push(sum.wrapping_neg());
        out.push(':');
        out.extend(bytes.iter().map(|byte| format!("{byte:02X}")));
        out.push('\n');
    };
    let mut upper = None;
    for (index, chunk) in data.chunks(16).enumerate() {
        let address = base + u32::try_from(index * 16).expect("a small program");
        if upper != Some(address >> 16) {
            let high = u16::try_from(address >> 16).expect("half a word");
            record(4, 0, &high.to_be_bytes());
            upper = Some(address >> 16);
        }
        record(
            0,
            u16::try_from(address & 0xffff).expect("half a word"),
            chunk,
        );
    }
    record(1, 0, &[]);
    out
}

fn uf2conv(desk: &Desk, line: &[&str]) {
    desk.peer("uf2conv", line).run().ok();
}

/// What `uf2conv` makes is taken and arrives as it is; what it unpacks from our blocks is the program.
#[test]
fn files_of_uf2conv_are_taken() {
    let desk = Desk::new();
    // No whole number of blocks.
    let program = noise(100_100);
    desk.put("program.bin", &program);
    let base = format!("{BASE:#x}");
    uf2conv(
        &desk,
        &[
            "-c",
            "-b",
            &base,
            "-f",
            FAMILY,
            "-o",
            "theirs.uf2",
            "program.bin",
        ],
    );
    let theirs = desk.get("theirs.uf2");
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
    desk.put("program.hex", hex(BASE, &program));
    uf2conv(
        &desk,
        &["-c", "-f", FAMILY, "-o", "theirs.uf2", "program.hex"],
    );
    let theirs = desk.get("theirs.uf2");
    let drive = Drive::show(&desk, "RPI-RP2", INFO, theirs.len());
    let path = drive.path();
    let done = crate::ucli(&desk, &path, &["flash", "program.hex", "--no-reset"]).run();
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
