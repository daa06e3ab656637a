//! One installation from beginning to end: look at the board, resolve, fetch, compile, plan, write.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::json;

use super::DEFAULT_INDEX;
use super::apply::{self, Outcome, Presence};
use super::board::Board;
use super::build::{self, Built};
use super::cache::Cache;
use super::fetch::Store;
use super::firmware::look_at_firmware;
use super::glance;
use super::http::Client;
use super::mip_lines;
use super::moment::Moment;
use super::plan;
use super::record::Record;
use super::requirement::Environment;
use super::resolve::{Resolution, Root, Settings, solve};
use super::spec::{Spec, Wish};
use crate::client::session::Session;
use crate::env;
use crate::error::Result;
use crate::output::Printer;
use crate::output::bytes::{duration, human};

/// Where packages go.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Place {
    /// The directory of the board [default: the first of sys.path that ends in /lib]
    #[arg(short, long, value_name = "DIR")]
    target: Option<String>,
}

/// Where packages come from.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Fetching {
    /// The index of packages [default: UCLI_INDEX, or that of micropython-lib]
    #[arg(short, long, value_name = "URL")]
    index: Option<String>,
    /// Use only what was fetched before
    #[arg(long)]
    offline: bool,
    /// Take nothing that was published after this day (UTC)
    #[arg(long, value_name = "DATE")]
    exclude_newer: Option<String>,
}

impl Place {
    /// As named, or else as the project says.
    pub(crate) fn or(&self, target: Option<String>) -> Self {
        Self {
            target: self.target.clone().or(target),
        }
    }

    /// The directory that was named.
    pub(crate) fn named(&self) -> Option<String> {
        let target = self.target.as_deref()?;
        let target = target.strip_prefix(':').unwrap_or(target);
        let trimmed = target.trim_end_matches('/');
        Some(if trimmed.is_empty() { target } else { trimmed }.to_string())
    }

    /// The directory of the board.
    ///
    /// # Errors
    /// `Code::NotFound` when the board names none.
    pub(crate) fn directory(&self, board: &Board) -> Result<String> {
        self.named().map_or_else(|| board.library(), Ok)
    }
}

impl Fetching {
    /// The index, without a slash at the end.
    pub(crate) fn index(&self) -> String {
        let index = self.index.clone().or_else(|| env::get(env::INDEX));
        let index = index.unwrap_or_else(|| DEFAULT_INDEX.to_string());
        index.trim_end_matches('/').to_string()
    }

    /// The indexes in their order: the one that was named, or those of a project, or the usual one.
    pub(crate) fn indexes(&self, project: &[String]) -> Vec<String> {
        let named = self.index.is_some() || env::get(env::INDEX).is_some();
        if named || project.is_empty() {
            vec![self.index()]
        } else {
            project.to_vec()
        }
    }

    /// CircuitPython's bundles: those of the environment, of a project, or the usual ones.
    pub(crate) fn bundles(project: &[String]) -> Vec<String> {
        match env::get(env::BUNDLES) {
            Some(text) => text.split_whitespace().map(str::to_string).collect(),
            None if project.is_empty() => super::bundle::DEFAULT.map(str::to_string).to_vec(),
            None => project.to_vec(),
        }
    }

    /// The moment after which nothing counts: the one that was named, or that of a project.
    ///
    /// # Errors
    /// `Code::Usage` for what is no date.
    pub(crate) fn exclude_newer(&self, project: Option<String>) -> Result<Option<Moment>> {
        let text = self.exclude_newer.clone().or(project);
        text.map(|text| Moment::parse(&text)).transpose()
    }

    /// The same without a network.
    pub(crate) fn offline(&self) -> Self {
        Self {
            offline: true,
            ..self.clone()
        }
    }

    /// The Python package index that pip or uv is set up for, without a slash at the end; empty
    /// when none is. No index is built in.
    pub(crate) fn pypi() -> String {
        let index = env::get(env::PIP_INDEX_URL).or_else(|| env::get(env::UV_INDEX_URL));
        let index = index.unwrap_or_default();
        index.trim_end_matches('/').to_string()
    }

