//! Which names a package may give the files it puts on a board.
//!
//! A package chooses names inside the directory it is installed to, and nothing else. What another
//! file system would read as a way out is refused too, whichever system this is.

use crate::client::fs::TEMPORARY;
use crate::error::{Code, Error, Result};
use crate::output::sanitise;

/// The longest path accepted; boards' file systems stop at 255 bytes for one name.
const LONGEST_BYTES: usize = 255;

/// Checks a path that `package` wants to write, relative to the target directory.
///
/// # Errors
/// [`Code::UnsafePath`] for everything that is not a plain relative path of ordinary names.
pub(crate) fn check(path: &str, package: &str) -> Result<()> {
    let refuse = |reason: &str| {
        Err(Error::new(
            Code::UnsafePath,
            format!(
                "`{}` wants to write `{}`: {reason}",
                sanitise::line(package),
                sanitise::line(path)
            ),
        )
        .hint("Nothing was written"))
    };
    if path.is_empty() {
        return refuse("the name is empty");
    }
    if path.len() > LONGEST_BYTES {
        return refuse("the name is too long");
    }
    if path.starts_with('/') {
        return refuse("the path is absolute");
    }
    if path.contains('\\') {
        return refuse("the path has a backslash");
    }
    if path.contains(':') {
        return refuse("the path has a colon");
    }
    if path.chars().any(char::is_control) {
        return refuse("the path has a control character");
    }
    for part in path.split('/') {
        match part {
            "" | "." => return refuse("the path has an empty part"),
            ".." => return refuse("the path leads out of the target directory"),
            TEMPORARY | super::record::FILE => {
                return refuse("the name is one that ucli keeps for itself");
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_relative_paths_ok() {
        for path in [
            "a.py",
            "requests/__init__.mpy",
            "a/b/c.bin",
            "..a/b..",
            "ä.py",
        ] {
            check(path, "p").unwrap();
        }
    }

    #[test]
    fn ways_out_err() {
        for path in [
            "",
            "/boot.py",
            "../main.py",
            "a/../../main.py",
            "a\\b.py",
            "C:x.py",
            "a//b.py",
            "./a.py",
            "a/",
            "a\0.py",
            "a\n.py",
            ".ucli.json",
            "a/.ucli.tmp",
        ] {
            let error = check(path, "p").unwrap_err();
            assert_eq!(error.code(), Code::UnsafePath, "{path:?}");
        }
        assert!(check(&"a".repeat(256), "p").is_err());
    }
}
