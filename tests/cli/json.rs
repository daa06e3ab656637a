//! `--json`: every line of every command fits its schema in `cli/schema`, and errors carry stable
//! codes.

use harness::board::Board;
use harness::program::{Desk, Finished};
use harness::schema;
use serde_json::Value;

use crate::hardware;

/// Checks every line: events first, then one record of `name`.
#[track_caller]
fn fits(done: &Finished, name: &str) -> Value {
    let said = done.out();
    let lines: Vec<Value> = said
        .lines()
        .map(|line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}: {done}"))
        })
        .collect();
    let (last, events) = lines
        .split_last()
        .unwrap_or_else(|| panic!("nothing was printed: {done}"));
    for event in events {
        let complaints = schema::complaints(&schema::load("event"), event);
        assert!(complaints.is_empty(), "{complaints:?}: {done}");
    }
    let complaints = schema::complaints(&schema::load(name), last);
    assert!(complaints.is_empty(), "{complaints:?}: {done}");
    last.clone()
}

#[test]
fn every_command_fits_its_schema() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("a.txt", "content");
    desk.put("a.py", "print('out')\n");
    desk.put("dir/b.txt", "b");
    for (line, name) in [
        (&["eval", "1"][..], "eval"),
        (&["exec", "print('x')"], "exec"),
        (&["exec", "--no-follow", "x=1"], "exec"),
        (&["run", "a.py"], "run"),
        (&["cp", "a.txt", ":"], "cp"),
        (&["cp", "a.txt", ":"], "cp"),
        (&["cp", ":a.txt", "down.txt"], "cp"),
        (&["ls"], "ls"),
        (&["tree"], "tree"),
        (&["cat", ":a.txt"], "cat"),
        (&["sha256sum", ":a.txt"], "hash"),
        (&["sha1sum", ":a.txt"], "hash"),
        (&["mkdir", ":d"], "mkdir"),
        (&["touch", ":d/t"], "touch"),
        (&["mv", ":d/t", ":d/u"], "mv"),
        (&["rm", ":d/u"], "rm"),
        (&["rmdir", ":d"], "rmdir"),
        (&["sync", "dir", ":synced"], "sync"),
        (&["sync", "--dry-run", "dir", ":other"], "sync"),
        (
            &["watch", "--rounds", "1", "--no-restart", "dir", ":synced"],
            "watch",
        ),
        (&["df"], "df"),
        (&["info"], "info"),
        (&["doctor"], "doctor"),
        (&["config"], "config"),
        (&["devs"], "devs"),
        (&["connect", "list"], "connect-list"),
        (&["wait"], "wait"),
        (&["soft-reset"], "soft-reset"),
        (&["version"], "version"),
        (&["help", "cp"], "help"),
        (&["completions", "fish"], "completions"),
        (&["compile", "a.py"], "compile"),
        (&["compile", "-o", "other.mpy", "a.py"], "compile"),
        (&["romfs", "build", "dir"], "romfs-build"),
        (&["romfs", "query"], "romfs-query"),
    ] {
        let done = desk
            .ucli_on(&board, &[&["--json"], line].concat())
            .run()
            .ok();
        fits(&done, name);
    }
    let done = desk
        .ucli_on(&board, &["--json", "edit", ":a.txt"])
        .env("EDITOR", "sed -i s/con/CON/")
        .run()
        .ok();
    fits(&done, "edit");
    let done = desk
        .ucli_on(&board, &["--json", "mount", "dir", "exec", "1"])
        .run()
        .ok();
    let said = done.out();
    let mounted: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert!(
        schema::complaints(&schema::load("mount"), &mounted).is_empty(),
        "{done}"
    );
    let done = desk
        .ucli_on(&board, &["--json", "mount", "dir", "umount", "version"])
        .run()
        .ok();
    let said = done.out();
    let unmounted: Value = serde_json::from_str(said.lines().nth(1).unwrap()).unwrap();
    assert!(
        schema::complaints(&schema::load("umount"), &unmounted).is_empty(),
        "{done}"
    );
}

