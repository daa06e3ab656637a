//! Packages of this computer: a file, a `package.json`, a `manifest.py`, or a plain folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{
    Content, Expect, File, Origin, Package, Resolver, Trail, because, is_hosted, is_module,
    wanted_file,
};
use crate::error::{Code, Error, Result};
use crate::package::manifest::Manifest;
use crate::package::manifest_py::{self, Call};
use crate::package::project::{self, Project};
use crate::package::spec::{Location, Spec};
use crate::package::{archive, path};

/// The files of a folder by their path on the board.
type Found = BTreeMap<String, PathBuf>;

impl Resolver<'_> {
    /// Takes a package or a single file of this computer.
    pub(super) fn on_disk(&mut self, given: &Path, trail: &Trail) -> Result<String> {
        let Some(bytes) = self.source.local(given)? else {
            return self.folder(given, trail);
        };
        let shown = given.display().to_string();
        let file_name = crate::files::local::base_name(given).unwrap_or_default();
        let directory = given.parent().unwrap_or(Path::new(""));
        if file_name == "manifest.py" {
            return self.manifest(given, directory, &bytes, trail);
        }
        if is_module(&file_name) {
            path::check(&file_name, &shown)?;
            let name = file_name.rsplit_once('.').map_or("", |(stem, _)| stem);
            let files = vec![file(file_name.clone(), bytes)];
            return Ok(self.push(package(name, given, "", files, Vec::new())));
        }
        self.description(given, directory, &bytes, trail)
    }

    /// A folder: what describes it, or else what is in it.
    fn folder(&mut self, given: &Path, trail: &Trail) -> Result<String> {
        let names = self.source.folder(given)?;
        let has = |name: &str| names.iter().any(|one| one == name);
        for name in ["package.json", "manifest.py"] {
            if has(name) {
                let bytes = self.source.local(&given.join(name))?.unwrap_or_default();
                return if name == "package.json" {
                    self.description(given, given, &bytes, trail)
                } else {
                    self.manifest(given, given, &bytes, trail)
                };
            }
        }
        let shown = given.display().to_string();
        let base = name_of(given);
        let is_package = has("__init__.py") || has("__init__.mpy");
        let mut found = Found::new();
        for (from, to) in archive::importable_paths(&names, is_package) {
            let to = if is_package {
                format!("{base}/{to}")
            } else {
                to
            };
            found.insert(to, given.join(from));
        }
        let (version, needs) = self.own_project(given, has(project::FILE))?;
        if found.is_empty() && needs.is_empty() {
            return Err(because(
                Error::new(
                    Code::BadPackage,
                    format!("`{shown}` has no modules: there is nothing to install"),
                )
                .hint("Modules are `NAME.py` or `NAME/…`, there or in `src`; a `package.json` names other files"),
                trail,
            ));
        }
        let files = self.read(found, &shown)?;
        let mut dependencies = Vec::new();
        for spec in needs {
            dependencies.push(self.package(&spec, &mut trail.clone())?);
        }
        Ok(self.push(package(&base, given, &version, files, dependencies)))
    }

    /// The version and the needs in a `pyproject.toml` of a folder; those are in `[tool.ucli]`.
    fn own_project(&self, given: &Path, has_one: bool) -> Result<(String, Vec<Spec>)> {
        if !has_one {
            return Ok((String::new(), Vec::new()));
        }
        let bytes = self.source.local(&given.join(project::FILE))?;
        let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        let own = Project::parse(given, &text)?;
        let specs = own
            .dependencies(false)?
            .into_iter()
            .map(|one| one.root.spec);
        let beside = |spec| match spec {
            Spec::Local(path) => Spec::Local(given.join(path).to_string_lossy().into_owned()),
            spec => spec,
        };
        Ok((own.version(), specs.map(beside).collect()))
    }

    fn read(&self, found: Found, shown: &str) -> Result<Vec<File>> {
        let mut files = Vec::new();
        for (target, place) in found {
            path::check(&target, shown)?;
            let bytes = self.source.local(&place)?.ok_or_else(|| {
                Error::new(
                    Code::IsDirectory,
                    format!("`{}` of `{shown}` is a directory", place.display()),
                )
            })?;
            files.push(file(target, bytes));
        }
        Ok(files)
    }

    /// What a `manifest.py` names.
    fn manifest(
        &mut self,
        given: &Path,
        directory: &Path,
        bytes: &[u8],
        trail: &Trail,
    ) -> Result<String> {
        let shown = given.display().to_string();
        let text = String::from_utf8_lossy(bytes);
        let (mut version, mut found, mut needs) = (String::new(), Found::new(), Vec::new());
        for call in manifest_py::calls(&shown, &text)? {
            match call.function.as_str() {
                "metadata" => {
                    version = call
                        .text(&shown, usize::MAX, "version")?
                        .unwrap_or_default();
                }
                "require" => {
                    let name = call.text(&shown, 0, "name")?.unwrap_or_default();
                    let version = call.text(&shown, usize::MAX, "version")?;
                    needs.push((name, version.unwrap_or_default()));
                }
                "module" => {
                    let base = base_of(&call, &shown, 1)?;
                    let name = called(&call, &shown, "module_path")?;
                    found.insert(name.clone(), directory.join(base).join(name));
                }
                "package" => {
                    let base = directory.join(base_of(&call, &shown, 2)?);
                    let name = called(&call, &shown, "package_path")?;
                    let listed = call.texts(&shown, 1, "files")?;
                    let inside = self.sources_in(&base.join(&name), listed)?;
                    let path = |one: String| (format!("{name}/{one}"), base.join(&name).join(one));
                    found.extend(inside.into_iter().map(path));
                }
                "freeze" | "freeze_as_mpy" | "freeze_as_str" | "freeze_mpy" => {
                    let base = directory.join(called(&call, &shown, "path")?);
                    let listed = call.texts(&shown, 1, "script")?;
                    let inside = self.sources_in(&base, listed)?;
                    found.extend(inside.into_iter().map(|one| (one.clone(), base.join(one))));
                }
                "add_library" => {}
                "include" => {
                    let text = "`include` leads to another manifest; name that one itself";
                    return Err(manifest_py::wrong(&shown, call.line, text));
                }
                _ => {
                    let text = format!("`{}` is no call of a manifest", call.function);
                    return Err(manifest_py::wrong(&shown, call.line, &text));
                }
            }
        }
        let files = self.read(found, &shown)?;
        let dependencies = self.needed(&needs, Some(directory), trail)?;
        Ok(self.push(package(
            &name_of(directory),
            given,
            &version,
            files,
            dependencies,
        )))
    }

    /// The source files of a directory, or those that are listed.
    fn sources_in(&self, directory: &Path, listed: Option<Vec<String>>) -> Result<Vec<String>> {
        match listed {
            Some(listed) => Ok(listed),
            None => {
                let mut names = self.source.folder(directory)?;
                names.retain(|name| name.ends_with(".py"));
                Ok(names)
            }
        }
    }

    /// What a `package.json` names.
    fn description(
        &mut self,
        given: &Path,
        directory: &Path,
        bytes: &[u8],
        trail: &Trail,
    ) -> Result<String> {
        let shown = given.display().to_string();
        let manifest = Manifest::parse(bytes, &shown).map_err(|error| because(error, trail))?;
        let mut files = Vec::new();
        for (target, place) in &manifest.urls {
            if is_hosted(place) {
                let url = Location::parse(place)?.url()?;
                files.push(wanted_file(&shown, target, url, Expect::Anything));
            } else {
                let one = Found::from([(target.clone(), directory.join(place))]);
                files.extend(self.read(one, &shown)?);
            }
        }
        for (target, hash) in &manifest.hashes {
            let index = self.settings.indexes.first().map_or("", String::as_str);
            let url = format!("{index}/file/{}/{hash}", &hash[..2]);
            let expect = Expect::Prefix(hash.clone());
            files.push(wanted_file(&shown, target, url, expect));
        }
        let dependencies = self.needed(&manifest.dependencies, Some(directory), trail)?;
        let version = manifest.version.unwrap_or_default();
        Ok(self.push(package(
            &name_of(directory),
            given,
            &version,
            files,
            dependencies,
        )))
    }
}

