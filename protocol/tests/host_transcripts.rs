//! The host end against transcripts: whole, one byte at a time, and at every single split.
//!
//! What a board writes here was seen on the wire (unix port, QEMU) or follows from
//! MicroPython's `shared/runtime/pyexec.c`.

use ucli_protocol::host::{
    Enter, EnterEvent, Exec, ExecError, ExecEvent, Leave, LeaveEvent, Paste,
};

/// What an exec wrote and reported, with neighbouring pieces of one kind joined.
#[derive(Debug, PartialEq, Eq, Default, Clone)]
struct Log {
    sent: Vec<u8>,
    events: Vec<(&'static str, String)>,
}

impl Log {
    fn add(&mut self, kind: &'static str, text: &[u8]) {
        let text = text.escape_ascii().to_string();
        match self.events.last_mut() {
            Some((last, joined)) if *last == kind && !text.is_empty() => joined.push_str(&text),
            _ => self.events.push((kind, text)),
        }
    }

    fn event(&mut self, event: ExecEvent<'_>) {
        match event {
            ExecEvent::Started => self.add("started", b""),
            ExecEvent::Stdout(text) => self.add("out", text),
            ExecEvent::Stderr(text) => self.add("err", text),
            ExecEvent::Aside(text) => self.add("aside", text),
            ExecEvent::Finished { raised: true } => self.add("raised", b""),
            ExecEvent::Finished { raised: false } => self.add("finished", b""),
            ExecEvent::Reset => self.add("reset", b""),
            ExecEvent::Cancelled => self.add("cancelled", b""),
        }
    }
}

fn drain(exec: &mut Exec<'_>, log: &mut Log) {
    loop {
        let piece = exec.send().to_vec();
        if piece.is_empty() {
            return;
        }
        log.sent.extend_from_slice(&piece);
        exec.sent(piece.len());
    }
}

/// Feeds `pieces`, sending all that may be sent before each; returns the bytes left over too.
fn run<'a>(
    mut exec: Exec<'_>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Log, Vec<u8>, Result<Paste, ExecError>) {
    let mut log = Log::default();
    let mut left = Vec::new();
    for piece in pieces {
        drain(&mut exec, &mut log);
        let mut rest = piece;
        loop {
            let (used, event) = match exec.receive(rest) {
                Ok(progress) => progress,
                Err(error) => return (log, left, Err(error)),
            };
            rest = &rest[used..];
            match event {
                Some(event) => log.event(event),
                None => break,
            }
        }
        left.extend_from_slice(rest);
    }
    drain(&mut exec, &mut log);
    let paste = exec.paste();
    (log, left, Ok(paste))
}

/// Runs the transcript whole and at every split into two pieces and into single bytes: all agree.
fn transcript(source: &[u8], paste: Paste, board: &[&[u8]]) -> (Log, Vec<u8>, Paste) {
    let (log, left, paste_after) = run(Exec::new(source, paste), board.iter().copied());
    let by_byte = board.iter().flat_map(|piece| piece.chunks(1));
    let single = run(Exec::new(source, paste), by_byte);
    assert_eq!(
        single,
        (log.clone(), left.clone(), paste_after),
        "byte by byte"
    );
    for (index, piece) in board.iter().enumerate() {
        for split in 0..=piece.len() {
            let mut pieces = board[..index].to_vec();
            pieces.extend([&piece[..split], &piece[split..]]);
            pieces.extend(&board[index + 1..]);
            let split_run = run(Exec::new(source, paste), pieces);
            assert_eq!(
                split_run,
                (log.clone(), left.clone(), paste_after),
                "split {index} {split}"
            );
        }
    }
    (log, left, paste_after.expect("a transcript has no error"))
}

fn events(log: &Log) -> Vec<(&str, &str)> {
    log.events
        .iter()
        .map(|(kind, text)| (*kind, text.as_str()))
        .collect()
}

#[test]
fn raw_paste_prints_and_finishes() {
    let board: &[&[u8]] = &[b"R\x01\x80\x00\x01", b"\x04123\r\n\x04\x04>next"];
    let (log, left, paste) = transcript(b"print(123)", Paste::Unknown, board);
    assert_eq!(log.sent, b"\x05A\x01print(123)\x04");
    assert_eq!(
        events(&log),
        [("started", ""), ("out", "123\\r\\n"), ("finished", "")]
    );
    assert_eq!((left.as_slice(), paste), (&b"next"[..], Paste::Supported));
}

