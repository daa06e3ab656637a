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

/// An image of nobody's project for the first stage: it prints a line again and again.
fn arbitrary_image() -> Vec<u8> {
    const ENTRY: u32 = 0x4038_0000;
    // The FIFO of the UART; from the text on, a byte at a time; a pause; from the beginning.
    const PROGRAM: [u32; 13] = [
        0x6000_0537,
        0x0000_0597,
        0x0305_8593,
        0x0005_c603,
        0x0006_0a63,
        0x00c5_2023,
        0x0015_8593,
        0xff1f_f06f,
        0x0000_0013,
        0x0004_06b7,
        0xfff6_8693,
        0xfe06_9ee3,
        0xfd5f_f06f,
    ];
    let mut code: Vec<u8> = PROGRAM.iter().flat_map(|word| word.to_le_bytes()).collect();
    code.extend(b"arbitrary image runs\r\n\0\0");
    // Magic number, one segment, DIO, 4 MB at 40 MHz; the entry; chip 5; no digest.
    let mut image = vec![0xe9, 1, 2, 0x20];
    image.extend(ENTRY.to_le_bytes());
    image.extend([0xee, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    image.extend(ENTRY.to_le_bytes());
    image.extend(u32::try_from(code.len()).unwrap().to_le_bytes());
    image.extend(&code);
    let sum = code.iter().fold(0xef_u8, |sum, byte| sum ^ byte);
    image.resize(image.len() / 16 * 16 + 15, 0);
    image.push(sum);
    image
}

/// An image that is not ours is written with Espressif's stub and without, and the mask ROM starts it.
#[test]
fn an_arbitrary_image_is_written_and_starts() {
    use std::io::{BufRead, BufReader};
    let desk = Desk::new();
    desk.put("data.bin", arbitrary_image());
    for stub in [true, false] {
        let (board, file) = worn(&desk, Options::default());
        let address = format!("rfc2217://{}", board.modem);
        let mut line = vec!["flash", "data.bin", "--offset", "0", "--no-reset"];
        line.extend((!stub).then_some("--no-stub"));
        ucli(&desk, &address, &line).run().ok();
        drop(board);
        assert!(
            std::fs::read(file).unwrap().starts_with(&arbitrary_image()),
            "{stub}"
        );
        let (board, _) = on(&desk, Options::default());
        let uart = std::net::TcpStream::connect(&board.uart).unwrap();
        uart.set_read_timeout(Some(std::time::Duration::from_secs(120)))
            .unwrap();
        let mut lines = BufReader::new(uart).split(b'\n').map(|line| line.unwrap());
        let runs = lines.any(|line| line.ends_with(b"arbitrary image runs\r"));
        assert!(runs, "{stub}");
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
