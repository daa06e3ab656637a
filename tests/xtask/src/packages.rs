//! `cargo xtask packages DIR [NAME...]`: every package of micropython-lib onto a board, by `mpremote mip install`, by
//! `ucli mip install` and by `ucli install`, as source and as bytecode; the files must be the same.
//! `cargo xtask bench install DIR [--quick]`: how long 1, 5 and 20 packages take, cold and warm.
//!
//! `DIR` is a checkout of micropython/micropython with its `lib/micropython-lib`; nothing of it is kept. The index is
//! made by the checkout's own tool, served by the harness, and the board is the harness's real MicroPython.

use std::path::{Path, PathBuf};
use std::time::Instant;

use harness::board::{Board, Options};
use harness::link::Pace;
use harness::paths;
use harness::program::{Call, Desk, Finished};
use harness::sample;
use harness::server::Server;

use crate::run::{cargo, command, run as start};
use crate::{Failed, Result, target};

/// What the library directory of the board is.
const LIBRARY: &str = "import sys\nsys.path[:]=['','.frozen','./lib']\n";

/// Packages for the benchmark: the first, the first five, all. The board has none of them built in.
const SAMPLE: [&str; 20] = [
    "umqtt.simple",
    "logging",
    "aioble",
    "unittest",
    "base64",
    "bisect",
    "cbor2",
    "copy",
    "datetime",
    "functools",
    "hmac",
    "html",
    "inspect",
    "keyword",
    "pprint",
    "shutil",
    "string",
    "textwrap",
    "quopri",
    "uu",
];

/// An index made from a checkout, on a server of ours.
struct Index {
    server: Server,
    names: Vec<String>,
}

impl Index {
    /// Makes it with the checkout's own tool.
    fn of(checkout: &str) -> Result<Self> {
        let checkout = std::fs::canonicalize(checkout)
            .map_err(|error| Failed(format!("{checkout}: {error}")))?;
        let library = checkout.join("lib/micropython-lib");
        let tool = library.join("tools/build.py");
        if !tool.is_file() {
            return Err(Failed(format!(
                "{} is missing: is {} a checkout of micropython/micropython with its submodule?",
                tool.display(),
                checkout.display()
            )));
        }
        let scratch = paths::scratch();
        let place = scratch.path().join("index");
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut build = command(
            paths::peers().join("python"),
            &[
                // Without the packages of the environment: one of them has the name of a module of the tool.
                "-S",
                &text(&tool),
                "--micropython",
                &text(&checkout),
                "--mpy-cross",
                &text(&paths::peers().join("mpy-cross")),
                "--output",
                &text(&place),
            ],
        );
        build
            .current_dir(&library)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        crate::run::output(build)?;
        let server = Server::start();
        publish(&server, &place, "")?;
        let list = std::fs::read(place.join("index.json"))?;
        let list: serde_json::Value = serde_json::from_slice(&list)
            .map_err(|error| Failed(format!("index.json: {error}")))?;
        let packages = list["packages"].as_array().into_iter().flatten();
        let name = |one: &serde_json::Value| one["name"].as_str().map(str::to_string);
        let names: Vec<String> = packages.filter_map(name).collect();
        println!("{} packages in the index", names.len());
        Ok(Self { server, names })
    }
}

