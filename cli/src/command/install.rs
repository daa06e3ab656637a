//! `ucli install`: packages onto the board, as one transaction.

use serde_json::json;

use super::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::package::adopt::{self, Adoption};
use crate::package::apply;
use crate::package::board::Board;
use crate::package::http::Client;
use crate::package::install::{Fetching, Job, Place};

/// Arguments of `ucli install`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "PACKAGE is NAME, NAME@VERSION, NAME>=VERSION, pypi:NAME, github:ORG/REPO[/PATH][@REF], gitlab:…,\n\
                  codeberg:…, https://…, or a local path. A name is looked for in the index first.\n\
                  Example: ucli install requests"
)]
pub(crate) struct Args {
    /// What to install
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    /// What a requirements.txt, package.json, manifest.py or Belay project lists (repeatable)
    #[arg(short, long, value_name = "FILE")]
    requirements: Vec<std::path::PathBuf>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    fetching: Fetching,
    /// Copy source; do not compile and do not take compiled files
    #[arg(long)]
    no_mpy: bool,
    /// Say what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Bring what is installed to its newest version
    #[arg(short = 'U', long)]
    upgrade: bool,
    /// Enter what mip or pipkin put there into the record, so that it is listed, upgraded and uninstalled; copies nothing
    #[arg(long, conflicts_with_all = ["packages", "requirements", "upgrade"])]
    adopt: bool,
    /// Take over files of other packages, install what the firmware has, ignore missing imports
    #[arg(short, long)]
    force: bool,
}

/// Installs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    if args.adopt {
        return adopt(args, context);
    }
    if args.packages.is_empty() && args.requirements.is_empty() && !args.upgrade {
        return Err(Error::new(Code::Usage, "install: no package is named")
            .hint("`ucli install --upgrade` brings everything that is installed to its newest version"));
    }
    let specs = super::project::specs_of(&args.packages, &args.requirements)?;
    Job {
        command: "install",
        specs,
        place: args.place.clone(),
        fetching: args.fetching.clone(),
        no_mpy: args.no_mpy,
        dry_run: args.dry_run,
        upgrade: args.upgrade,
        force: args.force,
        as_mip: None,
    }
    .run(context.session()?, &printer)?;
    Ok(Exit::Done)
}

/// Enters packages that others put on the board.
fn adopt(args: &Args, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    let client = Client::default();
    let store = args.fetching.store(&client, false)?;
    let session = context.session()?;
    let directory = args.place.directory(&Board::ask(session)?)?;
    let (mut record, mut adoption) = session.with_agent(|agent| {
        let record = apply::read_record(agent, &directory)?;
        let strangers = adopt::strangers(agent, &directory, &record)?;
        Ok((record, Adoption::read(agent, &directory, &strangers)?))
    })?;
    if !adoption.is_empty() {
        adoption.look_in(&store, &args.fetching.index())?;
    }
    let (names, left) = adoption.enter(&mut record);
    if !args.dry_run && !names.is_empty() {
        session.with_agent(|agent| apply::write_record(agent, &directory, &record, &printer))?;
    }
    for (name, version) in &names {
        let verb = if args.dry_run { "would adopt" } else { "=" };
        printer.data(format!("{verb} {name} {version}").trim_end())?;
    }
    if names.is_empty() {
        printer.say(&format!("there is nothing to adopt in {directory}"));
    }
    if !left.is_empty() {
        printer.say(&format!("of no known package: {}", left.join(", ")));
    }
    printer.done(
        "install",
        json!({
            "target": directory, "dry_run": args.dry_run, "packages": [], "already_installed": [],
            "built_in": [], "notes": [], "written": [], "unchanged": 0, "removed": [], "seconds": 0.0,
            "adopted": names.iter().map(|(name, version)| json!({ "name": name, "version": version })).collect::<Vec<_>>(),
            "strangers": left,
        }),
    )?;
    Ok(Exit::Done)
}
