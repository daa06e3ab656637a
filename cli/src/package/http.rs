//! Getting bytes from servers: the one place of the program that speaks HTTP.
//!
//! A request is tried again after errors that pass (connection, time-out, 408, 429, 5xx), a body that
//! broke off is resumed where the server allows it. Redirects are followed by hand: never from TLS to
//! none, and to another host only for content whose SHA-256 is known beforehand. Credentials go to the
//! host they belong to and to no other. Proxies are those of the environment.
//!
//! The client is made at the first request, so that other commands start without it.

use std::io::Read;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::blocking::{Client as Blocking, Response};
use reqwest::header::{self, HeaderMap};
use reqwest::{StatusCode, Url};

use super::netrc::{Credential, Credentials};
use crate::client::interrupt;
use crate::error::{Code, Error, Result};
use crate::output::bytes::human;

/// How often a request is tried again.
const RETRIES: u32 = 3;
/// How many redirects are followed.
const REDIRECTS: u32 = 10;
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a server may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// The first pause before trying again; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// The URL.
    pub(crate) url: String,
    /// The media types that are understood; empty: any.
    pub(crate) accept: &'static str,
    /// The tag of what is in the cache.
    pub(crate) etag: Option<String>,
    /// More than this is refused.
    pub(crate) most_bytes: u64,
    /// The whole SHA-256 is known, so it does not matter which host sends the bytes.
    pub(crate) pinned: bool,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The content, and its tag.
    Body(Vec<u8>, Option<String>),
    /// What is in the cache is still right.
    NotModified,
    /// The server does not have it.
    Missing,
}

/// Whatever can fetch a URL.
pub(crate) trait Http: Sync {
    /// Fetches a URL.
    ///
    /// # Errors
    /// [`Code::Network`], [`Code::Redirect`], [`Code::TooLarge`], [`Code::Interrupted`].
    fn get(&self, request: &Request) -> Result<Reply>;
}

/// The real thing.
#[derive(Debug, Default)]
pub(crate) struct Client {
    /// With the certificates of this computer, which take their time to read.
    secure: Arc<OnceLock<Made>>,
    /// For open connections.
    open: OnceLock<Made>,
    credentials: OnceLock<Credentials>,
}

type Made = core::result::Result<Blocking, String>;

/// A URL without user name and password.
pub(crate) fn redacted(url: &str) -> String {
    let Some(start) = url.find("://").map(|at| at + 3) else {
        return url.to_string();
    };
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    match url[start..end].rfind('@') {
        Some(at) => format!("{}{}", &url[..start], &url[start + at + 1..]),
        None => url.to_string(),
    }
}

/// Why a try did not work.
enum Failure {
    /// It will not work the next time either.
    Final(Error),
    /// It may work after a pause.
    Passing(Error, Option<Duration>),
}

/// What has come of a body that broke off.
#[derive(Default)]
struct Partial {
    bytes: Vec<u8>,
    etag: Option<String>,
}

impl Http for Client {
    fn get(&self, request: &Request) -> Result<Reply> {
        let mut partial = Partial::default();
        let mut tried = 0;
        loop {
            match self.once(request, &mut partial) {
                Ok(reply) => return Ok(reply),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(error, after)) if tried < RETRIES => {
                    tried += 1;
                    let pause = after.unwrap_or(PAUSE * (1 << tried) / 2 + jitter());
                    wait(pause, error)?;
                }
                Err(Failure::Passing(error, _)) => {
                    return Err(error.hint(format!(
                        "It was tried {} times; `--offline` uses what is in the cache",
                        RETRIES + 1
                    )));
                }
            }
        }
    }
}

/// Up to a quarter of the first pause, so that parallel requests do not all come back at once.
fn jitter() -> Duration {
    use core::hash::{BuildHasher, Hasher};
    let random = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    PAUSE.mul_f64((random % 1000) as f64 / 4000.0)
}

