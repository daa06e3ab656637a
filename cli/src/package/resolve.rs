//! From what a user asks for to packages with their files: which source a name comes from, which
//! version, and what it needs.
//!
//! Decides only; every byte comes through [`Source`]. A name is looked for in the index first, then
//! among the names known to live elsewhere ([`super::alias`]), then on PyPI, where only packages made
//! for MicroPython are taken without `pypi:`. A cycle, a conflict and a package that installs nothing
//! are errors with the way that led there.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use super::alias::{self, Alias};
use super::bundle::Bundle;
use super::lock::Locked;
use super::moment::Moment;
use super::normalised;
use super::requirement::Environment;
use super::spec::{Spec, Wish, is_hosted, is_module};
use crate::error::{Code, Error, Result};
use crate::output::sanitise;

pub(crate) use catalogue::{Listed, catalogue};
use solve::{Clash, Limits};
pub(crate) use solve::{Root, solve};

/// Most packages of one installation.
const MOST_PACKAGES: usize = 256;

/// What a file must be before it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Nobody promised anything.
    Anything,
    /// The first digits of the SHA-256.
    Prefix(String),
    /// All digits.
    Whole(String),
}

/// A file to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The package, for messages.
    pub(crate) package: String,
    /// Where it is.
    pub(crate) url: String,
    /// What it must be.
    pub(crate) expect: Expect,
}

/// Where bytes come from.
pub(crate) trait Source: Sync {
    /// A description; `None` when the server does not have it.
    ///
    /// # Errors
    /// Those of the network.
    fn document(&self, url: &str, accept: &'static str) -> Result<Option<Vec<u8>>>;
    /// Files, in the order they were asked for, each checked.
    ///
    /// # Errors
    /// The first one that is missing or wrong.
    fn files(&self, wanted: &[Wanted]) -> Result<Vec<Vec<u8>>>;
    /// A file of this computer; `None` for a directory.
    ///
    /// # Errors
    /// Those of the file system.
    fn local(&self, path: &Path) -> Result<Option<Vec<u8>>>;
    /// The files below a directory of this computer, sorted, with `/` between the parts; hidden ones
    /// and what is behind links is left out.
    ///
    /// # Errors
    /// Those of the file system, and for far too many files.
    fn folder(&self, path: &Path) -> Result<Vec<String>>;
}

/// The rules of one installation.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The indexes, without a slash at the end, first the one that is asked first; never empty.
    pub(crate) indexes: Vec<String>,
    /// The Python package index, without a slash at the end.
    pub(crate) pypi: String,
    /// The folder of the index: `py`, or the board's bytecode version.
    pub(crate) form: String,
    /// What markers ask about.
    pub(crate) environment: Environment,
    /// As `mip`: no names known to live elsewhere, no PyPI.
    pub(crate) mip_only: bool,
    /// Branches and tags are replaced by the commits they stand for.
    pub(crate) pins_commits: bool,
    /// What a lock has: taken again where it fits.
    pub(crate) preferred: BTreeMap<String, Locked>,
    /// CircuitPython's bundles: URLs, each perhaps with `@` and a tag; first the one that is asked first.
    pub(crate) bundles: Vec<String>,
    /// The first number of the version of CircuitPython; `None` for other firmware.
    pub(crate) circuitpython: Option<u64>,
    /// What was published after it does not count.
    pub(crate) exclude_newer: Option<Moment>,
    /// The oldest firmware that must do; empty: not known.
    pub(crate) firmware: String,
}

/// How a package was found, as far as a lock must know to find the same again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The index, without credentials.
    pub(crate) index: String,
    /// What the index was asked for: `latest` or a version.
    pub(crate) asked: String,
    /// The archive that holds the files.
    pub(crate) archive: Option<Archive>,
    /// The commit that the branch or tag stood for.
    pub(crate) commit: String,
    /// What it said that it needs, with ranges; beside [`Package::dependencies`].
    pub(crate) ranges: Vec<String>,
    /// It was taken from the lock as it is; its files are not fetched.
    pub(crate) kept: Option<Box<Locked>>,
}

