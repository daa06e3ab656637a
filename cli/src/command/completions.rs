//! `ucli completions`: a completion script for a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Context;
use crate::error::Result;
use crate::exit::Exit;

/// Arguments of `ucli completions`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: ucli completions bash > ~/.local/share/bash-completion/completions/ucli"
)]
pub(crate) struct Args {
    /// bash, zsh, fish, powershell or elvish
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut crate::args::Cli::command(),
        "ucli",
        &mut script,
    );
    if !context.printer.is_json() {
        context.printer.raw(&script)?;
    }
    let fields = serde_json::json!({
        "shell": args.shell.to_string(),
        "script": String::from_utf8_lossy(&script),
    });
    context.printer.done("completions", fields)?;
    Ok(Exit::Done)
}
