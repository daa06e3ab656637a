//! Firmware that lacks something: every copy still arrives whole, and programs still run.

use harness::board::{Board, Lack};
use harness::program::Desk;
use harness::sample;

fn everything_works(lacks: &[Lack]) {
    let (desk, board) = (Desk::new(), Board::lacking(lacks));
    let noise = sample::random(11, 5000);
    let text = sample::text(8000);
    desk.put("tree/noise.bin", &noise);
    desk.put("tree/text.py", &text);
    desk.put("tree/empty", "");
    desk.ucli_on(&board, &["cp", "-r", "tree", ":"]).run().ok();
    assert!(board.get("tree/noise.bin") == noise, "{lacks:?}");
    assert!(board.get("tree/text.py") == text, "{lacks:?}");
    let again = desk.ucli_on(&board, &["cp", "-r", "tree", ":"]).out();
    assert_eq!(again.matches("Up to date").count(), 3, "{lacks:?}: {again}");
    desk.ucli_on(&board, &["cp", "-r", ":tree", "back"])
        .run()
        .ok();
    assert_eq!(
        sample::contents(&desk.path().join("back")),
        sample::contents(&desk.path().join("tree"))
    );
    assert_eq!(desk.ucli_on(&board, &["eval", "6*7"]).out(), "42\n");
    let done = desk
        .ucli_on(&board, &["exec", "import sys\nsys.exit(5)"])
        .run();
    assert_eq!(done.status, Some(5), "{lacks:?}: {done}");
    desk.ucli_on(&board, &["rm", "-r", ":tree"]).run().ok();
    assert!(board.contents().is_empty(), "{lacks:?}");
}

#[test]
fn without_raw_paste() {
    everything_works(&[Lack::RawPaste]);
}

#[test]
fn without_binary_stdin() {
    everything_works(&[Lack::StdinBuffer]);
}

#[test]
fn without_keyboard_interrupt_control() {
    everything_works(&[Lack::KeyboardInterrupt]);
}

#[test]
fn without_deflate() {
    everything_works(&[Lack::Deflate]);
}

#[test]
fn without_hashes() {
    everything_works(&[Lack::Hashes]);
}

#[test]
fn without_select() {
    everything_works(&[Lack::Select]);
}

#[test]
fn without_anything() {
    everything_works(&[
        Lack::RawPaste,
        Lack::StdinBuffer,
        Lack::KeyboardInterrupt,
        Lack::Deflate,
        Lack::Hashes,
        Lack::Select,
    ]);
}
