//! `ucli deploy`: the lock, the packages, the project's own files and a restart, in one.
//!
//! Everything is decided before anything is written: what the lock is, which files go and come, and
//! whether what the project imports is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::project::SyncArgs;
use super::{Context, fleet, sync};
use crate::client::fs::parent;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::files::local::{self, Exclude};
use crate::package::board::Board;
use crate::package::firmware;
use crate::package::http::Client;
use crate::package::lock::{self, Lock};
use crate::package::locking::Locking;
use crate::package::onboard;
use crate::package::plan;
use crate::package::project::Project;
use crate::package::spec::is_module;

/// Arguments of `ucli deploy`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The project's files are those of `src`, or of what `files` in `[tool.ucli]` names; they go beside the\n\
                  board's `lib`, and what else is there is deleted (protected paths stay).\n\
                  Example: ucli -p a0 -p a1 deploy --locked"
)]
pub(crate) struct Args {
    #[command(flatten)]
    project: SyncArgs,
    /// Every board that is connected by USB, at once
    #[arg(long)]
    all: bool,
    /// Leave the board at rest; do not restart it
    #[arg(long)]
    no_reset: bool,
    /// Say what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Several boards get one lock: it is made before the first of them is touched.
///
/// # Errors
/// Those of locking.
pub(crate) fn prepare(args: &Args) -> Result<()> {
    let client = Client::default();
    let project = Project::here()?;
    let locking = Locking::new(&project, &args.project.fetching, &client);
    locking
        .ensure(args.project.strictness, args.dry_run)
        .map(|_| ())
}

/// Deploys.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    if args.all {
        return everywhere(args, context);
    }
    let printer = context.printer.clone();
    let client = Client::default();
    let project = Project::here()?;
    let options = &args.project;
    let locking = Locking::new(&project, &options.fetching, &client);
    let looks = args.dry_run || options.check;
    let mut strictness = options.strictness;
    strictness.locked |= options.check && !strictness.frozen;
    let (made, _) = locking.ensure(strictness, looks)?;
    for note in &made.notes {
        printer.note(note);
    }
    let own = OwnFiles::decide(&project, options, &made.lock, context)?;
    if !looks {
        own.confirm(context)?;
    }
    let synced = onboard::sync(
        context.session()?,
        (&project, &locking, &made.lock),
        &options.place,
        &options.manner,
        looks,
        &printer,
    )?;
    synced.print(&printer, looks)?;
    own.carry_out(looks, context)?;
    let clean = synced.was_clean() && own.copy.is_empty() && own.delete.is_empty();
    if options.check && !clean {
        return Err(Error::new(
            Code::Drift,
            format!(
                "The board does not have what the project and `{}` say",
                lock::FILE
            ),
        )
        .hint("`ucli deploy` brings it in line"));
    }
    let restarts = !looks && !args.no_reset;
    if restarts {
        context
            .session()?
            .soft_reset_friendly(Duration::ZERO, &mut |_| Ok(()))?;
    }
    printer.say(&format!(
        "{} and {} {}{}",
        count(synced.packages.len(), "package"),
        count(own.copy.len(), "file"),
        if looks {
            "would be deployed"
        } else {
            "deployed"
        },
        if restarts { ", restarted" } else { "" }
    ));
    let mut fields = synced.json();
    fields["dry_run"] = looks.into();
    fields["copy"] = json!(own.copy);
    fields["delete"] = json!(own.delete);
    fields["restarted"] = restarts.into();
    printer.done("deploy", fields)?;
    Ok(Exit::Done)
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The same on every board that is connected.
fn everywhere(args: &Args, context: &Context) -> Result<Exit> {
    let ports: Vec<String> = crate::device::list::ports()
        .into_iter()
        .filter(|port| port.is_usb())
        .map(|port| port.port)
        .collect();
    if ports.is_empty() {
        return Err(Error::new(Code::NoBoard, "No board is connected by USB")
            .hint("`-p BOARD` names boards that are reached otherwise; it may be repeated"));
    }
    prepare(args)?;
    fleet::run_on(&ports, &context.printer)
}

