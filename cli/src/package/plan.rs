//! What an installation changes on a board, decided before anything is touched.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Built;
use super::record::Record;
use super::{normalised, sha256};
use crate::error::{Code, Error, Result};

/// What will be done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// Path below the library directory, and content.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Files of an older version that the new one does not have.
    pub(crate) dropped: BTreeSet<String>,
    /// Files that would be imported instead of the new ones.
    pub(crate) twins: BTreeSet<String>,
    /// The record afterwards.
    pub(crate) record: Record,
    /// Lines that the user should read.
    pub(crate) notes: Vec<String>,
}

/// Plans an installation over what is recorded. With `force`, files of other packages are taken over.
///
/// # Errors
/// [`Code::Conflict`] when two packages want different contents under one name.
pub(crate) fn plan(packages: Vec<Built>, record: &Record, force: bool) -> Result<Plan> {
    let mut plan = Plan {
        record: record.clone(),
        ..Plan::default()
    };
    let new: BTreeSet<String> = packages
        .iter()
        .map(|one| one.package.name.clone())
        .collect();
    check_sources(&packages, record, force)?;
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let packages = settle(packages, &mut plan.notes)?;
    for built in &packages {
        for (path, bytes) in &built.files {
            let owned = super::record::Owned::new(path, bytes);
            for (other, old) in record.owners(path, &new) {
                if *old != owned && !force {
                    return Err(conflict(
                        path,
                        &built.package.name,
                        &format!("`{other}` on the board"),
                    ));
                }
            }
            plan.files.insert(path.clone(), bytes.clone());
            owners.insert(path.clone(), built.package.name.clone());
        }
    }
    for name in &new {
        for file in record
            .packages
            .get(name)
            .into_iter()
            .flat_map(|old| &old.files)
        {
            if !plan.files.contains_key(&file.0) && record.owners(&file.0, &new).next().is_none() {
                plan.dropped.insert(file.0.clone());
            }
        }
    }
    for path in plan.files.keys() {
        for twin in twins(path) {
            if plan.files.contains_key(&twin) {
                return Err(conflict(
                    path,
                    &owners[path],
                    &format!("`{}` as `{twin}`", owners[&twin]),
                ));
            }
            if let Some((other, _)) = record.owners(&twin, &new).next()
                && !force
            {
                return Err(conflict(
                    path,
                    &owners[path],
                    &format!("`{other}` on the board as `{twin}`"),
                ));
            }
            plan.twins.insert(twin);
        }
    }
    for built in &packages {
        plan.record.enter(built);
    }
    let gone: BTreeSet<String> = plan.twins.union(&plan.dropped).cloned().collect();
    for (name, package) in &mut plan.record.packages {
        package.files.retain(|file| {
            !gone.contains(&file.0)
                && (new.contains(name)
                    || !plan.files.contains_key(&file.0)
                    || super::record::Owned::new(&file.0, &plan.files[&file.0]) == *file)
        });
    }
    Ok(plan)
}

fn conflict(path: &str, one: &str, other: &str) -> Error {
    Error::new(
        Code::Conflict,
        format!("`{path}` of `{one}` belongs to {other} with another content"),
    )
    .hint("`--upgrade` brings both to one version; `--force` takes the file over")
    .hint("Nothing was written")
}

/// A name on the board belongs to one project.
fn check_sources(packages: &[Built], record: &Record, force: bool) -> Result<()> {
    for built in packages {
        let package = &built.package;
        let Some(old) = record.packages.get(&package.name) else {
            continue;
        };
        let kind = |source: &str| source.split([':', '@']).next().unwrap_or("").to_string();
        if kind(&old.source) != kind(&package.source) && !force {
            return Err(Error::new(
                Code::Conflict,
                format!(
                    "`{}` on the board is from `{}`, not from `{}`",
                    package.name, old.source, package.source
                ),
            )
            .hint(format!(
                "`ucli uninstall {}` first, or `--force`",
                package.name
            )));
        }
    }
    Ok(())
}

/// Whether a package is called like the module at `path`: others only carry copies of that.
pub(crate) fn is_named_like(package: &str, path: &str) -> bool {
    let (name, module) = (
        normalised(package),
        normalised(&module(path).replace('/', ".")),
    );
    module == name || module.starts_with(&format!("{name}-"))
}

/// Takes packages out of a record that are not among `keep`; the files that only they have.
pub(crate) fn prune(record: &mut Record, keep: &BTreeSet<String>) -> BTreeSet<String> {
    let mut gone = BTreeSet::new();
    record.packages.retain(|name, package| {
        let stays = keep.contains(name);
        if !stays {
            gone.extend(package.files.iter().map(|file| file.0.clone()));
        }
        stays
    });
    for file in record.packages.values().flat_map(|one| &one.files) {
        gone.remove(&file.0);
    }
    gone
}

