//! `cargo xtask walls`: the table of `ARCHITECTURE.md`, "Walls", held against the source.
//!
//! Between packages it reads the dependencies in each `Cargo.toml` (those of tests aside), inside a
//! package the `crate::` and `super::` paths of each file.

use std::path::Path;

use crate::sizes::sources;
use crate::{Failed, Result, root};

/// A package's directory and what of ours it may depend on.
const PACKAGES: [(&str, &[&str]); 14] = [
    ("protocol", &[]),
    ("firmware/bytecode", &[]),
    ("firmware/syntax", &[]),
    ("firmware/hal", &[]),
    ("firmware/compiler", &["upy-syntax", "upy-bytecode"]),
    ("firmware/vfs", &["upy-hal"]),
    ("firmware/net", &["upy-hal"]),
    (
        "firmware/runtime",
        &["upy-bytecode", "upy-compiler", "upy-syntax", "upy-hal"],
    ),
    (
        "firmware/modules",
        // The compiler at build time only.
        &["upy-runtime", "upy-vfs", "upy-hal", "upy-compiler"],
    ),
    (
        "firmware/repl",
        &["upy-runtime", "ucli-protocol", "upy-hal"],
    ),
    (
        "firmware/ports",
        &[
            "upy-runtime",
            "upy-modules",
            "upy-repl",
            "upy-vfs",
            "upy-net",
            "upy-hal",
            "upy-compiler",
            "upy-syntax",
            "upy-bytecode",
            "ucli-protocol",
        ],
    ),
    (
        "cli",
        &[
            "ucli-protocol",
            "upy-compiler",
            "upy-syntax",
            "upy-bytecode",
            "upy-sim",
        ],
    ),
    ("tests/xtask", &["integration"]),
    ("tests", &["ucli-protocol", "upy-vfs", "upy-hal"]),
];

/// A part of a package and the parts of it that must not be named there.
const PARTS: [(&str, &[&str]); 11] = [
    ("protocol/src/host", &["device"]),
    ("protocol/src/device", &["host"]),
    (
        "firmware/runtime/src/heap",
        &["ops", "types", "vm", "import", "builtins", "native"],
    ),
    (
        "cli/src/transport",
        &["client", "device", "files", "command", "args"],
    ),
    ("cli/src/client", &["files", "command", "args"]),
    ("cli/src/device", &["files", "command", "args"]),
    ("cli/src/files", &["package", "flash", "command", "args"]),
    ("cli/src/package", &["flash", "command", "args"]),
    ("cli/src/flash", &["command", "args"]),
    (
        "cli/src/output",
        &["transport", "client", "device", "files", "command", "args"],
    ),
    (
        "cli/src/terminal",
        &["client", "device", "files", "command", "args"],
    ),
];

/// Commands that others may use: `(who, what)`; `*` is everybody.
const SHARED_COMMANDS: [(&str, &str); 13] = [
    ("*", "files"),
    ("*", "connect"),
    ("devs", "info"),
    ("doctor", "info"),
    ("flash", "info"),
    ("erase", "flash"),
    ("boards", "flash"),
    ("deploy", "fleet"),
    ("deploy", "project"),
    ("deploy", "sync"),
    ("install", "project"),
    ("sync", "project"),
    ("watch", "sync"),
];

/// Files in which `unsafe` may stand.
const UNSAFE: [&str; 5] = [
    "firmware/ports/qemu-cortex-m/src/uart.rs",
    "firmware/runtime/src/heap/",
    "firmware/runtime/src/value.rs",
    "firmware/runtime/src/vm/dispatch.rs",
    "firmware/runtime/src/vm/stack.rs",
];

/// Prints every breach and fails when there is one.
pub(crate) fn run() -> Result {
    let mut breaches = Vec::new();
    let ours: Vec<(String, String)> = manifests(root());
    for (directory, manifest) in &ours {
        packages(directory, manifest, &mut breaches);
    }
    for path in sources(root()) {
        let text = std::fs::read_to_string(&path)?;
        let shown = path
            .strip_prefix(root())
            .unwrap_or(&path)
            .to_string_lossy()
            .replace('\\', "/");
        let code = without_groups(&text);
        let code: Vec<&str> = code.iter().map(String::as_str).collect();
        parts(&shown, &code, &mut breaches);
        commands(&shown, &code, &mut breaches);
        unsafety(&shown, &code, &mut breaches);
    }
    for breach in &breaches {
        println!("{breach}");
    }
    println!("{} packages looked at", ours.len());
    if breaches.is_empty() {
        Ok(())
    } else {
        Err(Failed(format!("{} breaches", breaches.len())))
    }
}

