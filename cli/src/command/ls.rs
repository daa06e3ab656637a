//! `ucli ls` and `tree`.

use serde_json::json;

use super::Context;
use super::files::{Flags, board};
use crate::client::agent::Agent;
use crate::client::fs::{Entry, NO_SIZE, Stat};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::bytes::human_binary;
use crate::output::{Printer, sanitise};

/// Arguments of `ucli ls`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli ls :lib")]
pub(crate) struct Args {
    #[command(flatten)]
    flags: Flags,
    /// Directories or files of the board [default: the current directory]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
}

/// Arguments of `ucli tree`.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true, after_help = "Example: ucli tree -h :lib")]
pub(crate) struct TreeArgs {
    /// Sizes in bytes
    #[arg(short, long)]
    size: bool,
    /// Sizes in kilobytes and so on
    #[arg(short = 'h', long)]
    human: bool,
    /// Name the board too
    #[arg(short, long, overrides_with = "no_verbose")]
    verbose: bool,
    /// Do not print the command
    #[arg(long)]
    no_verbose: bool,
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    #[arg(short, long, hide = true)]
    recursive: bool,
    #[arg(short, long, hide = true)]
    force: bool,
    /// Directories of the board [default: the current directory]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
}

/// What `argparse` makes of these options in mpremote, with which it refuses both at once.
const MPREMOTE_SIZE_AND_HUMAN: &str = "\
usage: fs [--help] [--recursive | --no-recursive] [--force | --no-force]
          [--verbose | --no-verbose] [--size | --human]
          command path [path ...] ...
fs: error: argument --human/-h: not allowed with argument --size/-s";

fn or_current(paths: &[String]) -> Vec<&str> {
    if paths.is_empty() {
        vec![""]
    } else {
        paths.iter().map(|path| board(path)).collect()
    }
}

/// Lists directories.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    let mut all = Vec::new();
    context.session()?.with_agent(|agent| {
        for path in or_current(&args.paths) {
            if args.flags.is_verbose(true) {
                printer.data(&format!("ls :{}", sanitise::line(path)))?;
            }
            let entries = match agent.list(path, args.flags.recursive) {
                Err(error) if error.code() == Code::NotDirectory || error.code() == Code::Io => {
                    file(agent, path, error)?
                }
                other => other?,
            };
            for entry in &entries {
                let name = shown_name(path, entry);
                let slash = if entry.directory { "/" } else { "" };
                printer.data(&format!(
                    "{:12} {}{slash}",
                    entry.size,
                    sanitise::line(name)
                ))?;
            }
            all.extend(entries);
        }
        Ok(())
    })?;
    printer.done("ls", json!({ "entries": all }))?;
    Ok(Exit::Done)
}

/// `ls` of a file lists that file.
fn file(agent: &mut Agent<'_>, path: &str, error: Error) -> Result<Vec<Entry>> {
    match agent.stat(&[(path, Some(NO_SIZE))])?.remove(0) {
        Stat::File { len_bytes, .. } => Ok(vec![Entry {
            path: path.to_string(),
            directory: false,
            size: len_bytes,
        }]),
        _ => Err(error),
    }
}

fn shown_name<'a>(root: &str, entry: &'a Entry) -> &'a str {
    if entry.path == root {
        return &entry.path;
    }
    entry
        .path
        .strip_prefix(root)
        .unwrap_or(&entry.path)
        .trim_start_matches('/')
}

/// Shows directories as trees.
pub(super) fn tree(args: &TreeArgs, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    if args.size && args.human {
        return Err(Error::new(
            Code::Usage,
            "tree: `--size` and `--human` say the same thing in two ways",
        )
        .hint("Leave one of them out")
        .in_mpremote(MPREMOTE_SIZE_AND_HUMAN));
    }
    let session = context.session()?;
    let device = session.name().to_string();
    let mut all = Vec::new();
    session.with_agent(|agent| {
        for path in or_current(&args.paths) {
            if !args.no_verbose {
                printer.data(&format!("tree :{}", sanitise::line(path)))?;
            }
            let root = root_of(agent, path)?;
            let entries = agent.list(&root, true)?;
            let place = if args.verbose {
                format!(" on {device}")
            } else {
                String::new()
            };
            printer.data(&format!(":{}{place}", sanitise::line(&root)))?;
            let drawing = Drawing {
                printer: &printer,
                entries: &entries,
                args,
            };
            drawing.draw(&root, "")?;
            all.extend(entries);
        }
        Ok(())
    })?;
    printer.done("tree", json!({ "entries": all }))?;
    Ok(Exit::Done)
}

fn root_of(agent: &mut Agent<'_>, path: &str) -> Result<String> {
    if path.is_empty() || path == "." {
        let values = agent.call("f(68,repr(os.getcwd()).encode())\n", "look at", path)?;
        return Ok(values
            .first()
            .and_then(|value| value.str())
            .unwrap_or("/")
            .to_string());
    }
    if path != "/" {
        match agent.stat(&[(path, Some(NO_SIZE))])?.remove(0) {
            Stat::Directory => {}
            Stat::File { .. } => {
                return Err(Error::new(
                    Code::NotDirectory,
                    format!("tree: '{}' is not a directory", sanitise::line(path)),
                ));
            }
            Stat::Missing(number) => {
                let error = crate::client::board_error("list", path, number);
                let shown = sanitise::line(path);
                return Err(error.in_mpremote(format!("'{shown}' is not a directory")));
            }
        }
    }
    Ok(path.to_string())
}

struct Drawing<'a> {
    printer: &'a Printer,
    entries: &'a [Entry],
    args: &'a TreeArgs,
}

impl Drawing<'_> {
    /// Draws what is in `directory`; the depth is that of the board's file system.
    fn draw(&self, directory: &str, prefix: &str) -> Result<()> {
        let mut children: Vec<(&str, &Entry)> = self
            .entries
            .iter()
            .filter_map(|entry| Some((child_name(directory, &entry.path)?, entry)))
            .collect();
        children.sort_by_key(|(name, _)| *name);
        for (index, (name, entry)) in children.iter().enumerate() {
            let last = index + 1 == children.len();
            let size = match entry.size {
                0 if entry.directory => String::new(),
                size if self.args.size => format!("[{size:>9}]  "),
                size if self.args.human => format!("[{:>6}]  ", human_binary(size)),
                _ => String::new(),
            };
            let branch = if last { "└── " } else { "├── " };
            self.printer
                .data(&format!("{prefix}{branch}{size}{}", sanitise::line(name)))?;
            if entry.directory {
                let next = if last { "    " } else { "│   " };
                self.draw(&entry.path, &format!("{prefix}{next}"))?;
            }
        }
        Ok(())
    }
}

/// The name of `path` when it stands directly in `directory`.
fn child_name<'a>(directory: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(directory)?;
    let rest = if directory.is_empty() || directory.ends_with('/') {
        rest
    } else {
        rest.strip_prefix('/')?
    };
    (!rest.is_empty() && !rest.contains('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_told_from_grandchildren() {
        assert_eq!(child_name("/", "/a"), Some("a"));
        assert_eq!(child_name("/", "/a/b"), None);
        assert_eq!(child_name("/a", "/a/b"), Some("b"));
        assert_eq!(child_name("/a", "/ab"), None);
        assert_eq!(child_name("", "a"), Some("a"));
    }
}
