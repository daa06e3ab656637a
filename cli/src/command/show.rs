//! `ucli show`: what the index says about packages.

use serde_json::json;

use super::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::sanitise;
use crate::package::alias::{self, Alias};
use crate::package::http::{Client, redacted};
use crate::package::install::Fetching;
use crate::package::normalised;
use crate::package::resolve::catalogue;

/// Arguments of `ucli show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli show requests")]
pub(crate) struct Args {
    /// Packages of the index
    #[arg(required = true, value_name = "PACKAGE")]
    packages: Vec<String>,
    #[command(flatten)]
    fetching: Fetching,
}

/// Prints version, description and versions.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let client = Client::default();
    let index = args.fetching.index();
    let listed = catalogue(&args.fetching.store(&client, false)?, &index)?.ok_or_else(|| {
        let index = redacted(&index);
        Error::new(
            Code::PackageNotFound,
            format!("`{index}` has no list of packages"),
        )
    })?;
    let mut packages = Vec::new();
    for text in &args.packages {
        let name = match alias::find(text) {
            Some(Alias::Placeholder(other) | Alias::OldCopy(other)) => other,
            _ => text,
        };
        let key = normalised(name);
        let found = listed
            .iter()
            .find(|one| normalised(&one.name) == key)
            .ok_or_else(|| {
                let index = redacted(&index);
                Error::new(
                    Code::PackageNotFound,
                    format!("There is no package `{text}` in the index `{index}`"),
                )
            })?;
        let versions = found
            .versions
            .get("py")
            .or_else(|| found.versions.values().next());
        let versions = versions.cloned().unwrap_or_default();
        let rows = [
            ("name", found.name.clone()),
            ("version", found.version.clone()),
            ("about", found.description.clone()),
            ("licence", found.license.clone()),
            ("versions", versions.join(" ")),
            ("source", format!("mip:{}", redacted(&index))),
        ];
        for (name, text) in rows.iter().filter(|(_, text)| !text.is_empty()) {
            context
                .printer
                .data(&format!("{name:<10} {}", sanitise::line(text)))?;
        }
        packages.push(json!({
            "name": found.name, "version": found.version, "description": found.description,
            "license": found.license, "versions": versions,
        }));
    }
    context
        .printer
        .done("show", json!({ "packages": packages }))?;
    Ok(Exit::Done)
}
