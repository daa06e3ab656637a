//! Frames of the transfer agent: any split gives the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ucli_protocol::agent::{Decoder, Frame};

fuzz_target!(|data: &[u8]| {
    let Some((&step, wire)) = data.split_first() else {
        return;
    };
    let split = decode(wire, usize::from(step).max(1));
    assert_eq!(split, decode(wire, wire.len().max(1)));
});

/// What was outside frames, and what was inside with an end mark after each frame.
fn decode(wire: &[u8], step: usize) -> (Vec<u8>, Vec<Option<u8>>) {
    let mut decoder = Decoder::new();
    let (mut aside, mut inside) = (Vec::new(), Vec::new());
    for mut piece in wire.chunks(step) {
        while !piece.is_empty() {
            let (used, frame) = decoder.receive(piece);
            assert!(used > 0 || frame.is_some());
            piece = &piece[used..];
            match frame {
                Some(Frame::Aside(bytes)) => aside.extend_from_slice(bytes),
                Some(Frame::Part { bytes, last, .. }) => {
                    inside.extend(bytes.iter().copied().map(Some));
                    inside.extend(last.then_some(None));
                }
                Some(Frame::Damaged) => inside.push(None),
                None => {}
            }
        }
    }
    (aside, inside)
}
