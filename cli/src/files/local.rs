//! Files of this computer: trees with ignore rules, names as boards spell them, atomic writes.

use std::io::Write;
use std::path::{Path, PathBuf};

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::error::{Code, Error, Result};

/// The file in a directory that says what does not go to the board.
pub(crate) const IGNORE_FILE: &str = ".ucliignore";

/// One file or directory found in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalEntry {
    /// Where it is on this computer.
    pub(crate) path: PathBuf,
    /// Its name in the tree, with `/` on every system.
    pub(crate) name: String,
    /// Whether it is a directory.
    pub(crate) directory: bool,
}

/// Which names are left out.
#[derive(Clone, Debug)]
pub(crate) struct Exclude(GlobSet);

impl Exclude {
    /// Compiles patterns: one without `/` matches a name anywhere, one with `/` the whole name.
    ///
    /// # Errors
    /// [`Code::Usage`] for a malformed pattern.
    pub(crate) fn new(patterns: &[String]) -> Result<Self> {
        let mut builder = GlobSetBuilder::new();
        for pattern in patterns {
            let glob = |text: &str| {
                Glob::new(text).map_err(|error| {
                    Error::new(
                        Code::Usage,
                        format!("`{pattern}` is no pattern: {}", error.kind()),
                    )
                })
            };
            let trimmed = pattern.trim_end_matches('/').trim_start_matches('/');
            builder.add(glob(trimmed)?);
            if !pattern.trim_end_matches('/').contains('/') {
                builder.add(glob(&format!("**/{trimmed}"))?);
            }
        }
        let set = builder
            .build()
            .map_err(|error| Error::new(Code::Usage, format!("Bad patterns: {error}")))?;
        Ok(Self(set))
    }

    /// Whether `name` (with `/`) is left out.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}

/// Everything under `root`, directories before what is in them, sorted by name. Symbolic links are
/// followed; a link that leads back to a directory above it is refused.
///
/// # Errors
/// What cannot be read, and names that are no Unicode.
pub(crate) fn scan(root: &Path, exclude: &Exclude) -> Result<Vec<LocalEntry>> {
    let mut walk = ignore::WalkBuilder::new(root);
    walk.standard_filters(false)
        .add_custom_ignore_filename(IGNORE_FILE)
        .parents(false)
        .follow_links(true)
        .sort_by_file_name(std::cmp::Ord::cmp);
    let (exclude, base) = (exclude.clone(), root.to_path_buf());
    walk.filter_entry(move |entry| match name_of(&base, entry.path()) {
        Some(name) => name.is_empty() || !exclude.matches(&name),
        None => true,
    });
    let mut entries = Vec::new();
    for entry in walk.build() {
        let entry = entry.map_err(|error| {
            Error::new(
                Code::Io,
                format!("Failed to read `{}`: {error}", root.display()),
            )
        })?;
        let name = name_of(root, entry.path()).ok_or_else(|| {
            Error::new(
                Code::Unsupported,
                format!("`{}` has a name that is no Unicode", entry.path().display()),
            )
            .hint("Rename it, or leave it out with `--exclude`")
        })?;
        if name.is_empty() || name == IGNORE_FILE {
            continue;
        }
        let directory = entry.file_type().is_some_and(|kind| kind.is_dir());
        entries.push(LocalEntry {
            path: entry.into_path(),
            name,
            directory,
        });
    }
    Ok(entries)
}

/// The name of `path` under `root` with `/` between its parts; `None` for one that is no Unicode.
fn name_of(root: &Path, path: &Path) -> Option<String> {
    let relative = path.strip_prefix(root).ok()?;
    let parts: Option<Vec<&str>> = relative
        .components()
        .map(|part| part.as_os_str().to_str())
        .collect();
    Some(parts?.join("/"))
}

/// The last part of a local path as boards spell it; `None` for `.`, `..`, `/` and non-Unicode.
pub(crate) fn base_name(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_string)
}

/// Reads a file.
///
/// # Errors
/// With the path and the reason.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Error::local("read", path, &error))
}

