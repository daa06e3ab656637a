//! `cargo xtask demo`: the main job without hardware.
//!
//! Builds `ucli`, which has a simulated board in it, and runs a first session on that: the same commands that a
//! board on the desk would get.

use std::fs;

use crate::run::{cargo, command, run};
use crate::{Result, target};

/// The program of the session.
const HELLO: &str = "import sys\nprint('hello from', sys.implementation.name)\n";

/// Runs the session.
pub(crate) fn run_session() -> Result {
    run(cargo(&["build", "--release", "-p", "ucli"]))?;
    let place = target().join("demo");
    fs::create_dir_all(&place)?;
    let program = place.join("hello.py");
    fs::write(&program, HELLO)?;
    let program = program.display().to_string();
    let result = session(&program);
    // The board stays until it is told to go; when the session failed it may not be there.
    let stopped = ucli(&["sim", "stop", "demo"]);
    result.and(stopped)
}

fn session(program: &str) -> Result {
    ucli(&["sim", "start", "demo", "--fresh"])?;
    for words in [
        &["info"][..],
        &["run", program],
        &["cp", program, ":hello.py"],
        &["ls"],
        &["exec", "import hello"],
        &["rm", ":hello.py"],
    ] {
        println!();
        ucli(&[&["-p", "sim:demo"], words].concat())?;
    }
    println!();
    Ok(())
}

fn ucli(words: &[&str]) -> Result {
    let mut step = command(target().join("release/ucli"), words);
    step.env("UCLI_STATE_DIR", target().join("demo"));
    run(step)
}