    /// The cache in front of `client`.
    ///
    /// # Errors
    /// Those of opening the cache.
    pub(crate) fn store<'a>(&self, client: &'a Client, refresh: bool) -> Result<Store<'a>> {
        Ok(Store {
            cache: Cache::open()?,
            http: client,
            offline: self.offline || env::get(env::OFFLINE).is_some(),
            refresh,
            root: std::path::PathBuf::new(),
        })
    }
}

/// One installation.
pub(crate) struct Job {
    /// The command's name, for `--json`.
    pub(crate) command: &'static str,
    /// What the user named.
    pub(crate) specs: Vec<Spec>,
    /// Where it goes.
    pub(crate) place: Place,
    /// Where it comes from.
    pub(crate) fetching: Fetching,
    /// Source only.
    pub(crate) no_mpy: bool,
    /// Nothing is written.
    pub(crate) dry_run: bool,
    /// The newest versions.
    pub(crate) upgrade: bool,
    /// Against better knowledge.
    pub(crate) force: bool,
    /// As `mip`: the same files, nothing compiled, no record where there was none.
    /// What was typed then.
    pub(crate) as_mip: Option<Vec<String>>,
}

/// What a package came to, for the report.
struct Line {
    name: String,
    version: String,
    files: usize,
    len_bytes: u64,
    compiled: bool,
}

impl Job {
    /// Does everything.
    ///
    /// # Errors
    /// Those of every step; nothing is written before all but the last have gone well.
    pub(crate) fn run(mut self, session: &mut Session, printer: &Printer) -> Result<()> {
        let started = Instant::now();
        let asks = !self.upgrade && self.as_mip.is_none() && !self.force && !self.specs.is_empty();
        if asks
            && let Some((directory, there)) = glance::all_there(
                session,
                &self.specs,
                self.place.named().as_deref(),
                self.no_mpy,
            )?
        {
            return self.report_all_there(&directory, &there, printer, started);
        }
        let client = Client::default();
        client.get_ready(&self.fetching.index());
        let looks = self.as_mip.is_none() && !self.force;
        let (board, found) = Board::survey(session, self.place.named().as_deref(), looks)?;
        let directory = self.place.directory(&board)?;
        let record = apply::record_of(session, &directory, found)?;
        if self.upgrade && self.specs.is_empty() {
            self.specs = recorded_specs(&record)?;
        }
        let kept = self.settled(session, &directory, &record)?;
        for (name, version) in &kept {
            printer.say(&format!("{name} {version} is installed already"));
        }
        let solved = self.resolve(&client, &board, &record)?;
        let (mut packages, notes) = (solved.packages, solved.notes);
        for note in &notes {
            printer.note(note);
        }
        let built_in = if looks {
            look_at_firmware(session, &board, &directory, &mut packages)?
        } else {
            Vec::new()
        };
        say_built_in(&built_in, printer);
        let compile = !self.no_mpy && self.as_mip.is_none();
        let built = build::all(packages, board.loads(), compile)?;
        let plan = plan::plan(built.clone(), &record, self.force || self.as_mip.is_some())?;
        for note in &plan.notes {
            printer.note(note);
        }
        let keeps_record = self.as_mip.is_none() || !record.packages.is_empty();
        let outcome = if built.is_empty() {
            Outcome::default()
        } else {
            apply::apply(
                session,
                &directory,
                &plan,
                self.dry_run,
                keeps_record,
                printer,
            )?
        };
        self.report(
            printer,
            &directory,
            (&solved.roots, &built),
            &outcome,
            started,
        )?;
        printer.done(
            self.command,
            json!({
                "target": directory,
                "dry_run": self.dry_run,
                "packages": built.iter().map(package_json).collect::<Vec<_>>(),
                "already_installed": kept.keys().collect::<Vec<_>>(),
                "built_in": built_in.iter().map(|(name, _)| name).collect::<Vec<_>>(),
                "notes": notes,
                "written": outcome.written.iter().map(|(path, size)| json!({"path": path, "size": size})).collect::<Vec<_>>(),
                "unchanged": outcome.unchanged,
                "removed": outcome.removed,
                "seconds": started.elapsed().as_secs_f64(),
            }),
        )
    }

