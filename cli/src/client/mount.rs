//! A local directory as `/remote` on the board.
//!
//! The protocol is `ucli_protocol::mount`'s; the board's side is `remote_fs.py`. Nothing outside
//! the directory can be reached: `..` is taken out of paths and symbolic links are followed only
//! when they stay inside (or when the user said so).

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ucli_protocol::control;
use ucli_protocol::mount::{MountEvent, Reply, Request, Requests, Stat};

use super::session::Session;
use crate::error::{Code, Error, Result};

/// Where it stands on the board.
pub(crate) const MOUNT_POINT: &str = "/remote";
/// The board's side.
const REMOTE_FS: &str = include_str!("remote_fs.py");
/// The most that is read for one request.
const MAX_READ_BYTES: usize = 64 * 1024;
/// How many files a board may hold open; more would not fit the protocol's file numbers.
const MAX_FILES: i8 = 120;
/// File and directory bits of a mode, as boards know them.
const MODE_FILE: u32 = 0x8000;
const MODE_DIRECTORY: u32 = 0x4000;

/// Error numbers as boards know them.
const ENOENT: i32 = 2;
const EIO: i32 = 5;
const EBADF: i32 = 9;
const EACCES: i32 = 13;
const EPERM: i32 = 1;
const EEXIST: i32 = 17;
const ENOTDIR: i32 = 20;
const EISDIR: i32 = 21;
const EINVAL: i32 = 22;
const EMFILE: i32 = 24;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;
const ENOTEMPTY: i32 = 39;

type Answer<T> = core::result::Result<T, i32>;

/// Answers a board's requests for files of one directory.
pub(crate) struct MountServer {
    root: PathBuf,
    unsafe_links: bool,
    requests: Requests<'static>,
    files: BTreeMap<i8, File>,
    listing: Vec<(String, u32)>,
    written: i32,
    /// The board's current directory before the mount.
    came_from: String,
}

impl Session {
    /// Mounts `directory` and makes it the board's current directory.
    ///
    /// # Errors
    /// [`Code::NotFound`] or [`Code::NotDirectory`] for the directory, and those of the board.
    pub(crate) fn mount_directory(&mut self, directory: &Path, unsafe_links: bool) -> Result<()> {
        let server = MountServer::new(directory, unsafe_links)?;
        self.enter_raw()?;
        self.set_mount(Some(server));
        match self.tell(mount_source()) {
            Ok(answer) => {
                if let Some(server) = self.mount() {
                    server.came_from = String::from_utf8_lossy(answer.trim_ascii()).into_owned();
                }
                Ok(())
            }
            Err(error) => {
                self.set_mount(None);
                Err(error.hint("The board needs `io.IOBase` and binary stdin for a mount"))
            }
        }
    }

    /// Takes the directory away again.
    ///
    /// # Errors
    /// Those of the board.
    pub(crate) fn unmount_directory(&mut self) -> Result<()> {
        self.enter_raw()?;
        let back = self
            .mount()
            .map_or_else(|| "/".to_string(), |mount| mount.came_from.clone());
        let source = format!(
            "import os\nos.chdir({})\nos.umount('{MOUNT_POINT}')\n",
            super::fs::quoted(&back)
        );
        let result = self.tell(&source).map(|_| ());
        self.set_mount(None);
        result
    }
}

/// What mounts the directory; sent again after a soft reset.
pub(crate) fn mount_source() -> String {
    let mut source = String::from("def _u():\n");
    for line in REMOTE_FS.lines() {
        source.push(' ');
        source.push_str(line);
        source.push('\n');
    }
    source.push_str("_u()\ndel _u\n");
    source
}

impl MountServer {
    /// A server of `directory`.
    ///
    /// # Errors
    /// [`Code::NotFound`] or [`Code::NotDirectory`].
    pub(crate) fn new(directory: &Path, unsafe_links: bool) -> Result<Self> {
        let root = fs::canonicalize(directory)
            .map_err(|error| Error::local("mount", directory, &error))?;
        if !root.is_dir() {
            return Err(Error::new(
                Code::NotDirectory,
                format!("`{}` is not a directory", directory.display()),
            ));
        }
        // One buffer per process, for as long as the process lives.
        let buffer = Box::leak(
            vec![0; 2 * ucli_protocol::mount::STRING_LEN_MAX as usize].into_boxed_slice(),
        );
        Ok(Self {
            root,
            unsafe_links,
            requests: Requests::new(buffer),
            files: BTreeMap::new(),
            listing: Vec::new(),
            written: 0,
            came_from: "/".to_string(),
        })
    }

