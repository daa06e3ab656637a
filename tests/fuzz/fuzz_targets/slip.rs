//! SLIP: frames come out of any bytes as they went in.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ucli::fuzzing::slip(data));
