//! What a user means by a package argument, and where hosted files are fetched from.
//!
//! Only text: no file is looked at and no server asked.
//!
//! Source: `mip`'s documentation for `NAME@VERSION`, `github:`, `gitlab:`, `codeberg:` and URLs; the
//! schemes `mip:`, `pypi:` and `circuitpython:` and the ranges (`NAME>=1.2`) are ours.

use pep440_rs::{Version, VersionSpecifiers};

use crate::error::{Code, Error, Result};

/// A package argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Spec {
    /// A bare name: the sources are tried in their order.
    Name(String, Wish),
    /// `mip:NAME`: only the index.
    Mip(String, Wish),
    /// `pypi:NAME`: only the Python package index.
    Pypi(String, Wish),
    /// `circuitpython:NAME`: only CircuitPython's bundles.
    CircuitPython(String, Wish),
    /// A file or `package.json` of a server.
    Hosted(Location),
    /// A file or directory of this computer.
    Local(String),
}

/// Which version is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Wish {
    /// The newest.
    #[default]
    Newest,
    /// This one, spelt as the index spells it.
    Exact(String),
    /// The newest of a range.
    Range(VersionSpecifiers),
}

impl Wish {
    /// Whether a version fulfils the wish. A text that is no version fulfils only an equal wish.
    pub(crate) fn allows(&self, version: &str) -> bool {
        let parsed = || version.parse::<Version>().ok();
        match self {
            Self::Newest => true,
            Self::Exact(text) => {
                text == version
                    || parsed().is_some_and(|version| text.parse().ok() == Some(version))
            }
            Self::Range(range) => parsed().is_some_and(|version| range.contains(&version)),
        }
    }
}

impl Wish {
    /// The wish for a sentence.
    pub(crate) fn quoted(&self) -> String {
        match self {
            Self::Newest => "everybody who needs it".to_string(),
            wish => format!("`{wish}`"),
        }
    }
}

impl core::fmt::Display for Wish {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Newest => Ok(()),
            Self::Exact(text) => write!(formatter, "=={text}"),
            Self::Range(range) => write!(formatter, "{range}"),
        }
    }
}

/// A place on a server: what was written, and the branch, tag or commit after `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// `github:org/repo/path` or a URL.
    pub(crate) text: String,
    /// What stood after `@`.
    pub(crate) reference: Option<String>,
}

/// The prefixes of hosted packages.
const HOSTED: [&str; 5] = ["github:", "gitlab:", "codeberg:", "http://", "https://"];

/// Whether a text names a place on a server.
pub(crate) fn is_hosted(text: &str) -> bool {
    HOSTED.iter().any(|prefix| text.starts_with(prefix))
}

/// Whether a text ends like a file that is copied as it is.
pub(crate) fn is_module(text: &str) -> bool {
    text.ends_with(".py") || text.ends_with(".mpy")
}

impl Spec {
    /// Reads a package argument.
    ///
    /// # Errors
    /// [`Code::Usage`] when it means nothing.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if is_hosted(text) {
            return Ok(Self::Hosted(Location::parse(text)?));
        }
        if let Some(rest) = text.strip_prefix("mip:") {
            let (name, wish) = name_and_wish(rest, text)?;
            return Ok(Self::Mip(name, wish));
        }
        if let Some(rest) = text.strip_prefix("pypi:") {
            let (name, wish) = name_and_wish(rest, text)?;
            return Ok(Self::Pypi(name, wish));
        }
        if let Some(rest) = text.strip_prefix("circuitpython:") {
            let (name, wish) = name_and_wish(rest, text)?;
            return Ok(Self::CircuitPython(name, wish));
        }
        let looks_local = text.starts_with('.') || text.contains(['/', '\\']) || is_module(text);
        if looks_local || text.ends_with(".json") {
            return Ok(Self::Local(text.to_string()));
        }
        if let Some((scheme, _)) = text.split_once(':') {
            return Err(
                Error::new(Code::Usage, format!("`{scheme}:` is no source of packages")).hint(
                    "There are `mip:`, `pypi:`, `circuitpython:`, `github:`, `gitlab:`, `codeberg:` and `https:`",
                ),
            );
        }
        let (name, wish) = name_and_wish(text, text)?;
        Ok(Self::Name(name, wish))
    }
}

