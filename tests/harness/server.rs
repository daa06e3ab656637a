//! A web server with packages on it, made of what a test says, and as faulty as it says.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use sha2::Digest;

/// A package: name, version, and path and text of each file.
pub type Package<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// What is under a path.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// What it holds.
    pub body: Vec<u8>,
    /// Where it redirects to; empty: nowhere.
    pub location: String,
    /// The status instead of 200.
    pub status: u16,
    /// How many requests get the status before 200 is given; 0: all.
    pub failures: u32,
    /// After how many bytes the first answer breaks off; 0: never.
    pub breaks_after: usize,
    /// So do all others, and nothing is resumed.
    pub always_breaks: bool,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The path.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct State {
    pages: BTreeMap<String, Page>,
    asked: Vec<Asked>,
}

/// A server on a free port of this machine. It ends with the test's process.
#[derive(Clone, Debug)]
pub struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// The SHA-256 of `bytes` in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = sha2::Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Server {
    /// An empty server.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = Self {
            address: listener.local_addr().expect("it listens"),
            state: Arc::default(),
        };
        let state = Arc::clone(&server.state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                // A client that goes away is the client's business.
                std::thread::spawn(move || drop(serve(stream, &state)));
            }
        });
        server
    }

    /// A server with an index of packages: name, version, and path and text of each file.
    pub fn with(packages: &[Package<'_>]) -> Self {
        let server = Self::start();
        for (name, version, files) in packages {
            server.publish(name, version, files);
        }
        server
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same server under another host name.
    pub fn other_name(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Puts a page there.
    pub fn put(&self, path: &str, body: impl AsRef<[u8]>) {
        self.change(path, |page| page.body = body.as_ref().to_vec());
    }

    /// Changes a page, or makes one.
    pub fn change(&self, path: &str, change: impl FnOnce(&mut Page)) {
        let mut state = self.state.lock().expect("no test panics with it");
        change(state.pages.entry(path.to_string()).or_default());
    }

    /// The requests that came since it was asked last.
    pub fn asked(&self) -> Vec<Asked> {
        core::mem::take(&mut self.state.lock().expect("no test panics with it").asked)
    }

    /// Publishes a version of a package in the source form; a later one becomes the newest.
    pub fn publish(&self, name: &str, version: &str, files: &[(&str, &str)]) {
        let mut hashes = Vec::new();
        for (path, text) in files {
            let hash = sha256(text.as_bytes())[..8].to_string();
            self.put(&format!("/file/{}/{hash}", &hash[..2]), text);
            hashes.push(serde_json::json!([path, hash]));
        }
        let package = serde_json::json!({ "v": 1, "version": version, "hashes": hashes });
        for file in ["latest", version] {
            self.put(
                &format!("/package/py/{name}/{file}.json"),
                package.to_string(),
            );
        }
        let mut state = self.state.lock().expect("no test panics with it");
        let page = state.pages.entry("/index.json".to_string()).or_default();
        let mut index: serde_json::Value = serde_json::from_slice(&page.body)
            .unwrap_or_else(|_| serde_json::json!({ "v": 2, "packages": [] }));
        let packages = index["packages"].as_array_mut().expect("our own list");
        match packages.iter_mut().find(|one| one["name"] == *name) {
            Some(one) => {
                one["version"] = version.to_string().into();
                let versions = one["versions"]["py"].as_array_mut().expect("our own list");
                versions.push(version.to_string().into());
            }
            None => packages.push(serde_json::json!({
                "name": name, "version": version, "description": format!("About {name}"),
                "license": "MIT", "versions": { "py": [version] },
            })),
        }
        page.body = index.to_string().into_bytes();
    }

    /// The path of a published file.
    pub fn file(text: &str) -> String {
        let hash = &sha256(text.as_bytes())[..8];
        format!("/file/{}/{hash}", &hash[..2])
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    // Head and body are written apart; the second must not wait for the client's word on the first.
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or("").to_string();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim().split_once(':') else {
                break;
            };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_string());
        }
        let asked = Asked { path, headers };
        if !answer(&mut stream, &asked, state)? {
            return Ok(());
        }
    }
}

/// Answers a request; false when the connection ends with it.
fn answer(stream: &mut TcpStream, asked: &Asked, state: &Mutex<State>) -> std::io::Result<bool> {
    let page = {
        let mut state = state.lock().expect("no test panics with it");
        state.asked.push(asked.clone());
        let page = state.pages.get_mut(&asked.path);
        page.map(|page| {
            let now = page.clone();
            if !page.always_breaks {
                page.breaks_after = 0;
            }
            if page.failures > 0 {
                page.failures -= 1;
                if page.failures == 0 {
                    page.status = 0;
                }
            }
            now
        })
    };
    let Some(page) = page else {
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
        return Ok(true);
    };
    if !page.location.is_empty() {
        let head = format!(
            "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
            page.location
        );
        stream.write_all(head.as_bytes())?;
        return Ok(true);
    }
    if page.status != 0 {
        let head = format!(
            "HTTP/1.1 {} Faulty\r\nContent-Length: 0\r\n\r\n",
            page.status
        );
        stream.write_all(head.as_bytes())?;
        return Ok(true);
    }
    let tag = format!("\"{}\"", &sha256(&page.body)[..16]);
    if asked.headers.get("if-none-match") == Some(&tag) {
        stream.write_all(b"HTTP/1.1 304 Not Modified\r\n\r\n")?;
        return Ok(true);
    }
    let start = asked
        .headers
        .get("range")
        .filter(|_| asked.headers.get("if-range") == Some(&tag) && !page.always_breaks)
        .and_then(|range| {
            range
                .strip_prefix("bytes=")?
                .strip_suffix('-')?
                .parse()
                .ok()
        })
        .unwrap_or(0_usize);
    let body = &page.body[start.min(page.body.len())..];
    let status = if start > 0 {
        format!(
            "206 Partial Content\r\nContent-Range: bytes {start}-{}/{}",
            page.body.len() - 1,
            page.body.len()
        )
    } else {
        "200 OK".to_string()
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nETag: {tag}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    if page.breaks_after > 0 {
        stream.write_all(&body[..page.breaks_after.min(body.len())])?;
        stream.flush()?;
        stream.shutdown(std::net::Shutdown::Both)?;
        return Ok(false);
    }
    stream.write_all(body)?;
    Ok(true)
}
