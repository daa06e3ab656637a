//! The simulated board with our firmware: the line of the article, and a project.

use harness::program::Desk;
use harness::server::Server;
use harness::sim::Sim;

fn run(desk: &Desk, sim: &Sim, server: &Server, line: &str) -> harness::program::Finished {
    let words: Vec<&str> = line.split(' ').collect();
    desk.ucli(&[&["-p", sim.address()], &words[..]].concat())
        .env("UCLI_CACHE_DIR", desk.home().join("cache"))
        .env("UCLI_INDEX", server.url())
        .env("UCLI_OFFLINE", "")
        .env("NO_PROXY", "127.0.0.1,localhost")
        .run()
}

/// Our firmware has it built in: nothing is copied, and it works.
#[test]
fn article_line_works_on_our_firmware() {
    let (desk, sim) = (Desk::new(), Sim::start(&[]));
    let server = Server::with(&[(
        "urequests",
        "0.8.0",
        &[
            ("requests/__init__.py", "x = 1\n"),
            ("urequests.py", "x = 1\n"),
        ],
    )]);
    server.put("/page", "hello");
    let done = run(&desk, &sim, &server, "install micropython-requests").ok();
    assert!(
        done.err().contains("urequests is built into this firmware"),
        "{done}"
    );
    let program = format!(
        "import urequests; print(urequests.get('{}/page').text)",
        server.url()
    );
    let said = desk
        .ucli(&["-p", sim.address(), "exec", &program])
        .run()
        .ok()
        .out();
    assert_eq!(said.trim(), "hello");
}

/// A project comes onto it, is found there, and goes again.
#[test]
fn project_comes_onto_our_firmware() {
    let (desk, sim) = (Desk::new(), Sim::start(&[]));
    let server = Server::with(&[(
        "gadget",
        "2",
        &[
            ("gadget/__init__.py", "from gadget.core import g\n"),
            ("gadget/core.py", "g = 7\n"),
        ],
    )]);
    run(&desk, &sim, &server, "init").ok();
    run(&desk, &sim, &server, "add gadget").ok();
    run(&desk, &sim, &server, "sync").ok();
    run(&desk, &sim, &server, "sync --check").ok();
    let said = run(&desk, &sim, &server, "eval __import__('gadget').g")
        .ok()
        .out();
    assert_eq!(said.trim(), "7");
    run(&desk, &sim, &server, "remove gadget").ok();
    run(&desk, &sim, &server, "sync --check").fails(1, "does not have what");
    run(&desk, &sim, &server, "sync").ok();
    let listed = run(&desk, &sim, &server, "ls :/lib").ok().out();
    assert_eq!(listed, "ls :/lib\n");
}
