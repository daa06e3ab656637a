//! Ctrl-C reaches the Python program that `upy` runs.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// Starts a program, waits for its first line and sends it SIGINT.
fn interrupt(source: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_upy"))
        .args(["-c", source])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("upy starts");
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    output.read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("`kill` is there");
    assert!(sent.success());
    child
}

fn error_of(child: &mut Child) -> String {
    let mut text = String::new();
    let mut stream = child.stderr.take().expect("a pipe");
    stream.read_to_string(&mut text).expect("text");
    text
}

#[test]
fn interrupted_loop_ends_with_traceback() {
    let mut child = interrupt("print('ready')\nwhile True:\n  pass");
    let text = error_of(&mut child);
    assert!(text.ends_with("KeyboardInterrupt: \n"), "{text}");
    assert_eq!(child.wait().expect("its end").code(), Some(130));
}

#[test]
fn interrupt_caught_by_program_ends_it_well() {
    let mut child = interrupt(
        "print('ready')\ntry:\n  while True:\n    pass\nexcept KeyboardInterrupt:\n  raise SystemExit(7)",
    );
    assert_eq!(error_of(&mut child), "");
    assert_eq!(child.wait().expect("its end").code(), Some(7));
}
