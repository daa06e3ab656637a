//! `cargo xtask walls`: who may import whom, as the table in `ARCHITECTURE.md` says.
//!
//! Between packages the manifests are read, inside `cli` the `use crate::…` of each file, and unsafe
//! code is looked for everywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::shell::{Result, root};

/// What each package may depend on of ours.
const PACKAGES: [(&str, &[&str]); 7] = [
    ("protocol", &[]),
    ("firmware/bytecode", &[]),
    ("firmware/syntax", &[]),
    ("firmware/compiler", &["upy-syntax", "upy-bytecode"]),
    (
        "firmware/runtime",
        &["upy-bytecode", "upy-compiler", "upy-syntax"],
    ),
    (
        "firmware/ports/sim",
        &["upy-runtime", "upy-bytecode", "upy-compiler", "upy-syntax"],
    ),
    ("cli", &["ucli-protocol", "upy-compiler"]),
];

/// What each part of `cli` may use of the others; `error`, `exit`, `env` and `output` serve all.
const CLI: [(&str, &[&str]); 9] = [
    ("transport", &[]),
    ("device", &["transport"]),
    ("client", &["transport", "device"]),
    ("files", &["client"]),
    ("package", &["client", "files"]),
    ("terminal", &[]),
    ("output", &[]),
    ("config", &["args"]),
    (
        "command",
        &[
            "transport",
            "device",
            "client",
            "files",
            "package",
            "terminal",
            "config",
            "args",
        ],
    ),
];
const FOR_ALL: [&str; 4] = ["error", "exit", "env", "output"];

/// Parts of commands that other commands are made of.
const SHARED_COMMANDS: [&str; 6] = ["files", "info", "connect", "sync", "repl", "fleet"];

/// Files that may hold unsafe code; a folder stands for all in it.
const UNSAFE: [&str; 4] = [
    "firmware/runtime/src/heap/",
    "firmware/runtime/src/value.rs",
    "firmware/runtime/src/vm/dispatch.rs",
    "firmware/runtime/src/vm/stack.rs",
];

/// Checks all walls and prints every breach.
pub(crate) fn run() -> Result<()> {
    let mut breaches = Vec::new();
    packages(&mut breaches)?;
    inside_cli(&mut breaches)?;
    unsafe_code(&mut breaches)?;
    if breaches.is_empty() {
        println!("xtask: the walls stand");
        return Ok(());
    }
    for breach in &breaches {
        println!("  {breach}");
    }
    Err(format!("{} walls are broken", breaches.len()))
}

fn packages(breaches: &mut Vec<String>) -> Result<()> {
    for (package, allowed) in PACKAGES {
        let path = root().join(package).join("Cargo.toml");
        let text = read(&path)?;
        let mut section = String::new();
        for line in text.lines() {
            if line.starts_with('[') {
                section = line.to_string();
            }
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let ours = name.starts_with("upy-") || name.starts_with("ucli-");
            if section == "[dependencies]" && ours && !allowed.contains(&name) {
                breaches.push(format!("{package} depends on {name}"));
            }
        }
    }
    Ok(())
}

fn inside_cli(breaches: &mut Vec<String>) -> Result<()> {
    let source = root().join("cli/src");
    let rules: BTreeMap<&str, &[&str]> = CLI.into_iter().collect();
    for file in rust_files(&source)? {
        let relative = file
            .strip_prefix(&source)
            .expect("the file was found there");
        let name = relative.to_string_lossy().replace('\\', "/");
        let part = name
            .split('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".rs");
        let Some(allowed) = rules.get(part) else {
            continue;
        };
        let text = read(&file)?;
        let code = text
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            for used in crate_paths(line) {
                if used != part && !allowed.contains(&used) && !FOR_ALL.contains(&used) {
                    breaches.push(format!("cli/src/{name}:{}: {part} uses {used}", number + 1));
                }
            }
            if part == "command" && name != "command/mod.rs" {
                other_command(&name, number, line, breaches);
            }
        }
    }
    Ok(())
}

/// The first names behind `crate::` in a line.
fn crate_paths(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("crate::")
        .filter_map(move |(at, found)| {
            let before = code[..at].chars().next_back();
            let own = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
            let rest = &code[at + found.len()..];
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            (own && end > 0).then(|| &rest[..end])
        })
}

fn other_command(name: &str, number: usize, line: &str, breaches: &mut Vec<String>) {
    let code = line.split("//").next().unwrap_or_default();
    for (at, found) in code.match_indices("super::") {
        let rest = &code[at + found.len()..];
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let used = &rest[..end];
        let is_module = used.starts_with(|c: char| c.is_ascii_lowercase());
        if is_module && !SHARED_COMMANDS.contains(&used) && rest[end..].starts_with("::") {
            breaches.push(format!(
                "cli/src/{name}:{}: uses the command {used}",
                number + 1
            ));
        }
    }
}

fn unsafe_code(breaches: &mut Vec<String>) -> Result<()> {
    for folder in ["protocol", "firmware", "cli", "tests"] {
        for file in rust_files(&root().join(folder))? {
            let name = file.strip_prefix(root()).expect("the file was found there");
            let name = name.to_string_lossy().replace('\\', "/");
            if UNSAFE.iter().any(|allowed| name.starts_with(allowed))
                || name.starts_with("tests/xtask")
            {
                continue;
            }
            let text = read(&file)?;
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                if code.contains("unsafe {")
                    || code.contains("unsafe fn")
                    || code.contains("unsafe impl")
                {
                    breaches.push(format!("{name}:{}: unsafe code", number + 1));
                }
            }
        }
    }
    Ok(())
}

/// Every Rust file under a folder, apart from what is built.
pub(crate) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A text file.
pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}
