//! The packages of a board become those of a lock: nothing more of ours, nothing less, nothing changed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::adopt;
use super::apply::{self, Outcome};
use super::board::Board;
use super::build;
use super::firmware::{look_at_firmware, modules_of};
use super::install::Place;
use super::lock::{self, Lock};
use super::locking::Locking;
use super::plan;
use super::project::Project;
use super::record::Record;
use super::resolve::Package;
use crate::client::session::Session;
use crate::error::{Code, Error, Result};
use crate::output::Printer;
use crate::output::bytes::human;

/// How the packages of a board are brought in line.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Manner {
    /// Leave out what only the development needs
    #[arg(long)]
    pub(crate) no_dev: bool,
    /// Copy source; do not compile and do not take compiled files
    #[arg(long)]
    pub(crate) no_mpy: bool,
    /// Files of the library directory that are of no package count as drift, and go
    #[arg(long)]
    pub(crate) exact: bool,
    /// Install what the firmware has, ignore missing imports and the wrong version of the firmware
    #[arg(short, long)]
    pub(crate) force: bool,
}

/// What a board has, or would have.
#[derive(Debug)]
pub(crate) struct Synced {
    /// The library directory.
    pub(crate) directory: String,
    /// The packages: name and version.
    pub(crate) packages: Vec<(String, String)>,
    /// What the firmware has already.
    pub(crate) built_in: Vec<(String, String)>,
    /// Packages that are not wanted any more.
    pub(crate) unwanted: Vec<String>,
    /// The files.
    pub(crate) outcome: Outcome,
    /// Modules on the board that are found before those of the packages.
    pub(crate) shadows: Vec<String>,
    /// Files of the library directory that are of no package; looked for only with `--exact` or without writing.
    pub(crate) strangers: Vec<String>,
    /// The record was not what it must be.
    pub(crate) record_differs: bool,
}

impl Synced {
    /// Whether the board was as the lock says.
    pub(crate) fn was_clean(&self) -> bool {
        self.outcome.written.is_empty()
            && self.outcome.removed.is_empty()
            && self.unwanted.is_empty()
            && self.shadows.is_empty()
            && !self.record_differs
    }

    /// The facts for `--json`.
    pub(crate) fn json(&self) -> Value {
        let pairs = |list: &[(String, String)]| {
            let one =
                |(name, version): &(String, String)| json!({ "name": name, "version": version });
            list.iter().map(one).collect::<Vec<_>>()
        };
        let written = self.outcome.written.iter();
        json!({
            "target": self.directory,
            "packages": pairs(&self.packages),
            "built_in": pairs(&self.built_in),
            "unwanted": self.unwanted,
            "written": written.map(|(path, size)| json!({ "path": path, "size": size })).collect::<Vec<_>>(),
            "unchanged": self.outcome.unchanged,
            "removed": self.outcome.removed,
            "shadows": self.shadows,
            "strangers": self.strangers,
        })
    }

    /// Says file by file what was done, or would be.
    ///
    /// # Errors
    /// Those of stdout.
    pub(crate) fn print(&self, printer: &Printer, would: bool) -> Result<()> {
        // What is written is shown while it is.
        for (path, len_bytes) in self.outcome.written.iter().filter(|_| would) {
            printer.data(&format!("would write {path}  {}", human(*len_bytes)))?;
        }
        let remove = if would { "would remove" } else { "-" };
        for path in &self.outcome.removed {
            printer.data(&format!("{remove} {path}"))?;
        }
        if would && !self.strangers.is_empty() {
            printer.note(&format!(
                "of no package in `{}`: {}; with `--exact` that is drift",
                self.directory,
                self.strangers.join(", ")
            ));
        }
        for path in &self.shadows {
            printer.warn(&format!(
                "`:{path}` is found before the package of that name in `{}`",
                self.directory
            ));
        }
        Ok(())
    }
}

