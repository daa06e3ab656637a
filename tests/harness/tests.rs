//! Tests of the harness itself: mpremote, which we did not write, must find a board in it.
#![cfg(unix)]

use harness::board::{Board, Lack, Options, Reach};
use harness::link::Pace;
use harness::program::Desk;
use harness::sample;

#[test]
fn mpremote_finds_a_board() {
    let (desk, board) = (Desk::new(), Board::start());
    assert_eq!(desk.mpremote(&board, &["eval", "6*7"]).out(), "42\n");
}

#[test]
fn mpremote_copies_there_and_back() {
    let (desk, board) = (Desk::new(), Board::start());
    // With every control byte in it: an upload must not be an interrupt.
    let content = sample::random(1, 5000);
    desk.put("a.bin", &content);
    desk.mpremote(
        &board,
        &["cp", "a.bin", ":b.bin", "+", "cp", ":b.bin", "c.bin"],
    )
    .run()
    .ok();
    assert_eq!(board.get("b.bin"), content);
    assert_eq!(desk.get("c.bin"), content);
    let traffic = board.traffic();
    assert!(
        traffic.up > 5000 && traffic.down > 5000 && traffic.rounds > 10,
        "{traffic:?}"
    );
}

#[test]
fn the_interpreter_is_not_root() {
    let (desk, board) = (Desk::new(), Board::start());
    board.put("mine", "x");
    let program = "import os\ntry:\n open('/etc/ucli-was-here','w')\nexcept OSError as e:print('refused',e.errno)\nopen('here','w').write('x')";
    let said = desk.mpremote(&board, &["exec", program]).out();
    assert!(said.starts_with("refused"), "{said}");
    assert_eq!(board.get("here"), b"x");
    assert!(!std::path::Path::new("/etc/ucli-was-here").exists());
}

#[test]
fn what_a_board_lacks_is_not_there() {
    let board = Board::lacking(&[
        Lack::Deflate,
        Lack::Hashes,
        Lack::StdinBuffer,
        Lack::KeyboardInterrupt,
        Lack::RawPaste,
    ]);
    let program = "\
import sys,micropython
print(hasattr(sys.stdin,'buffer'),hasattr(micropython,'kbd_intr'))
for m in ('deflate','hashlib','os'):
 try:
  __import__(m);print(m,'there')
 except ImportError:print(m,'missing')
";
    let said = Desk::new().mpremote(&board, &["exec", program]).out();
    assert_eq!(
        said,
        "False False\ndeflate missing\nhashlib missing\nos there\n"
    );
}

#[test]
fn boot_program_runs_again_after_a_soft_reset() {
    let board = Board::booting("print('booted')\nvalue=7\n");
    let said = Desk::new()
        .mpremote(&board, &["soft-reset", "exec", "print(value)"])
        .out();
    assert!(said.ends_with("7\n"), "{said}");
}

#[test]
fn a_slow_link_carries_no_more_than_its_rate() {
    let pace = Pace {
        rate: 11520,
        latency: core::time::Duration::from_millis(1),
    };
    let board = Board::with(&Options {
        pace,
        ..Options::default()
    });
    let started = std::time::Instant::now();
    let program = "print('x'*12000)";
    assert_eq!(
        Desk::new().mpremote(&board, &["exec", program]).out().len(),
        12001
    );
    assert!(started.elapsed().as_secs_f64() > 1.0);
}

#[test]
fn a_board_on_a_socket_answers_mpremote() {
    let board = Board::reached(Reach::Tcp);
    let address = format!("socket://{}", board.socket().unwrap());
    let said = Desk::new()
        .peer("mpremote", &["connect", &address, "eval", "1+1"])
        .out();
    assert_eq!(said, "2\n");
}