#[test]
fn raw_paste_sends_no_more_than_granted() {
    let source = [b'#'; 300];
    let (log, _, _) = run(
        Exec::new(&source, Paste::Unknown),
        [&b"R\x01\x20\x00\x01"[..]],
    );
    assert_eq!(log.sent.len(), 3 + 64);
    let (log, _, _) = run(
        Exec::new(&source, Paste::Unknown),
        [&b"R\x01\x20\x00\x01"[..], b"\x01"],
    );
    assert_eq!(log.sent.len(), 3 + 96);
}

#[test]
fn traceback_is_stderr_and_raised() {
    let board: &[&[u8]] = &[b"R\x01\x80\x00\x01", b"\x04a\x04Traceback\r\n\x04>"];
    let (log, left, _) = transcript(b"x", Paste::Supported, board);
    let expected = [
        ("started", ""),
        ("out", "a"),
        ("err", "Traceback\\r\\n"),
        ("raised", ""),
    ];
    assert_eq!(events(&log), expected);
    assert_eq!(left, b"");
}

#[test]
fn paste_refused_reads_the_prompt_and_goes_plain() {
    let (log, _, paste) = transcript(b"1", Paste::Unknown, &[b"R\x00>", b"OK\x04\x04>"]);
    assert_eq!(log.sent, b"\x05A\x011\x04");
    assert_eq!(events(&log), [("started", ""), ("finished", "")]);
    assert_eq!(paste, Paste::Unsupported);
}

#[test]
fn old_firmware_answers_with_its_banner() {
    let board: &[&[u8]] = &[b"raw REPL; CTRL-B to exit\r\n>", b"OKx\x04\x04>"];
    let (log, _, paste) = transcript(b"1", Paste::Unknown, board);
    assert_eq!(
        events(&log),
        [("started", ""), ("out", "x"), ("finished", "")]
    );
    assert_eq!(paste, Paste::Unsupported);
}

#[test]
fn known_to_be_old_is_not_asked() {
    let (log, _, _) = transcript(b"1", Paste::Unsupported, &[b"", b"OK\x04\x04>"]);
    assert_eq!(log.sent, b"1\x04");
}

/// An empty line and 0x04 would reset the board.
#[test]
fn empty_source_in_raw_mode_is_not_a_reset() {
    let (log, _, _) = transcript(b"", Paste::Unsupported, &[b"", b"OK\x04\x04>"]);
    assert_eq!(log.sent, b"\n\x04");
    let board: &[&[u8]] = &[b"R\x01\x80\x00\x01", b"\x04\x04\x04>"];
    let (log, _, _) = transcript(b"", Paste::Unknown, board);
    assert_eq!(log.sent, b"\x05A\x01\x04");
}

#[test]
fn board_aborts_in_the_middle_gets_one_end() {
    let source = [b'('; 1000];
    let board: &[&[u8]] = &[b"R\x01\x80\x00\x01", b"\x04", b"\x04MemoryError: \r\n\x04>"];
    let (log, _, _) = transcript(&source, Paste::Unknown, board);
    assert_eq!(log.sent.last(), Some(&4));
    assert_eq!(log.sent.iter().filter(|&&byte| byte == 4).count(), 1);
    assert_eq!(
        events(&log),
        [("err", "MemoryError: \\r\\n"), ("raised", "")]
    );
}

#[test]
fn log_line_during_paste_is_aside() {
    let source = [b'#'; 200];
    let board: &[&[u8]] = &[
        b"I (12) wifi: Rx\r\nR\x01\x80\x00I (13) x\r\n\x01",
        b"Radio\x04\x04\x04I (14)\r\n>",
    ];
    let (log, left, _) = transcript(&source, Paste::Unknown, board);
    let expected = [
        ("aside", "I (12) wifi: Rx\\r\\nI (13) x\\r\\nRadio"),
        ("started", ""),
        ("aside", "I (14)\\r"),
        ("finished", ""),
    ];
    assert_eq!(events(&log), expected);
    assert_eq!(left, b"");
}

