//! Where packages come from beside the index: folders of this computer, CircuitPython's bundles, an index
//! with dates; and what firmware of another kind or age gets.

use harness::board::Board;
use harness::program::Desk;
use harness::server::{Server, sha256};
use serde_json::json;

use crate::{board, board_with, files, ucli};

/// A board that says of itself what it is not: `name`, version and `_mpy` (none without a number).
fn pretender(name: &str, version: &str, mpy: Option<i64>) -> Board {
    let mpy = mpy.map_or(String::new(), |number| format!("  _mpy={number}\n"));
    board_with(&format!(
        "\
def _pretend():
 import builtins,sys as s
 real=__import__
 class Implementation:
  name='{name}'
{mpy}  def __getitem__(o,i):return ('{name}',{version})[i]
 class Sys:
  implementation=Implementation()
  def __getattr__(o,n):return getattr(s,n)
 y=Sys()
 def imports(n,*r):
  m=real(n,*r)
  return y if n=='sys' else m
 builtins.__import__=imports
_pretend()
"
    ))
}

/// Path and content of each file of an archive.
type Entries<'a> = &'a [(&'a str, &'a [u8])];

/// Puts a release of a bundle on the server: its list, and an archive for each form.
fn release(desk: &Desk, server: &Server, tag: &str, forms: &[(&str, Entries<'_>)]) {
    for (form, entries) in forms {
        let name = format!("my-bundle-{form}-{tag}");
        for (path, bytes) in *entries {
            desk.put(&format!("{name}/lib/{path}"), bytes);
        }
        let archive = desk.path().join(format!("{name}.zip"));
        let text = archive.to_string_lossy().into_owned();
        desk.peer("python", &["-m", "zipfile", "-c", &text, &name])
            .run()
            .ok();
        let url = format!("/o/My_Bundle/releases/download/{tag}/{name}.zip");
        server.put(&url, desk.get(&format!("{name}.zip")));
    }
}

fn list(server: &Server, tag: &str, version: &str) {
    let list = json!({
        "far_light": { "package": true, "pypi_name": "my-circuitpython-far-light", "version": version,
            "path": "lib/far_light", "dependencies": ["near"], "external_dependencies": ["my-blinka"] },
        "near": { "package": false, "version": "1.0", "path": "lib/near", "dependencies": [] },
        "wired": { "package": false, "version": "2.0", "path": "lib/wired", "dependencies": [] },
    });
    let url = format!("/o/My_Bundle/releases/download/{tag}/my-bundle-{tag}.json");
    server.put(&url, list.to_string());
}

fn tags(server: &Server, tags: &[&str]) {
    let line = |text: &str| format!("{:04x}{text}", text.len() + 4);
    let mut body = line("# service=git-upload-pack\n") + "0000";
    for tag in tags {
        body += &line(&format!("{} refs/tags/{tag}\n", "a".repeat(40)));
    }
    let url = "/o/My_Bundle.git/info/refs?service=git-upload-pack";
    server.put(url, body + "0000");
}

/// A bundle with two releases of three libraries.
fn bundle(desk: &Desk, server: &Server) {
    tags(server, &["20250101", "20250214", "v2"]);
    for (tag, version) in [("20250101", "1.1"), ("20250214", "1.2")] {
        list(server, tag, version);
        let text = format!("from near import n\nv = '{version}'\n");
        let sources: Entries<'_> = &[
            ("far_light/__init__.py", text.as_bytes()),
            ("near.py", b"n = 5\n"),
            ("wired.py", b"import board\n"),
        ];
        let compiled: Entries<'_> = &[
            ("far_light/__init__.mpy", b"C\x06\x00\x1f-far"),
            ("near.mpy", b"C\x06\x00\x1f-near"),
            ("wired.mpy", b"C\x06\x00\x1f-wired"),
        ];
        release(desk, server, tag, &[("py", sources), ("9.x-mpy", compiled)]);
    }
}