/// Puts every file below `place` on the server.
fn publish(server: &Server, place: &Path, prefix: &str) -> Result {
    for entry in std::fs::read_dir(place)? {
        let entry = entry?;
        let name = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            publish(server, &entry.path(), &name)?;
        } else {
            server.put(&name, std::fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// A board, a desk and an index.
struct Rig {
    desk: Desk,
    board: Board,
    url: String,
    ucli: PathBuf,
}

impl Rig {
    fn new(index: &Index, pace: Pace) -> Self {
        let options = Options {
            boot: LIBRARY.to_string(),
            pace,
            ..Options::default()
        };
        Self {
            desk: Desk::new(),
            board: Board::with(&options),
            url: index.server.url(),
            ucli: program(),
        }
    }

    fn ours(&self, words: &[&str]) -> Call {
        let line = [&["-p", self.board.address()], words].concat();
        self.desk
            .program(&self.ucli, &line)
            .env("UCLI_CACHE_DIR", self.desk.home().join("cache"))
            .env("UCLI_INDEX", &self.url)
            .env("UCLI_OFFLINE", "")
            .env("NO_PROXY", "127.0.0.1,localhost")
    }

    fn theirs(&self, words: &[&str]) -> Call {
        let line = [
            &["connect", self.board.address(), "resume"][..],
            &["mip", "install", "--index", &self.url],
            words,
        ]
        .concat();
        self.desk
            .peer("mpremote", &line)
            .env("NO_PROXY", "127.0.0.1,localhost")
    }

    fn files(&self, directory: &str) -> Vec<(String, Option<Vec<u8>>)> {
        let mut found = sample::contents(&self.board.files().join(directory));
        found.retain(|(name, bytes)| bytes.is_some() && name != ".ucli.json");
        found
    }

    fn clear(&self, directory: &str) {
        let path = self.board.files().join(directory);
        if path.exists() {
            std::fs::remove_dir_all(&path).expect("our own directory");
        }
    }
}

/// The `ucli` that is measured: `$UCLI_PROGRAM`, or the release build.
fn program() -> PathBuf {
    std::env::var_os("UCLI_PROGRAM").map_or_else(|| target().join("release/ucli"), PathBuf::from)
}

fn prepare(checkout: Option<&String>, usage: &str) -> Result<Index> {
    let checkout = checkout.ok_or_else(|| Failed(usage.into()))?;
    if crate::setup::run_all()?.peers.is_some() {
        return Err(Failed("there is nothing to compare with".into()));
    }
    if std::env::var_os("UCLI_PROGRAM").is_none() {
        start(cargo(&["build", "--release", "-p", "ucli"]))?;
    }
    Index::of(checkout)
}

/// Compares the files of every package.
///
/// # Errors
/// When a package differs, or cannot be installed by one of the two.
pub(crate) fn compare(words: &[String]) -> Result {
    let index = prepare(
        words.first(),
        "usage: cargo xtask packages DIR [NAME...], DIR a checkout of MicroPython",
    )?;
    let wanted = words.get(1..).unwrap_or_default();
    let rig = Rig::new(&index, Pace::default());
    let (mut files, mut same, mut differ) = (0, 0, Vec::new());
    let names = index.names.iter();
    for name in names.filter(|name| wanted.is_empty() || wanted.contains(name)) {
        for form in [&["--no-mpy"][..], &[]] {
            match one(&rig, name, form) {
                Ok(count) => {
                    files += count;
                    same += 1;
                }
                Err(why) => {
                    println!("{name} {}: {why}", form.join(" "));
                    differ.push(name.clone());
                }
            }
        }
        println!("{name}: {same} alike, {} not", differ.len());
    }
    if wanted.is_empty() {
        article(&rig)?;
    }
    println!("{same} installations, {files} files, the same by mpremote, `ucli mip` and `ucli`");
    if differ.is_empty() {
        Ok(())
    } else {
        Err(Failed(format!(
            "{} differ: {}",
            differ.len(),
            differ.join(", ")
        )))
    }
}

/// The line that every guide has, with the real packages: both modules work.
fn article(rig: &Rig) -> Result {
    rig.clear("lib");
    let page = Server::start();
    page.put("/page", "hello");
    let program = format!(
        "import sys\nsys.path.insert(0,'lib')\nfor n in 'requests','urequests':\n print(__import__(n).get('{}/page').text)\n",
        page.url()
    );
    for words in [
        &["install", "--target", "lib", "micropython-requests"][..],
        &["exec", &program],
    ] {
        let finished = rig.ours(words).run();
        if finished.status != Some(0) || (words[0] == "exec" && finished.out() != "hello\nhello\n")
        {
            return Err(Failed(format!("{finished}")));
        }
    }
    println!(
        "`import requests` and `import urequests` work after `ucli install micropython-requests`"
    );
    Ok(())
}

/// One package in one form by all three; how many files that is.
fn one(rig: &Rig, name: &str, form: &[&str]) -> core::result::Result<usize, String> {
    let done = |finished: Finished| match finished.status {
        Some(0) => Ok(()),
        _ => Err(format!("{finished}")),
    };
    for directory in ["theirs", "mip", "own"] {
        rig.clear(directory);
    }
    done(
        rig.theirs(&[form, &["--target", "theirs", name]].concat())
            .run(),
    )?;
    let mip = [&["mip", "install", "--target", "mip"], form, &[name]].concat();
    done(rig.ours(&mip).run())?;
    let own = [&["install", "--force", "--target", "own"], form, &[name]].concat();
    done(rig.ours(&own).run())?;
    let theirs = rig.files("theirs");
    for directory in ["mip", "own"] {
        let ours = rig.files(directory);
        if ours != theirs {
            let names = |list: &[(String, Option<Vec<u8>>)]| {
                let name = |one: &(String, Option<Vec<u8>>)| one.0.clone();
                list.iter().map(name).collect::<Vec<_>>().join(" ")
            };
            return Err(format!(
                "{directory} has [{}], mpremote [{}], or other bytes in them",
                names(&ours),
                names(&theirs)
            ));
        }
    }
    Ok(theirs.len())
}

/// Measures both tools.
///
/// # Errors
/// When one of them fails, or they do not leave the same files.
pub(crate) fn bench(words: &[String]) -> Result {
    let index = prepare(
        words.first(),
        "usage: cargo xtask bench install DIR [--quick], DIR a checkout of MicroPython",
    )?;
    let quick = words.iter().any(|word| word == "--quick");
    let usb = Pace {
        rate: 600_000,
        latency: std::time::Duration::from_micros(500),
    };
    println!("| packages | state | link | ucli s | mpremote s | ratio | target |");
    println!("|---|---|---|---|---|---|---|");
    for (link, pace) in [("ideal", Pace::default()), ("USB-like", usb)] {
        let rig = Rig::new(&index, pace);
        for count in [1, 5, 20] {
            measure(&rig, link, &SAMPLE[..count], if quick { 2 } else { 5 })?;
        }
    }
    Ok(())
}

/// Cold: an empty cache, an empty board. Warm: the same command again.
fn measure(rig: &Rig, link: &str, names: &[&str], runs: usize) -> Result {
    let mut best = [[f64::MAX; 2]; 2];
    let mut left = [Vec::new(), Vec::new()];
    for (tool, left) in left.iter_mut().enumerate() {
        for _ in 0..runs {
            rig.clear("lib");
            let cache = rig.desk.home().join("cache");
            if cache.exists() {
                std::fs::remove_dir_all(&cache)?;
            }
            for seconds in &mut best[tool] {
                let call = match tool {
                    0 => rig.ours(&[&["install"], names].concat()),
                    _ => rig.theirs(names),
                };
                let started = Instant::now();
                let finished = call.run();
                *seconds = seconds.min(started.elapsed().as_secs_f64());
                if finished.status != Some(0) {
                    return Err(Failed(format!("{finished}")));
                }
            }
        }
        *left = rig.files("lib");
    }
    if left[0] != left[1] {
        return Err(Failed(format!("the files differ: {names:?}")));
    }
    for (at, state, least) in [(0, "cold", 5.0), (1, "warm", 20.0)] {
        let (ours, theirs) = (best[0][at], best[1][at]);
        let ratio = theirs / ours;
        println!(
            "| {} | {state} | {link} | {ours:.3} | {theirs:.3} | 1/{ratio:.1} | 1/{least} {} |",
            names.len(),
            if ratio >= least { "met" } else { "missed" }
        );
    }
    Ok(())
}
