//! `cargo xtask bench interp`: `upy`, MicroPython and petitpy on the programs in `tests/bench`.
//!
//! Instructions are those valgrind counts, less those of a program without a statement, and repeat to a
//! thousandth; seconds are user time, the least of several runs. A program whose output differs fails the run.
//! The parts of MicroPython's own `perf_bench` are covered in kind: none of its code is here.

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
    let names = programs(words)?;
    let empty = subjects.each_ref().map(|subject| count(subject, EMPTY));
    let mut table = String::from(
        "| program | upy M instr | MicroPython | petitpy | of MicroPython | of petitpy | upy s | of MicroPython's s |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let mut ratios: [Vec<f64>; 3] = Default::default();
    for name in &names {
        let expected = output(&subjects[1], name)?;
        let mut costs = [None; 3];
        for (index, subject) in subjects.iter().enumerate() {
            costs[index] = match (measure(subject, name, &expected), &empty[index]) {
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
        row(&mut table, name, &costs, &mut ratios);
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

/// The names of the programs, in order.
fn programs(words: &[String]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("tests/bench"))? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if let Some(name) = name
            && path.extension().is_some_and(|extension| extension == "py")
            && name != EMPTY
            && (words.is_empty() || words.iter().any(|word| word == name))
        {
            names.push(name.to_string());
        }
    }
    names.sort();
    if names.is_empty() {
        return Err(Failed("there is no such program in tests/bench".into()));
    }
    Ok(names)
}

fn path(name: &str) -> String {
    format!("tests/bench/{name}.py")
}

/// What a program prints; an error if it does not end well.
fn output(subject: &Subject, name: &str) -> Result<String> {
    let done = command(&subject.program, &[&path(name)]).output()?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(Failed(format!(
        "{name} on {}: {}, signal {:?}: {}",
        subject.name,
        done.status,
        done.status.signal(),
        String::from_utf8_lossy(&done.stderr).trim()
    )))
}

fn measure(subject: &Subject, name: &str, expected: &str) -> Result<Cost> {
    let got = output(subject, name)?;
    if got != expected {
        return Err(Failed(format!(
            "{name} on {} prints {:?}, MicroPython {:?}",
            subject.name,
            got.trim(),
            expected.trim()
        )));
    }
    let mut seconds = f64::INFINITY;
    for _ in 0..RUNS {
        seconds = seconds.min(user_seconds(&subject.program, name)?);
    }
    Ok(Cost {
        instructions: count(subject, name)?,
        seconds,
    })
}

/// Instructions of a whole run, as valgrind counts them.
fn count(subject: &Subject, name: &str) -> Result<u64> {
    let program = subject.program.to_string_lossy();
    let arguments = [
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
        &program,
        &path(name),
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
                "valgrind says nothing of {name}: {}",
                report.trim()
            ))
        })
}

/// Runs a program and prints the user time of the child, which the shell's `times` has in hundredths only.
const TIMER: &str = "import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime)";

/// User time of one run.
fn user_seconds(program: &Path, name: &str) -> Result<f64> {
    let python = target().join("peers/venv/bin/python3");
    let program = program.to_string_lossy();
    let text = run_output(command(python, &["-c", TIMER, &program, &path(name)]))?;
    text.trim()
        .parse()
        .map_err(|_| Failed(format!("the time of {name} is no number: {}", text.trim())))
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
