//! An ESP32-C3 that starts from its own mask ROM (`tests/ports/esp32c3`): every byte of the loader's side is
//! Espressif's. Our firmware on the same chip is in `cargo xtask ports esp32c3`.

use std::path::PathBuf;

use esp32c3::{Board, Options};
use harness::program::Desk;

use crate::{noise, ucli};

const FLASH_BYTES: usize = 4 << 20;
const OFFSET: usize = 0x10000;

/// A chip whose flash holds zeros, so that what was not erased is seen.
fn worn(desk: &Desk, options: Options) -> (Board, PathBuf) {
    desk.put("flash.bin", vec![0; FLASH_BYTES]);
    on(desk, options)
}

/// A chip with the flash of before.
fn on(desk: &Desk, options: Options) -> (Board, PathBuf) {
    let flash = desk.path().join("flash.bin");
    let board = Board::start(&Options {
        flash: flash.clone(),
        ..options
    });
    (board.unwrap(), flash)
}

fn flash_line<'a>(stub: bool, rest: &[&'a str]) -> Vec<&'a str> {
    let mut line = vec!["flash", "data.bin", "--offset", "0x10000", "--no-reset"];
    line.extend((!stub).then_some("--no-stub"));
    line.extend(rest);
    line
}

/// Sizes that are no multiple of a block or a sector arrive whole, with Espressif's stub and without.
#[test]
fn every_size_arrives_through_the_mask_rom() {
    let desk = Desk::new();
    for len in [1, 4095, 4097, 50_001] {
        for stub in [true, false] {
            let data = noise(len);
            desk.put("data.bin", &data);
            let (board, file) = worn(&desk, Options::default());
            let address = format!("rfc2217://{}", board.modem);
            ucli(&desk, &address, &flash_line(stub, &[])).run().ok();
            drop(board);
            let flash = std::fs::read(file).unwrap();
            assert!(flash[OFFSET..OFFSET + len] == data, "{len} {stub}");
            assert_eq!(flash[OFFSET - 1], 0, "the sector before is as it was");
            let end = OFFSET + len.next_multiple_of(4096);
            assert_eq!(flash[end], 0, "the sector behind is as it was");
        }
    }
}

/// esptool verifies what `ucli` wrote and `ucli` what esptool wrote.
#[test]
fn esptool_agrees_on_the_mask_rom() {
    let desk = Desk::new();
    desk.put("data.bin", noise(70_001));
    for stub in [true, false] {
        let downloads = || Options {
            downloads: true,
            ..Options::default()
        };
        let esptool = |board: &Board, words: &[&str]| {
            let port = format!("socket://{}", board.uart);
            let mut line = vec!["--chip", "esp32c3", "--port", &port];
            line.extend(["--before", "no-reset", "--after", "no-reset"]);
            line.extend((!stub).then_some("--no-stub"));
            line.extend(words);
            desk.peer("esptool", &line).run().ok()
        };
        let (board, _) = worn(&desk, Options::default());
        let address = format!("rfc2217://{}", board.modem);
        ucli(&desk, &address, &flash_line(stub, &[])).run().ok();
        drop(board);
        let (board, _) = on(&desk, downloads());
        let done = esptool(&board, &["verify-flash", "0x10000", "data.bin"]);
        assert!(done.out().contains("erification successful"), "{done}");
        drop(board);
        let (board, _) = worn(&desk, downloads());
        esptool(&board, &["write-flash", "0x10000", "data.bin"]);
        drop(board);
        let (board, _) = on(&desk, Options::default());
        let address = format!("rfc2217://{}", board.modem);
        let line = flash_line(stub, &["--verify"]);
        let done = ucli(&desk, &address, &line).run().ok();
        assert!(done.out().contains("holds this firmware"), "{done}");
        desk.put("data.bin", noise(70_002));
        ucli(&desk, &address, &line).run().fails(1, "does not hold");
        desk.put("data.bin", noise(70_001));
    }
}
/// The power goes at one of the chip's own erases and writes: it is said, and the next flash succeeds.
#[test]
fn a_flash_that_was_cut_is_repeated() {
    let desk = Desk::new();
    let data = noise(9_001);
    desk.put("data.bin", &data);
    for stub in [true, false] {
        let (board, _) = worn(&desk, Options::default());
        let address = format!("rfc2217://{}", board.modem);
        ucli(&desk, &address, &flash_line(stub, &[])).run().ok();
        let all = board.operations();
        drop(board);
        assert!(all > 30, "{all} pages and sectors");
        // At the first erase, between pages, in the middle, before the last page.
        for cut_at in [0, 5, all / 2, all - 1] {
            let cut = Options {
                cut_at: Some(cut_at),
                ..Options::default()
            };
            let (mut board, _) = worn(&desk, cut);
            let address = format!("rfc2217://{}", board.modem);
            let done = ucli(&desk, &address, &flash_line(stub, &[])).run();
            board.wait();
            done.fails(1, "broke off");
            let (board, file) = on(&desk, Options::default());
            let address = format!("rfc2217://{}", board.modem);
            ucli(&desk, &address, &flash_line(stub, &[])).run().ok();
            drop(board);
            let flash = std::fs::read(file).unwrap();
            assert!(
                flash[OFFSET..OFFSET + data.len()] == data,
                "{cut_at} {stub}"
            );
        }
    }
}
