//! Wheels and source distributions, read as archives: nothing in them is executed.
//!
//! What belongs on a board is the importable code and the data beside it; what is for builders, testers
//! and readers stays behind. Links are never followed, sizes are limited while unpacking, and a path
//! that leads elsewhere refuses the whole archive.
//!
//! Source: PEP 427 (wheels), the source distribution format, and what `upip` packages look like.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use super::requirement;
use super::simple::Kind;
use crate::error::{Code, Error, Result};

/// Most bytes of all files of an archive.
const MOST_BYTES: u64 = 16 << 20;
/// Most members of an archive.
const MOST_MEMBERS: usize = 2000;

/// What an archive holds for a board.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unpacked {
    /// Path below the library directory, and content.
    pub(crate) files: Files,
    /// `Requires-Dist` lines.
    pub(crate) requirements: Vec<String>,
    /// It says that it is for MicroPython, or has the form of `upip`.
    pub(crate) for_boards: bool,
    /// Modules that are links to elsewhere, and so not here.
    pub(crate) links: Vec<String>,
}

/// Path and content of each file.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The members of an archive as they are.
#[derive(Default)]
struct Members {
    files: Files,
    links: Vec<String>,
    total_bytes: u64,
}

fn bad(package: &str, reason: &str) -> Error {
    Error::new(
        Code::BadPackage,
        format!("The archive of `{package}` is refused: {reason}"),
    )
    .hint("Nothing was written")
}

impl Members {
    fn add(&mut self, package: &str, name: &str, reader: &mut dyn Read) -> Result<()> {
        if self.files.len() + self.links.len() >= MOST_MEMBERS {
            return Err(bad(
                package,
                &format!("it has more than {MOST_MEMBERS} members"),
            ));
        }
        super::path::check(name, package)?;
        let mut bytes = Vec::new();
        let left = MOST_BYTES - self.total_bytes;
        reader
            .take(left + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| bad(package, &format!("`{name}` is damaged ({error})")))?;
        self.total_bytes += bytes.len() as u64;
        if bytes.len() as u64 > left {
            return Err(Error::new(
                Code::TooLarge,
                format!(
                    "The archive of `{package}` unpacks to more than {} MiB",
                    MOST_BYTES >> 20
                ),
            )
            .hint("Nothing was written"));
        }
        if self.files.insert(name.to_string(), bytes).is_some() {
            return Err(bad(package, &format!("it has `{name}` twice")));
        }
        Ok(())
    }

    fn text(&self, name: &str) -> String {
        self.files
            .get(name)
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .unwrap_or_default()
    }
}

/// Reads an archive of `package`.
///
/// # Errors
/// [`Code::BadPackage`], [`Code::UnsafePath`], [`Code::TooLarge`], and [`Code::NotForBoards`] for compiled code.
pub(crate) fn unpack(bytes: &[u8], filename: &str, kind: Kind, package: &str) -> Result<Unpacked> {
    let is_zip = kind == Kind::PureWheel || filename.ends_with(".zip");
    let members = if is_zip {
        read_zip(bytes, package)?
    } else {
        read_tar(bytes, package)?
    };
    let unpacked = if kind == Kind::PureWheel {
        wheel(members)
    } else {
        source(members, package)?
    };
    let compiled = unpacked.files.keys().find(|path| {
        [".so", ".pyd", ".dll", ".dylib"]
            .iter()
            .any(|end| path.ends_with(end))
    });
    if let Some(path) = compiled {
        return Err(Error::new(
            Code::NotForBoards,
            format!("`{package}` has `{path}`, which is compiled for CPython on computers"),
        ));
    }
    Ok(unpacked)
}

/// The descriptions of types in a wheel of `package`, and its `Requires-Dist` lines.
///
/// # Errors
/// As [`unpack`].
pub(crate) fn typings(bytes: &[u8], package: &str) -> Result<(Files, Vec<String>)> {
    let mut members = read_zip(bytes, package)?;
    let metadata = members
        .files
        .keys()
        .find(|name| name.ends_with(".dist-info/METADATA"))
        .map(|name| members.text(name))
        .unwrap_or_default();
    let needs = metadata
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.strip_prefix("Requires-Dist:"))
        .map(|line| line.trim().to_string())
        .collect();
    members.files.retain(|name, _| {
        let is_meta = name
            .split('/')
            .next()
            .is_some_and(|first| first.ends_with(".dist-info"));
        !is_meta && (name.ends_with(".pyi") || name.ends_with("/py.typed"))
    });
    Ok((members.files, needs))
}