/// Brings the packages of a board in line with a lock; with `dry_run` only looks.
///
/// # Errors
/// [`Code::Unsupported`] for another firmware than the project wants; those of every step. Nothing is
/// written before all but the last have gone well.
pub(crate) fn sync(
    session: &mut Session,
    (project, locking, lock): (&Project, &Locking<'_>, &Lock),
    place: &Place,
    manner: &Manner,
    dry_run: bool,
    printer: &Printer,
) -> Result<Synced> {
    let place = place.or(project.target()?);
    let (board, found) = Board::survey(session, place.named().as_deref(), true)?;
    check_firmware(lock, &board, manner.force)?;
    let directory = place.directory(&board)?;
    let mut record = apply::record_of(session, &directory, found)?;
    let before = record.clone();
    let no_mpy = manner.no_mpy || project.no_mpy()?;
    let form = if board.form(no_mpy) == build::BYTECODE.to_string() {
        lock::BYTECODE
    } else {
        lock::SOURCE
    };
    let mut packages = locking.packages(lock, !manner.no_dev, form)?;
    let built_in = if manner.force {
        Vec::new()
    } else {
        look_at_firmware(session, &board, &directory, &mut packages)?
    };
    for (name, version) in &built_in {
        let locked = lock.find(name).map_or("", |one| one.version.as_str());
        if !version.is_empty() && version != locked {
            printer.note(&format!(
                "`{name}` {locked} is locked; the firmware has {version} built in and finds that first"
            ));
        }
    }
    warn_of_firmware(lock, &packages, &board, printer);
    let modules: Vec<String> = packages.iter().flat_map(modules_of).collect();
    let shadows = shadows(session, &board, &directory, &modules)?;
    let keep: BTreeSet<String> = packages.iter().map(|one| one.name.clone()).collect();
    let gone = plan::prune(&mut record, &keep);
    let unwanted = before.packages.keys().filter(|name| !keep.contains(*name));
    let unwanted: Vec<String> = unwanted.cloned().collect();
    let built = build::all(packages, board.loads(), !no_mpy)?;
    let list = built
        .iter()
        .map(|one| (one.package.name.clone(), one.package.version.clone()));
    let list: Vec<(String, String)> = list.collect();
    let mut plan = plan::plan(built, &record, true)?;
    plan.record.request_only(lock);
    plan.dropped.extend(
        gone.into_iter()
            .filter(|path| !plan.files.contains_key(path)),
    );
    let strangers = if manner.exact || dry_run {
        strangers(session, &directory, &plan)?
    } else {
        Vec::new()
    };
    if manner.exact {
        plan.dropped.extend(strangers.iter().cloned());
    }
    let nothing = list.is_empty() && plan.dropped.is_empty() && before == plan.record;
    let outcome = if nothing {
        Outcome::default()
    } else {
        apply::apply(session, &directory, &plan, dry_run, true, printer)?
    };
    Ok(Synced {
        directory,
        packages: list,
        built_in,
        unwanted,
        outcome,
        shadows,
        strangers: if manner.exact { Vec::new() } else { strangers },
        record_differs: before != plan.record,
    })
}

/// The files that will belong to no package, and do not go anyhow.
fn strangers(session: &mut Session, directory: &str, plan: &plan::Plan) -> Result<Vec<String>> {
    let found = session.with_agent(|agent| adopt::strangers(agent, directory, &plan.record))?;
    let stays = |path: &String| !plan.dropped.contains(path) && !plan.twins.contains(path);
    Ok(found
        .into_iter()
        .map(|one| one.path)
        .filter(stays)
        .collect())
}

/// Says which packages need newer firmware than the board has.
fn warn_of_firmware(lock: &Lock, packages: &[Package], board: &Board, printer: &Printer) {
    for one in packages {
        let need = super::needs::of(&one.name, &board.version);
        let asked = lock
            .find(&one.name)
            .map_or("", |locked| locked.asked.as_str());
        let text = need.and_then(|need| need.complaint(&one.version, asked, &board.version));
        if let Some(text) = text {
            printer.warn(&text);
        }
    }
}

impl Record {
    /// Marks those packages as asked for that a lock's project asks for.
    fn request_only(&mut self, lock: &Lock) {
        let required: BTreeSet<String> = lock
            .requires
            .iter()
            .chain(&lock.requires_dev)
            .map(|one| super::normalised(one.target()))
            .collect();
        for (name, package) in &mut self.packages {
            package.requested = required.contains(&super::normalised(name));
        }
    }
}

/// Refuses a board whose firmware the project does not want.
fn check_firmware(lock: &Lock, board: &Board, force: bool) -> Result<()> {
    let Ok(range) = lock.micropython.parse::<pep440_rs::VersionSpecifiers>() else {
        return Ok(());
    };
    // A preview of 1.28 counts as 1.28.
    let Ok(version) = board.version.parse::<pep440_rs::Version>() else {
        return Ok(());
    };
    if force || range.contains(&version) {
        return Ok(());
    }
    Err(Error::new(
        Code::Unsupported,
        format!(
            "The board runs MicroPython {}; the project wants {}",
            board.version, lock.micropython
        ),
    )
    .hint("Nothing was written; `--force` goes on all the same"))
}

/// The modules on the board that are found before those in `directory`.
fn shadows(
    session: &mut Session,
    board: &Board,
    directory: &str,
    modules: &[String],
) -> Result<Vec<String>> {
    let before: Vec<String> = board
        .path
        .iter()
        .take_while(|entry| *entry != directory)
        .filter(|entry| *entry != ".frozen")
        .cloned()
        .collect();
    if before.is_empty() || before.len() == board.path.len() {
        return Ok(Vec::new());
    }
    let mut tops: Vec<String> = modules
        .iter()
        .map(|name| name.split('/').next().unwrap_or(name).to_string())
        .collect();
    tops.sort();
    tops.dedup();
    session.with_agent(|agent| apply::found_at(agent, &before, &tops))
}
