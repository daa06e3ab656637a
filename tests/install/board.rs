//! What an installation leaves on a board, and how it is taken away again.

use harness::board::{Board, Options};
use harness::link::Pace;
use harness::program::Desk;

use crate::{LIBRARY, board, board_with, files, library, ucli};
use harness::server::Server;

/// A client of eight lines, enough for the article that everybody copies.
const REQUESTS: &str = "\
import socket
class Response:
    def __init__(self, text):
        self.text = text
def get(url):
    host, path = url.split('/', 3)[2:]
    name, port = host.split(':')
    s = socket.socket()
    s.connect(socket.getaddrinfo(name, int(port))[0][-1])
    s.write(b'GET /%s HTTP/1.0\\r\\n\\r\\n' % path.encode())
    while s.readline() != b'\\r\\n':
        pass
    return Response(s.read(5).decode())
";

fn article() -> Server {
    Server::with(&[(
        "urequests",
        "0.8.0",
        &[
            ("http_client/__init__.py", REQUESTS),
            ("urequests.py", "from http_client import *\n"),
        ],
    )])
}

/// The line of the article should install what works, and say what it did instead.
#[test]
fn article_line_works() {
    let (desk, board, server) = (Desk::new(), board(), article());
    server.put("/page", "hello");
    let finished = ucli(&desk, &board, &server, "install micropython-requests")
        .run()
        .ok();
    assert!(
        finished.err().contains("note: `micropython-requests` on PyPI is an empty placeholder; installing `urequests` 0.8.0 from micropython-lib\n"),
        "{finished}"
    );
    assert!(
        finished.out().starts_with("+ urequests 0.8.0  2 files"),
        "{finished}"
    );
    assert_eq!(files(&board), ["http_client/__init__.mpy", "urequests.mpy"]);
    let program = format!(
        "import urequests; print(urequests.get('{}/page').text)",
        server.url()
    );
    let said = desk.ucli_on(&board, &["exec", &program]).out();
    assert_eq!(said.trim(), "hello");
}

/// On a board without anything frozen both modules of the article arrive, under their own names, and work.
#[test]
fn article_line_brings_both_modules() {
    let (desk, board) = (
        Desk::new(),
        Board::booting("import sys\nsys.path[:]=['','./lib']\n"),
    );
    let server = Server::with(&[(
        "urequests",
        "0.8.0",
        &[
            ("requests/__init__.py", REQUESTS),
            ("urequests.py", "from requests import *\n"),
        ],
    )]);
    server.put("/page", "hello");
    ucli(&desk, &board, &server, "install micropython-requests")
        .run()
        .ok();
    assert_eq!(files(&board), ["requests/__init__.mpy", "urequests.mpy"]);
    for module in ["requests", "urequests"] {
        let program = format!(
            "import {module} as m; print(m.get('{}/page').text)",
            server.url()
        );
        let said = desk.ucli_on(&board, &["exec", &program]).out();
        assert_eq!(said.trim(), "hello", "{module}");
    }
}

