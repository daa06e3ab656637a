//! `cargo xtask bench interp`: `upy`, MicroPython and petitpy on the programs in `tests/bench`.
//!
//! Instructions are those valgrind counts, less those of a program without a statement, and repeat to a
//! thousandth; seconds are user time, the least of several runs. A program whose output differs fails the run.
//! The parts of MicroPython's own `perf_bench` are covered in kind: none of its code is here. With `--suite DIR` they
//! are taken from a checkout: each program but those for viper, with its driver, at N = M = 100.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};

use crate::run::{cargo, command, find, output as run_output, run as start};
use crate::{Failed, Result, root, target};

/// The program that costs what every other also costs.
const EMPTY: &str = "empty";
/// What the geometric mean of our instructions may be, of MicroPython's.
const TARGET: f64 = 0.60;
/// How often a program runs for its seconds.
const RUNS: usize = 3;

/// One interpreter to measure.
struct Subject {
    name: &'static str,
    program: PathBuf,
}

/// One program to run.
struct Program {
    name: String,
    path: PathBuf,
    /// Its output begins with the time it took.
    timed: bool,
}

/// What one interpreter needs for one program.
#[derive(Clone, Copy, Debug)]
struct Cost {
    instructions: u64,
    seconds: f64,
}

/// Measures every program, or those whose names are given.
pub(crate) fn run(words: &[String]) -> Result {
    if find("valgrind").is_none() {
        return Err(Failed(
            "valgrind, which counts the instructions, is not installed".into(),
        ));
    }
    if crate::setup::run_all()?.peers.is_some() {
        return Err(Failed("there is nothing to compare with".into()));
    }
    start(cargo(&[
        "build",
        "--release",
        "-p",
        "upy-sim",
        "--bin",
        "upy",
    ]))?;
    let peer = |name: &str| target().join("peers/venv/bin").join(name);
    let subjects = [
        Subject {
            name: "upy",
            program: target().join("release/upy"),
        },
        Subject {
            name: "MicroPython",
            program: peer("micropython"),
        },
        Subject {
            name: "petitpy",
            program: peer("petitpy"),
        },
    ];
    let programs = match words {
        [option, checkout, names @ ..] if option == "--suite" => suite(Path::new(checkout), names)?,
        _ => programs(words)?,
    };
    let empty = Program {
        name: EMPTY.into(),
        path: root().join("tests/bench").join(format!("{EMPTY}.py")),
        timed: false,
    };
    let empty = subjects.each_ref().map(|subject| count(subject, &empty));
    let mut table = String::from(
        "| program | upy M instr | MicroPython | petitpy | of MicroPython | of petitpy | upy s | of MicroPython's s |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let mut ratios: [Vec<f64>; 3] = Default::default();
    for program in &programs {
        let expected = output(&subjects[1], program)?;
        let mut costs = [None; 3];
        for (index, subject) in subjects.iter().enumerate() {
            costs[index] = match (measure(subject, program, &expected), &empty[index]) {
                (Ok(cost), Ok(empty)) => Some(Cost {
                    instructions: cost.instructions.saturating_sub(*empty).max(1),
                    ..cost
                }),
                // petitpy need not run everything; the other two must.
                (Err(Failed(why)), _) if index == 2 => {
                    println!("{why}");
                    None
                }
                (Err(failed), _) => return Err(failed),
                (_, Err(Failed(why))) => return Err(Failed(why.clone())),
            };
        }
        row(&mut table, &program.name, &costs, &mut ratios);
        println!("{}", table.lines().last().unwrap_or_default());
    }
    println!("\n{table}");
    let [instructions, petitpy, seconds] = ratios.each_ref().map(|ratios| mean(ratios));
    let most = ratios[0].iter().copied().fold(0.0, f64::max);
    println!(
        "geometric mean of instructions: {instructions:.3} of MicroPython's (target {TARGET:.2}), \
         largest {most:.2}; {petitpy:.3} of petitpy's\n\
         geometric mean of user time: {seconds:.3} of MicroPython's"
    );
    Ok(())
}

/// Our own programs, in order of their names.
fn programs(words: &[String]) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for (name, path) in scripts(&root().join("tests/bench"), words)? {
        if name != EMPTY {
            programs.push(Program {
                name,
                path,
                timed: false,
            });
        }
    }
    if programs.is_empty() {
        return Err(Failed("there is no such program in tests/bench".into()));
    }
    Ok(programs)
}

/// The programs of `tests/perf_bench` in a checkout, each with its driver in a file under `target`.
fn suite(checkout: &Path, words: &[String]) -> Result<Vec<Program>> {
    let from = checkout.join("tests/perf_bench");
    let driver = fs::read_to_string(from.join("benchrun.py"))?;
    let place = target().join("tmp/perf_bench");
    fs::create_dir_all(&place)?;
    let mut programs = Vec::new();
    for (name, path) in scripts(&from, words)? {
        if name == "benchrun" || name.starts_with("viper") {
            continue;
        }
        let text = format!(
            "{}\n{driver}\nbm_run(100, 100)\n",
            fs::read_to_string(path)?
        );
        let path = place.join(format!("{name}.py"));
        fs::write(&path, text)?;
        programs.push(Program {
            name,
            path,
            timed: true,
        });
    }
    if programs.is_empty() {
        return Err(Failed(format!(
            "there is no such program in {}",
            from.display()
        )));
    }
    Ok(programs)
}

