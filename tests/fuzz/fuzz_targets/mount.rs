//! The mount protocol: a board's requests, and a host's replies.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ucli_protocol::mount::{Call, Request, Requests};

fuzz_target!(|data: &[u8]| {
    let Some((&[buffer_len, choice, step], wire)) = data.split_first_chunk() else {
        return;
    };
    let mut buffer = vec![0; usize::from(buffer_len)];
    let mut requests = Requests::new(&mut buffer);
    let mut calls = 0;
    for mut piece in wire.chunks(usize::from(step).max(1)) {
        loop {
            let (used, event) = requests.receive(piece);
            let is_event = event.is_some();
            piece = &piece[used..];
            calls += 1;
            if !is_event {
                break;
            }
        }
    }
    let all = [
        Request::Stat { path: b"/" },
        Request::ListNext,
        Request::Read { file: 0, count: 9 },
        Request::Write {
            file: 0,
            data: b"x",
        },
        Request::Close { file: 0 },
    ];
    let (mut call, _) = Call::new(&all[usize::from(choice) % all.len()]);
    for mut piece in wire.chunks(usize::from(step).max(1)) {
        loop {
            let (used, event) = call.receive(piece);
            piece = &piece[used..];
            calls += 1;
            if event.is_none() {
                break;
            }
        }
    }
    assert!(calls <= 8 * wire.len() + 8);
});