fn with_bundle(desk: &Desk, board: &Board, server: &Server, line: &str) -> harness::program::Call {
    let url = format!("{}/o/My_Bundle", server.url());
    ucli(desk, board, server, line).env("UCLI_CIRCUITPYTHON_BUNDLES", url)
}

/// A MicroPython board gets the sources of a library and of what it needs, compiled, and a word of warning.
#[test]
fn library_of_a_bundle_comes_with_what_it_needs() {
    let (desk, board, server) = (Desk::new(), board(), Server::start());
    bundle(&desk, &server);
    let install = |line: &str| with_bundle(&desk, &board, &server, line).run();
    let done = install("install circuitpython:my-circuitpython-far-light").ok();
    assert!(done.err().contains("made for CircuitPython"), "{done}");
    assert!(done.out().contains("+ far_light 1.2"), "{done}");
    assert_eq!(files(&board), ["far_light/__init__.mpy", "near.mpy"]);
    let said = desk
        .ucli_on(&board, &["eval", "__import__('far_light').n"])
        .out();
    assert_eq!(said.trim(), "5");
    let again = install("install circuitpython:far_light").ok();
    assert!(again.err().contains("is installed already"), "{again}");
    install("install circuitpython:wired").fails(1, "imports `board`");
    install("install circuitpython:nothing").fails(1, "There is no library `nothing`");
    install("install circuitpython:near==9").fails(1, "has no version that fits");
    assert_eq!(files(&board), ["far_light/__init__.mpy", "near.mpy"]);
}

/// A CircuitPython board gets the bytecode of its version, or sources where there is none; MicroPython's
/// bytecode is refused there.
#[test]
fn circuitpython_board_gets_its_own_bytecode() {
    let (desk, server) = (Desk::new(), Server::start());
    bundle(&desk, &server);
    let nine = pretender("circuitpython", "(9,2,1)", Some(517));
    with_bundle(
        &desk,
        &nine,
        &server,
        "install circuitpython:far_light circuitpython:wired",
    )
    .run()
    .ok();
    assert_eq!(
        files(&nine),
        ["far_light/__init__.mpy", "near.mpy", "wired.mpy"]
    );
    assert_eq!(nine.get("lib/near.mpy"), b"C\x06\x00\x1f-near");
    let eleven = pretender("circuitpython", "(11,0,0)", Some(517));
    with_bundle(&desk, &eleven, &server, "install circuitpython:far_light")
        .run()
        .ok();
    assert_eq!(files(&eleven), ["far_light/__init__.py", "near.py"]);
    server.put("/m.mpy", b"M\x06\x00\x1f");
    let line = format!("install {}/m.mpy", server.url());
    with_bundle(&desk, &nine, &server, &line)
        .run()
        .fails(1, "bytecode of MicroPython");
}

/// A project locks the sources of a library, by archive and by file; an older bundle can be named.
#[test]
fn library_of_a_bundle_is_locked() {
    let (desk, board, server) = (Desk::new(), board(), Server::start());
    bundle(&desk, &server);
    let url = format!("{}/o/My_Bundle", server.url());
    desk.put(
        "pyproject.toml",
        format!("[tool.ucli]\n[[tool.ucli.index]]\nformat = \"circuitpython\"\nurl = \"{url}@20250101\"\n"),
    );
    let run = |line: &str| ucli(&desk, &board, &server, line).run();
    run("add circuitpython:far_light").ok();
    let project = String::from_utf8(desk.get("pyproject.toml")).unwrap();
    assert!(
        project.contains("far_light = { circuitpython = \"far_light\" }"),
        "{project}"
    );
    let lock = String::from_utf8(desk.get("ucli.lock")).unwrap();
    for text in [
        &format!("source = {{ circuitpython = \"{url}\" }}\nresolved-from = \"20250101\"") as &str,
        "my-bundle-py-20250101.zip",
        "version = \"1.1\"",
        &format!(
            "path = \"near.py\", hash = \"sha256:{}\"",
            sha256(b"n = 5\n")
        ),
    ] {
        assert!(lock.contains(text), "{text}: {lock}");
    }
    run("sync --offline").ok();
    assert_eq!(files(&board), ["far_light/__init__.mpy", "near.mpy"]);
    run("sync --check").ok();
    let pinned = "circuitpython:far_light==1.1\ncircuitpython:near==1.0\n";
    assert_eq!(run("freeze").ok().out(), pinned);
    assert_eq!(run("export").ok().out(), pinned);
    desk.put("requirements.txt", pinned);
    let other = crate::board();
    with_bundle(&desk, &other, &server, "install -r requirements.txt")
        .run()
        .fails(1, "has no version that fits");
}