/// The project's own files, compared with those of the board.
#[derive(Default)]
struct OwnFiles {
    job: Option<(sync::Job, sync::Work)>,
    copy: Vec<String>,
    delete: Vec<String>,
}

impl OwnFiles {
    fn decide(
        project: &Project,
        options: &SyncArgs,
        lock: &Lock,
        context: &mut Context,
    ) -> Result<Self> {
        let Some(source) = project.files()? else {
            return Ok(Self::default());
        };
        if !options.manner.force {
            check_imports(context, &source, lock)?;
        }
        let board = Board::ask(context.session()?)?;
        let library = options.place.or(project.target()?).directory(&board)?;
        let job = own_files(&source, &library, context)?;
        let work = job.decide(context)?;
        let (copy, delete) = work.paths();
        Ok(Self {
            job: Some((job, work)),
            copy,
            delete,
        })
    }

    /// Asks before something is deleted.
    fn confirm(&self, context: &mut Context) -> Result<()> {
        if self.delete.is_empty() {
            return Ok(());
        }
        for path in self.delete.iter().take(20) {
            let path = crate::output::sanitise::line(path);
            context.printer.say(&format!("  would delete :{path}"));
        }
        let name = context.session()?.name().to_string();
        context.confirm(&format!(
            "This deletes {} files and directories on `{name}`",
            self.delete.len()
        ))
    }

    fn carry_out(&self, looks: bool, context: &mut Context) -> Result<()> {
        if looks {
            for (verb, paths) in [("copy", &self.copy), ("delete", &self.delete)] {
                for path in paths {
                    context.printer.data(&format!("would {verb} {path}"))?;
                }
            }
        } else if let Some((job, work)) = &self.job {
            job.carry_out(work, context)?;
        }
        Ok(())
    }
}

/// The project's files beside the library directory; that itself is not theirs.
fn own_files(source: &Path, library: &str, context: &Context) -> Result<sync::Job> {
    let above = match parent(library) {
        "." => "",
        above => above,
    };
    let protect = library.trim_start_matches("./").to_string();
    let target = format!(":{above}");
    sync::job(source, &target, &[], &[protect], true, context)
}

/// Refuses files that import what is neither in the firmware, nor in the lock, nor on the board.
fn check_imports(context: &mut Context, source: &Path, lock: &Lock) -> Result<()> {
    let exclude = Exclude::new(&context.config.exclude.value)?;
    let mut sources = BTreeMap::new();
    for entry in local::scan(source, &exclude)? {
        if entry.directory || !entry.name.ends_with(".py") {
            continue;
        }
        let text = String::from_utf8_lossy(&local::read(&entry.path)?).into_owned();
        let is_package = entry.name.ends_with("/__init__.py");
        let module = plan::module(&entry.name);
        // What is in `lib` of the project is imported without that.
        let module = module.strip_prefix("lib/").unwrap_or(module).to_string();
        sources.insert(module, (is_package, text));
    }
    let mut packages: BTreeSet<String> = BTreeSet::new();
    for package in &lock.packages {
        let modules = package
            .form(lock::SOURCE)
            .iter()
            .map(|file| file.path.as_str());
        packages.extend(
            modules
                .filter(|path| is_module(path))
                .map(|path| plan::module(path).to_string()),
        );
    }
    let session = context.session()?;
    let board = Board::ask(session)?;
    match firmware::unmet(session, &board, &sources, &packages)? {
        None => Ok(()),
        Some((name, module)) => Err(Error::new(
            Code::NotFound,
            format!(
                "`{}` of the project imports `{name}`, which neither the board nor the lock has",
                module.replace('/', ".")
            ),
        )
        .hint(format!(
            "`ucli add {name}` enters it; `--force` deploys all the same"
        ))
        .hint("Nothing was written")),
    }
}
