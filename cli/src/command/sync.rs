//! `ucli sync`: a directory of the board becomes equal to a local one.
//!
//! The whole tree is decided on in two exchanges: what the board has, and the digests of the files
//! whose size is the same.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;

use super::Context;
use crate::client::fs::{Entry, Stat, join};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::files::local::{self, Exclude, LocalEntry};
use crate::files::transfer::{self, Outgoing, Report, Sending};
use crate::output::bytes::{exact, human};
use crate::output::{bytes, sanitise};

/// Arguments of `ucli sync`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "`.ucliignore` in SRC (as .gitignore) says what stays here.\nWithout SRC, in a project: its packages onto the board, as `ucli.lock` has them.\nExample: ucli sync --delete --dry-run src :"
)]
pub(crate) struct Args {
    /// Delete what is on the board and not here (protected paths stay)
    #[arg(long)]
    delete: bool,
    /// Say what would be done and do nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Leave out what matches this pattern, here and there (repeatable)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Never delete this path of the board (repeatable)
    #[arg(long, value_name = "PATH")]
    protect: Vec<String>,
    #[command(flatten)]
    project: super::project::SyncArgs,
    /// The local directory [default: none; the board's packages become those of the project's lock]
    #[arg(value_name = "SRC")]
    source: Option<PathBuf>,
    /// The directory of the board [default: `:/`]
    #[arg(id = "destination", value_name = ":DST", default_value = ":/")]
    target: String,
}

/// What a sync has to do.
#[derive(Debug, Default)]
pub(super) struct Work {
    directories: Vec<String>,
    outgoing: Vec<Outgoing>,
    unchanged: usize,
    /// `(path, is a directory, size)`, deepest first.
    deletions: Vec<(String, bool, u64)>,
    /// What would be deleted were it not protected.
    protected: Vec<String>,
}

/// What to sync with what.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) source: PathBuf,
    pub(super) target: String,
    pub(super) exclude: Exclude,
    pub(super) protect: Vec<String>,
    pub(super) delete: bool,
}

/// Syncs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let started = Instant::now();
    let Some(source) = &args.source else {
        if args.delete || !args.exclude.is_empty() || !args.protect.is_empty() {
            return Err(Error::new(
                Code::Usage,
                "sync: `--delete`, `--exclude` and `--protect` are about a directory, and none is named",
            )
            .hint("`ucli sync SRC :DST`; without SRC, `ucli sync` installs the project's packages"));
        }
        return super::project::sync(&args.project, args.dry_run, context);
    };
    let strict = args.project.strictness;
    if args.project.check || strict.locked || strict.frozen {
        return Err(Error::new(
            Code::Usage,
            "sync: `--check`, `--locked` and `--frozen` are about the project's packages, and a directory is named",
        )
        .hint("`ucli sync --dry-run SRC` says what differs"));
    }
    let job = job(
        source,
        &args.target,
        &args.exclude,
        &args.protect,
        args.delete,
        context,
    )?;
    let work = job.decide(context)?;
    if args.dry_run {
        return dry_run(&work, context);
    }
    if !work.deletions.is_empty() {
        for (path, _, _) in work.deletions.iter().take(20) {
            context
                .printer
                .say(&format!("  would delete :{}", sanitise::line(path)));
        }
        let name = context.session()?.name().to_string();
        context.confirm(&format!(
            "This deletes {} files and directories on `{name}`",
            work.deletions.len()
        ))?;
    }
    let report = job.carry_out(&work, context)?;
    let deleted = work.deletions.len();
    let more = if deleted > 0 {
        format!("; {deleted} deleted")
    } else {
        String::new()
    };
    context
        .printer
        .say(&format!("{}{more}", report.line(started.elapsed())));
    context.printer.done("sync", json!({
        "copied": report.copied, "unchanged": report.unchanged, "bytes": report.bytes, "deleted": deleted,
        "protected": work.protected, "dry_run": false, "seconds": started.elapsed().as_secs_f64(),
    }))?;
    Ok(Exit::Done)
}

