//! `repl` as a pipe, `romfs` and `compile`.

use harness::board::Board;
use harness::program::Desk;

/// Typed lines reach the prompt, answers come back, Ctrl-] leaves the board running.
#[test]
fn repl_passes_both_ways_and_leaves() {
    let (desk, board) = (Desk::new(), Board::start());
    let mut running = desk.ucli_on(&board, &["repl"]).start();
    running.wait_for(">>>");
    running.type_in("print('an'+'swer')\r");
    running.wait_for("answer");
    running.type_in("\x1d");
    running.finish().ok();
    assert_eq!(desk.ucli_on(&board, &["eval", "1"]).out(), "1\n");
}

#[test]
fn repl_captures_into_a_file() {
    let (desk, board) = (Desk::new(), Board::start());
    let mut running = desk
        .ucli_on(&board, &["repl", "--capture", "log.txt"])
        .start();
    running.wait_for(">>>");
    running.type_in("print('an'+'swer')\r");
    running.wait_for("answer");
    running.type_in("\x1d");
    running.finish().ok();
    let log = desk.get("log.txt");
    assert!(String::from_utf8_lossy(&log).contains("answer"));
}

/// An implicit `repl` follows a line that only connects.
#[test]
fn line_without_a_command_is_a_repl() {
    let (desk, board) = (Desk::new(), Board::start());
    let mut running = desk.ucli(&["connect", board.address()]).start();
    running.wait_for(">>>");
    running.type_in("\x18");
    running.finish().ok();
}

#[test]
fn romfs_query_says_there_is_none() {
    let (desk, board) = (Desk::new(), Board::start());
    let done = desk.ucli_on(&board, &["romfs", "query"]).run();
    assert!(done.out().contains("ROMFS is not enabled"), "{done}");
}

/// mpremote builds the same image.
#[test]
fn romfs_build_equals_mpremotes() {
    let desk = Desk::new();
    desk.put("dir/data.txt", "data");
    desk.put("dir/sub/more.bin", [0, 1, 2, 3, 255]);
    desk.ucli(&["romfs", "-o", "ours.romfs", "build", "dir"])
        .run()
        .ok();
    desk.peer("mpremote", &["romfs", "-o", "theirs.romfs", "build", "dir"])
        .run()
        .ok();
    assert_eq!(desk.get("ours.romfs"), desk.get("theirs.romfs"));
}

/// `mpy-cross` makes the same bytes.
#[test]
fn compile_equals_mpy_cross() {
    let desk = Desk::new();
    let source = "import time\n\nclass Led:\n    def __init__(self, pin):\n        self.pin = pin\n\n    def blink(self, n=3):\n        for i in range(n):\n            yield i, self.pin\n\nprint([x for x in Led(25).blink()])\n";
    desk.put("led.py", source);
    desk.peer("mpy-cross", &["-o", "theirs.mpy", "led.py"])
        .run()
        .ok();
    desk.ucli(&["compile", "led.py"]).run().ok();
    assert!(desk.get("led.mpy") == desk.get("theirs.mpy"));
}

/// `-O` has its number attached, or counts.
#[test]
fn compile_levels_equal_mpy_cross() {
    let desk = Desk::new();
    desk.put("a.py", "assert x\nif __debug__:\n    print(1)\nprint(2)\n");
    for level in ["-O", "-OO", "-O2", "-O3", "-O0"] {
        desk.peer("mpy-cross", &[level, "-o", "theirs.mpy", "a.py"])
            .run()
            .ok();
        desk.ucli(&["compile", level, "a.py"]).run().ok();
        assert!(desk.get("a.mpy") == desk.get("theirs.mpy"), "{level}");
    }
}
