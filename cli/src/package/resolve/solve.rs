//! Versions that everybody agrees on: when a choice turns out wrong, what was learnt is kept and
//! everything is chosen again; an older version of whoever asks for too much is tried too.

use std::collections::BTreeMap;

use super::{Resolution, Resolver, Settings, Source, Trail, way};
use crate::error::{Code, Error, Result};
use crate::package::normalised;
use crate::package::spec::{Spec, Wish};

/// How often everything is chosen again.
const MOST_TRIES: usize = 200;

/// A package with its version.
type Chosen = (String, String);

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Root {
    /// Where it is.
    pub(crate) spec: Spec,
    /// What a package without a name of its own is called.
    pub(crate) name: Option<String>,
    /// Patterns of the files that are wanted; empty: all.
    pub(crate) include: Vec<String>,
}

impl Root {
    /// All files of a package, under its own name.
    pub(crate) fn plain(spec: Spec) -> Self {
        Self {
            spec,
            name: None,
            include: Vec::new(),
        }
    }
}

/// What was learnt about one package.
#[derive(Clone, Debug)]
enum Rule {
    /// Somebody wants these versions: whom to name, and who it was.
    Wants(Wish, String, Option<Chosen>),
    /// This version leads nowhere; who else may be to blame.
    Not(String, Vec<Chosen>),
}

/// What earlier tries have learnt.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits(BTreeMap<String, Vec<Rule>>);

impl Limits {
    fn of(&self, name: &str) -> &[Rule] {
        self.0.get(&normalised(name)).map_or(&[], Vec::as_slice)
    }

    /// Whether anything is known of a package.
    pub(super) fn concern(&self, name: &str) -> bool {
        !self.of(name).is_empty()
    }

    /// Whether a version may be chosen.
    pub(super) fn allow(&self, name: &str, version: &str) -> bool {
        self.of(name).iter().all(|rule| match rule {
            Rule::Wants(wish, ..) => wish.allows(version),
            Rule::Not(wrong, _) => wrong != version,
        })
    }

    /// Who wants which versions.
    pub(super) fn explain(&self, name: &str) -> Vec<String> {
        let line = |rule: &Rule| match rule {
            Rule::Wants(wish, way, _) => Some(format!("`{name}{wish}` is needed by {way}")),
            Rule::Not(..) => None,
        };
        self.of(name).iter().filter_map(line).collect()
    }

    fn add(&mut self, name: &str, rule: Rule) {
        self.0.entry(normalised(name)).or_default().push(rule);
    }

    fn knows(&self, name: &str, wish: &Wish, way: &str) -> bool {
        self.of(name)
            .iter()
            .any(|rule| matches!(rule, Rule::Wants(one, other, _) if one == wish && other == way))
    }

    /// Who might give way so that `name` can be chosen; those of its own bad versions last.
    fn to_blame(&self, name: &str, by: Option<Chosen>) -> Vec<Chosen> {
        let mut found: Vec<Chosen> = by.into_iter().collect();
        for rule in self.of(name) {
            if let Rule::Wants(_, _, Some(chosen)) = rule {
                found.push(chosen.clone());
            }
        }
        for rule in self.of(name) {
            if let Rule::Not(_, others) = rule {
                found.extend(others.iter().cloned());
            }
        }
        let mut unique: Vec<Chosen> = Vec::new();
        for one in found {
            let same = |rule: &Rule| matches!(rule, Rule::Not(version, _) if *version == one.1);
            if !unique.contains(&one) && !self.of(&one.0).iter().any(same) {
                unique.push(one);
            }
        }
        unique
    }

    /// Forgets what `chosen` wanted, and why versions of `name` were bad.
    fn forget(&mut self, chosen: &Chosen, name: &str) {
        for rules in self.0.values_mut() {
            rules.retain(|rule| !matches!(rule, Rule::Wants(_, _, Some(by)) if by == chosen));
        }
        if let Some(rules) = self.0.get_mut(&normalised(name)) {
            rules.retain(|rule| !matches!(rule, Rule::Not(..)));
        }
        self.0.retain(|_, rules| !rules.is_empty());
    }
}

/// Why a try failed, when another one might not.
#[derive(Clone, Debug)]
pub(super) enum Clash {
    /// A package is chosen already, and somebody wants another version of it.
    OtherWish {
        name: String,
        wish: Wish,
        way: String,
        by: Option<Chosen>,
    },
    /// No version of a package is left.
    NothingLeft { name: String, by: Option<Chosen> },
}

