//! From what a project asks for to its lock, and from a lock to the files of its packages.

use std::collections::{BTreeMap, BTreeSet};

use super::contents::{check_owners, downloads, pick, unpacked};
use super::dependency::Dependency;
use super::fetch::Store;
use super::http::{Client, redacted};
use super::install::Fetching;
use super::lock::{self, Lock, Locked, LockedFile, Required};
use super::manifest::Manifest;
use super::project::Project;
use super::requirement::Environment;
use super::resolve::{
    Content, Expect, File, Origin, Package, Root, Settings, Source, Wanted, solve,
};
use super::spec::Spec;
use super::{normalised, sha256};
use crate::error::{Code, Error, Result};

/// The firmware that markers are told of when the project does not say one.
const FIRMWARE: &str = "1.20.0";

/// How a command treats the lock.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Strictness {
    /// Fail if the lock does not fit the project any more
    #[arg(long)]
    pub(crate) locked: bool,
    /// Use the lock as it is, whatever the project says
    #[arg(long, conflicts_with = "locked")]
    pub(crate) frozen: bool,
}

/// Which packages may move to other versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Upgrade {
    /// None that need not.
    Nothing,
    /// These.
    Some(Vec<String>),
    /// All.
    Everything,
}

/// A lock with what the user should read about it.
#[derive(Debug)]
pub(crate) struct Made {
    /// The lock.
    pub(crate) lock: Lock,
    /// Lines for the user.
    pub(crate) notes: Vec<String>,
}

/// A project, and where its packages come from.
pub(crate) struct Locking<'a> {
    project: &'a Project,
    fetching: &'a Fetching,
    client: &'a Client,
}

impl<'a> Locking<'a> {
    /// The locking of a project.
    pub(crate) fn new(project: &'a Project, fetching: &'a Fetching, client: &'a Client) -> Self {
        Self {
            project,
            fetching,
            client,
        }
    }

