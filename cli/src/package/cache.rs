//! What was fetched before: contents under their SHA-256, and which content a URL had when.
//!
//! `blob-v1/ab/abcd…` never changes; a blob that does not have its own digest any more is removed and
//! fetched again. `http-v1/<SHA-256 of the URL>` says which blob it was, with the server's tag. Several
//! processes may use it at once: files appear by renaming. Each holds a share of the lock on `.lock`, which
//! whoever empties the cache wants for itself.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::env;
use crate::error::{Code, Error, Result};
use crate::files::local;

/// Marks the directory for backup programs (<https://bford.info/cachedir/>).
const TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n# Downloads of ucli.\n";

/// What is locked.
const LOCK: &str = ".lock";
/// The directories of what was fetched.
const PARTS: [&str; 2] = ["blob-v1", "http-v1"];

/// The cache of one user.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    root: PathBuf,
    /// Open as long as the cache is used; it holds the share of the lock.
    lock: Arc<File>,
}

/// What a URL had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The URL itself, without credentials.
    pub(crate) url: String,
    /// The SHA-256 of the content.
    pub(crate) sha256: String,
    /// The server's tag.
    pub(crate) etag: Option<String>,
    /// When the server was asked last, in seconds since 1970.
    pub(crate) asked: u64,
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}

impl Cache {
    /// The cache of the environment, or of the user's cache directory.
    ///
    /// # Errors
    /// [`Code::Io`] when there is no such directory and none can be made.
    pub(crate) fn open() -> Result<Self> {
        use etcetera::BaseStrategy as _;
        let root = match env::get(env::CACHE_DIR) {
            Some(path) => PathBuf::from(path),
            None => etcetera::choose_base_strategy()
                .map_err(|_| {
                    Error::new(Code::Io, "There is no home directory to keep downloads in")
                        .hint("Set `UCLI_CACHE_DIR`")
                })?
                .cache_dir()
                .join("ucli"),
        };
        Self::at(root)
    }