fn read_zip(bytes: &[u8], package: &str) -> Result<Members> {
    let wrong =
        |error: zip::result::ZipError| bad(package, &format!("it is no zip file ({error})"));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(wrong)?;
    let mut members = Members::default();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(wrong)?;
        let name = file.name().to_string();
        if file.is_symlink() {
            members.links.push(name);
        } else if !file.is_dir() {
            members.add(package, &name, &mut file)?;
        }
    }
    Ok(members)
}

fn read_tar(bytes: &[u8], package: &str) -> Result<Members> {
    // A bomb is stopped by the decompressed bytes, pax headers and holes included.
    let limited = flate2::read::MultiGzDecoder::new(bytes).take(MOST_BYTES * 2);
    let mut archive = tar::Archive::new(limited);
    let wrong = |error: std::io::Error| bad(package, &format!("it is no tar.gz file ({error})"));
    let mut members = Members::default();
    for entry in archive.entries().map_err(wrong)? {
        let mut entry = entry.map_err(wrong)?;
        let path = entry.path_bytes().into_owned();
        let name =
            String::from_utf8(path).map_err(|_| bad(package, "a name in it is no Unicode"))?;
        let name = name.strip_prefix("./").unwrap_or(&name).to_string();
        match entry.header().entry_type() {
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                if name.ends_with('/') {
                    continue;
                }
                members.add(package, &name, &mut entry)?;
            }
            tar::EntryType::Symlink | tar::EntryType::Link => members.links.push(name),
            _ => {}
        }
        if members.links.len() > MOST_MEMBERS {
            return Err(bad(
                package,
                &format!("it has more than {MOST_MEMBERS} members"),
            ));
        }
    }
    Ok(members)
}

/// Names that are for builders, testers and readers when they stand at the top.
const NOT_FOR_BOARDS: [&str; 14] = [
    "setup.py",
    "conftest.py",
    "noxfile.py",
    "sdist_upip.py",
    "tests",
    "test",
    "testing",
    "docs",
    "doc",
    "examples",
    "example",
    "build",
    "dist",
    "tools",
];

/// Whether a file inside a package is of no use on a board.
fn is_ballast(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".pyi")
        || name.ends_with(".pyc")
        || name == "py.typed"
        || path.split('/').any(|part| part == "__pycache__")
}

fn says_micropython(metadata: &str) -> bool {
    metadata
        .lines()
        .any(|line| line.starts_with("Classifier:") && line.trim_end().ends_with(":: MicroPython"))
}

fn wheel(members: Members) -> Unpacked {
    let info = members
        .files
        .keys()
        .find_map(|path| {
            Some(format!(
                "{}.dist-info",
                path.split_once(".dist-info/METADATA")?.0
            ))
        })
        .unwrap_or_default();
    let metadata = members.text(&format!("{info}/METADATA"));
    let headers = metadata
        .split("\n\n")
        .next()
        .unwrap_or("")
        .replace('\r', "");
    let requirements = headers
        .lines()
        .filter_map(|line| line.strip_prefix("Requires-Dist:"))
        .map(|line| line.trim().to_string())
        .collect();
    let for_boards = says_micropython(&headers);
    let kept = |path: &str| {
        let top = path.split('/').next().unwrap_or(path);
        let is_other = matches!(
            top,
            "build" | "dist" | "tests" | "test" | "docs" | "examples"
        );
        !is_other && !top.ends_with(".dist-info") && !top.ends_with(".data") && !is_ballast(path)
    };
    Unpacked {
        requirements,
        for_boards,
        links: members
            .links
            .into_iter()
            .filter(|path| kept(path))
            .collect(),
        files: members
            .files
            .into_iter()
            .filter(|(path, _)| kept(path))
            .collect(),
    }
}

