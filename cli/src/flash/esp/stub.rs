//! Espressif's flasher stubs: small programs that the ROM loads into memory and that write flash faster
//! than it does.
//!
//! They come out of the `espflash` package, which keeps them as TOML (MIT or Apache-2.0, from
//! Espressif's esp-flasher-stub) but hands them to nobody; `build.rs` says where they are.

use base64::Engine as _;
use serde::Deserialize;

/// A stub.
#[derive(Clone, Debug)]
pub(super) struct Stub {
    /// Where it begins.
    pub(super) entry: u32,
    /// Its code.
    pub(super) text: Vec<u8>,
    /// The address of its code.
    pub(super) text_start: u32,
    /// Its data.
    pub(super) data: Vec<u8>,
    /// The address of its data.
    pub(super) data_start: u32,
}

#[derive(Deserialize)]
struct Raw {
    entry: u32,
    text: String,
    text_start: u32,
    data: String,
    data_start: u32,
}

include!(concat!(env!("OUT_DIR"), "/stubs.rs"));

impl Stub {
    /// The stub for a chip, by espflash's name for it.
    pub(super) fn find(name: &str) -> Option<Self> {
        let (_, text) = STUBS.iter().find(|(known, _)| *known == name)?;
        let raw: Raw = toml::from_str(text).ok()?;
        let bytes = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).ok();
        Some(Self {
            entry: raw.entry,
            text: bytes(&raw.text)?,
            text_start: raw.text_start,
            data: bytes(&raw.data)?,
            data_start: raw.data_start,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stub_is_readable() {
        assert!(STUBS.len() >= 9, "{}", STUBS.len());
        for (name, _) in STUBS {
            let stub = Stub::find(name).unwrap_or_else(|| panic!("{name}"));
            let end = stub.text_start as usize + stub.text.len();
            assert!(
                (stub.text_start as usize..end).contains(&(stub.entry as usize & !1)),
                "{name}"
            );
        }
        assert!(Stub::find("esp9").is_none());
    }
}
