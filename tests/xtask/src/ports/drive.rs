//! A UF2 image onto the emulated Pico, as a user does it: the running board goes into its boot loader by itself,
//! its drive appears, `ucli flash` copies, the board starts what was copied and keeps its files.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::Port;
use super::emulator::{Emulator, pico};
use super::smoke::{expect, text, ucli};
use crate::run::{output, run};
use crate::{Failed, Result};

/// A word of the banner, and what the other image has there.
const WORD: &[u8] = b"Raspberry Pi Pico";
const OTHER: &[u8] = b"Raspberry Pi PICO";
const BLOCK_BYTES: usize = 512;
const PAYLOAD_AT: usize = 32;
const PAYLOAD_BYTES: usize = 256;

/// Flashes another image from a file, then ours again from the catalogue.
pub(super) fn through_drive(port: &Port, image: &Path, catalogue: &Path) -> Result {
    let flash = image.with_extension("flash");
    let drives = image.with_extension("drives");
    for place in [&flash, &drives] {
        if place.is_dir() {
            fs::remove_dir_all(place)?;
        } else if place.exists() {
            fs::remove_file(place)?;
        }
    }
    fs::create_dir(&drives)?;
    let other = image.with_extension("other.uf2");
    fs::write(&other, with_other_word(&fs::read(image)?)?)?;
    let emulator = pico(image, &flash, Some(&drives.join("RPI-RP2")))?;
    let keep = "with open('kept.txt','w') as f:f.write('kept')";
    expect(port, &emulator.address, keep, "")?;
    banner(&emulator, WORD)?;
    let with_drives = |mut command: Command| {
        command.env("UCLI_DRIVES", &drives);
        command
    };
    for (damage, reason) in [(100, "cut off"), (BLOCK_BYTES, "block")] {
        let broken = image.with_extension("broken.uf2");
        let bytes = fs::read(&other)?;
        fs::write(&broken, &bytes[..bytes.len() - damage])?;
        let flashing = with_drives(ucli(&emulator.address, &["+", "flash", &text(&broken)]));
        refused(flashing, reason)?;
        fs::remove_file(&broken)?;
    }
    let flashing = ["--yes", "+", "flash", &text(&other)];
    run(with_drives(ucli(&emulator.address, &flashing)))?;
    banner(&emulator, OTHER)?;
    expect(
        port,
        &emulator.address,
        "print(open('kept.txt').read())",
        "kept\n",
    )?;
    let index = text(catalogue);
    let known = output(ucli(&emulator.address, &["+", "boards", "--index", &index]))?;
    for board in port.boards {
        if !known.contains(board) {
            return Err(Failed(format!(
                "`ucli boards` does not list {board}: {known}"
            )));
        }
    }
    let named = ["--yes", "+", "flash", "upy", "--index", &index];
    run(with_drives(ucli(&emulator.address, &named)))?;
    banner(&emulator, WORD)?;
    expect(
        port,
        &emulator.address,
        "print(open('kept.txt').read())",
        "kept\n",
    )?;
    println!(
        "{}: flashed through its drive, from a file and from the catalogue; files kept",
        port.name
    );
    drop(emulator);
    for place in [&flash, &other] {
        fs::remove_file(place)?;
    }
    Ok(fs::remove_dir_all(&drives)?)
}

fn refused(mut command: Command, reason: &str) -> Result {
    let done = command.output()?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    if done.status.code() == Some(1) && said.contains(reason) {
        return Ok(());
    }
    Err(Failed(format!("a damaged file was not refused: {said}")))
}

/// The same image with another word in its banner.
fn with_other_word(image: &[u8]) -> Result<Vec<u8>> {
    let blocks = image.chunks_exact(BLOCK_BYTES);
    let payloads: Vec<u8> = blocks
        .flat_map(|block| &block[PAYLOAD_AT..PAYLOAD_AT + PAYLOAD_BYTES])
        .copied()
        .collect();
    let at = payloads.windows(WORD.len()).position(|part| part == WORD);
    let at = at.ok_or_else(|| Failed("the image has another banner".into()))?;
    let mut bytes = image.to_vec();
    for (index, byte) in OTHER.iter().enumerate() {
        let (block, offset) = ((at + index) / PAYLOAD_BYTES, (at + index) % PAYLOAD_BYTES);
        bytes[block * BLOCK_BYTES + PAYLOAD_AT + offset] = *byte;
    }
    Ok(bytes)
}

/// Waits for the banner that a board shows at its prompt.
fn banner(emulator: &Emulator, word: &[u8]) -> Result {
    let mut stream = TcpStream::connect(&emulator.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"\r\x03\x01\x02")?;
    let end = Instant::now() + Duration::from_secs(60);
    let mut seen = Vec::new();
    while !seen.windows(word.len()).any(|part| part == word) {
        if Instant::now() > end {
            return Err(Failed(format!(
                "the banner is {:?}",
                String::from_utf8_lossy(&seen)
            )));
        }
        let mut bytes = [0; 1024];
        // A read that ends without data is tried again until the end.
        if let Ok(len) = stream.read(&mut bytes) {
            seen.extend_from_slice(&bytes[..len]);
        }
    }
    Ok(())
}