/// `name`, `name@version`, `name==version` or `name>=1,<2`.
fn name_and_wish(text: &str, whole: &str) -> Result<(String, Wish)> {
    let wrong = |reason: &str| {
        Error::new(Code::Usage, format!("`{whole}` is no package: {reason}"))
            .hint("Examples: `requests`, `requests@1.1.1`, `pypi:microdot>=2`")
    };
    let end = text
        .find(['@', '=', '<', '>', '!', '~'])
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let name = name.trim();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(plain) || name.starts_with('.') {
        return Err(wrong("a name has only letters, digits, `-`, `_` and `.`"));
    }
    let rest = rest.trim();
    let wish = if rest.is_empty() {
        Wish::Newest
    } else if let Some(version) = rest.strip_prefix('@').or_else(|| exact(rest)) {
        let version = version.trim();
        if version.is_empty() || !version.chars().all(|letter| plain(letter) || letter == '+') {
            return Err(wrong("the version is malformed"));
        }
        if version == "latest" {
            Wish::Newest
        } else {
            Wish::Exact(version.to_string())
        }
    } else {
        Wish::Range(
            rest.parse()
                .map_err(|_| wrong("the range of versions is malformed"))?,
        )
    };
    Ok((name.to_string(), wish))
}

/// `==1.2` without patterns.
fn exact(text: &str) -> Option<&str> {
    text.strip_prefix("==")
        .filter(|rest| !rest.contains([',', '*', '=']))
}

impl Location {
    /// Reads `github:org/repo/path@ref` and the like, or a URL.
    ///
    /// # Errors
    /// [`Code::Usage`] without organisation and repository.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        // A URL may have a user name before `@` of its host.
        let from = text.find("://").map_or(0, |at| {
            text[at + 3..]
                .find('/')
                .map_or(text.len(), |slash| at + 3 + slash)
        });
        let (text, reference) = match text[from..].rfind('@') {
            Some(at) => (&text[..from + at], Some(text[from + at + 1..].to_string())),
            None => (text, None),
        };
        let location = Self {
            text: text.to_string(),
            reference,
        };
        location.url()?;
        Ok(location)
    }

    /// The same place with `package.json` where no file is named.
    pub(crate) fn package(&self) -> Self {
        let mut place = self.clone();
        if !is_module(&place.text) && !place.text.ends_with(".json") {
            place.text = format!("{}/package.json", place.text.trim_end_matches('/'));
        }
        place
    }

    /// The place of a file that `package.json` at this place names.
    ///
    /// # Errors
    /// [`Code::BadPackage`] for a place that is on no server.
    pub(crate) fn join(&self, url: &str) -> Result<Self> {
        if is_hosted(url) {
            let mut place = Self::parse(url)?;
            if place.reference.is_none() && self.repository() == place.repository() {
                place.reference.clone_from(&self.reference);
            }
            return Ok(place);
        }
        let is_relative = !url.starts_with('/') && !url.contains([':', '\\', '?', '#']);
        if !is_relative || url.split('/').any(|part| part == "..") {
            return Err(Error::new(
                Code::BadPackage,
                format!(
                    "`{}` names a file at `{url}`, which is no place below it",
                    self.text
                ),
            ));
        }
        let directory = self.text.rsplit_once('/').map_or("", |(front, _)| front);
        Ok(Self {
            text: format!("{directory}/{url}"),
            reference: self.reference.clone(),
        })
    }

    /// `github:org/repo`, for hosted repositories.
    pub(crate) fn repository(&self) -> Option<String> {
        let (scheme, rest) = self.text.split_once(':')?;
        if rest.starts_with("//") {
            return None;
        }
        let mut parts = rest.split('/');
        Some(format!("{scheme}:{}/{}", parts.next()?, parts.next()?))
    }

    /// The last part of its name.
    pub(crate) fn file_name(&self) -> &str {
        let text = self.text.split(['?', '#']).next().unwrap_or(&self.text);
        text.rsplit('/').next().unwrap_or(text)
    }

    /// The URL that is fetched.
    ///
    /// # Errors
    /// [`Code::Usage`] without organisation and repository.
    pub(crate) fn url(&self) -> Result<String> {
        let Some((scheme, rest)) = self.text.split_once(':') else {
            return Err(Error::new(
                Code::Usage,
                format!("`{}` is no URL", self.text),
            ));
        };
        if rest.starts_with("//") {
            return Ok(match &self.reference {
                Some(reference) => format!("{}@{reference}", self.text),
                None => self.text.clone(),
            });
        }
        let mut parts = rest.splitn(3, '/');
        let (organisation, repository) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        if organisation.is_empty() || repository.is_empty() {
            return Err(Error::new(
                Code::Usage,
                format!("`{}` has no organisation and repository", self.text),
            )
            .hint(format!("`{scheme}:ORGANISATION/REPOSITORY` is wanted")));
        }
        let path = parts.next().unwrap_or("");
        let reference = self.reference.as_deref().unwrap_or("HEAD");
        Ok(match scheme {
            "github" => format!(
                "https://raw.githubusercontent.com/{organisation}/{repository}/{reference}/{path}"
            ),
            "gitlab" => {
                format!("https://gitlab.com/{organisation}/{repository}/-/raw/{reference}/{path}")
            }
            _ => format!(
                "https://codeberg.org/api/v1/repos/{organisation}/{repository}/raw/{path}?ref={reference}"
            ),
        })
    }
}

