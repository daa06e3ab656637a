//! Carries out copies between this computer and a board: what is the same stays, what differs is
//! sent, what did not arrive intact is sent again in a more careful way.

use std::path::PathBuf;
use std::time::Duration;

use crate::client::agent::{Agent, Digest};
use crate::client::early::Early;
use crate::client::fs::{Stat, Upload};
use crate::client::session::Session;
use crate::error::{Code, Error, Result};
use crate::output::bytes::{exact, grouped, human};
use crate::output::progress::Progress;
use crate::output::{Printer, bytes, sanitise};

/// How often a file is sent again after it did not arrive intact.
const TRIES: u32 = 3;
/// How much is read from this computer's disk at once.
const BATCH_BYTES: usize = 8 << 20;

/// What a copy did.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub(crate) struct Report {
    /// Files that were sent.
    pub(crate) copied: usize,
    /// Files that were the same already.
    pub(crate) unchanged: usize,
    /// Bytes of the files that were sent.
    pub(crate) bytes: u64,
}

impl Report {
    /// `2 of 14 files copied (10.1 kB), 12 unchanged, in 0.21 s`.
    pub(crate) fn line(&self, time: Duration) -> String {
        let all = self.copied + self.unchanged;
        let files = if all == 1 { "file" } else { "files" };
        let unchanged = if self.unchanged > 0 {
            format!(", {} unchanged", self.unchanged)
        } else {
            String::new()
        };
        format!(
            "{} of {all} {files} copied ({}){unchanged}, in {}",
            self.copied,
            human(self.bytes),
            bytes::duration(time)
        )
    }
}

/// A file of this computer on its way to the board.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// What it holds, read now or when it is needed.
    pub(crate) content: Content,
    /// Its size.
    pub(crate) len_bytes: u64,
    /// Where it goes.
    pub(crate) target: String,
}

/// The content of an outgoing file.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A file of this computer.
    File(PathBuf),
    /// Bytes in memory.
    Bytes(Vec<u8>),
}

impl Outgoing {
    /// A file of this computer.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub(crate) fn file(path: PathBuf, target: String) -> Result<Self> {
        let data = std::fs::metadata(&path).map_err(|error| Error::local("read", &path, &error))?;
        Ok(Self {
            len_bytes: data.len(),
            content: Content::File(path),
            target,
        })
    }

    /// Bytes in memory.
    pub(crate) fn bytes(data: Vec<u8>, target: String) -> Self {
        Self {
            len_bytes: data.len() as u64,
            content: Content::Bytes(data),
            target,
        }
    }

    fn read(&self) -> Result<Vec<u8>> {
        match &self.content {
            Content::File(path) => super::local::read(path),
            Content::Bytes(data) => Ok(data.clone()),
        }
    }
}

/// Which of `files` differ from what the board has, by size and digest. `early` may answer for one.
///
/// # Errors
/// Those of the connection, of this computer's files, and [`Code::IsDirectory`] where a directory
/// of the board stands in the way.
pub(crate) fn changed(
    agent: &mut Agent<'_>,
    files: &[Outgoing],
    early: Option<&Early>,
) -> Result<Vec<bool>> {
    let stats = if let Some(early) = early.filter(|early| answers_for(early, files)) {
        vec![early.stat.clone()]
    } else {
        let paths: Vec<(&str, Option<u64>)> = files
            .iter()
            .map(|file| (file.target.as_str(), Some(file.len_bytes)))
            .collect();
        agent.stat(&paths)?
    };
    differing(files, &stats, agent.capabilities()?.digest)
}

/// Which of the files the board lacks, or has in another form, by what it said of each.
///
/// # Errors
/// [`Code::IsDirectory`] for a file that would go where a directory is.
pub(crate) fn differing(files: &[Outgoing], stats: &[Stat], kind: Digest) -> Result<Vec<bool>> {
    let mut differs = Vec::with_capacity(files.len());
    for (file, stat) in files.iter().zip(stats) {
        differs.push(match stat {
            Stat::Missing(_) => true,
            Stat::Directory => {
                return Err(Error::new(
                    Code::IsDirectory,
                    format!(
                        "`:{}` is a directory on the board; a file would go there",
                        sanitise::line(&file.target)
                    ),
                ));
            }
            Stat::File { len_bytes, .. } if *len_bytes != file.len_bytes => true,
            Stat::File { digest, .. } => digest.as_deref() != Some(&kind.of(&file.read()?)),
        });
    }
    Ok(differs)
}

/// Whether `files` are the one that `early` was asked about.
fn answers_for(early: &Early, files: &[Outgoing]) -> bool {
    matches!(files, [file] if file.target == early.path && file.len_bytes == early.len_bytes)
}

/// Refuses before anything is written when the board's file system has too little room. `early` may
/// know how much there is.
///
/// # Errors
/// [`Code::NoSpace`] with the numbers.
pub(crate) fn check_space(
    agent: &mut Agent<'_>,
    files: &[Outgoing],
    early: Option<&Early>,
) -> Result<()> {
    let Some(largest) = files.iter().max_by_key(|file| file.len_bytes) else {
        return Ok(());
    };
    let free = match early.filter(|early| answers_for(early, files)) {
        Some(early) => early.free_bytes,
        None => agent.free_around(&largest.target)?,
    };
    let Some(free) = free else {
        return Ok(());
    };
    if largest.len_bytes > free {
        let name = match &largest.content {
            Content::File(path) => path.display().to_string(),
            Content::Bytes(_) => format!(":{}", largest.target),
        };
        return Err(Error::new(
            Code::NoSpace,
            format!(
                "`{name}` is {} bytes; only {} bytes are free on the board",
                grouped(largest.len_bytes),
                grouped(free)
            ),
        )
        .hint("`ucli df` shows what is free, `ucli tree -s` what is there"));
    }
    Ok(())
}

