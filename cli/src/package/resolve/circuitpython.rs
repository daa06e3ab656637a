//! Libraries of CircuitPython's bundles.

use super::{
    Archive, Content, Expect, File, Origin, Package, Resolver, Trail, Wanted, because, hosted,
};
use crate::error::{Code, Error, Result};
use crate::package::bundle::{self, Bundle};
use crate::package::http::redacted;
use crate::package::sha256;
use crate::package::spec::{Spec, Wish};

/// How many releases are tried: the newest may not be complete yet.
const MOST_RELEASES: usize = 3;

impl Resolver<'_> {
    /// Takes a library of the first bundle that has it.
    pub(super) fn on_circuitpython(
        &mut self,
        name: &str,
        wish: &Wish,
        trail: &Trail,
    ) -> Result<String> {
        if let Some(found) = self.kept(name, wish, Some("circuitpython:"), trail)? {
            return Ok(found);
        }
        for index in 0..self.settings.bundles.len() {
            let bundle = self.bundle(index)?;
            let found = bundle.find(name);
            let found = found.map(|(module, library)| (module.to_string(), library.clone()));
            if let Some((module, library)) = found {
                return self.take_library((index, &module, &library), wish, trail);
            }
        }
        let mut places: Vec<String> = Vec::new();
        for bundle in &self.bundles {
            places.push(format!("`{}` {}", redacted(&bundle.url), bundle.tag));
        }
        Err(because(
            Error::new(
                Code::PackageNotFound,
                format!("There is no library `{name}` in {}", places.join(" or ")),
            ),
            trail,
        ))
    }

    fn take_library(
        &mut self,
        (index, module, library): (usize, &str, &bundle::Library),
        wish: &Wish,
        trail: &Trail,
    ) -> Result<String> {
        if let Some(found) = self.resolved(module, wish, trail)? {
            return Ok(found);
        }
        if !wish.allows(&library.version) || !self.limits.allow(module, &library.version) {
            let versions = [library.version.clone()];
            let error = self.nothing_fits(module, wish, &versions, trail);
            return Err(error.hint("A bundle has one version of each library; `URL@TAG` in the settings names an older bundle"));
        }
        let (url, archive) = self.archive(index)?;
        let files = bundle::extract(&archive, module, library)?;
        self.open
            .push((module.to_string(), library.version.clone()));
        let mut dependencies = Vec::new();
        for need in library.dependencies.iter().filter(|need| *need != module) {
            let spec = Spec::CircuitPython(need.clone(), Wish::Newest);
            dependencies.push(self.package(&spec, &mut trail.clone())?);
        }
        self.open.pop();
        if self.settings.circuitpython.is_none() {
            let note = format!(
                "`{module}` is made for CircuitPython: what needs its `board` or `busio` does not work on MicroPython"
            );
            self.resolution.notes.push(note);
        }
        let file = |(path, bytes)| File {
            path,
            content: Content::Bytes(bytes),
            url: None,
        };
        let bundle = &self.bundles[index];
        let place = redacted(&bundle.url);
        let origin = Origin {
            index: place.clone(),
            asked: bundle.tag.clone(),
            archive: Some(Archive {
                url: redacted(&url),
                sha256: sha256(&archive),
                len_bytes: archive.len() as u64,
            }),
            ..Origin::default()
        };
        Ok(self.push(Package {
            name: module.to_string(),
            version: library.version.clone(),
            source: format!("circuitpython:{place}"),
            requested: false,
            pinned: *wish != Wish::Newest,
            files: files.into_iter().map(file).collect(),
            dependencies,
            origin,
        }))
    }

    /// A bundle of the settings, read once.
    fn bundle(&mut self, index: usize) -> Result<&Bundle> {
        while self.bundles.len() <= index {
            let bundle = self.read_bundle(&self.settings.bundles[self.bundles.len()])?;
            self.bundles.push(bundle);
        }
        Ok(&self.bundles[index])
    }

    fn read_bundle(&self, text: &str) -> Result<Bundle> {
        let (url, tag) = bundle::with_tag(text);
        let missing = |what: &str| {
            let url = redacted(url);
            Error::new(
                Code::PackageNotFound,
                format!("The bundle `{url}` has no {what}"),
            )
        };
        let tags = match tag {
            Some(tag) => vec![tag.to_string()],
            None => {
                let refs = format!("{url}.git/info/refs?service=git-upload-pack");
                let list = self.source.document(&refs, "")?;
                let list = list.ok_or_else(|| missing("list of releases"))?;
                let names = hosted::references(&list);
                let mut tags = bundle::tags(names.iter().map(|(_, name)| name.as_str()));
                if let Some(limit) = &self.settings.exclude_newer {
                    tags.retain(|tag| !limit.is_older_than_day(tag));
                }
                tags.truncate(MOST_RELEASES);
                tags
            }
        };
        for tag in &tags {
            if let Some(bytes) = self.source.document(&bundle::list_url(url, tag), "")? {
                return Bundle::parse(url, tag, &bytes);
            }
        }
        Err(missing(&match tag {
            Some(tag) => format!("release {tag}"),
            None => "release with a list of its libraries".to_string(),
        }))
    }

    /// The archive of a bundle for the board: its URL and its bytes. What has no bytecode for the board
    /// has its sources.
    fn archive(&mut self, index: usize) -> Result<(String, std::rc::Rc<Vec<u8>>)> {
        let bundle = &self.bundles[index];
        let mut forms = Vec::new();
        if let Some(major) = self.settings.circuitpython {
            forms.push(format!("{major}.x-mpy"));
        }
        forms.push(bundle::SOURCE.to_string());
        let mut last = None;
        for form in forms {
            let url = bundle.archive(&form);
            if let Some(bytes) = self.archives.get(&url) {
                return Ok((url, bytes.clone()));
            }
            let wanted = Wanted {
                package: format!("the bundle of {}", bundle.tag),
                url: url.clone(),
                expect: Expect::Anything,
            };
            match self.source.files(&[wanted]) {
                Ok(mut found) => {
                    let bytes = std::rc::Rc::new(found.pop().unwrap_or_default());
                    self.archives.insert(url.clone(), bytes.clone());
                    return Ok((url, bytes));
                }
                Err(error) if error.code() == Code::PackageNotFound => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::new(Code::PackageNotFound, "There is no archive")))
    }
}