    /// Forgets open files and half a request: the board has restarted.
    pub(crate) fn restart(&mut self) {
        self.requests.reset();
        self.files.clear();
        self.listing.clear();
    }

    /// Splits the board's output: plain text goes to `plain`, answers are appended to `reply`.
    ///
    /// # Errors
    /// Those of `plain`.
    pub(crate) fn filter(
        &mut self,
        mut input: &[u8],
        reply: &mut Vec<u8>,
        plain: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        loop {
            let mut requests = core::mem::replace(&mut self.requests, Requests::new(&mut []));
            let (used, event) = requests.receive(input);
            let finished = event.is_none();
            let mut answer = None;
            match event {
                Some(MountEvent::Output(text)) => plain(text)?,
                Some(MountEvent::Called(_)) => reply.push(control::MOUNT),
                Some(MountEvent::Request(request)) => answer = self.answer(&request),
                Some(MountEvent::WritePart { file, data, last }) => {
                    answer = self.write(file, data, last)
                }
                Some(MountEvent::TooLong(command) | MountEvent::Malformed(command)) => {
                    answer = command.failed(EINVAL).map(|failed| encode(&failed));
                }
                None => {}
            }
            self.requests = requests;
            if let Some(bytes) = answer {
                reply.extend_from_slice(&bytes);
            }
            input = &input[used..];
            if finished {
                return Ok(());
            }
        }
    }

    fn answer(&mut self, request: &Request<'_>) -> Option<Vec<u8>> {
        let command = request.command();
        let done = match *request {
            Request::Stat { path } => self.stat(path),
            Request::ListStart { path } => self.list(path).map(|()| encode(&Reply::Status(0))),
            Request::ListNext => Ok(self.next_entry()),
            Request::Open { path, mode } => self.open(path, mode),
            Request::Close { file } => {
                self.files.remove(&file);
                return None;
            }
            Request::Read { file, count } => self.read(file, count),
            Request::ReadLine { file } => self.read_line(file),
            Request::Write { file, data } => return self.write(file, data, true),
            Request::Seek {
                file,
                offset,
                whence,
            } => self.seek(file, offset, whence),
            Request::Remove { path } => self.change(path, |path| fs::remove_file(path)),
            Request::MakeDir { path } => self.change(path, |path| fs::create_dir(path)),
            Request::RemoveDir { path } => self.change(path, |path| fs::remove_dir(path)),
            Request::Rename { old, new } => self.rename(old, new),
        };
        match done {
            Ok(bytes) => Some(bytes),
            Err(number) => command.failed(number).map(|reply| encode(&reply)),
        }
    }

