//! `ucli help` and `ucli version`.

use clap::CommandFactory;

use super::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;

/// Arguments of `ucli help`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The command to explain
    command: Option<String>,
}

/// Prints help.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let mut root = crate::args::Cli::command();
    root.build();
    let text = match &args.command {
        None => root.render_help(),
        Some(name) => root
            .find_subcommand_mut(name)
            .ok_or_else(|| Error::new(Code::Usage, format!("There is no command `{name}`")))?
            .render_long_help(),
    };
    let text = text.to_string();
    if !context.printer.is_json() {
        context.printer.raw(text.as_bytes())?;
    }
    context
        .printer
        .done("help", serde_json::json!({ "text": text }))?;
    Ok(Exit::Done)
}

/// Prints the version.
pub(super) fn version(context: &mut Context) -> Result<Exit> {
    context
        .printer
        .data(&format!("ucli {}", env!("CARGO_PKG_VERSION")))?;
    context.printer.done(
        "version",
        serde_json::json!({ "version": env!("CARGO_PKG_VERSION") }),
    )?;
    Ok(Exit::Done)
}
