//! Starts programs and says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Failed, Result, root};

/// A command in the checkout's top directory, without input.
pub(crate) fn command(program: impl AsRef<Path>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null());
    command
}

/// Cargo, the one that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_string());
    command(cargo, arguments)
}

/// Runs it and wants success.
pub(crate) fn run(mut command: Command) -> Result {
    println!("$ {}", shown(&command));
    let status = command
        .status()
        .map_err(|error| Failed(format!("{}: {error}", shown(&command))))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failed(format!("`{}` ended with {status}", shown(&command))))
    }
}

/// What it prints on standard output.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failed(format!("{}: {error}", shown(&command))))?;
    if !output.status.success() {
        return Err(Failed(format!(
            "`{}` ended with {}",
            shown(&command),
            output.status
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Where a program is on the search path.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}
