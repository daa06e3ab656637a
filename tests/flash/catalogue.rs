//! The catalogue and downloads, from a server that a test makes, honest and otherwise.

use harness::program::{Call, Desk};
use harness::server::{Server, sha256};
use serde_json::json;

use crate::{image, record, ucli};
use harness::esp_board::Chip;
use harness::esp_rom::{Kind, Rom};

struct Shop {
    server: Server,
    newest: Vec<u8>,
}

/// A server with two versions and a nightly for a board with an ESP32-C3.
fn shop() -> Shop {
    let server = Server::start();
    let (newest, older, nightly) = (image(5, 9000), image(5, 4000), image(5, 5000));
    for (path, bytes) in [
        ("/fw/c3-1.29.0.bin", &newest),
        ("/fw/c3-1.28.0.bin", &older),
        ("/fw/c3-nightly.bin", &nightly),
    ] {
        server.put(path, bytes);
    }
    let release = |version: &str, channel: &str, file: &str, bytes: &[u8]| {
        json!({ "implementation": "micropython", "version": version, "channel": channel,
            "url": format!("fw/{file}"), "sha256": sha256(bytes) })
    };
    let index = json!({ "v": 1, "boards": [
        { "id": "ESP32_GENERIC_C3", "name": "ESP32-C3", "vendor": "Espressif", "mcu": "esp32c3", "default": true, "firmware": [
            release("1.28.0", "stable", "c3-1.28.0.bin", &older),
            release("1.29.0", "stable", "c3-1.29.0.bin", &newest),
            release("1.30.0-preview.5", "nightly", "c3-nightly.bin", &nightly) ] },
        { "id": "LOLIN_C3_MINI", "name": "C3 mini", "vendor": "Wemos", "mcu": "esp32c3" },
        { "id": "RPI_PICO", "name": "Pico", "vendor": "Raspberry Pi", "mcu": "rp2040" } ] });
    server.put("/index.json", index.to_string());
    Shop { server, newest }
}

fn shopping(desk: &Desk, shop: &Shop, address: &str, line: &[&str]) -> Call {
    ucli(desk, address, line).env(
        "UCLI_FIRMWARE_INDEX",
        format!("{}/index.json", shop.server.url()),
    )
}

fn c3() -> Chip {
    Chip::on_terminal(Rom::new(Kind::Esp32c3, 4 << 20))
}

/// Nothing named: the newest stable MicroPython for the chip; a version, `nightly` and a URL too.
#[test]
fn the_right_firmware_is_found_for_the_board() {
    let (desk, shop) = (Desk::new(), shop());
    let url = format!("{}/fw/c3-1.28.0.bin", shop.server.url());
    for (words, len) in [
        (&["--no-reset"][..], shop.newest.len()),
        (&["latest", "--no-reset"], shop.newest.len()),
        (&["1.28.0", "--no-reset"], image(5, 4000).len()),
        (
            &["nightly", "--no-reset", "--board", "esp32_generic_c3"],
            image(5, 5000).len(),
        ),
        (&[&url, "--no-reset"], image(5, 4000).len()),
    ] {
        let board = c3();
        let line = [&["--json", "flash"], words].concat();
        let done = shopping(&desk, &shop, &board.address, &line).run().ok();
        let last = record(&done, "flash");
        assert_eq!(last["firmware"]["bytes"], len, "{done}");
        assert_eq!(last["verified"], true, "{done}");
    }
}

