//! Where every file of a copy goes. Pure: the facts come in, the plan goes out.

use std::path::PathBuf;

use crate::client::fs::join;
use crate::error::{Code, Error, Result};

/// What is known of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Nothing stands there.
    Missing,
    /// A file stands there.
    File,
    /// A directory stands there.
    Directory,
}

/// One source with what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Its last name; empty when only the contents are meant (`dir/.`).
    pub(crate) name: String,
    /// As the user wrote it.
    pub(crate) shown: String,
    /// Whether it is a directory.
    pub(crate) directory: bool,
    /// What is in the directory, or the file itself: `(name in it, where it is)`.
    pub(crate) files: Vec<(String, Origin)>,
    /// Directories in it, parents first.
    pub(crate) directories: Vec<String>,
}

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// On this computer.
    Local(PathBuf),
    /// On the board.
    Board(String),
}

/// The size of the file when one file of this computer is all there is to copy.
///
/// # Errors
/// When it cannot be looked at.
pub(crate) fn single_size(sources: &[Source]) -> Result<Option<u64>> {
    let [source] = sources else { return Ok(None) };
    match (source.directory, source.files.as_slice()) {
        (false, [(_, Origin::Local(path))]) => std::fs::metadata(path)
            .map(|data| Some(data.len()))
            .map_err(|error| Error::local("read", path, &error)),
        _ => Ok(None),
    }
}

/// What a copy has to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Directories to make, parents first.
    pub(crate) directories: Vec<String>,
    /// Files and where they go.
    pub(crate) files: Vec<(Origin, String)>,
}

/// Decides where everything goes, as `cp` does.
///
/// `destination` is what stands at `target`; `forced` says that the user ended it with a slash.
///
/// # Errors
/// When several sources or a slash want a directory that is not there, a directory comes without
/// `-r`, or two files would get the same name.
pub(crate) fn plan(
    sources: &[Source],
    target: &str,
    destination: Destination,
    forced: bool,
    recursive: bool,
) -> Result<Plan> {
    let directory_wanted = sources.len() > 1 || (forced && !recursive);
    if directory_wanted && destination == Destination::Missing {
        let message = if sources.len() > 1 {
            "cp: destination does not exist"
        } else {
            "cp: destination is not a directory"
        };
        return Err(Error::new(Code::NotFound, message)
            .hint(format!("`ucli mkdir :{target}` makes the directory")));
    }
    if directory_wanted && destination == Destination::File {
        return Err(Error::new(
            Code::NotDirectory,
            "cp: destination is not a directory",
        ));
    }
    let mut plan = Plan::default();
    for source in sources {
        if source.directory && !recursive {
            return Err(Error::new(
                Code::IsDirectory,
                "cp: -r not specified; omitting directory",
            )
            .hint(format!(
                "`{}` is a directory; `cp -r` copies it with all that is in it",
                source.shown
            )));
        }
        if source.directory && destination == Destination::File {
            return Err(Error::new(
                Code::NotDirectory,
                format!("`{target}` is a file; `{}` is a directory", source.shown),
            ));
        }
        let into = destination == Destination::Directory && !source.name.is_empty();
        let base = if into {
            join(target, &source.name)
        } else {
            target.to_string()
        };
        if !source.directory {
            plan.files.extend(
                source
                    .files
                    .iter()
                    .map(|(_, origin)| (origin.clone(), base.clone())),
            );
            continue;
        }
        if into || destination == Destination::Missing {
            plan.directories.push(base.clone());
        }
        plan.directories
            .extend(source.directories.iter().map(|name| join(&base, name)));
        plan.files.extend(
            source
                .files
                .iter()
                .map(|(name, origin)| (origin.clone(), join(&base, name))),
        );
    }
    one_source_each(&plan)?;
    Ok(plan)
}

fn one_source_each(plan: &Plan) -> Result<()> {
    let mut seen = std::collections::HashMap::new();
    for (origin, target) in &plan.files {
        if let Some(other) = seen.insert(target, origin) {
            let shown = |origin: &Origin| match origin {
                Origin::Local(path) => path.display().to_string(),
                Origin::Board(path) => format!(":{path}"),
            };
            return Err(Error::new(
                Code::Usage,
                format!(
                    "`{}` and `{}` would both become `{target}`",
                    shown(other),
                    shown(origin)
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Source {
        Source {
            name: name.into(),
            shown: name.into(),
            directory: false,
            files: vec![(String::new(), Origin::Local(name.into()))],
            directories: Vec::new(),
        }
    }

    fn tree(name: &str) -> Source {
        Source {
            name: name.into(),
            shown: name.into(),
            directory: true,
            files: vec![
                ("a".into(), Origin::Local("t/a".into())),
                ("d/b".into(), Origin::Local("t/d/b".into())),
            ],
            directories: vec!["d".into()],
        }
    }

    fn targets(plan: &Plan) -> Vec<&str> {
        plan.files
            .iter()
            .map(|(_, target)| target.as_str())
            .collect()
    }

    #[test]
    fn file_goes_into_a_directory_or_becomes_the_target() {
        let into = plan(&[file("a")], "lib", Destination::Directory, false, false).unwrap();
        assert_eq!(targets(&into), ["lib/a"]);
        let over = plan(&[file("a")], "lib", Destination::File, false, false).unwrap();
        assert_eq!(targets(&over), ["lib"]);
        let new = plan(&[file("a")], "b", Destination::Missing, false, false).unwrap();
        assert_eq!(targets(&new), ["b"]);
    }

    #[test]
    fn tree_goes_into_a_directory_or_becomes_the_target() {
        let into = plan(&[tree("t")], "", Destination::Directory, false, true).unwrap();
        assert_eq!(
            (into.directories.as_slice(), targets(&into)),
            (&["t".to_string(), "t/d".into()][..], vec!["t/a", "t/d/b"])
        );
        let new = plan(&[tree("t")], "x", Destination::Missing, false, true).unwrap();
        assert_eq!(
            (new.directories.as_slice(), targets(&new)),
            (&["x".to_string(), "x/d".into()][..], vec!["x/a", "x/d/b"])
        );
        let contents = plan(&[tree("")], "", Destination::Directory, false, true).unwrap();
        assert_eq!(
            (contents.directories.as_slice(), targets(&contents)),
            (&["d".to_string()][..], vec!["a", "d/b"])
        );
    }

    #[test]
    fn impossible_copies_err() {
        for (sources, destination, forced, recursive) in [
            (
                vec![file("a"), file("b")],
                Destination::Missing,
                false,
                false,
            ),
            (vec![file("a"), file("b")], Destination::File, false, false),
            (vec![file("a")], Destination::Missing, true, false),
            (vec![tree("t")], Destination::Directory, false, false),
            (vec![tree("t")], Destination::File, false, true),
            (
                vec![file("a"), file("a")],
                Destination::Directory,
                false,
                false,
            ),
        ] {
            assert!(
                plan(&sources, "x", destination, forced, recursive).is_err(),
                "{sources:?}"
            );
        }
    }
}
