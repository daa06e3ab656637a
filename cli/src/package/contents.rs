//! The files of locked packages: what is downloaded, what comes out of archives, and who owns a path.

use std::collections::BTreeMap;

use super::lock::{self, Lock, Locked, LockedFile};
use super::locking::is_local;
use super::resolve::{Expect, Wanted};
use super::{archive, bundle, sha256, simple};
use crate::error::{Code, Error, Result};

/// One owner per path, unless all have the same content, or one carries a copy of another package.
pub(super) fn check_owners(lock: &Lock) -> Result<()> {
    let mut owners: BTreeMap<&str, Vec<(&Locked, &LockedFile)>> = BTreeMap::new();
    for package in &lock.packages {
        for file in package.form(lock::SOURCE) {
            owners.entry(&file.path).or_default().push((package, file));
        }
    }
    for (path, holders) in owners {
        let differs = holders
            .iter()
            .any(|(_, file)| file.sha256 != holders[0].1.sha256);
        let named = |(package, _): &&(&Locked, &LockedFile)| {
            super::plan::is_named_like(&package.name, path)
        };
        if differs && holders.iter().filter(named).count() != 1 {
            let names: Vec<String> = holders
                .iter()
                .map(|(one, _)| format!("`{}` {}", one.name, one.version))
                .collect();
            return Err(Error::new(
                Code::Conflict,
                format!("`{path}` is in {} with different contents", names.join(" and ")),
            )
            .hint("A board has one file of that name; leave one of the packages out, or give both one version"));
        }
    }
    Ok(())
}

/// What of a package is downloaded: its archive, or its files.
pub(super) fn downloads(
    package: &Locked,
    form: &str,
    indexes: &BTreeMap<String, String>,
) -> Vec<Wanted> {
    if is_local(package) {
        return Vec::new();
    }
    let wanted = |url: String, sha256: &str| Wanted {
        package: package.name.clone(),
        url,
        expect: Expect::Whole(sha256.to_string()),
    };
    if let Some(archive) = &package.archive {
        return vec![wanted(archive.url.clone(), &archive.sha256)];
    }
    let files = package.form(form).iter();
    files
        .map(|file| {
            let url = package.url_of(file);
            // The lock has no passwords; the index as it is set up may.
            let url = match indexes.get(&package.index) {
                Some(index) => match url.strip_prefix(&package.index) {
                    Some(rest) => format!("{index}{rest}"),
                    None => url,
                },
                None => url,
            };
            wanted(url, &file.sha256)
        })
        .collect()
}

/// The locked files of an archive.
pub(super) fn unpacked(
    package: &Locked,
    url: &str,
    bytes: &[u8],
    form: &str,
) -> Result<Vec<(String, Vec<u8>)>> {
    let filename = url.split(['?', '#']).next().unwrap_or(url);
    let filename = filename.rsplit('/').next().unwrap_or(filename);
    let kind = simple::kind(filename, &package.name);
    let kind = kind.map_or(simple::Kind::Source, |(kind, _)| kind);
    let files = if package.source.starts_with("circuitpython:") {
        let wanted = |path: &str| package.form(form).iter().any(|file| file.path == path);
        bundle::select(bytes, &package.name, &wanted)?
    } else {
        archive::unpack(bytes, filename, kind, &package.name)?.files
    };
    let found: BTreeMap<(String, String), Vec<u8>> = files
        .into_iter()
        .map(|(path, bytes)| ((package.name.clone(), path), bytes))
        .collect();
    pick(package, package.form(form), &found)
}

/// The locked ones among files that are at hand, each checked.
pub(super) fn pick(
    package: &Locked,
    files: &[LockedFile],
    found: &BTreeMap<(String, String), Vec<u8>>,
) -> Result<Vec<(String, Vec<u8>)>> {
    let mut picked = Vec::new();
    for file in files {
        let bytes = found.get(&(package.name.clone(), file.path.clone()));
        match bytes {
            Some(bytes) if sha256(bytes) == file.sha256 => {
                picked.push((file.path.clone(), bytes.clone()));
            }
            _ => {
                return Err(Error::new(
                    Code::HashMismatch,
                    format!(
                        "`{}` of `{}` is not what was locked",
                        file.path, package.name
                    ),
                )
                .hint("Nothing was written; `ucli lock` locks what is there now"));
            }
        }
    }
    Ok(picked)
}
