//! Projects: what is written down, what is locked, and that a board gets exactly that.

use harness::board::Board;
use harness::program::{Desk, Finished};
use harness::schema;
use harness::server::{Server, sha256};
use serde_json::Value;

use crate::{board, files, ucli};

const ONE: &str = "x = 1\n";
const SHARED: &str = "y = 1\n";

pub(crate) fn server() -> Server {
    Server::with(&[
        ("one", "1.0", &[("one.py", ONE), ("shared.py", SHARED)]),
        ("two.part", "0.5", &[("two/part.py", "z = 1\n")]),
        ("lint", "3", &[("lint.py", "l = 1\n")]),
    ])
}

fn run(desk: &Desk, board: &Board, server: &Server, line: &str) -> Finished {
    ucli(desk, board, server, line).run()
}

fn text(desk: &Desk, name: &str) -> String {
    String::from_utf8(desk.get(name)).expect("it is UTF-8")
}

/// The last line of `--json`, held against its schema.
fn json(desk: &Desk, board: &Board, server: &Server, line: &str, name: &str) -> Value {
    let finished = run(desk, board, server, &format!("--json {line}"));
    let said = finished.out();
    let value: Value = serde_json::from_str(said.lines().last().expect("a line")).expect("JSON");
    let complaints = schema::complaints(&schema::load(name), &value);
    assert!(complaints.is_empty(), "{line}: {complaints:?}\n{value}");
    value
}

/// From nothing to a board with exactly the project's packages.
#[test]
fn project_goes_from_init_to_the_board() {
    let (desk, board, server) = (Desk::new(), board(), server());
    run(&desk, &board, &server, "add one").fails(1, "There is no `pyproject.toml`");
    desk.put(
        "pyproject.toml",
        "# mine\n[project]\nname = \"x\"   # keep\n",
    );
    run(&desk, &board, &server, "init --micropython >=1.20").ok();
    run(&desk, &board, &server, "init").fails(1, "already");
    run(&desk, &board, &server, "add one two-part>=0.4").ok();
    run(&desk, &board, &server, "add --dev lint").ok();
    assert_eq!(
        text(&desk, "pyproject.toml"),
        "# mine\n[project]\nname = \"x\"   # keep\n\n[tool.ucli]\nmicropython = \">=1.20\"\n\n\
         [tool.ucli.dependencies]\none = \"*\"\n\"two.part\" = \">=0.4\"\n\n\
         [tool.ucli.dev-dependencies]\nlint = \"*\"\n"
    );
    let url = server.url();
    let expected = format!(
        "# Written by ucli; do not edit.\nversion = 1\nrevision = 1\nrequires-micropython = \">=1.20\"\n\
         requires = [\n  {{ name = \"one\", wants = \"*\" }},\n  {{ name = \"two.part\", wants = \">=0.4\" }},\n]\n\
         requires-dev = [\n  {{ name = \"lint\", wants = \"*\" }},\n]\n\n\
         [[package]]\nname = \"lint\"\nversion = \"3\"\nsource = {{ mip = \"{url}\" }}\nresolved-from = \"latest\"\n\
         files.py = [\n  {{ path = \"lint.py\", hash = \"sha256:{}\", size = 6 }},\n]\n\n\
         [[package]]\nname = \"one\"\nversion = \"1.0\"\nsource = {{ mip = \"{url}\" }}\nresolved-from = \"latest\"\n\
         files.py = [\n  {{ path = \"one.py\", hash = \"sha256:{}\", size = 6 }},\n  {{ path = \"shared.py\", hash = \"sha256:{}\", size = 6 }},\n]\n\n\
         [[package]]\nname = \"two.part\"\nversion = \"0.5\"\nsource = {{ mip = \"{url}\" }}\nresolved-from = \"0.5\"\n\
         files.py = [\n  {{ path = \"two/part.py\", hash = \"sha256:{}\", size = 6 }},\n]\n",
        sha256(b"l = 1\n"),
        sha256(ONE.as_bytes()),
        sha256(SHARED.as_bytes()),
        sha256(b"z = 1\n"),
    );
    assert_eq!(text(&desk, "ucli.lock"), expected);
    let seen = run(&desk, &board, &server, "sync --dry-run").ok();
    assert!(seen.out().contains("would write ./lib/one.mpy"), "{seen}");
    assert!(board.contents().is_empty());
    run(&desk, &board, &server, "sync").ok();
    assert_eq!(
        files(&board),
        ["lint.mpy", "one.mpy", "shared.mpy", "two/part.mpy"]
    );
    run(&desk, &board, &server, "sync --check").ok();
    run(&desk, &board, &server, "sync --no-dev --no-mpy").ok();
    assert_eq!(files(&board), ["one.py", "shared.py", "two/part.py"]);
    run(&desk, &board, &server, "remove two_part").ok();
    assert!(!text(&desk, "pyproject.toml").contains("two"));
    run(&desk, &board, &server, "sync").ok();
    assert_eq!(files(&board), ["lint.mpy", "one.mpy", "shared.mpy"]);
    run(&desk, &board, &server, "remove two.part").fails(1, "not among the dependencies");
}

