//! Packages onto a real MicroPython, from servers that a test makes, honest and otherwise.
//!
//! The packages are our own. Where `ucli mip` has mpremote's command line, both install the same
//! package and must leave the same files. Nothing here leaves the machine but `pypi::real_packages`.
#![cfg(unix)]

mod adopt;
mod board;
mod deploy;
mod hostile;
mod network;
mod project;
mod pypi;
mod repair;
mod sameness;
mod simulated;
mod sources;

use harness::board::{Board, Options};
use harness::program::{Call, Desk};
use harness::server::Server;

/// What the library directory of these boards is.
const LIBRARY: &str = "import sys\nsys.path[:]=['','.frozen','./lib']\n";

/// A board whose libraries are in `lib`.
fn board() -> Board {
    Board::booting(LIBRARY)
}

/// A board whose libraries are in `lib`, and that runs `boot`.
fn board_with(boot: &str) -> Board {
    Board::with(&Options {
        boot: format!("{LIBRARY}{boot}"),
        ..Options::default()
    })
}

/// `ucli` for a board with packages from `server` and a cache of its own.
fn ucli(desk: &Desk, board: &Board, server: &Server, line: &str) -> Call {
    ucli_anywhere(desk, server, &format!("-p {} {line}", board.address()))
}

/// `ucli` without a board.
fn ucli_anywhere(desk: &Desk, server: &Server, line: &str) -> Call {
    let words: Vec<&str> = line.split(' ').collect();
    desk.ucli(&words)
        .env("UCLI_CACHE_DIR", desk.home().join("cache"))
        .env("UCLI_INDEX", server.url())
        .env("PIP_INDEX_URL", format!("{}/simple/", server.url()))
        .env("UCLI_OFFLINE", "")
        .env("NETRC", desk.home().join("netrc"))
        .env("NO_PROXY", "127.0.0.1,localhost")
}

/// Names and contents of the library directory.
fn library(board: &Board) -> Vec<(String, Option<Vec<u8>>)> {
    let inside = |(name, bytes): (String, Option<Vec<u8>>)| {
        Some((name.strip_prefix("lib/")?.to_string(), bytes))
    };
    let is_new = |(name, _): &(String, Option<Vec<u8>>)| name != ".ucli.json";
    let contents = board.contents().into_iter();
    contents.filter_map(inside).filter(is_new).collect()
}

/// The files of the library directory.
fn files(board: &Board) -> Vec<String> {
    let is_file = |(_, bytes): &(String, Option<Vec<u8>>)| bytes.is_some();
    let files = library(board).into_iter().filter(is_file);
    files.map(|(name, _)| name).collect()
}
