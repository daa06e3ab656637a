//! Puts the memory layout where the linker looks for it.

use std::path::PathBuf;

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    // With a radio the linker finds the `memory.x` of esp-hal.
    let files: &[(&str, &str)] = match std::env::var_os("CARGO_FEATURE_WIFI") {
        None => &[
            ("memory.x", include_str!("layout/memory.x")),
            ("link.x", include_str!("layout/link.x")),
        ],
        Some(_) => &[("link.x", include_str!("layout/radio.x"))],
    };
    for (name, text) in files {
        std::fs::write(out.join(name), text).expect("OUT_DIR can be written");
    }
    println!("cargo:rerun-if-changed=layout");
    println!("cargo:rustc-link-search={}", out.display());
}
