//! Carries out a plan on a board: everything is looked at and known to fit before the first byte is
//! written, every file is replaced whole, and the record comes last.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Plan;
use super::record::{FILE, Owned, Record};
use crate::client::agent::{Agent, Digest};
use crate::client::fs::{NO_SIZE, Stat, join, parent, quoted};
use crate::client::session::Session;
use crate::error::{Code, Error, Result};
use crate::files::transfer::{self, Outgoing, Sending};
use crate::output::Printer;
use crate::output::bytes::grouped;

/// What was done, or would be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Files that were written, with their sizes.
    pub(crate) written: Vec<(String, u64)>,
    /// Files that were the same already.
    pub(crate) unchanged: usize,
    /// Files that were removed.
    pub(crate) removed: Vec<String>,
}

/// Reads the record of a library directory; an empty one where there is none.
///
/// # Errors
/// Those of the connection, and of [`Record::parse`].
pub(crate) fn read_record(agent: &mut Agent<'_>, directory: &str) -> Result<Record> {
    let path = join(directory, FILE);
    match agent.stat(&[(&path, Some(NO_SIZE))])?.remove(0) {
        Stat::File { .. } => Record::parse(&agent.read(&path)?),
        Stat::Missing(_) | Stat::Directory => Ok(Record::default()),
    }
}

/// The record of a library directory that [`super::board::Board::survey`] found: no bytes where there is none,
/// `None` where it must be read.
///
/// # Errors
/// As [`read_record`].
pub(crate) fn record_of(
    session: &mut Session,
    directory: &str,
    found: Option<Vec<u8>>,
) -> Result<Record> {
    match found {
        Some(bytes) if bytes.is_empty() => Ok(Record::default()),
        Some(bytes) => Record::parse(&bytes),
        None => session.with_agent(|agent| read_record(agent, directory)),
    }
}

/// Which recorded files are on the board as they were written.
///
/// # Errors
/// Those of the connection.
pub(crate) fn intact(
    agent: &mut Agent<'_>,
    directory: &str,
    files: &[Owned],
) -> Result<Vec<Presence>> {
    let paths: Vec<String> = files.iter().map(|file| join(directory, &file.0)).collect();
    let asked: Vec<(&str, Option<u64>)> = paths
        .iter()
        .zip(files)
        .map(|(path, file)| (path.as_str(), Some(file.1)))
        .collect();
    let stats = agent.stat(&asked)?;
    let hashes = agent.capabilities()?.digest == Digest::Sha256;
    Ok(stats
        .iter()
        .zip(files)
        .map(|(stat, file)| match stat {
            Stat::Missing(_) => Presence::Missing,
            Stat::Directory => Presence::Changed,
            Stat::File { len_bytes, digest } => {
                // Without SHA-256 on the board the size is all there is.
                let same = *len_bytes == file.1
                    && (!hashes
                        || digest
                            .as_ref()
                            .is_some_and(|digest| super::hex(digest).starts_with(&file.2)));
                if same {
                    Presence::Intact
                } else {
                    Presence::Changed
                }
            }
        })
        .collect())
}

/// How a recorded file is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// As it was written.
    Intact,
    /// With another content.
    Changed,
    /// Not at all.
    Missing,
}

/// What is found before anything is touched.
struct Survey {
    wanted: Vec<Outgoing>,
    unchanged: usize,
    removals: Vec<String>,
    directories: Vec<String>,
}

/// Carries out `plan` in `directory`. With `dry_run` it only says what would be done; with `record`
/// the record is written.
///
/// # Errors
/// [`Code::NoSpace`] before anything is written; those of the board and the connection.
pub(crate) fn apply(
    session: &mut Session,
    directory: &str,
    plan: &Plan,
    dry_run: bool,
    record: bool,
    printer: &Printer,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut sending = None;
    let mut settled = false;
    let first = session.with_agent(|agent| {
        let survey = survey(agent, directory, plan)?;
        outcome.unchanged = survey.unchanged;
        outcome.written = survey
            .wanted
            .iter()
            .map(|file| (file.target.clone(), file.len_bytes))
            .collect();
        outcome.removed = survey.removals;
        if dry_run {
            return Ok(());
        }
        let directories: Vec<&str> = survey.directories.iter().map(String::as_str).collect();
        agent.make_directories(&directories)?;
        let sending = sending.insert(Sending::new(survey.wanted, printer));
        sending.attempt(agent)?;
        // The usual case: all in one go.
        settle(
            agent,
            directory,
            (&outcome.removed, &plan.record),
            record,
            printer,
        )?;
        settled = true;
        Ok(())
    });
    match sending {
        Some(sending) => sending.finish(session, first).map_err(partial)?,
        None => {
            first?;
            return Ok(outcome);
        }
    };
    if !settled {
        session
            .with_agent(|agent| {
                let last = (&outcome.removed[..], &plan.record);
                settle(agent, directory, last, record, printer)
            })
            .map_err(partial)?;
    }
    Ok(outcome)
}