/// Collects the settings of a sync; `watch` does the same.
pub(super) fn job(
    source: &std::path::Path,
    target: &str,
    exclude: &[String],
    protect: &[String],
    delete: bool,
    context: &Context,
) -> Result<Job> {
    let Some(target) = target.strip_prefix(':') else {
        return Err(Error::new(
            Code::Usage,
            format!("`{target}` is no path of the board: it must begin with `:`"),
        )
        .hint(format!("`ucli sync {} :{target}`", source.display())));
    };
    let data = std::fs::metadata(source).map_err(|error| Error::local("read", source, &error))?;
    if !data.is_dir() {
        return Err(Error::new(
            Code::NotDirectory,
            format!("`{}` is not a directory", source.display()),
        ));
    }
    let mut patterns = context.config.exclude.value.clone();
    patterns.extend(exclude.iter().cloned());
    let mut protected = context.config.protect.value.clone();
    protected.extend(
        protect
            .iter()
            .map(|path| path.trim_start_matches(':').to_string()),
    );
    let target = if target == "/" {
        "/"
    } else {
        target.trim_end_matches('/')
    };
    Ok(Job {
        source: source.to_path_buf(),
        target: target.to_string(),
        exclude: Exclude::new(&patterns)?,
        protect: protected,
        delete,
    })
}

fn dry_run(work: &Work, context: &Context) -> Result<Exit> {
    let printer = &context.printer;
    let mut rows = Vec::new();
    for file in &work.outgoing {
        rows.push(vec![
            "would copy".to_string(),
            format!(":{}", sanitise::line(&file.target)),
            exact(file.len_bytes),
        ]);
    }
    for (path, directory, size) in &work.deletions {
        let size = if *directory {
            String::new()
        } else {
            exact(*size)
        };
        rows.push(vec![
            "would delete".to_string(),
            format!(":{}", sanitise::line(path)),
            size,
        ]);
    }
    for path in &work.protected {
        rows.push(vec![
            "protected".to_string(),
            format!(":{}", sanitise::line(path)),
            String::new(),
        ]);
    }
    for line in crate::output::table(&rows) {
        printer.data(&line)?;
    }
    let bytes: u64 = work.outgoing.iter().map(|file| file.len_bytes).sum();
    printer.say(&format!(
        "nothing was changed ({} would go over the wire)",
        human(bytes)
    ));
    let copy: Vec<&str> = work
        .outgoing
        .iter()
        .map(|file| file.target.as_str())
        .collect();
    let delete: Vec<&str> = work
        .deletions
        .iter()
        .map(|(path, ..)| path.as_str())
        .collect();
    printer.done(
        "sync",
        json!({
            "dry_run": true, "copy": copy, "delete": delete, "protected": work.protected,
            "unchanged": work.unchanged, "bytes": bytes,
        }),
    )?;
    Ok(Exit::Done)
}

impl Job {
    /// Compares both sides.
    ///
    /// # Errors
    /// Those of both sides.
    pub(super) fn decide(&self, context: &mut Context) -> Result<Work> {
        let here = local::scan(&self.source, &self.exclude)?;
        let session = context.session()?;
        session.with_agent(|agent| {
            let (there, exists) = match agent.list(&self.target, true) {
                Ok(entries) => (entries, true),
                Err(error) if error.code() == Code::NotFound => (Vec::new(), false),
                Err(error) => return Err(error),
            };
            let mut work = compare(self, &here, &there, exists)?;
            let same_size = work.possibly_equal(&there);
            let paths: Vec<(&str, Option<u64>)> = same_size
                .iter()
                .map(|index| {
                    (
                        work.outgoing[*index].target.as_str(),
                        Some(work.outgoing[*index].len_bytes),
                    )
                })
                .collect();
            let stats = if paths.is_empty() {
                Vec::new()
            } else {
                agent.stat(&paths)?
            };
            let kind = agent.capabilities()?.digest;
            let mut equal = BTreeSet::new();
            for (index, stat) in same_size.iter().zip(stats) {
                if let (
                    Stat::File {
                        digest: Some(digest),
                        ..
                    },
                    transfer::Content::File(path),
                ) = (stat, &work.outgoing[*index].content)
                    && kind.of(&local::read(path)?) == digest
                {
                    equal.insert(*index);
                }
            }
            work.unchanged = equal.len();
            let mut index = 0;
            work.outgoing.retain(|_| {
                index += 1;
                !equal.contains(&(index - 1))
            });
            Ok(work)
        })
    }

