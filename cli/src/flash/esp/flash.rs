//! Writing, comparing, reading and erasing flash through the ROM or the stub.
//!
//! Data is sent deflated wherever the loader inflates it and it makes less on the wire. The ROM counts the
//! bytes that FLASH_BEGIN announces, so what it gets is filled up to its blocks with 0xff, as erased flash
//! is; the rest of the last sector is erased and stays so.
//!
//! Source: Espressif's "Serial Protocol" (esptool documentation, advanced topics).

use std::io::Write as _;
use std::time::{Duration, Instant};

use md5::Digest as _;

use super::chip::Chip;
use super::connect::Connected;
use super::link::{Failure, PROMPT, block_frame, is_damage, op, words};
use crate::error::{Code, Error, Result};
use crate::flash::Found;
use crate::flash::image::Segment;

/// What is erased at once.
pub(super) const SECTOR_BYTES: usize = 4096;
/// What a loader takes in one block.
const ROM_BLOCK_BYTES: usize = 0x400;
const STUB_BLOCK_BYTES: usize = 0x4000;
/// How often a damaged block is sent again.
const TRIES: u32 = 4;
/// How long erasing and writing may take for a megabyte, and at least.
const ERASE_PER_MB: Duration = Duration::from_secs(40);
const DIGEST_PER_MB: Duration = Duration::from_secs(10);
const AT_LEAST: Duration = Duration::from_secs(10);
const ERASE_CHIP: Duration = Duration::from_secs(180);
/// What the ROM reads at once; what the stub sends in a frame, and how many frames ahead.
const SLOW_BYTES: u32 = 64;
const READ_BLOCK_BYTES: u32 = 0x1000;
const AHEAD: u32 = 64;

