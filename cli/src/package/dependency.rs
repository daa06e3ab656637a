//! A dependency in `pyproject.toml`: what its line or table means, and how a package that is named on the
//! command line is written down.

use std::path::Path;

use toml_edit::{InlineTable, Item, TableLike, Value};

use super::lock::quoted;
use super::project::wrong;
use super::resolve::Root;
use super::spec::{Location, Spec, Wish};
use crate::error::{Code, Error, Result};

/// What a dependency may say.
const KEYS: [&str; 11] = [
    "version",
    "mip",
    "pypi",
    "circuitpython",
    "github",
    "gitlab",
    "codeberg",
    "url",
    "path",
    "ref",
    "include",
];

/// A dependency as the project writes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dependency {
    /// The project's name for it.
    pub(crate) name: String,
    /// What is wanted, always spelt the same.
    pub(crate) wants: String,
    /// The same for the resolver.
    pub(crate) root: Root,
}

/// `NAME` with `"*"`, `">=1"` or `"1.2"`.
fn named(name: &str, version: &str) -> String {
    let version = version.trim();
    if version.is_empty() || version == "*" || version == "latest" {
        name.to_string()
    } else if version.starts_with(['=', '<', '>', '!', '~']) {
        format!("{name}{version}")
    } else {
        format!("{name}@{version}")
    }
}

/// Reads a dependency.
///
/// # Errors
/// [`Code::Config`] with what is wrong with it.
pub(super) fn dependency(name: &str, item: &Item) -> Result<Dependency> {
    let bad = |reason: &str| wrong(&format!("the dependency `{name}`: {reason}"));
    if let Some(version) = item.as_str() {
        let spec = Spec::parse(&named(name, version)).map_err(|error| bad(error.message()))?;
        if !matches!(spec, Spec::Name(..)) {
            return Err(bad("this is no name of a package"));
        }
        return Ok(Dependency {
            name: name.to_string(),
            wants: version.trim().to_string(),
            root: Root::plain(spec),
        });
    }
    let table = item
        .as_table_like()
        .ok_or_else(|| bad("text or a table is wanted"))?;
    let mut words: Vec<String> = Vec::new();
    let mut include = Vec::new();
    for (key, item) in table.iter() {
        if !KEYS.contains(&key) {
            return Err(bad(&format!(
                "`{key}` is unknown; there are {}",
                KEYS.join(", ")
            )));
        }
        if key == "include" {
            let list = item.as_array().ok_or_else(|| bad("`include` is no list"))?;
            let texts: Option<Vec<String>> = list
                .iter()
                .map(|one| one.as_str().map(str::to_string))
                .collect();
            include = texts.ok_or_else(|| bad("`include` is no list of texts"))?;
            let list: Vec<String> = include.iter().map(|text| quoted(text)).collect();
            words.push(format!("include = [{}]", list.join(", ")));
        } else {
            let text = item
                .as_str()
                .ok_or_else(|| bad(&format!("`{key}` is no text")))?;
            words.push(format!("{key} = {}", quoted(text)));
        }
    }
    words.sort();
    let spec = spec_of(name, table, &bad)?;
    Ok(Dependency {
        name: name.to_string(),
        wants: format!("{{ {} }}", words.join(", ")),
        root: Root {
            spec,
            name: Some(name.to_string()),
            include,
        },
    })
}

/// What the table of a dependency means.
fn spec_of(name: &str, table: &dyn TableLike, bad: &dyn Fn(&str) -> Error) -> Result<Spec> {
    let get = |key: &str| table.get(key).and_then(Item::as_str);
    let version = get("version").unwrap_or("*");
    let sources: Vec<&str> = KEYS[1..9]
        .iter()
        .copied()
        .filter(|key| table.contains_key(key))
        .collect();
    let text = match sources[..] {
        [] => named(name, version),
        [key @ ("mip" | "pypi" | "circuitpython")] => {
            format!("{key}:{}", named(get(key).unwrap_or(name), version))
        }
        [key @ ("github" | "gitlab" | "codeberg")] => {
            let reference = get("ref")
                .map(|text| format!("@{text}"))
                .unwrap_or_default();
            format!("{key}:{}{reference}", get(key).unwrap_or(""))
        }
        ["url"] => get("url").unwrap_or("").to_string(),
        ["path"] => String::new(),
        _ => {
            return Err(bad(&format!(
                "it has more than one source: {}",
                sources.join(", ")
            )));
        }
    };
    match get("path") {
        Some(path) => Ok(Spec::Local(path.to_string())),
        None => Spec::parse(&text).map_err(|error| bad(error.message())),
    }
}

