//! What `mpremote mip install` prints, for scripts that read it.
//!
//! Only text, after the fact. Two things are not mpremote's: a file that was there already is `Exists:` whether or
//! not the index promised its hash, and nothing is printed of a package that could not be installed.

use std::collections::BTreeSet;

use super::build::Built;
use super::spec::{Location, is_module};
use crate::client::fs::join;

/// The lines for packages that were installed into `directory`: those the user named as `words`, which came to the
/// packages `roots`. `written` are the files that were not there before.
pub(crate) fn lines(
    words: &[String],
    roots: &[String],
    built: &[Built],
    directory: &str,
    written: &BTreeSet<String>,
) -> Vec<String> {
    let mut report = Report {
        built,
        directory,
        written,
        seen: BTreeSet::new(),
        lines: Vec::new(),
    };
    for (word, root) in words.iter().zip(roots) {
        let name = word.split('@').next().unwrap_or(word);
        report.lines.push(format!("Install {name}"));
        report.package(root, built.len());
        report.lines.push("Done".to_string());
    }
    report.lines
}

struct Report<'a> {
    built: &'a [Built],
    directory: &'a str,
    written: &'a BTreeSet<String>,
    seen: BTreeSet<String>,
    lines: Vec<String>,
}

impl Report<'_> {
    /// A package, its files, and what it needs; `depth` ends what cannot happen, a circle.
    fn package(&mut self, name: &str, depth: usize) {
        let Some(built) = self.built.iter().find(|one| one.package.name == name) else {
            return;
        };
        let (package, directory) = (&built.package, self.directory);
        if package.source.starts_with("mip:") {
            let (asked, index) = (&package.origin.asked, &package.origin.index);
            let line = format!("Installing {name} ({asked}) from {index} to {directory}");
            self.lines.push(line);
        } else if !package.source.starts_with("path:") {
            let place = Location::parse(&package.source).map(|place| place.text);
            let place = place.unwrap_or_else(|_| package.source.clone());
            let verb = if is_module(&place) {
                "Downloading"
            } else {
                "Installing"
            };
            self.lines.push(format!("{verb} {place} to {directory}"));
        }
        for (path, _) in &built.files {
            let path = join(directory, path);
            let is_new = self.written.contains(&path) && self.seen.insert(path.clone());
            let verb = if is_new { "Installing" } else { "Exists" };
            self.lines.push(format!("{verb}: {path}"));
        }
        for needed in package.dependencies.iter().filter(|_| depth > 0) {
            self.package(needed, depth - 1);
        }
    }
}
