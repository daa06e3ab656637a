//! `cargo xtask VERB`: the commands of the house. What each does is in `CONTRIBUTING.md`.
//!
//! Prints what it starts, so that any step can be repeated by hand.
#![expect(clippy::print_stdout, reason = "it talks to the developer")]

#[cfg(unix)]
mod bench;
#[cfg(unix)]
mod bench_flash;
#[cfg(unix)]
mod chips;
#[cfg(unix)]
mod demo;
mod desks;
#[cfg(unix)]
mod interp;
#[cfg(unix)]
mod packages;
mod ports;
mod run;
mod setup;
#[cfg(unix)]
mod shell;
mod sizes;
mod steps;
#[cfg(unix)]
mod upstream;
mod walls;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A step failed; it has said why.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

pub(crate) type Result<T = ()> = core::result::Result<T, Failed>;

const USAGE: &str = "\
cargo xtask demo             build ucli, and a first session on a real MicroPython; no hardware needed
cargo xtask setup            peers into target/peers, Debian packages when root
cargo xtask test [ARGS]      setup, build, every test; ARGS go to `cargo test`
cargo xtask ci               formatting, lints, docs, walls, sizes, then test and the desks
cargo xtask desks            Windows program under wine, type check for macOS
cargo xtask ports [NAME]     firmware images: build, sizes against budgets, boot in emulators
cargo xtask walls            who may import whom, and where `unsafe` may stand
cargo xtask sizes            files and functions that have grown too long
cargo xtask upstream DIR [--board] [AREA...]   MicroPython's own tests on upy, or on the simulated board, and on MicroPython, from a checkout
cargo xtask upstream DIR --stress [AREA...]   the same on upy as it is and on one that collects at every allocation
cargo xtask upstream DIR --mpremote    mpremote's own tests on the simulated board, by mpremote and by ucli in its place
cargo xtask miri             the tests of the heap, where all `unsafe` of the interpreter is, under Miri
cargo xtask packages DIR [NAME...]       micropython-lib by mpremote and by ucli: the same files
cargo xtask bench transfer [--quick]   ucli, mpremote and mpytool on the same links
cargo xtask bench flash [--quick]      ucli and esptool on the same slow line
cargo xtask bench chips DIR [NAME...]   our images for Cortex-M on MicroPython's perf_bench, from a checkout
cargo xtask bench install DIR [--quick]  ucli and mpremote install 1, 5 and 20 packages
cargo xtask bench interp [NAME...]     upy, MicroPython and petitpy on the programs in tests/bench
cargo xtask bench interp --suite DIR   the same on perf_bench of a MicroPython checkout
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let verb = words.first().map_or("", String::as_str);
    let rest = words.get(1..).unwrap_or_default();
    let result = match verb {
        #[cfg(unix)]
        "demo" => demo::run_session(),
        "setup" => setup::run().map(|_| ()),
        "test" => steps::test(rest),
        "ci" => steps::ci(),
        "desks" => desks::run(),
        "ports" => ports::run_all(rest),
        "walls" => walls::run(),
        "sizes" => sizes::run(),
        "miri" => steps::miri(),
        #[cfg(unix)]
        "bench" => bench::run(rest),
        #[cfg(unix)]
        "upstream" => upstream::compare(rest),
        #[cfg(unix)]
        "packages" => packages::compare(rest),
        _ => {
            println!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(why)) => {
            println!("xtask {verb}: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The top of the checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("tests/xtask is two levels down")
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |path| root().join(path))
}

/// Whether a missing peer is a failure instead of a skip.
pub(crate) fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false" && value != "0")
}
