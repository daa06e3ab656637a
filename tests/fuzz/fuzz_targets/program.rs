//! Source texts, compiled and run on a small heap: whatever they do, the interpreter stays sound.
//!
//! The first byte is the size of the heap. A program that goes on for long is stopped as by a reset.

#![no_main]

use libfuzzer_sys::fuzz_target;
use upy_runtime::{Host, Loader, Sizes, Vm};

/// Stops the program after so many looks at the host.
struct Patience(u32);

impl Loader for Patience {}

impl Host for Patience {
    fn write_out(&mut self, _: &[u8]) {}

    fn aborted(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 == 0
    }
}

fuzz_target!(|data: &[u8]| {
    let [size, source @ ..] = data else { return };
    let mut memory = vec![0_usize; 4096 + 2048 + usize::from(*size) * 64];
    let mut host = Patience(200);
    if let Some(mut vm) = Vm::new(&mut memory, Sizes::SMALL, &mut host) {
        vm.run_source(source, b"fuzz.py", false);
    }
});
