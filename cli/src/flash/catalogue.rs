//! The catalogue of firmware: which images there are for which board, and how they are fetched.
//!
//! One JSON document, described in `cli/README.md`. No address of one is built in: it comes from
//! `--index`, `UCLI_FIRMWARE_INDEX` or the setting `firmware_index`, and may be a file of this computer.
//! What it names by its SHA-256 is fetched once, checked, and kept in the cache of downloads.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::image::{Firmware, MOST_BYTES};
use crate::env;
use crate::error::{Code, Error, Result};
use crate::files::local;
use crate::package::cache::Cache;
use crate::package::fetch::Store;
use crate::package::http::{Client, redacted};
use crate::package::resolve::{Expect, Source as _, Wanted};

/// The version of the format.
const VERSION: u64 = 1;

/// The catalogue.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Index {
    /// The version of its format.
    v: u64,
    /// The boards.
    pub(crate) boards: Vec<Board>,
}

/// A board.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Board {
    /// What MicroPython calls it: `ESP32_GENERIC_C3`.
    pub(crate) id: String,
    /// What its maker calls it.
    #[serde(default)]
    pub(crate) name: String,
    /// Its maker.
    #[serde(default)]
    pub(crate) vendor: String,
    /// Its chip, in lower case without dashes: `esp32c3`, `rp2040`.
    pub(crate) mcu: String,
    /// Whether it stands for every board with this chip that is not known better.
    #[serde(default)]
    pub(crate) default: bool,
    /// What there is for it.
    #[serde(default)]
    pub(crate) firmware: Vec<Release>,
}

/// One image.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Release {
    /// `micropython`, `circuitpython` or `upy`.
    pub(crate) implementation: String,
    /// `1.29.0`, `1.30.0-preview.41`.
    pub(crate) version: String,
    /// `stable` or `nightly`.
    #[serde(default = "stable")]
    pub(crate) channel: String,
    /// A build with other options; empty: the usual one.
    #[serde(default)]
    pub(crate) variant: String,
    /// Where it is, relative to the catalogue or whole.
    pub(crate) url: String,
    /// Its SHA-256, all 64 digits.
    pub(crate) sha256: String,
}

fn stable() -> String {
    "stable".to_string()
}

/// Which firmware is wanted, in the words of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// `micropython` when nothing else is said.
    pub(crate) implementation: String,
    /// `latest`, `nightly`, or a version.
    pub(crate) version: String,
}

/// The implementations that a request may name.
const IMPLEMENTATIONS: [&str; 3] = ["micropython", "circuitpython", "upy"];

impl Request {
    /// Reads `1.29.0`, `latest`, `nightly`, `circuitpython`, `upy@0.1.0`; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (implementation, version) = match text.split_once('@') {
            Some((name, version)) => (name, version),
            None if IMPLEMENTATIONS.contains(&text) => (text, "latest"),
            None => (IMPLEMENTATIONS[0], text),
        };
        let version = version.strip_prefix('v').unwrap_or(version);
        let is_number = version.starts_with(|letter: char| letter.is_ascii_digit())
            && version.split(['-', '.', '+']).all(|part| !part.is_empty())
            && version
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
        let is_version = matches!(version, "latest" | "nightly") || is_number;
        // A name with an ending is a file that is not there, not a version.
        let is_ending = |end: &str| {
            end.len() <= 4 && end.starts_with(|letter: char| letter.is_ascii_alphabetic())
        };
        let is_file = text.rsplit_once('.').is_some_and(|(_, end)| is_ending(end));
        (IMPLEMENTATIONS.contains(&implementation) && is_version && !is_file).then(|| Self {
            implementation: implementation.to_string(),
            version: version.to_string(),
        })
    }
}

/// A version as something that can be compared: its numbers; one with more behind `-` comes before.
fn key(version: &str) -> (Vec<u64>, bool, Vec<u64>) {
    let (plain, more) = version.split_once('-').unwrap_or((version, ""));
    let numbers = |text: &str| -> Vec<u64> {
        text.split(['.', '-', '+'])
            .filter_map(|part| part.parse().ok())
            .collect()
    };
    (numbers(plain), more.is_empty(), numbers(more))
}

