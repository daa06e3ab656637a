//! The surroundings of the interpreter on a host: files, console, clock, Ctrl-C.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use upy_runtime::{Host, Loader, PathKind};

use upy_hal::Board;
use upy_hal::net::{Network, Tls};

use crate::net::Net;
use crate::{interrupt, keyboard};

/// Handles below this are the console streams.
const FIRST_FILE: u32 = 3;

/// What a program on a host finds besides: the network.
struct Outside(Net);

impl Board for Outside {
    fn network(&mut self) -> Option<&mut dyn Network> {
        Some(self.0.network())
    }

    fn tls(&mut self) -> Option<&mut dyn Tls> {
        self.0.tls()
    }
}

/// The host's files and console.
pub struct HostSystem {
    files: Vec<Option<File>>,
    outside: Outside,
    start: Instant,
}

impl HostSystem {
    /// Surroundings without open files.
    #[must_use]
    pub fn new() -> Self {
        Self {
            files: Vec::new(),
            outside: Outside(Net::new()),
            start: Instant::now(),
        }
    }

    fn file(&mut self, file: u32) -> Result<&mut File, i32> {
        let index = file.checked_sub(FIRST_FILE).ok_or(9)? as usize;
        self.files.get_mut(index).and_then(Option::as_mut).ok_or(9)
    }
}

impl Default for HostSystem {
    fn default() -> Self {
        Self::new()
    }
}

/// The host's path of a path in Python.
fn host_path(path: &[u8]) -> PathBuf {
    Path::new(String::from_utf8_lossy(path).as_ref()).to_path_buf()
}

/// The errno of an I/O error; EIO if it has none.
fn errno(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(match error.kind() {
        ErrorKind::NotFound => 2,
        ErrorKind::PermissionDenied => 13,
        ErrorKind::AlreadyExists => 17,
        _ => 5,
    })
}

impl Loader for HostSystem {
    fn kind(&mut self, path: &[u8]) -> PathKind {
        match fs::metadata(host_path(path)) {
            Ok(metadata) if metadata.is_dir() => PathKind::Directory,
            Ok(_) => PathKind::File,
            Err(_) => PathKind::Absent,
        }
    }

    fn open(&mut self, path: &[u8], mode: &[u8]) -> Result<u32, i32> {
        let mut options = OpenOptions::new();
        let update = mode.contains(&b'+');
        match mode
            .iter()
            .find(|byte| matches!(byte, b'r' | b'w' | b'a' | b'x'))
        {
            Some(b'w') => options.write(true).create(true).truncate(true).read(update),
            Some(b'a') => options.append(true).create(true).read(update),
            Some(b'x') => options.write(true).create_new(true).read(update),
            _ => options.read(true).write(update),
        };
        let path = host_path(path);
        let file = options.open(&path).map_err(|error| errno(&error))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(21);
        }
        let free = self.files.iter().position(Option::is_none);
        let index = free.unwrap_or(self.files.len());
        if free.is_none() {
            self.files.push(None);
        }
        self.files[index] = Some(file);
        u32::try_from(index)
            .map(|index| index + FIRST_FILE)
            .map_err(|_| 24)
    }

    fn read(&mut self, file: u32, buffer: &mut [u8]) -> Result<usize, i32> {
        self.file(file)?.read(buffer).map_err(|error| errno(&error))
    }

    fn write(&mut self, file: u32, bytes: &[u8]) -> Result<usize, i32> {
        self.file(file)?.write(bytes).map_err(|error| errno(&error))
    }

    fn seek(&mut self, file: u32, offset: i64, whence: u8) -> Result<u64, i32> {
        let position = match whence {
            0 => SeekFrom::Start(u64::try_from(offset).map_err(|_| 22)?),
            1 => SeekFrom::Current(offset),
            _ => SeekFrom::End(offset),
        };
        self.file(file)?
            .seek(position)
            .map_err(|error| errno(&error))
    }

    fn close(&mut self, file: u32) {
        if let Some(index) = file.checked_sub(FIRST_FILE)
            && let Some(slot) = self.files.get_mut(index as usize)
        {
            *slot = None;
        }
    }

    fn list(&mut self, path: &[u8], entry: &mut dyn FnMut(&[u8], bool)) -> Result<(), i32> {
        for found in fs::read_dir(host_path(path)).map_err(|error| errno(&error))? {
            let found = found.map_err(|error| errno(&error))?;
            let directory = found.file_type().is_ok_and(|kind| kind.is_dir());
            entry(found.file_name().to_string_lossy().as_bytes(), directory);
        }
        Ok(())
    }

    fn remove(&mut self, path: &[u8]) -> Result<(), i32> {
        fs::remove_file(host_path(path)).map_err(|error| errno(&error))
    }

    fn remove_directory(&mut self, path: &[u8]) -> Result<(), i32> {
        fs::remove_dir(host_path(path)).map_err(|error| errno(&error))
    }

    fn make_directory(&mut self, path: &[u8]) -> Result<(), i32> {
        fs::create_dir(host_path(path)).map_err(|error| errno(&error))
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), i32> {
        fs::rename(host_path(from), host_path(to)).map_err(|error| errno(&error))
    }

    fn size_and_time(&mut self, path: &[u8]) -> Result<(u64, u64), i32> {
        let metadata = fs::metadata(host_path(path)).map_err(|error| errno(&error))?;
        let changed = metadata.modified().ok();
        let since = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok((metadata.len(), since.unwrap_or_default().as_secs()))
    }

    fn change_directory(&mut self, path: &[u8]) -> Result<(), i32> {
        std::env::set_current_dir(host_path(path)).map_err(|error| errno(&error))
    }

    fn current_directory(&mut self, work: &mut dyn FnMut(&[u8])) -> Result<(), i32> {
        let path = std::env::current_dir().map_err(|error| errno(&error))?;
        work(path.to_string_lossy().as_bytes());
        Ok(())
    }
}

/// Writes all of it; a console that has gone away cannot be told about it.
fn write_console(stream: &mut dyn Write, bytes: &[u8]) {
    let written = stream.write_all(bytes).and_then(|()| stream.flush());
    if written.is_err() {
        std::process::exit(1);
    }
}

impl Host for HostSystem {
    fn board(&mut self) -> Option<&mut dyn Board> {
        Some(&mut self.outside)
    }

    fn write_out(&mut self, bytes: &[u8]) {
        let mut stream = io::stdout().lock();
        if bytes.contains(&b'\n') || bytes.len() > 512 {
            write_console(&mut stream, bytes);
        } else if stream.write_all(bytes).is_err() {
            std::process::exit(1);
        }
    }

    fn write_err(&mut self, bytes: &[u8]) {
        write_console(&mut io::stdout().lock(), b"");
        write_console(&mut io::stderr().lock(), bytes);
    }

    fn read_in(&mut self, buffer: &mut [u8]) -> Result<usize, i32> {
        write_console(&mut io::stdout().lock(), b"");
        keyboard::read(buffer).map_err(|error| errno(&error))
    }

    fn readable(&mut self) -> bool {
        keyboard::is_readable()
    }

    fn interrupted(&mut self) -> bool {
        interrupt::take()
    }

    fn ticks_us(&mut self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn time_ns(&mut self) -> u64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    fn sleep_us(&mut self, duration_us: u64) {
        interrupt::sleep(Duration::from_micros(duration_us));
    }

    fn platform(&self) -> &'static str {
        std::env::consts::OS
    }

    fn random(&mut self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            buffer.fill(0);
        }
    }
}
