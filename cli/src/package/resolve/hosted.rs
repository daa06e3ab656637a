//! Packages of servers: a `package.json` and its files, or a single file.

use super::{Expect, Origin, Package, Resolver, Trail, because, is_module, wanted_file};
use crate::error::{Code, Error, Result};
use crate::package::manifest::Manifest;
use crate::package::path;
use crate::package::spec::{Location, Wish};

impl Resolver<'_> {
    /// Takes a package or a single file of a server.
    pub(super) fn on_host(&mut self, location: &Location, trail: &Trail) -> Result<String> {
        let place = location.package();
        let source = place.to_string();
        let known = |package: &&Package| package.source == source;
        if let Some(package) = self.resolution.packages.iter().find(known) {
            return Ok(package.name.clone());
        }
        if let Some(name) = self.kept_source(&source, trail)? {
            return Ok(name);
        }
        let (place, commit) = self.at_commit(&place)?;
        let origin = Origin {
            commit,
            ..Origin::default()
        };
        let file_name = place.file_name().to_string();
        if is_module(&file_name) {
            path::check(&file_name, &source)?;
            let name = file_name
                .rsplit_once('.')
                .map_or("", |(stem, _)| stem)
                .to_string();
            let files = vec![wanted_file(
                &source,
                &file_name,
                place.url()?,
                Expect::Anything,
            )];
            let version = location.reference.clone().unwrap_or_default();
            return Ok(self.push(Package {
                origin,
                name,
                version,
                source,
                requested: false,
                pinned: false,
                files,
                dependencies: Vec::new(),
            }));
        }
        let url = place.url()?;
        let Some(bytes) = self.source.document(&url, "")? else {
            let error = Error::new(Code::PackageNotFound, format!("`{source}` is not there"))
                .hint("A package has a `package.json`; a single file is named with its `.py`");
            return Err(because(error, trail));
        };
        let manifest = Manifest::parse(&bytes, &source).map_err(|error| because(error, trail))?;
        let directory = place.text.rsplit_once('/').map_or("", |(front, _)| front);
        let name = directory
            .rsplit(['/', ':'])
            .next()
            .unwrap_or(directory)
            .to_string();
        let name = name.trim_end_matches(".git").to_string();
        let index = self.settings.indexes.first().cloned().unwrap_or_default();
        let found = self.described(
            &name,
            &source,
            &manifest,
            (&place, &index),
            origin,
            &Wish::Newest,
            trail,
        )?;
        if manifest.version.is_none()
            && let Some(package) = self.resolution.packages.last_mut()
        {
            package.version = location.reference.clone().unwrap_or_default();
        }
        Ok(found)
    }

    /// The same place at the commit that its branch or tag stands for now, and that commit; the place
    /// itself where commits are not asked for or the server does not say.
    pub(super) fn at_commit(&mut self, place: &Location) -> Result<(Location, String)> {
        let (Some(repository), true) = (place.repository(), self.settings.pins_commits) else {
            return Ok((place.clone(), String::new()));
        };
        let wanted = place
            .reference
            .clone()
            .unwrap_or_else(|| "HEAD".to_string());
        if is_commit(&wanted) {
            return Ok((place.clone(), wanted));
        }
        let key = format!("{repository}@{wanted}");
        if !self.commits.contains_key(&key) {
            let commit = match refs_url(&repository) {
                Some(url) => self
                    .source
                    .document(&url, "")?
                    .and_then(|bytes| commit_of(&bytes, &wanted)),
                None => None,
            };
            if commit.is_none() {
                self.resolution.notes.push(format!(
                    "`{key}` could not be traced to a commit; its files are locked by their SHA-256 alone"
                ));
            }
            self.commits.insert(key.clone(), commit);
        }
        let mut place = place.clone();
        let commit = self.commits[&key].clone().unwrap_or_default();
        if !commit.is_empty() {
            place.reference = Some(commit.clone());
        }
        Ok((place, commit))
    }
}

/// Whether a reference is a whole commit.
fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Where git's "smart HTTP" protocol lists the branches and tags of `github:org/repo` and the like.
fn refs_url(repository: &str) -> Option<String> {
    let (scheme, path) = repository.split_once(':')?;
    let host = match scheme {
        "github" => "github.com",
        "gitlab" => "gitlab.com",
        "codeberg" => "codeberg.org",
        _ => return None,
    };
    let path = path.trim_end_matches(".git");
    Some(format!(
        "https://{host}/{path}.git/info/refs?service=git-upload-pack"
    ))
}

/// Git's list of references: lines of four digits of length, the commit, a space and the name. Ends where
/// it is no such list any more.
pub(super) fn references(bytes: &[u8]) -> Vec<(String, String)> {
    let mut rest = bytes;
    let mut found = Vec::new();
    while let Some((digits, after)) = rest.split_at_checked(4) {
        let digits = core::str::from_utf8(digits).unwrap_or_default();
        let Ok(len) = usize::from_str_radix(digits, 16) else {
            break;
        };
        if len < 4 {
            rest = after;
            continue;
        }
        let Some((line, after)) = after.split_at_checked(len - 4) else {
            break;
        };
        rest = after;
        let line = String::from_utf8_lossy(line);
        let line = line.split('\0').next().unwrap_or("").trim_end();
        if let Some((commit, name)) = line.split_once(' ').filter(|(one, _)| is_commit(one)) {
            found.push((commit.to_string(), name.to_string()));
        }
    }
    found
}

/// The commit of a branch or tag. An annotated tag has a second line, `NAME^{}`, with the commit itself.
fn commit_of(bytes: &[u8], wanted: &str) -> Option<String> {
    let rank = |name: &str| {
        if name == format!("refs/tags/{wanted}^{{}}") {
            4
        } else if name == format!("refs/tags/{wanted}") {
            3
        } else if name == format!("refs/heads/{wanted}") {
            2
        } else {
            u8::from(name == wanted)
        }
    };
    let mut best: Option<(u8, String)> = None;
    for (commit, name) in references(bytes) {
        let rank = rank(&name);
        if rank > best.as_ref().map_or(0, |(rank, _)| *rank) {
            best = Some((rank, commit));
        }
    }
    best.map(|(_, commit)| commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_and_tags_lead_to_commits() {
        let line = |text: &str| format!("{:04x}{text}", text.len() + 4);
        let id = |letter: &str| letter.repeat(40);
        let list = [
            line("# service=git-upload-pack\n"),
            "0000".to_string(),
            line(&format!("{} HEAD\0symref=HEAD:refs/heads/main\n", id("a"))),
            line(&format!("{} refs/heads/main\n", id("a"))),
            line(&format!("{} refs/tags/v1\n", id("b"))),
            line(&format!("{} refs/tags/v1^{{}}\n", id("c"))),
            "0000".to_string(),
        ]
        .concat();
        let commit = |name: &str| commit_of(list.as_bytes(), name);
        assert_eq!(commit("HEAD"), Some(id("a")));
        assert_eq!(commit("main"), Some(id("a")));
        assert_eq!(commit("v1"), Some(id("c")));
        assert_eq!(commit("v2"), None);
        for bytes in ["zzzz", "ffff", "0005", ""] {
            assert_eq!(commit_of(bytes.as_bytes(), "HEAD"), None);
        }
    }
}
