//! Puts the memory layout where the linker looks for it: that of a small chip, or with the network a larger one.

use std::path::PathBuf;

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let layout = match std::env::var_os("CARGO_FEATURE_NET") {
        Some(_) => include_str!("memory/net.x"),
        None => include_str!("memory/small.x"),
    };
    std::fs::write(out.join("memory.x"), layout).expect("OUT_DIR can be written");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed=memory");
}
