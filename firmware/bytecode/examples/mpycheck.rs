//! Parses and verifies `.mpy` files: `cargo run -p upy-bytecode --example mpycheck -- FILES...`.
#![expect(clippy::print_stdout, reason = "a command-line example")]

use upy_bytecode::mpy::{Image, RawCode};
use upy_bytecode::{Code, disasm, verify};

fn check(image: &Image<'_>, raw: &RawCode<'_>, path: &str, bad: &mut u32) {
    let limits = verify::Limits {
        strings: image.string_count(),
        constants: image.constant_count(),
        children: raw.child_count(),
    };
    match Code::parse(raw.bytes) {
        Ok(code) => {
            let mut scratch = vec![0; code.opcodes().len()];
            if let Err(error) = verify::verify(&code, limits, &mut scratch) {
                let mut text = String::new();
                let _ = disasm::listing(&mut text, &code);
                println!(
                    "{path}: {error:?} {:?} {:?} names {:?} of {}\n{text}",
                    code.signature,
                    code.cells(),
                    code.names().collect::<Vec<_>>(),
                    limits.strings
                );
                *bad += 1;
            }
        }
        Err(_) => *bad += 1,
    }
    for child in raw.children() {
        check(image, &child, path, bad);
    }
}

fn main() {
    let (mut files, mut bad, mut refused) = (0, 0, 0);
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).expect("readable file");
        match Image::parse(&bytes, 63) {
            Ok(image) => {
                files += 1;
                check(&image, &image.code(), &path, &mut bad);
            }
            Err(error) => {
                refused += 1;
                println!("{path}: {error:?}");
            }
        }
    }
    println!("{files} files, {bad} code objects refused by the verifier, {refused} files refused");
}