    /// Everything is on the board.
    fn report_all_there(
        &self,
        directory: &str,
        there: &[glance::Known],
        printer: &Printer,
        started: Instant,
    ) -> Result<()> {
        for one in there {
            printer.say(&format!(
                "{} {} is installed already",
                one.name, one.version
            ));
        }
        printer.done(
            self.command,
            json!({
                "target": directory,
                "dry_run": self.dry_run,
                "packages": [],
                "already_installed": there.iter().map(|one| &one.name).collect::<BTreeSet<_>>(),
                "built_in": [],
                "notes": [],
                "written": [],
                "unchanged": 0,
                "removed": [],
                "seconds": started.elapsed().as_secs_f64(),
            }),
        )
    }

    /// Takes out of the wishes what is on the board already, intact and in the wanted form.
    fn settled(
        &mut self,
        session: &mut Session,
        directory: &str,
        record: &Record,
    ) -> Result<BTreeMap<String, String>> {
        let mut kept = BTreeMap::new();
        if self.upgrade || self.as_mip.is_some() || self.force || record.packages.is_empty() {
            return Ok(kept);
        }
        let known = |spec: &Spec| -> Option<String> {
            let (name, _) = glance::named(spec)?;
            let found = record
                .find(name)
                .or_else(|| record.find(glance::other_name(name)?))?;
            let installed = record.packages.get(found)?;
            let known = glance::Known {
                name: found.to_string(),
                version: installed.version.clone(),
                source: installed.source.clone(),
                compiled: installed.files.iter().any(|file| file.0.ends_with(".mpy")),
            };
            glance::answers(&known, spec, self.no_mpy).then(|| found.to_string())
        };
        let names: Vec<Option<String>> = self.specs.iter().map(known).collect();
        let mut files = Vec::new();
        for name in names.iter().flatten() {
            let mut todo = vec![name.clone()];
            let mut seen = BTreeSet::new();
            // What it needs must be there too.
            while let Some(name) = todo.pop() {
                if let Some(package) = record.packages.get(&name)
                    && seen.insert(name)
                {
                    files.extend(package.files.iter().cloned());
                    todo.extend(package.deps.iter().cloned());
                }
            }
        }
        if files.is_empty() {
            return Ok(kept);
        }
        let presence = session.with_agent(|agent| apply::intact(agent, directory, &files))?;
        if presence.iter().any(|one| *one != Presence::Intact) {
            return Ok(kept);
        }
        let mut names = names.into_iter();
        self.specs.retain(|_| match names.next().flatten() {
            Some(name) => {
                let version = record.packages[&name].version.clone();
                kept.insert(name, version);
                false
            }
            None => true,
        });
        Ok(kept)
    }

    fn resolve(&self, client: &Client, board: &Board, record: &Record) -> Result<Resolution> {
        if self.specs.is_empty() {
            return Ok(Resolution::default());
        }
        let store = self.fetching.store(client, self.upgrade)?;
        let settings = Settings {
            indexes: vec![self.fetching.index()],
            pypi: Fetching::pypi(),
            form: board.form(self.no_mpy),
            environment: Environment {
                platform: board.platform.clone(),
                version: board.version.clone(),
                python: String::new(),
            },
            mip_only: self.as_mip.is_some(),
            pins_commits: false,
            preferred: BTreeMap::new(),
            bundles: Fetching::bundles(&[]),
            circuitpython: board.circuitpython,
            exclude_newer: self.fetching.exclude_newer(None)?,
            firmware: board.version.clone(),
        };
        let roots: Vec<Root> = self
            .specs
            .iter()
            .map(|spec| Root::plain(self.as_recorded(spec, record)))
            .collect();
        solve(&store, &settings, &roots)
    }

