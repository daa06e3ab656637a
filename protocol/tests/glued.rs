//! Host end and device end glued together in memory: whole, one byte at a time, random splits.

mod board;
mod random;

use board::{Board, report};
use random::Random;
use ucli_protocol::device::{Config, Mode, SourceKind};
use ucli_protocol::host::{Enter, EnterEvent, Exec, ExecEvent, Leave, LeaveEvent, Paste};

/// How much of what could move does move in one turn.
#[derive(Clone, Copy)]
enum Pieces {
    Whole,
    Bytes,
    Random,
}

impl Pieces {
    fn len(self, random: &mut Random, available: usize) -> usize {
        match self {
            Self::Whole => available,
            Self::Bytes => available.min(1),
            Self::Random if available == 0 => 0,
            Self::Random => 1 + random.below(available.min(700)),
        }
    }
}

struct Rig {
    board: Board,
    pieces: Pieces,
    random: Random,
    /// Turns without any byte moving, after which a test gives up.
    idle: u32,
}

impl Rig {
    fn new(config: Config, pieces: Pieces, seed: u64) -> Self {
        let board = Board::new(config);
        let random = Random::new(seed);
        Self {
            board,
            pieces,
            random,
            idle: 0,
        }
    }

    /// Moves a piece of `ready` to the board; its length.
    fn send(&mut self, ready: &[u8]) -> usize {
        let len = self.pieces.len(&mut self.random, ready.len());
        self.board.feed(&ready[..len]);
        self.idle = if len > 0 { 0 } else { self.idle + 1 };
        assert!(self.idle < 1000, "nothing moves any more");
        len
    }

    /// A piece of what the board wrote.
    fn read(&mut self) -> Vec<u8> {
        let len = self.pieces.len(&mut self.random, self.board.output.len());
        self.idle = if len > 0 { 0 } else { self.idle };
        self.board.output.drain(..len).collect()
    }

    /// Brings the board to the raw prompt, with a timeout whenever nothing moves.
    fn enter(&mut self, soft_reset: bool) -> Vec<u8> {
        self.idle = 0;
        let mut machine = Enter::new(soft_reset);
        let mut aside = Vec::new();
        loop {
            let ready = machine.send().to_vec();
            let len = self.send(&ready);
            machine.sent(len);
            let input = self.read();
            if len == 0 && input.is_empty() {
                machine.timeout();
                assert!(machine.attempts() < 50, "the board is lost");
            }
            let mut rest = &input[..];
            loop {
                let (used, event) = machine.receive(rest);
                rest = &rest[used..];
                match event {
                    Some(EnterEvent::Aside(text)) => aside.extend_from_slice(text),
                    Some(EnterEvent::Rebooting) => aside.extend_from_slice(b"<reboot>"),
                    Some(EnterEvent::Entered) => {
                        assert_eq!(rest, b"");
                        assert_eq!(self.board.session.mode(), Mode::Raw);
                        return aside;
                    }
                    None => break,
                }
            }
        }
    }

    fn exec(&mut self, mut exec: Exec<'_>, interrupt_after: usize) -> Done {
        self.idle = 0;
        let mut done = Done::default();
        let mut sent_bytes = 0;
        loop {
            let ready = exec.send().to_vec();
            let len = self.send(&ready);
            exec.sent(len);
            sent_bytes += len;
            if sent_bytes >= interrupt_after || done.out.ends_with("running") {
                exec.interrupt();
            }
            let input = self.read();
            let mut rest = &input[..];
            loop {
                let (used, event) = exec.receive(rest).expect("a well-behaved board");
                rest = &rest[used..];
                let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
                match event {
                    None => break,
                    Some(ExecEvent::Started) => done.started = true,
                    Some(ExecEvent::Stdout(bytes)) => done.out += &text(bytes),
                    Some(ExecEvent::Stderr(bytes)) => done.err += &text(bytes),
                    Some(ExecEvent::Aside(bytes)) => done.aside += &text(bytes),
                    Some(ExecEvent::Finished { raised }) => {
                        assert_eq!(raised, !done.err.is_empty());
                        done.end = "finished";
                    }
                    Some(ExecEvent::Reset) => done.end = "reset",
                    Some(ExecEvent::Cancelled) => done.end = "cancelled",
                }
            }
            if exec.is_done() {
                assert_eq!(rest, b"");
                done.paste = exec.paste();
                return done;
            }
        }
    }

