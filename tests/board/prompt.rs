//! The same keys to MicroPython and to `upy`, each on a terminal of its own: the same bytes come back.
//!
//! A line of a session is what is typed and how the answer ends; MicroPython throws away what is typed while a
//! statement runs, so nothing is typed before. The banner is the one thing that may differ.

use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use harness::interpreter::{self, Interpreter, Setup};
use harness::program::DEADLINE;
use harness::pty::Pty;
use harness::sim::Sim;
use harness::{paths, program::Desk};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const PS1: &str = ">>> ";
const PS2: &str = "... ";
const PASTE: &str = "=== ";
const RAW: &str = ">";

/// What is typed, and how what is shown then ends.
type Line = (&'static str, &'static str);

/// Types a session and returns all that is shown but for the lines that name the firmware.
fn typed(terminal: &OwnedFd, session: &[Line]) -> String {
    let mut shown = Vec::new();
    read_until(terminal, &mut shown, 0, PS1);
    // The last line tells that all has been shown.
    for &(keys, end) in session.iter().chain(&[("'e'+'nd'\r", "'end'\n>>> ")]) {
        let from = shown.len();
        let mut rest = keys.as_bytes();
        while !rest.is_empty() {
            match rustix::io::write(terminal, rest) {
                Ok(len) => rest = &rest[len..],
                Err(rustix::io::Errno::AGAIN) => {}
                Err(error) => panic!("the terminal has gone: {error}"),
            }
        }
        read_until(terminal, &mut shown, from, end);
    }
    let text = String::from_utf8_lossy(&shown).into_owned();
    let lines = text.split_inclusive('\n');
    lines
        .filter(|line| !line.starts_with("MicroPython "))
        .collect()
}

fn read_until(terminal: &OwnedFd, shown: &mut Vec<u8>, from: usize, end: &str) {
    let deadline = Instant::now() + DEADLINE;
    while !shown[from..].ends_with(end.as_bytes()) {
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(
            !left.is_zero(),
            "{end:?} does not come after {:?}",
            String::from_utf8_lossy(shown)
        );
        let limit = Timespec {
            tv_sec: left.as_secs().try_into().expect("two minutes"),
            tv_nsec: 0,
        };
        poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&limit)).expect("poll works");
        let mut buffer = [0; 4096];
        match rustix::io::read(terminal, &mut buffer) {
            Ok(len) => shown.extend_from_slice(&buffer[..len]),
            Err(rustix::io::Errno::AGAIN) => {}
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(shown)),
        }
    }
}

/// Ours. It ends with its handle.
struct Upy {
    child: Child,
    terminal: OwnedFd,
}

impl Upy {
    fn start(desk: &Desk) -> Self {
        let pty = Pty::open().expect("a free terminal");
        let stdio = || Stdio::from(pty.slave.try_clone().expect("a free descriptor"));
        let child = Command::new(paths::upy())
            .current_dir(desk.path())
            .env("MICROPYPATH", "")
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio())
            .spawn()
            .expect("upy can be started");
        Self {
            child,
            terminal: pty.master,
        }
    }
}

