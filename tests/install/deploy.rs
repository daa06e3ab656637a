//! `ucli deploy --all`: the boards that are plugged in, found by the list of ports.

use harness::program::Desk;
use serde_json::Value;

use crate::project::{program, server};
use crate::{board, files, ucli_anywhere};

/// `--all` finds the boards itself, and reports on each.
#[test]
fn deploy_finds_all_boards() {
    let (desk, server) = (Desk::new(), server());
    let (a, b) = (board(), board());
    program(&desk, &a, &server);
    let deploy = |ports: &str, line: &str| {
        ucli_anywhere(&desk, &server, line)
            .env("UCLI_PORTS", ports)
            .run()
    };
    deploy(" ", "deploy --all --yes").fails(3, "No board is connected by USB");
    let both = format!(
        "{}=2e8a:0005:one {}=303a:1001:two",
        a.address(),
        b.address()
    );
    let done = deploy(&both, "deploy --all --yes").ok();
    for board in [&a, &b] {
        assert!(
            done.err().contains(&format!("── {}", board.address())),
            "{done}"
        );
        assert!(files(board).contains(&"one.mpy".to_string()), "{done}");
        assert_eq!(board.get("util.py"), b"u = 1\n");
    }
    assert_eq!(
        done.err().matches("deployed, restarted").count(),
        2,
        "{done}"
    );
    let gone = format!("{both} /dev/no-such-board=2e8a:0005");
    let done = deploy(&gone, "--json deploy --all --yes --locked").status_is(3);
    let said = done.out();
    let reports: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let report = |port: &str| {
        let mut of_port = reports
            .iter()
            .filter(|one| one["port"] == port && !one["ok"].is_null());
        of_port.next().expect("a report").clone()
    };
    assert_eq!(report(a.address())["ok"], true);
    assert_eq!(report(b.address())["ok"], true);
    assert_eq!(report("/dev/no-such-board")["error"]["code"], "no_board");
    deploy(&both, "deploy --all --check").ok();
}