/// Commands that open the way for others say so too.
#[test]
fn commands_between_others_fit_their_schemas() {
    let (desk, board) = (Desk::new(), Board::start());
    let address = board.address();
    for (line, name) in [
        (&["sleep", "0", "version"][..], "sleep"),
        (&["connect", address, "version"], "connect"),
        (&["disconnect", "version"], "disconnect"),
        (&["resume", "version"], "resume"),
    ] {
        let done = desk
            .ucli_on(&board, &[&["--json"], line].concat())
            .run()
            .ok();
        let said = done.out();
        let first: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
        let complaints = schema::complaints(&schema::load(name), &first);
        assert!(complaints.is_empty(), "{complaints:?} {done}");
    }
}

/// What the unix port has no hardware for is answered by stand-ins.
#[test]
fn commands_for_hardware_fit_their_schemas() {
    let desk = Desk::new();
    desk.put("dir/b.txt", "b");
    let board = Board::booting(&[hardware::MACHINE, hardware::ROM_DEVICE].concat());
    for (line, name) in [
        (&["rtc"][..], "rtc"),
        (&["rtc", "--set"], "rtc"),
        (&["romfs", "query"], "romfs-query"),
        (&["romfs", "deploy", "dir"], "romfs-deploy"),
        (&["romfs", "query"], "romfs-query"),
        (&["reset"], "reset"),
        (&["reset", "--wait"], "reset"),
        (&["bootloader"], "bootloader"),
    ] {
        let done = desk
            .ucli_on(&board, &[&["--json"], line].concat())
            .run()
            .ok();
        fits(&done, name);
    }
}

/// JSON and an image cannot share stdout.
#[test]
fn compile_to_stdout_is_refused() {
    let desk = Desk::new();
    desk.put("a.py", "x=1\n");
    for line in [
        &["--json", "compile", "-o", "-", "a.py"][..],
        &["--json", "compile", "-"],
    ] {
        let done = desk.ucli(line).input("x=1\n").run().status_is(2);
        assert_eq!(fits(&done, "error")["error"]["code"], "usage", "{done}");
    }
}

#[test]
fn errors_carry_stable_codes() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("dir/file", "x");
    for (line, status, code) in [
        (&["frobnicate"][..], 2, "usage"),
        (&["exec", "1/0"], 1, "board_exception"),
        (&["cat", ":nothing"], 1, "not_found"),
        (&["cp", "nothing", ":"], 1, "not_found"),
        (&["mkdir", ":dir"], 1, "exists"),
        (&["rmdir", ":dir"], 1, "not_empty"),
        (&["cp", ":dir", "."], 1, "is_directory"),
        (&["rm", "-r", ":/"], 1, "refused"),
        (&["exec", "--limit", "0.3", "while 1:pass"], 1, "timeout"),
        (&["rtc"], 1, "unsupported"),
    ] {
        let done = desk
            .ucli_on(&board, &[&["--json"], line].concat())
            .run()
            .status_is(status);
        let record = fits(&done, "error");
        assert_eq!(record["error"]["code"], code, "{done}");
        assert_eq!(record["exit"], status, "{done}");
        assert!(
            done.err().is_empty(),
            "with --json nothing is on stderr: {done}"
        );
    }
    let done = desk
        .ucli(&["--json", "-p", "/dev/ucli-nothing", "ls"])
        .run()
        .status_is(3);
    fits(&done, "error");
}

#[test]
fn program_output_comes_as_events() {
    let (desk, board) = (Desk::new(), Board::start());
    let done = desk
        .ucli_on(
            &board,
            &["--json", "exec", "print('a')\nraise ValueError('b')"],
        )
        .run()
        .status_is(1);
    fits(&done, "error");
    let said = done.out();
    let text = |stream: &str| -> String {
        said.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|event| event["event"] == stream)
            .map(|event| event["text"].as_str().unwrap_or_default().to_string())
            .collect()
    };
    assert_eq!(text("stdout"), "a\n");
    assert!(text("stderr").contains("ValueError: b"), "{done}");
}

/// A schema for a command that is not there, or a command without one, would help nobody.
#[test]
fn every_schema_is_used() {
    let tests = harness::paths::root().join("tests");
    let used: String = ["cli", "board", "flash", "install"]
        .iter()
        .flat_map(|area| std::fs::read_dir(tests.join(area)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    for entry in std::fs::read_dir(harness::paths::root().join("cli/schema")).unwrap() {
        let name = entry
            .unwrap()
            .file_name()
            .to_string_lossy()
            .replace(".json", "");
        assert!(used.contains(&format!("\"{name}\"")), "{name}");
    }
}