#[test]
fn system_exit_is_a_reset() {
    let board: &[&[u8]] = &[
        b"R\x01\x80\x00\x01",
        b"\x04bye\x04\x04MPY: sync filesystems\r\nMPY: soft reboot\r\nboot\r\n>\r\n",
        b"raw REPL; CTRL-B to exit\r\n>",
    ];
    let (log, left, _) = transcript(b"raise SystemExit", Paste::Unknown, board);
    let aside = "MPY: sync filesystems\\r\\nMPY: soft reboot\\r\\nboot\\r\\n>\\r\\n";
    let expected = [
        ("started", ""),
        ("out", "bye"),
        ("aside", aside),
        ("reset", ""),
    ];
    assert_eq!(events(&log), expected);
    assert_eq!(left, b"");
}

#[test]
fn control_bytes_are_refused_before_anything_is_sent() {
    let refused = |source, paste, board: &[&[u8]]| {
        let (log, _, result) = run(Exec::new(source, paste), board.iter().copied());
        (log.sent.len(), result.unwrap_err())
    };
    let at = |offset_bytes, byte| ExecError::ControlByte { offset_bytes, byte };
    assert_eq!(refused(b"a\x04", Paste::Supported, &[b""]), (0, at(1, 4)));
    assert_eq!(refused(b"\x05a", Paste::Unsupported, &[b""]), (0, at(0, 5)));
    assert_eq!(
        refused(b"\x05a", Paste::Unknown, &[b"R\x00>"]),
        (3, at(0, 5))
    );
    let (log, _, _) = run(
        Exec::new(b"\x01\x02\x05", Paste::Supported),
        [&b"R\x01\x80\x00"[..]],
    );
    assert_eq!(log.sent, b"\x05A\x01\x01\x02\x05\x04");
}

#[test]
fn window_of_zero_is_an_error() {
    let (_, _, result) = run(Exec::new(b"x", Paste::Unknown), [&b"R\x01\x00\x00\x01"[..]]);
    assert_eq!(result, Err(ExecError::WindowIsZero));
}

#[test]
fn image_is_escaped_under_the_window() {
    let image = [b'M', 6, 3, 4, 5, 5, b'x'];
    let exec = Exec::new_mpy(&image, Paste::Unknown);
    let (log, _, _) = run(exec.clone(), [&b"R\x01\x80\x00"[..], b"\x04\x04\x04>"]);
    assert_eq!(log.sent, b"\x05B\x01M\x06\x05C\x05D\x05\x05\x05\x05x\x04");
    assert_eq!(events(&log), [("started", ""), ("finished", "")]);
    // Each escaped pair counts once; one byte at a time gives the same.
    let mut exec = exec;
    let mut sent = Vec::new();
    for board in [&b""[..], b"R\x01\x02\x00", b"\x01", b"\x01", b"\x01"] {
        let _ = exec.receive(board).unwrap();
        while let Some(&byte) = exec.send().first() {
            sent.push(byte);
            exec.sent(1);
        }
        sent.push(b'|');
    }
    assert_eq!(sent, b"\x05B\x01|M\x06|\x05C\x05D|\x05\x05\x05\x05|x\x04|");
    let (_, _, result) = run(Exec::new_mpy(&image, Paste::Unknown), [&b"R\x00>"[..]]);
    assert_eq!(result, Err(ExecError::ImageUnsupported));
}

#[test]
fn interrupt_while_pasting_sends_ctrl_c() {
    let source = [b'#'; 1000];
    let mut exec = Exec::new(&source, Paste::Unknown);
    let mut log = Log::default();
    drain(&mut exec, &mut log);
    exec.interrupt();
    assert_eq!(exec.send(), b"");
    let (_, event) = exec.receive(b"R\x01\x80\x00").unwrap();
    assert_eq!(event, None);
    let (log, _, _) = run(
        exec,
        [&b""[..], b"\x01\x04\x04KeyboardInterrupt: \r\n\x04>"],
    );
    assert_eq!(log.sent, b"\x03");
    assert_eq!(
        events(&log),
        [("err", "KeyboardInterrupt: \\r\\n"), ("raised", "")]
    );
}

