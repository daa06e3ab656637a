//! `cargo xtask demo`: the main job without hardware.
//!
//! Builds `ucli`, starts a real MicroPython as a board on a pseudo-terminal, and runs a first session
//! on it: the same commands that a board on the desk would get.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::setup;
use crate::shell::{Result, cargo, run, target};

/// The program of the session.
const HELLO: &str = "import sys\nprint('hello from', sys.implementation.name)\n";

/// Runs the session.
pub(crate) fn run_session() -> Result<()> {
    setup::python()?;
    run(cargo().args(["build", "--release", "-p", "ucli"]))?;
    run(cargo().args(["build", "-p", "integration", "--example", "board"]))?;
    let program = target().join("hello.py");
    std::fs::write(&program, HELLO)
        .map_err(|error| format!("cannot write {}: {error}", program.display()))?;
    let program = program.display().to_string();
    let mut board = Command::new(target().join("debug").join("examples").join("board"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the board did not start: {error}"))?;
    let result = session(&mut board, &program);
    // The board lives until its standard input ends.
    drop(board.stdin.take());
    let ended = board.wait();
    result.and_then(|()| ended.map(|_| ()).map_err(|error| error.to_string()))
}

fn session(board: &mut std::process::Child, program: &str) -> Result<()> {
    let stdout = board.stdout.take().expect("its output was asked for");
    let mut address = String::new();
    BufReader::new(stdout)
        .read_line(&mut address)
        .map_err(|error| format!("the board does not say where it is: {error}"))?;
    let ucli = target().join("release").join("ucli");
    for words in [
        &["info"][..],
        &["run", program],
        &["cp", program, ":hello.py"],
        &["ls", ":."],
        &["exec", "import hello"],
        &["rm", ":hello.py"],
    ] {
        println!();
        run(Command::new(&ucli)
            .args(words)
            .env("UCLI_PORT", address.trim()))?;
    }
    Ok(())
}
