//! What the firmware of a board has already, and what packages import that neither it nor they have.

use std::collections::{BTreeMap, BTreeSet};

use super::apply;
use super::board::{self, Board};
use super::resolve::{Content, Package};
use super::{imports, normalised, plan};
use crate::client::session::Session;
use crate::error::{Code, Error, Result};

/// Leaves out what the firmware has, and refuses what it could not run; names and versions of what it
/// has.
///
/// # Errors
/// [`Code::BuiltIn`] for another version that would never be imported, [`Code::NotForBoards`] for a
/// package that imports what is nowhere.
pub(crate) fn look_at_firmware(
    session: &mut Session,
    board: &Board,
    directory: &str,
    packages: &mut Vec<Package>,
) -> Result<Vec<(String, String)>> {
    if packages.is_empty() {
        return Ok(Vec::new());
    }
    let modules = &board.modules;
    let mut built_in = Vec::new();
    if board.frozen_comes_before(directory) {
        let mut asked = BTreeSet::new();
        for package in packages.iter() {
            asked.extend(
                modules_of(package)
                    .into_iter()
                    .filter(|name| modules.contains(name)),
            );
        }
        let asked: Vec<String> = asked.into_iter().collect();
        let frozen = board::frozen(session, &asked)?;
        let mut refused = None;
        packages.retain(|package| {
            let names = modules_of(package);
            let has_all = !names.is_empty() && names.iter().all(|name| frozen.contains_key(name));
            if !has_all {
                return true;
            }
            let main = normalised(&package.name).replace('-', "/");
            let version = frozen
                .get(&main)
                .or_else(|| names.first().and_then(|name| frozen.get(name)));
            let version = version.cloned().unwrap_or_default();
            if package.pinned && version != package.version {
                refused = Some((
                    package.name.clone(),
                    package.version.clone(),
                    version.clone(),
                ));
            }
            built_in.push((package.name.clone(), version));
            false
        });
        if let Some((name, wanted, version)) = refused {
            return Err(Error::new(
                Code::BuiltIn,
                format!("`{name}` {version} is built into this firmware and found before `{directory}`; {wanted} would never be imported"),
            )
            .hint("`--target /` puts it before the firmware's own, `--force` copies it all the same"));
        }
    }
    if !modules.is_empty() {
        check_imports(session, board, packages)?;
    }
    Ok(built_in)
}

/// The modules a package brings, with `/` between the parts.
pub(crate) fn modules_of(package: &Package) -> Vec<String> {
    package
        .files
        .iter()
        .filter(|file| super::spec::is_module(&file.path))
        .map(|file| plan::module(&file.path).to_string())
        .collect()
}

/// Refuses packages of PyPI and of bundles that import what is nowhere.
fn check_imports(session: &mut Session, board: &Board, packages: &[Package]) -> Result<()> {
    let top = |name: &str| name.split(['/', '.']).next().unwrap_or(name).to_string();
    let mut known: BTreeSet<String> = board.modules.iter().map(|name| top(name)).collect();
    for package in packages {
        known.extend(modules_of(package).iter().map(|name| top(name)));
    }
    let mut unmet: BTreeMap<String, (String, String)> = BTreeMap::new();
    for package in packages.iter().filter(|package| is_foreign(package)) {
        for (name, module) in imports::unmet(&sources_of(package)) {
            // The firmware finds `json` for `ujson` too.
            let plain = name.strip_prefix('u').unwrap_or(&name);
            if !known.contains(&name) && !known.contains(plain) {
                unmet.entry(name).or_insert((package.name.clone(), module));
            }
        }
    }
    if unmet.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = unmet.keys().cloned().collect();
    let present = session.with_agent(|agent| apply::present_modules(agent, &board.path, &names))?;
    match unmet.iter().find(|(name, _)| !present.contains(*name)) {
        None => Ok(()),
        Some((name, (package, module))) => Err(Error::new(
            Code::NotForBoards,
            format!(
                "`{}` of `{package}` imports `{name}`, which neither the board nor the packages have",
                module.replace('/', ".")
            ),
        )
        .hint("Nothing was written; `--force` installs it all the same")),
    }
}

/// Whether a package may be made for something else than this board.
fn is_foreign(package: &Package) -> bool {
    package.source == "pypi" || package.source.starts_with("circuitpython:")
}

/// The source files of a package by module: whether it is an `__init__`, and the text.
fn sources_of(package: &Package) -> BTreeMap<String, (bool, String)> {
    let mut sources = BTreeMap::new();
    for file in package
        .files
        .iter()
        .filter(|file| file.path.ends_with(".py"))
    {
        if let Content::Bytes(bytes) = &file.content {
            let module = plan::module(&file.path).to_string();
            let is_package = file.path.ends_with("/__init__.py");
            let text = String::from_utf8_lossy(bytes).into_owned();
            sources.insert(module, (is_package, text));
        }
    }
    sources
}

/// The first module that `sources` import and that is nowhere: not among them, not in the firmware, not
/// among `packages`, not on the board; with the module that imports it.
///
/// # Errors
/// Those of the connection.
pub(crate) fn unmet(
    session: &mut Session,
    board: &Board,
    sources: &BTreeMap<String, (bool, String)>,
    packages: &BTreeSet<String>,
) -> Result<Option<(String, String)>> {
    let top = |name: &String| name.split(['/', '.']).next().unwrap_or(name).to_string();
    let firmware: BTreeSet<String> = board::modules(session)?.iter().map(top).collect();
    if firmware.is_empty() {
        return Ok(None);
    }
    let packages: BTreeSet<String> = packages.iter().map(top).collect();
    let is_known = |name: &str| {
        // The firmware finds `json` for `ujson` too.
        let plain = name.strip_prefix('u').unwrap_or(name);
        firmware.contains(name) || firmware.contains(plain) || packages.contains(name)
    };
    let mut unmet = imports::unmet(sources);
    unmet.retain(|name, _| !is_known(name));
    let names: Vec<String> = unmet.keys().cloned().collect();
    let present = session.with_agent(|agent| apply::present_modules(agent, &board.path, &names))?;
    Ok(unmet.into_iter().find(|(name, _)| !present.contains(name)))
}
