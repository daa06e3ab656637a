//! `cargo xtask test` and `ci`: one step after the other, and what each took.

use std::time::Instant;

use crate::run::{cargo, command, run};
use crate::{Failed, Result, desks, ports, setup, sizes, walls};

/// Runs steps and remembers how they went.
#[derive(Debug, Default)]
struct Steps {
    done: Vec<(&'static str, String, f64)>,
    failed: usize,
}

impl Steps {
    fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result) {
        println!("\n== {name}");
        let started = Instant::now();
        let outcome = match work() {
            Ok(()) => "ok".to_string(),
            Err(Failed(why)) => {
                self.failed += 1;
                format!("FAILED: {why}")
            }
        };
        self.done
            .push((name, outcome, started.elapsed().as_secs_f64()));
    }

    fn skip(&mut self, name: &'static str, why: &str) {
        self.done.push((name, format!("skipped: {why}"), 0.0));
    }

    fn end(self) -> Result {
        println!("\n== summary");
        for (name, outcome, seconds) in &self.done {
            println!("{name:<10} {seconds:7.1} s  {outcome}");
        }
        let skipped = self
            .done
            .iter()
            .filter(|(_, outcome, _)| outcome.starts_with("skipped"))
            .count();
        println!(
            "{} steps, {} failed, {skipped} skipped",
            self.done.len(),
            self.failed
        );
        if self.failed == 0 {
            Ok(())
        } else {
            Err(Failed(format!("{} steps failed", self.failed)))
        }
    }
}

/// Everything that tests.
pub(crate) fn test(arguments: &[String]) -> Result {
    let mut steps = Steps::default();
    tests(&mut steps, arguments);
    steps.end()
}

/// The tests of the heap under Miri, which knows every use of memory that Rust forbids.
///
/// # Errors
/// When a toolchain with Miri is missing: `rustup component add miri rust-src --toolchain nightly`.
pub(crate) fn miri() -> Result {
    // Values are words that are turned back into addresses of memory that was exposed for it.
    let words = ["miri", "test", "-p", "upy-runtime", "--lib", "heap"];
    let mut miri = command("cargo", &["+nightly"]);
    miri.args(words)
        .arg("--target-dir")
        .arg(crate::target().join("miri"))
        .env("MIRIFLAGS", "-Zmiri-permissive-provenance")
        .env_remove("RUSTUP_TOOLCHAIN");
    run(miri)
}

/// Everything.
pub(crate) fn ci() -> Result {
    let mut steps = Steps::default();
    steps.step("fmt", || run(cargo(&["fmt", "--all", "--check"])));
    steps.step("walls", walls::run);
    steps.step("sizes", sizes::run);
    steps.step("clippy", || {
        run(cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    });
    steps.step("docs", || {
        let mut docs = cargo(&[
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ]);
        docs.env("RUSTDOCFLAGS", "-D warnings");
        run(docs)
    });
    tests(&mut steps, &[]);
    steps.end()
}

fn tests(steps: &mut Steps, arguments: &[String]) {
    let mut missing = setup::Missing::default();
    steps.step("setup", || {
        missing = setup::run_all()?;
        Ok(())
    });
    steps.step("build", || run(cargo(&["build", "--workspace"])));
    let extra: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let Some(why) = &missing.peers {
        let mut line = vec![
            "test",
            "--workspace",
            "--no-fail-fast",
            "--exclude",
            "integration",
        ];
        line.extend(&extra);
        steps.step("test", || run(cargo(&line)));
        steps.skip("peers", why);
    } else {
        let mut line = vec!["test", "--workspace", "--no-fail-fast"];
        line.extend(&extra);
        steps.step("test", || run(cargo(&line)));
    }
    // Whoever asks for certain tests is not kept waiting for the other desks.
    if !extra.is_empty() {
        return;
    }
    match missing.peers.as_ref().or(missing.desks.as_ref()) {
        Some(why) => steps.skip("desks", why),
        None => {
            steps.step("windows", desks::windows);
            steps.step("macos", desks::macos);
            steps.step("ports", || ports::run_all(&[]));
        }
    }
}