    /// A bare name that is installed from PyPI comes from there again.
    fn as_recorded(&self, spec: &Spec, record: &Record) -> Spec {
        if let Spec::Name(name, wish) = spec
            && let Some(installed) = record.find(name).and_then(|name| record.packages.get(name))
            && self.as_mip.is_none()
        {
            if installed.source == "pypi" {
                return Spec::Pypi(name.clone(), wish.clone());
            }
            if installed.source.starts_with("circuitpython:") {
                return Spec::CircuitPython(name.clone(), wish.clone());
            }
        }
        spec.clone()
    }

    fn report(
        &self,
        printer: &Printer,
        directory: &str,
        (roots, built): (&[String], &[Built]),
        outcome: &Outcome,
        started: Instant,
    ) -> Result<()> {
        if let Some(words) = &self.as_mip {
            let written = outcome.written.iter().map(|(path, _)| path.clone());
            let written = written.collect();
            for line in mip_lines::lines(words, roots, built, directory, &written) {
                printer.data(&line)?;
            }
        }
        for one in built.iter().filter(|_| self.as_mip.is_none()).map(line) {
            let form = if one.compiled { " as .mpy" } else { "" };
            let files = if one.files == 1 { "file" } else { "files" };
            let name = format!("{} {}", one.name, one.version);
            let text = format!(
                "+ {}  {} {files}, {}{form}",
                name.trim_end(),
                one.files,
                human(one.len_bytes)
            );
            printer.data(&text)?;
        }
        if self.dry_run {
            for (path, len_bytes) in &outcome.written {
                printer.data(&format!("would write {path}  {}", human(*len_bytes)))?;
            }
        }
        for path in &outcome.removed {
            let verb = if self.dry_run { "would remove" } else { "-" };
            printer.data(&format!("{verb} {path}"))?;
        }
        if built.is_empty() {
            return Ok(());
        }
        if self.dry_run {
            printer.say("nothing was written");
        } else {
            let unchanged = match outcome.unchanged {
                0 => String::new(),
                count => format!(", {count} unchanged"),
            };
            printer.say(&format!(
                "installed into {directory} in {}{unchanged}",
                duration(started.elapsed())
            ));
        }
        Ok(())
    }
}

fn say_built_in(built_in: &[(String, String)], printer: &Printer) {
    for (name, version) in built_in {
        let version = match version.as_str() {
            "" => String::new(),
            version => format!(" (version {version})"),
        };
        printer.say(&format!(
            "{name} is built into this firmware{version}; nothing to copy"
        ));
    }
}

/// What would bring every package that was asked for here again.
fn recorded_specs(record: &Record) -> Result<Vec<Spec>> {
    let mut specs = Vec::new();
    for (name, package) in record
        .packages
        .iter()
        .filter(|(_, package)| package.requested)
    {
        specs.push(if package.source == "pypi" {
            Spec::Pypi(name.clone(), Wish::Newest)
        } else if package.source.starts_with("circuitpython:") {
            Spec::CircuitPython(name.clone(), Wish::Newest)
        } else if package.source.starts_with("mip:") {
            Spec::Mip(name.clone(), Wish::Newest)
        } else if let Some(path) = package.source.strip_prefix("path:") {
            Spec::Local(path.to_string())
        } else {
            Spec::parse(&package.source)?
        });
    }
    Ok(specs)
}

fn line(built: &Built) -> Line {
    Line {
        name: built.package.name.clone(),
        version: built.package.version.clone(),
        files: built.files.len(),
        len_bytes: built
            .files
            .iter()
            .map(|(_, bytes)| bytes.len() as u64)
            .sum(),
        compiled: built.files.iter().any(|(path, _)| path.ends_with(".mpy")),
    }
}

fn package_json(built: &Built) -> serde_json::Value {
    let one = line(built);
    json!({
        "name": one.name,
        "version": one.version,
        "source": built.package.source,
        "requested": built.package.requested,
        "dependencies": built.package.dependencies,
        "files": built.files.iter().map(|(path, _)| path).collect::<Vec<_>>(),
        "bytes": one.len_bytes,
    })
}