    fn store(&self, refresh: bool) -> Result<Store<'a>> {
        let mut store = self.fetching.store(self.client, refresh)?;
        store.root.clone_from(&self.project.root);
        Ok(store)
    }

    fn settings(&self) -> Result<Settings> {
        let own = self.project.indexes()?;
        let range = self.project.micropython()?;
        let said = range
            .split(',')
            .find_map(|part| part.trim().strip_prefix(">="))
            .map(str::trim);
        Ok(Settings {
            indexes: self.fetching.indexes(&own.mip),
            pypi: own.pypi.unwrap_or_else(Fetching::pypi),
            form: lock::SOURCE.to_string(),
            environment: Environment {
                platform: self.project.platform()?,
                version: said.unwrap_or(FIRMWARE).to_string(),
                python: self.project.python()?,
            },
            mip_only: false,
            pins_commits: true,
            preferred: BTreeMap::new(),
            bundles: Fetching::bundles(&own.bundles),
            circuitpython: None,
            exclude_newer: self.fetching.exclude_newer(self.project.exclude_newer()?)?,
            firmware: said.unwrap_or_default().to_string(),
        })
    }

    /// Resolves the project anew, keeping of `old` what need not move.
    ///
    /// # Errors
    /// Those of resolving and fetching.
    pub(crate) fn make(&self, old: Option<&Lock>, upgrade: &Upgrade) -> Result<Made> {
        let (normal, dev) = (
            self.project.dependencies(false)?,
            self.project.dependencies(true)?,
        );
        let mut settings = self.settings()?;
        if let Some(old) = old {
            settings.preferred = preferred(old, normal.iter().chain(&dev), upgrade);
        }
        let store = self.store(*upgrade != Upgrade::Nothing)?;
        let roots: Vec<Root> = normal
            .iter()
            .chain(&dev)
            .map(|one| one.root.clone())
            .collect();
        let resolution = solve(&store, &settings, &roots)?;
        let required = |list: &[Dependency], skip: usize| -> Vec<Required> {
            let found = list.iter().zip(&resolution.roots[skip..]);
            found.map(|(one, package)| required(one, package)).collect()
        };
        let mut lock = Lock {
            micropython: self.project.micropython()?,
            requires: required(&normal, 0),
            requires_dev: required(&dev, normal.len()),
            packages: Vec::new(),
        };
        for package in &resolution.packages {
            lock.packages.push(locked(&store, &settings, package)?);
        }
        lock.packages.sort_by(|a, b| a.name.cmp(&b.name));
        check_owners(&lock)?;
        Ok(Made {
            lock,
            notes: resolution.notes,
        })
    }

    /// The name of the package that a user means, and whether it is one of the Python package index.
    ///
    /// # Errors
    /// Those of resolving.
    pub(crate) fn identify(&self, spec: &Spec) -> Result<(String, bool)> {
        // What a user types is seen from the current directory, not from the project's.
        let store = self.fetching.store(self.client, false)?;
        let resolution = solve(&store, &self.settings()?, &[Root::plain(spec.clone())])?;
        let name = resolution.roots.into_iter().next().unwrap_or_default();
        let mut packages = resolution.packages.iter();
        let from_pypi = packages.any(|one| one.name == name && one.source == "pypi");
        Ok((name, from_pypi))
    }

    /// Whether a lock is what the project asks for; nobody but this computer is asked.
    ///
    /// # Errors
    /// [`Code::Config`] for a malformed project.
    pub(crate) fn is_current(&self, lock: &Lock) -> Result<bool> {
        let same = |list: Vec<Dependency>, required: &[Required]| {
            list.len() == required.len()
                && list
                    .iter()
                    .zip(required)
                    .all(|(one, other)| one.name == other.name && one.wants == other.wants)
        };
        if lock.micropython != self.project.micropython()?
            || !same(self.project.dependencies(false)?, &lock.requires)
            || !same(self.project.dependencies(true)?, &lock.requires_dev)
        {
            return Ok(false);
        }
        if !lock.packages.iter().any(is_local) {
            return Ok(true);
        }
        let offline = Fetching::offline(self.fetching);
        let again =
            Locking::new(self.project, &offline, self.client).make(Some(lock), &Upgrade::Nothing);
        Ok(again.is_ok_and(|made| made.lock == *lock))
    }

    /// The lock to work with: the one that is there, or a new one where that is allowed; and whether
    /// it was written.
    ///
    /// # Errors
    /// [`Code::LockOutdated`] with `--locked`, [`Code::NotFound`] without a lock with `--frozen`.
    pub(crate) fn ensure(&self, strictness: Strictness, dry_run: bool) -> Result<(Made, bool)> {
        let old = self.project.lock()?;
        let kept = |lock| {
            let notes = Vec::new();
            Ok((Made { lock, notes }, false))
        };
        match old {
            Some(lock) if strictness.frozen => kept(lock),
            None if strictness.frozen => Err(Error::new(
                Code::NotFound,
                format!("There is no `{}`, and `--frozen` makes none", lock::FILE),
            )
            .hint("`ucli lock` makes it")),
            Some(lock) if self.is_current(&lock)? => kept(lock),
            _ if strictness.locked => Err(outdated("`--locked` was given")),
            old => {
                let made = self.make(old.as_ref(), &Upgrade::Nothing)?;
                let written = !dry_run && self.project.save_lock(&made.lock)?;
                Ok((made, written))
            }
        }
    }

    /// The packages of a lock with their files, for a board of this bytecode; dependencies first.
    ///
    /// # Errors
    /// [`Code::HashMismatch`] when something is not what was locked; those of fetching.
    pub(crate) fn packages(&self, lock: &Lock, dev: bool, form: &str) -> Result<Vec<Package>> {
        let store = self.store(false)?;
        let needed = lock.needed(dev);
        let local = self.local_files(&store, lock, &needed)?;
        let mut wanted = Vec::new();
        for package in &needed {
            wanted.extend(downloads(package, form, &self.real_indexes()?));
        }
        let mut fetched = store.files(&wanted)?.into_iter();
        let named = |name: &str| {
            let mut all = lock.requires.iter().chain(&lock.requires_dev);
            all.any(|one| normalised(one.target()) == normalised(name))
        };
        let mut packages = Vec::new();
        for package in needed {
            let files = if is_local(package) {
                pick(package, package.form(form), &local)?
            } else if let Some(archive) = &package.archive {
                let bytes = fetched.next().unwrap_or_default();
                unpacked(package, &archive.url, &bytes, form)?
            } else {
                let paths = package.form(form).iter();
                paths
                    .map(|file| (file.path.clone(), fetched.next().unwrap_or_default()))
                    .collect()
            };
            let file = |(path, bytes)| File {
                path,
                content: Content::Bytes(bytes),
                url: None,
            };
            packages.push(Package {
                name: package.name.clone(),
                version: package.version.clone(),
                source: package.source.clone(),
                requested: named(&package.name),
                pinned: false,
                files: files.into_iter().map(file).collect(),
                dependencies: package.needs().map(str::to_string).collect(),
                origin: Origin::default(),
            });
        }
        Ok(packages)
    }

    /// The indexes with credentials, by how the lock names them.
    fn real_indexes(&self) -> Result<BTreeMap<String, String>> {
        let indexes = self.fetching.indexes(&self.project.indexes()?.mip);
        Ok(indexes
            .into_iter()
            .map(|one| (redacted(&one), one))
            .collect())
    }

    /// The files of this computer, by package and path.
    fn local_files(
        &self,
        store: &Store<'_>,
        lock: &Lock,
        needed: &[&Locked],
    ) -> Result<BTreeMap<(String, String), Vec<u8>>> {
        let mut found = BTreeMap::new();
        if !needed.iter().any(|one| is_local(one)) {
            return Ok(found);
        }
        let (normal, dev) = (
            self.project.dependencies(false)?,
            self.project.dependencies(true)?,
        );
        let mut settings = self.settings()?;
        settings.preferred = preferred(lock, normal.iter().chain(&dev), &Upgrade::Nothing);
        let is_path = |one: &&Dependency| matches!(one.root.spec, Spec::Local(_));
        let roots: Vec<Root> = normal
            .iter()
            .chain(&dev)
            .filter(is_path)
            .map(|one| one.root.clone())
            .collect();
        for package in solve(store, &settings, &roots)?.packages {
            for file in package.files {
                if let Content::Bytes(bytes) = file.content {
                    found.insert((package.name.clone(), file.path), bytes);
                }
            }
        }
        Ok(found)
    }
}

