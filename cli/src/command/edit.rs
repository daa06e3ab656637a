//! `ucli edit`: a file of the board in the user's editor.

use std::process::Command;

use serde_json::json;

use super::Context;
use super::files::board;
use crate::env;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::files::local;
use crate::files::transfer::{self, Outgoing};
use crate::output::progress::Progress;
use crate::output::sanitise;

/// Arguments of `ucli edit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli edit :main.py")]
pub(crate) struct Args {
    /// Files of the board; one that is not there is created
    #[arg(required = true, value_name = "PATH")]
    files: Vec<String>,
}

/// Edits each file and writes back what was changed.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let Some(editor) = env::get(env::VISUAL).or_else(|| env::get(env::EDITOR)) else {
        return Err(Error::new(Code::Config, "edit: $EDITOR not set")
            .hint("Set VISUAL or EDITOR, such as `EDITOR=nano`"));
    };
    let mut changed = Vec::new();
    for path in &args.files {
        let path = board(path);
        context
            .printer
            .data(&format!("edit :{}", sanitise::line(path)))?;
        if edit(path, &editor, context)? {
            changed.push(path.to_string());
        }
    }
    context
        .printer
        .done("edit", json!({ "changed": changed }))?;
    Ok(Exit::Done)
}

fn edit(path: &str, editor: &str, context: &mut Context) -> Result<bool> {
    let printer = context.printer.clone();
    let before = context.session()?.with_agent(|agent| {
        let mut progress = Progress::new(&printer, 0);
        match transfer::fetch(agent, path, &mut progress) {
            Err(error) if error.code() == Code::NotFound => Ok(None),
            other => other.map(Some),
        }
    })?;
    let directory = tempfile::tempdir()
        .map_err(|error| Error::local("create a directory in", &std::env::temp_dir(), &error))?;
    let name = path
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty() && !name.contains(['\\', ':']))
        .unwrap_or("file");
    let copy = directory.path().join(name);
    std::fs::write(&copy, before.as_deref().unwrap_or_default())
        .map_err(|error| Error::local("write", &copy, &error))?;
    run_editor(editor, &copy)?;
    let after = local::read(&copy)?;
    if before.as_ref() == Some(&after) {
        printer.say(&format!("`:{}` is unchanged", sanitise::line(path)));
        return Ok(false);
    }
    let outgoing = Outgoing::bytes(after, path.to_string());
    let session = context.session()?;
    if let Err(error) = transfer::send(session, vec![outgoing], &printer) {
        // What the user has typed is not lost.
        let kept = directory.keep().join(name);
        return Err(error.hint(format!("Your text is kept in `{}`", kept.display())));
    }
    Ok(true)
}

/// Runs the editor through the shell, as every program does with `$EDITOR`.
fn run_editor(editor: &str, file: &std::path::Path) -> Result<()> {
    let mut command = if cfg!(windows) {
        let mut command = Command::new("cmd");
        command
            .arg("/C")
            .arg(format!("{editor} \"{}\"", file.display()));
        command
    } else {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{editor} \"$1\""))
            .arg(editor)
            .arg(file);
        command
    };
    let status = command.status().map_err(|error| {
        Error::new(
            Code::Io,
            format!(
                "Failed to start `{editor}`: {}",
                crate::error::reason(&error)
            ),
        )
    })?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new(
        Code::Io,
        format!("`{editor}` ended with {status}; nothing was written"),
    ))
}
