//! `ucli.lock`: which packages a project has, where each came from, and the SHA-256 of every file.
//!
//! Sources are locked and what is compiled is derived, so one lock serves every board. The text is the
//! same for the same packages on every computer: sorted, and without times, user names or passwords.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::normalised;
use super::resolve::Archive;
use crate::error::{Code, Error, Result};

/// Its name beside `pyproject.toml`.
pub(crate) const FILE: &str = "ucli.lock";
/// The form of files that are source, or whatever the package has.
pub(crate) const SOURCE: &str = "py";
/// The form of files that an index compiled to bytecode 6.
pub(crate) const BYTECODE: &str = "mpy6";

/// A whole lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lock {
    /// The firmware that the project wants, as the project says it.
    pub(crate) micropython: String,
    /// What the project asks for.
    pub(crate) requires: Vec<Required>,
    /// What it asks for while it is developed.
    pub(crate) requires_dev: Vec<Required>,
    /// The packages, by name.
    pub(crate) packages: Vec<Locked>,
}

/// Something that a project asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Required {
    /// The project's name for it.
    pub(crate) name: String,
    /// What is wanted, in the project's words.
    pub(crate) wants: String,
    /// The package that it is, where that has another name.
    #[serde(default)]
    pub(crate) package: String,
}

impl Required {
    /// The name of the package in the lock.
    pub(crate) fn target(&self) -> &str {
        if self.package.is_empty() {
            &self.name
        } else {
            &self.package
        }
    }
}

/// A locked package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Locked {
    /// Its name.
    pub(crate) name: String,
    /// Its version, or nothing.
    pub(crate) version: String,
    /// As [`super::resolve::Package::source`].
    pub(crate) source: String,
    /// The index, for packages of one.
    pub(crate) index: String,
    /// What the index was asked for.
    pub(crate) asked: String,
    /// The archive that holds its files.
    pub(crate) archive: Option<Archive>,
    /// The commit that its branch or tag stood for.
    pub(crate) commit: String,
    /// What it needs, with ranges.
    pub(crate) dependencies: Vec<String>,
    /// Its files by form.
    pub(crate) files: BTreeMap<String, Vec<LockedFile>>,
}

/// A locked file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct LockedFile {
    /// Its path below the library directory.
    pub(crate) path: String,
    /// All digits of its SHA-256.
    #[serde(rename = "hash")]
    pub(crate) sha256: String,
    /// Its length.
    #[serde(rename = "size")]
    pub(crate) len_bytes: u64,
    /// Where it is, when that does not follow from the package.
    #[serde(default)]
    pub(crate) url: String,
}

impl Locked {
    /// Where a file is fetched from.
    pub(crate) fn url_of(&self, file: &LockedFile) -> String {
        if file.url.is_empty() {
            file_url(&self.index, &file.sha256)
        } else {
            file.url.clone()
        }
    }

    /// The names of what it needs.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &str> {
        self.dependencies.iter().map(|text| {
            let end = text.find(['=', '<', '>', '!', '~']).unwrap_or(text.len());
            &text[..end]
        })
    }

    /// The files of a form, or the source where it has none of that form.
    pub(crate) fn form(&self, form: &str) -> &[LockedFile] {
        let found = self.files.get(form).or_else(|| self.files.get(SOURCE));
        found.map_or(&[], Vec::as_slice)
    }
}

/// Where an index keeps a file: under the first eight digits of its SHA-256.
pub(crate) fn file_url(index: &str, sha256: &str) -> String {
    let (first, whole) = (sha256.get(..2), sha256.get(..8));
    format!(
        "{index}/file/{}/{}",
        first.unwrap_or(""),
        whole.unwrap_or("")
    )
}

#[derive(Deserialize)]
struct Text {
    version: u32,
    #[serde(default, rename = "requires-micropython")]
    micropython: String,
    #[serde(default)]
    requires: Vec<Required>,
    #[serde(default, rename = "requires-dev")]
    requires_dev: Vec<Required>,
    #[serde(default)]
    package: Vec<TextPackage>,
}

#[derive(Deserialize)]
struct TextPackage {
    name: String,
    #[serde(default)]
    version: String,
    source: BTreeMap<String, String>,
    #[serde(default, rename = "resolved-from")]
    asked: String,
    artifact: Option<TextArchive>,
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    files: BTreeMap<String, Vec<LockedFile>>,
}

#[derive(Deserialize)]
struct TextArchive {
    url: String,
    hash: String,
    size: u64,
}

fn damaged(reason: &str) -> Error {
    Error::new(Code::BadPackage, format!("`{FILE}` is damaged: {reason}"))
        .hint("`ucli lock` writes it anew after it is removed")
}

