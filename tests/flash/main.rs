//! `ucli flash` against boot loaders that are made here from their descriptions, and against the vendors'
//! own tools on the same boot loaders.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics; its helpers are tests too"
)]

mod catalogue;
mod drive;
mod esp;
mod peers;
mod rom;
mod uf2;

use harness::program::{Call, Desk};

/// An Espressif image for `chip` with one segment of `len` bytes, checksum and digest.
pub(crate) fn image(chip: u16, len: usize) -> Vec<u8> {
    use sha2::Digest as _;
    let mut bytes = vec![0xe9, 1, 0, 0x20, 0, 0, 0, 0x40, 0xee, 0, 0, 0];
    bytes.extend(chip.to_le_bytes());
    bytes.resize(23, 0);
    bytes.push(1);
    bytes.extend(0x3fc8_0000_u32.to_le_bytes());
    bytes.extend(u32::try_from(len).unwrap().to_le_bytes());
    let data = noise(len);
    let sum = data.iter().fold(0xef_u8, |sum, byte| sum ^ byte);
    bytes.extend(&data);
    bytes.resize(bytes.len() / 16 * 16 + 15, 0);
    bytes.push(sum);
    let digest = sha2::Sha256::digest(&bytes);
    bytes.extend(digest);
    bytes
}

/// Bytes that do not deflate, the same each time.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// `ucli -p ADDRESS …` with nothing of this machine's configuration.
pub(crate) fn ucli(desk: &Desk, address: &str, line: &[&str]) -> Call {
    let words = [&["-p", address], line].concat();
    desk.ucli(&words)
        .env("UCLI_CACHE_DIR", desk.home().join("cache"))
        .env("UCLI_DRIVES", desk.home().join("drives"))
        .env("UCLI_FIRMWARE_INDEX", "")
        .env("UCLI_OFFLINE", "")
        .env("NETRC", desk.home().join("netrc"))
        .env("NO_PROXY", "127.0.0.1,localhost")
}

/// The last record of a `--json` run, after every line was held against its schema.
#[track_caller]
pub(crate) fn record(done: &harness::program::Finished, name: &str) -> serde_json::Value {
    use harness::schema;
    let said = done.out();
    let lines: Vec<serde_json::Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {done}")))
        .collect();
    let (last, events) = lines
        .split_last()
        .unwrap_or_else(|| panic!("nothing was printed: {done}"));
    for event in events {
        let complaints = schema::complaints(&schema::load("event"), event);
        assert!(complaints.is_empty(), "{complaints:?}: {done}");
    }
    let complaints = schema::complaints(&schema::load(name), last);
    assert!(complaints.is_empty(), "{complaints:?}: {done}");
    last.clone()
}

/// The phases are these, in this order; each begins with no bytes, never goes back, and ends with all of them.
#[track_caller]
pub(crate) fn check_phases(done: &harness::program::Finished, expected: &[&str]) {
    let mut phases: Vec<(String, Vec<u64>, u64)> = Vec::new();
    for line in done.out().lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_ne!(event["event"], "progress", "{done}");
        if event["event"] != "phase" {
            continue;
        }
        let (bytes, total) = (
            event["bytes"].as_u64().unwrap(),
            event["total"].as_u64().unwrap(),
        );
        let name = event["phase"].as_str().unwrap().to_string();
        match phases.last_mut().filter(|one| one.0 == name && bytes > 0) {
            Some(phase) => phase.1.push(bytes),
            None => phases.push((name, vec![bytes], total)),
        }
    }
    let names: Vec<&str> = phases.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(names, expected, "{done}");
    for (name, bytes, total) in &phases {
        assert_eq!((bytes[0], bytes.last()), (0, Some(total)), "{name}: {done}");
        assert!(bytes.is_sorted(), "{name}: {done}");
    }
}
