//! `cp`: to the board, from it, on it; trees, globs, excludes; unchanged, forced, atomic.

use harness::board::Board;
use harness::program::Desk;
use harness::sample;

#[test]
fn contents_of_every_kind_arrive() {
    let (desk, board) = (Desk::new(), Board::start());
    let kinds: [(&str, Vec<u8>); 8] = [
        ("empty", Vec::new()),
        ("one", vec![3]),
        ("controls", (0..=255).collect()),
        ("text.py", sample::text(20_000)),
        ("zeros", vec![0; 50_000]),
        ("noise", sample::random(5, 30_000)),
        ("eots", vec![4; 3000]),
        ("interrupts", vec![3; 3000]),
    ];
    for (name, content) in &kinds {
        desk.put(name, content);
    }
    let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
    let mut line = vec!["cp"];
    line.extend(&names);
    line.push(":");
    desk.ucli_on(&board, &line).run().ok();
    for (name, content) in &kinds {
        assert!(board.get(name) == *content, "{name} on the board");
    }
    desk.put("back/here", "");
    let remote: Vec<String> = names.iter().map(|name| format!(":{name}")).collect();
    let mut line = vec!["cp"];
    line.extend(remote.iter().map(String::as_str));
    line.push("back");
    desk.ucli_on(&board, &line).run().ok();
    for (name, content) in &kinds {
        assert!(
            desk.get(&format!("back/{name}")) == *content,
            "{name} back here"
        );
    }
}

#[test]
fn big_file_goes_there_and_back() {
    let (desk, board) = (Desk::new(), Board::start());
    let content = sample::random(6, 1 << 20);
    desk.put("big", &content);
    desk.ucli_on(&board, &["cp", "big", ":", "+", "cp", ":big", "back"])
        .run()
        .ok();
    assert!(board.get("big") == content);
    assert!(desk.get("back") == content);
}

#[test]
fn small_heap_is_enough_for_a_big_file() {
    let options = harness::board::Options {
        heap: "96k".into(),
        ..Default::default()
    };
    let (desk, board) = (Desk::new(), Board::with(&options));
    let content = sample::random(8, 200_000);
    desk.put("big", &content);
    desk.put("text", sample::text(60_000));
    desk.ucli_on(
        &board,
        &["cp", "big", "text", ":", "+", "cp", ":big", "back"],
    )
    .run()
    .ok();
    assert!(desk.get("back") == content);
    assert!(board.get("text") == sample::text(60_000));
}

#[test]
fn names_in_any_alphabet_arrive() {
    let (desk, board) = (Desk::new(), Board::start());
    for name in [
        "ž.txt",
        "файл",
        "with space.txt",
        "it's",
        "a\"b",
        "back\\slash",
        "🐍.py",
        "-dash",
        "percent%20",
    ] {
        desk.put("source", name);
        desk.ucli_on(&board, &["cp", "source", &format!(":{name}")])
            .run()
            .ok();
        assert_eq!(board.get(name), name.as_bytes());
        desk.ucli_on(&board, &["cp", &format!(":{name}"), "./back"])
            .run()
            .ok();
        assert_eq!(desk.get("back"), name.as_bytes());
    }
}

/// `cp -r dir :` makes `:dir`; `cp -r dir/. :` copies what is in it; `cp -r dir :new` makes `:new`.
#[test]
fn directories_go_where_cp_puts_them() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("dir/a.txt", "a");
    desk.put("dir/sub/b.txt", "b");
    std::fs::create_dir(desk.path().join("dir/empty")).unwrap();
    desk.ucli_on(&board, &["cp", "-r", "dir", ":"]).run().ok();
    assert_eq!(
        crate::names(&board.contents()),
        ["dir", "dir/a.txt", "dir/empty", "dir/sub", "dir/sub/b.txt"]
    );
    desk.ucli_on(&board, &["cp", "-r", "dir", ":new"])
        .run()
        .ok();
    assert_eq!(board.get("new/sub/b.txt"), b"b");
    desk.ucli_on(&board, &["cp", "-r", "dir/.", ":"]).run().ok();
    assert_eq!(board.get("a.txt"), b"a");
    assert_eq!(board.get("sub/b.txt"), b"b");
    desk.ucli_on(&board, &["cp", "-r", ":dir", "down"])
        .run()
        .ok();
    assert_eq!(
        sample::contents(&desk.path().join("down")),
        sample::contents(&desk.path().join("dir"))
    );
}

