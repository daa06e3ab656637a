//! Compares this compiler with `mpy-cross` on any Python files.
//!
//! ```text
//! cargo run -p upy-compiler --example mpydiff -- MPY_CROSS [--list] [--small-int-bits=N] PATH...
//! ```
//!
//! Every file (and every `.py` file below a directory) is compiled by both at `-O0` and `-O3`.
//! Images must be equal byte for byte; what one refuses the other must refuse with the same text.
//! Differences are listed, counts follow, and the exit status says whether there were differences.
#![expect(clippy::print_stdout, reason = "the program's output")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use upy_compiler::{Options, Output, OutputFull, compile};

/// An image that grows as needed.
#[derive(Default)]
struct Image(Vec<u8>);

impl Output for Image {
    fn write(&mut self, bytes: &[u8]) -> Result<(), OutputFull> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// How a file came out.
#[derive(Debug, Default)]
struct Counts {
    identical: usize,
    different: usize,
    refused_alike: usize,
    refused_otherwise: usize,
    only_theirs: usize,
    only_ours: usize,
    crashed: usize,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let Some(mpy_cross) = arguments.next() else {
        println!("usage: mpydiff MPY_CROSS [--list] [--small-int-bits=N] PATH...");
        return ExitCode::from(2);
    };
    let lists_all = arguments.next_if(|argument| argument == "--list").is_some();
    let mut bits = 31;
    if let Some(argument) = arguments.next_if(|argument| {
        argument
            .to_str()
            .is_some_and(|argument| argument.starts_with("--small-int-bits="))
    }) {
        let digits = argument
            .to_string_lossy()
            .split_once('=')
            .map(|(_, digits)| digits.parse());
        let Some(Ok(number)) = digits else {
            return ExitCode::from(2);
        };
        bits = number;
    }
    let mut files = Vec::new();
    for path in arguments {
        collect(Path::new(&path), &mut files);
    }
    files.sort();
    let mut counts = Counts::default();
    let mut storage = vec![0; 64 << 20];
    for file in &files {
        for level in [0, 3] {
            let options = Options {
                opt_level: level,
                small_integer_bits: bits,
                ..Options::new(file.to_str().unwrap_or("x.py"))
            };
            let mpy_cross = Path::new(&mpy_cross);
            let verdict = judge(mpy_cross, file, &options, &mut storage, &mut counts);
            match verdict {
                Ok(used) if lists_all => println!("-O{level} {}: {used}", file.display()),
                Ok(_) => {}
                Err(text) => println!("-O{level} {}: {text}", file.display()),
            }
        }
    }
    println!("{} files at two levels: {counts:?}", files.len());
    let differs =
        counts.different + counts.refused_otherwise + counts.only_theirs + counts.only_ours;
    if differs == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Adds `path`, or the Python files below it.
fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if let Ok(entries) = path.read_dir() {
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() || path.extension().is_some_and(|extension| extension == "py") {
                collect(&path, files);
            }
        }
    } else {
        files.push(path.to_owned());
    }
}

fn judge(
    mpy_cross: &Path,
    file: &Path,
    options: &Options<'_>,
    storage: &mut [u8],
    counts: &mut Counts,
) -> Result<String, String> {
    let source = std::fs::read(file).map_err(|error| error.to_string())?;
    let name = options.source_name;
    let theirs = Command::new(mpy_cross)
        .arg(format!("-O{}", options.opt_level))
        .arg(format!("-msmall-int-bits={}", options.small_integer_bits))
        .args(["-o", "-"])
        .arg(file)
        .output()
        .map_err(|error| error.to_string())?;
    let mut image = Image::default();
    let ours = compile(&source, options, storage, &mut image).map_err(|error| {
        let mut report = Vec::new();
        error.write_report(name, &mut |bytes| report.extend_from_slice(bytes));
        String::from_utf8_lossy(&report).into_owned()
    });
    let their_report = String::from_utf8_lossy(&theirs.stderr).into_owned();
    if theirs.status.code().is_none_or(|code| code > 1) {
        counts.crashed += 1;
        return Ok("mpy-cross crashed".into());
    }
    match (theirs.status.success(), ours) {
        (true, Ok(usage)) if theirs.stdout == image.0 => {
            counts.identical += 1;
            let (from, used) = (source.len(), usage.storage_bytes);
            Ok(format!(
                "same, {used} bytes of storage for {from} of source"
            ))
        }
        (true, Ok(_)) => {
            counts.different += 1;
            let place = theirs
                .stdout
                .iter()
                .zip(&image.0)
                .position(|(left, right)| left != right);
            let (left, right) = (theirs.stdout.len(), image.0.len());
            Err(format!(
                "images of {left} and {right} bytes differ at {place:?}"
            ))
        }
        (true, Err(report)) => {
            counts.only_ours += 1;
            Err(format!(
                "only we refuse: {}",
                report.trim_end().replace('\n', " | ")
            ))
        }
        (false, Ok(_)) => {
            counts.only_theirs += 1;
            Err(format!(
                "only mpy-cross refuses: {}",
                their_report.trim_end().replace('\n', " | ")
            ))
        }
        (false, Err(report)) if report == their_report => {
            counts.refused_alike += 1;
            Ok("refused alike".into())
        }
        (false, Err(report)) => {
            counts.refused_otherwise += 1;
            let report = report.trim_end().replace('\n', " | ");
            Err(format!(
                "{report} <> {}",
                their_report.trim_end().replace('\n', " | ")
            ))
        }
    }
}
