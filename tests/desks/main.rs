//! The Windows program under wine: help, errors, local files, UTF-8, and a board on the network.
//!
//! `cargo xtask desks` builds the program and names it in `UCLI_WINDOWS_PROGRAM`; without that
//! variable there is nothing to test, so this target is not part of a plain `cargo test`.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use harness::board::{Board, Reach};
use harness::paths;
use harness::program::{Call, Desk};
use harness::sample;

/// The program, as `cargo xtask desks` built it.
fn program() -> PathBuf {
    let path = std::env::var_os("UCLI_WINDOWS_PROGRAM")
        .expect("`cargo xtask desks` sets UCLI_WINDOWS_PROGRAM");
    PathBuf::from(path)
}

/// Wine's own directory, made once; its first start takes seconds and must not happen twice at once.
fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let prefix = paths::target().join("desks/wine");
        let started = Command::new("wine")
            .args(["cmd", "/c", "ver"])
            .env("WINEPREFIX", &prefix)
            .env("WINEDEBUG", "-all")
            .env("DISPLAY", "")
            .output()
            .expect("wine is installed");
        assert!(
            started.status.success(),
            "{}",
            String::from_utf8_lossy(&started.stderr)
        );
        prefix
    })
}

fn ucli(desk: &Desk, arguments: &[&str]) -> Call {
    let program = program();
    let mut line = vec![program.to_str().expect("a path in Unicode")];
    line.extend(arguments);
    desk.program(Path::new("wine"), &line)
        .env("WINEPREFIX", prefix())
        .env("WINEDEBUG", "-all")
        .env("DISPLAY", "")
}

#[test]
fn help_and_version_are_printed() {
    let desk = Desk::new();
    assert!(ucli(&desk, &["--help"]).out().contains("Usage: ucli"));
    assert!(ucli(&desk, &["--version"]).out().starts_with("ucli "));
    assert!(ucli(&desk, &["cp", "--help"]).out().contains("--recursive"));
}

#[test]
fn errors_have_their_statuses() {
    let desk = Desk::new();
    ucli(&desk, &["-p", "COM77", "eval", "1"])
        .run()
        .fails(3, "COM77");
    ucli(&desk, &["frobnicate"]).run().status_is(2);
    ucli(&desk, &["-p", "tcp://127.0.0.1:1", "eval", "1"])
        .run()
        .fails(3, "127.0.0.1:1");
    ucli(&desk, &["devs"]).run().ok();
    ucli(&desk, &["config"]).run().ok();
}

#[test]
fn local_copy_takes_backslashes() {
    let desk = Desk::new();
    desk.put("dir/sub/a.txt", "content");
    ucli(&desk, &["cp", "dir\\sub\\a.txt", "dir\\b.txt"])
        .run()
        .ok();
    assert_eq!(desk.get("dir/b.txt"), b"content");
}

#[test]
fn board_on_the_network_is_driven() {
    let (desk, board) = (Desk::new(), Board::reached(Reach::Tcp));
    let address = board.address();
    let done = ucli(&desk, &["-p", address, "exec", "print('žluť 🐍')"])
        .run()
        .ok();
    assert_eq!(done.out().trim_end(), "žluť 🐍");
    let content = sample::random(3, 20_000);
    desk.put("dir/sub/noise.bin", &content);
    desk.put("dir/text.py", "print(1)\n");
    ucli(
        &desk,
        &["-p", address, "cp", "-r", "dir\\sub", "dir\\text.py", ":."],
    )
    .run()
    .ok();
    assert!(board.get("sub/noise.bin") == content);
    assert_eq!(board.get("text.py"), b"print(1)\n");
    ucli(
        &desk,
        &["-p", address, "cp", ":sub/noise.bin", "dir\\back.bin"],
    )
    .run()
    .ok();
    assert!(desk.get("dir/back.bin") == content);
    let listed = ucli(&desk, &["-p", address, "ls"]).run().ok().out();
    assert!(
        listed.contains("text.py") && listed.contains("sub/"),
        "{listed}"
    );
    let done = ucli(&desk, &["-p", address, "exec", "import sys\nsys.exit(9)"]).run();
    assert_eq!(done.status, Some(9), "{done}");
}

#[test]
fn sync_writes_forward_slashes() {
    let (desk, board) = (Desk::new(), Board::reached(Reach::Tcp));
    sample::tree(&desk.path().join("tree"), 5);
    ucli(&desk, &["-p", board.address(), "sync", ".\\tree", ":app"])
        .run()
        .ok();
    assert_eq!(
        sample::contents(&board.files().join("app")),
        sample::contents(&desk.path().join("tree"))
    );
}
