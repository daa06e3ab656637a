//! Several `-p`: the same commands on several boards at once.
//!
//! Every board gets a process of its own, so one that hangs or dies takes nobody with it. Their
//! output is shown board by board when it is complete, and the status is the worst of all.

use std::process::{Command, Output};

use serde_json::Value;

use crate::args::Globals;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::Printer;

/// Runs this very command line once per board.
///
/// # Errors
/// [`Code::Io`] when a process cannot be started.
pub(crate) fn run(globals: &Globals, printer: &Printer) -> Result<Exit> {
    run_on(&globals.port, printer)
}

/// Runs this very command line on each of `ports`.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_on(ports: &[String], printer: &Printer) -> Result<Exit> {
    let program = std::env::current_exe().map_err(|error| {
        Error::new(
            Code::Io,
            format!(
                "Failed to find the program itself: {}",
                crate::error::reason(&error)
            ),
        )
    })?;
    let words = without_ports(&std::env::args().skip(1).collect::<Vec<_>>());
    let threads: Vec<_> = ports
        .iter()
        .map(|port| {
            let mut command = Command::new(&program);
            command
                .arg("--port")
                .arg(port)
                .args(&words)
                .stdin(std::process::Stdio::null());
            std::thread::spawn(move || command.output())
        })
        .collect();
    let mut worst = Exit::Done;
    for (port, thread) in ports.iter().zip(threads) {
        let output = thread
            .join()
            .map_err(|_| Error::new(Code::Io, format!("The process for `{port}` was lost")))?;
        let output = output.map_err(|error| {
            Error::new(
                Code::Io,
                format!(
                    "Failed to start ucli for `{port}`: {}",
                    crate::error::reason(&error)
                ),
            )
        })?;
        let exit = show(port, &output, printer)?;
        if exit != Exit::Done && (worst == Exit::Done || exit == Exit::NoBoard) {
            worst = exit;
        }
    }
    Ok(worst)
}

fn show(port: &str, output: &Output, printer: &Printer) -> Result<Exit> {
    let exit = match output.status.code() {
        Some(0) => Exit::Done,
        Some(3) => Exit::NoBoard,
        Some(130) => Exit::Interrupted,
        Some(code) => u8::try_from(code).map_or(Exit::Failed, Exit::Program),
        None => Exit::Failed,
    };
    if printer.is_json() {
        for line in output
            .stdout
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            let mut value: Value = serde_json::from_slice(line).map_err(|_| {
                Error::new(
                    Code::Protocol,
                    format!("The process for `{port}` printed no JSON"),
                )
            })?;
            value["port"] = port.into();
            printer.raw(format!("{value}\n").as_bytes())?;
        }
        return Ok(exit);
    }
    printer.say(&format!("── {port}"));
    printer.raw(&output.stdout)?;
    printer.program("stderr", &output.stderr)?;
    Ok(exit)
}

/// The command line without its `-p`.
fn without_ports(words: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut skip = false;
    for word in words {
        if core::mem::take(&mut skip) {
            continue;
        }
        match word.as_str() {
            "-p" | "--port" => skip = true,
            // It was said which boards these are.
            "--all" if words.iter().any(|word| word == "deploy") => {}
            word if word.starts_with("--port=") => {}
            word if word.starts_with("-p") && !word.starts_with("--") && word.len() > 2 => {}
            word => kept.push(word.to_string()),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_taken_out() {
        let words: Vec<String> = ["-p", "a0", "--port=a1", "-pa2", "ls", "--json", ":"]
            .map(str::to_string)
            .to_vec();
        assert_eq!(without_ports(&words), ["ls", "--json", ":"]);
    }
}
