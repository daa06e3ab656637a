//! Our image for the ESP32-C3, put on a blank chip through the chip's own ROM: by `ucli flash` with Espressif's stub
//! and without, and by esptool. Each verifies what the other wrote, and the chip then answers at its prompt.

use std::fs;
use std::path::Path;

use super::Port;
use super::emulator::{Emulator, espressif};
use super::smoke::{expect, text};
use crate::run::{command, run};
use crate::{Failed, Result, target};

/// What the board is asked, and what it has to say.
const QUESTION: &str = "import sys, os\nprint(sys.platform, 6 * 7, os.statvfs('/')[2])";
const ANSWER: &str = "esp32 42 512\n";

/// Flashes the image on blank chips.
pub(super) fn through_rom(port: &Port, image: &Path) -> Result {
    let flash = image.with_extension("flash");
    for stub in [&[][..], &["--no-stub"]] {
        blank(&flash)?;
        let chip = espressif(&flash, &[])?;
        ucli(&chip, image, stub)?;
        expect(port, &chip.address, QUESTION, ANSWER)?;
        drop(chip);
        let chip = espressif(&flash, &["--download"])?;
        esptool(&chip, &["verify-flash", "0", &text(image)])?;
        println!(
            "{}: flashed by ucli {}, verified by esptool, boots",
            port.name,
            stub.first().unwrap_or(&"with the stub")
        );
    }
    blank(&flash)?;
    let chip = espressif(&flash, &["--download"])?;
    esptool(&chip, &["write-flash", "0", &text(image)])?;
    drop(chip);
    let chip = espressif(&flash, &[])?;
    ucli(&chip, image, &["--verify"])?;
    expect(port, &chip.address, QUESTION, ANSWER)?;
    println!("{}: flashed by esptool, verified by ucli, boots", port.name);
    Ok(fs::remove_file(&flash)?)
}

fn blank(flash: &Path) -> Result {
    Ok(fs::write(flash, vec![0xff; 4 << 20])?)
}

/// `ucli flash`, which resets the chip into its loader by itself.
fn ucli(chip: &Emulator, image: &Path, options: &[&str]) -> Result {
    let modem = chip
        .modem
        .as_deref()
        .ok_or_else(|| Failed("the emulator has no lines".into()))?;
    let port = format!("rfc2217://{}", modem.trim());
    let image = text(image);
    let mut line = vec!["-p", &port, "flash", &image];
    line.extend(options);
    run(command(target().join("debug/ucli"), &line))
}

/// esptool, on a chip that waits in its loader: it does not know how to reset one over TCP.
fn esptool(chip: &Emulator, arguments: &[&str]) -> Result {
    let port = format!("socket://{}", chip.address);
    let mut line = vec!["--chip", "esp32c3", "--port", &port];
    line.extend(["--before", "no-reset", "--after", "no-reset"]);
    line.extend(arguments);
    let mut tool = command(target().join("peers/venv/bin/esptool"), &line);
    // Its progress would be a screen of bars.
    tool.stdout(std::process::Stdio::null());
    run(tool)
}
