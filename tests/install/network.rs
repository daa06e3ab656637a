//! Servers that fail, move, lie and go away.

use harness::program::Desk;

use crate::{board, files, ucli};
use harness::server::{Server, sha256};

const TEXT: &str = "x = 'a module of some length, so that it can break off in the middle'\n";

fn server() -> Server {
    Server::with(&[("pack", "1.0", &[("pack.py", TEXT)])])
}

/// What fails twice works the third time.
#[test]
fn passing_failures_are_tried_again() {
    for status in [500, 503, 429] {
        let (desk, board, server) = (Desk::new(), board(), server());
        server.change(&Server::file(TEXT), |page| {
            page.status = status;
            page.failures = 2;
        });
        ucli(&desk, &board, &server, "install pack").run().ok();
        assert_eq!(files(&board), ["pack.mpy"], "{status}");
    }
}

/// A server that stays broken is named, with its status, and nothing is written.
#[test]
fn lasting_failure_is_reported() {
    let (desk, board, server) = (Desk::new(), board(), server());
    server.change(&Server::file(TEXT), |page| page.status = 502);
    ucli(&desk, &board, &server, "install pack")
        .run()
        .fails(1, "502");
    assert!(board.contents().is_empty());
    assert_eq!(
        server
            .asked()
            .iter()
            .filter(|asked| asked.path.starts_with("/file"))
            .count(),
        4
    );
}

/// A body that broke off is continued, not fetched again.
#[test]
fn broken_download_is_resumed() {
    let (desk, board, server) = (Desk::new(), board(), server());
    server.change(&Server::file(TEXT), |page| page.breaks_after = 20);
    ucli(&desk, &board, &server, "install --no-mpy pack")
        .run()
        .ok();
    assert_eq!(board.get("lib/pack.py"), TEXT.as_bytes());
    let asked = server.asked();
    let ranges: Vec<&String> = asked
        .iter()
        .filter_map(|asked| asked.headers.get("range"))
        .collect();
    assert_eq!(ranges, ["bytes=20-"]);
}

/// What a server does.
type Lie = Box<dyn Fn(&Server)>;