/// The lines of a file without comments; a `use` with groups is written out in its last line, a path for
/// each name, so that `use crate::{a, b::{c, d}};` shows `crate::a`, `crate::b::c` and `crate::b::d`.
fn without_groups(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let code = line.split("//").next().unwrap_or_default();
        let begins = code.trim_start();
        let is_use = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "]
            .iter()
            .any(|word| begins.starts_with(word));
        if open.is_empty() && !is_use {
            lines.push(code.to_string());
            continue;
        }
        open.push_str(code.trim());
        if !open.ends_with(';') {
            lines.push(String::new());
            continue;
        }
        let statement = core::mem::take(&mut open);
        let paths = statement.trim_end_matches(';');
        let paths = paths.split_once("use ").map_or("", |(_, paths)| paths);
        lines.push(format!("{statement} {}", written_out("", paths).join(" ")));
    }
    lines
}

/// The paths of `a::{b, c::{d}}` behind `before`.
fn written_out(before: &str, paths: &str) -> Vec<String> {
    let paths = paths.trim();
    if paths.is_empty() {
        return Vec::new();
    }
    let Some((front, rest)) = paths.split_once('{') else {
        return vec![format!("{before}{paths}")];
    };
    let inside = rest.strip_suffix('}').unwrap_or(rest);
    let before = format!("{before}{}", front.trim());
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, letter) in inside.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.extend(written_out(&before, &inside[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    found.extend(written_out(&before, &inside[start..]));
    found
}

/// Every package: its directory and manifest.
fn manifests(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(directory) else {
        return found;
    };
    for entry in entries.filter_map(core::result::Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') && name != "target" && name != "fuzz" {
            found.extend(manifests(&entry.path()));
        }
    }
    if directory != root()
        && let Ok(manifest) = std::fs::read_to_string(directory.join("Cargo.toml"))
    {
        let shown = directory
            .strip_prefix(root())
            .unwrap_or(directory)
            .to_string_lossy()
            .replace('\\', "/");
        found.push((shown, manifest));
    }
    found.sort();
    found
}

fn packages(directory: &str, manifest: &str, breaches: &mut Vec<String>) {
    let rule = PACKAGES
        .iter()
        .find(|(prefix, _)| directory == *prefix || directory.starts_with(&format!("{prefix}/")));
    let Some((_, allowed)) = rule else {
        breaches.push(format!("{directory}: no rule says what it may import"));
        return;
    };
    let mut in_dependencies = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies") && !line.contains("dev-dependencies");
            continue;
        }
        let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
        let is_ours = name.starts_with("upy-") || name.starts_with("ucli") || name == "integration";
        if in_dependencies && is_ours && !allowed.contains(&name) {
            breaches.push(format!("{directory} must not import {name}"));
        }
    }
}

fn parts(file: &str, code: &[&str], breaches: &mut Vec<String>) {
    let rule = PARTS
        .iter()
        .find(|(part, _)| file.starts_with(&format!("{part}/")) || file == format!("{part}.rs"));
    let Some((part, forbidden)) = rule else {
        return;
    };
    for (number, line) in code.iter().enumerate() {
        for name in *forbidden {
            if names(line, &format!("crate::{name}")) {
                breaches.push(format!("{file}:{}: {part} must not use {name}", number + 1));
            }
        }
    }
}

fn commands(file: &str, code: &[&str], breaches: &mut Vec<String>) {
    let Some(command) = file
        .strip_prefix("cli/src/command/")
        .and_then(|name| name.strip_suffix(".rs"))
    else {
        return;
    };
    if command == "mod" {
        return;
    }
    let others: Vec<String> = std::fs::read_dir(root().join("cli/src/command"))
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            Some(
                entry
                    .ok()?
                    .file_name()
                    .to_string_lossy()
                    .strip_suffix(".rs")?
                    .to_string(),
            )
        })
        .filter(|name| name != "mod" && name != command)
        .collect();
    for (number, line) in code.iter().enumerate() {
        for other in &others {
            let used = names(line, &format!("super::{other}"))
                || names(line, &format!("crate::command::{other}"));
            let is_shared = SHARED_COMMANDS
                .iter()
                .any(|(who, what)| (*who == "*" || *who == command) && what == other);
            if used && !is_shared {
                breaches.push(format!(
                    "{file}:{}: one command must not use another ({other})",
                    number + 1
                ));
            }
        }
    }
}

