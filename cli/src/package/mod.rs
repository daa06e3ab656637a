//! Packages: what a name means, where its files come from, and how they get onto a board as one
//! transaction.
//!
//! Reading (`spec`, `manifest`, `simple`, `requirement`, `archive`), deciding (`resolve`, `plan`) and
//! doing (`http`, `cache`, `fetch`, `apply`) are kept apart: what decides asks for bytes only through
//! [`resolve::Source`] and never knows of a board or a socket. Nothing of a package is ever executed.
//!
//! Formats: micropython-lib's `mip` documentation (index version 2, `package.json`), the Python
//! packaging specifications (simple repository API, wheels, source distributions, PEP 440, PEP 508).

pub(crate) mod adopt;
pub(crate) mod alias;
pub(crate) mod apply;
pub(crate) mod archive;
pub(crate) mod board;
pub(crate) mod build;
pub(crate) mod bundle;
pub(crate) mod cache;
pub(crate) mod contents;
pub(crate) mod dependency;
pub(crate) mod exchange;
pub(crate) mod fetch;
pub(crate) mod firmware;
pub(crate) mod glance;
pub(crate) mod http;
pub(crate) mod imports;
pub(crate) mod install;
pub(crate) mod lock;
pub(crate) mod locking;
pub(crate) mod manifest;
pub(crate) mod manifest_py;
pub(crate) mod mip_lines;
pub(crate) mod moment;
pub(crate) mod needs;
pub(crate) mod netrc;
pub(crate) mod onboard;
pub(crate) mod path;
pub(crate) mod plan;
pub(crate) mod project;
pub(crate) mod record;
pub(crate) mod requirement;
pub(crate) mod resolve;
pub(crate) mod simple;
pub(crate) mod spec;
pub(crate) mod stubs;

/// The index that is asked when no other is named.
pub(crate) const DEFAULT_INDEX: &str = "https://micropython.org/pi/v2";

/// A name as indexes compare it: lower case, runs of `-`, `_` and `.` become one `-` (PEP 503).
pub(crate) fn normalised(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        if matches!(letter, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.extend(letter.to_lowercase());
        }
    }
    out
}

/// The SHA-256 of `bytes` in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex(&sha2::Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_without_case_and_separators() {
        assert_eq!(normalised("Umqtt.Simple"), "umqtt-simple");
        assert_eq!(normalised("a_-_b"), "a-b");
        assert_eq!(normalised("urllib.urequest"), normalised("urllib_urequest"));
    }
}
