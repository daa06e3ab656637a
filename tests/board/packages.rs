//! `mip` and `upip` on the simulated board itself: the rules are those of `ucli install`.

use harness::program::Desk;
use harness::server::Server;
use harness::sim::Sim;

/// Runs a program on the board with `mip` set up for the server.
fn on_board(
    desk: &Desk,
    board: &Sim,
    server: &Server,
    program: &str,
) -> harness::program::Finished {
    let program = format!(
        "import mip, upip, os\nmip.INDEX='{}'\n{program}\n",
        server.url()
    );
    desk.ucli(&["-p", board.address(), "exec", &program]).run()
}

/// The files below `/lib`.
fn files(desk: &Desk, board: &Sim) -> Vec<String> {
    let program = "\
import os
def walk(d):
 for n,k,*_ in os.ilistdir(d):
  p=d+'/'+n
  walk(p) if k==0x4000 else print(p)
try:walk('/lib')
except OSError:pass
";
    let said = desk
        .ucli(&["-p", board.address(), "exec", program])
        .run()
        .ok();
    let mut found: Vec<String> = said.out().lines().map(str::to_string).collect();
    found.sort();
    found
}

fn server() -> Server {
    Server::with(&[
        (
            "gadget",
            "2",
            &[("gadget/__init__.py", "g = 2\n"), ("shared.py", "s = 1\n")],
        ),
        ("other", "1", &[("shared.py", "s = 2\n")]),
    ])
}

/// A package comes whole; a file that would be imported instead of it goes; a second time nothing is copied.
#[test]
fn mip_on_the_board_brings_a_package() {
    let (desk, board, server) = (Desk::new(), Sim::start(&[]), server());
    let said = on_board(
        &desk,
        &board,
        &server,
        "try:os.mkdir('/lib')\nexcept OSError:pass\nopen('/lib/gadget.py','w').close()\n\
         mip.install('gadget@2',mpy=False)\nimport gadget\nprint(gadget.g)",
    )
    .ok();
    let text = "Installing gadget to /lib\nCopying: /lib/gadget/__init__.py\nCopying: /lib/shared.py\n\
                Removing: /lib/gadget.py\nDone\n2\n";
    assert_eq!(said.out().replace("\r\n", "\n"), text);
    assert_eq!(
        files(&desk, &board),
        ["/lib/gadget/__init__.py", "/lib/shared.py"]
    );
    let said = on_board(&desk, &board, &server, "mip.install('gadget',mpy=False)").ok();
    assert_eq!(said.out().matches("Exists: ").count(), 2, "{said}");
}