/// The complaint about a lock that does not fit; `why` says what forbids to change it.
pub(crate) fn outdated(why: &str) -> Error {
    Error::new(
        Code::LockOutdated,
        format!("`{}` needs to be updated, but {why}", lock::FILE),
    )
    .hint("`ucli lock` updates it")
}

pub(super) fn is_local(package: &Locked) -> bool {
    package.source.starts_with("path:")
}

fn required(one: &Dependency, package: &str) -> Required {
    Required {
        name: one.name.clone(),
        wants: one.wants.clone(),
        package: if normalised(package) == normalised(&one.name) {
            String::new()
        } else {
            package.to_string()
        },
    }
}

/// What of a lock stays: everything but what moves, what the project asks for in other words, and what
/// would be looked for under a name that only its parent knows.
fn preferred<'d>(
    old: &Lock,
    dependencies: impl Iterator<Item = &'d Dependency>,
    upgrade: &Upgrade,
) -> BTreeMap<String, Locked> {
    let moves: BTreeSet<String> = match upgrade {
        Upgrade::Everything => return BTreeMap::new(),
        Upgrade::Nothing => BTreeSet::new(),
        Upgrade::Some(names) => names.iter().map(|name| normalised(name)).collect(),
    };
    let mut kept: BTreeMap<String, Locked> = old
        .packages
        .iter()
        .filter(|one| !is_local(one) && !moves.contains(&normalised(&one.name)))
        .map(|one| (normalised(&one.name), one.clone()))
        .collect();
    let required = |name: &str| {
        let mut all = old.requires.iter().chain(&old.requires_dev);
        all.find(|one| one.name == name)
    };
    for one in dependencies {
        let was = required(&one.name);
        let is_text = |text: &str| !text.starts_with('{');
        let same = was.is_some_and(|was| {
            was.wants == one.wants || (is_text(&was.wants) && is_text(&one.wants))
        });
        if !same {
            kept.remove(&normalised(was.map_or(one.name.as_str(), Required::target)));
        }
    }
    let by_place = |name: &str| old.find(name).is_some_and(|one| one.index.is_empty());
    loop {
        let lost: Vec<String> = kept
            .iter()
            .filter(|(_, one)| {
                one.needs()
                    .any(|name| by_place(name) && !kept.contains_key(&normalised(name)))
            })
            .map(|(key, _)| key.clone())
            .collect();
        if lost.is_empty() {
            return kept;
        }
        kept.retain(|key, _| !lost.contains(key));
    }
}

