//! Whatever comes in, no machine panics, stands still, or does work without bound.
//!
//! Garbage, transcripts with mutations, and endless grants go into every machine in random pieces.
//! Each call must use input up or bring an event, and only so many events may come per byte. The
//! fuzz targets in `tests/fuzz` do the same with a search behind it.

mod board;
mod random;

use board::Board;
use random::Random;
use ucli_protocol::agent::{Decoder, Sender};
use ucli_protocol::device::{Config, Event, Outcome, Session};
use ucli_protocol::host::{Enter, Exec, ExecEvent, Leave, Paste, Payload};
use ucli_protocol::mount::{Call, Request, Requests};
use ucli_protocol::traceback::Traceback;
use ucli_protocol::value::{Reader, Token};
use ucli_protocol::webrepl::{self, Login, Packet};

const SEEDS: std::ops::Range<u64> = 1..4000;

const TRANSCRIPTS: [&[u8]; 12] = [
    b"\r\n>>> \r\n>>> \r\nraw REPL; CTRL-B to exit\r\n>",
    b"R\x01\x80\x00\x01\x01\x01\x04123\r\n\x04\x04>",
    b"R\x00>OK1\x04Traceback (most recent call last):\r\n  File \"<stdin>\", line 1, in f\r\nOSError: [Errno 2] ENOENT\r\n\x04>",
    b"raw REPL; CTRL-B to exit\r\n>OK1\x04\x04>",
    b"OK\r\nMPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>OK2\x04\x04>",
    b"R\x01\x01\x00\x01\x04\x04\x04MPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>",
    b"\x01\x05A\x01print(1)\x04\x05B\x01\x05C\x05D\x05\x05\x04\x05x\r\x04\x04\x02",
    b"\x18\x01\x02\x00\x00\x00/a\x18\x08\x01\x03\x00\x00\x00abc\x18\x09\x01\x00\x00\x00\x00\x02",
    b"\xf5Y\x00\x00\xf5D\x03\x00abc\x7a\x60\x26\xb2\xf5A\x00\x00log\xf5R\x00\x00\x00\x00\x00\x00",
    b"Password: \r\nWebREPL connected\r\n>>> \r\nAccess denied\r\n",
    b"[(1, -2.5, 'a\\n\\u20ac', b'\\x00'), {'k': None, 1: [True]}, (a=1, b=())]",
    b"\r\nbanner\r\n>>> \r\nMPY: soft reboot\r\nboot\r\n>>> ",
];

/// A text that is near something meaningful, or nowhere near.
fn input(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..1 + random.below(4) {
        match random.below(4) {
            0 => {
                let len = random.below(200);
                bytes.extend(random.bytes(len));
            }
            1 => bytes.extend(vec![
                [1, 4, b'>', 0x18, 0xF5, 5][random.below(6)];
                random.below(300)
            ]),
            _ => bytes.extend(TRANSCRIPTS[random.below(TRANSCRIPTS.len())]),
        }
    }
    for _ in 0..random.below(6) {
        let at = random.below(bytes.len().max(1)).min(bytes.len());
        match random.below(3) {
            0 if at < bytes.len() => bytes[at] = random.byte(),
            1 => bytes.insert(at, random.byte()),
            _ => bytes.truncate(bytes.len().saturating_sub(random.below(4))),
        }
    }
    bytes
}

/// Feeds `bytes` in random pieces. `step` says how much it used and whether an event came.
fn feed(random: &mut Random, bytes: &[u8], mut step: impl FnMut(&[u8]) -> (usize, bool)) {
    let mut rest = bytes;
    let mut calls = 0;
    while !rest.is_empty() {
        let len = 1 + random.below(rest.len());
        let mut piece = &rest[..len];
        rest = &rest[len..];
        loop {
            let (used, event) = step(piece);
            assert!(used <= piece.len());
            piece = &piece[used..];
            calls += 1;
            if !event {
                break;
            }
        }
    }
    let limit = 4 * bytes.len() + 16;
    assert!(calls <= limit, "{calls} calls for {} bytes", bytes.len());
}

fn each_seed(test: impl Fn(&mut Random, Vec<u8>)) {
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let bytes = input(&mut random);
        test(&mut random, bytes);
    }
}

#[test]
fn enter_and_leave_take_anything() {
    each_seed(|random, bytes| {
        let mut turns = Random::new(random.below(1000) as u64);
        let mut enter = Enter::new(bytes.len() % 2 == 0);
        feed(random, &bytes, |piece| {
            let len = enter.send().len();
            enter.sent(turns.below(len + 3));
            if turns.below(5) == 0 {
                enter.timeout();
            }
            let (used, event) = enter.receive(piece);
            (used, event.is_some())
        });
        let mut leave = Leave::new(bytes.len() % 2 == 0);
        feed(random, &bytes, |piece| {
            let len = leave.send().len();
            leave.sent(turns.below(len + 3));
            if turns.below(5) == 0 {
                leave.timeout();
            }
            let (used, event) = leave.receive(piece);
            (used, event.is_some())
        });
    });
}

