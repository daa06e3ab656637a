//! Damaged `.mpy` files must be refused or read, never make the reader or the verifier panic.

use std::fmt::Write;

use upy_bytecode::mpy::{Constant, Image, RawCode};
use upy_bytecode::verify::{Limits, verify};
use upy_bytecode::{Code, disasm};

const BLOCKS: &[u8] = include_bytes!("images/blocks.mpy");

/// Walks everything the reader offers and returns the number of code objects that verify and fail.
fn walk(image: &Image<'_>, raw: &RawCode<'_>, counts: &mut (u32, u32), text: &mut String) {
    let limits = Limits {
        strings: image.string_count(),
        constants: image.constant_count(),
        children: raw.child_count(),
    };
    let verified = Code::parse(raw.bytes).is_ok_and(|code| {
        let mut scratch = vec![0xffff_ffff; code.opcodes().len()];
        disasm::listing(text, &code).expect("writing to a string");
        verify(&code, limits, &mut scratch).is_ok()
    });
    *if verified {
        &mut counts.0
    } else {
        &mut counts.1
    } += 1;
    for child in raw.children() {
        walk(image, &child, counts, text);
    }
}

fn check(bytes: &[u8]) -> Option<(u32, u32)> {
    let image = Image::parse(bytes, 63).ok()?;
    let mut text = String::new();
    for string in image.strings() {
        write!(text, "{string:?}").expect("writing to a string");
    }
    let constants = image.constants().take(10_000);
    write!(text, "{}", constants.count()).expect("writing to a string");
    let mut counts = (0, 0);
    walk(&image, &image.code(), &mut counts, &mut text);
    Some(counts)
}

#[test]
fn image_of_a_compiler_verifies() {
    assert_eq!(check(BLOCKS), Some((10, 0)));
    let image = Image::parse(BLOCKS, 63).unwrap();
    assert!(
        image
            .constants()
            .any(|constant| constant == Constant::Int(b"1208925819614629174706176"))
    );
}

/// Each byte of the image is replaced by each of some values.
#[test]
fn image_with_one_wrong_byte_is_handled() {
    let (mut refused, mut unverified) = (0, 0);
    for index in 0..BLOCKS.len() {
        for change in [0x01, 0x04, 0x10, 0x20, 0x40, 0x80, 0xff, 0x55] {
            let mut bytes = BLOCKS.to_vec();
            bytes[index] ^= change;
            match check(&bytes) {
                None => refused += 1,
                Some((_, failed)) => unverified += u32::from(failed > 0),
            }
        }
    }
    assert!(refused > 100, "{refused}");
    assert!(unverified > 100, "{unverified}");
}

/// Several bytes are wrong; the seed of a failing round is printed by the assertion's panic message.
#[test]
fn image_with_many_wrong_bytes_is_handled() {
    for seed in 1..20_000_u64 {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut bytes = BLOCKS.to_vec();
        for _ in 0..1 + seed % 5 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let index = (random >> 32) as usize % bytes.len();
            bytes[index] = random as u8;
        }
        let outcome = std::panic::catch_unwind(|| check(&bytes));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}
