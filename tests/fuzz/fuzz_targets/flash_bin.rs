//! Images of Espressif's for `ucli flash`: a damaged one is refused by its name.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ucli::fuzzing::firmware("a.bin", data));
