//! Lists of packages as other tools write them: `requirements.txt`, `package.json`, `manifest.py`, and Belay's
//! dependencies in a `pyproject.toml`.
//!
//! Nothing is executed. Of a `manifest.py` the calls with literal arguments are read; whatever else it
//! does is an error with its line.
//!
//! Source: PEP 508 for requirements; micropython-lib's documentation for `package.json`;
//! MicroPython's for manifest files.

use super::lock::{self, Lock, Locked};
use super::manifest::Manifest;
use super::manifest_py::{self, wrong};
use super::requirement::{self, Environment};
use super::spec::{Spec, Wish, is_hosted};
use crate::error::{Code, Error, Result};

/// What a lock is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// `NAME==VERSION` by line, for `ucli install -r`.
    Requirements,
    /// `package.json`, for `mip.install`.
    PackageJson,
    /// `manifest.py`, for firmware builds.
    ManifestPy,
}

/// Writes a lock in another form.
///
/// # Errors
/// [`Code::Unsupported`] for packages that the form cannot name.
pub(crate) fn write(lock: &Lock, dev: bool, format: Format) -> Result<String> {
    let packages = lock.needed(dev);
    let mut out = String::new();
    match format {
        Format::Requirements => {
            for package in packages {
                out += &requirement(package);
                out.push('\n');
            }
        }
        Format::ManifestPy => {
            for package in packages {
                if !package.source.starts_with("mip:") {
                    return Err(unsupported(package, "manifest.py"));
                }
                out += &format!("require({})\n", lock::quoted(&package.name));
            }
        }
        Format::PackageJson => {
            let mut dependencies = Vec::new();
            for package in packages {
                dependencies.push(if package.source.starts_with("mip:") {
                    (package.name.clone(), package.version.clone())
                } else if is_hosted(&package.source) {
                    let place = super::spec::Location::parse(&package.source)?;
                    let reference = match package.commit.as_str() {
                        "" => place.reference.clone().unwrap_or_default(),
                        commit => commit.to_string(),
                    };
                    (place.text, reference)
                } else {
                    return Err(unsupported(package, "package.json"));
                });
            }
            let text = serde_json::json!({ "v": 1, "urls": [], "deps": dependencies });
            out = serde_json::to_string_pretty(&text).expect("plain texts");
            out.push('\n');
        }
    }
    Ok(out)
}

fn unsupported(package: &Locked, file: &str) -> Error {
    Error::new(
        Code::Unsupported,
        format!(
            "`{file}` cannot name `{}`, which comes from `{}`",
            package.name, package.source
        ),
    )
    .hint("`--format requirements` can")
}

fn requirement(package: &Locked) -> String {
    let version = match package.version.as_str() {
        "" => String::new(),
        version => format!("=={version}"),
    };
    if package.source.starts_with("mip:") {
        format!("{}{version}", package.name)
    } else if package.source == "pypi" {
        format!("pypi:{}{version}", package.name)
    } else if package.source.starts_with("circuitpython:") {
        format!("circuitpython:{}{version}", package.name)
    } else if is_hosted(&package.source) && !package.commit.is_empty() {
        let place = package
            .source
            .rsplit_once('@')
            .map_or(package.source.as_str(), |(place, _)| place);
        format!("{place}@{}", package.commit)
    } else {
        package
            .source
            .strip_prefix("path:")
            .unwrap_or(&package.source)
            .to_string()
    }
}

