//! One question to a board whose packages may all be there: the usual case of an installation that is
//! repeated, answered in one turn and without the agent.
//!
//! The board reads its own record, follows what the packages need and hashes their files. Whatever goes
//! wrong there (no record, no `json`, no memory) only means that the long way is taken.

use std::collections::BTreeSet;

use super::alias::{self, Alias};
use super::normalised;
use super::spec::{Spec, Wish};
use crate::client::fs::quoted;
use crate::client::session::Session;
use crate::client::value;
use crate::error::Result;

/// `_u(directory or '', names)`: prints the directory and `(name, version, source, compiled)` of the
/// recorded packages of these normalised names, if they and what they need are as recorded.
const GLANCE: &str = "\
def _u(d,w):
 import sys,json
 from hashlib import sha256
 from binascii import hexlify
 d=d or next(e for e in sys.path if e[-4:]=='/lib'and e[:4]!='/rom')
 with open(d+'/.ucli.json')as f:r=json.load(f)
 if r['v']!=1:return
 r=r['packages']
 n=[k for k in r if k.lower().replace('_','-').replace('.','-')in w]
 o=n[:]
 for k in n:
  n+=[e for e in r[k]['deps']if e in r and e not in n]
  for p,z,s in r[k]['files']:
   h=sha256()
   with open(d+'/'+p,'rb')as f:
    while 1:
     b=f.read(512);z-=len(b);h.update(b)
     if not b:break
   if z or hexlify(h.digest())[:len(s)]!=s.encode():return
 print(repr((d,[(k,r[k]['version'],r[k]['source'],any(p[0][-4:]=='.mpy'for p in r[k]['files']))for k in o])))
try:_u({d},({w},))
except Exception:pass
del _u
";

/// A package that a board has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its name in the record.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Where it came from.
    pub(crate) source: String,
    /// It has bytecode.
    pub(crate) compiled: bool,
}

/// The name of the index' package that a user means by `name`.
pub(crate) fn other_name(name: &str) -> Option<&'static str> {
    match alias::find(name) {
        Some(Alias::Placeholder(other) | Alias::OldCopy(other)) => Some(other),
        _ => None,
    }
}

/// The name and the wish of a package that is asked for by its name.
pub(crate) fn named(spec: &Spec) -> Option<(&str, &Wish)> {
    match spec {
        Spec::Name(name, wish)
        | Spec::Mip(name, wish)
        | Spec::Pypi(name, wish)
        | Spec::CircuitPython(name, wish) => Some((name, wish)),
        _ => None,
    }
}

/// Whether a package is what `spec` asks for; with `source_only` without bytecode.
pub(crate) fn answers(known: &Known, spec: &Spec, source_only: bool) -> bool {
    let of_source = match spec {
        Spec::Mip(..) => known.source.starts_with("mip:"),
        Spec::Pypi(..) => known.source == "pypi",
        Spec::CircuitPython(..) => known.source.starts_with("circuitpython:"),
        _ => true,
    };
    let in_form = !source_only || !known.compiled;
    of_source && in_form && named(spec).is_some_and(|(_, wish)| wish.allows(&known.version))
}

/// The library directory and the package for each of `specs`, when a board has them all, intact and in
/// the wanted form; `directory` is that of the user, if any.
///
/// # Errors
/// Those of the connection.
pub(crate) fn all_there(
    session: &mut Session,
    specs: &[Spec],
    directory: Option<&str>,
    source_only: bool,
) -> Result<Option<(String, Vec<Known>)>> {
    let mut names = BTreeSet::new();
    for spec in specs {
        let Some((name, _)) = named(spec) else {
            return Ok(None);
        };
        names.insert(normalised(name));
        names.extend(other_name(name).map(normalised));
    }
    let list: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let source = GLANCE
        .replace("{d}", &quoted(directory.unwrap_or_default()))
        .replace("{w}", &list.join(","));
    let answer = session.ask_at_once(&source, true)?;
    let Ok(answer) = value::parse(answer.trim_ascii()) else {
        return Ok(None);
    };
    let Some(directory) = answer.at(0).str().map(str::to_string) else {
        return Ok(None);
    };
    let text = |item: &value::Value, index: usize| item.at(index).str().map(str::to_string);
    let mut there = Vec::new();
    for item in answer.at(1).items() {
        let (Some(name), Some(version), Some(source)) =
            (text(item, 0), text(item, 1), text(item, 2))
        else {
            return Ok(None);
        };
        // Anything but a plain `False` counts as bytecode: that only leads to the long way.
        let compiled = item.at(3) != &value::Value::Bool(false);
        there.push(Known {
            name,
            version,
            source,
            compiled,
        });
    }
    let find = |name: &str| {
        let key = normalised(name);
        there.iter().find(|one| normalised(&one.name) == key)
    };
    let mut found = Vec::new();
    for spec in specs {
        let known = named(spec)
            .and_then(|(name, _)| find(name).or_else(|| find(other_name(name)?)))
            .filter(|known| answers(known, spec, source_only));
        match known {
            Some(known) => found.push(known.clone()),
            None => return Ok(None),
        }
    }
    Ok(Some((directory, found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_held_against_what_is_there() {
        let known = Known {
            name: "urequests".into(),
            version: "0.8.0".into(),
            source: "mip:https://h".into(),
            compiled: true,
        };
        let answers = |text: &str, source_only| {
            super::answers(&known, &Spec::parse(text).unwrap(), source_only)
        };
        assert!(answers("urequests", false) && answers("mip:urequests>=0.8", false));
        assert!(!answers("urequests", true));
        assert!(!answers("pypi:urequests", false));
        assert!(!answers("urequests@0.7", false));
        assert!(!answers("./urequests", false));
        assert_eq!(other_name("micropython-requests"), Some("urequests"));
    }
}