/// Writes a file under a temporary name and renames it: the old one stays whole until then.
///
/// # Errors
/// With the path and the reason.
pub(crate) fn write_atomic(path: &Path, data: &[u8]) -> Result<()> {
    let fail = |error: &std::io::Error| Error::local("write", path, error);
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ucli-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What `open` would give, before the umask; a file that is replaced keeps its own.
        let mode = std::fs::metadata(path).map_or(0o666, |data| data.permissions().mode());
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    let mut file = builder
        .tempfile_in(directory)
        .map_err(|error| fail(&error))?;
    file.write_all(data).map_err(|error| fail(&error))?;
    file.persist(path).map_err(|error| fail(&error.error))?;
    Ok(())
}

/// Whether a text has characters that make it a pattern.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// A matcher of one path component pattern list: `*` does not cross `/`.
///
/// # Errors
/// [`Code::Usage`] for a malformed pattern.
pub(crate) fn path_pattern(text: &str) -> Result<globset::GlobMatcher> {
    globset::GlobBuilder::new(text)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| {
            Error::new(
                Code::Usage,
                format!("`{text}` is no pattern: {}", error.kind()),
            )
        })
}

/// The local paths that `text` means: itself, or, if there is no such file, what matches it. Shells
/// do this on Unix; on Windows nobody else does.
///
/// # Errors
/// [`Code::NotFound`] when nothing matches.
pub(crate) fn expand(text: &str) -> Result<Vec<PathBuf>> {
    let path = PathBuf::from(text);
    if !is_pattern(text) || path.exists() {
        return Ok(vec![path]);
    }
    let normal = if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text.to_string()
    };
    let fixed: PathBuf = Path::new(&normal)
        .components()
        .take_while(|part| !is_pattern(&part.as_os_str().to_string_lossy()))
        .collect();
    let matcher = path_pattern(&normal)?;
    let root = if fixed.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        fixed.clone()
    };
    let depth = Path::new(&normal).components().count() - fixed.components().count();
    let mut found: Vec<PathBuf> = ignore::WalkBuilder::new(&root)
        .standard_filters(false)
        .max_depth(Some(depth))
        .build()
        .filter_map(core::result::Result::ok)
        .filter(|entry| entry.depth() == depth)
        .map(|entry| {
            if fixed.as_os_str().is_empty() {
                entry
                    .path()
                    .strip_prefix(".")
                    .unwrap_or(entry.path())
                    .to_path_buf()
            } else {
                entry.into_path()
            }
        })
        .filter(|path| matcher.is_match(path.to_string_lossy().replace('\\', "/")))
        .collect();
    found.sort();
    if found.is_empty() {
        return Err(Error::new(
            Code::NotFound,
            format!("No file matches `{text}`"),
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in [
            "main.py",
            "lib/a.py",
            "lib/b.pyc",
            "lib/__pycache__/x",
            "docs/readme.md",
        ] {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        directory
    }

    fn names(root: &Path, patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<String> = patterns.iter().map(|text| (*text).to_string()).collect();
        scan(root, &Exclude::new(&patterns).unwrap())
            .unwrap()
            .into_iter()
            .map(|entry| entry.name)
            .collect()
    }

    #[test]
    fn patterns_leave_names_out_anywhere() {
        let root = tree();
        assert_eq!(
            names(root.path(), &["__pycache__", "*.pyc", "docs"]),
            ["lib", "lib/a.py", "main.py"]
        );
        assert_eq!(
            names(root.path(), &["lib/a.py", "docs/", "__pycache__"]),
            ["lib", "lib/b.pyc", "main.py"]
        );
    }

    #[test]
    fn ignore_file_is_obeyed_and_not_listed() {
        let root = tree();
        std::fs::write(root.path().join(IGNORE_FILE), "docs/\n*.pyc\n!lib/b.pyc\n").unwrap();
        assert_eq!(
            names(root.path(), &["__pycache__"]),
            ["lib", "lib/a.py", "lib/b.pyc", "main.py"]
        );
    }

    #[test]
    fn writing_replaces_the_whole_file() {
        let root = tree();
        let path = root.path().join("main.py");
        write_atomic(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 3);
        assert!(write_atomic(&root.path().join("no/such/dir"), b"").is_err());
    }

    #[test]
    fn patterns_expand_to_files() {
        let root = tree();
        let text = root.path().join("lib/*.py").to_string_lossy().into_owned();
        assert_eq!(expand(&text).unwrap(), [root.path().join("lib/a.py")]);
        assert!(expand(&root.path().join("*.nothing").to_string_lossy()).is_err());
    }
}