/// The entry of a package.
fn locked(store: &Store<'_>, settings: &Settings, package: &Package) -> Result<Locked> {
    if let Some(kept) = &package.origin.kept {
        return Ok((**kept).clone());
    }
    let origin = &package.origin;
    let mut dependencies = origin.ranges.clone();
    if dependencies.is_empty() {
        dependencies.clone_from(&package.dependencies);
    }
    dependencies.sort();
    dependencies.dedup();
    let mut entry = Locked {
        name: package.name.clone(),
        version: package.version.clone(),
        source: package.source.clone(),
        index: origin.index.clone(),
        asked: origin.asked.clone(),
        archive: origin.archive.clone(),
        commit: origin.commit.clone(),
        dependencies,
        files: BTreeMap::new(),
    };
    let mut files = Vec::new();
    for file in &package.files {
        let Content::Bytes(bytes) = &file.content else {
            continue;
        };
        files.push(locked_file(
            &entry.index,
            &file.path,
            file.url.as_deref(),
            bytes,
        ));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    entry.files.insert(lock::SOURCE.to_string(), files);
    if package.source.starts_with("mip:")
        && let Some(files) = bytecode(store, settings, &entry)?
    {
        entry.files.insert(lock::BYTECODE.to_string(), files);
    }
    Ok(entry)
}

fn locked_file(index: &str, path: &str, url: Option<&str>, bytes: &[u8]) -> LockedFile {
    let digest = sha256(bytes);
    let usual = lock::file_url(index, &digest);
    let url = url.map(redacted).filter(|url| *url != usual);
    LockedFile {
        path: path.to_string(),
        len_bytes: bytes.len() as u64,
        sha256: digest,
        url: url.unwrap_or_default(),
    }
}

/// The files of the same version as the index compiled them.
fn bytecode(
    store: &Store<'_>,
    settings: &Settings,
    entry: &Locked,
) -> Result<Option<Vec<LockedFile>>> {
    let index = settings
        .indexes
        .iter()
        .find(|one| redacted(one) == entry.index);
    let Some(index) = index else { return Ok(None) };
    let (name, asked) = (&entry.name, &entry.asked);
    let url = format!("{index}/package/6/{name}/{asked}.json");
    let Some(bytes) = store.document(&url, "")? else {
        return Ok(None);
    };
    let manifest = Manifest::parse(&bytes, name)?;
    let same = manifest.version.as_deref().unwrap_or_default() == entry.version;
    if !same || manifest.hashes.is_empty() || !manifest.urls.is_empty() {
        return Ok(None);
    }
    let wanted: Vec<Wanted> = manifest
        .hashes
        .iter()
        .map(|(_, hash)| Wanted {
            package: name.clone(),
            url: format!("{index}/file/{}/{hash}", &hash[..2]),
            expect: Expect::Prefix(hash.clone()),
        })
        .collect();
    let fetched = store.files(&wanted)?;
    let mut files: Vec<LockedFile> = manifest
        .hashes
        .iter()
        .zip(&wanted)
        .zip(&fetched)
        .map(|(((path, _), wanted), bytes)| {
            locked_file(&entry.index, path, Some(&wanted.url), bytes)
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Some(files))
}

/// The packages that differ between two locks: name, old version, new version.
pub(crate) fn changes(
    old: Option<&Lock>,
    new: &Lock,
) -> Vec<(String, Option<String>, Option<String>)> {
    let empty = Lock::default();
    let old = old.unwrap_or(&empty);
    let names: BTreeSet<&str> = old
        .packages
        .iter()
        .chain(&new.packages)
        .map(|one| one.name.as_str())
        .collect();
    let mut found = Vec::new();
    for name in names {
        let (was, is) = (old.find(name), new.find(name));
        if was != is {
            let version = |one: Option<&Locked>| one.map(|one| one.version.clone());
            found.push((name.to_string(), version(was), version(is)));
        }
    }
    found
}
