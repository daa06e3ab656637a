//! `ucli deps`, `why`, `outdated`, `freeze` and `search`: what is there, why, and what there might be.
//!
//! In a project they speak of its lock, with `--board` or without a project of what is on the board.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::{sanitise, table};
use crate::package::apply;
use crate::package::board::Board;
use crate::package::http::{Client, redacted};
use crate::package::install::{Fetching, Place};
use crate::package::lock::{self, Lock};
use crate::package::locking::{Locking, Upgrade};
use crate::package::normalised;
use crate::package::project::Project;
use crate::package::record::Record;
use crate::package::resolve::catalogue;
use crate::package::simple;
use crate::package::spec::Wish;

/// Whose packages.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Whose {
    /// Of the board, also in a project
    #[arg(long)]
    board: bool,
    #[command(flatten)]
    place: Place,
}

/// Arguments of `ucli deps`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli deps --depth 1")]
pub(crate) struct DepsArgs {
    /// Only these [default: what was asked for]
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    /// How many levels are shown
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
    #[command(flatten)]
    whose: Whose,
}

/// Arguments of `ucli why`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli why ssl")]
pub(crate) struct WhyArgs {
    /// The package that is there
    #[arg(value_name = "PACKAGE")]
    package: String,
    #[command(flatten)]
    whose: Whose,
}

/// Arguments of `ucli outdated`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli outdated --json")]
pub(crate) struct OutdatedArgs {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    fetching: Fetching,
}

/// Arguments of `ucli freeze`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli freeze > requirements.txt")]
pub(crate) struct FreezeArgs {
    #[command(flatten)]
    place: Place,
}

/// Arguments of `ucli search`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli search mqtt")]
pub(crate) struct SearchArgs {
    /// Words that must all be in the name or the description
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    #[command(flatten)]
    fetching: Fetching,
}

/// One package.
#[derive(Clone, Debug, Default)]
struct Node {
    version: String,
    source: String,
    needs: Vec<String>,
    requested: bool,
    len_bytes: u64,
}

/// Packages by name.
struct Graph(BTreeMap<String, Node>);

impl Graph {
    fn of_lock(lock: &Lock) -> Self {
        let mut graph = BTreeMap::new();
        let roots: BTreeSet<String> = lock
            .requires
            .iter()
            .chain(&lock.requires_dev)
            .map(|one| normalised(one.target()))
            .collect();
        for one in &lock.packages {
            let needs = one.needs().filter_map(|name| lock.find(name));
            let node = Node {
                version: one.version.clone(),
                source: one.source.clone(),
                needs: needs.map(|one| one.name.clone()).collect(),
                requested: roots.contains(&normalised(&one.name)),
                len_bytes: one
                    .form(lock::SOURCE)
                    .iter()
                    .map(|file| file.len_bytes)
                    .sum(),
            };
            graph.insert(one.name.clone(), node);
        }
        Self(graph)
    }

    fn of_record(record: &Record) -> Self {
        let mut graph = BTreeMap::new();
        for (name, one) in &record.packages {
            let needs = one
                .deps
                .iter()
                .filter(|name| record.packages.contains_key(*name));
            let node = Node {
                version: one.version.clone(),
                source: one.source.clone(),
                needs: needs.cloned().collect(),
                requested: one.requested,
                len_bytes: one.files.iter().map(|file| file.1).sum(),
            };
            graph.insert(name.clone(), node);
        }
        Self(graph)
    }

    fn find(&self, name: &str) -> Result<&str> {
        let key = normalised(name);
        let found = self.0.keys().find(|one| normalised(one) == key);
        found.map(String::as_str).ok_or_else(|| {
            Error::new(
                Code::PackageNotFound,
                format!("`{name}` is not among the packages"),
            )
            .hint("`ucli deps` shows them")
        })
    }

    fn label(&self, name: &str) -> String {
        let node = &self.0[name];
        sanitise::line(format!("{name} {}", node.version).trim_end())
    }

