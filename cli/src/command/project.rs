//! `ucli init`, `add`, `remove`, `lock`, `upgrade`, and `sync` in a project: its packages are written
//! down, locked, and brought onto the board.

use serde_json::{Value, json};

use super::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::package::http::Client;
use crate::package::install::{Fetching, Place};
use crate::package::lock::{self, Lock};
use crate::package::locking::{Locking, Strictness, Upgrade, changes, outdated};
use crate::package::normalised;
use crate::package::onboard::{self, Manner};
use crate::package::project::{self, Project};
use crate::package::spec::Spec;
use crate::package::{dependency, exchange};

/// Arguments of `ucli init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli init --micropython '>=1.23'")]
pub(crate) struct InitArgs {
    /// The firmware that the project wants
    #[arg(long, value_name = "RANGE")]
    micropython: Option<String>,
}

/// Arguments of `ucli add`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "PACKAGE is what `ucli install` takes. The board is not touched; `ucli sync` does that.\nExample: ucli add 'requests>=0.9' github:org/driver@v1.2"
)]
pub(crate) struct AddArgs {
    /// What the project needs
    #[arg(required_unless_present = "requirements", value_name = "PACKAGE")]
    packages: Vec<String>,
    /// What a requirements.txt, package.json, manifest.py or Belay project lists (repeatable)
    #[arg(short, long, value_name = "FILE")]
    requirements: Vec<std::path::PathBuf>,
    /// Needed only while the project is developed
    #[arg(long)]
    dev: bool,
    #[command(flatten)]
    fetching: Fetching,
    /// Say what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Arguments of `ucli remove`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli remove requests")]
pub(crate) struct RemoveArgs {
    /// What the project does not need any more
    #[arg(required = true, value_name = "PACKAGE")]
    packages: Vec<String>,
    #[command(flatten)]
    fetching: Fetching,
    /// Say what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Arguments of `ucli lock`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli lock --check")]
pub(crate) struct LockArgs {
    /// Write nothing; fail if the lock does not fit the project any more
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    fetching: Fetching,
    /// Say what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Arguments of `ucli upgrade`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Versions stay within what `pyproject.toml` allows.\nExample: ucli upgrade requests"
)]
pub(crate) struct UpgradeArgs {
    /// What may move to a newer version [default: everything]
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    #[command(flatten)]
    fetching: Fetching,
    /// Say what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// How `ucli sync` works in a project.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct SyncArgs {
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) fetching: Fetching,
    #[command(flatten)]
    pub(super) strictness: Strictness,
    #[command(flatten)]
    pub(super) manner: Manner,
    /// Change nothing; fail if the board's packages are not those of the lock
    #[arg(long)]
    pub(super) check: bool,
}

/// Makes a project, or makes one of an existing `pyproject.toml`.
pub(super) fn init(args: &InitArgs, context: &mut Context) -> Result<Exit> {
    let directory = std::env::current_dir()
        .map_err(|error| Error::local("find", std::path::Path::new("."), &error))?;
    let mut project = Project::open(&directory)?;
    if project.exists() {
        return Err(Error::new(
            Code::Exists,
            format!("`{}` has a `[tool.ucli]` already", project::FILE),
        )
        .hint("`ucli add PACKAGE` enters packages"));
    }
    project.begin(args.micropython.as_deref())?;
    project.micropython()?;
    project.save()?;
    context.printer.say(&format!(
        "{} is ready; `ucli add PACKAGE` enters packages",
        project::FILE
    ));
    context
        .printer
        .done("init", json!({ "file": project::FILE }))?;
    Ok(Exit::Done)
}

