//! The same command line for mpremote and `ucli`: the same files and the same output.
//!
//! Nothing is expected here; mpremote 1.29 is the judge. Where `ucli` differs on purpose (bugs that
//! are fixed, talk that goes to stderr) the other modules say how.

use harness::board::Board;
use harness::program::{Call, Desk};
use harness::sample;

/// Two desks and two boards that begin alike.
struct Pair {
    desks: [Desk; 2],
    boards: [Board; 2],
}

impl Pair {
    fn new() -> Self {
        Self {
            desks: [Desk::new(), Desk::new()],
            boards: [Board::start(), Board::start()],
        }
    }

    fn here(self, name: &str, content: &[u8]) -> Self {
        self.desks.iter().for_each(|desk| desk.put(name, content));
        self
    }

    fn there(self, name: &str, content: &[u8]) -> Self {
        self.boards
            .iter()
            .for_each(|board| board.put(name, content));
        self
    }

    /// Runs both; the first is mpremote.
    fn run(&self, line: &[&str]) -> [harness::program::Finished; 2] {
        let [theirs, ours] = [
            self.desks[0].mpremote(&self.boards[0], line),
            self.desks[1].ucli_on(&self.boards[1], line),
        ]
        .map(Call::run);
        assert!(!ours.err().contains("panicked"), "{ours}");
        assert_eq!(
            theirs.status == Some(0),
            ours.status == Some(0),
            "\nmpremote: {theirs}\nucli: {ours}"
        );
        [theirs, ours]
    }

    /// Both must leave the same files on both sides.
    fn same_files(&self, line: &[&str]) {
        let [theirs, ours] = self.run(line);
        assert!(
            self.boards[0].contents() == self.boards[1].contents(),
            "boards differ after {line:?}\n{:?}\n{:?}\nmpremote: {theirs}\nucli: {ours}",
            crate::names(&self.boards[0].contents()),
            crate::names(&self.boards[1].contents())
        );
        assert!(
            self.desks[0].contents() == self.desks[1].contents(),
            "desks differ after {line:?}"
        );
    }

    /// And print the same, in any order where the board chooses the order.
    fn same(&self, line: &[&str]) {
        let [theirs, ours] = self.run(line).map(|done| sorted(&done.out()));
        assert_eq!(theirs, ours, "{line:?}");
        self.same_files(line);
    }
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    lines.sort();
    lines
}

/// Without the sizes: mpremote prints 0 where `ilistdir` has none, `ucli` asks for them.
fn without_sizes(text: &str) -> String {
    let bare = |line: &str| {
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match line.trim_start().split_once(' ') {
            Some((size, name)) if digits(size) => name.to_string(),
            _ => line.to_string(),
        }
    };
    text.lines().map(bare).collect::<Vec<_>>().join("\n")
}

#[test]
fn programs() {
    let pair = Pair::new().here(
        "a.py",
        b"print('hello')\nfor i in range(3):\n    print(i)\n",
    );
    pair.same(&["eval", "1+2"]);
    pair.same(&["exec", "print('a');print('b')"]);
    pair.same(&["exec", "print(1)", "exec", "print(2)", "eval", "3"]);
    pair.same(&["run", "a.py"]);
    pair.same(&["exec", "--no-follow", "open('mark','w').write('x')"]);
}

#[test]
fn listings() {
    let pair = Pair::new()
        .there("a.txt", b"abc")
        .there("lib/b.py", b"x=1")
        .there("lib/deep/c", b"");
    for line in [
        &["ls"][..],
        &["ls", ":lib"],
        &["ls", ":", ":lib"],
        &["fs", "ls", "lib"],
    ] {
        let [theirs, ours] = pair
            .run(line)
            .map(|done| sorted(&without_sizes(&done.out())));
        assert_eq!(theirs, ours, "{line:?}");
    }
    for line in [&["tree"][..], &["tree", ":lib"], &["fs", "tree", "lib"]] {
        pair.same(line);
    }
}

#[test]
fn contents_and_digests() {
    let pair = Pair::new()
        .there("a.txt", b"line 1\nline 2\n")
        .there("b.txt", b"b");
    pair.same(&["cat", ":a.txt"]);
    pair.same(&["cat", ":a.txt", ":b.txt"]);
    pair.same(&["sha256sum", ":a.txt"]);
}

#[test]
fn uploads() {
    let text = sample::text(3000);
    let pair = Pair::new()
        .here("a.py", &text)
        .here("b.py", b"b")
        .here("d/x.py", b"x")
        .here("d/s/y.py", b"y")
        .there("lib/old", b"");
    for line in [
        &["cp", "a.py", ":."][..],
        &["cp", "a.py", ":c.py"],
        &["cp", "a.py", "b.py", ":lib"],
        &["cp", "a.py", ":lib/"],
        &["cp", "-r", "d", ":."],
        &["cp", "-r", "d", ":new"],
        &["cp", "-r", "d/", ":lib"],
        &["cp", "a.py", ":nodir/"],
        &["cp", "a.py", "b.py", ":nodir"],
        &["cp", "d", ":."],
        &["cp", "nofile", ":."],
    ] {
        pair.same_files(line);
    }
}

#[test]
fn downloads() {
    let pair = Pair::new()
        .there("a.py", b"a")
        .there("b.py", b"b")
        .there("d/x.py", b"x")
        .there("d/s/y.py", b"y")
        .here("dl/old", b"");
    for line in [
        &["cp", ":a.py", "."][..],
        &["cp", ":a.py", "c.py"],
        &["cp", ":a.py", ":b.py", "dl"],
        &["cp", "-r", ":d", "."],
        &["cp", "-r", ":d", "dl"],
        &["cp", ":nofile", "."],
        &["cp", ":a.py", ":z.py"],
    ] {
        pair.same_files(line);
    }
}

#[test]
fn changes() {
    let pair = Pair::new()
        .there("a.py", b"a")
        .there("d/x.py", b"x")
        .there("e/s/y.py", b"y");
    for line in [
        &["mkdir", ":m"][..],
        &["mkdir", ":m"],
        &["rmdir", ":m"],
        &["touch", ":t"],
        &["rm", ":a.py"],
        &["rm", ":a.py"],
        &["rmdir", ":d"],
        &["rm", "-r", ":e"],
    ] {
        pair.same_files(line);
    }
}

/// Called by mpremote's name it says what mpremote says.
#[test]
fn called_mpremote_it_prints_like_mpremote() {
    let pair = Pair::new().here("a.py", b"a=1\n").there("b.py", b"b");
    let alias = pair.desks[1].home().join("mpremote");
    std::os::unix::fs::symlink(harness::paths::ucli(), &alias).unwrap();
    for line in [
        &["cp", "a.py", ":."][..],
        &["ls"],
        &["mkdir", ":x"],
        &["rm", ":b.py"],
        &["exec", "1/0"],
        &["cat", ":nofile"],
    ] {
        let theirs = pair.desks[0].mpremote(&pair.boards[0], line).run();
        let mut ours = vec!["connect", pair.boards[1].address()];
        ours.extend(line);
        let ours = pair.desks[1].program(&alias, &ours).run();
        assert_eq!(
            theirs.status, ours.status,
            "\nmpremote: {theirs}\nucli: {ours}"
        );
        let bare = |text: String| sorted(&without_sizes(&text));
        assert_eq!(bare(theirs.out()), bare(ours.out()), "{line:?}");
    }
}
