//! `ucli eval`, `exec` and `run`: programs that are sent and not stored.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use super::Context;
use crate::client::fs::quoted;
use crate::client::program::{Program, system_exit};
use crate::client::session::{Outcome, Output, Patience, Session};
use crate::client::snippet;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::files::mpy::{self, Choice};
use crate::output::sanitise;

/// Arguments of `ucli eval`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli eval 'machine.freq()'")]
pub(crate) struct EvalArgs {
    /// The expression
    #[arg(allow_hyphen_values = true)]
    expression: String,
}

/// Arguments of `ucli exec`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: ucli exec 'import machine; machine.Pin(25, machine.Pin.OUT).on()'"
)]
pub(crate) struct ExecArgs {
    /// The statements
    #[arg(allow_hyphen_values = true)]
    code: String,
    #[command(flatten)]
    follow: FollowArgs,
}

/// Arguments of `ucli run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli run blink.py -- 25 0.5")]
pub(crate) struct RunArgs {
    /// The program; `-` reads it from stdin
    path: PathBuf,
    #[command(flatten)]
    follow: FollowArgs,
    /// Compile it here and send the .mpy
    #[arg(long)]
    mpy: bool,
    /// Mount this directory as /remote first, so that the program finds its modules
    #[arg(long, value_name = "DIR")]
    mount: Option<PathBuf>,
    /// The program's arguments, in sys.argv
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub(crate) arguments: Vec<String>,
}

/// How long to stay with a program.
#[derive(Debug, clap::Args)]
pub(crate) struct FollowArgs {
    /// Show its output until it ends (default)
    #[arg(short, long, overrides_with = "no_follow")]
    follow: bool,
    /// Leave as soon as it has started
    #[arg(long)]
    no_follow: bool,
    /// Interrupt it after this many seconds
    #[arg(long, value_name = "SECONDS", conflicts_with = "no_follow")]
    limit: Option<f64>,
}

impl FollowArgs {
    fn patience(&self) -> Result<Patience> {
        match self.limit {
            None => Ok(Patience::Forever),
            Some(seconds) if seconds.is_finite() && seconds > 0.0 && seconds < 1e9 => {
                Ok(Patience::Limit(Duration::from_secs_f64(seconds)))
            }
            Some(seconds) => Err(Error::new(
                Code::Usage,
                format!("`--limit` is `{seconds}`, but a number of seconds above 0 is wanted"),
            )),
        }
    }
}

/// Prints the value of an expression.
pub(super) fn eval(args: &EvalArgs, context: &mut Context) -> Result<Exit> {
    let source = format!("print({})", args.expression);
    let program = Program::plain(source.as_bytes());
    follow(&program, "eval", "<stdin>", Patience::Forever, context)
}

/// Runs statements.
pub(super) fn exec(args: &ExecArgs, context: &mut Context) -> Result<Exit> {
    let program = Program::new(args.code.as_bytes());
    if args.follow.no_follow {
        return start(args.code.as_bytes(), "exec", context);
    }
    follow(
        &program,
        "exec",
        "<stdin>",
        args.follow.patience()?,
        context,
    )
}

/// Runs a local file.
pub(super) fn run(args: &RunArgs, context: &mut Context) -> Result<Exit> {
    let (source, name) = read_program(&args.path)?;
    if let Some(directory) = &args.mount {
        context.session()?.mount_directory(directory, false)?;
    }
    if !args.arguments.is_empty() {
        let words: Vec<String> = core::iter::once(name.as_str())
            .chain(args.arguments.iter().map(String::as_str))
            .map(quoted)
            .collect();
        context
            .session()?
            .ask(&format!("import sys\nsys.argv[:]=[{}]\n", words.join(",")))?;
    }
    if args.follow.no_follow {
        return start(&source, "run", context);
    }
    if args.mpy {
        return run_mpy(&source, &name, args.follow.patience()?, context);
    }
    let program = Program::new(&source);
    if args.path != Path::new("-") {
        context.session()?.input = Some(crate::terminal::input::piped());
    }
    let result = follow(&program, "run", &name, args.follow.patience()?, context);
    if let Some(session) = context.current() {
        session.input = None;
    }
    result
}