/// The digits of `sha256:…`.
fn digits(text: &str) -> Result<String> {
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() == 64 && digits.bytes().all(is_digit) {
        return Ok(digits.to_string());
    }
    Err(damaged(&format!(
        "`{}` is no SHA-256",
        crate::output::sanitise::line(text)
    )))
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// [`Code::BadPackage`] when it is damaged, [`Code::Unsupported`] when a newer ucli wrote it,
    /// [`Code::UnsafePath`] when it would write elsewhere.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let value: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let reason = error.to_string();
            damaged(reason.lines().next().unwrap_or_default())
        })?;
        if let Some(version) = value.get("version").and_then(toml::Value::as_integer)
            && version != 1
        {
            return Err(Error::new(
                Code::Unsupported,
                format!("`{FILE}` has version {version}; this ucli knows 1"),
            ));
        }
        let text: Text = value
            .try_into()
            .map_err(|error: toml::de::Error| damaged(error.message()))?;
        debug_assert_eq!(text.version, 1);
        let mut packages = Vec::new();
        for package in text.package {
            packages.push(package.checked()?);
        }
        let lock = Self {
            micropython: text.micropython,
            requires: text.requires,
            requires_dev: text.requires_dev,
            packages,
        };
        for package in &lock.packages {
            if let Some(missing) = package.needs().find(|name| lock.find(name).is_none()) {
                return Err(damaged(&format!(
                    "`{}` needs `{missing}`, which is not in it",
                    package.name
                )));
            }
        }
        Ok(lock)
    }

    /// A package, however its name is spelt.
    pub(crate) fn find(&self, name: &str) -> Option<&Locked> {
        let key = normalised(name);
        self.packages
            .iter()
            .find(|package| normalised(&package.name) == key)
    }

    /// The packages that are needed, without those that only the development needs.
    pub(crate) fn needed(&self, dev: bool) -> Vec<&Locked> {
        let dev = self.requires_dev.iter().filter(|_| dev);
        let mut todo: Vec<&str> = self
            .requires
            .iter()
            .chain(dev)
            .map(Required::target)
            .collect();
        let mut found: BTreeMap<&str, &Locked> = BTreeMap::new();
        while let Some(name) = todo.pop() {
            if let Some(package) = self.find(name)
                && found.insert(&package.name, package).is_none()
            {
                todo.extend(package.needs());
            }
        }
        found.into_values().collect()
    }

    /// The text of the file.
    pub(crate) fn to_text(&self) -> String {
        let mut out = String::from("# Written by ucli; do not edit.\nversion = 1\nrevision = 1\n");
        if !self.micropython.is_empty() {
            out += &format!("requires-micropython = {}\n", quoted(&self.micropython));
        }
        for (key, list) in [
            ("requires", &self.requires),
            ("requires-dev", &self.requires_dev),
        ] {
            if list.is_empty() {
                continue;
            }
            out += &format!("{key} = [\n");
            for one in list {
                let package = match one.package.as_str() {
                    "" => String::new(),
                    package => format!(", package = {}", quoted(package)),
                };
                let (name, wants) = (quoted(&one.name), quoted(&one.wants));
                out += &format!("  {{ name = {name}, wants = {wants}{package} }},\n");
            }
            out += "]\n";
        }
        for package in &self.packages {
            package.write(&mut out);
        }
        out
    }
}

impl TextPackage {
    fn checked(self) -> Result<Locked> {
        let get = |key: &str| self.source.get(key).cloned().unwrap_or_default();
        let (source, index) = if let Some(index) = self.source.get("mip") {
            (format!("mip:{index}"), index.clone())
        } else if let Some(index) = self.source.get("pypi") {
            ("pypi".to_string(), index.clone())
        } else if let Some(index) = self.source.get("circuitpython") {
            (format!("circuitpython:{index}"), index.clone())
        } else if let Some(place) = self.source.get("git") {
            let reference = match get("ref") {
                text if text.is_empty() => text,
                text => format!("@{text}"),
            };
            (format!("{place}{reference}"), String::new())
        } else if let Some(url) = self.source.get("url") {
            (url.clone(), String::new())
        } else if let Some(path) = self.source.get("path") {
            (format!("path:{path}"), String::new())
        } else {
            return Err(damaged(&format!("`{}` has no source", self.name)));
        };
        let commit = get("commit");
        let mut files = self.files;
        for file in files.values_mut().flatten() {
            super::path::check(&file.path, &self.name)?;
            file.sha256 = digits(&file.sha256)?;
        }
        let archive = match self.artifact {
            Some(one) => Some(Archive {
                url: one.url,
                sha256: digits(&one.hash)?,
                len_bytes: one.size,
            }),
            None => None,
        };
        for text in &self.dependencies {
            super::spec::Spec::parse(text)
                .map_err(|_| damaged(&format!("`{text}` is no dependency")))?;
        }
        Ok(Locked {
            name: self.name,
            version: self.version,
            source,
            index,
            asked: self.asked,
            archive,
            commit,
            dependencies: self.dependencies,
            files,
        })
    }
}

