//! `cargo xtask bench flash`: how much of a serial line ucli and esptool use while they write flash.
//!
//! Both write the same bytes to the same simulated loader on a terminal as slow as its baud rate. The
//! clock runs in the loader, from the announcement of the write to its last block, so neither start nor
//! connection counts; the better of two runs. 100 % is a line that is never idle and carries nothing but the payload.

use harness::esp_board::Chip;
use harness::esp_rom::{Kind, Rom};
use harness::paths;
use harness::program::Desk;

use crate::{Failed, Result};

/// What is written.
const LEN_BYTES: usize = 100_000;
/// Where it goes.
const OFFSET: usize = 0x1_0000;

/// The data: some that does not deflate, and some that does as programs do.
fn payloads() -> [(&'static str, Vec<u8>); 2] {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let random: Vec<u8> = (0..LEN_BYTES).map(|_| next()).collect();
    // Words from a small store, about as dense as machine code.
    let words: Vec<[u8; 4]> = random
        .chunks_exact(4)
        .take(700)
        .map(|word| [word[0], word[1], word[2], word[3]])
        .collect();
    let mut program = Vec::with_capacity(LEN_BYTES);
    for pair in random.chunks_exact(2).cycle() {
        let index = usize::from(u16::from_le_bytes([pair[0], pair[1]])) % words.len();
        program.extend_from_slice(&words[index]);
        if program.len() >= LEN_BYTES {
            break;
        }
    }
    program.truncate(LEN_BYTES);
    [("random", random), ("program", program)]
}

/// One write; the share of the line that was payload, in percent.
fn measure(tool: &str, stub: bool, baud: u32, data: &[u8]) -> Result<f64> {
    let desk = Desk::new();
    desk.put("data.bin", data);
    let board = Chip::on_slow_terminal(Rom::new(Kind::Esp32c3, 4 << 20));
    let (baud_text, offset) = (baud.to_string(), format!("{OFFSET:#x}"));
    let call = if tool == "ucli" {
        let mut line = vec!["-p", &board.address, "flash", "data.bin", "--no-reset"];
        line.extend(["--offset", &offset, "--baud", &baud_text]);
        line.extend((!stub).then_some("--no-stub"));
        desk.ucli(&line)
    } else {
        let mut line = vec![
            "--chip",
            "esp32c3",
            "--port",
            &board.address,
            "--baud",
            &baud_text,
        ];
        line.extend(["--before", "no-reset", "--after", "no-reset"]);
        line.extend((!stub).then_some("--no-stub"));
        line.extend(["write-flash", &offset, "data.bin"]);
        desk.peer("esptool", &line)
    };
    let done = call.run();
    if done.status != Some(0) {
        return Err(Failed(format!("{done}")));
    }
    let rom = board.rom();
    if rom.flash[OFFSET..OFFSET + data.len()] != *data {
        return Err(Failed(format!("{tool} wrote something else")));
    }
    let (from, to) = rom
        .written
        .ok_or_else(|| Failed(format!("{tool} wrote nothing")))?;
    let ideal = data.len() as f64 * 10.0 / f64::from(baud);
    Ok(100.0 * ideal / to.duration_since(from).as_secs_f64())
}

/// Prints the table.
pub(crate) fn run(rest: &[String]) -> Result {
    let quick = rest.iter().any(|word| word == "--quick");
    paths::peers();
    println!(
        "{:<8} {:<7} {:>8} {:>10} {:>10} {:>8}",
        "payload", "loader", "baud", "ucli", "esptool", "ratio"
    );
    for (name, data) in payloads() {
        for stub in [true, false] {
            for baud in [115_200, 460_800] {
                if quick && (baud == 115_200 || name != "random") {
                    continue;
                }
                let (mut ours, mut theirs) = (0_f64, 0_f64);
                for _ in 0..if quick { 1 } else { 2 } {
                    ours = ours.max(measure("ucli", stub, baud, &data)?);
                    theirs = theirs.max(measure("esptool", stub, baud, &data)?);
                }
                let loader = if stub { "stub" } else { "ROM" };
                println!(
                    "{name:<8} {loader:<7} {baud:>8} {ours:>8.1} % {theirs:>8.1} % {:>8.3}",
                    ours / theirs
                );
            }
        }
    }
    Ok(())
}
