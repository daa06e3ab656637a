//! CircuitPython's library bundles: a list of libraries in JSON, and archives with all of them, one for
//! each version of the bytecode and one with the sources. A bundle is a release of a repository, and its
//! tag is a date.
//!
//! Source: the releases of `Adafruit_CircuitPython_Bundle` and how `circup` reads them:
//! `URL/releases/download/TAG/ID-TAG.json` and `ID-FORM-TAG.zip` with `ID-FORM-TAG/lib/…`; FORM is `py` or
//! `9.x-mpy`.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use serde::Deserialize;

use super::archive::Files;
use super::{normalised, path};
use crate::error::{Code, Error, Result};

/// The bundles that are asked when no other is named: Adafruit's, and that of everybody.
pub(crate) const DEFAULT: [&str; 2] = [
    "https://github.com/adafruit/Adafruit_CircuitPython_Bundle",
    "https://github.com/adafruit/CircuitPython_Community_Bundle",
];
/// The form with the sources.
pub(crate) const SOURCE: &str = "py";
/// Most bytes of one library.
const MOST_BYTES: u64 = 16 << 20;

/// One release of a bundle.
#[derive(Clone, Debug)]
pub(crate) struct Bundle {
    /// The repository.
    pub(crate) url: String,
    /// The tag of the release.
    pub(crate) tag: String,
    libraries: BTreeMap<String, Library>,
}

/// A library of a bundle.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Library {
    /// Its version.
    #[serde(default)]
    pub(crate) version: String,
    /// Where it is in the archives, without the end of its name.
    path: String,
    /// Its name on PyPI.
    #[serde(default)]
    pypi_name: String,
    /// The libraries of the bundle that it needs.
    #[serde(default)]
    pub(crate) dependencies: Vec<String>,
}

impl Bundle {
    /// Reads the list of a release.
    ///
    /// # Errors
    /// [`Code::BadPackage`] for what is no such list.
    pub(crate) fn parse(url: &str, tag: &str, bytes: &[u8]) -> Result<Self> {
        let libraries = serde_json::from_slice(bytes).map_err(|error| {
            let url = super::http::redacted(url);
            Error::new(
                Code::BadPackage,
                format!("The list of the bundle `{url}` {tag} is no list: {error}"),
            )
        })?;
        Ok(Self {
            url: url.to_string(),
            tag: tag.to_string(),
            libraries,
        })
    }

    /// A library, however its name is spelt: the name of its module or that on PyPI.
    pub(crate) fn find(&self, name: &str) -> Option<(&str, &Library)> {
        let key = normalised(name);
        let by_module = self
            .libraries
            .iter()
            .find(|(module, _)| normalised(module) == key);
        let found = by_module.or_else(|| {
            let mut all = self.libraries.iter();
            all.find(|(_, one)| !one.pypi_name.is_empty() && normalised(&one.pypi_name) == key)
        });
        found.map(|(module, one)| (module.as_str(), one))
    }

    /// Where the archive of a form is.
    pub(crate) fn archive(&self, form: &str) -> String {
        let (url, tag) = (&self.url, &self.tag);
        format!("{url}/releases/download/{tag}/{}-{form}-{tag}.zip", id(url))
    }
}

/// Where the list of a release is.
pub(crate) fn list_url(url: &str, tag: &str) -> String {
    format!("{url}/releases/download/{tag}/{}-{tag}.json", id(url))
}

/// The beginning of the names of a bundle's files.
fn id(url: &str) -> String {
    let name = url.rsplit('/').next().unwrap_or(url);
    name.to_ascii_lowercase().replace('_', "-")
}

/// A bundle as it is written in settings: its URL, and the tag after `@`.
pub(crate) fn with_tag(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('@') {
        Some((url, tag)) if !tag.contains('/') && !tag.is_empty() => {
            (url.trim_end_matches('/'), Some(tag))
        }
        _ => (text.trim_end_matches('/'), None),
    }
}

/// The tags that are dates, newest first, in git's list of references.
pub(crate) fn tags<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let is_date = |tag: &&str| tag.len() == 8 && tag.bytes().all(|byte| byte.is_ascii_digit());
    let mut tags: Vec<String> = names
        .filter_map(|name| name.strip_prefix("refs/tags/"))
        .filter(is_date)
        .map(str::to_string)
        .collect();
    tags.sort();
    tags.dedup();
    tags.reverse();
    tags
}

/// The files of a library in an archive of its bundle, by their path below the library directory.
///
/// # Errors
/// [`Code::BadPackage`] for what is no archive or has no such library, [`Code::TooLarge`],
/// [`Code::UnsafePath`].
pub(crate) fn extract(bytes: &[u8], module: &str, library: &Library) -> Result<Files> {
    let stem = library.path.strip_prefix("lib/").unwrap_or(&library.path);
    let stem = stem
        .strip_suffix(".py")
        .or_else(|| stem.strip_suffix(".mpy"))
        .unwrap_or(stem);
    path::check(stem, module)?;
    let directory = format!("{stem}/");
    select(bytes, module, &|path| {
        let rest = path.strip_prefix(stem);
        path.starts_with(&directory) || matches!(rest, Some(".py" | ".mpy"))
    })
}