/// Where two packages have different contents under one name, the one that is called like the module
/// wins: the other only carries a copy of it.
fn settle(mut packages: Vec<Built>, notes: &mut Vec<String>) -> Result<Vec<Built>> {
    let mut seen: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
    for (index, built) in packages.iter().enumerate() {
        for (path, bytes) in &built.files {
            seen.entry(path.clone())
                .or_default()
                .push((index, sha256(bytes)));
        }
    }
    for (path, holders) in seen {
        if holders.iter().all(|(_, digest)| *digest == holders[0].1) {
            continue;
        }
        let named =
            |&&(index, _): &&(usize, String)| is_named_like(&packages[index].package.name, &path);
        let mut standalone = holders.iter().filter(named);
        let (Some(&(winner, _)), None) = (standalone.next(), standalone.next()) else {
            let name = |at: usize| packages[holders[at].0].package.name.clone();
            return Err(conflict(&path, &name(0), &format!("`{}`", name(1))));
        };
        notes.push(format!(
            "`{path}` is that of `{}`",
            packages[winner].package.name
        ));
        let content = packages[winner].files.iter().find(|(one, _)| *one == path);
        let content = content.expect("it was seen there").1.clone();
        for (index, _) in holders {
            for (one, bytes) in &mut packages[index].files {
                if *one == path {
                    bytes.clone_from(&content);
                }
            }
        }
    }
    Ok(packages)
}

/// The module a file is imported as, with `/` between its parts.
pub(crate) fn module(path: &str) -> &str {
    let stem = path
        .strip_suffix(".py")
        .or_else(|| path.strip_suffix(".mpy"))
        .unwrap_or(path);
    stem.strip_suffix("/__init__").unwrap_or(stem)
}

/// The other files that would be imported under the name of `path`.
pub(crate) fn twins(path: &str) -> Vec<String> {
    if !super::spec::is_module(path) {
        return Vec::new();
    }
    let module = module(path);
    ["", "/__init__"]
        .iter()
        .flat_map(|middle| [".py", ".mpy"].map(|end| format!("{module}{middle}{end}")))
        .filter(|twin| twin != path)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::resolve::Package;
    use super::*;

    fn built(name: &str, files: &[(&str, &str)]) -> Built {
        Built {
            package: Package {
                name: name.to_string(),
                version: "1".to_string(),
                source: "mip:i".to_string(),
                requested: true,
                pinned: false,
                files: Vec::new(),
                dependencies: Vec::new(),
                origin: super::super::resolve::Origin::default(),
            },
            files: files
                .iter()
                .map(|(path, text)| ((*path).to_string(), text.as_bytes().to_vec()))
                .collect(),
        }
    }

    fn installed(packages: Vec<Built>) -> Record {
        plan(packages, &Record::default(), false).unwrap().record
    }

    #[test]
    fn twins_are_what_would_be_imported_instead() {
        assert_eq!(twins("a.py"), ["a.mpy", "a/__init__.py", "a/__init__.mpy"]);
        assert_eq!(twins("a/__init__.mpy"), ["a.py", "a.mpy", "a/__init__.py"]);
        assert_eq!(module("umqtt/simple.mpy"), "umqtt/simple");
        assert!(twins("data.json").is_empty());
    }

    #[test]
    fn shared_file_stays_when_one_owner_drops_it() {
        let record = installed(vec![
            built("a", &[("shared.py", "s"), ("a.py", "1"), ("old.py", "o")]),
            built("b", &[("shared.py", "s")]),
        ]);
        let plan = plan(vec![built("a", &[("a.py", "2")])], &record, false).unwrap();
        assert_eq!(plan.dropped.iter().collect::<Vec<_>>(), ["old.py"]);
        assert_eq!(plan.record.packages["a"].files.len(), 1);
        assert_eq!(plan.record.packages["b"].files.len(), 1);
    }

    #[test]
    fn different_contents_under_one_name_err() {
        let record = installed(vec![built("a", &[("shared.py", "s")])]);
        let other = || vec![built("b", &[("shared.py", "t")])];
        assert_eq!(
            plan(other(), &record, false).unwrap_err().code(),
            Code::Conflict
        );
        let forced = plan(other(), &record, true).unwrap();
        assert!(forced.record.packages["a"].files.is_empty());
        let both = vec![built("a", &[("x.py", "1")]), built("b", &[("x.py", "2")])];
        assert_eq!(
            plan(both, &Record::default(), false).unwrap_err().code(),
            Code::Conflict
        );
        let twins = vec![built("a", &[("x.py", "1")]), built("b", &[("x.mpy", "2")])];
        assert_eq!(
            plan(twins, &Record::default(), false).unwrap_err().code(),
            Code::Conflict
        );
        let twin = vec![built("b", &[("shared.mpy", "t")])];
        assert_eq!(
            plan(twin, &record, false).unwrap_err().code(),
            Code::Conflict
        );
    }

    #[test]
    fn standalone_package_wins_over_a_copy() {
        let both = vec![
            built(
                "urequests",
                &[("requests/__init__.mpy", "old"), ("urequests.mpy", "u")],
            ),
            built("requests", &[("requests/__init__.mpy", "new")]),
        ];
        let plan = plan(both, &Record::default(), false).unwrap();
        assert_eq!(plan.files["requests/__init__.mpy"], b"new");
        assert_eq!(plan.notes.len(), 1);
    }

    #[test]
    fn another_project_of_the_same_name_err() {
        let record = installed(vec![built("a", &[("a.py", "1")])]);
        let mut other = built("a", &[("a.py", "1")]);
        other.package.source = "pypi".to_string();
        assert_eq!(
            plan(vec![other.clone()], &record, false)
                .unwrap_err()
                .code(),
            Code::Conflict
        );
        assert!(plan(vec![other], &record, true).is_ok());
    }
}
