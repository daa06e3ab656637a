//! `cargo xtask bench chips DIR [NAME...]`: instructions of our images for Cortex-M3 and M0 on the programs of
//! MicroPython's own `perf_bench`, read from a checkout, beside what MicroPython's images for the same boards take.
//!
//! QEMU counts: with `-icount shift=0` an instruction is a nanosecond of the board's time, which repeats exactly to the
//! step of its timer, 40 instructions. What is measured is what MicroPython's own runner times, the run of a program
//! without its preparation, with the parameters for 100 MHz and 100 KiB. The figures of MicroPython 1.29 are facts that
//! were measured the same way with its own images; nothing of its programs is here.

use std::path::Path;

use crate::ports::{counted, exec};
use crate::run::{cargo, run};
use crate::{Failed, Result, target};

/// Program, millions of instructions of MicroPython on the M3 and on the M0.
const FIGURES: [(&str, f64, f64); 16] = [
    ("bm_chaos", 11.27, 16.39),
    ("bm_fannkuch", 6.46, 8.07),
    ("bm_fft", 29.27, 40.76),
    ("bm_float", 4.97, 8.37),
    ("bm_hexiom", 16.68, 23.78),
    ("bm_nqueens", 17.70, 23.56),
    ("bm_pidigits", 9.25, 12.74),
    ("bm_wordcount", 12.02, 15.86),
    ("core_locals", 14.18, 22.72),
    ("core_qstr", 1.67, 2.04),
    ("core_str", 17.21, 22.12),
    ("core_yield_from", 4.53, 5.83),
    ("misc_aes", 6.03, 8.26),
    ("misc_mandel", 12.51, 18.44),
    ("misc_pystone", 9.74, 13.75),
    ("misc_raytrace", 10.34, 15.13),
];

/// What the geometric mean may be, and any program.
const TARGET: f64 = 0.65;
const MOST: f64 = 1.0;

/// Chooses parameters as MicroPython's runner does, and says how many microseconds the program took.
const RUNNER: &str = "
import gc, time
best = (0, 0)
for key in bm_params:
    if 10 * key[0] <= 12 * 100 and key[1] <= 100 and key > best:
        best = key
measured, outcome = bm_setup(bm_params[best])
gc.collect()
start = time.ticks_us()
measured()
print('took', time.ticks_diff(time.ticks_us(), start))
";

/// Measures and prints the table.
pub(crate) fn measure(words: &[String]) -> Result {
    let (directory, names) = words
        .split_first()
        .ok_or_else(|| Failed("cargo xtask bench chips DIR: a checkout of MicroPython".into()))?;
    let folder = Path::new(directory).join("tests/perf_bench");
    run(cargo(&["build", "-p", "ucli"]))?;
    println!(
        "| program | M3 M instr | of MicroPython | M0 M instr | of MicroPython |\n|---|---|---|---|---|"
    );
    let mut ratios = [Vec::new(), Vec::new()];
    for (name, m3, m0) in FIGURES {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let source = std::fs::read_to_string(folder.join(format!("{name}.py")))
            .map_err(|error| Failed(format!("{}: {error}", folder.display())))?;
        let mut row = format!("| {name} ");
        for (index, (port, figure)) in [("m3", m3), ("m0", m0)].into_iter().enumerate() {
            match millions(port, &source) {
                Ok(ours) => {
                    ratios[index].push(ours / figure);
                    row += &format!("| {ours:.2} | {:.2} ", ours / figure);
                }
                Err(Failed(why)) => row += &format!("| {why} | – "),
            }
        }
        println!("{row}|");
    }
    for (ratios, name) in ratios.iter().zip(["M3", "M0"]) {
        let sum: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
        let most = ratios.iter().copied().fold(0.0, f64::max);
        println!(
            "{name}: geometric mean {:.2} of MicroPython (target {TARGET}), largest {most:.2} (target {MOST})",
            (sum / ratios.len().max(1) as f64).exp()
        );
    }
    Ok(())
}

/// Millions of instructions of a program on a port.
fn millions(port: &str, source: &str) -> Result<f64> {
    let image = target().join(format!("firmware/qemu-cortex-{port}.elf"));
    if !image.exists() {
        return Err(Failed(format!(
            "`cargo xtask ports qemu-cortex-{port}` first"
        )));
    }
    let board = counted(&image)?;
    let said = exec(&board, &format!("{source}\n{RUNNER}"))?;
    let took = said
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("took "));
    let took: f64 = took
        .and_then(|took| took.trim().parse().ok())
        .ok_or_else(|| Failed(said.lines().last().unwrap_or("nothing").to_string()))?;
    // A microsecond is a thousand instructions.
    Ok(took / 1000.0)
}