impl Index {
    fn parse(place: &str, bytes: &[u8]) -> Result<Self> {
        let bad = |why: String| {
            Error::new(
                Code::Config,
                format!("`{}` is no catalogue of firmware: {why}", redacted(place)),
            )
            .hint("`ucli help flash` says where its address comes from")
        };
        let index: Self = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
        if index.v != VERSION {
            return Err(bad(format!(
                "its format is version {}, this `ucli` reads {VERSION}",
                index.v
            )));
        }
        for board in &index.boards {
            for release in &board.firmware {
                let is_digest = release.sha256.len() == 64
                    && release.sha256.bytes().all(|b| b.is_ascii_hexdigit());
                if !is_digest {
                    return Err(bad(format!(
                        "{} {} has no whole SHA-256",
                        board.id, release.version
                    )));
                }
            }
        }
        Ok(index)
    }

    /// Boards whose id, name, maker or chip contains every word.
    pub(crate) fn search(&self, words: &[String]) -> Vec<&Board> {
        let fits = |board: &&Board| {
            let text = format!("{} {} {} {}", board.id, board.name, board.vendor, board.mcu)
                .to_lowercase();
            words.iter().all(|word| text.contains(&word.to_lowercase()))
        };
        self.boards.iter().filter(fits).collect()
    }

    /// The board with this id; the part behind it names a variant, as in `ESP32_GENERIC-OTA`.
    fn board(&self, id: &str) -> Option<(&Board, String)> {
        let same = |board: &&Board, text: &str| board.id.eq_ignore_ascii_case(text);
        if let Some(board) = self.boards.iter().find(|board| same(board, id)) {
            return Some((board, String::new()));
        }
        let (plain, variant) = id.split_once('-')?;
        let board = self.boards.iter().find(|board| same(board, plain))?;
        Some((board, variant.to_string()))
    }

    /// The board that is meant: the named one, or that of the chip.
    ///
    /// # Errors
    /// [`Code::FirmwareNotFound`], [`Code::SeveralBoards`] when the chip alone does not decide.
    pub(crate) fn choose_board(&self, id: Option<&str>, mcu: &str) -> Result<(&Board, String)> {
        if let Some(id) = id {
            return self.board(id).ok_or_else(|| {
                let near: Vec<&str> = self
                    .search(&[id.to_string()])
                    .iter()
                    .map(|board| board.id.as_str())
                    .take(5)
                    .collect();
                let error = Error::new(
                    Code::FirmwareNotFound,
                    format!("The catalogue has no board `{id}`"),
                );
                match near.is_empty() {
                    true => error.hint(
                        "`ucli boards WORD` searches it, `ucli boards update` brings it up to date",
                    ),
                    false => error.hint(format!("There are: {}", near.join(", "))),
                }
            });
        }
        let of_chip: Vec<&Board> = self
            .boards
            .iter()
            .filter(|board| board.mcu == mcu)
            .collect();
        let only = match of_chip[..] {
            [only] => Some(only),
            _ => of_chip.iter().copied().find(|board| board.default),
        };
        if let Some(board) = only {
            return Ok((board, String::new()));
        }
        if of_chip.is_empty() {
            return Err(Error::new(
                Code::FirmwareNotFound,
                format!("The catalogue has no board with the chip {mcu}"),
            )
            .hint("`ucli boards` lists it; give a firmware file, or the board with `--board`"));
        }
        let names: Vec<&str> = of_chip
            .iter()
            .map(|board| board.id.as_str())
            .take(12)
            .collect();
        Err(Error::new(
            Code::SeveralBoards,
            format!("{} boards have the chip {mcu}", of_chip.len()),
        )
        .hint(format!("Say which with `--board`: {}", names.join(", "))))
    }
}

impl Board {
    /// The image that is meant.
    ///
    /// # Errors
    /// [`Code::FirmwareNotFound`] with what there is.
    pub(crate) fn choose(&self, request: &Request, variant: &str) -> Result<&Release> {
        let own = |release: &&Release| {
            release.implementation == request.implementation
                && release.variant.eq_ignore_ascii_case(variant)
        };
        let all = self.firmware.iter().filter(own);
        let newest = |channel: &str| {
            let of = all.clone().filter(|release| release.channel == channel);
            of.max_by_key(|release| key(&release.version))
        };
        let found = match request.version.as_str() {
            "latest" => newest("stable"),
            "nightly" => newest("nightly"),
            version => all.clone().find(|release| release.version == version),
        };
        found.ok_or_else(|| {
            let mut known: Vec<String> = self
                .firmware
                .iter()
                .map(|release| {
                    let variant = if release.variant.is_empty() {
                        String::new()
                    } else {
                        format!(" ({})", release.variant)
                    };
                    format!("{}@{}{variant}", release.implementation, release.version)
                })
                .collect();
            known.truncate(12);
            let what = format!("{} {}", request.implementation, request.version);
            let what = if variant.is_empty() {
                what
            } else {
                format!("{what}, variant {variant}")
            };
            let error = Error::new(
                Code::FirmwareNotFound,
                format!("The catalogue has no {what} for {}", self.id),
            );
            match known.is_empty() {
                true => error.hint("It has nothing for this board; give a file"),
                false => error.hint(format!("There are: {}", known.join(", "))),
            }
        })
    }
}

