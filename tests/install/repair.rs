//! Cables that are pulled and bytes that are lost while a project goes onto a board: every file is the old
//! one or the new one, and the same command, given again, completes what was begun.

use std::collections::BTreeMap;

use harness::board::Board;
use harness::link::{Direction, Harm};
use harness::program::{Desk, Finished};
use harness::sample;
use harness::server::Server;

use crate::{board, ucli};

/// How many faults are tried of each kind.
const SAMPLES: usize = 4;
/// What chooses where they are.
const SEED: u64 = 20_261_124;

type Files = BTreeMap<String, Vec<u8>>;

/// A project that was brought to a board in its first version and is now in its second.
struct Stage {
    desk: Desk,
    server: Server,
    line: &'static str,
}

impl Stage {
    fn new(line: &'static str) -> Self {
        let (desk, server) = (Desk::new(), Server::start());
        let stage = Self { desk, server, line };
        let board = board();
        stage.write(1);
        stage.run(&board, "init").ok();
        stage.run(&board, "add pack other").ok();
        stage
    }

    /// Publishes a version of the packages and writes one of the project's files.
    fn write(&self, version: usize) {
        let text = |name: &str| {
            format!(
                "# {name}\nv = {version}\ns = {:?}\n",
                "text ".repeat(200 * version)
            )
        };
        let (a, b, c) = (text("a"), text("b"), text("c"));
        let own = format!("only_{version}.py");
        let pack = [
            ("pack/__init__.py", &a[..]),
            ("pack/b.py", &b),
            (&own, "x = 1\n"),
        ];
        self.server.publish("pack", &format!("{version}.0"), &pack);
        self.server
            .publish("other", &format!("{version}.0"), &[("other.py", &c)]);
        self.desk
            .put("src/main.py", format!("print({version})\n{a}"));
        self.desk
            .put("src/data.bin", sample::random(version as u64, 3000));
    }

    fn run(&self, board: &Board, line: &str) -> Finished {
        ucli(&self.desk, board, &self.server, line).run()
    }

    /// A board with the first version, while the project is in its second.
    fn old_board(&self) -> Board {
        let board = board();
        board.put("boot.py", "import sys\n");
        self.write(1);
        self.desk.put("ucli.lock", self.desk.get("one.lock"));
        self.run(&board, self.line).ok();
        self.write(2);
        self.desk.put("ucli.lock", self.desk.get("two.lock"));
        board
    }
}

/// The files of a board; those of ucli itself too.
fn files(board: &Board) -> Files {
    let whole = |(name, bytes): (String, Option<Vec<u8>>)| Some((name, bytes?));
    board.contents().into_iter().filter_map(whole).collect()
}

fn repairs(line: &'static str) {
    let stage = Stage::new(line);
    stage.desk.put("one.lock", stage.desk.get("ucli.lock"));
    stage.write(2);
    stage.run(&board(), "upgrade").ok();
    stage.desk.put("two.lock", stage.desk.get("ucli.lock"));
    let board = stage.old_board();
    let old = files(&board);
    let before = board.traffic();
    stage.run(&board, line).ok();
    let traffic = board.traffic() - before;
    let new = files(&board);
    assert_ne!(old, new);
    let mut state = SEED;
    let mut pick = |most: u64| {
        let bytes = sample::random_from(&mut state, 8);
        u64::from_le_bytes(bytes.try_into().expect("eight bytes")) % most
    };
    for harm in [Harm::Cut, Harm::Drop, Harm::Flip] {
        for _ in 0..SAMPLES {
            let (direction, most) = match pick(4) {
                0 => (Direction::Down, traffic.down),
                _ => (Direction::Up, traffic.up),
            };
            let after = pick(most);
            let what = format!("`{line}`, {harm:?} {direction:?} after {after} of {most}");
            let board = stage.old_board();
            board.harm(direction, after, harm);
            let first = stage.run(&board, &format!("--timeout 4 {line}"));
            assert!(matches!(first.status, Some(0 | 1 | 3)), "{what}: {first}");
            assert!(!first.err().contains("panicked"), "{what}: {first}");
            for (name, bytes) in files(&board) {
                let known = [old.get(&name), new.get(&name)].contains(&Some(&bytes));
                assert!(
                    known || name.ends_with(".ucli.tmp"),
                    "{what}: {name} is torn; {first}"
                );
            }
            // A run may take fewer bytes than the measured one did; the next one is not for its fault.
            board.forgive();
            board.unplug();
            board.plug();
            let again = stage.run(&board, &format!("--timeout 40 {line}"));
            assert_eq!(again.status, Some(0), "{what}: {first}\n{again}");
            assert_eq!(files(&board), new, "{what}: {first}\n{again}");
        }
    }
}

#[test]
fn sync_repairs_what_was_cut_off() {
    repairs("sync");
}

#[test]
fn deploy_repairs_what_was_cut_off() {
    repairs("deploy --yes");
}