    /// Does what was decided: what is in the way goes first, then what is new comes.
    ///
    /// # Errors
    /// The first thing that went wrong; every file on the board is whole then.
    pub(super) fn carry_out(&self, work: &Work, context: &mut Context) -> Result<Report> {
        let printer = context.printer.clone();
        let nothing =
            work.deletions.is_empty() && work.directories.is_empty() && work.outgoing.is_empty();
        if nothing {
            return Ok(Report {
                unchanged: work.unchanged,
                ..Report::default()
            });
        }
        let session = context.session()?;
        let mut sending = Sending::new(work.outgoing.clone(), &printer);
        let first = session.with_agent(|agent| {
            let doomed: Vec<(&str, bool)> = work
                .deletions
                .iter()
                .map(|(path, directory, _)| (path.as_str(), *directory))
                .collect();
            for ((path, _), number) in doomed.iter().zip(agent.remove(&doomed)?) {
                if number != 0 {
                    return Err(crate::client::board_error("delete", path, number));
                }
                printer.say(&format!("  deleted :{}", sanitise::line(path)));
            }
            transfer::check_space(agent, &work.outgoing, None)?;
            let directories: Vec<&str> = work.directories.iter().map(String::as_str).collect();
            agent.make_directories(&directories)?;
            sending.attempt(agent)
        });
        let bytes = sending.finish(session, first)?;
        Ok(Report {
            copied: work.outgoing.len(),
            unchanged: work.unchanged,
            bytes,
        })
    }
}

impl Work {
    /// What is copied, and what is deleted.
    pub(super) fn paths(&self) -> (Vec<String>, Vec<String>) {
        let copied = self.outgoing.iter().map(|file| file.target.clone());
        let deleted = self.deletions.iter().map(|(path, ..)| path.clone());
        (copied.collect(), deleted.collect())
    }

    /// Whether nothing is to be done.
    pub(super) fn is_empty(&self) -> bool {
        self.outgoing.is_empty() && self.deletions.is_empty()
    }

    /// The outgoing files that the board has in the same size.
    fn possibly_equal(&self, there: &[Entry]) -> Vec<usize> {
        let sizes: HashMap<&str, u64> = there
            .iter()
            .filter(|entry| !entry.directory)
            .map(|entry| (entry.path.as_str(), entry.size))
            .collect();
        (0..self.outgoing.len())
            .filter(|index| {
                let file = &self.outgoing[*index];
                sizes.get(file.target.as_str()) == Some(&file.len_bytes)
            })
            .collect()
    }
}

/// What differs by name and kind. Pure.
fn compare(job: &Job, here: &[LocalEntry], there: &[Entry], target_exists: bool) -> Result<Work> {
    let mut work = Work::default();
    if !target_exists && !job.target.is_empty() {
        let ends = job
            .target
            .match_indices('/')
            .map(|(at, _)| at)
            .filter(|at| *at > 0)
            .chain([job.target.len()]);
        work.directories
            .extend(ends.map(|end| job.target[..end].to_string()));
    }
    let remote: HashMap<&str, &Entry> = there
        .iter()
        .map(|entry| (entry.path.as_str(), entry))
        .collect();
    let mut wanted = BTreeSet::new();
    for entry in here {
        let target = join(&job.target, &entry.name);
        let existing = remote.get(target.as_str());
        if let Some(existing) = existing
            && existing.directory != entry.directory
        {
            if !job.delete {
                let (here, there) = if entry.directory {
                    ("directory", "file")
                } else {
                    ("file", "directory")
                };
                return Err(Error::new(
                    Code::Exists,
                    format!(
                        "`{}` is a {here} here and a {there} on the board",
                        entry.name
                    ),
                )
                .hint("`--delete` replaces what is on the board"));
            }
        } else {
            wanted.insert(target.clone());
        }
        if entry.directory {
            if existing.is_none_or(|existing| !existing.directory) {
                work.directories.push(target);
            }
        } else {
            work.outgoing
                .push(Outgoing::file(entry.path.clone(), target)?);
        }
    }
    if job.delete {
        deletions(job, there, &wanted, &mut work);
    }
    Ok(work)
}

