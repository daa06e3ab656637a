//! `edit`: the board's file in the user's editor.

use harness::board::Board;
use harness::program::Desk;

#[test]
fn what_the_editor_changes_is_written_back() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("main.py", "led = 'red'\n");
    desk.ucli_on(&board, &["edit", ":main.py"])
        .env("EDITOR", "sed -i s/red/green/")
        .run()
        .ok();
    assert_eq!(board.get("main.py"), b"led = 'green'\n");
}

#[test]
fn new_file_is_made() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("ed.sh", "#!/bin/sh\necho 'fresh = 1' > \"$1\"\n");
    harness::paths::set_mode(&desk.path().join("ed.sh"), 0o755);
    let editor = desk.path().join("ed.sh");
    desk.ucli_on(&board, &["edit", ":fresh.py"])
        .env("VISUAL", &editor)
        .env("EDITOR", "false")
        .run()
        .ok();
    assert_eq!(board.get("fresh.py"), b"fresh = 1\n");
}

#[test]
fn failing_editor_writes_nothing() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("main.py", "old");
    desk.ucli_on(&board, &["edit", ":main.py"])
        .env("EDITOR", "false")
        .run()
        .fails(1, "`false`");
    assert_eq!(board.get("main.py"), b"old");
    let done = desk.ucli_on(&board, &["edit", ":main.py"]).run();
    assert!(done.err().contains("$EDITOR not set"), "{done}");
    assert_ne!(done.status, Some(0));
}
