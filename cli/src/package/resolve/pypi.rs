//! Packages of the Python package index: the newest archive that is made for boards.

use super::{Content, Expect, File, Package, Resolver, Trail, Wanted, because, is_module};
use crate::error::{Code, Error, Result};
use crate::package::archive;
use crate::package::normalised;
use crate::package::requirement;
use crate::package::simple::{self, Kind};
use crate::package::spec::{Spec, Wish};

impl Resolver<'_> {
    /// Takes a package of the Python package index, if it has it.
    pub(super) fn on_pypi(
        &mut self,
        name: &str,
        wish: &Wish,
        explicit: bool,
        trail: &mut Trail,
    ) -> Result<Option<String>> {
        if let Some(name) = self.resolved(name, wish, trail)? {
            return Ok(Some(name));
        }
        let project = normalised(name);
        let url = format!("{}/{project}/", self.settings.pypi);
        let Some(page) = self.source.document(&url, simple::ACCEPT)? else {
            return Ok(None);
        };
        let candidates = simple::parse(&page, &url)?;
        let (candidate, kind, version) =
            simple::choose(&candidates, &project, wish).map_err(|error| because(error, trail))?;
        let expect = candidate
            .sha256
            .clone()
            .map_or(Expect::Anything, Expect::Whole);
        let wanted = Wanted {
            package: name.to_string(),
            url: candidate.url.clone(),
            expect,
        };
        let archive = self.source.files(&[wanted])?.pop().unwrap_or_default();
        let unpacked = self.unpack(&archive, &candidate.filename, kind, name, trail)?;
        let is_ours = project.starts_with("micropython-") || unpacked.for_boards;
        if !explicit && !is_ours {
            return Err(because(
                Error::new(
                    Code::NotForBoards,
                    format!("`{name}` is not in the index; PyPI has a package of that name, made for CPython"),
                )
                .hint(format!("`ucli install pypi:{name}` installs it all the same")),
                trail,
            ));
        }
        let mut dependencies = Vec::new();
        for line in &unpacked.requirements {
            let needed = requirement::parse(line, &self.settings.environment)
                .map_err(|error| because(error, trail))?;
            if let Some(needed) = needed {
                let spec = Spec::Name(needed.name, needed.wish);
                dependencies.push(self.package(&spec, &mut trail.clone())?);
            }
        }
        let file = |(path, bytes)| File {
            path,
            content: Content::Bytes(bytes),
        };
        Ok(Some(self.push(Package {
            name: name.to_string(),
            version,
            source: "pypi".to_string(),
            requested: false,
            pinned: *wish != Wish::Newest,
            files: unpacked.files.into_iter().map(file).collect(),
            dependencies,
        })))
    }

    fn unpack(
        &mut self,
        bytes: &[u8],
        filename: &str,
        kind: Kind,
        name: &str,
        trail: &Trail,
    ) -> Result<archive::Unpacked> {
        let unpacked =
            archive::unpack(bytes, filename, kind, name).map_err(|error| because(error, trail))?;
        if let Some(link) = unpacked.links.first() {
            self.resolution.notes.push(format!(
                "`{link}` of `{name}` is a link to another package's file and is left out"
            ));
        }
        if !unpacked.files.keys().any(|path| is_module(path)) {
            return Err(because(
                Error::new(
                    Code::Placeholder,
                    format!("`{name}` on PyPI is a placeholder: it installs nothing"),
                ),
                trail,
            ));
        }
        Ok(unpacked)
    }
}
