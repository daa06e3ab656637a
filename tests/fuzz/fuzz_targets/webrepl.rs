//! WebREPL's login and file records.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ucli_protocol::webrepl::{self, Login, Packet, Repr};

fuzz_target!(|data: &[u8]| {
    let mut whole = Login::new();
    let mut single = Login::new();
    let at_once = whole.receive(data);
    let last = data
        .chunks(1)
        .filter_map(|byte| single.receive(byte))
        .last();
    assert_eq!(at_once, last);
    if let Ok(packet) = Packet::parse(data) {
        let request = Repr::parse(packet).expect("a packet is checked");
        let bytes = request.emit().expect("a name that was read fits");
        let again = Packet::parse(&bytes).expect("what we write, we read");
        assert_eq!(Repr::parse(again), Ok(request));
    }
    let _ = webrepl::parse_answer(data);
    if let Ok(block) = webrepl::parse_block(data) {
        assert!(block.len() <= webrepl::BLOCK_LEN_MAX);
    }
    let _ = webrepl::parse_version(data);
});
