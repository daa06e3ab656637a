//! Packages of an index: which version, and what its description names.

use super::{
    Clash, Expect, Listed, Origin, Package, Resolver, Trail, because, catalogue, wanted_file,
};
use crate::error::{Code, Error, Result};
use crate::output::sanitise;
use crate::package::http::redacted;
use crate::package::manifest::Manifest;
use crate::package::needs;
use crate::package::normalised;
use crate::package::spec::{Location, Wish};

impl Resolver<'_> {
    fn listed(&mut self, index: &str) -> Result<&[Listed]> {
        if !self.catalogues.contains_key(index) {
            let found = catalogue(self.source, index)?.unwrap_or_default();
            self.catalogues.insert(index.to_string(), found);
        }
        Ok(&self.catalogues[index])
    }

    /// Takes a package of the first index that has it.
    pub(super) fn on_index(
        &mut self,
        name: &str,
        wish: &Wish,
        trail: &Trail,
    ) -> Result<Option<String>> {
        if let Some(name) = self.resolved(name, wish, trail)? {
            return Ok(Some(name));
        }
        if let Some(name) = self.kept(name, wish, Some("mip:"), trail)? {
            return Ok(Some(name));
        }
        let settings = self.settings;
        for index in &settings.indexes {
            if let Some(found) = self.for_firmware(index, name, wish, trail)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// As [`Self::on_one_index`], where newer versions of some packages need newer firmware than the
    /// board has.
    fn for_firmware(
        &mut self,
        index: &str,
        name: &str,
        wish: &Wish,
        trail: &Trail,
    ) -> Result<Option<String>> {
        let firmware = self.settings.firmware.clone();
        let need = needs::of(name, &firmware).filter(|_| !self.settings.mip_only);
        let Some(need) = need else {
            return self.on_one_index(index, name, wish, trail);
        };
        let older = need.instead();
        if *wish == Wish::Newest && self.has_version(index, name, &older)? {
            return self.on_one_index(index, name, &older, trail);
        }
        let found = self.on_one_index(index, name, wish, trail)?;
        let package = self
            .resolution
            .packages
            .iter()
            .find(|one| Some(&one.name) == found.as_ref());
        let complaint =
            package.and_then(|one| need.complaint(&one.version, &one.origin.asked, &firmware));
        self.resolution.notes.extend(complaint);
        Ok(found)
    }

    /// Whether an index has a version that fits.
    fn has_version(&mut self, index: &str, name: &str, wish: &Wish) -> Result<bool> {
        let key = normalised(name);
        let form = self.settings.form.clone();
        let listed = self
            .listed(index)?
            .iter()
            .find(|one| normalised(&one.name) == key);
        let versions =
            listed.and_then(|one| one.versions.get(&form).or_else(|| one.versions.get("py")));
        Ok(versions.is_some_and(|all| all.iter().any(|version| wish.allows(version))))
    }

    fn on_one_index(
        &mut self,
        index: &str,
        name: &str,
        wish: &Wish,
        trail: &Trail,
    ) -> Result<Option<String>> {
        let form = self.settings.form.clone();
        let limited = self.limits.concern(name);
        let version = match wish {
            Wish::Newest if !limited => Some("latest".to_string()),
            Wish::Exact(version) if self.limits.allow(name, version) => Some(version.clone()),
            _ => None,
        };
        if let Some(version) = &version
            && let Some(found) = self.take(index, (name, version, &form), wish, trail)?
        {
            return Ok(Some(found));
        }
        if self.settings.mip_only {
            return Ok(None);
        }
        let key = normalised(name);
        let Some(listed) = self
            .listed(index)?
            .iter()
            .find(|listed| normalised(&listed.name) == key)
            .cloned()
        else {
            return Ok(None);
        };
        // What has no bytecode for this board has at least its source.
        for form in [form.as_str(), "py"] {
            let Some(versions) = listed.versions.get(form) else {
                continue;
            };
            let newest = versions
                .iter()
                .filter(|version| wish.allows(version) && self.limits.allow(name, version))
                .max_by_key(|version| version.parse::<pep440_rs::Version>().ok());
            let version = match (wish, newest) {
                (Wish::Newest, _) if !limited => "latest",
                (_, Some(version)) => version,
                (_, None) => continue,
            };
            if let Some(found) = self.take(index, (&listed.name, version, form), wish, trail)? {
                return Ok(Some(found));
            }
        }
        let versions = listed
            .versions
            .get(&form)
            .or_else(|| listed.versions.get("py"));
        let versions = versions.cloned().unwrap_or_default();
        Err(self.nothing_fits(&listed.name, wish, &versions, trail))
    }

    /// No version of a package is what everybody wants.
    pub(super) fn nothing_fits(
        &mut self,
        name: &str,
        wish: &Wish,
        versions: &[String],
        trail: &Trail,
    ) -> Error {
        let others = self.limits.explain(name);
        let code = if others.is_empty() {
            Code::PackageNotFound
        } else {
            Code::Conflict
        };
        let mut error = Error::new(
            code,
            format!("`{name}` has no version that fits {}", wish.quoted()),
        );
        if !versions.is_empty() {
            error = error.hint(format!("There are: {}", versions.join(", ")));
        }
        error = because(error, trail);
        for other in others {
            error = error.hint(other);
        }
        self.clash = Some(Clash::nothing_left(name, self.open.last()));
        error
    }

    /// Takes the version of a package in one form of the index: `(name, version, form)`.
    fn take(
        &mut self,
        index: &str,
        (name, version, form): (&str, &str, &str),
        wish: &Wish,
        trail: &Trail,
    ) -> Result<Option<String>> {
        let url = format!("{index}/package/{form}/{name}/{version}.json");
        let Some(bytes) = self.source.document(&url, "")? else {
            return Ok(None);
        };
        let manifest = Manifest::parse(&bytes, name).map_err(|error| because(error, trail))?;
        let place = Location {
            text: url,
            reference: None,
        };
        let origin = Origin {
            index: redacted(index),
            asked: version.to_string(),
            ..Origin::default()
        };
        let source = format!("mip:{}", redacted(index));
        self.described(
            name,
            &source,
            &manifest,
            (&place, index),
            origin,
            wish,
            trail,
        )
        .map(Some)
    }

    /// Adds a package with a `package.json` on a server: where that is, and the index of its hashes.
    #[expect(
        clippy::too_many_arguments,
        reason = "what a package is, and where it was found"
    )]
    pub(super) fn described(
        &mut self,
        name: &str,
        source: &str,
        manifest: &Manifest,
        (place, index): (&Location, &str),
        origin: Origin,
        wish: &Wish,
        trail: &Trail,
    ) -> Result<String> {
        let mut files = Vec::new();
        for (target, hash) in &manifest.hashes {
            let url = format!("{index}/file/{}/{hash}", &hash[..2]);
            let expect = Expect::Prefix(hash.clone());
            files.push(wanted_file(name, target, url, expect));
        }
        for (target, url) in &manifest.urls {
            let file = place.join(url).map_err(|error| because(error, trail))?;
            let url = self.at_commit(&file)?.0.url();
            let url = url.map_err(|error| because(error, trail))?;
            files.push(wanted_file(name, target, url, Expect::Anything));
        }
        let version = manifest.version.clone().unwrap_or_else(|| match wish {
            Wish::Exact(version) => version.clone(),
            _ => place.reference.clone().unwrap_or_default(),
        });
        self.open.push((name.to_string(), version.clone()));
        let dependencies = self.needed(&manifest.dependencies, None, trail)?;
        self.open.pop();
        Ok(self.push(Package {
            name: name.to_string(),
            version: sanitise::line(&version),
            source: source.to_string(),
            requested: false,
            pinned: *wish != Wish::Newest,
            files,
            dependencies,
            origin,
        }))
    }
}