    fn parents(&self, name: &str) -> Vec<&str> {
        let needs = |(_, node): &(&String, &Node)| node.needs.iter().any(|one| one == name);
        self.0
            .iter()
            .filter(needs)
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// The lines of a tree below `name`; `next` gives the branches. What was shown is not shown again.
    fn lines<'a>(
        &'a self,
        name: &'a str,
        indent: &str,
        depth: usize,
        next: &dyn Fn(&'a str) -> Vec<&'a str>,
        seen: &mut BTreeSet<&'a str>,
        out: &mut Vec<String>,
    ) {
        let below = next(name);
        if depth == 0 {
            return;
        }
        for (index, one) in below.iter().enumerate() {
            let last = index + 1 == below.len();
            let (corner, line) = if last {
                ("└── ", "    ")
            } else {
                ("├── ", "│   ")
            };
            let is_new = seen.insert(one);
            let mark = if is_new || next(one).is_empty() {
                ""
            } else {
                " (above)"
            };
            out.push(format!("{indent}{corner}{}{mark}", self.label(one)));
            if is_new {
                self.lines(one, &format!("{indent}{line}"), depth - 1, next, seen, out);
            }
        }
    }
}

fn board_record(place: &Place, context: &mut Context) -> Result<Record> {
    let session = context.session()?;
    let directory = place.directory(&Board::ask(session)?)?;
    session.with_agent(|agent| apply::read_record(agent, &directory))
}

fn graph(whose: &Whose, context: &mut Context) -> Result<Graph> {
    if !whose.board
        && let Some(project) = Project::find()?
    {
        let lock = project.lock()?.ok_or_else(|| {
            Error::new(Code::NotFound, format!("There is no `{}`", lock::FILE))
                .hint("`ucli lock` makes it; `--board` looks at the board")
        })?;
        return Ok(Graph::of_lock(&lock));
    }
    Ok(Graph::of_record(&board_record(&whose.place, context)?))
}

/// Shows packages as a tree of what they need.
pub(super) fn deps(args: &DepsArgs, context: &mut Context) -> Result<Exit> {
    let graph = graph(&args.whose, context)?;
    let mut tops: Vec<&str> = Vec::new();
    for name in &args.packages {
        tops.push(graph.find(name)?);
    }
    if tops.is_empty() {
        let requested = graph.0.iter().filter(|(_, node)| node.requested);
        tops.extend(requested.map(|(name, _)| name.as_str()));
    }
    let next = |name: &str| graph.0[name].needs.iter().map(String::as_str).collect();
    let mut seen = BTreeSet::new();
    for top in tops {
        let mut lines = vec![graph.label(top)];
        seen.insert(top);
        graph.lines(
            top,
            "",
            args.depth.unwrap_or(usize::MAX),
            &next,
            &mut seen,
            &mut lines,
        );
        for line in lines {
            context.printer.data(&line)?;
        }
    }
    if graph.0.is_empty() {
        context.printer.say("There are no packages");
    }
    let packages: Vec<Value> = graph
        .0
        .iter()
        .map(|(name, node)| {
            json!({
                "name": name, "version": node.version, "source": node.source, "requested": node.requested,
                "dependencies": node.needs, "bytes": node.len_bytes,
            })
        })
        .collect();
    context
        .printer
        .done("deps", json!({ "packages": packages }))?;
    Ok(Exit::Done)
}

/// Says which packages need one.
pub(super) fn why(args: &WhyArgs, context: &mut Context) -> Result<Exit> {
    let graph = graph(&args.whose, context)?;
    let name = graph.find(&args.package)?;
    let next = |name: &str| graph.parents(name);
    let mut lines = vec![graph.label(name)];
    let mut seen = BTreeSet::from([name]);
    graph.lines(name, "", usize::MAX, &next, &mut seen, &mut lines);
    for line in &lines {
        context.printer.data(line)?;
    }
    let requested = graph.0[name].requested;
    if requested {
        context.printer.say("it was asked for");
    } else if lines.len() == 1 {
        context.printer.say("nothing needs it any more");
    }
    let roots: Vec<&&str> = seen
        .iter()
        .filter(|name| graph.0[**name].requested)
        .collect();
    context.printer.done(
        "why",
        json!({ "name": name, "requested": requested, "needed_by": graph.parents(name), "because_of": roots }),
    )?;
    Ok(Exit::Done)
}

/// Lists packages of which there are newer versions.
pub(super) fn outdated(args: &OutdatedArgs, context: &mut Context) -> Result<Exit> {
    let client = Client::default();
    let graph = graph(&args.whose, context)?;
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    let project = if args.whose.board {
        None
    } else {
        Project::find()?
    };
    let mut own = crate::package::project::Indexes::default();
    if let Some(project) = &project {
        own = project.indexes()?;
        let locking = Locking::new(project, &args.fetching, &client);
        for one in locking
            .make(project.lock()?.as_ref(), &Upgrade::Everything)?
            .lock
            .packages
        {
            wanted.insert(one.name, one.version);
        }
    }
    let store = args.fetching.store(&client, false)?;
    let pypi = own.pypi.clone().unwrap_or_else(Fetching::pypi);
    let mut newest: BTreeMap<String, String> = BTreeMap::new();
    for index in args.fetching.indexes(&own.mip).iter().rev() {
        for listed in catalogue(&store, index)?.unwrap_or_default() {
            newest.insert(normalised(&listed.name), listed.version);
        }
    }
    let mut rows = vec![
        ["PACKAGE", "INSTALLED", "WANTED", "LATEST", "SOURCE"]
            .map(str::to_string)
            .to_vec(),
    ];
    let mut packages = Vec::new();
    for (name, node) in &graph.0 {
        let latest = if node.source.starts_with("mip:") {
            newest.get(&normalised(name)).cloned()
        } else if node.source == "pypi" && !pypi.is_empty() {
            newest_on_pypi(&store, &pypi, name)?
        } else {
            None
        };
        let latest = latest.unwrap_or_else(|| node.version.clone());
        let goal = wanted.get(name).unwrap_or(&latest);
        if latest == node.version && *goal == node.version {
            continue;
        }
        let source = sanitise::line(&node.source);
        rows.push(vec![
            name.clone(),
            node.version.clone(),
            goal.clone(),
            latest.clone(),
            source,
        ]);
        packages.push(json!({
            "name": name, "installed": node.version, "wanted": goal, "latest": latest, "source": node.source,
        }));
    }
    if packages.is_empty() {
        context.printer.say("everything is up to date");
    } else {
        for line in table(&rows) {
            context.printer.data(&line)?;
        }
    }
    context
        .printer
        .done("outdated", json!({ "packages": packages }))?;
    Ok(Exit::Done)
}

fn newest_on_pypi(
    source: &dyn crate::package::resolve::Source,
    pypi: &str,
    name: &str,
) -> Result<Option<String>> {
    let project = normalised(name);
    let url = format!("{pypi}/{project}/");
    let Some(page) = source.document(&url, simple::ACCEPT)? else {
        return Ok(None);
    };
    let chosen = simple::choose(
        &simple::parse(&page, &url)?,
        &project,
        &Wish::Newest,
        &|_| true,
    );
    Ok(chosen.ok().map(|(.., version)| version))
}

/// Prints the board's packages so that `ucli install -r` brings the same again.
pub(super) fn freeze(args: &FreezeArgs, context: &mut Context) -> Result<Exit> {
    let record = board_record(&args.place, context)?;
    let mut lines = Vec::new();
    for (name, package) in &record.packages {
        let version = match package.version.as_str() {
            "" => String::new(),
            version => format!("=={version}"),
        };
        lines.push(if package.source.starts_with("mip:") {
            format!("{name}{version}")
        } else if package.source == "pypi" {
            format!("pypi:{name}{version}")
        } else if package.source.starts_with("circuitpython:") {
            format!("circuitpython:{name}{version}")
        } else {
            let source = package
                .source
                .strip_prefix("path:")
                .unwrap_or(&package.source);
            sanitise::line(source)
        });
    }
    for line in &lines {
        context.printer.data(line)?;
    }
    context
        .printer
        .done("freeze", json!({ "requirements": lines }))?;
    Ok(Exit::Done)
}

/// Looks for packages in the index.
pub(super) fn search(args: &SearchArgs, context: &mut Context) -> Result<Exit> {
    let client = Client::default();
    let store = args.fetching.store(&client, false)?;
    let own = match Project::find()? {
        Some(project) => project.indexes()?.mip,
        None => Vec::new(),
    };
    let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
    let (mut rows, mut packages) = (Vec::new(), Vec::new());
    for index in args.fetching.indexes(&own) {
        let listed = catalogue(&store, &index)?.ok_or_else(|| {
            let index = redacted(&index);
            Error::new(
                Code::PackageNotFound,
                format!("`{index}` has no list of packages"),
            )
        })?;
        for one in listed {
            let text = format!("{} {}", one.name, one.description).to_lowercase();
            if !words.iter().all(|word| text.contains(word)) {
                continue;
            }
            rows.push(
                [&one.name, &one.version, &one.description]
                    .map(|text| sanitise::line(text))
                    .to_vec(),
            );
            packages.push(json!({
                "name": one.name, "version": one.version, "description": one.description, "index": redacted(&index),
            }));
        }
    }
    for line in table(&rows) {
        context.printer.data(line.trim_end())?;
    }
    if rows.is_empty() {
        context.printer.say(&format!(
            "No package has `{}` in its name or description",
            args.words.join(" ")
        ));
    }
    context
        .printer
        .done("search", json!({ "packages": packages }))?;
    Ok(Exit::Done)
}
