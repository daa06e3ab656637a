//! Every command under faults: a byte of the line lost, turned, or the last one before the line is cut or the board reset,
//! and the power cut in the middle of an operation on the flash. Whatever happens and wherever, each file is the old one or
//! the new one, files that the command has nothing to do with are as before, and the next command works.
//!
//! Where it happens is drawn from a seed that stays; `FAULT_SAMPLES` draws more.

use std::collections::BTreeMap;

use harness::program::Desk;
use harness::sample;
use harness::sim::Sim;

/// How often each command is disturbed.
const SAMPLES: usize = 4;

/// A command that is disturbed.
struct Case {
    words: &'static [&'static str],
    /// What is typed.
    input: &'static str,
    /// About how many bytes go each way at most.
    bytes: u64,
    /// It writes to the flash.
    writes: bool,
}

const fn case(words: &'static [&'static str], bytes: u64, writes: bool) -> Case {
    Case {
        words,
        input: "",
        bytes,
        writes,
    }
}

/// Commands that talk.
const TALK: &[Case] = &[
    case(&["exec", "--limit", "5", "print(1)"], 400, false),
    case(&["eval", "1+1"], 400, false),
    case(&["run", "--limit", "5", "program.py"], 900, false),
    case(&["soft-reset"], 300, false),
    case(&["reset"], 300, false),
    case(&["info"], 1500, false),
    case(&["mount", "part", "exec", "import helper"], 3000, false),
    case(
        &["mount", "part", "+", "umount", "+", "eval", "1"],
        3000,
        false,
    ),
    case(&["rtc"], 500, false),
    case(&["rtc", "--set"], 700, false),
    case(&["doctor"], 2000, false),
    case(&["wait"], 400, false),
    case(&["bootloader"], 500, false),
    case(&["test", "--limit", "5", "part/test_it.py"], 900, false),
    case(
        &[
            "resume",
            "+",
            "exec",
            "x=1",
            "+",
            "disconnect",
            "+",
            "eval",
            "x",
        ],
        1200,
        false,
    ),
    Case {
        input: "1+1\r\x1d",
        ..case(&["repl"], 200, false)
    },
];

/// Commands that look at files.
const LOOK: &[Case] = &[
    case(&["ls"], 800, false),
    case(&["cat", ":a.txt"], 2500, false),
    case(&["tree"], 1500, false),
    case(&["df"], 800, false),
    case(&["sha256sum", ":a.txt"], 900, false),
    case(&["cp", ":a.txt", "back.txt"], 2500, false),
    case(&["cp", "-r", ":dir", "back"], 4000, false),
];

/// Commands that change files.
const CHANGE: &[Case] = &[
    case(&["cp", "a.txt", ":"], 6000, true),
    case(&["cp", "-r", "dir", ":"], 9000, true),
    case(&["sync", "dir", ":dir"], 9000, true),
    case(&["sync", "--delete", "--yes", "part", ":dir"], 6000, true),
    case(&["rm", ":a.txt"], 800, true),
    case(&["rm", "-r", ":dir"], 1500, true),
    case(&["mv", ":a.txt", ":b.txt"], 1200, true),
    case(&["mkdir", ":made"], 800, true),
    case(&["touch", ":touched"], 800, true),
    case(&["cp", ":a.txt", ":copy.txt"], 2500, true),
    case(&["edit", ":a.txt"], 6000, true),
    case(&["mkdir", ":made", "+", "rmdir", ":made"], 1600, true),
    case(&["watch", "--rounds", "1", "part", ":dir"], 6000, true),
    case(
        &["cp", "a.txt", ":", "+", "rm", ":dir/one.txt", "+", "reset"],
        6000,
        true,
    ),
];

/// Files by path; `None` for a directory.
type Files = BTreeMap<String, Option<String>>;

/// Shows every file with its digest.
const SHOW: &str = "import os,hashlib,binascii
def walk(d):
    for e in sorted(os.ilistdir(d or '/')):
        p=d+'/'+e[0]
        if e[1]==0x4000:
            print('-',p)
            walk(p)
        else:
            print(binascii.hexlify(hashlib.sha256(open(p,'rb').read()).digest()).decode(),p)
walk('')
print('.')";

/// A desk with files, and the flash of a board with others.
struct Stage {
    desk: Desk,
    flash: Vec<u8>,
    old: Files,
}

impl Stage {
    fn new() -> Self {
        let desk = Desk::new();
        let small = sample::random(1, 900);
        desk.put("board/a.txt", &small);
        desk.put("board/kept.txt", "kept");
        desk.put("board/dir/one.txt", sample::random(2, 700));
        desk.put("board/dir/sub/two.txt", "two");
        let stage = Self {
            desk,
            flash: Vec::new(),
            old: Files::new(),
        };
        {
            let sim = stage.start(&[]);
            for name in ["a.txt", "kept.txt", "dir"] {
                let from = format!("board/{name}");
                stage.ucli(&sim, &["cp", "-r", &from, ":"]).run().ok();
            }
        }
        let flash = stage.desk.get("flash.bin");
        let mut stage = Self { flash, ..stage };
        stage.old = stage.state_of(&stage.start(&[]));
        stage
    }

