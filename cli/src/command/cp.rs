//! `ucli cp`: files and directories to, from and on the board.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

use super::Context;
use crate::client::agent::Agent;
use crate::client::fs::{Entry, NO_SIZE, Stat};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::files::local::{self, Exclude};
use crate::files::mpy::{self, Choice};
use crate::files::plan::{Destination, Origin, Plan, Source, plan, single_size};
use crate::files::transfer::{self, Content, Outgoing, Report, Sending};
use crate::output::Printer;
use crate::output::progress::Progress;
use crate::output::{bytes, sanitise};

/// Arguments of `ucli cp`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Board paths begin with `:`. `cp -r dir :` makes `:dir`, `cp -r dir/. :` copies what is in it.\n\
                        Example: ucli cp -r lib main.py :"
)]
pub(crate) struct Args {
    #[command(flatten)]
    flags: super::files::Flags,
    /// Compile .py to .mpy on the way (main.py, boot.py and code.py stay as they are)
    #[arg(long)]
    mpy: bool,
    /// Leave out what matches this pattern (repeatable)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Sources, then the destination
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
}

/// Copies.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let Some((target, sources)) = args
        .paths
        .split_last()
        .filter(|(_, sources)| !sources.is_empty())
    else {
        return Err(Error::new(Code::Usage, "cp: missing destination path")
            .hint("`ucli cp FILE… :` copies to the board"));
    };
    let started = Instant::now();
    if args.flags.is_verbose(true) {
        for source in sources {
            context.printer.data(&format!("cp {source} {target}"))?;
        }
    }
    let mut patterns = args.exclude.clone();
    if context.config.exclude.origin != "default" || !context.printer.is_mpremote() {
        patterns.extend(context.config.exclude.value.iter().cloned());
    }
    let job = Job {
        args,
        target,
        exclude: Exclude::new(&patterns)?,
    };
    let report = job.run(sources, context)?;
    context.printer.say(&report.line(started.elapsed()));
    context.printer.done(
        "cp",
        json!({
            "copied": report.copied, "unchanged": report.unchanged, "bytes": report.bytes,
            "seconds": started.elapsed().as_secs_f64(),
        }),
    )?;
    Ok(Exit::Done)
}

struct Job<'a> {
    args: &'a Args,
    target: &'a str,
    exclude: Exclude,
}

