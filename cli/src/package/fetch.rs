//! Where the resolver's bytes come from: the cache, the network, this computer.
//!
//! Descriptions are asked for again when they are ten minutes old, files that are named by their hash
//! never. Up to eight files are fetched at once. Every file is checked before anyone sees it.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::cache::{Cache, now};
use super::http::{Http, Reply, Request, redacted};
use super::resolve::{Expect, Source, Wanted};
use crate::error::{Code, Error, Result};

/// How long a description is believed without asking, in seconds.
const FRESH_SECONDS: u64 = 600;
/// Stands for the digest of what a server did not have; only believed where it cannot be asked.
const MISSING: &str = "";
/// How many files are fetched at once.
const PARALLEL: usize = 8;
/// The largest description.
const MOST_DOCUMENT_BYTES: u64 = 32 << 20;
/// The largest file or archive.
const MOST_FILE_BYTES: u64 = 32 << 20;

/// Most files of a folder of this computer.
const MOST_LOCAL_FILES: usize = 2000;

/// The cache and what it is filled from.
pub(crate) struct Store<'a> {
    /// What was fetched before.
    pub(crate) cache: Cache,
    /// What fetches.
    pub(crate) http: &'a dyn Http,
    /// Nothing is fetched.
    pub(crate) offline: bool,
    /// Descriptions are asked for again however young they are.
    pub(crate) refresh: bool,
    /// Where paths of this computer begin; empty: the current directory.
    pub(crate) root: std::path::PathBuf,
}

impl Source for Store<'_> {
    fn document(&self, url: &str, accept: &'static str) -> Result<Option<Vec<u8>>> {
        self.fetch(url, accept, self.refresh, MOST_DOCUMENT_BYTES)
    }

    fn files(&self, wanted: &[Wanted]) -> Result<Vec<Vec<u8>>> {
        at_once(wanted, |one| self.file(one))
    }

    fn local(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        let path = self.root.join(path);
        if path.is_dir() {
            return Ok(None);
        }
        crate::files::local::read(&path).map(Some)
    }

    fn folder(&self, path: &Path) -> Result<Vec<String>> {
        let root = self.root.join(path);
        let exclude =
            crate::files::local::Exclude::new(&[".*".to_string(), "__pycache__".to_string()])?;
        let entries = crate::files::local::scan(&root, &exclude)?;
        let files = entries.into_iter().filter(|entry| !entry.directory);
        let mut names: Vec<String> = files.map(|entry| entry.name).collect();
        if names.len() > MOST_LOCAL_FILES {
            return Err(Error::new(
                Code::TooLarge,
                format!(
                    "`{}` has more than {MOST_LOCAL_FILES} files",
                    path.display()
                ),
            )
            .hint("A `package.json` names those that belong on a board"));
        }
        names.sort();
        Ok(names)
    }
}

/// Does `work` for each, up to eight at a time; the results in the same order.
fn at_once<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let results: Vec<Mutex<Option<Result<R>>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = || {
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return;
            };
            let result = work(item);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            *results[index].lock().expect("no worker panics") = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL.min(items.len()) {
            scope.spawn(worker);
        }
    });
    let mut done = Vec::with_capacity(items.len());
    let mut skipped = false;
    for result in results {
        match result.into_inner().expect("no worker panics") {
            Some(Ok(result)) => done.push(result),
            Some(Err(error)) => return Err(error),
            None => skipped = true,
        }
    }
    if skipped {
        return Err(Error::new(Code::Network, "A download was given up"));
    }
    Ok(done)
}