/// A lie in words, the package that is asked for, the lie itself, and the code of the error.
type Case = (&'static str, &'static str, Lie, &'static str);

/// Lies in descriptions and lists.
fn lies_in_words() -> Vec<Case> {
    let page = |path: &'static str, text: &'static str| -> Lie {
        Box::new(move |server| server.put(path, text))
    };
    vec![
        (
            "a page instead of a description",
            "pack",
            page("/package/py/pack/latest.json", "<html>maintenance</html>"),
            "bad_package",
        ),
        (
            "a description of nothing",
            "pack",
            page("/package/py/pack/latest.json", r#"{"v":1,"version":"1.0"}"#),
            "bad_package",
        ),
        (
            "a format of the future",
            "pack",
            page("/package/py/pack/latest.json", r#"{"v":9,"hashes":[]}"#),
            "bad_package",
        ),
        (
            "a list that is none",
            "pack>=0.1",
            page("/index.json", "[]"),
            "bad_package",
        ),
        (
            "a version that is not there",
            "pack>=5",
            page(
                "/index.json",
                r#"{"v":2,"packages":[{"name":"pack","versions":{"py":["7.0"]}}]}"#,
            ),
            "package_not_found",
        ),
        (
            "a page of a Python index that is none",
            "pypi:micropython-q",
            page("/simple/micropython-q/", "{\"files\": 7}"),
            "bad_package",
        ),
    ]
}

/// Lies in what is downloaded.
fn lies_in_files() -> Vec<Case> {
    let huge = 40 << 20;
    vec![
        (
            "a file that is not there",
            "pack",
            Box::new(|server| server.change(&Server::file(TEXT), |page| page.status = 404)),
            "package_not_found",
        ),
        (
            "a file that never ends whole",
            "pack",
            Box::new(|server| {
                server.change(&Server::file(TEXT), |page| {
                    page.breaks_after = 20;
                    page.always_breaks = true;
                });
            }),
            "network",
        ),
        (
            "a file without measure",
            "pack",
            Box::new(move |server| server.put(&Server::file(TEXT), vec![b'x'; huge])),
            "too_large",
        ),
        (
            "a circle of redirects",
            "pack",
            Box::new(|server| {
                let path = Server::file(TEXT);
                server.change(&path.clone(), |page| page.location = path);
            }),
            "redirect",
        ),
        (
            "a redirect to another protocol",
            "pack",
            Box::new(|server| {
                server.change(&Server::file(TEXT), |page| {
                    page.location = "file:///etc/passwd".to_string();
                });
            }),
            "redirect",
        ),
        (
            "a bomb",
            "pypi:micropython-q",
            Box::new(|server| {
                let bomb = gzip_of_zeros(64 << 20);
                let page = serde_json::json!({ "files": [{ "filename": "micropython-q-1.tar.gz",
                    "url": "/q.tar.gz", "hashes": { "sha256": sha256(&bomb) } }] });
                server.put("/simple/micropython-q/", page.to_string());
                server.put("/q.tar.gz", bomb);
            }),
            "too_large",
        ),
    ]
}

/// Servers that lie about what they have, in every place where they can: a reason, and nothing written.
#[test]
fn lying_servers_are_refused() {
    for (what, package, lie, code) in lies_in_words().into_iter().chain(lies_in_files()) {
        let (desk, board, server) = (Desk::new(), board(), server());
        lie(&server);
        let finished = ucli(&desk, &board, &server, &format!("--json install {package}")).run();
        let finished = finished.status_is(1);
        let said = finished.out();
        let last = said.lines().last().unwrap_or_default();
        let object: serde_json::Value = serde_json::from_str(last).expect("JSON");
        assert_eq!(object["error"]["code"], code, "{what}: {finished}");
        assert!(board.contents().is_empty(), "{what}");
    }
}

/// A tar archive of one file of zeros, packed as tightly as it goes.
fn gzip_of_zeros(len_bytes: usize) -> Vec<u8> {
    let program = format!(
        "import gzip,io,sys,tarfile\nb=io.BytesIO()\nt=tarfile.open(fileobj=b,mode='w:gz')\n\
         i=tarfile.TarInfo('q-1/q.py');i.size={len_bytes}\nt.addfile(i,io.BytesIO(bytes(i.size)))\n\
         t.close()\nsys.stdout.buffer.write(b.getvalue())"
    );
    Desk::new()
        .peer("python", &["-c", &program])
        .run()
        .ok()
        .stdout
}

/// A file that is not what the index promised is refused.
#[test]
fn tampered_file_is_refused() {
    let (desk, board, server) = (Desk::new(), board(), server());
    server.put(&Server::file(TEXT), "import os; os.remove('/main.py')\n");
    ucli(&desk, &board, &server, "install pack")
        .run()
        .fails(1, "is not what the index promised");
    assert!(board.contents().is_empty());
}

/// With a warm cache no server is needed; without one the reason is named.
#[test]
fn offline_uses_the_cache() {
    let (desk, server) = (Desk::new(), server());
    let (first, second) = (board(), board());
    ucli(&desk, &first, &server, "install --offline pack")
        .run()
        .fails(1, "not in the cache");
    ucli(&desk, &first, &server, "install pack").run().ok();
    server.asked();
    ucli(&desk, &second, &server, "install --offline pack")
        .run()
        .ok();
    assert!(server.asked().is_empty());
    assert_eq!(files(&second), ["pack.mpy"]);
}

/// Several processes fill one cache at once, and `cache clean` waits for none that does not use it any more.
#[test]
fn a_cache_is_shared_between_processes() {
    let (desk, server) = (Desk::new(), server());
    let boards = [board(), board(), board(), board()];
    let running: Vec<_> = boards
        .iter()
        .map(|board| ucli(&desk, board, &server, "install --no-mpy pack").start())
        .collect();
    let cleaning = crate::ucli_anywhere(&desk, &server, "cache clean").start();
    for one in running {
        one.finish().ok();
    }
    cleaning.finish().ok();
    for board in &boards {
        assert_eq!(board.get("lib/pack.py"), TEXT.as_bytes());
    }
    ucli(&desk, &boards[0], &server, "install --force --no-mpy pack")
        .run()
        .ok();
    let run = |line: &str| crate::ucli_anywhere(&desk, &server, line).run().ok();
    let said = run("cache dir").out();
    assert!(said.trim().ends_with("cache"), "{said}");
    let object: serde_json::Value =
        serde_json::from_str(run("--json cache size").out().trim()).unwrap();
    let schema = harness::schema::load("cache");
    assert!(harness::schema::complaints(&schema, &object).is_empty());
    assert_eq!(object["files"], 4);
    let done = run("cache clean");
    assert!(done.err().contains("4 files"), "{done}");
    assert_eq!(run("cache size").out(), "0\n");
}

/// A cache that was damaged is filled again.
#[test]
fn damaged_cache_is_healed() {
    let (desk, server) = (Desk::new(), server());
    ucli(&desk, &board(), &server, "install pack").run().ok();
    let digest = sha256(TEXT.as_bytes());
    let blob = desk
        .home()
        .join("cache/blob-v1")
        .join(&digest[..2])
        .join(&digest);
    std::fs::write(&blob, "rubbish").unwrap();
    let board = board();
    ucli(&desk, &board, &server, "install --no-mpy pack")
        .run()
        .ok();
    assert_eq!(board.get("lib/pack.py"), TEXT.as_bytes());
}

/// A redirect on the same host is followed; one to another host is not, and no password goes there.
#[test]
fn redirects_stay_with_their_host() {
    let (desk, board, server) = (Desk::new(), board(), server());
    let netrc = "machine 127.0.0.1 login me password secret\n";
    std::fs::write(desk.home().join("netrc"), netrc).unwrap();
    server.put("/elsewhere.py", TEXT);
    server.change("/near.py", |page| {
        page.location = "/elsewhere.py".to_string()
    });
    let far = format!("{}/elsewhere.py", server.other_name());
    server.change("/far.py", |page| page.location.clone_from(&far));
    let line = format!("install {}/near.py", server.url());
    ucli(&desk, &board, &server, &line).run().ok();
    assert_eq!(files(&board), ["near.mpy"]);
    let asked = server.asked();
    assert!(
        asked
            .iter()
            .all(|asked| asked.headers["authorization"] == "Basic bWU6c2VjcmV0")
    );
    let line = format!("install {}/far.py", server.url());
    ucli(&desk, &board, &server, &line)
        .run()
        .fails(1, "to another host, `localhost`");
    assert_eq!(files(&board), ["near.mpy"]);
    // Asked for by name it is fetched, without the other host's password.
    server.asked();
    ucli(&desk, &board, &server, &format!("install {far}"))
        .run()
        .ok();
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| !asked.headers.contains_key("authorization"))
    );
}

/// Messages never show a password of an address.
#[test]
fn passwords_are_not_printed() {
    let (desk, board, server) = (Desk::new(), board(), server());
    let url = server.url().replace("http://", "http://me:secret@");
    let finished = ucli(
        &desk,
        &board,
        &server,
        &format!("install --index {url} missing"),
    )
    .run();
    let finished = finished.fails(1, "There is no package `missing`");
    assert!(!finished.err().contains("secret"), "{finished}");
    let finished = ucli(&desk, &board, &server, &format!("install {url}/missing")).run();
    assert!(!finished.status_is(1).err().contains("secret"));
}

/// Nobody listens: the reason is short and the status is 1.
#[test]
fn absent_server_is_reported() {
    let (desk, board) = (Desk::new(), board());
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let line = format!("install --index http://127.0.0.1:{port} pack");
    let finished = ucli(&desk, &board, &server(), &line).run();
    finished.fails(1, "Failed to fetch");
}
