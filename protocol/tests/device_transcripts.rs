//! The device end answers as MicroPython does, byte for byte.
//!
//! Left: what a host wrote to MicroPython's unix port (raw terminal, one write at a time). Right: what
//! came back, with its banner replaced by the toy's.

mod board;

use board::{BANNER, Board};
use ucli_protocol::control;
use ucli_protocol::device::Config;

const UNIX_PORT: [(&[u8], &[u8]); 22] = [
    (b"\x01", b"\r\nraw REPL; CTRL-B to exit\r\n>"),
    (b"\x01", b"raw REPL; CTRL-B to exit\r\n>"),
    (b"\x03", b""),
    (b"abc\x03", b""),
    (b"abc\x01", b"raw REPL; CTRL-B to exit\r\n>"),
    (b"\x05Z\x01", b"R\x00>"),
    (b"\x05B\x01", b"R\x00>"),
    (b"\x05A\x01", b"R\x01\x80\x00\x01"),
    (b"print(1,end='')\x04", b"\x041\x04\x04>"),
    (b"print(2,end='')\x04", b"OK2\x04\x04>"),
    (b"\x05A\x01", b"R\x01\x80\x00\x01"),
    (&[b'#'; 127], b""),
    (b"#", b"\x01"),
    (&[b'#'; 255], b"\x01"),
    (b"#", b"\x01"),
    (b"\x04", b"\x04\x04\x04>"),
    (b"x\x05A\x01", b"raw REPL; CTRL-B to exit\r\n>"),
    (b"\x02", b"\r\n<banner>>>> "),
    (
        b"\x05",
        b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ",
    ),
    (b"ab\rc\x03", b"ab\r\n=== c\r\n>>> "),
    (
        b"\x05print(3,end='')\x04",
        b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== print(3,end='')\r\n3>>> ",
    ),
    (b"\x03\x02", b"\r\n>>> \r\n<banner>>>> "),
];

fn without_banner(output: &[u8]) -> Vec<u8> {
    let mut shown = Vec::new();
    let mut rest = output;
    while let Some(at) = rest
        .windows(BANNER.len())
        .position(|window| window == BANNER)
    {
        shown.extend_from_slice(&rest[..at]);
        shown.extend_from_slice(b"<banner>");
        rest = &rest[at + BANNER.len()..];
    }
    shown.extend_from_slice(rest);
    shown
}

fn answers(pieces: usize) {
    let mut board = Board::new(Config {
        window_bytes: 128,
        images: false,
    });
    board.output.clear();
    for (input, expected) in UNIX_PORT {
        for piece in input.chunks(pieces) {
            board.feed(piece);
        }
        let output = without_banner(&std::mem::take(&mut board.output));
        let shown = (
            output.escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
        );
        assert_eq!(shown.0, shown.1, "after {}", input.escape_ascii());
    }
}

#[test]
fn whole_writes_get_the_bytes_of_the_unix_port() {
    answers(usize::MAX);
}

#[test]
fn single_bytes_get_the_bytes_of_the_unix_port() {
    answers(1);
}

/// MicroPython's `pyexec.c` on a board: the soft resets, which the unix port cannot show.
#[test]
fn soft_resets_keep_the_mode() {
    let mut board = Board::new(Config {
        window_bytes: 128,
        images: false,
    });
    let after = |board: &mut Board, input: &[u8]| {
        board.output.clear();
        board.feed(input);
        without_banner(&board.output).escape_ascii().to_string()
    };
    let friendly = after(&mut board, &[control::END]);
    assert_eq!(friendly, r"\r\nMPY: soft reboot\r\nboot.py\r\n<banner>>>> ");
    after(&mut board, &[control::RAW_MODE]);
    let raw = after(&mut board, &[control::END]);
    let prompt = r"MPY: soft reboot\r\nboot.py\r\nraw REPL; CTRL-B to exit\r\n>";
    assert_eq!(raw, format!(r"OK\r\n{prompt}"));
    let exit = after(&mut board, b"exit\x04");
    assert_eq!(exit, format!(r"OK\x04\x04{prompt}"));
    let pasted_exit = after(&mut board, b"\x05A\x01exit\x04");
    assert_eq!(
        pasted_exit,
        format!(r"R\x01\x80\x00\x01\x04\x04\x04{prompt}")
    );
}
