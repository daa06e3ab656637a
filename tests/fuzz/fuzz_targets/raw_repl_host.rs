//! The host end against any board. The first bytes choose the machine, its options and the pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ucli_protocol::host::{Enter, Exec, Leave, Paste, Payload};

fuzz_target!(|data: &[u8]| {
    let Some((&[machine, options, step], board)) = data.split_first_chunk() else {
        return;
    };
    let pieces = board.chunks(usize::from(step).max(1));
    let flag = options & 1 == 1;
    let mut calls = 0;
    match machine % 3 {
        0 => {
            let mut enter = Enter::new(flag);
            for mut piece in pieces {
                let len = enter.send().len();
                enter.sent(len.min(usize::from(options >> 4)));
                loop {
                    let (used, event) = enter.receive(piece);
                    piece = &piece[used..];
                    calls += 1;
                    if event.is_none() {
                        break;
                    }
                }
                if options & 2 == 2 {
                    enter.timeout();
                }
            }
        }
        1 => {
            let mut leave = Leave::new(flag);
            for mut piece in pieces {
                let len = leave.send().len();
                leave.sent(len);
                loop {
                    let (used, event) = leave.receive(piece);
                    piece = &piece[used..];
                    calls += 1;
                    if event.is_none() {
                        break;
                    }
                }
            }
        }
        _ => exec(options, board, pieces, &mut calls),
    }
    assert!(calls <= 4 * board.len() + 4);
});

fn exec<'a>(options: u8, source: &[u8], pieces: impl Iterator<Item = &'a [u8]>, calls: &mut usize) {
    let payload = if options & 1 == 1 {
        Payload::Image(source)
    } else {
        Payload::Source(source)
    };
    let paste =
        [Paste::Unknown, Paste::Supported, Paste::Unsupported][usize::from(options >> 2) % 3];
    let mut exec = Exec::with_payload(payload, paste);
    let mut sent_bytes = 0;
    for (index, mut piece) in pieces.enumerate() {
        let len = exec.send().len().min(usize::from(options >> 4) + 1);
        exec.sent(len);
        sent_bytes += len;
        if options & 2 == 2 && index == usize::from(options >> 4) {
            exec.interrupt();
        }
        while let Ok((used, event)) = exec.receive(piece) {
            piece = &piece[used..];
            *calls += 1;
            if event.is_none() {
                break;
            }
        }
    }
    assert!(sent_bytes <= 2 * source.len() + 16);
}
