//! `watch`: what is saved here runs there.

use harness::board::Board;
use harness::program::Desk;
use rustix::process::Signal;

#[test]
fn saved_file_arrives_in_the_next_round() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("src/app.py", "version = 1\n");
    let mut running = desk
        .ucli_on(
            &board,
            &[
                "--json",
                "watch",
                "--rounds",
                "2",
                "--no-restart",
                "src",
                ":app",
            ],
        )
        .start();
    running.wait_for("\"synced\"");
    assert_eq!(board.get("app/app.py"), b"version = 1\n");
    desk.put("src/app.py", "version = 22\n");
    let done = running.finish().ok();
    assert_eq!(done.out().matches("\"synced\"").count(), 2, "{done}");
    assert_eq!(board.get("app/app.py"), b"version = 22\n");
}

#[test]
fn one_round_restarts_the_board() {
    let (desk, board) = (Desk::new(), Board::booting("print('booted')\n"));
    desk.put("src/app.py", "version = 1\n");
    desk.ucli_on(&board, &["exec", "mark = 1"]).run().ok();
    desk.ucli_on(&board, &["watch", "--rounds", "1", "src", ":app"])
        .run()
        .ok();
    let done = desk.ucli_on(&board, &["eval", "mark"]).run().status_is(1);
    assert!(
        done.err().contains("NameError"),
        "a restarted board has forgotten it: {done}"
    );
}

#[test]
fn interrupt_ends_it() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("src/app.py", "version = 1\n");
    let mut running = desk
        .ucli_on(&board, &["--json", "watch", "--no-restart", "src", ":app"])
        .start();
    running.wait_for("\"synced\"");
    running.signal(Signal::INT);
    let done = running.finish();
    assert!(matches!(done.status, Some(0 | 130)), "{done}");
    assert_eq!(desk.ucli_on(&board, &["eval", "1"]).out(), "1\n");
}
