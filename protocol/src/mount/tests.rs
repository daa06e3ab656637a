//! Both ends glued together, whole and byte by byte; and what a hostile board sends.

use super::*;
extern crate std;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

const REQUESTS: [Request<'static>; 14] = [
    Request::Stat { path: b"/a" },
    Request::ListStart { path: b"" },
    Request::ListNext,
    Request::Open {
        path: b"/a",
        mode: b"rb",
    },
    Request::Close { file: 3 },
    Request::Read {
        file: -1,
        count: -2,
    },
    Request::ReadLine { file: 7 },
    Request::Write {
        file: 1,
        data: b"\x18\x01data",
    },
    Request::Write { file: 1, data: b"" },
    Request::Seek {
        file: 1,
        offset: -100_000,
        whence: 2,
    },
    Request::Remove { path: b"x" },
    Request::Rename {
        old: b"old",
        new: b"",
    },
    Request::MakeDir { path: b"d" },
    Request::RemoveDir { path: b"d" },
];

fn wire(request: &Request<'_>) -> Vec<u8> {
    let (_, call) = Call::new(request);
    let mut bytes = call.to_vec();
    request.write_arguments(&mut |piece| bytes.extend_from_slice(piece));
    bytes
}

fn scan(buffer_len: usize, pieces: &[&[u8]]) -> String {
    let mut buffer = std::vec![0; buffer_len];
    let mut requests = Requests::new(&mut buffer);
    let mut out = String::new();
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let (used, event) = requests.receive(rest);
            match event {
                Some(MountEvent::Output(text)) => out += &text.escape_ascii().to_string(),
                Some(MountEvent::Called(command)) => out += &format!("<{}>", command.byte()),
                Some(MountEvent::Request(request)) => out += &format!("{request:?};"),
                Some(MountEvent::WritePart { file, data, last }) => {
                    out += &format!(
                        "w{file}{}{}",
                        data.escape_ascii(),
                        if last { ";" } else { "" }
                    );
                }
                Some(MountEvent::TooLong(command)) => out += &format!("<{command:?} too long>"),
                Some(MountEvent::Malformed(command)) => out += &format!("<{command:?} malformed>"),
                None => break,
            }
            rest = &rest[used..];
        }
    }
    out.replace("w1", "")
}

#[test]
fn every_request_goes_through_at_every_split() {
    for request in &REQUESTS {
        let mut bytes = b"out\x18\x18\x7f".to_vec();
        bytes.extend(wire(request));
        bytes.extend(b"put");
        let shown = match request {
            Request::Write { data, .. } => format!("{};", data.escape_ascii()),
            _ => format!("{request:?};"),
        };
        let expected = format!("out\\x18\\x18\\x7f<{}>{shown}put", request.command().byte());
        assert_eq!(scan(64, &[&bytes]), expected);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(scan(64, &single), expected);
        for split in 0..bytes.len() {
            assert_eq!(
                scan(64, &[&bytes[..split], &bytes[split..]]),
                expected,
                "{split}"
            );
        }
    }
}

#[test]
fn strings_that_fill_the_buffer_ok() {
    let bytes = wire(&Request::Rename {
        old: b"abc",
        new: b"de",
    });
    assert!(scan(5, &[&bytes]).contains("Rename {"));
}

#[test]
fn strings_longer_than_the_buffer_are_skipped_err() {
    let mut bytes = wire(&Request::Rename {
        old: b"abc",
        new: b"de",
    });
    bytes.extend(b"next");
    assert_eq!(scan(4, &[&bytes]), "<11><Rename too long>next");
    assert_eq!(Command::Rename.failed(36), Some(Reply::Value(-36)));
}

#[test]
fn impossible_lengths_are_malformed() {
    assert_eq!(
        scan(4, &[b"\x18\x01\xff\xff\xff\xffabc"]),
        "<1><Stat malformed>abc"
    );
    assert_eq!(
        scan(4, &[b"\x18\x08\x01\xff\xff\xff\xffabc"]),
        "<8><Write malformed>abc"
    );
    assert_eq!(
        scan(4, &[b"\x18\x01\x01\x10\x00\x00a"]),
        "<1><Stat malformed>a"
    );
}

/// The device end reads back what the host end wrote, at every split.
#[test]
fn every_reply_is_read_back() {
    let stat = Stat {
        mode: 0x8000,
        size_bytes: u32::MAX,
        accessed_s: 1,
        modified_s: 2,
        changed_s: 3,
    };
    let cases = [
        (
            REQUESTS[0],
            Reply::Stat(stat),
            format!("{:?}", CallEvent::Stat(stat)),
        ),
        (REQUESTS[0], Reply::Status(-2), "Value(-2)".into()),
        (REQUESTS[1], Reply::Status(0), "Value(0)".into()),
        (
            REQUESTS[2],
            Reply::Entry {
                name: b"boot.py",
                mode: 0x4000,
            },
            "boot.pyEntryMode(16384)".into(),
        ),
        (REQUESTS[2], Reply::EndOfList, "EndOfList".into()),
        (REQUESTS[3], Reply::Status(127), "Value(127)".into()),
        (REQUESTS[5], Reply::Data(b"\x18abc"), "\\x18abc.".into()),
        (REQUESTS[6], Reply::Data(b""), ".".into()),
        (REQUESTS[7], Reply::Value(6), "Value(6)".into()),
        (REQUESTS[9], Reply::Value(-1), "Value(-1)".into()),
        (
            REQUESTS[10],
            Reply::Value(i32::MIN),
            "Value(-2147483648)".into(),
        ),
    ];
    for (request, reply, expected) in cases {
        let mut bytes = b"noise\x18".to_vec();
        reply.write_into(&mut |piece| bytes.extend_from_slice(piece));
        for split in 0..=bytes.len() {
            let (mut call, _) = Call::new(&request);
            let mut out = String::new();
            for piece in [&bytes[..split], &bytes[split..]] {
                let mut rest = piece;
                loop {
                    let (used, event) = call.receive(rest);
                    rest = &rest[used..];
                    match event {
                        Some(CallEvent::Name(name)) => out += &name.escape_ascii().to_string(),
                        Some(CallEvent::Data { bytes, last }) => {
                            out += &bytes.escape_ascii().to_string();
                            out += if last { "." } else { "" };
                        }
                        Some(event) => out += &format!("{event:?}"),
                        None => break,
                    }
                }
            }
            assert_eq!(out, format!("Ready{expected}"), "{reply:?} at {split}");
            assert!(call.is_done());
        }
    }
}

#[test]
fn failures_have_the_shape_of_their_command() {
    assert_eq!(Command::Stat.failed(2), Some(Reply::Status(-2)));
    assert_eq!(Command::Open.failed(-13), Some(Reply::Status(-13)));
    assert_eq!(Command::Stat.failed(1000), Some(Reply::Status(-127)));
    assert_eq!(Command::Read.failed(5), Some(Reply::Data(b"")));
    assert_eq!(Command::Close.failed(5), None);
    assert_eq!(
        Command::Write.failed(i32::MIN),
        Some(Reply::Value(-i32::MAX))
    );
    assert!(
        Command::ALL
            .iter()
            .all(|&command| Command::of_byte(command.byte()) == Some(command))
    );
    assert_eq!((Command::of_byte(0), Command::of_byte(14)), (None, None));
}