/// Where the catalogue is and how it is read.
pub(crate) struct Catalogue {
    place: String,
    client: Client,
    offline: bool,
}

fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

impl Catalogue {
    /// The catalogue at `place`.
    pub(crate) fn at(place: Option<String>, offline: bool) -> Self {
        let offline = offline || env::get(env::OFFLINE).is_some();
        Self {
            place: place.unwrap_or_default(),
            client: Client::default(),
            offline,
        }
    }

    fn store(&self, refresh: bool) -> Result<Store<'_>> {
        Ok(Store {
            cache: Cache::open()?,
            http: &self.client,
            offline: self.offline,
            refresh,
            root: std::path::PathBuf::new(),
        })
    }

    /// Where it is, without credentials.
    pub(crate) fn place(&self) -> String {
        redacted(&self.place)
    }

    /// Reads the catalogue; `refresh` asks its server again however young the cached one is.
    ///
    /// # Errors
    /// [`Code::Config`] when none is set up or it is malformed, those of the network.
    pub(crate) fn load(&self, refresh: bool) -> Result<Index> {
        if self.place.is_empty() {
            return Err(Error::new(Code::Config, "No catalogue of firmware is set up")
                .hint(format!("Set `{}` or `firmware_index` in the configuration to its address, or give `--index`", env::FIRMWARE_INDEX))
                .hint("A firmware file or its URL needs no catalogue: `ucli flash firmware.bin`"));
        }
        let bytes = if is_url(&self.place) {
            let store = self.store(refresh)?;
            let found = store.document(&self.place, "application/json")?;
            found.ok_or_else(|| {
                Error::new(
                    Code::Network,
                    format!("There is nothing at `{}`", self.place()),
                )
            })?
        } else {
            local::read(Path::new(&self.place))?
        };
        Index::parse(&self.place, &bytes)
    }

    /// Fetches an image of the catalogue, from the cache if it is there, and checks it.
    ///
    /// # Errors
    /// [`Code::HashMismatch`], [`Code::BadFirmware`], those of the network.
    pub(crate) fn fetch(&self, board: &Board, release: &Release) -> Result<Firmware> {
        let sha256 = release.sha256.to_ascii_lowercase();
        if !is_url(&self.place) && !is_url(&release.url) {
            let beside = Path::new(&self.place)
                .parent()
                .map_or_else(PathBuf::new, Path::to_path_buf);
            let bytes = local::read(&beside.join(&release.url))?;
            let real = crate::package::sha256(&bytes);
            if real != sha256 {
                return Err(Error::new(
                    Code::HashMismatch,
                    format!(
                        "`{}` is not what the catalogue promised: SHA-256 {sha256} was expected, {real} is there",
                        release.url
                    ),
                ));
            }
            return Firmware::parse(&release.url, bytes);
        }
        let url = self.absolute(&release.url)?;
        let wanted = Wanted {
            package: board.id.clone(),
            url: url.clone(),
            expect: Expect::Whole(sha256),
        };
        let bytes = self
            .store(false)?
            .files(&[wanted])?
            .pop()
            .unwrap_or_default();
        Firmware::parse(file_name(&url), bytes)
    }

    fn absolute(&self, url: &str) -> Result<String> {
        if is_url(url) {
            return Ok(url.to_string());
        }
        let joined = reqwest::Url::parse(&self.place).and_then(|base| base.join(url));
        let joined = joined.map_err(|error| {
            Error::new(
                Code::Config,
                format!("`{url}` in the catalogue is no address: {error}"),
            )
        })?;
        Ok(joined.to_string())
    }

    /// Fetches firmware that the user named by its URL; nothing promises what it is.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::BadFirmware`], those of the network.
    pub(crate) fn download(&self, url: &str) -> Result<Firmware> {
        let store = self.store(false)?;
        let wanted = Wanted {
            package: file_name(url).to_string(),
            url: url.to_string(),
            expect: Expect::Anything,
        };
        let bytes = store.files(&[wanted])?.pop().unwrap_or_default();
        debug_assert!(bytes.len() as u64 <= MOST_BYTES);
        Firmware::parse(file_name(url), bytes)
    }
}