/// What is hostile or damaged is refused with its reason, and what was there stays.
#[test]
fn mip_on_the_board_refuses_and_writes_nothing() {
    let (desk, board, server) = (Desk::new(), Sim::start(&[]), server());
    on_board(&desk, &board, &server, "mip.install('other',mpy=False)").ok();
    let before = files(&desk, &board);
    server.put("/p/x.py", "x = 1\n");
    for (name, needs) in [("a", "b"), ("b", "a")] {
        let deps = format!(r#"{{"deps":[["{}/{needs}/",""]]}}"#, server.url());
        server.put(&format!("/{name}/package.json"), deps);
    }
    for (text, reason) in [
        (r#"{"urls":[["../main.py","x.py"]]}"#, "unsafe path"),
        (r#"{"urls":[["/boot.py","x.py"]]}"#, "unsafe path"),
        (r#"{"urls":[["a\\b.py","x.py"]]}"#, "unsafe path"),
        (r#"{"urls":[["c:b.py","x.py"]]}"#, "unsafe path"),
        (r#"{"urls":[["a//b.py","x.py"]]}"#, "unsafe path"),
        (r#"{"urls":[[".ucli.json","x.py"]]}"#, "unsafe path"),
        (
            r#"{"urls":[["shared.py","x.py"],["a.py","missing.py"]]}"#,
            "File not found",
        ),
        (r#"{"hashes":[["a.py","../../x"]]}"#, "is no hash"),
        (r#"{"deps":["x"]}"#, "is no pair of texts"),
        ("[1,2", "no description"),
        ("[]", "no description"),
        ("{}", "no description"),
        ("", "no description"),
    ] {
        server.put("/p/package.json", text);
        let program = format!("mip.install('{}/p/')", server.url());
        let said = on_board(&desk, &board, &server, &program).status_is(1);
        assert!(said.err().contains(reason), "{text}: {said}");
        assert_eq!(files(&desk, &board), before, "{text}");
    }
    let program = format!("mip.install('{}/a/')", server.url());
    let said = on_board(&desk, &board, &server, &program).status_is(1);
    assert!(said.err().contains("in a circle"), "{said}");
    server.put(&Server::file("g = 2\n"), "import os\n");
    let said = on_board(&desk, &board, &server, "mip.install('gadget',mpy=False)").status_is(1);
    assert!(said.err().contains("wrong hash"), "{said}");
    assert_eq!(files(&desk, &board), before);
}

/// The record that `ucli install` keeps on a board stays true when the board installs something itself.
#[test]
fn mip_on_the_board_keeps_the_record() {
    let (desk, board, server) = (Desk::new(), Sim::start(&[]), server());
    let ucli = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        desk.ucli(&[&["-p", board.address()], &words[..]].concat())
            .env("UCLI_CACHE_DIR", desk.home().join("cache"))
            .env("UCLI_INDEX", server.url())
            .env("UCLI_OFFLINE", "")
            .env("NO_PROXY", "127.0.0.1,localhost")
            .run()
            .ok()
            .out()
    };
    ucli("install --no-mpy other");
    on_board(&desk, &board, &server, "mip.install('gadget',mpy=False)").ok();
    let listed: serde_json::Value = serde_json::from_str(ucli("--json list").trim()).expect("JSON");
    let packages = listed["packages"].as_array().expect("a list");
    let names: Vec<&str> = packages
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(names, ["gadget", "other"]);
    assert_eq!(packages[0]["state"], "intact");
    assert_eq!(packages[0]["files"].as_array().expect("a list").len(), 2);
    ucli("uninstall other gadget");
    assert!(files(&desk, &board).is_empty());
}

/// Old names mean to `upip` what they mean to `ucli install`.
#[test]
fn upip_knows_what_old_names_mean() {
    let (desk, board, server) = (Desk::new(), Sim::start(&[]), server());
    for (name, text) in [
        ("micropython-requests", "urequests is built into"),
        ("micropython-urequests", "urequests is built into"),
        ("micropython-uasyncio", "asyncio is built into"),
        ("pycopy-uasyncio", "asyncio is built into"),
    ] {
        let said = on_board(&desk, &board, &server, &format!("upip.install('{name}')")).ok();
        assert!(said.out().contains(text), "{name}: {said}");
    }
    let said = on_board(
        &desk,
        &board,
        &server,
        "upip.install('micropython-ssd1306')",
    )
    .status_is(1);
    assert!(said.err().contains("two drivers have this name"), "{said}");
    server.publish("gadget", "3", &[("gadget.py", "g = 3\n")]);
    let hash = &harness::server::sha256(b"g = 3\n")[..8];
    let package = format!(r#"{{"v":1,"version":"3","hashes":[["gadget.py","{hash}"]]}}"#);
    server.put("/package/6/gadget/3.json", package);
    on_board(
        &desk,
        &board,
        &server,
        "upip.install(['micropython-gadget==3'],'/own')",
    )
    .ok();
    let said = on_board(
        &desk,
        &board,
        &server,
        "print(open('/own/gadget.py').read())",
    )
    .ok();
    assert_eq!(said.out().replace("\r\n", "\n"), "g = 3\n\n");
}
