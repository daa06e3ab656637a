//! Our own images as a catalogue of firmware: `target/firmware/catalogue.json`, for `ucli boards --index` and
//! `ucli flash upy --board NAME --index`. The format is described in `cli/README.md`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::emulator::Machine;
use super::{PORTS, Port};
use crate::{Failed, Result};

/// The catalogue's name beside the images.
pub(super) const FILE: &str = "catalogue.json";

/// The image that `ucli flash` takes, and what the catalogue calls the chip; `None` for emulated machines.
fn image(port: &Port) -> Option<(String, &'static str)> {
    match port.machine {
        Machine::Pico => Some((format!("{}.uf2", port.name), "rp2040")),
        Machine::Esp32c3 => Some((format!("{}.bin", port.name), "esp32c3")),
        Machine::PicoUart | Machine::CortexM | Machine::RiscV => None,
    }
}

/// Writes the catalogue of what is in `folder`; where it is.
pub(super) fn write(folder: &Path) -> Result<PathBuf> {
    let mut boards = Vec::new();
    for port in &PORTS {
        let Some((name, mcu)) = image(port) else {
            continue;
        };
        let Ok(bytes) = fs::read(folder.join(&name)) else {
            continue;
        };
        let digest = Sha256::digest(&bytes);
        let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        for (index, id) in port.boards.iter().enumerate() {
            boards.push(json!({
                "id": id, "name": port.chip, "mcu": mcu, "default": index == 0 && port.features.is_empty(),
                "firmware": [{
                    "implementation": "upy", "version": env!("CARGO_PKG_VERSION"), "channel": "stable",
                    "url": name, "sha256": sha256,
                }],
            }));
        }
    }
    let path = folder.join(FILE);
    let text = serde_json::to_string_pretty(&json!({ "v": 1, "boards": Value::from(boards) }));
    let text = text.map_err(|error| Failed(error.to_string()))?;
    fs::write(&path, text + "\n")?;
    Ok(path)
}
