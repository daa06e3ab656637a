//! Every way to reach a board: TCP, telnet, WebREPL, RFC 2217; with wrong passwords and lost links.

use std::net::TcpListener;

use harness::board::{Board, Reach};
use harness::program::Desk;
use harness::sample;

/// A file there and back, and a program.
fn works(desk: &Desk, address: &str) {
    let content = sample::random(9, 6000);
    desk.put("a.bin", &content);
    let mut arguments = vec!["-p", address];
    arguments.extend([
        "eval", "6*7", "cp", "a.bin", ":b.bin", "+", "cp", ":b.bin", "c.bin",
    ]);
    let said = desk.ucli(&arguments).out();
    assert!(said.starts_with("42\n"), "{said}");
    assert!(desk.get("c.bin") == content);
}

#[test]
fn tcp_works() {
    works(&Desk::new(), Board::reached(Reach::Tcp).address());
}

#[test]
fn telnet_with_a_login_works() {
    let board = Board::reached(Reach::Telnet("micro".into(), "python".into()));
    works(&Desk::new(), board.address());
}

#[test]
fn telnet_with_a_wrong_password_is_denied() {
    let board = Board::reached(Reach::Telnet("micro".into(), "python".into()));
    let address = format!("telnet://micro:wrong@{}", board.socket().unwrap());
    let done = Desk::new()
        .ucli(&["--json", "-p", &address, "eval", "1"])
        .run()
        .status_is(3);
    assert!(done.out().contains("\"denied\""), "{done}");
    assert!(
        !done.out().contains("wrong@"),
        "no password in messages: {done}"
    );
}

#[test]
fn webrepl_works() {
    let board = Board::reached(Reach::WebRepl("secret".into()));
    works(&Desk::new(), board.address());
}

#[test]
fn webrepl_password_from_the_environment() {
    let board = Board::reached(Reach::WebRepl("secret".into()));
    let address = format!("ws://{}", board.socket().unwrap());
    assert_eq!(
        Desk::new()
            .ucli(&["-p", &address, "eval", "1"])
            .env("UCLI_PASSWORD", "secret")
            .out(),
        "1\n"
    );
}

#[test]
fn webrepl_with_a_wrong_password_is_denied() {
    let board = Board::reached(Reach::WebRepl("secret".into()));
    let address = format!("ws://:wrong@{}", board.socket().unwrap());
    let done = Desk::new()
        .ucli(&["-p", &address, "eval", "1"])
        .run()
        .fails(3, "refused the password");
    assert!(
        !done.err().contains("wrong@"),
        "no password in messages: {done}"
    );
}

#[test]
fn something_else_on_the_port_is_no_webrepl() {
    let board = Board::reached(Reach::Tcp);
    let address = format!("ws://{}", board.socket().unwrap());
    Desk::new()
        .ucli(&["--timeout", "3", "-p", &address, "eval", "1"])
        .run()
        .fails(3, "no WebREPL");
}

/// esptool's RFC 2217 server in front of a serial board.
#[test]
fn rfc2217_works_through_a_real_server() {
    let (desk, board) = (Desk::new(), Board::start());
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port().to_string()
    };
    let mut server = desk
        .peer("esp_rfc2217_server", &["-v", "-p", &port, board.address()])
        .start();
    server.wait_for(&port);
    let until = std::time::Instant::now() + harness::program::DEADLINE;
    while std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
        assert!(std::time::Instant::now() < until, "the server listens");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    works(&desk, &format!("rfc2217://127.0.0.1:{port}"));
}

#[test]
fn recorded_session_replays() {
    let (desk, board) = (Desk::new(), Board::start());
    assert_eq!(
        desk.ucli_on(&board, &["--record", "session.txt", "eval", "6*7"])
            .out(),
        "42\n"
    );
    assert_eq!(
        desk.ucli(&["-p", "replay:session.txt", "eval", "6*7"])
            .out(),
        "42\n"
    );
}

#[test]
fn board_that_hangs_up_is_a_lost_connection() {
    let (desk, board) = (Desk::new(), Board::reached(Reach::Tcp));
    let mut running = desk
        .ucli_on(
            &board,
            &["exec", "import time\nprint('in')\ntime.sleep(60)"],
        )
        .start();
    running.wait_for("in");
    board.unplug();
    running.finish().fails(3, "lost");
}
