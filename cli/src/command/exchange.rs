//! `ucli export`, and the lists of packages that `add` and `install` read with `-r`.

use std::path::PathBuf;

use serde_json::json;

use super::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::files::local;
use crate::package::exchange::{self, Format};
use crate::package::lock;
use crate::package::project::Project;

/// Arguments of `ucli export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli export --format package-json -o package.json")]
pub(crate) struct ExportArgs {
    /// What is written
    #[arg(long, value_enum, default_value_t = Format::Requirements)]
    format: Format,
    /// Leave out what only the development needs
    #[arg(long)]
    no_dev: bool,
    /// Where it is written [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the lock in another form.
pub(super) fn export(args: &ExportArgs, context: &mut Context) -> Result<Exit> {
    let project = Project::here()?;
    let lock = project.lock()?.ok_or_else(|| {
        Error::new(Code::NotFound, format!("There is no `{}`", lock::FILE))
            .hint("`ucli lock` makes it")
    })?;
    let text = exchange::write(&lock, !args.no_dev, args.format)?;
    match &args.output {
        Some(path) => local::write_atomic(path, text.as_bytes())?,
        None => {
            for line in text.lines() {
                context.printer.data(line)?;
            }
        }
    }
    context.printer.done("export", json!({ "text": text }))?;
    Ok(Exit::Done)
}