impl Store<'_> {
    /// Several descriptions at once; `None` for what a server does not have.
    ///
    /// # Errors
    /// The first that cannot be fetched.
    pub(crate) fn documents(&self, urls: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
        at_once(urls, |url| self.document(url, ""))
    }

    fn file(&self, wanted: &Wanted) -> Result<Vec<u8>> {
        match &wanted.expect {
            Expect::Whole(sha256) => {
                if let Some(bytes) = self.cache.blob(sha256) {
                    return Ok(bytes);
                }
                let bytes = self.download(wanted, true)?;
                check(wanted, sha256, &bytes)?;
                self.cache.store(&bytes)?;
                Ok(bytes)
            }
            Expect::Prefix(prefix) => {
                let known = self.cache.entry(&wanted.url);
                let cached = known
                    .filter(|entry| entry.sha256.starts_with(prefix.as_str()))
                    .and_then(|entry| self.cache.blob(&entry.sha256));
                if let Some(bytes) = cached {
                    return Ok(bytes);
                }
                let bytes = self.download(wanted, false)?;
                check(wanted, prefix, &bytes)?;
                let sha256 = self.cache.store(&bytes)?;
                self.cache.remember(&wanted.url, &sha256, None)?;
                Ok(bytes)
            }
            Expect::Anything => self
                .fetch(&wanted.url, "", true, MOST_FILE_BYTES)?
                .ok_or_else(|| missing(wanted)),
        }
    }

    fn download(&self, wanted: &Wanted, pinned: bool) -> Result<Vec<u8>> {
        if self.offline {
            return Err(offline(&wanted.url));
        }
        let request = Request {
            url: wanted.url.clone(),
            most_bytes: MOST_FILE_BYTES,
            pinned,
            ..Request::default()
        };
        match self.http.get(&request)? {
            Reply::Body(bytes, _) => Ok(bytes),
            Reply::NotModified | Reply::Missing => Err(missing(wanted)),
        }
    }

    /// What a URL has now: from the cache while it is fresh or the server says it still holds.
    fn fetch(
        &self,
        url: &str,
        accept: &'static str,
        ask: bool,
        most_bytes: u64,
    ) -> Result<Option<Vec<u8>>> {
        let entry = self.cache.entry(url);
        if self.offline && entry.as_ref().is_some_and(|entry| entry.sha256 == MISSING) {
            return Ok(None);
        }
        let known = entry.and_then(|entry| Some((self.cache.blob(&entry.sha256)?, entry)));
        if let Some((bytes, entry)) = &known {
            let is_fresh = now().saturating_sub(entry.asked) < FRESH_SECONDS;
            if self.offline || (is_fresh && !ask) {
                return Ok(Some(bytes.clone()));
            }
        }
        if self.offline {
            return Err(offline(url));
        }
        let request = Request {
            url: url.to_string(),
            accept,
            etag: known.as_ref().and_then(|(_, entry)| entry.etag.clone()),
            most_bytes,
            pinned: false,
        };
        match (self.http.get(&request)?, known) {
            (Reply::Body(bytes, etag), _) => {
                let sha256 = self.cache.store(&bytes)?;
                self.cache.remember(url, &sha256, etag)?;
                Ok(Some(bytes))
            }
            (Reply::NotModified, Some((bytes, entry))) => {
                self.cache.remember(url, &entry.sha256, entry.etag)?;
                Ok(Some(bytes))
            }
            (Reply::NotModified | Reply::Missing, _) => {
                self.cache.remember(url, MISSING, None)?;
                Ok(None)
            }
        }
    }
}

fn check(wanted: &Wanted, expected: &str, bytes: &[u8]) -> Result<()> {
    let computed = super::sha256(bytes);
    if computed.starts_with(expected) {
        return Ok(());
    }
    Err(Error::new(
        Code::HashMismatch,
        format!(
            "`{}` is not what the index promised: SHA-256 {expected} was expected, {} came",
            redacted(&wanted.url),
            &computed[..expected.len().min(64)]
        ),
    )
    .hint("Nothing was written. A proxy, a mirror or an attacker changed the file"))
}

fn missing(wanted: &Wanted) -> Error {
    Error::new(
        Code::PackageNotFound,
        format!(
            "`{}` names a file that is not there: `{}`",
            wanted.package,
            redacted(&wanted.url)
        ),
    )
    .hint("Nothing was written")
}

