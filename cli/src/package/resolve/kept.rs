//! What a lock has already: taken again where it still fits, so that a lock moves only where it must.

use super::{Origin, Package, Resolver, Trail};
use crate::error::Result;
use crate::package::lock::Locked;
use crate::package::normalised;
use crate::package::spec::{Spec, Wish};

impl Resolver<'_> {
    /// The locked package of this name, when it fits; `source` is how its source must begin.
    pub(super) fn kept(
        &mut self,
        name: &str,
        wish: &Wish,
        source: Option<&str>,
        trail: &Trail,
    ) -> Result<Option<String>> {
        let Some(locked) = self.settings.preferred.get(&normalised(name)) else {
            return Ok(None);
        };
        let fits = wish.allows(&locked.version)
            && self.limits.allow(name, &locked.version)
            && source.is_none_or(|start| locked.source.starts_with(start));
        if !fits {
            return Ok(None);
        }
        if let Some(name) = self.resolved(name, wish, trail)? {
            return Ok(Some(name));
        }
        self.take_kept(locked.clone(), trail).map(Some)
    }

    /// The locked package of a place on a server.
    pub(super) fn kept_source(&mut self, source: &str, trail: &Trail) -> Result<Option<String>> {
        let mut all = self.settings.preferred.values();
        match all.find(|locked| locked.source == source) {
            Some(locked) => self.take_kept(locked.clone(), trail).map(Some),
            None => Ok(None),
        }
    }

    fn take_kept(&mut self, locked: Locked, trail: &Trail) -> Result<String> {
        self.open
            .push((locked.name.clone(), locked.version.clone()));
        let mut dependencies = Vec::new();
        for text in &locked.dependencies {
            dependencies.push(self.package(&Spec::parse(text)?, &mut trail.clone())?);
        }
        self.open.pop();
        Ok(self.push(Package {
            name: locked.name.clone(),
            version: locked.version.clone(),
            source: locked.source.clone(),
            requested: false,
            pinned: false,
            files: Vec::new(),
            dependencies,
            origin: Origin {
                kept: Some(Box::new(locked)),
                ..Origin::default()
            },
        }))
    }
}
