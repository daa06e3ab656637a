//! `mount`: a directory of this computer as `/remote` on the board.

use harness::board::Board;
use harness::program::Desk;
use harness::sample;

#[test]
fn files_are_read_there() {
    let (desk, board) = (Desk::new(), Board::start());
    let noise = sample::random(4, 20_000);
    desk.put("here/noise.bin", &noise);
    desk.put("here/lines.txt", "one\ntwo\nthree");
    let program = "\
print(open('lines.txt').readlines())
f=open('noise.bin','rb')
d=f.read()
import hashlib,binascii
print(len(d),binascii.hexlify(hashlib.sha256(d).digest()).decode())
f.seek(100);print(list(f.read(3)));f.close()
import os
print(sorted(x[0] for x in os.ilistdir('.')),os.stat('lines.txt')[6])
";
    let said = desk
        .ucli_on(&board, &["mount", "here", "exec", program])
        .out();
    let digest = desk
        .program(std::path::Path::new("sha256sum"), &["here/noise.bin"])
        .out();
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with("Local directory"))
        .collect();
    assert_eq!(lines[0], "['one\\n', 'two\\n', 'three']", "{said}");
    assert_eq!(lines[1], format!("20000 {}", &digest[..64]));
    assert_eq!(
        lines[2],
        format!("[{}, {}, {}]", noise[100], noise[101], noise[102])
    );
    assert_eq!(lines[3], "['lines.txt', 'noise.bin'] 13");
}

#[test]
fn files_are_written_here() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("here/old.txt", "old");
    let program = "\
import os
with open('new.bin','wb') as f:f.write(bytes(range(256))*20)
with open('log.txt','a') as f:f.write('a')
with open('log.txt','a') as f:f.write('b')
os.mkdir('sub')
os.rename('old.txt','sub/moved.txt')
with open('doomed','w') as f:f.write('x')
os.remove('doomed')
";
    desk.ucli_on(&board, &["mount", "here", "exec", program])
        .run()
        .ok();
    let every: Vec<u8> = (0..=255).collect();
    assert_eq!(desk.get("here/new.bin"), every.repeat(20));
    assert_eq!(desk.get("here/log.txt"), b"ab");
    assert_eq!(desk.get("here/sub/moved.txt"), b"old");
    assert!(
        !desk.path().join("here/doomed").exists() && !desk.path().join("here/old.txt").exists()
    );
}

#[test]
fn modules_are_imported_from_here() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("here/pack/__init__.py", "from .deep import value\n");
    desk.put("here/pack/deep.py", "value = 'deep'\n");
    let said = desk
        .ucli_on(
            &board,
            &["mount", "here", "exec", "import pack\nprint(pack.value)"],
        )
        .out();
    assert!(said.ends_with("deep\n"), "{said}");
}

#[test]
fn missing_file_is_an_oserror() {
    let (desk, board) = (Desk::new(), Board::start());
    std::fs::create_dir(desk.path().join("here")).unwrap();
    let program = "try:\n open('nothing')\nexcept OSError as e:print('errno',e.errno)";
    let said = desk
        .ucli_on(&board, &["mount", "here", "exec", program])
        .out();
    assert!(said.ends_with("errno 2\n"), "{said}");
}

/// Nothing outside the mounted directory can be reached.
#[test]
fn outside_is_out_of_reach() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("secret", "secret");
    desk.put("here/inside", "inside");
    std::os::unix::fs::symlink(desk.path().join("secret"), desk.path().join("here/link")).unwrap();
    let program = "for n in('link','../secret','/remote/../../secret'):\n try:print(open(n).read())\n except OSError:print('refused')";
    let said = desk
        .ucli_on(&board, &["mount", "here", "exec", program])
        .out();
    assert!(!said.contains("secret"), "{said}");
    assert_eq!(said.matches("refused").count(), 3, "{said}");
}

#[test]
fn directory_that_is_not_there_fails() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.ucli_on(&board, &["mount", "nosuchdir", "exec", "1"])
        .run()
        .fails(1, "`nosuchdir`");
}

#[test]
fn umount_takes_it_away() {
    let (desk, board) = (Desk::new(), Board::start());
    desk.put("here/x", "x");
    let program = "import vfs\nprint([p for _,p in vfs.mount() if p=='/remote'])";
    let said = desk
        .ucli_on(&board, &["mount", "here", "umount", "exec", program])
        .out();
    assert!(said.ends_with("[]\n"), "{said}");
    // The end of a command takes it away too.
    desk.ucli_on(&board, &["mount", "here", "exec", "1"])
        .run()
        .ok();
    assert!(
        desk.ucli_on(&board, &["exec", program])
            .out()
            .ends_with("[]\n")
    );
}
