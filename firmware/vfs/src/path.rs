//! The current directory inside a file system: always absolute, without `.`, `..` and empty components.

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
