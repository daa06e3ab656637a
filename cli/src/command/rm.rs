//! `ucli rm`.

use std::collections::HashMap;

use serde_json::json;

use super::Context;
use super::files::{Flags, board};
use crate::client::agent::Agent;
use crate::client::fs::{Entry, NO_SIZE, Stat, parent};
use crate::client::mount::MOUNT_POINT;
use crate::client::session::Session;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::{Printer, sanitise};

/// What a mount point answers to being removed: EPERM, EBUSY, EINVAL.
const MOUNT_POINT_ERRORS: [i64; 3] = [1, 16, 22];

/// Arguments of `ucli rm`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli rm -r :lib/old")]
pub(crate) struct Args {
    #[command(flatten)]
    flags: Flags,
    /// Files of the board, or directories with `-r`
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
}

/// Removes.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    let verbose = args.flags.is_verbose(true);
    // mpremote names each file only when it is asked to.
    let lists = verbose && (args.flags.verbose || !printer.is_mpremote());
    let mut removed = 0;
    if args.flags.recursive {
        guard(args, context)?;
        spare_mounted(args, context)?;
    }
    context.session()?.with_agent(|agent| {
        for path in &args.paths {
            let path = board(path);
            if verbose {
                printer.data(&format!("rm :{}", sanitise::line(path)))?;
            }
            removed += if args.flags.recursive {
                remove_tree(agent, path, lists, &printer)?
            } else {
                remove_file(agent, path)?
            };
        }
        Ok(())
    })?;
    printer.done("rm", json!({ "removed": removed }))?;
    Ok(Exit::Done)
}

/// Asks before the whole file system of a board is emptied.
fn guard(args: &Args, context: &mut Context) -> Result<()> {
    let mut whole = false;
    for path in &args.paths {
        let path = board(path);
        whole |= path == "/" || path == "//";
        if path.is_empty() || path == "." || path == "./" {
            whole |= current_directory(context.session()?)? == "/";
        }
    }
    if whole {
        let name = context.session()?.name().to_string();
        context.confirm(&format!("This removes every file on `{name}`"))?;
    }
    Ok(())
}

/// Refuses to remove files of this computer, which a mounted directory shows.
fn spare_mounted(args: &Args, context: &mut Context) -> Result<()> {
    let session = context.session()?;
    if session.mount().is_none() {
        return Ok(());
    }
    let current = current_directory(session)?;
    for path in &args.paths {
        let path = board(path);
        let whole = absolute(&current, path);
        if whole == MOUNT_POINT || whole.starts_with(&format!("{MOUNT_POINT}/")) {
            if args.flags.is_verbose(true) {
                context
                    .printer
                    .data(&format!("rm :{}", sanitise::line(path)))?;
            }
            return Err(mounted(&context.printer));
        }
    }
    Ok(())
}

fn current_directory(session: &mut Session) -> Result<String> {
    let answer = session.ask("import os\nprint(os.getcwd())\n")?;
    Ok(String::from_utf8_lossy(answer.trim_ascii()).into_owned())
}

/// Refuses a path inside the mounted directory.
fn mounted(printer: &Printer) -> Error {
    if printer.is_mpremote() {
        let message = format!("rm -r not permitted on {MOUNT_POINT} directory");
        return Error::new(Code::Refused, message);
    }
    Error::new(
        Code::Refused,
        format!("rm -r is not permitted on the mounted directory `{MOUNT_POINT}`"),
    )
    .hint("Those are files of this computer; `ucli umount` first")
}

/// A path of the board from its root, without `.` and `..`.
fn absolute(current: &str, path: &str) -> String {
    let mut parts = Vec::new();
    let start = if path.starts_with('/') { "" } else { current };
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Entries of a tree in the order in which they can go: what is in a directory before the directory, else as listed.
fn bottom_up<'e>(root: &str, entries: &'e [Entry]) -> Vec<&'e Entry> {
    let mut children: HashMap<&str, Vec<&Entry>> = HashMap::new();
    for entry in entries {
        children.entry(parent(&entry.path)).or_default().push(entry);
    }
    let mut order = Vec::with_capacity(entries.len());
    // Directories that are open, each with how many of its entries were looked at.
    let mut open = vec![(root, 0, None)];
    while let Some((directory, done, entry)) = open.last_mut() {
        let next = children.get(directory).and_then(|list| list.get(*done));
        *done += 1;
        match next {
            Some(next) if next.directory => open.push((&next.path, 0, Some(*next))),
            Some(next) => order.push(*next),
            None => {
                order.extend(entry.take());
                open.pop();
            }
        }
    }
    order
}

