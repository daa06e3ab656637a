//! `package.json`: the files of a package and the packages it needs.
//!
//! Source: micropython-lib, "Installing packages": `{"v":1,"version":…,"hashes":[[path,hash],…],
//! "urls":[[path,url],…],"deps":[[name,version],…]}`. Indexes write `hashes`, people write `urls`.

use serde_json::Value;

use super::path;
use crate::error::{Code, Error, Result};

/// Most files and dependencies of one package.
const MOST_ITEMS: usize = 2000;

/// What a `package.json` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The version, if it says one.
    pub(crate) version: Option<String>,
    /// Path on the board and the first digits of the SHA-256.
    pub(crate) hashes: Vec<(String, String)>,
    /// Path on the board and where the file is.
    pub(crate) urls: Vec<(String, String)>,
    /// Packages it needs, and their versions.
    pub(crate) dependencies: Vec<(String, String)>,
}

impl Manifest {
    /// Reads a `package.json`; `package` names it in messages.
    ///
    /// # Errors
    /// [`Code::BadPackage`] when it is malformed, [`Code::UnsafePath`] when it would write elsewhere.
    pub(crate) fn parse(bytes: &[u8], package: &str) -> Result<Self> {
        let wrong = |reason: String| {
            Error::new(
                Code::BadPackage,
                format!("The description of `{package}` is wrong: {reason}"),
            )
        };
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| wrong(format!("it is no JSON ({error})")))?;
        let Value::Object(object) = value else {
            return Err(wrong("it is no JSON object".to_string()));
        };
        match object.get("v") {
            None => {}
            Some(value) if value.as_u64() == Some(1) => {}
            Some(value) => return Err(wrong(format!("its format `{value}` is unknown"))),
        }
        let pairs = |name: &str| -> Result<Vec<(String, String)>> {
            let items = match object.get(name) {
                None | Some(Value::Null) => return Ok(Vec::new()),
                Some(Value::Array(items)) => items,
                Some(_) => return Err(wrong(format!("`{name}` is no list"))),
            };
            if items.len() > MOST_ITEMS {
                return Err(wrong(format!(
                    "`{name}` has more than {MOST_ITEMS} entries"
                )));
            }
            let pair = |item: &Value| match item.as_array().map(Vec::as_slice) {
                Some([Value::String(first), Value::String(second)]) => {
                    Some((first.clone(), second.clone()))
                }
                _ => None,
            };
            items
                .iter()
                .map(|item| {
                    pair(item).ok_or_else(|| {
                        wrong(format!(
                            "`{name}` has an entry that is no pair of texts: `{item}`"
                        ))
                    })
                })
                .collect()
        };
        let manifest = Self {
            version: object
                .get("version")
                .and_then(Value::as_str)
                .map(str::to_string),
            hashes: pairs("hashes")?,
            urls: pairs("urls")?,
            dependencies: pairs("deps")?,
        };
        let known = ["hashes", "urls", "deps"];
        if !known.iter().any(|name| object.contains_key(*name)) {
            return Err(wrong("it has no `hashes`, `urls` or `deps`".to_string()));
        }
        manifest.check(package).map(|()| manifest)
    }

    fn check(&self, package: &str) -> Result<()> {
        let mut seen = std::collections::HashSet::new();
        for (target, _) in self.hashes.iter().chain(&self.urls) {
            path::check(target, package)?;
            if !seen.insert(target) {
                return Err(Error::new(
                    Code::BadPackage,
                    format!("The description of `{package}` names `{target}` twice"),
                ));
            }
        }
        for (target, hash) in &self.hashes {
            let digits = hash
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if !digits || !(4..=64).contains(&hash.len()) {
                return Err(Error::new(
                    Code::BadPackage,
                    format!("The description of `{package}` has a malformed hash for `{target}`"),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_dependencies_are_read() {
        let text = br#"{"v":1,"hashes":[["a.py","0123abcd"]],"urls":[["b/c.py","c.py"]],
            "deps":[["x","latest"]],"version":"1.2"}"#;
        let manifest = Manifest::parse(text, "p").unwrap();
        assert_eq!(manifest.version.as_deref(), Some("1.2"));
        assert_eq!(
            manifest.hashes,
            [("a.py".to_string(), "0123abcd".to_string())]
        );
        assert_eq!(manifest.urls[0].1, "c.py");
        assert_eq!(manifest.dependencies[0].0, "x");
    }

    #[test]
    fn malformed_descriptions_err() {
        for (text, code) in [
            ("", Code::BadPackage),
            ("[]", Code::BadPackage),
            ("{}", Code::BadPackage),
            (r#"{"v":2,"urls":[]}"#, Code::BadPackage),
            (r#"{"deps":["x"]}"#, Code::BadPackage),
            (r#"{"deps":[["x"]]}"#, Code::BadPackage),
            (r#"{"urls":{"a":"b"}}"#, Code::BadPackage),
            (r#"{"urls":[["a.py","x"],["a.py","y"]]}"#, Code::BadPackage),
            (r#"{"hashes":[["a.py","xyz"]]}"#, Code::BadPackage),
            (r#"{"hashes":[["a.py","../../x"]]}"#, Code::BadPackage),
            (r#"{"urls":[["../main.py","x"]]}"#, Code::UnsafePath),
            (r#"{"hashes":[["/boot.py","01234567"]]}"#, Code::UnsafePath),
            (r#"{"urls":[["a\\b.py","x"]]}"#, Code::UnsafePath),
        ] {
            assert_eq!(
                Manifest::parse(text.as_bytes(), "p").unwrap_err().code(),
                code,
                "{text}"
            );
        }
    }
}