#[test]
fn interrupt_in_plain_raw_mode_clears_the_line() {
    let mut exec = Exec::new(b"while 1: pass", Paste::Unsupported);
    exec.sent(4);
    exec.interrupt();
    let (log, left, _) = run(exec, [&b"x"[..], b"raw REPL; CTRL-B to exit\r\n>!"]);
    assert_eq!(log.sent, b"\x03\x01");
    assert_eq!(events(&log), [("aside", "x"), ("cancelled", "")]);
    assert_eq!(left, b"!");
}

#[test]
fn interrupt_waits_until_the_program_runs() {
    let mut exec = Exec::new(b"x", Paste::Unknown);
    drain(&mut exec, &mut Log::default());
    let _ = exec.receive(b"R\x01\x80\x00").unwrap();
    drain(&mut exec, &mut Log::default());
    exec.interrupt();
    assert_eq!(exec.send(), b"");
    assert!(!exec.is_running());
    assert_eq!(
        exec.receive(b"\x04").unwrap(),
        (1, Some(ExecEvent::Started))
    );
    assert!(exec.is_running());
    assert_eq!(exec.send(), b"\x03");
    exec.sent(1);
    assert_eq!(exec.send(), b"");
}

#[test]
fn plain_raw_mode_paces_its_pieces() {
    let source = [b'#'; 600];
    let mut exec = Exec::new(&source, Paste::Unsupported);
    let mut pieces = Vec::new();
    while !exec.send().is_empty() {
        pieces.push((exec.pace_ms(), exec.send().len()));
        let len = exec.send().len();
        exec.sent(len);
    }
    assert_eq!(pieces, [(0, 256), (10, 256), (10, 88), (10, 1)]);
}

/// Feeds `board`, one piece per turn; what was sent, what was reported, what is left.
fn enter(machine: &mut Enter, board: &[&[u8]]) -> (Vec<u8>, String, Vec<u8>) {
    let (mut sent, mut report, mut left) = (Vec::new(), String::new(), Vec::new());
    for piece in board {
        sent.extend_from_slice(machine.send());
        machine.sent(usize::MAX);
        let mut rest = *piece;
        loop {
            let (used, event) = machine.receive(rest);
            rest = &rest[used..];
            match event {
                Some(EnterEvent::Aside(text)) => report += &text.escape_ascii().to_string(),
                Some(EnterEvent::Rebooting) => report += "<reboot>",
                Some(EnterEvent::Entered) => report += "<entered>",
                None => break,
            }
        }
        left.extend_from_slice(rest);
    }
    sent.extend_from_slice(machine.send());
    (sent, report, left)
}

#[test]
fn idle_prompt_enters_in_one_turn() {
    let board = b"\r\n>>> \r\n>>> \r\nraw REPL; CTRL-B to exit\r\n>";
    let whole = enter(&mut Enter::new(false), &[board]);
    assert_eq!(whole, (b"\r\x03\x01".to_vec(), "<entered>".into(), vec![]));
    let bytes: Vec<&[u8]> = board.chunks(1).collect();
    assert_eq!(enter(&mut Enter::new(false), &bytes), whole);
}

#[test]
fn raw_paste_and_typed_states_enter() {
    let banner = "raw REPL; CTRL-B to exit\r\n>";
    let states = [
        ("", ""),                                         // raw mode
        ("\r\n=== \r\n>>> \r\n", ""),                     // paste mode
        ("\r\n... \r\n\r\n>>> \r\n", "\\r\\n... \\r\\n"), // open block
        (
            "\x04\x04Traceback\r\nKeyboardInterrupt: \r\n\x04>",
            "\\x04\\x04Traceback\\r\\nKeyboardInterrupt: \\r\\n\\x04>",
        ),
    ];
    for (before, aside) in states {
        let board = format!("{before}{banner}");
        let (_, report, left) = enter(&mut Enter::new(false), &[board.as_bytes()]);
        assert_eq!(
            (report, left),
            (format!("{aside}<entered>"), vec![]),
            "{before:?}"
        );
    }
}