    /// The local path of a board's path.
    fn local(&self, path: &[u8]) -> Answer<PathBuf> {
        let text = core::str::from_utf8(path).map_err(|_| EINVAL)?;
        let mut parts: Vec<&str> = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                // On Windows a name with a drive or a backslash would lead outside.
                part if cfg!(windows) && part.contains(['\\', ':']) => return Err(EINVAL),
                part => parts.push(part),
            }
        }
        let local = parts
            .iter()
            .fold(self.root.clone(), |path, part| path.join(part));
        if self.unsafe_links || self.stays_inside(&local) {
            Ok(local)
        } else {
            Err(EPERM)
        }
    }

    /// Whether the path, or what exists of it, is inside the root when links are followed.
    fn stays_inside(&self, path: &Path) -> bool {
        let mut existing = path;
        loop {
            match fs::canonicalize(existing) {
                Ok(real) => return real.starts_with(&self.root),
                // A dangling link may lead anywhere once something is created through it.
                Err(_) if fs::symlink_metadata(existing).is_ok() => return false,
                Err(_) => match existing.parent() {
                    Some(parent) => existing = parent,
                    None => return false,
                },
            }
        }
    }

    fn stat(&self, path: &[u8]) -> Answer<Vec<u8>> {
        let data = fs::metadata(self.local(path)?).map_err(|error| number(&error))?;
        let seconds = |time: std::io::Result<std::time::SystemTime>| {
            time.ok()
                .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
                .map_or(0, |time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX))
        };
        let stat = Stat {
            mode: if data.is_dir() {
                MODE_DIRECTORY
            } else {
                MODE_FILE
            },
            size_bytes: u32::try_from(data.len()).unwrap_or(u32::MAX),
            accessed_s: seconds(data.accessed()),
            modified_s: seconds(data.modified()),
            changed_s: seconds(data.created()),
        };
        Ok(encode(&Reply::Stat(stat)))
    }

    fn list(&mut self, path: &[u8]) -> Answer<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.local(path)?).map_err(|error| number(&error))? {
            let entry = entry.map_err(|error| number(&error))?;
            // A name that is no Unicode cannot be told to the board.
            if let Ok(name) = entry.file_name().into_string() {
                let directory = entry.path().is_dir();
                entries.push((name, if directory { MODE_DIRECTORY } else { MODE_FILE }));
            }
        }
        entries.sort();
        entries.reverse();
        self.listing = entries;
        Ok(())
    }

    fn next_entry(&mut self) -> Vec<u8> {
        match self.listing.pop() {
            Some((name, kind)) => encode(&Reply::Entry {
                name: name.as_bytes(),
                mode: kind,
            }),
            None => encode(&Reply::EndOfList),
        }
    }

    fn open(&mut self, path: &[u8], mode: &[u8]) -> Answer<Vec<u8>> {
        let path = self.local(path)?;
        let mut options = OpenOptions::new();
        let plus = mode.contains(&b'+');
        match mode.first() {
            Some(b'r') | None => options.read(true).write(plus),
            Some(b'w') => options.write(true).create(true).truncate(true).read(plus),
            Some(b'a') => options.append(true).create(true).read(plus),
            Some(b'x') => options.write(true).create_new(true).read(plus),
            Some(_) => return Err(EINVAL),
        };
        if path.is_dir() {
            return Err(EISDIR);
        }
        let file = options.open(path).map_err(|error| number(&error))?;
        let free = (0..MAX_FILES)
            .find(|number| !self.files.contains_key(number))
            .ok_or(EMFILE)?;
        self.files.insert(free, file);
        Ok(encode(&Reply::Status(free)))
    }

    fn file(&mut self, file: i8) -> Answer<&mut File> {
        self.files.get_mut(&file).ok_or(EBADF)
    }

    fn read(&mut self, file: i8, count: i32) -> Answer<Vec<u8>> {
        let want = usize::try_from(count)
            .map_err(|_| EINVAL)?
            .min(MAX_READ_BYTES);
        let mut data = Vec::with_capacity(want);
        let reader = self.file(file)?;
        reader
            .take(want as u64)
            .read_to_end(&mut data)
            .map_err(|error| number(&error))?;
        Ok(encode(&Reply::Data(&data)))
    }

    fn read_line(&mut self, file: i8) -> Answer<Vec<u8>> {
        let reader = self.file(file)?;
        let start = reader.stream_position().map_err(|error| number(&error))?;
        let mut data = vec![0; MAX_READ_BYTES];
        let len = reader.read(&mut data).map_err(|error| number(&error))?;
        let line = data[..len]
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(len, |at| at + 1);
        reader
            .seek(SeekFrom::Start(start + line as u64))
            .map_err(|error| number(&error))?;
        Ok(encode(&Reply::Data(&data[..line])))
    }

    fn write(&mut self, file: i8, data: &[u8], last: bool) -> Option<Vec<u8>> {
        let result = self
            .file(file)
            .and_then(|writer| writer.write_all(data).map_err(|error| number(&error)));
        match result {
            Ok(()) if self.written >= 0 => {
                self.written = self
                    .written
                    .saturating_add(i32::try_from(data.len()).unwrap_or(i32::MAX));
            }
            Ok(()) => {}
            Err(number) => self.written = -number,
        }
        if !last {
            return None;
        }
        let written = core::mem::take(&mut self.written);
        Some(encode(&Reply::Value(written)))
    }

    fn seek(&mut self, file: i8, offset: i32, whence: i8) -> Answer<Vec<u8>> {
        let to = match whence {
            0 => SeekFrom::Start(u64::from(offset.cast_unsigned())),
            1 => SeekFrom::Current(i64::from(offset)),
            2 => SeekFrom::End(i64::from(offset)),
            _ => return Err(EINVAL),
        };
        let position = self.file(file)?.seek(to).map_err(|error| number(&error))?;
        Ok(encode(&Reply::Value(
            i32::try_from(position).map_err(|_| EINVAL)?,
        )))
    }

    fn change(&self, path: &[u8], what: impl Fn(&Path) -> std::io::Result<()>) -> Answer<Vec<u8>> {
        let path = self.local(path)?;
        if path == self.root {
            return Err(EPERM);
        }
        what(&path).map_err(|error| number(&error))?;
        Ok(encode(&Reply::Value(0)))
    }

    fn rename(&self, old: &[u8], new: &[u8]) -> Answer<Vec<u8>> {
        let new = self.local(new)?;
        self.change(old, |old| fs::rename(old, &new))
    }
}

