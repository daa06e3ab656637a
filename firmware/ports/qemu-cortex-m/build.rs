//! Puts the memory layout where the linker looks for it: that of a small chip, or with the network a larger one.

use std::path::PathBuf;

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let (flash, ram) = match std::env::var_os("CARGO_FEATURE_NET") {
        Some(_) => ("1M", "384K"),
        None => ("640K", "264K"),
    };
    let layout = include_str!("memory.x");
    let layout = layout.replace("FLASH_SIZE", flash).replace("RAM_SIZE", ram);
    std::fs::write(out.join("memory.x"), layout).expect("OUT_DIR can be written");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed=memory.x");
}
