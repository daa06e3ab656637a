//! The mount protocol: a board uses the host's files through its REPL connection.
//!
//! The board writes requests into its normal output; the host answers on the board's input:
//!
//! ```text
//! board: 18 command     host: 18     board: arguments     host: reply
//! ```
//!
//! Integers are little endian; `str` and `data` are `i32` length + bytes.
//!
//! | command | | arguments | reply |
//! |---|---|---|---|
//! | 1 | stat | str path | i8 status; if 0: u32 mode, size, atime, mtime, ctime |
//! | 2 | list, start | str path | i8 status |
//! | 3 | list, next | | str name (empty: end); u32 type unless it is the end |
//! | 4 | open | str path, str mode | i8 file number or -errno |
//! | 5 | close | i8 file | nothing |
//! | 6 | read | i8 file, i32 count | data |
//! | 7 | read line | i8 file | data |
//! | 8 | write | i8 file, data | i32 bytes written or -errno |
//! | 9 | seek | i8 file, i32 offset, i8 whence | i32 position or -1 |
//! | 10 to 13 | remove, rename, mkdir, rmdir | str path (rename: two) | i32 status |
//!
//! A status is 0 or -errno. Weak points of the protocol, which both ends have to live with: a
//! program that prints byte 0x18 followed by 1 to 13 is taken for a request; one listing at a
//! time; a reply to a read cannot say that it failed.
//!
//! [`Requests`] is the host's end, [`Call`] the device's. Neither knows files.
//! Source: MicroPython `tools/mpremote/mpremote/transport_serial.py`, observed on the wire.

mod device;
mod host;

pub use device::{Call, CallEvent};
pub use host::{MountEvent, Requests};

/// The longest path that is accepted on the wire; what fits the caller's buffer may be less.
pub const STRING_LEN_MAX: u32 = 4096;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Status of a path.
    Stat = 1,
    /// Begins a listing; the one before it ends.
    ListStart = 2,
    /// The next entry of the listing.
    ListNext = 3,
    /// Opens a file.
    Open = 4,
    /// Closes a file. The only one without a reply.
    Close = 5,
    /// Reads from a file.
    Read = 6,
    /// Reads a line.
    ReadLine = 7,
    /// Writes to a file.
    Write = 8,
    /// Moves a file's position.
    Seek = 9,
    /// Removes a file.
    Remove = 10,
    /// Renames a file or directory.
    Rename = 11,
    /// Makes a directory.
    MakeDir = 12,
    /// Removes a directory.
    RemoveDir = 13,
}

impl Command {
    /// Every command, by its byte less one.
    pub const ALL: [Self; 13] = [
        Self::Stat,
        Self::ListStart,
        Self::ListNext,
        Self::Open,
        Self::Close,
        Self::Read,
        Self::ReadLine,
        Self::Write,
        Self::Seek,
        Self::Remove,
        Self::Rename,
        Self::MakeDir,
        Self::RemoveDir,
    ];

    /// The command with this byte.
    #[must_use]
    pub fn of_byte(byte: u8) -> Option<Self> {
        let index = byte.checked_sub(1)?;
        Self::ALL.get(usize::from(index)).copied()
    }