/// The last part of a URL's path.
fn file_name(url: &str) -> &str {
    let plain = url.split(['?', '#']).next().unwrap_or(url);
    plain
        .rsplit('/')
        .find(|part| !part.is_empty())
        .unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let release = |version: &str, channel: &str, variant: &str, implementation: &str| {
            serde_json::json!({ "implementation": implementation, "version": version, "channel": channel,
                "variant": variant, "url": "x.bin", "sha256": "0".repeat(64) })
        };
        let text = serde_json::json!({ "v": 1, "boards": [
            { "id": "ESP32_GENERIC_C3", "name": "ESP32-C3", "mcu": "esp32c3", "default": true, "firmware": [
                release("1.9.4", "stable", "", "micropython"), release("1.29.0", "stable", "", "micropython"),
                release("1.28.0", "stable", "OTA", "micropython"),
                release("1.30.0-preview.9", "nightly", "", "micropython"),
                release("1.30.0-preview.41", "nightly", "", "micropython"),
                release("9.1.0", "stable", "", "circuitpython") ] },
            { "id": "LOLIN_C3_MINI", "vendor": "Wemos", "mcu": "esp32c3" },
            { "id": "A", "mcu": "rp2040" }, { "id": "B", "mcu": "rp2040" } ] });
        Index::parse("x", text.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn versions_are_chosen() {
        let index = index();
        let (board, variant) = index.choose_board(None, "esp32c3").unwrap();
        assert_eq!(
            (board.id.as_str(), variant.as_str()),
            ("ESP32_GENERIC_C3", "")
        );
        for (text, variant, version) in [
            ("latest", "", "1.29.0"),
            ("nightly", "", "1.30.0-preview.41"),
            ("1.9.4", "", "1.9.4"),
            ("v1.29.0", "", "1.29.0"),
            ("circuitpython", "", "9.1.0"),
            ("micropython@1.28.0", "ota", "1.28.0"),
        ] {
            let request = Request::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                board.choose(&request, variant).unwrap().version,
                version,
                "{text}"
            );
        }
        let error = board
            .choose(&Request::parse("7.0").unwrap(), "")
            .unwrap_err();
        assert!(
            error.hints()[0].contains("micropython@1.29.0"),
            "{:?}",
            error.hints()
        );
    }

    #[test]
    fn boards_are_chosen_or_asked_for() {
        let index = index();
        let (board, variant) = index
            .choose_board(Some("esp32_generic_c3-OTA"), "")
            .unwrap();
        assert_eq!(
            (board.id.as_str(), variant.as_str()),
            ("ESP32_GENERIC_C3", "OTA")
        );
        assert_eq!(
            index.choose_board(None, "rp2040").unwrap_err().code(),
            Code::SeveralBoards
        );
        assert_eq!(
            index.choose_board(None, "z80").unwrap_err().code(),
            Code::FirmwareNotFound
        );
        let error = index.choose_board(Some("C3"), "").unwrap_err();
        assert!(error.hints()[0].contains("LOLIN_C3_MINI"));
        assert_eq!(index.search(&["wemos".into(), "C3".into()]).len(), 1);
    }

    #[test]
    fn files_and_nonsense_are_no_versions() {
        for text in [
            "firmware.bin",
            "lastest",
            "",
            "1.2.uf2",
            "@",
            "x@1.2",
            "1..2",
            "micropython@",
            "1/2",
        ] {
            assert_eq!(Request::parse(text), None, "{text}");
        }
    }

    #[test]
    fn malformed_catalogues_are_named() {
        for (text, words) in [
            ("<html>", "no catalogue"),
            (r#"{"v":2,"boards":[]}"#, "version 2"),
            (
                r#"{"v":1,"boards":[{"id":"A","mcu":"x","firmware":[{"implementation":"m","version":"1","url":"u","sha256":"ab"}]}]}"#,
                "SHA-256",
            ),
        ] {
            let error = Index::parse("http://me:secret@host/i.json", text.as_bytes()).unwrap_err();
            assert!(
                error.message().contains(words) && !error.message().contains("secret"),
                "{error}"
            );
        }
    }
}
