//! Standard input for a program that runs on the board.

use std::io::Read;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, OnceLock};

/// What was typed or piped and not yet used. One reader serves the whole process: a second one would
/// take bytes away from the first.
static INPUT: OnceLock<Mutex<Receiver<Vec<u8>>>> = OnceLock::new();

fn start() -> Mutex<Receiver<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 1024];
        while let Ok(len @ 1..) = std::io::stdin().read(&mut buffer) {
            if sender.send(buffer[..len].to_vec()).is_err() {
                return;
            }
        }
    });
    Mutex::new(receiver)
}

/// Hands out what has come on standard input since the last call.
pub(crate) fn piped() -> Box<dyn FnMut() -> Vec<u8>> {
    let input = INPUT.get_or_init(start);
    Box::new(move || {
        let mut bytes = Vec::new();
        if let Ok(receiver) = input.lock() {
            while let Ok(more) = receiver.try_recv() {
                bytes.extend_from_slice(&more);
            }
        }
        bytes
    })
}
