//! One error type for the whole program: a stable code, a sentence, and what to do about it.
//!
//! A module makes an [`Error`] where it knows the file, the number and the remedy; nothing is
//! collected by downcasts later. Rendering for people and for `--json` is in `output`.

use crate::exit::Exit;

/// Result of anything in `cli`.
pub(crate) type Result<T, E = Error> = core::result::Result<T, E>;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $exit:ident;)*) => {
        /// What kind of failure it is. The texts are part of the `--json` contract and never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// The stable word printed in `--json`.
            pub(crate) fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The exit status it leads to.
            pub(crate) fn exit(self) -> Exit {
                match self { $(Self::$name => Exit::$exit,)* }
            }

            /// Every code, for the test that holds the documentation against this table.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Code] = &[$(Self::$name,)*];
        }
    };
}

codes! {
    /// The command line makes no sense.
    Usage = "usage", Usage;
    /// No board is connected, or none that matches.
    NoBoard = "no_board", NoBoard;
    /// More than one board is connected and none was chosen.
    SeveralBoards = "several_boards", NoBoard;
    /// Another program holds the port.
    Busy = "busy", NoBoard;
    /// The operating system does not allow it.
    Permission = "permission", NoBoard;
    /// The port or the network connection went away.
    ConnectionLost = "connection_lost", NoBoard;
    /// The port is open and nothing came to a prompt.
    NoAnswer = "no_answer", NoBoard;
    /// The password or the login of a network board was refused.
    Denied = "denied", NoBoard;
    /// The time given with `--timeout` is over.
    Timeout = "timeout", Failed;
    /// Ctrl-C.
    Interrupted = "interrupted", Interrupted;
    /// Python on the board raised something that is not about a file.
    BoardException = "board_exception", Failed;
    /// A file or directory that is not there.
    NotFound = "not_found", Failed;
    /// Something of that name is there already.
    Exists = "exists", Failed;
    /// A directory where a file was meant.
    IsDirectory = "is_directory", Failed;
    /// A file where a directory was meant.
    NotDirectory = "not_directory", Failed;
    /// A directory that must be empty is not.
    NotEmpty = "not_empty", Failed;
    /// The file system is full.
    NoSpace = "no_space", Failed;
    /// The file system cannot be written.
    ReadOnly = "read_only", Failed;
    /// The board has too little memory for it.
    NoMemory = "no_memory", Failed;
    /// Any other error of the operating system or the file system.
    Io = "io", Failed;
    /// What was written is not what was sent.
    Verify = "verify", Failed;
    /// The board said something the protocol has no place for.
    Protocol = "protocol", Failed;
    /// This board or system cannot do it.
    Unsupported = "unsupported", Failed;
    /// A program does not compile.
    Syntax = "syntax", Failed;
    /// It would destroy something and was not confirmed.
    Refused = "refused", Failed;
    /// A configuration file is wrong.
    Config = "config", Usage;
    /// No source has a package or a version of that name.
    PackageNotFound = "package_not_found", Failed;
    /// A package, an archive or a record of packages is malformed.
    BadPackage = "bad_package", Failed;
    /// A package wants to write outside of its directory.
    UnsafePath = "unsafe_path", Failed;
    /// A download is not what was promised.
    HashMismatch = "hash_mismatch", Failed;
    /// A download or an archive is larger than anything sensible.
    TooLarge = "too_large", Failed;
    /// A server did not give what was asked for.
    Network = "network", Failed;
    /// A server sent us somewhere we do not go.
    Redirect = "redirect", Failed;
    /// It is not in the cache, and nothing may be fetched.
    Offline = "offline", Failed;
    /// Packages contradict each other.
    Conflict = "conflict", Failed;
    /// Packages need each other in a circle.
    DependencyCycle = "dependency_cycle", Failed;
    /// Two different packages have the name.
    Ambiguous = "ambiguous_package", Failed;
    /// The package installs nothing.
    Placeholder = "placeholder", Failed;
    /// The package is for CPython on computers.
    NotForBoards = "not_for_boards", Failed;
    /// The lock is not what the project asks for.
    LockOutdated = "lock_outdated", Failed;
    /// The board does not have what the lock says.
    Drift = "drift", Failed;
    /// The firmware has it, and finds its own first.
    BuiltIn = "built_in", Failed;
    /// A firmware file is damaged, or none.
    BadFirmware = "bad_firmware", Failed;
    /// The firmware is for another chip or board.
    WrongFirmware = "wrong_firmware", Failed;
    /// Writing the flash failed; the message says in which state the board is.
    FlashFailed = "flash_failed", Failed;
    /// The chip's fuses allow only its maker to flash it.
    Secured = "secured", Failed;
    /// No boot loader shows a drive.
    NoDrive = "no_drive", NoBoard;
    /// The catalogue has no firmware for it.
    FirmwareNotFound = "firmware_not_found", Failed;
}