#[test]
fn second_try_is_checked_with_a_digit() {
    let mut machine = Enter::new(false);
    let (sent, report, _) = enter(&mut machine, &[b"ets Jun  8 2016\r\n"]);
    // The line end may begin a banner and is kept back.
    assert_eq!(
        (sent.as_slice(), report.as_str()),
        (&b"\r\x03\x01"[..], "ets Jun  8 2016")
    );
    machine.timeout();
    assert_eq!(machine.attempts(), 2);
    let two = b"raw REPL; CTRL-B to exit\r\n>raw REPL; CTRL-B to exit\r\n>";
    let (sent, report, left) = enter(&mut machine, &[two, b"OK1\x04\x04>OK2\x04\x04>"]);
    assert_eq!(sent, b"\r\x03\x01print(2,end='')\x04");
    assert_eq!((report.as_str(), left), ("OK1\\x04\\x04><entered>", vec![]));
}

#[test]
fn timeouts_rotate_and_harden() {
    let mut machine = Enter::new(false);
    let mut tries = Vec::new();
    for _ in 0..7 {
        tries.push(machine.send().to_vec());
        machine.timeout();
    }
    let expected: [&[u8]; 7] = [
        b"\r\x03\x01",
        b"\r\x03\x01",
        b"\r\x03\x03\x01",
        b"\r\x02\x01",
        b"\x18\r\x03\x01",
        b"\x18\r\x03\x03\x01",
        b"\x18\r\x02\x01",
    ];
    assert_eq!(tries, expected);
}

#[test]
fn soft_reset_waits_for_the_new_prompt() {
    let board: &[&[u8]] = &[
        b"raw REPL; CTRL-B to exit\r\n>",
        b"OK\r\nMPY: soft reboot\r\nhello from boot OK\r\nraw REPL; CTRL-B to exit\r\n>",
    ];
    let (sent, report, left) = enter(&mut Enter::new(true), board);
    assert_eq!(sent, b"\r\x03\x01\x04");
    assert_eq!(report, "<reboot>\\r\\nhello from boot OK\\r\\n<entered>");
    assert_eq!(left, b"");
}

#[test]
fn boot_that_hangs_is_interrupted_after_patience() {
    let mut machine = Enter::new(true);
    enter(
        &mut machine,
        &[
            b"raw REPL; CTRL-B to exit\r\n>",
            b"OK\r\nMPY: soft reboot\r\n",
        ],
    );
    for _ in 0..10 {
        machine.timeout();
        assert_eq!(machine.send(), b"");
    }
    machine.timeout();
    let board: &[&[u8]] = &[
        b"KeyboardInterrupt: \r\nraw REPL; CTRL-B to exit\r\n>",
        b"OK2\x04\x04>",
    ];
    let (sent, report, _) = enter(&mut machine, board);
    assert_eq!(sent, b"\r\x03\x01print(2,end='')\x04");
    assert_eq!(report, "KeyboardInterrupt: <entered>");
}

fn leave(machine: &mut Leave, board: &[&[u8]]) -> (Vec<u8>, String) {
    let (mut sent, mut report) = (Vec::new(), String::new());
    for piece in board {
        sent.extend_from_slice(machine.send());
        machine.sent(usize::MAX);
        let mut rest = *piece;
        loop {
            let (used, event) = machine.receive(rest);
            rest = &rest[used..];
            match event {
                Some(LeaveEvent::Aside(text)) => report += &text.escape_ascii().to_string(),
                Some(LeaveEvent::Rebooting) => report += "<reboot>",
                Some(LeaveEvent::Left) => report += "<left>",
                None => break,
            }
        }
        report += &rest.escape_ascii().to_string();
    }
    (sent, report)
}

#[test]
fn leaving_ends_at_the_friendly_prompt() {
    let board = b"\r\nMicroPython v1.29.0 on 2026-01-01; linux\r\n>>> ";
    let (sent, report) = leave(&mut Leave::new(false), &[board]);
    assert_eq!(sent, b"\r\x02");
    assert_eq!(
        report,
        "\\r\\nMicroPython v1.29.0 on 2026-01-01; linux<left>"
    );
}

#[test]
fn leaving_through_a_reset_reports_both() {
    let board: &[&[u8]] = &[
        b"\r\nbanner\r\n>>> ",
        b"\r\nMPY: soft reboot\r\nmain\r\nbanner\r\n>>> left",
    ];
    let (sent, report) = leave(&mut Leave::new(true), board);
    assert_eq!(sent, b"\r\x02\x04");
    assert_eq!(
        report,
        "\\r\\nbanner\\r\\nMPY: <reboot>\\r\\nmain\\r\\nbanner<left>left"
    );
}