impl Job<'_> {
    fn run(&self, texts: &[String], context: &mut Context) -> Result<Report> {
        let mut sources = Vec::new();
        let mut board = Vec::new();
        for text in texts {
            match text.strip_prefix(':') {
                Some(path) => board.push(path),
                None => {
                    for path in local::expand(text)? {
                        sources.push(self.local_source(&path)?);
                    }
                }
            }
        }
        match self.target.strip_prefix(':') {
            Some(target) if board.is_empty() => self.upload(&sources, target, context),
            Some(target) => self.through_host(sources, &board, target, context),
            None => self.download(sources, &board, context),
        }
    }

    /// What a local path holds.
    fn local_source(&self, path: &Path) -> Result<Source> {
        let shown = path.display().to_string();
        let data = std::fs::metadata(path).map_err(|error| Error::local("read", path, &error))?;
        let contents_only = shown == "." || shown.ends_with("/.") || shown.ends_with("\\.");
        let name = if contents_only {
            String::new()
        } else {
            let real =
                local::base_name(path).or_else(|| local::base_name(&path.canonicalize().ok()?));
            real.ok_or_else(|| {
                Error::new(
                    Code::Unsupported,
                    format!("`{shown}` has a name that is no Unicode"),
                )
            })?
        };
        if !data.is_dir() {
            let files = vec![(String::new(), Origin::Local(path.to_path_buf()))];
            return Ok(Source {
                name,
                shown,
                directory: false,
                files,
                directories: Vec::new(),
            });
        }
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        if self.args.flags.recursive {
            for entry in local::scan(path, &self.exclude)? {
                if entry.directory {
                    directories.push(entry.name);
                } else {
                    files.push((entry.name, Origin::Local(entry.path)));
                }
            }
        }
        Ok(Source {
            name,
            shown,
            directory: true,
            files,
            directories,
        })
    }

    fn upload(&self, sources: &[Source], target: &str, context: &mut Context) -> Result<Report> {
        let printer = context.printer.clone();
        let force = self.args.flags.force;
        let recursive = self.args.flags.recursive;
        let session = context.session()?;
        let (base, forced) = trimmed(target);
        let mut sending = None;
        let mut unchanged = Vec::new();
        let first = session.with_agent(|agent| {
            let early = match single_size(sources)? {
                Some(len_bytes) if !is_root(base) => Some(agent.look_early(base, len_bytes)?),
                _ => None,
            };
            let destination = match &early {
                Some(early) => destination_of(&early.stat),
                None => board_destination(agent, base)?,
            };
            let early = early.as_ref();
            let plan = plan(sources, base, destination, forced, recursive)?;
            let mut wanted = outgoing(&plan)?;
            if self.args.mpy {
                compile(&mut wanted)?;
                warn_of_twins(agent, &wanted, &printer)?;
            }
            if !force {
                let mut differs = transfer::changed(agent, &wanted, early)?.into_iter();
                unchanged.extend(wanted.extract_if(.., |_| differs.next() == Some(false)));
            }
            transfer::check_space(agent, &wanted, early)?;
            let directories: Vec<&str> = plan.directories.iter().map(String::as_str).collect();
            agent.make_directories(&directories)?;
            sending
                .insert(Sending::new(wanted, &printer).closing())
                .attempt(agent)
        });
        // mpremote writes the current directory before what is under it.
        let is_bare = recursive && base.is_empty() && printer.is_mpremote();
        let here = if is_bare { "./" } else { "" };
        for file in &unchanged {
            printer.data(&format!("Up to date: {here}{}", file.target))?;
        }
        let Some(sending) = sending else {
            return first.map(|()| Report::default());
        };
        let copied = sending.files().len();
        let bytes = sending.finish(session, first)?;
        Ok(Report {
            copied,
            unchanged: unchanged.len(),
            bytes,
        })
    }

    fn download(
        &self,
        mut sources: Vec<Source>,
        board: &[&str],
        context: &mut Context,
    ) -> Result<Report> {
        let target = Path::new(self.target);
        let text = self.target.replace('\\', "/");
        let forced = if cfg!(windows) {
            text.ends_with('/')
        } else {
            self.target.ends_with('/')
        };
        let destination = match std::fs::metadata(target) {
            Ok(data) if data.is_dir() => Destination::Directory,
            Ok(_) => Destination::File,
            Err(_) => Destination::Missing,
        };
        let recursive = self.args.flags.recursive;
        let printer = context.printer.clone();
        if board.is_empty() {
            let plan = plan(&sources, self.target, destination, forced, recursive)?;
            return copy_locally(&plan);
        }
        let exclude = &self.exclude;
        let session = context.session()?;
        session.with_agent(|agent| {
            let mut sizes = Vec::new();
            for path in board {
                sources.extend(board_sources(agent, path, recursive, exclude, &mut sizes)?);
            }
            let base = self.target.trim_end_matches(if cfg!(windows) {
                &['/', '\\'][..]
            } else {
                &['/'][..]
            });
            let base = if base.is_empty() { "/" } else { base };
            let plan = plan(&sources, base, destination, forced, recursive)?;
            for directory in &plan.directories {
                let path = PathBuf::from(directory);
                std::fs::create_dir_all(&path)
                    .map_err(|error| Error::local("create", &path, &error))?;
            }
            let total = sizes.iter().map(|(_, size)| size).sum();
            let mut progress = Progress::new(&printer, total);
            let mut report = Report::default();
            for (origin, target) in &plan.files {
                receive(
                    agent,
                    origin,
                    Path::new(target),
                    self.args.flags.force,
                    &mut progress,
                    &mut report,
                    &printer,
                )?;
            }
            Ok(report)
        })
    }

    /// Copies from the board to the board: down to this computer and up again.
    fn through_host(
        &self,
        mut sources: Vec<Source>,
        board: &[&str],
        target: &str,
        context: &mut Context,
    ) -> Result<Report> {
        let printer = context.printer.clone();
        let recursive = self.args.flags.recursive;
        let (base, forced) = trimmed(target);
        let exclude = &self.exclude;
        let session = context.session()?;
        let outgoing = session.with_agent(|agent| {
            let mut sizes = Vec::new();
            for path in board {
                sources.extend(board_sources(agent, path, recursive, exclude, &mut sizes)?);
            }
            let destination = board_destination(agent, base)?;
            let plan = plan(&sources, base, destination, forced, recursive)?;
            let mut progress = Progress::new(&printer, sizes.iter().map(|(_, size)| size).sum());
            let mut outgoing = Vec::new();
            for (origin, target) in &plan.files {
                outgoing.push(match origin {
                    Origin::Local(path) => Outgoing::file(path.clone(), target.clone())?,
                    Origin::Board(path) => Outgoing::bytes(
                        transfer::fetch(agent, path, &mut progress)?,
                        target.clone(),
                    ),
                });
            }
            let directories: Vec<&str> = plan.directories.iter().map(String::as_str).collect();
            agent.make_directories(&directories)?;
            Ok(outgoing)
        })?;
        let copied = outgoing.len();
        let bytes = transfer::send(session, outgoing, &printer)?;
        Ok(Report {
            copied,
            unchanged: 0,
            bytes,
        })
    }
}

