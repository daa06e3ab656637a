//! Descriptions of a board's modules for editors: the `micropython-…-stubs` of a Python package index.

use std::collections::BTreeMap;

use pep440_rs::Version;

use super::archive;
use super::requirement::{self, Environment};
use super::resolve::{Expect, Source, Wanted};
use super::simple;
use super::spec::Wish;
use crate::error::{Code, Error, Result};

/// Most packages of one set of stubs.
const MOST_PACKAGES: usize = 16;

/// The stubs of one board.
#[derive(Debug, Default)]
pub(crate) struct Stubs {
    /// The packages: name and version.
    pub(crate) packages: Vec<(String, String)>,
    /// Path and content of each file.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The firmware that they are of is not quite that of the board.
    pub(crate) note: Option<String>,
}

/// The name of the package for `sys.platform`.
///
/// # Errors
/// [`Code::Unsupported`] for platforms that nobody makes stubs of.
pub(crate) fn package_of(platform: &str) -> Result<String> {
    let port = match platform {
        "pyboard" => "stm32",
        "linux" | "darwin" => "unix",
        "win32" => "windows",
        port => port,
    };
    let known = [
        "esp32",
        "esp8266",
        "mimxrt",
        "nrf",
        "renesas-ra",
        "rp2",
        "samd",
        "stm32",
        "unix",
        "webassembly",
        "windows",
    ];
    if known.contains(&port) {
        return Ok(format!("micropython-{port}-stubs"));
    }
    Err(Error::new(
        Code::Unsupported,
        format!("There are no stubs for the platform `{platform}`"),
    )
    .hint(format!(
        "`--board NAME` takes those of another: {}",
        known.join(", ")
    )))
}

/// Fetches the stubs `name` for a firmware, and what they need.
///
/// # Errors
/// [`Code::PackageNotFound`] without such stubs; those of fetching and unpacking.
pub(crate) fn fetch(source: &dyn Source, pypi: &str, name: &str, firmware: &str) -> Result<Stubs> {
    let mut stubs = Stubs::default();
    let mut todo = vec![(name.to_string(), Wish::Newest)];
    while let Some((name, wish)) = todo.pop() {
        if stubs.packages.iter().any(|(one, _)| *one == name) {
            continue;
        }
        if stubs.packages.len() >= MOST_PACKAGES {
            return Err(Error::new(
                Code::BadPackage,
                format!("`{name}` needs more than {MOST_PACKAGES} packages"),
            ));
        }
        let first = stubs.packages.is_empty();
        let release = if first { firmware } else { "" };
        let (version, needs) = one(source, pypi, (&name, &wish), release, &mut stubs)?;
        stubs.packages.push((name, version));
        for line in needs {
            if let Some(needed) = requirement::parse(&line, &Environment::default())?
                && needed.name.ends_with("-stubs")
            {
                todo.push((super::normalised(&needed.name), needed.wish));
            }
        }
    }
    Ok(stubs)
}

fn one(
    source: &dyn Source,
    pypi: &str,
    (name, wish): (&str, &Wish),
    firmware: &str,
    stubs: &mut Stubs,
) -> Result<(String, Vec<String>)> {
    let url = format!("{pypi}/{name}/");
    let missing = || {
        Error::new(
            Code::PackageNotFound,
            format!("`{name}` is not on the Python package index"),
        )
    };
    let page = source.document(&url, simple::ACCEPT)?.ok_or_else(missing)?;
    let candidates = simple::parse(&page, &url)?;
    let choose = |allows: &dyn Fn(&str) -> bool| simple::choose(&candidates, name, wish, allows);
    let same = |version: &str| is_of(version, firmware);
    let older = |version: &str| is_older(version, firmware);
    let chosen = if firmware.is_empty() {
        choose(&|_| true)?
    } else if let Ok(chosen) = choose(&same) {
        chosen
    } else {
        let chosen = match choose(&older) {
            Ok(chosen) => chosen,
            Err(_) => choose(&|_| true)?,
        };
        stubs.note = Some(format!(
            "`{name}` has nothing for {firmware}; {} is the nearest",
            chosen.2
        ));
        chosen
    };
    let (candidate, kind, version) = chosen;
    if kind != simple::Kind::PureWheel {
        return Err(Error::new(
            Code::BadPackage,
            format!("`{}` is no wheel", candidate.filename),
        ));
    }
    let wanted = Wanted {
        package: name.to_string(),
        url: candidate.url,
        expect: candidate.sha256.map_or(Expect::Anything, Expect::Whole),
    };
    let bytes = source.files(&[wanted])?.pop().unwrap_or_default();
    let (files, needs) = archive::typings(&bytes, name)?;
    for (path, bytes) in files {
        // What is of the board itself comes first and stays.
        stubs.files.entry(path).or_insert(bytes);
    }
    Ok((version, needs))
}

/// `1.24.1.post2` is of the firmware 1.24.1, and `1.24.0` of 1.24.
fn is_of(version: &str, firmware: &str) -> bool {
    let (Ok(version), Ok(firmware)) = (version.parse::<Version>(), firmware.parse::<Version>())
    else {
        return false;
    };
    let part = |version: &Version, index: usize| version.release().get(index).copied().unwrap_or(0);
    (0..3).all(|index| part(&version, index) == part(&firmware, index))
}

fn is_older(version: &str, firmware: &str) -> bool {
    match (version.parse::<Version>(), firmware.parse::<Version>()) {
        (Ok(version), Ok(firmware)) => version < firmware,
        _ => false,
    }
}