/// A version does not say what is in a package: the newest is what the index has now, an exact version what
/// it had then.
#[test]
fn version_is_not_content() {
    let server = article();
    let newer = "n = 'newer'\n";
    let hash = &harness::server::sha256(newer.as_bytes())[..8];
    server.put(&format!("/file/{}/{hash}", &hash[..2]), newer);
    server.put(
        "/package/py/urequests/latest.json",
        format!(r#"{{"v":1,"version":"0.8.0","hashes":[["urequests.py","{hash}"]]}}"#),
    );
    for (line, expected) in [
        ("install --no-mpy urequests", newer),
        (
            "install --no-mpy urequests@0.8.0",
            "from http_client import *\n",
        ),
    ] {
        let (desk, board) = (Desk::new(), board());
        ucli(&desk, &board, &server, line).run().ok();
        assert_eq!(board.get("lib/urequests.py"), expected.as_bytes(), "{line}");
    }
}

/// What is there already is neither fetched nor written.
#[test]
fn second_installation_asks_nobody() {
    let (desk, board, server) = (Desk::new(), board(), article());
    ucli(&desk, &board, &server, "install urequests").run().ok();
    let before = board.contents();
    server.asked();
    let finished = ucli(&desk, &board, &server, "install micropython-requests")
        .run()
        .ok();
    assert!(
        finished
            .err()
            .contains("urequests 0.8.0 is installed already"),
        "{finished}"
    );
    assert!(server.asked().is_empty());
    assert_eq!(board.contents(), before);
}

/// A file that was lost or changed is put back.
#[test]
fn damaged_installation_is_repaired() {
    let (desk, board, server) = (Desk::new(), board(), article());
    ucli(&desk, &board, &server, "install urequests").run().ok();
    let before = board.contents();
    std::fs::remove_file(board.files().join("lib/urequests.mpy")).unwrap();
    board.put("lib/http_client/__init__.mpy", "broken");
    let list = ucli(&desk, &board, &server, "list").out();
    assert!(list.contains("incomplete"), "{list}");
    ucli(&desk, &board, &server, "install urequests").run().ok();
    assert_eq!(board.contents(), before);
}

/// `--dry-run` says what would happen and touches nothing.
#[test]
fn dry_run_writes_nothing() {
    let (desk, board, server) = (Desk::new(), board(), article());
    let said = ucli(&desk, &board, &server, "install --dry-run urequests").out();
    assert!(said.contains("would write ./lib/urequests.mpy"), "{said}");
    assert!(board.contents().is_empty(), "{:?}", board.contents());
}

/// A stale file that would be imported first goes away, and so does what the new version dropped.
#[test]
fn upgrade_leaves_one_module_of_each_name() {
    let (desk, board) = (Desk::new(), board());
    let server = Server::with(&[(
        "html",
        "1.0",
        &[("text.py", "a = 1\n"), ("old.py", "b = 1\n")],
    )]);
    board.put("lib/text.py", "stale = True\n");
    let finished = ucli(&desk, &board, &server, "install html").run().ok();
    assert!(finished.out().contains("- ./lib/text.py"), "{finished}");
    assert_eq!(files(&board), ["old.mpy", "text.mpy"]);
    server.publish(
        "html",
        "2.0",
        &[("text/__init__.py", "a = 2\n"), ("text/more.py", "c = 2\n")],
    );
    ucli(&desk, &board, &server, "install --upgrade").run().ok();
    assert_eq!(files(&board), ["text/__init__.mpy", "text/more.mpy"]);
    let said = desk
        .ucli_on(&board, &["eval", "__import__('text').a"])
        .out();
    assert_eq!(said.trim(), "2");
}

/// Source stays source when that is asked for, and a module of the other form does not stay beside it.
#[test]
fn no_mpy_copies_source() {
    let (desk, board, server) = (Desk::new(), board(), article());
    ucli(&desk, &board, &server, "install urequests").run().ok();
    ucli(&desk, &board, &server, "install --no-mpy urequests")
        .run()
        .ok();
    assert_eq!(files(&board), ["http_client/__init__.py", "urequests.py"]);
    assert_eq!(
        board.get("lib/http_client/__init__.py"),
        REQUESTS.as_bytes()
    );
}

/// A file of two packages stays until both are gone; empty directories go too.
#[test]
fn uninstall_keeps_what_others_own() {
    let (desk, board) = (Desk::new(), board());
    let server = Server::with(&[
        (
            "one",
            "1",
            &[("shared/a.py", "x = 1\n"), ("one.py", "y = 1\n")],
        ),
        (
            "two",
            "1",
            &[("shared/a.py", "x = 1\n"), ("two.py", "z = 1\n")],
        ),
    ]);
    board.put("lib/mine.py", "mine = 1\n");
    ucli(&desk, &board, &server, "install one two").run().ok();
    ucli(&desk, &board, &server, "uninstall one").run().ok();
    assert_eq!(files(&board), ["mine.py", "shared/a.mpy", "two.mpy"]);
    board.put("lib/two.mpy", "changed");
    ucli(&desk, &board, &server, "uninstall two")
        .run()
        .fails(1, "was changed on the board");
    ucli(&desk, &board, &server, "uninstall --force two")
        .run()
        .ok();
    assert_eq!(board.contents().len(), 2, "{:?}", board.contents());
    ucli(&desk, &board, &server, "uninstall two")
        .run()
        .fails(1, "not among the packages");
}

/// Two packages that want different contents under one name are not both installed.
#[test]
fn conflicting_packages_are_refused() {
    let (desk, board) = (Desk::new(), board());
    let server = Server::with(&[
        ("one", "1", &[("shared.py", "x = 1\n")]),
        ("two", "1", &[("shared.py", "x = 2\n")]),
    ]);
    ucli(&desk, &board, &server, "install one two")
        .run()
        .fails(1, "`shared.mpy`");
    assert!(board.contents().is_empty());
    ucli(&desk, &board, &server, "install one").run().ok();
    let before = board.contents();
    ucli(&desk, &board, &server, "install two")
        .run()
        .fails(1, "belongs to `one` on the board");
    assert_eq!(board.contents(), before);
}

/// The firmware's own modules come first: nothing is copied that would never be imported.
#[test]
fn module_of_the_firmware_is_not_copied() {
    let (desk, board) = (Desk::new(), board());
    let server = Server::with(&[
        ("argparse", "0.5.0", &[("argparse.py", "x = 1\n")]),
        ("argparse", "9.0", &[("argparse.py", "x = 9\n")]),
    ]);
    let finished = ucli(&desk, &board, &server, "install argparse").run().ok();
    assert!(
        finished
            .err()
            .contains("argparse is built into this firmware"),
        "{finished}"
    );
    assert!(board.contents().is_empty());
    ucli(&desk, &board, &server, "install argparse@9.0")
        .run()
        .fails(1, "would never be imported");
    assert!(board.contents().is_empty());
    ucli(&desk, &board, &server, "install --force argparse@9.0")
        .run()
        .ok();
    assert_eq!(files(&board), ["argparse.mpy"]);
}

/// What does not fit is known before the first byte.
#[test]
fn full_board_is_left_alone() {
    let full = "\
def _full():
 import builtins
 real=__import__
 class Os:
  def __init__(s,m):s.m=m
  def __getattr__(s,n):
   if n=='statvfs':return lambda p:(512,512,9,2,2,0,0,0,0,255)
   return getattr(s.m,n)
 def imports(n,*r):
  m=real(n,*r)
  return Os(m) if n=='os' else m
 builtins.__import__=imports
_full()
";
    let (desk, board, server) = (Desk::new(), board_with(full), article());
    let finished = ucli(&desk, &board, &server, "install urequests").run();
    finished.fails(1, "only 1,024 bytes are free on the board");
    assert!(board.contents().is_empty());
}

/// After a cut in the middle every file is whole, and the next run completes the installation.
#[test]
fn interrupted_installation_is_completed() {
    let texts: Vec<String> = (0..12)
        .map(|number| format!("x = {number}\ny = {:?}\n", "text ".repeat(300 + number)))
        .collect();
    let names: Vec<String> = (0..12)
        .map(|number| format!("pack/m{number:02}.py"))
        .collect();
    let list: Vec<(&str, &str)> = names
        .iter()
        .zip(&texts)
        .map(|(a, b)| (&a[..], &b[..]))
        .collect();
    let server = Server::with(&[("pack", "1", &list)]);
    let desk = Desk::new();
    let slow = Pace {
        rate: 6000,
        ..Pace::default()
    };
    let board = Board::with(&Options {
        boot: LIBRARY.to_string(),
        pace: slow,
        ..Options::default()
    });
    let mut running = ucli(&desk, &board, &server, "install --no-mpy pack").start();
    running.wait_for("m03.py");
    running.signal(rustix::process::Signal::KILL);
    let killed = running.finish();
    assert_eq!(killed.status, None, "{killed}");
    let there = files(&board);
    assert!(there.len() < 13, "{there:?}");
    for name in there.iter().filter(|name| name.ends_with(".py")) {
        let number = names
            .iter()
            .position(|one| one == name)
            .expect("a file of the package");
        assert_eq!(board.get(&format!("lib/{name}")), texts[number].as_bytes());
    }
    assert!(!board.files().join("lib/.ucli.json").exists());
    ucli(&desk, &board, &server, "install --no-mpy pack")
        .run()
        .ok();
    assert_eq!(files(&board), names);
}

/// `ucli mip install` and mpremote leave the same files and print the same lines.
#[test]
fn mip_leaves_the_files_of_mpremote() {
    let desk = Desk::new();
    let server = article();
    server.put(
        "/p/package.json",
        r#"{"urls":[["pack/a.py","src/a.py"]],"deps":[["urequests","latest"]],"version":"1"}"#,
    );
    server.put("/p/src/a.py", "a = 1\n");
    server.put("/single.py", "single = 1\n");
    let hosted = format!("{}/p/package.json", server.url());
    let single = format!("{}/single.py", server.url());
    for package in ["urequests", "urequests@0.8.0", &hosted, &single] {
        let (theirs, ours) = (board(), board());
        for board in [&theirs, &ours] {
            board.put("lib/other.py", "");
        }
        let url = server.url();
        let line = [
            "mip", "install", "--no-mpy", "--target", "lib", "--index", &url, package,
        ];
        let run = || {
            let theirs = desk.mpremote(&theirs, &[&["resume"], &line[..]].concat());
            let ours = desk.ucli_on(&ours, &line);
            let ours = ours.env("UCLI_CACHE_DIR", desk.home().join("cache"));
            (theirs.run().ok().out(), ours.run().ok().out())
        };
        let (said, answer) = run();
        assert_eq!(answer, said, "{package}");
        assert_eq!(library(&ours), library(&theirs), "{package}");
        assert!(!ours.files().join("lib/.ucli.json").exists());
        let (said, answer) = run();
        // Where no hash was promised mpremote copies again what is there.
        let said = said.replace("Installing: lib/pack/a.py", "Exists: lib/pack/a.py");
        let said = said.replace("Installing: lib/single.py", "Exists: lib/single.py");
        assert_eq!(answer, said, "{package} again");
    }
}

/// Every command has one JSON object at its end, with the facts a script needs.
#[test]
fn commands_speak_json() {
    let (desk, board, server) = (Desk::new(), board(), article());
    let last = |line: &str| -> serde_json::Value {
        let said = ucli(&desk, &board, &server, line).run().out();
        serde_json::from_str(said.lines().last().expect("a line")).expect("JSON")
    };
    let object = last("--json install micropython-requests");
    assert_eq!(object["packages"][0]["name"], "urequests");
    assert_eq!(object["written"].as_array().unwrap().len(), 2);
    let object = last("--json list");
    assert_eq!(object["packages"][0]["state"], "intact");
    assert_eq!(
        last("--json show urequests")["packages"][0]["description"],
        "About urequests"
    );
    assert_eq!(
        last("--json uninstall urequests")["removed"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let object = last("--json install nothing");
    assert_eq!(object["error"]["code"], "package_not_found");
    assert_eq!(
        last("--json install micropython-uasyncio")["error"]["code"],
        "built_in"
    );
}
