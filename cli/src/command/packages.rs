//! `ucli list` and `ucli uninstall`: the packages on the board.

use std::collections::BTreeSet;

use serde_json::json;

use super::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::bytes::human;
use crate::output::table;
use crate::package::adopt;
use crate::package::apply::{self, Presence};
use crate::package::board::Board;
use crate::package::install::Place;
use crate::package::record::{Installed, Owned};

/// Arguments of `ucli list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli list --json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    place: Place,
}

/// Arguments of `ucli uninstall`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli uninstall requests")]
pub(crate) struct UninstallArgs {
    /// What to remove
    #[arg(required = true, value_name = "PACKAGE")]
    packages: Vec<String>,
    #[command(flatten)]
    place: Place,
    /// Say what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Remove changed files too, and packages that others need
    #[arg(short, long)]
    force: bool,
}

fn len_bytes(package: &Installed) -> u64 {
    package.files.iter().map(|file| file.1).sum()
}

/// Lists the packages, and whether their files are as they were written.
pub(super) fn list(args: &ListArgs, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    let session = context.session()?;
    let directory = args.place.directory(&Board::ask(session)?)?;
    let (record, presence, strangers) = session.with_agent(|agent| {
        let record = apply::read_record(agent, &directory)?;
        let strangers = adopt::strangers(agent, &directory, &record)?;
        let files: Vec<Owned> = record
            .packages
            .values()
            .flat_map(|one| one.files.clone())
            .collect();
        let presence = if files.is_empty() {
            Vec::new()
        } else {
            apply::intact(agent, &directory, &files)?
        };
        Ok((record, presence, strangers))
    })?;
    let mut presence = presence.into_iter();
    let (mut rows, mut packages) = (Vec::new(), Vec::new());
    for (name, package) in &record.packages {
        let found: Vec<Presence> = presence.by_ref().take(package.files.len()).collect();
        let state = if found.contains(&Presence::Missing) {
            "incomplete"
        } else if found.contains(&Presence::Changed) {
            "changed"
        } else {
            "intact"
        };
        rows.push(vec![
            name.clone(),
            package.version.clone(),
            format!("{} files", package.files.len()),
            human(len_bytes(package)),
            package.source.clone(),
            if state == "intact" {
                String::new()
            } else {
                state.to_string()
            },
        ]);
        packages.push(json!({
            "name": name, "version": package.version, "source": package.source,
            "requested": package.requested, "dependencies": package.deps, "state": state,
            "files": package.files.iter().map(|file| &file.0).collect::<Vec<_>>(),
            "bytes": len_bytes(package),
        }));
    }
    for line in table(&rows) {
        printer.data(&line)?;
    }
    if rows.is_empty() {
        printer.say(&format!("ucli has installed nothing in {directory}"));
    }
    let strangers: Vec<&String> = strangers.iter().map(|one| &one.path).collect();
    if !strangers.is_empty() {
        let files = if strangers.len() == 1 {
            "file is"
        } else {
            "files are"
        };
        printer.say(&format!(
            "{} {files} of no package of ucli; `ucli install --adopt` finds out what mip installed",
            strangers.len()
        ));
    }
    printer.done(
        "list",
        json!({ "target": directory, "packages": packages, "strangers": strangers }),
    )?;
    Ok(Exit::Done)
}

/// Removes packages.
pub(super) fn uninstall(args: &UninstallArgs, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    let session = context.session()?;
    let directory = args.place.directory(&Board::ask(session)?)?;
    let record = session.with_agent(|agent| apply::read_record(agent, &directory))?;
    let mut names = BTreeSet::new();
    for text in &args.packages {
        let name = record.find(text).ok_or_else(|| {
            Error::new(
                Code::PackageNotFound,
                format!("`{text}` is not among the packages that ucli installed in `{directory}`"),
            )
            .hint("`ucli list` shows them")
        })?;
        names.insert(name.to_string());
    }
    let needing = record
        .packages
        .iter()
        .filter(|(name, _)| !names.contains(*name))
        .find_map(|(name, package)| {
            Some((name, package.deps.iter().find(|one| names.contains(*one))?))
        });
    if let Some((other, name)) = needing
        && !args.force
    {
        return Err(
            Error::new(Code::Refused, format!("`{other}` needs `{name}`")).hint(format!(
                "`ucli uninstall {other} {name}` removes both, `--force` only this one"
            )),
        );
    }
    let removed = apply::uninstall(
        session,
        &directory,
        &record,
        &names,
        args.force,
        args.dry_run,
        &printer,
    )?;
    for path in &removed {
        let verb = if args.dry_run { "would remove" } else { "-" };
        printer.data(&format!("{verb} {path}"))?;
    }
    let left: Vec<&String> = record
        .packages
        .iter()
        .filter(|(name, package)| {
            !package.requested
                && !names.contains(*name)
                && !record
                    .packages
                    .iter()
                    .any(|(other, one)| !names.contains(other) && one.deps.contains(name))
        })
        .map(|(name, _)| name)
        .collect();
    for name in &left {
        printer.say(&format!(
            "nothing needs {name} any more; `ucli uninstall {name}` removes it"
        ));
    }
    printer.done(
        "uninstall",
        json!({ "target": directory, "packages": names, "removed": removed, "no_longer_needed": left, "dry_run": args.dry_run }),
    )?;
    Ok(Exit::Done)
}
