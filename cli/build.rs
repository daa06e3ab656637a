//! Says where espflash's flasher stubs are: they are files of that package without a way to them in its
//! interface, and a copy in this repository would grow old.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Chips whose stubs are built in.
const CHIPS: [&str; 9] = [
    "esp32", "esp32c2", "esp32c3", "esp32c5", "esp32c6", "esp32c61", "esp32h2", "esp32s2",
    "esp32s3",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../Cargo.lock");
    let directory = package("espflash").join("resources").join("stubs");
    let mut text =
        "/// Name and content of each stub.\nstatic STUBS: &[(&str, &str)] = &[\n".to_string();
    for chip in CHIPS {
        let path = directory.join(format!("{chip}.toml"));
        assert!(path.is_file(), "espflash has no {}", path.display());
        text.push_str(&format!(
            "    ({chip:?}, include_str!({:?})),\n",
            path.display().to_string()
        ));
    }
    text.push_str("];\n");
    let out = std::env::var_os("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&out).join("stubs.rs"), text).expect("the build directory is ours");
}

/// The directory of a dependency, from cargo's own list.
fn package(name: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").expect("cargo sets it");
    let target = std::env::var("TARGET").expect("cargo sets it");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", &target])
        .env_remove("RUSTC_WRAPPER")
        .output()
        .expect("cargo runs, for it runs this");
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        panic!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    let packages = list["packages"].as_array().expect("a list of packages");
    let found = packages.iter().find(|package| package["name"] == name);
    let manifest = found.and_then(|package| package["manifest_path"].as_str());
    let manifest = manifest.unwrap_or_else(|| panic!("{name} is no dependency"));
    Path::new(manifest)
        .parent()
        .expect("a file in a directory")
        .to_path_buf()
}
