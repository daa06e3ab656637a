//! What the USB line of a Pico does when its terminal goes and comes: without one (DTR off) output is dropped and the
//! program goes on; one that goes at 1200 bits per second starts the boot loader.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Port;
use super::emulator::pico;
use super::smoke::expect;
use crate::{Failed, Result};

const COMMAND: u8 = 255;
const PART: u8 = 250;
const PART_END: u8 = 240;
const COM_PORT: u8 = 44;
const SET_RATE: u8 = 1;
const SET_CONTROL: u8 = 5;
const DTR_ON: u8 = 8;
const DTR_OFF: u8 = 9;
const DEADLINE: Duration = Duration::from_secs(120);

/// Prints into nothing and leaves a mark in the flash, which its file shows.
const PROGRAM: &[u8] = b"exec(\"import time\\ntime.sleep_ms(50)\\nprint('x' * 5000, 6 * 7)\\n\
    with open('mark', 'w') as f: f.write('was' + '-dropped')\")\r";
const MARK: &[u8] = b"was-dropped";

/// The board loses its terminal, gets it back, and is touched.
pub(super) fn comes_and_goes(port: &Port, image: &Path) -> Result {
    let flash = image.with_extension("flash");
    let drive = image.with_extension("drive");
    if flash.exists() {
        fs::remove_file(&flash)?;
    }
    let emulator = pico(image, &flash, Some(&drive))?;
    expect(port, &emulator.address, "print(1)", "1\n")?;
    let modem = emulator.modem.as_ref();
    let modem = modem.ok_or_else(|| Failed("the emulator has no RFC 2217".into()))?;
    let mut line = TcpStream::connect(modem)?;
    line.set_read_timeout(Some(Duration::from_millis(200)))?;
    set(&mut line, SET_CONTROL, &[DTR_OFF])?;
    line.write_all(b"\r\x03\x02")?;
    line.write_all(PROGRAM)?;
    until("a program without a terminal to end", || {
        Ok(fs::read(&flash)?
            .windows(MARK.len())
            .any(|part| part == MARK))
    })?;
    set(&mut line, SET_CONTROL, &[DTR_ON])?;
    let mut seen = Vec::new();
    until("a prompt for the terminal that came back", || {
        // Typed again: what was answered before the terminal was there is dropped.
        line.write_all(b"print(6 * 8)\r")?;
        let mut bytes = [0; 4096];
        // A read that ends without data is tried again until the end.
        if let Ok(len) = line.read(&mut bytes) {
            seen.extend_from_slice(&bytes[..len]);
        }
        Ok(seen.windows(4).any(|part| part == b"\n48\r"))
    })?;
    if seen.windows(3).any(|part| part == b" 42") {
        return Err(Failed(format!(
            "{}: output was kept for a terminal that was not there",
            port.name
        )));
    }
    set(&mut line, SET_RATE, &1200_u32.to_be_bytes())?;
    set(&mut line, SET_CONTROL, &[DTR_OFF])?;
    until("the boot loader's drive", || {
        Ok(drive.join("INFO_UF2.TXT").exists())
    })?;
    drop(emulator);
    println!(
        "{}: drops output without a terminal; the touch at 1200 baud starts the boot loader",
        port.name
    );
    fs::remove_dir_all(&drive)?;
    Ok(fs::remove_file(&flash)?)
}

fn set(line: &mut TcpStream, what: u8, value: &[u8]) -> Result {
    let mut part = vec![COMMAND, PART, COM_PORT, what];
    part.extend_from_slice(value);
    part.extend([COMMAND, PART_END]);
    Ok(line.write_all(&part)?)
}

fn until(what: &str, mut is_there: impl FnMut() -> Result<bool>) -> Result {
    let end = Instant::now() + DEADLINE;
    while !is_there()? {
        if Instant::now() > end {
            return Err(Failed(format!("waited in vain for {what}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
