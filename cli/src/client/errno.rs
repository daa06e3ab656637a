//! The error numbers of boards and what they mean to people.
//!
//! MicroPython numbers errors like Linux on every port (`py/mperrno.h`); CircuitPython too. Names
//! and words are POSIX's.

use crate::error::{Code, Error};
use crate::output::sanitise;

/// `(number, name, words, code)`.
const ERRORS: &[(i64, &str, &str, Code)] = &[
    (1, "EPERM", "Operation not permitted", Code::Io),
    (2, "ENOENT", "No such file or directory", Code::NotFound),
    (5, "EIO", "Input/output error", Code::Io),
    (9, "EBADF", "Bad file descriptor", Code::Io),
    (11, "EAGAIN", "Resource temporarily unavailable", Code::Io),
    (12, "ENOMEM", "Cannot allocate memory", Code::NoMemory),
    (13, "EACCES", "Permission denied", Code::Io),
    (16, "EBUSY", "Device or resource busy", Code::Io),
    (17, "EEXIST", "File exists", Code::Exists),
    (18, "EXDEV", "Invalid cross-device link", Code::Io),
    (19, "ENODEV", "No such device", Code::Io),
    (20, "ENOTDIR", "Not a directory", Code::NotDirectory),
    (21, "EISDIR", "Is a directory", Code::IsDirectory),
    (22, "EINVAL", "Invalid argument", Code::Io),
    (24, "EMFILE", "Too many open files", Code::Io),
    (27, "EFBIG", "File too large", Code::NoSpace),
    (28, "ENOSPC", "No space left on device", Code::NoSpace),
    (30, "EROFS", "Read-only file system", Code::ReadOnly),
    (36, "ENAMETOOLONG", "File name too long", Code::Io),
    (39, "ENOTEMPTY", "Directory not empty", Code::NotEmpty),
    (84, "EILSEQ", "File system is corrupt", Code::Io),
    (
        95,
        "EOPNOTSUPP",
        "Operation not supported",
        Code::Unsupported,
    ),
    (110, "ETIMEDOUT", "Connection timed out", Code::Io),
];

/// What the number means: `No such file or directory`.
pub(crate) fn words(errno: i64) -> String {
    match ERRORS.iter().find(|(number, ..)| *number == errno) {
        Some((_, _, words, _)) => (*words).to_string(),
        None => format!("error {errno}"),
    }
}

fn name(errno: i64) -> String {
    match ERRORS.iter().find(|(number, ..)| *number == errno) {
        Some((_, name, ..)) => format!("OSError {errno} ({name})"),
        None => format!("OSError {errno}"),
    }
}

/// The error of `action` on the board's `path`, which raised `OSError(errno)`.
pub(crate) fn board_error(action: &str, path: &str, errno: i64) -> Error {
    let code = ERRORS
        .iter()
        .find(|(number, ..)| *number == errno)
        .map_or(Code::Io, |entry| entry.3);
    let path = sanitise::line(path);
    let error = Error::new(
        code,
        format!(
            "Failed to {action} `:{path}`: {} [{}]",
            words(errno),
            name(errno)
        ),
    )
    .in_mpremote(format!("{path}: {}.", words(errno)));
    match code {
        Code::ReadOnly => error.hint(
            "On CircuitPython the computer owns the drive: eject it, or call `storage.remount(\"/\", False)` in boot.py",
        ),
        Code::NoSpace => error.hint("`ucli df` shows what is free, `ucli tree -s` what is there"),
        _ => error,
    }
}