/// The lock pins contents: it brings the same bytes after the index has moved, here and elsewhere,
/// with a server or with the cache alone.
#[test]
fn lock_outlives_the_index() {
    let (desk, server) = (Desk::new(), server());
    let board_a = board();
    run(&desk, &board_a, &server, "init").ok();
    run(&desk, &board_a, &server, "add one").ok();
    let lock = text(&desk, "ucli.lock");
    let other = Desk::new();
    other.put("pyproject.toml", desk.get("pyproject.toml"));
    run(&other, &board_a, &server, "lock").ok();
    assert_eq!(
        text(&other, "ucli.lock"),
        lock,
        "the same on another machine"
    );
    server.publish("one", "1.0", &[("one.py", "x = 2\n")]);
    server.publish("one", "1.1", &[("one.py", "x = 3\n")]);
    for desk in [&desk, &other] {
        let board = board();
        run(desk, &board, &server, "sync --locked --no-mpy").ok();
        assert_eq!(board.get("lib/one.py"), ONE.as_bytes());
        run(desk, &board, &server, "lock").ok();
        assert_eq!(text(desk, "ucli.lock"), lock, "nothing moves by itself");
    }
    server.asked();
    let board_b = board();
    run(&desk, &board_b, &server, "sync --offline").ok();
    assert!(server.asked().is_empty());
    let fresh = Desk::new();
    fresh.put("pyproject.toml", desk.get("pyproject.toml"));
    fresh.put("ucli.lock", &lock);
    run(&fresh, &board_b, &server, "sync").ok();
    let asked: Vec<String> = server.asked().iter().map(|one| one.path.clone()).collect();
    assert!(
        asked.iter().all(|path| path.starts_with("/file/")),
        "{asked:?}"
    );
    run(&desk, &board_a, &server, "upgrade --dry-run").ok();
    assert_eq!(text(&desk, "ucli.lock"), lock);
    let said = run(&desk, &board_a, &server, "upgrade one").ok();
    assert!(said.out().contains("~ one 1.0 -> 1.1"), "{said}");
    run(&desk, &board_a, &server, "sync --no-mpy").ok();
    assert_eq!(files(&board_a), ["one.py"]);
    assert_eq!(board_a.get("lib/one.py"), b"x = 3\n");
}

/// Only what is named moves.
#[test]
fn upgrade_moves_what_is_named() {
    let (desk, board, server) = (Desk::new(), board(), server());
    run(&desk, &board, &server, "init").ok();
    run(&desk, &board, &server, "add one lint<5").ok();
    for version in ["4", "5"] {
        server.publish("lint", version, &[("lint.py", &format!("l = {version}\n"))]);
    }
    server.publish("one", "2", &[("one.py", "x = 2\n")]);
    let done = json(&desk, &board, &server, "upgrade lint", "upgrade");
    assert_eq!(
        done["changes"],
        serde_json::json!([{ "name": "lint", "from": "3", "to": "4" }])
    );
    let done = json(&desk, &board, &server, "upgrade", "upgrade");
    assert_eq!(done["changes"][0]["to"], "2");
    run(&desk, &board, &server, "upgrade nothing").fails(1, "not in `ucli.lock`");
}

