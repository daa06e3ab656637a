//! What ucli installed on a board, kept on the board: `.ucli.json` in the library directory.
//!
//! `{"v":1,"packages":{NAME:{"version":…,"source":…,"requested":…,"deps":[…],"files":[[path,size,
//! sha256_16],…]}}}`; `sha256_16` are the first 16 digits. A file may belong to several packages. The
//! record is written last: what it says is on the board, and what an interrupted run left is found by
//! the digests when it is run again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::build::Built;
use crate::error::{Code, Error, Result};

/// Its name in the library directory.
pub(crate) const FILE: &str = ".ucli.json";
/// How many digits of a SHA-256 are kept.
const DIGITS: usize = 16;

/// All packages of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    v: u32,
    /// By name.
    pub(crate) packages: BTreeMap<String, Installed>,
}

/// A package on a board.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Installed {
    /// Its version, or nothing.
    #[serde(default)]
    pub(crate) version: String,
    /// Where it came from.
    #[serde(default)]
    pub(crate) source: String,
    /// The user asked for it; others needed the rest.
    #[serde(default)]
    pub(crate) requested: bool,
    /// What it needs.
    #[serde(default)]
    pub(crate) deps: Vec<String>,
    /// Its files.
    #[serde(default)]
    pub(crate) files: Vec<Owned>,
}

/// A file on a board: path, size, first digits of the SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owned(pub(crate) String, pub(crate) u64, pub(crate) String);

impl Owned {
    /// The record of a file.
    pub(crate) fn new(path: &str, bytes: &[u8]) -> Self {
        let digits = super::sha256(bytes)[..DIGITS].to_string();
        Self(path.to_string(), bytes.len() as u64, digits)
    }

    /// The record of a file of this length and SHA-256.
    pub(crate) fn known(path: &str, (len_bytes, sha256): &(u64, String)) -> Self {
        let digits = sha256.chars().take(DIGITS).collect();
        Self(path.to_string(), *len_bytes, digits)
    }
}

impl Default for Record {
    fn default() -> Self {
        Self {
            v: 1,
            packages: BTreeMap::new(),
        }
    }
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// [`Code::BadPackage`] when it is damaged, [`Code::Unsupported`] when a newer ucli wrote it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let damaged = |reason: String| {
            Error::new(
                Code::BadPackage,
                format!("The record of installed packages on the board is damaged: {reason}"),
            )
            .hint(format!(
                "Remove `{FILE}` from the library directory and install again"
            ))
        };
        let record: Self =
            serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if record.v != 1 {
            return Err(Error::new(
                Code::Unsupported,
                format!(
                    "The record of installed packages has version {}; this ucli knows 1",
                    record.v
                ),
            ));
        }
        for (name, package) in &record.packages {
            for file in &package.files {
                super::path::check(&file.0, name)
                    .map_err(|error| damaged(error.message().to_string()))?;
            }
        }
        Ok(record)
    }

    /// The text of the record, the same for the same packages.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain texts and numbers")
    }

    /// The name under which a package is recorded, however it is spelt.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        let key = super::normalised(name);
        let spelt = |(recorded, package): &(&String, &Installed)| {
            super::normalised(recorded) == key || package.source == name
        };
        self.packages
            .iter()
            .find(spelt)
            .map(|(name, _)| name.as_str())
    }

    /// The packages that own a path, other than those in `except`.
    pub(crate) fn owners<'a>(
        &'a self,
        path: &'a str,
        except: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = (&'a str, &'a Owned)> {
        self.packages
            .iter()
            .filter(|(name, _)| !except.contains(*name))
            .flat_map(|(name, package)| package.files.iter().map(move |file| (name.as_str(), file)))
            .filter(move |(_, file)| file.0 == path)
    }

    /// Enters a package that is on the board now.
    pub(crate) fn enter(&mut self, built: &Built) {
        let package = &built.package;
        let was_requested = self
            .packages
            .get(&package.name)
            .is_some_and(|old| old.requested);
        let mut files: Vec<Owned> = built
            .files
            .iter()
            .map(|(path, bytes)| Owned::new(path, bytes))
            .collect();
        files.sort_by(|a, b| a.0.cmp(&b.0));
        let installed = Installed {
            version: package.version.clone(),
            source: package.source.clone(),
            requested: package.requested || was_requested,
            deps: package.dependencies.clone(),
            files,
        };
        self.packages.insert(package.name.clone(), installed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_comes_back() {
        let mut record = Record::default();
        let installed = Installed {
            version: "1".to_string(),
            files: vec![Owned::new("a.py", b"x")],
            ..Installed::default()
        };
        record.packages.insert("a.b".to_string(), installed);
        let again = Record::parse(&record.to_bytes()).unwrap();
        assert_eq!(again, record);
        assert_eq!(again.find("A-b"), Some("a.b"));
        assert_eq!(again.owners("a.py", &BTreeSet::new()).count(), 1);
        assert_eq!(
            again
                .owners("a.py", &BTreeSet::from(["a.b".to_string()]))
                .count(),
            0
        );
    }

    #[test]
    fn damaged_records_err() {
        for text in [
            "",
            "{}",
            "[1]",
            r#"{"v":1,"packages":{"a":{"files":[["../x",1,"ab"]]}}}"#,
        ] {
            assert_eq!(
                Record::parse(text.as_bytes()).unwrap_err().code(),
                Code::BadPackage,
                "{text}"
            );
        }
        let newer = br#"{"v":2,"packages":{}}"#;
        assert_eq!(Record::parse(newer).unwrap_err().code(), Code::Unsupported);
    }
}
