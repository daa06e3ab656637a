//! `sync`: an exact copy of a directory, and what it leaves alone.

use harness::board::Board;
use harness::program::Desk;
use harness::sample;

#[test]
fn tree_becomes_equal() {
    let (desk, board) = (Desk::new(), Board::start());
    sample::tree(&desk.path().join("src"), 1);
    desk.put("src/empty.txt", "");
    desk.ucli_on(&board, &["sync", "src", ":app"]).run().ok();
    assert_eq!(
        sample::contents(&board.files().join("app")),
        sample::contents(&desk.path().join("src"))
    );
}

/// 20 files: at most 60 turn-rounds when new, at most 6 when nothing has changed.
#[test]
fn unchanged_tree_takes_few_rounds() {
    let (desk, board) = (Desk::new(), Board::start());
    sample::tree(&desk.path().join("src"), 2);
    let start = board.traffic();
    desk.ucli_on(&board, &["sync", "src", ":app"]).run().ok();
    let new = board.traffic() - start;
    let done = desk.ucli_on(&board, &["sync", "src", ":app"]).run().ok();
    let unchanged = board.traffic() - start - new;
    assert!(new.rounds <= 60, "new: {new:?}");
    assert!(unchanged.rounds <= 6, "unchanged: {unchanged:?} {done}");
}

#[test]
fn only_what_changed_is_sent() {
    let (desk, board) = (Desk::new(), Board::start());
    sample::tree(&desk.path().join("src"), 3);
    desk.ucli_on(&board, &["sync", "src", ":app"]).run().ok();
    desk.put("src/part1/file5.py", "changed = True\n");
    let done = desk
        .ucli_on(&board, &["--json", "sync", "src", ":app"])
        .run()
        .ok();
    assert!(done.out().contains("\"copied\":1"), "{done}");
    assert_eq!(board.get("app/part1/file5.py"), b"changed = True\n");
}

/// `--delete` asks first; where nobody can be asked it does nothing.
#[test]
fn delete_wants_a_yes() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("src/a.py", "a");
    board.put("app/old.py", "old");
    board.put("app/dir/older.py", "older");
    desk.ucli_on(&board, &["sync", "--delete", "src", ":app"])
        .run()
        .fails(1, "not confirmed");
    assert_eq!(board.get("app/old.py"), b"old");
    assert!(!board.files().join("app/a.py").exists());
    desk.ucli_on(&board, &["--yes", "sync", "--delete", "src", ":app"])
        .run()
        .ok();
    assert_eq!(
        crate::names(&sample::contents(&board.files().join("app"))),
        ["a.py"]
    );
}

#[test]
fn without_delete_strangers_stay() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("src/a.py", "a");
    board.put("app/other.py", "other");
    desk.ucli_on(&board, &["sync", "src", ":app"]).run().ok();
    assert_eq!(
        crate::names(&sample::contents(&board.files().join("app"))),
        ["a.py", "other.py"]
    );
}

#[test]
fn protected_paths_survive_delete() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("src/a.py", "a");
    board.put("app/data/log.txt", "log");
    board.put("app/old.py", "old");
    desk.ucli_on(
        &board,
        &[
            "--yes",
            "sync",
            "--delete",
            "--protect",
            "app/data",
            "src",
            ":app",
        ],
    )
    .run()
    .ok();
    let left = sample::contents(&board.files().join("app"));
    assert_eq!(crate::names(&left), ["a.py", "data", "data/log.txt"]);
}

#[test]
fn dry_run_changes_nothing() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("src/a.py", "a");
    board.put("app/old.py", "old");
    let before = board.contents();
    let said = desk
        .ucli_on(&board, &["sync", "--delete", "--dry-run", "src", ":app"])
        .out();
    assert_eq!(board.contents(), before);
    assert!(
        said.lines()
            .any(|line| line.starts_with("would copy") && line.contains(":app/a.py")),
        "{said}"
    );
    assert!(
        said.lines()
            .any(|line| line.starts_with("would delete") && line.contains(":app/old.py")),
        "{said}"
    );
}

#[test]
fn ignore_file_is_obeyed() {
    let (desk, board) = (Desk::new(), Board::start());
    for name in [
        "src/a.py",
        "src/notes.md",
        "src/docs/x.py",
        "src/keep/notes.md",
    ] {
        desk.put(name, name);
    }
    desk.put("src/.ucliignore", "*.md\n!keep/notes.md\ndocs/\n");
    desk.ucli_on(&board, &["sync", "src", ":app"]).run().ok();
    let there = sample::contents(&board.files().join("app"));
    let files: Vec<&str> = there
        .iter()
        .filter(|(_, content)| content.is_some())
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        files
            .iter()
            .filter(|name| !name.starts_with('.'))
            .copied()
            .collect::<Vec<_>>(),
        ["a.py", "keep/notes.md"]
    );
}

#[test]
fn local_target_is_a_usage_error() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("src/a.py", "a");
    desk.ucli_on(&board, &["sync", "src", "app"])
        .run()
        .fails(2, "`app`");
    desk.ucli_on(&board, &["sync", "nowhere", ":app"])
        .run()
        .fails(1, "`nowhere`");
}
