//! `cargo xtask upstream DIR [--board] [AREA...]`: MicroPython's own tests, from a checkout, on `upy` and on a real
//! MicroPython.
//!
//! `DIR` is a checkout of micropython/micropython; nothing of it is kept. Both interpreters run the same
//! `run-tests.py` in a copy of its tests, as `nobody` when we are root. What MicroPython passes and `upy` does
//! not must stand in `tests/known_gaps.toml`, and what stands there must still be so. With `--board` ours is the
//! simulated board, which the tests reach as they reach any board: through its terminal, by the raw REPL. With
//! `--stress` an interpreter that collects at every allocation must pass what the ordinary one passes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use harness::paths::{self, NOBODY};

use crate::run::{cargo, command, run};
use crate::{Failed, Result, root};

/// The areas that are compared when none is named.
const AREAS: [&str; 11] = [
    "basics",
    "float",
    "io",
    "misc",
    "unicode",
    "micropython",
    "import",
    "stress",
    "cmdline",
    "extmod",
    "thread",
];

/// Those of them that run-tests.py gives to boards.
const BOARD_AREAS: [&str; 8] = [
    "basics",
    "float",
    "misc",
    "unicode",
    "micropython",
    "stress",
    "extmod",
    "thread",
];

/// The heap of the board, as large as that of MicroPython's unix port.
const BOARD: &str = "board --pty --heap 2M";

/// What is asked of a host program alone: run-tests.py itself leaves the first five out on boards; two need what
/// comes after the end of a program, or its command line; the rest work on the host's own files.
const HOST_ONLY: &str = concat!(
    "basics/exception_chain|micropython/meminfo|unicode/file1|unicode/file2|unicode/file_invalid",
    "|misc/sys_atexit|basics/sys_path|extmod/vfs_posix",
);

/// Machine code made on the board, and dumps of it, are no part of the language.
const ASIDE: &str = "micropython/(native|viper)_|cmdline/cmd_(showbc|parsetree)|inlineasm";

/// Seconds a test may take: under stress some take minutes.
const TIMEOUT_S: &str = "900";

/// What each test came to: `pass`, `fail`, `skip`.
type Outcomes = BTreeMap<String, String>;

/// Runs both and compares.
///
/// # Errors
/// When a program is missing, and when the differences are not those of the list.
pub(crate) fn compare(words: &[String]) -> Result {
    let on_board = words.iter().any(|word| word == "--board");
    let mut words = words.iter().filter(|word| *word != "--board");
    let checkout = words.next().ok_or_else(|| {
        Failed(
            "usage: cargo xtask upstream DIR [--board] [AREA...], DIR a checkout of MicroPython"
                .into(),
        )
    })?;
    let areas: Vec<&str> = words.map(String::as_str).collect();
    let stress = areas.contains(&"--stress");
    let areas: Vec<&str> = areas
        .into_iter()
        .filter(|area| *area != "--stress")
        .collect();
    if areas == ["--mpremote"] {
        return crate::shell::run_both(Path::new(checkout));
    }
    let tests = Path::new(checkout).join("tests/run-tests.py");
    if !tests.is_file() {
        return Err(Failed(format!(
            "{} is missing: is {checkout} a checkout of micropython/micropython?",
            tests.display()
        )));
    }
    let areas = match (areas.is_empty(), on_board) {
        (false, _) => areas,
        (true, false) => AREAS.to_vec(),
        (true, true) => BOARD_AREAS.to_vec(),
    };
    run(cargo(&["build", "--release", "--quiet", "-p", "upy-sim"]))?;
    let scratch = paths::scratch();
    let place = scratch.path().join("checkout");
    copy_checkout(Path::new(checkout), &place)?;
    let ours = place.join("upy");
    std::fs::copy(paths::target().join("release/upy"), &ours)?;
    let theirs = paths::peers().join("micropython");
    if paths::is_root() && !paths::is_open_to_all(paths::peers()) {
        return Err(Failed(format!(
            "{} cannot be entered by nobody, and MicroPython is not run as root: move the checkout, or be another user",
            paths::peers().display()
        )));
    }
    if stress {
        return stressed(&place, &ours, &areas);
    }
    let on_ours = run_tests(&place, &ours, &areas, on_board)?;
    let mut on_theirs = run_tests(&place, &theirs, &areas, false)?;
    if on_board {
        // What the board was not asked is no gap.
        on_theirs.retain(|test, _| on_ours.contains_key(test));
    }
    print_table(&areas, &on_ours, &on_theirs);
    judge(&areas, &on_ours, &on_theirs)
}

/// The ordinary interpreter against one that collects at every allocation and overwrites what it frees.
fn stressed(place: &Path, ordinary: &Path, areas: &[&str]) -> Result {
    let target = paths::target().join("stress");
    run({
        let words = [
            "build",
            "--release",
            "--quiet",
            "-p",
            "upy-sim",
            "--features",
            "gc-stress",
        ];
        let mut build = cargo(&words);
        build.arg("--target-dir").arg(&target);
        build
    })?;
    let stressed = place.join("upy-stress");
    std::fs::copy(target.join("release/upy"), &stressed)?;
    let plain = run_tests(place, ordinary, areas, false)?;
    let under_stress = run_tests(place, &stressed, areas, false)?;
    print_table(areas, &under_stress, &plain);
    let changed: Vec<&str> = plain
        .iter()
        .filter(|(test, outcome)| *outcome == "pass" && under_stress.get(*test) != Some(outcome))
        .map(|(test, _)| test.as_str())
        .collect();
    if changed.is_empty() {
        Ok(())
    } else {
        Err(Failed(format!(
            "under stress otherwise: {}",
            changed.join(" ")
        )))
    }
}