/// Reads a list of packages; what it is follows from its name.
///
/// # Errors
/// [`Code::BadPackage`] with the line that is wrong.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Vec<Spec>> {
    if name.ends_with(".json") {
        return package_json(name, bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    if name.ends_with(".toml") {
        return belay(name, &text);
    }
    if name.ends_with(".py") {
        manifest_py(name, &text)
    } else {
        requirements(name, &text)
    }
}

/// Lines of `requirements.txt`: what `ucli install` takes, and the lines of PEP 508.
fn requirements(name: &str, text: &str) -> Result<Vec<Spec>> {
    let mut specs = Vec::new();
    let environment = Environment::default();
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    for (index, line) in joined.lines().enumerate() {
        let line = if line.trim_start().starts_with('#') {
            ""
        } else {
            line
        };
        let line = line.split(" #").next().unwrap_or("").trim();
        // pip's hashes are of archives; the lock has those of files.
        let line = line.split(" --hash").next().unwrap_or("").trim();
        if line.is_empty() {
            continue;
        }
        if line.starts_with('-') {
            return Err(wrong(
                name,
                index + 1,
                &format!("the option `{line}` is not understood"),
            ));
        }
        let scheme = ["mip:", "pypi:", "circuitpython:"]
            .iter()
            .any(|scheme| line.starts_with(scheme));
        if scheme || is_hosted(line) || line.starts_with(['.', '/']) {
            specs.push(Spec::parse(line).map_err(|error| wrong(name, index + 1, error.message()))?);
            continue;
        }
        let parsed = requirement::parse(line, &environment)
            .map_err(|error| wrong(name, index + 1, error.message()))?;
        if let Some(needed) = parsed {
            // `==1.2` is spelt as the index spells it.
            let text = needed.wish.to_string();
            let wish = match text.strip_prefix("==") {
                Some(version) if !version.contains([',', '*']) => {
                    Wish::Exact(version.trim().to_string())
                }
                _ => needed.wish,
            };
            specs.push(Spec::Name(needed.name, wish));
        }
    }
    Ok(specs)
}

fn package_json(name: &str, bytes: &[u8]) -> Result<Vec<Spec>> {
    let manifest = Manifest::parse(bytes, name)?;
    let mut specs = Vec::new();
    for (text, version) in &manifest.dependencies {
        let text = match version.as_str() {
            "" => text.clone(),
            "latest" if !is_hosted(text) => text.clone(),
            version => format!("{text}@{version}"),
        };
        specs.push(Spec::parse(&text)?);
    }
    Ok(specs)
}

/// `[tool.belay.dependencies]` of a `pyproject.toml`, and those of its groups: a name with a version, a place,
/// a table with a place as `uri`, or a list of those.
///
/// Source: Belay's documentation, "Package Manager".
fn belay(name: &str, text: &str) -> Result<Vec<Spec>> {
    let bad = |reason: &str| Error::new(Code::BadPackage, format!("`{name}`: {reason}"));
    let document: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| bad(error.message()))?;
    let belay = document.get("tool").and_then(|tool| tool.get("belay"));
    let groups = belay.and_then(|belay| belay.get("group")?.as_table());
    let groups = groups.into_iter().flat_map(|groups| groups.values());
    let tables: Vec<&toml::Table> = belay
        .into_iter()
        .chain(groups)
        .filter_map(|part| part.get("dependencies")?.as_table())
        .collect();
    if tables.is_empty() {
        return Err(bad("it has no `[tool.belay.dependencies]`")
            .hint("The packages of a project of ucli are installed with `ucli sync`"));
    }
    let mut specs = Vec::new();
    for (package, value) in tables.into_iter().flatten() {
        let places: Vec<&toml::Value> = match value {
            toml::Value::Array(items) => items.iter().collect(),
            one => vec![one],
        };
        for place in places {
            let text = place.as_str().or_else(|| place.get("uri")?.as_str());
            let text = text.ok_or_else(|| {
                bad(&format!(
                    "the dependency `{package}` is neither text nor has a `uri`"
                ))
            })?;
            let is_version = text.starts_with(|letter: char| letter.is_ascii_digit());
            let spec = match text {
                "*" | "" | "latest" => Spec::parse(package),
                text if is_version => Spec::parse(&format!("{package}@{text}")),
                text if text.contains(['/', '\\']) => Spec::parse(text),
                text => Spec::parse(&format!("./{text}")),
            };
            specs.push(spec.map_err(|error| bad(error.message()))?);
        }
    }
    Ok(specs)
}

