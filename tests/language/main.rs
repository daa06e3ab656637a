//! Every program of `cases/` run by `upy` and by MicroPython: what they print and their exit codes must agree.
//!
//! One test per area, so that a new program needs no line here; a new area does, and its absence is noticed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::paths;

/// What a program did.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    output: String,
    status: Option<i32>,
}

fn run(interpreter: &Path, program: &Path) -> Run {
    let output = Command::new(interpreter)
        .args(["-X", "emit=bytecode"])
        .arg(program.file_name().expect("a program has a name"))
        .current_dir(program.parent().expect("a program is in a directory"))
        .env("MICROPYPATH", "")
        .output()
        .expect("the interpreter can be started");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Run {
        output: text,
        status: output.status.code(),
    }
}

fn cases() -> PathBuf {
    paths::root().join("tests/language/cases")
}

/// The programs of a directory in order of their names.
fn programs(area: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(area).expect("the area exists");
    let mut programs: Vec<_> = entries
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension() == Some(OsStr::new("py")))
        .collect();
    programs.sort();
    programs
}

/// Runs an area; a name that is a word of Rust has `_` behind it.
fn area_agrees(name: &str) {
    let name = name.trim_end_matches('_');
    let micropython = paths::peers().join("micropython");
    let programs = programs(&cases().join(name));
    assert!(!programs.is_empty(), "{name} has programs");
    let mut differing = Vec::new();
    for program in programs {
        let (ours, theirs) = (run(paths::upy(), &program), run(&micropython, &program));
        if ours != theirs {
            differing.push(format!(
                "{}\nupy: {ours:?}\nmicropython: {theirs:?}",
                program.display()
            ));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

macro_rules! areas {
    ($($area:ident)*) => {
        /// The areas that have a test.
        const AREAS: &[&str] = &[ $( stringify!($area), )* ];

        $(
            #[test]
            fn $area() {
                area_agrees(stringify!($area));
            }
        )*
    };
}

areas! {
    async_ builtins calls classes comprehensions exceptions files folding functions generators imports jumps lines
    literals micropython names operators scope statements strings subscripts values
}

#[test]
fn every_area_has_a_test() {
    let entries = std::fs::read_dir(cases()).expect("the cases are there");
    for entry in entries {
        let name = entry.expect("a readable entry").file_name();
        assert!(
            AREAS
                .iter()
                .any(|area| OsStr::new(area.trim_end_matches('_')) == name),
            "{name:?} has no test"
        );
    }
}