impl Locked {
    fn write(&self, out: &mut String) {
        *out += &format!("\n[[package]]\nname = {}\n", quoted(&self.name));
        if !self.version.is_empty() {
            *out += &format!("version = {}\n", quoted(&self.version));
        }
        *out += &format!("source = {{ {} }}\n", self.source_text());
        if !self.asked.is_empty() {
            *out += &format!("resolved-from = {}\n", quoted(&self.asked));
        }
        if let Some(archive) = &self.archive {
            *out += &format!(
                "artifact = {{ url = {}, hash = \"sha256:{}\", size = {} }}\n",
                quoted(&archive.url),
                archive.sha256,
                archive.len_bytes
            );
        }
        if !self.dependencies.is_empty() {
            let list: Vec<String> = self.dependencies.iter().map(|text| quoted(text)).collect();
            *out += &format!("dependencies = [{}]\n", list.join(", "));
        }
        for (form, files) in &self.files {
            *out += &format!("files.{form} = [\n");
            for file in files {
                let url = match file.url.as_str() {
                    "" => String::new(),
                    url => format!(", url = {}", quoted(url)),
                };
                *out += &format!(
                    "  {{ path = {}, hash = \"sha256:{}\", size = {}{url} }},\n",
                    quoted(&file.path),
                    file.sha256,
                    file.len_bytes
                );
            }
            *out += "]\n";
        }
    }

    fn source_text(&self) -> String {
        let pair = |key: &str, text: &str| format!("{key} = {}", quoted(text));
        if self.source.starts_with("mip:") {
            return pair("mip", &self.index);
        }
        if self.source.starts_with("circuitpython:") {
            return pair("circuitpython", &self.index);
        }
        if self.source == "pypi" {
            return pair("pypi", &self.index);
        }
        if let Some(rest) = self.source.strip_prefix("path:") {
            return pair("path", rest);
        }
        if self.source.contains("://") {
            return pair("url", &self.source);
        }
        let (place, reference) = match self.source.rsplit_once('@') {
            Some((place, reference)) => (place, reference),
            None => (self.source.as_str(), ""),
        };
        let mut text = pair("git", place);
        for (key, value) in [("ref", reference), ("commit", &self.commit)] {
            if !value.is_empty() {
                text += &format!(", {}", pair(key, value));
            }
        }
        text
    }
}

/// A text between quotes, as TOML wants it.
pub(crate) fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        let file = |path: &str, url: &str| LockedFile {
            path: path.to_string(),
            sha256: "ab".repeat(32),
            len_bytes: 5,
            url: url.to_string(),
        };
        let files = |list: Vec<LockedFile>| BTreeMap::from([(SOURCE.to_string(), list)]);
        Lock {
            micropython: ">=1.23".to_string(),
            requires: vec![Required {
                name: "a".into(),
                wants: "*".into(),
                package: "b.c".into(),
            }],
            requires_dev: Vec::new(),
            packages: vec![
                Locked {
                    name: "b.c".into(),
                    version: "1 \"x\"\u{7f}".into(),
                    source: "mip:https://h/i".into(),
                    index: "https://h/i".into(),
                    asked: "latest".into(),
                    dependencies: vec!["d>=1".into()],
                    files: files(vec![file("a.py", "")]),
                    ..Locked::default()
                },
                Locked {
                    name: "d".into(),
                    source: "github:o/r/d@v1".into(),
                    commit: "c".repeat(40),
                    files: files(vec![file("d/__init__.py", "https://h/d")]),
                    ..Locked::default()
                },
                Locked {
                    name: "e".into(),
                    source: "pypi".into(),
                    index: "https://p".into(),
                    archive: Some(Archive {
                        url: "https://p/e.whl".into(),
                        sha256: "cd".repeat(32),
                        len_bytes: 9,
                    }),
                    ..Locked::default()
                },
                Locked {
                    name: "g".into(),
                    source: "circuitpython:https://h/b".into(),
                    index: "https://h/b".into(),
                    asked: "20250214".into(),
                    ..Locked::default()
                },
                Locked {
                    name: "f".into(),
                    source: "path:../f".into(),
                    ..Locked::default()
                },
            ],
        }
    }

    #[test]
    fn lock_comes_back_as_it_was() {
        let text = lock().to_text();
        let again = Lock::parse(&text).unwrap();
        assert_eq!(again, lock());
        assert_eq!(again.to_text(), text);
        let names: Vec<&str> = again
            .needed(false)
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(names, ["b.c", "d"]);
        assert_eq!(
            again.packages[0].url_of(&again.packages[0].files[SOURCE][0]),
            "https://h/i/file/ab/abababab"
        );
    }

    #[test]
    fn damaged_locks_err() {
        let text = lock().to_text();
        for (from, to) in [
            ("a.py", "../a.py"),
            ("sha256:ab", "sha256:zz"),
            ("d>=1", "unknown"),
            ("d>=1", "d>=="),
            ("source = { path", "source = { other"),
            ("version = 1", "version = \"x\""),
            ("[[package]]", "[[package"),
        ] {
            assert!(Lock::parse(&text.replacen(from, to, 1)).is_err(), "{to}");
        }
        let error = Lock::parse(&text.replacen("version = 1", "version = 2", 1)).unwrap_err();
        assert_eq!(error.code(), Code::Unsupported);
    }
}
