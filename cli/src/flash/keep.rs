//! The files of a board, copied to this computer before it is flashed and back after.
//!
//! They are written to a directory of this computer before the board is touched, so that nothing is lost
//! when flashing breaks off; the directory goes when everything is back.

use std::path::{Path, PathBuf};

use super::report::{Phase, Report};
use crate::client::session::Session;
use crate::client::snippet;
use crate::error::{Code, Error, Result};
use crate::files::local;
use crate::files::transfer::{self, Outgoing};
use crate::output::Printer;
use crate::output::progress::Progress;
use crate::output::sanitise;

/// File systems that flashing does not touch, or that are this computer's.
const ELSEWHERE: [&str; 4] = ["/sd", "/rom", "/remote", "/ram"];
/// Platforms whose root is a computer's.
const COMPUTERS: [&str; 4] = ["linux", "darwin", "win32", "webassembly"];

/// Files that were copied away.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Where they are.
    pub(crate) directory: PathBuf,
    directories: Vec<String>,
    /// Path on the board and in the directory.
    files: Vec<(String, PathBuf)>,
}

fn is_elsewhere(path: &str) -> bool {
    let inside = |root: &&str| {
        path.strip_prefix(*root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    ELSEWHERE.iter().any(inside)
}

impl Kept {
    /// How many files there are.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// Copies the files of a board into a new directory under `parent`.
    ///
    /// # Errors
    /// [`Code::Refused`] on something that is no board, those of the board and of this computer.
    pub(crate) fn take(
        session: &mut Session,
        parent: &Path,
        report: &mut Report,
        printer: &Printer,
    ) -> Result<Self> {
        let answer = crate::client::value::parse(session.ask(snippet::BOARD)?.trim_ascii())?;
        let platform = answer.at(1).str().map(sanitise::line).unwrap_or_default();
        if COMPUTERS.contains(&platform.as_str()) {
            return Err(Error::new(
                Code::Refused,
                format!(
                    "`{}` is no board but a program on {platform}: its files are this computer's",
                    session.name()
                ),
            ));
        }
        let mut entries = session.with_agent(|agent| agent.list("/", true))?;
        entries.retain(|entry| !is_elsewhere(&entry.path));
        let total = entries.iter().map(|entry| entry.size).sum();
        report.phase(Phase::Backup, total)?;
        let stamp = chrono::Local::now().format("%Y%m%d-%H%M%S");
        let directory = parent.join(format!("ucli-files-{stamp}-{}", std::process::id()));
        std::fs::create_dir(&directory)
            .map_err(|error| Error::local("create", &directory, &error))?;
        let mut kept = Self {
            directory,
            directories: Vec::new(),
            files: Vec::new(),
        };
        let mut progress = Progress::new(&printer.silent(), 0);
        session.with_agent(|agent| {
            for entry in &entries {
                if entry.directory {
                    kept.directories.push(entry.path.clone());
                    continue;
                }
                let data = transfer::fetch(agent, &entry.path, &mut progress)?;
                // A number instead of the name: what is a name on a board may be none here.
                let path = kept.directory.join(format!("{:04}", kept.files.len()));
                local::write_atomic(&path, &data)?;
                report.add(data.len() as u64);
                kept.files.push((entry.path.clone(), path));
            }
            Ok(())
        })?;
        let list: Vec<_> = kept.files.iter().map(|(name, path)| serde_json::json!({ "path": name, "file": path.file_name().map(|n| n.to_string_lossy()) })).collect();
        local::write_atomic(
            &kept.directory.join("files.json"),
            serde_json::json!(list).to_string().as_bytes(),
        )?;
        report.finish();
        Ok(kept)
    }

    /// Copies them back and removes the directory.
    ///
    /// # Errors
    /// Those of the board; the directory then stays.
    pub(crate) fn put_back(
        self,
        session: &mut Session,
        report: &mut Report,
        printer: &Printer,
    ) -> Result<usize> {
        let mut outgoing = Vec::new();
        for (name, path) in &self.files {
            outgoing.push(Outgoing::file(path.clone(), name.clone())?);
        }
        report.phase(
            Phase::Restore,
            outgoing.iter().map(|file| file.len_bytes).sum(),
        )?;
        report.finish();
        let directories: Vec<&str> = self.directories.iter().map(String::as_str).collect();
        session.with_agent(|agent| agent.make_directories(&directories))?;
        let count = outgoing.len();
        if count > 0 {
            transfer::send(session, outgoing, &printer.silent())?;
        }
        std::fs::remove_dir_all(&self.directory)
            .map_err(|error| Error::local("remove", &self.directory, &error))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_flashing_touches_is_taken() {
        for (path, elsewhere) in [
            ("/sd", true),
            ("/sd/a", true),
            ("/sdx", false),
            ("/main.py", false),
            ("/rom/a", true),
        ] {
            assert_eq!(is_elsewhere(path), elsewhere, "{path}");
        }
    }
}
