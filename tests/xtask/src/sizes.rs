//! `cargo xtask sizes`: files that have outgrown themselves.
//!
//! Long functions are clippy's business (`too_many_lines`); here are the files.

use crate::shell::{Result, root};
use crate::walls::{read, rust_files};

/// Lines of a file without its tests.
const MOST_LINES: usize = 600;

/// Files that may be longer, and why.
const LONGER: [(&str, &str); 2] = [
    (
        "firmware/bytecode/src/verify.rs",
        "one walk over the code; its checks share all their state",
    ),
    (
        "firmware/runtime/src/vm/dispatch.rs",
        "the one loop over all opcodes",
    ),
];

/// Prints what is too long.
pub(crate) fn run() -> Result<()> {
    let mut long = Vec::new();
    for folder in ["protocol", "firmware", "cli", "tests"] {
        for file in rust_files(&root().join(folder))? {
            let name = file.strip_prefix(root()).expect("the file was found there");
            let name = name.to_string_lossy().replace('\\', "/");
            if name.ends_with("/tests.rs")
                || name.contains("/tests/")
                || LONGER.iter().any(|(longer, _)| *longer == name)
            {
                continue;
            }
            let text = read(&file)?;
            let code = text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
            let lines = code.lines().count();
            if lines > MOST_LINES {
                long.push(format!("{lines} {name}"));
            }
        }
    }
    if long.is_empty() {
        println!("xtask: no file has more than {MOST_LINES} lines without its tests");
        return Ok(());
    }
    for line in &long {
        println!("  {line}");
    }
    Err(format!(
        "{} files have more than {MOST_LINES} lines",
        long.len()
    ))
}
