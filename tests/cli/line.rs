//! The command line itself: chains, mpremote's spelling, the choice of a board, statuses.

use harness::board::Board;
use harness::program::Desk;

#[test]
fn commands_run_one_after_the_other() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("a.txt", "A");
    let said = desk
        .ucli_on(
            &board,
            &[
                "cp", "a.txt", ":b.txt", "+", "cat", ":b.txt", "+", "eval", "1", "exec", "print(2)",
            ],
        )
        .out();
    assert!(said.ends_with("A1\n2\n"), "{said}");
}

#[test]
fn chain_stops_at_the_first_failure() {
    let (desk, board) = (Desk::new(), Board::start());
    let done = desk
        .ucli_on(&board, &["exec", "1/0", "exec", "print('never')"])
        .run()
        .status_is(1);
    assert_eq!(done.out(), "");
}

#[test]
fn mpremotes_connect_and_resume_work() {
    let (desk, board) = (Desk::new(), Board::start());
    assert_eq!(
        desk.ucli(&["connect", board.address(), "resume", "eval", "3"])
            .out(),
        "3\n"
    );
    let port = format!("port:{}", board.address());
    assert_eq!(
        desk.ucli(&["connect", &port, "eval", "3", "disconnect"])
            .out(),
        "3\n"
    );
}

#[test]
fn two_boards_in_one_line() {
    let desk = Desk::new();
    let (one, two) = (Board::start(), Board::start());
    let said = desk
        .ucli(&[
            "connect",
            one.address(),
            "exec",
            "x=1",
            "connect",
            two.address(),
            "exec",
            "x=2",
            "connect",
            one.address(),
            "eval",
            "x",
        ])
        .out();
    assert_eq!(said, "1\n");
}

#[test]
fn environment_and_project_choose_the_board() {
    let (desk, board) = (Desk::new(), Board::start());
    assert_eq!(
        desk.ucli(&["eval", "4"])
            .env("UCLI_PORT", board.address())
            .out(),
        "4\n"
    );
    desk.put(
        "pyproject.toml",
        format!("[tool.ucli]\nport = \"{}\"\n", board.address()),
    );
    assert_eq!(desk.ucli(&["eval", "5"]).out(), "5\n");
    std::fs::create_dir(desk.path().join("deeper")).unwrap();
    assert_eq!(
        desk.ucli(&["eval", "6"])
            .within(&desk.path().join("deeper"))
            .out(),
        "6\n"
    );
}

#[test]
fn no_board_is_status_3() {
    let desk = Desk::new();
    desk.ucli(&["-p", "/dev/ucli-nothing", "eval", "1"])
        .run()
        .fails(3, "/dev/ucli-nothing");
    desk.ucli(&["-p", "id:no-such-serial", "eval", "1"])
        .run()
        .fails(3, "no-such-serial");
    desk.ucli(&["-p", "tcp://127.0.0.1:1", "eval", "1"])
        .run()
        .fails(3, "127.0.0.1:1");
}

#[test]
fn usage_errors_are_status_2() {
    let desk = Desk::new();
    for line in [
        &["frobnicate"][..],
        &["eval"],
        &["ls", "--nonsense"],
        &["cp"],
        &["--timeout", "soon", "ls"],
    ] {
        let done = desk.ucli(line).run().status_is(2);
        assert!(done.err().starts_with("error: "), "{done}");
        assert!(done.out().is_empty(), "{done}");
    }
}

#[test]
fn version_is_one_line() {
    let said = Desk::new().ucli(&["--version"]).out();
    assert!(
        said.starts_with("ucli ") && said.lines().count() == 1,
        "{said}"
    );
}

/// Data goes to stdout and talk to stderr; `--quiet` leaves the data.
#[test]
fn quiet_leaves_the_data() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("a.txt", "A");
    let done = desk
        .ucli_on(&board, &["--quiet", "cat", ":a.txt"])
        .run()
        .ok();
    assert_eq!((done.out().as_str(), done.err().as_str()), ("A", ""));
}

#[test]
fn verbose_shows_the_wire() {
    let (desk, board) = (Desk::new(), Board::start());
    let done = desk.ucli_on(&board, &["--verbose", "eval", "1"]).run().ok();
    assert_eq!(done.out(), "1\n");
    assert!(
        done.err().contains(">>") && done.err().contains("<<"),
        "{done}"
    );
}

#[test]
fn colour_is_only_for_terminals() {
    let done = Desk::new()
        .ucli(&["-p", "/dev/ucli-nothing", "ls"])
        .env("NO_COLOR", "1")
        .run()
        .status_is(3);
    assert!(!done.err().contains('\x1b'), "{done}");
}

/// A reader that goes away is no failure and no panic.
#[test]
fn closed_stdout_ends_quietly() {
    let (desk, board) = (Desk::new(), Board::start());
    let script = format!(
        "'{}' -p '{}' exec 'for i in range(9999):print(i)' | head -n 1",
        harness::paths::ucli().display(),
        board.address()
    );
    let done = desk
        .program(std::path::Path::new("sh"), &["-c", &script])
        .run()
        .ok();
    assert_eq!(done.out(), "0\n");
    assert!(
        !done.err().contains("panicked") && !done.err().contains("error"),
        "{done}"
    );
}

/// `-p` twice: the same on both boards.
#[test]
fn several_boards_at_once() {
    let desk = Desk::new();
    let (one, two) = (Board::start(), Board::start());
    let said = desk
        .ucli(&["-p", one.address(), "-p", two.address(), "eval", "6*7"])
        .out();
    assert_eq!(said.matches("42").count(), 2, "{said}");
}
