//! `cargo xtask test` and `cargo xtask ci`.

use std::time::Instant;

use crate::shell::{Result, cargo, run};
use crate::{setup, sizes, walls};

/// Sets up the peers, builds the programs, runs every test.
pub(crate) fn test() -> Result<()> {
    let skipped = setup::set_up()?;
    run(cargo().args(["build", "--workspace", "--bins"]))?;
    run(cargo().args(["test", "--workspace", "--no-fail-fast"]))?;
    if skipped > 0 {
        println!("xtask: {skipped} peers were missing; what needs them was skipped");
    }
    Ok(())
}

/// Everything that must hold before a change gets in.
pub(crate) fn run_all() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    run(cargo()
        .args([
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
        .env("RUSTDOCFLAGS", "-D warnings"))?;
    walls::run()?;
    sizes::run()?;
    test()
}

/// As [`run_all`], with the time it took.
pub(crate) fn run_timed() -> Result<()> {
    let started = Instant::now();
    let result = run_all();
    println!("xtask: ci took {} s", started.elapsed().as_secs());
    result
}