/// An archive of a Python package index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Archive {
    /// Where it is.
    pub(crate) url: String,
    /// All digits of its SHA-256.
    pub(crate) sha256: String,
    /// Its length.
    pub(crate) len_bytes: u64,
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// Its path below the library directory.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) content: Content,
    /// Where it is fetched from; `None` for what is in an archive or on this computer.
    pub(crate) url: Option<String>,
}

/// The content of a file, at hand or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// To be fetched.
    Wanted(Wanted),
    /// At hand.
    Bytes(Vec<u8>),
}

/// A package that will be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version, or nothing.
    pub(crate) version: String,
    /// Where it comes from: `mip:URL`, `pypi`, `github:…`, a URL, `path:…`.
    pub(crate) source: String,
    /// The user named it.
    pub(crate) requested: bool,
    /// The user named a version.
    pub(crate) pinned: bool,
    /// Its files.
    pub(crate) files: Vec<File>,
    /// The packages it needs.
    pub(crate) dependencies: Vec<String>,
    /// How it was found.
    pub(crate) origin: Origin,
}

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Resolution {
    /// The packages, dependencies first.
    pub(crate) packages: Vec<Package>,
    /// Lines that the user should read.
    pub(crate) notes: Vec<String>,
    /// The package of each thing that was asked for.
    pub(crate) roots: Vec<String>,
}

/// Resolves packages and everything they need.
pub(crate) struct Resolver<'a> {
    source: &'a dyn Source,
    settings: &'a Settings,
    resolution: Resolution,
    catalogues: BTreeMap<String, Vec<Listed>>,
    /// What earlier tries have learnt.
    limits: Limits,
    /// The packages whose needs are being resolved, with the version chosen.
    open: Vec<(String, String)>,
    /// Why the last [`Resolver::add`] failed, when another choice might help.
    clash: Option<Clash>,
    commits: BTreeMap<String, Option<String>>,
    /// The bundles that were read.
    bundles: Vec<Bundle>,
    /// Their archives, by URL.
    archives: BTreeMap<String, Rc<Vec<u8>>>,
}

/// What led to a package: the user's word first.
type Trail = Vec<String>;

impl<'a> Resolver<'a> {
    /// A resolver that has resolved nothing.
    pub(crate) fn new(source: &'a dyn Source, settings: &'a Settings) -> Self {
        Self {
            source,
            settings,
            resolution: Resolution::default(),
            catalogues: BTreeMap::new(),
            limits: Limits::default(),
            open: Vec::new(),
            clash: None,
            commits: BTreeMap::new(),
            bundles: Vec::new(),
            archives: BTreeMap::new(),
        }
    }

    /// Adds a package the user named.
    ///
    /// # Errors
    /// When it, or something it needs, is not there, is malformed, or contradicts another.
    pub(crate) fn add(&mut self, spec: &Spec) -> Result<String> {
        let name = self.package(spec, &mut Vec::new())?;
        for package in &mut self.resolution.packages {
            package.requested |= package.name == name;
        }
        Ok(name)
    }

    /// Fetches what is not at hand and returns everything.
    ///
    /// # Errors
    /// Those of [`Source::files`].
    pub(crate) fn finish(mut self) -> Result<Resolution> {
        let mut wanted = Vec::new();
        for file in self
            .resolution
            .packages
            .iter()
            .flat_map(|package| &package.files)
        {
            if let Content::Wanted(one) = &file.content {
                wanted.push(one.clone());
            }
        }
        let of_index = |one: &Package| one.source.starts_with("mip:") && one.origin.kept.is_none();
        if self.settings.exclude_newer.is_some() && self.resolution.packages.iter().any(of_index) {
            let note = "An index for `mip` does not say when something was published; `--exclude-newer` does not hold for it";
            self.resolution.notes.push(note.to_string());
        }
        let mut fetched = self.source.files(&wanted)?.into_iter();
        for file in self
            .resolution
            .packages
            .iter_mut()
            .flat_map(|package| &mut package.files)
        {
            if matches!(file.content, Content::Wanted(_)) {
                file.content = Content::Bytes(fetched.next().expect("one for each"));
            }
        }
        Ok(self.resolution)
    }