/// The parts of the checkout that the tests use.
fn copy_checkout(from: &Path, to: &Path) -> Result {
    std::fs::create_dir(to)?;
    for part in ["tests", "tools", "lib/micropython-lib"] {
        let source = from.join(part);
        if !source.exists() {
            continue;
        }
        let target = to.join(part);
        std::fs::create_dir_all(target.parent().unwrap_or(to))?;
        let copied = command("cp", &["-r"])
            .arg(&source)
            .arg(&target)
            .status()?
            .success();
        if !copied {
            return Err(Failed(format!("{} cannot be copied", source.display())));
        }
    }
    if paths::is_root() {
        let owner = format!("{NOBODY}:{NOBODY}");
        run({
            let mut chown = command("chown", &["-R", &owner]);
            chown.arg(to);
            chown
        })?;
    }
    Ok(())
}

fn run_tests(place: &Path, interpreter: &Path, areas: &[&str], on_board: bool) -> Result<Outcomes> {
    let target = if on_board {
        format!("{} {BOARD}", interpreter.display())
    } else {
        interpreter.display().to_string()
    };
    println!("$ run-tests.py with {target}");
    let results = place.join("results");
    if results.exists() {
        std::fs::remove_dir_all(&results)?;
    }
    let user = NOBODY.to_string();
    // CPython as it is: only on a board the packages of the peers' environment are needed, for its serial port.
    let plain = paths::peers().join("python3").canonicalize()?;
    let python = if on_board {
        paths::peers().join("python3")
    } else {
        plain.clone()
    };
    let mut tests = if paths::is_root() {
        let mut tests = command(
            "setpriv",
            &["--reuid", &user, "--regid", &user, "--clear-groups"],
        );
        tests.arg(&python);
        tests
    } else {
        command(&python, &[])
    };
    let board = format!("execpty:{target}");
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    tests
        .args(["run-tests.py", "-j", &jobs.to_string(), "-e", ASIDE])
        .args(if on_board {
            vec!["-e", HOST_ONLY, "-t", &board]
        } else {
            Vec::new()
        })
        .arg("-r")
        .arg(&results)
        .arg("-d")
        .args(areas)
        .current_dir(place.join("tests"))
        .env("MICROPY_MICROPYTHON", interpreter)
        .env("MICROPY_CPYTHON3", &plain)
        .env("MICROPY_TEST_TIMEOUT", TIMEOUT_S)
        .env("HOME", place)
        .stdout(Stdio::null());
    // It fails when a test does: what counts is what it wrote.
    tests.status()?;
    let path = results.join("_results.json");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failed(format!("run-tests.py wrote no {}: {error}", path.display())))?;
    let results: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| Failed(format!("{}: {error}", path.display())))?;
    let rows = results["results"].as_array().cloned().unwrap_or_default();
    Ok(rows
        .iter()
        .filter_map(|row| {
            let name = row[0].as_str()?.trim_start_matches("./");
            Some((name.to_string(), row[1].as_str()?.to_string()))
        })
        .collect())
}

fn print_table(areas: &[&str], ours: &Outcomes, theirs: &Outcomes) {
    println!(
        "{:<14}{:>24}{:>24}",
        "", "upy pass/fail/skip", "MicroPython"
    );
    for area in areas {
        let count = |outcomes: &Outcomes| {
            let of = |outcome: &str| {
                outcomes
                    .iter()
                    .filter(|(name, came)| in_area(name, area) && *came == outcome)
                    .count()
            };
            format!("{}/{}/{}", of("pass"), of("fail"), of("skip"))
        };
        println!("{area:<14}{:>24}{:>24}", count(ours), count(theirs));
    }
}

fn in_area(test: &str, area: &str) -> bool {
    test.strip_prefix(area)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn judge(areas: &[&str], ours: &Outcomes, theirs: &Outcomes) -> Result {
    let list = std::fs::read_to_string(root().join("tests/known_gaps.toml"))?;
    let known: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("test = \"")?.strip_suffix('"'))
        .filter(|test| areas.iter().any(|area| in_area(test, area)))
        .collect();
    let mut gaps = Vec::new();
    for (test, outcome) in ours {
        let passes_there = theirs.get(test).is_some_and(|there| there == "pass");
        if outcome != "pass" && passes_there {
            gaps.push((test.as_str(), outcome));
        }
    }
    let mut wrong = 0;
    for (test, outcome) in &gaps {
        if !known.contains(test) {
            wrong += 1;
            println!(
                "{test}: {outcome} on upy, passes on MicroPython, and is not in tests/known_gaps.toml"
            );
        }
    }
    for test in &known {
        if !gaps.iter().any(|(gap, _)| gap == test) {
            wrong += 1;
            println!("{test}: is in tests/known_gaps.toml and is no gap any more");
        }
    }
    println!("{} gaps, {} known", gaps.len(), known.len());
    if wrong == 0 {
        Ok(())
    } else {
        Err(Failed(format!(
            "{wrong} differences from tests/known_gaps.toml"
        )))
    }
}