/// A port names the files that touch registers in its README, each as `src/NAME.rs`.
fn is_named_by_its_port(file: &str) -> bool {
    let Some((port, name)) = file
        .strip_prefix("firmware/ports/")
        .and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let readme = root().join("firmware/ports").join(port).join("README.md");
    std::fs::read_to_string(readme).is_ok_and(|text| {
        text.lines()
            .any(|line| line.contains("unsafe") && line.contains(name))
    })
}

fn unsafety(file: &str, code: &[&str], breaches: &mut Vec<String>) {
    if is_named_by_its_port(file)
        || file.starts_with("tests/xtask/")
        || UNSAFE.iter().any(|allowed| file.starts_with(allowed))
    {
        return;
    }
    for (number, line) in code.iter().enumerate() {
        let line = line.trim_start();
        let opens = [
            "unsafe {",
            "unsafe fn ",
            "unsafe impl ",
            "unsafe extern ",
            "unsafe trait ",
        ];
        if opens.iter().any(|open| line.contains(open)) {
            breaches.push(format!(
                "{file}:{}: `unsafe` is not allowed here",
                number + 1
            ));
        }
    }
}

/// Whether `line` has `path` and no longer name that begins like it.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let next = line[at + path.len()..].chars().next();
        next.is_none_or(|next| !next.is_alphanumeric() && next != '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaches_are_found() {
        let mut breaches = Vec::new();
        packages(
            "protocol",
            "[dependencies]\nupy-runtime.workspace = true\n",
            &mut breaches,
        );
        packages("firmware/new", "", &mut breaches);
        parts(
            "cli/src/transport/tcp.rs",
            &["use crate::client::session;"],
            &mut breaches,
        );
        commands(
            "cli/src/command/ls.rs",
            &["use super::cp::Plan;"],
            &mut breaches,
        );
        unsafety("cli/src/main.rs", &["    unsafe { x() }"], &mut breaches);
        assert_eq!(breaches.len(), 5, "{breaches:?}");
    }

    #[test]
    fn groups_hide_nothing() {
        let text = "use crate::{error::Error, client::{session, fs}}; // why\nuse super::{\n    cp,\n    ls::{self, Plan},\n};\nlet x = a::{b};\n";
        let code = without_groups(text);
        assert_eq!(code.len(), text.lines().count());
        assert!(names(&code[0], "crate::client") && names(&code[0], "crate::client::fs"));
        assert!(code[1].is_empty());
        for path in ["super::cp", "super::ls::self", "super::ls::Plan"] {
            assert!(names(&code[4], path), "{path}: {}", code[4]);
        }
        let code: Vec<&str> = code.iter().map(String::as_str).collect();
        let mut breaches = Vec::new();
        parts("cli/src/transport/tcp.rs", &code, &mut breaches);
        commands("cli/src/command/mv.rs", &code, &mut breaches);
        assert_eq!(breaches.len(), 3, "{breaches:?}");
    }

    #[test]
    fn what_is_allowed_is_no_breach() {
        let mut breaches = Vec::new();
        packages(
            "cli",
            "[dependencies]\nucli-protocol.workspace = true\n",
            &mut breaches,
        );
        packages(
            "protocol",
            "[dev-dependencies]\nupy-runtime = \"1\"\n",
            &mut breaches,
        );
        parts(
            "cli/src/transport/tcp.rs",
            &["use crate::client_name::x;", "use crate::error::Error;"],
            &mut breaches,
        );
        commands(
            "cli/src/command/watch.rs",
            &["use super::sync;"],
            &mut breaches,
        );
        unsafety(
            "firmware/runtime/src/heap/mod.rs",
            &["unsafe { x() }"],
            &mut breaches,
        );
        assert!(breaches.is_empty(), "{breaches:?}");
    }
}
