//! Puts the memory layout where the linker looks for it.

use std::path::PathBuf;

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    for (name, text) in [
        ("memory.x", include_str!("memory.x")),
        ("link.x", include_str!("link.x")),
    ] {
        std::fs::write(out.join(name), text).expect("OUT_DIR can be written");
        println!("cargo:rerun-if-changed={name}");
    }
    println!("cargo:rustc-link-search={}", out.display());
}
