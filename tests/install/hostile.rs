//! Packages that want more than they should: refused with a reason, and nothing is written.

use harness::program::Desk;

use crate::{board, ucli};
use harness::server::Server;

/// Each description is refused with its code, before anything else is fetched.
#[test]
fn hostile_descriptions_are_refused() {
    let (desk, board, server) = (Desk::new(), board(), Server::start());
    server.put("/x.py", "x = 1\n");
    for (text, code) in [
        (r#"{"urls":[["../main.py","x.py"]]}"#, "unsafe_path"),
        (r#"{"urls":[["/boot.py","x.py"]]}"#, "unsafe_path"),
        (r#"{"urls":[["a\\b.py","x.py"]]}"#, "unsafe_path"),
        (r#"{"urls":[["a/../../b.py","x.py"]]}"#, "unsafe_path"),
        (r#"{"urls":[["c:b.py","x.py"]]}"#, "unsafe_path"),
        (r#"{"urls":[[".ucli.json","x.py"]]}"#, "unsafe_path"),
        (r#"{"urls":[["a.py","../../x.py"]]}"#, "bad_package"),
        (r#"{"urls":[["a.py","file:///etc/passwd"]]}"#, "bad_package"),
        (r#"{"urls":[["a.py","/etc/passwd"]]}"#, "bad_package"),
        (r#"{"hashes":[["a.py","../../x"]]}"#, "bad_package"),
        (
            r#"{"urls":[["a.py","x.py"],["a.py","x.py"]]}"#,
            "bad_package",
        ),
        (r#"{"deps":["x"]}"#, "bad_package"),
        (r#"{"deps":[["/etc/package.json",""]]}"#, "bad_package"),
        (r#"{"urls":[["a.mpy","x.py"]]}"#, "bad_package"),
        (r#"{"urls":[["a.py","missing.py"]]}"#, "package_not_found"),
        ("[1,2", "bad_package"),
        ("[]", "bad_package"),
        ("{}", "bad_package"),
        ("", "bad_package"),
    ] {
        server.put("/p/package.json", text);
        server.put("/p/x.py", "x = 1\n");
        for command in ["install", "mip install"] {
            let line = format!("--json {command} {}/p/package.json", server.url());
            let call = ucli(&desk, &board, &server, &line);
            let cache = desk.home().join(format!(
                "cache-{}",
                harness::server::sha256(text.as_bytes())
            ));
            let finished = call.env("UCLI_CACHE_DIR", cache).run().status_is(1);
            let object: serde_json::Value = serde_json::from_str(finished.out().trim()).unwrap();
            assert_eq!(object["error"]["code"], code, "{text}: {finished}");
            assert!(board.contents().is_empty(), "{text}");
        }
    }
}

/// Packages that need each other end in an error that shows the circle.
#[test]
fn circle_of_packages_is_refused() {
    let (desk, board, server) = (Desk::new(), board(), Server::start());
    for (one, other) in [("a", "b"), ("b", "a")] {
        let text = format!(r#"{{"urls":[],"deps":[["{}/{other}",""]]}}"#, server.url());
        server.put(&format!("/{one}/package.json"), text);
    }
    let line = format!("install {}/a", server.url());
    let finished = ucli(&desk, &board, &server, &line)
        .run()
        .fails(1, "in a circle");
    assert!(finished.err().matches('→').count() == 2, "{finished}");
    assert!(board.contents().is_empty());
}

/// Bytecode that this board could not load is refused.
#[test]
fn foreign_bytecode_is_refused() {
    let (desk, board, server) = (Desk::new(), board(), Server::start());
    for (bytes, reason) in [
        (&b"C\x06\x00\x1f"[..], "CircuitPython"),
        (b"M\x05\x00\x1f", "bytecode version 5"),
        (b"M\x06\x2b\x1f", "another processor"),
    ] {
        server.put("/m.mpy", bytes);
        let line = format!("install {}/m.mpy", server.url());
        ucli(&desk, &board, &server, &line).run().fails(1, reason);
        assert!(board.contents().is_empty());
    }
}

/// A record that somebody damaged is not believed and not overwritten.
#[test]
fn damaged_record_is_reported() {
    let (desk, board) = (Desk::new(), board());
    let server = Server::with(&[("pack", "1", &[("pack.py", "x = 1\n")])]);
    board.put(
        "lib/.ucli.json",
        r#"{"v":1,"packages":{"a":{"files":[["../main.py",1,"00"]]}}}"#,
    );
    board.put("main.py", "x");
    for line in ["uninstall --force a", "list", "install pack"] {
        ucli(&desk, &board, &server, line)
            .run()
            .fails(1, "record of installed packages");
    }
    assert_eq!(board.get("main.py"), b"x");
}