fn source(members: Members, package: &str) -> Result<Unpacked> {
    // Everything is in one directory, `name-version/`.
    let mut inside = Members::default();
    for (path, bytes) in members.files {
        if let Some((_, rest)) = path.split_once('/') {
            inside.files.insert(rest.to_string(), bytes);
        }
    }
    let links: Vec<String> = members
        .links
        .iter()
        .filter_map(|path| Some(path.split_once('/')?.1.to_string()))
        .collect();
    let in_info = |name: &str| {
        inside
            .files
            .keys()
            .find(|path| path.contains(".egg-info/") && path.ends_with(&format!("/{name}")))
            .map(|path| inside.text(path))
            .unwrap_or_default()
    };
    let metadata = inside.text("PKG-INFO") + &in_info("PKG-INFO");
    let is_upip = !inside.files.contains_key("setup.py")
        && !inside.files.contains_key("pyproject.toml")
        && inside.files.keys().any(|path| path.contains(".egg-info/"));
    let listed: Vec<String> = metadata
        .replace('\r', "")
        .split("\n\n")
        .next()
        .unwrap_or("")
        .lines()
        .filter_map(|line| Some(line.strip_prefix("Requires-Dist:")?.trim().to_string()))
        .collect();
    let requirements = if listed.is_empty() {
        requirement::requires_txt(&in_info("requires.txt"))
    } else {
        listed
    };
    let for_boards = is_upip || says_micropython(&metadata);
    let (files, links) = importable(inside.files, links, package)?;
    Ok(Unpacked {
        files,
        requirements,
        for_boards,
        links,
    })
}

/// The packages and modules of a source tree: those below `src/`, or those at the top.
fn importable(files: Files, links: Vec<String>, package: &str) -> Result<(Files, Vec<String>)> {
    let all: Vec<String> = files.keys().chain(&links).cloned().collect();
    let kept: std::collections::BTreeMap<String, String> =
        importable_paths(&all, false).into_iter().collect();
    let links = links.iter().filter_map(|path| kept.get(path).cloned());
    let links = links.collect();
    let renamed = |(path, bytes): (String, Vec<u8>)| Some((kept.get(&path)?.clone(), bytes));
    let files: Files = files.into_iter().filter_map(renamed).collect();
    for path in files.keys() {
        super::path::check(path, package)?;
    }
    Ok((files, links))
}