    /// The cache in a directory.
    ///
    /// # Errors
    /// [`Code::Io`] when it cannot be made.
    pub(crate) fn at(root: PathBuf) -> Result<Self> {
        let tag = root.join("CACHEDIR.TAG");
        if !tag.exists() {
            std::fs::create_dir_all(&root).map_err(|error| {
                Error::local("create", &root, &error).hint("Set `UCLI_CACHE_DIR`")
            })?;
            write(&tag, TAG)?;
        }
        let path = root.join(LOCK);
        let failed = |error: std::io::Error| {
            Error::local("lock", &path, &error).hint("Set `UCLI_CACHE_DIR`")
        };
        let mut options = File::options();
        let options = options.create(true).truncate(false).write(true);
        let lock = options.open(&path).map_err(failed)?;
        match lock.lock_shared() {
            // A file system that cannot lock: files appear by renaming all the same.
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {}
            result => result.map_err(failed)?,
        }
        let lock = Arc::new(lock);
        Ok(Self { root, lock })
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// How many files it holds, and how many bytes.
    pub(crate) fn measure(&self) -> (u64, u64) {
        let mut total = (0, 0);
        for part in PARTS {
            add_up(&self.root.join(part), &mut total);
        }
        total
    }

    /// Removes everything that was fetched, as soon as no other process uses the cache; how many files and bytes
    /// that were.
    ///
    /// # Errors
    /// [`Code::Io`] when something cannot be removed.
    pub(crate) fn clean(&self) -> Result<(u64, u64)> {
        let failed = |error: std::io::Error| Error::local("lock", &self.root.join(LOCK), &error);
        // Two that each wait for the other's share would wait for ever.
        self.lock.unlock().map_err(failed)?;
        self.lock.lock().map_err(failed)?;
        let total = self.measure();
        for part in PARTS {
            let path = self.root.join(part);
            match std::fs::remove_dir_all(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                result => result.map_err(|error| Error::local("remove", &path, &error))?,
            }
        }
        Ok(total)
    }

    fn blob_path(&self, sha256: &str) -> PathBuf {
        self.root.join("blob-v1").join(&sha256[..2]).join(sha256)
    }

    fn entry_path(&self, url: &str) -> PathBuf {
        self.root
            .join("http-v1")
            .join(format!("{}.json", super::sha256(url.as_bytes())))
    }

    /// The content with this SHA-256, if it is here and intact.
    pub(crate) fn blob(&self, sha256: &str) -> Option<Vec<u8>> {
        let is_digest = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_digest {
            return None;
        }
        let path = self.blob_path(sha256);
        let bytes = std::fs::read(&path).ok()?;
        if super::sha256(&bytes) == sha256 {
            return Some(bytes);
        }
        // A damaged blob is as good as none; the next store replaces it if it cannot be removed.
        let _ = std::fs::remove_file(&path);
        None
    }

    /// Keeps a content and returns its SHA-256.
    ///
    /// # Errors
    /// [`Code::Io`] when it cannot be written.
    pub(crate) fn store(&self, bytes: &[u8]) -> Result<String> {
        let sha256 = super::sha256(bytes);
        let path = self.blob_path(&sha256);
        if self.blob(&sha256).is_none() {
            write(&path, bytes)?;
        }
        Ok(sha256)
    }

    /// What is known of a URL.
    pub(crate) fn entry(&self, url: &str) -> Option<Entry> {
        let bytes = std::fs::read(self.entry_path(url)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps what a URL had.
    ///
    /// # Errors
    /// [`Code::Io`] when it cannot be written.
    pub(crate) fn remember(&self, url: &str, sha256: &str, etag: Option<String>) -> Result<()> {
        let entry = Entry {
            url: super::http::redacted(url),
            sha256: sha256.to_string(),
            etag,
            asked: now(),
        };
        let bytes = serde_json::to_vec(&entry).expect("plain texts and numbers");
        write(&self.entry_path(url), &bytes)
    }
}

fn add_up(directory: &Path, total: &mut (u64, u64)) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(data) if data.is_dir() => add_up(&entry.path(), total),
            Ok(data) => *total = (total.0 + 1, total.1 + data.len()),
            // It went meanwhile.
            Err(_) => {}
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let directory = path.parent().unwrap_or(path);
    std::fs::create_dir_all(directory)
        .map_err(|error| Error::local("create", directory, &error))?;
    local::write_atomic(path, bytes)
        .map_err(|error| error.hint("`UCLI_CACHE_DIR` says where downloads are kept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_come_back_and_damaged_ones_do_not() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().join("cache")).unwrap();
        let sha256 = cache.store(b"hello").unwrap();
        assert_eq!(cache.blob(&sha256).as_deref(), Some(&b"hello"[..]));
        std::fs::write(cache.blob_path(&sha256), b"hellp").unwrap();
        assert_eq!(cache.blob(&sha256), None);
        assert!(!cache.blob_path(&sha256).exists());
        assert_eq!(cache.blob("../../etc/passwd"), None);
    }

    #[test]
    fn emptying_waits_for_those_who_use_it() {
        let directory = tempfile::tempdir().unwrap();
        let at = || Cache::at(directory.path().to_path_buf()).unwrap();
        let (one, two) = (at(), at());
        one.store(b"hello").unwrap();
        assert_eq!(two.measure(), (1, 5));
        let (said, heard) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(move || said.send(two.clean().unwrap()).unwrap());
            let sha256 = one.store(b"world!").unwrap();
            assert_eq!(one.blob(&sha256).as_deref(), Some(&b"world!"[..]));
            assert!(heard.try_recv().is_err());
            drop(one);
            assert_eq!(heard.recv().unwrap(), (2, 11));
        });
        assert_eq!(at().measure(), (0, 0));
    }

    #[test]
    fn urls_are_remembered_without_passwords() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().to_path_buf()).unwrap();
        assert_eq!(cache.entry("https://me:pw@h/x"), None);
        cache
            .remember("https://me:pw@h/x", "00", Some("\"1\"".into()))
            .unwrap();
        let entry = cache.entry("https://me:pw@h/x").unwrap();
        assert_eq!(
            (entry.url.as_str(), entry.sha256.as_str()),
            ("https://h/x", "00")
        );
    }
}
