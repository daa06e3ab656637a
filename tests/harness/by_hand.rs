//! `cargo run -p integration --example board [tcp]`: a board of the harness to play with.
//!
//! Prints its address and lives until standard input ends.

#![expect(clippy::print_stdout, reason = "its address is what it is for")]

use std::io::Read;

use harness::board::{Board, Reach};

fn main() {
    let reach = if std::env::args().nth(1).as_deref() == Some("tcp") {
        Reach::Tcp
    } else {
        Reach::Serial
    };
    let board = Board::reached(reach);
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