/// How a package that the user named is written down. `root` is the project's directory.
///
/// # Errors
/// [`Code::Usage`] for a local path that cannot be expressed.
pub(crate) fn value_of(spec: &Spec, from_pypi: bool, root: &Path) -> Result<Value> {
    let version = |wish: &Wish| match wish {
        Wish::Newest => "*".to_string(),
        wish => wish.to_string(),
    };
    let with_version = |key: &'static str, name: &str, wish: &Wish| {
        let mut pairs = vec![(key, name.to_string())];
        if *wish != Wish::Newest {
            pairs.push(("version", version(wish)));
        }
        inline(&pairs)
    };
    Ok(match spec {
        Spec::Name(name, wish) if from_pypi => with_version("pypi", name, wish),
        Spec::Name(_, wish) => Value::from(version(wish)),
        Spec::Mip(name, wish) => with_version("mip", name, wish),
        Spec::Pypi(name, wish) => with_version("pypi", name, wish),
        Spec::CircuitPython(name, wish) => with_version("circuitpython", name, wish),
        Spec::Hosted(place) => hosted(place),
        Spec::Local(text) => {
            let path = std::path::absolute(text)
                .map_err(|error| Error::local("find", Path::new(text), &error))?;
            inline(&[("path", relative(&path, root)?)])
        }
    })
}

fn inline(pairs: &[(&str, String)]) -> Value {
    let mut table = InlineTable::new();
    for (key, text) in pairs {
        table.insert(*key, text.clone().into());
    }
    Value::InlineTable(table)
}

fn hosted(place: &Location) -> Value {
    for key in ["github", "gitlab", "codeberg"] {
        if let Some(rest) = place
            .text
            .strip_prefix(key)
            .and_then(|rest| rest.strip_prefix(':'))
        {
            let mut pairs = vec![(key, rest.to_string())];
            if let Some(reference) = &place.reference {
                pairs.push(("ref", reference.clone()));
            }
            return inline(&pairs);
        }
    }
    inline(&[("url", place.text.clone())])
}

/// `path` as seen from `root`, with `/` between the parts.
fn relative(path: &Path, root: &Path) -> Result<String> {
    let root = std::path::absolute(root).map_err(|error| Error::local("find", root, &error))?;
    let clean = |path: &Path| {
        let mut parts: Vec<String> = Vec::new();
        for part in path.components() {
            match part {
                std::path::Component::ParentDir => {
                    parts.pop();
                }
                std::path::Component::CurDir => {}
                part => parts.push(part.as_os_str().to_string_lossy().into_owned()),
            }
        }
        parts
    };
    let (path, root) = (clean(path), clean(&root));
    let common = path.iter().zip(&root).take_while(|(a, b)| a == b).count();
    if common == 0 {
        return Err(Error::new(
            Code::Usage,
            format!("`{}` is on another drive than the project", path.join("/")),
        ));
    }
    let up = vec!["..".to_string(); root.len() - common];
    let parts: Vec<String> = up
        .into_iter()
        .chain(path[common..].iter().cloned())
        .collect();
    let text = parts.join("/");
    Ok(if text.starts_with("..") {
        text
    } else {
        format!("./{text}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_project() {
        let seen = |path: &str| relative(Path::new(path), Path::new("/p/q")).unwrap();
        assert_eq!(seen("/p/mine"), "../mine");
        assert_eq!(seen("/p/q/lib/x"), "./lib/x");
        assert_eq!(seen("/p/q/../r"), "../r");
    }
}