/// Enters packages.
pub(super) fn add(args: &AddArgs, context: &mut Context) -> Result<Exit> {
    let client = Client::default();
    let mut project = Project::here()?;
    let old = project.lock()?;
    let before = project.dependencies(args.dev)?;
    let mut added = Vec::new();
    for spec in specs_of(&args.packages, &args.requirements)? {
        let locking = Locking::new(&project, &args.fetching, &client);
        let (name, from_pypi) = locking.identify(&spec)?;
        let value = dependency::value_of(&spec, from_pypi, &project.root)?;
        project.set(&name, value, args.dev)?;
        added.push(name);
    }
    let made =
        Locking::new(&project, &args.fetching, &client).make(old.as_ref(), &Upgrade::Nothing)?;
    for note in &made.notes {
        context.printer.note(note);
    }
    // Both files are complete before either is written.
    if !args.dry_run {
        project.save()?;
        project.save_lock(&made.lock)?;
    }
    let is_new = |name: &&String| {
        !before
            .iter()
            .any(|one| normalised(&one.name) == normalised(name))
    };
    let count = added.iter().filter(is_new).count();
    report(
        context,
        "add",
        (old.as_ref(), &made.lock),
        args.dry_run,
        json!({ "added": added, "new": count }),
    )
}

/// What is named on the command line, and in files.
pub(super) fn specs_of(packages: &[String], files: &[std::path::PathBuf]) -> Result<Vec<Spec>> {
    let mut specs = Vec::new();
    for text in packages {
        specs.push(Spec::parse(text)?);
    }
    for path in files {
        let bytes = crate::files::local::read(path)?;
        specs.extend(exchange::read(&path.to_string_lossy(), &bytes)?);
    }
    Ok(specs)
}

/// Takes packages out.
pub(super) fn remove(args: &RemoveArgs, context: &mut Context) -> Result<Exit> {
    let client = Client::default();
    let mut project = Project::here()?;
    let old = project.lock()?;
    for name in &args.packages {
        if !project.remove(name)? {
            let mut error = Error::new(
                Code::PackageNotFound,
                format!(
                    "`{name}` is not among the dependencies in `{}`",
                    project::FILE
                ),
            );
            if let Some(parent) = old.as_ref().and_then(|lock| parent_of(lock, name)) {
                error = error.hint(format!("`{parent}` needs it"));
            }
            return Err(error);
        }
    }
    let made =
        Locking::new(&project, &args.fetching, &client).make(old.as_ref(), &Upgrade::Nothing)?;
    if !args.dry_run {
        project.save()?;
        project.save_lock(&made.lock)?;
    }
    report(
        context,
        "remove",
        (old.as_ref(), &made.lock),
        args.dry_run,
        json!({ "removed": args.packages }),
    )
}

fn parent_of(lock: &Lock, name: &str) -> Option<String> {
    let key = normalised(name);
    let parent = lock
        .packages
        .iter()
        .find(|one| one.needs().any(|need| normalised(need) == key));
    parent.map(|one| one.name.clone())
}

/// Writes the lock, or checks it.
pub(super) fn lock(args: &LockArgs, context: &mut Context) -> Result<Exit> {
    let client = Client::default();
    let project = Project::here()?;
    let old = project.lock()?;
    let locking = Locking::new(&project, &args.fetching, &client);
    let current = match &old {
        Some(lock) => locking.is_current(lock)?,
        None => false,
    };
    if args.check && !current {
        return Err(outdated("`--check` was given"));
    }
    let lock = match &old {
        Some(lock) if current => lock.clone(),
        _ => {
            let made = locking.make(old.as_ref(), &Upgrade::Nothing)?;
            for note in &made.notes {
                context.printer.note(note);
            }
            made.lock
        }
    };
    if !args.dry_run && !args.check {
        project.save_lock(&lock)?;
    }
    report(
        context,
        "lock",
        (old.as_ref(), &lock),
        args.dry_run,
        json!({}),
    )
}

/// Moves packages to newer versions.
pub(super) fn upgrade(args: &UpgradeArgs, context: &mut Context) -> Result<Exit> {
    let client = Client::default();
    let project = Project::here()?;
    let old = project.lock()?;
    if let Some(lock) = &old
        && let Some(name) = args.packages.iter().find(|name| lock.find(name).is_none())
    {
        return Err(Error::new(
            Code::PackageNotFound,
            format!("`{name}` is not in `{}`", lock::FILE),
        )
        .hint("`ucli deps` shows what is"));
    }
    let moves = if args.packages.is_empty() {
        Upgrade::Everything
    } else {
        Upgrade::Some(args.packages.clone())
    };
    let made = Locking::new(&project, &args.fetching, &client).make(old.as_ref(), &moves)?;
    for note in &made.notes {
        context.printer.note(note);
    }
    if !args.dry_run {
        project.save_lock(&made.lock)?;
    }
    report(
        context,
        "upgrade",
        (old.as_ref(), &made.lock),
        args.dry_run,
        json!({}),
    )
}

