//! From published files to the files a board gets: compiled where that helps, refused where the board
//! could not load them.

use super::resolve::{Content, Package};
use crate::error::{Code, Error, Result};
use crate::files::mpy::{self, Choice};

/// The bytecode version our compiler writes.
pub(crate) const BYTECODE: i64 = 6;

/// A package with its files as they will be on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Built {
    /// The package without contents.
    pub(crate) package: Package,
    /// Path below the library directory, and content.
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

/// Which bytecode a board loads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loads {
    /// `sys.implementation._mpy`; 0 for none that is MicroPython's.
    pub(crate) mpy: i64,
    /// That of CircuitPython.
    pub(crate) circuitpython: bool,
}

/// Prepares the files of packages for a board.
///
/// # Errors
/// As [`build`].
pub(crate) fn all(packages: Vec<Package>, loads: Loads, compile: bool) -> Result<Vec<Built>> {
    let each = packages.into_iter();
    each.map(|package| build(package, loads, compile)).collect()
}

/// Prepares the files of a package for a board.
///
/// # Errors
/// [`Code::Syntax`] for a source that no board could read, [`Code::BadPackage`] for bytecode of
/// another version.
pub(crate) fn build(mut package: Package, loads: Loads, compile: bool) -> Result<Built> {
    let mpy = loads.mpy;
    let mut files = Vec::new();
    for file in core::mem::take(&mut package.files) {
        let Content::Bytes(bytes) = file.content else {
            return Err(Error::new(
                Code::BadPackage,
                format!("`{}` was not fetched", file.path),
            ));
        };
        if file.path.ends_with(".mpy") {
            check_mpy(&bytes, loads, &package.name, &file.path)?;
        }
        let compiles = compile && mpy & 0xff == BYTECODE && file.path.ends_with(".py");
        if !compiles || mpy::stays_source(&file.path) {
            files.push((file.path, bytes));
            continue;
        }
        match mpy::to_mpy(&bytes, &file.path, Choice::default()) {
            Ok(image) => {
                let path = format!("{}.mpy", file.path.trim_end_matches(".py"));
                files.push((path, image));
            }
            // Machine code is made by the board's own compiler, for its own processor.
            Err(_) if has_native(&bytes) => files.push((file.path, bytes)),
            Err(error) => {
                return Err(Error::new(
                    error.code(),
                    format!(
                        "`{}` is not for MicroPython: {}",
                        package.name,
                        error.message()
                    ),
                )
                .hint("`--no-mpy` copies the source as it is"));
            }
        }
    }
    Ok(Built { package, files })
}

fn has_native(source: &[u8]) -> bool {
    source.windows(13).any(|part| part == b"@micropython.")
}

/// `.mpy`: `[M][version][flags: sub-version 0-1, architecture 2-5][bits of a small integer]`
fn check_mpy(bytes: &[u8], loads: Loads, package: &str, path: &str) -> Result<()> {
    let refuse = |reason: String| {
        Error::new(
            Code::BadPackage,
            format!("`{path}` of `{package}` would not load on this board: {reason}"),
        )
        .hint("`--no-mpy` takes the source where the package has it")
    };
    let mpy = loads.mpy;
    match bytes {
        // The archives of a bundle are made for one version; the board says the rest itself.
        [b'C', ..] if loads.circuitpython => Ok(()),
        [b'M', ..] if loads.circuitpython => {
            Err(refuse("it is bytecode of MicroPython".to_string()))
        }
        [b'C', ..] => Err(refuse("it is bytecode of CircuitPython".to_string())),
        [b'M', version, flags, _, ..] => {
            let wanted = mpy & 0xff;
            if i64::from(*version) != wanted {
                return Err(refuse(format!(
                    "it is bytecode version {version}, the board has {wanted}"
                )));
            }
            let architecture = i64::from(flags >> 2) & 0xf;
            if architecture != 0 && architecture != (mpy >> 10) & 0xf {
                return Err(refuse(
                    "it has machine code for another processor".to_string(),
                ));
            }
            Ok(())
        }
        _ => Err(refuse("it is no bytecode".to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::resolve::File;
    use super::*;

    fn package(path: &str, bytes: &[u8]) -> Package {
        Package {
            name: "p".to_string(),
            version: String::new(),
            source: String::new(),
            requested: true,
            pinned: false,
            files: vec![File {
                path: path.to_string(),
                content: Content::Bytes(bytes.to_vec()),
                url: None,
            }],
            dependencies: Vec::new(),
            origin: super::super::resolve::Origin::default(),
        }
    }

    fn built(path: &str, bytes: &[u8], mpy: i64, compile: bool) -> Result<(String, Vec<u8>)> {
        let loads = Loads {
            mpy,
            circuitpython: false,
        };
        Ok(build(package(path, bytes), loads, compile)?.files.remove(0))
    }

    #[test]
    fn source_is_compiled_for_boards_that_read_it() {
        let (path, image) = built("a/b.py", b"x = 1\n", 6, true).unwrap();
        assert_eq!((path.as_str(), &image[..2]), ("a/b.mpy", &b"M\x06"[..]));
        for (path, mpy, compile) in [
            ("a.py", 5, true),
            ("a.py", 0, true),
            ("a.py", 6, false),
            ("main.py", 6, true),
        ] {
            assert_eq!(built(path, b"x = 1\n", mpy, compile).unwrap().0, path);
        }
        let native = b"import micropython\n@micropython.viper\ndef f(): pass\n";
        assert_eq!(built("n.py", native, 6, true).unwrap().0, "n.py");
        assert_eq!(
            built("n.py", b"def", 6, true).unwrap_err().code(),
            Code::Syntax
        );
    }

    #[test]
    fn foreign_bytecode_is_refused() {
        assert!(built("a.mpy", b"M\x06\x00\x1f", 6, true).is_ok());
        assert!(built("a.mpy", b"M\x06\x2b\x1f", 6 | 10 << 10, true).is_ok());
        for bytes in [
            &b"C\x06\x00\x1f"[..],
            b"M\x05\x00\x1f",
            b"M\x06\x2b\x1f",
            b"text",
            b"",
        ] {
            assert_eq!(
                built("a.mpy", bytes, 6, true).unwrap_err().code(),
                Code::BadPackage
            );
        }
        let loads = Loads {
            mpy: 0,
            circuitpython: true,
        };
        let build = |bytes| build(package("a.mpy", bytes), loads, true);
        assert!(build(b"C\x06\x00\x1f").is_ok() && build(b"M\x06\x00\x1f").is_err());
    }
}
