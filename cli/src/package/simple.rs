//! The page of a project in a Python package index, and which of its files is taken.
//!
//! Source: the simple repository API, PEP 691 (JSON) and PEP 503 (HTML); PEP 592 for yanked files;
//! PEP 427 for the names of wheels.

use pep440_rs::Version;
use serde::Deserialize;

use super::normalised;
use super::spec::Wish;
use crate::error::{Code, Error, Result};

/// The media types that are understood, best first.
pub(crate) const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// A file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Its name.
    pub(crate) filename: String,
    /// Where it is.
    pub(crate) url: String,
    /// Its SHA-256, where the index says it.
    pub(crate) sha256: Option<String>,
    /// Taken back by its author.
    pub(crate) yanked: bool,
    /// When it was uploaded, as the index says it; empty where it does not.
    pub(crate) uploaded: String,
}

#[derive(Deserialize)]
struct Page {
    files: Vec<PageFile>,
}

#[derive(Deserialize)]
struct PageFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    yanked: serde_json::Value,
    #[serde(default, rename = "upload-time")]
    uploaded: Option<String>,
}

/// Reads a page; `url` is its own address.
///
/// # Errors
/// [`Code::BadPackage`] when it is neither of the two forms.
pub(crate) fn parse(bytes: &[u8], url: &str) -> Result<Vec<Candidate>> {
    let base = reqwest::Url::parse(url).ok();
    let absolute = |link: &str| match &base {
        Some(base) => base
            .join(link)
            .map_or(link.to_string(), |url| url.to_string()),
        None => link.to_string(),
    };
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Ok(html(&String::from_utf8_lossy(bytes), &absolute));
    }
    let page: Page = serde_json::from_slice(bytes).map_err(|error| {
        let url = super::http::redacted(url);
        Error::new(
            Code::BadPackage,
            format!("`{url}` is no page of a package index: {error}"),
        )
    })?;
    let candidate = |file: PageFile| Candidate {
        url: absolute(&file.url),
        sha256: file.hashes.get("sha256").cloned(),
        yanked: !matches!(
            file.yanked,
            serde_json::Value::Bool(false) | serde_json::Value::Null
        ),
        uploaded: file.uploaded.unwrap_or_default(),
        filename: file.filename,
    };
    Ok(page.files.into_iter().map(candidate).collect())
}

/// The links of the older form: `<a href="URL#sha256=…" data-yanked>name</a>`.
fn html(text: &str, absolute: &dyn Fn(&str) -> String) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for piece in text.split("<a ").skip(1) {
        let Some((attributes, rest)) = piece.split_once('>') else {
            continue;
        };
        let Some(link) = attributes
            .split_once("href=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(link, _)| link.replace("&amp;", "&"))
        else {
            continue;
        };
        let (place, fragment) = link.split_once('#').unwrap_or((&link, ""));
        candidates.push(Candidate {
            filename: rest.split('<').next().unwrap_or("").trim().to_string(),
            url: absolute(place),
            sha256: fragment.strip_prefix("sha256=").map(str::to_string),
            yanked: attributes.contains("data-yanked"),
            uploaded: String::new(),
        });
    }
    candidates
}

/// What a file is by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A wheel of Python code only.
    PureWheel,
    /// A wheel for one system.
    BinaryWheel,
    /// A source distribution that we can read.
    Source,
}

/// The kind and version of a file of `project`; `None` for what is neither wheel nor source.
pub(crate) fn kind(filename: &str, project: &str) -> Option<(Kind, String)> {
    if let Some(stem) = filename.strip_suffix(".whl") {
        let parts: Vec<&str> = stem.split('-').collect();
        let version = parts.get(1)?;
        let pure = stem.ends_with("-none-any") && parts.len() >= 5;
        let kind = if pure {
            Kind::PureWheel
        } else {
            Kind::BinaryWheel
        };
        return Some((kind, (*version).to_string()));
    }
    let stem = [".tar.gz", ".tgz", ".zip"]
        .iter()
        .find_map(|end| filename.strip_suffix(end))?;
    // The name itself may have dashes and digits: its length is that of the project's.
    let (at, _) = stem
        .char_indices()
        .find(|&(at, letter)| letter == '-' && normalised(&stem[..at]) == normalised(project))?;
    Some((Kind::Source, stem[at + 1..].to_string()))
}

/// The versions of a project, oldest first.
pub(crate) fn versions(candidates: &[Candidate], project: &str) -> Vec<String> {
    let mut found: Vec<(Version, String)> = candidates
        .iter()
        .filter(|candidate| !candidate.yanked)
        .filter_map(|candidate| kind(&candidate.filename, project))
        .filter_map(|(_, text)| Some((text.parse().ok()?, text)))
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().map(|(_, text)| text).collect()
}