/// Every way in which a board can differ is found, and `sync` puts it right.
#[test]
fn drift_of_the_board_is_found() {
    let (desk, board, server) = (Desk::new(), board(), server());
    run(&desk, &board, &server, "init").ok();
    run(&desk, &board, &server, "add one two.part").ok();
    run(&desk, &board, &server, "sync").ok();
    let clean = board.contents();
    let lib = board.files().join("lib");
    type Harm<'a> = Box<dyn Fn() + 'a>;
    let harms: Vec<(&str, Harm<'_>)> = vec![
        (
            "a changed file",
            Box::new(|| board.put("lib/one.mpy", "M\x06\x00\x1fother")),
        ),
        (
            "other bytes of the same length",
            Box::new(|| {
                let mut bytes = board.get("lib/one.mpy");
                *bytes.last_mut().expect("it has some") ^= 1;
                board.put("lib/one.mpy", bytes);
            }),
        ),
        (
            "a directory in the place of a file",
            Box::new(|| {
                std::fs::remove_file(lib.join("shared.mpy")).unwrap();
                board.put("lib/shared/__init__.py", "");
            }),
        ),
        (
            "a missing file",
            Box::new(|| std::fs::remove_file(lib.join("two/part.mpy")).unwrap()),
        ),
        (
            "a file that is imported first",
            Box::new(|| board.put("lib/one.py", "x = 0\n")),
        ),
        (
            "a missing record",
            Box::new(|| std::fs::remove_file(lib.join(".ucli.json")).unwrap()),
        ),
    ];
    for (what, harm) in harms {
        harm();
        let found = run(&desk, &board, &server, "sync --check").fails(1, "does not have what");
        assert!(found.err().contains("ucli sync"), "{what}: {found}");
        let found = json(&desk, &board, &server, "sync --check", "error");
        assert_eq!(found["error"]["code"], "drift", "{what}");
        run(&desk, &board, &server, "sync").ok();
        assert_eq!(board.contents(), clean, "{what}");
        run(&desk, &board, &server, "sync --check").ok();
    }
    ucli(&desk, &board, &server, "install lint").run().ok();
    run(&desk, &board, &server, "sync --check").fails(1, "does not have what");
    run(&desk, &board, &server, "sync").ok();
    assert_eq!(board.contents(), clean);
    board.put("one.py", "x = 'shadow'\n");
    let found = run(&desk, &board, &server, "sync --check").fails(1, "1 file differs");
    assert!(
        found.err().contains("is found before the package"),
        "{found}"
    );
    board.put("lib/mine.py", "mine = 1\n");
    run(&desk, &board, &server, "sync").ok();
    assert_eq!(
        board.get("lib/mine.py"),
        b"mine = 1\n",
        "what nobody owns stays"
    );
    std::fs::remove_file(board.files().join("one.py")).unwrap();
    let found = run(&desk, &board, &server, "sync --check").ok();
    assert!(
        found.err().contains("of no package in `./lib`: mine.py"),
        "{found}"
    );
    let found = json(&desk, &board, &server, "sync --check", "sync");
    assert_eq!(found["strangers"], serde_json::json!(["mine.py"]));
    run(&desk, &board, &server, "sync --check --exact").fails(1, "does not have what");
    run(&desk, &board, &server, "sync --exact").ok();
    assert_eq!(board.contents(), clean, "with `--exact` it goes");
    run(&desk, &board, &server, "sync --check --exact").ok();
}

/// `--locked`, `--frozen` and `--check` say what they will not do.
#[test]
fn stale_lock_is_refused_or_used_as_it_is() {
    let (desk, board, server) = (Desk::new(), board(), server());
    run(&desk, &board, &server, "init").ok();
    run(&desk, &board, &server, "sync --frozen").fails(1, "There is no `ucli.lock`");
    run(&desk, &board, &server, "add one").ok();
    run(&desk, &board, &server, "lock --check").ok();
    let lock = text(&desk, "ucli.lock");
    let project = text(&desk, "pyproject.toml");
    desk.put(
        "pyproject.toml",
        project.replace("one = \"*\"", "one = \"*\"\nlint = \"*\""),
    );
    for line in ["lock --check", "sync --locked", "sync --check"] {
        let done = json(&desk, &board, &server, line, "error");
        assert_eq!(done["error"]["code"], "lock_outdated", "{line}");
    }
    assert!(board.contents().is_empty());
    run(&desk, &board, &server, "sync --frozen").ok();
    assert_eq!(files(&board), ["one.mpy", "shared.mpy"]);
    assert_eq!(text(&desk, "ucli.lock"), lock);
    run(&desk, &board, &server, "sync").ok();
    assert_eq!(files(&board), ["lint.mpy", "one.mpy", "shared.mpy"]);
    desk.put("pyproject.toml", "[tool.ucli]\nmicropython = \">=99\"\n");
    run(&desk, &board, &server, "sync").fails(1, "the project wants >=99");
    run(&desk, &board, &server, "sync --force").ok();
    assert_eq!(files(&board), [""; 0]);
}

