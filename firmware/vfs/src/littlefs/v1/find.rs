//! Paths in version 1.

use super::super::Volume;
use super::super::disk::Pair;
use super::disk::{Dir, HEADER, Item, kind};
use crate::path::Components;
use crate::{Errno, Result};

/// Where a path leads.
pub(super) enum Found<'p> {
    Root,
    Entry(Dir, Item),
    /// Nothing has that name; `last` is the last pair of the directory where it would be.
    Missing {
        last: Dir,
        name: &'p [u8],
        /// The path goes on with a slash: it can only be a directory.
        is_directory: bool,
    },
}

impl Volume<'_> {
    /// Follows a path. Everything but its last component has to be there.
    pub(super) fn find_v1<'p>(&mut self, path: &'p [u8]) -> Result<Found<'p>> {
        let mut components = Components::new(path);
        let Some(mut name) = components.next() else {
            return Ok(Found::Root);
        };
        let is_directory = path.last() == Some(&b'/');
        let mut start = self.state.root;
        loop {
            let following = components.next();
            match (self.find_name_v1(start, name, false)?, following) {
                ((dir, Some(item)), None) => {
                    if is_directory && item.kind != kind::DIRECTORY {
                        return Err(Errno::ENOTDIR);
                    }
                    return Ok(Found::Entry(dir, item));
                }
                ((_, Some(item)), Some(following)) => {
                    if item.kind != kind::DIRECTORY {
                        return Err(Errno::ENOTDIR);
                    }
                    start = item.words;
                    name = following;
                }
                ((last, None), None) => {
                    return Ok(Found::Missing {
                        last,
                        name,
                        is_directory,
                    });
                }
                ((_, None), Some(_)) => return Err(Errno::ENOENT),
            }
        }
    }

    /// Looks for a name in the directory that starts with `pair`: its entry with the pair it is in, or the last pair.
    /// One that is being renamed and is elsewhere already counts only if `with_moved`, and then no other does.
    pub(super) fn find_name_v1(
        &mut self,
        pair: Pair,
        name: &[u8],
        with_moved: bool,
    ) -> Result<(Dir, Option<Item>)> {
        let mut dir = self.fetch_v1(pair)?;
        let mut left = self.state.geometry.block_count;
        loop {
            let mut offset = HEADER;
            while let Some(item) = self.item_v1(&dir, offset)? {
                offset += item.len();
                let is_meant = item.is_moved == with_moved
                    || (item.is_moved && !self.has_twin_v1(item.words)?);
                if is_meant && self.is_named_v1(&dir, &item, name)? {
                    return Ok((dir, Some(item)));
                }
            }
            if !dir.is_split {
                return Ok((dir, None));
            }
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            dir = self.fetch_v1(dir.tail)?;
        }
    }

    fn is_named_v1(&mut self, dir: &Dir, item: &Item, name: &[u8]) -> Result<bool> {
        let is_entry = matches!(item.kind, kind::FILE | kind::DIRECTORY);
        if !is_entry || item.name_len as usize != name.len() {
            return Ok(false);
        }
        let mut bytes = [0; 255];
        let len = self.read_name_v1(dir, item, &mut bytes)?;
        Ok(bytes[..len] == *name)
    }
}
