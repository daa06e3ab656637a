//! Packages of the Python package index: the newest archive that is made for boards.

use super::{
    Archive, Content, Expect, File, Origin, Package, Resolver, Trail, Wanted, because, is_module,
};
use crate::error::{Code, Error, Result};
use crate::package::archive;
use crate::package::http::redacted;
use crate::package::requirement;
use crate::package::simple::{self, Kind};
use crate::package::spec::{Spec, Wish};
use crate::package::{normalised, sha256};

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
        if let Some(name) = self.kept(name, wish, Some("pypi"), trail)? {
            return Ok(Some(name));
        }
        if self.settings.pypi.is_empty() {
            if !explicit {
                return Ok(None);
            }
            return Err(Error::new(
                Code::Config,
                format!("`pypi:{name}`: no Python package index is set up"),
            )
            .hint("Set `UV_INDEX_URL` or `PIP_INDEX_URL` to the index that pip uses"));
        }
        let project = normalised(name);
        let url = format!("{}/{project}/", self.settings.pypi);
        let Some(page) = self.source.document(&url, simple::ACCEPT)? else {
            return Ok(None);
        };
        let mut candidates = simple::parse(&page, &url)?;
        if let Some(limit) = &self.settings.exclude_newer {
            candidates.retain(|one| !limit.is_before(&one.uploaded));
        }
        let (candidate, kind, version) = self.choose(&candidates, name, wish, trail)?;
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
        self.open.push((name.to_string(), version.clone()));
        let (dependencies, ranges) = self.what_it_needs(&unpacked.requirements, trail)?;
        self.open.pop();
        let place = redacted(&self.settings.pypi);
        let origin = origin(place, &candidate.url, &archive, ranges);
        let file = |(path, bytes)| File {
            path,
            content: Content::Bytes(bytes),
            url: None,
        };
        Ok(Some(self.push(Package {
            name: name.to_string(),
            version,
            source: "pypi".to_string(),
            requested: false,
            pinned: *wish != Wish::Newest,
            files: unpacked.files.into_iter().map(file).collect(),
            dependencies,
            origin,
        })))
    }

    /// The file of the newest version that everybody wants.
    fn choose(
        &mut self,
        candidates: &[simple::Candidate],
        name: &str,
        wish: &Wish,
        trail: &Trail,
    ) -> Result<(simple::Candidate, Kind, String)> {
        let project = normalised(name);
        let limits = self.limits.clone();
        let allows = |version: &str| limits.allow(&project, version);
        match simple::choose(candidates, &project, wish, &allows) {
            Err(error) if error.code() == Code::PackageNotFound => {
                let versions = simple::versions(candidates, &project);
                Err(self.nothing_fits(name, wish, &versions, trail))
            }
            chosen => chosen.map_err(|error| because(error, trail)),
        }
    }

    /// The packages of `Requires-Dist` lines: their names, and the names with ranges.
    fn what_it_needs(
        &mut self,
        lines: &[String],
        trail: &Trail,
    ) -> Result<(Vec<String>, Vec<String>)> {
        let (mut dependencies, mut ranges) = (Vec::new(), Vec::new());
        for line in lines {
            let needed = requirement::parse(line, &self.settings.environment)
                .map_err(|error| because(error, trail))?;
            if let Some(needed) = needed {
                let wish = needed.wish.to_string();
                let spec = Spec::Name(needed.name, needed.wish);
                let found = self.package(&spec, &mut trail.clone())?;
                ranges.push(format!("{found}{wish}"));
                dependencies.push(found);
            }
        }
        Ok((dependencies, ranges))
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

/// How a package of the index `place` was found.
fn origin(place: String, url: &str, archive: &[u8], ranges: Vec<String>) -> Origin {
    Origin {
        index: place,
        archive: Some(Archive {
            url: redacted(url),
            sha256: sha256(archive),
            len_bytes: archive.len() as u64,
        }),
        ranges,
        ..Origin::default()
    }
}