/// A destination without its last slashes, and whether it had one.
fn trimmed(target: &str) -> (&str, bool) {
    let base = target.trim_end_matches('/');
    let forced = base.len() < target.len() && !base.is_empty();
    (
        if base.is_empty() && target.starts_with('/') {
            "/"
        } else {
            base
        },
        forced,
    )
}

fn board_destination(agent: &mut Agent<'_>, path: &str) -> Result<Destination> {
    if is_root(path) {
        return Ok(Destination::Directory);
    }
    // A size that no file has: nothing is hashed.
    Ok(destination_of(
        &agent.stat(&[(path, Some(NO_SIZE))])?.remove(0),
    ))
}

fn is_root(path: &str) -> bool {
    path.is_empty() || path == "/" || path == "."
}

fn destination_of(stat: &Stat) -> Destination {
    match stat {
        Stat::Missing(_) => Destination::Missing,
        Stat::Directory => Destination::Directory,
        Stat::File { .. } => Destination::File,
    }
}

/// What a board path holds: several sources where it is a pattern.
fn board_sources(
    agent: &mut Agent<'_>,
    path: &str,
    recursive: bool,
    exclude: &Exclude,
    sizes: &mut Vec<(String, u64)>,
) -> Result<Vec<Source>> {
    if local::is_pattern(path) {
        let (directory, pattern) = path
            .rsplit_once('/')
            .map_or(("", path), |(directory, pattern)| {
                (if directory.is_empty() { "/" } else { directory }, pattern)
            });
        let matcher = local::path_pattern(pattern)?;
        let entries = agent.list(directory, false)?;
        let mut found = Vec::new();
        for entry in entries {
            if matcher.is_match(last_name(&entry.path)) && (recursive || !entry.directory) {
                found.push(board_source(agent, &entry.path, recursive, exclude, sizes)?);
            }
        }
        if found.is_empty() {
            return Err(Error::new(
                Code::NotFound,
                format!("No file of the board matches `:{path}`"),
            ));
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        return Ok(found);
    }
    Ok(vec![board_source(agent, path, recursive, exclude, sizes)?])
}

fn last_name(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(path)
}

fn board_source(
    agent: &mut Agent<'_>,
    path: &str,
    recursive: bool,
    exclude: &Exclude,
    sizes: &mut Vec<(String, u64)>,
) -> Result<Source> {
    let shown = format!(":{path}");
    let contents_only = path.is_empty() || path == "/" || path == "." || path.ends_with("/.");
    let clean = path.trim_end_matches('.').trim_end_matches('/');
    let real = if contents_only {
        if clean.is_empty() && path.starts_with('/') {
            "/"
        } else {
            clean
        }
    } else {
        path.trim_end_matches('/')
    };
    let stat = if contents_only && real.len() < 2 {
        Stat::Directory
    } else {
        agent.stat(&[(real, Some(NO_SIZE))])?.remove(0)
    };
    let name = if contents_only {
        String::new()
    } else {
        last_name(real).to_string()
    };
    match stat {
        Stat::Missing(number) => Err(crate::client::board_error("read", real, number)),
        Stat::File { len_bytes, .. } => {
            sizes.push((real.to_string(), len_bytes));
            let files = vec![(String::new(), Origin::Board(real.to_string()))];
            Ok(Source {
                name,
                shown,
                directory: false,
                files,
                directories: Vec::new(),
            })
        }
        Stat::Directory => {
            let mut entries = if recursive {
                agent.list(real, true)?
            } else {
                Vec::new()
            };
            entries.sort_by(|a, b| a.path.cmp(&b.path));
            let (mut files, mut directories) = (Vec::new(), Vec::new());
            for Entry {
                path,
                directory,
                size,
            } in entries
            {
                let inner = path[real.len()..].trim_start_matches('/').to_string();
                check_name(&inner)?;
                if exclude.matches(&inner) {
                    continue;
                }
                if directory {
                    directories.push(inner);
                } else {
                    sizes.push((path.clone(), size));
                    files.push((inner, Origin::Board(path)));
                }
            }
            Ok(Source {
                name,
                shown,
                directory: true,
                files,
                directories,
            })
        }
    }
}

/// A hostile board must not choose where its files land.
fn check_name(name: &str) -> Result<()> {
    let bad = |part: &str| {
        part == ".."
            || part.is_empty()
            || part.contains('\0')
            || (cfg!(windows) && part.contains(['\\', ':', '<', '>', '"', '|', '?', '*']))
    };
    if name.split('/').any(bad) {
        return Err(Error::new(
            Code::Refused,
            format!(
                "The board names a file `{}`, which is no safe name here",
                sanitise::line(name)
            ),
        ));
    }
    Ok(())
}

fn outgoing(plan: &Plan) -> Result<Vec<Outgoing>> {
    plan.files
        .iter()
        .map(|(origin, target)| match origin {
            Origin::Local(path) => Outgoing::file(path.clone(), target.clone()),
            Origin::Board(path) => Err(Error::new(
                Code::Usage,
                format!("`:{path}` is not on this computer"),
            )),
        })
        .collect()
}

/// Puts `.mpy` images in the place of sources.
fn compile(files: &mut [Outgoing]) -> Result<()> {
    for file in files {
        let Content::File(path) = &file.content else {
            continue;
        };
        if !mpy::is_source(&file.target) || mpy::stays_source(&file.target) {
            continue;
        }
        let name = local::base_name(path).unwrap_or_else(|| file.target.clone());
        let image = mpy::to_mpy(&local::read(path)?, &name, Choice::default())?;
        let target = format!("{}.mpy", file.target.trim_end_matches(".py"));
        *file = Outgoing::bytes(image, target);
    }
    Ok(())
}

/// A source beside an image is what boards import: say so.
fn warn_of_twins(agent: &mut Agent<'_>, files: &[Outgoing], printer: &Printer) -> Result<()> {
    let twins: Vec<String> = files
        .iter()
        .filter_map(|file| Some(format!("{}.py", file.target.strip_suffix(".mpy")?)))
        .collect();
    let paths: Vec<(&str, Option<u64>)> = twins
        .iter()
        .map(|path| (path.as_str(), Some(NO_SIZE)))
        .collect();
    for (path, stat) in twins.iter().zip(agent.stat(&paths)?) {
        if matches!(stat, Stat::File { .. }) {
            let path = sanitise::line(path);
            printer.warn(&format!(
                "the board imports `:{path}` instead of the .mpy beside it; remove it with `ucli rm :{path}`"
            ));
        }
    }
    Ok(())
}

/// Brings one file to this computer unless it is there already.
fn receive(
    agent: &mut Agent<'_>,
    origin: &Origin,
    target: &Path,
    force: bool,
    progress: &mut Progress,
    report: &mut Report,
    printer: &Printer,
) -> Result<()> {
    let path = match origin {
        Origin::Local(path) => {
            std::fs::copy(path, target).map_err(|error| Error::local("write", target, &error))?;
            report.copied += 1;
            return Ok(());
        }
        Origin::Board(path) => path,
    };
    progress.file(path);
    if !force && let Ok(old) = std::fs::read(target) {
        let stat = agent.stat(&[(path, Some(old.len() as u64))])?.remove(0);
        let kind = agent.capabilities()?.digest;
        if let Stat::File {
            digest: Some(digest),
            ..
        } = stat
            && digest == kind.of(&old)
        {
            report.unchanged += 1;
            progress.add(old.len() as u64);
            return Ok(());
        }
    }
    let data = transfer::fetch(agent, path, progress)?;
    local::write_atomic(target, &data)?;
    printer.say(&format!(
        "  {}  {}",
        target.display(),
        bytes::exact(data.len() as u64)
    ));
    report.copied += 1;
    report.bytes += data.len() as u64;
    Ok(())
}

fn copy_locally(plan: &Plan) -> Result<Report> {
    let mut report = Report::default();
    for directory in &plan.directories {
        let path = PathBuf::from(directory);
        std::fs::create_dir_all(&path).map_err(|error| Error::local("create", &path, &error))?;
    }
    for (origin, target) in &plan.files {
        if let Origin::Local(path) = origin {
            let target = PathBuf::from(target);
            let data = local::read(path)?;
            local::write_atomic(&target, &data)?;
            report.copied += 1;
            report.bytes += data.len() as u64;
        }
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_end_are_seen() {
        assert_eq!(trimmed(""), ("", false));
        assert_eq!(trimmed("/"), ("/", false));
        assert_eq!(trimmed("lib/"), ("lib", true));
        assert_eq!(trimmed("lib"), ("lib", false));
    }

    #[test]
    fn names_that_lead_away_err() {
        assert!(check_name("lib/a.py").is_ok());
        for name in ["../a", "a/../../b", "a//b", "", "a\0"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