fn remove_file(agent: &mut Agent<'_>, path: &str) -> Result<usize> {
    match agent.remove(&[(path, false)])?.first() {
        Some(0) => Ok(1),
        Some(number) => {
            let error = crate::client::board_error("remove", path, *number);
            Err(if *number == 21 || *number == 1 {
                error.hint("`rm -r` removes directories")
            } else {
                error
            })
        }
        None => Err(Error::new(
            Code::Protocol,
            "The board did not say what became of a file",
        )),
    }
}

fn remove_tree(
    agent: &mut Agent<'_>,
    path: &str,
    verbose: bool,
    printer: &Printer,
) -> Result<usize> {
    let root = if path == "/" {
        "/"
    } else {
        path.trim_end_matches('/')
    };
    let in_place = root.is_empty() || root == "/" || root == ".";
    if !in_place {
        match agent.stat(&[(root, Some(NO_SIZE))])?.remove(0) {
            Stat::Missing(number) => {
                return Err(crate::client::board_error("remove", root, number));
            }
            Stat::File { .. } => {
                let count = remove_file(agent, root)?;
                if verbose {
                    printer.data(&format!("removed: '{}'", sanitise::line(root)))?;
                }
                return Ok(count);
            }
            Stat::Directory => {}
        }
    }
    let start = match root {
        // As mpremote shows them.
        "" if printer.is_mpremote() => ".",
        "." => "",
        root => root,
    };
    let entries = agent.list(start, true)?;
    if root == MOUNT_POINT
        || entries
            .iter()
            .any(|entry| entry.path.starts_with(&format!("{MOUNT_POINT}/")))
    {
        return Err(mounted(printer));
    }
    let mut items: Vec<(&str, bool)> = bottom_up(start, &entries)
        .into_iter()
        .map(|entry| (entry.path.as_str(), entry.directory))
        .collect();
    if !in_place {
        items.push((root, true));
    }
    let results = agent.remove(&items)?;
    let removed = report(&items, &results, verbose, printer)?;
    if root == "/" && printer.is_mpremote() {
        return Err(Error::new(
            Code::Refused,
            "rm -r: cannot remove :/ Operation not permitted",
        ));
    }
    Ok(removed)
}

/// Prints what became of each path and counts what is gone.
fn report(
    items: &[(&str, bool)],
    results: &[i64],
    verbose: bool,
    printer: &Printer,
) -> Result<usize> {
    let mut removed = 0;
    for ((path, directory), number) in items.iter().zip(results.iter().copied()) {
        let shown = sanitise::line(path);
        match number {
            0 => {
                removed += 1;
                let what = if *directory {
                    "removed directory"
                } else {
                    "removed"
                };
                if verbose {
                    printer.data(&format!("{what}: '{shown}'"))?;
                }
            }
            number if *directory && MOUNT_POINT_ERRORS.contains(&number) => {
                if verbose {
                    printer.data(&format!("skipped: '{shown}' (vfs mountpoint)"))?;
                }
            }
            number => return Err(crate::client::board_error("remove", path, number)),
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_absolute() {
        assert_eq!(absolute("/remote", "package"), "/remote/package");
        assert_eq!(absolute("/remote/a", "../../lib"), "/lib");
        assert_eq!(absolute("/remote", "/lib/./x"), "/lib/x");
        assert_eq!(absolute("/", ""), "/");
    }

    #[test]
    fn directories_go_behind_what_is_in_them() {
        let entry = |path: &str, directory| Entry {
            path: path.into(),
            directory,
            size: 0,
        };
        let entries = [
            entry("b", false),
            entry("p", true),
            entry("a", false),
            entry("p/z", false),
            entry("p/q", true),
            entry("p/q/x", false),
        ];
        let order = bottom_up("", &entries);
        let order: Vec<&str> = order.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(order, ["b", "p/z", "p/q/x", "p/q", "p", "a"]);
        let entries = [entry("./p", true), entry("./p/x", false)];
        assert_eq!(bottom_up(".", &entries).len(), 2);
        let entries = [entry("/p", true), entry("/p/x", false)];
        assert_eq!(bottom_up("/", &entries).len(), 2);
    }
}
