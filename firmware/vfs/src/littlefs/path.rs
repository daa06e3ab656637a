//! Paths inside a littlefs: components between slashes; `.` and empty ones are nothing, `..` goes up, not above the root.

use super::Volume;
use super::disk::{Pair, kind};
use super::metadata::{self, Metadata, Query, Struct};
use crate::path::Components;
use crate::{Errno, Result};

/// Where a path leads.
pub(super) enum Found<'p> {
    Root,
    /// The pair that holds the entry, its id and the type of its name tag.
    Entry {
        dir: Metadata,
        id: u16,
        kind: u16,
    },
    /// Nothing has that name; it would go to `id` of `dir`.
    Missing {
        dir: Metadata,
        id: u16,
        name: &'p [u8],
        /// The path goes on with a slash: it can only be a directory.
        is_directory: bool,
    },
}

impl Volume<'_> {
    /// Follows a path. Everything but its last component has to be there.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR`; what the device reports.
    pub(super) fn find<'p>(&mut self, path: &'p [u8]) -> Result<Found<'p>> {
        let mut components = Components::new(path);
        let Some(mut name) = components.next() else {
            return Ok(Found::Root);
        };
        let mut start = self.state.root;
        loop {
            let following = components.next();
            match self.find_name(start, name)? {
                Found::Entry { dir, id, kind } => {
                    let Some(following) = following else {
                        let must_be_directory = path.last() == Some(&b'/');
                        if must_be_directory && kind != kind::DIRECTORY {
                            return Err(Errno::ENOTDIR);
                        }
                        return Ok(Found::Entry { dir, id, kind });
                    };
                    if kind != kind::DIRECTORY {
                        return Err(Errno::ENOTDIR);
                    }
                    start = self.directory_pair(&dir, id)?;
                    name = following;
                }
                Found::Missing { dir, id, .. } if following.is_none() => {
                    return Ok(Found::Missing {
                        dir,
                        id,
                        name,
                        is_directory: path.last() == Some(&b'/'),
                    });
                }
                _ => return Err(Errno::ENOENT),
            }
        }
    }

    /// Looks for a name in the directory that starts with `pair`.
    fn find_name<'p>(&mut self, mut pair: Pair, name: &'p [u8]) -> Result<Found<'p>> {
        let mut left = self.state.geometry.block_count;
        loop {
            left = left.checked_sub(1).ok_or(Errno::EILSEQ)?;
            let query = Query::Name(name);
            let (dir, answer) = metadata::fetch(&mut self.io, pair, query, self.state.minor)?;
            match answer.found {
                Some((id, kind)) if self.state.on_disk.moved_from(dir.pair) != Some(id) => {
                    return Ok(Found::Entry { dir, id, kind });
                }
                _ => {}
            }
            // Names are sorted over all pairs of a directory.
            if answer.insert_at < dir.count || !dir.is_split {
                return Ok(Found::Missing {
                    dir,
                    id: answer.insert_at.min(dir.count),
                    name,
                    is_directory: false,
                });
            }
            pair = dir.tail;
        }
    }

    /// The pair that a directory starts with.
    pub(super) fn directory_pair(&mut self, dir: &Metadata, id: u16) -> Result<Pair> {
        match metadata::get_struct(&mut self.io, dir, id)? {
            Struct::Directory(pair) => Ok(pair),
            _ => Err(Errno::EILSEQ),
        }
    }
}
