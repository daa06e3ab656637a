//! `ucli cache`: where downloads are kept, how much that is, and its end.

use serde_json::json;

use super::Context;
use crate::error::Result;
use crate::exit::Exit;
use crate::output::bytes::human;
use crate::package::cache::Cache;

/// Arguments of `ucli cache`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Several ucli may use the cache at once; `clean` waits until nobody does.\nExample: ucli cache clean"
)]
pub(crate) struct Args {
    /// What to do
    #[arg(value_enum, default_value_t = Action::Dir)]
    action: Action,
}

/// What can be done with the cache.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Action {
    /// Print where it is
    Dir,
    /// Print how many bytes it holds
    Size,
    /// Remove everything in it
    Clean,
}

/// Shows or empties the cache.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let printer = &context.printer;
    let cache = Cache::open()?;
    let directory = cache.root().display().to_string();
    let (files, len_bytes) = match args.action {
        Action::Clean => cache.clean()?,
        Action::Dir | Action::Size => cache.measure(),
    };
    match args.action {
        Action::Dir => printer.data(&directory)?,
        Action::Size => printer.data(&len_bytes.to_string())?,
        Action::Clean => printer.say(&format!(
            "{files} files ({}) removed from {directory}",
            human(len_bytes)
        )),
    }
    let fields = json!({ "directory": directory, "files": files, "bytes": len_bytes });
    printer.done("cache", fields)?;
    Ok(Exit::Done)
}