/// What goes wrong changes neither the project nor the board.
#[test]
fn failure_changes_nothing() {
    let (desk, board, server) = (Desk::new(), board(), server());
    run(&desk, &board, &server, "init").ok();
    run(&desk, &board, &server, "add one").ok();
    let before = (desk.get("pyproject.toml"), desk.get("ucli.lock"));
    server.put("/evil/package.json", r#"{"urls":[["../boot.py","x.py"]]}"#);
    let evil = format!("add {}/evil/", server.url());
    for (line, reason) in [
        ("add nothing-like-it", "There is no package"),
        ("add one>=7", "no version that fits"),
        ("add --dev one>=7", "no version that fits"),
        (&evil, "leads out of the target directory"),
    ] {
        run(&desk, &board, &server, line).fails(1, reason);
        assert_eq!(
            (desk.get("pyproject.toml"), desk.get("ucli.lock")),
            before,
            "{line}"
        );
    }
    let lock = text(&desk, "ucli.lock");
    let other = "0".repeat(64);
    let lies = lock.replace(&sha256(ONE.as_bytes()), &other);
    desk.put("ucli.lock", &lies);
    run(&desk, &board, &server, "sync --frozen").fails(1, "");
    desk.put("ucli.lock", lock.replace("one.py", "../one.py"));
    run(&desk, &board, &server, "sync --frozen").fails(1, "leads out of the target directory");
    desk.put("ucli.lock", "version = 1\n[[package]]\nname = ");
    run(&desk, &board, &server, "sync").fails(1, "`ucli.lock` is damaged");
    assert!(board.contents().is_empty());
}

/// A package of this computer is locked by its contents.
#[test]
fn local_package_is_locked_by_contents() {
    let (desk, board, server) = (Desk::new(), board(), server());
    desk.put(
        "mine/package.json",
        r#"{"urls":[["mine.py","src/mine.py"]],"deps":[["one","latest"]],"version":"7"}"#,
    );
    desk.put("mine/src/mine.py", "m = 1\n");
    run(&desk, &board, &server, "init").ok();
    run(&desk, &board, &server, "add ./mine").ok();
    assert!(text(&desk, "pyproject.toml").contains("mine = { path = \"./mine\" }"));
    let lock = text(&desk, "ucli.lock");
    assert!(lock.contains("source = { path = \"./mine\" }"), "{lock}");
    assert!(!lock.contains(&*desk.path().to_string_lossy()), "{lock}");
    run(&desk, &board, &server, "sync").ok();
    assert_eq!(files(&board), ["mine.mpy", "one.mpy", "shared.mpy"]);
    desk.put("mine/src/mine.py", "m = 2\n");
    run(&desk, &board, &server, "lock --check").fails(1, "needs to be updated");
    run(&desk, &board, &server, "sync --frozen").fails(1, "is not what was locked");
    run(&desk, &board, &server, "sync").ok();
    let said = desk
        .ucli_on(&board, &["eval", "__import__('mine').m"])
        .out();
    assert_eq!(said.trim(), "2");
}

/// Every command of a project has one JSON object that fits its schema.
#[test]
fn project_commands_speak_json() {
    let (desk, board, server) = (Desk::new(), board(), server());
    json(&desk, &board, &server, "init", "init");
    let done = json(&desk, &board, &server, "add one", "add");
    assert_eq!(
        (&done["added"][0], &done["new"]),
        (&"one".into(), &1.into())
    );
    json(&desk, &board, &server, "lock", "lock");
    let done = json(&desk, &board, &server, "sync", "sync");
    assert_eq!(done["packages"][0]["name"], "one");
    json(&desk, &board, &server, "sync --check", "sync");
    json(&desk, &board, &server, "remove one", "remove");
    json(&desk, &board, &server, "list", "list");
    json(&desk, &board, &server, "show one", "show");
    json(&desk, &board, &server, "install lint", "install");
    json(
        &desk,
        &board,
        &server,
        "mip install --no-mpy lint",
        "install",
    );
    json(&desk, &board, &server, "uninstall lint", "uninstall");
}

/// A project with two packages and a program.
pub(crate) fn program(desk: &Desk, board: &Board, server: &Server) {
    desk.put(
        "pyproject.toml",
        "[tool.ucli]\n[tool.ucli.dependencies]\none = \"*\"\n",
    );
    desk.put(
        "src/main.py",
        "import one, util\nprint('runs', one.x, util.u)\n",
    );
    desk.put("src/util.py", "u = 1\n");
    run(desk, board, server, "lock").ok();
}

/// Packages, files and a restart in one; what is not the project's goes, what is protected stays.
#[test]
fn deploy_makes_the_board_the_project() {
    let (desk, board, server) = (Desk::new(), board(), server());
    program(&desk, &board, &server);
    board.put("old.py", "o = 1\n");
    board.put("boot.py", "# mine\n");
    board.put("lib/other.py", "theirs = 1\n");
    let before = board.contents();
    let seen = run(&desk, &board, &server, "deploy --dry-run").ok();
    for line in [
        "would write ./lib/one.mpy",
        "would copy main.py",
        "would delete old.py",
    ] {
        assert!(seen.out().contains(line), "{line}: {seen}");
    }
    run(&desk, &board, &server, "deploy --check").fails(1, "does not have what");
    run(&desk, &board, &server, "deploy").fails(1, "not confirmed");
    assert_eq!(board.contents(), before);
    let done = json(&desk, &board, &server, "deploy --yes", "deploy");
    assert_eq!(done["restarted"], true);
    let names: Vec<String> = board
        .contents()
        .into_iter()
        .filter(|one| one.1.is_some())
        .map(|one| one.0)
        .collect();
    assert_eq!(
        names,
        [
            "boot.py",
            "lib/.ucli.json",
            "lib/one.mpy",
            "lib/other.py",
            "lib/shared.mpy",
            "main.py",
            "util.py"
        ]
    );
    run(&desk, &board, &server, "deploy --check").ok();
    desk.put("src/main.py", "import one, nowhere\n");
    let found = run(&desk, &board, &server, "deploy").fails(1, "imports `nowhere`");
    assert!(found.err().contains("ucli add nowhere"), "{found}");
    run(&desk, &board, &server, "deploy --force --no-reset").ok();
    assert_eq!(board.get("main.py"), b"import one, nowhere\n");
}

/// Several boards get the same at once, and the report says which of them did not.
#[test]
fn deploy_reaches_several_boards() {
    let (desk, server) = (Desk::new(), server());
    let (a, b) = (board(), board());
    program(&desk, &a, &server);
    std::fs::remove_file(desk.path().join("ucli.lock")).unwrap();
    let deploy = |third: Option<&str>| {
        let mut words = vec!["-p", a.address(), "-p", b.address()];
        if let Some(third) = third {
            words.extend(["-p", third]);
        }
        words.extend(["deploy", "--yes"]);
        desk.ucli(&words)
            .env("UCLI_CACHE_DIR", desk.home().join("cache"))
            .env("UCLI_INDEX", server.url())
            .env("NO_PROXY", "127.0.0.1,localhost")
            .run()
    };
    let done = deploy(None).ok();
    for board in [&a, &b] {
        assert!(done.err().contains(board.address()), "{done}");
        assert!(files(board).contains(&"one.mpy".to_string()), "{done}");
        assert_eq!(board.get("util.py"), b"u = 1\n");
    }
    let done = deploy(Some("/dev/no-such-board")).status_is(3);
    assert!(done.err().contains("/dev/no-such-board"), "{done}");
    assert_eq!(done.err().matches("deployed").count(), 2, "{done}");
}

/// What needs what, in a project and on a board, and where newer versions are.
#[test]
fn questions_about_packages_are_answered() {
    let (desk, board, server) = (Desk::new(), board(), server());
    server.put(
        "/app/package.json",
        r#"{"urls":[["app.py","app.py"]],"deps":[["one","1.0"],["lint","3"]],"version":"9"}"#,
    );
    server.put("/app/app.py", "a = 1\n");
    run(&desk, &board, &server, "init").ok();
    run(
        &desk,
        &board,
        &server,
        &format!("add {}/app/ lint", server.url()),
    )
    .ok();
    let tree = "app 9\n├── lint 3\n└── one 1.0\nlint 3\n";
    assert_eq!(run(&desk, &board, &server, "deps").ok().out(), tree);
    run(&desk, &board, &server, "sync").ok();
    assert_eq!(run(&desk, &board, &server, "deps --board").ok().out(), tree);
    assert_eq!(
        run(&desk, &board, &server, "why one").ok().out(),
        "one 1.0\n└── app 9\n"
    );
    let why = json(&desk, &board, &server, "why lint --board", "why");
    assert_eq!(
        (&why["requested"], &why["needed_by"][0]),
        (&true.into(), &"app".into())
    );
    run(&desk, &board, &server, "why nothing").fails(1, "not among the packages");
    json(&desk, &board, &server, "deps", "deps");
    let up = run(&desk, &board, &server, "outdated").ok();
    assert!(up.err().contains("up to date"), "{up}");
    server.publish("lint", "4", &[("lint.py", "l = 4\n")]);
    std::fs::remove_dir_all(desk.home().join("cache")).unwrap();
    let old = json(&desk, &board, &server, "outdated --board", "outdated");
    assert_eq!(old["packages"][0]["latest"], "4");
    assert_eq!(old["packages"].as_array().unwrap().len(), 1);
    let found = json(&desk, &board, &server, "search ABOUT lint", "search");
    assert_eq!(found["packages"].as_array().unwrap().len(), 1);
    assert!(
        run(&desk, &board, &server, "search one")
            .ok()
            .out()
            .starts_with("one  1.0  About one")
    );
    let frozen = run(&desk, &board, &server, "freeze").ok().out();
    assert_eq!(
        frozen,
        format!("{}/app/package.json\nlint==3\none==1.0\n", server.url())
    );
    json(&desk, &board, &server, "freeze", "freeze");
}

/// What other tools list is read, and what is locked is written for them.
#[test]
fn lists_of_other_tools_are_read_and_written() {
    let (desk, board, server) = (Desk::new(), board(), server());
    run(&desk, &board, &server, "init").ok();
    desk.put(
        "requirements.txt",
        "# mine\none==1.0\nnothing; implementation_name == 'cpython'\n",
    );
    desk.put("manifest.py", "require('two.part')\nfreeze('x')\n");
    run(
        &desk,
        &board,
        &server,
        "add -r requirements.txt --requirements manifest.py",
    )
    .ok();
    let written = run(&desk, &board, &server, "export").ok().out();
    assert_eq!(written, "one==1.0\ntwo.part==0.5\n");
    run(
        &desk,
        &board,
        &server,
        "export --format package-json -o package.json",
    )
    .ok();
    let package: Value = serde_json::from_slice(&desk.get("package.json")).unwrap();
    assert_eq!(
        package["deps"],
        serde_json::json!([["one", "1.0"], ["two.part", "0.5"]])
    );
    let written = run(&desk, &board, &server, "export --format manifest-py")
        .ok()
        .out();
    assert_eq!(written, "require(\"one\")\nrequire(\"two.part\")\n");
    json(&desk, &board, &server, "export", "export");
    let other = crate::board();
    ucli(&desk, &other, &server, "install -r package.json")
        .run()
        .ok();
    assert_eq!(files(&other), ["one.mpy", "shared.mpy", "two/part.mpy"]);
    desk.put("manifest.py", "import os\nos.system('touch ran')\n");
    run(&desk, &board, &server, "add -r manifest.py").fails(1, "line 1");
    assert!(!desk.path().join("ran").exists());
}
