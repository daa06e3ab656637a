//! `ucli wait`: until the board is there and answers.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Context;
use crate::client::interrupt;
use crate::device::Watch;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;

/// Arguments of `ucli wait`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli -p id:e6614103e7452d2f wait --for 30 cp main.py :")]
pub(crate) struct Args {
    /// How many seconds
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 60.0)]
    seconds: f64,
    /// Only until it is plugged in; do not ask it anything
    #[arg(long)]
    plugged: bool,
}

/// Waits.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let patience = Duration::try_from_secs_f64(args.seconds).map_err(|_| {
        Error::new(
            Code::Usage,
            format!("`--for {}`: seconds from 0 are wanted", args.seconds),
        )
    })?;
    let deadline = Instant::now() + patience;
    let mut watch = Watch::new();
    let mut said = false;
    loop {
        let tried = if args.plugged {
            context.open().map(|_| ())
        } else {
            context.session().map(|_| ())
        };
        let error = match tried {
            Ok(()) => break,
            Err(error) => error,
        };
        let hopeless = matches!(
            error.code(),
            Code::Usage | Code::SeveralBoards | Code::Permission | Code::Denied
        );
        if hopeless || Instant::now() >= deadline {
            return Err(error);
        }
        if interrupt::count() > 0 {
            return Err(Error::new(Code::Interrupted, "Interrupted"));
        }
        if !said {
            said = true;
            context
                .printer
                .say(&format!("waiting for `{}`", context.selector_text()));
        }
        context.forget();
        watch.wait(deadline);
    }
    let name = context.open()?.name().to_string();
    context.printer.done("wait", json!({ "port": name }))?;
    Ok(Exit::Done)
}