fn patience(per_mb: Duration, len_bytes: u64) -> Duration {
    AT_LEAST.max(per_mb.mul_f64(len_bytes as f64 / 1e6))
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Makes the flash reachable and finds its size.
pub(super) fn attach(board: &mut Connected) -> Result<Option<u64>> {
    let name = board.link.name();
    let failed = |failure: Failure| failure.while_("attach the flash", &name);
    match (board.chip, board.stub) {
        (Chip::Esp8266, false) => {
            board
                .link
                .request(op::FLASH_BEGIN, &words(&[0; 4]), PROMPT)
                .map_err(failed)?;
        }
        (_, stub) => {
            let data = if stub { words(&[0]) } else { words(&[0, 0]) };
            board
                .link
                .request(op::SPI_ATTACH, &data, PROMPT)
                .map_err(failed)?;
        }
    }
    if board.security.secure_download {
        return Ok(None);
    }
    let id = flash_id(board).map_err(failed)?;
    // The third byte is the logarithm of the size; chips above 32 MB count on from 0x20.
    let logarithm = match (id >> 16) & 0xff {
        power @ 0x12..=0x1c => power,
        power @ 0x20..=0x22 => power - 6,
        power @ 0x32..=0x3a => power - 0x20,
        _ => {
            return Err(Error::new(
                Code::FlashFailed,
                format!("The flash of the {} on `{name}` does not answer (it says {id:06x})", board.chip.name()),
            )
            .hint("Its flash is broken, not connected, or held by something on its pins (GPIO6 to 11 of an ESP32)"));
        }
    };
    let len_bytes = 1_u64 << logarithm;
    if board.chip.has_rich_rom() {
        let size = u32::try_from(len_bytes).unwrap_or(u32::MAX);
        let parameters = words(&[0, size, 0x1_0000, number(SECTOR_BYTES), 256, 0xffff]);
        board
            .link
            .request(op::SPI_SET_PARAMS, &parameters, PROMPT)
            .map_err(failed)?;
    }
    Ok(Some(len_bytes))
}

/// Asks the flash chip for its id by driving the SPI registers by hand.
fn flash_id(board: &mut Connected) -> Result<u32, Failure> {
    const READ_ID: u32 = 0x9f;
    const BITS: u32 = 24;
    const RUN: u32 = 1 << 18;
    let registers = board.chip.spi();
    let link = &mut board.link;
    let (user, user2) = (
        link.read_register(registers.user)?,
        link.read_register(registers.user2)?,
    );
    match registers.read_bits {
        Some(register) => link.write_register(register, BITS - 1)?,
        None => link.write_register(registers.user1, (BITS - 1) << 8)?,
    }
    // A command of eight bits, and bits to read.
    link.write_register(registers.user, 1 << 31 | 1 << 28)?;
    link.write_register(registers.user2, 7 << 28 | READ_ID)?;
    link.write_register(registers.data, 0)?;
    link.write_register(registers.command, RUN)?;
    let deadline = Instant::now() + PROMPT;
    while link.read_register(registers.command)? & RUN != 0 {
        if Instant::now() >= deadline {
            return Err(Failure::Silent);
        }
    }
    let id = link.read_register(registers.data)?;
    link.write_register(registers.user, user)?;
    link.write_register(registers.user2, user2)?;
    Ok(id & 0xff_ffff)
}

/// What a ROM of the ESP8266 must be told to erase so that it erases `len_bytes`: it counts the sectors
/// up to the next block of 16 twice.
fn esp8266_erase_bytes(address: u32, len_bytes: usize) -> usize {
    let sectors = len_bytes.div_ceil(SECTOR_BYTES);
    let head = (16 - (address as usize / SECTOR_BYTES) % 16).min(sectors);
    let told = if sectors < 2 * head {
        sectors.div_ceil(2)
    } else {
        sectors - head
    };
    told * SECTOR_BYTES
}

/// Sends a block, again when it came damaged. The next one is made while the loader is busy: what is done between
/// an answer and the next block is time that the line is idle.
fn send(
    board: &mut Connected,
    (request, frame): (u8, &[u8]),
    time: Duration,
    next: impl FnOnce() -> Vec<u8>,
) -> Result<Vec<u8>, Failure> {
    board.link.put(frame)?;
    let next = next();
    let mut tried = 1;
    loop {
        match board.link.wait(request, time) {
            Ok(_) => return Ok(next),
            Err(Failure::Refused(error)) if is_damage(error) && tried < TRIES => tried += 1,
            Err(failure) => return Err(failure),
        }
        board.link.put(frame)?;
    }
}

/// Writes a segment; `advance` hears how many of its bytes went through.
pub(super) fn write(
    board: &mut Connected,
    segment: &Segment,
    advance: &mut dyn FnMut(u64),
) -> Result<()> {
    let name = board.link.name();
    let failed = |failure: Failure| failure.while_("write the flash", &name);
    let mut data = segment.data.clone();
    data.resize(data.len().next_multiple_of(ROM_BLOCK_BYTES), 0xff);
    let block_bytes = if board.stub {
        STUB_BLOCK_BYTES
    } else {
        ROM_BLOCK_BYTES
    };
    let deflated = if board.chip.has_rich_rom() {
        deflate(&data)
    } else {
        Vec::new()
    };
    // Plain blocks are all of one length, however little is in the last.
    let plain_bytes = data.len().next_multiple_of(block_bytes);
    let is_deflated = !deflated.is_empty() && deflated.len() < plain_bytes;
    let (begin, request) = if is_deflated {
        (op::DEFLATE_BEGIN, op::DEFLATE_DATA)
    } else {
        (op::FLASH_BEGIN, op::FLASH_DATA)
    };
    let wire = if is_deflated { &deflated } else { &data };
    let blocks = wire.len().div_ceil(block_bytes);
    let erase_bytes = match board.chip {
        Chip::Esp8266 => esp8266_erase_bytes(segment.address, data.len()),
        Chip::Esp32(_) => data.len(),
    };
    let mut announced = words(&[
        number(erase_bytes),
        number(blocks),
        number(block_bytes),
        segment.address,
    ]);
    if board.chip.has_fifth_word() && !board.stub {
        announced.extend_from_slice(&words(&[0]));
    }
    let time = patience(ERASE_PER_MB, data.len() as u64);
    board
        .link
        .request(begin, &announced, time)
        .map_err(failed)?;
    let frame = |index: usize| {
        let end = wire.len().min((index + 1) * block_bytes);
        let mut block = wire[(index * block_bytes).min(end)..end].to_vec();
        if !is_deflated {
            block.resize(block_bytes, 0xff);
        }
        block_frame(request, number(index), &block)
    };
    let (mut told, mut ready) = (0_u64, frame(0));
    for index in 0..blocks {
        let next = || frame(index + 1);
        ready = send(board, (request, &ready), time, next).map_err(failed)?;
        let sent = ((index + 1) * block_bytes).min(wire.len()) as u64;
        let done = data.len() as u64 * sent / wire.len() as u64;
        advance(done - told);
        told = done;
    }
    if board.stub {
        // The stub answers before it has written the last block; the next answer comes after it.
        let register = board.chip.spi().user;
        let deadline = Instant::now() + time;
        while let Err(failure) = board.link.read_register(register) {
            // A line that is gone does not come back; a stub that is busy does.
            if matches!(failure, Failure::Lost(_)) || Instant::now() >= deadline {
                return Err(failed(failure));
            }
        }
    }
    Ok(())
}

fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    // Writing into memory does not fail; if it did, the plain bytes would be sent.
    if encoder.write_all(data).is_err() {
        return Vec::new();
    }
    encoder.finish().unwrap_or_default()
}