    /// The files of the desk as they were.
    fn set(&self) {
        self.desk.put("flash.bin", &self.flash);
        self.desk.put("a.txt", sample::random(3, 2500));
        self.desk.put("dir/one.txt", sample::random(4, 1500));
        self.desk.put("dir/sub/two.txt", "two");
        self.desk.put("dir/three.txt", "three");
        self.desk.put("part/one.txt", "one");
        self.desk.put("part/helper.py", "print('helped')");
        self.desk.put(
            "part/test_it.py",
            "import unittest\nclass T(unittest.TestCase):\n    def test(self): pass\n",
        );
        self.desk.put("back.txt", "before");
        self.desk.put("back/dir/one.txt", "before");
        self.desk.put(
            "program.py",
            "for i in range(20): print(i, 'a line of output')\n",
        );
        self.desk.put(
            "editor.py",
            "import sys\nopen(sys.argv[1], 'a').write('edited\\n' * 50)\n",
        );
    }

    fn start(&self, options: &[&str]) -> Sim {
        let image = self.desk.path().join("flash.bin");
        let image = image.to_string_lossy().into_owned();
        Sim::start(&[&["--flash", &image], options].concat())
    }

    fn ucli(&self, sim: &Sim, words: &[&str]) -> harness::program::Call {
        self.desk
            .ucli(&[&["-p", sim.address(), "--timeout", "3"], words].concat())
            .env("EDITOR", "python3 editor.py")
    }

    /// What is on the board after a disturbed command. A fault that lies behind the end of the command hits this one
    /// instead; there is only one, so the next must work.
    fn state_after(&self, sim: &Sim, is_right: impl Fn(&Files) -> bool) -> Files {
        // What says that a program has ended may be lost as well.
        let done = self.ucli(sim, &["exec", "--limit", "10", SHOW]).run();
        assert!(!done.err().contains("panicked"), "{done}");
        if done.status == Some(0) && done.out().ends_with(".\r\n") {
            let files = Self::files(&done.out());
            if is_right(&files) {
                return files;
            }
        }
        self.state_of(sim)
    }

    /// What is on the board. It has to answer.
    fn state_of(&self, sim: &Sim) -> Files {
        let said = self.ucli(sim, &["exec", SHOW]).out();
        assert!(said.ends_with(".\r\n"), "all of it: {said}");
        Self::files(&said)
    }

    fn files(said: &str) -> Files {
        said.lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(digest, path)| {
                let digest = (digest != "-").then(|| digest.to_string());
                (path.to_string(), digest)
            })
            .collect()
    }

    /// What of the desk a command may write to.
    fn local(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let mut files = self.desk.contents();
        files.retain(|(path, _)| path.starts_with("back"));
        files
    }
}

/// Whether a file is one that a transfer makes before it renames it.
fn is_temporary(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with(".ucli"))
}

/// What does not belong there after a disturbed command.
fn damage(old: &Files, new: &Files, found: &Files) -> Vec<String> {
    let mut paths: Vec<&String> = old.keys().chain(new.keys()).chain(found.keys()).collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .filter(|path| !is_temporary(path))
        .filter(|path| {
            let is = found.get(*path);
            is != old.get(*path) && is != new.get(*path)
        })
        .map(|path| format!("{path} is {:?}", found.get(path)))
        .collect()
}

/// Draws a fault.
fn draw(state: &mut u64, case: &Case) -> [String; 2] {
    let bytes = sample::random_from(state, 10);
    let number = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    let kinds = if case.writes { 9 } else { 8 };
    let kind = usize::from(bytes[8]) % kinds;
    if kind == 8 {
        return ["--power-cut".into(), (number % 40).to_string()];
    }
    let what = [
        "in:drop",
        "in:flip",
        "in:cut",
        "in:reset",
        "out:drop",
        "out:flip",
        "out:cut",
        "out:reset",
    ][kind];
    // The beginning of a conversation is where most is decided.
    let range = match bytes[9] % 3 {
        0 => 120.min(case.bytes),
        _ => case.bytes,
    };
    ["--fault".into(), format!("{what}@{}", number % range)]
}

/// Disturbs every command of a table.
fn disturb(cases: &[Case]) {
    let stage = Stage::new();
    let samples = std::env::var("FAULT_SAMPLES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SAMPLES);
    let mut complaints = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        stage.set();
        let before = stage.local();
        let (new, after) = {
            let sim = stage.start(&[]);
            let call = stage.ucli(&sim, case.words).input(case.input);
            call.run().ok();
            (stage.state_of(&sim), stage.local())
        };
        let mut state = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for _ in 0..samples {
            let [option, fault] = draw(&mut state, case);
            stage.set();
            let sim = stage.start(&[&option, &fault]);
            let done = stage.ucli(&sim, case.words).input(case.input).run();
            let at = format!("{:?} with {option} {fault}", case.words);
            if done.err().contains("panicked") {
                complaints.push(format!("{at}: {done}"));
            }
            let found = stage.state_after(&sim, |found| damage(&stage.old, &new, found).is_empty());
            for harm in damage(&stage.old, &new, &found) {
                complaints.push(format!("{at}: {harm}\n{done}"));
            }
            for (path, content) in stage.local() {
                let was = |files: &[(String, Option<Vec<u8>>)]| {
                    files.contains(&(path.clone(), content.clone()))
                };
                if !was(&before) && !was(&after) {
                    complaints.push(format!("{at}: torn `{path}` on the desk\n{done}"));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

#[test]
fn disturbed_talk_leaves_everything_as_it_was() {
    disturb(TALK);
}

#[test]
fn disturbed_looks_leave_everything_as_it_was() {
    disturb(LOOK);
}

#[test]
fn disturbed_changes_leave_old_files_or_new_ones() {
    disturb(CHANGE);
}
