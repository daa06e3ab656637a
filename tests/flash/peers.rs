//! Foreign tools on the same loaders, and a foreign loader.

use harness::esp_board::Chip;
use harness::esp_rom::{Kind, Mode, Rom};
use harness::program::Desk;

use crate::{image, noise, ucli};

/// esptool verifies what `ucli` wrote and `ucli` what esptool wrote, with both stubs and the ROM.
#[test]
fn esptool_agrees() {
    let desk = Desk::new();
    let firmware = image(5, 150_001);
    desk.put("firmware.bin", &firmware);
    for stub in [false, true] {
        let board = Chip::on_terminal(Rom::new(Kind::Esp32c3, 4 << 20));
        let esptool = |words: &[&str]| {
            let mut line = vec![
                "--chip",
                "esp32c3",
                "--port",
                board.address.as_str(),
                "--before",
                "no-reset",
                "--after",
                "no-reset",
            ];
            line.extend((!stub).then_some("--no-stub"));
            line.extend(words);
            desk.peer("esptool", &line)
        };
        let mut line = vec!["flash", "firmware.bin", "--no-reset", "--baud", "115200"];
        line.extend((!stub).then_some("--no-stub"));
        ucli(&desk, &board.address, &line).run().ok();
        board.rom().start(Mode::Rom);
        let done = esptool(&["verify-flash", "0", "firmware.bin"]).run().ok();
        assert!(done.out().contains("erification successful"), "{done}");
        board.rom().start(Mode::Rom);
        let id = esptool(&["flash-id"]).run().ok();
        assert!(id.out().contains("4MB"), "{id}");
        board.rom().start(Mode::Rom);
        board.rom().flash.fill(0);
        esptool(&["write-flash", "--flash-mode", "keep", "0", "firmware.bin"])
            .run()
            .ok();
        board.rom().start(Mode::Rom);
        line.push("--verify");
        let done = ucli(&desk, &board.address, &line).run().ok();
        assert!(done.out().contains("holds this firmware"), "{done}");
    }
}

/// A loader that others have written, for every chip that it plays: with its stub and without.
#[test]
fn a_foreign_mock_of_every_chip_is_flashed() {
    let desk = Desk::new();
    desk.put("data.bin", noise(50_001));
    for chip in [
        "esp32", "esp32s2", "esp32s3", "esp32c2", "esp32c3", "esp32c6", "esp32h2", "esp8266",
    ] {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let line = ["run", "--chip", chip, "--port", &port.to_string()];
        let mut mock = desk
            .peer("esp32-mock-bootloader", &line)
            .env("PYTHONUNBUFFERED", "1")
            .start();
        mock.wait_for("listening");
        let address = format!("tcp://127.0.0.1:{port}");
        for stub in [true, false] {
            let mut line = vec![
                "--yes",
                "flash",
                "data.bin",
                "--offset",
                "0x10000",
                "--no-reset",
            ];
            line.extend((!stub).then_some("--no-stub"));
            let done = ucli(&desk, &address, &line).run().ok();
            let name = chip.to_uppercase();
            assert!(done.err().replace('-', "").contains(&name), "{done}");
            if chip != "esp8266" {
                assert!(done.err().contains("the digest is the same"), "{done}");
            }
        }
        mock.signal(rustix::process::Signal::TERM);
        drop(mock.finish());
    }
}