    fn leave(&mut self, soft_reset: bool) {
        self.idle = 0;
        let mut machine = Leave::new(soft_reset);
        loop {
            let ready = machine.send().to_vec();
            let len = self.send(&ready);
            machine.sent(len);
            let input = self.read();
            let mut rest = &input[..];
            loop {
                let (used, event) = machine.receive(rest);
                rest = &rest[used..];
                match event {
                    Some(LeaveEvent::Left) => {
                        assert_eq!(self.board.session.mode(), Mode::Friendly);
                        assert_eq!(rest, b"");
                        return;
                    }
                    Some(_) => {}
                    None => break,
                }
            }
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Done {
    started: bool,
    out: String,
    err: String,
    aside: String,
    end: &'static str,
    paste: Paste,
}

const BOARD: Config = Config {
    window_bytes: 128,
    images: true,
};
const NEVER: usize = usize::MAX;

/// Every kind of board with every kind of piece.
fn everywhere(test: impl Fn(&mut Rig)) {
    let boards = [
        BOARD,
        Config {
            window_bytes: 32,
            images: false,
        },
        Config {
            window_bytes: 1,
            images: true,
        },
        Config {
            window_bytes: u16::MAX,
            images: true,
        },
        Config {
            window_bytes: 0,
            images: false,
        },
    ];
    for config in boards {
        test(&mut Rig::new(config, Pieces::Whole, 1));
        test(&mut Rig::new(config, Pieces::Bytes, 1));
        for seed in 1..20 {
            test(&mut Rig::new(config, Pieces::Random, seed));
        }
    }
}

/// Source of any length: no control byte that plain raw mode cannot carry.
fn source(random: &mut Random, len: usize) -> Vec<u8> {
    random
        .bytes(len)
        .into_iter()
        .map(|byte| if byte < 6 { b'\n' } else { byte })
        .collect()
}

#[test]
fn sources_of_any_length_arrive_whole() {
    everywhere(|rig| {
        rig.enter(false);
        let mut paste = Paste::Unknown;
        for len in [0, 1, 127, 128, 129, 255, 256, 257, 512, 3000] {
            let text = source(&mut rig.random, len);
            let done = rig.exec(Exec::new(&text, paste), NEVER);
            paste = done.paste;
            // An empty source is sent as a line end where there is no raw-paste.
            let text = if len == 0 && paste == Paste::Unsupported {
                b"\n"
            } else {
                &text[..]
            };
            assert_eq!(done.out, report(SourceKind::Source, text));
            assert!(done.started && done.err.is_empty() && done.end == "finished");
        }
        rig.leave(false);
    });
}

#[test]
fn images_of_any_bytes_arrive_whole() {
    for window_bytes in [1, 2, 128] {
        for seed in 1..20 {
            let mut rig = Rig::new(
                Config {
                    window_bytes,
                    images: true,
                },
                Pieces::Random,
                seed,
            );
            rig.enter(false);
            for dense in [false, true] {
                let mut image = rig.random.bytes(2000);
                if dense {
                    image.iter_mut().for_each(|byte| *byte = 3 + *byte % 4);
                }
                let done = rig.exec(Exec::new_mpy(&image, Paste::Unknown), NEVER);
                assert_eq!(done.out, report(SourceKind::Image, &image));
            }
        }
    }
}

#[test]
fn exceptions_and_exits_come_through() {
    everywhere(|rig| {
        rig.enter(false);
        let done = rig.exec(Exec::new(b"raise", Paste::Unknown), NEVER);
        assert!(done.err.ends_with("ValueError: \r\n") && done.end == "finished");
        let done = rig.exec(Exec::new(b"exit", done.paste), NEVER);
        assert_eq!(
            (done.end, done.aside.as_str()),
            ("reset", "MPY: soft reboot\r\nboot.py\r\n")
        );
        let done = rig.exec(Exec::new(b"x", done.paste), NEVER);
        assert_eq!(done.out, report(SourceKind::Source, b"x"));
        rig.leave(true);
    });
}

#[test]
fn board_without_memory_refuses_the_rest() {
    everywhere(|rig| {
        rig.board.memory_bytes = 300;
        rig.enter(false);
        let text = source(&mut rig.random, 5000);
        let mut paste = Paste::Unknown;
        for _ in 0..2 {
            let done = rig.exec(Exec::new(&text, paste), NEVER);
            paste = done.paste;
            assert!(done.err.ends_with("MemoryError: \r\n"), "{done:?}");
            let done = rig.exec(Exec::new(&text[..300], paste), NEVER);
            assert_eq!(done.out, report(SourceKind::Source, &text[..300]));
        }
    });
}

/// Whenever the interrupt comes, the board ends at its raw prompt and takes the next source.
#[test]
fn interrupt_at_any_point_leaves_a_usable_prompt() {
    everywhere(|rig| {
        rig.enter(false);
        let text = source(&mut rig.random, 700);
        let mut paste = Paste::Unknown;
        for after in [0, 1, 3, 4, 100, 300, 699, 700, 703] {
            let done = rig.exec(Exec::new(&text, paste), after);
            paste = done.paste;
            let interrupted = done.err.ends_with("KeyboardInterrupt: \r\n");
            let ran = done.out == report(SourceKind::Source, &text);
            assert!(
                interrupted || ran || done.end == "cancelled",
                "{after}: {done:?}"
            );
            let done = rig.exec(Exec::new(b"next", paste), NEVER);
            assert_eq!(done.out, report(SourceKind::Source, b"next"));
        }
        let done = rig.exec(Exec::new(b"loop", paste), NEVER);
        assert!(done.err.ends_with("KeyboardInterrupt: \r\n"), "{done:?}");
    });
}

/// Program running, half-typed line, paste mode, raw mode, half a raw-paste, a swallowed rest.
#[test]
fn enter_works_from_every_state() {
    let states: [&[u8]; 9] = [
        b"",
        b"half a line",
        b"\x05x = 1\ry = 2",
        b"\x01half a line",
        b"\x01\x05A\x01half a paste",
        b"\x01loop\x04",
        b"\x05loop\x04",
        b"\x01\x05",
        b"\x01\x05A",
    ];
    everywhere(|rig| {
        for state in states {
            for soft_reset in [false, true] {
                rig.board.feed(b"\r\x03\x02");
                rig.board.feed(state);
                // As a caller drops what stands in its buffers.
                rig.board.output.clear();
                let aside = rig.enter(soft_reset);
                assert_eq!(
                    aside.ends_with(b"boot.py"),
                    soft_reset,
                    "{}",
                    aside.escape_ascii()
                );
                let done = rig.exec(Exec::new(b"x", Paste::Unknown), NEVER);
                assert_eq!(done.out, report(SourceKind::Source, b"x"));
                rig.leave(false);
            }
        }
        rig.board.memory_bytes = 40;
        rig.board.feed(b"\x01\x05A\x01");
        rig.board.feed(&[b'#'; 100]);
        rig.board.output.clear();
        rig.enter(false);
    });
}

/// Late answers to several tries must not be taken for the prompt of the last one.
#[test]
fn enter_with_late_answers_is_in_step() {
    for seed in 1..200 {
        let mut rig = Rig::new(BOARD, Pieces::Random, seed);
        let mut machine = Enter::new(seed % 2 == 0);
        let tries = 1 + rig.random.below(9);
        for _ in 0..tries {
            let ready = machine.send().to_vec();
            let len = rig.random.below(ready.len() + 1);
            rig.board.feed(&ready[..len]);
            machine.sent(len);
            machine.timeout();
        }
        let mut entered = false;
        while !entered {
            let ready = machine.send().to_vec();
            let len = rig.send(&ready);
            machine.sent(len);
            let input = rig.read();
            if len == 0 && input.is_empty() {
                machine.timeout();
            }
            let mut rest = &input[..];
            loop {
                let (used, event) = machine.receive(rest);
                rest = &rest[used..];
                match event {
                    Some(EnterEvent::Entered) => entered = true,
                    Some(_) => {}
                    None => break,
                }
            }
            assert!(!entered || rest.is_empty());
        }
        assert_eq!(rig.board.output, b"", "nothing is owed, seed {seed}");
        let done = rig.exec(Exec::new(b"x", Paste::Unknown), NEVER);
        assert_eq!(done.out, report(SourceKind::Source, b"x"));
    }
}
