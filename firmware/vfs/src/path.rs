//! Paths: their components, and the current directory inside a file system.
//!
//! `.` and empty components are nothing, `..` goes up, not above the root.

use crate::{Errno, Result};

/// Writes `directory` changed by `path` to `out` and returns its length: `/`, or `/a/b` without a slash at the end.
///
/// `..` does not lead above the root.
///
/// ```
/// let mut out = [0; 20];
/// let len = upy_vfs::path::change(b"/a/b", b"../c/./d/", &mut out)?;
/// assert_eq!(&out[..len], b"/a/c/d");
/// # Ok::<(), upy_vfs::Errno>(())
/// ```
///
/// # Errors
/// `ENAMETOOLONG` when `out` is too small.
pub fn change(directory: &[u8], path: &[u8], out: &mut [u8]) -> Result<usize> {
    let base: &[u8] = if path.first() == Some(&b'/') {
        b""
    } else {
        directory
    };
    let mut len = 0;
    for part in [base, path] {
        for name in part.split(|byte| *byte == b'/') {
            match name {
                b"" | b"." => {}
                b".." => {
                    len = out[..len]
                        .iter()
                        .rposition(|byte| *byte == b'/')
                        .unwrap_or(0);
                }
                name => {
                    let end = len + 1 + name.len();
                    let place = out.get_mut(len..end).ok_or(Errno::ENAMETOOLONG)?;
                    place[0] = b'/';
                    place[1..].copy_from_slice(name);
                    len = end;
                }
            }
        }
    }
    if len == 0 {
        *out.first_mut().ok_or(Errno::ENAMETOOLONG)? = b'/';
        len = 1;
    }
    Ok(len)
}

/// The components of a path after `.` and `..` were worked out; nothing is copied.
#[derive(Clone, Copy)]
pub(crate) struct Components<'p> {
    rest: &'p [u8],
}

impl<'p> Components<'p> {
    pub(crate) fn new(path: &'p [u8]) -> Self {
        Self { rest: path }
    }

    fn raw(&mut self) -> Option<&'p [u8]> {
        let start = self.rest.iter().position(|byte| *byte != b'/')?;
        let rest = &self.rest[start..];
        let end = rest
            .iter()
            .position(|byte| *byte == b'/')
            .unwrap_or(rest.len());
        self.rest = &rest[end..];
        Some(&rest[..end])
    }

    /// The next component that no later `..` takes back.
    pub(crate) fn next(&mut self) -> Option<&'p [u8]> {
        loop {
            let name = self.raw()?;
            if name == b"." || name == b".." {
                continue;
            }
            // How deep the rest goes below this component; when it comes out of it, so must the component.
            let mut ahead = *self;
            let mut depth = 1;
            loop {
                match ahead.raw() {
                    Some(b"..") => depth -= 1,
                    Some(b".") => {}
                    Some(_) => depth += 1,
                    None => return Some(name),
                }
                if depth == 0 {
                    *self = ahead;
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::change;
    use crate::Errno;

    #[test]
    fn directories_are_normalised() {
        for (directory, path, expected) in [
            (&b"/"[..], &b""[..], &b"/"[..]),
            (b"/", b"a", b"/a"),
            (b"/a", b"b//c", b"/a/b/c"),
            (b"/a/b", b"..", b"/a"),
            (b"/a/b", b"../../..", b"/"),
            (b"/a", b"/", b"/"),
            (b"/a", b"/x/../y/.", b"/y"),
            (b"/a", b"...", b"/a/..."),
        ] {
            let mut out = [0; 32];
            let len = change(directory, path, &mut out).unwrap();
            assert_eq!(&out[..len], expected);
        }
        assert_eq!(
            change(b"/abc", b"def", &mut [0; 6]),
            Err(Errno::ENAMETOOLONG)
        );
    }
}

#[cfg(test)]
mod components {
    use super::Components;

    fn all(path: &str) -> String {
        let mut components = Components::new(path.as_bytes());
        let mut names = Vec::new();
        while let Some(name) = components.next() {
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        names.join("/")
    }

    #[test]
    fn dots_and_slashes_are_worked_out() {
        for (path, expected) in [
            ("", ""),
            ("/", ""),
            ("//a//b/", "a/b"),
            ("./a/./b", "a/b"),
            ("a/../b", "b"),
            ("a/b/../../c", "c"),
            ("../../a", "a"),
            ("a/b/..", "a"),
            ("a/..", ""),
            ("a/b/../c/../../d/e", "d/e"),
            ("...", "..."),
        ] {
            assert_eq!(all(path), expected, "{path}");
        }
    }
}