fn encode(reply: &Reply<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    reply.write_into(&mut |piece| bytes.extend_from_slice(piece));
    bytes
}

/// The error number that boards know for an error of this machine.
fn number(error: &std::io::Error) -> i32 {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => ENOENT,
        ErrorKind::PermissionDenied => EACCES,
        ErrorKind::AlreadyExists => EEXIST,
        ErrorKind::NotADirectory => ENOTDIR,
        ErrorKind::IsADirectory => EISDIR,
        ErrorKind::DirectoryNotEmpty => ENOTEMPTY,
        ErrorKind::StorageFull => ENOSPC,
        ErrorKind::ReadOnlyFilesystem => EROFS,
        ErrorKind::InvalidInput => EINVAL,
        _ => EIO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ucli_protocol::mount::Command;

    fn server() -> (tempfile::TempDir, MountServer) {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a.txt"), "one\ntwo\n").unwrap();
        let server = MountServer::new(directory.path(), false).unwrap();
        (directory, server)
    }

    fn ask(server: &mut MountServer, request: Request<'_>) -> Vec<u8> {
        let mut wire = vec![control::MOUNT, request.command().byte()];
        request.write_arguments(&mut |piece| wire.extend_from_slice(piece));
        let mut reply = Vec::new();
        for byte in wire {
            server.filter(&[byte], &mut reply, &mut |_| Ok(())).unwrap();
        }
        reply
    }

    #[test]
    fn paths_cannot_leave_the_directory() {
        let (directory, mut server) = server();
        let outside = directory
            .path()
            .parent()
            .unwrap()
            .join("ucli-mount-outside");
        assert!(
            server
                .local(b"/../../../etc/passwd")
                .unwrap()
                .starts_with(&server.root)
        );
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/etc", directory.path().join("link")).unwrap();
            std::os::unix::fs::symlink(&outside, directory.path().join("dangling")).unwrap();
            assert_eq!(server.local(b"/link/passwd"), Err(EPERM));
            assert_eq!(server.local(b"/dangling"), Err(EPERM));
            let reply = ask(
                &mut server,
                Request::Open {
                    path: b"/dangling",
                    mode: b"wb",
                },
            );
            assert_eq!(reply, [control::MOUNT, (-EPERM as i8) as u8]);
            assert!(!outside.exists());
        }
    }

    #[test]
    fn files_are_read_and_written() {
        let (directory, mut server) = server();
        assert_eq!(
            ask(
                &mut server,
                Request::Open {
                    path: b"/a.txt",
                    mode: b"rb"
                }
            ),
            [0x18, 0]
        );
        assert_eq!(
            ask(&mut server, Request::ReadLine { file: 0 }),
            b"\x18\x04\0\0\0one\n"
        );
        assert_eq!(
            ask(&mut server, Request::Read { file: 0, count: 9 }),
            b"\x18\x04\0\0\0two\n"
        );
        assert_eq!(ask(&mut server, Request::Close { file: 0 }), [0x18]);
        assert_eq!(
            ask(&mut server, Request::Read { file: 0, count: 9 }),
            b"\x18\0\0\0\0"
        );
        ask(
            &mut server,
            Request::Open {
                path: b"/b",
                mode: b"w",
            },
        );
        assert_eq!(
            ask(
                &mut server,
                Request::Write {
                    file: 0,
                    data: b"xyz"
                }
            ),
            b"\x18\x03\0\0\0"
        );
        assert_eq!(fs::read(directory.path().join("b")).unwrap(), b"xyz");
        assert_eq!(
            ask(&mut server, Request::Remove { path: b"/b" }),
            b"\x18\0\0\0\0"
        );
        assert!(!directory.path().join("b").exists());
    }

    #[test]
    fn plain_output_passes_and_both_ends_agree() {
        let (_directory, mut server) = server();
        let (mut reply, mut text) = (Vec::new(), Vec::new());
        server
            .filter(b"hello \x18? world", &mut reply, &mut |plain| {
                text.extend_from_slice(plain);
                Ok(())
            })
            .unwrap();
        assert_eq!(text, b"hello \x18? world");
        assert!(reply.is_empty());
        assert_eq!(Command::of_byte(1), Some(Command::Stat));
    }
}
