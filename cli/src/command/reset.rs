//! `ucli soft-reset`, `reset` and `bootloader`.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Context;
use crate::client::session::{Output, Session};
use crate::client::snippet;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::Printer;

/// A board that is going to restart has said what it has to say by then.
const LAST_WORDS: Duration = Duration::from_millis(600);

/// Arguments of `ucli soft-reset`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli soft-reset --main")]
pub(crate) struct SoftArgs {
    /// Run main.py too, and show its output until it ends or for this many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "5")]
    main: Option<f64>,
}

/// Arguments of `ucli reset`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli reset --wait")]
pub(crate) struct Args {
    /// Wait until the board answers again
    #[arg(long)]
    wait: bool,
}

fn pass(printer: &Printer) -> impl FnMut(Output<'_>) -> Result<()> {
    let printer = printer.clone();
    move |piece| match piece {
        Output::Stdout(text) | Output::Aside(text) if !printer.is_mpremote() => {
            printer.program("stdout", text)
        }
        _ => Ok(()),
    }
}

/// Restarts the interpreter.
pub(super) fn soft(args: &SoftArgs, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    context.skip_soft_reset();
    let session = context.open()?;
    let is_served = session.name().starts_with("ws://") || session.name().starts_with("wss://");
    let outcome = match args.main {
        None => session.soft_reset_raw(&mut pass(&printer)),
        Some(seconds) => {
            let patience = Duration::try_from_secs_f64(seconds).map_err(|_| {
                Error::new(
                    Code::Usage,
                    format!("`--main={seconds}`: seconds from 0 are wanted"),
                )
            })?;
            session.soft_reset_friendly(patience, &mut pass(&printer))
        }
    };
    match outcome {
        // What serves this connection is a program of the board, and ends with the interpreter.
        Err(error) if is_served && error.code() == Code::ConnectionLost => context.expect_restart(),
        outcome => outcome?,
    }
    printer.done("soft-reset", json!({}))?;
    Ok(Exit::Done)
}

/// Restarts the board.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    restart(
        context,
        snippet::RESET,
        snippet::RESET_CIRCUITPYTHON,
        "reset",
    )?;
    context.expect_restart();
    if args.wait {
        context.session()?;
    }
    context.printer.done("reset", json!({}))?;
    Ok(Exit::Done)
}

/// Puts the board into its boot loader.
pub(super) fn bootloader(context: &mut Context) -> Result<Exit> {
    restart(
        context,
        snippet::BOOTLOADER,
        snippet::BOOTLOADER_CIRCUITPYTHON,
        "enter the boot loader of",
    )?;
    context.expect_restart();
    context.printer.done("bootloader", json!({}))?;
    Ok(Exit::Done)
}

/// Sends what restarts the board; the second way is CircuitPython's.
fn restart(context: &mut Context, first: &str, second: &str, action: &str) -> Result<()> {
    let session = context.session()?;
    let name = session.name().to_string();
    let Some(error) = last_words(session, first)? else {
        return Ok(());
    };
    if last_words(session, second)?.is_none() {
        return Ok(());
    }
    Err(Error::new(
        Code::Unsupported,
        format!("Failed to {action} `{name}`: {}", error.message()),
    )
    .hint("This firmware has no such function; use the board's button"))
}

/// Starts it and listens for a moment: an error if it raised, `None` when it went silent or away.
fn last_words(session: &mut Session, source: &str) -> Result<Option<Error>> {
    let until = Instant::now() + LAST_WORDS;
    session.exec_until(source.as_bytes(), until)
}