    /// The byte of this command.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The reply that says "failed with `errno`" (positive) in the shape of this command.
    ///
    /// `None` for [`Close`](Self::Close), which has no reply. A read that fails looks like the end of
    /// the file, because its reply can say nothing else.
    #[must_use]
    pub fn failed(self, errno: i32) -> Option<Reply<'static>> {
        let errno = errno.checked_abs().unwrap_or(i32::MAX).max(1);
        Some(match self {
            Self::Stat | Self::ListStart | Self::Open => {
                Reply::Status(-i8::try_from(errno).unwrap_or(i8::MAX))
            }
            Self::ListNext => Reply::EndOfList,
            Self::Close => return None,
            Self::Read | Self::ReadLine => Reply::Data(&[]),
            Self::Seek => Reply::Value(-1),
            Self::Write | Self::Remove | Self::Rename | Self::MakeDir | Self::RemoveDir => {
                Reply::Value(-errno)
            }
        })
    }

    /// Whether the arguments begin with a file number.
    const fn has_file(self) -> bool {
        matches!(
            self,
            Self::Close | Self::Read | Self::ReadLine | Self::Write | Self::Seek
        )
    }

    /// How many strings the arguments have.
    const fn strings(self) -> u8 {
        match self {
            Self::Open | Self::Rename => 2,
            Self::Stat | Self::ListStart | Self::Remove | Self::MakeDir | Self::RemoveDir => 1,
            _ => 0,
        }
    }

    /// How many bytes of integers follow the command; the length of written data is one.
    const fn integers_len(self) -> usize {
        match self {
            Self::Close | Self::ReadLine => 1,
            Self::Read | Self::Write => 5,
            Self::Seek => 6,
            _ => 0,
        }
    }
}

/// A request with its arguments. Paths are bytes: devices do not check their encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Status of `path`.
    Stat {
        /// What to look at.
        path: &'a [u8],
    },
    /// Begins the listing of `path`.
    ListStart {
        /// The directory.
        path: &'a [u8],
    },
    /// The next entry.
    ListNext,
    /// Opens `path`.
    Open {
        /// The file.
        path: &'a [u8],
        /// As Python's `open` has it.
        mode: &'a [u8],
    },
    /// Closes a file.
    Close {
        /// Its number.
        file: i8,
    },
    /// Reads up to `count` bytes; all that is left when it is negative.
    Read {
        /// The file's number.
        file: i8,
        /// How many bytes.
        count: i32,
    },
    /// Reads up to the next line end.
    ReadLine {
        /// The file's number.
        file: i8,
    },
    /// Writes `data`. Only sent as one; the host end reports [`MountEvent::WritePart`] instead.
    Write {
        /// The file's number.
        file: i8,
        /// What to write.
        data: &'a [u8],
    },
    /// Moves the position.
    Seek {
        /// The file's number.
        file: i8,
        /// How far.
        offset: i32,
        /// From where, as Python's `seek` has it.
        whence: i8,
    },
    /// Removes a file.
    Remove {
        /// The file.
        path: &'a [u8],
    },
    /// Renames.
    Rename {
        /// The name it has.
        old: &'a [u8],
        /// The name it gets.
        new: &'a [u8],
    },
    /// Makes a directory.
    MakeDir {
        /// The directory.
        path: &'a [u8],
    },
    /// Removes a directory.
    RemoveDir {
        /// The directory.
        path: &'a [u8],
    },
}

impl<'a> Request<'a> {
    /// What it is about.
    #[must_use]
    pub const fn command(&self) -> Command {
        match self {
            Self::Stat { .. } => Command::Stat,
            Self::ListStart { .. } => Command::ListStart,
            Self::ListNext => Command::ListNext,
            Self::Open { .. } => Command::Open,
            Self::Close { .. } => Command::Close,
            Self::Read { .. } => Command::Read,
            Self::ReadLine { .. } => Command::ReadLine,
            Self::Write { .. } => Command::Write,
            Self::Seek { .. } => Command::Seek,
            Self::Remove { .. } => Command::Remove,
            Self::Rename { .. } => Command::Rename,
            Self::MakeDir { .. } => Command::MakeDir,
            Self::RemoveDir { .. } => Command::RemoveDir,
        }
    }

    /// Writes the arguments, which go out once the host has answered the call.
    pub fn write_arguments(&self, write: &mut dyn FnMut(&[u8])) {
        match *self {
            Self::ListNext => {}
            Self::Stat { path }
            | Self::ListStart { path }
            | Self::Remove { path }
            | Self::MakeDir { path }
            | Self::RemoveDir { path } => write_data(path, write),
            Self::Open {
                path: first,
                mode: second,
            }
            | Self::Rename {
                old: first,
                new: second,
            } => {
                write_data(first, write);
                write_data(second, write);
            }
            Self::Close { file } | Self::ReadLine { file } => write(&file.to_le_bytes()),
            Self::Read { file, count } => {
                write(&file.to_le_bytes());
                write(&count.to_le_bytes());
            }
            Self::Write { file, data } => {
                write(&file.to_le_bytes());
                write_data(data, write);
            }
            Self::Seek {
                file,
                offset,
                whence,
            } => {
                write(&file.to_le_bytes());
                write(&offset.to_le_bytes());
                write(&whence.to_le_bytes());
            }
        }
    }