/// Says what is different in the lock.
fn report(
    context: &Context,
    command: &str,
    (old, new): (Option<&Lock>, &Lock),
    dry_run: bool,
    more: Value,
) -> Result<Exit> {
    let printer = &context.printer;
    let found = changes(old, new);
    for (name, was, is) in &found {
        let line = match (was, is) {
            (None, Some(is)) => format!("+ {name} {is}"),
            (Some(was), None) => format!("- {name} {was}"),
            (Some(was), Some(is)) if was != is => format!("~ {name} {was} -> {is}"),
            (_, Some(is)) => format!("~ {name} {is}, other files"),
            (None, None) => continue,
        };
        printer.data(line.trim_end())?;
    }
    let count = new.packages.len();
    let packages = if count == 1 { "package" } else { "packages" };
    printer.say(&match (found.is_empty(), dry_run) {
        (true, _) => format!("{count} {packages} locked, nothing changed"),
        (false, true) => format!("{count} {packages} would be locked; nothing was written"),
        (false, false) => format!("{count} {packages} locked in {}", lock::FILE),
    });
    let mut fields = json!({
        "dry_run": dry_run,
        "changes": found.iter().map(|(name, was, is)| json!({ "name": name, "from": was, "to": is })).collect::<Vec<_>>(),
        "packages": locked_json(new),
    });
    if let (Value::Object(fields), Value::Object(more)) = (&mut fields, more) {
        fields.extend(more);
    }
    printer.done(command, fields)?;
    Ok(Exit::Done)
}

fn locked_json(lock: &Lock) -> Vec<Value> {
    let one = |one: &lock::Locked| json!({ "name": one.name, "version": one.version, "source": one.source });
    lock.packages.iter().map(one).collect()
}

/// The board's packages become those of the lock.
pub(super) fn sync(args: &SyncArgs, dry_run: bool, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    let client = Client::default();
    let project = Project::here()?;
    let locking = Locking::new(&project, &args.fetching, &client);
    let strictness = Strictness {
        // A check finds drift of the lock as well as of the board.
        locked: args.strictness.locked || (args.check && !args.strictness.frozen),
        ..args.strictness
    };
    let (made, _) = locking.ensure(strictness, dry_run)?;
    for note in &made.notes {
        printer.note(note);
    }
    let looks = dry_run || args.check;
    let synced = onboard::sync(
        context.session()?,
        (&project, &locking, &made.lock),
        &args.place,
        &args.manner,
        looks,
        &printer,
    )?;
    synced.print(&printer, looks)?;
    let clean = synced.was_clean();
    if args.check && !clean {
        let files =
            synced.outcome.written.len() + synced.outcome.removed.len() + synced.shadows.len();
        let what = match files {
            0 => "its record of packages differs".to_string(),
            1 => "1 file differs".to_string(),
            count => format!("{count} files differ"),
        };
        return Err(Error::new(
            Code::Drift,
            format!("The board does not have what `{}` says: {what}", lock::FILE),
        )
        .hint("`ucli sync` brings it in line"));
    }
    let count = synced.packages.len();
    let packages = if count == 1 { "package" } else { "packages" };
    printer.say(&match (clean, looks) {
        (true, _) => format!("{count} {packages} checked, nothing to do"),
        (false, true) => "nothing was changed".to_string(),
        (false, false) => format!("{count} {packages} in {}", synced.directory),
    });
    let mut fields = synced.json();
    fields["dry_run"] = looks.into();
    printer.done("sync", fields)?;
    Ok(Exit::Done)
}