/// Compares a segment with the flash by its MD5, which is what these loaders compute.
pub(super) fn compare(board: &mut Connected, segment: &Segment, found: &Found) -> Result<()> {
    let name = board.link.name();
    let len_bytes = segment.data.len();
    let time = patience(DIGEST_PER_MB, len_bytes as u64);
    let request = words(&[segment.address, number(len_bytes), 0, 0]);
    let answer = board
        .link
        .request(op::MD5, &request, time)
        .map_err(|failure| failure.while_("compute a digest", &name))?;
    let digest = md5::Md5::digest(&segment.data);
    let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    // The stub says it in bytes, the ROM in digits.
    if answer.data == digest.as_slice() || answer.data.eq_ignore_ascii_case(text.as_bytes()) {
        return Ok(());
    }
    Err(Error::new(
        Code::Verify,
        format!(
            "The flash of {} on {} does not hold what was written at {:#x} ({len_bytes} bytes)",
            found.chip, found.place, segment.address
        ),
    )
    .hint("Flash again, slower (`--baud 115200`); if it stays, the flash chip is worn out or badly powered"))
}

/// Reads flash; `advance` hears how many bytes came.
pub(super) fn read(
    board: &mut Connected,
    address: u32,
    len_bytes: u32,
    advance: &mut dyn FnMut(u64),
) -> Result<Vec<u8>> {
    let name = board.link.name();
    let failed = |failure: Failure| failure.while_("read the flash", &name);
    let mut bytes = Vec::with_capacity(len_bytes as usize);
    if board.stub {
        return read_stub(board, address, len_bytes, advance);
    }
    while bytes.len() < len_bytes as usize {
        let at = address + number(bytes.len());
        let request = words(&[at, SLOW_BYTES]);
        let answer = board
            .link
            .request(op::READ_FLASH_SLOW, &request, PROMPT)
            .map_err(failed)?;
        if answer.data.len() < SLOW_BYTES as usize {
            return Err(Error::new(
                Code::Protocol,
                format!(
                    "The boot loader on `{name}` sent {} bytes instead of {SLOW_BYTES}",
                    answer.data.len()
                ),
            ));
        }
        let want = (len_bytes as usize - bytes.len()).min(SLOW_BYTES as usize);
        bytes.extend_from_slice(&answer.data[..want]);
        advance(want as u64);
    }
    Ok(bytes)
}

