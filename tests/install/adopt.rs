//! Boards on which somebody else installed: mip and pipkin.

use harness::program::Desk;
use harness::schema;
use harness::server::Server;

use crate::{board, files, ucli};

fn server() -> Server {
    Server::with(&[
        ("requests", "1.0", &[("requests/__init__.py", "r = 1\n")]),
        (
            "urequests",
            "0.8.0",
            &[
                ("requests/__init__.py", "r = 1\n"),
                ("urequests.py", "u = 1\n"),
            ],
        ),
        ("moving", "1.0", &[("moving.py", "m = 1\n")]),
        ("moving", "2.0", &[("moving.py", "m = 2\n")]),
    ])
}

/// What mpremote installed is found out and belongs to ucli then: it is listed, upgraded and removed.
#[test]
fn installations_of_mip_are_adopted() {
    let (desk, board, server) = (Desk::new(), board(), server());
    let url = server.url();
    for package in ["urequests", "moving@1.0"] {
        let line = [
            "resume", "mip", "install", "--no-mpy", "--target", "lib", "--index", &url, package,
        ];
        desk.mpremote(&board, &line).run().ok();
    }
    board.put("lib/mine.py", "mine = 1\n");
    board.put("lib/moving_copy.py", "m = 1\n");
    let before = files(&board);
    let listed = ucli(&desk, &board, &server, "list").run().ok();
    assert!(
        listed.err().contains("5 files are of no package"),
        "{listed}"
    );
    let seen = ucli(&desk, &board, &server, "install --adopt --dry-run")
        .run()
        .ok();
    assert_eq!(
        seen.out(),
        "would adopt moving 1.0\nwould adopt urequests 0.8.0\n"
    );
    assert!(!board.files().join("lib/.ucli.json").exists());
    let done = ucli(&desk, &board, &server, "--json install --adopt")
        .run()
        .ok();
    let object: serde_json::Value = serde_json::from_str(done.out().trim()).expect("JSON");
    let complaints = schema::complaints(&schema::load("install"), &object);
    assert!(complaints.is_empty(), "{complaints:?}");
    assert_eq!(
        object["strangers"],
        serde_json::json!(["mine.py", "moving_copy.py"])
    );
    assert_eq!(files(&board), before, "nothing is touched");
    let listed = ucli(&desk, &board, &server, "list").run().ok().out();
    assert!(
        listed.contains("moving") && !listed.contains("changed"),
        "{listed}"
    );
    let frozen = ucli(&desk, &board, &server, "freeze").run().ok().out();
    assert_eq!(frozen, "moving==1.0\nurequests==0.8.0\n");
    ucli(&desk, &board, &server, "install --no-mpy --upgrade moving")
        .run()
        .ok();
    assert_eq!(board.get("lib/moving.py"), b"m = 2\n");
    ucli(&desk, &board, &server, "uninstall urequests moving")
        .run()
        .ok();
    assert_eq!(files(&board), ["mine.py", "moving_copy.py"]);
    let again = ucli(&desk, &board, &server, "install --adopt").run().ok();
    assert!(again.err().contains("nothing to adopt"), "{again}");
}

/// Naming a package that is there already adopts it without a copy.
#[test]
fn a_package_that_is_there_is_not_copied_again() {
    let (desk, board, server) = (Desk::new(), board(), server());
    board.put("lib/moving.py", "m = 2\n");
    let done = ucli(&desk, &board, &server, "--json install --no-mpy moving")
        .run()
        .ok();
    let object: serde_json::Value = serde_json::from_str(done.out().trim()).expect("JSON");
    assert_eq!(
        (&object["unchanged"], &object["written"]),
        (&1.into(), &serde_json::json!([]))
    );
    ucli(&desk, &board, &server, "uninstall moving").run().ok();
    assert!(files(&board).is_empty());
}

/// What pipkin installed has a record of its own; one that does not hold is not believed.
#[test]
fn installations_of_pipkin_are_adopted() {
    let (desk, board, server) = (Desk::new(), board(), server());
    for (name, body) in [("good", "g = 1\n"), ("bad", "b = 1\n")] {
        board.put(&format!("lib/{name}.py"), body);
        let program = format!(
            "import base64,hashlib\nprint(base64.urlsafe_b64encode(hashlib.sha256({:?}.encode()).digest()).decode().rstrip('='))",
            "g = 1\n"
        );
        let digest = desk.peer("python", &["-c", &program]).run().ok().out();
        let record = format!(
            "{name}.py,sha256={},6\n{name}-1.2.dist-info/METADATA,,\n{name}-1.2.dist-info/RECORD,,\n",
            digest.trim()
        );
        board.put(&format!("lib/{name}-1.2.dist-info/RECORD"), record);
        board.put(
            &format!("lib/{name}-1.2.dist-info/METADATA"),
            "Metadata-Version: 2.1\n",
        );
    }
    let done = ucli(&desk, &board, &server, "install --adopt").run().ok();
    assert_eq!(done.out(), "= good 1.2\n");
    ucli(&desk, &board, &server, "uninstall good").run().ok();
    assert_eq!(
        files(&board),
        [
            "bad-1.2.dist-info/METADATA",
            "bad-1.2.dist-info/RECORD",
            "bad.py"
        ]
    );
}
