//! `ucli watch`: sync and restart whenever a local file changes.

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use notify::{RecursiveMode, Watcher};
use serde_json::json;

use super::{Context, sync};
use crate::client::interrupt;
use crate::client::session::Output;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;

/// Editors write in several steps; this long without a change is the end of a save.
const SETTLE: Duration = Duration::from_millis(120);

/// Arguments of `ucli watch`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli watch src :")]
pub(crate) struct Args {
    /// Delete what is on the board and not here (protected paths stay)
    #[arg(long)]
    delete: bool,
    /// Leave out what matches this pattern (repeatable)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Only sync; do not restart the board
    #[arg(long)]
    no_restart: bool,
    /// End after this many rounds
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// The local directory
    #[arg(value_name = "SRC")]
    source: PathBuf,
    /// The directory of the board [default: `:/`]
    #[arg(value_name = ":DST", default_value = ":/")]
    target: String,
}

/// Watches until Ctrl-C.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let (sender, receiver) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let relevant = event.is_ok_and(|event| !event.kind.is_access());
        if relevant {
            // The receiver is gone only when the command is over.
            let _ = sender.send(());
        }
    })
    .map_err(|error| watch_error(args, &error))?;
    watcher
        .watch(&args.source, RecursiveMode::Recursive)
        .map_err(|error| watch_error(args, &error))?;
    let job = sync::job(
        &args.source,
        &args.target,
        &args.exclude,
        &[],
        args.delete,
        context,
    )?;
    let mut rounds = 0;
    loop {
        if round(args, &job, rounds == 0, context)? {
            rounds += 1;
        }
        if args.rounds.is_some_and(|most| rounds >= most) {
            break;
        }
        if !listen(args, &receiver, context)? {
            break;
        }
    }
    context.printer.done("watch", json!({ "rounds": rounds }))?;
    Ok(Exit::Done)
}

fn watch_error(args: &Args, error: &notify::Error) -> Error {
    Error::new(
        Code::Io,
        format!("Failed to watch `{}`: {error}", args.source.display()),
    )
}

/// Syncs and restarts; false when there was nothing to do.
fn round(args: &Args, job: &sync::Job, first: bool, context: &mut Context) -> Result<bool> {
    let started = Instant::now();
    let work = job.decide(context)?;
    if work.is_empty() && !first {
        return Ok(false);
    }
    let report = job.carry_out(&work, context)?;
    context
        .printer
        .say(&format!("synced {}", sync::round_line(&report, started)));
    context.printer.event(
        "synced",
        json!({ "copied": report.copied, "bytes": report.bytes }),
    )?;
    if !args.no_restart {
        context.printer.say("restarting");
        let printer = context.printer.clone();
        let session = context.session()?;
        session.soft_reset_friendly(Duration::ZERO, &mut |piece| match piece {
            Output::Stdout(text) | Output::Aside(text) => printer.program("stdout", text),
        })?;
    }
    Ok(true)
}

/// Shows what the board prints until a file changes; false after Ctrl-C.
fn listen(args: &Args, changes: &mpsc::Receiver<()>, context: &mut Context) -> Result<bool> {
    let printer = context.printer.clone();
    let session = context.open()?;
    loop {
        match changes.recv_timeout(Duration::ZERO) {
            Ok(()) => break,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::new(
                    Code::Io,
                    format!("`{}` can no longer be watched", args.source.display()),
                ));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if interrupt::count() > 0 {
            return Ok(false);
        }
        let wire = session.wire();
        wire.fill(Instant::now() + interrupt::SLICE)?;
        let text = wire.pending().to_vec();
        wire.consume(text.len());
        if !args.no_restart && !text.is_empty() {
            printer.program("stdout", &text)?;
        }
    }
    while changes.recv_timeout(SETTLE).is_ok() {}
    session.forget_state();
    Ok(true)
}
