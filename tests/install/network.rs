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