#[test]
fn directory_without_r_fails() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("dir/a.txt", "a");
    desk.ucli_on(&board, &["cp", "dir", ":"])
        .run()
        .fails(1, "-r not specified");
    assert!(board.contents().is_empty());
}

#[test]
fn globs_choose_files() {
    let (desk, board) = (Desk::new(), Board::start());
    for name in ["a.py", "b.py", "c.txt"] {
        desk.put(name, name);
    }
    // The shell is not there to expand it.
    desk.ucli_on(&board, &["cp", "*.py", ":"]).run().ok();
    assert_eq!(crate::names(&board.contents()), ["a.py", "b.py"]);
    desk.ucli_on(&board, &["cp", "*.none", ":"])
        .run()
        .fails(1, "*.none");
}

#[test]
fn excludes_stay_here() {
    let (desk, board) = (Desk::new(), Board::start());
    for name in [
        "app/a.py",
        "app/a.log",
        "app/__pycache__/a.pyc",
        "app/data/b.log",
    ] {
        desk.put(name, name);
    }
    desk.ucli_on(&board, &["cp", "-r", "--exclude", "*.log", "app", ":"])
        .run()
        .ok();
    assert_eq!(
        crate::names(&board.contents()),
        ["app", "app/a.py", "app/data"]
    );
}

/// The second copy sends nothing and says so; a forced one sends again.
#[test]
fn unchanged_files_are_not_sent() {
    let (desk, board) = (Desk::new(), Board::start());
    let names = sample::tree(&desk.path().join("tree"), 1);
    desk.ucli_on(&board, &["cp", "-r", "tree", ":"]).run().ok();
    let before = board.traffic();
    let said = desk.ucli_on(&board, &["cp", "-r", "tree", ":"]).out();
    let again = board.traffic() - before;
    assert_eq!(
        said.lines()
            .filter(|line| line.starts_with("Up to date: "))
            .count(),
        names.len(),
        "{said}"
    );
    assert!(again.up < 20 * 1024, "{again:?}");
    let before = board.traffic();
    desk.ucli_on(&board, &["cp", "-r", "-f", "tree", ":"])
        .run()
        .ok();
    let forced = board.traffic() - before;
    assert!(forced.up > again.up, "{forced:?} after {again:?}");
}

#[test]
fn one_changed_byte_is_noticed() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("a.txt", "same length 1");
    desk.ucli_on(&board, &["cp", "a.txt", ":"]).run().ok();
    desk.put("a.txt", "same length 2");
    desk.ucli_on(&board, &["cp", "a.txt", ":"]).run().ok();
    assert_eq!(board.get("a.txt"), b"same length 2");
}

#[test]
fn board_to_board_copies() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("a.txt", "content");
    desk.ucli_on(&board, &["cp", ":a.txt", ":b.txt"]).run().ok();
    assert_eq!(board.get("b.txt"), b"content");
}

#[test]
fn missing_files_are_named() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.ucli_on(&board, &["cp", "nothing.py", ":"])
        .run()
        .fails(1, "`nothing.py`");
    desk.ucli_on(&board, &["cp", ":nothing.py", "."])
        .run()
        .fails(1, "nothing.py");
    desk.put("a", "a");
    desk.put("b", "b");
    desk.ucli_on(&board, &["cp", "a", "b", ":nowhere"])
        .run()
        .status_is(1);
    desk.ucli_on(&board, &["cp", "a", ":no/such/place"])
        .run()
        .fails(1, "no/such/place");
    desk.ucli_on(&board, &["cp", "a"])
        .run()
        .fails(2, "destination");
    assert!(board.contents().is_empty());
}

#[test]
fn no_temporary_file_is_left() {
    let (desk, board) = (Desk::new(), Board::start());
    sample::tree(&desk.path().join("tree"), 2);
    desk.ucli_on(&board, &["cp", "-r", "tree/.", ":"])
        .run()
        .ok();
    assert_eq!(
        board.contents(),
        sample::contents(&desk.path().join("tree"))
    );
}

/// What is on the board is replaced whole or not at all; here it is read-only for the interpreter.
#[test]
fn read_only_directory_keeps_the_old_file() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("locked/a.txt", "old");
    harness::paths::set_mode(&board.files().join("locked"), 0o555);
    desk.put("a.txt", "new");
    desk.ucli_on(&board, &["cp", "a.txt", ":locked/a.txt"])
        .run()
        .fails(1, "locked/a.txt");
    assert_eq!(board.get("locked/a.txt"), b"old");
    harness::paths::set_mode(&board.files().join("locked"), 0o755);
}