/// Sleeps, but not through a Ctrl-C.
fn wait(pause: Duration, error: Error) -> Result<()> {
    let end = Instant::now() + pause.min(LONGEST_PAUSE);
    while Instant::now() < end {
        if interrupt::count() > 0 {
            return Err(interrupted());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(error);
    Ok(())
}

fn interrupted() -> Error {
    Error::new(Code::Interrupted, "Interrupted; nothing was written")
}

fn network(url: &str, reason: &str) -> Error {
    Error::new(
        Code::Network,
        format!("Failed to fetch `{}`: {reason}", redacted(url)),
    )
}

fn make(secure: bool) -> Made {
    Blocking::builder()
        .user_agent(concat!("ucli/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(SILENCE)
        .tls_built_in_root_certs(secure)
        .build()
        .map_err(|error| chain(&error))
}

impl Client {
    /// Reads the certificates beside other work when `url` will need them.
    pub(crate) fn get_ready(&self, url: &str) {
        if url.starts_with("https:") {
            let secure = Arc::clone(&self.secure);
            std::thread::spawn(move || {
                secure.get_or_init(|| make(true));
            });
        }
    }

    fn inner(&self, scheme: &str) -> Result<&Blocking> {
        let made = match scheme {
            "https" => self.secure.get_or_init(|| make(true)),
            _ => self.open.get_or_init(|| make(false)),
        };
        made.as_ref()
            .map_err(|reason| Error::new(Code::Network, format!("No HTTP client: {reason}")))
    }

    fn once(&self, request: &Request, partial: &mut Partial) -> Result<Reply, Failure> {
        let url = Url::parse(&request.url)
            .map_err(|error| Failure::Final(network(&request.url, &error.to_string())))?;
        let response = self.follow(request, url, partial)?;
        let status = response.status();
        match status {
            StatusCode::NOT_MODIFIED if request.etag.is_some() => return Ok(Reply::NotModified),
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(Reply::Missing),
            StatusCode::OK => *partial = Partial::default(),
            StatusCode::PARTIAL_CONTENT if continues(&response, partial.bytes.len()) => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let error = network(&request.url, &format!("the server says {status}"));
                return Err(Failure::Final(error.hint(
                    "Credentials come from `~/.netrc` or a token in the environment",
                )));
            }
            _ => {
                let error = network(&request.url, &format!("the server says {status}"));
                let passes = status.is_server_error()
                    || matches!(
                        status,
                        StatusCode::REQUEST_TIMEOUT
                            | StatusCode::TOO_MANY_REQUESTS
                            | StatusCode::PARTIAL_CONTENT
                            | StatusCode::RANGE_NOT_SATISFIABLE
                    );
                *partial = Partial::default();
                return Err(if passes {
                    Failure::Passing(error, retry_after(response.headers()))
                } else {
                    Failure::Final(error)
                });
            }
        }
        body(request, response, partial)
    }

    /// Sends the request, and again to where it is redirected.
    fn follow(
        &self,
        request: &Request,
        first: Url,
        partial: &Partial,
    ) -> Result<Response, Failure> {
        let mut url = first;
        for _ in 0..=REDIRECTS {
            let client = self.inner(url.scheme()).map_err(Failure::Final)?;
            let mut builder = client.get(url.clone());
            if !request.accept.is_empty() {
                builder = builder.header(header::ACCEPT, request.accept);
            }
            if let Some(etag) = &request.etag {
                builder = builder.header(header::IF_NONE_MATCH, etag);
            }
            if let (Some(etag), 1..) = (&partial.etag, partial.bytes.len()) {
                builder = builder
                    .header(header::RANGE, format!("bytes={}-", partial.bytes.len()))
                    .header(header::IF_RANGE, etag);
            }
            let credentials = self.credentials.get_or_init(Credentials::load);
            let host = url.host_str().unwrap_or("");
            if url.username().is_empty() {
                builder = match credentials.for_host(host, url.scheme() == "https") {
                    Some(Credential::Basic(user, password)) => {
                        builder.basic_auth(user, Some(password))
                    }
                    Some(Credential::Header(name, value)) => builder.header(name, value),
                    None => builder,
                };
            }
            let response = builder
                .send()
                .map_err(|error| failure(&request.url, &error))?;
            let moved =
                response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED;
            if !moved {
                return Ok(response);
            }
            url = redirect(request, &url, response.headers()).map_err(Failure::Final)?;
        }
        Err(Failure::Final(Error::new(
            Code::Redirect,
            format!(
                "`{}` is redirected more than {REDIRECTS} times",
                redacted(&request.url)
            ),
        )))
    }
}

/// Where a redirect leads, if it may be followed.
fn redirect(request: &Request, from: &Url, headers: &HeaderMap) -> Result<Url> {
    let refuse = |reason: String| {
        Error::new(
            Code::Redirect,
            format!("`{}` is redirected {reason}", redacted(&request.url)),
        )
    };
    let text = headers
        .get(header::LOCATION)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| refuse("to nowhere".to_string()))?;
    let to = from
        .join(text)
        .map_err(|_| refuse("to something that is no URL".to_string()))?;
    if !matches!(to.scheme(), "http" | "https") {
        return Err(refuse(format!("to a `{}:` URL", to.scheme())));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(refuse(
            "from an encrypted to an open connection".to_string(),
        ));
    }
    if to.host_str() != from.host_str() && !request.pinned && !is_same_house(from, &to) {
        let host = to.host_str().unwrap_or("");
        return Err(refuse(format!("to another host, `{host}`")).hint(format!(
            "If you trust it, name it yourself: `{}`",
            redacted(to.as_str())
        )));
    }
    Ok(to)
}

/// Whether a host sends its own contents from another: GitHub keeps the files of releases elsewhere.
fn is_same_house(from: &Url, to: &Url) -> bool {
    let host = |url: &Url| url.host_str().unwrap_or_default().to_ascii_lowercase();
    to.scheme() == "https"
        && host(from) == "github.com"
        && host(to).ends_with(".githubusercontent.com")
}

/// Whether a partial answer begins where the bytes at hand end.
fn continues(response: &Response, have: usize) -> bool {
    response
        .headers()
        .get(header::CONTENT_RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("bytes "))
        .and_then(|text| text.split('-').next())
        .and_then(|start| start.parse::<usize>().ok())
        == Some(have)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn etag_of(headers: &HeaderMap) -> Option<String> {
    headers.get(header::ETAG)?.to_str().ok().map(str::to_string)
}

fn body(
    request: &Request,
    mut response: Response,
    partial: &mut Partial,
) -> Result<Reply, Failure> {
    let too_large = || {
        Failure::Final(Error::new(
            Code::TooLarge,
            format!(
                "`{}` is larger than {}",
                redacted(&request.url),
                human(request.most_bytes)
            ),
        ))
    };
    let etag = etag_of(response.headers());
    let announced = response.content_length();
    let start = partial.bytes.len() as u64;
    if announced.is_some_and(|len_bytes| start + len_bytes > request.most_bytes) {
        return Err(too_large());
    }
    // A weak tag does not promise the same bytes.
    partial.etag = etag.clone().filter(|tag| tag.starts_with('"'));
    let mut piece = [0; 16 * 1024];
    loop {
        if interrupt::count() > 0 {
            return Err(Failure::Final(interrupted()));
        }
        match response.read(&mut piece) {
            Ok(0) => break,
            Ok(len) => partial.bytes.extend_from_slice(&piece[..len]),
            Err(_) => {
                let error = network(&request.url, "the answer broke off");
                if partial.etag.is_none() {
                    partial.bytes.clear();
                }
                return Err(Failure::Passing(error, None));
            }
        }
        if partial.bytes.len() as u64 > request.most_bytes {
            return Err(too_large());
        }
    }
    Ok(Reply::Body(core::mem::take(&mut partial.bytes), etag))
}

fn failure(url: &str, error: &reqwest::Error) -> Failure {
    let reason = if error.is_timeout() {
        "the server does not answer".to_string()
    } else {
        chain(error)
    };
    let error_of_ours = network(url, &reason);
    if error.is_builder() {
        Failure::Final(error_of_ours)
    } else {
        Failure::Passing(error_of_ours, None)
    }
}

/// The innermost cause: the outer ones only repeat the URL, which may hold a password.
fn chain(error: &dyn core::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    match inner.to_string() {
        text if text.contains("://") => "the request failed".to_string(),
        text => match text.find(" (os error") {
            Some(at) => text[..at].to_string(),
            None => text,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(from: &str, location: &str, pinned: bool) -> Result<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, location.parse().unwrap());
        let request = Request {
            url: from.to_string(),
            pinned,
            ..Request::default()
        };
        redirect(&request, &Url::parse(from).unwrap(), &headers).map(|url| url.to_string())
    }

    #[test]
    fn files_of_releases_are_kept_elsewhere() {
        let place = "https://objects.githubusercontent.com/x";
        assert_eq!(to("https://github.com/o/r/x", place, false).unwrap(), place);
        assert!(to("https://github.example/o/r/x", place, false).is_err());
        assert!(
            to(
                "https://github.com/x",
                "https://githubusercontent.com.example/x",
                false
            )
            .is_err()
        );
        assert!(
            to(
                "https://github.com/x",
                "https://evilgithubusercontent.com/x",
                false
            )
            .is_err()
        );
    }

    #[test]
    fn redirects_stay_with_their_host() {
        assert_eq!(
            to("http://a/x", "https://a/y", false).unwrap(),
            "https://a/y"
        );
        assert_eq!(to("https://a/x/", "y", false).unwrap(), "https://a/x/y");
        assert_eq!(
            to("https://a/x", "https://b/y", true).unwrap(),
            "https://b/y"
        );
        for (from, location, pinned) in [
            ("https://a/x", "https://b/y", false),
            ("https://a/x", "http://a/y", true),
            ("https://a/x", "file:///etc/passwd", true),
        ] {
            let error = to(from, location, pinned).unwrap_err();
            assert_eq!(error.code(), Code::Redirect, "{from} {location}");
        }
    }

    #[test]
    fn messages_hold_no_passwords() {
        assert_eq!(redacted("https://me:pw@h/x@y"), "https://h/x@y");
        assert_eq!(redacted("https://h/x@y"), "https://h/x@y");
        assert_eq!(redacted("plain"), "plain");
    }
}