/// What was published after a day does not count, in bundles and on a Python package index.
#[test]
fn newer_releases_can_be_left_out() {
    let (desk, server) = (Desk::new(), Server::start());
    bundle(&desk, &server);
    let mut releases = Vec::new();
    for (version, day) in [("1.0", "2024-03-01"), ("2.0", "2025-03-01")] {
        let name = format!("micropython_p-{version}-py3-none-any.whl");
        desk.put("p.py", format!("v = '{version}'\n"));
        let archive = desk.path().join(&name).to_string_lossy().into_owned();
        desk.peer("python", &["-m", "zipfile", "-c", &archive, "p.py"])
            .run()
            .ok();
        let bytes = desk.get(&name);
        releases.push(
            json!({ "filename": name, "url": format!("/packages/{name}"),
            "hashes": { "sha256": sha256(&bytes) }, "upload-time": format!("{day}T10:00:00.5Z") }),
        );
        server.put(&format!("/packages/{name}"), bytes);
    }
    server.put(
        "/simple/micropython-p/",
        json!({ "files": releases }).to_string(),
    );
    let install = |line: &str| {
        let board = board();
        with_bundle(&desk, &board, &server, &format!("install -n {line}")).run()
    };
    for (line, expected) in [
        ("micropython-p", "+ micropython-p 2.0"),
        (
            "micropython-p --exclude-newer 2025-03-01",
            "+ micropython-p 2.0",
        ),
        (
            "micropython-p --exclude-newer 2025-02-28",
            "+ micropython-p 1.0",
        ),
        ("circuitpython:far_light", "+ far_light 1.2"),
        (
            "circuitpython:far_light --exclude-newer 2025-02-13T00:00:00Z",
            "+ far_light 1.1",
        ),
    ] {
        let done = install(line).ok();
        assert!(done.out().contains(expected), "{line}: {done}");
    }
    install("micropython-p --exclude-newer 2020-01-01").fails(1, "has no version that fits");
    install("micropython-p --exclude-newer yesterday").fails(2, "is no date");
    desk.put(
        "pyproject.toml",
        "[tool.ucli]\nexclude-newer = \"2024-12-31\"\n[tool.ucli.dependencies]\nmicropython-p = \"*\"\n",
    );
    ucli(&desk, &board(), &server, "lock").run().ok();
    let lock = String::from_utf8(desk.get("ucli.lock")).unwrap();
    assert!(lock.contains("version = \"1.0\""), "{lock}");
}

