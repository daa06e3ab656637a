//! The commands of the house: `cargo xtask VERB`.
//!
//! Every step that CI, the README or a developer takes is one verb here, so that all of them do the
//! same. Nothing outside `target/` is kept between runs, apart from Debian packages that root lacks.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a build tool talks to the terminal"
)]

mod ci;
mod demo;
mod setup;
mod shell;
mod sizes;
mod walls;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask VERB

  demo              build ucli and try it on a real MicroPython, no hardware needed
  test              set up the peers and run every test
  ci                what CI runs: format, lints, docs, walls, sizes, then test
  setup             only the peers: into target/peers, and Debian packages when root
  walls             check who imports whom, and where unsafe code stands
  sizes             check the sizes of files
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["demo"] => demo::run_session(),
        ["setup"] => setup::set_up().map(|_| ()),
        ["test"] => ci::test(),
        ["ci"] => ci::run_timed(),
        ["walls"] => walls::run(),
        ["sizes"] => sizes::run(),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
