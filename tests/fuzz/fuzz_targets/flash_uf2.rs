//! UF2 files for `ucli flash`: a damaged one is refused by its name.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ucli::fuzzing::firmware("a.uf2", data));
