//! `ucli sleep`: a pause between commands.

use std::time::{Duration, Instant};

use super::Context;
use crate::client::interrupt;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;

/// Arguments of `ucli sleep`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli reset sleep 1 repl")]
pub(crate) struct Args {
    /// How long
    seconds: f64,
}

/// Waits.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    if !args.seconds.is_finite() || args.seconds < 0.0 || args.seconds > 1e8 {
        return Err(Error::new(
            Code::Usage,
            format!(
                "`sleep {}` makes no sense: seconds from 0 are wanted",
                args.seconds
            ),
        ));
    }
    let deadline = Instant::now() + Duration::from_secs_f64(args.seconds);
    while Instant::now() < deadline {
        if interrupt::count() > 0 {
            return Err(Error::new(Code::Interrupted, "Interrupted"));
        }
        std::thread::park_timeout(
            deadline
                .saturating_duration_since(Instant::now())
                .min(interrupt::SLICE),
        );
    }
    context
        .printer
        .done("sleep", serde_json::json!({ "seconds": args.seconds }))?;
    Ok(Exit::Done)
}
