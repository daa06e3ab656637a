//! littlefs of version 1: what MicroPython's C library makes of it, the firmware goes on with, and back.

use std::path::Path;

use harness::paths;
use harness::program::Desk;

/// What one interpreter says of the image after its work.
fn work(desk: &Desk, interpreter: &Path, image: &str, what: &str) -> String {
    let script = paths::root().join("tests/vfs/version_1_peer.py");
    let words = ["-X", "heapsize=4m", &script.to_string_lossy(), image, what];
    desk.program(interpreter, &words).run().ok().out()
}

/// The same work, the interpreters in turns: each reads what the other has written.
#[test]
fn image_goes_from_one_to_the_other_and_back() {
    let theirs = paths::peers().join("micropython");
    let ours = paths::upy().to_path_buf();
    let desk = Desk::new();
    for (image, one, other) in [("a.img", &theirs, &ours), ("b.img", &ours, &theirs)] {
        for (worker, what) in [(one, "format"), (other, "first"), (one, "second")] {
            let said = work(&desk, worker, image, what);
            let reader = if worker == one { other } else { one };
            assert_eq!(work(&desk, reader, image, "show"), said, "{image} {what}");
        }
    }
    // Nobody was first: both ways lead to the same files.
    let files = |image| {
        let said = work(&desk, &ours, image, "show");
        let lines: Vec<String> = said.lines().map(String::from).collect();
        lines[..lines.len() - 1].to_vec()
    };
    assert_eq!(files("a.img"), files("b.img"));
}