/// What comes after the files: what is not wanted goes, and with `write` the record comes.
fn settle(
    agent: &mut Agent<'_>,
    directory: &str,
    (removals, record): (&[String], &Record),
    write: bool,
    printer: &Printer,
) -> Result<()> {
    remove(agent, directory, removals)?;
    if write {
        write_record(agent, directory, record, printer)?;
    }
    Ok(())
}

fn partial(error: Error) -> Error {
    error.hint("Every file on the board is whole; running the same command again completes it")
}

fn survey(agent: &mut Agent<'_>, directory: &str, plan: &Plan) -> Result<Survey> {
    let mut wanted: Vec<Outgoing> = plan
        .files
        .iter()
        .map(|(path, bytes)| Outgoing::bytes(bytes.clone(), join(directory, path)))
        .collect();
    let gone: Vec<String> = plan
        .twins
        .union(&plan.dropped)
        .map(|path| join(directory, path))
        .collect();
    let needed = directories(directory, &wanted);
    // One question for all of them.
    let files = wanted
        .iter()
        .map(|one| (one.target.as_str(), one.len_bytes));
    let others = gone
        .iter()
        .chain(&needed)
        .map(|one| (one.as_str(), NO_SIZE));
    let asked: Vec<(&str, Option<u64>)> = files
        .chain(others)
        .map(|(path, len_bytes)| (path, Some(len_bytes)))
        .collect();
    let stats = agent.stat(&asked)?;
    let (of_files, rest) = stats.split_at(wanted.len());
    let (of_gone, of_needed) = rest.split_at(gone.len());
    let all = wanted.len();
    let differs = transfer::differing(&wanted, of_files, agent.capabilities()?.digest)?;
    let mut differs = differs.into_iter();
    wanted.retain(|_| differs.next() == Some(true));
    let is_file = |(_, stat): &(&String, &Stat)| matches!(stat, Stat::File { .. });
    let removals = gone.iter().zip(of_gone).filter(is_file);
    let removals = removals.map(|(path, _)| path.clone()).collect();
    let mut directories = Vec::new();
    for (path, stat) in needed.iter().zip(of_needed) {
        match stat {
            Stat::Directory => {}
            Stat::Missing(_) => directories.push(path.clone()),
            Stat::File { .. } => {
                return Err(Error::new(
                    Code::NotDirectory,
                    format!("`:{path}` is a file on the board; a directory is needed there"),
                ));
            }
        }
    }
    check_space(agent, directory, &wanted)?;
    Ok(Survey {
        unchanged: all - wanted.len(),
        wanted,
        removals,
        directories,
    })
}

/// The directories that files need, parents first.
fn directories(root: &str, wanted: &[Outgoing]) -> BTreeSet<String> {
    let mut needed: BTreeSet<String> = BTreeSet::new();
    let targets = wanted.iter().map(|file| file.target.as_str());
    for target in targets.chain([join(root, FILE).as_str()]) {
        let mut above = parent(target);
        while !above.is_empty() && above != "/" {
            needed.insert(above.to_string());
            above = parent(above);
        }
    }
    needed
}

/// Refuses what does not fit: sizes rounded up to blocks, and a tenth more for the file system. A file
/// that is replaced needs its room twice, until the old one is gone.
fn check_space(agent: &mut Agent<'_>, directory: &str, wanted: &[Outgoing]) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut places = vec![directory.to_string()];
    while let Some(last) = places
        .last()
        .filter(|last| !last.is_empty() && *last != "/")
    {
        places.push(parent(last).to_string());
    }
    let list: Vec<String> = places
        .iter()
        .map(|place| quoted(if place.is_empty() { "." } else { place }))
        .collect();
    let source = format!(
        "def _s(l):\n for p in l:\n  try:\n   z=os.statvfs(p);b=z[1]or z[0];return (b,z[3])\n  except Exception:pass\n return (0,0)\nf(68,repr(_s(({},))).encode())\n",
        list.join(",")
    );
    let answer = agent.call(&source, "look at", directory)?;
    let number = |index: usize| {
        let value = answer
            .first()
            .map(|value| value.at(index).int().unwrap_or(0));
        u64::try_from(value.unwrap_or(0)).unwrap_or(0)
    };
    let (block_bytes, free_blocks) = (number(0), number(1));
    if block_bytes == 0 {
        return Ok(());
    }
    let blocks: u64 = wanted
        .iter()
        .map(|file| file.len_bytes.div_ceil(block_bytes).max(1))
        .sum();
    let needed = blocks + blocks.div_ceil(10);
    if needed > free_blocks {
        return Err(Error::new(
            Code::NoSpace,
            format!(
                "The packages need {} bytes; only {} bytes are free on the board",
                grouped(needed * block_bytes),
                grouped(free_blocks * block_bytes)
            ),
        )
        .hint("Nothing was written")
        .hint("`ucli df` shows what is free, `ucli list` what is installed"));
    }
    Ok(())
}