/// Which file is taken, and its version; `allows` leaves versions out.
///
/// # Errors
/// [`Code::PackageNotFound`] without a version that fits, [`Code::NotForBoards`] when there are only
/// programs for other computers.
pub(crate) fn choose(
    candidates: &[Candidate],
    project: &str,
    wish: &Wish,
    allows: &dyn Fn(&str) -> bool,
) -> Result<(Candidate, Kind, String)> {
    let mut found: Vec<(Version, Kind, String, &Candidate)> = Vec::new();
    for candidate in candidates {
        let Some((kind, text)) = kind(&candidate.filename, project) else {
            continue;
        };
        let Ok(version) = text.parse::<Version>() else {
            continue;
        };
        let pinned = matches!(wish, Wish::Exact(_));
        if wish.allows(&text) && allows(&text) && (!candidate.yanked || pinned) {
            found.push((version, kind, text, candidate));
        }
    }
    let has_final = found.iter().any(|(version, ..)| !version.any_prerelease());
    if has_final && !matches!(wish, Wish::Exact(_)) {
        found.retain(|(version, ..)| !version.any_prerelease());
    }
    let Some(newest) = found.iter().map(|(version, ..)| version.clone()).max() else {
        return Err(Error::new(
            Code::PackageNotFound,
            format!("`{project}` has no version that fits `{wish}`"),
        ));
    };
    found.retain(|(version, ..)| *version == newest);
    let of = |wanted: Kind| found.iter().find(|(_, kind, ..)| *kind == wanted);
    let chosen = match (of(Kind::PureWheel), of(Kind::BinaryWheel), of(Kind::Source)) {
        (Some(found), ..) | (None, None, Some(found)) => found,
        _ => {
            return Err(Error::new(
                Code::NotForBoards,
                format!(
                    "`{project}` {newest} is compiled for CPython on computers; boards cannot run it"
                ),
            ));
        }
    };
    Ok((chosen.3.clone(), chosen.1, chosen.2.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(names: &[&str]) -> Vec<Candidate> {
        names
            .iter()
            .map(|name| Candidate {
                filename: name.trim_end_matches('!').to_string(),
                url: String::new(),
                sha256: None,
                yanked: name.ends_with('!'),
                uploaded: String::new(),
            })
            .collect()
    }

    fn chosen(names: &[&str], wish: &Wish) -> Result<String> {
        choose(&candidates(names), "my-pack", wish, &|_| true)
            .map(|(candidate, ..)| candidate.filename)
    }

    #[test]
    fn newest_version_wins_and_then_the_wheel() {
        let names = [
            "my-pack-1.2.tar.gz",
            "my_pack-1.10-py3-none-any.whl",
            "my-pack-1.10.tar.gz",
            "my-pack-1.11.tar.gz",
            "my-pack-2.0rc1.tar.gz",
            "my-pack-1.12.tar.gz!",
        ];
        assert_eq!(
            chosen(&names, &Wish::Newest).unwrap(),
            "my-pack-1.11.tar.gz"
        );
        let range = Wish::Range("<1.11".parse().unwrap());
        assert_eq!(
            chosen(&names, &range).unwrap(),
            "my_pack-1.10-py3-none-any.whl"
        );
        assert_eq!(
            chosen(&names, &Wish::Exact("1.12".into())).unwrap(),
            "my-pack-1.12.tar.gz"
        );
        assert!(chosen(&names, &Wish::Exact("9".into())).is_err());
        assert_eq!(
            chosen(&["my-pack-2.0rc1.tar.gz"], &Wish::Newest).unwrap(),
            "my-pack-2.0rc1.tar.gz"
        );
    }

    #[test]
    fn compiled_packages_are_refused() {
        let names = ["my_pack-1-cp311-cp311-linux_x86_64.whl", "my-pack-1.tar.gz"];
        assert_eq!(
            chosen(&names, &Wish::Newest).unwrap_err().code(),
            Code::NotForBoards
        );
    }

    #[test]
    fn both_forms_of_a_page_are_read() {
        let json = br#"{"files":[{"filename":"a-1.tar.gz","url":"../../f/a-1.tar.gz","hashes":{"sha256":"ab"},"yanked":"why"}]}"#;
        let page = parse(json, "https://h/simple/a/").unwrap();
        assert_eq!(page[0].url, "https://h/f/a-1.tar.gz");
        assert!(page[0].yanked);
        let html = b"<!DOCTYPE html><a href=\"/f/a-1.tar.gz#sha256=ab\" data-requires-python=\"&gt;=3\">a-1.tar.gz</a>";
        let page = parse(html, "https://h/simple/a/").unwrap();
        assert_eq!(page[0].url, "https://h/f/a-1.tar.gz");
        assert_eq!(
            (page[0].sha256.as_deref(), page[0].yanked),
            (Some("ab"), false)
        );
        assert!(parse(b"{", "https://h/").is_err());
    }
}