/// Compiles here and imports there, from the memory of the board: its own compiler is not needed.
fn run_mpy(source: &[u8], name: &str, patience: Patience, context: &mut Context) -> Result<Exit> {
    let choice = Choice {
        native_as_bytecode: true,
        ..Choice::default()
    };
    let image = mpy::to_mpy(&Program::as_main(source), name, choice)?;
    let literal: String = ucli_protocol::literal::bytes(&image)
        .map(char::from)
        .collect();
    let program = Program::loader(snippet::RUN_MPY.replace("{image}", &literal).as_bytes());
    follow(&program, "run", name, patience, context)
}

fn read_program(path: &Path) -> Result<(Vec<u8>, String)> {
    if path == Path::new("-") {
        let mut source = Vec::new();
        std::io::stdin()
            .read_to_end(&mut source)
            .map_err(|error| Error::local("read", Path::new("stdin"), &error))?;
        return Ok((source, "<stdin>".to_string()));
    }
    let source = std::fs::read(path).map_err(|error| Error::local("read", path, &error))?;
    Ok((source, path.to_string_lossy().into_owned()))
}

/// Runs a program to its end and reports how it ended.
fn follow(
    program: &Program,
    command: &str,
    name: &str,
    patience: Patience,
    context: &mut Context,
) -> Result<Exit> {
    let printer = context.printer.clone();
    let started = Instant::now();
    let session = context.session()?;
    let mut sink = |piece: Output<'_>| match piece {
        Output::Stdout(text) => printer.program("stdout", text),
        Output::Aside(text) => {
            printer.wire(&format!("aside: {}", text.escape_ascii()));
            Ok(())
        }
    };
    let mut outcome = session.exec(&program.source, patience, &mut sink)?;
    let plain = program
        .without_wrapping(&outcome.traceback)
        .map(Program::plain);
    if let Some(plain) = &plain {
        // Nothing of it has run: the board could not jump over so much code.
        outcome = session.exec(&plain.source, patience, &mut sink)?;
    }
    let program = plain.as_ref().unwrap_or(program);
    let seconds = started.elapsed().as_secs_f64();
    let exit = judge(&outcome, program, name, &printer)?;
    if exit == Exit::Done {
        printer.done(command, json!({ "exit": 0, "seconds": seconds }))?;
        return Ok(exit);
    }
    let text = sanitise::lossy(&outcome.traceback);
    let (code, message) = match exit {
        Exit::Interrupted => (Code::Interrupted, "Interrupted".to_string()),
        Exit::Program(code) => (
            Code::BoardException,
            format!("The program ended with status {code}"),
        ),
        _ if outcome.timed_out => (
            Code::Timeout,
            "The program took longer than `--limit` allows".to_string(),
        ),
        _ => (
            Code::BoardException,
            text.trim()
                .lines()
                .last()
                .unwrap_or("The program raised an exception")
                .to_string(),
        ),
    };
    Err(Error::reported(code, exit, message))
}

/// Shows the traceback and decides on the exit status.
fn judge(
    outcome: &Outcome,
    program: &Program,
    name: &str,
    printer: &crate::output::Printer,
) -> Result<Exit> {
    if outcome.traceback.is_empty() {
        return Ok(if outcome.interrupted {
            Exit::Interrupted
        } else {
            Exit::Done
        });
    }
    let text = sanitise::lossy(&outcome.traceback);
    if let Some((code, message)) = system_exit(&text) {
        if let Some(message) = message {
            printer.program("stderr", format!("{message}\n").as_bytes())?;
        }
        return Ok(if code == 0 {
            Exit::Done
        } else {
            Exit::Program(code)
        });
    }
    let shown = program.traceback(&text, name).replace("\r\n", "\n");
    let stream = if printer.is_mpremote() {
        "stdout"
    } else {
        "stderr"
    };
    printer.program(stream, shown.as_bytes())?;
    Ok(if outcome.interrupted {
        Exit::Interrupted
    } else {
        Exit::Failed
    })
}

/// Starts a program and leaves it running.
fn start(source: &[u8], command: &str, context: &mut Context) -> Result<Exit> {
    let session: &mut Session = context.session()?;
    session.exec_no_follow(source)?;
    context
        .printer
        .done(command, json!({ "exit": 0, "followed": false }))?;
    Ok(Exit::Done)
}