/// Removes files and the directories that are empty then.
fn remove(agent: &mut Agent<'_>, root: &str, paths: &[String]) -> Result<()> {
    if paths.is_empty() {
        return Ok(());
    }
    let files: Vec<(&str, bool)> = paths.iter().map(|path| (path.as_str(), false)).collect();
    let numbers = agent.remove(&files)?;
    for (path, number) in paths.iter().zip(numbers) {
        // 2: it is gone already, which is what was wanted.
        if number != 0 && number != 2 {
            return Err(crate::client::board_error("remove", path, number));
        }
    }
    let mut above: BTreeSet<&str> = BTreeSet::new();
    for path in paths {
        let mut directory = parent(path);
        while directory.len() > root.len() {
            above.insert(directory);
            directory = parent(directory);
        }
    }
    // Deepest first; a directory that is not empty stays, and that is no failure.
    let directories: Vec<(&str, bool)> = above.iter().rev().map(|path| (*path, true)).collect();
    if !directories.is_empty() {
        agent.remove(&directories)?;
    }
    Ok(())
}

/// Writes the record if it says something new; an empty one goes.
///
/// # Errors
/// Those of the board and of the connection.
pub(crate) fn write_record(
    agent: &mut Agent<'_>,
    directory: &str,
    record: &Record,
    printer: &Printer,
) -> Result<()> {
    let path = join(directory, FILE);
    if record.packages.is_empty() {
        return remove(agent, directory, std::slice::from_ref(&path));
    }
    let files = vec![Outgoing::bytes(record.to_bytes(), path)];
    if transfer::changed(agent, &files, None)? == [true] {
        return Sending::new(files, &printer.silent()).attempt(agent);
    }
    Ok(())
}

/// Removes packages; returns the files that went. Files that another package owns stay.
///
/// # Errors
/// [`Code::Refused`] for files that were changed on the board, unless `force`.
pub(crate) fn uninstall(
    session: &mut Session,
    directory: &str,
    record: &Record,
    names: &BTreeSet<String>,
    force: bool,
    dry_run: bool,
    printer: &Printer,
) -> Result<Vec<String>> {
    let mut files: BTreeMap<&str, &Owned> = BTreeMap::new();
    for name in names {
        for file in record
            .packages
            .get(name)
            .into_iter()
            .flat_map(|package| &package.files)
        {
            if record.owners(&file.0, names).next().is_none() {
                files.insert(&file.0, file);
            }
        }
    }
    let owned: Vec<Owned> = files.values().map(|file| (*file).clone()).collect();
    let removed = session.with_agent(|agent| {
        let presence = if owned.is_empty() {
            Vec::new()
        } else {
            intact(agent, directory, &owned)?
        };
        let changed = owned
            .iter()
            .zip(&presence)
            .find(|(_, one)| **one == Presence::Changed);
        if let Some((file, _)) = changed
            && !force
        {
            return Err(Error::new(
                Code::Refused,
                format!("`:{}` was changed on the board", join(directory, &file.0)),
            )
            .hint("`--force` removes it all the same"));
        }
        let present: Vec<String> = owned
            .iter()
            .zip(&presence)
            .filter(|(_, one)| **one != Presence::Missing)
            .map(|(file, _)| join(directory, &file.0))
            .collect();
        if !dry_run {
            remove(agent, directory, &present)?;
        }
        Ok(present)
    })?;
    if !dry_run {
        let mut left = record.clone();
        left.packages.retain(|name, _| !names.contains(name));
        session.with_agent(|agent| write_record(agent, directory, &left, printer))?;
    }
    Ok(removed)
}

/// The modules on the board's file systems that are among `names`.
///
/// # Errors
/// Those of the connection.
pub(crate) fn present_modules(
    agent: &mut Agent<'_>,
    path: &[String],
    names: &[String],
) -> Result<BTreeSet<String>> {
    let found = modules_at(agent, path, names)?;
    Ok(found.into_iter().map(|(name, _)| name).collect())
}

/// Where on `path` modules are that are among `names`.
///
/// # Errors
/// Those of the connection.
pub(crate) fn found_at(
    agent: &mut Agent<'_>,
    path: &[String],
    names: &[String],
) -> Result<Vec<String>> {
    let found = modules_at(agent, path, names)?;
    Ok(found.into_iter().map(|(_, place)| place).collect())
}

/// The modules among `names` that are on `path`, and where.
fn modules_at(
    agent: &mut Agent<'_>,
    path: &[String],
    names: &[String],
) -> Result<Vec<(String, String)>> {
    let mut asked = Vec::new();
    for name in names {
        for entry in path.iter().filter(|entry| *entry != ".frozen") {
            for end in ["", ".py", ".mpy"] {
                asked.push((name.clone(), join(entry, &format!("{name}{end}"))));
            }
        }
    }
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let paths: Vec<(&str, Option<u64>)> = asked
        .iter()
        .map(|(_, path)| (path.as_str(), Some(NO_SIZE)))
        .collect();
    let stats = agent.stat(&paths)?;
    let found = asked.into_iter().zip(stats);
    Ok(found
        .filter(|(_, stat)| !matches!(stat, Stat::Missing(_)))
        .map(|(one, _)| one)
        .collect())
}