    /// Resolves one package and returns its name.
    fn package(&mut self, spec: &Spec, trail: &mut Trail) -> Result<String> {
        let key = key(spec);
        if trail.contains(&key) {
            trail.push(key);
            return Err(Error::new(
                Code::DependencyCycle,
                format!("Packages need each other in a circle: {}", way(trail)),
            )
            .hint("Nothing was written"));
        }
        if self.resolution.packages.len() >= MOST_PACKAGES || trail.len() > MOST_PACKAGES {
            return Err(Error::new(
                Code::BadPackage,
                format!("`{}` needs more than {MOST_PACKAGES} packages", trail[0]),
            ));
        }
        trail.push(key);
        let name = match spec {
            Spec::Name(name, wish) => self.by_name(name, wish, trail),
            Spec::Mip(name, wish) => match self.on_index(name, wish, trail)? {
                Some(name) => Ok(name),
                None => Err(self.not_found(name, trail)),
            },
            Spec::Pypi(name, wish) => match self.on_pypi(name, wish, true, trail)? {
                Some(name) => Ok(name),
                None => Err(because(
                    Error::new(
                        Code::PackageNotFound,
                        format!("`{name}` is not on the Python package index"),
                    ),
                    trail,
                )),
            },
            Spec::CircuitPython(name, wish) => self.on_circuitpython(name, wish, trail),
            Spec::Hosted(location) => self.on_host(location, trail),
            Spec::Local(text) => self.on_disk(Path::new(text), trail),
        }?;
        trail.pop();
        Ok(name)
    }

    /// A package that is resolved already, if `wish` allows it.
    fn resolved(&mut self, name: &str, wish: &Wish, trail: &Trail) -> Result<Option<String>> {
        let found = self
            .resolution
            .packages
            .iter()
            .find(|package| normalised(&package.name) == normalised(name));
        let Some(package) = found else {
            return Ok(None);
        };
        if wish.allows(&package.version) {
            return Ok(Some(package.name.clone()));
        }
        let error = Error::new(
            Code::Conflict,
            format!(
                "`{name}{wish}` is needed, and `{}` {} is chosen already",
                package.name, package.version
            ),
        )
        .hint(format!("It is needed by {}", way(trail)));
        self.clash = Some(Clash::other_wish(name, wish, trail, self.open.last()));
        Err(error)
    }

    /// The rules of precedence for a bare name.
    fn by_name(&mut self, name: &str, wish: &Wish, trail: &mut Trail) -> Result<String> {
        if let Some(found) = self.kept(name, wish, None, trail)? {
            return Ok(found);
        }
        if let Some(found) = self.on_index(name, wish, trail)? {
            return Ok(found);
        }
        if self.settings.mip_only {
            return Err(self.not_found(name, trail));
        }
        let note = |kind: &str, other: &str, package: &Package| {
            format!(
                "`{name}` on PyPI is {kind}; installing `{other}` {} from micropython-lib",
                package.version
            )
        };
        match alias::find(name) {
            Some(Alias::Placeholder(other) | Alias::OldCopy(other)) => {
                let Some(found) = self.on_index(other, &Wish::Newest, trail)? else {
                    return Err(self.not_found(other, trail));
                };
                let kind = match alias::find(name) {
                    Some(Alias::Placeholder(_)) => "an empty placeholder",
                    _ => "an old copy",
                };
                let package = self
                    .resolution
                    .packages
                    .iter()
                    .find(|one| one.name == found);
                let line = package.map(|package| note(kind, other, package));
                self.resolution.notes.extend(line);
                Ok(found)
            }
            Some(Alias::BuiltIn(other)) => Err(Error::new(
                Code::BuiltIn,
                format!("`{name}` is part of the firmware; a copy would stand in its way"),
            )
            .hint(format!("Import `{other}`"))),
            Some(Alias::Ambiguous(other)) => Err(Error::new(
                Code::Ambiguous,
                format!(
                    "`{name}` is not `{other}` of micropython-lib: two drivers, two interfaces"
                ),
            )
            .hint(format!("`mip:{other}` installs that of micropython-lib"))
            .hint(format!("`pypi:{name}` installs that of PyPI"))),
            None => match self.on_pypi(name, wish, false, trail)? {
                Some(name) => Ok(name),
                None => Err(self.not_found(name, trail)),
            },
        }
    }

