//! The list of an index: `index.json` with the names and versions of all its packages.

use serde::Deserialize;

use super::Source;
use crate::error::{Code, Error, Result};

#[derive(Deserialize)]
struct Catalogue {
    packages: Vec<Listed>,
}

/// A package as the catalogue of an index lists it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Listed {
    /// The name as URLs spell it.
    pub(crate) name: String,
    /// The newest version.
    #[serde(default)]
    pub(crate) version: String,
    /// One line about it.
    #[serde(default)]
    pub(crate) description: String,
    /// The licence.
    #[serde(default)]
    pub(crate) license: String,
    /// The versions of each form.
    #[serde(default)]
    pub(crate) versions: std::collections::BTreeMap<String, Vec<String>>,
}

/// Reads the catalogue of an index; `None` when it has none.
///
/// # Errors
/// Those of the network, and [`Code::BadPackage`].
pub(crate) fn catalogue(source: &dyn Source, index: &str) -> Result<Option<Vec<Listed>>> {
    let url = format!("{index}/index.json");
    let Some(bytes) = source.document(&url, "")? else {
        return Ok(None);
    };
    let catalogue: Catalogue = serde_json::from_slice(&bytes).map_err(|error| {
        Error::new(
            Code::BadPackage,
            format!(
                "`{}` is no index: {error}",
                crate::package::http::redacted(&url)
            ),
        )
    })?;
    Ok(Some(catalogue.packages))
}
