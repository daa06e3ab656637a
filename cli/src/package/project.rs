//! A project: the `[tool.ucli]` of its `pyproject.toml`, read and edited in place.
//!
//! Comments, order and everything that is not ours stay as they are. Board packages are not in
//! `[project.dependencies]`: other tools would look for them among the packages of CPython.

use std::path::{Path, PathBuf};

use pep440_rs::VersionSpecifiers;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::dependency::{Dependency, dependency};
use super::lock::{self, Lock, quoted};
use super::normalised;
use crate::error::{Code, Error, Result};
use crate::files::local;

/// The file of a project.
pub(crate) const FILE: &str = "pyproject.toml";
/// The tables of dependencies: always, and while it is developed.
const TABLES: [&str; 2] = ["dependencies", "dev-dependencies"];

/// A project on this computer.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// Where its files are.
    pub(crate) root: PathBuf,
    document: DocumentMut,
}

/// The indexes that a project names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Indexes {
    /// Those with packages for boards, in their order.
    pub(crate) mip: Vec<String>,
    /// The Python package index.
    pub(crate) pypi: Option<String>,
    /// CircuitPython's bundles, in their order.
    pub(crate) bundles: Vec<String>,
}

impl Project {
    /// The project of the current directory or the nearest one above it.
    ///
    /// # Errors
    /// [`Code::Config`] when its file cannot be read.
    pub(crate) fn find() -> Result<Option<Self>> {
        let Ok(mut directory) = std::env::current_dir() else {
            return Ok(None);
        };
        loop {
            if directory.join(FILE).is_file() {
                let project = Self::open(&directory)?;
                if project.ours().is_some() {
                    return Ok(Some(project));
                }
            }
            if !directory.pop() {
                return Ok(None);
            }
        }
    }

    /// As [`Project::find`], where there must be one.
    ///
    /// # Errors
    /// [`Code::NotFound`] without a project.
    pub(crate) fn here() -> Result<Self> {
        Self::find()?.ok_or_else(|| {
            Error::new(
                Code::NotFound,
                format!("There is no `{FILE}` with `[tool.ucli]` here or above"),
            )
            .hint("`ucli init` makes one")
        })
    }

