//! The lock of a project says the same wherever and however it is made.

use harness::program::Desk;
use harness::server::{Server, sha256};

use crate::{board, ucli};

/// Another user, another place, another order, another clock and language: the same lock to the byte.
#[test]
fn same_inputs_give_the_same_lock() {
    let server = Server::with(&[
        (
            "one",
            "1.0",
            &[("one.py", "x = 1\n"), ("shared.py", "y = 1\n")],
        ),
        ("two.part", "0.5", &[("two/part.py", "z = 1\n")]),
    ]);
    let wheel = Desk::new();
    wheel.put("w.py", "w = 1\n");
    let name = "micropython_w-1.0-py3-none-any.whl";
    let archive = wheel.path().join(name).to_string_lossy().into_owned();
    wheel
        .peer("python", &["-m", "zipfile", "-c", &archive, "w.py"])
        .run()
        .ok();
    let bytes = wheel.get(name);
    let page = serde_json::json!({ "files": [{ "filename": name, "url": format!("/packages/{name}"),
        "hashes": { "sha256": sha256(&bytes) } }] });
    server.put("/simple/micropython-w/", page.to_string());
    server.put(&format!("/packages/{name}"), bytes);
    server.put(
        "/app/package.json",
        r#"{"urls":[["app.py","app.py"]],"deps":[["one","1.0"]],"version":"9"}"#,
    );
    server.put("/app/app.py", "a = 1\n");
    let app = format!("{}/app/", server.url());
    let board = board();
    let mut locks = Vec::new();
    for (order, zone, language) in [
        (["one", "two.part", "micropython-w", &app], "UTC", "C"),
        (
            [&app, "micropython-w", "two.part", "one"],
            "Pacific/Kiritimati",
            "tr_TR.UTF-8",
        ),
        (
            ["micropython-w", "one", &app, "two.part"],
            "America/St_Johns",
            "ja_JP.UTF-8",
        ),
    ] {
        let desk = Desk::new();
        desk.put("local/l.py", "l = 1\n");
        let run = |line: &str| {
            let call = ucli(&desk, &board, &server, line);
            let call = call.env("TZ", zone).env("LC_ALL", language);
            call.env("LANG", language).run().ok()
        };
        run("init");
        for package in order {
            run(&format!("add {package}"));
        }
        run("add ./local");
        locks.push(desk.get("ucli.lock"));
        // Anew from the finished project, all at once.
        std::fs::remove_file(desk.path().join("ucli.lock")).expect("it was written");
        run("lock");
        locks.push(desk.get("ucli.lock"));
    }
    for lock in &locks {
        assert_eq!(lock, &locks[0]);
    }
}