/// Files on their way: which are through, and what was tried.
pub(crate) struct Sending {
    files: Vec<Outgoing>,
    sent: usize,
    /// The agent is wanted no more when they are through.
    closing: bool,
    progress: Progress,
    printer: Printer,
}

impl Sending {
    /// Nothing is sent yet.
    pub(crate) fn new(files: Vec<Outgoing>, printer: &Printer) -> Self {
        let total = files.iter().map(|file| file.len_bytes).sum();
        Self {
            files,
            sent: 0,
            closing: false,
            progress: Progress::new(printer, total),
            printer: printer.clone(),
        }
    }

    /// The agent is wanted no more when these files are through.
    pub(crate) fn closing(mut self) -> Self {
        self.closing = true;
        self
    }

    /// What is to be sent.
    pub(crate) fn files(&self) -> &[Outgoing] {
        &self.files
    }

    /// Sends what is not through yet, a batch at a time.
    ///
    /// # Errors
    /// The first file that could not be written; those before it are on the board.
    pub(crate) fn attempt(&mut self, agent: &mut Agent<'_>) -> Result<()> {
        while self.sent < self.files.len() {
            let count = batch(&self.files[self.sent..]);
            self.send_batch(agent, count)?;
        }
        self.progress.finish();
        Ok(())
    }

    /// Sends one batch; on failure those files count as sent that are on the board for certain.
    fn send_batch(&mut self, agent: &mut Agent<'_>, count: usize) -> Result<()> {
        let files = &self.files[self.sent..self.sent + count];
        let data: Vec<Vec<u8>> = files.iter().map(Outgoing::read).collect::<Result<_>>()?;
        let uploads: Vec<Upload<'_>> = files
            .iter()
            .zip(&data)
            .map(|(file, data)| Upload {
                path: &file.target,
                data,
            })
            .collect();
        let progress = &mut self.progress;
        let (mut current, mut counted) = (usize::MAX, 0);
        let closing = self.closing && self.sent + count == self.files.len();
        let results = agent.put(&uploads, closing, &mut |index, len| {
            if index != current {
                current = index;
                progress.file(uploads[index].path);
            }
            counted += len;
            progress.add(len);
        });
        let results = results.inspect_err(|_| progress.rewind(counted))?;
        for (index, result) in results.into_iter().enumerate() {
            if let Err(error) = result {
                let whole: usize = data[..index].iter().map(Vec::len).sum();
                self.progress.rewind(counted.saturating_sub(whole as u64));
                return Err(error);
            }
            sent_line(&self.printer, &self.files[self.sent]);
            self.sent += 1;
        }
        Ok(())
    }

    /// Sends again, more carefully each time, what did not arrive intact at the first attempt.
    /// Returns the bytes of all files.
    ///
    /// # Errors
    /// As [`Sending::attempt`], and those of the connection.
    pub(crate) fn finish(mut self, session: &mut Session, first: Result<()>) -> Result<u64> {
        let mut result = first;
        let mut tries = 1;
        while let Err(error) = result {
            let again = matches!(error.code(), Code::Verify | Code::NoAnswer) && tries < TRIES;
            self.progress.finish();
            if !again || crate::client::interrupt::count() > 0 {
                return Err(error);
            }
            self.printer
                .warn(&format!("{}; trying again more carefully", error.message()));
            tries += 1;
            session.degrade();
            result = session.with_agent(|agent| self.attempt(agent));
        }
        Ok(self.files.iter().map(|file| file.len_bytes).sum())
    }
}

/// Sends files in an agent of their own.
///
/// # Errors
/// As [`Sending::finish`].
pub(crate) fn send(session: &mut Session, files: Vec<Outgoing>, printer: &Printer) -> Result<u64> {
    if files.is_empty() {
        return Ok(0);
    }
    let mut sending = Sending::new(files, printer);
    let first = session.with_agent(|agent| sending.attempt(agent));
    sending.finish(session, first)
}

fn sent_line(printer: &Printer, file: &Outgoing) {
    printer.say(&format!(
        "  {}  {}",
        sanitise::line(&file.target),
        exact(file.len_bytes)
    ));
}

fn batch(files: &[Outgoing]) -> usize {
    let mut len_bytes = 0;
    for (index, file) in files.iter().enumerate() {
        len_bytes += usize::try_from(file.len_bytes).unwrap_or(usize::MAX);
        if len_bytes > BATCH_BYTES && index > 0 {
            return index;
        }
    }
    files.len()
}

/// Reads a file of the board into memory, again if it did not arrive intact.
///
/// # Errors
/// Those of the board and the connection.
pub(crate) fn fetch(agent: &mut Agent<'_>, path: &str, progress: &mut Progress) -> Result<Vec<u8>> {
    let mut tries = 0;
    loop {
        let mut data = Vec::new();
        let result = agent.get(path, &mut |piece| {
            data.extend_from_slice(piece);
            progress.add(piece.len() as u64);
            Ok(())
        });
        tries += 1;
        match result {
            Ok(_) => return Ok(data),
            Err(error) if error.code() == Code::Verify && tries < TRIES => {
                progress.rewind(data.len() as u64);
            }
            Err(error) => return Err(error),
        }
    }
}
