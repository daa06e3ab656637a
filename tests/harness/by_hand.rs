//! `cargo run -p integration --example board [tcp|usb|uart]`: a board of the harness to play with.
//!
//! `usb` paces its line like full-speed USB, `uart` like 115200 baud. Prints its address and lives until standard input ends.

#![expect(clippy::print_stdout, reason = "its address is what it is for")]

use std::io::Read;

use std::time::Duration;

use harness::board::{Board, Options, Reach};
use harness::link::Pace;

fn main() {
    let kind = std::env::args().nth(1);
    let board = match kind.as_deref() {
        Some("tcp") => Board::reached(Reach::Tcp),
        Some("usb") => paced(600_000, 500),
        Some("uart") => paced(11_520, 1000),
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

fn paced(rate: u32, latency_us: u64) -> Board {
    Board::with(&Options {
        pace: Pace {
            rate,
            latency: Duration::from_micros(latency_us),
        },
        ..Options::default()
    })
}
