//! Packages that somebody else put on a board: mip, whose files are known by the hashes of an index, and pipkin,
//! which leaves a `RECORD` in a `.dist-info`. They are entered into the record; no file is touched.

use std::collections::{BTreeMap, BTreeSet};

use super::fetch::Store;
use super::manifest::Manifest;
use super::plan::is_named_like;
use super::record::{FILE, Installed, Owned, Record};
use super::resolve::{Listed, catalogue};
use crate::client::agent::{Agent, Digest};
use crate::client::fs::{Stat, TEMPORARY, join};
use crate::error::{Code, Error, Result};

/// A file of the library directory that no package of the record owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stranger {
    /// Its path below the directory.
    pub(crate) path: String,
    /// Its length.
    pub(crate) len_bytes: u64,
}

/// The files in `directory` that no package of `record` owns, sorted.
///
/// # Errors
/// Those of the connection.
pub(crate) fn strangers(
    agent: &mut Agent<'_>,
    directory: &str,
    record: &Record,
) -> Result<Vec<Stranger>> {
    let entries = match agent.list(directory, true) {
        Err(error) if error.code() == Code::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let owned: BTreeSet<&str> = record
        .packages
        .values()
        .flat_map(|package| package.files.iter().map(|file| file.0.as_str()))
        .collect();
    let mut found = Vec::new();
    for entry in entries.into_iter().filter(|entry| !entry.directory) {
        let path = entry.path.strip_prefix(directory).unwrap_or(&entry.path);
        let path = path.trim_start_matches('/').to_string();
        let name = path.rsplit('/').next().unwrap_or(&path);
        if name != FILE && name != TEMPORARY && !owned.contains(path.as_str()) {
            found.push(Stranger {
                path,
                len_bytes: entry.size,
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// A file with its digest.
type Known = BTreeMap<String, (u64, String)>;

/// A package whose files are all there.
#[derive(Clone, Debug)]
struct Candidate {
    name: String,
    version: String,
    source: String,
    paths: Vec<String>,
}

/// What a board has, read so far.
pub(crate) struct Adoption {
    files: Known,
    found: Vec<Candidate>,
}

impl Adoption {
    /// Reads the files of `directory` and the records of pipkin.
    ///
    /// # Errors
    /// [`Code::Unsupported`] for a board without SHA-256, and those of the connection.
    pub(crate) fn read(
        agent: &mut Agent<'_>,
        directory: &str,
        strangers: &[Stranger],
    ) -> Result<Self> {
        if agent.capabilities()?.digest != Digest::Sha256 {
            return Err(Error::new(
                Code::Unsupported,
                "The firmware of this board has no SHA-256; its files cannot be told apart",
            )
            .hint("`ucli install --force PACKAGE` installs a package over what is there"));
        }
        let paths: Vec<String> = strangers
            .iter()
            .map(|one| join(directory, &one.path))
            .collect();
        let sizes = strangers.iter().map(|one| Some(one.len_bytes));
        let asked: Vec<(&str, Option<u64>)> = paths.iter().map(String::as_str).zip(sizes).collect();
        let mut files = Known::new();
        for (stranger, stat) in strangers.iter().zip(agent.stat(&asked)?) {
            if let Stat::File {
                len_bytes,
                digest: Some(digest),
            } = stat
            {
                files.insert(stranger.path.clone(), (len_bytes, super::hex(&digest)));
            }
        }
        let mut found = Vec::new();
        for path in files.keys().filter(|path| path.ends_with(RECORD)) {
            let text = agent.read(&join(directory, path))?;
            found.extend(of_pipkin(path, &String::from_utf8_lossy(&text), &files));
        }
        Ok(Self { files, found })
    }

    /// Whether there is nothing to find out.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The files that no package was found for.
    fn left(&self) -> BTreeSet<&str> {
        let taken = self.found.iter().flat_map(|one| &one.paths);
        let taken: BTreeSet<&str> = taken.map(String::as_str).collect();
        let all = self.files.keys().map(String::as_str);
        all.filter(|path| !taken.contains(path)).collect()
    }

    /// Looks in an index: the newest version of every package first, then the older ones of those that have a
    /// file of an unknown name.
    ///
    /// # Errors
    /// Those of the network. A description that is damaged counts as none.
    pub(crate) fn look_in(&mut self, store: &Store<'_>, index: &str) -> Result<()> {
        let Some(listed) = catalogue(store, index)? else {
            return Ok(());
        };
        let forms = self.forms(&listed);
        let mut newest = Vec::new();
        for form in &forms {
            let has_form = |one: &&Listed| one.versions.contains_key(form);
            newest.extend(
                listed
                    .iter()
                    .filter(has_form)
                    .map(|one| (one, form, "latest")),
            );
        }
        let described = descriptions(store, index, &newest)?;
        self.choose(index, &described);
        let left: BTreeSet<String> = self.left().into_iter().map(str::to_string).collect();
        let mut older = Vec::new();
        for ((one, form, _), manifest) in newest.iter().zip(&described) {
            let Some((_, manifest)) = manifest else {
                continue;
            };
            if manifest.hashes.iter().any(|(path, _)| left.contains(path)) {
                let versions = one.versions.get(*form).into_iter().flatten();
                older.extend(versions.map(|version| (*one, *form, version.as_str())));
            }
        }
        let described = descriptions(store, index, &older)?;
        self.choose(index, &described);
        Ok(())
    }

    /// The forms of the index that files on the board may be of.
    fn forms(&self, listed: &[Listed]) -> BTreeSet<String> {
        let has = |end: &str| self.files.keys().any(|path| path.ends_with(end));
        let (source, bytecode) = (has(".py"), has(".mpy"));
        let forms = listed.iter().flat_map(|one| one.versions.keys());
        forms
            .filter(|form| if *form == "py" { source } else { bytecode })
            .cloned()
            .collect()
    }

    /// Takes those packages whose files are all there: most files first, of equal ones that which is called like
    /// its module.
    fn choose(&mut self, index: &str, described: &[Option<(String, Manifest)>]) {
        let mut candidates = Vec::new();
        for (name, manifest) in described.iter().flatten() {
            let is_there = |(path, hash): &(String, String)| {
                self.files
                    .get(path)
                    .is_some_and(|(_, digest)| digest.starts_with(hash.as_str()))
            };
            let whole = manifest.urls.is_empty() && !manifest.hashes.is_empty();
            if whole && manifest.hashes.iter().all(is_there) {
                candidates.push(Candidate {
                    name: name.clone(),
                    version: manifest.version.clone().unwrap_or_default(),
                    source: format!("mip:{}", super::http::redacted(index)),
                    paths: manifest
                        .hashes
                        .iter()
                        .map(|(path, _)| path.clone())
                        .collect(),
                });
            }
        }
        loop {
            let left = self.left();
            let worth = |one: &Candidate| {
                let new = one.paths.iter().filter(|path| left.contains(path.as_str()));
                let alike = one.paths.iter().any(|path| is_named_like(&one.name, path));
                (new.count(), alike)
            };
            let best = candidates
                .iter()
                .filter(|one| self.found.iter().all(|other| other.name != one.name))
                .max_by(|a, b| worth(a).cmp(&worth(b)).then(b.name.cmp(&a.name)));
            let Some(best) = best.filter(|one| worth(one).0 > 0).cloned() else {
                return;
            };
            self.found.push(best);
        }
    }

    /// Enters what was found; names and versions, and the files that stay strangers.
    pub(crate) fn enter(self, record: &mut Record) -> (Vec<(String, String)>, Vec<String>) {
        let left = self.left().into_iter().map(str::to_string).collect();
        let mut names = Vec::new();
        for one in self.found {
            let mut files: Vec<Owned> = one
                .paths
                .iter()
                .map(|path| Owned::known(path, &self.files[path]))
                .collect();
            files.sort_by(|a, b| a.0.cmp(&b.0));
            names.push((one.name.clone(), one.version.clone()));
            let installed = Installed {
                version: one.version,
                source: one.source,
                requested: true,
                deps: Vec::new(),
                files,
            };
            record.packages.insert(one.name, installed);
        }
        names.sort();
        (names, left)
    }
}

/// Where pipkin keeps what it installed.
const RECORD: &str = ".dist-info/RECORD";

/// A package of pipkin: `NAME-VERSION.dist-info/RECORD` has lines of path, `sha256=` in URL-safe base64, and size.
fn of_pipkin(path: &str, text: &str, files: &Known) -> Option<Candidate> {
    use base64::Engine as _;
    let front = path.strip_suffix(RECORD)?;
    let (name, version) = front.rsplit_once('-')?;
    let mut paths = vec![path.to_string()];
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let mut fields = line.rsplitn(3, ',');
        let (_, hash, file) = (fields.next()?, fields.next()?, fields.next()?);
        let (_, digest) = files.get(file)?;
        if let Some(hash) = hash.strip_prefix("sha256=") {
            let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
            let bytes = engine.decode(hash.trim_end_matches('=')).ok()?;
            if super::hex(&bytes) != *digest {
                return None;
            }
        }
        if file != path {
            paths.push(file.to_string());
        }
    }
    Some(Candidate {
        name: name.to_string(),
        version: version.to_string(),
        source: "pypi".to_string(),
        paths,
    })
}

/// The descriptions of packages, each with its name; `None` for what is not there or damaged.
fn descriptions(
    store: &Store<'_>,
    index: &str,
    wanted: &[(&Listed, &String, &str)],
) -> Result<Vec<Option<(String, Manifest)>>> {
    let urls: Vec<String> = wanted
        .iter()
        .map(|(one, form, version)| format!("{index}/package/{form}/{}/{version}.json", one.name))
        .collect();
    let pages = store.documents(&urls)?;
    let read = |((one, _, _), page): (&(&Listed, &String, &str), Option<Vec<u8>>)| {
        let manifest = Manifest::parse(&page?, &one.name).ok()?;
        Some((one.name.clone(), manifest))
    };
    Ok(wanted.iter().zip(pages).map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &[u8])]) -> Known {
        let one = |&(path, bytes): &(&str, &[u8])| {
            let known = (bytes.len() as u64, crate::package::sha256(bytes));
            (path.to_string(), known)
        };
        list.iter().map(one).collect()
    }

    fn description(name: &str, list: &[(&str, &[u8])]) -> Option<(String, Manifest)> {
        let hashes: Vec<(&str, String)> = list
            .iter()
            .map(|(path, bytes)| (*path, crate::package::sha256(bytes)[..8].to_string()))
            .collect();
        let text = serde_json::json!({ "version": "1", "hashes": hashes }).to_string();
        Some((name.into(), Manifest::parse(text.as_bytes(), name).unwrap()))
    }

    #[test]
    fn the_package_with_most_files_is_the_one() {
        let (a, b): (&[u8], &[u8]) = (b"a", b"b");
        let mut adoption = Adoption {
            files: files(&[
                ("requests/__init__.py", a),
                ("urequests.py", b),
                ("x.py", a),
            ]),
            found: Vec::new(),
        };
        let described = [
            description("requests", &[("requests/__init__.py", a)]),
            description(
                "urequests",
                &[("requests/__init__.py", a), ("urequests.py", b)],
            ),
            description("other", &[("requests/__init__.py", b)]),
            None,
        ];
        adoption.choose("http://me:pw@h", &described);
        let mut record = Record::default();
        let (names, left) = adoption.enter(&mut record);
        assert_eq!(names, [("urequests".to_string(), "1".to_string())]);
        assert_eq!(left, ["x.py"]);
        assert_eq!(record.packages["urequests"].source, "mip:http://h");
    }

    #[test]
    fn records_of_pipkin_are_read_and_checked() {
        let files = files(&[("p.py", b"x"), ("p_q-1.2.dist-info/RECORD", b"")]);
        let path = "p_q-1.2.dist-info/RECORD";
        let read = |text: &str| of_pipkin(path, text, &files);
        let right = "sha256=LXEWQrcmsEQBYnyp--6wy9chTD7GPQMTAbIyfbtVrJw"; // not that of "x"
        let found = read("p.py,,1\np_q-1.2.dist-info/RECORD,,\n").unwrap();
        assert_eq!(
            (found.name.as_str(), found.version.as_str()),
            ("p_q", "1.2")
        );
        assert_eq!(found.paths.len(), 2);
        assert!(read(&format!("p.py,{right}1,1\n")).is_none());
        assert!(read("missing.py,,1\n").is_none());
        assert!(read("rubbish").is_none());
    }
}
