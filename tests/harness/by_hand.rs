//! `cargo run -p integration --example board [tcp|usb]`: a board of the harness to play with.
//!
//! `usb` paces its line like full-speed USB. Prints its address and lives until standard input ends.

#![expect(clippy::print_stdout, reason = "its address is what it is for")]

use std::io::Read;

use std::time::Duration;

use harness::board::{Board, Options, Reach};
use harness::link::Pace;

fn main() {
    let kind = std::env::args().nth(1);
    let board = match kind.as_deref() {
        Some("tcp") => Board::reached(Reach::Tcp),
        Some("usb") => Board::with(&Options {
            pace: Pace {
                rate: 600_000,
                latency: Duration::from_micros(500),
            },
            ..Options::default()
        }),
        _ => Board::reached(Reach::Serial),
    };
    println!("{}", board.address());
    println!("its files are in {}", board.files().display());
    let mut typed = Vec::new();
    std::io::stdin()
        .read_to_end(&mut typed)
        .expect("standard input can be read");
    let traffic = board.traffic();
    println!(
        "{} bytes up, {} down, {} turn-rounds",
        traffic.up, traffic.down, traffic.rounds
    );
}