/// The first argument of a call: a place below its base.
fn called(call: &Call, shown: &str, name: &str) -> Result<String> {
    let text = call.text(shown, 0, name)?.unwrap_or_default();
    own_place(call, shown, text)
}

/// The `base_path` of a call.
fn base_of(call: &Call, shown: &str, place: usize) -> Result<String> {
    let text = call.text(shown, place, "base_path")?;
    own_place(call, shown, text.unwrap_or_else(|| ".".to_string()))
}

/// `$(MANIFEST_DIR)` is known here; the other places are those of a firmware's build.
fn own_place(call: &Call, shown: &str, text: String) -> Result<String> {
    let text = match text.strip_prefix("$(MANIFEST_DIR)") {
        Some(rest) => format!(".{rest}"),
        None => text,
    };
    if text.is_empty() || text.contains("$(") {
        let reason = format!("`{text}` is a place that only a build of the firmware knows");
        return Err(manifest_py::wrong(shown, call.line, &reason));
    }
    Ok(text)
}

/// The name of a directory, whatever way leads there.
fn name_of(directory: &Path) -> String {
    let here = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    let whole = here.canonicalize().unwrap_or_else(|_| here.to_path_buf());
    crate::files::local::base_name(&whole).unwrap_or_else(|| directory.display().to_string())
}

fn file(path: String, bytes: Vec<u8>) -> File {
    File {
        path,
        content: Content::Bytes(bytes),
        url: None,
    }
}

fn package(
    name: &str,
    given: &Path,
    version: &str,
    files: Vec<File>,
    dependencies: Vec<String>,
) -> Package {
    Package {
        name: name.to_string(),
        version: version.to_string(),
        source: format!("path:{}", given.display()),
        requested: false,
        pinned: false,
        files,
        dependencies,
        origin: Origin::default(),
    }
}