/// A plain folder, a folder with a manifest and a single manifest come onto the board and into a lock.
#[test]
fn folders_are_packages() {
    let (desk, board) = (Desk::new(), board());
    let server = Server::with(&[("one", "1.0", &[("one.py", "x = 1\n")])]);
    desk.put("plain/driver.py", "d = 1\n");
    desk.put("plain/tests/test_driver.py", "no\n");
    desk.put("plain/README.md", "no\n");
    desk.put("whole/__init__.py", "from whole.core import w\n");
    desk.put("whole/core.py", "w = 2\n");
    desk.put(
        "listed/manifest.py",
        "metadata(version='1.5')\nrequire('one')\nmodule('listed.py', base_path='code')\n",
    );
    desk.put("listed/code/listed.py", "l = 3\n");
    let run = |line: &str| ucli(&desk, &board, &server, line).run();
    run("install ./plain ./whole ./listed/manifest.py").ok();
    let expected = [
        "driver.mpy",
        "listed.mpy",
        "one.mpy",
        "whole/__init__.mpy",
        "whole/core.mpy",
    ];
    assert_eq!(files(&board), expected);
    run("uninstall plain whole listed one").ok();
    run("init").ok();
    run("add ./plain ./whole ./listed").ok();
    run("sync").ok();
    assert_eq!(files(&board), expected);
    run("lock --check").ok();
    desk.put("plain/more.py", "m = 1\n");
    run("lock --check").fails(1, "needs to be updated");
    run("sync").ok();
    assert!(files(&board).contains(&"more.mpy".to_string()));
    let deps = run("deps").ok().out();
    assert!(deps.contains("listed 1.5\n└── one 1.0"), "{deps}");
    desk.put("none/README.md", "");
    run("install ./none").fails(1, "has no modules");
    desk.put("evil/manifest.py", "module('../boot.py')\n");
    desk.put("boot.py", "");
    run("install ./evil").fails(1, "leads out of the target directory");
    desk.put("run/manifest.py", "import os\nos.system('touch ran')\n");
    run("install ./run").fails(1, "line 1");
    assert!(!desk.path().join("ran").exists());
}

/// Firmware without bytecode 6 gets sources, never what it cannot load.
#[test]
fn old_firmware_gets_sources() {
    let server = Server::with(&[("pack", "1", &[("pack.py", "x = 1\n")])]);
    // An index that has it compiled as well, as the real one does.
    let compiled = b"M\x06\x00\x1fnew";
    let hash = &sha256(compiled)[..8];
    server.put(&format!("/file/{}/{hash}", &hash[..2]), compiled);
    let package = json!({ "v": 1, "version": "1", "hashes": [["pack.mpy", hash]] });
    for file in ["latest", "1"] {
        server.put(&format!("/package/6/pack/{file}.json"), package.to_string());
    }
    for mpy in [None, Some(5), Some(0)] {
        let (desk, old) = (Desk::new(), pretender("micropython", "(1,18,0)", mpy));
        ucli(&desk, &old, &server, "install pack").run().ok();
        assert_eq!(files(&old), ["pack.py"], "{mpy:?}");
        let mip = pretender("micropython", "(1,18,0)", mpy);
        ucli(&desk, &mip, &server, "mip install --target lib pack")
            .run()
            .ok();
        assert_eq!(files(&mip), ["pack.py"], "{mpy:?}");
    }
    let (desk, new) = (Desk::new(), pretender("micropython", "(1,25,0)", Some(6)));
    ucli(&desk, &new, &server, "install pack").run().ok();
    assert_eq!(new.get("lib/pack.mpy"), compiled);
}

/// What needs newer firmware than the board has is not taken, or said.
#[test]
fn firmware_decides_the_version() {
    let server = Server::start();
    for version in ["0.8.1", "0.9.0", "1.1.1"] {
        server.publish(
            "requests",
            version,
            &[("rq.py", &format!("v = '{version}'\n"))],
        );
    }
    for (firmware, line, version, noted) in [
        ("(1,22,0)", "install requests", "0.8.1", false),
        ("(1,25,0)", "install requests", "1.1.1", false),
        ("(1,22,0)", "install requests>=0.9", "1.1.1", true),
    ] {
        let (desk, board) = (Desk::new(), pretender("micropython", firmware, Some(6)));
        let done = ucli(&desk, &board, &server, line).run().ok();
        assert!(
            done.out().contains(&format!("+ requests {version}")),
            "{done}"
        );
        assert_eq!(
            done.err().contains("needs MicroPython 1.23"),
            noted,
            "{done}"
        );
    }
}
