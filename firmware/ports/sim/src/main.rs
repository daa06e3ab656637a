//! `upy`: the interpreter with the command line of MicroPython's unix port.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use upy_sim::{args, board, interrupt, program};

const USAGE: &str = "usage: upy [<opts>] [-X <implopt>] [-c <command> | -m <module> | <filename>]
       upy board [--pty | --tcp HOST:PORT] [<opts>]   (upy board --help)
Options:
-h : print this help message
-i : enable inspection via REPL after running command/module/file
-v : verbose (trace various operations); can be multiple
-O[N] : apply bytecode optimizations of level N

Implementation specific options (-X):
  compile-only                 -- parse and compile only
  emit=bytecode                -- accepted; there is only bytecode
  heapsize=<n>[w][K|M]         -- set the heap size for the GC
";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let name = arguments
        .next()
        .map_or_else(|| "upy".into(), |name| name.to_string_lossy().into_owned());
    let arguments: Vec<OsString> = arguments.collect();
    let help = arguments
        .first()
        .is_some_and(|first| first == "-h" || first == "--help");
    if let Some((first, rest)) = arguments.split_first()
        && first == "board"
    {
        return board_of(rest);
    }
    let code = match args::parse(&arguments) {
        Some(parsed) if !help => run(&parsed, &name),
        _ => {
            let shown = std::io::stderr().lock().write_all(USAGE.as_bytes());
            if help && shown.is_ok() { 0 } else { 1 }
        }
    };
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// Runs the simulated board.
fn board_of(arguments: &[OsString]) -> ExitCode {
    let words: Vec<String> = arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if words.iter().any(|word| word == "-h" || word == "--help") {
        let shown = std::io::stdout().lock().write_all(board::USAGE.as_bytes());
        return ExitCode::from(u8::from(shown.is_err()));
    }
    match board::Options::parse(&words).and_then(board::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            // Without standard error there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "upy: {text}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &args::Arguments, name: &str) -> i32 {
    if !interrupt::catch() {
        let told = std::io::stderr()
            .lock()
            .write_all(b"upy: Ctrl-C can't be caught\n");
        if told.is_err() {
            return 1;
        }
    }
    program::run(arguments, name)
}