#[test]
fn exec_takes_anything() {
    each_seed(|random, bytes| {
        let mut turns = Random::new(random.below(1000) as u64);
        let len = turns.below(2000);
        let source = turns.bytes(len);
        let payload = match turns.below(2) {
            0 => Payload::Source(&source),
            _ => Payload::Image(&source),
        };
        let paste = [Paste::Unknown, Paste::Supported, Paste::Unsupported][turns.below(3)];
        let mut exec = Exec::with_payload(payload, paste);
        let mut sent_bytes = 0;
        let mut failed = None;
        feed(random, &bytes, |piece| {
            let ready = exec.send().len();
            let len = turns.below(ready + 1);
            exec.sent(len + turns.below(2) * 10_000 * usize::from(len == ready));
            sent_bytes += len;
            let _ = exec.pace_ms();
            if turns.below(20) == 0 {
                exec.interrupt();
            }
            match exec.receive(piece) {
                Ok((used, event)) => {
                    assert_eq!(failed, None, "an error lasts");
                    let is_final = matches!(
                        event,
                        Some(ExecEvent::Finished { .. } | ExecEvent::Reset | ExecEvent::Cancelled)
                    );
                    assert!(!is_final || exec.is_done());
                    (used, event.is_some())
                }
                Err(error) => {
                    assert_eq!(*failed.get_or_insert(error), error);
                    (piece.len(), false)
                }
            }
        });
        // Twice the payload for escapes, and the few bytes around it.
        assert!(sent_bytes <= 2 * source.len() + 20);
    });
}

#[test]
fn endless_grants_send_the_source_once() {
    let source = [b'x'; 1000];
    let mut exec = Exec::new(&source, Paste::Unknown);
    exec.sent(3);
    let _ = exec.receive(b"R\x01\xff\xff").expect("a window");
    let mut sent_bytes = 0;
    for _ in 0..100 {
        assert_eq!(exec.receive(&[1; 1000]), Ok((1000, None)));
        let len = exec.send().len();
        exec.sent(len);
        sent_bytes += len;
    }
    assert_eq!(sent_bytes, source.len() + 1);
}

#[test]
fn session_takes_anything() {
    each_seed(|random, bytes| {
        let mut turns = Random::new(random.below(1000) as u64);
        let windows = [0, 1, 128, u16::MAX];
        let window_bytes = windows[turns.below(windows.len())];
        let mut session = Session::new(Config {
            window_bytes,
            images: turns.below(2) == 0,
        });
        session.control(turns.byte() % 7);
        feed(random, &bytes, |piece| {
            let (used, event) = session.receive(piece);
            let (is_event, ended, reset) = (
                event.is_some(),
                matches!(event, Some(Event::Execute(_) | Event::Refused(_))),
                matches!(event, Some(Event::SoftReset)),
            );
            if ended {
                let _ = (session.output_end(), session.executed(Outcome::Ended));
            } else if reset {
                session.restart();
            } else if turns.below(20) == 0 {
                session.refuse();
            }
            if !is_event && used == 0 && !piece.is_empty() {
                // The friendly prompt: the line editor takes a byte.
                session.control(piece[0]);
                return (1, true);
            }
            (used, is_event)
        });
    });
}

#[test]
fn whole_board_takes_anything() {
    each_seed(|random, bytes| {
        let mut board = Board::new(Config {
            window_bytes: 16,
            images: true,
        });
        board.memory_bytes = 100;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let len = 1 + random.below(rest.len());
            board.feed(&rest[..len]);
            rest = &rest[len..];
        }
        // Ctrl-C and Ctrl-A bring it to the raw prompt from wherever it stands.
        board.feed(b"\r\x03\x04\r\x03\x01\r\x03\x01");
        assert!(board.output.ends_with(b"raw REPL; CTRL-B to exit\r\n>"));
    });
}

#[test]
fn decoders_take_anything() {
    each_seed(|random, bytes| {
        let mut decoder = Decoder::new();
        let mut sender = Sender::new(128, 2);
        feed(random, &bytes, |piece| {
            let (used, frame) = decoder.receive(piece);
            sender.acknowledged();
            sender.sent(used);
            (used, frame.is_some())
        });
        let len = random.below(20);
        let mut buffer = vec![0; len];
        let mut requests = Requests::new(&mut buffer);
        feed(random, &bytes, |piece| {
            let (used, event) = requests.receive(piece);
            (used, event.is_some())
        });
        let requested = [
            Request::ListNext,
            Request::Stat { path: b"x" },
            Request::Read { file: 0, count: 1 },
        ];
        let (mut call, _) = Call::new(&requested[random.below(3)]);
        feed(random, &bytes, |piece| {
            let (used, event) = call.receive(piece);
            (used, event.is_some())
        });
        let mut login = Login::new();
        feed(random, &bytes, |piece| {
            let _ = login.receive(piece);
            (piece.len(), false)
        });
        if let Ok(packet) = Packet::parse(&bytes) {
            assert!(packet.name().len() <= webrepl::NAME_LEN_MAX);
        }
        let _ = (webrepl::parse_answer(&bytes), webrepl::parse_block(&bytes));
    });
}

#[test]
fn readers_take_anything() {
    each_seed(|_, bytes| {
        let mut reader = Reader::new(&bytes);
        let mut tokens = 0;
        loop {
            match reader.next() {
                Ok(Token::End) | Err(_) => break,
                Ok(Token::Str(text)) => assert!(text.chars().count() <= bytes.len()),
                Ok(Token::Bytes(data)) => assert!(data.bytes().count() <= bytes.len()),
                Ok(_) => {}
            }
            tokens += 1;
            assert!(tokens <= bytes.len());
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Some(traceback) = Traceback::parse(&text) {
            let _ = (
                traceback.frames().count(),
                traceback.errno(),
                traceback.exit(),
            );
        }
    });
}