/// `require("name")`, also with more literal arguments; `metadata(…)` and the calls that only freeze
/// files of a firmware build say nothing about packages.
fn manifest_py(name: &str, text: &str) -> Result<Vec<Spec>> {
    let mut specs = Vec::new();
    for call in manifest_py::calls(name, text)? {
        match call.function.as_str() {
            "require" => {
                let package = call.text(name, 0, "name")?.unwrap_or_default();
                match Spec::parse(&package) {
                    Ok(Spec::Name(package, Wish::Newest)) => {
                        specs.push(Spec::Name(package, Wish::Newest));
                    }
                    _ => return Err(wrong(name, call.line, "this is no name of a package")),
                }
            }
            // Files of the firmware build, and what the package says of itself.
            "metadata" | "module" | "package" | "freeze" | "freeze_as_mpy" | "freeze_as_str"
            | "freeze_mpy" | "add_library" => {}
            "include" => {
                let text = "`include` leads to another manifest; read that one itself";
                return Err(wrong(name, call.line, text));
            }
            other => {
                let text = format!("`{other}` is no call of a manifest");
                return Err(wrong(name, call.line, &text));
            }
        }
    }
    Ok(specs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str, text: &str) -> Vec<String> {
        let one = |spec: Spec| match spec {
            Spec::Name(name, wish) => format!("{name}{wish}"),
            other => format!("{other:?}"),
        };
        read(name, text.as_bytes())
            .unwrap()
            .into_iter()
            .map(one)
            .collect()
    }

    #[test]
    fn requirements_are_read() {
        let text = "# mine\nrequests==0.8.0  # old\numqtt.simple >=1.7,<2\nx; implementation_name == 'cpython'\n\
                    microdot==2.0 \\\n  --hash=sha256:ab\ny\n";
        assert_eq!(
            texts("requirements.txt", text),
            [
                "requests==0.8.0",
                "umqtt.simple>=1.7, <2",
                "microdot==2.0",
                "y"
            ]
        );
        assert!(read("requirements.txt", b"-r other.txt").is_err());
        assert!(read("requirements.txt", b"a b c").is_err());
    }

    #[test]
    fn manifests_are_read_and_not_run() {
        let text = "metadata(version=\"1.0\")  # (\nrequire(\"requests\")\nrequire(\n    'umqtt.simple', # why\n    unix_ffi=False,\n)\nmodule(\"a.py\")\n";
        assert_eq!(texts("manifest.py", text), ["requests", "umqtt.simple"]);
        for text in [
            "import os",
            "require(name)",
            "for x in y:\n    require(x)",
            "require(\"a\"",
            "require(\"../x\")",
            "include(\"$(MPY_DIR)/x\")",
            "x = 1",
        ] {
            let error = read("manifest.py", text.as_bytes()).unwrap_err();
            assert!(error.message().contains("line"), "{text}: {error:?}");
        }
    }

    #[test]
    fn projects_of_belay_are_read() {
        let text = "[tool.belay.dependencies]\naioble = \"*\"\nssl = \"0.1.0\"\n\
            a = [\"github:o/r/a.py@v1\", \"lib/b.py\"]\nc = { uri = \"https://h/c.py\", develop = true }\n\
            [tool.belay.group.dev.dependencies]\nunittest = \"latest\"\n";
        let found = read("pyproject.toml", text.as_bytes()).unwrap();
        let parse = |text: &str| Spec::parse(text).unwrap();
        let expected = [
            "github:o/r/a.py@v1",
            "lib/b.py",
            "aioble",
            "https://h/c.py",
            "ssl@0.1.0",
            "unittest",
        ];
        assert_eq!(found, expected.map(parse));
        for text in ["[tool.ucli]", "[tool", "[tool.belay.dependencies]\na = 1"] {
            assert!(read("pyproject.toml", text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn package_json_is_read() {
        let text = r#"{"deps":[["a","latest"],["b","1.2"],["github:o/r","v1"]]}"#;
        let found = texts("package.json", text);
        assert_eq!(found[..2], ["a".to_string(), "b==1.2".to_string()]);
        assert!(read("package.json", b"{}").is_err());
    }
}
