//! `ls`, `tree`, `cat`, `mv`, `rm`, `mkdir`, `rmdir`, `touch`, `sha256sum`, alone and behind `fs`.

use harness::board::Board;
use harness::program::Desk;
use harness::sample;

#[test]
fn ls_shows_sizes_and_slashes() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("main.py", "12345");
    board.put("lib/a.py", "");
    let said = desk.ucli_on(&board, &["ls"]).out();
    let mut lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.remove(0), "ls :");
    lines.sort_unstable();
    assert_eq!(lines.len(), 2);
    assert!(
        lines.iter().any(|line| line.trim() == "5 main.py"),
        "{said}"
    );
    assert!(
        lines.iter().any(|line| line.trim().ends_with(" lib/")),
        "{said}"
    );
}

#[test]
fn ls_of_what_is_not_there_fails() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.ucli_on(&board, &["ls", ":nothing"])
        .run()
        .fails(1, "nothing");
}

#[test]
fn tree_draws_what_is_there() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("a/b/c.txt", "x");
    board.put("d.txt", "y");
    let said = desk.ucli_on(&board, &["tree"]).out();
    let drawn: Vec<&str> = said.lines().skip(2).collect();
    assert_eq!(
        drawn,
        ["├── a", "│   └── b", "│       └── c.txt", "└── d.txt"]
    );
}

#[test]
fn cat_prints_any_bytes() {
    let (desk, board) = (Desk::new(), Board::start());
    let content = sample::random(3, 3000);
    board.put("noise.bin", &content);
    board.put("empty", "");
    assert_eq!(
        desk.ucli_on(&board, &["cat", ":noise.bin"])
            .run()
            .ok()
            .stdout,
        content
    );
    assert_eq!(
        desk.ucli_on(&board, &["cat", "empty", "noise.bin"])
            .run()
            .ok()
            .stdout,
        content
    );
    desk.ucli_on(&board, &["cat", ":missing"])
        .run()
        .fails(1, "missing");
}

#[test]
fn mv_renames_and_moves() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("a.txt", "a");
    board.put("b.txt", "b");
    board.put("dir/keep", "");
    desk.ucli_on(&board, &["mv", ":a.txt", ":c.txt"]).run().ok();
    desk.ucli_on(&board, &["mv", ":b.txt", ":c.txt", ":dir"])
        .run()
        .ok();
    assert_eq!(
        crate::names(&board.contents()),
        ["dir", "dir/b.txt", "dir/c.txt", "dir/keep"]
    );
    assert_eq!(board.get("dir/c.txt"), b"a");
    desk.ucli_on(&board, &["mv", ":nothing", ":else"])
        .run()
        .fails(1, "nothing");
}

#[test]
fn rm_removes_files_and_with_r_trees() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("a.txt", "a");
    board.put("tree/x/y.txt", "");
    board.put("tree/z.txt", "");
    desk.ucli_on(&board, &["rm", ":tree"])
        .run()
        .fails(1, "tree");
    desk.ucli_on(&board, &["rm", "-r", ":tree"]).run().ok();
    desk.ucli_on(&board, &["rm", ":a.txt"]).run().ok();
    assert!(board.contents().is_empty());
    desk.ucli_on(&board, &["rm", ":a.txt"])
        .run()
        .fails(1, "a.txt");
}

/// Nobody empties a board by accident.
#[test]
fn rm_of_everything_wants_a_yes() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("precious", "x");
    desk.ucli_on(&board, &["rm", "-r", ":/"])
        .run()
        .fails(1, "not confirmed");
    assert_eq!(board.get("precious"), b"x");
}

#[test]
fn directories_are_made_and_removed() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.ucli_on(&board, &["mkdir", ":a", ":a/b", "+", "touch", ":a/b/f"])
        .run()
        .ok();
    assert_eq!(crate::names(&board.contents()), ["a", "a/b", "a/b/f"]);
    desk.ucli_on(&board, &["mkdir", ":a"]).run().fails(1, "a");
    desk.ucli_on(&board, &["mkdir", "-p", ":a", ":x/y/z"])
        .run()
        .ok();
    assert!(board.files().join("x/y/z").is_dir());
    let full = desk
        .ucli_on(&board, &["--json", "rmdir", ":a"])
        .run()
        .status_is(1);
    assert!(full.out().contains("not_empty"), "{full}");
    desk.ucli_on(&board, &["rm", ":a/b/f", "+", "rmdir", ":a/b", ":a"])
        .run()
        .ok();
    assert!(!board.files().join("a").exists());
}

#[test]
fn touch_makes_and_keeps() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("full", "content");
    desk.ucli_on(&board, &["touch", ":full", ":new"]).run().ok();
    assert_eq!(board.get("full"), b"content");
    assert_eq!(board.get("new"), b"");
}

#[test]
fn sha256sum_is_the_digest() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("abc", "abc");
    let said = desk.ucli_on(&board, &["sha256sum", ":abc"]).out();
    assert!(
        said.contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        "{said}"
    );
    let said = desk.ucli_on(&board, &["sha1sum", ":abc"]).out();
    assert!(
        said.contains("a9993e364706816aba3e25717850c26c9cd0d89d"),
        "{said}"
    );
}

#[test]
fn fs_in_front_means_the_same() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("a.txt", "hello");
    desk.ucli_on(&board, &["fs", "cp", "a.txt", ":b.txt"])
        .run()
        .ok();
    assert_eq!(desk.ucli_on(&board, &["fs", "cat", "b.txt"]).out(), "hello");
    desk.ucli_on(&board, &["fs", "nonsense", "x"])
        .run()
        .fails(2, "nonsense");
}