fn offline(url: &str) -> Error {
    Error::new(
        Code::Offline,
        format!(
            "`{}` is not in the cache, and this is `--offline`",
            redacted(url)
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[derive(Default)]
    struct Fake {
        pages: HashMap<String, (Vec<u8>, Option<String>)>,
        asked: Mutex<Vec<String>>,
    }

    impl Http for Fake {
        fn get(&self, request: &Request) -> Result<Reply> {
            self.asked.lock().unwrap().push(request.url.clone());
            Ok(match self.pages.get(&request.url) {
                None => Reply::Missing,
                Some((_, tag)) if tag.is_some() && *tag == request.etag => Reply::NotModified,
                Some((bytes, tag)) => Reply::Body(bytes.clone(), tag.clone()),
            })
        }
    }

    fn fake(pages: &[(&str, &str)]) -> Fake {
        let page = |&(url, text): &(&str, &str)| {
            let tag = Some(format!("\"{}\"", text.len()));
            (url.to_string(), (text.as_bytes().to_vec(), tag))
        };
        Fake {
            pages: pages.iter().map(page).collect(),
            ..Fake::default()
        }
    }

    fn store<'a>(directory: &tempfile::TempDir, http: &'a Fake) -> Store<'a> {
        Store {
            cache: Cache::at(directory.path().to_path_buf()).unwrap(),
            http,
            offline: false,
            refresh: false,
            root: std::path::PathBuf::new(),
        }
    }

    fn wanted(url: &str, expect: Expect) -> Wanted {
        Wanted {
            package: "p".to_string(),
            url: url.to_string(),
            expect,
        }
    }

    #[test]
    fn fresh_document_is_not_asked_for_again() {
        let directory = tempfile::tempdir().unwrap();
        let http = fake(&[("u", "one")]);
        let mut store = store(&directory, &http);
        for _ in 0..2 {
            assert_eq!(store.document("u", "").unwrap().unwrap(), b"one");
        }
        assert_eq!(http.asked.lock().unwrap().len(), 1);
        store.refresh = true;
        assert_eq!(store.document("u", "").unwrap().unwrap(), b"one");
        assert_eq!(http.asked.lock().unwrap().len(), 2);
        store.offline = true;
        assert_eq!(store.document("u", "").unwrap().unwrap(), b"one");
        assert_eq!(store.document("v", "").unwrap_err().code(), Code::Offline);
        store.offline = false;
        assert_eq!(store.document("v", "").unwrap(), None);
        store.offline = true;
        assert_eq!(store.document("v", "").unwrap(), None);
    }

    #[test]
    fn file_with_wrong_hash_is_refused_and_not_kept() {
        let directory = tempfile::tempdir().unwrap();
        let http = fake(&[("u", "one")]);
        let store = store(&directory, &http);
        let right = super::super::sha256(b"one");
        for expect in [
            Expect::Prefix("00000000".into()),
            Expect::Whole("0".repeat(64)),
        ] {
            let error = store.files(&[wanted("u", expect)]).unwrap_err();
            assert_eq!(error.code(), Code::HashMismatch);
        }
        let expect = Expect::Prefix(right[..8].to_string());
        for _ in 0..2 {
            assert_eq!(
                store.files(&[wanted("u", expect.clone())]).unwrap(),
                [b"one"]
            );
        }
        assert_eq!(http.asked.lock().unwrap().len(), 3);
        let offline = Store {
            offline: true,
            ..store
        };
        assert_eq!(
            offline.files(&[wanted("x", Expect::Whole(right))]).unwrap(),
            [b"one"]
        );
    }

    #[test]
    fn many_files_come_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let texts: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        let pages: Vec<(&str, &str)> = texts.iter().map(|text| (&text[..], &text[..])).collect();
        let http = fake(&pages);
        let store = store(&directory, &http);
        let all: Vec<Wanted> = texts
            .iter()
            .map(|text| wanted(text, Expect::Anything))
            .collect();
        let files = store.files(&all).unwrap();
        assert!(
            files
                .iter()
                .zip(&texts)
                .all(|(file, text)| file == text.as_bytes())
        );
        let mut broken = all;
        broken.push(wanted("none", Expect::Anything));
        assert_eq!(
            store.files(&broken).unwrap_err().code(),
            Code::PackageNotFound
        );
    }
}
