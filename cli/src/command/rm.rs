//! `ucli rm`.

use serde_json::json;

use super::Context;
use super::files::{Flags, board};
use crate::client::agent::Agent;
use crate::client::fs::{NO_SIZE, Stat, join};
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
    if args.flags.recursive {
        guard(args, context)?;
    }
    let verbose = args.flags.is_verbose(true);
    // mpremote names each file only when it is asked to.
    let lists = verbose && (args.flags.verbose || !printer.is_mpremote());
    let mut removed = 0;
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
            let answer = context.session()?.ask("import os\nprint(os.getcwd())\n")?;
            whole |= answer.trim_ascii() == b"/";
        }
    }
    if whole {
        let name = context.session()?.name().to_string();
        context.confirm(&format!("This removes every file on `{name}`"))?;
    }
    Ok(())
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
    let mut entries = agent.list(if root == "." { "" } else { root }, true)?;
    // Deepest first: what is in a directory goes before it.
    entries.sort_by(|a, b| {
        b.path
            .matches('/')
            .count()
            .cmp(&a.path.matches('/').count())
            .then(a.path.cmp(&b.path))
    });
    let mounted = join(
        "/",
        crate::client::mount::MOUNT_POINT.trim_start_matches('/'),
    );
    if root == mounted
        || entries
            .iter()
            .any(|entry| entry.path.starts_with(&format!("{mounted}/")))
    {
        return Err(Error::new(
            Code::Refused,
            format!("rm -r is not permitted on the mounted directory `{mounted}`"),
        )
        .hint("Those are files of this computer; `ucli umount` first"));
    }
    let mut items: Vec<(&str, bool)> = entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry.directory))
        .collect();
    if !in_place {
        items.push((root, true));
    }
    let results = agent.remove(&items)?;
    report(&items, &results, verbose, printer)
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
