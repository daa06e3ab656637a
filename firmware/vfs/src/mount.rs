//! Which file system a path belongs to.
//!
//! The table itself is the caller's: file systems may be objects of an interpreter. What is here is its order and the
//! rules, those of MicroPython:
//!
//! - an absolute path, or any path while the current directory is the virtual root, belongs to the mount point that
//!   it starts with; a file system mounted at `/` takes what no other does and so stands last in the table;
//! - other relative paths belong to the file system of the current directory;
//! - `""` and `/` are the virtual root, which lists the mount points and then what is mounted at `/`.

use crate::{Errno, Result};

/// The current directory, as far as the table is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Current {
    /// The virtual root.
    Root,
    /// A directory of the file system at this index of the table.
    Mount(usize),
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'p> {
    /// The virtual root.
    Root,
    /// The file system at this index of the table, which knows the rest of the path.
    Mount(usize, &'p [u8]),
    /// Nothing is mounted there: `ENODEV` for most operations.
    Nowhere,
}

/// Finds the file system of `path`; `points` are the mount points (`/`, `/sd`) in the order of the table.
///
/// ```
/// use upy_vfs::mount::{Current, Place, find};
///
/// let points = [&b"/sd"[..], b"/"];
/// let find = |path, current| find(path, current, points.iter().copied());
/// assert_eq!(find(&b"/sd/a"[..], Current::Root), Place::Mount(0, b"/a"));
/// assert_eq!(find(b"/sdx", Current::Root), Place::Mount(1, b"/sdx"));
/// assert_eq!(find(b"a", Current::Mount(0)), Place::Mount(0, b"a"));
/// assert_eq!(find(b"/", Current::Mount(0)), Place::Root);
/// ```
pub fn find<'p, 't>(
    path: &'p [u8],
    current: Current,
    points: impl Iterator<Item = &'t [u8]>,
) -> Place<'p> {
    let inner = match (path.strip_prefix(b"/"), current) {
        (None, Current::Mount(index)) => return Place::Mount(index, path),
        (inner, _) => inner.unwrap_or(path),
    };
    if inner.is_empty() {
        return Place::Root;
    }
    for (index, point) in points.enumerate() {
        let point = point.strip_prefix(b"/").unwrap_or(point);
        if point.is_empty() {
            return Place::Mount(index, path);
        }
        match inner.strip_prefix(point) {
            Some([]) => return Place::Mount(index, b"/"),
            Some(rest @ [b'/', ..]) => return Place::Mount(index, rest),
            _ => {}
        }
    }
    Place::Nowhere
}

/// Where in the table a new mount point goes.
///
/// # Errors
/// `EPERM` when it is in use.
pub fn position<'t>(point: &[u8], points: impl Iterator<Item = &'t [u8]> + Clone) -> Result<usize> {
    let is_root = point.len() <= 1;
    if let Place::Mount(index, _) = find(point, Current::Root, points.clone()) {
        let holder = points.clone().nth(index).unwrap_or_default();
        if is_root || holder.len() > 1 {
            return Err(Errno::EPERM);
        }
    }
    let mut count = 0;
    for existing in points {
        // What is mounted at the root stays last; another there comes before it and hides it.
        if existing.len() <= 1 {
            break;
        }
        count += 1;
    }
    Ok(count)
}

/// The current directory after the mount at `removed` went.
#[must_use]
pub fn after_unmount(current: Current, removed: usize) -> Current {
    match current {
        Current::Mount(index) if index == removed => Current::Root,
        Current::Mount(index) if index > removed => Current::Mount(index - 1),
        other => other,
    }
}

/// The current directory after a mount went to `added`.
#[must_use]
pub fn after_mount(current: Current, added: usize) -> Current {
    match current {
        Current::Mount(index) if index >= added => Current::Mount(index + 1),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Current, Place, after_mount, after_unmount, find, position};
    use crate::Errno;

    #[test]
    fn paths_find_their_mount() {
        let all = [&b"/flash"[..], b"/sd", b"/"];
        let without_root = &all[..2];
        for (path, current, expected) in [
            (&b""[..], Current::Root, Place::Root),
            (b"/", Current::Mount(1), Place::Root),
            (b"/flash", Current::Root, Place::Mount(0, b"/")),
            (b"/flash/", Current::Root, Place::Mount(0, b"/")),
            (b"/flash/a/b", Current::Mount(1), Place::Mount(0, b"/a/b")),
            (b"flash/a", Current::Root, Place::Mount(0, b"/a")),
            (b"flash/a", Current::Mount(1), Place::Mount(1, b"flash/a")),
            (b"", Current::Mount(1), Place::Mount(1, b"")),
        ] {
            let found = find(path, current, all.iter().copied());
            assert_eq!(found, expected, "{path:?}");
            assert_eq!(find(path, current, without_root.iter().copied()), expected);
        }
        let other = &b"/other"[..];
        assert_eq!(
            find(other, Current::Root, all.iter().copied()),
            Place::Mount(2, b"/other")
        );
        assert_eq!(
            find(&other[1..], Current::Root, all.iter().copied()),
            Place::Mount(2, b"other")
        );
        assert_eq!(
            find(other, Current::Root, without_root.iter().copied()),
            Place::Nowhere
        );
    }

    #[test]
    fn mount_points_are_used_once_and_the_root_is_last() {
        let points = [&b"/a"[..], b"/"];
        assert_eq!(position(b"/b", points.iter().copied()), Ok(1));
        assert_eq!(position(b"/a", points.iter().copied()), Err(Errno::EPERM));
        assert_eq!(position(b"/a/c", points.iter().copied()), Err(Errno::EPERM));
        assert_eq!(position(b"/", points.iter().copied()), Ok(1));
        assert_eq!(position(b"/", points[..1].iter().copied()), Ok(1));
        assert_eq!(position(b"/", core::iter::empty()), Ok(0));
    }

    #[test]
    fn current_directory_follows_the_table() {
        assert_eq!(after_unmount(Current::Mount(1), 1), Current::Root);
        assert_eq!(after_unmount(Current::Mount(2), 1), Current::Mount(1));
        assert_eq!(after_unmount(Current::Root, 0), Current::Root);
        assert_eq!(after_mount(Current::Mount(1), 1), Current::Mount(2));
        assert_eq!(after_mount(Current::Mount(0), 1), Current::Mount(0));
    }
}
