//! `cargo xtask demo`: the main job without hardware.
//!
//! Builds `ucli`, starts a real MicroPython as a board on a pseudo-terminal, and runs a first session
//! on it: the same commands that a board on the desk would get.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::run::{cargo, command, run};
use crate::{Failed, Result, setup, target};

/// The program of the session.
const HELLO: &str = "import sys\nprint('hello from', sys.implementation.name)\n";

/// Runs the session.
pub(crate) fn run_session() -> Result {
    setup::peers()?;
    run(cargo(&["build", "--release", "-p", "ucli"]))?;
    run(cargo(&["build", "-p", "integration", "--example", "board"]))?;
    let program = target().join("hello.py");
    fs::write(&program, HELLO)?;
    let mut board = command(target().join("debug/examples/board"), &[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = board.stdout.take().expect("its output was asked for");
    // Kept open to the end: what the board says when it ends has to go somewhere.
    let mut said = BufReader::new(stdout);
    let mut address = String::new();
    said.read_line(&mut address)?;
    let result = session(address.trim(), &program.display().to_string());
    // The board lives until its standard input ends.
    drop(board.stdin.take());
    board.wait()?;
    result
}

fn session(address: &str, program: &str) -> Result {
    if address.is_empty() {
        return Err(Failed("the board did not start".into()));
    }
    let ucli = target().join("release/ucli");
    for words in [
        &["info"][..],
        &["run", program],
        &["cp", program, ":hello.py"],
        &["ls"],
        &["exec", "import hello"],
        &["rm", ":hello.py"],
    ] {
        println!();
        let mut step = command(&ucli, words);
        step.env("UCLI_PORT", address);
        run(step)?;
    }
    Ok(())
}