/// The paths of a source tree that belong on a board, and their paths there. `whole`: the tree is one
/// package, not what is around packages.
pub(crate) fn importable_paths(paths: &[String], whole: bool) -> Vec<(String, String)> {
    let has_src = !whole
        && paths
            .iter()
            .any(|path| path.starts_with("src/") && path.ends_with(".py"));
    let tree: Vec<(&String, &str)> = paths
        .iter()
        .filter_map(|path| {
            let moved = if has_src {
                path.strip_prefix("src/")?
            } else {
                path
            };
            Some((path, moved))
        })
        .collect();
    // A top directory is a package when code is in it; data comes along with code.
    let has_code = |top: &str| {
        tree.iter().any(|(_, path)| {
            path.strip_prefix(top)
                .is_some_and(|rest| rest.starts_with('/'))
                && super::spec::is_module(path)
        })
    };
    let kept = |path: &str| {
        let (top, nested) = match path.split_once('/') {
            Some((top, _)) => (top, true),
            None => (path, false),
        };
        if NOT_FOR_BOARDS.contains(&top) || top.ends_with(".egg-info") || top.starts_with('.') {
            return false;
        }
        if nested {
            has_code(top) && !is_ballast(path)
        } else {
            super::spec::is_module(path)
        }
    };
    let kept = tree.iter().filter(|(_, moved)| kept(moved));
    kept.map(|(path, moved)| ((*path).clone(), (*moved).to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar_gz(entries: &[(&str, &str)]) -> Vec<u8> {
        let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(gz);
        for (name, text) in entries {
            let mut header = tar::Header::new_ustar();
            // `set_path` refuses what we want to see refused.
            header.as_ustar_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            if let Some(link) = text.strip_prefix("-> ") {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_link_name(link).unwrap();
                header.set_size(0);
                header.set_cksum();
                builder.append(&header, &[][..]).unwrap();
                continue;
            }
            header.set_size(text.len() as u64);
            header.set_cksum();
            builder.append(&header, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn zipped(entries: &[(&str, &str)]) -> Vec<u8> {
        use std::io::Write;
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in entries {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(*name, options).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn names(unpacked: &Unpacked) -> Vec<&str> {
        unpacked.files.keys().map(String::as_str).collect()
    }

    fn sdist(entries: &[(&str, &str)]) -> Result<Unpacked> {
        unpack(&tar_gz(entries), "p-1.tar.gz", Kind::Source, "p")
    }

    #[test]
    fn wheel_leaves_metadata_and_types_behind() {
        let bytes = zipped(&[
            ("p/__init__.py", ""),
            ("p/data.bin", "x"),
            ("p/__init__.pyi", ""),
            ("p/py.typed", ""),
            ("build/lib/p/__init__.py", ""),
            (
                "p-1.dist-info/METADATA",
                "Name: p\r\nRequires-Dist: cbor2\r\nClassifier: Programming Language :: Python :: Implementation :: MicroPython\r\n",
            ),
            ("p-1.dist-info/RECORD", ""),
        ]);
        let unpacked = unpack(&bytes, "p-1-py3-none-any.whl", Kind::PureWheel, "p").unwrap();
        assert_eq!(names(&unpacked), ["p/__init__.py", "p/data.bin"]);
        assert_eq!(unpacked.requirements, ["cbor2"]);
        assert!(unpacked.for_boards);
    }

    #[test]
    fn source_gives_its_modules_and_packages() {
        let unpacked = sdist(&[
            ("p-1/setup.py", "raise SystemExit"),
            ("p-1/p.py", ""),
            ("p-1/q/__init__.py", ""),
            ("p-1/q/table.json", "{}"),
            ("p-1/tests/test_p.py", ""),
            ("p-1/README.md", ""),
            ("p-1/LICENSE", ""),
            ("p-1/p.egg-info/requires.txt", "micropython-os\n"),
        ])
        .unwrap();
        assert_eq!(names(&unpacked), ["p.py", "q/__init__.py", "q/table.json"]);
        assert_eq!(unpacked.requirements, ["micropython-os"]);
        assert!(!unpacked.for_boards);
        let unpacked = sdist(&[
            ("p-1/pyproject.toml", ""),
            ("p-1/src/p/__init__.py", ""),
            ("p-1/noise.py", ""),
        ])
        .unwrap();
        assert_eq!(names(&unpacked), ["p/__init__.py"]);
    }

    #[test]
    fn placeholder_is_empty_and_links_are_named() {
        let unpacked = sdist(&[("p-1/p.egg-info/PKG-INFO", "Name: p\n")]).unwrap();
        assert!(unpacked.files.is_empty() && unpacked.for_boards);
        let unpacked = sdist(&[
            ("p-1/umqtt/robust.py", "x=1"),
            (
                "p-1/umqtt/simple.py",
                "-> ../../umqtt.simple/umqtt/simple.py",
            ),
        ])
        .unwrap();
        assert_eq!(names(&unpacked), ["umqtt/robust.py"]);
        assert_eq!(unpacked.links, ["umqtt/simple.py"]);
    }

    #[test]
    fn hostile_archives_err() {
        for name in ["../main.py", "/boot.py", "p-1/../../x.py", "p-1/a\\b.py"] {
            assert_eq!(
                sdist(&[(name, "x")]).unwrap_err().code(),
                Code::UnsafePath,
                "{name}"
            );
            let wheel = zipped(&[(name, "x")]);
            let result = unpack(&wheel, "p-1-py3-none-any.whl", Kind::PureWheel, "p");
            assert_eq!(result.unwrap_err().code(), Code::UnsafePath, "{name}");
        }
        let zeros = "\0".repeat(17 << 20);
        assert_eq!(
            sdist(&[("p-1/p.py", &zeros)]).unwrap_err().code(),
            Code::TooLarge
        );
        let wheel = zipped(&[("p.py", &zeros)]);
        let result = unpack(&wheel, "p-1-py3-none-any.whl", Kind::PureWheel, "p");
        assert_eq!(result.unwrap_err().code(), Code::TooLarge);
        let many: Vec<String> = (0..2001)
            .map(|number| format!("p-1/m{number}.py"))
            .collect();
        let many: Vec<(&str, &str)> = many.iter().map(|name| (&name[..], "")).collect();
        assert_eq!(sdist(&many).unwrap_err().code(), Code::BadPackage);
        assert_eq!(
            sdist(&[("p-1/p.so", ""), ("p-1/q/x.so", ""), ("p-1/q/a.py", "")])
                .unwrap_err()
                .code(),
            Code::NotForBoards
        );
        for bytes in [&b""[..], b"junk", &tar_gz(&[("p-1/p.py", "text")])[..40]] {
            let tar = unpack(bytes, "p-1.tar.gz", Kind::Source, "p");
            assert_eq!(tar.unwrap_err().code(), Code::BadPackage);
            let zip = unpack(bytes, "p-1-py3-none-any.whl", Kind::PureWheel, "p");
            assert_eq!(zip.unwrap_err().code(), Code::BadPackage);
        }
    }
}