#[derive(Debug)]
struct Inner {
    code: Code,
    message: String,
    hints: Vec<String>,
    exit: Option<Exit>,
    silent: bool,
    /// mpremote's words for it, without the command in front.
    mpremote: Option<String>,
}

/// A failure with its stable code, its message and its hints.
#[derive(Debug)]
pub(crate) struct Error(Box<Inner>);

impl Error {
    /// A failure; `message` is one sentence without a full stop that names the thing.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Inner {
            code,
            message,
            hints: Vec::new(),
            exit: None,
            silent: false,
            mpremote: None,
        }))
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Adds what mpremote says of it behind the name of the command.
    #[must_use]
    pub(crate) fn in_mpremote(mut self, words: impl Into<String>) -> Self {
        self.0.mpremote = Some(words.into());
        self
    }

    /// The lines that mpremote prints for `command`; its usage stands by itself.
    pub(crate) fn mpremote_message(&self, command: &str) -> String {
        let words = match &self.0.mpremote {
            Some(usage) if usage.starts_with("usage: ") => return usage.clone(),
            Some(words) => format!("{command}: {words}"),
            None if self.0.code == Code::BoardException => {
                format!("Error with transport:\n{}", self.0.message)
            }
            None => self.0.message.clone(),
        };
        format!("mpremote: {words}")
    }

    /// A failure that has been reported already (a traceback on stderr): only the status remains.
    pub(crate) fn reported(code: Code, exit: Exit, message: impl Into<String>) -> Self {
        let mut error = Self::new(code, message);
        error.0.exit = Some(exit);
        error.0.silent = true;
        error
    }

    /// A failure of the operating system on `path`.
    pub(crate) fn local(action: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let code = match error.kind() {
            ErrorKind::NotFound => Code::NotFound,
            ErrorKind::PermissionDenied => Code::Io,
            ErrorKind::AlreadyExists => Code::Exists,
            ErrorKind::IsADirectory => Code::IsDirectory,
            ErrorKind::NotADirectory => Code::NotDirectory,
            ErrorKind::StorageFull => Code::NoSpace,
            ErrorKind::ReadOnlyFilesystem => Code::ReadOnly,
            _ => Code::Io,
        };
        Self::new(
            code,
            format!("Failed to {action} `{}`: {}", path.display(), reason(error)),
        )
    }

    /// The stable code.
    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// The sentence.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do, most likely first.
    pub(crate) fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// The exit status.
    pub(crate) fn exit(&self) -> Exit {
        self.0.exit.unwrap_or(self.0.code.exit())
    }

    /// Whether the user has seen it already.
    pub(crate) fn is_silent(&self) -> bool {
        self.0.silent
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

impl core::error::Error for Error {}

/// The operating system's own words without the trailing ` (os error N)`.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_string(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_lower_case() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.text()), "{} twice", code.text());
            assert!(
                code.text()
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            );
        }
    }

    #[test]
    fn reason_drops_the_number() {
        let error = std::io::Error::from_raw_os_error(2);
        assert!(!reason(&error).contains("os error"));
    }
}
