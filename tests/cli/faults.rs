//! What goes wrong on the way: cables pulled at any byte, lost and turned bits, full disks.
//!
//! Afterwards every file on the board is the old one or the new one, never a torn one, and the next
//! command works and leaves nothing of `ucli`'s own behind.

use harness::board::Board;
use harness::link::{Direction, Harm};
use harness::program::Desk;
use harness::sample;

const OLD: &[u8] = b"the old file, which is whole\n";

/// Copies over an old file with `harm` after so many bytes; then the next command must work.
fn copy_with(harm: Harm, direction: Direction, after: u64, download: bool) {
    let what = format!("{harm:?} {direction:?} after {after}");
    let (desk, board) = (Desk::new(), Board::start());
    let new = sample::random(after, 9000);
    board.put("a.bin", if download { new.as_slice() } else { OLD });
    desk.put("a.bin", if download { OLD } else { new.as_slice() });
    let line: &[&str] = if download {
        &["--timeout", "4", "cp", ":a.bin", "."]
    } else {
        &["--timeout", "4", "cp", "a.bin", ":"]
    };
    board.harm(direction, after, harm);
    let first = desk.ucli_on(&board, line).run();
    assert!(matches!(first.status, Some(0 | 1 | 3)), "{what}: {first}");
    assert!(!first.err().contains("panicked"), "{what}: {first}");
    let target = |desk: &Desk, board: &Board| {
        if download {
            desk.get("a.bin")
        } else {
            board.get("a.bin")
        }
    };
    let between = target(&desk, &board);
    assert!(
        between == OLD || between == new,
        "{what}: torn, {} bytes; {first}",
        between.len()
    );
    if first.status == Some(0) {
        assert!(between == new, "{what}: it said it was done; {first}");
    } else {
        assert_eq!(
            first
                .err()
                .lines()
                .filter(|line| line.starts_with("error: "))
                .count(),
            1,
            "{what}: {first}"
        );
    }
    board.unplug();
    board.plug();
    desk.ucli_on(
        &board,
        &[
            "--timeout",
            "40",
            "cp",
            if download { ":a.bin" } else { "a.bin" },
            if download { "." } else { ":" },
        ],
    )
    .run()
    .ok();
    assert!(target(&desk, &board) == new, "{what}");
    let there = board.contents();
    let names = crate::names(&there);
    assert_eq!(names, ["a.bin"], "{what}: something was left behind");
    assert_eq!(
        crate::names(&desk.contents()),
        ["a.bin"],
        "{what}: something was left here"
    );
}

#[test]
fn cable_pulled_during_an_upload() {
    for after in [0, 1, 20, 150, 400, 900, 1800, 3000, 5000, 8000, 11_000] {
        copy_with(Harm::Cut, Direction::Up, after, false);
    }
}

#[test]
fn cable_pulled_during_the_answers_to_an_upload() {
    for after in [0, 5, 40, 70, 90, 120, 180] {
        copy_with(Harm::Cut, Direction::Down, after, false);
    }
}

#[test]
fn cable_pulled_during_a_download() {
    for after in [3, 60, 150, 700, 3000, 8000, 9200] {
        copy_with(Harm::Cut, Direction::Down, after, true);
    }
}

#[test]
fn lost_bytes_are_noticed() {
    for after in [800, 2500, 4000, 7000] {
        copy_with(Harm::Drop, Direction::Up, after, false);
    }
    copy_with(Harm::Drop, Direction::Down, 4000, true);
}

#[test]
fn turned_bits_are_noticed() {
    for after in [2500, 4001, 7003] {
        copy_with(Harm::Flip, Direction::Up, after, false);
    }
    copy_with(Harm::Flip, Direction::Down, 5000, true);
}

#[test]
fn pulled_cable_during_a_program_is_status_3() {
    let (desk, board) = (Desk::new(), Board::start());
    let mut running = desk
        .ucli_on(
            &board,
            &["exec", "import time\nprint('in')\ntime.sleep(100)"],
        )
        .start();
    running.wait_for("in");
    board.unplug();
    running.finish().fails(3, "lost");
}

/// A board whose file system is a small RAM disk.
const RAM_DISK: &str = "\
import vfs,os
class Disk:
 def __init__(s):s.d=bytearray(64*512)
 def readblocks(s,n,b,o=0):
  for i in range(len(b)):b[i]=s.d[n*512+o+i]
 def writeblocks(s,n,b,o=0):
  for i in range(len(b)):s.d[n*512+o+i]=b[i]
 def ioctl(s,c,a):
  if c==4:return 64
  if c==5:return 512
  if c==6:return 0
_d=Disk()
vfs.VfsLfs2.mkfs(_d)
vfs.mount(vfs.VfsLfs2(_d),'/ram')
os.chdir('/ram')
";

#[test]
fn full_disk_keeps_the_old_file() {
    let (desk, board) = (Desk::new(), Board::booting(RAM_DISK));
    desk.put("a.bin", OLD);
    desk.ucli_on(&board, &["cp", "a.bin", ":"]).run().ok();
    desk.put("a.bin", sample::random(1, 60_000));
    let done = desk
        .ucli_on(&board, &["--json", "cp", "a.bin", ":"])
        .run()
        .status_is(1);
    assert!(done.out().contains("\"no_space\""), "{done}");
    assert_eq!(
        desk.ucli_on(&board, &["cat", ":a.bin"]).run().ok().stdout,
        OLD
    );
    let listed = desk.ucli_on(&board, &["--no-color", "ls", ":"]).out();
    assert_eq!(listed.lines().count(), 2, "only a.bin: {listed}");
}

#[test]
fn read_only_disk_is_named() {
    let boot = format!(
        "{RAM_DISK}open('a.txt','w').write('old')\nos.chdir('/')\nos.umount('/ram')\nvfs.mount(vfs.VfsLfs2(_d),'/ram',readonly=True)\nos.chdir('/ram')\n"
    );
    let (desk, board) = (Desk::new(), Board::booting(&boot));
    desk.put("a.txt", "new");
    let done = desk
        .ucli_on(&board, &["--json", "cp", "a.txt", ":"])
        .run()
        .status_is(1);
    assert!(done.out().contains("\"read_only\""), "{done}");
    assert_eq!(desk.ucli_on(&board, &["cat", ":a.txt"]).out(), "old");
}

#[test]
fn littlefs_on_the_board_is_served() {
    let (desk, board) = (Desk::new(), Board::booting(RAM_DISK));
    let content = sample::random(2, 7000);
    desk.put("t/a.bin", &content);
    desk.put("t/deep/b.txt", "b");
    desk.ucli_on(&board, &["cp", "-r", "t", ":", "+", "sync", "t", ":u"])
        .run()
        .ok();
    desk.ucli_on(&board, &["cp", "-r", ":u", "down"]).run().ok();
    assert_eq!(
        sample::contents(&desk.path().join("down")),
        sample::contents(&desk.path().join("t"))
    );
}
