//! Boards that do not play: silent, chattering, deaf to Ctrl-C, busy, lying.
//!
//! Each gets one error line with the right status, in bounded time, and never a panic.

use harness::actor::{Actor, Chattering, Garbage, Liar, Lie, Silent};
use harness::board::Board;
use harness::program::{Desk, Finished};

fn eval_on(actor: impl Actor + 'static) -> Finished {
    Desk::new()
        .ucli_on(&Board::acted(actor), &["--timeout", "2", "eval", "1"])
        .run()
}

#[test]
fn silent_board_does_not_answer() {
    eval_on(Silent).fails(3, "does not answer");
}

#[test]
fn chattering_board_gives_no_prompt() {
    eval_on(Chattering::default()).fails(3, "gives no MicroPython prompt");
}

#[test]
fn garbage_gives_no_prompt() {
    for seed in 1..6 {
        let done = eval_on(Garbage::new(seed)).status_is(3);
        assert_eq!(
            done.err()
                .lines()
                .filter(|line| line.starts_with("error: "))
                .count(),
            1,
            "seed {seed}: {done}"
        );
        // Control bytes of the board never reach the terminal.
        assert!(
            done.stderr
                .iter()
                .all(|byte| *byte >= 0x20 || *byte == b'\n'),
            "seed {seed}: {done}"
        );
    }
}

fn is_found_out(lie: Lie) {
    let desk = Desk::new();
    let board = Board::acted(Liar::new(lie));
    let done = desk.ucli_on(&board, &["--timeout", "2", "ls"]).run();
    assert!(matches!(done.status, Some(1 | 3)), "{lie:?}: {done}");
    assert!(!done.err().contains("panicked"), "{lie:?}: {done}");
    assert_eq!(
        done.err()
            .lines()
            .filter(|line| line.starts_with("error: "))
            .count(),
        1,
        "{lie:?}: {done}"
    );
}

#[test]
fn window_of_nothing_is_found_out() {
    is_found_out(Lie::NoWindow);
}

#[test]
fn endless_windows_are_found_out() {
    is_found_out(Lie::EndlessWindows);
}

#[test]
fn swallowed_programs_are_found_out() {
    is_found_out(Lie::Swallows);
}

#[test]
fn bad_frames_are_found_out() {
    is_found_out(Lie::BadFrames);
}

#[test]
fn early_end_of_a_program_is_no_crash() {
    let done = eval_on(Liar::new(Lie::EndsEarly));
    assert!(matches!(done.status, Some(0 | 1 | 3)), "{done}");
    assert!(!done.err().contains("panicked"), "{done}");
}

/// Output without end is passed on without end; a limit or Ctrl-C ends it.
#[test]
fn endless_output_ends_at_the_limit() {
    let desk = Desk::new();
    let board = Board::acted(Liar::new(Lie::EndlessOutput));
    let done = desk
        .ucli_on(&board, &["--timeout", "2", "exec", "--limit", "1", "1"])
        .run();
    assert!(matches!(done.status, Some(1 | 3)), "{done}");
    let mut running = desk
        .ucli_on(&board, &["--timeout", "2", "exec", "1"])
        .start();
    running.wait_for("lies");
    // Signals that come too close together are one.
    for _ in 0..2 {
        running.signal(rustix::process::Signal::INT);
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    let done = running.finish();
    assert!(matches!(done.status, Some(130 | 3)), "{done}");
}

#[test]
fn endless_output_of_a_real_board_can_be_interrupted() {
    let (desk, board) = (Desk::new(), Board::start());
    let mut running = desk
        .ucli_on(&board, &["exec", "while 1:print('x'*200)"])
        .start();
    running.wait_for("xxx");
    running.signal(rustix::process::Signal::INT);
    running.finish().status_is(130);
    assert_eq!(desk.ucli_on(&board, &["eval", "1"]).out(), "1\n");
}

#[test]
fn running_program_is_stopped_for_a_command() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.ucli_on(
        &board,
        &["exec", "--no-follow", "while True: print('busy')"],
    )
    .run()
    .ok();
    let said = desk.ucli_on(&board, &["eval", "6*7"]).out();
    assert_eq!(said, "42\n");
}

/// A program that catches every KeyboardInterrupt leaves only the reset button; the message says so.
#[test]
fn deaf_program_is_reported() {
    let (desk, board) = (Desk::new(), Board::start());
    let program =
        "import time\nwhile True:\n try:\n  time.sleep(0.01)\n except BaseException:print('no')";
    desk.ucli_on(&board, &["exec", "--no-follow", program])
        .run()
        .ok();
    desk.ucli_on(&board, &["--timeout", "2", "eval", "1"])
        .run()
        .status_is(3);
}

#[test]
fn boot_text_is_not_taken_for_an_answer() {
    let boot = "print('ets Jun  8 2016 00:22:57\\r\\n\\r\\nrst:0x1 (POWERON_RESET),boot:0x13')\nprint('raw REPL; CTRL-B to exit\\r\\n>')\n";
    let (desk, board) = (Desk::new(), Board::booting(boot));
    assert_eq!(desk.ucli_on(&board, &["eval", "6*7"]).out(), "42\n");
    let said = desk.ucli_on(&board, &["soft-reset", "eval", "6*7"]).out();
    assert!(said.ends_with("42\n"), "{said}");
}

#[test]
fn busy_port_is_named() {
    let (desk, board) = (Desk::new(), Board::start());
    let mut running = desk
        .ucli_on(
            &board,
            &["exec", "import time\nprint('in')\ntime.sleep(100)"],
        )
        .start();
    running.wait_for("in");
    let done = desk
        .ucli_on(&board, &["--json", "eval", "1"])
        .run()
        .status_is(3);
    assert!(done.out().contains("\"busy\""), "{done}");
}

#[test]
fn names_with_escapes_do_not_reach_the_terminal() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("evil\x1b[2Jname", "x");
    let done = desk.ucli_on(&board, &["ls"]).run().ok();
    assert!(!done.stdout.contains(&0x1b), "{done}");
}

#[test]
fn names_that_are_no_unicode_do_not_stop_a_listing() {
    use std::os::unix::ffi::OsStrExt;
    let (desk, board) = (Desk::new(), Board::start());
    let name = std::ffi::OsStr::from_bytes(b"bad\xff.txt");
    std::fs::write(board.files().join(name), "x").unwrap();
    board.put("good.txt", "x");
    let done = desk.ucli_on(&board, &["ls"]).run();
    assert!(matches!(done.status, Some(0 | 1)), "{done}");
    assert!(!done.err().contains("panicked"), "{done}");
}

#[test]
fn little_memory_is_an_error_not_a_hang() {
    let options = harness::board::Options {
        heap: "24k".into(),
        ..Default::default()
    };
    let (desk, board) = (Desk::new(), Board::with(&options));
    desk.put("a.bin", harness::sample::random(1, 20_000));
    let done = desk
        .ucli_on(&board, &["--timeout", "5", "cp", "a.bin", ":"])
        .run();
    assert!(matches!(done.status, Some(0 | 1 | 3)), "{done}");
    assert!(!done.err().contains("panicked"), "{done}");
}