/// What was fetched is kept: again without the network, and `--offline` says what it lacks.
#[test]
fn downloads_are_cached_and_checked() {
    let (desk, shop) = (Desk::new(), shop());
    let board = c3();
    let flash = |line: &[&str]| {
        board.rom().start(harness::esp_rom::Mode::Rom);
        shopping(
            &desk,
            &shop,
            &board.address,
            &[&["flash", "--no-reset"], line].concat(),
        )
    };
    flash(&["--offline"]).run().fails(1, "not in the cache");
    // The connection breaks in the middle and the rest is fetched.
    shop.server
        .change("/fw/c3-1.29.0.bin", |page| page.breaks_after = 5000);
    flash(&[]).run().ok();
    let asked = shop.server.asked();
    assert!(
        asked.iter().any(|one| one
            .headers
            .get("range")
            .is_some_and(|range| range == "bytes=5000-")),
        "{asked:?}"
    );
    flash(&["--offline"]).run().ok();
    assert!(shop.server.asked().is_empty(), "offline asks nobody");
    // Another file than was promised, an error, and nothing at all.
    shop.server.put("/fw/c3-1.28.0.bin", image(5, 4001));
    let blocks = board.rom().blocks;
    flash(&["1.28.0"])
        .run()
        .fails(1, "is not what the index promised");
    shop.server
        .change("/fw/c3-nightly.bin", |page| page.status = 404);
    flash(&["nightly"])
        .run()
        .fails(1, "names a file that is not there");
    assert_eq!(board.rom().blocks, blocks, "nothing was written");
}

/// Unknown boards and versions, no catalogue, a broken one.
#[test]
fn what_the_catalogue_lacks_is_named() {
    let (desk, shop) = (Desk::new(), shop());
    let board = c3();
    let flash = |line: &[&str]| {
        board.rom().start(harness::esp_rom::Mode::Rom);
        shopping(
            &desk,
            &shop,
            &board.address,
            &[&["flash", "--no-reset"], line].concat(),
        )
    };
    let done = flash(&["1.27.0"])
        .run()
        .fails(1, "no micropython 1.27.0 for ESP32_GENERIC_C3");
    assert!(done.err().contains("micropython@1.28.0"), "{done}");
    let done = flash(&["--board", "C3"]).run().fails(1, "no board `C3`");
    assert!(done.err().contains("LOLIN_C3_MINI"), "{done}");
    flash(&["circuitpython"])
        .run()
        .fails(1, "no circuitpython latest");
    let done = flash(&["--index", ""]).run();
    done.fails(2, "No catalogue of firmware is set up");
    shop.server.put("/index.json", "<html>");
    let done = ucli(
        &desk,
        "auto",
        &[
            "boards",
            "update",
            "--index",
            &format!("{}/index.json", shop.server.url()),
        ],
    )
    .run();
    done.fails(2, "is no catalogue of firmware");
}

/// `boards` lists and searches; the catalogue may be a file.
#[test]
fn boards_are_searched() {
    let (desk, shop) = (Desk::new(), shop());
    let all = shopping(&desk, &shop, "auto", &["boards"]).out();
    assert!(
        all.lines().count() == 3 && all.contains("micropython 1.29.0"),
        "{all}"
    );
    let found = shopping(&desk, &shop, "auto", &["boards", "wemos", "C3"]).out();
    assert!(found.starts_with("LOLIN_C3_MINI"), "{found}");
    let done = shopping(&desk, &shop, "auto", &["--json", "boards", "c3"])
        .run()
        .ok();
    assert_eq!(record(&done, "boards")["total"], 3);
    let done = shopping(&desk, &shop, "auto", &["boards", "update"])
        .run()
        .ok();
    assert!(done.err().contains("3 boards"), "{done}");
    shopping(&desk, &shop, "auto", &["boards", "--offline", "pico"])
        .run()
        .ok();
    let bytes = image(5, 2000);
    desk.put("own.bin", &bytes);
    let index = json!({ "v": 1, "boards": [{ "id": "OURS", "mcu": "esp32c3", "firmware": [
        { "implementation": "upy", "version": "0.1.0", "url": "own.bin", "sha256": sha256(&bytes) }] }] });
    desk.put("index.json", index.to_string());
    let board = c3();
    ucli(
        &desk,
        &board.address,
        &["flash", "upy", "--index", "index.json", "--no-reset"],
    )
    .run()
    .ok();
    assert!(board.rom().flash[..bytes.len()] == bytes, "every byte");
}
