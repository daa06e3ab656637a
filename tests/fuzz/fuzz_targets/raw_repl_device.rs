//! The device end against any host. The first bytes choose the configuration and the pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ucli_protocol::device::{Config, Event, Outcome, Session};

fuzz_target!(|data: &[u8]| {
    let Some((&[window, options, step], host)) = data.split_first_chunk() else {
        return;
    };
    let mut session = Session::new(Config {
        window_bytes: u16::from(window),
        images: options & 1 == 1,
    });
    let mut calls = 0;
    let mut kept = 0;
    for mut piece in host.chunks(usize::from(step).max(1)) {
        loop {
            let (used, event) = session.receive(piece);
            piece = &piece[used..];
            calls += 1;
            match event {
                Some(Event::Source(bytes) | Event::EchoedSource(bytes)) => {
                    kept += bytes.len();
                    if options & 2 == 2 && kept % 16 == 15 {
                        session.refuse();
                    }
                }
                Some(Event::Execute(_) | Event::Refused(_)) => {
                    let _ = session.output_end();
                    let _ = session.executed(Outcome::Ended);
                }
                Some(Event::SoftReset) => session.restart(),
                Some(_) => {}
                None => match piece.split_first() {
                    Some((&byte, rest)) => {
                        // The friendly prompt: the line editor takes a byte.
                        session.control(byte);
                        piece = rest;
                    }
                    None => break,
                },
            }
        }
    }
    assert!(kept <= host.len());
    assert!(calls <= 8 * host.len() + 8);
});