impl Clash {
    pub(super) fn other_wish(name: &str, wish: &Wish, trail: &Trail, by: Option<&Chosen>) -> Self {
        Self::OtherWish {
            name: name.to_string(),
            wish: wish.clone(),
            way: way(trail),
            by: by.cloned(),
        }
    }

    pub(super) fn nothing_left(name: &str, by: Option<&Chosen>) -> Self {
        Self::NothingLeft {
            name: name.to_string(),
            by: by.cloned(),
        }
    }
}

/// Resolves everything that is asked for, so that all agree.
///
/// # Errors
/// Those of [`Resolver::add`] and of fetching; a conflict names who wants what.
pub(crate) fn solve(
    source: &dyn Source,
    settings: &Settings,
    roots: &[Root],
) -> Result<Resolution> {
    let mut limits = Limits::default();
    let mut first: Option<Error> = None;
    for _ in 0..MOST_TRIES {
        let mut resolver = Resolver::new(source, settings);
        resolver.limits = limits.clone();
        let Err(error) = add_all(&mut resolver, roots) else {
            return resolver.finish();
        };
        match resolver.clash.take() {
            Some(Clash::OtherWish {
                name,
                wish,
                way,
                by,
            }) if !limits.knows(&name, &wish, &way) => {
                limits.add(&name, Rule::Wants(wish, way, by));
            }
            Some(Clash::NothingLeft { name, by }) => {
                let mut blamed = limits.to_blame(&name, by).into_iter();
                let error = first.get_or_insert(error);
                let Some(chosen) = blamed.next() else {
                    return Err(core::mem::replace(
                        error,
                        Error::new(Code::Conflict, String::new()),
                    ));
                };
                limits.forget(&chosen, &name);
                let others = blamed.collect();
                limits.add(&chosen.0, Rule::Not(chosen.1, others));
            }
            _ => return Err(first.unwrap_or(error)),
        }
    }
    Err(first.unwrap_or_else(|| {
        Error::new(
            Code::Conflict,
            format!("No versions that fit each other were found in {MOST_TRIES} tries"),
        )
        .hint("Ask for exact versions of the packages that you name")
    }))
}

fn add_all(resolver: &mut Resolver<'_>, roots: &[Root]) -> Result<()> {
    let is_place = |root: &Root| matches!(root.spec, Spec::Hosted(_) | Spec::Local(_));
    // Names come first: what the user asks for by name is not taken in the words of another package.
    let mut order: Vec<usize> = (0..roots.len()).collect();
    order.sort_by_key(|&index| is_place(&roots[index]));
    resolver.resolution.roots = vec![String::new(); roots.len()];
    for index in order {
        let root = &roots[index];
        let mut found = resolver.add(&root.spec)?;
        if let Some(name) = root.name.as_ref().filter(|_| is_place(root)) {
            rename(&mut resolver.resolution, &found, name);
            found.clone_from(name);
        }
        if !root.include.is_empty() {
            include(&mut resolver.resolution, &found, &root.include)?;
        }
        resolver.resolution.roots[index] = found;
    }
    Ok(())
}

fn rename(resolution: &mut Resolution, old: &str, new: &str) {
    for package in &mut resolution.packages {
        if package.name == old {
            package.name = new.to_string();
        }
        for dependency in &mut package.dependencies {
            if dependency == old {
                *dependency = new.to_string();
            }
        }
    }
}

/// Leaves the files of a package that match a pattern.
fn include(resolution: &mut Resolution, name: &str, patterns: &[String]) -> Result<()> {
    let mut matchers = Vec::new();
    for pattern in patterns {
        matchers.push((crate::files::local::path_pattern(pattern)?, pattern));
    }
    for package in &mut resolution.packages {
        if package.name != name || package.origin.kept.is_some() {
            continue;
        }
        if let Some((_, pattern)) = matchers.iter().find(|(matcher, _)| {
            !package
                .files
                .iter()
                .any(|file| matcher.is_match(&file.path))
        }) {
            return Err(Error::new(
                Code::Config,
                format!("`include` of `{name}`: no file of the package matches `{pattern}`"),
            )
            .hint("`ucli install --dry-run` lists the files of a package"));
        }
        package.files.retain(|file| {
            matchers
                .iter()
                .any(|(matcher, _)| matcher.is_match(&file.path))
        });
    }
    Ok(())
}