/// The files of an archive of a bundle that `wanted` picks by their path below the library directory.
///
/// # Errors
/// As [`extract`].
pub(crate) fn select(bytes: &[u8], name: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Files> {
    let bad = |reason: &str| {
        Error::new(
            Code::BadPackage,
            format!("The bundle with `{name}` is refused: {reason}"),
        )
        .hint("Nothing was written")
    };
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| bad("it is no archive"))?;
    let mut files = Files::new();
    let mut total_bytes = 0;
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|_| bad("it is damaged"))?;
        // `ID-FORM-TAG/lib/…`
        let full = member.name().to_string();
        let inside = full
            .split_once('/')
            .and_then(|(_, rest)| rest.strip_prefix("lib/"));
        let Some(path) = inside.filter(|path| member.is_file() && wanted(path)) else {
            continue;
        };
        path::check(path, name)?;
        let mut content = Vec::new();
        let left = MOST_BYTES - total_bytes;
        member
            .by_ref()
            .take(left + 1)
            .read_to_end(&mut content)
            .map_err(|_| bad("it is damaged"))?;
        total_bytes += content.len() as u64;
        if total_bytes > MOST_BYTES {
            return Err(Error::new(
                Code::TooLarge,
                format!(
                    "`{name}` unpacks to more than {}",
                    crate::output::bytes::human(MOST_BYTES)
                ),
            )
            .hint("Nothing was written"));
        }
        files.insert(path.to_string(), content);
    }
    if files.is_empty() {
        return Err(bad("the library is not in it"));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"adafruit_dht":{"package":false,"pypi_name":"adafruit-circuitpython-dht",
        "version":"4.0.3","path":"lib/adafruit_dht","dependencies":["neo"]},
        "neo":{"package":true,"version":"1","path":"lib/neo","dependencies":[]}}"#;

    fn zipped(entries: &[(&str, &str)]) -> Vec<u8> {
        use std::io::Write;
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in entries {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(*name, options).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn libraries_are_found_under_both_names() {
        let bundle = Bundle::parse("https://h/o/My_Bundle", "20250214", LIST.as_bytes()).unwrap();
        for name in ["adafruit_dht", "Adafruit-DHT", "adafruit-circuitpython-dht"] {
            assert_eq!(bundle.find(name).unwrap().0, "adafruit_dht", "{name}");
        }
        assert!(bundle.find("dht").is_none());
        assert_eq!(
            bundle.archive("9.x-mpy"),
            "https://h/o/My_Bundle/releases/download/20250214/my-bundle-9.x-mpy-20250214.zip"
        );
        assert!(Bundle::parse("u", "t", b"[]").is_err());
        assert_eq!(
            with_tag("https://h/b/@20250214"),
            ("https://h/b", Some("20250214"))
        );
        assert_eq!(with_tag("https://me@h/b"), ("https://me@h/b", None));
        let names = [
            "refs/tags/20250101",
            "refs/tags/20250214",
            "refs/tags/v1",
            "HEAD",
        ];
        assert_eq!(tags(names.into_iter()), ["20250214", "20250101"]);
    }

    #[test]
    fn files_of_one_library_come_out() {
        let archive = zipped(&[
            ("b-py-1/lib/adafruit_dht.py", "x"),
            ("b-py-1/lib/adafruit_dht_more.py", "y"),
            ("b-py-1/lib/neo/__init__.py", "z"),
            ("b-py-1/examples/adafruit_dht.py", "no"),
        ]);
        let bundle = Bundle::parse("u/b", "1", LIST.as_bytes()).unwrap();
        let names = |name: &str| {
            let (module, library) = bundle.find(name).unwrap();
            let files = extract(&archive, module, library).unwrap();
            files.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(names("adafruit_dht"), ["adafruit_dht.py"]);
        assert_eq!(names("neo"), ["neo/__init__.py"]);
        let (module, library) = bundle.find("neo").unwrap();
        let code = |bytes: &[u8]| extract(bytes, module, library).unwrap_err().code();
        assert_eq!(code(b"junk"), Code::BadPackage);
        assert_eq!(code(&archive[..40]), Code::BadPackage);
        assert_eq!(code(&zipped(&[("b/lib/other.py", "")])), Code::BadPackage);
        let escape = zipped(&[("b/lib/neo/../../boot.py", "x")]);
        assert_eq!(code(&escape), Code::UnsafePath);
        let bomb = zipped(&[("b/lib/neo/x.py", &"\0".repeat(17 << 20))]);
        assert_eq!(code(&bomb), Code::TooLarge);
    }
}
