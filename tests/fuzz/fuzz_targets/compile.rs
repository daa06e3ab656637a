//! Source texts: the first byte chooses the options, the second the amount of storage.
//!
//! Whatever is compiled is an image that can be read, whose code passes the checks for foreign
//! code; and with less storage the answer is the same image or a lack of memory, except that
//! arithmetic on large constants may be left for run time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use upy_bytecode::mpy::{Image, RawCode};
use upy_bytecode::verify::{Limits, verify};
use upy_compiler::{
    ErrorKind, Mode, NativeCode, Options, Output, OutputFull, SliceOutput, compile,
};

/// An image that grows as needed.
#[derive(Default)]
struct Grown(Vec<u8>);

impl Output for Grown {
    fn write(&mut self, bytes: &[u8]) -> Result<(), OutputFull> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

fuzz_target!(|data: &[u8]| {
    let [choice, size, source @ ..] = data else {
        return;
    };
    let options = Options {
        mode: [Mode::File, Mode::Single, Mode::Eval][usize::from(choice % 3)],
        opt_level: choice >> 2 & 3,
        native: if choice & 16 == 0 {
            NativeCode::Refused
        } else {
            NativeCode::Bytecode
        },
        template_strings: choice & 32 == 0,
        ordered_dict_literals: choice & 64 == 0,
        top_level_await: choice & 128 == 0,
        depth_limit: 60,
        ..Options::new("fuzz.py")
    };
    let mut storage = vec![0; 1 << 20];
    let mut image = Grown::default();
    let result = compile(source, &options, &mut storage, &mut image);
    let mut small = vec![0; usize::from(*size) * 64];
    let mut bytes = vec![0; 1 << 20];
    let mut output = SliceOutput::new(&mut bytes);
    let has_arithmetic = source.iter().any(|byte| b"+-*/%<>&|^~".contains(byte));
    match compile(source, &options, &mut small, &mut output) {
        Ok(_) => {
            assert!(has_arithmetic || output.written() == image.0);
            let image = Image::parse(output.written(), options.small_integer_bits);
            let image = image.expect("our own image");
            check(image.code(), &image);
        }
        Err(error) => assert!(
            error.kind == ErrorKind::Memory || result.is_err_and(|full| full.kind == error.kind)
        ),
    }
    if result.is_ok() {
        let image = Image::parse(&image.0, options.small_integer_bits).expect("our own image");
        check(image.code(), &image);
    }
});

fn check(code: RawCode<'_>, image: &Image<'_>) {
    let limits = Limits {
        strings: image.string_count(),
        constants: image.constant_count(),
        children: code.child_count(),
    };
    let view = upy_bytecode::Code::parse(code.bytes).expect("the code has a prelude");
    let mut scratch = vec![0; view.opcodes().len()];
    verify(&view, limits, &mut scratch).expect("the code is sound");
    for child in code.children() {
        check(child, image);
    }
}
