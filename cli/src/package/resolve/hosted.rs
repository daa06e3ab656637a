//! Packages of servers and of this computer: a `package.json` and its files, or a single file.

use std::path::{Path, PathBuf};

use super::{
    Content, Expect, File, Package, Resolver, Trail, because, is_hosted, is_module, wanted_file,
};
use crate::error::{Code, Error, Result};
use crate::package::manifest::Manifest;
use crate::package::path;
use crate::package::spec::{Location, Wish};

impl Resolver<'_> {
    /// Takes a package or a single file of a server.
    pub(super) fn on_host(&mut self, location: &Location, trail: &Trail) -> Result<String> {
        let place = location.package();
        let source = place.to_string();
        let known = |package: &&Package| package.source == source;
        if let Some(package) = self.resolution.packages.iter().find(known) {
            return Ok(package.name.clone());
        }
        let file_name = place.file_name().to_string();
        if is_module(&file_name) {
            path::check(&file_name, &source)?;
            let name = file_name
                .rsplit_once('.')
                .map_or("", |(stem, _)| stem)
                .to_string();
            let files = vec![wanted_file(
                &source,
                &file_name,
                place.url()?,
                Expect::Anything,
            )];
            let version = place.reference.clone().unwrap_or_default();
            return Ok(self.push(Package {
                name,
                version,
                source,
                requested: false,
                pinned: false,
                files,
                dependencies: Vec::new(),
            }));
        }
        let url = place.url()?;
        let Some(bytes) = self.source.document(&url, "")? else {
            let error = Error::new(Code::PackageNotFound, format!("`{source}` is not there"))
                .hint("A package has a `package.json`; a single file is named with its `.py`");
            return Err(because(error, trail));
        };
        let manifest = Manifest::parse(&bytes, &source).map_err(|error| because(error, trail))?;
        let directory = place.text.rsplit_once('/').map_or("", |(front, _)| front);
        let name = directory
            .rsplit(['/', ':'])
            .next()
            .unwrap_or(directory)
            .to_string();
        let name = name.trim_end_matches(".git").to_string();
        self.described(&name, &source, &manifest, &place, &Wish::Newest, trail)
    }

    /// Takes a package or a single file of this computer.
    pub(super) fn on_disk(&mut self, given: &Path, trail: &Trail) -> Result<String> {
        let (description, bytes) = match self.source.local(given)? {
            Some(bytes) => (given.to_path_buf(), bytes),
            None => {
                let inner = given.join("package.json");
                let bytes = self.source.local(&inner)?.unwrap_or_default();
                (inner, bytes)
            }
        };
        let shown = given.display().to_string();
        let source = format!("path:{shown}");
        let file_name = crate::files::local::base_name(&description).unwrap_or_default();
        if is_module(&file_name) {
            path::check(&file_name, &shown)?;
            let name = file_name
                .rsplit_once('.')
                .map_or("", |(stem, _)| stem)
                .to_string();
            return Ok(self.push(local_package(name, source, vec![(file_name, bytes)], "")));
        }
        let manifest = Manifest::parse(&bytes, &shown).map_err(|error| because(error, trail))?;
        let directory: PathBuf = description.parent().unwrap_or(Path::new("")).to_path_buf();
        let mut files = Vec::new();
        for (target, place) in &manifest.urls {
            if is_hosted(place) {
                let url = Location::parse(place)?.url()?;
                files.push(wanted_file(&shown, target, url, Expect::Anything));
            } else {
                let bytes = self.source.local(&directory.join(place))?;
                let bytes = bytes.ok_or_else(|| {
                    Error::new(
                        Code::IsDirectory,
                        format!("`{place}` of `{shown}` is a directory"),
                    )
                })?;
                files.push(File {
                    path: target.clone(),
                    content: Content::Bytes(bytes),
                });
            }
        }
        for (target, hash) in &manifest.hashes {
            let url = format!("{}/file/{}/{hash}", self.settings.index, &hash[..2]);
            files.push(wanted_file(
                &shown,
                target,
                url,
                Expect::Prefix(hash.clone()),
            ));
        }
        let dependencies = self.needed(&manifest.dependencies, Some(&directory), trail)?;
        let named = directory
            .canonicalize()
            .ok()
            .and_then(|path| crate::files::local::base_name(&path));
        let name = named.unwrap_or_else(|| shown.clone());
        let mut package = local_package(name, source, Vec::new(), "");
        package.version = manifest.version.unwrap_or_default();
        package.files = files;
        package.dependencies = dependencies;
        Ok(self.push(package))
    }
}

fn local_package(
    name: String,
    source: String,
    files: Vec<(String, Vec<u8>)>,
    version: &str,
) -> Package {
    let file = |(path, bytes)| File {
        path,
        content: Content::Bytes(bytes),
    };
    Package {
        name,
        version: version.to_string(),
        source,
        requested: false,
        pinned: false,
        files: files.into_iter().map(file).collect(),
        dependencies: Vec::new(),
    }
}