/// Names and paths of the Python files of a folder, all or those that are asked for.
fn scripts(folder: &Path, words: &[String]) -> Result<Vec<(String, PathBuf)>> {
    let mut scripts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if let Some(name) = name
            && path.extension().is_some_and(|extension| extension == "py")
            && (words.is_empty() || words.iter().any(|word| word == name))
        {
            scripts.push((name.to_string(), path));
        }
    }
    scripts.sort();
    Ok(scripts)
}

/// What a program prints; an error if it does not end well.
fn output(subject: &Subject, program: &Program) -> Result<String> {
    let path = program.path.to_string_lossy();
    let done = command(&subject.program, &[&*path]).output()?;
    let name = &program.name;
    if done.status.success() {
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        return Ok(match text.split_once(' ') {
            Some((_, rest)) if program.timed => rest.to_string(),
            _ => text,
        });
    }
    Err(Failed(format!(
        "{name} on {}: {}, signal {:?}: {}",
        subject.name,
        done.status,
        done.status.signal(),
        String::from_utf8_lossy(&done.stderr).trim()
    )))
}

fn measure(subject: &Subject, program: &Program, expected: &str) -> Result<Cost> {
    let got = output(subject, program)?;
    if got != expected {
        return Err(Failed(format!(
            "{} on {} prints {:?}, MicroPython {:?}",
            program.name,
            subject.name,
            got.trim(),
            expected.trim()
        )));
    }
    let mut seconds = f64::INFINITY;
    for _ in 0..RUNS {
        seconds = seconds.min(user_seconds(&subject.program, program)?);
    }
    Ok(Cost {
        instructions: count(subject, program)?,
        seconds,
    })
}

/// Instructions of a whole run, as valgrind counts them.
fn count(subject: &Subject, script: &Program) -> Result<u64> {
    let program = subject.program.to_string_lossy();
    let path = script.path.to_string_lossy();
    let arguments = [
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
        &program,
        &path,
    ];
    let done = command("valgrind", &arguments).output()?;
    let report = String::from_utf8_lossy(&done.stderr);
    report
        .lines()
        .find(|line| line.contains("refs:"))
        .and_then(|line| line.rsplit("refs:").next())
        .and_then(|number| number.trim().replace(',', "").parse().ok())
        .ok_or_else(|| {
            Failed(format!(
                "valgrind says nothing of {}: {}",
                script.name,
                report.trim()
            ))
        })
}

/// Runs a program and prints the user time of the child, which the shell's `times` has in hundredths only.
const TIMER: &str = "import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime)";

/// User time of one run.
fn user_seconds(program: &Path, script: &Program) -> Result<f64> {
    let python = target().join("peers/venv/bin/python3");
    let program = program.to_string_lossy();
    let path = script.path.to_string_lossy();
    let text = run_output(command(python, &["-c", TIMER, &program, &path]))?;
    text.trim().parse().map_err(|_| {
        Failed(format!(
            "the time of {} is no number: {}",
            script.name,
            text.trim()
        ))
    })
}

fn row(table: &mut String, name: &str, costs: &[Option<Cost>; 3], ratios: &mut [Vec<f64>; 3]) {
    let millions = |cost: &Option<Cost>| {
        cost.map_or("–".to_string(), |cost| {
            format!("{:.1}", cost.instructions as f64 / 1e6)
        })
    };
    let [Some(ours), Some(micropython), petitpy] = costs else {
        return;
    };
    let of = |theirs: &Cost| ours.instructions as f64 / theirs.instructions as f64;
    ratios[0].push(of(micropython));
    ratios[1].extend(petitpy.as_ref().map(of));
    // A time of nothing is below what the clock shows.
    let seconds = (micropython.seconds > 0.0).then(|| ours.seconds / micropython.seconds);
    ratios[2].extend(seconds.filter(|&ratio| ratio > 0.0));
    // Writing to a string cannot fail.
    let _ = writeln!(
        table,
        "| {name} | {} | {} | {} | {:.2} | {} | {:.3} | {} |",
        millions(&costs[0]),
        millions(&costs[1]),
        millions(&costs[2]),
        of(micropython),
        petitpy
            .as_ref()
            .map_or("–".to_string(), |cost| format!("{:.2}", of(cost))),
        ours.seconds,
        seconds.map_or("–".to_string(), |ratio| format!("{ratio:.2}")),
    );
}

/// The geometric mean; 1 of nothing.
fn mean(ratios: &[f64]) -> f64 {
    if ratios.is_empty() {
        return 1.0;
    }
    let logarithms: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    (logarithms / ratios.len() as f64).exp()
}