fn deletions(job: &Job, there: &[Entry], wanted: &BTreeSet<String>, work: &mut Work) {
    // A path is protected with all that is under it, and so is every directory above it.
    let is_protected = |path: &str| {
        let path = absolute(path);
        job.protect.iter().any(|protected| {
            let protected = absolute(protected.trim_end_matches('/'));
            path == protected
                || path.starts_with(&format!("{protected}/"))
                || protected.starts_with(&format!("{path}/"))
        })
    };
    let mut kept_above: BTreeSet<String> = BTreeSet::new();
    for entry in there {
        let name = entry.path[job.target.len()..].trim_start_matches('/');
        if wanted.contains(&entry.path) {
            continue;
        }
        let excluded = job.exclude.matches(name) && !name.ends_with(crate::client::fs::TEMPORARY);
        if excluded || is_protected(&entry.path) {
            for (at, _) in entry.path.match_indices('/') {
                kept_above.insert(entry.path[..at].to_string());
            }
            if !excluded
                && job
                    .protect
                    .iter()
                    .any(|path| absolute(path) == absolute(&entry.path))
            {
                work.protected.push(entry.path.clone());
            }
            continue;
        }
        work.deletions
            .push((entry.path.clone(), entry.directory, entry.size));
    }
    work.deletions
        .retain(|(path, ..)| !kept_above.contains(path));
    work.deletions.sort_by(|a, b| {
        b.0.matches('/')
            .count()
            .cmp(&a.0.matches('/').count())
            .then(a.0.cmp(&b.0))
    });
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') {
        path.to_string()
    } else {
        format!("/{path}")
    }
}

/// Time and bytes of a round, for `watch`.
pub(super) fn round_line(report: &Report, started: Instant) -> String {
    format!(
        "{} files, {}, in {}",
        report.copied,
        human(report.bytes),
        bytes::duration(started.elapsed())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, directory: bool) -> Entry {
        Entry {
            path: path.into(),
            directory,
            size: 1,
        }
    }

    fn job(root: &std::path::Path, delete: bool, protect: &[&str]) -> Job {
        Job {
            source: root.to_path_buf(),
            target: "/".into(),
            exclude: Exclude::new(&["*.log".into()]).unwrap(),
            protect: protect.iter().map(|path| (*path).to_string()).collect(),
            delete,
        }
    }

    fn here(root: &std::path::Path) -> Vec<LocalEntry> {
        std::fs::create_dir_all(root.join("lib")).unwrap();
        std::fs::write(root.join("lib/a.py"), "a").unwrap();
        std::fs::write(root.join("main.py"), "m").unwrap();
        local::scan(root, &Exclude::new(&[]).unwrap()).unwrap()
    }

    #[test]
    fn only_what_is_missing_is_made() {
        let root = tempfile::tempdir().unwrap();
        let there = [entry("/lib", true), entry("/old.py", false)];
        let work = compare(
            &job(root.path(), false, &[]),
            &here(root.path()),
            &there,
            true,
        )
        .unwrap();
        assert!(work.directories.is_empty() && work.deletions.is_empty());
        assert_eq!(work.outgoing.len(), 2);
    }

    #[test]
    fn deletions_spare_what_is_protected_or_excluded() {
        let root = tempfile::tempdir().unwrap();
        let there = [
            entry("/boot.py", false),
            entry("/old", true),
            entry("/old/x.py", false),
            entry("/data", true),
            entry("/data/day.log", false),
            entry("/data/tmp", false),
            entry("/main.py", false),
            entry("/.ucli.tmp", false),
        ];
        let work = compare(
            &job(root.path(), true, &["/boot.py", "old/x.py"]),
            &here(root.path()),
            &there,
            true,
        )
        .unwrap();
        let doomed: Vec<&str> = work
            .deletions
            .iter()
            .map(|(path, ..)| path.as_str())
            .collect();
        assert_eq!(doomed, ["/data/tmp", "/.ucli.tmp"]);
        assert_eq!(work.protected, ["/boot.py", "/old/x.py"]);
    }

    #[test]
    fn missing_target_is_made_with_its_parents() {
        let root = tempfile::tempdir().unwrap();
        let mut job = job(root.path(), false, &[]);
        job.target = "/app/v2".into();
        let work = compare(&job, &here(root.path()), &[], false).unwrap();
        assert_eq!(work.directories, ["/app", "/app/v2", "/app/v2/lib"]);
    }

    #[test]
    fn kind_conflict_needs_delete() {
        let root = tempfile::tempdir().unwrap();
        let there = [entry("/lib", false)];
        assert!(
            compare(
                &job(root.path(), false, &[]),
                &here(root.path()),
                &there,
                true
            )
            .is_err()
        );
        let work = compare(
            &job(root.path(), true, &[]),
            &here(root.path()),
            &there,
            true,
        )
        .unwrap();
        assert_eq!(work.deletions[0].0, "/lib");
        assert_eq!(work.directories, ["/lib"]);
    }
}