    fn push(&mut self, package: Package) -> String {
        let name = package.name.clone();
        self.resolution.packages.push(package);
        name
    }

    /// The `deps` of a `package.json`: names with a version, places with a branch or tag.
    fn needed(
        &mut self,
        pairs: &[(String, String)],
        beside: Option<&Path>,
        trail: &Trail,
    ) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for (text, version) in pairs {
            let hosted = is_hosted(text);
            let with_version = match version.as_str() {
                "" => text.clone(),
                "latest" if !hosted => text.clone(),
                version => format!("{text}@{version}"),
            };
            let spec = Spec::parse(&with_version).map_err(|error| because(error, trail))?;
            let spec = match (spec, beside) {
                (Spec::Local(path), Some(directory)) => {
                    Spec::Local(directory.join(path).to_string_lossy().into_owned())
                }
                (Spec::Local(path), None) => {
                    let error = Error::new(
                        Code::BadPackage,
                        format!("A package of a server needs `{path}` of this computer"),
                    );
                    return Err(because(error, trail));
                }
                (spec, _) => spec,
            };
            names.push(self.package(&spec, &mut trail.clone())?);
        }
        Ok(names)
    }

    fn not_found(&mut self, name: &str, trail: &Trail) -> Error {
        let index = super::http::redacted(self.settings.indexes.first().map_or("", String::as_str));
        let place = if self.settings.mip_only {
            format!("in the index `{index}`")
        } else {
            format!("in the index `{index}` or on PyPI")
        };
        let mut error = Error::new(
            Code::PackageNotFound,
            format!("There is no package `{name}` {place}"),
        );
        // Without a catalogue there is nothing to suggest.
        let near = self
            .catalogues
            .values()
            .flatten()
            .map(|listed| {
                (
                    distance(&normalised(&listed.name), &normalised(name)),
                    &listed.name,
                )
            })
            .filter(|&(distance, near)| distance <= near.len().min(6) / 3)
            .min();
        if let Some((_, near)) = near {
            error = error.hint(format!("There is `{near}`"));
        }
        because(error, trail)
    }
}

fn wanted_file(package: &str, target: &str, url: String, expect: Expect) -> File {
    File {
        path: target.to_string(),
        url: Some(url.clone()),
        content: Content::Wanted(Wanted {
            package: package.to_string(),
            url,
            expect,
        }),
    }
}

/// What is the same in two specs of one package.
fn key(spec: &Spec) -> String {
    match spec {
        Spec::Name(name, _)
        | Spec::Mip(name, _)
        | Spec::Pypi(name, _)
        | Spec::CircuitPython(name, _) => normalised(name),
        Spec::Hosted(location) => location.package().text,
        Spec::Local(path) => path.clone(),
    }
}

fn way(trail: &[String]) -> String {
    let parts: Vec<String> = trail
        .iter()
        .map(|name| format!("`{}`", sanitise::line(name)))
        .collect();
    parts.join(" → ")
}

/// Adds the way that led to a failure, when the user did not name the package.
fn because(error: Error, trail: &[String]) -> Error {
    if trail.len() > 1 {
        error.hint(format!("It is needed by {}", way(trail)))
    } else {
        error
    }
}

/// How many letters differ between two words (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

mod catalogue;
mod circuitpython;
mod hosted;
mod indexed;
mod kept;
mod local;
mod pypi;
mod solve;
#[cfg(test)]
mod tests;