    /// The project in a directory; without a file it is empty.
    ///
    /// # Errors
    /// [`Code::Config`] for what is no TOML.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let text = if path.exists() {
            String::from_utf8(local::read(&path)?).map_err(|_| wrong("it is no UTF-8"))?
        } else {
            String::new()
        };
        Self::parse(root, &text)
    }

    /// The project of a text.
    ///
    /// # Errors
    /// [`Code::Config`] for what is no TOML.
    pub(crate) fn parse(root: &Path, text: &str) -> Result<Self> {
        let document = text.parse::<DocumentMut>().map_err(|error| {
            let text = error.to_string();
            wrong(text.lines().next().unwrap_or_default())
        })?;
        Ok(Self {
            root: root.to_path_buf(),
            document,
        })
    }

    /// Whether it has a `[tool.ucli]`.
    pub(crate) fn exists(&self) -> bool {
        self.ours().is_some()
    }

    /// The version of `[project]`; empty without one.
    pub(crate) fn version(&self) -> String {
        let version = self
            .document
            .get("project")
            .and_then(|project| project.get("version"))
            .and_then(Item::as_str);
        version.unwrap_or_default().to_string()
    }

    fn ours(&self) -> Option<&dyn TableLike> {
        self.document.get("tool")?.get("ucli")?.as_table_like()
    }

    fn ours_mut(&mut self) -> Result<&mut dyn TableLike> {
        let tool = self.document.entry("tool").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let tool = tool
            .as_table_like_mut()
            .ok_or_else(|| wrong("`tool` is no table"))?;
        let ours = tool
            .entry("ucli")
            .or_insert_with(|| Item::Table(Table::new()));
        ours.as_table_like_mut()
            .ok_or_else(|| wrong("`tool.ucli` is no table"))
    }

    fn text_of(&self, key: &str) -> Result<Option<String>> {
        match self.ours().and_then(|ours| ours.get(key)) {
            None => Ok(None),
            Some(item) => match item.as_str() {
                Some(text) => Ok(Some(text.to_string())),
                None => Err(wrong(&format!("`{key}` must be text"))),
            },
        }
    }

    /// The firmware it wants, in its own words.
    ///
    /// # Errors
    /// [`Code::Config`] for what is no range of versions.
    pub(crate) fn micropython(&self) -> Result<String> {
        let text = self.text_of("micropython")?.unwrap_or_default();
        if !text.is_empty() && text.parse::<VersionSpecifiers>().is_err() {
            return Err(wrong(&format!(
                "`micropython = {}` is no range of versions; `\">=1.23\"` is one",
                quoted(&text)
            )));
        }
        Ok(text)
    }

    /// Where packages go on the board.
    ///
    /// # Errors
    /// [`Code::Config`] for what is no text.
    pub(crate) fn target(&self) -> Result<Option<String>> {
        self.text_of("target")
    }

    /// The platform that markers are told of.
    ///
    /// # Errors
    /// [`Code::Config`] for what is no text.
    pub(crate) fn platform(&self) -> Result<String> {
        Ok(self.text_of("board")?.unwrap_or_default())
    }

    /// The Python that markers are told of; empty: the usual.
    ///
    /// # Errors
    /// [`Code::Config`] for what is no text.
    pub(crate) fn python(&self) -> Result<String> {
        Ok(self.text_of("python-version")?.unwrap_or_default())
    }

    /// The moment after which nothing counts, in its own words.
    ///
    /// # Errors
    /// [`Code::Config`] for what is no text.
    pub(crate) fn exclude_newer(&self) -> Result<Option<String>> {
        self.text_of("exclude-newer")
    }

    /// Whether source stays source.
    ///
    /// # Errors
    /// [`Code::Config`] for an unknown word.
    pub(crate) fn no_mpy(&self) -> Result<bool> {
        match self.text_of("mpy")?.as_deref() {
            None | Some("auto") => Ok(false),
            Some("never") => Ok(true),
            Some("native") => Err(wrong(
                "`mpy = \"native\"`: machine code is made by the board's own compiler; with `auto` a module that asks for it \
                 stays source",
            )),
            Some(other) => Err(wrong(&format!(
                "`mpy = {}`: there are `auto` and `never`",
                quoted(other)
            ))),
        }
    }

    /// The directory with the project's own files for the board.
    ///
    /// # Errors
    /// [`Code::Config`] for what is no text.
    pub(crate) fn files(&self) -> Result<Option<PathBuf>> {
        if let Some(text) = self.text_of("files")? {
            return Ok(Some(self.root.join(text)));
        }
        let usual = self.root.join("src");
        Ok(usual.is_dir().then_some(usual))
    }

    /// The indexes it names.
    ///
    /// # Errors
    /// [`Code::Config`] for entries without a URL or of an unknown format.
    pub(crate) fn indexes(&self) -> Result<Indexes> {
        let mut indexes = Indexes::default();
        let entries: Vec<&dyn TableLike> = match self.ours().and_then(|ours| ours.get("index")) {
            None => Vec::new(),
            Some(Item::ArrayOfTables(list)) => {
                list.iter().map(|one| one as &dyn TableLike).collect()
            }
            Some(item) => {
                let list = item
                    .as_array()
                    .ok_or_else(|| wrong("`index` must be a list of tables"))?;
                let tables: Option<Vec<&dyn TableLike>> = list
                    .iter()
                    .map(|one| one.as_inline_table().map(|one| one as &dyn TableLike))
                    .collect();
                tables.ok_or_else(|| wrong("`index` must be a list of tables"))?
            }
        };
        for entry in entries {
            let text = |key: &str| entry.get(key).and_then(Item::as_str);
            let url = text("url").ok_or_else(|| wrong("an `index` has no `url`"))?;
            let url = url.trim_end_matches('/').to_string();
            match text("format").unwrap_or("mip") {
                "mip" => indexes.mip.push(url),
                "pypi" | "simple" => {
                    indexes.pypi.get_or_insert(url);
                }
                "circuitpython" => indexes.bundles.push(url),
                other => {
                    return Err(wrong(&format!(
                        "an `index` has the format `{other}`; there are `mip`, `pypi` and `circuitpython`"
                    )));
                }
            }
        }
        Ok(indexes)
    }

    /// What it asks for, by name; with `dev` what it asks for while it is developed.
    ///
    /// # Errors
    /// [`Code::Config`] with the name and what is wrong with it.
    pub(crate) fn dependencies(&self, dev: bool) -> Result<Vec<Dependency>> {
        let key = TABLES[usize::from(dev)];
        let Some(item) = self.ours().and_then(|ours| ours.get(key)) else {
            return Ok(Vec::new());
        };
        let table = item
            .as_table_like()
            .ok_or_else(|| wrong(&format!("`{key}` is no table")))?;
        let mut found: Vec<Dependency> = Vec::new();
        for (name, item) in table.iter() {
            let one = dependency(name, item)?;
            if let Some(other) = found
                .iter()
                .find(|other| normalised(&other.name) == normalised(name))
            {
                return Err(wrong(&format!(
                    "`{}` and `{name}` are one package",
                    other.name
                )));
            }
            found.push(one);
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Enters a dependency; one of that name keeps its place.
    ///
    /// # Errors
    /// [`Code::Config`] when the tables are malformed.
    pub(crate) fn set(&mut self, name: &str, value: Value, dev: bool) -> Result<()> {
        let key = TABLES[usize::from(dev)];
        let ours = self.ours_mut()?;
        let table = ours.entry(key).or_insert_with(|| Item::Table(Table::new()));
        let table = table
            .as_table_like_mut()
            .ok_or_else(|| wrong(&format!("`{key}` is no table")))?;
        let spelt = spelling(table, name).unwrap_or_else(|| name.to_string());
        match table.get_mut(&spelt) {
            Some(Item::Value(old)) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            _ => {
                table.insert(&spelt, Item::Value(value));
            }
        }
        Ok(())
    }

    /// Takes a dependency out of both tables; whether it was in one.
    ///
    /// # Errors
    /// [`Code::Config`] when the tables are malformed.
    pub(crate) fn remove(&mut self, name: &str) -> Result<bool> {
        let ours = self.ours_mut()?;
        let mut found = false;
        for key in TABLES {
            if let Some(table) = ours.get_mut(key).and_then(Item::as_table_like_mut)
                && let Some(spelt) = spelling(table, name)
            {
                found |= table.remove(&spelt).is_some();
            }
        }
        Ok(found)
    }

    /// Makes an empty `[tool.ucli]` with a place for dependencies.
    ///
    /// # Errors
    /// [`Code::Config`] when something else stands there.
    pub(crate) fn begin(&mut self, micropython: Option<&str>) -> Result<()> {
        let ours = self.ours_mut()?;
        if let Some(range) = micropython {
            ours.insert("micropython", toml_edit::value(range));
        }
        ours.entry(TABLES[0])
            .or_insert_with(|| Item::Table(Table::new()));
        Ok(())
    }

    /// The text of its file.
    pub(crate) fn to_text(&self) -> String {
        self.document.to_string()
    }

    /// Writes its file.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn save(&self) -> Result<()> {
        local::write_atomic(&self.root.join(FILE), self.to_text().as_bytes())
    }

    /// Its lock; `None` without one.
    ///
    /// # Errors
    /// Those of [`Lock::parse`].
    pub(crate) fn lock(&self) -> Result<Option<Lock>> {
        let path = self.root.join(lock::FILE);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = local::read(&path)?;
        Lock::parse(&String::from_utf8_lossy(&bytes)).map(Some)
    }

    /// Writes its lock, when that changes it; whether it did.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn save_lock(&self, lock: &Lock) -> Result<bool> {
        let path = self.root.join(lock::FILE);
        let text = lock.to_text();
        if std::fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(false);
        }
        local::write_atomic(&path, text.as_bytes())?;
        Ok(true)
    }
}