    /// The request of `command` with these arguments, as many as it has.
    fn of_parts(command: Command, integers: [u8; 6], first: &'a [u8], second: &'a [u8]) -> Self {
        let [file, a, b, c, d, whence] = integers;
        let file = i8::from_le_bytes([file]);
        let number = i32::from_le_bytes([a, b, c, d]);
        match command {
            Command::Stat => Self::Stat { path: first },
            Command::ListStart => Self::ListStart { path: first },
            Command::ListNext => Self::ListNext,
            Command::Open => Self::Open {
                path: first,
                mode: second,
            },
            Command::Close => Self::Close { file },
            Command::Read => Self::Read {
                file,
                count: number,
            },
            Command::ReadLine => Self::ReadLine { file },
            Command::Write => Self::Write { file, data: first },
            Command::Seek => Self::Seek {
                file,
                offset: number,
                whence: i8::from_le_bytes([whence]),
            },
            Command::Remove => Self::Remove { path: first },
            Command::Rename => Self::Rename {
                old: first,
                new: second,
            },
            Command::MakeDir => Self::MakeDir { path: first },
            Command::RemoveDir => Self::RemoveDir { path: first },
        }
    }
}

/// What a path is, as a reply to [`Request::Stat`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Type and permissions; 0x4000 a directory, 0x8000 a file.
    pub mode: u32,
    /// The size in bytes.
    pub size_bytes: u32,
    /// Last access, in seconds since 1970.
    pub accessed_s: u32,
    /// Last change of the contents, in seconds since 1970.
    pub modified_s: u32,
    /// Last change of the status, in seconds since 1970.
    pub changed_s: u32,
}

/// A reply. Which one belongs to which command is in the table above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// The answer to stat when there is such a path.
    Stat(Stat),
    /// An 8-bit status or file number: stat that failed, list start, open.
    Status(i8),
    /// An entry of a listing. Its name is not empty.
    Entry {
        /// The name without its directory.
        name: &'a [u8],
        /// 0x4000 a directory, 0x8000 a file.
        mode: u32,
    },
    /// The listing has ended.
    EndOfList,
    /// What was read. At most 2 GiB - 1 count.
    Data(&'a [u8]),
    /// A 32-bit status, position, or number of bytes.
    Value(i32),
}

impl Reply<'_> {
    /// Writes the reply in its wire form.
    pub fn write_into(&self, write: &mut dyn FnMut(&[u8])) {
        match *self {
            Self::Stat(stat) => {
                write(&[0]);
                for field in [
                    stat.mode,
                    stat.size_bytes,
                    stat.accessed_s,
                    stat.modified_s,
                    stat.changed_s,
                ] {
                    write(&field.to_le_bytes());
                }
            }
            Self::Status(status) => write(&status.to_le_bytes()),
            Self::Entry { name, mode } => {
                write_data(name, write);
                write(&mode.to_le_bytes());
            }
            Self::EndOfList => write_data(&[], write),
            Self::Data(data) => write_data(data, write),
            Self::Value(value) => write(&value.to_le_bytes()),
        }
    }
}

fn write_data(data: &[u8], write: &mut dyn FnMut(&[u8])) {
    let len = i32::try_from(data.len()).unwrap_or(i32::MAX);
    write(&len.to_le_bytes());
    let len = usize::try_from(len).unwrap_or(data.len());
    if len > 0 {
        write(&data[..len.min(data.len())]);
    }
}

#[cfg(test)]
mod tests;
