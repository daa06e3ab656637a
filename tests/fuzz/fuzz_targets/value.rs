//! Values and tracebacks that a device prints.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ucli_protocol::literal::{Bytes, bytes_len};
use ucli_protocol::traceback::Traceback;
use ucli_protocol::value::{Reader, Token};

fuzz_target!(|data: &[u8]| {
    let mut reader = Reader::new(data);
    let mut tokens = 0;
    loop {
        match reader.next() {
            Ok(Token::End) | Err(_) => break,
            Ok(Token::Str(text)) => assert!(text.chars().count() <= data.len()),
            Ok(Token::Bytes(bytes)) => assert!(bytes.bytes().count() <= data.len()),
            Ok(_) => {}
        }
        tokens += 1;
        assert!(tokens <= data.len());
    }
    // What we write, we read.
    let literal = Bytes(data).to_string();
    assert_eq!(literal.len(), bytes_len(data));
    let Ok(Token::Bytes(bytes)) = Reader::new(literal.as_bytes()).next() else {
        panic!("a literal is a value");
    };
    assert!(bytes.bytes().eq(data.iter().copied()));
    if let Some(traceback) = Traceback::parse(&String::from_utf8_lossy(data)) {
        let _ = (
            traceback.frames().count(),
            traceback.errno(),
            traceback.exit(),
        );
    }
});