impl core::fmt::Display for Location {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(&super::http::redacted(&self.text))?;
        match &self.reference {
            Some(reference) => write!(formatter, "@{reference}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> String {
        Location::parse(text).unwrap().package().url().unwrap()
    }

    #[test]
    fn names_versions_and_ranges_are_told_apart() {
        let exact = |text: &str| Wish::Exact(text.to_string());
        for (text, expected) in [
            ("requests", Spec::Name("requests".into(), Wish::Newest)),
            (
                "requests@latest",
                Spec::Name("requests".into(), Wish::Newest),
            ),
            (
                "umqtt.simple@1.7",
                Spec::Name("umqtt.simple".into(), exact("1.7")),
            ),
            ("mip:ssl==0.1.0", Spec::Mip("ssl".into(), exact("0.1.0"))),
            (
                "pypi:microdot >= 2, <3",
                Spec::Pypi("microdot".into(), Wish::Range(">=2,<3".parse().unwrap())),
            ),
            (
                "circuitpython:neopixel",
                Spec::CircuitPython("neopixel".into(), Wish::Newest),
            ),
            ("./lib/a.py", Spec::Local("./lib/a.py".into())),
            ("a.mpy", Spec::Local("a.mpy".into())),
            ("package.json", Spec::Local("package.json".into())),
        ] {
            assert_eq!(Spec::parse(text).unwrap(), expected, "{text}");
        }
        for text in [
            "",
            "a b",
            "a@",
            "a@1@2",
            "a>=x",
            "npm:left-pad",
            "github:org",
            "..",
        ] {
            let parsed = Spec::parse(text);
            assert!(
                matches!(parsed, Err(_) | Ok(Spec::Local(_))),
                "{text}: {parsed:?}"
            );
        }
        assert!(Spec::parse("github:org").is_err());
        assert!(Spec::parse("npm:left-pad").is_err());
    }

    #[test]
    fn hosted_places_become_urls() {
        for (text, expected) in [
            (
                "github:o/r",
                "https://raw.githubusercontent.com/o/r/HEAD/package.json",
            ),
            (
                "github:o/r/a/b.py@v1",
                "https://raw.githubusercontent.com/o/r/v1/a/b.py",
            ),
            (
                "gitlab:o/r/sub/",
                "https://gitlab.com/o/r/-/raw/HEAD/sub/package.json",
            ),
            (
                "codeberg:o/r/a.py@main",
                "https://codeberg.org/api/v1/repos/o/r/raw/a.py?ref=main",
            ),
            (
                "https://user:pw@h.org/x",
                "https://user:pw@h.org/x/package.json",
            ),
            ("http://h/x/package.json", "http://h/x/package.json"),
        ] {
            assert_eq!(url(text), expected, "{text}");
        }
    }

    #[test]
    fn files_of_a_package_are_found_beside_it() {
        let package = Location::parse("github:o/r/sub@v2").unwrap().package();
        assert_eq!(
            package.join("a/b.py").unwrap().url().unwrap(),
            "https://raw.githubusercontent.com/o/r/v2/sub/a/b.py"
        );
        assert_eq!(
            package
                .join("github:o/r/x.py")
                .unwrap()
                .reference
                .as_deref(),
            Some("v2")
        );
        assert_eq!(package.join("github:o/other/x.py").unwrap().reference, None);
        for url in ["../x.py", "/etc/passwd", "file:///etc/passwd", "a\\b.py"] {
            assert!(package.join(url).is_err(), "{url}");
        }
    }

    #[test]
    fn wishes_compare_versions_as_python_does() {
        assert!(Wish::Exact("0.1".into()).allows("0.1.0"));
        assert!(Wish::Range(">=1,<2".parse().unwrap()).allows("1.10"));
        assert!(!Wish::Range(">=1,<2".parse().unwrap()).allows("2.0"));
        assert!(!Wish::Range(">=1".parse().unwrap()).allows("latest"));
    }
}