/// The complaint about a project's file.
pub(super) fn wrong(reason: &str) -> Error {
    Error::new(Code::Config, format!("`{FILE}`: {reason}"))
}

/// How a table spells a name.
fn spelling(table: &dyn TableLike, name: &str) -> Option<String> {
    let key = normalised(name);
    let found = table.iter().find(|(one, _)| normalised(one) == key);
    found.map(|(one, _)| one.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::spec::Spec;

    const TEXT: &str = "\
# mine
[project]
name = \"x\" # keep

[tool.ucli]
micropython = \">=1.23\"

[tool.ucli.dependencies]
urequests = \"*\"   # the web
\"umqtt.simple\" = \">=1.7\"
driver = { github = \"o/r/sub\", ref = \"v1\" }
micro = { version = \">=2\", pypi = \"microdot\", include = [\"microdot/*.py\"] }
mine = { path = \"../mine\" }

[[tool.ucli.index]]
url = \"https://h/one/\"

[[tool.ucli.index]]
url = \"https://h/two\"
format = \"pypi\"
";

    fn project(text: &str) -> Project {
        Project::parse(Path::new("/p/q"), text).unwrap()
    }

    #[test]
    fn edits_keep_everything_else() {
        let mut edited = project(TEXT);
        edited
            .set("urequests", Value::from(">=0.8"), false)
            .unwrap();
        edited.set("new", Value::from("*"), false).unwrap();
        let expected = TEXT
            .replace("\"*\"   # the web", "\">=0.8\"   # the web")
            .replace("\"../mine\" }\n", "\"../mine\" }\nnew = \"*\"\n");
        assert_eq!(edited.to_text(), expected);
        assert!(edited.remove("NEW").unwrap() && !edited.remove("new").unwrap());
        edited.set("Urequests", Value::from("*"), false).unwrap();
        assert_eq!(edited.to_text(), TEXT);
        let mut empty = project("");
        empty.begin(Some(">=1.23")).unwrap();
        empty.set("unittest", Value::from("*"), true).unwrap();
        assert_eq!(
            empty.to_text(),
            "[tool.ucli]\nmicropython = \">=1.23\"\n\n[tool.ucli.dependencies]\n\n[tool.ucli.dev-dependencies]\nunittest = \"*\"\n"
        );
    }

    #[test]
    fn dependencies_are_read() {
        let project = project(TEXT);
        let found = project.dependencies(false).unwrap();
        let specs: Vec<&Spec> = found.iter().map(|one| &one.root.spec).collect();
        let parse = |text: &str| Spec::parse(text).unwrap();
        assert_eq!(
            specs,
            [
                &parse("github:o/r/sub@v1"),
                &parse("pypi:microdot>=2"),
                &Spec::Local("../mine".into()),
                &parse("umqtt.simple>=1.7"),
                &parse("urequests"),
            ]
        );
        assert_eq!(
            found[1].wants,
            "{ include = [\"microdot/*.py\"], pypi = \"microdot\", version = \">=2\" }"
        );
        let indexes = project.indexes().unwrap();
        assert_eq!(
            (indexes.mip, indexes.pypi.as_deref()),
            (vec!["https://h/one".to_string()], Some("https://h/two"))
        );
    }

    #[test]
    fn wrong_projects_err() {
        for (text, word) in [
            ("[tool.ucli.dependencies]\na = 1", "text or a table"),
            (
                "[tool.ucli.dependencies]\na = { git = \"x\" }",
                "`git` is unknown",
            ),
            (
                "[tool.ucli.dependencies]\na = { mip = \"a\", pypi = \"a\" }",
                "more than one source",
            ),
            ("[tool.ucli.dependencies]\na = \">=x\"", "malformed"),
            (
                "[tool.ucli.dependencies]\na-b = \"*\"\na_b = \"*\"",
                "are one package",
            ),
            ("[tool.ucli]\ndependencies = 1", "no table"),
        ] {
            let error = project(text).dependencies(false).unwrap_err();
            assert!(error.message().contains(word), "{}", error.message());
        }
        assert!(
            project("[tool.ucli]\nmicropython = \"new\"")
                .micropython()
                .is_err()
        );
        assert!(project("[tool.ucli]\nmpy = \"maybe\"").no_mpy().is_err());
        assert!(
            project("[[tool.ucli.index]]\nname = \"x\"")
                .indexes()
                .is_err()
        );
        assert!(Project::parse(Path::new("."), "[tool").is_err());
    }
}
