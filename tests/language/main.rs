//! Every program of `cases/` run by `upy`, by MicroPython and by CPython: what they print and their exit codes must
//! agree. With CPython only standard output is compared, and not where the first lines of a program say why it
//! `Differs from CPython`. A program ends well unless its name begins with `uncaught_` or `exit_`: two interpreters
//! that refuse the same program agree about nothing.
//!
//! One test per area, so that a new program needs no line here; a new area does, and its absence is noticed.

mod generated;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::paths;

/// No machine code on the fly, which only MicroPython has.
const BYTECODE: &[&str] = &["-X", "emit=bytecode"];
/// What stands in the first lines of a program whose output depends on MicroPython.
const DIFFERS: &str = "# Differs from CPython: ";

/// What a program did.
#[derive(Debug)]
struct Run {
    output: String,
    errors: String,
    status: Option<i32>,
}

impl Run {
    /// Whether another MicroPython did the same.
    fn agrees(&self, other: &Run) -> bool {
        let text = |run: &Run| [&run.output[..], &run.errors].concat();
        self.status == other.status && text(self) == text(other)
    }
}

fn run(interpreter: &Path, arguments: &[&str], program: &Path) -> Run {
    let output = Command::new(interpreter)
        .args(arguments)
        .arg(program.file_name().expect("a program has a name"))
        .current_dir(program.parent().expect("a program is in a directory"))
        .env("MICROPYPATH", ".frozen")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the interpreter can be started");
    Run {
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
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

/// Whether a program ends in an exception or with a number.
fn may_fail(program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    ["uncaught_", "exit_"].iter().any(|it| name.starts_with(it))
}

/// Runs an area; a name that is a word of Rust has `_` behind it.
fn area_agrees(name: &str) {
    let name = name.trim_end_matches('_');
    let micropython = paths::peers().join("micropython");
    let cpython = paths::peers().join("python");
    let programs = programs(&cases().join(name));
    assert!(!programs.is_empty(), "{name} has programs");
    let mut differing = Vec::new();
    for program in programs {
        let ours = run(paths::upy(), BYTECODE, &program);
        let mut report = |other: &str, run: &Run| {
            let name = program.display();
            differing.push(format!("{name}\nupy: {ours:?}\n{other}: {run:?}"));
        };
        let theirs = run(&micropython, BYTECODE, &program);
        if !ours.agrees(&theirs) {
            report("micropython", &theirs);
        }
        if ours.status != Some(0) && !may_fail(&program) {
            report("micropython, which ends so as well", &theirs);
        }
        let source = std::fs::read_to_string(&program).expect("a program is text");
        if source.lines().take(2).any(|line| line.starts_with(DIFFERS)) {
            continue;
        }
        let theirs = run(&cpython, &[], &program);
        if (&ours.output, ours.status) != (&theirs.output, theirs.status) {
            report("cpython", &theirs);
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
    literals micropython modules names operators scope statements strings subscripts values
}

/// What the builds of MicroPython that we have for peers lack.
#[test]
fn programs_of_cpython_agree() {
    let cpython = paths::peers().join("python");
    for program in programs(&paths::root().join("tests/language/cpython")) {
        let ours = run(paths::upy(), BYTECODE, &program);
        let theirs = run(&cpython, &[], &program);
        assert_eq!(ours.output, theirs.output, "{} {ours:?}", program.display());
        assert_eq!((ours.status, theirs.status), (Some(0), Some(0)));
    }
}

/// Generated programs in every test run, and what chooses them.
const GENERATED: u64 = 150;
const SEED: u64 = 20_261_124;

#[test]
fn generated_programs_agree() {
    let more = std::env::var("UCLI_GENERATED").map_or(0, |count| {
        count.parse().expect("UCLI_GENERATED is a number")
    });
    let scratch = paths::scratch();
    let micropython = paths::peers().join("micropython");
    let (mut differing, mut printed) = (Vec::new(), 0);
    for seed in SEED..SEED + GENERATED + more {
        let program = scratch.path().join(format!("generated_{seed}.py"));
        std::fs::write(&program, generated::Maker::program(seed)).expect("a writable directory");
        let ours = run(paths::upy(), BYTECODE, &program);
        let theirs = run(&micropython, BYTECODE, &program);
        printed += ours.output.len();
        assert!(
            !ours.errors.contains("SyntaxError"),
            "{seed}: {}",
            ours.errors
        );
        // Standard error has MicroPython's warnings.
        if (&ours.output, ours.status) != (&theirs.output, theirs.status) {
            let line = ours.output.lines().zip(theirs.output.lines());
            let line = line.enumerate().find(|(_, (left, right))| left != right);
            let kept = std::env::temp_dir().join(format!("generated_{seed}.py"));
            std::fs::copy(&program, &kept).expect("a writable directory");
            differing.push(format!(
                "{}: {line:?} {:?} {:?}",
                kept.display(),
                ours.errors,
                theirs.errors
            ));
        }
    }
    assert!(printed > 10_000, "they do something: {printed} bytes");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
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