/// The stub sends frames on its own and stops when too many are not acknowledged.
fn read_stub(
    board: &mut Connected,
    address: u32,
    len_bytes: u32,
    advance: &mut dyn FnMut(u64),
) -> Result<Vec<u8>> {
    let name = board.link.name();
    let failed = |failure: Failure| failure.while_("read the flash", &name);
    // Whole blocks: the last frame of a shorter length is where stubs differ.
    let whole = len_bytes.next_multiple_of(READ_BLOCK_BYTES);
    let request = words(&[address, whole, READ_BLOCK_BYTES, AHEAD]);
    board
        .link
        .request(op::READ_FLASH, &request, PROMPT)
        .map_err(failed)?;
    let mut bytes = Vec::with_capacity(whole as usize);
    while bytes.len() < whole as usize {
        let frame = board
            .link
            .frames
            .next(Instant::now() + AT_LEAST)?
            .ok_or_else(|| failed(Failure::Silent))?;
        bytes.extend_from_slice(&frame);
        if bytes.len() > whole as usize
            || (frame.len() as u32 != READ_BLOCK_BYTES && bytes.len() < whole as usize)
        {
            return Err(damaged(&name));
        }
        board
            .link
            .frames
            .send(&words(&[number(bytes.len())]), PROMPT)?;
        advance(frame.len() as u64);
    }
    let digest = board
        .link
        .frames
        .next(Instant::now() + AT_LEAST)?
        .ok_or_else(|| failed(Failure::Silent))?;
    if digest != md5::Md5::digest(&bytes).as_slice() {
        return Err(damaged(&name));
    }
    bytes.truncate(len_bytes as usize);
    Ok(bytes)
}

fn damaged(name: &str) -> Error {
    Error::new(
        Code::Verify,
        format!("What came from the flash on `{name}` was damaged on the way"),
    )
    .hint("Nothing was changed on the board. Try again, slower (`--baud 115200`)")
}

/// Erases all of the flash.
pub(super) fn erase(board: &mut Connected, flash_bytes: u64) -> Result<()> {
    let name = board.link.name();
    let failed = |failure: Failure| failure.while_("erase the flash", &name);
    if board.stub {
        board
            .link
            .request(op::ERASE_FLASH, &[], ERASE_CHIP)
            .map_err(failed)?;
        return Ok(());
    }
    // The ROM erases what a write announces; no data has to follow.
    const STEP: u64 = 1 << 20;
    let mut at = 0;
    while at < flash_bytes {
        let len_bytes = STEP.min(flash_bytes - at);
        let size = usize::try_from(len_bytes).unwrap_or(usize::MAX);
        let address = u32::try_from(at).unwrap_or(u32::MAX);
        let told = match board.chip {
            Chip::Esp8266 => esp8266_erase_bytes(address, size),
            Chip::Esp32(_) => size,
        };
        let mut request = words(&[number(told), 0, number(ROM_BLOCK_BYTES), address]);
        if board.chip.has_fifth_word() {
            request.extend_from_slice(&words(&[0]));
        }
        board
            .link
            .request(op::FLASH_BEGIN, &request, patience(ERASE_PER_MB, len_bytes))
            .map_err(failed)?;
        at += len_bytes;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ROM's own way of counting, from its description: sectors up to the block border, then the
    /// rest by blocks, of a number from which the first were not subtracted.
    fn erased_by_rom(address: u32, told: usize) -> usize {
        let told = told.div_ceil(SECTOR_BYTES);
        let head = (16 - (address as usize / SECTOR_BYTES) % 16).min(told);
        head + told
    }

    #[test]
    fn the_esp8266_erases_what_is_needed_and_at_most_a_sector_more() {
        for start in 0..20_u32 {
            for sectors in 1..60_usize {
                let address = start * number(SECTOR_BYTES);
                let told = esp8266_erase_bytes(address, sectors * SECTOR_BYTES);
                let erased = erased_by_rom(address, told);
                assert!(
                    (sectors..=sectors + 1).contains(&erased),
                    "{start} {sectors} {erased}"
                );
            }
        }
    }
}