impl Drop for Upy {
    fn drop(&mut self) {
        // It may have ended by itself; then both calls have nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both show the same.
#[track_caller]
fn agree(session: &[Line]) {
    let desk = Desk::new();
    let scratch = paths::scratch();
    let real = Interpreter::start(Setup {
        directory: desk.path(),
        heap: "2m".into(),
        boot: None,
        library: interpreter::library(scratch.path()),
    })
    .expect("MicroPython starts");
    let ours = Upy::start(&desk);
    let theirs = typed(&real.terminal, session);
    assert_eq!(typed(&ours.terminal, session), theirs, "{session:?}");
}

#[test]
fn values_are_shown_and_kept() {
    agree(&[
        ("1+1\r", PS1),
        ("_\r", PS1),
        ("x=5;x\r", PS1),
        ("'a\\n'\r", PS1),
        ("None\r", PS1),
        ("...\r", PS1),
        ("[1,2,{}]\r", PS1),
        ("1/0\r", PS1),
        ("a b\r", PS1),
        ("  1\r", PS1),
        ("foo(\r", PS2),
        (")\r", PS1),
    ]);
}

#[test]
fn blocks_are_indented_and_ended() {
    agree(&[
        ("for i in range(3):\r", "    "),
        ("print(i)\r", "    "),
        ("\r", "    "),
        ("\r", PS2),
        ("\r", PS1),
        ("def f(a):\r", "    "),
        ("return a+1\r", "    "),
        ("\x08\r", PS1),
        ("f(1)\r", PS1),
        ("if 1:\r", "    "),
        ("  print(2)\r", PS2),
        ("else:\r", PS2),
        ("  print(3)\r", PS2),
        ("\r", PS1),
        ("try:\r", "    "),
        ("1/0\r", "    "),
        ("\x08except:\r", "    "),
        ("print(4)\r", "    "),
        ("\x08\r", PS1),
    ]);
}

#[test]
fn brackets_and_texts_go_on() {
    agree(&[
        ("x = (1,\r", PS2),
        ("2)\r", PS1),
        ("x\r", PS1),
        ("s = '''a\r", PS2),
        ("b'''\r", PS1),
        ("s\r", PS1),
        ("1 + \\\r", PS2),
        ("2\r", PS1),
        ("'\\'('\r", PS1),
        ("{1:\r", "    "),
        ("2}\r", PS1),
    ]);
}

#[test]
fn keys_move_and_change_the_line() {
    agree(&[
        ("bc'\x01'a\x05\x02\x02Z\x06Q\x04\x0b\x05'\r", PS1),
        (
            "123\x1b[D\x1b[D\x1b[C4\x1b[H5\x1b[F6\x1b[3~\x1b[1~7\x1b[4~8\x1bOH9\x1bOF0\r",
            PS1,
        ),
        ("12 34 56\x1bb\x1bb+\x1bd\x1bf+7\x17-1\r", PS1),
        ("1+2\x15\x15\r", PS1),
        ("abc\x03", PS1),
        ("1;2 3\x1b[1;5D\x08+\x1b[1;5C4\r", PS1),
        ("12345678901234567890\x01\x1b[C\x1b[C\x1b[C+\r", PS1),
        ("12\x7f\x7f3\r", PS1),
        ("\x00\x07\x0c1\r", PS1),
        ("\t\t1\r", PS1),
    ]);
}

#[test]
fn history_is_walked() {
    agree(&[
        ("1\r", PS1),
        ("2\r", PS1),
        ("2\r", PS1),
        ("33333\r", PS1),
        ("\x1b[A\x1b[A\x1b[B\r", PS1),
        ("\x10\x10\x10\r", PS1),
        ("9\x10\x0e\x0e8\r", PS1),
        ("\x1b[A\x1b[D\x1b[Dy=\x01\x06\x0b\r", PS1),
    ]);
}

#[test]
fn names_are_completed() {
    agree(&[
        ("import sy\t\r", PS1),
        ("sys.versio\t_i\t\x03", PS1),
        ("impo\t\x03", PS1),
        ("fro\t\x03", PS1),
        ("first_name = 'a'\r", PS1),
        ("first_other = 2\r", PS1),
        ("fi\t\t", "first_"),
        ("n\t.isdi\t()\r", PS1),
        ("first_name.fr\t\x03", PS1),
        ("nothing.x\t\x03", PS1),
        ("class A:\r", "    "),
        ("def one_way(self): pass\r", "    "),
        ("def one_more(self): pass\r", "    "),
        ("_hidden = 1\r", "    "),
        ("\x08\r", PS1),
        ("a = A()\r", PS1),
        ("a.\t\t", "one_"),
        ("w\t\x03", PS1),
        ("[a.on\tm\t]\x03", PS1),
        ("None.\t\x03", PS1),
    ]);
}

#[test]
fn pasted_text_is_run() {
    agree(&[
        ("\x05", PASTE),
        ("for i in range(2):\r  print(i)\r", PASTE),
        ("\x04", PS1),
        ("\x05abc", "abc"),
        ("\x03", PS1),
        ("\x05", PASTE),
        ("def f():\r  raise ValueError(3)\r\rf()\r", PASTE),
        ("\x04", PS1),
    ]);
}

#[test]
fn interrupts_leave_a_statement() {
    agree(&[
        ("(\r", PS2),
        ("\x03", PS1),
        ("while 1:\r", "    "),
        ("\x03", PS1),
        ("if 1:\r", "    "),
        ("print(5)\r", "    "),
        ("\x15\x04", PS1),
    ]);
}

#[test]
fn raw_modes_are_entered_and_left() {
    agree(&[
        ("\x01", RAW),
        ("print(1)\x04", "\x04>"),
        ("1/0\x04", "\x04>"),
        ("x=1\x03print(2)\x04", "\x04>"),
        ("\x05A\x01", "\0\x01"),
        ("print(3)\r\nprint(4)\x04", "\x04>"),
        ("\x05A\x01", "\0\x01"),
        ("print(5)\x03", "\x04>"),
        ("\x05Z\x01", ">"),
        ("\x01", "\n>"),
        ("\x02", PS1),
        ("1\r", PS1),
    ]);
}

/// Types to a simulated board, each line when the end of what the one before shows has come.
fn shown_by_board(session: &[Line]) -> String {
    let board = Sim::start(&["--tcp", "127.0.0.1:0"]);
    let address = board.address().trim_start_matches("tcp://");
    let line = TcpStream::connect(address).expect("the board listens");
    line.set_nonblocking(true).expect("a socket");
    let line = OwnedFd::from(line);
    let mut shown = Vec::new();
    for &(keys, end) in session {
        let from = shown.len();
        rustix::io::write(&line, keys.as_bytes()).expect("the line takes a few keys");
        read_until(&line, &mut shown, from, end);
    }
    String::from_utf8_lossy(&shown).into_owned()
}

/// MicroPython's unix port ends where a board goes on, so these are of the board alone.
#[test]
fn soft_reset_runs_what_was_registered_for_the_end() {
    let shown = shown_by_board(&[
        ("\r", PS1),
        ("import sys\r", PS1),
        ("sys.atexit(lambda: print('at', 'exit'))\r", PS1),
        ("\x04", PS1),
        ("'sys' in globals()\r", PS1),
        ("\x04", PS1),
    ]);
    assert_eq!(shown.matches("at exit").count(), 1, "{shown}");
    assert!(shown.contains("at exit\r\nMPY: soft reboot\r\n"), "{shown}");
    assert!(shown.contains("False\r\n"), "{shown}");
}

#[test]
fn exit_at_the_prompt_is_a_soft_reset_without_a_word() {
    let shown = shown_by_board(&[
        ("\r", PS1),
        ("x = 1\r", PS1),
        ("raise SystemExit('no' + 'thing')\r", PS1),
        ("'x' in globals()\r", PS1),
    ]);
    assert!(!shown.contains("nothing"), "{shown}");
    assert!(shown.contains(")\r\nMPY: soft reboot\r\n"), "{shown}");
    assert!(shown.contains("False\r\n"), "{shown}");
}
