//! `ucli` as a library of one function, so that what reads foreign bytes can be fuzzed without the program.
//!
//! Reads the command line, runs one command after the other, leaves the board as it was found, and
//! ends with a status that scripts can rely on. Everything else is in the modules; which of them may
//! use which is in `ARCHITECTURE.md`.

mod args;
mod client;
mod command;
mod config;
mod device;
mod env;
mod error;
mod exit;
mod files;
mod flash;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod output;
mod package;
mod terminal;
mod transport;

use std::process::ExitCode;

use args::{Globals, Refusal};
use command::Context;
use error::{Code, Error, Result};
use exit::Exit;
use output::{Level, Printer};

/// Runs the program with its command line; its status.
pub fn run_program() -> ExitCode {
    let mut words = Vec::new();
    for (index, word) in std::env::args_os().enumerate() {
        match word.into_string() {
            Ok(word) => words.push(word),
            Err(word) => {
                let message = format!(
                    "Argument {index} (`{}`) is no Unicode",
                    word.to_string_lossy()
                );
                return report(
                    &plain_printer(false),
                    &Error::new(Code::Usage, message),
                    "ucli",
                );
            }
        }
    }
    let program = if words.is_empty() {
        String::new()
    } else {
        words.remove(0)
    };
    if let Some((first, rest)) = words.split_first()
        && first == device::sim::BOARD_PROCESS
    {
        return ExitCode::from(device::sim::serve(rest));
    }
    let called = std::path::Path::new(&program)
        .file_stem()
        .and_then(|stem| stem.to_str());
    let is_mpremote = called == Some("mpremote");
    match args::parse(&words) {
        Ok(line) => run(line, is_mpremote),
        Err(Refusal::Error(error)) => report(
            &plain_printer(words.iter().any(|word| word == "--json")),
            &error,
            "ucli",
        ),
        Err(Refusal::Clap(error)) => clap_exit(&error, words.iter().any(|word| word == "--json")),
    }
}

fn plain_printer(json: bool) -> Printer {
    Printer::new(
        Level::Normal,
        json,
        env::get(env::NO_COLOR).is_none(),
        false,
    )
}

fn report(printer: &Printer, error: &Error, command: &str) -> ExitCode {
    printer.error(error, command);
    ExitCode::from(error.exit().code())
}

/// Help and versions go to stdout with status 0, complaints to stderr with status 2.
fn clap_exit(error: &clap::Error, json: bool) -> ExitCode {
    use clap::error::ErrorKind;
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if json && !is_help {
        let text = error.to_string();
        let first = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_string();
        return report(
            &plain_printer(true),
            &Error::new(Code::Usage, first),
            "ucli",
        );
    }
    // Nobody is left to tell when the terminal is gone.
    let _ = error.print();
    ExitCode::from(if is_help {
        Exit::Done.code()
    } else {
        Exit::Usage.code()
    })
}

fn printer_of(globals: &Globals, is_mpremote: bool) -> Printer {
    let level = match (globals.quiet, globals.verbose) {
        (true, _) => Level::Quiet,
        (false, true) => Level::Verbose,
        (false, false) => Level::Normal,
    };
    let colour = !globals.no_color && env::get(env::NO_COLOR).is_none();
    Printer::new(level, globals.json, colour, is_mpremote)
}

fn run(line: args::Line, is_mpremote: bool) -> ExitCode {
    let printer = printer_of(&line.globals, is_mpremote);
    let config = match config::Config::load(&line.globals) {
        Ok(config) => config,
        Err(error) => return report(&printer, &error, "ucli"),
    };
    client::interrupt::install();
    if line.globals.port.len() > 1 {
        return fleet(&line, &printer);
    }
    let mut context = Context::new(
        printer.clone(),
        config,
        line.globals.yes,
        line.globals.record.clone(),
    );
    let result = run_all(line.commands, &mut context);
    let closed = if result
        .as_ref()
        .is_err_and(|error| error.exit() == Exit::NoBoard)
    {
        Ok(())
    } else {
        context.disconnect()
    };
    match result.and_then(|exit| closed.map(|()| exit)) {
        Ok(exit) => {
            printer.flush_held();
            ExitCode::from(exit.code())
        }
        Err(error) => report(&printer, &error, &context.command),
    }
}

fn run_all(commands: Vec<args::Command>, context: &mut Context) -> Result<Exit> {
    let count = commands.len();
    for (index, command) in commands.into_iter().enumerate() {
        if index + 1 == count {
            context.set_closing();
        }
        let exit = command::run(command, context)?;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    if !context.acted {
        return command::repl::run(&command::repl::Args::default(), context);
    }
    Ok(Exit::Done)
}

/// The same commands on several boards at once, each by a process of its own; output by board.
fn fleet(line: &args::Line, printer: &Printer) -> ExitCode {
    for command in &line.commands {
        if let args::Command::Deploy(args) = command
            && let Err(error) = command::deploy::prepare(args)
        {
            return report(printer, &error, "deploy");
        }
    }
    match command::fleet::run(&line.globals, printer) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => report(printer, &error, "ucli"),
    }
}
